/* market_send.c: transactions: tried first, shown with what they do and cost, agreed to, sent, waited for until they are in a block.
 * The names of their arguments come from the contracts' own tables. Contract: market_client.h. Tests: tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"

#include <unistd.h>

enum {
    WAIT_MS       = 120000, /* for a transaction's block */
    WAIT_FIRST_MS = 50,
    WAIT_STEP_MS  = 500,
    LIST_SHOWN    = 4, /* items of a list that are shown */
};

static const cli_call coin_transfer = { .name = RIV_LIT_INIT(
                                            "transfer") }; /* of the chain's own coin: no contract's function */

/* ---- a transaction in words ---- */

/* "bytes32[] unitIds" of a list of parameters; *at moves behind its comma. */
static riv_str next_param(riv_str list, size_t *at)
{
    size_t from = *at, depth = 0, i = from;
    for (; i < list.len && (depth || (list.ptr[i] != ',' && list.ptr[i] != ')')); i++)
        depth = list.ptr[i] == '(' ? depth + 1 : list.ptr[i] == ')' ? depth - 1 : depth;
    *at = i + 1;
    return riv_str_sub(list, from, i);
}

static riv_str param_name(cli *c, riv_str param, size_t index)
{
    size_t from = param.len;
    while (from && param.ptr[from - 1] != ' ') from--;
    return from ? riv_str_sub(param, from, param.len) : riv_format(c->arena, "argument %zu", index + 1);
}

static bool has(riv_str name, const char *part) { return riv_str_find(name, riv_str_c(part), 0) != SIZE_MAX; }

/* Units by the names that the contracts give their arguments. */
static void put_number(riv_buf *out, riv_str name, u256 v)
{
    if (has(name, "rice") || has(name, "mount")) {
        cli_amount_put(out, v, CLI_USD_DECIMALS);
        riv_put_str(out, RIV_LIT(" USD"));
    } else if (has(name, "Rate")) {
        cli_amount_put(out, v, CLI_RATE_DECIMALS);
        riv_put_str(out, RIV_LIT(" %"));
    } else {
        u256_put(out, v);
        if (has(name, "uration")) riv_put_str(out, RIV_LIT(" epochs"));
    }
}

static void put_address(cli_chain *s, riv_buf *out, const eth_address *a)
{
    eth_put_address(out, a);
    for (unsigned i = 0; i < CHAIN_CONTRACTS; i++) {
        eth_address known = chain_contract_address((chain_contract)i);
        if (eth_address_eq(a, &known)) riv_putf(out, " (%s)", cli_contract_name((chain_contract)i));
    }
    if (s->signs && eth_address_eq(a, &s->wallet.address)) riv_put_str(out, RIV_LIT(" (you)"));
}

static bool is_cid(const eth_type *t)
{
    return t->kind == ETH_TUPLE && t->items_count == 2 && t->items[0].kind == ETH_FIXED_BYTES && t->items[0].size == 4;
}

/* Calls inside a call: by their functions. */
static void put_call(cli_chain *s, riv_buf *out, riv_bytes data)
{
    for (cli_function f = 0; f < CLI_FN_COUNT; f++) {
        const cli_call *call = s->known[f];
        if (!call || data.len < sizeof call->selector || memcmp(call->selector, data.ptr, sizeof call->selector))
            continue;
        riv_put_str(out, call->name);
        return;
    }
    riv_putf(out, "%zu bytes", data.len);
}

static void put_value(cli_chain *s, riv_buf *out, riv_str name, const eth_type *t, const eth_value *v)
{
    uint8_t     word[32];
    eth_address address;
    u256_to_be(v->word, word);
    switch (t->kind) {
    case ETH_UINT:
    case ETH_INT: put_number(out, name, v->word); break;
    case ETH_ADDRESS:
        address = eth_to_address(v);
        put_address(s, out, &address);
        break;
    case ETH_BOOL: riv_put_str(out, u256_is_zero(v->word) ? RIV_LIT("no") : RIV_LIT("yes")); break;
    case ETH_FIXED_BYTES:
        riv_put_str(out, RIV_LIT("0x"));
        codec_put_hex(out, (riv_bytes){ word, t->size });
        break;
    case ETH_BYTES: put_call(s, out, v->bytes); break;
    case ETH_STRING: riv_json_write_str(cli_shown(s->c, riv_bytes_str(v->bytes), 100), out); break;
    case ETH_ARRAY:
        if (v->items_count == 0) riv_put_str(out, RIV_LIT("none"));
        for (size_t i = 0; i < v->items_count && i < LIST_SHOWN; i++) {
            if (i) riv_put_str(out, RIV_LIT(", "));
            put_value(s, out, name, t->items, &v->items[i]);
        }
        if (v->items_count > LIST_SHOWN) riv_putf(out, " and %zu more", v->items_count - LIST_SHOWN);
        break;
    case ETH_TUPLE:
        if (is_cid(t)) {
            riv_put_str(out, cli_show_cid(s->c, v));
            break;
        }
        riv_put_u8(out, '(');
        for (size_t i = 0; i < v->items_count; i++) {
            if (i) riv_put_str(out, RIV_LIT(", "));
            put_value(s, out, (riv_str){ 0 }, &t->items[i], &v->items[i]);
        }
        riv_put_u8(out, ')');
        break;
    }
}

typedef struct price {
    uint64_t gas;
    u256     max_fee, tip, most;
    uint64_t nonce;
} price; /* most: fee and value together */

static void show(cli_chain *s, const cli_tx *tx, const cli_call *f, const eth_address *to, const price *p)
{
    cli    *c    = s->c;
    riv_buf out  = riv_buf_in(c->arena);
    riv_str list = f->info ? riv_str_c(f->info->signature) : (riv_str){ 0 };
    size_t  at   = f->info ? riv_str_find_char(list, '(', 0) + 1 : 0;
    riv_putf(&out, "%s" RIV_FMT "%s\n", cli_style(c->colour_err, CLI_BOLD), RIV_ARG(tx->does),
             cli_style(c->colour_err, CLI_PLAIN));
    if (f->info) {
        riv_putf(&out, "  " RIV_FMT " of %s ", RIV_ARG(f->name),
                 cli_contract_name(cli_functions[tx->function].contract));
        eth_put_address(&out, to);
        riv_put_u8(&out, '\n');
    }
    for (size_t i = 0; i < f->args.items_count; i++) {
        riv_str name = param_name(c, next_param(list, &at), i);
        riv_putf(&out, "    %-22.*s ", RIV_ARG(name));
        put_value(s, &out, name, &f->args.items[i], &tx->args[i]);
        riv_put_u8(&out, '\n');
    }
    if (!u256_is_zero(tx->value))
        riv_putf(&out, "  pays     " RIV_FMT "\n", RIV_ARG(cli_amount(c->arena, tx->value, CLI_FLT_DECIMALS, "FLT")));
    riv_putf(&out, "  account  ");
    put_address(s, &out, &s->wallet.address);
    riv_putf(&out, ", transaction %llu\n  gas      %llu, at most " RIV_FMT "\n", (unsigned long long)p->nonce,
             (unsigned long long)p->gas, RIV_ARG(cli_amount(c->arena, p->most, CLI_FLT_DECIMALS, "FLT in all")));
    fprintf(stderr, RIV_FMT, RIV_ARG(riv_buf_str(&out)));
}

/* ---- a transaction on its way ---- */

/* Why the chain would not take it, and what to do. */
static bool refused(cli_chain *s, const cli_tx *tx, const cli_call *f, const host_eth_error *error)
{
    cli    *c   = s->c;
    riv_str why = cli_refusal(s, error);
    cli_error(c, CLI_FAILED, "the chain would refuse this: " RIV_FMT, RIV_ARG(why));
    cli_note(c, "  nothing was sent: " RIV_FMT " (" RIV_FMT ")", RIV_ARG(tx->does), RIV_ARG(f->name));
    if (cli_hint_of(why)) cli_hint(c, "%s", cli_hint_of(why));
    return cli_chain_fail(s, CLI_FAILED);
}

/* Enough of the chain's own coin for what is paid and for gas. */
static bool affordable(cli_chain *s, const cli_tx *tx, u256 most)
{
    cli *c = s->c;
    u256 has;
    if (u256_is_zero(most)) return true;
    if (!cli_balance(s, &s->wallet.address, &has)) return false;
    s->broke = u256_cmp(has, most) < 0;
    if (!s->broke) return true;
    cli_error(c, CLI_FAILED, "the account " RIV_FMT " has " RIV_FMT ", and this needs up to " RIV_FMT,
              RIV_ARG(cli_show_address(c, &s->wallet.address)),
              RIV_ARG(cli_amount(c->arena, has, CLI_FLT_DECIMALS, "FLT")),
              RIV_ARG(cli_amount(c->arena, most, CLI_FLT_DECIMALS, "FLT")));
    cli_note(c, "  nothing was sent: " RIV_FMT, RIV_ARG(tx->does));
    cli_hint(c, "FLT pays for gas and collateral; it comes from another account (`rivulet chain pay`), or from a "
                "faucet of the network");
    return cli_chain_fail(s, CLI_FAILED);
}

/* What it costs, and whether the chain would take it at all, in the block that comes next. */
static bool estimate(cli_chain *s, const cli_tx *tx, const cli_call *f, const eth_address *to, riv_bytes data,
                     price *out)
{
    riv_arena      *arena = s->c->arena;
    riv_fault       fault = { 0 };
    host_eth_error  error = { 0 };
    u256            gas, nonce, base = U256_ZERO, fee;
    uint64_t        room;
    const riv_json *head, *next = riv_json_strc(arena, "pending");
    const riv_json *call = cli_json_list(arena, cli_call_object(s, to, data, tx->value), next);
    const riv_json *me   = cli_json_list(arena, host_eth_address(arena, &s->wallet.address), next);
    const riv_json *last = cli_json_list(arena, riv_json_strc(arena, "latest"), riv_json_bool(false));
    if (!affordable(s, tx, tx->value)) return false;
    riv_err err = host_eth_number(s->eth, "eth_estimateGas", call, arena, &fault, &error, &gas);
    if (err == RIV_E_DENIED) return refused(s, tx, f, &error);
    if (err || host_eth_number(s->eth, "eth_getTransactionCount", me, arena, &fault, NULL, &nonce) ||
        host_eth_ask(s->eth, "eth_getBlockByNumber", last, arena, &fault, NULL, &head))
        return cli_chain_fault(s, &fault);
    if (host_eth_number(s->eth, "eth_maxPriorityFeePerGas", riv_json_arr(arena, NULL, 0), arena, NULL, NULL, &out->tip))
        out->tip = U256_ZERO;
    if (!host_eth_read_quantity(riv_json_get(head, RIV_LIT("baseFeePerGas")), &base)) base = U256_ZERO;
    bool fits = u256_u64(gas, &out->gas) && u256_u64(nonce, &out->nonce) && out->gas < UINT64_C(1) << 50;
    if (!host_eth_read_u64(riv_json_get(head, RIV_LIT("gasLimit")), &room)) room = UINT64_MAX;
    out->gas += fits ? RIV_MIN(out->gas / 5, room > out->gas ? room - out->gas : 0)
                     : 0; /* the state may have moved on until then */
    fits = fits && u256_add(base, base, &fee) && u256_add(fee, out->tip, &out->max_fee) &&
           u256_mul(out->max_fee, u256_of(out->gas), &fee) && u256_add(fee, tx->value, &out->most);
    if (fits) return affordable(s, tx, out->most);
    cli_error(s->c, CLI_NETWORK, "the chain asks for more gas than there can be");
    return cli_chain_fail(s, CLI_NETWORK);
}

static bool agreed(cli_chain *s)
{
    cli *c = s->c;
    char line[16];
    if (cli_has(c, "yes") || s->agreed) return true;
    if (!isatty(0)) {
        cli_error(c, CLI_USAGE, "nothing was sent: there is no terminal to ask at; --yes agrees beforehand");
        return cli_chain_fail(s, CLI_USAGE);
    }
    fprintf(stderr, "send it? [y/N] ");
    fflush(stderr);
    if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y')) return true;
    cli_note(c, "nothing was sent");
    return cli_chain_fail(s, cli_interrupted() ? CLI_INTERRUPTED : CLI_FAILED);
}

static bool post(cli_chain *s, const eth_address *to, riv_bytes data, u256 value, const price *p, crypto_hash *hash)
{
    riv_arena *arena = s->c->arena;
    riv_fault  fault = { 0 };
    riv_buf    raw   = riv_buf_in(arena);
    riv_bytes  said;
    eth_tx     tx = { .type      = 2,
                      .chain_id  = s->chain_id,
                      .nonce     = p->nonce,
                      .gas_limit = p->gas,
                      .max_fee   = p->max_fee,
                      .max_tip   = p->tip,
                      .to        = *to,
                      .value     = value,
                      .data      = data };
    if (eth_tx_sign(&tx, &s->wallet.key, &raw, &fault)) return cli_chain_fault(s, &fault);
    *hash       = tx.hash;
    riv_err err = host_eth_bytes(s->eth, "eth_sendRawTransaction",
                                 cli_json_list(arena, host_eth_data(arena, riv_buf_view(&raw)), NULL), arena, &fault,
                                 NULL, &said);
    if (!err) return true;
    if (err != RIV_E_DENIED) return cli_chain_fault(s, &fault);
    cli_error(s->c, CLI_FAILED, "the chain does not take the transaction: %s", fault.msg);
    return cli_chain_fail(s, CLI_FAILED);
}

/* Until it is in a block: *receipt. */
static bool wait_for(cli_chain *s, const crypto_hash *hash, const riv_json **receipt)
{
    cli            *c     = s->c;
    uint64_t        begin = host_clock_ns() / 1000000, waited = 0;
    bool            told = false;
    const riv_json *id   = host_eth_data(c->arena, (riv_bytes){ hash->bytes, sizeof hash->bytes });
    for (uint32_t step = WAIT_FIRST_MS; waited < WAIT_MS && !cli_interrupted();
         step          = RIV_MIN(2 * step, (uint32_t)WAIT_STEP_MS)) {
        riv_fault fault = { 0 };
        if (host_eth_ask(s->eth, "eth_getTransactionReceipt", cli_json_list(c->arena, id, NULL), c->arena, &fault, NULL,
                         receipt)) {
            if (!cli_interrupted()) return cli_chain_fault(s, &fault);
            break;
        }
        if (told) fprintf(stderr, "\r\033[K");
        if ((*receipt)->kind == RIV_JSON_OBJ) return true;
        host_sleep_ms(step);
        waited = host_clock_ns() / 1000000 - begin;
        told   = isatty(2) && waited > 300;
        if (told) fprintf(stderr, "waiting for a block, %llu s", (unsigned long long)(waited / 1000));
    }
    if (told) fprintf(stderr, "\n");
    int code = cli_interrupted() ? CLI_INTERRUPTED : CLI_NETWORK;
    cli_error(c, code, "the transaction is not in a block after %llu s; it was sent and may still come: " RIV_FMT,
              (unsigned long long)(waited / 1000), RIV_ARG(id->str));
    cli_hint(c, "`rivulet chain blocks` shows what came; the same command once more would send it twice");
    return cli_chain_fail(s, code);
}

/* Why it failed inside its block: the same call once more, where things stand now. */
static riv_str why_failed(cli_chain *s, const eth_address *to, riv_bytes data, u256 value)
{
    riv_arena      *arena = s->c->arena;
    host_eth_error  error = { 0 };
    const riv_json *out;
    const riv_json *params = cli_json_list(arena, cli_call_object(s, to, data, value), riv_json_strc(arena, "pending"));
    if (host_eth_ask(s->eth, "eth_call", params, arena, NULL, &error, &out) == RIV_E_DENIED)
        return cli_refusal(s, &error);
    return RIV_LIT("it was reverted, and would not be any more: something else came before it, or its gas was used up");
}

static bool read_receipt(cli_chain *s, const riv_json *doc, cli_receipt *out, bool *good)
{
    uint64_t status;
    u256     gas_price, paid;
    if (!host_eth_read_u64(riv_json_get(doc, RIV_LIT("blockNumber")), &out->block) ||
        !host_eth_read_u64(riv_json_get(doc, RIV_LIT("gasUsed")), &out->gas_used) ||
        !host_eth_read_u64(riv_json_get(doc, RIV_LIT("status")), &status)) {
        cli_error(s->c, CLI_NETWORK, "the chain gives a receipt that cannot be read");
        return cli_chain_fail(s, CLI_NETWORK);
    }
    if (!host_eth_read_quantity(riv_json_get(doc, RIV_LIT("effectiveGasPrice")), &gas_price)) gas_price = U256_ZERO;
    out->cost = u256_mul(gas_price, u256_of(out->gas_used), &paid) ? paid : U256_ZERO;
    out->logs = riv_json_get(doc, RIV_LIT("logs"));
    *good     = status == 1;
    return true;
}

static void note_sent(cli_chain *s, const cli_tx *tx, const cli_call *f, const eth_address *to, const cli_receipt *r,
                      bool good)
{
    cli       *c     = s->c;
    riv_arena *arena = c->arena;
    riv_str    cost  = cli_amount(arena, r->cost, CLI_FLT_DECIMALS, "FLT");
    riv_json_add(arena, &s->sent,
                 riv_json_record(arena, "does", riv_json_str(arena, tx->does), "function", riv_json_str(arena, f->name),
                                 "to", cli_json_address(c, to), "hash",
                                 host_eth_data(arena, (riv_bytes){ r->hash.bytes, sizeof r->hash.bytes }), "block",
                                 riv_json_u64(arena, r->block), "gas_used", riv_json_u64(arena, r->gas_used), "cost",
                                 riv_json_str(arena, cost), "ok", riv_json_bool(good), NULL));
    if (good)
        fprintf(stderr, "  %sin block %llu%s: gas %llu, " RIV_FMT "\n", cli_style(c->colour_err, CLI_GREEN),
                (unsigned long long)r->block, cli_style(c->colour_err, CLI_PLAIN), (unsigned long long)r->gas_used,
                RIV_ARG(cost));
}

bool cli_send(cli_chain *s, const cli_tx *tx, cli_receipt *out)
{
    price           p    = { 0 };
    bool            good = false;
    cli_receipt     r    = { 0 };
    const riv_json *doc;
    bool            coin = tx->function == CLI_FN_COUNT;
    eth_address     to   = coin ? *tx->at : cli_call_place(tx->function, tx->at);
    const cli_call *f    = coin ? &coin_transfer : cli_call_of(s, tx->function);
    riv_bytes       data = coin ? (riv_bytes){ 0 } : cli_call_data(s, f, tx->args);
    if (!estimate(s, tx, f, &to, data, &p)) return false;
    show(s, tx, f, &to, &p);
    if (!agreed(s) || !post(s, &to, data, tx->value, &p, &r.hash) || !wait_for(s, &r.hash, &doc) ||
        !read_receipt(s, doc, &r, &good))
        return false;
    note_sent(s, tx, f, &to, &r, good);
    if (out) *out = r;
    if (good) return true;
    riv_str why = why_failed(s, &to, data, tx->value);
    cli_error(s->c, CLI_FAILED, "the transaction failed in block %llu: " RIV_FMT, (unsigned long long)r.block,
              RIV_ARG(why));
    if (cli_hint_of(why)) cli_hint(s->c, "%s", cli_hint_of(why));
    return cli_chain_fail(s, CLI_FAILED);
}
