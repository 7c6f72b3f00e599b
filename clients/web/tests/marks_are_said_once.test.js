import assert from 'node:assert/strict';
import test from 'node:test';

import { CHAT, answer, connect, liveSession, message } from './helpers.js';

const marks = (frames) => frames.filter((it) => it.type.startsWith('MARK_')).map((it) => [it.type, it.seq]);

test('only the highest mark goes out, and not beyond a hole', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.receive(message(2), 0);
  session.mark(CHAT, 'delivered', 1);
  session.mark(CHAT, 'delivered', 9);
  session.mark(CHAT, 'read', 1);
  assert.deepEqual(marks(session.take(0).frames), [['MARK_AS_DELIVERED', 2], ['MARK_AS_READ', 1]]);
  session.mark(CHAT, 'delivered', 2);
  assert.deepEqual(marks(session.take(0).frames), []);
});

test('a new connection says them again, since a crash may have forgotten them', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.mark(CHAT, 'read', 1);
  session.take(0);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([message(1)]) } });
  assert.deepEqual(marks(session.take(0).frames), [['MARK_AS_READ', 1]]);
});

test('a refused mark is said again a second later, or never', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.mark(CHAT, 'read', 1);
  const [mark] = session.take(0).frames;
  session.receive({ type: 'ERROR', id: mark.id, code: 503, name: 'overloaded', retry: true }, 10);
  assert.deepEqual(marks(session.take(10).frames), []);
  assert.equal(session.deadline(), 1_010);
  const [again] = session.take(1_010).frames;
  session.receive({ type: 'ERROR', id: again.id, code: 403, name: 'not_a_participant', retry: false }, 2_000);
  assert.deepEqual(marks(session.take(60_000).frames), []);
});
