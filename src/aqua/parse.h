/* Shared by the files of the parser: a cursor over the tokens of one logical line. */
#ifndef RIV_AQUA_PARSE_H
#define RIV_AQUA_PARSE_H

#include "aqua/internal.h"

typedef struct parser {
    compiler *c;
    module   *m;
    source   *src;
    size_t    pos;    /* of the token at hand */
    uint32_t  depth;  /* of nested types, expressions, blocks */
    bool      failed; /* this line has its error; the rest of it is skipped */
} parser;

const token *aqua__peek(const parser *p, size_t ahead);
bool         aqua__at(const parser *p, token_kind kind);
bool         aqua__at_word(const parser *p, const char *word);
bool         aqua__eat(parser *p, token_kind kind);
bool         aqua__eat_word(parser *p, const char *word);
bool         aqua__want(parser *p, token_kind kind, const char *what);
bool         aqua__want_name(parser *p, token_kind kind, const char *what); /* T_NAME or T_CLASS; the other case is told and taken */
bool         aqua__want_colon(parser *p); /* at the end of a block's header; told and supposed when the line ends without it */
/* An error, once a line; the rest of the line is skipped. NULL when there was one before. */
aqua_diag   *aqua__expected(parser *p, const char *what); /* at the token at hand */
aqua_diag   *aqua__fail_at(parser *p, diag_code code, span at, const char *text);
void         aqua__poison(const parser *p, riv_str name); /* nothing is said about this name any more */
span         aqua__whole(const parser *p, size_t first);  /* from the token `first` to the last one taken */
span         aqua__span(const token *t);
riv_str      aqua__word(const parser *p, const token *t);
bool         aqua__deeper(parser *p); /* false: too deep, reported */

span         aqua__doc_above(const source *src, size_t pos); /* comment lines that end right above the line at pos; empty: none */

/* parse_expr.c. All return a node even after an error; see p->failed. */
expr     *aqua__parse_value(parser *p);
type_ast *aqua__parse_type(parser *p);
type_ast *aqua__parse_arg_type(parser *p);  /* type, or arrow without parentheses */
type_ast *aqua__parse_arrow_type(parser *p); /* must be an arrow */
type_ast *aqua__parse_signature(parser *p); /* [{A, B}] (name: type, ...) [-> types] */
riv_str   aqua__parse_dotted(parser *p, bool classes_only, span *at);

/* parse_stmt.c: the lines below a block's header. Moves *line behind them. */
void aqua__parse_body(parser *p, size_t *line, size_t lines_end, const struct line *header, bool is_arrow, stmts *out);

#endif
