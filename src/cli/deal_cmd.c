/* deal_cmd.c: rivulet deal create, publish, unpublish, match, deposit, withdraw, app, access, remove, stop: the customer's side of the market.
 * Spec: docs/spec/market.md 4, 5; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/deal.h"

enum { WORKERS_MAX = 1000000 };

const char *const cli_access_names[CLI_ACCESS_TYPES] = { "all", "allow", "deny" };

static riv_str usd(cli *c, u256 v) { return cli_amount(c->arena, v, CLI_USD_DECIMALS, "USD"); }

/* A document where --json is wanted. */
static bool finish(cli_chain *s, const eth_address *deal)
{
    if (cli_has(s->c, "json"))
        cli_chain_json(s, riv_json_object(s->c->arena, "deal", cli_json_address(s->c, deal), NULL));
    return true;
}

static bool read_deal(cli_chain *s, eth_address *out) { return cli_read_deal(s, cli_arg(s->c, 0), out); }

/* The same, and it is this account's: told before anything is sent on the way. */
static bool own_deal(cli_chain *s, eth_address *out)
{
    const eth_value *v;
    if (!read_deal(s, out) || !cli_ask(s, CLI_FN_DEAL_OWNER, out, NULL, &v)) return false;
    eth_address owner = eth_to_address(&v[0]);
    if (eth_address_eq(&owner, &s->wallet.address)) return true;
    cli_error(s->c, CLI_FAILED, "the deal " RIV_FMT " is " RIV_FMT "'s, and you are " RIV_FMT,
              RIV_ARG(cli_show_address(s->c, out)), RIV_ARG(cli_show_address(s->c, &owner)),
              RIV_ARG(cli_show_address(s->c, &s->wallet.address)));
    cli_hint(s->c, "--key FILE is the key of its owner");
    return cli_chain_fail(s, CLI_FAILED);
}

/* Before anything is sent for a payment. */
static bool has_usd(cli_chain *s, u256 amount)
{
    u256      has;
    cli      *c  = s->c;
    eth_value me = eth_of_address(&s->wallet.address);
    if (!cli_ask_number(s, CLI_FN_USD_BALANCE, NULL, &me, &has)) return false;
    if (u256_cmp(has, amount) >= 0) return true;
    cli_error(c, CLI_FAILED, "the account " RIV_FMT " has " RIV_FMT ", and this takes " RIV_FMT,
              RIV_ARG(cli_show_address(c, &s->wallet.address)), RIV_ARG(usd(c, has)), RIV_ARG(usd(c, amount)));
    cli_hint(c, "nothing was sent; USD come from another account (`rivulet chain pay`), or a smaller --price, "
                "--workers or --epochs need less");
    return cli_chain_fail(s, CLI_FAILED);
}

/* Whoever takes money from an account must be allowed to. */
static bool allow(cli_chain *s, const eth_address *spender, u256 amount, const char *what)
{
    cli            *c = s->c;
    u256            allowed;
    const eth_value who[] = { eth_of_address(&s->wallet.address), eth_of_address(spender) };
    if (!has_usd(s, amount) || !cli_ask_number(s, CLI_FN_USD_ALLOWANCE, NULL, who, &allowed)) return false;
    if (u256_cmp(allowed, amount) >= 0) return true;
    const eth_value args[] = { eth_of_address(spender), eth_number(amount) };
    cli_tx          tx     = { .function = CLI_FN_USD_APPROVE,
                               .args     = args,
                               .does     = riv_format(c->arena, "let %s take " RIV_FMT, what, RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, NULL);
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
    o->access_type  = allowed ? CLI_ACCESS_ALLOW : denied ? CLI_ACCESS_DENY : CLI_ACCESS_ALL;
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
    eth_value args = eth_of_address(deal);
    cli_tx    tx   = { .function = CLI_FN_PUBLISH,
                       .args     = &args,
                       .does     = riv_format(s->c->arena, "publish the deal " RIV_FMT " for providers to come",
                                              RIV_ARG(cli_show_address(s->c, deal))) };
    return cli_send(s, &tx, NULL);
}

static bool match(cli_chain *s, const eth_address *deal)
{
    eth_value args = eth_of_address(deal);
    cli_tx    tx   = { .function = CLI_FN_MATCH,
                       .args     = &args,
                       .does     = riv_format(s->c->arena, "find providers for the deal " RIV_FMT,
                                              RIV_ARG(cli_show_address(s->c, deal))) };
    return cli_send(s, &tx, NULL);
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
                               .does = riv_format(c->arena, "order %llu worker%s up to " RIV_FMT " an epoch; " RIV_FMT " in advance",
                                                  (unsigned long long)o.target, o.target == 1 ? "," : "s, each",
                                                  RIV_ARG(usd(c, o.price)), RIV_ARG(usd(c, o.deposit))) };
    if (!cli_send(s, &tx, &r)) return false;
    if (!cli_event_find(s, &r, CLI_EVENT_DEAL, &event)) {
        s->code = cli_error(c, CLI_NETWORK, "the chain's receipt does not name the deal");
        return false;
    }
    eth_address deal = eth_to_address(&event.items[1]);
    s->made          = riv_json_object(c->arena, "deal", cli_json_address(c, &deal), NULL);
    if (!cli_has(c, "json")) printf("deal " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &deal)));
    if (cli_has(c, "publish") && !publish(s, &deal)) return false;
    if (cli_has(c, "match") && !match(s, &deal)) return false;
    return finish(s, &deal);
}

int cli_cmd_deal_create(cli *c) { return cli_market_run(c, true, do_create); }

/* ---- one deal ---- */

static bool do_publish(cli_chain *s)
{
    eth_address deal;
    return own_deal(s, &deal) && publish(s, &deal) && finish(s, &deal);
}

int cli_cmd_deal_publish(cli *c) { return cli_market_run(c, true, do_publish); }

static bool do_unpublish(cli_chain *s)
{
    eth_address deal;
    if (!own_deal(s, &deal)) return false;
    eth_value args = eth_of_address(&deal);
    cli_tx    tx   = { .function = CLI_FN_UNPUBLISH,
                       .args     = &args,
                       .does = riv_format(s->c->arena, "let no more providers into the deal " RIV_FMT " by themselves",
                                          RIV_ARG(cli_show_address(s->c, &deal))) };
    return cli_send(s, &tx, NULL) && finish(s, &deal);
}

int cli_cmd_deal_unpublish(cli *c) { return cli_market_run(c, true, do_unpublish); }

/* The offers of units: a unit's peer, and the peer's offer. */
static bool offers_of(cli_chain *s, const eth_value *units, size_t count, u256 *offers)
{
    enum { UNIT_PEER = 1, PEER_OFFER = 0 };
    cli_question *q = riv_new(s->c->arena, cli_question, count), *peers = riv_new(s->c->arena, cli_question, count);
    for (size_t i = 0; i < count; i++) q[i] = (cli_question){ .function = CLI_FN_UNIT, .args = &units[i] };
    if (!cli_ask_all(s, q, count)) return false;
    for (size_t i = 0; i < count; i++) {
        if (q[i].reverts.len) {
            cli_error(s->c, CLI_FAILED, "the unit " RIV_FMT ": " RIV_FMT, RIV_ARG(cli_show_id(s->c, units[i].word)),
                      RIV_ARG(q[i].reverts));
            cli_hint(s->c, "`rivulet deal offers` shows the units that are free");
            return cli_chain_fail(s, CLI_FAILED);
        }
        peers[i] = (cli_question){ .function = CLI_FN_PEER, .args = &q[i].out[0].items[UNIT_PEER] };
    }
    if (!cli_ask_all(s, peers, count) || !cli_answered(s, peers, count)) return false;
    for (size_t i = 0; i < count; i++) offers[i] = peers[i].out[0].items[PEER_OFFER].word;
    return true;
}

/* Candidates by hand: grouped by their offers, in the order given. The chain passes over those that do not fit, and tells so by taking fewer. */
static bool match_these(cli_chain *s, const eth_address *deal)
{
    cli           *c = s->c;
    size_t         count, groups = 0;
    const riv_str *texts = cli_values(c, "unit", &count);
    eth_value     *units = riv_new(c->arena, eth_value, count), *ids = riv_new(c->arena, eth_value, count),
              *lists = riv_new(c->arena, eth_value, count);
    u256 *offers     = riv_new(c->arena, u256, count);
    for (size_t i = 0; i < count; i++)
        if (!cli_read_id(s, texts[i], "unit", &units[i].word)) return false;
    if (!offers_of(s, units, count, offers)) return false;
    for (size_t i = 0; i < count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++) first = first && u256_cmp(offers[k], offers[i]) != 0;
        if (!first) continue;
        eth_value *own    = riv_new(c->arena, eth_value, count);
        size_t     in_own = 0;
        for (size_t k = i; k < count; k++)
            if (u256_cmp(offers[k], offers[i]) == 0) own[in_own++] = units[k];
        ids[groups]     = eth_number(offers[i]);
        lists[groups++] = eth_list(own, in_own);
    }
    const eth_value args[] = { eth_of_address(deal), eth_list(ids, groups), eth_list(lists, groups) };
    cli_tx          tx     = { .function = CLI_FN_MATCH_THESE,
                               .args     = args,
                               .does = riv_format(c->arena, "take %zu unit%s into the deal " RIV_FMT, count, count == 1 ? "" : "s",
                                                  RIV_ARG(cli_show_address(c, deal))) };
    return cli_send(s, &tx, NULL);
}

static bool do_match(cli_chain *s)
{
    eth_address deal;
    if (!read_deal(s, &deal)) return false;
    bool by_hand = cli_value(s->c, "unit").len > 0;
    return (by_hand ? match_these(s, &deal) : match(s, &deal)) && finish(s, &deal);
}

int cli_cmd_deal_match(cli *c) { return cli_market_run(c, true, do_match); }

static bool do_deposit(cli_chain *s)
{
    cli        *c = s->c;
    u256        amount;
    eth_address deal;
    if (!cli_read_amount(s, "the amount", cli_arg(c, 1), CLI_USD_DECIMALS, &amount) || !own_deal(s, &deal) ||
        !allow(s, &deal, amount, "the deal"))
        return false;
    eth_value args = eth_number(amount);
    cli_tx    tx   = { .function = CLI_FN_DEAL_DEPOSIT,
                       .at       = &deal,
                       .args     = &args,
                       .does     = riv_format(c->arena, "pay " RIV_FMT " into the deal", RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, NULL) && finish(s, &deal);
}

int cli_cmd_deal_deposit(cli *c) { return cli_market_run(c, true, do_deposit); }

static bool do_withdraw(cli_chain *s)
{
    cli        *c = s->c;
    u256        amount;
    eth_address deal;
    if (!cli_read_amount(s, "the amount", cli_arg(c, 1), CLI_USD_DECIMALS, &amount) || !own_deal(s, &deal))
        return false;
    eth_value args = eth_number(amount);
    cli_tx    tx   = { .function = CLI_FN_DEAL_WITHDRAW,
                       .at       = &deal,
                       .args     = &args,
                       .does     = riv_format(c->arena, "take " RIV_FMT " out of the deal", RIV_ARG(usd(c, amount))) };
    return cli_send(s, &tx, NULL) && finish(s, &deal);
}

int cli_cmd_deal_withdraw(cli *c) { return cli_market_run(c, true, do_withdraw); }

static bool do_stop(cli_chain *s)
{
    eth_address deal;
    if (!own_deal(s, &deal)) return false;
    cli_tx tx = { .function = CLI_FN_DEAL_STOP,
                  .at       = &deal,
                  .does     = riv_format(s->c->arena, "end the deal " RIV_FMT " with this epoch",
                                         RIV_ARG(cli_show_address(s->c, &deal))) };
    return cli_send(s, &tx, NULL) && finish(s, &deal);
}

int cli_cmd_deal_stop(cli *c) { return cli_market_run(c, true, do_stop); }

/* ---- what a deal runs, and who works in it ---- */

static bool do_app(cli_chain *s)
{
    eth_value   app;
    eth_address deal;
    if (!cli_read_cid(s, cli_arg(s->c, 1), &app) || !own_deal(s, &deal)) return false;
    cli_tx tx = { .function = CLI_FN_DEAL_SET_APP,
                  .at       = &deal,
                  .args     = &app,
                  .does     = riv_format(s->c->arena, "let the workers of the deal run " RIV_FMT " instead",
                                         RIV_ARG(cli_show_cid(s->c, &app))) };
    return cli_send(s, &tx, NULL) && finish(s, &deal);
}

int cli_cmd_deal_app(cli *c) { return cli_market_run(c, true, do_app); }

/* Units leave with what they have earned until now. */
static bool do_remove(cli_chain *s)
{
    enum { UNIT_DEAL };
    cli        *c     = s->c;
    size_t      count = c->given.args_count - 1;
    eth_value  *units = riv_new(c->arena, eth_value, count);
    eth_address deal;
    for (size_t i = 0; i < count; i++)
        if (!cli_read_id(s, cli_arg(c, i + 1), "unit", &units[i].word)) return false;
    if (!own_deal(s, &deal)) return false;
    for (size_t i = 0; i < count; i++) {
        const eth_value *v;
        if (!cli_ask(s, CLI_FN_UNIT, NULL, &units[i], &v)) return false;
        eth_address at = eth_to_address(&v[0].items[UNIT_DEAL]);
        if (!eth_address_eq(&at, &deal)) {
            cli_error(c, CLI_FAILED, "the unit " RIV_FMT " is not in this deal",
                      RIV_ARG(cli_show_id(c, units[i].word)));
            cli_hint(c, "`rivulet deal info " RIV_FMT "` shows those that are", RIV_ARG(cli_show_address(c, &deal)));
            return cli_chain_fail(s, CLI_FAILED);
        }
        cli_tx tx = { .function = CLI_FN_RETURN_UNIT,
                      .args     = &units[i],
                      .does =
                          riv_format(c->arena, "send a unit away from the deal " RIV_FMT ", with what it has earned",
                                     RIV_ARG(cli_show_address(c, &deal))) };
        if (!cli_send(s, &tx, NULL)) return false;
    }
    return finish(s, &deal);
}

int cli_cmd_deal_remove(cli *c) { return cli_market_run(c, true, do_remove); }

/* ---- who may come ---- */

static bool access_type(cli_chain *s, const eth_address *deal, riv_str wanted)
{
    static const char *const says[CLI_ACCESS_TYPES] = { "let every provider into the deal",
                                                        "let only the listed providers into the deal",
                                                        "let every provider but the listed into the deal" };
    uint64_t                 now;
    size_t                   type = 0;
    while (type < CLI_ACCESS_TYPES && !riv_str_eq(wanted, riv_str_c(cli_access_names[type]))) type++;
    if (type == CLI_ACCESS_TYPES)
        return cli_chain_fail(
            s, cli_error(s->c, CLI_USAGE, "--type is all, allow or deny, not '" RIV_FMT "'", RIV_ARG(wanted)));
    if (!cli_ask_u64(s, CLI_FN_DEAL_ACCESS, deal, NULL, &now)) return false;
    if (now == type) return true;
    eth_value args = eth_word(type);
    cli_tx    tx   = { .function = CLI_FN_DEAL_SET_ACCESS, .at = deal, .args = &args, .does = riv_str_c(says[type]) };
    return cli_send(s, &tx, NULL);
}

static bool access_each(cli_chain *s, const eth_address *deal, const char *flag, cli_function f, const char *does)
{
    size_t         count;
    const riv_str *all = cli_values(s->c, flag, &count);
    for (size_t i = 0; i < count; i++) {
        eth_address who;
        if (!cli_read_eth_address(s, all[i], &who)) return false;
        eth_value args = eth_of_address(&who);
        cli_tx    tx   = { .function = f,
                           .at       = deal,
                           .args     = &args,
                           .does = riv_format(s->c->arena, "%s " RIV_FMT, does, RIV_ARG(cli_show_address(s->c, &who))) };
        if (!cli_send(s, &tx, NULL)) return false;
    }
    return true;
}

static bool do_access(cli_chain *s)
{
    cli        *c = s->c;
    eth_address deal;
    if (!cli_value(c, "type").len && !cli_value(c, "add").len && !cli_value(c, "remove").len)
        return cli_chain_fail(s, cli_error(c, CLI_USAGE, "--type, --add or --remove says what is to change"));
    return own_deal(s, &deal) && (!cli_value(c, "type").len || access_type(s, &deal, cli_value(c, "type"))) &&
           access_each(s, &deal, "add", CLI_FN_DEAL_LIST_ADD, "put on the deal's list of providers:") &&
           access_each(s, &deal, "remove", CLI_FN_DEAL_LIST_REMOVE, "take from the deal's list of providers:") &&
           finish(s, &deal);
}

int cli_cmd_deal_access(cli *c) { return cli_market_run(c, true, do_access); }
