// When to connect again, and when not to.
//
// A close code says by its range what a client does: 4000-4099 reconnect, 4100-4199 stop. Anything else (a lost
// connection, a proxy's code) is worth another try. Delays grow and are jittered, so that a server that comes back is
// not met by everyone at once; a delay the server hinted is already jittered and taken as it is.

import { CLOSE, shouldReconnect } from '../codes.js';

export const DELAY_MS_MIN = 200;
export const DELAY_MS_MAX = 15_000;

/** @param {() => number} random 0 <= x < 1 */
export function delayMs(attempt, random, hintMs = null) {
  if (hintMs !== null) return Math.max(0, hintMs);
  const ceiling = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}

/** @returns {'reconnect' | 'stop'} */
export function afterClose(code, canRefreshToken) {
  if (code === CLOSE.token_expired && !canRefreshToken) return 'stop';
  return shouldReconnect(code) ? 'reconnect' : 'stop';
}
