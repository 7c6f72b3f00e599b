import assert from 'node:assert/strict';
import test from 'node:test';

import { CLOSE } from '../codes.js';
import { DELAY_MS_MAX, DELAY_MS_MIN, afterClose, delayMs } from '../sdk/backoff.js';

test('4000-4099 and lost connections reconnect, 4100-4199 stop', () => {
  for (const code of Object.values(CLOSE)) {
    assert.equal(afterClose(code, true), code >= 4100 ? 'stop' : 'reconnect', `${code}`);
  }
  for (const code of [0, 1001, 1006, 1011, 1012]) assert.equal(afterClose(code, true), 'reconnect');
});

test('an expired token is worth another try only with a fresh one', () => {
  assert.equal(afterClose(CLOSE.token_expired, true), 'reconnect');
  assert.equal(afterClose(CLOSE.token_expired, false), 'stop');
});

test('delays grow, are jittered, bounded, and follow the hint of the server', () => {
  assert.equal(delayMs(0, () => 0), DELAY_MS_MIN / 2);
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const [low, high] = [delayMs(attempt, () => 0), delayMs(attempt, () => 0.999)];
    assert.ok(low < high && high <= DELAY_MS_MAX, `${attempt}: ${low}..${high}`);
  }
  assert.equal(delayMs(3, () => 0.5, 1_234), 1_234);
});
