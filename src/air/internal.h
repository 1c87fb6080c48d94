/* Shared inside the air room: tokens, characters, the checker that the parser feeds.
 * Not here: the tree (air.h). Spec: docs/spec/air.md §1. */
#ifndef RIV_AIR_INTERNAL_H
#define RIV_AIR_INTERNAL_H

#include "air/air.h"

enum { AIR_CODE_PARSE = 1 }; /* AquaVM's number for a script that is refused. SPEC air.md 4.7 */

/* ---- characters (unicode.c) ---- */

bool air__is_numeric(uint32_t c);
bool air__is_alphanumeric(uint32_t c);
bool air__is_space(uint32_t c);

/* ---- tokens (lex.c) ---- */

/* One bit each, so that what a place of the grammar takes is a set. An operand with a lambda is a token of its own. */
typedef enum air_token_kind {
    AIR_T_END               = 1 << 0,
    AIR_T_OPEN              = 1 << 1, /* ( */
    AIR_T_CLOSE             = 1 << 2,
    AIR_T_LIST_OPEN         = 1 << 3, /* [ */
    AIR_T_LIST_CLOSE        = 1 << 4,
    AIR_T_KEYWORD           = 1 << 5,
    AIR_T_INIT_PEER_ID      = 1 << 6,
    AIR_T_LAST_ERROR        = 1 << 7,
    AIR_T_LAST_ERROR_LAMBDA = 1 << 8,
    AIR_T_ERROR             = 1 << 9,
    AIR_T_ERROR_LAMBDA      = 1 << 10,
    AIR_T_TIMESTAMP         = 1 << 11,
    AIR_T_TTL               = 1 << 12,
    AIR_T_LITERAL           = 1 << 13,
    AIR_T_INT               = 1 << 14,
    AIR_T_FLOAT             = 1 << 15,
    AIR_T_BOOL              = 1 << 16,
    AIR_T_SCALAR            = 1 << 17,
    AIR_T_SCALAR_LAMBDA     = 1 << 18,
    AIR_T_STREAM            = 1 << 19,
    AIR_T_MAP               = 1 << 20,
    AIR_T_CANON             = 1 << 21,
    AIR_T_CANON_LAMBDA      = 1 << 22,
    AIR_T_CANON_MAP         = 1 << 23,
    AIR_T_CANON_MAP_LAMBDA  = 1 << 24,
    AIR_T_STREAM_LAMBDA     = 1 << 25, /* of streams and maps: lexed, taken nowhere */
} air_token_kind;

typedef struct air_token {
    air_token_kind kind;
    air_kind       keyword;
    size_t         pos, end;
    air_value      value; /* of operands */
} air_token;

typedef struct air_lexer {
    riv_str    script; /* valid UTF-8 */
    size_t     pos;
    riv_arena *arena;  /* of accessors */
} air_lexer;

RIV_MUST_USE riv_err air__lex(air_lexer *lexer, riv_fault *fault, air_token *out);
/* text begins with a dot; base is its offset in the script. */
RIV_MUST_USE riv_err air__lex_lambda(riv_str text, size_t base, riv_arena *arena, riv_fault *fault, air_lambda *out);

/* ---- checks (check.c) ---- */

/* Is fed by the parser: fold heads when they open, every instruction when it is whole. */
typedef struct air_checker air_checker;
air_checker *air__checker_new(riv_arena *arena);
void         air__check_fold_opens(air_checker *c, const air_node *fold);
void         air__check_instruction(air_checker *c, const air_node *node);
RIV_MUST_USE riv_err air__check_end(air_checker *c, riv_fault *fault);

#endif
