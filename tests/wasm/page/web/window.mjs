import init, { Setting } from './azid_wasm_page.js';
import { perform } from './tasks.mjs';

const page = `${location.origin}/signed-in`;

// Does a task here, or in a worker of its own.
window.ask = (place, ...order) => (place === 'window' ? perform(...order) : inWorker(order));

// Leaves for the sign-in page. The session stays in this tab.
window.signIn = async (setting) => {
  await init();
  const [url, kept] = new Setting(...setting).sign_in(page);
  sessionStorage.setItem('session', kept);
  location.assign(url);
};

// Redeems the code, once, and leaves no trace of it in the address.
window.comeBack = (place, setting) => {
  const kept = sessionStorage.getItem('session');
  const query = location.search.slice(1);
  sessionStorage.removeItem('session');
  history.replaceState(null, '', '/');
  return window.ask(place, 'code', setting, page, kept, query);
};

function inWorker(order) {
  const worker = new Worker('/worker.mjs', { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(`the worker: ${event.message}`));
    worker.onmessage = ({ data }) => {
      if (data === 'ready') return worker.postMessage(order);
      worker.terminate();
      resolve(data);
    };
  });
}
