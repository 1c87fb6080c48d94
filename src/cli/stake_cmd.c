/* stake_cmd.c: rivulet stake list, deposit, rewards, finish: collateral for commitments of other people's peers, and the share of their rewards.
 * Spec: docs/spec/market.md 6; docs/market.md. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

typedef struct stake {               /* a commitment */
    u256             id, collateral; /* of all its units */
    const eth_value *cc;
    u256             total, unlocked; /* rewards */
} stake;
typedef RIV_VEC(stake) stakes;

/* ---- what there is ---- */

static bool ask_commitments(cli_chain *s, const cli_events *ids, stakes *out)
{
    size_t        count = ids->len;
    cli_question *q     = riv_new(s->c->arena, cli_question, 3 * count);
    for (size_t i = 0; i < count; i++) {
        q[3 * i]     = (cli_question){ .function = CLI_FN_COMMITMENT, .args = &ids->ptr[i] };
        q[3 * i + 1] = (cli_question){ .function = CLI_FN_TOTAL_REWARDS, .args = &ids->ptr[i] };
        q[3 * i + 2] = (cli_question){ .function = CLI_FN_UNLOCKED, .args = &ids->ptr[i] };
    }
    if (!cli_ask_all(s, q, 3 * count)) return false;
    for (size_t i = 0; i < count; i++) {
        const cli_question *of = &q[3 * i];
        if (of[0].reverts.len || of[1].reverts.len || of[2].reverts.len)
            continue; /* it was given up, or its peer has gone */
        stake one = {
            .id = ids->ptr[i].word, .cc = of[0].out[0].items, .total = of[1].out[0].word, .unlocked = of[2].out[0].word
        };
        (void)cli_cc_collateral(one.cc, &one.collateral);
        *riv_push(s->c->arena, out) = one;
    }
    return true;
}

/* Every commitment that was ever made. */
static bool all_stakes(cli_chain *s, stakes *out)
{
    cli_events ids = { 0 };
    return cli_commitments_of(s, NULL, &ids) && ask_commitments(s, &ids, out);
}

/* Those that the command names. */
static bool named_stakes(cli_chain *s, stakes *out)
{
    cli       *c   = s->c;
    cli_events ids = { 0 };
    for (size_t i = 0; i < c->given.args_count; i++) {
        u256 id;
        if (!cli_read_id(s, cli_arg(c, i), "commitment", &id)) return false;
        *riv_push(c->arena, &ids) = eth_number(id);
    }
    if (!ask_commitments(s, &ids, out)) return false;
    if (out->len == ids.len) return true;
    cli_error(c, CLI_FAILED, ids.len == 1 ? "there is no such commitment" : "not all of these commitments are there");
    cli_hint(c, "`rivulet stake list` shows those that wait for collateral");
    return cli_chain_fail(s, CLI_FAILED);
}

/* ---- list ---- */

static riv_str flt(cli *c, u256 v) { return cli_amount(c->arena, v, CLI_FLT_DECIMALS, "FLT"); }
static riv_str rate(cli *c, const eth_value *cc)
{
    return cli_amount(c->arena, cc[CLI_CC_RATE].word, CLI_RATE_DECIMALS, "%");
}

static const riv_json *stake_json(cli *c, const stake *t)
{
    const eth_value *cc     = t->cc;
    eth_address      staker = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    return riv_json_record(c->arena, "commitment", riv_json_str(c->arena, cli_show_id(c, t->id)), "peer",
                           riv_json_str(c->arena, cli_show_peer(c, cc[CLI_CC_PEER].word)), "status",
                           riv_json_strc(c->arena, cli_cc_name(cc)), "units", cli_json_number(c, cc[CLI_CC_UNITS].word),
                           "collateral", riv_json_str(c->arena, flt(c, t->collateral)), "staker_share",
                           riv_json_str(c->arena, rate(c, cc)), "staker",
                           eth_address_is_zero(&staker) ? riv_json_null() : cli_json_address(c, &staker), "end_epoch",
                           cli_json_number(c, cc[CLI_CC_END].word), "rewards", riv_json_str(c->arena, flt(c, t->total)),
                           "unlocked", riv_json_str(c->arena, flt(c, t->unlocked)), NULL);
}

static void print_stake(cli *c, const stake *t)
{
    const eth_value *cc     = t->cc;
    eth_address      staker = eth_to_address(&cc[CLI_CC_DELEGATOR]);
    uint64_t         status = cli_cc_status(cc), end = cli_u64_of(&cc[CLI_CC_END]);
    printf("%s" RIV_FMT "%s  %s\n", cli_style(c->colour_out, CLI_BOLD), RIV_ARG(cli_show_id(c, t->id)),
           cli_style(c->colour_out, CLI_PLAIN), cli_cc_name(cc));
    printf("  peer        " RIV_FMT ", %llu unit%s\n", RIV_ARG(cli_show_peer(c, cc[CLI_CC_PEER].word)),
           (unsigned long long)cli_u64_of(&cc[CLI_CC_UNITS]), cli_u64_of(&cc[CLI_CC_UNITS]) == 1 ? "" : "s");
    printf("  collateral  " RIV_FMT " of " RIV_FMT "\n", RIV_ARG(flt(c, t->collateral)),
           RIV_ARG(eth_address_is_zero(&staker) ? RIV_LIT("anyone") : cli_show_address(c, &staker)));
    printf("  rewards     " RIV_FMT ", " RIV_FMT " of them free; the staker's share is " RIV_FMT,
           RIV_ARG(flt(c, t->total)), RIV_ARG(flt(c, t->unlocked)), RIV_ARG(rate(c, cc)));
    if (status == CLI_CC_WAIT_DELEGATION)
        printf("; it runs for %llu epochs\n", (unsigned long long)end);
    else
        printf("; it ends before epoch %llu\n", (unsigned long long)end);
}

static bool do_list(cli_chain *s)
{
    cli          *c    = s->c;
    stakes        all  = { 0 };
    riv_json_list docs = { 0 };
    eth_address   who;
    size_t        shown = 0;
    riv_str       given = cli_value(c, "staker");
    if (given.len && !cli_read_eth_address(s, given, &who)) return false;
    if (!all_stakes(s, &all)) return false;
    for (size_t i = 0; i < all.len; i++) {
        eth_address staker = eth_to_address(&all.ptr[i].cc[CLI_CC_DELEGATOR]);
        if (given.len ? !eth_address_eq(&staker, &who)
                      : !cli_has(c, "all") && cli_cc_status(all.ptr[i].cc) != CLI_CC_WAIT_DELEGATION)
            continue;
        shown++;
        if (cli_has(c, "json"))
            riv_json_add(c->arena, &docs, stake_json(c, &all.ptr[i]));
        else
            print_stake(c, &all.ptr[i]);
    }
    if (cli_has(c, "json")) cli_print_json(riv_json_arr(c->arena, docs.ptr, docs.len), true);
    if (!shown && !cli_has(c, "json"))
        cli_note(c, given.len           ? "no commitment has collateral of this account"
                    : cli_has(c, "all") ? "there are no commitments"
                                        : "no commitment waits for collateral; --all shows the others");
    return true;
}

int cli_cmd_stake_list(cli *c) { return cli_market_run(c, false, do_list); }

/* ---- deposit, rewards, finish ---- */

/* A document where --json is wanted. */
static bool finish(cli_chain *s)
{
    if (cli_has(s->c, "json")) cli_chain_json(s, riv_json_object(s->c->arena, NULL, NULL));
    return true;
}

static bool do_deposit(cli_chain *s)
{
    cli   *c   = s->c;
    stakes all = { 0 };
    u256   sum = U256_ZERO;
    if (!named_stakes(s, &all)) return false;
    eth_value *ids = riv_new(c->arena, eth_value, all.len);
    for (size_t i = 0; i < all.len; i++) {
        ids[i] = eth_number(all.ptr[i].id);
        if (!u256_add(sum, all.ptr[i].collateral, &sum))
            return cli_chain_fail(s, cli_error(c, CLI_NETWORK, "the chain names a collateral that cannot be"));
    }
    const eth_value args = eth_list(ids, all.len);
    cli_tx          tx   = { .function = CLI_FN_COLLATERAL,
                             .args     = &args,
                             .value    = sum,
                             .does     = riv_format(c->arena,
                                                    "deposit " RIV_FMT " as collateral for %zu commitment%s: it earns " RIV_FMT
                                                    " of the rewards, and is slashed where proofs are missing",
                                                    RIV_ARG(flt(c, sum)), all.len, all.len == 1 ? "" : "s",
                                                    RIV_ARG(all.len == 1 ? rate(c, all.ptr[0].cc) : RIV_LIT("a share"))) };
    return cli_send(s, &tx, NULL) && finish(s);
}

int cli_cmd_stake_deposit(cli *c) { return cli_market_run(c, true, do_deposit); }

static bool take_reward(cli_chain *s, const stake *t)
{
    cli      *c  = s->c;
    eth_value id = eth_number(t->id);
    cli_tx    tx = { .function = CLI_FN_WITHDRAW_REWARD,
                     .args     = &id,
                     .does     = riv_format(c->arena,
                                            "take " RIV_FMT " of rewards: " RIV_FMT " of them are the staker's, the rest "
                                                   "is the provider's",
                                            RIV_ARG(flt(c, t->unlocked)), RIV_ARG(rate(c, t->cc))) };
    return cli_send(s, &tx, NULL);
}

/* Without names: of all commitments that have this account's collateral, or had it. */
static bool do_rewards(cli_chain *s)
{
    stakes all   = { 0 };
    bool   named = s->c->given.args_count > 0;
    if (!(named ? named_stakes(s, &all) : all_stakes(s, &all))) return false;
    for (size_t i = 0; i < all.len; i++) {
        eth_address staker = eth_to_address(&all.ptr[i].cc[CLI_CC_DELEGATOR]);
        if (!named && !eth_address_eq(&staker, &s->wallet.address)) continue;
        if ((named || !u256_is_zero(all.ptr[i].unlocked)) && !take_reward(s, &all.ptr[i])) return false;
    }
    if (!s->sent.len) cli_note(s->c, "there is nothing to take yet");
    return finish(s);
}

int cli_cmd_stake_rewards(cli *c) { return cli_market_run(c, true, do_rewards); }

static bool do_finish(cli_chain *s)
{
    cli   *c   = s->c;
    stakes all = { 0 };
    if (!named_stakes(s, &all)) return false;
    for (size_t i = 0; i < all.len; i++) {
        eth_value   id     = eth_number(all.ptr[i].id);
        eth_address staker = eth_to_address(&all.ptr[i].cc[CLI_CC_DELEGATOR]);
        cli_tx      tx     = { .function = CLI_FN_FINISH,
                               .args     = &id,
                               .does     = riv_format(
                                       c->arena,
                                       "finish a commitment: " RIV_FMT " of collateral, less what was slashed, go back to " RIV_FMT,
                                       RIV_ARG(flt(c, all.ptr[i].collateral)), RIV_ARG(cli_show_address(c, &staker))) };
        if (!cli_send(s, &tx, NULL)) return false;
    }
    return finish(s);
}

int cli_cmd_stake_finish(cli *c) { return cli_market_run(c, true, do_finish); }
