/* check_stmt.c: bodies of functions and closures, statement by statement, with the frames that blocks open.
 * Spec: docs/spec/aqua.md §7, §8. Tests: check_test.c. */
#include "aqua/check.h"

static void check_body(checker *k, stmts *body);
static void check_stmt(checker *k, stmt *s);

static void error(checker *k, span at, const char *text)
{
    aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, at, "%s", text);
}

/* ---- frames ---- */

typedef struct mark {
    size_t defined, bound;
} mark;

static mark enter(const checker *k) { return (mark){ k->defined.len, k->bound.len }; }

static void forget_names(checker *k, mark m)
{
    while (k->defined.len > m.defined) riv_map_remove(k->scope, riv_str_bytes(k->defined.ptr[--k->defined.len]->name));
}

static void forget_ids(checker *k, mark m)
{
    while (k->bound.len > m.bound) {
        bound_id b   = k->bound.ptr[--k->bound.len];
        uint64_t key = (uint64_t)(uintptr_t)b.service;
        if (b.before)
            riv_map_put_u64(k->ids, key, b.before);
        else
            riv_map_remove_u64(k->ids, key);
    }
}

static void check_block(checker *k, stmts *body)
{
    mark m = enter(k);
    check_body(k, body);
    forget_names(k, m);
    forget_ids(k, m);
}

/* ---- functions and closures ---- */

static void check_returns(checker *k, arrow *a, const type_ast *sig)
{
    if (!a->type || a->returns || a->type->results_count == 0) return;
    error(k, sig->results[0]->at,
          "Return type is defined for the arrow, but nothing returned. Use `<- value, ...` as the last expression "
          "inside function body.");
}

static bool holds_errors(const stmts *body)
{
    for (size_t i = 0; i < body->len; i++)
        if (body->ptr[i]->kind == ST_BAD) return true;
    return false;
}

void aqua__check_arrow(checker *k, arrow *a, const type_ast *sig, stmts *body)
{
    arrow *outer = k->arrow;
    mark   m     = enter(k);
    a->parent    = outer;
    a->body      = body;
    k->arrow     = a;
    a->params    = riv_new(k->c->arena, symbol *, sig->params_count + 1);
    for (size_t i = 0; i < sig->params_count; i++)
        a->params[i] =
            aqua__define(k, sig->params[i].name, sig->params[i].at, a->type ? a->type->fields[i].type : NULL);
    a->params_count = sig->params_count;
    check_body(k, body);
    if (!holds_errors(body)) check_returns(k, a, sig);
    forget_names(k, m);
    forget_ids(k, m);
    k->arrow = outer;
}

static void check_body(checker *k, stmts *body)
{
    for (size_t i = 0; i < body->len && !riv_arena_over(k->c->arena); i++) check_stmt(k, body->ptr[i]);
}

/* ---- statements ---- */

static void check_return(checker *k, stmt *s)
{
    arrow      *a = k->arrow;
    const type *t = a->type;
    for (size_t i = 0; i < s->exprs_count; i++) aqua__check_value(k, s->exprs[i]);
    if (a->returns) {
        error(k, s->at, "Return expression was already used in scope; only one is allowed in a function");
        return;
    }
    a->returns = s;
    if (!t) return;
    if (t->results_count == 0) {
        error(k, s->exprs[0]->at,
              "No return type declared for this arrow, please remove `<- ...` expression or add `-> ...` return "
              "type(s) declaration to the "
              "arrow");
        return;
    }
    for (size_t i = 0; i < s->exprs_count && i < t->results_count; i++) {
        const expr *e = s->exprs[i];
        if (!e->type || aqua__accepts(k->c, t->results[i], e->type)) continue;
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, e->at,
                    "Wrong value type, expected: " RIV_FMT ", given: " RIV_FMT,
                    RIV_ARG(aqua__type_text(k->c, t->results[i])), RIV_ARG(aqua__type_text(k->c, e->type)));
    }
    if (s->exprs_count > t->results_count)
        error(k, s->exprs[t->results_count]->at, "Too many values are returned from this arrow, this is unexpected.");
    if (s->exprs_count < t->results_count)
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->exprs[s->exprs_count - 1]->at,
                    "Expected %zu more values to be returned, see return type declaration",
                    t->results_count - s->exprs_count);
}

static void check_service_id(checker *k, stmt *s)
{
    const type *service = aqua__lookup_type(k, NULL, s->names[0]);
    const type *id      = aqua__check_value(k, s->exprs[0]);
    s->symbols          = riv_new(k->c->arena, symbol *, 1);
    s->symbols[0]       = riv_new(k->c->arena, symbol, 1);
    *s->symbols[0]      = (symbol){ .kind  = SYM_SERVICE_ID,
                                    .name  = s->names[0],
                                    .type  = &aqua__string,
                                    .owner = k->arrow,
                                    .slot  = k->arrow->slots_count++ };
    if (!service) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->name_spans[0], "Type `" RIV_FMT "` is not defined",
                    RIV_ARG(s->names[0]));
        return;
    }
    if (service->kind != TY_SERVICE) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->name_spans[0], "Type `" RIV_FMT "` is not a service",
                    RIV_ARG(s->names[0]));
        return;
    }
    if (id) aqua__expect(k, s->exprs[0], &aqua__string);
    uint64_t key                      = (uint64_t)(uintptr_t)service->decl;
    symbol  *old                      = riv_map_put_u64(k->ids, key, s->symbols[0]);
    *riv_push(k->c->arena, &k->bound) = (bound_id){ service->decl, old };
}

static void check_pushed(checker *k, const expr *e, const type *elem)
{
    const type *t = e->type;
    if (!t || !elem) return;
    if (t->kind == TY_STREAM) t = aqua__type_of_elem(k->c, TY_ARRAY, t->elem);
    if (!aqua__is_data(t))
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, e->at,
                    "Value of type '" RIV_FMT "' could not be put into a collection",
                    RIV_ARG(aqua__type_text(k->c, t)));
    else if (!aqua__accepts(k->c, elem, t))
        aqua__mismatch(k, e->at, elem, t);
}

static void check_push(checker *k, stmt *s)
{
    symbol *target = riv_map_get_str(k->scope, s->names[0]);
    for (size_t i = 0; i < s->exprs_count; i++) aqua__check_value(k, s->exprs[i]);
    s->symbols    = riv_new(k->c->arena, symbol *, 1);
    s->symbols[0] = target;
    if (!target) {
        aqua__not_found(k, s->name_spans[0], s->names[0], false);
        return;
    }
    const type *t    = target->type;
    type_kind   kind = s->exprs_count == 2 ? TY_MAP : TY_STREAM;
    if (!t) return;
    if (t->kind != kind) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->name_spans[0],
                    "Expected stream%s, got value of type '" RIV_FMT "'",
                    kind == TY_MAP ? " map value (%)" : " value (*)", RIV_ARG(aqua__type_text(k->c, t)));
        return;
    }
    if (kind == TY_MAP && s->exprs[0]->type) aqua__expect(k, s->exprs[0], &aqua__string);
    check_pushed(k, s->exprs[s->exprs_count - 1], t->elem);
}

static const type *pair_type(checker *k, const type *elem)
{
    type  *t        = aqua__type_new(k->c, TY_STRUCT);
    field *fields   = riv_new(k->c->arena, field, 2);
    fields[0]       = (field){ RIV_LIT("key"), &aqua__string };
    fields[1]       = (field){ RIV_LIT("value"), elem };
    t->name         = RIV_LIT("Pair");
    t->fields       = fields;
    t->fields_count = 2;
    return t;
}

static void define_names(checker *k, stmt *s, const type *const *types)
{
    s->symbols = riv_new(k->c->arena, symbol *, s->names_count + 1);
    for (size_t i = 0; i < s->names_count; i++)
        s->symbols[i] = aqua__define(k, s->names[i], s->name_spans[i], types[i]);
}

static void check_for(checker *k, stmt *s)
{
    const type *coll     = aqua__check_value(k, s->exprs[0]);
    const type *types[2] = { NULL, NULL };
    mark        m        = enter(k);
    if (coll && coll->kind == TY_MAP) {
        s->pair  = s->names_count == 2;
        types[0] = s->pair ? &aqua__string : pair_type(k, coll->elem);
        types[1] = coll->elem;
    } else if (coll && s->names_count == 2) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->exprs[0]->at,
                    "Types mismatch.\nexpected:   a stream map, to give keys and values\ngiven:      " RIV_FMT,
                    RIV_ARG(aqua__type_text(k->c, coll)));
    } else if (coll && aqua__is_collection(coll)) {
        types[0] = coll->elem;
    } else if (coll) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->exprs[0]->at,
                    "Value of type '" RIV_FMT "' could not be iterated over", RIV_ARG(aqua__type_text(k->c, coll)));
    }
    define_names(k, s, types);
    check_body(k, &s->body);
    forget_names(k, m);
    forget_ids(k, m);
}

static void check_peer(checker *k, expr *e)
{
    if (aqua__check_value(k, e)) aqua__expect(k, e, &aqua__string);
}

static void check_vias(checker *k, stmt *s, size_t first)
{
    for (size_t i = first; i < s->exprs_count; i++) {
        const type *t = aqua__check_value(k, s->exprs[i]);
        if (t && aqua__is_collection(t)) t = t->elem;
        if (t && !aqua__accepts(k->c, &aqua__string, t)) aqua__mismatch(k, s->exprs[i]->at, &aqua__string, t);
    }
}

static void check_on(checker *k, stmt *s)
{
    mark m = enter(k);
    check_peer(k, s->exprs[0]);
    check_vias(k, s, 1);
    check_body(k, &s->body);
    forget_ids(k, m); /* its names stay: that is how results leave an on */
}

static void check_parseq(checker *k, stmt *s)
{
    const type *coll = aqua__check_value(k, s->exprs[0]);
    mark        m    = enter(k);
    const type *item = NULL;
    if (coll && aqua__is_collection(coll))
        item = coll->elem;
    else if (coll)
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->exprs[0]->at,
                    "Value of type '" RIV_FMT "' could not be iterated over", RIV_ARG(aqua__type_text(k->c, coll)));
    define_names(k, s, &item);
    check_peer(k, s->exprs[1]);
    check_vias(k, s, 2);
    check_body(k, &s->body);
    forget_names(k, m);
    forget_ids(k, m);
}

static void check_if(checker *k, stmt *s)
{
    if (aqua__check_value(k, s->exprs[0])) aqua__expect(k, s->exprs[0], &aqua__bool);
    check_block(k, &s->body);
}

static void check_catch(checker *k, stmt *s)
{
    mark        m = enter(k);
    const type *t = &aqua__error_type;
    define_names(k, s, &t);
    check_body(k, &s->body);
    forget_names(k, m);
    forget_ids(k, m);
}

static void check_join(checker *k, stmt *s)
{
    for (size_t i = 0; i < s->exprs_count; i++) aqua__check_value(k, s->exprs[i]);
}

static void check_declare(checker *k, stmt *s)
{
    const type *t = aqua__resolve_type(k, s->type);
    if (t && t->kind != TY_STREAM && t->kind != TY_MAP) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, s->type->at, "Expected stream or stream map type, got " RIV_FMT,
                    RIV_ARG(aqua__type_text(k->c, t)));
        t = NULL;
    }
    define_names(k, s, &t);
}

static void check_closure(checker *k, stmt *s)
{
    s->arrow          = riv_new(k->c->arena, arrow, 1);
    s->arrow->name    = s->names[0];
    s->arrow->is_func = s->is_func;
    s->arrow->type    = aqua__resolve_type(k, s->type);
    aqua__check_arrow(k, s->arrow, s->type, &s->body);
    define_names(k, s, &s->arrow->type);
}

static void check_assign(checker *k, stmt *s)
{
    const type *t = aqua__check_value(k, s->exprs[0]);
    define_names(k, s, &t);
}

/* One name of `a, b <- call`: a new variable, or a stream to push to. */
static void check_target(checker *k, stmt *s, size_t i, const type *t)
{
    symbol *known = riv_map_get_str(k->scope, s->names[i]);
    if (known && known->type && known->type->kind == TY_STREAM) {
        expr result   = { .at = s->name_spans[i], .type = t };
        s->symbols[i] = known;
        s->pushes[i]  = true;
        check_pushed(k, &result, known->type->elem);
        return;
    }
    s->symbols[i] = aqua__define(k, s->names[i], s->name_spans[i], t);
}

static void check_map_target(checker *k, stmt *s, symbol *map, const type *callee)
{
    expr key      = { .at = s->name_spans[0], .type = callee->results[0] };
    expr value    = { .at = s->name_spans[0], .type = callee->results[1] };
    s->symbols[0] = map;
    s->pushes[0]  = true;
    aqua__expect(k, &key, &aqua__string);
    check_pushed(k, &value, map->type->elem);
}

static void check_call_stmt(checker *k, stmt *s)
{
    expr       *e      = s->exprs[0];
    const type *callee = aqua__check_call(k, e);
    e->type            = callee;
    s->symbols         = riv_new(k->c->arena, symbol *, s->names_count + 1);
    s->pushes          = riv_new(k->c->arena, bool, s->names_count + 1);
    if (callee && e->target == TARGET_MAP && s->names_count)
        error(k, e->at, "Use `=` instead of `<-` with map functions");
    symbol *map = s->names_count == 1 ? riv_map_get_str(k->scope, s->names[0]) : NULL;
    if (map && map->type && map->type->kind == TY_MAP && callee && callee->results_count == 2) {
        check_map_target(k, s, map, callee);
        return;
    }
    for (size_t i = 0; i < s->names_count; i++) {
        const type *known = e->callee ? e->callee : callee; /* arguments may be wrong: results are known all the same */
        const type *t     = known && i < known->results_count ? known->results[i] : NULL;
        if (known && i >= known->results_count)
            error(k, s->name_spans[i],
                  "Types mismatch. Cannot assign to a variable the result of a call that returns nothing");
        check_target(k, s, i, t);
    }
    if (!callee || s->names_count >= callee->results_count) return;
    if (s->names_count)
        aqua__warning(k->c, k->src, e->at, "Arrow returns %zu values, but only %zu are used", callee->results_count,
                      s->names_count);
    else if (callee->results_count == 1)
        aqua__warning(k->c, k->src, e->at, "Arrow returns a value, but none are used");
    else
        aqua__warning(k->c, k->src, e->at, "Arrow returns %zu values, but none are used", callee->results_count);
}

static void check_stmt(checker *k, stmt *s)
{
    switch (s->kind) {
    case ST_RETURN: check_return(k, s); break;
    case ST_SERVICE_ID: check_service_id(k, s); break;
    case ST_PUSH: check_push(k, s); break;
    case ST_FOR: check_for(k, s); break;
    case ST_ON: check_on(k, s); break;
    case ST_IF: check_if(k, s); break;
    case ST_ELSE:
    case ST_TRY:
    case ST_OTHERWISE: check_block(k, &s->body); break;
    case ST_CATCH: check_catch(k, s); break;
    case ST_PARSEQ: check_parseq(k, s); break;
    case ST_JOIN: check_join(k, s); break;
    case ST_DECLARE: check_declare(k, s); break;
    case ST_CLOSURE: check_closure(k, s); break;
    case ST_ASSIGN: check_assign(k, s); break;
    case ST_CALL: check_call_stmt(k, s); break;
    case ST_BAD: break; /* a syntax error: nothing is checked then */
    }
}
