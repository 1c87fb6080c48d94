/* file.c: whole files in and out, folders, paths, temporary folders, cache entries, the clock and the kernel's randomness.
 * Writing is all or nothing: temporary file, sync, rename. Tests: file_test.c. */
#define _GNU_SOURCE
#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, READ_STEP = 64 << 10, CACHE_BYTES_MAX = 1 << 30 };

/* NEW: synced, and never over another file. AGAIN: synced, with that very mode whatever the umask. */
typedef enum how { WRITE_SYNCED, WRITE_NEW, WRITE_AGAIN, WRITE_CACHE } how;

/* ---- time and chance ---- */

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;
    RIV_ASSERT(clock_gettime(id, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t host_now_ms(void) { return clock_ns(CLOCK_REALTIME) / 1000000u; }
uint64_t host_now_us(void) { return clock_ns(CLOCK_REALTIME) / 1000u; }
uint64_t host_clock_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

void host_sleep_ms(uint32_t ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&t, NULL);
}

void host_entropy(void *out, size_t len)
{
    uint8_t *at = out;
    while (len) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        RIV_ASSERT(got > 0);
        at += got;
        len -= (size_t)got;
    }
}

/* ---- reading ---- */

/* A path for the OS; paths with a NUL or too long are refused once, here. */
static riv_err os_path(riv_str path, char out[PATH_BYTES], riv_fault *fault)
{
    if (path.len == 0) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "the path is empty");
    if (path.len >= PATH_BYTES) return riv_fail(fault, RIV_E_LIMIT, 0, "a path of %zu bytes is too long", path.len);
    if (memchr(path.ptr, 0, path.len)) return riv_fail(fault, RIV_E_MALFORMED, 0, "the path holds a NUL byte");
    memcpy(out, path.ptr, path.len);
    out[path.len] = 0;
    return RIV_OK;
}

static riv_err io_error(riv_fault *fault, const char *verb, const char *path)
{
    int     cause = errno;
    riv_err err   = cause == ENOENT || cause == ENOTDIR ? RIV_E_NOT_FOUND
                    : cause == EACCES                   ? RIV_E_DENIED
                    : cause == EEXIST                   ? RIV_E_CONFLICT
                                                        : RIV_E_IO;
    return riv_fail(fault, err, 0, "cannot %s %s: %s", verb, path, strerror(cause));
}

/* likely: how many bytes it has by its size, 0: not known; so that a file takes its own room in the arena and no more. */
static riv_err read_all(int fd, const char *name, uint64_t likely, uint64_t bytes_max, riv_arena *arena,
                        riv_fault *fault, riv_bytes *out)
{
    riv_buf buf   = riv_buf_in(arena);
    size_t  first = likely && likely <= bytes_max ? (size_t)likely + 1 : 0; /* one more: to see the end */
    if (first) riv_buf_reserve(&buf, first);
    for (;;) {
        size_t   before = buf.len, step = before < first ? first - before : READ_STEP;
        uint8_t *room = riv_buf_raw(&buf, step);
        ssize_t  got  = read(fd, room, step);
        buf.len       = before + (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error(fault, "read", name);
        if (buf.len > bytes_max)
            return riv_fail(fault, RIV_E_LIMIT, 0, "%s is larger than %llu bytes", name, (unsigned long long)bytes_max);
        if (got == 0) break;
    }
    *out = riv_buf_view(&buf);
    return RIV_OK;
}

riv_err host_file_read(riv_str path, uint64_t bytes_max, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    char        name[PATH_BYTES];
    struct stat st;
    RIV_TRY(os_path(path, name, fault));
    if (riv_str_eq(path, RIV_LIT("-"))) return read_all(0, "standard input", 0, bytes_max, arena, fault, out);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_error(fault, "read", name);
    riv_err err  = RIV_OK;
    bool    seen = fstat(fd, &st) == 0;
    if (seen && S_ISDIR(st.st_mode))
        err = riv_fail(fault, RIV_E_MALFORMED, 0, "cannot read %s: it is a folder", name);
    else
        err = read_all(fd, name, seen && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, bytes_max, arena, fault, out);
    close(fd);
    return err;
}

/* ---- writing ---- */

static bool write_fully(int fd, riv_bytes data)
{
    while (data.len) {
        ssize_t got = write(fd, data.ptr, data.len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        data = riv_bytes_sub(data, (size_t)got, data.len);
    }
    return true;
}

/* A rename lasts only when the folder that holds the name is synced too. */
static bool sync_dir_of(riv_str path)
{
    char name[PATH_BYTES];
    if (os_path(host_path_dir(path), name, NULL)) return false;
    int  fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

/* File systems that cannot tell (EINVAL) are asked before. */
static bool put_in_place(const char *temp, const char *name, how way)
{
    if (way != WRITE_NEW) return rename(temp, name) == 0;
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, name, RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    struct stat st;
    if (lstat(name, &st) == 0) return errno = EEXIST, false;
    return rename(temp, name) == 0;
}

static riv_err write_file(riv_str path, riv_bytes data, uint32_t mode, how way, riv_fault *fault)
{
    bool     sync = way != WRITE_CACHE;
    char     name[PATH_BYTES], temp[PATH_BYTES + 32];
    uint64_t mark;
    RIV_TRY(os_path(path, name, fault));
    host_entropy(&mark, sizeof mark);
    snprintf(temp, sizeof temp, "%s.%016llx.tmp", name, (unsigned long long)mark);
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) return io_error(fault, "write", name);
    bool ok = write_fully(fd, data) && (!sync || fsync(fd) == 0);
    ok      = ok && (way != WRITE_AGAIN || fchmod(fd, (mode_t)mode) == 0);
    ok      = close(fd) == 0 && ok;
    ok      = ok && put_in_place(temp, name, way) && (!sync || sync_dir_of(path));
    if (ok) return RIV_OK;
    riv_err err = io_error(fault, "write", name);
    unlink(temp);
    return err;
}

/* A device or a pipe takes the bytes itself: a file in its place would be the end of /dev/null. */
static riv_err write_through(const char *name, riv_bytes data, riv_fault *fault)
{
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return io_error(fault, "write", name);
    riv_err err = write_fully(fd, data) ? RIV_OK : io_error(fault, "write", name);
    if (close(fd) != 0 && !err) err = io_error(fault, "write", name);
    return err;
}

riv_err host_file_write(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault)
{
    char        name[PATH_BYTES];
    struct stat st;
    RIV_TRY(os_path(path, name, fault));
    if (stat(name, &st) != 0) return write_file(path, data, mode, WRITE_SYNCED, fault);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return write_through(name, data, fault);
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = write_file(host_path_real(arena, path), data, mode, WRITE_SYNCED, fault);
    riv_arena_free(arena);
    return err;
}

riv_err host_file_rewrite(riv_str path, riv_bytes data, riv_fault *fault)
{
    char        name[PATH_BYTES];
    struct stat st;
    RIV_TRY(os_path(path, name, fault));
    if (stat(name, &st) != 0) return host_file_write(path, data, 0644, fault);
    if (access(name, W_OK) != 0) return io_error(fault, "write", name);
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = write_file(host_path_real(arena, path), data, st.st_mode & 07777u, WRITE_AGAIN, fault);
    riv_arena_free(arena);
    return err;
}

riv_err host_file_write_new(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault)
{
    return write_file(path, data, mode, WRITE_NEW, fault);
}

riv_err host_file_write_cache(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault)
{
    return write_file(path, data, mode, WRITE_CACHE, fault);
}

/* ---- folders ---- */

bool host_file_exists(riv_str path)
{
    char        name[PATH_BYTES];
    struct stat st;
    return !os_path(path, name, NULL) && stat(name, &st) == 0;
}

bool host_is_dir(riv_str path)
{
    char        name[PATH_BYTES];
    struct stat st;
    return !os_path(path, name, NULL) && stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

bool host_is_file(riv_str path)
{
    char        name[PATH_BYTES];
    struct stat st;
    return !os_path(path, name, NULL) && stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

host_stamp host_file_stamp(riv_str path)
{
    char        name[PATH_BYTES];
    struct stat st;
    if (os_path(path, name, NULL) || stat(name, &st) != 0) return (host_stamp){ 0 };
    return (host_stamp){ (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_size,
                         (uint64_t)st.st_ino };
}

bool host_stamp_eq(host_stamp a, host_stamp b)
{
    return a.mtime_ns == b.mtime_ns && a.size == b.size && a.inode == b.inode;
}

riv_err host_dir_make(riv_str path, riv_fault *fault)
{
    char name[PATH_BYTES];
    RIV_TRY(os_path(path, name, fault));
    for (char *at = name + 1; *at; at++) {
        if (*at != '/') continue;
        *at = 0;
        if (mkdir(name, 0700) && errno != EEXIST) return io_error(fault, "make the folder", name);
        *at = '/';
    }
    if (mkdir(name, 0700) && errno != EEXIST) return io_error(fault, "make the folder", name);
    if (!host_is_dir(path)) return riv_fail(fault, RIV_E_IO, 0, "%s is no folder", name);
    return RIV_OK;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    (void)remove(path);
    return 0;
}

void host_dir_remove(riv_str path)
{
    char name[PATH_BYTES];
    if (!os_path(path, name, NULL)) (void)nftw(name, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int by_name(const void *a, const void *b) { return riv_str_cmp(*(const riv_str *)a, *(const riv_str *)b); }

riv_err host_dir_list(riv_str path, riv_arena *arena, riv_fault *fault, const riv_str **names, size_t *count)
{
    char name[PATH_BYTES];
    RIV_VEC(riv_str) list = { 0 };
    RIV_TRY(os_path(path, name, fault));
    DIR *dir = opendir(name);
    if (!dir) return io_error(fault, "read the folder", name);
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            *riv_push(arena, &list) = riv_str_dup(arena, riv_str_c(e->d_name));
    closedir(dir);
    if (list.len) qsort(list.ptr, list.len, sizeof *list.ptr, by_name);
    *names = list.ptr;
    *count = list.len;
    return RIV_OK;
}

riv_err host_temp_dir(riv_str prefix, riv_arena *arena, riv_fault *fault, riv_str *out)
{
    riv_str base = host_env("TMPDIR");
    riv_str path =
        riv_format(arena, RIV_FMT "/" RIV_FMT "-XXXXXX", RIV_ARG(base.len ? base : RIV_LIT("/tmp")), RIV_ARG(prefix));
    char *name = riv_arena_alloc(arena, path.len + 1, 1);
    memcpy(name, path.ptr, path.len);
    if (!mkdtemp(name)) return io_error(fault, "make a temporary folder at", riv_cstr(arena, path));
    *out = riv_str_c(name);
    return RIV_OK;
}

/* ---- paths ---- */

riv_str host_path_join(riv_arena *arena, riv_str dir, riv_str name)
{
    if (riv_str_starts(name, RIV_LIT("/")) || dir.len == 0 || riv_str_eq(dir, RIV_LIT("."))) return name;
    const char *gap = riv_str_ends(dir, RIV_LIT("/")) ? "" : "/";
    return riv_format(arena, RIV_FMT "%s" RIV_FMT, RIV_ARG(dir), gap, RIV_ARG(name));
}

static size_t name_start(riv_str path)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/') at--;
    return at;
}

riv_str host_path_dir(riv_str path)
{
    size_t at = name_start(path);
    if (at == 0) return RIV_LIT(".");
    return riv_str_sub(path, 0, at > 1 ? at - 1 : 1);
}

riv_str host_path_name(riv_str path) { return riv_str_sub(path, name_start(path), path.len); }

riv_str host_path_stem(riv_str path)
{
    riv_str name = host_path_name(path);
    size_t  dot  = name.len;
    while (dot && name.ptr[dot - 1] != '.') dot--;
    return dot > 1 ? riv_str_sub(name, 0, dot - 1) : name;
}

riv_str host_path_real(riv_arena *arena, riv_str path)
{
    char name[PATH_BYTES], real[PATH_MAX];
    if (os_path(path, name, NULL) || !realpath(name, real)) return path;
    return riv_str_dup(arena, riv_str_c(real));
}

riv_str host_env(const char *name) { return riv_str_c(getenv(name)); }

/* ---- cache ---- */

static riv_str entry_name(const crypto_hash *key, riv_arena *arena)
{
    riv_buf hex = riv_buf_in(arena);
    codec_put_hex(&hex, (riv_bytes){ key->bytes, sizeof key->bytes });
    return riv_buf_str(&hex);
}

/* What is loaded as machine code must be ours alone: nobody else may have written it, or may put something in its place. So what is open is
 * looked at, not what a path names at one moment and may not name at the next. */
static bool ours_alone(int fd, mode_t kind)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind && st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

static int open_cache(riv_str dir)
{
    char name[PATH_BYTES];
    int  fd = os_path(dir, name, NULL) ? -1 : open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || ours_alone(fd, S_IFDIR)) return fd;
    close(fd);
    errno = EACCES;
    return -1;
}

/* Under its key: an entry that was moved to another one's name is no good. */
static crypto_hash entry_hash(const crypto_hash *key, riv_bytes value)
{
    crypto_hash both[2] = { *key, crypto_blake3(value) };
    return crypto_blake3((riv_bytes){ (const uint8_t *)both, sizeof both });
}

static bool read_entry(int folder, const char *name, riv_arena *arena, riv_bytes *out)
{
    int  fd   = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool good = fd >= 0 && ours_alone(fd, S_IFREG) && !read_all(fd, name, 0, CACHE_BYTES_MAX, arena, NULL, out);
    if (fd >= 0) close(fd);
    return good;
}

riv_err host_cache_get(riv_str dir, const crypto_hash *key, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    const char *name   = riv_cstr(arena, entry_name(key, arena));
    riv_bytes   data   = { 0 };
    int         folder = open_cache(dir);
    bool        found  = folder >= 0 && read_entry(folder, name, arena, &data);
    riv_bytes   value  = riv_bytes_sub(data, RIV_MIN(data.len, (size_t)CRYPTO_HASH_BYTES), data.len);
    crypto_hash hash   = entry_hash(key, value);
    bool        good   = found && data.len >= CRYPTO_HASH_BYTES && !memcmp(hash.bytes, data.ptr, CRYPTO_HASH_BYTES);
    if (found && !good) unlinkat(folder, name, 0);
    if (folder >= 0) close(folder);
    if (!good) return riv_fail(fault, RIV_E_NOT_FOUND, 0, found ? "damaged in the cache" : "not in the cache");
    *out = value;
    return RIV_OK;
}

riv_err host_cache_put(riv_str dir, const crypto_hash *key, riv_bytes value, riv_fault *fault)
{
    riv_arena  *arena = riv_arena_new(0);
    riv_buf     data  = riv_buf_in(arena);
    crypto_hash hash  = entry_hash(key, value);
    riv_put_bytes(&data, (riv_bytes){ hash.bytes, sizeof hash.bytes });
    riv_put_bytes(&data, value);
    riv_err err    = host_dir_make(dir, fault);
    int     folder = err ? -1 : open_cache(dir);
    if (!err && folder < 0)
        err = riv_fail(fault, RIV_E_DENIED, 0,
                       "the cache " RIV_FMT " is not used: it must be a folder of yours that others may not write to",
                       RIV_ARG(dir));
    if (folder >= 0) close(folder);
    if (!err)
        err =
            host_file_write_cache(host_path_join(arena, dir, entry_name(key, arena)), riv_buf_view(&data), 0600, fault);
    riv_arena_free(arena);
    return err;
}
