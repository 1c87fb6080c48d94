/* map.c: a hash map that keeps the order of insertion.
 * Entries stand in one array in that order; an open-addressed index of positions points into it. Removing leaves a hole in the
 * array, swept when the array grows. Keys may be chosen by an enemy who knows the hash: a probe that takes too long makes the
 * index anew with another seed, which nobody knows and under which the same keys part again. No seed shows outside: order is that of insertion. */
#include "base/base.h"

enum {
    MAP_PROBES_MAX  = 64, /* at most half full: honest keys never come near */
    MAP_RESEEDS_MAX = 8,  /* between two growths; each costs one pass */
};

typedef struct map_entry {
    const uint8_t *key; /* NULL: a hole */
    void          *value;
    uint32_t       key_len, hash;
} map_entry;

/* The hash stands here too, so that an entry is looked at only when it is very likely the right one. */
typedef struct map_place {
    uint32_t position; /* + 1; 0 = free */
    uint32_t hash;
} map_place;

struct riv_map {
    riv_arena *arena;
    map_entry *entries;
    size_t     entries_len, entries_cap, count;
    map_place *index;
    size_t     index_cap; /* a power of two, or 0 */
    uint64_t   seed;
    unsigned   reseeds; /* since the last growth */
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

/* Little-endian on every machine, so that maps are laid out alike everywhere. */
static uint64_t load(const uint8_t *p, size_t len)
{
    uint64_t w = 0;
    memcpy(&w, p, len);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

uint64_t riv_hash64(riv_bytes b)
{
    uint64_t h = (0x9e3779b97f4a7c15u ^ b.len) + mix(0);
    size_t   i = 0;
    for (; i + 8 <= b.len; i += 8) {
        h = (h ^ load(b.ptr + i, 8)) * 0xd6e8feb86659fd93u;
        h ^= h >> 32;
    }
    return mix(i < b.len ? h ^ load(b.ptr + i, b.len - i) : h);
}

__extension__ typedef unsigned __int128 u128;

/* Sixteen bytes become eight. A word that meets its own seed hides the other one, but under that seed only. The two words are masked
 * by different functions of the seed: else two words swapped would collide under each. */
static uint64_t fold(uint64_t seed, uint64_t a, uint64_t b)
{
    u128 product = (u128)(a ^ seed ^ 0x9e3779b97f4a7c15u) * (b ^ ~(seed * 0xe7037ed1a0b428dbu) ^ 0xd6e8feb86659fd93u);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t finish(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return (uint32_t)(h >> 32);
}

/* The hash of map keys; nothing outside can see it, so it may change. Long keys are mostly content ids, of which a part tells as much as the
 * whole: under seed 0 their last 16 bytes and their length are enough. Keys that an enemy, or nature, made alike there meet too often and
 * the first new seed looks at all bytes: the blocks are folded side by side, then joined; the last block overlaps the one before; a short
 * key's words overlap or are filled with zeros. */
static uint32_t hash_of(uint64_t seed, riv_bytes b)
{
    uint64_t h = b.len;
    if (b.len >= 16) {
        if (seed)
            for (size_t i = 0; i + 16 < b.len; i += 16)
                h = (h ^ fold(seed, load(b.ptr + i, 8), load(b.ptr + i + 8, 8))) * 0xa0761d6478bd642fu;
        return finish(h ^ fold(seed, load(b.ptr + b.len - 16, 8), load(b.ptr + b.len - 8, 8)));
    }
    if (b.len >= 8) return finish(h ^ fold(seed, load(b.ptr, 8), load(b.ptr + b.len - 8, 8)));
    if (b.len >= 4) return finish(h ^ fold(seed, load(b.ptr, 4), load(b.ptr + b.len - 4, 4)));
    if (b.len) h ^= fold(seed, (uint64_t)b.ptr[0] << 16 | (uint64_t)b.ptr[b.len / 2] << 8 | b.ptr[b.len - 1], 0);
    return finish(h);
}

riv_map *riv_map_new(riv_arena *arena)
{
    riv_map *m = arena ? riv_new(arena, riv_map, 1) : riv_alloc(sizeof *m);
    m->arena   = arena;
    return m;
}

static void make_room(riv_map *m, size_t cap)
{
    RIV_ASSERT(cap < UINT32_MAX / 4);
    m->entries     = m->arena ? riv_arena_grow_raw(m->arena, m->entries, m->entries_len * sizeof(map_entry),
                                                   cap * sizeof(map_entry), _Alignof(map_entry))
                              : riv_realloc(m->entries, cap * sizeof(map_entry));
    m->entries_cap = cap;
    size_t old     = m->index_cap;
    m->index_cap   = cap * 2;
    if (!m->arena) riv_free(m->index);
    m->index = m->arena ? riv_arena_grow_raw(m->arena, m->index, old * sizeof(map_place),
                                             m->index_cap * sizeof(map_place), _Alignof(map_place))
                        : riv_realloc(NULL, m->index_cap * sizeof(map_place));
    memset(m->index, 0, m->index_cap * sizeof *m->index);
}

riv_map *riv_map_new_for(riv_arena *arena, size_t count)
{
    riv_map *m   = riv_map_new(arena);
    size_t   cap = 8;
    while (cap < count) cap *= 2;
    make_room(m, cap);
    return m;
}

void riv_map_free(riv_map *m)
{
    if (!m || m->arena) return;
    for (size_t i = 0; i < m->entries_len; i++) riv_free((void *)(uintptr_t)m->entries[i].key);
    riv_free(m->entries);
    riv_free(m->index);
    riv_free(m);
}

size_t riv_map_count(const riv_map *m) { return m->count; }

static bool entry_is(const map_entry *e, riv_bytes key)
{
    if (!e->key || e->key_len != key.len) return false;
    return e->key == key.ptr || riv_bytes_eq((riv_bytes){ e->key, e->key_len }, key);
}

/* Position in entries, or SIZE_MAX. */
static size_t find(const riv_map *m, uint32_t hash, riv_bytes key)
{
    if (!m->index_cap) return SIZE_MAX;
    for (size_t i = (size_t)hash & (m->index_cap - 1);; i = (i + 1) & (m->index_cap - 1)) {
        map_place place = m->index[i];
        if (!place.position) return SIZE_MAX;
        if (place.hash == hash && entry_is(&m->entries[place.position - 1], key)) return place.position - 1;
    }
}

/* Returns how many places were taken before the one it got. */
static size_t index_add(riv_map *m, uint32_t hash, size_t position)
{
    size_t i = (size_t)hash & (m->index_cap - 1), probes = 0;
    for (; m->index[i].position; probes++) i = (i + 1) & (m->index_cap - 1);
    m->index[i] = (map_place){ (uint32_t)(position + 1), hash };
    return probes;
}

/* The place in memory is what an enemy cannot foresee: a known seed would let keys be chosen against it. It decides how long a search takes,
 * nothing else. */
static void reseed(riv_map *m)
{
    m->seed = mix(m->seed + (uintptr_t)m->entries + m->count);
    m->reseeds++;
    memset(m->index, 0, m->index_cap * sizeof *m->index);
    for (size_t i = 0; i < m->entries_len; i++) {
        map_entry *e = &m->entries[i];
        if (!e->key) continue;
        e->hash = hash_of(m->seed, (riv_bytes){ e->key, e->key_len });
        index_add(m, e->hash, i);
    }
}

/* Sweeps holes, doubles the arrays if they are really full, and makes the index anew. */
static void grow(riv_map *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->entries_len; i++)
        if (m->entries[i].key) m->entries[kept++] = m->entries[i];
    m->entries_len = kept;
    if (kept >= m->entries_cap / 2)
        make_room(m, m->entries_cap ? m->entries_cap * 2 : 8);
    else
        memset(m->index, 0, m->index_cap * sizeof *m->index);
    m->reseeds = 0;
    for (size_t i = 0; i < m->entries_len; i++) index_add(m, m->entries[i].hash, i);
}

void *riv_map_get(const riv_map *m, riv_bytes key)
{
    if (!m->count) return NULL;
    size_t at = find(m, hash_of(m->seed, key), key);
    return at == SIZE_MAX ? NULL : m->entries[at].value;
}

bool riv_map_has(const riv_map *m, riv_bytes key) { return find(m, hash_of(m->seed, key), key) != SIZE_MAX; }

static uint8_t *key_copy(riv_map *m, riv_bytes key)
{
    uint8_t *copy = m->arena ? riv_arena_alloc_raw(m->arena, key.len + 1, 1) : riv_alloc(key.len + 1);
    if (key.len) memcpy(copy, key.ptr, key.len);
    copy[key.len] = 0;
    return copy;
}

static void **slot(riv_map *m, riv_bytes key, bool copied)
{
    uint32_t hash = hash_of(m->seed, key);
    size_t   at   = find(m, hash, key);
    if (at != SIZE_MAX) return &m->entries[at].value;
    RIV_ASSERT(key.len <= UINT32_MAX);
    if (m->entries_len == m->entries_cap) grow(m);
    if (copied || !key.ptr) key.ptr = key_copy(m, key);
    map_entry *e  = &m->entries[m->entries_len];
    *e            = (map_entry){ key.ptr, NULL, (uint32_t)key.len, hash };
    size_t probes = index_add(m, hash, m->entries_len++);
    m->count++;
    if (probes > MAP_PROBES_MAX && m->reseeds < MAP_RESEEDS_MAX) reseed(m);
    return &e->value;
}

static void *exchange(void **place, void *value)
{
    void *old = *place;
    *place    = value;
    return old;
}

void *riv_map_put(riv_map *m, riv_bytes key, void *value) { return exchange(slot(m, key, true), value); }

void **riv_map_slot_view(riv_map *m, riv_str key)
{
    RIV_ASSERT(m->arena != NULL);
    return slot(m, riv_str_bytes(key), false);
}

void *riv_map_put_view(riv_map *m, riv_str key, void *value) { return exchange(riv_map_slot_view(m, key), value); }

void *riv_map_remove(riv_map *m, riv_bytes key)
{
    size_t at = find(m, hash_of(m->seed, key), key);
    if (at == SIZE_MAX) return NULL;
    map_entry *e = &m->entries[at];
    if (!m->arena) riv_free((void *)(uintptr_t)e->key);
    e->key = NULL; /* the index still points here, which keeps probe chains whole */
    m->count--;
    return e->value;
}

size_t riv_map_slots(const riv_map *m) { return m->entries_len; }

bool riv_map_at(const riv_map *m, size_t slot, riv_bytes *key, void **value)
{
    const map_entry *e = &m->entries[slot];
    if (!e->key) return false;
    if (key) *key = (riv_bytes){ e->key, e->key_len };
    if (value) *value = e->value;
    return true;
}

void *riv_map_get_str(const riv_map *m, riv_str key) { return riv_map_get(m, riv_str_bytes(key)); }

void *riv_map_put_str(riv_map *m, riv_str key, void *value) { return riv_map_put(m, riv_str_bytes(key), value); }

static riv_bytes u64_key(uint8_t out[8], uint64_t key)
{
    for (size_t i = 0; i < 8; i++) out[i] = (uint8_t)(key >> (8 * i));
    return (riv_bytes){ out, 8 };
}

void *riv_map_get_u64(const riv_map *m, uint64_t key)
{
    uint8_t b[8];
    return riv_map_get(m, u64_key(b, key));
}

void *riv_map_put_u64(riv_map *m, uint64_t key, void *value)
{
    uint8_t b[8];
    return riv_map_put(m, u64_key(b, key), value);
}

void *riv_map_remove_u64(riv_map *m, uint64_t key)
{
    uint8_t b[8];
    return riv_map_remove(m, u64_key(b, key));
}
