/* pb_fuzz.c: fields of a message written again give the same fields; varints and public keys are tried on the same bytes. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const codec_pb_field *f)
{
    riv_buf        out = { 0 };
    codec_pb_field again;
    if (f->wire == CODEC_PB_BYTES)
        codec_pb_put_bytes(&out, f->number, f->bytes);
    else
        codec_pb_put_varint(&out, f->number, f->value);
    riv_reader r = riv_reader_of(riv_buf_view(&out));
    RIV_ASSERT(codec_pb_next(&r, NULL, &again) == RIV_OK && r.pos == out.len);
    RIV_ASSERT(again.number == f->number && again.value == f->value && riv_bytes_eq(again.bytes, f->bytes));
    riv_buf_free(&out);
}

static void check_varint(riv_bytes in)
{
    riv_reader r   = riv_reader_of(in);
    riv_buf    out = { 0 };
    uint64_t   v;
    if (codec_read_varint(&r, NULL, &v) == RIV_OK) {
        codec_put_varint(&out, v);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&out), riv_bytes_sub(in, 0, r.pos)));
    } else {
        RIV_ASSERT(r.pos == 0);
    }
    riv_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_bytes      in = { data, size };
    riv_reader     r  = riv_reader_of(in);
    codec_pb_field f;
    crypto_public  key, again;
    riv_err        err;
    while ((err = codec_pb_next(&r, NULL, &f)) == RIV_OK) check_field(&f);
    RIV_ASSERT((err == RIV_MORE) == (r.pos == size && err != RIV_E_MALFORMED));
    if (codec_read_public_key(in, NULL, &key) == RIV_OK) {
        riv_buf out = { 0 };
        codec_put_public_key(&out, &key);
        RIV_ASSERT(codec_read_public_key(riv_buf_view(&out), NULL, &again) == RIV_OK);
        RIV_ASSERT(crypto_equal(&key, &again, sizeof key));
        riv_buf_free(&out);
    }
    check_varint(in);
    return 0;
}
