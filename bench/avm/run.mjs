// run.mjs: times the original interpreter (npm @fluencelabs/avm 0.62.0 as wasm under node) and ours on the same inputs in one run.
// Only the call into the interpreter is timed, not the encoding around it. Prints best and median µs of each, and the ratio of medians.
import { spawnSync } from 'node:child_process';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Original } from '../../tests/conform/avm/original.mjs';
import { workloads } from './workloads.mjs';

const BUDGET_MS = Number(process.env.BENCH_MS ?? 400);
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

const original = new Original();
let spent = 0;
const exported = original.wasm;
original.wasm = { ...exported, invoke: (...args) => {
  const start = performance.now();
  exported.invoke(...args);
  spent = performance.now() - start;
} };
const run = (air, prev, data, params, results) => {
  const out = original.invoke(air, prev, data, params, results);
  if (out.ret_code !== 0) throw new Error(`the original answers ${out.ret_code}: ${out.error_message}`);
  return out;
};
const list = workloads(run);

const theirs = list.map((w) => {
  const times = [];
  for (const start = performance.now(); times.length < 3 || performance.now() - start < BUDGET_MS;) {
    run(w.air, w.prev, w.data, w.params, w.results);
    times.push(spent * 1000);
  }
  return times;
});

const dir = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));
const file = join(dir, 'invokes');
const base64 = (b) => Buffer.from(b).toString('base64');
writeFileSync(file, list.map((w) => `${w.name}\t${JSON.stringify({
  air: w.air, prev: base64(w.prev), data: base64(w.data), call_results: w.results,
  params: { ...w.params, secret_key: base64(w.params.secret_key) },
})}\n`).join(''));
const child = spawnSync(join(process.env.BUILD, 'bench', 'bench_avm'), [file, String(BUDGET_MS)], { encoding: 'utf8', maxBuffer: 1 << 28 });
rmSync(dir, { recursive: true });
if (child.status !== 0) throw new Error(`bench_avm: ${child.stderr}`);
const ours = child.stdout.trim().split('\n').map((line) => JSON.parse(line));

const cell = (v, width) => (v < 100 ? v.toFixed(1) : String(Math.round(v))).padStart(width);
console.log(`${'µs per invoke'.padEnd(34)}${'ours best'.padStart(10)}${'median'.padStart(9)}${'theirs best'.padStart(13)}${'median'.padStart(9)}${'ratio'.padStart(8)}`);
let product = 0;
list.forEach((w, i) => {
  const ratio = median(theirs[i]) / ours[i].median_us;
  product += Math.log(ratio);
  console.log(w.name.padEnd(34) + cell(ours[i].best_us, 10) + cell(ours[i].median_us, 9) + cell(Math.min(...theirs[i]), 13) + cell(median(theirs[i]), 9) + `${ratio.toFixed(1)}x`.padStart(8));
});
console.log(`geometric mean of the ratios: ${Math.exp(product / list.length).toFixed(1)}x (node ${process.version}, avm 0.62.0 as wasm)`);
