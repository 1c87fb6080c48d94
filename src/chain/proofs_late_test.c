/* proofs_late_test.c: more units prove than the chain verifies in their epochs, and nothing is lost of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#include "chain/capacity.h"

#define SUBMIT "submitProofs(bytes32[],bytes32[],bytes32[])"

enum { HASH = 32, PROVIDERS = 12, EPOCHS = 6, BLOCKS_AN_EPOCH = 4, UNITS_MAX = 9, PROOFS_MAX = 4 };

typedef struct claims {
    eth_value units[PROOFS_MAX], nonces[PROOFS_MAX], hashes[PROOFS_MAX];
    size_t    count;
} claims;

static world w;

static u256 flt_tenths(uint64_t n)
{
    u256 out;
    assert_true(u256_mul(u256_of(n), u256_of(UINT64_C(100000000000000000)), &out));
    return out;
}

static uint64_t queue_view(size_t item)
{
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "proofsWaiting()", eth_word(0));
    return w.out.items[item].word.limb[0];
}

static uint64_t waiting(void) { return queue_view(0); }
static uint64_t settled(void) { return queue_view(1); }

typedef struct member {
    const char *name; /* of the provider, and of its peer */
    chain__id   cc;
    uint64_t    units;
} member;

/* In place of RandomX, whose keys take 0.4 s each: a block's work is counted, not done. */
static riv_err hash_keccak(void *ctx, const proof_key *key, const proof_nonce *nonce, riv_fault *fault,
                           crypto_hash *out)
{
    uint8_t both[2 * HASH];
    (void)ctx;
    (void)fault;
    memcpy(both, key->bytes, HASH);
    memcpy(both + HASH, nonce->bytes, HASH);
    *out = crypto_keccak256((riv_bytes){ both, sizeof both });
    return RIV_OK;
}

typedef struct counted {
    proof_key last;
    unsigned  work, proofs;
} counted;

static riv_err hash_counted(void *ctx, const proof_key *key, const proof_nonce *nonce, riv_fault *fault,
                            crypto_hash *out)
{
    counted *c    = ctx;
    bool     same = c->proofs && memcmp(c->last.bytes, key->bytes, HASH) == 0;
    c->work += same ? 1u : 1u + CHAIN__PROOF_WORK_KEY;
    c->proofs++;
    c->last = *key;
    return hash_keccak(NULL, key, nonce, fault, out);
}

/* A block of the crowd: as much work as it may, and no more. */
static void crowd_block(void)
{
    eth_address   capacity = chain_contract_address(CHAIN_CAPACITY);
    chain__meter  meter    = { .gas_left = UINT64_MAX };
    counted       done     = { .work = 0 };
    chain__hasher hasher   = { &done, hash_counted };
    chain__call   c        = world_context(&w, &capacity, &capacity, &meter);
    w.logs.len             = 0;
    c.height               = ++w.height;
    uint64_t before        = chain__proofs_waiting(&c);
    assert_int_equal(chain__proofs_begin_with(&c, &hasher, NULL), RIV_OK);
    assert_int_equal(chain__proofs_waiting(&c), before - done.proofs);
    assert_true(done.work <= CHAIN__PROOF_WORK_A_BLOCK);
    assert_true(before == done.proofs || done.work >= CHAIN__PROOF_WORK_A_BLOCK - CHAIN__PROOF_WORK_KEY);
    assert_int_equal(world_events(&w, CHAIN__EVENT_PROOFS), done.proofs);
}

static void crowd_submit(const member *m, uint64_t unit, uint64_t count, uint64_t *nonce)
{
    claims      c = { .count = 0 };
    uint8_t     global[HASH], difficulty[HASH];
    chain__id   id    = world_id(world_unit(&w, m->name, unit));
    const char *owner = riv_cstr(w.arena, riv_format(w.arena, "%s owner", m->name));
    WORLD_OK(&w, "anyone", CHAIN_CAPACITY, "getGlobalNonce()", eth_word(0));
    u256_to_be(w.out.items[0].word, global);
    WORLD_OK(&w, "anyone", CHAIN_CORE, "difficulty()", eth_word(0));
    u256_to_be(w.out.items[0].word, difficulty);
    proof_key key = proof_key_of(global, id.bytes);
    for (uint64_t i = 0; i < count; i++) {
        proof_nonce local;
        crypto_hash hash;
        do {
            u256_to_be(u256_of(++*nonce), local.bytes);
            (void)hash_keccak(NULL, &key, &local, NULL, &hash);
        } while (!proof_meets(&hash, difficulty));
        c.units[c.count]    = eth_of_hash(id.bytes);
        c.nonces[c.count]   = eth_of_hash(local.bytes);
        c.hashes[c.count++] = eth_of_hash(hash.bytes);
    }
    const eth_value args[] = { world_list(&w, c.units, c.count), world_list(&w, c.nonces, c.count),
                               world_list(&w, c.hashes, c.count) };
    if (!world_call(&w, owner, CHAIN_CAPACITY, SUBMIT, args)) fail_msg(RIV_FMT, RIV_ARG(w.text));
}

static void open_crowd(member *all, riv_prng *r)
{
    world_open(&w, CHAIN_FIXED);
    memset(w.params.difficulty, 0xff, sizeof w.params.difficulty);
    w.params.proofs_mocked = false;
    eth_address at         = chain_contract_address(CHAIN_CAPACITY);
    world_give(&w, "d", flt_tenths(1000), U256_ZERO);
    for (size_t i = 0; i < PROVIDERS; i++) {
        member *m = &all[i];
        m->name   = riv_cstr(w.arena, riv_format(w.arena, "p%u", (unsigned)i));
        m->units  = 1 + riv_prng_below(r, UNITS_MAX);
        world_provider(&w, m->name);
        world_offer(&w, m->name, 1000000, world_none(), WORLD_LIST(&w, world_peer(&w, m->name, m->units)));
        WORLD_OK(&w, m->name, CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)",
                 world_id_value(m->name), eth_word(20), world_name("d"), eth_word(1));
        m->cc                  = world_result_id(&w);
        const eth_value args[] = { WORLD_LIST(&w, chain__of_id(&m->cc)) };
        assert_true(world_call_at(&w, "d", flt_tenths(m->units), &at, "depositCollateral(bytes32[])", args));
    }
}

static void assert_unharmed(const member *m)
{
    eth_address  capacity = chain_contract_address(CHAIN_CAPACITY);
    chain__meter meter    = { .gas_left = UINT64_MAX };
    chain__call  c        = world_context(&w, &capacity, &capacity, &meter);
    chain__cc    is;
    assert_true(chain__cc_get(&c, &m->cc, &is));
    assert_int_equal(is.progress.status, CHAIN__CC_ACTIVE);
    assert_int_equal(is.progress.fails, 0);
    for (uint64_t u = 0; u < m->units; u++) {
        chain__unit_progress p;
        chain__id            id = world_id(world_unit(&w, m->name, u));
        chain__cc_unit_get(&c, &is, &id, &p);
        assert_true(u256_is_zero(p.slashed));
    }
}

/* All units prove in each of six epochs, in any order and in pieces; the chain verifies a part in time, the rest up to many epochs later. Every proof
 * counts in the epoch in which it was given, and nobody is slashed for what is late. */
static void test_crowd(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        riv_prng r = riv_prng_seed(seed);
        member   all[PROVIDERS];
        uint64_t nonce = 0, units = 0, late = 0;
        open_crowd(all, &r);
        for (size_t i = 0; i < PROVIDERS; i++) units += all[i].units;
        for (uint64_t epoch = 2; epoch < 2 + EPOCHS; epoch++) {
            static uint8_t left[PROVIDERS][UNITS_MAX];
            size_t         calls = 0;
            world_to_epoch(&w, epoch);
            crowd_block();
            for (size_t i = 0; i < PROVIDERS; i++)
                for (uint64_t u = 0; u < all[i].units; u++) left[i][u] = PROOFS_MAX;
            for (uint64_t more = units * PROOFS_MAX; more;) {
                size_t   i     = riv_prng_below(&r, PROVIDERS);
                uint64_t u     = riv_prng_below(&r, all[i].units);
                uint64_t count = 1 + riv_prng_below(&r, PROOFS_MAX);
                count          = RIV_MIN(count, left[i][u]);
                if (!count) continue;
                crowd_submit(&all[i], u, count, &nonce);
                left[i][u] = (uint8_t)(left[i][u] - count);
                more -= count;
                if (++calls % (units * 2 / BLOCKS_AN_EPOCH) == 0) crowd_block();
            }
            late = RIV_MAX(late, epoch - 1 - settled());
        }
        assert_true(late >= 3); /* else this shows nothing */
        world_to_epoch(&w, 2 + EPOCHS);
        for (unsigned blocks = 0; waiting(); blocks++) {
            assert_true(blocks < 1000);
            crowd_block();
            for (size_t i = 0; i < PROVIDERS; i++) assert_unharmed(&all[i]);
        }
        assert_int_equal(settled(), 1 + EPOCHS);
        for (size_t i = 0; i < PROVIDERS; i++) /* looked at: all epochs are judged */
            for (uint64_t u = 0; u < all[i].units; u++) crowd_submit(&all[i], u, 1, &nonce);
        for (size_t i = 0; i < PROVIDERS; i++) assert_unharmed(&all[i]);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_crowd) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
