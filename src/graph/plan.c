/* plan.c: one operation with its variables, ready to run: fragments melted in, equal answers merged, filters and orders compiled.
 * It was checked before (check.c): names are known, values are of their types. Spec: GraphQL October 2021, 6.3; docs/spec/graph.md 3. Tests: answer_test.c. */
#include "codec/codec.h"
#include "graph/document.h"

enum { SET_FROM = 8 }; /* values; fewer are held against each other */

typedef RIV_VEC(const graph__selections *) sources;
typedef struct gathered { /* an answer's key, and every place that asks for it */
    graph__pick             pick;
    const graph__selection *first;
    sources                 within;
} gathered;
typedef struct gathering {
    int      scope;
    riv_map *by_key;
    RIV_VEC(gathered *) all;
    uint8_t *visited; /* fragments, by number */
} gathering;

static riv_err plan(graph__run *run, int scope, const sources *from, graph__picks *out);
static riv_err compile_arguments(graph__run *run, const graph__selection *s, graph__pick *pick);

riv_err graph__plan(graph__run *run, graph__picks *out)
{
    sources from                 = { 0 };
    *riv_push(run->arena, &from) = &run->values.operation->selections;
    return plan(run, GRAPH__QUERY, &from, out);
}

riv_err graph__charge(graph__run *run, uint64_t steps, uint64_t pos)
{
    run->steps += steps;
    if (run->steps <= GRAPH_STEPS_MAX) return RIV_OK;
    return riv_fail(run->fault, RIV_E_LIMIT, pos,
                    "The query costs more than %d steps: ask for fewer rows, or filter by id", GRAPH_STEPS_MAX);
}

/* ---- merging. SPEC GraphQL 6.3.2: CollectFields ---- */

static bool included(const graph__run *run, const graph__selection *s)
{
    for (size_t i = 0; i < s->directives_count; i++) {
        const graph__node *given = graph__node_of(&run->values, &s->directives[i].args[0].value);
        bool               truth = given && given->truth;
        if (truth != riv_str_eq(s->directives[i].name, RIV_LIT("include"))) return false;
    }
    return true;
}

static bool same_args(const graph__arg *a, size_t a_count, const graph__arg *b, size_t b_count, bool ordered);

static bool same_node(const graph__node *a, const graph__node *b)
{
    if (a->kind != b->kind) return false;
    if (a->kind == GRAPH__L_LIST || a->kind == GRAPH__L_OBJECT)
        return same_args(a->items, a->items_count, b->items, b->items_count, a->kind == GRAPH__L_LIST);
    return a->truth == b->truth && riv_str_eq(a->text, b->text);
}

static bool same_args(const graph__arg *a, size_t a_count, const graph__arg *b, size_t b_count, bool ordered)
{
    if (a_count != b_count) return false;
    for (size_t i = 0; i < a_count; i++) {
        size_t k = i;
        if (!ordered)
            for (k = 0; k < b_count && !riv_str_eq(a[i].name, b[k].name);) k++;
        if (k == b_count || !same_node(&a[i].value, &b[k].value)) return false;
    }
    return true;
}

static riv_err conflict(graph__run *run, const graph__selection *s, const char *why)
{
    return riv_fail(run->fault, RIV_E_MALFORMED, s->pos,
                    "`" RIV_FMT "` is asked for twice with different %s: give one of them an alias",
                    RIV_ARG(riv_str_sub(s->alias, 0, 60)), why);
}

static riv_err gather_field(graph__run *run, gathering *into, const graph__selection *s)
{
    gathered *known = riv_map_get_str(into->by_key, s->alias);
    if (known) {
        if (!riv_str_eq(known->first->name, s->name)) return conflict(run, s, "fields");
        if (!same_args(known->first->args, known->first->args_count, s->args, s->args_count, false))
            return conflict(run, s, "arguments");
    } else {
        if (++run->picks > GRAPH__PICKS_MAX)
            return riv_fail(run->fault, RIV_E_LIMIT, s->pos, "The query has more than %d fields, fragments melted in",
                            GRAPH__PICKS_MAX);
        known             = riv_new(run->arena, gathered, 1);
        known->first      = s;
        known->pick.key   = s->alias;
        known->pick.pos   = s->pos;
        known->pick.scope = into->scope;
        RIV_ASSERT(graph__mean(into->scope, s->name, &known->pick.meaning));
        riv_map_put_str(into->by_key, s->alias, known);
        *riv_push(run->arena, &into->all) = known;
    }
    if (s->braces) *riv_push(run->arena, &known->within) = &s->kids;
    return RIV_OK;
}

/* Fragments nest no deeper than the check allows. */
static riv_err gather(graph__run *run, gathering *into, const graph__selections *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const graph__selection *s = &list->items[i];
        RIV_TRY(graph__charge(run, GRAPH__PLAN_STEPS, s->pos));
        if (riv_arena_over(run->arena))
            return riv_fail(run->fault, RIV_E_LIMIT, s->pos, "The query takes too much memory");
        if (!included(run, s)) continue;
        if (s->kind == GRAPH__FIELD) {
            RIV_TRY(gather_field(run, into, s));
        } else if (s->kind == GRAPH__INLINE) {
            RIV_TRY(gather(run, into, &s->kids));
        } else {
            const graph__fragment *f = riv_map_get_str(run->doc->fragments, s->name);
            if (into->visited[f->number]) continue;
            into->visited[f->number] = 1;
            RIV_TRY(gather(run, into, &f->selections));
        }
    }
    return RIV_OK;
}

static riv_err plan(graph__run *run, int scope, const sources *from, graph__picks *out)
{
    gathering into = { .scope   = scope,
                       .by_key  = riv_map_new(run->arena),
                       .visited = riv_new(run->arena, uint8_t, riv_map_count(run->doc->fragments) + 1) };
    for (size_t i = 0; i < from->len; i++) RIV_TRY(gather(run, &into, from->ptr[i]));
    *out = (graph__picks){ riv_new(run->arena, graph__pick, into.all.len), into.all.len };
    for (size_t i = 0; i < into.all.len; i++) {
        gathered *one = into.all.ptr[i];
        RIV_TRY(compile_arguments(run, one->first, &one->pick));
        if (one->pick.meaning.inner >= 0) RIV_TRY(plan(run, one->pick.meaning.inner, &one->within, &one->pick.kids));
        out->items[i] = one->pick;
    }
    return RIV_OK;
}

/* ---- filters ---- */

int graph__compare(graph__kind kind, const graph__value *a, const graph__value *b)
{
    switch (kind) {
    case GRAPH__ID:
    case GRAPH__STRING:
    case GRAPH__BYTES:
    case GRAPH__ENUM:
    case GRAPH__REF: return riv_str_cmp(a->text, b->text);
    case GRAPH__INT:
    case GRAPH__BIG: return u256_cmp(a->number, b->number);
    case GRAPH__BOOL: return (int)a->truth - (int)b->truth;
    case GRAPH__LIST: break;
    }
    RIV_UNREACHABLE();
}

static riv_bytes set_key(graph__kind kind, const graph__value *v)
{
    if (kind == GRAPH__INT || kind == GRAPH__BIG)
        return (riv_bytes){ (const uint8_t *)v->number.limb, sizeof v->number.limb };
    return kind == GRAPH__BOOL ? (riv_bytes){ (const uint8_t *)&v->truth, 1 } : riv_str_bytes(v->text);
}

void graph__put_lower(riv_buf *out, riv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        riv_put_u8(out, (uint8_t)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + 32 : s.ptr[i]));
}

/* Bytes are kept in lower case with 0x, whatever form they are asked in. */
static riv_str bytes_text(riv_arena *arena, riv_str given)
{
    riv_buf out = riv_buf_in(arena);
    if (!riv_str_starts(given, RIV_LIT("0x"))) riv_put_str(&out, RIV_LIT("0x"));
    graph__put_lower(&out, given);
    return riv_buf_str(&out);
}

static graph__value value_of(graph__run *run, graph__kind kind, const graph__node *node, bool *negative)
{
    graph__value v = { .set = node->kind != GRAPH__L_NULL, .truth = node->truth, .text = node->text };
    if (!v.set) return (graph__value){ 0 };
    if (kind == GRAPH__BYTES) v.text = bytes_text(run->arena, node->text);
    if (kind != GRAPH__INT && kind != GRAPH__BIG) return v;
    riv_str digits = node->text;
    *negative      = digits.ptr[0] == '-';
    riv_err err    = u256_parse(riv_str_sub(digits, *negative, digits.len), NULL, &v.number);
    RIV_ASSERT(!err);
    if (u256_is_zero(v.number)) *negative = false;
    return v;
}

bool graph__has_value(const graph__filter *f, graph__kind kind, const graph__value *v)
{
    if (f->set) return riv_map_has(f->set, set_key(kind, v));
    for (size_t i = 0; i < f->values_count; i++)
        if (graph__compare(kind, &f->values[i], v) == 0) return true;
    return false;
}

/* One value stands for a list of one: then it is put into alone. */
static graph__node as_list(const graph__node *node, graph__arg *alone)
{
    if (node->kind == GRAPH__L_LIST) return *node;
    *alone = (graph__arg){ .value = *node };
    return (graph__node){ .kind = GRAPH__L_LIST, .items = alone, .items_count = 1 };
}

/* Each value once. */
static void fill_list(graph__run *run, graph__kind kind, const graph__node *node, graph__filter *f)
{
    graph__arg    alone;
    graph__node   list = as_list(node, &alone);
    graph__value *out  = riv_new(run->arena, graph__value, list.items_count);
    f->values          = out;
    if (list.items_count >= SET_FROM) f->set = riv_map_new_for(run->arena, list.items_count);
    for (size_t i = 0; i < list.items_count; i++) {
        bool               negative = false;
        const graph__node *item     = graph__node_of(&run->values, &list.items[i].value);
        graph__value       v        = item ? value_of(run, kind, item, &negative) : (graph__value){ 0 };
        if (!v.set || negative || graph__has_value(f, kind, &v)) continue;
        out[f->values_count] = v;
        if (f->set) riv_map_put(f->set, set_key(kind, &v), &out[f->values_count]);
        f->values_count++;
    }
}

static riv_err compile_filter(graph__run *run, graph__type type, const graph__node *node, graph__filter *out);

static riv_err compile_list(graph__run *run, graph__type type, const graph__node *node, graph__filter *f)
{
    graph__arg     alone;
    graph__node    list = as_list(node, &alone);
    graph__filter *kids = riv_new(run->arena, graph__filter, list.items_count);
    for (size_t i = 0; i < list.items_count; i++) {
        const graph__node *item = graph__node_of(&run->values, &list.items[i].value);
        if (!item || item->kind == GRAPH__L_NULL)
            continue; /* no condition: neither of those that must hold nor of those that may */
        RIV_TRY(compile_filter(run, type, item, &kids[f->kids_count++]));
    }
    f->kids = kids;
    return RIV_OK;
}

static riv_err compile_key(graph__run *run, graph__type type, const graph__key *key, const graph__node *node,
                           graph__filter *f)
{
    *f = (graph__filter){ .key = *key, .type = type };
    if (key->op == GRAPH__AND || key->op == GRAPH__OR) return compile_list(run, type, node, f);
    const graph__field *field = &graph__schema[type].fields[key->field];
    if (key->op == GRAPH__CHILD) {
        graph__filter *kid = riv_new(run->arena, graph__filter, 1);
        f->kids            = kid;
        f->kids_count      = 1;
        return compile_filter(run, field->of, node, kid);
    }
    RIV_TRY(graph__charge(run, node->items_count, node->pos));
    if (key->op == GRAPH__IN || key->op == GRAPH__NOT_IN) {
        fill_list(run, field->kind, node, f);
        return RIV_OK;
    }
    graph__value *v = riv_new(run->arena, graph__value, 1);
    *v              = value_of(run, field->kind, node, &f->negative);
    if (key->nocase) {
        riv_buf lowered = riv_buf_in(run->arena);
        graph__put_lower(&lowered, v->text);
        v->text = riv_buf_str(&lowered);
    }
    if (field->kind == GRAPH__BYTES && key->op == GRAPH__CONTAINS) v->text = riv_str_sub(v->text, 2, v->text.len);
    f->values       = v;
    f->values_count = 1;
    return RIV_OK;
}

/* Cheap conditions first: what the row itself holds, then the row that it refers to, then those that refer to it. */
static unsigned rank(const graph__filter *f)
{
    if (f->key.op == GRAPH__AND || f->key.op == GRAPH__OR) return 2;
    if (f->key.op != GRAPH__CHILD) return 0;
    return graph__schema[f->type].fields[f->key.field].kind == GRAPH__REF ? 1 : 3;
}

static void sort_by_rank(const graph__filter *from, size_t count, graph__filter *to)
{
    size_t n = 0;
    for (unsigned r = 0; r <= 3; r++)
        for (size_t i = 0; i < count; i++)
            if (rank(&from[i]) == r) to[n++] = from[i];
}

/* An object: all of its conditions. */
static riv_err compile_filter(graph__run *run, graph__type type, const graph__node *node, graph__filter *out)
{
    graph__filter *kids  = riv_new(run->arena, graph__filter, node->items_count);
    graph__filter *order = riv_new(run->arena, graph__filter, node->items_count);
    size_t         count = 0;
    RIV_TRY(graph__charge(run, GRAPH__PLAN_STEPS * (1 + node->items_count), node->pos));
    if (riv_arena_over(run->arena))
        return riv_fail(run->fault, RIV_E_LIMIT, node->pos, "The query takes too much memory");
    for (size_t i = 0; i < node->items_count; i++) {
        const graph__node *v = graph__node_of(&run->values, &node->items[i].value);
        graph__key         key;
        RIV_ASSERT(graph__key_find(type, node->items[i].name, &key));
        if (!v) continue;
        bool null = v->kind == GRAPH__L_NULL;
        if (null && (key.op == GRAPH__AND || key.op == GRAPH__OR || key.op == GRAPH__CHILD)) continue;
        if (null && key.op != GRAPH__EQ && key.op != GRAPH__NOT) /* a variable that is null: the check did not see it */
            return riv_fail(run->fault, RIV_E_MALFORMED, node->items[i].pos, "`" RIV_FMT "` cannot be asked with null",
                            RIV_ARG(node->items[i].name));
        RIV_TRY(compile_key(run, type, &key, v, &kids[count++]));
    }
    sort_by_rank(kids, count, order);
    *out = (graph__filter){ .key = { .op = GRAPH__AND }, .type = type, .kids = order, .kids_count = count };
    return RIV_OK;
}

/* ---- arguments ---- */

static riv_err compile_page(graph__run *run, const graph__node *node, const char *name, size_t least, size_t most,
                            size_t *out)
{
    uint64_t v = 0;
    if (!node) return RIV_OK;
    if (!riv_str_u64(node->text, &v) || v < least || v > most)
        return riv_fail(run->fault, RIV_E_LIMIT, node->pos,
                        "The value of the `%s` argument must be between %zu and %zu, but is " RIV_FMT, name, least,
                        most, RIV_ARG(node->text));
    *out = (size_t)v;
    return RIV_OK;
}

/* The index holds what is now; an older block is refused, the newest may be named. */
static riv_err check_block(graph__run *run, const graph__node *node)
{
    const graph *g      = run->g;
    uint64_t     number = 0;
    if (!node || node->items_count == 0) return RIV_OK;
    const graph__node *v = graph__node_of(&run->values, &node->items[0].value);
    if (!v || v->kind == GRAPH__L_NULL) return RIV_OK;
    if (g->next_height == 0) return riv_fail(run->fault, RIV_E_NOT_FOUND, node->pos, "The index has no block yet");
    uint64_t newest = g->next_height - 1;
    if (riv_str_eq(node->items[0].name, RIV_LIT("hash"))) {
        riv_buf hex = riv_buf_in(run->arena);
        riv_put_str(&hex, RIV_LIT("0x"));
        codec_put_hex(&hex, (riv_bytes){ g->block_hash.bytes, sizeof g->block_hash.bytes });
        if (riv_str_eq(riv_buf_str(&hex), bytes_text(run->arena, v->text))) return RIV_OK;
        return riv_fail(run->fault, RIV_E_UNSUPPORTED, v->pos,
                        "Only the newest block can be asked about: %llu, " RIV_FMT, (unsigned long long)newest,
                        RIV_ARG(riv_buf_str(&hex)));
    }
    bool least = riv_str_eq(node->items[0].name, RIV_LIT("number_gte"));
    if (riv_str_u64(v->text, &number) && (least ? number <= newest : number == newest)) return RIV_OK;
    return riv_fail(run->fault, RIV_E_UNSUPPORTED, v->pos,
                    "Only the newest block can be asked about: %llu, not " RIV_FMT, (unsigned long long)newest,
                    RIV_ARG(v->text));
}

/* NULL: it is not there, or null, which is the same. */
static const graph__node *given(const graph__run *run, const graph__selection *s, const char *name)
{
    const graph__node *v = NULL;
    for (size_t i = 0; i < s->args_count && !v; i++)
        if (riv_str_eq(s->args[i].name, riv_str_c(name))) v = graph__node_of(&run->values, &s->args[i].value);
    return v && v->kind != GRAPH__L_NULL ? v : NULL;
}

static riv_err compile_arguments(graph__run *run, const graph__selection *s, graph__pick *pick)
{
    graph__type        type = (graph__type)pick->meaning.inner;
    const graph__node *id = given(run, s, "id"), *where = given(run, s, "where"), *order = given(run, s, "orderBy"),
                      *direction = given(run, s, "orderDirection");
    pick->first                  = GRAPH_FIRST_DEFAULT;
    pick->order                  = (graph__order){ 0, SIZE_MAX };
    if (s->args_count == 0) return RIV_OK;
    if (id) pick->id = id->text;
    if (where) {
        graph__filter *f = riv_new(run->arena, graph__filter, 1);
        RIV_TRY(compile_filter(run, type, where, f));
        pick->where = f;
    }
    if (order) RIV_ASSERT(graph__order_find(type, order->text, &pick->order));
    pick->descending = direction && riv_str_eq(direction->text, RIV_LIT("desc"));
    RIV_TRY(compile_page(run, given(run, s, "first"), "first", 1, GRAPH_FIRST_MAX, &pick->first));
    RIV_TRY(compile_page(run, given(run, s, "skip"), "skip", 0, GRAPH_SKIP_MAX, &pick->skip));
    return check_block(run, given(run, s, "block"));
}
