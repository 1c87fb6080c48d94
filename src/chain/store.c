/* store.c: values of the state as they lie in the store: under 'V' and their key.
 * Tests: state_test.c. */
#include "chain/state.h"

enum { VALUE = 'V' };

static riv_bytes raw_key(chain__state *s, riv_bytes key)
{
    uint8_t *raw = riv_new(s->arena, uint8_t, key.len + 1);
    raw[0]       = VALUE;
    if (key.len) memcpy(raw + 1, key.ptr, key.len);
    return (riv_bytes){ raw, key.len + 1 };
}

bool chain__store_get(chain__state *s, riv_bytes key, riv_bytes *value)
{
    return s->store.get && s->store.get(s->store.ctx, raw_key(s, key), s->arena, value);
}

bool chain__store_next(chain__state *s, riv_bytes prefix, riv_bytes from, riv_bytes *key, riv_bytes *value)
{
    riv_bytes raw;
    if (!s->store.next || !s->store.next(s->store.ctx, raw_key(s, prefix), raw_key(s, from), s->arena, &raw, value))
        return false;
    *key = riv_bytes_sub(raw, 1, raw.len);
    return true;
}
