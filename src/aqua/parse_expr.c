/* parse_expr.c: types and values. Precedence climbing; a node carries the span that diagnostics mark.
 * Spec: docs/spec/aqua.md §5.1, §6.1. Tests: parse_test.c. */
#include "aqua/parse.h"

static const type_ast bad_type = { .kind = TA_BAD };

const token *aqua__peek(const parser *p, size_t ahead)
{
    size_t i = p->pos;
    while (ahead > 0 && p->src->tokens[i].kind != T_END) i++, ahead--;
    return &p->src->tokens[i];
}

bool aqua__at(const parser *p, token_kind kind) { return aqua__peek(p, 0)->kind == kind; }

span aqua__span(const token *t) { return (span){ t->pos, t->len }; }

riv_str aqua__word(const parser *p, const token *t) { return aqua__text(p->src, aqua__span(t)); }

bool aqua__at_word(const parser *p, const char *word)
{
    const token *t = aqua__peek(p, 0);
    return t->kind == T_NAME && riv_str_eq(aqua__word(p, t), riv_str_c(word));
}

bool aqua__eat(parser *p, token_kind kind)
{
    if (!aqua__at(p, kind)) return false;
    if (kind != T_END) p->pos++;
    return true;
}

bool aqua__eat_word(parser *p, const char *word)
{
    if (!aqua__at_word(p, word)) return false;
    p->pos++;
    return true;
}

void aqua__poison(const parser *p, riv_str name)
{
    if (name.len) riv_map_put_view(p->m->poisoned, name, p->m);
}

span aqua__whole(const parser *p, size_t first)
{
    const token *last = &p->src->tokens[p->pos > first ? p->pos - 1 : first];
    return aqua__span_join(aqua__span(&p->src->tokens[first]), aqua__span(last));
}

aqua_diag *aqua__fail_at(parser *p, diag_code code, span at, const char *text)
{
    bool before = p->failed;
    p->failed   = true;
    return before ? NULL : aqua__report(p->c, p->src, code, at, "%s", text);
}

static aqua_diag *expected(parser *p, diag_code code, const char *what)
{
    const token *t = aqua__peek(p, 0);
    if (p->failed) return NULL;
    p->failed = true;
    if (t->kind == T_BAD) return NULL;
    if (t->kind == T_END)
        return aqua__report(p->c, p->src, code, aqua__span(t), "expected %s before the end of the line", what);
    return aqua__report(p->c, p->src, code, aqua__span(t), "expected %s, found `" RIV_FMT "`", what,
                        RIV_ARG(aqua__word(p, t)));
}

aqua_diag *aqua__expected(parser *p, const char *what) { return expected(p, D_UNEXPECTED, what); }

static riv_str closing(token_kind kind)
{
    return kind == T_RPAREN     ? RIV_LIT(")")
           : kind == T_RBRACKET ? RIV_LIT("]")
           : kind == T_RBRACE   ? RIV_LIT("}")
                                : RIV_LIT("");
}

bool aqua__want(parser *p, token_kind kind, const char *what)
{
    if (p->failed) return false;
    if (aqua__eat(p, kind)) return true;
    const token *t     = aqua__peek(p, 0);
    riv_str      close = closing(kind);
    bool         open  = close.len && (t->kind == T_END || t->kind == T_COLON);
    aqua_diag   *d     = expected(p, open ? D_UNCLOSED : D_UNEXPECTED, what);
    if (open) aqua__fix(p->c, d, "close the bracket", (span){ t->pos, 0 }, close);
    return false;
}

bool aqua__want_name(parser *p, token_kind kind, const char *what)
{
    const token *t = aqua__peek(p, 0);
    if (t->kind != (kind == T_NAME ? T_CLASS : T_NAME) || p->failed) return aqua__want(p, kind, what);
    char       first = p->src->text.ptr[t->pos];
    aqua_diag *d     = aqua__report(p->c, p->src, D_NAME_CASE, aqua__span(t), "expected %s, found `" RIV_FMT "`", what,
                                    RIV_ARG(aqua__word(p, t)));
    riv_str    other = riv_format(p->c->arena, "%c", kind == T_NAME ? first - 'A' + 'a' : first - 'a' + 'A');
    aqua__fix(p->c, d, "change its first letter", (span){ t->pos, 1 }, other);
    aqua__poison(p, aqua__word(p, t));
    p->pos++;
    return true;
}

bool aqua__want_colon(parser *p)
{
    const token *t = aqua__peek(p, 0);
    if (p->failed || t->kind != T_END) return aqua__want(p, T_COLON, "`:` and an indented block");
    aqua_diag *d = aqua__report(p->c, p->src, D_MISSING_COLON, aqua__span(t),
                                "expected `:` and an indented block before the end of the line");
    aqua__fix(p->c, d, "add the colon", aqua__span(t), RIV_LIT(":"));
    return true;
}

bool aqua__deeper(parser *p)
{
    if (p->depth < AQUA_DEPTH_MAX) {
        p->depth++;
        return true;
    }
    aqua__fail_at(p, D_TOO_DEEP, aqua__span(aqua__peek(p, 0)), "nested too deeply");
    return false;
}

/* ---- types ---- */

static type_ast *new_type(parser *p, type_ast_kind kind, span at)
{
    type_ast *t = riv_new(p->c->arena, type_ast, 1);
    t->kind     = kind;
    t->at       = at;
    return t;
}

riv_str aqua__parse_dotted(parser *p, bool classes_only, span *at)
{
    const token *first = aqua__peek(p, 0);
    *at                = aqua__span(first);
    if (first->kind != T_CLASS && (classes_only || first->kind != T_NAME)) {
        aqua__expected(p, classes_only ? "a name that begins with a capital letter" : "a name");
        return RIV_LIT("");
    }
    p->pos++;
    while (aqua__at(p, T_DOT) && !aqua__peek(p, 0)->spaced) {
        const token *next = aqua__peek(p, 1);
        if (next->kind != T_CLASS && (classes_only || next->kind != T_NAME)) break;
        *at = aqua__span_join(*at, aqua__span(next));
        p->pos += 2;
    }
    return aqua__text(p->src, *at);
}

/* What other languages call it. */
static riv_str plain_type(riv_str word)
{
    static const struct {
        const char *word, *type;
    } words[] = { { "int", "i64" },      { "integer", "i64" }, { "number", "i64" },  { "uint", "u64" },
                  { "long", "i64" },     { "str", "string" },  { "text", "string" }, { "char", "string" },
                  { "boolean", "bool" }, { "float", "f64" },   { "double", "f64" },  { "byte", "u8" } };
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(word, riv_str_c(words[i].word))) return riv_str_c(words[i].type);
    riv_str scalars[] = { RIV_LIT("u8"),  RIV_LIT("u16"), RIV_LIT("u32"),  RIV_LIT("u64"),
                          RIV_LIT("i8"),  RIV_LIT("i16"), RIV_LIT("i32"),  RIV_LIT("i64"),
                          RIV_LIT("f32"), RIV_LIT("f64"), RIV_LIT("bool"), RIV_LIT("string") };
    size_t  near      = word.len < 3 ? SIZE_MAX : riv_nearest(word, scalars, RIV_COUNT(scalars));
    return near == SIZE_MAX ? RIV_LIT("") : scalars[near];
}

/* A small word where a type must stand is taken for one, so that the rest of the line is read. */
static void not_a_type(parser *p, const token *t)
{
    riv_str word = aqua__word(p, t), plain = plain_type(word);
    if (p->failed) return;
    aqua_diag *d =
        aqua__report(p->c, p->src, D_NOT_A_TYPE, aqua__span(t), "expected a type, found `" RIV_FMT "`", RIV_ARG(word));
    if (plain.len) {
        aqua__hint(p->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(plain));
        aqua__fix(p->c, d, "write the type that Aqua has", aqua__span(t), plain);
    }
    p->pos++;
}

static type_ast *parse_named_type(parser *p)
{
    const token *t  = aqua__peek(p, 0);
    span         at = aqua__span(t);
    if (t->kind == T_NAME) {
        if (!aqua__scalar_named(aqua__word(p, t))) {
            not_a_type(p, t);
            return new_type(p, TA_BAD, at);
        }
        type_ast *scalar = new_type(p, TA_NAMED, at);
        scalar->name     = aqua__word(p, t);
        p->pos++;
        return scalar;
    }
    if (t->kind != T_CLASS) {
        aqua__expected(p, "a type");
        return new_type(p, TA_BAD, at);
    }
    riv_str   name = aqua__parse_dotted(p, true, &at);
    type_ast *out  = new_type(p, TA_NAMED, at);
    out->name      = name;
    return out;
}

type_ast *aqua__parse_type(parser *p)
{
    const token *t = aqua__peek(p, 0);
    type_ast    *out;
    if (p->failed || !aqua__deeper(p)) return (type_ast *)(uintptr_t)&bad_type;
    type_ast_kind wrapper = t->kind == T_STAR       ? TA_STREAM
                            : t->kind == T_PERCENT  ? TA_MAP
                            : t->kind == T_QUESTION ? TA_OPTION
                            : t->kind == T_LBRACKET ? TA_ARRAY
                                                    : TA_NAMED;
    if (t->kind == T_TOP || t->kind == T_BOTTOM) {
        out = new_type(p, t->kind == T_TOP ? TA_TOP : TA_BOTTOM, aqua__span(t));
        p->pos++;
    } else if (wrapper != TA_NAMED) {
        out = new_type(p, wrapper, aqua__span(t));
        p->pos++;
        if (wrapper == TA_ARRAY) aqua__want(p, T_RBRACKET, "`]`");
        out->elem = aqua__parse_type(p);
        if (!p->failed) out->at = aqua__span_join(out->at, out->elem->at);
    } else {
        out = parse_named_type(p);
    }
    p->depth--;
    return out;
}

static bool at_type(const parser *p)
{
    const token *t = aqua__peek(p, 0);
    switch ((int)t->kind) {
    case T_STAR:
    case T_PERCENT:
    case T_QUESTION:
    case T_LBRACKET:
    case T_LPAREN:
    case T_CLASS:
    case T_TOP:
    case T_BOTTOM: return true;
    case T_NAME: return aqua__scalar_named(aqua__word(p, t));
    default: return false;
    }
}

/* A type or an arrow between parentheses, or a bare type. */
static type_ast *parse_type_item(parser *p)
{
    if (!aqua__at(p, T_LPAREN)) return aqua__parse_type(p);
    if (!aqua__deeper(p)) return (type_ast *)(uintptr_t)&bad_type;
    p->pos++;
    type_ast *inner = aqua__parse_arg_type(p);
    aqua__want(p, T_RPAREN, "`)`");
    p->depth--;
    return inner;
}

static void push_param(parser *p, type_ast *sig, riv_str name, span at, type_ast *t)
{
    if (sig->params_count >= AQUA_NAMES_MAX) {
        aqua__fail_at(p, D_TOO_MANY, at, "too many parameters");
        return;
    }
    param_ast *grown           = riv_arena_grow(p->c->arena, sig->params, sig->params_count * sizeof *grown,
                                                (sig->params_count + 1) * sizeof *grown, _Alignof(param_ast));
    grown[sig->params_count++] = (param_ast){ name, at, t };
    sig->params                = grown;
}

/* `()` or types; the comma of an outer list ends them when no type follows. A function may give an arrow. */
static void parse_results(parser *p, type_ast *sig)
{
    RIV_VEC(type_ast *) results = { 0 };
    if (aqua__at(p, T_LPAREN) && aqua__peek(p, 1)->kind == T_RPAREN) {
        p->pos += 2;
        return;
    }
    for (;;) {
        if (!at_type(p) && !aqua__at(p, T_NAME)) aqua__expected(p, "a type");
        if (p->failed) break;
        *riv_push(p->c->arena, &results) = sig->named ? aqua__parse_arg_type(p) : parse_type_item(p);
        if (!aqua__at(p, T_COMMA)) break;
        parser ahead = *p;
        ahead.pos++;
        if (!at_type(&ahead) && !sig->named) break;
        p->pos++;
    }
    sig->results       = results.ptr;
    sig->results_count = results.len;
}

static void parse_abilities(parser *p, type_ast *sig)
{
    if (!aqua__eat(p, T_LBRACE)) return;
    do {
        span    at;
        riv_str name = aqua__parse_dotted(p, true, &at);
        if (p->failed) return;
        type_ast *named = new_type(p, TA_NAMED, at);
        named->name     = name;
        push_param(p, sig, name, at, named);
        sig->abilities_count++;
    } while (aqua__eat(p, T_COMMA));
    aqua__want(p, T_RBRACE, "`}`");
}

/* [type {, type}] -> results; false (without an error) when no `->` comes. */
static bool try_arrow(parser *p, type_ast **out)
{
    parser    ahead = *p;
    type_ast *sig   = new_type(p, TA_ARROW, aqua__span(aqua__peek(p, 0)));
    parse_abilities(&ahead, sig);
    while (!ahead.failed && at_type(&ahead) && !aqua__at(&ahead, T_LPAREN)) {
        type_ast *param = aqua__parse_type(&ahead);
        push_param(&ahead, sig, RIV_LIT(""), param->at, param);
        if (!aqua__eat(&ahead, T_COMMA)) break;
    }
    if (!ahead.failed && !aqua__at(&ahead, T_ARROW)) return false;
    *p   = ahead;
    *out = sig;
    if (p->failed) return true;
    p->pos++;
    parse_results(p, sig);
    return true;
}

type_ast *aqua__parse_arg_type(parser *p)
{
    type_ast *out = NULL;
    if (p->failed || !aqua__deeper(p)) return (type_ast *)(uintptr_t)&bad_type;
    if (!try_arrow(p, &out)) out = parse_type_item(p);
    p->depth--;
    return out;
}

type_ast *aqua__parse_arrow_type(parser *p)
{
    type_ast *out = NULL;
    if (!p->failed && try_arrow(p, &out)) return out;
    (void)aqua__expected(p, "an arrow type such as `string -> u32`");
    return (type_ast *)(uintptr_t)&bad_type;
}

/* Told and overlooked: nothing else is unclear. */
static void trailing_comma(parser *p, const char *text)
{
    const token *comma = &p->src->tokens[p->pos - 1];
    aqua_diag   *d     = aqua__report(p->c, p->src, D_TRAILING_COMMA, aqua__span(aqua__peek(p, 0)), "%s", text);
    aqua__fix(p->c, d, "leave the comma out", aqua__span(comma), RIV_LIT(""));
}

type_ast *aqua__parse_signature(parser *p)
{
    type_ast *sig = new_type(p, TA_ARROW, aqua__span(aqua__peek(p, 0)));
    sig->named    = true;
    parse_abilities(p, sig);
    aqua__want(p, T_LPAREN, "`(`");
    while (!p->failed && !aqua__at(p, T_RPAREN)) {
        const token *name = aqua__peek(p, 0);
        if (!aqua__want_name(p, T_NAME, "an argument's name, which begins with a small letter")) break;
        aqua__want(p, T_COLON, "`:` and the argument's type");
        push_param(p, sig, aqua__word(p, name), aqua__span(name), aqua__parse_arg_type(p));
        if (!aqua__eat(p, T_COMMA)) break;
        if (aqua__at(p, T_RPAREN)) trailing_comma(p, "expected another argument after the comma, found `)`");
    }
    aqua__want(p, T_RPAREN, "`)`");
    if (!p->failed && aqua__eat(p, T_ARROW)) parse_results(p, sig);
    const token *last = &p->src->tokens[p->pos ? p->pos - 1 : 0];
    sig->end          = last->pos + last->len;
    return sig;
}

/* ---- values ---- */

static expr *parse_level(parser *p, size_t level);
static expr *parse_atom(parser *p);
static expr *parse_number(parser *p, bool negative);

static expr *new_expr(parser *p, expr_kind kind, span at)
{
    expr *e = riv_new(p->c->arena, expr, 1);
    e->kind = kind;
    e->at   = at;
    return e;
}

/* Left-nested chains grow by loops, not by recursion; later passes do recurse, so height is bounded here. */
static void rise(parser *p, expr *e, const expr *below)
{
    if (!below || below->height < e->height) return;
    e->height = below->height + 1;
    if (e->height > AQUA_DEPTH_MAX) aqua__fail_at(p, D_TOO_DEEP, e->at, "nested too deeply");
}

static const struct {
    token_kind token;
    binary_op  op;
    uint8_t    level;
} operators[] = {
    { T_OR, OP_OR, 0 },       { T_AND, OP_AND, 1 },   { T_EQ, OP_EQ, 2 },    { T_NE, OP_NE, 2 },
    { T_GE, OP_GE, 3 },       { T_LE, OP_LE, 3 },     { T_GT, OP_GT, 3 },    { T_LT, OP_LT, 3 },
    { T_PLUS, OP_ADD, 4 },    { T_MINUS, OP_SUB, 4 }, { T_STAR, OP_MUL, 5 }, { T_SLASH, OP_DIV, 5 },
    { T_PERCENT, OP_REM, 5 }, { T_POW, OP_POW, 6 },
};
enum { LEVEL_COMPARE = 3, LEVEL_POW = 6 };

/* `a<-1` compares a with -1: the arrow of an assignment never stands inside a value. */
static bool at_less_than_negative(const parser *p)
{
    const token *next = aqua__peek(p, 1);
    return aqua__at(p, T_LARROW) && !next->spaced && (next->kind == T_INT || next->kind == T_FLOAT);
}

static bool at_operator(const parser *p, size_t level, binary_op *op)
{
    token_kind kind = at_less_than_negative(p) ? T_LT : aqua__peek(p, 0)->kind;
    for (size_t i = 0; i < RIV_COUNT(operators); i++) {
        if (operators[i].token != kind || operators[i].level != level) continue;
        *op = operators[i].op;
        return true;
    }
    return false;
}

expr *aqua__parse_value(parser *p) { return parse_level(p, 0); }

/* `a < b < c`, at the second mark: meant is `a < b && b < c`. */
static void refuse_chain(parser *p, const expr *both)
{
    aqua_diag *d = expected(p, D_CHAIN, "one comparison, not a chain");
    if (!both->right) return;
    riv_str middle = riv_format(p->c->arena, " && " RIV_FMT, RIV_ARG(aqua__text(p->src, both->right->whole)));
    aqua__fix(p->c, d, "compare twice", (span){ both->whole.pos + both->whole.len, 0 }, middle);
}

static expr *parse_level(parser *p, size_t level)
{
    binary_op op;
    if (level > LEVEL_POW) return parse_atom(p);
    expr *left = parse_level(p, level + 1);
    while (!p->failed && at_operator(p, level, &op)) {
        const token *mark = aqua__peek(p, 0);
        if (mark->kind == T_NE && !mark->spaced) {
            aqua_diag *d = aqua__fail_at(p, D_BANG_EQUAL, aqua__span(mark),
                                         "put a space before `!=`: `a!` is the first element of a");
            aqua__fix(p->c, d, "add a space", (span){ mark->pos, 0 }, RIV_LIT(" "));
            break;
        }
        if (mark->kind != T_LARROW) p->pos++; /* there the minus is the second half of the token */
        expr *both   = new_expr(p, EX_BINARY, aqua__span(mark));
        both->op     = op;
        both->base   = left;
        size_t first = p->pos;
        if (!aqua__deeper(p)) break;
        both->right =
            mark->kind == T_LARROW ? parse_number(p, true) : parse_level(p, level == LEVEL_POW ? level : level + 1);
        p->depth--;
        rise(p, both, both->base);
        rise(p, both, both->right);
        both->whole = aqua__span_join(left->whole, aqua__whole(p, first));
        left        = both;
        if (level == LEVEL_COMPARE && at_operator(p, level, &op)) refuse_chain(p, both);
    }
    return left;
}

static void push_arg(parser *p, expr *call, riv_str name, span at, expr *value)
{
    riv_arena *arena = p->c->arena;
    size_t     n     = call->args_count;
    if ((n & (n - 1)) == 0) { /* room doubles at each power of two */
        size_t cap = n ? 2 * n : 1;
        call->args = riv_arena_grow(arena, call->args, n * sizeof(expr *), cap * sizeof(expr *), _Alignof(expr *));
        call->arg_names =
            riv_arena_grow(arena, call->arg_names, n * sizeof(riv_str), cap * sizeof(riv_str), _Alignof(riv_str));
        call->arg_spans = riv_arena_grow(arena, call->arg_spans, n * sizeof(span), cap * sizeof(span), _Alignof(span));
    }
    call->args[n]      = value;
    call->arg_names[n] = name;
    call->arg_spans[n] = at;
    call->args_count++;
    rise(p, call, value);
}

static void parse_values(parser *p, expr *into, token_kind close, const char *what)
{
    while (!p->failed && !aqua__at(p, close)) {
        expr *value = aqua__parse_value(p);
        push_arg(p, into, RIV_LIT(""), value->at, value);
        if (!aqua__eat(p, T_COMMA)) break;
        if (aqua__at(p, close))
            trailing_comma(p, close == T_RBRACKET ? "expected another value after the comma, found `]`"
                              : close == T_RBRACE ? "expected another value after the comma, found `}`"
                                                  : "expected another value after the comma, found `)`");
    }
    aqua__want(p, close, what);
}

static void parse_call_args(parser *p, expr *call)
{
    if (!aqua__deeper(p)) return;
    if (aqua__eat(p, T_LBRACE)) parse_values(p, call, T_RBRACE, "`}`");
    if (aqua__want(p, T_LPAREN, "`(`")) parse_values(p, call, T_RPAREN, "`,` or `)`");
    p->depth--;
}

/* (a = value, b): `b` is short for `b = b`. */
static void parse_named_args(parser *p, expr *into)
{
    if (!aqua__deeper(p)) return;
    aqua__want(p, T_LPAREN, "`(`");
    do {
        const token *name = aqua__peek(p, 0);
        if (p->failed) break;
        if (name->kind != T_NAME && name->kind != T_CLASS) {
            aqua__expected(p, "`field = value`");
            break;
        }
        p->pos++;
        expr *value;
        if (aqua__eat(p, T_ASSIGN)) {
            value = aqua__parse_value(p);
        } else {
            value        = new_expr(p, EX_NAME, aqua__span(name));
            value->text  = aqua__word(p, name);
            value->whole = value->at;
        }
        if (into->args_count >= AQUA_NAMES_MAX) aqua__fail_at(p, D_TOO_MANY, aqua__span(name), "too many arguments");
        push_arg(p, into, aqua__word(p, name), aqua__span(name), value);
    } while (aqua__eat(p, T_COMMA));
    aqua__want(p, T_RPAREN, "`,` or `)`");
    p->depth--;
}

static expr *literal(parser *p, literal_kind kind, span at)
{
    expr *e    = new_expr(p, EX_LITERAL, at);
    e->whole   = at;
    e->literal = kind;
    e->text    = aqua__text(p->src, at);
    return e;
}

static bool fits_i64(riv_str digits, bool negative)
{
    uint64_t v;
    return riv_str_u64(digits, &v) && v <= (uint64_t)INT64_MAX + (negative ? 1 : 0);
}

/* With a minus that is a token of its own, or the second half of `<-`. */
static expr *parse_number(parser *p, bool negative)
{
    const token *minus = aqua__peek(p, 0);
    const token *t     = aqua__peek(p, negative ? 1 : 0);
    span         at    = aqua__span(t);
    if (negative) at = aqua__span_join((span){ minus->pos + minus->len - 1, 1 }, at);
    p->pos += negative ? 2 : 1;
    if (t->kind == T_INT && !fits_i64(aqua__word(p, t), negative))
        aqua__fail_at(p, D_LARGE_NUMBER, at,
                      "this integer does not fit into 64 signed bits, the most that AIR can carry");
    if (t->kind == T_FLOAT && at.len > 11)
        aqua__fail_at(p, D_LARGE_NUMBER, at, "this number is longer than the 11 characters that AIR can carry");
    return literal(p, t->kind == T_FLOAT ? LIT_FLOAT : negative ? LIT_SIGNED : LIT_UNSIGNED, at);
}

static expr *parse_collection(parser *p, expr_kind kind, span at)
{
    expr *e = new_expr(p, kind, at);
    if (!aqua__deeper(p)) return e;
    p->pos += kind == EX_ARRAY ? 1 : 2;
    parse_values(p, e, T_RBRACKET, "`,` or `]`");
    p->depth--;
    return e;
}

static expr *parse_word(parser *p)
{
    const token *t    = aqua__peek(p, 0);
    token_kind   next = aqua__peek(p, 1)->kind;
    riv_str      word = aqua__word(p, t);
    if (riv_str_eq(word, RIV_LIT("true")) || riv_str_eq(word, RIV_LIT("false"))) {
        p->pos++;
        return literal(p, LIT_BOOL, aqua__span(t));
    }
    bool  calls = next == T_LPAREN || (next == T_LBRACE && t->kind == T_NAME);
    expr *e     = new_expr(p, !calls ? EX_NAME : t->kind == T_CLASS ? EX_CONSTRUCT : EX_CALL, aqua__span(t));
    e->text     = word;
    p->pos++;
    if (e->kind == EX_CALL) parse_call_args(p, e);
    if (e->kind == EX_CONSTRUCT) parse_named_args(p, e);
    return e;
}

static expr *parse_basic(parser *p)
{
    const token *t    = aqua__peek(p, 0);
    const token *next = aqua__peek(p, 1);
    span         at   = aqua__span(t);
    switch ((int)t->kind) {
    case T_INT:
    case T_FLOAT: return parse_number(p, false);
    case T_MINUS:
        if ((next->kind == T_INT || next->kind == T_FLOAT) && !next->spaced) return parse_number(p, true);
        break;
    case T_STRING: p->pos++; return literal(p, LIT_STRING, at);
    case T_INIT_PEER: p->pos++; return literal(p, LIT_INIT_PEER, at);
    case T_LBRACKET: return parse_collection(p, EX_ARRAY, at);
    case T_QUESTION:
    case T_STAR:
        if (next->kind == T_LBRACKET && !next->spaced)
            return parse_collection(p, t->kind == T_STAR ? EX_STREAM : EX_OPTION,
                                    aqua__span_join(at, aqua__span(next)));
        break;
    case T_NAME:
    case T_CLASS: return parse_word(p);
    default: break;
    }
    aqua__expected(p, "a value");
    return literal(p, LIT_BOOL, at);
}

static expr *parse_field(parser *p, expr *base)
{
    const token *name = aqua__peek(p, 1);
    const token *next = aqua__peek(p, 2);
    p->pos++;
    if (name->kind != T_NAME && name->kind != T_CLASS) {
        aqua__expected(p, "a field or a function after the dot");
        return base;
    }
    riv_str word  = aqua__word(p, name);
    bool    calls = next->kind == T_LPAREN || (next->kind == T_LBRACE && name->kind == T_NAME);
    bool    copy  = calls && riv_str_eq(word, RIV_LIT("copy"));
    expr   *e     = new_expr(p,
                       !calls                  ? EX_FIELD
                             : copy                  ? EX_COPY
                             : name->kind == T_CLASS ? EX_CONSTRUCT
                                                     : EX_METHOD,
                             aqua__span(name));
    e->text       = word;
    e->base       = base;
    rise(p, e, base);
    p->pos++;
    if (e->kind == EX_METHOD) parse_call_args(p, e);
    if (e->kind == EX_COPY || e->kind == EX_CONSTRUCT) parse_named_args(p, e);
    return e;
}

/* x[value], x!3, x! */
static expr *parse_index(parser *p, expr *base)
{
    const token *mark = aqua__peek(p, 0);
    expr        *e    = new_expr(p, EX_INDEX, aqua__span(mark));
    e->base           = base;
    rise(p, e, base);
    p->pos++;
    if (mark->kind == T_BANG) {
        const token *number = aqua__peek(p, 0);
        e->bang             = number->kind != T_INT || number->spaced;
        if (!e->bang) {
            e->right = parse_number(p, false);
        } else {
            e->right          = new_expr(p, EX_LITERAL, e->at);
            e->right->whole   = e->at;
            e->right->literal = LIT_UNSIGNED;
            e->right->text    = RIV_LIT("0");
        }
        return e;
    }
    if (!aqua__deeper(p)) return e;
    e->right = aqua__parse_value(p);
    rise(p, e, e->right);
    if (!p->failed && e->right->kind == EX_LITERAL && e->right->literal == LIT_SIGNED)
        aqua__fail_at(p, D_NEGATIVE_INDEX, e->right->at, "Collection indexes must be non-negative");
    aqua__want(p, T_RBRACKET, "`]`");
    p->depth--;
    return e;
}

static expr *parse_atom(parser *p)
{
    expr *e;
    if (p->failed || !aqua__deeper(p)) return literal(p, LIT_BOOL, aqua__span(aqua__peek(p, 0)));
    const token *t     = aqua__peek(p, 0);
    size_t       first = p->pos;
    if (t->kind == T_BANG) {
        p->pos++;
        e        = new_expr(p, EX_NOT, aqua__span(t));
        e->base  = parse_atom(p);
        e->whole = aqua__whole(p, first);
        rise(p, e, e->base);
        p->depth--;
        return e;
    }
    if (t->kind == T_LPAREN) {
        p->pos++;
        e = aqua__parse_value(p);
        aqua__want(p, T_RPAREN, "`)`");
    } else {
        e = parse_basic(p);
    }
    e->whole = aqua__whole(p, first);
    while (!p->failed) {
        const token *mark = aqua__peek(p, 0);
        if (mark->spaced) break;
        if (mark->kind == T_DOT)
            e = parse_field(p, e);
        else if (mark->kind == T_LBRACKET || mark->kind == T_BANG)
            e = parse_index(p, e);
        else
            break;
        e->whole = aqua__whole(p, first);
    }
    p->depth--;
    return e;
}
