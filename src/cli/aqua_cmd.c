/* aqua_cmd.c: `rivulet aqua compile`: a file or a folder of them into AIR, definitions, JavaScript and TypeScript; once, or again whenever
 * one of the files that were looked at changes. Nothing is written when a program is refused; each file is replaced as a whole.
 * Spec: docs/cli.md "aqua compile", docs/spec/scenarios.md §2. Tests: compile_test.c, tests/e2e, tests/interop/js. */
#include "aqua/client.h"
#include "cli/internal.h"

enum {
    POLL_MS     = 100, /* --watch looks so often */
    SETTLE_MS   = 30,  /* and waits until nothing changed for so long, */
    SETTLES_MAX = 30,  /*   at most so many times */
};

enum { FORM_AIR = 1, FORM_DEFS = 2, FORM_JS = 4, FORM_TS = 8 };

typedef struct made {
    riv_str path, text;
} made;

/* One pass over all programs. Everything of it lives in c.arena. */
typedef struct turn {
    cli            c; /* a copy with an arena of its own */
    riv_str        input, output;
    bool           folder;
    unsigned       forms;
    aqua_options   options;
    cli_imports    imports;
    cli_aqua_files programs;
    riv_map       *told;  /* diagnostics that were printed: a library is compiled with each program that imports it */
    riv_map       *paths; /* of the files to write: two programs may not make the same, */
    riv_str        clash; /*   as they would this one */
    RIV_VEC(made) files;
    riv_buf documents; /* --json */
    size_t  refused, funcs, written;
    int     code;
} turn;

static int  compile_all(turn *t);
static int  find_programs(turn *t);
static int  compile_one(turn *t, const cli_aqua_file *p);
static int  collect(turn *t, const cli_aqua_file *p, const aqua_output *out);
static void print_texts(turn *t, const aqua_output *out, riv_str from);
static int  write_all(turn *t);
static int  watch(turn *t);

int cli_cmd_aqua_compile(cli *c)
{
    riv_str empty           = cli_value(c, "no-empty-response");
    turn    t               = { .c = *c };
    t.input                 = cli_value(c, "input").len ? cli_value(c, "input") : cli_arg(c, 0);
    t.output                = cli_value(c, "output");
    t.options               = (aqua_options){ .no_relay          = cli_has(c, "no-relay"),
                                              .no_xor            = cli_has(c, "no-xor"),
                                              .tracing           = cli_has(c, "tracing"),
                                              .no_empty_response = empty.len == 0 || riv_str_eq(empty, RIV_LIT("true")) };
    t.options.allow         = cli_values(c, "allow", &t.options.allow_count);
    t.options.deny_warnings = cli_has(c, "deny-warnings");
    t.forms =
        (cli_has(c, "air") ? FORM_AIR : 0u) | (cli_has(c, "js") ? FORM_JS : 0u) | (cli_has(c, "ts") ? FORM_TS : 0u);
    if (t.input.len == 0) return cli_error(c, CLI_USAGE, "'aqua compile' needs FILE.aqua, or a folder of such files");
    if (cli_value(c, "input").len && cli_arg(c, 0).len)
        return cli_error(c, CLI_USAGE, "both --input and " RIV_FMT " are given", RIV_ARG(cli_arg(c, 0)));
    if (cli_has(c, "watch") && riv_str_eq(t.input, RIV_LIT("-")))
        return cli_error(c, CLI_USAGE, "--watch needs a file or a folder, not standard input");
    if (cli_has(c, "watch") && !host_file_exists(t.input))
        return cli_error(c, CLI_USAGE, "cannot read " RIV_FMT ": there is no such file", RIV_ARG(t.input));
    if (cli_has(c, "watch")) return watch(&t);
    int code       = compile_all(&t);
    c->first_error = riv_str_dup(c->arena, t.c.first_error);
    return code;
}

/* ---- one pass ---- */

/* A JSON document even when it never came to compiling. */
static void print_failure(turn *t)
{
    riv_arena      *a    = t->c.arena;
    const riv_json *text = riv_json_str(a, t->c.first_error.len ? t->c.first_error : RIV_LIT("see standard error"));
    const riv_json *error =
        riv_json_object(a, "kind", riv_json_strc(a, "Error"), "file", riv_json_str(a, t->input), "text", text, NULL);
    const riv_json *none = riv_json_object(a, NULL, NULL);
    cli_print_json(riv_json_object(a, "accepted", riv_json_bool(false), "errors", riv_json_arr(a, &error, 1),
                                   "warnings", riv_json_arr(a, NULL, 0), "functions", none, "services", none, NULL),
                   !cli_has(&t->c, "watch"));
}

/* The document of a folder holds those of its programs. */
static void print_documents(turn *t)
{
    if (t->folder) {
        printf("{\"accepted\":%s,\"files\":[", t->refused ? "false" : "true");
        cli_print(riv_buf_str(&t->documents));
        cli_print(RIV_LIT("]}\n"));
    } else {
        cli_print(riv_buf_str(&t->documents));
    }
}

static int compile_all(turn *t)
{
    size_t         count;
    const riv_str *given = cli_values(&t->c, "import", &count);
    bool           json  = cli_has(&t->c, "json");
    t->imports           = cli_imports_of(given, count, t->c.arena);
    t->told              = riv_map_new(t->c.arena);
    t->paths             = riv_map_new(t->c.arena);
    t->documents         = riv_buf_in(t->c.arena);
    t->code              = find_programs(t);
    for (size_t i = 0; !t->code && i < t->programs.len; i++) t->code = compile_one(t, &t->programs.ptr[i]);
    if (json && t->code) print_failure(t);
    if (t->code) return t->code;
    if (json) print_documents(t);
    fflush(stdout);
    if (t->refused && t->programs.len > 1)
        cli_note(&t->c, "%zu of %zu programs were refused%s", t->refused, t->programs.len,
                 t->output.len && !cli_has(&t->c, "dry") ? "; nothing was written" : "");
    if (t->refused) return CLI_FAILED;
    return cli_has(&t->c, "dry") || t->output.len == 0 ? CLI_OK : write_all(t);
}

/* ---- which programs ---- */

static int find_programs(turn *t)
{
    t->folder = host_is_dir(t->input);
    if (!t->folder) {
        *riv_push(t->c.arena, &t->programs) = (cli_aqua_file){ t->input, { 0 } };
        return CLI_OK;
    }
    int code = cli_find_aqua(&t->c, t->input, &t->programs);
    if (!code && t->programs.len == 0)
        return cli_error(&t->c, CLI_USAGE, "there is no .aqua file in " RIV_FMT, RIV_ARG(t->input));
    return code;
}

/* ---- one program ---- */

static const riv_json *definitions(riv_arena *a, const aqua_output *out, bool with_air, const riv_json **services)
{
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

static void add_document(turn *t, cli *c, const cli_aqua_file *p, const aqua_output *out)
{
    const riv_json *services, *funcs = definitions(c->arena, out, true, &services);
    const riv_json *doc =
        riv_json_object(c->arena, "file", t->folder ? riv_json_str(c->arena, cli_short_path(c, p->path)) : NULL,
                        "accepted", riv_json_bool(out->accepted), "errors", cli_diags_json(c, out->errors), "warnings",
                        cli_diags_json(c, out->warnings), "functions", funcs, "services", services, NULL);
    if (t->documents.len) riv_put_u8(&t->documents, ',');
    if (t->folder || cli_has(&t->c, "watch"))
        riv_json_write(doc, &t->documents);
    else
        riv_json_write_pretty(doc, &t->documents);
    if (!t->folder) riv_put_u8(&t->documents, '\n');
}

static void tell(turn *t, cli *c, aqua_diags diags)
{
    for (size_t i = 0; i < diags.count; i++) {
        const aqua_diag *d = &diags.items[i];
        riv_str key        = riv_format(c->arena, RIV_FMT ":%zu:" RIV_FMT, RIV_ARG(d->file), d->pos, RIV_ARG(d->text));
        if (riv_map_get_str(t->told, key)) continue;
        riv_map_put_str(t->told, key, t);
        cli_print_diags(c, (aqua_diags){ d, 1 });
    }
}

/* In an arena of its own: a folder of a thousand programs needs no more than its largest, and their texts. */
static int compile_one(turn *t, const cli_aqua_file *p)
{
    int         code = CLI_OK;
    aqua_output out  = { 0 };
    cli         c    = t->c;
    bool        json = cli_has(&t->c, "json");
    c.arena          = riv_arena_new(AQUA_ARENA_BYTES_MAX);
    if (cli_compile_with(&c, p->path, &t->imports, t->options, &out, &code)) {
        code = CLI_OK;
        if (json)
            add_document(t, &c, p, &out);
        else
            tell(t, &c, out.warnings), tell(t, &c, out.errors);
        t->refused += !out.accepted;
        t->funcs += out.funcs_count;
        if (out.accepted && t->output.len && !t->refused) code = collect(t, p, &out);
        if (out.accepted && !t->output.len && !json && !cli_has(&c, "dry") && !cli_has(&c, "watch"))
            print_texts(t, &out, cli_short_path(&c, p->path));
    }
    if (c.first_error.len) t->c.first_error = riv_str_dup(t->c.arena, c.first_error);
    riv_arena_free(c.arena);
    return code;
}

/* ---- texts ---- */

static riv_str client_text(riv_arena *arena, const aqua_output *out, riv_str from, aqua_client_form as)
{
    riv_buf text = riv_buf_in(arena);
    aqua_client_write(out, host_path_name(from), as, arena, &text);
    return riv_buf_str(&text);
}

static riv_str defs_text(riv_arena *arena, const aqua_output *out)
{
    riv_buf         doc = riv_buf_in(arena);
    const riv_json *services, *funcs = definitions(arena, out, false, &services);
    riv_json_write_pretty(riv_json_object(arena, "functions", funcs, "services", services, NULL), &doc);
    riv_put_u8(&doc, '\n');
    return riv_buf_str(&doc);
}

static void add_file(turn *t, riv_str dir, riv_str name, riv_str text)
{
    riv_str path = host_path_join(t->c.arena, dir, name);
    if (riv_map_put_str(t->paths, path, t))
        t->clash = path; /* a.d.ts: of a.aqua as JavaScript, of a.d.aqua as TypeScript */
    *riv_push(t->c.arena, &t->files) = (made){ path, riv_str_dup(t->c.arena, text) };
}

static int collect(turn *t, const cli_aqua_file *p, const aqua_output *out)
{
    riv_arena *scratch = riv_arena_new(AQUA_ARENA_BYTES_MAX);
    riv_str    dir     = p->under.len ? host_path_join(t->c.arena, t->output, p->under) : t->output;
    riv_str    stem    = riv_str_eq(p->path, RIV_LIT("-")) ? RIV_LIT("program") : host_path_stem(p->path);
    unsigned   forms   = t->forms ? t->forms : FORM_AIR | FORM_DEFS;
    if (t->folder && out->funcs_count + out->services_count == 0) forms = 0; /* a library of the others */
    for (size_t i = 0; (forms & FORM_AIR) && i < out->funcs_count; i++)
        add_file(t, dir, riv_format(scratch, RIV_FMT "." RIV_FMT ".air", RIV_ARG(stem), RIV_ARG(out->funcs[i].name)),
                 out->funcs[i].air_text);
    if (forms & FORM_DEFS)
        add_file(t, dir, riv_format(scratch, RIV_FMT ".json", RIV_ARG(stem)), defs_text(scratch, out));
    if (forms & FORM_JS) {
        add_file(t, dir, riv_format(scratch, RIV_FMT ".js", RIV_ARG(stem)),
                 client_text(scratch, out, p->path, AQUA_CLIENT_JS));
        add_file(t, dir, riv_format(scratch, RIV_FMT ".d.ts", RIV_ARG(stem)),
                 client_text(scratch, out, p->path, AQUA_CLIENT_DTS));
    }
    if (forms & FORM_TS)
        add_file(t, dir, riv_format(scratch, RIV_FMT ".ts", RIV_ARG(stem)),
                 client_text(scratch, out, p->path, AQUA_CLIENT_TS));
    riv_arena_free(scratch);
    if (t->clash.len)
        return cli_error(&t->c, CLI_USAGE, "two programs would make " RIV_FMT "; nothing was written",
                         RIV_ARG(t->clash));
    return CLI_OK;
}

/* Without --output: what was asked for, else what there is. */
static void print_texts(turn *t, const aqua_output *out, riv_str from)
{
    riv_arena *scratch = riv_arena_new(AQUA_ARENA_BYTES_MAX);
    if (t->folder && !t->forms) printf(RIV_FMT "\n", RIV_ARG(from));
    for (size_t i = 0; i < out->funcs_count; i++) {
        const aqua_func *f = &out->funcs[i];
        if ((t->forms & FORM_AIR) && (out->funcs_count > 1 || t->folder)) printf("; " RIV_FMT "\n", RIV_ARG(f->name));
        if (t->forms & FORM_AIR) cli_print(f->air_text);
        if (!t->forms) printf("%sfunc " RIV_FMT "\n", t->folder ? "  " : "", RIV_ARG(f->signature));
    }
    for (size_t i = 0; !t->forms && i < out->services_count; i++)
        printf("%sservice " RIV_FMT "\n", t->folder ? "  " : "", RIV_ARG(out->services[i].name));
    if (t->forms & FORM_JS) cli_print(client_text(scratch, out, from, AQUA_CLIENT_JS));
    if (t->forms & FORM_TS) cli_print(client_text(scratch, out, from, AQUA_CLIENT_TS));
    if (out->funcs_count == 0 && !t->folder) cli_note(&t->c, "the program exports no functions");
    riv_arena_free(scratch);
}

/* A file that stands as it would be written is left alone: tools that watch it need not run. */
static bool stands(const made *file)
{
    riv_bytes  old   = { 0 };
    riv_arena *arena = riv_arena_new(0);
    bool       same  = host_file_stamp(file->path).size == file->text.len && host_is_file(file->path) &&
                !host_file_read(file->path, file->text.len, arena, NULL, &old) &&
                riv_bytes_eq(old, riv_str_bytes(file->text));
    riv_arena_free(arena);
    return same;
}

static int write_all(turn *t)
{
    riv_fault fault = { 0 };
    riv_str   dir   = { 0 };
    if (host_dir_make(t->output, &fault)) return cli_fault(&t->c, &fault);
    for (size_t i = 0; i < t->files.len; i++) {
        const made *file = &t->files.ptr[i];
        if (!riv_str_eq(dir, host_path_dir(file->path))) {
            dir = host_path_dir(file->path);
            if (host_dir_make(dir, &fault)) return cli_fault(&t->c, &fault);
        }
        if (stands(file)) continue;
        if (host_file_write_cache(file->path, riv_str_bytes(file->text), 0644, &fault)) return cli_fault(&t->c, &fault);
        t->written++;
        cli_note(&t->c, "wrote " RIV_FMT, RIV_ARG(file->path));
    }
    return CLI_OK;
}

/* ---- --watch ---- */

/* The stamps of the programs themselves; what they import has those of when it was read. */
static host_stamp *stamps_of(turn *t)
{
    host_stamp *stamps = riv_new(t->c.arena, host_stamp, t->programs.len + 1);
    for (size_t i = 0; i < t->programs.len; i++) stamps[i] = host_file_stamp(t->programs.ptr[i].path);
    return stamps;
}

/* Other programs in the folder than there were. */
static bool list_changed(const turn *t)
{
    turn now     = { .c = t->c, .input = t->input };
    now.c.arena  = riv_arena_new(0);
    bool changed = host_is_dir(t->input) != t->folder;
    if (!changed && t->folder) {
        changed = cli_find_aqua(&now.c, t->input, &now.programs) != CLI_OK || now.programs.len != t->programs.len;
        for (size_t i = 0; !changed && i < now.programs.len; i++)
            changed = !riv_str_eq(now.programs.ptr[i].path, t->programs.ptr[i].path);
    }
    riv_arena_free(now.c.arena);
    return changed;
}

/* Also a file that was looked for and not found: it may have come. */
static bool changed(const turn *t, const host_stamp *stamps)
{
    riv_bytes path;
    void     *value;
    for (size_t i = 0; i < t->programs.len; i++)
        if (!host_stamp_eq(stamps[i], host_file_stamp(t->programs.ptr[i].path))) return true;
    for (size_t i = 0; i < riv_map_slots(t->imports.looked); i++)
        if (riv_map_at(t->imports.looked, i, &path, &value) &&
            !host_stamp_eq(((const cli_looked *)value)->stamp, host_file_stamp(riv_bytes_str(path))))
            return true;
    return list_changed(t);
}

/* One number for how all of them stand now. */
static uint64_t standing(const turn *t)
{
    riv_bytes path;
    void     *value;
    riv_buf   stamps = { 0 };
    for (size_t i = 0; i < t->programs.len + riv_map_slots(t->imports.looked); i++) {
        size_t slot = i - t->programs.len;
        if (i < t->programs.len)
            path = riv_str_bytes(t->programs.ptr[i].path);
        else if (!riv_map_at(t->imports.looked, slot, &path, &value))
            continue;
        host_stamp stamp = host_file_stamp(riv_bytes_str(path));
        riv_put_u64be(&stamps, stamp.mtime_ns);
        riv_put_u64be(&stamps, stamp.size);
        riv_put_u64be(&stamps, stamp.inode);
    }
    uint64_t all = riv_hash64(riv_buf_view(&stamps));
    riv_buf_free(&stamps);
    return all;
}

/* Who writes a file empties it first, and several may be written at once: a pass begins when nothing moves any more. */
static void settle(const turn *t)
{
    for (int i = 0; i < SETTLES_MAX && !cli_interrupted(); i++) {
        uint64_t before = standing(t);
        host_sleep_ms(SETTLE_MS);
        if (standing(t) == before) return;
    }
}

static void report(turn *t, uint64_t began_ns)
{
    double ms = (double)(host_clock_ns() - began_ns) / 1e6;
    if (t->code == CLI_OK)
        cli_note(&t->c, "%zu function%s, %zu file%s written, in %.1f ms; waiting for changes (Ctrl-C ends)", t->funcs,
                 t->funcs == 1 ? "" : "s", t->written, t->written == 1 ? "" : "s", ms);
    else
        cli_note(&t->c, "waiting for changes (Ctrl-C ends)");
}

static int watch(turn *t)
{
    turn first = *t;
    cli_catch_signals();
    while (!cli_interrupted()) {
        turn     now   = first;
        uint64_t began = host_clock_ns();
        now.c.arena    = riv_arena_new(0);
        (void)find_programs(&now); /* stamps from before they are read: a change meanwhile is seen */
        host_stamp *stamps = stamps_of(&now);
        now.programs       = (cli_aqua_files){ 0 };
        now.code           = compile_all(&now);
        report(&now, began);
        while (!cli_interrupted() && !changed(&now, stamps)) host_sleep_ms(POLL_MS);
        settle(&now);
        riv_arena_free(now.c.arena);
    }
    cli_release_signals();
    return CLI_OK;
}
