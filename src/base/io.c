/* io.c: bounded readers and growing writers. */
#include "base/base.h"

#include <stdio.h>

riv_reader riv_reader_of(riv_bytes in) { return (riv_reader){ .in = in }; }

size_t riv_reader_left(const riv_reader *r) { return r->in.len - r->pos; }

riv_bytes riv_read_bytes(riv_reader *r, uint64_t len)
{
    if (r->short_read || len > riv_reader_left(r)) {
        r->short_read = true;
        return (riv_bytes){ 0 };
    }
    riv_bytes b = { len ? r->in.ptr + r->pos : r->in.ptr, (size_t)len };
    r->pos += (size_t)len;
    return b;
}

static uint64_t read_be(riv_reader *r, size_t len)
{
    riv_bytes b = riv_read_bytes(r, len);
    uint64_t  v = 0;
    for (size_t i = 0; i < b.len; i++) v = v << 8 | b.ptr[i];
    return v;
}

static uint64_t read_le(riv_reader *r, size_t len)
{
    riv_bytes b = riv_read_bytes(r, len);
    uint64_t  v = 0;
    for (size_t i = b.len; i-- > 0;) v = v << 8 | b.ptr[i];
    return v;
}

uint8_t  riv_read_u8(riv_reader *r) { return (uint8_t)read_be(r, 1); }
uint16_t riv_read_u16be(riv_reader *r) { return (uint16_t)read_be(r, 2); }
uint32_t riv_read_u32be(riv_reader *r) { return (uint32_t)read_be(r, 4); }
uint64_t riv_read_u64be(riv_reader *r) { return read_be(r, 8); }
uint16_t riv_read_u16le(riv_reader *r) { return (uint16_t)read_le(r, 2); }
uint32_t riv_read_u32le(riv_reader *r) { return (uint32_t)read_le(r, 4); }
uint64_t riv_read_u64le(riv_reader *r) { return read_le(r, 8); }

riv_err riv_rewind(riv_reader *r, size_t start)
{
    r->pos        = start;
    r->short_read = false;
    return RIV_MORE;
}

/* ---- writers ---- */

riv_buf riv_buf_in(riv_arena *arena) { return (riv_buf){ .arena = arena }; }

void riv_buf_free(riv_buf *b)
{
    if (!b->arena) riv_free(b->ptr);
    *b = (riv_buf){ .arena = b->arena };
}

void riv_buf_clear(riv_buf *b) { b->len = 0; }

riv_bytes riv_buf_view(const riv_buf *b) { return (riv_bytes){ b->ptr, b->len }; }

riv_str riv_buf_str(const riv_buf *b) { return (riv_str){ (const char *)b->ptr, b->len }; }

void riv_buf_reserve(riv_buf *b, size_t more)
{
    RIV_ASSERT(more <= SIZE_MAX / 4 - b->len);
    size_t cap = b->len + more;
    if (cap <= b->cap) return;
    b->ptr = b->arena ? riv_arena_grow_raw(b->arena, b->ptr, b->cap, cap, 16) : riv_realloc(b->ptr, cap);
    b->cap = cap;
}

void riv_buf_grow(riv_buf *b, size_t more)
{
    RIV_ASSERT(more <= SIZE_MAX / 4 - b->len);
    size_t need = b->len + more;
    if (need <= b->cap) return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need) cap *= 2;
    b->ptr = b->arena ? riv_arena_grow(b->arena, b->ptr, b->cap, cap, 16) : riv_realloc(b->ptr, cap);
    b->cap = cap;
}

uint8_t *riv_buf_room(riv_buf *b, size_t len)
{
    if (!len && !b->ptr) return NULL; /* nothing asked of an empty buffer */
    return memset(riv_buf_raw(b, len), 0, len);
}

void riv_buf_drop(riv_buf *b, size_t len)
{
    RIV_ASSERT(len <= b->len);
    b->len -= len;
    if (b->len && len) memmove(b->ptr, b->ptr + len, b->len);
}

/* len is a constant everywhere, so each of these becomes one store. */
static inline void put_be(riv_buf *b, uint64_t v, size_t len)
{
    uint8_t *p = riv_buf_raw(b, len);
    for (size_t i = 0; i < len; i++) p[i] = (uint8_t)(v >> 8 * (len - 1 - i));
}

static inline void put_le(riv_buf *b, uint64_t v, size_t len)
{
    uint8_t *p = riv_buf_raw(b, len);
    for (size_t i = 0; i < len; i++) p[i] = (uint8_t)(v >> 8 * i);
}

void riv_put_u16be(riv_buf *b, uint16_t v) { put_be(b, v, 2); }
void riv_put_u64be(riv_buf *b, uint64_t v) { put_be(b, v, 8); }
void riv_put_u16le(riv_buf *b, uint16_t v) { put_le(b, v, 2); }
void riv_put_u32le(riv_buf *b, uint32_t v) { put_le(b, v, 4); }
void riv_put_u64le(riv_buf *b, uint64_t v) { put_le(b, v, 8); }

void riv_putf(riv_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    RIV_ASSERT(len >= 0);
    if ((size_t)len + 1 > b->cap - b->len) riv_buf_grow(b, (size_t)len + 1);
    vsnprintf((char *)b->ptr + b->len, (size_t)len + 1, format, args);
    b->len += (size_t)len;
    va_end(args);
}
