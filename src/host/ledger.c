/* ledger.c: a chain's state and blocks in LMDB. Reads share one transaction that is renewed when something was written; a block is one write transaction.
 * MDB_NOMETASYNC, as store.c has it: a killed process loses nothing committed, lost power at most the last block.
 * Tests: ledger_test.c, chain_test.c (kill -9 in the middle of blocks). */
#define _GNU_SOURCE
#include "host/chain.h"
#include "host/internal.h"

#include <errno.h>
#include <lmdb.h>
#include <unistd.h>

enum { MAP_BYTES = 256 << 20, GROWTH_MAX = 16 };

struct host_ledger {
    MDB_env         *env;
    MDB_dbi          dbi;
    MDB_txn         *reading; /* NULL: none yet */
    MDB_cursor      *cursor;
    bool             fresh; /* reading sees what is newest */
    host_ledger_mode mode;
    int              lock;
    size_t           map_bytes;
};

static riv_err broken(riv_fault *fault, const char *what, int rc)
{
    return riv_fail(fault, RIV_E_IO, 0, "cannot %s the chain's state: %s", what, mdb_strerror(rc));
}

/* ---- reading ---- */

static void rest(host_ledger *l)
{
    if (l->fresh) mdb_txn_reset(l->reading);
    l->fresh = false;
}

/* Others may have written a file that is larger than our map: then it is mapped anew. */
static int wake(host_ledger *l)
{
    if (l->fresh) return 0;
    int rc = l->reading ? mdb_txn_renew(l->reading) : mdb_txn_begin(l->env, NULL, MDB_RDONLY, &l->reading);
    if (rc == MDB_MAP_RESIZED && !mdb_env_set_mapsize(l->env, 0))
        rc = l->reading ? mdb_txn_renew(l->reading) : mdb_txn_begin(l->env, NULL, MDB_RDONLY, &l->reading);
    if (!rc) rc = l->cursor ? mdb_cursor_renew(l->reading, l->cursor) : mdb_cursor_open(l->reading, l->dbi, &l->cursor);
    l->fresh = rc == 0;
    return rc;
}

static riv_bytes bytes_of(MDB_val v, riv_arena *arena)
{
    return riv_bytes_dup(arena, (riv_bytes){ v.mv_data, v.mv_size });
}

/* A disk that cannot be read is no empty state: going on would make blocks of nothing. */
static void must_read(int rc)
{
    if (rc && rc != MDB_NOTFOUND) riv_panic(__FILE__, __LINE__, mdb_strerror(rc));
}

static bool get(void *ctx, riv_bytes key, riv_arena *arena, riv_bytes *value)
{
    host_ledger *l  = ctx;
    MDB_val      k  = { key.len, (void *)(uintptr_t)key.ptr }, v;
    int          rc = wake(l);
    must_read(rc);
    rc = mdb_get(l->reading, l->dbi, &k, &v);
    must_read(rc);
    if (!rc) *value = bytes_of(v, arena);
    return !rc;
}

static bool next(void *ctx, riv_bytes prefix, riv_bytes from, riv_arena *arena, riv_bytes *key, riv_bytes *value)
{
    host_ledger *l  = ctx;
    MDB_val      k  = { from.len, (void *)(uintptr_t)from.ptr }, v;
    int          rc = wake(l);
    must_read(rc);
    rc = mdb_cursor_get(l->cursor, &k, &v, MDB_SET_RANGE);
    must_read(rc);
    if (rc || k.mv_size < prefix.len || memcmp(k.mv_data, prefix.ptr, prefix.len) != 0) return false;
    *key   = bytes_of(k, arena);
    *value = bytes_of(v, arena);
    return true;
}

/* ---- writing ---- */

static int write_all(host_ledger *l, const chain_write *writes, size_t count)
{
    MDB_txn *txn = NULL;
    int      rc  = mdb_txn_begin(l->env, NULL, 0, &txn);
    for (size_t i = 0; !rc && i < count; i++) {
        MDB_val key   = { writes[i].key.len, (void *)(uintptr_t)writes[i].key.ptr },
                value = { writes[i].value.len, (void *)(uintptr_t)writes[i].value.ptr };
        rc            = writes[i].removes ? mdb_del(txn, l->dbi, &key, NULL) : mdb_put(txn, l->dbi, &key, &value, 0);
        if (writes[i].removes && rc == MDB_NOTFOUND) rc = 0;
    }
    if (!rc) return mdb_txn_commit(txn);
    if (txn) mdb_txn_abort(txn);
    return rc;
}

static riv_err commit(void *ctx, const chain_write *writes, size_t count, riv_fault *fault)
{
    host_ledger *l = ctx;
    if (l->mode == HOST_LEDGER_LOOK) return riv_fail(fault, RIV_E_DENIED, 0, "the chain is only looked at");
    rest(l);
    int rc = write_all(l, writes, count);
    if (rc == MDB_MAP_FULL) (void)mdb_reader_check(l->env, NULL); /* a killed one holds back pages that could be used */
    for (int grown = 0; rc == MDB_MAP_FULL && grown < GROWTH_MAX; grown++) {
        l->map_bytes *= 2;
        rc = mdb_env_set_mapsize(l->env, l->map_bytes);
        if (!rc) rc = write_all(l, writes, count);
    }
    return rc ? broken(fault, "write", rc) : RIV_OK;
}

rpc_place host_ledger_place(host_ledger *l)
{
    if (l->mode == HOST_LEDGER_LOOK) rest(l);
    return (rpc_place){ { l, get, next }, l, commit };
}

/* ---- opening ---- */

static int open_env(host_ledger *l, const char *dir)
{
    MDB_txn    *txn   = NULL;
    MDB_envinfo info  = { 0 };
    bool        look  = l->mode == HOST_LEDGER_LOOK;
    unsigned    flags = look ? MDB_RDONLY | MDB_NOTLS : MDB_NOMETASYNC | MDB_NOTLS;
    int         rc    = mdb_env_create(&l->env);
    if (!rc && !look) rc = mdb_env_set_mapsize(l->env, l->map_bytes);
    if (!rc) rc = mdb_env_open(l->env, dir, flags, 0600);
    if (!rc) rc = mdb_reader_check(l->env, NULL); /* places of readers that were killed */
    if (!rc) rc = mdb_env_info(l->env, &info);
    if (!rc) l->map_bytes = info.me_mapsize; /* of a file that had grown */
    if (!rc) rc = mdb_txn_begin(l->env, NULL, look ? MDB_RDONLY : 0, &txn);
    if (!rc) rc = mdb_dbi_open(txn, NULL, 0, &l->dbi);
    if (!rc) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

riv_err host_ledger_open(riv_str dir, host_ledger_mode mode, riv_fault *fault, host_ledger **out)
{
    int          rc;
    riv_err      err   = RIV_OK;
    riv_arena   *arena = riv_arena_new(0);
    host_ledger *l     = riv_alloc(sizeof *l);
    l->lock            = -1;
    l->mode            = mode;
    l->map_bytes       = MAP_BYTES;
    if (mode == HOST_LEDGER_LOOK && !host_file_exists(host_path_join(arena, dir, RIV_LIT("data.mdb"))))
        err = riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no chain in " RIV_FMT, RIV_ARG(dir));
    if (!err && mode == HOST_LEDGER_OWN) err = host_dir_make(dir, fault);
    if (!err && mode == HOST_LEDGER_OWN) err = host__lock_dir(dir, "chain.lock", arena, fault, &l->lock);
    if (!err && (rc = open_env(l, riv_cstr(arena, dir)))) err = broken(fault, "open", rc);
    if (err)
        host_ledger_close(l);
    else
        *out = l;
    riv_arena_free(arena);
    return err;
}

void host_ledger_close(host_ledger *l)
{
    if (!l) return;
    if (l->cursor) mdb_cursor_close(l->cursor);
    if (l->reading) mdb_txn_abort(l->reading);
    if (l->env) mdb_env_close(l->env);
    if (l->lock >= 0) close(l->lock);
    riv_free(l);
}
