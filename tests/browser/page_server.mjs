// Serves a folder with a page over https, and some answers that a client must be careful with.
import { createServer } from 'node:https';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

export class PageServer {
  #server;
  #requests = new Map();
  #leaving = new Map();

  // `pem` has a certificate and its key; the page's scripts may talk to these origins.
  static async start(folder, pem, origins) {
    const it = new PageServer();
    // No eval, and nothing from anywhere else: what a careful page allows is enough.
    const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' ${origins.join(' ')}`;
    it.#server = createServer({ key: pem, cert: pem }, (request, response) => it.#answer(folder, policy, request, response));
    it.#server.listen(0, '127.0.0.1');
    await once(it.#server, 'listening');
    it.port = it.#server.address().port;
    return it;
  }

  hits(path) { return this.#requests.get(path)?.length ?? 0; }

  // The header fields of the latest request for a path.
  lastRequest(path) { return this.#requests.get(path).at(-1); }

  // Waits until the client has gone away from an answer.
  isLeft(path) { return this.#leaving.get(path); }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(folder, policy, request, response) {
    const { pathname: path, search } = new URL(request.url, 'https://any');
    this.#requests.set(path, [...(this.#requests.get(path) ?? []), request.headers]);
    this.#leaving.set(path, once(response, 'close'));
    response.on('error', () => {});
    switch (path) {
      case '/bytes': return response.end(Buffer.alloc(Number(search.slice(1))));
      case '/redirect': return response.writeHead(302, { location: '/redirected' }).end();
      case '/never': return response.writeHead(200).write('');
      case '/endless': return this.#pour(response);
    }
    const file = join(folder, path === '/' || path === '/signed-in' ? 'index.html' : basename(path));
    if (!existsSync(file)) return response.writeHead(404).end();
    const head = { 'content-type': types[extname(file)], 'content-security-policy': policy, 'cache-control': 'no-store' };
    return response.writeHead(200, head).end(readFileSync(file));
  }

  #pour(response) {
    if (response.destroyed) return;
    response.write(Buffer.alloc(512), () => setImmediate(() => this.#pour(response)));
  }
}
