/* chain_life.c: a made-up life of a chain by its JSON-RPC: providers, deals, matches, real proofs of capacity, transactions of all types, reverts, refusals,
 * time that moves; exported, and replayed block by block. The same seed and compiler give the same life (arguments are made up in the compiler's order).
 * Usage: chain_life make SEED STEPS FILE | chain_life replay FILE | chain_life both SEED STEPS. Run by chain_replay.sh with four builds. */
#include "codec/codec.h"
#include "proof/proof.h"
#include "rpc/rpc.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    IDS_MAX    = 64,
    PROVES_MAX = 3, /* a key of RandomX each: 0.4 s to fill, here and in each replay */
    FALSE_MAX  = 2,
    ARGS_DEPTH = 4,
    FILE_MAX   = 64 << 20,
    PROVIDERS  = 3,
    CUSTOMER   = 4,
    CALL_GAS   = 2000000,
    START_S    = 1704067200
};

typedef struct id {
    uint8_t bytes[32];
} id;
typedef struct ids {
    id     items[IDS_MAX];
    size_t count;
} ids;
typedef struct life {
    riv_arena    *arena; /* of a step */
    riv_arena    *whole;
    chain        *engine;
    chain_memory *memory;
    chain_store   store;
    chain_params  params;
    proof        *verifier;
    rpc          *rpc;
    riv_prng      prng;
    uint64_t      now_ms, height, made, proves, false_proves;
    ids           offers, peers, units, commitments, deals; /* deals: addresses at the right end */
    ids           serving, deal_of_serving;                 /* units that went into deals, and into which */
    size_t        provider_of_serving[IDS_MAX];
    uint64_t      done[3], reverted[3], refused, confirmed[2], logs, matched, paid; /* done, reverted: by type */
} life;

static void end(const char *what, riv_str why)
{
    fprintf(stderr, "%s: " RIV_FMT "\n", what, RIV_ARG(why));
    exit(1);
}

static void must(riv_err err, const char *what, const riv_fault *fault)
{
    if (err) end(what, riv_str_c(fault->msg));
}

static uint64_t below(life *l, uint64_t n) { return riv_prng_below(&l->prng, n); }
static bool     one_in(life *l, uint64_t n) { return below(l, n) == 0; }

static void keep(ids *all, const uint8_t *bytes)
{
    if (all->count == IDS_MAX) return;
    memcpy(all->items[all->count++].bytes, bytes, 32);
}

static id fresh(life *l)
{
    id          out;
    crypto_hash hash =
        crypto_keccak256(riv_str_bytes(riv_format(l->arena, "made %llu", (unsigned long long)++l->made)));
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static id some(life *l, const ids *all)
{
    id none = { { 0 } };
    return all->count ? all->items[below(l, all->count)] : none;
}

/* ---- asking ---- */

static const riv_json *ask(life *l, const char *method, riv_str params, bool *failed)
{
    riv_buf         out   = riv_buf_in(l->arena);
    const riv_json *root  = NULL;
    riv_fault       fault = { 0 };
    riv_str text = riv_format(l->arena, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[" RIV_FMT "]}",
                              method, RIV_ARG(params));
    rpc_answer(l->rpc, 0, l->now_ms, text, &out);
    must(riv_json_parse(riv_buf_str(&out), l->arena, &fault, &root), method, &fault);
    const riv_json *error = riv_json_get(root, RIV_LIT("error"));
    if (failed) *failed = error != NULL;
    if (error && !failed) end(method, riv_buf_str(&out));
    return riv_json_get(root, RIV_LIT("result"));
}

static riv_str hex(life *l, riv_bytes bytes)
{
    riv_buf out = riv_buf_in(l->arena);
    riv_put_str(&out, RIV_LIT("\"0x"));
    codec_put_hex(&out, bytes);
    riv_put_str(&out, RIV_LIT("\""));
    return riv_buf_str(&out);
}

static riv_bytes call_data(life *l, const char *signature, const eth_value *args)
{
    riv_fault fault = { 0 };
    riv_buf   data  = riv_buf_in(l->arena);
    must(eth_call_put(riv_str_c(signature), args, l->arena, &fault, &data), signature, &fault);
    return riv_buf_view(&data);
}

/* The first word of what a view returns; zero when it reverts. */
static u256 look(life *l, chain_contract at, const char *signature, const eth_value *args)
{
    chain_receipt r;
    riv_fault     fault = { 0 };
    chain_call    call  = { .to = chain_contract_address(at), .data = call_data(l, signature, args) };
    must(chain_call_run(l->engine, &l->store, UINT64_MAX, &call, l->arena, &fault, &r), signature, &fault);
    return r.ok && r.returned.len >= 32 ? u256_from_be(riv_bytes_sub(r.returned, 0, 32)) : U256_ZERO;
}

/* ---- transactions ---- */

static uint64_t nonce_of(life *l, size_t who)
{
    eth_address     a      = chain_development_account(who);
    const riv_json *answer = ask(
        l, "eth_getTransactionCount",
        riv_format(l->arena, RIV_FMT ",\"pending\"", RIV_ARG(hex(l, (riv_bytes){ a.bytes, sizeof a.bytes }))), NULL);
    return strtoull(riv_cstr(l->arena, answer->str), NULL, 16);
}

static void send_tx(life *l, size_t who, eth_tx *tx)
{
    riv_fault     fault = { 0 };
    riv_buf       raw   = riv_buf_in(l->arena);
    crypto_secret key   = rpc_development_key(who);
    bool          failed;
    must(eth_tx_sign(tx, &key, &raw, &fault), "sign", &fault);
    if (one_in(l, 60)) raw.ptr[below(l, raw.len)] ^= (uint8_t)(1 + below(l, 255)); /* spoilt on the way */
    (void)ask(l, "eth_sendRawTransaction", hex(l, riv_buf_view(&raw)), &failed);
    l->refused += failed;
}

static eth_tx new_tx(life *l, size_t who, const eth_address *to, u256 value, riv_bytes data)
{
    uint8_t type = (uint8_t)below(l, 3);
    return (eth_tx){ .type               = type,
                     .protected_by_chain = type == 0 && !one_in(l, 20),
                     .chain_id           = l->params.chain_id,
                     .nonce              = nonce_of(l, who),
                     .gas_limit          = CALL_GAS,
                     .max_fee            = u256_of(UINT64_C(20000000000)),
                     .max_tip            = u256_of(type == 2 ? below(l, 3) * 1000000 : UINT64_C(20000000000)),
                     .to                 = *to,
                     .value              = value,
                     .data               = data };
}

static void send(life *l, size_t who, const eth_address *to, u256 value, const char *signature, const eth_value *args)
{
    eth_tx tx = new_tx(l, who, to, value, call_data(l, signature, args));
    if (one_in(l, 40)) tx.gas_limit = eth_tx_intrinsic_gas(&tx) + below(l, 30000); /* it ends somewhere within */
    send_tx(l, who, &tx);
}

static void send_to(life *l, size_t who, chain_contract to, const char *signature, const eth_value *args)
{
    eth_address at = chain_contract_address(to);
    send(l, who, &at, U256_ZERO, signature, args);
}

/* ---- values ---- */

static eth_value value_of(const id *v) { return eth_of_hash(v->bytes); }

static eth_value list_of(life *l, const eth_value *items, size_t count)
{
    eth_value *copy = riv_new(l->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) copy[i] = items[i];
    return eth_list(copy, count);
}

static eth_value account_value(size_t who)
{
    eth_address a = chain_development_account(who);
    return eth_of_address(&a);
}

static eth_value usd(void)
{
    eth_address a = chain_contract_address(CHAIN_USD);
    return eth_of_address(&a);
}

static eth_value cid(life *l, uint64_t which)
{
    uint8_t         prefixes[32] = { 1, 0x55, 0x12, 0x20 }, hash[32] = { (uint8_t)which };
    const eth_value parts[] = { eth_of_hash(prefixes), eth_of_hash(hash) };
    return list_of(l, parts, 2);
}

static eth_address deal_address(const id *v)
{
    eth_address out;
    memcpy(out.bytes, v->bytes + 12, sizeof out.bytes);
    return out;
}

static u256 flt(uint64_t tenths)
{
    u256 out = U256_ZERO;
    (void)!u256_mul(u256_of(tenths), u256_of(UINT64_C(100000000000000000)), &out);
    return out;
}

/* ---- what people do ---- */

static void offer(life *l)
{
    size_t          who    = 1 + below(l, PROVIDERS);
    const eth_value info[] = { eth_text(RIV_LIT("p")), cid(l, 0) };
    eth_value       peers[2], units[3], effectors[2] = { cid(l, 1), cid(l, 2) };
    size_t          peers_count = 1 + below(l, 2);
    send_to(l, who, CHAIN_MARKET, "setProviderInfo(string,(bytes4,bytes32))", info);
    for (size_t p = 0; p < peers_count; p++) {
        id     peer = fresh(l);
        size_t n    = 1 + below(l, 3);
        keep(&l->peers, peer.bytes);
        for (size_t u = 0; u < n; u++) {
            id unit = fresh(l);
            keep(&l->units, unit.bytes);
            units[u] = value_of(&unit);
        }
        const eth_value parts[] = { value_of(&peer), account_value(who), list_of(l, units, n) };
        peers[p]                = list_of(l, parts, 3);
    }
    const eth_value args[] = { eth_word(1 + below(l, 500)),    usd(),       list_of(l, effectors, below(l, 3)),
                               list_of(l, peers, peers_count), eth_word(1), eth_word(1) };
    send_to(l, who, CHAIN_MARKET,
            "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)",
            args);
}

static void commitment(life *l)
{
    id              peer   = some(l, &l->peers);
    const eth_value args[] = { value_of(&peer), eth_word(20 + below(l, 40)), account_value(8),
                               eth_word(1 + below(l, 10000000)) };
    for (size_t who = 1; who <= PROVIDERS; who++) /* one of them is its provider */
        send_to(l, who, CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)", args);
}

static void collateral(life *l)
{
    id              cc  = some(l, &l->commitments);
    const eth_value one = value_of(&cc), args[] = { list_of(l, &one, 1) };
    eth_address     at = chain_contract_address(CHAIN_CAPACITY);
    send(l, 8, &at, flt(1 + below(l, 3)), "depositCollateral(bytes32[])", args);
}

static void deal(life *l)
{
    size_t      who   = CUSTOMER + below(l, 2);
    uint64_t    price = 100 + below(l, 900), target = 1 + below(l, 3), deposit = price * target * (2 + below(l, 30));
    eth_address factory       = chain_contract_address(CHAIN_DEAL_FACTORY);
    const eth_value approve[] = { eth_of_address(&factory), eth_word(deposit) };
    const eth_value effector = cid(l, 1), denied = account_value(1);
    const eth_value args[] = { cid(l, 9),
                               usd(),
                               eth_word(deposit),
                               eth_word(1),
                               eth_word(target),
                               eth_word(1 + below(l, 3)),
                               eth_word(price),
                               list_of(l, &effector, one_in(l, 3)),
                               eth_word(one_in(l, 4) ? 2 : 0),
                               list_of(l, &denied, 1),
                               eth_word(1) };
    send_to(l, who, CHAIN_USD, "approve(address,uint256)", approve);
    send_to(l, who, CHAIN_DEAL_FACTORY,
            "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
            "address[],uint256)",
            args);
}

static void match(life *l)
{
    id              d      = some(l, &l->deals);
    eth_address     at     = deal_address(&d);
    const eth_value args[] = { eth_of_address(&at) };
    eth_value       offers[IDS_MAX], all[IDS_MAX], lists[IDS_MAX];
    for (size_t i = 0; i < l->units.count; i++) all[i] = value_of(&l->units.items[i]);
    for (size_t i = 0; i < l->offers.count; i++) {
        offers[i] = value_of(&l->offers.items[i]);
        lists[i]  = list_of(l, all, RIV_MIN(l->units.count, 20));
    }
    const eth_value given[] = { args[0], list_of(l, offers, l->offers.count), list_of(l, lists, l->offers.count) };
    for (size_t who = CUSTOMER; who < CUSTOMER + 2; who++) {
        if (l->params.rules == CHAIN_FIXED && !one_in(l, 3))
            send_to(l, who, CHAIN_MARKET, "matchDeal(address)", args);
        else
            send_to(l, who, CHAIN_MARKET, "matchDeal(address,bytes32[],bytes32[][])", given);
    }
}

static void work(life *l)
{
    id              d = some(l, &l->deals), unit = some(l, &l->units), worker = fresh(l);
    eth_address     at     = deal_address(&d);
    const eth_value args[] = { value_of(&unit), value_of(&worker) };
    size_t          who    = 1 + below(l, PROVIDERS);
    if (l->serving.count && !one_in(l, 6)) { /* one that is in a deal, by its provider */
        size_t i                = below(l, l->serving.count);
        at                      = deal_address(&l->deal_of_serving.items[i]);
        who                     = l->provider_of_serving[i];
        const eth_value of_it[] = { value_of(&l->serving.items[i]), value_of(&worker) };
        switch (below(l, 8)) {
        case 0: send_to(l, who, CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", of_it); break;
        case 1:
        case 2: send(l, who, &at, U256_ZERO, "withdrawRewards(bytes32)", of_it); break;
        default: send(l, who, &at, U256_ZERO, "setWorker(bytes32,bytes32)", of_it); break;
        }
        return;
    }
    send(l, who, &at, U256_ZERO, one_in(l, 2) ? "setWorker(bytes32,bytes32)" : "withdrawRewards(bytes32)", args);
}

static void money(life *l)
{
    id              d  = some(l, &l->deals);
    eth_address     at = deal_address(&d), to = chain_development_account(below(l, 10));
    size_t          who      = CUSTOMER + below(l, 2);
    const eth_value amount[] = { eth_word(below(l, 5000)) }, approve[] = { eth_of_address(&at), eth_word(5000) };
    const eth_value give[] = { eth_of_address(&to), eth_word(below(l, 1000)) };
    eth_tx          tx;
    switch (below(l, 6)) {
    case 0:
        send_to(l, who, CHAIN_USD, "approve(address,uint256)", approve);
        send(l, who, &at, U256_ZERO, "deposit(uint256)", amount);
        break;
    case 1: send(l, who, &at, U256_ZERO, "withdraw(uint256)", amount); break;
    case 2: send(l, who, &at, U256_ZERO, one_in(l, 3) ? "stop()" : "nobody()", NULL); break;
    case 3: send_to(l, below(l, 10), CHAIN_USD, "transfer(address,uint256)", give); break;
    case 4:
        tx = new_tx(l, below(l, 10), &to, one_in(l, 5) ? flt(UINT64_C(1) << 40) : u256_of(below(l, 1 << 30)),
                    (riv_bytes){ 0 });
        send_tx(l, below(l, 10), &tx);
        break;
    default:
        tx         = new_tx(l, who, &to, U256_ZERO, (riv_bytes){ 0 });
        tx.nonce   = tx.nonce + below(l, 3) - 1; /* used already, right, too early */
        tx.creates = one_in(l, 2);
        send_tx(l, who, &tx);
        break;
    }
}

static void leave(life *l)
{
    id                       cc = some(l, &l->commitments), unit = some(l, &l->units);
    const eth_value          one = value_of(&unit), args[] = { value_of(&cc), list_of(l, &one, 1) };
    static const char *const calls[] = { "removeCUFromCC(bytes32,bytes32[])", "finishCommitment(bytes32)",
                                         "withdrawReward(bytes32)", "removeCommitment(bytes32)" };
    send_to(l, 1 + below(l, PROVIDERS), CHAIN_CAPACITY, calls[below(l, RIV_COUNT(calls))], args);
}

typedef struct claims {
    eth_value units[2], locals[2], results[2];
} claims;
static const char submit[] = "submitProofs(bytes32[],bytes32[],bytes32[])";

static riv_bytes claims_data(life *l, const claims *c)
{
    const eth_value args[] = { list_of(l, c->units, 2), list_of(l, c->locals, 2), list_of(l, c->results, 2) };
    return call_data(l, submit, args);
}

/* A unit that may prove now, and who proves for it; 0: a few draws found none. */
static size_t some_prover(life *l, claims *c, id *unit)
{
    for (size_t tries = 0; tries < 4 * IDS_MAX; tries++) {
        *unit = some(l, &l->units);
        for (size_t i = 0; i < 2; i++) {
            c->units[i]   = value_of(unit);
            c->locals[i]  = eth_word(++l->made);
            c->results[i] = eth_word(1);
        }
        chain_receipt r;
        riv_fault     fault = { 0 };
        chain_call    call  = { .to = chain_contract_address(CHAIN_CAPACITY), .data = claims_data(l, c) };
        size_t        who   = 1 + below(l, PROVIDERS);
        call.from           = chain_development_account(who);
        must(chain_call_run(l->engine, &l->store, UINT64_MAX, &call, l->arena, &fault, &r), submit, &fault);
        if (r.ok) return who;
    }
    return 0;
}

/* Two proofs that are right, or claims that are not. */
static void prove(life *l)
{
    uint8_t     global[32], difficulty[32];
    id          unit;
    claims      c;
    proof_nonce nonce = { { 0 } };
    crypto_hash hash;
    riv_fault   fault = { 0 };
    size_t      who   = some_prover(l, &c, &unit);
    bool        right = !one_in(l, 3);
    if (who == 0 || (right ? l->proves == PROVES_MAX : l->false_proves == FALSE_MAX)) return;
    ++*(right ? &l->proves : &l->false_proves);
    u256_to_be(look(l, CHAIN_CAPACITY, "getGlobalNonce()", NULL), global);
    u256_to_be(look(l, CHAIN_CORE, "difficulty()", NULL), difficulty);
    proof_key key = proof_key_of(global, unit.bytes);
    for (size_t i = 0; right && i < 2; i++) {
        do {
            riv_prng_fill(&l->prng, nonce.bytes, sizeof nonce.bytes);
            must(proof_hash(l->verifier, &key, &nonce, &fault, &hash), "proof", &fault);
        } while (!proof_meets(&hash, difficulty));
        c.locals[i]  = eth_of_hash(nonce.bytes);
        c.results[i] = eth_of_hash(hash.bytes);
    }
    const eth_value args[] = { list_of(l, c.units, 2), list_of(l, c.locals, 2), list_of(l, c.results, 2) };
    send_to(l, who, CHAIN_CAPACITY, submit, args);
}

/* ---- any function with any arguments ---- */

static u256 some_word(life *l)
{
    static const uint64_t small[] = { 0, 1, 2, 3, 7, 100, 5000 };
    id                    v;
    switch (below(l, 8)) {
    case 0: v = some(l, &l->offers); break;
    case 1: v = some(l, &l->peers); break;
    case 2: v = some(l, &l->units); break;
    case 3: v = some(l, &l->commitments); break;
    case 4: riv_prng_fill(&l->prng, v.bytes, sizeof v.bytes); break;
    default: return u256_of(small[below(l, RIV_COUNT(small))]);
    }
    return u256_from_be((riv_bytes){ v.bytes, sizeof v.bytes });
}

static eth_value some_value(life *l, const eth_type *type, unsigned depth)
{
    eth_value   out = { .word = U256_ZERO };
    size_t      count;
    eth_address a;
    id          d;
    switch (type->kind) {
    case ETH_ADDRESS:
        d   = some(l, &l->deals);
        a   = one_in(l, 3)   ? deal_address(&d)
              : one_in(l, 3) ? chain_contract_address((chain_contract)below(l, CHAIN_CONTRACTS))
                             : chain_development_account(below(l, 10));
        out = eth_of_address(&a);
        break;
    case ETH_UINT: out.word = type->size >= 256 ? some_word(l) : u256_of(below(l, 4)); break;
    case ETH_INT:
    case ETH_BOOL: out.word = u256_of(below(l, 2)); break;
    case ETH_FIXED_BYTES: out.word = type->size == 32 ? some_word(l) : U256_ZERO; break;
    case ETH_BYTES:
    case ETH_STRING: out.bytes = riv_str_bytes(one_in(l, 3) ? RIV_LIT("") : RIV_LIT("text")); break;
    case ETH_ARRAY:
    case ETH_TUPLE:
        count            = type->kind == ETH_TUPLE    ? type->items_count
                           : type->size == UINT32_MAX ? below(l, depth ? 4 : 1)
                                                      : type->size;
        eth_value *items = riv_new(l->arena, eth_value, count + 1);
        for (size_t i = 0; i < count; i++)
            items[i] = some_value(l, &type->items[type->kind == ETH_TUPLE ? i : 0], depth ? depth - 1 : 0);
        out = eth_list(items, count);
        break;
    }
    return out;
}

static void anything(life *l)
{
    const chain_function_info *all;
    chain_contract             which = (chain_contract)below(l, CHAIN_CONTRACTS + 1);
    size_t                     count = chain_functions(l->engine, which, l->arena, &all);
    const chain_function_info *f     = &all[below(l, count)];
    id                         d     = some(l, &l->deals);
    eth_address                at    = which == CHAIN_CONTRACTS ? deal_address(&d) : chain_contract_address(which);
    riv_str                    name;
    eth_type                   types;
    riv_fault                  fault = { 0 };
    must(eth_signature_parse(riv_str_c(f->signature), l->arena, &fault, &name, &types), f->signature, &fault);
    eth_value args = some_value(l, &types, ARGS_DEPTH);
    send(l, below(l, 10), &at, f->payable && one_in(l, 2) ? u256_of(below(l, 1000)) : U256_ZERO, f->signature,
         args.items);
}

/* ---- time and blocks ---- */

static bool is_topic(const chain_log *log, const char *canonical)
{
    crypto_hash hash = crypto_keccak256(riv_str_bytes(riv_str_c(canonical)));
    return log->topics_count && memcmp(hash.bytes, log->topics[0].bytes, 32) == 0;
}

static void serves(life *l, const chain_log *log)
{
    l->matched++;
    if (l->serving.count == IDS_MAX || log->data.len < 64) return;
    id            unit;
    eth_value     arg, out;
    eth_type      type;
    chain_receipt r;
    riv_fault     fault = { 0 };
    memcpy(unit.bytes, log->data.ptr + 32, sizeof unit.bytes);
    arg             = eth_of_hash(log->topics[1].bytes);
    chain_call call = { .to   = chain_contract_address(CHAIN_MARKET),
                        .data = call_data(l, "getComputePeer(bytes32)", &arg) };
    must(chain_call_run(l->engine, &l->store, UINT64_MAX, &call, l->arena, &fault, &r), "peer", &fault);
    must(eth_type_parse(RIV_LIT("((bytes32,bytes32,uint256,address))"), l->arena, &fault, &type), "peer", &fault);
    if (!r.ok || eth_abi_read(&type, r.returned, l->arena, &fault, &out)) return;
    eth_address owner = eth_to_address(&out.items[0].items[3]);
    for (size_t who = 1; who <= PROVIDERS; who++) {
        eth_address a = chain_development_account(who);
        if (!eth_address_eq(&a, &owner)) continue;
        l->provider_of_serving[l->serving.count] = who;
        keep(&l->serving, unit.bytes);
        keep(&l->deal_of_serving, log->data.ptr);
    }
}

static void learn(life *l, const chain_log *log)
{
    l->logs++;
    l->paid += is_topic(log, "RewardWithdrawn(bytes32,uint256)");
    if (log->data.len < 32) return;
    if (is_topic(log, "ComputeUnitMatched(bytes32,address,bytes32,uint256,(bytes4,bytes32))")) serves(l, log);
    if (is_topic(log, "MarketOfferRegistered(address,bytes32,uint256,address,(bytes4,bytes32)[],uint256,uint256)"))
        keep(&l->offers, log->data.ptr);
    if (is_topic(log, "CommitmentCreated(bytes32,bytes32,uint256,address,uint256,uint256)"))
        keep(&l->commitments, log->data.ptr);
    if (is_topic(log, "DealCreated(address,address,uint256,address,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],("
                      "bytes4,bytes32),uint8,address[],uint256)"))
        keep(&l->deals, log->data.ptr);
    if (is_topic(log, "ProofsConfirmed(bytes32,bytes32[],bool[])"))
        l->confirmed[log->data.ptr[log->data.len - 1] != 0]++;
}

static void learn_blocks(life *l)
{
    chain_head head;
    riv_fault  fault = { 0 };
    must(chain_head_read(&l->store, UINT64_MAX, l->arena, &fault, &head), "head", &fault);
    while (l->height < head.height) {
        rpc_block b;
        must(rpc_block_read(&l->store, ++l->height, true, l->arena, &fault, &b), "block", &fault);
        for (size_t i = 0; i < b.block.logs_count; i++) learn(l, &b.block.logs[i]);
        for (size_t i = 0; i < b.block.receipts_count; i++) {
            const chain_receipt *r    = &b.block.receipts[i];
            uint8_t              type = b.txs[i].ptr[0] >= 0xc0 ? 0 : b.txs[i].ptr[0];
            ++*(r->ok ? &l->done[type] : &l->reverted[type]);
            for (size_t k = 0; k < r->logs_count; k++) learn(l, &r->logs[k]);
        }
    }
}

static void block(life *l)
{
    static const char *const ways[] = { "evm_mine", "anvil_mine", "evm_setNextBlockTimestamp", "evm_increaseTime" };
    size_t                   way    = below(l, 8);
    riv_str                  params = RIV_LIT("");
    chain_head               head;
    riv_fault                fault = { 0 };
    must(chain_head_read(&l->store, UINT64_MAX, l->arena, &fault, &head), "head", &fault);
    l->now_ms += below(l, 3000);
    if (way == 2) params = riv_format(l->arena, "%llu", (unsigned long long)(head.time_s + below(l, 20)));
    if (way == 3) params = riv_format(l->arena, "%llu", (unsigned long long)below(l, 20));
    if (way < RIV_COUNT(ways)) (void)ask(l, ways[way], params, NULL);
    (void)ask(l, "evm_mine", RIV_LIT(""), NULL);
    learn_blocks(l);
}

/* ---- a life ---- */

static void live(life *l, uint64_t steps)
{
    static const struct {
        void (*run)(life *l);
        unsigned weight;
    } actions[]  = { { offer, 3 }, { commitment, 6 }, { collateral, 8 }, { deal, 5 },      { match, 8 }, { work, 24 },
                     { money, 9 }, { leave, 8 },      { prove, 2 },      { anything, 30 }, { block, 14 } };
    uint64_t all = 0;
    for (size_t i = 0; i < RIV_COUNT(actions); i++) all += actions[i].weight;
    (void)ask(l, "evm_setAutomine", RIV_LIT("false"), NULL);
    for (uint64_t i = 0; i < steps; i++) {
        uint64_t at = below(l, all);
        size_t   k  = 0;
        for (; at >= actions[k].weight; k++) at -= actions[k].weight;
        actions[k].run(l);
        riv_arena_reset(l->arena);
    }
    do block(l);
    while (rpc_wants_block(l->rpc));
}

static void open_life(life *l, uint64_t seed)
{
    riv_fault fault = { 0 };
    *l              = (life){ .arena    = riv_arena_new(0),
                              .whole    = riv_arena_new(0),
                              .engine   = chain_new(),
                              .memory   = chain_memory_new(),
                              .verifier = proof_new(2),
                              .prng     = riv_prng_seed(seed),
                              .now_ms   = START_S * UINT64_C(1000) };
    l->store        = chain_memory_store(l->memory);
    chain_params_local(&l->params);
    chain_balances_local(l->whole, &l->params);
    l->params.fees  = seed % 2 == 1;
    l->params.rules = seed % 3 == 0 ? CHAIN_G0 : CHAIN_FIXED;
    memset(l->params.difficulty, 0xff, sizeof l->params.difficulty); /* each hash will do: the work is in the keys */
    rpc_config config = { .engine   = l->engine,
                          .verifier = l->verifier,
                          .place    = rpc_place_memory(l->memory),
                          .genesis  = &l->params,
                          .proposer = chain_development_account(9) };
    must(rpc_open(&config, &fault, &l->rpc), "open", &fault);
}

static void close_life(life *l)
{
    rpc_close(l->rpc);
    proof_free(l->verifier);
    chain_memory_free(l->memory);
    chain_free(l->engine);
    riv_arena_free(l->whole);
    riv_arena_free(l->arena);
}

static void export_life(life *l, riv_buf *out)
{
    riv_fault fault = { 0 };
    rpc_export_start(&l->params, l->arena, out);
    for (uint64_t height = 0; height <= l->height; height++) {
        rpc_block b;
        must(rpc_block_read(&l->store, height, false, l->arena, &fault, &b), "export", &fault);
        rpc_export_block(&b, out);
        riv_arena_reset(l->arena);
    }
}

/* A life in which something never happened shows nothing. */
static void check_rich(const life *l)
{
    uint64_t least = l->refused;
    for (size_t type = 0; type < 3; type++) least = RIV_MIN(least, RIV_MIN(l->done[type], l->reverted[type]));
    const uint64_t had[] = { least, l->confirmed[0], l->confirmed[1], l->commitments.count, l->matched, l->paid };
    for (size_t i = 0; i < RIV_COUNT(had); i++)
        if (had[i] == 0) end("this life is too poor", RIV_LIT("take more steps"));
}

static void make(uint64_t seed, uint64_t steps, riv_buf *out)
{
    life l;
    open_life(&l, seed);
    live(&l, steps);
    export_life(&l, out);
    printf("seed %llu: done %llu + %llu + %llu by type, reverted %llu + %llu + %llu, refused %llu, logs %llu, proofs "
           "%llu right %llu wrong, %zu offers, %zu commitments, %zu deals, %llu matched, %llu rewards\n",
           (unsigned long long)seed, (unsigned long long)l.done[0], (unsigned long long)l.done[1],
           (unsigned long long)l.done[2], (unsigned long long)l.reverted[0], (unsigned long long)l.reverted[1],
           (unsigned long long)l.reverted[2], (unsigned long long)l.refused, (unsigned long long)l.logs,
           (unsigned long long)l.confirmed[1], (unsigned long long)l.confirmed[0], l.offers.count, l.commitments.count,
           l.deals.count, (unsigned long long)l.matched, (unsigned long long)l.paid);
    check_rich(&l);
    close_life(&l);
}

static void replay(riv_bytes text)
{
    chain       *engine   = chain_new();
    proof       *verifier = proof_new(2);
    rpc_replayed r;
    riv_fault    fault = { 0 };
    must(rpc_replay(engine, verifier, text, &fault, &r), "replay", &fault);
    printf("%llu blocks, %llu transactions, app hash ", (unsigned long long)r.blocks, (unsigned long long)r.txs);
    for (size_t i = 0; i < sizeof r.app_hash.bytes; i++) printf("%02x", r.app_hash.bytes[i]);
    printf("\n");
    proof_free(verifier);
    chain_free(engine);
}

static void write_file(const char *path, riv_bytes bytes)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes.ptr, 1, bytes.len, f) != bytes.len || fclose(f)) end("cannot write", riv_str_c(path));
}

static void read_file(const char *path, riv_buf *out)
{
    FILE  *f = fopen(path, "rb");
    size_t got;
    if (!f) end("cannot read", riv_str_c(path));
    do {
        uint8_t part[1 << 14];
        got = fread(part, 1, sizeof part, f);
        riv_put_bytes(out, (riv_bytes){ part, got });
    } while (got && out->len < FILE_MAX);
    fclose(f);
}

int main(int argc, char **argv)
{
    riv_buf   bytes = { 0 };
    riv_fault fault = { 0 };
    must(crypto_init(&fault), "crypto", &fault);
    if (argc == 5 && !strcmp(argv[1], "make")) {
        make(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), &bytes);
        write_file(argv[4], riv_buf_view(&bytes));
    } else if (argc == 3 && !strcmp(argv[1], "replay")) {
        read_file(argv[2], &bytes);
        replay(riv_buf_view(&bytes));
    } else if (argc == 4 && !strcmp(argv[1], "both")) {
        make(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), &bytes);
        replay(riv_buf_view(&bytes));
    } else {
        end("usage", RIV_LIT("chain_life make SEED STEPS FILE | replay FILE | both SEED STEPS"));
    }
    riv_buf_free(&bytes);
    return 0;
}
