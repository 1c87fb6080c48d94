/* store.c: values of the state as they lie in the store: 'V', the key written so that order is kept and no key begins another,
 * then the version turned round, so that the newest comes first. An empty value: removed at that version.
 * 'L', the key in the same writing: what a key of a table that is gone through in order holds at the newest version.
 * Spec: docs/spec/chain.md 2.2. Tests: state_test.c. */
#include "chain/state.h"

enum { END_BYTES = 2, VERSION_BYTES = 8 };

/* A zero in a key is two bytes, so that the end, a zero and a one, comes before all that go on. A key is made for each look at the state: in one
 * piece of memory, with room for what comes behind. */
static riv_buf begin_key(riv_arena *arena, uint8_t table, riv_bytes key, size_t room)
{
    riv_buf out  = riv_buf_in(arena);
    size_t  size = 1 + key.len;
    for (size_t i = 0; i < key.len; i++) size += key.ptr[i] == 0;
    riv_buf_reserve(&out, size + room);
    uint8_t *at = riv_buf_raw(&out, size);
    *at++       = table;
    for (size_t i = 0; i < key.len; i++) {
        *at++ = key.ptr[i];
        if (key.ptr[i] == 0) *at++ = 0xff;
    }
    return out;
}

static void put_end(riv_buf *out)
{
    riv_put_u8(out, 0);
    riv_put_u8(out, 1);
}

static riv_bytes open_key(riv_arena *arena, uint8_t table, riv_bytes key)
{
    riv_buf out = begin_key(arena, table, key, 0);
    return riv_buf_view(&out);
}

riv_bytes chain__value_key(riv_arena *arena, riv_bytes key, uint64_t version)
{
    riv_buf out = begin_key(arena, CHAIN__RAW_VALUE, key, END_BYTES + VERSION_BYTES);
    put_end(&out);
    riv_put_u64be(&out, UINT64_MAX - version);
    return riv_buf_view(&out);
}

riv_bytes chain__live_key(riv_arena *arena, riv_bytes key)
{
    riv_buf out = begin_key(arena, CHAIN__RAW_LIVE, key, END_BYTES);
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
