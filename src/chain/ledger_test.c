/* ledger_test.c: a deal's money: the spec's cases by hand, and random lives against a model that settles one epoch after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/market.h"

static uint64_t low(u256 v)
{
    uint64_t out;
    assert_true(u256_u64(v, &out));
    return out;
}

/* ---- the virtual commit. SPEC market.md 4.2 ---- */

typedef struct look_case {
    const char *name;
    uint64_t    total, max_paid, last, ended, workers, current;
    uint64_t    want_total, want_locked, want_gaps, want_epoch;
} look_case;

#define PRICE 10
static const look_case look_cases[] = {
    /* name                            total paid last end W  now  total locked gaps C */
    { "nothing new", 100, 0, 4, 0, 0, 5, 100, 0, 0, 4 },
    { "all paid", 100, 9, 4, 0, 2, 8, 40, 60, 0, 7 },
    { "just paid", 100, 9, 4, 0, 2, 10, 0, 100, 0, 9 },
    { "one epoch behind the money", 100, 9, 4, 0, 2, 11, 0, 100, 1, 10 },
    { "long behind the money", 105, 9, 4, 0, 2, 30, 5, 100, 20, 29 },
    { "dry at the last commit", 5, 4, 4, 0, 2, 7, 5, 0, 2, 6 },
    { "too few workers: paid is 0", 100, 0, 4, 0, 2, 7, 100, 0, 2, 6 },
    { "ended: settled to its end", 100, 6, 4, 6, 2, 50, 60, 40, 0, 6 },
    { "ended without workers", 100, 0, 4, 6, 0, 50, 100, 0, 2, 6 },
    { "ended in this epoch", 100, 5, 4, 5, 2, 5, 80, 20, 0, 5 },
    { "ended and settled", 100, 6, 6, 6, 2, 50, 100, 0, 0, 6 },
};

static void test_look(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(look_cases); i++) {
        const look_case *t = &look_cases[i];
        chain__ledger    l = { .total          = u256_of(t->total),
                               .max_paid       = u256_of(t->max_paid),
                               .price          = u256_of(PRICE),
                               .min_workers    = u256_of(1),
                               .last_committed = t->last,
                               .ended          = t->ended,
                               .workers        = t->workers };
        chain__snapshot  s;
        print_message("%s\n", t->name);
        assert_true(chain__ledger_look(&l, t->current, &s));
        assert_int_equal(low(s.total), t->want_total);
        assert_int_equal(low(s.locked), t->want_locked);
        assert_int_equal(s.gaps, t->want_gaps);
        assert_int_equal(s.epoch, t->want_epoch);
        assert_int_equal(s.ended, t->ended != 0);
    }
    chain__ledger broken = {
        .total = u256_of(59), .max_paid = u256_of(9), .price = u256_of(PRICE), .last_committed = 4, .workers = 2
    };
    chain__snapshot s;
    assert_false(chain__ledger_look(&broken, 8, &s)); /* more was promised than is there */
}

/* ---- the stored commit ---- */

typedef struct commit_case {
    const char    *name;
    uint64_t       total, price, min, before, after, ended, max_paid;
    chain__settled want;
    uint64_t       want_paid;
} commit_case;

static const commit_case commit_cases[] = {
    /* name                            total price min was now end paid  settled                  paid */
    { "the first worker", 100, 10, 1, 0, 1, 0, 0, CHAIN__SETTLED_MAX_PAID, 17 },
    { "two workers, remainder stays", 109, 10, 1, 1, 2, 0, 17, CHAIN__SETTLED_MAX_PAID, 12 },
    { "less than one epoch is left", 9, 10, 1, 1, 1, 0, 3, CHAIN__SETTLED_MAX_PAID, 7 },
    { "too few yet", 100, 10, 3, 1, 2, 0, 0, CHAIN__SETTLED, 0 },
    { "enough now", 100, 10, 3, 2, 3, 0, 0, CHAIN__SETTLED_MAX_PAID, 10 },
    { "too few again", 100, 10, 3, 3, 2, 0, 10, CHAIN__SETTLED_MAX_PAID, 0 },
    { "still too few", 100, 10, 3, 2, 1, 0, 0, CHAIN__SETTLED, 0 },
    { "ended: nothing is promised", 100, 10, 1, 1, 0, 7, 7, CHAIN__SETTLED, 7 },
    { "Q2: a price of zero", 100, 0, 1, 0, 1, 0, 0, CHAIN__SETTLED_BY_ZERO, 0 },
};

static void test_commit(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(commit_cases); i++) {
        const commit_case *t = &commit_cases[i];
        chain__ledger      l = { .max_paid    = u256_of(t->max_paid),
                                 .price       = u256_of(t->price),
                                 .min_workers = u256_of(t->min),
                                 .workers     = t->before,
                                 .ended       = t->ended };
        chain__snapshot    s = { u256_of(t->total), u256_of(3), 2, 8, 7, t->ended != 0 };
        print_message("%s\n", t->name);
        assert_int_equal(chain__ledger_commit(&l, &s, t->after), t->want);
        assert_int_equal(low(l.max_paid), t->want_paid);
        if (t->want == CHAIN__SETTLED_BY_ZERO) continue;
        assert_int_equal(low(l.total), t->total);
        assert_int_equal(low(l.locked), 3);
        assert_int_equal(l.gaps, 2);
        assert_int_equal(l.last_committed, 7);
        assert_int_equal(l.workers, t->after);
    }
    u256            most;
    chain__ledger   l = { .price = u256_of(1), .min_workers = u256_of(1) };
    chain__snapshot s = { .epoch = 7 };
    (void)!u256_sub(U256_ZERO, u256_of(1), &most);
    s.total = most;
    assert_int_equal(chain__ledger_commit(&l, &s, 1), CHAIN__SETTLED_OVERFLOW);
    assert_int_equal(l.workers, 0);
}

static void test_reward(void **state)
{
    (void)state;
    static const struct {
        uint64_t epoch, gaps, unit_epoch, unit_gaps;
        bool     fits;
        uint64_t want;
    } cases[] = {
        { 9, 0, 4, 0, true, 50 }, { 9, 3, 4, 1, true, 30 }, { 9, 5, 4, 0, true, 0 },  { 9, 6, 4, 0, false, 0 },
        { 9, 0, 9, 0, true, 0 },  { 3, 0, 4, 0, false, 0 }, { 9, 1, 4, 2, false, 0 },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        chain__snapshot s = { .epoch = cases[i].epoch, .gaps = cases[i].gaps };
        u256            out;
        assert_int_equal(chain__ledger_reward(&s, u256_of(PRICE), cases[i].unit_epoch, cases[i].unit_gaps, &out),
                         cases[i].fits);
        if (cases[i].fits) assert_int_equal(low(out), cases[i].want);
    }
}

/* SPEC market.md 4.3: the order of the questions */
static void test_status(void **state)
{
    (void)state;
    static const struct {
        bool               ended;
        uint64_t           max_paid, current, total, workers;
        chain__deal_status want;
    } cases[] = {
        { true, 5, 9, 0, 0, CHAIN__ENDED },
        { false, 5, 6, 0, 0, CHAIN__INSUFFICIENT_FUNDS },
        { false, 5, 5, 39, 2, CHAIN__SMALL_BALANCE },
        { false, 0, 9, 39, 0, CHAIN__SMALL_BALANCE },
        { false, 0, 9, 40, 1, CHAIN__NOT_ENOUGH_WORKERS },
        { false, 9, 9, 40, 2, CHAIN__ACTIVE },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        chain__ledger   l = { .max_paid    = u256_of(cases[i].max_paid),
                              .min_workers = u256_of(2),
                              .workers     = cases[i].workers };
        chain__snapshot s = { .total = u256_of(cases[i].total), .current = cases[i].current, .ended = cases[i].ended };
        assert_int_equal(chain__ledger_status(&l, &s, u256_of(40)), cases[i].want);
    }
}

/* ---- random lives against a model ---- */

enum { UNITS = 5, LIVES = 300, STEPS = 60 };

/* One epoch after the other: at its end an epoch is paid to all workers when there are enough of them and money for all. */
typedef struct model {
    uint64_t total, earned[UNITS], price, min, epoch, ended;
    bool     works[UNITS];
} model;

static uint64_t model_workers(const model *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < UNITS; i++) n += m->works[i];
    return n;
}

static void model_next(model *m)
{
    uint64_t n = model_workers(m), cost = n * m->price;
    if ((!m->ended || m->ended == m->epoch) && n >= m->min && cost <= m->total) {
        m->total -= cost;
        for (size_t i = 0; i < UNITS; i++) m->earned[i] += m->works[i] ? m->price : 0;
    }
    m->epoch++;
}

typedef struct life {
    chain__ledger ledger;
    uint64_t      unit_epoch[UNITS], unit_gaps[UNITS];
} life;

static void commit(life *l, const chain__snapshot *s, uint64_t workers)
{
    chain__settled settled = chain__ledger_commit(&l->ledger, s, workers);
    assert_true(settled == CHAIN__SETTLED || settled == CHAIN__SETTLED_MAX_PAID);
}

static void step(riv_prng *p, model *m, life *l)
{
    chain__snapshot s;
    size_t          unit   = riv_prng_below(p, UNITS);
    uint64_t        amount = riv_prng_below(p, 60);
    assert_true(chain__ledger_look(&l->ledger, m->epoch, &s));
    switch (riv_prng_below(p, 8)) {
    case 0: /* a unit begins */
        if (m->ended || m->works[unit]) break;
        m->works[unit]  = true;
        m->earned[unit] = 0;
        commit(l, &s, l->ledger.workers + 1);
        l->unit_epoch[unit] = s.epoch;
        l->unit_gaps[unit]  = s.gaps;
        break;
    case 1: /* a unit goes, paid; after the end only when its last epoch is over: the original pays that at once */
        if (!m->works[unit] || (m->ended && m->epoch <= m->ended)) break;
        assert_true(u256_sub(s.locked, u256_of(m->earned[unit]), &s.locked));
        m->works[unit]  = false;
        m->earned[unit] = 0;
        commit(l, &s, l->ledger.workers - 1);
        break;
    case 2: /* a deposit */
        if (m->ended) break;
        m->total += amount;
        assert_true(u256_add(s.total, u256_of(amount), &s.total));
        commit(l, &s, l->ledger.workers);
        break;
    case 3: /* a withdrawal */
        if (m->ended || amount > m->total) break;
        m->total -= amount;
        assert_true(u256_sub(s.total, u256_of(amount), &s.total));
        commit(l, &s, l->ledger.workers);
        break;
    case 4: /* the end, rarely */
        if (m->ended || riv_prng_below(p, 10)) break;
        commit(l, &s, l->ledger.workers);
        if (u256_cmp(l->ledger.max_paid, u256_of(m->epoch)) > 0) l->ledger.max_paid = u256_of(m->epoch);
        l->ledger.ended = m->epoch;
        m->ended        = m->epoch;
        break;
    default: /* time */
        for (uint64_t i = riv_prng_below(p, 4); i > 0; i--) model_next(m);
    }
}

static void compare(const model *m, const life *l)
{
    chain__snapshot s;
    uint64_t        locked = 0;
    if (m->ended && m->epoch <= m->ended) return; /* the contract settles the last epoch in it, the model at its end */
    assert_true(chain__ledger_look(&l->ledger, m->epoch, &s));
    assert_int_equal(low(s.total), m->total);
    for (size_t i = 0; i < UNITS; i++) {
        u256 reward = U256_ZERO;
        if (m->works[i])
            assert_true(chain__ledger_reward(&s, l->ledger.price, l->unit_epoch[i], l->unit_gaps[i], &reward));
        assert_int_equal(low(reward), m->works[i] ? m->earned[i] : 0);
        locked += low(reward);
    }
    assert_int_equal(low(s.locked), locked); /* what is locked is what units have earned, to the last part */
}

static uint64_t the_seed;

static int tell_seed(void **state)
{
    (void)state;
    print_message("the last seed: %u\n", (unsigned)the_seed);
    return 0;
}

static void test_lives(void **state)
{
    (void)state;
    uint64_t ended = 0, dry = 0, paid = 0;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        riv_prng p = riv_prng_seed(the_seed = seed);
        model    m = { .price = 1 + riv_prng_below(&p, 12),
                       .min   = 1 + riv_prng_below(&p, 3),
                       .epoch = 1 + riv_prng_below(&p, 5) };
        life     l = { .ledger = {
                           .price = u256_of(m.price), .min_workers = u256_of(m.min), .last_committed = m.epoch - 1 } };
        for (size_t i = 0; i < STEPS; i++) {
            step(&p, &m, &l);
            compare(&m, &l);
        }
        ended += m.ended != 0;
        dry += m.total < m.price;
        for (size_t i = 0; i < UNITS; i++) paid += m.earned[i] > 0;
    }
    assert_true(ended > 20 && dry > 20 && paid > 50); /* the lives were worth living */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_commit),
        cmocka_unit_test(test_reward),
        cmocka_unit_test(test_status),
        cmocka_unit_test_teardown(test_lives, tell_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
