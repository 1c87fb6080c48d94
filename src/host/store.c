/* store.c: a node's durable records in one LMDB environment: changes gather in one write transaction, commit makes them last.
 * MDB_NOMETASYNC: data pages are synced at each commit, the root page with the next one. So a killed process loses nothing that was
 * committed; a machine that loses power may lose the last commit, never an older one, and never opens a broken file.
 * Tests: store_test.c (kill -9 in the middle of writing). */
#define _GNU_SOURCE
#include "host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { STORE_MAP_BYTES = 64 << 20, STORE_KEY_BYTES_MAX = 511, STORE_GROWTH_MAX = 16 };

typedef struct change {
    riv_blob key, value;
    bool     remove;
} change;

struct host_store {
    MDB_env *env;
    MDB_dbi  dbi;
    int      lock; /* held as long as the store is open: one process a folder */
    size_t   map_bytes;
    change  *changes; /* since the last commit; kept, so that a full map can be grown and all of it written again */
    size_t   count, cap;
};

static riv_err lmdb_error(riv_fault *fault, const char *what, int rc)
{
    return riv_fail(fault, RIV_E_IO, 0, "cannot %s the state: %s", what, mdb_strerror(rc));
}

/* ---- open and close ---- */

/* LMDB lets several processes share an environment; two nodes with one identity must not. */
riv_err host__lock_dir(riv_str dir, const char *name, riv_arena *arena, riv_fault *fault, int *out)
{
    char        pid[32] = { 0 };
    const char *path    = riv_cstr(arena, host_path_join(arena, dir, riv_str_c(name)));
    int         fd      = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return riv_fail(fault, RIV_E_IO, 0, "cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        ssize_t got = read(fd, pid, sizeof pid - 1);
        close(fd);
        return riv_fail(fault, RIV_E_CONFLICT, 0, "the state in " RIV_FMT " is in use by another process%s%s",
                        RIV_ARG(dir), got > 0 ? ", pid " : "", pid);
    }
    int len = snprintf(pid, sizeof pid, "%ld", (long)getpid());
    if (ftruncate(fd, 0) == 0 && len > 0) {
        ssize_t ignored = pwrite(fd, pid, (size_t)len, 0);
        (void)ignored;
    }
    *out = fd;
    return RIV_OK;
}

static int open_env(host_store *s, const char *dir)
{
    MDB_txn *txn = NULL;
    int      rc  = mdb_env_create(&s->env);
    if (!rc) rc = mdb_env_set_mapsize(s->env, s->map_bytes);
    if (!rc) rc = mdb_env_open(s->env, dir, MDB_NOMETASYNC | MDB_NORDAHEAD, 0600);
    if (!rc) rc = mdb_txn_begin(s->env, NULL, 0, &txn);
    if (!rc) rc = mdb_dbi_open(txn, NULL, 0, &s->dbi);
    if (!rc) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

riv_err host_store_open(riv_str dir, riv_fault *fault, host_store **out)
{
    riv_err     err;
    int         rc;
    riv_arena  *arena = riv_arena_new(0);
    host_store *s     = riv_alloc(sizeof *s);
    s->lock           = -1;
    s->map_bytes      = STORE_MAP_BYTES;
    if ((err = host_dir_make(dir, fault))) goto out;
    if ((err = host__lock_dir(dir, "node.lock", arena, fault, &s->lock))) goto out;
    if ((rc = open_env(s, riv_cstr(arena, dir)))) err = lmdb_error(fault, "open", rc);
out:
    if (err)
        host_store_close(s);
    else
        *out = s;
    riv_arena_free(arena);
    return err;
}

static void forget_changes(host_store *s)
{
    for (size_t i = 0; i < s->count; i++) {
        riv_blob_free(&s->changes[i].key);
        riv_blob_free(&s->changes[i].value);
    }
    s->count = 0;
}

void host_store_close(host_store *s)
{
    if (!s) return;
    forget_changes(s);
    riv_free(s->changes);
    if (s->env) mdb_env_close(s->env);
    if (s->lock >= 0) close(s->lock);
    riv_free(s);
}

/* ---- changes ---- */

static riv_err add_change(host_store *s, riv_bytes key, riv_bytes value, bool remove, riv_fault *fault)
{
    if (key.len == 0 || key.len > STORE_KEY_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "a key of %zu bytes (1 to %d)", key.len, STORE_KEY_BYTES_MAX);
    if (s->count == s->cap) {
        s->cap     = s->cap ? 2 * s->cap : 64;
        s->changes = riv_realloc(s->changes, s->cap * sizeof *s->changes);
    }
    s->changes[s->count++] = (change){ riv_blob_copy(key), riv_blob_copy(value), remove };
    return RIV_OK;
}

riv_err host_store_put(host_store *s, riv_bytes key, riv_bytes value, riv_fault *fault)
{
    return add_change(s, key, value, false, fault);
}

riv_err host_store_del(host_store *s, riv_bytes key, riv_fault *fault)
{
    return add_change(s, key, (riv_bytes){ 0 }, true, fault);
}

static MDB_val val(riv_blob b) { return (MDB_val){ b.len, b.ptr }; }

static int write_changes(host_store *s)
{
    MDB_txn *txn = NULL;
    int      rc  = mdb_txn_begin(s->env, NULL, 0, &txn);
    for (size_t i = 0; !rc && i < s->count; i++) {
        MDB_val key = val(s->changes[i].key), value = val(s->changes[i].value);
        rc = s->changes[i].remove ? mdb_del(txn, s->dbi, &key, NULL) : mdb_put(txn, s->dbi, &key, &value, 0);
        if (s->changes[i].remove && rc == MDB_NOTFOUND) rc = 0;
    }
    if (!rc) return mdb_txn_commit(txn);
    if (txn) mdb_txn_abort(txn);
    return rc;
}

riv_err host_store_commit(host_store *s, riv_fault *fault)
{
    if (s->count == 0) return RIV_OK;
    int rc = write_changes(s);
    for (int grown = 0; rc == MDB_MAP_FULL && grown < STORE_GROWTH_MAX; grown++) {
        s->map_bytes *= 2;
        rc = mdb_env_set_mapsize(s->env, s->map_bytes);
        if (!rc) rc = write_changes(s);
    }
    forget_changes(s);
    return rc ? lmdb_error(fault, "write", rc) : RIV_OK;
}

/* ---- reading ---- */

riv_err host_store_each(host_store *s, host_store_fn fn, void *ctx, riv_fault *fault)
{
    MDB_txn    *txn    = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val     key = { 0 }, value = { 0 };
    int         rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
    if (!rc) rc = mdb_cursor_open(txn, s->dbi, &cursor);
    while (!rc && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))
        fn(ctx, (riv_bytes){ key.mv_data, key.mv_size }, (riv_bytes){ value.mv_data, value.mv_size });
    if (cursor) mdb_cursor_close(cursor);
    if (txn) mdb_txn_abort(txn);
    return rc == MDB_NOTFOUND ? RIV_OK : lmdb_error(fault, "read", rc);
}
