/* check_stmt.c: bodies of functions and closures, statement by statement, with the frames that blocks open.
 * Spec: docs/spec/aqua.md §7, §8. Tests: check_test.c. */
#include "aqua/check.h"

static void check_body(checker *k, stmts *body);
static void check_stmt(checker *k, stmt *s);

static uint32_t end_of(span s) { return s.pos + s.len; }

/* ---- frames ---- */

typedef struct mark {
    size_t defined, bound;
} mark;

static mark enter(const checker *k) { return (mark){ k->defined.len, k->bound.len }; }

static void tell_unused(checker *k, const symbol *s)
{
    if (!s->wanted || s->uses || k->holes || !s->type || k->c->errors.len > k->errors) return;
    aqua__report(k->c, k->src, D_UNUSED_VARIABLE, s->at, "`" RIV_FMT "` is never used", RIV_ARG(s->name));
}

/* The frame is left; its text ends at `end`. */
static void forget_names(checker *k, mark m, uint32_t end)
{
    aqua__use_scope(k, m.defined, end);
    for (size_t i = m.defined; i < k->defined.len; i++) tell_unused(k, k->defined.ptr[i]);
    while (k->defined.len > m.defined) riv_map_remove(k->scope, riv_str_bytes(k->defined.ptr[--k->defined.len]->name));
}

static void forget_ids(checker *k, mark m)
{
    while (k->bound.len > m.bound) {
        bound_id b   = k->bound.ptr[--k->bound.len];
        uint64_t key = b.service->key;
        if (b.before)
            riv_map_put_u64(k->ids, key, b.before);
        else
            riv_map_remove_u64(k->ids, key);
    }
}

static void check_block(checker *k, stmt *s)
{
    mark m = enter(k);
    check_body(k, &s->body);
    forget_names(k, m, end_of(s->whole));
    forget_ids(k, m);
}

/* ---- functions and closures ---- */

static void check_returns(checker *k, arrow *a, const type_ast *sig)
{
    if (a->returns || a->shape->results_count == 0) return;
    aqua__report(
        k->c, k->src, D_RETURN_MISSING, sig->results[0]->at,
        "Return type is defined for the arrow, but nothing returned. Use `<- value, ...` as the last expression "
        "inside function body.");
}

static bool holds_errors(const stmts *body)
{
    for (size_t i = 0; i < body->len; i++)
        if (body->ptr[i]->kind == ST_BAD) return true;
    return false;
}

static void tell_after_return(checker *k, const arrow *a)
{
    if (!a->returns || a->body->len == 0) return;
    const stmt *last = a->body->ptr[a->body->len - 1];
    if (last == a->returns || last->kind == ST_BAD || last->kind == ST_RETURN) return;
    aqua_diag *d = aqua__report(k->c, k->src, D_AFTER_RETURN, last->at,
                                "this stands behind the return, and runs before the function gives its values back");
    aqua__note(k->c, d, k->src, a->returns->at, "the return is here");
}

void aqua__check_arrow(checker *k, arrow *a, const type_ast *sig, stmts *body)
{
    arrow *outer = k->arrow;
    mark   m     = enter(k);
    k->sig       = sig;
    a->parent    = outer;
    a->body      = body;
    k->arrow     = a;
    a->params    = riv_new(k->c->arena, symbol *, sig->params_count + 1);
    for (size_t i = 0; i < sig->params_count; i++)
        a->params[i] = aqua__define(k, sig->params[i].name, sig->params[i].at, a->shape->fields[i].type);
    a->params_count = sig->params_count;
    check_body(k, body);
    if (!holds_errors(body)) check_returns(k, a, sig);
    tell_after_return(k, a);
    forget_names(k, m, body->len ? end_of(body->ptr[body->len - 1]->whole) : sig->end);
    forget_ids(k, m);
    k->arrow = outer;
}

static void check_body(checker *k, stmts *body)
{
    for (size_t i = 0; i < body->len && !riv_arena_over(k->c->arena); i++) check_stmt(k, body->ptr[i]);
}

/* ---- statements ---- */

static void wrong_return(checker *k, const expr *e, const type *wanted, size_t index);
static void return_undeclared(checker *k, const stmt *s);

static void check_return(checker *k, stmt *s)
{
    arrow      *a = k->arrow;
    const type *t = a->shape;
    for (size_t i = 0; i < s->exprs_count; i++) aqua__check_value(k, s->exprs[i]);
    if (a->returns) {
        aqua_diag *d = aqua__report(k->c, k->src, D_RETURN_TWICE, s->at,
                                    "Return expression was already used in scope; only one is allowed in a function");
        aqua__note(k->c, d, k->src, a->returns->at, "the first return is here");
        return;
    }
    a->returns = s;
    if (t->results_count == 0) {
        return_undeclared(k, s);
        return;
    }
    for (size_t i = 0; i < s->exprs_count && i < t->results_count; i++) {
        const expr *e = s->exprs[i];
        if (!e->type || !t->results[i]) continue;
        if (aqua__accepts(k->c, t->results[i], e->type))
            aqua__check_range(k, e, t->results[i]);
        else
            wrong_return(k, e, t->results[i], i);
    }
    aqua_diag *d = NULL;
    if (s->exprs_count > t->results_count)
        d = aqua__report(k->c, k->src, D_RETURN_COUNT, s->exprs[t->results_count]->at,
                         "Too many values are returned from this arrow, this is unexpected.");
    if (s->exprs_count < t->results_count)
        d = aqua__report(k->c, k->src, D_RETURN_COUNT, s->exprs[s->exprs_count - 1]->at,
                         "Expected %zu more values to be returned, see return type declaration",
                         t->results_count - s->exprs_count);
    if (d) aqua__note(k->c, d, k->src, k->sig->results[0]->at, "the results are declared here");
}

static void wrong_return(checker *k, const expr *e, const type *wanted, size_t index)
{
    aqua_diag *d =
        aqua__report(k->c, k->src, D_RETURN_TYPE, e->at, "Wrong value type, expected: " RIV_FMT ", given: " RIV_FMT,
                     RIV_ARG(aqua__type_text(k->c, wanted)), RIV_ARG(aqua__type_text(k->c, e->type)));
    if (index >= k->sig->results_count) return;
    riv_str is = aqua__type_source(k, e->type);
    aqua__note(k->c, d, k->src, k->sig->results[index]->at, "the result is declared here");
    if (is.len) aqua__fix(k->c, d, "declare the type that is returned", k->sig->results[index]->at, is);
}

static void return_undeclared(checker *k, const stmt *s)
{
    riv_buf    types = riv_buf_in(k->c->arena);
    aqua_diag *d     = aqua__report(k->c, k->src, D_RETURN_UNDECLARED, s->exprs[0]->at,
                                    "No return type declared for this arrow, please remove `<- ...` expression or add `-> "
                                        "...` return type(s) declaration to the arrow");
    riv_put_str(&types, RIV_LIT(" -> "));
    for (size_t i = 0; i < s->exprs_count; i++) {
        riv_str is = aqua__type_source(k, s->exprs[i]->type);
        if (!is.len) return;
        riv_putf(&types, "%s" RIV_FMT, i ? ", " : "", RIV_ARG(is));
    }
    if (k->sig->end) aqua__fix(k->c, d, "declare the result", (span){ k->sig->end, 0 }, riv_buf_str(&types));
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
        aqua__unknown_type(k, s->name_spans[0], s->names[0]);
        return;
    }
    aqua__use_type(k, NULL, s->name_spans[0], s->names[0]);
    if (service->kind != TY_SERVICE) {
        aqua__report(k->c, k->src, D_NOT_A_SERVICE, s->name_spans[0], "Type `" RIV_FMT "` is not a service",
                     RIV_ARG(s->names[0]));
        return;
    }
    if (id) aqua__expect(k, s->exprs[0], &aqua__string);
    uint64_t key                      = service->decl->key;
    symbol  *old                      = riv_map_put_u64(k->ids, key, s->symbols[0]);
    *riv_push(k->c->arena, &k->bound) = (bound_id){ service->decl, old };
}

static void check_pushed(checker *k, const expr *e, const type *elem)
{
    const type *t = e->type;
    if (!t || !elem) return;
    if (t->kind == TY_STREAM) t = aqua__type_of_elem(k->c, TY_ARRAY, t->elem);
    expr pushed = *e;
    pushed.type = t;
    if (!aqua__is_data(t))
        aqua__report(k->c, k->src, D_NOT_DATA, e->at, "Value of type '" RIV_FMT "' could not be put into a collection",
                     RIV_ARG(aqua__type_text(k->c, t)));
    else
        (void)aqua__expect(k, &pushed, elem);
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
    aqua__use_symbol(k, s->name_spans[0], target);
    const type *t    = target->type;
    type_kind   kind = s->exprs_count == 2 ? TY_MAP : TY_STREAM;
    if (!t) return;
    if (t->kind != kind) {
        aqua_diag *d = aqua__report(
            k->c, k->src, D_NOT_A_STREAM, s->name_spans[0], "Expected stream%s, got value of type '" RIV_FMT "'",
            kind == TY_MAP ? " map value (%)" : " value (*)", RIV_ARG(aqua__type_text(k->c, t)));
        aqua__note_origin(k, d, target, "it is defined here");
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
    t->depth        = aqua__type_depth(t);
    return t;
}

static void define_names(checker *k, stmt *s, const type *const *types)
{
    s->symbols = riv_new(k->c->arena, symbol *, s->names_count + 1);
    for (size_t i = 0; i < s->names_count; i++)
        s->symbols[i] = aqua__define(k, s->names[i], s->name_spans[i], types[i]);
}

/* The same for names that someone should read. */
static void define_wanted(checker *k, stmt *s, const type *const *types)
{
    define_names(k, s, types);
    for (size_t i = 0; i < s->names_count; i++) s->symbols[i]->wanted = true;
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
        aqua__report(k->c, k->src, D_MISMATCH, s->exprs[0]->at,
                     "Types mismatch.\nexpected:   a stream map, to give keys and values\ngiven:      " RIV_FMT,
                     RIV_ARG(aqua__type_text(k->c, coll)));
    } else if (coll && aqua__is_collection(coll)) {
        types[0] = coll->elem;
    } else if (coll) {
        aqua__report(k->c, k->src, D_NOT_ITERABLE, s->exprs[0]->at,
                     "Value of type '" RIV_FMT "' could not be iterated over", RIV_ARG(aqua__type_text(k->c, coll)));
    }
    define_names(k, s, types);
    check_body(k, &s->body);
    forget_names(k, m, end_of(s->whole));
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
        expr via = *s->exprs[i];
        via.type = t;
        (void)aqua__expect(k, &via, &aqua__string);
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
        aqua__report(k->c, k->src, D_NOT_ITERABLE, s->exprs[0]->at,
                     "Value of type '" RIV_FMT "' could not be iterated over", RIV_ARG(aqua__type_text(k->c, coll)));
    define_names(k, s, &item);
    check_peer(k, s->exprs[1]);
    check_vias(k, s, 2);
    check_body(k, &s->body);
    forget_names(k, m, end_of(s->whole));
    forget_ids(k, m);
}

static void check_if(checker *k, stmt *s)
{
    if (aqua__check_value(k, s->exprs[0])) aqua__expect(k, s->exprs[0], &aqua__bool);
    check_block(k, s);
}

static void check_catch(checker *k, stmt *s)
{
    mark        m = enter(k);
    const type *t = &aqua__error_type;
    define_names(k, s, &t);
    check_body(k, &s->body);
    forget_names(k, m, end_of(s->whole));
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
        aqua__report(k->c, k->src, D_NOT_A_STREAM, s->type->at, "Expected stream or stream map type, got " RIV_FMT,
                     RIV_ARG(aqua__type_text(k->c, t)));
        t = NULL;
    }
    define_wanted(k, s, &t);
}

static void check_closure(checker *k, stmt *s)
{
    s->arrow          = riv_new(k->c->arena, arrow, 1);
    s->arrow->name    = s->names[0];
    s->arrow->is_func = s->is_func;
    aqua__resolve_signature(k, s->type, s->arrow);
    const type_ast *outer = k->sig;
    aqua__check_arrow(k, s->arrow, s->type, &s->body);
    k->sig = outer;
    define_wanted(k, s, &s->arrow->type);
}

static void check_assign(checker *k, stmt *s)
{
    const type *t = aqua__check_value(k, s->exprs[0]);
    define_wanted(k, s, &t);
}

/* One name of `a, b <- call`: a new variable, or a stream to push to. */
static void check_target(checker *k, stmt *s, size_t i, const type *t)
{
    symbol *known = riv_map_get_str(k->scope, s->names[i]);
    if (known && known->type && known->type->kind == TY_STREAM) {
        aqua__use_symbol(k, s->name_spans[i], known);
        expr result   = { .at = s->name_spans[i], .type = t };
        s->symbols[i] = known;
        s->pushes[i]  = true;
        check_pushed(k, &result, known->type->elem);
        return;
    }
    s->symbols[i]         = aqua__define(k, s->names[i], s->name_spans[i], t);
    s->symbols[i]->wanted = true;
}

static void check_map_target(checker *k, stmt *s, symbol *map, const type *callee)
{
    expr key      = { .at = s->name_spans[0], .type = callee->results[0] };
    expr value    = { .at = s->name_spans[0], .type = callee->results[1] };
    s->symbols[0] = map;
    s->pushes[0]  = true;
    aqua__use_symbol(k, s->name_spans[0], map);
    aqua__expect(k, &key, &aqua__string);
    check_pushed(k, &value, map->type->elem);
}

static void map_arrow(checker *k, const stmt *s);
static void too_many_targets(checker *k, const stmt *s, size_t index, size_t results);

static void check_call_stmt(checker *k, stmt *s)
{
    expr       *e      = s->exprs[0];
    const type *callee = aqua__check_call(k, e);
    e->type            = callee;
    s->symbols         = riv_new(k->c->arena, symbol *, s->names_count + 1);
    s->pushes          = riv_new(k->c->arena, bool, s->names_count + 1);
    if (callee && e->target == TARGET_MAP && s->names_count) map_arrow(k, s);
    symbol *map = s->names_count == 1 ? riv_map_get_str(k->scope, s->names[0]) : NULL;
    if (map && map->type && map->type->kind == TY_MAP && callee && callee->results_count == 2) {
        check_map_target(k, s, map, callee);
        return;
    }
    for (size_t i = 0; i < s->names_count; i++) {
        const type *known = e->callee ? e->callee : callee; /* arguments may be wrong: results are known all the same */
        const type *t     = known && i < known->results_count ? known->results[i] : NULL;
        if (known && i >= known->results_count) too_many_targets(k, s, i, known->results_count);
        check_target(k, s, i, t);
    }
    if (!callee || s->names_count >= callee->results_count) return;
    if (s->names_count)
        aqua__report(k->c, k->src, D_UNUSED_RESULT, e->at, "Arrow returns %zu values, but only %zu are used",
                     callee->results_count, s->names_count);
    else if (callee->results_count == 1)
        aqua__report(k->c, k->src, D_UNUSED_RESULT, e->at, "Arrow returns a value, but none are used");
    else
        aqua__report(k->c, k->src, D_UNUSED_RESULT, e->at, "Arrow returns %zu values, but none are used",
                     callee->results_count);
}

static void map_arrow(checker *k, const stmt *s)
{
    aqua_diag *d =
        aqua__report(k->c, k->src, D_MAP_ARROW, s->exprs[0]->at, "Use `=` instead of `<-` with map functions");
    size_t arrow_at = riv_str_find(k->src->text, RIV_LIT("<-"), end_of(s->name_spans[s->names_count - 1]));
    if (arrow_at != SIZE_MAX && s->names_count == 1)
        aqua__fix(k->c, d, "use `=`", (span){ (uint32_t)arrow_at, 2 }, RIV_LIT("="));
}

/* Names beyond the results, each told; the first shows how to do without. */
static void too_many_targets(checker *k, const stmt *s, size_t index, size_t results)
{
    aqua_diag *d =
        aqua__report(k->c, k->src, D_TARGET_COUNT, s->name_spans[index],
                     "Types mismatch. Cannot assign to a variable the result of a call that returns nothing");
    if (index > results || results == 0) return;
    uint32_t from = end_of(s->name_spans[results - 1]), to = end_of(s->name_spans[s->names_count - 1]);
    aqua__fix(k->c, d, "leave the surplus names out", (span){ from, to - from }, RIV_LIT(""));
}

/* A faulty line. Its block was read all the same, and is looked at with what the line was to define unknown. */
static void check_bad(checker *k, stmt *s)
{
    const type *unknown[2] = { NULL, NULL };
    mark        m          = enter(k);
    k->holes               = true;
    if (s->was == ST_FOR || s->was == ST_PARSEQ || s->was == ST_CATCH) {
        s->symbols = riv_new(k->c->arena, symbol *, s->names_count + 1);
        for (size_t i = 0; i < RIV_MIN(s->names_count, 2); i++)
            if (!aqua__visible(k, s->names[i]))
                s->symbols[i] = aqua__define(k, s->names[i], s->name_spans[i], unknown[i]);
    }
    if (s->has_body) check_body(k, &s->body);
    if (s->was != ST_ON) forget_names(k, m, end_of(s->whole));
    forget_ids(k, m);
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
    case ST_OTHERWISE: check_block(k, s); break;
    case ST_CATCH: check_catch(k, s); break;
    case ST_PARSEQ: check_parseq(k, s); break;
    case ST_JOIN: check_join(k, s); break;
    case ST_DECLARE: check_declare(k, s); break;
    case ST_CLOSURE: check_closure(k, s); break;
    case ST_ASSIGN: check_assign(k, s); break;
    case ST_CALL: check_call_stmt(k, s); break;
    case ST_BAD: check_bad(k, s); break;
    }
}
