import assert from 'node:assert/strict';
import test from 'node:test';

import { HOLE_MS_MAX } from '../sdk/session.js';
import { SYNC_WAIT_MS } from '../sdk/sync.js';
import { CHAT, ack, answer, answerSync, connect, liveSession, message, sends, seqs } from './helpers.js';

const syncs = (frames) => frames.filter((frame) => frame.type === 'SYNC');

test('a hole is asked for at once when no own send can land in it', () => {
  const session = liveSession();
  session.receive(message(1), 2_000);
  session.receive(message(3), 2_000);
  assert.equal(syncs(session.take(2_000).frames)[0].conversations[CHAT], 1);
});

test('a hole an own send may land in is left alone until its ack fills it', () => {
  const session = liveSession();
  session.receive(message(1), 2_000);
  session.send({ conversationId: CHAT, to: 'bob', content: 'mine', clientId: 'x' }, 0);
  const [sent] = sends(session.take(2_000).frames);
  session.receive(message(3, { durableSeq: 1 }), 2_001);
  assert.deepEqual(syncs(session.take(2_001).frames), []);
  session.receive(ack(sent.id, 2, { durableSeq: 3 }), 2_002);
  assert.deepEqual(syncs(session.take(2_002).frames), []);
  assert.equal(session.conversation(CHAT).cursor, 3);
});

test('a hole is a gap after five seconds even so', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.send({ conversationId: CHAT, to: 'bob', content: 'mine', clientId: 'x' }, 0);
  session.take(0);
  session.receive(message(3), 1);
  session.tick(HOLE_MS_MAX);
  assert.deepEqual(syncs(session.take(HOLE_MS_MAX).frames), []);
  assert.equal(session.deadline(), HOLE_MS_MAX + 1);
  session.tick(HOLE_MS_MAX + 1);
  assert.equal(syncs(session.take(HOLE_MS_MAX + 1).frames).length, 1);
});

test('the cursor never passes what is durable', () => {
  const session = liveSession();
  for (const seq of [1, 2, 3]) session.receive(message(seq, { durableSeq: Math.max(0, seq - 2) }), 0);
  assert.equal(session.conversation(CHAT).contiguous, 3);
  assert.equal(session.conversation(CHAT).cursor, 1);
});

test('a changed epoch asks from the cursor and holds the event', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.receive(message(2, { durableSeq: 1 }), 0);
  session.receive(message(2, { messageId: 'n2', clientId: 'y', epoch: 2 }), 0);
  assert.equal(session.state, 'syncing');
  const asked = answerSync(session, { [CHAT]: answer([message(2, { messageId: 'n2', clientId: 'y' })], { epoch: 2 }) });
  assert.equal(asked.conversations[CHAT], 1);
  assert.equal(session.state, 'live');
  assert.equal(session.conversation(CHAT).messages.get(2).messageId, 'n2');
});

test('a sync goes on through its pages and through conversations with more', () => {
  const session = liveSession({ conversations: { [CHAT]: answer([message(1)]) } });
  session.disconnected();
  session.connected();
  session.receive({ type: 'CONNECT_SUCCESS', sessionId: '2', heads: [], limits: { sendsPerSecond: 10, burst: 20 } }, 0);
  answerSync(session, { [CHAT]: answer([message(2)], { lastSeq: 3, durableSeq: 3, more: true }) }, 0, 'ff000000-0000-8000-8000-000000000000');
  const second = answerSync(session, { 'ffaa0000-0000-8000-8000-000000000000': answer([]) });
  assert.equal(second.next, 'ff000000-0000-8000-8000-000000000000');
  assert.equal(session.state, 'syncing');
  const third = answerSync(session, { [CHAT]: answer([message(3)]) });
  assert.equal(third.conversations[CHAT], 2);
  assert.equal(session.state, 'live');
  assert.deepEqual(seqs(session), [1, 2, 3]);
});

test('an answer that does not come, and a refused one, are asked for again', () => {
  const session = liveSession();
  session.disconnected();
  session.connected();
  session.receive({ type: 'CONNECT_SUCCESS', sessionId: '2', heads: [], limits: { sendsPerSecond: 10, burst: 20 } }, 0);
  session.take(0);
  assert.equal(session.deadline(), SYNC_WAIT_MS);
  session.tick(SYNC_WAIT_MS);
  const [again] = syncs(session.take(SYNC_WAIT_MS).frames);
  session.receive({ type: 'ERROR', id: again.id, code: 503, name: 'overloaded', retry: true, retryAfterMs: 70 }, 20_000);
  assert.equal(session.deadline(), 20_070);
  session.tick(20_070);
  assert.equal(syncs(session.take(20_070).frames).length, 1);
});

test('what no longer exists is read afresh', () => {
  const session = liveSession();
  for (const seq of [1, 2, 3]) session.receive(message(seq), 0);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([message(9)], { recovered: false, epoch: 5 }) } });
  assert.deepEqual(seqs(session), [9]);
  assert.equal(session.conversation(CHAT).cursor, 9);
});

test('who joins late starts at the time of joining', () => {
  const session = liveSession();
  session.receive(message(51), 2_000);
  answerSync(session, { [CHAT]: answer([message(51)]) }, 2_000);
  assert.equal(session.conversation(CHAT).cursor, 51);
  session.receive(message(52), 2_001);
  assert.equal(session.state, 'live');
});
