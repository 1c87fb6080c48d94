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
void         aqua__expected(parser *p, const char *what); /* error at the token at hand, once a line */
void         aqua__fail_at(parser *p, span at, const char *text);
span         aqua__span(const token *t);
riv_str      aqua__word(const parser *p, const token *t);
bool         aqua__deeper(parser *p); /* false: too deep, reported */

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
