/* adapter.c: runs adapters: short programs over a stack of interface values that wrap one core function. Those of the usual shapes
 * have plans (plan.c), which do the same faster; this is the reference.
 * Indices were checked when the section was read; kinds of values are checked here.
 * Spec: docs/spec/marine.md 3.4, 4.2, 4.6. Tests: service_test.c, plan_test.c. */
#include "marine/internal.h"

enum { DEPTH_MAX = 64 };

typedef struct run {
    marine__instance      *in;
    const marine__adapter *adapter;
    riv_str                name; /* of the function, for messages */
    const marine_value    *args;
    size_t                 args_count;
    marine_value          *stack;
    size_t                 len, cap;
} run;

static riv_err step(run *r, const marine__instr *i);

static riv_err interpret(marine__instance *in, const marine__adapter *adapter, riv_str name, const marine_value *args,
                         size_t args_count, marine_value *out, size_t *out_count)
{
    marine_service *s = in->service;
    run             r = {
                    in, adapter, name, args, args_count, NULL, 0, RIV_MIN(2 * adapter->count + 1, (size_t)MARINE__STACK_MAX)
    };
    void *memory;
    RIV_TRY(marine__scratch_raw(s, r.cap, sizeof(marine_value), &memory));
    r.stack = memory;
    for (size_t i = 0; i < adapter->count; i++) RIV_TRY(step(&r, &adapter->code[i]));
    size_t wanted = RIV_MIN(in->module->section.types[adapter->type].outputs_count, (size_t)1);
    if (r.len != wanted)
        return marine__fail(s, MARINE_TRAP, "adapter of " RIV_FMT " leaves %zu values, not %zu", RIV_ARG(name), r.len,
                            wanted);
    *out_count = r.len;
    if (r.len) *out = r.stack[0];
    return RIV_OK;
}

/* A component wants lists, not packed arrays, and counts its fuel in a store of its own. */
static riv_err run_component(marine__instance *in, uint32_t type, const marine_value *args, size_t args_count,
                             marine__taker *taker, marine_value *out, size_t *out_count)
{
    marine_service        *s       = in->service;
    const marine__section *section = &in->module->section;
    riv_fault              own     = { 0 };
    void                  *memory;
    RIV_TRY(marine__scratch_raw(s, args_count, sizeof(marine_value), &memory));
    marine_value *lists = memory;
    for (size_t i = 0; i < args_count; i++)
        if (marine__value_copy(section, &section->types[type].args[i].type, &args[i], s->scratch, &own, &lists[i]))
            return marine__fail(s, MARINE_OUT_OF_MEMORY, "%s", own.msg);
    bool    batched = marine__guest_enter(s);
    riv_err err     = marine__component_run(in, type, lists, args_count, out, out_count);
    marine__guest_left(s, batched);
    if (!err && taker && *out_count) taker->err = taker->take(taker->ctx, out);
    return err;
}

static riv_err run_adapter(marine__instance *in, uint32_t type, riv_str name, const marine_value *args,
                           size_t args_count, marine__taker *taker, marine_value *out, size_t *out_count)
{
    if (in->component) return run_component(in, type, args, args_count, taker, out, out_count);
    marine_service        *s       = in->service;
    const marine__section *section = &in->module->section;
    const marine__adapter *adapter = section->adapter_of_type[type];
    const marine__plan    *plan    = section->plan_of_type[type];
    riv_err                err;
    if (!adapter) return marine__fail(s, MARINE_NOT_FOUND, "function " RIV_FMT " has no adapter", RIV_ARG(name));
    if (s->depth == DEPTH_MAX)
        return marine__fail(s, MARINE_STACK, "modules call each other more than %d levels deep", DEPTH_MAX);
    RIV_TRY(marine__charge(s, adapter->count)); /* no loops: each instruction runs once at most */
    s->depth++;
    if (plan && !s->interpreted && marine__plan_fits(in, plan, args)) {
        err = marine__plan_run(in, plan, name, args, taker, out, out_count);
    } else {
        err = interpret(in, adapter, name, args, args_count, out, out_count);
        if (!err && taker && *out_count) taker->err = taker->take(taker->ctx, out);
    }
    s->depth--;
    return err;
}

riv_err marine__run(marine__instance *in, uint32_t type, riv_str name, const marine_value *args, size_t args_count,
                    marine_value *out, size_t *out_count)
{
    return run_adapter(in, type, name, args, args_count, NULL, out, out_count);
}

riv_err marine__run_to(marine__instance *in, uint32_t type, riv_str name, const marine_value *args, size_t args_count,
                       marine__taker *taker)
{
    marine_value out;
    size_t       out_count = 0;
    return run_adapter(in, type, name, args, args_count, taker, &out, &out_count);
}

/* ---- the stack ---- */

static riv_err push(run *r, marine_value v)
{
    if (r->len == r->cap)
        return marine__fail(r->in->service, MARINE_TRAP, "adapter of " RIV_FMT " holds more than %zu values",
                            RIV_ARG(r->name), r->cap);
    r->stack[r->len++] = v;
    return RIV_OK;
}

static riv_err pop_any(run *r, marine_value *out)
{
    if (!r->len)
        return marine__fail(r->in->service, MARINE_TRAP, "adapter of " RIV_FMT " takes a value from an empty stack",
                            RIV_ARG(r->name));
    *out = r->stack[--r->len];
    return RIV_OK;
}

static riv_err pop(run *r, marine_type_kind kind, marine_value *out)
{
    RIV_TRY(pop_any(r, out));
    return out->kind == kind ? RIV_OK : marine__unwanted(r->in, r->name, out->kind, kind);
}

riv_err marine__unwanted(marine__instance *in, riv_str name, marine_type_kind got, marine_type_kind wanted)
{
    return marine__fail(in->service, MARINE_TRAP, "adapter of " RIV_FMT " finds %s on its stack, wants %s",
                        RIV_ARG(name), marine__kind_name(got), marine__kind_name(wanted));
}

static riv_err pop_u32(run *r, uint32_t *out)
{
    marine_value v;
    RIV_TRY(pop(r, MARINE_I32, &v));
    *out = (uint32_t)v.bits;
    return RIV_OK;
}

static uint64_t from_i32(int32_t v) { return (uint64_t)(int64_t)v; }

static riv_err push_u32(run *r, uint32_t v) { return push(r, marine__int(MARINE_I32, from_i32((int32_t)v))); }

/* ---- conversions ---- */

static unsigned width(marine_type_kind kind)
{
    switch (kind) {
    case MARINE_S8:
    case MARINE_U8: return 8;
    case MARINE_S16:
    case MARINE_U16: return 16;
    case MARINE_S64:
    case MARINE_U64:
    case MARINE_I64: return 64;
    default: return 32;
    }
}

static bool is_unsigned(marine_type_kind kind) { return kind >= MARINE_U8 && kind <= MARINE_U64; }

static riv_err no_cast(marine__instance *in, riv_str name, marine_type_kind from, marine_type_kind to, uint64_t value)
{
    return marine__fail(in->service, MARINE_TRAP, "`%s.from_%s` failed to cast `%s` to `%s`: %lld in function " RIV_FMT,
                        marine__kind_name(to), marine__kind_name(from), marine__type_word(from), marine__type_word(to),
                        (long long)value, RIV_ARG(name));
}

/* SPEC scenarios.md 5: An unsigned value with its top bit set is passed as the value; so between types of one width only bits
 * move. All else is checked by value. */
riv_err marine__convert(marine__instance *in, riv_str name, marine_type_kind from, marine_type_kind to, uint64_t value,
                        marine_value *out)
{
    unsigned bits = width(to);
    if (bits == 32 && width(from) == 32) {
        *out = marine__int(to, is_unsigned(to) ? (uint32_t)value : from_i32((int32_t)(uint32_t)value));
        return RIV_OK;
    }
    bool negative = !is_unsigned(from) && (int64_t)value < 0;
    bool fits;
    if (bits == 64)
        fits = true;
    else if (is_unsigned(to))
        fits = !negative && value >> bits == 0;
    else
        fits = negative ? (int64_t)value >= -((int64_t)1 << (bits - 1)) : value < (uint64_t)1 << (bits - 1);
    if (!fits) return no_cast(in, name, from, to, value);
    *out = marine__int(to, value);
    return RIV_OK;
}

static riv_err convert(run *r, marine_type_kind from, marine_type_kind to)
{
    marine_value v;
    RIV_TRY(pop(r, from, &v));
    RIV_TRY(marine__convert(r->in, r->name, from, to, v.bits, &v));
    return push(r, v);
}

/* ---- calls ---- */

static riv_err pop_core_args(run *r, const marine__core *core, wasmtime_val_raw_t *raw)
{
    for (size_t i = core->params_count; i-- > 0;) {
        marine_value v;
        switch (core->params[i]) {
        case WASM_I32:
            RIV_TRY(pop(r, MARINE_I32, &v));
            raw[i].i32 = (int32_t)(uint32_t)v.bits;
            break;
        case WASM_I64:
            RIV_TRY(pop(r, MARINE_I64, &v));
            raw[i].i64 = (int64_t)v.bits;
            break;
        case WASM_F32:
            RIV_TRY(pop(r, MARINE_F32, &v));
            raw[i].f32 = v.f32;
            break;
        default:
            RIV_TRY(pop(r, MARINE_F64, &v));
            raw[i].f64 = v.f64;
            break;
        }
    }
    return RIV_OK;
}

static riv_err call_core(run *r, const marine__core *core)
{
    wasmtime_val_raw_t *raw;
    void               *memory;
    RIV_TRY(marine__scratch_raw(r->in->service, core->params_count + 1, sizeof *raw, &memory));
    raw = memory;
    RIV_TRY(pop_core_args(r, core, raw));
    RIV_TRY(marine__call_core(r->in, core, raw));
    if (!core->has_result) return RIV_OK;
    switch (core->result) {
    case WASM_I32: return push(r, marine__int(MARINE_I32, from_i32(raw[0].i32)));
    case WASM_I64: return push(r, marine__int(MARINE_I64, (uint64_t)raw[0].i64));
    case WASM_F32: return push(r, (marine_value){ .kind = MARINE_F32, .f32 = raw[0].f32 });
    default: return push(r, (marine_value){ .kind = MARINE_F64, .f64 = raw[0].f64 });
    }
}

/* A function of another module: its own adapter takes the values over. */
riv_err marine__call_module(marine__instance *in, const marine__callee *callee, const marine_value *args,
                            marine_value *out, size_t *out_count)
{
    const marine__section *section = &callee->instance->module->section;
    const marine__type    *type    = &section->types[callee->adapter];
    uint64_t               visited = 0;
    for (size_t i = 0; i < type->args_count; i++)
        if (!marine__value_fits(section, &type->args[i].type, &args[i], &visited))
            return marine__fail(in->service, MARINE_TRAP,
                                "argument " RIV_FMT " of " RIV_FMT " in module " RIV_FMT " has another type",
                                RIV_ARG(type->args[i].name), RIV_ARG(callee->name), RIV_ARG(callee->instance->name));
    RIV_TRY(marine__charge(in->service, visited));
    return marine__run(callee->instance, callee->adapter, callee->name, args, type->args_count, out, out_count);
}

static riv_err call_module(run *r, const marine__callee *callee)
{
    const marine__type *type  = &callee->instance->module->section.types[callee->adapter];
    size_t              count = callee->type->args_count, out_count = 0;
    marine_value        out;
    if (type->args_count != count || r->len < count)
        return marine__fail(r->in->service, MARINE_TRAP,
                            "function " RIV_FMT " of module " RIV_FMT " takes %zu arguments, not %zu",
                            RIV_ARG(callee->name), RIV_ARG(callee->instance->name), type->args_count, count);
    r->len -= count;
    RIV_TRY(marine__call_module(r->in, callee, &r->stack[r->len], &out, &out_count));
    return out_count ? push(r, out) : RIV_OK;
}

static riv_err call(run *r, uint64_t index)
{
    if (index >= r->in->callees_count) /* a start section calls through us while its instance is still made */
        return marine__fail(r->in->service, MARINE_TRAP,
                            "module " RIV_FMT " calls through " RIV_FMT " before it is linked", RIV_ARG(r->in->name),
                            RIV_ARG(r->name));
    const marine__callee *callee = &r->in->callees[index];
    return callee->core ? call_core(r, callee->core) : call_module(r, callee);
}

riv_err marine__call_core(marine__instance *in, const marine__core *core, wasmtime_val_raw_t *raw)
{
    wasm_trap_t      *trap    = NULL;
    size_t            slots   = RIV_MAX(core->params_count, (size_t)core->has_result);
    bool              batched = marine__guest_enter(in->service);
    wasmtime_error_t *error   = wasmtime_func_call_unchecked(in->service->context, &core->func, raw, slots, &trap);
    marine__guest_left(in->service, batched);
    if (!error && !trap) return RIV_OK;
    return marine__fail_wasm(in, MARINE_TRAP, core->name, error, trap);
}

/* ---- memory ---- */

static riv_err lift_pair(run *r, const marine_type *type)
{
    uint32_t     size, ptr;
    marine_value v;
    RIV_TRY(pop_u32(r, &size));
    RIV_TRY(pop_u32(r, &ptr));
    RIV_TRY(marine__lift(r->in, type, false, ptr, size, &v));
    return push(r, v);
}

static riv_err size_of(run *r, marine_type_kind kind)
{
    marine_value v;
    if (r->len && kind == MARINE_BYTES && r->stack[r->len - 1].kind == MARINE_ARRAY) {
        RIV_TRY(pop_any(r, &v));
        return push_u32(r, (uint32_t)v.list.count);
    }
    RIV_TRY(pop(r, kind, &v));
    return push_u32(r, (uint32_t)v.bytes.len);
}

static riv_err write_bytes(run *r, marine_type_kind kind)
{
    marine_value v;
    uint32_t     ptr;
    RIV_TRY(pop(r, kind, &v));
    RIV_TRY(pop_u32(r, &ptr));
    RIV_TRY(marine__write_allocated(r->in, ptr, v.bytes));
    RIV_TRY(push_u32(r, ptr));
    return push_u32(r, (uint32_t)v.bytes.len);
}

static riv_err lower_array(run *r, const marine_type *element)
{
    marine_value v;
    uint32_t     ptr, count;
    RIV_TRY(pop_any(r, &v));
    RIV_TRY(marine__lower_array(r->in, &r->in->module->section, element, &v, &ptr, &count));
    RIV_TRY(push_u32(r, ptr));
    return push_u32(r, count);
}

static riv_err lower_record(run *r, uint32_t type)
{
    marine_value v;
    uint32_t     ptr;
    RIV_TRY(pop(r, MARINE_RECORD, &v));
    RIV_TRY(marine__lower_record(r->in, &r->in->module->section, type, &v, &ptr));
    return push_u32(r, ptr);
}

static riv_err lift_record(run *r, uint32_t type)
{
    marine_value v;
    uint32_t     ptr;
    RIV_TRY(pop_u32(r, &ptr));
    RIV_TRY(marine__lift(r->in, &(marine_type){ .kind = MARINE_RECORD, .record = type }, false, ptr, 0, &v));
    return push(r, v);
}

static riv_err swap2(run *r)
{
    marine_value a, b;
    RIV_TRY(pop_any(r, &b));
    RIV_TRY(pop_any(r, &a));
    RIV_TRY(push(r, b));
    return push(r, a);
}

static riv_err dup(run *r)
{
    marine_value v;
    RIV_TRY(pop_any(r, &v));
    RIV_TRY(push(r, v));
    return push(r, v);
}

static riv_err to_bool(run *r)
{
    uint32_t v;
    RIV_TRY(pop_u32(r, &v));
    return push(r, marine__int(MARINE_BOOL, v != 0));
}

static riv_err from_bool(run *r)
{
    marine_value v;
    RIV_TRY(pop(r, MARINE_BOOL, &v));
    return push_u32(r, (uint32_t)v.bits);
}

static riv_err step(run *r, const marine__instr *i)
{
    marine_type_kind from, to;
    switch (i->op) {
    case MARINE_OP_ARG_GET:
        if (i->index >= r->args_count)
            return marine__fail(r->in->service, MARINE_TRAP, "adapter of " RIV_FMT " misses an argument",
                                RIV_ARG(r->name));
        return push(r, r->args[i->index]);
    case MARINE_OP_CALL_CORE: return call(r, i->index);
    case MARINE_OP_STRING_LIFT: return lift_pair(r, &(marine_type){ .kind = MARINE_STRING });
    case MARINE_OP_STRING_LOWER: return write_bytes(r, MARINE_STRING);
    case MARINE_OP_STRING_SIZE: return size_of(r, MARINE_STRING);
    case MARINE_OP_BYTES_LIFT: return lift_pair(r, &(marine_type){ .kind = MARINE_BYTES });
    case MARINE_OP_BYTES_LOWER: return write_bytes(r, MARINE_BYTES);
    case MARINE_OP_BYTES_SIZE: return size_of(r, MARINE_BYTES);
    case MARINE_OP_ARRAY_LIFT: return lift_pair(r, &(marine_type){ .kind = MARINE_ARRAY, .element = &i->type });
    case MARINE_OP_ARRAY_LOWER: return lower_array(r, &i->type);
    case MARINE_OP_RECORD_LIFT: return lift_record(r, (uint32_t)i->index);
    case MARINE_OP_RECORD_LOWER: return lower_record(r, (uint32_t)i->index);
    case MARINE_OP_DUP: return dup(r);
    case MARINE_OP_SWAP2: return swap2(r);
    case MARINE_OP_BOOL_FROM_I32: return to_bool(r);
    case MARINE_OP_I32_FROM_BOOL: return from_bool(r);
    case MARINE_OP_I32_PUSH: return push_u32(r, (uint32_t)i->index);
    case MARINE_OP_I64_PUSH: return push(r, marine__int(MARINE_I64, i->index));
    default: RIV_ASSERT(marine__conversion(i->op, &from, &to)); return convert(r, from, to);
    }
}
