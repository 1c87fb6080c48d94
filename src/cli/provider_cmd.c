/* provider_cmd.c: rivulet provider init, register, offer, commit, pickup, work, leave, status, rewards: each reads provider.toml, asks the chain
 * what is there already, and sends what is missing. Spec: docs/spec/market.md 3, 6; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

#define EVENT_OFFER                                                                                                    \
    "MarketOfferRegistered(address indexed provider,bytes32 offerId,uint256 minPricePerWorkerEpoch,address "           \
    "paymentToken,"                                                                                                    \
    "(bytes4,bytes32)[] effectors,uint256 minProtocolVersion,uint256 maxProtocolVersion)"
#define EVENT_COMMITMENT                                                                                               \
    "CommitmentCreated(bytes32 indexed peerId,bytes32 commitmentId,uint256 duration,address delegator,uint256 "        \
    "rewardDelegationRate,"                                                                                            \
    "uint256 fltCollateralPerUnit)"

enum { OFFER_PROVIDER, OFFER_PRICE }; /* of getOffer */
static const char *const cc_names[] = { "over",   "active", "waits for collateral", "starts with the next epoch",
                                        "failed", "removed" };

typedef struct provider {
    cli_chain       s;
    cli_provider    file;
    cli_peer_state *peers;
} provider;

/* ---- what there is ---- */

/* Where the command names the file: behind the deal, when it has one. */
static riv_str file_of(cli *c, size_t index)
{
    return c->given.args_count > index ? cli_arg(c, index) : RIV_LIT(CLI_PROVIDER_FILE);
}

static bool load_peers(provider *p)
{
    p->peers = riv_new(p->s.c->arena, cli_peer_state, p->file.peers_count);
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (!cli_peer_load(&p->s, &p->file.peers[i], &p->peers[i])) return false;
    return true;
}

/* The commands' frame: the file, the chain, the peers' state; then what is to be done. */
static int with_provider(cli *c, riv_str path, bool signs, bool (*run)(provider *p))
{
    provider p    = { 0 };
    int      code = CLI_OK;
    if (!cli_provider_load(c, path, &p.file, &code)) return code;
    bool good = cli_market_open(c, signs, &p.s) && load_peers(&p) && run(&p);
    code      = good ? CLI_OK : p.s.code;
    if (good && cli_has(c, "json") && p.s.signs) cli_chain_json(&p.s, riv_json_object(c->arena, NULL, NULL));
    cli_market_close(&p.s);
    return code;
}

static bool is_unit(const eth_value *unit, const eth_value *id) { return u256_cmp(unit->word, id->word) == 0; }

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
    riv_str   name = cli_value(c, "name"), amount = cli_value(c, "price"), path = file_of(c, 0);
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
    if (cli_provider_write(&in, c->arena, &fault)) return cli_fault(c, &fault);
    if (cli_has(c, "json"))
        cli_print_json(riv_json_object(c->arena, "file", riv_json_str(c->arena, path), NULL), true);
    else
        printf(RIV_FMT
               " is written, with the keys of %llu peer%s beside it\nthen: rivulet provider register, offer, commit\n",
               RIV_ARG(path), (unsigned long long)peers, peers == 1 ? "" : "s");
    return CLI_OK;
}

/* ---- register ---- */

static bool do_register(provider *p)
{
    cli             *c = p->s.c;
    cli_receipt      r;
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
    return cli_send(&p->s, &tx, &r);
}

int cli_cmd_provider_register(cli *c) { return with_provider(c, file_of(c, 0), true, do_register); }

/* ---- offer ---- */

static eth_value peer_tuple(provider *p, size_t index)
{
    const cli_provider_peer *peer     = &p->file.peers[index];
    const eth_value          fields[] = { eth_of_hash(peer->id), eth_of_address(&p->s.wallet.address),
                                          eth_list(peer->units, peer->units_count) };
    return eth_list(copies(p->s.c, fields, RIV_COUNT(fields)), RIV_COUNT(fields));
}

static bool new_offer(provider *p)
{
    cli        *c = p->s.c;
    cli_receipt r;
    eth_value   event;
    size_t      units     = 0;
    eth_address usd       = chain_contract_address(CHAIN_USD);
    eth_value  *effectors = riv_new(c->arena, eth_value, p->file.effectors_count),
              *peers      = riv_new(c->arena, eth_value, p->file.peers_count);
    for (size_t i = 0; i < p->file.effectors_count; i++)
        if (!cli_read_cid(&p->s, p->file.effectors[i], &effectors[i])) return false;
    for (size_t i = 0; i < p->file.peers_count; i++) peers[i] = peer_tuple(p, i), units += p->file.peers[i].units_count;
    const eth_value args[] = { eth_number(p->file.price),
                               eth_of_address(&usd),
                               eth_list(effectors, p->file.effectors_count),
                               eth_list(peers, p->file.peers_count),
                               eth_word(1),
                               eth_word(1) };
    cli_tx          tx     = { .function = CLI_FN_REGISTER_OFFER,
                               .args     = args,
                               .does =
                                   riv_format(c->arena, "offer %zu unit%s on %zu peer%s for " RIV_FMT " a worker and epoch", units,
                                 units == 1 ? "" : "s", p->file.peers_count, p->file.peers_count == 1 ? "" : "s",
                                              RIV_ARG(cli_amount(c->arena, p->file.price, CLI_USD_DECIMALS, "USD"))) };
    if (!cli_send(&p->s, &tx, &r)) return false;
    if (cli_event_find(&p->s, &r, EVENT_OFFER, NULL, &event) && !cli_has(c, "json"))
        printf("offer " RIV_FMT "\n", RIV_ARG(cli_show_id(c, event.items[1].word)));
    return true;
}

static bool change_price(provider *p, u256 offer)
{
    cli             *c = p->s.c;
    cli_receipt      r;
    const eth_value *v, id = eth_number(offer);
    if (!cli_ask(&p->s, CLI_FN_OFFER, NULL, &id, &v)) return false;
    if (u256_cmp(v[0].items[OFFER_PRICE].word, p->file.price) == 0) return true;
    const eth_value args[] = { id, eth_number(p->file.price) };
    cli_tx          tx     = { .function = CLI_FN_CHANGE_PRICE,
                               .args     = args,
                               .does =
                                   riv_format(c->arena, "change the price from " RIV_FMT " to " RIV_FMT,
                                              RIV_ARG(cli_amount(c->arena, v[0].items[OFFER_PRICE].word, CLI_USD_DECIMALS, "USD")),
                                              RIV_ARG(cli_amount(c->arena, p->file.price, CLI_USD_DECIMALS, "USD"))) };
    return cli_send(&p->s, &tx, &r);
}

static bool add_units(provider *p, size_t index)
{
    cli                     *c = p->s.c;
    cli_receipt              r;
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
    return cli_send(&p->s, &tx, &r);
}

static bool add_peers(provider *p, u256 offer)
{
    cli        *c = p->s.c;
    cli_receipt r;
    size_t      count = 0;
    eth_value  *peers = riv_new(c->arena, eth_value, p->file.peers_count);
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (!p->peers[i].there) peers[count++] = peer_tuple(p, i);
    if (!count) return true;
    const eth_value args[] = { eth_number(offer), eth_list(peers, count) };
    cli_tx          tx     = { .function = CLI_FN_ADD_PEERS,
                               .args     = args,
                               .does = riv_format(c->arena, "add %zu peer%s to the offer", count, count == 1 ? "" : "s") };
    return cli_send(&p->s, &tx, &r);
}

/* What is there already is brought to what the file says; what the file no longer has stays. */
static bool do_offer(provider *p)
{
    u256 offer = U256_ZERO;
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (p->peers[i].there) offer = p->peers[i].offer;
    if (u256_is_zero(offer)) return new_offer(p);
    if (!change_price(p, offer) || !add_peers(p, offer)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (p->peers[i].there && !add_units(p, i)) return false;
    if (!p->s.sent.len) cli_note(p->s.c, "the offer is as the file says");
    if (!cli_has(p->s.c, "json")) printf("offer " RIV_FMT "\n", RIV_ARG(cli_show_id(p->s.c, offer)));
    return true;
}

int cli_cmd_provider_offer(cli *c) { return with_provider(c, file_of(c, 0), true, do_offer); }

/* ---- commit ---- */

static bool create_commitment(provider *p, size_t index, const eth_address *staker)
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
    if (cli_event_find(&p->s, &r, EVENT_COMMITMENT, NULL, &event) && !cli_has(c, "json"))
        printf("commitment " RIV_FMT " of " RIV_FMT "\n", RIV_ARG(cli_show_id(c, event.items[1].word)),
               RIV_ARG(p->file.peers[index].text));
    return cli_peer_load(&p->s, &p->file.peers[index], &p->peers[index]);
}

static bool deposit_collateral(provider *p)
{
    cli        *c = p->s.c;
    cli_receipt r;
    size_t      count = 0;
    u256        sum   = U256_ZERO, one;
    eth_value  *ids   = riv_new(c->arena, eth_value, p->file.peers_count);
    for (size_t i = 0; i < p->file.peers_count; i++) {
        const eth_value *cc = p->peers[i].cc;
        if (!cc || u256_cmp(cc[CLI_CC_STATUS].word, u256_of(CLI_CC_WAIT_DELEGATION))) continue;
        eth_address who = eth_to_address(&cc[CLI_CC_DELEGATOR]);
        if (!eth_address_is_zero(&who) && !eth_address_eq(&who, &p->s.wallet.address)) {
            cli_note(c, "the commitment " RIV_FMT " waits for the collateral of " RIV_FMT,
                     RIV_ARG(cli_show_id(c, p->peers[i].commitment)), RIV_ARG(cli_show_address(c, &who)));
            continue;
        }
        if (!u256_mul(cc[CLI_CC_COLLATERAL].word, cc[CLI_CC_UNITS].word, &one) || !u256_add(sum, one, &sum)) {
            p->s.code = cli_error(c, CLI_NETWORK, "the chain names a collateral that cannot be");
            return false;
        }
        ids[count++] = eth_number(p->peers[i].commitment);
    }
    if (!count) return true;
    const eth_value args[] = { eth_list(ids, count) };
    cli_tx          tx     = { .function = CLI_FN_COLLATERAL,
                               .args     = args,
                               .value    = sum,
                               .does     = riv_format(c->arena, "deposit " RIV_FMT " as collateral for %zu commitment%s",
                                                      RIV_ARG(cli_amount(c->arena, sum, CLI_FLT_DECIMALS, "FLT")), count,
                                     count == 1 ? "" : "s") };
    return cli_send(&p->s, &tx, &r);
}

static bool do_commit(provider *p)
{
    eth_address staker = p->s.wallet.address;
    if (p->file.delegator.len && !cli_read_eth_address(&p->s, p->file.delegator, &staker)) return false;
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

int cli_cmd_provider_commit(cli *c) { return with_provider(c, file_of(c, 0), true, do_commit); }

/* ---- deals: pickup, work, leave ---- */

/* One unit of each peer that has a free one: a deal takes no more of a peer. */
static bool do_pickup(provider *p)
{
    cli        *c = p->s.c;
    cli_receipt r;
    eth_address deal;
    size_t      count = 0;
    eth_value  *units = riv_new(c->arena, eth_value, p->file.peers_count);
    uint64_t    most;
    if (!cli_read_eth_address(&p->s, cli_arg(c, 0), &deal) ||
        !cli_number(c, "units", 1, 1, CLI_PROVIDER_PEERS_MAX, &most)) {
        if (!p->s.code) p->s.code = CLI_USAGE;
        return false;
    }
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
    return cli_send(&p->s, &tx, &r);
}

int cli_cmd_provider_pickup(cli *c) { return with_provider(c, file_of(c, 1), true, do_pickup); }

/* A worker's key: the peer's own, with the deal and the unit. Whoever has the peer's key can make it again. */
static bool worker_id(provider *p, size_t index, const eth_address *deal, const eth_value *unit, eth_value *out)
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

static bool start_worker(provider *p, size_t index, const eth_value *unit)
{
    cli             *c = p->s.c;
    cli_receipt      r;
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
    return cli_send(&p->s, &tx, &r);
}

static bool do_work(provider *p)
{
    for (size_t i = 0; i < p->file.peers_count; i++)
        for (size_t k = 0; k < p->peers[i].units_count; k++)
            if (cli_unit_busy(&p->peers[i].units[k]) && !start_worker(p, i, &p->peers[i].units[k])) return false;
    if (!p->s.sent.len) cli_note(p->s.c, "no unit waits for a worker");
    return true;
}

int cli_cmd_provider_work(cli *c) { return with_provider(c, file_of(c, 0), true, do_work); }

static bool do_leave(provider *p)
{
    cli        *c = p->s.c;
    cli_receipt r;
    eth_address deal;
    if (!cli_read_eth_address(&p->s, cli_arg(c, 0), &deal)) return false;
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
            if (!cli_send(&p->s, &tx, &r)) return false;
        }
    if (!p->s.sent.len) cli_note(c, "no unit of this file is in that deal");
    return true;
}

int cli_cmd_provider_leave(cli *c) { return with_provider(c, file_of(c, 1), true, do_leave); }

/* ---- rewards ---- */

static bool take_commitment_reward(provider *p, size_t index)
{
    cli        *c = p->s.c;
    cli_receipt r;
    u256        amount;
    eth_value   id = eth_number(p->peers[index].commitment);
    if (!cli_ask_number(&p->s, CLI_FN_UNLOCKED, NULL, &id, &amount)) return false;
    if (u256_is_zero(amount)) return true;
    cli_tx tx = { .function = CLI_FN_WITHDRAW_REWARD,
                  .args     = &id,
                  .does     = riv_format(c->arena, "take " RIV_FMT " for proofs of " RIV_FMT ", shared with its staker",
                                         RIV_ARG(cli_amount(c->arena, amount, CLI_FLT_DECIMALS, "FLT")),
                                         RIV_ARG(p->file.peers[index].text)) };
    return cli_send(&p->s, &tx, &r);
}

static bool take_deal_reward(provider *p, const eth_value *unit)
{
    cli        *c = p->s.c;
    cli_receipt r;
    u256        amount;
    eth_address deal = eth_to_address(&unit->items[CLI_UNIT_DEAL]);
    if (!cli_ask_number(&p->s, CLI_FN_DEAL_REWARD, &deal, cli_unit_id_of(unit), &amount)) return false;
    if (u256_is_zero(amount)) return true;
    cli_tx tx = { .function = CLI_FN_DEAL_REWARDS,
                  .at       = &deal,
                  .args     = cli_unit_id_of(unit),
                  .does     = riv_format(c->arena, "take " RIV_FMT " for work in the deal " RIV_FMT,
                                         RIV_ARG(cli_amount(c->arena, amount, CLI_USD_DECIMALS, "USD")),
                                         RIV_ARG(cli_show_address(c, &deal))) };
    return cli_send(&p->s, &tx, &r);
}

static bool do_rewards(provider *p)
{
    for (size_t i = 0; i < p->file.peers_count; i++) {
        if (p->peers[i].cc && !take_commitment_reward(p, i)) return false;
        for (size_t k = 0; k < p->peers[i].units_count; k++)
            if (cli_unit_busy(&p->peers[i].units[k]) && !take_deal_reward(p, &p->peers[i].units[k])) return false;
    }
    if (!p->s.sent.len) cli_note(p->s.c, "there is nothing to take yet");
    return true;
}

int cli_cmd_provider_rewards(cli *c) { return with_provider(c, file_of(c, 0), true, do_rewards); }

/* ---- status ---- */

static const char *cc_name(const eth_value *cc)
{
    uint64_t status;
    return u256_u64(cc[CLI_CC_STATUS].word, &status) && status < RIV_COUNT(cc_names) ? cc_names[status] : "unknown";
}

static bool unit_json(provider *p, const eth_value *unit, const riv_json **out)
{
    cli        *c    = p->s.c;
    eth_address deal = eth_to_address(&unit->items[CLI_UNIT_DEAL]);
    u256        reward;
    bool        busy = cli_unit_busy(unit);
    if (busy && !cli_ask_number(&p->s, CLI_FN_DEAL_REWARD, &deal, cli_unit_id_of(unit), &reward)) return false;
    *out = riv_json_record(c->arena, "id", riv_json_str(c->arena, cli_show_id(c, cli_unit_id_of(unit)->word)), "deal",
                           busy ? cli_json_address(c, &deal) : NULL, "reward",
                           busy ? riv_json_str(c->arena, cli_amount(c->arena, reward, CLI_USD_DECIMALS, "USD")) : NULL,
                           NULL);
    return true;
}

static bool commitment_json(provider *p, const cli_peer_state *peer, const riv_json **out)
{
    cli            *c = p->s.c;
    u256            total, unlocked;
    const eth_value id = eth_number(peer->commitment), *cc = peer->cc;
    eth_address     staker = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    if (!cli_ask_number(&p->s, CLI_FN_TOTAL_REWARDS, NULL, &id, &total) ||
        !cli_ask_number(&p->s, CLI_FN_UNLOCKED, NULL, &id, &unlocked))
        return false;
    *out =
        riv_json_record(c->arena, "id", riv_json_str(c->arena, cli_show_id(c, peer->commitment)), "status",
                        riv_json_strc(c->arena, cc_name(cc)), "first_epoch", cli_json_number(c, cc[CLI_CC_START].word),
                        "end_epoch", cli_json_number(c, cc[CLI_CC_END].word), "staker", cli_json_address(c, &staker),
                        "fails", cli_json_number(c, cc[CLI_CC_FAILS].word), "rewards",
                        riv_json_str(c->arena, cli_amount(c->arena, total, CLI_FLT_DECIMALS, "FLT")), "unlocked",
                        riv_json_str(c->arena, cli_amount(c->arena, unlocked, CLI_FLT_DECIMALS, "FLT")), NULL);
    return true;
}

static bool peer_json(provider *p, size_t index, const riv_json **out)
{
    cli            *c          = p->s.c;
    cli_peer_state *state      = &p->peers[index];
    riv_json_list   units      = { 0 };
    const riv_json *commitment = NULL, *unit;
    if (state->cc && !commitment_json(p, state, &commitment)) return false;
    for (size_t k = 0; k < state->units_count; k++) {
        if (!unit_json(p, &state->units[k], &unit)) return false;
        riv_json_add(c->arena, &units, unit);
    }
    *out = riv_json_record(c->arena, "peer", riv_json_str(c->arena, p->file.peers[index].text), "offered",
                           riv_json_bool(state->there), "offer",
                           state->there ? riv_json_str(c->arena, cli_show_id(c, state->offer)) : NULL, "commitment",
                           commitment, "units", riv_json_arr(c->arena, units.ptr, units.len), NULL);
    return true;
}

static riv_str text_at(const riv_json *v, const char *key)
{
    const riv_json *found = riv_json_get(v, riv_str_c(key));
    return found && found->kind == RIV_JSON_STR ? found->str : RIV_LIT("-");
}

static void print_peer(const riv_json *peer)
{
    const riv_json *cc = riv_json_get(peer, RIV_LIT("commitment")), *units = riv_json_get(peer, RIV_LIT("units"));
    printf("peer " RIV_FMT "\n", RIV_ARG(text_at(peer, "peer")));
    if (!riv_json_get(peer, RIV_LIT("offer"))) {
        printf("  not offered yet\n");
        return;
    }
    printf("  offer       " RIV_FMT "\n", RIV_ARG(text_at(peer, "offer")));
    if (cc)
        printf("  commitment  " RIV_FMT "\n              " RIV_FMT ", epochs " RIV_FMT " to " RIV_FMT
               ", rewards " RIV_FMT ", " RIV_FMT " of them to be taken\n",
               RIV_ARG(text_at(cc, "id")), RIV_ARG(text_at(cc, "status")), RIV_ARG(text_at(cc, "first_epoch")),
               RIV_ARG(text_at(cc, "end_epoch")), RIV_ARG(text_at(cc, "rewards")), RIV_ARG(text_at(cc, "unlocked")));
    else
        printf("  commitment  none\n");
    for (size_t i = 0; riv_json_at(units, i); i++) {
        const riv_json *unit = riv_json_at(units, i);
        printf("  unit        " RIV_FMT, RIV_ARG(text_at(unit, "id")));
        if (riv_json_get(unit, RIV_LIT("deal")))
            printf("\n              in the deal " RIV_FMT ", earned " RIV_FMT "\n", RIV_ARG(text_at(unit, "deal")),
                   RIV_ARG(text_at(unit, "reward")));
        else
            printf("  free\n");
    }
}

static bool do_status(provider *p)
{
    cli          *c = p->s.c;
    uint64_t      epoch;
    riv_json_list peers = { 0 };
    if (!cli_ask_u64(&p->s, CLI_FN_EPOCH, NULL, NULL, &epoch)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++) {
        const riv_json *peer;
        if (!peer_json(p, i, &peer)) return false;
        riv_json_add(c->arena, &peers, peer);
    }
    if (cli_has(c, "json")) {
        cli_print_json(riv_json_record(c->arena, "name", riv_json_str(c->arena, p->file.name), "epoch",
                                       riv_json_u64(c->arena, epoch), "peers",
                                       riv_json_arr(c->arena, peers.ptr, peers.len), NULL),
                       true);
        return true;
    }
    printf("%s" RIV_FMT "%s, epoch %llu\n", cli_style(c->colour_out, CLI_BOLD),
           RIV_ARG(cli_shown(c, p->file.name, 100)), cli_style(c->colour_out, CLI_PLAIN), (unsigned long long)epoch);
    for (size_t i = 0; i < peers.len; i++) print_peer(peers.ptr[i]);
    return true;
}

int cli_cmd_provider_status(cli *c) { return with_provider(c, file_of(c, 0), false, do_status); }
