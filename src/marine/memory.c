/* memory.c: interface values in the linear memory of a guest. Every pointer and size that a guest names is checked against its
 * memory, and what is copied out counts against the limit of the call, so that overlapping arrays cannot blow it up.
 * Arrays of numbers are copied whole, as they lie there.
 * Spec: docs/spec/marine.md 4.1-4.4. Tests: service_test.c, call_test.c. */
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

static riv_err lift(marine__instance *in, bool view, const marine_type *t, riv_reader *r, marine_value *out);
static riv_err lower(marine__instance *in, const marine__section *section, const marine_type *t, const marine_value *v,
                     uint8_t *out);

unsigned marine__packed_bytes(marine_type_kind kind) { return layouts[kind].bytes; }

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

/* The same for writing, of at least one byte. */
static riv_err room_at(marine__instance *in, uint32_t ptr, uint64_t size, uint8_t **out)
{
    riv_bytes view;
    RIV_TRY(marine__view(in, ptr, size, &view));
    *out = wasmtime_memory_data(in->service->context, &in->memory) + ptr;
    return RIV_OK;
}

riv_err marine__write(marine__instance *in, uint32_t ptr, riv_bytes bytes)
{
    uint8_t *room;
    if (!bytes.len) return RIV_OK;
    RIV_TRY(room_at(in, ptr, bytes.len, &room));
    memcpy(room, bytes.ptr, bytes.len);
    return RIV_OK;
}

static riv_err no_memory(marine__instance *in, uint64_t bytes)
{
    return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "module " RIV_FMT " could not allocate %llu bytes",
                        RIV_ARG(in->name), (unsigned long long)bytes);
}

riv_err marine__write_allocated(marine__instance *in, uint32_t ptr, riv_bytes bytes)
{
    /* writing at 0 would spoil what the guest keeps at its memory's start */
    return ptr == 0 && bytes.len ? no_memory(in, bytes.len) : marine__write(in, ptr, bytes);
}

static riv_err allocate(marine__instance *in, uint64_t bytes, uint32_t tag, uint32_t *out)
{
    const marine__core *core   = in->abi[MARINE__ALLOCATE];
    wasmtime_val_raw_t  raw[2] = { 0 };
    if (!core)
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT " exports no allocate(i32, i32) -> i32",
                            RIV_ARG(in->name));
    if (bytes > UINT32_MAX)
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "value of %llu bytes for module " RIV_FMT,
                            (unsigned long long)bytes, RIV_ARG(in->name));
    raw[0].i32 = (int32_t)(uint32_t)bytes;
    raw[1].i32 = (int32_t)tag;
    RIV_TRY(marine__charge(in->service, bytes));
    RIV_TRY(marine__call_core(in, core, raw));
    *out = (uint32_t)raw[0].i32;
    return *out == 0 && bytes ? no_memory(in, bytes) : RIV_OK;
}

/* ---- memory of the call ---- */

bool marine__room(const marine_service *s, uint64_t count, size_t bytes)
{
    return count <= MARINE__VALUES_BYTES_MAX / bytes &&
           riv_arena_used(s->scratch) + s->viewed + count * bytes <= MARINE__VALUES_BYTES_MAX;
}

static riv_err take_room(marine_service *s, uint64_t count, size_t bytes)
{
    if (marine__room(s, count, bytes)) return RIV_OK;
    return marine__fail(s, MARINE_OUT_OF_MEMORY, "values of this call need more than %d bytes",
                        MARINE__VALUES_BYTES_MAX);
}

riv_err marine__scratch(marine_service *s, uint64_t count, size_t bytes, void **out)
{
    RIV_TRY(take_room(s, count, bytes));
    *out = riv_arena_alloc_n(s->scratch, (size_t)count, bytes, 8);
    return RIV_OK;
}

riv_err marine__scratch_raw(marine_service *s, uint64_t count, size_t bytes, void **out)
{
    RIV_TRY(take_room(s, count, bytes));
    *out = riv_arena_alloc_raw(s->scratch, (size_t)count * bytes, 8);
    return RIV_OK;
}

/* ---- lifting ---- */

/* Bytes of the guest, as they are there or as a copy; both count. */
static riv_err lift_plain(marine__instance *in, bool view, uint32_t ptr, uint64_t size, riv_bytes *out)
{
    marine_service *s = in->service;
    void           *copy;
    RIV_TRY(marine__view(in, ptr, size, out));
    RIV_TRY(marine__charge(s, size));
    if (view) {
        RIV_TRY(take_room(s, size, 1));
        s->viewed += (size_t)size;
        return RIV_OK;
    }
    RIV_TRY(marine__scratch_raw(s, size, 1, &copy));
    if (size) memcpy(copy, out->ptr, (size_t)size);
    out->ptr = copy;
    return RIV_OK;
}

static riv_err lift_bytes(marine__instance *in, bool view, marine_type_kind kind, uint32_t ptr, uint32_t size,
                          marine_value *out)
{
    riv_bytes bytes;
    size_t    bad;
    RIV_TRY(lift_plain(in, view, ptr, size, &bytes));
    if (kind == MARINE_STRING && !riv_utf8_valid(bytes, &bad))
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT ": string at %u is not UTF-8 at its byte %zu",
                            RIV_ARG(in->name), ptr, bad);
    *out = (marine_value){ .kind = kind, .bytes = bytes };
    return RIV_OK;
}

static riv_err lift_numbers(marine__instance *in, bool view, marine_type_kind element, uint32_t ptr, uint32_t count,
                            marine_value *out)
{
    riv_bytes bytes;
    RIV_TRY(lift_plain(in, view, ptr, (uint64_t)count * layouts[element].bytes, &bytes));
    *out = (marine_value){ .kind = marine__packed_kind(element), .bytes = bytes };
    return RIV_OK;
}

static riv_err lift_array(marine__instance *in, bool view, const marine_type *element, uint32_t ptr, uint32_t count,
                          marine_value *out)
{
    if (element->kind == MARINE_U8) return lift_bytes(in, view, MARINE_BYTES, ptr, count, out);
    if (marine__is_scalar(element->kind)) return lift_numbers(in, view, element->kind, ptr, count, out);
    riv_bytes spine;
    void     *memory;
    RIV_TRY(marine__view(in, ptr, (uint64_t)count * layouts[element->kind].bytes, &spine));
    RIV_TRY(marine__charge(in->service, spine.len));
    RIV_TRY(marine__scratch_raw(in->service, count, sizeof(marine_value), &memory));
    marine_value *items = memory;
    riv_reader    r     = riv_reader_of(spine); /* no code of the guest runs while we lift: the view stays good */
    for (uint32_t i = 0; i < count; i++) RIV_TRY(lift(in, view, element, &r, &items[i]));
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items, count } };
    return RIV_OK;
}

static size_t record_bytes(const marine__type *record)
{
    size_t bytes = record->packed_bytes;
    for (size_t i = 0; !record->packed_bytes && i < record->args_count; i++)
        bytes += layouts[record->args[i].type.kind].bytes;
    return bytes;
}

static riv_err lift_record(marine__instance *in, bool view, uint32_t type, uint32_t ptr, marine_value *out)
{
    const marine__type *record = &in->module->section.types[type];
    size_t              bytes  = record_bytes(record);
    riv_bytes           packed;
    void               *memory;
    RIV_TRY(marine__view(in, ptr, bytes, &packed));
    RIV_TRY(marine__charge(in->service, bytes));
    RIV_TRY(marine__scratch_raw(in->service, record->args_count, sizeof(marine_value), &memory));
    marine_value *fields = memory;
    riv_reader    r      = riv_reader_of(packed);
    for (size_t i = 0; i < record->args_count; i++) RIV_TRY(lift(in, view, &record->args[i].type, &r, &fields[i]));
    *out = (marine_value){ .kind = MARINE_RECORD, .list = { fields, record->args_count } };
    return RIV_OK;
}

riv_err marine__lift(marine__instance *in, const marine_type *t, bool view, uint32_t ptr, uint32_t size,
                     marine_value *out)
{
    if (t->kind == MARINE_RECORD) return lift_record(in, view, t->record, ptr, out);
    if (t->kind == MARINE_ARRAY) return lift_array(in, view, t->element, ptr, size, out);
    return lift_bytes(in, view, t->kind, ptr, size, out);
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

/* A number or bool as it lies in a record or an array. */
static marine_value scalar(marine_type_kind kind, riv_reader *r)
{
    marine_value out = { .kind = kind };
    switch (kind) {
    case MARINE_BOOL: out.bits = riv_read_u8(r) != 0; break;
    case MARINE_U8: out.bits = riv_read_u8(r); break;
    case MARINE_U16: out.bits = riv_read_u16le(r); break;
    case MARINE_U32: out.bits = riv_read_u32le(r); break;
    case MARINE_S8: out.bits = sign_extend(riv_read_u8(r), 8); break;
    case MARINE_S16: out.bits = sign_extend(riv_read_u16le(r), 16); break;
    case MARINE_I32:
    case MARINE_S32: out.bits = sign_extend(riv_read_u32le(r), 32); break;
    case MARINE_U64:
    case MARINE_S64:
    case MARINE_I64: out.bits = riv_read_u64le(r); break;
    case MARINE_F32: {
        uint32_t bits = riv_read_u32le(r);
        memcpy(&out.f32, &bits, sizeof bits);
        break;
    }
    case MARINE_F64: {
        uint64_t bits = riv_read_u64le(r);
        memcpy(&out.f64, &bits, sizeof bits);
        break;
    }
    case MARINE_STRING:
    case MARINE_BYTES:
    case MARINE_ARRAY:
    case MARINE_RECORD: RIV_UNREACHABLE();
    }
    return out;
}

marine_value marine__packed_at(const marine_value *packed, size_t index)
{
    marine_type_kind kind  = marine__element_kind(packed);
    size_t           bytes = layouts[kind].bytes;
    riv_reader       r     = riv_reader_of(riv_bytes_sub(packed->bytes, index * bytes, (index + 1) * bytes));
    return scalar(kind, &r);
}

size_t marine__packed_count(const marine_value *packed)
{
    return packed->bytes.len / layouts[marine__element_kind(packed)].bytes;
}

/* One value as it lies in a record or an array. Recursion is bounded by the type. */
static riv_err lift(marine__instance *in, bool view, const marine_type *t, riv_reader *r, marine_value *out)
{
    if (marine__is_scalar(t->kind)) {
        *out = scalar(t->kind, r);
        return RIV_OK;
    }
    uint32_t ptr = riv_read_u32le(r), size = t->kind == MARINE_RECORD ? 0 : riv_read_u32le(r);
    return marine__lift(in, t, view, ptr, size, out);
}

/* ---- lowering ---- */

static riv_err mismatch(marine__instance *in, const marine_type *t, const marine_value *v)
{
    return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT ": %s where its interface says %s",
                        RIV_ARG(in->name), marine__kind_name(v->kind), marine__kind_name(t->kind));
}

static riv_err lower_bytes(marine__instance *in, riv_bytes bytes, uint32_t tag, uint32_t *ptr)
{
    RIV_TRY(allocate(in, bytes.len, tag, ptr));
    return marine__write(in, *ptr, bytes);
}

static void put_bits(uint8_t *out, uint64_t bits, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) out[i] = (uint8_t)(bits >> (8 * i));
}

void marine__pack(const marine_value *v, uint8_t *out)
{
    uint64_t bits = v->bits;
    if (v->kind == MARINE_F32) {
        uint32_t half;
        memcpy(&half, &v->f32, sizeof half);
        bits = half;
    }
    put_bits(out, bits, layouts[v->kind].bytes);
}

/* Numbers go from the caller's list into the guest's memory at once: no guest code runs in between. */
static riv_err lower_numbers(marine__instance *in, const marine_type *element, const marine_value *v, uint32_t *ptr)
{
    size_t   count = v->list.count, size = layouts[element->kind].bytes;
    uint8_t *room;
    for (size_t i = 0; i < count; i++)
        if (v->list.items[i].kind != element->kind) return mismatch(in, element, &v->list.items[i]);
    RIV_TRY(allocate(in, count * size, layouts[element->kind].tag, ptr));
    RIV_TRY(room_at(in, *ptr, count * size, &room));
    for (size_t i = 0; i < count; i++) marine__pack(&v->list.items[i], room + i * size);
    return RIV_OK;
}

/* A bool in a guest's memory may be any byte, but goes on as 0 or 1. */
static riv_err lower_packed(marine__instance *in, const marine_value *v, uint32_t *ptr)
{
    marine_type_kind element = marine__element_kind(v);
    RIV_TRY(lower_bytes(in, v->bytes, layouts[element].tag, ptr));
    uint8_t *room;
    if (element != MARINE_BOOL) return RIV_OK;
    RIV_TRY(room_at(in, *ptr, v->bytes.len, &room));
    for (size_t i = 0; i < v->bytes.len; i++) room[i] = v->bytes.ptr[i] != 0;
    return RIV_OK;
}

/* Lists of u8 come from callers only; their elements were checked. */
static bool is_array_of(const marine_type *element, const marine_value *v, size_t *count)
{
    if (marine__is_packed(v)) {
        *count = marine__packed_count(v);
        return marine__element_kind(v) == element->kind;
    }
    *count = v->kind == MARINE_BYTES ? v->bytes.len : v->list.count;
    return v->kind == MARINE_ARRAY || (v->kind == MARINE_BYTES && element->kind == MARINE_U8);
}

riv_err marine__lower_array(marine__instance *in, const marine__section *section, const marine_type *element,
                            const marine_value *v, uint32_t *ptr, uint32_t *count)
{
    marine_type array = { .kind = MARINE_ARRAY, .element = element };
    size_t      items = 0;
    if (!is_array_of(element, v, &items)) return mismatch(in, &array, v);
    *ptr   = 0;
    *count = (uint32_t)items;
    if (items == 0) return RIV_OK; /* SPEC marine.md 4.2: Empty array: pushes 0, 0 without allocating */
    if (items > UINT32_MAX / PAIR_BYTES)
        return marine__fail(in->service, MARINE_OUT_OF_MEMORY, "array of %zu elements", items);
    if (v->kind == MARINE_BYTES) return lower_bytes(in, v->bytes, TAG_U8, ptr);
    if (marine__is_packed(v)) return lower_packed(in, v, ptr);
    if (marine__is_scalar(element->kind)) return lower_numbers(in, element, v, ptr);
    void  *spine;
    size_t size = layouts[element->kind].bytes;
    RIV_TRY(marine__scratch_raw(in->service, items, size, &spine));
    RIV_TRY(allocate(in, items * size, layouts[element->kind].tag, ptr));
    for (size_t i = 0; i < items; i++)
        RIV_TRY(lower(in, section, element, &v->list.items[i], (uint8_t *)spine + i * size));
    return marine__write(in, *ptr, (riv_bytes){ spine, items * size });
}

riv_err marine__lower_record(marine__instance *in, const marine__section *section, uint32_t type, const marine_value *v,
                             uint32_t *ptr)
{
    const marine__type *record = &section->types[type];
    size_t              bytes = record_bytes(record), at = 0;
    void               *packed;
    if (v->kind != MARINE_RECORD || v->list.count != record->args_count)
        return mismatch(in, &(marine_type){ .kind = MARINE_RECORD }, v);
    RIV_TRY(marine__scratch_raw(in->service, bytes, 1, &packed));
    for (size_t i = 0; i < record->args_count; i++) {
        RIV_TRY(lower(in, section, &record->args[i].type, &v->list.items[i], (uint8_t *)packed + at));
        at += layouts[record->args[i].type.kind].bytes;
    }
    return lower_bytes(in, (riv_bytes){ packed, bytes }, TAG_U8, ptr);
}

/* Writes what stands for the value in its record or array to out; its own storage is allocated and written first. */
static riv_err lower(marine__instance *in, const marine__section *section, const marine_type *t, const marine_value *v,
                     uint8_t *out)
{
    uint32_t           ptr = 0, count = 0;
    const marine_value none = { .kind = MARINE_BYTES };
    /* as bytes they would be allocated, also when they are none */
    if (t->kind == MARINE_BYTES && v->kind == MARINE_ARRAY && v->list.count == 0) v = &none;
    if (t->kind == MARINE_ARRAY || (t->kind == MARINE_BYTES && v->kind == MARINE_ARRAY)) {
        RIV_TRY(marine__lower_array(in, section, marine__element(t), v, &ptr, &count));
    } else if (t->kind != v->kind) {
        return mismatch(in, t, v);
    } else if (t->kind == MARINE_RECORD) {
        RIV_TRY(marine__lower_record(in, section, t->record, v, &ptr));
        put_bits(out, ptr, RECORD_BYTES);
        return RIV_OK;
    } else if (t->kind == MARINE_STRING || t->kind == MARINE_BYTES) {
        RIV_TRY(lower_bytes(in, v->bytes, TAG_U8, &ptr));
        count = (uint32_t)v->bytes.len;
    } else {
        marine__pack(v, out);
        return RIV_OK;
    }
    put_bits(out, ptr, PAIR_BYTES / 2);
    put_bits(out + PAIR_BYTES / 2, count, PAIR_BYTES / 2);
    return RIV_OK;
}
