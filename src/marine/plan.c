/* plan.c: adapters of the shapes that generators make, as flat plans: how each argument goes down is known when the module is read.
 * A plan does what its adapter's instructions do, in their order, with the same fuel and the same failures, only without a stack. What has
 * another shape has no plan; what does not fit the functions of an instance is interpreted (adapter.c).
 * Spec: docs/spec/marine.md 4.1, 4.5. Tests: plan_test.c. */
#include "marine/internal.h"

/* How one value crosses. In exports arguments go down and the result comes up, in imports the other way. */
typedef enum way {
    WAY_NONE,
    WAY_AS_IT_IS, /* a core type */
    WAY_CONVERT,
    WAY_BOOL,
    WAY_PLAIN, /* string or bytes: the generator writes allocate itself, and for that no fuel is taken */
    WAY_ARRAY, /* also bytes */
    WAY_RECORD,
} way;

typedef struct crossing {
    way         how;
    marine_type type; /* of the interface */
    uint8_t     core; /* wasm_valkind_t of its first slot; the second of a pair is an i32 */
} crossing;

struct marine__plan {
    bool            is_import, release;
    const crossing *args;
    size_t          args_count, slots;
    const uint8_t  *core; /* of each slot */
    crossing        result;
    uint32_t        callee;
};

/* ---- recognising ---- */

typedef struct shape { /* what is being read */
    const marine__section     *section;
    const marine__type *const *signatures; /* of the imports that call-core reaches */
    size_t                     signatures_count;
    const marine__instr       *at, *end;
} shape;

static bool is_op(const shape *s, size_t ahead, uint8_t op)
{
    return (size_t)(s->end - s->at) > ahead && s->at[ahead].op == op;
}

static bool take(shape *s, uint8_t op)
{
    if (!is_op(s, 0, op)) return false;
    s->at++;
    return true;
}

static bool take_index(shape *s, uint8_t op, uint64_t index)
{
    if (!is_op(s, 0, op) || s->at->index != index) return false;
    s->at++;
    return true;
}

static bool same_type(const marine_type *a, const marine_type *b)
{
    while (a->kind == MARINE_ARRAY && b->kind == MARINE_ARRAY) {
        a = a->element;
        b = b->element;
    }
    return a->kind == b->kind && (a->kind != MARINE_RECORD || a->record == b->record);
}

/* An instruction that names the element type of an array; bytes are an array of u8 to it. */
static bool take_array(shape *s, uint8_t op, const marine_type *type)
{
    if (!is_op(s, 0, op) || !same_type(&s->at->type, marine__element(type))) return false;
    s->at++;
    return true;
}

static bool take_conversion(shape *s, marine_type_kind *from, marine_type_kind *to)
{
    if (s->at == s->end || !marine__conversion(s->at->op, from, to)) return false;
    s->at++;
    return true;
}

static bool is_core(marine_type_kind kind) { return kind == MARINE_I32 || kind == MARINE_I64; }

static uint8_t core_of(marine_type_kind kind)
{
    switch (kind) {
    case MARINE_I64: return WASM_I64;
    case MARINE_F32: return WASM_F32;
    case MARINE_F64: return WASM_F64;
    default: return WASM_I32;
    }
}

static bool stays(marine_type_kind kind) { return is_core(kind) || kind == MARINE_F32 || kind == MARINE_F64; }

/* string.size; i32.push 1; call-core 0: after the value was pushed; then comes what puts the value back on top, then the lowering. */
static bool take_allocation(shape *s, const marine_type *type)
{
    bool is_text = type->kind == MARINE_STRING;
    return (is_text || marine__is_bytes(type)) && take(s, is_text ? MARINE_OP_STRING_SIZE : MARINE_OP_BYTES_SIZE) &&
           take_index(s, MARINE_OP_I32_PUSH, 1) && take_index(s, MARINE_OP_CALL_CORE, MARINE__ALLOCATE);
}

static bool take_plain_lowering(shape *s, const marine_type *type)
{
    return take(s, type->kind == MARINE_STRING ? MARINE_OP_STRING_LOWER : MARINE_OP_BYTES_LOWER);
}

/* A scalar that goes down from its own type to a core type, or comes up from one. */
static bool take_scalar(shape *s, const marine_type *type, bool down, crossing *out)
{
    marine_type_kind from, to;
    if (type->kind == MARINE_BOOL) {
        out->how = WAY_BOOL;
        return take(s, down ? MARINE_OP_I32_FROM_BOOL : MARINE_OP_BOOL_FROM_I32);
    }
    out->core = core_of(type->kind);
    out->how  = WAY_AS_IT_IS;
    if (stays(type->kind)) return true;
    if (!take_conversion(s, &from, &to)) return false;
    marine_type_kind own = down ? from : to, core = down ? to : from;
    out->how  = WAY_CONVERT;
    out->core = core_of(core);
    return own == type->kind && is_core(core);
}

/* SPEC marine.md 4.5: Export, per argument i */
static bool take_export_arg(shape *s, uint64_t i, const marine_type *type, crossing *out)
{
    *out = (crossing){ .type = *type, .core = WASM_I32 };
    if (!take_index(s, MARINE_OP_ARG_GET, i)) return false;
    if (marine__is_scalar(type->kind)) return take_scalar(s, type, true, out);
    if (type->kind == MARINE_RECORD) {
        out->how = WAY_RECORD;
        return take_index(s, MARINE_OP_RECORD_LOWER, type->record);
    }
    out->how = WAY_ARRAY;
    if (type->kind != MARINE_STRING && take_array(s, MARINE_OP_ARRAY_LOWER, type)) return true;
    out->how = WAY_PLAIN;
    return take_allocation(s, type) && take_index(s, MARINE_OP_ARG_GET, i) && take_plain_lowering(s, type);
}

static bool take_lift(shape *s, const marine_type *type, crossing *out)
{
    out->how = type->kind == MARINE_STRING ? WAY_PLAIN : WAY_ARRAY;
    if (type->kind == MARINE_STRING) return take(s, MARINE_OP_STRING_LIFT);
    return (marine__is_bytes(type) && take(s, MARINE_OP_BYTES_LIFT)) || take_array(s, MARINE_OP_ARRAY_LIFT, type);
}

static bool take_export_result(shape *s, const marine_type *type, crossing *out)
{
    *out = (crossing){ .type = *type, .core = WASM_I32 };
    if (marine__is_scalar(type->kind)) return take_scalar(s, type, false, out);
    if (!take_index(s, MARINE_OP_CALL_CORE, MARINE__GET_PTR)) return false;
    if (type->kind == MARINE_RECORD) {
        out->how = WAY_RECORD;
        return take_index(s, MARINE_OP_RECORD_LIFT, type->record);
    }
    return take_index(s, MARINE_OP_CALL_CORE, MARINE__GET_SIZE) && take_lift(s, type, out);
}

/* SPEC marine.md 4.5: Import, arguments: what lies in raw arguments from *raw on; their types say nothing of what is lifted. */
static bool take_import_arg(shape *s, const marine__type *type, uint64_t *raw, crossing *out)
{
    marine_type_kind from, to;
    marine_type_kind have = *raw < type->args_count ? type->args[*raw].type.kind : MARINE_RECORD;
    *out                  = (crossing){ .core = WASM_I32 };
    if (!take_index(s, MARINE_OP_ARG_GET, *raw)) return false;
    if (!stays(have)) return false;
    ++*raw;
    if (have == MARINE_I32 && is_op(s, 0, MARINE_OP_RECORD_LIFT)) {
        out->how  = WAY_RECORD;
        out->type = (marine_type){ .kind = MARINE_RECORD, .record = (uint32_t)s->at++->index };
        return true;
    }
    bool pair =
        is_op(s, 1, MARINE_OP_STRING_LIFT) || is_op(s, 1, MARINE_OP_BYTES_LIFT) || is_op(s, 1, MARINE_OP_ARRAY_LIFT);
    if (pair) {
        if (have != MARINE_I32 || *raw >= type->args_count || type->args[*raw].type.kind != MARINE_I32 ||
            !take_index(s, MARINE_OP_ARG_GET, *raw))
            return false;
        ++*raw;
        out->how       = s->at->op == MARINE_OP_ARRAY_LIFT ? WAY_ARRAY : WAY_PLAIN;
        out->type.kind = s->at->op == MARINE_OP_STRING_LIFT  ? MARINE_STRING
                         : s->at->op == MARINE_OP_BYTES_LIFT ? MARINE_BYTES
                                                             : MARINE_ARRAY;
        if (out->how == WAY_ARRAY) out->type.element = &s->at->type;
        s->at++;
        return true;
    }
    out->type.kind = have;
    out->core      = core_of(have);
    out->how       = WAY_AS_IT_IS;
    if (have == MARINE_I32 && take(s, MARINE_OP_BOOL_FROM_I32)) {
        out->how       = WAY_BOOL;
        out->type.kind = MARINE_BOOL;
    } else if (take_conversion(s, &from, &to)) {
        if (from != have || is_core(to)) return false;
        out->how       = WAY_CONVERT;
        out->type.kind = to;
    }
    return true;
}

/* What the callee gives, by the signature that the import has here. */
static bool take_import_result(shape *s, const marine_type *type, crossing *out)
{
    *out = (crossing){ .type = *type, .core = WASM_I32 };
    if (marine__is_scalar(type->kind)) return take_scalar(s, type, true, out);
    if (type->kind == MARINE_RECORD) {
        out->how = WAY_RECORD;
        return take_index(s, MARINE_OP_RECORD_LOWER, type->record) &&
               take_index(s, MARINE_OP_CALL_CORE, MARINE__SET_PTR);
    }
    if (type->kind != MARINE_STRING && take_array(s, MARINE_OP_ARRAY_LOWER, type)) {
        out->how = WAY_ARRAY;
    } else {
        out->how = WAY_PLAIN;
        if (!take(s, MARINE_OP_DUP) || !take_allocation(s, type) || !take(s, MARINE_OP_SWAP2) ||
            !take_plain_lowering(s, type))
            return false;
    }
    return take_index(s, MARINE_OP_CALL_CORE, MARINE__SET_SIZE) && take_index(s, MARINE_OP_CALL_CORE, MARINE__SET_PTR);
}

static bool is_object(const crossing *c) { return c->how >= WAY_PLAIN; }

/* Whether call-core 0..5 are what the generators take them for. */
static bool names_abi(const marine__section *section)
{
    if (section->exports_count < MARINE__ABI_COUNT) return false;
    for (size_t i = 0; i < MARINE__ABI_COUNT; i++)
        if (!riv_str_eq(section->exports[i].name, riv_str_c(marine__abi_names[i]))) return false;
    return true;
}

static bool is_pair(const crossing *c) { return c->how == WAY_PLAIN || c->how == WAY_ARRAY; }

/* The slots of the core function that the arguments fill. */
static bool count_slots(marine__plan *plan, riv_arena *arena)
{
    for (size_t i = 0; i < plan->args_count; i++) plan->slots += is_pair(&plan->args[i]) ? 2 : 1;
    if (plan->slots > MARINE__ARITY_MAX) return false;
    uint8_t *core = riv_new(arena, uint8_t, plan->slots), *at = core;
    for (size_t i = 0; i < plan->args_count; i++) {
        *at++ = plan->args[i].core;
        if (is_pair(&plan->args[i])) *at++ = WASM_I32;
    }
    plan->core = core;
    return true;
}

static bool plan_export(shape *s, const marine__type *type, riv_arena *arena, marine__plan *plan)
{
    crossing *args = riv_new(arena, crossing, type->args_count);
    for (size_t i = 0; i < type->args_count; i++)
        if (!take_export_arg(s, i, &type->args[i].type, &args[i])) return false;
    if (!is_op(s, 0, MARINE_OP_CALL_CORE) || s->at->index >= s->section->exports_count) return false;
    plan->callee     = (uint32_t)s->at++->index;
    plan->args       = args;
    plan->args_count = type->args_count;
    if (type->outputs_count > 1) return false;
    if (type->outputs_count && !take_export_result(s, &type->outputs[0], &plan->result)) return false;
    plan->release = take_index(s, MARINE_OP_CALL_CORE, MARINE__RELEASE);
    return s->at == s->end && count_slots(plan, arena);
}

static bool plan_import(shape *s, const marine__type *type, riv_arena *arena, marine__plan *plan)
{
    crossing *args    = riv_new(arena, crossing, type->args_count);
    uint64_t  raw     = 0;
    bool      objects = false;
    plan->is_import   = true;
    while (is_op(s, 0, MARINE_OP_ARG_GET)) {
        if (plan->args_count == type->args_count || !take_import_arg(s, type, &raw, &args[plan->args_count]))
            return false;
        objects |= is_object(&args[plan->args_count++]);
    }
    plan->args = args;
    if (raw != type->args_count) return false;
    plan->release = take_index(s, MARINE_OP_CALL_CORE, MARINE__RELEASE);
    if (plan->release != objects || !is_op(s, 0, MARINE_OP_CALL_CORE)) return false;
    uint64_t import = s->at->index - s->section->exports_count;
    if (s->at->index < s->section->exports_count || import >= s->signatures_count) return false;
    const marine__type *signature = s->signatures[import];
    if (signature->outputs_count > 1) return false;
    plan->callee = (uint32_t)s->at++->index;
    if (signature->outputs_count && !take_import_result(s, &signature->outputs[0], &plan->result)) return false;
    /* what stays on the stack is what the shim gives */
    bool gives = signature->outputs_count && !is_object(&plan->result);
    return s->at == s->end && gives == (type->outputs_count > 0);
}

static const marine__plan *plan_of(shape *s, const marine__type *type, riv_arena *arena)
{
    shape again = *s;
    if ((size_t)(s->end - s->at) <= type->args_count) return NULL; /* foreign sections are large at will */
    marine__plan *plan = riv_new(arena, marine__plan, 1);
    if (plan_export(s, type, arena, plan)) return plan;
    *plan = (marine__plan){ 0 };
    return plan_import(&again, type, arena, plan) ? plan : NULL;
}

const marine__plan *const *marine__plans_of(const marine__section *section, riv_arena *arena)
{
    const marine__plan **plans      = riv_new(arena, const marine__plan *, section->types_count);
    const marine__type **signatures = riv_new(arena, const marine__type *, section->imports_count);
    shape                s          = { .section = section, .signatures = signatures };
    if (!names_abi(section)) return plans;
    /* SPEC marine.md 3.4: the k-th entry of the IT import list among those whose function_type has an implementation */
    for (size_t i = 0; i < section->imports_count; i++)
        if (section->adapter_of_core[section->imports[i].type] != UINT32_MAX)
            signatures[s.signatures_count++] = &section->types[section->imports[i].type - 2];
    for (size_t i = 0; i < section->types_count; i++) {
        const marine__adapter *adapter = section->adapter_of_type[i];
        if (!adapter) continue;
        s.at     = adapter->code;
        s.end    = adapter->code + adapter->count;
        plans[i] = plan_of(&s, &section->types[i], arena);
    }
    return plans;
}

/* ---- whether it fits ---- */

static bool import_fits(const marine__callee *callee, const marine__plan *plan)
{
    if (callee->core) return false;
    const marine__type *type = &callee->instance->module->section.types[callee->adapter];
    return callee->type->args_count == plan->args_count && type->args_count == plan->args_count &&
           (type->outputs_count > 0) == (plan->result.how != WAY_NONE);
}

static bool export_fits(const marine__core *core, const marine__plan *plan)
{
    bool gives = plan->result.how != WAY_NONE && !is_object(&plan->result);
    return core && core->params_count == plan->slots && memcmp(core->params, plan->core, plan->slots) == 0 &&
           core->has_result == gives && (!gives || core->result == plan->result.core);
}

/* A shim of a foreign section may be an export's adapter: its values are raw then, and the interpreter says so. */
static bool args_fit(const marine__plan *plan, const marine_value *args)
{
    for (size_t i = 0; i < plan->args_count; i++) {
        const crossing *c    = &plan->args[i];
        bool            text = c->how == WAY_PLAIN && c->type.kind == MARINE_STRING;
        if (c->how == WAY_ARRAY || c->how == WAY_RECORD) continue; /* what lowers them looks */
        if (args[i].kind != (text ? MARINE_STRING : c->how == WAY_PLAIN ? MARINE_BYTES : c->type.kind)) return false;
    }
    return true;
}

bool marine__plan_fits(const marine__instance *in, const marine__plan *plan, const marine_value *args)
{
    if (plan->callee >= in->callees_count || (!plan->is_import && !args_fit(plan, args))) return false;
    for (int i = 0; i < MARINE__ABI_COUNT; i++)
        if (!in->abi[i]) return false;
    const marine__callee *callee = &in->callees[plan->callee];
    return plan->is_import ? import_fits(callee, plan) : export_fits(callee->core, plan);
}

/* ---- running ---- */

static riv_err call_abi(marine__instance *in, enum marine__abi which, uint32_t *io)
{
    wasmtime_val_raw_t raw[1];
    raw[0].i32 = (int32_t)*io;
    RIV_TRY(marine__call_core(in, in->abi[which], raw));
    *io = (uint32_t)raw[0].i32;
    return RIV_OK;
}

/* No fuel for the bytes: SPEC marine.md 4.5 has the generator call allocate itself here. */
static riv_err lower_plain(marine__instance *in, riv_bytes bytes, uint32_t *ptr)
{
    wasmtime_val_raw_t raw[2];
    raw[0].i32 = (int32_t)(uint32_t)bytes.len;
    raw[1].i32 = 1;
    RIV_TRY(marine__call_core(in, in->abi[MARINE__ALLOCATE], raw));
    *ptr = (uint32_t)raw[0].i32;
    return marine__write_allocated(in, *ptr, bytes);
}

/* A value as the core function takes it, in one slot or two. */
static riv_err lower(marine__instance *in, const crossing *c, riv_str name, const marine_value *v,
                     wasmtime_val_raw_t *raw, size_t *slots)
{
    uint32_t     ptr = 0, count = 0;
    marine_value core = *v;
    *slots            = 1;
    switch (c->how) {
    case WAY_CONVERT:
        RIV_TRY(marine__convert(in, name, c->type.kind, c->core == WASM_I64 ? MARINE_I64 : MARINE_I32, v->bits, &core));
        break;
    case WAY_PLAIN:
        count = (uint32_t)v->bytes.len;
        RIV_TRY(lower_plain(in, v->bytes, &ptr));
        break;
    case WAY_ARRAY:
        RIV_TRY(marine__lower_array(in, &in->module->section, marine__element(&c->type), v, &ptr, &count));
        break;
    case WAY_RECORD: RIV_TRY(marine__lower_record(in, &in->module->section, c->type.record, v, &ptr)); break;
    case WAY_NONE:
    case WAY_AS_IT_IS:
    case WAY_BOOL: break;
    }
    if (is_object(c)) {
        raw[0].i32 = (int32_t)ptr;
        if (c->how != WAY_RECORD) raw[1].i32 = (int32_t)count;
        *slots = c->how == WAY_RECORD ? 1 : 2;
        return RIV_OK;
    }
    switch (c->core) {
    case WASM_I64: raw[0].i64 = (int64_t)core.bits; break;
    case WASM_F32: raw[0].f32 = core.f32; break;
    case WASM_F64: raw[0].f64 = core.f64; break;
    default: raw[0].i32 = (int32_t)(uint32_t)core.bits; break;
    }
    return RIV_OK;
}

static riv_err lift_scalar(marine__instance *in, const crossing *c, riv_str name, wasmtime_val_raw_t raw,
                           marine_value *out)
{
    bool     wide = c->core == WASM_I64;
    uint64_t bits = wide ? (uint64_t)raw.i64 : (uint64_t)(int64_t)raw.i32;
    *out          = (marine_value){ .kind = c->type.kind };
    if (c->how == WAY_CONVERT)
        return marine__convert(in, name, wide ? MARINE_I64 : MARINE_I32, c->type.kind, bits, out);
    if (c->how == WAY_BOOL)
        out->bits = (uint32_t)bits != 0;
    else if (c->core == WASM_F32)
        out->f32 = raw.f32;
    else if (c->core == WASM_F64)
        out->f64 = raw.f64;
    else
        out->bits = bits;
    return RIV_OK;
}

static riv_err take_result(marine__instance *in, const marine__plan *plan, riv_str name, wasmtime_val_raw_t raw,
                           bool view, marine_value *out)
{
    const crossing *c   = &plan->result;
    uint32_t        ptr = 0, size = 0;
    if (!is_object(c)) return lift_scalar(in, c, name, raw, out);
    RIV_TRY(call_abi(in, MARINE__GET_PTR, &ptr));
    if (c->how != WAY_RECORD) RIV_TRY(call_abi(in, MARINE__GET_SIZE, &size));
    return marine__lift(in, &c->type, view, ptr, size, out);
}

static riv_err run_export(marine__instance *in, const marine__plan *plan, riv_str name, const marine_value *args,
                          marine__taker *taker, marine_value *out, size_t *out_count)
{
    void  *memory;
    size_t at = 0, slots = 0;
    RIV_TRY(marine__scratch_raw(in->service, plan->slots + 1, sizeof(wasmtime_val_raw_t), &memory));
    wasmtime_val_raw_t *raw = memory;
    for (size_t i = 0; i < plan->args_count; i++, at += slots)
        RIV_TRY(lower(in, &plan->args[i], name, &args[i], raw + at, &slots));
    RIV_TRY(marine__call_core(in, in->callees[plan->callee].core, raw));
    *out_count = plan->result.how != WAY_NONE;
    if (*out_count) RIV_TRY(take_result(in, plan, name, raw[0], taker != NULL, out));
    if (*out_count && taker) taker->err = taker->take(taker->ctx, out);
    return plan->release ? call_abi(in, MARINE__RELEASE, &(uint32_t){ 0 }) : RIV_OK;
}

/* The values that an import is called with, from its raw arguments. */
static riv_err lift_args(marine__instance *in, const marine__plan *plan, riv_str name, const marine_value *raw,
                         marine_value *out)
{
    for (size_t i = 0; i < plan->args_count; i++) {
        const crossing *c = &plan->args[i];
        switch (c->how) {
        case WAY_CONVERT: RIV_TRY(marine__convert(in, name, raw->kind, c->type.kind, raw->bits, &out[i])); break;
        case WAY_BOOL: out[i] = marine__int(MARINE_BOOL, (uint32_t)raw->bits != 0); break;
        case WAY_PLAIN:
        case WAY_ARRAY:
            RIV_TRY(marine__lift(in, &c->type, false, (uint32_t)raw[0].bits, (uint32_t)raw[1].bits, &out[i]));
            raw++;
            break;
        case WAY_RECORD: RIV_TRY(marine__lift(in, &c->type, false, (uint32_t)raw->bits, 0, &out[i])); break;
        case WAY_NONE:
        case WAY_AS_IT_IS: out[i] = *raw; break;
        }
        raw++;
    }
    return RIV_OK;
}

/* The interpreter finds a wrong type when an instruction looks at it; a record is looked into by what lowers it. */
static riv_err check_result(marine__instance *in, const crossing *c, riv_str name, const marine_value *v)
{
    marine_type_kind wanted = c->type.kind == MARINE_ARRAY && c->how == WAY_PLAIN ? MARINE_BYTES : c->type.kind;
    if (c->how == WAY_ARRAY || c->how == WAY_AS_IT_IS || v->kind == wanted) return RIV_OK;
    return marine__unwanted(in, name, v->kind, wanted);
}

static riv_err run_import(marine__instance *in, const marine__plan *plan, riv_str name, const marine_value *raw,
                          marine_value *out, size_t *out_count)
{
    const crossing    *c = &plan->result;
    void              *memory;
    marine_value      *args, value = { 0 };
    wasmtime_val_raw_t slots[2];
    size_t             given = 0, used = 0;
    RIV_TRY(marine__scratch_raw(in->service, plan->args_count, sizeof(marine_value), &memory));
    args = memory;
    RIV_TRY(lift_args(in, plan, name, raw, args));
    if (plan->release) RIV_TRY(call_abi(in, MARINE__RELEASE, &(uint32_t){ 0 }));
    RIV_TRY(marine__call_module(in, &in->callees[plan->callee], args, &value, &given));
    *out_count = 0;
    if (c->how == WAY_NONE) return RIV_OK;
    RIV_TRY(check_result(in, c, name, &value));
    if (!is_object(c)) {
        *out_count = 1;
        if (c->how == WAY_CONVERT)
            return marine__convert(in, name, c->type.kind, c->core == WASM_I64 ? MARINE_I64 : MARINE_I32, value.bits,
                                   out);
        *out = c->how == WAY_BOOL ? marine__int(MARINE_I32, value.bits) : value;
        return RIV_OK;
    }
    RIV_TRY(lower(in, c, name, &value, slots, &used));
    if (used == 2) RIV_TRY(call_abi(in, MARINE__SET_SIZE, &(uint32_t){ (uint32_t)slots[1].i32 }));
    return call_abi(in, MARINE__SET_PTR, &(uint32_t){ (uint32_t)slots[0].i32 });
}

riv_err marine__plan_run(marine__instance *in, const marine__plan *plan, riv_str name, const marine_value *args,
                         marine__taker *taker, marine_value *out, size_t *out_count)
{
    if (!plan->is_import) return run_export(in, plan, name, args, taker, out, out_count);
    RIV_TRY(run_import(in, plan, name, args, out, out_count));
    if (taker && *out_count) taker->err = taker->take(taker->ctx, out);
    return RIV_OK;
}
