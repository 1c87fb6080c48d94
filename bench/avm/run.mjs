// run.mjs: our interpreter, the original native and the original's wasm on the same inputs in one run, in short rounds that take turns, so that
// whatever else the machine does hits all alike. A figure is the best of all rounds: a busy machine spoils medians, and not all alike. Prints a table (--json: a document), then which
// of the project's bars are reached. Times are the thread's on the processor, not the clock's.
// Options: --only REGEX, --rounds N, --ms N (of each runner, workload and round), --json, --save FILE (the invokes for `load` of bench_avm; no run).
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from '../../tests/conform/avm/json.mjs';
import { Runner, encode } from './runner.mjs';
import { oneCallToEnd, workloads } from './workloads.mjs';

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, save: { type: 'string' }, rounds: { type: 'string' }, ms: { type: 'string' }, json: { type: 'boolean' } },
});
const ROUNDS = Number(options.rounds ?? 5);
const MS = Number(options.ms ?? process.env.BENCH_MS ?? 40);
const here = import.meta.dirname;
const oracles = join(here, '..', '..', '.deps', 'oracles');
const built = join(process.env.BUILD, 'bench');

const optional = (name, file, command, args) => (existsSync(file) ? [new Runner(name, command, args)] : []); // else its column stays empty
const ours = new Runner('ours', join(built, 'bench_avm'));
const native = join(oracles, 'avm-native', 'avm-native');
const wasm = join(oracles, 'air-interpreter-wasm.wasm');
const others = [...optional('native', native, native), ...optional('wasm', wasm, join(built, 'bench_avm_wasm'), [wasm])];
const runners = [ours, ...others];

const all = await workloads(ours);
const wanted = new RegExp(options.only ?? '.');
const list = all.filter((w) => wanted.test(w.name));
if (options.save) {
  writeFileSync(options.save, encode(list));
  list.forEach((w, i) => console.log(`${i} ${w.name}`));
  process.exit();
}
const rows = list.map(({ name, toEnd }) => ({ name, toEnd: toEnd === true, us: {}, median_us: {}, differs: [] }));

// ---- the answers first: the same from all, and each goes on from the others' data ----

const sameParts = ({ ret_code, next_peers, call_requests }) => stringify({ ret_code, next_peers: next_peers.toSorted(), call_requests });
const shown = ({ ret_code, error_message, next_peers, call_requests }) => `${ret_code} ${error_message} ${next_peers.length} peers ${call_requests.length} requests`;

async function compareAnswers() {
  const loaded = await Promise.all(runners.map((r) => r.load(list)));
  if (loaded.some(({ count }) => count !== list.length)) throw new Error('a runner did not read all invokes');
  const given = rows.map(() => ({}));
  for (const [i, row] of rows.entries()) {
    for (const r of runners) given[i][r.name] = await r.answer(i);
    for (const r of others)
      if (sameParts(given[i][r.name]) !== sameParts(given[i].ours)) row.differs.push(`${r.name} answers ${shown(given[i][r.name])}, ours ${shown(given[i].ours)}`);
    if (given[i].ours.ret_code !== 0) row.differs.push(`ours answers ${shown(given[i].ours)}`);
  }
  for (const from of others) {
    const onward = (name) => list.map((w, i) => ({ ...w, prev: given[i][name].data, data: new Uint8Array(), results: {} }));
    for (const [maker, reader] of [[from, ours], [ours, from]]) {
      await reader.load(onward(maker.name));
      const answers = [];
      for (const i of rows.keys()) answers.push(await reader.answer(i));
      await maker.load(onward(maker.name));
      for (const [i, row] of rows.entries())
        if (sameParts(await maker.answer(i)) !== sameParts(answers[i])) row.differs.push(`${reader.name} does not go on from the data of ${maker.name}: ${shown(answers[i])}`);
    }
  }
  for (const r of runners) await r.load(list);
}

// ---- figures ----

/** To the end: the same steps and as much data from all, whoever keeps what in between. */
function compareEnds(row, ends) {
  for (const { name, end } of ends)
    if (end.ret_code !== 0 || end.steps !== ends[0].end.steps || end.bytes !== ends[0].end.bytes)
      row.differs.push(`${name} ends with ${end.ret_code} after ${end.steps} steps and ${end.bytes} bytes, ours after ${ends[0].end.steps} and ${ends[0].end.bytes}`);
}

async function measureEnd(row, i) {
  const ends = [];
  const rounds = row.name.startsWith('seq') ? 1 : ROUNDS; // seconds: once is enough
  for (let round = 0; round < rounds; round++)
    for (const r of runners) {
      const end = await r.ask(...(r === ours ? ['session', i, MS] : ['end', i]));
      ends.push({ name: r.name, end });
      row.us[r.name] = Math.min(row.us[r.name] ?? Infinity, end.us);
    }
  const byRuns = await ours.ask('end', i);
  row.us.ours_by_runs = byRuns.us;
  compareEnds(row, [...ends, { name: 'ours over encoded data', end: byRuns }]);
}

async function measure(row, i) {
  const rounds = Object.fromEntries(runners.map((r) => [r.name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const r of runners) rounds[r.name].push(await r.ask('time', i, MS));
  for (const r of runners) {
    row.us[r.name] = Math.min(...rounds[r.name].map(({ best }) => best));
    row.median_us[r.name] = Math.min(...rounds[r.name].map(({ median }) => median));
  }
  row.peak = await ours.ask('peak', i);
  if (others[0]?.name === 'native') row.peak_native = (await others[0].ask('peak', i)).bytes;
}

const geometric = (ratios) => Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
const ratio = (row, name) => (row.us[name] === undefined ? undefined : row.us[name] / row.us.ours);

async function extras() {
  const out = { signature_us: Infinity };
  await ours.load([all.find((w) => w.name === 'null'), oneCallToEnd(ours), all.find((w) => w.name === 'seq-1000-end')]);
  for (let i = 0; i < ROUNDS; i++) {
    out.signature_us = Math.min(out.signature_us, (await ours.ask('sign')).median);
    out.empty_us = Math.min(out.empty_us ?? Infinity, (await ours.ask('time', 0, MS)).median);
    out.unchanged_us = Math.min(out.unchanged_us ?? Infinity, (await ours.ask('same', 0, MS)).median);
    out.one_call_us = Math.min(out.one_call_us ?? Infinity, (await ours.ask('session', 1, MS)).us);
    out.thousand_calls_us = Math.min(out.thousand_calls_us ?? Infinity, (await ours.ask('session', 2, MS)).us);
  }
  return out;
}

// ---- what is said ----

const cell = (v, width) => (v === undefined ? '-' : v < 100 ? v.toFixed(1) : String(Math.round(v))).padStart(width);
const times = (v, width) => (v === undefined ? '-' : `${v.toFixed(1)}x`).padStart(width);
const kib = (v, width) => (v === undefined ? '-' : String(Math.round(v / 1024))).padStart(width);
const memoryBar = ({ inputs }) => 4 * inputs + 65536;

function bars(more) {
  const said = [];
  const bar = (name, reached, figure) => said.push({ name, reached, figure });
  for (const [r, least] of [['native', 5], ['wasm', 12]]) {
    const list = rows.filter((row) => row.us[r] !== undefined);
    const single = list.filter((row) => !row.toEnd).map((row) => ratio(row, r));
    const medians = list.filter((row) => !row.toEnd).map(({ median_us: us }) => us[r] / us.ours);
    if (single.length === 0) continue;
    bar(`geometric mean at least ${least}x the original as ${r}`, geometric(single) >= least,
      `${geometric(single).toFixed(2)}x over ${single.length} single invokes, by the rounds' least medians ${geometric(medians).toFixed(2)}x${single.length < list.length ? ` (with the scripts run to their end ${geometric(list.map((row) => ratio(row, r))).toFixed(2)}x)` : ''}`);
  }
  const slower = rows.filter((row) => ratio(row, 'native') < 1).map((row) => row.name);
  if (rows.some((row) => row.us.native)) bar('no workload slower than the native original', slower.length === 0, slower.join(', ') || 'none is');
  bar('empty script at most one signature + 6 µs', more.empty_us <= more.signature_us + 6, `${more.empty_us.toFixed(1)} µs, a signature ${more.signature_us.toFixed(1)} µs`);
  bar('nothing changed: at most 6 µs', more.unchanged_us <= 6, `${more.unchanged_us.toFixed(2)} µs through a session`);
  bar('1,000 calls in sequence to the end at most 1,500 times one call', more.thousand_calls_us <= 1500 * more.one_call_us,
    `${(more.thousand_calls_us / more.one_call_us).toFixed(0)} times: ${(more.thousand_calls_us / 1000).toFixed(2)} ms, one call ${more.one_call_us.toFixed(1)} µs, through a session, data asked at the end`);
  const single = rows.filter(({ peak }) => peak);
  const over = single.filter(({ peak }) => peak.bytes > memoryBar(peak));
  const larger = over.filter(({ peak }) => peak.outputs > memoryBar(peak));
  const names = (list) => list.map((row) => row.name).join(', ');
  bar('peak memory of an invoke at most 4x its inputs + 64 KiB', over.length === 0, over.length
    ? `${over.length} of ${single.length} take more: ${names(over)}${larger.length ? `; of these the answer alone is larger in ${names(larger)}` : ''}` : 'all');
  const differ = rows.filter((row) => row.differs.length > 0).map((row) => row.name);
  if (others.length) bar('same codes, next peers and requests from all, each goes on from the other\'s data', differ.length === 0, differ.length ? differ.join(', ') : `all ${rows.length} workloads`);
  return said;
}

function table(said) {
  const name = (text) => text.padEnd(32);
  console.log(`${name('µs per invoke')}${'ours'.padStart(9)}${'native'.padStart(10)}${'wasm'.padStart(10)}${'native/'.padStart(9)}${'wasm/'.padStart(8)}${'inputs'.padStart(9)}${'outputs'.padStart(8)}${'peak'.padStart(8)}${'bar'.padStart(8)}${'native'.padStart(8)}`);
  console.log(`${name('')}${''.padStart(29)}${'ours'.padStart(9)}${'ours'.padStart(8)}${'KiB'.padStart(9)}${'KiB'.padStart(8)}${'KiB'.padStart(8)}${'KiB'.padStart(8)}${'KiB'.padStart(8)}`);
  for (const row of rows) {
    const { inputs, outputs, bytes } = row.peak ?? {};
    const memory = row.peak ? kib(inputs, 9) + kib(outputs, 8) + kib(bytes, 8) + kib(memoryBar(row.peak), 8) + kib(row.peak_native, 8) + (bytes > memoryBar(row.peak) ? ' over' : '') : '';
    console.log(name(row.name) + cell(row.us.ours, 9) + cell(row.us.native, 10) + cell(row.us.wasm, 10) + times(ratio(row, 'native'), 9) + times(ratio(row, 'wasm'), 8) + memory);
    for (const text of row.differs) console.log(`  differs: ${text}`);
  }
  const ended = rows.filter((row) => row.toEnd);
  if (ended.length) console.log('-end: all steps to the end, for ours through a session with data asked at the end; over encoded data at each step, as the original, ours takes '
    + ended.map((row) => `${row.name} ${cell(row.us.ours_by_runs, 0)} µs`).join(', '));
  console.log('');
  for (const { name: what, reached, figure } of said) console.log(`${reached ? 'reached    ' : 'not reached'}  ${what}: ${figure}`);
}

await compareAnswers();
for (const [i, row] of rows.entries()) await (row.toEnd ? measureEnd : measure)(row, i);
const more = await extras();
const said = bars(more);
for (const r of runners) r.close();
if (options.json) console.log(JSON.stringify({ rounds: ROUNDS, ms: MS, workloads: rows, ...more, bars: said }, null, 1));
else table(said);
