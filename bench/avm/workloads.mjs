// workloads.mjs: the invokes that are timed, made anew in each run with our interpreter and a fixed seed: the same bytes for every runner.
// The first group has the names under which the original measures itself and does what those do, with scripts and data of our own.
// Not here: who runs them (runner.mjs), figures (run.mjs).
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { stringify } from '../../tests/conform/avm/json.mjs';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const EMPTY = new Uint8Array();

function base58(bytes) {
  let n = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let out = '';
  for (; n > 0n; n /= 58n) out = ALPHABET[Number(n % 58n)] + out;
  for (const b of bytes) { if (b !== 0) break; out = `1${out}`; }
  return out;
}

/** A peer of the scenarios' kind: its key's seed is sha-256 of "simnet-peer:" and its name. */
export function peer(name) {
  const secret = createHash('sha256').update(`simnet-peer:${name}`).digest();
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name, secret, id: base58(Buffer.concat([Buffer.from('002408011220', 'hex'), key])) };
}

/** A small generator of numbers below a bound (mulberry32). */
function random(seed) {
  return (bound) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const word = (rnd, length) => Array.from({ length }, () => LETTERS[rnd(LETTERS.length)]).join('');
const hex = (rnd, length) => Array.from({ length }, () => '0123456789abcdef'[rnd(16)]).join('');
const numbers = (n) => Array.from({ length: n }, (_, i) => i);
const values = (n) => numbers(n).map((i) => `val${i}`);
const nest = (op, items) => items.reduceRight((rest, item) => `(${op} ${item} ${rest})`);
const balanced = (op, items) => (items.length === 1 ? items[0]
  : `(${op} ${balanced(op, items.slice(0, items.length >> 1))} ${balanced(op, items.slice(items.length >> 1))})`);
const ok = (value) => ({ ret_code: 0, result: stringify(value) });
const params = (me, from) => ({
  init_peer_id: from.id, current_peer_id: me.id, timestamp: 1700000000000, ttl: 600000, secret_key: me.secret, particle_id: 'bench-particle',
});

const alice = peer('alice'); // who starts
const bob = peer('bob');     // another one

/** A script among peers whose services are `serve(peer, request)`, by our interpreter. */
class Network {
  constructor(ours, air, serve = () => null, from = alice) { Object.assign(this, { ours, air, serve, from }); }

  invokeOf(me, prev, data, results = {}) {
    return { air: this.air, prev, data, params: params(me, this.from), results };
  }

  async once(me, prev, data, results = {}) {
    const out = await this.ours.invoke(this.invokeOf(me, prev, data, results));
    if (out.ret_code !== 0) throw new Error(`ours answers ${out.ret_code}: ${out.error_message}`);
    return out;
  }

  answers(me, requests) {
    return Object.fromEntries(requests.map((r) => [r.id, ok(this.serve(me, r))]));
  }

  /** Runs at a peer until nothing is asked of it any more. */
  async settle(me, prev, data) {
    let out = await this.once(me, prev, data);
    while (out.call_requests.length > 0) out = await this.once(me, out.data, EMPTY, this.answers(me, out.call_requests));
    return out;
  }
}

const workload = (name, invoke) => ({ name, ...invoke });

// ---- the original's names ----

/** One service call, then 500 calls in par, each with 24 arguments, into a stream. */
async function calls500(ours) {
  const args = Array(24).fill('item').join(' ');
  const net = new Network(ours, `(seq (call %init_peer_id% ("list" "get") [] items)
    (fold items item (par (call %init_peer_id% ("item" "handle") [${args}] $handled) (next item))))`,
  (_, request) => (request.service_id === 'list' ? numbers(500).map(String) : request.arguments));
  const asked = await net.once(alice, EMPTY, EMPTY);
  const results = net.answers(alice, asked.call_requests);
  const wide = await net.once(alice, asked.data, EMPTY, results);
  return [
    workload('call-requests500', net.invokeOf(alice, asked.data, EMPTY, results)),
    workload('call-results500', net.invokeOf(alice, wide.data, EMPTY, net.answers(alice, wide.call_requests))),
  ];
}

/** A client's page: what its relay knows, what seven known peers tell of themselves, and what their neighbours tell. A relay merges two peers' data. */
async function dashboard(ours) {
  const [client, relay] = [peer('client'), peer('relay')];
  const known = numbers(7).map((i) => peer(`known${i}`));
  const tell = (who, back) => nest('seq', [
    `(call ${who} ("op" "identify") [] about)`, `(call ${who} ("dist" "blueprints") [] plans)`, `(call ${who} ("dist" "modules") [] parts)`,
    `(call ${who} ("srv" "interfaces") [] faces)`, '(call via ("op" "noop") [])', `(call %init_peer_id% ("page" "show") [${back} about faces plans parts])`]);
  const arrive = (who) => `(call ${who} ("op" "noop") [])`;
  const air = nest('seq', [
    '(call %init_peer_id% ("conf" "get") ["via"] via)', '(call %init_peer_id% ("conf" "get") ["known"] known)', '(call %init_peer_id% ("conf" "get") ["me"] me)',
    nest('par', [
      `(seq ${arrive('via')} ${tell('via', 'via')})`,
      `(fold known k (par (seq ${arrive('k')} ${tell('k', 'k')}) (next k)))`,
      `(seq ${arrive('via')} (seq (call via ("dht" "near") [me] near) (fold near n (par
        (seq (call n ("dht" "near") [me] nearer) (fold nearer m (par ${tell('m', 'm')} (next m)))) (next n)))))`]),
  ]);
  const three = (me, what) => numbers(3).map((i) => `${me.id}_${what}_${i}`);
  const net = new Network(ours, air, (me, { service_id, function_name, arguments: args }) => ({
    'conf get': { via: relay.id, known: known.map((p) => p.id), me: client.id }[args[0]], 'op identify': `${me.id}_about`, 'op noop': `${me.id}_about`,
    'dist blueprints': three(me, 'blueprint'), 'dist modules': three(me, 'module'), 'srv interfaces': three(me, 'interface'),
    'dht near': known.map((p) => p.id),
  })[`${service_id} ${function_name}`] ?? null, client);
  const first = await net.settle(client, EMPTY, EMPTY);
  const second = await net.settle(relay, first.data, EMPTY);
  const held = [];
  for (const [i, p] of known.entries()) held[i] = (await net.settle(p, EMPTY, first.data)).data;
  for (const [i, p] of known.entries()) held[i] = (await net.settle(p, held[i], second.data)).data;
  for (let i = 0; i < 6; i++)
    for (const [j, p] of known.entries())
      if (i !== j) held[j] = (await net.settle(p, held[j], held[i])).data;
  return workload('dashboard', net.invokeOf(relay, held[6], held[0]));
}

/** Everybody's neighbours' neighbours identify themselves, one hop after another; the relay gets the particle back for the fourth time. */
async function networkExplore(ours) {
  const [relay, a, b, c] = ['relay', 'near1', 'near2', 'near3'].map(peer);
  const near = { relay: [a, b, c, relay], near1: [a, c, relay, b], near2: [relay, c, a, b], near3: [relay, c, a, b] };
  const air = nest('seq', [
    '(call %init_peer_id% ("conf" "get") ["relay"] relay)', '(call %init_peer_id% ("conf" "get") ["client"] client)',
    '(call relay ("dht" "near") [relay] outer)', '(fold outer o (seq (call o ("dht" "near") [o] $inner) (next o)))',
    '(fold $inner list (seq (fold list l (seq (call l ("op" "identify") [] $told) (next l))) (next list)))',
    '(call relay ("op" "noop") [])', '(canon client $told #told)', '(canon client $inner #inner)', '(call client ("page" "show") [#told #inner outer])']);
  const net = new Network(ours, air, (me, { service_id, arguments: args }) => (service_id === 'conf'
    ? { relay: relay.id, client: alice.id }[args[0]] : near[me.name].map((p) => p.id)));
  const held = new Map();
  let [me, data, visits] = [alice, EMPTY, 0];
  for (;;) {
    if (me === relay && ++visits === 4) return workload('network-explore', net.invokeOf(relay, held.get(relay), data));
    const out = await net.settle(me, held.get(me) ?? EMPTY, data);
    held.set(me, out.data);
    data = out.data;
    me = [alice, relay, a, b, c].find((p) => p.id === out.next_peers[0]);
  }
}

/** Data of calls by one peer, answered with the given values, that a null script does not look at. */
async function dataOf(ours, name, list) {
  const net = new Network(ours, nest('seq', [...list.map((_, i) => `(call "${alice.id}" ("" "") [] x${i})`), '(null)']));
  let out = await net.once(alice, EMPTY, EMPTY);
  for (const value of list) out = await net.once(alice, out.data, EMPTY, { [out.call_requests[0].id]: ok(value) });
  net.air = '(null)';
  return workload(name, net.invokeOf(alice, EMPTY, out.data));
}

/** 1,300 results: most are two bytes, the rest 91 different objects, a few kilobytes the largest. */
function longData(ours) {
  const rnd = random(1);
  const objects = numbers(91).map((i) => ({ name: word(rnd, 8), id: hex(rnd, 64), note: word(rnd, i < 88 ? rnd(180) : 1000 * (i - 87)), at: rnd(1 << 30) }));
  return dataOf(ours, 'long-data', numbers(1300).map((i) => (i % 19 < 15 ? ['', {}][rnd(2)] : objects[rnd(91)])));
}

/** Ten results that are lists of objects, 60 to 170 kB as text: 1 MB in all. */
function bigValues(ours) {
  const rnd = random(2);
  const entry = () => ({
    id: `${hex(rnd, 8)}-${hex(rnd, 12)}`, blueprint_id: hex(rnd, 64), owner_id: word(rnd, 52), aliases: rnd(2) ? [] : [word(rnd, 12)],
    config: { logged: true, memory: rnd(1 << 30), mounted: { tool: `/usr/bin/${word(rnd, 4)}` }, of: null },
  });
  return dataOf(ours, 'big-values-data', numbers(10).map((i) => Array.from({ length: 200 + i * 44 }, entry)));
}

/** Another peer's hundred answers into a stream come home. */
async function multipleCids(ours) {
  const net = new Network(ours, `(seq (seq (call "${alice.id}" ("list" "get") [] items)
    (fold items x (seq (fold items y (seq (call "${bob.id}" ("pair" "echo") [x y] $got) (next y))) (next x))))
    (call "${alice.id}" ("done" "") []))`, (_, r) => (r.service_id === 'list' ? values(10) : r.arguments[0]));
  const first = await net.settle(alice, EMPTY, EMPTY);
  const second = await net.settle(bob, EMPTY, first.data);
  return workload('multiple-cids10', net.invokeOf(alice, first.data, second.data));
}

/** Eight peers answer 64 calls each, another collects, and it comes home. */
async function multiplePeers(ours) {
  const peers = numbers(8).map((i) => peer(`p${i}`));
  const net = new Network(ours, `(seq (seq (call "${alice.id}" ("list" "get") [] peers)
    (fold peers p (seq (fold peers x (seq (fold peers y (seq (call p ("three" "echo") [p x y] $got) (next y))) (next x))) (next p))))
    (seq (call "${bob.id}" ("collect" "") []) (call "${alice.id}" ("done" "") [])))`,
  (_, r) => (r.service_id === 'list' ? peers.map((p) => p.id) : r.arguments[0] ?? null));
  const first = await net.settle(alice, EMPTY, EMPTY);
  let data = first.data;
  for (const p of [...peers, bob]) data = (await net.settle(p, EMPTY, data)).data;
  return workload('multiple-peers8', net.invokeOf(alice, first.data, data));
}

/** Nine hundred results of its own, signed, come back to the peer, which freezes their stream. */
async function multipleSigs(ours) {
  const net = new Network(ours, `(seq (seq (call "${alice.id}" ("list" "get") [] items)
    (fold items x (seq (fold items y (par (call "${alice.id}" ("pair" "echo") [x y] $got) (next y))) (next x))))
    (seq (call "${bob.id}" ("done" "") [] end) (canon "${alice.id}" $got #got)))`,
  (_, r) => (r.service_id === 'list' ? values(30) : r.arguments[0] ?? 'ok'));
  const first = await net.settle(alice, EMPTY, EMPTY);
  const second = await net.settle(bob, EMPTY, first.data);
  return workload('multiple-sigs30', net.invokeOf(alice, first.data, second.data));
}

const KEY = 'a-key-that-is-rather-long';

/** A map filled at one peer is frozen, read or only filled at another. */
async function map(ours, name, count, many, after, before = '(null)') {
  const ap = (key) => `(fold items v (seq (ap (${key} v) %map) (next v)))`;
  const fill = many ? `(fold items k (seq ${ap('k')} (next k)))` : ap(`"${KEY}"`);
  const list = values(many ? Math.floor(Math.sqrt(count)) : count);
  const net = new Network(ours, `(new %map ${nest('seq', [`(call "${alice.id}" ("list" "get") [] items)`, before, fill, after])})`, () => list);
  const first = await net.settle(alice, EMPTY, EMPTY);
  return workload(name, net.invokeOf(bob, EMPTY, first.data));
}

async function maps(ours) {
  const there = (as) => `(canon "${bob.id}" %map ${as})`;
  const lens = (path) => `(seq (canon "${alice.id}" %map #%frozen) (seq (canon "${bob.id}" $none #none) (ap #%frozen.$.${path} got)))`;
  const home = `(call "${alice.id}" ("done" "") [])`;
  return [
    await map(ours, 'canon-map-key-by-lens', 770, false, lens(KEY)),
    await map(ours, 'canon-map-key-element-by-lens', 770, false, lens(`${KEY}.[769]`)),
    await map(ours, 'canon-map-multiple-keys', 1023, true, there('#%frozen')),
    await map(ours, 'canon-map-single-key', 770, false, there('#%frozen')),
    await map(ours, 'canon-map-scalar-multiple-keys', 1023, true, there('frozen')),
    await map(ours, 'canon-map-scalar-single-key', 770, false, there('frozen')),
    await map(ours, 'populate-map-multiple-keys', 1023, true, home, there('#%arrived')),
    await map(ours, 'populate-map-single-key', 770, false, home, there('#%arrived')),
  ];
}

/** Ten thousand assignments to names of 2 to 100 letters, in a tree of seqs under a fold that is not reached. */
function parserNames(ours) {
  const rnd = random(3);
  const tree = (n) => (n === 0 ? '(null)' : `(seq (ap i ${word(rnd, 2 + rnd(99))}) (seq ${tree((n - 1) >> 1)} ${tree(n - 1 - ((n - 1) >> 1))}))`);
  const net = new Network(ours, `(seq (call "peer" ("serv" "func") [] list) (fold list i (seq ${tree(10000)} (next i))))`);
  return workload('parser-10000-100', net.invokeOf(alice, EMPTY, EMPTY));
}

/** Ten thousand calls over a hundred variables; the first is for another peer. */
function parserCalls(ours) {
  const list = numbers(9999).map((i) => `(call var${i % 100} ("serv" "func") [] var${(i + 1) % 100})`);
  const net = new Network(ours, `(seq (call "peer" ("serv" "func") [] var0) ${balanced('seq', list)})`);
  return workload('parser-calls-10000-100', net.invokeOf(alice, EMPTY, EMPTY));
}

// ---- ours: what grows with the length of a script ----

const ANSWER = (_, r) => ({ answer: r.id, text: 'x'.repeat(20) });
const callsOf = (n) => numbers(n).map((i) => `(call "${alice.id}" ("s" "f${i}") [${i}] x${i})`);

async function oneCall(ours) {
  const net = new Network(ours, callsOf(1)[0], ANSWER);
  const asked = await net.once(alice, EMPTY, EMPTY);
  return [
    workload('call-first', net.invokeOf(alice, EMPTY, EMPTY)),
    workload('call-results', net.invokeOf(alice, asked.data, EMPTY, net.answers(alice, asked.call_requests))),
  ];
}

/** The runs of one script by what is known before: nothing, `asked`, all, all of another peer, half of it; and all steps from nothing. */
function workloadsOf(name, net, asked, half, full) {
  const first = net.invokeOf(alice, EMPTY, EMPTY);
  return [
    workload(`${name}-first`, first),
    workload(`${name}-results`, net.invokeOf(alice, asked.data, EMPTY, net.answers(alice, asked.call_requests))),
    workload(`${name}-replay`, net.invokeOf(alice, full.data, EMPTY)),
    workload(`${name}-fresh`, net.invokeOf(bob, EMPTY, full.data)),
    workload(`${name}-merge`, net.invokeOf(bob, half.data, full.data)),
    { ...workload(`${name}-end`, first), toEnd: true },
  ];
}

async function par1000(ours) {
  const net = new Network(ours, nest('par', callsOf(1000)), ANSWER);
  const asked = await net.once(alice, EMPTY, EMPTY);
  const half = await net.once(alice, asked.data, EMPTY, net.answers(alice, asked.call_requests.slice(0, 500)));
  return workloadsOf('par-1000', net, asked, half, await net.settle(alice, EMPTY, EMPTY));
}

async function seq1000(ours) {
  const net = new Network(ours, nest('seq', callsOf(1000)), ANSWER);
  const steps = [await net.once(alice, EMPTY, EMPTY)];
  for (let out = steps[0]; out.call_requests.length > 0; steps.push(out))
    out = await net.once(alice, out.data, EMPTY, net.answers(alice, out.call_requests));
  return workloadsOf('seq-1000', net, steps[500], steps[500], steps.at(-1));
}

async function fold1000(ours) {
  const net = new Network(ours, `(seq (call "${alice.id}" ("s" "list") [] l) (fold l i (par (ap i $out) (next i))))`, () => numbers(1000).map((i) => `n${i}`));
  const asked = await net.once(alice, EMPTY, EMPTY);
  return workload('fold-1000', net.invokeOf(alice, asked.data, EMPTY, net.answers(alice, asked.call_requests)));
}

/** The list: {name, air, prev, data, params, results, toEnd}. `ours` is a runner. */
export async function workloads(ours) {
  const nothing = () => workload('null', new Network(ours, '(null)').invokeOf(alice, EMPTY, EMPTY));
  const list = [];
  for (const make of [nothing, calls500, dashboard, networkExplore, longData, bigValues, multipleCids, multiplePeers, multipleSigs, maps, parserNames, parserCalls,
    oneCall, par1000, seq1000, fold1000]) list.push(...[await make(ours)].flat());
  return list;
}

/** For what is measured with our session alone: a script of one call, run to its end. */
export function oneCallToEnd(ours) {
  return workload('call-end', new Network(ours, callsOf(1)[0], ANSWER).invokeOf(alice, EMPTY, EMPTY));
}
