/* trade.c: the simulated market's world: the queue, the chain's process and its deaths, the line to it, agents' lives.
 * The driver of room rpc runs over a store in memory whose commits may kill it; what was committed is all that the next life finds.
 * Spec: docs/sim.md. Tests: trade_test.c, trade_campaign_test.c. */
#include "sim/trade_internal.h"

enum { SIGNED_FAULTS = 0x5bd1e995, GAS_OF_BLOCKS = 400000000 };

/* ---- chance and time ---- */

uint64_t trade__below(trade__world *w, uint64_t bound) { return bound ? riv_prng_below(&w->delays, bound) : 0; }
uint64_t trade__ms(const trade__world *w) { return w->now_ms - TRADE__START_MS; }
uint64_t trade__epoch_ms(const trade__world *w) { return w->config.epoch_seconds * 1000; }
bool     trade__healed(const trade__world *w) { return w->now_ms >= w->busy_until_ms; }
bool     trade__closing(const trade__world *w, uint64_t epoch) { return epoch > w->config.busy_epochs; }

bool trade__fault(trade__world *w, uint32_t per_million)
{
    return !trade__healed(w) && per_million && riv_prng_chance(&w->faults, per_million);
}

void trade__break(trade__world *w, const char *format, ...)
{
    if (w->broken.err) return;
    va_list    args;
    riv_arena *arena = riv_arena_new(0);
    va_start(args, format);
    riv_str what = riv_vformat(arena, format, args);
    va_end(args);
    riv_fail(&w->broken, RIV_E_CONFLICT, w->now_ms, "seed %llu, %llu ms, block %llu: " RIV_FMT,
             (unsigned long long)w->config.seed, (unsigned long long)trade__ms(w), (unsigned long long)w->height,
             RIV_ARG(what));
    LOG_ERROR(w->config.log, "trade.broken", LOG_STR("rule", what), LOG_U64("seed", w->config.seed));
    riv_arena_free(arena);
}

void trade__note(trade__world *w, const char *what, riv_bytes bytes)
{
    riv_buf one = { 0 };
    riv_put_u64be(&one, w->report.hash);
    riv_put_u64be(&one, w->now_ms);
    riv_put_u64be(&one, riv_hash64(bytes));
    riv_put_str(&one, riv_str_c(what));
    w->report.hash = riv_hash64(riv_buf_view(&one));
    riv_buf_free(&one);
}

/* ---- the queue: a heap by time, then by the order of making ---- */

static bool before(const trade__event *a, const trade__event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->seq < b->seq;
}

static void swap(trade__world *w, size_t a, size_t b)
{
    trade__event e = w->queue[a];
    w->queue[a]    = w->queue[b];
    w->queue[b]    = e;
}

void trade__post(trade__world *w, uint64_t in_ms, trade__event_kind kind, size_t agent, uint64_t conn, riv_str text)
{
    if (w->queued == w->queue_cap) {
        w->queue_cap = w->queue_cap ? 2 * w->queue_cap : 64;
        w->queue     = riv_realloc(w->queue, w->queue_cap * sizeof *w->queue);
    }
    size_t i = w->queued++;
    w->queue[i] =
        (trade__event){ .at_ms = w->now_ms + in_ms, .seq = w->seq++, .kind = kind, .agent = agent, .conn = conn };
    if (text.len) w->queue[i].text = riv_blob_copy(riv_str_bytes(text));
    for (; i > 0 && before(&w->queue[i], &w->queue[(i - 1) / 2]); i = (i - 1) / 2) swap(w, i, (i - 1) / 2);
}

static trade__event pop(trade__world *w)
{
    trade__event first = w->queue[0];
    w->queue[0]        = w->queue[--w->queued];
    for (size_t i = 0, kid; (kid = 2 * i + 1) < w->queued; i = kid) {
        if (kid + 1 < w->queued && before(&w->queue[kid + 1], &w->queue[kid])) kid++;
        if (!before(&w->queue[kid], &w->queue[i])) break;
        swap(w, i, kid);
    }
    return first;
}

/* ---- the line ---- */

static void deliver(trade__world *w, trade__event_kind kind, const trade__agent *a, riv_str text)
{
    const sim_trade_config *c      = &w->config;
    unsigned                copies = 1;
    if (trade__fault(w, c->faults.lose)) {
        w->report.lost++;
        return;
    }
    if (trade__fault(w, c->faults.repeat)) {
        w->report.repeated++;
        copies = 2;
    }
    while (copies--) {
        uint64_t late = c->latency_ms_min + trade__below(w, c->latency_ms_max - c->latency_ms_min + 1);
        if (trade__fault(w, c->faults.stall)) {
            w->report.stalled++;
            late += trade__below(w, c->faults.stall_ms);
        }
        trade__post(w, late, kind, a->index, a->conn, text);
    }
}

void trade__send(trade__agent *a, riv_str request) { deliver(a->world, TRADE__REQUEST, a, request); }

/* A worker is asked beside the chain. Some answers get lost as well. */
bool trade__pings(trade__world *w, const eth_address *provider)
{
    for (size_t i = 0; i < w->agents_count; i++) {
        const trade__agent *a = &w->agents[i];
        if (eth_address_eq(&a->where, provider)) return !a->vanished && !trade__fault(w, w->config.faults.lose);
    }
    return false;
}

/* ---- the chain's process ---- */

static void note_writes(trade__world *w, const chain_write *writes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        trade__note(w, "key", writes[i].key);
        trade__note(w, "value", writes[i].value);
    }
}

/* The last value of the state that is written; count: none is. */
static size_t value_at(const chain_write *writes, size_t count)
{
    size_t at = count;
    for (size_t i = 0; i < count; i++)
        if (writes[i].key.len && writes[i].key.ptr[0] == 'V') at = i;
    return at;
}

static riv_err commit(void *ctx, const chain_write *writes, size_t count, riv_fault *fault)
{
    trade__world          *w = ctx;
    const sim_trade_spoil  s = w->config.spoil;
    const sim_trade_faults f = w->config.faults;
    note_writes(w, writes, count);
    if (w->commits && trade__fault(w, f.crash_before)) {
        w->died = TRADE__DIED_BEFORE;
        w->report.crashes_before++;
        return riv_fail(fault, RIV_E_IO, 0, "the process died before the commit");
    }
    bool now = w->commits > 20 && !w->spoiled;
    if (now && s == SIM_TRADE_SPOIL_LOST_BLOCK) {
        w->spoiled = true;
        w->commits++;
        return RIV_OK;
    }
    size_t at = value_at(writes, count);
    if (now && s == SIM_TRADE_SPOIL_TORN_COMMIT && at < count) {
        w->spoiled = true;
        chain_memory_apply(w->memory, writes, at);
        chain_memory_apply(w->memory, writes + at + 1, count - at - 1);
    } else {
        chain_memory_apply(w->memory, writes, count);
    }
    if (w->commits++ && trade__fault(w, f.crash_behind)) {
        w->died = TRADE__DIED_BEHIND;
        w->report.crashes_behind++;
        return riv_fail(fault, RIV_E_IO, 0, "the process died behind the commit");
    }
    return RIV_OK;
}

static void chain_starts(trade__world *w)
{
    riv_fault  fault  = { 0 };
    rpc_config config = { .engine      = w->engine,
                          .place       = { w->store, w, commit },
                          .genesis     = &w->params,
                          .interval_ms = w->config.interval_ms,
                          .proposer    = w->proposer };
    if (rpc_open(&config, &fault, &w->rpc)) {
        w->rpc = NULL;
        trade__break(w, "the chain does not start again: %s", fault.msg);
        return;
    }
    LOG_INFO(w->config.log, "trade.chain_starts", LOG_U64("ms", trade__ms(w)), LOG_U64("blocks", w->commits));
    trade__check_restart(w);
}

/* What waited is forgotten; everybody's connection breaks, and each learns of it in its time. */
static void chain_dies(trade__world *w)
{
    static const char *const how[] = { "between blocks", "before the commit", "behind the commit" };
    LOG_INFO(w->config.log, "trade.chain_dies", LOG_U64("ms", trade__ms(w)), LOG_U64("height", w->height),
             LOG_CSTR("how", how[w->died]));
    rpc_close(w->rpc);
    w->rpc  = NULL;
    w->died = TRADE__ALIVE;
    for (size_t i = 0; i < w->agents_count; i++)
        if (w->agents[i].up)
            trade__post(w, trade__below(w, w->config.latency_ms_max) + 1, TRADE__CLOSED, i, w->agents[i].conn,
                        RIV_LIT(""));
    trade__post(w, 1 + trade__below(w, w->config.faults.restart_ms), TRADE__CHAIN_STARTS, 0, 0, RIV_LIT(""));
}

static void deliver_notices(trade__world *w)
{
    const rpc_notice *all   = NULL;
    size_t            count = rpc_notices(w->rpc, &all);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < w->agents_count; k++)
            if (w->agents[k].up && w->agents[k].conn == all[i].conn)
                deliver(w, TRADE__REPLY, &w->agents[k], all[i].text);
}

/* What a process told before it died may have left it; its answer does in one case of two. */
static void after_call(trade__world *w, const trade__agent *asked, riv_str reply)
{
    bool died = w->died != TRADE__ALIVE;
    trade__check_blocks(w);
    if (died && !rpc_failed(w->rpc)) trade__break(w, "the driver goes on after a commit that failed");
    if (asked && reply.len && (!died || trade__fault(w, 500000))) deliver(w, TRADE__REPLY, asked, reply);
    deliver_notices(w);
    if (died) chain_dies(w);
}

static void on_request(trade__world *w, const trade__event *e)
{
    const trade__agent *a     = &w->agents[e->agent];
    riv_buf             reply = { 0 };
    riv_str             text  = riv_bytes_str(riv_blob_view(e->text));
    bool                open  = a->up && a->conn == e->conn; /* else nobody is there to be told */
    if (!w->rpc) return;
    trade__note(w, "request", riv_blob_view(e->text));
    rpc_answer(w->rpc, open ? e->conn : 0, w->now_ms, text, &reply);
    trade__note(w, "reply", riv_buf_view(&reply));
    after_call(w, open ? a : NULL, riv_buf_str(&reply));
    riv_buf_free(&reply);
}

static void on_block(trade__world *w)
{
    uint64_t next = w->config.interval_ms;
    if (w->rpc) {
        riv_err err = rpc_mine(w->rpc, w->now_ms, NULL);
        if (err && w->died == TRADE__ALIVE) trade__break(w, "no block could be made");
        after_call(w, NULL, RIV_LIT(""));
    }
    if (trade__fault(w, w->config.faults.late_block)) {
        w->report.late_blocks++;
        next += trade__below(w, w->config.faults.stall_ms);
    }
    trade__post(w, next, TRADE__BLOCK, 0, 0, RIV_LIT(""));
}

/* ---- agents' lives ---- */

static void agent_starts(trade__world *w, trade__agent *a)
{
    a->up   = true;
    a->conn = ++w->conns;
    riv_arena_reset(a->memory);
    riv_arena_reset(a->thought);
    a->talk       = 0;
    a->stage      = 0;
    a->subscribed = false;
    a->sent       = false;
    memset(&a->mind, 0, sizeof a->mind);
    trade__post(w, trade__below(w, trade__epoch_ms(w) / 4), TRADE__WAKE, a->index, a->conn, RIV_LIT(""));
}

static void agent_dies(trade__world *w, trade__agent *a)
{
    a->up = false;
    if (w->rpc) rpc_forget(w->rpc, a->conn);
}

static void on_closed(trade__world *w, trade__agent *a)
{
    if (w->rpc) rpc_forget(w->rpc, a->conn);
    a->conn       = ++w->conns;
    a->talk       = 0;
    a->subscribed = false;
    trade__post(w, trade__below(w, trade__epoch_ms(w) / 4), TRADE__WAKE, a->index, a->conn, RIV_LIT(""));
}

static void look(trade__agent *a)
{
    riv_arena_reset(a->thought);
    a->world->report.looks++;
    a->asked_ms     = a->world->now_ms;
    a->stage        = 0;
    a->acted        = false;
    a->wishes_count = 0;
    if (a->provider)
        trade__provider_look(a);
    else
        trade__customer_look(a);
}

/* An answer that does not come is not waited for longer than a few ways there and back. */
static void on_wake(trade__world *w, trade__agent *a)
{
    uint64_t patience = 6 * (uint64_t)w->config.latency_ms_max + 500;
    trade__post(w, trade__epoch_ms(w) / 7 + trade__below(w, trade__epoch_ms(w) / 5), TRADE__WAKE, a->index, a->conn,
                RIV_LIT(""));
    if (!a->talk || w->now_ms - a->asked_ms > patience) look(a);
}

static void on_tick(trade__world *w)
{
    trade__post(w, TRADE__TICK_MS, TRADE__TICK, 0, 0, RIV_LIT(""));
    if (w->rpc && trade__fault(w, w->config.faults.crash_chain)) {
        w->report.crashes_between++;
        chain_dies(w);
    }
    for (size_t i = 0; i < w->agents_count; i++) {
        trade__agent *a = &w->agents[i];
        if (!a->vanished && w->now_ms >= a->vanish_ms) {
            a->vanished = true;
            w->report.vanished++;
            agent_dies(w, a);
            LOG_INFO(w->config.log, "trade.vanishes", LOG_U64("ms", trade__ms(w)), LOG_U64("index", i));
        } else if (a->up && trade__fault(w, w->config.faults.crash_agent)) {
            w->report.agent_crashes++;
            LOG_INFO(w->config.log, "trade.forgets", LOG_U64("ms", trade__ms(w)), LOG_U64("index", i));
            agent_dies(w, a);
            trade__post(w, 1 + trade__below(w, w->config.faults.restart_ms), TRADE__AGENT_STARTS, i, 0, RIV_LIT(""));
        }
    }
}

static void on_event(trade__world *w, const trade__event *e)
{
    trade__agent *a    = &w->agents[e->agent];
    bool          mine = a->up && a->conn == e->conn;
    switch (e->kind) {
    case TRADE__WAKE:
        if (mine) on_wake(w, a);
        break;
    case TRADE__REQUEST: on_request(w, e); break;
    case TRADE__REPLY:
        if (mine) trade__heard(a, riv_bytes_str(riv_blob_view(e->text)));
        break;
    case TRADE__CLOSED:
        if (mine) on_closed(w, a);
        break;
    case TRADE__BLOCK: on_block(w); break;
    case TRADE__TICK: on_tick(w); break;
    case TRADE__CHAIN_STARTS: chain_starts(w); break;
    case TRADE__AGENT_STARTS:
        if (!a->vanished) agent_starts(w, a);
        break;
    }
}

/* ---- the beginning ---- */

static u256 flt(uint64_t n)
{
    u256 out;
    bool fits = u256_mul(u256_of(n), u256_of(UINT64_C(1000000000000000000)), &out);
    RIV_ASSERT(fits);
    return out;
}

static crypto_secret key_of(uint64_t seed, uint64_t index, eth_address *where)
{
    crypto_secp_public public;
    crypto_secret key;
    riv_buf       text = { 0 };
    riv_putf(&text, "trade %llu %llu", (unsigned long long)seed, (unsigned long long)index);
    crypto_hash hash = crypto_keccak256(riv_buf_view(&text));
    riv_buf_free(&text);
    memcpy(key.bytes, hash.bytes, sizeof key.bytes);
    riv_err err = crypto_secp_public_of(&key, &public);
    RIV_ASSERT(!err); /* a hash that is no key does not come in 2^128 */
    *where = eth_address_of_key(&public);
    return key;
}

static void make_agents(trade__world *w)
{
    const sim_trade_config *c = &w->config;
    w->agents_count           = c->providers + c->customers;
    for (size_t i = 0; i < w->agents_count; i++) {
        trade__agent *a = &w->agents[i];
        *a         = (trade__agent){ .world = w, .index = i, .provider = i < c->providers, .vanish_ms = UINT64_MAX };
        a->memory  = riv_arena_new(0);
        a->thought = riv_arena_new(0);
        a->key     = key_of(c->seed, i, &a->where);
        if (a->provider && riv_prng_chance(&w->faults, c->vanish))
            a->vanish_ms = TRADE__START_MS + riv_prng_below(&w->faults, w->busy_until_ms - TRADE__START_MS);
    }
}

static void make_genesis(trade__world *w)
{
    chain_params  *p   = &w->params;
    chain_balance *all = riv_new(w->arena, chain_balance, TRADE__AGENTS_MAX);
    (void)key_of(w->config.seed, 100, &w->core_owner);
    (void)key_of(w->config.seed, 101, &w->proposer);
    chain_params_local(p);
    p->genesis_time_s               = TRADE__START_MS / 1000;
    p->epoch_seconds                = w->config.epoch_seconds;
    p->owner                        = w->core_owner;
    p->oracle                       = w->core_owner;
    p->proofs_mocked                = true;
    p->fees                         = w->config.fees;
    p->block_gas_max                = GAS_OF_BLOCKS;
    p->min_duration                 = 3;
    p->vesting_period_duration      = 1 + riv_prng_below(&w->delays, 3);
    p->vesting_period_count         = 1 + riv_prng_below(&w->delays, 3);
    p->max_failed_ratio             = 1 + riv_prng_below(&w->delays, 6);
    p->slashing_rate                = riv_prng_below(&w->delays, 3000000);
    p->min_proofs_per_epoch         = 1 + riv_prng_below(&w->delays, 2);
    p->withdraw_epochs_after_failed = riv_prng_below(&w->delays, 3);
    for (size_t i = 0; i < w->agents_count; i++) {
        const trade__agent *a = &w->agents[i];
        all[i]                = (chain_balance){ a->where, flt(1000000), u256_of(a->provider ? 0 : TRADE__USD_EACH) };
    }
    p->balances       = all;
    p->balances_count = w->agents_count;
}

static trade__world *open_world(const sim_trade_config *config)
{
    trade__world *w  = riv_alloc(sizeof *w);
    w->config        = *config;
    w->arena         = riv_arena_new(0);
    w->engine        = chain_new();
    w->memory        = chain_memory_new();
    w->store         = chain_memory_store(w->memory);
    w->delays        = riv_prng_seed(config->seed);
    w->faults        = riv_prng_seed(config->seed ^ SIGNED_FAULTS);
    w->now_ms        = TRADE__START_MS;
    w->busy_until_ms = TRADE__START_MS + config->busy_epochs * trade__epoch_ms(w);
    w->height        = UINT64_MAX; /* the genesis is to be looked at */
    trade__line_open(w);
    make_agents(w);
    make_genesis(w);
    trade__book_open(&w->book, w->arena);
    chain_starts(w);
    trade__check_blocks(w);
    for (size_t i = 0; i < w->agents_count; i++) agent_starts(w, &w->agents[i]);
    trade__post(w, TRADE__TICK_MS, TRADE__TICK, 0, 0, RIV_LIT(""));
    if (config->interval_ms) trade__post(w, config->interval_ms, TRADE__BLOCK, 0, 0, RIV_LIT(""));
    return w;
}

static void free_world(trade__world *w)
{
    for (size_t i = 0; i < w->queued; i++) riv_blob_free(&w->queue[i].text);
    for (size_t i = 0; i < w->agents_count; i++) {
        riv_arena_free(w->agents[i].memory);
        riv_arena_free(w->agents[i].thought);
    }
    riv_free(w->queue);
    rpc_close(w->rpc);
    chain_memory_free(w->memory);
    chain_free(w->engine);
    riv_arena_free(w->arena);
    riv_free(w);
}

static uint64_t epoch_now(const trade__world *w) { return 1 + (w->now_ms - TRADE__START_MS) / trade__epoch_ms(w); }

riv_err sim_trade_run(const sim_trade_config *config, riv_fault *fault, sim_trade_report *out)
{
    RIV_ASSERT(config->providers && config->providers <= SIM_TRADE_PROVIDERS_MAX);
    RIV_ASSERT(config->customers && config->customers <= SIM_TRADE_CUSTOMERS_MAX);
    RIV_ASSERT(config->epoch_seconds && config->busy_epochs && config->latency_ms_max >= config->latency_ms_min);
    trade__world *w = open_world(config);
    while (!w->broken.err && !trade__at_rest(w)) {
        trade__event e = pop(w);
        w->now_ms      = e.at_ms;
        on_event(w, &e);
        riv_blob_free(&e.text);
        if (epoch_now(w) > config->busy_epochs + TRADE__CLOSING_MAX) trade__check_rest(w);
    }
    if (!w->broken.err) trade__check_end(w);
    w->report.epochs = epoch_now(w);
    *out             = w->report;
    riv_err err      = w->broken.err;
    if (err) riv_fail(fault, err, w->broken.pos, "%s", w->broken.msg);
    free_world(w);
    return err;
}

/* ---- seeds of campaigns ---- */

const char *sim_trade_weather(uint64_t seed)
{
    static const char *const names[] = { "calm", "late", "lossy", "crashes", "hurricane" };
    return names[seed % RIV_COUNT(names)];
}

void sim_trade_draw(uint64_t seed, sim_trade_config *out)
{
    static const sim_trade_faults weathers[] = {
        { 0 },
        { .stall = 100000, .late_block = 100000, .stall_ms = 30000 },
        { .lose = 80000, .repeat = 120000, .stall = 50000, .stall_ms = 8000 },
        { .crash_before = 40000,
          .crash_behind = 40000,
          .crash_chain  = 4000,
          .crash_agent  = 5000,
          .restart_ms   = 15000,
          .repeat       = 30000 },
        { .lose         = 100000,
          .repeat       = 100000,
          .stall        = 100000,
          .late_block   = 100000,
          .crash_before = 60000,
          .crash_behind = 60000,
          .crash_chain  = 8000,
          .crash_agent  = 8000,
          .stall_ms     = 20000,
          .restart_ms   = 20000 },
    };
    riv_prng p     = riv_prng_seed(seed ^ 0x7472616465u);
    *out           = (sim_trade_config){ .seed = seed, .latency_ms_min = 5, .latency_ms_max = 300, .vanish = 350000 };
    out->providers = 1 + riv_prng_below(&p, SIM_TRADE_PROVIDERS_MAX);
    out->customers = 1 + riv_prng_below(&p, SIM_TRADE_CUSTOMERS_MAX);
    out->epoch_seconds = 10 + riv_prng_below(&p, 20);
    out->busy_epochs   = 12 + riv_prng_below(&p, 14);
    out->interval_ms   = riv_prng_below(&p, 3) ? 1500 + riv_prng_below(&p, 5000) : 0;
    out->fees          = riv_prng_below(&p, 2) == 1;
    out->faults        = weathers[seed % RIV_COUNT(weathers)];
}
