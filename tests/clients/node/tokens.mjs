// Gets a token from `azid emulate` with Microsoft's JavaScript client, once per kind of credential.
// The environment is what `azid emulate` prints. Each token's signature is checked against the keys
// that the emulator publishes.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import {
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';

const resource = 'https://vault.azure.net';
const {
  AZURE_AUTHORITY_HOST: authorityHost,
  AZURE_TENANT_ID: tenantId,
  AZURE_CLIENT_ID: clientId,
  AZURE_CLIENT_SECRET: secret,
  AZURE_FEDERATED_TOKEN_FILE: tokenFilePath,
} = process.env;
// The client would otherwise ask the public cloud whether it knows this authority.
const entra = { authorityHost, disableInstanceDiscovery: true };
const clientSecret = (value) => new ClientSecretCredential(tenantId, clientId, value, entra);

const getToken = async (credential) => (await credential.getToken(`${resource}/.default`)).token;
const getJson = async (url) => (await fetch(url)).json();
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

async function publishedKeys() {
  const base = authorityHost.replace(/\/+$/, '');
  const { jwks_uri: uri } = await getJson(`${base}/${tenantId}/v2.0/.well-known/openid-configuration`);
  return (await getJson(uri)).keys;
}

function check(token, keys) {
  const [header, payload, signature] = token.split('.');
  const key = keys.find((candidate) => candidate.kid === decode(header).kid);
  assert.ok(key, 'the token names no published key');
  const signed = Buffer.from(`${header}.${payload}`);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  assert.ok(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url')), 'bad signature');
  const claims = decode(payload);
  assert.equal(claims.aud.replace(/\/$/, ''), resource);
  assert.equal(claims.tid, tenantId);
  assert.ok(claims.exp > Date.now() / 1000, 'the token has expired');
}

const keys = await publishedKeys();
const scenarios = {
  'client secret': async () => check(await getToken(clientSecret(secret)), keys),
  'workload identity': async () =>
    check(await getToken(new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...entra })), keys),
  'managed identity': async () => check(await getToken(new ManagedIdentityCredential()), keys),
  'wrong secret': () => assert.rejects(getToken(clientSecret('wrong')), /AADSTS7000215/),
};
for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    await scenario();
    console.log(`ok      node ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED  node ${name}: ${error}`);
  }
}
