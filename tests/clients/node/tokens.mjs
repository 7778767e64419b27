// Gets tokens from `azid emulate` with Microsoft's JavaScript client, flow by flow.
//
//     node tokens.mjs FILE    // FILE is what `azid emulate --environments FILE` wrote
//
// Prints a line for each scenario; the exit code is 1 when one failed.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import {
  AzurePipelinesCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
  OnBehalfOfCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { check, environments, get, getJson, onHosts, pick, refused, resource, run, scenario } from './emulated.mjs';

const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: secret } = environments.standard;
const { AZURE_CLIENT_CERTIFICATE_PATH: certificatePath } = environments['client-certificate'];
// An application that trusts the certificate's names, so that it needs the chain.
const subjectNameClient = '22222222-aaaa-4bbb-8ccc-000000000005';
// An application that trusts the user-assigned identity below.
const identityClient = '22222222-aaaa-4bbb-8ccc-000000000006';
const exchange = 'api://AzureADTokenExchange';
const guarded = 'api://emulated-guarded-api/.default';
// The client would otherwise ask the public cloud whether it knows this authority.
const entra = { disableInstanceDiscovery: true };

const machine = '44444444-aaaa-4bbb-8ccc-000000000001';
const identity = '44444444-aaaa-4bbb-8ccc-000000000002';
const identityObject = '44444444-aaaa-4bbb-8ccc-0000000000f2';
const identityResource =
  '/subscriptions/55555555-aaaa-4bbb-8ccc-000000000001/resourcegroups/demo' +
  '/providers/Microsoft.ManagedIdentity/userAssignedIdentities/demo';

// The claims of a token for the vault that an application or an identity holds itself.
const app = (appid, oid, more = {}) =>
  ({ aud: resource, tid: tenantId, appid, oid, idtyp: 'app', scp: undefined, xms_cc: undefined, ...more });
const first = app(clientId, '22222222-aaaa-4bbb-8ccc-0000000000f1');
const subjectName = app(subjectNameClient, '22222222-aaaa-4bbb-8ccc-00000000f005');
const systemAssigned = app(machine, '44444444-aaaa-4bbb-8ccc-0000000000f1');
const userAssigned = app(identity, identityObject, { xms_mirid: identityResource });
const user = {
  aud: resource,
  tid: tenantId,
  appid: clientId,
  oid: '66666666-aaaa-4bbb-8ccc-000000000001',
  idtyp: 'user',
  scp: 'user_impersonation',
  upn: 'someone@emulated.onmicrosoft.com',
};
const { appid, upn, ...anyUser } = user;
const guardedUser =
  { ...anyUser, aud: '33333333-aaaa-4bbb-8ccc-000000000002', azp: appid, scp: 'read', preferred_username: upn };

const authority = pick('standard', 'AZURE_AUTHORITY_HOST');
const named = { ...authority, ...pick('standard', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID') };
const pod = { ...named, ...pick('standard', 'AZURE_FEDERATED_TOKEN_FILE') };
const github = { ...authority, ...environments['github-actions'] };
const build = { ...authority, ...environments['azure-pipelines'] };
const called = { ...authority, ...environments['on-behalf-of'] };

// Service principals

const clientSecret = (value) => new ClientSecretCredential(tenantId, clientId, value, entra);
scenario('client secret', authority, async () => check(await get(clientSecret(secret)), first));
scenario('client secret, continuous access evaluation', authority, async () =>
  check(await get(clientSecret(secret), undefined, { enableCae: true }), { ...first, xms_cc: ['CP1'] }));
scenario('client secret, wrong: AADSTS7000215', authority, () => refused(clientSecret('wrong'), /AADSTS7000215/));

const environment = async () => check(await get(new EnvironmentCredential(entra)), first);
scenario('environment, secret', { ...named, ...pick('standard', 'AZURE_CLIENT_SECRET') }, environment);
scenario('environment, certificate', { ...named, ...environments['client-certificate'] }, environment);

const certificate = (client, configuration, options = {}) =>
  new ClientCertificateCredential(tenantId, client, configuration, { ...entra, ...options });
scenario('certificate', authority, async () =>
  check(await get(certificate(clientId, { certificatePath })), first));
scenario('certificate, chain', authority, async () => {
  const credential = certificate(subjectNameClient, { certificatePath }, { sendCertificateChain: true });
  await check(await get(credential), subjectName);
});
scenario('certificate, the chain left out: AADSTS700027', authority, () =>
  refused(certificate(subjectNameClient, { certificatePath }), /AADSTS700027/));
scenario('certificate, unregistered: AADSTS700027', authority, () => {
  // A key of its own with a certificate that no application has; that they do not fit each other
  // would come to light only after the certificate is found.
  const pem = { type: 'pkcs8', format: 'pem' };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: pem });
  const stranger = readFileSync(environments.standard.NODE_EXTRA_CA_CERTS, 'utf8');
  return refused(certificate(clientId, { certificate: privateKey + stranger }), /AADSTS700027/);
});

// Federation

async function githubToken(audience = exchange) {
  const url = new URL(process.env.ACTIONS_ID_TOKEN_REQUEST_URL);
  url.searchParams.set('audience', audience);
  const headers = { Authorization: `Bearer ${process.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN}` };
  return (await getJson(url, { headers })).value;
}

const assertion = (client, callback) => new ClientAssertionCredential(tenantId, client, callback, entra);
scenario('client assertion, GitHub Actions', github, async () =>
  check(await get(assertion(clientId, () => githubToken())), first));
scenario('client assertion, wrong audience: AADSTS700212', github, () =>
  refused(assertion(clientId, () => githubToken('api://another')), /AADSTS700212/));
scenario('client assertion, managed identity', { ...authority, ...environments.imds }, async () => {
  const proof = () => get(new ManagedIdentityCredential({ clientId: identity }), `${exchange}/.default`);
  const expected = app(identityClient, '22222222-aaaa-4bbb-8ccc-00000000f006');
  await check(await get(assertion(identityClient, proof)), expected);
});

scenario('workload identity', pod, async () => check(await get(new WorkloadIdentityCredential(entra)), first));
scenario('workload identity, AKS identity binding', environments['aks-identity-binding'], async () =>
  check(await get(new WorkloadIdentityCredential({ ...entra, enableAzureProxy: true })), first));

const pipelines = (token) => {
  const { AZURESUBSCRIPTION_TENANT_ID: tenant, AZURESUBSCRIPTION_CLIENT_ID: client } = process.env;
  const connection = process.env.AZURESUBSCRIPTION_SERVICE_CONNECTION_ID;
  return new AzurePipelinesCredential(tenant, client, connection, token, { ...entra });
};
scenario('Azure Pipelines', build, async () =>
  check(await get(pipelines(process.env.SYSTEM_ACCESSTOKEN)), first));
scenario('Azure Pipelines, wrong access token', build, () => refused(pipelines('wrong'), /TF400813/));

// On behalf of a user

const onBehalfOf = (proof) => {
  const userAssertionToken = readFileSync(process.env.USER_ASSERTION_FILE, 'utf8');
  return new OnBehalfOfCredential({ tenantId, clientId, userAssertionToken, ...proof, ...entra });
};
scenario('on behalf of, secret', called, async () =>
  check(await get(onBehalfOf({ clientSecret: secret })), user));
scenario('on behalf of, certificate', called, async () => check(await get(onBehalfOf({ certificatePath })), user));
scenario('on behalf of, assertion', { ...called, ...github }, async () =>
  check(await get(onBehalfOf({ getAssertion: () => githubToken() })), user));
scenario('on behalf of, claims challenge', called, async () => {
  const error = await refused(onBehalfOf({ clientSecret: secret }), /AADSTS50076/, guarded);
  const { claims } = error.cause;
  await check(await get(onBehalfOf({ clientSecret: secret }), guarded, { claims }), guardedUser);
});

// Managed identity

const managedIdentity = (options, expected) => async () =>
  check(await get(new ManagedIdentityCredential(options)), expected);
// Without the 2017 App Service, whose dates the client cannot read: it takes its tokens to have ended.
const hosts = ['imds', 'app-service', 'azure-ml', 'azure-arc'];
onHosts('managed identity', [...hosts, 'cloud-shell'], managedIdentity({}, systemAssigned));
onHosts('managed identity by client id', hosts, managedIdentity({ clientId: identity }, userAssigned));
onHosts('managed identity by object id', ['imds', 'app-service', 'azure-arc'],
  managedIdentity({ objectId: identityObject }, userAssigned));
onHosts('managed identity by resource id', ['imds', 'app-service', 'azure-arc'],
  managedIdentity({ resourceId: identityResource }, userAssigned));
scenario('managed identity, in a pod', pod, managedIdentity({}, first));
scenario('managed identity, not assigned', environments.imds, () =>
  refused(new ManagedIdentityCredential({ clientId: '44444444-aaaa-4bbb-8ccc-00000000000f' }), /Identity not found/));

// The client never looks at the thumbprint that Service Fabric publishes, so that it refuses the
// self-signed certificate as a stranger's, unless it is told to trust it.
onHosts('managed identity with a trusted certificate', ['service-fabric'], async () => {
  const certificate = await serverCertificate(new URL(process.env.IDENTITY_ENDPOINT));
  assert.equal(certificate.fingerprint.replaceAll(':', ''), process.env.IDENTITY_SERVER_THUMBPRINT.toUpperCase());
  const tlsOptions = { ca: certificate.toString() };
  await check(await get(new ManagedIdentityCredential({ tlsOptions })), systemAssigned);
});

function serverCertificate({ hostname: host, port }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

await run();
