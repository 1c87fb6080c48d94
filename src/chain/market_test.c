/* market_test.c: providers, offers, peers, units, effectors: every refusal with its text, every event, the views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market_testing.h"

#define ADD_PEERS       "addComputePeers(bytes32,(bytes32,address,bytes32[])[])"
#define ADD_UNITS       "addComputeUnits(bytes32,bytes32[])"
#define REMOVE_UNIT     "removeComputeUnit(bytes32)"
#define REMOVE_PEER     "removeComputePeer(bytes32)"
#define REMOVE_OFFER    "removeOffer(bytes32)"
#define PRICE           "changeMinPricePerWorkerEpoch(bytes32,uint256)"
#define TOKEN           "changePaymentToken(bytes32,address)"
#define ADD_EFFECTOR    "addEffector(bytes32,(bytes4,bytes32)[])"
#define REMOVE_EFFECTOR "removeEffector(bytes32,(bytes4,bytes32)[])"
#define SET_INFO        "setProviderInfo(string,(bytes4,bytes32))"
#define SET_EFFECTOR    "setEffectorInfo((bytes4,bytes32),string,(bytes4,bytes32))"

static world w;

static int set_up(void **state)
{
    (void)state;
    world_open(&w, CHAIN_FIXED);
    world_provider(&w, "pia");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static eth_value zero(void) { return eth_word(0); }
static eth_value id_value(const chain__id *id) { return eth_of_hash(id->bytes); }

static void test_provider(void **state)
{
    (void)state;
    WORLD_REVERTS(&w, "Name should be not empty", "max", CHAIN_MARKET, SET_INFO, eth_text(RIV_LIT("")),
                  world_cid(&w, "x"));
    WORLD_OK(&w, "max", CHAIN_MARKET, SET_INFO, eth_text(RIV_LIT("Max & Co")), world_cid(&w, "about"));
    assert_int_equal(w.logs.len, 1);
    assert_int_equal(world_events(&w, CHAIN__EVENT_PROVIDER_INFO), 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getProviderInfo(address)", world_name("max"));
    const eth_value *info = w.out.items[0].items;
    assert_true(riv_bytes_eq(info[0].bytes, riv_str_bytes(RIV_LIT("Max & Co"))));
    assert_int_equal(u256_cmp(info[1].items[1].word, world_id_value("about").word), 0);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getProviderInfo(address)", world_name("nobody"));
    assert_int_equal(w.out.items[0].items[0].bytes.len, 0);
}

/* ---- offers ---- */

static void test_register_refused(void **state)
{
    (void)state;
    eth_value none = world_none(), usd = world_usd();
    eth_value twice[] = { world_id_value("u"), world_id_value("u") };
    eth_value peer_0  = WORLD_LIST(&w, WORLD_LIST(&w, zero(), zero(), none));
    eth_value empty   = WORLD_LIST(&w, world_peer(&w, "p", 0));
    eth_value unit_0  = WORLD_LIST(&w, WORLD_LIST(&w, world_id_value("p"), zero(), WORLD_LIST(&w, zero())));
    eth_value same    = WORLD_LIST(&w, WORLD_LIST(&w, world_id_value("p"), zero(), eth_list(twice, 2)));
    eth_value peers_2 = WORLD_LIST(&w, world_peer(&w, "p", 1), world_peer(&w, "p", 1));
    const struct {
        const char *why, *by;
        eth_value   args[6];
    } cases[] = {
        { "Provider doesn't exist", "bob", { eth_word(1), usd, none, none, eth_word(1), eth_word(1) } },
        { "Min price per epoch should be greater than 0",
          "pia",
          { zero(), usd, none, none, eth_word(1), eth_word(1) } },
        { "Payment token should be not zero address",
          "pia",
          { eth_word(1), zero(), none, none, eth_word(1), eth_word(1) } },
        { "Min protocol version too small", "pia", { eth_word(1), usd, none, none, zero(), eth_word(1) } },
        { "Max protocol version too big", "pia", { eth_word(1), usd, none, none, eth_word(1), eth_word(2) } },
        { "Wrong protocol versions", "pia", { eth_word(1), usd, none, none, eth_word(1), zero() } },
        { "Peer id should be not empty", "pia", { eth_word(1), usd, none, peer_0, eth_word(1), eth_word(1) } },
        { "Units should be greater than 0", "pia", { eth_word(1), usd, none, empty, eth_word(1), eth_word(1) } },
        { "Unit id should be not empty", "pia", { eth_word(1), usd, none, unit_0, eth_word(1), eth_word(1) } },
        { "Compute unit already exists", "pia", { eth_word(1), usd, none, same, eth_word(1), eth_word(1) } },
        { "Peer already exists in another offer",
          "pia",
          { eth_word(1), usd, none, peers_2, eth_word(1), eth_word(1) } },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        assert_false(world_call(&w, cases[i].by, CHAIN_MARKET, WORLD_REGISTER, cases[i].args));
        assert_string_equal(riv_cstr(w.arena, w.text), cases[i].why);
        assert_int_equal(w.logs.len, 0);
    }
}

static void test_register(void **state)
{
    (void)state;
    eth_value fx = WORLD_LIST(&w, world_cid(&w, "curl"), world_cid(&w, "ipfs"), world_cid(&w, "curl"));
    chain__id id = world_offer(&w, "pia", 7, fx, WORLD_LIST(&w, world_peer(&w, "p1", 2), world_peer(&w, "p2", 1)));
    assert_int_equal(w.logs.len, 1 + 2 + 3);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getOffer(bytes32)", id_value(&id));
    const eth_value *o = w.out.items[0].items;
    assert_int_equal(u256_cmp(o[0].word, world_name("pia").word), 0);
    assert_int_equal(o[1].word.limb[0], 7);
    assert_int_equal(u256_cmp(o[2].word, world_usd().word), 0);
    assert_int_equal(o[3].word.limb[0], 2);
    assert_int_equal(o[4].word.limb[0], 1);
    assert_int_equal(o[5].word.limb[0], 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputePeer(bytes32)", world_id_value("p1"));
    const eth_value *p = w.out.items[0].items;
    assert_int_equal(u256_cmp(p[0].word, id_value(&id).word), 0);
    assert_true(u256_is_zero(p[1].word));
    assert_int_equal(p[2].word.limb[0], 2);
    assert_int_equal(u256_cmp(p[3].word, world_name("p1 owner").word), 0);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnit(bytes32)", world_id_value("p1 1"));
    assert_int_equal(u256_cmp(w.out.items[0].items[1].word, world_id_value("p1").word), 0);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnitIds(bytes32)", world_id_value("p1"));
    assert_int_equal(w.out.items[0].items_count, 2);
    assert_int_equal(u256_cmp(w.out.items[0].items[1].word, world_id_value("p1 1").word), 0);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnits(bytes32)", world_id_value("p1"));
    assert_int_equal(w.out.items[0].items_count, 2);
    assert_int_equal(u256_cmp(w.out.items[0].items[0].items[0].word, world_id_value("p1 0").word), 0);
    WORLD_REVERTS(&w, "Offer doesn't exist", "x", CHAIN_MARKET, "getOffer(bytes32)", world_id_value("?"));
    WORLD_REVERTS(&w, "Peer doesn't exist", "x", CHAIN_MARKET, "getComputePeer(bytes32)", world_id_value("?"));
    WORLD_REVERTS(&w, "Compute unit doesn't exist", "x", CHAIN_MARKET, "getComputeUnit(bytes32)", world_id_value("?"));
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnitIds(bytes32)", world_id_value("?"));
    assert_int_equal(w.out.items[0].items_count, 0);
}

/* keccak256(keccak256("fluence.market.offer") - 1, provider, block.number, msg.data): by arithmetic of its own. */
static void test_offer_id(void **state)
{
    (void)state;
    eth_value       none   = world_none();
    const eth_value args[] = { eth_word(3), world_usd(), none, none, eth_word(1), eth_word(1) };
    chain__id       id     = world_offer(&w, "pia", 3, none, none);
    riv_str         name;
    eth_type        types;
    riv_buf         in  = riv_buf_in(w.arena);
    crypto_hash     at  = crypto_keccak256(RIV_BYTES("fluence.market.offer"));
    eth_address     pia = world_who("pia");
    assert_int_equal(eth_signature_parse(RIV_LIT(WORLD_REGISTER), w.arena, NULL, &name, &types), RIV_OK);
    assert_true(at.bytes[31] > 0);
    at.bytes[31]--;
    riv_put_bytes(&in, (riv_bytes){ at.bytes, 32 });
    riv_put_bytes(&in, (riv_bytes){ pia.bytes, 20 });
    for (int i = 0; i < 3; i++) riv_put_u64be(&in, 0);
    riv_put_u64be(&in, w.height);
    crypto_hash selector = eth_signature_hash(name, &types);
    eth_value   all      = eth_list(args, RIV_COUNT(args));
    riv_put_bytes(&in, (riv_bytes){ selector.bytes, 4 });
    eth_abi_put(&types, &all, &in);
    crypto_hash want = crypto_keccak256(riv_buf_view(&in));
    assert_memory_equal(id.bytes, want.bytes, 32);
    w.height--; /* the same call in the same block */
    WORLD_REVERTS(&w, "Offer already exists", "pia", CHAIN_MARKET, WORLD_REGISTER, args[0], args[1], args[2], args[3],
                  args[4], args[5]);
}

static void test_changes(void **state)
{
    (void)state;
    eth_value none = world_none();
    chain__id id =
        world_offer(&w, "pia", 7, WORLD_LIST(&w, world_cid(&w, "curl")), WORLD_LIST(&w, world_peer(&w, "p1", 1)));
    eth_value offer = id_value(&id), p1 = world_id_value("p1");
    const struct {
        const char *why, *by, *what;
        eth_value   args[2];
    } cases[] = {
        { "Only owner can change offer", "bob", PRICE, { offer, eth_word(1) } },
        { "Only owner can change offer", "pia", PRICE, { world_id_value("?"), eth_word(1) } },
        { "Min price per epoch should be greater than 0", "pia", PRICE, { offer, zero() } },
        { "Only owner can change offer", "bob", TOKEN, { offer, world_usd() } },
        { "Payment token should be not zero address", "pia", TOKEN, { offer, zero() } },
        { "Only owner can change offer", "bob", ADD_EFFECTOR, { offer, none } },
        { "Effector already exists", "pia", ADD_EFFECTOR, { offer, WORLD_LIST(&w, world_cid(&w, "curl")) } },
        { "Effector already exists",
          "pia",
          ADD_EFFECTOR,
          { offer, WORLD_LIST(&w, world_cid(&w, "a"), world_cid(&w, "a")) } },
        { "Only owner can change offer", "bob", REMOVE_EFFECTOR, { offer, none } },
        { "Effector doesn't exist", "pia", REMOVE_EFFECTOR, { offer, WORLD_LIST(&w, world_cid(&w, "ipfs")) } },
        { "Offer doesn't exist", "pia", ADD_PEERS, { world_id_value("?"), none } },
        { "Only owner can change offer", "bob", ADD_PEERS, { offer, none } },
        { "Peers should not be empty", "pia", ADD_PEERS, { offer, none } },
        { "Peer already exists in another offer",
          "pia",
          ADD_PEERS,
          { offer, WORLD_LIST(&w, world_peer(&w, "p1", 1)) } },
        { "Peer id should be not empty", "pia", ADD_UNITS, { zero(), none } },
        { "Peer doesn't exist", "pia", ADD_UNITS, { world_id_value("?"), none } },
        { "Only owner can change offer", "bob", ADD_UNITS, { p1, none } },
        { "Units should be greater than 0", "pia", ADD_UNITS, { p1, none } },
        { "Compute unit already exists", "pia", ADD_UNITS, { p1, WORLD_LIST(&w, world_id_value("p1 0")) } },
        { "Compute unit doesn't exist", "pia", REMOVE_UNIT, { world_id_value("?") } },
        { "Only owner can remove compute unit", "bob", REMOVE_UNIT, { world_id_value("p1 0") } },
        { "Peer doesn't exist", "pia", REMOVE_PEER, { world_id_value("?") } },
        { "Only owner can change offer", "bob", REMOVE_PEER, { p1 } },
        { "Peer has compute units", "pia", REMOVE_PEER, { p1 } },
        { "Only owner can change offer", "bob", REMOVE_OFFER, { offer } },
        { "Offer has compute peers", "pia", REMOVE_OFFER, { offer } },
        { "Compute unit doesn't exist", "pia", "returnComputeUnitFromDeal(bytes32)", { world_id_value("?") } },
        { "Compute unit already free", "pia", "returnComputeUnitFromDeal(bytes32)", { world_id_value("p1 0") } },
        { "BaseModule: caller is not the capacity",
          "owner",
          "setStartEpoch(bytes32,uint256)",
          { world_id_value("p1 0"), zero() } },
        { "BaseModule: caller is not the capacity", "owner", "setCommitmentId(bytes32,bytes32)", { p1, zero() } },
        { "Peer doesn't exist", "pia", "refreshPeer(bytes32)", { world_id_value("?") } },
        { "Initializable: contract is already initialized", "owner", "initialize()", { zero() } },
        { "BaseModule: caller is not the owner", "bob", "upgradeTo(address)", { zero() } },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        assert_false(world_call(&w, cases[i].by, CHAIN_MARKET, cases[i].what, cases[i].args));
        assert_string_equal(riv_cstr(w.arena, w.text), cases[i].why);
    }
    WORLD_OK(&w, "pia", CHAIN_MARKET, PRICE, offer, eth_word(9));
    assert_int_equal(w.logs.len, 1);
    WORLD_OK(&w, "pia", CHAIN_MARKET, TOKEN, offer, world_name("another"));
    assert_int_equal(w.logs.len, 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getOffer(bytes32)", offer);
    assert_int_equal(w.out.items[0].items[1].word.limb[0], 9);
    assert_int_equal(u256_cmp(w.out.items[0].items[2].word, world_name("another").word), 0);
    WORLD_OK(&w, "pia", CHAIN_MARKET, ADD_EFFECTOR, offer, WORLD_LIST(&w, world_cid(&w, "a"), world_cid(&w, "b")));
    assert_int_equal(w.logs.len, 2);
    WORLD_OK(&w, "pia", CHAIN_MARKET, REMOVE_EFFECTOR, offer,
             WORLD_LIST(&w, world_cid(&w, "curl"), world_cid(&w, "b")));
    assert_int_equal(w.logs.len, 2);
}

/* Away with all of it, from the units up; then the ids are free again. */
static void test_removing(void **state)
{
    (void)state;
    chain__id id = world_offer(&w, "pia", 7, world_none(), WORLD_LIST(&w, world_peer(&w, "p1", 3)));
    WORLD_OK(&w, "pia", CHAIN_MARKET, ADD_UNITS, world_id_value("p1"), WORLD_LIST(&w, world_id_value("p1 3")));
    WORLD_OK(&w, "pia", CHAIN_MARKET, REMOVE_UNIT, world_id_value("p1 0"));
    WORLD_OK(&w, "x", CHAIN_MARKET, "getComputeUnitIds(bytes32)", world_id_value("p1"));
    assert_int_equal(w.out.items[0].items_count, 3);
    assert_int_equal(u256_cmp(w.out.items[0].items[0].word, world_id_value("p1 3").word),
                     0); /* the last one in the hole */
    for (uint64_t i = 1; i < 4; i++)
        WORLD_OK(&w, "pia", CHAIN_MARKET, REMOVE_UNIT, world_id_value(world_unit(&w, "p1", i)));
    assert_int_equal(w.logs.len, 1);
    assert_int_equal(w.logs.ptr[0].topics_count, 3);
    WORLD_OK(&w, "pia", CHAIN_MARKET, REMOVE_PEER, world_id_value("p1"));
    WORLD_REVERTS(&w, "Peer doesn't exist", "x", CHAIN_MARKET, "getComputePeer(bytes32)", world_id_value("p1"));
    WORLD_OK(&w, "pia", CHAIN_MARKET, REMOVE_OFFER, id_value(&id));
    assert_int_equal(w.logs.len, 0);
    WORLD_REVERTS(&w, "Offer doesn't exist", "x", CHAIN_MARKET, "getOffer(bytes32)", id_value(&id));
    (void)world_offer(&w, "pia", 7, world_none(), WORLD_LIST(&w, world_peer(&w, "p1", 3)));
}

static void test_effector_info(void **state)
{
    (void)state;
    eth_value id = world_cid(&w, "curl"), about = world_cid(&w, "about curl");
    WORLD_REVERTS(&w, "BaseModule: caller is not the owner", "pia", CHAIN_MARKET, SET_EFFECTOR, id,
                  eth_text(RIV_LIT("x")), about);
    WORLD_REVERTS(&w, "Description should be not empty", "owner", CHAIN_MARKET, SET_EFFECTOR, id, eth_text(RIV_LIT("")),
                  about);
    WORLD_REVERTS(&w, "Effector info doesn't exist", "owner", CHAIN_MARKET, "removeEffectorInfo((bytes4,bytes32))", id);
    WORLD_OK(&w, "owner", CHAIN_MARKET, SET_EFFECTOR, id, eth_text(RIV_LIT("fetches")), about);
    assert_int_equal(world_events(&w, CHAIN__EVENT_EFFECTOR_INFO), 1);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getEffectorInfo((bytes4,bytes32))", id);
    assert_true(riv_bytes_eq(w.out.items[0].items[0].bytes, riv_str_bytes(RIV_LIT("fetches"))));
    WORLD_OK(&w, "owner", CHAIN_MARKET, "removeEffectorInfo((bytes4,bytes32))", id);
    WORLD_OK(&w, "x", CHAIN_MARKET, "getEffectorInfo((bytes4,bytes32))", id);
    assert_int_equal(w.out.items[0].items[0].bytes.len, 0);
}

static eth_value call_data(const char *signature, const eth_value *args)
{
    riv_buf out = riv_buf_in(w.arena);
    assert_int_equal(eth_call_put(riv_str_c(signature), args, w.arena, NULL, &out), RIV_OK);
    return eth_data(riv_buf_view(&out));
}

static void test_multicall(void **state)
{
    (void)state;
    const eth_value info[] = { eth_text(RIV_LIT("Bob")), world_cid(&w, "x") },
                    bad[]  = { eth_text(RIV_LIT("")), world_cid(&w, "x") };
    const eth_value who[]  = { world_name("bob") };
    eth_value       set = call_data(SET_INFO, info), fails = call_data(SET_INFO, bad),
              get = call_data("getProviderInfo(address)", who);
    WORLD_OK(&w, "bob", CHAIN_MARKET, "multicall(bytes[])", WORLD_LIST(&w, set, get)); /* bob is the sender in it */
    assert_int_equal(w.out.items[0].items_count, 2);
    assert_int_equal(w.out.items[0].items[0].bytes.len, 0);
    assert_true(w.out.items[0].items[1].bytes.len > 96);
    WORLD_REVERTS(&w, "Name should be not empty", "eve", CHAIN_MARKET, "multicall(bytes[])",
                  WORLD_LIST(&w, set, fails));
    WORLD_OK(&w, "x", CHAIN_MARKET, "getProviderInfo(address)", world_name("eve"));
    assert_int_equal(w.out.items[0].items[0].bytes.len, 0); /* all of it was taken back */
    WORLD_REVERTS(&w, "Address: low-level delegate call failed", "eve", CHAIN_MARKET, "multicall(bytes[])",
                  WORLD_LIST(&w, eth_data(RIV_BYTES("\1\2\3\4"))));
    eth_value deep = set; /* a call in a call in a call: bounded */
    for (int i = 0; i < 40; i++) {
        const eth_value list[] = { WORLD_LIST(&w, deep) };
        deep                   = call_data("multicall(bytes[])", list);
    }
    WORLD_REVERTS(&w, "Address: low-level delegate call failed", "bob", CHAIN_MARKET, "multicall(bytes[])",
                  WORLD_LIST(&w, deep));
}

static void test_effectors_bounded(void **state)
{
    (void)state;
    eth_value *many = riv_new(w.arena, eth_value, CHAIN__OFFER_EFFECTORS_MAX + 1);
    for (size_t i = 0; i <= CHAIN__OFFER_EFFECTORS_MAX; i++) many[i] = world_cid(&w, world_unit(&w, "e", i));
    chain__id id = world_offer(&w, "pia", 1, eth_list(many, CHAIN__OFFER_EFFECTORS_MAX), world_none());
    WORLD_REVERTS(&w, "Too many effectors in one offer", "pia", CHAIN_MARKET, ADD_EFFECTOR, id_value(&id),
                  eth_list(many + CHAIN__OFFER_EFFECTORS_MAX, 1));
    WORLD_REVERTS(&w, "Too many effectors in one offer", "pia", CHAIN_MARKET, WORLD_REGISTER, eth_word(1), world_usd(),
                  eth_list(many, CHAIN__OFFER_EFFECTORS_MAX + 1), world_none(), eth_word(1), eth_word(1));
}

/* A list that cannot be paid is not begun: a call that runs out of gas takes no room for its items. */
static void test_list_unpaid(void **state)
{
    (void)state;
    enum { UNITS = 20000 };
    const char *const lists[] = { "getComputeUnitIds(bytes32)", "getComputeUnits(bytes32)" };
    const eth_value   peer[]  = { world_id_value("big") };
    world_offer(&w, "pia", 1, world_none(), WORLD_LIST(&w, world_peer(&w, "big", UNITS)));
    for (size_t i = 0; i < RIV_COUNT(lists); i++) {
        eth_address  who = world_who("x"), market = chain_contract_address(CHAIN_MARKET);
        chain__meter meter = { .gas_left = 10000 };
        chain__call  c     = world_context(&w, &who, &market, &meter);
        riv_bytes    returned;
        c.data        = call_data(lists[i], peer).bytes;
        size_t before = riv_arena_held(w.arena);
        assert_int_equal(chain__run(&c, &returned), RIV_E_LIMIT);
        assert_int_equal(meter.gas_used, 10000);
        assert_true(riv_arena_held(w.arena) - before < UNITS * 16);
    }
    WORLD_OK(&w, "x", CHAIN_MARKET, lists[0], peer[0]);
    assert_int_equal(w.out.items[0].items_count, UNITS);
}

static void test_resources(void **state)
{
    (void)state;
    WORLD_OK(&w, "x", CHAIN_MARKET, "computeUnitResources()", zero());
    assert_int_equal(w.out.items[0].word.limb[0], 1);
    assert_int_equal(w.out.items[1].word.limb[0], 4000000000);
    assert_int_equal(w.out.items[2].word.limb[0], 5000000000);
    WORLD_OK(&w, "x", CHAIN_MARKET, "owner()", zero());
    assert_int_equal(u256_cmp(w.out.items[0].word, world_name("owner").word), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_provider),          TEST(test_register_refused), TEST(test_register),      TEST(test_offer_id),
        TEST(test_changes),           TEST(test_removing),         TEST(test_effector_info), TEST(test_multicall),
        TEST(test_effectors_bounded), TEST(test_list_unpaid),      TEST(test_resources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
