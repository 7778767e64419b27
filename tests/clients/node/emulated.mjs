// The emulator as a scenario sees it: variables, tokens and their checks, and the runner.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey, verify } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';

// What `azid emulate --environments FILE` wrote: name → { VARIABLE: value }.
const [script, file, only] = process.argv.slice(1);
export const environments = JSON.parse(readFileSync(file, 'utf8'));
export const resource = 'https://vault.azure.net';

// The only directory from where a client takes a key on Azure Arc; the emulator made it if it could.
const arcKeys = '/var/opt/azcmagent/tokens';
const scenarios = new Map();

// Some of an environment's variables.
export const pick = (environment, ...names) =>
  Object.fromEntries(names.map((name) => [name, environments[environment][name]]));

// Registers a scenario: these variables are all that is set.
export function scenario(name, variables, act) {
  scenarios.set(name, { variables, act });
}

// Registers a scenario on each of these hosts, with the variables that the host sets.
export function onHosts(name, hosts, act) {
  for (const host of hosts) scenario(`${name}, ${host}`, environments[host], act);
}

// A token from a credential, whose end the client has understood.
export async function get(credential, scope = `${resource}/.default`, options = {}) {
  const { token, expiresOnTimestamp } = await credential.getToken(scope, options);
  const { exp } = decode(token.split('.')[1]);
  assert.ok(Math.abs(expiresOnTimestamp / 1000 - exp) < 60, `the client says it ends at ${expiresOnTimestamp}`);
  return token;
}

const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));
export const getJson = async (url, options) => (await fetch(url, options)).json();

// The token is signed with a published key, is good now, and has these claims; undefined means none.
export async function check(token, claims) {
  const [header, payload, signature] = token.split('.');
  const key = (await publishedKeys()).find(({ kid }) => kid === decode(header).kid);
  assert.ok(key, 'the token names no published key');
  const signed = Buffer.from(`${header}.${payload}`);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  assert.ok(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')), 'bad signature');
  const found = decode(payload);
  const now = Date.now() / 1000;
  assert.ok(found.nbf <= now && now < found.exp, 'the token is not good now');
  for (const [name, value] of Object.entries(claims)) assert.deepEqual(found[name], value, name);
}

// The credential gets no token, and its error says this; returns the error.
export async function refused(credential, pattern, scope) {
  const error = await get(credential, scope).then(() => assert.fail('got a token'), (error) => error);
  assert.match(error.message, pattern);
  return error;
}

// Runs every scenario in a process of its own, since the client keeps managed identities' tokens for
// all of a process, and prints a line for each.
export async function run() {
  if (only) return runHere(scenarios.get(only));
  const emulated = new Set(Object.values(environments).flatMap(Object.keys));
  const others = Object.entries(process.env).filter(([name]) => !emulated.has(name));
  const trust = pick('standard', 'NODE_EXTRA_CA_CERTS');
  for (const [name, { variables }] of scenarios) {
    if (variables === environments['azure-arc'] && !isWritable(arcKeys)) {
      console.log(`skipped node ${name}: ${arcKeys} cannot be written`);
      continue;
    }
    const env = { ...Object.fromEntries(others), ...trust, ...variables };
    const options = { env, encoding: 'utf8', timeout: 60_000 };
    const { status, stderr } = spawnSync(process.execPath, [script, file, name], options);
    if (status === 0) {
      console.log(`ok      node ${name}`);
    } else {
      process.exitCode = 1;
      console.log(`FAILED  node ${name}: ${stderr.replace(/\s+/g, ' ')}`);
    }
  }
}

async function runHere({ act }) {
  try {
    await act();
  } catch (error) {
    process.exitCode = 1;
    console.error(String(error));
  }
}

async function publishedKeys() {
  const { AZURE_AUTHORITY_HOST: authority, AZURE_TENANT_ID: tenant } = environments.standard;
  const base = authority.replace(/\/+$/, '');
  const { jwks_uri: uri } = await getJson(`${base}/${tenant}/v2.0/.well-known/openid-configuration`);
  return (await getJson(uri)).keys;
}

function isWritable(directory) {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
