/* lex_test.c: what lies between tokens is kept: with tokens and trivia every byte of a text is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/internal.h"

static source lex(riv_arena *arena, const char *text)
{
    compiler   *c  = riv_new(arena, compiler, 1);
    aqua_input *in = riv_new(arena, aqua_input, 1);
    source      s  = { .path = RIV_LIT("t.aqua"), .text = riv_str_c(text) };
    c->arena       = arena;
    c->in          = in;
    aqua__lex(c, &s);
    return s;
}

static void comments_and_blank_lines_are_kept(void **state)
{
    (void)state;
    static const char text[] = "-- one\n\naqua M -- two\n  \nfunc f(a: u8, -- three\n\n    -- four\n  b: u8):\r\n  -- "
                               "five\r\n\r\n  g()\n\n-- six";
    static const struct {
        const char *text; /* NULL: a blank line */
        bool        alone;
    } wanted[] = {
        { "-- one", true },    { NULL, true }, { "-- two", false }, { NULL, true },
        { "-- three", false }, { NULL, true }, { "-- four", true }, { "-- five", true },
        { NULL, true },        { NULL, true }, { "-- six", true },
    };
    riv_arena *arena = riv_arena_new(0);
    source     s     = lex(arena, text);
    assert_int_equal(s.trivia_count, RIV_COUNT(wanted));
    for (size_t i = 0; i < s.trivia_count; i++) {
        const trivia *t    = &s.trivia[i];
        riv_str       told = riv_str_sub(s.text, t->pos, (size_t)t->pos + t->len);
        assert_int_equal(t->is_comment, wanted[i].text != NULL);
        assert_int_equal(t->alone, wanted[i].alone);
        if (wanted[i].text) assert_true(riv_str_eq(told, riv_str_c(wanted[i].text)));
        if (!wanted[i].text) assert_int_equal(riv_str_trim(told).len, 0);
        if (i > 0) assert_true(t->pos >= s.trivia[i - 1].pos + s.trivia[i - 1].len);
    }
    riv_arena_free(arena);
}

/* What is neither a token nor trivia is white space. */
static void nothing_is_lost(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "aqua M declares *\n\n-- a\nfunc f(x: u8) -> u8: -- b\n  y = [x, -- c\n\n    -- d\n    2]\n  <- y[0]\n--",
        "const A = \"-- no comment\" -- one\n\n\n",
        "x - 1 -- two\n--\n   -- three\t\n",
        "@ ' \" open\n-- after\n",
    };
    for (size_t i = 0; i < RIV_COUNT(texts); i++) {
        riv_arena *arena = riv_arena_new(0);
        source     s     = lex(arena, texts[i]);
        char      *left  = riv_new(arena, char, s.text.len + 1);
        memcpy(left, s.text.ptr, s.text.len);
        for (size_t k = 0; k < s.tokens_count; k++) memset(left + s.tokens[k].pos, ' ', s.tokens[k].len);
        for (size_t k = 0; k < s.trivia_count; k++) memset(left + s.trivia[k].pos, ' ', s.trivia[k].len);
        if (riv_str_trim(riv_str_c(left)).len) fail_msg("of '%s' this is left: '%s'", texts[i], left);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_and_blank_lines_are_kept),
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
