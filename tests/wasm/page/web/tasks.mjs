// What a window and a worker can both be asked to do. Each task answers a token, or throws.
import init, { Setting, exchange } from './azid_wasm_page.js';

const tasks = {
  secret: (setting, secret) => setting.by_secret(secret),
  key: async (setting, leaf, key, algorithm) =>
    setting.by_key(bytes(leaf), await imported(key, algorithm), algorithm === 'RS256'),
  // A key that was made for signatures of another kind.
  otherKey: async (setting, leaf, key) => setting.by_key(bytes(leaf), await imported(key, 'RS256'), false),
  managedIdentity: (setting) => setting.by_managed_identity(),
  code: (setting, page, kept, query) => setting.by_code(page, kept, query),
  exchange: (setting, ...details) => exchange(...details),
};

export async function perform(task, setting, ...details) {
  try {
    await init();
    return { done: await tasks[task](new Setting(...setting), ...details) };
  } catch (error) {
    return { error: String(error) };
  }
}

// The key as no script can read it any more.
function imported(pkcs8, algorithm) {
  const name = { PS256: 'RSA-PSS', RS256: 'RSASSA-PKCS1-v1_5' }[algorithm];
  return crypto.subtle.importKey('pkcs8', bytes(pkcs8), { name, hash: 'SHA-256' }, false, ['sign']);
}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
