// Where messages are written: Enter sends, Shift+Enter breaks the line, the peer sees that one is typing.

import { byId } from './dom.js';

/** Without a key for this long one is not typing any more. */
const TYPING_IDLE_MS = 2_500;
/** CONTENT_BYTES_MAX of the protocol. */
const CONTENT_BYTES_MAX = 60 * 1024;

export class Composer {
  #view;
  #text = byId('text');
  #idle = null;

  constructor(view) {
    this.#view = view;
    byId('composer').addEventListener('submit', (event) => { event.preventDefault(); this.#send(); });
    byId('retry').addEventListener('click', () => view.client.retryNow());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('input', () => this.#typed());
    this.#text.addEventListener('blur', () => this.#typing(false));
  }

  focus() {
    this.#text.focus();
  }

  #key(event) {
    // An Enter that ends the choice of an input method is not for us.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #typed() {
    this.#fit();
    this.#typing(this.#text.value !== '');
  }

  #typing(isTyping) {
    clearTimeout(this.#idle);
    if (isTyping) this.#idle = setTimeout(() => this.#typing(false), TYPING_IDLE_MS);
    this.#view.client.typing(this.#view.chat, isTyping);
  }

  #send() {
    const content = this.#text.value.trim();
    if (content === '' || new TextEncoder().encode(content).length > CONTENT_BYTES_MAX) return;
    this.#view.client.send(this.#view.chat, content);
    this.#text.value = '';
    this.#typing(false);
    this.#fit();
    this.#text.focus();
  }

  /** Grows with its text; the style sheet sets the bound. */
  #fit() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
