/* lower.c: statements into the model tree, and the wrapper of an exported function.
 * Functions, closures and abilities are values of this pass: calls are expanded in place, with fresh names for all they define.
 * Spec: docs/spec/aqua.md §10.1 to §10.4, §10.7. Tests: lower_test.c. */
#include "aqua/lower_internal.h"

static models lower_stmt(lowerer *l, const stmts *body, size_t *i);

/* ---- nodes and names ---- */

model *aqua__model(riv_arena *arena, model_kind kind)
{
    model *m = riv_new(arena, model, 1);
    m->kind  = kind;
    return m;
}

void aqua__adopt(riv_arena *arena, model *parent, model *kid)
{
    if (kid) *riv_push(arena, &parent->kids) = kid;
}

operand aqua__of_var(var *v) { return (operand){ .var = v }; }

operand aqua__of_text(riv_str text) { return (operand){ .text = text }; }

bool aqua__same_operand(const operand *a, const operand *b)
{
    if (a->var != b->var || a->lenses_count != b->lenses_count) return false;
    if (!a->var && !riv_str_eq(a->text, b->text)) return false;
    for (size_t i = 0; i < a->lenses_count; i++) {
        const lens *x = &a->lenses[i], *y = &b->lenses[i];
        if (x->kind != y->kind || x->by != y->by || !riv_str_eq(x->text, y->text)) return false;
    }
    return true;
}

model *aqua__emit(lowerer *l, model_kind kind)
{
    model *m                    = aqua__model(l->arena, kind);
    *riv_push(l->arena, l->out) = m;
    return m;
}

model *aqua__wrap_list(lowerer *l, model_kind kind, const models *list)
{
    if (list->len == 1) return list->ptr[0];
    model *m = aqua__model(l->arena, kind);
    m->kids  = *list;
    return m;
}

static bool is_air_word(riv_str name)
{
    static const char *const words[] = { "call",  "canon", "ap",   "seq",  "par",   "fail", "fold",  "xor",
                                         "never", "new",   "next", "null", "match", "true", "false", "mismatch" };
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(name, riv_str_c(words[i]))) return true;
    return false;
}

/* Sigil, base, suffix, and a number from the second time on: the first that nobody has (a base may hold a number of its own). */
var *aqua__fresh(lowerer *l, air_var_kind kind, riv_str base, const char *suffix)
{
    static const char *const sigils[] = { [AIR_VAR_SCALAR]    = "",
                                          [AIR_VAR_STREAM]    = "$",
                                          [AIR_VAR_MAP]       = "%",
                                          [AIR_VAR_CANON]     = "#",
                                          [AIR_VAR_CANON_MAP] = "#%" };
    char                    *text     = riv_new(l->arena, char, base.len + strlen(suffix) + 1);
    size_t                   len      = 0;
    for (size_t i = 0; i < base.len; i++) text[len++] = base.ptr[i] == '.' ? '_' : base.ptr[i];
    for (size_t i = 0; suffix[i]; i++) text[len++] = suffix[i];
    riv_str   stem = { text, len }, name = stem;
    uintptr_t given = (uintptr_t)riv_map_get_str(l->names, stem);
    if (given == 0 && kind == AIR_VAR_SCALAR && is_air_word(name)) given = 1;
    if (given) name = riv_format(l->arena, RIV_FMT "-%zu", RIV_ARG(stem), (size_t)given - 1);
    while (given && riv_map_get_str(l->names, name))
        name = riv_format(l->arena, RIV_FMT "-%zu", RIV_ARG(stem), (size_t)given++);
    if (given) riv_map_put_str(l->names, name, (void *)(uintptr_t)1);
    riv_map_put_str(l->names, stem, (void *)(given + 1));
    var *v  = riv_new(l->arena, var, 1);
    v->kind = kind;
    v->name = riv_format(l->arena, "%s" RIV_FMT, sigils[kind], RIV_ARG(name));
    return v;
}

/* The place that people can mend is in the exported function: the call whose expansion does not end in time. */
static void refuse_expansion(lowerer *l, span at, const char *what)
{
    aqua_diag *d = aqua__report(l->c, l->src, D_EXPANSION, l->site ? l->site->at : at,
                                "%s: every call is copied into the script of `" RIV_FMT "`, with all that it calls",
                                what, RIV_ARG(l->entry->name));
    if (d && l->site && l->site->symbol && l->site->symbol->kind == SYM_FUNC)
        aqua__note(l->c, d, &l->site->symbol->decl->module->src, l->site->symbol->at, "`" RIV_FMT "` is defined here",
                   RIV_ARG(l->site->symbol->name));
    l->failed = true;
}

bool aqua__too_deep(lowerer *l, span at)
{
    if (l->failed) return true;
    if (riv_arena_over(l->arena)) {
        l->c->over = l->failed = true;
        return true;
    }
    if (l->depth >= LOWER_DEPTH_MAX)
        refuse_expansion(l, at, "calls and blocks are nested more than 1000 deep");
    else if (++l->steps > LOWER_STEPS_MAX)
        refuse_expansion(l, at, "this grows beyond 800000 statements and values");
    if (l->failed) return true;
    l->depth++;
    return false;
}

/* ---- blocks ---- */

model *aqua__restrict(lowerer *l, const restriction *r, models *list)
{
    if (list->len == 0) return NULL;
    model *body = aqua__wrap_list(l, M_SEQ, list);
    for (size_t i = 0; i < r->vars.len; i++) {
        model *wrapped = aqua__model(l->arena, M_NEW);
        wrapped->out   = r->vars.ptr[i];
        aqua__adopt(l->arena, wrapped, body);
        body = wrapped;
    }
    return body;
}

/* A block that keeps its streams to itself; NULL when it does nothing. */
static model *lower_block(lowerer *l, const stmts *body)
{
    models      list = { 0 }, *out = l->out;
    restriction own = { 0 }, *streams = l->streams;
    l->out     = &list;
    l->streams = &own;
    aqua__lower_body(l, body);
    l->out     = out;
    l->streams = streams;
    return aqua__restrict(l, &own, &list);
}

static model *xor_of(lowerer *l, model *first, model *second)
{
    model *m = aqua__model(l->arena, M_XOR);
    aqua__adopt(l->arena, m, first ? first : aqua__model(l->arena, M_NULL));
    aqua__adopt(l->arena, m, second); /* a missing one is printed as (null): nowhere to go from there */
    return m;
}

static bool joins_before(const stmt *s)
{
    return s->kind == ST_CATCH || s->kind == ST_OTHERWISE || s->prefix == PREFIX_PAR;
}

/* The group that s makes with what stands before it: beside it in par, or as what is tried next. `made` is the group of the
 * statement before, when it was made here: it grows. */
static model *join_before(lowerer *l, const stmt *s, const models *list, model *before, model *made)
{
    model     *now  = list->len ? aqua__wrap_list(l, M_SEQ, list) : NULL;
    model_kind kind = s->prefix == PREFIX_PAR ? M_PAR : M_XOR;
    if (!now && kind == M_PAR) return made;
    if (!made || made->kind != kind) {
        made = aqua__model(l->arena, kind);
        aqua__adopt(l->arena, made, before || kind == M_PAR ? before : aqua__model(l->arena, M_NULL));
    }
    aqua__adopt(l->arena, made, now);
    return made;
}

void aqua__lower_body(lowerer *l, const stmts *body)
{
    for (size_t i = 0; i < body->len && !l->failed;) {
        models pieces = lower_stmt(l, body, &i);
        model *made   = NULL;
        while (i < body->len && joins_before(body->ptr[i]) && !l->failed) {
            const stmt *s      = body->ptr[i];
            model      *before = made ? made : pieces.len ? aqua__wrap_list(l, M_SEQ, &pieces) : NULL;
            models      next   = lower_stmt(l, body, &i);
            made               = join_before(l, s, &next, before, made);
        }
        if (made) *riv_push(l->arena, l->out) = made;
        for (size_t k = 0; !made && k < pieces.len; k++) *riv_push(l->arena, l->out) = pieces.ptr[k];
    }
}

/* ---- statements ---- */

static void bind(lowerer *l, const symbol *s, const value *v)
{
    RIV_ASSERT(s->owner == l->act->arrow);
    l->act->slots[s->slot] = v;
}

static model *fail_on_error(lowerer *l)
{
    model *fail = aqua__model(l->arena, M_FAIL);
    fail->a     = aqua__of_var(l->error);
    return fail;
}

/* Peer and relays are computed one after another, where the `on` stands. (The original computes them in par: its branches then go
 * through the relays of the `on` to join, before these are known.) */
static model *on_model(lowerer *l, const stmt *s, size_t first)
{
    model   *on    = aqua__model(l->arena, M_ON);
    size_t   count = s->exprs_count - first;
    operand *parts = riv_new(l->arena, operand, count + 1);
    for (size_t i = 0; i < count && !l->failed; i++) {
        parts[i]      = aqua__as_data(l, aqua__lower_value(l, s->exprs[first + i]));
        parts[i].many = i > 0 && aqua__is_collection(s->exprs[first + i]->type);
    }
    on->a          = parts[0];
    on->list       = parts + 1;
    on->list_count = count - 1;
    return on;
}

/* Nothing that runs: names for values, places of closures. */
static bool is_idle(const model *m)
{
    bool wrapper = m->kind == M_SEQ || m->kind == M_ON || m->kind == M_APPLY;
    for (size_t i = 0; wrapper && i < m->kids.len; i++)
        if (!is_idle(m->kids.ptr[i])) return false;
    return wrapper || m->kind == M_NULL || m->kind == M_CAPTURE;
}

static model *guard_on(lowerer *l, model *on)
{
    return l->c->in->options.no_xor || is_idle(on) ? on : xor_of(l, on, fail_on_error(l));
}

static void lower_on(lowerer *l, const stmt *s)
{
    models *out = l->out;
    model  *on  = on_model(l, s, 0);
    l->out      = &on->kids;
    aqua__lower_body(l, &s->body);
    l->out                   = out;
    *riv_push(l->arena, out) = guard_on(l, on);
}

static model *match_model(lowerer *l, operand a, operand b, bool equal, model *body)
{
    model *m = aqua__model(l->arena, equal ? M_MATCH : M_MISMATCH);
    m->a     = a;
    m->b     = b;
    aqua__adopt(l->arena, m, body ? body : aqua__model(l->arena, M_NULL));
    return m;
}

static model *ap_model(lowerer *l, operand from, var *to)
{
    model *m = aqua__model(l->arena, M_AP);
    m->a     = from;
    m->out   = to;
    return m;
}

static model *seq_of(lowerer *l, model *first, model *second)
{
    model *m = aqua__model(l->arena, M_SEQ);
    aqua__adopt(l->arena, m, first);
    aqua__adopt(l->arena, m, second);
    return m;
}

static model *new_model(lowerer *l, var *v, model *body)
{
    model *m = aqua__model(l->arena, M_NEW);
    m->out   = v;
    aqua__adopt(l->arena, m, body);
    return m;
}

static model *fail_with(lowerer *l, var *v)
{
    model *m = aqua__model(l->arena, M_FAIL);
    m->a     = aqua__of_var(v);
    return m;
}

static operand error_code(lowerer *l)
{
    lens *code = riv_new(l->arena, lens, 1);
    *code      = (lens){ LENS_FIELD, RIV_LIT("error_code"), NULL };
    return (operand){ .var = l->error, .lenses = code, .lenses_count = 1 };
}

/* An error inside the branch that was taken must not run the other one: the code of a failed match tells them apart. */
static model *guarded_if(lowerer *l, model *match, model *otherwise, bool has_else)
{
    operand code     = aqua__of_text(match->kind == M_MATCH ? RIV_LIT("10001") : RIV_LIT("10002"));
    var    *if_error = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("-if-error-"), "");
    model  *save     = ap_model(l, aqua__of_var(l->error), if_error);
    if (!has_else) {
        model *rest = xor_of(l, match_model(l, error_code(l), code, true, NULL), fail_with(l, if_error));
        return new_model(l, if_error, xor_of(l, match, seq_of(l, save, rest)));
    }
    var   *both       = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("-if-else-error-"), "");
    var   *else_error = aqua__fresh(l, AIR_VAR_SCALAR, RIV_LIT("-else-error-"), "");
    model *choose     = xor_of(
            l,
            match_model(l, error_code(l), aqua__of_text(RIV_LIT("10001")), true, ap_model(l, aqua__of_var(if_error), both)),
            ap_model(l, aqua__of_var(else_error), both));
    model *rethrow = aqua__model(l->arena, M_SEQ);
    aqua__adopt(l->arena, rethrow, ap_model(l, aqua__of_var(l->error), else_error));
    aqua__adopt(l->arena, rethrow, choose);
    aqua__adopt(l->arena, rethrow, fail_with(l, both));
    model *rest  = xor_of(l, match_model(l, error_code(l), code, true, otherwise), rethrow);
    model *whole = xor_of(l, match, seq_of(l, save, rest));
    return new_model(l, both, new_model(l, else_error, new_model(l, if_error, whole)));
}

static void lower_if(lowerer *l, const stmt *s, const stmt *otherwise)
{
    const expr *cond  = s->exprs[0];
    bool        equal = !(cond->kind == EX_BINARY && cond->op == OP_NE);
    operand     a, b;
    if (cond->kind == EX_BINARY && (cond->op == OP_EQ || cond->op == OP_NE)) {
        operand both[2];
        aqua__lower_operands(l, (expr *const[]){ cond->base, cond->right }, 2, both);
        a = both[0];
        b = both[1];
    } else {
        a = aqua__as_data(l, aqua__lower_value(l, cond));
        b = aqua__of_text(RIV_LIT("true"));
    }
    model *then = lower_block(l, &s->body);
    model *rest = otherwise ? lower_block(l, &otherwise->body) : NULL;
    if (!then && !rest) return;
    model *match = match_model(l, a, b, equal, then);
    *riv_push(l->arena, l->out) =
        l->c->in->options.no_xor ? xor_of(l, match, rest) : guarded_if(l, match, rest, rest != NULL);
}

static operand path_into(lowerer *l, var *v, const char *field_name)
{
    lens *way = riv_new(l->arena, lens, 1);
    *way      = (lens){ LENS_FIELD, riv_str_c(field_name), NULL };
    return (operand){ .var = v, .lenses = way, .lenses_count = 1 };
}

/* What a fold may walk: a live stream only when the loop is to follow it. */
static operand iterable(lowerer *l, const value *v, bool live)
{
    if (live && aqua__is_stream(v)) return v->data;
    operand data = aqua__as_data(l, v);
    bool    bad  = data.var && ((data.var->kind == AIR_VAR_CANON && data.lenses_count) || data.var->special);
    return bad ? aqua__flat(l, data, RIV_LIT("iter")) : data;
}

static void bind_items(lowerer *l, const stmt *s, var *item, models *body)
{
    if (!s->pair) {
        bind(l, s->symbols[0], aqua__data(l, aqua__of_var(item)));
        return;
    }
    var *key                  = aqua__fresh(l, AIR_VAR_SCALAR, s->names[0], "");
    var *held                 = aqua__fresh(l, AIR_VAR_SCALAR, s->names[1], "");
    *riv_push(l->arena, body) = ap_model(l, path_into(l, item, "key"), key);
    *riv_push(l->arena, body) = ap_model(l, path_into(l, item, "value"), held);
    bind(l, s->symbols[0], aqua__data(l, aqua__of_var(key)));
    bind(l, s->symbols[1], aqua__data(l, aqua__of_var(held)));
}

static model *next_of(lowerer *l, var *item)
{
    model *m = aqua__model(l->arena, M_NEXT);
    m->out   = item;
    return m;
}

/* The turn of a loop: body and next, joined as its mode says; the body's streams are restricted around both, for `try` around
 * the body alone: each alternative keeps its streams to itself. */
static model *loop_turn(lowerer *l, const stmt *s, var *item, model_kind joint)
{
    models      list = { 0 }, turn = { 0 }, *out = l->out;
    restriction own = { 0 }, none = { 0 }, *streams = l->streams;
    model      *both = aqua__model(l->arena, joint);
    l->out           = &list;
    l->streams       = &own;
    bind_items(l, s, item, &list);
    aqua__lower_body(l, &s->body);
    l->out     = out;
    l->streams = streams;
    bool alone = joint == M_XOR;
    aqua__adopt(l->arena, both, aqua__restrict(l, alone ? &own : &none, &list));
    aqua__adopt(l->arena, both, next_of(l, item));
    *riv_push(l->arena, &turn) = both;
    return aqua__restrict(l, alone ? &none : &own, &turn);
}

static void lower_for(lowerer *l, const stmt *s)
{
    static const model_kind joints[] = { [FOR_SEQ] = M_SEQ, [FOR_PAR] = M_PAR, [FOR_TRY] = M_XOR, [FOR_REC] = M_PAR };
    bool                    detached = s->mode == FOR_PAR || s->mode == FOR_REC;
    models                  before = { 0 }, *out = l->out;
    if (detached) l->out = &before; /* what is walked is computed in the detached part, too */
    const value *coll = aqua__lower_value(l, s->exprs[0]);
    operand      over = iterable(l, coll, s->mode == FOR_REC);
    var         *item = aqua__fresh(l, AIR_VAR_SCALAR, s->names[0], "-item");
    model       *turn = loop_turn(l, s, item, joints[s->mode]);
    model       *loop = aqua__model(l->arena, M_FOR);
    l->out            = out;
    if (!over.var || l->failed) return; /* over nothing */
    loop->a     = over;
    loop->out   = item;
    loop->never = detached;
    aqua__adopt(l->arena, loop, turn);
    if (detached) {
        model *detach                = aqua__model(l->arena, M_DETACH);
        *riv_push(l->arena, &before) = loop;
        aqua__adopt(l->arena, detach, aqua__wrap_list(l, M_SEQ, &before));
        loop = detach;
    }
    *riv_push(l->arena, l->out) = loop;
}

static void lower_parseq(lowerer *l, const stmt *s)
{
    operand     over = iterable(l, aqua__lower_value(l, s->exprs[0]), false);
    var        *item = aqua__fresh(l, AIR_VAR_SCALAR, s->names[0], "-item");
    models      turn = { 0 }, whole = { 0 }, *out = l->out;
    restriction own = { 0 }, *streams = l->streams;
    bind(l, s->symbols[0], aqua__data(l, aqua__of_var(item)));
    l->out           = &turn;
    l->streams       = &own;
    model *on        = on_model(l, s, 1);
    on->relay_return = true;
    l->out           = &on->kids;
    aqua__lower_body(l, &s->body);
    l->out                     = out;
    l->streams                 = streams;
    *riv_push(l->arena, &turn) = guard_on(l, on);
    if (!over.var || l->failed) return;
    model *loop = aqua__model(l->arena, M_FOR), *par = aqua__model(l->arena, M_PAR);
    loop->a     = over;
    loop->out   = item;
    loop->never = true;
    aqua__adopt(l->arena, par, aqua__wrap_list(l, M_SEQ, &turn));
    aqua__adopt(l->arena, par, next_of(l, item));
    *riv_push(l->arena, &whole) = par;
    aqua__adopt(l->arena, loop, aqua__restrict(l, &own, &whole));
    *riv_push(l->arena, l->out) = loop;
}

static void lower_push(lowerer *l, const stmt *s)
{
    const value *target = aqua__lookup(l, s->symbols[0]);
    if (s->exprs_count == 1) {
        aqua__push(l, aqua__as_data(l, aqua__lower_value(l, s->exprs[0])), target->data.var);
        return;
    }
    operand key  = aqua__as_data(l, aqua__lower_value(l, s->exprs[0]));
    operand data = aqua__as_data(l, aqua__lower_value(l, s->exprs[1]));
    model  *push = aqua__emit(l, M_AP_MAP);
    push->a      = key;
    push->b      = data;
    push->out    = target->data.var;
}

static void lower_declare(lowerer *l, const stmt *s)
{
    air_var_kind kind                      = s->symbols[0]->type->kind == TY_MAP ? AIR_VAR_MAP : AIR_VAR_STREAM;
    var         *v                         = aqua__fresh(l, kind, s->names[0], "");
    *riv_push(l->arena, &l->streams->vars) = v;
    bind(l, s->symbols[0], aqua__data(l, aqua__of_var(v)));
}

static void lower_closure(lowerer *l, const stmt *s)
{
    value *v = riv_new(l->arena, value, 1);
    v->kind  = VAL_ARROW;
    v->type  = s->arrow->type;
    v->arrow = s->arrow;
    v->env   = l->act;
    if (!s->is_func) v->capture = aqua__emit(l, M_CAPTURE);
    bind(l, s->symbols[0], v);
}

/* What `:error:` holds changes with the next error: a name for it needs a copy. */
static const value *keep(lowerer *l, const value *v, riv_str name)
{
    if (v->kind != VAL_DATA || !v->data.var || !v->data.var->special) return v;
    return aqua__data(l, aqua__flat(l, v->data, name));
}

static void lower_assign(lowerer *l, const stmt *s)
{
    bind(l, s->symbols[0], keep(l, aqua__lower_eager(l, s->exprs[0]), s->names[0]));
}

static void lower_call_stmt(lowerer *l, const stmt *s)
{
    const value **results = riv_new(l->arena, const value *, s->exprs[0]->callee->results_count + 1);
    aqua__lower_call(l, s->exprs[0], s, results);
    for (size_t i = 0; i < s->names_count && !l->failed; i++)
        if (!s->pushes[i]) bind(l, s->symbols[i], results[i]);
}

static void lower_join(lowerer *l, const stmt *s)
{
    const value **values = riv_new(l->arena, const value *, s->exprs_count);
    aqua__lower_values(l, s->exprs, s->exprs_count, values);
}

static void lower_try(lowerer *l, const stmt *s, bool alone)
{
    model *body = lower_block(l, &s->body);
    if (alone && body)
        *riv_push(l->arena, l->out) = xor_of(l, body, NULL);
    else if (body)
        *riv_push(l->arena, l->out) = body;
}

static void lower_catch(lowerer *l, const stmt *s)
{
    bind(l, s->symbols[0], aqua__data(l, aqua__of_var(l->error)));
    model *body = lower_block(l, &s->body);
    if (body) *riv_push(l->arena, l->out) = body;
}

/* The pieces of body[*i], moved past it and what belongs to it. */
static models lower_stmt(lowerer *l, const stmts *body, size_t *i)
{
    const stmt *s    = body->ptr[(*i)++];
    const stmt *next = *i < body->len ? body->ptr[*i] : NULL;
    models      list = { 0 }, *out = l->out;
    if (aqua__too_deep(l, s->at)) return list;
    l->out = &list;
    switch (s->kind) {
    case ST_SERVICE_ID:
        bind(l, s->symbols[0], aqua__data(l, aqua__as_data(l, aqua__lower_value(l, s->exprs[0]))));
        break;
    case ST_PUSH: lower_push(l, s); break;
    case ST_FOR: lower_for(l, s); break;
    case ST_ON: lower_on(l, s); break;
    case ST_IF:
        if (next && next->kind == ST_ELSE) ++*i;
        lower_if(l, s, next && next->kind == ST_ELSE ? next : NULL);
        break;
    case ST_TRY: lower_try(l, s, !next || (next->kind != ST_CATCH && next->kind != ST_OTHERWISE)); break;
    case ST_CATCH: lower_catch(l, s); break;
    case ST_OTHERWISE: lower_try(l, s, false); break;
    case ST_PARSEQ: lower_parseq(l, s); break;
    case ST_JOIN: lower_join(l, s); break;
    case ST_DECLARE: lower_declare(l, s); break;
    case ST_CLOSURE: lower_closure(l, s); break;
    case ST_ASSIGN: lower_assign(l, s); break;
    case ST_CALL: lower_call_stmt(l, s); break;
    case ST_RETURN: /* evaluated when all other statements are done */
    case ST_ELSE:
    case ST_BAD: break;
    }
    l->out = out;
    l->depth--;
    if (s->prefix != PREFIX_CO || list.len == 0) return list;
    model *detach = aqua__model(l->arena, M_DETACH);
    aqua__adopt(l->arena, detach, aqua__wrap_list(l, M_SEQ, &list));
    models one                = { 0 };
    *riv_push(l->arena, &one) = detach;
    return one;
}

/* ---- the wrapper of an exported function ---- */

static model *init_call(lowerer *l, const char *service, riv_str function, var *out)
{
    model *call    = aqua__emit(l, M_CALL);
    call->a        = aqua__of_text(riv_format(l->arena, "\"%s\"", service));
    call->function = function;
    call->out      = out;
    return call;
}

static void add_arg(lowerer *l, model *call, operand arg)
{
    call->list                     = riv_arena_grow(l->arena, call->list, call->list_count * sizeof arg,
                                                    (call->list_count + 1) * sizeof arg, _Alignof(operand));
    call->list[call->list_count++] = arg;
}

/* A stream argument comes as an array and is poured into a stream. */
static var *stream_argument(lowerer *l, riv_str name)
{
    var *iter   = aqua__fresh(l, AIR_VAR_SCALAR, name, "-iter");
    var *item   = aqua__fresh(l, AIR_VAR_SCALAR, name, "-item");
    var *stream = aqua__fresh(l, AIR_VAR_STREAM, riv_format(l->arena, "-" RIV_FMT "-arg-", RIV_ARG(name)), "");
    init_call(l, "getDataSrv", name, iter);
    model *loop = aqua__emit(l, M_FOR);
    loop->a     = aqua__of_var(iter);
    loop->out   = item;
    aqua__adopt(l->arena, loop, ap_model(l, aqua__of_var(item), stream));
    aqua__adopt(l->arena, loop, next_of(l, item));
    return stream;
}

static const value *entry_argument(lowerer *l, const field *param)
{
    if (param->type->kind == TY_ARROW) {
        value *v = riv_new(l->arena, value, 1);
        v->kind  = VAL_CALLBACK;
        v->name  = param->name;
        v->type  = param->type;
        return v;
    }
    if (param->type->kind == TY_STREAM) return aqua__data(l, aqua__of_var(stream_argument(l, param->name)));
    var *v = aqua__fresh(l, AIR_VAR_SCALAR, riv_format(l->arena, "-" RIV_FMT "-arg-", RIV_ARG(param->name)), "");
    init_call(l, "getDataSrv", param->name, v);
    return aqua__data(l, aqua__of_var(v));
}

static operand entry_result(lowerer *l, const value *v)
{
    if (!aqua__is_stream(v)) return aqua__as_data(l, v);
    return aqua__flat(l, aqua__as_data(l, v), RIV_LIT("-result-"));
}

static void lower_entry(lowerer *l, const decl *func)
{
    const type   *t       = func->def;
    const value **args    = riv_new(l->arena, const value *, t->fields_count + 1);
    const value **results = riv_new(l->arena, const value *, t->results_count + 1);
    if (!l->c->in->options.no_relay) init_call(l, "getDataSrv", RIV_LIT("-relay-"), l->relay);
    for (size_t i = 0; i < t->fields_count; i++) args[i] = entry_argument(l, &t->fields[i]);
    value self = { .kind = VAL_ARROW, .type = t, .arrow = func->arrow };
    aqua__call_entry(l, &self, args, results);
    if (l->failed || (t->results_count == 0 && l->c->in->options.no_empty_response)) return;
    operand *given = riv_new(l->arena, operand, t->results_count + 1);
    for (size_t i = 0; i < t->results_count; i++) given[i] = entry_result(l, results[i]);
    model *call = init_call(l, "callbackSrv", RIV_LIT("response"), NULL);
    for (size_t i = 0; i < t->results_count; i++) add_arg(l, call, given[i]);
}

model *aqua__lower(compiler *c, const decl *func)
{
    models      list = { 0 };
    restriction own  = { 0 };
    lowerer     l    = { .c       = c,
                         .arena   = c->arena,
                         .src     = &func->module->src,
                         .names   = riv_map_new(c->arena),
                         .entry   = func->arrow,
                         .out     = &list,
                         .streams = &own };
    l.relay          = aqua__fresh(&l, AIR_VAR_SCALAR, RIV_LIT("-relay-"), "");
    l.error          = aqua__fresh(&l, AIR_VAR_SCALAR, RIV_LIT(":error:"), "");
    l.error->special = true;
    lower_entry(&l, func);
    if (l.failed) return NULL;
    model *root   = aqua__home(&l);
    model *body   = aqua__restrict(&l, &own, &list);
    models tail   = { 0 };
    l.out         = &tail;
    model *report = init_call(&l, "errorHandlingSrv", RIV_LIT("error"), NULL);
    add_arg(&l, report, aqua__of_var(l.error));
    add_arg(&l, report, aqua__of_text(RIV_LIT("0")));
    aqua__adopt(c->arena, root, xor_of(&l, body, report));
    return root;
}
