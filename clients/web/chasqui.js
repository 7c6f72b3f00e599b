// Chasqui's browser client: one object that keeps a conversation whole over whatever the network does.
//
//     const client = new Client({ user: 'alice', token, config: '/demo/config.json' });
//     client.addEventListener('change', ({ detail }) => ...);   // detail.type: message, ack, conversation, people, ...
//     client.start();
//     const chat = await client.direct('bob');
//     client.send(chat, 'hello');
//     client.timeline(chat);                                    // what to show, ticks included
//
// Place: the only part with a clock, timers and a connection; the rules are in `sdk/session.js`.
// Limits: one conversation's history is read from its beginning, a page of 100 at a time.

import { afterClose, delayMs } from './sdk/backoff.js';
import { directConversationId, newClientId } from './sdk/ids.js';
import { restore, save } from './sdk/memory.js';
import { race } from './sdk/race.js';
import { Session } from './sdk/session.js';
import { timeline } from './sdk/timeline.js';
import { openWebSocket, openWebTransport } from './sdk/transport.js';

export { delayMs, directConversationId, newClientId, openWebSocket, openWebTransport, race, Session, timeline };

/** The reload memory is written this long after a change, so that a burst is written once. */
const SAVE_AFTER_MS = 100;
/** A connection that lived this long was good: the next delay starts small again. */
const STABLE_AFTER_MS = 5_000;
const CLOSED_BY_USER = 1000;
/** Round trips kept for whoever wants to draw them. */
const ROUND_TRIPS_KEPT = 60;

/** @typedef {{id: string, to?: string, others: string[]}} Chat */

export class Client extends EventTarget {
  #options;
  #session;
  #transport = null;
  #timers = { rules: null, reconnect: null, save: null };
  #attempt = 0;
  #failedHandshakes = 0;
  #hintMs = null;
  #openedAt = 0;

  /**
   * @param {object} options
   * @param {string} options.user who the token is for
   * @param {string | (() => string | Promise<string>)} options.token a function is asked anew for each connection
   * @param {string | object} options.config where to connect to: `{wsUrl, wtUrl, certHash}`, or the URL of that
   * @param {'ws' | 'wt'} [options.transport] use only this one
   * @param {?Storage} [options.storage] survives a reload; `null` for none
   */
  constructor(options) {
    super();
    this.#options = { storage: globalThis.sessionStorage ?? null, ...options };
    this.#session = new Session(options.user);
    restore(this.#options.storage, this.#session);
    /** What a person may want to know of the connection. */
    this.status = {
      phase: 'idle', transport: null, times: { wt: null, ws: null }, retryAt: null, reason: null, config: null,
      connects: 0, roundTripsMs: [],
    };
  }

  get session() {
    return this.#session;
  }

  start() {
    globalThis.addEventListener?.('online', () => this.retryNow());
    globalThis.addEventListener?.('pagehide', () => save(this.#options.storage, this.#session));
    this.#connect();
  }

  /** Ends the connection and stays away. */
  stop() {
    clearTimeout(this.#timers.reconnect);
    this.#enter('stopped', { reason: 'left', retryAt: null });
    this.#transport?.close(CLOSED_BY_USER, 'left');
  }

  /** Does not wait for the rest of the delay. */
  retryNow() {
    if (this.status.phase !== 'waiting') return;
    clearTimeout(this.#timers.reconnect);
    this.#connect();
  }

  /** @returns {Promise<Chat>} the direct conversation with `peer` */
  async direct(peer) {
    return { id: await directConversationId(this.#session.user, peer), to: peer, others: [peer] };
  }

  /** Sends, now or as soon as there is a connection. @returns {string} the client id */
  send(chat, content) {
    const clientId = newClientId();
    this.#session.send({ conversationId: chat.id, to: chat.to, content, clientId }, Date.now());
    this.#flush();
    return clientId;
  }

  /** Sends again what was refused for good. */
  resend(clientId) {
    this.#session.retry(clientId);
    this.#flush();
  }

  /** @param {'delivered' | 'read'} kind */
  mark(chat, kind, seq) {
    this.#session.mark(chat.id, kind, seq);
    this.#flush();
  }

  typing(chat, isTyping) {
    this.#session.typing(chat.id, isTyping, performance.now());
    this.#flush();
  }

  /** What to show of a conversation. */
  timeline(chat) {
    return timeline(this.#session, chat.id, chat.others);
  }

  // --- the connection -----------------------------------------------------------------------------------------------

  async #connect() {
    this.#enter('connecting', { retryAt: null });
    try {
      const config = await this.#config();
      const token = await this.#token();
      // A refused handshake tells a page nothing; a refused first frame closes with a code.
      const inFrame = this.#failedHandshakes > 0;
      const target = { ...config, token: inFrame ? null : token };
      this.status.config = config;
      this.#failedHandshakes += 1;
      const { transport, times } = await race(openersTo(target), { only: this.#options.transport, storage: this.#options.storage });
      this.#opened(transport, times, inFrame ? token : null);
    } catch (error) {
      this.#reconnectLater(error.message);
    }
  }

  async #config() {
    const { config } = this.#options;
    if (typeof config !== 'string') return config;
    const answer = await fetch(config, { cache: 'no-store' });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }

  async #token() {
    const { token } = this.#options;
    return typeof token === 'function' ? token() : token;
  }

  #opened(transport, times, token) {
    if (this.status.phase === 'stopped') return transport.close(CLOSED_BY_USER, 'left');
    this.#transport = transport;
    this.#openedAt = performance.now();
    this.status.connects += 1;
    this.#session.connected(token);
    this.#enter('open', { transport: transport.kind, times, reason: null });
    transport.listen({
      onFrame: (frame) => this.#received(frame),
      onClose: (code, reason) => this.#closed(transport, code, reason),
    });
    return this.#flush();
  }

  #received(frame) {
    if (frame.type === 'CONNECT_SUCCESS') this.#failedHandshakes = 0;
    if (frame.type === 'DRAINING') this.#hintMs = frame.reconnectAfterMs;
    this.#session.receive(frame, performance.now());
    this.#flush();
  }

  #closed(transport, code, reason) {
    if (transport !== this.#transport) return;
    this.#transport = null;
    this.#session.disconnected();
    if (performance.now() - this.#openedAt >= STABLE_AFTER_MS) this.#attempt = 0;
    if (this.status.phase === 'stopped') return;
    if (afterClose(code, typeof this.#options.token === 'function') === 'stop') {
      this.#enter('stopped', { reason: { code, reason } });
    } else {
      this.#reconnectLater({ code, reason });
    }
    this.#flush();
  }

  #reconnectLater(reason) {
    if (this.status.phase === 'stopped') return;
    const waitMs = delayMs(this.#attempt, Math.random, this.#hintMs);
    this.#attempt += 1;
    this.#hintMs = null;
    this.#timers.reconnect = setTimeout(() => this.#connect(), waitMs);
    this.#enter('waiting', { retryAt: Date.now() + waitMs, reason });
  }

  #enter(phase, news) {
    Object.assign(this.status, { phase, ...news });
    this.#tell({ type: 'status' });
  }

  // --- the rules ------------------------------------------------------------------------------------------------------

  #flush() {
    const { frames, changes } = this.#session.take(performance.now());
    for (const frame of frames) this.#transport?.send(frame);
    for (const change of changes) this.#tell(change);
    if (changes.length > 0) this.#saveSoon();
    this.#armTimer();
  }

  #armTimer() {
    clearTimeout(this.#timers.rules);
    const deadline = this.#session.deadline();
    if (deadline === Infinity) return;
    this.#timers.rules = setTimeout(() => {
      this.#session.tick(performance.now());
      this.#flush();
    }, Math.max(1, deadline - performance.now()));
  }

  #saveSoon() {
    this.#timers.save ??= setTimeout(() => {
      this.#timers.save = null;
      save(this.#options.storage, this.#session);
    }, SAVE_AFTER_MS);
  }

  #tell(change) {
    if (change.type === 'ack' && change.roundTripMs !== null) this.status.roundTripsMs.push(change.roundTripMs);
    if (this.status.roundTripsMs.length > ROUND_TRIPS_KEPT) this.status.roundTripsMs.shift();
    this.dispatchEvent(new CustomEvent('change', { detail: change }));
  }
}

function openersTo(target) {
  const hasWt = typeof WebTransport !== 'undefined' && target.wtUrl;
  return {
    ws: (signal) => openWebSocket(target, signal),
    wt: hasWt ? (signal) => openWebTransport(target, signal) : null,
  };
}
