/* parallel_test.c: every part is done once, and they are at work at the same time. */
#include "host/host.h"

#include <stdatomic.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

typedef struct work {
    atomic_uint done[HOST_WORKERS_MAX], begun;
    unsigned    all;
} work;

/* Goes on when all have begun: parts that came one after the other would wait for ever. */
static void meet(void *ctx, unsigned index)
{
    work *w = ctx;
    atomic_fetch_add(&w->begun, 1);
    for (int i = 0; i < 10000 && atomic_load(&w->begun) < w->all; i++) host_sleep_ms(1);
    if (atomic_load(&w->begun) >= w->all) atomic_fetch_add(&w->done[index], 1);
}

static void test_parts(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        work w = { .all = n };
        host_parallel(n, meet, &w);
        for (unsigned i = 0; i < HOST_WORKERS_MAX; i++) assert_int_equal(atomic_load(&w.done[i]), i < n);
    }
}

/* Advice changes nothing of what lies there, also where it covers no whole page. */
static void large_pages(void **state)
{
    enum { LEN = 5 << 20 };
    uint8_t *memory = riv_alloc(LEN);
    (void)state;
    for (size_t i = 0; i < LEN; i++) memory[i] = (uint8_t)(i * 7);
    host_large_pages((riv_bytes){ memory + 1, LEN - 1 });
    host_large_pages((riv_bytes){ memory + 5, 3 });
    host_large_pages((riv_bytes){ 0 });
    for (size_t i = 0; i < LEN; i++) assert_int_equal(memory[i], (uint8_t)(i * 7));
    riv_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(large_pages), cmocka_unit_test(test_parts) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
