/* parse.c: the executable part of GraphQL as a tree: queries, fragments, values. Mutations, subscriptions and definitions of types are refused by name.
 * Spec: GraphQL October 2021, 2; docs/spec/graph.md 2. Tests: answer_test.c, answer_fuzz.c. */
#include "graph/document.h"

typedef enum token_kind { END, PUNCT, NAME, INT, FLOAT, STRING } token_kind;

typedef struct token {
    token_kind kind;
    uint64_t   pos;
    riv_str    text; /* STRING: unescaped; the others: as written */
} token;

typedef struct parser {
    riv_str    text;
    size_t     at; /* behind the token */
    token      tok;
    size_t     depth;
    riv_arena *arena;
    riv_fault *fault;
} parser;

static riv_err next(parser *p);
static riv_err operation(parser *p, graph__operation *out);
static riv_err fragment(parser *p, graph__fragment *out);

/* ---- the document ---- */

static bool is_punct(const parser *p, const char *what)
{
    return p->tok.kind == PUNCT && riv_str_eq(p->tok.text, riv_str_c(what));
}

static bool is_name(const parser *p, const char *what)
{
    return p->tok.kind == NAME && riv_str_eq(p->tok.text, riv_str_c(what));
}

static riv_err unexpected(parser *p, const char *wanted)
{
    if (p->tok.kind == END)
        return riv_fail(p->fault, RIV_E_MALFORMED, p->tok.pos, "Syntax error: expected %s, found the end of the query",
                        wanted);
    riv_str shown = riv_str_sub(p->text, (size_t)p->tok.pos, RIV_MIN(p->at, (size_t)p->tok.pos + 40));
    return riv_fail(p->fault, RIV_E_MALFORMED, p->tok.pos, "Syntax error: expected %s, found `" RIV_FMT "`", wanted,
                    RIV_ARG(shown));
}

static riv_err refuse_definition(parser *p)
{
    static const char *const types[] = { "schema", "scalar", "type",      "interface", "union",
                                         "enum",   "input",  "directive", "extend" };
    for (size_t i = 0; i < RIV_COUNT(types); i++)
        if (is_name(p, types[i]))
            return riv_fail(p->fault, RIV_E_UNSUPPORTED, p->tok.pos, "Definitions of types (`%s`) cannot be executed",
                            types[i]);
    if (is_name(p, "mutation"))
        return riv_fail(p->fault, RIV_E_UNSUPPORTED, p->tok.pos,
                        "Mutations are not supported: the index is only read; transactions go to the chain's JSON-RPC");
    if (is_name(p, "subscription"))
        return riv_fail(p->fault, RIV_E_UNSUPPORTED, p->tok.pos, "Subscriptions are not supported: ask again");
    return unexpected(p, "`query`, `fragment` or `{`");
}

static riv_err add_fragment(parser *p, riv_map *fragments)
{
    graph__fragment *f = riv_new(p->arena, graph__fragment, 1);
    f->number          = riv_map_count(fragments);
    RIV_TRY(fragment(p, f));
    if (riv_map_put_str(fragments, f->name, f))
        return riv_fail(p->fault, RIV_E_MALFORMED, f->pos, "There can be only one fragment named `" RIV_FMT "`",
                        RIV_ARG(f->name));
    return RIV_OK;
}

static riv_err same_operation(parser *p, const graph__operation *ops, size_t count, const graph__operation *op)
{
    for (size_t i = 0; i < count; i++) {
        if (op->name.len == 0 || ops[i].name.len == 0)
            return riv_fail(p->fault, RIV_E_MALFORMED, op->pos, "An operation without a name must be the only one");
        if (riv_str_eq(ops[i].name, op->name))
            return riv_fail(p->fault, RIV_E_MALFORMED, op->pos, "There can be only one operation named `" RIV_FMT "`",
                            RIV_ARG(op->name));
    }
    return RIV_OK;
}

enum { OPERATIONS_MAX = 100 };

riv_err graph__parse(riv_str text, riv_arena *arena, riv_fault *fault, graph__document *out)
{
    parser          p             = { .text = text, .arena = arena, .fault = fault };
    graph__document doc           = { .fragments = riv_map_new(arena) };
    RIV_VEC(graph__operation) ops = { 0 };
    RIV_TRY(next(&p));
    while (p.tok.kind != END) {
        if (is_name(&p, "fragment")) {
            RIV_TRY(add_fragment(&p, doc.fragments));
        } else if (is_name(&p, "query") || is_punct(&p, "{")) {
            graph__operation op = { .pos = p.tok.pos };
            if (ops.len == OPERATIONS_MAX)
                return riv_fail(fault, RIV_E_LIMIT, op.pos, "More than %d operations", OPERATIONS_MAX);
            RIV_TRY(operation(&p, &op));
            RIV_TRY(same_operation(&p, ops.ptr, ops.len, &op));
            *riv_push(arena, &ops) = op;
        } else
            return refuse_definition(&p);
    }
    if (ops.len == 0) return riv_fail(fault, RIV_E_MALFORMED, p.tok.pos, "Syntax error: there is no query");
    doc.operations       = ops.ptr;
    doc.operations_count = ops.len;
    *out                 = doc;
    return RIV_OK;
}

/* ---- tokens ---- */

static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool starts_name(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static int  peek(const parser *p, size_t ahead)
{
    return p->at + ahead < p->text.len ? (unsigned char)p->text.ptr[p->at + ahead] : -1;
}

static void skip_ignored(parser *p)
{
    for (;;) {
        int c = peek(p, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',')
            p->at++;
        else if (c == '#')
            while (peek(p, 0) != '\n' && peek(p, 0) != '\r' && peek(p, 0) != -1) p->at++;
        else if (riv_str_starts(riv_str_sub(p->text, p->at, p->text.len), RIV_LIT("\xEF\xBB\xBF")))
            p->at += 3;
        else
            return;
    }
}

static riv_err no_digits(parser *p)
{
    return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: a number needs digits here");
}

static riv_err digits(parser *p)
{
    if (!is_digit(peek(p, 0))) return no_digits(p);
    while (is_digit(peek(p, 0))) p->at++;
    return RIV_OK;
}

static riv_err number(parser *p)
{
    p->tok.kind = INT;
    if (peek(p, 0) == '-') p->at++;
    if (peek(p, 0) == '0' && is_digit(peek(p, 1)))
        return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: a number does not begin with 0");
    RIV_TRY(digits(p));
    if (peek(p, 0) == '.') {
        p->tok.kind = FLOAT;
        p->at++;
        RIV_TRY(digits(p));
    }
    if (peek(p, 0) == 'e' || peek(p, 0) == 'E') {
        p->tok.kind = FLOAT;
        p->at++;
        if (peek(p, 0) == '+' || peek(p, 0) == '-') p->at++;
        RIV_TRY(digits(p));
    }
    if (starts_name(peek(p, 0)) || peek(p, 0) == '.')
        return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: a number ends before `%c`", peek(p, 0));
    p->tok.text = riv_str_sub(p->text, (size_t)p->tok.pos, p->at);
    return RIV_OK;
}

static riv_err hex4(parser *p, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        int c = peek(p, i);
        if (is_digit(c))
            v = v * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v * 16 + (uint32_t)((c | 32) - 'a' + 10);
        else
            return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: `\\u` needs four hexadecimal digits");
    }
    p->at += 4;
    *out = v;
    return RIV_OK;
}

/* Behind a backslash and u. Two escapes may stand for one character beyond 0xffff. */
static riv_err unicode_escape(parser *p, riv_buf *out)
{
    size_t   start = p->at - 2;
    uint32_t c, low = 0;
    RIV_TRY(hex4(p, &c));
    if (c >= 0xd800 && c < 0xdc00 && peek(p, 0) == '\\' && peek(p, 1) == 'u') {
        p->at += 2;
        RIV_TRY(hex4(p, &low));
        if (low >= 0xdc00 && low < 0xe000) c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    if (c >= 0xd800 && c < 0xe000)
        return riv_fail(p->fault, RIV_E_MALFORMED, start, "Syntax error: half of a surrogate pair");
    riv_utf8_put(out, c);
    return RIV_OK;
}

static riv_err escape(parser *p, riv_buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int               c     = peek(p, 1);
    const char       *found = c > 0 ? memchr(from, c, sizeof from - 1) : NULL;
    if (found) {
        riv_put_u8(out, (uint8_t)to[found - from]);
        p->at += 2;
        return RIV_OK;
    }
    if (c != 'u') return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: no such escape in a string");
    p->at += 2;
    return unicode_escape(p, out);
}

static riv_err string(parser *p)
{
    riv_buf out = riv_buf_in(p->arena);
    p->at++;
    for (;;) {
        int c = peek(p, 0);
        if (c == -1 || c == '\n' || c == '\r')
            return riv_fail(p->fault, RIV_E_MALFORMED, p->tok.pos, "Syntax error: a string that does not end");
        if (c == '"') break;
        if (c == '\\') {
            RIV_TRY(escape(p, &out));
        } else if (c < 0x20 && c != '\t')
            return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: a control character (%d) in a string", c);
        else {
            riv_put_u8(&out, (uint8_t)c);
            p->at++;
        }
    }
    p->at++;
    p->tok.kind = STRING;
    p->tok.text = riv_buf_str(&out);
    return RIV_OK;
}

/* The next line of a block string, without its end: \n, \r or \r\n. */
static bool next_line(riv_str raw, size_t *at, riv_str *line)
{
    if (*at > raw.len) return false;
    size_t end = *at;
    while (end < raw.len && raw.ptr[end] != '\n' && raw.ptr[end] != '\r') end++;
    *line = riv_str_sub(raw, *at, end);
    if (end + 1 < raw.len && raw.ptr[end] == '\r' && raw.ptr[end + 1] == '\n') end++;
    *at = end + 1;
    return true;
}

static size_t indent_of(riv_str line)
{
    size_t n = 0;
    while (n < line.len && (line.ptr[n] == ' ' || line.ptr[n] == '\t')) n++;
    return n;
}

/* SPEC GraphQL 2.9.4, BlockStringValue: the indent that all lines but the first share goes, and blank lines at both ends. */
static riv_str block_value(riv_arena *arena, riv_str raw)
{
    size_t  common = SIZE_MAX, at = 0, count = 0, from = SIZE_MAX, to = 0;
    riv_str line;
    riv_buf out = riv_buf_in(arena);
    for (; next_line(raw, &at, &line); count++) {
        size_t indent = indent_of(line);
        if (indent == line.len) continue;
        if (count) common = RIV_MIN(common, indent);
        from = RIV_MIN(from, count);
        to   = count + 1;
    }
    at = 0;
    for (size_t i = 0; next_line(raw, &at, &line); i++) {
        if (i < from || i >= to) continue;
        if (i > from) riv_put_u8(&out, '\n');
        riv_put_str(&out, i && common != SIZE_MAX ? riv_str_sub(line, RIV_MIN(common, line.len), line.len) : line);
    }
    return riv_buf_str(&out);
}

static riv_err block_string(parser *p)
{
    riv_buf raw = riv_buf_in(p->arena);
    p->at += 3;
    for (;;) {
        riv_str left = riv_str_sub(p->text, p->at, p->text.len);
        if (left.len == 0)
            return riv_fail(p->fault, RIV_E_MALFORMED, p->tok.pos, "Syntax error: a block string that does not end");
        if (riv_str_starts(left, RIV_LIT("\"\"\""))) break;
        if (riv_str_starts(left, RIV_LIT("\\\"\"\""))) {
            riv_put_str(&raw, RIV_LIT("\"\"\""));
            p->at += 4;
            continue;
        }
        riv_put_u8(&raw, (uint8_t)left.ptr[0]);
        p->at++;
    }
    p->at += 3;
    p->tok.kind = STRING;
    p->tok.text = block_value(p->arena, riv_buf_str(&raw));
    return RIV_OK;
}

static riv_err next(parser *p)
{
    skip_ignored(p);
    p->tok = (token){ END, p->at, { 0 } };
    int c  = peek(p, 0);
    if (c == -1) return RIV_OK;
    if (riv_arena_over(p->arena)) return riv_fail(p->fault, RIV_E_LIMIT, p->at, "The query takes too much memory");
    if (starts_name(c)) {
        while (starts_name(peek(p, 0)) || is_digit(peek(p, 0))) p->at++;
        p->tok.kind = NAME;
        p->tok.text = riv_str_sub(p->text, (size_t)p->tok.pos, p->at);
        return RIV_OK;
    }
    if (is_digit(c) || c == '-') return number(p);
    if (c == '"') return peek(p, 1) == '"' && peek(p, 2) == '"' ? block_string(p) : string(p);
    size_t len = c == '.' && peek(p, 1) == '.' && peek(p, 2) == '.' ? 3 : 1;
    if (len == 1 && !(c > 0x20 && c < 0x7f && memchr("!$&():=@[]{|}", c, 13)))
        return riv_fail(p->fault, RIV_E_MALFORMED, p->at, "Syntax error: unexpected character U+%04X",
                        (unsigned)riv_utf8_next(p->text, &(size_t){ p->at }));
    p->at += len;
    p->tok.kind = PUNCT;
    p->tok.text = riv_str_sub(p->text, (size_t)p->tok.pos, p->at);
    return RIV_OK;
}

/* ---- pieces ---- */

static riv_err expect(parser *p, const char *punct)
{
    if (!is_punct(p, punct)) {
        char wanted[8] = "` `";
        memcpy(wanted + 1, punct, 1);
        return unexpected(p, wanted);
    }
    return next(p);
}

static riv_err name(parser *p, const char *wanted, riv_str *out)
{
    if (p->tok.kind != NAME) return unexpected(p, wanted);
    *out = p->tok.text;
    return next(p);
}

static riv_err deeper(parser *p)
{
    if (++p->depth > GRAPH_DEPTH_MAX)
        return riv_fail(p->fault, RIV_E_LIMIT, p->tok.pos, "Nested deeper than %d levels", GRAPH_DEPTH_MAX);
    return RIV_OK;
}

static riv_err value(parser *p, bool constant, graph__node *out);

static riv_err pairs(parser *p, const char *close, bool constant, const graph__arg **out, size_t *count)
{
    RIV_VEC(graph__arg) list = { 0 };
    while (!is_punct(p, close)) {
        graph__arg a = { .pos = p->tok.pos };
        RIV_TRY(name(p, "a name", &a.name));
        RIV_TRY(expect(p, ":"));
        RIV_TRY(value(p, constant, &a.value));
        *riv_push(p->arena, &list) = a;
    }
    *out   = list.ptr;
    *count = list.len;
    return next(p);
}

static riv_err list_value(parser *p, bool constant, graph__node *out)
{
    RIV_VEC(graph__arg) list = { 0 };
    out->kind                = GRAPH__L_LIST;
    RIV_TRY(next(p));
    while (!is_punct(p, "]")) {
        graph__arg a = { .pos = p->tok.pos };
        RIV_TRY(value(p, constant, &a.value));
        *riv_push(p->arena, &list) = a;
    }
    out->items       = list.ptr;
    out->items_count = list.len;
    return next(p);
}

static riv_err composite(parser *p, bool constant, graph__node *out)
{
    RIV_TRY(deeper(p));
    if (is_punct(p, "[")) {
        RIV_TRY(list_value(p, constant, out));
    } else {
        out->kind = GRAPH__L_OBJECT;
        RIV_TRY(next(p));
        RIV_TRY(pairs(p, "}", constant, &out->items, &out->items_count));
    }
    p->depth--;
    return RIV_OK;
}

static riv_err variable_value(parser *p, bool constant, graph__node *out)
{
    if (constant)
        return riv_fail(p->fault, RIV_E_MALFORMED, p->tok.pos, "Syntax error: no variable may stand in a default");
    RIV_TRY(next(p));
    out->kind = GRAPH__VARIABLE;
    return name(p, "the name of a variable", &out->text);
}

static riv_err value(parser *p, bool constant, graph__node *out)
{
    *out = (graph__node){ .pos = p->tok.pos, .text = p->tok.text };
    if (is_punct(p, "$")) return variable_value(p, constant, out);
    if (is_punct(p, "[") || is_punct(p, "{")) return composite(p, constant, out);
    switch (p->tok.kind) {
    case INT: out->kind = GRAPH__L_INT; break;
    case FLOAT: out->kind = GRAPH__L_FLOAT; break;
    case STRING: out->kind = GRAPH__L_STRING; break;
    case NAME:
        out->truth = is_name(p, "true");
        out->kind  = out->truth || is_name(p, "false") ? GRAPH__L_BOOL
                     : is_name(p, "null")              ? GRAPH__L_NULL
                                                       : GRAPH__L_ENUM;
        break;
    case END:
    case PUNCT: return unexpected(p, "a value");
    }
    return next(p);
}

static riv_err arguments(parser *p, bool constant, const graph__arg **out, size_t *count)
{
    if (!is_punct(p, "(")) return RIV_OK;
    RIV_TRY(next(p));
    if (is_punct(p, ")")) return unexpected(p, "an argument");
    return pairs(p, ")", constant, out, count);
}

static riv_err directives(parser *p, bool constant, const graph__directive **out, size_t *count)
{
    RIV_VEC(graph__directive) list = { 0 };
    while (is_punct(p, "@")) {
        graph__directive d = { .pos = p->tok.pos };
        RIV_TRY(next(p));
        RIV_TRY(name(p, "the name of a directive", &d.name));
        RIV_TRY(arguments(p, constant, &d.args, &d.args_count));
        *riv_push(p->arena, &list) = d;
    }
    *out   = list.ptr;
    *count = list.len;
    return RIV_OK;
}

/* ---- selections ---- */

static riv_err selections(parser *p, graph__selections *out);

static riv_err field(parser *p, graph__selection *s)
{
    RIV_TRY(name(p, "a field", &s->name));
    s->alias = s->name;
    if (is_punct(p, ":")) {
        RIV_TRY(next(p));
        RIV_TRY(name(p, "a field", &s->name));
    }
    RIV_TRY(arguments(p, false, &s->args, &s->args_count));
    RIV_TRY(directives(p, false, &s->directives, &s->directives_count));
    s->braces = is_punct(p, "{");
    return s->braces ? selections(p, &s->kids) : RIV_OK;
}

static riv_err spread(parser *p, graph__selection *s)
{
    RIV_TRY(next(p));
    if (p->tok.kind == NAME && !is_name(p, "on")) {
        s->kind = GRAPH__SPREAD;
        RIV_TRY(name(p, "a fragment", &s->name));
        return directives(p, false, &s->directives, &s->directives_count);
    }
    s->kind = GRAPH__INLINE;
    if (is_name(p, "on")) {
        RIV_TRY(next(p));
        RIV_TRY(name(p, "a type", &s->name));
    }
    RIV_TRY(directives(p, false, &s->directives, &s->directives_count));
    return selections(p, &s->kids);
}

static riv_err selections(parser *p, graph__selections *out)
{
    RIV_VEC(graph__selection) list = { 0 };
    RIV_TRY(deeper(p));
    RIV_TRY(expect(p, "{"));
    if (is_punct(p, "}")) return unexpected(p, "a field");
    while (!is_punct(p, "}")) {
        graph__selection s = { .kind = GRAPH__FIELD, .pos = p->tok.pos };
        if (is_punct(p, "...")) {
            RIV_TRY(spread(p, &s));
        } else
            RIV_TRY(field(p, &s));
        *riv_push(p->arena, &list) = s;
    }
    *out = (graph__selections){ list.ptr, list.len };
    p->depth--;
    return next(p);
}

/* ---- operations and fragments ---- */

static riv_err type(parser *p, graph__typeref *out)
{
    *out = (graph__typeref){ .pos = p->tok.pos };
    if (is_punct(p, "[")) {
        graph__typeref *item = riv_new(p->arena, graph__typeref, 1);
        RIV_TRY(deeper(p));
        RIV_TRY(next(p));
        RIV_TRY(type(p, item));
        RIV_TRY(expect(p, "]"));
        out->item = item;
        p->depth--;
    } else
        RIV_TRY(name(p, "a type", &out->name));
    out->non_null = is_punct(p, "!");
    return out->non_null ? next(p) : RIV_OK;
}

static riv_err variable(parser *p, graph__variable *out)
{
    const graph__directive *none;
    size_t                  count;
    *out = (graph__variable){ .pos = p->tok.pos };
    RIV_TRY(expect(p, "$"));
    RIV_TRY(name(p, "the name of a variable", &out->name));
    RIV_TRY(expect(p, ":"));
    RIV_TRY(type(p, &out->type));
    if (is_punct(p, "=")) {
        RIV_TRY(next(p));
        RIV_TRY(value(p, true, &out->otherwise));
        out->has_default = true;
    }
    uint64_t at = p->tok.pos;
    RIV_TRY(directives(p, true, &none, &count));
    return count ? riv_fail(p->fault, RIV_E_UNSUPPORTED, at, "No directive may stand at a variable") : RIV_OK;
}

static riv_err variables(parser *p, graph__operation *out)
{
    RIV_VEC(graph__variable) list = { 0 };
    if (!is_punct(p, "(")) return RIV_OK;
    RIV_TRY(next(p));
    if (is_punct(p, ")")) return unexpected(p, "`$`");
    while (!is_punct(p, ")")) RIV_TRY(variable(p, riv_push(p->arena, &list)));
    out->variables       = list.ptr;
    out->variables_count = list.len;
    return next(p);
}

static riv_err operation(parser *p, graph__operation *out)
{
    if (is_name(p, "query")) {
        RIV_TRY(next(p));
        if (p->tok.kind == NAME) RIV_TRY(name(p, "a name", &out->name));
        RIV_TRY(variables(p, out));
        RIV_TRY(directives(p, false, &out->directives, &out->directives_count));
    }
    return selections(p, &out->selections);
}

static riv_err fragment(parser *p, graph__fragment *out)
{
    RIV_TRY(next(p));
    out->pos = p->tok.pos;
    if (is_name(p, "on")) return unexpected(p, "the name of a fragment");
    RIV_TRY(name(p, "the name of a fragment", &out->name));
    if (!is_name(p, "on")) return unexpected(p, "`on`");
    RIV_TRY(next(p));
    RIV_TRY(name(p, "a type", &out->on));
    RIV_TRY(directives(p, false, &out->directives, &out->directives_count));
    return selections(p, &out->selections);
}
