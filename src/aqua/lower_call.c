/* lower_call.c: calls: of services as instructions, of everything else by expanding the body in place.
 * Spec: docs/spec/aqua.md §10.3. Tests: lower_test.c. */
#include "aqua/lower_internal.h"

operand aqua__service_id(lowerer *l, const expr *e)
{
    if (e->symbol) return aqua__lookup(l, e->symbol)->data;
    const expr *id = e->service->value;
    return aqua__of_text(id->kind == EX_LITERAL ? id->text : id->symbol->text);
}

const value *aqua__service_record(lowerer *l, const expr *e)
{
    const type *t      = e->service->def;
    value      *v      = riv_new(l->arena, value, 1);
    value      *arrows = riv_new(l->arena, value, t->fields_count + 1);
    v->kind            = VAL_RECORD;
    v->type            = t;
    v->fields          = t->fields;
    v->fields_count    = t->fields_count;
    v->values          = riv_new(l->arena, const value *, t->fields_count + 1);
    operand id         = aqua__service_id(l, e);
    for (size_t i = 0; i < t->fields_count; i++) {
        arrows[i]    = (value){ .kind    = VAL_SERVICE_ARROW,
                                .data    = id,
                                .type    = t->fields[i].type,
                                .name    = t->fields[i].name,
                                .service = t->name };
        v->values[i] = &arrows[i];
    }
    return v;
}

static void call_service(lowerer *l, operand id, riv_str function, const type *t, const value *const *args,
                         const value **results)
{
    operand *list = riv_new(l->arena, operand, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++) list[i] = aqua__as_data(l, args[i]);
    model *call      = aqua__emit(l, M_CALL);
    call->a          = id;
    call->function   = function;
    call->list       = list;
    call->list_count = t->fields_count;
    if (t->results_count == 0) return;
    bool stream = t->results[0]->kind == TY_STREAM;
    call->out   = aqua__fresh(l, stream ? AIR_VAR_STREAM : AIR_VAR_SCALAR, RIV_LIT("ret"), "");
    if (stream) *riv_push(l->arena, &l->streams->vars) = call->out;
    results[0] = aqua__data(l, aqua__of_var(call->out));
    RIV_ASSERT(t->results_count == 1);
}

/* on %init_peer_id% via -relay- */
model *aqua__home(lowerer *l)
{
    model *on = aqua__model(l->arena, M_ON);
    on->a     = aqua__of_text(RIV_LIT("%init_peer_id%"));
    if (l->c->in->options.no_relay) return on;
    on->list       = riv_new(l->arena, operand, 1);
    on->list[0]    = aqua__of_var(l->relay);
    on->list_count = 1;
    return on;
}

/* An arrow argument of the exported function lives at home: on %init_peer_id% via -relay-. */
static void call_back(lowerer *l, const value *callee, const value *const *args, const value **results)
{
    models       *outer = l->out;
    model        *on    = aqua__home(l);
    const value **given = riv_new(l->arena, const value *, callee->type->fields_count + 1);
    for (size_t i = 0; i < callee->type->fields_count; i++) /* streams are read here, not at home */
        given[i] = aqua__data(l, aqua__as_data(l, args[i]));
    l->out = &on->kids;
    call_service(l, aqua__of_text(RIV_LIT("\"callbackSrv\"")), callee->name, callee->type, given, results);
    l->out = outer;
    if (l->c->in->options.no_xor) {
        *riv_push(l->arena, outer) = on;
        return;
    }
    model *guard = aqua__emit(l, M_XOR), *fail = aqua__model(l->arena, M_FAIL);
    fail->a = aqua__of_var(l->error);
    aqua__adopt(l->arena, guard, on);
    aqua__adopt(l->arena, guard, fail);
}

/* What a parameter of type `wanted` holds when given v. */
static const value *as_parameter(lowerer *l, const value *v, const type *wanted)
{
    if (v->kind != VAL_DATA) return v;
    bool live = wanted->kind == TY_STREAM || wanted->kind == TY_MAP;
    if (aqua__is_stream(v) && !live) return aqua__data(l, aqua__as_data(l, v));
    if (v->data.var && v->data.var->special) return aqua__data(l, aqua__flat(l, v->data, RIV_LIT("error")));
    return v;
}

static void expand(lowerer *l, const value *callee, const value *const *args, const value **results)
{
    const arrow *a     = callee->arrow;
    activation  *outer = l->act;
    activation  *act   = riv_new(l->arena, activation, 1);
    act->arrow         = a;
    act->parent        = callee->env;
    act->slots         = riv_new(l->arena, const value *, a->slots_count + 1);
    for (size_t i = 0; i < a->params_count; i++)
        act->slots[a->params[i]->slot] = as_parameter(l, args[i], a->params[i]->type);
    l->act = act;
    aqua__lower_body(l, a->body);
    if (a->returns && !l->failed) {
        for (size_t i = 0; i < a->type->results_count && !l->failed; i++)
            results[i] = aqua__lower_eager(l, a->returns->exprs[i]);
        for (size_t i = 0; i < a->type->results_count && !l->failed; i++)
            results[i] = as_parameter(l, results[i], a->type->results[i]);
    }
    l->act = outer;
}

static void call_arrow(lowerer *l, const value *callee, const value *const *args, const value **results)
{
    switch (callee->kind) {
    case VAL_SERVICE_ARROW: call_service(l, callee->data, callee->name, callee->type, args, results); return;
    case VAL_CALLBACK: call_back(l, callee, args, results); return;
    case VAL_ARROW: break;
    case VAL_DATA:
    case VAL_RECORD: RIV_UNREACHABLE();
    }
    if (!callee->capture) {
        expand(l, callee, args, results);
        return;
    }
    models *outer  = l->out;
    model  *apply  = aqua__model(l->arena, M_APPLY);
    apply->capture = callee->capture;
    l->out         = &apply->kids;
    expand(l, callee, args, results);
    l->out = outer;
    if (apply->kids.len) *riv_push(l->arena, outer) = apply;
}

/* What is called may give more than its caller knows of. SPEC aqua.md 5.3: a longer product is smaller than its prefix */
static void call_wanted(lowerer *l, const value *callee, const value *const *args, size_t wanted, const value **results)
{
    const value **all = riv_new(l->arena, const value *, callee->type->results_count + 1);
    call_arrow(l, callee, args, all);
    for (size_t i = 0; i < wanted; i++) results[i] = all[i];
}

/* ---- tracing ---- */

static model *trace_call(lowerer *l, const char *service, const char *function, operand a, operand b, var *out)
{
    model *m      = aqua__model(l->arena, M_CALL);
    m->a          = aqua__of_text(riv_str_c(service));
    m->function   = riv_str_c(function);
    m->list       = riv_new(l->arena, operand, 2);
    m->list[0]    = a;
    m->list[1]    = b;
    m->list_count = 2;
    m->out        = out;
    return m;
}

/* (par (on home: call ("tracingSrv" "tracingEvent") [name event]) (null)) */
static model *trace_event(lowerer *l, operand name, const char *event)
{
    model *detach = aqua__model(l->arena, M_DETACH), *on = aqua__home(l);
    aqua__adopt(l->arena, on,
                trace_call(l, "\"tracingSrv\"", "tracingEvent", name, aqua__of_text(riv_str_c(event)), NULL));
    aqua__adopt(l->arena, detach, on);
    return detach;
}

static model *trace_failure(lowerer *l, operand name)
{
    var   *text = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("-return-error-msg-"), "");
    model *on = aqua__home(l), *only = aqua__model(l->arena, M_NEW);
    lens  *message = riv_new(l->arena, lens, 1);
    *message       = (lens){ LENS_FIELD, RIV_LIT("message"), NULL };
    operand reason = { .var = l->error, .lenses = message, .lenses_count = 1 };
    only->out      = text;
    aqua__adopt(
        l->arena, only,
        trace_call(l, "\"op\"", "concat_strings", aqua__of_text(RIV_LIT("\"exit with error: \"")), reason, text));
    aqua__adopt(l->arena, only, trace_call(l, "\"tracingSrv\"", "tracingEvent", name, aqua__of_var(text), NULL));
    aqua__adopt(l->arena, on, only);
    return on;
}

/* The name that what is called has where it is defined, whatever name it is called by. */
static riv_str traced_name(lowerer *l, const value *callee)
{
    if (callee->kind == VAL_ARROW) return callee->arrow->name;
    if (callee->kind == VAL_CALLBACK) return riv_format(l->arena, "init_peer_callable_" RIV_FMT, RIV_ARG(callee->name));
    return riv_format(l->arena, RIV_FMT "." RIV_FMT, RIV_ARG(callee->service), RIV_ARG(callee->name));
}

typedef struct tracing {
    models *outer; /* NULL: nobody traces */
    model  *run;
    operand shown;
} tracing;

/* What follows, up to trace_leave, is between the events. SPEC aqua.md 10.8: Each inlined call of an Aqua function */
static tracing trace_enter(lowerer *l, const value *callee)
{
    tracing t = { 0 };
    if (!l->c->in->options.tracing) return t;
    t.outer = l->out;
    t.shown = aqua__of_text(riv_format(l->arena, "\"" RIV_FMT "\"", RIV_ARG(traced_name(l, callee))));
    t.run   = aqua__model(l->arena, M_SEQ);
    *riv_push(l->arena, t.outer) = trace_event(l, t.shown, "\"enter\"");
    l->out                       = &t.run->kids;
    return t;
}

static void trace_leave(lowerer *l, const tracing *t)
{
    if (!t->outer) return;
    l->out       = t->outer;
    model *guard = aqua__emit(l, M_XOR), *report = aqua__model(l->arena, M_SEQ), *fail = aqua__model(l->arena, M_FAIL);
    fail->a = aqua__of_var(l->error);
    aqua__adopt(l->arena, t->run, trace_event(l, t->shown, "\"exit\""));
    aqua__adopt(l->arena, report, trace_failure(l, t->shown));
    aqua__adopt(l->arena, report, fail);
    aqua__adopt(l->arena, guard, t->run);
    aqua__adopt(l->arena, guard, report);
}

void aqua__call_entry(lowerer *l, const value *callee, const value *const *args, const value **results)
{
    tracing traced = trace_enter(l, callee);
    call_wanted(l, callee, args, callee->type->results_count, results);
    trace_leave(l, &traced);
}

/* ---- stream maps ---- */

static lens *one_lens(lowerer *l, lens_kind kind, riv_str text, var *by)
{
    lens *way = riv_new(l->arena, lens, 1);
    *way      = (lens){ kind, text, by };
    return way;
}

/* #%c.$.[key]: what the map holds under a key, as an array. */
static operand map_get(lowerer *l, const value *map, const value *key)
{
    operand k = aqua__as_data(l, key);
    if (!k.var || k.lenses_count || k.var->kind != AIR_VAR_SCALAR || k.var->special)
        k = aqua__flat(l, k, RIV_LIT("map_key"));
    operand snapshot = aqua__as_data(l, map);
    operand found    = { .var = snapshot.var, .lenses = one_lens(l, LENS_VAR, k.var->name, k.var), .lenses_count = 1 };
    return aqua__flat(l, found, RIV_LIT("map_get"));
}

static operand map_contains(lowerer *l, const value *map, const value *key)
{
    operand found  = map_get(l, map, key);
    operand length = { .var          = found.var,
                       .lenses       = one_lens(l, LENS_LENGTH, RIV_LIT("length"), NULL),
                       .lenses_count = 1 };
    length         = aqua__flat(l, length, RIV_LIT("map_get_length"));
    var   *result  = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("map_contains"), "");
    model *either = aqua__emit(l, M_XOR), *some = aqua__model(l->arena, M_MISMATCH);
    model *yes = aqua__model(l->arena, M_AP), *no = aqua__model(l->arena, M_AP);
    some->a  = length;
    some->b  = aqua__of_text(RIV_LIT("0"));
    yes->a   = aqua__of_text(RIV_LIT("true"));
    no->a    = aqua__of_text(RIV_LIT("false"));
    yes->out = no->out = result;
    aqua__adopt(l->arena, some, yes);
    aqua__adopt(l->arena, either, some);
    aqua__adopt(l->arena, either, no);
    return aqua__of_var(result);
}

/* fold over a map (snapshot or live) that pushes one part of each entry; `key` limits it to the entries under it. */
static model *map_fold(lowerer *l, operand over, const char *part, const operand *key, var *to)
{
    model *loop = aqua__model(l->arena, M_FOR), *push = aqua__model(l->arena, M_AP),
          *next = aqua__model(l->arena, M_NEXT);
    loop->a     = over;
    loop->out = next->out = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("map_entry"), "");
    push->a =
        (operand){ .var = loop->out, .lenses = one_lens(l, LENS_FIELD, riv_str_c(part), NULL), .lenses_count = 1 };
    push->out = to;
    if (key) {
        model *either = aqua__model(l->arena, M_XOR), *same = aqua__model(l->arena, M_MATCH);
        same->a =
            (operand){ .var = loop->out, .lenses = one_lens(l, LENS_FIELD, RIV_LIT("key"), NULL), .lenses_count = 1 };
        same->b = *key;
        aqua__adopt(l->arena, same, push);
        aqua__adopt(l->arena, either, same);
        aqua__adopt(l->arena, either, aqua__model(l->arena, M_NULL));
        push = either;
    }
    aqua__adopt(l->arena, loop, push);
    aqua__adopt(l->arena, loop, next);
    return loop;
}

static operand map_keys(lowerer *l, const value *map)
{
    operand snapshot = aqua__as_data(l, map);
    var    *keys     = aqua__fresh(l, AIR_VAR_STREAM, RIV_LIT("map_keys"), "");
    model  *whole = aqua__emit(l, M_NEW), *take = aqua__model(l->arena, M_CANON);
    whole->out = keys;
    take->in   = keys;
    take->out  = aqua__fresh(l, AIR_VAR_CANON, RIV_LIT("map_keys_canon"), "");
    aqua__adopt(l->arena, whole, map_fold(l, snapshot, "key", NULL, keys));
    aqua__adopt(l->arena, whole, take);
    return aqua__of_var(take->out);
}

/* A stream that goes on filling while the map does: detached, and never done. */
static operand map_stream(lowerer *l, const value *map, const char *part, const operand *key)
{
    var *to                                = aqua__fresh(l, AIR_VAR_STREAM, RIV_LIT("map_stream"), "");
    to->source                             = map->data.var;
    *riv_push(l->arena, &l->streams->vars) = to;
    model *detach = aqua__emit(l, M_DETACH), *loop = map_fold(l, map->data, part, key, to);
    loop->never = true;
    loop->local = true;
    aqua__adopt(l->arena, detach, loop);
    return aqua__of_var(to);
}

static operand call_map(lowerer *l, const expr *e, const value *map, const value *const *args)
{
    if (riv_str_eq(e->text, RIV_LIT("get"))) return map_get(l, map, args[0]);
    if (riv_str_eq(e->text, RIV_LIT("contains"))) return map_contains(l, map, args[0]);
    if (riv_str_eq(e->text, RIV_LIT("keys"))) return map_keys(l, map);
    if (riv_str_eq(e->text, RIV_LIT("keysStream"))) return map_stream(l, map, "key", NULL);
    operand key = aqua__as_data(l, args[0]);
    return map_stream(l, map, "value", &key);
}

/* ---- */

static const value *field_of(const value *record, riv_str name)
{
    for (size_t i = 0; i < record->fields_count; i++)
        if (riv_str_eq(record->fields[i].name, name)) return record->values[i];
    RIV_UNREACHABLE();
}

static const value *callee_of(lowerer *l, const expr *e)
{
    value *v = riv_new(l->arena, value, 1);
    switch (e->target) {
    case TARGET_SERVICE:
        *v = (value){ .kind    = VAL_SERVICE_ARROW,
                      .data    = aqua__service_id(l, e),
                      .type    = e->callee,
                      .name    = e->text,
                      .service = e->service->name };
        return v;
    case TARGET_VALUE: return field_of(aqua__lower_value(l, e->base), e->text);
    case TARGET_SYMBOL:
        if (e->symbol->kind != SYM_FUNC) return aqua__lookup(l, e->symbol);
        *v = (value){ .kind = VAL_ARROW, .type = e->symbol->type, .arrow = e->symbol->decl->arrow };
        return v;
    case TARGET_MAP: return aqua__lower_value(l, e->base);
    case TARGET_NONE: break;
    }
    RIV_UNREACHABLE();
}

/* Results that go to streams and maps which stand there already. */
static void push_results(lowerer *l, const stmt *s, const value *const *results)
{
    if (s->names_count == 1 && s->pushes[0] && s->symbols[0]->type->kind == TY_MAP) {
        operand key = aqua__as_data(l, results[0]), data = aqua__as_data(l, results[1]);
        model  *push = aqua__emit(l, M_AP_MAP);
        push->a      = key;
        push->b      = data;
        push->out    = aqua__lookup(l, s->symbols[0])->data.var;
        return;
    }
    for (size_t i = 0; i < s->names_count; i++)
        if (s->pushes[i]) aqua__push(l, aqua__as_data(l, results[i]), aqua__lookup(l, s->symbols[i])->data.var);
}

static void lower_call(lowerer *l, const expr *e, const stmt *target, const value **results)
{
    const value **args   = riv_new(l->arena, const value *, e->args_count + 1);
    const value  *callee = callee_of(l, e);
    if (l->failed) return;
    tracing traced = e->target == TARGET_MAP ? (tracing){ 0 } : trace_enter(l, callee);
    aqua__lower_values(l, e->args, e->args_count, args);
    if (!l->failed && e->target == TARGET_MAP) results[0] = aqua__data(l, call_map(l, e, callee, args));
    if (!l->failed && e->target != TARGET_MAP) call_wanted(l, callee, args, e->callee->results_count, results);
    if (!l->failed && target) push_results(l, target, results);
    trace_leave(l, &traced);
}

void aqua__lower_call(lowerer *l, const expr *e, const stmt *target, const value **results)
{
    if (l->act->arrow == l->entry) l->site = e;
    if (aqua__too_deep(l, e->at)) return;
    lower_call(l, e, target, results);
    l->depth--;
}
