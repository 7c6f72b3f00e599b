import assert from 'node:assert/strict';
import test from 'node:test';

import { timeline } from '../sdk/timeline.js';
import { CHAT, ack, answer, answerSync, connect, liveSession, message, sends, seqs } from './helpers.js';

const shown = (session) => timeline(session, CHAT, ['bob']).map((it) => it.content);

test('a message that comes live and again by sync is shown once', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.receive(message(1), 0);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([message(1), message(2)]) } });
  assert.deepEqual(shown(session), ['text 1', 'text 2']);
});

test('an own send that the sync brings before its ack is shown once, and its ack changes nothing', () => {
  const session = liveSession();
  session.send({ conversationId: CHAT, to: 'bob', content: 'mine', clientId: 'c1' }, 5);
  session.take(1);
  session.disconnected();
  const own = message(1, { senderId: 'alice', clientId: 'c1', content: 'mine' });
  connect(session, { conversations: { [CHAT]: answer([own], { durableSeq: 0 }) } });
  assert.deepEqual(shown(session), ['mine']);
  const [resent] = sends(session.take(2).frames);
  assert.equal(resent.resend, true);
  assert.equal(resent.clientId, 'c1');
  session.receive(ack(resent.id, 1), 3);
  assert.deepEqual(shown(session), ['mine']);
  assert.equal(session.outbox.entries.length, 0);
});

test('an own send that the sync brings as durable needs no ack', () => {
  const session = liveSession();
  session.send({ conversationId: CHAT, to: 'bob', content: 'mine', clientId: 'c1' }, 5);
  session.take(1);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([message(1, { senderId: 'alice', clientId: 'c1' })]) } });
  assert.equal(session.outbox.entries.length, 0);
  assert.deepEqual(sends(session.take(2).frames), []);
});

test('a message whose seq a crash gave to another is shown where it is now', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.receive(message(2, { durableSeq: 1 }), 0);
  session.receive(message(3, { durableSeq: 1 }), 0);
  session.disconnected();
  const moved = [message(2, { messageId: 'n2', clientId: 'c3', content: 'text 3' })];
  const asked = connect(session, { conversations: { [CHAT]: answer(moved, { epoch: 2 }) } });
  assert.equal(asked.conversations[CHAT], 1, 'the cursor stays at what was durable');
  assert.deepEqual(shown(session), ['text 1', 'text 3']);
});

test('a provisional message absent from the sync is dropped', () => {
  const session = liveSession();
  session.receive(message(1), 0);
  session.receive(message(2, { durableSeq: 1 }), 0);
  session.disconnected();
  connect(session, { conversations: { [CHAT]: answer([], { lastSeq: 1, durableSeq: 1, epoch: 2 }) } });
  assert.deepEqual(seqs(session), [1]);
});

test('a retracted message keeps its seq and loses its text', () => {
  const session = liveSession();
  session.receive(message(1, { durableSeq: 0 }), 0);
  session.receive({ type: 'MESSAGE_RETRACTED', conversationId: CHAT, messageId: 'm1', seq: 1 }, 0);
  session.receive(message(2, { durableSeq: 2, clientId: 'c1' }), 0);
  assert.deepEqual(timeline(session, CHAT, ['bob']).map((it) => [it.seq, it.content, it.retracted]), [[1, '', true], [2, 'text 2', false]]);
  assert.equal(session.conversation(CHAT).cursor, 2);
});

test('events that arrive while a sync is outstanding are applied after it, once', () => {
  const session = liveSession();
  session.receive(message(1), 2_000);
  session.receive(message(4), 2_000);
  assert.equal(session.state, 'syncing');
  session.receive(message(5), 2_000);
  assert.deepEqual(seqs(session), [1, 4]);
  answerSync(session, { [CHAT]: answer([2, 3, 4].map((seq) => message(seq))) }, 2_000);
  assert.deepEqual(seqs(session), [1, 2, 3, 4, 5]);
  assert.equal(session.conversation(CHAT).cursor, 5);
});
