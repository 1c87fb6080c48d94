/* provider_cmd.c: rivulet provider init, register, offer, commit, pickup, work, leave, status, rewards: each reads provider.toml, asks the chain
 * what is there already, and sends what is missing. Spec: docs/spec/market.md 3, 6; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

#define EVENT_EFFECTOR         "EffectorAdded(bytes32 indexed offerId,(bytes4,bytes32) effector)"
#define EVENT_EFFECTOR_REMOVED "EffectorRemoved(bytes32 indexed offerId,(bytes4,bytes32) effector)"

enum { UNITS_AT_ONCE = 400 }; /* of one transaction: a block takes some 700 */

static bool is_unit(const eth_value *unit, const eth_value *id) { return u256_cmp(unit->word, id->word) == 0; }

static bool same_cid(const eth_value *a, const eth_value *b)
{
    return u256_cmp(a->items[0].word, b->items[0].word) == 0 && u256_cmp(a->items[1].word, b->items[1].word) == 0;
}

static eth_value *copies(cli *c, const eth_value *items, size_t count)
{
    eth_value *out = riv_new(c->arena, eth_value, count);
    memcpy(out, items, count * sizeof *items);
    return out;
}

/* ---- init ---- */

int cli_cmd_provider_init(cli *c)
{
    uint64_t  peers, units;
    u256      price;
    riv_fault fault = { 0 };
    riv_str   name = cli_value(c, "name"), amount = cli_value(c, "price"), path = cli_provider_path(c, 0);
    if (!name.len) name = RIV_LIT("a provider");
    if (!amount.len) amount = RIV_LIT("0.01");
    if (name.len > CLI_PROVIDER_NAME_MAX)
        return cli_error(c, CLI_USAGE, "--name is longer than %d bytes", CLI_PROVIDER_NAME_MAX);
    if (!cli_number(c, "peers", 1, 1, CLI_PROVIDER_PEERS_MAX, &peers) ||
        !cli_number(c, "units", 1, 1, CLI_PROVIDER_UNITS_MAX, &units))
        return CLI_USAGE;
    if (cli_amount_parse(amount, CLI_USD_DECIMALS, &fault, &price))
        return cli_error(c, CLI_USAGE, "--price: %s", fault.msg);
    if (u256_is_zero(price)) return cli_error(c, CLI_USAGE, "--price is above 0");
    cli_provider_new in = { path, name, peers, units, amount };
    if (cli_provider_write(&in, c->arena, &fault)) {
        int code = cli_fault(c, &fault);
        if (fault.err == RIV_E_CONFLICT)
            cli_hint(c, "`rivulet provider init FOLDER/FILE` writes another, beside its keys");
        return code;
    }
    if (cli_has(c, "json"))
        cli_print_json(riv_json_object(c->arena, "file", riv_json_str(c->arena, path), NULL), true);
    else
        printf(RIV_FMT " is written, with the keys of %llu peer%s beside it\nthen: rivulet provider register --key "
                       "FILE, provider offer, provider commit\n",
               RIV_ARG(path), (unsigned long long)peers, peers == 1 ? "" : "s");
    return CLI_OK;
}

/* ---- register ---- */

static bool do_register(cli_provider_job *p)
{
    cli             *c = p->s.c;
    eth_value        metadata;
    const eth_value *v;
    /* what is told beside the name: the content id of a document with the name in it */
    const riv_json *doc  = riv_json_object(c->arena, "name", riv_json_str(c->arena, p->file.name), NULL);
    crypto_hash     hash = crypto_sha256(riv_str_bytes(riv_json_text(doc, c->arena)));
    codec_cid       cid  = { 1, CODEC_RAW, CODEC_HASH_SHA256, { hash.bytes, sizeof hash.bytes } };
    eth_value       me   = eth_of_address(&p->s.wallet.address);
    if (!cli_read_cid(&p->s, codec_cid_text(c->arena, &cid), &metadata) ||
        !cli_ask(&p->s, CLI_FN_PROVIDER, NULL, &me, &v))
        return false;
    if (riv_str_eq(riv_bytes_str(v[0].items[0].bytes), p->file.name)) {
        cli_note(c, "you are registered as \"" RIV_FMT "\" already", RIV_ARG(p->file.name));
        return true;
    }
    const eth_value args[] = { eth_text(p->file.name), metadata };
    cli_tx          tx     = { .function = CLI_FN_SET_PROVIDER,
                               .args     = args,
                               .does = riv_format(c->arena, "register the provider \"" RIV_FMT "\"", RIV_ARG(p->file.name)) };
    return cli_send(&p->s, &tx, NULL);
}

int cli_cmd_provider_register(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_register); }

/* ---- offer ---- */

static eth_value peer_tuple(cli_provider_job *p, size_t index)
{
    const cli_provider_peer *peer     = &p->file.peers[index];
    const eth_value          fields[] = { eth_of_hash(peer->id), eth_of_address(&p->s.wallet.address),
                                          eth_list(peer->units, peer->units_count) };
    return eth_list(copies(p->s.c, fields, RIV_COUNT(fields)), RIV_COUNT(fields));
}

/* Peers that are not there yet, as many as fit into one transaction; they count as there. */
static size_t take_peers(cli_provider_job *p, eth_value *out, size_t *units)
{
    size_t count = 0;
    *units       = 0;
    for (size_t i = 0; i < p->file.peers_count; i++) {
        size_t more = p->file.peers[i].units_count;
        if (p->peers[i].there || (count && *units + more > UNITS_AT_ONCE)) continue;
        out[count++] = peer_tuple(p, i);
        *units += more;
        p->peers[i].there = true;
    }
    return count;
}

static bool add_peers(cli_provider_job *p, u256 offer)
{
    cli       *c     = p->s.c;
    eth_value *peers = riv_new(c->arena, eth_value, p->file.peers_count);
    size_t     units, count;
    while ((count = take_peers(p, peers, &units)) > 0) {
        const eth_value args[] = { eth_number(offer), eth_list(peers, count) };
        cli_tx          tx     = { .function = CLI_FN_ADD_PEERS,
                                   .args     = args,
                                   .does     = riv_format(c->arena, "add %zu peer%s with %zu unit%s to the offer", count,
                                         count == 1 ? "" : "s", units, units == 1 ? "" : "s") };
        if (!cli_send(&p->s, &tx, NULL)) return false;
    }
    return true;
}

static bool new_offer(cli_provider_job *p)
{
    cli        *c = p->s.c;
    cli_receipt r;
    eth_value   event;
    size_t      units;
    eth_address usd       = chain_contract_address(CHAIN_USD);
    eth_value  *effectors = riv_new(c->arena, eth_value, p->file.effectors_count),
              *peers      = riv_new(c->arena, eth_value, p->file.peers_count);
    for (size_t i = 0; i < p->file.effectors_count; i++)
        if (!cli_read_cid(&p->s, p->file.effectors[i], &effectors[i])) return false;
    size_t          count  = take_peers(p, peers, &units);
    const eth_value args[] = {
        eth_number(p->file.price), eth_of_address(&usd), eth_list(effectors, p->file.effectors_count),
        eth_list(peers, count),    eth_word(1),          eth_word(1)
    };
    cli_tx tx = { .function = CLI_FN_REGISTER_OFFER,
                  .args     = args,
                  .does     = riv_format(c->arena, "offer %zu unit%s on %zu peer%s for " RIV_FMT " a worker and epoch",
                                         units, units == 1 ? "" : "s", count, count == 1 ? "" : "s",
                                         RIV_ARG(cli_amount(c->arena, p->file.price, CLI_USD_DECIMALS, "USD"))) };
    if (!cli_send(&p->s, &tx, &r)) return false;
    if (!cli_event_find(&p->s, &r, CLI_EVENT_OFFER, &event))
        return cli_chain_fail(&p->s, cli_error(c, CLI_NETWORK, "the chain's receipt does not name the offer"));
    if (!cli_has(c, "json")) printf("offer " RIV_FMT "\n", RIV_ARG(cli_show_id(c, event.items[1].word)));
    return add_peers(p, event.items[1].word);
}

static bool change_price(cli_provider_job *p, u256 offer)
{
    cli             *c = p->s.c;
    const eth_value *v, id = eth_number(offer);
    if (!cli_ask(&p->s, CLI_FN_OFFER, NULL, &id, &v)) return false;
    eth_address owner = eth_to_address(&v[0].items[CLI_OFFER_PROVIDER]);
    if (!eth_address_eq(&owner, &p->s.wallet.address)) {
        cli_error(c, CLI_FAILED, "the offer of these peers is " RIV_FMT "'s, and you are " RIV_FMT,
                  RIV_ARG(cli_show_address(c, &owner)), RIV_ARG(cli_show_address(c, &p->s.wallet.address)));
        cli_hint(c, "--key has to be the one that made it");
        return cli_chain_fail(&p->s, CLI_FAILED);
    }
    if (u256_cmp(v[0].items[CLI_OFFER_PRICE].word, p->file.price) == 0) return true;
    const eth_value args[] = { id, eth_number(p->file.price) };
    cli_tx          tx     = { .function = CLI_FN_CHANGE_PRICE,
                               .args     = args,
                               .does     = riv_format(
                                       c->arena, "change the price from " RIV_FMT " to " RIV_FMT,
                                       RIV_ARG(cli_amount(c->arena, v[0].items[CLI_OFFER_PRICE].word, CLI_USD_DECIMALS, "USD")),
                                       RIV_ARG(cli_amount(c->arena, p->file.price, CLI_USD_DECIMALS, "USD"))) };
    return cli_send(&p->s, &tx, NULL);
}

static bool add_units(cli_provider_job *p, size_t index)
{
    cli                     *c     = p->s.c;
    const cli_provider_peer *peer  = &p->file.peers[index];
    const cli_peer_state    *state = &p->peers[index];
    eth_value               *more  = riv_new(c->arena, eth_value, peer->units_count);
    size_t                   count = 0;
    for (size_t i = 0; i < peer->units_count; i++) {
        bool there = false;
        for (size_t k = 0; k < state->units_count; k++)
            there = there || is_unit(cli_unit_id_of(&state->units[k]), &peer->units[i]);
        if (!there) more[count++] = peer->units[i];
    }
    if (!count) return true;
    const eth_value args[] = { eth_of_hash(peer->id), eth_list(more, count) };
    cli_tx          tx     = { .function = CLI_FN_ADD_UNITS,
                               .args     = args,
                               .does = riv_format(c->arena, "add %zu unit%s to the peer " RIV_FMT, count, count == 1 ? "" : "s",
                                                  RIV_ARG(peer->text)) };
    return cli_send(&p->s, &tx, NULL);
}

/* How often these events name this effector. */
static size_t times(const cli_events *all, const eth_value *effector)
{
    size_t out = 0;
    for (size_t i = 0; i < all->len; i++) out += same_cid(&all->ptr[i].items[1], effector);
    return out;
}

typedef struct effectors {
    eth_value *ptr;
    size_t     count;
} effectors;

/* Those that the offer had when it was registered. */
static bool first_effectors(cli_provider_job *p, u256 offer, effectors *out)
{
    cli_events  all    = { 0 };
    eth_value   me     = eth_of_address(&p->s.wallet.address);
    eth_address market = chain_contract_address(CHAIN_MARKET);
    *out               = (effectors){ 0 };
    if (!cli_events_read(&p->s, &market, CLI_EVENT_OFFER, &me, 0, &all)) return false;
    for (size_t i = 0; i < all.len; i++) {
        const eth_value *e = all.ptr[i].items;
        if (u256_cmp(e[1].word, offer)) continue;
        *out = (effectors){ copies(p->s.c, e[4].items, e[4].items_count), e[4].items_count };
    }
    return true;
}

static bool holds(const effectors *all, const eth_value *one)
{
    for (size_t i = 0; i < all->count; i++)
        if (same_cid(&all->ptr[i], one)) return true;
    return false;
}

/* The chain tells effectors by events only: there now are those that came more often than they went. */
static bool effectors_now(cli_provider_job *p, u256 offer, effectors *out)
{
    effectors   first;
    cli_events  added = { 0 }, removed = { 0 };
    eth_value   id     = eth_number(offer);
    eth_address market = chain_contract_address(CHAIN_MARKET);
    if (!first_effectors(p, offer, &first) || !cli_events_read(&p->s, &market, EVENT_EFFECTOR, &id, 0, &added) ||
        !cli_events_read(&p->s, &market, EVENT_EFFECTOR_REMOVED, &id, 0, &removed))
        return false;
    effectors ever = { riv_new(p->s.c->arena, eth_value, first.count + added.len), 0 };
    for (size_t i = 0; i < first.count + added.len; i++) {
        const eth_value *one = i < first.count ? &first.ptr[i] : &added.ptr[i - first.count].items[1];
        if (!holds(&ever, one)) ever.ptr[ever.count++] = *one;
    }
    *out = (effectors){ riv_new(p->s.c->arena, eth_value, ever.count), 0 };
    for (size_t i = 0; i < ever.count; i++)
        if (times(&added, &ever.ptr[i]) + holds(&first, &ever.ptr[i]) > times(&removed, &ever.ptr[i]))
            out->ptr[out->count++] = ever.ptr[i];
    return true;
}

static bool send_effectors(cli_provider_job *p, u256 offer, const effectors *all, bool adds)
{
    cli            *c      = p->s.c;
    const eth_value args[] = { eth_number(offer), eth_list(all->ptr, all->count) };
    cli_tx          tx     = { .function = adds ? CLI_FN_ADD_EFFECTORS : CLI_FN_REMOVE_EFFECTORS,
                               .args     = args,
                               .does = riv_format(c->arena, "%s %zu effector%s %s the offer", adds ? "add" : "take", all->count,
                                     all->count == 1 ? "" : "s", adds ? "to" : "out of") };
    return all->count == 0 || cli_send(&p->s, &tx, NULL);
}

/* SPEC market.md 5: an effector is a promise to customers, so it goes when the file no longer has it. */
static bool change_effectors(cli_provider_job *p, u256 offer)
{
    size_t    count = p->file.effectors_count;
    effectors now, want = { riv_new(p->s.c->arena, eth_value, count), count };
    for (size_t i = 0; i < count; i++)
        if (!cli_read_cid(&p->s, p->file.effectors[i], &want.ptr[i])) return false;
    if (!effectors_now(p, offer, &now)) return false;
    effectors more = { riv_new(p->s.c->arena, eth_value, count), 0 },
              less = { riv_new(p->s.c->arena, eth_value, now.count), 0 };
    for (size_t i = 0; i < count; i++)
        if (!holds(&now, &want.ptr[i]) && !holds(&more, &want.ptr[i])) more.ptr[more.count++] = want.ptr[i];
    for (size_t i = 0; i < now.count; i++)
        if (!holds(&want, &now.ptr[i])) less.ptr[less.count++] = now.ptr[i];
    return send_effectors(p, offer, &more, true) && send_effectors(p, offer, &less, false);
}

/* What is there already is brought to what the file says. Units and peers that the file no longer has stay, unless --remove is given. */
static bool do_offer(cli_provider_job *p)
{
    u256  offer = cli_offer_of(p);
    bool *old   = riv_new(p->s.c->arena, bool, p->file.peers_count); /* new peers come with their units */
    for (size_t i = 0; i < p->file.peers_count; i++) old[i] = p->peers[i].there;
    if (u256_is_zero(offer)) return new_offer(p);
    if (!change_price(p, offer) || !change_effectors(p, offer) || !add_peers(p, offer)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (old[i] && !add_units(p, i)) return false;
    if (cli_has(p->s.c, "remove") && !cli_provider_prune(p, offer)) return false;
    if (!p->s.sent.len) cli_note(p->s.c, "the offer is as the file says");
    if (!cli_has(p->s.c, "json")) printf("offer " RIV_FMT "\n", RIV_ARG(cli_show_id(p->s.c, offer)));
    return true;
}

int cli_cmd_provider_offer(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_offer); }

/* ---- commit ---- */

static bool create_commitment(cli_provider_job *p, size_t index, const eth_address *staker)
{
    cli        *c = p->s.c;
    cli_receipt r;
    eth_value   event;
    uint64_t    duration = p->file.duration;
    if (!duration && !cli_ask_u64(&p->s, CLI_FN_MIN_DURATION, NULL, NULL, &duration)) return false;
    const eth_value args[] = { eth_of_hash(p->file.peers[index].id), eth_word(duration), eth_of_address(staker),
                               eth_number(p->file.stake_rate) };
    cli_tx          tx     = { .function = CLI_FN_COMMIT,
                               .args     = args,
                               .does     = riv_format(c->arena, "commit the units of " RIV_FMT " for %llu epochs",
                                                      RIV_ARG(p->file.peers[index].text), (unsigned long long)duration) };
    if (!cli_send(&p->s, &tx, &r)) return false;
    if (cli_event_find(&p->s, &r, CLI_EVENT_COMMITMENT, &event) && !cli_has(c, "json"))
        printf("commitment " RIV_FMT " of " RIV_FMT "\n", RIV_ARG(cli_show_id(c, event.items[1].word)),
               RIV_ARG(p->file.peers[index].text));
    cli_provider one = p->file;
    one.peers += index;
    one.peers_count = 1;
    return cli_peers_load(&p->s, &one, &p->peers[index]);
}

/* Whether the commitment waits for this account's collateral. */
static bool waits_for_us(cli_provider_job *p, size_t index)
{
    cli             *c  = p->s.c;
    const eth_value *cc = p->peers[index].cc;
    if (!cc || cli_cc_status(cc) != CLI_CC_WAIT_DELEGATION) return false;
    eth_address who = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    if (eth_address_eq(&who, &p->s.wallet.address)) return true;
    cli_note(c, "the commitment " RIV_FMT " waits for the collateral of " RIV_FMT ": `rivulet stake deposit`",
             RIV_ARG(cli_show_id(c, p->peers[index].commitment)),
             RIV_ARG(eth_address_is_zero(&who) ? RIV_LIT("anyone") : cli_show_address(c, &who)));
    return false;
}

/* As many as fit into one transaction; *from moves behind them. */
static bool deposit_some(cli_provider_job *p, const size_t *waiting, size_t count, size_t *from)
{
    cli       *c     = p->s.c;
    u256       sum   = U256_ZERO, one;
    eth_value *ids   = riv_new(c->arena, eth_value, count);
    size_t     units = 0, taken = 0;
    for (; *from < count && (!taken || units + p->peers[waiting[*from]].units_count <= UNITS_AT_ONCE); ++*from) {
        const cli_peer_state *peer = &p->peers[waiting[*from]];
        if (!cli_cc_collateral(peer->cc, &one) || !u256_add(sum, one, &sum))
            return cli_chain_fail(&p->s, cli_error(c, CLI_NETWORK, "the chain names a collateral that cannot be"));
        units += peer->units_count;
        ids[taken++] = eth_number(peer->commitment);
    }
    const eth_value args = eth_list(ids, taken);
    cli_tx          tx   = { .function = CLI_FN_COLLATERAL,
                             .args     = &args,
                             .value    = sum,
                             .does     = riv_format(c->arena, "deposit " RIV_FMT " as collateral for %zu commitment%s",
                                                    RIV_ARG(cli_amount(c->arena, sum, CLI_FLT_DECIMALS, "FLT")), taken,
                                     taken == 1 ? "" : "s") };
    return cli_send(&p->s, &tx, NULL);
}

static bool deposit_collateral(cli_provider_job *p)
{
    size_t *waiting = riv_new(p->s.c->arena, size_t, p->file.peers_count);
    size_t  count = 0, from = 0;
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (waits_for_us(p, i)) waiting[count++] = i;
    while (from < count)
        if (!deposit_some(p, waiting, count, &from)) return false;
    return true;
}

static bool do_commit(cli_provider_job *p)
{
    eth_address staker = p->s.wallet.address;
    if (riv_str_eq(p->file.delegator, RIV_LIT("anyone")))
        staker = (eth_address){ { 0 } };
    else if (p->file.delegator.len && !cli_read_eth_address(&p->s, p->file.delegator, &staker))
        return false;
    for (size_t i = 0; i < p->file.peers_count; i++) {
        if (!p->peers[i].there) {
            p->s.code = cli_error(p->s.c, CLI_FAILED, "the peer " RIV_FMT " is not offered yet",
                                  RIV_ARG(p->file.peers[i].text));
            cli_hint(p->s.c, "`rivulet provider offer` comes first");
            return false;
        }
        if (u256_is_zero(p->peers[i].commitment) && !create_commitment(p, i, &staker)) return false;
    }
    if (!deposit_collateral(p)) return false;
    if (!p->s.sent.len) cli_note(p->s.c, "every peer is committed already");
    return true;
}

int cli_cmd_provider_commit(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_commit); }

/* ---- deals: pickup, work, leave ---- */

/* One unit of each peer that has a free one: a deal takes no more of a peer. */
static bool do_pickup(cli_provider_job *p)
{
    cli        *c = p->s.c;
    eth_address deal;
    size_t      count = 0;
    eth_value  *units = riv_new(c->arena, eth_value, p->file.peers_count);
    uint64_t    most;
    if (!cli_read_deal(&p->s, cli_arg(c, 0), &deal) || !cli_number(c, "units", 1, 1, CLI_PROVIDER_PEERS_MAX, &most))
        return false;
    for (size_t i = 0; i < p->file.peers_count && count < most; i++) {
        const eth_value *unit  = NULL;
        bool             in_it = false;
        for (size_t k = 0; k < p->peers[i].units_count; k++) {
            eth_address at = eth_to_address(&p->peers[i].units[k].items[CLI_UNIT_DEAL]);
            in_it          = in_it || eth_address_eq(&at, &deal);
            if (!unit && !cli_unit_busy(&p->peers[i].units[k])) unit = cli_unit_id_of(&p->peers[i].units[k]);
        }
        if (unit && !in_it) units[count++] = *unit;
    }
    if (!count) {
        p->s.code = cli_error(c, CLI_FAILED, "no peer of this file has a free unit for this deal");
        return false;
    }
    const eth_value args[] = { eth_of_address(&deal), eth_list(units, count) };
    cli_tx          tx     = { .function = CLI_FN_PICK_UP,
                               .args     = args,
                               .does     = riv_format(c->arena, "enter the deal " RIV_FMT " with %zu unit%s",
                                                      RIV_ARG(cli_show_address(c, &deal)), count, count == 1 ? "" : "s") };
    return cli_send(&p->s, &tx, NULL);
}

int cli_cmd_provider_pickup(cli *c) { return cli_provider_run(c, cli_provider_path(c, 1), true, do_pickup); }

/* A worker's key: the peer's own, with the deal and the unit. Whoever has the peer's key can make it again. */
static bool worker_id(cli_provider_job *p, size_t index, const eth_address *deal, const eth_value *unit, eth_value *out)
{
    uint8_t        word[32];
    crypto_secret  seed;
    crypto_keypair pair;
    riv_fault      fault = { 0 };
    riv_buf        text  = riv_buf_in(p->s.c->arena);
    riv_str        key   = p->file.peers[index].key;
    if (!key.len) {
        p->s.code = cli_error(p->s.c, CLI_USAGE, "the key of the peer " RIV_FMT " is needed for its workers' keys",
                              RIV_ARG(p->file.peers[index].text));
        return false;
    }
    if (host_key_load(key, &fault, &seed, NULL)) {
        p->s.code = cli_fault(p->s.c, &fault);
        return false;
    }
    u256_to_be(unit->word, word);
    riv_put_str(&text, RIV_LIT("rivulet.worker"));
    riv_put_bytes(&text, (riv_bytes){ deal->bytes, sizeof deal->bytes });
    riv_put_bytes(&text, (riv_bytes){ word, sizeof word });
    crypto_hash mac = crypto_hmac_sha256((riv_bytes){ seed.bytes, sizeof seed.bytes }, riv_buf_view(&text));
    memcpy(seed.bytes, mac.bytes, sizeof seed.bytes);
    crypto_keypair_of(&seed, &pair);
    *out = eth_of_hash(pair.public_key.bytes);
    crypto_wipe(&pair, sizeof pair);
    crypto_wipe(&seed, sizeof seed);
    crypto_wipe(&mac, sizeof mac);
    return true;
}

static bool start_worker(cli_provider_job *p, size_t index, const eth_value *unit)
{
    cli             *c = p->s.c;
    const eth_value *v, *id = cli_unit_id_of(unit);
    eth_value        worker;
    eth_address      deal = eth_to_address(&unit->items[CLI_UNIT_DEAL]);
    if (!cli_ask(&p->s, CLI_FN_DEAL_UNIT, &deal, id, &v)) return false;
    if (!u256_is_zero(v[0].items[1].word)) return true; /* it has one */
    if (!worker_id(p, index, &deal, id, &worker)) return false;
    const eth_value args[] = { *id, worker };
    cli_tx          tx     = { .function = CLI_FN_DEAL_SET_WORKER,
                               .at       = &deal,
                               .args     = args,
                               .does     = riv_format(c->arena, "start a worker in the deal " RIV_FMT,
                                                      RIV_ARG(cli_show_address(c, &deal))) };
    return cli_send(&p->s, &tx, NULL);
}

static bool do_work(cli_provider_job *p)
{
    for (size_t i = 0; i < p->file.peers_count; i++)
        for (size_t k = 0; k < p->peers[i].units_count; k++)
            if (cli_unit_busy(&p->peers[i].units[k]) && !start_worker(p, i, &p->peers[i].units[k])) return false;
    if (!p->s.sent.len) cli_note(p->s.c, "no unit waits for a worker");
    return true;
}

int cli_cmd_provider_work(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_work); }

static bool do_leave(cli_provider_job *p)
{
    cli        *c = p->s.c;
    eth_address deal;
    if (!cli_read_deal(&p->s, cli_arg(c, 0), &deal)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++)
        for (size_t k = 0; k < p->peers[i].units_count; k++) {
            const eth_value *unit = &p->peers[i].units[k];
            eth_address      at   = eth_to_address(&unit->items[CLI_UNIT_DEAL]);
            if (!eth_address_eq(&at, &deal)) continue;
            cli_tx tx = { .function = CLI_FN_RETURN_UNIT,
                          .args     = cli_unit_id_of(unit),
                          .does =
                              riv_format(c->arena, "take a unit out of the deal " RIV_FMT ", with what it has earned",
                                         RIV_ARG(cli_show_address(c, &deal))) };
            if (!cli_send(&p->s, &tx, NULL)) return false;
        }
    if (!p->s.sent.len) cli_note(c, "no unit of this file is in that deal");
    return true;
}

int cli_cmd_provider_leave(cli *c) { return cli_provider_run(c, cli_provider_path(c, 1), true, do_leave); }
