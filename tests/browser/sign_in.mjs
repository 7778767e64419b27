// Signs in to `azid emulate` with Chromium, for the example `interactive_browser`.
//
//     node sign_in.mjs FILE EXAMPLE CHROMIUM
//
// FILE is what `azid emulate --environments FILE` wrote; the others are programs. Prints a line for
// each scenario; the exit code is 1 when one failed.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Chromium } from './chromium.mjs';

const [, , file, example, program] = process.argv;
const { standard } = JSON.parse(readFileSync(file, 'utf8'));
const publicClient = '22222222-aaaa-4bbb-8ccc-000000000003';
const userName = 'someone@emulated.onmicrosoft.com';
const password = 'emulated pass+word/with=odd&chars%';

const signIn = async (tab) => {
  await tab.type('#username', userName);
  await tab.type('#password', password);
  await tab.click('#sign-in');
};

const scenarios = {
  'a person who signs in': {
    act: signIn,
    says: 'Your answer has arrived. You can close this window and go back to the program.',
    ends({ code, stdout }) {
      assert.equal(code, 0);
      assert.match(stdout, /^InteractiveBrowserCredential until 2\d{3}-/);
    },
  },
  'a person who mistypes the password first': {
    async act(tab) {
      await tab.type('#username', userName);
      await tab.type('#password', 'a slip');
      const again = await tab.next(() => tab.click('#sign-in'));
      assert.match(again.text, /AADSTS50126/);
      await signIn(tab);
    },
    says: 'Your answer has arrived. You can close this window and go back to the program.',
    ends({ code }) { assert.equal(code, 0); },
  },
  'a person who denies': {
    async act(tab) { await tab.click('#deny'); },
    says: 'You are not signed in. You can close this window and go back to the program.',
    ends({ code, stdout, stderr }) {
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /the sign-in was declined/);
      assert.match(stderr, /access_denied/);
    },
  },
};

const chromium = await Chromium.start(program, await hashOfKey(standard.AZURE_AUTHORITY_HOST));
let failed = 0;
try {
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await play(scenario);
      console.log(`ok       ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED   ${name}: ${error.stack}`);
    }
  }
} finally {
  await chromium.close();
}
process.exit(failed ? 1 : 0);

async function play({ act, says, ends }) {
  const app = start();
  try {
    const page = await Promise.race([app.page, app.end.then((end) => { throw new Error(`no page: ${end.stderr}`); })]);
    const first = await chromium.open(page);
    assert.equal(first.origin, new URL(standard.AZURE_AUTHORITY_HOST).origin);
    const { redirect_uri: redirect, response_mode: mode } = Object.fromEntries(new URL(page).searchParams);
    assert.equal(mode, 'form_post');
    const last = await chromium.next(() => act(chromium), ({ origin }) => origin === redirect);
    assert.equal(last.text.trim(), says);
    assert.equal(last.title, 'Sign-in');
    assert.equal(await chromium.run('document.documentElement.lang'), 'en');
    assert.notEqual(await chromium.colour('dark'), await chromium.colour('light'));
    for (const address of await chromium.history()) assert.doesNotMatch(address, /[?&#](code|error)=/);
    ends(await app.end);
  } finally {
    app.stop();
  }
}

// The program, the page that it opens, and how it ends.
function start() {
  const folder = mkdtempSync(join(tmpdir(), 'azid-page-'));
  const pipe = join(folder, 'page');
  execFileSync('mkfifo', [pipe]);
  const child = spawn(example, [], {
    env: {
      ...process.env,
      ...standard,
      AZURE_CLIENT_ID: publicClient,
      BROWSER: fileURLToPath(new URL('open.sh', import.meta.url)),
      AZID_PAGE: pipe,
      no_proxy: '*',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { said[name] += text; });
  const end = new Promise((resolve) => child.on('close', (code) => resolve({ code, ...said })));
  return {
    page: readFile(pipe, 'utf8'),
    end,
    stop() {
      child.kill('SIGKILL');
      closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)); // ends a wait for a page
      rmSync(folder, { recursive: true });
    },
  };
}

// The hash by which Chromium knows the server's key, once the emulator's own authority vouches for it.
function hashOfKey(origin) {
  const { hostname, port } = new URL(origin);
  const ca = readFileSync(standard.SSL_CERT_FILE);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port, ca, servername: hostname }, () => {
      const { publicKey } = socket.getPeerX509Certificate();
      socket.end();
      resolve(createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64'));
    });
    socket.on('error', reject);
  });
}
