import assert from 'node:assert/strict';
import test from 'node:test';

import { HEAD_START_MS, race } from '../sdk/race.js';

class FakeStorage extends Map {
  setItem(key, value) { this.set(key, value); }
  getItem(key) { return this.get(key) ?? null; }
}

/** Lets every settled promise be heard, then moves the mocked clock on. */
async function pass(context, ms) {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
  context.mock.timers.tick(ms);
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

function fakes() {
  const opened = [];
  const closed = [];
  const opener = (kind, ms, fails = false) => (signal) => new Promise((resolve, reject) => {
    opened.push(kind);
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    setTimeout(() => (fails ? reject(new Error(kind)) : resolve({ kind, close: () => closed.push(kind) })), ms);
  });
  return { opened, closed, opener };
}

async function run(context, openers, options, stepsMs) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let result = null;
  race(openers, { clock: () => 0, ...options }).then((it) => { result = it.transport.kind; }, (e) => { result = e; });
  for (const ms of stepsMs) await pass(context, ms);
  return result;
}

test('WebTransport wins within its head start and WebSocket is never tried', async (context) => {
  const { opened, opener } = fakes();
  const openers = { wt: opener('wt', HEAD_START_MS - 1), ws: opener('ws', 1) };
  assert.equal(await run(context, openers, {}, [HEAD_START_MS - 1, 10, 1_000]), 'wt');
  assert.deepEqual(opened, ['wt']);
});

test('a WebTransport that hangs loses to WebSocket, and that is remembered', async (context) => {
  const { opened, opener } = fakes();
  const storage = new FakeStorage();
  const openers = { wt: opener('wt', 60_000), ws: opener('ws', 5) };
  assert.equal(await run(context, openers, { storage }, [HEAD_START_MS, 5]), 'ws');
  assert.equal((await Promise.all([race(openers, { storage }), pass(context, 5)]))[0].transport.kind, 'ws');
  assert.deepEqual(opened, ['wt', 'ws', 'ws']);
});

test('a WebTransport that fails starts WebSocket at once', async (context) => {
  const { opener } = fakes();
  assert.equal(await run(context, { wt: opener('wt', 3, true), ws: opener('ws', 4) }, {}, [3, 4]), 'ws');
});

test('when both fail nothing is remembered: the server may be down', async (context) => {
  const { opener } = fakes();
  const storage = new FakeStorage();
  const result = await run(context, { wt: opener('wt', 1, true), ws: opener('ws', 1, true) }, { storage }, [1, 1]);
  assert.ok(result instanceof Error);
  assert.equal(storage.size, 0);
});

test('a forced transport is the only one tried', async (context) => {
  const { opened, opener } = fakes();
  assert.equal(await run(context, { wt: opener('wt', 1), ws: opener('ws', 1) }, { only: 'ws' }, [1]), 'ws');
  assert.deepEqual(opened, ['ws']);
});
