/* compile.c: one Aqua program from a file, and its diagnostics for people and for programs.
 * Spec: docs/spec/aqua.md §9, docs/spec/scenarios.md §2. Tests: compile_test.c, tests/e2e. */
#include "cli/internal.h"

/* ---- compiling ---- */

/* --const NAME=VALUE to the form that the compiler takes: NAME = VALUE */
static bool add_constants(cli *c, aqua_options *options)
{
    size_t         count, had = options->constants_count;
    const riv_str *given = cli_values(c, "const", &count);
    riv_str       *out   = riv_new(c->arena, riv_str, had + count + 1);
    if (had) memcpy(out, options->constants, had * sizeof out[0]);
    for (size_t i = 0; i < count; i++) {
        size_t at = riv_str_find_char(given[i], '=', 0);
        if (at == SIZE_MAX || at == 0) {
            cli_error(c, CLI_USAGE, "--const takes NAME=VALUE, not '" RIV_FMT "'", RIV_ARG(given[i]));
            return false;
        }
        bool    weak = given[i].ptr[at - 1] == '?';
        riv_str name = riv_str_trim(riv_str_sub(given[i], 0, at - weak));
        out[had + i] = riv_format(c->arena, RIV_FMT " %s " RIV_FMT, RIV_ARG(name), weak ? "?=" : "=",
                                  RIV_ARG(riv_str_trim(riv_str_sub(given[i], at + 1, given[i].len))));
    }
    options->constants       = out;
    options->constants_count = had + count;
    return true;
}

bool cli_compile_with(cli *c, riv_str path, cli_imports *imports, aqua_options options, aqua_output *out, int *code)
{
    riv_fault  fault = { 0 };
    aqua_input in    = { .path = path, .import = cli_import, .import_ctx = imports, .options = options };
    *code            = CLI_USAGE;
    if (!cli_read_text(c, path, &in.source)) return false;
    in.path = host_path_real(c->arena, path);
    if (!add_constants(c, &in.options)) return false;
    if (aqua_compile(&in, c->arena, &fault, out)) {
        *code = cli_fault(c, &fault);
        return false;
    }
    return true;
}

bool cli_compile(cli *c, riv_str path, aqua_options options, aqua_output *out, int *code)
{
    size_t         count;
    const riv_str *given   = cli_values(c, "import", &count);
    cli_imports    imports = cli_imports_of(given, count, c->arena);
    cli            one     = *c;
    if (!c->programs) c->programs = riv_arena_new(AQUA_ARENA_BYTES_MAX);
    one.arena      = c->programs;
    bool ok        = cli_compile_with(&one, path, &imports, options, out, code);
    c->first_error = one.first_error;
    return ok;
}

riv_str cli_short_path(cli *c, riv_str path)
{
    riv_str here = host_path_real(c->arena, RIV_LIT("."));
    if (riv_str_starts(path, here) && path.len > here.len && path.ptr[here.len] == '/')
        return riv_str_sub(path, here.len + 1, path.len);
    return path;
}

/* A line that is shown because it is no UTF-8 must not reach the terminal as it is. */
static void put_shown(FILE *to, riv_str text)
{
    for (size_t bad; !riv_utf8_valid(riv_str_bytes(text), &bad); text = riv_str_sub(text, bad + 1, text.len)) {
        fwrite(text.ptr, 1, bad, to);
        fputs("\xef\xbf\xbd", to);
    }
    fwrite(text.ptr, 1, text.len, to);
}

void cli_print_diags(cli *c, aqua_diags diags)
{
    for (size_t i = 0; i < diags.count; i++) {
        riv_buf    text  = riv_buf_in(c->arena);
        aqua_diag  diag  = diags.items[i];
        aqua_note *notes = riv_new(c->arena, aqua_note, diag.notes_count + 1);
        for (size_t k = 0; k < diag.notes_count; k++) {
            notes[k]      = diag.notes[k];
            notes[k].file = cli_short_path(c, notes[k].file);
        }
        diag.file  = cli_short_path(c, diag.file);
        diag.notes = notes;
        aqua_diag_render(&diag, c->colour_err, &text);
        if (text.len == 0 || text.ptr[text.len - 1] != '\n') riv_put_u8(&text, '\n');
        put_shown(stderr, riv_buf_str(&text));
    }
}

static const riv_json *diag_json(cli *c, const aqua_diag *d)
{
    aqua_diag  shown = *d;
    aqua_note *notes = riv_new(c->arena, aqua_note, d->notes_count + 1);
    for (size_t i = 0; i < d->notes_count; i++) {
        notes[i]      = d->notes[i];
        notes[i].file = cli_short_path(c, notes[i].file);
    }
    shown.file  = cli_short_path(c, d->file);
    shown.notes = notes;
    return aqua_diag_json(&shown, c->arena);
}

const riv_json *cli_diags_json(cli *c, aqua_diags diags)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < diags.count; i++) riv_json_add(c->arena, &list, diag_json(c, &diags.items[i]));
    return riv_json_arr(c->arena, list.ptr, list.len);
}
