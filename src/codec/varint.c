/* varint.c: unsigned varints of multiformats: seven bits a byte, lowest first, at most nine bytes, no needless zero at the end.
 * Spec: docs/spec/codec.md 1. Tests: varint_test.c. */
#include "codec/codec.h"

void codec_put_varint(riv_buf *out, uint64_t v)
{
    RIV_ASSERT(v < UINT64_C(1) << 63);
    for (; v >= 0x80; v >>= 7) riv_put_u8(out, (uint8_t)(v | 0x80));
    riv_put_u8(out, (uint8_t)v);
}

riv_err codec_read_varint(riv_reader *r, riv_fault *fault, uint64_t *out)
{
    size_t   start = r->pos;
    uint64_t v     = 0;
    for (unsigned i = 0; i < CODEC_VARINT_BYTES_MAX; i++) {
        uint8_t b = riv_read_u8(r);
        if (r->short_read) return riv_rewind(r, start);
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b & 0x80) continue;
        if (b == 0 && i > 0) {
            r->pos = start;
            return riv_fail(fault, RIV_E_MALFORMED, start, "varint of %u bytes is not minimal", i + 1);
        }
        *out = v;
        return RIV_OK;
    }
    r->pos = start;
    return riv_fail(fault, RIV_E_MALFORMED, start, "varint longer than %d bytes", CODEC_VARINT_BYTES_MAX);
}
