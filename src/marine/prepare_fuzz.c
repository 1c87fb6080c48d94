/* prepare_fuzz.c: what the engine takes, prepare takes too, and makes of it what the engine takes; what the engine refuses does not
 * become good. The plan survives being written. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool valid(marine_engine *engine, riv_bytes wasm)
{
    wasmtime_error_t *error = wasmtime_module_validate(engine->wasm, wasm.ptr, wasm.len);
    if (error) wasmtime_error_delete(error);
    return !error;
}

static void check_plan(const marine__prepared *plan, riv_arena *arena)
{
    riv_buf          first = riv_buf_in(arena), second = riv_buf_in(arena);
    marine__prepared again;
    marine__prepared_write(plan, &first);
    RIV_ASSERT(!marine__prepared_read(riv_buf_view(&first), arena, NULL, &again));
    marine__prepared_write(&again, &second);
    RIV_ASSERT(riv_bytes_eq(riv_buf_view(&first), riv_buf_view(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static marine_engine *engine; /* lives as long as the fuzzer */
    riv_fault             fault = { 0 };
    if (!engine && marine_engine_new(&fault, &engine)) return 0;
    riv_arena       *arena = riv_arena_new(0);
    riv_bytes        wasm  = { data, size };
    riv_buf          out   = riv_buf_in(arena);
    marine__prepared plan;
    bool             good = valid(engine, wasm);
    riv_err          err  = marine__prepare(wasm, arena, &fault, &out, &plan);
    if (good) RIV_ASSERT(err == RIV_OK || err == RIV_E_LIMIT || err == RIV_E_CONFLICT);
    if (!err) {
        RIV_ASSERT(good == valid(engine, riv_buf_view(&out)));
        RIV_ASSERT(plan.segments_count ? out.len < size + plan.code_shift : out.len == size + plan.code_shift);
        check_plan(&plan, arena);
    }
    if (!marine__prepared_read(wasm, arena, NULL, &plan)) check_plan(&plan, arena);
    riv_arena_free(arena);
    return 0;
}
