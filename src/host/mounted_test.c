/* mounted_test.c: programs that services mount, with real ones: arguments, environment, limits, and that nothing is left behind. */
#define _GNU_SOURCE
#include "host/host.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { ARGS_MAX = 8 };

typedef struct given { /* a command, and what came of it */
    riv_arena     *arena;
    riv_str        args[ARGS_MAX];
    marine_command command;
    marine_output  out;
} given;

static void run(given *g, const char *path, const char *const *args)
{
    riv_fault fault = { 0 };
    g->arena        = riv_arena_new(0);
    g->command.path = riv_str_c(path);
    g->command.args = g->args;
    for (g->command.args_count = 0; args[g->command.args_count]; g->command.args_count++)
        g->args[g->command.args_count] = riv_str_c(args[g->command.args_count]);
    if (!g->command.time_ms_max) g->command.time_ms_max = 10000;
    if (!g->command.output_bytes_max) g->command.output_bytes_max = 1 << 20;
    if (host_mounted_run(&g->command.path, 1, &g->command, g->arena, &fault, &g->out)) fail_msg("%s", fault.msg);
}
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_went(const given *g, int code, const char *error, const char *out, const char *err)
{
    if (g->out.ret_code != code || !riv_str_eq(g->out.error, riv_str_c(error)) ||
        !riv_str_eq(riv_bytes_str(g->out.standard_output), riv_str_c(out)) ||
        !riv_str_eq(riv_bytes_str(g->out.standard_error), riv_str_c(err)))
        fail_msg("got %d '" RIV_FMT "' '" RIV_FMT "' '" RIV_FMT "'", g->out.ret_code, RIV_ARG(g->out.error),
                 RIV_ARG(riv_bytes_str(g->out.standard_output)), RIV_ARG(riv_bytes_str(g->out.standard_error)));
}

static void test_results(void **state)
{
    static const struct {
        const char *path, *args[ARGS_MAX];
        int         code;
        const char *error, *out, *err;
    } cases[] = {
        { "/usr/bin/printf",
          { "%s|", "a b", "", "$HOME `id` ; * \"", "\xc3\xa9" },
          0,
          "",
          "a b||$HOME `id` ; * \"|\xc3\xa9|",
          "" },
        { "/bin/sh", { "-c", "echo out; echo err >&2; exit 7" }, 7, "", "out\n", "err\n" },
        { "/bin/cat", { NULL }, 0, "", "", "" }, /* standard input is empty */
        { "/bin/sh", { "-c", "kill -9 $$" }, 100000, "", "", "" },
        { "/nowhere/at/all", { NULL }, 100001, "No such file or directory (os error 2)", "", "" },
        { "/etc/passwd", { NULL }, 100001, "Permission denied (os error 13)", "", "" },
        { "/usr", { NULL }, 100001, "Permission denied (os error 13)", "", "" },
        { "/usr/bin/env", { NULL }, 0, "", "PATH=/usr/local/bin:/usr/bin:/bin\n", "" },
        { "/bin/pwd", { "-P" }, 0, "", "/\n", "" },
        { "/bin/sh", { "-c", "ls /proc/self/fd | tr '\\n' ' '" }, 0, "", "0 1 2 3 ", "" }, /* 3 is ls reading */
        { "/bin/sh", { "-c", "trap" }, 0, "", "", "" },
    };
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        given g = { 0 };
        run(&g, cases[i].path, cases[i].args);
        assert_went(&g, cases[i].code, cases[i].error, cases[i].out, cases[i].err);
        riv_arena_free(g.arena);
    }
}

static void test_environment_and_folder(void **state)
{
    static const marine_pair envs[] = { { RIV_LIT_INIT("A"), RIV_LIT_INIT("b=c") },
                                        { RIV_LIT_INIT("PATH"), RIV_LIT_INIT("/bin") } };
    given                    g      = { .command = { .envs = envs, .envs_count = 2, .dir = RIV_LIT("/usr") } };
    (void)state;
    setenv("SECRET_OF_THE_NODE", "x", 1);
    run(&g, "/usr/bin/env", ARGS(NULL));
    assert_went(&g, 0, "", "A=b=c\nPATH=/bin\n", "");
    riv_arena_free(g.arena);
    run(&g, "/bin/pwd", ARGS("-P"));
    assert_went(&g, 0, "", "/usr\n", "");
    riv_arena_free(g.arena);
    g.command.dir = RIV_LIT("/nowhere");
    run(&g, "/bin/pwd", ARGS(NULL));
    assert_went(&g, 100001, "No such file or directory (os error 2)", "", "");
    riv_arena_free(g.arena);
}

static void test_a_nul_in_an_argument(void **state)
{
    given     g     = { .command = { .path = RIV_LIT("/bin/true"), .time_ms_max = 1000, .output_bytes_max = 10 } };
    riv_str   arg   = RIV_LIT("a\0b");
    riv_fault fault = { 0 };
    (void)state;
    g.arena        = riv_arena_new(0);
    g.command.args = &arg, g.command.args_count = 1;
    assert_int_equal(host_mounted_run(&g.command.path, 1, &g.command, g.arena, &fault, &g.out), RIV_OK);
    assert_went(&g, 100001, "nul byte found in provided data", "", "");
    riv_arena_free(g.arena);
}

/* ---- limits ---- */

static void assert_within(uint64_t start_ns, uint64_t ms)
{
    uint64_t took = (host_clock_ns() - start_ns) / 1000000u;
    if (took > ms) fail_msg("it took %llu ms", (unsigned long long)took);
}

static void test_the_time_limit(void **state)
{
    given    g     = { .command = { .time_ms_max = 200 } };
    uint64_t start = host_clock_ns();
    (void)state;
    run(&g, "/bin/sh", ARGS("-c", "trap '' TERM INT HUP; echo before; sleep 60; echo after"));
    assert_within(start, 4000);
    assert_went(&g, 100000, "ended by the host: it ran longer than 200 ms", "before\n", "");
    riv_arena_free(g.arena);
}

static void test_a_flooder(void **state)
{
    given    g     = { .command = { .output_bytes_max = 100000 } };
    uint64_t start = host_clock_ns();
    (void)state;
    run(&g, "/bin/sh", ARGS("-c", "yes 12345 & yes abcde >&2"));
    assert_within(start, 4000);
    assert_int_equal(g.out.ret_code, 100000);
    assert_true(riv_str_eq(g.out.error, RIV_LIT("ended by the host: more than 100000 bytes of output")));
    assert_int_equal(g.out.standard_output.len + g.out.standard_error.len, 100000);
    riv_arena_free(g.arena);
    /* exactly the limit is fine */
    g.command.output_bytes_max = 5;
    run(&g, "/usr/bin/printf", ARGS("12345"));
    assert_went(&g, 0, "", "12345", "");
    riv_arena_free(g.arena);
    g.command.output_bytes_max = 4;
    run(&g, "/usr/bin/printf", ARGS("12345"));
    assert_went(&g, 100000, "ended by the host: more than 4 bytes of output", "1234", "");
    riv_arena_free(g.arena);
}

static void assert_gone(riv_str pids)
{
    for (size_t at = 0; at < pids.len;) {
        size_t   end = RIV_MIN(riv_str_find_char(pids, '\n', at), pids.len);
        uint64_t pid;
        assert_true(riv_str_u64(riv_str_sub(pids, at, end), &pid) && pid > 1);
        assert_int_equal(kill((pid_t)pid, 0), -1);
        assert_int_equal(errno, ESRCH);
        at = end + 1;
    }
}

/* Two that outlive their parent, one of them in a session of its own, deaf and with the pipes open. */
static void test_nothing_is_left_behind(void **state)
{
    static const char script[] = "(trap '' TERM; echo $$; sleep 60) & echo $!; "
                                 "setsid sh -c 'echo $$; trap \"\" TERM; sleep 60; sleep 60' & sleep 0.2; exit 3";
    given             g        = { 0 };
    uint64_t          start    = host_clock_ns();
    (void)state;
    run(&g, "/bin/sh", ARGS("-c", script));
    assert_within(start, 4000);
    assert_int_equal(g.out.ret_code, 3);
    assert_gone(riv_bytes_str(g.out.standard_output));
    riv_arena_free(g.arena);

    g.command.time_ms_max = 300; /* the same where the parent does not end by itself */
    run(&g, "/bin/sh", ARGS("-c", "setsid sh -c 'echo $$; sleep 60; sleep 60' & echo $$; sleep 60"));
    assert_int_equal(g.out.ret_code, 100000);
    assert_gone(riv_bytes_str(g.out.standard_output));
    assert_true(g.out.standard_output.len > 2);
    riv_arena_free(g.arena);
}

static void test_nothing_of_ours_is_lost(void **state)
{
    (void)state;
    int before = dup(0);
    for (int i = 0; i < 20; i++) {
        given g = { 0 };
        run(&g, i % 2 ? "/bin/true" : "/nowhere", ARGS(NULL));
        assert_int_equal(g.out.ret_code, i % 2 ? 0 : 100001);
        riv_arena_free(g.arena);
    }
    int after = dup(0);
    assert_int_equal(after, before + 1); /* no descriptor more than the one just made */
    close(before), close(after);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and no child */
}

static void test_the_list_of_allowed(void **state)
{
    static const riv_str allowed[] = { RIV_LIT_INIT("/usr/bin/printf"), RIV_LIT_INIT("/bin/sh") };
    riv_arena           *a         = riv_arena_new(0);
    riv_fault            fault     = { 0 };
    marine_output        out       = { .ret_code = -7 };
    marine_command       command   = { .path = RIV_LIT("/bin/dash"), .time_ms_max = 1000, .output_bytes_max = 10 };
    (void)state;
    assert_true(host_mounted_allowed(allowed, 2, RIV_LIT("/usr/bin/printf")));
    assert_true(host_mounted_allowed(allowed, 2, RIV_LIT("/usr/lib/../bin/printf")));
    assert_false(host_mounted_allowed(allowed, 2, RIV_LIT("/usr/bin/printf/")));
    assert_false(host_mounted_allowed(allowed, 2, RIV_LIT("printf")));
    assert_false(host_mounted_allowed(
        allowed, 2, RIV_LIT("/bin/dash"))); /* where sh is a link to it: another name, another program */
    assert_false(host_mounted_allowed(NULL, 0, RIV_LIT("/bin/sh")));
    assert_int_equal(host_mounted_run(allowed, 2, &command, a, &fault, &out), RIV_E_DENIED);
    assert_string_equal(fault.msg, "/bin/dash is not among the programs that services may run here; allow it with"
                                   " mounted_binaries = [\"/bin/dash\"] in [node] of rivulet.toml");
    assert_int_equal(out.ret_code, -7);
    riv_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_environment_and_folder),
        cmocka_unit_test(test_a_nul_in_an_argument),
        cmocka_unit_test(test_the_time_limit),
        cmocka_unit_test(test_a_flooder),
        cmocka_unit_test(test_nothing_is_left_behind),
        cmocka_unit_test(test_nothing_of_ours_is_lost),
        cmocka_unit_test(test_the_list_of_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
