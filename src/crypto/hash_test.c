/* hash_test.c: known answers of FIPS 180-4, RFC 4231 and the official BLAKE3 vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"

static void check_hex(crypto_hash hash, const char *want)
{
    static const char digits[] = "0123456789abcdef";
    char              text[2 * CRYPTO_HASH_BYTES + 1];
    for (size_t i = 0; i < CRYPTO_HASH_BYTES; i++) {
        text[2 * i]     = digits[hash.bytes[i] >> 4];
        text[2 * i + 1] = digits[hash.bytes[i] & 15];
    }
    text[sizeof text - 1] = 0;
    assert_string_equal(text, want);
}

static const struct {
    riv_str     in;
    const char *want;
} sha256_cases[] = {
    { RIV_LIT_INIT(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { RIV_LIT_INIT("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { RIV_LIT_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void test_sha256(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(sha256_cases); i++)
        check_hex(crypto_sha256(riv_str_bytes(sha256_cases[i].in)), sha256_cases[i].want);
}

static void test_sha256_in_pieces(void **state)
{
    (void)state;
    crypto_sha256_state s;
    uint8_t             piece[1000];
    memset(piece, 'a', sizeof piece);
    crypto_sha256_start(&s);
    for (size_t left = 1000000, len = 1; left; left -= len, len = RIV_MIN(len % 997 + 3, left))
        crypto_sha256_add(&s, (riv_bytes){ piece, len });
    check_hex(crypto_sha256_end(&s), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Of the Keccak team's submission, and what every Ethereum chain holds: the hash of nothing, and of a function. */
static void test_keccak256(void **state)
{
    (void)state;
    check_hex(crypto_keccak256((riv_bytes){ 0 }), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    check_hex(crypto_keccak256(RIV_BYTES("abc")), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    check_hex(crypto_keccak256(RIV_BYTES("transfer(address,uint256)")),
              "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b");
    uint8_t block[136];
    memset(block, 'a', sizeof block);
    check_hex(crypto_keccak256((riv_bytes){ block, sizeof block }),
              "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e");
}

/* RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block) */
static void test_hmac(void **state)
{
    (void)state;
    uint8_t key[131], data[50];
    memset(key, 0x0b, 20);
    check_hex(crypto_hmac_sha256((riv_bytes){ key, 20 }, RIV_BYTES("Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    check_hex(crypto_hmac_sha256(RIV_BYTES("Jefe"), RIV_BYTES("what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, sizeof data);
    check_hex(crypto_hmac_sha256((riv_bytes){ key, 20 }, (riv_bytes){ data, sizeof data }),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    check_hex(crypto_hmac_sha256((riv_bytes){ key, sizeof key },
                                 RIV_BYTES("Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* The input of length n is 0, 1, ... 250, 0, 1, ... */
static const struct {
    size_t      len;
    const char *want;
} blake3_cases[] = {
    { 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
    { 1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213" },
    { 1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11" },
    { 1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7" },
    { 1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444" },
    { 2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a" },
    { 2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030" },
    { 3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2" },
    { 3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3" },
    { 4097, "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995" },
    { 6144, "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205" },
    { 7169, "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817" },
};

static void test_blake3(void **state)
{
    (void)state;
    static uint8_t in[7169];
    for (size_t i = 0; i < sizeof in; i++) in[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < RIV_COUNT(blake3_cases); i++)
        check_hex(crypto_blake3((riv_bytes){ in, blake3_cases[i].len }), blake3_cases[i].want);
    check_hex(crypto_blake3((riv_bytes){ 0 }), blake3_cases[0].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256), cmocka_unit_test(test_sha256_in_pieces), cmocka_unit_test(test_keccak256),
        cmocka_unit_test(test_hmac),   cmocka_unit_test(test_blake3),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
