/* trade_provider.c: a provider: looks at its offer, commitments, units and published jobs, then does the one thing that is most wanted.
 * It keeps nothing between two looks: ids and wishes follow from its key, the rest is on the chain.
 * Spec: docs/sim.md, docs/spec/market.md. Tests: trade_test.c. */
#include "sim/trade_internal.h"

enum { PUBLISHED_MAX = 4, PROOFS_MAX = TRADE__PEERS_MAX * TRADE__UNITS_MAX * 4 };
enum { CC_INACTIVE, CC_ACTIVE, CC_WAIT_DELEGATION, CC_WAIT_START, CC_FAILED, CC_REMOVED };
enum { DEAL_INSUFFICIENT, DEAL_ACTIVE, DEAL_ENDED, DEAL_FEW_WORKERS };
#define COMMITMENT_VIEW "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))"

/* What it wants, for life. */
typedef struct plan {
    size_t   peers, units[TRADE__PEERS_MAX];
    uint64_t min_price, duration, pay_out; /* pay_out: it takes rewards from so much on */
    uint32_t idle;                         /* chance per million to give no proofs in an epoch */
    bool     picks_up, leaves_ended;
} plan;

typedef struct unit {
    eth_value   id;
    bool        there, in_deal, works;
    eth_address deal;
    uint64_t    proofs, status, reward;
    size_t      ask_proofs, ask_status, ask_record, ask_reward;
} unit;
typedef struct peer {
    eth_value id, commitment;
    bool      there;
    uint64_t  status, units, exited, unlocked;
    u256      each;
    size_t    ask_commitment, ask_unlocked;
    unit      all[TRADE__UNITS_MAX];
} peer;
typedef struct job {
    eth_address where;
    uint64_t    price, status, units, target;
    bool        has_peer[TRADE__PEERS_MAX];
    size_t      ask; /* price, status, units, target, then a peer each */
} job;
typedef struct seen {
    plan   want;
    bool   has_info, idle;
    peer   peers[TRADE__PEERS_MAX];
    job    jobs[PUBLISHED_MAX];
    size_t jobs_count;
    size_t ask_info, ask_peers, ask_units, ask_published;
} seen;

static plan plan_of(const trade__agent *a)
{
    riv_prng p    = trade__character(a, 0);
    plan     want = { .peers = 1 + (size_t)riv_prng_below(&p, TRADE__PEERS_MAX) };
    for (size_t i = 0; i < want.peers; i++) want.units[i] = 1 + (size_t)riv_prng_below(&p, TRADE__UNITS_MAX);
    want.min_price    = 1 + riv_prng_below(&p, 900);
    want.duration     = 3 + riv_prng_below(&p, 12);
    want.pay_out      = 1 + riv_prng_below(&p, 4000);
    want.idle         = riv_prng_below(&p, 3) ? 0 : 400000;
    want.picks_up     = riv_prng_below(&p, 4) != 0;
    want.leaves_ended = riv_prng_below(&p, 2) != 0;
    return want;
}

static eth_value of_hash(crypto_hash hash) { return eth_of_hash(hash.bytes); }
static seen     *seen_of(trade__agent *a) { return a->mind.p.seen; }

/* ---- the first batch: what is there ---- */

static void ask_what_is_there(trade__agent *a)
{
    eth_address market = chain_contract_address(CHAIN_MARKET);
    seen       *s      = riv_new(a->thought, seen, 1);
    eth_value   me = eth_of_address(&a->where), range[2] = { eth_word(0), eth_word(PUBLISHED_MAX) };
    a->mind.p.seen = s;
    s->want        = plan_of(a);
    trade__ask_about_self(a);
    s->ask_info  = trade__ask(a, &market, "getProviderInfo(address)", &me, "((string,(bytes4,bytes32)))");
    s->ask_peers = a->look.count;
    for (size_t i = 0; i < s->want.peers; i++) {
        s->peers[i].id = of_hash(trade__id(a, "peer", i, 0));
        trade__ask(a, &market, "getComputePeer(bytes32)", &s->peers[i].id, "((bytes32,bytes32,uint256,address))");
    }
    s->ask_units = a->look.count;
    for (size_t i = 0; i < s->want.peers; i++) {
        for (size_t k = 0; k < s->want.units[i]; k++) {
            s->peers[i].all[k].id = of_hash(trade__id(a, "unit", i, k));
            trade__ask(a, &market, "getComputeUnit(bytes32)", &s->peers[i].all[k].id, "((address,bytes32,uint256))");
        }
    }
    s->ask_published = trade__ask(a, &market, "publishedDeals(uint256,uint256)", range, "(address[])");
    trade__ask_end(a);
}

static void read_units(trade__agent *a, seen *s)
{
    size_t n = s->ask_units;
    for (size_t i = 0; i < s->want.peers; i++) {
        for (size_t k = 0; k < s->want.units[i]; k++, n++) {
            const eth_value *v = trade__answer(a, n);
            unit            *u = &s->peers[i].all[k];
            if (!v) continue;
            u->there   = true;
            u->deal    = eth_to_address(&v[0].items[0]);
            u->in_deal = !eth_address_is_zero(&u->deal);
        }
    }
}

static void read_what_is_there(trade__agent *a, seen *s)
{
    const eth_value *v = trade__answer(a, s->ask_info);
    s->has_info        = v && v[0].items[0].bytes.len;
    for (size_t i = 0; i < s->want.peers; i++) {
        peer *p       = &s->peers[i];
        v             = trade__answer(a, s->ask_peers + i);
        p->there      = v != NULL;
        p->commitment = v ? v[0].items[1] : eth_word(0);
        p->units      = v ? v[0].items[2].word.limb[0] : 0;
        p->status     = CC_REMOVED;
    }
    read_units(a, s);
    v = trade__answer(a, s->ask_published);
    for (size_t i = 0; v && i < v[0].items_count && s->jobs_count < PUBLISHED_MAX; i++)
        s->jobs[s->jobs_count++].where = eth_to_address(&v[0].items[i]);
}

/* ---- the second batch: how it is ---- */

static void ask_about_unit(trade__agent *a, peer *p, unit *u)
{
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    eth_value   args[2]  = { u->id, eth_word(a->epoch) };
    if (!u->there) return;
    if (u->in_deal) {
        u->ask_status = trade__ask(a, &u->deal, "getStatus()", NULL, "(uint8)");
        u->ask_record =
            trade__ask(a, &u->deal, "getComputeUnit(bytes32)", &u->id, "((bytes32,bytes32,bytes32,address,uint256))");
        u->ask_reward = trade__ask(a, &u->deal, "getRewardAmount(bytes32)", &u->id, "(uint256)");
    } else if (!u256_is_zero(p->commitment.word)) {
        u->ask_proofs = trade__ask(a, &capacity, "proofsOf(bytes32,uint256)", args, "(uint256,uint256)");
    }
}

static void ask_about_job(trade__agent *a, const seen *s, job *j)
{
    j->ask = trade__ask(a, &j->where, "pricePerWorkerEpoch()", NULL, "(uint256)");
    trade__ask(a, &j->where, "getStatus()", NULL, "(uint8)");
    trade__ask(a, &j->where, "getComputeUnitCount()", NULL, "(uint256)");
    trade__ask(a, &j->where, "targetWorkers()", NULL, "(uint256)");
    for (size_t i = 0; i < s->want.peers; i++)
        trade__ask(a, &j->where, "isComputePeerExist(bytes32)", &s->peers[i].id, "(bool)");
}

static bool ask_how_it_is(trade__agent *a, seen *s)
{
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    a->look              = (trade__look){ 0 };
    for (size_t i = 0; i < s->want.peers; i++) {
        peer *p = &s->peers[i];
        if (!u256_is_zero(p->commitment.word)) {
            p->ask_commitment = trade__ask(a, &capacity, "getCommitment(bytes32)", &p->commitment, COMMITMENT_VIEW);
            p->ask_unlocked   = trade__ask(a, &capacity, "unlockedRewards(bytes32)", &p->commitment, "(uint256)");
        }
        for (size_t k = 0; k < s->want.units[i]; k++) ask_about_unit(a, p, &p->all[k]);
    }
    for (size_t i = 0; i < s->jobs_count && !trade__closing(a->world, a->epoch); i++) ask_about_job(a, s, &s->jobs[i]);
    if (a->look.count == 0) return false;
    trade__ask_end(a);
    return true;
}

static bool read_unit(trade__agent *a, const peer *p, unit *u)
{
    const eth_value *v;
    if (!u->there) return true;
    if (!u->in_deal) return u256_is_zero(p->commitment.word) || trade__answer_u64(a, u->ask_proofs, &u->proofs);
    v = trade__answer(a, u->ask_record);
    if (!v) return false; /* it left the deal in between */
    u->works = !u256_is_zero(v[0].items[1].word);
    return trade__answer_u64(a, u->ask_status, &u->status) && trade__answer_u64(a, u->ask_reward, &u->reward);
}

static bool read_job(trade__agent *a, const seen *s, job *j)
{
    uint64_t has;
    if (!trade__answer_u64(a, j->ask, &j->price) || !trade__answer_u64(a, j->ask + 1, &j->status) ||
        !trade__answer_u64(a, j->ask + 2, &j->units) || !trade__answer_u64(a, j->ask + 3, &j->target))
        return false;
    for (size_t i = 0; i < s->want.peers; i++) {
        if (!trade__answer_u64(a, j->ask + 4 + i, &has)) return false;
        j->has_peer[i] = has != 0;
    }
    return true;
}

/* False: the chain moved between the batches; the next look will be whole. */
static bool read_how_it_is(trade__agent *a, seen *s)
{
    bool whole = true;
    for (size_t i = 0; i < s->want.peers; i++) {
        peer *p = &s->peers[i];
        for (size_t k = 0; k < s->want.units[i]; k++) whole = read_unit(a, p, &p->all[k]) && whole;
        if (u256_is_zero(p->commitment.word)) continue;
        const eth_value *v = trade__answer(a, p->ask_commitment);
        if (!v || !trade__answer_u64(a, p->ask_unlocked, &p->unlocked)) {
            p->unlocked = v != NULL; /* more than 64 bits hold is more than nothing */
            whole       = whole && v;
        }
        if (!v) continue;
        p->status = v[0].items[0].word.limb[0];
        p->each   = v[0].items[2].word;
        p->exited = v[0].items[10].word.limb[0];
    }
    for (size_t i = 0; i < s->jobs_count && !trade__closing(a->world, a->epoch); i++)
        whole = read_job(a, s, &s->jobs[i]) && whole;
    return whole;
}

/* ---- wishes, the most urgent first ---- */

static eth_value cid(trade__agent *a)
{
    static const uint8_t prefixes[32] = { 0x01, 0x55, 0x12, 0x20 };
    eth_value           *items        = riv_new(a->thought, eth_value, 2);
    items[0]                          = eth_of_hash(prefixes);
    items[1]                          = of_hash(trade__id(a, "metadata", 0, 0));
    return eth_list(items, 2);
}

static void wish_offer(trade__agent *a, const seen *s)
{
    eth_value *v = trade__wish_of(
        a, CHAIN_MARKET,
        "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)", 6);
    eth_address usd   = chain_contract_address(CHAIN_USD);
    eth_value  *peers = riv_new(a->thought, eth_value, TRADE__PEERS_MAX);
    for (size_t i = 0; i < s->want.peers; i++) {
        eth_value *p = riv_new(a->thought, eth_value, 3), *units = riv_new(a->thought, eth_value, TRADE__UNITS_MAX);
        for (size_t k = 0; k < s->want.units[i]; k++) units[k] = s->peers[i].all[k].id;
        p[0]     = s->peers[i].id;
        p[1]     = eth_of_address(&a->where);
        p[2]     = eth_list(units, s->want.units[i]);
        peers[i] = eth_list(p, 3);
    }
    v[0] = eth_word(s->want.min_price);
    v[1] = eth_of_address(&usd);
    v[2] = eth_list(NULL, 0);
    v[3] = eth_list(peers, s->want.peers);
    v[4] = eth_word(1);
    v[5] = eth_word(1);
}

static void wish_about_served(trade__agent *a, const seen *s, const unit *u)
{
    bool over = u->status == DEAL_ENDED || (u->status == DEAL_INSUFFICIENT && trade__below(a->world, 4) == 0);
    if (u->status != DEAL_ENDED && !u->works) {
        eth_value *v = trade__wish_at(a, &u->deal, U256_ZERO, "setWorker(bytes32,bytes32)", 2);
        v[0]         = u->id;
        v[1]         = of_hash(trade__id(a, "worker", u->id.word.limb[0], u->deal.bytes[0]));
    }
    if (over && s->want.leaves_ended)
        trade__wish_of(a, CHAIN_MARKET, "returnComputeUnitFromDeal(bytes32)", 1)[0] = u->id;
    if (u->reward >= s->want.pay_out) trade__wish_at(a, &u->deal, U256_ZERO, "withdrawRewards(bytes32)", 1)[0] = u->id;
}

/* The same proofs however often it looks: a nonce is used up once. */
static void wish_proofs(trade__agent *a, const seen *s)
{
    eth_value *units = riv_new(a->thought, eth_value, PROOFS_MAX), *locals = riv_new(a->thought, eth_value, PROOFS_MAX),
              *hashes = riv_new(a->thought, eth_value, PROOFS_MAX);
    size_t   n        = 0;
    uint64_t least    = a->world->params.min_proofs_per_epoch;
    for (size_t i = 0; i < s->want.peers; i++) {
        const peer *p = &s->peers[i];
        if (p->status != CC_ACTIVE) continue;
        for (size_t k = 0; k < s->want.units[i]; k++) {
            const unit *u = &p->all[k];
            for (uint64_t at = u->proofs; !u->in_deal && at < least && n < PROOFS_MAX; at++) {
                crypto_hash local = trade__id(a, "proof", u->id.word.limb[0], a->epoch * 16 + at);
                units[n]          = u->id;
                locals[n]         = of_hash(local);
                hashes[n++]       = eth_of_hash(a->world->params.difficulty);
            }
        }
    }
    if (n == 0) return;
    eth_value *v = trade__wish_of(a, CHAIN_CAPACITY, "submitProofs(bytes32[],bytes32[],bytes32[])", 3);
    v[0]         = eth_list(units, n);
    v[1]         = eth_list(locals, n);
    v[2]         = eth_list(hashes, n);
}

static void wish_commitment(trade__agent *a, const seen *s, const peer *p)
{
    eth_value *v = trade__wish_of(a, CHAIN_CAPACITY, "createCommitment(bytes32,uint256,address,uint256)", 4);
    v[0]         = p->id;
    v[1]         = eth_word(s->want.duration);
    v[2]         = eth_of_address(&a->where);
    v[3]         = eth_word(1000000);
}

static void wish_collateral(trade__agent *a, const peer *p)
{
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    u256        value;
    if (!u256_mul(p->each, u256_of(p->units), &value)) return;
    eth_value *one                                                            = riv_new(a->thought, eth_value, 1);
    one[0]                                                                    = p->commitment;
    trade__wish_at(a, &capacity, value, "depositCollateral(bytes32[])", 1)[0] = eth_list(one, 1);
}

static void wish_exit(trade__agent *a, const seen *s, size_t index)
{
    const peer *p     = &s->peers[index];
    eth_value  *units = riv_new(a->thought, eth_value, TRADE__UNITS_MAX);
    if (p->exited == p->units) {
        trade__wish_of(a, CHAIN_CAPACITY, "finishCommitment(bytes32)", 1)[0] = p->commitment;
        return;
    }
    for (size_t k = 0; k < s->want.units[index]; k++) units[k] = p->all[k].id;
    eth_value *v = trade__wish_of(a, CHAIN_CAPACITY, "removeCUFromCC(bytes32,bytes32[])", 2);
    v[0]         = p->commitment;
    v[1]         = eth_list(units, s->want.units[index]);
}

static void wish_about_peer(trade__agent *a, const seen *s, size_t index)
{
    const peer *p       = &s->peers[index];
    bool        closing = trade__closing(a->world, a->epoch);
    if (p->unlocked) trade__wish_of(a, CHAIN_CAPACITY, "withdrawReward(bytes32)", 1)[0] = p->commitment;
    if (p->status == CC_REMOVED && !closing) wish_commitment(a, s, p);
    if (p->status == CC_WAIT_DELEGATION && !closing) wish_collateral(a, p);
    if (p->status == CC_WAIT_DELEGATION && closing)
        trade__wish_of(a, CHAIN_CAPACITY, "removeCommitment(bytes32)", 1)[0] = p->commitment;
    if (p->status == CC_INACTIVE || p->status == CC_FAILED) wish_exit(a, s, index);
}

static void wish_job(trade__agent *a, const seen *s, const job *j)
{
    if (j->price < s->want.min_price || j->units >= j->target ||
        (j->status != DEAL_ACTIVE && j->status != DEAL_FEW_WORKERS))
        return;
    for (size_t i = 0; i < s->want.peers; i++) {
        const peer *p = &s->peers[i];
        if (j->has_peer[i] || p->status != CC_ACTIVE) continue;
        for (size_t k = 0; k < s->want.units[i]; k++) {
            if (!p->all[k].there || p->all[k].in_deal) continue;
            eth_value *one = riv_new(a->thought, eth_value, 1);
            eth_value *v   = trade__wish_of(a, CHAIN_MARKET, "pickUpDeal(address,bytes32[])", 2);
            one[0]         = p->all[k].id;
            v[0]           = eth_of_address(&j->where);
            v[1]           = eth_list(one, 1);
            return;
        }
    }
}

static void wishes(trade__agent *a, seen *s)
{
    bool closing = trade__closing(a->world, a->epoch);
    if (!s->has_info) {
        eth_value *v = trade__wish_of(a, CHAIN_MARKET, "setProviderInfo(string,(bytes4,bytes32))", 2);
        v[0]         = eth_text(RIV_LIT("provider"));
        v[1]         = cid(a);
        return;
    }
    if (!s->peers[0].there) {
        if (!closing) wish_offer(a, s);
        return;
    }
    for (size_t i = 0; i < s->want.peers; i++)
        for (size_t k = 0; k < s->want.units[i]; k++)
            if (s->peers[i].all[k].in_deal) wish_about_served(a, s, &s->peers[i].all[k]);
    riv_prng today = trade__character(a, a->epoch);
    if (!riv_prng_chance(&today, s->want.idle)) wish_proofs(a, s);
    for (size_t i = 0; i < s->want.peers; i++) wish_about_peer(a, s, i);
    for (size_t i = 0; i < s->jobs_count && s->want.picks_up && !closing; i++) wish_job(a, s, &s->jobs[i]);
}

void trade__provider_look(trade__agent *a)
{
    seen    *s = seen_of(a);
    uint64_t height;
    switch (a->stage) {
    case 0: ask_what_is_there(a); return;
    case 1:
        if (!trade__self(a, &height)) return;
        read_what_is_there(a, s);
        if (ask_how_it_is(a, s)) return;
        break;
    default:
        if (!read_how_it_is(a, s)) return;
        break;
    }
    wishes(a, s);
    trade__do_one(a, 3);
}
