/* define.c: types, functions and services as the definitions that clients read.
 * Spec: docs/spec/aqua.md §11. Tests: lower_test.c, check_test.c, tests/conform/aqua. */
#include "aqua/define.h"

typedef struct definer {
    compiler  *c;
    riv_arena *arena;
    unsigned   depth, parts;
    bool       too_large;
} definer;

static const riv_json *define(definer *d, const type *t);

static const riv_json *text(definer *d, riv_str s) { return riv_json_str(d->arena, s); }

static const riv_json *tag(definer *d, const char *name)
{
    return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, name), NULL);
}

static const riv_json *with_elem(definer *d, const char *name, const type *elem)
{
    return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, name), "type", define(d, elem), NULL);
}

/* {"name": T}. Clients take arguments by their place here. Fields of a type come sorted by name from the checker. */
static const riv_json *fields_of(definer *d, const type *t)
{
    riv_json_member *members = riv_new(d->arena, riv_json_member, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++)
        members[i] = (riv_json_member){ t->fields[i].name, define(d, t->fields[i].type) };
    return riv_json_ordered(d->arena, members, t->fields_count);
}

static const riv_json *unlabeled(definer *d, const type *const *items, size_t count)
{
    riv_json_list list = { 0 };
    if (count == 0) return tag(d, "nil");
    for (size_t i = 0; i < count; i++) riv_json_add(d->arena, &list, define(d, items[i]));
    return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "unlabeledProduct"), "items",
                           riv_json_arr(d->arena, list.ptr, list.len), NULL);
}

static const riv_json *labeled(definer *d, const type *t)
{
    return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "labeledProduct"), "fields", fields_of(d, t), NULL);
}

static const riv_json *domain(definer *d, const type *t)
{
    if (t->named && t->fields_count) return labeled(d, t); /* without fields the original writes nil for both */
    const type **items = riv_new(d->arena, const type *, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++) items[i] = t->fields[i].type;
    return unlabeled(d, items, t->fields_count);
}

static const riv_json *arrow_of(definer *d, const type *t)
{
    return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "arrow"), "domain", domain(d, t), "codomain",
                           unlabeled(d, t->results, t->results_count), NULL);
}

static const riv_json *define_shallow(definer *d, const type *t)
{
    switch (t->kind) {
    case TY_TOP: return tag(d, "topType");
    case TY_BOTTOM: return tag(d, "bottomType");
    case TY_SCALAR:
        return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "scalar"), "name",
                               text(d, aqua__type_text(d->c, t)), NULL);
    case TY_LITERAL:
        return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "scalar"), "name",
                               text(d, aqua__type_text(d->c, t)), NULL);
    case TY_ARRAY:
    case TY_STREAM:
    case TY_CANON: return with_elem(d, "array", t->elem);
    case TY_OPTION: return with_elem(d, "option", t->elem);
    case TY_STRUCT:
    case TY_ABILITY:
    case TY_SERVICE:
        return riv_json_record(d->arena, "tag", riv_json_strc(d->arena, "struct"), "name", text(d, t->name), "fields",
                               fields_of(d, t), NULL);
    case TY_ARROW: return arrow_of(d, t);
    case TY_MAP:
    case TY_CANON_MAP: return tag(d, "topType");
    }
    return riv_json_null();
}

/* Data may hold data as deep as a file has declarations. */
static const riv_json *define(definer *d, const type *t)
{
    if (d->depth >= AQUA_DEPTH_MAX || d->parts++ >= DEFINE_PARTS_MAX) d->too_large = true;
    if (d->too_large || riv_arena_over(d->arena)) return riv_json_null();
    d->depth++;
    const riv_json *made = define_shallow(d, t);
    d->depth--;
    return made;
}

static const riv_json *names_of(definer *d)
{
    static const char *const pairs[][2] = {
        { "relay", "-relay-" },           { "getDataSrv", "getDataSrv" },   { "callbackSrv", "callbackSrv" },
        { "responseSrv", "callbackSrv" }, { "responseFnName", "response" }, { "errorHandlingSrv", "errorHandlingSrv" },
        { "errorFnName", "error" },
    };
    riv_json_member members[RIV_COUNT(pairs)];
    for (size_t i = 0; i < RIV_COUNT(pairs); i++)
        members[i] = (riv_json_member){ riv_str_c(pairs[i][0]), riv_json_strc(d->arena, pairs[i][1]) };
    return riv_json_ordered(d->arena, members, RIV_COUNT(pairs));
}

bool aqua__define_func(compiler *c, const type *t, aqua_func *out)
{
    definer         made = { .c = c, .arena = c->arena }, *d = &made;
    const riv_json *whole  = riv_json_record(c->arena, "tag", riv_json_strc(c->arena, "arrow"), "domain", labeled(d, t),
                                             "codomain", unlabeled(d, t->results, t->results_count), NULL);
    aqua_param     *params = riv_new(c->arena, aqua_param, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++)
        params[i] =
            (aqua_param){ t->fields[i].name, t->fields[i].type->kind == TY_ARROW, define(d, t->fields[i].type) };
    riv_buf signature = riv_buf_in(c->arena);
    riv_putf(&signature, RIV_FMT "(", RIV_ARG(out->name));
    for (size_t i = 0; i < t->fields_count; i++) {
        bool callable = t->fields[i].type->kind == TY_ARROW;
        riv_putf(&signature, "%s" RIV_FMT ": %s", i ? ", " : "", RIV_ARG(t->fields[i].name), callable ? "(" : "");
        aqua__put_type(&signature, t->fields[i].type);
        if (callable) riv_put_u8(&signature, ')');
    }
    riv_put_u8(&signature, ')');
    for (size_t i = 0; i < t->results_count; i++) {
        riv_put_str(&signature, i ? RIV_LIT(", ") : RIV_LIT(" -> "));
        aqua__put_type(&signature, t->results[i]);
    }
    out->params        = params;
    out->params_count  = t->fields_count;
    out->results_count = t->results_count;
    out->signature     = riv_buf_str(&signature);
    out->func_def =
        riv_json_record(c->arena, "functionName", text(d, out->name), "arrow", whole, "names", names_of(d), NULL);
    return !d->too_large;
}

const riv_json *aqua__define_service(compiler *c, const decl *service)
{
    definer         made = { .c = c, .arena = c->arena }, *d = &made;
    const riv_json *id = NULL;
    if (service->value) {
        const expr *e      = service->value;
        riv_str     s      = e->kind == EX_LITERAL ? e->text : e->symbol->text;
        bool        quoted = s.len >= 2 && s.ptr[0] == '"';
        id                 = text(d, quoted ? riv_str_sub(s, 1, s.len - 1) : s);
    }
    const riv_json *whole =
        riv_json_record(c->arena, "defaultServiceId", id, "functions", labeled(d, service->def), NULL);
    return d->too_large ? NULL : whole;
}
