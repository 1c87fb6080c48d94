/* fmt_cmd.c: `rivulet aqua fmt`: lays out Aqua programs in place, or tells which are not laid out.
 * Spec: docs/cli.md "aqua fmt". Tests: tests/e2e, src/aqua/fmt_test.c. */
#include "aqua/fmt.h"
#include "cli/internal.h"

enum { SHOWN_LINES = 3 }; /* of the first place that differs */

static riv_str line_at(riv_str text, size_t *pos)
{
    size_t  end = riv_str_find_char(text, '\n', *pos), start = *pos;
    riv_str line = riv_str_sub(text, start, end == SIZE_MAX ? text.len : end);
    *pos         = end == SIZE_MAX ? text.len : end + 1;
    return line;
}

static void print_lines(cli *c, char mark, riv_str text, size_t pos)
{
    for (int i = 0; i < SHOWN_LINES && pos < text.len; i++) {
        riv_str line = cli_shown(c, line_at(text, &pos), AQUA_FMT_COLUMNS);
        cli_print(riv_format(c->arena, "%s%c " RIV_FMT "%s\n",
                             cli_style(c->colour_out, mark == '-' ? CLI_RED : CLI_GREEN), mark, RIV_ARG(line),
                             cli_style(c->colour_out, CLI_PLAIN)));
    }
}

/* Where the two first part, some lines of each. */
static void print_difference(cli *c, riv_str path, riv_str before, riv_str after)
{
    size_t a = 0, b = 0, line = 1;
    while (a < before.len && b < after.len) {
        size_t next_a = a, next_b = b;
        if (!riv_str_eq(line_at(before, &next_a), line_at(after, &next_b))) break;
        a = next_a;
        b = next_b;
        line++;
    }
    cli_print(riv_format(c->arena, RIV_FMT ":%zu\n", RIV_ARG(path), line));
    print_lines(c, '-', before, a);
    print_lines(c, '+', after, b);
}

/* Adds to *changed when path is not laid out. */
static int format_one(cli *c, riv_str path, size_t *changed)
{
    riv_fault  fault  = { 0 };
    aqua_diags errors = { 0 };
    riv_str    text, out;
    bool       standard = riv_str_eq(path, RIV_LIT("-"));
    if (!cli_read_text(c, path, &text)) return CLI_USAGE;
    if (aqua_format(path, text, c->arena, &fault, &errors, &out)) return cli_fault(c, &fault);
    if (errors.count) {
        cli_print_diags(c, errors);
        return CLI_FAILED;
    }
    bool same = riv_str_eq(text, out), writes = !cli_has(c, "check") && !cli_has(c, "diff");
    *changed += !same;
    if (standard && writes) {
        cli_print(out);
        return CLI_OK;
    }
    if (same) return CLI_OK;
    if (cli_has(c, "diff")) print_difference(c, path, text, out);
    if (writes && host_file_rewrite(path, riv_str_bytes(out), &fault)) return cli_fault(c, &fault);
    if (!cli_has(c, "diff"))
        cli_note(c, writes ? "laid out " RIV_FMT : RIV_FMT " is not laid out",
                 RIV_ARG(standard ? RIV_LIT("standard input") : path));
    return CLI_OK;
}

int cli_cmd_aqua_fmt(cli *c)
{
    cli_aqua_files files   = { 0 };
    size_t         changed = 0;
    int            code    = cli_aqua_arguments(c, &files);
    if (code) return code;
    for (size_t i = 0; i < files.len; i++) {
        cli one   = *c; /* with an arena of its own: many files need no more than the largest */
        one.arena = riv_arena_new(AQUA_ARENA_BYTES_MAX);
        int ended = format_one(&one, files.ptr[i].path, &changed);
        if (code == CLI_OK) code = ended;
        riv_arena_free(one.arena);
    }
    if (code) return code;
    return changed && (cli_has(c, "check") || cli_has(c, "diff")) ? CLI_FAILED : CLI_OK;
}
