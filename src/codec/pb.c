/* pb.c: fields of protobuf messages, one after the other; what they mean is the caller's affair.
 * Spec: docs/spec/codec.md 6. Tests: pb_test.c, pb_fuzz.c. */
#include "codec/codec.h"

enum { PB_VARINT_BYTES_MAX = 10, PB_NUMBER_MAX = (1 << 29) - 1 };

static void put_varint(riv_buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) riv_put_u8(out, (uint8_t)(v | 0x80));
    riv_put_u8(out, (uint8_t)v);
}

static void put_tag(riv_buf *out, uint32_t number, codec_pb_wire wire)
{
    RIV_ASSERT(number > 0 && number <= PB_NUMBER_MAX);
    put_varint(out, (uint64_t)number << 3 | (uint64_t)wire);
}

void codec_pb_put_varint(riv_buf *out, uint32_t number, uint64_t v)
{
    put_tag(out, number, CODEC_PB_VARINT);
    put_varint(out, v);
}

void codec_pb_put_bytes(riv_buf *out, uint32_t number, riv_bytes v)
{
    put_tag(out, number, CODEC_PB_BYTES);
    put_varint(out, v.len);
    riv_put_bytes(out, v);
}

/* Unlike the varint of multiformats: 64 bits, ten bytes, any number of needless zeros. */
static riv_err read_varint(riv_reader *r, riv_fault *fault, uint64_t *out)
{
    size_t   start = r->pos;
    uint64_t v     = 0;
    for (unsigned i = 0; i < PB_VARINT_BYTES_MAX; i++) {
        uint8_t b = riv_read_u8(r);
        if (r->short_read) return riv_fail(fault, RIV_E_MALFORMED, start, "protobuf number is cut");
        if (i == PB_VARINT_BYTES_MAX - 1 && b > 1) break;
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b & 0x80) continue;
        *out = v;
        return RIV_OK;
    }
    return riv_fail(fault, RIV_E_MALFORMED, start, "protobuf number is longer than 64 bits");
}

static riv_err read_value(riv_reader *r, riv_fault *fault, codec_pb_field *field)
{
    size_t start = r->pos;
    switch (field->wire) {
    case CODEC_PB_VARINT: return read_varint(r, fault, &field->value);
    case CODEC_PB_I64: field->value = riv_read_u64le(r); break;
    case CODEC_PB_I32: field->value = riv_read_u32le(r); break;
    case CODEC_PB_BYTES:
        RIV_TRY(read_varint(r, fault, &field->value));
        field->bytes = riv_read_bytes(r, field->value);
        break;
    }
    if (r->short_read) return riv_fail(fault, RIV_E_MALFORMED, start, "protobuf field %u is cut", field->number);
    return RIV_OK;
}

riv_err codec_pb_next(riv_reader *r, riv_fault *fault, codec_pb_field *out)
{
    size_t         start = r->pos;
    uint64_t       tag;
    codec_pb_field field = { 0 };
    if (r->pos == r->in.len) return RIV_MORE;
    RIV_TRY(read_varint(r, fault, &tag));
    unsigned wire = (unsigned)(tag & 7);
    if (tag >> 3 == 0 || tag >> 3 > PB_NUMBER_MAX)
        return riv_fail(fault, RIV_E_MALFORMED, start, "protobuf field number %llu", (unsigned long long)(tag >> 3));
    if (wire != CODEC_PB_VARINT && wire != CODEC_PB_I64 && wire != CODEC_PB_BYTES && wire != CODEC_PB_I32)
        return riv_fail(fault, RIV_E_MALFORMED, start, "protobuf wire type %u", wire);
    field.number = (uint32_t)(tag >> 3);
    field.wire   = (codec_pb_wire)wire;
    RIV_TRY(read_value(r, fault, &field));
    *out = field;
    return RIV_OK;
}
