/* machine.c: RandomX's memory and machines, with what this processor offers.
 * Spec: RandomX 1.1, randomx.h. Tests: proof_test.c. */
#include "proof/internal.h"

/* All flags but one: the values are an enum of unsigned numbers for some compilers, of signed ones for others. */
static const randomx_flags without_jit = (randomx_flags)(0x7fffffff ^ (int)RANDOMX_FLAG_JIT);

randomx_cache *proof__cache_new(void)
{
    randomx_flags  flags = randomx_get_flags();
    randomx_cache *out   = randomx_alloc_cache(flags);
    return out ? out : randomx_alloc_cache(flags & without_jit);
}

randomx_vm *proof__vm_new(randomx_cache *cache, randomx_dataset *dataset)
{
    randomx_flags flags = randomx_get_flags();
    if (dataset) flags |= RANDOMX_FLAG_FULL_MEM;
    randomx_vm *out = randomx_create_vm(flags, cache, dataset);
    if (!out) out = randomx_create_vm(flags | RANDOMX_FLAG_SECURE, cache, dataset);
    return out ? out : randomx_create_vm(flags & without_jit, cache, dataset);
}
