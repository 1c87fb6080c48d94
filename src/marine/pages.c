/* pages.c: the Merkle tree over one linear memory, and what changed in it since the last look. At a look the memory becomes a private
 * mapping of a file that holds the same bytes: a page that is written then has a copy of its own, which the system's page map tells.
 * Nothing is watched while a guest runs, and a memory that nobody looks at stays as Wasmtime got it.
 * Spec: docs/spec/proofs.md 3.2. Tests: root_test.c. */
#define _GNU_SOURCE /* memfd_create, fallocate */
#include "marine/internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGEMAP_ENTRIES = 4096, CHUNK = MARINE__CHUNK_BYTES };
#define MEMORY_BYTES_MAX (UINT64_C(1) << 32)
#define FILE_BYTES       (INT64_C(1) << 62) /* holes cost nothing */

/* Bits of /proc/self/pagemap. */
#define PAGE_PRESENT (UINT64_C(1) << 63)
#define PAGE_SWAPPED (UINT64_C(1) << 62)
#define PAGE_OF_FILE (UINT64_C(1) << 61) /* not a copy of our own */

_Static_assert((uint64_t)CHUNK << MARINE__MEMORY_LEVELS == MEMORY_BYTES_MAX, "a tree holds a whole memory");

struct marine__pages {
    marine__store *store;
    int64_t        at;             /* of its range in the file, -1: none */
    size_t         backed;         /* [0, backed) of the memory is a mapping of the file */
    size_t unseen_from, unseen_to; /* holds bytes, though no page may be there: an image, until it is in our range */
    size_t leaves;                 /* a power of two; 0: no look yet */
    crypto_hash *nodes;            /* 1: the top; below n: 2n and 2n + 1; leaf i: leaves + i */
    crypto_hash  zero[MARINE__MEMORY_LEVELS + 1];
};

typedef RIV_VEC(uint32_t) index_vec;
typedef struct span {
    size_t from, to;
} span; /* bytes of changed pages */
typedef RIV_VEC(span) span_vec;

/* ---- the tree ---- */

crypto_hash marine__node_hash(const crypto_hash *left, const crypto_hash *right)
{
    uint8_t both[2 * CRYPTO_HASH_BYTES];
    memcpy(both, left->bytes, CRYPTO_HASH_BYTES);
    memcpy(both + CRYPTO_HASH_BYTES, right->bytes, CRYPTO_HASH_BYTES);
    return crypto_blake3((riv_bytes){ both, sizeof both });
}

void marine__zero_hashes(crypto_hash *out, size_t count)
{
    static const uint8_t zeros[CHUNK];
    out[0] = crypto_blake3((riv_bytes){ zeros, sizeof zeros });
    for (size_t i = 1; i < count; i++) out[i] = marine__node_hash(&out[i - 1], &out[i - 1]);
}

bool marine__is_zero(const uint8_t *chunk)
{
    uint64_t first;
    memcpy(&first, chunk, sizeof first);
    return first == 0 && memcmp(chunk, chunk + sizeof first, CHUNK - sizeof first) == 0;
}

static bool same(const crypto_hash *a, const crypto_hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The parent at this level (leaves are level 0); pairs of zeros are known. */
static void renew(marine__pages *p, size_t parent, size_t level)
{
    const crypto_hash *left = &p->nodes[2 * parent], *right = left + 1;
    bool               zero = same(left, &p->zero[level - 1]) && same(right, &p->zero[level - 1]);
    p->nodes[parent]        = zero ? p->zero[level] : marine__node_hash(left, right);
}

/* changed: leaves in ascending order; is used up. */
static void renew_above(marine__pages *p, index_vec *changed)
{
    size_t nodes = p->leaves;
    for (size_t i = 0; i < changed->len; i++) changed->ptr[i] += (uint32_t)p->leaves;
    for (size_t level = 1; nodes > 1; level++, nodes /= 2) {
        size_t count = 0;
        for (size_t i = 0; i < changed->len; i++) {
            uint32_t parent = changed->ptr[i] / 2;
            if (count && changed->ptr[count - 1] == parent) continue;
            changed->ptr[count++] = parent;
            renew(p, parent, level);
        }
        changed->len = count;
    }
}

/* Room for so many chunks; new ones are zero. */
static void make_room(marine__pages *p, size_t chunks)
{
    size_t leaves = p->leaves ? p->leaves : 1;
    while (leaves < chunks) leaves *= 2;
    if (leaves == p->leaves) return;
    crypto_hash *nodes = riv_alloc(2 * leaves * sizeof *nodes), *old = p->nodes;
    for (size_t i = 0; i < leaves; i++) nodes[leaves + i] = i < p->leaves ? old[p->leaves + i] : p->zero[0];
    p->nodes     = nodes;
    p->leaves    = leaves;
    size_t level = 1;
    for (size_t width = leaves / 2; width > 0; width /= 2, level++)
        for (size_t i = width; i < 2 * width; i++) renew(p, i, level);
    riv_free(old);
}

/* Over the tree there is nothing but zeros up to the height that every memory has. */
static crypto_hash top(const marine__pages *p)
{
    crypto_hash hash  = p->nodes[1];
    size_t      level = 0;
    for (size_t n = p->leaves; n > 1; n /= 2) level++;
    for (; level < MARINE__MEMORY_LEVELS; level++) hash = marine__node_hash(&hash, &p->zero[level]);
    return hash;
}

/* ---- what changed ---- */

static void add_page(riv_arena *arena, span_vec *spans, size_t from, size_t to)
{
    if (spans->len && spans->ptr[spans->len - 1].to == from)
        spans->ptr[spans->len - 1].to = to;
    else
        *riv_push(arena, spans) = (span){ from, to };
}

/* Pages that may differ from what the tree holds. False: the system does not tell. */
static bool find_changed(const marine__pages *p, const uint8_t *base, size_t size, riv_arena *arena, span_vec *out)
{
    size_t    page = (size_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)base / page;
    uint64_t *entries = riv_new(arena, uint64_t, PAGEMAP_ENTRIES);
    if (p->store->pagemap < 0) return false;
    for (size_t at = 0; at < size / page; at += PAGEMAP_ENTRIES) {
        size_t count = RIV_MIN(size / page - at, (size_t)PAGEMAP_ENTRIES), bytes = count * sizeof *entries;
        if (pread(p->store->pagemap, entries, bytes, (off_t)((first + at) * sizeof *entries)) != (ssize_t)bytes)
            return false;
        for (size_t i = 0; i < count; i++) {
            bool unseen = (at + i) * page >= p->unseen_from && (at + i) * page < p->unseen_to;
            if (!unseen && !(entries[i] & (PAGE_PRESENT | PAGE_SWAPPED))) continue;
            if ((at + i) * page < p->backed && (entries[i] & PAGE_OF_FILE)) continue;
            add_page(arena, out, (at + i) * page, (at + i + 1) * page);
        }
    }
    return true;
}

static void hash_span(marine__pages *p, const uint8_t *base, span s, riv_arena *arena, index_vec *changed,
                      uint64_t *hashed)
{
    for (size_t at = s.from; at < s.to; at += CHUNK) {
        const uint8_t *chunk = base + at;
        crypto_hash    hash = p->zero[0], *leaf = &p->nodes[p->leaves + at / CHUNK];
        if (!marine__is_zero(chunk)) {
            hash = crypto_blake3((riv_bytes){ chunk, CHUNK });
            ++*hashed;
        }
        if (same(leaf, &hash)) continue;
        *leaf                     = hash;
        *riv_push(arena, changed) = (uint32_t)(at / CHUNK);
    }
}

/* ---- the file ---- */

/* Puts the changed pages into the file and lets go of their copies. What cannot be put there stays as it is: changed. */
static void keep(marine__pages *p, uint8_t *base, size_t size, const span_vec *spans)
{
    bool tail = true; /* all beyond `backed` is in the file */
    if (p->at < 0) return;
    for (size_t i = 0; i < spans->len; i++) {
        span s    = spans->ptr[i];
        bool good = marine__store_write(p->store, base + s.from, s.to - s.from, p->at + (int64_t)s.from);
        if (s.to > p->backed) tail = tail && good;
        if (good && s.from < p->backed) madvise(base + s.from, RIV_MIN(s.to, p->backed) - s.from, MADV_DONTNEED);
    }
    if (!tail || size == p->backed) return;
    void *got = mmap(base + p->backed, size - p->backed, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, p->store->file, p->at + (int64_t)p->backed);
    RIV_ASSERT(got != MAP_FAILED); /* out of memory: the old mapping may be gone */
    p->backed = size;
}

/* ---- for root.c ---- */

marine__pages *marine__pages_new(marine_engine *engine, const marine__image *image)
{
    marine__pages *p = riv_alloc(sizeof *p);
    p->store         = marine__store_of(engine);
    p->at            = marine__store_range(p->store);
    p->unseen_from   = image ? image->from : 0;
    p->unseen_to     = image ? image->to : 0;
    marine__zero_hashes(p->zero, RIV_COUNT(p->zero));
    return p;
}

void marine__pages_free(marine__pages *p)
{
    if (!p) return;
    marine__store_forget(p->store, p->at, p->backed);
    riv_free(p->nodes);
    riv_free(p);
}

crypto_hash marine__pages_root(marine__pages *p, uint8_t *base, size_t size, riv_arena *arena, uint64_t *hashed)
{
    span_vec  spans   = { 0 };
    index_vec changed = { 0 };
    make_room(p, size / CHUNK);
    if (!find_changed(p, base, size, arena, &spans)) {
        spans.len = 0;
        if (size) add_page(arena, &spans, 0, size);
    }
    for (size_t i = 0; i < spans.len; i++) hash_span(p, base, spans.ptr[i], arena, &changed, hashed);
    renew_above(p, &changed);
    if (p->store->pagemap >= 0) keep(p, base, size, &spans);
    if (p->backed) p->unseen_from = p->unseen_to = 0;
    return top(p);
}

/* ---- the store of an engine: made by the first who asks ---- */

static marine__store *store_new(void)
{
    marine__store *s = riv_alloc(sizeof *s);
    s->file          = memfd_create("rivulet-state", MFD_CLOEXEC);
    s->pagemap       = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (s->file >= 0 && ftruncate(s->file, FILE_BYTES)) {
        close(s->file);
        s->file = -1;
    }
    return s;
}

void marine__store_free(marine__store *s)
{
    if (!s) return;
    if (s->file >= 0) close(s->file);
    if (s->pagemap >= 0) close(s->pagemap);
    riv_free(s);
}

marine__store *marine__store_of(marine_engine *engine)
{
    marine__store *have = atomic_load(&engine->store), *made;
    if (have) return have;
    made = store_new();
    if (atomic_compare_exchange_strong(&engine->store, &have, made)) return made;
    marine__store_free(made); /* another thread was first */
    return have;
}

int64_t marine__store_range(marine__store *s)
{
    if (s->file < 0) return -1;
    int64_t at = atomic_fetch_add(&s->next, (int64_t)MEMORY_BYTES_MAX);
    return at > FILE_BYTES - (int64_t)MEMORY_BYTES_MAX ? -1 : at;
}

void marine__store_forget(marine__store *s, int64_t at, size_t bytes)
{
    if (at < 0 || bytes == 0) return;
    if (fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)bytes))
        return; /* they stay until the engine goes */
}

bool marine__store_write(marine__store *s, const uint8_t *bytes, size_t len, int64_t at)
{
    while (len) {
        ssize_t n = pwrite(s->file, bytes, len, at);
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
        at += n;
    }
    return true;
}
