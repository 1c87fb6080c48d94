/* deal_look.c: rivulet deal info, list, offers: how deals stand, and what there is to rent. Questions go to the chain in batches.
 * Spec: docs/spec/market.md 3 to 5; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/deal.h"
#include "cli/provider_file.h"

#include <stdlib.h>

#define EVENT_LIST_ADDED "ProviderAddedToAccessList(address provider)"

enum { PUBLISHED_PAGE = 100, LIST_COUNT = 100 };
enum { UNIT_ID, UNIT_WORKER, UNIT_PEER, UNIT_PROVIDER, UNIT_JOINED }; /* of a deal's getComputeUnits */

typedef struct deal_info {
    eth_address      at, owner;
    uint64_t         status, min, target, workers, per_provider, paid, access;
    u256             price, free;
    riv_str          app;
    const eth_value *effectors, *units;
    size_t           effectors_count, units_count;
    u256            *rewards; /* of the units */
    bool             published;
} deal_info;

static riv_str usd(cli *c, u256 v) { return cli_amount(c->arena, v, CLI_USD_DECIMALS, "USD"); }

static const char *status_name(uint64_t status)
{
    static const char *const names[] = { "out of money", "active", "ended", "too few workers", "little money left" };
    return status < RIV_COUNT(names) ? names[status] : "unknown";
}

/* ---- deals as they stand ---- */

typedef enum asked {
    OWNER,
    STATUS,
    APP,
    PRICE,
    MIN,
    TARGET,
    WORKERS,
    PER_PROVIDER,
    FREE,
    PAID,
    ACCESS,
    PUBLISHED,
    EFFECTORS,
    UNITS,
    ASKED
} asked;
static const cli_function asked_functions[ASKED] = {
    [OWNER] = CLI_FN_DEAL_OWNER,       [STATUS] = CLI_FN_DEAL_STATUS,
    [APP] = CLI_FN_DEAL_APP,           [PRICE] = CLI_FN_DEAL_PRICE,
    [MIN] = CLI_FN_DEAL_MIN,           [TARGET] = CLI_FN_DEAL_TARGET,
    [WORKERS] = CLI_FN_DEAL_WORKERS,   [PER_PROVIDER] = CLI_FN_DEAL_PER_PROVIDER,
    [FREE] = CLI_FN_DEAL_FREE,         [PAID] = CLI_FN_DEAL_PAID,
    [ACCESS] = CLI_FN_DEAL_ACCESS,     [EFFECTORS] = CLI_FN_DEAL_EFFECTORS,
    [PUBLISHED] = CLI_FN_IS_PUBLISHED, [UNITS] = CLI_FN_DEAL_UNITS,
};

static void take_deal(cli_chain *s, const cli_question *q, deal_info *out)
{
    riv_arena *arena  = s->c->arena;
    out->owner        = eth_to_address(&q[OWNER].out[0]);
    out->status       = cli_u64_of(&q[STATUS].out[0]);
    out->app          = cli_show_cid(s->c, &q[APP].out[0]);
    out->price        = q[PRICE].out[0].word;
    out->min          = cli_u64_of(&q[MIN].out[0]);
    out->target       = cli_u64_of(&q[TARGET].out[0]);
    out->workers      = cli_u64_of(&q[WORKERS].out[0]);
    out->per_provider = cli_u64_of(&q[PER_PROVIDER].out[0]);
    out->free         = q[FREE].out[0].word;
    out->paid         = cli_u64_of(&q[PAID].out[0]);
    out->access       = cli_u64_of(&q[ACCESS].out[0]);
    out->published =
        q[PUBLISHED].out && !u256_is_zero(q[PUBLISHED].out[0].word); /* original chains have no such function */
    if (!q[EFFECTORS].out) return;
    out->effectors       = q[EFFECTORS].out[0].items;
    out->effectors_count = q[EFFECTORS].out[0].items_count;
    out->units           = q[UNITS].out[0].items;
    out->units_count     = q[UNITS].out[0].items_count;
    out->rewards         = riv_new(arena, u256, out->units_count);
}

static bool ask_rewards(cli_chain *s, deal_info *all, size_t count)
{
    size_t units = 0, at = 0;
    for (size_t i = 0; i < count; i++) units += all[i].units_count;
    cli_question *q = riv_new(s->c->arena, cli_question, units);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i].units_count; k++)
            q[at++] = (cli_question){ .function = CLI_FN_DEAL_REWARD,
                                      .at       = all[i].at,
                                      .args     = &all[i].units[k].items[UNIT_ID] };
    if (!cli_ask_all(s, q, units) || !cli_answered(s, q, units)) return false;
    at = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i].units_count; k++) all[i].rewards[k] = q[at++].out[0].word;
    return true;
}

/* whole: with effectors, units and what they have earned. */
static bool load_deals(cli_chain *s, const eth_value *at, size_t count, bool whole, deal_info **out)
{
    size_t        each = whole ? ASKED : EFFECTORS;
    cli_question *q    = riv_new(s->c->arena, cli_question, count * ASKED);
    deal_info    *all  = riv_new(s->c->arena, deal_info, count);
    size_t        next = 0;
    for (size_t i = 0; i < count; i++) {
        all[i].at = eth_to_address(&at[i]);
        for (size_t k = 0; k < each; k++)
            q[next++] = (cli_question){ .function = asked_functions[k],
                                        .at       = all[i].at,
                                        .args     = k == PUBLISHED ? &at[i] : NULL };
    }
    if (!cli_ask_all(s, q, next)) return false;
    for (size_t i = 0; i < count; i++) {
        cli_question own[ASKED] = { 0 };
        memcpy(own, q + i * each, each * sizeof *q);
        for (size_t k = 0; k < each; k++)
            if (k != PUBLISHED && !cli_answered(s, &own[k], 1)) return false;
        take_deal(s, own, &all[i]);
    }
    *out = all;
    return !whole || ask_rewards(s, all, count);
}

/* ---- info ---- */

/* Who was ever named; the chain says of each where it stands now. */
static bool named_providers(cli_chain *s, const eth_address *deal, cli_events *out)
{
    cli_events  made = { 0 }, added = { 0 };
    eth_address factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    if (!cli_events_read(s, &factory, CLI_EVENT_DEAL, NULL, 0, &made) ||
        !cli_events_read(s, deal, EVENT_LIST_ADDED, NULL, 0, &added))
        return false;
    for (size_t i = 0; i < made.len; i++) {
        const eth_value *v  = made.ptr[i].items;
        eth_address      at = eth_to_address(&v[1]);
        for (size_t k = 0; eth_address_eq(&at, deal) && k < v[11].items_count; k++)
            *riv_push(s->c->arena, out) = v[11].items[k];
    }
    for (size_t i = 0; i < added.len; i++) *riv_push(s->c->arena, out) = added.ptr[i].items[0];
    return true;
}

static bool access_list(cli_chain *s, const deal_info *d, cli_events *out)
{
    cli_events named = { 0 };
    if (d->access == CLI_ACCESS_ALL) return true;
    if (!named_providers(s, &d->at, &named)) return false;
    cli_question *q = riv_new(s->c->arena, cli_question, named.len);
    for (size_t i = 0; i < named.len; i++)
        q[i] = (cli_question){ .function = CLI_FN_DEAL_ALLOWS, .at = d->at, .args = &named.ptr[i] };
    if (!cli_ask_all(s, q, named.len) || !cli_answered(s, q, named.len)) return false;
    for (size_t i = 0; i < named.len; i++) {
        bool listed = u256_is_zero(q[i].out[0].word) == (d->access == CLI_ACCESS_DENY);
        for (size_t k = 0; k < i; k++) listed = listed && u256_cmp(named.ptr[k].word, named.ptr[i].word) != 0;
        if (listed) *riv_push(s->c->arena, out) = named.ptr[i];
    }
    return true;
}

typedef struct about {                        /* what one deal is told with */
    uint64_t   epoch, epoch_seconds, start_s; /* of epoch 1 */
    cli_events access;
    riv_str   *names; /* of the units' providers */
} about;

static bool provider_names(cli_chain *s, const eth_value *const *who, size_t count, riv_str *out)
{
    cli_question *q = riv_new(s->c->arena, cli_question, count);
    for (size_t i = 0; i < count; i++) q[i] = (cli_question){ .function = CLI_FN_PROVIDER, .args = who[i] };
    if (!cli_ask_all(s, q, count)) return false;
    for (size_t i = 0; i < count; i++)
        out[i] = q[i].out ? cli_shown(s->c, riv_bytes_str(q[i].out[0].items[0].bytes), 60) : (riv_str){ 0 };
    return true;
}

static bool read_about(cli_chain *s, const deal_info *d, about *out)
{
    riv_arena        *arena = s->c->arena;
    const eth_value **who   = riv_new(arena, const eth_value *, d->units_count);
    *out                    = (about){ .names = riv_new(arena, riv_str, d->units_count) };
    for (size_t i = 0; i < d->units_count; i++) who[i] = &d->units[i].items[UNIT_PROVIDER];
    return cli_ask_u64(s, CLI_FN_EPOCH, NULL, NULL, &out->epoch) &&
           cli_ask_u64(s, CLI_FN_EPOCH_SECONDS, NULL, NULL, &out->epoch_seconds) &&
           cli_ask_u64(s, CLI_FN_INIT_TIMESTAMP, NULL, NULL, &out->start_s) &&
           provider_names(s, who, d->units_count, out->names) && access_list(s, d, &out->access);
}

/* The end of an epoch: it is number `epoch`, from 1. */
static uint64_t end_of(const about *a, uint64_t epoch)
{
    uint64_t span, out;
    bool     fits =
        !__builtin_mul_overflow(epoch, a->epoch_seconds, &span) && !__builtin_add_overflow(a->start_s, span, &out);
    return fits ? out : UINT64_MAX;
}

static const riv_json *units_json(cli *c, const deal_info *d, const about *a)
{
    riv_json_list units = { 0 };
    for (size_t i = 0; i < d->units_count; i++) {
        const eth_value *u        = d->units[i].items;
        eth_address      provider = eth_to_address(&u[UNIT_PROVIDER]);
        bool             works    = !u256_is_zero(u[UNIT_WORKER].word);
        riv_json_add(c->arena, &units,
                     riv_json_record(c->arena, "id", riv_json_str(c->arena, cli_show_id(c, u[UNIT_ID].word)),
                                     "provider", cli_json_address(c, &provider), "provider_name",
                                     a && a->names[i].len ? riv_json_str(c->arena, a->names[i]) : NULL, "peer",
                                     riv_json_str(c->arena, cli_show_peer(c, u[UNIT_PEER].word)), "worker",
                                     works ? riv_json_str(c->arena, cli_show_peer(c, u[UNIT_WORKER].word)) : NULL,
                                     "joined_epoch", cli_json_number(c, u[UNIT_JOINED].word), "earned",
                                     riv_json_str(c->arena, usd(c, d->rewards[i])), NULL));
    }
    return riv_json_arr(c->arena, units.ptr, units.len);
}

static const riv_json *access_json(cli *c, const deal_info *d, const about *a)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; a && i < a->access.len; i++) {
        eth_address who = eth_to_address(&a->access.ptr[i]);
        riv_json_add(c->arena, &list, cli_json_address(c, &who));
    }
    return riv_json_record(
        c->arena, "type",
        riv_json_strc(c->arena, d->access < CLI_ACCESS_TYPES ? cli_access_names[d->access] : "unknown"), "providers",
        a ? riv_json_arr(c->arena, list.ptr, list.len) : NULL, NULL);
}

/* a: NULL in lists. */
static const riv_json *deal_json(cli *c, const deal_info *d, uint64_t epoch, const about *a)
{
    riv_json_list effectors = { 0 };
    for (size_t i = 0; i < d->effectors_count; i++)
        riv_json_add(c->arena, &effectors, riv_json_str(c->arena, cli_show_cid(c, &d->effectors[i])));
    return riv_json_record(
        c->arena, "deal", cli_json_address(c, &d->at), "owner", cli_json_address(c, &d->owner), "status",
        riv_json_strc(c->arena, status_name(d->status)), "app", riv_json_str(c->arena, d->app), "effectors",
        riv_json_arr(c->arena, effectors.ptr, effectors.len), "access", access_json(c, d, a), "price",
        riv_json_str(c->arena, usd(c, d->price)), "min_workers", riv_json_u64(c->arena, d->min), "target_workers",
        riv_json_u64(c->arena, d->target), "max_per_provider", riv_json_u64(c->arena, d->per_provider), "workers",
        riv_json_u64(c->arena, d->workers), "balance", riv_json_str(c->arena, usd(c, d->free)), "epoch",
        riv_json_u64(c->arena, epoch), "paid_until_epoch", d->paid ? riv_json_u64(c->arena, d->paid) : NULL,
        "paid_until_s", d->paid && a ? riv_json_u64(c->arena, end_of(a, d->paid)) : NULL, "published",
        riv_json_bool(d->published), "units", units_json(c, d, a), NULL);
}

static void print_list(cli *c, const cli_events *list)
{
    for (size_t i = 0; i < list->len; i++) {
        eth_address who = eth_to_address(&list->ptr[i]);
        printf("%s" RIV_FMT, i ? ", " : " ", RIV_ARG(cli_show_address(c, &who)));
    }
    printf("%s\n", list->len ? "" : " nobody");
}

static void print_terms(cli *c, const deal_info *d, const about *a)
{
    static const char *const access[CLI_ACCESS_TYPES] = { "everybody", "only", "everybody but" };
    printf("  owner      " RIV_FMT "\n  runs       " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &d->owner)),
           RIV_ARG(d->app));
    for (size_t i = 0; i < d->effectors_count; i++)
        printf("  effector   " RIV_FMT "\n", RIV_ARG(cli_show_cid(c, &d->effectors[i])));
    printf("  providers  %s", d->access < CLI_ACCESS_TYPES ? access[d->access] : "unknown");
    if (d->access == CLI_ACCESS_ALL)
        printf("\n");
    else
        print_list(c, &a->access);
    printf("  workers    %llu of %llu, at least %llu, at most %llu of a provider\n", (unsigned long long)d->workers,
           (unsigned long long)d->target, (unsigned long long)d->min, (unsigned long long)d->per_provider);
    printf("  price      " RIV_FMT " a worker and epoch\n", RIV_ARG(usd(c, d->price)));
}

static void print_money(cli *c, const deal_info *d, const about *a)
{
    enum { ENDED = 2 };
    printf("  balance    " RIV_FMT "\n  paid       ", RIV_ARG(usd(c, d->free)));
    if (d->status == ENDED)
        printf("to the end; it is epoch %llu\n", (unsigned long long)a->epoch);
    else if (!d->paid)
        printf("nothing while workers are missing; it is epoch %llu\n", (unsigned long long)a->epoch);
    else
        printf("%s the end of epoch %llu, %s " RIV_FMT "; it is epoch %llu\n", d->paid < a->epoch ? "only to" : "to",
               (unsigned long long)d->paid, d->paid < a->epoch ? "that was" : "that is",
               RIV_ARG(cli_show_time(c, end_of(a, d->paid))), (unsigned long long)a->epoch);
}

static void print_unit(cli *c, const deal_info *d, const about *a, size_t i)
{
    const eth_value *u        = d->units[i].items;
    eth_address      provider = eth_to_address(&u[UNIT_PROVIDER]);
    bool             works    = !u256_is_zero(u[UNIT_WORKER].word);
    printf("  worker     ");
    if (works)
        printf(RIV_FMT ", earned " RIV_FMT "\n", RIV_ARG(cli_show_peer(c, u[UNIT_WORKER].word)),
               RIV_ARG(usd(c, d->rewards[i])));
    else
        printf("not started yet\n");
    printf("    of       " RIV_FMT " " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &provider)), RIV_ARG(a->names[i]));
    printf("    on       " RIV_FMT "\n    unit     " RIV_FMT ", here since epoch %llu\n",
           RIV_ARG(cli_show_peer(c, u[UNIT_PEER].word)), RIV_ARG(cli_show_id(c, u[UNIT_ID].word)),
           (unsigned long long)cli_u64_of(&u[UNIT_JOINED]));
}

static bool do_info(cli_chain *s)
{
    cli        *c = s->c;
    eth_address deal;
    deal_info  *d;
    about       a;
    if (!cli_read_deal(s, cli_arg(c, 0), &deal)) return false;
    const eth_value at = eth_of_address(&deal);
    if (!load_deals(s, &at, 1, true, &d) || !read_about(s, d, &a)) return false;
    if (cli_has(c, "json")) {
        cli_print_json(deal_json(c, d, a.epoch, &a), true);
        return true;
    }
    printf("%s" RIV_FMT "%s  %s%s\n", cli_style(c->colour_out, CLI_BOLD), RIV_ARG(cli_show_address(c, &d->at)),
           cli_style(c->colour_out, CLI_PLAIN), status_name(d->status), d->published ? ", published" : "");
    print_terms(c, d, &a);
    print_money(c, d, &a);
    for (size_t i = 0; i < d->units_count; i++) print_unit(c, d, &a, i);
    return true;
}

int cli_cmd_deal_info(cli *c) { return cli_market_run(c, false, do_info); }

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

/* Those that were made, of one customer or of all; one more than is shown tells that there are older ones. */
static bool list_made(cli_chain *s, size_t most, cli_events *out)
{
    eth_address owner, factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    eth_value   who;
    cli_events  made  = { 0 };
    riv_str     given = cli_value(s->c, "owner");
    if (given.len && !cli_read_eth_address(s, given, &owner)) return false;
    if (given.len) who = eth_of_address(&owner);
    if (!cli_events_read(s, &factory, CLI_EVENT_DEAL, given.len ? &who : NULL, most ? most + 1 : 0, &made))
        return false;
    for (size_t i = 0; i < made.len; i++) *riv_push(s->c->arena, out) = made.ptr[i].items[1];
    return true;
}

static void print_line(cli *c, const deal_info *d)
{
    printf(RIV_FMT "  %-18s %llu of %llu workers, " RIV_FMT " each and epoch, " RIV_FMT " left\n",
           RIV_ARG(cli_show_address(c, &d->at)), status_name(d->status), (unsigned long long)d->workers,
           (unsigned long long)d->target, RIV_ARG(usd(c, d->price)), RIV_ARG(usd(c, d->free)));
}

static bool do_list(cli_chain *s)
{
    cli          *c     = s->c;
    cli_events    deals = { 0 };
    riv_json_list docs  = { 0 };
    deal_info    *all;
    uint64_t      epoch, most;
    bool          json = cli_has(c, "json");
    if (!cli_number(c, "count", LIST_COUNT, 0, UINT32_MAX, &most)) return cli_chain_fail(s, CLI_USAGE);
    /* also for lines, which do not tell it: it is known by then whether there is a market at all */
    if (!cli_ask_u64(s, CLI_FN_EPOCH, NULL, NULL, &epoch)) return false;
    if (!(cli_has(c, "published") ? list_published(s, &deals) : list_made(s, (size_t)most, &deals))) return false;
    size_t older = most && !cli_has(c, "published") && deals.len > most ? deals.len - (size_t)most : 0,
           count = deals.len - older;
    if (!load_deals(s, count ? deals.ptr + older : NULL, count, json, &all)) return false;
    for (size_t i = 0; i < count; i++)
        if (json)
            riv_json_add(c->arena, &docs, deal_json(c, &all[i], epoch, NULL));
        else
            print_line(c, &all[i]);
    if (json)
        cli_print_json(riv_json_arr(c->arena, docs.ptr, docs.len), true);
    else if (!deals.len)
        cli_note(c, "there are no deals");
    if (older) cli_note(c, "these are the newest %llu; --count 0 shows all", (unsigned long long)most);
    return true;
}

int cli_cmd_deal_list(cli *c) { return cli_market_run(c, false, do_list); }

/* ---- offers ---- */

typedef struct offer {
    u256             id, price;
    const eth_value *provider;
    riv_str          name;
    RIV_VEC(u256) free;  /* units that may be taken now */
    size_t units, place; /* place: in the order of registration */
} offer;
typedef RIV_VEC(offer) offers;

/* Those that were registered and are still there, for USD. */
static bool read_offers(cli_chain *s, offers *out)
{
    cli_events  made   = { 0 };
    eth_address market = chain_contract_address(CHAIN_MARKET), usd_token = chain_contract_address(CHAIN_USD);
    if (!cli_events_read(s, &market, CLI_EVENT_OFFER, NULL, 0, &made)) return false;
    cli_question *q = riv_new(s->c->arena, cli_question, made.len);
    for (size_t i = 0; i < made.len; i++)
        q[i] = (cli_question){ .function = CLI_FN_OFFER, .args = &made.ptr[i].items[1] };
    if (!cli_ask_all(s, q, made.len)) return false;
    for (size_t i = 0; i < made.len; i++) {
        if (!q[i].out) continue;
        const eth_value *v     = q[i].out[0].items;
        eth_address      token = eth_to_address(&v[CLI_OFFER_TOKEN]);
        if (!eth_address_eq(&token, &usd_token)) continue;
        *riv_push(s->c->arena, out) = (offer){ .id       = made.ptr[i].items[1].word,
                                               .price    = v[CLI_OFFER_PRICE].word,
                                               .provider = &v[CLI_OFFER_PROVIDER],
                                               .place    = i };
    }
    const eth_value **who   = riv_new(s->c->arena, const eth_value *, out->len);
    riv_str          *names = riv_new(s->c->arena, riv_str, out->len);
    for (size_t i = 0; i < out->len; i++) who[i] = out->ptr[i].provider;
    if (!provider_names(s, who, out->len, names)) return false;
    for (size_t i = 0; i < out->len; i++) out->ptr[i].name = names[i];
    return true;
}

static void add_units(cli_chain *s, offer *to, const cli_peer_state *peer)
{
    bool open = peer->cc && cli_cc_status(peer->cc) == CLI_CC_ACTIVE;
    to->units += peer->units_count;
    for (size_t k = 0; open && k < peer->units_count; k++)
        if (!cli_unit_busy(&peer->units[k])) *riv_push(s->c->arena, &to->free) = cli_unit_id_of(&peer->units[k])->word;
}

/* Units by the peers of all offers. */
static bool read_units(cli_chain *s, offers *all)
{
    cli_events  made  = { 0 };
    riv_map    *by_id = riv_map_new(s->c->arena), *seen = riv_map_new(s->c->arena);
    eth_address market = chain_contract_address(CHAIN_MARKET);
    if (!cli_events_read(s, &market, CLI_EVENT_PEER, NULL, 0, &made)) return false;
    cli_provider_peer *peers  = riv_new(s->c->arena, cli_provider_peer, made.len);
    cli_peer_state    *states = riv_new(s->c->arena, cli_peer_state, made.len);
    cli_provider       file   = { .peers = peers };
    uint8_t            key[32];
    for (size_t i = 0; i < all->len; i++) {
        u256_to_be(all->ptr[i].id, key);
        riv_map_put(by_id, (riv_bytes){ key, sizeof key }, &all->ptr[i]);
    }
    for (size_t i = 0; i < made.len; i++) {
        u256_to_be(made.ptr[i].items[1].word, key);
        if (riv_map_put(seen, (riv_bytes){ key, sizeof key }, peers)) continue;
        memcpy(peers[file.peers_count++].id, key, sizeof key);
    }
    if (!cli_peers_load(s, &file, states)) return false;
    for (size_t i = 0; i < file.peers_count; i++) {
        u256_to_be(states[i].offer, key);
        offer *to = riv_map_get(by_id, (riv_bytes){ key, sizeof key });
        if (to) add_units(s, to, &states[i]);
    }
    return true;
}

/* The cheapest first; those of one price as they came. */
static int by_price(const void *a, const void *b)
{
    const offer *x = a, *y = b;
    int          order = u256_cmp(x->price, y->price);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static const riv_json *offer_json(cli *c, const offer *o)
{
    riv_json_list units    = { 0 };
    eth_address   provider = eth_to_address(o->provider);
    for (size_t i = 0; i < o->free.len; i++)
        riv_json_add(c->arena, &units, riv_json_str(c->arena, cli_show_id(c, o->free.ptr[i])));
    return riv_json_record(c->arena, "offer", riv_json_str(c->arena, cli_show_id(c, o->id)), "provider",
                           cli_json_address(c, &provider), "name", riv_json_str(c->arena, o->name), "price",
                           riv_json_str(c->arena, usd(c, o->price)), "units", riv_json_u64(c->arena, o->units),
                           "free_units", riv_json_arr(c->arena, units.ptr, units.len), NULL);
}

static void print_offer(cli *c, const offer *o)
{
    eth_address provider = eth_to_address(o->provider);
    printf("%s" RIV_FMT "%s a worker and epoch: " RIV_FMT ", %zu of %zu units free\n",
           cli_style(c->colour_out, CLI_BOLD), RIV_ARG(usd(c, o->price)), cli_style(c->colour_out, CLI_PLAIN),
           RIV_ARG(o->name), o->free.len, o->units);
    printf("  provider  " RIV_FMT "\n  offer     " RIV_FMT "\n", RIV_ARG(cli_show_address(c, &provider)),
           RIV_ARG(cli_show_id(c, o->id)));
    for (size_t i = 0; i < o->free.len; i++)
        printf("  unit      " RIV_FMT "\n", RIV_ARG(cli_show_id(c, o->free.ptr[i])));
}

static bool do_offers(cli_chain *s)
{
    cli          *c     = s->c;
    offers        all   = { 0 };
    u256          most  = U256_ZERO;
    size_t        shown = 0;
    riv_json_list docs  = { 0 };
    riv_str       price = cli_value(c, "price");
    if (price.len && !cli_read_amount(s, "--price", price, CLI_USD_DECIMALS, &most)) return false;
    if (!read_offers(s, &all) || !read_units(s, &all)) return false;
    if (all.len) qsort(all.ptr, all.len, sizeof *all.ptr, by_price);
    for (size_t i = 0; i < all.len; i++) {
        const offer *o = &all.ptr[i];
        if ((price.len && u256_cmp(o->price, most) > 0) || (!o->free.len && !cli_has(c, "all"))) continue;
        shown++;
        if (cli_has(c, "json"))
            riv_json_add(c->arena, &docs, offer_json(c, o));
        else
            print_offer(c, o);
    }
    if (cli_has(c, "json"))
        cli_print_json(riv_json_arr(c->arena, docs.ptr, docs.len), true);
    else if (!shown)
        cli_note(c, all.len ? "no offer has a free unit in a running commitment for that; --all shows the others"
                            : "nobody offers anything yet");
    return true;
}

int cli_cmd_deal_offers(cli *c) { return cli_market_run(c, false, do_offers); }
