/* change.c: a living service takes a module more, loses one, or goes on with new code in the place of an old one.
 * What is left of an unloaded instance in the store cannot be reached: its memory is given back at once, the rest with the store.
 * Spec: docs/spec/marine.md 6. Tests: change_test.c. */
#include "marine/internal.h"

static const marine_call_params no_params;

/* ---- the frame of a change ---- */

static riv_err begin(marine_service *s, riv_fault *fault)
{
    RIV_TRY(marine__enter(s, fault));
    marine__begin(s, &no_params, s->fuel_start, 0);
    return RIV_OK;
}

static riv_err end(marine_service *s, riv_err err, riv_fault *fault)
{
    marine__count(s, false, marine__fuel_used(s, s->fuel_start));
    marine__left(s);
    return err ? riv_fail_code(fault, err, s->error, 0, "%s", s->fault.msg) : RIV_OK;
}

/* Its place, or the count. */
static size_t find(const marine_service *s, riv_str name)
{
    size_t i = 0;
    while (i < s->instances_count && !riv_str_eq(s->instances[i]->name, name)) i++;
    return i;
}

static riv_err must_have(marine_service *s, riv_str name, size_t *place)
{
    *place = find(s, name);
    return *place < s->instances_count
               ? RIV_OK
               : marine__fail(s, MARINE_NOT_FOUND, "module with name '" RIV_FMT "' is missing", RIV_ARG(name));
}

static riv_err may_change(marine_service *s)
{
    return s->made < MARINE_CHANGES_MAX
               ? RIV_OK
               : marine__fail(s, MARINE_LOAD, "%d modules were loaded into this service; it has to be made anew",
                              MARINE_CHANGES_MAX);
}

/* ---- load ---- */

static riv_err load(marine_service *s, const marine_module_config *config)
{
    if (find(s, config->name) < s->instances_count)
        return marine__fail(s, MARINE_LOAD, "module with name '" RIV_FMT "' is already loaded", RIV_ARG(config->name));
    if (s->instances_count == MARINE_MODULES_MAX)
        return marine__fail(s, MARINE_LOAD, "%d modules are loaded, which is the limit", MARINE_MODULES_MAX);
    RIV_TRY(may_change(s));
    RIV_TRY(marine__instance_new(s, config, s->instances_count, &s->instances[s->instances_count]));
    s->instances_count++;
    return RIV_OK;
}

riv_err marine_service_load(marine_service *s, const marine_module_config *config, riv_fault *fault)
{
    RIV_TRY(begin(s, fault));
    return end(s, load(s, config), fault);
}

/* ---- unload ---- */

static bool imports_from(const marine__instance *in, const marine__instance *from)
{
    for (size_t i = 0; i < in->callees_count; i++)
        if (in->callees[i].instance == from) return true;
    return false;
}

static riv_err unload(marine_service *s, riv_str name)
{
    size_t place;
    RIV_TRY(must_have(s, name, &place));
    marine__instance *gone = s->instances[place];
    for (size_t i = place + 1; i < s->instances_count; i++)
        if (imports_from(s->instances[i], gone))
            return marine__fail(s, MARINE_LINK, "module " RIV_FMT " cannot go: module " RIV_FMT " imports from it",
                                RIV_ARG(name), RIV_ARG(s->instances[i]->name));
    if (s->instances_count == 1)
        return marine__fail(s, MARINE_LOAD, "module " RIV_FMT " is the last one and cannot go", RIV_ARG(name));
    for (size_t i = place + 1; i < s->instances_count; i++) {
        s->instances[i]->place--;
        s->instances[i - 1] = s->instances[i];
    }
    s->instances_count--;
    marine__instance_free(gone);
    return RIV_OK;
}

riv_err marine_service_unload(marine_service *s, riv_str name, riv_fault *fault)
{
    RIV_TRY(begin(s, fault));
    return end(s, unload(s, name), fault);
}

/* ---- replace ---- */

/* Whether two types of two modules are of one shape: names are irrelevant. SPEC marine.md 6: Record types are matched structurally */
typedef struct shapes {
    const marine__section *a, *b;
    riv_map
        *same; /* pairs of records that are known to be; without it nested records would be compared 2^depth times */
} shapes;

static bool same_record(const shapes *s, uint32_t a, uint32_t b);

static bool is_list(const marine_type *t) { return t->kind == MARINE_ARRAY || t->kind == MARINE_BYTES; }

static bool same_type(const shapes *s, const marine_type *a, const marine_type *b)
{
    while (is_list(a) && is_list(b)) {
        a = marine__element(a);
        b = marine__element(b);
    }
    if (a->kind == MARINE_RECORD && b->kind == MARINE_RECORD) return same_record(s, a->record, b->record);
    return a->kind == b->kind;
}

static bool same_fields(const shapes *s, const marine_field *a, size_t a_count, const marine_field *b, size_t b_count)
{
    if (a_count != b_count) return false;
    for (size_t i = 0; i < a_count; i++)
        if (!same_type(s, &a[i].type, &b[i].type)) return false;
    return true;
}

/* Records of a section nest at most MARINE_NESTING_MAX deep and never in a circle. */
static bool same_record(const shapes *s, uint32_t a, uint32_t b)
{
    uint64_t pair = (uint64_t)a << 32 | b;
    if (riv_map_get_u64(s->same, pair)) return true;
    const marine__type *left = &s->a->types[a], *right = &s->b->types[b];
    if (!same_fields(s, left->args, left->args_count, right->args, right->args_count)) return false;
    riv_map_put_u64(s->same, pair, (void *)(uintptr_t)s);
    return true;
}

static bool same_function(const shapes *s, const marine__type *a, const marine__type *b)
{
    if (a->outputs_count != b->outputs_count) return false;
    for (size_t i = 0; i < a->outputs_count; i++)
        if (!same_type(s, &a->outputs[i], &b->outputs[i])) return false;
    return same_fields(s, a->args, a->args_count, b->args, b->args_count);
}

/* What importer takes of old must be in fresh, with the same type. */
static riv_err check_importer(const marine__instance *importer, const marine__instance *old, const marine_module *fresh)
{
    const marine__section *section = &fresh->section;
    marine_service        *s       = importer->service;
    shapes                 pair    = { &importer->module->section, section, riv_map_new(s->scratch) };
    for (size_t i = 0; i < importer->callees_count; i++) {
        const marine__callee *callee = &importer->callees[i];
        if (callee->instance != old) continue;
        uint32_t adapter = marine__public_adapter(section, callee->name);
        if (adapter == UINT32_MAX)
            return marine__fail(s, MARINE_LINK,
                                "module " RIV_FMT " imports function " RIV_FMT "." RIV_FMT
                                ", which the new module lacks",
                                RIV_ARG(importer->name), RIV_ARG(old->name), RIV_ARG(callee->name));
        if (!same_function(&pair, callee->type, &section->types[adapter]))
            return marine__fail(s, MARINE_LINK,
                                "module " RIV_FMT " imports function " RIV_FMT "." RIV_FMT
                                ", which has another type in the new module",
                                RIV_ARG(importer->name), RIV_ARG(old->name), RIV_ARG(callee->name));
    }
    return RIV_OK;
}

static void point_to(marine__instance *importer, const marine__instance *old, marine__instance *fresh)
{
    for (size_t i = 0; i < importer->callees_count; i++) {
        marine__callee *callee = &importer->callees[i];
        if (callee->instance != old) continue;
        callee->instance = fresh;
        callee->adapter  = marine__public_adapter(&fresh->module->section, callee->name);
    }
}

static riv_err replace(marine_service *s, const marine_module_config *config)
{
    size_t            place;
    marine__instance *fresh;
    RIV_TRY(must_have(s, config->name, &place));
    marine__instance *old = s->instances[place];
    for (size_t i = place + 1; i < s->instances_count; i++)
        RIV_TRY(check_importer(s->instances[i], old, config->module));
    RIV_TRY(may_change(s));
    RIV_TRY(marine__instance_new(s, config, place, &fresh));
    for (size_t i = place + 1; i < s->instances_count; i++) point_to(s->instances[i], old, fresh);
    s->instances[place] = fresh;
    marine__instance_free(old);
    return RIV_OK;
}

riv_err marine_service_replace(marine_service *s, const marine_module_config *config, riv_fault *fault)
{
    RIV_TRY(begin(s, fault));
    return end(s, replace(s, config), fault);
}
