/* cache.c: a folder of sealed native code, and what is known of files that were hashed before.
 * Hashing 6 MB of wasm and 15 MB of code takes longer than all else of loading, so a file that was hashed is known again by its stamp: device,
 * inode, size and both times. Every write moves the times; the note of a stamp is sealed, and good for an hour of this boot.
 * Spec: docs/decisions/0006-sealed-code-cache.md. Tests: cache_test.c. */
#define _GNU_SOURCE /* O_CLOEXEC, O_NOFOLLOW, statx's times */
#include "marine/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    NAME_BYTES      = 80,
    PATH_BYTES      = 4096,
    ENTRY_BYTES_MAX = 1 << 30,
    BOOT_BYTES      = 16,
    KNOWN_FOR_S     = 3600, /* so that a disk that loses bits under us is noticed: then everything is hashed again */
    STAMP_SETTLED_NS =
        2000000000, /* a file written more recently could be written again without a change of its times */
};

typedef struct stamp {
    uint64_t device, inode, size, mtime_ns, ctime_ns;
} stamp;
typedef struct now {
    uint64_t real_ns, boot_s;
    uint8_t  boot[BOOT_BYTES];
    bool     good;
} now; /* not good: nothing is known again */
typedef struct mapping {
    riv_bytes bytes;
    stamp     at;
    int       fd;
} mapping;

/* One module that is asked for: where to look, and one moment for all that is noted of it, before any entry is read. */
typedef struct opening {
    marine_engine      *engine;
    const marine_cache *cache;
    int                 folder; /* -1: it cannot be used */
    now                 when;
} opening;

static const char NOTE_MAGIC[8] = "rivknow1";
enum {
    NOTE_HEAD_BYTES = 8 + 5 * 8 + BOOT_BYTES + 8 + CRYPTO_HASH_BYTES,
    NOTE_BYTES      = NOTE_HEAD_BYTES + CRYPTO_HASH_BYTES
};

static int     open_folder(const marine_cache *cache);
static riv_err open_wasm(riv_str path, riv_fault *fault, int *fd, stamp *at);
static riv_err read_wasm(int fd, const stamp *at, riv_arena *arena, riv_fault *fault, riv_bytes *out);
static now     now_of(void);
static bool    known(const opening *o, const stamp *at, crypto_hash *hash);
static void    note(const opening *o, const stamp *at, const crypto_hash *hash);
static bool    map_entry(int folder, const char *name, mapping *out);
static void    unmap(mapping *m);
static bool    put_file(int folder, const char *name, riv_bytes data);
static bool    same_stamp(const stamp *a, const stamp *b);
static bool    stamp_of(int fd, stamp *out);

/* ---- loading ---- */

/* One entry for each wasm and engine. */
static void entry_name(const marine_engine *engine, const crypto_hash *wasm, char out[NAME_BYTES])
{
    crypto_hash both[2] = { engine->id, *wasm };
    crypto_hash key     = crypto_blake3((riv_bytes){ (const uint8_t *)both, sizeof both });
    for (size_t i = 0; i < sizeof key.bytes; i++) snprintf(out + 2 * i, 3, "%02x", key.bytes[i]);
}

static opening begin_opening(marine_engine *engine, const marine_cache *cache)
{
    return (opening){ engine, cache, open_folder(cache), now_of() };
}

static void end_opening(const opening *o)
{
    if (o->folder >= 0) close(o->folder);
}

/* The code counts as checked when it is the file that was. */
static bool code_known(const opening *o, const mapping *m, const marine__sealed *sealed)
{
    crypto_hash hash;
    return known(o, &m->at, &hash) && !memcmp(hash.bytes, sealed->code_hash.bytes, sizeof hash.bytes);
}

static bool load_entry(const opening *o, const crypto_hash *wasm, marine_module **out, marine_cached *how)
{
    mapping        m;
    marine__sealed sealed;
    stamp          after;
    char           name[NAME_BYTES], file[64];
    entry_name(o->engine, wasm, name);
    if (o->folder < 0 || !map_entry(o->folder, name, &m)) return false;
    bool good = !marine__seal_read(&o->cache->key, m.bytes, NULL, &sealed) &&
                !marine__seal_fits(&sealed, &o->engine->id, wasm, NULL);
    bool new_file = good && !code_known(o, &m, &sealed);
    if (new_file) good = !marine__seal_check_code(&sealed, NULL) && stamp_of(m.fd, &after) && same_stamp(&m.at, &after);
    snprintf(file, sizeof file, "/proc/self/fd/%d", m.fd);
    if (good) good = !marine__module_revive(o->engine, &sealed, file, NULL, out);
    if (good && new_file) {
        note(o, &m.at, &sealed.code_hash);
        *how = MARINE_CHECKED;
    }
    unmap(&m);
    return good;
}

static riv_err compile_entry(const opening *o, riv_bytes wasm, const crypto_hash *hash, riv_fault *fault,
                             marine_module **out)
{
    char          name[NAME_BYTES];
    riv_buf       code = { 0 };
    marine_cached how;
    if (o->folder >= 0 && o->cache->compile) {
        RIV_TRY(o->cache->compile(o->cache->ctx, wasm, fault));
        if (load_entry(o, hash, out, &how)) return RIV_OK;
    } /* it could be compiled, but not kept: here, too, it ends */
    RIV_TRY(marine__module_compile(o->engine, wasm, hash, fault, out));
    entry_name(o->engine, hash, name);
    if (o->folder >= 0 && !marine_module_code(*out, &o->cache->key, &code, NULL))
        put_file(o->folder, name, riv_buf_view(&code)); /* a cache that cannot be written costs time only */
    riv_buf_free(&code);
    return RIV_OK;
}

riv_err marine_module_open_bytes(marine_engine *engine, const marine_cache *cache, riv_bytes wasm, riv_fault *fault,
                                 marine_module **out, marine_cached *how)
{
    opening       o    = begin_opening(engine, cache);
    crypto_hash   hash = crypto_blake3(wasm);
    marine_cached is   = MARINE_CHECKED; /* the wasm was hashed */
    riv_err       err  = RIV_OK;
    if (!load_entry(&o, &hash, out, &is)) {
        is  = MARINE_COMPILED;
        err = compile_entry(&o, wasm, &hash, fault, out);
    }
    end_opening(&o);
    if (how && !err) *how = is;
    return err;
}

/* A file that is not known is read and hashed, and known from then on. */
static riv_err open_unknown(const opening *o, int fd, const stamp *at, riv_fault *fault, marine_module **out,
                            marine_cached *how)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  wasm;
    stamp      after;
    riv_err    err = read_wasm(fd, at, arena, fault, &wasm);
    if (!err) {
        crypto_hash hash = crypto_blake3(wasm);
        bool        kept = stamp_of(fd, &after) && same_stamp(at, &after);
        *how             = MARINE_CHECKED;
        if (!load_entry(o, &hash, out, how)) {
            *how = MARINE_COMPILED;
            err  = compile_entry(o, wasm, &hash, fault, out);
        }
        if (!err && kept) note(o, at, &hash);
    }
    riv_arena_free(arena);
    return err;
}

riv_err marine_module_open(marine_engine *engine, const marine_cache *cache, riv_str path, riv_fault *fault,
                           marine_module **out, marine_cached *how)
{
    int           fd = -1;
    stamp         at;
    crypto_hash   hash;
    marine_cached is  = MARINE_KNOWN;
    riv_err       err = RIV_OK;
    RIV_TRY(open_wasm(path, fault, &fd, &at));
    opening o = begin_opening(engine, cache);
    if (!known(&o, &at, &hash) || !load_entry(&o, &hash, out, &is)) err = open_unknown(&o, fd, &at, fault, out, &is);
    end_opening(&o);
    close(fd);
    if (how && !err) *how = is;
    return err;
}

/* ---- files ---- */

static bool c_path(riv_str path, char out[PATH_BYTES])
{
    if (path.len == 0 || path.len >= PATH_BYTES || riv_str_find_char(path, '\0', 0) != SIZE_MAX) return false;
    memcpy(out, path.ptr, path.len);
    out[path.len] = '\0';
    return true;
}

/* What is loaded as machine code must be ours alone: nobody else may have written it, or may put something in its place. What is open is
 * looked at, not what a path names at one moment and may not name at the next. */
static bool ours_alone(int fd, mode_t kind)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == kind && st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

static int open_folder(const marine_cache *cache)
{
    char name[PATH_BYTES];
    int  fd = c_path(cache->dir, name) ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd < 0 || ours_alone(fd, S_IFDIR)) return fd;
    close(fd);
    return -1;
}

static bool stamp_of(int fd, stamp *out)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 0) return false;
    *out = (stamp){ (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
                    (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec,
                    (uint64_t)st.st_ctim.tv_sec * 1000000000u + (uint64_t)st.st_ctim.tv_nsec };
    return true;
}

static bool same_stamp(const stamp *a, const stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

static riv_err open_wasm(riv_str path, riv_fault *fault, int *fd, stamp *at)
{
    char name[PATH_BYTES];
    if (!c_path(path, name)) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "not the path of a file");
    int file = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return riv_fail(fault, errno == ENOENT || errno == ENOTDIR ? RIV_E_NOT_FOUND : RIV_E_IO, 0, RIV_FMT ": %s",
                        RIV_ARG(path), strerror(errno));
    riv_err err = RIV_OK;
    if (!stamp_of(file, at))
        err = riv_fail(fault, RIV_E_IO, 0, RIV_FMT ": not a file", RIV_ARG(path));
    else if (at->size > MARINE_MODULE_BYTES_MAX)
        err = riv_fail(fault, RIV_E_LIMIT, 0, RIV_FMT ": %llu bytes, the limit is %d", RIV_ARG(path),
                       (unsigned long long)at->size, MARINE_MODULE_BYTES_MAX);
    if (err)
        close(file);
    else
        *fd = file;
    return err;
}

/* Up to so many bytes; less where the file ends. */
static size_t read_some(int fd, uint8_t *out, size_t len)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = read(fd, out + got, len - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    return got;
}

static riv_err read_wasm(int fd, const stamp *at, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    size_t   size = (size_t)at->size;
    uint8_t *data = riv_arena_alloc_raw(arena, size + 1, 1);
    if (read_some(fd, data, size) != size) return riv_fail(fault, RIV_E_IO, 0, "the file could not be read whole");
    *out = (riv_bytes){ data, size };
    return RIV_OK;
}

/* Entries are replaced as a whole, never written to, so one that is mapped stays as it is. */
static bool map_entry(int folder, const char *name, mapping *out)
{
    *out = (mapping){ .fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) };
    if (out->fd < 0) return false;
    void *at = MAP_FAILED;
    if (ours_alone(out->fd, S_IFREG) && stamp_of(out->fd, &out->at) && out->at.size && out->at.size <= ENTRY_BYTES_MAX)
        at = mmap(NULL, (size_t)out->at.size, PROT_READ, MAP_PRIVATE, out->fd, 0);
    if (at != MAP_FAILED) {
        out->bytes = (riv_bytes){ at, (size_t)out->at.size };
        return true;
    }
    close(out->fd);
    return false;
}

static void unmap(mapping *m)
{
    munmap((void *)(uintptr_t)m->bytes.ptr, m->bytes.len);
    close(m->fd);
}

/* Whole or not at all. It can be made again, so nothing waits for the disk. */
static bool put_file(int folder, const char *name, riv_bytes data)
{
    char   temp[NAME_BYTES];
    size_t done = 0;
    snprintf(temp, sizeof temp, ".new-%ld-%lx", (long)getpid(), (unsigned long)(uintptr_t)&temp);
    unlinkat(folder, temp, 0); /* of a process of the same number that ended here */
    int fd = openat(folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    while (done < data.len) {
        ssize_t n = write(fd, data.ptr + done, data.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        done += (size_t)n;
    }
    bool good = close(fd) == 0 && done == data.len && renameat(folder, temp, folder, name) == 0;
    if (!good) unlinkat(folder, temp, 0);
    return good;
}

/* ---- what is known of files ---- */

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t) || t.tv_sec < 0) return 0;
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static now now_of(void)
{
    now  t        = { .real_ns = clock_ns(CLOCK_REALTIME), .boot_s = clock_ns(CLOCK_BOOTTIME) / 1000000000u };
    char text[36] = { 0 };
    int  fd       = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read_some(fd, (uint8_t *)text, sizeof text) == sizeof text) {
        crypto_hash hash = crypto_blake3((riv_bytes){ (const uint8_t *)text, sizeof text });
        memcpy(t.boot, hash.bytes, sizeof t.boot);
        t.good = t.real_ns && t.boot_s;
    }
    if (fd >= 0) close(fd);
    return t;
}

static void note_name(const stamp *at, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "%llx-%llx.known", (unsigned long long)at->device, (unsigned long long)at->inode);
}

static void put_stamp(riv_buf *out, const stamp *s)
{
    riv_put_u64le(out, s->device);
    riv_put_u64le(out, s->inode);
    riv_put_u64le(out, s->size);
    riv_put_u64le(out, s->mtime_ns);
    riv_put_u64le(out, s->ctime_ns);
}

static stamp read_stamp(riv_reader *r)
{
    stamp s    = { .device = riv_read_u64le(r) };
    s.inode    = riv_read_u64le(r);
    s.size     = riv_read_u64le(r);
    s.mtime_ns = riv_read_u64le(r);
    s.ctime_ns = riv_read_u64le(r);
    return s;
}

/* The notes' seal. */
static crypto_hash mac_of(const opening *o, riv_bytes head)
{
    return crypto_hmac_sha256((riv_bytes){ o->cache->key.bytes, sizeof o->cache->key.bytes }, head);
}

static void note(const opening *o, const stamp *at, const crypto_hash *hash)
{
    char       name[NAME_BYTES];
    const now *t = &o->when;
    if (o->folder < 0 || !t->good || at->ctime_ns > t->real_ns || t->real_ns - at->ctime_ns < STAMP_SETTLED_NS) return;
    riv_buf out = { 0 };
    riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)NOTE_MAGIC, sizeof NOTE_MAGIC });
    put_stamp(&out, at);
    riv_put_bytes(&out, (riv_bytes){ t->boot, sizeof t->boot });
    riv_put_u64le(&out, t->boot_s);
    riv_put_bytes(&out, (riv_bytes){ hash->bytes, sizeof hash->bytes });
    RIV_ASSERT(out.len == NOTE_HEAD_BYTES);
    crypto_hash mac = mac_of(o, riv_buf_view(&out));
    riv_put_bytes(&out, (riv_bytes){ mac.bytes, sizeof mac.bytes });
    note_name(at, name);
    put_file(o->folder, name, riv_buf_view(&out));
    riv_buf_free(&out);
}

static bool known(const opening *o, const stamp *at, crypto_hash *hash)
{
    char       name[NAME_BYTES];
    uint8_t    data[NOTE_BYTES + 1];
    const now *t = &o->when;
    if (o->folder < 0 || !t->good) return false;
    note_name(at, name);
    int    fd  = openat(o->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    size_t got = fd >= 0 && ours_alone(fd, S_IFREG) ? read_some(fd, data, sizeof data) : 0;
    if (fd >= 0) close(fd);
    if (got != NOTE_BYTES) return false;
    riv_reader  r     = riv_reader_of((riv_bytes){ data, NOTE_BYTES });
    riv_bytes   magic = riv_read_bytes(&r, sizeof NOTE_MAGIC);
    stamp       then  = read_stamp(&r);
    riv_bytes   boot  = riv_read_bytes(&r, BOOT_BYTES);
    uint64_t    at_s  = riv_read_u64le(&r);
    riv_bytes   of    = riv_read_bytes(&r, CRYPTO_HASH_BYTES);
    crypto_hash mac   = mac_of(o, (riv_bytes){ data, NOTE_HEAD_BYTES });
    if (!crypto_equal(mac.bytes, data + NOTE_HEAD_BYTES, sizeof mac.bytes)) return false;
    if (memcmp(magic.ptr, NOTE_MAGIC, sizeof NOTE_MAGIC) != 0 || memcmp(boot.ptr, t->boot, BOOT_BYTES) != 0)
        return false;
    if (!same_stamp(&then, at) || at_s > t->boot_s || t->boot_s - at_s >= KNOWN_FOR_S) return false;
    memcpy(hash->bytes, of.ptr, sizeof hash->bytes);
    return true;
}
