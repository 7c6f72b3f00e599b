// The promise of the demo: two tabs, one over each transport, and a relay that is killed between two words.

import assert from 'node:assert/strict';
import test from 'node:test';

import { chapters } from './chapters.js';
import { Relay } from './relay.js';
import { Tab, launch } from './tab.js';

/** Messages of each user at once; within the burst of 20 that the relay allows. */
const BURST = 12;

test('two tabs chat over a kill -9', { timeout: 300_000 }, async (context) => {
  const chapter = chapters(context);
  const relay = new Relay();
  const browser = await launch();
  context.after(async () => { await browser.close(); await relay.end(); });
  await relay.start();
  const alice = await Tab.open(browser, relay.address('alice', 'wt'));
  const bob = await Tab.open(browser, relay.address('bob', 'ws'));
  const both = [alice, bob];
  const expected = [];
  let durable = [];

  await chapter('each is live on its own transport', async () => {
    await Promise.all(both.map((tab) => tab.live()));
    assert.equal(await alice.text('transport'), 'WebTransport');
    assert.equal(await bob.text('transport'), 'WebSocket');
  });

  await chapter('words arrive in order and their ticks rise to read', async () => {
    for (const [tab, text] of [[alice, 'Did the runner arrive?'], [bob, 'Before sunset.'], [alice, 'And the knots?'], [bob, 'All of them, in order.']]) {
      await tab.write(text);
      expected.push(text);
      await allShow(both, expected);
    }
    for (const tab of both) {
      await tab.until('all own messages are read', async () => (await tab.messages()).every((it) => !it.mine || it.status === 'read'));
    }
    await alice.until('a round trip is shown', async () => /ms$/.test(await alice.text('rtt')));
  });

  await chapter('presence and typing are shown, and typing hides by itself', async () => {
    await alice.until('bob is online', async () => (await alice.text('presence')) === 'online');
    await bob.page.getByTestId('composer').pressSequentially('...');
    await alice.page.getByTestId('typing').waitFor({ state: 'visible' });
    await alice.picture('demo');
    await alice.page.getByTestId('typing').waitFor({ state: 'hidden' });
    await bob.page.getByTestId('composer').fill('');
  });

  await chapter('the relay is killed in the middle of a burst', async () => {
    const bursts = both.map((_, user) => Array.from({ length: BURST }, (_, i) => `burst ${user}.${i}`));
    for (const [user, tab] of both.entries()) await tab.write(`first of ${user}`);
    expected.push('first of 0', 'first of 1', ...bursts.flat());
    await alice.until('the first are durable', async () => (await durableTexts(both)).length >= 6);
    await Promise.all(both.map((tab, user) => tab.burst(bursts[user])));
    await relay.kill();
    durable = await durableTexts(both);
    context.diagnostic(`${durable.length} of ${expected.length} messages were durable when the relay was killed`);
  });

  await chapter('both notice, count down, and keep what is written meanwhile', async () => {
    await alice.write('written by alice while the relay is dead');
    await bob.write('written by bob while the relay is dead');
    expected.push('written by alice while the relay is dead', 'written by bob while the relay is dead');
    for (const tab of both) {
      await tab.until('the countdown is shown', async () => /Trying again in \d/.test(await tab.text('countdown')));
    }
    await bob.picture('offline');
  });

  await chapter('after the restart nothing is lost and nothing is shown twice', async () => {
    await relay.start();
    for (const tab of both) {
      await tab.live();
      await tab.settled();
      await tab.until('all is shown', async () => (await tab.messages()).length >= expected.length);
    }
    const shown = await Promise.all(both.map((tab) => tab.messages()));
    for (const messages of shown) {
      const texts = messages.map((it) => it.text);
      assert.deepEqual(texts.toSorted(), expected.toSorted());
      assert.deepEqual(durable.filter((text) => !texts.includes(text)), []);
      assert.deepEqual(messages.map((it) => it.seq), expected.map((_, i) => i + 1));
    }
    assert.deepEqual(shown[0].map((it) => it.text), shown[1].map((it) => it.text));
  });

  await chapter('the conversation goes on, and all of it is read', async () => {
    for (const [tab, text] of [[alice, 'Still there?'], [bob, 'Nothing missing.']]) {
      await tab.write(text);
      expected.push(text);
      await Promise.all(both.map((it) => it.until('it arrives', async () => (await it.texts()).includes(text))));
    }
    for (const tab of both) {
      await tab.until('all own messages are read', async () => (await tab.messages()).every((it) => !it.mine || it.status === 'read'));
    }
    assert.equal((await alice.texts()).length, expected.length);
    await alice.picture('alice-webtransport');
    await bob.picture('bob-websocket');
  });

  await chapter('a reload shows the same', async () => {
    const before = await alice.messages();
    await alice.page.reload();
    await alice.live();
    await alice.until('all is shown', async () => (await alice.messages()).length === before.length);
    assert.deepEqual(await alice.messages(), before);
  });

  for (const tab of both) assert.deepEqual(tab.faults, []);
});

async function allShow(tabs, texts) {
  for (const tab of tabs) {
    await tab.until(`${texts.at(-1)} is shown`, async () => (await tab.messages()).length >= texts.length);
    assert.deepEqual(await tab.texts(), texts);
  }
}

/** Own messages whose tick says that they are on disk. */
async function durableTexts(tabs) {
  const all = (await Promise.all(tabs.map((tab) => tab.messages()))).flat();
  return all.filter((it) => it.mine && ['durable', 'delivered', 'read'].includes(it.status)).map((it) => it.text);
}
