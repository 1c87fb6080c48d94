/* embed.c: makes the interface-types section out of the descriptions that a toolchain left in the module.
 * Default exports first, then records, then for each function its two types and its adapter, then the imports.
 * Spec: docs/spec/marine.md 3, 4.5, 9.2, 9.3. Tests: embed_test.c, embed_fuzz.c. */
#include "marine/internal.h"

enum {
    NAME_BYTES_MAX        = 255,
    DESCRIPTION_BYTES_MAX = 1 << 20,
    ITEMS_MAX             = 10000,
    ABI_GET_SIZE          = 2,
    ABI_GET_PTR           = 3,
    ABI_SET_SIZE          = 4,
    ABI_SET_PTR           = 5
};

/* SPEC marine.md 3.1: types 0..5 and exports 0..5 of every module */
static const struct {
    riv_str name, arg;
    bool    result;
} defaults[] = {
    { RIV_LIT_INIT("allocate"), RIV_LIT_INIT("size"), true },
    { RIV_LIT_INIT("release_objects"), { NULL, 0 }, false },
    { RIV_LIT_INIT("get_result_size"), { NULL, 0 }, true },
    { RIV_LIT_INIT("get_result_ptr"), { NULL, 0 }, true },
    { RIV_LIT_INIT("set_result_size"), RIV_LIT_INIT("result_size"), false },
    { RIV_LIT_INIT("set_result_ptr"), RIV_LIT_INIT("result_ptr"), false },
};

static const struct {
    riv_str          word;
    marine_type_kind kind;
} words[] = {
    { RIV_LIT_INIT("U8"), MARINE_U8 },
    { RIV_LIT_INIT("U16"), MARINE_U16 },
    { RIV_LIT_INIT("U32"), MARINE_U32 },
    { RIV_LIT_INIT("U64"), MARINE_U64 },
    { RIV_LIT_INIT("I8"), MARINE_S8 },
    { RIV_LIT_INIT("I16"), MARINE_S16 },
    { RIV_LIT_INIT("I32"), MARINE_S32 },
    { RIV_LIT_INIT("I64"), MARINE_S64 },
    { RIV_LIT_INIT("F32"), MARINE_F32 },
    { RIV_LIT_INIT("F64"), MARINE_F64 },
    { RIV_LIT_INIT("Boolean"), MARINE_BOOL },
    { RIV_LIT_INIT("Utf8Str"), MARINE_STRING },
    { RIV_LIT_INIT("Utf8String"), MARINE_STRING },
};

typedef RIV_VEC(marine__instr) code_vec;

typedef struct building {
    riv_arena    *arena;
    riv_fault    *fault;
    riv_str       where; /* the description being read */
    riv_json_list records, functions, externs;
    riv_map      *record_ids; /* name -> index + 1 */
    RIV_VEC(marine__type) types;
    RIV_VEC(marine__it_import) imports;
    RIV_VEC(marine__adapter) adapters;
    RIV_VEC(marine__it_export) exports;
    RIV_VEC(marine__implementation) implementations;
    uint32_t raw_imports;
} building;

static riv_err read_descriptions(building *b, const marine__wasm *wasm);
static void    put_defaults(building *b);
static riv_err put_records(building *b);
static riv_err put_function(building *b, const riv_json *signature);
static riv_err put_extern(building *b, const riv_json *block);
static void    write_module(riv_bytes wasm, const marine__wasm *parts, riv_bytes section, riv_buf *out);

riv_err marine_embed(riv_bytes wasm, riv_fault *fault, riv_buf *out)
{
    riv_arena   *arena = riv_arena_new(0);
    building     b     = { .arena = arena, .fault = fault, .record_ids = riv_map_new(arena) };
    riv_buf      text  = riv_buf_in(arena);
    marine__wasm parts;
    riv_err      err;
    if (marine__is_component(wasm)) {
        err = riv_fail(fault, RIV_E_NOT_FOUND, 0, "a component says itself what it offers");
        goto out;
    }
    if ((err = marine__wasm_read(wasm, arena, fault, &parts))) goto out;
    if ((err = read_descriptions(&b, &parts))) goto out;
    put_defaults(&b);
    if ((err = put_records(&b))) goto out;
    for (size_t i = 0; i < b.functions.len; i++)
        if ((err = put_function(&b, riv_json_get(b.functions.ptr[i], RIV_LIT("signature"))))) goto out;
    for (size_t i = 0; i < b.externs.len; i++)
        if ((err = put_extern(&b, b.externs.ptr[i]))) goto out;
    marine__section section = {
        .types                 = b.types.ptr,
        .types_count           = b.types.len,
        .imports               = b.imports.ptr,
        .imports_count         = b.imports.len,
        .adapters              = b.adapters.ptr,
        .adapters_count        = b.adapters.len,
        .exports               = b.exports.ptr,
        .exports_count         = b.exports.len,
        .implementations       = b.implementations.ptr,
        .implementations_count = b.implementations.len,
        .version               = RIV_LIT(MARINE__IT_VERSION),
    };
    marine__section_write(&section, &text);
    /* The reader's checks are ours too: records inside themselves, nesting, sizes. */
    marine__section again;
    if ((err = marine__section_read(riv_buf_view(&text), arena, fault, &again))) goto out;
    write_module(wasm, &parts, riv_buf_view(&text), out);
out:
    riv_arena_free(arena);
    return err;
}

/* ---- reading descriptions ---- */

static riv_err bad(building *b, const char *what)
{
    return riv_fail(b->fault, RIV_E_MALFORMED, 0, "description " RIV_FMT ": %s", RIV_ARG(b->where), what);
}

static riv_err sort_in(building *b, const riv_json *item)
{
    const riv_json *kind = riv_json_get(item, RIV_LIT("ast_type"));
    if (!kind || kind->kind != RIV_JSON_STR) return bad(b, "no ast_type");
    riv_json_list *list = riv_str_eq(kind->str, RIV_LIT("Function"))    ? &b->functions
                          : riv_str_eq(kind->str, RIV_LIT("Record"))    ? &b->records
                          : riv_str_eq(kind->str, RIV_LIT("ExternMod")) ? &b->externs
                                                                        : NULL;
    if (!list) return bad(b, "unknown ast_type");
    if (list->len == ITEMS_MAX) return riv_fail(b->fault, RIV_E_LIMIT, 0, "more than %d descriptions", ITEMS_MAX);
    riv_json_add(b->arena, list, item);
    return RIV_OK;
}

static riv_err read_descriptions(building *b, const marine__wasm *wasm)
{
    static const riv_str prefixes[] = { RIV_LIT_INIT("__m_generated_section__"),
                                        RIV_LIT_INIT("__fce_generated_section__") };
    size_t               found = 0, bytes = 0;
    for (size_t i = 0; i < wasm->customs_count; i++) {
        const marine__custom *c = &wasm->customs[i];
        if (!riv_str_starts(c->name, prefixes[0]) && !riv_str_starts(c->name, prefixes[1])) continue;
        found++;
        bytes += c->body.len;
        if (bytes > DESCRIPTION_BYTES_MAX)
            return riv_fail(b->fault, RIV_E_LIMIT, c->start, "descriptions of more than %d bytes",
                            DESCRIPTION_BYTES_MAX);
        b->where             = c->name;
        const riv_json *item = NULL;
        riv_fault       own  = { 0 };
        if (riv_json_parse(riv_bytes_str(c->body), b->arena, &own, &item))
            return riv_fail(b->fault, RIV_E_MALFORMED, (uint64_t)c->end - c->body.len + own.pos,
                            "description " RIV_FMT ": %s", RIV_ARG(c->name), own.msg);
        RIV_TRY(sort_in(b, item));
    }
    if (!found) return riv_fail(b->fault, RIV_E_NOT_FOUND, 0, "module has no description of its functions");
    return RIV_OK;
}

static riv_err read_name(building *b, const riv_json *v, riv_str *out)
{
    if (!v || v->kind != RIV_JSON_STR) return bad(b, "a name is missing");
    if (v->str.len == 0 || v->str.len > NAME_BYTES_MAX) return bad(b, "a name is empty or longer than 255 bytes");
    *out = v->str;
    return RIV_OK;
}

/* {"U8":STYLE}, {"Vector":[TY,STYLE]}, {"Record":["Name",STYLE]} */
static riv_err read_type(building *b, const riv_json *v, size_t depth, marine_type *out)
{
    if (!v || v->kind != RIV_JSON_OBJ || v->obj.count != 1) return bad(b, "a type is not an object of one member");
    if (depth > MARINE_NESTING_MAX) return bad(b, "a type nests too deep");
    riv_str         word = v->obj.members[0].key;
    const riv_json *rest = v->obj.members[0].value;
    for (size_t i = 0; i < RIV_COUNT(words); i++) {
        if (!riv_str_eq(word, words[i].word)) continue;
        *out = (marine_type){ .kind = words[i].kind };
        return RIV_OK;
    }
    if (riv_str_eq(word, RIV_LIT("Vector"))) {
        marine_type *element = riv_new(b->arena, marine_type, 1);
        RIV_TRY(read_type(b, riv_json_at(rest, 0), depth + 1, element));
        /* SPEC marine.md 9.3: Vec<u8> maps to byte array (0x3c) */
        *out = element->kind == MARINE_U8 ? (marine_type){ .kind = MARINE_BYTES }
                                          : (marine_type){ .kind = MARINE_ARRAY, .element = element };
        return RIV_OK;
    }
    if (!riv_str_eq(word, RIV_LIT("Record"))) return bad(b, "unknown type");
    riv_str name;
    RIV_TRY(read_name(b, riv_json_at(rest, 0), &name));
    uintptr_t id = (uintptr_t)riv_map_get_str(b->record_ids, name);
    if (!id)
        return riv_fail(b->fault, RIV_E_MALFORMED, 0, "record " RIV_FMT " is used but not described", RIV_ARG(name));
    *out = (marine_type){ .kind = MARINE_RECORD, .record = (uint32_t)(id - 1) };
    return RIV_OK;
}

static riv_err read_fields(building *b, const riv_json *list, bool named, const marine_field **out, size_t *out_count)
{
    if (!list || list->kind != RIV_JSON_ARR) return bad(b, "arguments or fields are not a list");
    if (list->arr.count > MARINE__ARITY_MAX / 2) return bad(b, "more than 127 arguments or fields");
    marine_field *fields = riv_new(b->arena, marine_field, list->arr.count);
    for (size_t i = 0; i < list->arr.count; i++) {
        const riv_json *item = list->arr.items[i];
        if (named)
            RIV_TRY(read_name(b, riv_json_get(item, RIV_LIT("name")), &fields[i].name));
        else
            fields[i].name = riv_format(b->arena, "%zu", i);
        RIV_TRY(read_type(b, riv_json_get(item, RIV_LIT("ty")), 1, &fields[i].type));
    }
    *out       = fields;
    *out_count = list->arr.count;
    return RIV_OK;
}

static riv_err read_signature(building *b, const riv_json *signature, riv_str *name, marine__type *out)
{
    marine__type t = { 0 };
    RIV_TRY(read_name(b, riv_json_get(signature, RIV_LIT("name")), name));
    b->where = *name;
    RIV_TRY(read_fields(b, riv_json_get(signature, RIV_LIT("arguments")), true, &t.args, &t.args_count));
    const riv_json *outputs = riv_json_get(signature, RIV_LIT("output_types"));
    if (!outputs || outputs->kind != RIV_JSON_ARR || outputs->arr.count > 1)
        return bad(b, "output_types is not a list of at most one");
    if (outputs->arr.count) {
        marine_type *result = riv_new(b->arena, marine_type, 1);
        RIV_TRY(read_type(b, outputs->arr.items[0], 1, result));
        t.outputs       = result;
        t.outputs_count = 1;
    }
    *out = t;
    return RIV_OK;
}

/* ---- types and exports ---- */

static void put_defaults(building *b)
{
    marine_type *i32 = riv_new(b->arena, marine_type, 1);
    i32->kind        = MARINE_I32;
    for (uint32_t i = 0; i < RIV_COUNT(defaults); i++) {
        marine__type t = { 0 };
        if (defaults[i].arg.len) {
            marine_field *arg = riv_new(b->arena, marine_field, 1);
            *arg              = (marine_field){ defaults[i].arg, *i32 };
            t.args            = arg;
            t.args_count      = 1;
        }
        t.outputs                        = i32;
        t.outputs_count                  = defaults[i].result;
        *riv_push(b->arena, &b->types)   = t;
        *riv_push(b->arena, &b->exports) = (marine__it_export){ defaults[i].name, i };
    }
}

static const riv_json *fields_of(const riv_json *record, bool *named)
{
    const riv_json *fields = riv_json_get(record, RIV_LIT("fields")), *list = riv_json_get(fields, RIV_LIT("Named"));
    *named = list != NULL;
    return list ? list : riv_json_get(fields, RIV_LIT("Unnamed"));
}

static void reserve(building *b, riv_str name)
{
    if (riv_map_get_str(b->record_ids, name)) return;
    *riv_push(b->arena, &b->types) = (marine__type){ .is_record = true, .name = name };
    riv_map_put_str(b->record_ids, name, (void *)b->types.len);
}

/* The record that a field's type speaks of, or an empty text. Shapes that are wrong are told when the type is read. */
static riv_str record_in(const riv_json *type)
{
    for (size_t depth = 0; depth <= MARINE_NESTING_MAX; depth++) {
        const riv_json *name = riv_json_at(riv_json_get(type, RIV_LIT("Record")), 0);
        if (name) return name->kind == RIV_JSON_STR ? name->str : RIV_LIT("");
        type = riv_json_at(riv_json_get(type, RIV_LIT("Vector")), 0);
    }
    return RIV_LIT("");
}

/* SPEC marine.md 9.3: fields reserve the indices of records that stand further below, in their order, before the record takes its own */
static riv_err reserve_records(building *b)
{
    riv_map *described = riv_map_new(b->arena);
    b->where           = RIV_LIT("of a record");
    for (size_t i = 0; i < b->records.len; i++) {
        riv_str name;
        RIV_TRY(read_name(b, riv_json_get(b->records.ptr[i], RIV_LIT("name")), &name));
        if (riv_map_put_str(described, name, described))
            return riv_fail(b->fault, RIV_E_CONFLICT, 0, "record " RIV_FMT " is described twice", RIV_ARG(name));
    }
    for (size_t i = 0; i < b->records.len; i++) {
        bool            named;
        const riv_json *list = fields_of(b->records.ptr[i], &named);
        for (size_t k = 0; riv_json_at(list, k); k++) {
            riv_str name = record_in(riv_json_get(riv_json_at(list, k), RIV_LIT("ty")));
            if (riv_map_get_str(described, name)) reserve(b, name);
        }
        reserve(b, riv_json_get(b->records.ptr[i], RIV_LIT("name"))->str);
    }
    return RIV_OK;
}

static riv_err put_records(building *b)
{
    RIV_TRY(reserve_records(b));
    for (size_t i = 0; i < b->records.len; i++) {
        bool            named;
        marine__type    t    = { .is_record = true, .name = riv_json_get(b->records.ptr[i], RIV_LIT("name"))->str };
        const riv_json *list = fields_of(b->records.ptr[i], &named);
        b->where             = t.name;
        RIV_TRY(read_fields(b, list, named, &t.args, &t.args_count));
        if (!t.args_count) return bad(b, "a record without fields");
        b->types.ptr[(uintptr_t)riv_map_get_str(b->record_ids, t.name) - 1] = t;
    }
    return RIV_OK;
}

/* ---- adapters. SPEC marine.md 4.5 ---- */

static void op(building *b, code_vec *code, uint8_t opcode, uint64_t index)
{
    *riv_push(b->arena, code) = (marine__instr){ .op = opcode, .index = index };
}

static void op_array(building *b, code_vec *code, uint8_t opcode, const marine_type *type)
{
    static const marine_type u8 = { .kind = MARINE_U8 };
    *riv_push(b->arena, code) =
        (marine__instr){ .op = opcode, .type = type->kind == MARINE_BYTES ? u8 : *type->element };
}

static bool is_memory(const marine_type *t)
{
    return t->kind == MARINE_STRING || t->kind == MARINE_BYTES || t->kind == MARINE_ARRAY || t->kind == MARINE_RECORD;
}

static bool is_float(const marine_type *t) { return t->kind == MARINE_F32 || t->kind == MARINE_F64; }

/* The core type of a scalar. */
static marine_type_kind core_kind(const marine_type *t)
{
    if (is_float(t)) return t->kind;
    return t->kind == MARINE_S64 || t->kind == MARINE_U64 ? MARINE_I64 : MARINE_I32;
}

/* A value on top of the stack (or argument index) is written to memory or turned into a core number. */
static void lower_arg(building *b, code_vec *code, const marine_type *t, size_t index)
{
    op(b, code, MARINE_OP_ARG_GET, index);
    if (t->kind == MARINE_STRING) {
        op(b, code, MARINE_OP_STRING_SIZE, 0);
        op(b, code, MARINE_OP_I32_PUSH, 1);
        op(b, code, MARINE_OP_CALL_CORE, 0);
        op(b, code, MARINE_OP_ARG_GET, index);
        op(b, code, MARINE_OP_STRING_LOWER, 0);
    } else if (t->kind == MARINE_BYTES || t->kind == MARINE_ARRAY) {
        op_array(b, code, MARINE_OP_ARRAY_LOWER, t);
    } else if (t->kind == MARINE_RECORD) {
        op(b, code, MARINE_OP_RECORD_LOWER, t->record);
    } else if (t->kind == MARINE_BOOL) {
        op(b, code, MARINE_OP_I32_FROM_BOOL, 0);
    } else if (!is_float(t)) {
        op(b, code, marine__conversion_op(t->kind, core_kind(t)), 0);
    }
}

static void lift_scalar(building *b, code_vec *code, const marine_type *t)
{
    if (t->kind == MARINE_BOOL)
        op(b, code, MARINE_OP_BOOL_FROM_I32, 0);
    else if (!is_float(t))
        op(b, code, marine__conversion_op(core_kind(t), t->kind), 0);
}

static void lift_pair(building *b, code_vec *code, const marine_type *t)
{
    if (t->kind == MARINE_STRING)
        op(b, code, MARINE_OP_STRING_LIFT, 0);
    else if (t->kind == MARINE_BYTES)
        op(b, code, MARINE_OP_BYTES_LIFT, 0);
    else
        op_array(b, code, MARINE_OP_ARRAY_LIFT, t);
}

static void put_adapter(building *b, uint32_t type, const code_vec *code)
{
    *riv_push(b->arena, &b->adapters) = (marine__adapter){ type, code->ptr, code->len };
}

static riv_err put_function(building *b, const riv_json *signature)
{
    marine__type t;
    riv_str      name;
    code_vec     code = { 0 };
    b->where          = RIV_LIT("of a function");
    RIV_TRY(read_signature(b, signature, &name, &t));
    for (size_t i = 0; i < b->exports.len; i++)
        if (riv_str_eq(b->exports.ptr[i].name, name))
            return riv_fail(b->fault, RIV_E_CONFLICT, 0, "function " RIV_FMT " is described twice", RIV_ARG(name));
    for (size_t i = 0; i < t.args_count; i++) lower_arg(b, &code, &t.args[i].type, i);
    op(b, &code, MARINE_OP_CALL_CORE, b->exports.len);
    const marine_type *result = t.outputs_count ? t.outputs : NULL;
    if (result && is_memory(result)) {
        op(b, &code, MARINE_OP_CALL_CORE, ABI_GET_PTR);
        if (result->kind == MARINE_RECORD) {
            op(b, &code, MARINE_OP_RECORD_LIFT, result->record);
        } else {
            op(b, &code, MARINE_OP_CALL_CORE, ABI_GET_SIZE);
            lift_pair(b, &code, result);
        }
        op(b, &code, MARINE_OP_CALL_CORE, 1);
    } else if (result) {
        lift_scalar(b, &code, result);
    }
    uint32_t adapter                         = (uint32_t)b->types.len;
    *riv_push(b->arena, &b->types)           = t;
    *riv_push(b->arena, &b->types)           = t;
    *riv_push(b->arena, &b->exports)         = (marine__it_export){ name, adapter + 1 };
    *riv_push(b->arena, &b->implementations) = (marine__implementation){ adapter + 1, adapter };
    put_adapter(b, adapter, &code);
    return RIV_OK;
}

/* ---- imports. SPEC marine.md 3.3 ---- */

/* The signature in core types: strings and arrays are two numbers, a record is one. */
static marine__type raw_type(building *b, const marine__type *t)
{
    RIV_VEC(marine_field) args = { 0 };
    for (size_t i = 0; i < t->args_count; i++) {
        const marine_type *type = &t->args[i].type;
        marine_type        core = { .kind = is_memory(type) ? MARINE_I32 : core_kind(type) };
        riv_str            name = t->args[i].name;
        if (is_memory(type))
            name = riv_format(b->arena, RIV_FMT "_ptr", RIV_ARG(riv_str_sub(name, 0, NAME_BYTES_MAX - 4)));
        if (!riv_utf8_valid(riv_str_bytes(name), NULL)) name = RIV_LIT("_ptr"); /* the cut went through a character */
        *riv_push(b->arena, &args) = (marine_field){ name, core };
        if (is_memory(type) && type->kind != MARINE_RECORD) *riv_push(b->arena, &args) = (marine_field){ name, core };
    }
    marine__type raw = { .args = args.ptr, .args_count = args.len };
    if (t->outputs_count && !is_memory(t->outputs)) {
        marine_type *result = riv_new(b->arena, marine_type, 1);
        /* SPEC marine.md 3.3: raw output: s32, s64, f32 or f64 */
        result->kind      = core_kind(t->outputs) == MARINE_I32   ? MARINE_S32
                            : core_kind(t->outputs) == MARINE_I64 ? MARINE_S64
                                                                  : core_kind(t->outputs);
        raw.outputs       = result;
        raw.outputs_count = 1;
    }
    return raw;
}

static void import_code(building *b, const marine__type *t, uint64_t callee, code_vec *code)
{
    size_t wire   = 0;
    bool   memory = false;
    for (size_t i = 0; i < t->args_count; i++) {
        const marine_type *type = &t->args[i].type;
        memory                  = memory || is_memory(type);
        op(b, code, MARINE_OP_ARG_GET, wire++);
        if (type->kind == MARINE_RECORD) {
            op(b, code, MARINE_OP_RECORD_LIFT, type->record);
        } else if (is_memory(type)) {
            op(b, code, MARINE_OP_ARG_GET, wire++);
            lift_pair(b, code, type);
        } else {
            lift_scalar(b, code, type);
        }
    }
    if (memory) op(b, code, MARINE_OP_CALL_CORE, 1);
    op(b, code, MARINE_OP_CALL_CORE, callee);
    if (!t->outputs_count) return;
    const marine_type *result = t->outputs;
    if (result->kind == MARINE_STRING) {
        static const struct {
            uint8_t op;
            uint8_t index;
        } tail[] = {
            { MARINE_OP_DUP, 0 },
            { MARINE_OP_STRING_SIZE, 0 },
            { MARINE_OP_I32_PUSH, 1 },
            { MARINE_OP_CALL_CORE, 0 },
            { MARINE_OP_SWAP2, 0 },
            { MARINE_OP_STRING_LOWER, 0 },
            { MARINE_OP_CALL_CORE, ABI_SET_SIZE },
            { MARINE_OP_CALL_CORE, ABI_SET_PTR },
        };
        for (size_t i = 0; i < RIV_COUNT(tail); i++) op(b, code, tail[i].op, tail[i].index);
    } else if (result->kind == MARINE_RECORD) {
        op(b, code, MARINE_OP_RECORD_LOWER, result->record);
        op(b, code, MARINE_OP_CALL_CORE, ABI_SET_PTR);
    } else if (is_memory(result)) {
        op_array(b, code, MARINE_OP_ARRAY_LOWER, result);
        op(b, code, MARINE_OP_CALL_CORE, ABI_SET_SIZE);
        op(b, code, MARINE_OP_CALL_CORE, ABI_SET_PTR);
    } else if (result->kind == MARINE_BOOL) {
        op(b, code, MARINE_OP_I32_FROM_BOOL, 0);
    } else if (!is_float(result)) {
        op(b, code, marine__conversion_op(result->kind, core_kind(result)), 0);
    }
}

static riv_err put_import(building *b, riv_str module, const riv_json *item)
{
    marine__type t;
    riv_str      name;
    code_vec     code = { 0 };
    RIV_TRY(read_signature(b, riv_json_get(item, RIV_LIT("signature")), &name, &t));
    const riv_json *link = riv_json_get(item, RIV_LIT("link_name"));
    if (link && link->kind == RIV_JSON_STR) RIV_TRY(read_name(b, link, &name));
    marine__type raw = raw_type(b, &t);
    if (raw.args_count > MARINE__ARITY_MAX / 2) return bad(b, "more than 127 arguments on the wire");
    import_code(b, &t, b->exports.len + b->raw_imports++, &code);
    uint32_t first                           = (uint32_t)b->types.len;
    *riv_push(b->arena, &b->types)           = t;
    *riv_push(b->arena, &b->types)           = raw;
    *riv_push(b->arena, &b->types)           = raw;
    *riv_push(b->arena, &b->imports)         = (marine__it_import){ module, name, first };
    *riv_push(b->arena, &b->imports)         = (marine__it_import){ module, name, first + 2 };
    *riv_push(b->arena, &b->implementations) = (marine__implementation){ first + 2, first + 1 };
    put_adapter(b, first + 1, &code);
    return RIV_OK;
}

/* All functions stand before the imports, so that call-core indices of imports are known. */
static riv_err put_extern(building *b, const riv_json *block)
{
    riv_str module;
    b->where = RIV_LIT("of imports");
    RIV_TRY(read_name(b, riv_json_get(block, RIV_LIT("namespace")), &module));
    if (marine__is_host(module))
        return RIV_OK; /* SPEC marine.md 3.3: Host-namespace imports (section 5) get no IT entries at all. */
    const riv_json *imports = riv_json_get(block, RIV_LIT("imports"));
    if (!imports || imports->kind != RIV_JSON_ARR) return bad(b, "imports is not a list");
    for (size_t i = 0; i < imports->arr.count; i++) RIV_TRY(put_import(b, module, imports->arr.items[i]));
    return RIV_OK;
}

/* ---- the file ---- */

static void write_module(riv_bytes wasm, const marine__wasm *parts, riv_bytes section, riv_buf *out)
{
    static const riv_str name = RIV_LIT_INIT("interface-types");
    size_t               from = 0;
    for (size_t i = 0; i < parts->customs_count; i++) {
        if (!riv_str_eq(parts->customs[i].name, name)) continue;
        riv_put_bytes(out, riv_bytes_sub(wasm, from, parts->customs[i].start));
        from = parts->customs[i].end;
    }
    riv_put_bytes(out, riv_bytes_sub(wasm, from, wasm.len));
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + name.len + section.len);
    riv_put_u8(out, (uint8_t)name.len);
    riv_put_str(out, name);
    riv_put_bytes(out, section);
}
