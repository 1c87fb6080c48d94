/* rows.c: entities by id, in the order of their making, and which rows refer to a row.
 * A row may refer to one that is made later: the list waits under its id. Spec: docs/spec/graph.md 1. Tests: rows_test.c. */
#include "graph/internal.h"

enum { FIELDS_MAX = 32 };

typedef RIV_VEC(graph__row *) row_list;
typedef struct standing { /* of a row in the list of the one that it refers to; list NULL: in none */
    row_list *list;
    size_t    place;
} standing;

typedef struct entry { /* a row with what is not shown of it */
    graph__row row;
    row_list  *lists;  /* by slot of a LIST field: who refers to this row */
    standing  *within; /* by slot of a REF field that a LIST follows */
} entry;

typedef struct table {
    riv_map *by_id;
    row_list rows;
    row_list spare;              /* removed ones, to be used again */
    size_t   slots[FIELDS_MAX];  /* of LISTs and followed REFs, each counted from 0; SIZE_MAX: of another kind */
    size_t follower[FIELDS_MAX]; /* of a REF field: the LIST field of the other type that follows it; SIZE_MAX: none */
    size_t lists_count, within_count;
    riv_map *orphans[FIELDS_MAX]; /* of a LIST field: row_list by the id of a row that is not there (yet) */
} table;

struct graph__tables {
    riv_arena *arena; /* the graph's */
    table      of[GRAPH__TYPES];
};

/* ---- tables ---- */

static size_t find_follower(graph__type type, const graph__field *ref)
{
    const graph__entity *other = &graph__schema[ref->of];
    for (size_t i = 0; i < other->fields_count; i++) {
        const graph__field *f = &other->fields[i];
        if (f->kind == GRAPH__LIST && f->of == type && strcmp(f->by, ref->name) == 0) return i;
    }
    return SIZE_MAX;
}

static void lay_out(table *own, graph__type type, riv_arena *arena)
{
    const graph__entity *e = &graph__schema[type];
    RIV_ASSERT(e->fields_count <= FIELDS_MAX);
    own->by_id = riv_map_new(arena);
    for (size_t i = 0; i < e->fields_count; i++) {
        const graph__field *f = &e->fields[i];
        own->slots[i]         = SIZE_MAX;
        own->follower[i]      = f->kind == GRAPH__REF ? find_follower(type, f) : SIZE_MAX;
        if (f->kind == GRAPH__LIST) {
            own->slots[i]   = own->lists_count++;
            own->orphans[i] = riv_map_new(arena);
        } else if (own->follower[i] != SIZE_MAX)
            own->slots[i] = own->within_count++;
    }
}

graph__tables *graph__tables_new(riv_arena *arena)
{
    graph__tables *t = riv_new(arena, graph__tables, 1);
    t->arena         = arena;
    for (size_t type = 0; type < GRAPH__TYPES; type++) lay_out(&t->of[type], (graph__type)type, arena);
    return t;
}

/* ---- lists: of a row, or of an id that no row has ---- */

static row_list *list_of(const graph__tables *t, graph__type type, size_t field, riv_str id)
{
    const table *own = &t->of[type];
    entry       *e   = riv_map_get_str(own->by_id, id);
    return e ? &e->lists[own->slots[field]] : riv_map_get_str(own->orphans[field], id);
}

static row_list *orphans_new(graph__tables *t, graph__type type, size_t field, riv_str id)
{
    row_list *list = riv_new(t->arena, row_list, 1);
    riv_map_put_str(t->of[type].orphans[field], id, list);
    return list;
}

/* The rows in it are told where they stand now. */
static void move_list(const graph__tables *t, graph__type type, size_t field, row_list *from, row_list *to)
{
    const graph__field *f    = &graph__schema[type].fields[field];
    size_t              slot = t->of[f->of].slots[graph__field_find(f->of, riv_str_c(f->by))];
    *to                      = *from;
    *from                    = (row_list){ 0 };
    for (size_t i = 0; i < to->len; i++) ((entry *)to->ptr[i])->within[slot].list = to;
}

static void leave_list(const table *own, entry *e, size_t field)
{
    if (own->follower[field] == SIZE_MAX) return;
    size_t    slot = own->slots[field];
    standing *at   = &e->within[slot];
    row_list *list = at->list;
    if (!list) return;
    entry *last              = (entry *)list->ptr[--list->len];
    list->ptr[at->place]     = &last->row;
    last->within[slot].place = at->place;
    at->list                 = NULL;
}

static void join_list(graph__tables *t, entry *e, graph__type type, size_t field, riv_str id)
{
    const table *own     = &t->of[type];
    graph__type  of      = graph__schema[type].fields[field].of;
    size_t       follows = own->follower[field];
    if (follows == SIZE_MAX) return;
    row_list *list = list_of(t, of, follows, id);
    if (!list) list = orphans_new(t, of, follows, id);
    e->within[own->slots[field]] = (standing){ list, list->len };
    *riv_push(t->arena, list)    = &e->row;
}

/* ---- rows ---- */

graph__row *graph__find(const graph *g, graph__type type, riv_str id)
{
    return riv_map_get_str(g->tables->of[type].by_id, id);
}

static entry *entry_new(graph__tables *t, graph__type type)
{
    table *own = &t->of[type];
    if (own->spare.len) return (entry *)own->spare.ptr[--own->spare.len];
    entry *e      = riv_new(t->arena, entry, 1);
    e->row.values = riv_new(t->arena, graph__value, graph__schema[type].fields_count);
    e->lists      = riv_new(t->arena, row_list, own->lists_count);
    e->within     = riv_new(t->arena, standing, own->within_count);
    return e;
}

graph__row *graph__make(graph *g, graph__type type, riv_str id)
{
    graph__row *found = graph__find(g, type, id);
    if (found) return found;
    graph__tables       *t      = g->tables;
    table               *own    = &t->of[type];
    const graph__entity *schema = &graph__schema[type];
    entry               *e      = entry_new(t, type);
    e->row.id                   = riv_str_dup(t->arena, id);
    e->row.number               = own->rows.len;
    for (size_t i = 0; i < schema->fields_count; i++) {
        const graph__field *f = &schema->fields[i];
        e->row.values[i]      = (graph__value){ .set = !f->nullable && f->kind != GRAPH__LIST };
        if (f->kind == GRAPH__ID) e->row.values[i].text = e->row.id;
        bool      orphans = f->kind == GRAPH__LIST && riv_map_count(own->orphans[i]);
        row_list *waiting = orphans ? riv_map_remove(own->orphans[i], riv_str_bytes(id)) : NULL;
        if (waiting) move_list(t, type, i, waiting, &e->lists[own->slots[i]]);
    }
    *riv_push(t->arena, &own->rows) = &e->row;
    riv_map_put_view(own->by_id, e->row.id, &e->row);
    return &e->row;
}

void graph__remove(graph *g, graph__type type, riv_str id)
{
    graph__tables *t   = g->tables;
    table         *own = &t->of[type];
    entry         *e   = riv_map_remove(own->by_id, riv_str_bytes(id));
    if (!e) return;
    for (size_t i = 0; i < graph__schema[type].fields_count; i++) {
        leave_list(own, e, i);
        if (graph__schema[type].fields[i].kind != GRAPH__LIST || e->lists[own->slots[i]].len == 0) continue;
        move_list(t, type, i, &e->lists[own->slots[i]], orphans_new(t, type, i, e->row.id));
    }
    own->rows.ptr[e->row.number]     = NULL;
    *riv_push(t->arena, &own->spare) = &e->row;
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
    leave_list(&g->tables->of[type], e, i);
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
    RIV_ASSERT(graph__schema[type].fields[i].nullable && graph__schema[type].fields[i].kind != GRAPH__LIST);
    leave_list(&g->tables->of[type], (entry *)row, i);
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
    RIV_ASSERT(graph__schema[type].fields[field].kind == GRAPH__LIST);
    return view(&((const entry *)row)->lists[g->tables->of[type].slots[field]]);
}

bool graph__referring(const graph *g, graph__type type, size_t ref, riv_str id, graph__rows *out)
{
    size_t follows = g->tables->of[type].follower[ref];
    if (follows == SIZE_MAX) return false;
    *out = view(list_of(g->tables, graph__schema[type].fields[ref].of, follows, id));
    return true;
}
