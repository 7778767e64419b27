// What wasm modules weigh: as they are, by gzip, and by brotli, in KiB.
//
//     node sizes.mjs FILE...
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

for (const file of process.argv.slice(2)) {
  const bytes = readFileSync(file);
  const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)];
  const kib = sizes.map(({ length }) => String(Math.round(length / 1024)).padStart(6));
  console.log(`${kib.join('')}  ${basename(file)}`);
}
