/* repl_show.c: what a command of the repl answered: one JSON document on a line, or texts for people.
 * Spec: docs/spec/scenarios.md 5, docs/spec/marine.md 10.4. Tests: tests/e2e (repl). */
#include "cli/repl.h"

/* ---- figures ---- */

static riv_str grouped(uint64_t v, riv_arena *arena)
{
    riv_str digits = riv_format(arena, "%llu", (unsigned long long)v);
    riv_buf out    = riv_buf_in(arena);
    for (size_t i = 0; i < digits.len; i++) {
        if (i && (digits.len - i) % 3 == 0) riv_put_u8(&out, ',');
        riv_put_u8(&out, (uint8_t)digits.ptr[i]);
    }
    return riv_buf_str(&out);
}

static riv_str duration(double us, riv_arena *arena)
{
    if (us < 1000) return riv_format(arena, "%.2f us", us);
    return us < 1e6 ? riv_format(arena, "%.2f ms", us / 1e3) : riv_format(arena, "%.2f s", us / 1e6);
}

/* ---- answers ---- */

static void show_json(const repl *r, const repl_answer *a)
{
    riv_arena      *arena = r->scratch;
    const riv_json *doc;
    if (a->kind)
        doc = riv_json_record(arena, "ok", riv_json_bool(false), "error",
                              riv_json_record(arena, "kind", riv_json_strc(arena, a->kind), "message",
                                              riv_json_str(arena, a->message), NULL),
                              NULL);
    else
        doc = riv_json_record(arena, "ok", riv_json_bool(true), "result",
                              a->result && !a->silent ? a->result : riv_json_null(), "fuel",
                              riv_json_u64(arena, a->fuel), "time_us", riv_json_f64(arena, a->time_us), NULL);
    cli_print_json(doc, false);
    fflush(stdout);
}

static void show_figures(const repl *r, const repl_answer *a)
{
    riv_str fuel = grouped(a->fuel, r->scratch), time = duration(a->time_us, r->scratch);
    printf("%sfuel " RIV_FMT ", time " RIV_FMT "%s\n", cli_style(r->c->colour_out, CLI_DIM), RIV_ARG(fuel),
           RIV_ARG(time), cli_style(r->c->colour_out, CLI_PLAIN));
}

static void show_text(repl *r, const repl_answer *a)
{
    cli *c = r->c;
    if (a->kind) {
        cli_error(c, CLI_FAILED, "%s: " RIV_FMT, a->kind, RIV_ARG(a->message));
        if (a->hint.len) cli_hint(c, RIV_FMT, RIV_ARG(a->hint));
    } else if (a->text.len) {
        cli_print(a->text);
    } else if (a->result && !a->silent) {
        cli_print_json(a->result, true);
    }
    if (!a->kind && a->timed) show_figures(r, a);
    fflush(stdout);
}

void repl_show(repl *r, const repl_answer *answer)
{
    if (r->json)
        show_json(r, answer);
    else
        show_text(r, answer);
}

/* ---- the interface as the original prints it ---- */

riv_str repl_signature(const marine_interface *in, const marine_function *f, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_putf(&out, RIV_FMT "(", RIV_ARG(f->name));
    for (size_t i = 0; i < f->args_count; i++)
        riv_putf(&out, "%s" RIV_FMT ": " RIV_FMT, i ? ", " : "", RIV_ARG(f->args[i].name),
                 RIV_ARG(marine_type_text(in, &f->args[i].type, arena)));
    riv_put_u8(&out, ')');
    if (f->has_result) riv_putf(&out, " -> " RIV_FMT, RIV_ARG(marine_type_text(in, &f->result, arena)));
    return riv_buf_str(&out);
}

static bool wanted(const repl_module *m, riv_str only) { return only.len == 0 || riv_str_eq(m->name, only); }

/* A type that several modules share is told once. */
static void put_records(const marine_interface *in, riv_map *seen, riv_arena *arena, riv_buf *out)
{
    for (size_t i = 0; i < in->records_count; i++) {
        const marine_record *rec  = &in->records[i];
        riv_buf              text = riv_buf_in(arena);
        riv_putf(&text, "data " RIV_FMT ":\n", RIV_ARG(rec->name));
        for (size_t k = 0; k < rec->fields_count; k++)
            riv_putf(&text, "  " RIV_FMT ": " RIV_FMT "\n", RIV_ARG(rec->fields[k].name),
                     RIV_ARG(marine_type_text(in, &rec->fields[k].type, arena)));
        if (riv_map_has(seen, riv_buf_view(&text))) continue;
        riv_map_put_str(seen, riv_buf_str(&text), seen);
        riv_put_str(out, riv_buf_str(&text));
    }
}

static void put_functions(const repl_module *m, riv_arena *arena, riv_buf *out)
{
    const marine_interface *in = marine_module_interface(m->config.module);
    riv_putf(out, RIV_FMT ":\n", RIV_ARG(m->name));
    if (in->functions_count == 0) riv_put_str(out, RIV_LIT("  <no exported functions>\n"));
    for (size_t i = 0; i < in->functions_count; i++)
        riv_putf(out, "  func " RIV_FMT "\n", RIV_ARG(repl_signature(in, &in->functions[i], arena)));
}

typedef struct by_name {
    riv_str            name;
    const repl_module *module;
} by_name;

riv_str repl_interface_text(const repl *r, riv_str only, riv_arena *arena)
{
    riv_buf  out    = riv_buf_in(arena);
    riv_map *seen   = riv_map_new(arena);
    size_t   count  = r->loaded.len;
    by_name *sorted = riv_new(arena, by_name, count);
    for (size_t i = 0; i < count; i++) sorted[i] = (by_name){ r->loaded.ptr[i].name, &r->loaded.ptr[i] };
    const uint32_t *order = riv_order(arena, sorted, sizeof *sorted, count);
    riv_put_str(&out, RIV_LIT("exported data types (combined from all modules):\n"));
    size_t head = out.len;
    for (size_t i = 0; i < count; i++) {
        const repl_module *m = sorted[order ? order[i] : i].module;
        if (wanted(m, only)) put_records(marine_module_interface(m->config.module), seen, arena, &out);
    }
    if (out.len == head) riv_put_str(&out, RIV_LIT("<no exported data types>\n"));
    riv_put_str(&out, RIV_LIT("\nexported functions:\n"));
    for (size_t i = 0; i < count; i++) {
        const repl_module *m = sorted[order ? order[i] : i].module;
        if (wanted(m, only)) put_functions(m, arena, &out);
    }
    return riv_buf_str(&out);
}
