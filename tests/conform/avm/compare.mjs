// compare.mjs: plays scenario files with the original interpreter, with ours, and with mixed networks, and says where they differ.
// Usage: node compare.mjs [--mixed N] [--only TEXT] [--list] [FILE...]       all of scenarios/ without FILE
//        node compare.mjs --generate N [--seed S] [--keep FOLDER] [--mixed N]  scenarios made up from seeds S, S+1, ...
// RIVULET: the command of our binary (default: build/rivulet). AVM_VERSION: 0.62 (default) or 0.64, for both sides.
// Compared: calls with arguments and tetraplets, results, receivers, codes, error messages, flags and all data in readable form.
// Not compared: the order of stores, the interpreter's own version, the wording of errors that come from a parser or decoder (codes 1 to 9).
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { spawnSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';
import { Original, VERSION } from './original.mjs';
import { Ours, STEPS_MAX, TooLong, play } from './network.mjs';
import { difference, parse } from './json.mjs';
import { networkScenario, random } from './generate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
export const rivulet = (process.env.RIVULET ?? join(root, 'build', 'rivulet')).split(' ');

/** Our document for a scenario, as `rivulet sim` prints it. */
function simulate(file) {
  const run = spawnSync(rivulet[0], [...rivulet.slice(1), 'sim', file, '--json', '--avm-version', VERSION], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.error) throw run.error;
  if (run.status !== 0) throw new Error(`rivulet sim ends with ${run.signal ?? run.status}: ${run.stderr.slice(0, 500)}`);
  return parse(run.stdout);
}

// Codes whose texts come from a parser, a decoder or a crypto library.
const OWN_WORDS = new Set(['1', '2', '3', '4', '5', '7', '8', '9']);

/** The text as far as it is compared: lists that come from hash maps are sorted. */
function words(step) {
  if (OWN_WORDS.has(step.ret_code.form)) return '';
  if (step.ret_code.form === '30000') return [...step.error_message].sort().join('');
  return step.error_message;
}

/** What of a document is compared; data are shown by the original's own decoder. */
function essence(doc, original) {
  const decode = (base64) => {
    if (!base64) return null;
    const shown = original.decode(Buffer.from(base64, 'base64'));
    delete shown.versions;
    return shown;
  };
  const canonicalText = (answer) => {
    try { return { ...answer, result: parse(answer.result) }; } catch { return answer; }
  };
  return {
    ...doc,
    calls: Object.fromEntries(Object.entries(doc.calls).map(([p, list]) => [p, list.map((c) => ({ ...c, answer: canonicalText(c.answer) }))])),
    steps: doc.steps.map((s) => ({
      ...s, error_message: words(s), data_out: decode(s.data_out),
    })),
    final: Object.fromEntries(Object.entries(doc.final).map(([p, f]) => {
      const shown = f.decoded && { ...f.decoded };
      if (shown) delete shown.versions;
      return [p, { data: decode(f.data), decoded: shown }];
    })),
  };
}

/** The first difference; steps come first, as the rest follows from them. */
function firstDifference(ours, theirs) {
  return difference(ours.steps, theirs.steps, '/steps') ?? difference(ours, theirs);
}

/** Peers take the original or ours by their name's hash and the seed. */
function mixture(seed, original, ours) {
  return (name) => (createHash('sha256').update(`${seed}:${name}`).digest()[0] & 1 ? original : ours);
}

export async function compareFile(file, original, { mixed = 0, ours = null, list = false, stepsMax = STEPS_MAX } = {}) {
  const text = readFileSync(file, 'utf8');
  const failures = [];
  let theirs;
  try {
    theirs = essence(await play(text, () => original, original, stepsMax), original);
  } catch (error) { // made-up scripts may loop for long, and it traps on some inputs: nothing to compare then
    if (!(error instanceof TooLong) && !/^the original trapped/.test(error.message)) throw error;
    console.log(`  ${basename(file)}: ${error.message.slice(0, 200)}`);
    return failures;
  }
  const check = async (how, run) => {
    try {
      const d = firstDifference(essence(await run(), original), theirs);
      if (d) failures.push({ how, ...d, code: theirs.steps.map((s) => s.ret_code.form).join(',') });
    } catch (error) {
      // A made-up loop may grow without bound; our interpreter has a memory budget where the original has 4 GiB.
      if (/the run took more than \d+ bytes/.test(error.message)) console.log(`  ${basename(file)} (${how}): past our memory budget`);
      else failures.push({ how, path: 'error', ours: error.message, original: '' });
    }
  };
  if (list) console.log(`  ${basename(file)}: ${theirs.steps.length} steps, codes ${[...new Set(theirs.steps.map((s) => s.ret_code.form))].join(' ')}`);
  await check('ours', () => simulate(file));
  for (let i = 0; i < mixed; i++) await check(`mixed ${i}`, () => play(text, mixture(i, original, ours), original));
  return failures;
}

async function main() {
  const args = process.argv.slice(2);
  const option = (name, fallback) => { const i = args.indexOf(name); return i < 0 ? fallback : args.splice(i, 2)[1]; };
  const flag = (name) => { const i = args.indexOf(name); if (i >= 0) args.splice(i, 1); return i >= 0; };
  const mixed = Number(option('--mixed', '2'));
  const only = option('--only', '');
  const list = flag('--list');
  const generate = Number(option('--generate', '0'));
  const seed = Number(option('--seed', '1'));
  const keep = option('--keep', '');
  const folder = keep || (generate ? mkdtempSync(join(tmpdir(), 'scenarios-')) : '');
  const files = generate ? Array.from({ length: generate }, (_, i) => {
    const file = join(folder, `seed-${seed + i}.json`);
    writeFileSync(file, networkScenario(random(seed + i)));
    return file;
  }) : args.length ? args : readdirSync(join(here, 'scenarios')).filter((f) => f.endsWith('.json') && f.includes(only)).map((f) => join(here, 'scenarios', f));
  const original = new Original();
  const ours = mixed ? new Ours(rivulet) : null;
  let bad = 0;
  for (const file of files) {
    const failures = await compareFile(file, original, { mixed, ours, list, stepsMax: generate ? 100 : STEPS_MAX });
    if (!failures.length) continue;
    bad++;
    for (const f of failures.slice(0, 1)) console.log(`${basename(file)} (${f.how}${failures.length > 1 ? ` and ${failures.length - 1} more` : ''}) at ${f.path}\n   ours      ${f.ours}\n   original  ${f.original}`);
  }
  ours?.close();
  if (generate && !keep) rmSync(folder, { recursive: true });
  console.log(`${files.length} scenarios, ${mixed} mixed networks each: ${bad} differ`);
  process.exitCode = bad || !files.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
