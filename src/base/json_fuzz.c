/* json_fuzz.c: any bytes; what parses must print and parse to an equal value. */
#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena      *arena = riv_arena_new(0);
    const riv_json *v = NULL, *again = NULL;
    riv_fault       fault = { 0 };
    if (!riv_json_parse((riv_str){ (const char *)data, size }, arena, &fault, &v)) {
        RIV_ASSERT(!riv_json_parse(riv_json_text(v, arena), arena, &fault, &again));
        RIV_ASSERT(riv_json_eq(v, again));
    } else {
        RIV_ASSERT(fault.err && fault.msg[0] && fault.pos <= size);
    }
    riv_arena_free(arena);
    return 0;
}
