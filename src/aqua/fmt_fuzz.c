/* fmt_fuzz.c: any bytes as a program to lay out. Faulty ones come back as they were; of others a second time changes nothing. */
#include "aqua/fmt.h"

enum { FUZZ_SOURCE_BYTES_MAX = 1 << 16, FUZZ_ARENA_BYTES_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FUZZ_SOURCE_BYTES_MAX) return 0;
    riv_arena *arena  = riv_arena_new(FUZZ_ARENA_BYTES_MAX);
    riv_fault  fault  = { 0 };
    aqua_diags errors = { 0 };
    riv_str    source = { (const char *)data, size }, once, twice;
    riv_err    err    = aqua_format(RIV_LIT("main.aqua"), source, arena, &fault, &errors, &once);
    RIV_ASSERT(err == RIV_OK || err == RIV_E_LIMIT);
    if (!err && errors.count) RIV_ASSERT(riv_str_eq(once, source));
    if (!err && !errors.count) {
        err = aqua_format(RIV_LIT("main.aqua"), once, arena, &fault, &errors, &twice);
        RIV_ASSERT(err == RIV_E_LIMIT || (!err && !errors.count && riv_str_eq(once, twice)));
    }
    riv_arena_free(arena);
    return 0;
}
