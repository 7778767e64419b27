// Gets tokens from `azid emulate` in Chromium, by azid-wasm in a window and in a worker.
//
//     node wasm.mjs AZID FOLDER CHROMIUM
//
// FOLDER has the page of tests/wasm/page as it is to be served; the others are programs. Prints a
// line for each scenario; the exit code is 1 when one failed.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Chromium } from './chromium.mjs';
import { Emulator } from './emulator.mjs';
import { PageServer } from './page_server.mjs';

const [, , azid, folder, program] = process.argv;
const host = 'page.emulated.example'; // the public client has a redirect URI for single-page applications there
const publicClient = '22222222-aaaa-4bbb-8ccc-000000000003';
const user = '66666666-aaaa-4bbb-8ccc-000000000001';
const userName = 'someone@emulated.onmicrosoft.com';
const password = 'emulated pass+word/with=odd&chars%';
const resource = 'https://vault.azure.net';

// As strict as Entra, and one that lets pages read every answer.
const [strict, open] = await Promise.all([Emulator.start(azid), Emulator.start(azid, '--share-tokens-with-pages')]);
const { AZURE_CLIENT_CERTIFICATE_PATH: certificateFile } = open.environments['client-certificate'];
const pem = readFileSync(certificateFile, 'utf8');
const leaf = new X509Certificate(pem).raw.toString('base64');
const key = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }).toString('base64');
const server = await PageServer.start(folder, pem, [strict.origin, open.origin]);
const hash = (publicKey) =>
  createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
const hashes = [createPublicKey(pem), await strict.publicKey(), await open.publicKey()].map(hash);
const chromium = await Chromium.start(program, hashes, [`--host-resolver-rules=MAP ${host} 127.0.0.1:${server.port}`]);

const application = (emulator, client = emulator.standard.AZURE_CLIENT_ID) =>
  [emulator.origin, emulator.standard.AZURE_TENANT_ID, client, `${resource}/.default`];
const person = application(strict, publicClient);
const call = (name, ...values) => chromium.run(`${name}(${values.map((it) => JSON.stringify(it)).join(', ')})`);

// What a task in the window or in a worker answers.
const ask = async (...order) => {
  const { done, error } = await call('ask', ...order);
  if (error) throw new Error(error);
  return done;
};

const scenarios = {};
for (const place of ['window', 'worker']) {
  Object.assign(scenarios, {
    async [`${place}: a client secret`]() {
      const token = await ask(place, 'secret', application(open), open.standard.AZURE_CLIENT_SECRET);
      await check(open, token, { appid: open.standard.AZURE_CLIENT_ID, idtyp: 'app' });
    },
    async [`${place}: a wrong client secret`]() {
      await assert.rejects(ask(place, 'secret', application(open), 'wrong'), /AADSTS7000215/);
    },
    async [`${place}: assertions that WebCrypto signs`]() {
      for (const algorithm of ['PS256', 'RS256']) {
        const token = await ask(place, 'key', application(open), leaf, key, algorithm);
        await check(open, token, { appid: open.standard.AZURE_CLIENT_ID, appidacr: '2' });
      }
    },
    async [`${place}: a key of WebCrypto that is for another algorithm`]() {
      await assert.rejects(ask(place, 'otherKey', application(open), leaf, key), /the key cannot be used/);
    },
    async [`${place}: a person who signs in and comes back with a code`]() {
      await signIn();
      const { done, error } = await call('comeBack', place, person);
      assert.equal(error, undefined);
      await check(strict, done, { appid: publicClient, oid: user, idtyp: 'user' });
      assert.equal(await chromium.run('location.href'), `https://${host}/`);
      assert.equal(await chromium.run('sessionStorage.length'), 0);
    },
    async [`${place}: what the strict emulator keeps from pages, as Entra does`]() {
      const asked = ask(place, 'secret', application(strict), strict.standard.AZURE_CLIENT_SECRET);
      await assert.rejects(asked, /connection was lost before the answer was complete/);
    },
    async [`${place}: a managed identity, which no page has`]() {
      await assert.rejects(ask(place, 'managedIdentity', person), /plain-http/);
    },
    async [`${place}: requirements that no page can honour are refused and nothing is sent`]() {
      const before = server.hits('/page.html');
      for (const requirement of ['no-proxy', 'tls-pin', 'exclusive-roots', 'server-name']) {
        assert.match(await exchange(place, '/page.html', { requirement }), new RegExp(requirement));
      }
      const inClear = { requirement: 'plain-http', scheme: 'http' };
      assert.match(await exchange(place, '/page.html', inClear), /plain-http/);
      assert.match(await exchange(place, '/page.html', { scheme: 'http' }), /https/);
      assert.equal(server.hits('/page.html'), before);
    },
    async [`${place}: an answer as long as is allowed, and one that is longer`]() {
      assert.equal(await exchange(place, '/bytes?1000', { most: 1000 }), '200, 1000 bytes');
      assert.equal(await exchange(place, '/bytes?1001', { most: 1000 }), 'the answer is longer than 1000 bytes');
    },
    async [`${place}: an answer without an end`]() {
      assert.equal(await exchange(place, '/endless', { most: 1000 }), 'the answer is longer than 1000 bytes');
      await server.isLeft('/endless');
    },
    async [`${place}: an answer that does not come in time`]() {
      assert.equal(await exchange(place, '/never', { milliseconds: 200 }), 'no answer within the time limit');
      await server.isLeft('/never');
    },
    async [`${place}: a redirect, which is not followed`]() {
      assert.equal(await exchange(place, '/redirect'), '302, 0 bytes');
      assert.equal(server.hits('/redirected'), 0);
    },
    async [`${place}: an origin's cookies, which stay where they are`]() {
      await chromium.run(`document.cookie = 'canary=1; path=/'`);
      assert.equal(await exchange(place, '/bytes?7'), '200, 7 bytes');
      assert.equal(server.lastRequest('/bytes').cookie, undefined);
      assert.equal(server.lastRequest('/bytes').referer, undefined);
    },
  });
}

let failed = 0;
try {
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await chromium.open(`https://${host}/`);
      await chromium.run('import("/window.mjs").then(() => true)');
      await scenario();
      console.log(`ok       ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED   ${name}: ${error.stack}`);
    }
  }
} finally {
  await chromium.close();
  server.stop();
  await Promise.all([strict.stop(), open.stop()]);
}
process.exit(failed ? 1 : 0);

function exchange(place, path, { requirement = '', scheme = 'https', milliseconds = 10_000, most = 4096 } = {}) {
  return ask(place, 'exchange', person, `${scheme}://${host}${path}`, requirement, milliseconds, most);
}

async function signIn() {
  const first = await chromium.next(() => call('signIn', person), ({ origin }) => origin === strict.origin);
  assert.match(first.title, /Sign in/i);
  await chromium.type('#username', userName);
  await chromium.type('#password', password);
  await chromium.next(() => chromium.click('#sign-in'), ({ origin }) => origin === `https://${host}`);
  assert.match(await chromium.run('location.pathname + location.search'), /^\/signed-in\?code=/);
}

// Is it the emulator's own token, for whom it was asked?
async function check(emulator, token, claims) {
  const [header, payload, signature] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const { keys } = await emulator.get(`/${emulator.standard.AZURE_TENANT_ID}/discovery/v2.0/keys`);
  const jwk = keys.find((it) => it.kid === kid);
  const signed = Buffer.from(`${header}.${payload}`);
  assert.ok(verify('sha256', signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url')));
  const { aud, tid, exp, ...all } = JSON.parse(Buffer.from(payload, 'base64url'));
  assert.deepEqual({ aud, tid }, { aud: resource, tid: emulator.standard.AZURE_TENANT_ID });
  assert.ok(exp > Date.now() / 1000);
  for (const [name, value] of Object.entries(claims)) assert.equal(all[name], value, name);
}
