/* args_test.c: words to commands, flags and arguments; slips and what is said about them. */
#include "cli/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { WORDS_MAX = 12 };

static size_t count_words(const char *const *words)
{
    size_t count = 0;
    while (count < WORDS_MAX && words[count]) count++;
    return count;
}

static void test_commands(void **state)
{
    static const struct {
        const char *words[WORDS_MAX], *name, *says;
        size_t      used;
    } cases[] = {
        { { "run" }, "run", NULL, 1 },
        { { "air", "fmt", "x" }, "air fmt", NULL, 2 },
        { { "aqua", "compile" }, "aqua compile", NULL, 2 },
        { { "rum" }, NULL, "there is no command 'rum'; did you mean 'run'?", 0 },
        { { "air" }, NULL, "'air' needs one more word: parse, fmt, show, verify, invoke", 0 },
        { { "deal" },
          NULL,
          "'deal' needs one more word: create, publish, unpublish, offers, match, deposit, withdraw, app, access, "
          "remove, info, stop, list",
          0 },
        { { "air", "--help" }, NULL, "'air' needs one more word: parse", 0 },
        { { "air", "prase" }, NULL, "there is no command 'air prase'; did you mean 'air parse'?", 0 },
        { { "modul", "build" }, NULL, "there is no command 'modul'; did you mean 'module new'?", 0 },
        { { "zzzzzz" }, NULL, "there is no command 'zzzzzz'", 0 },
        { { "" }, NULL, "there is no command ''", 0 },
        { { "key", "news" }, NULL, "did you mean 'key new'?", 0 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const cli_command *command = NULL;
        size_t             used    = 0;
        riv_fault          fault   = { 0 };
        riv_err            err = cli_command_find(cases[i].words, count_words(cases[i].words), &fault, &command, &used);
        assert_int_equal(err == RIV_OK, cases[i].name != NULL);
        if (cases[i].name) {
            assert_string_equal(command->name, cases[i].name);
            assert_int_equal(used, cases[i].used);
        } else if (!strstr(fault.msg, cases[i].says)) {
            fail_msg("%s: %s", cases[i].words[0], fault.msg);
        }
    }
}

static void test_flags(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *shows; /* flags and arguments, or what the fault says */
        riv_err     want;
    } cases[] = {
        { { "run", "a.aqua" }, "a.aqua", RIV_OK },
        { { "run", "a", "--json", "-f", "main()" }, "json= func=main() a", RIV_OK },
        { { "run", "a", "-fmain()", "--ttl=5" }, "func=main() ttl=5 a", RIV_OK },
        { { "run", "--service", "a=b", "--service=c=d", "x" }, "service=a=b service=c=d x", RIV_OK },
        { { "run", "--", "--json" }, "--json", RIV_OK },
        { { "run", "-" }, "-", RIV_OK },
        { { "run", "--ttl=", "x" }, "ttl= x", RIV_OK },
        { { "run", "--help" }, "help=", RIV_OK },
        { { "aqua compile", "x", "--no-xor", "--no-relay=false" }, "no-xor=true no-relay=false x", RIV_OK },
        { { "run" }, "'run' needs FILE.aqua", RIV_E_MALFORMED },
        { { "run", "a", "b" }, "'b' is one argument too many; usage: rivulet run FILE.aqua", RIV_E_MALFORMED },
        { { "run", "a", "--", "-b" }, "'-b' is one argument too many", RIV_E_MALFORMED },
        { { "run", "a", "--jsn" }, "'run' has no flag --jsn; did you mean --json?", RIV_E_MALFORMED },
        { { "run", "a", "--zzzzzzzz" }, "'run' has no flag --zzzzzzzz", RIV_E_MALFORMED },
        { { "run", "a", "-z" }, "'run' has no flag -z", RIV_E_MALFORMED },
        { { "run", "a", "--json=yes" }, "--json takes no value", RIV_E_MALFORMED },
        { { "run", "a", "--ttl" }, "--ttl needs a value: --ttl MS", RIV_E_MALFORMED },
        { { "aqua compile", "--no-xor=maybe" }, "--no-xor is true or false, not 'maybe'", RIV_E_MALFORMED },
        { { "node", "x" }, "'x' is one argument too many", RIV_E_MALFORMED },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena         *arena   = riv_arena_new(0);
        const cli_command *command = NULL;
        cli_args          *args    = riv_new(arena, cli_args, 1);
        riv_fault          fault   = { 0 };
        riv_buf            shown   = riv_buf_in(arena);
        for (size_t k = 0; k < cli_commands_count; k++)
            if (strcmp(cli_commands[k].name, cases[i].words[0]) == 0) command = &cli_commands[k];
        assert_int_equal(
            cli_args_parse(command, cases[i].words + 1, count_words(cases[i].words) - 1, arena, &fault, args),
            cases[i].want);
        for (size_t k = 0; k < args->flags_count; k++)
            riv_putf(&shown, "%s%s=" RIV_FMT, shown.len ? " " : "", args->flags[k].flag->name,
                     RIV_ARG(args->flags[k].value));
        for (size_t k = 0; k < args->args_count; k++)
            riv_putf(&shown, "%s" RIV_FMT, shown.len ? " " : "", RIV_ARG(args->args[k]));
        if (cases[i].want && !strstr(fault.msg, cases[i].shows)) fail_msg("case %zu: %s", i, fault.msg);
        if (!cases[i].want && !riv_str_eq(riv_buf_str(&shown), riv_str_c(cases[i].shows)))
            fail_msg("case %zu: " RIV_FMT, i, RIV_ARG(riv_buf_str(&shown)));
        riv_arena_free(arena);
    }
}

static void test_too_many(void **state)
{
    const char *words[CLI_VALUES_MAX + 10];
    riv_arena  *arena = riv_arena_new(0);
    cli_args   *args  = riv_new(arena, cli_args, 1);
    riv_fault   fault = { 0 };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(words); i++) words[i] = "--json";
    assert_int_equal(cli_args_parse(&cli_commands[0], words, RIV_COUNT(words), arena, &fault, args), RIV_E_LIMIT);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_commands), cmocka_unit_test(test_flags),
                                        cmocka_unit_test(test_too_many) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
