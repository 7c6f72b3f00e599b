// Who is here and who is typing. Nothing of it is durable: it starts anew with each connection.

/** A typing sign without a successor is hidden after this long. */
export const TYPING_SHOWN_MS = 3_000;
/** The own sign is repeated at most this often, in time to be seen as continuous. */
export const TYPING_REPEAT_MS = 2_000;

export class People {
  constructor(self) {
    this.self = self;
    /** user -> { online, lastSeen } */
    this.present = new Map();
    /** conversation -> Map(user -> shown until) */
    this.typers = new Map();
    /** conversation -> when the own sign was last sent */
    this.own = new Map();
  }

  presence({ type, userId, lastSeen = null }) {
    this.present.set(userId, { online: type === 'USER_ONLINE', lastSeen });
  }

  typing({ type, conversationId, userId }, now) {
    const typers = this.typers.get(conversationId) ?? new Map();
    if (type === 'TYPING_START') typers.set(userId, now + TYPING_SHOWN_MS);
    else typers.delete(userId);
    this.typers.set(conversationId, typers);
  }

  /** A message ends its sender's typing. */
  wrote(conversationId, userId) {
    this.typers.get(conversationId)?.delete(userId);
  }

  isTyping(conversationId, userId) {
    return this.typers.get(conversationId)?.has(userId) ?? false;
  }

  /** The frame to send for the own typing, if any is due. */
  ownTyping(conversationId, isTyping, now) {
    const last = this.own.get(conversationId) ?? null;
    if (isTyping && (last === null || now - last >= TYPING_REPEAT_MS)) {
      this.own.set(conversationId, now);
      return { type: 'TYPING_START', conversationId };
    }
    if (isTyping || last === null) return null;
    this.own.delete(conversationId);
    return { type: 'TYPING_STOP', conversationId };
  }

  /** The connection is gone: nobody is known to be here, but when they were last seen stays true. */
  forgetLive() {
    for (const entry of this.present.values()) entry.online = null;
    this.typers.clear();
    this.own.clear();
  }

  expire(now) {
    let changed = false;
    for (const typers of this.typers.values()) {
      for (const [user, until] of typers) {
        if (until <= now) changed = typers.delete(user);
      }
    }
    return changed;
  }

  deadline() {
    const times = [...this.typers.values()].flatMap((typers) => [...typers.values()]);
    return Math.min(Infinity, ...times);
  }
}
