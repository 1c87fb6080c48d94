/* toml_fuzz.c: any bytes as TOML: a tree whose places lie inside the text, or an error inside it. */
#include "host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena *a     = riv_arena_new(0);
    host_toml  toml  = { 0 };
    riv_fault  fault = { 0 };
    riv_str    text  = { (const char *)data, size };
    size_t     lines = 1;
    for (size_t i = 0; i < size; i++) lines += data[i] == '\n';
    if (host_toml_parse(text, a, &fault, &toml)) {
        RIV_ASSERT(fault.msg[0] && fault.code <= lines + 1);
    } else {
        const riv_json *again;
        RIV_ASSERT(toml.root->kind == RIV_JSON_OBJ);
        RIV_ASSERT(!riv_json_parse(riv_json_text(toml.root, a), a, NULL, &again));
        for (size_t i = 0; i < toml.places_count; i++) RIV_ASSERT(toml.places[i].line <= lines);
    }
    riv_arena_free(a);
    return 0;
}
