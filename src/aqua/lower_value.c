/* lower_value.c: values into operands, and the instructions that compute what is no operand by itself.
 * Spec: docs/spec/aqua.md §10.4, §10.6. Tests: lower_test.c. */
#include "aqua/lower_internal.h"

static const value *lower_kind(lowerer *l, const expr *e);

const value *aqua__data(lowerer *l, operand data)
{
    value *v = riv_new(l->arena, value, 1);
    v->kind  = VAL_DATA;
    v->data  = data;
    return v;
}

static const value *of_var(lowerer *l, var *v) { return aqua__data(l, aqua__of_var(v)); }

static const value *of_text(lowerer *l, riv_str text) { return aqua__data(l, aqua__of_text(text)); }

bool aqua__is_stream(const value *v)
{
    return v->kind == VAL_DATA && v->data.var && v->data.lenses_count == 0 &&
           (v->data.var->kind == AIR_VAR_STREAM || v->data.var->kind == AIR_VAR_MAP);
}

/* A variable's name without its sigil, as the start of another's. */
static riv_str stem(const var *v)
{
    size_t from = 0;
    while (from < v->name.len && (v->name.ptr[from] == '$' || v->name.ptr[from] == '%' || v->name.ptr[from] == '#'))
        from++;
    return v->special ? RIV_LIT("error") : riv_str_sub(v->name, from, v->name.len);
}

static void ap(lowerer *l, operand from, var *to)
{
    model *m = aqua__emit(l, M_AP);
    m->a     = from;
    m->out   = to;
}

void aqua__push(lowerer *l, operand data, var *stream) { ap(l, data, stream); }

static var *canon(lowerer *l, var *in, air_var_kind kind, riv_str base, const char *suffix)
{
    model *m = aqua__emit(l, M_CANON);
    m->in    = in;
    m->out   = aqua__fresh(l, kind, base, suffix);
    return m->out;
}

operand aqua__as_data(lowerer *l, const value *v)
{
    RIV_ASSERT(v->kind == VAL_DATA);
    if (!aqua__is_stream(v)) return v->data;
    bool map = v->data.var->kind == AIR_VAR_MAP;
    return aqua__of_var(canon(l, v->data.var, map ? AIR_VAR_CANON_MAP : AIR_VAR_CANON, stem(v->data.var), "_canon"));
}

operand aqua__flat(lowerer *l, operand data, riv_str base)
{
    var *to = aqua__fresh(l, AIR_VAR_SCALAR, base, "");
    ap(l, data, to);
    return aqua__of_var(to);
}

static operand with_lens(lowerer *l, operand base, lens added)
{
    lens *way = riv_new(l->arena, lens, base.lenses_count + 1);
    if (!base.var) base = aqua__flat(l, base, RIV_LIT("literal"));
    for (size_t i = 0; i < base.lenses_count; i++) way[i] = base.lenses[i];
    way[base.lenses_count] = added;
    base.lenses            = way;
    base.lenses_count++;
    return base;
}

const value *aqua__lookup(lowerer *l, const symbol *s)
{
    const activation *act = l->act;
    while (act && act->arrow != s->owner) act = act->parent;
    RIV_ASSERT(act && act->slots[s->slot]);
    return act->slots[s->slot];
}

/* ---- several values at once ---- */

/* SPEC aqua.md 10.10: arguments of one call that need computing are evaluated */
static void lower_in_par(lowerer *l, expr *const *exprs, size_t count, const value **values, operand *operands)
{
    models branches = { 0 }, *outer = l->out;
    for (size_t i = 0; i < count && !l->failed; i++) {
        models own     = { 0 };
        l->out         = &own;
        const value *v = aqua__lower_value(l, exprs[i]);
        if (values) values[i] = v;
        if (operands) operands[i] = aqua__as_data(l, v);
        if (own.len) *riv_push(l->arena, &branches) = aqua__wrap_list(l, M_SEQ, &own);
    }
    l->out = outer;
    if (branches.len) *riv_push(l->arena, outer) = aqua__wrap_list(l, M_PAR, &branches);
}

void aqua__lower_values(lowerer *l, expr *const *exprs, size_t count, const value **out)
{
    lower_in_par(l, exprs, count, out, NULL);
}

void aqua__lower_operands(lowerer *l, expr *const *exprs, size_t count, operand *out)
{
    memset(out, 0, count * sizeof *out);
    lower_in_par(l, exprs, count, NULL, out);
}

/* ---- names and properties ---- */

static const value *constant(lowerer *l, const symbol *s)
{
    if (riv_str_eq(s->text, RIV_LIT("-relay-"))) return of_var(l, l->relay);
    if (riv_str_eq(s->text, RIV_LIT(":error:"))) return of_var(l, l->error);
    return of_text(l, s->text);
}

static const value *lower_symbol(lowerer *l, const symbol *s)
{
    value *v;
    switch (s->kind) {
    case SYM_CONST: return constant(l, s);
    case SYM_VALUE:
    case SYM_SERVICE_ID: return aqua__lookup(l, s);
    case SYM_FUNC: break;
    }
    v        = riv_new(l->arena, value, 1);
    v->kind  = VAL_ARROW;
    v->type  = s->type;
    v->arrow = s->decl->arrow;
    return v;
}

static const value *record_field(const value *record, riv_str name)
{
    for (size_t i = 0; i < record->fields_count; i++)
        if (riv_str_eq(record->fields[i].name, name)) return record->values[i];
    RIV_UNREACHABLE();
}

/* SPEC aqua.md 10.4: Functors are emitted */
static operand length_of(lowerer *l, const value *v)
{
    operand data   = aqua__as_data(l, v);
    riv_str base   = data.var ? stem(data.var) : RIV_LIT("list");
    bool    direct = data.var && data.lenses_count == 0 && data.var->kind == AIR_VAR_CANON;
    if (!direct) data = aqua__flat(l, data, base);
    return aqua__flat(l, with_lens(l, data, (lens){ LENS_LENGTH, RIV_LIT("length"), NULL }), base);
}

static const value *lower_field(lowerer *l, const expr *e)
{
    if (e->target == TARGET_SYMBOL) return lower_symbol(l, e->symbol);
    if (e->target == TARGET_SERVICE) return aqua__service_record(l, e);
    const value *base = aqua__lower_value(l, e->base);
    if (l->failed) return base;
    if (base->kind == VAL_RECORD) return record_field(base, e->text);
    if (aqua__is_collection(e->base->type)) return aqua__data(l, length_of(l, base));
    operand member = with_lens(l, base->data, (lens){ LENS_FIELD, e->text, NULL });
    return aqua__data(l, l->eager ? aqua__flat(l, member, e->text) : member);
}

/* ---- indexes and gates ---- */

static model *call_builtin(lowerer *l, const char *service, const char *function, operand a, operand b)
{
    model *m      = aqua__emit(l, M_CALL);
    m->a          = aqua__of_text(riv_format(l->arena, "\"%s\"", service));
    m->function   = riv_str_c(function);
    m->list       = riv_new(l->arena, operand, 2);
    m->list[0]    = a;
    m->list[1]    = b;
    m->list_count = 2;
    m->out        = aqua__fresh(l, AIR_VAR_SCALAR, m->function, "");
    return m;
}

static bool literal_int(const operand *o, int64_t *out)
{
    if (o->var || o->text.len == 0) return false;
    bool     negative = o->text.ptr[0] == '-';
    uint64_t v;
    if (!riv_str_u64(riv_str_sub(o->text, negative ? 1 : 0, o->text.len), &v) || v > INT64_MAX) return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

static operand int_text(lowerer *l, int64_t v) { return aqua__of_text(riv_format(l->arena, "%lld", (long long)v)); }

static operand plus_one(lowerer *l, operand index)
{
    int64_t v;
    if (literal_int(&index, &v) && v < INT64_MAX) return int_text(l, v + 1);
    return aqua__of_var(call_builtin(l, "math", "add", index, aqua__of_text(RIV_LIT("1")))->out);
}

/* Waits until stream holds `size` elements and leaves them in a scalar:
 *   (new $test (seq (fold $s it (seq (seq (ap it $test) (canon P $test #it)) (xor (match #it.length size (null)) (next it))) (never))
 *                   (seq (canon P $test #result) (ap #result gate))))
 * SPEC aqua.md 10.6: Each occurrence creates its own gate */
static var *gate(lowerer *l, var *stream, operand size)
{
    riv_str base  = stem(stream);
    var    *test  = aqua__fresh(l, AIR_VAR_STREAM, base, "_test");
    var    *item  = aqua__fresh(l, AIR_VAR_SCALAR, base, "_fold_var");
    models *outer = l->out;
    model  *whole = aqua__model(l->arena, M_NEW), *fold = aqua__model(l->arena, M_FOR);
    model  *stop = aqua__model(l->arena, M_XOR), *enough = aqua__model(l->arena, M_MATCH),
          *next  = aqua__model(l->arena, M_NEXT);
    lens *length = riv_new(l->arena, lens, 1);
    *length      = (lens){ LENS_LENGTH, RIV_LIT("length"), NULL };
    fold->a      = aqua__of_var(stream);
    fold->out    = item;
    fold->never  = true;
    l->out       = &fold->kids;
    ap(l, aqua__of_var(item), test);
    var *so_far = canon(l, test, AIR_VAR_CANON, base, "_iter_canon");
    enough->a   = (operand){ .var = so_far, .lenses = length, .lenses_count = 1 };
    enough->b   = size;
    next->out   = item;
    aqua__adopt(l->arena, enough, aqua__model(l->arena, M_NULL));
    aqua__adopt(l->arena, stop, enough);
    aqua__adopt(l->arena, stop, next);
    aqua__adopt(l->arena, fold, stop);
    whole->out                  = test;
    l->out                      = &whole->kids;
    *riv_push(l->arena, l->out) = fold;
    var *result                 = canon(l, test, AIR_VAR_CANON, base, "_result_canon");
    var *opened                 = aqua__fresh(l, AIR_VAR_SCALAR, base, "_gate");
    ap(l, aqua__of_var(result), opened);
    l->out                     = outer;
    *riv_push(l->arena, outer) = whole;
    return opened;
}

/* An index that no list has stands in a variable: it fails where it is used, and can be caught there. */
static lens index_lens(lowerer *l, operand index)
{
    int64_t literal;
    bool    fits = literal_int(&index, &literal) && literal >= 0 && literal <= UINT32_MAX;
    if (fits) return (lens){ LENS_INDEX, index.text, NULL };
    bool plain = index.var && index.lenses_count == 0 && index.var->kind == AIR_VAR_SCALAR && !index.var->special;
    if (!plain) index = aqua__flat(l, index, RIV_LIT("index"));
    return (lens){ LENS_VAR, index.var->name, index.var };
}

static operand lower_index_value(lowerer *l, const expr *e)
{
    bool eager    = l->eager;
    l->eager      = false;
    operand index = aqua__as_data(l, aqua__lower_value(l, e));
    l->eager      = eager;
    return index;
}

static const value *lower_index(lowerer *l, const expr *e)
{
    const value *base = aqua__lower_value(l, e->base);
    if (l->failed) return base;
    operand index = lower_index_value(l, e->right);
    if (l->failed) return base;
    if (!aqua__is_stream(base)) return aqua__data(l, with_lens(l, base->data, index_lens(l, index)));
    operand size  = plus_one(l, index);
    var    *ready = gate(l, base->data.var, size);
    return aqua__data(l, with_lens(l, aqua__of_var(ready), index_lens(l, index)));
}

/* ---- constructions ---- */

static size_t arg_named(const expr *e, riv_str name)
{
    for (size_t i = 0; i < e->args_count; i++)
        if (riv_str_eq(e->arg_names[i], name)) return i;
    return SIZE_MAX;
}

/* An ability's fields are evaluated beside each other, in the order of their names. */
static const value *record_of(lowerer *l, const expr *e)
{
    const type *t      = e->type;
    value      *v      = riv_new(l->arena, value, 1);
    expr      **fields = riv_new(l->arena, expr *, t->fields_count + 1);
    v->kind            = VAL_RECORD;
    v->type            = t;
    v->fields          = t->fields;
    v->fields_count    = t->fields_count;
    v->values          = riv_new(l->arena, const value *, t->fields_count + 1);
    for (size_t i = 0; i < t->fields_count; i++) fields[i] = e->args[arg_named(e, t->fields[i].name)];
    aqua__lower_values(l, fields, t->fields_count, v->values);
    return v;
}

static operand quoted(lowerer *l, riv_str name)
{
    return aqua__of_text(riv_format(l->arena, "\"" RIV_FMT "\"", RIV_ARG(name)));
}

/* (new %m (seq (ap ("field" v) %m) ... (canon P %m object))) */
static const value *object_of(lowerer *l, riv_str type_name, const riv_str *fields, const operand *values, size_t count)
{
    riv_str base  = type_name.len ? type_name : RIV_LIT("data");
    model  *whole = aqua__model(l->arena, M_NEW);
    models *outer = l->out;
    whole->out    = aqua__fresh(l, AIR_VAR_MAP, base, "_obj_map");
    l->out        = &whole->kids;
    for (size_t i = 0; i < count; i++) {
        model *put = aqua__emit(l, M_AP_MAP);
        put->a     = quoted(l, fields[i]);
        put->b     = values[i];
        put->out   = whole->out;
    }
    var *object                = canon(l, whole->out, AIR_VAR_SCALAR, base, "_obj");
    l->out                     = outer;
    *riv_push(l->arena, outer) = whole;
    return of_var(l, object);
}

/* Fields in the order of their names; what is given beyond those of the type (it was warned of) stands in the object too. */
static const value *lower_construct(lowerer *l, const expr *e)
{
    const type *t = e->type;
    if (t->kind == TY_ABILITY) return record_of(l, e);
    operand *values = riv_new(l->arena, operand, e->args_count + 1);
    expr   **items  = riv_new(l->arena, expr *, e->args_count + 1);
    riv_str *fields = riv_new(l->arena, riv_str, e->args_count + 1);
    size_t   count  = 0;
    for (size_t i = 0; i < t->fields_count; i++) items[count++] = e->args[arg_named(e, t->fields[i].name)];
    for (size_t i = 0; i < e->args_count; i++)
        if (!aqua__field_type(t, e->arg_names[i])) items[count++] = e->args[i];
    for (size_t i = 0, extra = t->fields_count; i < e->args_count; i++)
        if (!aqua__field_type(t, e->arg_names[i])) fields[extra++] = e->arg_names[i];
    for (size_t i = 0; i < t->fields_count; i++) fields[i] = t->fields[i].name;
    aqua__lower_operands(l, items, count, values);
    return object_of(l, t->name, fields, values, count);
}

static const value *lower_copy(lowerer *l, const expr *e)
{
    const type  *t      = e->type;
    operand     *values = riv_new(l->arena, operand, t->fields_count + 1);
    riv_str     *fields = riv_new(l->arena, riv_str, t->fields_count + 1);
    operand     *given  = riv_new(l->arena, operand, e->args_count + 1);
    const value *base   = aqua__lower_eager(l, e->base);
    if (l->failed) return base;
    aqua__lower_operands(l, e->args, e->args_count, given);
    for (size_t i = 0; i < t->fields_count && !l->failed; i++) {
        size_t at = arg_named(e, t->fields[i].name);
        fields[i] = t->fields[i].name;
        values[i] = at == SIZE_MAX ? with_lens(l, base->data, (lens){ LENS_FIELD, fields[i], NULL }) : given[at];
    }
    return object_of(l, t->name, fields, values, t->fields_count);
}

/* (new $t (seq V1 (ap v1 $t) V2 (ap v2 $t) ... (canon P $t #array))): an item that cannot be had leaves those behind it uncomputed. */
static const value *lower_array(lowerer *l, const expr *e)
{
    if (e->args_count == 0) return of_text(l, RIV_LIT("[]"));
    model  *whole = aqua__model(l->arena, M_NEW);
    models *outer = l->out;
    whole->out    = aqua__fresh(l, AIR_VAR_STREAM, RIV_LIT("array-inline"), "");
    l->out        = &whole->kids;
    for (size_t i = 0; i < e->args_count && !l->failed; i++)
        ap(l, aqua__as_data(l, aqua__lower_value(l, e->args[i])), whole->out);
    var *array                 = canon(l, whole->out, AIR_VAR_CANON, RIV_LIT("array"), "_canon");
    l->out                     = outer;
    *riv_push(l->arena, outer) = whole;
    return of_var(l, array);
}

/* The first item that can be evaluated, or none. */
static const value *lower_option(lowerer *l, const expr *e)
{
    if (e->args_count == 0) return of_text(l, RIV_LIT("[]"));
    model  *whole = aqua__model(l->arena, M_NEW), *first = aqua__model(l->arena, M_XOR);
    models *outer = l->out;
    whole->out    = aqua__fresh(l, AIR_VAR_STREAM, RIV_LIT("option-inline"), "");
    for (size_t i = 0; i < e->args_count && !l->failed; i++) {
        models own = { 0 };
        l->out     = &own;
        ap(l, aqua__as_data(l, aqua__lower_value(l, e->args[i])), whole->out);
        aqua__adopt(l->arena, first, aqua__wrap_list(l, M_SEQ, &own));
    }
    aqua__adopt(l->arena, first, aqua__model(l->arena, M_NULL));
    l->out                      = &whole->kids;
    *riv_push(l->arena, l->out) = first;
    var *option                 = canon(l, whole->out, AIR_VAR_CANON, RIV_LIT("option"), "_canon");
    l->out                      = outer;
    *riv_push(l->arena, outer)  = whole;
    return of_var(l, option);
}

/* All items are computed before the first is pushed. */
static const value *lower_stream(lowerer *l, const expr *e)
{
    var     *stream                        = aqua__fresh(l, AIR_VAR_STREAM, RIV_LIT("stream-inline"), "");
    operand *items                         = riv_new(l->arena, operand, e->args_count + 1);
    *riv_push(l->arena, &l->streams->vars) = stream;
    for (size_t i = 0; i < e->args_count && !l->failed; i++)
        items[i] = aqua__as_data(l, aqua__lower_value(l, e->args[i]));
    for (size_t i = 0; i < e->args_count && !l->failed; i++) ap(l, items[i], stream);
    return of_var(l, stream);
}

/* ---- operators ---- */

static bool is_text(const operand *o, const char *text) { return !o->var && riv_str_eq(o->text, riv_str_c(text)); }

static model *match_node(lowerer *l, model_kind kind, operand a, operand b)
{
    model *m = aqua__model(l->arena, kind);
    m->a     = a;
    m->b     = b;
    return m;
}

static model *ap_node(lowerer *l, operand from, var *to)
{
    model *m = aqua__model(l->arena, M_AP);
    m->a     = from;
    m->out   = to;
    return m;
}

/* (xor (match a b (ap yes r)) (ap no r)) */
static const value *choose(lowerer *l, model *match, const char *yes, const char *no, const char *name)
{
    var   *result = aqua__fresh(l, AIR_VAR_SCALAR, riv_str_c(name), "");
    model *either = aqua__emit(l, M_XOR);
    aqua__adopt(l->arena, match, ap_node(l, aqua__of_text(riv_str_c(yes)), result));
    aqua__adopt(l->arena, either, match);
    aqua__adopt(l->arena, either, ap_node(l, aqua__of_text(riv_str_c(no)), result));
    return of_var(l, result);
}

static const value *lower_not(lowerer *l, const expr *e)
{
    operand a = aqua__as_data(l, aqua__lower_value(l, e->base));
    if (is_text(&a, "true")) return of_text(l, RIV_LIT("false"));
    if (is_text(&a, "false")) return of_text(l, RIV_LIT("true"));
    return choose(l, match_node(l, M_MATCH, a, aqua__of_text(RIV_LIT("true"))), "false", "true", "not");
}

static const value *lower_equal(lowerer *l, const expr *e)
{
    operand a = aqua__as_data(l, aqua__lower_value(l, e->base)), b = aqua__as_data(l, aqua__lower_value(l, e->right));
    bool    equal = e->op == OP_EQ;
    bool    known = !a.var && !b.var && a.text.ptr[0] != '%' && b.text.ptr[0] != '%';
    if (known) return of_text(l, riv_str_eq(a.text, b.text) == equal ? RIV_LIT("true") : RIV_LIT("false"));
    return choose(l, match_node(l, equal ? M_MATCH : M_MISMATCH, a, b), "true", "false", equal ? "eq" : "neq");
}

/* (xor (match a false (ap a r)) (seq B (ap b r))): b is evaluated only when a does not decide. */
static const value *lower_logic(lowerer *l, const expr *e)
{
    const char *decides = e->op == OP_AND ? "false" : "true";
    operand     a       = aqua__as_data(l, aqua__lower_value(l, e->base));
    if (l->failed || is_text(&a, decides)) return aqua__data(l, a);
    if (!a.var) return aqua__data(l, aqua__as_data(l, aqua__lower_value(l, e->right)));
    models right = { 0 }, *outer = l->out;
    l->out         = &right;
    operand b      = aqua__as_data(l, aqua__lower_value(l, e->right));
    l->out         = outer;
    var   *result  = aqua__fresh(l, AIR_VAR_SCALAR, e->op == OP_AND ? RIV_LIT("and") : RIV_LIT("or"), "");
    model *decided = match_node(l, M_MATCH, a, aqua__of_text(riv_str_c(decides)));
    aqua__adopt(l->arena, decided, ap_node(l, a, result));
    *riv_push(l->arena, &right) = ap_node(l, b, result);
    model *either               = aqua__emit(l, M_XOR);
    aqua__adopt(l->arena, either, decided);
    aqua__adopt(l->arena, either, aqua__wrap_list(l, M_SEQ, &right));
    return of_var(l, result);
}

/* One term of a sum: literals are gathered, the rest is added to what there is. */
typedef struct sum {
    operand so_far;
    bool    any;
    int64_t literal;
} sum;

static void add_term(lowerer *l, sum *s, operand term, bool minus)
{
    int64_t v, total;
    if (literal_int(&term, &v) &&
        !(minus ? __builtin_sub_overflow(s->literal, v, &total) : __builtin_add_overflow(s->literal, v, &total))) {
        s->literal = total;
        return;
    }
    if (!s->any && !minus) {
        s->so_far = term;
        s->any    = true;
        return;
    }
    if (!s->any) { /* the literals are what this one is taken from */
        s->so_far  = int_text(l, s->literal);
        s->literal = 0;
        s->any     = true;
    }
    s->so_far = aqua__of_var(call_builtin(l, "math", minus ? "sub" : "add", s->so_far, term)->out);
}

static void add_terms(lowerer *l, sum *s, const expr *e, bool minus)
{
    bool chain = e->kind == EX_BINARY && (e->op == OP_ADD || e->op == OP_SUB);
    if (!chain) {
        add_term(l, s, aqua__as_data(l, aqua__lower_value(l, e)), minus);
        return;
    }
    add_terms(l, s, e->base, minus);
    if (!l->failed) add_terms(l, s, e->right, minus != (e->op == OP_SUB));
}

static const value *lower_sum(lowerer *l, const expr *e)
{
    sum s = { 0 };
    add_terms(l, &s, e, false);
    if (l->failed || !s.any) return aqua__data(l, int_text(l, s.literal));
    if (s.literal == 0) return aqua__data(l, s.so_far);
    bool minus = s.literal < 0 && s.literal > INT64_MIN;
    return of_var(
        l, call_builtin(l, "math", minus ? "sub" : "add", s.so_far, int_text(l, minus ? -s.literal : s.literal))->out);
}

static bool power(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return false;
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) return false;
    }
    *out = result;
    return true;
}

/* What two integer literals give, where that is sure. */
static bool fold(binary_op op, int64_t a, int64_t b, int64_t *out)
{
    switch ((int)op) {
    case OP_MUL: return !__builtin_mul_overflow(a, b, out);
    case OP_DIV:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        *out = a / b;
        return true;
    case OP_REM:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        *out = a % b;
        return true;
    case OP_POW: return b >= 0 && power(a, b, out);
    default: return false;
    }
}

static bool fold_compare(binary_op op, int64_t a, int64_t b)
{
    return op == OP_GT ? a > b : op == OP_GE ? a >= b : op == OP_LT ? a < b : a <= b;
}

static const value *lower_math(lowerer *l, const expr *e)
{
    operand a = aqua__as_data(l, aqua__lower_value(l, e->base)), b = aqua__as_data(l, aqua__lower_value(l, e->right));
    bool    compare = e->op == OP_GT || e->op == OP_GE || e->op == OP_LT || e->op == OP_LE;
    int64_t x, y, result;
    if (literal_int(&a, &x) && literal_int(&b, &y)) {
        if (compare) return of_text(l, fold_compare(e->op, x, y) ? RIV_LIT("true") : RIV_LIT("false"));
        if (fold(e->op, x, y, &result)) return aqua__data(l, int_text(l, result));
    }
    const char *name = NULL;
    switch ((int)e->op) {
    case OP_GT: name = "gt"; break;
    case OP_GE: name = "gte"; break;
    case OP_LT: name = "lt"; break;
    case OP_LE: name = "lte"; break;
    case OP_MUL: name = aqua__is_float(e->base->type) || aqua__is_float(e->right->type) ? "fmul" : "mul"; break;
    case OP_DIV: name = "div"; break;
    case OP_REM: name = "rem"; break;
    case OP_POW: name = "pow"; break;
    default: RIV_UNREACHABLE();
    }
    return of_var(l, call_builtin(l, compare ? "cmp" : "math", name, a, b)->out);
}

static const value *lower_binary(lowerer *l, const expr *e)
{
    switch (e->op) {
    case OP_OR:
    case OP_AND: return lower_logic(l, e);
    case OP_EQ:
    case OP_NE: return lower_equal(l, e);
    case OP_ADD:
    case OP_SUB: return lower_sum(l, e);
    case OP_GE:
    case OP_LE:
    case OP_GT:
    case OP_LT:
    case OP_MUL:
    case OP_DIV:
    case OP_REM:
    case OP_POW: return lower_math(l, e);
    }
    RIV_UNREACHABLE();
}

static const value *lower_call_value(lowerer *l, const expr *e)
{
    const value **results = riv_new(l->arena, const value *, e->callee->results_count + 1);
    aqua__lower_call(l, e, NULL, results);
    return l->failed ? of_text(l, RIV_LIT("[]")) : results[0];
}

static const value *lower_kind(lowerer *l, const expr *e)
{
    switch (e->kind) {
    case EX_LITERAL: return of_text(l, e->text);
    case EX_NAME: return e->target == TARGET_SERVICE ? aqua__service_record(l, e) : lower_symbol(l, e->symbol);
    case EX_ARRAY: return lower_array(l, e);
    case EX_OPTION: return lower_option(l, e);
    case EX_STREAM: return lower_stream(l, e);
    case EX_CONSTRUCT: return lower_construct(l, e);
    case EX_CALL:
    case EX_METHOD: return lower_call_value(l, e);
    case EX_FIELD: return lower_field(l, e);
    case EX_INDEX: return lower_index(l, e);
    case EX_COPY: return lower_copy(l, e);
    case EX_NOT: return lower_not(l, e);
    case EX_BINARY: return lower_binary(l, e);
    }
    RIV_UNREACHABLE();
}

/* Parts of these are parts of the same value. */
static bool hands_on(expr_kind kind)
{
    return kind == EX_FIELD || kind == EX_INDEX || kind == EX_NOT || kind == EX_BINARY;
}

const value *aqua__lower_value(lowerer *l, const expr *e)
{
    if (aqua__too_deep(l, e->at)) return of_text(l, RIV_LIT("[]"));
    bool eager     = l->eager;
    l->eager       = eager && hands_on(e->kind);
    const value *v = lower_kind(l, e);
    l->eager       = eager;
    l->depth--;
    return v;
}

const value *aqua__lower_eager(lowerer *l, const expr *e)
{
    l->eager       = true;
    const value *v = aqua__lower_value(l, e);
    l->eager       = false;
    return v;
}
