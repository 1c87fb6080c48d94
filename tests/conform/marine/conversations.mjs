// conversations.mjs: what is said to each published service: scripts of calls, with what must come of them whoever answers.
// Not here: the two that answer (ours.mjs, original.mjs), the comparison of every answer (compare.mjs).
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';

/* ---- keys and peer ids, from a seed of one repeated byte ---- */

function base58(bytes) {
  const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let n = BigInt(`0x${Buffer.from(bytes).toString('hex')}`), out = '';
  for (; n > 0n; n /= 58n) out = digits[Number(n % 58n)] + out;
  return '1'.repeat(bytes.findIndex((b) => b !== 0)) + out;
}

export function peer(byte) {
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]), format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { id: base58([0, 36, 8, 1, 18, 32, ...raw]), sign: (bytes) => [...sign(null, Buffer.from(bytes), key)] };
}

const OWNER = peer(1), HOST = peer(2), WORKER = peer(3), GUEST = peer(4);
const PARTICLE = { id: 'particle-1', timestamp: 1700000000000, ttl: 60000, script: '(null)', signature: [1, 2, 255], token: 'token' };
/** Call parameters of a particle that `who` began. */
const by = (who, more = {}) => ({
  particle: { ...PARTICLE, init_peer_id: who.id }, service_id: 'srv', service_creator_peer_id: OWNER.id, host_id: HOST.id, worker_id: WORKER.id, tetraplets: [], ...more,
});
/** Tetraplets for each argument: which service of the host it came from. */
const from = (...origins) => origins.map((o) => (o ? [{ peer_pk: HOST.id, service_id: o[0], function_name: o[1], lens: o[2] ?? '' }] : [{ peer_pk: GUEST.id, service_id: '', function_name: '', lens: '' }]));

/* ---- records through two modules: SDK 0.6.0, the oldest ---- */

export async function records(call) {
  const one = { test_record_0: { field_0: -7 }, test_record_1: { field_0: 2147483647, field_1: 'é\u0000', field_2: [0, 255], test_record_0: { field_0: 0 } } };
  await call('test_record', [one]);
  await call('test_record_ref', { test_record: one });
  await call('test_record', [[[1], [2, 'x', [], [3]]]]); // by the places of the fields
  const tree = (id) => ({ data: { id }, data2: [{ id: id + 1 }, { id: id + 2 }] });
  assert.equal((await call('pass_droppable_record', [tree(1), [tree(10), tree(20)]])).length > 0, true);
  await call('pass_droppable_record', [tree(1), []]);
  await call('get_drop_count', []);
  const large = await call('return_256kb_struct', []); // 4096 records of 16 numbers, four levels deep
  large.field18.field18.field18.field18 = -1;
  assert.equal(await call('pass_256kb_struct', [large]), null);
  delete large.field18.field18.field18.field18;
  await call.fails('pass_256kb_struct', [large], 'arguments');
  await call.fails('test_record', [{ ...one, test_record_0: [1.5] }], 'arguments');
}

/* ---- SQLite ---- */

export async function sqlite(call) {
  const { db_handle: db, ret_code } = await call('sqlite3_open_v2', [':memory:', 6, '']);
  assert.equal(ret_code, 0);
  assert.equal(await call('sqlite3_libversion_number', []), 3040001);
  assert.deepEqual(await call('sqlite3_exec', [db, 'create table t (i integer, r real, s text, b blob)', 0, 0]), { ret_code: 0, err_msg: '' });
  const { stmt_handle: insert } = await call('sqlite3_prepare_v2', [db, 'insert into t values (?, ?, ?, ?)']);
  const rows = [['9223372036854775807', '0.1', 'héllo \u{1f600}', [0, 1, 254, 255]], ['-9223372036854775808', '-1e300', '', []], ['0', '5', 'x'.repeat(5000), Array(3000).fill(7)]];
  for (const [i, r, s, b] of rows) {
    assert.equal(await call('sqlite3_bind_int64', `[${insert}, 1, ${i}]`), 0);
    await call('sqlite3_bind_double', `[${insert}, 2, ${r}]`);
    await call('sqlite3_bind_text', [insert, 3, s, -1]);
    await call('sqlite3_bind_blob', [insert, 4, b, -1]);
    assert.equal(await call('sqlite3_step', [insert]), 101);
    assert.equal(await call('sqlite3_reset', [insert]), 0);
  }
  await call('sqlite3_bind_null', { stmt_handle: insert, pos: 1 });
  await call('sqlite3_step', [insert]);
  await call('sqlite3_finalize', [insert]);
  assert.equal(await call('sqlite3_total_changes', [db]), 4);
  assert.equal(await call('sqlite3_changes', [db]), 1);
  const { stmt_handle: select } = await call('sqlite3_prepare_v2', [db, 'select i, r, s, b, hex(b) as h from t']);
  assert.equal(await call('sqlite3_column_count', [select]), 5);
  for (let column = 0; column < 5; column++) await call('sqlite3_column_name', [select, column]);
  for (let row = 0; row < 4; row++) {
    assert.equal(await call('sqlite3_step', [select]), 100);
    assert.equal(await call('sqlite3_errmsg', [db]), 'another row available');
    for (let column = 0; column < 5; column++) {
      await call('sqlite3_column_type', [select, column]);
      await call('sqlite3_column_text', [select, column]); // beyond UTF-8 for a blob: an error
      await call('sqlite3_column_bytes', [select, column]);
      await call('sqlite3_column_blob', [select, column]);
    }
    await call('sqlite3_column_int64', [select, 0]);
    await call('sqlite3_column_double', [select, 1]);
  }
  assert.equal(await call('sqlite3_step', [select]), 101);
  const bad = await call('sqlite3_exec', [db, 'select * from nowhere', 0, 0]);
  assert.equal(bad.err_msg, 'no such table: nowhere');
  assert.equal(await call('sqlite3_errcode', [db]), 1);
  await call('sqlite3_prepare_v2', [db, 'selec']);
  assert.equal(await call('sqlite3_errmsg', [db]), 'near "selec": syntax error');
  await call('sqlite3_soft_heap_limit64', '[100000000]');
  await call('sqlite3_hard_heap_limit64', '[-1]');
  await call('sqlite3_busy_timeout', [db, 10]);
  await call('sqlite3_finalize', [select]);
  await call.fails('sqlite3_open_v2', [':memory:', 6], 'arguments');
  await call.fails('sqlite3_open_v2', [':memory:', '6', ''], 'arguments');
  await call.fails('sqlite3_open_v2', { filename: ':memory:', flags: 6, fvs: '' }, 'arguments');
  await call.fails('sqlite3_nothing', [], 'not_found');
  await call.fails('allocate', [1], 'not_found');
  assert.equal(await call('sqlite3_close', [db]), 0);
}

/* ---- spell ---- */

const triggers = { clock: { start_sec: 1, end_sec: 0, period_sec: 4294967295 }, connections: { connect: true, disconnect: false }, blockchain: { start_block: 0, end_block: 7 } };

export async function spell(call) {
  const own = by(OWNER), worker = by(WORKER), host = by(HOST), guest = by(GUEST);
  await call('get_script', [], own);
  const set = await call('set_script', ['(call "p" ("s" "f") [] x)'], own);
  assert.equal(set.success, true);
  await call('get_script', [], own);
  await call('script_cid', [], own);
  for (const params of [own, worker, host, guest]) {
    for (const key of ['k', 'h_k', 'w_k', 'hw_k', 'hello']) {
      await call('set_string', [key, `"${key}" é\n\u0000`], params);
      await call('get_string', [key], params);
      await call('exists', [key], params);
    }
    await call('set_u32', ['h_n', 2147483647], params);
    await call('get_u32', ['h_n'], params);
    await call('list_push_string', { key: 'hw_l', value: 'one' }, params);
    await call('list_push_string', ['hw_l', 'two'], params);
    await call('list_push_string', ['hw_l', 'two'], params);
    await call('list_get_strings', ['hw_l'], params);
    await call('list_remove_string', ['hw_l', 'two'], params);
    await call('list_get_strings', ['hw_l'], params);
    await call('list_pop_string', ['hw_l'], params);
    await call('list_pop_string', ['nothing'], params);
    await call('set_json_fields', ['{"h_a": 1, "hw_b": "two", "w_c": [true, null]}'], params);
    await call('set_json_fields', ['not json'], params);
    await call('get_string', ['hw_b'], params);
    await call('remove_key', ['hw_b'], params);
    await call('push_mailbox', [`message of ${params.particle.init_peer_id}`], params);
    await call('get_mailbox', [], params);
    await call('store_log', ['a log'], params);
    await call('get_logs', [], params);
    await call('store_error', [{ error_code: 1, instruction: 'call', message: 'failed', peer_id: GUEST.id }, 0, 1700000001], params);
    await call('store_error', [{ error_code: 10006, instruction: 'match', message: '', peer_id: '' }, 1, 1700000002], params);
    await call('get_errors', ['particle-1'], params);
    await call('get_all_errors', [], params);
    await call('set_trigger_config', [triggers], params);
    await call('set_trigger_config', [[[1, 0, 3], [false, true], [0, 0]]], params);
    await call('get_trigger_config', [], params);
  }
  await call('pop_mailbox', [], own);
  await call('get_mailbox', [], own);
  await call('set_string', ['k', 'x'.repeat(200000)], own);
  await call('get_string', ['k'], own);
  await call.fails('set_u32', ['n', 4294967295], 'top bit');
  await call.fails('set_u32', ['n', 4294967296], 'arguments', own);
  await call.fails('set_u32', ['n', -1], 'arguments', own);
  await call.fails('set_u32', ['n', 1.5], 'arguments', own);
  await call.fails('set_trigger_config', [{ ...triggers, more: 1 }], 'arguments', own);
  await call.fails('set_trigger_config', [{ clock: triggers.clock }], 'arguments', own);
  await call.fails('set_string', ['k', null], 'arguments', own);
}

/** spell 0.5.20 and 0.6.10 have other functions. */
export async function old_spell(call) {
  const own = by(OWNER), guest = by(GUEST);
  for (const params of [own, guest]) {
    await call('set_script_source_to_file' in call.functions ? 'set_script_source_to_file' : 'set_script', ['(null)'], params);
    await call('get_script_source_from_file' in call.functions ? 'get_script_source_from_file' : 'get_script', [], params);
    await call('set_string', ['a', 'b é'], params);
    assert.equal((await call('get_string', ['a'], params)).success, true);
    await call('get_string', ['none'], params);
    await call('set_u32', ['n', 7], params);
    await call('get_u32', ['n'], params);
    await call('get_u32', ['a'], params);
    await call('list_push_string', ['l', 'one'], params);
    await call('list_push_string', ['l', 'two'], params);
    await call('list_get_strings', ['l'], params);
    await call('list_pop_string', ['l'], params);
    if ('list_remove_string' in call.functions) await call('list_remove_string', ['l', 'one'], params);
    await call('set_json_fields', ['{"x": 1, "y": "z", "l2": [1, "2"]}'], params);
    await call('get_string', ['y'], params);
    await call('get_u32', ['x'], params);
    await call('remove_key', ['y'], params);
    await call('get_string', ['y'], params);
  }
  await call.fails('set_u32', ['n'], 'arguments', own);
  await call.fails('get_string', [7], 'arguments', own);
}

/* ---- registry ---- */

export async function registry(call) {
  const time = 1700000000, weight = { success: true, weight: 100, peer_id: OWNER.id, error: '' };
  const label = 'a label';
  const [relay, service] = [['relay'], []];
  assert.equal(typeof await call('get_key_id', [label, OWNER.id]), 'string');
  const bytes = await call('get_key_bytes', [label, [], time, [], ''], by(OWNER));
  await call('get_key_bytes', [label, [OWNER.id], time, [1, 2], 'type'], by(OWNER));
  const signature = OWNER.sign(bytes);
  const with_origins = by(OWNER, { tetraplets: from(null, null, null, null, null, null, ['trust-graph', 'get_weight'], ['peer', 'timestamp_sec']) });
  const args = [label, [], time, [], '', signature, weight, time + 1];
  const { key_id, success } = await call('register_key', args, with_origins);
  assert.equal(success, true);
  await call('register_key', [label, [], time, [], '', signature.map((b) => b ^ 1), weight, time + 1], with_origins);
  await call('register_key', args, by(OWNER));
  const { key } = await call('get_key_metadata', [key_id], by(GUEST));
  assert.equal(key.label, label);
  await call('get_key_metadata', ['no such key'], by(GUEST));
  const metadata_args = [key_id, OWNER.id, time, 'a value é', OWNER.id, relay, service, []];
  const metadata_bytes = await call('get_record_metadata_bytes', metadata_args, by(OWNER));
  const metadata = await call('create_record_metadata', [...metadata_args, OWNER.sign(metadata_bytes)], by(OWNER));
  const record_bytes = await call('get_record_bytes', [metadata, time], by(OWNER));
  const put = by(OWNER, { tetraplets: from(null, null, null, ['trust-graph', 'get_weight'], ['peer', 'timestamp_sec']) });
  const stored = await call('put_record', [metadata, time, OWNER.sign(record_bytes), weight, time + 2], put);
  assert.equal(stored.error, '');
  await call('put_record', [metadata, time, OWNER.sign([1]), weight, time + 2], put);
  const timed = (position) => by(OWNER, { tetraplets: from(...Array(position).fill(null), ['peer', 'timestamp_sec']) });
  const { result: records } = await call('get_records', [key_id, time + 3], timed(1));
  assert.equal(records.length, 1);
  await call('get_records', ['nothing', time + 3], timed(1));
  await call('merge_two', [records, records], by(OWNER));
  await call('merge_two', [records, []], by(OWNER));
  const later = { ...records[0], timestamp_created: time + 5 };
  await call('merge', [[records, [later], []]], by(OWNER));
  await call('merge', [[]], by(OWNER));
  await call('merge_keys', [[key, { ...key, timestamp_created: time + 9 }]], by(OWNER));
  await call('republish_key', [key, weight, time + 4], by(OWNER, { tetraplets: from(null, ['trust-graph', 'get_weight'], ['peer', 'timestamp_sec']) }));
  await call('republish_records', [records, [weight], time + 4],
    by(OWNER, { tetraplets: [...from(null), from(['trust-graph', 'get_weight'])[0], ...from(['peer', 'timestamp_sec'])] }));
  await call('get_stale_local_records', [time + 100], timed(0));
  const stone = [key_id, OWNER.id, OWNER.id, time + 6, []];
  const stone_bytes = await call('get_tombstone_bytes', stone, by(OWNER));
  await call('add_tombstone', [...stone, OWNER.sign(stone_bytes), time + 7], timed(6));
  await call('get_tombstones', [key_id, time + 8], timed(1));
  await call('get_records', [key_id, time + 8], timed(1));
  await call('set_expired_timeout', [1], by(OWNER));
  await call('set_stale_timeout', [1], by(GUEST));
  await call('set_stale_timeout', [1], by(OWNER));
  await call('evict_stale', [time + 100], timed(0));
  await call('clear_expired', [time + 100000000], timed(0));
  await call('clear_expired', [time], by(OWNER));
  await call.fails('merge', [[[{ metadata }]]], 'arguments', by(OWNER));
  await call.fails('merge_two', [[7], []], 'arguments', by(OWNER));
  await call.fails('get_key_id', [label], 'arguments');
}

/* ---- trust graph ---- */

export async function trust_graph(call) {
  const time = 1700000000, until = time + 1000000;
  const own = by(OWNER), timed = (position) => by(OWNER, { tetraplets: from(...Array(position).fill(null), ['peer', 'timestamp_sec']) });
  assert.equal((await call('set_root', [OWNER.id, 5], own)).success, true);
  await call('set_root', [GUEST.id, 5], by(GUEST));
  await call('set_root', ['not a peer', 5], own);
  const trust = async (issuer, subject) => {
    const { result: bytes } = await call('get_trust_bytes', [subject.id, until, time], by(issuer));
    const { trust: issued, success } = await call('issue_trust', [subject.id, until, time, issuer.sign(bytes)], by(issuer));
    assert.equal(success, true);
    await call('verify_trust', [issued, issuer.id, time + 1], timed(2));
    return issued;
  };
  const chain = [await trust(OWNER, OWNER), await trust(OWNER, WORKER), await trust(WORKER, GUEST)];
  assert.equal((await call('add_trust', [chain[0], OWNER.id, time + 1], timed(2))).success, true);
  await call('add_trust', [chain[1], OWNER.id, time + 1], timed(2));
  await call('add_trust', [chain[2], WORKER.id, time + 1], timed(2));
  await call('add_trust', [chain[2], GUEST.id, time + 1], timed(2)); // by another than signed it
  await call('add_trust', [chain[2], WORKER.id, time + 1], own); // a time from nowhere
  for (const who of [OWNER, WORKER, GUEST, HOST]) {
    await call('get_weight', [who.id, time + 2], timed(1));
    await call('get_weight_from', [who.id, OWNER.id, time + 2], by(OWNER, { tetraplets: from(null, ['peer', 'timestamp_sec'], null) })); // it looks there
    await call('get_all_certs', [who.id, time + 2], timed(1));
    await call('get_all_certs_from', [who.id, WORKER.id, time + 2], timed(2));
  }
  const { certificates } = await call('get_all_certs', [GUEST.id, time + 2], timed(1));
  assert.equal(certificates.length, 1);
  await call('insert_cert', [certificates[0], time + 3], timed(1));
  await call('insert_cert', [{ chain: [] }, time + 3], timed(1));
  await call('get_host_certs', [time + 3], timed(0));
  await call('get_host_certs_from', [OWNER.id, time + 3], timed(1));
  const { result: revoked } = await call('get_revocation_bytes', [GUEST.id, time + 4], by(WORKER));
  const { revocation } = await call('issue_revocation', [WORKER.id, GUEST.id, time + 4, WORKER.sign(revoked)], by(WORKER));
  await call('revoke', [revocation, time + 5], timed(1));
  await call('export_revocations', [GUEST.id], own);
  await call('get_weight', [GUEST.id, time + 6], timed(1));
  await call.fails('insert_cert', [{ chain: [{}] }, time], 'arguments', timed(1));
  await call.fails('set_root', [OWNER.id, 5, 6], 'arguments', own);
  await call.fails('insert_cert_raw', ['no certificate', time + 3], 'trap', timed(1)); // it panics with its tables locked: so do all after it
  await call.fails('get_weight', [GUEST.id, time + 6], 'trap', timed(1));
}

/* ---- the interpreter ---- */

export async function interpreter(call) {
  assert.equal(await call('ast', ['(null)']), '{"Null":null}');
  await call('ast', ['(seq (call %init_peer_id% ("s" "f") [1 -2.5 "é" x.$.a[0]] y) (xor (ap y z) (fail 1 "m")))']);
  await call('ast', ['(seq (null)']);
  await call.fails('ast', [], 'arguments');
  const inputs = call.types.RunParameters;
  const params = { init_peer_id: OWNER.id, current_peer_id: OWNER.id, timestamp: 1700000000000, ttl: 60000,
    key_format: 0, secret_key_bytes: [...Buffer.alloc(32, 1)], particle_id: 'particle-1',
    air_size_limit: 16777216, particle_size_limit: 67108864, call_result_size_limit: 33554432, hard_limit_enabled: false };
  const run = Object.fromEntries(Object.keys(inputs ?? params).map((k) => [k, params[k]]));
  const scripts = [`(null)`, `(call "${OWNER.id}" ("s" "f") ["a" 1 true] x)`, `(seq (call "${GUEST.id}" ("s" "f") []) (null))`,
    `(par (call "${OWNER.id}" ("a" "b") [%timestamp% %ttl%] $s) (call "${GUEST.id}" ("c" "d") [] y))`, `(fail 7 "seven")`, `(xor (match 1 2 (null)) (ap 5 z))`, `(call`];
  const invoke = (script, prev, data, results) =>
    call('invoke', 'RunParameters' in call.types ? [script, prev, data, run, results] : [OWNER.id, script, prev, data, results]);
  const { call_requests: none } = await invoke('(null)', [], [], []); // no results, as this version writes it
  const answer = { 1: { ret_code: 0, result: '{"a":[1,2.5,"é"]}' } };
  const answered = none[0] === 0x7b ? [...Buffer.from(JSON.stringify(answer))] : [...none.slice(0, -1), 0x81, 0xa1, 0x31, 0x82,
    0xa8, ...Buffer.from('ret_code'), 0, 0xa6, ...Buffer.from('result'), 0xa0 + Buffer.from(answer[1].result).length, ...Buffer.from(answer[1].result)];
  for (const script of scripts) {
    const first = await invoke(script, [], [], none);
    assert.equal(first.ret_code === 0, !/fail 7|call$/.test(script), `${script}: ${first.error_message}`);
    const second = await invoke(script, first.data, [], first.call_requests.length > none.length ? answered : none);
    await invoke(script, second.data, first.data, none);
    if (call.functions.to_human_readable_data) await call('to_human_readable_data', [second.data]);
  }
}

/* ---- IPFS: what its effector runs is the script PROGRAM, which tells its arguments ---- */

export const PROGRAM = `#!/bin/sh
printf '%s|' "$@" >> "$0.log"; echo >> "$0.log"
case "$*" in
*fails*) echo 'no such thing' >&2; exit 3;;
id*) echo '{"ID": "12D3KooWSD5PToNiLQwKDXsu8JSysCwUt8BVUJEqCHcDe7P5h45e"}';;
*add*) echo QmAdded;;
*"dag put"*) echo bafyDag;;
get*) for a; do case "$a" in */vault/*) printf 'got %s' "$4" > "$a";; esac; done;;
"dag get"*) printf '{"a":1}';;
cat*) printf 'the content é';;
*connect*) echo connected;;
esac
`;

/** log(): what the program was called with since, one line a run. vault: a folder of the host that the modules see as /tmp/vault. */
export async function ipfs(call, { log, write, read, vault }) {
  const own = { ...by(OWNER), service_id: 'ipfs' };
  const api = '/ip4/127.0.0.1/tcp/5001';
  assert.deepEqual(await call('connect', ['/ip4/1.2.3.4/tcp/1']), { success: false, error: 'local api multiaddr is not set' });
  assert.equal((await call('set_local_api_multiaddr', [api], by(GUEST))).success, false);
  assert.equal((await call('set_local_api_multiaddr', [api], own)).error, '');
  assert.equal((await call('get_local_api_multiaddr', [], own)).multiaddr, api);
  assert.equal((await call('set_external_api_multiaddr', [api], own)).success, true);
  assert.match((await call('get_external_api_multiaddr', [])).multiaddr, /^\/ip4\/127\.0\.0\.1\/tcp\/5001\/p2p\/12D3KooWSD5PToNiLQwKDXsu8JSysCwUt8BVUJEqCHcDe7P5h45e$/);
  assert.equal((await call('set_external_swarm_multiaddr', ['/ip4/9.9.9.9/tcp/4001'], own)).success, true);
  await call('get_external_swarm_multiaddr', []);
  await call('set_timeout', [5], own);
  log();
  assert.deepEqual(await call('connect', ['/ip4/1.2.3.4/tcp/1']), { success: true, error: '' });
  assert.deepEqual(log(), ['swarm|connect|/ip4/1.2.3.4/tcp/1|--timeout|5s|--api|/ip4/127.0.0.1/tcp/5001|']);
  write('a b; echo $HOME', 'some bytes'); // a name that a shell would take apart
  const put = await call('put', ['/tmp/vault/a b; echo $HOME'], own);
  assert.deepEqual([put.error, put.hash], ['', 'QmAdded']);
  const added = log().at(-1);
  assert.ok(added.replaceAll(/\/(\.?\/)+/g, '/').includes(`|${vault}/a b; echo $HOME|`), added); // one argument, as it is on the host
  assert.equal((await call('put', ['/tmp/vault/nothing'], own)).success, false);
  assert.equal((await call('dag_put', ['/tmp/vault/a b; echo $HOME'], own)).hash, 'bafyDag');
  write('particle-1/x', ''); // the folder of the particle, which the node makes; older modules leave the token out
  write('particle-1-token/x', '');
  const { path, error } = await call('get', ['QmSome'], own);
  assert.match(path, /^\/tmp\/vault\/particle-1(-token)?\/QmSome$/, error);
  assert.equal(read(path.slice('/tmp/vault/'.length)), 'got QmSome');
  log();
  await call('dag_get', ['QmOther'], own); // it writes the answer by the host's name of the folder, which it cannot see
  assert.deepEqual(log(), ['dag|get|QmOther|--timeout|5s|--api|/ip4/127.0.0.1/tcp/5001|']);
  assert.deepEqual(await call('cat', ['QmSome'], own), { success: true, error: '', contents: 'the content é' });
  assert.equal((await call('cat_from', ['QmSome', '/ip4/9.9.9.9/tcp/1'], own)).success, true);
  const failed = await call('cat', ['fails'], own);
  assert.equal(failed.success, false);
  assert.match(failed.error, /3|no such thing/);
  assert.deepEqual(log().at(-1), 'cat|fails|--timeout|5s|--api|/ip4/127.0.0.1/tcp/5001|');
  await call.fails('set_timeout', [-1], 'arguments', own);
}
