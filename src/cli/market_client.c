/* market_client.c: questions to a chain's contracts, and transactions: estimated, shown with what they do and cost, agreed to, sent, waited for.
 * Functions and the names of their arguments come from the contracts' own tables. Contract: market_client.h. Tests: market_client_test.c,
 * tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"

#include <unistd.h>

enum {
    WAIT_MS       = 120000, /* for a transaction's block */
    WAIT_FIRST_MS = 50,
    WAIT_STEP_MS  = 500,
    LIST_SHOWN    = 4, /* items of a list that are shown */
    EVENTS_MAX    = 100000,
};

const cli_function_row cli_functions[CLI_FN_COUNT] = {
#define X(name, contract, signature) [CLI_FN_##name] = { contract, signature },
    CLI_FUNCTIONS(X)
#undef X
};
static const char *const contract_names[CHAIN_CONTRACTS + 1] = { "USD token", "Multicall3", "RandomX",     "Core",
                                                                 "Market",    "Capacity",   "DealFactory", "deal" };

/* ---- a chain ---- */

static bool fail(cli_chain *s, int code)
{
    s->code = code;
    return false;
}

static bool fault_of(cli_chain *s, const riv_fault *fault)
{
    if (cli_interrupted()) return fail(s, CLI_INTERRUPTED);
    cli_fault(s->c, fault);
    if (fault->err == RIV_E_EXPIRED) cli_hint(s->c, "`rivulet chain start` starts one; --chain URL names another");
    return fail(s,
                fault->err == RIV_E_EXPIRED || fault->err == RIV_E_MALFORMED ? CLI_NETWORK : cli_exit_of(fault->err));
}

static bool open_wallet(cli_chain *s)
{
    cli      *c     = s->c;
    riv_fault fault = { 0 };
    riv_str   key   = cli_value(c, "key");
    if (!key.len) key = host_env("RIVULET_KEY");
    if (!key.len) {
        cli_error(c, CLI_USAGE, "whose transaction is it? --key FILE names the key of an account");
        cli_hint(c, "`rivulet key new --wallet FILE` makes one; --key 0 to 9 are the accounts of a development chain");
        return fail(s, CLI_USAGE);
    }
    if (cli_wallet_load(key, &fault, &s->wallet)) {
        cli_fault(c, &fault);
        return fail(s, cli_exit_of(fault.err));
    }
    if (s->wallet.exposed) cli_warn(c, "others may read " RIV_FMT, RIV_ARG(key));
    return true;
}

bool cli_market_open(cli *c, bool signs, cli_chain *out)
{
    riv_fault fault = { 0 };
    u256      id;
    *out = (cli_chain){ .c = c, .signs = signs, .engine = chain_new(), .url = cli_value(c, "chain") };
    if (!out->url.len) out->url = host_env("RIVULET_CHAIN");
    if (!out->url.len) out->url = RIV_LIT(CLI_CHAIN_URL);
    if (signs && !open_wallet(out)) return false;
    cli_catch_signals();
    if (host_eth_open(out->url, cli_interrupted, &fault, &out->eth)) {
        cli_fault(c, &fault);
        return fail(out, CLI_USAGE);
    }
    if (host_eth_number(out->eth, "eth_chainId", riv_json_arr(c->arena, NULL, 0), c->arena, &fault, NULL, &id))
        return fault_of(out, &fault);
    if (!u256_u64(id, &out->chain_id)) {
        cli_error(c, CLI_NETWORK, "the chain at " RIV_FMT " has a number that is too large", RIV_ARG(out->url));
        return fail(out, CLI_NETWORK);
    }
    return true;
}

void cli_market_close(cli_chain *s)
{
    host_eth_close(s->eth);
    chain_free(s->engine);
    crypto_wipe(&s->wallet, sizeof s->wallet);
    cli_release_signals();
}

/* ---- functions ---- */

typedef struct function {
    const chain_function_info *info;
    riv_str                    name;
    eth_type                   args, returns;
    uint8_t                    selector[4];
} function;

static bool same_function(cli *c, const char *signature, const char *canonical)
{
    riv_str  name;
    eth_type args;
    riv_buf  text = riv_buf_in(c->arena);
    if (eth_signature_parse(riv_str_c(signature), c->arena, NULL, &name, &args)) return false;
    riv_put_str(&text, name);
    eth_type_put(&text, &args);
    return riv_str_eq(riv_buf_str(&text), riv_str_c(canonical));
}

static void find_function(cli_chain *s, cli_function f, function *out)
{
    const chain_function_info *all;
    const cli_function_row    *row   = &cli_functions[f];
    size_t                     count = chain_functions(s->engine, row->contract, s->c->arena, &all);
    riv_str                    wanted =
        riv_str_sub(riv_str_c(row->signature), 0, riv_str_find_char(riv_str_c(row->signature), '(', 0) + 1);
    *out = (function){ 0 };
    for (size_t i = 0; i < count && !out->info; i++)
        if (riv_str_starts(riv_str_c(all[i].signature), wanted) &&
            same_function(s->c, all[i].signature, row->signature))
            out->info = &all[i];
    RIV_ASSERT(out->info); /* market_client_test.c */
    riv_err err = eth_signature_parse(riv_str_c(out->info->signature), s->c->arena, NULL, &out->name, &out->args);
    RIV_ASSERT(!err);
    err = eth_type_parse(riv_str_c(out->info->returns), s->c->arena, NULL, &out->returns);
    RIV_ASSERT(!err);
    crypto_hash hash = eth_signature_hash(out->name, &out->args);
    memcpy(out->selector, hash.bytes, sizeof out->selector);
}

static riv_bytes call_data(cli_chain *s, const function *f, const eth_value *args)
{
    riv_buf   data = riv_buf_in(s->c->arena);
    eth_value all  = eth_list(args, f->args.items_count);
    riv_put_bytes(&data, (riv_bytes){ f->selector, sizeof f->selector });
    eth_abi_put(&f->args, &all, &data);
    return riv_buf_view(&data);
}

static eth_address place_of(cli_function f, const eth_address *at)
{
    chain_contract which = cli_functions[f].contract;
    RIV_ASSERT((which == CHAIN_CONTRACTS) == (at != NULL));
    return at ? *at : chain_contract_address(which);
}

static const riv_json *call_object(cli_chain *s, const eth_address *to, riv_bytes data, u256 value)
{
    riv_arena *arena = s->c->arena;
    return riv_json_object(arena, "from", s->signs ? host_eth_address(arena, &s->wallet.address) : NULL, "to",
                           host_eth_address(arena, to), "data", host_eth_data(arena, data), "value",
                           u256_is_zero(value) ? NULL : host_eth_quantity(arena, value), NULL);
}

static const riv_json *list_of(riv_arena *arena, const riv_json *a, const riv_json *b)
{
    const riv_json **items = riv_new(arena, const riv_json *, 2);
    items[0]               = a;
    items[1]               = b;
    return riv_json_arr(arena, items, b ? 2 : 1);
}

/* A revert in words; else what the node said. */
static riv_str refusal(cli_chain *s, const host_eth_error *error)
{
    riv_str text = error->data.len ? chain_revert_text(s->engine, error->data, s->c->arena) : (riv_str){ 0 };
    return cli_shown(s->c, text.len ? text : error->message, 300);
}

bool cli_ask_or(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, riv_str *reverts,
                const eth_value **out)
{
    function       f;
    eth_value      value;
    riv_bytes      returned;
    riv_fault      fault = { 0 };
    host_eth_error error = { 0 };
    riv_arena     *arena = s->c->arena;
    eth_address    to    = place_of(fn, at);
    find_function(s, fn, &f);
    *reverts = (riv_str){ 0 };
    *out     = NULL;
    const riv_json *params =
        list_of(arena, call_object(s, &to, call_data(s, &f, args), U256_ZERO), riv_json_strc(arena, "latest"));
    riv_err err = host_eth_bytes(s->eth, "eth_call", params, arena, &fault, &error, &returned);
    if (err == RIV_E_DENIED) {
        *reverts = refusal(s, &error);
        return true;
    }
    if (err) return fault_of(s, &fault);
    if (eth_abi_read(&f.returns, returned, arena, NULL, &value)) {
        riv_buf where = riv_buf_in(arena);
        eth_put_address(&where, &to);
        cli_error(s->c, CLI_NETWORK,
                  "there is no market on this chain: " RIV_FMT " of %s at " RIV_FMT " answers with something else",
                  RIV_ARG(f.name), contract_names[cli_functions[fn].contract], RIV_ARG(riv_buf_str(&where)));
        return fail(s, CLI_NETWORK);
    }
    *out = value.items;
    return true;
}

bool cli_ask(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, const eth_value **out)
{
    riv_str reverts;
    if (!cli_ask_or(s, fn, at, args, &reverts, out)) return false;
    if (!reverts.len) return true;
    cli_error(s->c, CLI_FAILED, RIV_FMT, RIV_ARG(reverts));
    return fail(s, CLI_FAILED);
}

bool cli_ask_number(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, u256 *out)
{
    const eth_value *v;
    if (!cli_ask(s, fn, at, args, &v)) return false;
    *out = v[0].word;
    return true;
}

bool cli_ask_u64(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, uint64_t *out)
{
    u256 v;
    if (!cli_ask_number(s, fn, at, args, &v)) return false;
    if (!u256_u64(v, out)) *out = UINT64_MAX;
    return true;
}

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
        if (eth_address_eq(a, &known)) riv_putf(out, " (%s)", contract_names[i]);
    }
    if (s->signs && eth_address_eq(a, &s->wallet.address)) riv_put_str(out, RIV_LIT(" (you)"));
}

static bool is_cid(const eth_type *t)
{
    return t->kind == ETH_TUPLE && t->items_count == 2 && t->items[0].kind == ETH_FIXED_BYTES && t->items[0].size == 4;
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
    case ETH_BYTES: riv_putf(out, "%zu bytes", v->bytes.len); break;
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

static void show(cli_chain *s, const cli_tx *tx, const function *f, const eth_address *to, const price *p)
{
    cli    *c    = s->c;
    riv_buf out  = riv_buf_in(c->arena);
    riv_str list = riv_str_c(f->info->signature);
    size_t  at   = riv_str_find_char(list, '(', 0) + 1;
    riv_putf(&out, "%s" RIV_FMT "%s\n  " RIV_FMT " of %s ", cli_style(c->colour_err, CLI_BOLD), RIV_ARG(tx->does),
             cli_style(c->colour_err, CLI_PLAIN), RIV_ARG(f->name),
             contract_names[cli_functions[tx->function].contract]);
    eth_put_address(&out, to);
    riv_put_u8(&out, '\n');
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

/* What it costs, and whether the chain would take it at all. */
static bool estimate(cli_chain *s, const cli_tx *tx, const function *f, const eth_address *to, riv_bytes data,
                     price *out)
{
    cli            *c     = s->c;
    riv_arena      *arena = c->arena;
    riv_fault       fault = { 0 };
    host_eth_error  error = { 0 };
    u256            gas, nonce, base = U256_ZERO, fee;
    const riv_json *head, *object = call_object(s, to, data, tx->value);
    riv_err err = host_eth_number(s->eth, "eth_estimateGas", list_of(arena, object, NULL), arena, &fault, &error, &gas);
    if (err == RIV_E_DENIED) {
        cli_error(c, CLI_FAILED, "the chain would refuse this: " RIV_FMT, RIV_ARG(refusal(s, &error)));
        cli_note(c, "  nothing was sent: " RIV_FMT " (" RIV_FMT ")", RIV_ARG(tx->does), RIV_ARG(f->name));
        return fail(s, CLI_FAILED);
    }
    const riv_json *me = list_of(arena, host_eth_address(arena, &s->wallet.address), riv_json_strc(arena, "pending"));
    if (err || host_eth_number(s->eth, "eth_getTransactionCount", me, arena, &fault, NULL, &nonce) ||
        host_eth_ask(s->eth, "eth_getBlockByNumber",
                     list_of(arena, riv_json_strc(arena, "latest"), riv_json_bool(false)), arena, &fault, NULL, &head))
        return fault_of(s, &fault);
    if (host_eth_number(s->eth, "eth_maxPriorityFeePerGas", riv_json_arr(arena, NULL, 0), arena, NULL, NULL, &out->tip))
        out->tip = U256_ZERO;
    if (!host_eth_read_quantity(riv_json_get(head, RIV_LIT("baseFeePerGas")), &base)) base = U256_ZERO;
    bool fits = u256_u64(gas, &out->gas) && u256_u64(nonce, &out->nonce) && out->gas < UINT64_C(1) << 50;
    out->gas += fits ? out->gas / 5 : 0; /* the state may have moved on until then */
    fits = fits && u256_add(base, base, &fee) && u256_add(fee, out->tip, &out->max_fee) &&
           u256_mul(out->max_fee, u256_of(out->gas), &fee) && u256_add(fee, tx->value, &out->most);
    if (fits) return true;
    cli_error(c, CLI_NETWORK, "the chain asks for more gas than there can be");
    return fail(s, CLI_NETWORK);
}

static bool agreed(cli_chain *s)
{
    cli *c = s->c;
    char line[16];
    if (cli_has(c, "yes") || s->agreed) return true;
    if (!isatty(0)) {
        cli_error(c, CLI_USAGE, "nothing was sent: there is no terminal to ask at; --yes agrees beforehand");
        return fail(s, CLI_USAGE);
    }
    fprintf(stderr, "send it? [y/N] ");
    fflush(stderr);
    if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y')) return true;
    cli_note(c, "nothing was sent");
    return fail(s, cli_interrupted() ? CLI_INTERRUPTED : CLI_FAILED);
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
    if (eth_tx_sign(&tx, &s->wallet.key, &raw, &fault)) return fault_of(s, &fault);
    *hash = tx.hash;
    riv_err err =
        host_eth_bytes(s->eth, "eth_sendRawTransaction", list_of(arena, host_eth_data(arena, riv_buf_view(&raw)), NULL),
                       arena, &fault, NULL, &said);
    if (!err) return true;
    if (err != RIV_E_DENIED) return fault_of(s, &fault);
    cli_error(s->c, CLI_FAILED, "the chain does not take the transaction: %s", fault.msg);
    return fail(s, CLI_FAILED);
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
        if (host_eth_ask(s->eth, "eth_getTransactionReceipt", list_of(c->arena, id, NULL), c->arena, &fault, NULL,
                         receipt)) {
            if (!cli_interrupted()) return fault_of(s, &fault);
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
    return fail(s, code);
}

/* Why it failed inside its block: the same call once more, where things stand now. */
static riv_str why_failed(cli_chain *s, const eth_address *to, riv_bytes data, u256 value)
{
    riv_arena      *arena = s->c->arena;
    host_eth_error  error = { 0 };
    const riv_json *out;
    const riv_json *params = list_of(arena, call_object(s, to, data, value), riv_json_strc(arena, "latest"));
    if (host_eth_ask(s->eth, "eth_call", params, arena, NULL, &error, &out) == RIV_E_DENIED) return refusal(s, &error);
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
        return fail(s, CLI_NETWORK);
    }
    if (!host_eth_read_quantity(riv_json_get(doc, RIV_LIT("effectiveGasPrice")), &gas_price)) gas_price = U256_ZERO;
    out->cost = u256_mul(gas_price, u256_of(out->gas_used), &paid) ? paid : U256_ZERO;
    out->logs = riv_json_get(doc, RIV_LIT("logs"));
    *good     = status == 1;
    return true;
}

static void note_sent(cli_chain *s, const cli_tx *tx, const function *f, const eth_address *to, const cli_receipt *r,
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
    function        f;
    price           p = { 0 };
    bool            good;
    cli_receipt     r = { 0 };
    const riv_json *doc;
    eth_address     to = place_of(tx->function, tx->at);
    find_function(s, tx->function, &f);
    riv_bytes data = call_data(s, &f, tx->args);
    if (!estimate(s, tx, &f, &to, data, &p)) return false;
    show(s, tx, &f, &to, &p);
    if (!agreed(s) || !post(s, &to, data, tx->value, &p, &r.hash) || !wait_for(s, &r.hash, &doc) ||
        !read_receipt(s, doc, &r, &good))
        return false;
    note_sent(s, tx, &f, &to, &r, good);
    *out = r;
    if (good) return true;
    cli_error(s->c, CLI_FAILED, "the transaction failed in block %llu: " RIV_FMT, (unsigned long long)r.block,
              RIV_ARG(why_failed(s, &to, data, tx->value)));
    return fail(s, CLI_FAILED);
}

/* ---- events ---- */

static bool topic_of(const riv_json *topics, size_t index, riv_arena *arena, u256 *out)
{
    riv_bytes bytes;
    if (!host_eth_read_data(riv_json_at(topics, index), arena, &bytes) || bytes.len != 32) return false;
    *out = u256_from_be(bytes);
    return true;
}

bool cli_event_of(cli_chain *s, const riv_json *log, const char *signature, eth_address *at, eth_value *out)
{
    riv_str    name;
    eth_type   args;
    riv_bytes  data;
    u256       topic;
    eth_value  rest;
    riv_arena *arena = s->c->arena;
    riv_err    err   = eth_signature_parse(riv_str_c(signature), arena, NULL, &name, &args);
    RIV_ASSERT(!err);
    crypto_hash     hash   = eth_signature_hash(name, &args);
    const riv_json *topics = riv_json_get(log, RIV_LIT("topics"));
    u256            first  = u256_from_be((riv_bytes){ hash.bytes, sizeof hash.bytes });
    if (!topic_of(topics, 0, arena, &topic) || u256_cmp(topic, first)) return false;
    if (at && !host_eth_read_address(riv_json_get(log, RIV_LIT("address")), at)) return false;
    if (!host_eth_read_data(riv_json_get(log, RIV_LIT("data")), arena, &data)) return false;
    /* what is not indexed is a tuple of its own */
    eth_type  *plain = riv_new(arena, eth_type, args.items_count + 1);
    eth_value *all   = riv_new(arena, eth_value, args.items_count + 1);
    size_t     count = 0, next = 1, taken = 0;
    for (size_t i = 0; i < args.items_count; i++)
        if (!args.items[i].indexed) plain[count++] = args.items[i];
    eth_type tuple = { .kind = ETH_TUPLE, .items = plain, .items_count = count };
    if (eth_abi_read(&tuple, data, arena, NULL, &rest)) return false;
    for (size_t i = 0; i < args.items_count; i++)
        if (!args.items[i].indexed)
            all[i] = rest.items[taken++];
        else if (!topic_of(topics, next++, arena, &all[i].word))
            return false;
    *out = eth_list(all, args.items_count);
    return true;
}

bool cli_event_find(cli_chain *s, const cli_receipt *receipt, const char *signature, eth_address *at, eth_value *out)
{
    for (size_t i = 0; riv_json_at(receipt->logs, i); i++)
        if (cli_event_of(s, riv_json_at(receipt->logs, i), signature, at, out)) return true;
    return false;
}

bool cli_events_read(cli_chain *s, const eth_address *at, const char *signature, const eth_value *first,
                     cli_events *out)
{
    riv_str    name;
    eth_type   args;
    u256       head;
    uint64_t   newest;
    riv_arena *arena = s->c->arena;
    riv_fault  fault = { 0 };
    riv_err    err   = eth_signature_parse(riv_str_c(signature), arena, NULL, &name, &args);
    RIV_ASSERT(!err);
    crypto_hash     hash = eth_signature_hash(name, &args);
    uint8_t         word[32];
    const riv_json *topic = host_eth_data(arena, (riv_bytes){ hash.bytes, sizeof hash.bytes }), *second = NULL;
    if (first) u256_to_be(first->word, word), second = host_eth_data(arena, (riv_bytes){ word, sizeof word });
    if (host_eth_number(s->eth, "eth_blockNumber", riv_json_arr(arena, NULL, 0), arena, &fault, NULL, &head))
        return fault_of(s, &fault);
    if (!u256_u64(head, &newest)) return fail(s, cli_error(s->c, CLI_NETWORK, "the chain's height cannot be"));
    for (uint64_t from = 0; from <= newest && out->len < EVENTS_MAX; from += HOST_ETH_LOGS_BLOCKS_MAX) {
        uint64_t        to = RIV_MIN(newest, from + HOST_ETH_LOGS_BLOCKS_MAX - 1);
        const riv_json *logs, *filter = riv_json_object(arena, "address", host_eth_address(arena, at), "fromBlock",
                                                        host_eth_quantity(arena, u256_of(from)), "toBlock",
                                                        host_eth_quantity(arena, u256_of(to)), "topics",
                                                        list_of(arena, topic, second), NULL);
        if (host_eth_ask(s->eth, "eth_getLogs", list_of(arena, filter, NULL), arena, &fault, NULL, &logs))
            return fault_of(s, &fault);
        for (size_t i = 0; riv_json_at(logs, i) && out->len < EVENTS_MAX; i++) {
            eth_value v;
            if (cli_event_of(s, riv_json_at(logs, i), signature, NULL, &v)) *riv_push(arena, out) = v;
        }
    }
    return true;
}

/* ---- texts ---- */

riv_str cli_show_address(cli *c, const eth_address *a)
{
    riv_buf out = riv_buf_in(c->arena);
    eth_put_address(&out, a);
    return riv_buf_str(&out);
}

riv_str cli_show_id(cli *c, u256 id)
{
    uint8_t word[32];
    u256_to_be(id, word);
    return host_eth_data(c->arena, (riv_bytes){ word, sizeof word })->str;
}

riv_str cli_show_peer(cli *c, u256 key)
{
    crypto_public public;
    u256_to_be(key, public.bytes);
    codec_peer peer = codec_peer_of(&public);
    return codec_peer_text(c->arena, &peer);
}

/* SPEC market.md 1: four bytes of version, codec, hash and its length, and the hash. */
riv_str cli_show_cid(cli *c, const eth_value *cid)
{
    uint8_t   front[32], hash[32];
    riv_buf   bytes = riv_buf_in(c->arena);
    codec_cid read;
    RIV_ASSERT(cid->items_count == 2);
    u256_to_be(cid->items[0].word, front);
    u256_to_be(cid->items[1].word, hash);
    riv_put_bytes(&bytes, (riv_bytes){ front, 4 });
    riv_put_bytes(&bytes, (riv_bytes){ hash, sizeof hash });
    if (!codec_cid_read(riv_buf_view(&bytes), NULL, &read)) return codec_cid_text(c->arena, &read);
    return host_eth_data(c->arena, riv_buf_view(&bytes))->str;
}

bool cli_read_cid(cli_chain *s, riv_str text, eth_value *out)
{
    riv_fault  fault = { 0 };
    codec_cid  cid;
    uint8_t    front[32] = { 0 };
    eth_value *parts     = riv_new(s->c->arena, eth_value, 2);
    if (codec_cid_parse(text, s->c->arena, &fault, &cid)) {
        cli_error(s->c, CLI_USAGE, "'" RIV_FMT "' is no content id: %s", RIV_ARG(text), fault.msg);
        return fail(s, CLI_USAGE);
    }
    if (cid.digest.len != 32 || cid.codec > 0x7f || cid.hash > 0x7f) {
        cli_error(s->c, CLI_USAGE,
                  "the chain takes content ids with a hash of 32 bytes and one byte for its codec; '" RIV_FMT
                  "' is none",
                  RIV_ARG(text));
        return fail(s, CLI_USAGE);
    }
    front[0] = 1; /* a CIDv0 is the same content with version 1 */
    front[1] = (uint8_t)cid.codec;
    front[2] = (uint8_t)cid.hash;
    front[3] = 32;
    parts[0] = eth_of_hash(front);
    parts[1] = eth_of_hash(cid.digest.ptr);
    *out     = eth_list(parts, 2);
    return true;
}

bool cli_read_eth_address(cli_chain *s, riv_str text, eth_address *out)
{
    riv_fault fault = { 0 };
    if (!eth_read_address(text, &fault, out)) return true;
    cli_error(s->c, CLI_USAGE, "'" RIV_FMT "' is no address: %s", RIV_ARG(text), fault.msg);
    return fail(s, CLI_USAGE);
}

bool cli_read_amount(cli_chain *s, const char *flag, riv_str text, unsigned decimals, u256 *out)
{
    riv_fault fault = { 0 };
    if (!cli_amount_parse(text, decimals, &fault, out)) return true;
    cli_error(s->c, CLI_USAGE, "%s: %s", flag, fault.msg);
    return fail(s, CLI_USAGE);
}

const riv_json *cli_json_number(cli *c, u256 v)
{
    riv_buf text = riv_buf_in(c->arena);
    u256_put(&text, v);
    return riv_json_str(c->arena, riv_buf_str(&text));
}

const riv_json *cli_json_address(cli *c, const eth_address *a)
{
    return riv_json_str(c->arena, cli_show_address(c, a));
}

int cli_chain_json(cli_chain *s, const riv_json *doc)
{
    riv_arena *arena             = s->c->arena;
    RIV_VEC(riv_json_member) all = { 0 };
    for (size_t i = 0; i < doc->obj.count; i++) *riv_push(arena, &all) = doc->obj.members[i];
    if (s->sent.len)
        *riv_push(arena, &all) =
            (riv_json_member){ RIV_LIT("transactions"), riv_json_arr(arena, s->sent.ptr, s->sent.len) };
    cli_print_json(riv_json_ordered(arena, all.ptr, all.len), true);
    return CLI_OK;
}
