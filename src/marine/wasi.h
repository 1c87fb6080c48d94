/* wasi.h: what the files of WASI preview 1 share: wasi.c (the table, what is no file), wasi_files.c (descriptors), wasi_path.c (paths
 * below mapped directories, listings). Nothing here leaves them.
 * Spec: docs/spec/marine.md 5.5. */
#ifndef RIV_MARINE_WASI_H
#define RIV_MARINE_WASI_H

#include "marine/internal.h"

#include <limits.h>

enum {
    WASI_FILES_MAX        = 64,       /* open at once in a module, mapped directories among them */
    WASI_FD_FIRST         = 3,
    WASI_PATH_BYTES_MAX   = 4096,
    WASI_PATH_DEPTH_MAX   = 32,
    WASI_ENTRIES_MAX      = 100000,   /* of a directory that is listed */
    WASI_LISTING_BYTES    = 16 << 20, /* of all listings that a module holds open */
    WASI_NAME_FUEL        = 1000,     /* for each name of a path but one, and of a listing: the host asks the system about it */
    WASI_IOVEC_BYTES      = 8,
    WASI_IOVECS_MAX       = 1024,
    WASI_FDSTAT_BYTES     = 24,
    WASI_FILESTAT_BYTES   = 64,
    WASI_TYPE_UNKNOWN     = 0,
    WASI_TYPE_DEVICE      = 2,
    WASI_TYPE_DIRECTORY   = 3,
    WASI_TYPE_REGULAR     = 4,
    WASI_TYPE_LINK        = 7,
};
enum { /* further errors of preview 1 */
    WASI_BUSY = 10, WASI_DQUOT = 19, WASI_FBIG = 22, WASI_NOMEM = 48, WASI_NOTSOCK = 57, WASI_NOTSUP = 58, WASI_OVERFLOW = 61, WASI_ROFS = 69, WASI_TXTBSY = 74, WASI_XDEV = 75,
};

/* Names of a directory as they stood when its listing began: cookies are places in it, so that a guest may remove what it reads. */
typedef struct wasi_entry { riv_str name; uint64_t id; uint8_t type; } wasi_entry;
typedef struct wasi_listing { riv_arena *arena; const wasi_entry *entries; size_t count; } wasi_listing;

/* id: what the guest sees as the number of a file: made of the names that lead to it, so that it is the same on any machine. */
typedef struct wasi_file {
    bool         open, is_dir, append;
    int          fd;
    uint64_t     id;
    riv_str      alias; /* of a mapped directory */
    wasi_listing listing;
} wasi_file;
struct marine__files {
    wasi_file files[WASI_FILES_MAX];
};
wasi_file *wasi__file_of(marine__instance *in, uint32_t fd); /* NULL: not open */

/* Of a list, by name; NULL: none. */
const marine__host_function *wasi__find(const marine__host_function *list, size_t count, riv_str name);
const marine__host_function *wasi__old_files_find(riv_str name); /* those that wasi_unstable lays out otherwise */

/* ---- wasi_path.c ---- */

/* A parent directory that is open, and the last name of a path. */
typedef struct wasi_place {
    int      fd;
    bool     owned, slash; /* slash: the path ends with one, so it means a directory */
    uint64_t id;           /* of what has the name */
    char     name[NAME_MAX + 1];
} wasi_place;
/* A path of the guest below one of its directories. *error is an errno of WASI. */
RIV_MUST_USE riv_err wasi__find_place(marine__instance *in, uint32_t dir, uint32_t ptr, uint32_t len, wasi_place *out, uint32_t *error);
void     wasi__leave_place(const wasi_place *p); /* keeps errno */
uint64_t wasi__root_id(riv_str alias);
uint32_t wasi__list(marine__files *files, wasi_file *dir); /* a fresh listing; an errno of WASI */
void     wasi__unlist(wasi_file *dir);
uint8_t  wasi__type_of(uint32_t mode); /* st_mode */
uint32_t wasi__errno(void);      /* errno, as WASI calls it */

/* ---- numbers in the guest's memory ---- */

static inline uint32_t wasi__arg(const wasmtime_val_raw_t *io, size_t i) { return (uint32_t)io[i].i32; }
static inline void wasi__le32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (8 * i));
}
static inline void wasi__le64(uint8_t *to, uint64_t v)
{
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> (8 * i));
}
static inline riv_err wasi__put_u32(marine__instance *in, uint32_t ptr, uint32_t v)
{
    uint8_t le[4];
    wasi__le32(le, v);
    return marine__write(in, ptr, (riv_bytes){ le, sizeof le });
}
static inline riv_err wasi__put_u64(marine__instance *in, uint32_t ptr, uint64_t v)
{
    uint8_t le[8];
    wasi__le64(le, v);
    return marine__write(in, ptr, (riv_bytes){ le, sizeof le });
}
/* What a file is. old: as wasi_unstable lays it out, with a count of links of 32 bits. */
typedef struct wasi_stat { uint64_t id, size; uint8_t type; } wasi_stat;
static inline riv_err wasi__put_stat(marine__instance *in, wasi_stat st, bool old, uint32_t ptr)
{
    uint8_t out[WASI_FILESTAT_BYTES] = { 0 };
    wasi__le64(out, 1); /* one device, one link, no times: the same on any machine */
    wasi__le64(out + 8, st.id);
    out[16] = st.type;
    if (old) wasi__le32(out + 20, 1);
    else wasi__le64(out + 24, 1);
    wasi__le64(out + (old ? 24 : 32), st.size);
    return marine__write(in, ptr, (riv_bytes){ out, sizeof out - (old ? 8 : 0) });
}

#endif
