/* core.c: Core: constants and who may set them, epochs, the whitelist, the reward pool, the difficulty of proofs.
 * Keys: 'c' 0: the constants, once one was set; 'c' 1: the difficulty: now, next, since when; 'c' 2: active units; 'c' 4: the first epoch
 * in which such owe proofs;
 * 'c' 3: reward pools: the count; 'c' 3 index: epoch, value; 'w' address: on the whitelist.
 * Spec: docs/spec/market.md 1, 2, 6.5. Tests: core_test.c. */
#include "chain/capacity.h"

#include "chain/market.h"

#define EVENT_PRICE      "FLTPriceUpdated(uint256 newValue)"
#define EVENT_DIFFICULTY "DifficultyUpdated(bytes32 difficulty)"
#define EVENT_CAPACITY   "CapacityConstantUpdated(uint8 constantType,uint256 newValue)"
#define EVENT_CONSTANT   "ConstantUpdated(uint8 constantType,uint256 newValue)"
#define EVENT_ORACLE     "OracleSet(address oracle)"
#define EVENT_GRANTED    "WhitelistAccessGranted(address account)"
#define EVENT_REVOKED    "WhitelistAccessRevoked(address account)"
#define EVENT_DEAL       "DealImplSet(address dealImpl)" /* the original's; nothing can be set here */

enum { PART_CONSTANTS, PART_DIFFICULTY, PART_ACTIVE, PART_POOLS, PART_OWED };

static chain__key part_key(char part) { return chain__sub_key('c', part); }

/* ---- constants ---- */

static void constants_at_genesis(const chain_params *p, chain__constants *out)
{
    *out = (chain__constants){
        .owner                        = p->owner,
        .oracle                       = p->oracle,
        .min_deal_deposited_epochs    = p->min_deal_deposited_epochs,
        .min_deal_rematching_epochs   = p->min_deal_rematching_epochs,
        .min_protocol_version         = p->min_protocol_version,
        .max_protocol_version         = p->max_protocol_version,
        .flt_price                    = p->flt_price,
        .usd_collateral_per_unit      = p->usd_collateral_per_unit,
        .usd_target_revenue_per_epoch = p->usd_target_revenue_per_epoch,
        .min_reward_per_epoch         = p->min_reward_per_epoch,
        .max_reward_per_epoch         = p->max_reward_per_epoch,
        .min_duration                 = p->min_duration,
        .vesting_period_duration      = p->vesting_period_duration,
        .vesting_period_count         = p->vesting_period_count,
        .slashing_rate                = p->slashing_rate,
        .min_proofs_per_epoch         = p->min_proofs_per_epoch,
        .max_proofs_per_epoch         = p->max_proofs_per_epoch,
        .withdraw_epochs_after_failed = p->withdraw_epochs_after_failed,
        .max_failed_ratio             = p->max_failed_ratio,
        .whitelist_enabled            = p->whitelist_enabled,
    };
    if (u256_is_zero(p->flt_price) ||
        !chain__collateral_of(p->usd_collateral_per_unit, p->flt_price, &out->flt_collateral_per_unit))
        out->flt_collateral_per_unit = U256_ZERO;
}

/* What can be set, in the order in which it lies in the state; the rest stays as at genesis. */
enum { AMOUNTS = 6, COUNTS = 8 };

static void amounts_of(chain__constants *k, u256 *all[AMOUNTS])
{
    u256 *const these[AMOUNTS] = { &k->flt_price,
                                   &k->usd_collateral_per_unit,
                                   &k->flt_collateral_per_unit,
                                   &k->usd_target_revenue_per_epoch,
                                   &k->min_reward_per_epoch,
                                   &k->max_reward_per_epoch };
    memcpy(all, these, sizeof these);
}

static void counts_of(chain__constants *k, uint64_t *all[COUNTS])
{
    uint64_t *const these[COUNTS] = { &k->min_deal_deposited_epochs,
                                      &k->min_deal_rematching_epochs,
                                      &k->min_duration,
                                      &k->slashing_rate,
                                      &k->min_proofs_per_epoch,
                                      &k->max_proofs_per_epoch,
                                      &k->withdraw_epochs_after_failed,
                                      &k->max_failed_ratio };
    memcpy(all, these, sizeof these);
}

void chain__constants_of(chain__call *c, chain__constants *out)
{
    chain__key key = part_key(PART_CONSTANTS);
    riv_bytes  value;
    u256      *amounts[AMOUNTS];
    uint64_t  *counts[COUNTS];
    constants_at_genesis(c->params, out);
    if (!chain__get(c, &key, &value)) return;
    riv_reader r = riv_reader_of(value);
    amounts_of(out, amounts);
    counts_of(out, counts);
    out->owner  = chain__read_address(&r);
    out->oracle = chain__read_address(&r);
    for (size_t i = 0; i < AMOUNTS; i++) *amounts[i] = u256_from_be(riv_read_bytes(&r, 32));
    for (size_t i = 0; i < COUNTS; i++) *counts[i] = riv_read_u64be(&r);
    RIV_ASSERT(!r.short_read);
}

static void constants_put(chain__call *c, chain__constants *k)
{
    chain__key key = part_key(PART_CONSTANTS);
    riv_buf    out = riv_buf_in(c->arena);
    u256      *amounts[AMOUNTS];
    uint64_t  *counts[COUNTS];
    amounts_of(k, amounts);
    counts_of(k, counts);
    riv_put_bytes(&out, (riv_bytes){ k->owner.bytes, sizeof k->owner.bytes });
    riv_put_bytes(&out, (riv_bytes){ k->oracle.bytes, sizeof k->oracle.bytes });
    for (size_t i = 0; i < AMOUNTS; i++) u256_to_be(*amounts[i], riv_buf_raw(&out, 32));
    for (size_t i = 0; i < COUNTS; i++) riv_put_u64be(&out, *counts[i]);
    chain__put(c, &key, riv_buf_view(&out));
}

static riv_err need_owner(chain__call *c, chain__constants *k)
{
    chain__constants_of(c, k);
    if (eth_address_eq(&k->owner, &c->sender)) return RIV_OK;
    eth_value who = eth_of_address(&c->sender);
    return chain__revert_custom(c, CHAIN__ERROR_NOT_OWNER, &who);
}

bool chain__approved(chain__call *c, const eth_address *provider)
{
    chain__key key = chain__key_with_address(chain__key_of('w'), provider);
    return !c->params->whitelist_enabled || chain__get_u64(c, &key) != 0;
}

/* ---- the reward pool. SPEC market.md 6.5 ---- */

typedef struct pool {
    uint64_t epoch;
    u256     value;
} pool;

static uint64_t pools_count(chain__call *c)
{
    chain__key key = part_key(PART_POOLS);
    return chain__get_u64(c, &key) + 1; /* the first stands in the parameters */
}

static pool pool_at(chain__call *c, uint64_t index)
{
    chain__key key = chain__key_with_u64(part_key(PART_POOLS), index);
    riv_bytes  value;
    if (index == 0) return (pool){ 1, c->params->init_reward_pool };
    chain__get(c, &key, &value);
    riv_reader r     = riv_reader_of(value);
    uint64_t   epoch = riv_read_u64be(&r);
    return (pool){ epoch, u256_from_be(riv_read_bytes(&r, riv_reader_left(&r))) };
}

static void pool_put(chain__call *c, uint64_t index, const pool *p)
{
    chain__key key = chain__key_with_u64(part_key(PART_POOLS), index), count = part_key(PART_POOLS);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_u64be(&out, p->epoch);
    u256_to_be(p->value, riv_buf_raw(&out, 32));
    chain__put(c, &key, riv_buf_view(&out));
    chain__put_u64(c, &count, index);
}

/* On each change of price, target or active units: this epoch's pool is made anew from the last epoch's that has one. */
static riv_err renew_pool(chain__call *c, const chain__constants *k)
{
    chain__key active = part_key(PART_ACTIVE);
    uint64_t   last   = pools_count(c) - 1;
    pool       base   = pool_at(c, last);
    bool       again  = base.epoch == c->epoch;
    u256       units  = chain__get_u256(c, &active);
    if (u256_is_zero(units) || (again && last == 0)) return RIV_OK;
    if (again) base = pool_at(c, last - 1);
    const chain__pool_in in = { base.value,
                                k->flt_price,
                                units,
                                k->usd_target_revenue_per_epoch,
                                k->min_reward_per_epoch,
                                k->max_reward_per_epoch,
                                chain__fixed(c) };
    pool new                = { .epoch = c->epoch };
    if (!chain__pool_next(&in, &new.value)) return chain__panic(c, 0x11);
    pool_put(c, again ? last : last + 1, &new);
    return RIV_OK;
}

/* The last entry at or before epoch. */
riv_err chain__reward_pool(chain__call *c, uint64_t epoch, u256 *out)
{
    uint64_t low = 0, high = pools_count(c);
    if (epoch == 0) return chain__panic(c, 0x11); /* the original's search runs below its first entry */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (pool_at(c, middle).epoch <= epoch)
            low = middle;
        else
            high = middle;
    }
    *out = pool_at(c, low).value;
    return RIV_OK;
}

uint64_t chain__active_units(chain__call *c)
{
    chain__key key = part_key(PART_ACTIVE);
    return chain__get_u64(c, &key);
}

bool chain__proofs_owed(chain__call *c, uint64_t epoch)
{
    chain__key key  = part_key(PART_OWED);
    uint64_t   from = chain__get_u64(c, &key);
    return from && epoch >= from;
}

riv_err chain__active_units_set(chain__call *c, u256 count)
{
    chain__key       key = part_key(PART_ACTIVE), owed = part_key(PART_OWED);
    chain__constants k;
    chain__constants_of(c, &k);
    if (chain__fixed(c) && u256_is_zero(count) == (chain__active_units(c) > 0))
        chain__put_u64(c, &owed, u256_is_zero(count) ? 0 : c->epoch + 1); /* they begin with the next one */
    chain__put_u256(c, &key, count);
    return renew_pool(c, &k);
}

/* ---- difficulty ---- */

typedef struct difficulty {
    u256     now, next;
    uint64_t since;
} difficulty;

static difficulty difficulty_get(chain__call *c)
{
    chain__key key = part_key(PART_DIFFICULTY);
    riv_bytes  value;
    u256       genesis = u256_from_be((riv_bytes){ c->params->difficulty, 32 });
    if (!chain__get(c, &key, &value)) return (difficulty){ genesis, genesis, 0 };
    riv_reader r   = riv_reader_of(value);
    difficulty out = { 0 };
    out.now        = u256_from_be(riv_read_bytes(&r, 32));
    out.next       = u256_from_be(riv_read_bytes(&r, 32));
    out.since      = riv_read_u64be(&r);
    return out;
}

static u256 difficulty_now(const difficulty *d, uint64_t epoch) { return epoch >= d->since ? d->next : d->now; }

/* From the next epoch on. Fixed: what holds now stays until then, also when it is set twice in an epoch (the original falls back to the first that was
 * set: its "now" is the former "next" whether that holds already or not). */
static void difficulty_set(chain__call *c, u256 next)
{
    chain__key key = part_key(PART_DIFFICULTY);
    difficulty d   = difficulty_get(c);
    riv_buf    out = riv_buf_in(c->arena);
    u256_to_be(chain__fixed(c) ? difficulty_now(&d, c->epoch) : d.next, riv_buf_raw(&out, 32));
    u256_to_be(next, riv_buf_raw(&out, 32));
    riv_put_u64be(&out, c->epoch + 1);
    chain__put(c, &key, riv_buf_view(&out));
}

void chain__difficulty(chain__call *c, uint8_t out[32])
{
    difficulty d = difficulty_get(c);
    u256_to_be(difficulty_now(&d, c->epoch), out);
}

void chain__difficulty_adjust(chain__call *c, uint64_t proofs, uint64_t provers)
{
    chain__constants k;
    difficulty       d = difficulty_get(c);
    chain__constants_of(c, &k);
    const chain__difficulty_in in   = { difficulty_now(&d, c->epoch + 1),
                                        u256_from_be((riv_bytes){ c->params->difficulty, 32 }),
                                        proofs,
                                        provers,
                                        k.min_proofs_per_epoch,
                                        k.max_proofs_per_epoch };
    u256                       next = chain__difficulty_next(&in);
    if (u256_cmp(next, in.now) != 0) difficulty_set(c, next);
}

/* ---- setters ---- */

static riv_err run_set_price(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)out;
    chain__constants_of(c, &k);
    if (!eth_address_eq(&k.oracle, &c->sender)) return chain__revert(c, "Only oracle can set FLT price");
    k.flt_price = args[0].word;
    RIV_TRY(renew_pool(c, &k));
    if (u256_is_zero(k.flt_price)) return chain__panic(c, 0x12);
    if (!chain__collateral_of(k.usd_collateral_per_unit, k.flt_price, &k.flt_collateral_per_unit))
        return chain__panic(c, 0x11);
    constants_put(c, &k);
    chain__emit(c, EVENT_PRICE, args);
    return RIV_OK;
}

static riv_err run_calculate(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)args;
    (void)out;
    chain__constants_of(c, &k);
    return renew_pool(c, &k);
}

static riv_err run_set_difficulty(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)out;
    RIV_TRY(need_owner(c, &k));
    difficulty_set(c, args[0].word);
    chain__emit(c, EVENT_DIFFICULTY, args);
    return RIV_OK;
}

static riv_err set_amount(chain__call *c, chain__constants *k, u256 *where, u256 v)
{
    *where = v;
    if (where == &k->usd_collateral_per_unit) {
        if (u256_is_zero(k->flt_price)) return chain__panic(c, 0x12);
        if (!chain__collateral_of(v, k->flt_price, &k->flt_collateral_per_unit)) return chain__panic(c, 0x11);
    }
    return where == &k->usd_target_revenue_per_epoch ? renew_pool(c, k) : RIV_OK;
}

static riv_err set_count(chain__call *c, uint64_t *where, u256 v)
{
    if (!u256_u64(v, where)) return chain__revert(c, "GlobalConst: value is too large");
    return RIV_OK;
}

/* SPEC market.md 2: setCapacityConstant, by the number of the constant: an amount or a count. */
static riv_err run_set_capacity(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    uint64_t         kind;
    struct {
        u256     *amount;
        uint64_t *count;
    } const rows[] = {
        { NULL, &k.min_duration },         { &k.usd_collateral_per_unit, NULL },
        { NULL, &k.slashing_rate },        { NULL, &k.withdraw_epochs_after_failed },
        { NULL, &k.max_failed_ratio },     { &k.usd_target_revenue_per_epoch, NULL },
        { &k.min_reward_per_epoch, NULL }, { &k.max_reward_per_epoch, NULL },
        { NULL, &k.min_proofs_per_epoch }, { NULL, &k.max_proofs_per_epoch },
    };
    (void)out;
    if (!u256_u64(args[0].word, &kind) || kind >= RIV_COUNT(rows)) return chain__reject(c); /* none of the enum's */
    RIV_TRY(need_owner(c, &k));
    RIV_TRY(rows[kind].amount ? set_amount(c, &k, rows[kind].amount, args[1].word)
                              : set_count(c, rows[kind].count, args[1].word));
    constants_put(c, &k);
    chain__emit(c, EVENT_CAPACITY, args);
    return RIV_OK;
}

/* SPEC market.md 2: Q1: the versions of the protocol are in the enum and cannot be set. */
static riv_err run_set_constant(chain__call *c, const eth_value *args, eth_value *out)
{
    enum { DEPOSITED, REMATCHING, MIN_VERSION, MAX_VERSION, KINDS };
    chain__constants k;
    uint64_t         kind;
    (void)out;
    if (!u256_u64(args[0].word, &kind) || kind >= KINDS) return chain__reject(c); /* none of the enum's */
    RIV_TRY(need_owner(c, &k));
    if (kind > REMATCHING) return chain__revert(c, "GlobalConst: unknown constant type");
    RIV_TRY(
        set_count(c, kind == DEPOSITED ? &k.min_deal_deposited_epochs : &k.min_deal_rematching_epochs, args[1].word));
    constants_put(c, &k);
    chain__emit(c, EVENT_CONSTANT, args);
    return RIV_OK;
}

static riv_err run_set_oracle(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)out;
    RIV_TRY(need_owner(c, &k));
    k.oracle = eth_to_address(&args[0]);
    if (eth_address_is_zero(&k.oracle)) return chain__revert(c, "Oracle shouldn't be zero address");
    constants_put(c, &k);
    chain__emit(c, EVENT_ORACLE, args);
    return RIV_OK;
}

static riv_err run_set_active(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    if (!eth_address_eq(&c->engine->addresses[CHAIN_CAPACITY], &c->sender))
        return chain__revert(c, "Core: caller is not capacity");
    return chain__active_units_set(c, args[0].word);
}

static riv_err give_ownership(chain__call *c, chain__constants *k, eth_address to)
{
    const eth_value args[] = { eth_of_address(&k->owner), eth_of_address(&to) };
    k->owner               = to;
    constants_put(c, k);
    chain__emit(c, CHAIN__EVENT_OWNERSHIP, args);
    return RIV_OK;
}

static riv_err run_transfer(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    eth_address      to = eth_to_address(&args[0]);
    (void)out;
    RIV_TRY(need_owner(c, &k));
    if (eth_address_is_zero(&to)) return chain__revert_custom(c, CHAIN__ERROR_NO_OWNER, args);
    return give_ownership(c, &k, to);
}

static riv_err run_renounce(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)args;
    (void)out;
    RIV_TRY(need_owner(c, &k));
    return give_ownership(c, &k, (eth_address){ { 0 } });
}

static riv_err set_access(chain__call *c, const eth_value *args, bool granted)
{
    chain__constants k;
    eth_address      who = eth_to_address(&args[0]);
    chain__key       key = chain__key_with_address(chain__key_of('w'), &who);
    RIV_TRY(need_owner(c, &k));
    chain__put_u64(c, &key, granted);
    chain__emit(c, granted ? EVENT_GRANTED : EVENT_REVOKED, args);
    return RIV_OK;
}

static riv_err run_grant(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return set_access(c, args, true);
}

static riv_err run_revoke(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return set_access(c, args, false);
}

/* Deals are native: there is no contract to put in their place. */
static riv_err run_set_deal(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)args;
    (void)out;
    RIV_TRY(need_owner(c, &k));
    return chain__revert(c, "New deal implementation is not a contract");
}

static riv_err run_modules(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__constants k;
    (void)args;
    (void)out;
    RIV_TRY(need_owner(c, &k));
    return chain__revert(c, "Core: modules already initialized");
}

/* ---- views ---- */

static riv_err run_approved(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address who = eth_to_address(&args[0]);
    out[0]          = eth_word(chain__approved(c, &who));
    return RIV_OK;
}

static riv_err run_pool(chain__call *c, const eth_value *args, eth_value *out)
{
    uint64_t epoch;
    if (!u256_u64(args[0].word, &epoch)) epoch = UINT64_MAX;
    return chain__reward_pool(c, epoch, &out[0].word);
}

static riv_err run_difficulty(chain__call *c, const eth_value *args, eth_value *out)
{
    uint8_t now[32];
    (void)args;
    chain__difficulty(c, now);
    out[0] = eth_of_hash(now);
    return RIV_OK;
}

static riv_err run_active(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_word(chain__active_units(c));
    return RIV_OK;
}

static riv_err run_epoch(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_word(c->epoch);
    return RIV_OK;
}

static riv_err run_epoch_duration(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_word(c->params->epoch_seconds);
    return RIV_OK;
}

static riv_err run_init_timestamp(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_word(c->params->genesis_time_s);
    return RIV_OK;
}

static riv_err run_precision(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)c;
    (void)args;
    out[0] = eth_word(CHAIN__PRECISION);
    return RIV_OK;
}

#define CONSTANT(name, value)                                                                                          \
    static riv_err run_##name(chain__call *c, const eth_value *args, eth_value *out)                                   \
    {                                                                                                                  \
        chain__constants k;                                                                                            \
        (void)args;                                                                                                    \
        chain__constants_of(c, &k);                                                                                    \
        out[0] = value;                                                                                                \
        return RIV_OK;                                                                                                 \
    }
CONSTANT(owner, eth_of_address(&k.owner))
CONSTANT(oracle, eth_of_address(&k.oracle))
CONSTANT(deposited, eth_word(k.min_deal_deposited_epochs))
CONSTANT(rematching, eth_word(k.min_deal_rematching_epochs))
CONSTANT(min_version, eth_word(k.min_protocol_version))
CONSTANT(max_version, eth_word(k.max_protocol_version))
CONSTANT(price, eth_number(k.flt_price))
CONSTANT(usd_collateral, eth_number(k.usd_collateral_per_unit))
CONSTANT(flt_collateral, eth_number(k.flt_collateral_per_unit))
CONSTANT(usd_target, eth_number(k.usd_target_revenue_per_epoch))
CONSTANT(min_reward, eth_number(k.min_reward_per_epoch))
CONSTANT(max_reward, eth_number(k.max_reward_per_epoch))
CONSTANT(min_duration, eth_word(k.min_duration))
CONSTANT(vesting_duration, eth_word(k.vesting_period_duration))
CONSTANT(vesting_count, eth_word(k.vesting_period_count))
CONSTANT(slashing, eth_word(k.slashing_rate))
CONSTANT(min_proofs, eth_word(k.min_proofs_per_epoch))
CONSTANT(max_proofs, eth_word(k.max_proofs_per_epoch))
CONSTANT(withdraw_epochs, eth_word(k.withdraw_epochs_after_failed))
CONSTANT(failed_ratio, eth_word(k.max_failed_ratio))

#define MODULE(name, which)                                                                                            \
    static riv_err run_##name(chain__call *c, const eth_value *args, eth_value *out)                                   \
    {                                                                                                                  \
        (void)args;                                                                                                    \
        out[0] = eth_of_address(&c->engine->addresses[which]);                                                         \
        return RIV_OK;                                                                                                 \
    }
MODULE(capacity, CHAIN_CAPACITY)
MODULE(market, CHAIN_MARKET)
MODULE(factory, CHAIN_DEAL_FACTORY)
MODULE(randomx, CHAIN_RANDOMX)
MODULE(deal, CHAIN_DEAL_FACTORY) /* deals are made and run by native code: there is no other address for it */

static const chain__function functions[] = {
    { "activeUnitCount()", "(uint256)", false, false, run_active },
    { "calculateRewardPool()", "()", true, false, run_calculate },
    { "capacity()", "(address)", false, false, run_capacity },
    { "currentEpoch()", "(uint256)", false, false, run_epoch },
    { "dealFactory()", "(address)", false, false, run_factory },
    { "dealImpl()", "(address)", false, false, run_deal },
    { "difficulty()", "(bytes32)", false, false, run_difficulty },
    { "epochDuration()", "(uint256)", false, false, run_epoch_duration },
    { "fltCollateralPerUnit()", "(uint256)", false, false, run_flt_collateral },
    { "fltPrice()", "(uint256)", false, false, run_price },
    { "getRewardPool(uint256 epoch)", "(uint256)", false, false, run_pool },
    { "grantAccess(address account)", "()", true, false, run_grant },
    { "initTimestamp()", "(uint256)", false, false, run_init_timestamp },
    { "initialize(uint256,uint256,uint256,uint256,uint256,address,bool,uint256,uint256,uint256,uint256,uint256,uint256,"
      "uint256,uint256,uint256,uint256,uint256,uint256,uint256,bytes32,uint256,address)",
      "()", true, false, chain__run_initialize },
    { "initializeModules(address capacity,address market,address dealFactory)", "()", true, false, run_modules },
    { "isApproved(address account)", "(bool)", false, false, run_approved },
    { "market()", "(address)", false, false, run_market },
    { "maxFailedRatio()", "(uint256)", false, false, run_failed_ratio },
    { "maxProofsPerEpoch()", "(uint256)", false, false, run_max_proofs },
    { "maxProtocolVersion()", "(uint256)", false, false, run_max_version },
    { "maxRewardPerEpoch()", "(uint256)", false, false, run_max_reward },
    { "minDealDepositedEpochs()", "(uint256)", false, false, run_deposited },
    { "minDealRematchingEpochs()", "(uint256)", false, false, run_rematching },
    { "minDuration()", "(uint256)", false, false, run_min_duration },
    { "minProofsPerEpoch()", "(uint256)", false, false, run_min_proofs },
    { "minProtocolVersion()", "(uint256)", false, false, run_min_version },
    { "minRewardPerEpoch()", "(uint256)", false, false, run_min_reward },
    { "oracle()", "(address)", false, false, run_oracle },
    { "owner()", "(address)", false, false, run_owner },
    { "precision()", "(uint256)", false, false, run_precision },
    { "proxiableUUID()", "(bytes32)", false, false, chain__run_uuid },
    { "randomXProxy()", "(address)", false, false, run_randomx },
    { "renounceOwnership()", "()", true, false, run_renounce },
    { "revokeAccess(address account)", "()", true, false, run_revoke },
    { "setActiveUnitCount(uint256 count)", "()", true, false, run_set_active },
    { "setCapacityConstant(uint8 constantType,uint256 v)", "()", true, false, run_set_capacity },
    { "setConstant(uint8 constantType,uint256 v)", "()", true, false, run_set_constant },
    { "setDealImpl(address dealImpl)", "()", true, false, run_set_deal },
    { "setDifficulty(bytes32 difficulty)", "()", true, false, run_set_difficulty },
    { "setFLTPrice(uint256 fltPrice)", "()", true, false, run_set_price },
    { "setOracle(address oracle)", "()", true, false, run_set_oracle },
    { "slashingRate()", "(uint256)", false, false, run_slashing },
    { "transferOwnership(address newOwner)", "()", true, false, run_transfer },
    { "upgradeTo(address newImplementation)", "()", true, false, chain__run_upgrade },
    { "upgradeToAndCall(address newImplementation,bytes data)", "()", true, true, chain__run_upgrade },
    { "usdCollateralPerUnit()", "(uint256)", false, false, run_usd_collateral },
    { "usdTargetRevenuePerEpoch()", "(uint256)", false, false, run_usd_target },
    { "vestingPeriodCount()", "(uint256)", false, false, run_vesting_count },
    { "vestingPeriodDuration()", "(uint256)", false, false, run_vesting_duration },
    { "withdrawEpochsAfterFailed()", "(uint256)", false, false, run_withdraw_epochs },
};
static const char *const events[] = { EVENT_PRICE,    EVENT_DIFFICULTY, EVENT_CAPACITY,
                                      EVENT_CONSTANT, EVENT_ORACLE,     CHAIN__EVENT_OWNERSHIP,
                                      EVENT_GRANTED,  EVENT_REVOKED,    EVENT_DEAL };
static const char *const errors[] = { CHAIN__ERROR_NOT_OWNER, CHAIN__ERROR_NO_OWNER };

const chain__contract chain__core = { functions, RIV_COUNT(functions), events, RIV_COUNT(events),
                                      errors,    RIV_COUNT(errors),    NULL };
