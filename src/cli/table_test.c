/* table_test.c: the table is complete and free of contradictions; help and docs/cli.md tell of every command. */
#include "cli/internal.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_commands_count; i++) {
        const cli_command *c = &cli_commands[i];
        assert_non_null(c->run);
        assert_true(c->args_min <= c->args_max);
        assert_int_equal(c->args_max > 0, c->args[0] != 0);
        assert_in_range(c->summary[0], 'a', 'z'); /* help makes it a sentence */
        assert_true(c->summary[strlen(c->summary) - 1] != '.');
        assert_null(strchr(c->summary, '\'')); /* completion quotes it */
        for (size_t k = 0; k < i; k++) assert_string_not_equal(c->name, cli_commands[k].name);
    }
}

static void test_flags(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_commands_count; i++) {
        const cli_command *c = &cli_commands[i];
        for (size_t f = 0; f < c->flags_count; f++) {
            const cli_flag *flag = &c->flags[f];
            assert_int_equal(flag->value != NULL, flag->kind == CLI_VALUE || flag->kind == CLI_VALUES);
            assert_true(strlen(flag->help) > 5);
            for (size_t k = 0; k < f; k++) {
                assert_string_not_equal(flag->name, c->flags[k].name);
                assert_true(!flag->letter || flag->letter != c->flags[k].letter);
            }
            for (size_t k = 0; k < cli_common_flags_count; k++) {
                assert_string_not_equal(flag->name, cli_common_flags[k].name);
                assert_true(!flag->letter || flag->letter != cli_common_flags[k].letter);
            }
        }
    }
}

static void test_docs_and_help_tell_all(void **state)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  docs;
    char      *text = NULL;
    size_t     size = 0;
    cli       *c    = riv_alloc(sizeof *c);
    (void)state;
    assert_int_equal(host_file_read(RIV_LIT(RIV_SOURCE_DIR "/docs/cli.md"), 1 << 20, arena, NULL, &docs), RIV_OK);
    for (size_t i = 0; i < cli_commands_count; i++)
        if (riv_str_find(riv_bytes_str(docs), riv_str_c(cli_commands[i].name), 0) == SIZE_MAX)
            fail_msg("docs/cli.md lacks %s", cli_commands[i].name);
    FILE *memory = tmpfile();
    assert_non_null(memory);
    cli_help(c, NULL, memory);
    for (size_t i = 0; i < cli_commands_count; i++) cli_help(c, &cli_commands[i], memory);
    size = (size_t)ftell(memory);
    text = riv_alloc(size + 1);
    rewind(memory);
    assert_int_equal(fread(text, 1, size, memory), size);
    for (size_t i = 0; i < cli_commands_count; i++) {
        assert_non_null(strstr(text, cli_commands[i].summary));
        for (size_t f = 0; f < cli_commands[i].flags_count; f++)
            assert_non_null(strstr(text, cli_commands[i].flags[f].help));
    }
    fclose(memory);
    riv_free(text);
    riv_free(c);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_flags),
                                        cmocka_unit_test(test_docs_and_help_tell_all) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
