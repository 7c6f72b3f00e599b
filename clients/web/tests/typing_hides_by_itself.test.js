import assert from 'node:assert/strict';
import test from 'node:test';

import { TYPING_SHOWN_MS } from '../sdk/people.js';
import { CHAT, liveSession, message } from './helpers.js';

const typing = { type: 'TYPING_START', conversationId: CHAT, userId: 'bob' };

test('a typing sign is hidden after three seconds, by its stop, and by the message', () => {
  const session = liveSession();
  session.receive(typing, 100);
  assert.ok(session.people.isTyping(CHAT, 'bob'));
  assert.equal(session.deadline(), 100 + TYPING_SHOWN_MS);
  session.tick(100 + TYPING_SHOWN_MS);
  assert.ok(!session.people.isTyping(CHAT, 'bob'));
  session.receive(typing, 0);
  session.receive({ ...typing, type: 'TYPING_STOP' }, 0);
  assert.ok(!session.people.isTyping(CHAT, 'bob'));
  session.receive(typing, 0);
  session.receive(message(1), 0);
  assert.ok(!session.people.isTyping(CHAT, 'bob'));
});

test('the own sign is repeated sparingly and ended once', () => {
  const session = liveSession();
  const frames = (isTyping, now) => {
    session.typing(CHAT, isTyping, now);
    return session.take(now).frames.map((it) => it.type);
  };
  assert.deepEqual(frames(true, 0), ['TYPING_START']);
  assert.deepEqual(frames(true, 1_999), []);
  assert.deepEqual(frames(true, 2_000), ['TYPING_START']);
  assert.deepEqual(frames(false, 2_001), ['TYPING_STOP']);
  assert.deepEqual(frames(false, 2_002), []);
});

test('presence is unknown without a connection, and last seen stays', () => {
  const session = liveSession();
  session.receive({ type: 'USER_OFFLINE', userId: 'bob', lastSeen: 77 }, 0);
  assert.deepEqual(session.people.present.get('bob'), { online: false, lastSeen: 77 });
  session.disconnected();
  assert.deepEqual(session.people.present.get('bob'), { online: null, lastSeen: 77 });
});
