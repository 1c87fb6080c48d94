// run.mjs: the chain's figures in one table, the project's bars beside them. Each program runs alone, one after the other; what depends on one core
// is measured by the processor's time. Nothing asserts on time.
// Options: --json (a document), --quick (without the dataset of 2 GiB and with fewer offers and accounts), --only REGEX (of the parts' names).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } } });
const only = new RegExp(options.only ?? '.');
const programs = join(process.env.BUILD, 'bench');
const rivulet = process.env.RIVULET ?? join(process.env.BUILD, 'rivulet');
const accounts = options.quick ? 100_000 : 1_000_000;
const dir = mkdtempSync(join(tmpdir(), 'rivulet-bench-chain-'));
const rows = []; // { name, reached, unit, bar, ratio (above 1: the bar is reached) , note }

/** One object for each line that the program prints, by its name. */
function run(program, ...args) {
  const text = execFileSync(join(programs, program), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 });
  const out = new Map();
  for (const line of text.split('\n').filter((l) => l.startsWith('{'))) {
    const found = JSON.parse(line);
    out.set(found.name, found);
  }
  return Object.assign(out, { text });
}

const part = (name, f) => {
  if (!only.test(name)) return;
  const start = Date.now();
  if (!options.json) process.stderr.write(`  ${name} ...`);
  f();
  if (!options.json) process.stderr.write(` ${((Date.now() - start) / 1000).toFixed(0)} s\n`);
};
const row = (name, reached, unit, note = '') => rows.push({ name, reached, unit, note });
const atLeast = (name, reached, unit, bar, note = '') => rows.push({ name, reached, unit, bar, ratio: reached / bar, note });
const atMost = (name, reached, unit, bar, note = '') => rows.push({ name, reached, unit, bar: -bar, ratio: bar / reached, note });

part('blocks', () => {
  const out = run('bench_chain_apply', join(dir, 'apply'));
  for (const [name, kind] of [['transfers', 'transfers'], ['transfers of a token', 'transfers of a token'], ['proofs submitted', 'proofs submitted'], ['lives of deals', 'transactions of deals\' lives']]) {
    const f = out.get(name);
    const share = f.checked / f.recovery;
    if (name === 'transfers') {
      row('senders recovered alone', f.recovery, '/s');
      atLeast(`${kind}, signatures checked`, f.checked, '/s', 0.8 * f.recovery, `${share.toFixed(2)} of recovery alone`);
      atLeast(`${kind}, senders known`, f.known, '/s', 100_000);
    } else {
      row(`${kind}, signatures checked`, f.checked, '/s', `${share.toFixed(2)} of recovery alone`);
      row(`${kind}, senders known`, f.known, '/s');
    }
    row(`${kind}, kept in LMDB`, f.commit, '/s', 'commits alone, by the clock');
    if (name === 'lives of deals') {
      row('whole lives of deals, signatures checked', f.things_checked, '/s', `${(f.txs / f.things).toFixed(0)} transactions each: create, match, 3 workers, pay, stop, leave, withdraw`);
      row('whole lives of deals, senders known', f.things_known, '/s');
    }
  }
  for (const f of out.values()) {
    if (!f.name.startsWith('growth, ')) continue;
    const parts = ['values', 'nodes', 'blocks', 'receipts', 'indices', 'rest'].filter((k) => Math.abs(f[k]) >= 0.5).map((k) => `${k} ${f[k].toFixed(0)}`);
    row(`stays in LMDB: ${f.name.slice(8)}`, f.all, 'bytes', parts.join(', '));
  }
});

part('matching', () => {
  const { text } = run('chain_match_bench', ...(options.quick ? ['10000'] : []));
  const listed = /(\d+) offers listed in ([\d.]+) s/.exec(text);
  row(`${Number(listed[1]).toLocaleString('en')} offers made, committed, listed`, listed[1] / listed[2], '/s', 'each a provider, five calls');
  const since = text.split(/^(\d+ offers left the front).*$/m); // before, what happened, after
  for (const [i, lines] of [since[0], since[2] ?? ''].entries())
    for (const [, what, units, median, mean, , p99, worst] of lines.matchAll(/^(.+?)\s+([\d.]+) units a deal, median ([\d.]+) ms, mean ([\d.]+) ms,( 99% below ([\d.]+) ms,)? worst ([\d.]+) ms/gm))
      atMost(`match: ${what}${i ? `, after ${since[1]} in one block` : ''}`, Number(median), 'ms', 1, `mean ${mean}${p99 ? `, 99 % ${p99}` : ''}, worst ${worst}; ${units} units a deal`);
});

part('accounts on disk', () => {
  const cache = join(process.env.BUILD, 'bench', `chain-${accounts}-accounts`);
  const version = join(cache, 'data.mdb');
  if (!existsSync(version) || statSync(version).mtimeMs < statSync(join(programs, 'bench_chain_serve')).mtimeMs) rmSync(cache, { recursive: true, force: true });
  if (!existsSync(cache)) {
    mkdirSync(cache, { recursive: true });
    const g = run('bench_chain_serve', 'genesis', cache, String(accounts)).get('genesis');
    row(`genesis of ${accounts.toLocaleString('en')} accounts into LMDB`, g.seconds, 's', `${g.peak_mib} MiB at most, ${g.before_mib} of them the list itself; ${(statSync(version).size / 2 ** 20).toFixed(0)} MiB on disk`);
  }
  const s = run('bench_chain_serve', 'start', rivulet, cache, '15').get('start');
  atMost(`from exec to the first answer, ${accounts.toLocaleString('en')} accounts`, s.median_ms, 'ms', 50, `best ${s.best_ms}, worst ${s.worst_ms}; ${s.peak_mib} MiB`);
  const small = run('bench_chain_serve', 'start', rivulet, join(dir, 'start'), '15').get('start');
  row('the same, ten accounts', small.median_ms, 'ms', `best ${small.best_ms}, worst ${small.worst_ms}`);
});

part('HTTP', () => {
  for (const f of run('bench_chain_serve', 'http', rivulet, join(dir, 'http')).values()) row(`HTTP, one connection: ${f.name}`, f.rate, '/s');
});

part('proofs', () => {
  const out = run('proof_proof_bench', '--json', ...(options.quick ? [] : ['full']));
  const checked = out.get('proofs checked');
  row('capacity proofs checked, light mode', checked.rate, '/s', `a new key ${checked.key_s.toFixed(2)} s`);
  for (const how of ['cache alone', 'dataset']) {
    const f = out.get(`search, ${how}`);
    if (f) atLeast(`search, ${how}, beside the library's own loop`, f.ratio, 'x', 0.98, `${f.rate.toFixed(1)} hashes/s a core`);
  }
  const filled = out.get('dataset filled');
  if (filled) row('dataset of 2 GiB filled by one core', filled.seconds, 's', `by the library alone ${filled.library_s} s`);
});

rmSync(dir, { recursive: true, force: true });

if (options.json) {
  console.log(JSON.stringify({ cores: cpus().length, processor: cpus()[0]?.model, rows }, null, 2));
} else {
  const number = (v) => (Math.abs(v) >= 1000 ? Math.round(v).toLocaleString('en') : v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2));
  const width = Math.max(...rows.map((r) => r.name.length));
  console.log(`${'what'.padEnd(width)}  ${'reached'.padStart(10)}        ${'bar'.padStart(10)}  ratio`);
  for (const r of rows) {
    const bar = r.bar === undefined ? '' : `${r.bar < 0 ? '<= ' : '>= '}${number(Math.abs(r.bar))}`;
    console.log(`${r.name.padEnd(width)}  ${number(r.reached).padStart(10)} ${r.unit.padEnd(5)}  ${bar.padStart(10)}  ${r.ratio === undefined ? '     ' : r.ratio.toFixed(2).padStart(5)}  ${r.note}`.trimEnd());
  }
  const missed = rows.filter((r) => r.ratio < 1).map((r) => r.name);
  console.log(missed.length ? `bars missed: ${missed.join('; ')}` : 'all bars reached (a ratio of 1 or more)');
}
