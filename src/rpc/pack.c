/* pack.c: records smaller: what stood before is named instead of told again. Receipts and blocks are mostly zeros, addresses and topics that repeat.
 * A record is its length, then pieces: so many bytes as they are, then so many from so far back (they may overlap: zeros are one zero again and again).
 * Spec: docs/spec/chain.md 3.1. Tests: pack_test.c, pack_fuzz.c. */
#include "codec/codec.h"
#include "rpc/internal.h"

enum { SAME_MIN = 6, TABLE_BITS = 12 };

static uint32_t slot_of(const uint8_t *at)
{
    uint64_t v = 0;
    memcpy(&v, at, SAME_MIN);
    return (uint32_t)(v * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TABLE_BITS));
}

static size_t same_from(riv_bytes in, size_t a, size_t b) /* a before b */
{
    size_t len = 0;
    while (b + len < in.len && in.ptr[a + len] == in.ptr[b + len]) len++;
    return len;
}

static void put_piece(riv_buf *out, riv_bytes plain, size_t same, size_t back)
{
    codec_put_varint(out, plain.len);
    riv_put_bytes(out, plain);
    codec_put_varint(out, same);
    if (same) codec_put_varint(out, back);
}

void rpc__pack(riv_buf *out, riv_bytes in)
{
    uint32_t seen[1 << TABLE_BITS] = { 0 }; /* where such bytes stood last, and one */
    size_t   told = 0, at = 0;
    RIV_ASSERT(in.len < UINT32_MAX);
    codec_put_varint(out, in.len);
    while (at + SAME_MIN <= in.len) {
        uint32_t *slot = &seen[slot_of(in.ptr + at)];
        size_t    from = *slot, same = from ? same_from(in, from - 1, at) : 0;
        *slot = (uint32_t)(at + 1);
        if (same < SAME_MIN) {
            at++;
            continue;
        }
        put_piece(out, riv_bytes_sub(in, told, at), same, at - (from - 1));
        at += same;
        told = at;
    }
    if (told < in.len) put_piece(out, riv_bytes_sub(in, told, in.len), 0, 0);
}

static riv_err spoilt(riv_fault *fault, const riv_reader *r)
{
    return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a packed record is damaged");
}

static riv_err unpack_piece(riv_reader *r, riv_fault *fault, uint8_t *out, size_t size, size_t *at)
{
    uint64_t plain, same, back;
    if (codec_read_varint(r, NULL, &plain) || plain > size - *at || plain > riv_reader_left(r)) return spoilt(fault, r);
    riv_bytes bytes = riv_read_bytes(r, (size_t)plain);
    if (plain) memcpy(out + *at, bytes.ptr, (size_t)plain);
    *at += (size_t)plain;
    if (codec_read_varint(r, NULL, &same) || same > size - *at || plain + same == 0) return spoilt(fault, r);
    if (!same) return RIV_OK;
    if (codec_read_varint(r, NULL, &back) || back == 0 || back > *at) return spoilt(fault, r);
    for (uint64_t i = 0; i < same; i++, ++*at) out[*at] = out[*at - (size_t)back];
    return RIV_OK;
}

riv_err rpc__unpack(riv_bytes in, size_t bytes_max, riv_arena *arena, riv_fault *fault, riv_bytes *out)
{
    riv_reader r = riv_reader_of(in);
    uint64_t   size;
    size_t     at = 0;
    if (codec_read_varint(&r, NULL, &size)) return spoilt(fault, &r);
    if (size > bytes_max)
        return riv_fail(fault, RIV_E_LIMIT, 0, "a packed record of %llu bytes", (unsigned long long)size);
    uint8_t *all = riv_arena_alloc_raw(arena, (size_t)size + 1, 1);
    while (at < size) RIV_TRY(unpack_piece(&r, fault, all, (size_t)size, &at));
    if (riv_reader_left(&r)) return spoilt(fault, &r);
    *out = (riv_bytes){ all, (size_t)size };
    return RIV_OK;
}
