// One SYNC, which may take several pages: what is asked, what was asked, and when to ask again.

/** An answer that does not come is asked for again after this long. */
export const SYNC_WAIT_MS = 10_000;
const RETRY_MS = 500;
/** Conversations that fit one SYNC; the rest follows with the next page. */
export const SYNC_CURSORS_MAX = 1_024;

export class SyncRound {
  constructor() {
    this.isOutstanding = false;
    this.requestId = null;
    /** conversation -> the cursor last asked from */
    this.asked = new Map();
    /** conversations that have more to give, and from where: of the round before, and of this one */
    this.more = new Map();
    this.found = new Map();
    this.askedAt = 0;
    this.notBefore = null;
    this.frame = null;
  }

  /** Asks for everything since the cursors. */
  begin(conversations, now) {
    this.isOutstanding = true;
    this.more.clear();
    this.found.clear();
    return this.#page(conversations, null, now);
  }

  /** What to ask after this page, or null when all is told. */
  after(result, conversations, now) {
    for (const [id, answer] of Object.entries(result.conversations)) {
      if (answer.more) this.found.set(id, answer.messages.at(-1)?.seq ?? this.asked.get(id) ?? 0);
    }
    if (result.next) return this.#page(conversations, result.next, now);
    this.more = this.found;
    this.found = new Map();
    if (this.more.size > 0) return this.#page(conversations, null, now);
    this.isOutstanding = false;
    return null;
  }

  /** The connection is gone, and the question with it. */
  abandon() {
    this.isOutstanding = false;
    this.requestId = null;
    this.more.clear();
    this.found.clear();
  }

  later(now, retryAfterMs) {
    this.notBefore = now + (retryAfterMs || RETRY_MS);
  }

  again(now) {
    this.notBefore = null;
    this.askedAt = now;
    return this.frame;
  }

  deadline() {
    return this.notBefore ?? this.askedAt + SYNC_WAIT_MS;
  }

  /** The server answers conversations in rising id, those after `next`; so those are the cursors to send. */
  #page(conversations, next, now) {
    const rest = conversations.filter(({ id }) => next === null || id > next).sort((a, b) => (a.id < b.id ? -1 : 1));
    const cursors = rest.slice(0, SYNC_CURSORS_MAX).map((it) => [it.id, this.more.get(it.id) ?? it.cursor]);
    for (const [id, cursor] of cursors) this.asked.set(id, cursor);
    this.askedAt = now;
    this.notBefore = null;
    this.frame = { type: 'SYNC', conversations: Object.fromEntries(cursors), ...(next ? { next } : {}) };
    return this.frame;
  }
}
