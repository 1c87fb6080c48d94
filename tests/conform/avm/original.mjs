// original.mjs: calls the original interpreter (npm @fluencelabs/avm, avm.wasm) through its own exports.
// Not here: networks of peers (network.mjs). ABI and formats: docs/spec/air.md 2.1, 2.2.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Num, parse } from './json.mjs';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { ignoreBOM: true });
export const DEFAULT_LIMITS = {
  air_size_limit: 16 << 20,
  particle_size_limit: 64 << 20,
  call_result_size_limit: 32 << 20,
  hard_limit_enabled: false,
};

/** Which original: 0.62 (npm @fluencelabs/avm 0.62.0) or 0.64 (crate air-interpreter-wasm 0.64.1, brought by tools/setup-oracles). */
export const VERSION = process.env.AVM_VERSION ?? '0.62';

function wasmPath() {
  if (VERSION === '0.64') {
    const path = join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..', '..', '..', '.deps', 'oracles', 'air-interpreter-wasm.wasm');
    if (!existsSync(path)) throw new Error('the original AquaVM 0.64.1 is not there: run tools/setup-oracles (make test does)');
    return path;
  }
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('@fluencelabs/avm/package.json')), 'dist', 'avm.wasm');
}

let compiled;
/** One instance of the original interpreter. A trap leaves an instance unusable: make a new one. */
export class Original {
  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(process.env.AVM_WASM ?? wasmPath()));
    this.reset();
  }

  reset() {
    const memory = () => new DataView(this.wasm.memory.buffer);
    const wasi = {
      clock_time_get: (id, precision, out) => (memory().setBigUint64(out, 0n, true), 0),
      random_get: (ptr, len) => (new Uint8Array(this.wasm.memory.buffer, ptr, len).fill(7), 0),
      environ_get: () => 0,
      environ_sizes_get: (count, size) => (memory().setUint32(count, 0, true), memory().setUint32(size, 0, true), 0),
      sched_yield: () => 0,
      proc_exit: (code) => { throw new Error(`the interpreter exits with ${code}`); },
      fd_write: (fd, iovs, count, written) => {
        let total = 0;
        for (let i = 0; i < count; i++) {
          const ptr = memory().getUint32(iovs + i * 8, true);
          const len = memory().getUint32(iovs + i * 8 + 4, true);
          if (fd === 2) this.stderr += text.decode(new Uint8Array(this.wasm.memory.buffer, ptr, len));
          total += len;
        }
        memory().setUint32(written, total, true);
        return 0;
      },
    };
    this.stderr = '';
    const instance = new WebAssembly.Instance(compiled, {
      wasi_snapshot_preview1: wasi,
      __marine_host_api_v3: { log_utf8_string: () => {} },
    });
    this.wasm = instance.exports;
    (this.wasm._initialize ?? this.wasm._start)();
  }

  /** Copies bytes in; the callee owns them. */
  #give(bytes) {
    if (bytes.length === 0) return [0, 0];
    const ptr = this.wasm.allocate(bytes.length, 1);
    new Uint8Array(this.wasm.memory.buffer, ptr, bytes.length).set(bytes);
    return [ptr, bytes.length];
  }

  #take(ptr, len) {
    return new Uint8Array(this.wasm.memory.buffer, ptr, len).slice();
  }

  #guard(body) {
    try {
      return body();
    } catch (error) {
      const stderr = this.stderr;
      this.reset();
      throw new Error(`the original trapped: ${error.message} ${stderr}`.trim());
    }
  }

  #textFunction(name, input) {
    return this.#guard(() => {
      this.wasm[name](...this.#give(input));
      const out = text.decode(this.#take(this.wasm.get_result_ptr(), this.wasm.get_result_size()));
      this.wasm.release_objects();
      return out;
    });
  }

  /** The tree as a value, or {error: text}. */
  ast(script) {
    const out = this.#textFunction('ast', utf8.encode(script));
    try {
      return { tree: parse(out) };
    } catch {
      return { error: out };
    }
  }

  /** Data in readable form, as a value. */
  decode(data) {
    const out = this.#textFunction('to_human_readable_data', data);
    try {
      return parse(out);
    } catch {
      throw new Error(`the original cannot show data: ${out}`);
    }
  }

  /**
   * One run. params has the names of docs/spec/scenarios.md 4, secret_key as bytes; results is
   * {id: {ret_code, result}}. Gives the outcome with bytes as Uint8Array and call requests as values.
   */
  invoke(air, prev, data, params, results) {
    return this.#guard(() => {
      const p = { key_format: 0, ...DEFAULT_LIMITS, ...params };
      const record = [];
      const u32 = (v) => record.push(v & 255, (v >>> 8) & 255, (v >>> 16) & 255, (v >>> 24) & 255);
      const u64 = (v) => { const b = BigInt(v); u32(Number(b & 0xffffffffn)); u32(Number(b >> 32n)); };
      const bytes = (v) => this.#give(v).forEach(u32);
      bytes(utf8.encode(p.init_peer_id));
      bytes(utf8.encode(p.current_peer_id));
      u64(p.timestamp);
      u32(p.ttl);
      record.push(p.key_format);
      bytes(p.secret_key);
      bytes(utf8.encode(p.particle_id));
      u64(p.air_size_limit);
      u64(p.particle_size_limit);
      u64(p.call_result_size_limit);
      record.push(p.hard_limit_enabled ? 1 : 0);
      const [params_ptr] = this.#give(Uint8Array.from(record));
      this.wasm.invoke(...this.#give(utf8.encode(air)), ...this.#give(prev), ...this.#give(data), params_ptr,
        ...this.#give(encodeCallResults(results)));
      const at = this.wasm.get_result_ptr();
      const view = new DataView(this.wasm.memory.buffer);
      const slice = (offset) => this.#take(view.getUint32(at + offset, true), view.getUint32(at + offset + 4, true));
      const peers = view.getUint32(at + 24, true);
      const out = {
        ret_code: Number(view.getBigInt64(at, true)),
        error_message: text.decode(slice(8)),
        data: slice(16),
        next_peer_pks: Array.from({ length: view.getUint32(at + 28, true) }, (_, i) => text.decode(
          this.#take(view.getUint32(peers + i * 8, true), view.getUint32(peers + i * 8 + 4, true)))),
        call_requests: decodeCallRequests(slice(32)),
        air_size_limit_exceeded: view.getUint8(at + 40) !== 0,
        particle_size_limit_exceeded: view.getUint8(at + 41) !== 0,
        call_result_size_limit_exceeded: view.getUint8(at + 42) !== 0,
      };
      this.wasm.release_objects();
      return out;
    });
  }
}

// ---- MessagePack: only what crosses this border ----

export function mpWrite(out, value) {
  const str = (s) => {
    const b = utf8.encode(s);
    if (b.length < 32) out.push(0xa0 | b.length);
    else out.push(0xdb, b.length >>> 24, (b.length >>> 16) & 255, (b.length >>> 8) & 255, b.length & 255);
    for (const c of b) out.push(c);
  };
  if (typeof value === 'string') return str(value);
  if (typeof value === 'number') { // i32
    out.push(0xd2, (value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
    return;
  }
  if (value instanceof Uint8Array) {
    out.push(0xc6, value.length >>> 24, (value.length >>> 16) & 255, (value.length >>> 8) & 255, value.length & 255);
    for (const c of value) out.push(c);
    return;
  }
  const keys = Object.keys(value);
  out.push(0xdf, keys.length >>> 24, (keys.length >>> 16) & 255, (keys.length >>> 8) & 255, keys.length & 255);
  for (const key of keys) { str(key); mpWrite(out, value[key]); }
}

function encodeCallResults(results) {
  const out = [0x81, 0x04];
  mpWrite(out, Object.fromEntries(Object.entries(results ?? {}).map(
    ([id, { ret_code, result }]) => [id, { ret_code, result }])));
  return Uint8Array.from(out);
}

/** As Rust prints it (ryu): the same digits as JavaScript's, but another border to exponents. */
export function formOfFloat(v) {
  if (v === 0) return Object.is(v, -0) ? '-0.0' : '0.0';
  const [mantissa, exponent] = Math.abs(v).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = Number(exponent) + 1; // the decimal point stands before digits[point]
  const sign = v < 0 ? '-' : '';
  if (point >= digits.length && point <= 16) return `${sign}${digits}${'0'.repeat(point - digits.length)}.0`;
  if (point > 0 && point <= 16) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -5 && point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${point - 1}`;
}

/** Reads one value at r.at. Maps become Map objects, numbers Num. */
export function mpRead(r) {
  const view = r.view;
  const head = view.getUint8(r.at++);
  const take = (n) => { const b = r.bytes.subarray(r.at, r.at + n); r.at += n; return b; };
  const num = (n, get) => { const v = get(r.at); r.at += n; return v; };
  const u8 = () => num(1, (a) => view.getUint8(a));
  const u16 = () => num(2, (a) => view.getUint16(a));
  const u32 = () => num(4, (a) => view.getUint32(a));
  const list = (n) => Array.from({ length: n }, () => mpRead(r));
  const map = (n) => { const m = new Map(); for (let i = 0; i < n; i++) { const k = mpRead(r); m.set(k instanceof Num ? k.form : k, mpRead(r)); } return m; };
  if (head < 0x80) return new Num(String(head));
  if (head >= 0xe0) return new Num(String(head - 256));
  if (head < 0x90) return map(head & 15);
  if (head < 0xa0) return list(head & 15);
  if (head < 0xc0) return text.decode(take(head & 31));
  switch (head) {
    case 0xc0: return null;
    case 0xc2: return false;
    case 0xc3: return true;
    case 0xc4: return take(u8()).slice();
    case 0xc5: return take(u16()).slice();
    case 0xc6: return take(u32()).slice();
    case 0xca: return new Num(formOfFloat(num(4, (a) => view.getFloat32(a))));
    case 0xcb: return new Num(formOfFloat(num(8, (a) => view.getFloat64(a))));
    case 0xcc: return new Num(String(u8()));
    case 0xcd: return new Num(String(u16()));
    case 0xce: return new Num(String(u32()));
    case 0xcf: return new Num(String(num(8, (a) => view.getBigUint64(a))));
    case 0xd0: return new Num(String(num(1, (a) => view.getInt8(a))));
    case 0xd1: return new Num(String(num(2, (a) => view.getInt16(a))));
    case 0xd2: return new Num(String(num(4, (a) => view.getInt32(a))));
    case 0xd3: return new Num(String(num(8, (a) => view.getBigInt64(a))));
    case 0xd9: return text.decode(take(u8()));
    case 0xda: return text.decode(take(u16()));
    case 0xdb: return text.decode(take(u32()));
    case 0xdc: return list(u16());
    case 0xdd: return list(u32());
    case 0xde: return map(u16());
    case 0xdf: return map(u32());
    default: throw new Error(`MessagePack byte ${head}`);
  }
}

export function mpParse(bytes) {
  return mpRead({ bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 });
}

function decodeCallRequests(bytes) {
  if (bytes.length === 0) return {};
  if (bytes[0] !== 0x81 || bytes[1] !== 0x04) throw new Error('call requests in an unknown codec');
  const out = {};
  for (const [id, request] of mpParse(bytes.subarray(2)))
    out[id] = {
      service_id: request.get('service_id'),
      function_name: request.get('function_name'),
      arguments: mpParse(request.get('arguments')),
      tetraplets: mpParse(request.get('tetraplets')).map((list) => list.map(Object.fromEntries)),
    };
  return out;
}
