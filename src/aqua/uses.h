/* Shared by the checker and the queries: what is named where in one file, noted while it is checked (compiler.index).
 * Everything lives in the arena of the file's check. */
#ifndef RIV_AQUA_USES_H
#define RIV_AQUA_USES_H

#include "aqua/internal.h"

typedef enum use_kind { USE_LOCAL, USE_VALUE, USE_TYPE, USE_FIELD, USE_MODULE } use_kind;
/* One name in the text. What it means is told by the file that defines it and the names there, so that it outlives that file's check. */
typedef struct use {
    span        at;
    use_kind    kind;
    bool        defines;
    symbol_kind symbol_kind;
    riv_str     path, name, member; /* VALUE TYPE FIELD: origin (predefined: path empty) */
    span        def;                /* LOCAL MODULE: in this file */
    const type *type;
} use;
typedef struct local { const symbol *symbol; uint32_t end; } local; /* known from its definition to end */
typedef struct uses {
    RIV_VEC(use) items;
    RIV_VEC(local) locals;
} uses;

#endif
