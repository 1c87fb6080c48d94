// original.mjs: talks with the original Marine, npm @fluencelabs/marine-js 0.13.0. It has no mounted binaries, and of its own no files:
// its WASI is given directories in memory here, so that services which keep a database start.
// Not here: what is said (conversations.mjs), ours (ours.mjs).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from '../avm/json.mjs';
import { filesOf } from './files.mjs';

const home = dirname(createRequire(import.meta.url).resolve('@fluencelabs/marine-js/marine-js.wasm'));
const { init } = await import(pathToFileURL(join(home, 'marine_js.js')));
let control;

const { WASI } = createRequire(import.meta.url)('@wasmer/wasi');
const getImports = WASI.prototype.getImports;
let dirs = []; // aliases of the directories that modules made from now on see
WASI.prototype.getImports = function (module) {
  const [[namespace, functions]] = Object.entries(getImports.call(this, module));
  const world = { // as driver.c has it
    clock_time_get: (id, precision, out) => (new DataView(this.memory.buffer).setBigUint64(out, 1700000000000000000n, true), 0),
    random_get: (ptr, len) => (new Uint8Array(this.memory.buffer, ptr, len).fill(7), 0),
  };
  return { [namespace]: filesOf(dirs, () => this.memory, { ...functions, ...world }) };
};

const NO_PARAMS = {
  particle: { id: '', init_peer_id: '', timestamp: 0, ttl: 0, script: '', signature: [], token: '' },
  service_id: '', service_creator_peer_id: '', host_id: '', worker_id: '', tetraplets: [],
};

export class Original {
  /** The same answer as Ours.start gives, kinds of errors aside. */
  async start(modules) {
    control ??= new WebAssembly.Module(readFileSync(join(home, 'marine-js.wasm')));
    this.logs = [];
    dirs = [...new Set(modules.flatMap((m) => Object.keys(m.mapped_dirs ?? {})))];
    this.instance = await init(control);
    const config = { modules_config: modules.map((m) => ({
      import_name: m.name,
      config: { logger_enabled: m.logger_enabled ?? true, logging_mask: 0x7fffffff,
                wasi: { envs: { WASM_LOG: 'off', ...m.envs }, mapped_dirs: {}, preopened_files: [] } },
    })) };
    const bytes = Object.fromEntries(modules.map((m) => [m.name, new Uint8Array(readFileSync(m.file))]));
    return this.#guard(() => { this.instance.register_module(config, bytes, (m) => this.logs.push(m)); return 'null'; });
  }

  async call(module, name, args, params) {
    return this.#guard(() => this.instance.call_module(module, name, args, { ...NO_PARAMS, ...params, particle: { ...NO_PARAMS.particle, ...params?.particle } }));
  }

  #guard(body) {
    const { log, error } = console;
    console.log = console.error = () => {}; // it tells every trap
    try {
      return { ok: true, result: parse(body()) };
    } catch (e) {
      return { ok: false, error: { message: typeof e === 'string' ? e : e?.message ?? String(e) } };
    } finally {
      Object.assign(console, { log, error });
    }
  }

  async close() {}
}
