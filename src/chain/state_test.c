/* state_test.c: the overlay against a plain model with savepoints; the tree's root as a function of the content alone; old versions stay readable while
 * they are kept and leave nothing behind; proofs hold, and no changed one does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/tree.h"

enum { KEYS = 60, KEY_MAX = 4 };

/* Short keys with zeros and 0xff, many of them prefixes of others. */
static riv_bytes key_of(unsigned i, uint8_t out[KEY_MAX])
{
    static const uint8_t letters[] = { 0, 1, 0xff, CHAIN__LIVE_TABLE };
    size_t               len       = 1 + i % KEY_MAX;
    for (size_t k = 0; k < len; k++) out[k] = letters[(i >> (2 * k)) % 4 ^ (k == 0 ? i % 4 : 0)];
    return (riv_bytes){ out, len };
}

typedef struct model {
    riv_bytes keys[KEYS];
    uint8_t   bytes[KEYS][KEY_MAX];
    uint64_t  values[KEYS]; /* 0: not there */
    size_t    count;
} model;

static void model_open(model *m)
{
    *m = (model){ .count = 0 };
    for (unsigned i = 0; m->count < KEYS && i < 4096; i++) {
        riv_bytes key  = key_of(i, m->bytes[m->count]);
        bool      seen = false;
        for (size_t k = 0; k < m->count; k++) seen = seen || riv_bytes_eq(m->keys[k], key);
        if (!seen) m->keys[m->count++] = key;
    }
}

static riv_bytes value_of(const uint64_t *v) { return (riv_bytes){ (const uint8_t *)v, *v ? 1 + *v % 8 : 0 }; }

/* All keys under prefix, ascending, with their values. */
static void check_walk(chain__state *s, const model *m, riv_bytes prefix)
{
    riv_bytes at = prefix, key, value, want_value = { 0 };
    size_t    want = 0, got = 0;
    riv_buf   behind = { 0 };
    for (size_t i = 0; i < m->count; i++)
        want += m->values[i] != 0 && (prefix.len == 0 || m->keys[i].ptr[0] == prefix.ptr[0]);
    while (chain__state_next(s, prefix, at, &key, &value)) {
        assert_true(got == 0 || riv_bytes_cmp(key, at) >= 0);
        for (size_t i = 0; i < m->count; i++)
            if (riv_bytes_eq(m->keys[i], key)) want_value = value_of(&m->values[i]);
        assert_true(riv_bytes_eq(value, want_value));
        riv_buf_clear(&behind);
        riv_put_bytes(&behind, key);
        riv_put_u8(&behind, 0);
        at = riv_bytes_dup(s->arena, riv_buf_view(&behind));
        got++;
        assert_true(got <= want);
    }
    assert_int_equal(got, want);
    riv_buf_free(&behind);
}

static void check_same(chain__state *s, const model *m)
{
    static const uint8_t live[] = { CHAIN__LIVE_TABLE };
    riv_bytes            value;
    for (size_t i = 0; i < m->count; i++) {
        bool there = chain__state_get(s, m->keys[i], &value);
        assert_int_equal(there, m->values[i] != 0);
        assert_true(riv_bytes_eq(value, value_of(&m->values[i])));
    }
    check_walk(s, m, (riv_bytes){ (const uint8_t *)"", 0 });
    check_walk(s, m, (riv_bytes){ live, 1 }); /* a table that is gone through in order */
}

static void change_some(chain__state *s, model *m, riv_prng *r, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        size_t k     = riv_prng_below(r, m->count);
        m->values[k] = riv_prng_chance(r, 350000) ? 0 : riv_prng_u64(r);
        chain__state_put(s, m->keys[k], value_of(&m->values[k]));
    }
}

static crypto_hash commit(chain_memory *memory, chain__state *s, uint64_t version, riv_arena *arena)
{
    chain_write *writes;
    size_t       count;
    crypto_hash  root;
    riv_fault    fault = { 0 };
    assert_int_equal(chain__commit(s, version, arena, &fault, &root, &writes, &count), RIV_OK);
    for (size_t i = 1; i < count; i++) assert_true(riv_bytes_cmp(writes[i - 1].key, writes[i].key) < 0);
    chain_memory_apply(memory, writes, count);
    return root;
}

/* The content in one go, in a store of its own. */
static crypto_hash root_of(const model *m)
{
    riv_arena    *arena  = riv_arena_new(0);
    chain_memory *memory = chain_memory_new();
    chain_store   store  = chain_memory_store(memory);
    chain__state *s      = chain__state_new(&store, 0, arena);
    for (size_t i = m->count; i-- > 0;)
        if (m->values[i]) chain__state_put(s, m->keys[i], value_of(&m->values[i]));
    crypto_hash root = commit(memory, s, 1, arena);
    chain_memory_free(memory);
    riv_arena_free(arena);
    return root;
}

static void test_overlay(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        riv_prng      r     = riv_prng_seed(seed);
        riv_arena    *arena = riv_arena_new(0);
        chain_store   none  = { 0 };
        chain__state *s     = chain__state_new(&none, 0, arena);
        model         now, marked;
        model_open(&now);
        change_some(s, &now, &r, 30);
        for (int round = 0; round < 10; round++) {
            marked      = now;
            size_t mark = chain__state_mark(s);
            change_some(s, &now, &r, 12);
            check_same(s, &now);
            if (!riv_prng_chance(&r, 500000)) continue;
            chain__state_back(s, mark);
            memcpy(now.values, marked.values, sizeof now.values);
            check_same(s, &now);
        }
        riv_arena_free(arena);
    }
}

static void test_versions_and_roots(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        riv_prng      r      = riv_prng_seed(seed);
        chain_memory *memory = chain_memory_new();
        chain_store   store  = chain_memory_store(memory);
        model         now;
        static model  old[3 * CHAIN_VERSIONS_KEPT];
        model_open(&now);
        old[0] = now;
        for (uint64_t version = 1; version < RIV_COUNT(old); version++) {
            riv_arena    *arena = riv_arena_new(0);
            chain__state *s     = chain__state_new(&store, version - 1, arena);
            change_some(s, &now, &r, (unsigned)riv_prng_below(&r, 12));
            if (version == 200) /* everything goes */
                for (size_t i = 0; i < now.count; i++) {
                    now.values[i] = 0;
                    chain__state_put(s, now.keys[i], (riv_bytes){ 0 });
                }
            crypto_hash root = commit(memory, s, version, arena), want = root_of(&now);
            assert_memory_equal(root.bytes, want.bytes, 32);
            old[version]  = now;
            uint64_t back = riv_prng_below(&r, RIV_MIN(version, (uint64_t)CHAIN_VERSIONS_KEPT));
            for (size_t k = 0; k < now.count; k++) memcpy(old[version - back].bytes[k], now.bytes[k], KEY_MAX);
            chain__state *view = chain__state_new(&store, version - back, arena);
            memcpy(old[version - back].keys, now.keys, sizeof now.keys);
            check_same(view, &old[version - back]);
            riv_arena_free(arena);
        }
        /* nothing, for as long as versions are kept: then the store holds no value, no node and nothing to prune */
        for (uint64_t version = RIV_COUNT(old); version < RIV_COUNT(old) + CHAIN_VERSIONS_KEPT + 2; version++) {
            riv_arena    *arena = riv_arena_new(0);
            chain__state *s     = chain__state_new(&store, version - 1, arena);
            if (version == RIV_COUNT(old))
                for (size_t i = 0; i < now.count; i++) chain__state_put(s, now.keys[i], (riv_bytes){ 0 });
            commit(memory, s, version, arena);
            riv_arena_free(arena);
        }
        riv_arena *arena = riv_arena_new(0);
        riv_bytes  key, value;
        assert_false(store.next(store.ctx, RIV_BYTES("V"), RIV_BYTES("V"), arena, &key, &value));
        assert_false(store.next(store.ctx, RIV_BYTES("L"), RIV_BYTES("L"), arena, &key, &value));
        assert_false(store.next(store.ctx, RIV_BYTES("T"), RIV_BYTES("T"), arena, &key, &value));
        assert_false(store.next(store.ctx, RIV_BYTES("S"), RIV_BYTES("S"), arena, &key, &value));
        riv_arena_free(arena);
        chain_memory_free(memory);
    }
}

/* A list of what is old is one record of the store: what it says is not trusted when its time has come. */
static void test_spoilt_list_of_old(void **state)
{
    (void)state;
    static const riv_bytes lists[] = { RIV_BYTES_INIT("\0"), RIV_BYTES_INIT("\0\0"), RIV_BYTES_INIT("\0\3ab") };
    for (size_t i = 0; i < RIV_COUNT(lists); i++) {
        chain_memory *memory = chain_memory_new();
        chain_store   store  = chain_memory_store(memory);
        riv_arena    *arena  = riv_arena_new(0);
        chain_write  *writes;
        size_t        count;
        crypto_hash   root;
        riv_fault     fault = { 0 };
        for (uint64_t version = 1; version <= 1 + CHAIN_VERSIONS_KEPT; version++) {
            chain__state *s    = chain__state_new(&store, version - 1, arena);
            bool          last = version == 1 + CHAIN_VERSIONS_KEPT;
            if (version <= 2) chain__state_put(s, RIV_BYTES("a key"), value_of(&version));
            assert_int_equal(chain__commit(s, version, arena, &fault, &root, &writes, &count),
                             last ? RIV_E_MALFORMED : RIV_OK);
            if (!last) chain_memory_apply(memory, writes, count);
            chain_write spoilt = { .key = RIV_BYTES("S\0\0\0\0\0\0\0\2"), .value = lists[i] };
            if (version == 2) chain_memory_apply(memory, &spoilt, 1);
        }
        assert_non_null(strstr(fault.msg, "damaged"));
        riv_arena_free(arena);
        chain_memory_free(memory);
    }
}

/* ---- proofs, of a chain's genesis and some accounts ---- */

static bool holds(const chain_proof *p, const crypto_hash *root) { return chain_proof_check(p, root, NULL) == RIV_OK; }

static void check_spoilt(const chain_proof *p, const crypto_hash *root, riv_arena *arena)
{
    chain_proof bad   = *p;
    riv_bytes  *nodes = riv_new(arena, riv_bytes, p->nodes_count + 1);
    bad.nodes         = nodes;
    for (size_t n = 0; n < p->nodes_count; n++) {
        for (size_t bit = 0; bit < 8 * p->nodes[n].len; bit++) {
            memcpy(nodes, p->nodes, p->nodes_count * sizeof *nodes);
            nodes[n] = riv_bytes_dup(arena, p->nodes[n]);
            ((uint8_t *)(uintptr_t)nodes[n].ptr)[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(holds(&bad, root));
        }
        memcpy(nodes, p->nodes, p->nodes_count * sizeof *nodes);
        bad.nodes_count = n; /* cut */
        assert_false(holds(&bad, root));
        bad.nodes_count = p->nodes_count;
    }
    memcpy(nodes, p->nodes, p->nodes_count * sizeof *nodes);
    assert_true(holds(&bad, root));
    bad.present = !p->present;
    bad.value   = bad.present ? RIV_BYTES("x") : (riv_bytes){ 0 };
    assert_false(holds(&bad, root));
    bad = *p;
    if (p->present) {
        bad.value = RIV_BYTES("another");
        assert_false(holds(&bad, root));
    }
    bad     = *p;
    bad.key = RIV_BYTES("quite another key");
    if (p->present) assert_false(holds(&bad, root));
}

static void test_proofs(void **state)
{
    (void)state;
    riv_arena    *arena  = riv_arena_new(0);
    chain        *engine = chain_new();
    chain_memory *memory = chain_memory_new();
    chain_store   store  = chain_memory_store(memory);
    chain_params  params;
    chain_block   genesis;
    riv_fault     fault = { 0 };
    chain_params_local(&params);
    chain_balances_local(arena, &params);
    assert_int_equal(chain_genesis(engine, &params, &store, arena, &fault, &genesis), RIV_OK);
    chain_memory_apply(memory, genesis.writes, genesis.writes_count);
    for (size_t i = 0; i < 40; i++) {
        chain_proof proof;
        uint8_t     key[21] = { 'a' };
        eth_address who     = chain_development_account(i % CHAIN_DEVELOPMENT_ACCOUNTS);
        memcpy(key + 1, who.bytes, 20);
        if (i >= CHAIN_DEVELOPMENT_ACCOUNTS) key[5] ^= (uint8_t)i;
        assert_int_equal(chain_prove(&store, UINT64_MAX, (riv_bytes){ key, sizeof key }, arena, &fault, &proof),
                         RIV_OK);
        assert_int_equal(proof.present, i < CHAIN_DEVELOPMENT_ACCOUNTS);
        assert_int_equal(chain_proof_check(&proof, &genesis.state_root, &fault), RIV_OK);
        if (i % 7 == 0) check_spoilt(&proof, &genesis.state_root, arena);
    }
    chain_memory_free(memory);
    chain_free(engine);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_versions_and_roots),
        cmocka_unit_test(test_spoilt_list_of_old),
        cmocka_unit_test(test_proofs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
