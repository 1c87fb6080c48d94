/* value.c: interface values and JSON, both ways, with the original's strictness and words: no numeric strings, no 1.0 for an integer,
 * whole numbers do for floats, a list of one where a single value is wanted is that value.
 * Spec: docs/spec/marine.md 8.1, 8.2, 13. Tests: value_test.c, call_test.c. */
#include "marine/internal.h"

enum { WORDS_BYTES_MAX = 2 * RIV_FAULT_MSG_BYTES }; /* of a message; the fault cuts it */

typedef struct conversion {
    const marine__section *section;
    marine_service        *service;
    riv_fault             *fault;
} conversion;

static const struct {
    bool        is_signed;
    uint8_t     bits;
    const char *name;  /* in messages: Rust's */
    const char *itype; /* the same for types */
} kinds[] = {
    [MARINE_S8]     = { true, 8, "i8", "S8" },
    [MARINE_S16]    = { true, 16, "i16", "S16" },
    [MARINE_S32]    = { true, 32, "i32", "S32" },
    [MARINE_S64]    = { true, 64, "i64", "S64" },
    [MARINE_U8]     = { false, 8, "u8", "U8" },
    [MARINE_U16]    = { false, 16, "u16", "U16" },
    [MARINE_U32]    = { false, 32, "u32", "U32" },
    [MARINE_U64]    = { false, 64, "u64", "U64" },
    [MARINE_F32]    = { true, 32, "f32", "F32" },
    [MARINE_F64]    = { true, 64, "f64", "F64" },
    [MARINE_STRING] = { false, 0, "a string", "String" },
    [MARINE_BOOL]   = { false, 1, "a boolean", "Boolean" },
    [MARINE_I32]    = { true, 32, "i32", "I32" },
    [MARINE_I64]    = { true, 64, "i64", "I64" },
    [MARINE_RECORD] = { false, 0, "record", "Record" },
    [MARINE_ARRAY]  = { false, 0, "array", "Array" },
    [MARINE_BYTES]  = { false, 0, "bytes", "ByteArray" },
};

static riv_err from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out);

marine_value marine__int(marine_type_kind kind, uint64_t bits) { return (marine_value){ .kind = kind, .bits = bits }; }

marine_value marine__string(riv_str s) { return (marine_value){ .kind = MARINE_STRING, .bytes = riv_str_bytes(s) }; }

const marine_type *marine__element(const marine_type *list)
{
    static const marine_type u8 = { .kind = MARINE_U8 };
    return list->kind == MARINE_BYTES ? &u8 : list->element;
}

bool marine__is_scalar(marine_type_kind kind) { return kinds[kind].bits != 0; }

/* ---- what Rust's {:?} shows, for messages ---- */

const char *marine__type_word(marine_type_kind kind) { return kinds[kind].itype; }

static bool is_long(const riv_buf *out) { return out->len > WORDS_BYTES_MAX; }

/* Combining marks are shown as numbers, like controls. */
static bool is_shown(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0xad && !(c >= 0x300 && c < 0x370) &&
           !(c >= 0x2000 && c < 0x2010) && !(c >= 0x2028 && c < 0x2030) && !(c >= 0x205f && c < 0x2070) &&
           !(c >= 0xe000 && c < 0xf900) && c != 0xfeff;
}

static void show_str(riv_str s, riv_buf *out)
{
    riv_put_u8(out, '"');
    for (size_t i = 0; i < s.len && !is_long(out);) {
        uint32_t    c      = riv_utf8_next(s, &i);
        const char *escape = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\n' ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == 0    ? "\\0"
                                         : NULL;
        if (escape)
            riv_put_str(out, riv_str_c(escape));
        else if (is_shown(c))
            riv_utf8_put(out, c);
        else
            riv_putf(out, "\\u{%x}", c);
    }
    riv_put_u8(out, '"');
}

/* Depth is bounded by the parser's limit. */
static void show_json(const riv_json *v, riv_buf *out)
{
    switch (v->kind) {
    case RIV_JSON_NULL: riv_put_str(out, RIV_LIT("Null")); return;
    case RIV_JSON_BOOL: riv_putf(out, "Bool(%s)", v->boolean ? "true" : "false"); return;
    case RIV_JSON_U64:
    case RIV_JSON_I64:
    case RIV_JSON_F64:
        riv_put_str(out, RIV_LIT("Number("));
        riv_json_write(v, out);
        break;
    case RIV_JSON_STR:
        riv_put_str(out, RIV_LIT("String("));
        show_str(v->str, out);
        break;
    case RIV_JSON_ARR:
        riv_put_str(out, RIV_LIT("Array ["));
        for (size_t i = 0; i < v->arr.count && !is_long(out); i++) {
            if (i) riv_put_str(out, RIV_LIT(", "));
            show_json(v->arr.items[i], out);
        }
        riv_put_u8(out, ']');
        return;
    case RIV_JSON_OBJ:
        riv_put_str(out, RIV_LIT("Object {"));
        for (size_t i = 0; i < v->obj.count && !is_long(out); i++) {
            if (i) riv_put_str(out, RIV_LIT(", "));
            show_str(v->obj.members[i].key, out);
            riv_put_str(out, RIV_LIT(": "));
            show_json(v->obj.members[i].value, out);
        }
        riv_put_u8(out, '}');
        return;
    }
    riv_put_u8(out, ')');
}

static void show_type(const marine_type *t, riv_buf *out)
{
    riv_put_str(out, riv_str_c(kinds[t->kind].itype));
    if (t->kind == MARINE_RECORD) riv_putf(out, "(%u)", t->record);
    if (t->kind != MARINE_ARRAY) return;
    riv_put_u8(out, '(');
    show_type(t->element, out);
    riv_put_u8(out, ')');
}

static void show_signature(const marine__type *function, riv_buf *out)
{
    riv_put_u8(out, '[');
    for (size_t i = 0; i < function->args_count && !is_long(out); i++) {
        riv_put_str(out, i ? RIV_LIT(", (") : RIV_LIT("("));
        show_str(function->args[i].name, out);
        riv_put_str(out, RIV_LIT(", "));
        show_type(&function->args[i].type, out);
        riv_put_u8(out, ')');
    }
    riv_put_u8(out, ']');
}

/* ---- JSON to values ---- */

/* A message made with the functions above. */
static riv_err fail_words(conversion *c, const riv_buf *words)
{
    return riv_fail(c->fault, RIV_E_MALFORMED, 0, RIV_FMT, RIV_ARG(riv_buf_str(words)));
}

/* serde_json's error, as the original wraps it. */
static riv_err fail_serde(conversion *c, riv_str message)
{
    riv_buf words = riv_buf_in(c->service->scratch);
    riv_put_str(&words, RIV_LIT("error Error("));
    show_str(message, &words);
    riv_put_str(&words, RIV_LIT(", line: 0, column: 0) occurred while deserializing function arguments"));
    return fail_words(c, &words);
}

static riv_err wrong(conversion *c, marine_type_kind wanted, const riv_json *got)
{
    riv_buf words = riv_buf_in(c->service->scratch);
    riv_put_str(&words, RIV_LIT("invalid type: "));
    switch (got->kind) {
    case RIV_JSON_NULL: riv_put_str(&words, RIV_LIT("null")); break;
    case RIV_JSON_BOOL: riv_putf(&words, "boolean `%s`", got->boolean ? "true" : "false"); break;
    case RIV_JSON_U64:
    case RIV_JSON_I64:
    case RIV_JSON_F64:
        riv_put_str(&words, got->kind == RIV_JSON_F64 ? RIV_LIT("floating point `") : RIV_LIT("integer `"));
        riv_json_write(got, &words);
        riv_put_u8(&words, '`');
        break;
    case RIV_JSON_STR:
        riv_put_str(&words, RIV_LIT("string "));
        show_str(got->str, &words);
        break;
    case RIV_JSON_ARR: riv_put_str(&words, RIV_LIT("sequence")); break;
    case RIV_JSON_OBJ: riv_put_str(&words, RIV_LIT("map")); break;
    }
    riv_putf(&words, ", expected %s", kinds[wanted].name);
    return fail_serde(c, riv_buf_str(&words));
}

static riv_err out_of_range(conversion *c, marine_type_kind wanted, const riv_json *got)
{
    riv_buf words = riv_buf_in(c->service->scratch);
    riv_put_str(&words, RIV_LIT("invalid value: integer `"));
    riv_json_write(got, &words);
    riv_putf(&words, "`, expected %s", kinds[wanted].name);
    return fail_serde(c, riv_buf_str(&words));
}

static riv_err wrong_container(conversion *c, const marine_type *t, const riv_json *got)
{
    riv_buf words = riv_buf_in(c->service->scratch);
    if (marine__is_bytes(t)) {
        riv_put_str(&words, RIV_LIT("expected bytearray"));
    } else {
        riv_put_str(&words, RIV_LIT("expected array of "));
        show_type(t->element, &words);
        riv_put_str(&words, RIV_LIT(" types"));
    }
    riv_put_str(&words, RIV_LIT(", got "));
    show_json(got, &words);
    return fail_words(c, &words);
}

static riv_err room(conversion *c, size_t count, size_t bytes, void **out)
{
    if (!marine__room(c->service, count, bytes))
        return riv_fail(c->fault, RIV_E_LIMIT, 0, "arguments of more than %d bytes", MARINE__VALUES_BYTES_MAX);
    *out = riv_arena_alloc_raw(c->service->scratch, count * bytes, 8);
    return RIV_OK;
}

static riv_err integer_from_json(conversion *c, marine_type_kind kind, const riv_json *json, marine_value *out)
{
    if (json->kind != RIV_JSON_U64 && json->kind != RIV_JSON_I64) return wrong(c, kind, json);
    uint64_t max = UINT64_MAX >> (64 - kinds[kind].bits + kinds[kind].is_signed);
    bool     fits;
    if (json->kind == RIV_JSON_U64)
        fits = json->u64 <= max;
    else
        fits = kinds[kind].is_signed && json->i64 >= -(int64_t)max - 1;
    if (!fits) return out_of_range(c, kind, json);
    *out = marine__int(kind, json->kind == RIV_JSON_U64 ? json->u64 : (uint64_t)json->i64);
    return RIV_OK;
}

static riv_err float_from_json(conversion *c, marine_type_kind kind, const riv_json *json, marine_value *out)
{
    double v;
    if (json->kind == RIV_JSON_F64)
        v = json->f64;
    else if (json->kind == RIV_JSON_U64)
        v = (double)json->u64;
    else if (json->kind == RIV_JSON_I64)
        v = (double)json->i64;
    else
        return wrong(c, kind, json);
    *out = (marine_value){ .kind = kind };
    if (kind == MARINE_F32)
        out->f32 = (float)v;
    else
        out->f64 = v;
    return RIV_OK;
}

static riv_err scalar_from_json(conversion *c, marine_type_kind kind, const riv_json *json, marine_value *out)
{
    /* SPEC marine.md 8.1: A one-element array where a scalar is wanted is flattened one level */
    if (json->kind == RIV_JSON_ARR && json->arr.count == 1) json = json->arr.items[0];
    if (kind == MARINE_F32 || kind == MARINE_F64) return float_from_json(c, kind, json, out);
    if (kind == MARINE_STRING) {
        if (json->kind != RIV_JSON_STR) return wrong(c, kind, json);
        *out = marine__string(json->str);
        return RIV_OK;
    }
    if (kind != MARINE_BOOL) return integer_from_json(c, kind, json, out);
    if (json->kind != RIV_JSON_BOOL) return wrong(c, kind, json);
    *out = marine__int(MARINE_BOOL, json->boolean);
    return RIV_OK;
}

static riv_err bytes_from_json(conversion *c, const riv_json *json, marine_value *out)
{
    void *memory;
    RIV_TRY(room(c, json->arr.count, 1, &memory));
    uint8_t *bytes = memory;
    for (size_t i = 0; i < json->arr.count; i++) {
        const riv_json *item = json->arr.items[i];
        marine_value    byte;
        if (item->kind == RIV_JSON_U64 && item->u64 <= UINT8_MAX) {
            bytes[i] = (uint8_t)item->u64;
            continue;
        }
        RIV_TRY(scalar_from_json(c, MARINE_U8, item, &byte));
        bytes[i] = (uint8_t)byte.bits;
    }
    *out = (marine_value){ .kind = MARINE_BYTES, .bytes = { bytes, json->arr.count } };
    return RIV_OK;
}

/* Straight to how they will lie in the guest's memory. */
static riv_err numbers_from_json(conversion *c, marine_type_kind kind, const riv_json *json, marine_value *out)
{
    size_t size = marine__packed_bytes(kind), count = json->arr.count;
    void  *memory;
    RIV_TRY(room(c, count, size, &memory));
    for (size_t i = 0; i < count; i++) {
        marine_value v;
        RIV_TRY(scalar_from_json(c, kind, json->arr.items[i], &v));
        marine__pack(&v, (uint8_t *)memory + i * size);
    }
    *out = (marine_value){ .kind = marine__packed_kind(kind), .bytes = { memory, count * size } };
    return RIV_OK;
}

static riv_err array_from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    if (json->kind != RIV_JSON_ARR) return wrong_container(c, t, json);
    if (marine__is_bytes(t)) return bytes_from_json(c, json, out);
    if (marine__is_scalar(t->element->kind)) return numbers_from_json(c, t->element->kind, json, out);
    void *memory;
    RIV_TRY(room(c, json->arr.count, sizeof(marine_value), &memory));
    marine_value *items = memory;
    for (size_t i = 0; i < json->arr.count; i++) RIV_TRY(from_json(c, t->element, json->arr.items[i], &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, json->arr.count } };
    return RIV_OK;
}

static riv_err count_error(conversion *c, size_t wanted, size_t got)
{
    return riv_fail(c->fault, RIV_E_MALFORMED, 0, "function requires %zu arguments, %zu provided", wanted, got);
}

/* Arguments of a function, or fields of a record: by position or by name. The original has the same words for both. */
static riv_err fields_from_json(conversion *c, const marine__type *type, const riv_json *json, marine_value *out)
{
    bool   object = json->kind == RIV_JSON_OBJ;
    size_t want = type->args_count, got = object ? json->obj.count : json->arr.count;
    if (!object && got != want) return count_error(c, want, got);
    for (size_t i = 0; i < want; i++) {
        const riv_json *item = object ? riv_json_get(json, type->args[i].name) : json->arr.items[i];
        if (!item)
            return riv_fail(c->fault, RIV_E_MALFORMED, 0, "missing argument with name " RIV_FMT,
                            RIV_ARG(type->args[i].name));
        RIV_TRY(from_json(c, &type->args[i].type, item, &out[i]));
    }
    return got == want ? RIV_OK : count_error(c, want, got);
}

static riv_err record_from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    const marine__type *record = &c->section->types[t->record];
    void               *memory;
    if (json->kind != RIV_JSON_OBJ && json->kind != RIV_JSON_ARR)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                        "record with type id `%u` should be encoded as array or map of fields", t->record);
    RIV_TRY(room(c, record->args_count, sizeof(marine_value), &memory));
    RIV_TRY(fields_from_json(c, record, json, memory));
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { memory, record->args_count } };
    return RIV_OK;
}

/* Depth is that of the type, which the section's check bounds. */
static riv_err from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    if (t->kind == MARINE_RECORD) return record_from_json(c, t, json, out);
    if (t->kind == MARINE_ARRAY || t->kind == MARINE_BYTES) return array_from_json(c, t, json, out);
    return scalar_from_json(c, t->kind, json, out);
}

/* A single value that stands for the list of arguments. */
static riv_err bare_from_json(conversion *c, const marine__type *function, const riv_json *json, marine_value *out)
{
    riv_buf words = riv_buf_in(c->service->scratch);
    if (function->args_count == 1 && json->kind != RIV_JSON_NULL) {
        /* SPEC marine.md 8.1: records cannot be resolved there */
        if (function->args[0].type.kind == MARINE_RECORD)
            return riv_fail(c->fault, RIV_E_MALFORMED, 0, "record with type id `%u` wasn't found",
                            function->args[0].type.record);
        return from_json(c, &function->args[0].type, json, out);
    }
    if (json->kind == RIV_JSON_NULL) {
        if (function->args_count == 0) return RIV_OK;
        riv_put_str(&words, RIV_LIT("the called function has the following signature: "));
        show_signature(function, &words);
        riv_put_str(&words, RIV_LIT(", but no arguments is provided"));
        return fail_words(c, &words);
    }
    riv_put_str(&words, RIV_LIT("called function has the following signature: '"));
    show_signature(function, &words);
    riv_put_str(&words, RIV_LIT("', and it isn't suitable for an argument '"));
    show_json(json, &words);
    riv_put_str(&words, RIV_LIT("' provided"));
    return fail_words(c, &words);
}

riv_err marine__args_from_json(const marine__args *in, const riv_json *json, riv_fault *fault, marine_value **out)
{
    conversion c = { in->section, in->service, fault };
    void      *memory;
    RIV_TRY(room(&c, in->function->args_count, sizeof(marine_value), &memory));
    if (!json) json = riv_json_null();
    if (json->kind == RIV_JSON_OBJ || json->kind == RIV_JSON_ARR)
        RIV_TRY(fields_from_json(&c, in->function, json, memory));
    else
        RIV_TRY(bare_from_json(&c, in->function, json, memory));
    *out = memory;
    return RIV_OK;
}

/* ---- values of a caller ---- */

static riv_err wrong_value(conversion *c, const marine_type *t, const marine_value *v)
{
    return riv_fail(c->fault, RIV_E_MALFORMED, 0, "%s where the interface says %s",
                    marine__is_packed(v) ? "no value" : marine__kind_name(v->kind), marine__kind_name(t->kind));
}

static bool integer_fits(marine_type_kind kind, uint64_t bits)
{
    unsigned shift = 64 - kinds[kind].bits;
    return kinds[kind].is_signed ? (uint64_t)((int64_t)(bits << shift) >> shift) == bits
                                 : bits << shift >> shift == bits;
}

/* Whether it may go to the guest as it is. Depth is that of the type. */
static riv_err check_value(conversion *c, const marine_type *t, const marine_value *v)
{
    if (marine__is_bytes(t)) {
        if (v->kind == MARINE_BYTES) return RIV_OK;
        if (v->kind != MARINE_ARRAY) return wrong_value(c, t, v);
        for (size_t i = 0; i < v->list.count; i++) RIV_TRY(check_value(c, marine__element(t), &v->list.items[i]));
        return RIV_OK;
    }
    if (v->kind != t->kind) return wrong_value(c, t, v);
    switch (t->kind) {
    case MARINE_F32:
    case MARINE_F64: return RIV_OK;
    case MARINE_STRING:
        if (riv_utf8_valid(v->bytes, NULL)) return RIV_OK;
        return riv_fail(c->fault, RIV_E_MALFORMED, 0, "string is not UTF-8");
    case MARINE_ARRAY:
        for (size_t i = 0; i < v->list.count; i++) RIV_TRY(check_value(c, t->element, &v->list.items[i]));
        return RIV_OK;
    case MARINE_RECORD: {
        const marine__type *record = &c->section->types[t->record];
        if (v->list.count != record->args_count) return count_error(c, record->args_count, v->list.count);
        for (size_t i = 0; i < record->args_count; i++)
            RIV_TRY(check_value(c, &record->args[i].type, &v->list.items[i]));
        return RIV_OK;
    }
    default:
        if (integer_fits(t->kind, v->bits)) return RIV_OK;
        return riv_fail(c->fault, RIV_E_MALFORMED, 0, "bits 0x%llx are no %s", (unsigned long long)v->bits,
                        marine__kind_name(t->kind));
    }
}

/* A list of u8 as bytes: an adapter may want them so. */
static riv_err bytes_of(conversion *c, const marine_value *v, marine_value *out)
{
    void *memory;
    RIV_TRY(room(c, v->list.count, 1, &memory));
    for (size_t i = 0; i < v->list.count; i++) ((uint8_t *)memory)[i] = (uint8_t)v->list.items[i].bits;
    *out = (marine_value){ .kind = MARINE_BYTES, .bytes = { memory, v->list.count } };
    return RIV_OK;
}

riv_err marine__args_from_values(const marine__args *in, const marine_value *values, size_t count, riv_fault *fault,
                                 marine_value **out)
{
    conversion c = { in->section, in->service, fault };
    void      *memory;
    if (count != in->function->args_count) return count_error(&c, in->function->args_count, count);
    RIV_TRY(room(&c, count, sizeof(marine_value), &memory));
    marine_value *args = memory;
    for (size_t i = 0; i < count; i++) {
        const marine_type *t = &in->function->args[i].type;
        RIV_TRY(check_value(&c, t, &values[i]));
        args[i] = values[i];
        if (marine__is_bytes(t) && values[i].kind == MARINE_ARRAY) RIV_TRY(bytes_of(&c, &values[i], &args[i]));
    }
    *out = args;
    return RIV_OK;
}

/* ---- values to JSON ---- */

typedef struct printing {
    const marine__section *section;
    riv_arena             *arena;
    riv_fault             *fault;
    const riv_json        *bytes[256]; /* made once, since byte arrays are long */
} printing;

static riv_err to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out);

static riv_err json_room(printing *p, size_t count, size_t bytes, void **out)
{
    size_t left = riv_arena_left(p->arena);
    if (count > SIZE_MAX / 8 / bytes || count * bytes > left)
        return riv_fail(p->fault, RIV_E_LIMIT, 0, "result of %zu values does not fit in %zu bytes of memory", count,
                        left);
    *out = riv_arena_alloc_raw(p->arena, count * bytes, 8);
    return RIV_OK;
}

static riv_err mismatch(printing *p, const marine_type *t, const marine_value *v)
{
    return riv_fail(p->fault, RIV_E_MALFORMED, 0, "result is %s where the interface says %s",
                    marine__kind_name(v->kind), marine__kind_name(t->kind));
}

static riv_err bytes_to_json(printing *p, riv_bytes bytes, const riv_json **out)
{
    void *memory;
    RIV_TRY(json_room(p, bytes.len, sizeof(riv_json *), &memory));
    const riv_json **items = memory;
    for (size_t i = 0; i < bytes.len; i++) {
        const riv_json **shared = &p->bytes[bytes.ptr[i]];
        if (!*shared) *shared = riv_json_u64(p->arena, bytes.ptr[i]);
        items[i] = *shared;
    }
    *out = riv_json_arr(p->arena, items, bytes.len);
    return RIV_OK;
}

static bool is_packed_of(const marine_type *t, const marine_value *v)
{
    return marine__is_packed(v) && t->kind == MARINE_ARRAY && marine__element_kind(v) == t->element->kind;
}

static riv_err numbers_to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out)
{
    size_t count = marine__packed_count(v);
    void  *memory;
    RIV_TRY(json_room(p, count, sizeof(riv_json *), &memory));
    const riv_json **items = memory;
    for (size_t i = 0; i < count; i++) {
        marine_value item = marine__packed_at(v, i);
        RIV_TRY(to_json(p, t->element, &item, &items[i]));
    }
    *out = riv_json_arr(p->arena, items, count);
    return RIV_OK;
}

static riv_err array_to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out)
{
    void *memory;
    if (is_packed_of(t, v)) return numbers_to_json(p, t, v, out);
    if (v->kind != MARINE_ARRAY) return mismatch(p, t, v);
    RIV_TRY(json_room(p, v->list.count, sizeof(riv_json *), &memory));
    const riv_json **items = memory;
    for (size_t i = 0; i < v->list.count; i++) RIV_TRY(to_json(p, t->element, &v->list.items[i], &items[i]));
    *out = riv_json_arr(p->arena, items, v->list.count);
    return RIV_OK;
}

static riv_err record_to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out)
{
    const marine__type *record = &p->section->types[t->record];
    void               *memory;
    if (v->kind != MARINE_RECORD || v->list.count != record->args_count) return mismatch(p, t, v);
    RIV_TRY(json_room(p, v->list.count, sizeof(riv_json_member), &memory));
    riv_json_member *members = memory;
    for (size_t i = 0; i < v->list.count; i++) {
        members[i].key = record->args[i].name;
        RIV_TRY(to_json(p, &record->args[i].type, &v->list.items[i], &members[i].value));
    }
    *out = riv_json_obj(p->arena, members, v->list.count);
    return RIV_OK;
}

static riv_err text_to_json(printing *p, const marine_value *v, const riv_json **out)
{
    void *memory;
    RIV_TRY(json_room(p, v->bytes.len, 1, &memory));
    if (v->bytes.len) memcpy(memory, v->bytes.ptr, v->bytes.len);
    *out = riv_json_str(p->arena, (riv_str){ memory, v->bytes.len });
    return RIV_OK;
}

static riv_err to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out)
{
    if (riv_arena_over(p->arena)) return riv_fail(p->fault, RIV_E_LIMIT, 0, "result does not fit in the memory for it");
    if (marine__is_bytes(t) && v->kind == MARINE_BYTES) return bytes_to_json(p, v->bytes, out);
    if (t->kind == MARINE_ARRAY) return array_to_json(p, t, v, out);
    if (t->kind == MARINE_RECORD) return record_to_json(p, t, v, out);
    if (t->kind != v->kind) return mismatch(p, t, v);
    if (t->kind == MARINE_STRING) return text_to_json(p, v, out);
    if (t->kind == MARINE_BOOL)
        *out = riv_json_bool(v->bits != 0);
    else if (t->kind == MARINE_F32)
        *out = riv_json_f64(p->arena, (double)v->f32);
    else if (t->kind == MARINE_F64)
        *out = riv_json_f64(p->arena, v->f64);
    else
        *out = kinds[t->kind].is_signed ? riv_json_i64(p->arena, (int64_t)v->bits) : riv_json_u64(p->arena, v->bits);
    return RIV_OK;
}

riv_err marine__value_to_json(const marine__section *section, const marine_type *type, const marine_value *v,
                              riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    printing p = { .section = section, .arena = arena, .fault = fault };
    return to_json(&p, type, v, out);
}

/* ---- values for a caller ---- */

static riv_err copy(printing *p, const marine_type *t, const marine_value *v, marine_value *out);

static riv_err copy_list(printing *p, const marine_type *t, const marine_value *v, marine_value *out)
{
    const marine__type *record = t->kind == MARINE_RECORD ? &p->section->types[t->record] : NULL;
    bool                packed = is_packed_of(t, v);
    size_t              count  = packed ? marine__packed_count(v) : v->list.count;
    void               *memory;
    if (!packed && (v->kind != t->kind || (record && count != record->args_count))) return mismatch(p, t, v);
    RIV_TRY(json_room(p, count, sizeof(marine_value), &memory));
    marine_value *items = memory;
    for (size_t i = 0; i < count; i++) {
        if (packed)
            items[i] = marine__packed_at(v, i);
        else
            RIV_TRY(copy(p, record ? &record->args[i].type : t->element, &v->list.items[i], &items[i]));
    }
    *out = (marine_value){ .kind = t->kind, .list = { items, count } };
    return RIV_OK;
}

static riv_err copy(printing *p, const marine_type *t, const marine_value *v, marine_value *out)
{
    void *memory;
    bool  is_bytes = marine__is_bytes(t) && v->kind == MARINE_BYTES;
    if (!is_bytes && (t->kind == MARINE_ARRAY || t->kind == MARINE_RECORD)) return copy_list(p, t, v, out);
    if (!is_bytes && t->kind != v->kind) return mismatch(p, t, v);
    *out = *v;
    if (marine__is_scalar(v->kind)) return RIV_OK;
    RIV_TRY(json_room(p, v->bytes.len, 1, &memory));
    if (v->bytes.len) memcpy(memory, v->bytes.ptr, v->bytes.len);
    out->bytes.ptr = memory;
    return RIV_OK;
}

riv_err marine__value_copy(const marine__section *section, const marine_type *type, const marine_value *v,
                           riv_arena *arena, riv_fault *fault, marine_value *out)
{
    printing p = { .section = section, .arena = arena, .fault = fault };
    return copy(&p, type, v, out);
}

/* ---- shapes ---- */

bool marine__value_fits(const marine__section *section, const marine_type *t, const marine_value *v, uint64_t *visited)
{
    ++*visited;
    if (marine__is_bytes(t) && v->kind == MARINE_BYTES) return true;
    if (is_packed_of(t, v)) {
        *visited += marine__packed_count(v);
        return true;
    }
    if (t->kind == MARINE_BYTES) return v->kind == MARINE_ARRAY && v->list.count == 0;
    if (t->kind != v->kind) return false;
    if (t->kind == MARINE_ARRAY) {
        for (size_t i = 0; i < v->list.count; i++)
            if (!marine__value_fits(section, t->element, &v->list.items[i], visited)) return false;
    } else if (t->kind == MARINE_RECORD) {
        const marine__type *record = &section->types[t->record];
        if (v->list.count != record->args_count) return false;
        for (size_t i = 0; i < v->list.count; i++)
            if (!marine__value_fits(section, &record->args[i].type, &v->list.items[i], visited)) return false;
    }
    return true;
}
