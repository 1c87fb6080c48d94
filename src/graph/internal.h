/* What the room's files share: the schema, and rows of entities. The index (index*.c) writes rows, queries (run.c) read them. */
#ifndef RIV_GRAPH_INTERNAL_H
#define RIV_GRAPH_INTERNAL_H

#include "graph/graph.h"

/* ---- schema.c: the entities as a table ---- */
typedef enum graph__type {
    GRAPH__CC, GRAPH__CC_EPOCH, GRAPH__CC_UNIT, GRAPH__UNIT, GRAPH__UNIT_EPOCH, GRAPH__DEAL, GRAPH__DEAL_EFFECTOR, GRAPH__DEAL_OFFER_PEER, GRAPH__DEAL_PEER,
    GRAPH__DEAL_ACCESS, GRAPH__EFFECTOR, GRAPH__EPOCH, GRAPH__NETWORK, GRAPH__OFFER, GRAPH__OFFER_EFFECTOR, GRAPH__PEER, GRAPH__PROVIDER, GRAPH__PROOF,
    GRAPH__TOKEN, GRAPH__TYPES
} graph__type;
typedef enum graph__kind {
    GRAPH__ID, GRAPH__STRING, GRAPH__BYTES, /* text; an address is lower case with 0x, as the original's subgraph keeps it */
    GRAPH__INT,                             /* a JSON number */
    GRAPH__BIG,                             /* a decimal in a JSON string */
    GRAPH__BOOL, GRAPH__ENUM,               /* ENUM: text, one of the field's words */
    GRAPH__REF,                             /* the id of a row of `of` */
    GRAPH__LIST,                            /* not kept: the rows of `of` whose REF field `by` is this row */
} graph__kind;
typedef struct graph__field { const char *name; graph__kind kind; bool nullable; graph__type of; const char *by; const char *const *words; } graph__field;
typedef struct graph__entity { const char *name, *one, *many; const graph__field *fields; size_t fields_count; } graph__entity; /* "ComputeUnit", computeUnit(id), computeUnits(...) */
extern const graph__entity graph__schema[GRAPH__TYPES];
/* Index of a field; SIZE_MAX: there is none of that name. */
size_t graph__field_find(graph__type type, riv_str name);

/* ---- rows.c: entities by id, in the order of their making ---- */
typedef struct graph__value { /* not set: null */
    bool set, truth;
    union { u256 number; riv_str text; }; /* number: INT and BIG; text: the others but BOOL, REF's id too */
} graph__value;
typedef struct graph__row { riv_str id; graph__value *values; size_t number; } graph__row; /* values: by field index (LISTs' unused); number: place among its kind */
graph__row *graph__find(const graph *g, graph__type type, riv_str id);  /* NULL: none */
graph__row *graph__make(graph *g, graph__type type, riv_str id);        /* found, or new with every field that is not nullable at 0, "", false */
void graph__remove(graph *g, graph__type type, riv_str id);             /* none: nothing happens */
void graph__set_number(graph *g, graph__type type, graph__row *row, const char *field, u256 v); /* a field that the schema has not is a fault of ours: asserted */
void graph__set_u64(graph *g, graph__type type, graph__row *row, const char *field, uint64_t v);
void graph__set_text(graph *g, graph__type type, graph__row *row, const char *field, riv_str v); /* copied. A REF: the lists of both, the former and the new one's, follow */
void graph__set_bool(graph *g, graph__type type, graph__row *row, const char *field, bool v);
void graph__set_null(graph *g, graph__type type, graph__row *row, const char *field);
graph__value graph__get(graph__type type, const graph__row *row, const char *field);
/* All rows of a type, holes (NULL) where one was removed; or of a LIST field of a row. Lives till the next change. */
typedef struct graph__rows { graph__row *const *items; size_t count; } graph__rows;
graph__rows graph__all(const graph *g, graph__type type);
graph__rows graph__list(const graph *g, graph__type type, const graph__row *row, size_t field);
/* Rows of a type whose REF field is id, in no order that means anything. false: no LIST follows that field, nobody knows. */
bool graph__referring(const graph *g, graph__type type, size_t ref, riv_str id, graph__rows *out);

/* ---- the handle ---- */
typedef struct graph__tables graph__tables; /* rows.c */
struct graph {
    const chain   *engine;
    riv_arena     *arena;      /* lives as long as the graph: tables and index lie in it */
    graph__tables *tables;
    struct graph__index *index; /* index.c: what the fold keeps besides rows */
    uint64_t       next_height;
    uint64_t       block_time_s; crypto_hash block_hash; /* of the newest: _meta */
};
graph__tables *graph__tables_new(riv_arena *arena);
struct graph__index *graph__index_new(graph *g); /* index.c */

#endif
