/* rows_test.c: the table of entities holds together; rows are found, removed and made again; lists follow references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/testing.h"

static void test_schema(void **state)
{
    (void)state;
    for (size_t t = 0; t < GRAPH__TYPES; t++) {
        const graph__entity *e = &graph__schema[t];
        assert_non_null(e->name);
        assert_int_equal(graph__field_find((graph__type)t, RIV_LIT("id")), 0);
        assert_int_equal(graph__field_find((graph__type)t, RIV_LIT("Id")), SIZE_MAX);
        for (size_t i = 0; i < e->fields_count; i++) {
            const graph__field *f = &e->fields[i];
            assert_int_equal(graph__field_find((graph__type)t, riv_str_c(f->name)), i);
            assert_int_equal(f->kind == GRAPH__REF || f->kind == GRAPH__LIST, f->of != GRAPH__TYPES);
            assert_int_equal(f->kind == GRAPH__ENUM, f->words != NULL);
            if (f->kind != GRAPH__LIST) continue;
            size_t by = graph__field_find(f->of, riv_str_c(f->by));
            assert_int_not_equal(by, SIZE_MAX);
            assert_int_equal(graph__schema[f->of].fields[by].kind, GRAPH__REF);
            assert_int_equal(graph__schema[f->of].fields[by].of, t);
        }
    }
}

static size_t peers_count(const graph *g, const char *offer)
{
    graph__row *row  = graph__find(g, GRAPH__OFFER, riv_str_c(offer));
    graph__rows list = graph__list(g, GRAPH__OFFER, row, graph__field_find(GRAPH__OFFER, RIV_LIT("peers")));
    for (size_t i = 0; i < list.count; i++)
        assert_true(riv_str_eq(graph__get(GRAPH__PEER, list.items[i], "offer").text, riv_str_c(offer)));
    return list.count;
}

static void test_rows(void **state)
{
    (void)state;
    graph      *g = rows_new();
    graph__row *p = graph__make(g, GRAPH__PEER, RIV_LIT("p1"));
    assert_ptr_equal(graph__make(g, GRAPH__PEER, RIV_LIT("p1")), p);
    assert_null(graph__find(g, GRAPH__OFFER, RIV_LIT("p1")));
    assert_true(graph__get(GRAPH__PEER, p, "deleted").set);
    assert_false(graph__get(GRAPH__PEER, p, "currentCCEndEpoch").set);
    assert_true(graph__get(GRAPH__PEER, p, "provider").set); /* not nullable: empty until it is known */
    graph__set_u64(g, GRAPH__PEER, p, "currentCCEndEpoch", 7);
    assert_int_equal(u256_cmp(graph__get(GRAPH__PEER, p, "currentCCEndEpoch").number, u256_of(7)), 0);
    graph__set_null(g, GRAPH__PEER, p, "currentCCEndEpoch");
    assert_false(graph__get(GRAPH__PEER, p, "currentCCEndEpoch").set);

    /* The peer refers to an offer that comes later; then to another; then it goes. */
    graph__set_text(g, GRAPH__PEER, p, "offer", RIV_LIT("o1"));
    graph__make(g, GRAPH__OFFER, RIV_LIT("o1"));
    graph__make(g, GRAPH__OFFER, RIV_LIT("o2"));
    graph__set_text(g, GRAPH__PEER, graph__make(g, GRAPH__PEER, RIV_LIT("p2")), "offer", RIV_LIT("o1"));
    graph__set_text(g, GRAPH__PEER, graph__make(g, GRAPH__PEER, RIV_LIT("p3")), "offer", RIV_LIT("o1"));
    assert_int_equal(peers_count(g, "o1"), 3);
    graph__set_text(g, GRAPH__PEER, p, "offer", RIV_LIT("o1"));
    assert_int_equal(peers_count(g, "o1"), 3);
    graph__set_text(g, GRAPH__PEER, p, "offer", RIV_LIT("o2"));
    assert_int_equal(peers_count(g, "o1"), 2);
    assert_int_equal(peers_count(g, "o2"), 1);
    graph__remove(g, GRAPH__PEER, RIV_LIT("p2"));
    graph__remove(g, GRAPH__PEER, RIV_LIT("p2"));
    assert_int_equal(peers_count(g, "o1"), 1);
    assert_null(graph__find(g, GRAPH__PEER, RIV_LIT("p2")));
    assert_int_equal(graph__all(g, GRAPH__PEER).count, 3);
    assert_null(graph__all(g, GRAPH__PEER).items[1]);

    graph__rows by;
    assert_false(
        graph__referring(g, GRAPH__OFFER, graph__field_find(GRAPH__OFFER, RIV_LIT("paymentToken")), RIV_LIT("t"), &by));

    /* Made again: nothing of the former row is left. */
    graph__row *again = graph__make(g, GRAPH__PEER, RIV_LIT("p2"));
    assert_int_equal(graph__get(GRAPH__PEER, again, "offer").text.len, 0);
    assert_int_equal(again->number, 3);
    assert_int_equal(peers_count(g, "o1"), 1);
    rows_free(g);
}

/* Random moves of units between deals: each list holds exactly the units that name its deal. */
static void test_lists_follow(void **state)
{
    (void)state;
    enum { UNITS = 40, DEALS = 5, MOVES = 5000 };
    uint64_t seed = 20240101;
    riv_prng prng = riv_prng_seed(seed);
    graph   *g    = rows_new();
    size_t   list = graph__field_find(GRAPH__DEAL, RIV_LIT("addedComputeUnits"));
    char     name[8];
    for (size_t m = 0; m < MOVES; m++) {
        uint64_t unit = riv_prng_below(&prng, UNITS), deal = riv_prng_below(&prng, DEALS + 1),
                 what = riv_prng_below(&prng, 10);
        riv_str id    = riv_format(g->arena, "unit%llu", (unsigned long long)unit);
        if (what == 0) {
            graph__remove(g, GRAPH__UNIT, id);
            continue;
        }
        graph__row *row = graph__make(g, GRAPH__UNIT, id);
        if (deal == DEALS)
            graph__set_null(g, GRAPH__UNIT, row, "deal");
        else /* texts of different lengths */
            graph__set_text(g, GRAPH__UNIT, row, "deal", riv_str_sub(RIV_LIT("ddddd"), 0, (size_t)deal + 1));
        size_t      counts[DEALS] = { 0 }, found = 0;
        graph__rows all = graph__all(g, GRAPH__UNIT);
        for (size_t i = 0; i < all.count; i++) {
            graph__value v = all.items[i] ? graph__get(GRAPH__UNIT, all.items[i], "deal") : (graph__value){ 0 };
            if (v.set) counts[v.text.len - 1]++;
        }
        for (size_t d = 0; d < DEALS; d++) {
            memset(name, 0, sizeof name);
            memset(name, 'd', d + 1);
            graph__rows by, of;
            bool        known =
                graph__referring(g, GRAPH__UNIT, graph__field_find(GRAPH__UNIT, RIV_LIT("deal")), riv_str_c(name), &by);
            assert_true(known && by.count == counts[d]);
            of    = graph__list(g, GRAPH__DEAL, graph__make(g, GRAPH__DEAL, riv_str_c(name)), list);
            found = 0;
            for (size_t i = 0; i < of.count; i++)
                found += graph__get(GRAPH__UNIT, of.items[i], "deal").text.len == d + 1;
            if (found != of.count || of.count != counts[d])
                fail_msg("seed %llu, move %zu", (unsigned long long)seed, m);
        }
    }
    rows_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_lists_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
