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
    const char *name, *key;
    eth_address address;
    u256        before;
} account;
typedef struct market {
    cli_chain  s;
    riv_str    temp, file, deal;
    host_child chain;
    account    provider, customer;
    uint64_t   begin_ns;
} market;

static bool fail(market *m, int code)
{
    m->s.code = code;
    return false;
}

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

static void print_transactions(market *m, const account *who, const riv_json *doc)
{
    cli            *c    = m->s.c;
    const riv_json *list = riv_json_get(doc, RIV_LIT("transactions"));
    for (size_t i = 0; riv_json_at(list, i); i++) {
        const riv_json *does  = riv_json_get(riv_json_at(list, i), RIV_LIT("does"));
        const riv_json *block = riv_json_get(riv_json_at(list, i), RIV_LIT("block"));
        if (!does || does->kind != RIV_JSON_STR || !block || block->kind != RIV_JSON_U64) continue;
        printf("  %s%-6s%s " RIV_FMT " %s(block %llu)%s\n", cli_style(c->colour_out, CLI_BOLD), who->name,
               cli_style(c->colour_out, CLI_PLAIN), RIV_ARG(cli_shown(c, does->str, 110)),
               cli_style(c->colour_out, CLI_DIM), (unsigned long long)block->u64, cli_style(c->colour_out, CLI_PLAIN));
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

static bool heading(market *m)
{
    uint64_t epoch;
    cli     *c = m->s.c;
    if (!cli_ask_u64(&m->s, CLI_FN_EPOCH, NULL, NULL, &epoch)) return false;
    printf("%sepoch %llu%s\n", cli_style(c->colour_out, CLI_BLUE), (unsigned long long)epoch,
           cli_style(c->colour_out, CLI_PLAIN));
    return true;
}

/* ---- the story ---- */

static bool balance(market *m, const eth_address *who, u256 *out)
{
    eth_value arg = eth_of_address(who);
    return cli_ask_number(&m->s, CLI_FN_USD_BALANCE, NULL, &arg, out);
}

static bool offer(market *m)
{
    riv_fault        fault = { 0 };
    const char      *file  = riv_cstr(m->s.c->arena, m->file);
    cli_provider_new in    = { m->file, RIV_LIT("Ada's cellar"), 2, 1, RIV_LIT("0.01") };
    if (cli_provider_write(&in, m->s.c->arena, &fault)) return fail(m, cli_fault(m->s.c, &fault));
    return heading(m) && RUN(m, &m->provider, NULL, "provider", "register", file) &&
           RUN(m, &m->provider, NULL, "provider", "offer", file) &&
           RUN(m, &m->provider, NULL, "provider", "commit", file);
}

static bool order(market *m)
{
    const riv_json *doc, *deal;
    if (!heading(m) || !RUN(m, &m->customer, &doc, "deal", "create", "--app", APP, "--price", "0.02", "--workers", "2",
                            "--epochs", "5", "--publish", "--match"))
        return false;
    deal = riv_json_get(doc, RIV_LIT("deal"));
    if (!deal || deal->kind != RIV_JSON_STR) return fail(m, cli_error(m->s.c, CLI_FAILED, "the deal has no address"));
    m->deal = deal->str;
    return RUN(m, &m->provider, NULL, "provider", "work", riv_cstr(m->s.c->arena, m->file));
}

static bool work(market *m)
{
    return epochs_pass(m, 2) && heading(m) &&
           RUN(m, &m->provider, NULL, "provider", "rewards", riv_cstr(m->s.c->arena, m->file));
}

static void row(market *m, const char *name, u256 before, u256 now)
{
    riv_arena *arena = m->s.c->arena;
    u256       change;
    bool       more = u256_sub(now, before, &change);
    if (!more && !u256_sub(before, now, &change)) RIV_UNREACHABLE();
    riv_str sum = cli_amount(arena, now, CLI_USD_DECIMALS, "USD"),
            by  = cli_amount(arena, change, CLI_USD_DECIMALS, "USD");
    printf("  %-10s %*s" RIV_FMT "  %*s%s" RIV_FMT "\n", name, (int)(30 - RIV_MIN(sum.len, (size_t)30)), "",
           RIV_ARG(sum), (int)(14 - RIV_MIN(by.len, (size_t)14)), "",
           u256_is_zero(change) ? " "
           : more               ? "+"
                                : "-",
           RIV_ARG(by));
}

static bool ledger(market *m)
{
    cli        *c = m->s.c;
    eth_address deal;
    u256        in_deal, ada, bob, before, now;
    if (!cli_read_eth_address(&m->s, m->deal, &deal) || !balance(m, &deal, &in_deal) ||
        !balance(m, &m->provider.address, &ada) || !balance(m, &m->customer.address, &bob))
        return false;
    bool fits = u256_add(m->provider.before, m->customer.before, &before) && u256_add(ada, bob, &now) &&
                u256_add(now, in_deal, &now);
    printf("\n  %s%-10s %30s  %15s%s\n", cli_style(c->colour_out, CLI_BOLD), "ledger", "now", "change",
           cli_style(c->colour_out, CLI_PLAIN));
    row(m, m->customer.name, m->customer.before, bob);
    row(m, "the deal", U256_ZERO, in_deal);
    row(m, m->provider.name, m->provider.before, ada);
    if (fits) row(m, "together", before, now);
    if (!fits || u256_cmp(before, now)) return fail(m, cli_error(c, CLI_FAILED, "money appeared or vanished"));
    u256 earned = U256_ZERO;
    if (!u256_sub(ada, m->provider.before, &earned))
        return fail(m, cli_error(c, CLI_FAILED, "the provider lost money"));
    printf("\nAda earned " RIV_FMT " in two epochs; everything in %.2f s\n",
           RIV_ARG(cli_amount(c->arena, earned, CLI_USD_DECIMALS, "USD")),
           (double)(host_clock_ns() - m->begin_ns) / 1e9);
    return true;
}

static bool play(market *m)
{
    if (!start_chain(m)) return false;
    m->file = host_path_join(m->s.c->arena, m->temp, RIV_LIT("provider.toml"));
    printf("%sAda rents out, Bob needs two workers%s: a market on a chain of its own\n",
           cli_style(m->s.c->colour_out, CLI_BOLD), cli_style(m->s.c->colour_out, CLI_PLAIN));
    return balance(m, &m->provider.address, &m->provider.before) &&
           balance(m, &m->customer.address, &m->customer.before) && offer(m) && epochs_pass(m, 1) && order(m) &&
           work(m) && ledger(m);
}

int cli_demo_market(cli *c)
{
    market m = { .s        = { .c = c, .engine = chain_new() },
                 .begin_ns = host_clock_ns(),
                 .provider = { .name = "Ada", .key = "1", .address = chain_development_account(1) },
                 .customer = { .name = "Bob", .key = "2", .address = chain_development_account(2) } };
    cli_catch_signals();
    bool good = play(&m);
    int  code = good ? CLI_OK : m.s.code ? m.s.code : CLI_FAILED;
    host_child_stop(&m.chain, STOP_MS);
    if (m.temp.len) host_dir_remove(m.temp);
    cli_market_close(&m.s);
    return code;
}
