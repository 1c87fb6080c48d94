/* sim_cmd.c: rivulet sim (AIR scenarios) and rivulet air invoke (single steps of the interpreter).
 * Spec: docs/spec/scenarios.md §1 and §4. Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"
#include "codec/archive.h"
#include "codec/codec.h"
#include "sim/sim.h"

#include <stdlib.h>
#include <unistd.h>

static bool version_of(cli *c, avm_version *out)
{
    riv_str text = cli_value(c, "avm-version");
    *out         = AVM_0_64;
    if (riv_str_eq(text, RIV_LIT("0.62")))
        *out = AVM_0_62;
    else if (text.len && !riv_str_eq(text, RIV_LIT("0.64"))) {
        cli_error(c, CLI_USAGE, "--avm-version is 0.62 or 0.64, not '" RIV_FMT "'", RIV_ARG(text));
        return false;
    }
    return true;
}

/* What is done with each line of the input that is not empty. */
typedef int (*line_fn)(cli *c, riv_str line, size_t number, const void *ctx);
static int each_line(cli *c, line_fn fn, const void *ctx);

/* ---- sim ---- */

static riv_str text_of(const riv_json *doc, const char *key, riv_arena *arena)
{
    const riv_json *v = riv_json_get(doc, riv_str_c(key));
    if (!v || v->kind == RIV_JSON_NULL) return (riv_str){ 0 };
    return v->kind == RIV_JSON_STR ? v->str : riv_json_text(v, arena);
}

static size_t count_of(const riv_json *doc, const char *key)
{
    const riv_json *v = riv_json_get(doc, riv_str_c(key));
    return v && v->kind == RIV_JSON_ARR ? v->arr.count : v && v->kind == RIV_JSON_OBJ ? v->obj.count : 0;
}

typedef struct sim_view {
    cli            *c;
    const riv_json *doc, *peers, *calls, *steps;
    bool            by_step, waits; /* waits: a person presses Enter */
} sim_view;

/* A peer id in a text is shown by its name. */
static riv_str named(const sim_view *v, riv_str text, size_t max)
{
    riv_arena *a = v->c->arena;
    for (size_t i = 0; i < v->peers->obj.count && text.len < 4096; i++) {
        riv_str id = v->peers->obj.members[i].value->str, name = v->peers->obj.members[i].key;
        for (size_t at; (at = riv_str_find(text, id, 0)) != SIZE_MAX;)
            text = riv_format(a, RIV_FMT RIV_FMT RIV_FMT, RIV_ARG(riv_str_sub(text, 0, at)), RIV_ARG(name),
                              RIV_ARG(riv_str_sub(text, at + id.len, text.len)));
    }
    return cli_shown(v->c, text, max);
}

static riv_str shown(const sim_view *v, const riv_json *of, const char *key, size_t max)
{
    return named(v, text_of(of, key, v->c->arena), max);
}

static const char *style(const sim_view *v, const char *sequence) { return cli_style(v->c->colour_out, sequence); }

/* "start", "message", "results" of the document, in words. */
static void print_cause(const sim_view *v, const riv_json *step)
{
    riv_str  kind = text_of(step, "kind", v->c->arena), from = text_of(step, "from_step", v->c->arena);
    uint64_t number;
    riv_str  sender = { 0 };
    if (riv_str_u64(from, &number) && number && number <= v->steps->arr.count)
        sender = shown(v, v->steps->arr.items[number - 1], "peer", 60);
    if (riv_str_eq(kind, RIV_LIT("start")))
        printf("begins\n");
    else if (riv_str_eq(kind, RIV_LIT("message")))
        printf("gets the particle from " RIV_FMT " (step " RIV_FMT ")\n", RIV_ARG(sender), RIV_ARG(from));
    else
        printf("has answers to the calls of step " RIV_FMT "\n", RIV_ARG(from));
}

/* The call of this step with this id, with its answer. */
static const riv_json *call_of(const sim_view *v, const riv_json *step, riv_str id)
{
    riv_arena      *a    = v->c->arena;
    const riv_json *list = riv_json_get(v->calls, text_of(step, "peer", a));
    for (size_t i = 0; list && i < list->arr.count; i++) {
        const riv_json *call = list->arr.items[i];
        if (riv_str_eq(text_of(call, "step", a), text_of(step, "step", a)) && riv_str_eq(text_of(call, "id", a), id))
            return call;
    }
    return NULL;
}

static void print_requests(const sim_view *v, const riv_json *step)
{
    const riv_json *list = riv_json_get(step, RIV_LIT("call_requests"));
    for (size_t i = 0; i < count_of(step, "call_requests"); i++) {
        const riv_json *r      = list->arr.items[i];
        const riv_json *call   = call_of(v, step, text_of(r, "id", v->c->arena));
        const riv_json *answer = call ? riv_json_get(call, RIV_LIT("answer")) : NULL;
        riv_str         args = shown(v, r, "args", 100), code = text_of(answer, "ret_code", v->c->arena);
        bool            good = riv_str_eq(code, RIV_LIT("0"));
        printf("        %scalls%s  " RIV_FMT "." RIV_FMT "(" RIV_FMT ")", style(v, CLI_BLUE), style(v, CLI_PLAIN),
               RIV_ARG(shown(v, r, "service", 40)), RIV_ARG(shown(v, r, "function", 40)),
               RIV_ARG(riv_str_ends(args, RIV_LIT("]")) ? riv_str_sub(args, 1, args.len - 1)
                                                        : riv_str_sub(args, 1, args.len)));
        if (answer && good) printf(" = " RIV_FMT, RIV_ARG(shown(v, answer, "result", 100)));
        if (answer && !good)
            printf(" %sfails with " RIV_FMT "%s: " RIV_FMT, style(v, CLI_RED), RIV_ARG(code), style(v, CLI_PLAIN),
                   RIV_ARG(shown(v, answer, "result", 100)));
        printf("\n");
    }
}

static void print_receivers(const sim_view *v, const riv_json *step)
{
    const riv_json *list = riv_json_get(step, RIV_LIT("next_peers"));
    if (!count_of(step, "next_peers")) return;
    printf("        %ssends%s  to ", style(v, CLI_BLUE), style(v, CLI_PLAIN));
    for (size_t i = 0; i < list->arr.count; i++)
        printf("%s" RIV_FMT, i ? ", " : "", RIV_ARG(named(v, list->arr.items[i]->str, 80)));
    printf("\n");
}

static void print_error(const sim_view *v, const riv_json *step)
{
    riv_arena *a    = v->c->arena;
    riv_str    code = text_of(step, "ret_code", a), flags = text_of(step, "flags", a);
    if (!riv_str_eq(code, RIV_LIT("0")))
        printf("        %sends with " RIV_FMT "%s: " RIV_FMT "\n", style(v, CLI_RED), RIV_ARG(code),
               style(v, CLI_PLAIN), RIV_ARG(shown(v, step, "error_message", 300)));
    if (flags.len > 2) printf("        over the size limit of " RIV_FMT "\n", RIV_ARG(flags));
}

static cli_particle particle_of(const sim_view *v, riv_str data)
{
    riv_buf         raw      = riv_buf_in(v->c->arena);
    const riv_json *particle = riv_json_get(v->doc, RIV_LIT("particle"));
    if (codec_read_base64(data, &raw, NULL)) riv_buf_clear(&raw);
    return (cli_particle){ .data         = riv_buf_view(&raw),
                           .id           = text_of(particle, "id", v->c->arena),
                           .script       = text_of(v->doc, "air", v->c->arena),
                           .init_peer_id = text_of(particle, "init_peer_id", v->c->arena) };
}

/* With --step: the trace as this step leaves it. */
static void print_after(const sim_view *v, const riv_json *step)
{
    cli_particle p = particle_of(v, text_of(step, "data_out", v->c->arena));
    if (!p.data.len) return;
    printf("\n");
    cli_trace_print(v->c, &p, v->peers);
}

static void print_step(const sim_view *v, const riv_json *step)
{
    printf("%s%5s%s  %s" RIV_FMT "%s ", style(v, CLI_DIM), riv_cstr(v->c->arena, text_of(step, "step", v->c->arena)),
           style(v, CLI_PLAIN), style(v, CLI_BOLD), RIV_ARG(shown(v, step, "peer", 60)), style(v, CLI_PLAIN));
    print_cause(v, step);
    print_requests(v, step);
    print_receivers(v, step);
    print_error(v, step);
    if (v->by_step) print_after(v, step);
}

/* Enter goes on, q stops; without a terminal a line stands between the steps. False: enough was seen. */
static bool pause_between(sim_view *v, size_t index, size_t count)
{
    char word[16] = "";
    if (!v->by_step || index + 1 == count) return true;
    if (!v->waits) {
        printf("\n----\n\n");
        return true;
    }
    fprintf(stderr, "%s-- step %zu of %zu: Enter goes on, q stops --%s ", cli_style(v->c->colour_err, CLI_DIM),
            index + 1, count, cli_style(v->c->colour_err, CLI_PLAIN));
    fflush(stdout);
    if (!fgets(word, sizeof word, stdin)) v->waits = false;
    return word[0] != 'q';
}

static void print_final(const sim_view *v)
{
    const riv_json *final = riv_json_get(v->doc, RIV_LIT("final"));
    printf("\nin the end\n");
    for (size_t i = 0; final && i < final->obj.count; i++) {
        archive_data data = { 0 };
        cli_particle p    = particle_of(v, text_of(final->obj.members[i].value, "data", v->c->arena));
        size_t       open = 0;
        printf("  %s" RIV_FMT "%s  ", style(v, CLI_BOLD), RIV_ARG(cli_shown(v->c, final->obj.members[i].key, 60)),
               style(v, CLI_PLAIN));
        if (!p.data.len || archive_read(p.data, v->c->arena, NULL, &data)) {
            printf("has no data\n");
            continue;
        }
        for (size_t k = 0; k < data.trace_count; k++)
            open += (data.trace[k].kind == ARCHIVE_CALL && data.trace[k].call == ARCHIVE_CALL_REQUEST) ||
                    (data.trace[k].kind == ARCHIVE_CANON && !data.trace[k].canon_executed);
        printf("%zu %s, %zu of them open, %zu %s, %zu bytes\n", data.trace_count,
               data.trace_count == 1 ? "state" : "states", open, data.signatures_count,
               data.signatures_count == 1 ? "signature" : "signatures", p.data.len);
    }
}

static size_t sum_of(const sim_view *v, const char *key)
{
    size_t sum = 0;
    for (size_t i = 0; i < v->steps->arr.count; i++) sum += count_of(v->steps->arr.items[i], key);
    return sum;
}

static void print_report(cli *c, const riv_json *doc)
{
    sim_view v     = { c,
                       doc,
                       riv_json_get(doc, RIV_LIT("peers")),
                       riv_json_get(doc, RIV_LIT("calls")),
                       riv_json_get(doc, RIV_LIT("steps")),
                       cli_has(c, "step"),
                       cli_has(c, "step") && isatty(0) };
    size_t   count = v.steps->arr.count;
    printf("%zu %s, %zu %s, %zu sent\n\n", count, count == 1 ? "step" : "steps", sum_of(&v, "call_requests"),
           sum_of(&v, "call_requests") == 1 ? "call" : "calls", sum_of(&v, "next_peers"));
    for (size_t i = 0; i < count; i++) {
        print_step(&v, v.steps->arr.items[i]);
        if (!pause_between(&v, i, count)) return;
    }
    print_final(&v);
}

/* One scenario of many: whatever it is, one line answers it. */
static int scenario_line(cli *c, riv_str line, size_t number, const void *ctx)
{
    const sim_scenario_options *options = ctx;
    const riv_json             *doc     = NULL;
    riv_fault                   fault   = { 0 };
    riv_arena                  *arena   = riv_arena_new(0);
    (void)c;
    (void)number;
    if (sim_scenario_run(line, options, arena, &fault, &doc))
        doc = riv_json_object(arena, "error", riv_json_strc(arena, fault.msg), NULL);
    cli_print_json(doc, false);
    fflush(stdout);
    riv_arena_free(arena);
    return CLI_OK;
}

int cli_cmd_sim(cli *c)
{
    riv_str              text;
    const riv_json      *doc     = NULL;
    riv_fault            fault   = { 0 };
    sim_scenario_options options = { .sessions = cli_has(c, "sessions") };
    if (!version_of(c, &options.version) || !cli_number(c, "seed", 0, 0, UINT64_MAX, &options.seed)) return CLI_USAGE;
    if (cli_has(c, "step") && (cli_has(c, "json") || cli_has(c, "lines")))
        return cli_error(c, CLI_USAGE, "--step does not go with --json or --lines: the document has all steps");
    options.has_seed = cli_value(c, "seed").len > 0;
    if (cli_has(c, "lines")) return each_line(c, scenario_line, &options);
    if (!cli_read_text(c, cli_arg(c, 0), &text)) return CLI_USAGE;
    riv_err err = sim_scenario_run(text, &options, c->arena, &fault, &doc);
    if (err) {
        cli_error(c, CLI_USAGE, RIV_FMT ": %s", RIV_ARG(cli_arg(c, 0)), fault.msg);
        cli_hint(c, "docs/spec/scenarios.md section 1 has the keys");
        return CLI_USAGE;
    }
    if (cli_has(c, "json"))
        cli_print_json(doc, false);
    else
        print_report(c, doc);
    return CLI_OK;
}

/* ---- air invoke ---- */

static int invoke_line(cli *c, riv_str line, size_t number, const void *ctx)
{
    const avm_version *version = ctx;
    const riv_json    *out     = NULL;
    riv_fault          fault   = { 0 };
    riv_arena         *arena   = riv_arena_new(0);
    riv_err            err     = sim_invoke(line, *version, arena, &fault, &out);
    if (!err) cli_print_json(out, false);
    fflush(stdout);
    riv_arena_free(arena);
    return err ? cli_error(c, CLI_USAGE, "line %zu: %s", number, fault.msg) : CLI_OK;
}

int cli_cmd_air_invoke(cli *c)
{
    avm_version version;
    return version_of(c, &version) ? each_line(c, invoke_line, &version) : CLI_USAGE;
}

/* Line by line, so that another program can hold a conversation. */
static int each_line(cli *c, line_fn fn, const void *ctx)
{
    char   *line = NULL;
    size_t  cap = 0, number = 0;
    int     code  = CLI_OK;
    riv_str path  = cli_arg(c, 0);
    bool    file  = path.len && !riv_str_eq(path, RIV_LIT("-"));
    FILE   *input = file ? fopen(riv_cstr(c->arena, path), "rb") : stdin;
    if (!input) return cli_error(c, CLI_USAGE, "cannot read " RIV_FMT, RIV_ARG(path));
    for (ssize_t len; code == CLI_OK && (len = getline(&line, &cap, input)) >= 0;) {
        riv_str text = riv_str_trim((riv_str){ line, (size_t)len });
        number++;
        if (text.len > CLI_DATA_BYTES_MAX)
            code = cli_error(c, CLI_USAGE, "line %zu is longer than %d bytes", number, CLI_DATA_BYTES_MAX);
        else if (text.len)
            code = fn(c, text, number, ctx);
    }
    if (file) fclose(input);
    free(line);
    return code;
}
