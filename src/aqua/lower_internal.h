/* Shared by the files of lowering: values known while expanding, and the state of one exported function's expansion. */
#ifndef RIV_AQUA_LOWER_INTERNAL_H
#define RIV_AQUA_LOWER_INTERNAL_H

#include "aqua/lower.h"

typedef struct value      value;
typedef struct activation activation;
typedef enum value_kind { VAL_DATA, VAL_ARROW, VAL_SERVICE_ARROW, VAL_CALLBACK, VAL_RECORD } value_kind;
struct value {
    value_kind   kind;
    operand      data;     /* DATA, streams and maps included. SERVICE_ARROW: the id */
    const type  *type;     /* of arrows */
    const arrow *arrow;    /* ARROW: with what it captured */
    activation  *env;
    const model *capture;  /* ARROW: where it runs; NULL: where it is called */
    riv_str      name;     /* SERVICE_ARROW, CALLBACK: the function */
    riv_str      service;  /* SERVICE_ARROW: the service as it is declared */
    const field *fields;   /* RECORD: names; values beside them */
    const value **values;
    size_t       fields_count;
};
/* One expansion of a function or closure: the values of its names. */
struct activation { const arrow *arrow; activation *parent; const value **slots; };

typedef struct restriction { RIV_VEC(var *) vars; } restriction;
typedef struct lowerer {
    compiler    *c;
    riv_arena   *arena;
    const source *src;
    riv_map     *names;     /* base name: how often it was given out */
    models      *out;       /* where instructions go */
    restriction *streams;   /* of the block at hand */
    activation  *act;
    var         *relay, *error;
    uint32_t     depth;     /* of statements, values and calls together */
    uint32_t     steps;     /* how many of them were expanded */
    const arrow *entry;     /* the exported function */
    const expr  *site;      /* the call in it that is being expanded */
    bool         eager;     /* fields of the value at hand are read where it stands */
    bool         failed;
} lowerer;
/* Steps are statements, values and calls after expansion. At the limit a script is about as long as AquaVM takes (16 MB). */
enum { LOWER_DEPTH_MAX = 1000, LOWER_STEPS_MAX = 800000 };

/* lower.c */
var   *aqua__fresh(lowerer *l, air_var_kind kind, riv_str base, const char *suffix);
model *aqua__emit(lowerer *l, model_kind kind);        /* a new node at the end of l->out */
model *aqua__wrap_list(lowerer *l, model_kind kind, const models *list); /* one node for a list: itself when there is one */
bool   aqua__too_deep(lowerer *l, span at);            /* counts; undo with l->depth-- when false */
void   aqua__lower_body(lowerer *l, const stmts *body);
model *aqua__restrict(lowerer *l, const restriction *r, models *list); /* NULL when list is empty */

/* lower_value.c */
const value *aqua__lower_value(lowerer *l, const expr *e);
const value *aqua__lower_eager(lowerer *l, const expr *e); /* what is named or returned: its fields are read here, not where it is used */
const value *aqua__data(lowerer *l, operand data);
operand      aqua__as_data(lowerer *l, const value *v); /* streams become snapshots */
operand      aqua__flat(lowerer *l, operand data, riv_str base); /* without a path, in a scalar */
void         aqua__lower_values(lowerer *l, expr *const *exprs, size_t count, const value **out); /* what needs work, in par */
void         aqua__lower_operands(lowerer *l, expr *const *exprs, size_t count, operand *out);
const value *aqua__lookup(lowerer *l, const symbol *s);
bool         aqua__is_stream(const value *v);
void         aqua__push(lowerer *l, operand data, var *stream);

/* lower_call.c */
/* Expands e; results has room for as many as the callee gives. target: whose names that are streams already are pushed to; or NULL. */
void aqua__lower_call(lowerer *l, const expr *e, const stmt *target, const value **results);
/* The exported function itself, with its arguments. */
void aqua__call_entry(lowerer *l, const value *callee, const value *const *args, const value **results);
model *aqua__home(lowerer *l);
const value *aqua__service_record(lowerer *l, const expr *e);
operand      aqua__service_id(lowerer *l, const expr *e);

#endif
