/* Tests of cc_proofs.c with real hashes: what waits, what a block verifies, false claims, epochs that are not settled, the difficulty, and that caches
 * change no result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#include "chain/capacity.h"

enum { HASH = 32, OF_ONE_KEY = CHAIN__PROOF_WORK_A_BLOCK - CHAIN__PROOF_WORK_KEY /* proofs that a block verifies */ };
#define SUBMIT  "submitProofs(bytes32[],bytes32[],bytes32[])"
#define UNIT(n) world_id_value(world_unit(&w, "peer", (n)))

static world     w;
static chain__id cc;
static proof    *verifier; /* 256 MiB for each of its keys */

static int set_up_all(void **state)
{
    (void)state;
    verifier = proof_new(3);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    proof_free(verifier);
    return 0;
}

static u256 flt_tenths(uint64_t n)
{
    u256 out;
    assert_true(u256_mul(u256_of(n), u256_of(UINT64_C(100000000000000000)), &out));
    return out;
}

/* The start of a block, as chain_apply has it. */
static riv_err begin(proof *with)
{
    static const eth_address nobody;
    eth_address              capacity = chain_contract_address(CHAIN_CAPACITY);
    chain__meter             meter    = { .gas_left = UINT64_MAX };
    chain__call              c        = world_context(&w, &nobody, &capacity, &meter);
    riv_fault                fault    = { 0 };
    w.logs.len                        = 0;
    w.height++;
    c.height          = w.height;
    c.beacon.bytes[0] = 7;
    return chain__proofs_begin(&c, with, &fault);
}

/* Every other hash is good enough; a commitment of 20 epochs that starts with the second. */
static void open_world(uint64_t units)
{
    world_open(&w, CHAIN_FIXED);
    memset(w.params.difficulty, 0xff, sizeof w.params.difficulty);
    w.params.difficulty[0] = 0x7f;
    w.params.proofs_mocked = false;
    eth_address at         = chain_contract_address(CHAIN_CAPACITY);
    world_give(&w, "d", flt_tenths(100), U256_ZERO);
    world_provider(&w, "p");
    world_offer(&w, "p", 1000000, world_none(), WORLD_LIST(&w, world_peer(&w, "peer", units)));
    WORLD_OK(&w, "p", CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)", world_id_value("peer"),
             eth_word(20), world_name("d"), eth_word(1));
    cc                     = world_result_id(&w);
    const eth_value args[] = { WORLD_LIST(&w, chain__of_id(&cc)) };
    assert_true(world_call_at(&w, "d", flt_tenths(units), &at, "depositCollateral(bytes32[])", args));
    world_to_epoch(&w, 2);
    assert_int_equal(begin(NULL), RIV_OK);
}

static uint64_t view(chain_contract at, const char *function, eth_value arg, size_t item)
{
    WORLD_OK(&w, "anyone", at, function, arg);
    return w.out.items[item].word.limb[0];
}

static uint64_t waiting(void) { return view(CHAIN_CAPACITY, "proofsWaiting()", eth_word(0), 0); }
static uint64_t settled(void) { return view(CHAIN_CAPACITY, "proofsWaiting()", eth_word(0), 1); }
static uint64_t status(void) { return view(CHAIN_CAPACITY, "getStatus(bytes32)", chain__of_id(&cc), 0); }

static uint64_t fails(void)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getCommitment(bytes32)", chain__of_id(&cc));
    return w.out.items[0].items[8].word.limb[0];
}

static void assert_proofs(uint64_t unit, uint64_t epoch, uint64_t given, uint64_t verified)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "proofsOf(bytes32,uint256)", UNIT(unit), eth_word(epoch));
    assert_int_equal(w.out.items[0].word.limb[0], given);
    assert_int_equal(w.out.items[1].word.limb[0], verified);
}

typedef struct claims {
    eth_value units[64], nonces[64], hashes[64];
    size_t    count;
} claims;

/* The next nonce from *nonce on whose hash is good enough. */
static void find(claims *c, uint64_t unit, uint64_t *nonce)
{
    uint8_t   global[HASH];
    chain__id id = world_id(world_unit(&w, "peer", unit));
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getGlobalNonce()", eth_word(0));
    u256_to_be(w.out.items[0].word, global);
    proof_key   key = proof_key_of(global, id.bytes);
    proof_nonce local;
    crypto_hash hash;
    do {
        u256_to_be(u256_of(++*nonce), local.bytes);
        assert_int_equal(proof_hash(verifier, &key, &local, NULL, &hash), RIV_OK);
    } while (!proof_meets(&hash, w.params.difficulty));
    c->units[c->count]    = eth_of_hash(id.bytes);
    c->nonces[c->count]   = eth_of_hash(local.bytes);
    c->hashes[c->count++] = eth_of_hash(hash.bytes);
}

/* A claim that is good enough and false. */
static void invent(claims *c, uint64_t unit, uint64_t nonce)
{
    c->units[c->count]    = UNIT(unit);
    c->nonces[c->count]   = eth_word(nonce);
    c->hashes[c->count++] = eth_word(nonce);
}

static bool submit(const claims *c)
{
    const eth_value args[] = { world_list(&w, c->units, c->count), world_list(&w, c->nonces, c->count),
                               world_list(&w, c->hashes, c->count) };
    return world_call(&w, "peer owner", CHAIN_CAPACITY, SUBMIT, args);
}

static void assert_told(size_t index, bool confirmed)
{
    eth_type  type;
    eth_value v;
    assert_int_equal(eth_type_parse(RIV_LIT("(bytes32[],bool[])"), w.arena, NULL, &type), RIV_OK);
    size_t seen = 0;
    for (size_t i = 0; i < w.logs.len; i++) {
        const chain__event_entry *e = riv_map_get_str(w.engine->events, riv_str_c(CHAIN__EVENT_PROOFS));
        if (memcmp(w.logs.ptr[i].topics[0].bytes, e->topic.bytes, HASH) != 0 || seen++ != index) continue;
        assert_int_equal(eth_abi_read(&type, w.logs.ptr[i].data, w.arena, NULL, &v), RIV_OK);
        assert_int_equal(v.items[1].items[0].word.limb[0], confirmed);
        return;
    }
    fail_msg("there is no event %u", (unsigned)index);
}

/* Three units give proofs; two keys are verified by the first block, the third by the next, in another epoch, and all count where they belong. */
static void test_verified(void **state)
{
    claims   c     = { .count = 0 };
    uint64_t nonce = 0;
    enum { FALSE_ONES = 30 };
    (void)state;
    open_world(3);
    WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(9), eth_word(40));
    find(&c, 0, &nonce);
    find(&c, 1, &nonce);
    find(&c, 0, &nonce); /* stands with the other one of its unit */
    for (uint64_t i = 0; i < FALSE_ONES; i++) invent(&c, 0, 1000 + i);
    invent(&c, 1, 1000);
    find(&c, 2, &nonce);
    find(&c, 2, &nonce);
    assert_true(submit(&c));
    assert_true(w.gas_used > 3 * CHAIN__GAS_PROOF_KEY + (6 + FALSE_ONES) * CHAIN__GAS_PROOF);
    assert_false(submit(&c));
    assert_string_equal(riv_cstr(w.arena, w.text), "Proof is already submitted for this unit");
    assert_int_equal(waiting(), 6 + FALSE_ONES);
    assert_int_equal(settled(), 1);
    assert_proofs(0, 2, 2 + FALSE_ONES, 0);

    assert_int_equal(begin(verifier), RIV_OK);
    assert_int_equal(waiting(), 2);
    assert_proofs(0, 2, 2 + FALSE_ONES, 2);
    assert_proofs(1, 2, 2, 1); /* the false one does not count, and its nonce is used up */
    assert_proofs(2, 2, 2, 0);

    world_to_epoch(&w, 4); /* as long as proofs of 2 wait nothing behind it is judged */
    assert_int_equal(settled(), 1);
    assert_int_equal(status(), CHAIN__CC_ACTIVE);
    WORLD_REVERTS(&w, "Nothing to withdraw", "d", CHAIN_CAPACITY, "withdrawReward(bytes32)", chain__of_id(&cc));
    assert_int_equal(begin(verifier), RIV_OK);
    assert_told(0, true);
    assert_told(1, true);
    assert_int_equal(waiting(), 0);
    assert_int_equal(settled(), 3);
    assert_proofs(2, 2, 2, 2);
    assert_int_equal(begin(verifier), RIV_OK);
    assert_int_equal(w.logs.len, 0);

    c = (claims){ .count = 0 }; /* looked at again: 3 + 3 were owed, units 0 and 2 proved in epoch 2 */
    invent(&c, 0, 1);
    assert_true(submit(&c));
    assert_int_equal(fails(), 4);
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "totalRewards(bytes32)",
             chain__of_id(&cc)); /* half of 10 FLT in six parts: 2 of the 4 proofs that count */
    assert_int_equal(u256_cmp(w.out.items[0].word, u256_of(UINT64_C(4999999999999999998))), 0);
    assert_int_equal(begin(verifier), RIV_OK);
    assert_told(0, false);
    assert_proofs(0, 4, 1, 0);
    world_close(&w);
}

/* A hash that is too large is refused at once; more than a block may verify waits for the next one. */
static void test_bounds(void **state)
{
    claims c = { .count = 0 };
    (void)state;
    open_world(1);
    WORLD_OK(&w, "owner", CHAIN_CORE, "setCapacityConstant(uint8,uint256)", eth_word(9), eth_word(60));
    invent(&c, 0, 1);
    memset(&c.hashes[0].word, 0xff, sizeof c.hashes[0].word);
    assert_false(submit(&c));
    assert_string_equal(riv_cstr(w.arena, w.text), "Proof is bigger than difficulty");
    c.count = 0;
    for (uint64_t i = 1; i <= OF_ONE_KEY + 3; i++) invent(&c, 0, i);
    assert_true(submit(&c));
    assert_int_equal(waiting(), OF_ONE_KEY + 3);
    uint64_t keys = proof_keys_made(verifier);
    assert_int_equal(begin(verifier), RIV_OK);
    assert_int_equal(waiting(), 3);
    assert_int_equal(begin(verifier), RIV_OK);
    assert_int_equal(waiting(), 0);
    assert_int_equal(proof_keys_made(verifier), keys + 1);
    assert_proofs(0, 2, OF_ONE_KEY + 3, 0);
    world_close(&w);
}

/* What eth_estimateGas found holds when a block has verified meanwhile what waited of the unit: within the quarter that is added. */
static void test_gas_is_known_beforehand(void **state)
{
    uint64_t gas[4];
    (void)state;
    open_world(1);
    for (uint64_t i = 0; i < RIV_COUNT(gas); i++) {
        claims c = { .count = 0 };
        invent(&c, 0, i + 1);
        if (i == 2)
            assert_int_equal(begin(verifier),
                             RIV_OK); /* alone as the first, the second behind it, the third alone again */
        assert_int_equal(waiting(), i % 2);
        assert_true(submit(&c));
        gas[i] = w.gas_used;
    }
    for (size_t i = 0; i < RIV_COUNT(gas); i++)
        for (size_t k = 0; k < RIV_COUNT(gas); k++) assert_in_range(gas[i], gas[k] - gas[k] / 10, gas[k] + gas[k] / 10);
    world_close(&w);
}

static uint8_t difficulty(void)
{
    uint8_t be[HASH];
    WORLD_OK(&w, "anyone", CHAIN_CORE, "difficulty()", eth_word(0));
    u256_to_be(w.out.items[0].word, be);
    return be[0];
}

/* Nobody proves: it becomes easier from the next epoch on, once an epoch, and no more at its bound. */
static void test_difficulty_follows(void **state)
{
    (void)state;
    world_open(&w, CHAIN_FIXED);
    w.params.proofs_mocked = false;
    memset(w.params.difficulty, 0, sizeof w.params.difficulty);
    w.params.difficulty[1] = 0x10;
    world_to_epoch(&w, 3);
    assert_int_equal(begin(NULL), RIV_OK); /* nobody has a commitment: it stays */
    world_to_epoch(&w, 4);
    assert_int_equal(begin(NULL), RIV_OK);
    world_to_epoch(&w, 5);
    uint8_t be[HASH];
    WORLD_OK(&w, "anyone", CHAIN_CORE, "difficulty()", eth_word(0));
    u256_to_be(w.out.items[0].word, be);
    assert_memory_equal(be, w.params.difficulty, HASH);
    world_close(&w);
    open_world(1); /* 0x7f..: active since epoch 1, in which nobody could prove yet */
    assert_int_equal(difficulty(), 0x7f);
    world_to_epoch(&w, 3);
    assert_int_equal(difficulty(), 0x7f);
    for (uint64_t epoch = 4; epoch <= 5; epoch++) { /* nothing was proved in 2 nor in 3 */
        assert_int_equal(begin(NULL), RIV_OK);
        world_to_epoch(&w, epoch);
        assert_int_equal(difficulty(), 0xff);
    }
    world_close(&w);
}

static crypto_hash root_with(proof *with)
{
    claims       c = { .count = 0 };
    crypto_hash  root;
    chain_write *writes;
    size_t       count;
    uint64_t     nonce = 0;
    open_world(1);
    find(&c, 0, &nonce);
    invent(&c, 0, 77);
    find(&c, 0, &nonce);
    assert_true(submit(&c));
    assert_int_equal(begin(with), RIV_OK);
    assert_proofs(0, 2, 3, 2);
    assert_int_equal(chain__commit(w.state, 1, w.arena, NULL, &root, &writes, &count), RIV_OK);
    world_close(&w);
    return root;
}

static void test_caches(void **state)
{
    (void)state;
    crypto_hash kept = root_with(verifier), own = root_with(NULL);
    assert_memory_equal(&kept, &own, sizeof kept);
}

/* ---- by blocks of signed transactions ---- */

typedef struct town {
    riv_arena    *arena;
    chain        *engine;
    chain_memory *memory;
    chain_store   store;
    chain_params  params;
    crypto_secret key;
    eth_address   who;
    uint64_t      nonce, time_s;
    chain_block   block;
} town;

static void apply(town *t, const riv_bytes *txs, size_t count)
{
    riv_fault         fault = { 0 };
    chain_block_input in    = {
           .height = t->block.height + 1, .time_s = t->time_s, .txs = txs, .txs_count = count, .verifier = verifier
    };
    in.beacon.bytes[1] = (uint8_t)in.height;
    if (chain_apply(t->engine, &t->store, &in, t->arena, &fault, &t->block)) fail_msg("%s", fault.msg);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
    for (size_t i = 0; i < count; i++)
        if (!t->block.receipts[i].ok) fail_msg(RIV_FMT, RIV_ARG(t->block.receipts[i].error));
}

static void send(town *t, chain_contract to, u256 value, const char *signature, const eth_value *args)
{
    riv_buf data = riv_buf_in(t->arena), raw = riv_buf_in(t->arena);
    assert_int_equal(eth_call_put(riv_str_c(signature), args, t->arena, NULL, &data), RIV_OK);
    eth_tx tx = { .type      = 2,
                  .chain_id  = t->params.chain_id,
                  .nonce     = t->nonce++,
                  .gas_limit = 5000000,
                  .to        = chain_contract_address(to),
                  .value     = value,
                  .data      = riv_buf_view(&data) };
    assert_int_equal(eth_tx_sign(&tx, &t->key, &raw, NULL), RIV_OK);
    riv_bytes bytes = riv_buf_view(&raw);
    apply(t, &bytes, 1);
}

static riv_bytes ask(town *t, const char *signature)
{
    riv_str       name;
    eth_type      types;
    chain_receipt r;
    assert_int_equal(eth_signature_parse(riv_str_c(signature), t->arena, NULL, &name, &types), RIV_OK);
    crypto_hash hash = eth_signature_hash(name, &types);
    chain_call  call = { .to = chain_contract_address(CHAIN_CAPACITY), .data = { hash.bytes, 4 } };
    assert_int_equal(chain_call_run(t->engine, &t->store, UINT64_MAX, &call, t->arena, NULL, &r), RIV_OK);
    assert_true(r.ok && r.returned.len >= HASH);
    return r.returned;
}

static void open_town(town *t)
{
    crypto_secp_public public;
    static chain_balance balance;
    *t       = (town){ .arena = riv_arena_new(0), .engine = chain_new(), .memory = chain_memory_new() };
    t->store = chain_memory_store(t->memory);
    memset(t->key.bytes, 5, sizeof t->key.bytes);
    assert_int_equal(crypto_secp_public_of(&t->key, &public), RIV_OK);
    t->who  = eth_address_of_key(&public);
    balance = (chain_balance){ t->who, flt_tenths(100), U256_ZERO };
    chain_params_local(&t->params);
    memset(t->params.difficulty, 0xff, sizeof t->params.difficulty);
    t->params.balances       = &balance;
    t->params.balances_count = 1;
    t->time_s                = t->params.genesis_time_s;
    assert_int_equal(chain_genesis(t->engine, &t->params, &t->store, t->arena, NULL, &t->block), RIV_OK);
    chain_memory_apply(t->memory, t->block.writes, t->block.writes_count);
}

/* A proof goes in by a transaction, waits, and is told by the next block among its own logs: they are in its bloom and in the root of its receipts. */
static void test_blocks(void **state)
{
    town            t;
    const chain__id unit = world_id("unit");
    const eth_value none = eth_list(NULL, 0), unit_value = eth_of_hash(unit.bytes), units = eth_list(&unit_value, 1);
    (void)state;
    open_town(&t);
    uint8_t         cid_bytes[HASH] = { 1, 0x55, 0x12, 0x20 };
    const eth_value cid_items[]     = { eth_of_hash(cid_bytes), unit_value },
                    info[]          = { eth_text(RIV_LIT("p")), eth_list(cid_items, 2) };
    eth_address     usd             = chain_contract_address(CHAIN_USD);
    const eth_value peer_items[] = { unit_value, eth_of_address(&t.who), units }, peer = eth_list(peer_items, 3);
    const eth_value offer[] = { eth_word(1), eth_of_address(&usd), none, eth_list(&peer, 1), eth_word(1), eth_word(1) };
    const eth_value terms[] = { unit_value, eth_word(10), eth_of_address(&t.who), eth_word(1) };
    send(&t, CHAIN_MARKET, U256_ZERO, "setProviderInfo(string,(bytes4,bytes32))", info);
    send(&t, CHAIN_MARKET, U256_ZERO, WORLD_REGISTER, offer);
    send(&t, CHAIN_CAPACITY, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", terms);
    const eth_value commitment = { .word = u256_from_be(t.block.receipts[0].returned) }, ids = eth_list(&commitment, 1);
    send(&t, CHAIN_CAPACITY, flt_tenths(1), "depositCollateral(bytes32[])", &ids);
    t.time_s += t.params.epoch_seconds;
    apply(&t, NULL, 0);

    proof_key   key   = proof_key_of(ask(&t, "getGlobalNonce()").ptr, unit.bytes);
    proof_nonce nonce = { { 9 } };
    crypto_hash hash;
    assert_int_equal(proof_hash(verifier, &key, &nonce, NULL, &hash), RIV_OK);
    const eth_value local = eth_of_hash(nonce.bytes), result = eth_of_hash(hash.bytes);
    const eth_value submission[] = { units, eth_list(&local, 1), eth_list(&result, 1) };
    send(&t, CHAIN_CAPACITY, U256_ZERO, SUBMIT, submission);
    assert_int_equal(t.block.proofs_waiting, 1);
    uint64_t behind = 0;
    assert_int_equal(chain_proofs_waiting(&t.store, NULL, &behind), RIV_OK);
    assert_int_equal(behind, 1);
    assert_int_equal(t.block.logs_count, 0);
    apply(&t, NULL, 0);
    assert_int_equal(t.block.proofs_waiting, 0);
    assert_int_equal(t.block.logs_count, 1);
    assert_int_equal(t.block.logs[0].topics_count, 2);
    assert_memory_equal(t.block.logs[0].topics[1].bytes, unit.bytes, HASH); /* the peer has the same name */
    uint8_t nothing[256] = { 0 };
    assert_memory_not_equal(t.block.logs_bloom, nothing, sizeof nothing);
    assert_memory_not_equal(t.block.receipts_root.bytes, nothing, HASH);
    apply(&t, NULL, 0);
    assert_memory_equal(t.block.receipts_root.bytes, nothing, HASH);
    chain_memory_free(t.memory);
    chain_free(t.engine);
    riv_arena_free(t.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_gas_is_known_beforehand),
        cmocka_unit_test(test_difficulty_follows),
        cmocka_unit_test(test_caches),
        cmocka_unit_test(test_blocks),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
