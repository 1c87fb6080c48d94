/* store_test.c: records last: written, deleted, reopened, killed in the middle of writing. */
#define _GNU_SOURCE
#include "host/host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static riv_arena *arena;
static riv_str    dir;

static int set_up(void **state)
{
    (void)state;
    arena = riv_arena_new(0);
    return host_temp_dir(RIV_LIT("rivulet-test"), arena, NULL, &dir) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_dir_remove(dir);
    riv_arena_free(arena);
    return 0;
}

static host_store *open_store(void)
{
    host_store *s     = NULL;
    riv_fault   fault = { 0 };
    riv_err     err   = host_store_open(dir, &fault, &s);
    if (err) fail_msg("%s", fault.msg);
    return s;
}

static void collect(void *ctx, riv_bytes key, riv_bytes value)
{
    riv_buf *out = ctx;
    riv_put_bytes(out, key);
    riv_put_u8(out, '=');
    riv_put_bytes(out, value);
    riv_put_u8(out, ' ');
}

static riv_str content(host_store *s)
{
    riv_buf out = riv_buf_in(arena);
    assert_int_equal(host_store_each(s, collect, &out, NULL), RIV_OK);
    return riv_buf_str(&out);
}

static void test_round_trip(void **state)
{
    (void)state;
    host_store *s = open_store();
    assert_int_equal(content(s).len, 0);
    assert_int_equal(host_store_put(s, RIV_BYTES("b"), RIV_BYTES("2"), NULL), RIV_OK);
    assert_int_equal(host_store_put(s, RIV_BYTES("a"), RIV_BYTES("1"), NULL), RIV_OK);
    assert_int_equal(content(s).len, 0); /* not before the commit */
    assert_int_equal(host_store_put(s, RIV_BYTES("a"), RIV_BYTES("one"), NULL), RIV_OK);
    assert_int_equal(host_store_del(s, RIV_BYTES("absent"), NULL), RIV_OK);
    assert_int_equal(host_store_commit(s, NULL), RIV_OK);
    assert_true(riv_str_eq(content(s), RIV_LIT("a=one b=2 ")));
    assert_int_equal(host_store_del(s, RIV_BYTES("b"), NULL), RIV_OK);
    assert_int_equal(host_store_put(s, RIV_BYTES("c"), RIV_BYTES(""), NULL), RIV_OK);
    assert_int_equal(host_store_commit(s, NULL), RIV_OK);
    assert_int_equal(host_store_put(s, RIV_BYTES("lost"), RIV_BYTES("never committed"), NULL), RIV_OK);
    host_store_close(s);
    s = open_store();
    assert_true(riv_str_eq(content(s), RIV_LIT("a=one c= ")));
    host_store_close(s);
}

static void test_keys_are_bounded(void **state)
{
    (void)state;
    uint8_t     key[512] = { 1 };
    host_store *s        = open_store();
    assert_int_equal(host_store_put(s, (riv_bytes){ key, 512 }, RIV_BYTES("v"), NULL), RIV_E_LIMIT);
    assert_int_equal(host_store_put(s, (riv_bytes){ key, 0 }, RIV_BYTES("v"), NULL), RIV_E_LIMIT);
    assert_int_equal(host_store_put(s, (riv_bytes){ key, 511 }, RIV_BYTES("v"), NULL), RIV_OK);
    assert_int_equal(host_store_commit(s, NULL), RIV_OK);
    host_store_close(s);
}

static void test_one_process_a_folder(void **state)
{
    (void)state;
    host_store *s = open_store(), *second = NULL;
    riv_fault   fault = { 0 };
    char        want[32];
    assert_int_equal(host_store_open(dir, &fault, &second), RIV_E_CONFLICT);
    snprintf(want, sizeof want, "pid %ld", (long)getpid());
    assert_non_null(strstr(fault.msg, want));
    host_store_close(s);
    host_store_close(open_store());
}

/* The map starts at 64 MiB and grows while it is written. */
static void test_grows(void **state)
{
    (void)state;
    size_t      len = 16 << 20;
    riv_buf     big = riv_buf_in(arena);
    host_store *s   = open_store();
    memset(riv_buf_room(&big, len), 7, len);
    for (uint8_t i = 1; i <= 5; i++) {
        assert_int_equal(host_store_put(s, (riv_bytes){ &i, 1 }, riv_buf_view(&big), NULL), RIV_OK);
        assert_int_equal(host_store_commit(s, NULL), RIV_OK);
    }
    host_store_close(s);
    s = open_store();
    assert_int_equal(content(s).len, 5 * (len + 3));
    host_store_close(s);
}

/* A child commits pairs and says so through a pipe; it is killed at some moment. All that was said must be there, and of each pair both. */
static void write_pairs(int report)
{
    host_store *s = open_store();
    for (uint32_t i = 0;; i++) {
        char a[16], b[16], value[300] = { 0 };
        int  n = snprintf(a, sizeof a, "a%08u", i), m = snprintf(b, sizeof b, "b%08u", i);
        memset(value, 'v', sizeof value);
        if (host_store_put(s, (riv_bytes){ (uint8_t *)a, (size_t)n }, (riv_bytes){ (uint8_t *)value, sizeof value },
                           NULL))
            _exit(1);
        if (host_store_put(s, (riv_bytes){ (uint8_t *)b, (size_t)m }, (riv_bytes){ (uint8_t *)value, sizeof value },
                           NULL))
            _exit(1);
        if (host_store_commit(s, NULL)) _exit(1);
        if (write(report, &i, sizeof i) != sizeof i) _exit(1);
    }
}

typedef struct found {
    uint32_t a, b;
} found;

static void count_pairs(void *ctx, riv_bytes key, riv_bytes value)
{
    found   *f = ctx;
    uint64_t number;
    assert_int_equal(value.len, 300);
    assert_true(riv_str_u64(riv_bytes_str(riv_bytes_sub(key, 1, key.len)), &number));
    uint32_t *at = key.ptr[0] == 'a' ? &f->a : &f->b;
    assert_int_equal(number, *at); /* no gap */
    ++*at;
}

static void test_kill_in_the_middle(void **state)
{
    (void)state;
    for (useconds_t round = 0; round < 8; round++) {
        int      ends[2], status;
        uint32_t acknowledged = 0, last;
        found    f            = { 0 };
        host_dir_remove(dir);
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) write_pairs(ends[1]);
        close(ends[1]);
        usleep(20000 + round * 7001);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(ends[0], &last, sizeof last) == sizeof last) acknowledged = last + 1;
        close(ends[0]);
        host_store *s = open_store();
        assert_int_equal(host_store_each(s, count_pairs, &f, NULL), RIV_OK);
        host_store_close(s);
        assert_int_equal(f.a, f.b);
        assert_true(f.a >= acknowledged);
        assert_true(f.a <= acknowledged + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_process_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kill_in_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
