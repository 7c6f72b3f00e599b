// What a person is shown of a conversation: the log in order of seq, then what waits in the outbox.

/**
 * @typedef {'waiting' | 'sent' | 'durable' | 'delivered' | 'read' | 'failed'} Status
 * @typedef {object} Item
 * @property {string} key stable from the optimistic send to the last tick
 * @property {boolean} mine
 * @property {?string} senderId
 * @property {string} content
 * @property {number} at Unix milliseconds
 * @property {?number} seq
 * @property {?Status} status of an own message
 * @property {?string} error
 * @property {boolean} retracted
 */

/** @returns {Item[]} */
export function timeline(session, conversationId, others) {
  const conversation = session.conversations.get(conversationId);
  const entries = session.outbox.entries.filter((entry) => entry.conversationId === conversationId);
  const log = conversation?.sorted().map((message) => fromLog(session, conversation, message, others)) ?? [];
  const waiting = entries.filter((entry) => !conversation?.has(session.user, entry.clientId));
  return [...log, ...waiting.map((entry) => fromOutbox(session, entry))];
}

function fromLog(session, conversation, message, others) {
  const mine = message.senderId === session.user;
  return {
    key: message.clientId ? `${message.clientId}/${message.senderId}` : message.messageId,
    mine,
    senderId: message.senderId,
    content: message.content,
    at: message.timestamp,
    seq: message.seq,
    status: mine ? statusOf(conversation, message.seq, others) : null,
    error: null,
    retracted: message.retracted ?? false,
  };
}

/** Ticks of an own message that has a seq. */
function statusOf(conversation, seq, others) {
  if (conversation.reached('read', seq, others)) return 'read';
  if (conversation.reached('delivered', seq, others)) return 'delivered';
  return seq <= conversation.durableSeq ? 'durable' : 'sent';
}

function fromOutbox(session, entry) {
  const status = entry.error ? 'failed' : entry.sentAt === null ? 'waiting' : 'sent';
  return {
    key: `${entry.clientId}/${session.user}`,
    mine: true,
    senderId: session.user,
    content: entry.content,
    at: entry.createdAt,
    seq: null,
    status,
    error: entry.error,
    retracted: false,
  };
}
