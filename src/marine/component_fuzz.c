/* component_fuzz.c: any component that compiles: what it is shown as, and its functions with arguments of their types, twice each in two
 * services. The first byte chooses how full the arguments are. Results, failures and fuel must be the same in both. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUNCTIONS_MAX = 16, FUEL = 200000 };

static marine_engine *engine;

/* A value of a type: of a record's fields that are arrays or bools the chosen one is full, as variants want it. */
static const riv_json *value_of(const marine_interface *in, const marine_type *t, bool full, uint8_t choice,
                                size_t *budget, riv_arena *arena)
{
    riv_json_list list = { 0 };
    if (*budget) --*budget;
    switch (t->kind) {
    case MARINE_BOOL: return riv_json_bool(full);
    case MARINE_STRING: return riv_json_strc(arena, full ? "a" : "");
    case MARINE_ARRAY:
        if (full && *budget) riv_json_add(arena, &list, value_of(in, t->element, full, choice, budget, arena));
        return riv_json_arr(arena, list.ptr, list.len);
    case MARINE_BYTES:
        if (full) riv_json_add(arena, &list, riv_json_u64(arena, choice));
        return riv_json_arr(arena, list.ptr, list.len);
    case MARINE_RECORD:
        for (size_t i = 0; i < in->records[t->record].fields_count && *budget; i++)
            riv_json_add(arena, &list,
                         value_of(in, &in->records[t->record].fields[i].type, i == choice % 4 || choice > 127, choice,
                                  budget, arena));
        return riv_json_arr(arena, list.ptr, list.len);
    default: return riv_json_u64(arena, choice % 100);
    }
}

static riv_str outcome(marine_service *service, const marine_call *call, riv_arena *arena)
{
    riv_fault     fault = { 0 };
    riv_buf       out   = riv_buf_in(arena);
    marine_result result;
    riv_err       err = marine_service_call(service, call, arena, &fault, &result);
    RIV_ASSERT((err == RIV_OK) == (result.error == MARINE_NO_ERROR));
    RIV_ASSERT(err == RIV_OK || fault.msg[0]);
    RIV_ASSERT(result.fuel_used <= call->fuel);
    if (!err) riv_json_write(result.value, &out);
    riv_putf(&out, " %d %s %llu", (int)result.error, fault.msg, (unsigned long long)result.fuel_used);
    return riv_buf_str(&out);
}

static void call_all(marine_service *one, marine_service *other, const marine_interface *in, uint8_t choice)
{
    for (size_t i = 0; i < 2 * in->functions_count && i < FUNCTIONS_MAX; i++) {
        riv_arena             *arena  = riv_arena_new(16 << 20);
        const marine_function *f      = &in->functions[i / 2];
        size_t                 budget = 1000;
        riv_json_list          args   = { 0 };
        for (size_t k = 0; k < f->args_count; k++)
            riv_json_add(arena, &args, value_of(in, &f->args[k].type, true, choice, &budget, arena));
        marine_call call  = { .function = f->name, .args = riv_json_arr(arena, args.ptr, args.len), .fuel = FUEL };
        riv_str     first = outcome(one, &call, arena);
        RIV_ASSERT(riv_str_eq(first, outcome(other, &call, arena)));
        riv_arena_free(arena);
    }
}

static void serve(const marine_module *module, uint8_t choice)
{
    const marine_module_config  m      = { .name = RIV_LIT("c"), .module = module };
    const marine_service_config config = {
        .modules = &m, .modules_count = 1, .memory_bytes_max = 4 << 20, .fuel_start = FUEL
    };
    marine_service *one, *other;
    riv_fault       fault = { 0 }, again = { 0 };
    riv_err         err = marine_service_new(engine, &config, &fault, &one);
    RIV_ASSERT(marine_service_new(engine, &config, &again, &other) == err);
    if (err) {
        RIV_ASSERT(fault.msg[0] && strcmp(fault.msg, again.msg) == 0);
        return;
    }
    call_all(one, other, marine_module_interface(module), choice);
    RIV_ASSERT(marine_service_memory(one) == marine_service_memory(other));
    marine_service_free(one);
    marine_service_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!engine)
        RIV_ASSERT(marine_engine_new_with(&(marine_engine_config){ .optimize = MARINE_NOT_AT_ALL }, NULL, &engine) ==
                   RIV_OK);
    if (size == 0) return 0;
    riv_bytes      wasm = { data + 1, size - 1 };
    marine_module *module;
    riv_fault      fault = { 0 };
    if (!marine__is_component(wasm)) return 0;
    if (marine_module_new(engine, wasm, &fault, &module)) {
        RIV_ASSERT(fault.msg[0]);
        return 0;
    }
    riv_arena *arena = riv_arena_new(0);
    riv_buf    aqua  = riv_buf_in(arena);
    marine_interface_aqua(marine_module_interface(module), RIV_LIT("c"), RIV_LIT("c"), &aqua);
    serve(module, data[0]);
    marine_module_free(module);
    riv_arena_free(arena);
    return 0;
}
