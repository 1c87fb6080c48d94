/* compile.c: Aqua programs from files: imports found beside the importer and in --import folders, diagnostics printed, and
 * `rivulet aqua compile`. Spec: docs/spec/aqua.md §11, docs/spec/scenarios.md §2. Tests: compile_test.c, tests/e2e. */
#include "cli/internal.h"

enum { PARENTS_MAX = 64 };

/* ---- imports ---- */

static bool try_import(riv_str path, riv_arena *arena, riv_fault *fault, riv_err *err, riv_str *found, riv_str *source)
{
    riv_bytes text;
    if (!host_file_exists(path) || host_is_dir(path)) return false;
    *err = host_file_read(path, AQUA_SOURCE_BYTES_MAX, arena, fault, &text);
    if (*err) return true;
    *found  = host_path_real(arena, path); /* one file, one name: a cycle through links is a cycle */
    *source = riv_bytes_str(text);
    return true;
}

typedef struct search { /* for one import */
    riv_arena *arena;
    riv_fault *fault;
    riv_str    names[2]; /* as written, and with .aqua */
    size_t     names_count;
    riv_buf    tried;
    riv_err    err;
    riv_str   *path, *source;
} search;

static bool search_dir(search *s, riv_str dir)
{
    for (size_t i = 0; i < s->names_count; i++) {
        riv_str try = host_path_join(s->arena, dir, s->names[i]);
        if (try_import(try, s->arena, s->fault, &s->err, s->path, s->source)) return true;
        riv_putf(&s->tried, "%s" RIV_FMT, s->tried.len ? ", " : "", RIV_ARG(try));
    }
    return false;
}

/* Libraries that npm installed lie in a node_modules of some folder above. */
static bool search_node_modules(search *s, riv_str dir)
{
    for (int up = 0; up < PARENTS_MAX; up++) {
        riv_str modules = host_path_join(s->arena, dir, RIV_LIT("node_modules"));
        if (host_is_dir(modules) && search_dir(s, modules)) return true;
        if (riv_str_eq(dir, RIV_LIT("/")) || riv_str_eq(dir, RIV_LIT("."))) return false;
        dir = host_path_dir(dir);
    }
    return false;
}

riv_err cli_import(void *ctx, riv_str importer_path, riv_str import_text, riv_arena *arena, riv_fault *fault,
                   riv_str *path, riv_str *source, riv_str *tried)
{
    const cli_imports *imports = ctx;
    riv_str            with    = riv_format(arena, RIV_FMT ".aqua", RIV_ARG(import_text));
    search             s       = { arena, fault, { import_text, with }, 2, riv_buf_in(arena), RIV_OK, path, source };
    if (riv_str_ends(import_text, RIV_LIT(".aqua"))) s.names_count = 1;
    if (search_dir(&s, host_path_dir(importer_path))) return s.err;
    for (size_t i = 0; i < imports->count; i++)
        if (search_dir(&s, imports->dirs[i])) return s.err;
    if (search_node_modules(&s, host_path_dir(importer_path))) return s.err;
    *tried = riv_buf_str(&s.tried);
    return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no such file");
}

/* ---- compiling ---- */

/* --const NAME=VALUE to the form that the compiler takes: NAME = VALUE */
static const riv_str *constants(cli *c, size_t *count, bool *ok)
{
    const riv_str *given = cli_values(c, "const", count);
    riv_str       *out   = riv_new(c->arena, riv_str, *count + 1);
    for (size_t i = 0; i < *count; i++) {
        size_t at = riv_str_find_char(given[i], '=', 0);
        if (at == SIZE_MAX || at == 0) {
            cli_error(c, CLI_USAGE, "--const takes NAME=VALUE, not '" RIV_FMT "'", RIV_ARG(given[i]));
            *ok = false;
            return NULL;
        }
        bool    weak = given[i].ptr[at - 1] == '?';
        riv_str name = riv_str_trim(riv_str_sub(given[i], 0, at - weak));
        out[i]       = riv_format(c->arena, RIV_FMT " %s " RIV_FMT, RIV_ARG(name), weak ? "?=" : "=",
                                  RIV_ARG(riv_str_trim(riv_str_sub(given[i], at + 1, given[i].len))));
    }
    return out;
}

bool cli_compile(cli *c, riv_str path, aqua_options options, aqua_output *out, int *code)
{
    bool        ok      = true;
    riv_fault   fault   = { 0 };
    cli_imports imports = { 0 };
    aqua_input  in      = { .path = path, .import = cli_import, .import_ctx = &imports, .options = options };
    *code               = CLI_USAGE;
    if (!cli_read_text(c, path, &in.source)) return false;
    imports.dirs         = cli_values(c, "import", &imports.count);
    in.path              = host_path_real(c->arena, path);
    in.options.constants = constants(c, &in.options.constants_count, &ok);
    if (!ok) return false;
    if (aqua_compile(&in, c->arena, &fault, out)) {
        *code = cli_fault(c, &fault);
        return false;
    }
    return true;
}

/* Paths as the user knows them: relative to where they are. */
static riv_str short_path(cli *c, riv_str path)
{
    riv_str here = host_path_real(c->arena, RIV_LIT("."));
    if (riv_str_starts(path, here) && path.len > here.len && path.ptr[here.len] == '/')
        return riv_str_sub(path, here.len + 1, path.len);
    return path;
}

void cli_print_diags(cli *c, aqua_diags diags)
{
    for (size_t i = 0; i < diags.count; i++) {
        riv_buf   text = riv_buf_in(c->arena);
        aqua_diag diag = diags.items[i];
        diag.file      = short_path(c, diag.file);
        aqua_diag_render(&diag, c->colour_err, &text);
        if (text.len == 0 || text.ptr[text.len - 1] != '\n') riv_put_u8(&text, '\n');
        fwrite(text.ptr, 1, text.len, stderr);
    }
}

/* ---- rivulet aqua compile ---- */

static const riv_json *diag_json(cli *c, const aqua_diag *d)
{
    riv_arena      *a    = c->arena;
    riv_line_col    at   = riv_line_col_of(d->source, RIV_MIN(d->pos, d->source.len));
    const riv_json *line = d->has_place ? riv_json_u64(a, at.line) : NULL,
                   *col  = d->has_place ? riv_json_u64(a, at.col) : NULL;
    return riv_json_object(a, "kind", riv_json_strc(a, aqua_diag_kind_name(d->kind)), "file",
                           riv_json_str(a, short_path(c, d->file)), "text", riv_json_str(a, d->text), "hint",
                           d->hint.len ? riv_json_str(a, d->hint) : NULL, "line", line, "col", col, NULL);
}

const riv_json *cli_diags_json(cli *c, aqua_diags diags)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < diags.count; i++) riv_json_add(c->arena, &list, diag_json(c, &diags.items[i]));
    return riv_json_arr(c->arena, list.ptr, list.len);
}

static const riv_json *definitions(cli *c, const aqua_output *out, bool with_air, const riv_json **services)
{
    riv_arena *a                   = c->arena;
    RIV_VEC(riv_json_member) funcs = { 0 }, defs = { 0 };
    for (size_t i = 0; i < out->funcs_count; i++) {
        const aqua_func *f   = &out->funcs[i];
        const riv_json  *air = with_air ? riv_json_str(a, f->air_text) : NULL;
        *riv_push(a, &funcs) =
            (riv_json_member){ f->name, riv_json_object(a, "funcDef", f->func_def, "air", air, NULL) };
    }
    for (size_t i = 0; i < out->services_count; i++)
        *riv_push(a, &defs) = (riv_json_member){ out->services[i].name, out->services[i].service_def };
    *services = riv_json_obj(a, defs.ptr, defs.len);
    return riv_json_obj(a, funcs.ptr, funcs.len);
}

static void print_document(cli *c, const aqua_output *out)
{
    const riv_json *services, *funcs = definitions(c, out, true, &services);
    cli_print_json(riv_json_object(c->arena, "accepted", riv_json_bool(out->accepted), "errors",
                                   cli_diags_json(c, out->errors), "warnings", cli_diags_json(c, out->warnings),
                                   "functions", funcs, "services", services, NULL),
                   true);
}

static int write_one(cli *c, riv_str dir, riv_str name, riv_str text)
{
    riv_fault fault = { 0 };
    riv_str   path  = host_path_join(c->arena, dir, name);
    if (host_file_write(path, riv_str_bytes(text), 0644, &fault)) return cli_fault(c, &fault);
    cli_note(c, "wrote " RIV_FMT, RIV_ARG(path));
    return CLI_OK;
}

static int write_files(cli *c, riv_str input, const aqua_output *out, riv_str dir)
{
    riv_fault       fault = { 0 };
    riv_str         stem  = host_path_stem(input);
    const riv_json *services, *funcs = definitions(c, out, false, &services);
    riv_buf         doc = riv_buf_in(c->arena);
    int             code;
    if (host_dir_make(dir, &fault)) return cli_fault(c, &fault);
    for (size_t i = 0; i < out->funcs_count; i++) {
        riv_str name = riv_format(c->arena, RIV_FMT "." RIV_FMT ".air", RIV_ARG(stem), RIV_ARG(out->funcs[i].name));
        if ((code = write_one(c, dir, name, out->funcs[i].air_text))) return code;
    }
    if (cli_has(c, "air")) return CLI_OK;
    riv_json_write_pretty(riv_json_object(c->arena, "functions", funcs, "services", services, NULL), &doc);
    riv_put_u8(&doc, '\n');
    return write_one(c, dir, riv_format(c->arena, RIV_FMT ".json", RIV_ARG(stem)), riv_buf_str(&doc));
}

static void print_summary(cli *c, const aqua_output *out)
{
    bool air = cli_has(c, "air");
    for (size_t i = 0; i < out->funcs_count; i++) {
        const aqua_func *f = &out->funcs[i];
        if (air && out->funcs_count > 1) printf("; " RIV_FMT "\n", RIV_ARG(f->name));
        if (air)
            printf(RIV_FMT "%s", RIV_ARG(f->air_text), riv_str_ends(f->air_text, RIV_LIT("\n")) ? "" : "\n");
        else
            printf("func " RIV_FMT "\n", RIV_ARG(f->signature));
    }
    for (size_t i = 0; !air && i < out->services_count; i++)
        printf("service " RIV_FMT "\n", RIV_ARG(out->services[i].name));
    if (out->funcs_count == 0) cli_note(c, "the program exports no functions");
}

int cli_cmd_aqua_compile(cli *c)
{
    int          code;
    aqua_output  out     = { 0 };
    riv_str      input   = cli_value(c, "input").len ? cli_value(c, "input") : cli_arg(c, 0);
    riv_str      dir     = cli_value(c, "output");
    riv_str      empty   = cli_value(c, "no-empty-response");
    aqua_options options = { .no_relay          = cli_has(c, "no-relay"),
                             .no_xor            = cli_has(c, "no-xor"),
                             .tracing           = cli_has(c, "tracing"),
                             .no_empty_response = empty.len == 0 || riv_str_eq(empty, RIV_LIT("true")) };
    if (input.len == 0) return cli_error(c, CLI_USAGE, "'aqua compile' needs FILE.aqua");
    if (!cli_compile(c, input, options, &out, &code)) return code;
    bool json = cli_has(c, "json"), dry = cli_has(c, "dry");
    if (json)
        print_document(c, &out);
    else
        cli_print_diags(c, out.warnings), cli_print_diags(c, out.errors);
    if (!out.accepted) return CLI_FAILED;
    if (dry) return CLI_OK;
    if (dir.len) return write_files(c, input, &out, dir);
    if (!json) print_summary(c, &out);
    return CLI_OK;
}
