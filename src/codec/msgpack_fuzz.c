/* msgpack_fuzz.c: a value that can be skipped ends where its JSON form ends; JSON written and read again is the same. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(riv_bytes in, bool skipped, size_t end)
{
    riv_arena      *arena = riv_arena_new(16 << 20);
    riv_reader      r     = riv_reader_of(in);
    const riv_json *value, *again;
    if (codec_mp_json(&r, arena, NULL, &value) == RIV_OK) {
        riv_buf out = { 0 };
        RIV_ASSERT(skipped && r.pos == end);
        codec_mp_put_json(&out, value);
        riv_reader back = riv_reader_of(riv_buf_view(&out));
        RIV_ASSERT(codec_mp_json(&back, arena, NULL, &again) == RIV_OK && back.pos == out.len);
        RIV_ASSERT(riv_json_eq(value, again));
        riv_buf_free(&out);
    }
    riv_arena_free(arena);
}

static void check_bytes(riv_bytes in)
{
    riv_arena *arena = riv_arena_new(0);
    riv_reader r     = riv_reader_of(in);
    riv_bytes  bytes, again;
    if (codec_mp_bytes(&r, arena, NULL, &bytes) == RIV_OK) {
        riv_buf out = riv_buf_in(arena);
        codec_mp_put_bin(&out, bytes);
        riv_reader back = riv_reader_of(riv_buf_view(&out));
        RIV_ASSERT(codec_mp_bytes(&back, arena, NULL, &again) == RIV_OK && riv_bytes_eq(bytes, again));
    }
    riv_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_bytes  in      = { data, size };
    riv_reader r       = riv_reader_of(in);
    bool       skipped = codec_mp_skip(&r, NULL) == RIV_OK;
    check_json(in, skipped, r.pos);
    check_bytes(in);
    return 0;
}
