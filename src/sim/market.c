/* market.c: scenarios of the market: plays the steps one by one and writes down which held.
 * Same file, same report, to the byte. Spec: docs/spec/scenarios.md 3. Tests: market_test.c, market_random_test.c, tests/market. */
#include "sim/market_internal.h"

enum { EPOCH_MAX = 100000000, STEPS_MAX = 10000 };

/* ---- one step ---- */

static riv_err step_time(sim_market *m, const riv_json *step, const char *where, riv_fault *fault, uint64_t *out)
{
    const riv_json *v;
    *out = m->block.time_s;
    RIV_TRY(sim__member(step, where, "epoch", RIV_JSON_U64, false, fault, &v));
    if (!v) return RIV_OK;
    if (!v->u64 || v->u64 > EPOCH_MAX) return sim__malformed(fault, where, "epoch", "a number from 1 to 100000000");
    uint64_t seconds = m->params.epoch_seconds;
    *out             = RIV_MAX(*out, m->params.genesis_time_s + (v->u64 - 1) * seconds + seconds / 100);
    return RIV_OK;
}

/* What returned is the id of goes under the name that the step gave it. */
static void keep(market__act *a, riv_bytes returned)
{
    sim_market *m    = a->m;
    riv_str     name = riv_str_dup(m->arena, a->name);
    if (returned.len < 32) return;
    if (a->kept == MARKET__DEAL) {
        market__deal *d = riv_new(m->arena, market__deal, 1);
        d->name         = name;
        d->token        = a->token;
        memcpy(d->where.bytes, returned.ptr + 12, sizeof d->where.bytes);
        riv_map_put_str(m->deals, name, d);
        return;
    }
    crypto_hash *id = riv_new(m->arena, crypto_hash, 1);
    memcpy(id->bytes, returned.ptr, sizeof id->bytes);
    riv_map_put_str(a->kept == MARKET__OFFER ? m->offers : m->commitments, name, id);
}

/* The transactions of a step: tokens for `by` and leave to take them, where it needs some, and the action. */
static size_t transactions(market__act *a, market__tx out[MARKET__TXS_MAX])
{
    size_t n = 0;
    if (a->needs_tokens && !u256_is_zero(a->tokens) && !eth_address_is_zero(&a->token)) {
        eth_value *give = riv_new(a->arena, eth_value, 2), *allow = riv_new(a->arena, eth_value, 2);
        give[0] = eth_of_address(&a->tx.by->where), give[1] = eth_number(a->tokens);
        allow[0] = eth_of_address(&a->spender), allow[1] = eth_number(a->tokens);
        out[n++] = (market__tx){ market__account_of(a->m, RIV_LIT("bank of tokens")), a->token, U256_ZERO,
                                 "transfer(address,uint256)", give };
        out[n++] = (market__tx){ a->tx.by, a->token, U256_ZERO, "approve(address,uint256)", allow };
    }
    out[n++] = a->tx;
    return n;
}

static riv_err act(market__act *a, uint64_t time_s, sim_market_step *out)
{
    market__tx    txs[MARKET__TXS_MAX];
    chain_receipt last = { 0 };
    RIV_TRY(market__act_read(a));
    if (a->missing.len) {
        *out = (sim_market_step){ .did_revert = true, .reverted = a->missing };
        return market__block(a->m, time_s, NULL, 0, a->arena, a->fault, &last);
    }
    RIV_TRY(market__block(a->m, time_s, txs, transactions(a, txs), a->arena, a->fault, &last));
    if (last.ok && a->kept) keep(a, last.returned);
    *out = (sim_market_step){ .did_revert = !last.ok, .reverted = last.error };
    return RIV_OK;
}

static riv_err actor(market__act *a)
{
    const riv_json *v;
    RIV_TRY(sim__member(a->step, a->where, "by", RIV_JSON_STR, false, a->fault, &v));
    a->tx.by = market__account_of(a->m, v ? v->str : RIV_LIT("owner"));
    if (a->tx.by) return RIV_OK;
    return riv_fail(a->fault, RIV_E_MALFORMED, 0, "%s.by: '" RIV_FMT "' is not in accounts", a->where, RIV_ARG(v->str));
}

/* A wanted text of "" is a revert without a word. */
static bool reverted_as(const sim_market_step *step, const riv_json *wanted)
{
    if (!wanted) return !step->did_revert;
    if (!step->did_revert) return false;
    return riv_str_eq(step->reverted, wanted->str.len ? wanted->str : RIV_LIT("reverted without a reason"));
}

riv_err sim_market_do(sim_market *m, const riv_json *step, const char *where, riv_arena *arena, riv_fault *fault,
                      sim_market_step *out)
{
    static const char *const still[] = { "epoch", "by", "expect", "about" };
    const riv_json          *wanted, *expect, *got = NULL;
    uint64_t                 time_s;
    bool                     holds = true;
    sim_market_step          s     = { 0 };
    market__act              a     = { .m = m, .step = step, .where = where, .arena = arena, .fault = fault };
    chain_receipt            none;
    if (step->kind != RIV_JSON_OBJ) return sim__malformed(fault, where, NULL, "an object");
    RIV_TRY(sim__member(step, where, "reverts", RIV_JSON_STR, false, fault, &wanted));
    RIV_TRY(sim__member(step, where, "expect", RIV_JSON_OBJ, false, fault, &expect));
    RIV_TRY(step_time(m, step, where, fault, &time_s));
    RIV_TRY(actor(&a));
    if (riv_json_get(step, RIV_LIT("do"))) {
        RIV_TRY(act(&a, time_s, &s));
    } else { /* time goes on, that is all */
        RIV_TRY(sim__known_keys(step, where, still, RIV_COUNT(still), fault));
        RIV_TRY(market__block(m, time_s, NULL, 0, arena, fault, &none));
    }
    if (expect) RIV_TRY(market__expect(m, expect, where, arena, fault, &got, &holds));
    s.ok     = reverted_as(&s, wanted) && holds;
    s.wanted = expect;
    s.got    = got;
    *out     = s;
    return RIV_OK;
}

/* ---- the whole ---- */

static const riv_json *step_report(riv_arena *arena, size_t number, const riv_json *step, const sim_market_step *s)
{
    const riv_json *reverts = riv_json_get(step, RIV_LIT("reverts")), *null = riv_json_null();
    const riv_json *reverted = s->did_revert ? riv_json_str(arena, s->reverted) : null;
    return riv_json_record(
        arena, "step", riv_json_u64(arena, number), "ok", riv_json_bool(s->ok), "reverted", reverted, "wanted",
        riv_json_record(arena, "reverts", reverts ? reverts : null, "expect", s->wanted ? s->wanted : null, NULL),
        "got", riv_json_record(arena, "reverts", reverted, "expect", s->got ? s->got : null, NULL), NULL);
}

/* What a step needs dies with it; its report is copied out. */
static riv_err play(sim_market *m, const riv_json *steps, riv_arena *arena, riv_fault *fault, riv_json_list *out,
                    bool *passed)
{
    riv_err    err  = RIV_OK;
    riv_arena *step = riv_arena_new(0);
    for (size_t i = 0; i < steps->arr.count && !err; i++) {
        sim_market_step s;
        riv_str         where = riv_format(step, "steps[%zu]", i);
        if ((err = sim_market_do(m, steps->arr.items[i], where.ptr, step, fault, &s))) break;
        riv_json_add(arena, out, riv_json_copy(arena, step_report(step, i + 1, steps->arr.items[i], &s)));
        *passed = *passed && s.ok;
        if (riv_arena_over(arena)) err = riv_fail(fault, RIV_E_LIMIT, i, "%s: the scenario is too large", where.ptr);
        riv_arena_reset(step);
    }
    riv_arena_free(step);
    return err;
}

riv_err sim_market_run(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    static const char *const keys[] = { "name", "about", "rules", "params", "accounts", "steps" };
    const riv_json          *doc, *name, *steps;
    riv_json_list            list   = { 0 };
    bool                     passed = true;
    sim_market              *m      = NULL;
    RIV_TRY(riv_json_parse(text, arena, fault, &doc));
    RIV_TRY(sim__known_keys(doc, "scenario", keys, RIV_COUNT(keys), fault));
    RIV_TRY(sim__member(doc, "scenario", "name", RIV_JSON_STR, false, fault, &name));
    RIV_TRY(sim__member(doc, "scenario", "steps", RIV_JSON_ARR, true, fault, &steps));
    if (steps->arr.count > STEPS_MAX) return sim__malformed(fault, "scenario", "steps", "at most 10000 steps");
    RIV_TRY(sim_market_open(doc, arena, fault, &m));
    riv_err err = play(m, steps, arena, fault, &list, &passed);
    sim_market_free(m);
    if (err) return err;
    *out = riv_json_record(arena, "name", name, "passed", riv_json_bool(passed), "steps",
                           riv_json_arr(arena, list.ptr, list.len), NULL);
    return RIV_OK;
}
