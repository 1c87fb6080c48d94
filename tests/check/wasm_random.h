/* wasm_random.h: random wasm modules that validate, for marine_repeat.c: integers, floats that make NaN, vectors, memory, bulk memory, tables,
 * indirect calls, globals, branches, loops, traps. Exports run(s32, s64) -> s64 as a Marine function; imports the clock and randomness.
 * Nesting of calls is bounded by a counter in the guest, since how deep a stack of bytes goes depends on the optimisation. */
#ifndef RIV_TESTS_WASM_RANDOM_H
#define RIV_TESTS_WASM_RANDOM_H

#include "base/base.h"

/* Appends one module. The same state of rng gives the same bytes. */
void wasm_random(riv_prng *rng, riv_buf *out);

#endif
