/* check_test.c: scripts that parse but must not run, and their neighbours that may.
 * Spec: docs/spec/air.md 1.4. Each row was shown to the original too (tests/conform/avm/grammar.mjs). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "air/air.h"

#define NO_FAULT SIZE_MAX
/* clang-format off */
static const struct { const char *script; size_t pos; const char *says; } cases[] = {
    /* definitions */
    { "(ap x y)",                                               0,        "nothing before this defines 'x'" },
    { "(seq (ap 1 x) (ap x y))",                                NO_FAULT, NULL },
    { "(par (ap x y) (ap 1 x))",                                5,        "'x'" },
    { "(par (ap 1 x) (ap x y))",                                NO_FAULT, NULL },
    { "(call \"p\" (\"s\" \"f\") [x] x)",                       0,        "'x'" },
    { "(call \"p\" (\"s\" x) [])",                              0,        "'x'" },
    { "(seq (ap 1 ab) (ap ab.$.[n] y))",                        15,       "'n'" },
    { "(ap %last_error%.$.[n] y)",                              NO_FAULT, NULL }, /* lambdas of errors are not asked */
    { "(canon x $s #c)",                                        NO_FAULT, NULL },
    { "(ap (\"k\" x) %m)",                                      NO_FAULT, NULL },
    { "(ap (x 1) %m)",                                          0,        "'x'" },
    { "(fail x)",                                               NO_FAULT, NULL },
    { "(fold $s i (null))",                                     0,        "'$s'" },
    { "(fold %m i (null))",                                     0,        "'%m'" },
    { "(fold x x (next x))",                                    0,        "'x'" },
    { "(fold [] i (ap i y))",                                   NO_FAULT, NULL },
    { "(new x (ap x y))",                                       NO_FAULT, NULL },
    { "(seq (ap 1 x) (ap #x y))",                               14,       "'#x'" }, /* the sigil is part of the name */
    { "(match 1 x (ap 1 x))",                                   0,        "'x'" },
    { "(match x 1 (new x (ap x z)))",                           NO_FAULT, NULL }, /* only the first unresolved use is judged */
    /* next */
    { "(next i)",                                               0,        "stands in no fold with the iterator 'i'" },
    { "(seq (next i) (fold [] i (next i)))",                    5,        "'i'" },
    { "(seq (fold [] i (next i)) (next i))",                    NO_FAULT, NULL },
    { "(seq (fold [] i (null)) (next i))",                      24,       "'i'" },
    { "(fold [] i (seq (next i) (next i)))",                    25,       "a second next in the fold of 'i'" },
    { "(fold [] i (xor (next i) (next i)))",                    25,       "a second next" },
    { "(fold [] i (fold [] i (next i)))",                       11,       "a fold around this one has the same iterator 'i'" },
    { "(seq (fold [] i (next i)) (fold [] i (next i)))",        NO_FAULT, NULL },
    { "(fold [] i (new i (next i)))",                           11,       "new on the iterator of a fold around it, 'i'" },
    { "(seq (fold [] i (next i)) (new i (null)))",              NO_FAULT, NULL },
    { "(fail 0 \"m\")",                                         0,        "error code '0'" },
    { "(fail 1 \"m\")",                                         NO_FAULT, NULL },
    /* after next */
    { "(seq (ap 1 $s) (fold $s i (seq (next i) (null))))",      26,       "something follows next" },
    { "(seq (ap 1 $s) (fold $s i (par (next i) (null))))",      26,       "something follows next" },
    { "(seq (ap 1 $s) (fold $s i (seq (null) (next i))))",      NO_FAULT, NULL },
    { "(seq (ap 1 $s) (fold $s i (xor (next i) (null))))",      NO_FAULT, NULL },
    { "(seq (ap 1 $s) (fold $s i (seq (xor (next i) (null)) (null))))", 26, "something follows next" },
    { "(seq (ap 1 $s) (fold $s i (match 1 1 (seq (next i) (null)))))", 37, "something follows next" },
    { "(seq (ap 1 x) (fold x i (seq (next i) (null))))",        NO_FAULT, NULL },
    { "(seq (ap 1 $s) (fold $s i (null) (seq (null) (null))))", NO_FAULT, NULL },
    { "(seq (ap (\"k\" 1) %m) (fold %m i (seq (next i) (null)) (null)))", 32, "something follows next" },
    { "(seq (ap 1 $s) (fold $s i (fold $s j (seq (next i) (next j)))))", 37, "something follows next" },
};
/* clang-format on */

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_fault       fault = { 0 };
        const air_node *tree;
        riv_str         script = riv_str_c(cases[i].script);
        riv_err         err    = air_parse(script, arena, &fault, &tree);
        if (cases[i].pos == NO_FAULT && err) fail_msg("%s: refused: %s", cases[i].script, fault.msg);
        if (cases[i].pos != NO_FAULT && (err != RIV_E_MALFORMED || fault.code != 1 || fault.pos != cases[i].pos ||
                                         !strstr(fault.msg, cases[i].says)))
            fail_msg("%s: %s at %u: %s", cases[i].script, riv_err_name(err), (unsigned)fault.pos, fault.msg);
        assert_int_equal(air_parse_unchecked(script, arena, &fault, &tree), RIV_OK);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_table) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
