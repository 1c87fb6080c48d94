// compile.mjs: one program through our compiler and through the original's (npm @fluencelabs/aqua-api), in one shape.
// Used by compare.mjs. RIVULET is our command.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFromPath } from '@fluencelabs/aqua-api';

export const here = dirname(fileURLToPath(import.meta.url));
const rivulet = (process.env.RIVULET ?? join(here, '..', '..', '..', 'build', 'rivulet')).split(' ');
export const command = rivulet;

/** Lines `-- key: JSON` at the top of a program say how it is compiled and run. */
export function directives(text) {
  const found = {};
  for (const m of text.matchAll(/^-- (args|options|callbacks|services): (.*)$/gm)) found[m[1]] = JSON.parse(m[2]);
  return found;
}

const FLAGS = { noXor: '--no-xor', noRelay: '--no-relay', tracing: '--tracing' };

export function compileOurs(file, options) {
  const flags = Object.entries(options).flatMap(([key, on]) => (FLAGS[key] && on ? [FLAGS[key]] : []));
  if (options.noEmptyResponse === false) flags.push('--no-empty-response=false');
  for (const c of options.constants ?? []) flags.push('--const', c.replace(/ *(\??=) */, '$1'));
  const run = spawnSync(rivulet[0], [...rivulet.slice(1), 'aqua', 'compile', file, '--json', ...flags], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  if (run.status !== 0 && run.status !== 1) throw new Error(`our compiler: exit code ${run.status ?? run.signal}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** The original's objects carry generated member names: `Lpkg_Class__f_name`. */
function plain(v) {
  if (Array.isArray(v)) return v.map(plain);
  if (!v || typeof v !== 'object') return v;
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k.replace(/^L.*__f_/, ''), plain(x)]).filter(([, x]) => x !== undefined));
}

/** crashed: the compiler threw instead of answering. */
export async function compileTheirs(file, options) {
  let out;
  try {
    out = await compileFromPath({ filePath: file, imports: [], logLevel: 'off', ...options });
  } catch (e) {
    return { accepted: false, crashed: true, errors: [String(e.message ?? e)], warnings: [], functions: {}, services: {} };
  }
  const ok = out.errors.length === 0;
  return {
    accepted: ok, errors: out.errors.map((e) => e.replace(/\x1b\[[0-9;]*m/g, '')), warnings: out.warnings,
    functions: Object.fromEntries(Object.entries(ok ? out.functions : {}).map(([k, f]) => [k, { air: f.script, funcDef: plain(f.funcDef) }])),
    services: Object.fromEntries(Object.entries(ok ? out.services : {}).map(([k, s]) => [k, plain(s)])),
  };
}

/** Objects by sorted keys: their order has no meaning here. */
export const canonical = (v) => JSON.stringify(v, (_, x) => (x && typeof x === 'object' && !Array.isArray(x)
  ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))) : x));
