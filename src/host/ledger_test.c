/* ledger_test.c: a chain's state in LMDB beside others who look at it. kill -9 of its owner: chain_test.c. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/chain.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whoever looks and is killed leaves his place in LMDB's table of readers, which has 126, and holds old pages for ever: others clear it. */
static void killed_readers(void **state)
{
    enum { READERS = 140 };
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    riv_str      dir;
    host_ledger *owner, *look;
    (void)state;
    assert_int_equal(host_temp_dir(RIV_LIT("chain_test"), arena, &fault, &dir), RIV_OK);
    if (host_ledger_open(dir, HOST_LEDGER_OWN, &fault, &owner)) fail_msg("%s", fault.msg);
    chain_write one   = { .key = RIV_BYTES("k"), .value = RIV_BYTES("v") };
    rpc_place   place = host_ledger_place(owner);
    assert_int_equal(place.commit(place.ctx, &one, 1, &fault), RIV_OK);
    for (int i = 0; i < READERS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            riv_bytes value;
            if (host_ledger_open(dir, HOST_LEDGER_LOOK, &fault, &look)) _exit(1);
            rpc_place seen = host_ledger_place(look);
            if (!seen.store.get(seen.store.ctx, one.key, arena, &value)) _exit(2);
            raise(SIGKILL); /* in the middle of looking */
        }
        int status;
        waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) fail_msg("reader %d: %d", i, status);
    }
    host_ledger_close(owner);
    host_dir_remove(dir);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(killed_readers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
