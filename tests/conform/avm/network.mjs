// network.mjs: AIR scenarios (docs/spec/scenarios.md 1) played with any interpreter for each peer: the original, or ours as a child process.
// The counterpart of src/sim/scenario.c, written apart from it. Run: node network.mjs FILE prints the original's document.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DEFAULT_LIMITS, Original, VERSION, formOfFloat, mpParse } from './original.mjs';
import { Num, num, parse, stringify } from './json.mjs';

// ---- names ----

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export function base58(bytes) {
  let n = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  let out = '';
  for (; n > 0n; n /= 58n) out = ALPHABET[Number(n % 58n)] + out;
  for (const b of bytes) { if (b !== 0) break; out = `1${out}`; }
  return out;
}

export function unbase58(text) {
  let n = 0n;
  for (const c of text) n = n * 58n + BigInt(ALPHABET.indexOf(c));
  let hex = n === 0n ? '' : n.toString(16);
  if (hex.length % 2) hex = `0${hex}`;
  return Buffer.concat([Buffer.alloc(/^1*/.exec(text)[0].length), Buffer.from(hex, 'hex')]);
}

const known = new Map();

export function peerOf(name) {
  if (!known.has(name)) known.set(name, makePeer(name));
  return known.get(name);
}

function makePeer(name) {
  const seed = createHash('sha256').update(`simnet-peer:${name}`).digest();
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8',
  });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = base58(Buffer.concat([Buffer.from('002408011220', 'hex'), publicKey]));
  return { name, seed, publicKey, id };
}

// ---- randomness ----

/** riv_prng of src/base: xoshiro256** from splitmix64; below(n) takes the same numbers as riv_prng_below. */
export class Prng {
  constructor(seed) {
    const mask = (1n << 64n) - 1n;
    let x = BigInt(seed);
    this.s = Array.from({ length: 4 }, () => {
      x = (x + 0x9e3779b97f4a7c15n) & mask;
      let z = x;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
      return z ^ (z >> 31n);
    });
  }

  #next() {
    const mask = (1n << 64n) - 1n;
    const rotl = (v, n) => ((v << n) | (v >> (64n - n))) & mask;
    const s = this.s;
    const out = (rotl((s[1] * 5n) & mask, 7n) * 9n) & mask;
    const t = (s[1] << 17n) & mask;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t;
    s[3] = rotl(s[3], 45n);
    return out;
  }

  below(bound) {
    const n = BigInt(bound);
    const max = (1n << 64n) - 1n;
    const limit = max - max % n;
    let v;
    do v = this.#next(); while (v >= limit);
    return Number(v % n);
  }
}

// ---- interpreters ----

/** A command of ours that answers each line with a line. command is a list of words. */
export class Lines {
  constructor(command, args) {
    this.child = spawn(command[0], [...command.slice(1), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    this.child.on('exit', (code, signal) => this.#fail(new Error(`our interpreter ended (${signal ?? code})`)));
    this.child.on('error', (error) => this.#fail(error));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift()?.resolve(line));
  }

  #fail(error) {
    this.dead = error;
    for (const w of this.waiting.splice(0)) w.reject(error);
  }

  async ask(line) {
    if (this.dead) throw this.dead;
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.child.stdin.write(`${line}\n`);
    });
  }

  close() { this.child.removeAllListeners('exit'); this.child.stdin.end(); }
}

/** Our simulator: a scenario's text in, its document out. */
export class Simulator extends Lines {
  constructor(command, args = []) { super(command, ['sim', '-', '--lines', '--avm-version', VERSION, ...args]); }

  async run(scenarioText) {
    const doc = parse(await this.ask(stringify(parse(scenarioText)))); // on one line
    if (doc.error) throw new Error(`rivulet sim: ${doc.error}`);
    return doc;
  }
}

/** Ours, as `rivulet air invoke`. */
export class Ours extends Lines {
  constructor(command) { super(command, ['air', 'invoke', '--avm-version', VERSION]); }

  async invoke(air, prev, data, params, results) {
    const request = {
      air, prev: Buffer.from(prev).toString('base64'), data: Buffer.from(data).toString('base64'),
      params: { ...params, secret_key: Buffer.from(params.secret_key).toString('base64') }, call_results: results ?? {},
    };
    const line = await this.ask(JSON.stringify(request));
    const out = parse(line);
    if (out.ret_code === undefined) throw new Error(`our interpreter: ${line.slice(0, 300)}`);
    return { ...out, ret_code: Number(out.ret_code.form), data: Buffer.from(out.data, 'base64') };
  }
}

// ---- services ----

const ANSWERS = ['echo', 'args', 'const', 'error', 'raw', 'who', 'sum', 'tetraplets', 'range', 'list'];
const text = (v) => stringify(v);

function answer(rule, call) {
  const kind = ANSWERS.find((k) => k in rule);
  const v = rule[kind];
  const good = (value) => ({ ret_code: 0, result: text(value) });
  switch (kind) {
    case 'echo': {
      const n = Number(v.form);
      return n < call.args.length ? good(call.args[n]) : { ret_code: 1, result: '"no argument to echo"' };
    }
    case 'args': return good(call.args);
    case 'const': return good(v);
    case 'error': return { ret_code: Number(v[0].form), result: text(v[1]) };
    case 'raw': return { ret_code: Number(rule.ret_code?.form ?? 0), result: v };
    case 'who': return good(call.peer.name);
    case 'sum': {
      const numbers = call.args.filter((a) => a instanceof Num);
      if (numbers.some((n) => n.isFloat)) {
        const sum = numbers.reduce((s, n) => s + Number(n.form), 0);
        return { ret_code: 0, result: formOfFloat(sum) };
      }
      return { ret_code: 0, result: String(numbers.reduce((s, n) => s + BigInt(n.form), 0n)) };
    }
    case 'tetraplets': return good(call.tetraplets);
    case 'range': return good(Array.from({ length: Number(v.form) }, (_, i) => num(i)));
    case 'list': {
      const at = Math.min(rule.used ?? 0, v.length - 1);
      rule.used = (rule.used ?? 0) + 1;
      return answer(v[at], call);
    }
    default: throw new Error('a rule without an answer');
  }
}

function answerCall(rules, call) {
  const any = (pattern, ...values) => pattern === undefined || pattern === '*' || values.includes(pattern);
  const rule = rules.find((r) => any(r.peer, call.peer.name, call.peer.id) && any(r.service, call.service) && any(r.function, call.function));
  return rule ? answer(rule, call) : { ret_code: 1, result: JSON.stringify(`no service ${call.service} ${call.function}`) };
}

// ---- tampering ----

function envelopeOf(data) {
  const map = mpParse(data);
  return { version: map.get('version'), interpreter_version: map.get('interpreter_version'), inner: Buffer.from(map.get('inner_data')) };
}

function writeEnvelope(e, without) {
  const str = (s) => { const b = Buffer.from(s); return Buffer.concat([b.length < 32 ? Buffer.from([0xa0 | b.length]) : Buffer.from([0xd9, b.length]), b]); };
  const bin = (b) => { const head = Buffer.alloc(5); head[0] = 0xc6; head.writeUInt32BE(b.length, 1); return Buffer.concat([head, b]); };
  const parts = [['version', str(e.version)], ['interpreter_version', str(e.interpreter_version)], ['inner_data', bin(e.inner)]]
    .filter(([key]) => key !== without);
  return Buffer.concat([Buffer.from([0x80 | parts.length]), ...parts.flatMap(([key, value]) => [str(key), value])]);
}

function replaceBytes(bytes, from, to, all) {
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + from.length)) {
    to.copy(bytes, at);
    if (!all) return;
  }
}

function signatureOf(decoded, peer) {
  const key = base58(Buffer.concat([Buffer.from([0]), peer.publicKey]));
  const signature = decoded.data.signatures[key];
  return signature ? { key: unbase58(key), signature: unbase58(signature) } : null;
}

function tamper(entry, data, peer, original) {
  const flip = (b) => { const at = Number(entry.at.form); const i = at < 0 ? b.length + at : at; if (i >= 0 && i < b.length) b[i] ^= Number(entry.mask?.form ?? 1); return b; };
  const cut = (b) => b.subarray(0, Number(entry.bytes.form) < 0 ? Math.max(0, b.length + Number(entry.bytes.form)) : Number(entry.bytes.form));
  switch (entry.op) {
    case 'none': return data;
    case 'flip': return flip(Buffer.from(data));
    case 'truncate': return cut(Buffer.from(data));
    case 'set': return Buffer.from(entry.base64, 'base64');
    case 'text': return Buffer.from(entry.text);
    default: break;
  }
  const e = envelopeOf(data);
  switch (entry.op) {
    case 'version': e[entry.key] = entry.value; break;
    case 'drop_key': return writeEnvelope(e, entry.key);
    case 'flip_inner': flip(e.inner); break;
    case 'truncate_inner': e.inner = cut(e.inner); break;
    case 'replace': replaceBytes(e.inner, Buffer.from(entry.from), Buffer.from(entry.to), entry.all); break;
    case 'swap_signature': {
      const decoded = original.decode(data);
      const a = signatureOf(decoded, peer(entry.a));
      const b = signatureOf(decoded, peer(entry.b));
      if (!a || !b) break;
      const mark = Buffer.from(a.signature).map((x) => x ^ 0xa5);
      replaceBytes(e.inner, a.signature, mark);
      replaceBytes(e.inner, b.signature, a.signature);
      replaceBytes(e.inner, mark, b.signature);
      break;
    }
    case 'bad_signature': {
      const s = signatureOf(original.decode(data), peer(entry.peer));
      if (!s) break;
      const bad = Buffer.from(s.signature);
      bad[1] ^= 1;
      replaceBytes(e.inner, s.signature, bad);
      break;
    }
    case 'other_key': {
      const s = signatureOf(original.decode(data), peer(entry.peer));
      if (s) replaceBytes(e.inner, s.key, Buffer.concat([Buffer.from([0]), peer(entry.by).publicKey]));
      break;
    }
    default: throw new Error(`tamper: no operation ${entry.op}`);
  }
  return writeEnvelope(e);
}

// ---- the network ----

export const STEPS_MAX = 2000;
export class TooLong extends Error {}

/**
 * Plays a scenario. interpreterOf(name) gives the interpreter of a peer; original decodes data. answerFirst(call) may answer a call
 * ({ret_code, result}) before the scenario's rules are asked.
 */
export async function play(scenarioText, interpreterOf, original, stepsMax = STEPS_MAX, answerFirst = () => undefined) {
  const peers = new Map();
  const peer = (nameOrId) => {
    for (const p of peers.values()) if (p.id === nameOrId) return p;
    if (!peers.has(nameOrId)) peers.set(nameOrId, { ...peerOf(nameOrId), data: Buffer.alloc(0), calls: [] });
    return peers.get(nameOrId);
  };
  const replaceNames = (v) => {
    if (typeof v === 'string') return v.replace(/@([A-Za-z0-9_]+)/g, (_, name) => peer(name).id);
    if (Array.isArray(v)) return v.map(replaceNames);
    if (v && typeof v === 'object' && !(v instanceof Num)) return Object.fromEntries(Object.entries(v).map(([k, x]) => [replaceNames(k), replaceNames(x)]));
    return v;
  };
  const s = replaceNames(parse(scenarioText));
  const init = peer(s.init);
  const plain = (v) => v instanceof Num ? Number(v.form) : v;
  const params = {
    init_peer_id: init.id, particle_id: s.particle_id ?? 'particle-1', timestamp: plain(s.timestamp) ?? 1700000000000,
    ttl: plain(s.ttl) ?? 7000, ...DEFAULT_LIMITS, ...Object.fromEntries(Object.entries(s.limits ?? {}).map(([k, v]) => [k, plain(v)])),
  };
  const of = (table, p) => table?.[p.name] ?? table?.[p.id];
  const forgets = new Set((s.forget ?? []).map((n) => peer(n)));
  for (const table of [s.air_of, s.param_overrides, s.extra_results]) Object.keys(table ?? {}).forEach(peer);
  const rules = s.services ?? [];
  const queue = [{ kind: 'start', to: init, from: null, data: Buffer.alloc(0), results: {} }];
  const prng = s.order === 'random' ? new Prng(s.seed?.form ?? 1) : null;
  const steps = [];
  let messages = 0;

  while (queue.length) {
    if (steps.length >= stepsMax) throw new TooLong(`more than ${stepsMax} steps`);
    const item = s.order === 'lifo' ? queue.pop() : queue.splice(prng ? prng.below(queue.length) : 0, 1)[0];
    const p = item.to;
    let { data, results } = item;
    if (item.kind === 'message') {
      messages++;
      for (const entry of s.tamper ?? []) if (Number(entry.message.form) === messages) data = tamper(entry, data, peer, original);
    }
    if (item.kind === 'results') results = { ...results, ...Object.fromEntries(Object.entries(of(s.extra_results, p) ?? {}).map(
      ([id, r]) => [id, { ret_code: Number(r.ret_code.form), result: r.result }])) };
    const overrides = Object.fromEntries(Object.entries(of(s.param_overrides, p) ?? {}).map(([k, v]) => [k, plain(v)]));
    if (overrides.secret_key) overrides.secret_key = Buffer.from(overrides.secret_key, 'base64');
    const prev = forgets.has(p) && item.kind !== 'results' ? Buffer.alloc(0) : p.data;
    const out = await interpreterOf(p.name).invoke(of(s.air_of, p) ?? s.air, prev, data,
      { current_peer_id: p.id, secret_key: p.seed, ...params, ...overrides }, results);
    const step = steps.length + 1;
    p.data = Buffer.from(out.data);
    p.visited = true;

    const requests = Object.entries(out.call_requests).sort(([a], [b]) => Number(a) - Number(b)).map(([id, r]) => (
      { id: num(id), service: r.service_id, function: r.function_name, args: r.arguments, tetraplets: r.tetraplets }));
    const answers = requests.map((r) => {
      const call = { peer: p, service: r.service, function: r.function, args: r.args, tetraplets: r.tetraplets };
      const given = answerFirst(call) ?? answerCall(rules, call);
      p.calls.push({ step: num(step), ...r, answer: { ret_code: num(given.ret_code), result: given.result } });
      return [r.id.form, given];
    });
    if (s.results === 'single') for (const a of answers) queue.push({ kind: 'results', to: p, from: step, data: Buffer.alloc(0), results: Object.fromEntries([a]) });
    else if (answers.length) queue.push({ kind: 'results', to: p, from: step, data: Buffer.alloc(0), results: Object.fromEntries(answers) });

    const nameOf = (id) => [...peers.values()].find((x) => x.id === id)?.name ?? id;
    const next = out.next_peer_pks.map(nameOf).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    for (let copy = 0; copy < (s.duplicate ? 2 : 1); copy++)
      for (const name of next) if (peers.has(name)) queue.push({ kind: 'message', to: peer(name), from: step, data: p.data, results: {} });
    steps.push({
      step: num(step), peer: p.name, kind: item.kind, from_step: item.from === null ? null : num(item.from), ret_code: num(out.ret_code),
      error_message: out.error_message, flags: ['air', 'particle', 'call_result'].filter((f) => out[`${f}_size_limit_exceeded`]),
      next_peers: next, call_requests: requests, data_out: p.data.toString('base64'),
    });
  }
  const sorted = [...peers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const kept = sorted.filter((p) => p.visited && !forgets.has(p));
  return {
    peers: Object.fromEntries(sorted.map((p) => [p.name, p.id])), air: s.air,
    particle: { id: params.particle_id, init_peer_id: init.id, timestamp: num(params.timestamp), ttl: num(params.ttl) },
    visited: kept.map((p) => p.name),
    calls: Object.fromEntries(sorted.filter((p) => p.calls.length).map((p) => [p.name, p.calls])),
    steps,
    final: Object.fromEntries(kept.map((p) => [p.name, { data: p.data.toString('base64'), decoded: p.data.length ? original.decode(p.data) : null }])),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const original = new Original();
  console.log(stringify(await play(readFileSync(process.argv[2], 'utf8'), () => original, original)));
}
