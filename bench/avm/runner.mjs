// runner.mjs: one interpreter behind a child process: ours (ours.c), the original native (native/) or as wasm (wasm.c), all with one protocol.
// An invoke is {air, prev, data, params, results}: bytes as Uint8Array, results as {id: {ret_code, result}}. Not here: what is run, tables.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mpParse, mpWrite } from '../../tests/conform/avm/original.mjs';

const unhex = (text) => new Uint8Array(Buffer.from(text, 'hex'));
const text = (hex) => Buffer.from(hex, 'hex').toString();

function encodeResults(results) {
  const out = [0x81, 0x04];
  mpWrite(out, results);
  return Uint8Array.from(out);
}

/** The file of invokes that all runners read (its form: protocol.h). */
export function encode(list) {
  const parts = [];
  const u32 = (v) => { const b = Buffer.alloc(4); b.writeUInt32LE(v); parts.push(b); };
  const field = (v) => { const b = Buffer.from(v); u32(b.length); parts.push(b); };
  u32(list.length);
  for (const { air, prev, data, params, results } of list) {
    for (const v of [air, prev, data, encodeResults(results), params.init_peer_id, params.current_peer_id, params.particle_id, params.secret_key]) field(v);
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(BigInt(params.timestamp));
    parts.push(time);
    u32(params.ttl);
  }
  return Buffer.concat(parts);
}

export class Runner {
  #child; #ended; #waiting = []; #dir = mkdtempSync(join(tmpdir(), 'rivulet-bench-'));

  constructor(name, command, args = []) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift().done(JSON.parse(line)));
    const end = (error) => { this.#ended = error; this.#waiting.splice(0).forEach(({ fail }) => fail(error)); };
    this.#child.on('exit', (code, signal) => end(new Error(`${name} ends with ${signal ?? code}`)));
    this.#child.on('error', end);
    this.#child.stdin.on('error', () => {}); // it has ended, which is told above
  }

  ask(...words) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.#child.stdin.write(`${words.join(' ')}\n`);
    });
  }

  async load(list) {
    const file = join(this.#dir, 'invokes');
    writeFileSync(file, encode(list));
    return this.ask('load', file);
  }

  /** What invoke `index` of those loaded gives, as values. */
  async answer(index) {
    const out = await this.ask('answer', index);
    const requests = unhex(out.call_requests);
    return {
      ret_code: out.ret_code,
      error_message: text(out.error_message),
      data: unhex(out.data),
      next_peers: out.next_peers.map(text),
      call_requests: requests.length === 0 ? [] : [...mpParse(requests.subarray(2))].map(([id, request]) => ({
        id: Number(id),
        service_id: request.get('service_id'),
        function_name: request.get('function_name'),
        arguments: mpParse(request.get('arguments')),
        tetraplets: mpParse(request.get('tetraplets')),
      })).sort((a, b) => a.id - b.id),
    };
  }

  async invoke(one) {
    await this.load([one]);
    return this.answer(0);
  }

  close() {
    this.#child.stdin.end();
    rmSync(this.#dir, { recursive: true });
  }
}
