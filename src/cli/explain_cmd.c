/* explain_cmd.c: rivulet aqua explain: what a code of the Aqua compiler means, with a program that has it and one that has not.
 * Spec: docs/cli.md "aqua explain". Tests: tests/e2e. */
#include "cli/internal.h"

static const char *what(const aqua_code *code) { return code->kind == AQUA_WARN ? "warning" : "error"; }

static const riv_json *code_json(riv_arena *a, const aqua_code *code)
{
    return riv_json_object(a, "code", riv_json_strc(a, code->code), "name", riv_json_strc(a, code->name), "kind",
                           riv_json_strc(a, aqua_diag_kind_name(code->kind)), "title", riv_json_strc(a, code->title),
                           "text", riv_json_strc(a, code->text), "bad",
                           code->bad[0] ? riv_json_strc(a, code->bad) : NULL, "good",
                           code->good[0] ? riv_json_strc(a, code->good) : NULL, NULL);
}

static int list(cli *c)
{
    size_t           count;
    const aqua_code *codes = aqua_codes(&count);
    riv_json_list    all   = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (cli_has(c, "json"))
            riv_json_add(c->arena, &all, code_json(c->arena, &codes[i]));
        else
            printf("%s  %-7s  %-20s  %s\n", codes[i].code, what(&codes[i]), codes[i].name, codes[i].title);
    }
    if (cli_has(c, "json")) cli_print_json(riv_json_arr(c->arena, all.ptr, all.len), true);
    return CLI_OK;
}

/* At most WIDTH letters a line. */
static void print_wrapped(const char *text)
{
    enum { WIDTH = 88 };
    riv_str rest = riv_str_c(text);
    while (rest.len) {
        size_t end = RIV_MIN(rest.len, (size_t)WIDTH);
        while (end < rest.len && end > 0 && rest.ptr[end] != ' ') end--;
        if (end == 0) end = RIV_MIN(rest.len, (size_t)WIDTH);
        printf(RIV_FMT "\n", RIV_ARG(riv_str_sub(rest, 0, end)));
        rest = riv_str_trim(riv_str_sub(rest, end, rest.len));
    }
}

static void print_example(cli *c, const char *title, const char *program)
{
    riv_str rest = riv_str_c(program);
    printf("\n%s\n", title);
    while (rest.len) {
        size_t end = riv_str_find_char(rest, '\n', 0);
        if (end == SIZE_MAX) end = rest.len;
        riv_str one = riv_str_sub(rest, 0, end);
        printf("    " RIV_FMT "\n", RIV_ARG(cli_shown(c, one, 400)));
        rest = riv_str_sub(rest, end + 1, rest.len);
    }
}

int cli_cmd_aqua_explain(cli *c)
{
    riv_str given = cli_arg(c, 0);
    if (given.len == 0) return list(c);
    const aqua_code *code = aqua_code_find(given);
    if (!code) {
        cli_error(c, CLI_USAGE, "there is no code '" RIV_FMT "'", RIV_ARG(given));
        cli_hint(c, "`rivulet aqua explain` lists them");
        return CLI_USAGE;
    }
    if (cli_has(c, "json")) {
        cli_print_json(code_json(c->arena, code), true);
        return CLI_OK;
    }
    printf("%s %s (%s): %s\n\n", code->code, code->name, what(code), code->title);
    print_wrapped(code->text);
    if (code->bad[0]) print_example(c, code->kind == AQUA_WARN ? "warned about:" : "refused:", code->bad);
    if (code->good[0]) print_example(c, "good:", code->good);
    bool imports = strstr(code->bad, "lib.aqua") || strstr(code->good, "lib.aqua");
    if (imports) print_example(c, "lib.aqua:", aqua_example_lib);
    return CLI_OK;
}
