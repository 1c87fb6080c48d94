/* wasi_path.c: paths below mapped directories, and what a directory holds. A path is walked one name at a time with directory
 * descriptors: no symbolic link is followed, ".." goes back to a descriptor that was come by and never leaves the mapped directory. So a
 * name that is swapped for a link meanwhile cannot lead out either (openat2 would give the same with fewer calls, on newer kernels only).
 * Spec: docs/spec/marine.md 5.5; WASI preview 1. Tests: wasi_test.c, wasi_all_test.c. */
#define _XOPEN_SOURCE 700 /* openat and its kin */
#include "marine/wasi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t wasi__errno(void)
{
    static const struct {
        int      host;
        uint32_t wasi;
    } map[] = {
        { EACCES, MARINE__WASI_ACCES },
        { EBADF, MARINE__WASI_BADF },
        { EBUSY, WASI_BUSY },
        { EDQUOT, WASI_DQUOT },
        { EEXIST, MARINE__WASI_EXIST },
        { EFBIG, WASI_FBIG },
        { EINVAL, MARINE__WASI_INVAL },
        { EISDIR, MARINE__WASI_ISDIR },
        { ELOOP, MARINE__WASI_LOOP },
        { EMFILE, MARINE__WASI_MFILE },
        { ENAMETOOLONG, MARINE__WASI_NAMETOOLONG },
        { ENOENT, MARINE__WASI_NOENT },
        { ENOMEM, WASI_NOMEM },
        { ENOSPC, MARINE__WASI_NOSPC },
        { ENOTDIR, MARINE__WASI_NOTDIR },
        { ENOTEMPTY, MARINE__WASI_NOTEMPTY },
        { EOVERFLOW, WASI_OVERFLOW },
        { EPERM, MARINE__WASI_PERM },
        { EROFS, WASI_ROFS },
        { ETXTBSY, WASI_TXTBSY },
        { EXDEV, WASI_XDEV },
    };
    for (size_t i = 0; i < RIV_COUNT(map); i++)
        if (map[i].host == errno) return map[i].wasi;
    return MARINE__WASI_IO;
}

uint8_t wasi__type_of(uint32_t mode)
{
    return S_ISDIR(mode)   ? WASI_TYPE_DIRECTORY
           : S_ISREG(mode) ? WASI_TYPE_REGULAR
           : S_ISLNK(mode) ? WASI_TYPE_LINK
                           : WASI_TYPE_UNKNOWN;
}

/* ---- numbers of files ---- */

static uint64_t id_below(uint64_t dir, riv_str name)
{
    uint8_t text[8 + NAME_MAX];
    size_t  len = RIV_MIN(name.len, (size_t)NAME_MAX);
    wasi__le64(text, dir);
    memcpy(text + 8, name.ptr, len);
    uint64_t id = riv_hash64((riv_bytes){ text, 8 + len });
    return id ? id : 1; /* 0 means "not known" to C libraries */
}

uint64_t wasi__root_id(riv_str alias) { return id_below(0, alias); }

/* ---- paths ---- */

typedef struct walker { /* the directories come by, from the one that is given */
    int      fds[WASI_PATH_DEPTH_MAX + 1];
    uint64_t ids[WASI_PATH_DEPTH_MAX + 1];
    size_t   depth;
} walker;

static uint32_t enter(walker *w, riv_str part)
{
    char name[NAME_MAX + 1] = "";
    memcpy(name, part.ptr, part.len);
    if (w->depth == WASI_PATH_DEPTH_MAX) return MARINE__WASI_NAMETOOLONG;
    int fd = openat(w->fds[w->depth], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return wasi__errno();
    w->ids[w->depth + 1] = id_below(w->ids[w->depth], part);
    w->fds[++w->depth]   = fd;
    return MARINE__WASI_OK;
}

/* All names but the last are entered; "." is the last one where the path ends with a directory that was come by. */
static uint32_t walk(walker *w, riv_str path, wasi_place *out)
{
    riv_str last = RIV_LIT(".");
    if (path.len == 0) return MARINE__WASI_NOENT;
    if (path.ptr[0] == '/') return MARINE__WASI_NOTCAPABLE;
    for (size_t pos = 0; pos < path.len;) {
        size_t  slash = RIV_MIN(riv_str_find_char(path, '/', pos), path.len), next = slash;
        riv_str part = riv_str_sub(path, pos, slash);
        while (next < path.len && path.ptr[next] == '/') next++;
        bool is_last = next == path.len;
        pos          = next;
        if (riv_str_eq(part, RIV_LIT("."))) continue;
        if (part.len > NAME_MAX) return MARINE__WASI_NAMETOOLONG;
        if (riv_str_eq(part, RIV_LIT(".."))) {
            if (!w->depth) return MARINE__WASI_NOTCAPABLE;
            close(w->fds[w->depth--]);
        } else if (is_last) {
            last = part;
        } else {
            uint32_t error = enter(w, part);
            if (error) return error;
        }
    }
    out->slash = path.ptr[path.len - 1] == '/';
    out->id    = riv_str_eq(last, RIV_LIT(".")) ? w->ids[w->depth] : id_below(w->ids[w->depth], last);
    memcpy(out->name, last.ptr, last.len);
    out->name[last.len] = 0;
    return MARINE__WASI_OK;
}

static uint32_t find(const wasi_file *dir, riv_str path, wasi_place *out)
{
    walker   w     = { .fds = { dir->fd }, .ids = { dir->id } };
    uint32_t error = walk(&w, path, out);
    bool     keep  = !error && w.depth;
    if (!error) out->fd = w.fds[w.depth], out->owned = keep;
    for (size_t i = 1; i + (keep ? 1 : 0) <= w.depth; i++) close(w.fds[i]);
    return error;
}

riv_err wasi__find_place(marine__instance *in, uint32_t dir, uint32_t ptr, uint32_t len, wasi_place *out,
                         uint32_t *error)
{
    const wasi_file *f = wasi__file_of(in, dir);
    riv_bytes        bytes;
    *out = (wasi_place){ .fd = -1 };
    if (!f || !f->is_dir) {
        *error = f ? MARINE__WASI_NOTDIR : MARINE__WASI_BADF;
        return RIV_OK;
    }
    *error = MARINE__WASI_NAMETOOLONG;
    if (len > WASI_PATH_BYTES_MAX) return RIV_OK;
    RIV_TRY(marine__view(in, ptr, len, &bytes));
    riv_str  path   = riv_bytes_str(bytes);
    uint64_t passed = 0;
    for (size_t i = 0; i < path.len; i++) passed += path.ptr[i] == '/';
    RIV_TRY(marine__charge(in->service, passed * WASI_NAME_FUEL));
    *error = riv_str_find_char(path, '\0', 0) != SIZE_MAX ? MARINE__WASI_INVAL : find(f, path, out);
    return RIV_OK;
}

void wasi__leave_place(const wasi_place *p)
{
    int kept = errno;
    if (p->owned) close(p->fd);
    errno = kept;
}

/* ---- listings ---- */

void wasi__unlist(wasi_file *dir)
{
    riv_arena_free(dir->listing.arena);
    dir->listing = (wasi_listing){ 0 };
}

static int by_name(const void *a, const void *b)
{
    return riv_str_cmp(((const wasi_entry *)a)->name, ((const wasi_entry *)b)->name);
}

static wasi_entry entry_of(const wasi_file *dir, const char *name, uint32_t mode, riv_arena *arena)
{
    riv_str text = riv_str_c(name);
    bool    dots = riv_str_eq(text, RIV_LIT(".")) || riv_str_eq(text, RIV_LIT(".."));
    return (wasi_entry){ riv_str_dup(arena, text), dots ? dir->id : id_below(dir->id, text), wasi__type_of(mode) };
}

static size_t listed_bytes(const marine__files *files)
{
    size_t bytes = 0;
    for (size_t i = 0; i < WASI_FILES_MAX; i++)
        if (files->files[i].listing.arena) bytes += riv_arena_used(files->files[i].listing.arena);
    return bytes;
}

/* In the order of names, so that it does not depend on the file system. */
uint32_t wasi__list(marine__files *files, wasi_file *dir)
{
    RIV_VEC(wasi_entry) list = { 0 };
    wasi__unlist(dir);
    size_t room = WASI_LISTING_BYTES - RIV_MIN(listed_bytes(files), (size_t)WASI_LISTING_BYTES);
    int    own  = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR   *at   = own < 0 ? NULL : fdopendir(own);
    if (!at) {
        uint32_t error = wasi__errno();
        if (own >= 0) close(own);
        return error;
    }
    riv_arena *arena = riv_arena_new(room + 1);
    bool       over  = false;
    for (struct dirent *e; !over && (e = readdir(at));) {
        struct stat st;
        if (fstatat(dir->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        *riv_push(arena, &list) = entry_of(dir, e->d_name, st.st_mode, arena);
        over                    = list.len > WASI_ENTRIES_MAX || riv_arena_over(arena);
    }
    closedir(at);
    if (over) { /* a part of it would depend on the file system's order */
        riv_arena_free(arena);
        return WASI_OVERFLOW;
    }
    if (list.len) qsort(list.ptr, list.len, sizeof *list.ptr, by_name);
    dir->listing = (wasi_listing){ arena, list.ptr, list.len };
    return MARINE__WASI_OK;
}
