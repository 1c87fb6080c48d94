/* parse_test.c: the grammar: one row for each place that takes some operands and not others; limits; scripts as deep and long as they may be.
 * Spec: docs/spec/air.md 1.3. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "air/air.h"

#define GOOD SIZE_MAX
/* clang-format off */
static const struct { const char *script; size_t pos; } cases[] = { /* without the checks */
    { "",                                     0    }, { "(null)",                          GOOD }, { "(null",                          5    },
    { "(null) (null)",                        7    }, { "null",                            0    }, { "(bad)",                          1    },
    { "(\"null\")",                           1    }, { "(seq (null)(never))",             GOOD }, { "(seq (null))",                   11   },
    { "(seq (null) (null) (null))",           19   }, { "(par (null) (null))",             GOOD }, { "(xor (null) (null))",            GOOD },
    { "(call \"p\" (\"s\" \"f\") [])",        GOOD }, { "(call p (s f) [] x)",             GOOD }, { "(call p.$.a (s.$.b f.length) [] $s)", GOOD },
    { "(call #cc.$.[0] (#%mm.$.k \"f\") [])", GOOD }, { "(call %init_peer_id% (s f) [])",  GOOD }, { "(call p (%init_peer_id% f) [])", 9    },
    { "(call $s (s f) [])",                   6    }, { "(call #c (s f) [])",              6    }, { "(call 1 (s f) [])",              6    },
    { "(call p s f [])",                      8    }, { "(call p (s f) x)",                14   }, { "(call p (s f) [] %m)",           17   },
    { "(call p (s f) [] #c)",                 17   }, { "(call p (s f) [] x y)",           19   }, { "(call p (s f g) [])",            13   },
    { "(call p (s f) [1 1.5 \"s\" true [] x x.$.a #c #cc.length #%m #%mm.$.k %ttl% %timestamp% %init_peer_id% %last_error%.$.a :error:])", GOOD },
    { "(call p (s f) [$s])",                  15   }, { "(call p (s f) [[1]])",            16   }, { "(call p (s f) [null])",          15   },
    { "(canon p $s #c)",                      GOOD }, { "(canon p %m #%c)",                GOOD }, { "(canon p %m x)",                 GOOD },
    { "(canon p $s x)",                       12   }, { "(canon p $s #%c)",                12   }, { "(canon p %m #c)",                12   },
    { "(canon p x #c)",                       9    }, { "(ap 1 x)",                        GOOD }, { "(ap #c $s)",                     GOOD },
    { "(ap #%c x)",                           4    }, { "(ap #%cc.$.k x)",                 GOOD }, { "(ap $s x)",                      4    },
    { "(ap 1 %m)",                            6    }, { "(ap (\"k\" 1) %m)",               GOOD }, { "(ap (1 #c) %m)",                 GOOD },
    { "(ap (1.5 1) %m)",                      5    }, { "(ap (x.$.a []) %m)",              GOOD }, { "(ap (#cc.$.a 1) %m)",            GOOD },
    { "(ap (#c 1) %m)",                       5    }, { "(ap (x #%c) %m)",                 7    }, { "(ap (x 1) $s)",                  10   },
    { "(match 1 $s (null))",                  9    }, { "(match x [] (null))",             GOOD }, { "(mismatch #c #%m (null))",       GOOD },
    { "(match 1 (null))",                     9    }, { "(new x (null))",                  GOOD }, { "(new $x (null))",                GOOD },
    { "(new %x (null))",                      GOOD }, { "(new #x (null))",                 GOOD }, { "(new #%x (null))",               GOOD },
    { "(new x.$.a (null))",                   5    }, { "(new 1 (null))",                  5    }, { "(fail 1 \"m\")",                 GOOD },
    { "(fail 1 m)",                           8    }, { "(fail x)",                        GOOD }, { "(fail x.$.a)",                   GOOD },
    { "(fail #cc.$.a)",                       GOOD }, { "(fail #c)",                       6    }, { "(fail %last_error%)",            GOOD },
    { "(fail :error:)",                       GOOD }, { "(fail :error:.$.a)",              6    }, { "(fail \"m\")",                   6    },
    { "(fold x i (null))",                    GOOD }, { "(fold x.$.a i (null) (null))",    GOOD }, { "(fold #c i (null))",             GOOD },
    { "(fold #cc.$.a i (null))",              6    }, { "(fold #%m i (null))",             GOOD }, { "(fold #%mm.$.a i (null))",       GOOD },
    { "(fold [ ] i (null))",                  GOOD }, { "(fold [1] i (null))",             7    }, { "(fold $s i (null) (null))",      GOOD },
    { "(fold %m i (null))",                   GOOD }, { "(fold x $i (null))",              8    }, { "(fold x i)",                     9    },
    { "(fold x i (null) (null) (null))",      24   }, { "(fold \"s\" i (null))",           6    }, { "(next i)",                       GOOD },
    { "(next $i)",                            6    }, { "(next)",                          5    }, { "(null x)",                       6    },
};
/* clang-format on */

static void the_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_fault       fault = { 0 };
        const air_node *tree;
        riv_err         err = air_parse_unchecked(riv_str_c(cases[i].script), arena, &fault, &tree);
        if (cases[i].pos == GOOD && err)
            fail_msg("%s: refused at %u: %s", cases[i].script, (unsigned)fault.pos, fault.msg);
        if (cases[i].pos != GOOD && (err != RIV_E_MALFORMED || fault.code != 1 || fault.pos != cases[i].pos))
            fail_msg("%s: %s at %u: %s", cases[i].script, riv_err_name(err), (unsigned)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

static void the_tree(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    const air_node *t;
    riv_str script = RIV_LIT(" (seq (ap (\"k\" -1) %m) (fold x.$.a i (call \"p\" (\"s\" f) [1.5 #c] $o) (null)))");
    assert_int_equal(air_parse_unchecked(script, arena, NULL, &t), RIV_OK);
    assert_int_equal(t->kind, AIR_SEQ);
    assert_int_equal(t->pos, 1);
    assert_int_equal(t->end, script.len);
    const air_node *ap = t->kid[0], *fold = t->kid[1];
    assert_true(ap->kind == AIR_AP && ap->has_key && ap->has_out && riv_str_eq(ap->key.text, RIV_LIT("k")));
    assert_true(ap->value[0].kind == AIR_INT && ap->value[0].i64 == -1 && ap->out.kind == AIR_VAR_MAP);
    assert_true(fold->kind == AIR_FOLD && fold->kid[1]->kind == AIR_NULL && riv_str_eq(fold->out.name, RIV_LIT("i")));
    const air_node *call = fold->kid[0];
    assert_true(call->args_count == 2 && call->args[0].kind == AIR_FLOAT && call->args[1].var.kind == AIR_VAR_CANON);
    assert_true(call->function.var.pos == riv_str_find(script, RIV_LIT("f) ["), 0));
    assert_true(call->has_out && riv_str_eq(call->out.name, RIV_LIT("$o")));
    riv_arena_free(arena);
}

/* (seq (null) (seq (null) ...)) or the same to the left */
static riv_str chain(riv_arena *arena, size_t depth, bool left)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < depth; i++) riv_put_str(&out, left ? RIV_LIT("(seq ") : RIV_LIT("(seq (null) "));
    riv_put_str(&out, RIV_LIT("(null)"));
    for (size_t i = 0; i < depth; i++) riv_put_str(&out, left ? RIV_LIT(" (null))") : RIV_LIT(")"));
    return riv_buf_str(&out);
}

static void limits(void **state)
{
    (void)state;
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    const air_node *t;
    for (int left = 0; left < 2; left++) {
        riv_str script = chain(arena, AIR_DEPTH_MAX, left);
        assert_int_equal(air_parse(script, arena, NULL, &t), RIV_OK);
        riv_buf printed = riv_buf_in(arena);
        air_print(t, &printed);
        assert_non_null(air_json(t, arena));
        assert_int_equal(air_parse(riv_buf_str(&printed), arena, NULL, &t), RIV_OK);
        fault = (riv_fault){ 0 };
        assert_int_equal(air_parse(chain(arena, AIR_DEPTH_MAX + 1, left), arena, &fault, &t), RIV_E_LIMIT);
        assert_int_equal(fault.pos, (size_t)AIR_DEPTH_MAX * (left ? 5 : 12));
    }
    riv_buf big = { 0 };
    memset(riv_buf_room(&big, AIR_SCRIPT_BYTES_MAX + 1), ' ', AIR_SCRIPT_BYTES_MAX + 1);
    assert_int_equal(air_parse(riv_buf_str(&big), arena, NULL, &t), RIV_E_LIMIT);
    riv_buf_free(&big);

    riv_arena *small = riv_arena_new(64 << 10);
    assert_int_equal(air_parse(chain(arena, 4000, false), small, NULL, &t), RIV_E_LIMIT);
    riv_arena_free(small);

    fault = (riv_fault){ 0 };
    assert_int_equal(air_parse(RIV_LIT("(null) \xff"), arena, &fault, &t), RIV_E_MALFORMED);
    assert_int_equal(fault.pos, 7);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_grammar), cmocka_unit_test(the_tree),
                                        cmocka_unit_test(limits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
