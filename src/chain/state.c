/* state.c: a view of the state that can be taken back: an overlay with a journal over what the store holds. Tables that are gone through are put in
 * order then (a treap); the others never are.
 * Spec: docs/spec/chain.md 2.2. Tests: state_test.c. */
#include "chain/state.h"

static uint64_t weight_of(riv_bytes key) { return riv_hash64(key) * UINT64_C(0x9e3779b97f4a7c15); }

chain__state *chain__state_new(const chain_store *store, uint64_t version, riv_arena *arena)
{
    chain__state *s = riv_new(arena, chain__state, 1);
    s->store        = *store;
    s->version      = version;
    s->arena        = arena;
    s->index        = riv_map_new(arena);
    return s;
}

/* ---- the treap: by key in order, by weight as a heap, so its depth is that of a random tree ---- */

static chain__entry *turn_right(chain__entry *e)
{
    chain__entry *up = e->left;
    e->left          = up->right;
    up->right        = e;
    return up;
}

static chain__entry *turn_left(chain__entry *e)
{
    chain__entry *up = e->right;
    e->right         = up->left;
    up->left         = e;
    return up;
}

static chain__entry *insert(chain__entry *at, chain__entry *made)
{
    if (!at) return made;
    if (riv_bytes_cmp(made->key, at->key) < 0) {
        at->left = insert(at->left, made);
        return at->left->weight > at->weight ? turn_right(at) : at;
    }
    at->right = insert(at->right, made);
    return at->right->weight > at->weight ? turn_left(at) : at;
}

static chain__entry *entry_of(chain__state *s, riv_bytes key)
{
    chain__entry *e = riv_map_get(s->index, key);
    if (e) return e;
    e      = riv_new(s->arena, chain__entry, 1);
    e->key = riv_bytes_dup(s->arena, key);
    riv_map_put_view(s->index, riv_bytes_str(e->key), e);
    return e;
}

static void put_in_order(chain__state *s, chain__written *w)
{
    for (; w && w->in_tree < w->entries.len; w->in_tree++) {
        chain__entry *e = w->entries.ptr[w->in_tree];
        e->weight       = weight_of(e->key);
        s->root         = insert(s->root, e);
    }
}

/* The first entry at or behind `from` (`past`: strictly behind). */
static chain__entry *first_from(chain__entry *at, riv_bytes from, bool past)
{
    chain__entry *best = NULL;
    while (at) {
        int order = riv_bytes_cmp(at->key, from);
        if (order > 0 || (!past && order == 0)) {
            best = at;
            at   = at->left;
        } else {
            at = at->right;
        }
    }
    return best;
}

/* ---- reading and writing ---- */

void chain__state_read(chain__state *s, chain__entry *e)
{
    if (e->known) return;
    if (!chain__store_find(s, e->key, &e->stored_version, &e->stored)) e->stored_version = CHAIN__NEVER;
    e->known = true;
}

bool chain__state_get(chain__state *s, riv_bytes key, riv_bytes *value)
{
    chain__entry *e = entry_of(s, key);
    if (!e->written) chain__state_read(s, e);
    *value = e->written ? e->value : e->stored;
    return value->len > 0;
}

static chain__written *table_of(chain__state *s, riv_bytes key)
{
    chain__written **w = &s->tables[key.len ? key.ptr[0] : 0];
    if (!*w) *w = riv_new(s->arena, chain__written, 1);
    return *w;
}

void chain__state_put(chain__state *s, riv_bytes key, riv_bytes value)
{
    chain__entry *e = entry_of(s, key);
    if (!e->listed) *riv_push(s->arena, &table_of(s, key)->entries) = e;
    e->listed                        = true;
    *riv_push(s->arena, &s->journal) = (chain__undo){ e, e->value, e->written };
    e->value                         = riv_bytes_dup(s->arena, value);
    e->written                       = true;
}

size_t chain__state_mark(const chain__state *s) { return s->journal.len; }

void chain__state_back(chain__state *s, size_t mark)
{
    while (s->journal.len > mark) {
        chain__undo undo    = s->journal.ptr[--s->journal.len];
        undo.entry->value   = undo.value;
        undo.entry->written = undo.written;
    }
}

void chain__state_settle(chain__state *s) { s->journal.len = 0; }

/* The least key behind this one. */
static riv_bytes behind(riv_arena *arena, riv_bytes key)
{
    uint8_t *copy = riv_new(arena, uint8_t, key.len + 1);
    memcpy(copy, key.ptr, key.len);
    return (riv_bytes){ copy, key.len + 1 };
}

static bool under(riv_bytes prefix, riv_bytes key)
{
    return key.len >= prefix.len && memcmp(key.ptr, prefix.ptr, prefix.len) == 0;
}

/* Under prefix; what was taken back is passed by. */
static chain__entry *first_written(chain__state *s, riv_bytes prefix, riv_bytes from, bool past)
{
    chain__entry *e = first_from(s->root, from, past);
    for (; e && under(prefix, e->key) && !e->written; s->passed++) e = first_from(s->root, e->key, true);
    return e && under(prefix, e->key) ? e : NULL;
}

bool chain__state_next(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value)
{
    for (size_t i = 0; prefix.len == 0 && i < CHAIN__TABLES; i++) put_in_order(s, s->tables[i]);
    if (prefix.len) put_in_order(s, s->tables[prefix.ptr[0]]);
    chain__entry *e = first_written(s, prefix, from, false);
    riv_bytes     k, v;
    bool          stored = chain__store_next(s, prefix, from, &k, &v);
    for (;;) {
        int order = !e ? 1 : !stored ? -1 : riv_bytes_cmp(e->key, k);
        if (!e && !stored) return false;
        if (order > 0) {
            *key   = k;
            *value = v;
            return true;
        }
        if (e->value.len) {
            *key   = e->key;
            *value = e->value;
            return true;
        }
        if (order == 0) { /* removed: behind it in both */
            riv_bytes past = behind(s->arena, k);
            stored         = chain__store_next(s, prefix, past, &k, &v);
        }
        e = first_written(s, prefix, e->key, true);
        s->passed++;
    }
}

uint64_t chain__state_passed(const chain__state *s) { return s->passed; }
