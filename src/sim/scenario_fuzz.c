/* scenario_fuzz.c: any bytes as a scenario file, and as one line for a single invoke: a document or a fault that says why, twice the same.
 * Seeds: tests/corpus/sim_scenario_fuzz. */
#include "sim/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_HERE = 16 << 10 }; /* long scripts are air's and avm's own affair */

static bool as_scenario(riv_str text, riv_buf *out)
{
    riv_arena           *arena   = riv_arena_new(64 << 20);
    riv_fault            fault   = { 0 };
    sim_scenario_options options = { .version = AVM_0_64 };
    const riv_json      *doc     = NULL;
    riv_err              err     = sim_scenario_run(text, &options, arena, &fault, &doc);
    RIV_ASSERT(err ? fault.err == err && fault.msg[0] : doc != NULL);
    if (!err) riv_json_write(doc, out);
    riv_arena_free(arena);
    return !err;
}

static void as_invoke(riv_str text)
{
    riv_arena      *arena = riv_arena_new(64 << 20);
    riv_fault       fault = { 0 };
    const riv_json *doc   = NULL;
    riv_err         err   = sim_invoke(text, AVM_0_62, arena, &fault, &doc);
    RIV_ASSERT(err ? fault.err == err && fault.msg[0] : riv_json_get(doc, RIV_LIT("ret_code")) != NULL);
    riv_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_str text  = riv_bytes_str((riv_bytes){ data, size });
    riv_buf first = { 0 }, second = { 0 };
    if (size > SIZE_MAX_HERE || crypto_init(NULL)) return 0;
    bool good = as_scenario(text, &first);
    if (good) {
        RIV_ASSERT(as_scenario(text, &second));
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&first), riv_buf_view(&second)));
    }
    as_invoke(text);
    riv_buf_free(&first);
    riv_buf_free(&second);
    return 0;
}
