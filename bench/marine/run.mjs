// run.mjs: our Marine, the original native (crate marine-runtime 0.37, Wasmtime 13) and the original for JavaScript (npm marine-js 0.13.0 in
// node) with the same modules and arguments in one run, in rounds that take turns. A figure is the best of all rounds. Answers are compared
// before anything is timed. Prints a table (--json: a document), then which of the project's bars are reached; nothing asserts on time.
// Options: --rounds N, --ms N (of each runner, call and round), --json.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { rounds: { type: 'string' }, ms: { type: 'string' }, json: { type: 'boolean' } } });
const ROUNDS = Number(options.rounds ?? 5);
const MS = Number(options.ms ?? process.env.BENCH_MS ?? 60);
const here = import.meta.dirname;
const root = join(here, '..', '..');
const oracles = join(root, '.deps', 'oracles');
const dir = mkdtempSync(join(tmpdir(), 'rivulet-bench-marine-'));

class Runner {
  #child; #waiting = []; #ended;

  constructor(name, command, args = []) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift().done(JSON.parse(line)));
    const end = (error) => { this.#ended = error; this.#waiting.splice(0).forEach(({ fail }) => fail(error)); };
    this.#child.on('exit', (code, signal) => end(new Error(`${name} ends with ${signal ?? code}`)));
    this.#child.on('error', end);
    this.#child.stdin.on('error', () => {}); // it has ended, which is told above
  }

  ask(what, more = {}) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.#child.stdin.write(`${JSON.stringify({ do: what, ...more })}\n`);
    });
  }

  close() { this.#child.stdin.end(); }
}

const ours = new Runner('ours', join(process.env.BUILD, 'bench', 'bench_marine'));
const made = join(oracles, 'marine-native');
const native = existsSync(join(made, 'marine-native')) ? new Runner('native', join(made, 'marine-native')) : undefined; // else its column stays empty
const js = new Runner('js', process.execPath, [join(here, 'js.mjs')]);
const runners = [ours, native, js].filter(Boolean);

// ---- modules and arguments ----

async function build() {
  const [raw, file] = [join(dir, 'raw.wasm'), join(dir, 'bench.wasm')];
  execFileSync('clang-14', ['--target=wasm32-wasi', '-O2', '-mexec-model=reactor', '-Wl,--strip-all', '-Wl,--stack-first',
    '-I', join(root, 'sdk', 'c'), join(here, 'module.c'), '-o', raw]);
  await ours.ask('embed', { file: raw, out: file });
  return file;
}

const bytes = Array.from({ length: 1 << 20 }, (_, i) => (i * 131) & 255);
const text = 'abcdefgh'.repeat(1 << 17);
const items = Array.from({ length: 100 }, (_, i) => ({ name: `item number ${i}`, id: i * 1000, hash: bytes.slice(i, i + 32), tags: ['first', 'second', `tag ${i}`] }));
const argsFile = (name, args) => { const file = join(dir, `${name}.json`); writeFileSync(file, JSON.stringify(args)); return file; };

const calls = [
  ['empty call', 'nothing', []],
  ['a greeting', 'greeting', ['Ada']],
  ['string echoed', 'echo_string', ['some text']],
  ['1 MiB of text echoed', 'echo_string', [text]],
  ['1 MiB of bytes echoed', 'echo_bytes', [bytes]],
  ['100 records echoed', 'echo_items', [items]],
].map(([name, f, args], i) => ({ name, function: f, args: argsFile(`call${i}`, args) }));
/** From and to: values of the interface, trees of JSON, texts of JSON. JavaScript's has texts alone. */
const forms = ['values', 'tree', 'text'];
const has = (runner, how) => runner !== js || how === 'text';

const interpreter = join(oracles, 'air-interpreter-wasm.wasm');
const published = join(made, 'records_passing_effector_renamed.wasm'); // Rust, 79 KiB; in the crate marine-runtime
const modules = [
  { name: `${existsSync(published) ? '79 KiB module of Rust' : 'bench module'}`, file: existsSync(published) ? published : undefined, rounds: 5, count: 20 },
  { name: '5.7 MiB interpreter', file: interpreter, rounds: 2 },
];

// ---- the answers first ----

const same = (v) => (Array.isArray(v) ? v.map(same) : v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, same(v[k])])) : v);

async function compareAnswers(file) {
  const differs = [];
  for (const r of runners) await r.ask('load', { file, cache: '' });
  for (const c of calls) {
    const answers = [];
    for (const r of runners)
      for (const how of r === ours ? forms : ['text'])
        answers.push({ from: `${r.name} (${how})`, text: JSON.stringify(same((await r.ask('answer', { ...c, how })).result)) });
    for (const a of answers) if (a.text !== answers[0].text) differs.push(`${c.name}: ${a.from} answers ${a.text.slice(0, 80)}, ${answers[0].from} ${answers[0].text.slice(0, 80)}`);
  }
  const ast = argsFile('ast', ['(call "peer" ("service" "function") [1 "two"] x)']);
  const trees = [];
  for (const r of runners) {
    await r.ask('load', { file: interpreter, cache: '' });
    trees.push(JSON.stringify((await r.ask('answer', { function: 'ast', args: ast, how: 'text' })).result));
  }
  if (trees.some((t) => t !== trees[0])) differs.push('the interpreter answers differently');
  return differs;
}

// ---- figures ----

const least = (row, key, v) => { row[key] = Math.min(row[key] ?? Infinity, v); };

async function measureCalls(file) {
  const rows = calls.flatMap((c) => forms.map((how) => ({ name: c.name, how, us: {}, c })));
  for (const r of runners) await r.ask('load', { file, cache: '' });
  for (let round = 0; round < ROUNDS; round++)
    for (const row of rows)
      for (const r of runners) if (has(r, row.how)) least(row.us, r.name, (await r.ask('time', { ...row.c, how: row.how, ms: MS })).us);
  return rows.map(({ c, ...row }) => row);
}

/** Cold: compiled and started. Ours also from its cache: hashed whole, and known by its stamp. */
async function measureLoads() {
  const rows = [];
  for (const m of modules) {
    const row = { name: m.name, us: {} };
    const cache = join(dir, `cache-${rows.length}`);
    mkdirSync(cache, { mode: 0o700 });
    await ours.ask('load', { file: m.file, cache });
    await new Promise((done) => setTimeout(done, 2500)); // a file that was just written is not known by its stamp
    for (let i = 0; i < m.rounds; i++) {
      for (const r of runners) least(row.us, r.name, (await r.ask('load', { file: m.file, cache: '' })).us);
      for (let k = 0; k < 20; k++) {
        for (const f of readdirSync(cache)) if (f.endsWith('.known')) rmSync(join(cache, f));
        const checked = await ours.ask('load', { file: m.file, cache });
        const known = await ours.ask('load', { file: m.file, cache });
        if (checked.cached !== 'checked' || known.cached !== 'known') throw new Error(`the cache gives ${checked.cached}, ${known.cached}`);
        least(row, 'checked_us', checked.us);
        least(row, 'known_us', known.us);
        least(row, 'known_module_us', known.module_us);
      }
    }
    rows.push(row);
  }
  return rows;
}

/** The same module many times. The original compiles each time, so it gets fewer. */
async function measureIdle(files) {
  const rows = [];
  for (const [name, file] of files) {
    const row = { name, us: {}, bytes: {} };
    for (let i = 0; i < 3; i++) {
      const got = await ours.ask('start', { file, count: 1000 });
      least(row.us, 'ours', got.us);
      row.bytes.ours = got.bytes;
    }
    for (const r of runners.slice(1)) {
      const got = await r.ask('start', { file, count: 20 });
      row.us[r.name] = got.us;
      row.bytes[r.name] = got.bytes;
    }
    rows.push(row);
  }
  return rows;
}

async function measureRoot(file) {
  await ours.ask('load', { file, cache: '' });
  return ours.ask('root', { function: 'touch', args: argsFile('touch', [3]), how: 'tree' });
}

// ---- what is said ----

const cell = (us, width = 11) => (us === undefined ? '-' : us < 10 ? us.toFixed(2) : us < 1000 ? us.toFixed(1) : String(Math.round(us))).padStart(width);
const ratio = (row, name) => (row.us[name] === undefined ? '-' : `${(row.us[name] / row.us.ours).toFixed(1)}x`).padStart(9);
/** Less than nothing: memory that was freed before was used again. */
const kib = (b) => (b === undefined || b < 0 || b > 2 ** 40 ? '-' : (b / 1024).toFixed(1)).padStart(11);

function bars({ rows, loads, idle, root: state }) {
  const said = [];
  const bar = (name, reached, figure) => said.push({ name, reached, figure });
  const row = (name, how) => rows.find((r) => r.name === name && r.how === how);
  const text1 = row('string echoed', 'values');
  bar('string call at most 1 µs', text1.us.ours <= 1, `${text1.us.ours.toFixed(2)} µs through values, ${row('string echoed', 'text').us.ours.toFixed(2)} through texts of JSON`);
  if (text1.us.native) {
    const times = ['values', 'tree', 'text'].map((how) => row('string echoed', how)).map((r) => r.us.native / r.us.ours);
    bar('string call at least 50x the native original', times[0] >= 50, `${times.map((t) => `${t.toFixed(0)}x`).join(', ')} by values, trees, texts`);
  }
  const mib = (how) => row('1 MiB of bytes echoed', how).us.ours / 1000;
  bar('1 MiB of bytes echoed at most 0.5 ms by values', mib('values') <= 0.5, `${mib('values').toFixed(3)} ms`);
  bar('1 MiB of bytes echoed at most 15 ms through JSON', mib('text') <= 15, `${mib('text').toFixed(2)} ms as text, ${mib('tree').toFixed(2)} ms as a tree`);
  const load = loads.at(-1);
  bar('cached load of 6 MB at most 2 ms', load.known_us <= 2000, `${(load.known_us / 1000).toFixed(2)} ms with its service started (the module ${(load.known_module_us / 1000).toFixed(2)} ms), ${(load.checked_us / 1000).toFixed(2)} ms when all is hashed again (once an hour)`);
  for (const r of idle) {
    bar(`1,000 services at most 300 ms: ${r.name}`, r.us.ours <= 300, `${r.us.ours.toFixed(0)} ms`);
    bar(`memory of an idle service at most 64 KiB: ${r.name}`, r.bytes.ours <= 65536, `${(r.bytes.ours / 1024).toFixed(1)} KiB`);
  }
  return said;
}

function print(all) {
  const { rows, loads, idle, fuel, root: state, bars: said, differs } = all;
  const head = (name) => `${name.padEnd(34)}${'ours'.padStart(11)}${'native'.padStart(11)}${'js'.padStart(11)}${'native/'.padStart(9)}${'js/'.padStart(9)}`;
  const line = (name, row) => console.log(name.padEnd(34) + ['ours', 'native', 'js'].map((r) => cell(row.us[r])).join('') + ratio(row, 'native') + ratio(row, 'js'));
  console.log(head('µs per call'));
  for (const row of rows) line(`${row.name}, ${row.how}`, row);
  console.log(`\n${head('µs from file to service')}`);
  for (const row of loads) {
    line(`${row.name}, cold`, row);
    console.log(`${'  from the cache, hashed again'.padEnd(34)}${cell(row.checked_us)}\n${'  from the cache, known'.padEnd(34)}${cell(row.known_us)}`);
  }
  console.log(`\n${head('a service more of the same module')}`);
  for (const row of idle) {
    line(`${row.name}, µs`, row);
    console.log('  KiB of memory'.padEnd(34) + ['ours', 'native', 'js'].map((r) => kib(row.bytes[r])).join(''));
  }
  console.log('\nwhat metering costs: a million rounds, µs'.padEnd(46) + ['bare', '+ NaN', '+ fuel', '+ epochs'].map((t) => t.padStart(10)).join(''));
  for (const w of fuel.work) console.log(`  ${w.name}`.padEnd(45) + [w.bare_us, w.nan_us, w.fuel_us, w.all_us].map((v) => cell(v, 10)).join('') + `   ${((w.all_us / w.bare_us - 1) * 100).toFixed(0)} % in all`);
  console.log(state ? `\nroot of a 64 MiB state, µs: first ${cell(state.first_us, 0)}, unchanged ${cell(state.same_us, 0)}, after a call that wrote to 3 pages ${cell(state.changed_us, 0)} (${state.hashed} of ${state.chunks} chunks hashed)` : '');
  console.log('');
  for (const text of differs) console.log(`differs      ${text}`);
  for (const { name: what, reached, figure } of said) console.log(`${reached ? 'reached    ' : 'not reached'}  ${what}: ${figure}`);
}

try {
  const file = await build();
  modules[0].file ??= file;
  const differs = await compareAnswers(file);
  const all = { rounds: ROUNDS, ms: MS, differs, rows: await measureCalls(file), loads: await measureLoads(),
    idle: await measureIdle([['bench module of C', file], ...(modules[0].file === file ? [] : [[modules[0].name, modules[0].file]])]),
    fuel: await ours.ask('fuel', { file }), root: await measureRoot(file) };
  all.bars = bars(all);
  if (options.json) console.log(JSON.stringify(all, null, 1));
  else print(all);
  if (differs.length) process.exitCode = 1;
} finally {
  for (const r of runners) r.close();
  rmSync(dir, { recursive: true });
}
