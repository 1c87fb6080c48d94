/* market_params.c: what a market scenario's chain begins with, and how its numbers are written.
 * Spec: docs/spec/scenarios.md 3, docs/spec/market.md 2. Tests: market_test.c. */
#include "sim/market_internal.h"

enum { SMALL = 1000000, SECONDS = 100000000, PROOFS = 1000 }; /* bounds of what sizes time and loops */

const char *const market__access[3]        = { "NONE", "WHITELIST", "BLACKLIST" };
const char *const market__deal_statuses[5] = { "INSUFFICIENT_FUNDS", "ACTIVE", "ENDED", "NOT_ENOUGH_WORKERS",
                                               "SMALL_BALANCE" };
const char *const market__cc_statuses[6] = { "Inactive", "Active", "WaitDelegation", "WaitStart", "Failed", "Removed" };

/* ---- numbers ---- */

/* Digits, perhaps a point and at most `places` more digits; scaled by 10^places. */
static bool decimal(riv_str text, size_t places, u256 *out)
{
    u256   v     = U256_ZERO;
    size_t point = riv_str_find_char(text, '.', 0), digits = 0;
    size_t after = point == SIZE_MAX ? 0 : text.len - point - 1;
    if (after > places || (point != SIZE_MAX && !after)) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (i == point) continue;
        if (text.ptr[i] < '0' || text.ptr[i] > '9') return false;
        if (!u256_mul(v, u256_of(10), &v) || !u256_add(v, u256_of((uint64_t)(text.ptr[i] - '0')), &v)) return false;
        digits++;
    }
    for (size_t i = after; i < places; i++)
        if (!u256_mul(v, u256_of(10), &v)) return false;
    if (!digits || point == 0) return false;
    *out = v;
    return true;
}

bool market__amount_text(riv_str text, u256 *out)
{
    if (riv_str_ends(text, RIV_LIT("FLT"))) return decimal(riv_str_sub(text, 0, text.len - 3), 18, out);
    if (riv_str_ends(text, RIV_LIT("USD"))) return decimal(riv_str_sub(text, 0, text.len - 3), 6, out);
    return text.len && !u256_parse(text, NULL, out);
}

bool market__amount(const riv_json *v, u256 *out)
{
    if (v && v->kind == RIV_JSON_STR) return market__amount_text(v->str, out);
    if (!v || v->kind != RIV_JSON_U64) return false;
    *out = u256_of(v->u64);
    return true;
}

bool market__word(const riv_json *v, const char *const *words, size_t count, uint64_t *out)
{
    if (v && v->kind == RIV_JSON_U64 && v->u64 < count) {
        *out = v->u64;
        return true;
    }
    for (size_t i = 0; v && v->kind == RIV_JSON_STR && i < count; i++) {
        if (!riv_str_eq(v->str, riv_str_c(words[i]))) continue;
        *out = i;
        return true;
    }
    return false;
}

/* ---- genesis ---- */

typedef struct row {
    const char *name;
    uint64_t   *number, max; /* either this */
    u256       *amount;      /* or this */
    bool       *flag;        /* or this */
} row;

static riv_err set(const row *r, const riv_json *v, riv_fault *fault)
{
    u256     amount;
    uint64_t number;
    if (r->flag) {
        if (v->kind != RIV_JSON_BOOL) return sim__malformed(fault, "params", r->name, "true or false");
        *r->flag = v->boolean;
        return RIV_OK;
    }
    if (!market__amount(v, &amount))
        return sim__malformed(fault, "params", r->name, "a number, as text when it is large");
    if (r->amount) {
        *r->amount = amount;
        return RIV_OK;
    }
    if (!u256_u64(amount, &number) || number > r->max)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "params.%s: expected at most %llu", r->name,
                        (unsigned long long)r->max);
    *r->number = number;
    return RIV_OK;
}

static riv_err override(chain_params *p, riv_str name, const riv_json *v, riv_fault *fault)
{
    const row rows[] = {
        { .name = "epochDuration", .number = &p->epoch_seconds, .max = SECONDS },
        { .name = "minDealDepositedEpochs", .number = &p->min_deal_deposited_epochs, .max = SMALL },
        { .name = "minDealRematchingEpochs", .number = &p->min_deal_rematching_epochs, .max = SMALL },
        { .name = "minProtocolVersion", .number = &p->min_protocol_version, .max = SMALL },
        { .name = "maxProtocolVersion", .number = &p->max_protocol_version, .max = SMALL },
        { .name = "fltPrice", .amount = &p->flt_price },
        { .name = "usdCollateralPerUnit", .amount = &p->usd_collateral_per_unit },
        { .name = "usdTargetRevenuePerEpoch", .amount = &p->usd_target_revenue_per_epoch },
        { .name = "minDuration", .number = &p->min_duration, .max = SMALL },
        { .name = "minRewardPerEpoch", .amount = &p->min_reward_per_epoch },
        { .name = "maxRewardPerEpoch", .amount = &p->max_reward_per_epoch },
        { .name = "vestingPeriodDuration", .number = &p->vesting_period_duration, .max = SMALL },
        { .name = "vestingPeriodCount", .number = &p->vesting_period_count, .max = PROOFS },
        { .name = "slashingRate", .number = &p->slashing_rate, .max = INT32_MAX },
        { .name = "minProofsPerEpoch", .number = &p->min_proofs_per_epoch, .max = SMALL },
        { .name = "maxProofsPerEpoch", .number = &p->max_proofs_per_epoch, .max = SMALL },
        { .name = "withdrawEpochsAfterFailed", .number = &p->withdraw_epochs_after_failed, .max = SMALL },
        { .name = "maxFailedRatio", .number = &p->max_failed_ratio, .max = SMALL },
        { .name = "isWhitelistEnabled", .flag = &p->whitelist_enabled },
        { .name = "initRewardPool", .amount = &p->init_reward_pool },
        { .name = "rewardBalance", .amount = &p->reward_balance },
    };
    for (size_t i = 0; i < RIV_COUNT(rows); i++)
        if (riv_str_eq(name, riv_str_c(rows[i].name))) return set(&rows[i], v, fault);
    return riv_fail(fault, RIV_E_MALFORMED, 0, "params." RIV_FMT ": no such key", RIV_ARG(name));
}

riv_err market__params_read(const riv_json *doc, riv_fault *fault, chain_params *out)
{
    const riv_json *rules, *params;
    chain_params_local(out);
    out->epoch_seconds = CHAIN_EPOCH_SECONDS_DEFAULT;
    RIV_TRY(sim__member(doc, "scenario", "rules", RIV_JSON_STR, false, fault, &rules));
    RIV_TRY(sim__member(doc, "scenario", "params", RIV_JSON_OBJ, false, fault, &params));
    if (rules && !riv_str_eq(rules->str, RIV_LIT("g0")) && !riv_str_eq(rules->str, RIV_LIT("fixed")))
        return sim__malformed(fault, "scenario", "rules", "\"g0\" or \"fixed\"");
    out->rules = rules && riv_str_eq(rules->str, RIV_LIT("g0")) ? CHAIN_G0 : CHAIN_FIXED;
    for (size_t i = 0; params && i < params->obj.count; i++)
        RIV_TRY(override(out, params->obj.members[i].key, params->obj.members[i].value, fault));
    if (!out->epoch_seconds) return sim__malformed(fault, "params", "epochDuration", "at least 1");
    if (!out->vesting_period_count || !out->vesting_period_duration)
        return sim__malformed(fault, "params", "vestingPeriodCount", "a count and a duration of at least 1");
    if (u256_is_zero(out->flt_price)) return sim__malformed(fault, "params", "fltPrice", "at least 1");
    return RIV_OK;
}
