/* ed25519_test.c: which signatures are good where libraries part ways: points of small and mixed order, numbers that are written too large.
 * The verdicts were made with ed25519-dalek 2.2 (`verify`), the library of the other peers: docs/decisions/0005-ed25519.md. Random signatures
 * are held against libsodium, which agrees on all that honest peers make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/internal.h"

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static void unhex(const char *hex, uint8_t out[32])
{
    for (size_t i = 0; i < 32; i++) out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
}

/* All points of order 1, 2, 4, 8 in all ways of writing them. */
static const char *const small_points[] = {
    /* clang-format off */
    "0100000000000000000000000000000000000000000000000000000000000000", /* the identity (order 1) */
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", /* order 8 */
    "0000000000000000000000000000000000000000000000000000000000000080", /* order 4 */
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", /* order 8 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* order 2 */
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", /* order 8 */
    "0000000000000000000000000000000000000000000000000000000000000000", /* order 4 */
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", /* order 8 */
    "0100000000000000000000000000000000000000000000000000000000000080", /* identity, sign set */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* order 2, sign set */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = p, that is 0 */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* the same, sign set */
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* y = p + 1, that is 1 */
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", /* the same, sign set */
    /* clang-format on */
};
enum {
    POINTS       = RIV_COUNT(small_points),
    PLAIN_POINTS = 8 /* the rest are other writings of some of them */,
    MESSAGES     = 4
};

/* [key] is a digit for each R: bit m tells that R with S = 0 is a good signature of the message "m", m. For keys in other writings ours
 * says no, where dalek takes them for the point. */
static const char *const small_verdicts[PLAIN_POINTS] = {
    "f0000000000000", "00000400000000", "20001000000000", "10400022000000",
    "60007000000000", "0a000130000000", "10108040000000", "00a00201000000",
};

static bool verdict(const char *key, const char *r, const char *s, uint8_t number)
{
    const uint8_t    message[] = { 'm', number };
    crypto_public    public_key;
    crypto_signature signature;
    unhex(key, public_key.bytes);
    unhex(r, signature.bytes);
    unhex(s, signature.bytes + 32);
    return crypto_verify(&public_key, (riv_bytes){ message, sizeof message }, &signature);
}

static void test_small_order(void **state)
{
    (void)state;
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
    for (size_t key = 0; key < POINTS; key++)
        for (size_t r = 0; r < POINTS; r++)
            for (uint8_t m = 0; m < MESSAGES; m++) {
                bool good = key < PLAIN_POINTS && digit(small_verdicts[key][r]) >> m & 1;
                if (verdict(small_points[key], small_points[r], zero, m) != good)
                    fail_msg("key %zu, R %zu, message %u", key, r, m);
            }
}

static const struct {
    const char *name, *key, *r, *s;
    uint8_t     message;
    bool        good;
} cases[] = {
    /* clang-format off */
    { "plain", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "54509f9e331a84810b441074614bd948531241e92d9508671ca46e1e563bd601", 0, true },
    { "S plus L", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "412495fb4d7d96d9e1e007174045b85d531241e92d9508671ca46e1e563bd611", 0, false },
    { "S bit 253", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "54509f9e331a84810b441074614bd948531241e92d9508671ca46e1e563bd621", 0, false },
    { "S bit 254", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "54509f9e331a84810b441074614bd948531241e92d9508671ca46e1e563bd641", 0, false },
    { "S bit 255", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "54509f9e331a84810b441074614bd948531241e92d9508671ca46e1e563bd681", 0, false },
    { "R sign", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f686b8",
      "54509f9e331a84810b441074614bd948531241e92d9508671ca46e1e563bd601", 0, false },
    { "key of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "4faa93763d0702316ddef05a7921b30b30e81530b44cf9f35773ffee16f68638",
      "c26fa2640083e01e1ed509658551cdcec9f9afd933da9ef120aed1cbee167504", 0, false },
    { "R of mixed order", "c8f4cfd7ec9c81e16c77144a4d1ce0dca0339661df313cceb9203113468fb608",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "c9f0ddd0520adccc74bd4ee254f22a333d504499579c4ac2137cff07911e3f06", 0, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "6225fc61d07ba5bd1bc8341955e6960cf922d031a3277e18c75381ccb7b5cc06", 0, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "6049032ecb622632ca47d3a8eb02db7ad564c5833fcbd0aa7b236d0d677ca700", 1, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "f011b1b5be4452b6750d2212100a0dd8730ab3811a71c974712fe6ee3cb9aa07", 2, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "33d8d64caf344ddc3e7176b3d4216e226f7f3c1591480431c25f67d4fe9f6e0d", 3, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "9ff5d36ffa8950e20801ff7b52afea911433f076191234883194fc816e2ded00", 4, true },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "f30ebf7130b56bbc6c6d470f909e3769fe5c7803a662ee8f07164b833b62570b", 5, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "ef1fb449ab8b2c9158e53abaa6cc5d13980bf897a05525418edf4a09235fcf0a", 6, false },
    { "both of mixed order", "5e3c61e750df5f4b2c2d91c167ef3f6c5636c71b5cdc5e117920f6b9c33d9780",
      "c57077b154392b0b71e903bd8831bf29222550dad8280c56d2b0cc32ee16ee1f",
      "7da6bfb03e5c7fd7682033aa748de527b924d1292119659e223979c6d0a7e402", 7, false },
    { "S is L", "0100000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", 0, false },
    { "no point", "0200000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000000", 0, false },
    /* clang-format on */
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        if (verdict(cases[i].key, cases[i].r, cases[i].s, cases[i].message) != cases[i].good)
            fail_msg("%s, message %u", cases[i].name, cases[i].message);
}

/* Keys, signatures and verdicts over random input, some with one bit flipped. */
static void test_like_libsodium(void **state)
{
    (void)state;
    const uint64_t seed = 20261123;
    riv_prng       prng = riv_prng_seed(seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 2000; i++) {
        crypto_secret  secret;
        crypto_keypair pair;
        uint8_t        message[300], public_key[32], expanded[64], theirs[64];
        size_t         len = riv_prng_below(&prng, sizeof message);
        riv_prng_fill(&prng, secret.bytes, sizeof secret.bytes);
        riv_prng_fill(&prng, message, len);
        crypto_keypair_of(&secret, &pair);
        assert_int_equal(crypto_sign_seed_keypair(public_key, expanded, secret.bytes), 0);
        assert_memory_equal(pair.public_key.bytes, public_key, sizeof public_key);
        crypto_signature ours = crypto_sign(&pair, (riv_bytes){ message, len });
        assert_int_equal(crypto_sign_detached(theirs, NULL, message, len, expanded), 0);
        assert_memory_equal(ours.bytes, theirs, sizeof theirs);
        if (i % 2) {
            size_t bit = riv_prng_below(&prng, 8 * (sizeof ours.bytes + sizeof public_key));
            if (bit < 8 * sizeof ours.bytes)
                ours.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            else
                pair.public_key.bytes[bit / 8 - sizeof ours.bytes] ^= (uint8_t)(1u << bit % 8);
        }
        bool good = crypto_verify(&pair.public_key, (riv_bytes){ message, len }, &ours);
        assert_int_equal(good, i % 2 == 0);
        assert_int_equal(good, crypto_sign_verify_detached(ours.bytes, message, len, pair.public_key.bytes) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_order),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_like_libsodium),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
