/* market_world.c: the world of a market scenario: a chain in memory, accounts whose keys come from their names, blocks of signed transactions.
 * Every step is a block, every block goes through chain_apply as raw bytes.
 * Spec: docs/spec/scenarios.md 3. Tests: market_test.c, market_random_test.c. */
#include "sim/market_internal.h"

enum { GAS_MAX = INT32_MAX, FLT_OF_EACH = 1000000000 };

static crypto_hash named(const char *kind, riv_str name)
{
    riv_buf text = { 0 };
    riv_putf(&text, "market-%s:", kind);
    riv_put_str(&text, name);
    crypto_hash out = crypto_keccak256(riv_buf_view(&text));
    riv_buf_free(&text);
    return out;
}

crypto_hash market__made_id(const char *kind, riv_str name)
{
    return name.len ? named(kind, name) : (crypto_hash){ { 0 } };
}

void sim_market_id(const char *kind, riv_str name, uint8_t out[32])
{
    crypto_hash id = market__made_id(kind, name);
    memcpy(out, id.bytes, sizeof id.bytes);
}

market__account *market__account_of(const sim_market *m, riv_str name) { return riv_map_get_str(m->accounts, name); }

bool sim_market_account(const sim_market *m, riv_str name, eth_address *out)
{
    const market__account *a = market__account_of(m, name);
    if (a) *out = a->where;
    return a != NULL;
}

bool sim_market_deal(const sim_market *m, riv_str name, eth_address *out)
{
    const market__deal *d = riv_map_get_str(m->deals, name);
    if (d) *out = d->where;
    return d != NULL;
}

const chain      *sim_market_engine(const sim_market *m) { return m->engine; }
chain_store       sim_market_store(const sim_market *m) { return m->store; }
chain_params      sim_market_params(const sim_market *m) { return m->params; }
crypto_hash       sim_market_app_hash(const sim_market *m) { return m->app_hash; }
chain_block_input sim_market_block(const sim_market *m) { return m->block; }

static riv_err add_account(sim_market *m, riv_str name)
{
    crypto_secp_public key;
    if (market__account_of(m, name)) return RIV_OK;
    market__account *a    = riv_new(m->arena, market__account, 1);
    crypto_hash      seed = named("account", name);
    a->name               = name;
    memcpy(a->key.bytes, seed.bytes, sizeof a->key.bytes);
    RIV_TRY(crypto_secp_public_of(&a->key, &key));
    a->where = eth_address_of_key(&key);
    riv_map_put_str(m->accounts, name, a);
    return RIV_OK;
}

/* The core owner, the oracle, and one that has all tokens: it gives them away when a step needs some. */
static riv_err add_accounts(sim_market *m, const riv_json *doc, riv_fault *fault)
{
    static const char *const own[] = { "owner", "oracle", "bank of tokens" };
    const riv_json          *list;
    for (size_t i = 0; i < RIV_COUNT(own); i++) RIV_TRY(add_account(m, riv_str_c(own[i])));
    RIV_TRY(sim__member(doc, "scenario", "accounts", RIV_JSON_ARR, true, fault, &list));
    for (size_t i = 0; i < list->arr.count; i++) {
        const riv_json *v = list->arr.items[i];
        if (v->kind != RIV_JSON_STR || !v->str.len)
            return sim__malformed(fault, "scenario", "accounts", "a list of names");
        RIV_TRY(add_account(m, v->str));
    }
    return RIV_OK;
}

static u256 power(unsigned tens)
{
    u256 out = u256_of(1);
    while (tens--) {
        bool fits = u256_mul(out, u256_of(10), &out);
        RIV_ASSERT(fits);
    }
    return out;
}

static void give_balances(sim_market *m)
{
    const market__account *bank = market__account_of(m, RIV_LIT("bank of tokens"));
    chain_balance         *all  = riv_new(m->arena, chain_balance, riv_map_count(m->accounts));
    u256                   flt;
    size_t                 n = 0;
    riv_bytes              key;
    void                  *value;
    bool                   fits = u256_mul(power(18), u256_of(FLT_OF_EACH), &flt);
    RIV_ASSERT(fits);
    for (size_t i = 0; i < riv_map_slots(m->accounts); i++) {
        if (!riv_map_at(m->accounts, i, &key, &value)) continue;
        const market__account *a = value;
        all[n++]                 = (chain_balance){ a->where, flt, a == bank ? power(60) : U256_ZERO };
    }
    m->params.balances       = all;
    m->params.balances_count = n;
}

static eth_address second_token(void)
{
    crypto_hash hash = named("token", RIV_LIT("USD2"));
    eth_address out;
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static riv_err begin(sim_market *m, const riv_json *doc, riv_fault *fault)
{
    chain_block block;
    RIV_TRY(market__params_read(doc, fault, &m->params));
    RIV_TRY(add_accounts(m, doc, fault));
    m->usd2                     = second_token();
    m->params.more_tokens       = &m->usd2;
    m->params.more_tokens_count = 1;
    m->params.owner             = market__account_of(m, RIV_LIT("owner"))->where;
    m->params.oracle            = market__account_of(m, RIV_LIT("oracle"))->where;
    m->params.proofs_mocked     = true;
    m->params.fees              = false;
    m->params.block_gas_max     = (uint64_t)GAS_MAX * MARKET__TXS_MAX;
    give_balances(m);
    RIV_TRY(chain_genesis(m->engine, &m->params, &m->store, m->arena, fault, &block));
    chain_memory_apply(m->memory, block.writes, block.writes_count);
    m->app_hash     = block.app_hash;
    m->block.time_s = m->params.genesis_time_s;
    return RIV_OK;
}

riv_err sim_market_open(const riv_json *doc, riv_arena *arena, riv_fault *fault, sim_market **out)
{
    sim_market *m  = riv_new(arena, sim_market, 1);
    m->arena       = arena;
    m->engine      = chain_new();
    m->memory      = chain_memory_new();
    m->store       = chain_memory_store(m->memory);
    m->block_arena = riv_arena_new(0);
    m->accounts    = riv_map_new(arena);
    m->deals       = riv_map_new(arena);
    m->offers      = riv_map_new(arena);
    m->commitments = riv_map_new(arena);
    riv_err err    = begin(m, doc, fault);
    if (err)
        sim_market_free(m);
    else
        *out = m;
    return err;
}

void sim_market_free(sim_market *m)
{
    if (!m) return;
    riv_arena_free(m->block_arena);
    chain_memory_free(m->memory);
    chain_free(m->engine);
}

/* Selector and arguments. */
static riv_bytes call_data(const char *signature, const eth_value *args, riv_arena *arena)
{
    riv_buf data = riv_buf_in(arena);
    riv_err err  = eth_call_put(riv_str_c(signature), args, arena, NULL, &data);
    RIV_ASSERT(!err);
    return riv_buf_view(&data);
}

static riv_err sign(sim_market *m, const market__tx *t, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    riv_buf raw = riv_buf_in(arena);
    eth_tx  tx  = { .type               = 2,
                    .chain_id           = m->params.chain_id,
                    .protected_by_chain = true,
                    .nonce              = t->by->nonce++,
                    .gas_limit          = GAS_MAX,
                    .to                 = t->to,
                    .value              = t->value,
                    .data               = call_data(t->signature, t->args, arena) };
    RIV_TRY(eth_tx_sign(&tx, &t->by->key, &raw, fault));
    *out = riv_buf_view(&raw);
    return RIV_OK;
}

riv_err market__block(sim_market *m, uint64_t time_s, const market__tx *txs, size_t count, riv_arena *arena,
                      riv_fault *fault, chain_receipt *last)
{
    chain_block block;
    riv_arena_reset(m->block_arena);
    riv_bytes *raw = riv_new(m->block_arena, riv_bytes, MARKET__TXS_MAX);
    RIV_ASSERT(count <= MARKET__TXS_MAX);
    for (size_t i = 0; i < count; i++) RIV_TRY(sign(m, &txs[i], m->block_arena, fault, &raw[i]));
    crypto_hash beacon = named("beacon", riv_format(arena, "%llu", (unsigned long long)m->height + 1));
    m->block           = (chain_block_input){
                  .height = ++m->height, .time_s = time_s, .beacon = beacon, .txs = raw, .txs_count = count
    };
    RIV_TRY(chain_apply(m->engine, &m->store, &m->block, arena, fault, &block));
    chain_memory_apply(m->memory, block.writes, block.writes_count);
    m->app_hash = block.app_hash;
    for (size_t i = 0; i < count; i++) {
        const chain_receipt *r = &block.receipts[i];
        if (!r->valid)
            return riv_fail(fault, RIV_E_LIMIT, i, "a transaction of the step is too large: " RIV_FMT,
                            RIV_ARG(r->error));
        *last = *r;
        if (!r->ok) break; /* of a step's transactions only the last may revert, or there were not enough tokens */
    }
    return RIV_OK;
}

bool market__call(sim_market *m, const eth_address *to, const char *signature, const eth_value *args,
                  const char *returns, riv_arena *arena, eth_value *out, riv_str *error)
{
    eth_type      type;
    chain_receipt receipt;
    chain_call    call = { .to = *to, .data = call_data(signature, args, arena) };
    riv_err       err  = eth_type_parse(riv_str_c(returns), arena, NULL, &type);
    RIV_ASSERT(!err);
    err = chain_call_run(m->engine, &m->store, UINT64_MAX, &call, arena, NULL, &receipt);
    RIV_ASSERT(!err); /* the head of a store in memory can be read */
    *error = receipt.error;
    if (!receipt.ok) return false;
    *error = RIV_LIT("an answer that does not decode");
    return !eth_abi_read(&type, receipt.returned, arena, NULL, out);
}

u256 market__flt_of(sim_market *m, const eth_address *who)
{
    chain_account account;
    riv_err       err = chain_account_read(&m->store, UINT64_MAX, who, NULL, &account);
    RIV_ASSERT(!err);
    return account.balance;
}

u256 market__flt_first(const sim_market *m, const eth_address *who)
{
    for (size_t i = 0; i < m->params.balances_count; i++)
        if (eth_address_eq(&m->params.balances[i].who, who)) return m->params.balances[i].flt;
    return U256_ZERO;
}
