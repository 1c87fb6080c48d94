/* seal_test.c: known answers of RFC 8439, forgeries, and the seeded stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return len;
}

/* RFC 8439 section 2.8.2 */
static const char sunscreen[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
                                "future, sunscreen would be it.";
static const char sunscreen_sealed[] =
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29"
    "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b"
    "61161ae10b594f09e26a7e902ecbd0600691";

typedef struct sealed_case {
    crypto_secret key;
    uint8_t       nonce[CRYPTO_NONCE_BYTES], ad[12], sealed[256];
    size_t        len;
} sealed_case;

static sealed_case rfc_case(void)
{
    sealed_case c = { 0 };
    for (uint8_t i = 0; i < CRYPTO_KEY_BYTES; i++) c.key.bytes[i] = (uint8_t)(0x80 + i);
    unhex("070000004041424344454647", c.nonce);
    unhex("50515253c0c1c2c3c4c5c6c7", c.ad);
    c.len = unhex(sunscreen_sealed, c.sealed);
    return c;
}

static void test_seal(void **state)
{
    (void)state;
    sealed_case c  = rfc_case();
    riv_bytes   ad = { c.ad, sizeof c.ad }, want = { c.sealed, c.len };
    riv_buf     out = { 0 };
    riv_put_u8(&out, 0xaa); /* what stands in the buffer stays */
    crypto_seal(&c.key, c.nonce, ad, riv_str_bytes(riv_str_c(sunscreen)), &out);
    assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), 1, out.len), want));
    riv_buf_clear(&out);
    assert_int_equal(crypto_open(&c.key, c.nonce, ad, want, &out), RIV_OK);
    assert_true(riv_str_eq(riv_buf_str(&out), riv_str_c(sunscreen)));
    riv_buf_free(&out);
}

static void test_forged(void **state)
{
    (void)state;
    sealed_case c   = rfc_case();
    riv_bytes   ad  = { c.ad, sizeof c.ad };
    riv_buf     out = { 0 };
    riv_put_u8(&out, 0xaa);
    for (size_t i = 0; i < c.len; i++) {
        c.sealed[i] ^= 1;
        assert_int_equal(crypto_open(&c.key, c.nonce, ad, (riv_bytes){ c.sealed, c.len }, &out), RIV_E_DENIED);
        assert_int_equal(out.len, 1);
        c.sealed[i] ^= 1;
    }
    for (size_t len = 0; len < c.len; len++)
        assert_int_equal(crypto_open(&c.key, c.nonce, ad, (riv_bytes){ c.sealed, len }, &out), RIV_E_DENIED);
    c.ad[0] ^= 1;
    assert_int_equal(crypto_open(&c.key, c.nonce, ad, (riv_bytes){ c.sealed, c.len }, &out), RIV_E_DENIED);
    c.ad[0] ^= 1;
    c.nonce[11] ^= 1;
    assert_int_equal(crypto_open(&c.key, c.nonce, ad, (riv_bytes){ c.sealed, c.len }, &out), RIV_E_DENIED);
    assert_int_equal(out.len, 1);
    riv_buf_free(&out);
}

static void test_empty(void **state)
{
    (void)state;
    sealed_case c   = rfc_case();
    riv_buf     out = { 0 }, plain = { 0 };
    crypto_seal(&c.key, c.nonce, (riv_bytes){ 0 }, (riv_bytes){ 0 }, &out);
    assert_int_equal(out.len, CRYPTO_TAG_BYTES);
    assert_int_equal(crypto_open(&c.key, c.nonce, (riv_bytes){ 0 }, riv_buf_view(&out), &plain), RIV_OK);
    assert_int_equal(plain.len, 0);
    out.ptr[0] ^= 1;
    assert_int_equal(crypto_open(&c.key, c.nonce, (riv_bytes){ 0 }, riv_buf_view(&out), &plain), RIV_E_DENIED);
    riv_buf_free(&out);
    riv_buf_free(&plain);
}

/* The first two blocks of ChaCha20 under a zero key and nonce (RFC 8439 A.1, tests 1 and 2). */
static void test_rng_vector(void **state)
{
    (void)state;
    uint8_t       want[128], got[128];
    crypto_secret seed = { { 0 } };
    crypto_rng    rng;
    unhex(
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a1"
        "1cc387b669b2ee65869f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d8"
        "39d531ed1f28510afb45ace10a1f4b794d6f",
        want);
    crypto_rng_seed(&rng, &seed);
    crypto_rng_fill(&rng, got, sizeof got);
    assert_memory_equal(got, want, sizeof want);
}

/* However the stream is cut, the bytes are the same, and handed out bytes do not stay behind. */
static void test_rng_pieces(void **state)
{
    (void)state;
    crypto_secret seed = { { 1, 2, 3 } };
    crypto_rng    whole, cut;
    uint8_t       a[1000], b[1000];
    crypto_rng_seed(&whole, &seed);
    crypto_rng_seed(&cut, &seed);
    crypto_rng_fill(&whole, a, sizeof a);
    riv_prng sizes = riv_prng_seed(7);
    for (size_t done = 0; done < sizeof b;) {
        size_t len = RIV_MIN(sizeof b - done, (size_t)riv_prng_below(&sizes, 90));
        crypto_rng_fill(&cut, b + done, len);
        done += len;
        for (size_t i = 0; i < sizeof cut.pool - cut.left; i++) assert_int_equal(cut.pool[i], 0);
    }
    assert_memory_equal(a, b, sizeof a);
    seed.bytes[31] = 1;
    crypto_rng_seed(&cut, &seed);
    crypto_rng_fill(&cut, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),       cmocka_unit_test(test_forged),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_rng_vector), cmocka_unit_test(test_rng_pieces),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
