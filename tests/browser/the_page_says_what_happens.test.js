// What the page tells without being forced: who won the race, and why there is no connection.

import assert from 'node:assert/strict';
import test from 'node:test';

import { chapters } from './chapters.js';
import { Relay } from './relay.js';
import { Tab, launch } from './tab.js';

test('the page', { timeout: 180_000 }, async (context) => {
  const chapter = chapters(context);
  const relay = new Relay();
  const browser = await launch();
  context.after(async () => { await browser.close(); await relay.end(); });
  await relay.start();

  await chapter('a race is run, and both connect times are shown', async () => {
    const alice = await Tab.open(browser, relay.address('alice'));
    await alice.live();
    assert.match(await alice.text('transport'), /^Web(Transport|Socket)$/);
    for (const id of ['connect-wt', 'connect-ws']) {
      await alice.until(`${id} is measured`, async () => /\d ms$/.test(await alice.text(id)));
    }
    assert.equal(await alice.text('self'), 'alice');
    assert.deepEqual(alice.faults, []);
  });

  await chapter('who leaves is seen leaving', async () => {
    const alice = await Tab.open(browser, relay.address('alice', 'ws'));
    const bob = await Tab.open(browser, relay.address('bob', 'wt'));
    await Promise.all([alice.live(), bob.live()]);
    await bob.write('good night');
    await alice.until('bob is online', async () => (await alice.text('presence')) === 'online');
    await bob.page.close();
    await alice.until('bob was seen just now', async () => /^last seen/.test(await alice.text('presence')));
  });

  await chapter('a refused token stops and says so', async () => {
    const address = relay.address('alice', 'ws').replace(/token=[^&]*/, 'token=not.a.token');
    const tab = await Tab.open(browser, address);
    await tab.until('the page has stopped', async () => (await tab.state()) === 'stopped');
    assert.match(await tab.text('countdown'), /token/);
  });

  await chapter('without a link the page explains itself', async () => {
    const tab = await Tab.open(browser, new URL('/', relay.links.alice).href);
    await tab.page.getByText('chasqui serve --dev').waitFor();
  });

  await chapter('it is readable in the dark and on a phone', async () => {
    const tab = await Tab.open(browser, relay.address('alice', 'ws'), { colorScheme: 'dark', viewport: { width: 390, height: 780 } });
    await tab.live();
    await tab.until('the history is shown', async () => (await tab.texts()).includes('good night'));
    const overflow = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    await tab.picture('phone-dark');
  });
});
