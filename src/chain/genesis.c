/* genesis.c: what a chain begins with: its parameters, as bytes that are hashed into the first block.
 * Spec: docs/spec/market.md 2 (the original's local deployment). Tests: genesis_test.c. */
#include "chain/internal.h"

enum { BALANCES_MAX = 1 << 20, TOKENS_MAX = 16 };

/* ---- the local chain: ten accounts that every development chain has ("test test ... junk") ---- */

static const char *const accounts[] = {
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65", "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9", "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f", "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
};

/* v with 18 zeros behind: FLT in its smallest parts. */
static u256 with_18_zeros(uint64_t v)
{
    u256 out;
    bool fits = u256_mul(u256_of(v), u256_of(UINT64_C(1000000000000000000)), &out);
    RIV_ASSERT(fits);
    return out;
}

eth_address chain_development_account(size_t index)
{
    eth_address out;
    RIV_ASSERT(index < RIV_COUNT(accounts));
    riv_err err = eth_read_address(riv_str_c(accounts[index]), NULL, &out);
    RIV_ASSERT(!err);
    return out;
}

void chain_params_local(chain_params *out)
{
    crypto_hash nonce = crypto_keccak256(RIV_BYTES("init_global_nonce"));
    *out              = (chain_params){
                     .rules                        = CHAIN_FIXED,
                     .chain_id                     = 31337,
                     .genesis_time_s               = 1704067200, /* the first of January 2024 */
                     .epoch_seconds                = 15,
                     .min_deal_deposited_epochs    = 2,
                     .min_deal_rematching_epochs   = 2,
                     .min_protocol_version         = 1,
                     .max_protocol_version         = 1,
                     .flt_price                    = u256_of(10000000),
                     .usd_collateral_per_unit      = u256_of(1000000),
                     .usd_target_revenue_per_epoch = u256_of(3000000),
                     .min_duration                 = 10,
                     .vesting_period_duration      = 3,
                     .vesting_period_count         = 6,
                     .withdraw_epochs_after_failed = 2,
                     .max_failed_ratio             = 10,
                     .min_reward_per_epoch         = with_18_zeros(100),
                     .max_reward_per_epoch         = with_18_zeros(200),
                     .init_reward_pool             = with_18_zeros(10),
                     .reward_balance               = with_18_zeros(1000),
                     .slashing_rate                = 100000,
                     .min_proofs_per_epoch         = 2,
                     .max_proofs_per_epoch         = 5,
                     .owner                        = chain_development_account(0),
                     .oracle                       = chain_development_account(0),
                     .block_gas_max                = 30000000,
    };
    memset(out->difficulty, 0xff, sizeof out->difficulty);
    memset(out->difficulty, 0, 4);
    memcpy(out->init_global_nonce, nonce.bytes, sizeof out->init_global_nonce);
}

void chain_balances_local(riv_arena *arena, chain_params *params)
{
    chain_balance *all = riv_new(arena, chain_balance, RIV_COUNT(accounts));
    for (size_t i = 0; i < RIV_COUNT(accounts); i++)
        all[i] = (chain_balance){ chain_development_account(i), with_18_zeros(10000), with_18_zeros(1000000) };
    params->balances       = all;
    params->balances_count = RIV_COUNT(accounts);
}

/* ---- as bytes: every field in its order, numbers big-endian ---- */

static void put_u256(riv_buf *out, u256 v) { u256_to_be(v, riv_buf_raw(out, 32)); }

static void put_address(riv_buf *out, const eth_address *a)
{
    riv_put_bytes(out, (riv_bytes){ a->bytes, sizeof a->bytes });
}

static void put_numbers(riv_buf *out, const chain_params *p)
{
    const uint64_t all[] = {
        p->chain_id,
        p->genesis_time_s,
        p->epoch_seconds,
        p->min_deal_deposited_epochs,
        p->min_deal_rematching_epochs,
        p->min_protocol_version,
        p->max_protocol_version,
        p->min_duration,
        p->vesting_period_duration,
        p->vesting_period_count,
        p->withdraw_epochs_after_failed,
        p->max_failed_ratio,
        p->slashing_rate,
        p->min_proofs_per_epoch,
        p->max_proofs_per_epoch,
        p->block_gas_max,
    };
    for (size_t i = 0; i < RIV_COUNT(all); i++) riv_put_u64be(out, all[i]);
}

static void put_amounts(riv_buf *out, const chain_params *p)
{
    put_u256(out, p->flt_price);
    put_u256(out, p->usd_collateral_per_unit);
    put_u256(out, p->usd_target_revenue_per_epoch);
    put_u256(out, p->min_reward_per_epoch);
    put_u256(out, p->max_reward_per_epoch);
    put_u256(out, p->init_reward_pool);
    put_u256(out, p->reward_balance);
}

riv_bytes chain_params_write(const chain_params *p, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, CHAIN_SEMANTICS);
    riv_put_u8(&out, (uint8_t)p->rules);
    put_numbers(&out, p);
    put_amounts(&out, p);
    riv_put_u8(&out, p->whitelist_enabled);
    riv_put_u8(&out, p->proofs_mocked);
    riv_put_u8(&out, p->fees);
    riv_put_bytes(&out, (riv_bytes){ p->difficulty, sizeof p->difficulty });
    riv_put_bytes(&out, (riv_bytes){ p->init_global_nonce, sizeof p->init_global_nonce });
    put_address(&out, &p->owner);
    put_address(&out, &p->oracle);
    riv_put_u32be(&out, (uint32_t)p->more_tokens_count);
    for (size_t i = 0; i < p->more_tokens_count; i++) put_address(&out, &p->more_tokens[i]);
    riv_put_u32be(&out, (uint32_t)p->balances_count);
    for (size_t i = 0; i < p->balances_count; i++) {
        put_address(&out, &p->balances[i].who);
        put_u256(&out, p->balances[i].flt);
        put_u256(&out, p->balances[i].usd);
    }
    return riv_buf_view(&out);
}

static u256 read_u256(riv_reader *r) { return u256_from_be(riv_read_bytes(r, 32)); }

static void read_numbers(riv_reader *r, chain_params *p)
{
    uint64_t *const all[] = {
        &p->chain_id,
        &p->genesis_time_s,
        &p->epoch_seconds,
        &p->min_deal_deposited_epochs,
        &p->min_deal_rematching_epochs,
        &p->min_protocol_version,
        &p->max_protocol_version,
        &p->min_duration,
        &p->vesting_period_duration,
        &p->vesting_period_count,
        &p->withdraw_epochs_after_failed,
        &p->max_failed_ratio,
        &p->slashing_rate,
        &p->min_proofs_per_epoch,
        &p->max_proofs_per_epoch,
        &p->block_gas_max,
    };
    for (size_t i = 0; i < RIV_COUNT(all); i++) *all[i] = riv_read_u64be(r);
}

static void read_amounts(riv_reader *r, chain_params *p)
{
    p->flt_price                    = read_u256(r);
    p->usd_collateral_per_unit      = read_u256(r);
    p->usd_target_revenue_per_epoch = read_u256(r);
    p->min_reward_per_epoch         = read_u256(r);
    p->max_reward_per_epoch         = read_u256(r);
    p->init_reward_pool             = read_u256(r);
    p->reward_balance               = read_u256(r);
}

static bool read_flag(riv_reader *r, bool *bad)
{
    uint8_t v = riv_read_u8(r);
    *bad      = *bad || v > 1;
    return v == 1;
}

riv_err chain_params_read(riv_bytes in, riv_arena *arena, riv_fault *fault, chain_params *out)
{
    riv_reader r         = riv_reader_of(in);
    uint8_t    semantics = riv_read_u8(&r), rules = riv_read_u8(&r);
    bool       bad = rules > CHAIN_G0;
    *out           = (chain_params){ .rules = rules == CHAIN_G0 ? CHAIN_G0 : CHAIN_FIXED };
    if (!r.short_read && semantics != CHAIN_SEMANTICS)
        return riv_fail(
            fault, RIV_E_UNSUPPORTED, 0,
            "this chain was made by %s version of the program: its blocks follow rules %u, this program has rules %d",
            semantics < CHAIN_SEMANTICS ? "an older" : "a newer", semantics, CHAIN_SEMANTICS);
    read_numbers(&r, out);
    read_amounts(&r, out);
    out->whitelist_enabled = read_flag(&r, &bad);
    out->proofs_mocked     = read_flag(&r, &bad);
    out->fees              = read_flag(&r, &bad);
    chain__read_into(&r, out->difficulty, sizeof out->difficulty);
    chain__read_into(&r, out->init_global_nonce, sizeof out->init_global_nonce);
    out->owner             = chain__read_address(&r);
    out->oracle            = chain__read_address(&r);
    out->more_tokens_count = riv_read_u32be(&r);
    if (bad || r.short_read || out->more_tokens_count > TOKENS_MAX || out->epoch_seconds == 0)
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "these are no parameters of a chain");
    eth_address *tokens = riv_new(arena, eth_address, out->more_tokens_count + 1);
    for (size_t i = 0; i < out->more_tokens_count; i++) tokens[i] = chain__read_address(&r);
    out->balances_count = riv_read_u32be(&r);
    if (r.short_read || out->balances_count > BALANCES_MAX || out->balances_count * 84 != riv_reader_left(&r))
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "the balances of a chain's parameters are cut short");
    chain_balance *balances = riv_new(arena, chain_balance, out->balances_count + 1);
    for (size_t i = 0; i < out->balances_count; i++) {
        balances[i].who = chain__read_address(&r);
        balances[i].flt = read_u256(&r);
        balances[i].usd = read_u256(&r);
    }
    out->more_tokens = tokens;
    out->balances    = balances;
    return RIV_OK;
}
