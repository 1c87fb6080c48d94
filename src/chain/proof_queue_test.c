/* proof_queue_test.c: the queue of proofs: providers by turns, a unit's together, older epochs first; nothing is lost; nobody fills it alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/testing.h"

#include "chain/capacity.h"

static world        w;
static chain__meter meter;
static chain__call  c;

static int set_up(void **state)
{
    static const eth_address nobody;
    (void)state;
    world_open(&w, CHAIN_FIXED);
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    meter                = (chain__meter){ .gas_left = UINT64_MAX };
    c                    = world_context(&w, &nobody, &capacity, &meter);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

static chain__waiting one(uint64_t epoch, char provider, unsigned unit, unsigned nonce)
{
    chain__waiting v = { .epoch = epoch };
    memset(v.provider.bytes, provider, sizeof v.provider.bytes);
    v.unit.bytes[0]  = (uint8_t)provider;
    v.unit.bytes[1]  = (uint8_t)(unit >> 8);
    v.unit.bytes[2]  = (uint8_t)unit;
    v.nonce.bytes[0] = (uint8_t)(nonce >> 8);
    v.nonce.bytes[1] = (uint8_t)nonce;
    v.key            = proof_key_of(v.unit.bytes, v.unit.bytes);
    memset(v.claimed.bytes, 9, sizeof v.claimed.bytes);
    return v;
}

static bool add(uint64_t epoch, char provider, unsigned unit, unsigned nonce)
{
    chain__waiting v = one(epoch, provider, unit, nonce);
    return chain__queue_add(&c, &v);
}

/* "2A0.1": epoch, provider, unit, nonce. */
static riv_str take(void)
{
    chain__waiting v;
    if (!chain__queue_first(&c, &v)) return RIV_LIT("nothing");
    assert_int_equal(chain__queue_epoch(&c), v.epoch);
    chain__waiting same = one(v.epoch, (char)v.provider.bytes[0], v.unit.bytes[1] * 256u + v.unit.bytes[2],
                              v.nonce.bytes[0] * 256u + v.nonce.bytes[1]);
    same.at             = v.at;
    assert_memory_equal(same.key.bytes, v.key.bytes, sizeof v.key.bytes);
    assert_memory_equal(same.claimed.bytes, v.claimed.bytes, sizeof v.claimed.bytes);
    chain__queue_take(&c, &v);
    return riv_format(w.arena, "%u%c%u.%u", (unsigned)v.epoch, v.provider.bytes[0],
                      v.unit.bytes[1] * 256u + v.unit.bytes[2], v.nonce.bytes[0] * 256u + v.nonce.bytes[1]);
}

#define TAKES(text) assert_string_equal(riv_cstr(w.arena, take()), (text))

static void test_turns(void **state)
{
    (void)state;
    for (unsigned u = 0; u < 4; u++) assert_true(add(2, 'A', u, 0));
    assert_true(add(2, 'B', 0, 0));
    assert_true(add(2, 'A', 1, 7)); /* to its other one */
    TAKES("2A0.0");
    assert_true(add(2, 'C', 0, 0)); /* late, and few */
    assert_true(add(2, 'C', 1, 0));
    assert_true(add(2, 'A', 0, 1)); /* its others are verified: behind again */
    assert_true(add(3, 'D', 0, 0));
    assert_int_equal(chain__queue_count(&c), 9);
    TAKES("2B0.0");
    TAKES("2C0.0");
    TAKES("2A1.0");
    TAKES("2A1.7");
    TAKES("2C1.0");
    TAKES("2A2.0");
    TAKES("2A3.0");
    TAKES("2A0.1");
    TAKES("3D0.0");
    assert_int_equal(chain__queue_epoch(&c), UINT64_MAX);
    TAKES("nothing");
    assert_true(add(4, 'A', 0, 0)); /* rounds begin anew with the epoch */
    assert_true(add(4, 'A', 1, 0));
    assert_true(add(4, 'E', 0, 0));
    TAKES("4A0.0");
    TAKES("4E0.0");
    TAKES("4A1.0");
    TAKES("nothing");
}

/* Comes and goes at random: what comes out is what went in, each once, epochs ascending. */
static void test_nothing_is_lost(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        set_up(state);
        riv_prng r    = riv_prng_seed(seed);
        riv_map *in   = riv_map_new(w.arena);
        uint64_t last = 0;
        for (unsigned i = 0; i < 300; i++) {
            uint64_t epoch = 2 + i / 60;
            char     who   = (char)('A' + riv_prng_below(&r, 5));
            unsigned unit  = (unsigned)riv_prng_below(&r, 6);
            assert_true(add(epoch, who, unit, i));
            riv_str name = riv_format(w.arena, "%u%c%u.%u", (unsigned)epoch, who, unit, i);
            riv_map_put_str(in, name, &w);
            for (uint64_t k = riv_prng_below(&r, 2); k > 0; k--) {
                riv_str out = take();
                assert_non_null(riv_map_get_str(in, out));
                riv_map_remove(in, riv_str_bytes(out));
            }
        }
        while (chain__queue_count(&c)) {
            uint64_t epoch = chain__queue_epoch(&c);
            riv_str  out   = take();
            assert_true(epoch >= last);
            last = epoch;
            assert_non_null(riv_map_get_str(in, out));
            riv_map_remove(in, riv_str_bytes(out));
        }
        assert_int_equal(riv_map_count(in), 0);
        tear_down(state);
    }
}

static unsigned fill(char provider)
{
    unsigned n = 0;
    while (add(2, provider, n / 50, n % 50)) n++;
    return n;
}

/* One alone gets half of it; the others still find room, and the whole has an end. */
static void test_room(void **state)
{
    (void)state;
    enum { HALF = CHAIN__PROOFS_WAITING_MAX / 2 };
    assert_int_equal(fill('A'), HALF);
    assert_int_equal(fill('B'), HALF / 2);
    assert_int_equal(fill('C'), HALF / 3);
    assert_int_equal(fill('D'), HALF - HALF / 2 - HALF / 3);
    assert_int_equal(chain__queue_count(&c), CHAIN__PROOFS_WAITING_MAX);
    assert_false(add(2, 'E', 0, 0));
    TAKES("2A0.0");
    assert_false(add(2, 'A', 999, 0)); /* it has more than its part */
    assert_true(add(2, 'E', 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_turns, set_up, tear_down),
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
