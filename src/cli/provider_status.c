/* provider_status.c: rivulet provider status and rewards: where a provider stands, and what it has earned.
 * Spec: docs/spec/market.md 4.2, 6.6; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

/* ---- rewards ---- */

typedef struct earned { /* what may be had, by questions that were asked together */
    cli_question *q;
    size_t        count;
    size_t       *peers; /* whose each is */
} earned;

static eth_value *keep(cli *c, eth_value v)
{
    eth_value *out = riv_new(c->arena, eth_value, 1);
    *out           = v;
    return out;
}

/* Of commitments: those that are over too, for their rewards come in parts. */
static bool ask_commitments(cli_provider_job *p, earned *out)
{
    cli_events ids     = { 0 };
    *out               = (earned){ 0 };
    RIV_VEC(size_t) of = { 0 };
    for (size_t i = 0; i < p->file.peers_count; i++) {
        if (!p->peers[i].there) continue;
        eth_value peer = eth_of_hash(p->file.peers[i].id);
        if (!cli_commitments_of(&p->s, &peer, &ids)) return false;
        while (of.len < ids.len) *riv_push(p->s.c->arena, &of) = i;
    }
    out->count = ids.len;
    out->peers = of.ptr;
    out->q     = riv_new(p->s.c->arena, cli_question, ids.len);
    for (size_t i = 0; i < ids.len; i++) out->q[i] = (cli_question){ .function = CLI_FN_UNLOCKED, .args = &ids.ptr[i] };
    return cli_ask_all(&p->s, out->q, out->count) && cli_answered(&p->s, out->q, out->count);
}

static bool ask_deals(cli_provider_job *p, earned *out)
{
    size_t units = 0;
    for (size_t i = 0; i < p->file.peers_count; i++) units += p->peers[i].units_count;
    *out = (earned){ riv_new(p->s.c->arena, cli_question, units), 0, riv_new(p->s.c->arena, size_t, units) };
    for (size_t i = 0; i < p->file.peers_count; i++)
        for (size_t k = 0; k < p->peers[i].units_count; k++) {
            const eth_value *unit = &p->peers[i].units[k];
            if (!cli_unit_busy(unit)) continue;
            out->peers[out->count] = i;
            out->q[out->count++]   = (cli_question){ .function = CLI_FN_DEAL_REWARD,
                                                     .at       = eth_to_address(&unit->items[CLI_UNIT_DEAL]),
                                                     .args     = cli_unit_id_of(unit) };
        }
    return cli_ask_all(&p->s, out->q, out->count) && cli_answered(&p->s, out->q, out->count);
}

static bool take_commitment_reward(cli_provider_job *p, size_t index, const eth_value *id, u256 amount)
{
    cli   *c  = p->s.c;
    cli_tx tx = { .function = CLI_FN_WITHDRAW_REWARD,
                  .args     = id,
                  .does     = riv_format(c->arena, "take " RIV_FMT " for proofs of " RIV_FMT ", shared with its staker",
                                         RIV_ARG(cli_amount(c->arena, amount, CLI_FLT_DECIMALS, "FLT")),
                                         RIV_ARG(p->file.peers[index].text)) };
    return cli_send(&p->s, &tx, NULL);
}

static bool take_deal_reward(cli_provider_job *p, const eth_address *deal, const eth_value *unit, u256 amount)
{
    cli   *c  = p->s.c;
    cli_tx tx = { .function = CLI_FN_DEAL_REWARDS,
                  .at       = deal,
                  .args     = unit,
                  .does     = riv_format(c->arena, "take " RIV_FMT " for work in the deal " RIV_FMT,
                                         RIV_ARG(cli_amount(c->arena, amount, CLI_USD_DECIMALS, "USD")),
                                         RIV_ARG(cli_show_address(c, deal))) };
    return cli_send(&p->s, &tx, NULL);
}

static bool do_rewards(cli_provider_job *p)
{
    earned e;
    if (!ask_commitments(p, &e)) return false;
    for (size_t i = 0; i < e.count; i++) {
        u256 amount = e.q[i].out[0].word;
        if (!u256_is_zero(amount) && !take_commitment_reward(p, e.peers[i], e.q[i].args, amount)) return false;
    }
    if (!ask_deals(p, &e)) return false;
    for (size_t i = 0; i < e.count; i++) {
        u256 amount = e.q[i].out[0].word;
        if (!u256_is_zero(amount) && !take_deal_reward(p, &e.q[i].at, e.q[i].args, amount)) return false;
    }
    if (!p->s.sent.len) cli_note(p->s.c, "there is nothing to take yet");
    return true;
}

int cli_cmd_provider_rewards(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), true, do_rewards); }

/* ---- status ---- */

typedef struct standing { /* answers in the order in which the peers are told */
    cli_question *q;
    size_t        count, next;
    u256          price; /* of the offer; 0: none */
} standing;

static bool ask_standing(cli_provider_job *p, standing *out)
{
    cli   *c     = p->s.c;
    size_t units = 0;
    u256   offer = cli_offer_of(p);
    for (size_t i = 0; i < p->file.peers_count; i++) units += p->peers[i].units_count;
    *out = (standing){ .q = riv_new(c->arena, cli_question, units + 2 * p->file.peers_count + 1) };
    for (size_t i = 0; i < p->file.peers_count; i++) {
        const cli_peer_state *peer = &p->peers[i];
        const eth_value      *id   = keep(c, eth_number(peer->commitment));
        if (peer->cc) {
            out->q[out->count++] = (cli_question){ .function = CLI_FN_TOTAL_REWARDS, .args = id };
            out->q[out->count++] = (cli_question){ .function = CLI_FN_UNLOCKED, .args = id };
        }
        for (size_t k = 0; k < peer->units_count; k++) {
            const eth_value *unit = &peer->units[k];
            if (!cli_unit_busy(unit)) continue;
            out->q[out->count++] = (cli_question){ .function = CLI_FN_DEAL_REWARD,
                                                   .at       = eth_to_address(&unit->items[CLI_UNIT_DEAL]),
                                                   .args     = cli_unit_id_of(unit) };
        }
    }
    size_t last = out->count;
    if (!u256_is_zero(offer))
        out->q[out->count++] = (cli_question){ .function = CLI_FN_OFFER, .args = keep(c, eth_number(offer)) };
    if (!cli_ask_all(&p->s, out->q, out->count) || !cli_answered(&p->s, out->q, out->count)) return false;
    if (out->count > last) out->price = out->q[last].out[0].items[CLI_OFFER_PRICE].word;
    return true;
}

static u256 next_answer(standing *s) { return s->q[s->next++].out[0].word; }

static const riv_json *unit_json(cli *c, const eth_value *unit, standing *s)
{
    eth_address deal = eth_to_address(&unit->items[CLI_UNIT_DEAL]);
    riv_str     id   = cli_show_id(c, cli_unit_id_of(unit)->word);
    if (!cli_unit_busy(unit)) return riv_json_record(c->arena, "id", riv_json_str(c->arena, id), NULL);
    riv_str reward = cli_amount(c->arena, next_answer(s), CLI_USD_DECIMALS, "USD");
    return riv_json_record(c->arena, "id", riv_json_str(c->arena, id), "deal", cli_json_address(c, &deal), "reward",
                           riv_json_str(c->arena, reward), NULL);
}

static const riv_json *commitment_json(cli *c, const cli_peer_state *peer, standing *s)
{
    const eth_value *cc    = peer->cc;
    u256             total = next_answer(s), unlocked = next_answer(s), collateral;
    eth_address      staker = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    (void)cli_cc_collateral(cc, &collateral);
    return riv_json_record(
        c->arena, "id", riv_json_str(c->arena, cli_show_id(c, peer->commitment)), "status",
        riv_json_strc(c->arena, cli_cc_name(cc)), "first_epoch", cli_json_number(c, cc[CLI_CC_START].word), "end_epoch",
        cli_json_number(c, cc[CLI_CC_END].word), "staker", cli_json_address(c, &staker), "collateral",
        riv_json_str(c->arena, cli_amount(c->arena, collateral, CLI_FLT_DECIMALS, "FLT")), "fails",
        cli_json_number(c, cc[CLI_CC_FAILS].word), "rewards",
        riv_json_str(c->arena, cli_amount(c->arena, total, CLI_FLT_DECIMALS, "FLT")), "unlocked",
        riv_json_str(c->arena, cli_amount(c->arena, unlocked, CLI_FLT_DECIMALS, "FLT")), NULL);
}

static const riv_json *peer_json(cli_provider_job *p, size_t index, standing *s)
{
    cli                  *c          = p->s.c;
    const cli_peer_state *state      = &p->peers[index];
    riv_json_list         units      = { 0 };
    const riv_json       *commitment = state->cc ? commitment_json(c, state, s) : NULL;
    for (size_t k = 0; k < state->units_count; k++) riv_json_add(c->arena, &units, unit_json(c, &state->units[k], s));
    return riv_json_record(c->arena, "peer", riv_json_str(c->arena, p->file.peers[index].text), "offered",
                           riv_json_bool(state->there), "offer",
                           state->there ? riv_json_str(c->arena, cli_show_id(c, state->offer)) : NULL, "commitment",
                           commitment, "units", riv_json_arr(c->arena, units.ptr, units.len), NULL);
}

static riv_str text_at(const riv_json *v, const char *key)
{
    const riv_json *found = riv_json_get(v, riv_str_c(key));
    return found && found->kind == RIV_JSON_STR ? found->str : RIV_LIT("-");
}

static void print_commitment(const riv_json *cc)
{
    printf("  commitment  " RIV_FMT "\n              " RIV_FMT, RIV_ARG(text_at(cc, "id")),
           RIV_ARG(text_at(cc, "status")));
    if (!riv_str_eq(text_at(cc, "first_epoch"), RIV_LIT("0")))
        printf(", from epoch " RIV_FMT " until before " RIV_FMT, RIV_ARG(text_at(cc, "first_epoch")),
               RIV_ARG(text_at(cc, "end_epoch")));
    printf("; collateral " RIV_FMT "\n", RIV_ARG(text_at(cc, "collateral")));
    printf("              rewards " RIV_FMT ", " RIV_FMT " of them free\n", RIV_ARG(text_at(cc, "rewards")),
           RIV_ARG(text_at(cc, "unlocked")));
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
        print_commitment(cc);
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

static bool do_status(cli_provider_job *p)
{
    cli          *c = p->s.c;
    uint64_t      epoch;
    standing      s;
    riv_json_list peers = { 0 };
    if (!cli_ask_u64(&p->s, CLI_FN_EPOCH, NULL, NULL, &epoch) || !ask_standing(p, &s)) return false;
    riv_str price = cli_amount(c->arena, s.price, CLI_USD_DECIMALS, "USD");
    for (size_t i = 0; i < p->file.peers_count; i++) riv_json_add(c->arena, &peers, peer_json(p, i, &s));
    if (cli_has(c, "json")) {
        cli_print_json(riv_json_record(c->arena, "name", riv_json_str(c->arena, p->file.name), "epoch",
                                       riv_json_u64(c->arena, epoch), "price",
                                       u256_is_zero(s.price) ? NULL : riv_json_str(c->arena, price), "peers",
                                       riv_json_arr(c->arena, peers.ptr, peers.len), NULL),
                       true);
        return true;
    }
    printf("%s" RIV_FMT "%s, epoch %llu", cli_style(c->colour_out, CLI_BOLD), RIV_ARG(cli_shown(c, p->file.name, 100)),
           cli_style(c->colour_out, CLI_PLAIN), (unsigned long long)epoch);
    if (!u256_is_zero(s.price)) printf(", " RIV_FMT " a worker and epoch", RIV_ARG(price));
    printf("\n");
    for (size_t i = 0; i < peers.len; i++) print_peer(peers.ptr[i]);
    return true;
}

int cli_cmd_provider_status(cli *c) { return cli_provider_run(c, cli_provider_path(c, 0), false, do_status); }
