/* index_test.c: one small story with every value of its entities; proofs that are refused; blocks and logs that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/index_testing.h"

enum { OWNER, PROVIDER, OTHER, CUSTOMER };

static void open_story(town *t, bool mocked)
{
    *t = (town){ .arena = riv_arena_new(0) };
    chain_params_local(&t->params);
    t->params.proofs_mocked = mocked;
    memset(t->params.difficulty, 0xff, sizeof t->params.difficulty);
    town_open(t);
}

static void is_text(town *t, graph__type type, riv_str id, const char *field, riv_str want)
{
    const graph__row *row = graph__find(t->g, type, id);
    assert_non_null(row);
    graph__value v = graph__get(type, row, field);
    if (!v.set || !riv_str_eq(v.text, want))
        fail_msg("%s." RIV_FMT ".%s: " RIV_FMT ", not " RIV_FMT, graph__schema[type].name, RIV_ARG(id), field,
                 RIV_ARG(v.text), RIV_ARG(want));
}

static void is_number(town *t, graph__type type, riv_str id, const char *field, uint64_t want)
{
    const graph__row *row = graph__find(t->g, type, id);
    assert_non_null(row);
    if (!graph__get(type, row, field).set || town_number(type, row, field) != want)
        fail_msg("%s." RIV_FMT ".%s: %llu, not %llu", graph__schema[type].name, RIV_ARG(id), field,
                 (unsigned long long)town_number(type, row, field), (unsigned long long)want);
}

static riv_str join(town *t, riv_str a, riv_str b)
{
    return riv_format(t->arena, RIV_FMT RIV_FMT, RIV_ARG(a), RIV_ARG(b));
}
static riv_str who(town *t, size_t i) { return town_hex(t, t->who[i].bytes, ETH_ADDRESS_BYTES); }

static const char cid_text[] = "0155122000000000000000000000000000000000000000000000000000000000000000ab";

static eth_value cid(town *t)
{
    static const uint8_t prefixes[32] = { 1, 0x55, 0x12, 0x20 };
    eth_value           *two          = riv_new(t->arena, eth_value, 2);
    two[0]                            = eth_of_hash(prefixes);
    two[1]                            = eth_word(0xab);
    return eth_list(two, 2);
}

static void register_offer(town *t)
{
    eth_address usd       = chain_contract_address(CHAIN_USD);
    eth_value   units[]   = { town_id("u1"), town_id("u2") },
              peer[]      = { town_id("p"), eth_of_address(&t->who[OTHER]), eth_list(units, 2) };
    eth_value       peers = eth_list(peer, 3), effector = cid(t);
    const eth_value args[] = { eth_word(7),         eth_of_address(&usd), eth_list(&effector, 1),
                               eth_list(&peers, 1), eth_word(1),          eth_word(1) };
    eth_address     market = chain_contract_address(CHAIN_MARKET);
    town_do(t, PROVIDER, &market, U256_ZERO,
            "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)",
            args);
}

static eth_value returned(const town *t) { return (eth_value){ .word = u256_from_be(t->block.receipts[0].returned) }; }

static eth_value deploy(town *t)
{
    eth_address     usd = chain_contract_address(CHAIN_USD), factory = chain_contract_address(CHAIN_DEAL_FACTORY);
    eth_value       effector = cid(t), allowed = eth_of_address(&t->who[PROVIDER]);
    const eth_value approve[] = { eth_of_address(&factory), eth_word(1000) };
    const eth_value args[]    = { cid(t),      eth_of_address(&usd),  eth_word(500), eth_word(1),
                                  eth_word(2), eth_word(3),           eth_word(9),   eth_list(&effector, 1),
                                  eth_word(1), eth_list(&allowed, 1), eth_word(1) };
    town_do(t, CUSTOMER, &usd, U256_ZERO, "approve(address,uint256)", approve);
    town_do(t, CUSTOMER, &factory, U256_ZERO,
            "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,"
            "address[],uint256)",
            args);
    return returned(t);
}

static eth_value commit(town *t)
{
    static const eth_address nobody;
    eth_address              capacity = chain_contract_address(CHAIN_CAPACITY);
    const eth_value          args[]   = { town_id("p"), eth_word(20), eth_of_address(&nobody), eth_word(5000000) };
    town_do(t, PROVIDER, &capacity, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", args);
    eth_value         id = returned(t), list = eth_list(&id, 1);
    const graph__row *row = graph__find(t->g, GRAPH__CC, town_hash_text(t, &id));
    u256              all;
    assert_true(u256_mul(graph__get(GRAPH__CC, row, "collateralPerUnit").number, u256_of(2), &all));
    town_do(t, OTHER, &capacity, all, "depositCollateral(bytes32[])", &list);
    return id;
}

static void next_epoch(town *t) { t->time_s = t->params.genesis_time_s + town_epoch(t) * t->params.epoch_seconds; }

static void begin(town *t)
{
    const eth_value info[] = { eth_text(RIV_LIT("Good\xff provider\0!")), cid(t) };
    eth_address     market = chain_contract_address(CHAIN_MARKET);
    t->time_s++;
    town_do(t, PROVIDER, &market, U256_ZERO, "setProviderInfo(string,(bytes4,bytes32))", info);
    t->time_s++;
    register_offer(t);
}

/* ---- the story ---- */

static void check_network(town *t)
{
    static const struct {
        const char *field;
        uint64_t    want;
    } numbers[] = {
        { "coreEpochDuration", 15 },
        { "initTimestamp", 1704067200 },
        { "corePrecision", 10000000 },
        { "coreMinDealRematchingEpochs", 2 },
        { "capacityMaxFailedRatio", 10 },
        { "minRequiredProofsPerEpoch", 2 },
        { "providersTotal", 1 },
        { "providersRegisteredTotal", 1 },
        { "offersTotal", 1 },
        { "dealsTotal", 0 },
        { "tokensTotal", 1 },
        { "effectorsTotal", 1 },
        { "capacityCommitmentsTotal", 0 },
        { "proofsTotal", 0 },
    };
    for (size_t i = 0; i < RIV_COUNT(numbers); i++)
        is_number(t, GRAPH__NETWORK, RIV_LIT("1"), numbers[i].field, numbers[i].want);
    is_text(t, GRAPH__NETWORK, RIV_LIT("1"), "coreContractAddress",
            RIV_LIT("0x0b306bf915c4d645ff596e518faf3f9669b97016"));
    eth_address market = chain_contract_address(CHAIN_MARKET), capacity = chain_contract_address(CHAIN_CAPACITY);
    is_text(t, GRAPH__NETWORK, RIV_LIT("1"), "marketContractAddress", town_hex(t, market.bytes, ETH_ADDRESS_BYTES));
    is_text(t, GRAPH__NETWORK, RIV_LIT("1"), "capacityContractAddress", town_hex(t, capacity.bytes, ETH_ADDRESS_BYTES));
}

static void test_story(void **state)
{
    (void)state;
    town t;
    open_story(&t, true);
    begin(&t);
    check_network(&t);
    eth_value     p = town_id("p"), u1 = town_id("u1"), u2 = town_id("u2");
    const riv_str peer = town_hash_text(&t, &p), unit = town_hash_text(&t, &u1), other = town_hash_text(&t, &u2);
    const riv_str usd = RIV_LIT("0x5fbdb2315678afecb367f032d93f642f64180aa3"), effector = riv_str_c(cid_text);
    const riv_str offer = town_text(GRAPH__PEER, graph__find(t.g, GRAPH__PEER, peer), "offer");
    is_text(&t, GRAPH__PROVIDER, who(&t, PROVIDER), "name", RIV_LIT("Good\xef\xbf\xbd provider\xef\xbf\xbd!"));
    is_number(&t, GRAPH__PROVIDER, who(&t, PROVIDER), "createdAt", t.time_s - 1);
    is_number(&t, GRAPH__PROVIDER, who(&t, PROVIDER), "computeUnitsAvailable", 2);
    is_number(&t, GRAPH__PROVIDER, who(&t, PROVIDER), "peerCount", 1);
    is_text(&t, GRAPH__TOKEN, usd, "symbol", RIV_LIT("USD"));
    is_number(&t, GRAPH__TOKEN, usd, "decimals", 6);
    is_text(&t, GRAPH__EFFECTOR, effector, "description", RIV_LIT("Unknown"));
    is_text(&t, GRAPH__OFFER_EFFECTOR, join(&t, offer, effector), "offer", offer);
    is_number(&t, GRAPH__OFFER, offer, "pricePerEpoch", 7);
    is_number(&t, GRAPH__OFFER, offer, "createdAt", t.time_s);
    is_text(&t, GRAPH__OFFER, offer, "paymentToken", usd);
    is_text(&t, GRAPH__UNIT, unit, "provider", who(&t, PROVIDER));

    eth_value     id = commit(&t);
    const riv_str cc = town_hash_text(&t, &id);
    is_text(&t, GRAPH__CC, cc, "delegator", who(&t, OTHER)); /* nobody was named */
    is_text(&t, GRAPH__CC, cc, "status", RIV_LIT("WaitStart"));
    is_number(&t, GRAPH__CC, cc, "startEpoch", 2);
    is_number(&t, GRAPH__CC, cc, "endEpoch", 22);
    is_number(&t, GRAPH__CC, cc, "rewardDelegatorRate", 5000000);
    is_number(&t, GRAPH__CC, cc, "nextCCFailedEpoch", 11); /* 20 failures of 2 units from epoch 2 on */
    is_number(&t, GRAPH__PEER, peer, "currentCCNextCCFailedEpoch", 11);
    is_number(&t, GRAPH__PEER, peer, "currentCCCollateralDepositedAt", 2);
    is_text(&t, GRAPH__CC_UNIT, join(&t, cc, unit), "computeUnit", unit);

    eth_value     at   = deploy(&t);
    const riv_str deal = town_address_text(&t, &at);
    is_number(&t, GRAPH__DEAL, deal, "depositedSum", 500); /* told before the deal's creation */
    is_number(&t, GRAPH__DEAL, deal, "pricePerWorkerEpoch", 9);
    is_number(&t, GRAPH__DEAL, deal, "providersAccessType", 1);
    is_text(&t, GRAPH__DEAL, deal, "owner", who(&t, CUSTOMER));
    is_text(&t, GRAPH__DEAL, deal, "appCID", effector);
    is_text(&t, GRAPH__DEAL_ACCESS, join(&t, deal, who(&t, PROVIDER)), "provider", who(&t, PROVIDER));
    is_text(&t, GRAPH__DEAL_EFFECTOR, join(&t, deal, effector), "effector", effector);

    next_epoch(&t);
    eth_value       units[] = { u1, u1, u2 }, nonces[] = { eth_word(1), eth_word(2), eth_word(3) };
    eth_value       hash = eth_of_hash(t.params.difficulty), hashes[] = { hash, hash, hash };
    const eth_value proofs[] = { eth_list(units, 3), eth_list(nonces, 3), eth_list(hashes, 3) };
    eth_address     capacity = chain_contract_address(CHAIN_CAPACITY), market = chain_contract_address(CHAIN_MARKET);
    const riv_str   tx = town_hex(
          &t, town_do(&t, OTHER, &capacity, U256_ZERO, "submitProofs(bytes32[],bytes32[],bytes32[])", proofs)->hash.bytes,
          32);
    is_text(&t, GRAPH__PROOF, tx, "computeUnit", unit);
    is_text(&t, GRAPH__PROOF, join(&t, tx, RIV_LIT("-1")), "computeUnit", unit);
    is_text(&t, GRAPH__PROOF, join(&t, tx, RIV_LIT("-2")), "computeUnit", other);
    is_text(&t, GRAPH__PROOF, join(&t, tx, RIV_LIT("-2")), "localUnitNonce", town_hash_text(&t, &nonces[2]));
    is_number(&t, GRAPH__PROOF, tx, "createdEpoch", 2);
    is_number(&t, GRAPH__UNIT_EPOCH, join(&t, unit, RIV_LIT("2")), "submittedProofsCount", 2);
    is_number(&t, GRAPH__UNIT_EPOCH, join(&t, other, RIV_LIT("2")), "submittedProofsCount", 1);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "submittedProofsCount", 3);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "computeUnitsWithMinRequiredProofsSubmittedCounter", 1);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "activeUnitCount", 2);
    is_number(&t, GRAPH__CC, cc, "nextCCFailedEpoch", 12); /* one failure less in epoch 2 */
    is_number(&t, GRAPH__EPOCH, RIV_LIT("2"), "startBlock", t.block.height);
    is_number(&t, GRAPH__EPOCH, RIV_LIT("1"), "endBlock", t.block.height - 1);

    eth_value offers = { .word = U256_ZERO }, of_offer = eth_list(&u1, 1);
    assert_int_equal(u256_parse(offer, NULL, &offers.word), RIV_OK);
    eth_address at_deal;
    assert_int_equal(eth_read_address(deal, NULL, &at_deal), RIV_OK);
    const eth_value match[] = { eth_of_address(&at_deal), eth_list(&offers, 1), eth_list(&of_offer, 1) };
    town_do(&t, CUSTOMER, &market, U256_ZERO, "matchDeal(address,bytes32[],bytes32[][])", match);
    is_text(&t, GRAPH__UNIT, unit, "deal", deal);
    is_number(&t, GRAPH__DEAL, deal, "matchedAt", t.time_s);
    is_number(&t, GRAPH__DEAL, deal, "matchedWorkersCurrentCount", 1);
    is_number(&t, GRAPH__DEAL_PEER, join(&t, deal, peer), "connections", 1);
    is_text(&t, GRAPH__DEAL_OFFER_PEER, join(&t, deal, join(&t, offer, peer)), "offer", offer);
    is_number(&t, GRAPH__OFFER, offer, "computeUnitsAvailable", 1);
    is_number(&t, GRAPH__CC, cc, "activeUnitCount", 1);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "computeUnitsWithMinRequiredProofsSubmittedCounter",
              0); /* it serves now */

    const eth_value worker[] = { u1, town_id("worker") };
    town_do(&t, PROVIDER, &at_deal, U256_ZERO, "setWorker(bytes32,bytes32)", worker);
    is_text(&t, GRAPH__UNIT, unit, "workerId", town_hash_text(&t, &worker[1]));
    is_number(&t, GRAPH__DEAL, deal, "registeredWorkersCurrentCount", 1);
    town_do(&t, PROVIDER, &market, U256_ZERO, "returnComputeUnitFromDeal(bytes32)", &u1);
    is_number(&t, GRAPH__DEAL, deal, "registeredWorkersCurrentCount", 0);
    assert_null(graph__find(t.g, GRAPH__DEAL_PEER, join(&t, deal, peer)));
    assert_null(graph__find(t.g, GRAPH__DEAL_OFFER_PEER, join(&t, deal, join(&t, offer, peer))));
    is_number(&t, GRAPH__OFFER, offer, "computeUnitsAvailable", 2);
    town_close(&t);
}

/* A commitment is of the units that are there when it is made, in whatever order others came, went and came again. */
static void test_units_come_and_go(void **state)
{
    (void)state;
    enum { UNITS = 6 };
    static const eth_address nobody;
    static const bool        comes[] = { true, false, true, true, false };
    town                     t;
    open_story(&t, true);
    begin(&t);
    eth_value       p = town_id("p"), units[UNITS] = { town_id("u1"), town_id("u2") };
    const eth_value made[]       = { p, eth_word(20), eth_of_address(&nobody), eth_word(1) };
    bool            there[UNITS] = { true, true };
    riv_prng        prng         = riv_prng_seed(3);
    for (size_t i = 2; i < UNITS; i++) units[i] = town_id(riv_cstr(t.arena, riv_format(t.arena, "u%zu", i + 1)));
    for (int round = 0; round < 20; round++) {
        uint64_t count = 0;
        for (size_t change = 0; change < RIV_COUNT(comes); change++) {
            size_t i = (size_t)riv_prng_below(&prng, UNITS - 1) + 1; /* the first stays */
            if (there[i] && !comes[change])
                TOWN_DO(&t, PROVIDER, CHAIN_MARKET, "removeComputeUnit(bytes32)", units[i]);
            else if (!there[i] && comes[change])
                TOWN_DO(&t, PROVIDER, CHAIN_MARKET, "addComputeUnits(bytes32,bytes32[])", p, eth_list(&units[i], 1));
            there[i] = comes[change];
        }
        eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
        town_do(&t, PROVIDER, &capacity, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", made);
        eth_value     id = returned(&t);
        const riv_str cc = town_hash_text(&t, &id);
        for (size_t i = 0; i < UNITS; i++) {
            count += there[i];
            bool linked = graph__find(t.g, GRAPH__CC_UNIT, join(&t, cc, town_hash_text(&t, &units[i]))) != NULL;
            assert_int_equal(linked, there[i]);
        }
        is_number(&t, GRAPH__CC, cc, "computeUnitsCount", count);
        TOWN_DO(&t, PROVIDER, CHAIN_CAPACITY, "removeCommitment(bytes32)", id);
    }
    town_close(&t);
}

/* Whom the contract takes for the delegator when Multicall3 hands the money on: nobody tells, so it follows from whom the transaction went to. */
static void test_depositor(void **state)
{
    (void)state;
    static const eth_address nobody;
    town                     t;
    open_story(&t, true);
    begin(&t);
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY), multicall = chain_contract_address(CHAIN_MULTICALL3);
    const eth_value made[] = { town_id("p"), eth_word(20), eth_of_address(&nobody), eth_word(1) };
    town_do(&t, PROVIDER, &capacity, U256_ZERO, "createCommitment(bytes32,uint256,address,uint256)", made);
    eth_value         id = returned(&t), list = eth_list(&id, 1), view;
    const riv_str     cc  = town_hash_text(&t, &id);
    const graph__row *row = graph__find(t.g, GRAPH__CC, cc);
    u256              all;
    assert_true(u256_mul(graph__get(GRAPH__CC, row, "collateralPerUnit").number, u256_of(2), &all));
    const eth_value call[] = { eth_of_address(&capacity), eth_word(0), eth_number(all),
                               eth_data(town_data(&t, "depositCollateral(bytes32[])", &list)) };
    eth_value       one = eth_list(call, 4), calls = eth_list(&one, 1);
    town_do(&t, OTHER, &multicall, all, "aggregate3Value((address,bool,uint256,bytes)[])", &calls);
    assert_true(town_ask(&t, &capacity, 0, "getCommitment(bytes32)",
                         "((uint8,bytes32,uint256,uint256,uint256,uint256,uint256,address,uint256,uint256,uint256))",
                         &id, &view));
    is_text(&t, GRAPH__CC, cc, "delegator", town_address_text(&t, &view.items[0].items[7]));
    is_text(&t, GRAPH__CC, cc, "delegator", town_hex(&t, multicall.bytes, ETH_ADDRESS_BYTES));
    town_close(&t);
}

/* ---- proofs that are verified later ---- */

/* The claimed hash is none: the next block finds out, and what was counted is taken back. */
static void test_refused_proofs(void **state)
{
    (void)state;
    town t;
    open_story(&t, false);
    begin(&t);
    eth_value id = commit(&t), u1 = town_id("u1"), units[] = { u1, u1 }, nonces[] = { eth_word(1), eth_word(2) },
              hashes[] = { eth_word(5), eth_word(6) };
    const riv_str cc = town_hash_text(&t, &id), unit = town_hash_text(&t, &u1);
    eth_address   capacity = chain_contract_address(CHAIN_CAPACITY);
    next_epoch(&t);
    const eth_value proofs[] = { eth_list(units, 2), eth_list(nonces, 2), eth_list(hashes, 2) };
    const riv_str   tx       = town_hex(
                &t, town_do(&t, OTHER, &capacity, U256_ZERO, "submitProofs(bytes32[],bytes32[],bytes32[])", proofs)->hash.bytes,
                32);
    is_number(&t, GRAPH__NETWORK, RIV_LIT("1"), "proofsTotal", 2);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "computeUnitsWithMinRequiredProofsSubmittedCounter", 1);
    is_number(&t, GRAPH__CC, cc, "nextCCFailedEpoch", 12);
    is_text(&t, GRAPH__PROOF, tx, "computeUnit", unit);
    next_epoch(&t);
    town_block(&t);
    assert_int_equal(t.block.logs_count, 2);
    is_number(&t, GRAPH__NETWORK, RIV_LIT("1"), "proofsTotal", 0);
    is_number(&t, GRAPH__CC, cc, "submittedProofsCount", 0);
    is_number(&t, GRAPH__UNIT, unit, "submittedProofsCount", 0);
    is_number(&t, GRAPH__UNIT_EPOCH, join(&t, unit, RIV_LIT("2")), "submittedProofsCount", 0);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "submittedProofsCount", 0);
    is_number(&t, GRAPH__CC_EPOCH, join(&t, cc, RIV_LIT("2")), "computeUnitsWithMinRequiredProofsSubmittedCounter", 0);
    is_number(&t, GRAPH__CC, cc, "nextCCFailedEpoch", 11);
    assert_null(graph__find(t.g, GRAPH__PROOF, tx));
    assert_null(graph__find(t.g, GRAPH__PROOF, join(&t, tx, RIV_LIT("-1"))));
    town_close(&t);
}

/* ---- what does not fit ---- */

/* Another block behind the last, with one log: of a transaction, or the block's own. */
static riv_err made_up(town *t, bool own, const chain_log *log, riv_fault *fault)
{
    const chain_receipt r = { .valid = true, .ok = true, .from = t->who[PROVIDER], .logs = log, .logs_count = 1 };
    const chain_block   b = { .height         = t->block.height + 1,
                              .time_s         = t->time_s,
                              .receipts       = &r,
                              .receipts_count = !own,
                              .logs           = log,
                              .logs_count     = own };
    return graph_apply(t->g, &b, &t->store, fault);
}

static void test_misfits(void **state)
{
    (void)state;
    static const struct {
        const char    *name;
        chain_contract at;
        const char    *event;
        size_t         topics, data;
        bool           own;
        const char    *want;
    } cases[] = {
        { "a topic is missing", CHAIN_MARKET, "ComputeUnitCreated(bytes32,bytes32)", 1, 32, false,
          "a log of block 1 is no ComputeUnitCreated" },
        { "a topic too many", CHAIN_MARKET, "ComputeUnitCreated(bytes32,bytes32)", 3, 32, false,
          "a log of block 1 is no ComputeUnitCreated" },
        { "data is cut short", CHAIN_MARKET, "ComputeUnitCreated(bytes32,bytes32)", 2, 31, false,
          "a log of block 1 is no ComputeUnitCreated" },
        { "no such peer", CHAIN_MARKET, "ComputeUnitCreated(bytes32,bytes32)", 2, 32, false,
          "a log of block 1 tells of no Peer 0x1111111111111111111111111111111111111111111111111111111111111111" },
        { "an address that is none", CHAIN_MARKET, "ProviderInfoUpdated(address,string,(bytes4,bytes32))", 2, 256,
          false, "a log of block 1 is no ProviderInfoUpdated" },
        { "no such commitment", CHAIN_CAPACITY, "CommitmentFinished(bytes32)", 2, 0, false,
          "a log of block 1 tells of no CapacityCommitment "
          "0x1111111111111111111111111111111111111111111111111111111111111111" },
        { "no such event", CHAIN_MARKET, "Nothing(bytes32)", 2, 0, false, NULL },
        { "an event of another contract", CHAIN_CORE, "ComputeUnitCreated(bytes32,bytes32)", 1, 0, false, NULL },
        { "of nobody", CHAIN_CONTRACTS, "ComputeUnitCreated(bytes32,bytes32)", 1, 0, false, NULL },
        { "nothing was to be verified", CHAIN_CAPACITY, "ProofsConfirmed(bytes32,bytes32[],bool[])", 2, 192, true,
          "no proof of 0x1111111111111111111111111111111111111111111111111111111111111111 waits to be verified" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        town        t;
        riv_fault   fault = { 0 };
        riv_str     name;
        eth_type    args;
        crypto_hash topics[4];
        uint8_t     data[256] = { 0 };
        open_story(&t, true);
        memset(topics, 0x11, sizeof topics);
        assert_int_equal(eth_signature_parse(riv_str_c(cases[i].event), t.arena, NULL, &name, &args), RIV_OK);
        topics[0] = eth_signature_hash(name, &args);
        if (cases[i].own) { /* two lists of one each */
            data[31] = 64, data[63] = 128, data[95] = 1, data[159] = 1, data[191] = 1;
            memset(data + 96, 0x11, 32);
        }
        eth_address     at  = cases[i].at == CHAIN_CONTRACTS ? t.who[0] : chain_contract_address(cases[i].at);
        const chain_log log = { at, topics, cases[i].topics, { data, cases[i].data } };
        riv_err         err = made_up(&t, cases[i].own, &log, &fault);
        assert_int_equal(err, cases[i].want ? RIV_E_MALFORMED : RIV_OK);
        if (cases[i].want) assert_string_equal(fault.msg, cases[i].want);
        assert_int_equal(graph_next_height(t.g), cases[i].want ? 1 : 2);
        town_close(&t);
    }
}

static void test_order(void **state)
{
    (void)state;
    town      t;
    riv_fault fault = { 0 };
    open_story(&t, true);
    assert_int_equal(graph_apply(t.g, &t.block, &t.store, &fault), RIV_E_MALFORMED);
    assert_string_equal(fault.msg, "block 0 comes where block 1 should");
    chain_block old = { .height = 1, .time_s = t.params.genesis_time_s - 1 };
    fault           = (riv_fault){ 0 };
    assert_int_equal(graph_apply(t.g, &old, &t.store, &fault), RIV_E_MALFORMED);
    assert_string_equal(fault.msg, "block 1 is older than genesis");
    town_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story),   cmocka_unit_test(test_depositor), cmocka_unit_test(test_refused_proofs),
        cmocka_unit_test(test_misfits), cmocka_unit_test(test_order),     cmocka_unit_test(test_units_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
