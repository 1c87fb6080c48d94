/* Shared inside the compiler: tokens, syntax tree, types, symbols, values, the model tree, and the passes over them.
 * Everything lives in the one arena of a compilation; nothing is freed or changed after the pass that makes it.
 * Spec: docs/spec/aqua.md. Order of reading: lex, parse, check, lower, topology, emit. */
#ifndef RIV_AQUA_INTERNAL_H
#define RIV_AQUA_INTERNAL_H

#include "aqua/aqua.h"

typedef struct span { uint32_t pos, len; } span; /* bytes in the text of one file */

typedef struct compiler compiler;
typedef struct module   module;
typedef struct type     type;
typedef struct expr     expr;
typedef struct stmt     stmt;
typedef struct decl     decl;
typedef struct arrow    arrow;
typedef struct symbol   symbol;

enum {
    AQUA_NAMES_MAX = 2000,  /* parameters, fields, named arguments, targets: what is compared pair by pair */
    AQUA_NEAR_MAX  = 20000, /* names looked at for a hint */
};

/* ---- codes of diagnostics (codes.c has their texts) ---- */

typedef enum diag_code {
    /* text and layout */
    D_BAD_CHARACTER, D_OPEN_STRING, D_BAD_NUMBER, D_LARGE_NUMBER, D_NOT_UTF8, D_UNEXPECTED, D_UNCLOSED, D_TRAILING_COMMA, D_CHAIN,
    D_BANG_EQUAL, D_RETURN_SPACE, D_EMPTY_COLLECTION, D_JOIN_OPERATOR, D_NEGATIVE_INDEX, D_MISSING_COLON, D_MIXED_INDENT,
    D_UNEXPECTED_INDENT, D_NO_BODY, D_WRONG_LEVEL, D_RETURN_IN_BLOCK, D_NOT_A_DECLARATION, D_NOT_A_CALL, D_CONST_CASE, D_CONST_VALUE,
    D_HEADER_BELOW, D_TOO_DEEP, D_TOO_MANY, D_NOT_A_TYPE, D_NAME_CASE,
    /* header, modules, options */
    D_NO_MODULE, D_SECOND_MODULE, D_OLD_MODULE, D_DECLARE_UNKNOWN, D_IMPORT_UNKNOWN, D_EXPORT_UNKNOWN, D_EXPORT_PATH, D_EXPORT_KIND,
    D_IMPORT_MISSING, D_IMPORT_CYCLE, D_BAD_OPTION, D_IMPORT_CLASH, D_UNUSED_IMPORT, D_HEADERLESS,
    /* names */
    D_UNKNOWN_NAME, D_UNKNOWN_FUNCTION, D_UNKNOWN_TYPE, D_NAME_TAKEN, D_ARROW_TAKEN, D_TYPE_TAKEN, D_UNKNOWN_ABILITY, D_UNKNOWN_IN_MODULE,
    D_NO_SUCH_FUNCTION, D_NO_SUCH_FIELD, D_NO_SERVICE_ID, D_FIELD_TAKEN, D_CONST_REDEFINED, D_HIDES_IMPORT, D_UNUSED_VARIABLE, D_TYPE_AGAIN,
    /* types */
    D_MISMATCH, D_ARG_COUNT, D_NOT_CALLABLE, D_NO_RESULT, D_FIELD_NOT_ARROW, D_NOT_AN_INTEGER, D_NOT_INDEXABLE, D_OPTION_INDEX,
    D_NOT_COMPARABLE, D_LITERAL_RANGE, D_NOT_DATA, D_MIXED_ELEMENTS, D_UNKNOWN_RESULT, D_NOT_ITERABLE, D_NOT_A_STREAM, D_FIELD_KIND,
    D_SERVICE_RESULTS, D_MISSING_ARGUMENT, D_DUPLICATE_ARGUMENT, D_EXTRA_ARGUMENT, D_NOT_CONSTRUCTIBLE, D_NO_COPY, D_NOT_A_SERVICE,
    D_SERVICE_ID_KIND, D_CONST_KIND, D_FIELDS_MISSING, D_NO_METHOD,
    /* statements */
    D_ELSE_ALONE, D_CATCH_ALONE, D_NO_PREVIOUS, D_RETURN_TWICE, D_RETURN_UNDECLARED, D_RETURN_MISSING, D_RETURN_COUNT, D_RETURN_TYPE,
    D_TARGET_COUNT, D_UNUSED_RESULT, D_MAP_ARROW, D_AFTER_RETURN,
    /* what would go wrong when it runs */
    D_NEVER_ARRIVES, D_NOT_JOINED, D_ON_NOWHERE, D_ON_WITHOUT_RELAY,
    /* lowering */
    D_EXPANSION,
    DIAG_CODES,
} diag_code;
extern const aqua_code aqua__codes[DIAG_CODES];

/* ---- tokens and lines (lex.c) ---- */

typedef enum token_kind {
    T_END, /* of a logical line; its span is empty */
    T_NAME, T_CLASS, T_INT, T_FLOAT, T_STRING, T_INIT_PEER, T_TOP, T_BOTTOM,
    T_COLON, T_COMMA, T_DOT, T_LPAREN, T_RPAREN, T_LBRACKET, T_RBRACKET, T_LBRACE, T_RBRACE,
    T_ARROW, T_LARROW, T_PUSH, T_ASSIGN, T_QUESTION, T_BANG,
    T_STAR, T_POW, T_SLASH, T_PERCENT, T_PLUS, T_MINUS, T_LT, T_LE, T_GT, T_GE, T_EQ, T_NE, T_AND, T_OR,
    T_BAD, /* already reported */
} token_kind;
typedef struct token { token_kind kind; bool spaced; /* white space before it */ uint32_t pos, len; } token;
/* One statement: indentation and tokens [first, last); the token at last is T_END. */
typedef struct line { uint32_t indent_pos, indent_len, first, last; } line;

/* What the grammar does not see: a comment from its `--` to the end of its line, or a blank line (its span is the line without its end). */
typedef struct trivia { uint32_t pos, len; bool is_comment, alone; /* nothing before it on its line */ } trivia;

typedef struct source {
    riv_str path, text;
    token  *tokens; size_t tokens_count;
    line   *lines;  size_t lines_count;
    trivia *trivia; size_t trivia_count; /* in order of the text */
} source;

/* ---- syntax tree (parse.c) ---- */

typedef enum type_ast_kind { TA_TOP, TA_BOTTOM, TA_NAMED, TA_ARRAY, TA_OPTION, TA_STREAM, TA_MAP, TA_ARROW, TA_BAD /* told before */ } type_ast_kind;
typedef struct type_ast type_ast;
typedef struct param_ast { riv_str name; span at; type_ast *type; } param_ast;
struct type_ast {
    type_ast_kind kind;
    span          at;
    riv_str       name;  /* NAMED: dotted, or a scalar */
    type_ast     *elem;  /* ARRAY OPTION STREAM MAP */
    param_ast    *params;  size_t params_count;  /* ARROW; without names in an arrow type. Abilities come first, named by their type */
    size_t        abilities_count;
    bool          named;   /* ARROW: written with argument names, as functions are */
    type_ast    **results; size_t results_count; /* ARROW */
    uint32_t      end;     /* ARROW with names: behind its last token */
};

typedef enum expr_kind {
    EX_LITERAL, /* text as AIR wants it; token kind in literal */
    EX_NAME, EX_ARRAY, EX_OPTION, EX_STREAM, EX_CONSTRUCT, EX_CALL, EX_METHOD, EX_FIELD, EX_INDEX, EX_COPY, EX_NOT, EX_BINARY,
} expr_kind;
typedef enum binary_op {
    OP_OR, OP_AND, OP_EQ, OP_NE, OP_GE, OP_LE, OP_GT, OP_LT, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_REM, OP_POW,
} binary_op;
typedef enum literal_kind { LIT_BOOL, LIT_UNSIGNED, LIT_SIGNED, LIT_FLOAT, LIT_STRING, LIT_INIT_PEER } literal_kind;
/* How a checked EX_CALL, EX_METHOD or EX_FIELD finds its meaning. */
typedef enum target_kind {
    TARGET_NONE,
    TARGET_VALUE,   /* base is a value: field, property, arrow in an ability; of EX_CALL: an arrow in sym */
    TARGET_SERVICE, /* function of service `service` whose id is in sym, or its default when sym is NULL */
    TARGET_SYMBOL,  /* a path through modules that ends at sym */
    TARGET_MAP,     /* method of a stream map */
} target_kind;
struct expr {
    expr_kind    kind;
    literal_kind literal;
    span         at;     /* what diagnostics mark */
    span         whole;  /* all of it */
    riv_str      text;   /* literal, name, field, function */
    expr        *base;   /* left operand, owner of a property, operand of ! */
    expr        *right;  /* right operand, index */
    binary_op    op;
    expr       **args;      size_t args_count; /* ability arguments first */
    riv_str     *arg_names; span *arg_spans;    /* CONSTRUCT, COPY */
    uint32_t     height; /* of the tree below, bounded by AQUA_DEPTH_MAX */
    bool         bang;   /* INDEX written `!` */
    /* filled in by check */
    const type  *type;   /* NULL: in error, already reported */
    symbol      *symbol;
    target_kind  target;
    const decl  *service;
    const type  *callee; /* CALL, METHOD: the arrow's type */
};

typedef enum stmt_kind {
    ST_RETURN, ST_SERVICE_ID, ST_PUSH, ST_FOR, ST_ON, ST_IF, ST_ELSE, ST_TRY, ST_CATCH, ST_OTHERWISE, ST_PARSEQ, ST_JOIN,
    ST_DECLARE, ST_CLOSURE, ST_ASSIGN, ST_CALL, ST_BAD,
} stmt_kind; /* BAD: a faulty line */
typedef enum stmt_prefix { PREFIX_NONE, PREFIX_PAR, PREFIX_CO } stmt_prefix;
typedef enum for_mode { FOR_SEQ, FOR_PAR, FOR_TRY, FOR_REC } for_mode;
typedef RIV_VEC(stmt *) stmts;
struct stmt {
    stmt_kind   kind;
    stmt_kind   was;       /* BAD: what it was about to be */
    stmt_prefix prefix;
    for_mode    mode;
    span        at;        /* first token */
    span        whole;     /* with its prefix and its body */
    span        prefix_at;
    riv_str    *names; span *name_spans; size_t names_count; /* targets, loop items, the error's name, the service type */
    expr      **exprs; size_t exprs_count; /* RETURN JOIN: all. ON: peer, vias. PARSEQ: collection, peer, vias. PUSH: [key,] value. others: one */
    type_ast   *type;      /* DECLARE; CLOSURE: its arrow */
    bool        is_func;   /* CLOSURE with the word func */
    stmts       body;
    bool        has_body;
    /* filled in by check */
    symbol    **symbols;   /* one per name */
    arrow      *arrow;     /* CLOSURE */
    bool        pair;      /* FOR over a map with two names */
    bool       *pushes;    /* CALL: names that are streams or maps already */
};

typedef enum decl_kind { DECL_FUNC, DECL_SERVICE, DECL_DATA, DECL_ABILITY, DECL_ALIAS, DECL_CONST } decl_kind;
typedef struct sig_ast { riv_str name; span at; type_ast *type; } sig_ast; /* field or function */
struct decl {
    decl_kind kind;
    riv_str   name;
    span      at;     /* the name */
    span      whole;  /* with its body */
    span      doc;    /* the comment lines right above; empty when there are none */
    sig_ast  *sigs; size_t sigs_count; /* SERVICE DATA ABILITY */
    type_ast *type;   /* FUNC ALIAS */
    expr     *value;  /* CONST; SERVICE: id or NULL */
    bool      weak;   /* const X ?= */
    stmts     body;   /* FUNC */
    /* filled in by check */
    module     *module;
    const type *def;  /* the type it names, or the type of the function */
    symbol     *symbol;
    arrow      *arrow;
    bool        bad;    /* its header has a syntax error, or its fields: what it names is poisoned */
    const riv_str *path; /* of the file that defines it */
    uint64_t    key;    /* SERVICE: of path and name; the same in every copy */
};

typedef struct name_as { riv_str name, as; span at, as_at; } name_as; /* as: empty when not renamed */
typedef enum head_kind { HEAD_MODULE, HEAD_USE, HEAD_IMPORT, HEAD_EXPORT } head_kind;
typedef struct head {
    head_kind kind;
    span      at;
    riv_str   name;  span name_at; /* MODULE: its name; USE: `as`, may be empty */
    bool      deprecated_word, declares, declares_all;
    name_as  *names; size_t names_count; /* declared, imported or exported */
    bool      has_names;
    riv_str   path;  span path_at;  /* USE, IMPORT: without quotes */
} head;

/* ---- types (types.c) ---- */

typedef enum type_kind {
    TY_TOP, TY_BOTTOM, TY_SCALAR, TY_LITERAL, TY_ARRAY, TY_OPTION, TY_STREAM, TY_MAP, TY_CANON, TY_CANON_MAP,
    TY_STRUCT, TY_ABILITY, TY_SERVICE, TY_ARROW,
} type_kind;
enum {
    SC_U8 = 1, SC_U16 = 2, SC_U32 = 4, SC_U64 = 8, SC_I8 = 16, SC_I16 = 32, SC_I32 = 64, SC_I64 = 128, SC_F32 = 256, SC_F64 = 512,
    SC_BOOL = 1024, SC_STRING = 2048, SC_COUNT = 12,
    SC_SIGNED = SC_I8 | SC_I16 | SC_I32 | SC_I64, SC_INTEGER = SC_SIGNED | SC_U8 | SC_U16 | SC_U32 | SC_U64,
    SC_UNSIGNED = SC_INTEGER - SC_SIGNED, SC_FLOAT = SC_F32 | SC_F64, SC_NUMBER = SC_INTEGER | SC_FLOAT,
};
typedef struct field { riv_str name; const type *type; } field;
struct type {
    type_kind    kind;
    uint32_t     id;     /* unique in a compilation */
    uint32_t     depth;  /* of the types inside; bounded by AQUA_DEPTH_MAX where names or values make it grow */
    unsigned     scalars; /* SCALAR: one bit; LITERAL: those it may become */
    const type  *elem;
    riv_str      name;   /* STRUCT ABILITY SERVICE */
    const field *fields; size_t fields_count; /* STRUCT ABILITY SERVICE: sorted by name. ARROW: parameters in order */
    const type *const *results; size_t results_count; /* ARROW */
    bool         named;  /* ARROW: parameters have names */
    const decl  *decl;   /* STRUCT ABILITY SERVICE: as declared; NULL: made by the compiler */
};
enum { CMP_LESS = -1, CMP_EQUAL = 0, CMP_GREATER = 1, CMP_NONE = 2 };

extern const type aqua__top, aqua__bottom, aqua__string, aqua__bool, aqua__u32, aqua__u64, aqua__i64, aqua__f64, aqua__lit_signed,
    aqua__lit_unsigned, aqua__lit_float, aqua__lit_bool, aqua__lit_string, aqua__nil, aqua__error_type;
const type *aqua__scalar_named(riv_str name); /* NULL: no such scalar */
const type *aqua__literal_type(literal_kind kind);
type       *aqua__type_new(compiler *c, type_kind kind);
uint32_t    aqua__type_depth(const type *t);   /* worked out from its parts */
const type *aqua__type_of_elem(compiler *c, type_kind kind, const type *elem);
/* CMP_*: how a stands to b; aqua__accepts: a value of type `given` may stand where `wanted` is expected. SPEC aqua.md 5.3 */
int         aqua__type_compare(compiler *c, const type *a, const type *b);
bool        aqua__accepts(compiler *c, const type *wanted, const type *given);
const type *aqua__type_meet(compiler *c, const type *a, const type *b);
const type *aqua__type_join(compiler *c, const type *a, const type *b);
bool        aqua__is_data(const type *t);
bool        aqua__is_collection(const type *t);  /* array, option, stream, canon */
bool        aqua__carries_data(const type *t);   /* ARROW: a service or a client can answer it */
bool        aqua__is_integer(const type *t);
bool        aqua__is_float(const type *t);
const type *aqua__field_type(const type *t, riv_str name); /* NULL: none */
void        aqua__put_type(riv_buf *out, const type *t);
riv_str     aqua__type_text(compiler *c, const type *t);

/* ---- symbols (check.c) ---- */

typedef enum symbol_kind { SYM_VALUE, SYM_CONST, SYM_FUNC, SYM_SERVICE_ID } symbol_kind;
struct symbol {
    symbol_kind kind;
    riv_str     name;
    span        at;
    const type *type;   /* NULL: its definition was wrong */
    arrow      *owner;  /* VALUE, SERVICE_ID: the function or closure that defines it */
    uint32_t    slot;   /*   and its place among that one's values */
    const decl *decl;   /* FUNC */
    riv_str     text;   /* CONST: as AIR wants it */
    literal_kind literal;
    riv_str     path;   /* CONST, FUNC: the file that defines it; empty: predefined */
    uint32_t    uses;   /* VALUE: how often it is read */
    bool        wanted; /* VALUE: to be told when nothing reads it */
};
/* A function or closure with a body. */
struct arrow {
    riv_str      name;
    arrow       *parent;     /* closures */
    const type  *type;     /* NULL: wrong somewhere */
    const type  *shape;    /* the same with its wrong parts NULL */
    symbol     **params; size_t params_count;
    const stmts *body;
    const stmt  *returns;    /* the return statement, or NULL */
    uint32_t     slots_count;
    bool         is_func;    /* runs where it is called; a plain closure runs where it was defined */
};
/* Names visible from outside a module, or inside one file. Values of the maps are as said. */
typedef struct names {
    riv_map *types;   /* const type * (data, ability, alias, service) */
    riv_map *values;  /* symbol * (constants and functions) */
    riv_map *services;/* const decl * */
    riv_map *modules; /* names * */
    riv_map *origins; /* of types: const origin *; NULL when nobody asks (compiler.index) */
} names;
typedef struct origin { riv_str path, name; } origin; /* where a type was declared, and its name there */
struct module {
    source   src;
    riv_str  name;
    head    *heads; size_t heads_count;
    decl    *decls; size_t decls_count;
    module **imports;      /* by head; NULL elsewhere */
    names    inside, own, declared;
    bool     failed, loading, checked;
    bool     headless;     /* an older library without a header: it declares everything */
    riv_map *poisoned;     /* names whose definition was wrong: nothing more is said about them */
    riv_map *withheld;     /* those of them that importers might miss */
    bool     unresolved;   /* a whole file could not be imported: any name may come from it */
    struct uses *uses;     /* compiler.index: what was named where */
    uint32_t id;
};

/* ---- the compiler ---- */

struct compiler {
    riv_arena        *arena;
    const aqua_input *in;
    riv_fault        *fault;
    RIV_VEC(aqua_diag) errors, warnings;
    RIV_VEC(module *) modules; /* dependencies first, once checked */
    riv_map          *module_by_path;
    riv_map          *compared; /* pairs of type ids */
    riv_map          *predefined; /* HOST_PEER_ID and its like: symbol * */
    riv_map          *constants; /* option: symbol * */
    uint32_t          types_count;
    bool              over;
    aqua_diag         spare; /* takes what is not wanted */
    bool              index; /* the checker notes every use of a name for queries: uses.h */
};

riv_str aqua__text(const source *src, span at);
void    aqua__withhold(module *m, riv_str name); /* poisoned, for importers too; the name outlives m */
/* report.c. Notes a finding and returns it, so that more can be hung on; what is no longer taken (AQUA_DIAGS_MAX) goes into a spare one. */
aqua_diag *aqua__report(compiler *c, const source *src, diag_code code, span at, const char *format, ...) RIV_PRINTF(5, 6);
aqua_diag *aqua__report_nowhere(compiler *c, riv_str file, diag_code code, riv_str text);
void    aqua__hint(compiler *c, aqua_diag *d, const char *format, ...) RIV_PRINTF(3, 4);
void    aqua__note(compiler *c, aqua_diag *d, const source *src, span at, const char *format, ...) RIV_PRINTF(5, 6);
/* One edit that likely mends it: text instead of at. d may be NULL in these. */
void    aqua__fix(compiler *c, aqua_diag *d, const char *title, span at, riv_str text);
void    aqua__fixes(compiler *c, aqua_diag *d, const char *title, const aqua_edit *edits, size_t count);
/* The options on warnings: names that do not exist are errors, and so is what remains when warnings are denied. */
void    aqua__settle_warnings(compiler *c);
/* Errors of lowering and emission: `kind` is kept for their callers. */
void    aqua__error(compiler *c, const source *src, aqua_diag_kind kind, span at, const char *format, ...) RIV_PRINTF(5, 6);
span    aqua__span_join(span a, span b);
/* fmt.c: does the layout put a space between a and b? before: the token that stands before a, or NULL. */
bool    aqua__wants_space(const source *src, const token *before, const token *a, const token *b);

/* ---- passes ---- */

/* Predefined names and the constants of the options; c has its arena and its input. */
void aqua__begin(compiler *c);
/* One file by itself, read and not checked; nothing is imported. c has its arena and its fault. */
void aqua__read_alone(compiler *c, module *m, const aqua_input *in);
void aqua__lex(compiler *c, source *src);
void aqua__parse(compiler *c, module *m);
expr *aqua__parse_literal(compiler *c, riv_str text); /* for the constants option; NULL: no literal */
void aqua__check(compiler *c, module *m);
/* The exported functions of m, checked and lowered, into out. */
void aqua__emit_exports(compiler *c, module *m, aqua_output *out);

#endif
