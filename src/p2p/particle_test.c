/* particle_test.c: the particle message: signed bytes of a published vector, both byte styles, key order, bad input with its position. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

/* The vector of node.md 3 and its key of node.md 1. */
static void signature_vector(void **state)
{
    (void)state;
    p2p_particle   p     = { .id           = RIV_LIT("2883f959-e9e7-4843-8c37-205d393ca372"),
                             .script       = RIV_LIT("abc"),
                             .timestamp_ms = 1696934545662,
                             .ttl_ms       = 7000 };
    riv_arena     *arena = riv_arena_new(0);
    riv_buf        bytes = riv_buf_in(arena), seed = riv_buf_in(arena);
    riv_fault      fault = { 0 };
    crypto_secret  secret;
    crypto_keypair pair;
    p2p_particle_signed_bytes(&p, &bytes);
    assert_true(riv_str_eq(codec_base64(arena, riv_buf_view(&bytes)),
                           RIV_LIT("Mjg4M2Y5NTktZTllNy00ODQzLThjMzctMjA1ZDM5M2NhMzcy/kguGYsBAABYGwAAYWJj")));
    assert_int_equal(codec_read_base64(RIV_LIT("7h48PQ/f1rS9TxacmgODxbD42Il9B3KC117jvOPppPE="), &seed, &fault), RIV_OK);
    memcpy(secret.bytes, seed.ptr, sizeof secret.bytes);
    crypto_keypair_of(&secret, &pair);
    crypto_signature sig = crypto_sign(&pair, riv_buf_view(&bytes));
    assert_true(riv_str_eq(
        codec_base64(arena, (riv_bytes){ sig.bytes, sizeof sig.bytes }),
        RIV_LIT("KceXDnOfqe0dOnAxiDsyWBIvUq6WHoT0ge+VMHXOZsjZvCNH7/10oufdlYfcPomfv28On6E87ZhDcHGBZcb7Bw==")));
    riv_arena_free(arena);
}

static const p2p_particle sample = { .id           = RIV_LIT_INIT("p-1"),
                                     .init_peer_id = RIV_LIT_INIT("12D3"),
                                     .script       = RIV_LIT_INIT("(null)"),
                                     .timestamp_ms = 1696934545662,
                                     .ttl_ms       = 7000,
                                     .signature    = RIV_BYTES_INIT("sig\xff"),
                                     .data         = RIV_BYTES_INIT("\0\1\x80") };

static void assert_same(const p2p_particle *a, const p2p_particle *b)
{
    assert_true(riv_str_eq(a->id, b->id) && riv_str_eq(a->init_peer_id, b->init_peer_id) &&
                riv_str_eq(a->script, b->script));
    assert_true(a->timestamp_ms == b->timestamp_ms && a->ttl_ms == b->ttl_ms);
    assert_true(riv_bytes_eq(a->signature, b->signature) && riv_bytes_eq(a->data, b->data));
}

static void there_and_back(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      out   = riv_buf_in(arena);
    riv_fault    fault = { 0 };
    p2p_particle back;
    p2p_particle_write(&sample, &out);
    assert_true(riv_bytes_eq(riv_bytes_sub(riv_buf_view(&out), 0, 21), RIV_BYTES("\x81\x04\x88\xa6"
                                                                                 "action"
                                                                                 "\xa8"
                                                                                 "Particle"
                                                                                 "\xa2"
                                                                                 "i")));
    assert_int_equal(p2p_particle_read(riv_buf_view(&out), arena, &fault, &back), RIV_OK);
    assert_same(&back, &sample);
    for (size_t len = 0; len < out.len; len++) { /* every cut is told, with a place inside the frame */
        fault = (riv_fault){ 0 };
        assert_int_equal(p2p_particle_read(riv_bytes_sub(riv_buf_view(&out), 0, len), arena, &fault, &back),
                         RIV_E_MALFORMED);
        assert_true(fault.pos <= len);
    }
    riv_arena_free(arena);
}

static void put_array(riv_buf *out, riv_bytes b)
{
    codec_mp_put_array(out, (uint32_t)b.len);
    for (size_t i = 0; i < b.len; i++) codec_mp_put_uint(out, b.ptr[i]);
}

/* As js-client and older clients send it: arrays for bytes, alphabetical keys, timestamp in eight bytes, an unknown key. */
static void other_styles(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      b     = riv_buf_in(arena);
    riv_fault    fault = { 0 };
    p2p_particle back;
    codec_put_varint(&b, CODEC_MSGPACK);
    codec_mp_put_map(&b, 9);
    codec_mp_put_str(&b, RIV_LIT("data"));
    put_array(&b, sample.data);
    codec_mp_put_str(&b, RIV_LIT("extra"));
    codec_mp_put_array(&b, 1);
    codec_mp_put_nil(&b);
    codec_mp_put_str(&b, RIV_LIT("id"));
    codec_mp_put_str(&b, sample.id);
    codec_mp_put_str(&b, RIV_LIT("init_peer_id"));
    codec_mp_put_str(&b, sample.init_peer_id);
    codec_mp_put_str(&b, RIV_LIT("script"));
    codec_mp_put_str(&b, sample.script);
    codec_mp_put_str(&b, RIV_LIT("signature"));
    put_array(&b, sample.signature);
    codec_mp_put_str(&b, RIV_LIT("timestamp"));
    riv_put_u8(&b, 0xcf);
    riv_put_u64be(&b, sample.timestamp_ms);
    codec_mp_put_str(&b, RIV_LIT("ttl"));
    riv_put_u8(&b, 0xcf);
    riv_put_u64be(&b, sample.ttl_ms);
    codec_mp_put_str(&b, RIV_LIT("action"));
    codec_mp_put_str(&b, RIV_LIT("Particle"));
    assert_int_equal(p2p_particle_read(riv_buf_view(&b), arena, &fault, &back), RIV_OK);
    assert_same(&back, &sample);
    riv_arena_free(arena);
}

static void bad_frames(void **state)
{
    (void)state;
    static const struct {
        riv_bytes   in;
        riv_err     want;
        uint64_t    pos;
        const char *msg;
    } cases[] = {
        { RIV_BYTES_INIT(""), RIV_E_MALFORMED, 0, "particle: the frame ends in its codec" },
        { RIV_BYTES_INIT("\x80\x04\x80"), RIV_E_UNSUPPORTED, 0, "particle: codec 0x200" },
        { RIV_BYTES_INIT("\x81\x04\x93\1\2\3"), RIV_E_MALFORMED, 2, "particle: not a map" },
        { RIV_BYTES_INIT("\x81\x04\x80"), RIV_E_MALFORMED, 3, "particle: no action" },
        { RIV_BYTES_INIT("\x81\x04\x81\x07\x07"), RIV_E_MALFORMED, 3, "particle: a key of the map is not a text" },
        { RIV_BYTES_INIT("\x81\x04\x81\xa6"
                         "action"
                         "\xa7"
                         "Upgrade"),
          RIV_E_UNSUPPORTED, 10, "particle: action Upgrade" },
        { RIV_BYTES_INIT("\x81\x04\x81\xa2"
                         "id"
                         "\x07"),
          RIV_E_MALFORMED, 6, "particle: id is not a text" },
        { RIV_BYTES_INIT("\x81\x04\x82\xa2"
                         "id"
                         "\xa1x"
                         "\xa2"
                         "id"
                         "\xa1x"),
          RIV_E_MALFORMED, 8, "particle: id is given twice" },
        { RIV_BYTES_INIT("\x81\x04\x81\xa3"
                         "ttl"
                         "\xff"),
          RIV_E_MALFORMED, 7, "particle: ttl is not a number from 0" },
        { RIV_BYTES_INIT("\x81\x04\x81\xa3"
                         "ttl"
                         "\xcf\0\0\0\1\0\0\0\0"),
          RIV_E_MALFORMED, 7, "particle: ttl 4294967296 is too large" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        p2p_particle out;
        riv_err      err = p2p_particle_read(cases[i].in, arena, &fault, &out);
        if (err != cases[i].want || fault.pos != cases[i].pos || strcmp(fault.msg, cases[i].msg))
            fail_msg("case %zu: %s at %llu: %s", i, riv_err_name(err), (unsigned long long)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_vector),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(other_styles),
        cmocka_unit_test(bad_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
