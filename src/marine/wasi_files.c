/* wasi_files.c: open files and mapped directories of a module, as WASI sees them: only regular files and directories open. Times of
 * files read as 0 and setting them changes nothing: the host's clock shows nowhere. Links are not made.
 * Spec: docs/spec/marine.md 5.5; WASI preview 1. Tests: wasi_test.c, wasi_all_test.c. */
#define _XOPEN_SOURCE 700 /* openat and its kin */
#include "marine/wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIRENT_BYTES       = 24,
    PRESTAT_BYTES      = 8,
    FDFLAG_APPEND      = 1,
    SYNC_FUEL          = 1000000,  /* a disk takes milliseconds */
    TRANSFER_BYTES_MAX = 16 << 20, /* of one read or write; the guest then does the rest */
};
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
enum { LOOKUP_FOLLOW = 1 };
enum { TIME_FLAGS = 15, ACCESS_SET = 1, ACCESS_NOW = 2, MODIFY_SET = 4, MODIFY_NOW = 8 };
#define RIGHT_READ     UINT64_C(0x2)
#define RIGHT_WRITE    UINT64_C(0x40)
#define ALL_RIGHTS     UINT64_C(0x1fffffff) /* what is not allowed fails when tried */
#define FILE_BYTES_MAX (INT64_C(4) << 30)   /* of one file */

typedef int (*place_fn)(int dir, const char *name);

static void close_file(wasi_file *f)
{
    close(f->fd);
    wasi__unlist(f);
    *f = (wasi_file){ 0 };
}

riv_err marine__files_open(marine__instance *in)
{
    const marine_module_config *c = in->config;
    if (c->mapped_dirs_count == 0) return RIV_OK;
    if (c->mapped_dirs_count > WASI_FILES_MAX / 2)
        return marine__fail(in->service, MARINE_LOAD, "module " RIV_FMT ": %zu mapped directories", RIV_ARG(in->name),
                            c->mapped_dirs_count);
    in->files = riv_alloc(sizeof *in->files);
    for (size_t i = 0; i < c->mapped_dirs_count; i++) {
        int fd = open(c->mapped_dirs[i].value.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* the copy ends with a NUL */
        if (fd < 0)
            return marine__fail(in->service, MARINE_LOAD,
                                "module " RIV_FMT ": mapped directory " RIV_FMT " does not open", RIV_ARG(in->name),
                                RIV_ARG(c->mapped_dirs[i].value));
        in->files->files[i] = (wasi_file){ .open   = true,
                                           .is_dir = true,
                                           .fd     = fd,
                                           .id     = wasi__root_id(c->mapped_dirs[i].key),
                                           .alias  = c->mapped_dirs[i].key };
    }
    return RIV_OK;
}

void marine__files_close(marine__files *files)
{
    if (!files) return;
    for (size_t i = 0; i < WASI_FILES_MAX; i++)
        if (files->files[i].open) close_file(&files->files[i]);
    riv_free(files);
}

bool marine__files_slot(const marine__files *files, size_t index, marine__open_file *out)
{
    if (index >= WASI_FILES_MAX) return false;
    const wasi_file *f = &files->files[index];
    *out = (marine__open_file){ WASI_FD_FIRST + (uint32_t)index, f->open ? f->fd : -1, f->is_dir, f->append,
                                f->alias.ptr != NULL };
    return true;
}

wasi_file *wasi__file_of(marine__instance *in, uint32_t fd)
{
    if (!in->files || fd < WASI_FD_FIRST || fd - WASI_FD_FIRST >= WASI_FILES_MAX) return NULL;
    wasi_file *f = &in->files->files[fd - WASI_FD_FIRST];
    return f->open ? f : NULL;
}

static riv_err end_errno(wasmtime_val_raw_t *io) { return marine__wasi_end(io, wasi__errno()); }

/* ---- paths ---- */

/* A path that ends with a slash means a directory. */
static uint32_t check_slash(const wasi_place *p)
{
    struct stat st;
    if (!p->slash) return MARINE__WASI_OK;
    if (fstatat(p->fd, p->name, &st, AT_SYMLINK_NOFOLLOW)) return wasi__errno();
    return S_ISDIR(st.st_mode) ? MARINE__WASI_OK : MARINE__WASI_NOTDIR;
}

static riv_err on_place(marine__instance *in, wasmtime_val_raw_t *io, bool makes, place_fn act)
{
    wasi_place p;
    uint32_t   error;
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 1), wasi__arg(io, 2), &p, &error));
    if (!error && !makes) error = check_slash(&p);
    if (!error && act(p.fd, p.name)) error = wasi__errno();
    wasi__leave_place(&p);
    return marine__wasi_end(io, error);
}

static int make_dir(int dir, const char *name) { return mkdirat(dir, name, 0777); }
static int remove_dir(int dir, const char *name) { return unlinkat(dir, name, AT_REMOVEDIR); }
static int remove_file(int dir, const char *name) { return unlinkat(dir, name, 0); }

static riv_err path_create_directory(marine__instance *in, wasmtime_val_raw_t *io)
{
    return on_place(in, io, true, make_dir);
}
static riv_err path_remove_directory(marine__instance *in, wasmtime_val_raw_t *io)
{
    return on_place(in, io, false, remove_dir);
}
static riv_err path_unlink_file(marine__instance *in, wasmtime_val_raw_t *io)
{
    return on_place(in, io, false, remove_file);
}

static uint32_t rename_place(const wasi_place *from, const wasi_place *to)
{
    wasi_place named = *from;
    named.slash      = from->slash || to->slash;
    uint32_t error   = check_slash(&named);
    return error ? error : renameat(from->fd, from->name, to->fd, to->name) ? wasi__errno() : MARINE__WASI_OK;
}

static riv_err path_rename(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_place from, to = { .fd = -1 };
    uint32_t   error;
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 1), wasi__arg(io, 2), &from, &error));
    riv_err err = RIV_OK;
    if (!error) err = wasi__find_place(in, wasi__arg(io, 3), wasi__arg(io, 4), wasi__arg(io, 5), &to, &error);
    if (!err && !error) error = rename_place(&from, &to);
    wasi__leave_place(&from);
    wasi__leave_place(&to);
    return err ? err : marine__wasi_end(io, error);
}

/* Links would be a second way to a file, and one out of the directory: both ends are looked at, then it is refused. */
static riv_err path_link(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *from = wasi__file_of(in, wasi__arg(io, 0)), *to = wasi__file_of(in, wasi__arg(io, 4));
    return marine__wasi_end(io, from && to ? MARINE__WASI_PERM : MARINE__WASI_BADF);
}

static riv_err path_symlink(marine__instance *in, wasmtime_val_raw_t *io)
{
    return marine__wasi_end(io, wasi__file_of(in, wasi__arg(io, 2)) ? MARINE__WASI_PERM : MARINE__WASI_BADF);
}

/* A link can only have been put there from outside. */
static riv_err path_readlink(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_place p;
    uint32_t   error;
    char       text[WASI_PATH_BYTES_MAX];
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 1), wasi__arg(io, 2), &p, &error));
    ssize_t len = error ? 0 : readlinkat(p.fd, p.name, text, sizeof text);
    if (len < 0) error = wasi__errno();
    wasi__leave_place(&p);
    if (error) return marine__wasi_end(io, error);
    size_t kept = RIV_MIN((size_t)len, (size_t)wasi__arg(io, 4));
    RIV_TRY(marine__write(in, wasi__arg(io, 3), (riv_bytes){ (const uint8_t *)text, kept }));
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 5), (uint32_t)kept));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- opening ---- */

static int open_flags(uint32_t oflags, uint64_t rights, uint32_t fdflags, bool slash)
{
    bool dir    = oflags & OFLAG_DIRECTORY || slash;
    bool writes = rights & RIGHT_WRITE || oflags & (OFLAG_CREAT | OFLAG_TRUNC);
    int  flags  = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY; /* a FIFO must not hold us up */
    flags |= writes && !dir ? (rights & RIGHT_READ ? O_RDWR : O_WRONLY) : O_RDONLY;
    if (oflags & OFLAG_CREAT) flags |= O_CREAT;
    if (oflags & OFLAG_EXCL) flags |= O_EXCL;
    if (oflags & OFLAG_TRUNC) flags |= O_TRUNC;
    if (dir) flags |= O_DIRECTORY;
    if (fdflags & FDFLAG_APPEND) flags |= O_APPEND;
    return flags;
}

static uint32_t open_place(const wasi_place *p, int flags, wasi_file *out)
{
    struct stat st;
    uint32_t    error = MARINE__WASI_OK;
    if (flags & O_CREAT && flags & O_DIRECTORY) return p->slash ? MARINE__WASI_ISDIR : MARINE__WASI_INVAL;
    int fd = openat(p->fd, p->name, flags, 0666);
    if (fd < 0) return errno == ENXIO ? MARINE__WASI_NOTCAPABLE : wasi__errno();
    if (fstat(fd, &st))
        error = wasi__errno();
    else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        error = MARINE__WASI_NOTCAPABLE;
    if (error)
        close(fd);
    else
        *out = (wasi_file){
            .open = true, .is_dir = S_ISDIR(st.st_mode), .append = flags & O_APPEND, .fd = fd, .id = p->id
        };
    return error;
}

static riv_err path_open(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t   oflags = wasi__arg(io, 4), fdflags = wasi__arg(io, 7), out = wasi__arg(io, 8), error, slot = 0;
    uint64_t   rights = (uint64_t)io[5].i64;
    wasi_place p;
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 2), wasi__arg(io, 3), &p, &error));
    while (in->files && slot < WASI_FILES_MAX && in->files->files[slot].open) slot++;
    if (!error && slot == WASI_FILES_MAX) error = MARINE__WASI_MFILE;
    if (!error) error = open_place(&p, open_flags(oflags, rights, fdflags, p.slash), &in->files->files[slot]);
    wasi__leave_place(&p);
    if (!error) RIV_TRY(wasi__put_u32(in, out, slot + WASI_FD_FIRST));
    return marine__wasi_end(io, error);
}

static riv_err fd_close(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    close_file(f);
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_renumber(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_file *from = wasi__file_of(in, wasi__arg(io, 0)), *to = wasi__file_of(in, wasi__arg(io, 1));
    if (!from || !to) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (from == to) return marine__wasi_end(io, MARINE__WASI_OK);
    close_file(to);
    *to   = *from;
    *from = (wasi_file){ 0 };
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_prestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f || !f->alias.len) return marine__wasi_end(io, MARINE__WASI_BADF);
    uint8_t stat[PRESTAT_BYTES] = { 0 }; /* kind 0: a directory */
    wasi__le32(stat + 4, (uint32_t)f->alias.len);
    RIV_TRY(marine__write(in, wasi__arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_prestat_dir_name(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f || !f->alias.len) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (wasi__arg(io, 2) < f->alias.len) return marine__wasi_end(io, MARINE__WASI_NAMETOOLONG);
    RIV_TRY(marine__write(in, wasi__arg(io, 1), riv_str_bytes(f->alias)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- reading and writing ---- */

/* No file grows without end: neither what is written nor where. */
static bool fits(const wasi_file *f, int64_t at, uint32_t len)
{
    struct stat st;
    if (at < 0 && f->append)
        at = fstat(f->fd, &st) ? 0 : st.st_size;
    else if (at < 0)
        at = lseek(f->fd, 0, SEEK_CUR);
    return at <= FILE_BYTES_MAX - (int64_t)len;
}

/* Moves bytes between a file and the pieces of the guest's memory; at: an offset, or -1 for the file's own. */
static riv_err transfer(marine__instance *in, wasmtime_val_raw_t *io, bool writes, int64_t at, uint32_t out)
{
    const wasi_file *f     = wasi__file_of(in, wasi__arg(io, 0));
    uint32_t         count = wasi__arg(io, 2), total = 0;
    riv_bytes        vecs, piece;
    void            *copy;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (f->is_dir) return marine__wasi_end(io, MARINE__WASI_ISDIR);
    if (count > WASI_IOVECS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(marine__view(in, wasi__arg(io, 1), (uint64_t)count * WASI_IOVEC_BYTES, &vecs));
    RIV_TRY(marine__scratch(in->service, vecs.len, 1, &copy)); /* a read may land on the list itself */
    if (vecs.len) memcpy(copy, vecs.ptr, vecs.len);
    riv_reader r = riv_reader_of((riv_bytes){ copy, vecs.len });
    for (uint32_t i = 0; i < count && total < TRANSFER_BYTES_MAX; i++) {
        uint32_t ptr = riv_read_u32le(&r), len = riv_read_u32le(&r);
        RIV_TRY(marine__view(in, ptr, len, &piece));
        len = RIV_MIN(len, TRANSFER_BYTES_MAX - total);
        if (!len) continue;
        RIV_TRY(marine__charge(in->service, len));
        if (writes && !fits(f, at < 0 ? at : at + total, len)) {
            if (!total) return marine__wasi_end(io, WASI_FBIG);
            break;
        }
        uint8_t *to  = wasmtime_memory_data(in->service->context, &in->memory) + ptr;
        ssize_t  got = at < 0 ? (writes ? write(f->fd, to, len) : read(f->fd, to, len))
                              : (writes ? pwrite(f->fd, to, len, at + total) : pread(f->fd, to, len, at + total));
        if (got < 0 && !total) return end_errno(io);
        if (got > 0) total += (uint32_t)got;
        if (got < (ssize_t)len) break;
    }
    RIV_TRY(wasi__put_u32(in, out, total));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_read(marine__instance *in, wasmtime_val_raw_t *io)
{
    return transfer(in, io, false, -1, wasi__arg(io, 3));
}
static riv_err fd_write(marine__instance *in, wasmtime_val_raw_t *io)
{
    return transfer(in, io, true, -1, wasi__arg(io, 3));
}

static riv_err transfer_at(marine__instance *in, wasmtime_val_raw_t *io, bool writes)
{
    if (io[3].i64 < 0) return marine__wasi_end(io, MARINE__WASI_INVAL);
    return transfer(in, io, writes, RIV_MIN(io[3].i64, INT64_MAX / 2), wasi__arg(io, 4));
}

static riv_err fd_pread(marine__instance *in, wasmtime_val_raw_t *io) { return transfer_at(in, io, false); }
static riv_err fd_pwrite(marine__instance *in, wasmtime_val_raw_t *io) { return transfer_at(in, io, true); }

/* old: wasi_unstable numbers the origins otherwise. */
static riv_err seek(marine__instance *in, wasmtime_val_raw_t *io, int64_t by, uint32_t whence, bool old, uint32_t out)
{
    static const int whences[2][3] = { { SEEK_SET, SEEK_CUR, SEEK_END }, { SEEK_CUR, SEEK_END, SEEK_SET } };
    wasi_file       *f             = wasi__file_of(in, wasi__arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (whence >= RIV_COUNT(whences[0])) return marine__wasi_end(io, MARINE__WASI_INVAL);
    if (f->is_dir) return marine__wasi_end(io, MARINE__WASI_ISDIR); /* its offset would be the file system's own */
    off_t at = lseek(f->fd, by, whences[old][whence]);
    if (at < 0) return end_errno(io);
    RIV_TRY(wasi__put_u64(in, out, (uint64_t)at));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    return seek(in, io, io[1].i64, wasi__arg(io, 2), false, wasi__arg(io, 3));
}
static riv_err old_fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    return seek(in, io, io[1].i64, wasi__arg(io, 2), true, wasi__arg(io, 3));
}
static riv_err fd_tell(marine__instance *in, wasmtime_val_raw_t *io)
{
    return seek(in, io, 0, 1, false, wasi__arg(io, 1));
}

static riv_err fd_sync(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    RIV_TRY(marine__charge(in->service, SYNC_FUEL));
    return fsync(f->fd) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err set_size(const wasi_file *f, wasmtime_val_raw_t *io, int64_t size)
{
    if (size < 0) return marine__wasi_end(io, MARINE__WASI_INVAL);
    if (size > FILE_BYTES_MAX) return marine__wasi_end(io, WASI_FBIG);
    return ftruncate(f->fd, size) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_filestat_set_size(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    return f ? set_size(f, io, io[1].i64) : marine__wasi_end(io, MARINE__WASI_BADF);
}

/* The file is made long enough; that the disk has room is not promised. */
static riv_err fd_allocate(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    struct stat      st;
    int64_t          end;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (io[1].i64 < 0 || io[2].i64 <= 0) return marine__wasi_end(io, MARINE__WASI_INVAL);
    if (__builtin_add_overflow(io[1].i64, io[2].i64, &end)) return marine__wasi_end(io, WASI_FBIG);
    if (f->is_dir) return marine__wasi_end(io, MARINE__WASI_ISDIR);
    if (fstat(f->fd, &st)) return end_errno(io);
    return end > st.st_size ? set_size(f, io, end) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_advise(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f || f->is_dir) return marine__wasi_end(io, MARINE__WASI_BADF);
    bool good = io[1].i64 >= 0 && io[2].i64 >= 0 && wasi__arg(io, 3) <= 5;
    return marine__wasi_end(io, good ? MARINE__WASI_OK : MARINE__WASI_INVAL);
}

/* ---- what is known of a file ---- */

static wasi_stat stat_of(const struct stat *st, uint64_t id)
{
    uint8_t type = wasi__type_of(st->st_mode);
    return (wasi_stat){ id, type == WASI_TYPE_REGULAR ? (uint64_t)st->st_size : 0, type };
}

static uint32_t check_times(uint32_t flags)
{
    bool both = (flags & ACCESS_SET && flags & ACCESS_NOW) || (flags & MODIFY_SET && flags & MODIFY_NOW);
    return both || flags & ~(uint32_t)TIME_FLAGS ? MARINE__WASI_INVAL : MARINE__WASI_OK;
}

static riv_err fd_filestat_set_times(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    return marine__wasi_end(io, f ? check_times(wasi__arg(io, 3)) : MARINE__WASI_BADF);
}

static riv_err path_filestat_set_times(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_place  p;
    uint32_t    error, flags = wasi__arg(io, 6);
    struct stat st;
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 2), wasi__arg(io, 3), &p, &error));
    if (!error && fstatat(p.fd, p.name, &st, AT_SYMLINK_NOFOLLOW)) error = wasi__errno();
    wasi__leave_place(&p);
    return marine__wasi_end(io, error ? error : check_times(flags));
}

static riv_err fd_fdstat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    uint8_t stat[WASI_FDSTAT_BYTES] = { f->is_dir ? WASI_TYPE_DIRECTORY : WASI_TYPE_REGULAR, 0,
                                        f->append ? FDFLAG_APPEND : 0 };
    wasi__le64(stat + 8, ALL_RIGHTS);
    wasi__le64(stat + 16, ALL_RIGHTS);
    RIV_TRY(marine__write(in, wasi__arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_fdstat_set_flags(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    f->append = wasi__arg(io, 1) & FDFLAG_APPEND;
    return fcntl(f->fd, F_SETFL, f->append ? O_APPEND : 0) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_stat(marine__instance *in, wasmtime_val_raw_t *io, bool old)
{
    const wasi_file *f = wasi__file_of(in, wasi__arg(io, 0));
    struct stat      st;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (fstat(f->fd, &st)) return end_errno(io);
    RIV_TRY(wasi__put_stat(in, stat_of(&st, f->id), old, wasi__arg(io, 1)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err path_stat(marine__instance *in, wasmtime_val_raw_t *io, bool old)
{
    wasi_place  p;
    uint32_t    error, follow = wasi__arg(io, 1) & LOOKUP_FOLLOW, out = wasi__arg(io, 4);
    struct stat st = { 0 };
    RIV_TRY(wasi__find_place(in, wasi__arg(io, 0), wasi__arg(io, 2), wasi__arg(io, 3), &p, &error));
    if (!error && fstatat(p.fd, p.name, &st, AT_SYMLINK_NOFOLLOW)) error = wasi__errno();
    if (!error && p.slash && !S_ISDIR(st.st_mode)) error = MARINE__WASI_NOTDIR;
    if (!error && follow && S_ISLNK(st.st_mode)) error = MARINE__WASI_LOOP; /* as opening it says */
    wasi__leave_place(&p);
    if (!error) RIV_TRY(wasi__put_stat(in, stat_of(&st, p.id), old, out));
    return marine__wasi_end(io, error);
}

static riv_err fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io) { return fd_stat(in, io, false); }
static riv_err old_fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io) { return fd_stat(in, io, true); }
static riv_err path_filestat_get(marine__instance *in, wasmtime_val_raw_t *io) { return path_stat(in, io, false); }
static riv_err old_path_filestat_get(marine__instance *in, wasmtime_val_raw_t *io) { return path_stat(in, io, true); }

/* ---- directories ---- */

/* A listing begins with cookie 0; what changes in the directory afterwards is seen by the next one. */
static riv_err fd_readdir(marine__instance *in, wasmtime_val_raw_t *io)
{
    wasi_file *f   = wasi__file_of(in, wasi__arg(io, 0));
    uint32_t   ptr = wasi__arg(io, 1), size = wasi__arg(io, 2), error = MARINE__WASI_OK, used = 0;
    uint64_t   cookie = (uint64_t)io[3].i64;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (!f->is_dir) return marine__wasi_end(io, MARINE__WASI_NOTDIR);
    bool fresh = cookie == 0 || !f->listing.arena;
    if (fresh) error = wasi__list(in->files, f);
    /* Where it broke off depends on the file system's order: it costs as much as a listing can. */
    uint64_t names = error == WASI_OVERFLOW ? WASI_ENTRIES_MAX : f->listing.count;
    if (fresh) RIV_TRY(marine__charge(in->service, names * WASI_NAME_FUEL));
    if (error) return marine__wasi_end(io, error);
    for (uint64_t i = cookie; i < f->listing.count && used < size; i++) {
        const wasi_entry *e                             = &f->listing.entries[i];
        uint8_t           text[DIRENT_BYTES + NAME_MAX] = { 0 };
        uint32_t          len                           = (uint32_t)RIV_MIN(DIRENT_BYTES + e->name.len, sizeof text);
        wasi__le64(text, i + 1);
        wasi__le64(text + 8, e->id);
        wasi__le32(text + 16, len - DIRENT_BYTES);
        text[20] = e->type;
        memcpy(text + DIRENT_BYTES, e->name.ptr, len - DIRENT_BYTES);
        len = RIV_MIN(len, size - used); /* the last one is cut; the guest asks for it again */
        RIV_TRY(marine__charge(in->service, len));
        RIV_TRY(marine__write(in, ptr + used, (riv_bytes){ text, len }));
        used += len;
    }
    if (used < size) wasi__unlist(f); /* the end was seen */
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 4), used));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- the table ---- */

/* clang-format off */
static const marine__host_function functions[] = {
    { "fd_advise", "iIIi", "i", fd_advise },
    { "fd_allocate", "iII", "i", fd_allocate },
    { "fd_close", "i", "i", fd_close },
    { "fd_datasync", "i", "i", fd_sync },
    { "fd_fdstat_get", "ii", "i", fd_fdstat_get },
    { "fd_fdstat_set_flags", "ii", "i", fd_fdstat_set_flags },
    { "fd_filestat_get", "ii", "i", fd_filestat_get },
    { "fd_filestat_set_size", "iI", "i", fd_filestat_set_size },
    { "fd_filestat_set_times", "iIIi", "i", fd_filestat_set_times },
    { "fd_pread", "iiiIi", "i", fd_pread },
    { "fd_prestat_dir_name", "iii", "i", fd_prestat_dir_name },
    { "fd_prestat_get", "ii", "i", fd_prestat_get },
    { "fd_pwrite", "iiiIi", "i", fd_pwrite },
    { "fd_read", "iiii", "i", fd_read },
    { "fd_readdir", "iiiIi", "i", fd_readdir },
    { "fd_renumber", "ii", "i", fd_renumber },
    { "fd_seek", "iIii", "i", fd_seek },
    { "fd_sync", "i", "i", fd_sync },
    { "fd_tell", "ii", "i", fd_tell },
    { "fd_write", "iiii", "i", fd_write },
    { "path_create_directory", "iii", "i", path_create_directory },
    { "path_filestat_get", "iiiii", "i", path_filestat_get },
    { "path_filestat_set_times", "iiiiIIi", "i", path_filestat_set_times },
    { "path_link", "iiiiiii", "i", path_link },
    { "path_open", "iiiiiIIii", "i", path_open },
    { "path_readlink", "iiiiii", "i", path_readlink },
    { "path_remove_directory", "iii", "i", path_remove_directory },
    { "path_rename", "iiiiii", "i", path_rename },
    { "path_symlink", "iiiii", "i", path_symlink },
    { "path_unlink_file", "iii", "i", path_unlink_file },
};
/* What wasi_unstable lays out otherwise. */
static const marine__host_function old_functions[] = {
    { "fd_filestat_get", "ii", "i", old_fd_filestat_get },
    { "fd_seek", "iIii", "i", old_fd_seek },
    { "path_filestat_get", "iiiii", "i", old_path_filestat_get },
};
/* clang-format on */

const marine__host_function *marine__files_find(riv_str name)
{
    return wasi__find(functions, RIV_COUNT(functions), name);
}

const marine__host_function *wasi__old_files_find(riv_str name)
{
    return wasi__find(old_functions, RIV_COUNT(old_functions), name);
}
