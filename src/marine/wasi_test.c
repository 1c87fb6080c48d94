/* wasi_test.c: what a module sees of the world goes through marine_env and its mapped directories, and no further. */
#include "marine/testing.h"

#include <sys/stat.h>

typedef struct world { /* records what the guest does */
    riv_buf  text;
    uint64_t now;
} world;

static uint64_t world_now(void *ctx) { return ((world *)ctx)->now; }

static void world_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(i + 1);
}

static void world_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    riv_putf(&((world *)ctx)->text, "log " RIV_FMT " %d " RIV_FMT ";", RIV_ARG(module), (int)level, RIV_ARG(text));
}

static void world_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    riv_putf(&((world *)ctx)->text, "%s " RIV_FMT " " RIV_FMT ";", is_stderr ? "err" : "out", RIV_ARG(module),
             RIV_ARG(text));
}

static void test_the_environment_is_all(void **state)
{
    (void)state;
    static const marine_pair envs[] = { { RIV_LIT_INIT("GREETING"), RIV_LIT_INIT("hello=you") },
                                        { RIV_LIT_INIT("EMPTY"), RIV_LIT_INIT("") } };
    marine_module_config     module = {
            .name = RIV_LIT("eyes"), .logger_enabled = true, .logging_mask = INT32_MAX, .envs = envs, .envs_count = 2
    };
    world                 w      = { .now = UINT64_C(1700000000123456789) };
    marine_service_config config = {
        .env = { .ctx = &w, .now_ns = world_now, .random = world_random, .log = world_log, .output = world_output }
    };
    bench b;
    bench_open(&b, "tests/modules/host.c", &module, &config);
    assert_string_equal(bench_call(&b, "now", "[]"), "1700000000123456789");
    assert_string_equal(bench_call(&b, "random", "[4]"), "[1,2,3,4]");
    assert_string_equal(bench_call(&b, "env", "[\"GREETING\"]"), "\"hello=you\"");
    assert_string_equal(bench_call(&b, "env", "[\"EMPTY\"]"), "\"\"");
    assert_string_equal(bench_call(&b, "env", "[\"PATH\"]"), "\"(none)\"");
    assert_string_equal(bench_call(&b, "pause", "[]"), "0"); /* sleeping is over at once */
    assert_string_equal(bench_call(&b, "log", "[\"hear\",2]"), "null");
    assert_string_equal(bench_call(&b, "log", "[\"odd level\",77]"), "null");
    assert_string_equal(bench_call(&b, "print", "[\"one\",\"two\"]"), "null");
    riv_put_u8(&w.text, 0);
    assert_string_equal((char *)w.text.ptr, "log eyes 2 hear!;log eyes 5 odd level!;out eyes one\n;err eyes two\n;");
    assert_string_equal(bench_call(&b, "leave", "[3]"),
                        "trap: function `leave` failed: the module ended itself with code 3");
    assert_string_equal(bench_call(&b, "leave", "[0]"),
                        "trap: function `leave` failed: the module ended itself with code 0");
    bench_close(&b);
    riv_buf_free(&w.text);
}

static void test_without_an_environment(void **state)
{
    (void)state;
    char first[2000];
    for (int i = 0; i < 2; i++) {
        bench b;
        bench_open(&b, "tests/modules/host.c", NULL, NULL);
        assert_string_equal(bench_call(&b, "now", "[]"), "0");
        assert_string_equal(bench_call(&b, "log", "[\"nobody hears\",1]"), "null");
        assert_string_equal(bench_call(&b, "print", "[\"one\",\"two\"]"), "null");
        const char *random = bench_call(&b, "random", "[32]");
        if (i == 0) strcpy(first, random);
        assert_string_equal(random, first); /* a fixed stream */
        bench_close(&b);
    }
}

static void test_call_parameters(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/host.c", NULL, NULL);
    assert_string_equal(bench_call(&b, "parameters", "[]"), "\"  0 0  0     \"");
    static const marine_tetraplet  one[]  = { { RIV_LIT_INIT("peer"), RIV_LIT_INIT("srv"), RIV_LIT_INIT("fn"),
                                                RIV_LIT_INIT(".$.a") } };
    static const marine_tetraplets sets[] = { { NULL, 0 }, { one, 1 } };
    marine_call                    call   = {
                             .function = RIV_LIT("parameters"),
                             .params = { RIV_LIT("pid"), RIV_LIT("init"), RIV_LIT("(null)"), RIV_LIT("tok"), UINT64_C(1700000000123), 30000,
                                         RIV_BYTES("\1\2\3"), RIV_LIT("sid"), RIV_LIT("creator"), RIV_LIT("host"), RIV_LIT("worker"), sets,
                                         2 },
    };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    assert_string_equal(riv_cstr(b.arena, b.result.value->str),
                        "pid init 1700000000123 30000 (null) 3 tok sid creator host worker [1 peer srv fn .$.a]");
    bench_close(&b);
}

/* ---- files ---- */

static void test_files_stay_in_their_directory(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "write", "[\"data/a.txt\",[104,105],false]", "\"\"" },
        { "write", "[\"data/a.txt\",[33],true]", "\"\"" },
        { "read", "[\"data/a.txt\"]", "\"hi!\"" },
        { "size", "[\"data/a.txt\"]", "3" },
        { "make_dir", "[\"data/sub\"]", "0" },
        { "write", "[\"data/sub/b\",[48,49,50,51,52],false]", "\"\"" },
        { "patch", "[\"data/sub/b\",1,\"xyz\"]", "\"xyz 4\"" },
        { "read", "[\"data/sub/b\"]", "\"0xy\"" },
        { "read", "[\"data/sub/../a.txt\"]", "\"hi!\"" },
        { "list", "[\"data\"]", "\". .. a.txt link linkdir sub \"" },
        { "move", "[\"data/a.txt\",\"data/sub/c\"]", "0" },
        { "list", "[\"data/sub\"]", "\". .. b c \"" },
        { "remove_dir", "[\"data/sub\"]", "55" }, /* not empty */
        /* the way out is shut */
        { "read", "[\"data/../secret\"]", "\"error: Capabilities insufficient\"" },
        { "read", "[\"data/sub/../../secret\"]", "\"error: Capabilities insufficient\"" },
        { "read", "[\"/etc/passwd\"]", "\"error: Capabilities insufficient\"" }, /* no directory is mapped there */
        { "read", "[\"data//etc/passwd\"]", "\"error: No such file or directory\"" },
        { "read", "[\"data/link\"]", "\"error: Symbolic link loop\"" },
        { "read", "[\"data/linkdir/secret\"]", "\"error: Not a directory\"" },
        { "write", "[\"data/link\",[1],false]", "\"Symbolic link loop\"" },
        { "read", "[\"data/none\"]", "\"error: No such file or directory\"" },
        { "remove_file", "[\"data/sub/b\"]", "0" },
        { "remove_file", "[\"data/sub/c\"]", "0" },
        { "remove_dir", "[\"data/sub\"]", "0" },
    };
    char root[400], dir[420], secret[420], link_[440], linkdir[440];
    snprintf(root, sizeof root, "%s/tests/wasi-%d", RIV_BINARY_DIR, (int)getpid());
    snprintf(dir, sizeof dir, "%s/dir", root);
    snprintf(secret, sizeof secret, "%s/secret", root);
    snprintf(link_, sizeof link_, "%s/link", dir);
    snprintf(linkdir, sizeof linkdir, "%s/linkdir", dir);
    assert_int_equal(mkdir(root, 0777), 0);
    assert_int_equal(mkdir(dir, 0777), 0);
    FILE *f = fopen(secret, "w");
    assert_true(f && fputs("secret", f) >= 0);
    fclose(f);
    assert_int_equal(symlink("../secret", link_), 0);
    assert_int_equal(symlink("..", linkdir), 0);

    const marine_pair    mapped = { RIV_LIT("data"), riv_str_c(dir) };
    marine_module_config module = { .name = RIV_LIT("files"), .mapped_dirs = &mapped, .mapped_dirs_count = 1 };
    bench                b;
    bench_open(&b, "tests/modules/files.c", &module, NULL);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *got = bench_call(&b, cases[i].function, cases[i].args);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s%s gave %s, wanted %s", cases[i].function, cases[i].args, got, cases[i].want);
    }
    bench_close(&b);
    unlink(link_);
    unlink(linkdir);
    assert_int_equal(rmdir(dir), 0); /* and nothing else was left */
    unlink(secret);
    assert_int_equal(rmdir(root), 0);
}

static void test_a_missing_directory_is_a_load_error(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    b.modules[0]                      = testing_module(b.engine, testing_build("tests/modules/files.c", b.arena));
    const marine_pair          mapped = { RIV_LIT("data"), RIV_LIT("/nowhere/at/all") };
    const marine_module_config module = {
        .name = RIV_LIT("files"), .module = b.modules[0], .mapped_dirs = &mapped, .mapped_dirs_count = 1
    };
    marine_service_config config = { .modules = &module, .modules_count = 1 };
    assert_int_not_equal(marine_service_new(b.engine, &config, &b.fault, &b.service), RIV_OK);
    assert_int_equal(b.fault.code, MARINE_LOAD);
    assert_string_equal(b.fault.msg, "module files: mapped directory /nowhere/at/all does not open");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_environment_is_all),
        cmocka_unit_test(test_without_an_environment),
        cmocka_unit_test(test_call_parameters),
        cmocka_unit_test(test_files_stay_in_their_directory),
        cmocka_unit_test(test_a_missing_directory_is_a_load_error),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
