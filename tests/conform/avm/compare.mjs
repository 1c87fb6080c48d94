// compare.mjs: plays scenario files with the original interpreter, with ours, and with mixed networks, and says where they differ.
// Usage: node compare.mjs [--mixed N] [--sessions] [--only TEXT] [--list] [FILE...]          all of scenarios/ without FILE
//        node compare.mjs --generate N [--seed S] [--mixed N] [--sessions] [--table]            scenarios made up from seeds S, S+1, ...
//   --sessions: ours keeps sessions in half of the comparisons; --table: what the scenarios reach; --keep FOLDER: those that differ are
//   written there (all, if FOLDER ends in /)
// RIVULET: the command of our binary (default: build/rivulet). AVM_VERSION: 0.62 (default) or 0.64, for both sides.
// Compared: calls with arguments and tetraplets, results, receivers, codes, error messages, flags and all data in readable form.
// Not compared: the order of stores, the interpreter's own version, the wording of errors that come from a parser or decoder (codes 1 to 9).
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';
import { Original } from './original.mjs';
import { Ours, STEPS_MAX, Simulator, TooLong, play } from './network.mjs';
import { difference, parse } from './json.mjs';
import { networkOf } from './generate_networks.mjs';
import { Coverage } from './coverage.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
export const rivulet = (process.env.RIVULET ?? join(root, 'build', 'rivulet')).split(' ');

// Codes whose texts come from a parser, a decoder or a crypto library.
const OWN_WORDS = new Set(['1', '2', '3', '4', '5', '7', '8', '9']);

/** A message as far as it is compared: lists that come from hash maps are sorted; sizes of data differ, as ours shares equal texts. */
export function words(code, message) {
  if (OWN_WORDS.has(code)) return '';
  if (code === '10') return message.replace(/^(Current_data particle size: )\d+/, '$1');
  if (code === '30000' || message.includes('ResolvedFold { lore: {')) return [...message].sort().join('');
  return message;
}

/** What of a document is compared; data are shown by the original's own decoder. */
function essence(doc, original) {
  const shown = new Map();
  const decode = (base64) => {
    if (!base64) return null;
    if (!shown.has(base64)) {
      const data = original.decode(Buffer.from(base64, 'base64'));
      delete data.versions;
      shown.set(base64, data);
    }
    return shown.get(base64);
  };
  const canonicalText = (answer) => {
    try { return { ...answer, result: parse(answer.result) }; } catch { return answer; }
  };
  return {
    ...doc,
    calls: Object.fromEntries(Object.entries(doc.calls).map(([p, list]) => [p, list.map((c) => ({ ...c, answer: canonicalText(c.answer) }))])),
    steps: doc.steps.map((s) => ({
      ...s, error_message: words(s.ret_code.form, s.error_message), data_out: s.data_out === null ? null : { shown: decode(s.data_out) },
    })),
    final: Object.fromEntries(Object.entries(doc.final).map(([p, f]) => {
      const own = f.decoded && { ...f.decoded };
      if (own) delete own.versions;
      return [p, { data: decode(f.data), decoded: own }];
    })),
  };
}

/** The first difference; steps come first, as the rest follows from them. Sessions do not show data at each step. */
function firstDifference(ours, theirs) {
  const steps = theirs.steps.map((s, i) => (ours.steps[i]?.data_out === null ? { ...s, data_out: null } : s));
  return difference(ours.steps, steps, '/steps') ?? difference({ ...ours, steps: [] }, { ...theirs, steps: [] });
}

/** Peers take the original or ours by their name's hash and the seed. */
function mixture(seed, original, ours) {
  return (name) => (createHash('sha256').update(`${seed}:${name}`).digest()[0] & 1 ? original : ours);
}

/** All that plays: the original, and three processes of ours. */
export class Players {
  constructor() {
    this.original = new Original();
    this.ours = new Ours(rivulet);
    this.simulator = new Simulator(rivulet);
    this.sessions = new Simulator(rivulet, ['--sessions']);
  }

  close() { for (const p of [this.ours, this.simulator, this.sessions]) p.close(); }
}

/**
 * Differences between the original's document and those of ours. sessions: ours keeps sessions, not runs each step anew.
 * Returns {failures, document (the original's) or skipped (why there is none)}.
 */
export async function compareText(text, players, { mixed = 0, sessions = false, stepsMax = STEPS_MAX } = {}) {
  const { original, ours } = players;
  const failures = [];
  let document;
  let theirs;
  try {
    document = await play(text, () => original, original, stepsMax);
    theirs = essence(document, original);
  } catch (error) { // made-up scripts may loop for long, and it traps on some inputs: nothing to compare then
    if (!(error instanceof TooLong) && !/^the original trapped/.test(error.message)) throw error;
    const where = /panicked at .*\n.*/.exec(error.message)?.[0].replace('\n', ' ');
    return { failures, skipped: where ? `the original ${where}` : error.message.slice(0, 200), trapped: !(error instanceof TooLong) };
  }
  let skipped;
  const check = async (how, run) => {
    try {
      const d = firstDifference(essence(await run(), original), theirs);
      if (d) failures.push({ how, ...d, code: theirs.steps.map((s) => s.ret_code.form).join(',') });
    } catch (error) {
      // A made-up loop may grow without bound; our interpreter has a memory budget where the original has 4 GiB.
      if (/the run took more than \d+ bytes/.test(error.message)) skipped = `${how}: past our memory budget`;
      else failures.push({ how, path: 'error', ours: error.message, original: '' });
    }
  };
  await check(sessions ? 'ours with sessions' : 'ours', () => (sessions ? players.sessions : players.simulator).run(text));
  for (let i = 0; i < mixed; i++) await check(`mixed ${i}`, () => play(text, mixture(i, original, ours), original));
  return { failures, document, skipped };
}

async function main() {
  const args = process.argv.slice(2);
  const option = (name, fallback) => { const i = args.indexOf(name); return i < 0 ? fallback : args.splice(i, 2)[1]; };
  const flag = (name) => { const i = args.indexOf(name); if (i >= 0) args.splice(i, 1); return i >= 0; };
  const mixed = Number(option('--mixed', '2'));
  const only = option('--only', '');
  const list = flag('--list');
  const table = flag('--table');
  const both = flag('--sessions');
  const generate = Number(option('--generate', '0'));
  const seed = Number(option('--seed', '1'));
  const keep = option('--keep', '');
  const cases = generate ? Array.from({ length: generate }, (_, i) => ({ name: `seed-${seed + i}`, text: () => networkOf(seed + i), sessions: both && i % 2 === 1 }))
    : (args.length ? args : readdirSync(join(here, 'scenarios')).filter((f) => f.endsWith('.json') && f.includes(only)).map((f) => join(here, 'scenarios', f)))
      .flatMap((file) => (both ? [false, true] : [false]).map((sessions) => ({ name: basename(file), text: () => readFileSync(file, 'utf8'), sessions })));
  if (keep) mkdirSync(keep, { recursive: true });
  const players = new Players();
  const coverage = new Coverage();
  let bad = 0;
  let skips = 0;
  let steps = 0;
  for (const c of cases) {
    const text = c.text();
    const { failures, document, skipped, trapped } = await compareText(text, players, { mixed, sessions: c.sessions, stepsMax: generate ? 100 : STEPS_MAX });
    if (table) coverage.add(text, document, players.original);
    steps += document?.steps.length ?? 0;
    if (skipped) skips++;
    if (skipped && (!generate || trapped)) console.log(`  ${c.name}: ${skipped}`);
    if (list && document) console.log(`  ${c.name}: ${document.steps.length} steps, codes ${[...new Set(document.steps.map((s) => s.ret_code.form))].join(' ')}`);
    if (keep && (failures.length || keep.endsWith('/'))) writeFileSync(join(keep, `${c.name}.json`), text);
    if (!failures.length) continue;
    bad++;
    for (const f of failures.slice(0, 1)) console.log(`${c.name} (${f.how}${failures.length > 1 ? ` and ${failures.length - 1} more` : ''}) at ${f.path}\n   ours      ${f.ours}\n   original  ${f.original}`);
  }
  players.close();
  if (table) console.log(coverage.table());
  console.log(`${cases.length} scenarios, ${steps} steps, ${mixed} mixed networks each${both ? ', half with sessions' : ''}: ${bad} differ${skips ? `; ${skips} too long or trapped` : ''}`);
  process.exitCode = bad || !cases.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
