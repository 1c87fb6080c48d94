/* memory.c: a store in memory, ordered: a treap on the heap. For the simulator, scenarios and tests.
 * Tests: state_test.c. */
#include "chain/chain.h"

typedef struct item item;
struct item {
    riv_blob key, value;
    uint64_t weight;
    item    *left, *right;
};
struct chain_memory {
    item    *root;
    riv_prng prng; /* of weights: the shape is nobody's to choose */
};

chain_memory *chain_memory_new(void)
{
    chain_memory *m = riv_alloc(sizeof *m);
    m->prng         = riv_prng_seed(1);
    return m;
}

static void free_item(item *i)
{
    riv_blob_free(&i->key);
    riv_blob_free(&i->value);
    riv_free(i);
}

static void free_tree(item *at)
{
    while (at) {
        item *right = at->right;
        free_tree(at->left);
        free_item(at);
        at = right;
    }
}

void chain_memory_free(chain_memory *m)
{
    if (!m) return;
    free_tree(m->root);
    riv_free(m);
}

static item *join(item *a, item *b) /* all of a before all of b */
{
    if (!a || !b) return a ? a : b;
    if (a->weight > b->weight) {
        a->right = join(a->right, b);
        return a;
    }
    b->left = join(a, b->left);
    return b;
}

/* Into what is before key and what is not. */
static void split(item *at, riv_bytes key, item **before, item **rest)
{
    if (!at) {
        *before = *rest = NULL;
    } else if (riv_bytes_cmp(riv_blob_view(at->key), key) < 0) {
        split(at->right, key, &at->right, rest);
        *before = at;
    } else {
        split(at->left, key, before, &at->left);
        *rest = at;
    }
}

static item *find(item *at, riv_bytes key)
{
    while (at) {
        int order = riv_bytes_cmp(key, riv_blob_view(at->key));
        if (order == 0) return at;
        at = order < 0 ? at->left : at->right;
    }
    return NULL;
}

static item *remove_key(item *at, riv_bytes key)
{
    if (!at) return NULL;
    int order = riv_bytes_cmp(key, riv_blob_view(at->key));
    if (order == 0) {
        item *rest = join(at->left, at->right);
        free_item(at);
        return rest;
    }
    if (order < 0)
        at->left = remove_key(at->left, key);
    else
        at->right = remove_key(at->right, key);
    return at;
}

void chain_memory_apply(chain_memory *m, const chain_write *writes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const chain_write *w = &writes[i];
        if (w->removes) {
            m->root = remove_key(m->root, w->key);
            continue;
        }
        item *there = find(m->root, w->key), *before, *rest;
        if (there) {
            riv_blob_free(&there->value);
            there->value = riv_blob_copy(w->value);
            continue;
        }
        item *made = riv_alloc(sizeof *made);
        *made      = (item){ riv_blob_copy(w->key), riv_blob_copy(w->value), riv_prng_u64(&m->prng), NULL, NULL };
        split(m->root, w->key, &before, &rest);
        m->root = join(join(before, made), rest);
    }
}

static bool get(void *ctx, riv_bytes key, riv_arena *arena, riv_bytes *value)
{
    const chain_memory *m = ctx;
    item               *i = find(m->root, key);
    if (i) *value = riv_bytes_dup(arena, riv_blob_view(i->value));
    return i != NULL;
}

static bool next(void *ctx, riv_bytes prefix, riv_bytes from, riv_arena *arena, riv_bytes *key, riv_bytes *value)
{
    const chain_memory *m    = ctx;
    const item         *best = NULL, *at = m->root;
    while (at) {
        if (riv_bytes_cmp(riv_blob_view(at->key), from) >= 0) {
            best = at;
            at   = at->left;
        } else {
            at = at->right;
        }
    }
    if (!best || best->key.len < prefix.len || memcmp(best->key.ptr, prefix.ptr, prefix.len) != 0) return false;
    *key   = riv_bytes_dup(arena, riv_blob_view(best->key));
    *value = riv_bytes_dup(arena, riv_blob_view(best->value));
    return true;
}

chain_store chain_memory_store(chain_memory *m) { return (chain_store){ m, get, next }; }
