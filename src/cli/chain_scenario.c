/* chain_scenario.c: rivulet chain scenario: plays market scenarios on a chain in memory and tells which steps did not hold; or one simulated market.
 * Spec: docs/spec/scenarios.md 3, docs/sim.md. Tests: src/sim/market_test.c, src/sim/trade_test.c, tests/e2e/e2e.py. */
#include "cli/internal.h"
#include "sim/market.h"
#include "sim/trade.h"

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

/* ---- a simulated market ---- */

#define COUNT(member, words)                                                                                           \
    {                                                                                                                  \
#member, words, offsetof(sim_trade_report, member)                                                             \
    }
static const struct {
    const char *name, *words;
    size_t      at;
} counts[] = {
    COUNT(epochs, "epochs"),
    COUNT(blocks, "blocks"),
    COUNT(txs, "transactions in blocks"),
    COUNT(reverted, "of them reverted"),
    COUNT(refused, "transactions that were not taken"),
    COUNT(looks, "looks at the chain"),
    COUNT(notices, "heads and logs that subscribers were told"),
    COUNT(receipts, "receipts that were asked for again"),
    COUNT(lost, "messages lost"),
    COUNT(repeated, "messages that came twice"),
    COUNT(stalled, "messages that came late"),
    COUNT(late_blocks, "late blocks"),
    COUNT(crashes_before, "crashes before a commit"),
    COUNT(crashes_behind, "crashes behind a commit"),
    COUNT(crashes_between, "crashes between blocks"),
    COUNT(agent_crashes, "restarts of providers and customers"),
    COUNT(vanished, "providers that vanished"),
    COUNT(deals, "deals"),
    COUNT(joined, "units that came into deals"),
    COUNT(unit_epochs, "epochs of units, paid"),
    COUNT(unpaid_epochs, "epochs of deals in which nobody was paid"),
    COUNT(returned_by_customers, "units that customers sent back"),
    COUNT(left_of_vanished, "of them of providers that vanished"),
    COUNT(deposited, "parts of USD that customers paid in"),
    COUNT(withdrawn, "that they took back"),
    COUNT(paid, "that providers earned"),
};
#undef COUNT

static uint64_t count_of(const sim_trade_report *r, size_t i)
{
    uint64_t out;
    memcpy(&out, (const char *)r + counts[i].at, sizeof out);
    return out;
}

static const riv_json *market_document(cli *c, uint64_t seed, const sim_trade_report *r)
{
    riv_json_member *all = riv_new(c->arena, riv_json_member, RIV_COUNT(counts) + 3);
    size_t           n   = 0;
    all[n++]             = (riv_json_member){ RIV_LIT("seed"), riv_json_u64(c->arena, seed) };
    all[n++]             = (riv_json_member){ RIV_LIT("weather"), riv_json_strc(c->arena, sim_trade_weather(seed)) };
    all[n++] =
        (riv_json_member){ RIV_LIT("hash"),
                           riv_json_str(c->arena, riv_format(c->arena, "%016llx", (unsigned long long)r->hash)) };
    for (size_t i = 0; i < RIV_COUNT(counts); i++)
        all[n++] = (riv_json_member){ riv_str_c(counts[i].name), riv_json_u64(c->arena, count_of(r, i)) };
    return riv_json_ordered(c->arena, all, n);
}

static int play_market(cli *c)
{
    uint64_t         seed;
    sim_trade_config config;
    sim_trade_report report;
    riv_fault        fault = { 0 };
    if (!cli_number(c, "random", 0, 0, UINT64_MAX, &seed)) return CLI_USAGE;
    if (c->given.args_count) return cli_error(c, CLI_USAGE, "--random does not go with files");
    sim_trade_draw(seed, &config);
    config.log = &c->log.sink;
    if (sim_trade_run(&config, &fault, &report)) return cli_error(c, CLI_FAILED, "%s", fault.msg);
    if (cli_has(c, "json")) {
        cli_print_json(market_document(c, seed, &report), false);
        return CLI_OK;
    }
    printf("market %llu, %s, %zu providers, %zu customers: all rules hold, run %016llx\n", (unsigned long long)seed,
           sim_trade_weather(seed), config.providers, config.customers, (unsigned long long)report.hash);
    for (size_t i = 0; i < RIV_COUNT(counts); i++)
        if (count_of(&report, i)) printf("%12llu  %s\n", (unsigned long long)count_of(&report, i), counts[i].words);
    return CLI_OK;
}

int cli_cmd_chain_scenario(cli *c)
{
    riv_json_list docs   = { 0 };
    size_t        failed = 0;
    bool          json   = cli_has(c, "json");
    if (cli_has(c, "random")) return play_market(c);
    if (!c->given.args_count) return cli_error(c, CLI_USAGE, "chain scenario needs FILE, or --random SEED");
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
