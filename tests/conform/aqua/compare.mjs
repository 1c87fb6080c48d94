// compare.mjs: programs through our compiler and the original's: accepted by both or none, equal definitions, and scripts that
// behave alike when a network of original interpreters runs them. Run: node compare.mjs [--only PART] [--list]; RIVULET is our command.
// Spec: docs/spec/aqua.md; what is ruled to differ: RULED below, and section 12 of the spec.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFromPath } from '@fluencelabs/aqua-api';

const here = dirname(fileURLToPath(import.meta.url));
const rivulet = (process.env.RIVULET ?? join(here, '..', '..', '..', 'build', 'rivulet')).split(' ');

// Programs on which the two are meant to differ: who accepts, and why.
const RULED = {
  'r_float.aqua': { ours: true, theirs: false, why: 'a fraction may begin with 0 (spec 12, defect 7)' },
  'r_no_blank_line.aqua': { ours: true, theirs: false, why: 'no blank line is needed between declarations (defect 8)' },
  'r_continuation.aqua': { ours: true, theirs: false, why: 'lines go on around operators and after commas; the original promises that in fewer places than it says' },
  'r_callback_results.aqua': { ours: false, theirs: true, why: 'the original reads a second result of a callback that nothing ever sets' },
  'r_empty_then.aqua': { ours: true, theirs: true, behaviour: false, why: 'an else of an empty branch ran when the condition held (defect 1)' },
  'r_error_alias.aqua': { ours: true, theirs: true, behaviour: false, why: 'the original emits AIR that does not parse (defect 2)' },
};

// ---- compiling ----

/** Lines `-- key: JSON` at the top of a program say how it is compiled and run. */
function directives(text) {
  const found = {};
  for (const m of text.matchAll(/^-- (args|options|callbacks|services): (.*)$/gm)) found[m[1]] = JSON.parse(m[2]);
  return found;
}

const FLAGS = { noXor: '--no-xor', noRelay: '--no-relay', tracing: '--tracing' };

function compileOurs(file, options) {
  const flags = Object.entries(options).flatMap(([key, on]) => (FLAGS[key] && on ? [FLAGS[key]] : []));
  if (options.noEmptyResponse === false) flags.push('--no-empty-response=false');
  for (const c of options.constants ?? []) flags.push('--const', c.replace(/ *(\??=) */, '$1'));
  const run = spawnSync(rivulet[0], [...rivulet.slice(1), 'aqua', 'compile', file, '--json', ...flags], { encoding: 'utf8' });
  if (run.error) throw run.error;
  if (run.status !== 0 && run.status !== 1) throw new Error(`exit code ${run.status}: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

/** The original's objects carry generated member names: `Lpkg_Class__f_name`. */
function plain(v) {
  if (Array.isArray(v)) return v.map(plain);
  if (!v || typeof v !== 'object') return v;
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k.replace(/^L.*__f_/, ''), plain(x)]).filter(([, x]) => x !== undefined));
}

async function compileTheirs(file, options) {
  const out = await compileFromPath({ filePath: file, imports: [], logLevel: 'off', ...options });
  const ok = out.errors.length === 0;
  return {
    accepted: ok, errors: out.errors,
    functions: Object.fromEntries(Object.entries(ok ? out.functions : {}).map(([k, f]) => [k, { air: f.script, funcDef: plain(f.funcDef) }])),
    services: Object.fromEntries(Object.entries(ok ? out.services : {}).map(([k, s]) => [k, plain(s)])),
  };
}

/** Objects by sorted keys: their order has no meaning here. */
const canonical = (v) => JSON.stringify(v, (_, x) => (x && typeof x === 'object' && !Array.isArray(x)
  ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))) : x));

// ---- running ----

const RULES = [
  { service: 'op', function: 'three', sum: true },
  { service: 'op', function: 'who', who: true },
  { service: 'op', function: 'even', list: [{ error: [1, 'odd'] }, { echo: 0 }] },
  { service: 'op', function: 'yes', const: true },
  { service: 'op', function: 'fail', error: [1, 'failed'] },
  { service: 'op', function: 'p', const: null },
  { service: 'math', function: 'add', sum: true },
  { service: 'math', const: 2 },
  { service: 'cmp', const: true },
  { service: 'getDataSrv', function: '-relay-', const: '@relay' },
  { service: 'callbackSrv', function: 'response', const: null },
  { service: 'errorHandlingSrv', const: null },
  { service: 'tracingSrv', const: null },
  { service: '*', echo: 0 },
];

function scenario(air, given) {
  const data = Object.entries(given.args ?? {}).map(([name, value]) => ({ service: 'getDataSrv', function: name, const: value }));
  return JSON.stringify({ air, init: 'alice', services: [...data, ...(given.services ?? []), ...RULES] });
}

const unordered = (v) => (Array.isArray(v) ? v.map(unordered).sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1)) : v);

/** What can be seen from outside: service calls by peer, results given home, errors reported. Arithmetic is no service of the program. */
async function behaviour(network, original, air, given) {
  const unseen = ['getDataSrv', 'math', 'cmp'];
  const out = JSON.parse(network.text(await network.play(scenario(air, given), () => original, original)));
  const seen = {};
  for (const [peer, calls] of Object.entries(out.calls))
    for (const call of calls) {
      if (unseen.includes(call.service)) continue;
      const args = call.service === 'errorHandlingSrv' ? [call.args[0].error_code, call.args[0].peer_id]
        : call.function === 'response' ? unordered(call.args) : call.args;
      (seen[peer] ??= []).push(canonical([call.service, call.function, args]));
    }
  for (const calls of Object.values(seen)) calls.sort();
  return { seen, codes: [...new Set(out.steps.map((s) => s.ret_code))].sort(), steps: out.steps.length };
}

async function loadNetwork() {
  // The interpreter's package belongs to the neighbouring folder, which installs it by itself.
  execFileSync('sh', [join(here, '..', 'run.sh'), 'avm', '-e', '0'], { stdio: 'inherit' });
  const [{ play }, { stringify }, { Original }] = await Promise.all(
    ['network.mjs', 'json.mjs', 'original.mjs'].map((f) => import(join(here, '..', 'avm', f))));
  return { play, text: stringify, Original };
}

// ---- one program ----

async function compareProgram(name, file, network, original) {
  const given = directives(readFileSync(file, 'utf8'));
  const options = given.options ?? {};
  const ours = compileOurs(file, options);
  const theirs = await compileTheirs(file, options);
  const ruled = RULED[name] ?? { ours: theirs.accepted, theirs: theirs.accepted };
  const problems = [];
  if (theirs.accepted !== ruled.theirs) problems.push(`the original ${theirs.accepted ? 'accepts' : 'refuses'} it, which the ruling denies`);
  if (ours.accepted !== ruled.ours) problems.push(`we ${ours.accepted ? 'accept' : 'refuse'} it: ${canonical(ours.errors)}; the original: ${theirs.errors.join(' ')}`);
  if (name.startsWith('e_') && ours.accepted) problems.push('meant to be refused');
  if (!name.startsWith('e_') && !ours.accepted && ruled.ours) problems.push('meant to be accepted');
  if (!ours.accepted && ours.errors.some((e) => !e.text)) problems.push('an error without a text');
  if (problems.length || !ours.accepted || !theirs.accepted) return problems;

  const definitions = (c) => canonical({ services: c.services, functions: Object.fromEntries(Object.entries(c.functions).map(([k, f]) => [k, f.funcDef])) });
  if (definitions(ours) !== definitions(theirs)) problems.push(`definitions\n   ours      ${definitions(ours)}\n   original  ${definitions(theirs)}`);
  if (ruled.behaviour === false || !ours.functions.main) return problems;
  const [a, b] = [await behaviour(network, original, ours.functions.main.air, given), await behaviour(network, original, theirs.functions.main.air, given)];
  if (canonical([a.seen, a.codes]) !== canonical([b.seen, b.codes]))
    problems.push(`behaviour\n   ours      ${canonical([a.seen, a.codes])}\n   original  ${canonical([b.seen, b.codes])}`);
  if (!a.codes.every((c) => c === 0 || c >= 10000)) problems.push(`our script is refused by the interpreter: codes ${a.codes}`);
  return problems;
}

async function main() {
  const args = process.argv.slice(2);
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
  const examples = join(here, '..', '..', '..', 'examples');
  const folders = [join(here, 'programs'), ...readdirSync(examples, { withFileTypes: true }).filter((f) => f.isDirectory()).map((f) => join(examples, f.name))];
  const files = folders.flatMap((d) => readdirSync(d).filter((f) => f.endsWith('.aqua') && f.includes(only)).sort().map((f) => join(d, f)));
  const network = await loadNetwork();
  const original = new network.Original();
  let bad = 0;
  for (const file of files) {
    const name = basename(file);
    const problems = await compareProgram(name, file, network, original).catch((e) => [e.stack]);
    if (args.includes('--list')) console.log(`  ${name}: ${problems.length ? 'differs' : 'same'}`);
    if (!problems.length) continue;
    bad++;
    for (const p of problems) console.log(`${name}: ${p}`);
  }
  console.log(`${files.length} programs: ${bad} differ`);
  process.exitCode = bad || (!only && files.length < 40) ? 1 : 0;
}

await main();
