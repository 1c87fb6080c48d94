// workloads.mjs: the invokes that are timed. Data come from running the original, so both interpreters get the same bytes.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

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

const alice = peer('alice');
const bob = peer('bob');
const params = (me, from = alice) => ({
  init_peer_id: from.id, current_peer_id: me.id, timestamp: 1700000000000, ttl: 600000, secret_key: me.secret, particle_id: 'bench',
});
const EMPTY = new Uint8Array();
const call = (p, i, out) => `(call "${p.id}" ("s" "f${i}") [${i}] ${out})`;
const nest = (op, items) => items.reduceRight((rest, item) => `(${op} ${item} ${rest})`);
const balanced = (op, items) => (items.length === 1 ? items[0]
  : `(${op} ${balanced(op, items.slice(0, items.length >> 1))} ${balanced(op, items.slice(items.length >> 1))})`);
const numbers = (n) => Array.from({ length: n }, (_, i) => i);
const answers = (requests) => Object.fromEntries([...requests.keys?.() ?? Object.keys(requests)].map(
  (id) => [id, { ret_code: 0, result: JSON.stringify({ answer: Number(id), text: 'x'.repeat(20) }) }]));

/** Each: {name, air, prev, data, params, results}. `run` is the original's invoke. */
export function workloads(run) {
  const list = [];
  const add = (name, me, air, prev, data, results) => {
    list.push({ name, air, prev, data, params: params(me), results });
    return run(air, prev, data, params(me), results);
  };
  add('empty script', alice, '(null)', EMPTY, EMPTY, {});

  const one = call(alice, 0, 'x');
  const asked = add('one call, asked', alice, one, EMPTY, EMPTY, {});
  add('one call, answered', alice, one, asked.data, EMPTY, answers(asked.call_requests));

  const par = nest('par', numbers(1000).map((i) => call(alice, i, `x${i}`)));
  const wide = add('par of 1,000, asked', alice, par, EMPTY, EMPTY, {});
  const full = add('par of 1,000, answered', alice, par, wide.data, EMPTY, answers(wide.call_requests));
  add('par of 1,000, replayed', alice, par, full.data, EMPTY, {});
  add('par of 1,000, fresh peer', bob, par, EMPTY, full.data, {});
  add('par of 1,000, merged', bob, par, full.data, full.data, {});

  // A sequence half way: what each of its steps costs.
  const seq = nest('seq', numbers(200).map((i) => call(alice, i, `x${i}`)));
  let data = EMPTY;
  let results = {};
  for (let i = 0; i < 100; i++) {
    const out = run(seq, data, EMPTY, params(alice), results);
    data = out.data;
    results = answers(out.call_requests);
  }
  add('seq of 200, step 100', alice, seq, data, EMPTY, results);

  const list1000 = JSON.stringify(numbers(1000));
  const fold = `(seq (call "${alice.id}" ("s" "list") [] l) (fold l i (par (ap i $out) (next i))))`;
  const first = run(fold, EMPTY, EMPTY, params(alice), {});
  add('fold over 1,000 with ap', alice, fold, first.data, EMPTY, { 1: { ret_code: 0, result: list1000 } });

  // Thirty peers sign one after another; the last arrival verifies all of them.
  const peers = numbers(30).map((i) => peer(`signer${i}`));
  const chain = nest('seq', [...peers.map((p, i) => call(p, i, `x${i}`)), call(bob, 30, 'y')]);
  data = EMPTY;
  for (const p of peers) {
    const before = run(chain, EMPTY, data, params(p), {});
    data = run(chain, before.data, EMPTY, params(p), answers(before.call_requests)).data;
  }
  add('30 signatures, fresh peer', bob, chain, EMPTY, data, {});

  const dashboard = nest('seq', peers.slice(0, 10).map((p, i) => `(par ${call(p, i, `$s`)} (null))`));
  add('parser: 2,000 instructions', alice, balanced('seq', numbers(1000).map((i) => `(ap ${i} $s)`)), EMPTY, EMPTY, {});
  add('ten peers in par, asked', alice, dashboard, EMPTY, EMPTY, {});
  return list;
}
