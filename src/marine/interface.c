/* interface.c: what a module offers, as data, as the original's JSON and as Aqua text.
 * Spec: docs/spec/marine.md 3.2, 8.5, 10.2. Tests: interface_test.c. */
#include "marine/internal.h"

#include <stdlib.h>

typedef struct remap { /* from type indices of the section to positions in the interface's records */
    const marine__section  *section;
    riv_arena              *arena;
    uint32_t               *position;  /* of each type; UINT32_MAX: not reachable */
    const marine_function **functions; /* by type of the adapter: made once, as exports may share it */
} remap;

/* ---- the interface as data ---- */

/* Depth is bounded by the section's own check. */
static void mark(remap *m, const marine_type *t)
{
    while (t->kind == MARINE_ARRAY) t = t->element;
    if (t->kind != MARINE_RECORD || m->position[t->record] != UINT32_MAX) return;
    m->position[t->record]     = 0;
    const marine__type *record = &m->section->types[t->record];
    for (size_t i = 0; i < record->args_count; i++) mark(m, &record->args[i].type);
}

static marine_type map_type(remap *m, const marine_type *t)
{
    marine_type out = *t;
    if (t->kind == MARINE_RECORD) out.record = m->position[t->record];
    if (t->kind == MARINE_ARRAY) {
        marine_type *element = riv_new(m->arena, marine_type, 1);
        *element             = map_type(m, t->element);
        out.element          = element;
    }
    return out;
}

static const marine_field *map_fields(remap *m, const marine_field *fields, size_t count)
{
    marine_field *out = riv_new(m->arena, marine_field, count);
    for (size_t i = 0; i < count; i++) out[i] = (marine_field){ fields[i].name, map_type(m, &fields[i].type) };
    return out;
}

static int by_name(const void *a, const void *b)
{
    return riv_str_cmp(((const marine_function *)a)->name, ((const marine_function *)b)->name);
}

static const marine_function *function_of(remap *m, uint32_t adapter)
{
    const marine__type *t = &m->section->types[adapter];
    if (m->functions[adapter]) return m->functions[adapter];
    marine_function *f    = riv_new(m->arena, marine_function, 1);
    m->functions[adapter] = f;
    f->args               = map_fields(m, t->args, t->args_count);
    f->args_count         = t->args_count;
    f->has_result         = t->outputs_count > 0;
    if (f->has_result) f->result = map_type(m, &t->outputs[0]);
    return f;
}

/* Adapters of the public functions, in the order of their exports. */
static size_t list_publics(const marine__section *s, riv_arena *arena, uint32_t **adapters, riv_str **names)
{
    size_t count = riv_map_slots(s->publics);
    *adapters    = riv_new(arena, uint32_t, count);
    *names       = riv_new(arena, riv_str, count);
    for (size_t i = 0; i < count; i++) {
        riv_bytes name;
        void     *adapter;
        RIV_ASSERT(riv_map_at(s->publics, i, &name, &adapter)); /* nothing is ever removed */
        (*adapters)[i] = (uint32_t)((uintptr_t)adapter - 1);
        (*names)[i]    = riv_bytes_str(name);
    }
    return count;
}

void marine__interface_of(const marine__section *s, riv_arena *arena, marine_interface *out)
{
    remap     m = { s, arena, riv_new(arena, uint32_t, s->types_count),
                    riv_new(arena, const marine_function *, s->types_count) };
    uint32_t *adapters;
    riv_str  *names;
    size_t    count = list_publics(s, arena, &adapters, &names);
    for (size_t i = 0; i < s->types_count; i++) m.position[i] = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        const marine__type *t = &s->types[adapters[i]];
        for (size_t k = 0; k < t->args_count; k++) mark(&m, &t->args[k].type);
        if (t->outputs_count) mark(&m, &t->outputs[0]);
    }

    uint32_t records_count = 0;
    for (size_t i = 0; i < s->types_count; i++)
        if (m.position[i] != UINT32_MAX) m.position[i] = records_count++;
    marine_record *records = riv_new(arena, marine_record, records_count);
    for (size_t i = 0; i < s->types_count; i++) {
        const marine__type *t = &s->types[i];
        if (m.position[i] == UINT32_MAX) continue;
        records[m.position[i]] =
            (marine_record){ t->name, (uint32_t)i, map_fields(&m, t->args, t->args_count), t->args_count };
    }

    marine_function *functions = riv_new(arena, marine_function, count);
    for (size_t i = 0; i < count; i++) {
        functions[i]      = *function_of(&m, adapters[i]);
        functions[i].name = names[i];
    }
    if (count) qsort(functions, count, sizeof *functions, by_name);
    *out = (marine_interface){ functions, count, records, records_count };
}

/* ---- text of types ---- */

static const char *const type_words[] = {
    [MARINE_S8] = "i8",     [MARINE_S16] = "i16",       [MARINE_S32] = "i32",    [MARINE_S64] = "i64",
    [MARINE_U8] = "u8",     [MARINE_U16] = "u16",       [MARINE_U32] = "u32",    [MARINE_U64] = "u64",
    [MARINE_F32] = "f32",   [MARINE_F64] = "f64",       [MARINE_I32] = "i32",    [MARINE_I64] = "i64",
    [MARINE_BOOL] = "bool", [MARINE_STRING] = "string", [MARINE_BYTES] = "[]u8",
};

static void put_type(const marine_interface *in, const marine_type *t, riv_buf *out)
{
    for (; t->kind == MARINE_ARRAY; t = t->element) riv_put_str(out, RIV_LIT("[]"));
    if (t->kind == MARINE_RECORD)
        riv_put_str(out, in->records[t->record].name);
    else
        riv_put_str(out, riv_str_c(type_words[t->kind]));
}

riv_str marine_type_text(const marine_interface *in, const marine_type *type, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    put_type(in, type, &out);
    return riv_buf_str(&out);
}

/* ---- JSON ---- */

static const riv_json *json_fields(const marine_interface *in, const marine_field *fields, size_t count,
                                   riv_arena *arena)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < count; i++) {
        const riv_json **pair = riv_new(arena, const riv_json *, 2);
        pair[0]               = riv_json_str(arena, fields[i].name);
        pair[1]               = riv_json_str(arena, marine_type_text(in, &fields[i].type, arena));
        riv_json_add(arena, &list, riv_json_arr(arena, pair, 2));
    }
    return riv_json_arr(arena, list.ptr, list.len);
}

const riv_json *marine_interface_json(const marine_interface *in, riv_arena *arena)
{
    riv_json_list functions = { 0 }, records = { 0 };
    for (size_t i = 0; i < in->functions_count; i++) {
        const marine_function *f       = &in->functions[i];
        riv_json_list          outputs = { 0 };
        if (f->has_result) riv_json_add(arena, &outputs, riv_json_str(arena, marine_type_text(in, &f->result, arena)));
        riv_json_add(arena, &functions,
                     riv_json_object(arena, "name", riv_json_str(arena, f->name), "arguments",
                                     json_fields(in, f->args, f->args_count, arena), "output_types",
                                     riv_json_arr(arena, outputs.ptr, outputs.len), NULL));
    }
    for (size_t i = 0; i < in->records_count; i++) {
        const marine_record *r = &in->records[i];
        riv_json_add(arena, &records,
                     riv_json_object(arena, "name", riv_json_str(arena, r->name), "id", riv_json_u64(arena, r->id),
                                     "fields", json_fields(in, r->fields, r->fields_count, arena), NULL));
    }
    return riv_json_object(arena, "function_signatures", riv_json_arr(arena, functions.ptr, functions.len),
                           "record_types", riv_json_arr(arena, records.ptr, records.len), NULL);
}

/* ---- Aqua ---- */

static void put_pascal(riv_str name, riv_buf *out)
{
    bool upper = true;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '-' || c == '_' || c == ' ' || c == '.') {
            upper = true;
            continue;
        }
        riv_put_u8(out, (uint8_t)(upper && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
        upper = false;
    }
}

/* Dependencies first; `done` marks records that stand already. */
static void put_record(const marine_interface *in, const marine_type *t, bool *done, riv_buf *out)
{
    while (t->kind == MARINE_ARRAY) t = t->element;
    if (t->kind != MARINE_RECORD || done[t->record]) return;
    const marine_record *r = &in->records[t->record];
    done[t->record]        = true;
    for (size_t i = 0; i < r->fields_count; i++) put_record(in, &r->fields[i].type, done, out);
    riv_put_str(out, RIV_LIT("data "));
    riv_put_str(out, r->name);
    riv_put_str(out, RIV_LIT(":\n"));
    for (size_t i = 0; i < r->fields_count; i++) {
        riv_put_str(out, RIV_LIT("  "));
        riv_put_str(out, r->fields[i].name);
        riv_put_str(out, RIV_LIT(": "));
        put_type(in, &r->fields[i].type, out);
        riv_put_u8(out, '\n');
    }
    riv_put_u8(out, '\n');
}

static int by_name_and_id(const void *a, const void *b)
{
    const marine_record *x = *(const marine_record *const *)a, *y = *(const marine_record *const *)b;
    int                  c = riv_str_cmp(x->name, y->name);
    return c ? c : (x->id > y->id) - (x->id < y->id);
}

static void put_records(const marine_interface *in, riv_buf *out)
{
    riv_arena            *arena = riv_arena_new(0);
    bool                 *done  = riv_new(arena, bool, in->records_count);
    const marine_record **order = riv_new(arena, const marine_record *, in->records_count);
    for (size_t i = 0; i < in->records_count; i++) order[i] = &in->records[i];
    /* SPEC marine.md 10.2: roots are taken by name order */
    if (in->records_count) qsort(order, in->records_count, sizeof *order, by_name_and_id);
    for (size_t i = 0; i < in->records_count; i++) {
        marine_type type = { .kind = MARINE_RECORD, .record = (uint32_t)(order[i] - in->records) };
        put_record(in, &type, done, out);
    }
    riv_arena_free(arena);
}

void marine_interface_aqua(const marine_interface *in, riv_str service_name, riv_str default_id, riv_buf *out)
{
    riv_put_str(out, RIV_LIT("aqua "));
    put_pascal(service_name, out);
    riv_put_str(out, RIV_LIT(" declares *\n\n"));
    put_records(in, out);
    riv_put_str(out, RIV_LIT("service "));
    put_pascal(service_name, out);
    if (default_id.len) riv_putf(out, "(\"" RIV_FMT "\")", RIV_ARG(default_id));
    riv_put_str(out, RIV_LIT(":\n"));
    for (size_t i = 0; i < in->functions_count; i++) {
        const marine_function *f = &in->functions[i];
        riv_putf(out, "  " RIV_FMT "(", RIV_ARG(f->name));
        for (size_t k = 0; k < f->args_count; k++) {
            riv_putf(out, "%s" RIV_FMT ": ", k ? ", " : "", RIV_ARG(f->args[k].name));
            put_type(in, &f->args[k].type, out);
        }
        /* SPEC marine.md 10.2: two spaces when there is no result */
        riv_put_str(out, f->has_result ? RIV_LIT(") -> ") : RIV_LIT(")  "));
        if (f->has_result) put_type(in, &f->result, out);
        riv_put_u8(out, '\n');
    }
}
