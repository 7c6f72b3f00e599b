// Sends that have no durable ack yet, oldest first.
//
// Promise: a send stays until it is acked or refused for good; it goes out again with the same clientId and
// `resend: true` for as long as that takes, in order, at a pace the server has allowed. Pure: time comes in.

/** A send without an answer on a live connection is sent again after this long. */
export const ACK_WAIT_MS = 10_000;
/** Sends that may wait; the user is told beyond it. */
export const OUTBOX_ENTRIES_MAX = 1_000;
/** Wait after a refusal that says neither how long nor never: doubles from here. */
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 8_000;

export class Outbox {
  constructor() {
    /** @type {Entry[]} */
    this.entries = [];
    this.notBefore = 0;
    this.pace = new Pace(10, 20);
    /** How many frames went out with `resend: true`. */
    this.resent = 0;
  }

  add(entry) {
    if (this.entries.length >= OUTBOX_ENTRIES_MAX) throw new Error('the outbox is full');
    this.entries.push({ attempts: 0, sentAt: null, requestId: null, error: null, ...entry });
  }

  /** A new connection: nothing is under way on it. */
  restart() {
    this.notBefore = 0;
    for (const entry of this.entries) entry.sentAt = entry.requestId = null;
  }

  /** Entries to be put on the wire now; marks them as sent. */
  due(now, newRequestId) {
    const due = [];
    if (now < this.notBefore) return due;
    for (const entry of this.entries) {
      const isWaiting = entry.sentAt !== null && now - entry.sentAt < ACK_WAIT_MS;
      if (entry.error || isWaiting) continue;
      if (!this.pace.take(now)) break;
      entry.resend = entry.attempts > 0;
      this.resent += entry.resend ? 1 : 0;
      entry.attempts += 1;
      entry.sentAt = now;
      entry.requestId = newRequestId(entry);
      due.push(entry);
    }
    return due;
  }

  find(clientId) {
    return this.entries.find((entry) => entry.clientId === clientId);
  }

  remove(clientId) {
    this.entries = this.entries.filter((entry) => entry.clientId !== clientId);
  }

  /** The server said "later": everything waits, so that the order is kept. */
  later(entry, retryAfterMs, now) {
    entry.sentAt = entry.requestId = null;
    const waitMs = retryAfterMs || Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (entry.attempts - 1));
    this.notBefore = Math.max(this.notBefore, now + waitMs);
  }

  /** Whether a send of this conversation is on its way. */
  isUnderWay(conversationId) {
    return this.entries.some((entry) => entry.conversationId === conversationId && entry.sentAt !== null && !entry.error);
  }

  /** The next moment at which `due` may give something. */
  deadline() {
    const waiting = this.entries.filter((entry) => !entry.error);
    if (waiting.length === 0) return Infinity;
    const fresh = waiting.some((entry) => entry.sentAt === null);
    if (fresh) return Math.max(this.notBefore, this.pace.next());
    return Math.min(...waiting.map((entry) => entry.sentAt + ACK_WAIT_MS));
  }
}

/** A token bucket over the limits the server told. */
export class Pace {
  constructor(perSecond, burst) {
    this.set(perSecond, burst);
  }

  set(perSecond, burst) {
    this.perMs = Math.max(perSecond, 1) / 1000;
    this.burst = Math.max(burst, 1);
    this.level = this.burst;
    this.filledAt = null;
  }

  take(now) {
    this.level = Math.min(this.burst, this.level + (now - (this.filledAt ?? now)) * this.perMs);
    this.filledAt = now;
    if (this.level < 1) return false;
    this.level -= 1;
    return true;
  }

  /** When there is a token again. */
  next() {
    const missing = Math.max(0, 1 - this.level);
    return (this.filledAt ?? 0) + Math.ceil(missing / this.perMs);
  }
}

/**
 * @typedef {object} Entry
 * @property {string} clientId the key of deduplication
 * @property {string} conversationId where it is shown
 * @property {string} [to] the peer, for a direct conversation
 * @property {string} content
 * @property {number} createdAt Unix milliseconds
 * @property {number} attempts
 * @property {?number} sentAt when it last went out on this connection
 * @property {?string} requestId
 * @property {?string} error why it was refused for good
 */
