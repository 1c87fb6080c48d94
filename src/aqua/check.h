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
    riv_map      *named;   /* names of the file level that were read: for imports that nobody uses */
    const type_ast *sig;   /* of the function or closure at hand */
    size_t        errors;  /* before the function at hand: what is unused in a faulty one may be meant by the fault */
    bool          holes;   /* the function at hand has a faulty line: what is read there is not known */
    aqua_diag    *last;    /* the last mismatch, for notes */
} checker;

/* check.c */
const type *aqua__resolve_type(checker *k, const type_ast *t);  /* NULL: reported */
void        aqua__resolve_signature(checker *k, const type_ast *t, arrow *out); /* its type and shape */
const type *aqua__lookup_type(checker *k, const names *in, riv_str dotted);
bool        aqua__visible(const checker *k, riv_str name);
symbol     *aqua__define(checker *k, riv_str name, span at, const type *t); /* reports a name taken before */
aqua_diag  *aqua__mismatch(checker *k, const expr *e, const type *wanted); /* e has another type */
bool        aqua__expect(checker *k, const expr *e, const type *wanted); /* e is checked; false: reported */
void        aqua__check_range(checker *k, const expr *e, const type *wanted); /* of the integer literals in e, which fits otherwise */
void        aqua__not_found(checker *k, span at, riv_str name, bool call);
void        aqua__unknown_type(checker *k, span at, riv_str name);
bool        aqua__is_poisoned(const checker *k, riv_str name); /* a dotted name: something is wrong with it that was told before */
/* "did you mean", with the edit, when a name in the map is near. */
void        aqua__suggest(checker *k, aqua_diag *d, span at, riv_str name, const riv_map *among);
void        aqua__note_origin(checker *k, aqua_diag *d, const symbol *s, const char *text); /* where s was defined, if that is known */
void        aqua__mark_named(checker *k, riv_str name); /* a name of the file level is read */
riv_str     aqua__type_source(checker *k, const type *t); /* as one would write it; empty: it cannot be written */

/* uses.c: what is named where; nothing happens unless compiler.index. */
void        aqua__use_symbol(checker *k, span at, const symbol *s);
void        aqua__use_type(checker *k, const names *in, span at, riv_str dotted); /* each part of it */
void        aqua__use_field(checker *k, span at, const type *owner, riv_str name, const type *t);
void        aqua__use_in(checker *k, const names *in, span at, riv_str dotted); /* a value, a type or a module, in the header */
void        aqua__use_decl(checker *k, const decl *d);
void        aqua__use_module(checker *k, span at, riv_str name);
void        aqua__use_define(checker *k, const symbol *s);
void        aqua__use_scope(checker *k, size_t defined_from, uint32_t end); /* names defined since then end there */

/* flow.c: what would go wrong when it runs. */
void        aqua__check_flow(checker *k, const arrow *a);

/* check_expr.c: the type, or NULL when something was reported. */
const type *aqua__check_value(checker *k, expr *e);
const type *aqua__check_call(checker *k, expr *e); /* EX_CALL, EX_METHOD: the callee's arrow */

/* check_stmt.c */
void aqua__check_arrow(checker *k, arrow *a, const type_ast *sig, stmts *body);

#endif
