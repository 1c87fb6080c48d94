/* call.c: one call of a service: values in, the adapter, a value out; and the fuel that it has.
 * Spec: docs/spec/marine.md 3.4, 8. Tests: service_test.c, limits_test.c. */
#include "marine/internal.h"

enum {
    SCRATCH_KEPT_BYTES = 1 << 20,
    TICKS_NO_DEADLINE  = 1 << 30,
};

static const marine_call_params no_params;

void marine__begin(marine_service *s, const marine_call_params *params, uint64_t fuel, uint64_t ticks)
{
    if (riv_arena_used(s->scratch) > SCRATCH_KEPT_BYTES) {
        riv_arena_free(s->scratch);
        s->scratch = riv_arena_new(MARINE__VALUES_BYTES_MAX);
    } else {
        riv_arena_reset(s->scratch);
    }
    s->params               = params;
    s->error                = MARINE_NO_ERROR;
    s->fault                = (riv_fault){ 0 };
    s->exited               = false;
    s->depth                = 0;
    s->told                 = 0;
    s->ticks                = ticks;
    s->budget->rejects      = 0;
    wasmtime_error_t *error = wasmtime_context_set_fuel(s->context, fuel ? fuel : MARINE_FUEL_DEFAULT);
    RIV_ASSERT(!error); /* the engine counts fuel */
    wasmtime_context_set_epoch_deadline(s->context, ticks ? ticks : TICKS_NO_DEADLINE);
}

static marine__instance *find_instance(marine_service *s, riv_str name)
{
    if (name.len == 0) return s->instances[s->instances_count - 1];
    for (size_t i = 0; i < s->instances_count; i++)
        if (riv_str_eq(s->instances[i]->name, name)) return s->instances[i];
    return NULL;
}

static riv_err run_call(marine_service *s, const marine_call *call, riv_arena *arena, const riv_json **out)
{
    marine__instance *in = find_instance(s, call->module);
    if (!in)
        return marine__fail(s, MARINE_NOT_FOUND, "module with name '" RIV_FMT "' is missing", RIV_ARG(call->module));
    const marine__section *section = &in->module->section;
    uint32_t               adapter = marine__public_adapter(section, call->function);
    if (adapter == UINT32_MAX)
        return marine__fail(s, MARINE_NOT_FOUND, "function with name `" RIV_FMT "` is missing",
                            RIV_ARG(call->function));
    const marine__type *type = &section->types[adapter];
    marine_value       *args, value = { 0 };
    size_t              count = 0;
    riv_fault           own   = { 0 };
    if (marine__args_from_json(section, type, call->function, call->args, s->scratch, &own, &args))
        return marine__fail(s, MARINE_BAD_ARGUMENTS, "%s", own.msg);
    RIV_TRY(marine__run(in, adapter, call->function, args, type->args_count, &value, &count));
    if (!count) {
        *out = riv_json_null();
        return RIV_OK;
    }
    riv_err err = marine__value_to_json(section, &type->outputs[0], &value, arena, &own, out);
    return err ? marine__fail(s, err == RIV_E_LIMIT ? MARINE_OUT_OF_MEMORY : MARINE_TRAP, "function " RIV_FMT ": %s",
                              RIV_ARG(call->function), own.msg)
               : RIV_OK;
}

riv_err marine_service_call(marine_service *s, const marine_call *call, riv_arena *arena, riv_fault *fault,
                            marine_result *out)
{
    uint64_t        fuel  = call->fuel ? call->fuel : MARINE_FUEL_DEFAULT;
    const riv_json *value = riv_json_null();
    marine__begin(s, &call->params, fuel, call->deadline_ticks);
    riv_err err = run_call(s, call, arena, &value);
    s->params   = &no_params;
    *out        = (marine_result){ value, marine__fuel_used(s, fuel), s->error };
    marine__count(s, true, out->fuel_used);
    if (err) return riv_fail_code(fault, err, s->error, 0, "%s", s->fault.msg);
    return RIV_OK;
}

uint64_t marine__fuel_used(const marine_service *s, uint64_t fuel)
{
    uint64_t          left  = 0;
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &left);
    RIV_ASSERT(!error);
    return fuel - RIV_MIN(left, fuel);
}

void marine_engine_tick(marine_engine *engine) { wasmtime_engine_increment_epoch(engine->wasm); }

riv_err marine__charge(marine_service *s, uint64_t units)
{
    uint64_t          left  = 0;
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &left);
    RIV_ASSERT(!error);
    bool enough = units <= left;
    error       = wasmtime_context_set_fuel(s->context, enough ? left - units : 0);
    RIV_ASSERT(!error);
    return enough ? RIV_OK
                  : marine__fail(s, MARINE_OUT_OF_FUEL, "out of fuel while the host did work of %llu units for it",
                                 (unsigned long long)units);
}
