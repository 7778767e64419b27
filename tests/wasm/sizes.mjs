// What wasm modules weigh without their symbols: as they are, by gzip, and by brotli, in KiB.
//
//     node sizes.mjs FILE...
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

for (const file of process.argv.slice(2)) {
  const bytes = withoutCustomSections(readFileSync(file));
  const sizes = [bytes, gzipSync(bytes, { level: 9 }), brotliCompressSync(bytes)];
  const kib = sizes.map(({ length }) => String(Math.round(length / 1024)).padStart(6));
  console.log(`${kib.join('')}  ${basename(file)}`);
}

// Sections follow the header of 8 bytes: an id (0 for a custom one), the length (LEB128), the content.
function withoutCustomSections(bytes) {
  const kept = [bytes.subarray(0, 8)];
  for (let at = 8; at < bytes.length;) {
    const start = at;
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length += (bytes[at] & 127) * 2 ** shift;
      shift += 7;
    } while (bytes[at] & 128);
    at += 1 + length;
    if (bytes[start] !== 0) kept.push(bytes.subarray(start, at));
  }
  return Buffer.concat(kept);
}
