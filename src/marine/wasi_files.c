/* wasi_files.c: the mapped directories of a module, as WASI sees files. Paths are walked one name at a time with directory
 * descriptors: no symbolic link is followed, ".." never leaves the mapped directory, only regular files and directories open.
 * Times of files read as 0: the host's clock shows nowhere.
 * Spec: docs/spec/marine.md 5.5; WASI preview 1. Tests: wasi_test.c. */
#define _XOPEN_SOURCE 700 /* openat and its kin */
#include "marine/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILES_MAX      = 64,
    FD_FIRST       = 3,
    PATH_BYTES_MAX = 4096,
    DEPTH_MAX      = 32,
    IOVEC_BYTES    = 8,
    IOVECS_MAX     = 1024,
    ENTRIES_MAX    = 10000,
    FDSTAT_BYTES   = 24,
    FILESTAT_BYTES = 64,
    DIRENT_BYTES   = 24,
    PRESTAT_BYTES  = 8,
    TYPE_UNKNOWN   = 0,
    TYPE_DIRECTORY = 3,
    TYPE_REGULAR   = 4,
    FDFLAG_APPEND  = 1,
    SYNC_FUEL      = 1000000, /* a disk takes milliseconds */
};
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8 };
#define RIGHT_READ  UINT64_C(0x2)
#define RIGHT_WRITE UINT64_C(0x40)

typedef struct file {
    bool    open, is_dir, append;
    int     fd;
    riv_str alias; /* of a mapped directory */
} file;

struct marine__files {
    file files[FILES_MAX];
};

/* A parent directory that is open, and the last name of a path. */
typedef struct place {
    int  fd;
    bool owned;
    char name[NAME_MAX + 1];
} place;

typedef int (*place_fn)(int dir, const char *name);

riv_err marine__files_open(marine__instance *in)
{
    const marine_module_config *c = in->config;
    if (c->mapped_dirs_count == 0) return RIV_OK;
    if (c->mapped_dirs_count > FILES_MAX / 2)
        return marine__fail(in->service, MARINE_LOAD, "module " RIV_FMT ": %zu mapped directories", RIV_ARG(in->name),
                            c->mapped_dirs_count);
    in->files = riv_alloc(sizeof *in->files);
    for (size_t i = 0; i < c->mapped_dirs_count; i++) {
        int fd = open(c->mapped_dirs[i].value.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* the copy ends with a NUL */
        if (fd < 0)
            return marine__fail(in->service, MARINE_LOAD,
                                "module " RIV_FMT ": mapped directory " RIV_FMT " does not open", RIV_ARG(in->name),
                                RIV_ARG(c->mapped_dirs[i].value));
        in->files->files[i] = (file){ .open = true, .is_dir = true, .fd = fd, .alias = c->mapped_dirs[i].key };
    }
    return RIV_OK;
}

void marine__files_close(marine__files *files)
{
    if (!files) return;
    for (size_t i = 0; i < FILES_MAX; i++)
        if (files->files[i].open) close(files->files[i].fd);
    riv_free(files);
}

bool marine__files_slot(const marine__files *files, size_t index, marine__open_file *out)
{
    if (index >= FILES_MAX) return false;
    const file *f = &files->files[index];
    *out          = (marine__open_file){ FD_FIRST + (uint32_t)index, f->open ? f->fd : -1, f->is_dir, f->append,
                                         f->alias.ptr != NULL };
    return true;
}

/* ---- errors, arguments ---- */

static uint32_t wasi_errno(void)
{
    static const struct {
        int      host;
        uint32_t wasi;
    } map[] = {
        { EACCES, MARINE__WASI_ACCES },
        { EBADF, MARINE__WASI_BADF },
        { EEXIST, MARINE__WASI_EXIST },
        { EINVAL, MARINE__WASI_INVAL },
        { EISDIR, MARINE__WASI_ISDIR },
        { ELOOP, MARINE__WASI_LOOP },
        { EMFILE, MARINE__WASI_MFILE },
        { ENOENT, MARINE__WASI_NOENT },
        { ENOSPC, MARINE__WASI_NOSPC },
        { ENOTDIR, MARINE__WASI_NOTDIR },
        { EPERM, MARINE__WASI_PERM },
        { ENOTEMPTY, MARINE__WASI_NOTEMPTY },
        { ENAMETOOLONG, MARINE__WASI_NAMETOOLONG },
    };
    for (size_t i = 0; i < RIV_COUNT(map); i++)
        if (map[i].host == errno) return map[i].wasi;
    return MARINE__WASI_IO;
}

static riv_err end_errno(wasmtime_val_raw_t *io) { return marine__wasi_end(io, wasi_errno()); }

static uint32_t arg(const wasmtime_val_raw_t *io, size_t i) { return (uint32_t)io[i].i32; }

/* NULL: not open; the caller answers BADF. */
static file *file_of(marine__instance *in, uint32_t fd)
{
    if (!in->files || fd < FD_FIRST || fd - FD_FIRST >= FILES_MAX) return NULL;
    file *f = &in->files->files[fd - FD_FIRST];
    return f->open ? f : NULL;
}

static void le32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (8 * i));
}

static void le64(uint8_t *to, uint64_t v)
{
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> (8 * i));
}

static riv_err put_u32(marine__instance *in, uint32_t ptr, uint32_t v)
{
    uint8_t le[4];
    le32(le, v);
    return marine__write(in, ptr, (riv_bytes){ le, sizeof le });
}

static riv_err put_u64(marine__instance *in, uint32_t ptr, uint64_t v)
{
    uint8_t le[8];
    le64(le, v);
    return marine__write(in, ptr, (riv_bytes){ le, sizeof le });
}

/* ---- paths ---- */

static uint32_t walk(int root, riv_str path, place *out)
{
    int      stack[DEPTH_MAX];
    size_t   depth = 0, pos = 0;
    uint32_t error              = MARINE__WASI_OK;
    char     name[NAME_MAX + 1] = ".";
    if (path.len && path.ptr[0] == '/') return MARINE__WASI_NOTCAPABLE;
    while (pos < path.len && !error) {
        size_t  slash = riv_str_find_char(path, '/', pos);
        riv_str part  = riv_str_sub(path, pos, slash);
        bool    last  = slash == SIZE_MAX || slash + 1 == path.len;
        pos           = slash == SIZE_MAX ? path.len : slash + 1;
        if (part.len == 0 || riv_str_eq(part, RIV_LIT("."))) continue;
        if (part.len > NAME_MAX) {
            error = MARINE__WASI_NAMETOOLONG;
        } else if (riv_str_eq(part, RIV_LIT(".."))) {
            if (!depth)
                error = MARINE__WASI_NOTCAPABLE;
            else
                close(stack[--depth]);
        } else {
            memcpy(name, part.ptr, part.len);
            name[part.len] = 0;
            if (last) break;
            int parent = depth ? stack[depth - 1] : root;
            int fd = depth == DEPTH_MAX ? -1 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd >= 0)
                stack[depth++] = fd;
            else
                error = depth == DEPTH_MAX ? MARINE__WASI_NAMETOOLONG : wasi_errno();
            name[0] = '.';
            name[1] = 0;
        }
    }
    bool keep = !error && depth;
    *out      = (place){ .fd = keep ? stack[depth - 1] : root, .owned = keep };
    memcpy(out->name, name, sizeof name);
    for (size_t i = 0; i + (keep ? 1 : 0) < depth; i++) close(stack[i]);
    return error;
}

/* A path of the guest below one of its directories. *error is an errno of WASI. */
static riv_err find_place(marine__instance *in, uint32_t dir, uint32_t ptr, uint32_t len, place *out, uint32_t *error)
{
    const file *f = file_of(in, dir);
    riv_bytes   bytes;
    *out = (place){ .fd = -1 };
    if (!f || !f->is_dir) {
        *error = f ? MARINE__WASI_NOTDIR : MARINE__WASI_BADF;
        return RIV_OK;
    }
    *error = MARINE__WASI_NAMETOOLONG;
    if (len > PATH_BYTES_MAX) return RIV_OK;
    RIV_TRY(marine__view(in, ptr, len, &bytes));
    riv_str path = riv_bytes_str(bytes);
    *error       = riv_str_find_char(path, '\0', 0) != SIZE_MAX ? MARINE__WASI_INVAL : walk(f->fd, path, out);
    return RIV_OK;
}

static void leave_place(const place *p)
{
    int kept = errno;
    if (p->owned) close(p->fd);
    errno = kept;
}

static riv_err on_place(marine__instance *in, wasmtime_val_raw_t *io, place_fn act)
{
    place    p;
    uint32_t error;
    RIV_TRY(find_place(in, arg(io, 0), arg(io, 1), arg(io, 2), &p, &error));
    if (!error && act(p.fd, p.name)) error = wasi_errno();
    leave_place(&p);
    return marine__wasi_end(io, error);
}

static int make_dir(int dir, const char *name) { return mkdirat(dir, name, 0777); }
static int remove_dir(int dir, const char *name) { return unlinkat(dir, name, AT_REMOVEDIR); }
static int remove_file(int dir, const char *name) { return unlinkat(dir, name, 0); }

static riv_err path_create_directory(marine__instance *in, wasmtime_val_raw_t *io)
{
    return on_place(in, io, make_dir);
}
static riv_err path_remove_directory(marine__instance *in, wasmtime_val_raw_t *io)
{
    return on_place(in, io, remove_dir);
}
static riv_err path_unlink_file(marine__instance *in, wasmtime_val_raw_t *io) { return on_place(in, io, remove_file); }

static riv_err path_rename(marine__instance *in, wasmtime_val_raw_t *io)
{
    place    from, to = { .fd = -1 };
    uint32_t error;
    RIV_TRY(find_place(in, arg(io, 0), arg(io, 1), arg(io, 2), &from, &error));
    riv_err err = error ? RIV_OK : find_place(in, arg(io, 3), arg(io, 4), arg(io, 5), &to, &error);
    if (!err && !error && renameat(from.fd, from.name, to.fd, to.name)) error = wasi_errno();
    leave_place(&from);
    leave_place(&to);
    return err ? err : marine__wasi_end(io, error);
}

/* ---- opening ---- */

static riv_err path_open(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t oflags = arg(io, 4), fdflags = arg(io, 7), out = arg(io, 8), error, slot = 0;
    uint64_t rights = (uint64_t)io[5].i64;
    place    p;
    RIV_TRY(find_place(in, arg(io, 0), arg(io, 2), arg(io, 3), &p, &error));
    while (in->files && slot < FILES_MAX && in->files->files[slot].open) slot++;
    if (!error && slot == FILES_MAX) error = MARINE__WASI_MFILE;
    if (!error) {
        bool writes = rights & RIGHT_WRITE || oflags & (OFLAG_CREAT | OFLAG_TRUNC);
        int  flags  = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY; /* a FIFO must not hold us up */
        flags |= writes && !(oflags & OFLAG_DIRECTORY) ? (rights & RIGHT_READ ? O_RDWR : O_WRONLY) : O_RDONLY;
        if (oflags & OFLAG_CREAT) flags |= O_CREAT;
        if (oflags & OFLAG_EXCL) flags |= O_EXCL;
        if (oflags & OFLAG_TRUNC) flags |= O_TRUNC;
        if (oflags & OFLAG_DIRECTORY) flags |= O_DIRECTORY;
        if (fdflags & FDFLAG_APPEND) flags |= O_APPEND;
        struct stat st;
        int         fd = openat(p.fd, p.name, flags, 0666);
        if (fd < 0 || fstat(fd, &st)) {
            error = wasi_errno();
        } else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
            error = MARINE__WASI_NOTCAPABLE;
        } else {
            in->files->files[slot] =
                (file){ .open = true, .is_dir = S_ISDIR(st.st_mode), .append = fdflags & FDFLAG_APPEND, .fd = fd };
        }
        if (error && fd >= 0) close(fd);
    }
    leave_place(&p);
    if (!error) RIV_TRY(put_u32(in, out, slot + FD_FIRST));
    return marine__wasi_end(io, error);
}

static riv_err fd_close(marine__instance *in, wasmtime_val_raw_t *io)
{
    file *f = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    close(f->fd);
    *f = (file){ 0 };
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_prestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    if (!f || !f->alias.len) return marine__wasi_end(io, MARINE__WASI_BADF);
    uint8_t stat[PRESTAT_BYTES] = { 0 }; /* kind 0: a directory */
    le32(stat + 4, (uint32_t)f->alias.len);
    RIV_TRY(marine__write(in, arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_prestat_dir_name(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    if (!f || !f->alias.len) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (arg(io, 2) < f->alias.len) return marine__wasi_end(io, MARINE__WASI_NAMETOOLONG);
    RIV_TRY(marine__write(in, arg(io, 1), riv_str_bytes(f->alias)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- reading and writing ---- */

/* Moves bytes between a file and the pieces of the guest's memory; at: an offset, or -1 for the file's own. */
static riv_err transfer(marine__instance *in, wasmtime_val_raw_t *io, bool writes, int64_t at, uint32_t out)
{
    const file *f     = file_of(in, arg(io, 0));
    uint32_t    count = arg(io, 2), total = 0;
    riv_bytes   vecs, piece;
    void       *copy;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (f->is_dir) return marine__wasi_end(io, MARINE__WASI_ISDIR);
    if (count > IOVECS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(marine__view(in, arg(io, 1), (uint64_t)count * IOVEC_BYTES, &vecs));
    RIV_TRY(marine__scratch(in->service, vecs.len, 1, &copy)); /* a read may land on the list itself */
    if (vecs.len) memcpy(copy, vecs.ptr, vecs.len);
    riv_reader r = riv_reader_of((riv_bytes){ copy, vecs.len });
    for (uint32_t i = 0; i < count; i++) {
        uint32_t ptr = riv_read_u32le(&r), len = riv_read_u32le(&r);
        RIV_TRY(marine__view(in, ptr, len, &piece));
        RIV_TRY(marine__charge(in->service, len));
        if (!piece.len) continue;
        uint8_t *to  = wasmtime_memory_data(in->service->context, &in->memory) + ptr;
        ssize_t  got = at < 0 ? (writes ? write(f->fd, to, len) : read(f->fd, to, len))
                              : (writes ? pwrite(f->fd, to, len, at + total) : pread(f->fd, to, len, at + total));
        if (got < 0 && !total) return end_errno(io);
        if (got > 0) total += (uint32_t)got;
        if (got < (ssize_t)len) break;
    }
    RIV_TRY(put_u32(in, out, total));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_read(marine__instance *in, wasmtime_val_raw_t *io) { return transfer(in, io, false, -1, arg(io, 3)); }
static riv_err fd_write(marine__instance *in, wasmtime_val_raw_t *io) { return transfer(in, io, true, -1, arg(io, 3)); }

static riv_err transfer_at(marine__instance *in, wasmtime_val_raw_t *io, bool writes)
{
    if (io[3].i64 < 0) return marine__wasi_end(io, MARINE__WASI_INVAL);
    return transfer(in, io, writes, RIV_MIN(io[3].i64, INT64_MAX / 2), arg(io, 4));
}

static riv_err fd_pread(marine__instance *in, wasmtime_val_raw_t *io) { return transfer_at(in, io, false); }
static riv_err fd_pwrite(marine__instance *in, wasmtime_val_raw_t *io) { return transfer_at(in, io, true); }

static riv_err seek(marine__instance *in, wasmtime_val_raw_t *io, int64_t by, uint32_t whence, uint32_t out)
{
    static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END };
    const file      *f         = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (whence >= RIV_COUNT(whences)) return marine__wasi_end(io, MARINE__WASI_INVAL);
    off_t at = lseek(f->fd, by, whences[whence]);
    if (at < 0) return end_errno(io);
    RIV_TRY(put_u64(in, out, (uint64_t)at));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    return seek(in, io, io[1].i64, arg(io, 2), arg(io, 3));
}
static riv_err fd_tell(marine__instance *in, wasmtime_val_raw_t *io) { return seek(in, io, 0, 1, arg(io, 1)); }

static riv_err fd_sync(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    RIV_TRY(marine__charge(in->service, SYNC_FUEL));
    return fsync(f->fd) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_filestat_set_size(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    return ftruncate(f->fd, io[1].i64) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- what is known of a file ---- */

static uint8_t type_of(mode_t mode)
{
    return S_ISDIR(mode) ? TYPE_DIRECTORY : S_ISREG(mode) ? TYPE_REGULAR : TYPE_UNKNOWN;
}

static riv_err fd_fdstat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    uint8_t stat[FDSTAT_BYTES] = { f->is_dir ? TYPE_DIRECTORY : TYPE_REGULAR, 0, f->append ? FDFLAG_APPEND : 0 };
    le64(stat + 8, UINT64_C(0x1fffffff)); /* all rights; what is not allowed fails when tried */
    le64(stat + 16, UINT64_C(0x1fffffff));
    RIV_TRY(marine__write(in, arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_fdstat_set_flags(marine__instance *in, wasmtime_val_raw_t *io)
{
    file *f = file_of(in, arg(io, 0));
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    f->append = arg(io, 1) & FDFLAG_APPEND;
    return fcntl(f->fd, F_SETFL, f->append ? O_APPEND : 0) ? end_errno(io) : marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err put_filestat(marine__instance *in, const struct stat *st, uint32_t ptr)
{
    uint8_t out[FILESTAT_BYTES] = { 0 };
    le64(out, 1); /* one device */
    le64(out + 8, (uint64_t)st->st_ino);
    out[16] = type_of(st->st_mode);
    le64(out + 24, (uint64_t)st->st_nlink);
    le64(out + 32, (uint64_t)st->st_size);
    return marine__write(in, ptr, (riv_bytes){ out, sizeof out });
}

static riv_err fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f = file_of(in, arg(io, 0));
    struct stat st;
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if (fstat(f->fd, &st)) return end_errno(io);
    RIV_TRY(put_filestat(in, &st, arg(io, 1)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err path_filestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    place       p;
    uint32_t    error, out = arg(io, 4);
    struct stat st;
    RIV_TRY(find_place(in, arg(io, 0), arg(io, 2), arg(io, 3), &p, &error));
    if (!error && fstatat(p.fd, p.name, &st, AT_SYMLINK_NOFOLLOW)) error = wasi_errno();
    leave_place(&p);
    if (!error) RIV_TRY(put_filestat(in, &st, out));
    return marine__wasi_end(io, error);
}

/* ---- directories ---- */

typedef struct entry {
    char    *name;
    uint64_t ino;
    uint8_t  type;
} entry;

static int by_name(const void *a, const void *b) { return strcmp(((const entry *)a)->name, ((const entry *)b)->name); }

/* In the order of names, so that it does not depend on the file system. */
static uint32_t list_dir(int fd, riv_arena *arena, entry **out, size_t *out_count)
{
    RIV_VEC(entry) list = { 0 };
    int  own            = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir            = own < 0 ? NULL : fdopendir(own);
    if (!dir) {
        uint32_t error = wasi_errno();
        if (own >= 0) close(own);
        return error;
    }
    for (struct dirent *e; list.len < ENTRIES_MAX && (e = readdir(dir));) {
        struct stat st;
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        char *name              = riv_arena_alloc(arena, strlen(e->d_name) + 1, 1);
        *riv_push(arena, &list) = (entry){ strcpy(name, e->d_name), (uint64_t)st.st_ino, type_of(st.st_mode) };
    }
    closedir(dir);
    if (list.len) qsort(list.ptr, list.len, sizeof *list.ptr, by_name);
    *out       = list.ptr;
    *out_count = list.len;
    return MARINE__WASI_OK;
}

static riv_err fd_readdir(marine__instance *in, wasmtime_val_raw_t *io)
{
    const file *f   = file_of(in, arg(io, 0));
    uint32_t    ptr = arg(io, 1), size = arg(io, 2), error;
    uint64_t    cookie  = (uint64_t)io[3].i64;
    entry      *entries = NULL;
    size_t      count   = 0;
    riv_buf     text    = riv_buf_in(in->service->scratch);
    if (!f) return marine__wasi_end(io, MARINE__WASI_BADF);
    if ((error = list_dir(f->fd, in->service->scratch, &entries, &count))) return marine__wasi_end(io, error);
    if (riv_arena_over(in->service->scratch))
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "too many directories listed in one call");
    for (uint64_t i = cookie; i < count && text.len < size; i++) {
        uint8_t head[DIRENT_BYTES] = { 0 };
        le64(head, i + 1);
        le64(head + 8, entries[i].ino);
        le32(head + 16, (uint32_t)strlen(entries[i].name));
        head[20] = entries[i].type;
        riv_put_bytes(&text, (riv_bytes){ head, sizeof head });
        riv_put_str(&text, riv_str_c(entries[i].name));
    }
    riv_bytes part = riv_bytes_sub(riv_buf_view(&text), 0, size);
    RIV_TRY(marine__charge(in->service, count * DIRENT_BYTES));
    RIV_TRY(marine__write(in, ptr, part));
    RIV_TRY(put_u32(in, arg(io, 4), (uint32_t)part.len));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* ---- the table ---- */

/* clang-format off */
static const marine__host_function functions[] = {
    { "fd_close", "i", "i", fd_close },
    { "fd_datasync", "i", "i", fd_sync },
    { "fd_fdstat_get", "ii", "i", fd_fdstat_get },
    { "fd_fdstat_set_flags", "ii", "i", fd_fdstat_set_flags },
    { "fd_filestat_get", "ii", "i", fd_filestat_get },
    { "fd_filestat_set_size", "iI", "i", fd_filestat_set_size },
    { "fd_pread", "iiiIi", "i", fd_pread },
    { "fd_prestat_dir_name", "iii", "i", fd_prestat_dir_name },
    { "fd_prestat_get", "ii", "i", fd_prestat_get },
    { "fd_pwrite", "iiiIi", "i", fd_pwrite },
    { "fd_read", "iiii", "i", fd_read },
    { "fd_readdir", "iiiIi", "i", fd_readdir },
    { "fd_seek", "iIii", "i", fd_seek },
    { "fd_sync", "i", "i", fd_sync },
    { "fd_tell", "ii", "i", fd_tell },
    { "fd_write", "iiii", "i", fd_write },
    { "path_create_directory", "iii", "i", path_create_directory },
    { "path_filestat_get", "iiiii", "i", path_filestat_get },
    { "path_open", "iiiiiIIii", "i", path_open },
    { "path_remove_directory", "iii", "i", path_remove_directory },
    { "path_rename", "iiiiii", "i", path_rename },
    { "path_unlink_file", "iii", "i", path_unlink_file },
};
/* clang-format on */

const marine__host_function *marine__files_find(riv_str name)
{
    for (size_t i = 0; i < RIV_COUNT(functions); i++)
        if (riv_str_eq(name, riv_str_c(functions[i].name))) return &functions[i];
    return NULL;
}
