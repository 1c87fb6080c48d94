/* multiaddr_fuzz.c: bytes -> address -> text -> address -> the same bytes; a text that parses is printed in a form that parses to the
 * same address. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(riv_arena *arena, riv_str text, riv_bytes want)
{
    codec_multiaddr addr;
    riv_buf         out = riv_buf_in(arena);
    RIV_ASSERT(codec_multiaddr_parse(text, arena, NULL, &addr) == RIV_OK);
    codec_put_multiaddr(&out, &addr);
    RIV_ASSERT(riv_bytes_eq(riv_buf_view(&out), want));
}

static void check(riv_arena *arena, const codec_multiaddr *addr)
{
    codec_multiaddr again;
    codec_tcp_addr  tcp;
    riv_buf         out = riv_buf_in(arena);
    codec_put_multiaddr(&out, addr);
    RIV_ASSERT(codec_multiaddr_read(riv_buf_view(&out), NULL, &again) == RIV_OK && again.count == addr->count);
    check_text(arena, codec_multiaddr_text(arena, addr), riv_buf_view(&out));
    if (codec_multiaddr_tcp(arena, addr, &tcp)) RIV_ASSERT(tcp.host.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena      *arena = riv_arena_new(0);
    riv_bytes       in    = { data, size };
    codec_multiaddr addr;
    if (codec_multiaddr_read(in, NULL, &addr) == RIV_OK) {
        riv_buf out = riv_buf_in(arena);
        codec_put_multiaddr(&out, &addr);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&out), in));
        check(arena, &addr);
    }
    if (codec_multiaddr_parse(riv_bytes_str(in), arena, NULL, &addr) == RIV_OK) check(arena, &addr);
    riv_arena_free(arena);
    return 0;
}
