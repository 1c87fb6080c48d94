/* chain_scenario.c: rivulet chain scenario: plays market scenarios on a chain in memory and tells which steps did not hold.
 * Spec: docs/spec/scenarios.md 3. Tests: src/sim/market_test.c, tests/e2e/e2e.py. */
#include "cli/internal.h"
#include "sim/market.h"

static riv_str text_of(cli *c, const riv_json *v)
{
    if (!v || v->kind == RIV_JSON_NULL) return RIV_LIT("nothing");
    return cli_shown(c, v->kind == RIV_JSON_STR ? v->str : riv_json_text(v, c->arena), 300);
}

static void print_value(cli *c, const char *query, riv_str argument, const riv_json *wanted, const riv_json *got)
{
    if (riv_json_eq(wanted, got)) return;
    printf("    %s%s" RIV_FMT "%s: wanted " RIV_FMT ", got " RIV_FMT "\n", query, argument.len ? "(" : "",
           RIV_ARG(cli_shown(c, argument, 80)), argument.len ? ")" : "", RIV_ARG(text_of(c, wanted)),
           RIV_ARG(text_of(c, got)));
}

/* What was expected beside what was found, only where they differ: what holds is repeated in `got` as it was written. */
static void print_expect(cli *c, const riv_json *wanted, const riv_json *got)
{
    for (size_t i = 0; wanted->kind == RIV_JSON_OBJ && i < wanted->obj.count; i++) {
        const riv_json_member *w     = &wanted->obj.members[i];
        const riv_json        *g     = riv_json_get(got, w->key);
        const char            *query = riv_cstr(c->arena, w->key);
        if (w->value->kind != RIV_JSON_OBJ) print_value(c, query, RIV_LIT(""), w->value, g);
        for (size_t k = 0; w->value->kind == RIV_JSON_OBJ && k < w->value->obj.count; k++) {
            const riv_json_member *m = &w->value->obj.members[k];
            print_value(c, query, m->key, m->value, riv_json_get(g, m->key));
        }
    }
}

static void print_step(cli *c, const riv_json *step, const riv_json *given)
{
    const riv_json *wanted = riv_json_get(step, RIV_LIT("wanted")), *got = riv_json_get(step, RIV_LIT("got"));
    const riv_json *did = riv_json_get(given, RIV_LIT("do"));
    printf("  %sstep " RIV_FMT "%s  " RIV_FMT "\n", cli_style(c->colour_out, CLI_RED),
           RIV_ARG(text_of(c, riv_json_get(step, RIV_LIT("step")))), cli_style(c->colour_out, CLI_PLAIN),
           RIV_ARG(did ? text_of(c, did) : RIV_LIT("(looks)")));
    const riv_json *revert   = riv_json_get(wanted, RIV_LIT("reverts")),
                   *reverted = riv_json_get(got, RIV_LIT("reverts"));
    if (!riv_json_eq(revert, reverted) &&
        (reverted->kind == RIV_JSON_NULL || revert->kind == RIV_JSON_NULL || revert->str.len))
        printf("    reverts: wanted " RIV_FMT ", got " RIV_FMT "\n", RIV_ARG(text_of(c, revert)),
               RIV_ARG(text_of(c, reverted)));
    print_expect(c, riv_json_get(wanted, RIV_LIT("expect")), riv_json_get(got, RIV_LIT("expect")));
}

static void print_report(cli *c, riv_str file, const riv_json *given, const riv_json *doc)
{
    const riv_json *steps  = riv_json_get(doc, RIV_LIT("steps"));
    bool            passed = riv_json_get(doc, RIV_LIT("passed"))->boolean;
    printf("%s%s%s  " RIV_FMT "  %zu steps\n", cli_style(c->colour_out, passed ? CLI_GREEN : CLI_RED),
           passed ? "ok    " : "failed", cli_style(c->colour_out, CLI_PLAIN), RIV_ARG(cli_shown(c, file, 200)),
           steps->arr.count);
    for (size_t i = 0; i < steps->arr.count; i++) {
        const riv_json *step = steps->arr.items[i];
        if (!riv_json_get(step, RIV_LIT("ok"))->boolean)
            print_step(c, step, riv_json_at(riv_json_get(given, RIV_LIT("steps")), i));
    }
}

/* False: it was said why, *code is set. */
static bool play(cli *c, riv_str file, const riv_json **given, const riv_json **doc, int *code)
{
    riv_str   text;
    riv_fault fault = { 0 };
    *code           = CLI_USAGE;
    if (!cli_read_text(c, file, &text)) return false;
    if (!riv_json_parse(text, c->arena, &fault, given) && !sim_market_run(text, c->arena, &fault, doc)) return true;
    cli_error(c, CLI_USAGE, RIV_FMT ": %s", RIV_ARG(file), fault.msg);
    cli_hint(c, "docs/spec/scenarios.md section 3 has the keys");
    return false;
}

/* One document of one file; of several {passed, scenarios}. */
static const riv_json *document(cli *c, const riv_json_list *docs, bool passed)
{
    if (docs->len == 1) return docs->ptr[0];
    return riv_json_record(c->arena, "passed", riv_json_bool(passed), "scenarios",
                           riv_json_arr(c->arena, docs->ptr, docs->len), NULL);
}

int cli_cmd_chain_scenario(cli *c)
{
    riv_json_list docs   = { 0 };
    size_t        failed = 0;
    bool          json   = cli_has(c, "json");
    for (size_t i = 0; i < c->given.args_count; i++) {
        const riv_json *given, *doc;
        int             code;
        if (!play(c, c->given.args[i], &given, &doc, &code)) return code;
        failed += !riv_json_get(doc, RIV_LIT("passed"))->boolean;
        riv_json_add(c->arena, &docs, doc);
        if (!json) print_report(c, c->given.args[i], given, doc);
    }
    if (json) cli_print_json(document(c, &docs, failed == 0), false);
    if (!json && docs.len > 1) printf("%zu of %zu scenarios hold\n", docs.len - failed, docs.len);
    return failed ? CLI_FAILED : CLI_OK;
}
