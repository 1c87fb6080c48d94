/* Shared by lowering, topology and emission: the model tree, what is left when all functions are expanded into the exported one. */
#ifndef RIV_AQUA_LOWER_H
#define RIV_AQUA_LOWER_H

#include "aqua/internal.h"

/* A variable of AIR; its name holds the sigil and is unique in the script. */
typedef struct var {
    air_var_kind kind;
    bool         special;  /* :error: */
    riv_str      name;
    struct var  *source;    /* a stream that fills from a map: who waits for it waits for the map */
    uint32_t     used_last; /* topology: place of the last use, from 1; 0: none */
} var;
typedef enum lens_kind { LENS_FIELD, LENS_INDEX, LENS_VAR, LENS_LENGTH } lens_kind;
typedef struct lens { lens_kind kind; riv_str text; var *by; } lens;
/* An operand: a literal as AIR writes it (var NULL), or a variable and a path into it. */
typedef struct operand {
    riv_str     text;
    var        *var;
    const lens *lenses; size_t lenses_count;
    bool        many; /* a via that holds several relays */
} operand;

typedef enum model_kind {
    M_SEQ, M_PAR, M_DETACH, M_XOR, M_ON, M_FOR, M_NEXT, M_MATCH, M_MISMATCH, M_NEW, M_CALL, M_CANON, M_AP, M_AP_MAP, M_FAIL, M_NULL,
    M_CAPTURE, /* remembers where a closure was defined */
    M_APPLY,   /* runs its children at that place */
} model_kind;
typedef struct model model;
typedef RIV_VEC(model *) models;
typedef struct path path;
struct model {
    model_kind kind;
    models     kids;
    operand    a, b;      /* ON: peer. CALL: service. AP, FAIL: value. AP_MAP: key, value. MATCH: both. FOR: collection */
    operand   *list; size_t list_count; /* CALL: arguments. ON: vias */
    riv_str    function;  /* CALL */
    var       *in;        /* CANON: stream or map */
    var       *out;       /* CALL CANON AP: result. AP_MAP: map. FOR NEXT: item. NEW: what is restricted */
    bool       never;     /* FOR: waits for more */
    bool       relay_return; /* ON of a parseq: goes back as far as the relay only */
    bool       local;     /* what it gives is made anew wherever it is looked at: nobody comes home for it */
    const model *capture; /* APPLY */
    /* topology */
    model     *parent;
    size_t     index;     /* among the parent's children */
    uint32_t   place, end; /* order of the walk: of the node, of its last descendant */
    struct topo *topo;
};

/* The whole script of one exported function: root is `on init via relay`. NULL: refused, the reason is among the errors. */
model  *aqua__lower(compiler *c, const decl *func);
/* Hops in, peers known: ON, APPLY and CAPTURE are gone, each CALL and CANON has its peer in b. */
model  *aqua__topology(compiler *c, model *root);
void    aqua__print_air(const model *root, riv_buf *out);

model  *aqua__model(riv_arena *arena, model_kind kind);
void    aqua__adopt(riv_arena *arena, model *parent, model *kid);
operand aqua__of_var(var *v);
operand aqua__of_text(riv_str text);
bool    aqua__same_operand(const operand *a, const operand *b);

#endif
