/* secp_test.c: known keys and signatures of Ethereum, and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

static void unhex(const char *text, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned v = 0;
        for (int k = 0; k < 2; k++) {
            char c = text[2 * i + (size_t)k];
            v      = v * 16 + (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)v;
    }
}

/* The first of the ten accounts that development chains have. */
static const char KEY[]     = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
                  ADDRESS[] = "f39fd6e51aad88f6f4ce6ab8827279cfffb92266";

static void test_address(void **state)
{
    (void)state;
    crypto_secret      key;
    crypto_secp_public pub;
    uint8_t            want[20];
    unhex(KEY, key.bytes, 32);
    unhex(ADDRESS, want, 20);
    assert_int_equal(crypto_secp_public_of(&key, &pub), RIV_OK);
    crypto_hash hash = crypto_keccak256((riv_bytes){ pub.bytes + 1, 64 });
    assert_memory_equal(hash.bytes + 12, want, 20);
}

static void test_sign_and_recover(void **state)
{
    (void)state;
    riv_prng r = riv_prng_seed(1);
    for (int i = 0; i < 200; i++) {
        crypto_secret         key;
        crypto_hash           hash;
        crypto_secp_public    pub, got;
        crypto_secp_signature sig, again;
        riv_prng_fill(&r, key.bytes, sizeof key.bytes);
        riv_prng_fill(&r, hash.bytes, sizeof hash.bytes);
        assert_int_equal(crypto_secp_public_of(&key, &pub), RIV_OK);
        assert_int_equal(crypto_secp_sign(&key, &hash, &sig), RIV_OK);
        assert_int_equal(crypto_secp_sign(&key, &hash, &again), RIV_OK);
        assert_memory_equal(sig.bytes, again.bytes, sizeof sig.bytes);
        assert_int_equal(crypto_secp_recover(&hash, &sig, &got), RIV_OK);
        assert_memory_equal(pub.bytes, got.bytes, sizeof pub.bytes);
        hash.bytes[riv_prng_below(&r, 32)] ^= 1;
        if (!crypto_secp_recover(&hash, &sig, &got)) assert_memory_not_equal(pub.bytes, got.bytes, sizeof pub.bytes);
    }
}

/* s and n - s sign alike; Ethereum takes the lower one only. */
static void test_refused(void **state)
{
    (void)state;
    uint8_t               order[32];
    crypto_secret         key  = { { 0 } };
    crypto_hash           hash = { { 7 } };
    crypto_secp_public    pub;
    crypto_secp_signature sig = { .recovery = 0 };
    unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", order, 32);
    assert_int_equal(crypto_secp_public_of(&key, &pub), RIV_E_DENIED);
    assert_int_equal(crypto_secp_sign(&key, &hash, &sig), RIV_E_DENIED);
    memcpy(key.bytes, order, 32);
    assert_int_equal(crypto_secp_public_of(&key, &pub), RIV_E_DENIED);
    unhex(KEY, key.bytes, 32);
    assert_int_equal(crypto_secp_sign(&key, &hash, &sig), RIV_OK);
    crypto_secp_signature high   = sig;
    unsigned              borrow = 0;
    for (int i = 31; i >= 0; i--) {
        unsigned v         = 256u + order[i] - sig.bytes[32 + i] - borrow;
        high.bytes[32 + i] = (uint8_t)v;
        borrow             = v < 256;
    }
    high.recovery ^= 1;
    assert_int_equal(crypto_secp_recover(&hash, &high, &pub), RIV_E_DENIED);
    high          = sig;
    high.recovery = 4;
    assert_int_equal(crypto_secp_recover(&hash, &high, &pub), RIV_E_DENIED);
    high = sig;
    memset(high.bytes, 0, 32);
    assert_int_equal(crypto_secp_recover(&hash, &high, &pub), RIV_E_DENIED);
    memcpy(high.bytes, order, 32);
    assert_int_equal(crypto_secp_recover(&hash, &high, &pub), RIV_E_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_sign_and_recover),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
