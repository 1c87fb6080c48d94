/* evidence_fuzz.c: bytes as refused data, alone and against stored data that is cut from them: what is told agrees with avm_verify. */
#include "avm/avm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    if (size == 0 || size > 1 << 16 || crypto_init(&fault)) return 0;
    riv_arena         *arena  = riv_arena_new(256 << 20);
    size_t             cut    = RIV_MIN((size_t)data[0] << 4, size); /* the first byte says where stored data ends */
    riv_bytes          stored = { data + 1, cut ? cut - 1 : 0 }, bytes = { data + 1, size - 1 };
    avm_evidence_input in = { .data = bytes, .stored = stored, .particle_id = RIV_LIT("p"), .tries_max = 8 };
    avm_evidence       e;
    avm_evidence_of(&in, arena, &e);
    riv_err err = avm_verify(bytes, RIV_LIT("p"), arena, &fault);
    RIV_ASSERT(!err || (e.err == err && e.code == fault.code && e.line.len));
    RIV_ASSERT(err || !e.err || e.contradictions.len);
    riv_arena_free(arena);
    return 0;
}
