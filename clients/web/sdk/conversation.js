// One conversation's log, as a client may believe it.
//
// Promise: every message is held once, whatever is sent again, and the cursor never passes a seq that was not seen or
// is not durable. Pure: no clock, no network.
//
// Invariants: `cursor <= contiguous`, `cursor <= durableSeq`. What lies above the cursor is provisional: a sync answer
// replaces it.

/** What identifies a message across retries: the server may give a lost one another seq and messageId. */
const keyOf = (message) => `${message.clientId}/${message.senderId}`;

export class Conversation {
  constructor(id) {
    this.id = id;
    /** The generation of the home that everything above the cursor came from; null until one is told. */
    this.epoch = null;
    this.durableSeq = 0;
    /** Highest seq up to which every message is known (or known not to be ours to see). */
    this.contiguous = 0;
    /** The head as last told. */
    this.lastSeq = 0;
    /** seq -> message */
    this.messages = new Map();
    /** (clientId, sender) -> seq */
    this.seqs = new Map();
    /** user -> { delivered, read, deliveredAt, readAt } */
    this.receipts = new Map();
    /** When a hole was first seen, or null. */
    this.holeSince = null;
  }

  get cursor() {
    return Math.min(this.contiguous, this.durableSeq);
  }

  get hasHole() {
    return this.messages.size > 0 && this.highest() > this.contiguous;
  }

  highest() {
    let highest = 0;
    for (const seq of this.messages.keys()) highest = Math.max(highest, seq);
    return highest;
  }

  /** Messages in order of seq. */
  sorted() {
    return [...this.messages.values()].sort((a, b) => a.seq - b.seq);
  }

  has(senderId, clientId) {
    return this.seqs.has(keyOf({ senderId, clientId }));
  }

  /** A message held before the page was reloaded. */
  load(message) {
    this.#put(message);
  }

  /** A live message or an own acked one. Returns whether anything new was learnt. */
  add(message, durableSeq = 0) {
    const known = this.messages.get(message.seq);
    const isNew = known?.messageId !== message.messageId && message.seq > this.contiguous;
    if (isNew) this.#put(message);
    this.#raise(durableSeq, message.seq);
    return isNew;
  }

  /** A message was taken back; its seq stays taken. */
  retract(seq, messageId) {
    const known = this.messages.get(seq);
    if (known && known.messageId !== messageId) return false;
    this.#put({ seq, messageId, retracted: true, content: '', senderId: known?.senderId ?? null, timestamp: known?.timestamp ?? 0 });
    this.#raise(0, seq);
    return true;
  }

  /** A receipt cursor, which only ever rises. */
  receipt(user, kind, seq, at) {
    const entry = this.receipts.get(user) ?? { delivered: 0, read: 0, deliveredAt: 0, readAt: 0 };
    if (seq <= entry[kind]) return false;
    entry[kind] = seq;
    entry[`${kind}At`] = at;
    this.receipts.set(user, entry);
    return true;
  }

  /** Whether all of `users` have received (or read) `seq`. Who has read has received. */
  reached(kind, seq, users) {
    return users.every((user) => {
      const entry = this.receipts.get(user);
      return entry !== undefined && (entry[kind] >= seq || entry.read >= seq);
    });
  }

  /**
   * Takes a sync answer to a question from `asked`. It is the truth: what is provisional and absent from it is gone.
   * Returns whether messages were dropped or learnt.
   */
  applySync(asked, answer) {
    const before = this.#fingerprint();
    const lastGiven = answer.messages.at(-1)?.seq ?? asked;
    const told = answer.more ? lastGiven : Math.max(answer.lastSeq, lastGiven);
    if (!answer.recovered) this.#forget();
    const from = answer.recovered ? Math.min(asked, this.contiguous) : 0;
    for (const seq of [...this.messages.keys()]) {
      if (seq > from && (seq <= told || !answer.more)) this.#drop(seq);
    }
    for (const message of answer.messages) this.#put(message);
    this.epoch = answer.epoch;
    this.contiguous = answer.more && answer.messages.length === 0 ? from : told;
    this.lastSeq = answer.lastSeq;
    this.#raise(answer.durableSeq, answer.lastSeq);
    this.holeSince = null;
    return this.#fingerprint() !== before;
  }

  /** The range the cursor points into no longer exists: everything is read afresh. */
  #forget() {
    this.messages.clear();
    this.seqs.clear();
    this.contiguous = 0;
    this.durableSeq = 0;
  }

  #put(message) {
    this.#drop(message.seq);
    if (message.clientId) {
      const before = this.seqs.get(keyOf(message));
      if (before !== undefined) this.#drop(before);
      if (!message.retracted) this.seqs.set(keyOf(message), message.seq);
    }
    this.messages.set(message.seq, message);
  }

  #drop(seq) {
    const message = this.messages.get(seq);
    if (message === undefined) return;
    this.messages.delete(seq);
    if (message.clientId && this.seqs.get(keyOf(message)) === seq) this.seqs.delete(keyOf(message));
  }

  #raise(durableSeq, lastSeq) {
    this.durableSeq = Math.max(this.durableSeq, durableSeq);
    this.lastSeq = Math.max(this.lastSeq, lastSeq);
    while (this.messages.has(this.contiguous + 1)) this.contiguous += 1;
  }

  #fingerprint() {
    return this.sorted().map((message) => `${message.messageId}${message.retracted ? '-' : ''}`).join();
  }
}
