// theirs.mjs: the original compiler on one file, as a program would call it. node theirs.mjs FILE OUT: each script into OUT. With --warm N:
// compiles N times in one process and prints the milliseconds of each. --packages FOLDER: where aqua-api and the libraries lie; --more FOLDER: others.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const packages = option('--packages');
const more = option('--more');
const warm = Number(option('--warm') ?? 0);
const { compileFromPath } = await import(pathToFileURL(join(packages, '@fluencelabs', 'aqua-api', 'index.js')));
const [filePath, out] = args;

async function once() {
  const result = await compileFromPath({ filePath, imports: more ? [more, packages] : [packages], logLevel: 'off' });
  if (result.errors.length) throw new Error(result.errors.join('\n'));
  for (const [name, f] of Object.entries(result.functions)) if (out) writeFileSync(join(out, `${name}.air`), f.script);
}

const times = [];
for (let i = 0; i < Math.max(1, warm); i++) {
  const start = performance.now();
  await once();
  times.push(performance.now() - start);
}
if (warm) console.log(JSON.stringify(times));
