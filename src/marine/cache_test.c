/* cache_test.c: native code under its seal: what is damaged, cut off, of another key, wasm or engine is refused before the engine sees it;
 * the folder of entries; what counts as the same file.
 * Spec: docs/decisions/0006-sealed-code-cache.md. */
#include "marine/testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

static const crypto_secret key = { { 1, 2, 3 } }, other_key = { { 1, 2, 4 } };

typedef struct box { /* a folder with a wasm file beside it */
    bench        b;
    riv_bytes    wasm;
    char         dir[300], file[320];
    marine_cache cache;
} box;

static void write_file(const char *path, riv_bytes data)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data.ptr, 1, data.len, f), data.len);
    fclose(f);
}

static void box_open(box *x)
{
    bench_start(&x->b);
    x->wasm = testing_build("examples/hello/greeting.c", x->b.arena);
    snprintf(x->dir, sizeof x->dir, "%s/tests/cache-%d", RIV_BINARY_DIR, (int)getpid());
    snprintf(x->file, sizeof x->file, "%s.wasm", x->dir);
    assert_int_equal(mkdir(x->dir, 0700), 0);
    write_file(x->file, x->wasm);
    x->cache = (marine_cache){ .dir = riv_str_c(x->dir), .key = key };
}

static void box_close(box *x)
{
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", x->dir, x->file);
    assert_int_equal(system(command), 0);
    bench_close(&x->b);
}

/* Loads the file, calls it, frees it. */
static marine_cached use(box *x)
{
    marine_module *module = NULL;
    marine_cached  how    = (marine_cached)9;
    riv_fault      fault  = { 0 };
    if (marine_module_open(x->b.engine, &x->cache, riv_str_c(x->file), &fault, &module, &how))
        fail_msg("%s", fault.msg);
    const marine_module_config one    = { .name = RIV_LIT("greeting"), .module = module };
    marine_service_config      config = { .modules = &one, .modules_count = 1 };
    assert_int_equal(marine_service_new(x->b.engine, &config, &fault, &x->b.service), RIV_OK);
    assert_string_equal(bench_call(&x->b, "greeting", "[\"Ada\"]"), "\"Hi, Ada\"");
    marine_service_free(x->b.service);
    x->b.service = NULL;
    marine_module_free(module);
    return how;
}

/* The one entry of the folder; notes of known files are not it. */
static const char *entry_of(box *x, const char *pattern)
{
    static char path[700];
    char        command[800];
    snprintf(command, sizeof command, "ls -d '%s'/%s", x->dir, pattern);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(path, sizeof path, f));
    pclose(f);
    path[strcspn(path, "\n")] = '\0';
    return path;
}
#define CODE_FILE "[0-9a-f]*[0-9a-f]" /* no dot */

static riv_err from(box *x, const crypto_secret *k, riv_bytes wasm, riv_bytes code)
{
    marine_module *module = NULL;
    riv_err        err    = marine_module_from_code(x->b.engine, k, wasm, code, NULL, &module);
    assert_int_equal(err == RIV_OK, module != NULL);
    marine_module_free(module);
    return err;
}

/* ---- the seal ---- */

static void test_every_bit(void **state)
{
    (void)state;
    box x;
    box_open(&x);
    marine_module *module = NULL;
    riv_buf        code   = riv_buf_in(x.b.arena);
    riv_fault      fault  = { 0 };
    riv_bytes      wasm   = x.wasm;
    module                = testing_module(x.b.engine, wasm);
    assert_int_equal(marine_module_code(module, &key, &code, &fault), RIV_OK);
    marine_module_free(module);
    assert_int_equal(from(&x, &key, wasm, riv_buf_view(&code)), RIV_OK);
    /* each bit of the last KiB, one bit of each byte before: the seal and what is kept are there */
    for (size_t i = 0; i < code.len; i++)
        for (uint8_t bit = 0; bit < 8; bit++) {
            if (i + 1024 < code.len && bit != i % 8) continue;
            code.ptr[i] ^= (uint8_t)(1u << bit);
            riv_err err = from(&x, &key, wasm, riv_buf_view(&code));
            if (err != RIV_E_MALFORMED && err != RIV_E_DENIED) fail_msg("bit %u of byte %zu: %d", bit, i, err);
            code.ptr[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t len = 0; len < code.len; len++) {
        riv_err err = from(&x, &key, wasm, riv_bytes_sub(riv_buf_view(&code), 0, len));
        if (err != RIV_E_MALFORMED && err != RIV_E_DENIED) fail_msg("%zu bytes: %d", len, err);
    }
    for (size_t cut = 1; cut < code.len; cut += 97) /* the front is missing: the seal is whole, its lengths are not */
        assert_int_equal(from(&x, &key, wasm, riv_bytes_sub(riv_buf_view(&code), cut, code.len)), RIV_E_MALFORMED);
    box_close(&x);
}

static void test_foreign(void **state)
{
    (void)state;
    box x;
    box_open(&x);
    riv_buf        code = riv_buf_in(x.b.arena), other = riv_buf_in(x.b.arena), sized = riv_buf_in(x.b.arena);
    marine_module *module = testing_module(x.b.engine, x.wasm), *again = NULL;
    marine_engine *small = NULL;
    assert_int_equal(marine_module_code(module, &key, &code, NULL), RIV_OK);
    marine_module_free(module);
    riv_put_bytes(&other, x.wasm);
    riv_put_bytes(&other, RIV_BYTES("\0\2\1x")); /* one more custom section */
    assert_int_equal(from(&x, &key, riv_buf_view(&other), riv_buf_view(&code)), RIV_E_CONFLICT);
    assert_int_equal(from(&x, &other_key, x.wasm, riv_buf_view(&code)), RIV_E_DENIED);
    const marine_engine_config config = { .optimize = MARINE_FOR_SIZE };
    assert_int_equal(marine_engine_new_with(&config, NULL, &small), RIV_OK);
    assert_int_equal(marine_module_from_code(small, &key, x.wasm, riv_buf_view(&code), NULL, &again),
                     RIV_E_UNSUPPORTED);
    module = testing_module(small, x.wasm);
    assert_int_equal(marine_module_code(module, &key, &sized, NULL), RIV_OK);
    marine_module_free(module);
    assert_int_equal(from(&x, &key, x.wasm, riv_buf_view(&sized)), RIV_E_UNSUPPORTED);
    marine_engine_free(small);
    box_close(&x);
}

/* ---- the folder ---- */

static void age(const char *path, int seconds)
{
    const struct timespec times[2] = { { time(NULL) - seconds, 0 }, { time(NULL) - seconds, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_folder(void **state)
{
    (void)state;
    box x;
    box_open(&x);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_CHECKED);
    assert_int_equal(
        use(&x), MARINE_CHECKED); /* written a moment ago: it could be written again in the same tick of its times */
    x.cache.key = other_key;
    assert_int_equal(use(&x), MARINE_COMPILED); /* another's seal */
    assert_int_equal(use(&x), MARINE_CHECKED);
    nanosleep(&(struct timespec){ 2, 300000000 },
              NULL); /* before, it could be written again in the same tick of its times */
    assert_true(use(&x) != MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_KNOWN);
    assert_int_equal(use(&x), MARINE_KNOWN);

    /* the wasm: other bytes of the same size and times are another file's, since the inode's own time moves */
    riv_bytes same = riv_bytes_dup(x.b.arena, x.wasm);
    write_file(x.file, same);
    age(x.file, 100);
    assert_int_equal(use(&x), MARINE_CHECKED);

    /* a bit of the entry turns, its size and modification time stay */
    const char *entry = entry_of(&x, CODE_FILE);
    struct stat st;
    assert_int_equal(stat(entry, &st), 0);
    for (off_t at = 5; at < st.st_size; at += st.st_size / 7) {
        char byte;
        assert_int_equal(use(&x) != MARINE_COMPILED, 1);
        int fd = open(entry, O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 16;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(futimens(fd, (const struct timespec[]){ st.st_atim, st.st_mtim }), 0);
        close(fd);
        assert_int_equal(use(&x), MARINE_COMPILED); /* and written anew */
    }
    assert_int_equal(truncate(entry, st.st_size - 1), 0);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(truncate(entry, 0), 0);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_CHECKED);

    /* others may write: not trusted, not used */
    assert_int_equal(chmod(entry, 0622), 0);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_CHECKED); /* replaced by one of ours */
    assert_int_equal(chmod(x.dir, 0777), 0);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_COMPILED);
    assert_int_equal(chmod(x.dir, 0700), 0);
    assert_true(use(&x) != MARINE_COMPILED);
    box_close(&x);
}

/* Notes of known files are sealed too, and good for the very file. */
static void test_notes(void **state)
{
    (void)state;
    box x;
    box_open(&x);
    assert_int_equal(use(&x), MARINE_COMPILED);
    nanosleep(&(struct timespec){ 2, 300000000 }, NULL);
    assert_true(use(&x) != MARINE_COMPILED);
    assert_int_equal(use(&x), MARINE_KNOWN);
    for (int i = 0; i < 300; i += 7) {
        const char *path = entry_of(&x, i % 2 ? "*.known" : "*.known | tail -n 1");
        FILE       *f    = fopen(path, "r+b");
        char        bytes[400];
        size_t      len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
        size_t      at  = (size_t)i % RIV_MAX(len, (size_t)1);
        assert_int_equal(len, 136);
        bytes[at] = (char)(bytes[at] ^ 1);
        rewind(f);
        assert_int_equal(fwrite(bytes, 1, len, f), len);
        fclose(f);
        assert_int_equal(use(&x), MARINE_CHECKED); /* and noted anew */
        assert_int_equal(use(&x), MARINE_KNOWN);
    }
    box_close(&x);
}

static void test_files(void **state)
{
    (void)state;
    box            x;
    marine_module *module = NULL;
    marine_cached  how    = MARINE_KNOWN;
    riv_fault      fault  = { 0 };
    box_open(&x);
    assert_int_equal(marine_module_open(x.b.engine, &x.cache, RIV_LIT("/nothing/here"), &fault, &module, &how),
                     RIV_E_NOT_FOUND);
    assert_int_equal(marine_module_open(x.b.engine, &x.cache, riv_str_c(x.dir), NULL, &module, &how), RIV_E_IO);
    assert_int_equal(marine_module_open(x.b.engine, &x.cache, RIV_LIT(""), NULL, &module, &how), RIV_E_NOT_FOUND);
    write_file(x.file, RIV_BYTES("\0asm\1\0\0\0"));
    assert_int_equal(marine_module_open(x.b.engine, &x.cache, riv_str_c(x.file), NULL, &module, &how), RIV_E_MALFORMED);
    assert_null(module);
    assert_int_equal(how, MARINE_KNOWN); /* untouched */
    x.cache.dir = RIV_LIT("");
    assert_int_equal(marine_module_open_bytes(x.b.engine, &x.cache, x.wasm, NULL, &module, &how), RIV_OK);
    assert_int_equal(how, MARINE_COMPILED);
    marine_module_free(module);
    box_close(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_bit), cmocka_unit_test(test_foreign), cmocka_unit_test(test_folder),
        cmocka_unit_test(test_notes),     cmocka_unit_test(test_files),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
