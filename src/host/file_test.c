/* file_test.c: whole files, atomic writing, folders, paths, cache entries, key files, other programs. */
#define _GNU_SOURCE
#include "host/host.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

typedef struct room {
    riv_arena *arena;
    riv_str    dir;
} room;

static int set_up(void **state)
{
    room *r  = riv_alloc(sizeof *r);
    r->arena = riv_arena_new(0);
    *state   = r;
    return host_temp_dir(RIV_LIT("rivulet-test"), r->arena, NULL, &r->dir) ? -1 : 0;
}

static int tear_down(void **state)
{
    room *r = *state;
    host_dir_remove(r->dir);
    bool left = host_file_exists(r->dir);
    riv_arena_free(r->arena);
    riv_free(r);
    return left ? -1 : 0;
}

static riv_str in(room *r, const char *name) { return host_path_join(r->arena, r->dir, riv_str_c(name)); }

static void test_stamps(void **state)
{
    room      *r    = *state;
    riv_str    file = in(r, "a"), none = in(r, "none");
    host_stamp before, after;
    assert_int_equal(host_file_write_cache(file, RIV_BYTES("one"), 0600, NULL), RIV_OK);
    before = host_file_stamp(file);
    assert_int_equal(before.size, 3);
    assert_true(before.mtime_ns > 0 && before.inode > 0);
    assert_int_equal(host_file_write_cache(file, RIV_BYTES("two"), 0600, NULL), RIV_OK);
    after = host_file_stamp(file); /* as long as before, and perhaps within one tick: another file all the same */
    assert_true(before.inode != after.inode || before.mtime_ns != after.mtime_ns);
    after = host_file_stamp(none);
    assert_true(after.mtime_ns == 0 && after.size == 0 && after.inode == 0);
    assert_true(host_is_file(file) && !host_is_file(none) && !host_is_file(r->dir));
}

/* Sizes around those at which reading asks for more room. */
static void test_sizes(void **state)
{
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 200000 };
    room               *r       = *state;
    for (size_t i = 0; i < RIV_COUNT(sizes); i++) {
        riv_bytes read  = { 0 };
        riv_fault fault = { 0 };
        riv_buf   data  = riv_buf_in(r->arena);
        riv_prng  p     = riv_prng_seed(i + 1);
        riv_prng_fill(&p, riv_buf_room(&data, sizes[i]), sizes[i]);
        assert_int_equal(host_file_write_cache(in(r, "sized"), riv_buf_view(&data), 0600, &fault), RIV_OK);
        size_t used = riv_arena_used(r->arena);
        assert_int_equal(host_file_read(in(r, "sized"), sizes[i], r->arena, &fault, &read), RIV_OK);
        assert_true(riv_bytes_eq(read, riv_buf_view(&data)));
        assert_true(sizes[i] == 0 || riv_arena_used(r->arena) - used < sizes[i] + 4096);
        if (sizes[i] == 0) continue;
        assert_int_equal(host_file_read(in(r, "sized"), sizes[i] - 1, r->arena, &fault, &read), RIV_E_LIMIT);
    }
}

static void test_read_and_write(void **state)
{
    room     *r     = *state;
    riv_bytes data  = { 0 };
    riv_fault fault = { 0 };
    assert_int_equal(host_file_read(in(r, "no"), 10, r->arena, &fault, &data), RIV_E_NOT_FOUND);
    assert_non_null(strstr(fault.msg, "/no: No such file"));
    assert_int_equal(host_file_write(in(r, "a"), RIV_BYTES("one"), 0640, NULL), RIV_OK);
    assert_int_equal(host_file_write(in(r, "a"), RIV_BYTES("second"), 0640, NULL), RIV_OK);
    assert_int_equal(host_file_read(in(r, "a"), 6, r->arena, NULL, &data), RIV_OK);
    assert_true(riv_bytes_eq(data, RIV_BYTES("second")));
    fault = (riv_fault){ 0 };
    assert_int_equal(host_file_read(in(r, "a"), 5, r->arena, &fault, &data), RIV_E_LIMIT);
    fault = (riv_fault){ 0 };
    assert_int_equal(host_file_read(r->dir, 5, r->arena, &fault, &data), RIV_E_MALFORMED);
    assert_non_null(strstr(fault.msg, "it is a folder"));
    assert_int_equal(host_file_read(RIV_LIT("a\0b"), 5, r->arena, NULL, &data), RIV_E_MALFORMED);
    assert_int_equal(host_file_write(in(r, "no/such/folder"), RIV_BYTES("x"), 0600, NULL), RIV_E_NOT_FOUND);
    assert_int_equal(chmod(riv_format(r->arena, RIV_FMT "/a", RIV_ARG(r->dir)).ptr, 0666), 0);
    assert_int_equal(symlink("a", riv_format(r->arena, RIV_FMT "/link", RIV_ARG(r->dir)).ptr), 0);
    assert_int_equal(host_file_rewrite(in(r, "link"), RIV_BYTES("third"), NULL), RIV_OK);
    struct stat st;
    assert_int_equal(lstat(riv_format(r->arena, RIV_FMT "/link", RIV_ARG(r->dir)).ptr, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(riv_format(r->arena, RIV_FMT "/a", RIV_ARG(r->dir)).ptr, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    assert_int_equal(st.st_size, 5);
    const riv_str *names;
    size_t         count;
    assert_int_equal(host_dir_list(r->dir, r->arena, NULL, &names, &count), RIV_OK);
    assert_int_equal(count, 2); /* no temporary file stays */
}

/* What is no regular file stays what it is, and a link points where it did. */
static void test_write_replaces_files_alone(void **state)
{
    room       *r         = *state;
    riv_fault   fault     = { 0 };
    riv_bytes   data      = { 0 };
    const char *pipe_name = riv_format(r->arena, RIV_FMT "/pipe", RIV_ARG(r->dir)).ptr;
    struct stat st;
    assert_int_equal(mkfifo(pipe_name, 0600), 0);
    int reader = open(pipe_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(host_file_write(in(r, "pipe"), RIV_BYTES("through"), 0600, NULL), RIV_OK);
    char got[16];
    assert_int_equal(read(reader, got, sizeof got), 7);
    close(reader);
    assert_int_equal(lstat(pipe_name, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(symlink("/dev/full", riv_format(r->arena, RIV_FMT "/full", RIV_ARG(r->dir)).ptr), 0);
    assert_int_equal(host_file_write(in(r, "full"), RIV_BYTES("x"), 0600, &fault), RIV_E_IO);
    assert_non_null(strstr(fault.msg, "No space left"));
    assert_int_equal(stat("/dev/full", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(host_file_write(in(r, "target"), RIV_BYTES("one"), 0600, NULL), RIV_OK);
    assert_int_equal(symlink("target", riv_format(r->arena, RIV_FMT "/to", RIV_ARG(r->dir)).ptr), 0);
    assert_int_equal(host_file_write(in(r, "to"), RIV_BYTES("two"), 0600, NULL), RIV_OK);
    assert_int_equal(host_file_read(in(r, "target"), 9, r->arena, NULL, &data), RIV_OK);
    assert_true(riv_bytes_eq(data, RIV_BYTES("two")));
}

/* A writer that is killed at any moment leaves the old or the new text, never a part. */
static void test_write_is_atomic_under_kill(void **state)
{
    room   *r        = *state;
    size_t  len      = 1 << 20;
    riv_buf texts[2] = { riv_buf_in(r->arena), riv_buf_in(r->arena) };
    for (int i = 0; i < 2; i++) memset(riv_buf_room(&texts[i], len), 'a' + i, len);
    assert_int_equal(host_file_write(in(r, "f"), riv_buf_view(&texts[0]), 0600, NULL), RIV_OK);
    for (int round = 0; round < 12; round++) {
        pid_t pid = fork();
        if (pid == 0)
            for (int i = 0;; i++)
                if (host_file_write_cache(in(r, "f"), riv_buf_view(&texts[i % 2]), 0600, NULL)) _exit(1);
        usleep((useconds_t)(1000 + round * 700));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        riv_bytes data;
        assert_int_equal(host_file_read(in(r, "f"), len, r->arena, NULL, &data), RIV_OK);
        assert_int_equal(data.len, len);
        for (size_t i = 1; i < len; i++) assert_true(data.ptr[i] == data.ptr[0]);
    }
}

static void test_folders(void **state)
{
    room *r = *state;
    assert_int_equal(host_dir_make(in(r, "x/y/z"), NULL), RIV_OK);
    assert_int_equal(host_dir_make(in(r, "x/y/z"), NULL), RIV_OK);
    assert_true(host_is_dir(in(r, "x/y/z")));
    assert_int_equal(host_file_write(in(r, "x/file"), RIV_BYTES("keep"), 0600, NULL), RIV_OK);
    assert_int_equal(host_dir_make(in(r, "x/file/w"), NULL), RIV_E_NOT_FOUND);
    assert_int_equal(symlink(riv_cstr(r->arena, in(r, "x")), riv_cstr(r->arena, in(r, "x/y/link"))), 0);
    host_dir_remove(in(r, "x/y"));
    assert_false(host_file_exists(in(r, "x/y")));
    assert_true(host_file_exists(in(r, "x/file"))); /* links are removed, not followed */
}

static void test_paths(void **state)
{
    static const struct {
        const char *path, *dir, *name, *stem;
    } cases[] = {
        { "a/b.c", "a", "b.c", "b" },
        { "b.c", ".", "b.c", "b" },
        { "/b", "/", "b", "b" },
        { "/a/b/", "/a/b", "", "" },
        { ".hidden", ".", ".hidden", ".hidden" },
        { "a.b/c", "a.b", "c", "c" },
    };
    room *r = *state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_str path = riv_str_c(cases[i].path);
        assert_true(riv_str_eq(host_path_dir(path), riv_str_c(cases[i].dir)));
        assert_true(riv_str_eq(host_path_name(path), riv_str_c(cases[i].name)));
        assert_true(riv_str_eq(host_path_stem(path), riv_str_c(cases[i].stem)));
    }
    assert_true(riv_str_eq(host_path_join(r->arena, RIV_LIT("a"), RIV_LIT("b")), RIV_LIT("a/b")));
    assert_true(riv_str_eq(host_path_join(r->arena, RIV_LIT("a/"), RIV_LIT("b")), RIV_LIT("a/b")));
    assert_true(riv_str_eq(host_path_join(r->arena, RIV_LIT("a"), RIV_LIT("/b")), RIV_LIT("/b")));
    assert_true(riv_str_eq(host_path_join(r->arena, RIV_LIT("."), RIV_LIT("b")), RIV_LIT("b")));
}

static void test_cache(void **state)
{
    room       *r   = *state;
    crypto_hash key = crypto_sha256(RIV_BYTES("k"));
    riv_bytes   out;
    riv_str     dir = in(r, "cache");
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
    assert_int_equal(host_cache_put(dir, &key, RIV_BYTES("machine code"), NULL), RIV_OK);
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_OK);
    assert_true(riv_bytes_eq(out, RIV_BYTES("machine code")));
    const riv_str *names;
    size_t         count;
    assert_int_equal(host_dir_list(dir, r->arena, NULL, &names, &count), RIV_OK);
    const char *path = riv_cstr(r->arena, host_path_join(r->arena, dir, names[0]));
    assert_int_equal(chmod(path, 0620), 0); /* somebody else may have written it */
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
    assert_int_equal(chmod(path, 0600), 0);
    crypto_hash other = crypto_sha256(RIV_BYTES("another"));
    assert_int_equal(host_cache_put(dir, &other, RIV_BYTES("other code"), NULL), RIV_OK);
    assert_int_equal(host_dir_list(dir, r->arena, NULL, &names, &count), RIV_OK);
    assert_int_equal(count, 2);
    const char *two = riv_cstr(r->arena, host_path_join(r->arena, dir, names[strstr(path, names[0].ptr) ? 1 : 0]));
    assert_int_equal(rename(two, path), 0); /* whole, but of another key */
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
    assert_int_equal(host_cache_put(dir, &key, RIV_BYTES("machine code"), NULL), RIV_OK);
    assert_int_equal(rename(path, two), 0);
    assert_int_equal(symlink(two, path), 0);
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
    assert_int_equal(rename(two, path), 0);
    const char *folder = riv_cstr(r->arena, dir);
    assert_int_equal(chmod(folder, 0770), 0); /* others may put files there */
    riv_fault fault = { 0 };
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
    assert_int_equal(host_cache_put(dir, &key, RIV_BYTES("machine code"), &fault), RIV_E_DENIED);
    assert_non_null(strstr(fault.msg, "others may not write"));
    assert_int_equal(chmod(folder, 0700), 0);
    for (off_t at = 0; at < 44; at += 11) { /* one byte changed anywhere, hash or value */
        assert_int_equal(host_cache_put(dir, &key, RIV_BYTES("machine code"), NULL), RIV_OK);
        int  fd = open(path, O_RDWR);
        char byte;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte = (char)(byte ^ 1);
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
        assert_int_equal(access(path, F_OK), -1); /* and it is gone */
    }
    assert_int_equal(host_file_write(riv_str_c(path), RIV_BYTES("short"), 0600, NULL), RIV_OK);
    assert_int_equal(host_cache_get(dir, &key, r->arena, NULL, &out), RIV_E_NOT_FOUND);
}

static void test_key_file(void **state)
{
    static const struct {
        const char *text;
        riv_err     want;
    } cases[] = {
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", RIV_OK },
        { "  AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", RIV_OK },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n", RIV_E_MALFORMED }, /* 31 bytes */
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==\n", RIV_E_MALFORMED },
        { "", RIV_E_MALFORMED },
        { "not base64!", RIV_E_MALFORMED },
    };
    room         *r = *state;
    crypto_secret seed, again;
    bool          exposed = true;
    riv_fault     fault   = { 0 };
    host_key_new(&seed);
    assert_int_equal(host_key_save(in(r, "key"), &seed, NULL), RIV_OK);
    struct stat st;
    assert_int_equal(stat(riv_cstr(r->arena, in(r, "key")), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 45);
    assert_int_equal(host_key_load(in(r, "key"), NULL, &again, &exposed), RIV_OK);
    assert_memory_equal(&seed, &again, sizeof seed);
    assert_false(exposed);
    assert_int_equal(host_key_save(in(r, "key"), &seed, &fault), RIV_E_CONFLICT);
    assert_int_equal(symlink("nowhere", riv_cstr(r->arena, in(r, "link"))),
                     0); /* a name that leads nowhere is taken too */
    assert_int_equal(host_key_save(in(r, "link"), &seed, NULL), RIV_E_CONFLICT);
    assert_int_equal(chmod(riv_cstr(r->arena, in(r, "key")), 0644), 0);
    assert_int_equal(host_key_load(in(r, "key"), NULL, &again, &exposed), RIV_OK);
    assert_true(exposed);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        assert_int_equal(host_file_write(in(r, "k"), riv_str_bytes(riv_str_c(cases[i].text)), 0600, NULL), RIV_OK);
        assert_int_equal(host_key_load(in(r, "k"), NULL, &again, NULL), cases[i].want);
    }
}

static void test_programs(void **state)
{
    room       *r = *state;
    riv_str     sh;
    host_output out;
    riv_fault   fault = { 0 };
    assert_int_equal(host_program(RIV_LIT("sh"), r->arena, NULL, &sh), RIV_OK);
    assert_int_equal(host_program(RIV_LIT("no-such-program"), r->arena, NULL, &sh), RIV_E_NOT_FOUND);
    const char *argv[] = { riv_cstr(r->arena, sh), "-c", "echo out; echo err >&2; exit 3", NULL };
    assert_int_equal(host_command(argv, r->arena, NULL, &out), RIV_OK);
    assert_int_equal(out.exit_code, 3);
    assert_true(riv_str_eq(out.text, RIV_LIT("out\nerr\n")));
    argv[2] = "kill -9 $$";
    assert_int_equal(host_command(argv, r->arena, NULL, &out), RIV_OK);
    assert_int_equal(out.signal, 9);
    argv[0] = "/no/such/file";
    assert_int_equal(host_command(argv, r->arena, &fault, &out), RIV_E_IO);
    assert_non_null(strstr(fault.msg, "cannot start /no/such/file: No such file"));
}

static void test_child_stops(void **state)
{
    room      *r = *state;
    riv_str    sh;
    host_child child = { 0 };
    char       byte  = 0;
    assert_int_equal(host_program(RIV_LIT("sh"), r->arena, NULL, &sh), RIV_OK);
    /* It does not care about SIGTERM, so it takes the harder way. */
    const char *argv[] = { riv_cstr(r->arena, sh), "-c", "trap '' TERM; echo ready; while :; do sleep 1; done", NULL };
    assert_int_equal(host_child_start(argv, NULL, &child), RIV_OK);
    assert_int_equal(read(child.out, &byte, 1), 1);
    int pid = child.pid;
    host_child_stop(&child, 50);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(child.pid, 0);
    host_child_stop(&child, 50); /* again: nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_and_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_replaces_files_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stamps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sizes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_is_atomic_under_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_programs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_child_stops, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
