/* keys_test.c: known answers of RFC 8032 (ed25519) and RFC 7748 (x25519), and what must be refused. */
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

/* RFC 8032 section 7.1, tests 1 to 3 and SHA(abc) */
static const struct {
    const char *seed, *key, *message, *signature;
} ed25519_cases[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
      "655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
      "b00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
      "c027beceea1ec40a" },
    { "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
      "2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
      "d9bef1177331a704" },
};

static void test_ed25519(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(ed25519_cases); i++) {
        crypto_secret    seed;
        crypto_keypair   pair;
        crypto_public    key;
        crypto_signature want, got;
        uint8_t          message[64];
        unhex(ed25519_cases[i].seed, seed.bytes);
        unhex(ed25519_cases[i].key, key.bytes);
        unhex(ed25519_cases[i].signature, want.bytes);
        riv_bytes in = { message, unhex(ed25519_cases[i].message, message) };
        crypto_keypair_of(&seed, &pair);
        assert_memory_equal(pair.public_key.bytes, key.bytes, sizeof key.bytes);
        crypto_keypair joined;
        crypto_keypair_join(&seed, &key, &joined);
        assert_memory_equal(&joined, &pair, sizeof pair);
        got = crypto_sign(&pair, in);
        assert_memory_equal(got.bytes, want.bytes, sizeof want.bytes);
        assert_true(crypto_verify(&key, in, &got));
        for (size_t bit = 0; bit < 8 * sizeof got.bytes; bit += 37) {
            crypto_signature bad = got;
            bad.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(crypto_verify(&key, in, &bad));
        }
        crypto_public other = key;
        other.bytes[5] ^= 1;
        assert_false(crypto_verify(&other, in, &got));
        assert_false(crypto_verify(&key, RIV_BYTES("another message"), &got));
    }
}

/* RFC 7748 section 5.2 */
static const struct {
    const char *scalar, *point, *product;
} x25519_cases[] = {
    { "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
    { "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
};

static void test_x25519(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(x25519_cases); i++) {
        crypto_secret scalar, shared;
        crypto_public point, want;
        unhex(x25519_cases[i].scalar, scalar.bytes);
        unhex(x25519_cases[i].point, point.bytes);
        unhex(x25519_cases[i].product, want.bytes);
        assert_int_equal(crypto_x25519(&scalar, &point, &shared), RIV_OK);
        assert_memory_equal(shared.bytes, want.bytes, sizeof want.bytes);
    }
}

/* RFC 7748 section 6.1: both sides reach the same secret. */
static void test_x25519_agreement(void **state)
{
    (void)state;
    crypto_secret a, b, ab, ba, want;
    crypto_public pa, pb, want_pa, want_pb;
    unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", a.bytes);
    unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", want_pa.bytes);
    unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", b.bytes);
    unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", want_pb.bytes);
    unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", want.bytes);
    crypto_x25519_public(&a, &pa);
    crypto_x25519_public(&b, &pb);
    assert_memory_equal(pa.bytes, want_pa.bytes, sizeof pa.bytes);
    assert_memory_equal(pb.bytes, want_pb.bytes, sizeof pb.bytes);
    assert_int_equal(crypto_x25519(&a, &pb, &ab), RIV_OK);
    assert_int_equal(crypto_x25519(&b, &pa, &ba), RIV_OK);
    assert_memory_equal(ab.bytes, want.bytes, sizeof ab.bytes);
    assert_memory_equal(ba.bytes, want.bytes, sizeof ba.bytes);
}

/* Points of small order: 0, 1 and one of order 8; the secret stays as it was. */
static void test_x25519_small_order(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    };
    crypto_secret scalar, shared, before;
    memset(scalar.bytes, 7, sizeof scalar.bytes);
    memset(before.bytes, 9, sizeof before.bytes);
    for (size_t i = 0; i < RIV_COUNT(points); i++) {
        crypto_public point;
        unhex(points[i], point.bytes);
        shared = before;
        assert_int_equal(crypto_x25519(&scalar, &point, &shared), RIV_E_DENIED);
        assert_memory_equal(shared.bytes, before.bytes, sizeof before.bytes);
    }
}

static void test_wipe_and_equal(void **state)
{
    (void)state;
    uint8_t a[33], b[33], zero[33] = { 0 };
    memset(a, 0x5a, sizeof a);
    memset(b, 0x5a, sizeof b);
    assert_true(crypto_equal(a, b, sizeof a));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= 0x80;
        assert_false(crypto_equal(a, b, sizeof a));
        assert_true(crypto_equal(a, b, i));
        b[i] ^= 0x80;
    }
    crypto_wipe(a, sizeof a);
    assert_memory_equal(a, zero, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed25519),          cmocka_unit_test(test_x25519),
        cmocka_unit_test(test_x25519_agreement), cmocka_unit_test(test_x25519_small_order),
        cmocka_unit_test(test_wipe_and_equal),
    };
    if (crypto_init(NULL) || crypto_init(NULL)) return 1; /* twice is allowed */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
