/* apply.c: what blocks cost: transfers, proofs of capacity, whole lives of deals; each block beside the recovery of its senders alone, over a state
 * in LMDB; and what they leave there once old versions are gone. Times of blocks are the processor's, of commits the clock's.
 * `bench_chain_apply DIR`: DIR is made and filled. One JSON object a line. */
#define _POSIX_C_SOURCE 200809L
#include "host/chain.h"
#include "rpc/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    ACCOUNTS  = 1000,
    BLOCK     = 1000,
    TRANSFERS = 20000,
    PROVIDERS = 50,
    PEERS     = 36, /* of a provider; each with one unit */
    UNITS     = PROVIDERS * PEERS,
    DEALS     = 500, /* of a wave */
    WAVES     = 3,
    WORKERS   = 3,
    PRICE     = 1000,
    PROOFS    = 4, /* of a unit, in one epoch */
    PAYDAYS   = 4, /* epochs in which all rewards of a wave are withdrawn */
};

typedef struct actor {
    crypto_secret key;
    eth_address   at;
    uint64_t      nonce;
} actor;
typedef struct figures {
    double recovery_s, checked_s, known_s, commit_s;
    size_t txs;
} figures;
typedef struct world {
    chain               *engine;
    host_ledger         *ledger;
    rpc_place            place;
    chain_params         params;
    actor               *accounts, *providers;
    chain_block          block; /* the newest */
    const chain_receipt *receipts;
    riv_arena           *arena, *of_block, *of_txs;
    RIV_VEC(riv_bytes) raw; /* of the next block */
    eth_address deals[DEALS];
    eth_value   units[DEALS][WORKERS];
    actor      *hosts[DEALS][WORKERS]; /* of the units */
} world;

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static double cpu_s(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

static void check(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    fprintf(stderr, "%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

/* ---- transactions ---- */

static eth_value id_of(const char *kind, size_t i)
{
    char        text[64];
    int         len  = snprintf(text, sizeof text, "%s %zu", kind, i);
    crypto_hash hash = crypto_keccak256((riv_bytes){ (const uint8_t *)text, (size_t)len });
    return eth_of_hash(hash.bytes);
}

static eth_value list(world *w, const eth_value *items, size_t count)
{
    eth_value *copy = riv_new(w->of_txs, eth_value, count + 1);
    memcpy(copy, items, count * sizeof *items);
    return eth_list(copy, count);
}

static eth_value cid(world *w, const char *kind, size_t i)
{
    uint8_t         prefixes[32] = { 0x01, 0x55, 0x12, 0x20 };
    const eth_value parts[]      = { eth_of_hash(prefixes), id_of(kind, i) };
    return list(w, parts, 2);
}

static riv_bytes encode(riv_arena *arena, const char *signature, const eth_value *args)
{
    riv_buf   data  = riv_buf_in(arena);
    riv_fault fault = { 0 };
    check(eth_call_put(riv_str_c(signature), args, arena, &fault, &data), &fault);
    return riv_buf_view(&data);
}

/* Waits for the next block. No signature: a plain transfer. */
static void send(world *w, actor *from, const eth_address *to, uint64_t value, const char *signature,
                 const eth_value *args)
{
    riv_fault fault = { 0 };
    riv_buf   raw   = riv_buf_in(w->of_txs);
    eth_tx    tx    = { .type      = 2,
                        .chain_id  = w->params.chain_id,
                        .nonce     = from->nonce++,
                        .gas_limit = 20000000,
                        .to        = *to,
                        .value     = u256_of(value) };
    if (signature) tx.data = encode(w->of_txs, signature, args);
    check(eth_tx_sign(&tx, &from->key, &raw, &fault), &fault);
    *riv_push(w->of_txs, &w->raw) = riv_buf_view(&raw);
}

static void send_to(world *w, actor *from, chain_contract to, uint64_t value, const char *signature,
                    const eth_value *args)
{
    eth_address at = chain_contract_address(to);
    send(w, from, &at, value, signature, args);
}

/* ---- blocks ---- */

static const eth_tx *recover(world *w, double *spent_s)
{
    riv_fault fault = { 0 };
    eth_tx   *txs   = riv_new(w->of_txs, eth_tx, w->raw.len + 1);
    double    start = cpu_s();
    for (size_t i = 0; i < w->raw.len; i++) check(eth_tx_read(w->raw.ptr[i], w->of_txs, &fault, &txs[i]), &fault);
    *spent_s += cpu_s() - start;
    return txs;
}

/* The block is not kept: applying changes nothing but its arena. */
static void apply(world *w, const chain_block_input *in, double *spent_s)
{
    riv_fault fault = { 0 };
    double    start = cpu_s();
    riv_arena_reset(w->of_block);
    check(chain_apply(w->engine, &w->place.store, in, w->of_block, &fault, &w->block), &fault);
    *spent_s += cpu_s() - start;
}

static void keep(world *w, const chain_block_input *in, figures *f)
{
    riv_fault    fault = { 0 };
    chain_write *writes;
    rpc_block    record = { .block = w->block, .txs = in->txs, .txs_count = in->txs_count };
    double       start  = seconds(CLOCK_MONOTONIC);
    size_t       count  = rpc__record(&record, 0, w->of_block, &writes);
    check(w->place.commit(w->place.ctx, writes, count, &fault), &fault);
    f->commit_s += seconds(CLOCK_MONOTONIC) - start;
}

/* What was sent since the last block, `later_s` after it. Receipts live till the next one. */
static void mine(world *w, uint64_t later_s, figures *f)
{
    figures           none = { 0 };
    double            empty;
    chain_block_input in = {
        .height = w->block.height + 1, .time_s = w->block.time_s + later_s, .txs = w->raw.ptr, .txs_count = w->raw.len
    };
    if (!f) f = &none;
    in.decoded = recover(w, &f->recovery_s);
    apply(w, &in, &f->known_s);
    in.decoded = NULL;
    apply(w, &in, in.txs_count ? &f->checked_s : &empty);
    keep(w, &in, f);
    f->txs += in.txs_count;
    w->receipts = w->block.receipts;
    for (size_t i = 0; i < in.txs_count; i++)
        if (!w->receipts[i].ok) {
            fprintf(stderr, "transaction %zu: " RIV_FMT "\n", i, RIV_ARG(w->receipts[i].error));
            exit(1);
        }
    w->raw.len = 0;
    w->raw.cap = 0;
    w->raw.ptr = NULL;
    riv_arena_reset(w->of_txs);
}

static u256 returned_word(const chain_receipt *r) { return u256_from_be(riv_bytes_sub(r->returned, 0, 32)); }

/* ---- what lies in the store ---- */

typedef struct kinds {
    double values, nodes, blocks, receipts, indices, rest, all;
} kinds;

static kinds measure_store(world *w)
{
    kinds       k         = { 0 };
    chain_store s         = w->place.store;
    riv_arena  *arena     = riv_arena_new(0);
    uint8_t     from[600] = { 0 };
    size_t      from_len  = 1;
    riv_bytes   key, value;
    while (s.next(s.ctx, (riv_bytes){ 0 }, (riv_bytes){ from, from_len }, arena, &key, &value)) {
        bool    passing = key.ptr[0] == 'H' || key.ptr[0] == 'R'; /* of the last blocks alone */
        double  bytes   = passing ? 0 : (double)(key.len + value.len);
        double *kind    = key.ptr[0] == 'V'                        ? &k.values
                          : key.ptr[0] == 'T'                      ? &k.nodes
                          : key.ptr[0] == 'b'                      ? &k.blocks
                          : key.ptr[0] == 'r'                      ? &k.receipts
                          : key.ptr[0] == 'x' || key.ptr[0] == 'y' ? &k.indices
                                                                   : &k.rest;
        *kind += bytes;
        k.all += bytes;
        memcpy(from, key.ptr, key.len);
        from[key.len] = 0;
        from_len      = key.len + 1;
        riv_arena_reset(arena);
    }
    riv_arena_free(arena);
    return k;
}

/* Empty blocks until no old version is kept. */
static kinds settle(world *w)
{
    for (int i = 0; i < CHAIN_VERSIONS_KEPT; i++) mine(w, 0, NULL);
    return measure_store(w);
}

static kinds sum(double x, const kinds *a, double y, const kinds *b)
{
    return (kinds){ x * a->values + y * b->values,   x * a->nodes + y * b->nodes,
                    x * a->blocks + y * b->blocks,   x * a->receipts + y * b->receipts,
                    x * a->indices + y * b->indices, x * a->rest + y * b->rest,
                    x * a->all + y * b->all };
}

/* Of one of `count` things that were done between two looks; what the empty blocks left is not theirs. */
static void print_growth(const char *name, const kinds *before, const kinds *after, const kinds *empty, double count)
{
    kinds both = sum(1, after, -1, before), one = sum(1 / count, &both, -1 / count, empty);
    printf("{\"name\":\"growth, %s\",\"all\":%.1f,\"values\":%.1f,\"nodes\":%.1f,\"blocks\":%.1f,\"receipts\":%.1f,"
           "\"indices\":%.1f,\"rest\":%.1f}\n",
           name, one.all, one.values, one.nodes, one.blocks, one.receipts, one.indices, one.rest);
}

static void print_figures(const char *name, const figures *f, double things)
{
    double n = (double)f->txs;
    printf("{\"name\":\"%s\",\"txs\":%.0f,\"things\":%.0f,\"recovery\":%.1f,\"checked\":%.1f,\"known\":%.1f,"
           "\"commit\":%.1f,\"things_checked\":%.1f,\"things_known\":%.1f}\n",
           name, n, things, n / f->recovery_s, n / f->checked_s, n / f->known_s, n / f->commit_s, things / f->checked_s,
           things / f->known_s);
}

/* ---- transfers ---- */

static void transfers(world *w, figures *f, bool token)
{
    riv_prng r = riv_prng_seed(3);
    for (size_t done = 0; done < TRANSFERS; done += BLOCK) {
        for (size_t i = 0; i < BLOCK; i++) {
            const actor    *to     = &w->accounts[riv_prng_below(&r, ACCOUNTS)];
            const eth_value args[] = { eth_of_address(&to->at), eth_word(1) };
            if (token)
                send_to(w, &w->accounts[i], CHAIN_USD, 0, "transfer(address,uint256)", args);
            else
                send(w, &w->accounts[i], &to->at, 1, NULL, NULL);
        }
        mine(w, 1, f);
    }
}

/* ---- providers: offers, commitments, proofs ---- */

static void offer(world *w, size_t p)
{
    actor          *who    = &w->providers[p];
    eth_address     token  = chain_contract_address(CHAIN_USD);
    const eth_value info[] = { eth_text(RIV_LIT("a provider")), cid(w, "info", p) };
    eth_value       peers[PEERS];
    const eth_value effectors[] = { cid(w, "effector", 0) };
    for (size_t i = 0; i < PEERS; i++) {
        const eth_value unit    = id_of("unit", p * PEERS + i);
        const eth_value parts[] = { id_of("peer", p * PEERS + i), eth_of_address(&who->at), list(w, &unit, 1) };
        peers[i]                = list(w, parts, 3);
    }
    const eth_value args[] = { eth_word(PRICE - p),   eth_of_address(&token),
                               list(w, effectors, 1), list(w, peers, PEERS),
                               eth_word(1),           eth_word(1) };
    send_to(w, who, CHAIN_MARKET, 0, "setProviderInfo(string,(bytes4,bytes32))", info);
    send_to(w, who, CHAIN_MARKET, 0,
            "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)",
            args);
}

static void commitments(world *w)
{
    static eth_value ids[UNITS];
    uint64_t         collateral = UINT64_C(100000000000000000); /* of the local network's constants: 0.1 FLT */
    for (size_t i = 0; i < UNITS; i++) {
        actor          *who    = &w->providers[i / PEERS];
        const eth_value args[] = { id_of("peer", i), eth_word(1000), eth_of_address(&who->at), eth_word(1) };
        send_to(w, who, CHAIN_CAPACITY, 0, "createCommitment(bytes32,uint256,address,uint256)", args);
    }
    mine(w, 1, NULL);
    for (size_t i = 0; i < UNITS; i++) ids[i] = eth_number(returned_word(&w->receipts[i]));
    for (size_t p = 0; p < PROVIDERS; p++) {
        const eth_value all = list(w, ids + p * PEERS, PEERS);
        send_to(w, &w->providers[p], CHAIN_CAPACITY, collateral * PEERS, "depositCollateral(bytes32[])", &all);
    }
    mine(w, w->params.epoch_seconds, NULL);
}

static void proofs(world *w, figures *f)
{
    for (size_t k = 0; k < PROOFS; k++) {
        for (size_t i = 0; i < UNITS; i++) {
            const eth_value args[] = { id_of("unit", i), id_of("nonce", k * UNITS + i),
                                       eth_of_hash(w->params.difficulty) }; /* of mocked ones */
            send_to(w, &w->providers[i / PEERS], CHAIN_CAPACITY, 0, "submitProof(bytes32,bytes32,bytes32)", args);
        }
        mine(w, k == 0 ? w->params.epoch_seconds : 0, f);
    }
}

/* ---- a wave of deals ---- */

static void create(world *w, figures *f)
{
    eth_address factory = chain_contract_address(CHAIN_DEAL_FACTORY), token = chain_contract_address(CHAIN_USD);
    uint64_t    deposit   = (uint64_t)PRICE * WORKERS * (PAYDAYS + 4);
    eth_value   effectors = cid(w, "effector", 0);
    for (size_t i = 0; i < DEALS; i++) {
        const eth_value approve[] = { eth_of_address(&factory), eth_word(deposit) };
        send_to(w, &w->accounts[i], CHAIN_USD, 0, "approve(address,uint256)", approve);
        const eth_value args[] = { cid(w, "app", i),  eth_of_address(&token), eth_word(deposit), eth_word(1),
                                   eth_word(WORKERS), eth_word(WORKERS),      eth_word(PRICE),   list(w, &effectors, 1),
                                   eth_word(0),       eth_list(NULL, 0),      eth_word(1) };
        send_to(w, &w->accounts[i], CHAIN_DEAL_FACTORY, 0,
                "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
                "address[],uint256)",
                args);
    }
    mine(w, 1, f);
    for (size_t i = 0; i < DEALS; i++) {
        eth_value word = eth_number(returned_word(&w->receipts[2 * i + 1]));
        w->deals[i]    = eth_to_address(&word);
    }
}

static eth_value ask(world *w, const eth_address *to, const char *signature, const char *returns)
{
    riv_fault     fault = { 0 };
    eth_type      type;
    eth_value     out;
    chain_receipt answer;
    chain_call    call = { .to = *to, .data = encode(w->of_txs, signature, NULL) };
    check(chain_call_run(w->engine, &w->place.store, UINT64_MAX, &call, w->of_txs, &fault, &answer), &fault);
    check(eth_type_parse(riv_str_c(returns), w->of_txs, &fault, &type), &fault);
    check(eth_abi_read(&type, answer.returned, w->of_txs, &fault, &out), &fault);
    return out.items[0];
}

static void match(world *w, figures *f)
{
    for (size_t i = 0; i < DEALS; i++) {
        eth_value deal = eth_of_address(&w->deals[i]);
        send_to(w, &w->accounts[i], CHAIN_MARKET, 0, "matchDeal(address)", &deal);
    }
    mine(w, 0, f);
    for (size_t i = 0; i < DEALS; i++) {
        eth_value units = ask(w, &w->deals[i], "getComputeUnits()", "((bytes32,bytes32,bytes32,address,uint256)[])");
        if (units.items_count != WORKERS) {
            fprintf(stderr, "deal %zu has %zu units\n", i, units.items_count);
            exit(1);
        }
        for (size_t k = 0; k < WORKERS; k++) {
            eth_address provider = eth_to_address(&units.items[k].items[3]);
            w->units[i][k]       = units.items[k].items[0];
            for (size_t p = 0; p < PROVIDERS; p++)
                if (eth_address_eq(&w->providers[p].at, &provider)) w->hosts[i][k] = &w->providers[p];
        }
    }
}

/* One transaction for each worker of the wave, by its provider. */
static void each_worker(world *w, uint64_t later_s, const char *signature, bool to_market, figures *f)
{
    for (size_t i = 0; i < DEALS; i++)
        for (size_t k = 0; k < WORKERS; k++) {
            const eth_value args[] = { w->units[i][k], id_of("worker", i * WORKERS + k) };
            eth_address     to     = to_market ? chain_contract_address(CHAIN_MARKET) : w->deals[i];
            send(w, w->hosts[i][k], &to, 0, signature, args);
        }
    mine(w, later_s, f);
}

static void end_deals(world *w, figures *f)
{
    for (size_t i = 0; i < DEALS; i++) send(w, &w->accounts[i], &w->deals[i], 0, "stop()", NULL);
    mine(w, 0, f);
    each_worker(w, w->params.epoch_seconds, "returnComputeUnitFromDeal(bytes32)", true, f);
    for (size_t i = 0; i < DEALS; i++) {
        eth_value left = ask(w, &w->deals[i], "getFreeBalance()", "(uint256)");
        send(w, &w->accounts[i], &w->deals[i], 0, "withdraw(uint256)", &left);
    }
    mine(w, 3 * w->params.epoch_seconds, f);
}

static void lives(world *w, figures *f, size_t waves, size_t paydays)
{
    for (size_t wave = 0; wave < waves; wave++) {
        create(w, f);
        match(w, f);
        each_worker(w, 0, "setWorker(bytes32,bytes32)", false, f);
        mine(w, 2 * w->params.epoch_seconds, f);
        for (size_t i = 0; i < paydays; i++)
            each_worker(w, w->params.epoch_seconds, "withdrawRewards(bytes32)", false, f);
        end_deals(w, f);
    }
}

/* ---- all of it ---- */

static void make_actors(world *w, riv_prng *r, actor **out, size_t count, chain_balance *balances)
{
    riv_fault fault = { 0 };
    *out            = riv_new(w->arena, actor, count);
    for (size_t i = 0; i < count; i++) {
        crypto_secp_public key;
        actor             *a = &(*out)[i];
        riv_prng_fill(r, a->key.bytes, sizeof a->key.bytes);
        check(crypto_secp_public_of(&a->key, &key), &fault);
        a->at       = eth_address_of_key(&key);
        balances[i] = (chain_balance){ a->at, u256_of(UINT64_C(1) << 63), u256_of(UINT64_C(1) << 50) };
    }
}

static void open_world(world *w, riv_str dir)
{
    riv_fault      fault    = { 0 };
    riv_prng       r        = riv_prng_seed(1);
    chain_balance *balances = NULL;
    w->engine               = chain_new();
    w->arena                = riv_arena_new(0);
    w->of_block             = riv_arena_new(0);
    w->of_txs               = riv_arena_new(0);
    balances                = riv_new(w->arena, chain_balance, ACCOUNTS + PROVIDERS);
    chain_params_local(&w->params);
    make_actors(w, &r, &w->accounts, ACCOUNTS, balances);
    make_actors(w, &r, &w->providers, PROVIDERS, balances + ACCOUNTS);
    w->params.proofs_mocked    = true; /* what RandomX costs is measured apart */
    w->params.max_failed_ratio = 1000000000;
    w->params.epoch_seconds    = 1000;
    w->params.block_gas_max    = UINT64_C(1) << 40;
    w->params.balances         = balances;
    w->params.balances_count   = ACCOUNTS + PROVIDERS;
    check(host_ledger_open(dir, HOST_LEDGER_OWN, &fault, &w->ledger), &fault);
    w->place = host_ledger_place(w->ledger);
    check(chain_genesis(w->engine, &w->params, &w->place.store, w->of_block, &fault, &w->block), &fault);
    keep(w, &(chain_block_input){ 0 }, &(figures){ 0 });
}

int main(int argc, char **argv)
{
    static world w;
    figures      flt = { 0 }, usd = { 0 }, proved = { 0 }, lived = { 0 }, paid = { 0 };
    if (argc != 2) return 2;
    open_world(&w, riv_str_c(argv[1]));
    kinds none = { 0 }, k0 = measure_store(&w), k1 = settle(&w), empty = sum(1, &k1, -1, &k0);
    print_growth("empty block", &k0, &k1, &none, CHAIN_VERSIONS_KEPT);
    transfers(&w, &flt, false);
    print_figures("transfers", &flt, TRANSFERS);
    kinds k2 = settle(&w);
    print_growth("transfer", &k1, &k2, &empty, TRANSFERS);
    transfers(&w, &usd, true);
    print_figures("transfers of a token", &usd, TRANSFERS);
    for (size_t p = 0; p < PROVIDERS; p++) offer(&w, p);
    mine(&w, 1, NULL);
    commitments(&w);
    proofs(&w, &proved);
    print_figures("proofs submitted", &proved, UNITS * PROOFS);
    kinds k3 = settle(&w);
    lives(&w, &lived, WAVES, 1);
    print_figures("lives of deals", &lived, DEALS * WAVES);
    kinds k4 = settle(&w);
    print_growth("life of a deal", &k3, &k4, &empty, DEALS * WAVES);
    lives(&w, &paid, 1, PAYDAYS);
    kinds k5 = settle(&w), waves = sum(1, &k4, -1, &k3);
    kinds one = sum(1.0 / WAVES, &waves, 1 - 1.0 / WAVES, &empty); /* a wave, and the blocks that settle it */
    print_growth("epoch more in which three workers are paid", &k4, &k5, &one, DEALS * (PAYDAYS - 1));
    host_ledger_close(w.ledger);
    chain_free(w.engine);
    riv_arena_free(w.of_block);
    riv_arena_free(w.of_txs);
    riv_arena_free(w.arena);
    return 0;
}
