/* identify_fuzz.c: the identify message from any bytes: read, written, read again: the same. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    identify_message m;
    riv_fault        fault = { 0 };
    riv_arena       *arena = riv_arena_new(0);
    if (!identify_read((riv_bytes){ data, size }, arena, &fault, &m)) {
        riv_buf one = riv_buf_in(arena), two = riv_buf_in(arena);
        identify_write(&m, &one);
        RIV_ASSERT(!identify_read(riv_buf_view(&one), arena, &fault, &m));
        identify_write(&m, &two);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&one), riv_buf_view(&two)));
    } else {
        RIV_ASSERT(fault.pos <= size);
    }
    riv_arena_free(arena);
    return 0;
}
