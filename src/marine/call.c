/* call.c: one call of a service: values in, the adapter, a value out; and the fuel that it has.
 * Spec: docs/spec/marine.md 3.4, 8. Tests: call_test.c, service_test.c, limits_test.c. */
#include "marine/internal.h"

enum {
    SCRATCH_KEPT_BYTES = 1 << 20,
    TICKS_NO_DEADLINE  = 1 << 30,
};

static const marine_call_params no_params;

/* ---- fuel: Wasmtime counts it while guests run; between them it is counted here, and told when a guest is entered ---- */

static uint64_t known_fuel(marine_service *s)
{
    if (s->fuel_known) return s->fuel_left;
    wasmtime_error_t *error = wasmtime_context_get_fuel(s->context, &s->fuel_left);
    RIV_ASSERT(!error); /* the engine counts fuel */
    s->fuel_known = true;
    return s->fuel_left;
}

uint64_t marine__fuel_used(const marine_service *s, uint64_t fuel)
{
    uint64_t          left  = s->fuel_left;
    wasmtime_error_t *error = s->fuel_known ? NULL : wasmtime_context_get_fuel(s->context, &left);
    RIV_ASSERT(!error); /* the engine counts fuel */
    return fuel - RIV_MIN(left, fuel);
}

void marine__fuel_spend(marine_service *s)
{
    wasmtime_error_t *error = wasmtime_context_set_fuel(s->context, 0);
    RIV_ASSERT(!error);
    s->fuel_left  = 0;
    s->fuel_known = true;
    s->fuel_owed  = false;
}

static void tell_fuel(marine_service *s)
{
    if (s->fuel_owed) {
        wasmtime_error_t *error = wasmtime_context_set_fuel(s->context, s->fuel_left);
        RIV_ASSERT(!error);
    }
    s->fuel_owed  = false;
    s->fuel_known = false;
}

bool marine__guest_enter(marine_service *s)
{
    bool batched = s->batched;
    tell_fuel(s);
    s->batched = false;
    return batched;
}

void marine__guest_left(marine_service *s, bool batched)
{
    s->batched    = batched;
    s->fuel_known = false;
}

riv_err marine__charge(marine_service *s, uint64_t units)
{
    uint64_t left   = known_fuel(s);
    bool     enough = units <= left;
    s->fuel_left    = enough ? left - units : 0;
    s->fuel_owed    = true;
    if (!s->batched) tell_fuel(s); /* a guest is waiting for us and goes on without a word */
    return enough ? RIV_OK
                  : marine__fail(s, MARINE_OUT_OF_FUEL, "out of fuel while the host did work of %llu units for it",
                                 (unsigned long long)units);
}

/* ---- calls ---- */

static void empty_scratch(marine_service *s)
{
    if (riv_arena_used(s->scratch) <= SCRATCH_KEPT_BYTES) {
        riv_arena_reset(s->scratch);
        return;
    }
    riv_arena_free(s->scratch);
    s->scratch = riv_arena_new(MARINE__VALUES_BYTES_MAX);
}

riv_err marine__enter(marine_service *s, riv_fault *fault)
{
    if (s->entered) return riv_fail_code(fault, RIV_E_CONFLICT, MARINE_HOST, 0, "the service is in a call");
    s->entered = true;
    return RIV_OK;
}

void marine__left(marine_service *s) { s->entered = false; }

void marine__begin(marine_service *s, const marine_call_params *params, uint64_t fuel, uint64_t ticks)
{
    empty_scratch(s);
    s->params          = params;
    s->error           = MARINE_NO_ERROR;
    s->fault           = (riv_fault){ 0 };
    s->exited          = false;
    s->depth           = 0;
    s->told            = 0;
    s->ticks           = ticks;
    s->budget->rejects = 0;
    s->viewed          = 0;
    s->batched         = false;
    s->fuel_left       = fuel ? fuel : MARINE_FUEL_DEFAULT;
    s->fuel_owed       = true;
    tell_fuel(s);
    wasmtime_context_set_epoch_deadline(s->context, ticks ? ticks : TICKS_NO_DEADLINE);
}

static marine__instance *find_instance(marine_service *s, riv_str name)
{
    if (name.len == 0) return s->instances[s->instances_count - 1];
    for (size_t i = 0; i < s->instances_count; i++)
        if (riv_str_eq(s->instances[i]->name, name)) return s->instances[i];
    return NULL;
}

/* What a call means: the instance, and the function's adapter with its type. */
typedef struct target {
    marine__instance   *in;
    uint32_t            adapter;
    const marine__type *type;
} target;

static riv_err find_target(marine_service *s, const marine_call *call, target *out)
{
    marine__instance *in = find_instance(s, call->module);
    if (!in)
        return marine__fail(s, MARINE_NOT_FOUND, "module with name '" RIV_FMT "' is missing", RIV_ARG(call->module));
    uint32_t adapter = marine__public_adapter(&in->module->section, call->function);
    if (adapter == UINT32_MAX)
        return marine__fail(s, MARINE_NOT_FOUND, "function with name `" RIV_FMT "` is missing",
                            RIV_ARG(call->function));
    *out = (target){ in, adapter, &in->module->section.types[adapter] };
    return RIV_OK;
}

static riv_err bad_arguments(marine_service *s, const marine_call *call, const target *t, const riv_fault *own)
{
    return marine__fail(s, MARINE_BAD_ARGUMENTS,
                        "arguments from json deserialization error in module \"" RIV_FMT "\", function \"" RIV_FMT
                        "\": %s",
                        RIV_ARG(t->in->name), RIV_ARG(call->function), own->msg);
}

static riv_err bad_values(marine_service *s, const marine_call *call, const target *t, const riv_fault *own)
{
    return marine__fail(s, MARINE_BAD_ARGUMENTS, "arguments of \"" RIV_FMT "\" in module \"" RIV_FMT "\": %s",
                        RIV_ARG(call->function), RIV_ARG(t->in->name), own->msg);
}

/* Runs the adapter; its result, if it has one, is handed to take while the guest still holds it. */
static riv_err run_target(marine_service *s, const marine_call *call, const target *t, const marine_value *args,
                          riv_err (*take)(void *ctx, const marine_value *v), void *ctx, const riv_fault *own)
{
    marine__taker taker = { take, ctx, RIV_OK };
    RIV_TRY(marine__run_to(t->in, t->adapter, call->function, args, t->type->args_count, &taker));
    if (!taker.err) return RIV_OK;
    return marine__fail(s, taker.err == RIV_E_LIMIT ? MARINE_OUT_OF_MEMORY : MARINE_TRAP, "function " RIV_FMT ": %s",
                        RIV_ARG(call->function), own->msg);
}

static riv_err begin_call(marine_service *s, const marine_call *call, riv_fault *fault, marine_result *out)
{
    *out = (marine_result){ riv_json_null(), 0, MARINE_HOST };
    RIV_TRY(marine__enter(s, fault));
    marine__begin(s, &call->params, call->fuel, call->deadline_ticks);
    s->batched = true;
    return RIV_OK;
}

static riv_err end_call(marine_service *s, const marine_call *call, riv_err err, riv_fault *fault,
                        const riv_json *value, marine_result *out)
{
    uint64_t used = marine__fuel_used(s, call->fuel ? call->fuel : MARINE_FUEL_DEFAULT);
    s->batched    = false;
    s->params     = &no_params;
    *out          = (marine_result){ value, used, s->error };
    marine__count(s, true, used);
    marine__left(s);
    if (riv_arena_used(s->scratch) > SCRATCH_KEPT_BYTES) empty_scratch(s); /* the next call may be far off */
    return err ? riv_fail_code(fault, err, s->error, 0, "%s", s->fault.msg) : RIV_OK;
}

/* Where a result goes; which of the places is used is said by what takes it. */
typedef struct receiver {
    const marine__section *section;
    const marine_type     *type;
    riv_arena             *arena;
    riv_fault              own;
    const riv_json        *json;
    riv_buf               *text;
    marine_value          *value;
    bool                   has_value;
} receiver;

static receiver receiver_of(const target *t)
{
    return (receiver){ .section = &t->in->module->section, .type = t->type->outputs, .json = riv_json_null() };
}

static marine__args args_of(marine_service *s, const target *t)
{
    return (marine__args){ &t->in->module->section, t->type, s };
}

/* ---- by JSON tree ---- */

static riv_err take_json(void *ctx, const marine_value *v)
{
    receiver *r = ctx;
    return marine__value_to_json(r->section, r->type, v, r->arena, &r->own, &r->json);
}

static riv_err call_json(marine_service *s, const marine_call *call, riv_arena *arena, const riv_json **out)
{
    target        t;
    marine_value *args;
    RIV_TRY(find_target(s, call, &t));
    receiver     r    = receiver_of(&t);
    marine__args into = args_of(s, &t);
    r.arena           = arena;
    if (marine__args_from_json(&into, call->args, &r.own, &args)) return bad_arguments(s, call, &t, &r.own);
    RIV_TRY(run_target(s, call, &t, args, take_json, &r, &r.own));
    *out = r.json;
    return RIV_OK;
}

riv_err marine_service_call(marine_service *s, const marine_call *call, riv_arena *arena, riv_fault *fault,
                            marine_result *out)
{
    const riv_json *value = riv_json_null();
    RIV_TRY(begin_call(s, call, fault, out));
    riv_err err = call_json(s, call, arena, &value);
    return end_call(s, call, err, fault, value, out);
}

/* ---- by values ---- */

static riv_err take_value(void *ctx, const marine_value *v)
{
    receiver *r  = ctx;
    r->has_value = true;
    return marine__value_copy(r->section, r->type, v, r->arena, &r->own, r->value);
}

static riv_err call_values(marine_service *s, const marine_call *call, const marine_value *values, size_t count,
                           riv_arena *arena, marine_value *value, bool *has_value)
{
    target        t;
    marine_value *args;
    RIV_TRY(find_target(s, call, &t));
    receiver     r    = receiver_of(&t);
    marine__args into = args_of(s, &t);
    r.arena           = arena;
    r.value           = value;
    if (marine__args_from_values(&into, values, count, &r.own, &args)) return bad_values(s, call, &t, &r.own);
    RIV_TRY(run_target(s, call, &t, args, take_value, &r, &r.own));
    *has_value = r.has_value;
    return RIV_OK;
}

riv_err marine_service_call_values(marine_service *s, const marine_call *call, const marine_value *args,
                                   size_t args_count, riv_arena *arena, riv_fault *fault, marine_result *out,
                                   marine_value *value, bool *has_value)
{
    marine_value result = { 0 };
    bool         has    = false;
    RIV_TRY(begin_call(s, call, fault, out));
    riv_err err = call_values(s, call, args, args_count, arena, &result, &has);
    RIV_TRY(end_call(s, call, err, fault, riv_json_null(), out));
    *value     = result;
    *has_value = has;
    return RIV_OK;
}

/* ---- by JSON text ---- */

static riv_err take_text(void *ctx, const marine_value *v)
{
    receiver *r  = ctx;
    r->has_value = true;
    return marine__value_to_text(r->section, r->type, v, &r->own, r->text);
}

/* The tree knows what is right in the end, and says what is wrong. */
static riv_err args_by_tree(const marine__args *into, riv_str text, riv_fault *own, marine_value **out)
{
    const riv_json *json;
    if (text.len > MARINE__VALUES_BYTES_MAX / 4)
        return riv_fail(own, RIV_E_LIMIT, 0, "arguments of %zu bytes of text", text.len);
    RIV_TRY(riv_json_parse(text, into->service->scratch, own, &json));
    return marine__args_from_json(into, json, own, out);
}

static riv_err call_text(marine_service *s, const marine_call *call, riv_str text, riv_buf *out)
{
    target        t;
    marine_value *args;
    RIV_TRY(find_target(s, call, &t));
    receiver     r    = receiver_of(&t);
    marine__args into = args_of(s, &t);
    r.text            = out;
    if (!marine__args_from_text(&into, text, &args)) {
        riv_arena_reset(s->scratch); /* what was read so far */
        if (args_by_tree(&into, text, &r.own, &args)) return bad_arguments(s, call, &t, &r.own);
    }
    RIV_TRY(run_target(s, call, &t, args, take_text, &r, &r.own));
    if (!r.has_value) riv_put_str(out, RIV_LIT("null"));
    return RIV_OK;
}

riv_err marine_service_call_text(marine_service *s, const marine_call *call, riv_str args, riv_fault *fault,
                                 marine_result *out, riv_buf *text)
{
    size_t start = text->len;
    RIV_TRY(begin_call(s, call, fault, out));
    riv_err err = call_text(s, call, args, text);
    if (err) text->len = start;
    return end_call(s, call, err, fault, riv_json_null(), out);
}

void marine_engine_tick(marine_engine *engine) { wasmtime_engine_increment_epoch(engine->wasm); }
