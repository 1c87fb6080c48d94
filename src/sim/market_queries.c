/* market_queries.c: what market scenarios may expect: a row each, from a name and an argument to a call and the number in its answer.
 * Spec: docs/spec/scenarios.md 3. Tests: market_test.c. */
#include "sim/market_internal.h"

typedef enum argument { NONE, DEAL, DEAL_UNIT, UNIT, COMMITMENT, EPOCH, ACCOUNT } argument;
typedef enum shape { NUMBER, DEAL_STATUS, CC_STATUS, DEAL_NAME, IS_ZERO, FLT_DELTA } shape;

#define COMMITMENT_VIEW "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))"
#define UNIT_VIEW       "((address,bytes32,uint256))"

typedef struct query {
    const char    *name;
    argument       argument;
    chain_contract at; /* CHAIN_CONTRACTS: the deal itself */
    const char    *signature, *returns;
    int            field; /* of the answer's struct; -1: it is none */
    shape          shape;
} query;

/* clang-format off */
static const query queries[] = {
    { "dealStatus",           DEAL,       CHAIN_CONTRACTS, "getStatus()",                 "(uint8)",         -1, DEAL_STATUS },
    { "dealFree",             DEAL,       CHAIN_CONTRACTS, "getFreeBalance()",            "(uint256)",       -1, NUMBER },
    { "maxPaidEpoch",         DEAL,       CHAIN_CONTRACTS, "getMaxPaidEpoch()",           "(uint256)",       -1, NUMBER },
    { "dealWorkers",          DEAL,       CHAIN_CONTRACTS, "getWorkerCount()",            "(uint256)",       -1, NUMBER },
    { "dealUnits",            DEAL,       CHAIN_CONTRACTS, "getComputeUnitCount()",       "(uint256)",       -1, NUMBER },
    { "dealUsd",              DEAL,       CHAIN_USD,       "balanceOf(address)",          "(uint256)",       -1, NUMBER },
    { "unitReward",           DEAL_UNIT,  CHAIN_CONTRACTS, "getRewardAmount(bytes32)",    "(uint256)",       -1, NUMBER },
    { "unitDeal",             UNIT,       CHAIN_MARKET,    "getComputeUnit(bytes32)",     UNIT_VIEW,          0, DEAL_NAME },
    { "unitStartEpoch",       UNIT,       CHAIN_MARKET,    "getComputeUnit(bytes32)",     UNIT_VIEW,          2, NUMBER },
    { "ccStatus",             COMMITMENT, CHAIN_CAPACITY,  "getStatus(bytes32)",          "(uint8)",         -1, CC_STATUS },
    { "ccFails",              COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,    8, NUMBER },
    { "ccFailedEpoch",        COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,    9, NUMBER },
    { "ccCollateralPerUnit",  COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,    2, NUMBER },
    { "ccStart",              COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,    4, NUMBER },
    { "ccEnd",                COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,    5, NUMBER },
    { "ccExited",             COMMITMENT, CHAIN_CAPACITY,  "getCommitment(bytes32)",      COMMITMENT_VIEW,   10, NUMBER },
    { "ccTotalRewards",       COMMITMENT, CHAIN_CAPACITY,  "totalRewards(bytes32)",       "(uint256)",       -1, NUMBER },
    { "ccUnlocked",           COMMITMENT, CHAIN_CAPACITY,  "unlockedRewards(bytes32)",    "(uint256)",       -1, NUMBER },
    { "activeUnits",          NONE,       CHAIN_CORE,      "activeUnitCount()",           "(uint256)",       -1, NUMBER },
    { "rewardPool",           EPOCH,      CHAIN_CORE,      "getRewardPool(uint256)",      "(uint256)",       -1, NUMBER },
    { "fltCollateralPerUnit", NONE,       CHAIN_CORE,      "fltCollateralPerUnit()",      "(uint256)",       -1, NUMBER },
    { "globalNonceIsZero",    NONE,       CHAIN_CAPACITY,  "getGlobalNonce()",            "(bytes32)",       -1, IS_ZERO },
    { "usd",                  ACCOUNT,    CHAIN_USD,       "balanceOf(address)",          "(uint256)",       -1, NUMBER },
    { "fltDelta",             ACCOUNT,    CHAIN_USD,       NULL,                          NULL,              -1, FLT_DELTA },
};
/* clang-format on */

typedef struct answer {
    u256 number;
    bool less; /* FLT_DELTA: below zero */
} answer;

/* The bytes32 or address that the argument names, and where to ask. False: *error says why. */
static bool resolve(sim_market *m, const query *q, riv_str text, riv_arena *arena, eth_address *at, eth_value *arg,
                    riv_str *error)
{
    size_t                 slash = riv_str_find_char(text, '/', 0);
    riv_str                first = riv_str_sub(text, 0, slash), second = riv_str_sub(text, slash + 1, text.len);
    const market__account *who     = market__account_of(m, first);
    const market__deal    *deal    = riv_map_get_str(m->deals, first);
    const crypto_hash     *kept    = riv_map_get_str(m->commitments, text);
    bool                   of_deal = q->argument == DEAL || q->argument == DEAL_UNIT;
    crypto_hash            id      = kept ? *kept : market__made_id("commitment", text);
    *error = riv_format(arena, "no %s '" RIV_FMT "'", of_deal ? "deal" : "account", RIV_ARG(first));
    if ((of_deal && !deal) || (q->argument == ACCOUNT && !who)) return false;
    if (q->at != CHAIN_CONTRACTS) *at = chain_contract_address(q->at);
    switch (q->argument) {
    case NONE: break;
    case DEAL:
        *arg = eth_of_address(&deal->where);
        if (q->at == CHAIN_USD) *at = deal->token;
        break;
    case DEAL_UNIT: id = market__made_id("unit", second), *arg = eth_of_hash(id.bytes); break;
    case UNIT: id = market__made_id("unit", text), *arg = eth_of_hash(id.bytes); break;
    case COMMITMENT: *arg = eth_of_hash(id.bytes); break;
    case EPOCH:
        *error = RIV_LIT("an epoch is a number");
        if (u256_parse(text, NULL, &arg->word)) return false;
        break;
    case ACCOUNT:
        *arg = eth_of_address(&who->where);
        if (riv_str_eq(second, RIV_LIT("USD2"))) *at = m->usd2;
        break;
    }
    if (q->at == CHAIN_CONTRACTS) *at = deal->where;
    return true;
}

static answer delta(sim_market *m, riv_str name)
{
    const market__account *who = market__account_of(m, name);
    u256                   now = market__flt_of(m, &who->where), first = market__flt_first(m, &who->where);
    answer                 out  = { .less = u256_cmp(now, first) < 0 };
    bool                   fits = out.less ? u256_sub(first, now, &out.number) : u256_sub(now, first, &out.number);
    RIV_ASSERT(fits);
    return out;
}

static bool ask(sim_market *m, const query *q, riv_str text, riv_arena *arena, answer *out, riv_str *error)
{
    eth_address at;
    eth_value   arg = { 0 }, all;
    if (!resolve(m, q, text, arena, &at, &arg, error)) return false;
    *out = (answer){ 0 };
    if (q->shape == FLT_DELTA) {
        *out = delta(m, text);
        return true;
    }
    if (!market__call(m, &at, q->signature, &arg, q->returns, arena, &all, error)) return false;
    out->number = q->field < 0 ? all.items[0].word : all.items[0].items[q->field].word;
    return true;
}

static const query *find(riv_str name)
{
    for (size_t i = 0; i < RIV_COUNT(queries); i++)
        if (riv_str_eq(name, riv_str_c(queries[i].name))) return &queries[i];
    return NULL;
}

bool sim_market_ask(sim_market *m, const char *name, riv_str text, riv_arena *arena, u256 *out)
{
    const query *q = find(riv_str_c(name));
    answer       a;
    riv_str      error;
    if (!q || !ask(m, q, text, arena, &a, &error)) return false;
    *out = a.number;
    return true;
}

/* ---- comparing ---- */

static riv_str deal_name(const sim_market *m, u256 word)
{
    eth_value   v     = eth_number(word);
    eth_address where = eth_to_address(&v);
    riv_bytes   key;
    void       *value;
    for (size_t i = 0; i < riv_map_slots(m->deals); i++) {
        if (!riv_map_at(m->deals, i, &key, &value)) continue;
        const market__deal *d = value;
        if (eth_address_eq(&d->where, &where)) return d->name;
    }
    return eth_address_is_zero(&where) ? RIV_LIT("") : RIV_LIT("another");
}

static const riv_json *shown(const sim_market *m, const query *q, const answer *a, riv_arena *arena)
{
    riv_buf  text = riv_buf_in(arena);
    uint64_t small;
    bool     fits = u256_u64(a->number, &small);
    switch (q->shape) {
    case DEAL_STATUS:
        if (fits && small < RIV_COUNT(market__deal_statuses)) return riv_json_strc(arena, market__deal_statuses[small]);
        break;
    case CC_STATUS:
        if (fits && small < RIV_COUNT(market__cc_statuses)) return riv_json_strc(arena, market__cc_statuses[small]);
        break;
    case DEAL_NAME: return riv_json_str(arena, deal_name(m, a->number));
    case IS_ZERO: return riv_json_bool(u256_is_zero(a->number));
    case NUMBER: break;
    case FLT_DELTA: break;
    }
    if (a->less) riv_put_u8(&text, '-');
    u256_put(&text, a->number);
    return riv_json_str(arena, riv_buf_str(&text));
}

static bool same_number(const answer *a, const riv_json *want)
{
    u256 number;
    bool less = want->kind == RIV_JSON_STR && riv_str_starts(want->str, RIV_LIT("-"));
    if (less ? !market__amount_text(riv_str_sub(want->str, 1, want->str.len), &number) : !market__amount(want, &number))
        return false;
    return u256_cmp(number, a->number) == 0 && (less == a->less || u256_is_zero(number));
}

static bool same_status(const answer *a, const riv_json *want, const char *const *words, size_t count)
{
    uint64_t status;
    return market__word(want, words, count, &status) && u256_cmp(u256_of(status), a->number) == 0;
}

static bool same(const sim_market *m, const query *q, const answer *a, const riv_json *want)
{
    switch (q->shape) {
    case NUMBER:
    case FLT_DELTA: return same_number(a, want);
    case DEAL_STATUS: return same_status(a, want, market__deal_statuses, RIV_COUNT(market__deal_statuses));
    case CC_STATUS: return same_status(a, want, market__cc_statuses, RIV_COUNT(market__cc_statuses));
    case DEAL_NAME:
        return riv_str_eq(deal_name(m, a->number), want->kind == RIV_JSON_STR ? want->str : RIV_LIT("")) &&
               (want->kind == RIV_JSON_STR || want->kind == RIV_JSON_NULL);
    case IS_ZERO: return want->kind == RIV_JSON_BOOL && want->boolean == u256_is_zero(a->number);
    }
    RIV_UNREACHABLE();
}

/* What was expected when it is so, else what is. */
static const riv_json *look(sim_market *m, const query *q, riv_str text, const riv_json *want, riv_arena *arena,
                            bool *ok)
{
    answer  a;
    riv_str error;
    if (!ask(m, q, text, arena, &a, &error)) {
        *ok = false;
        return riv_json_str(arena, riv_format(arena, "reverts: " RIV_FMT, RIV_ARG(error)));
    }
    if (same(m, q, &a, want)) return want;
    *ok = false;
    return shown(m, q, &a, arena);
}

riv_err market__expect(sim_market *m, const riv_json *expect, const char *where, riv_arena *arena, riv_fault *fault,
                       const riv_json **got, bool *ok)
{
    riv_json_member *out = riv_new(arena, riv_json_member, expect->obj.count + 1);
    *ok                  = true;
    for (size_t i = 0; i < expect->obj.count; i++) {
        riv_str         name = expect->obj.members[i].key;
        const riv_json *want = expect->obj.members[i].value;
        const query    *q    = find(name);
        if (!q)
            return riv_fail(fault, RIV_E_MALFORMED, 0, "%s.expect." RIV_FMT ": no such query", where, RIV_ARG(name));
        bool object = want->kind == RIV_JSON_OBJ;
        if (object == (q->argument == NONE))
            return riv_fail(fault, RIV_E_MALFORMED, 0, "%s.expect.%s: expected %s", where, q->name,
                            object ? "a value" : "an object of arguments and values");
        size_t           n   = object ? want->obj.count : 0;
        riv_json_member *all = riv_new(arena, riv_json_member, n + 1);
        for (size_t k = 0; k < n; k++) {
            const riv_json_member *w = &want->obj.members[k];
            all[k]                   = (riv_json_member){ w->key, look(m, q, w->key, w->value, arena, ok) };
        }
        out[i].key   = name;
        out[i].value = object ? riv_json_obj(arena, all, n) : look(m, q, RIV_LIT(""), want, arena, ok);
    }
    *got = riv_json_obj(arena, out, expect->obj.count);
    return RIV_OK;
}
