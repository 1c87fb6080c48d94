/* memory.c: interface values in the linear memory of a guest. Every pointer and size that a guest names is checked against its
 * memory, and what is copied out counts against the limit of the call, so that overlapping arrays cannot blow it up.
 * Spec: docs/spec/marine.md 4.1-4.4. Tests: service_test.c. */
#include "marine/internal.h"

enum { PAIR_BYTES = 8, RECORD_BYTES = 4, TAG_U8 = 1, TAG_POINTER = 3 };

/* Bytes of a value inside a record or an array, and the tag that allocate takes. */
static const struct {
    uint8_t bytes, tag;
} layouts[] = {
    [MARINE_S8]     = { 1, 5 },
    [MARINE_S16]    = { 2, 6 },
    [MARINE_S32]    = { 4, 7 },
    [MARINE_S64]    = { 8, 8 },
    [MARINE_U8]     = { 1, TAG_U8 },
    [MARINE_U16]    = { 2, 2 },
    [MARINE_U32]    = { 4, 3 },
    [MARINE_U64]    = { 8, 4 },
    [MARINE_F32]    = { 4, 9 },
    [MARINE_F64]    = { 8, 10 },
    [MARINE_BOOL]   = { 1, 0 },
    [MARINE_I32]    = { 4, 7 },
    [MARINE_I64]    = { 8, 8 },
    [MARINE_STRING] = { PAIR_BYTES, TAG_POINTER },
    [MARINE_BYTES]  = { PAIR_BYTES, TAG_POINTER },
    [MARINE_ARRAY]  = { PAIR_BYTES, TAG_POINTER },
    [MARINE_RECORD] = { RECORD_BYTES, TAG_POINTER },
};

static riv_err lift(marine__instance *in, const marine_type *t, riv_reader *r, marine_value *out);
static riv_err lower(marine__instance *in, const marine__section *section, const marine_type *t, const marine_value *v,
                     riv_buf *out);

/* ---- bytes ---- */

riv_err marine__view(marine__instance *in, uint32_t ptr, uint64_t size, riv_bytes *out)
{
    *out = (riv_bytes){ 0 };
    if (size == 0) return RIV_OK;
    marine_service *s = in->service;
    if (!in->has_memory) return marine__fail(s, MARINE_TRAP, "module " RIV_FMT " has no memory", RIV_ARG(in->name));
    size_t total = wasmtime_memory_data_size(s->context, &in->memory);
    if (ptr > total || size > total - ptr)
        return marine__fail(s, MARINE_TRAP, "module " RIV_FMT ": out of bounds: %llu bytes at %u in a memory of %zu",
                            RIV_ARG(in->name), (unsigned long long)size, ptr, total);
    *out = (riv_bytes){ wasmtime_memory_data(s->context, &in->memory) + ptr, (size_t)size };
    return RIV_OK;
}

riv_err marine__write(marine__instance *in, uint32_t ptr, riv_bytes bytes)
{
    riv_bytes room;
    RIV_TRY(marine__view(in, ptr, bytes.len, &room));
    if (bytes.len) memcpy(wasmtime_memory_data(in->service->context, &in->memory) + ptr, bytes.ptr, bytes.len);
    return RIV_OK;
}

riv_err marine__allocate(marine__instance *in, uint64_t bytes, uint32_t tag, uint32_t *out)
{
    const marine__core *allocate = in->abi[MARINE__ALLOCATE];
    wasmtime_val_raw_t  raw[2]   = { 0 };
    if (!allocate)
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT " exports no allocate(i32, i32) -> i32",
                            RIV_ARG(in->name));
    if (bytes > UINT32_MAX)
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "value of %llu bytes for module " RIV_FMT,
                            (unsigned long long)bytes, RIV_ARG(in->name));
    raw[0].i32 = (int32_t)(uint32_t)bytes;
    raw[1].i32 = (int32_t)tag;
    RIV_TRY(marine__charge(in->service, bytes));
    RIV_TRY(marine__call_core(in, allocate, raw));
    *out = (uint32_t)raw[0].i32;
    if (*out == 0 && bytes)
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "module " RIV_FMT " could not allocate %llu bytes",
                            RIV_ARG(in->name), (unsigned long long)bytes);
    return RIV_OK;
}

riv_err marine__scratch(marine_service *s, uint64_t count, size_t bytes, void **out)
{
    if (count > MARINE__VALUES_BYTES_MAX / bytes ||
        riv_arena_used(s->scratch) + count * bytes > MARINE__VALUES_BYTES_MAX)
        return marine__fail(s, MARINE_OUT_OF_MEMORY, "values of this call need more than %d bytes",
                            MARINE__VALUES_BYTES_MAX);
    *out = riv_arena_alloc_n(s->scratch, (size_t)count, bytes, 8);
    return RIV_OK;
}

/* ---- lifting ---- */

riv_err marine__lift_bytes(marine__instance *in, marine_type_kind kind, uint32_t ptr, uint32_t size, marine_value *out)
{
    riv_bytes view;
    void     *copy;
    RIV_TRY(marine__view(in, ptr, size, &view));
    RIV_TRY(marine__charge(in->service, size));
    RIV_TRY(marine__scratch(in->service, size, 1, &copy));
    if (size) memcpy(copy, view.ptr, size);
    size_t bad;
    if (kind == MARINE_STRING && !riv_utf8_valid((riv_bytes){ copy, size }, &bad))
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT ": string at %u is not UTF-8 at its byte %zu",
                            RIV_ARG(in->name), ptr, bad);
    *out = (marine_value){ .kind = kind, .bytes = { copy, size } };
    return RIV_OK;
}

riv_err marine__lift_array(marine__instance *in, const marine_type *element, uint32_t ptr, uint32_t count,
                           marine_value *out)
{
    if (element->kind == MARINE_U8) return marine__lift_bytes(in, MARINE_BYTES, ptr, count, out);
    riv_bytes spine;
    void     *memory;
    RIV_TRY(marine__view(in, ptr, (uint64_t)count * layouts[element->kind].bytes, &spine));
    RIV_TRY(marine__charge(in->service, spine.len));
    RIV_TRY(marine__scratch(in->service, count, sizeof(marine_value), &memory));
    marine_value *items = memory;
    riv_reader    r     = riv_reader_of(spine); /* no code of the guest runs while we lift: the view stays good */
    for (uint32_t i = 0; i < count; i++) RIV_TRY(lift(in, element, &r, &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, count } };
    return RIV_OK;
}

static size_t record_bytes(const marine__type *record)
{
    size_t bytes = 0;
    for (size_t i = 0; i < record->args_count; i++) bytes += layouts[record->args[i].type.kind].bytes;
    return bytes;
}

riv_err marine__lift_record(marine__instance *in, uint32_t type, uint32_t ptr, marine_value *out)
{
    const marine__type *record = &in->module->section.types[type];
    size_t              bytes  = record_bytes(record);
    riv_bytes           packed;
    void               *memory;
    RIV_TRY(marine__view(in, ptr, bytes, &packed));
    RIV_TRY(marine__charge(in->service, bytes));
    RIV_TRY(marine__scratch(in->service, record->args_count, sizeof(marine_value), &memory));
    marine_value *fields = memory;
    riv_reader    r      = riv_reader_of(packed);
    for (size_t i = 0; i < record->args_count; i++) RIV_TRY(lift(in, &record->args[i].type, &r, &fields[i]));
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { fields, record->args_count } };
    return RIV_OK;
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

/* One value as it lies in a record or an array. Recursion is bounded by the type. */
static riv_err lift(marine__instance *in, const marine_type *t, riv_reader *r, marine_value *out)
{
    *out = (marine_value){ .kind = t->kind };
    switch (t->kind) {
    case MARINE_BOOL: out->bits = riv_read_u8(r) != 0; return RIV_OK;
    case MARINE_U8: out->bits = riv_read_u8(r); return RIV_OK;
    case MARINE_U16: out->bits = riv_read_u16le(r); return RIV_OK;
    case MARINE_U32: out->bits = riv_read_u32le(r); return RIV_OK;
    case MARINE_S8: out->bits = sign_extend(riv_read_u8(r), 8); return RIV_OK;
    case MARINE_S16: out->bits = sign_extend(riv_read_u16le(r), 16); return RIV_OK;
    case MARINE_I32:
    case MARINE_S32: out->bits = sign_extend(riv_read_u32le(r), 32); return RIV_OK;
    case MARINE_U64:
    case MARINE_S64:
    case MARINE_I64: out->bits = riv_read_u64le(r); return RIV_OK;
    case MARINE_F32: {
        uint32_t bits = riv_read_u32le(r);
        memcpy(&out->f32, &bits, sizeof bits);
        return RIV_OK;
    }
    case MARINE_F64: {
        uint64_t bits = riv_read_u64le(r);
        memcpy(&out->f64, &bits, sizeof bits);
        return RIV_OK;
    }
    case MARINE_RECORD: return marine__lift_record(in, t->record, riv_read_u32le(r), out);
    case MARINE_STRING:
    case MARINE_BYTES:
    case MARINE_ARRAY: break;
    }
    uint32_t ptr = riv_read_u32le(r), size = riv_read_u32le(r);
    return t->kind == MARINE_ARRAY ? marine__lift_array(in, t->element, ptr, size, out)
                                   : marine__lift_bytes(in, t->kind, ptr, size, out);
}

/* ---- lowering ---- */

static riv_err mismatch(marine__instance *in, const marine_type *t, const marine_value *v)
{
    return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT ": %s where its interface says %s",
                        RIV_ARG(in->name), marine__kind_name(v->kind), marine__kind_name(t->kind));
}

static riv_err lower_bytes(marine__instance *in, riv_bytes bytes, uint32_t *ptr)
{
    RIV_TRY(marine__allocate(in, bytes.len, TAG_U8, ptr));
    return marine__write(in, *ptr, bytes);
}

/* A buffer of exactly these bytes, from the memory of the call: it never grows. */
static riv_err buffer_of(marine__instance *in, size_t bytes, riv_buf *out)
{
    void *memory;
    RIV_TRY(marine__scratch(in->service, bytes, 1, &memory));
    *out = (riv_buf){ .ptr = memory, .cap = bytes, .arena = in->service->scratch };
    return RIV_OK;
}

riv_err marine__lower_array(marine__instance *in, const marine__section *section, const marine_type *element,
                            const marine_value *v, uint32_t *ptr, uint32_t *count)
{
    marine_type array = { .kind = MARINE_ARRAY, .element = element };
    size_t      items = v->kind == MARINE_BYTES ? v->bytes.len : v->list.count;
    if (v->kind != MARINE_ARRAY && !(v->kind == MARINE_BYTES && element->kind == MARINE_U8))
        return mismatch(in, &array, v);
    *ptr   = 0;
    *count = (uint32_t)items;
    if (items == 0) return RIV_OK; /* SPEC marine.md 4.2: Empty array: pushes 0, 0 without allocating */
    if (items > UINT32_MAX / PAIR_BYTES)
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "array of %zu elements", items);
    if (v->kind == MARINE_BYTES) return lower_bytes(in, v->bytes, ptr);
    riv_buf spine;
    size_t  bytes = items * layouts[element->kind].bytes;
    RIV_TRY(buffer_of(in, bytes, &spine));
    RIV_TRY(marine__allocate(in, bytes, layouts[element->kind].tag, ptr));
    for (size_t i = 0; i < items; i++) RIV_TRY(lower(in, section, element, &v->list.items[i], &spine));
    return marine__write(in, *ptr, riv_buf_view(&spine));
}

riv_err marine__lower_record(marine__instance *in, const marine__section *section, uint32_t type, const marine_value *v,
                             uint32_t *ptr)
{
    const marine__type *record = &section->types[type];
    riv_buf             packed;
    if (v->kind != MARINE_RECORD || v->list.count != record->args_count)
        return mismatch(in, &(marine_type){ .kind = MARINE_RECORD }, v);
    RIV_TRY(buffer_of(in, record_bytes(record), &packed));
    for (size_t i = 0; i < record->args_count; i++)
        RIV_TRY(lower(in, section, &record->args[i].type, &v->list.items[i], &packed));
    return lower_bytes(in, riv_buf_view(&packed), ptr);
}

static riv_err lower(marine__instance *in, const marine__section *section, const marine_type *t, const marine_value *v,
                     riv_buf *out)
{
    uint32_t ptr = 0, count = 0;
    if (t->kind == MARINE_ARRAY || (t->kind == MARINE_BYTES && v->kind == MARINE_ARRAY && v->list.count == 0)) {
        static const marine_type u8 = { .kind = MARINE_U8 };
        RIV_TRY(marine__lower_array(in, section, t->element ? t->element : &u8, v, &ptr, &count));
    } else if (t->kind != v->kind) {
        return mismatch(in, t, v);
    } else if (t->kind == MARINE_RECORD) {
        RIV_TRY(marine__lower_record(in, section, t->record, v, &ptr));
        riv_put_u32le(out, ptr);
        return RIV_OK;
    } else if (t->kind == MARINE_STRING || t->kind == MARINE_BYTES) {
        RIV_TRY(lower_bytes(in, v->bytes, &ptr));
        count = (uint32_t)v->bytes.len;
    } else {
        uint64_t bits = v->bits;
        if (t->kind == MARINE_F32) {
            uint32_t half;
            memcpy(&half, &v->f32, sizeof half);
            bits = half;
        }
        for (uint8_t i = 0; i < layouts[t->kind].bytes; i++) riv_put_u8(out, (uint8_t)(bits >> (8 * i)));
        return RIV_OK;
    }
    riv_put_u32le(out, ptr);
    riv_put_u32le(out, count);
    return RIV_OK;
}
