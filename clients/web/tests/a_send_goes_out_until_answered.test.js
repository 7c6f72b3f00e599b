import assert from 'node:assert/strict';
import test from 'node:test';

import { ACK_WAIT_MS, Pace } from '../sdk/outbox.js';
import { restore, save } from '../sdk/memory.js';
import { Session } from '../sdk/session.js';
import { timeline } from '../sdk/timeline.js';
import { CHAT, ack, answer, connect, liveSession, message, sends } from './helpers.js';

const write = (session, clientId, content = clientId) => session.send({ conversationId: CHAT, to: 'bob', content, clientId }, 7);
const status = (session) => timeline(session, CHAT, ['bob']).map((it) => it.status);

class FakeStorage extends Map {
  setItem(key, value) { this.set(key, value); }
  getItem(key) { return this.get(key) ?? null; }
}

test('a send written offline goes out first thing, not marked as a resend', () => {
  const session = new Session('alice');
  write(session, 'a');
  assert.deepEqual(status(session), ['waiting']);
  connect(session);
  const [frame] = sends(session.take(0).frames);
  assert.deepEqual(frame, { type: 'SEND_MESSAGE', id: frame.id, to: 'bob', clientId: 'a', content: 'a', ack: 'durable', resend: false });
  assert.deepEqual(status(session), ['sent']);
});

test('what a lost connection left unanswered is resent in order with the same client ids', () => {
  const session = liveSession();
  for (const id of ['a', 'b', 'c']) write(session, id);
  const first = sends(session.take(0).frames);
  session.receive(ack(first[0].id, 1), 1);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([message(1, { senderId: 'alice', clientId: 'a' })]) } });
  const again = sends(session.take(2).frames);
  assert.deepEqual(again.map((it) => [it.clientId, it.resend]), [['b', true], ['c', true]]);
});

test('silence on a live connection is answered by a resend', () => {
  const session = liveSession();
  write(session, 'a');
  session.take(0);
  assert.deepEqual(sends(session.take(ACK_WAIT_MS - 1).frames), []);
  assert.equal(session.deadline(), ACK_WAIT_MS);
  assert.equal(sends(session.take(ACK_WAIT_MS).frames)[0].resend, true);
});

test('a retryable refusal waits as long as told and keeps the order', () => {
  const session = liveSession();
  write(session, 'a');
  write(session, 'b');
  const [a] = sends(session.take(0).frames);
  session.receive({ type: 'ERROR', id: a.id, code: 429, name: 'rate_limited', retry: true, retryAfterMs: 250 }, 10);
  write(session, 'c');
  assert.deepEqual(sends(session.take(259).frames), []);
  assert.equal(session.deadline(), 260);
  assert.deepEqual(sends(session.take(260).frames).map((it) => it.clientId), ['a', 'c']);
});

test('a refusal for good is shown and goes out again only when asked to', () => {
  const session = liveSession();
  write(session, 'a');
  const [a] = sends(session.take(0).frames);
  session.receive({ type: 'ERROR', id: a.id, code: 403, name: 'not_a_participant', message: 'No.', retry: false }, 1);
  assert.deepEqual(status(session), ['failed']);
  assert.deepEqual(sends(session.take(60_000).frames), []);
  session.retry('a');
  assert.equal(sends(session.take(60_001).frames).length, 1);
});

test('ticks rise from sent to read, and the round trip is told', () => {
  const session = liveSession();
  write(session, 'a');
  const [a] = sends(session.take(100).frames);
  session.receive(ack(a.id, 1), 112.5);
  const told = session.take(113).changes.find((it) => it.type === 'ack');
  assert.equal(told.roundTripMs, 12.5);
  assert.deepEqual(status(session), ['durable']);
  session.receive({ type: 'MESSAGE_DELIVERED', conversationId: CHAT, userId: 'bob', seq: 1, deliveredAt: 5 }, 1);
  assert.deepEqual(status(session), ['delivered']);
  session.receive({ type: 'MESSAGE_READ', conversationId: CHAT, userId: 'bob', seq: 1, readAt: 6 }, 1);
  session.receive({ type: 'MESSAGE_DELIVERED', conversationId: CHAT, userId: 'bob', seq: 1, deliveredAt: 9 }, 1);
  assert.deepEqual(status(session), ['read']);
});

test('the pace is the one the server allows', () => {
  const session = liveSession({ limits: { sendsPerSecond: 10, burst: 3 } });
  for (let i = 0; i < 5; i += 1) write(session, `c${i}`);
  assert.equal(sends(session.take(0).frames).length, 3);
  assert.equal(session.deadline(), 100);
  assert.equal(sends(session.take(99).frames).length, 0);
  assert.equal(sends(session.take(100).frames).length, 1);
  const pace = new Pace(10, 2);
  assert.deepEqual([0, 0, 0, 1_000, 1_000, 1_000].map((now) => pace.take(now)), [true, true, false, true, true, false]);
});

test('outbox and cursors survive a reload of the page', () => {
  const storage = new FakeStorage();
  const before = liveSession({ conversations: { [CHAT]: answer([message(1), message(2)]) } });
  before.receive({ type: 'MESSAGE_READ', conversationId: CHAT, userId: 'bob', seq: 2, readAt: 6 }, 1);
  write(before, 'a');
  before.take(0);
  save(storage, before);
  const after = new Session('alice');
  restore(storage, after);
  assert.deepEqual(timeline(after, CHAT, ['bob']).map((it) => it.content), ['text 1', 'text 2', 'a']);
  const asked = connect(after, { conversations: { [CHAT]: answer([], { lastSeq: 2, durableSeq: 2 }) } });
  assert.equal(asked.conversations[CHAT], 2);
  assert.equal(sends(after.take(0).frames)[0].resend, true);
  assert.ok(after.conversation(CHAT).reached('read', 2, ['bob']));
});

test('storage that cannot be read or written is no obstacle', () => {
  const broken = { setItem() { throw new Error('full'); }, getItem: () => '{"version":1,"conversations":[{}]}' };
  const session = new Session('alice');
  save(broken, session);
  restore(broken, session);
  assert.equal(session.outbox.entries.length, 0);
  assert.equal(session.conversations.size, 0);
});
