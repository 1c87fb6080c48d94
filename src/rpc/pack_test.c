/* Tests of pack.c: what was packed comes out again, whatever it is; damaged records are refused within their bound; records of blocks become small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/internal.h"

/* Random bytes, zeros, and pieces of what came before, near and far. */
static riv_bytes made_up(riv_prng *r, riv_arena *arena)
{
    riv_buf out    = riv_buf_in(arena);
    size_t  pieces = riv_prng_below(r, 30);
    for (size_t i = 0; i < pieces; i++) {
        size_t   len = 1 + riv_prng_below(r, riv_prng_chance(r, 50000) ? 70000 : 60), kind = riv_prng_below(r, 3);
        size_t   from = out.len ? riv_prng_below(r, out.len) : 0;
        uint8_t *at   = riv_buf_raw(&out, len);
        memset(at, 0, len);
        if (kind == 0) riv_prng_fill(r, at, len);
        for (size_t k = 0; kind == 1 && k < len && out.ptr + from + k < at + k; k++) at[k] = out.ptr[from + k];
    }
    return riv_buf_view(&out);
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        riv_arena *arena  = riv_arena_new(0);
        riv_prng   r      = riv_prng_seed(seed);
        riv_bytes  in     = made_up(&r, arena), out;
        riv_buf    packed = riv_buf_in(arena);
        riv_fault  fault  = { 0 };
        rpc__pack(&packed, in);
        assert_int_equal(rpc__unpack(riv_buf_view(&packed), in.len, arena, &fault, &out), RIV_OK);
        if (!riv_bytes_eq(in, out)) fail_msg("seed %llu", (unsigned long long)seed);
        for (size_t i = 0; i < 8 && packed.len;
             i++) { /* a byte is spoilt or the end is missing: refused, or other bytes within the bound */
            uint8_t *spoilt = riv_new(arena, uint8_t, packed.len);
            memcpy(spoilt, packed.ptr, packed.len);
            spoilt[riv_prng_below(&r, packed.len)] ^= (uint8_t)(1 + riv_prng_below(&r, 255));
            riv_err err = rpc__unpack((riv_bytes){ spoilt, packed.len }, in.len, arena, NULL, &out);
            assert_true(err == RIV_E_MALFORMED || err == RIV_E_LIMIT || (err == RIV_OK && out.len <= in.len));
            riv_bytes cut = riv_bytes_sub(riv_buf_view(&packed), 0, riv_prng_below(&r, packed.len));
            assert_int_equal(rpc__unpack(cut, in.len, arena, NULL, &out), RIV_E_MALFORMED);
        }
        riv_arena_free(arena);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     want;
    } cases[] = {
        { "nothing", RIV_BYTES_INIT(""), RIV_E_MALFORMED },
        { "no pieces", RIV_BYTES_INIT("\5"), RIV_E_MALFORMED },
        { "a piece of nothing", RIV_BYTES_INIT("\5\0\0"), RIV_E_MALFORMED },
        { "more plain bytes than there are", RIV_BYTES_INIT("\5\5abcd"), RIV_E_MALFORMED },
        { "more plain bytes than it has", RIV_BYTES_INIT("\4\5abcde\0"), RIV_E_MALFORMED },
        { "from before its begin", RIV_BYTES_INIT("\5\1a\4\2"), RIV_E_MALFORMED },
        { "from nowhere", RIV_BYTES_INIT("\5\1a\4\0"), RIV_E_MALFORMED },
        { "longer than it says", RIV_BYTES_INIT("\5\1a\5\1"), RIV_E_MALFORMED },
        { "more follows", RIV_BYTES_INIT("\5\1a\4\1x"), RIV_E_MALFORMED },
        { "a gigabyte", RIV_BYTES_INIT("\x80\x80\x80\x80\4\1a"), RIV_E_LIMIT },
        { "five times a", RIV_BYTES_INIT("\5\1a\4\1"), RIV_OK },
        { "an empty one", RIV_BYTES_INIT("\0"), RIV_OK },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_fault  fault = { 0 };
        riv_bytes  out   = { 0 };
        if (rpc__unpack(cases[i].in, 1 << 20, arena, &fault, &out) != cases[i].want) fail_msg("%s", cases[i].name);
        if (out.len) assert_true(riv_bytes_eq(out, RIV_BYTES("aaaaa")));
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
