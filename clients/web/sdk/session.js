// The client rules of docs/protocol as one machine: frames and wishes come in, frames and changes come out.
//
// Promise: whatever the network does, each message is shown once, in order of seq, none is skipped without a word,
// and each send goes out until it is answered. Pure: the caller brings the clock, the connection and the timer.
//
// Place: `chasqui.js` feeds it. One input, then `take()` everything, then the next input.
// Invariants: at most one SYNC is outstanding; live events that arrive meanwhile are held and applied after it; own
// sends go out only once the answer is there.

import { Conversation } from './conversation.js';
import { Marks } from './marks.js';
import { Outbox } from './outbox.js';
import { People } from './people.js';
import { SyncRound } from './sync.js';

/** A hole where an own send may still land is a gap only after this long. */
export const HOLE_MS_MAX = 5_000;
/** Events held while a SYNC is outstanding; beyond it they are dropped and fetched by another SYNC. */
export const HELD_EVENTS_MAX = 10_000;

/** A SYNC that did not fill a hole is not repeated sooner, lest the two sides chase one another. */
export const SYNC_SPACING_MS = 1_000;

export class Session {
  constructor(user) {
    this.user = user;
    /** @type {'offline' | 'opening' | 'syncing' | 'live'} */
    this.state = 'offline';
    this.sessionId = null;
    this.limits = null;
    /** @type {Map<string, Conversation>} */
    this.conversations = new Map();
    this.outbox = new Outbox();
    this.people = new People(user);
    this.sync = new SyncRound();
    this.syncs = 0;
    this.syncedAt = -Infinity;
    this.held = [];
    this.heldOverflow = false;
    this.marks = new Marks();
    this.requests = new Map();
    this.nextRequest = 1;
    this.frames = [];
    this.changes = [];
  }

  // --- the connection ---------------------------------------------------------------------------------------------

  /** A connection is open; with a token, the first frame carries it. */
  connected(token = null) {
    this.state = 'opening';
    this.held = [];
    this.heldOverflow = false;
    this.requests.clear();
    this.sync.abandon();
    this.outbox.restart();
    this.marks.restart();
    if (token) this.frames.push({ type: 'CONNECT', token });
    this.#changed('state');
  }

  disconnected() {
    this.state = 'offline';
    this.sessionId = null;
    this.frames = [];
    this.people.forgetLive();
    this.#changed('state');
    this.#changed('people');
  }

  // --- frames from the server -------------------------------------------------------------------------------------

  receive(frame, now) {
    switch (frame.type) {
      case 'CONNECT_SUCCESS': return this.#welcome(frame, now);
      case 'SYNC_RESULT': return this.#syncResult(frame, now);
      case 'ERROR': return this.#error(frame, now);
      case 'DRAINING': return this.#changed('draining', { reconnectAfterMs: frame.reconnectAfterMs });
      case 'USER_ONLINE':
      case 'USER_OFFLINE':
        this.people.presence(frame);
        return this.#changed('people');
      case 'TYPING_START':
      case 'TYPING_STOP':
        this.people.typing(frame, now);
        return this.#changed('people');
      default: return this.#ofConversation(frame, now);
    }
  }

  #welcome(frame, now) {
    this.sessionId = frame.sessionId;
    this.limits = frame.limits;
    this.outbox.pace.set(frame.limits.sendsPerSecond, frame.limits.burst);
    for (const head of frame.heads ?? []) {
      const conversation = this.conversation(head.conversationId);
      conversation.lastSeq = Math.max(conversation.lastSeq, head.lastSeq);
    }
    this.#startSync(now);
    this.#changed('state');
  }

  #ofConversation(frame, now) {
    if (this.state !== 'live') return this.#hold(frame);
    const id = frame.conversationId;
    const conversation = this.conversation(id);
    conversation.epoch ??= frame.epoch ?? null;
    if (frame.epoch > conversation.epoch) {
      this.#hold(frame);
      return this.#startSync(now);
    }
    // What an older home said of messages is superseded by the sync that brought the newer epoch.
    if (frame.epoch < conversation.epoch && frame.type !== 'MESSAGE_ACK') return undefined;
    this.#apply(conversation, frame, now);
    this.#changed('conversation', { id });
    this.#watchHole(conversation, now);
  }

  #apply(conversation, frame, now) {
    switch (frame.type) {
      case 'MESSAGE_RECEIVED':
        this.people.wrote(conversation.id, frame.senderId);
        return conversation.add(frame, frame.durableSeq) && this.#changed('message', { id: conversation.id, message: frame });
      case 'MESSAGE_ACK': return this.#acked(conversation, frame, now);
      case 'MESSAGE_RETRACTED': return conversation.retract(frame.seq, frame.messageId);
      case 'MESSAGE_DELIVERED': return conversation.receipt(frame.userId, 'delivered', frame.seq, frame.deliveredAt);
      case 'MESSAGE_READ': return conversation.receipt(frame.userId, 'read', frame.seq, frame.readAt);
      case 'CONVERSATION_CREATED': return this.#changed('created', { id: conversation.id, title: frame.title, members: frame.members });
      default: return undefined; // A frame of a later version.
    }
  }

  #acked(conversation, frame, now) {
    const entry = this.outbox.find(this.requests.get(frame.id)?.clientId);
    this.requests.delete(frame.id);
    if (entry === undefined) return;
    this.outbox.remove(entry.clientId);
    const { conversationId, messageId, seq, epoch, timestamp } = frame;
    const { clientId, content } = entry;
    conversation.add({ conversationId, messageId, seq, epoch, timestamp, clientId, content, senderId: this.user }, frame.durableSeq);
    const roundTripMs = entry.attempts === 1 ? now - entry.sentAt : null;
    this.#changed('ack', { id: conversationId, clientId, roundTripMs });
  }

  #error(frame, now) {
    if (this.marks.failed(frame.id, frame.retry, now)) return;
    const request = this.requests.get(frame.id);
    this.requests.delete(frame.id);
    const entry = this.outbox.find(request?.clientId);
    if (request?.kind === 'sync') {
      this.sync.later(now, frame.retryAfterMs);
    } else if (entry && frame.retry) {
      this.outbox.later(entry, frame.retryAfterMs, now);
    } else if (entry) {
      entry.error = frame.message || frame.name;
      this.#changed('conversation', { id: entry.conversationId });
    }
    if (!request || !frame.retry) this.#changed('error', { error: frame });
  }

  // --- sync ---------------------------------------------------------------------------------------------------------

  #startSync(now) {
    if (this.sync.isOutstanding) return;
    this.state = 'syncing';
    this.syncs += 1;
    this.#ask(this.sync.begin([...this.conversations.values()], now));
    this.#changed('state');
  }

  #ask(frame) {
    this.frames.push({ ...frame, id: this.#request({ kind: 'sync' }) });
    this.sync.requestId = String(this.nextRequest - 1);
  }

  #syncResult(frame, now) {
    if (frame.id !== this.sync.requestId) return;
    this.requests.delete(frame.id);
    for (const [id, answer] of Object.entries(frame.conversations)) {
      const conversation = this.conversation(id);
      if (conversation.applySync(this.sync.asked.get(id) ?? 0, answer)) this.#changed('conversation', { id });
      this.#settleOutbox(conversation);
    }
    const next = this.sync.after(frame, [...this.conversations.values()], now);
    if (next) return this.#ask(next);
    this.#goLive(now);
  }

  /** Own sends that the answer shows as durable need no ack any more. */
  #settleOutbox(conversation) {
    for (const entry of this.outbox.entries.filter((it) => it.conversationId === conversation.id)) {
      const seq = conversation.seqs.get(`${entry.clientId}/${this.user}`);
      if (seq !== undefined && seq <= conversation.durableSeq) this.outbox.remove(entry.clientId);
    }
  }

  #goLive(now) {
    this.state = 'live';
    this.syncedAt = now;
    const held = this.held;
    this.held = [];
    for (const frame of held) this.#ofConversation(frame, now);
    if (this.heldOverflow) this.#startSync(now);
    this.heldOverflow = false;
    this.#changed('state');
  }

  #hold(frame) {
    if (this.held.length < HELD_EVENTS_MAX) this.held.push(frame);
    else this.heldOverflow = true;
  }

  #watchHole(conversation, now) {
    if (!conversation.hasHole) {
      conversation.holeSince = null;
      return;
    }
    conversation.holeSince ??= now;
    if (now >= this.#gapAt(conversation)) this.#startSync(now);
  }

  /** When a hole is a gap: at once, unless an own send may still land in it. */
  #gapAt({ id, holeSince }) {
    if (holeSince === null) return Infinity;
    return this.outbox.isUnderWay(id) ? holeSince + HOLE_MS_MAX : Math.max(holeSince, this.syncedAt + SYNC_SPACING_MS);
  }

  // --- wishes of the application --------------------------------------------------------------------------------------

  send({ conversationId, to, content, clientId }, wallNow) {
    this.outbox.add({ clientId, conversationId, to, content, createdAt: wallNow });
    this.#changed('conversation', { id: conversationId });
  }

  /** Sends again what was refused for good. */
  retry(clientId) {
    const entry = this.outbox.find(clientId);
    if (!entry?.error) return;
    entry.error = entry.sentAt = null;
    this.#changed('conversation', { id: entry.conversationId });
  }

  /** The application holds (or shows) everything up to `seq`; never beyond what came without a hole. */
  mark(conversationId, kind, seq) {
    const conversation = this.conversations.get(conversationId);
    if (!conversation) return;
    let upTo = Math.min(seq, conversation.contiguous);
    // Nobody waits for the ticks of one's own messages.
    while (conversation.messages.get(upTo)?.senderId === this.user) upTo -= 1;
    this.marks.want(conversationId, kind, upTo);
  }

  typing(conversationId, isTyping, now) {
    const frame = this.people.ownTyping(conversationId, isTyping, now);
    if (frame && this.state === 'live') this.frames.push(frame);
  }

  /** The conversation of that id, made if it is new. */
  conversation(id) {
    if (!this.conversations.has(id)) this.conversations.set(id, new Conversation(id));
    return this.conversations.get(id);
  }

  // --- time and output ------------------------------------------------------------------------------------------------

  tick(now) {
    if (this.people.expire(now)) this.#changed('people');
    if (this.state === 'syncing' && now >= this.sync.deadline()) this.#ask(this.sync.again(now));
    if (this.state !== 'live') return;
    for (const conversation of this.conversations.values()) this.#watchHole(conversation, now);
  }

  deadline() {
    const times = [this.people.deadline()];
    if (this.state === 'syncing') times.push(this.sync.deadline());
    if (this.state === 'live') {
      times.push(this.outbox.deadline(), this.marks.deadline());
      for (const conversation of this.conversations.values()) times.push(this.#gapAt(conversation));
    }
    return Math.min(...times);
  }

  /** Everything to write and everything that changed, since the last call. */
  take(now) {
    if (this.state === 'live') {
      this.frames.push(...this.marks.due(now));
      for (const entry of this.outbox.due(now, (it) => this.#request({ kind: 'send', clientId: it.clientId }))) {
        this.frames.push(sendFrame(entry));
        this.#changed('conversation', { id: entry.conversationId });
      }
    }
    const { frames, changes } = this;
    this.frames = [];
    this.changes = [];
    return { frames, changes };
  }

  #request(what) {
    const id = String(this.nextRequest++);
    this.requests.set(id, what);
    return id;
  }

  #changed(type, detail = {}) {
    this.changes.push({ type, ...detail });
  }
}

function sendFrame({ requestId: id, conversationId, to, clientId, content, resend }) {
  const target = to === undefined ? { conversationId } : { to };
  return { type: 'SEND_MESSAGE', id, ...target, clientId, content, ack: 'durable', resend };
}
