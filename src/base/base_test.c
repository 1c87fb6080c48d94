/* base_test.c: slices, arenas, readers and writers, maps, texts, seeded randomness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

static void test_slices(void **state)
{
    (void)state;
    riv_str s = RIV_LIT("hello");
    assert_true(riv_str_starts(s, RIV_LIT("he")) && riv_str_ends(s, RIV_LIT("lo")) &&
                !riv_str_ends(s, RIV_LIT("xhello")));
    assert_int_equal(riv_str_find(s, RIV_LIT("l"), 0), 2);
    assert_int_equal(riv_str_find(s, RIV_LIT("l"), 3), 3);
    assert_int_equal(riv_str_find(s, RIV_LIT("z"), 0), SIZE_MAX);
    assert_int_equal(riv_str_find(s, RIV_LIT(""), 5), 5);
    assert_int_equal(riv_str_sub(s, 4, 99).len, 1);
    assert_int_equal(riv_str_sub(s, 9, 2).len, 0);
    assert_true(riv_str_eq(riv_str_trim(RIV_LIT(" \t x y\n")), RIV_LIT("x y")));
    assert_true(riv_str_cmp(RIV_LIT("a"), RIV_LIT("ab")) < 0 && riv_str_cmp(RIV_LIT("b"), RIV_LIT("ab")) > 0);
    assert_true(riv_str_eq((riv_str){ 0 }, RIV_LIT("")));
    uint64_t n = 0;
    assert_true(riv_str_u64(RIV_LIT("18446744073709551615"), &n) && n == UINT64_MAX);
    assert_false(riv_str_u64(RIV_LIT("18446744073709551616"), &n));
    assert_false(riv_str_u64(RIV_LIT("+1"), &n) || riv_str_u64(RIV_LIT(""), &n));
}

static void test_faults(void **state)
{
    (void)state;
    riv_fault f = { 0 };
    assert_int_equal(riv_fail_code(&f, RIV_E_LIMIT, 10, 7, "first %d", 1), RIV_E_LIMIT);
    assert_int_equal(riv_fail(&f, RIV_E_IO, 8, "second"), RIV_E_IO); /* the code comes back, the first fault stays */
    assert_string_equal(f.msg, "first 1");
    assert_int_equal(f.code, 10);
    assert_int_equal(riv_fail(NULL, RIV_E_IO, 0, "nobody looks"), RIV_E_IO);
    riv_fault g = { 0 };
    char      long_text[600];
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 253; i + 2 < sizeof long_text; i += 3) memcpy(long_text + i, "\xe2\x82\xac", 3);
    long_text[598] = 0;
    assert_int_equal(riv_fail(&g, RIV_E_IO, 0, "%s", long_text), RIV_E_IO);
    assert_true(riv_utf8_valid(riv_str_bytes(riv_str_c(g.msg)), NULL));
    riv_fault h = { 0 };
    assert_int_equal(riv_fail(&h, RIV_E_IO, 0, "a\nb\x1b[31m"), RIV_E_IO);
    assert_string_equal(h.msg, "a b [31m"); /* no control characters reach a terminal or a log line */
    riv_fault turned = { 0 };
    assert_int_equal(riv_fail(&turned, RIV_E_IO, 0,
                              "\xc2\x9b"
                              "31m \xe2\x80\xae|\xe2\x81\xa6|\xc2\xa0|\x7f|\xe2\x80\xa6"),
                     RIV_E_IO);
    assert_string_equal(turned.msg, "  31m    |   |\xc2\xa0| |\xe2\x80\xa6");

    /* Foreign bytes in a message, or a name that was cut in a character: texts go into JSON, which must stay UTF-8. */
    riv_fault foreign = { 0 };
    riv_fail(&foreign, RIV_E_MALFORMED, 0, "name %.*s of %s", 3, "a\xc3\xa9\xc3\xa9", "\xff\x80z");
    assert_string_equal(foreign.msg, "name a\xc3\xa9 of ??z");
    foreign = (riv_fault){ 0 };
    riv_fail(&foreign, RIV_E_MALFORMED, 0, "%.*s", 2, "a\xc3\xa9");
    assert_string_equal(foreign.msg, "a?");
}

static void test_arena(void **state)
{
    (void)state;
    riv_arena *a = riv_arena_new(1000);
    uint8_t   *p = riv_arena_alloc(a, 100, 1);
    for (size_t i = 0; i < 100; i++) assert_int_equal(p[i], 0);
    assert_false(riv_arena_over(a));
    assert_int_equal(riv_arena_left(a), 900);
    uint64_t *q = riv_new(a, uint64_t, 200);
    assert_int_equal((uintptr_t)q % _Alignof(uint64_t), 0);
    assert_true(riv_arena_over(a));
    assert_int_equal(riv_arena_left(a), 0);
    riv_arena_reset(a);
    assert_false(riv_arena_over(a));
    RIV_VEC(int) v = { 0 };
    for (int i = 0; i < 1000; i++) *riv_push(a, &v) = i;
    for (int i = 0; i < 1000; i++) assert_int_equal(v.ptr[i], i);
    assert_string_equal(riv_cstr(a, riv_format(a, "%d-%s", 5, "x")), "5-x");
    riv_arena_free(a);
    riv_arena_free(NULL);
}

static void test_reader(void **state)
{
    (void)state;
    riv_reader r = riv_reader_of(RIV_BYTES("\1\2\3\4\5\6\7\10\11"));
    assert_int_equal(riv_read_u16be(&r), 0x0102);
    assert_int_equal(riv_read_u16le(&r), 0x0403);
    assert_int_equal(riv_read_u32be(&r), 0x05060708);
    assert_int_equal(riv_reader_left(&r), 1);
    assert_int_equal(riv_read_u64be(&r), 0); /* short: sticks */
    assert_true(r.short_read);
    assert_int_equal(riv_read_u8(&r), 0);
    assert_int_equal(riv_read_bytes(&r, UINT64_MAX).len, 0);
    assert_int_equal(riv_rewind(&r, 8), RIV_MORE);
    assert_int_equal(riv_read_u8(&r), 9);
}

static void test_writer(void **state)
{
    (void)state;
    for (int in_arena = 0; in_arena < 2; in_arena++) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    b     = in_arena ? riv_buf_in(arena) : (riv_buf){ 0 };
        riv_put_u16be(&b, 0x0102);
        riv_put_u32le(&b, 0x06050403);
        riv_put_u64be(&b, 7);
        riv_put_str(&b, RIV_LIT("abc"));
        riv_putf(&b, "%d", 12345);
        assert_true(riv_bytes_eq(riv_buf_view(&b), RIV_BYTES("\1\2\3\4\5\6\0\0\0\0\0\0\0\7abc12345")));
        riv_buf_drop(&b, 14);
        assert_true(riv_str_eq(riv_buf_str(&b), RIV_LIT("abc12345")));
        riv_buf_free(&b);
        riv_arena_free(arena);
    }
}

/* A map against a plain array of pairs, with random puts and removes; order of first insertion holds. */
static void test_map(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        riv_prng p = riv_prng_seed(seed);
        riv_map *m = riv_map_new(NULL);
        uint64_t keys[64], values[64];
        size_t   count = 0;
        for (int step = 0; step < 400; step++) {
            uint64_t key = riv_prng_below(&p, 48);
            size_t   at  = 0;
            while (at < count && keys[at] != key) at++;
            if (riv_prng_below(&p, 3) == 0) {
                void *old = riv_map_remove_u64(m, key);
                assert_int_equal(old != NULL, at < count);
                if (at < count) {
                    count--;
                    memmove(keys + at, keys + at + 1, (count - at) * sizeof *keys);
                    memmove(values + at, values + at + 1, (count - at) * sizeof *values);
                }
            } else {
                uint64_t value = riv_prng_below(&p, 1000) + 1;
                riv_map_put_u64(m, key, (void *)(uintptr_t)value);
                if (at == count) keys[count++] = key;
                values[at] = value;
            }
            assert_int_equal(riv_map_count(m), count);
        }
        size_t seen = 0;
        for (size_t slot = 0; slot < riv_map_slots(m); slot++) {
            riv_bytes key;
            void     *value;
            if (!riv_map_at(m, slot, &key, &value)) continue;
            assert_int_equal(key.ptr[0], keys[seen]);
            assert_int_equal((uintptr_t)value, values[seen++]);
        }
        assert_int_equal(seen, count);
        riv_map_free(m);
    }
}

/* Against a comparison of neighbours: keys with a long common beginning, equal ones, prefixes of others. */
static void test_order(void **state)
{
    (void)state;
    riv_prng   prng  = riv_prng_seed(99);
    riv_arena *arena = riv_arena_new(0);
    for (size_t round = 0; round < 200; round++) {
        size_t   count = (size_t)riv_prng_below(&prng, 300), kinds = 1 + (size_t)riv_prng_below(&prng, 200);
        riv_str *keys = riv_new(arena, riv_str, count + 1);
        for (size_t i = 0; i < count; i++) {
            uint64_t n = riv_prng_below(&prng, kinds);
            keys[i]    = riv_format(arena, "bagaaihra%0*llx", (int)(n % 12),
                                    (unsigned long long)(n * 0x9e3779b97f4a7c15u >> n % 60));
        }
        const uint32_t *order     = riv_order(arena, keys, sizeof *keys, count);
        bool            ascending = true;
        for (size_t i = 1; i < count; i++) ascending = ascending && riv_str_cmp(keys[i - 1], keys[i]) < 0;
        assert_true(ascending == !order);
        for (size_t i = 1; order && i < count; i++) {
            int c = riv_str_cmp(keys[order[i - 1]], keys[order[i]]);
            assert_true(c < 0 || (c == 0 && order[i - 1] < order[i]));
        }
    }
    riv_arena_free(arena);
}

/* Keys that an enemy chose to collide: the map parts them and stays right. */
static void test_map_of_colliding_keys(void **state)
{
    (void)state;
    enum { KEYS = 3000 };
    riv_map   *m     = riv_map_new(NULL);
    riv_arena *arena = riv_arena_new(0);
    riv_map   *views = riv_map_new_for(arena, KEYS / 2);
    uint64_t   keys[KEYS][2];
    for (uint64_t n = 0; n < KEYS; n++) {
        keys[n][0] = 0x9e3779b97f4a7c15u; /* hides the other word under the first seed: one hash for all */
        keys[n][1] = n;
        riv_map_put(m, (riv_bytes){ (uint8_t *)keys[n], 16 }, &keys[n]);
        riv_map_put_view(views, (riv_str){ (char *)keys[n], 16 }, &keys[n]);
    }
    for (size_t i = 0; i < KEYS; i++) {
        assert_ptr_equal(riv_map_get(m, (riv_bytes){ (uint8_t *)keys[i], 16 }), &keys[i]);
        assert_ptr_equal(riv_map_get(views, (riv_bytes){ (uint8_t *)keys[i], 16 }), &keys[i]);
    }
    assert_int_equal(riv_map_count(m), KEYS);
    assert_int_equal(riv_map_count(views), KEYS);
    riv_arena_free(arena);
    riv_map_free(m);
}

/* A product does not tell its factors apart: were both words masked alike, swapping them would collide under every seed, and a key of
 * many such blocks would have as many doubles as there are choices. With that this test takes minutes. */
static void test_map_of_swapped_words(void **state)
{
    (void)state;
    enum { BLOCKS = 16, KEYS = 1 << BLOCKS };
    const uint64_t mask = ~(0x9e3779b97f4a7c15u ^ 0xd6e8feb86659fd93u);
    riv_map       *m    = riv_map_new(NULL);
    for (uint64_t n = 0; n < KEYS; n++) {
        uint64_t key[BLOCKS][2];
        for (uint64_t i = 0; i < BLOCKS; i++) {
            uint64_t a = i + 1, b = i * 77;
            bool     swapped = n >> i & 1;
            key[i][0]        = swapped ? b ^ mask : a;
            key[i][1]        = swapped ? a ^ mask : b;
        }
        riv_map_put(m, (riv_bytes){ (const uint8_t *)key, sizeof key }, m);
    }
    assert_int_equal(riv_map_count(m), KEYS);
    riv_map_free(m);
}

/* An enemy who runs the same program and so knows how each seed would follow from the last: were it so, 200,000 keys of 16 bytes would be
 * under one hash in the end, after all new seeds were spent on the first few hundred. With that this test takes minutes. */
static void test_map_of_foreseen_seeds(void **state)
{
    (void)state;
    enum { KEYS = 200000, TOO_MANY = 66, SEEDS = 8 };
    uint64_t   seed = 0, count = 0;
    riv_arena *arena   = riv_arena_new(0);
    riv_map   *m       = riv_map_new_for(arena, KEYS);
    uint64_t(*keys)[2] = riv_arena_alloc_n(arena, KEYS, sizeof *keys, _Alignof(uint64_t));
    for (; count < KEYS; count++) {
        keys[count][0] = seed ^ 0x9e3779b97f4a7c15u; /* hides the other word under that seed */
        keys[count][1] = count;
        riv_map_put_view(m, (riv_str){ (const char *)keys[count], sizeof *keys }, m);
        if ((count + 1) % TOO_MANY != 0 || count >= (uint64_t)TOO_MANY * SEEDS) continue;
        seed += count + 2;
        for (int i = 0; i < 2; i++) seed = (seed ^ seed >> 32) * 0xd6e8feb86659fd93u;
        seed ^= seed >> 32;
    }
    assert_int_equal(riv_map_count(m), KEYS);
    riv_arena_free(arena);
}

static const struct {
    riv_bytes in;
    size_t    bad; /* SIZE_MAX: valid */
} utf8_cases[] = {
    { RIV_BYTES_INIT("abc"), SIZE_MAX },
    { RIV_BYTES_INIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), SIZE_MAX },
    { RIV_BYTES_INIT("a\x80"), 1 },
    { RIV_BYTES_INIT("\xc0\x80"), 0 },         /* overlong */
    { RIV_BYTES_INIT("\xe0\x80\x80"), 0 },     /* overlong */
    { RIV_BYTES_INIT("ab\xed\xa0\x80"), 2 },   /* surrogate */
    { RIV_BYTES_INIT("\xf4\x90\x80\x80"), 0 }, /* above U+10FFFF */
    { RIV_BYTES_INIT("\xe2\x82"), 0 },         /* cut */
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(utf8_cases); i++) {
        size_t bad   = SIZE_MAX;
        bool   valid = riv_utf8_valid(utf8_cases[i].in, &bad);
        assert_int_equal(valid, utf8_cases[i].bad == SIZE_MAX);
        assert_int_equal(bad, utf8_cases[i].bad);
    }
    for (uint32_t c = 0; c < 0x110000; c += c < 0x900 ? 1 : 77) {
        if (c >= 0xd800 && c < 0xe000) continue;
        riv_buf b = { 0 };
        riv_utf8_put(&b, c);
        size_t pos = 0;
        assert_true(riv_utf8_valid(riv_buf_view(&b), NULL));
        assert_int_equal(riv_utf8_next(riv_buf_str(&b), &pos), c);
        assert_int_equal(pos, b.len);
        riv_buf_free(&b);
    }
    riv_line_col at = riv_line_col_of(RIV_LIT("a\n\xf0\x9f\x98\x80x"), 6);
    assert_int_equal(at.line, 2);
    assert_int_equal(at.col, 3);
    static const uint32_t places[][2] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 3, 1 }, { 3, 2 }, { 4, 1 }, { 4, 1 } };
    for (size_t i = 0; i < RIV_COUNT(places); i++) { /* a line ends behind its mark; the end of the text is a place */
        at = riv_line_col_of(RIV_LIT("a\n\nb\n"), i);
        assert_int_equal(at.line, places[i][0]);
        assert_int_equal(at.col, places[i][1]);
    }
    const riv_str names[] = { RIV_LIT_INIT("run"), RIV_LIT_INIT("module"), RIV_LIT_INIT("version") };
    assert_int_equal(riv_nearest(RIV_LIT("rum"), names, 3), 0);
    assert_int_equal(riv_nearest(RIV_LIT("modul"), names, 3), 1);
    assert_int_equal(riv_nearest(RIV_LIT("zzzzzz"), names, 3), SIZE_MAX);
    assert_int_equal(riv_edit_distance(RIV_LIT("kitten"), RIV_LIT("sitting")), 3);
}

static void test_prng(void **state)
{
    (void)state;
    riv_prng a = riv_prng_seed(7), b = riv_prng_seed(7), c = riv_prng_seed(8);
    uint64_t first = riv_prng_u64(&a);
    assert_int_equal(first, riv_prng_u64(&b));
    assert_int_not_equal(first, riv_prng_u64(&c));
    unsigned counts[5] = { 0 };
    for (int i = 0; i < 50000; i++) counts[riv_prng_below(&a, 5)]++;
    for (int i = 0; i < 5; i++) assert_in_range(counts[i], 9500, 10500);
}

/* Long keys that differ only in front, where a map does not look at first, cost no more than others. */
static void test_map_like_ends(void **state)
{
    (void)state;
    enum { KEYS = 50000 };
    riv_map *m = riv_map_new(NULL);
    char     key[40];
    for (int pass = 0; pass < 2; pass++)
        for (uintptr_t i = 0; i < KEYS; i++) {
            memset(key, 'k', sizeof key);
            for (uintptr_t rest = i, at = 0; rest; rest /= 10) key[at++] = (char)('0' + rest % 10);
            riv_bytes view = { (const uint8_t *)key, sizeof key };
            if (pass == 0)
                assert_null(riv_map_put(m, view, (void *)(i + 1))); /* NOLINT */
            else
                assert_int_equal((uintptr_t)riv_map_get(m, view), i + 1);
        }
    assert_int_equal(riv_map_count(m), KEYS);
    riv_map_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_like_ends),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_reader),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_map_of_colliding_keys),
        cmocka_unit_test(test_map_of_swapped_words),
        cmocka_unit_test(test_map_of_foreseen_seeds),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_prng),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
