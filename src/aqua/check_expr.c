/* check_expr.c: values: what they name, and their types. NULL is the type of what is in error: nothing is said twice.
 * Spec: docs/spec/aqua.md §6. Tests: check_test.c. */
#include "aqua/check.h"

static riv_str text_of(checker *k, const type *t) { return aqua__type_text(k->c, t); }

/* ---- names and paths ---- */

/* The module that a path such as A or A.B names, or NULL. Variables come first. */
static const names *module_of(checker *k, const expr *e)
{
    if (e->kind == EX_NAME) {
        const names *found = aqua__visible(k, e->text) ? NULL : riv_map_get_str(k->m->inside.modules, e->text);
        if (!found) return NULL;
        aqua__mark_named(k, e->text);
        aqua__use_module(k, e->at, e->text);
        return found;
    }
    if (e->kind != EX_FIELD) return NULL;
    const names *in = module_of(k, e->base);
    return in ? riv_map_get_str(in->modules, e->text) : NULL;
}

/* The service that S or A.S names, or NULL. */
static const decl *service_of(checker *k, const expr *e)
{
    const names *in    = &k->m->inside;
    const decl  *found = NULL;
    if (e->kind == EX_NAME) {
        found = aqua__visible(k, e->text) ? NULL : riv_map_get_str(in->services, e->text);
        if (found) aqua__mark_named(k, e->text);
    } else if (e->kind == EX_FIELD) {
        in    = module_of(k, e->base);
        found = in ? riv_map_get_str(in->services, e->text) : NULL;
    }
    if (found) aqua__use_type(k, in, e->at, e->text);
    return found;
}

/* Notes the id that service d has here. */
static bool use_service(checker *k, expr *e, const decl *d)
{
    e->target  = TARGET_SERVICE;
    e->service = d;
    e->symbol  = riv_map_get_u64(k->ids, d->key);
    if (e->symbol || d->value) return true;
    aqua_diag *diag =
        aqua__report(k->c, k->src, D_NO_SERVICE_ID, e->base ? e->base->at : e->at, "Service ID is undefined");
    aqua__hint(k->c, diag, "set one above with `" RIV_FMT " \"id\"`", RIV_ARG(d->name));
    return false;
}

static const type *use_symbol(checker *k, expr *e, symbol *s)
{
    e->target = TARGET_SYMBOL;
    e->symbol = s;
    aqua__use_symbol(k, e->at, s);
    return s->type;
}

static symbol *find_symbol(checker *k, riv_str name)
{
    symbol *s = riv_map_get_str(k->c->predefined, name);
    if (!s) s = riv_map_get_str(k->scope, name);
    if (s) return s;
    s = riv_map_get_str(k->m->inside.values, name);
    if (s) aqua__mark_named(k, name);
    return s;
}

static const type *check_name(checker *k, expr *e)
{
    symbol *s = find_symbol(k, e->text);
    if (s) return use_symbol(k, e, s);
    const decl *service = service_of(k, e);
    if (service) return use_service(k, e, service) ? service->def : NULL;
    aqua__not_found(k, e->at, e->text, false);
    return NULL;
}

/* ---- calls ---- */

/* The service or ability that a method is called on. */
static const type *owner_of(const expr *e)
{
    if (e->kind != EX_METHOD) return NULL;
    if (e->target == TARGET_SERVICE) return e->service->def;
    return e->target == TARGET_VALUE ? e->base->type : NULL;
}

static void note_callee(checker *k, aqua_diag *d, const expr *e, const type *owner);

static void wrong_count(checker *k, const expr *e, size_t wanted, size_t given)
{
    const type *owner = owner_of(e);
    span        at    = owner && given > wanted ? e->args[wanted]->at : e->at;
    aqua_diag  *d;
    if (!owner)
        d = aqua__report(k->c, k->src, D_ARG_COUNT, at,
                         "Number of arguments doesn't match the function type, expected: %zu, given: %zu", wanted,
                         given);
    else
        d = aqua__report(k->c, k->src, D_ARG_COUNT, at,
                         "%s arguments for arrow `" RIV_FMT "` in `" RIV_FMT "`, expected: %zu, given: %zu",
                         given < wanted ? "Not enough" : "Too many", RIV_ARG(e->text), RIV_ARG(text_of(k, owner)),
                         wanted, given);
    note_callee(k, d, e, owner);
}

/* Where the called function is declared, when that is in this file or known. */
static void note_callee(checker *k, aqua_diag *d, const expr *e, const type *owner)
{
    riv_str shape = e->callee ? text_of(k, e->callee) : RIV_LIT("");
    if (!owner && e->target == TARGET_SYMBOL && e->symbol) aqua__note_origin(k, d, e->symbol, "it is defined here");
    const decl *in = owner ? owner->decl : NULL;
    for (size_t i = 0; in && in->module && i < in->sigs_count; i++)
        if (riv_str_eq(in->sigs[i].name, e->text))
            aqua__note(k->c, d, &in->module->src, in->sigs[i].at, "it is declared here: " RIV_FMT, RIV_ARG(shape));
}

static const type *check_args(checker *k, expr *e, const type *callee)
{
    bool ok = true;
    for (size_t i = 0; i < e->args_count; i++)
        if (!aqua__check_value(k, e->args[i])) ok = false;
    if (!callee) return NULL;
    e->callee     = callee;
    size_t wanted = callee->fields_count, given = e->args_count;
    if (wanted != given) {
        wrong_count(k, e, wanted, given);
        return NULL;
    }
    for (size_t i = 0; i < given; i++)
        if (!e->args[i]->type || !aqua__expect(k, e->args[i], callee->fields[i].type)) {
            if (e->args[i]->type) note_callee(k, k->last, e, owner_of(e));
            ok = false;
        }
    return ok ? callee : NULL;
}

static void put_names(riv_buf *out, const type *t, bool arrows_only)
{
    bool first = true;
    for (size_t i = 0; i < t->fields_count; i++) {
        if (arrows_only && t->fields[i].type->kind != TY_ARROW) continue;
        riv_putf(out, "%s`" RIV_FMT "`", first ? "" : ", ", RIV_ARG(t->fields[i].name));
        first = false;
    }
}

static void suggest_field(checker *k, aqua_diag *d, span at, riv_str name, const type *t)
{
    riv_str *known = riv_new(k->c->arena, riv_str, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++) known[i] = t->fields[i].name;
    size_t near = riv_nearest(name, known, t->fields_count);
    if (near == SIZE_MAX) return;
    aqua__hint(k->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(known[near]));
    aqua__fix(k->c, d, "write the name that is there", at, known[near]);
}

static void no_such_function(checker *k, const expr *e, const type *t)
{
    riv_buf list = riv_buf_in(k->c->arena);
    put_names(&list, t, true);
    aqua_diag *d = aqua__report(k->c, k->src, D_NO_SUCH_FUNCTION, e->at,
                                "Arrow `" RIV_FMT "` not found in `" RIV_FMT "`, available: " RIV_FMT, RIV_ARG(e->text),
                                RIV_ARG(text_of(k, t)), RIV_ARG(riv_buf_str(&list)));
    suggest_field(k, d, e->at, e->text, t);
}

static const type *callee_in_service(checker *k, expr *e, const decl *service)
{
    if (!service->def || !use_service(k, e, service)) return NULL;
    const type *arrow_type = aqua__field_type(service->def, e->text);
    if (!arrow_type)
        no_such_function(k, e, service->def);
    else
        aqua__use_field(k, e->at, service->def, e->text, arrow_type);
    return arrow_type;
}

static const type *callee_in_module(checker *k, expr *e, const names *in)
{
    symbol *s = riv_map_get_str(in->values, e->text);
    if (s && s->kind == SYM_FUNC) return use_symbol(k, e, s);
    if (aqua__is_poisoned(k, e->text)) return NULL;
    aqua_diag *d = aqua__report(k->c, k->src, D_UNKNOWN_IN_MODULE, e->at,
                                "Ability is found, but arrow '" RIV_FMT "' isn't found in scope", RIV_ARG(e->text));
    aqua__suggest(k, d, e->at, e->text, in->values);
    return NULL;
}

/* Methods of stream maps: the type of the one result, and what the key must be. */
static const type *map_method(checker *k, const type *map, riv_str name)
{
    type  *t           = aqua__type_new(k->c, TY_ARROW);
    field *params      = riv_new(k->c->arena, field, 1);
    params[0]          = (field){ RIV_LIT("key"), &aqua__string };
    bool        keyed  = true;
    const type *result = NULL;
    if (riv_str_eq(name, RIV_LIT("get")))
        result = aqua__type_of_elem(k->c, TY_ARRAY, map->elem);
    else if (riv_str_eq(name, RIV_LIT("getStream")))
        result = aqua__type_of_elem(k->c, TY_STREAM, map->elem);
    else if (riv_str_eq(name, RIV_LIT("contains")))
        result = &aqua__bool;
    else if (riv_str_eq(name, RIV_LIT("keys")))
        result = aqua__type_of_elem(k->c, TY_ARRAY, &aqua__string), keyed = false;
    else if (riv_str_eq(name, RIV_LIT("keysStream")))
        result = aqua__type_of_elem(k->c, TY_STREAM, &aqua__string), keyed = false;
    if (!result) return NULL;
    const type **results = riv_new(k->c->arena, const type *, 1);
    results[0]           = result;
    t->fields            = params;
    t->fields_count      = keyed ? 1 : 0;
    t->results           = results;
    t->results_count     = 1;
    return t;
}

static const type *callee_in_value(checker *k, expr *e)
{
    const type *owner = e->base->type;
    e->target         = TARGET_VALUE;
    if (owner->kind == TY_MAP) {
        const type *method = map_method(k, owner, e->text);
        e->target          = TARGET_MAP;
        if (method) return method;
    }
    if (owner->kind == TY_ABILITY || owner->kind == TY_SERVICE) {
        const type *found = aqua__field_type(owner, e->text);
        if (found) aqua__use_field(k, e->at, owner, e->text, found);
        if (found && found->kind == TY_ARROW) return found;
        if (!found) {
            no_such_function(k, e, owner);
            return NULL;
        }
        aqua_diag *d =
            aqua__report(k->c, k->src, D_FIELD_NOT_ARROW, e->at, "Field `" RIV_FMT "` has non arrow type `" RIV_FMT "`",
                         RIV_ARG(e->text), RIV_ARG(text_of(k, found)));
        uint32_t from = e->at.pos + e->at.len;
        if (e->args_count == 0)
            aqua__fix(k->c, d, "read it without brackets", (span){ from, e->whole.pos + e->whole.len - from },
                      RIV_LIT(""));
        return NULL;
    }
    aqua_diag *d    = aqua__report(k->c, k->src, D_NO_METHOD, e->at,
                                   "Function `" RIV_FMT "` is not defined in a value of type `" RIV_FMT "`",
                                   RIV_ARG(e->text), RIV_ARG(text_of(k, owner)));
    bool       size = riv_str_eq(e->text, RIV_LIT("size")) || riv_str_eq(e->text, RIV_LIT("length")) ||
                riv_str_eq(e->text, RIV_LIT("len"));
    if (size && aqua__is_collection(owner) && e->args_count == 0)
        aqua__fix(k->c, d, "use `.length`", (span){ e->at.pos, e->whole.pos + e->whole.len - e->at.pos },
                  RIV_LIT("length"));
    return NULL;
}

static const type *callee_of_method(checker *k, expr *e)
{
    const names *in = module_of(k, e->base);
    if (in) return callee_in_module(k, e, in);
    const decl *service = service_of(k, e->base);
    if (service) return callee_in_service(k, e, service);
    if (e->base->kind == EX_NAME && !aqua__visible(k, e->base->text) && e->base->text.ptr[0] <= 'Z') {
        if (aqua__is_poisoned(k, e->base->text)) return NULL;
        aqua_diag *d =
            aqua__report(k->c, k->src, D_UNKNOWN_ABILITY, e->base->at, "Ability with this name is undefined");
        aqua__suggest(k, d, e->base->at, e->base->text, k->m->inside.services);
        aqua__suggest(k, d, e->base->at, e->base->text, k->m->inside.modules);
        aqua__suggest(k, d, e->base->at, e->base->text, k->scope);
        return NULL;
    }
    return aqua__check_value(k, e->base) ? callee_in_value(k, e) : NULL;
}

static const type *callee_of_call(checker *k, expr *e)
{
    symbol *s = find_symbol(k, e->text);
    if (!s || s->kind == SYM_CONST) {
        aqua__not_found(k, e->at, e->text, true);
        return NULL;
    }
    if (s->type && s->type->kind != TY_ARROW) {
        aqua_diag *d = aqua__report(k->c, k->src, D_NOT_CALLABLE, e->at,
                                    "`" RIV_FMT "` is a value of type `" RIV_FMT "` and cannot be called",
                                    RIV_ARG(e->text), RIV_ARG(text_of(k, s->type)));
        aqua__note_origin(k, d, s, "it is defined here");
        s->uses++;
        return NULL;
    }
    return use_symbol(k, e, s);
}

const type *aqua__check_call(checker *k, expr *e)
{
    const type *callee = e->kind == EX_CALL ? callee_of_call(k, e) : callee_of_method(k, e);
    return check_args(k, e, callee);
}

static const type *check_call_value(checker *k, expr *e)
{
    const type *callee = aqua__check_call(k, e);
    if (!callee) return NULL;
    if (callee->results_count > 0) return callee->results[0];
    aqua_diag *d = aqua__report(k->c, k->src, D_NO_RESULT, e->at,
                                "`" RIV_FMT "` returns nothing, so it gives no value to use here", RIV_ARG(e->text));
    note_callee(k, d, e, owner_of(e));
    return NULL;
}

/* ---- properties ---- */

static const type *check_field(checker *k, expr *e)
{
    const names *in = module_of(k, e->base);
    if (in) {
        symbol     *s       = riv_map_get_str(in->values, e->text);
        const decl *service = riv_map_get_str(in->services, e->text);
        if (s) return use_symbol(k, e, s);
        if (service) aqua__use_type(k, in, e->at, e->text);
        if (service) return use_service(k, e, service) ? service->def : NULL;
        if (aqua__is_poisoned(k, e->text)) return NULL;
        aqua_diag *d = aqua__report(k->c, k->src, D_UNKNOWN_IN_MODULE, e->at,
                                    "Name '" RIV_FMT "' isn't found in this module", RIV_ARG(e->text));
        aqua__suggest(k, d, e->at, e->text, in->values);
        return NULL;
    }
    const type *owner = aqua__check_value(k, e->base);
    if (!owner) return NULL;
    e->target   = TARGET_VALUE;
    bool record = owner->kind == TY_STRUCT || owner->kind == TY_ABILITY || owner->kind == TY_SERVICE;
    if (record) {
        const type *found = aqua__field_type(owner, e->text);
        if (found) {
            aqua__use_field(k, e->at, owner, e->text, found);
            return found;
        }
        riv_buf list = riv_buf_in(k->c->arena);
        put_names(&list, owner, false);
        aqua_diag *d = aqua__report(k->c, k->src, D_NO_SUCH_FIELD, e->at,
                                    "Field `" RIV_FMT "` not found in type `" RIV_FMT "`, available: " RIV_FMT,
                                    RIV_ARG(e->text), RIV_ARG(text_of(k, owner)), RIV_ARG(riv_buf_str(&list)));
        suggest_field(k, d, e->at, e->text, owner);
        return NULL;
    }
    if (aqua__is_collection(owner) && riv_str_eq(e->text, RIV_LIT("length"))) return &aqua__u32;
    aqua_diag *d =
        aqua__report(k->c, k->src, D_NO_SUCH_FIELD, e->at, "Property `" RIV_FMT "` not found in type `" RIV_FMT "`",
                     RIV_ARG(e->text), RIV_ARG(text_of(k, owner)));
    if (aqua__is_collection(owner)) aqua__fix(k->c, d, "use `.length`", e->at, RIV_LIT("length"));
    return NULL;
}

static const type *want_integer(checker *k, const expr *e)
{
    if (!e->type || aqua__is_integer(e->type)) return e->type;
    aqua__report(
        k->c, k->src, D_NOT_AN_INTEGER, e->at,
        "Types mismatch.\nexpected one of:   u8, u16, u32, u64, i8, i16, i32, i64\ngiven:             " RIV_FMT,
        RIV_ARG(text_of(k, e->type)));
    return NULL;
}

static const type *check_index(checker *k, expr *e)
{
    const type *owner = aqua__check_value(k, e->base);
    const type *index = aqua__check_value(k, e->right);
    if (index) index = want_integer(k, e->right);
    if (!owner || !index) return NULL;
    if (owner->kind == TY_OPTION && !e->bang) {
        aqua_diag *d = aqua__report(k->c, k->src, D_OPTION_INDEX, e->right->at,
                                    "Options might have only one element, use ! to get it");
        aqua__fix(k->c, d, "use `!`", (span){ e->at.pos, e->whole.pos + e->whole.len - e->at.pos }, RIV_LIT("!"));
        return NULL;
    }
    if (aqua__is_collection(owner)) return owner->elem;
    aqua__report(k->c, k->src, D_NOT_INDEXABLE, e->at, "Non collection type `" RIV_FMT "` does not support indexing",
                 RIV_ARG(text_of(k, owner)));
    return NULL;
}

/* ---- constructions ---- */

/* The edit that removes the i-th named argument with a comma. */
static void leave_out(checker *k, aqua_diag *d, const expr *e, size_t i)
{
    uint32_t from = e->arg_spans[i].pos, to = e->args[i]->whole.pos + e->args[i]->whole.len;
    if (i > 0)
        from = e->args[i - 1]->whole.pos + e->args[i - 1]->whole.len;
    else if (e->args_count > 1)
        to = e->arg_spans[1].pos;
    else
        return;
    aqua__fix(k->c, d, "leave it out", (span){ from, to - from }, RIV_LIT(""));
}

static bool repeated(checker *k, const expr *e)
{
    for (size_t i = 0; i < e->args_count; i++)
        for (size_t j = 0; j < i; j++)
            if (riv_str_eq(e->arg_names[i], e->arg_names[j])) {
                aqua_diag *d = aqua__report(k->c, k->src, D_DUPLICATE_ARGUMENT, e->arg_spans[i],
                                            "Duplicate argument `" RIV_FMT "`", RIV_ARG(e->arg_names[i]));
                aqua__note(k->c, d, k->src, e->arg_spans[j], "it is given here first");
                leave_out(k, d, e, i);
                return true;
            }
    return false;
}

static bool check_named(checker *k, expr *e, const type *t, bool copy)
{
    bool ok = !repeated(k, e);
    for (size_t i = 0; i < e->args_count; i++) {
        const type *given = aqua__check_value(k, e->args[i]);
        if (!given) ok = false;
        if (!t) continue;
        const type *wanted = aqua__field_type(t, e->arg_names[i]);
        if (wanted) aqua__use_field(k, e->arg_spans[i], t, e->arg_names[i], wanted);
        if (wanted && given) {
            if (!aqua__expect(k, e->args[i], wanted)) ok = false;
        } else if (!wanted && copy) {
            aqua_diag *d = aqua__report(k->c, k->src, D_NO_SUCH_FIELD, e->arg_spans[i],
                                        "No field with name '" RIV_FMT "' in `" RIV_FMT "`", RIV_ARG(e->arg_names[i]),
                                        RIV_ARG(text_of(k, t)));
            suggest_field(k, d, e->arg_spans[i], e->arg_names[i], t);
            ok = false;
        } else if (!wanted) {
            aqua_diag *d = aqua__report(k->c, k->src, D_EXTRA_ARGUMENT, e->arg_spans[i],
                                        "Unexpected argument '" RIV_FMT "'", RIV_ARG(e->arg_names[i]));
            leave_out(k, d, e, i);
        }
    }
    return ok && t;
}

static bool has_arg(const expr *e, riv_str name)
{
    for (size_t i = 0; i < e->args_count; i++)
        if (riv_str_eq(e->arg_names[i], name)) return true;
    return false;
}

static void note_field(checker *k, aqua_diag *d, const type *t, riv_str name)
{
    for (size_t i = 0; t->decl && t->decl->module && i < t->decl->sigs_count; i++)
        if (riv_str_eq(t->decl->sigs[i].name, name))
            aqua__note(k->c, d, &t->decl->module->src, t->decl->sigs[i].at, "it is declared here");
}

static const type *check_construct(checker *k, expr *e)
{
    const names *in = e->base ? module_of(k, e->base) : &k->m->inside;
    const type  *t  = in ? aqua__lookup_type(k, e->base ? in : NULL, e->text) : NULL;
    if (t)
        aqua__use_type(k, in, e->at, e->text);
    else if (!e->base || !aqua__is_poisoned(k, e->base->text))
        aqua__unknown_type(k, e->at, e->text);
    if (t && t->kind != TY_STRUCT && t->kind != TY_ABILITY) {
        aqua__report(k->c, k->src, D_NOT_CONSTRUCTIBLE, e->at, "Type must be an ability or a data");
        t = NULL;
    }
    bool ok = check_named(k, e, t, false);
    for (size_t i = 0; t && i < t->fields_count; i++)
        if (!has_arg(e, t->fields[i].name)) {
            aqua_diag *d = aqua__report(k->c, k->src, D_MISSING_ARGUMENT, e->at,
                                        "Missing argument '" RIV_FMT "' of type '" RIV_FMT "'",
                                        RIV_ARG(t->fields[i].name), RIV_ARG(text_of(k, t->fields[i].type)));
            note_field(k, d, t, t->fields[i].name);
            ok = false;
        }
    return ok ? t : NULL;
}

static const type *check_copy(checker *k, expr *e)
{
    const type *t = aqua__check_value(k, e->base);
    if (t && t->kind != TY_STRUCT) {
        aqua__report(k->c, k->src, D_NO_COPY, e->at, "Non data type `" RIV_FMT "` does not support `.copy`",
                     RIV_ARG(text_of(k, t)));
        t = NULL;
    }
    return check_named(k, e, t, true) ? t : NULL;
}

/* The meet of the elements is narrower than one of them: the type promises too much. Literals fit where they are put. */
static void tell_mixed(checker *k, const expr *e, const type *elem)
{
    for (size_t i = 0; i < e->args_count; i++) {
        const type *t = e->args[i]->type;
        if (!t || t->kind == TY_LITERAL || elem->kind == TY_LITERAL || elem->kind == TY_TOP || t->kind == TY_STREAM)
            continue;
        if (t->elem && (t->elem->kind == TY_LITERAL || t->elem->kind == TY_BOTTOM)) continue;
        if (elem->elem && (elem->elem->kind == TY_LITERAL || elem->elem->kind == TY_BOTTOM)) continue;
        if (aqua__accepts(k->c, elem, t)) continue;
        aqua__report(k->c, k->src, D_MIXED_ELEMENTS, e->args[i]->at,
                     "this element is " RIV_FMT ", but the collection becomes one of " RIV_FMT
                     ", which may not hold it",
                     RIV_ARG(text_of(k, t)), RIV_ARG(text_of(k, elem)));
        return;
    }
}

static const type *check_collection(checker *k, expr *e)
{
    const type *elem = NULL;
    bool        ok   = true;
    for (size_t i = 0; i < e->args_count; i++) {
        const type *t = aqua__check_value(k, e->args[i]);
        if (t && t->kind == TY_STREAM) t = aqua__type_of_elem(k->c, TY_ARRAY, t->elem);
        if (t && !aqua__is_data(t)) {
            aqua__report(k->c, k->src, D_NOT_DATA, e->args[i]->at,
                         "Value of type '" RIV_FMT "' could not be put into a collection", RIV_ARG(text_of(k, t)));
            t = NULL;
        }
        if (!t)
            ok = false;
        else
            elem = elem ? aqua__type_meet(k->c, elem, t) : t;
    }
    if (!ok) return NULL;
    if (!elem && e->kind != EX_STREAM) return &aqua__nil;
    if (elem && elem->kind == TY_BOTTOM) elem = &aqua__top;
    if (elem) tell_mixed(k, e, elem);
    if (elem && elem->depth >= AQUA_DEPTH_MAX) {
        aqua__report(k->c, k->src, D_TOO_DEEP, e->at, "nested too deeply");
        return NULL;
    }
    type_kind kind = e->kind == EX_ARRAY ? TY_ARRAY : e->kind == EX_OPTION ? TY_OPTION : TY_STREAM;
    return aqua__type_of_elem(k->c, kind, elem ? elem : &aqua__bottom);
}

/* ---- operators ---- */

static bool is_number(const type *t)
{
    return (t->kind == TY_SCALAR || t->kind == TY_LITERAL) && (t->scalars & SC_NUMBER);
}

static bool comparable(checker *k, const type *a, const type *b)
{
    if (a->kind == TY_ARROW || b->kind == TY_ARROW || a->kind == TY_ABILITY || b->kind == TY_ABILITY ||
        a->kind == TY_SERVICE || b->kind == TY_SERVICE)
        return false;
    if (is_number(a) && is_number(b)) {
        if (a->kind == TY_LITERAL && b->kind == TY_LITERAL) return (a->scalars & b->scalars) != 0;
        if (a->kind == TY_SCALAR && b->kind == TY_SCALAR) return true;
        const type *literal = a->kind == TY_LITERAL ? a : b;
        if (!(literal->scalars & SC_FLOAT)) return true;
    }
    if (aqua__is_collection(a) && aqua__is_collection(b)) return comparable(k, a->elem, b->elem);
    return aqua__type_join(k->c, a, b)->kind != TY_TOP;
}

static const type *check_equal(checker *k, expr *e)
{
    const type *a = e->base->type, *b = e->right->type;
    if (comparable(k, a, b)) return &aqua__bool;
    aqua__report(k->c, k->src, D_NOT_COMPARABLE, e->at, "Cannot compare '" RIV_FMT "' with '" RIV_FMT "'",
                 RIV_ARG(text_of(k, a)), RIV_ARG(text_of(k, b)));
    return NULL;
}

static const type *widen(checker *k, const expr *e)
{
    const type *t = aqua__type_join(k->c, e->base->type, e->right->type);
    if (t->kind == TY_SCALAR || t->kind == TY_LITERAL) return t;
    aqua__report(k->c, k->src, D_UNKNOWN_RESULT, e->at,
                 "Result type of (" RIV_FMT " " RIV_FMT " " RIV_FMT ") is unknown, using i64 instead",
                 RIV_ARG(text_of(k, e->base->type)), RIV_ARG(aqua__text(k->src, e->at)),
                 RIV_ARG(text_of(k, e->right->type)));
    return &aqua__i64;
}

/* The other operand is faulty; this one may be wrong by itself. */
static void check_one_side(checker *k, const expr *e, const expr *known)
{
    if (!known) return;
    switch (e->op) {
    case OP_OR:
    case OP_AND: (void)aqua__expect(k, known, &aqua__bool); break;
    case OP_GE:
    case OP_LE:
    case OP_GT:
    case OP_LT:
    case OP_ADD:
    case OP_SUB:
    case OP_DIV:
    case OP_REM: (void)want_integer(k, known); break;
    case OP_EQ:
    case OP_NE:
    case OP_MUL:
    case OP_POW: break;
    }
}

static const type *check_binary(checker *k, expr *e)
{
    const type *a = aqua__check_value(k, e->base), *b = aqua__check_value(k, e->right);
    if (!a || !b) {
        check_one_side(k, e, a ? e->base : b ? e->right : NULL);
        return NULL;
    }
    switch (e->op) {
    case OP_OR:
    case OP_AND: {
        bool left = aqua__expect(k, e->base, &aqua__bool), right = aqua__expect(k, e->right, &aqua__bool);
        return left && right ? &aqua__bool : NULL;
    }
    case OP_EQ:
    case OP_NE: return check_equal(k, e);
    case OP_GE:
    case OP_LE:
    case OP_GT:
    case OP_LT: return want_integer(k, e->base) && want_integer(k, e->right) ? &aqua__bool : NULL;
    case OP_MUL:
        if (aqua__is_float(a) || aqua__is_float(b)) {
            bool left = aqua__expect(k, e->base, &aqua__f64), right = aqua__expect(k, e->right, &aqua__f64);
            return left && right ? &aqua__i64 : NULL;
        }
        break;
    case OP_POW:
        if (want_integer(k, e->right) && (e->right->type->scalars & SC_SIGNED) &&
            !(e->right->type->scalars & SC_UNSIGNED)) {
            aqua__report(k->c, k->src, D_MISMATCH, e->right->at,
                         "Types mismatch.\nexpected:   an unsigned integer\ngiven:      " RIV_FMT,
                         RIV_ARG(text_of(k, b)));
            return NULL;
        }
        break;
    case OP_ADD:
    case OP_SUB:
    case OP_DIV:
    case OP_REM: break;
    }
    const type *left = want_integer(k, e->base), *right = want_integer(k, e->right);
    if (!left || !right) return NULL;
    return e->op == OP_POW ? left : widen(k, e);
}

const type *aqua__check_value(checker *k, expr *e)
{
    const type *t = NULL;
    switch (e->kind) {
    case EX_LITERAL: t = aqua__literal_type(e->literal); break;
    case EX_NAME: t = check_name(k, e); break;
    case EX_ARRAY:
    case EX_OPTION:
    case EX_STREAM: t = check_collection(k, e); break;
    case EX_CONSTRUCT: t = check_construct(k, e); break;
    case EX_CALL:
    case EX_METHOD: t = check_call_value(k, e); break;
    case EX_FIELD: t = check_field(k, e); break;
    case EX_INDEX: t = check_index(k, e); break;
    case EX_COPY: t = check_copy(k, e); break;
    case EX_NOT:
        t = aqua__check_value(k, e->base);
        if (t) t = aqua__expect(k, e->base, &aqua__bool) ? &aqua__bool : NULL;
        break;
    case EX_BINARY: t = check_binary(k, e); break;
    }
    e->type = t;
    return t;
}
