/* deal_cmd.c: rivulet deal create, publish, match, deposit, withdraw, info, stop, list: the customer's side of the market.
 * Spec: docs/spec/market.md 4, 5; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/market_client.h"

#define EVENT_CREATED                                                                                                  \
    "DealCreated(address indexed owner,address deal,uint256 createdAtEpoch,address paymentToken,uint256 "              \
    "minWorkers,uint256 targetWorkers,"                                                                                \
    "uint256 maxWorkersPerProvider,uint256 pricePerWorkerEpoch,(bytes4,bytes32)[] effectors,(bytes4,bytes32) appCID,"  \
    "uint8 providersAccessType_,address[] providersAccessList_,uint256 protocolVersion_)"

enum { WORKERS_MAX = 1000000, ACCESS_NONE = 0, ACCESS_WHITELIST = 1, ACCESS_BLACKLIST = 2, PUBLISHED_PAGE = 100 };
static const char *const status_names[] = { "out of money", "active", "ended", "too few workers", "little money left" };

static const char *status_name(uint64_t status)
{
    return status < RIV_COUNT(status_names) ? status_names[status] : "unknown";
}

static riv_str usd(cli *c, u256 v) { return cli_amount(c->arena, v, CLI_USD_DECIMALS, "USD"); }

/* The commands' frame. */
static int with_chain(cli *c, bool signs, bool (*run)(cli_chain *s))
{
    cli_chain s;
    bool      good = cli_market_open(c, signs, &s) && run(&s);
    int       code = good ? CLI_OK : s.code ? s.code : CLI_USAGE;
    cli_market_close(&s);
    return code;
}

/* A document where --json is wanted. */
static bool finish(cli_chain *s, const eth_address *deal)
{
    if (cli_has(s->c, "json"))
        cli_chain_json(s, riv_json_object(s->c->arena, "deal", cli_json_address(s->c, deal), NULL));
    return true;
}

static bool read_deal(cli_chain *s, eth_address *out)
{
    const eth_value *v;
    if (!cli_read_eth_address(s, cli_arg(s->c, 0), out)) return false;
    eth_value at = eth_of_address(out);
    if (!cli_ask(s, CLI_FN_IS_DEAL, NULL, &at, &v)) return false;
    if (!u256_is_zero(v[0].word)) return true;
    s->code = cli_error(s->c, CLI_FAILED, "there is no deal at " RIV_FMT, RIV_ARG(cli_show_address(s->c, out)));
    cli_hint(s->c, "`rivulet deal list` shows those that there are");
    return false;
}

/* Whoever takes money from an account must be allowed to. */
static bool allow(cli_chain *s, const eth_address *spender, u256 amount, const char *what)
{
    cli            *c = s->c;
    cli_receipt     r;
    u256            allowed;
    const eth_value who[] = { eth_of_address(&s->wallet.address), eth_of_address(spender) };
    if (!cli_ask_number(s, CLI_FN_USD_ALLOWANCE, NULL, who, &allowed)) return false;
    if (u256_cmp(allowed, amount) >= 0) return true;
    const eth_value args[] = { eth_of_address(spender), eth_number(amount) };
    cli_tx          tx     = { .function = CLI_FN_USD_APPROVE,
                               .args     = args,
                               .does     = riv_format(c->arena, "let %s take " RIV_FMT, what, RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, &r);
}

/* ---- create ---- */

typedef struct order { /* what is asked for */
    eth_value  app;
    uint64_t   min, target, per_provider, epochs;
    u256       price, deposit;
    eth_value *effectors, *access;
    size_t     effectors_count, access_count;
    unsigned   access_type;
} order;

static bool read_access(cli_chain *s, order *o)
{
    cli           *c = s->c;
    size_t         allowed, denied;
    const riv_str *allow_list = cli_values(c, "allow", &allowed), *deny_list = cli_values(c, "deny", &denied);
    if (allowed && denied) {
        s->code = cli_error(
            c, CLI_USAGE, "--allow names the only providers, --deny those that are not wanted; one of them is enough");
        return false;
    }
    o->access_type  = allowed ? ACCESS_WHITELIST : denied ? ACCESS_BLACKLIST : ACCESS_NONE;
    o->access_count = allowed + denied;
    o->access       = riv_new(c->arena, eth_value, o->access_count);
    for (size_t i = 0; i < o->access_count; i++) {
        eth_address a;
        if (!cli_read_eth_address(s, allowed ? allow_list[i] : deny_list[i], &a)) return false;
        o->access[i] = eth_of_address(&a);
    }
    return true;
}

/* The deposit: what is given, or enough for so many epochs; never less than the chain's minimum. */
static bool read_deposit(cli_chain *s, order *o)
{
    cli     *c = s->c;
    uint64_t least;
    u256     epoch;
    riv_str  given = cli_value(c, "deposit");
    if (!cli_ask_u64(s, CLI_FN_MIN_DEPOSITED, NULL, NULL, &least)) return false;
    if (!cli_number(c, "epochs", RIV_MAX(least, 10), 1, 1000000, &o->epochs)) return false;
    if (given.len) return cli_read_amount(s, "--deposit", given, CLI_USD_DECIMALS, &o->deposit);
    if (u256_mul(o->price, u256_of(o->target), &epoch) && u256_mul(epoch, u256_of(o->epochs), &o->deposit)) return true;
    s->code = cli_error(c, CLI_USAGE, "so much money there is not");
    return false;
}

static bool read_order(cli_chain *s, order *o)
{
    cli           *c         = s->c;
    const riv_str *effectors = cli_values(c, "effector", &o->effectors_count);
    riv_str        app = cli_value(c, "app"), price = cli_value(c, "price");
    if (!app.len || !price.len) {
        s->code = cli_error(c, CLI_USAGE,
                            "--app CID says what is to run and --price USD what a worker may cost for an epoch");
        return false;
    }
    if (!cli_read_cid(s, app, &o->app) || !cli_read_amount(s, "--price", price, CLI_USD_DECIMALS, &o->price))
        return false;
    if (!cli_number(c, "workers", 1, 1, WORKERS_MAX, &o->target) ||
        !cli_number(c, "min", o->target, 1, o->target, &o->min) ||
        !cli_number(c, "per-provider", o->target, 1, WORKERS_MAX, &o->per_provider))
        return false;
    o->effectors = riv_new(c->arena, eth_value, o->effectors_count);
    for (size_t i = 0; i < o->effectors_count; i++)
        if (!cli_read_cid(s, effectors[i], &o->effectors[i])) return false;
    return read_access(s, o) && read_deposit(s, o);
}

static bool publish(cli_chain *s, const eth_address *deal)
{
    cli_receipt r;
    eth_value   args = eth_of_address(deal);
    cli_tx      tx   = { .function = CLI_FN_PUBLISH,
                         .args     = &args,
                         .does     = riv_format(s->c->arena, "publish the deal " RIV_FMT " for providers to come",
                                                RIV_ARG(cli_show_address(s->c, deal))) };
    return cli_send(s, &tx, &r);
}

static bool match(cli_chain *s, const eth_address *deal)
{
    cli_receipt r;
    eth_value   args = eth_of_address(deal);
    cli_tx      tx   = { .function = CLI_FN_MATCH,
                         .args     = &args,
                         .does     = riv_format(s->c->arena, "find providers for the deal " RIV_FMT,
                                                RIV_ARG(cli_show_address(s->c, deal))) };
    return cli_send(s, &tx, &r);
}

static bool do_create(cli_chain *s)
{
    cli        *c = s->c;
    order       o = { 0 };
    cli_receipt r;
    eth_value   event;
    eth_address token = chain_contract_address(CHAIN_USD), factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    if (!read_order(s, &o) || !allow(s, &factory, o.deposit, "the deal's factory")) return false;
    const eth_value args[] = { o.app,
                               eth_of_address(&token),
                               eth_number(o.deposit),
                               eth_word(o.min),
                               eth_word(o.target),
                               eth_word(o.per_provider),
                               eth_number(o.price),
                               eth_list(o.effectors, o.effectors_count),
                               eth_word(o.access_type),
                               eth_list(o.access, o.access_count),
                               eth_word(1) };
    cli_tx          tx     = { .function = CLI_FN_DEPLOY,
                               .args     = args,
                               .does     = riv_format(
                                       c->arena, "order %llu worker%s for at most " RIV_FMT " each and epoch, " RIV_FMT " in advance",
                                       (unsigned long long)o.target, o.target == 1 ? "" : "s", RIV_ARG(usd(c, o.price)),
                                       RIV_ARG(usd(c, o.deposit))) };
    if (!cli_send(s, &tx, &r)) return false;
    if (!cli_event_find(s, &r, EVENT_CREATED, NULL, &event)) {
        s->code = cli_error(c, CLI_NETWORK, "the chain's receipt does not name the deal");
        return false;
    }
    eth_address deal = eth_to_address(&event.items[1]);
    if (!cli_has(c, "json")) printf("deal " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &deal)));
    if (cli_has(c, "publish") && !publish(s, &deal)) return false;
    if (cli_has(c, "match") && !match(s, &deal)) return false;
    return finish(s, &deal);
}

int cli_cmd_deal_create(cli *c) { return with_chain(c, true, do_create); }

/* ---- one deal ---- */

static bool do_publish(cli_chain *s)
{
    eth_address deal;
    return read_deal(s, &deal) && publish(s, &deal) && finish(s, &deal);
}

int cli_cmd_deal_publish(cli *c) { return with_chain(c, true, do_publish); }

static bool do_match(cli_chain *s)
{
    eth_address deal;
    return read_deal(s, &deal) && match(s, &deal) && finish(s, &deal);
}

int cli_cmd_deal_match(cli *c) { return with_chain(c, true, do_match); }

static bool do_deposit(cli_chain *s)
{
    cli        *c = s->c;
    cli_receipt r;
    u256        amount;
    eth_address deal;
    if (!cli_read_amount(s, "the amount", cli_arg(c, 1), CLI_USD_DECIMALS, &amount) || !read_deal(s, &deal) ||
        !allow(s, &deal, amount, "the deal"))
        return false;
    eth_value args = eth_number(amount);
    cli_tx    tx   = { .function = CLI_FN_DEAL_DEPOSIT,
                       .at       = &deal,
                       .args     = &args,
                       .does     = riv_format(c->arena, "pay " RIV_FMT " into the deal", RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, &r) && finish(s, &deal);
}

int cli_cmd_deal_deposit(cli *c) { return with_chain(c, true, do_deposit); }

static bool do_withdraw(cli_chain *s)
{
    cli        *c = s->c;
    cli_receipt r;
    u256        amount;
    eth_address deal;
    if (!cli_read_amount(s, "the amount", cli_arg(c, 1), CLI_USD_DECIMALS, &amount) || !read_deal(s, &deal))
        return false;
    eth_value args = eth_number(amount);
    cli_tx    tx   = { .function = CLI_FN_DEAL_WITHDRAW,
                       .at       = &deal,
                       .args     = &args,
                       .does     = riv_format(c->arena, "take " RIV_FMT " out of the deal", RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, &r) && finish(s, &deal);
}

int cli_cmd_deal_withdraw(cli *c) { return with_chain(c, true, do_withdraw); }

static bool do_stop(cli_chain *s)
{
    cli_receipt r;
    eth_address deal;
    if (!read_deal(s, &deal)) return false;
    cli_tx tx = { .function = CLI_FN_DEAL_STOP,
                  .at       = &deal,
                  .does     = riv_format(s->c->arena, "end the deal " RIV_FMT " with this epoch",
                                         RIV_ARG(cli_show_address(s->c, &deal))) };
    return cli_send(s, &tx, &r) && finish(s, &deal);
}

int cli_cmd_deal_stop(cli *c) { return with_chain(c, true, do_stop); }

/* ---- info ---- */

typedef struct deal_info {
    eth_address      at, owner;
    uint64_t         status, min, target, workers, paid, epoch;
    u256             price, free;
    riv_str          app;
    const eth_value *units;
    size_t           units_count; /* (id, worker, peer, provider, joined epoch) */
    u256            *rewards;
    bool             published;
} deal_info;
enum { UNIT_ID, UNIT_WORKER, UNIT_PEER, UNIT_PROVIDER, UNIT_JOINED };

static bool load_deal(cli_chain *s, const eth_address *at, deal_info *out)
{
    const eth_value *owner, *app, *units, *published, deal = eth_of_address(at);
    riv_str          none;
    *out = (deal_info){ .at = *at };
    if (!cli_ask(s, CLI_FN_DEAL_OWNER, at, NULL, &owner) ||
        !cli_ask_u64(s, CLI_FN_DEAL_STATUS, at, NULL, &out->status) || !cli_ask(s, CLI_FN_DEAL_APP, at, NULL, &app) ||
        !cli_ask_number(s, CLI_FN_DEAL_PRICE, at, NULL, &out->price) ||
        !cli_ask_u64(s, CLI_FN_DEAL_MIN, at, NULL, &out->min) ||
        !cli_ask_u64(s, CLI_FN_DEAL_TARGET, at, NULL, &out->target) ||
        !cli_ask_u64(s, CLI_FN_DEAL_WORKERS, at, NULL, &out->workers) ||
        !cli_ask_number(s, CLI_FN_DEAL_FREE, at, NULL, &out->free) ||
        !cli_ask_u64(s, CLI_FN_DEAL_PAID, at, NULL, &out->paid) ||
        !cli_ask_u64(s, CLI_FN_EPOCH, NULL, NULL, &out->epoch) || !cli_ask(s, CLI_FN_DEAL_UNITS, at, NULL, &units) ||
        !cli_ask_or(s, CLI_FN_IS_PUBLISHED, NULL, &deal, &none, &published))
        return false;
    out->owner       = eth_to_address(&owner[0]);
    out->app         = cli_show_cid(s->c, &app[0]);
    out->units       = units[0].items;
    out->units_count = units[0].items_count;
    out->published   = published && !u256_is_zero(published[0].word);
    out->rewards     = riv_new(s->c->arena, u256, out->units_count);
    for (size_t i = 0; i < out->units_count; i++)
        if (!cli_ask_number(s, CLI_FN_DEAL_REWARD, at, &out->units[i].items[UNIT_ID], &out->rewards[i])) return false;
    return true;
}

static const riv_json *deal_json(cli *c, const deal_info *d)
{
    riv_json_list units = { 0 };
    for (size_t i = 0; i < d->units_count; i++) {
        const eth_value *u        = d->units[i].items;
        eth_address      provider = eth_to_address(&u[UNIT_PROVIDER]);
        bool             works    = !u256_is_zero(u[UNIT_WORKER].word);
        riv_json_add(c->arena, &units,
                     riv_json_record(c->arena, "id", riv_json_str(c->arena, cli_show_id(c, u[UNIT_ID].word)),
                                     "provider", cli_json_address(c, &provider), "peer",
                                     riv_json_str(c->arena, cli_show_peer(c, u[UNIT_PEER].word)), "worker",
                                     works ? riv_json_str(c->arena, cli_show_peer(c, u[UNIT_WORKER].word)) : NULL,
                                     "earned", riv_json_str(c->arena, usd(c, d->rewards[i])), NULL));
    }
    return riv_json_record(c->arena, "deal", cli_json_address(c, &d->at), "owner", cli_json_address(c, &d->owner),
                           "status", riv_json_strc(c->arena, status_name(d->status)), "app",
                           riv_json_str(c->arena, d->app), "price", riv_json_str(c->arena, usd(c, d->price)),
                           "min_workers", riv_json_u64(c->arena, d->min), "target_workers",
                           riv_json_u64(c->arena, d->target), "workers", riv_json_u64(c->arena, d->workers), "balance",
                           riv_json_str(c->arena, usd(c, d->free)), "epoch", riv_json_u64(c->arena, d->epoch),
                           "paid_until_epoch", d->paid ? riv_json_u64(c->arena, d->paid) : NULL, "published",
                           riv_json_bool(d->published), "units", riv_json_arr(c->arena, units.ptr, units.len), NULL);
}

static void print_deal(cli *c, const deal_info *d)
{
    printf("%s" RIV_FMT "%s  %s%s\n", cli_style(c->colour_out, CLI_BOLD), RIV_ARG(cli_show_address(c, &d->at)),
           cli_style(c->colour_out, CLI_PLAIN), status_name(d->status), d->published ? ", published" : "");
    printf("  owner    " RIV_FMT "\n  runs     " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &d->owner)),
           RIV_ARG(d->app));
    printf("  workers  %llu of %llu, at least %llu; " RIV_FMT " each and epoch\n", (unsigned long long)d->workers,
           (unsigned long long)d->target, (unsigned long long)d->min, RIV_ARG(usd(c, d->price)));
    printf("  balance  " RIV_FMT ", ", RIV_ARG(usd(c, d->free)));
    if (d->paid)
        printf("paid until epoch %llu; it is epoch %llu\n", (unsigned long long)d->paid, (unsigned long long)d->epoch);
    else
        printf("nothing is paid while workers are missing; it is epoch %llu\n", (unsigned long long)d->epoch);
    for (size_t i = 0; i < d->units_count; i++) {
        const eth_value *u        = d->units[i].items;
        eth_address      provider = eth_to_address(&u[UNIT_PROVIDER]);
        printf("  unit     " RIV_FMT "\n           of " RIV_FMT ", ", RIV_ARG(cli_show_id(c, u[UNIT_ID].word)),
               RIV_ARG(cli_show_address(c, &provider)));
        if (u256_is_zero(u[UNIT_WORKER].word))
            printf("no worker yet\n");
        else
            printf("earned " RIV_FMT "\n", RIV_ARG(usd(c, d->rewards[i])));
    }
}

static bool do_info(cli_chain *s)
{
    eth_address deal;
    deal_info   d;
    if (!read_deal(s, &deal) || !load_deal(s, &deal, &d)) return false;
    if (cli_has(s->c, "json"))
        cli_print_json(deal_json(s->c, &d), true);
    else
        print_deal(s->c, &d);
    return true;
}

int cli_cmd_deal_info(cli *c) { return with_chain(c, false, do_info); }

/* ---- list ---- */

/* Those that wait for providers: from the market's own list. */
static bool list_published(cli_chain *s, cli_events *out)
{
    for (uint64_t from = 0;; from += PUBLISHED_PAGE) {
        const eth_value *v, args[] = { eth_word(from), eth_word(PUBLISHED_PAGE) };
        if (!cli_ask(s, CLI_FN_PUBLISHED, NULL, args, &v)) return false;
        for (size_t i = 0; i < v[0].items_count; i++) *riv_push(s->c->arena, out) = v[0].items[i];
        if (v[0].items_count < PUBLISHED_PAGE) return true;
    }
}

/* Those that were made, of one customer or of all. */
static bool list_made(cli_chain *s, cli_events *out)
{
    eth_address owner, factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    eth_value   who;
    cli_events  made  = { 0 };
    riv_str     given = cli_value(s->c, "owner");
    if (given.len && !cli_read_eth_address(s, given, &owner)) return false;
    if (given.len) who = eth_of_address(&owner);
    if (!cli_events_read(s, &factory, EVENT_CREATED, given.len ? &who : NULL, &made)) return false;
    for (size_t i = 0; i < made.len; i++) *riv_push(s->c->arena, out) = made.ptr[i].items[1];
    return true;
}

static bool do_list(cli_chain *s)
{
    cli          *c     = s->c;
    cli_events    deals = { 0 };
    riv_json_list all   = { 0 };
    if (!(cli_has(c, "published") ? list_published(s, &deals) : list_made(s, &deals))) return false;
    for (size_t i = 0; i < deals.len; i++) {
        deal_info   d;
        eth_address at = eth_to_address(&deals.ptr[i]);
        if (!load_deal(s, &at, &d)) return false;
        if (cli_has(c, "json"))
            riv_json_add(c->arena, &all, deal_json(c, &d));
        else
            printf(RIV_FMT "  %-18s %llu of %llu workers, " RIV_FMT " each and epoch, " RIV_FMT " left\n",
                   RIV_ARG(cli_show_address(c, &at)), status_name(d.status), (unsigned long long)d.workers,
                   (unsigned long long)d.target, RIV_ARG(usd(c, d.price)), RIV_ARG(usd(c, d.free)));
    }
    if (cli_has(c, "json"))
        cli_print_json(riv_json_arr(c->arena, all.ptr, all.len), true);
    else if (!deals.len)
        cli_note(c, "there are no deals");
    return true;
}

int cli_cmd_deal_list(cli *c) { return with_chain(c, false, do_list); }
