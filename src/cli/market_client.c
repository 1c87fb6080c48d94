/* market_client.c: a chain, who asks it, and questions to its contracts: one at a time, or many in one call.
 * Functions come from the contracts' own tables. Contract: market_client.h. Tests: market_client_test.c, tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"

#include <time.h>

enum {
    BATCH_MAX         = 500, /* questions of one call; fewer where the chain refuses so many */
    DEVELOPMENT_CHAIN = 31337,
};

const cli_function_row cli_functions[CLI_FN_COUNT] = {
#define X(name, contract, signature) [CLI_FN_##name] = { contract, signature },
    CLI_FUNCTIONS(X)
#undef X
};

const char *cli_contract_name(chain_contract which)
{
    static const char *const names[CHAIN_CONTRACTS + 1] = { "USD token", "Multicall3", "RandomX",     "Core",
                                                            "Market",    "Capacity",   "DealFactory", "deal" };
    return names[which];
}

/* ---- a chain ---- */

bool cli_chain_fail(cli_chain *s, int code)
{
    s->code = code;
    return false;
}

bool cli_chain_fault(cli_chain *s, const riv_fault *fault)
{
    if (cli_interrupted()) return cli_chain_fail(s, CLI_INTERRUPTED);
    cli_fault(s->c, fault);
    if (fault->err == RIV_E_EXPIRED) cli_hint(s->c, "`rivulet chain start` starts one; --chain URL names another");
    if (fault->err == RIV_E_MALFORMED)
        cli_hint(s->c, "is --chain (or $RIVULET_CHAIN) the JSON-RPC address of a chain?");
    return cli_chain_fail(s, fault->err == RIV_E_EXPIRED || fault->err == RIV_E_MALFORMED ? CLI_NETWORK
                                                                                          : cli_exit_of(fault->err));
}

static bool is_number(riv_str text)
{
    uint64_t n;
    return riv_str_u64(text, &n) && !host_file_exists(text);
}

/* What a key might have been meant to be. */
static bool no_wallet(cli_chain *s, riv_str key, const riv_fault *fault)
{
    cli          *c = s->c;
    crypto_secret seed;
    if (is_number(key)) {
        cli_error(c, CLI_USAGE, "there is no account " RIV_FMT " and no file of that name", RIV_ARG(key));
        cli_hint(c, "--key takes a number from 0 to 9, the accounts of a development chain, or a key file");
        return cli_chain_fail(s, CLI_USAGE);
    }
    cli_fault(c, fault);
    if (!host_file_exists(key)) {
        cli_hint(
            c, "`rivulet key new --wallet " RIV_FMT "` makes one; --key 0 to 9 are the accounts of a development chain",
            RIV_ARG(key));
    } else if (!host_key_load(key, NULL, &seed, NULL)) {
        crypto_wipe(&seed, sizeof seed);
        cli_hint(c,
                 "it is the key of a peer; accounts have keys of their own: `rivulet key new --wallet FILE` makes one");
    }
    return cli_chain_fail(s, cli_exit_of(fault->err));
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
        return cli_chain_fail(s, CLI_USAGE);
    }
    if (cli_wallet_load(key, &fault, &s->wallet)) return no_wallet(s, key, &fault);
    s->known_key = is_number(key);
    if (s->wallet.exposed) cli_warn(c, "others may read " RIV_FMT, RIV_ARG(key));
    return true;
}

riv_str cli_chain_url(cli *c)
{
    riv_str url = cli_value(c, "chain");
    if (!url.len) url = host_env("RIVULET_CHAIN");
    return url.len ? url : RIV_LIT(CLI_CHAIN_URL);
}

bool cli_market_open(cli *c, bool signs, cli_chain *out)
{
    riv_fault fault = { 0 };
    u256      id;
    *out = (cli_chain){ .c = c, .signs = signs, .engine = chain_new(), .url = cli_chain_url(c) };
    if (signs && !open_wallet(out)) return false;
    cli_catch_signals();
    if (host_eth_open(out->url, cli_interrupted, &fault, &out->eth)) {
        cli_fault(c, &fault);
        return cli_chain_fail(out, CLI_USAGE);
    }
    if (host_eth_number(out->eth, "eth_chainId", riv_json_arr(c->arena, NULL, 0), c->arena, &fault, NULL, &id))
        return cli_chain_fault(out, &fault);
    if (!u256_u64(id, &out->chain_id)) {
        cli_error(c, CLI_NETWORK, "the chain at " RIV_FMT " has a number that is too large", RIV_ARG(out->url));
        return cli_chain_fail(out, CLI_NETWORK);
    }
    if (out->known_key && out->chain_id != DEVELOPMENT_CHAIN)
        cli_warn(c, "everybody knows the key of this account, and this is chain %llu, not one for development (%d)",
                 (unsigned long long)out->chain_id, DEVELOPMENT_CHAIN);
    return true;
}

/* A step failed behind others that were paid for: who reads documents learns of those too. */
static void tell_what_was_sent(cli_chain *s)
{
    riv_arena *arena = s->c->arena;
    if (!s->code || s->told || !s->sent.len || !cli_has(s->c, "json")) return;
    RIV_VEC(riv_json_member) all = { 0 };
    *riv_push(arena, &all)       = (riv_json_member){ RIV_LIT("error"), riv_json_str(arena, s->c->first_error) };
    for (size_t i = 0; s->made && i < s->made->obj.count; i++) *riv_push(arena, &all) = s->made->obj.members[i];
    cli_chain_json(s, riv_json_ordered(arena, all.ptr, all.len));
}

void cli_market_close(cli_chain *s)
{
    tell_what_was_sent(s);
    host_eth_close(s->eth);
    chain_free(s->engine);
    crypto_wipe(&s->wallet, sizeof s->wallet);
    cli_release_signals();
}

int cli_market_run(cli *c, bool signs, bool (*run)(cli_chain *s))
{
    cli_chain s;
    bool      good = cli_market_open(c, signs, &s) && run(&s);
    int       code = good ? CLI_OK : s.code ? s.code : CLI_USAGE;
    cli_market_close(&s);
    return code;
}

/* ---- functions ---- */

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

const cli_call *cli_call_of(cli_chain *s, cli_function f)
{
    riv_arena                 *arena = s->c->arena;
    const chain_function_info *all;
    const cli_function_row    *row    = &cli_functions[f];
    riv_str                    text   = riv_str_c(row->signature);
    riv_str                    wanted = riv_str_sub(text, 0, riv_str_find_char(text, '(', 0) + 1);
    if (s->known[f]) return s->known[f];
    cli_call *out   = riv_new(arena, cli_call, 1);
    size_t    count = chain_functions(s->engine, row->contract, arena, &all);
    for (size_t i = 0; i < count && !out->info; i++)
        if (riv_str_starts(riv_str_c(all[i].signature), wanted) &&
            same_function(s->c, all[i].signature, row->signature))
            out->info = &all[i];
    RIV_ASSERT(out->info); /* market_client_test.c */
    riv_err err = eth_signature_parse(riv_str_c(out->info->signature), arena, NULL, &out->name, &out->args);
    RIV_ASSERT(!err);
    err = eth_type_parse(riv_str_c(out->info->returns), arena, NULL, &out->returns);
    RIV_ASSERT(!err);
    crypto_hash hash = eth_signature_hash(out->name, &out->args);
    memcpy(out->selector, hash.bytes, sizeof out->selector);
    return s->known[f] = out;
}

riv_bytes cli_call_data(cli_chain *s, const cli_call *f, const eth_value *args)
{
    riv_buf   data = riv_buf_in(s->c->arena);
    eth_value all  = eth_list(args, f->args.items_count);
    riv_put_bytes(&data, (riv_bytes){ f->selector, sizeof f->selector });
    eth_abi_put(&f->args, &all, &data);
    return riv_buf_view(&data);
}

eth_address cli_call_place(cli_function f, const eth_address *at)
{
    chain_contract which = cli_functions[f].contract;
    RIV_ASSERT((which == CHAIN_CONTRACTS) == (at != NULL));
    return at ? *at : chain_contract_address(which);
}

const riv_json *cli_call_object(cli_chain *s, const eth_address *to, riv_bytes data, u256 value)
{
    riv_arena *arena = s->c->arena;
    return riv_json_object(arena, "from", s->signs ? host_eth_address(arena, &s->wallet.address) : NULL, "to",
                           host_eth_address(arena, to), "data", host_eth_data(arena, data), "value",
                           u256_is_zero(value) ? NULL : host_eth_quantity(arena, value), NULL);
}

const riv_json *cli_json_list(riv_arena *arena, const riv_json *a, const riv_json *b)
{
    const riv_json **items = riv_new(arena, const riv_json *, 2);
    items[0]               = a;
    items[1]               = b;
    return riv_json_arr(arena, items, b ? 2 : 1);
}

riv_str cli_refusal(cli_chain *s, const host_eth_error *error)
{
    riv_str text = error->data.len ? chain_revert_text(s->engine, error->data, s->c->arena) : (riv_str){ 0 };
    return cli_shown(s->c, text.len ? text : error->message, 300);
}

/* ---- one question ---- */

static bool read_answer(cli_chain *s, cli_function fn, const eth_address *to, riv_bytes returned, const eth_value **out)
{
    eth_value       value;
    const cli_call *f = cli_call_of(s, fn);
    if (!eth_abi_read(&f->returns, returned, s->c->arena, NULL, &value)) {
        *out = value.items;
        return true;
    }
    cli_error(s->c, CLI_NETWORK,
              "there is no market on chain %llu at " RIV_FMT ": " RIV_FMT " of %s at " RIV_FMT
              " answers with something else",
              (unsigned long long)s->chain_id, RIV_ARG(s->url), RIV_ARG(f->name),
              cli_contract_name(cli_functions[fn].contract), RIV_ARG(cli_show_address(s->c, to)));
    cli_hint(s->c, "`rivulet chain start` starts a chain with a market; --chain URL names another");
    return cli_chain_fail(s, CLI_NETWORK);
}

/* The time of a question is that of the next block: on a chain that makes blocks on demand the newest may be of a former epoch. */
bool cli_ask_or(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, riv_str *reverts,
                const eth_value **out)
{
    riv_bytes      returned;
    riv_fault      fault = { 0 };
    host_eth_error error = { 0 };
    riv_arena     *arena = s->c->arena;
    eth_address    to    = cli_call_place(fn, at);
    *reverts             = (riv_str){ 0 };
    *out                 = NULL;
    riv_bytes       data = cli_call_data(s, cli_call_of(s, fn), args);
    const riv_json *param =
        cli_json_list(arena, cli_call_object(s, &to, data, U256_ZERO), riv_json_strc(arena, "pending"));
    riv_err err = host_eth_bytes(s->eth, "eth_call", param, arena, &fault, &error, &returned);
    if (err == RIV_E_DENIED) {
        *reverts = cli_refusal(s, &error);
        return true;
    }
    return err ? cli_chain_fault(s, &fault) : read_answer(s, fn, &to, returned, out);
}

static bool say_revert(cli_chain *s, riv_str reverts)
{
    cli_error(s->c, CLI_FAILED, RIV_FMT, RIV_ARG(reverts));
    if (cli_hint_of(reverts)) cli_hint(s->c, "%s", cli_hint_of(reverts));
    return cli_chain_fail(s, CLI_FAILED);
}

bool cli_ask(cli_chain *s, cli_function fn, const eth_address *at, const eth_value *args, const eth_value **out)
{
    riv_str reverts;
    if (!cli_ask_or(s, fn, at, args, &reverts, out)) return false;
    return !reverts.len || say_revert(s, reverts);
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

bool cli_balance(cli_chain *s, const eth_address *who, u256 *flt)
{
    riv_arena      *arena = s->c->arena;
    riv_fault       fault = { 0 };
    const riv_json *param = cli_json_list(arena, host_eth_address(arena, who), riv_json_strc(arena, "pending"));
    if (!host_eth_number(s->eth, "eth_getBalance", param, arena, &fault, NULL, flt)) return true;
    return cli_chain_fault(s, &fault);
}

/* ---- many questions: Multicall3's aggregate3, whose parts may fail ---- */

static const eth_address *at_of(const cli_question *q)
{
    return cli_functions[q->function].contract == CHAIN_CONTRACTS ? &q->at : NULL;
}

static eth_value part_of(cli_chain *s, const cli_question *q)
{
    eth_value  *parts = riv_new(s->c->arena, eth_value, 3);
    eth_address to    = cli_call_place(q->function, at_of(q));
    parts[0]          = eth_of_address(&to);
    parts[1]          = eth_word(1);
    parts[2]          = eth_data(cli_call_data(s, cli_call_of(s, q->function), q->args));
    return eth_list(parts, 3);
}

static bool take_parts(cli_chain *s, cli_question *all, size_t count, const eth_value *results)
{
    for (size_t i = 0; i < count; i++) {
        const eth_value *result = results->items[i].items; /* whether it went well, and bytes */
        eth_address      to     = cli_call_place(all[i].function, at_of(&all[i]));
        if (u256_is_zero(result[0].word))
            all[i].reverts = cli_shown(s->c, chain_revert_text(s->engine, result[1].bytes, s->c->arena), 300);
        else if (!read_answer(s, all[i].function, &to, result[1].bytes, &all[i].out))
            return false;
    }
    return true;
}

/* Halved where it is too much for one call of the chain. */
static bool ask_batch(cli_chain *s, cli_question *all, size_t count)
{
    riv_str          reverts;
    const eth_value *v;
    eth_value       *parts = riv_new(s->c->arena, eth_value, count);
    if (count == 1) return cli_ask_or(s, all->function, at_of(all), all->args, &all->reverts, &all->out);
    for (size_t i = 0; i < count; i++) parts[i] = part_of(s, &all[i]);
    eth_value list = eth_list(parts, count);
    if (!cli_ask_or(s, CLI_FN_AGGREGATE, NULL, &list, &reverts, &v)) return false;
    if (reverts.len) return ask_batch(s, all, count / 2) && ask_batch(s, all + count / 2, count - count / 2);
    if (v[0].items_count == count) return take_parts(s, all, count, &v[0]);
    cli_error(s->c, CLI_NETWORK, "%zu questions were asked, the chain answers %zu", count, v[0].items_count);
    return cli_chain_fail(s, CLI_NETWORK);
}

bool cli_ask_all(cli_chain *s, cli_question *all, size_t count)
{
    for (size_t from = 0; from < count; from += BATCH_MAX)
        if (!ask_batch(s, all + from, RIV_MIN(count - from, (size_t)BATCH_MAX))) return false;
    return true;
}

bool cli_answered(cli_chain *s, const cli_question *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].reverts.len) return say_revert(s, all[i].reverts);
    return true;
}

uint64_t cli_u64_of(const eth_value *v)
{
    uint64_t out;
    return u256_u64(v->word, &out) ? out : UINT64_MAX;
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

riv_str cli_show_time(cli *c, uint64_t time_s)
{
    char      text[40] = { 0 };
    time_t    t        = (time_t)RIV_MIN(time_s, (uint64_t)INT64_MAX);
    struct tm parts;
    if (!gmtime_r(&t, &parts)) return RIV_LIT("later than calendars tell");
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    return riv_str_dup(c->arena, riv_str_c(text));
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
        cli_hint(s->c, "`rivulet module info FILE.wasm` and `rivulet module pack` tell a content id: bafk...");
        return cli_chain_fail(s, CLI_USAGE);
    }
    if (cid.digest.len != 32 || cid.codec > 0x7f || cid.hash > 0x7f) {
        cli_error(s->c, CLI_USAGE,
                  "the chain takes content ids with a hash of 32 bytes and one byte for its codec; '" RIV_FMT
                  "' is none",
                  RIV_ARG(text));
        return cli_chain_fail(s, CLI_USAGE);
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
    return cli_chain_fail(s, CLI_USAGE);
}

bool cli_read_deal(cli_chain *s, riv_str text, eth_address *out)
{
    const eth_value *v;
    if (!cli_read_eth_address(s, text, out)) return false;
    eth_value at = eth_of_address(out);
    if (!cli_ask(s, CLI_FN_IS_DEAL, NULL, &at, &v)) return false;
    if (!u256_is_zero(v[0].word)) return true;
    cli_error(s->c, CLI_FAILED, "there is no deal at " RIV_FMT " on chain %llu", RIV_ARG(cli_show_address(s->c, out)),
              (unsigned long long)s->chain_id);
    cli_hint(s->c, "`rivulet deal list` shows those that there are");
    return cli_chain_fail(s, CLI_FAILED);
}

bool cli_read_id(cli_chain *s, riv_str text, const char *what, u256 *out)
{
    riv_buf bytes  = riv_buf_in(s->c->arena);
    riv_str digits = riv_str_starts(text, RIV_LIT("0x")) ? riv_str_sub(text, 2, text.len) : (riv_str){ 0 };
    if (digits.len == 64 && !codec_read_hex(digits, &bytes, NULL)) {
        *out = u256_from_be(riv_buf_view(&bytes));
        return true;
    }
    cli_error(s->c, CLI_USAGE, "'" RIV_FMT "' is no id of a %s: 0x and 64 hexadecimal digits are", RIV_ARG(text), what);
    return cli_chain_fail(s, CLI_USAGE);
}

bool cli_read_amount(cli_chain *s, const char *flag, riv_str text, unsigned decimals, u256 *out)
{
    riv_fault fault = { 0 };
    if (!cli_amount_parse(text, decimals, &fault, out)) return true;
    cli_error(s->c, CLI_USAGE, "%s: %s", flag, fault.msg);
    return cli_chain_fail(s, CLI_USAGE);
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
    if (s->signs)
        *riv_push(arena, &all) =
            (riv_json_member){ RIV_LIT("transactions"), riv_json_arr(arena, s->sent.ptr, s->sent.len) };
    cli_print_json(riv_json_ordered(arena, all.ptr, all.len), true);
    s->told = true;
    return CLI_OK;
}
