// js.mjs: the original for JavaScript, npm @fluencelabs/marine-js 0.13.0, behind the protocol of run.mjs: one JSON command a line of standard
// input, one JSON answer each. Time is the clock's. Arguments and results are JSON texts: it has no other form.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(import.meta.dirname, '../../tests/conform/marine/original.mjs'));
const home = dirname(require.resolve('@fluencelabs/marine-js/marine-js.wasm'));
const { init } = await import(pathToFileURL(join(home, 'marine_js.js')));
const control = new WebAssembly.Module(readFileSync(join(home, 'marine-js.wasm')));
const params = { particle: { id: '', init_peer_id: '', timestamp: 0, ttl: 0, script: '', signature: [], token: '' },
  service_id: '', service_creator_peer_id: '', host_id: '', worker_id: '', tetraplets: [] };
const config = { modules_config: [{ import_name: 'bench', config: { logger_enabled: true, logging_mask: 0x7fffffff,
  wasi: { envs: { WASM_LOG: 'off' }, mapped_dirs: {}, preopened_files: [] } } }] };
let services = [];

async function start(bytes) {
  const instance = await init(control);
  instance.register_module(config, { bench: bytes }, () => {});
  return instance;
}

const call = (f, text) => services.at(-1).call_module('bench', f, text, params);
const us = (from) => (performance.now() - from) * 1000;

const commands = {
  async load({ file }) {
    const from = performance.now();
    services = [await start(new Uint8Array(readFileSync(file)))];
    return { us: us(from) };
  },
  async start({ file, count }) {
    const bytes = new Uint8Array(readFileSync(file));
    services = [];
    const before = process.memoryUsage.rss(), from = performance.now();
    for (let i = 0; i < count; i++) services.push(await start(bytes));
    return { us: us(from) / count, bytes: Math.round((process.memoryUsage.rss() - before) / count) };
  },
  answer: ({ function: f, args }) => ({ result: JSON.parse(call(f, readFileSync(args, 'utf8'))) }),
  time({ function: f, args, ms }) {
    const text = readFileSync(args, 'utf8');
    let best = Infinity;
    for (let count = 1, until = performance.now() + ms; performance.now() < until;) {
      const from = performance.now();
      for (let i = 0; i < count; i++) call(f, text);
      const one = us(from) / count;
      best = Math.min(best, one);
      count = Math.min(1000, Math.max(1, Math.floor(200 / one)));
    }
    return { us: best };
  },
};

console.log = console.error = () => {}; // it tells what it does
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await commands[command.do](command))}\n`);
}
