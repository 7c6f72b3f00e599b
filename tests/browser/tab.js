// A tab with the demo page, seen as its user sees it: by what it shows.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

/** Generous: the machine may be busy, and a QUIC connection to a killed server ends by its idle timeout. */
export const PATIENCE_MS = 60_000;
const POLL_MS = 50;

/** Debian's Chromium, with QUIC and without a life of its own. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: ['--disable-quic'],
    args: ['--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export class Tab {
  /** Every tab is a browser profile of its own, as if on another machine. */
  static async open(browser, address, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1080, height: 720 }, ...options });
    const page = await context.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(error.stack ?? String(error)));
    await page.goto(address);
    return new Tab(page, faults);
  }

  constructor(page, faults) {
    this.page = page;
    this.faults = faults;
  }

  text(id) {
    return this.page.getByTestId(id).textContent();
  }

  state() {
    return this.page.getByTestId('state').getAttribute('data-state');
  }

  async write(text) {
    await this.page.getByTestId('composer').fill(text);
    await this.page.getByTestId('composer').press('Enter');
  }

  /** Writes all of `texts` in one turn of the page. */
  async burst(texts) {
    await this.page.evaluate((all) => {
      for (const text of all) {
        document.getElementById('text').value = text;
        document.getElementById('composer').requestSubmit();
      }
    }, texts);
  }

  /** What stands in the list: `{text, seq, status, mine}` in the order shown. */
  messages() {
    return this.page.getByTestId('message').evaluateAll((nodes) => nodes.map((node) => ({
      text: node.querySelector('.text').textContent,
      seq: Number(node.dataset.seq) || null,
      status: node.dataset.status ?? null,
      mine: node.classList.contains('mine'),
    })));
  }

  async texts() {
    return (await this.messages()).map((it) => it.text);
  }

  /** Waits until `probe` gives something true; the last value is shown if it never does. */
  async until(what, probe) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const value = await probe(this);
      if (value) return value;
      if (Date.now() > deadline) assert.fail(`never: ${what}; state ${await this.state()}, shown ${JSON.stringify(await this.messages())}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  live() {
    return this.until('the connection is live', async () => (await this.state()) === 'live');
  }

  settled() {
    return this.until('the outbox is empty', async () => (await this.text('outbox')) === '0');
  }

  async picture(name) {
    if (!process.env.OUT) return;
    mkdirSync(process.env.OUT, { recursive: true });
    await this.page.screenshot({ animations: 'disabled', path: join(process.env.OUT, `${name}.png`) });
  }
}
