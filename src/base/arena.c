/* arena.c: memory for one phase, and the heap calls that cannot fail.
 * The last block is the one that is filled; each new one is half as large as all before. What is large gets a block of its own, in which
 * it can grow without leaving old copies behind. A budget is remembered, not enforced at once, so that callers need no check at each
 * allocation; twice the budget is the hard end. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK_MIN = 4096, ARENA_BLOCK_MAX = 64 << 10, ARENA_ALIGN = 16, ARENA_SLACK = 1 << 20 };
enum { VEC_BYTES_MIN = 64 };
enum { ARENA_LARGE = 8192, ARENA_LARGE_LOOKED_AT = 4 /* of the youngest, when one grows */ };

typedef struct arena_block {
    struct arena_block *next; /* older */
    size_t              cap, len;
    _Alignas(ARENA_ALIGN) uint8_t data[];
} arena_block;

struct riv_arena {
    arena_block *top, *large;
    size_t       bytes_max, used, cap; /* cap: of all blocks that are filled */
};

_Noreturn void riv_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "rivulet: internal error at %s:%d: %s\n", file, line, what);
    abort();
}

void *riv_alloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p) riv_panic(__FILE__, __LINE__, "out of memory");
    return p;
}

void *riv_realloc(void *old, size_t bytes)
{
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p) riv_panic(__FILE__, __LINE__, "out of memory");
    return p;
}

void riv_free(void *ptr) { free(ptr); }

riv_blob riv_blob_copy(riv_bytes b)
{
    riv_blob blob = { riv_realloc(NULL, b.len), b.len };
    if (b.len) memcpy(blob.ptr, b.ptr, b.len);
    return blob;
}

void riv_blob_free(riv_blob *blob)
{
    riv_free(blob->ptr);
    *blob = (riv_blob){ 0 };
}

riv_bytes riv_blob_view(riv_blob blob) { return (riv_bytes){ blob.ptr, blob.len }; }

riv_arena *riv_arena_new(size_t bytes_max)
{
    riv_arena *a = riv_alloc(sizeof *a);
    a->bytes_max = bytes_max;
    return a;
}

static void free_blocks(arena_block *b)
{
    while (b) {
        arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void riv_arena_free(riv_arena *arena)
{
    if (!arena) return;
    free_blocks(arena->top);
    free_blocks(arena->large);
    free(arena);
}

void riv_arena_reset(riv_arena *arena)
{
    arena->used = 0;
    free_blocks(arena->large);
    arena->large = NULL;
    if (!arena->top) return;
    free_blocks(arena->top->next);
    arena->top->next = NULL;
    arena->top->len  = 0;
    arena->cap       = arena->top->cap;
}

bool riv_arena_over(const riv_arena *arena) { return arena->bytes_max && arena->used > arena->bytes_max; }

size_t riv_arena_used(const riv_arena *arena) { return arena->used; }

static size_t held_by(const arena_block *b)
{
    size_t held = 0;
    for (; b; b = b->next) held += sizeof *b + b->cap;
    return held;
}

size_t riv_arena_held(const riv_arena *arena) { return sizeof *arena + held_by(arena->top) + held_by(arena->large); }

size_t riv_arena_left(const riv_arena *arena)
{
    if (!arena->bytes_max) return SIZE_MAX;
    return arena->used < arena->bytes_max ? arena->bytes_max - arena->used : 0;
}

static arena_block *block_of(arena_block *old, arena_block *next, size_t cap)
{
    arena_block *b = realloc(old, sizeof *b + cap);
    if (!b) riv_panic(__FILE__, __LINE__, "out of memory");
    b->next = next;
    b->cap  = cap;
    return b;
}

static void add_block(riv_arena *arena, size_t bytes)
{
    size_t cap      = RIV_MIN(RIV_MAX(arena->cap / 2, ARENA_BLOCK_MIN - sizeof(arena_block)), (size_t)ARENA_BLOCK_MAX);
    arena->top      = block_of(NULL, arena->top, RIV_MAX(cap, bytes));
    arena->top->len = 0;
    arena->cap += arena->top->cap;
}

static void count(riv_arena *arena, size_t bytes)
{
    arena->used += bytes;
    if (arena->bytes_max && arena->used > ARENA_SLACK && (arena->used - ARENA_SLACK) / 2 > arena->bytes_max)
        riv_panic(__FILE__, __LINE__, "an arena's budget was passed twice over without a check");
}

void *riv_arena_alloc_raw(riv_arena *arena, size_t bytes, size_t align)
{
    RIV_ASSERT(align && align <= ARENA_ALIGN && (align & (align - 1)) == 0);
    RIV_ASSERT(bytes <= SIZE_MAX / 4);
    count(arena, bytes);
    if (bytes >= ARENA_LARGE) {
        arena->large      = block_of(NULL, arena->large, bytes);
        arena->large->len = bytes;
        return arena->large->data;
    }
    arena_block *b     = arena->top;
    size_t       start = b ? (b->len + align - 1) & ~(align - 1) : 0;
    if (!b || start > b->cap || b->cap - start < bytes) {
        add_block(arena, bytes);
        b     = arena->top;
        start = 0;
    }
    b->len = start + bytes;
    return b->data + start;
}

void *riv_arena_alloc(riv_arena *arena, size_t bytes, size_t align)
{
    return memset(riv_arena_alloc_raw(arena, bytes, align), 0, bytes);
}

void *riv_arena_alloc_n(riv_arena *arena, size_t count, size_t bytes, size_t align)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) riv_panic(__FILE__, __LINE__, "array size overflow");
    return riv_arena_alloc(arena, total, align);
}

/* What grows is mostly young. */
static void *grow_large(riv_arena *arena, void *old, size_t new_bytes)
{
    arena_block **at = &arena->large;
    for (int i = 0; i < ARENA_LARGE_LOOKED_AT && *at; i++, at = &(*at)->next) {
        arena_block *b = *at;
        if (b->data != old) continue;
        RIV_ASSERT(new_bytes <= SIZE_MAX / 4);
        count(arena, new_bytes - b->len);
        b      = block_of(b, b->next, new_bytes);
        b->len = new_bytes;
        *at    = b;
        return b->data;
    }
    return NULL;
}

void *riv_arena_grow_raw(riv_arena *arena, void *old, size_t old_bytes, size_t new_bytes, size_t align)
{
    RIV_ASSERT(new_bytes >= old_bytes);
    arena_block *b = arena->top;
    /* The youngest allocation grows in place. */
    if (old && b && (uint8_t *)old + old_bytes == b->data + b->len && b->cap - b->len >= new_bytes - old_bytes) {
        b->len += new_bytes - old_bytes;
        count(arena, new_bytes - old_bytes);
        return old;
    }
    void *grown = old_bytes >= ARENA_LARGE ? grow_large(arena, old, new_bytes) : NULL;
    if (grown) return grown;
    void *fresh = riv_arena_alloc_raw(arena, new_bytes, align);
    if (old_bytes) memcpy(fresh, old, old_bytes);
    return fresh;
}

void *riv_arena_grow(riv_arena *arena, void *old, size_t old_bytes, size_t new_bytes, size_t align)
{
    uint8_t *grown = riv_arena_grow_raw(arena, old, old_bytes, new_bytes, align);
    memset(grown + old_bytes, 0, new_bytes - old_bytes);
    return grown;
}

void *riv_vec_grow(riv_arena *arena, void *ptr, size_t *cap, size_t bytes)
{
    size_t old = *cap;
    RIV_ASSERT(old <= SIZE_MAX / 8 / bytes);
    *cap =
        old ? old * 2 : RIV_MIN(RIV_MAX(VEC_BYTES_MIN / bytes, (size_t)2), (size_t)8); /* many stay as small as that */
    return riv_arena_grow(arena, ptr, old * bytes, *cap * bytes, ARENA_ALIGN);
}

riv_str riv_str_dup(riv_arena *arena, riv_str s)
{
    char *p = riv_arena_alloc_raw(arena, s.len + 1, 1);
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return (riv_str){ p, s.len };
}

riv_bytes riv_bytes_dup(riv_arena *arena, riv_bytes b)
{
    uint8_t *p = riv_arena_alloc_raw(arena, b.len, 1);
    if (b.len) memcpy(p, b.ptr, b.len);
    return (riv_bytes){ p, b.len };
}

const char *riv_cstr(riv_arena *arena, riv_str s) { return riv_str_dup(arena, s).ptr; }

riv_str riv_vformat(riv_arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    RIV_ASSERT(len >= 0);
    char *p = riv_arena_alloc_raw(arena, (size_t)len + 1, 1);
    vsnprintf(p, (size_t)len + 1, format, args);
    return (riv_str){ p, (size_t)len };
}

riv_str riv_format(riv_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str s = riv_vformat(arena, format, args);
    va_end(args);
    return s;
}
