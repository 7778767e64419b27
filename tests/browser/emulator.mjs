// `azid emulate`, as long as it is needed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

export class Emulator {
  #process;

  static async start(azid, ...options) {
    const emulator = new Emulator();
    const folder = mkdtempSync(join(tmpdir(), 'azid-emulator-'));
    const file = join(folder, 'environments.json');
    emulator.#process = spawn(azid, ['emulate', '--environments', file, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { stdout } = emulator.#process;
    // It prints its first line once the file is written.
    await Promise.race([once(stdout, 'data'), once(stdout, 'end').then(() => { throw new Error('no emulator'); })]);
    emulator.environments = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(folder, { recursive: true });
    emulator.standard = emulator.environments.standard;
    emulator.origin = new URL(emulator.standard.AZURE_AUTHORITY_HOST).origin;
    emulator.authority = readFileSync(emulator.standard.SSL_CERT_FILE);
    return emulator;
  }

  // A document.
  async get(path) {
    const [response] = await once(get(`${this.origin}${path}`, { ca: this.authority }), 'response');
    return JSON.parse(Buffer.concat(await response.toArray()));
  }

  // The server's key, once the emulator's own authority vouches for it.
  async publicKey() {
    const { hostname, port } = new URL(this.origin);
    const socket = connect({ host: hostname, port, ca: this.authority, servername: hostname });
    await once(socket, 'secureConnect');
    const { publicKey } = socket.getPeerX509Certificate();
    socket.end();
    return publicKey;
  }

  async stop() {
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}
