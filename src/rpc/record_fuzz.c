/* record_fuzz.c: any bytes as the record of a block, and as an export: what is read is written back as it was. */
#include "rpc/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static chain *engine;
    riv_arena    *arena = riv_arena_new(0);
    riv_fault     fault = { 0 };
    riv_reader    r     = riv_reader_of((riv_bytes){ data, size });
    riv_buf       again = riv_buf_in(arena);
    rpc_block     b;
    rpc_replayed  replayed;
    if (rpc__read_block(&r, arena, &fault, &b)) {
        RIV_ASSERT(fault.msg[0] && fault.pos <= size);
    } else {
        rpc__put_block(&again, &b);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&again), (riv_bytes){ data, r.pos }));
    }
    if (!engine) engine = chain_new();
    fault = (riv_fault){ 0 };
    if (rpc_replay(engine, NULL, (riv_bytes){ data, size }, &fault, &replayed)) RIV_ASSERT(fault.msg[0]);
    riv_arena_free(arena);
    return 0;
}
