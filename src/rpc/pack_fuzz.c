/* pack_fuzz.c: any bytes as a packed record: refused, or a record that packs and comes out again; and any bytes as a record to be packed. */
#include "rpc/internal.h"

enum { BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_back(riv_bytes in, riv_arena *arena)
{
    riv_buf   packed = riv_buf_in(arena);
    riv_bytes out;
    rpc__pack(&packed, in);
    riv_err err = rpc__unpack(riv_buf_view(&packed), in.len, arena, NULL, &out);
    RIV_ASSERT(!err && riv_bytes_eq(in, out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  in    = { data, size }, out;
    check_back(in, arena);
    if (!rpc__unpack(in, BYTES_MAX, arena, NULL, &out)) check_back(out, arena);
    riv_arena_free(arena);
    return 0;
}
