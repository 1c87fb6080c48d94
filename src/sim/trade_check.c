/* trade_check.c: the rules of the simulated market: after each block the chain's own views are held against the book, and all money is counted;
 * after a restart the head is what was committed; at the end everybody has what the book says, and all blocks lead to the same hashes again.
 * Spec: docs/sim.md. Tests: trade_test.c. */
#include "sim/trade_internal.h"

/* ---- asking ---- */

bool trade__view(trade__world *w, const eth_address *to, const char *signature, const eth_value *args,
                 const char *returns, riv_arena *arena, eth_value *out)
{
    chain_receipt receipt;
    chain_call    call = { .to = *to, .data = trade__data(w, signature, args, arena) };
    riv_err       err  = chain_call_run(w->engine, &w->store, UINT64_MAX, &call, arena, NULL, &receipt);
    if (err || !receipt.ok) return false;
    return !eth_abi_read(trade__returns(w, returns), receipt.returned, arena, NULL, out);
}

static u256 number_at(trade__world *w, const eth_address *to, const char *signature, const eth_value *arg,
                      riv_arena *arena)
{
    eth_value out;
    if (trade__view(w, to, signature, arg, "(uint256)", arena, &out)) return out.items[0].word;
    trade__break(w, "%s cannot be asked", signature);
    return U256_ZERO;
}

static void expect(trade__world *w, const char *rule, u256 is, u256 should)
{
    if (u256_cmp(is, should) == 0) return;
    riv_buf text = { 0 };
    u256_put(&text, is);
    riv_put_str(&text, RIV_LIT(", not "));
    u256_put(&text, should);
    trade__break(w, "%s: " RIV_FMT, rule, RIV_ARG(riv_buf_str(&text)));
    riv_buf_free(&text);
}

static u256 plus(trade__world *w, u256 a, u256 b)
{
    u256 out;
    if (!u256_add(a, b, &out)) trade__break(w, "more money than 256 bits hold");
    return out;
}

static u256 usd_of(trade__world *w, const eth_address *who, riv_arena *arena)
{
    eth_address usd = chain_contract_address(CHAIN_USD);
    eth_value   arg = eth_of_address(who);
    return number_at(w, &usd, "balanceOf(address)", &arg, arena);
}

static u256 flt_of(trade__world *w, const eth_address *who)
{
    chain_account account = { 0 };
    if (chain_account_read(&w->store, UINT64_MAX, who, NULL, &account)) trade__break(w, "an account cannot be read");
    return account.balance;
}

/* ---- money ---- */

/* Parts of USD: every account has what the book says, and with what lies in deals it is all there is. */
static void check_usd(trade__world *w, riv_arena *arena)
{
    u256        sum = U256_ZERO;
    eth_address usd = chain_contract_address(CHAIN_USD);
    for (size_t i = 0; i < w->agents_count; i++) {
        const trade__agent *a      = &w->agents[i];
        uint64_t            should = a->provider ? trade__book_paid(&w->book, &a->where) : TRADE__USD_EACH;
        for (size_t k = 0; k < w->book.deals.len && !a->provider; k++) {
            const trade__deal *d = w->book.deals.ptr[k];
            if (eth_address_eq(&d->owner, &a->where)) should = should + d->withdrawn - d->deposited;
        }
        u256 has = usd_of(w, &a->where, arena);
        expect(w, a->provider ? "a provider's money" : "a customer's money", has, u256_of(should));
        sum = plus(w, sum, has);
    }
    for (size_t k = 0; k < w->book.deals.len; k++) {
        const trade__deal *d   = w->book.deals.ptr[k];
        u256               has = usd_of(w, &d->where, arena);
        expect(w, "a deal's money", has, u256_of(d->free + d->owed));
        sum = plus(w, sum, has);
    }
    expect(w, "USD is not conserved", sum, w->usd);
    expect(w, "the supply changed", number_at(w, &usd, "totalSupply()", NULL, arena), w->usd);
}

static u256 sum_flt(trade__world *w)
{
    u256 sum = plus(w, flt_of(w, &w->core_owner), flt_of(w, &w->proposer));
    for (size_t i = 0; i < w->agents_count; i++) sum = plus(w, sum, flt_of(w, &w->agents[i].where));
    for (chain_contract c = 0; c < CHAIN_CONTRACTS; c++) {
        eth_address at = chain_contract_address(c);
        sum            = plus(w, sum, flt_of(w, &at));
    }
    return sum;
}

/* Capacity has the collateral of all that are not finished and what is for rewards, to the part. */
static void check_flt(trade__world *w, riv_arena *arena)
{
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    u256        locked   = number_at(w, &capacity, "rewardBalance()", NULL, arena);
    for (size_t i = 0; i < w->book.collateral.len; i++)
        if (!w->book.collateral.ptr[i].finished) locked = plus(w, locked, w->book.collateral.ptr[i].amount);
    expect(w, "what Capacity holds", flt_of(w, &capacity), locked);
    expect(w, "FLT is not conserved", sum_flt(w), w->flt);
}

/* ---- deals ---- */

static void check_unit(trade__world *w, const trade__deal *d, const trade__unit *u, riv_arena *arena)
{
    eth_address market = chain_contract_address(CHAIN_MARKET), in;
    eth_value   id     = eth_of_hash(u->id), out;
    expect(w, "a unit's reward", number_at(w, &d->where, "getRewardAmount(bytes32)", &id, arena), u256_of(u->owed));
    if (!trade__view(w, &market, "getComputeUnit(bytes32)", &id, "((address,bytes32,uint256))", arena, &out)) {
        trade__break(w, "the market does not know a unit that serves");
        return;
    }
    in = eth_to_address(&out.items[0].items[0]);
    if (!eth_address_eq(&in, &d->where)) trade__break(w, "the market has a unit elsewhere than its deal");
}

/* SPEC market.md 4.3, in its order: paid until an epoch means that there is money for the end of this one. */
static uint64_t status_of(const trade__world *w, const trade__deal *d)
{
    enum { INSUFFICIENT_FUNDS, ACTIVE, ENDED, NOT_ENOUGH_WORKERS, SMALL_BALANCE };
    uint64_t workers = trade__book_workers(d), least = w->params.min_deal_deposited_epochs * d->price * d->target;
    if (d->ended) return ENDED;
    if (workers >= d->min_workers && d->free / d->price < workers) return INSUFFICIENT_FUNDS;
    if (d->free < least) return SMALL_BALANCE;
    return workers < d->min_workers ? NOT_ENOUGH_WORKERS : ACTIVE;
}

static void check_deal(trade__world *w, const trade__deal *d, riv_arena *arena)
{
    uint64_t units = 0;
    for (size_t i = 0; i < d->units.len; i++) {
        if (d->units.ptr[i].gone) continue;
        units++;
        check_unit(w, d, &d->units.ptr[i], arena);
    }
    expect(w, "free money", number_at(w, &d->where, "getFreeBalance()", NULL, arena), u256_of(d->free));
    expect(w, "a deal's status", number_at(w, &d->where, "getStatus()", NULL, arena), u256_of(status_of(w, d)));
    expect(w, "the number of workers", number_at(w, &d->where, "getWorkerCount()", NULL, arena),
           u256_of(trade__book_workers(d)));
    expect(w, "the number of units", number_at(w, &d->where, "getComputeUnitCount()", NULL, arena), u256_of(units));
}

static void check_all(trade__world *w, riv_arena *arena)
{
    check_usd(w, arena);
    check_flt(w, arena);
    for (size_t i = 0; i < w->book.deals.len; i++)
        if (trade__book_workers(w->book.deals.ptr[i]) || !w->book.deals.ptr[i]->ended)
            check_deal(w, w->book.deals.ptr[i], arena);
    w->report.checks++;
}

/* ---- blocks ---- */

static void check_order(trade__world *w, const rpc_block *b)
{
    if (b->block.height && memcmp(b->block.parent.bytes, w->head.bytes, sizeof w->head.bytes) != 0)
        trade__break(w, "a block follows another than the one before it");
    w->height = b->block.height;
    w->head   = b->block.hash;
    LOG_INFO(w->config.log, "trade.block", LOG_U64("ms", trade__ms(w)), LOG_U64("height", w->height),
             LOG_U64("time", b->block.time_s - w->params.genesis_time_s), LOG_U64("txs", b->txs_count));
    *riv_push(w->arena, &w->hashes) = b->block.hash;
}

static void begin_sums(trade__world *w)
{
    w->flt = sum_flt(w);
    for (size_t i = 0; i < w->params.balances_count; i++) w->usd = plus(w, w->usd, w->params.balances[i].usd);
}

void trade__check_blocks(trade__world *w)
{
    riv_arena *arena = riv_arena_new(0);
    riv_fault  fault = { 0 };
    chain_head head;
    if (chain_head_read(&w->store, UINT64_MAX, arena, &fault, &head)) {
        trade__break(w, "the head cannot be read: %s", fault.msg);
    } else if (head.height + 1 != w->commits) {
        trade__break(w, "%llu blocks were committed, the head is at %llu", (unsigned long long)w->commits,
                     (unsigned long long)head.height);
    }
    bool news =
        false; /* a block of nothing in the same epoch changes nothing that is compared here; the replay compares its hashes */
    while (!w->broken.err && w->height != head.height) {
        rpc_block b;
        if (rpc_block_read(&w->store, w->height + 1, true, arena, &fault, &b)) {
            trade__break(w, "a block that was kept cannot be read: %s", fault.msg);
            break;
        }
        if (b.block.height == 0) begin_sums(w);
        check_order(w, &b);
        uint64_t epoch = w->book.epoch;
        trade__book_block(w, &b, arena);
        news = news || b.txs_count || w->book.epoch != epoch || b.block.height == 0;
    }
    if (news && !w->broken.err) check_all(w, arena);
    riv_arena_free(arena);
}

void trade__check_restart(trade__world *w)
{
    riv_arena *arena = riv_arena_new(0);
    chain_head head;
    riv_err    err = chain_head_read(&w->store, UINT64_MAX, arena, NULL, &head);
    if (err || (w->hashes.len && (head.height + 1 != w->hashes.len || memcmp(head.hash.bytes, w->head.bytes, 32) != 0)))
        trade__break(w, "after a restart the head is not the one that was committed");
    riv_arena_free(arena);
}

/* ---- rest ---- */

/* NULL: nothing is left to do. */
static const char *still_to_do(const trade__world *w)
{
    for (size_t i = 0; i < w->book.deals.len; i++) {
        const trade__deal *d = w->book.deals.ptr[i];
        if (!d->ended) return "a deal is not stopped";
        if (d->free) return "a customer did not take back what is left";
        for (size_t k = 0; k < d->units.len; k++)
            if (!d->units.ptr[k].gone) return "a unit is still in a deal";
    }
    for (size_t i = 0; i < w->agents_count; i++) {
        const trade__agent *a         = &w->agents[i];
        uint64_t            deposited = 0, withdrawn = 0;
        if (!a->up && !a->vanished) return "somebody did not come back";
        for (size_t k = 0; k < w->book.collateral.len && a->provider && !a->vanished; k++)
            if (!w->book.collateral.ptr[k].finished && eth_address_eq(&w->book.collateral.ptr[k].who, &a->where))
                return "a provider did not take back its collateral";
        for (size_t k = 0; k < w->book.deals.len; k++) {
            if (!eth_address_eq(&w->book.deals.ptr[k]->owner, &a->where)) continue;
            deposited += w->book.deals.ptr[k]->deposited;
            withdrawn += w->book.deals.ptr[k]->withdrawn;
        }
        if (!a->provider && (a->mind.c.deposited != deposited || a->mind.c.withdrawn != withdrawn))
            return "a customer's own account is another than the book's";
    }
    return NULL;
}

bool trade__at_rest(trade__world *w)
{
    if (!trade__healed(w) || !w->rpc || w->now_ms < w->busy_until_ms + 2 * trade__epoch_ms(w)) return false;
    return still_to_do(w) == NULL;
}

void trade__check_rest(trade__world *w)
{
    const char *what = still_to_do(w);
    if (what) trade__break(w, "the market does not come to rest: %s", what);
}

/* Each customer: deposited − withdrawn = the sum over its units of paid epochs × price. */
static void check_refunds(trade__world *w)
{
    for (size_t i = 0; i < w->book.deals.len; i++) {
        const trade__deal *d    = w->book.deals.ptr[i];
        uint64_t           work = 0;
        for (size_t k = 0; k < d->units.len; k++) work += d->units.ptr[k].epochs * d->price;
        expect(w, "what a customer paid for work", u256_of(d->deposited - d->withdrawn), u256_of(work));
    }
    if (w->report.deposited != w->report.withdrawn + w->report.paid)
        trade__break(w, "customers paid another sum than providers got");
}

static void check_replay(trade__world *w)
{
    riv_buf      text  = { 0 };
    riv_fault    fault = { 0 };
    riv_arena   *arena = riv_arena_new(0);
    rpc_replayed again;
    chain_head   head;
    rpc_export_start(&w->params, arena, &text);
    for (uint64_t h = 0; h <= w->height && !w->broken.err; h++) {
        rpc_block b;
        if (rpc_block_read(&w->store, h, false, arena, &fault, &b))
            trade__break(w, "block %llu: %s", (unsigned long long)h, fault.msg);
        else
            rpc_export_block(&b, &text);
    }
    chain *fresh = chain_new();
    if (!w->broken.err && rpc_replay(fresh, NULL, riv_buf_view(&text), &fault, &again))
        trade__break(w, "the replay differs: %s", fault.msg);
    else if (chain_head_read(&w->store, UINT64_MAX, arena, &fault, &head) || again.blocks != w->commits ||
             memcmp(again.app_hash.bytes, head.app_hash.bytes, 32) != 0)
        trade__break(w, "the replay ends elsewhere");
    trade__note(w, "end", (riv_bytes){ w->head.bytes, sizeof w->head.bytes });
    w->report.blocks = w->commits;
    chain_free(fresh);
    riv_buf_free(&text);
    riv_arena_free(arena);
}

void trade__check_end(trade__world *w)
{
    check_refunds(w);
    check_replay(w);
}
