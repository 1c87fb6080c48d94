/* provider_end.c: rivulet provider finish, exit, close: commitments that are over give their collateral back, units leave them, and an offer goes
 * from the market. Spec: docs/spec/market.md 3, 6.1; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

enum { REMOVALS_MAX = 100 /* of one transaction */ };

/* ---- finish and exit: commitments ---- */

static bool send_exit(cli_provider_job *p, size_t index, const eth_value *units, size_t count)
{
    cli            *c      = p->s.c;
    const eth_value args[] = { eth_number(p->peers[index].commitment), eth_list(units, count) };
    cli_tx          tx     = { .function = CLI_FN_EXIT_UNITS,
                               .args     = args,
                               .does = riv_format(c->arena, "take %zu unit%s out of the commitment of " RIV_FMT ", and out of deals",
                                                  count, count == 1 ? "" : "s", RIV_ARG(p->file.peers[index].text)) };
    return cli_send(&p->s, &tx, NULL);
}

/* Units that have not left yet. The chain counts those that did; which they are is known by asking. */
static bool units_left(cli_provider_job *p, size_t index, eth_value *out, size_t *count)
{
    const cli_peer_state *peer   = &p->peers[index];
    uint64_t              exited = cli_u64_of(&peer->cc[CLI_CC_EXITED]);
    *count                       = 0;
    for (size_t k = 0; k < peer->units_count && exited < peer->units_count; k++) {
        riv_str          reverts = { 0 };
        const eth_value *v, unit = *cli_unit_id_of(&peer->units[k]);
        const eth_value  args[] = { eth_number(peer->commitment), eth_list(&unit, 1) };
        if (exited && !cli_ask_or(&p->s, CLI_FN_EXIT_UNITS, NULL, args, &reverts, &v)) return false;
        if (!riv_str_eq(reverts, RIV_LIT("Compute unit is exited"))) out[(*count)++] = unit;
    }
    return true;
}

/* Collateral of a commitment that failed is kept back for some epochs. */
static bool may_finish(cli_provider_job *p, size_t index, bool *out)
{
    uint64_t         epoch, wait;
    const eth_value *cc = p->peers[index].cc;
    *out                = true;
    if (cli_cc_status(cc) != CLI_CC_FAILED_STATUS) return true;
    if (!cli_ask_u64(&p->s, CLI_FN_EPOCH, NULL, NULL, &epoch) ||
        !cli_ask_u64(&p->s, CLI_FN_AFTER_FAILED, NULL, NULL, &wait))
        return false;
    uint64_t failed = cli_u64_of(&cc[CLI_CC_FAILED]);
    *out            = epoch >= failed && epoch - failed >= wait;
    if (!*out)
        cli_note(p->s.c,
                 "the commitment of " RIV_FMT " failed in epoch %llu: its collateral can be had from epoch %llu on",
                 RIV_ARG(p->file.peers[index].text), (unsigned long long)failed, (unsigned long long)(failed + wait));
    return true;
}

static bool finish_ended(cli_provider_job *p, size_t index)
{
    cli             *c = p->s.c;
    bool             may;
    size_t           count;
    u256             all;
    const eth_value *cc = p->peers[index].cc, id = eth_number(p->peers[index].commitment);
    eth_address      staker = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    eth_value       *units  = riv_new(c->arena, eth_value, p->peers[index].units_count);
    if (!units_left(p, index, units, &count)) return false;
    for (size_t from = 0; from < count; from += REMOVALS_MAX)
        if (!send_exit(p, index, units + from, RIV_MIN(count - from, (size_t)REMOVALS_MAX))) return false;
    if (!may_finish(p, index, &may)) return false;
    if (!may) return true;
    (void)cli_cc_collateral(cc, &all);
    riv_str sum = cli_amount(c->arena, all, CLI_FLT_DECIMALS, "FLT");
    cli_tx  tx  = { .function = CLI_FN_FINISH,
                    .args     = &id,
                    .does     = riv_format(c->arena,
                                           "finish the commitment of " RIV_FMT ": " RIV_FMT
                                           " of collateral, less what was slashed, go back to " RIV_FMT,
                                           RIV_ARG(p->file.peers[index].text), RIV_ARG(sum),
                                           RIV_ARG(cli_show_address(c, &staker))) };
    return cli_send(&p->s, &tx, NULL);
}

static bool give_up(cli_provider_job *p, size_t index)
{
    cli            *c  = p->s.c;
    const eth_value id = eth_number(p->peers[index].commitment);
    cli_tx          tx = { .function = CLI_FN_REMOVE_COMMITMENT,
                           .args     = &id,
                           .does = riv_format(c->arena, "give up the commitment of " RIV_FMT ", which waits for collateral",
                                              RIV_ARG(p->file.peers[index].text)) };
    if (cli_has(c, "waiting")) return cli_send(&p->s, &tx, NULL);
    cli_note(c, "the commitment of " RIV_FMT " still waits for its collateral; --waiting gives it up",
             RIV_ARG(p->file.peers[index].text));
    return true;
}

static bool do_finish(cli_provider_job *p)
{
    cli   *c       = p->s.c;
    size_t without = 0;
    for (size_t i = 0; i < p->file.peers_count; i++) {
        const eth_value *cc = p->peers[i].cc;
        if (!cc) {
            without++;
            continue;
        }
        switch (cli_cc_status(cc)) {
        case CLI_CC_OVER:
        case CLI_CC_FAILED_STATUS:
            if (!finish_ended(p, i)) return false;
            break;
        case CLI_CC_WAIT_DELEGATION:
            if (!give_up(p, i)) return false;
            break;
        default:
            cli_note(c, "the commitment of " RIV_FMT " is %s: it ends before epoch %llu",
                     RIV_ARG(p->file.peers[i].text), cli_cc_status(cc) == CLI_CC_ACTIVE ? "active" : "about to start",
                     (unsigned long long)cli_u64_of(&cc[CLI_CC_END]));
        }
    }
    if (without == p->file.peers_count) cli_note(c, "no peer of this file has a commitment");
    if (p->s.sent.len) cli_note(c, "rewards that become free later are taken by `rivulet provider rewards`");
    return true;
}

int cli_cmd_provider_finish(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_finish); }

static bool do_exit(cli_provider_job *p)
{
    u256 id;
    if (!cli_read_id(&p->s, cli_arg(p->s.c, 0), "unit", &id)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++)
        for (size_t k = 0; k < p->peers[i].units_count; k++) {
            const eth_value *unit = cli_unit_id_of(&p->peers[i].units[k]);
            if (u256_cmp(unit->word, id)) continue;
            if (p->peers[i].cc) return send_exit(p, i, unit, 1);
            cli_error(p->s.c, CLI_FAILED, "the peer " RIV_FMT " has no commitment", RIV_ARG(p->file.peers[i].text));
            return cli_chain_fail(&p->s, CLI_FAILED);
        }
    cli_error(p->s.c, CLI_FAILED, "no peer of " RIV_FMT " has the unit " RIV_FMT, RIV_ARG(p->file.path),
              RIV_ARG(cli_show_id(p->s.c, id)));
    cli_hint(p->s.c, "`rivulet provider status` shows the units");
    return cli_chain_fail(&p->s, CLI_FAILED);
}

int cli_cmd_provider_exit(cli *c) { return cli_provider_run(c, cli_provider_path(c, 1), true, do_exit); }

/* ---- what goes from the market: units, then their peers, then the offer ---- */

typedef struct removal {
    cli_provider_job *p;
    RIV_VEC(eth_value) calls; /* of Market, each as the data of a call */
    size_t units, peers;
} removal;

static void remove_one(removal *r, cli_function f, const eth_value *id)
{
    cli_chain *s                      = &r->p->s;
    *riv_push(s->c->arena, &r->calls) = eth_data(cli_call_data(s, cli_call_of(s, f), id));
    r->units += f == CLI_FN_REMOVE_UNIT;
    r->peers += f == CLI_FN_REMOVE_PEER;
}

static bool in_file(const cli_provider_peer *peer, const eth_value *unit)
{
    for (size_t i = 0; i < peer->units_count; i++)
        if (u256_cmp(peer->units[i].word, unit->word) == 0) return true;
    return false;
}

/* In as few transactions as there may be. */
static bool send_removal(removal *r, const char *what)
{
    cli_chain *s = &r->p->s;
    for (size_t from = 0; from < r->calls.len; from += REMOVALS_MAX) {
        eth_value args = eth_list(r->calls.ptr + from, RIV_MIN(r->calls.len - from, (size_t)REMOVALS_MAX));
        cli_tx    tx   = { .function = CLI_FN_MARKET_MULTICALL,
                           .args     = &args,
                           .does     = riv_format(s->c->arena, "%s: %zu unit%s and %zu peer%s go", what, r->units,
                                         r->units == 1 ? "" : "s", r->peers, r->peers == 1 ? "" : "s") };
        if (!cli_send(s, &tx, NULL)) return false;
    }
    return true;
}

/* Peers of the offer on the chain, of the file or not, with their keys as the file would have them. */
static bool peers_of(cli_provider_job *p, u256 offer, cli_provider *out)
{
    cli_events  made   = { 0 };
    size_t      count  = 0;
    eth_value   id     = eth_number(offer);
    eth_address market = chain_contract_address(CHAIN_MARKET);
    if (!cli_events_read(&p->s, &market, CLI_EVENT_PEER, &id, 0, &made)) return false;
    cli_provider_peer *peers = riv_new(p->s.c->arena, cli_provider_peer, made.len);
    for (size_t i = 0; i < made.len; i++) {
        u256 key  = made.ptr[i].items[1].word;
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen = seen || u256_cmp(made.ptr[k].items[1].word, key) == 0;
        if (seen) continue;
        for (size_t k = 0; k < p->file.peers_count; k++) {
            eth_value known = eth_of_hash(p->file.peers[k].id);
            if (u256_cmp(known.word, key) == 0) peers[count] = p->file.peers[k];
        }
        u256_to_be(key, peers[count].id);
        peers[count].text = cli_show_peer(p->s.c, key);
        count++;
    }
    *out = (cli_provider){ .path = p->file.path, .peers = peers, .peers_count = count };
    return true;
}

/* Whether a peer may go: none of its units works, nothing is committed, no reward would be lost. */
static bool may_go(cli_provider_job *p, const cli_provider_peer *peer, const cli_peer_state *state, bool forfeit)
{
    cli       *c    = p->s.c;
    cli_events past = { 0 };
    eth_value  key  = eth_of_hash(peer->id);
    if (state->cc) {
        cli_error(c, CLI_FAILED, "the peer " RIV_FMT " has a commitment: %s", RIV_ARG(peer->text),
                  cli_cc_name(state->cc));
        cli_hint(c, "`rivulet provider finish` ends those that are over");
        return cli_chain_fail(&p->s, CLI_FAILED);
    }
    for (size_t k = 0; k < state->units_count; k++) {
        if (!cli_unit_busy(&state->units[k])) continue;
        eth_address deal = eth_to_address(&state->units[k].items[CLI_UNIT_DEAL]);
        cli_error(c, CLI_FAILED, "a unit of " RIV_FMT " is in the deal " RIV_FMT, RIV_ARG(peer->text),
                  RIV_ARG(cli_show_address(c, &deal)));
        cli_hint(c, "`rivulet provider leave " RIV_FMT "` takes it out", RIV_ARG(cli_show_address(c, &deal)));
        return cli_chain_fail(&p->s, CLI_FAILED);
    }
    if (forfeit) return true;
    if (!cli_commitments_of(&p->s, &key, &past)) return false;
    for (size_t i = 0; i < past.len; i++) {
        u256 rest;
        if (!cli_ask_number(&p->s, CLI_FN_TOTAL_REWARDS, NULL, &past.ptr[i], &rest)) return false;
        if (u256_is_zero(rest)) continue;
        cli_error(c, CLI_FAILED,
                  "the peer " RIV_FMT " has earned " RIV_FMT " that were not taken; without it nobody can",
                  RIV_ARG(peer->text), RIV_ARG(cli_amount(c->arena, rest, CLI_FLT_DECIMALS, "FLT")));
        cli_hint(c, "`rivulet provider rewards` takes what is free already; --forfeit does without the rest");
        return cli_chain_fail(&p->s, CLI_FAILED);
    }
    return true;
}

bool cli_provider_prune(cli_provider_job *p, u256 offer)
{
    cli_provider all;
    removal      r = { .p = p };
    if (!peers_of(p, offer, &all)) return false;
    cli_peer_state *states = riv_new(p->s.c->arena, cli_peer_state, all.peers_count);
    if (!cli_peers_load(&p->s, &all, states)) return false;
    for (size_t i = 0; i < all.peers_count; i++) {
        const cli_provider_peer *peer = &all.peers[i];
        const eth_value          id   = eth_of_hash(peer->id);
        bool                     keep = peer->units_count > 0;
        size_t                   less = 0;
        if (!states[i].there || u256_cmp(states[i].offer, offer)) continue;
        for (size_t k = 0; k < states[i].units_count; k++) {
            const eth_value *unit = cli_unit_id_of(&states[i].units[k]);
            if (keep && in_file(peer, unit)) continue;
            remove_one(&r, CLI_FN_REMOVE_UNIT, unit);
            less++;
        }
        if (less && !may_go(p, peer, &states[i], keep)) return false; /* its rewards stay with the peer */
        if (!keep) remove_one(&r, CLI_FN_REMOVE_PEER, &id);
    }
    return send_removal(&r, "take out of the offer what the file no longer has");
}

static bool do_close(cli_provider_job *p)
{
    cli_provider    all;
    removal         r     = { .p = p };
    u256            offer = cli_offer_of(p);
    const eth_value id    = eth_number(offer);
    if (u256_is_zero(offer)) {
        cli_note(p->s.c, "no peer of this file is offered");
        return true;
    }
    if (!peers_of(p, offer, &all)) return false;
    cli_peer_state *states = riv_new(p->s.c->arena, cli_peer_state, all.peers_count);
    if (!cli_peers_load(&p->s, &all, states)) return false;
    for (size_t i = 0; i < all.peers_count; i++) {
        const eth_value key = eth_of_hash(all.peers[i].id);
        if (!states[i].there || u256_cmp(states[i].offer, offer)) continue;
        if (!may_go(p, &all.peers[i], &states[i], cli_has(p->s.c, "forfeit"))) return false;
        for (size_t k = 0; k < states[i].units_count; k++)
            remove_one(&r, CLI_FN_REMOVE_UNIT, cli_unit_id_of(&states[i].units[k]));
        remove_one(&r, CLI_FN_REMOVE_PEER, &key);
    }
    remove_one(&r, CLI_FN_REMOVE_OFFER, &id);
    return send_removal(&r, "take the offer off the market");
}

int cli_cmd_provider_close(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_close); }
