/* base_fuzz.c: bytes go through every base and come back; a text that is taken is the only one for its bytes. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef void (*put_fn)(riv_buf *out, riv_bytes data);
typedef riv_err (*read_fn)(riv_str text, riv_buf *out, riv_fault *fault);

enum { BASE58_BYTES_MAX = 700 }; /* whose texts stay under 1,024 characters */

static void check(riv_bytes in, put_fn put, read_fn read, bool one_text)
{
    riv_buf bytes = { 0 }, text = { 0 };
    if (in.len <= BASE58_BYTES_MAX) {
        put(&text, in);
        RIV_ASSERT(read(riv_buf_str(&text), &bytes, NULL) == RIV_OK && riv_bytes_eq(riv_buf_view(&bytes), in));
    }
    riv_buf_clear(&bytes);
    riv_buf_clear(&text);
    if (read(riv_bytes_str(in), &bytes, NULL) == RIV_OK && one_text) {
        put(&text, riv_buf_view(&bytes));
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&text), in));
    } else if (!one_text) {
        RIV_ASSERT(bytes.len <= in.len);
    }
    riv_buf_free(&bytes);
    riv_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_bytes in  = { data, size };
    riv_buf   out = { 0 };
    check(in, codec_put_base58, codec_read_base58, true);
    check(in, codec_put_base32, codec_read_base32, true);
    check(in, codec_put_base64, codec_read_base64, true);
    check(in, codec_put_hex, codec_read_hex, false);
    if (codec_read_multibase(riv_bytes_str(in), &out, NULL) != RIV_OK) RIV_ASSERT(out.len == 0);
    riv_buf_free(&out);
    return 0;
}
