// compare.mjs: programs through our compiler and the original's: accepted by both or none, equal definitions, and scripts that
// behave alike when a network of original interpreters runs them; ours behaves the same under our own interpreter, too.
// Run: node compare.mjs [--only PART] [--list]             the programs of programs/ and examples/
//      node compare.mjs --generate N [--seed S] [--keep]   programs made up from seeds (generate.mjs)
//      node compare.mjs --mutate N [--seed S] [--keep]     programs changed at random (mutate.mjs): acceptance only
// RIVULET is our command. --keep leaves what differs in made/. Spec: docs/spec/aqua.md; what is ruled to differ: ruled.mjs.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { canonical, compileOurs, compileTheirs, directives, here } from './compile.mjs';
import { behaviour, loadNetwork } from './behaviour.mjs';
import { makeProgram } from './generate.mjs';
import { mutations } from './mutate.mjs';
import { PROGRAMS, ruledFor } from './ruled.mjs';

const unmeasured = [];
const ORDERS = [{}, { order: 'lifo' }, { results: 'single' }, { duplicate: true }];

const definitions = (c) => canonical({ services: c.services, functions: Object.fromEntries(Object.entries(c.functions).map(([k, f]) => [k, f.funcDef])) });
const visible = (b) => canonical([b.seen, b.codes]);

/** What only one of the two does, call by call. */
function difference(a, b) {
  const lines = [];
  for (const peer of new Set([...Object.keys(a.seen), ...Object.keys(b.seen)])) {
    const left = [...(a.seen[peer] ?? [])], right = [...(b.seen[peer] ?? [])];
    for (const call of [...left]) if (right.includes(call)) { right.splice(right.indexOf(call), 1); left.splice(left.indexOf(call), 1); }
    if (left.length) lines.push(`   ours alone, ${peer}: ${left.join(' ')}`);
    if (right.length) lines.push(`   original alone, ${peer}: ${right.join(' ')}`);
  }
  if (canonical(a.codes) !== canonical(b.codes)) lines.push(`   codes: ours ${a.codes}, original ${b.codes}`);
  for (const [who, { errors }] of [['our', a], ['its', b]]) if (errors.length) lines.push(`   ${who} errors: ${errors.slice(0, 3).map((e) => e.slice(0, 300)).join(' | ')}`);
  return lines.join('\n');
}

/** What the two scripts do; where one run differs, all orders are tried: what only the order decides is no difference. */
async function compareBehaviour(network, name, ours, theirs, given) {
  const [a, b] = [await behaviour(network, ours, given), await behaviour(network, theirs, given)];
  const problems = [];
  // The original's script does not parse, or breaks the interpreter: it is no measure then. docs/aqua.md, ruled differences.
  if (b.codes.some((c) => (c === 1 || c === 30000) && !a.codes.includes(c))) {
    unmeasured.push(name);
    return holdOwn(network, ours, given, a);
  }
  if (visible(a) !== visible(b)) {
    const all = { ours: new Set([visible(a)]), theirs: new Set([visible(b)]) };
    for (const order of ORDERS.slice(1)) {
      all.ours.add(visible(await behaviour(network, ours, given, { order })));
      all.theirs.add(visible(await behaviour(network, theirs, given, { order })));
    }
    const steady = all.ours.size === 1 && all.theirs.size === 1;
    const shared = [...all.ours].some((x) => all.theirs.has(x));
    if (steady || !shared) problems.push(`behaviour${steady ? '' : ' (in all orders)'}\n${difference(a, b)}`);
  }
  return [...problems, ...await holdOwn(network, ours, given, a, b.codes)];
}

/** A program of the folder: what its name promises, and what is ruled, is held too. */
async function compareProgram(name, file, network) {
  const given = directives(readFileSync(file, 'utf8'));
  const options = given.options ?? {};
  const ours = compileOurs(file, options);
  const theirs = await compileTheirs(file, options);
  const ruled = PROGRAMS[name] ?? { ours: theirs.accepted, theirs: theirs.accepted };
  const problems = [];
  if (theirs.accepted !== ruled.theirs) problems.push(`the original ${theirs.accepted ? 'accepts' : 'refuses'} it, which the ruling denies: ${theirs.errors.join(' ')}`);
  if (ours.accepted !== ruled.ours) problems.push(`we ${ours.accepted ? 'accept' : 'refuse'} it: ${canonical(ours.errors)}; the original: ${theirs.errors.join(' ')}`);
  if (name.startsWith('e_') && ours.accepted) problems.push('meant to be refused');
  if (!/^[er]_/.test(name) && !ours.accepted) problems.push('meant to be accepted');
  if (!ours.accepted && ours.errors.some((e) => !e.text)) problems.push('an error without a text');
  if (problems.length || !ours.accepted) return problems;
  if (theirs.accepted && !ruled.definitions && definitions(ours) !== definitions(theirs))
    problems.push(`definitions\n   ours      ${definitions(ours)}\n   original  ${definitions(theirs)}`);
  if (!ours.functions.main) return problems;
  if (ruled.behaviour !== false && theirs.accepted) return [...problems, ...await compareBehaviour(network, name, ours.functions.main.air, theirs.functions.main.air, given)];
  return [...problems, ...await holdRuling(network, ours.functions.main.air, given, ruled)];
}

/** Our script is one that the interpreter takes, and does the same under our own. ran: what it did under the original's; codes that the
 * original's script ends with too are the interpreter's affair, and so is 20000 (branches that met in an order that it cannot join). */
async function holdOwn(network, air, given, ran, allowed = []) {
  const own = await behaviour(network, air, given, { interpreter: network.ours });
  const problems = [];
  if (ran.codes.some((c) => c === 1 || (c > 20000 && c < 30000 && !allowed.includes(c)))) problems.push(`our script is refused by the interpreter: codes ${ran.codes} ${ran.errors[0] ?? ''}`);
  if (visible(own) !== visible(ran)) problems.push(`under the two interpreters (ours: ours)\n${difference(own, ran)}`);
  return problems;
}

/** Where the original is no measure: what the ruling says that our script answers. */
async function holdRuling(network, air, given, ruled) {
  const ran = await behaviour(network, air, given);
  const problems = await holdOwn(network, air, given, ran);
  const response = ran.seen.alice?.find((c) => c.includes('"response"'));
  if (ruled.response !== undefined && response !== canonical(['callbackSrv', 'response', ruled.response])) problems.push(`the ruling says response ${canonical(ruled.response)}, it is ${response}`);
  return problems;
}

async function compareText(name, text, network, folder, acceptanceOnly) {
  const file = join(folder, name);
  writeFileSync(file, text);
  const given = directives(text);
  const ours = compileOurs(file, given.options ?? {});
  const theirs = await compileTheirs(file, given.options ?? {});
  if (ours.accepted !== theirs.accepted) {
    const rule = ruledFor(text, ours, theirs);
    if (rule?.unmeasured && ours.functions.main) {
      unmeasured.push(name);
      return holdOwn(network, ours.functions.main.air, given, await behaviour(network, ours.functions.main.air, given));
    }
    if (rule) return [];
    return [ours.accepted ? `the original alone refuses it: ${theirs.errors.join('\n')}` : `we alone refuse it: ${ours.errors.map((e) => `${e.line}:${e.col} ${e.text}`).join('; ')}`];
  }
  if (!acceptanceOnly && !ours.accepted) return [`made to be accepted: ${ours.errors.map((e) => `${e.line}:${e.col} ${e.text}`).join('; ')}`];
  if (acceptanceOnly) return [];
  const problems = definitions(ours) === definitions(theirs) ? [] : [`definitions\n   ours      ${definitions(ours)}\n   original  ${definitions(theirs)}`];
  return [...problems, ...await compareBehaviour(network, name, ours.functions.main.air, theirs.functions.main.air, given)];
}

// ---- what is compared ----

const programsFolder = join(here, 'programs');

function programs(only) {
  const examples = join(here, '..', '..', '..', 'examples');
  const folders = [programsFolder, ...readdirSync(examples, { withFileTypes: true }).filter((f) => f.isDirectory()).map((f) => join(examples, f.name))];
  const files = folders.flatMap((d) => readdirSync(d).filter((f) => f.endsWith('.aqua') && f.includes(only)).sort().map((f) => join(d, f)));
  return files.map((file) => ({ name: basename(file), check: (network) => compareProgram(basename(file), file, network) }));
}

function made(count, seed, folder) {
  return Array.from({ length: count }, (_, i) => ({
    name: `made_${seed + i}.aqua`, check: (network) => compareText(`made_${seed + i}.aqua`, makeProgram(seed + i), network, folder, false),
  }));
}

function mutated(count, seed, folder) {
  const bases = readdirSync(programsFolder).filter((f) => f.endsWith('.aqua') && !f.startsWith('r_')).sort().map((f) => readFileSync(join(programsFolder, f), 'utf8'));
  return Array.from({ length: count }, (_, i) => ({
    name: `mutant_${seed + i}.aqua`, check: (network) => compareText(`mutant_${seed + i}.aqua`, mutations(seed + i, bases), network, folder, true),
  }));
}

function number(args, name, otherwise) { return args.includes(name) ? Number(args[args.indexOf(name) + 1]) : otherwise; }

async function main() {
  const args = process.argv.slice(2);
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
  const keep = args.includes('--keep');
  const seed = number(args, '--seed', 1), generate = number(args, '--generate', 0), mutate = number(args, '--mutate', 0);
  // Mutants import the library of the programs: they stand beside it for the compilers, whatever folder they are in.
  const folder = keep ? join(here, 'made') : join(tmpdir(), `rivulet-conform-aqua-${process.pid}`);
  mkdirSync(join(folder, 'lib'), { recursive: true });
  for (const f of readdirSync(join(programsFolder, 'lib'))) writeFileSync(join(folder, 'lib', f), readFileSync(join(programsFolder, 'lib', f)));
  const list = generate ? made(generate, seed, folder) : mutate ? mutated(mutate, seed, folder) : programs(only);
  const network = await loadNetwork();
  let bad = 0;
  for (const { name, check } of list) {
    const problems = await check(network).catch((e) => [e.stack]);
    if (args.includes('--list')) console.log(`  ${name}: ${problems.length ? 'differs' : 'same'}`);
    if (problems.length) bad++;
    else if (generate || mutate) rmSync(join(folder, name));
    for (const p of problems) console.log(`${name}: ${p}`);
  }
  network.ours.close();
  if (!keep) rmSync(folder, { recursive: true });
  console.log(`${list.length} programs: ${bad} differ${unmeasured.length ? `; the original's script cannot be run: ${unmeasured.join(' ')}` : ''}`);
  process.exitCode = bad || (!only && list.length < 40) ? 1 : 0;
}

await main();
