/* embed_fuzz.c: any bytes as a module with descriptions. What is embedded inspects well; embedding again changes nothing. */
#include "marine/marine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena *arena = riv_arena_new(0);
    riv_buf    one = riv_buf_in(arena), two = riv_buf_in(arena);
    if (marine_embed((riv_bytes){ data, size }, NULL, &one) == RIV_OK) {
        riv_fault   fault = { 0 };
        marine_info info;
        RIV_ASSERT(marine_embed(riv_buf_view(&one), &fault, &two) == RIV_OK);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&one), riv_buf_view(&two)));
        riv_err err = marine_inspect(riv_buf_view(&one), arena, &fault, &info);
        RIV_ASSERT(err == RIV_OK ? info.it_version.len > 0
                                 : strstr(fault.msg, "__fluence_sdk_version") || strstr(fault.msg, "sdk version"));
    }
    riv_arena_free(arena);
    return 0;
}
