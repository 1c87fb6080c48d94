/* particle_fuzz.c: a particle frame from any bytes: read, written, read again: the same particle; a failure names a place in the frame. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    p2p_particle p, q;
    riv_fault    fault = { 0 };
    riv_arena   *arena = riv_arena_new(0);
    if (!p2p_particle_read((riv_bytes){ data, size }, arena, &fault, &p)) {
        riv_buf one = riv_buf_in(arena), two = riv_buf_in(arena);
        p2p_particle_write(&p, &one);
        RIV_ASSERT(!p2p_particle_read(riv_buf_view(&one), arena, &fault, &q));
        RIV_ASSERT(riv_str_eq(p.id, q.id) && riv_str_eq(p.script, q.script) && riv_bytes_eq(p.data, q.data) &&
                   p.ttl_ms == q.ttl_ms);
        p2p_particle_write(&q, &two);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&one), riv_buf_view(&two)));
    } else {
        RIV_ASSERT(fault.err && fault.pos <= size);
    }
    riv_arena_free(arena);
    return 0;
}
