/* testing_values.h: for tests: random arguments for any function of an interface, as JSON; and JSON to values and back, by the types of the
 * public interface, written apart from what is tested. */
#ifndef RIV_MARINE_TESTING_VALUES_H
#define RIV_MARINE_TESTING_VALUES_H

#include "marine/marine.h"

static inline const riv_json *random_string(riv_prng *p, riv_arena *a)
{
    static const char *const pieces[] = { "a", "\xc3\xa9", "\xf0\x9f\x8c\x8a", "\n", "\"", "\\", "0", "\x01", "a longer piece", "\xe2\x82\xac" };
    riv_buf                  out      = riv_buf_in(a);
    for (uint64_t n = riv_prng_below(p, 6); n; n--) riv_put_str(&out, riv_str_c(pieces[riv_prng_below(p, RIV_COUNT(pieces))]));
    return riv_json_str(a, riv_buf_str(&out));
}

/* Small numbers, ends of ranges, any bits. */
static inline uint64_t random_bits(riv_prng *p)
{
    uint64_t v = riv_prng_u64(p);
    switch (riv_prng_below(p, 4)) {
    case 0: return v & 3;
    case 1: return 0 - (v & 3);
    default: return v >> riv_prng_below(p, 64);
    }
}

static inline double random_double(riv_prng *p)
{
    uint64_t bits = riv_prng_u64(p);
    double   v;
    switch (riv_prng_below(p, 4)) {
    case 0: return (double)(int64_t)bits / 1e6;
    case 1: return (double)(int16_t)bits / 4;
    case 2: return bits & 1 ? -0.0 : 1e300;
    default: memcpy(&v, &bits, sizeof v); return v - v < 0 || v - v > 0 || v != v ? 0.5 : v;
    }
}

static inline const riv_json *random_json(riv_prng *p, const marine_interface *in, const marine_type *t, riv_arena *a)
{
    uint64_t      bits = random_bits(p);
    riv_json_list list = { 0 };
    switch (t->kind) {
    case MARINE_S8: return riv_json_i64(a, (int8_t)bits);
    case MARINE_S16: return riv_json_i64(a, (int16_t)bits);
    case MARINE_I32:
    case MARINE_S32: return riv_json_i64(a, (int32_t)bits);
    case MARINE_I64:
    case MARINE_S64: return riv_json_i64(a, (int64_t)bits);
    case MARINE_U8: return riv_json_u64(a, (uint8_t)bits);
    case MARINE_U16: return riv_json_u64(a, (uint16_t)bits);
    case MARINE_U32: return riv_json_u64(a, (uint32_t)bits);
    case MARINE_U64: return riv_json_u64(a, bits);
    case MARINE_F32: return riv_json_f64(a, (double)(float)((double)(int64_t)bits / 8));
    case MARINE_F64: return bits & 4 ? riv_json_i64(a, (int64_t)bits) : riv_json_f64(a, random_double(p));
    case MARINE_BOOL: return riv_json_bool(bits & 1);
    case MARINE_STRING: return random_string(p, a);
    case MARINE_BYTES:
        for (uint64_t n = riv_prng_below(p, 40); n; n--) riv_json_add(a, &list, riv_json_u64(a, (uint8_t)riv_prng_u64(p)));
        return riv_json_arr(a, list.ptr, list.len);
    case MARINE_ARRAY:
        for (uint64_t n = riv_prng_below(p, 4); n; n--) riv_json_add(a, &list, random_json(p, in, t->element, a));
        return riv_json_arr(a, list.ptr, list.len);
    case MARINE_RECORD: {
        const marine_record *record  = &in->records[t->record];
        riv_json_member     *members = riv_new(a, riv_json_member, record->fields_count);
        for (size_t i = 0; i < record->fields_count; i++)
            members[i] = (riv_json_member){ record->fields[i].name, random_json(p, in, &record->fields[i].type, a) };
        return riv_json_obj(a, members, record->fields_count);
    }
    }
    RIV_UNREACHABLE();
}

static inline const riv_json *random_args(riv_prng *p, const marine_interface *in, const marine_function *f, riv_arena *a)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < f->args_count; i++) riv_json_add(a, &list, random_json(p, in, &f->args[i].type, a));
    return riv_json_arr(a, list.ptr, list.len);
}

/* Of JSON that fits; arrays of u8 as bytes or as a list, as `lists` says. */
static inline marine_value value_of_json(const marine_interface *in, const marine_type *t, const riv_json *v, bool lists, riv_arena *a)
{
    static const marine_type u8  = { .kind = MARINE_U8 };
    marine_value             out = { .kind = t->kind };
    double number = v->kind == RIV_JSON_F64 ? v->f64 : v->kind == RIV_JSON_U64 ? (double)v->u64 : v->kind == RIV_JSON_I64 ? (double)v->i64 : 0;
    switch (t->kind) {
    case MARINE_F32: out.f32 = (float)number; return out;
    case MARINE_F64: out.f64 = number; return out;
    case MARINE_BOOL: out.bits = v->boolean; return out;
    case MARINE_STRING: out.bytes = riv_str_bytes(v->str); return out;
    case MARINE_BYTES:
    case MARINE_ARRAY: {
        const marine_type *element = t->kind == MARINE_BYTES ? &u8 : t->element;
        if (element->kind == MARINE_U8 && !lists) {
            uint8_t *bytes = riv_new(a, uint8_t, v->arr.count);
            for (size_t i = 0; i < v->arr.count; i++) bytes[i] = (uint8_t)v->arr.items[i]->u64;
            return (marine_value){ .kind = MARINE_BYTES, .bytes = { bytes, v->arr.count } };
        }
        marine_value *items = riv_new(a, marine_value, v->arr.count);
        for (size_t i = 0; i < v->arr.count; i++) items[i] = value_of_json(in, element, v->arr.items[i], lists, a);
        return (marine_value){ .kind = MARINE_ARRAY, .list = { items, v->arr.count } };
    }
    case MARINE_RECORD: {
        const marine_record *record = &in->records[t->record];
        marine_value        *items  = riv_new(a, marine_value, record->fields_count);
        for (size_t i = 0; i < record->fields_count; i++)
            items[i] = value_of_json(in, &record->fields[i].type, riv_json_get(v, record->fields[i].name), lists, a);
        return (marine_value){ .kind = MARINE_RECORD, .list = { items, record->fields_count } };
    }
    default: out.bits = v->kind == RIV_JSON_I64 ? (uint64_t)v->i64 : v->u64; return out;
    }
}

static inline const riv_json *json_of_value(const marine_interface *in, const marine_type *t, const marine_value *v, riv_arena *a)
{
    riv_json_list list = { 0 };
    if (v->kind == MARINE_BYTES) {
        for (size_t i = 0; i < v->bytes.len; i++) riv_json_add(a, &list, riv_json_u64(a, v->bytes.ptr[i]));
        return riv_json_arr(a, list.ptr, list.len);
    }
    RIV_ASSERT(v->kind == t->kind);
    switch (v->kind) {
    case MARINE_F32: return riv_json_f64(a, (double)v->f32);
    case MARINE_F64: return riv_json_f64(a, v->f64);
    case MARINE_BOOL: return riv_json_bool(v->bits != 0);
    case MARINE_STRING: return riv_json_str(a, riv_bytes_str(v->bytes));
    case MARINE_ARRAY:
        for (size_t i = 0; i < v->list.count; i++) riv_json_add(a, &list, json_of_value(in, t->element, &v->list.items[i], a));
        return riv_json_arr(a, list.ptr, list.len);
    case MARINE_RECORD: {
        const marine_record *record  = &in->records[t->record];
        riv_json_member     *members = riv_new(a, riv_json_member, record->fields_count);
        RIV_ASSERT(v->list.count == record->fields_count);
        for (size_t i = 0; i < record->fields_count; i++)
            members[i] = (riv_json_member){ record->fields[i].name, json_of_value(in, &record->fields[i].type, &v->list.items[i], a) };
        return riv_json_obj(a, members, record->fields_count);
    }
    case MARINE_U8:
    case MARINE_U16:
    case MARINE_U32:
    case MARINE_U64: return riv_json_u64(a, v->bits);
    default: return riv_json_i64(a, (int64_t)v->bits);
    }
}

#endif
