/* mounted_test.c: mounted binaries as a module sees them: what is asked of the host, what comes back, what is refused and when. */
#include "marine/testing.h"

typedef struct world { /* answers for the programs */
    riv_buf       asked;
    riv_err       refuses;
    marine_output gives;
    size_t        runs;
} world;

static riv_err world_command(void *ctx, const marine_command *c, riv_arena *arena, riv_fault *fault, marine_output *out)
{
    world *w = ctx;
    (void)arena;
    w->runs++;
    riv_putf(&w->asked, RIV_FMT " " RIV_FMT " " RIV_FMT " in " RIV_FMT ", %u ms, %zu bytes:", RIV_ARG(c->module),
             RIV_ARG(c->name), RIV_ARG(c->path), RIV_ARG(c->dir), c->time_ms_max, c->output_bytes_max);
    for (size_t i = 0; i < c->args_count; i++) riv_putf(&w->asked, " [" RIV_FMT "]", RIV_ARG(c->args[i]));
    for (size_t i = 0; i < c->envs_count; i++)
        riv_putf(&w->asked, " " RIV_FMT "=" RIV_FMT, RIV_ARG(c->envs[i].key), RIV_ARG(c->envs[i].value));
    if (w->refuses) return riv_fail(fault, w->refuses, 0, "not here");
    *out = w->gives;
    return RIV_OK;
}

static const marine_pair binaries[] = { { RIV_LIT_INIT("tool"), RIV_LIT_INIT("/bin/tool") },
                                        { RIV_LIT_INIT("old_tool"), RIV_LIT_INIT("/bin/old") } };

/* A service of tests/modules/mounted.c; the error in words where it cannot be made. */
static const char *open_mounted(bench *b, world *w, marine_module_config module, bool provides)
{
    bench_start(b);
    b->modules[0]                = testing_module(b->engine, testing_build("tests/modules/mounted.c", b->arena));
    module.name                  = RIV_LIT("m");
    module.module                = b->modules[0];
    marine_service_config config = { .modules       = &module,
                                     .modules_count = 1,
                                     .env           = { .ctx = w, .command = provides ? world_command : NULL } };
    if (!marine_service_new(b->engine, &config, &b->fault, &b->service)) return "";
    return riv_cstr(b->arena,
                    riv_format(b->arena, "%s: %s", marine_error_name((marine_error_kind)b->fault.code), b->fault.msg));
}

static const char *asked(world *w)
{
    riv_put_u8(&w->asked, 0);
    w->asked.len = 0;
    return (const char *)w->asked.ptr;
}

static void test_what_is_asked_and_answered(void **state)
{
    static const marine_pair envs[] = { { RIV_LIT_INIT("A"), RIV_LIT_INIT("b") } };
    (void)state;
    world                w      = { .gives = { 3, RIV_LIT("why"), RIV_BYTES("out"), RIV_BYTES("err") } };
    marine_module_config module = { .mounted_binaries = binaries, .mounted_binaries_count = 2 };
    bench                b;
    assert_string_equal(open_mounted(&b, &w, module, true), "");
    assert_string_equal(bench_call(&b, "run", "[[\"a b\",\"\",\"\\u00e9\"]]"),
                        "{\"err\":\"err\",\"error\":\"why\",\"out\":\"out\",\"ret_code\":3}");
    assert_string_equal(asked(&w), "m tool /bin/tool in , 10000 ms, 4194304 bytes: [a b] [] [\xc3\xa9]");
    assert_string_equal(bench_call(&b, "run_old", "[[]]"),
                        "{\"err\":\"err\",\"error\":\"why\",\"out\":\"out\",\"ret_code\":3}");
    assert_string_equal(asked(&w), "m old_tool /bin/old in , 10000 ms, 4194304 bytes:");
    w.gives = (marine_output){ .ret_code = -1 };
    assert_string_equal(bench_call(&b, "run", "[[]]"), "{\"err\":\"\",\"error\":\"\",\"out\":\"\",\"ret_code\":-1}");
    w.runs = 0;
    assert_string_equal(bench_call(&b, "no_text", "[]"),
                        "{\"err\":\"\",\"error\":\"\",\"out\":\"\",\"ret_code\":100004}");
    assert_int_equal(w.runs, 0); /* nothing was run */
    asked(&w);
    bench_close(&b);

    module.envs = envs, module.envs_count = 1;
    module.command_ms_max = 7, module.command_output_bytes_max = 8, module.command_dir = RIV_LIT("/d");
    assert_string_equal(open_mounted(&b, &w, module, true), "");
    bench_call(&b, "run", "[[]]");
    assert_string_equal(asked(&w), "m tool /bin/tool in /d, 7 ms, 8 bytes: A=b");
    bench_close(&b);
    riv_buf_free(&w.asked);
}

static void test_refusals(void **state)
{
    (void)state;
    world                w      = { .refuses = RIV_E_DENIED };
    marine_module_config module = { .mounted_binaries = binaries, .mounted_binaries_count = 1 };
    bench                b;
    assert_string_equal(open_mounted(&b, &w, module, true),
                        "link: module m imports the mounted binary old_tool, which its "
                        "configuration does not name: mounted_binaries");
    bench_close(&b);
    module.mounted_binaries_count = 2;
    assert_string_equal(open_mounted(&b, &w, module, false),
                        "link: module m imports the mounted binary tool, and mounted binaries are "
                        "not provided here");
    bench_close(&b);
    assert_string_equal(open_mounted(&b, &w, module, true), "");
    assert_string_equal(bench_call(&b, "run", "[[]]"), "host: mounted binary tool: not here");
    w.refuses = RIV_OK;
    assert_string_equal(bench_call(&b, "run", "[[]]"),
                        "{\"err\":\"\",\"error\":\"\",\"out\":\"\",\"ret_code\":0}"); /* it lives on */
    bench_close(&b);
    riv_buf_free(&w.asked);
}

/* Programs and their output cost fuel: a module cannot have a host work for nothing. */
static void test_fuel(void **state)
{
    (void)state;
    uint8_t             *big    = riv_alloc(1 << 20);
    world                w      = { .gives = { .standard_output = { big, 1 << 20 } } };
    marine_module_config module = { .mounted_binaries = binaries, .mounted_binaries_count = 2 };
    bench                b;
    assert_string_equal(open_mounted(&b, &w, module, true), "");
    assert_string_equal(bench_call(&b, "many", "[1]"), "1048576");
    assert_true(b.result.fuel_used > 10000000 + (1 << 20));
    assert_string_equal(bench_call(&b, "many", "[20]"), "20971520");
    w.runs        = 0;
    const char *r = bench_call(&b, "many", "[4000000000]");
    assert_true(!strncmp(r, "fuel: ", 6) || !strncmp(r, "memory: ", 8));
    assert_true(w.runs < 1000);
    bench_close(&b);
    riv_buf_free(&w.asked);
    riv_free(big);
}

/* More than any system hands to a program is not copied first. */
static void test_long_arguments(void **state)
{
    (void)state;
    enum { EACH = 1 << 20 };
    world                w      = { .runs = 0 };
    marine_module_config module = { .mounted_binaries = binaries, .mounted_binaries_count = 2 };
    bench                b;
    assert_string_equal(open_mounted(&b, &w, module, true), "");
    for (int count = 5; count < 8; count++) {
        riv_buf args = riv_buf_in(b.arena);
        for (int i = 0; i < count; i++) {
            riv_put_str(&args, i ? RIV_LIT("\",\"") : RIV_LIT("[[\""));
            memset(riv_buf_room(&args, EACH), 'a', EACH);
        }
        riv_put_bytes(&args, RIV_BYTES("\"]]\0"));
        riv_buf_clear(&w.asked);
        assert_string_equal(bench_call(&b, "run", (const char *)args.ptr),
                            count < 6 ? "{\"err\":\"\",\"error\":\"\",\"out\":\"\",\"ret_code\":0}"
                                      : "{\"err\":\"\",\"error\":\"Argument list too long (os error "
                                        "7)\",\"out\":\"\",\"ret_code\":100001}");
        assert_int_equal(w.runs, 1);
    }
    bench_close(&b);
    riv_buf_free(&w.asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked_and_answered),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_fuel),
        cmocka_unit_test(test_long_arguments),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
