// Checks that a wasm module imports these functions at most, and prints which.
//
//     node imports.mjs FILE [MODULE.NAME...]
import { readFileSync } from 'node:fs';

const [, , file, ...allowed] = process.argv;
const module = new WebAssembly.Module(readFileSync(file));
const imports = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`);
const unasked = imports.filter((name) => !allowed.includes(name));
console.log(`${file} imports ${imports.join(', ') || 'nothing'}`);
if (unasked.length > 0) {
  console.error(`nobody asked for ${unasked.join(', ')}`);
  process.exit(1);
}
