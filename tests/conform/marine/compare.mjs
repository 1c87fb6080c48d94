// compare.mjs: published services, loaded and spoken to (conversations.mjs), by ours and by the original; every answer must be the same.
// compare.mjs [NAME]: only services whose name has NAME in it. VERBOSE=1 prints every call.
// Spec: docs/spec/marine.md appendix A.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Num } from '../avm/json.mjs';
import * as talk from './conversations.mjs';
import { as_listed } from './interfaces.mjs';
import { Original } from './original.mjs';
import { Ours } from './ours.mjs';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const published = join(here, '..', '..', '..', '.deps', 'oracles');
const service = (name, facade, conversation) => ({
  name, conversation, facade, modules: ['sqlite3', facade].map((module) => ({ name: module, file: join(published, 'marine', name, `${module}.wasm`), logger_enabled: true })),
});
const SERVICES = [
  ...['0.7.6', '0.7.1'].map((v) => service(`fluence-spell-distro-${v}`, 'spell', talk.spell)),
  ...['0.6.10', '0.5.20'].map((v) => service(`fluence-spell-distro-${v}`, 'spell', talk.old_spell)),
  ...['0.9.4', '0.8.4'].map((v) => service(`registry-distro-${v}`, 'registry', talk.registry)),
  ...['0.4.11', '0.4.5'].map((v) => service(`trust-graph-distro-${v}`, 'trust-graph', talk.trust_graph)),
  ...['fluence-spell-distro-0.7.6', 'registry-distro-0.8.4'].map((from) => ({
    name: `sqlite3 of ${from}`, facade: 'sqlite3', conversation: talk.sqlite, modules: [{ name: 'sqlite3', file: join(published, 'marine', from, 'sqlite3.wasm') }],
  })),
  { name: 'records of marine-runtime 0.37.0', facade: 'records_passing_pure', conversation: talk.records,
    modules: [['records_passing_effector', 'records_passing_effector_renamed'], ['records_passing_pure', 'records_passing_pure']].map(([name, file]) =>
      ({ name, file: join(published, 'marine', 'marine-runtime', `${file}.wasm`), logger_enabled: true })) },
  { name: 'air-interpreter-wasm 0.64.1', facade: 'avm', conversation: talk.interpreter, modules: [{ name: 'avm', file: join(published, 'air-interpreter-wasm.wasm') }] },
  ...['0.62.0', '0.59.0', '0.54.0', '0.48.0', '0.40.0', '0.31.10', '0.28.8'].map((v) => ({
    name: `avm ${v}`, facade: 'avm', conversation: talk.interpreter, modules: [{ name: 'avm', file: join(here, 'node_modules', `avm-${v}`, 'dist', 'avm.wasm') }],
  })),
];

/* ---- interfaces ---- */

/** The list of the specification, and from the original the number of arguments of each function, which its errors tell. */
async function same_interface(of, listed, original) {
  as_listed(of.name, of.facade, listed);
  const crowd = JSON.stringify(Array(200).fill(0));
  for (const f of listed.function_signatures) {
    const { error } = await original.call(of.facade, f.name, crowd);
    assert.match(error?.message ?? 'none', new RegExp(`function requires ${f.arguments.length} arguments, 200 provided`), `${of.name}: ${f.name}`);
  }
}

/* ---- documents: numbers by their text, since some do not fit a double ---- */

const plain = (v) => (v instanceof Num ? Number(v.form) : Array.isArray(v) ? v.map(plain)
  : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)])) : v);
const canonical = (v) => JSON.stringify(v, (key, x) => (x instanceof Num ? `#${Number.isInteger(Number(x.form)) && !/[.eE]/.test(x.form) ? x.form : Number(x.form)}`
  : x && typeof x === 'object' && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))) : x));
const short = (text) => (text.length > 300 ? `${text.slice(0, 300)}...` : text);

let calls = 0;
/** A function that calls both and returns the result that both gave; undefined where both failed. */
function both(of, ours, original, listed) {
  const say = async (name, args, params) => {
    const text = typeof args === 'string' ? args : JSON.stringify(args);
    const mine = await ours.call(of.facade, name, text, params), theirs = await original.call(of.facade, name, text, params);
    calls++;
    if (process.env.VERBOSE) console.log(`${of.name}: ${name} ${short(text)}\n  ours      ${short(canonical(mine))}\n  original  ${short(canonical(theirs))}`);
    return { mine, theirs, what: `${of.name}: ${name} ${short(text)}` };
  };
  const call = async (name, args, params) => {
    const { mine, theirs, what } = await say(name, args, params);
    assert.equal(mine.ok, theirs.ok, `${what}\n  ours      ${short(canonical(mine))}\n  original  ${short(canonical(theirs))}`);
    if (!mine.ok) return undefined;
    assert.equal(canonical(mine.result), canonical(theirs.result), what);
    return plain(mine.result);
  };
  /** Both must fail, ours with this kind. 'top bit': the original alone refuses (docs/spec/scenarios.md 5). */
  call.fails = async (name, args, kind, params) => {
    const { mine, theirs, what } = await say(name, args, params);
    assert.equal(theirs.ok, false, `${what}: the original accepts`);
    if (kind === 'top bit') assert.equal(mine.ok, true, what);
    else assert.equal(mine.error?.kind, kind, `${what}: ${canonical(mine)}`);
    if (kind === 'arguments' || kind === 'not_found') // in the same words, as far as a fault has room
      assert.ok(theirs.error.message.startsWith(mine.error.message), `${what}\n  ours      ${mine.error.message}\n  original  ${theirs.error.message}`);
  };
  call.functions = Object.fromEntries(listed.function_signatures.map((f) => [f.name, f.arguments]));
  call.types = Object.fromEntries(listed.record_types.map((r) => [r.name, Object.fromEntries(r.fields)]));
  return call;
}

async function compare(of) {
  const home = mkdtempSync(join(tmpdir(), 'riv-conform-marine-'));
  const mapped_dirs = { tmp: home, storage: home };
  const modules = of.modules.map((m) => ({ ...m, mapped_dirs, envs: { service_id: 'srv' } }));
  const ours = new Ours(), original = new Original();
  try {
    for (const side of [ours, original]) {
      const started = await side.start(modules);
      assert.ok(started.ok, `${of.name} does not start: ${started.error?.message}`);
    }
    const listed = (await ours.interface()).result.modules;
    await same_interface(of, listed[of.facade], original);
    const before = calls;
    await of.conversation(both(of, ours, original, listed[of.facade]));
    await ours.close();
    console.log(`${of.name}: ${calls - before} calls, the same`);
  } finally {
    ours.child.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

/* ---- what neither side takes ---- */

const of_service = (folder, name, more = {}) => ({ name, file: join(published, 'marine', folder, `${name}.wasm`), logger_enabled: true, mapped_dirs: { tmp: tmpdir(), storage: tmpdir() }, ...more });
const SPELL = 'fluence-spell-distro-0.7.6', GRAPH = 'trust-graph-distro-0.4.11', IPFS = 'aqua-ipfs-distro-0.6.0';
const REFUSED = [
  ['avm 0.20.0', [{ name: 'm', file: join(here, 'node_modules', 'avm-0.20.0', 'dist', 'avm.wasm') }], 'load', /interface-types/],
  ['marine-js itself', [{ name: 'm', file: join(here, 'node_modules', '@fluencelabs', 'marine-js', 'dist', 'marine-js.wasm') }], 'load', /interface-types/],
  ['modules in the wrong order', [of_service(SPELL, 'spell'), of_service(SPELL, 'sqlite3')], 'link', /sqlite3/],
  ['a module without the one it imports', [of_service(SPELL, 'spell')], 'link', /sqlite3/],
  ['a name twice', [of_service(SPELL, 'sqlite3'), of_service(SPELL, 'sqlite3')], 'load', /sqlite3/],
  ['another module under the name', [of_service(SPELL, 'sqlite3', { file: join(published, 'marine', 'marine-runtime', 'records_passing_effector_renamed.wasm') }), of_service(SPELL, 'spell')], 'link', /sqlite3/],
  ['a module that logs, without its logger', [of_service(GRAPH, 'sqlite3'), of_service(GRAPH, 'trust-graph', { logger_enabled: false })], 'link', /logger/],
  ['a program that nobody mounted', [of_service(IPFS, 'ipfs_effector')], 'link', /ipfs/],
];

async function refused([name, modules, kind, why]) {
  const ours = new Ours(), original = new Original();
  const mine = await ours.start(modules), theirs = await original.start(modules);
  await ours.close();
  assert.equal(theirs.ok, false, `${name}: the original takes it`);
  assert.equal(mine.error?.kind, kind, `${name}: ${canonical(mine)}`);
  assert.match(mine.error.message, why, name);
  console.log(`${name}: refused: ${mine.error.message}`);
}

let failed = 0;
for (const of of SERVICES.filter((s) => s.name.includes(process.argv[2] ?? ''))) {
  for (const m of of.modules) assert.ok(existsSync(m.file), `${m.file} is not there: run tools/setup-oracles (make test does)`);
  try {
    await compare(of);
  } catch (e) {
    failed++;
    console.error(`FAILED ${of.name}: ${e.message}${process.env.VERBOSE ? e.stack : ''}`);
  }
}
if (!process.argv[2]) {
  for (const row of REFUSED) await refused(row);
}
console.log(`${calls} calls compared`);
process.exit(failed ? 1 : 0);
