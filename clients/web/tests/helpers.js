// A session under test, with the server's side played by the test.

import { Session } from '../sdk/session.js';

export const CHAT = '09365e93-df47-8b1f-b72c-8fb282fc075e';

/** A session of alice's that is live and in sync with an empty server, and its `take`. */
export function liveSession({ conversations = {}, limits = { sendsPerSecond: 1000, burst: 1000 } } = {}) {
  const session = new Session('alice');
  connect(session, { conversations, limits });
  return session;
}

export function connect(session, { conversations = {}, limits = { sendsPerSecond: 1000, burst: 1000 }, now = 0 } = {}) {
  session.connected();
  session.receive({ type: 'CONNECT_SUCCESS', userId: 'alice', sessionId: '1', heads: [], limits }, now);
  return answerSync(session, conversations, now);
}

/** Answers the outstanding SYNC; returns it. */
export function answerSync(session, conversations = {}, now = 0, next = null) {
  const asked = session.take(now).frames.find((frame) => frame.type === 'SYNC');
  session.receive({ type: 'SYNC_RESULT', id: asked.id, conversations, next }, now);
  return asked;
}

export function message(seq, overrides = {}) {
  return {
    type: 'MESSAGE_RECEIVED', conversationId: CHAT, messageId: `m${seq}`, seq, durableSeq: seq, epoch: 1,
    senderId: 'bob', clientId: `c${seq}`, content: `text ${seq}`, timestamp: 1000 + seq, ...overrides,
  };
}

export function ack(id, seq, overrides = {}) {
  return {
    type: 'MESSAGE_ACK', id, level: 'durable', conversationId: CHAT, messageId: `m${seq}`, seq, durableSeq: seq,
    epoch: 1, timestamp: 1000 + seq, ...overrides,
  };
}

export function answer(messages, overrides = {}) {
  const lastSeq = messages.at(-1)?.seq ?? 0;
  return { lastSeq, durableSeq: lastSeq, epoch: 1, recovered: true, more: false, messages, ...overrides };
}

export const sends = (frames) => frames.filter((frame) => frame.type === 'SEND_MESSAGE');
export const seqs = (session) => session.conversation(CHAT).sorted().map((it) => it.seq);
