/* Tests of room proof: RandomX's vectors, the bound of caches, searching against checking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proof/proof.h"

#include <math.h>
#include <randomx.h>

static void hex(const char *text, uint8_t out[PROOF_BYTES])
{
    for (size_t i = 0; i < PROOF_BYTES; i++) {
        char     pair[3] = { text[2 * i], text[2 * i + 1], 0 };
        unsigned v       = 0;
        for (int k = 0; k < 2; k++) v = v * 16 + (unsigned)(pair[k] <= '9' ? pair[k] - '0' : pair[k] - 'a' + 10);
        out[i] = (uint8_t)v;
    }
}

/* The published vectors of RandomX, through the library as the room uses it. */
static void test_vectors(void **state)
{
    static const struct {
        const char *key, *input, *want;
    } rows[] = {
        { "test key 000", "This is a test", "639183aae1bf4c9a35884cb46b09cad9175f04efd7684e7262a0ac1c2f0b4e3f" },
        { "test key 000", "Lorem ipsum dolor sit amet",
          "300a0adb47603dedb42228ccb2b211104f4da45af709cd7547cd049e9489c969" },
        { "test key 001", "sed do eiusmod tempor incididunt ut labore et dolore magna aliqua",
          "e9ff4503201c0c2cca26d285c93ae883f9b1d30c9eb240b820756f2d5a7905fc" },
    };
    (void)state;
    randomx_flags  flags = randomx_get_flags();
    randomx_cache *cache = randomx_alloc_cache(flags);
    assert_non_null(cache);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        uint8_t want[PROOF_BYTES], got[PROOF_BYTES];
        hex(rows[i].want, want);
        randomx_init_cache(cache, rows[i].key, strlen(rows[i].key));
        randomx_vm *vm = randomx_create_vm(flags, cache, NULL);
        assert_non_null(vm);
        randomx_calculate_hash(vm, rows[i].input, strlen(rows[i].input), got);
        assert_memory_equal(got, want, sizeof got);
        randomx_destroy_vm(vm);
    }
    randomx_release_cache(cache);
}

static proof_key key_number(uint8_t n)
{
    const uint8_t global[PROOF_BYTES] = { n }, unit[PROOF_BYTES] = { 7 };
    return proof_key_of(global, unit);
}

/* K as the chain's: keccak256 of both, from another tool. */
static void test_key(void **state)
{
    const uint8_t zero[PROOF_BYTES] = { 0 };
    uint8_t       want[PROOF_BYTES];
    (void)state;
    hex("ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5", want);
    proof_key key = proof_key_of(zero, zero);
    assert_memory_equal(key.bytes, want, sizeof want);
}

static void test_order(void **state)
{
    crypto_hash hash        = { { 0, 0, 5 } };
    uint8_t at[PROOF_BYTES] = { 0, 0, 5 }, over[PROOF_BYTES] = { 0, 0, 5, 1 }, under[PROOF_BYTES] = { 0, 0, 4, 0xff };
    (void)state;
    assert_true(proof_meets(&hash, at) && !proof_below(&hash, at));
    assert_true(proof_meets(&hash, over) && proof_below(&hash, over));
    assert_true(!proof_meets(&hash, under) && !proof_below(&hash, under));
}

/* Two caches: the third key takes the place of the one that was not used for the longest time; hashes do not depend on it. */
static void test_caches(void **state)
{
    proof            *p     = proof_new(2);
    const proof_nonce nonce = { { 1, 2, 3 } };
    crypto_hash       first[3], again;
    riv_fault         fault = { 0 };
    (void)state;
    for (uint8_t i = 0; i < 2; i++) {
        proof_key key = key_number(i);
        assert_false(proof_has(p, &key));
        assert_int_equal(proof_hash(p, &key, &nonce, &fault, &first[i]), RIV_OK);
        assert_true(proof_has(p, &key));
    }
    proof_key zero = key_number(0), one = key_number(1), two = key_number(2);
    assert_int_equal(proof_hash(p, &zero, &nonce, &fault, &again), RIV_OK);
    assert_memory_equal(&again, &first[0], sizeof again);
    assert_int_equal(proof_keys_made(p), 2);
    assert_int_equal(proof_hash(p, &two, &nonce, &fault, &first[2]), RIV_OK);
    assert_true(proof_has(p, &zero) && proof_has(p, &two) && !proof_has(p, &one));
    assert_int_equal(proof_hash(p, &one, &nonce, &fault, &again), RIV_OK);
    assert_memory_equal(&again, &first[1], sizeof again);
    assert_int_equal(proof_keys_made(p), 4);
    assert_memory_not_equal(&first[0], &first[1], sizeof again);
    proof_free(p);
    proof_free(NULL);
}

/* What a search finds the check confirms; it counts nonces up over the border of a byte, stops when full, and leaves the rounding alone. */
static void test_search(void **state)
{
    proof_dataset *d;
    proof_search  *s;
    proof         *p     = proof_new(1);
    proof_key      key   = key_number(9);
    proof_nonce    nonce = { { 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0x55 } };
    proof_found    found[8];
    uint8_t        easy[PROOF_BYTES], hard[PROOF_BYTES] = { 0 };
    uint64_t       tried;
    crypto_hash    hash;
    (void)state;
    memset(easy, 0xff, sizeof easy);
    easy[0] = 0x7f; /* every other nonce */
    assert_int_equal(proof_dataset_new(false, NULL, &d), RIV_OK);
    assert_int_equal(proof_dataset_items(d), 0);
    proof_dataset_begin(d, &key);
    assert_int_equal(proof_search_new(d, NULL, &s), RIV_OK);
    volatile double third  = 1.0 / 3.0;
    double          before = nearbyint(2.5) + third;
    size_t          count  = proof_search_step(s, &nonce, 12, easy, found, RIV_COUNT(found), &tried);
    assert_true(nearbyint(2.5) + 1.0 / 3.0 == before && nearbyint(3.5) == 4.0);
    assert_true(count > 0 && tried <= 12);
    assert_int_equal(nonce.bytes[0], (uint8_t)(0xfe + tried));
    assert_int_equal(nonce.bytes[2], 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(proof_hash(p, &key, &found[i].nonce, NULL, &hash), RIV_OK);
        assert_memory_equal(&hash, &found[i].hash, sizeof hash);
        assert_true(proof_below(&hash, easy));
        assert_int_equal(found[i].nonce.bytes[8], 0x55);
    }
    memset(easy, 0xff, sizeof easy);
    assert_int_equal(proof_search_step(s, &nonce, 12, easy, found, 2, &tried), 2);
    assert_int_equal(tried, 2);
    assert_int_equal(proof_search_step(s, &nonce, 3, hard, found, 2, &tried), 0);
    assert_int_equal(tried, 3);
    proof_search_free(s);
    proof_dataset_free(d);
    proof_search_free(NULL);
    proof_dataset_free(NULL);
    proof_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors), cmocka_unit_test(test_key),    cmocka_unit_test(test_order),
        cmocka_unit_test(test_caches),  cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
