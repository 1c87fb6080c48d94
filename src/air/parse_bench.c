/* parse_bench.c: how fast scripts are parsed and checked: many calls, a long chain, wide arguments, many folds.
 * Prints megabytes a second, and the time of a script twice as long over that of one half: 2.0 is linear. */
#define _POSIX_C_SOURCE 199309L
#include "air/air.h"

#include <stdio.h>
#include <time.h>

typedef void (*make_fn)(riv_buf *out, size_t count);

static void balanced(riv_buf *out, size_t count, size_t *next)
{
    if (count == 1) {
        size_t n = (*next)++;
        riv_putf(out, "(call \"peer\" (\"service\" \"function%zu\") [%%init_peer_id%% \"text\" 1] result_%zu)", n % 100,
                 n % 100);
        return;
    }
    riv_put_str(out, RIV_LIT("(seq "));
    balanced(out, count / 2, next);
    riv_put_u8(out, ' ');
    balanced(out, count - count / 2, next);
    riv_put_u8(out, ')');
}

static void calls(riv_buf *out, size_t count)
{
    size_t next = 0;
    balanced(out, count, &next);
}

static void chain(riv_buf *out, size_t count)
{
    count = RIV_MIN(count, (size_t)AIR_DEPTH_MAX);
    for (size_t i = 0; i < count; i++) riv_putf(out, "(seq (ap %zu x%zu) ", i, i);
    riv_put_str(out, RIV_LIT("(null)"));
    for (size_t i = 0; i < count; i++) riv_put_u8(out, ')');
}

static void arguments(riv_buf *out, size_t count)
{
    riv_put_str(out, RIV_LIT("(seq (ap 1 value) (call \"p\" (\"s\" \"f\") ["));
    for (size_t i = 0; i < count; i++) riv_put_str(out, RIV_LIT(" value.$.field.[0] 12 \"text\""));
    riv_put_str(out, RIV_LIT("] x))"));
}

static void folds_in(riv_buf *out, size_t count)
{
    if (count == 1) {
        riv_put_str(out, RIV_LIT("(fold [] i (seq (ap i x) (next i)))"));
        return;
    }
    riv_put_str(out, RIV_LIT("(par "));
    folds_in(out, count / 2);
    folds_in(out, count - count / 2);
    riv_put_u8(out, ')');
}

static double seconds_of(riv_str script)
{
    struct timespec a, b;
    double          best = 1e9;
    for (int round = 0; round < 5; round++) {
        riv_arena      *arena = riv_arena_new(0);
        const air_node *tree;
        clock_gettime(CLOCK_MONOTONIC, &a);
        riv_err err = air_parse(script, arena, NULL, &tree);
        clock_gettime(CLOCK_MONOTONIC, &b);
        RIV_ASSERT(!err);
        riv_arena_free(arena);
        double s = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        best     = RIV_MIN(best, s);
    }
    return best;
}

int main(void)
{
    static const struct {
        const char *name;
        make_fn     make;
        size_t      count;
    } rows[] = { { "10,000 calls", calls, 10000 },
                 { "a chain of 4,096", chain, 4096 },
                 { "30,000 arguments", arguments, 10000 },
                 { "10,000 folds", folds_in, 10000 } };
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_buf whole = { 0 }, half = { 0 };
        rows[i].make(&whole, rows[i].count);
        rows[i].make(&half, rows[i].count / 2);
        double s = seconds_of(riv_buf_str(&whole)), h = seconds_of(riv_buf_str(&half));
        printf("air parse %-18s %8zu bytes %8.3f ms %7.1f MB/s, twice the half: %.2f\n", rows[i].name, whole.len,
               s * 1e3, (double)whole.len / s / 1e6, s / h);
        riv_buf_free(&whole);
        riv_buf_free(&half);
    }
    return 0;
}
