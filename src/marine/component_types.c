/* component_types.c: what a component exports, from the engine's types to Marine's: functions, records and how values are shown.
 * Types of the engine are counted references without names; names stand beside them, as exported or imported types that are equal.
 * Spec: docs/spec/components-wasi.md 2, 3. Tests: component_test.c. */
#include "marine/component.h"

typedef struct named {
    riv_str                      name;
    wasmtime_component_valtype_t type;
} named;
typedef struct known {
    wasmtime_component_valtype_t type;
    const marine__wit           *wit; /* NULL: cannot be shown */
} known;

typedef struct reading {
    wasm_engine_t *engine;
    riv_arena     *arena;
    riv_fault     *fault;
    RIV_VEC(named) names;
    RIV_VEC(known) types;
    RIV_VEC(marine__type) records;
    RIV_VEC(marine__wit_function) functions;
    RIV_VEC(marine__type) signatures; /* of functions, in their order */
    riv_map                    *record_names;
    riv_map                    *publics; /* name -> path, while reading */
    const wasmtime_component_t *code;
    size_t                      references, names_count;
} reading;

/* One thing of a list of imports or exports. */
typedef struct item {
    riv_str                   name;
    wasmtime_component_item_t is;
} item;
typedef riv_err (*visit)(reading *r, riv_str path, const item *it);

static riv_err wit_of(reading *r, const wasmtime_component_valtype_t *type, uint32_t depth, const marine__wit **out);

/* ---- names ---- */

/* Labels of WIT are words of letters and digits with hyphens between, each all lower or all upper case. */
riv_str marine__snake(riv_str kebab, riv_arena *arena)
{
    char *text = (char *)riv_new(arena, uint8_t, kebab.len);
    for (size_t i = 0; i < kebab.len; i++) {
        char c  = kebab.ptr[i];
        text[i] = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (riv_str){ text, kebab.len };
}

static riv_str pascal(riv_str kebab, riv_arena *arena)
{
    char  *text  = (char *)riv_new(arena, uint8_t, kebab.len);
    size_t len   = 0;
    bool   upper = true;
    for (size_t i = 0; i < kebab.len; i++) {
        char c = kebab.ptr[i];
        if (c == '-') {
            upper = true;
            continue;
        }
        if (upper && c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (!upper && c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        text[len++] = c;
        upper       = false;
    }
    return (riv_str){ text, len };
}

static riv_err count_name(reading *r)
{
    return ++r->names_count > MARINE__WIT_NAMES_MAX
               ? riv_fail(r->fault, RIV_E_LIMIT, 0, "component has more than %d names", MARINE__WIT_NAMES_MAX)
               : RIV_OK;
}

/* Names of records are ours: that of the type where one is exported or imported, with a number where two would be alike. */
static riv_str record_name(reading *r, const wasmtime_component_valtype_t *type, riv_str otherwise)
{
    riv_str base = otherwise;
    for (size_t i = 0; i < r->names.len; i++)
        if (wasmtime_component_valtype_equal(&r->names.ptr[i].type, type)) {
            base = pascal(r->names.ptr[i].name, r->arena);
            break;
        }
    riv_str name = base;
    for (uint32_t n = 2; riv_map_has(r->record_names, riv_str_bytes(name)); n++)
        name = riv_format(r->arena, RIV_FMT "%u", RIV_ARG(base), n);
    riv_map_put_str(r->record_names, name, r);
    return name;
}

/* ---- types ---- */

#define PLAIN(valtype, marine)                                                                                         \
    [WASMTIME_COMPONENT_VALTYPE_##                                                                                     \
        valtype] = { .kind = WASMTIME_COMPONENT_VALTYPE_##valtype, .type = { .kind = (marine) } }
static const marine__wit plain[] = {
    PLAIN(BOOL, MARINE_BOOL),     PLAIN(S8, MARINE_S8),   PLAIN(S16, MARINE_S16), PLAIN(S32, MARINE_S32),
    PLAIN(S64, MARINE_S64),       PLAIN(U8, MARINE_U8),   PLAIN(U16, MARINE_U16), PLAIN(U32, MARINE_U32),
    PLAIN(U64, MARINE_U64),       PLAIN(F32, MARINE_F32), PLAIN(F64, MARINE_F64), PLAIN(CHAR, MARINE_STRING),
    PLAIN(STRING, MARINE_STRING),
};

static marine_type array_of(reading *r, const marine_type *element)
{
    if (element->kind == MARINE_U8) return (marine_type){ .kind = MARINE_BYTES };
    marine_type *copy = riv_new(r->arena, marine_type, 1);
    *copy             = *element;
    return (marine_type){ .kind = MARINE_ARRAY, .element = copy };
}

/* The parts of a type as the engine counts them; *payload is deleted by the caller where *has is set. */
static size_t parts_count(const wasmtime_component_valtype_t *t)
{
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_RECORD: return wasmtime_component_record_type_field_count(t->of.record);
    case WASMTIME_COMPONENT_VALTYPE_TUPLE: return wasmtime_component_tuple_type_types_count(t->of.tuple);
    case WASMTIME_COMPONENT_VALTYPE_VARIANT: return wasmtime_component_variant_type_case_count(t->of.variant);
    case WASMTIME_COMPONENT_VALTYPE_ENUM: return wasmtime_component_enum_type_names_count(t->of.enum_);
    case WASMTIME_COMPONENT_VALTYPE_FLAGS: return wasmtime_component_flags_type_names_count(t->of.flags);
    case WASMTIME_COMPONENT_VALTYPE_RESULT: return 2;
    default: return 1; /* list, option */
    }
}

static riv_str part_at(reading *r, const wasmtime_component_valtype_t *t, size_t i, bool *has,
                       wasmtime_component_valtype_t *payload)
{
    const char *name = "";
    size_t      len  = 0;
    *has             = true;
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_RECORD:
        RIV_ASSERT(wasmtime_component_record_type_field_nth(t->of.record, i, &name, &len, payload));
        break;
    case WASMTIME_COMPONENT_VALTYPE_TUPLE:
        RIV_ASSERT(wasmtime_component_tuple_type_types_nth(t->of.tuple, i, payload));
        return riv_format(r->arena, "f%zu", i);
    case WASMTIME_COMPONENT_VALTYPE_VARIANT:
        RIV_ASSERT(wasmtime_component_variant_type_case_nth(t->of.variant, i, &name, &len, has, payload));
        break;
    case WASMTIME_COMPONENT_VALTYPE_ENUM:
        RIV_ASSERT(wasmtime_component_enum_type_names_nth(t->of.enum_, i, &name, &len));
        *has = false;
        break;
    case WASMTIME_COMPONENT_VALTYPE_FLAGS:
        RIV_ASSERT(wasmtime_component_flags_type_names_nth(t->of.flags, i, &name, &len));
        *has = false;
        break;
    case WASMTIME_COMPONENT_VALTYPE_RESULT:
        *has = i == 0 ? wasmtime_component_result_type_ok(t->of.result, payload)
                      : wasmtime_component_result_type_err(t->of.result, payload);
        return i == 0 ? RIV_LIT("ok") : RIV_LIT("err");
    case WASMTIME_COMPONENT_VALTYPE_OPTION: wasmtime_component_option_type_ty(t->of.option, payload); break;
    default: wasmtime_component_list_type_element(t->of.list, payload); break;
    }
    return riv_str_dup(r->arena, (riv_str){ name, len });
}

/* *out: NULL when one of the parts cannot be shown. */
static riv_err read_parts(reading *r, const wasmtime_component_valtype_t *t, uint32_t depth, marine__wit_part **out,
                          size_t *count_out)
{
    size_t count = parts_count(t);
    if (count > MARINE__WIT_REFERENCES_MAX - r->references)
        return riv_fail(r->fault, RIV_E_LIMIT, 0, "component names more than %d types", MARINE__WIT_REFERENCES_MAX);
    r->references += count;
    marine__wit_part *parts = riv_new(r->arena, marine__wit_part, count);
    bool              shown = true;
    for (size_t i = 0; i < count; i++) {
        wasmtime_component_valtype_t payload;
        bool                         has;
        parts[i].name = part_at(r, t, i, &has, &payload);
        if (!has) continue;
        riv_err err = wit_of(r, &payload, depth + 1, &parts[i].type);
        wasmtime_component_valtype_delete(&payload);
        if (err) return err;
        shown = shown && parts[i].type;
    }
    *out       = shown ? parts : NULL;
    *count_out = count;
    return RIV_OK;
}

/* A record's fields hold the parts; a variant's hold at most one each: an array of its payload, or whether it is this case. */
static void add_record(reading *r, const wasmtime_component_valtype_t *t, riv_str otherwise, marine__wit *wit)
{
    bool          cases = t->kind == WASMTIME_COMPONENT_VALTYPE_VARIANT || t->kind == WASMTIME_COMPONENT_VALTYPE_RESULT;
    marine_field *fields = riv_new(r->arena, marine_field, wit->parts_count);
    for (size_t i = 0; i < wit->parts_count; i++) {
        const marine__wit *part = wit->parts[i].type;
        fields[i].name          = marine__snake(wit->parts[i].name, r->arena);
        fields[i].type = !cases ? part->type : part ? array_of(r, &part->type) : (marine_type){ .kind = MARINE_BOOL };
    }
    wit->type                        = (marine_type){ .kind = MARINE_RECORD, .record = (uint32_t)r->records.len };
    wit->depth                       = wit->depth + 1 + cases;
    *riv_push(r->arena, &r->records) = (marine__type){ .is_record  = true,
                                                       .name       = record_name(r, t, otherwise),
                                                       .args       = fields,
                                                       .args_count = wit->parts_count,
                                                       .depth      = wit->depth };
}

static riv_err composite(reading *r, const wasmtime_component_valtype_t *t, uint32_t depth, const marine__wit **out)
{
    marine__wit      *wit   = riv_new(r->arena, marine__wit, 1);
    marine__wit_part *parts = NULL;
    wit->kind               = t->kind;
    RIV_TRY(read_parts(r, t, depth, &parts, &wit->parts_count));
    *out = NULL;
    if (!parts) return RIV_OK;
    wit->parts = parts;
    for (size_t i = 0; i < wit->parts_count; i++)
        if (parts[i].type) wit->depth = RIV_MAX(wit->depth, parts[i].type->depth);
    static const marine_type text = { .kind = MARINE_STRING };
    switch (t->kind) {
    case WASMTIME_COMPONENT_VALTYPE_RECORD: add_record(r, t, RIV_LIT("Record"), wit); break;
    case WASMTIME_COMPONENT_VALTYPE_TUPLE: add_record(r, t, RIV_LIT("Tuple"), wit); break;
    case WASMTIME_COMPONENT_VALTYPE_VARIANT: add_record(r, t, RIV_LIT("Variant"), wit); break;
    case WASMTIME_COMPONENT_VALTYPE_RESULT: add_record(r, t, RIV_LIT("Result"), wit); break;
    case WASMTIME_COMPONENT_VALTYPE_ENUM: wit->type = text; break;
    case WASMTIME_COMPONENT_VALTYPE_FLAGS: wit->type = array_of(r, &text); break;
    default: /* list, option */
        wit->type = array_of(r, &parts[0].type->type);
        wit->depth++;
        break;
    }
    if (wit->depth > MARINE_NESTING_MAX)
        return riv_fail(r->fault, RIV_E_LIMIT, 0, "component has types nested deeper than %d", MARINE_NESTING_MAX);
    *out = wit;
    return RIV_OK;
}

static riv_err wit_of(reading *r, const wasmtime_component_valtype_t *t, uint32_t depth, const marine__wit **out)
{
    if (t->kind < RIV_COUNT(plain)) {
        *out = &plain[t->kind];
        return RIV_OK;
    }
    *out = NULL;
    if (t->kind > WASMTIME_COMPONENT_VALTYPE_FLAGS) return RIV_OK; /* resources, futures, streams, maps */
    if (depth > MARINE_NESTING_MAX)
        return riv_fail(r->fault, RIV_E_LIMIT, 0, "component has types nested deeper than %d", MARINE_NESTING_MAX);
    for (size_t i = 0; i < r->types.len; i++)
        if (wasmtime_component_valtype_equal(&r->types.ptr[i].type, t)) {
            *out = r->types.ptr[i].wit;
            return RIV_OK;
        }
    RIV_TRY(composite(r, t, depth, out));
    if (r->types.len == MARINE__WIT_TYPES_MAX)
        return riv_fail(r->fault, RIV_E_LIMIT, 0, "component has more than %d types", MARINE__WIT_TYPES_MAX);
    known *k = riv_push(r->arena, &r->types);
    k->wit   = *out;
    wasmtime_component_valtype_clone(t, &k->type);
    return RIV_OK;
}

/* ---- lists of imports and exports ---- */

static riv_err take_item(reading *r, wasmtime_component_extern_t *ext, const char *name, size_t len, riv_str path,
                         visit each)
{
    item it = { .name = riv_str_dup(r->arena, (riv_str){ name, len }) };
    wasmtime_component_extern_type(ext, &it.is);
    riv_err err = count_name(r);
    if (!err) err = each(r, path, &it);
    wasmtime_component_item_delete(&it.is);
    wasmtime_component_extern_delete(ext);
    return err;
}

static riv_err visit_instance(reading *r, const item *of, visit each)
{
    const wasmtime_component_instance_type_t *type = of->is.of.component_instance;
    size_t                       count = wasmtime_component_instance_type_export_count(type, r->engine), len;
    wasmtime_component_extern_t *ext;
    const char                  *name;
    for (size_t i = 0; i < count; i++)
        if (wasmtime_component_instance_type_export_nth(type, r->engine, i, &name, &len, &ext))
            RIV_TRY(take_item(r, ext, name, len, of->name, each));
    return RIV_OK;
}

static riv_err visit_all(reading *r, const wasmtime_component_type_t *type, bool imports, visit each)
{
    size_t                       count = imports ? wasmtime_component_type_import_count(type, r->engine)
                                                 : wasmtime_component_type_export_count(type, r->engine);
    wasmtime_component_extern_t *ext;
    const char                  *name;
    size_t                       len;
    for (size_t i = 0; i < count; i++) {
        bool got = imports ? wasmtime_component_type_import_nth(type, r->engine, i, &name, &len, &ext)
                           : wasmtime_component_type_export_nth(type, r->engine, i, &name, &len, &ext);
        if (got) RIV_TRY(take_item(r, ext, name, len, (riv_str){ NULL, 0 }, each));
    }
    return RIV_OK;
}

static riv_err note_name(reading *r, riv_str path, const item *it)
{
    if (it->is.kind == WASMTIME_COMPONENT_ITEM_TYPE) {
        named *n = riv_push(r->arena, &r->names);
        n->name  = it->name;
        wasmtime_component_valtype_clone(&it->is.of.type, &n->type);
    }
    if (it->is.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE && !path.len) return visit_instance(r, it, note_name);
    return RIV_OK;
}

/* ---- functions ---- */

/* *shown is false when one of its types cannot be shown. */
static riv_err read_signature(reading *r, const wasmtime_component_func_type_t *type, marine__wit_function *f,
                              bool *shown)
{
    wasmtime_component_valtype_t t;
    const char                  *name;
    size_t                       len, count = wasmtime_component_func_type_param_count(type);
    marine__wit_part            *params = riv_new(r->arena, marine__wit_part, count);
    *shown                              = true;
    for (size_t i = 0; i < count; i++) {
        RIV_TRY(count_name(r));
        RIV_ASSERT(wasmtime_component_func_type_param_nth(type, i, &name, &len, &t));
        params[i].name = riv_str_dup(r->arena, (riv_str){ name, len });
        riv_err err    = wit_of(r, &t, 1, &params[i].type);
        wasmtime_component_valtype_delete(&t);
        if (err) return err;
        *shown = *shown && params[i].type;
    }
    f->params       = params;
    f->params_count = count;
    if (wasmtime_component_func_type_result(type, &t)) {
        riv_err err = wit_of(r, &t, 1, &f->result);
        wasmtime_component_valtype_delete(&t);
        if (err) return err;
        *shown = *shown && f->result;
    }
    return RIV_OK;
}

static wasmtime_component_export_index_t *index_of(reading *r, riv_str path, riv_str name)
{
    if (!path.len) return wasmtime_component_get_export_index(r->code, NULL, name.ptr, name.len);
    wasmtime_component_export_index_t *in = wasmtime_component_get_export_index(r->code, NULL, path.ptr, path.len),
                                      *out;
    out = in ? wasmtime_component_get_export_index(r->code, in, name.ptr, name.len) : NULL;
    if (in) wasmtime_component_export_index_delete(in);
    return out;
}

static void add_function(reading *r, marine__wit_function f)
{
    marine_field *args   = riv_new(r->arena, marine_field, f.params_count);
    marine_type  *output = riv_new(r->arena, marine_type, 1);
    for (size_t i = 0; i < f.params_count; i++)
        args[i] = (marine_field){ marine__snake(f.params[i].name, r->arena), f.params[i].type->type };
    if (f.result) *output = f.result->type;
    *riv_push(r->arena, &r->functions)  = f;
    *riv_push(r->arena, &r->signatures) = (marine__type){
        .name = f.name, .args = args, .args_count = f.params_count, .outputs = output, .outputs_count = f.result != NULL
    };
}

/* Names inside an interface stand beside those of the root: two alike would leave one that nobody can call. */
static riv_err take_function(reading *r, riv_str path, const item *it)
{
    marine__wit_function f = { .name = marine__snake(it->name, r->arena) };
    bool                 shown;
    if (wasmtime_component_func_type_async(it->is.of.component_func)) return RIV_OK;
    if (riv_str_find_char(it->name, '[', 0) != SIZE_MAX) return RIV_OK; /* of a resource */
    RIV_TRY(read_signature(r, it->is.of.component_func, &f, &shown));
    if (!shown) return RIV_OK;
    riv_str *before = riv_map_get_str(r->publics, f.name), *here = riv_new(r->arena, riv_str, 1);
    *here = path.len ? path : RIV_LIT("the component itself");
    if (before)
        return riv_fail(r->fault, RIV_E_CONFLICT, 0,
                        "two functions would be called " RIV_FMT ": of " RIV_FMT " and of " RIV_FMT, RIV_ARG(f.name),
                        RIV_ARG(*before), RIV_ARG(*here));
    riv_map_put_str(r->publics, f.name, here);
    f.index = index_of(r, path, it->name);
    if (f.index) add_function(r, f);
    return RIV_OK;
}

static riv_err take_export(reading *r, riv_str path, const item *it)
{
    if (it->is.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_FUNC) return take_function(r, path, it);
    if (it->is.kind == WASMTIME_COMPONENT_ITEM_COMPONENT_INSTANCE && !path.len)
        return visit_instance(r, it, take_export);
    return RIV_OK;
}

/* ---- the module that it is shown as ---- */

static void make_section(reading *r, marine__component *c, marine__section *out)
{
    size_t        count   = r->records.len + r->functions.len;
    marine__type *types   = riv_new(r->arena, marine__type, count);
    uint32_t     *none    = riv_new(r->arena, uint32_t, count);
    riv_map      *publics = riv_map_new(r->arena);
    if (r->records.len) memcpy(types, r->records.ptr, r->records.len * sizeof *types);
    for (size_t i = 0; i < r->records.len; i++) marine__lay_out(&types[i], r->arena);
    for (size_t i = 0; i < count; i++) none[i] = UINT32_MAX;
    for (size_t i = 0; i < r->functions.len; i++) {
        size_t at = r->records.len + i;
        types[at] = r->signatures.ptr[i];
        riv_map_put_str(publics, r->functions.ptr[i].name, (void *)(at + 1));
    }
    c->functions       = r->functions.ptr;
    c->functions_count = r->functions.len;
    c->functions_first = (uint32_t)r->records.len;
    *out               = (marine__section){ .types           = types,
                                            .types_count     = count,
                                            .version         = RIV_LIT(MARINE__IT_VERSION),
                                            .adapter_of_core = none,
                                            .adapter_of_type = riv_new(r->arena, const marine__adapter *, count),
                                            .publics         = publics,
                                            .shims           = riv_map_new(r->arena) };
}

riv_err marine__component_read(wasm_engine_t *engine, marine__component *component, riv_arena *arena, riv_fault *fault,
                               marine__section *section, marine_interface *interface)
{
    reading                    r    = { .engine       = engine,
                                        .arena        = arena,
                                        .fault        = fault,
                                        .record_names = riv_map_new(arena),
                                        .publics      = riv_map_new(arena),
                                        .code         = component->code };
    wasmtime_component_type_t *type = wasmtime_component_type(component->code);
    riv_err                    err  = visit_all(&r, type, false, note_name);
    if (!err) err = visit_all(&r, type, true, note_name);
    if (!err) err = visit_all(&r, type, false, take_export);
    make_section(&r, component, section); /* also after a failure: the functions are freed from it */
    if (!err) marine__interface_of(section, arena, interface);
    for (size_t i = 0; i < r.names.len; i++) wasmtime_component_valtype_delete(&r.names.ptr[i].type);
    for (size_t i = 0; i < r.types.len; i++) wasmtime_component_valtype_delete(&r.types.ptr[i].type);
    wasmtime_component_type_delete(type);
    return err;
}
