/* state.h: the inside of a view of the state, for state.c (overlay), tree.c (commit) and store.c (what the store holds). */
#ifndef RIV_CHAIN_STATE_H
#define RIV_CHAIN_STATE_H

#include "chain/internal.h"

typedef struct chain__entry chain__entry;
struct chain__entry {
    riv_bytes     key;
    riv_bytes     value;            /* written; empty: removed */
    riv_bytes     stored;           /* read through, when known; empty: not there */
    uint64_t      stored_version;   /* when known: since when; CHAIN__NEVER: it never was there */
    bool          written, known, listed;
    uint64_t      weight;
    chain__entry *left, *right;
};
typedef struct chain__undo { chain__entry *entry; riv_bytes value; bool written; } chain__undo;
#define CHAIN__NEVER UINT64_MAX
/* Entries of a table that were ever written, as they came. They are put in order when somebody goes through the table, which few tables are for. */
typedef struct chain__written { RIV_VEC(chain__entry *) entries; size_t in_tree; } chain__written;
enum { CHAIN__TABLES = 256 }; /* by the first byte of their keys */
struct chain__state {
    chain_store   store;
    uint64_t      version; /* the state after this block is what the store shows */
    riv_arena    *arena;
    riv_map      *index; /* key -> entry, of all that were read or written */
    chain__written *tables[CHAIN__TABLES]; /* NULL: nothing was written */
    chain__entry *root;  /* of those that were put in order */
    RIV_VEC(chain__undo) journal;
    uint64_t      passed; /* what chain__state_next found removed on its ways */
    enum { CHAIN__AGE_UNKNOWN, CHAIN__NEWEST, CHAIN__OLDER } age; /* whether `version` is the store's newest */
};
/* First letters of raw keys in the store. Heads and parameters are block.c's ('N', 'H', 'P', 'Q'). */
enum { CHAIN__RAW_VALUE = 'V', CHAIN__RAW_LIVE = 'L', CHAIN__RAW_NODE = 'T', CHAIN__RAW_ROOT = 'R', CHAIN__RAW_STALE = 'S' };
/* Tables that are gone through in order have what is there now once more without versions, so that what was removed is not met for the versions kept. */
enum { CHAIN__LIVE_TABLE = 'i', CHAIN__LIVE_QUEUE = 'q' };
static inline bool chain__is_live(riv_bytes key) { return key.len && (key.ptr[0] == CHAIN__LIVE_TABLE || key.ptr[0] == CHAIN__LIVE_QUEUE); }
/* state.c: reads e through, unless that was done. */
void chain__state_read(chain__state *s, chain__entry *e);
/* store.c: state values in the store, as of s->version. Values live as long as s. */
bool      chain__store_next(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value);
bool      chain__store_find(chain__state *s, riv_bytes key, uint64_t *version, riv_bytes *value); /* also where it was removed: an empty value */
riv_bytes chain__value_key(riv_arena *arena, riv_bytes key, uint64_t version);
riv_bytes chain__live_key(riv_arena *arena, riv_bytes key);
riv_bytes chain__root_key(riv_arena *arena, uint64_t version); /* tree.c */

#endif
