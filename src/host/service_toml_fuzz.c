/* service_toml_fuzz.c: any bytes as a service's Config.toml: modules with names and files, or an error that says where. */
#include "host/service_toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena        *a     = riv_arena_new(0);
    host_service_toml toml  = { 0 };
    riv_fault         fault = { 0 };
    riv_str           text  = { (const char *)data, size };
    if (host_service_toml_parse(RIV_LIT("d/f"), text, a, &fault, &toml)) {
        RIV_ASSERT(riv_str_starts(riv_str_c(fault.msg), RIV_LIT("d/f:")));
    } else {
        RIV_ASSERT(toml.modules_count > 0 && toml.modules_count <= MARINE_MODULES_MAX);
        for (size_t i = 0; i < toml.modules_count; i++) {
            const host_module_toml *m = &toml.modules[i];
            RIV_ASSERT(m->name.len && m->file.len);
            riv_str level = host_log_filter(text, m->name, NULL);
            RIV_ASSERT(level.len <= 5);
            for (size_t k = 0; k < m->envs_count; k++) RIV_ASSERT(m->envs[k].key.len > 0);
        }
    }
    riv_arena_free(a);
    return 0;
}
