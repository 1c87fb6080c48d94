/* chain_cmd.c: rivulet chain start, status, blocks, account, export, replay; and the chain of rivulet up --chain.
 * What looks at a chain asks it over JSON-RPC, or reads a state folder by the same questions.
 * Spec: docs/cli.md "chain"; docs/spec/chain.md 3. Tests: tests/interop/eth, tests/e2e/market.py. */
#include "cli/chain_cmd.h"
#include "cli/market_client.h"
#include "proof/proof.h"

enum { EXPORT_BYTES_MAX = 1 << 30, BLOCKS_SHOWN = 10 };
static const char listen_default[] = "127.0.0.1:8545",
                  graph_default[]  = "127.0.0.1:8000"; /* as the original's local environment */

/* ---- start ---- */

static bool params_of(cli *c, chain_params *p)
{
    uint64_t chain_id, epoch_s, bits, start;
    riv_str  rules = cli_value(c, "rules");
    chain_params_local(p);
    chain_balances_local(c->arena, p);
    if (!cli_number(c, "chain-id", p->chain_id, 1, UINT32_MAX, &chain_id) ||
        !cli_number(c, "epoch", p->epoch_seconds, 1, 86400 * 365, &epoch_s) ||
        !cli_number(c, "proof-bits", 8, 0, 64, &bits) ||
        !cli_number(c, "genesis-time", host_now_ms() / 1000, 1, UINT32_MAX, &start))
        return false;
    if (rules.len && !riv_str_eq(rules, RIV_LIT("fixed")) && !riv_str_eq(rules, RIV_LIT("g0"))) {
        cli_error(c, CLI_USAGE, "--rules " RIV_FMT ": fixed or g0", RIV_ARG(rules));
        return false;
    }
    p->rules          = riv_str_eq(rules, RIV_LIT("g0")) ? CHAIN_G0 : CHAIN_FIXED;
    p->chain_id       = chain_id;
    p->epoch_seconds  = epoch_s;
    p->genesis_time_s = start;
    p->fees           = cli_has(c, "fees");
    memset(p->difficulty, 0xff, sizeof p->difficulty);
    for (uint64_t i = 0; i < bits; i++) p->difficulty[i / 8] &= (uint8_t)(0x7f >> i % 8);
    return true;
}

/* Where nobody said it, GraphQL has its port beside a chain that has its own; others may be there already, that is no fault. */
static riv_str graph_listen(cli *c, riv_str listen, bool *optional)
{
    riv_str given = cli_value(c, "graph-listen");
    *optional     = given.len == 0;
    if (given.len) return riv_str_eq(given, RIV_LIT("none")) ? (riv_str){ 0 } : given;
    return riv_str_eq(listen, riv_str_c(listen_default)) ? riv_str_c(graph_default) : (riv_str){ 0 };
}

/* HOST of HOST:PORT. */
static riv_str host_of(riv_str at)
{
    size_t colon = at.len;
    while (colon > 0 && at.ptr[colon - 1] != ':') colon--;
    return riv_str_sub(at, 0, colon ? colon - 1 : 0);
}

static riv_str listen_of(riv_str given) { return given.len ? given : riv_str_c(listen_default); }

riv_str cli_chain_graph_url(cli *c, const host_chain *own, riv_str listen)
{
    riv_str  given = cli_value(c, "graph-listen"), at = given.len ? given : riv_str_c(graph_default);
    uint16_t port = host_chain_graph_port(own);
    if (!port) {
        at   = listen_of(listen);
        port = host_chain_port(own);
    }
    return riv_format(c->arena, "http://" RIV_FMT ":%u" HOST_GRAPH_PATH, RIV_ARG(host_of(at)), port);
}

static void tell_idle(cli *c, riv_str dir, const char *flag, bool differs)
{
    if (differs && (cli_value(c, flag).len || cli_has(c, flag)))
        cli_warn(c, "the chain in " RIV_FMT " began with something else: --%s does nothing", RIV_ARG(dir), flag);
}

/* Flags of new chains do nothing where one goes on; those that would have changed something are told. */
static void tell_idle_flags(cli *c, riv_str dir, const chain_params *wanted)
{
    chain_head   head;
    host_ledger *ledger = NULL;
    if (!dir.len || host_ledger_open(dir, HOST_LEDGER_LOOK, NULL, &ledger)) return;
    rpc_place place = host_ledger_place(ledger);
    if (!chain_head_read(&place.store, UINT64_MAX, c->arena, NULL, &head)) {
        const chain_params *is = &head.params; /* without the balances, which may be a million */
        tell_idle(c, dir, "chain-id", is->chain_id != wanted->chain_id);
        tell_idle(c, dir, "epoch", is->epoch_seconds != wanted->epoch_seconds);
        tell_idle(c, dir, "rules", is->rules != wanted->rules);
        tell_idle(c, dir, "fees", is->fees != wanted->fees);
        tell_idle(c, dir, "genesis-time", is->genesis_time_s != wanted->genesis_time_s);
        tell_idle(c, dir, "proof-bits", memcmp(is->difficulty, wanted->difficulty, sizeof is->difficulty) != 0);
    }
    host_ledger_close(ledger);
}

bool cli_chain_open(cli *c, host *h, riv_str dir, riv_str listen, host_chain **out, int *code)
{
    chain_params params;
    uint64_t     interval;
    bool         optional;
    riv_fault    fault = { 0 };
    *code              = CLI_USAGE;
    listen             = listen_of(listen);
    riv_str beside     = graph_listen(c, listen, &optional);
    if (!cli_number(c, "block-ms", 0, 0, 3600000, &interval) || !params_of(c, &params)) return false;
    tell_idle_flags(c, dir, &params);
    host_chain_config config = { .dir            = dir,
                                 .listen         = listen,
                                 .graph_listen   = beside,
                                 .graph_optional = optional,
                                 .origin         = cli_value(c, "origin"),
                                 .genesis        = &params,
                                 .interval_ms    = interval,
                                 .log            = &c->log.sink };
    riv_err           err    = host_chain_open(h, &config, &fault, out);
    if (!err && beside.len && !host_chain_graph_port(*out))
        cli_note(c, RIV_FMT " is taken: GraphQL is answered beside JSON-RPC alone", RIV_ARG(beside));
    if (!err) return true;
    *code       = cli_fault(c, &fault);
    bool graphs = beside.len && riv_str_find(riv_str_c(fault.msg), beside, 0) != SIZE_MAX;
    if (err == RIV_E_UNSUPPORTED)
        cli_hint(c, "nothing in it was changed; --state with another folder begins a new chain");
    if (riv_str_find(riv_str_c(fault.msg), RIV_LIT("already in use"), 0) != SIZE_MAX)
        cli_hint(c, "another chain may be running there; --%s 127.0.0.1:0 takes any free port",
                 graphs                                                   ? "graph-listen"
                 : riv_str_eq(riv_str_c(c->command->name), RIV_LIT("up")) ? "chain-listen"
                                                                          : "listen");
    return false;
}

static void print_accounts(cli *c)
{
    for (size_t i = 0; i < CHAIN_DEVELOPMENT_ACCOUNTS; i++) {
        riv_buf       text = riv_buf_in(c->arena);
        eth_address   a    = chain_development_account(i);
        crypto_secret key  = rpc_development_key(i);
        riv_putf(&text, "  %zu  ", i);
        eth_put_address(&text, &a);
        riv_putf(&text, "  ");
        cli_wallet_put(&text, &key);
        cli_note(c, RIV_FMT, RIV_ARG(riv_buf_str(&text)));
    }
}

/* What moves the chain's time and spends its accounts asks nobody who he is. */
static void warn_of_others(cli *c, riv_str name)
{
    if (riv_str_starts(name, RIV_LIT("127.")) || riv_str_eq(name, RIV_LIT("localhost")) ||
        riv_str_eq(name, RIV_LIT("[::1]")))
        return;
    cli_warn(c, "other machines may ask there: whoever does can move the chain's time and spend these accounts");
}

int cli_cmd_chain_start(cli *c)
{
    int         code;
    riv_fault   fault = { 0 };
    host       *h     = NULL;
    host_chain *own   = NULL;
    c->serves         = c->log.config.format == HOST_LOG_JSON;
    if (!cli_value(c, "log-level").len && !host_env("RIVULET_LOG").len)
        c->log.config.level = c->log.sink.level = RIV_LOG_INFO;
    if (host_new(&(host_config){ .workers = 1, .signals = true }, &fault, &h)) return cli_fault(c, &fault);
    if (cli_chain_open(c, h, cli_value(c, "state"), cli_value(c, "listen"), &own, &code)) {
        riv_str listen = cli_value(c, "listen"), host_name = host_of(listen_of(listen));
        cli_note(c, "accounts for development, whose keys everybody knows, with 10000 FLT and plenty of USD each:");
        print_accounts(c);
        warn_of_others(c, host_name);
        if (!cli_value(c, "state").len) cli_note(c, "the chain is gone when this ends; --state DIR keeps it");
        printf("http://" RIV_FMT ":%u\nws://" RIV_FMT ":%u\n" RIV_FMT "\n", RIV_ARG(host_name), host_chain_port(own),
               RIV_ARG(host_name), host_chain_port(own), RIV_ARG(cli_chain_graph_url(c, own, listen)));
        fflush(stdout);
        code = host_run(h, &fault) ? cli_error(c, CLI_INTERNAL, "%s", fault.msg) : CLI_OK;
    }
    host_chain_close(own);
    host_free(h);
    return code;
}

/* ---- looking: a chain that is asked ---- */

typedef struct asked {
    cli         *c;
    host_eth    *eth;    /* over HTTP; or */
    host_ledger *ledger; /* from a folder */
    chain       *engine;
    rpc         *rpc;
} asked;

static void asked_close(asked *a)
{
    host_eth_close(a->eth);
    rpc_close(a->rpc);
    chain_free(a->engine);
    host_ledger_close(a->ledger);
}

static bool open_folder(asked *a, riv_str dir, riv_fault *fault)
{
    if (host_ledger_open(dir, HOST_LEDGER_LOOK, fault, &a->ledger)) return false;
    a->engine         = chain_new();
    rpc_config config = { .engine = a->engine, .place = host_ledger_place(a->ledger) };
    return !rpc_open(&config, fault, &a->rpc);
}

static bool asked_open(cli *c, asked *a, int *code)
{
    riv_fault fault = { 0 };
    bool      old   = !cli_value(c, "chain").len && cli_value(c, "url").len; /* the flag's former name */
    riv_str   url = old ? cli_value(c, "url") : cli_chain_url(c), dir = cli_value(c, "state");
    *a = (asked){ .c = c };
    if (dir.len ? open_folder(a, dir, &fault) : !host_eth_open(url, NULL, &fault, &a->eth)) return true;
    *code = cli_fault(c, &fault);
    asked_close(a);
    return false;
}

/* NULL: it was said why, *code is set. params: JSON text. */
static const riv_json *ask(asked *a, const char *method, riv_str params, int *code)
{
    cli            *c     = a->c;
    riv_fault       fault = { 0 };
    const riv_json *list = NULL, *out = NULL;
    riv_err         err = riv_json_parse(params, c->arena, &fault, &list);
    RIV_ASSERT(!err);
    if (a->eth) {
        err = host_eth_ask(a->eth, method, list, c->arena, &fault, NULL, &out);
        if (!err) return out;
        *code = cli_error(c, err == RIV_E_EXPIRED ? CLI_NETWORK : CLI_FAILED, "%s", fault.msg);
        if (err == RIV_E_EXPIRED)
            cli_hint(c, "`rivulet chain start` starts one; --state DIR reads a folder without it");
        return NULL;
    }
    riv_buf reply = riv_buf_in(c->arena);
    rpc_answer(a->rpc, 0, host_now_ms(),
               riv_format(c->arena, "{\"id\":1,\"method\":\"%s\",\"params\":" RIV_FMT "}", method, RIV_ARG(params)),
               &reply);
    if (!riv_json_parse(riv_buf_str(&reply), c->arena, &fault, &out)) {
        const riv_json *error = riv_json_get(out, RIV_LIT("error"));
        if (!error) return riv_json_get(out, RIV_LIT("result"));
        *code = cli_error(c, CLI_FAILED, RIV_FMT, RIV_ARG(riv_json_get(error, RIV_LIT("message"))->str));
        return NULL;
    }
    *code = cli_fault(c, &fault);
    return NULL;
}

static uint64_t number_of(const riv_json *object, const char *name)
{
    uint64_t v = 0;
    return host_eth_read_u64(riv_json_get(object, riv_str_c(name)), &v) ? v : 0;
}

static riv_str text_of(cli *c, const riv_json *object, const char *name)
{
    const riv_json *v = riv_json_get(object, riv_str_c(name));
    return v && v->kind == RIV_JSON_STR ? cli_shown(c, v->str, 600) : RIV_LIT("-");
}

/* A call of a view without arguments, or of an address, that gives one number. */
static bool view(asked *a, chain_contract which, const char *signature, const eth_address *who, const char *at,
                 u256 *out, int *code)
{
    riv_buf     data = riv_buf_in(a->c->arena), text = riv_buf_in(a->c->arena);
    eth_address to    = chain_contract_address(which);
    eth_value   value = who ? eth_of_address(who) : eth_word(0);
    riv_err     err   = eth_call_put(riv_str_c(signature), &value, a->c->arena, NULL, &data);
    RIV_ASSERT(!err);
    riv_putf(&text, "[{\"to\":\"");
    eth_put_address(&text, &to);
    riv_putf(&text, "\",\"data\":\"0x");
    codec_put_hex(&text, riv_buf_view(&data));
    riv_putf(&text, "\"},\"%s\"]", at);
    const riv_json *got = ask(a, "eth_call", riv_buf_str(&text), code);
    riv_bytes       bytes;
    if (!got) return false;
    if (!host_eth_read_data(got, a->c->arena, &bytes) || bytes.len != 32)
        return *code = cli_error(a->c, CLI_FAILED, "the chain gives no number for %s", signature), false;
    *out = u256_from_be(bytes);
    return true;
}

/* ---- status ---- */

int cli_cmd_chain_status(cli *c)
{
    int             code = CLI_OK;
    asked           a;
    u256            epoch;
    const riv_json *id, *block, *waiting;
    if (!asked_open(c, &a, &code)) return code;
    if ((id = ask(&a, "eth_chainId", RIV_LIT("[]"), &code)) &&
        (block = ask(&a, "eth_getBlockByNumber", RIV_LIT("[\"latest\",false]"), &code)) &&
        (waiting = ask(&a, "txpool_status", RIV_LIT("[]"), &code)) &&
        view(&a, CHAIN_CORE, "currentEpoch()", NULL, "pending", &epoch, &code)) {
        riv_buf  text     = riv_buf_in(c->arena);
        uint64_t chain_id = 0, transactions = number_of(waiting, "pending") + number_of(waiting, "queued");
        bool     known = host_eth_read_u64(id, &chain_id);
        if (!known) chain_id = 0;
        u256_put(&text, epoch);
        if (cli_has(c, "json"))
            cli_print_json(riv_json_record(
                               c->arena, "chainId", known ? riv_json_u64(c->arena, chain_id) : riv_json_null(),
                               "height", riv_json_u64(c->arena, number_of(block, "number")), "time",
                               riv_json_u64(c->arena, number_of(block, "timestamp")), "epoch",
                               riv_json_str(c->arena, riv_buf_str(&text)), "hash", riv_json_get(block, RIV_LIT("hash")),
                               "appHash", riv_json_get(block, RIV_LIT("extraData")), "stateRoot",
                               riv_json_get(block, RIV_LIT("stateRoot")), "waiting",
                               riv_json_u64(c->arena, transactions), NULL),
                           true);
        else
            printf("chain      %llu\nheight     %llu\ntime       " RIV_FMT "\nepoch      " RIV_FMT
                   "\nhash       " RIV_FMT "\napp hash   " RIV_FMT "\nstate root " RIV_FMT
                   "\nwaiting    %llu transactions\n",
                   (unsigned long long)chain_id, (unsigned long long)number_of(block, "number"),
                   RIV_ARG(cli_show_time(c, number_of(block, "timestamp"))), RIV_ARG(riv_buf_str(&text)),
                   RIV_ARG(text_of(c, block, "hash")), RIV_ARG(text_of(c, block, "extraData")),
                   RIV_ARG(text_of(c, block, "stateRoot")), (unsigned long long)transactions);
    }
    asked_close(&a);
    return code;
}

/* ---- blocks ---- */

static void print_block(cli *c, const riv_json *b, const riv_json *receipts)
{
    printf("%s%llu%s  " RIV_FMT "  gas %llu  " RIV_FMT "\n", cli_style(c->colour_out, CLI_BOLD),
           (unsigned long long)number_of(b, "number"), cli_style(c->colour_out, CLI_PLAIN),
           RIV_ARG(cli_show_time(c, number_of(b, "timestamp"))), (unsigned long long)number_of(b, "gasUsed"),
           RIV_ARG(text_of(c, b, "hash")));
    for (size_t i = 0; receipts->kind == RIV_JSON_ARR && i < receipts->arr.count; i++) {
        const riv_json *t = receipts->arr.items[i], *logs = riv_json_get(t, RIV_LIT("logs"));
        bool            good = number_of(t, "status") == 1;
        size_t          told = logs && logs->kind == RIV_JSON_ARR ? logs->arr.count : 0;
        printf("  %s%s%s  " RIV_FMT "  " RIV_FMT " -> " RIV_FMT "  %zu event%s\n",
               cli_style(c->colour_out, good ? CLI_GREEN : CLI_RED), good ? "ok      " : "reverted",
               cli_style(c->colour_out, CLI_PLAIN), RIV_ARG(text_of(c, t, "transactionHash")),
               RIV_ARG(text_of(c, t, "from")), RIV_ARG(text_of(c, t, "to")), told, told == 1 ? "" : "s");
    }
}

int cli_cmd_chain_blocks(cli *c)
{
    int             code = CLI_OK;
    asked           a;
    uint64_t        count, newest = 0, to;
    riv_json_list   all  = { 0 };
    const riv_json *head = NULL;
    if (!cli_number(c, "count", BLOCKS_SHOWN, 1, 10000, &count)) return CLI_USAGE;
    riv_str last = cli_arg(c, 0);
    if (last.len && !riv_str_u64(last, &to))
        return cli_error(c, CLI_USAGE, "'" RIV_FMT "' is no height", RIV_ARG(last));
    if (!asked_open(c, &a, &code)) return code;
    if ((head = ask(&a, "eth_blockNumber", RIV_LIT("[]"), &code)) && host_eth_read_u64(head, &newest)) {
        to = last.len ? RIV_MIN(to, newest) : newest;
        for (uint64_t h = to + 1 > count ? to + 1 - count : 0; h <= to; h++) {
            riv_str         at = riv_format(c->arena, "[\"0x%llx\",true]", (unsigned long long)h);
            const riv_json *b  = ask(&a, "eth_getBlockByNumber", at, &code), *r;
            if (!b || !(r = ask(&a, "eth_getBlockReceipts", riv_format(c->arena, "[\"0x%llx\"]", (unsigned long long)h),
                                &code)))
                break;
            if (cli_has(c, "json"))
                riv_json_add(c->arena, &all, riv_json_record(c->arena, "block", b, "receipts", r, NULL));
            else
                print_block(c, b, r);
        }
        if (!code && cli_has(c, "json")) cli_print_json(riv_json_arr(c->arena, all.ptr, all.len), true);
    }
    asked_close(&a);
    return code;
}

/* ---- account ---- */

static riv_str decimal(cli *c, u256 v, unsigned places)
{
    riv_buf out = riv_buf_in(c->arena);
    cli_amount_put(&out, v, places);
    return riv_buf_str(&out);
}

/* Of USD: the original's token of a local deployment has 18, as FLT has. */
static bool places_of(asked *a, unsigned *out, int *code)
{
    u256     v;
    uint64_t n;
    if (!view(a, CHAIN_USD, "decimals()", NULL, "latest", &v, code)) return false;
    *out = u256_u64(v, &n) && n <= 77 ? (unsigned)n : 0;
    return true;
}

int cli_cmd_chain_account(cli *c)
{
    int             code = CLI_OK;
    asked           a;
    eth_address     who;
    u256            flt, usd, nonce;
    unsigned        places;
    riv_fault       fault = { 0 };
    riv_buf         text  = riv_buf_in(c->arena);
    const riv_json *balance, *count, *marker;
    riv_str         given = cli_arg(c, 0);
    if (!cli_account_of(given, &fault, &who))
        return cli_error(c, CLI_USAGE, "'" RIV_FMT "' is no address, key file nor development account (0 to 9): %s",
                         RIV_ARG(given), fault.msg);
    eth_put_address(&text, &who);
    riv_str params = riv_format(c->arena, "[\"" RIV_FMT "\",\"latest\"]", RIV_ARG(riv_buf_str(&text)));
    if (!asked_open(c, &a, &code)) return code;
    if ((balance = ask(&a, "eth_getBalance", params, &code)) &&
        (count = ask(&a, "eth_getTransactionCount", params, &code)) &&
        (marker = ask(&a, "eth_getCode", params, &code)) &&
        view(&a, CHAIN_USD, "balanceOf(address)", &who, "latest", &usd, &code) && places_of(&a, &places, &code)) {
        if (!host_eth_read_quantity(balance, &flt) || !host_eth_read_quantity(count, &nonce) ||
            marker->kind != RIV_JSON_STR) {
            code = cli_error(c, CLI_FAILED, "what the chain says of an account is malformed");
        } else {
            riv_str     f = decimal(c, flt, CLI_FLT_DECIMALS), u = decimal(c, usd, places), n = decimal(c, nonce, 0);
            const char *kind = marker->str.len > 2 ? "contract" : "account";
            if (cli_has(c, "json"))
                cli_print_json(riv_json_record(c->arena, "address", riv_json_str(c->arena, riv_buf_str(&text)), "kind",
                                               riv_json_strc(c->arena, kind), "flt", riv_json_str(c->arena, f), "usd",
                                               riv_json_str(c->arena, u), "nonce", riv_json_str(c->arena, n), NULL),
                               true);
            else
                printf("%-9s " RIV_FMT "\nFLT       " RIV_FMT "\nUSD       " RIV_FMT "\nnonce     " RIV_FMT "\n", kind,
                       RIV_ARG(riv_buf_str(&text)), RIV_ARG(f), RIV_ARG(u), RIV_ARG(n));
        }
    }
    asked_close(&a);
    return code;
}

/* ---- export and replay ---- */

static riv_err gather(const chain_store *store, riv_arena *arena, riv_fault *fault, riv_buf *out, uint64_t *blocks)
{
    chain_head   head;
    chain_params genesis;
    rpc_block    b;
    riv_err      err = chain_head_read(store, UINT64_MAX, arena, fault, &head);
    if (!err) err = chain_genesis_read(store, arena, fault, &genesis);
    if (err) return err;
    rpc_export_start(&genesis, arena, out);
    for (*blocks = 0; !err && *blocks <= head.height; ++*blocks) {
        riv_arena *one = riv_arena_new(0);
        if (!(err = rpc_block_read(store, *blocks, false, one, fault, &b))) rpc_export_block(&b, out);
        if (out->len > EXPORT_BYTES_MAX)
            err = riv_fail(fault, RIV_E_LIMIT, 0, "an export of more than %d bytes", EXPORT_BYTES_MAX);
        riv_arena_free(one);
    }
    return err;
}

int cli_cmd_chain_export(cli *c)
{
    int          code   = CLI_OK;
    riv_fault    fault  = { 0 };
    riv_buf      out    = { 0 };
    uint64_t     blocks = 0;
    host_ledger *ledger = NULL;
    riv_str      dir = cli_value(c, "state"), file = cli_arg(c, 0);
    if (!dir.len) return cli_error(c, CLI_USAGE, "--state DIR says which chain");
    if (host_ledger_open(dir, HOST_LEDGER_LOOK, &fault, &ledger)) return cli_fault(c, &fault);
    rpc_place place = host_ledger_place(ledger);
    if (gather(&place.store, c->arena, &fault, &out, &blocks) ||
        host_file_write(file, riv_buf_view(&out), 0644, &fault))
        code = cli_fault(c, &fault);
    else
        cli_note(c, "%llu blocks in " RIV_FMT, (unsigned long long)blocks, RIV_ARG(file));
    riv_buf_free(&out);
    host_ledger_close(ledger);
    return code;
}

int cli_cmd_chain_replay(cli *c)
{
    riv_bytes    text;
    rpc_replayed r     = { 0 };
    riv_fault    fault = { 0 };
    riv_buf      hash  = riv_buf_in(c->arena);
    if (host_file_read(cli_arg(c, 0), EXPORT_BYTES_MAX, c->arena, &fault, &text)) return cli_fault(c, &fault);
    chain   *engine   = chain_new();
    proof   *verifier = proof_new(1);
    uint64_t start    = host_clock_ns();
    riv_err  err      = rpc_replay(engine, verifier, text, &fault, &r);
    double   seconds  = (double)(host_clock_ns() - start) / 1e9;
    proof_free(verifier);
    chain_free(engine);
    if (err)
        return cli_error(c, err == RIV_E_CONFLICT ? CLI_FAILED : CLI_USAGE, RIV_FMT ": %s", RIV_ARG(cli_arg(c, 0)),
                         fault.msg);
    codec_put_hex(&hash, (riv_bytes){ r.app_hash.bytes, sizeof r.app_hash.bytes });
    printf("%llu blocks, %llu transactions\napp hash  0x" RIV_FMT "\n", (unsigned long long)r.blocks,
           (unsigned long long)r.txs, RIV_ARG(riv_buf_str(&hash)));
    if (r.balances) cli_note(c, "balances set by tests: %llu", (unsigned long long)r.balances);
    cli_note(c, "applied in %.2f s", seconds);
    return CLI_OK;
}
