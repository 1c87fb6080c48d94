/* AIR: the small pi-calculus language that travels in particles: tree, parser, checks, printer.
 * Not here: execution. The whole language of docs/spec/air.md §1, with its checks and quirks. */
#ifndef RIV_AIR_H
#define RIV_AIR_H

#include "base/base.h"

enum {
    AIR_SCRIPT_BYTES_MAX = 16 << 20, /* the original's default; callers may ask for less */
    AIR_DEPTH_MAX        = 4096,     /* nested instructions: refused beyond, with the position */
};

/* ---- values ---- */

typedef enum __attribute__((packed)) air_accessor_kind { AIR_FIELD_NAME, AIR_ARRAY_INDEX, AIR_FIELD_BY_SCALAR } air_accessor_kind;
typedef struct air_accessor { riv_str name; uint32_t index; air_accessor_kind kind; } air_accessor;
/* Packed, so that the kind of a value stands in its last word: scripts hold little else than values. */
typedef struct __attribute__((packed)) air_lambda { /* empty: accessors_count 0 and !is_length */
    const air_accessor *accessors;
    uint32_t            accessors_count;
    bool                is_length; /* ".length" */
} air_lambda;

typedef enum __attribute__((packed)) air_var_kind { AIR_VAR_SCALAR, AIR_VAR_STREAM, AIR_VAR_MAP, AIR_VAR_CANON, AIR_VAR_CANON_MAP } air_var_kind;
/* The name holds its sigil as written ("$s", "#c", "#$c", "%m", "#%m"): the sigil is part of a variable's identity. pos: byte offset. */
typedef struct air_var { riv_str name; uint32_t pos; air_var_kind kind; } air_var;

typedef enum __attribute__((packed)) air_value_kind {
    AIR_INIT_PEER_ID, AIR_LAST_ERROR, AIR_ERROR, AIR_LITERAL, AIR_TIMESTAMP, AIR_TTL, AIR_INT, AIR_FLOAT, AIR_BOOL,
    AIR_EMPTY_ARRAY, AIR_VARIABLE,
} air_value_kind;
typedef struct air_value {
    union {
        riv_str text;    /* LITERAL: without quotes */
        int64_t i64;     /* INT */
        double  f64;     /* FLOAT */
        bool    boolean; /* BOOL */
        air_var var;     /* VARIABLE */
    };
    air_lambda     lambda; /* VARIABLE, LAST_ERROR, ERROR; else empty */
    air_value_kind kind;
} air_value;
_Static_assert(sizeof(void *) != 8 || sizeof(air_value) == 40, "a value takes five words");

/* ---- instructions ---- */

/* One row: enum name, keyword. docs/spec/air.md §1.3 */
#define AIR_INSTRS(X)                                                                                          \
    X(CALL, "call") X(CANON, "canon") X(AP, "ap") X(SEQ, "seq") X(PAR, "par") X(XOR, "xor") X(MATCH, "match")  \
    X(MISMATCH, "mismatch") X(FOLD, "fold") X(NEXT, "next") X(NEW, "new") X(FAIL, "fail") X(NULL, "null")      \
    X(NEVER, "never")
typedef enum __attribute__((packed)) air_kind {
#define X(name, keyword) AIR_##name,
    AIR_INSTRS(X)
#undef X
    AIR_KINDS
} air_kind;

/* A node has memory for the fields of its kind only: it is never copied, nor is another kind's field looked at. */
typedef struct air_node air_node;
struct air_node {
    air_kind        kind;
    bool            has_key, has_out;
    uint32_t        pos, end; /* byte span in the script, parentheses included */
    const air_node *kid[2];   /* SEQ PAR XOR: both. MATCH MISMATCH NEW: [0]. FOLD: [0] body, [1] last or NULL. Others: NULL */
    air_var         out;      /* CALL AP CANON: destination (has_out). NEW: the variable. FOLD, NEXT: the iterator */
    union {
        struct {
            air_value value[2]; /* MATCH MISMATCH: both. AP: [0] source. FAIL: [0] (kinds VARIABLE, LAST_ERROR, ERROR, or INT with the
                                   message in value[1]). FOLD: [0] iterable (VARIABLE of any kind, or EMPTY_ARRAY) */
            air_value key;      /* AP to a map: the key (has_key) */
        };
        struct {
            air_value        peer; /* CALL, CANON */
            union {
                struct {           /* CALL */
                    air_value        service, function;
                    const air_value *args;
                    size_t           args_count;
                };
                air_var source;    /* CANON: stream or map */
            };
        };
    };
};
const char *air_keyword(air_kind kind);

/* Parses and checks one script. On success *out lives in arena; texts point into script.
 * RIV_E_MALFORMED: fault->pos is the byte offset, fault->code is 1, msg says what was expected. RIV_E_LIMIT: too long, too deep, arena full. */
RIV_MUST_USE riv_err air_parse(riv_str script, riv_arena *arena, riv_fault *fault, const air_node **out);
/* The same without the checks of §1.4 (tools). */
RIV_MUST_USE riv_err air_parse_unchecked(riv_str script, riv_arena *arena, riv_fault *fault, const air_node **out);

/* ---- texts ---- */

/* Scripts as people read them: one instruction a line, two spaces a level; print(parse(s)) parses to the same tree. */
void    air_print(const air_node *node, riv_buf *out);
/* One instruction as error objects show it, e.g. call "P" ("s" "f") [a] x. SPEC air.md 4.6 */
riv_str air_instruction_text(const air_node *node, riv_arena *arena);
/* .$.[0].name, .length; empty when there is none. SPEC air.md 1.2 */
riv_str air_lambda_text(const air_lambda *lambda, riv_arena *arena);
void    air_put_value(riv_buf *out, const air_value *v);
/* The tree as JSON in the original `ast` function's shape. */
const riv_json *air_json(const air_node *node, riv_arena *arena);

#endif
