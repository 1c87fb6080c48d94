/* sim_cmd.c: rivulet sim (AIR scenarios) and rivulet air invoke (single steps of the interpreter).
 * Spec: docs/spec/scenarios.md §1 and §4. Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"
#include "sim/sim.h"

#include <stdlib.h>

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

static void print_step(cli *c, const riv_json *step)
{
    riv_arena *a     = c->arena;
    riv_str    error = text_of(step, "error_message", a);
    printf("  " RIV_FMT "  " RIV_FMT "  " RIV_FMT, RIV_ARG(text_of(step, "step", a)), RIV_ARG(text_of(step, "peer", a)),
           RIV_ARG(text_of(step, "kind", a)));
    if (count_of(step, "call_requests")) printf("  calls %zu", count_of(step, "call_requests"));
    if (count_of(step, "next_peers")) printf("  next " RIV_FMT, RIV_ARG(text_of(step, "next_peers", a)));
    if (error.len)
        printf("  %s" RIV_FMT ": " RIV_FMT "%s", cli_style(c->colour_out, CLI_RED),
               RIV_ARG(text_of(step, "ret_code", a)), RIV_ARG(error), cli_style(c->colour_out, CLI_PLAIN));
    printf("\n");
}

static void print_calls(cli *c, const riv_json *calls)
{
    for (size_t p = 0; calls && calls->kind == RIV_JSON_OBJ && p < calls->obj.count; p++) {
        const riv_json *list = calls->obj.members[p].value;
        for (size_t i = 0; i < (list->kind == RIV_JSON_ARR ? list->arr.count : 0); i++) {
            const riv_json *call = list->arr.items[i];
            printf("  " RIV_FMT "  " RIV_FMT "." RIV_FMT " " RIV_FMT " -> " RIV_FMT "\n",
                   RIV_ARG(calls->obj.members[p].key), RIV_ARG(text_of(call, "service", c->arena)),
                   RIV_ARG(text_of(call, "function", c->arena)), RIV_ARG(text_of(call, "args", c->arena)),
                   RIV_ARG(text_of(call, "answer", c->arena)));
        }
    }
}

static void print_report(cli *c, const riv_json *doc)
{
    const riv_json *steps = riv_json_get(doc, RIV_LIT("steps"));
    printf("steps\n");
    for (size_t i = 0; i < count_of(doc, "steps"); i++) print_step(c, steps->arr.items[i]);
    printf("calls\n");
    print_calls(c, riv_json_get(doc, RIV_LIT("calls")));
    printf("visited\n  " RIV_FMT "\n", RIV_ARG(text_of(doc, "visited", c->arena)));
}

int cli_cmd_sim(cli *c)
{
    riv_str              text;
    const riv_json      *doc     = NULL;
    riv_fault            fault   = { 0 };
    sim_scenario_options options = { 0 };
    if (!version_of(c, &options.version) || !cli_read_text(c, cli_arg(c, 0), &text)) return CLI_USAGE;
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

static int invoke_line(cli *c, riv_str line, size_t number, avm_version version)
{
    const riv_json *out   = NULL;
    riv_fault       fault = { 0 };
    riv_arena      *arena = riv_arena_new(0);
    riv_err         err   = sim_invoke(line, version, arena, &fault, &out);
    if (!err) cli_print_json(out, false);
    fflush(stdout);
    riv_arena_free(arena);
    return err ? cli_error(c, CLI_USAGE, "line %zu: %s", number, fault.msg) : CLI_OK;
}

/* Line by line, so that another program can hold a conversation. */
int cli_cmd_air_invoke(cli *c)
{
    char       *line = NULL;
    size_t      cap = 0, number = 0;
    int         code = CLI_OK;
    riv_str     path = cli_arg(c, 0);
    avm_version version;
    if (!version_of(c, &version)) return CLI_USAGE;
    bool  file  = path.len && !riv_str_eq(path, RIV_LIT("-"));
    FILE *input = file ? fopen(riv_cstr(c->arena, path), "rb") : stdin;
    if (!input) return cli_error(c, CLI_USAGE, "cannot read " RIV_FMT, RIV_ARG(path));
    for (ssize_t len; code == CLI_OK && (len = getline(&line, &cap, input)) >= 0;) {
        riv_str text = riv_str_trim((riv_str){ line, (size_t)len });
        number++;
        if (text.len > CLI_DATA_BYTES_MAX)
            code = cli_error(c, CLI_USAGE, "line %zu is longer than %d bytes", number, CLI_DATA_BYTES_MAX);
        else if (text.len)
            code = invoke_line(c, text, number, version);
    }
    if (file) fclose(input);
    free(line);
    return code;
}
