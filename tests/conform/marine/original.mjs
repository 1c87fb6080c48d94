// original.mjs: talks with the original Marine, npm @fluencelabs/marine-js 0.13.0. It has no files and no mounted binaries.
// Not here: what is said (conversations.mjs), ours (ours.mjs).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from '../avm/json.mjs';

const home = dirname(createRequire(import.meta.url).resolve('@fluencelabs/marine-js/marine-js.wasm'));
const { init } = await import(pathToFileURL(join(home, 'marine_js.js')));
let control;

const NO_PARAMS = {
  particle: { id: '', init_peer_id: '', timestamp: 0, ttl: 0, script: '', signature: [], token: '' },
  service_id: '', service_creator_peer_id: '', host_id: '', worker_id: '', tetraplets: [],
};

export class Original {
  /** The same answer as Ours.start gives, kinds of errors aside. */
  async start(modules) {
    control ??= new WebAssembly.Module(readFileSync(join(home, 'marine-js.wasm')));
    this.logs = [];
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
    try {
      return { ok: true, result: parse(body()) };
    } catch (e) {
      return { ok: false, error: { message: typeof e === 'string' ? e : e?.message ?? String(e) } };
    }
  }

  async close() {}
}
