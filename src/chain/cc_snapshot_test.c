/* Tests of cc_snapshot.c: commitments and units after some epochs, worked out by hand from the specification, by both rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain/capacity.h"

enum { BOTH, G0, OURS };
#define IDLE   CHAIN__CC_INACTIVE
#define WORKS  CHAIN__CC_ACTIVE
#define FAILED CHAIN__CC_FAILED

/* Works in epochs 10 to 14; looked at first with its snapshot at 9. SPEC market.md 6.2 */
static const struct commitment_row {
    const char      *name;
    int              rules;
    uint64_t         units, ratio, epoch;
    uint64_t         active, additional, successes, fails; /* before */
    chain__cc_status status;
    uint64_t         want_active, want_fails, want_failed, want_remaining, want_snapshot;
} commitments[] = {
    { "its first epoch is not over", BOTH, 2, 10, 10, 2, 0, 1, 0, WORKS, 2, 0, 0, 0, 9 },
    { "all proved", BOTH, 2, 10, 11, 2, 0, 2, 0, WORKS, 2, 0, 0, 0, 10 },
    { "one of two proved", BOTH, 2, 10, 11, 2, 0, 1, 0, WORKS, 2, 1, 0, 0, 10 },
    { "proofs of one epoch, then nothing", BOTH, 2, 10, 12, 2, 0, 2, 0, WORKS, 2, 2, 0, 0, 11 },
    { "over", BOTH, 2, 10, 20, 2, 0, 2, 3, IDLE, 0, 11, 0, 0, 14 },
    { "its last epoch is over", BOTH, 2, 10, 15, 2, 0, 10, 0, IDLE, 0, 0, 0, 0, 14 },
    { "back from a deal: owes from the next on", BOTH, 2, 10, 11, 1, 1, 1, 0, WORKS, 2, 0, 0, 0, 10 },
    /* 4 failures: two at 10, two at 11 */
    { "failed at 11", G0, 2, 2, 20, 2, 0, 0, 0, FAILED, 0, 4, 11, 0, 14 },
    { "failed at 11", OURS, 2, 2, 20, 2, 0, 0, 0, FAILED, 0, 4, 11, 2, 14 },
    /* Q17: both proved at 10, so two at 11 and two at 12; the original tells 11 all the same */
    { "failed after proofs", G0, 2, 2, 20, 2, 0, 2, 0, FAILED, 0, 4, 11, 0, 14 },
    { "failed after proofs", OURS, 2, 2, 20, 2, 0, 2, 0, FAILED, 0, 4, 12, 2, 14 },
    /* one of two proved at 10: 1, then 2, then the last one */
    { "failed after one's proofs", OURS, 2, 2, 20, 2, 0, 1, 0, FAILED, 0, 4, 12, 1, 14 },
    { "an odd rest", BOTH, 3, 1, 20, 2, 0, 0, 0, FAILED, 0, 3, 11, 1, 14 },
    { "at once", G0, 2, 1, 20, 2, 0, 0, 0, FAILED, 0, 2, 10, 0, 14 },
    { "at once", OURS, 2, 1, 20, 2, 0, 0, 0, FAILED, 0, 2, 10, 2, 14 },
    { "the last one that was left", BOTH, 2, 1, 20, 2, 0, 0, 1, FAILED, 0, 2, 10, 1, 14 },
    /* Q9: 1 at 10, then 2 at 11, the fourth at 12 */
    { "one more from the second epoch on", BOTH, 2, 2, 20, 1, 1, 0, 0, FAILED, 0, 4, 12, 1, 14 },
    { "failing wins over ending", BOTH, 1, 5, 20, 1, 0, 0, 0, FAILED, 0, 5, 14, 0, 14 },
    { "nothing may fail", BOTH, 2, 0, 11, 2, 0, 2, 0, FAILED, 0, 0, 10, 0, 10 },
};

static void test_commitments(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(commitments); i++)
        for (int rules = G0; rules <= OURS; rules++) {
            const struct commitment_row *r = &commitments[i];
            if (r->rules != BOTH && r->rules != rules) continue;
            const chain__cc_terms t                = { 10, 5, r->units, r->ratio, rules == OURS };
            chain__cc_progress    p                = { .status         = CHAIN__CC_ACTIVE,
                                                       .active         = r->active,
                                                       .additional     = r->additional,
                                                       .successes      = r->successes,
                                                       .fails          = r->fails,
                                                       .snapshot_epoch = 9 };
            uint64_t              wanted_remaining = r->want_remaining;
            if (rules == OURS && r->rules == BOTH && r->status == FAILED && r->units == 1)
                wanted_remaining = 1; /* all of the last epoch */
            chain__cc_status status = chain__cc_look(&t, r->epoch, r->epoch, &p);
            if (status != r->status || p.status != r->status || p.active != r->want_active ||
                p.fails != r->want_fails || p.failed_epoch != r->want_failed || p.remaining != wanted_remaining ||
                p.snapshot_epoch != r->want_snapshot)
                fail_msg(
                    "%s (rules %d): status %d, active %llu, fails %llu, failed %llu, remaining %llu, snapshot %llu",
                    r->name, rules, (int)status, (unsigned long long)p.active, (unsigned long long)p.fails,
                    (unsigned long long)p.failed_epoch, (unsigned long long)p.remaining,
                    (unsigned long long)p.snapshot_epoch);
            if (r->want_snapshot != 9 && p.successes != 0) fail_msg("%s: proofs are counted twice", r->name);
            chain__cc_progress again = p;
            if (chain__cc_look(&t, r->epoch, r->epoch, &again) != status || again.fails != p.fails)
                fail_msg("%s: looking twice", r->name);
        }
}

/* Before it starts, and with an epoch that is not settled yet. */
static void test_waiting(void **state)
{
    chain__cc_progress    p    = { .status = CHAIN__CC_WAIT_DELEGATION };
    const chain__cc_terms none = { 0, 5, 2, 10, true }, later = { 10, 5, 2, 10, true };
    (void)state;
    assert_int_equal(chain__cc_look(&none, 7, 7, &p), CHAIN__CC_WAIT_DELEGATION);
    p = (chain__cc_progress){ .status = CHAIN__CC_ACTIVE, .active = 1, .additional = 1, .snapshot_epoch = 9 };
    assert_int_equal(chain__cc_look(&later, 9, 9, &p), CHAIN__CC_WAIT_START);
    assert_int_equal(chain__cc_look(&later, 8, 10, &p), CHAIN__CC_ACTIVE); /* proofs of others wait since 8 */
    assert_int_equal(p.snapshot_epoch, 9);
    p.additional_from = 11; /* came back at 11 while proofs of 10 waited */
    assert_int_equal(chain__cc_look(&later, 11, 12, &p), CHAIN__CC_ACTIVE);
    assert_int_equal(p.active, 1);
    assert_int_equal(p.additional, 1);
    assert_int_equal(chain__cc_look(&later, 12, 12, &p), CHAIN__CC_ACTIVE);
    assert_int_equal(p.active, 2);
    assert_int_equal(p.additional, 0);
    assert_int_equal(p.fails, 2); /* the one at 10 and at 11 */
}

/* However a gap is cut into looks, ours counts the same failures and fails in the same epoch. */
static void test_cut(void **state)
{
    riv_prng prng = riv_prng_seed(17);
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint64_t units = 1 + riv_prng_below(&prng, 6), duration = 3 + riv_prng_below(&prng, 12),
                 cut                = 11 + riv_prng_below(&prng, duration);
        const chain__cc_terms t     = { 10, duration, units, 1 + riv_prng_below(&prng, 8), true };
        chain__cc_progress    whole = { .status         = CHAIN__CC_ACTIVE,
                                        .active         = units,
                                        .successes      = riv_prng_below(&prng, units + 1),
                                        .snapshot_epoch = 9 },
                           parts    = whole;
        chain__cc_look(&t, 40, 40, &whole);
        chain__cc_look(&t, cut, cut, &parts);
        chain__cc_look(&t, 40, 40, &parts);
        if (whole.status != parts.status || whole.fails != parts.fails || whole.failed_epoch != parts.failed_epoch)
            fail_msg("round %d: fails %llu and %llu, failed %llu and %llu", round, (unsigned long long)whole.fails,
                     (unsigned long long)parts.fails, (unsigned long long)whole.failed_epoch,
                     (unsigned long long)parts.failed_epoch);
    }
}

static void test_spans(void **state)
{
    static const struct {
        uint64_t epoch, last, failed;
        bool     inactive;
        uint64_t from, to;
    } rows[] = {
        { 10, 0, 0, false, 0, 0 },     { 11, 0, 0, false, 10, 10 },  { 13, 0, 0, false, 10, 12 },
        { 13, 11, 0, false, 12, 12 },  { 13, 12, 0, false, 0, 0 },   { 100, 0, 0, false, 10, 14 },
        { 100, 0, 11, false, 10, 11 }, { 100, 11, 11, false, 0, 0 }, { 100, 0, 0, true, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        const chain__unit_terms t = {
            .start_epoch = 10, .duration = 5, .epoch = rows[i].epoch, .failed_epoch = rows[i].failed
        };
        const chain__unit_progress p    = { .inactive = rows[i].inactive, .last_epoch = rows[i].last };
        chain__unit_span           span = { 0 };
        assert_int_equal(chain__unit_span_of(&t, &p, &span), rows[i].to != 0);
        assert_int_equal(span.from, rows[i].from);
        assert_int_equal(span.to, rows[i].to);
    }
}

/* Collateral 1000; rates in millionths of ten. SPEC market.md 6.4 */
static void test_slashing(void **state)
{
    static const struct {
        const char        *name;
        int                rules;
        uint64_t           rate, slashed;
        chain__unit_span   span;
        chain__unit_proved proved;
        uint64_t           failed, remaining, filled;
        uint64_t           want, want_filled;
    } rows[] = {
        { "three epochs without", BOTH, 100000, 0, { 10, 12 }, { false, false }, 0, 0, 0, 30, 0 },
        { "proved in the last", BOTH, 100000, 5, { 10, 12 }, { false, true }, 0, 0, 0, 25, 0 },
        { "proved in the first", G0, 100000, 0, { 10, 12 }, { true, false }, 0, 0, 0, 30, 0 }, /* Q13 */
        { "proved in the first", OURS, 100000, 0, { 10, 12 }, { true, false }, 0, 0, 0, 20, 0 },
        { "the first is the last", BOTH, 100000, 0, { 10, 10 }, { true, true }, 0, 0, 0, 0, 0 },
        { "the first is the last, without", BOTH, 100000, 0, { 10, 10 }, { false, false }, 0, 0, 0, 10, 0 },
        { "more than is left", G0, 6000000, 600, { 10, 10 }, { false, false }, 0, 0, 0, 400, 0 }, /* Q12 */
        { "more than is left", OURS, 6000000, 600, { 10, 10 }, { false, false }, 0, 0, 0, 1000, 0 },
        { "nothing is left", BOTH, 6000000, 1000, { 10, 12 }, { false, false }, 12, 1, 0, 1000, 0 },
        { "one of the last failures", BOTH, 100000, 0, { 10, 12 }, { false, false }, 12, 1, 0, 30, 1 },
        { "the last failures are taken", BOTH, 100000, 0, { 10, 12 }, { false, false }, 12, 1, 1, 20, 1 },
        { "all failures count", BOTH, 100000, 0, { 10, 12 }, { false, false }, 12, 0, 0, 30, 0 },
        { "proved in the epoch of failure", G0, 100000, 0, { 10, 12 }, { false, true }, 12, 1, 1, 10, 1 },
        { "proved in the epoch of failure", OURS, 100000, 0, { 10, 12 }, { false, true }, 12, 1, 1, 20, 1 },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(rows); i++)
        for (int rules = G0; rules <= OURS; rules++) {
            if (rows[i].rules != BOTH && rows[i].rules != rules) continue;
            const chain__unit_terms t      = { .collateral    = u256_of(1000),
                                               .slashing_rate = rows[i].rate,
                                               .failed_epoch  = rows[i].failed,
                                               .remaining     = rows[i].remaining,
                                               .fixed         = rules == OURS };
            chain__unit_progress    p      = { .slashed = u256_of(rows[i].slashed) };
            uint64_t                filled = rows[i].filled, slashed;
            assert_true(chain__unit_settle(&t, rows[i].span, rows[i].proved, &filled, &p));
            assert_true(u256_u64(p.slashed, &slashed));
            if (slashed != rows[i].want || filled != rows[i].want_filled || p.last_epoch != rows[i].span.to)
                fail_msg("%s (rules %d): slashed %llu, filled %llu", rows[i].name, rules, (unsigned long long)slashed,
                         (unsigned long long)filled);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commitments), cmocka_unit_test(test_waiting),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_spans),       cmocka_unit_test(test_slashing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
