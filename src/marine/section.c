/* section.c: the interface-types section: its types, adapters and the tables that bind them to the wasm code.
 * Reading checks every index, so that whoever runs adapters later meets only known things.
 * Spec: docs/spec/marine.md 2, 3. Tests: section_test.c, it_fuzz.c. */
#include "marine/internal.h"

enum {
    KIND_TYPE,
    KIND_IMPORT,
    KIND_ADAPTER,
    KIND_EXPORT,
    KIND_IMPLEMENTATION,
    KIND_VERSION,

    TYPE_FUNCTION       = 0,
    TYPE_RECORD         = 1,
    CODE_RECORD         = 0x0e,
    CODE_ARRAY          = 0x36,
    CODE_BYTES          = 0x3c,
    OP_FIRST            = 0x02, /* of the conversions */
    ULEB_BYTES          = 9,
    SECTION_BYTES_MAX   = 2 << 20,
    DEPTH_UNKNOWN       = 0,
    NAME_BYTES_MAX      = 255,
    OUTPUTS_MAX         = 16,
    DEPTH_BEING_COUNTED = UINT16_MAX,
};

/* clang-format off */
/* Source and target of opcode 0x02 + index. SPEC marine.md 2.4 */
static const struct { marine_type_kind from, to; } conversions[] = {
    { MARINE_I32, MARINE_S8  }, { MARINE_I64, MARINE_S8  }, { MARINE_I32, MARINE_S16 }, { MARINE_I64, MARINE_S16 },
    { MARINE_I32, MARINE_S32 }, { MARINE_I64, MARINE_S32 }, { MARINE_I32, MARINE_S64 }, { MARINE_I64, MARINE_S64 },
    { MARINE_S8,  MARINE_I32 }, { MARINE_S16, MARINE_I32 }, { MARINE_S32, MARINE_I32 }, { MARINE_S64, MARINE_I32 },
    { MARINE_S8,  MARINE_I64 }, { MARINE_S16, MARINE_I64 }, { MARINE_S32, MARINE_I64 }, { MARINE_S64, MARINE_I64 },
    { MARINE_I32, MARINE_U8  }, { MARINE_I64, MARINE_U8  }, { MARINE_I32, MARINE_U16 }, { MARINE_I64, MARINE_U16 },
    { MARINE_I32, MARINE_U32 }, { MARINE_I64, MARINE_U32 }, { MARINE_I32, MARINE_U64 }, { MARINE_I64, MARINE_U64 },
    { MARINE_U8,  MARINE_I32 }, { MARINE_U16, MARINE_I32 }, { MARINE_U32, MARINE_I32 }, { MARINE_U64, MARINE_I32 },
    { MARINE_U8,  MARINE_I64 }, { MARINE_U16, MARINE_I64 }, { MARINE_U32, MARINE_I64 }, { MARINE_U64, MARINE_I64 },
};
/* Type codes 0x00..0x0d. SPEC marine.md 2.3 */
static const marine_type_kind scalar_codes[] = {
    MARINE_S8, MARINE_S16, MARINE_S32, MARINE_S64, MARINE_U8, MARINE_U16, MARINE_U32, MARINE_U64, MARINE_F32, MARINE_F64,
    MARINE_STRING, MARINE_BOOL, MARINE_I32, MARINE_I64,
};
static const char *const kind_names[] = {
    [MARINE_S8] = "s8", [MARINE_S16] = "s16", [MARINE_S32] = "s32", [MARINE_S64] = "s64",
    [MARINE_U8] = "u8", [MARINE_U16] = "u16", [MARINE_U32] = "u32", [MARINE_U64] = "u64",
    [MARINE_F32] = "f32", [MARINE_F64] = "f64", [MARINE_STRING] = "string", [MARINE_BOOL] = "bool",
    [MARINE_I32] = "i32", [MARINE_I64] = "i64", [MARINE_RECORD] = "record", [MARINE_ARRAY] = "array", [MARINE_BYTES] = "bytes",
};
/* clang-format on */

typedef struct reading {
    riv_reader r;
    riv_arena *arena;
    riv_fault *fault;
    size_t     instrs;
    size_t     versions;
    RIV_VEC(marine__type) types;
    RIV_VEC(marine__it_import) imports;
    RIV_VEC(marine__adapter) adapters;
    RIV_VEC(marine__it_export) exports;
    RIV_VEC(marine__implementation) implementations;
    riv_str version;
} reading;

static riv_err read_part(reading *in);
static riv_err check_types(const reading *in, const marine__section *s);
static riv_err check_implementations(const reading *in, const marine__section *s, uint32_t *adapter_of_core);
static riv_err check_all(const reading *in, const marine__section *s);
static void    make_tables(const reading *in, marine__section *s);

riv_err marine__section_read(riv_bytes bytes, riv_arena *arena, riv_fault *fault, marine__section *out)
{
    if (bytes.len > SECTION_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "interface section of %zu bytes, the limit is %d", bytes.len,
                        SECTION_BYTES_MAX);
    reading in = { .r = riv_reader_of(bytes), .arena = arena, .fault = fault };
    while (riv_reader_left(&in.r)) RIV_TRY(read_part(&in));
    if (in.versions != 1)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "interface section with %zu versions, one is needed", in.versions);
    marine__section s = {
        .types                 = in.types.ptr,
        .types_count           = in.types.len,
        .imports               = in.imports.ptr,
        .imports_count         = in.imports.len,
        .adapters              = in.adapters.ptr,
        .adapters_count        = in.adapters.len,
        .exports               = in.exports.ptr,
        .exports_count         = in.exports.len,
        .implementations       = in.implementations.ptr,
        .implementations_count = in.implementations.len,
        .version               = in.version,
    };
    uint32_t *adapter_of_core = riv_new(arena, uint32_t, s.types_count);
    s.adapter_of_core         = adapter_of_core;
    RIV_TRY(check_types(&in, &s));
    RIV_TRY(check_implementations(&in, &s, adapter_of_core));
    RIV_TRY(check_all(&in, &s));
    make_tables(&in, &s);
    *out = s;
    return RIV_OK;
}

/* ---- reading ---- */

static riv_err read_count(reading *in, uint64_t max, const char *what, size_t *out)
{
    size_t   start = in->r.pos;
    uint64_t n;
    RIV_TRY(marine__read_uleb(&in->r, ULEB_BYTES, in->fault, &n));
    if (n > riv_reader_left(&in->r))
        return riv_fail(in->fault, RIV_E_MALFORMED, start, "%llu %s do not fit in the section", (unsigned long long)n,
                        what);
    if (n > max) return riv_fail(in->fault, RIV_E_LIMIT, start, "%llu %s", (unsigned long long)n, what);
    *out = (size_t)n;
    return RIV_OK;
}

static riv_err read_index(reading *in, uint32_t *out)
{
    size_t   start = in->r.pos;
    uint64_t n;
    RIV_TRY(marine__read_uleb(&in->r, ULEB_BYTES, in->fault, &n));
    if (n >= UINT32_MAX) return riv_fail(in->fault, RIV_E_MALFORMED, start, "index %llu", (unsigned long long)n);
    *out = (uint32_t)n;
    return RIV_OK;
}

static riv_err read_string(reading *in, riv_str *out)
{
    size_t    start = in->r.pos;
    uint8_t   len   = riv_read_u8(&in->r);
    riv_bytes bytes = riv_read_bytes(&in->r, len);
    if (in->r.short_read) return riv_fail(in->fault, RIV_E_MALFORMED, start, "name of %u bytes is cut off", len);
    if (!riv_utf8_valid(bytes, NULL)) return riv_fail(in->fault, RIV_E_MALFORMED, start, "name is not UTF-8");
    *out = riv_bytes_str(bytes);
    return RIV_OK;
}

static riv_err read_itype(reading *in, size_t depth, marine_type *out)
{
    size_t  start = in->r.pos;
    uint8_t code  = riv_read_u8(&in->r);
    if (in->r.short_read) return riv_fail(in->fault, RIV_E_MALFORMED, start, "type is cut off");
    if (depth > MARINE_NESTING_MAX)
        return riv_fail(in->fault, RIV_E_LIMIT, start, "type of more than %d levels", MARINE_NESTING_MAX);
    if (code < RIV_COUNT(scalar_codes)) {
        *out = (marine_type){ .kind = scalar_codes[code] };
        return RIV_OK;
    }
    if (code == CODE_BYTES) {
        *out = (marine_type){ .kind = MARINE_BYTES };
        return RIV_OK;
    }
    if (code == CODE_RECORD) {
        *out = (marine_type){ .kind = MARINE_RECORD };
        return read_index(in, &out->record);
    }
    if (code != CODE_ARRAY) return riv_fail(in->fault, RIV_E_MALFORMED, start, "unknown type code 0x%02x", code);
    marine_type *element = riv_new(in->arena, marine_type, 1);
    RIV_TRY(read_itype(in, depth + 1, element));
    *out = (marine_type){ .kind = MARINE_ARRAY, .element = element };
    return RIV_OK;
}

static riv_err read_fields(reading *in, const marine_field **out, size_t *out_count)
{
    size_t count;
    RIV_TRY(read_count(in, MARINE__ARITY_MAX, "arguments or fields", &count));
    marine_field *fields = riv_new(in->arena, marine_field, count);
    for (size_t i = 0; i < count; i++) {
        RIV_TRY(read_string(in, &fields[i].name));
        RIV_TRY(read_itype(in, 1, &fields[i].type));
    }
    *out       = fields;
    *out_count = count;
    return RIV_OK;
}

static riv_err read_type(reading *in, marine__type *t)
{
    size_t  start = in->r.pos;
    uint8_t kind  = riv_read_u8(&in->r);
    if (kind == TYPE_RECORD) {
        t->is_record = true;
        RIV_TRY(read_string(in, &t->name));
        RIV_TRY(read_fields(in, &t->args, &t->args_count));
        if (t->args_count == 0) return riv_fail(in->fault, RIV_E_MALFORMED, start, "record without fields");
        return RIV_OK;
    }
    if (kind != TYPE_FUNCTION || in->r.short_read)
        return riv_fail(in->fault, RIV_E_MALFORMED, start, "unknown kind of type 0x%02x", kind);
    RIV_TRY(read_fields(in, &t->args, &t->args_count));
    RIV_TRY(read_count(in, OUTPUTS_MAX, "outputs", &t->outputs_count));
    marine_type *outputs = riv_new(in->arena, marine_type, t->outputs_count);
    for (size_t i = 0; i < t->outputs_count; i++) RIV_TRY(read_itype(in, 1, &outputs[i]));
    t->outputs = outputs;
    return RIV_OK;
}

static riv_err read_instr(reading *in, marine__instr *out)
{
    size_t        start = in->r.pos;
    marine__instr i     = { .op = riv_read_u8(&in->r) };
    if (in->r.short_read) return riv_fail(in->fault, RIV_E_MALFORMED, start, "instructions are cut off");
    if (++in->instrs > MARINE__INSTRS_MAX)
        return riv_fail(in->fault, RIV_E_LIMIT, start, "more than %d instructions", MARINE__INSTRS_MAX);
    switch (i.op) {
    case MARINE_OP_ARG_GET:
    case MARINE_OP_CALL_CORE:
    case MARINE_OP_RECORD_LIFT:
    case MARINE_OP_RECORD_LOWER:
    case MARINE_OP_I32_PUSH:
    case MARINE_OP_I64_PUSH: RIV_TRY(marine__read_uleb(&in->r, ULEB_BYTES, in->fault, &i.index)); break;
    case MARINE_OP_ARRAY_LIFT:
    case MARINE_OP_ARRAY_LOWER: RIV_TRY(read_itype(in, 1, &i.type)); break;
    case MARINE_OP_STRING_LIFT:
    case MARINE_OP_STRING_LOWER:
    case MARINE_OP_STRING_SIZE:
    case MARINE_OP_DUP:
    case MARINE_OP_SWAP2:
    case MARINE_OP_BOOL_FROM_I32:
    case MARINE_OP_I32_FROM_BOOL:
    case MARINE_OP_BYTES_LIFT:
    case MARINE_OP_BYTES_LOWER:
    case MARINE_OP_BYTES_SIZE: break;
    default:
        if (!marine__conversion(i.op, NULL, NULL))
            return riv_fail(in->fault, RIV_E_MALFORMED, start, "unknown instruction 0x%02x", i.op);
    }
    *out = i;
    return RIV_OK;
}

static riv_err read_adapter(reading *in, marine__adapter *a)
{
    RIV_TRY(read_index(in, &a->type));
    RIV_TRY(read_count(in, MARINE__INSTRS_MAX, "instructions", &a->count));
    if (in->instrs + a->count > MARINE__INSTRS_MAX)
        return riv_fail(in->fault, RIV_E_LIMIT, in->r.pos, "more than %d instructions", MARINE__INSTRS_MAX);
    marine__instr *code = riv_new(in->arena, marine__instr, a->count);
    for (size_t i = 0; i < a->count; i++) RIV_TRY(read_instr(in, &code[i]));
    a->code = code;
    return RIV_OK;
}

static size_t count_so_far(const reading *in, uint8_t kind)
{
    return kind == KIND_TYPE      ? in->types.len
           : kind == KIND_IMPORT  ? in->imports.len
           : kind == KIND_ADAPTER ? in->adapters.len
           : kind == KIND_EXPORT  ? in->exports.len
                                  : in->implementations.len;
}

static riv_err read_part(reading *in)
{
    size_t  start = in->r.pos, count = 0;
    uint8_t kind = riv_read_u8(&in->r);
    if (kind > KIND_VERSION) return riv_fail(in->fault, RIV_E_MALFORMED, start, "unknown part 0x%02x", kind);
    if (kind == KIND_VERSION) {
        in->versions++;
        return read_string(in, &in->version);
    }
    RIV_TRY(read_count(in, MARINE__ENTITIES_MAX - count_so_far(in, kind), "entries", &count));
    for (size_t i = 0; i < count; i++) {
        switch (kind) {
        case KIND_TYPE: RIV_TRY(read_type(in, riv_push(in->arena, &in->types))); break;
        case KIND_ADAPTER: RIV_TRY(read_adapter(in, riv_push(in->arena, &in->adapters))); break;
        case KIND_IMPORT: {
            marine__it_import *im = riv_push(in->arena, &in->imports);
            RIV_TRY(read_string(in, &im->module));
            RIV_TRY(read_string(in, &im->name));
            RIV_TRY(read_index(in, &im->type));
            break;
        }
        case KIND_EXPORT: {
            marine__it_export *ex = riv_push(in->arena, &in->exports);
            RIV_TRY(read_string(in, &ex->name));
            RIV_TRY(read_index(in, &ex->type));
            break;
        }
        case KIND_IMPLEMENTATION: {
            marine__implementation *im = riv_push(in->arena, &in->implementations);
            RIV_TRY(read_index(in, &im->core));
            RIV_TRY(read_index(in, &im->adapter));
            break;
        }
        default: RIV_UNREACHABLE();
        }
    }
    return RIV_OK;
}

/* ---- checking ---- */

static riv_err check_type(const reading *in, const marine__section *s, const marine_type *t)
{
    while (t->kind == MARINE_ARRAY) t = t->element;
    if (t->kind == MARINE_RECORD && (t->record >= s->types_count || !s->types[t->record].is_record))
        return riv_fail(in->fault, RIV_E_MALFORMED, 0, "type %u is no record", t->record);
    return RIV_OK;
}

/* Depth of one record; a record inside itself has none. Types nest at most MARINE_NESTING_MAX, so does the recursion. */
static riv_err count_depth(const reading *in, uint32_t index, size_t level)
{
    marine__type *t = &in->types.ptr[index];
    if (t->depth == DEPTH_BEING_COUNTED)
        return riv_fail(in->fault, RIV_E_MALFORMED, 0, "record " RIV_FMT " contains itself", RIV_ARG(t->name));
    if (t->depth != DEPTH_UNKNOWN) return RIV_OK;
    if (level > MARINE_NESTING_MAX)
        return riv_fail(in->fault, RIV_E_LIMIT, 0, "records nest more than %d levels", MARINE_NESTING_MAX);
    t->depth       = DEPTH_BEING_COUNTED;
    uint32_t depth = 0;
    for (size_t i = 0; i < t->args_count; i++) {
        const marine_type *field = &t->args[i].type;
        uint32_t           here  = 0;
        for (; field->kind == MARINE_ARRAY; field = field->element) here++;
        if (field->kind == MARINE_RECORD) {
            RIV_TRY(count_depth(in, field->record, level + 1));
            here += in->types.ptr[field->record].depth;
        }
        depth = RIV_MAX(depth, here);
    }
    if (depth + 1 > MARINE_NESTING_MAX)
        return riv_fail(in->fault, RIV_E_LIMIT, 0, "record " RIV_FMT " nests more than %d levels", RIV_ARG(t->name),
                        MARINE_NESTING_MAX);
    t->depth = depth + 1;
    return RIV_OK;
}

static riv_err check_types(const reading *in, const marine__section *s)
{
    for (size_t i = 0; i < s->types_count; i++) {
        const marine__type *t = &s->types[i];
        for (size_t k = 0; k < t->args_count; k++) RIV_TRY(check_type(in, s, &t->args[k].type));
        for (size_t k = 0; k < t->outputs_count; k++) RIV_TRY(check_type(in, s, &t->outputs[k]));
    }
    for (size_t i = 0; i < s->types_count; i++)
        if (s->types[i].is_record) RIV_TRY(count_depth(in, (uint32_t)i, 1));
    return RIV_OK;
}

static riv_err check_function(const reading *in, const marine__section *s, const char *what, uint32_t type)
{
    if (type >= s->types_count || s->types[type].is_record)
        return riv_fail(in->fault, RIV_E_MALFORMED, 0, "%s refers to type %u, which is no function", what, type);
    return RIV_OK;
}

static riv_err check_adapter(const reading *in, const marine__section *s, const marine__adapter *a, size_t callees)
{
    RIV_TRY(check_function(in, s, "adapter", a->type));
    for (size_t i = 0; i < a->count; i++) {
        const marine__instr *c = &a->code[i];
        if (c->op == MARINE_OP_ARG_GET && c->index >= s->types[a->type].args_count)
            return riv_fail(in->fault, RIV_E_MALFORMED, 0, "arg.get %llu in an adapter of %zu arguments",
                            (unsigned long long)c->index, s->types[a->type].args_count);
        if (c->op == MARINE_OP_CALL_CORE && c->index >= callees)
            return riv_fail(in->fault, RIV_E_MALFORMED, 0, "call-core %llu of %zu functions",
                            (unsigned long long)c->index, callees);
        if ((c->op == MARINE_OP_RECORD_LIFT || c->op == MARINE_OP_RECORD_LOWER) &&
            (c->index >= s->types_count || !s->types[c->index].is_record))
            return riv_fail(in->fault, RIV_E_MALFORMED, 0, "type %llu is no record", (unsigned long long)c->index);
        if (c->op == MARINE_OP_ARRAY_LIFT || c->op == MARINE_OP_ARRAY_LOWER) RIV_TRY(check_type(in, s, &c->type));
    }
    return RIV_OK;
}

static riv_err check_implementations(const reading *in, const marine__section *s, uint32_t *adapter_of_core)
{
    for (size_t i = 0; i < s->types_count; i++) adapter_of_core[i] = UINT32_MAX;
    for (size_t i = 0; i < s->implementations_count; i++) {
        const marine__implementation *im = &s->implementations[i];
        RIV_TRY(check_function(in, s, "implementation", im->core));
        RIV_TRY(check_function(in, s, "implementation", im->adapter));
        if (adapter_of_core[im->core] == UINT32_MAX) adapter_of_core[im->core] = im->adapter; /* the first counts */
    }
    return RIV_OK;
}

static riv_err check_exports(const reading *in, const marine__section *s)
{
    size_t shown = 0; /* a type may be shared by all exports: what is listed of them grows beyond the section */
    for (size_t i = 0; i < s->exports_count; i++) {
        RIV_TRY(check_function(in, s, "export", s->exports[i].type));
        uint32_t adapter = s->adapter_of_core[s->exports[i].type];
        if (adapter != UINT32_MAX) shown += s->types[adapter].args_count;
        if (shown > MARINE__ENTITIES_MAX)
            return riv_fail(in->fault, RIV_E_LIMIT, 0, "public functions of more than %d arguments",
                            MARINE__ENTITIES_MAX);
    }
    return RIV_OK;
}

static riv_err check_all(const reading *in, const marine__section *s)
{
    RIV_TRY(check_exports(in, s));
    size_t callees = s->exports_count;
    for (size_t i = 0; i < s->imports_count; i++) {
        RIV_TRY(check_function(in, s, "import", s->imports[i].type));
        if (s->adapter_of_core[s->imports[i].type] == UINT32_MAX) continue;
        /* SPEC marine.md 3.3: the signature of a raw import stands two types before it */
        if (s->imports[i].type < 2) return riv_fail(in->fault, RIV_E_MALFORMED, 0, "import without a signature");
        RIV_TRY(check_function(in, s, "import", s->imports[i].type - 2));
        callees++;
    }
    for (size_t i = 0; i < s->adapters_count; i++) RIV_TRY(check_adapter(in, s, &s->adapters[i], callees));
    return RIV_OK;
}

/* ---- looking up: of several with one name or type the first counts ---- */

/* Module and name in one text: names of the section have at most 255 bytes. */
static riv_bytes shim_key(riv_str module, riv_str name, uint8_t room[1 + 2 * NAME_BYTES_MAX])
{
    RIV_ASSERT(module.len <= NAME_BYTES_MAX && name.len <= NAME_BYTES_MAX);
    riv_buf key = { .ptr = room, .cap = 1 + 2 * NAME_BYTES_MAX };
    riv_put_u8(&key, (uint8_t)module.len);
    riv_put_str(&key, module);
    riv_put_str(&key, name);
    return riv_buf_view(&key);
}

static void put_first(riv_map *map, riv_bytes key, uint32_t adapter)
{
    if (adapter != UINT32_MAX && !riv_map_has(map, key)) riv_map_put(map, key, (void *)((uintptr_t)adapter + 1));
}

static uint32_t found(const riv_map *map, riv_bytes key)
{
    uintptr_t adapter = (uintptr_t)riv_map_get(map, key);
    return adapter ? (uint32_t)(adapter - 1) : UINT32_MAX;
}

/* SPEC marine.md 8.2: Objects are emitted with keys sorted */
void marine__lay_out(marine__type *record, riv_arena *arena)
{
    const uint32_t *order  = riv_order(arena, record->args, sizeof *record->args, record->args_count);
    uint32_t       *sorted = riv_new(arena, uint32_t, record->args_count);
    size_t          count  = 0;
    record->packed_bytes   = 0;
    for (size_t i = 0; i < record->args_count; i++) {
        uint32_t field = order ? order[i] : (uint32_t)i;
        if (count && riv_str_eq(record->args[sorted[count - 1]].name, record->args[field].name)) count--;
        sorted[count++] = field;
        record->packed_bytes += marine__packed_bytes(record->args[i].type.kind);
    }
    record->sorted       = sorted;
    record->sorted_count = count;
}

static void make_tables(const reading *in, marine__section *s)
{
    uint8_t                 room[1 + 2 * NAME_BYTES_MAX];
    riv_map                *publics = riv_map_new(in->arena), *shims = riv_map_new(in->arena);
    const marine__adapter **adapters = riv_new(in->arena, const marine__adapter *, s->types_count);
    for (size_t i = s->adapters_count; i-- > 0;) adapters[s->adapters[i].type] = &s->adapters[i];
    for (size_t i = 0; i < s->exports_count; i++)
        put_first(publics, riv_str_bytes(s->exports[i].name), s->adapter_of_core[s->exports[i].type]);
    for (size_t i = 0; i < s->imports_count; i++)
        put_first(shims, shim_key(s->imports[i].module, s->imports[i].name, room),
                  s->adapter_of_core[s->imports[i].type]);
    s->adapter_of_type = adapters;
    s->publics         = publics;
    s->shims           = shims;
    for (size_t i = 0; i < s->types_count; i++)
        if (s->types[i].is_record) marine__lay_out(&in->types.ptr[i], in->arena);
    s->plan_of_type = marine__plans_of(s, in->arena);
}

uint32_t marine__shim_adapter(const marine__section *s, riv_str module, riv_str name)
{
    uint8_t room[1 + 2 * NAME_BYTES_MAX];
    if (module.len > NAME_BYTES_MAX || name.len > NAME_BYTES_MAX) return UINT32_MAX;
    return found(s->shims, shim_key(module, name, room));
}

uint32_t marine__public_adapter(const marine__section *s, riv_str name)
{
    return found(s->publics, riv_str_bytes(name));
}

/* ---- writing ---- */

static void put_string(riv_buf *out, riv_str s)
{
    RIV_ASSERT(s.len <= NAME_BYTES_MAX);
    riv_put_u8(out, (uint8_t)s.len);
    riv_put_str(out, s);
}

static void put_itype(riv_buf *out, const marine_type *t)
{
    for (; t->kind == MARINE_ARRAY; t = t->element) riv_put_u8(out, CODE_ARRAY);
    if (t->kind == MARINE_BYTES) {
        riv_put_u8(out, CODE_BYTES);
    } else if (t->kind == MARINE_RECORD) {
        riv_put_u8(out, CODE_RECORD);
        marine__put_uleb(out, t->record);
    } else {
        for (uint8_t code = 0; code < RIV_COUNT(scalar_codes); code++)
            if (scalar_codes[code] == t->kind) riv_put_u8(out, code);
    }
}

static void put_type(riv_buf *out, const marine__type *t)
{
    riv_put_u8(out, t->is_record ? TYPE_RECORD : TYPE_FUNCTION);
    if (t->is_record) put_string(out, t->name);
    marine__put_uleb(out, t->args_count);
    for (size_t i = 0; i < t->args_count; i++) {
        put_string(out, t->args[i].name);
        put_itype(out, &t->args[i].type);
    }
    if (t->is_record) return;
    marine__put_uleb(out, t->outputs_count);
    for (size_t i = 0; i < t->outputs_count; i++) put_itype(out, &t->outputs[i]);
}

static void put_instr(riv_buf *out, const marine__instr *i)
{
    riv_put_u8(out, i->op);
    switch (i->op) {
    case MARINE_OP_ARG_GET:
    case MARINE_OP_CALL_CORE:
    case MARINE_OP_RECORD_LIFT:
    case MARINE_OP_RECORD_LOWER:
    case MARINE_OP_I32_PUSH:
    case MARINE_OP_I64_PUSH: marine__put_uleb(out, i->index); break;
    case MARINE_OP_ARRAY_LIFT:
    case MARINE_OP_ARRAY_LOWER: put_itype(out, &i->type); break;
    default: break; /* the others have no operand */
    }
}

static bool put_part(riv_buf *out, uint8_t kind, size_t count)
{
    if (count == 0) return false;
    riv_put_u8(out, kind);
    marine__put_uleb(out, count);
    return true;
}

void marine__section_write(const marine__section *s, riv_buf *out)
{
    riv_put_u8(out, KIND_VERSION);
    put_string(out, s->version);
    if (put_part(out, KIND_TYPE, s->types_count))
        for (size_t i = 0; i < s->types_count; i++) put_type(out, &s->types[i]);
    if (put_part(out, KIND_IMPORT, s->imports_count))
        for (size_t i = 0; i < s->imports_count; i++) {
            put_string(out, s->imports[i].module);
            put_string(out, s->imports[i].name);
            marine__put_uleb(out, s->imports[i].type);
        }
    if (put_part(out, KIND_ADAPTER, s->adapters_count))
        for (size_t i = 0; i < s->adapters_count; i++) {
            marine__put_uleb(out, s->adapters[i].type);
            marine__put_uleb(out, s->adapters[i].count);
            for (size_t k = 0; k < s->adapters[i].count; k++) put_instr(out, &s->adapters[i].code[k]);
        }
    if (put_part(out, KIND_EXPORT, s->exports_count))
        for (size_t i = 0; i < s->exports_count; i++) {
            put_string(out, s->exports[i].name);
            marine__put_uleb(out, s->exports[i].type);
        }
    if (put_part(out, KIND_IMPLEMENTATION, s->implementations_count))
        for (size_t i = 0; i < s->implementations_count; i++) {
            marine__put_uleb(out, s->implementations[i].core);
            marine__put_uleb(out, s->implementations[i].adapter);
        }
}

/* ---- instructions ---- */

bool marine__conversion(uint8_t op, marine_type_kind *from, marine_type_kind *to)
{
    if (op < OP_FIRST || op >= OP_FIRST + RIV_COUNT(conversions)) return false;
    if (from) *from = conversions[op - OP_FIRST].from;
    if (to) *to = conversions[op - OP_FIRST].to;
    return true;
}

uint8_t marine__conversion_op(marine_type_kind from, marine_type_kind to)
{
    for (uint8_t i = 0; i < RIV_COUNT(conversions); i++)
        if (conversions[i].from == from && conversions[i].to == to) return (uint8_t)(OP_FIRST + i);
    RIV_UNREACHABLE();
}

const char *marine__kind_name(marine_type_kind kind)
{
    return (unsigned)kind < RIV_COUNT(kind_names) ? kind_names[kind] : "array"; /* that is packed */
}
