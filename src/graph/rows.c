/* rows.c: entities by id, in the order of their making, and which rows refer to a row.
 * A list is found by the id it belongs to, so a row may refer to one that is made later. Spec: docs/spec/graph.md 1. Tests: rows_test.c. */
#include "graph/internal.h"

enum { FIELDS_MAX = 32 };

typedef RIV_VEC(graph__row *) row_list;

typedef struct entry { /* a row with what is not shown of it; values and places: by field */
    graph__row row;
    row_list **lists;  /* LISTs: who refers to this row */
    row_list **within; /* REFs that a LIST follows: the list that this row stands in; NULL: none */
    size_t    *places; /* and where in it */
} entry;

typedef struct table {
    riv_map *by_id;
    row_list rows;
    row_list spare;               /* removed ones, to be used again */
    riv_map *lists[FIELDS_MAX];   /* of a LIST field: row_list by the id of the row it belongs to */
    size_t   list_of[FIELDS_MAX]; /* of a REF field: the LIST field of the other type that follows it; SIZE_MAX: none */
} table;

struct graph__tables {
    riv_arena *arena; /* the graph's */
    table      of[GRAPH__TYPES];
};

/* ---- tables ---- */

static size_t follower(graph__type type, const graph__field *ref)
{
    const graph__entity *other = &graph__schema[ref->of];
    for (size_t i = 0; i < other->fields_count; i++) {
        const graph__field *f = &other->fields[i];
        if (f->kind == GRAPH__LIST && f->of == type && strcmp(f->by, ref->name) == 0) return i;
    }
    return SIZE_MAX;
}

graph__tables *graph__tables_new(riv_arena *arena)
{
    graph__tables *t = riv_new(arena, graph__tables, 1);
    t->arena         = arena;
    for (size_t type = 0; type < GRAPH__TYPES; type++) {
        const graph__entity *e = &graph__schema[type];
        RIV_ASSERT(e->fields_count <= FIELDS_MAX);
        t->of[type].by_id = riv_map_new(arena);
        for (size_t i = 0; i < e->fields_count; i++) {
            t->of[type].list_of[i] = SIZE_MAX;
            if (e->fields[i].kind == GRAPH__LIST) t->of[type].lists[i] = riv_map_new(arena);
            if (e->fields[i].kind == GRAPH__REF) t->of[type].list_of[i] = follower((graph__type)type, &e->fields[i]);
        }
    }
    return t;
}

void graph__tables_free(graph__tables *t) { (void)t; /* all of it lies in the graph's arena */ }

/* ---- lists ---- */

static row_list *list_for(graph__tables *t, graph__type type, size_t field, riv_str id)
{
    riv_map  *lists = t->of[type].lists[field];
    row_list *list  = riv_map_get_str(lists, id);
    if (!list) {
        list = riv_new(t->arena, row_list, 1);
        riv_map_put_str(lists, id, list);
    }
    return list;
}

static void leave_list(entry *e, graph__type type, size_t field)
{
    row_list *list = e->within[field];
    if (!list) return;
    entry *last                 = (entry *)list->ptr[list->len - 1];
    list->ptr[e->places[field]] = &last->row;
    last->places[field]         = e->places[field];
    list->len--;
    e->within[field] = NULL;
    (void)type;
}

static void join_list(graph__tables *t, entry *e, graph__type type, size_t field, riv_str id)
{
    size_t follows = t->of[type].list_of[field];
    if (follows == SIZE_MAX) return;
    row_list *list            = list_for(t, graph__schema[type].fields[field].of, follows, id);
    e->within[field]          = list;
    e->places[field]          = list->len;
    *riv_push(t->arena, list) = &e->row;
}

/* ---- rows ---- */

graph__row *graph__find(const graph *g, graph__type type, riv_str id)
{
    return riv_map_get_str(g->tables->of[type].by_id, id);
}

static entry *entry_new(graph__tables *t, graph__type type)
{
    table *own    = &t->of[type];
    size_t fields = graph__schema[type].fields_count;
    if (own->spare.len) return (entry *)own->spare.ptr[--own->spare.len];
    entry *e      = riv_new(t->arena, entry, 1);
    e->row.values = riv_new(t->arena, graph__value, fields);
    e->lists      = riv_new(t->arena, row_list *, fields);
    e->within     = riv_new(t->arena, row_list *, fields);
    e->places     = riv_new(t->arena, size_t, fields);
    return e;
}

graph__row *graph__make(graph *g, graph__type type, riv_str id)
{
    graph__row *found = graph__find(g, type, id);
    if (found) return found;
    graph__tables       *t      = g->tables;
    const graph__entity *schema = &graph__schema[type];
    entry               *e      = entry_new(t, type);
    e->row.id                   = riv_str_dup(t->arena, id);
    e->row.number               = t->of[type].rows.len;
    for (size_t i = 0; i < schema->fields_count; i++) {
        const graph__field *f = &schema->fields[i];
        e->row.values[i]      = (graph__value){ .set = !f->nullable && f->kind != GRAPH__LIST };
        if (f->kind == GRAPH__ID) e->row.values[i].text = e->row.id;
        if (f->kind == GRAPH__LIST) e->lists[i] = list_for(t, type, i, e->row.id);
    }
    *riv_push(t->arena, &t->of[type].rows) = &e->row;
    riv_map_put_str(t->of[type].by_id, e->row.id, &e->row);
    return &e->row;
}

void graph__remove(graph *g, graph__type type, riv_str id)
{
    table      *own = &g->tables->of[type];
    graph__row *row = riv_map_remove(own->by_id, riv_str_bytes(id));
    if (!row) return;
    for (size_t i = 0; i < graph__schema[type].fields_count; i++) leave_list((entry *)row, type, i);
    own->rows.ptr[row->number]               = NULL;
    *riv_push(g->tables->arena, &own->spare) = row;
}

/* ---- fields ---- */

static size_t must_find(graph__type type, const char *field)
{
    size_t i = graph__field_find(type, riv_str_c(field));
    RIV_ASSERT(i != SIZE_MAX);
    return i;
}

void graph__set_number(graph *g, graph__type type, graph__row *row, const char *field, u256 v)
{
    size_t      i    = must_find(type, field);
    graph__kind kind = graph__schema[type].fields[i].kind;
    (void)g;
    RIV_ASSERT(kind == GRAPH__INT || kind == GRAPH__BIG);
    row->values[i] = (graph__value){ .set = true, .number = v };
}

void graph__set_u64(graph *g, graph__type type, graph__row *row, const char *field, uint64_t v)
{
    graph__set_number(g, type, row, field, u256_of(v));
}

static bool is_text(graph__kind kind)
{
    return kind == GRAPH__STRING || kind == GRAPH__BYTES || kind == GRAPH__ENUM || kind == GRAPH__REF;
}

void graph__set_text(graph *g, graph__type type, graph__row *row, const char *field, riv_str v)
{
    size_t        i  = must_find(type, field);
    entry        *e  = (entry *)row;
    graph__value *to = &row->values[i];
    RIV_ASSERT(is_text(graph__schema[type].fields[i].kind));
    if (to->set && to->text.len && riv_str_eq(to->text, v)) return;
    leave_list(e, type, i);
    if (to->text.len >= v.len && v.len) { /* where the former text lay: a field that changes often takes no more room */
        char *own = (char *)to->text.ptr;
        memmove(own, v.ptr, v.len);
        own[v.len]   = 0;
        to->text.len = v.len;
    } else
        to->text = riv_str_dup(g->arena, v);
    to->set = true;
    if (graph__schema[type].fields[i].kind == GRAPH__REF) join_list(g->tables, e, type, i, to->text);
}

void graph__set_bool(graph *g, graph__type type, graph__row *row, const char *field, bool v)
{
    size_t i = must_find(type, field);
    (void)g;
    RIV_ASSERT(graph__schema[type].fields[i].kind == GRAPH__BOOL);
    row->values[i] = (graph__value){ .set = true, .truth = v };
}

void graph__set_null(graph *g, graph__type type, graph__row *row, const char *field)
{
    size_t i = must_find(type, field);
    (void)g;
    RIV_ASSERT(graph__schema[type].fields[i].nullable && graph__schema[type].fields[i].kind != GRAPH__LIST);
    leave_list((entry *)row, type, i);
    row->values[i].set = false; /* the room of a text stays, for the next one */
}

graph__value graph__get(graph__type type, const graph__row *row, const char *field)
{
    graph__value v = row->values[must_find(type, field)];
    return v.set ? v : (graph__value){ 0 };
}

/* ---- many rows ---- */

static graph__rows view(const row_list *list)
{
    return list ? (graph__rows){ list->ptr, list->len } : (graph__rows){ 0 };
}

graph__rows graph__all(const graph *g, graph__type type) { return view(&g->tables->of[type].rows); }

graph__rows graph__list(const graph *g, graph__type type, const graph__row *row, size_t field)
{
    (void)g;
    RIV_ASSERT(graph__schema[type].fields[field].kind == GRAPH__LIST);
    return view(((const entry *)row)->lists[field]);
}

bool graph__referring(const graph *g, graph__type type, size_t ref, riv_str id, graph__rows *out)
{
    size_t follows = g->tables->of[type].list_of[ref];
    if (follows == SIZE_MAX) return false;
    *out = view(riv_map_get_str(g->tables->of[graph__schema[type].fields[ref].of].lists[follows], id));
    return true;
}
