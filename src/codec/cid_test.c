/* cid_test.c: well-known content ids, the ids of AquaVM's stores and of modules, malformed ids.
 * The ids of files were made with the npm package ipfs-unixfs-importer (raw leaves, chunks of 262,144 bytes). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/codec.h"

static riv_bytes of_hex(riv_arena *arena, const char *hex)
{
    riv_buf out = riv_buf_in(arena);
    assert_int_equal(codec_read_hex(riv_str_c(hex), &out, NULL), RIV_OK);
    return riv_buf_view(&out);
}

static void assert_text(riv_str got, const char *want) { assert_string_equal(got.len ? got.ptr : "", want); }

/* The id of "test" with its quotes, as AquaVM has it, in every base. SPEC air.md 3.3 */
static const char        test_hex[]   = "0180041e2088b1853ebc727f9b0c2478b382ccf7c038e37e5a8dab1cb96cea8da253a3ceee";
static const char *const test_texts[] = {
    "bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa",
    "BAGAAIHRARCYYKPV4OJ7ZWDBEPCZYFTHXYA4OG7S2RWVRZOLM5KG2EU5DZ3XA",
    "cagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa====",
    "v060087h0h2ooaflse9vpm314f2po5j7no0se6viqhmlhpebcta6q4kt3prn0",
    "hygyye8tytnaakxihqj93sdbrxn3afu8zayhqg914tsit3qmc7kg4rw7d35zy",
    "kivulpu1xwlyxs3nyvps2tvz1opot32x0qmj795gz4juzb8n0s20diz1q",
    "z3v8BBKBcZMDh6ANTaiT7PmfrBWbBmoVQvDxojXt1M4eczFDmhF",
    "Z3V8bbjbBymdG6anszHs7oLERbvAbLNupVdXNJwT1m4DBZfdLGf",
    "mAYAEHiCIsYU+vHJ/mwwkeLOCzPfAOON+Wo2rHLls6o2iU6PO7g",
    "MAYAEHiCIsYU+vHJ/mwwkeLOCzPfAOON+Wo2rHLls6o2iU6PO7g==",
    "uAYAEHiCIsYU-vHJ_mwwkeLOCzPfAOON-Wo2rHLls6o2iU6PO7g",
    "f0180041e2088b1853ebc727f9b0c2478b382ccf7c038e37e5a8dab1cb96cea8da253a3ceee",
    "9746016101866541387393722227513346017936736992667600378163755998969679773921208281845486",
    "7003000040742021054302476570711774660604436131602631737001616157626506653071345547250664224721716734",
};

static void test_all_bases(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(test_texts); i++) {
        codec_cid cid;
        assert_int_equal(codec_cid_parse(riv_str_c(test_texts[i]), arena, NULL, &cid), RIV_OK);
        assert_int_equal(cid.version, 1);
        assert_int_equal(cid.codec, CODEC_JSON);
        assert_int_equal(cid.hash, CODEC_HASH_BLAKE3);
        assert_true(riv_bytes_eq(cid.digest, riv_bytes_sub(of_hex(arena, test_hex), 5, 37)));
        assert_true(codec_cid_matches(&cid, RIV_BYTES("\"test\"")));
        assert_false(codec_cid_matches(&cid, RIV_BYTES("\"tesu\"")));
        assert_text(codec_cid_text(arena, &cid), test_texts[0]);
    }
    assert_text(codec_json_cid(arena, RIV_BYTES("\"test\"")), test_texts[0]);
    riv_arena_free(arena);
}

/* The quick way to write an id gives what the general one gives. */
static void test_json_cid(void **state)
{
    (void)state;
    const uint64_t seed  = 20261123;
    riv_prng       prng  = riv_prng_seed(seed);
    riv_arena     *arena = riv_arena_new(0);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 500; i++) {
        uint8_t data[200];
        size_t  len = riv_prng_below(&prng, sizeof data);
        riv_prng_fill(&prng, data, len);
        crypto_hash hash = crypto_blake3((riv_bytes){ data, len });
        codec_cid   cid  = { 1, CODEC_JSON, CODEC_HASH_BLAKE3, { hash.bytes, sizeof hash.bytes } };
        char        text[CODEC_JSON_CID_BYTES];
        riv_str     want = codec_cid_text(arena, &cid);
        codec_json_cid_put(&hash, text);
        assert_int_equal(want.len, sizeof text);
        assert_memory_equal(text, want.ptr, sizeof text);
        assert_true(riv_str_eq(codec_json_cid(arena, (riv_bytes){ data, len }), want));
    }
    riv_arena_free(arena);
}

static void test_version_0(void **state)
{
    (void)state;
    const char text[] = "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN";
    riv_arena *arena  = riv_arena_new(0);
    codec_cid  cid;
    assert_int_equal(codec_cid_parse(riv_str_c(text), arena, NULL, &cid), RIV_OK);
    assert_int_equal(cid.version, 0);
    assert_int_equal(cid.codec, CODEC_DAG_PB);
    assert_int_equal(cid.hash, CODEC_HASH_SHA256);
    assert_text(codec_cid_text(arena, &cid), text);
    cid.version = 1;
    assert_text(codec_cid_text(arena, &cid), "bafybeiagwnqiviaae5aet2zivwhhsorg75x2wka2pu55o7grr23ulx5kxm");
    riv_arena_free(arena);
}

static const struct {
    const char *hex;
    riv_err     err;
    uint64_t    pos;
} refused[] = {
    { "", RIV_E_MALFORMED, 0 },
    { "01", RIV_E_MALFORMED, 1 },
    { "0155", RIV_E_MALFORMED, 2 },
    { "015512", RIV_E_MALFORMED, 3 },
    { "0055120100", RIV_E_MALFORMED, 0 }, /* version 0 written out */
    { "0255120100", RIV_E_MALFORMED, 0 },
    { "015512020a", RIV_E_MALFORMED, 4 },   /* shorter than said */
    { "015512010a0a", RIV_E_MALFORMED, 4 }, /* longer */
    { "01d5001201aa", RIV_E_MALFORMED, 1 }, /* codec not minimal */
    { "0155128101", RIV_E_LIMIT, 5 },       /* 129 bytes */
    { "0155ffffffffffffffffff01", RIV_E_MALFORMED, 2 },
};

static void test_refused(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(refused); i++) {
        codec_cid cid   = { .version = 77 };
        riv_fault fault = { 0 };
        assert_int_equal(codec_cid_read(of_hex(arena, refused[i].hex), &fault, &cid), refused[i].err);
        assert_int_equal(fault.pos, refused[i].pos);
        assert_int_equal(cid.version, 77);
    }
    riv_arena_free(arena);
}

static void test_texts_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        riv_err     err;
    } texts[] = {
        { "", RIV_E_MALFORMED },
        { "bagaaihra", RIV_E_MALFORMED },
        { "xagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa", RIV_E_UNSUPPORTED },
        { "bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xb", RIV_E_MALFORMED }, /* a bit behind the end */
        { "zQmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN", RIV_E_MALFORMED }, /* version 0 in a multibase */
        { "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJ0", RIV_E_MALFORMED },
    };
    riv_arena *arena = riv_arena_new(0);
    char       big[1100];
    codec_cid  cid;
    for (size_t i = 0; i < RIV_COUNT(texts); i++)
        assert_int_equal(codec_cid_parse(riv_str_c(texts[i].text), arena, NULL, &cid), texts[i].err);
    memset(big, 'a', sizeof big);
    big[0] = 'b';
    assert_int_equal(codec_cid_parse((riv_str){ big, sizeof big }, arena, NULL, &cid), RIV_E_LIMIT);
    riv_arena_free(arena);
}

/* Bytes 0, 1, ... 250, 0, 1, ... */
static const struct {
    size_t      len;
    const char *cid;
} files[] = {
    { 0, "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku" },
    { 1, "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu" },
    { 262144, "bafkreibruh455iawsviqslif5c7uurdcfdemh22mtnytyzvnzn75kpejxy" },
    { 262145, "bafybeiexg2oqkfnj56l7fcmawswqbijt5shq4b5rg6a546uwpkqqzwjioi" },
    { 786432, "bafybeicegnbn4hjmnntrkcxr2z2vc7cglx5xrfvbxbolwmknn7hgnre3ke" },
    { 1000000, "bafybeibx62obrkybp46hx3ivh53q4rnptgkunpgtwiib5lfelfgt2ekihm" },
};

static void test_files(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    uint8_t   *data  = riv_new(arena, uint8_t, 1000000);
    for (size_t i = 0; i < 1000000; i++) data[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < RIV_COUNT(files); i++)
        assert_text(codec_file_cid(arena, (riv_bytes){ data, files[i].len }), files[i].cid);
    riv_arena_free(arena);
}

/* A blueprint's id is the same function over its DAG-JSON. SPEC node.md 6 */
static void test_blueprint(void **state)
{
    (void)state;
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  json =
        RIV_BYTES("{\"dependencies\":[{\"/\":\"bafybeiey4i2vtj7uu7tlvdoc2o52uuuwxa4ahcx5g4lpqzk4qtd5klniuq\"},"
                  "{\"/\":\"bafybeibuvzascfzi5ikyzhjxdkridgytg4z26ujtnx7xrejq7gxq54ssdm\"}],\"name\":\"trust-graph\"}");
    assert_text(codec_file_cid(arena, json), "bafkreifdehdwcppttfsqaju4kodgn5wgbefrarbzc72k4sore2bwpeq2fa");
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_bases), cmocka_unit_test(test_json_cid),      cmocka_unit_test(test_version_0),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_texts_refused), cmocka_unit_test(test_files),
        cmocka_unit_test(test_blueprint),
    };
    if (crypto_init(NULL)) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
