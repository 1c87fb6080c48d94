/* types_test.c: the order of types as squares to check against the spec by eye, and laws over made-up types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/internal.h"

#include <stdio.h>

static compiler *new_compiler(riv_arena *arena)
{
    compiler *c = riv_new(arena, compiler, 1);
    c->arena    = arena;
    c->compared = riv_map_new(arena);
    return c;
}

/* Row accepts column. SPEC aqua.md 5.3: a fits where b expected */
static void scalars_fit(void **state)
{
    (void)state;
    static const char *const words[] = { "u8",  "u16", "u32", "u64", "i8",   "i16",
                                         "i32", "i64", "f32", "f64", "bool", "string" };
    static const char *const fits[]  = {
         /*         u u u u i i i i f f b s */
        /* u8   */ "x...........",
        /* u16  */ "xx..........",
        /* u32  */ "xxx.........",
        /* u64  */ "xxxx........",
        /* i8   */ "....x.......",
        /* i16  */ "x...xx......",
        /* i32  */ "xx..xxx.....",
        /* i64  */ "xxx.xxxx....",
        /* f32  */ "xx..xx..x...",
        /* f64  */ "xxx.xxx.xx..",
        /* bool */ "..........x.",
        /* str  */ "...........x",
    };
    riv_arena *arena = riv_arena_new(0);
    compiler  *c     = new_compiler(arena);
    for (size_t a = 0; a < RIV_COUNT(words); a++)
        for (size_t b = 0; b < RIV_COUNT(words); b++) {
            bool got =
                aqua__accepts(c, aqua__scalar_named(riv_str_c(words[a])), aqua__scalar_named(riv_str_c(words[b])));
            if (got != (fits[a][b] == 'x')) fail_msg("%s accepts %s: %d", words[a], words[b], got);
        }
    riv_arena_free(arena);
}

static void literals_fit(void **state)
{
    (void)state;
    static const struct {
        const type *wanted, *given;
        bool        fits;
    } cases[] = {
        { &aqua__u32, &aqua__lit_unsigned, true },
        { &aqua__i64, &aqua__lit_signed, true },
        { &aqua__u32, &aqua__lit_signed, false },
        { &aqua__f64, &aqua__lit_float, true },
        { &aqua__f64, &aqua__lit_unsigned, true },
        { &aqua__i64, &aqua__lit_float, false },
        { &aqua__string, &aqua__lit_string, true },
        { &aqua__lit_string, &aqua__string, true },
        { &aqua__bool, &aqua__lit_bool, true },
        { &aqua__lit_signed, &aqua__i64, false },
        { &aqua__lit_unsigned, &aqua__lit_signed, true },
        { &aqua__lit_signed, &aqua__lit_unsigned, false },
        { &aqua__top, &aqua__i64, true },
        { &aqua__i64, &aqua__bottom, true },
        { &aqua__bottom, &aqua__i64, false },
        { &aqua__top, &aqua__bottom, true },
    };
    riv_arena *arena = riv_arena_new(0);
    compiler  *c     = new_compiler(arena);
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        if (aqua__accepts(c, cases[i].wanted, cases[i].given) != cases[i].fits)
            fail_msg(RIV_FMT " accepts " RIV_FMT, RIV_ARG(aqua__type_text(c, cases[i].wanted)),
                     RIV_ARG(aqua__type_text(c, cases[i].given)));
    riv_arena_free(arena);
}

static void collections_fit(void **state)
{
    (void)state;
    static const type_kind   kinds[] = { TY_ARRAY, TY_OPTION, TY_STREAM };
    static const char *const fits[]  = { "xxx", "xxx", "..x" };
    riv_arena               *arena   = riv_arena_new(0);
    compiler                *c       = new_compiler(arena);
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++) {
            const type *wide   = aqua__type_of_elem(c, kinds[a], &aqua__i64),
                       *narrow = aqua__type_of_elem(c, kinds[b], &aqua__u32);
            assert_int_equal(aqua__accepts(c, wide, narrow), fits[a][b] == 'x');
            assert_false(aqua__accepts(c, aqua__type_of_elem(c, kinds[a], &aqua__u32),
                                       aqua__type_of_elem(c, kinds[b], &aqua__i64)));
        }
    assert_true(aqua__accepts(c, aqua__type_of_elem(c, TY_OPTION, &aqua__string), &aqua__nil));
    assert_true(aqua__accepts(c, aqua__type_of_elem(c, TY_ARRAY, &aqua__string), &aqua__nil));
    assert_false(aqua__accepts(c, aqua__type_of_elem(c, TY_STREAM, &aqua__string), &aqua__nil));
    riv_arena_free(arena);
}

/* A type from a seed, nested a little. */
static const type *random_type(compiler *c, riv_prng *p, int depth)
{
    static const type *const plain[] = {
        &aqua__u32, &aqua__i64,    &aqua__f64,          &aqua__string,     &aqua__bool,
        &aqua__top, &aqua__bottom, &aqua__lit_unsigned, &aqua__lit_string, &aqua__u64
    };
    uint64_t pick = riv_prng_below(p, depth > 0 ? 14 : 10);
    if (pick < 10) return plain[pick];
    if (pick < 13) {
        const type *elem = random_type(c, p, depth - 1);
        return aqua__type_of_elem(c,
                                  pick == 10   ? TY_ARRAY
                                  : pick == 11 ? TY_OPTION
                                               : TY_STREAM,
                                  aqua__is_data(elem) ? elem : &aqua__top);
    }
    static const char *const words[] = { "a", "b", "c" };
    type                    *t       = aqua__type_new(c, TY_STRUCT);
    field                   *fields  = riv_new(c->arena, field, 3);
    for (size_t i = 0; i < 3; i++)
        if (riv_prng_chance(p, 600000))
            fields[t->fields_count++] = (field){ riv_str_c(words[i]), random_type(c, p, depth - 1) };
    t->name   = RIV_LIT("R");
    t->fields = fields;
    return t;
}

static bool holds_struct(const type *t) { return t->kind == TY_STRUCT || (t->elem && holds_struct(t->elem)); }

/* Of structs the original's meet keeps the common fields, which is no bound below. SPEC aqua.md 5.4: structs
 * compare(a, a) = equal; compare(a, b) = -compare(b, a); the join accepts both; both accept the meet. */
static void the_order_is_an_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        riv_arena  *arena = riv_arena_new(0);
        compiler   *c     = new_compiler(arena);
        riv_prng    p     = riv_prng_seed(seed);
        const type *a = random_type(c, &p, 3), *b = random_type(c, &p, 3);
        int         ab = aqua__type_compare(c, a, b), ba = aqua__type_compare(c, b, a);
        bool        opposite = ab == CMP_NONE ? ba == CMP_NONE : ba == -ab;
        const type *join = aqua__type_join(c, a, b), *meet = aqua__type_meet(c, a, b);
        bool        data = aqua__is_data(a) && aqua__is_data(b) && !holds_struct(a) && !holds_struct(b);
        bool bounds = !data || (aqua__accepts(c, join, a) && aqua__accepts(c, join, b) && aqua__accepts(c, a, meet) &&
                                aqua__accepts(c, b, meet));
        if (aqua__type_compare(c, a, a) != CMP_EQUAL || !opposite || !bounds)
            fail_msg("seed %u: " RIV_FMT " and " RIV_FMT ": %d %d, join " RIV_FMT ", meet " RIV_FMT, (unsigned)seed,
                     RIV_ARG(aqua__type_text(c, a)), RIV_ARG(aqua__type_text(c, b)), ab, ba,
                     RIV_ARG(aqua__type_text(c, join)), RIV_ARG(aqua__type_text(c, meet)));
        riv_arena_free(arena);
    }
}

/* Types that double with each level have 2^n paths; comparing two such families must not walk them all. */
static void shared_types_compare_fast(void **state)
{
    (void)state;
    riv_arena  *arena   = riv_arena_new(64 << 20);
    compiler   *c       = new_compiler(arena);
    const type *both[2] = { &aqua__u32, &aqua__u32 };
    for (int level = 0; level < 200; level++)
        for (size_t i = 0; i < 2; i++) {
            type  *t        = aqua__type_new(c, TY_STRUCT);
            field *fields   = riv_new(arena, field, 2);
            fields[0]       = (field){ RIV_LIT("a"), both[i] };
            fields[1]       = (field){ RIV_LIT("b"), both[i] };
            t->fields       = fields;
            t->fields_count = 2;
            both[i]         = t;
        }
    assert_int_equal(aqua__type_compare(c, both[0], both[1]), CMP_EQUAL);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_fit),
        cmocka_unit_test(literals_fit),
        cmocka_unit_test(collections_fit),
        cmocka_unit_test(the_order_is_an_order),
        cmocka_unit_test(shared_types_compare_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
