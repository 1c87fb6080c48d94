/* Shared by the files of the checker: what is visible at the place being checked. */
#ifndef RIV_AQUA_CHECK_H
#define RIV_AQUA_CHECK_H

#include "aqua/internal.h"

typedef struct bound_id { const decl *service; symbol *before; } bound_id;
typedef struct checker {
    compiler     *c;
    module       *m;
    const source *src;
    arrow        *arrow;   /* whose body is being checked */
    riv_map      *scope;   /* local names: symbol *. No name ever hides another, so one map serves all frames */
    RIV_VEC(symbol *) defined; /* in order, to be forgotten when their frame ends */
    riv_map      *ids;     /* service declarations (by address): symbol * of the id that holds here */
    RIV_VEC(bound_id) bound;
} checker;

/* check.c */
const type *aqua__resolve_type(checker *k, const type_ast *t);  /* NULL: reported */
const type *aqua__lookup_type(checker *k, const names *in, riv_str dotted);
bool        aqua__visible(const checker *k, riv_str name);
symbol     *aqua__define(checker *k, riv_str name, span at, const type *t); /* reports a name taken before */
void        aqua__mismatch(checker *k, span at, const type *wanted, const type *given);
bool        aqua__expect(checker *k, const expr *e, const type *wanted); /* e is checked; false: reported */
void        aqua__not_found(checker *k, span at, riv_str name, bool call);

/* check_expr.c: the type, or NULL when something was reported. */
const type *aqua__check_value(checker *k, expr *e);
const type *aqua__check_call(checker *k, expr *e); /* EX_CALL, EX_METHOD: the callee's arrow */

/* check_stmt.c */
void aqua__check_arrow(checker *k, arrow *a, const type_ast *sig, stmts *body);

#endif
