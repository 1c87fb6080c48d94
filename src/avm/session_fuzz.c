/* session_fuzz.c: bytes as decisions: a script, a network, answers, arrivals, what is lost and what comes twice; sessions and avm_run in
 * lockstep. Spec: avm.h (the law of sessions). */
#include "avm/session_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    if (size > 8192 || crypto_init(&fault)) return 0;
    riv_arena *arena = riv_arena_new(512 << 20);
    choices    c     = { .in = { data, size } };
    (void)made_run(arena, &c, made_script(&c, arena), 40);
    riv_arena_free(arena);
    return 0;
}
