/* demo_market.c: rivulet demo --market: a chain process of its own, a provider and a customer that use this program's commands: an offer, a job,
 * a match, two epochs of work, and the ledger. Whatever happens, the chain is stopped and the folder removed.
 * Spec: docs/cli.md "demo". Tests: tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"
#include "cli/provider_file.h"

#include <unistd.h>

enum { READY_MS = 15000, STOP_MS = 3000, ARGS_MAX = 24, EPOCH_SECONDS = 86400, URL_BYTES_MAX = 256 };
#define APP "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy" /* any content id: nothing is run here */

typedef struct account {
    const char *name, *key; /* key: its file */
    eth_address address;
    u256        before;
} account;
typedef struct market {
    cli_chain  s;
    riv_str    temp, file, deal;
    host_child chain;
    account    provider, customer;
    uint64_t   begin_ns, sent; /* transactions */
} market;

static bool fail(market *m, int code) { return cli_chain_fail(&m->s, code); }

/* ---- the chain ---- */

/* Its first line is its address. */
static bool read_url(market *m)
{
    riv_buf  text  = riv_buf_in(m->s.c->arena);
    uint64_t until = host_clock_ns() + READY_MS * UINT64_C(1000000);
    while (text.len < URL_BYTES_MAX && host_clock_ns() < until && !cli_interrupted()) {
        uint8_t byte;
        ssize_t got = read(m->chain.out, &byte, 1);
        if (got == 1 && byte == '\n') {
            m->s.url = riv_buf_str(&text);
            return true;
        }
        if (got == 1)
            riv_put_u8(&text, byte);
        else
            break;
    }
    if (cli_interrupted()) return fail(m, CLI_INTERRUPTED);
    return fail(m, cli_error(m->s.c, CLI_INTERNAL, "the chain does not start"));
}

static bool start_chain(market *m)
{
    static const char *const argv[] = { "/proc/self/exe", "chain", "start",       "--listen", "127.0.0.1:0",
                                        "--epoch",        "86400", "--log-level", "error",    NULL };
    riv_fault                fault  = { 0 };
    if (host_temp_dir(RIV_LIT("rivulet-market"), m->s.c->arena, &fault, &m->temp) ||
        host_child_start(argv, &fault, &m->chain))
        return fail(m, cli_fault(m->s.c, &fault));
    if (!read_url(m)) return false;
    if (host_eth_open(m->s.url, cli_interrupted, &fault, &m->s.eth)) return fail(m, cli_fault(m->s.c, &fault));
    return true;
}

static bool ask(market *m, const char *method, const riv_json *params)
{
    riv_fault       fault = { 0 };
    const riv_json *out;
    if (!host_eth_ask(m->s.eth, method, params, m->s.c->arena, &fault, NULL, &out)) return true;
    return fail(m, cli_interrupted() ? CLI_INTERRUPTED : cli_fault(m->s.c, &fault));
}

static bool epochs_pass(market *m, uint64_t epochs)
{
    riv_arena      *arena  = m->s.c->arena;
    const riv_json *time[] = { riv_json_u64(arena, epochs * EPOCH_SECONDS) };
    return ask(m, "evm_increaseTime", riv_json_arr(arena, time, 1)) && ask(m, "evm_mine", riv_json_arr(arena, NULL, 0));
}

/* ---- one command ---- */

/* What it printed: transactions are shown first, then comes the document. */
static const riv_json *document(riv_arena *arena, riv_str text)
{
    const riv_json *doc;
    size_t          at = riv_str_starts(text, RIV_LIT("{")) ? 0 : riv_str_find(text, RIV_LIT("\n{"), 0);
    return at != SIZE_MAX && !riv_json_parse(riv_str_sub(text, at, text.len), arena, NULL, &doc) ? doc : NULL;
}

/* What it does, with long ids cut in their middle: people need to tell them apart, no more. */
static riv_str shortened(riv_arena *arena, riv_str text)
{
    enum { LONG = 30, FRONT = 6, BACK = 4 };
    riv_buf out = riv_buf_in(arena);
    for (size_t from = 0; from < text.len;) {
        size_t  to   = RIV_MIN(riv_str_find_char(text, ' ', from), text.len);
        riv_str word = riv_str_sub(text, from, to);
        if (word.len > LONG)
            riv_putf(&out, RIV_FMT "…" RIV_FMT, RIV_ARG(riv_str_sub(word, 0, FRONT)),
                     RIV_ARG(riv_str_sub(word, word.len - BACK, word.len)));
        else
            riv_put_str(&out, word);
        if (to < text.len) riv_put_u8(&out, ' ');
        from = to + 1;
    }
    return riv_buf_str(&out);
}

static bool quiet(const market *m) { return cli_has(m->s.c, "json"); }

/* Each fits into 80 columns. */
static void print_transactions(market *m, const account *who, const riv_json *doc)
{
    cli            *c    = m->s.c;
    const riv_json *list = riv_json_get(doc, RIV_LIT("transactions"));
    for (size_t i = 0; riv_json_at(list, i); i++) {
        const riv_json *does  = riv_json_get(riv_json_at(list, i), RIV_LIT("does"));
        const riv_json *block = riv_json_get(riv_json_at(list, i), RIV_LIT("block"));
        if (!does || does->kind != RIV_JSON_STR || !block || block->kind != RIV_JSON_U64) continue;
        m->sent++;
        if (quiet(m)) continue;
        printf("%sblock %-2llu%s  %s%s%s  " RIV_FMT "\n", cli_style(c->colour_out, CLI_DIM),
               (unsigned long long)block->u64, cli_style(c->colour_out, CLI_PLAIN), cli_style(c->colour_out, CLI_BOLD),
               who->name, cli_style(c->colour_out, CLI_PLAIN),
               RIV_ARG(cli_shown(c, shortened(c->arena, does->str), 110)));
    }
    fflush(stdout);
}

/* words: ends with NULL. */
static bool run(market *m, const account *who, const char *const *words, const riv_json **out)
{
    cli        *c              = m->s.c;
    riv_fault   fault          = { 0 };
    host_output done           = { 0 };
    const char *argv[ARGS_MAX] = { "/proc/self/exe" };
    size_t      count          = 1;
    for (size_t i = 0; words[i]; i++) argv[count++] = words[i];
    const char *const flags[] = { "--key", who->key, "--chain", riv_cstr(c->arena, m->s.url), "--yes", "--json" };
    for (size_t i = 0; i < RIV_COUNT(flags); i++) argv[count++] = flags[i];
    RIV_ASSERT(count < ARGS_MAX);
    if (host_command(argv, c->arena, &fault, &done)) return fail(m, cli_fault(c, &fault));
    if (cli_interrupted()) return fail(m, CLI_INTERRUPTED);
    const riv_json *doc = document(c->arena, done.text);
    if (done.exit_code || !doc) {
        fprintf(stderr, RIV_FMT "\n", RIV_ARG(done.text));
        return fail(m, cli_error(c, CLI_FAILED, "`rivulet %s %s` ended with %d", words[0], words[1], done.exit_code));
    }
    print_transactions(m, who, doc);
    if (out) *out = doc;
    return true;
}
#define RUN(m, who, out, ...) run((m), (who), (const char *const[]){ __VA_ARGS__, NULL }, (out))

static bool heading(market *m, const char *what)
{
    uint64_t epoch;
    cli     *c = m->s.c;
    if (!cli_ask_u64(&m->s, CLI_FN_EPOCH, NULL, NULL, &epoch)) return false;
    if (!quiet(m))
        printf("\n%sepoch %-2llu%s  %s\n", cli_style(c->colour_out, CLI_BLUE), (unsigned long long)epoch,
               cli_style(c->colour_out, CLI_PLAIN), what);
    return true;
}

/* ---- the story ---- */

static bool balance(market *m, const eth_address *who, u256 *out)
{
    eth_value arg = eth_of_address(who);
    return cli_ask_number(&m->s, CLI_FN_USD_BALANCE, NULL, &arg, out);
}

/* A new account; its key lies beside the provider's file. */
static bool new_account(market *m, const char *name, account *out)
{
    crypto_secret key;
    cli_wallet    w;
    riv_arena    *arena = m->s.c->arena;
    riv_fault     fault = { 0 };
    riv_str       path  = host_path_join(arena, m->temp, riv_format(arena, "%s.key", name));
    host_key_new(&key); /* all but one of 2^128 are keys */
    bool good = !cli_wallet_save(path, &key, &fault) && !cli_wallet_load(path, &fault, &w);
    crypto_wipe(&key, sizeof key);
    if (!good) return fail(m, cli_fault(m->s.c, &fault));
    *out = (account){ .name = name, .key = riv_cstr(arena, path), .address = w.address };
    crypto_wipe(&w, sizeof w);
    return true;
}

/* From a development account, whose key the chain itself has: some FLT for collateral, and USD to pay with. */
static bool give(market *m, const account *to, const char *flt, const char *usd)
{
    riv_arena  *arena = m->s.c->arena;
    u256        coins, amount;
    eth_address from = chain_development_account(0), token = chain_contract_address(CHAIN_USD);
    bool        good = !cli_amount_parse(riv_str_c(flt), CLI_FLT_DECIMALS, NULL, &coins) &&
                !cli_amount_parse(riv_str_c(usd), CLI_USD_DECIMALS, NULL, &amount);
    RIV_ASSERT(good);
    const eth_value args[] = { eth_of_address(&to->address), eth_number(amount) };
    riv_bytes       data   = cli_call_data(&m->s, cli_call_of(&m->s, CLI_FN_USD_TRANSFER), args);
    const riv_json *first =
        riv_json_object(arena, "from", host_eth_address(arena, &from), "to", host_eth_address(arena, &to->address),
                        "value", host_eth_quantity(arena, coins), NULL);
    const riv_json *second = riv_json_object(arena, "from", host_eth_address(arena, &from), "to",
                                             host_eth_address(arena, &token), "data", host_eth_data(arena, data), NULL);
    return ask(m, "eth_sendTransaction", cli_json_list(arena, first, NULL)) &&
           ask(m, "eth_sendTransaction", cli_json_list(arena, second, NULL));
}

static bool offer(market *m)
{
    riv_fault        fault = { 0 };
    const char      *file  = riv_cstr(m->s.c->arena, m->file);
    cli_provider_new in    = { m->file, RIV_LIT("Ada's cellar"), 2, 1, RIV_LIT("0.01") };
    if (cli_provider_write(&in, m->s.c->arena, &fault)) return fail(m, cli_fault(m->s.c, &fault));
    return heading(m, "Ada has two machines, offers a unit of each, and deposits collateral") &&
           RUN(m, &m->provider, NULL, "provider", "register", file) &&
           RUN(m, &m->provider, NULL, "provider", "offer", file) &&
           RUN(m, &m->provider, NULL, "provider", "commit", file);
}

static bool order(market *m)
{
    const riv_json *doc, *deal;
    if (!heading(m, "Bob has a job for two workers, and pays five epochs in advance") ||
        !RUN(m, &m->customer, &doc, "deal", "create", "--app", APP, "--price", "0.02", "--workers", "2", "--epochs",
             "5", "--publish", "--match"))
        return false;
    deal = riv_json_get(doc, RIV_LIT("deal"));
    if (!deal || deal->kind != RIV_JSON_STR) return fail(m, cli_error(m->s.c, CLI_FAILED, "the deal has no address"));
    m->deal = deal->str;
    return RUN(m, &m->provider, NULL, "provider", "work", riv_cstr(m->s.c->arena, m->file));
}

static bool work(market *m)
{
    return epochs_pass(m, 2) && heading(m, "two epochs of work later, Ada takes what she has earned") &&
           RUN(m, &m->provider, NULL, "provider", "rewards", riv_cstr(m->s.c->arena, m->file));
}

typedef struct line {
    const char *name;
    u256        before, now;
    const char *why;
} line;

static riv_str change_of(riv_arena *arena, const line *l)
{
    u256 change;
    bool more = u256_sub(l->now, l->before, &change);
    if (!more && !u256_sub(l->before, l->now, &change)) RIV_UNREACHABLE();
    return riv_format(arena, "%s" RIV_FMT,
                      u256_is_zero(change) ? ""
                      : more               ? "+"
                                           : "-",
                      RIV_ARG(cli_amount(arena, change, CLI_USD_DECIMALS, "USD")));
}

static void print_line(market *m, const line *l)
{
    riv_arena *arena = m->s.c->arena;
    riv_str    was   = cli_amount(arena, l->before, CLI_USD_DECIMALS, "USD"),
            is = cli_amount(arena, l->now, CLI_USD_DECIMALS, "USD"), change = change_of(arena, l);
    printf("  %-9s %8.*s %9.*s %10.*s%s%s\n", l->name, RIV_ARG(was), RIV_ARG(is), RIV_ARG(change),
           l->why[0] ? "   " : "", l->why);
}

static void print_ledger(market *m, const line *lines, size_t count, u256 earned, double seconds)
{
    cli        *c    = m->s.c;
    const char *bold = cli_style(c->colour_out, CLI_BOLD), *dim = cli_style(c->colour_out, CLI_DIM),
               *plain = cli_style(c->colour_out, CLI_PLAIN);
    printf("\n%s  %-9s %8s %9s %10s%s\n", bold, "ledger", "before", "now", "change", plain);
    for (size_t i = 0; i < count; i++) print_line(m, &lines[i]);
    printf("\nAda earned " RIV_FMT " in two epochs; %llu transactions, everything in %.2f s\n",
           RIV_ARG(cli_amount(c->arena, earned, CLI_USD_DECIMALS, "USD")), (unsigned long long)m->sent, seconds);
    printf("\n%sTry next%s\n", bold, plain);
    printf("  %s# a chain that stays, with ten accounts that have money%s\n  %s chain start --epoch 60\n", dim, plain,
           c->program);
    printf("  %s# be Ada: docs/market.md tells how it goes on%s\n  %s provider init\n", dim, plain, c->program);
}

static void json_ledger(market *m, const line *lines, size_t count, double seconds)
{
    riv_arena    *arena = m->s.c->arena;
    riv_json_list rows  = { 0 };
    for (size_t i = 0; i < count; i++)
        riv_json_add(arena, &rows,
                     riv_json_record(arena, "who", riv_json_strc(arena, lines[i].name), "before",
                                     riv_json_str(arena, cli_amount(arena, lines[i].before, CLI_USD_DECIMALS, "USD")),
                                     "now",
                                     riv_json_str(arena, cli_amount(arena, lines[i].now, CLI_USD_DECIMALS, "USD")),
                                     "change", riv_json_str(arena, change_of(arena, &lines[i])), NULL));
    cli_print_json(riv_json_record(arena, "ledger", riv_json_arr(arena, rows.ptr, rows.len), "transactions",
                                   riv_json_u64(arena, m->sent), "seconds", riv_json_f64(arena, seconds), NULL),
                   true);
}

static bool ledger(market *m)
{
    cli        *c = m->s.c;
    eth_address deal;
    u256        in_deal, ada, bob, before, now, earned;
    if (!cli_read_eth_address(&m->s, m->deal, &deal) || !balance(m, &deal, &in_deal) ||
        !balance(m, &m->provider.address, &ada) || !balance(m, &m->customer.address, &bob))
        return false;
    bool fits = u256_add(m->provider.before, m->customer.before, &before) && u256_add(ada, bob, &now) &&
                u256_add(now, in_deal, &now);
    if (!fits || u256_cmp(before, now)) return fail(m, cli_error(c, CLI_FAILED, "money appeared or vanished"));
    if (!u256_sub(ada, m->provider.before, &earned))
        return fail(m, cli_error(c, CLI_FAILED, "the provider lost money"));
    const line lines[] = {
        { m->customer.name, m->customer.before, bob, "paid in advance, for five epochs" },
        { "the deal", U256_ZERO, in_deal, "what is left for three more" },
        { m->provider.name, m->provider.before, ada, "two workers, two epochs, at 0.02" },
        { "together", before, now, "" },
    };
    double seconds = (double)(host_clock_ns() - m->begin_ns) / 1e9;
    if (quiet(m))
        json_ledger(m, lines, RIV_COUNT(lines), seconds);
    else
        print_ledger(m, lines, RIV_COUNT(lines), earned, seconds);
    return true;
}

static bool play(market *m)
{
    if (!start_chain(m)) return false;
    m->file = host_path_join(m->s.c->arena, m->temp, RIV_LIT("provider.toml"));
    if (!quiet(m))
        printf("%sThe market%s: on a chain of its own, Ada rents out and Bob needs workers\n",
               cli_style(m->s.c->colour_out, CLI_BOLD), cli_style(m->s.c->colour_out, CLI_PLAIN));
    return new_account(m, "Ada", &m->provider) && new_account(m, "Bob", &m->customer) &&
           give(m, &m->provider, "1", "0") && give(m, &m->customer, "0", "1") &&
           balance(m, &m->provider.address, &m->provider.before) &&
           balance(m, &m->customer.address, &m->customer.before) && offer(m) && epochs_pass(m, 1) && order(m) &&
           work(m) && ledger(m);
}

int cli_demo_market(cli *c)
{
    market m = { .s = { .c = c, .engine = chain_new() }, .begin_ns = host_clock_ns() };
    cli_catch_signals();
    bool good = play(&m);
    int  code = good ? CLI_OK : m.s.code ? m.s.code : CLI_FAILED;
    host_child_stop(&m.chain, STOP_MS);
    if (m.temp.len) host_dir_remove(m.temp);
    cli_market_close(&m.s);
    return code;
}
