/* tree.c: the tree over the state and its update by a block: only paths to changed keys are read and written; what they replace is removed
 * when no kept version needs it any more.
 * Spec: docs/spec/chain.md 2.2; "Jellyfish Merkle Tree" (Gao, Hu, Wu 2021). Tests: state_test.c. */
#include "chain/tree.h"

enum { TYPE_LEAF = 0, TYPE_BRANCH = 1, CHILD_BYTES = 41, PRUNE_MAX = 1024 };
enum { PARTS = 1 << 16, PARTED_MIN = 1024 };

typedef struct change {
    crypto_hash key, value;
    bool        removes;
} change;
typedef struct keyed {
    riv_bytes key;
    size_t    index;
} keyed;

typedef struct fresh {
    riv_bytes key, value;
    bool      dropped;
} fresh;

typedef struct commit {
    const chain_store *store;
    uint64_t           version;
    riv_arena         *arena;
    riv_fault         *fault;
    RIV_VEC(fresh) nodes; /* new ones */
    RIV_VEC(chain_write) writes;
    riv_buf stale; /* raw keys, each behind its length */
} commit;

/* ---- nodes as bytes ---- */

static void put_text(const chain__node *node, riv_buf *out)
{
    uint16_t bits = 0;
    if (node->kind == CHAIN__LEAF) {
        riv_put_u8(out, TYPE_LEAF);
        riv_put_bytes(out, (riv_bytes){ node->key.bytes, 32 });
        riv_put_bytes(out, (riv_bytes){ node->value.bytes, 32 });
        return;
    }
    for (unsigned i = 0; i < CHAIN__CHILDREN; i++)
        if (node->children[i].kind) bits = (uint16_t)(bits | 1u << i);
    riv_put_u8(out, TYPE_BRANCH);
    riv_put_u16be(out, bits);
    for (unsigned i = 0; i < CHAIN__CHILDREN; i++)
        if (node->children[i].kind) riv_put_bytes(out, (riv_bytes){ node->children[i].hash.bytes, 32 });
}

riv_bytes chain__node_text(const chain__node *node, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    put_text(node, &out);
    return riv_buf_view(&out);
}

crypto_hash chain__node_hash(const chain__node *node)
{
    uint8_t bytes[3 + 32 * CHAIN__CHILDREN];
    riv_buf out = { .ptr = bytes, .cap = sizeof bytes };
    put_text(node, &out);
    return crypto_blake3(riv_buf_view(&out));
}

riv_bytes chain__node_key(riv_arena *arena, uint64_t version, const crypto_hash *path, size_t depth)
{
    uint8_t bytes[1 + 8 + 1 + sizeof path->bytes];
    riv_buf out = { .ptr = bytes, .cap = sizeof bytes };
    riv_put_u8(&out, CHAIN__RAW_NODE);
    riv_put_u64be(&out, version);
    riv_put_u8(&out, (uint8_t)depth);
    riv_put_bytes(&out, (riv_bytes){ path->bytes, (depth + 1) / 2 });
    if (depth % 2) out.ptr[out.len - 1] &= 0xf0;
    return riv_bytes_dup(arena, riv_buf_view(&out));
}

static riv_bytes record_of(const chain__node *node, riv_arena *arena)
{
    uint8_t bytes[1 + CHILD_BYTES * CHAIN__CHILDREN];
    riv_buf out = { .ptr = bytes, .cap = sizeof bytes };
    if (node->kind == CHAIN__LEAF) {
        put_text(node, &out);
        return riv_bytes_dup(arena, riv_buf_view(&out));
    }
    riv_put_u8(&out, TYPE_BRANCH);
    for (unsigned i = 0; i < CHAIN__CHILDREN; i++) {
        const chain__child *c = &node->children[i];
        riv_put_u8(&out, (uint8_t)c->kind);
        if (!c->kind) continue;
        riv_put_u64be(&out, c->version);
        riv_put_bytes(&out, (riv_bytes){ c->hash.bytes, 32 });
    }
    return riv_bytes_dup(arena, riv_buf_view(&out));
}

static void read_hash(riv_reader *r, crypto_hash *out) { chain__read_into(r, out->bytes, sizeof out->bytes); }

static bool parse_record(riv_bytes record, chain__node *out)
{
    riv_reader r = riv_reader_of(record);
    *out         = (chain__node){ .kind = riv_read_u8(&r) == TYPE_LEAF ? CHAIN__LEAF : CHAIN__BRANCH };
    if (out->kind == CHAIN__LEAF) {
        read_hash(&r, &out->key);
        read_hash(&r, &out->value);
    }
    for (unsigned i = 0; out->kind == CHAIN__BRANCH && i < CHAIN__CHILDREN; i++) {
        chain__child *c = &out->children[i];
        uint8_t       k = riv_read_u8(&r);
        if (k > CHAIN__BRANCH) return false;
        c->kind = (chain__node_kind)k;
        if (!k) continue;
        c->version = riv_read_u64be(&r);
        read_hash(&r, &c->hash);
    }
    return !r.short_read && riv_reader_left(&r) == 0;
}

static riv_err spoilt(riv_fault *fault)
{
    return riv_fail(fault, RIV_E_MALFORMED, 0,
                    "the chain's store is damaged: a node of the state's tree is missing or spoilt");
}

riv_err chain__node_read(const chain_store *store, uint64_t version, const crypto_hash *path, size_t depth,
                         riv_arena *arena, riv_fault *fault, chain__node *out)
{
    riv_bytes record;
    if (!store->get || !store->get(store->ctx, chain__node_key(arena, version, path, depth), arena, &record) ||
        !parse_record(record, out))
        return spoilt(fault);
    return RIV_OK;
}

static riv_bytes version_key(riv_arena *arena, uint8_t table, uint64_t version)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, table);
    riv_put_u64be(&out, version);
    return riv_buf_view(&out);
}

riv_bytes chain__root_key(riv_arena *arena, uint64_t version) { return version_key(arena, CHAIN__RAW_ROOT, version); }
static riv_bytes stale_key(riv_arena *arena, uint64_t version) { return version_key(arena, CHAIN__RAW_STALE, version); }

riv_err chain__root_read(const chain_store *store, uint64_t version, riv_arena *arena, riv_fault *fault,
                         chain__child *out)
{
    riv_bytes record;
    *out = (chain__child){ 0 };
    if (!store->get || !store->get(store->ctx, chain__root_key(arena, version), arena, &record)) {
        if (version == 0 || !store->get) return RIV_OK; /* before genesis */
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "the state of version %llu is not kept",
                        (unsigned long long)version);
    }
    riv_reader r    = riv_reader_of(record);
    uint8_t    kind = riv_read_u8(&r);
    out->version    = riv_read_u64be(&r);
    read_hash(&r, &out->hash);
    out->kind = (chain__node_kind)kind;
    if (r.short_read || kind > CHAIN__BRANCH)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "the chain's store is damaged: a root is spoilt");
    return RIV_OK;
}

/* ---- writing ---- */

static void add_write(commit *c, riv_bytes key, riv_bytes value, bool removes)
{
    *riv_push(c->arena, &c->writes) = (chain_write){ key, value, removes };
}

/* Not needed by this version or a later one: removed when the versions before are no longer kept. */
static void add_stale(commit *c, riv_bytes key)
{
    riv_put_u16be(&c->stale, (uint16_t)key.len);
    riv_put_bytes(&c->stale, key);
}

static chain__child add_node(commit *c, const chain__node *node, const crypto_hash *path, size_t depth)
{
    chain__child out = { node->kind, c->version, chain__node_hash(node) };
    *riv_push(c->arena, &c->nodes) =
        (fresh){ chain__node_key(c->arena, c->version, path, depth), record_of(node, c->arena), false };
    return out;
}

static fresh *find_fresh(commit *c, riv_bytes key)
{
    for (size_t i = c->nodes.len; i-- > 0;)
        if (!c->nodes.ptr[i].dropped && riv_bytes_eq(c->nodes.ptr[i].key, key)) return &c->nodes.ptr[i];
    return NULL;
}

/* A node that goes: written by this commit it never was; else it is stale. */
static void drop_node(commit *c, uint64_t version, const crypto_hash *path, size_t depth)
{
    riv_bytes key = chain__node_key(c->arena, version, path, depth);
    if (version != c->version) {
        add_stale(c, key);
        return;
    }
    fresh *made = find_fresh(c, key);
    if (made) made->dropped = true;
}

static crypto_hash path_with(crypto_hash path, size_t depth, unsigned nibble)
{
    uint8_t *b = &path.bytes[depth / 2];
    *b         = depth % 2 ? (uint8_t)((*b & 0xf0) | nibble) : (uint8_t)((*b & 0x0f) | nibble << 4);
    return path;
}

static size_t group_end(const change *all, size_t at, size_t count, size_t depth)
{
    size_t end = at + 1;
    while (end < count && chain__nibble(&all[end].key, depth) == chain__nibble(&all[at].key, depth)) end++;
    return end;
}

/* A branch after its children changed: nothing, the one leaf that is left (moved up), or a branch. */
static riv_err close_branch(commit *c, const chain__node *node, crypto_hash path, size_t depth, chain__child *out)
{
    unsigned count = 0, last = 0;
    *out = (chain__child){ 0 };
    for (unsigned i = 0; i < CHAIN__CHILDREN; i++)
        if (node->children[i].kind) {
            count++;
            last = i;
        }
    if (count == 0) return RIV_OK;
    if (count > 1 || node->children[last].kind != CHAIN__LEAF) {
        *out = add_node(c, node, &path, depth);
        return RIV_OK;
    }
    chain__node leaf;
    crypto_hash below   = path_with(path, depth, last);
    uint64_t    version = node->children[last].version;
    if (version == c->version) {
        const fresh *made = find_fresh(c, chain__node_key(c->arena, version, &below, depth + 1));
        if (!made || !parse_record(made->value, &leaf)) return spoilt(c->fault);
    } else {
        RIV_TRY(chain__node_read(c->store, version, &below, depth + 1, c->arena, c->fault, &leaf));
    }
    drop_node(c, version, &below, depth + 1);
    *out = add_node(c, &leaf, &path, depth);
    return RIV_OK;
}

/* A part of the tree of these keys alone. */
static riv_err build(commit *c, const change *all, size_t count, crypto_hash path, size_t depth, chain__child *out)
{
    size_t puts = 0, one = 0;
    *out = (chain__child){ 0 };
    for (size_t i = 0; i < count; i++)
        if (!all[i].removes) {
            puts++;
            one = i;
        }
    if (puts == 0) return RIV_OK;
    if (puts == 1) {
        chain__node leaf = { .kind = CHAIN__LEAF, .key = all[one].key, .value = all[one].value };
        *out             = add_node(c, &leaf, &path, depth);
        return RIV_OK;
    }
    chain__node node = { .kind = CHAIN__BRANCH };
    for (size_t at = 0, end; at < count; at = end) {
        unsigned nibble = chain__nibble(&all[at].key, depth);
        end             = group_end(all, at, count, depth);
        RIV_TRY(build(c, all + at, end - at, path_with(path, depth, nibble), depth + 1, &node.children[nibble]));
    }
    return close_branch(c, &node, path, depth, out);
}

/* A leaf stands where several keys go now: it is one of them, unless it is changed itself. */
static riv_err build_with(commit *c, const chain__node *leaf, const change *all, size_t count, crypto_hash path,
                          size_t depth, chain__child *out)
{
    change *more = riv_new(c->arena, change, count + 1);
    size_t  at   = 0;
    while (at < count && memcmp(all[at].key.bytes, leaf->key.bytes, 32) < 0) at++;
    if (at < count && memcmp(all[at].key.bytes, leaf->key.bytes, 32) == 0)
        return build(c, all, count, path, depth, out);
    memcpy(more, all, at * sizeof *all);
    more[at] = (change){ leaf->key, leaf->value, false };
    memcpy(more + at + 1, all + at, (count - at) * sizeof *all);
    return build(c, more, count + 1, path, depth, out);
}

static riv_err update(commit *c, const chain__child *old, const change *all, size_t count, crypto_hash path,
                      size_t depth, chain__child *out)
{
    chain__node node;
    if (count == 0) return *out = *old, RIV_OK;
    if (!old->kind) return build(c, all, count, path, depth, out);
    RIV_TRY(chain__node_read(c->store, old->version, &path, depth, c->arena, c->fault, &node));
    drop_node(c, old->version, &path, depth);
    if (node.kind == CHAIN__LEAF) return build_with(c, &node, all, count, path, depth, out);
    for (size_t at = 0, end; at < count; at = end) {
        unsigned     nibble = chain__nibble(&all[at].key, depth);
        chain__child before = node.children[nibble];
        end                 = group_end(all, at, count, depth);
        RIV_TRY(
            update(c, &before, all + at, end - at, path_with(path, depth, nibble), depth + 1, &node.children[nibble]));
    }
    return close_branch(c, &node, path, depth, out);
}

/* ---- the commit ---- */

typedef RIV_VEC(change) changes;

/* What was written as it is already changes nothing. */
static void collect_entry(chain__state *s, chain__entry *e, commit *c, changes *out)
{
    if (!e->written) return; /* it was taken back */
    chain__state_read(s, e);
    bool there = e->stored_version != CHAIN__NEVER;
    if (riv_bytes_eq(e->stored, e->value)) return;
    riv_bytes raw = chain__value_key(c->arena, e->key, c->version);
    if (there) add_stale(c, chain__value_key(c->arena, e->key, e->stored_version));
    if (e->value.len == 0) add_stale(c, raw); /* that it was removed need not be known for ever */
    add_write(c, raw, e->value, false);
    if (chain__is_live(e->key)) add_write(c, chain__live_key(c->arena, e->key), e->value, e->value.len == 0);
    *riv_push(c->arena, out) = (change){ crypto_blake3(e->key), crypto_blake3(e->value), e->value.len == 0 };
}

static void collect(chain__state *s, commit *c, changes *out)
{
    for (size_t t = 0; t < CHAIN__TABLES; t++)
        for (size_t i = 0; s->tables[t] && i < s->tables[t]->entries.len; i++)
            collect_entry(s, s->tables[t]->entries.ptr[i], c, out);
}

/* What became stale with one version. */
static riv_err drop_stale(commit *c, riv_bytes list)
{
    riv_reader r = riv_reader_of(list);
    while (riv_reader_left(&r)) {
        riv_bytes key = riv_read_bytes(&r, riv_read_u16be(&r));
        if (r.short_read || key.len == 0)
            return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                            "the chain's store is damaged: a list of what is old is spoilt");
        add_write(c, key, (riv_bytes){ 0 }, true);
    }
    return RIV_OK;
}

/* Everything that no version still kept needs. */
static riv_err prune(commit *c)
{
    riv_bytes prefix = RIV_BYTES("S"), at = prefix, key, list;
    if (!c->store->next || c->version + 1 < CHAIN_VERSIONS_KEPT) return RIV_OK;
    for (int i = 0; i < PRUNE_MAX && c->store->next(c->store->ctx, prefix, at, c->arena, &key, &list); i++) {
        riv_reader r     = riv_reader_of(riv_bytes_sub(key, 1, key.len));
        uint64_t   since = riv_read_u64be(&r);
        if (r.short_read || since + CHAIN_VERSIONS_KEPT > c->version + 1) break;
        RIV_TRY(drop_stale(c, list));
        add_write(c, key, (riv_bytes){ 0 }, true);
        at = stale_key(c->arena, since + 1);
    }
    if (c->version >= CHAIN_VERSIONS_KEPT)
        add_write(c, chain__root_key(c->arena, c->version - CHAIN_VERSIONS_KEPT), (riv_bytes){ 0 }, true);
    return RIV_OK;
}

static void sort_part(commit *c, chain_write *part, size_t count)
{
    const uint32_t *order = riv_order(c->arena, part, sizeof *part, count);
    if (!order) return;
    chain_write *sorted = riv_new(c->arena, chain_write, count);
    for (size_t i = 0; i < count; i++) sorted[i] = part[order[i]];
    memcpy(part, sorted, count * sizeof *part);
}

static size_t first_two(riv_bytes key) { return (size_t)key.ptr[0] << 8 | (key.len > 1 ? key.ptr[1] : 0); }

/* Into parts by the first two bytes, which are a kind and a table: what is sorted together then differs soon behind what it has in common. */
static chain_write *part_writes(commit *c, size_t **starts)
{
    chain_write *parted = riv_new(c->arena, chain_write, c->writes.len + 1);
    size_t      *at     = riv_new(c->arena, size_t, PARTS + 1);
    for (size_t i = 0; i < c->writes.len; i++) at[first_two(c->writes.ptr[i].key) + 1]++;
    for (size_t p = 0; p < PARTS; p++) at[p + 1] += at[p];
    for (size_t i = 0; i < c->writes.len; i++) parted[at[first_two(c->writes.ptr[i].key)]++] = c->writes.ptr[i];
    *starts = at; /* now each part's end, which is the next one's start */
    return parted;
}

/* By key; of two for one key the later (a key that was removed twice). */
static void sort_writes(commit *c, chain_write **out, size_t *count)
{
    chain_write *all  = c->writes.ptr;
    size_t       used = 0, *ends;
    if (c->writes.len < PARTED_MIN) {
        sort_part(c, all, c->writes.len);
    } else {
        all = part_writes(c, &ends);
        for (size_t p = 0, start = 0; p < PARTS; start = ends[p++])
            if (ends[p] - start > 1) sort_part(c, all + start, ends[p] - start);
    }
    for (size_t i = 0; i < c->writes.len; i++) {
        if (used && riv_bytes_eq(all[used - 1].key, all[i].key)) used--;
        all[used++] = all[i];
    }
    *out   = all;
    *count = used;
}

static const change *sort_changes(commit *c, const changes *all)
{
    keyed  *keys   = riv_new(c->arena, keyed, all->len + 1);
    change *sorted = riv_new(c->arena, change, all->len + 1);
    for (size_t i = 0; i < all->len; i++) keys[i] = (keyed){ { all->ptr[i].key.bytes, 32 }, i };
    const uint32_t *order = riv_order(c->arena, keys, sizeof *keys, all->len);
    for (size_t i = 0; i < all->len; i++) sorted[i] = all->ptr[order ? order[i] : i];
    return sorted;
}

riv_err chain__commit(chain__state *s, uint64_t version, riv_arena *arena, riv_fault *fault, crypto_hash *root,
                      chain_write **writes, size_t *count)
{
    commit       c   = { .store = &s->store, .version = version, .arena = arena, .fault = fault };
    changes      all = { 0 };
    chain__child old, made;
    crypto_hash  path = { { 0 } };
    c.stale           = riv_buf_in(arena);
    collect(s, &c, &all);
    const change *sorted = sort_changes(&c, &all);
    RIV_TRY(chain__root_read(&s->store, s->version, arena, fault, &old));
    RIV_TRY(update(&c, &old, sorted, all.len, path, 0, &made));
    for (size_t i = 0; i < c.nodes.len; i++)
        if (!c.nodes.ptr[i].dropped) add_write(&c, c.nodes.ptr[i].key, c.nodes.ptr[i].value, false);
    riv_buf record = riv_buf_in(arena);
    riv_put_u8(&record, (uint8_t)made.kind);
    riv_put_u64be(&record, made.version);
    riv_put_bytes(&record, (riv_bytes){ made.hash.bytes, 32 });
    add_write(&c, chain__root_key(arena, version), riv_buf_view(&record), false);
    if (c.stale.len) add_write(&c, stale_key(arena, version), riv_buf_view(&c.stale), false);
    RIV_TRY(prune(&c));
    sort_writes(&c, writes, count);
    *root = made.hash;
    return RIV_OK;
}
