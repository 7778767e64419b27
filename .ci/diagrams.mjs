// Has Mermaid read every diagram of Markdown files: node .ci/diagrams.mjs MERMAID FILE...
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, ...files] = process.argv.slice(2);
const { default: mermaid } = await import(pathToFileURL(resolve(module)));

// What Mermaid has against a diagram, if anything.
const complaint = text => mermaid.parse(text).then(() => undefined, error => error.message);

let read = 0, wrong = 0;
for (const file of files) {
  for (const { 1: text, index } of readFileSync(file, 'utf8').matchAll(/^```mermaid\n(.*?)^```$/gms)) {
    read += 1;
    const why = await complaint(text);
    // A parser that takes whatever it is given has read nothing.
    const torn = text.replace(/->>.*$/m, '->>');
    if (why === undefined && await complaint(torn) !== undefined) continue;
    wrong += 1;
    const line = readFileSync(file, 'utf8').slice(0, index).split('\n').length;
    console.log(`${file}:${line}: ${why ?? 'its first message may be torn, and Mermaid does not mind'}`);
  }
}
console.log(`${read} diagrams, ${wrong} of them no diagrams`);
process.exit(read === 0 || wrong > 0 ? 1 : 0);
