/* key.c: keys of the state: a letter, then parts of fixed size; and parts of fixed size as records have them. Tests: run_test.c. */
#include "chain/internal.h"

chain__key chain__key_of(char table) { return (chain__key){ .bytes = { (uint8_t)table }, .len = 1 }; }

chain__key chain__key_with(chain__key k, riv_bytes part)
{
    RIV_ASSERT(part.len <= sizeof k.bytes - k.len); /* parts are ours, of fixed size */
    if (part.len) memcpy(k.bytes + k.len, part.ptr, part.len);
    k.len += part.len;
    return k;
}

chain__key chain__sub_key(char table, char part)
{
    uint8_t byte = (uint8_t)part;
    return chain__key_with(chain__key_of(table), (riv_bytes){ &byte, 1 });
}

chain__key chain__key_with_u64(chain__key k, uint64_t v)
{
    uint8_t be[8];
    for (int i = 0; i < 8; i++) be[i] = (uint8_t)(v >> (56 - 8 * i));
    return chain__key_with(k, (riv_bytes){ be, sizeof be });
}

chain__key chain__key_with_address(chain__key k, const eth_address *a)
{
    return chain__key_with(k, (riv_bytes){ a->bytes, sizeof a->bytes });
}

riv_bytes chain__key_view(const chain__key *k) { return (riv_bytes){ k->bytes, k->len }; }

/* ---- parts of records ---- */

void chain__read_into(riv_reader *r, uint8_t *out, size_t len)
{
    riv_bytes bytes = riv_read_bytes(r, len);
    if (bytes.len == len) memcpy(out, bytes.ptr, len);
}

eth_address chain__read_address(riv_reader *r)
{
    eth_address out = { { 0 } };
    chain__read_into(r, out.bytes, sizeof out.bytes);
    return out;
}
