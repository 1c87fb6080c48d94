/* it_fuzz.c: any bytes as an interface section. What is read is written, read again and written the same; the interface made of it
 * prints. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena      *arena = riv_arena_new(0);
    marine__section first, second;
    if (marine__section_read((riv_bytes){ data, size }, arena, NULL, &first) == RIV_OK) {
        riv_buf   one = riv_buf_in(arena), two = riv_buf_in(arena);
        riv_fault fault = { 0 };
        marine__section_write(&first, &one);
        RIV_ASSERT(marine__section_read(riv_buf_view(&one), arena, &fault, &second) == RIV_OK);
        marine__section_write(&second, &two);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&one), riv_buf_view(&two)));
        marine_interface interface;
        riv_buf          text = riv_buf_in(arena);
        marine__interface_of(&first, arena, &interface);
        marine_interface_aqua(&interface, RIV_LIT("fuzz"), RIV_LIT("id"), &text);
        riv_json_write(marine_interface_json(&interface, arena), &text);
    }
    riv_arena_free(arena);
    return 0;
}
