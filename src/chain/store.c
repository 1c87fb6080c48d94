/* store.c: values of the state as they lie in the store: 'V', the key written so that order is kept and no key begins another,
 * then the version turned round, so that the newest comes first. An empty value: removed at that version.
 * 'L', the key in the same writing: what a key of a table that is gone through in order holds at the newest version.
 * Spec: docs/spec/chain.md 2.2. Tests: state_test.c. */
#include "chain/state.h"

enum { VERSION_BYTES = 8 };

/* A zero in a key is two bytes, so that the end, a zero and a one, comes before all that go on. */
static void put_escaped(riv_buf *out, riv_bytes key)
{
    for (size_t i = 0; i < key.len; i++) {
        riv_put_u8(out, key.ptr[i]);
        if (key.ptr[i] == 0) riv_put_u8(out, 0xff);
    }
}

static void put_end(riv_buf *out)
{
    riv_put_u8(out, 0);
    riv_put_u8(out, 1);
}

static riv_bytes open_key(riv_arena *arena, uint8_t table, riv_bytes key)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, table);
    put_escaped(&out, key);
    return riv_buf_view(&out);
}

/* It is made for each look at the state: in one piece of memory of its size. */
riv_bytes chain__value_key(riv_arena *arena, riv_bytes key, uint64_t version)
{
    size_t zeros = 0, len = 0;
    for (size_t i = 0; i < key.len; i++) zeros += key.ptr[i] == 0;
    size_t   size = 1 + key.len + zeros + 2 + VERSION_BYTES;
    uint8_t *out  = riv_arena_alloc_raw(arena, size, 1);
    out[len++]    = CHAIN__RAW_VALUE;
    for (size_t i = 0; i < key.len; i++) {
        out[len++] = key.ptr[i];
        if (key.ptr[i] == 0) out[len++] = 0xff;
    }
    out[len++] = 0;
    out[len++] = 1;
    for (int i = VERSION_BYTES - 1; i >= 0; i--) out[len++] = (uint8_t)((UINT64_MAX - version) >> (8 * i));
    RIV_ASSERT(len == size);
    return (riv_bytes){ out, size };
}

riv_bytes chain__live_key(riv_arena *arena, riv_bytes key)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_u8(&out, CHAIN__RAW_LIVE);
    put_escaped(&out, key);
    put_end(&out);
    return riv_buf_view(&out);
}

static riv_bytes all_versions(riv_arena *arena, riv_bytes key)
{
    riv_bytes raw = chain__value_key(arena, key, 0);
    return riv_bytes_sub(raw, 0, raw.len - VERSION_BYTES);
}

/* What follows the end of the key. */
static riv_bytes parse_escaped(riv_bytes raw, riv_arena *arena, riv_bytes *key)
{
    riv_buf out = riv_buf_in(arena);
    size_t  i   = 1;
    for (; i + 1 < raw.len; i++) {
        if (raw.ptr[i] == 0 && raw.ptr[i + 1] == 1) break;
        riv_put_u8(&out, raw.ptr[i]);
        if (raw.ptr[i] == 0) i++;
    }
    *key = riv_buf_view(&out);
    return riv_bytes_sub(raw, i + 2, raw.len);
}

/* False: the store holds what we did not write. */
static bool parse_key(riv_bytes raw, riv_arena *arena, riv_bytes *key, uint64_t *version)
{
    riv_reader r = riv_reader_of(parse_escaped(raw, arena, key));
    *version     = UINT64_MAX - riv_read_u64be(&r);
    return !r.short_read && riv_reader_left(&r) == 0;
}

bool chain__store_find(chain__state *s, riv_bytes key, uint64_t *version, riv_bytes *value)
{
    riv_bytes raw, at;
    *value = (riv_bytes){ 0 };
    if (!s->store.next) return false;
    at              = chain__value_key(s->arena, key, s->version);
    riv_bytes under = riv_bytes_sub(at, 0, at.len - VERSION_BYTES);
    if (!s->store.next(s->store.ctx, under, at, s->arena, &raw, value) || raw.len != at.len) return false;
    riv_reader r = riv_reader_of(riv_bytes_sub(raw, under.len, raw.len));
    *version     = UINT64_MAX - riv_read_u64be(&r);
    return true;
}

static bool is_newest(chain__state *s)
{
    riv_bytes record;
    if (s->age == CHAIN__AGE_UNKNOWN)
        s->age = s->store.get(s->store.ctx, chain__root_key(s->arena, s->version + 1), s->arena, &record)
                     ? CHAIN__OLDER
                     : CHAIN__NEWEST;
    return s->age == CHAIN__NEWEST;
}

static bool next_live(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value)
{
    riv_bytes raw;
    if (!s->store.next(s->store.ctx, open_key(s->arena, CHAIN__RAW_LIVE, prefix),
                       open_key(s->arena, CHAIN__RAW_LIVE, from), s->arena, &raw, value))
        return false;
    (void)parse_escaped(raw, s->arena, key);
    return true;
}

bool chain__store_next(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value)
{
    uint64_t version;
    if (!s->store.next) return false;
    if (chain__is_live(prefix) && is_newest(s)) return next_live(s, prefix, from, key, value);
    riv_bytes under = open_key(s->arena, CHAIN__RAW_VALUE, prefix), at = open_key(s->arena, CHAIN__RAW_VALUE, from),
              raw;
    while (s->store.next(s->store.ctx, under, at, s->arena, &raw, value)) {
        if (!parse_key(raw, s->arena, key, &version)) return false;
        if (version > s->version) {
            at = chain__value_key(s->arena, *key, s->version); /* behind what is too new */
            continue;
        }
        if (value->len) return true;
        riv_buf behind = riv_buf_in(s->arena); /* it was removed: behind all its versions */
        riv_put_bytes(&behind, all_versions(s->arena, *key));
        for (int i = 0; i < 9; i++) riv_put_u8(&behind, 0xff);
        at = riv_buf_view(&behind);
    }
    return false;
}
