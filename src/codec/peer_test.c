/* peer_test.c: peer ids, keys and signatures of the original's vectors; other kinds of keys; malformed ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

/* SPEC node.md 1 */
static const char secret_base64[] = "7h48PQ/f1rS9TxacmgODxbD42Il9B3KC117jvOPppPE=";
static const char peer_text[]     = "12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D";

static void pair_of_vector(crypto_keypair *pair)
{
    crypto_secret seed;
    riv_buf       bytes = { 0 };
    assert_int_equal(codec_read_base64(riv_str_c(secret_base64), &bytes, NULL), RIV_OK);
    assert_int_equal(bytes.len, sizeof seed.bytes);
    memcpy(seed.bytes, bytes.ptr, bytes.len);
    crypto_keypair_of(&seed, pair);
    riv_buf_free(&bytes);
}

static void test_id_of_key(void **state)
{
    (void)state;
    riv_arena     *arena = riv_arena_new(0);
    crypto_keypair pair;
    codec_peer     parsed;
    pair_of_vector(&pair);
    codec_peer peer = codec_peer_of(&pair.public_key);
    assert_string_equal(codec_peer_text(arena, &peer).ptr, peer_text);
    assert_int_equal(codec_peer_parse(riv_str_c(peer_text), NULL, &parsed), RIV_OK);
    assert_true(codec_peer_eq(&parsed, &peer));
    crypto_public key = codec_peer_key(&parsed);
    assert_memory_equal(key.bytes, pair.public_key.bytes, sizeof key.bytes);
    assert_int_equal(codec_peer_read(codec_peer_view(&peer), NULL, &parsed), RIV_OK);
    parsed.bytes[37] ^= 1;
    assert_false(codec_peer_eq(&parsed, &peer));

    /* SPEC air.md 3.2: the seed of 32 bytes of 01 */
    crypto_secret ones;
    memset(ones.bytes, 1, sizeof ones.bytes);
    crypto_keypair_of(&ones, &pair);
    peer = codec_peer_of(&pair.public_key);
    assert_string_equal(codec_peer_text(arena, &peer).ptr, "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5");
    riv_arena_free(arena);
}

static void test_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *message_base64, *signature_base64;
    } cases[] = {
        /* the text "message" */
        { "bWVzc2FnZQ==", "sBW7H6/1fwAwF86ldwVm9BDu0YH3w30oFQjTWX0Tiu9yTVZHmxkV2OX4GL5jn0Iz0CrasGcOfozzkZwtJBPMBg==" },
        /* a particle's id, timestamp, ttl and script. SPEC node.md 3 */
        { "Mjg4M2Y5NTktZTllNy00ODQzLThjMzctMjA1ZDM5M2NhMzcy/kguGYsBAABYGwAAYWJj",
          "KceXDnOfqe0dOnAxiDsyWBIvUq6WHoT0ge+VMHXOZsjZvCNH7/10oufdlYfcPomfv28On6E87ZhDcHGBZcb7Bw==" },
    };
    riv_arena     *arena = riv_arena_new(0);
    crypto_keypair pair;
    pair_of_vector(&pair);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_buf message = riv_buf_in(arena);
        assert_int_equal(codec_read_base64(riv_str_c(cases[i].message_base64), &message, NULL), RIV_OK);
        crypto_signature s = crypto_sign(&pair, riv_buf_view(&message));
        riv_str          t = codec_base64(arena, (riv_bytes){ s.bytes, sizeof s.bytes });
        assert_string_equal(t.ptr, cases[i].signature_base64);
    }
    riv_arena_free(arena);
}

static void test_public_key(void **state)
{
    (void)state;
    crypto_keypair pair;
    crypto_public  key;
    riv_buf        out = { 0 };
    pair_of_vector(&pair);
    codec_put_public_key(&out, &pair.public_key);
    assert_int_equal(out.len, 36);
    assert_memory_equal(out.ptr, "\x08\x01\x12\x20", 4);
    assert_int_equal(codec_read_public_key(riv_buf_view(&out), NULL, &key), RIV_OK);
    assert_memory_equal(key.bytes, pair.public_key.bytes, sizeof key.bytes);
    riv_buf_free(&out);
}

#define KEY_32 "0123456789abcdef0123456789abcdef"

static const struct {
    const char *name;
    riv_bytes   in;
    riv_err     err;
} keys[] = {
    { "good", RIV_BYTES_INIT("\x08\x01\x12\x20" KEY_32), RIV_OK },
    { "fields the other way round", RIV_BYTES_INIT("\x12\x20" KEY_32 "\x08\x01"), RIV_OK },
    { "a field more", RIV_BYTES_INIT("\x08\x01\x12\x20" KEY_32 "\x1a\x01x"), RIV_OK },
    { "rsa", RIV_BYTES_INIT("\x08\x00\x12\x20" KEY_32), RIV_E_UNSUPPORTED },
    { "secp256k1", RIV_BYTES_INIT("\x08\x02\x12\x21x" KEY_32), RIV_E_UNSUPPORTED },
    { "31 bytes",
      RIV_BYTES_INIT("\x08\x01\x12\x1f"
                     "0123456789abcdef0123456789abcde"),
      RIV_E_MALFORMED },
    { "no key", RIV_BYTES_INIT("\x08\x01"), RIV_E_MALFORMED },
    { "no type", RIV_BYTES_INIT("\x12\x20" KEY_32), RIV_E_MALFORMED },
    { "cut", RIV_BYTES_INIT("\x08\x01\x12\x20xx"), RIV_E_MALFORMED },
    { "empty", RIV_BYTES_INIT(""), RIV_E_MALFORMED },
};

static void test_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(keys); i++) {
        crypto_public key   = { { 0 } };
        riv_fault     fault = { 0 };
        if (codec_read_public_key(keys[i].in, &fault, &key) != keys[i].err) fail_msg("%s: %s", keys[i].name, fault.msg);
        if (!keys[i].err) assert_memory_equal(key.bytes, KEY_32, sizeof key.bytes);
    }
}

static const struct {
    const char *text;
    riv_err     err;
} texts[] = {
    { "", RIV_E_MALFORMED },
    { "12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4", RIV_E_MALFORMED },
    { "12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4DD", RIV_E_MALFORMED },
    { "12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB40", RIV_E_MALFORMED },
    { "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN", RIV_E_UNSUPPORTED },                  /* hashed rsa key */
    { "16Uiu2HAkuqGKz8D6khfrnJnDrN5VxWWCoLU8Aq4eCFJuyXmfakB5", RIV_E_UNSUPPORTED },           /* secp256k1 */
    { "bafzaajaiaejcbkeni7sq5tbfrhfeqvoyikvcfzhfgnqxbuzdyuzy5aqygq4tjrzg", RIV_E_MALFORMED }, /* the form as a cid */
    { "111111111111111111111111111111111111111111111111111111111111111111", RIV_E_MALFORMED },
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(texts); i++) {
        codec_peer peer;
        riv_fault  fault = { 0 };
        if (codec_peer_parse(riv_str_c(texts[i].text), &fault, &peer) != texts[i].err)
            fail_msg("%s: %s", texts[i].text, fault.msg);
        assert_true(fault.msg[0] != 0);
    }
}

/* One key has one id: forms with fields turned round or more fields are keys, but not ids. */
static void test_one_id(void **state)
{
    (void)state;
    codec_peer peer;
    assert_int_equal(codec_peer_read(RIV_BYTES("\x00\x24\x08\x01\x12\x20" KEY_32), NULL, &peer), RIV_OK);
    assert_int_equal(codec_peer_read(RIV_BYTES("\x00\x24\x12\x20" KEY_32 "\x08\x01"), NULL, &peer), RIV_E_MALFORMED);
    assert_int_equal(codec_peer_read(RIV_BYTES("\x00\x27\x08\x01\x12\x20" KEY_32 "\x1a\x01x"), NULL, &peer),
                     RIV_E_MALFORMED);
    assert_int_equal(codec_peer_read(RIV_BYTES("\x00\x23\x08\x01\x12\x20" KEY_32), NULL, &peer), RIV_E_MALFORMED);
    assert_int_equal(codec_peer_read(RIV_BYTES("\x13\x24\x08\x01\x12\x20" KEY_32), NULL, &peer), RIV_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_id_of_key), cmocka_unit_test(test_signatures), cmocka_unit_test(test_public_key),
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_texts),      cmocka_unit_test(test_one_id),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
