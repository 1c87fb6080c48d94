/* value.c: interface values and JSON, both ways.
 * Numbers are strict, as in the original: no numeric strings, no 1.0 for an integer, whole numbers do for floats.
 * Spec: docs/spec/marine.md 8.1, 8.2. Tests: value_test.c. */
#include "marine/internal.h"

typedef struct conversion {
    const marine__section *section;
    riv_arena             *arena;
    riv_fault             *fault;
    riv_str                function, argument; /* for messages */
} conversion;

static const struct {
    bool    is_signed;
    uint8_t bits;
} widths[] = {
    [MARINE_S8] = { true, 8 },    [MARINE_S16] = { true, 16 },  [MARINE_S32] = { true, 32 },
    [MARINE_S64] = { true, 64 },  [MARINE_U8] = { false, 8 },   [MARINE_U16] = { false, 16 },
    [MARINE_U32] = { false, 32 }, [MARINE_U64] = { false, 64 }, [MARINE_I32] = { true, 32 },
    [MARINE_I64] = { true, 64 },
};

static riv_err from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out);

marine_value marine__int(marine_type_kind kind, uint64_t bits) { return (marine_value){ .kind = kind, .bits = bits }; }

marine_value marine__string(riv_str s) { return (marine_value){ .kind = MARINE_STRING, .bytes = riv_str_bytes(s) }; }

/* ---- JSON to values ---- */

static riv_err wrong(conversion *c, const char *wanted, const riv_json *got)
{
    return riv_fail(c->fault, RIV_E_MALFORMED, 0, "argument " RIV_FMT " of " RIV_FMT ": invalid type: %s, expected %s",
                    RIV_ARG(c->argument), RIV_ARG(c->function), riv_json_kind_name(got), wanted);
}

static riv_err room(conversion *c, size_t count, size_t bytes, void **out)
{
    if (count > MARINE__VALUES_BYTES_MAX / bytes || riv_arena_used(c->arena) + count * bytes > MARINE__VALUES_BYTES_MAX)
        return riv_fail(c->fault, RIV_E_LIMIT, 0, "arguments of more than %d bytes", MARINE__VALUES_BYTES_MAX);
    *out = riv_arena_alloc_n(c->arena, count, bytes, 8);
    return RIV_OK;
}

static riv_err integer_from_json(conversion *c, marine_type_kind kind, const riv_json *json, marine_value *out)
{
    if (json->kind != RIV_JSON_U64 && json->kind != RIV_JSON_I64) return wrong(c, marine__kind_name(kind), json);
    uint64_t max = UINT64_MAX >> (64 - widths[kind].bits + widths[kind].is_signed);
    bool     fits;
    if (json->kind == RIV_JSON_U64)
        fits = json->u64 <= max;
    else
        fits = widths[kind].is_signed && json->i64 >= -(int64_t)max - 1;
    if (!fits)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                        "argument " RIV_FMT " of " RIV_FMT ": number is out of range of %s", RIV_ARG(c->argument),
                        RIV_ARG(c->function), marine__kind_name(kind));
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
        return wrong(c, marine__kind_name(kind), json);
    *out = (marine_value){ .kind = kind };
    if (kind == MARINE_F32)
        out->f32 = (float)v;
    else
        out->f64 = v;
    return RIV_OK;
}

/* SPEC marine.md 8.1: A one-element array where a scalar is wanted is flattened one level */
static const riv_json *scalar_of(const riv_json *json)
{
    return json->kind == RIV_JSON_ARR && json->arr.count == 1 ? json->arr.items[0] : json;
}

static riv_err bytes_from_json(conversion *c, const riv_json *json, marine_value *out)
{
    if (json->kind != RIV_JSON_ARR)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0, "argument " RIV_FMT " of " RIV_FMT ": expected bytearray, got %s",
                        RIV_ARG(c->argument), RIV_ARG(c->function), riv_json_kind_name(json));
    void *memory;
    RIV_TRY(room(c, json->arr.count, 1, &memory));
    uint8_t *bytes = memory;
    for (size_t i = 0; i < json->arr.count; i++) {
        const riv_json *item = scalar_of(json->arr.items[i]);
        if (item->kind != RIV_JSON_U64 || item->u64 > UINT8_MAX)
            return riv_fail(c->fault, RIV_E_MALFORMED, 0, "argument " RIV_FMT " of " RIV_FMT ": element %zu is no byte",
                            RIV_ARG(c->argument), RIV_ARG(c->function), i);
        bytes[i] = (uint8_t)item->u64;
    }
    *out = (marine_value){ .kind = MARINE_BYTES, .bytes = { bytes, json->arr.count } };
    return RIV_OK;
}

static riv_err array_from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    if (t->element->kind == MARINE_U8) return bytes_from_json(c, json, out);
    if (json->kind != RIV_JSON_ARR)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                        "argument " RIV_FMT " of " RIV_FMT ": expected array of %s, got %s", RIV_ARG(c->argument),
                        RIV_ARG(c->function), marine__kind_name(t->element->kind), riv_json_kind_name(json));
    void *memory;
    RIV_TRY(room(c, json->arr.count, sizeof(marine_value), &memory));
    marine_value *items = memory;
    for (size_t i = 0; i < json->arr.count; i++) RIV_TRY(from_json(c, t->element, json->arr.items[i], &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, json->arr.count } };
    return RIV_OK;
}

static riv_err record_from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    const marine__type *record = &c->section->types[t->record];
    bool                object = json->kind == RIV_JSON_OBJ;
    if (!object && json->kind != RIV_JSON_ARR)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                        "argument " RIV_FMT " of " RIV_FMT ": record " RIV_FMT
                        " should be encoded as array or map of fields",
                        RIV_ARG(c->argument), RIV_ARG(c->function), RIV_ARG(record->name));
    size_t count = object ? json->obj.count : json->arr.count;
    void  *memory;
    RIV_TRY(room(c, record->args_count, sizeof(marine_value), &memory));
    marine_value *fields = memory;
    for (size_t i = 0; i < record->args_count; i++) {
        const riv_json *item = object ? riv_json_get(json, record->args[i].name) : riv_json_at(json, i);
        if (!item)
            return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                            "argument " RIV_FMT " of " RIV_FMT ": missing field " RIV_FMT " of record " RIV_FMT,
                            RIV_ARG(c->argument), RIV_ARG(c->function), RIV_ARG(record->args[i].name),
                            RIV_ARG(record->name));
        RIV_TRY(from_json(c, &record->args[i].type, item, &fields[i]));
    }
    if (count != record->args_count)
        return riv_fail(c->fault, RIV_E_MALFORMED, 0,
                        "argument " RIV_FMT " of " RIV_FMT ": record " RIV_FMT " has %zu fields, %zu provided",
                        RIV_ARG(c->argument), RIV_ARG(c->function), RIV_ARG(record->name), record->args_count, count);
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { fields, count } };
    return RIV_OK;
}

static bool is_scalar(const marine_type *t)
{
    return t->kind != MARINE_ARRAY && t->kind != MARINE_BYTES && t->kind != MARINE_RECORD;
}

/* Depth is that of the type, which the section's check bounds. */
static riv_err from_json(conversion *c, const marine_type *t, const riv_json *json, marine_value *out)
{
    if (is_scalar(t)) json = scalar_of(json);
    switch (t->kind) {
    case MARINE_BOOL:
        if (json->kind != RIV_JSON_BOOL) return wrong(c, "a boolean", json);
        *out = marine__int(MARINE_BOOL, json->boolean);
        return RIV_OK;
    case MARINE_STRING:
        if (json->kind != RIV_JSON_STR) return wrong(c, "a string", json);
        *out = marine__string(json->str);
        return RIV_OK;
    case MARINE_F32:
    case MARINE_F64: return float_from_json(c, t->kind, json, out);
    case MARINE_BYTES: return bytes_from_json(c, json, out);
    case MARINE_ARRAY: return array_from_json(c, t, json, out);
    case MARINE_RECORD: return record_from_json(c, t, json, out);
    case MARINE_S8:
    case MARINE_S16:
    case MARINE_S32:
    case MARINE_S64:
    case MARINE_U8:
    case MARINE_U16:
    case MARINE_U32:
    case MARINE_U64:
    case MARINE_I32:
    case MARINE_I64: return integer_from_json(c, t->kind, json, out);
    }
    RIV_UNREACHABLE();
}

static riv_err count_error(const conversion *c, size_t wanted, size_t got)
{
    return riv_fail(c->fault, RIV_E_MALFORMED, 0, "function " RIV_FMT " requires %zu arguments, %zu provided",
                    RIV_ARG(c->function), wanted, got);
}

static riv_err argument_from_json(conversion *c, const marine_field *arg, const riv_json *json, marine_value *out)
{
    c->argument = arg->name;
    return from_json(c, &arg->type, json, out);
}

riv_err marine__args_from_json(const marine__section *section, const marine__type *function, riv_str name,
                               const riv_json *json, riv_arena *arena, riv_fault *fault, marine_value **out)
{
    conversion    c    = { section, arena, fault, name, { NULL, 0 } };
    size_t        want = function->args_count;
    marine_value *args = riv_new(arena, marine_value, want);
    if (!json) json = riv_json_null();
    bool   object = json->kind == RIV_JSON_OBJ, list = json->kind == RIV_JSON_ARR;
    size_t got = object ? json->obj.count : list ? json->arr.count : json->kind == RIV_JSON_NULL ? 0 : 1;
    if (!object && got != want) return count_error(&c, want, got);
    for (size_t i = 0; i < want; i++) {
        const marine_field *arg  = &function->args[i];
        const riv_json     *item = object ? riv_json_get(json, arg->name) : list ? json->arr.items[i] : json;
        if (!item)
            return riv_fail(fault, RIV_E_MALFORMED, 0, "missing argument with name " RIV_FMT " of function " RIV_FMT,
                            RIV_ARG(arg->name), RIV_ARG(name));
        RIV_TRY(argument_from_json(&c, arg, item, &args[i]));
    }
    if (got != want) return count_error(&c, want, got);
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
    *out = riv_arena_alloc_n(p->arena, count, bytes, 8);
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

static riv_err array_to_json(printing *p, const marine_type *t, const marine_value *v, const riv_json **out)
{
    void *memory;
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
    bool is_bytes = t->kind == MARINE_BYTES || (t->kind == MARINE_ARRAY && t->element->kind == MARINE_U8);
    if (riv_arena_over(p->arena)) return riv_fail(p->fault, RIV_E_LIMIT, 0, "result does not fit in the memory for it");
    if (is_bytes && v->kind == MARINE_BYTES) return bytes_to_json(p, v->bytes, out);
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
        *out = widths[t->kind].is_signed ? riv_json_i64(p->arena, (int64_t)v->bits) : riv_json_u64(p->arena, v->bits);
    return RIV_OK;
}

riv_err marine__value_to_json(const marine__section *section, const marine_type *type, const marine_value *v,
                              riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    printing p = { .section = section, .arena = arena, .fault = fault };
    return to_json(&p, type, v, out);
}

/* ---- shapes ---- */

bool marine__value_fits(const marine__section *section, const marine_type *t, const marine_value *v, uint64_t *visited)
{
    ++*visited;
    bool is_bytes = t->kind == MARINE_BYTES || (t->kind == MARINE_ARRAY && t->element->kind == MARINE_U8);
    if (is_bytes && v->kind == MARINE_BYTES) return true;
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
