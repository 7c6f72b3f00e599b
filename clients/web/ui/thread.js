// The conversation: one list item per message, kept over its whole life, from the optimistic send to the last tick.

import { byId, element } from './dom.js';

/** Messages of one sender closer together than this stand in one group. */
const GROUP_MS = 3 * 60_000;
/** So near the end of the scroll, new messages are followed. */
const FOLLOW_PIXELS = 80;

const STATUS_NAMES = {
  waiting: 'waiting for a connection', sent: 'sent', durable: 'durable', delivered: 'delivered', read: 'read', failed: 'refused',
};
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export class Thread {
  #view;
  #list = byId('messages');
  #scroll = byId('scroll');
  /** key -> list item */
  #items = new Map();

  constructor(view) {
    this.#view = view;
    document.addEventListener('visibilitychange', () => this.#markRead());
    addEventListener('focus', () => this.#markRead());
    this.#scroll.addEventListener('scroll', () => this.#markRead(), { passive: true });
  }

  draw() {
    const follows = this.#isAtEnd();
    const items = this.#view.client.timeline(this.#view.chat);
    byId('empty').hidden = items.length > 0;
    const keys = new Set(items.map((item) => item.key));
    for (const [key, node] of this.#items) {
      if (!keys.has(key)) { node.remove(); this.#items.delete(key); }
    }
    items.forEach((item, i) => this.#place(item, items[i - 1] ?? null, i));
    if (follows) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#markRead();
  }

  #place(item, previous, i) {
    const node = this.#items.get(item.key) ?? this.#make(item);
    if (this.#list.children[i] !== node) this.#list.insertBefore(node, this.#list.children[i] ?? null);
    const isNewDay = previous === null || dayOf(previous.at) !== dayOf(item.at);
    node.dataset.day = isNewDay ? day.format(item.at) : '';
    node.classList.toggle('first', isNewDay || previous.mine !== item.mine || item.at - previous.at > GROUP_MS);
    node.dataset.seq = item.seq ?? '';
    node.classList.toggle('retracted', item.retracted);
    this.#setStatus(node, item);
    const text = item.retracted ? 'This message was taken back.' : item.content;
    const body = node.querySelector('.text');
    if (body.textContent !== text) body.textContent = text;
  }

  #make(item) {
    const node = element('li', item.mine ? 'message mine' : 'message theirs');
    node.dataset.testid = 'message';
    node.dataset.key = item.key;
    const bubble = element('div', 'bubble');
    const foot = element('span', 'foot');
    const time = element('time', '', clock.format(item.at));
    time.dateTime = new Date(item.at).toISOString();
    foot.append(time);
    if (item.mine) foot.append(this.#makeTick());
    bubble.append(element('span', 'visually-hidden', `${item.senderId}: `), element('span', 'text'), foot);
    node.append(bubble);
    this.#items.set(item.key, node);
    return node;
  }

  #makeTick() {
    const tick = element('span', 'tick');
    tick.dataset.testid = 'status';
    tick.setAttribute('role', 'img');
    return tick;
  }

  #setStatus(node, item) {
    if (!item.mine || node.dataset.status === item.status) return;
    node.dataset.status = item.status;
    const tick = node.querySelector('.tick');
    tick.dataset.status = item.status;
    tick.setAttribute('aria-label', STATUS_NAMES[item.status]);
    tick.title = STATUS_NAMES[item.status];
    node.querySelector('.refusal')?.remove();
    if (item.status === 'failed') node.append(this.#makeRefusal(item));
  }

  #makeRefusal(item) {
    const refusal = element('p', 'refusal', `${item.error} `);
    const again = element('button', '', 'Send again');
    again.type = 'button';
    again.addEventListener('click', () => this.#view.client.resend(item.key.split('/')[0]));
    refusal.append(again);
    return refusal;
  }

  /** What is on the screen of someone who looks is read; all of it, once the end is in sight. */
  #markRead() {
    if (document.hidden || !this.#isAtEnd()) return;
    const { client, chat } = this.#view;
    const conversation = client.session.conversations.get(chat.id);
    if (!conversation || conversation.messages.size === 0) return;
    client.mark(chat, 'delivered', conversation.contiguous);
    client.mark(chat, 'read', conversation.contiguous);
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < FOLLOW_PIXELS;
  }
}

function dayOf(at) {
  return new Date(at).toDateString();
}
