/* inspect_fuzz.c: any bytes as a wasm file that is only looked at. */
#include "marine/marine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena  *arena = riv_arena_new(0);
    riv_fault   fault = { 0 };
    marine_info info;
    if (marine_inspect((riv_bytes){ data, size }, arena, &fault, &info) == RIV_OK) {
        RIV_ASSERT(riv_json_text(marine_interface_json(&info.interface, arena), arena).len > 0);
        for (size_t i = 0; i < info.imports_count; i++)
            RIV_ASSERT(riv_utf8_valid(riv_str_bytes(info.imports[i]), NULL));
    } else {
        RIV_ASSERT(fault.msg[0] != 0);
    }
    riv_arena_free(arena);
    return 0;
}
