// Delivered and read marks on their way to the server: the highest wish per conversation goes out, once.
//
// A mark has no answer unless it fails, and a crash may forget one that was not durable yet; so whatever was sent on a
// connection is said again on the next one.

const RETRY_MS = 1_000;
const PREFIX = 'mark:';
const FRAMES = { delivered: 'MARK_AS_DELIVERED', read: 'MARK_AS_READ' };
const none = () => ({ delivered: 0, read: 0 });

export class Marks {
  constructor() {
    /** conversation -> { wanted, sent } */
    this.map = new Map();
    this.notBefore = 0;
  }

  want(conversationId, kind, seq) {
    if (!this.map.has(conversationId)) this.map.set(conversationId, { wanted: none(), sent: none() });
    const { wanted } = this.map.get(conversationId);
    wanted[kind] = Math.max(wanted[kind], seq);
  }

  /** The frames to send now. */
  due(now) {
    if (now < this.notBefore) return [];
    return this.#unsent().map(([conversationId, kind, mark]) => {
      mark.sent[kind] = mark.wanted[kind];
      return { type: FRAMES[kind], id: PREFIX + conversationId, conversationId, seq: mark.sent[kind] };
    });
  }

  /** Whether an error's request id is a mark's; then the mark is said again, or given up. */
  failed(id, retry, now) {
    const mark = id?.startsWith(PREFIX) && this.map.get(id.slice(PREFIX.length));
    if (!mark) return false;
    if (retry) {
      mark.sent = none();
      this.notBefore = now + RETRY_MS;
    } else {
      this.map.delete(id.slice(PREFIX.length));
    }
    return true;
  }

  restart() {
    this.notBefore = 0;
    for (const mark of this.map.values()) mark.sent = none();
  }

  deadline() {
    return this.#unsent().length > 0 ? this.notBefore : Infinity;
  }

  #unsent() {
    const kinds = Object.keys(FRAMES);
    return [...this.map].flatMap(([id, mark]) =>
      kinds.filter((kind) => mark.wanted[kind] > mark.sent[kind]).map((kind) => [id, kind, mark]));
  }
}
