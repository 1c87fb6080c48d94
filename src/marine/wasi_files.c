#include "marine/internal.h"
riv_err marine__files_open(marine__instance *in)
{
    return in->config->mapped_dirs_count ? marine__fail(in->service, MARINE_LOAD, "mapped directories are not there yet") : RIV_OK;
}
void marine__files_close(marine__files *files) { (void)files; }
const marine__host_function *marine__files_find(riv_str name) { (void)name; return NULL; }
