// A headless Chromium with one tab, driven over a pipe by the DevTools protocol.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const patience = 60_000;

export class Chromium {
  #process;
  #profile = mkdtempSync(join(tmpdir(), 'azid-chromium-'));
  #calls = new Map();
  #listeners = new Set();
  #last = 0;
  #session;

  // Trusts the certificates whose keys have these hashes, and otherwise whom the system trusts. What
  // it shows comes from this machine alone, so it may run as root, where its sandbox cannot be had.
  static async start(program, keyHashes, options = []) {
    const chromium = new Chromium();
    chromium.#process = spawn(program, [
      '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--no-proxy-server',
      '--disable-background-networking', '--disable-dev-shm-usage', '--remote-debugging-pipe',
      `--user-data-dir=${chromium.#profile}`, `--ignore-certificate-errors-spki-list=${keyHashes}`,
      ...options, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    chromium.#process.on('exit', (code) => chromium.#end(new Error(`Chromium ended: ${code}`)));
    chromium.#process.on('error', (error) => chromium.#end(error));
    chromium.#process.stdio[3].on('error', (error) => chromium.#end(error));
    chromium.#read(chromium.#process.stdio[4]);
    const { targetInfos } = await chromium.send('Target.getTargets');
    const { targetId } = targetInfos.find(({ type }) => type === 'page');
    const { sessionId } = await chromium.send('Target.attachToTarget', { targetId, flatten: true });
    chromium.#session = sessionId;
    await chromium.send('Page.enable');
    return chromium;
  }

  // Opens a page, or does what leads to the next one, and answers it once it is loaded: its origin,
  // title and text.
  async open(url) { return this.next(() => this.send('Page.navigate', { url })); }

  async next(act, wanted = () => true) {
    let stop, timer, last;
    const found = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`waited in vain after ${JSON.stringify(last)}`)), patience);
      stop = this.#listen(async ({ method }) => {
        if (method !== 'Page.loadEventFired') return;
        try {
          const page = await this.run('({ origin: location.origin, title: document.title, text: document.body.innerText })');
          last = page;
          if (wanted(page)) resolve(page);
        } catch (error) {
          if (!this.#process) reject(error); // else the page has gone on meanwhile
        }
      }, reject);
    });
    try {
      // The next page may come before the answer to what has led to it.
      const acted = act().catch((error) => {
        if (!error.message.includes('Inspected target navigated')) throw error;
      });
      const [page] = await Promise.all([found, acted]);
      return page;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  async type(selector, text) {
    await this.run(`document.querySelector(${JSON.stringify(selector)}).select()`);
    await this.send('Input.insertText', { text });
  }

  async click(selector) {
    await this.run(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  // The value of an expression on the page, once a promise has come true.
  async run(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true, userGesture: true });
    if (exceptionDetails) throw new Error(`${expression.slice(0, 80)}: ${exceptionDetails.exception?.description}`);
    return result.value;
  }

  // The colour of the page's text for a person who prefers `dark` or `light`.
  async colour(scheme) {
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { features });
    return this.run('getComputedStyle(document.body).color');
  }

  // The addresses that the tab has been at.
  async history() {
    const { entries } = await this.send('Page.getNavigationHistory');
    return entries.map(({ url }) => url);
  }

  send(method, params = {}) {
    if (!this.#process) return Promise.reject(new Error('Chromium has ended'));
    const id = ++this.#last;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`);
    return new Promise((resolve, reject) => this.#calls.set(id, { method, resolve, reject }));
  }

  async close() {
    const child = this.#process;
    if (child) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    // Its helper processes end a little later, and may write until then.
    try {
      rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    } catch (error) {
      console.error(`the profile ${this.#profile} stays: ${error.message}`);
    }
  }

  #listen(heard, failed) {
    const listener = { heard, failed };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #read(pipe) {
    let rest = '';
    pipe.setEncoding('utf8');
    pipe.on('data', (data) => {
      const messages = (rest + data).split('\0');
      rest = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #take(message) {
    const call = this.#calls.get(message.id);
    if (!call) {
      for (const { heard } of this.#listeners) heard(message);
      return;
    }
    this.#calls.delete(message.id);
    if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`));
    else call.resolve(message.result);
  }

  #end(error) {
    this.#process = undefined;
    for (const { reject } of this.#calls.values()) reject(error);
    for (const { failed } of this.#listeners) failed(error);
  }
}
