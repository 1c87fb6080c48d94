/* component_value.c: values of Marine into values of the engine, and back, along the types of a component.
 * An option is an array of none or one; a variant and a result are a record in which one field holds, SPEC components-wasi.md 3.
 * What is made of the engine's values lies in its heap: it is counted like the values of a call.
 * Spec: docs/spec/components-wasi.md 3. Tests: component_test.c. */
#include "marine/component.h"

typedef struct lowering {
    marine_service *service;
    riv_str         where; /* the argument, for messages */
    size_t         *left;  /* bytes of the engine's heap */
} lowering;

static riv_err lower(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out);
static riv_err lift(marine_service *s, const marine__wit *t, const wasmtime_component_val_t *v, marine_value *out);

/* ---- into the engine ---- */

static riv_err wrong(const lowering *l, const char *wanted)
{
    return marine__fail(l->service, MARINE_BAD_ARGUMENTS, "argument " RIV_FMT ": %s", RIV_ARG(l->where), wanted);
}

static riv_err take(lowering *l, size_t count, size_t bytes)
{
    RIV_TRY(marine__charge(l->service, count));
    if (count > *l->left / bytes)
        return marine__fail(l->service, MARINE_OUT_OF_MEMORY, "arguments of more than %d bytes",
                            MARINE__VALUES_BYTES_MAX);
    *l->left -= count * bytes;
    return RIV_OK;
}

static riv_err lower_name(lowering *l, riv_str s, wasm_name_t *out)
{
    RIV_TRY(take(l, s.len, 1));
    wasm_byte_vec_new(out, s.len, s.ptr);
    return RIV_OK;
}

static riv_err lower_char(lowering *l, riv_str s, wasmtime_component_val_t *out)
{
    size_t pos = 0;
    if (s.len == 0) return wrong(l, "expected one character, got none");
    uint32_t scalar = riv_utf8_next(s, &pos);
    if (pos != s.len) return wrong(l, "expected one character, got several");
    *out = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_CHAR, .of.character = scalar };
    return RIV_OK;
}

static riv_err no_such_name(lowering *l, const marine__wit *t, riv_str name)
{
    riv_arena *arena = riv_arena_new(0);
    riv_str   *names = riv_new(arena, riv_str, t->parts_count);
    for (size_t i = 0; i < t->parts_count; i++) names[i] = t->parts[i].name;
    size_t  near = riv_nearest(name, names, t->parts_count);
    riv_err err  = near == SIZE_MAX
                       ? marine__fail(l->service, MARINE_BAD_ARGUMENTS, "argument " RIV_FMT ": no such name: " RIV_FMT,
                                      RIV_ARG(l->where), RIV_ARG(name))
                       : marine__fail(l->service, MARINE_BAD_ARGUMENTS,
                                      "argument " RIV_FMT ": no such name: " RIV_FMT ", did you mean " RIV_FMT "?",
                                      RIV_ARG(l->where), RIV_ARG(name), RIV_ARG(names[near]));
    riv_arena_free(arena);
    return err;
}

/* One of the names of an enum or of flags. */
static riv_err check_name(lowering *l, const marine__wit *t, riv_str name)
{
    RIV_TRY(marine__charge(l->service, t->parts_count));
    for (size_t i = 0; i < t->parts_count; i++)
        if (riv_str_eq(t->parts[i].name, name)) return RIV_OK;
    return no_such_name(l, t, name);
}

static riv_err lower_text(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    wasmtime_component_val_t val  = { .kind = WASMTIME_COMPONENT_STRING };
    riv_str                  text = riv_bytes_str(v->bytes);
    if (v->kind != MARINE_STRING) return wrong(l, "expected a string");
    /* The engine ends the process over what is not UTF-8. */
    if (!riv_utf8_valid(v->bytes, NULL)) return wrong(l, "text is not UTF-8");
    if (t->kind == WASMTIME_COMPONENT_VALTYPE_CHAR) return lower_char(l, text, out);
    if (t->kind == WASMTIME_COMPONENT_VALTYPE_ENUM) {
        RIV_TRY(check_name(l, t, text));
        val.kind = WASMTIME_COMPONENT_ENUM;
        RIV_TRY(lower_name(l, text, &val.of.enumeration));
    } else {
        RIV_TRY(lower_name(l, text, &val.of.string));
    }
    *out = val;
    return RIV_OK;
}

/* An array of bytes comes as bytes or as an array. */
static size_t count_of(const marine_value *v)
{
    return v->kind == MARINE_BYTES || v->kind == MARINE_STRING ? v->bytes.len : v->list.count;
}

static bool is_array(const marine__wit *element, const marine_value *v)
{
    if (v->kind == MARINE_ARRAY) return true;
    return v->kind == MARINE_BYTES && element->kind == WASMTIME_COMPONENT_VALTYPE_U8;
}

static riv_err lower_item(lowering *l, const marine__wit *element, const marine_value *v, size_t i,
                          wasmtime_component_val_t *out)
{
    if (v->kind == MARINE_ARRAY) return lower(l, element, &v->list.items[i], out);
    *out = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_U8, .of.u8 = v->bytes.ptr[i] };
    return RIV_OK;
}

static riv_err lower_list(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    const marine__wit *element = t->parts[0].type;
    if (!is_array(element, v)) return wrong(l, "expected an array");
    size_t count = count_of(v);
    RIV_TRY(take(l, count, sizeof *out));
    *out = marine__wit_list(count);
    for (size_t i = 0; i < count; i++) RIV_TRY(lower_item(l, element, v, i, &out->of.list.data[i]));
    return RIV_OK;
}

static riv_err lower_boxed(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t **out)
{
    wasmtime_component_val_t val = { 0 };
    RIV_TRY(take(l, 1, sizeof val));
    riv_err err = lower_item(l, t, v, 0, &val);
    if (err)
        wasmtime_component_val_delete(&val);
    else
        *out = wasmtime_component_val_new(&val);
    return err;
}

static riv_err lower_option(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    const marine__wit *element = t->parts[0].type;
    if (!is_array(element, v) || count_of(v) > 1) return wrong(l, "an option is an array of none or one");
    *out = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_OPTION };
    return count_of(v) ? lower_boxed(l, element, v, &out->of.option) : RIV_OK;
}

static riv_err lower_fields(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    bool   is_tuple = t->kind == WASMTIME_COMPONENT_VALTYPE_TUPLE;
    size_t count    = t->parts_count;
    if (v->kind != MARINE_RECORD || v->list.count != count) return wrong(l, "expected a record of its fields");
    RIV_TRY(take(l, count, sizeof(wasmtime_component_valrecord_entry_t)));
    if (is_tuple) {
        out->kind = WASMTIME_COMPONENT_TUPLE;
        wasmtime_component_valtuple_new_uninit(&out->of.tuple, count);
        for (size_t i = 0; i < count; i++) out->of.tuple.data[i] = (wasmtime_component_val_t){ 0 };
    } else {
        out->kind = WASMTIME_COMPONENT_RECORD;
        wasmtime_component_valrecord_new_uninit(&out->of.record, count);
        wasmtime_component_valrecord_entry_t *entries = out->of.record.data;
        for (size_t i = 0; i < count; i++) entries[i] = (wasmtime_component_valrecord_entry_t){ 0 };
        for (size_t i = 0; i < count; i++) RIV_TRY(lower_name(l, t->parts[i].name, &entries[i].name));
    }
    for (size_t i = 0; i < count; i++)
        RIV_TRY(lower(l, t->parts[i].type, &v->list.items[i],
                      is_tuple ? &out->of.tuple.data[i] : &out->of.record.data[i].val));
    return RIV_OK;
}

/* The only field that holds: true, or an array of one. */
static riv_err find_case(lowering *l, const marine__wit *t, const marine_value *v, size_t *out)
{
    if (v->kind != MARINE_RECORD || v->list.count != t->parts_count) return wrong(l, "expected a record of the cases");
    size_t found = 0;
    for (size_t i = 0; i < t->parts_count; i++) {
        const marine_value *field = &v->list.items[i];
        const marine__wit  *part  = t->parts[i].type;
        if (part ? !is_array(part, field) || count_of(field) > 1 : field->kind != MARINE_BOOL)
            return wrong(l, "a case is an array of none or one, or a bool where it has no value");
        if (part ? count_of(field) == 0 : !field->bits) continue;
        *out = i;
        found++;
    }
    return found == 1 ? RIV_OK : wrong(l, found ? "more than one case is given" : "no case is given");
}

static riv_err lower_case(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    size_t                    at      = 0;
    wasmtime_component_val_t *payload = NULL, val = { 0 };
    RIV_TRY(find_case(l, t, v, &at));
    if (t->parts[at].type) RIV_TRY(lower_boxed(l, t->parts[at].type, &v->list.items[at], &payload));
    if (t->kind == WASMTIME_COMPONENT_VALTYPE_RESULT) {
        val.kind      = WASMTIME_COMPONENT_RESULT;
        val.of.result = (wasmtime_component_valresult_t){ .is_ok = at == 0, .val = payload };
    } else {
        val.kind           = WASMTIME_COMPONENT_VARIANT;
        val.of.variant.val = payload;
        wasm_byte_vec_new(&val.of.variant.discriminant, t->parts[at].name.len, t->parts[at].name.ptr);
    }
    *out = val;
    return RIV_OK;
}

static riv_err lower_flags(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    if (v->kind != MARINE_ARRAY) return wrong(l, "expected an array of names");
    size_t count = v->list.count;
    RIV_TRY(take(l, count, sizeof(wasm_name_t)));
    for (size_t i = 0; i < count; i++) {
        if (v->list.items[i].kind != MARINE_STRING) return wrong(l, "expected an array of names");
        RIV_TRY(check_name(l, t, riv_bytes_str(v->list.items[i].bytes)));
    }
    out->kind = WASMTIME_COMPONENT_FLAGS;
    wasmtime_component_valflags_new_uninit(&out->of.flags, count);
    for (size_t i = 0; i < count; i++) {
        riv_bytes name = v->list.items[i].bytes;
        wasm_byte_vec_new(&out->of.flags.data[i], name.len, (const char *)name.ptr);
    }
    return RIV_OK;
}

static riv_err lower_number(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    if (v->kind != t->type.kind) return wrong(l, "value is of another type");
    switch (t->kind) {
#define NUMBER(name, field, value)                                                                                     \
    case WASMTIME_COMPONENT_VALTYPE_##name:                                                                            \
        *out = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_##name, .of.field = value };                     \
        return RIV_OK
        NUMBER(BOOL, boolean, v->bits != 0);
        NUMBER(S8, s8, (int8_t)v->bits);
        NUMBER(S16, s16, (int16_t)v->bits);
        NUMBER(S32, s32, (int32_t)v->bits);
        NUMBER(S64, s64, (int64_t)v->bits);
        NUMBER(U8, u8, (uint8_t)v->bits);
        NUMBER(U16, u16, (uint16_t)v->bits);
        NUMBER(U32, u32, (uint32_t)v->bits);
        NUMBER(U64, u64, v->bits);
        NUMBER(F32, f32, v->f32);
        NUMBER(F64, f64, v->f64);
#undef NUMBER
    default: RIV_UNREACHABLE();
    }
}

/* Depth is that of the type, which its reading bounds. */
static riv_err lower(lowering *l, const marine__wit *t, const marine_value *v, wasmtime_component_val_t *out)
{
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_CHAR:
    case WASMTIME_COMPONENT_VALTYPE_ENUM:
    case WASMTIME_COMPONENT_VALTYPE_STRING: return lower_text(l, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_LIST: return lower_list(l, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_OPTION: return lower_option(l, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_RECORD:
    case WASMTIME_COMPONENT_VALTYPE_TUPLE: return lower_fields(l, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_VARIANT:
    case WASMTIME_COMPONENT_VALTYPE_RESULT: return lower_case(l, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_FLAGS: return lower_flags(l, t, v, out);
    default: return lower_number(l, t, v, out);
    }
}

riv_err marine__wit_lower(marine_service *s, const marine__wit *type, riv_str where, const marine_value *v,
                          size_t *left, wasmtime_component_val_t *out)
{
    lowering l = { s, where, left };
    return lower(&l, type, v, out);
}

wasmtime_component_val_t marine__wit_text(riv_str s)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_STRING };
    wasm_byte_vec_new(&v.of.string, s.len, s.ptr);
    return v;
}

wasmtime_component_val_t marine__wit_list(size_t count)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_LIST };
    wasmtime_component_vallist_new_uninit(&v.of.list, count);
    for (size_t i = 0; i < count; i++) v.of.list.data[i] = (wasmtime_component_val_t){ 0 };
    return v;
}

wasmtime_component_val_t marine__wit_bytes(riv_bytes b)
{
    wasmtime_component_val_t v = marine__wit_list(b.len);
    for (size_t i = 0; i < b.len; i++)
        v.of.list.data[i] = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_U8, .of.u8 = b.ptr[i] };
    return v;
}

wasmtime_component_val_t marine__wit_record(const marine__wit_field *fields, size_t count)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_RECORD };
    wasmtime_component_valrecord_new_uninit(&v.of.record, count);
    for (size_t i = 0; i < count; i++) {
        wasmtime_component_valrecord_entry_t *entry = &v.of.record.data[i];
        entry->val                                  = fields[i].val;
        wasm_byte_vec_new(&entry->name, strlen(fields[i].name), fields[i].name);
    }
    return v;
}

/* ---- out of the engine ---- */

static riv_err lift_bytes(marine_service *s, const char *data, size_t len, riv_bytes *out)
{
    void *room;
    RIV_TRY(marine__charge(s, len));
    RIV_TRY(marine__scratch(s, len, 1, &room));
    if (len) memcpy(room, data, len);
    *out = (riv_bytes){ room, len };
    return RIV_OK;
}

static riv_err lift_name(marine_service *s, const wasm_name_t *name, marine_value *out)
{
    *out = (marine_value){ .kind = MARINE_STRING };
    return lift_bytes(s, name->data, name->size, &out->bytes);
}

static riv_err lift_char(marine_service *s, uint32_t scalar, marine_value *out)
{
    enum { BYTES_MAX = 4 };
    void *room;
    RIV_TRY(marine__charge(s, BYTES_MAX));
    RIV_TRY(marine__scratch(s, BYTES_MAX, 1, &room));
    riv_buf text = { .ptr = room, .cap = BYTES_MAX, .arena = s->scratch };
    riv_utf8_put(&text, scalar);
    *out = marine__string(riv_buf_str(&text));
    return RIV_OK;
}

static riv_err lift_values(marine_service *s, size_t count, marine_value **out)
{
    void *room;
    RIV_TRY(marine__charge(s, count));
    RIV_TRY(marine__scratch(s, count, sizeof(marine_value), &room));
    *out = room;
    return RIV_OK;
}

/* An array of so many values as Marine has it: bytes stand together. */
static riv_err lift_items(marine_service *s, const marine__wit *element, const wasmtime_component_val_t *v,
                          size_t count, marine_value *out)
{
    if (element->kind == WASMTIME_COMPONENT_VALTYPE_U8) {
        void *room;
        RIV_TRY(marine__charge(s, count));
        RIV_TRY(marine__scratch(s, count, 1, &room));
        uint8_t *bytes = room;
        for (size_t i = 0; i < count; i++) bytes[i] = v[i].of.u8;
        *out = (marine_value){ .kind = MARINE_BYTES, .bytes = { bytes, count } };
        return RIV_OK;
    }
    marine_value *items;
    RIV_TRY(lift_values(s, count, &items));
    for (size_t i = 0; i < count; i++) RIV_TRY(lift(s, element, &v[i], &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, count } };
    return RIV_OK;
}

static riv_err lift_fields(marine_service *s, const marine__wit *t, const wasmtime_component_val_t *v,
                           marine_value *out)
{
    bool          is_tuple = t->kind == WASMTIME_COMPONENT_VALTYPE_TUPLE;
    marine_value *items;
    RIV_ASSERT((is_tuple ? v->of.tuple.size : v->of.record.size) == t->parts_count);
    RIV_TRY(lift_values(s, t->parts_count, &items));
    for (size_t i = 0; i < t->parts_count; i++)
        RIV_TRY(lift(s, t->parts[i].type, is_tuple ? &v->of.tuple.data[i] : &v->of.record.data[i].val, &items[i]));
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { items, t->parts_count } };
    return RIV_OK;
}

static size_t case_of(const marine__wit *t, const wasmtime_component_val_t *v)
{
    if (t->kind == WASMTIME_COMPONENT_VALTYPE_RESULT) return v->of.result.is_ok ? 0 : 1;
    const wasm_name_t *name = &v->of.variant.discriminant;
    for (size_t i = 0; i < t->parts_count; i++)
        if (riv_str_eq(t->parts[i].name, (riv_str){ name->data, name->size })) return i;
    RIV_UNREACHABLE(); /* the engine makes the name from the type */
}

static riv_err lift_case(marine_service *s, const marine__wit *t, const wasmtime_component_val_t *v, marine_value *out)
{
    size_t                          at = case_of(t, v);
    const wasmtime_component_val_t *payload =
        t->kind == WASMTIME_COMPONENT_VALTYPE_RESULT ? v->of.result.val : v->of.variant.val;
    marine_value *items;
    RIV_TRY(lift_values(s, t->parts_count, &items));
    for (size_t i = 0; i < t->parts_count; i++) {
        const marine__wit *part = t->parts[i].type;
        if (!part)
            items[i] = marine__int(MARINE_BOOL, i == at);
        else
            RIV_TRY(lift_items(s, part, payload, i == at, &items[i]));
    }
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { items, t->parts_count } };
    return RIV_OK;
}

static riv_err lift_flags(marine_service *s, const wasmtime_component_val_t *v, marine_value *out)
{
    size_t        count = v->of.flags.size;
    marine_value *items;
    RIV_TRY(lift_values(s, count, &items));
    for (size_t i = 0; i < count; i++) RIV_TRY(lift_name(s, &v->of.flags.data[i], &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, count } };
    return RIV_OK;
}

static marine_value lift_number(const marine__wit *t, const wasmtime_component_val_t *v)
{
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_BOOL: return marine__int(MARINE_BOOL, v->of.boolean);
    case WASMTIME_COMPONENT_VALTYPE_S8: return marine__int(MARINE_S8, (uint64_t)(int64_t)v->of.s8);
    case WASMTIME_COMPONENT_VALTYPE_S16: return marine__int(MARINE_S16, (uint64_t)(int64_t)v->of.s16);
    case WASMTIME_COMPONENT_VALTYPE_S32: return marine__int(MARINE_S32, (uint64_t)(int64_t)v->of.s32);
    case WASMTIME_COMPONENT_VALTYPE_S64: return marine__int(MARINE_S64, (uint64_t)v->of.s64);
    case WASMTIME_COMPONENT_VALTYPE_U8: return marine__int(MARINE_U8, v->of.u8);
    case WASMTIME_COMPONENT_VALTYPE_U16: return marine__int(MARINE_U16, v->of.u16);
    case WASMTIME_COMPONENT_VALTYPE_U32: return marine__int(MARINE_U32, v->of.u32);
    case WASMTIME_COMPONENT_VALTYPE_U64: return marine__int(MARINE_U64, v->of.u64);
    case WASMTIME_COMPONENT_VALTYPE_F32: return (marine_value){ .kind = MARINE_F32, .f32 = v->of.f32 };
    case WASMTIME_COMPONENT_VALTYPE_F64: return (marine_value){ .kind = MARINE_F64, .f64 = v->of.f64 };
    default: RIV_UNREACHABLE();
    }
}

static riv_err lift(marine_service *s, const marine__wit *t, const wasmtime_component_val_t *v, marine_value *out)
{
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_CHAR: return lift_char(s, v->of.character, out);
    case WASMTIME_COMPONENT_VALTYPE_STRING: return lift_name(s, &v->of.string, out);
    case WASMTIME_COMPONENT_VALTYPE_ENUM: return lift_name(s, &v->of.enumeration, out);
    case WASMTIME_COMPONENT_VALTYPE_LIST: return lift_items(s, t->parts[0].type, v->of.list.data, v->of.list.size, out);
    case WASMTIME_COMPONENT_VALTYPE_OPTION:
        return lift_items(s, t->parts[0].type, v->of.option, v->of.option != NULL, out);
    case WASMTIME_COMPONENT_VALTYPE_RECORD:
    case WASMTIME_COMPONENT_VALTYPE_TUPLE: return lift_fields(s, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_VARIANT:
    case WASMTIME_COMPONENT_VALTYPE_RESULT: return lift_case(s, t, v, out);
    case WASMTIME_COMPONENT_VALTYPE_FLAGS: return lift_flags(s, v, out);
    default: *out = lift_number(t, v); return RIV_OK;
    }
}

riv_err marine__wit_lift(marine_service *s, const marine__wit *type, const wasmtime_component_val_t *v,
                         marine_value *out)
{
    return lift(s, type, v, out);
}
