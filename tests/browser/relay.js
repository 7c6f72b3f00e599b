// The relay under test: started as a newcomer would, killed as a power cut would.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS_MAX = 30_000;
const LINK = /https?:\/\/\S+#\S*user=(\w+)\S*/;

export class Relay {
  #data = mkdtempSync(join(tmpdir(), 'chasqui-browser-'));
  #process = null;
  /** user -> the link that `serve --dev` printed */
  links = {};
  port = 0;

  /** Starts on a port of the system's choice, and again on the same one. */
  async start() {
    const binary = process.env.CHASQUI;
    assert.ok(binary, 'CHASQUI names the binary to test');
    const args = ['serve', '--dev', '--data', this.#data, '--listen', `127.0.0.1:${this.port}`];
    this.#process = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await this.#readLinks();
    this.port = Number(new URL(this.links.alice).port);
  }

  /** Ends the process without a chance to say or write anything. */
  async kill() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  async end() {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
  }

  /** The address of `user`'s page over one transport, or over whichever wins. */
  address(user, transport = null) {
    const url = new URL(this.links[user]);
    if (transport) url.searchParams.set('transport', transport);
    return url.href;
  }

  #readLinks() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the relay printed no links in time')), START_MS_MAX);
      this.#process.once('exit', (code) => reject(new Error(`the relay ended with ${code} before its links`)));
      createInterface({ input: this.#process.stdout }).on('line', (line) => {
        const [link, user] = line.match(LINK) ?? [];
        if (user) this.links[user] = link;
        if (!this.links.alice || !this.links.bob) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
