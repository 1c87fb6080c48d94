/* document.h: a GraphQL document as a tree (parse.c), what its names mean (check.c), and one operation of it ready to run (plan.c, run.c).
 * Positions are byte offsets in the document. Everything lives in the request's arena. */
#ifndef RIV_GRAPH_DOCUMENT_H
#define RIV_GRAPH_DOCUMENT_H

#include "graph/internal.h"

enum {
    GRAPH__PICKS_MAX  = 10000, /* fields of one operation, fragments melted in */
    GRAPH__PLAN_STEPS = 10,    /* what looking at one selection or one filter of a document costs */
    GRAPH__ORDER_BYTES = 1024, /* of a text: what stands behind that decides no order of rows */
};

/* ---- parse.c ---- */
typedef enum graph__literal {
    GRAPH__VARIABLE, GRAPH__L_INT, GRAPH__L_FLOAT, GRAPH__L_STRING, GRAPH__L_BOOL, GRAPH__L_NULL, GRAPH__L_ENUM, GRAPH__L_LIST, GRAPH__L_OBJECT
} graph__literal;
typedef struct graph__arg graph__arg;
typedef struct graph__node { /* a value: of a document, or of the variables beside it */
    graph__literal    kind;
    bool              truth, json; /* json: from the variables, where a string also stands for an enumeration's word */
    uint64_t          pos;
    riv_str           text;        /* VARIABLE: its name; numbers: as written; STRING: unescaped; ENUM */
    const graph__arg *items; size_t items_count; /* LIST: without names; OBJECT */
} graph__node;
struct graph__arg { riv_str name; uint64_t pos; graph__node value; };
typedef struct graph__directive { riv_str name; uint64_t pos; const graph__arg *args; size_t args_count; } graph__directive;
typedef enum graph__selection_kind { GRAPH__FIELD, GRAPH__SPREAD, GRAPH__INLINE } graph__selection_kind;
typedef struct graph__selection graph__selection;
typedef struct graph__selections { const graph__selection *items; size_t count; } graph__selections;
struct graph__selection {
    graph__selection_kind   kind;
    uint64_t                pos;
    riv_str                 alias, name;  /* SPREAD: the fragment; INLINE: its type, or empty */
    const graph__arg       *args;       size_t args_count;
    const graph__directive *directives; size_t directives_count;
    bool                    braces;       /* a FIELD with selections of its own */
    graph__selections       kids;
};
typedef struct graph__typeref graph__typeref;
struct graph__typeref { riv_str name; uint64_t pos; bool non_null; const graph__typeref *item; /* of a list; then no name */ };
typedef struct graph__variable { riv_str name; uint64_t pos; graph__typeref type; bool has_default; graph__node otherwise; } graph__variable;
typedef struct graph__operation {
    riv_str                 name;         /* empty: none */
    uint64_t                pos;
    const graph__variable  *variables;  size_t variables_count;
    const graph__directive *directives; size_t directives_count;
    graph__selections       selections;
} graph__operation;
typedef struct graph__fragment { riv_str name, on; uint64_t pos; const graph__directive *directives; size_t directives_count; graph__selections selections; size_t number; } graph__fragment;
typedef struct graph__document {
    const graph__operation *operations; size_t operations_count;
    riv_map                *fragments; /* graph__fragment by name; a fragment's number is its place among them */
} graph__document;
RIV_MUST_USE riv_err graph__parse(riv_str text, riv_arena *arena, riv_fault *fault, graph__document *out);

/* ---- check.c: names of a document and what they mean ---- */
/* Where a selection stands: an entity's type, or one of these. */
enum { GRAPH__QUERY = GRAPH__TYPES, GRAPH__META, GRAPH__BLOCK };
typedef enum graph__place {
    GRAPH__AT_TYPENAME, GRAPH__AT_VALUE, GRAPH__AT_REF, GRAPH__AT_LIST, GRAPH__AT_ONE, GRAPH__AT_MANY, GRAPH__AT_META, GRAPH__AT_BLOCK,
    GRAPH__AT_NUMBER, GRAPH__AT_HASH, GRAPH__AT_TIMESTAMP, GRAPH__AT_DEPLOYMENT, GRAPH__AT_ERRORS
} graph__place;
typedef struct graph__meaning { graph__place place; int inner; /* the scope of its selections; -1: it has none */ size_t field; /* VALUE, REF, LIST */ } graph__meaning;
bool graph__mean(int scope, riv_str name, graph__meaning *out);
const char *graph__scope_name(int scope);

/* Types of arguments and variables. */
typedef enum graph__input_kind {
    GRAPH__IN_ID, GRAPH__IN_STRING, GRAPH__IN_BYTES, GRAPH__IN_INT, GRAPH__IN_BIG, GRAPH__IN_BOOL, GRAPH__IN_ENUM, GRAPH__IN_FILTER, GRAPH__IN_ORDER,
    GRAPH__IN_DIRECTION, GRAPH__IN_POLICY, GRAPH__IN_HEIGHT, GRAPH__IN_CHANGED
} graph__input_kind;
typedef struct graph__input { graph__input_kind kind; graph__type of; const char *const *words; bool non_null, list, null_items; } graph__input;

/* What a key of a filter asks. */
typedef enum graph__op {
    GRAPH__EQ, GRAPH__NOT, GRAPH__GT, GRAPH__LT, GRAPH__GTE, GRAPH__LTE, GRAPH__IN, GRAPH__NOT_IN, GRAPH__CONTAINS, GRAPH__STARTS, GRAPH__ENDS,
    GRAPH__CHILD, GRAPH__AND, GRAPH__OR, GRAPH__CHANGED
} graph__op;
typedef struct graph__key { graph__op op; size_t field; bool negated, nocase; } graph__key; /* negated, nocase: CONTAINS, STARTS, ENDS */
bool graph__key_find(graph__type type, riv_str name, graph__key *out);
typedef struct graph__order { size_t field, under; } graph__order; /* under: the field of the row that field refers to; SIZE_MAX: none */
bool graph__order_find(graph__type type, riv_str name, graph__order *out);

typedef struct graph__values { const graph__operation *operation; const graph__node **of; } graph__values; /* by place of the variable; NULL: not given */
/* The whole document against the schema; then the variables of one operation against their types. */
RIV_MUST_USE riv_err graph__check(const graph__document *doc, riv_arena *arena, riv_fault *fault);
RIV_MUST_USE riv_err graph__check_variables(const graph__operation *op, const riv_json *variables, riv_arena *arena, riv_fault *fault, graph__values *out);
/* The value itself, or what its variable stands for; NULL: not given. */
const graph__node *graph__node_of(const graph__values *values, const graph__node *node);

/* ---- plan.c: one operation with its variables ---- */
typedef struct graph__filter graph__filter;
struct graph__filter {
    graph__key            key;
    graph__type           type;   /* whose rows it looks at */
    const graph__value   *values; size_t values_count; /* what the field is held against: one, or those of IN and NOT_IN */
    bool                  negative; /* of one number: values[0] is how far below zero. Lists leave such out: no row has one */
    riv_map              *set;    /* of many values, by set_key of plan.c */
    const graph__filter  *kids;   size_t kids_count;   /* AND, OR; CHILD: one, an AND on the other type */
};
typedef struct graph__pick graph__pick;
typedef struct graph__picks { graph__pick *items; size_t count; } graph__picks;
struct graph__pick {
    riv_str              key; /* of the answer */
    uint64_t             pos;
    int                  scope;
    graph__meaning       meaning;
    riv_str              id;     /* ONE */
    const graph__filter *where;  /* MANY, LIST; NULL: all */
    graph__order         order;
    bool                 descending;
    size_t               first, skip;
    graph__picks         kids;
};
typedef struct graph__item { const graph__row *row; const graph__value *key; } graph__item; /* key: what it is ordered by; NULL: null */
typedef struct graph__run {
    const graph *g; riv_arena *arena; riv_fault *fault;
    const graph__document *doc; graph__values values;
    uint64_t steps;
    size_t   picks;
    riv_buf  lowered; /* a text in lower case, while it is looked at */
    RIV_VEC(graph__item) stack; /* rows of the lists that are being written, one list on the other */
} graph__run;
RIV_MUST_USE riv_err graph__plan(graph__run *run, graph__picks *out);
/* RIV_E_LIMIT when the request has cost more than GRAPH_STEPS_MAX. */
RIV_MUST_USE riv_err graph__charge(graph__run *run, uint64_t steps, uint64_t pos);
int graph__compare(graph__kind kind, const graph__value *a, const graph__value *b); /* of values that are set */
bool graph__has_value(const graph__filter *f, graph__kind kind, const graph__value *v); /* one of its values, all of kind */
void graph__put_lower(riv_buf *out, riv_str s); /* ASCII alone */

/* ---- run.c: the answer's data; on an error out holds what was written so far ---- */
RIV_MUST_USE riv_err graph__write(graph__run *run, const graph__picks *picks, riv_buf *out);

#endif
