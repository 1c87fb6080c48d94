/* wasi_all_test.c: all of WASI preview 1 and the older wasi_unstable, checked from inside by tests/modules/wasi_all.c; every function links. */
#include "marine/testing.h"

#include <sys/stat.h>

typedef struct box { /* a mapped directory with a secret beside it */
    char  root[400], dir[420], secret[420], link_[440], linkdir[440], fifo[440];
    bench b;
} box;

static void box_open(box *x)
{
    snprintf(x->root, sizeof x->root, "%s/tests/wasi-all-%d", RIV_BINARY_DIR, (int)getpid());
    snprintf(x->dir, sizeof x->dir, "%s/dir", x->root);
    snprintf(x->secret, sizeof x->secret, "%s/secret", x->root);
    snprintf(x->link_, sizeof x->link_, "%s/link", x->dir);
    snprintf(x->linkdir, sizeof x->linkdir, "%s/linkdir", x->dir);
    snprintf(x->fifo, sizeof x->fifo, "%s/fifo", x->dir);
    assert_int_equal(mkdir(x->root, 0777), 0);
    assert_int_equal(mkdir(x->dir, 0777), 0);
    FILE *f = fopen(x->secret, "w");
    assert_true(f && fputs("secret", f) >= 0);
    fclose(f);
    assert_int_equal(symlink("../secret", x->link_), 0);
    assert_int_equal(symlink("..", x->linkdir), 0);
    assert_int_equal(mkfifo(x->fifo, 0666), 0);
    const marine_pair    mapped = { RIV_LIT("data"), riv_str_c(x->dir) };
    marine_module_config module = { .name = RIV_LIT("m"), .mapped_dirs = &mapped, .mapped_dirs_count = 1 };
    bench_open(&x->b, "tests/modules/wasi_all.c", &module, NULL);
}

/* What the guest made it removed; the secret is as it was. */
static void box_close(box *x)
{
    char  text[16] = "";
    FILE *f        = fopen(x->secret, "r");
    assert_true(f && fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "secret");
    bench_close(&x->b);
    unlink(x->link_), unlink(x->linkdir), unlink(x->fifo), unlink(x->secret);
    assert_int_equal(rmdir(x->dir), 0);
    assert_int_equal(rmdir(x->root), 0);
}

static void test_from_inside(void **state)
{
    static const struct {
        const char *function, *args;
    } cases[] = { { "files", "[]" },       { "others", "[]" }, { "limits", "[]" }, { "listing", "[3]" },
                  { "listing", "[1500]" }, { "old", "[]" },    { "paths", "[]" } };
    box x;
    (void)state;
    box_open(&x);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *got = bench_call(&x.b, cases[i].function, cases[i].args);
        if (strcmp(got, "\"\"") != 0) fail_msg("%s%s: %s", cases[i].function, cases[i].args, got);
    }
    box_close(&x);
}

/* ---- every function, by its name and type ---- */

static riv_err link_one(bench *b, const char *module, const char *name, const char *params, const char *results)
{
    /* (module (type (func ...)) (import module name (func (type 0))) ...): enough to be linked or refused */
    riv_buf wasm = riv_buf_in(b->arena), type = riv_buf_in(b->arena), import = riv_buf_in(b->arena);
    riv_put_u8(&type, 1), riv_put_u8(&type, 0x60), riv_put_u8(&type, (uint8_t)strlen(params));
    for (const char *p = params; *p; p++) riv_put_u8(&type, *p == 'i' ? 0x7f : 0x7e);
    riv_put_u8(&type, (uint8_t)strlen(results));
    for (const char *p = results; *p; p++) riv_put_u8(&type, 0x7f);
    riv_put_u8(&import, 1), riv_put_u8(&import, (uint8_t)strlen(module)), riv_put_str(&import, riv_str_c(module));
    riv_put_u8(&import, (uint8_t)strlen(name)), riv_put_str(&import, riv_str_c(name)), riv_put_u8(&import, 0),
        riv_put_u8(&import, 0);
    riv_put_bytes(&wasm, RIV_BYTES("\0asm\1\0\0\0\1"));
    riv_put_u8(&wasm, (uint8_t)type.len), riv_put_bytes(&wasm, riv_buf_view(&type));
    riv_put_u8(&wasm, 2), riv_put_u8(&wasm, (uint8_t)import.len), riv_put_bytes(&wasm, riv_buf_view(&import));
    static const char version[] = "\25__fluence_sdk_version0.14.0", section[] = "\17interface-types\5\0060.27.0";
    riv_put_u8(&wasm, 0), riv_put_u8(&wasm, sizeof version - 1),
        riv_put_bytes(&wasm, (riv_bytes){ (const uint8_t *)version, sizeof version - 1 });
    riv_put_u8(&wasm, 0), riv_put_u8(&wasm, sizeof section - 1),
        riv_put_bytes(&wasm, (riv_bytes){ (const uint8_t *)section, sizeof section - 1 });
    marine_module        *m       = testing_module(b->engine, riv_buf_view(&wasm));
    marine_module_config  config  = { .name = RIV_LIT("m"), .module = m };
    marine_service_config service = { .modules = &config, .modules_count = 1 };
    marine_service       *s       = NULL;
    b->fault                      = (riv_fault){ 0 };
    riv_err err                   = marine_service_new(b->engine, &service, &b->fault, &s);
    marine_service_free(s);
    marine_module_free(m);
    return err;
}

static void test_every_function_links(void **state)
{
    static const struct {
        const char *name, *params;
    } all[] = {
        { "args_get", "ii" },
        { "args_sizes_get", "ii" },
        { "environ_get", "ii" },
        { "environ_sizes_get", "ii" },
        { "clock_res_get", "ii" },
        { "clock_time_get", "iIi" },
        { "fd_advise", "iIIi" },
        { "fd_allocate", "iII" },
        { "fd_close", "i" },
        { "fd_datasync", "i" },
        { "fd_fdstat_get", "ii" },
        { "fd_fdstat_set_flags", "ii" },
        { "fd_fdstat_set_rights", "iII" },
        { "fd_filestat_get", "ii" },
        { "fd_filestat_set_size", "iI" },
        { "fd_filestat_set_times", "iIIi" },
        { "fd_pread", "iiiIi" },
        { "fd_prestat_get", "ii" },
        { "fd_prestat_dir_name", "iii" },
        { "fd_pwrite", "iiiIi" },
        { "fd_read", "iiii" },
        { "fd_readdir", "iiiIi" },
        { "fd_renumber", "ii" },
        { "fd_seek", "iIii" },
        { "fd_sync", "i" },
        { "fd_tell", "ii" },
        { "fd_write", "iiii" },
        { "path_create_directory", "iii" },
        { "path_filestat_get", "iiiii" },
        { "path_filestat_set_times", "iiiiIIi" },
        { "path_link", "iiiiiii" },
        { "path_open", "iiiiiIIii" },
        { "path_readlink", "iiiiii" },
        { "path_remove_directory", "iii" },
        { "path_rename", "iiiiii" },
        { "path_symlink", "iiiii" },
        { "path_unlink_file", "iii" },
        { "poll_oneoff", "iiii" },
        { "proc_exit", "i" },
        { "proc_raise", "i" },
        { "sched_yield", "" },
        { "random_get", "ii" },
        { "sock_accept", "iii" },
        { "sock_recv", "iiiiii" },
        { "sock_send", "iiiii" },
        { "sock_shutdown", "ii" },
    };
    bench b;
    (void)state;
    assert_int_equal(RIV_COUNT(all), 46);
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(all); i++) {
        const char *results = strcmp(all[i].name, "proc_exit") ? "i" : "";
        bool new            = !strcmp(all[i].name, "sock_accept");
        if (link_one(&b, "wasi_snapshot_preview1", all[i].name, all[i].params, results))
            fail_msg("%s: %s", all[i].name, b.fault.msg);
        if (!link_one(&b, "wasi_unstable", all[i].name, all[i].params, results) == new)
            fail_msg("old %s: %s", all[i].name, b.fault.msg);
        char other[16]; /* with a parameter more it is another function */
        snprintf(other, sizeof other, "%si", all[i].params);
        assert_int_not_equal(link_one(&b, "wasi_snapshot_preview1", all[i].name, other, results), RIV_OK);
    }
    assert_int_not_equal(link_one(&b, "wasi_snapshot_preview1", "fd_fly", "i", "i"), RIV_OK);
    assert_int_not_equal(link_one(&b, "wasi_snapshot_preview2", "fd_close", "i", "i"), RIV_OK);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_from_inside),
                                        cmocka_unit_test(test_every_function_links) };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
