/* parse.c: a file's header lines and top-level declarations.
 * Spec: docs/spec/aqua.md §2 to §4. Tests: parse_test.c. */
#include "aqua/parse.h"

typedef RIV_VEC(head) heads;
typedef RIV_VEC(decl) decls;

static bool parse_head(parser *p, heads *out);
static void parse_decl(parser *p, size_t *line_index, decls *out);

void aqua__parse(compiler *c, module *m)
{
    parser p      = { .c = c, .m = m, .src = &m->src };
    heads  header = { 0 };
    decls  body   = { 0 };
    size_t i      = 0;
    bool   begun  = false; /* a declaration was seen: no more header lines */
    size_t errors = c->errors.len;
    while (i < m->src.lines_count && !riv_arena_over(c->arena)) {
        p.pos     = m->src.lines[i].first;
        p.failed  = false;
        size_t at = p.pos;
        if (parse_head(&p, &header)) {
            if (begun)
                aqua__fail_at(&p, aqua__span(&m->src.tokens[at]), "header lines must stand above all declarations");
            if (!p.failed && !aqua__at(&p, T_END)) aqua__expected(&p, "the end of the line");
            i++;
        } else {
            begun = true;
            parse_decl(&p, &i, &body);
        }
    }
    m->heads       = header.ptr;
    m->heads_count = header.len;
    m->decls       = body.ptr;
    m->decls_count = body.len;
    m->failed      = c->errors.len > errors;
}

expr *aqua__parse_literal(compiler *c, riv_str text)
{
    module m = { .src = { .path = RIV_LIT("constants"), .text = text } };
    aqua__lex(c, &m.src);
    parser p = { .c = c, .m = &m, .src = &m.src };
    if (m.src.lines_count != 1) return NULL;
    expr *e = aqua__parse_value(&p);
    return !p.failed && aqua__at(&p, T_END) && e->kind == EX_LITERAL ? e : NULL;
}

/* ---- header ---- */

static bool at_string(const parser *p) { return aqua__at(p, T_STRING); }

static riv_str unquoted(riv_str s) { return riv_str_sub(s, 1, s.len - 1); }

/* a [as b] {, a [as b]} */
static void parse_names(parser *p, head *h, bool renames)
{
    RIV_VEC(name_as) list = { 0 };
    h->has_names          = true;
    do {
        name_as n = { 0 };
        n.name    = aqua__parse_dotted(p, false, &n.at);
        if (p->failed) break;
        if (renames && aqua__eat_word(p, "as")) n.as = aqua__parse_dotted(p, false, &n.as_at);
        *riv_push(p->c->arena, &list) = n;
    } while (!p->failed && aqua__eat(p, T_COMMA));
    h->names       = list.ptr;
    h->names_count = list.len;
}

static void parse_module_line(parser *p, head *h)
{
    h->kind = HEAD_MODULE;
    h->name = aqua__parse_dotted(p, false, &h->name_at);
    if (p->failed || !aqua__eat_word(p, "declares")) return;
    h->declares     = true;
    h->declares_all = aqua__eat(p, T_STAR);
    if (!h->declares_all) parse_names(p, h, false);
}

static void parse_from(parser *p, head *h)
{
    if (!at_string(p)) {
        parse_names(p, h, true);
        if (!p->failed && !aqua__eat_word(p, "from")) aqua__expected(p, "`from` and a file");
    }
    const token *path = aqua__peek(p, 0);
    if (!aqua__want(p, T_STRING, "the file's path between double quotes")) return;
    h->path    = unquoted(aqua__word(p, path));
    h->path_at = aqua__span(path);
    if (h->kind == HEAD_USE && aqua__eat_word(p, "as")) h->name = aqua__parse_dotted(p, false, &h->name_at);
}

static bool parse_head(parser *p, heads *out)
{
    const token *next  = aqua__peek(p, 1);
    head         h     = { .at = aqua__span(aqua__peek(p, 0)) };
    bool         named = next->kind == T_CLASS || next->kind == T_NAME;
    bool         old   = aqua__at_word(p, "module") && named;
    if (old || (aqua__at_word(p, "aqua") && named)) {
        p->pos++;
        h.deprecated_word = old;
        parse_module_line(p, &h);
    } else if ((aqua__at_word(p, "use") || aqua__at_word(p, "import")) && (named || next->kind == T_STRING)) {
        h.kind = aqua__at_word(p, "use") ? HEAD_USE : HEAD_IMPORT;
        p->pos++;
        parse_from(p, &h);
    } else if (aqua__at_word(p, "export") && named) {
        h.kind = HEAD_EXPORT;
        p->pos++;
        parse_names(p, &h, true);
    } else {
        return false;
    }
    *riv_push(p->c->arena, out) = h;
    return true;
}

/* ---- declarations ---- */

static size_t construct_end(const parser *p, size_t first)
{
    size_t end = first + 1;
    while (end < p->src->lines_count && p->src->lines[end].indent_len > 0) end++;
    return end;
}

static void parse_const(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    d->kind           = DECL_CONST;
    if (name->kind == T_NAME) aqua__fail_at(p, aqua__span(name), "Constant's names must be in UPPERCASE");
    if (!aqua__want(p, T_CLASS, "a name in capital letters")) return;
    d->at   = aqua__span(name);
    d->name = aqua__word(p, name);
    for (size_t i = 0; i < d->name.len; i++)
        if (d->name.ptr[i] >= 'a' && d->name.ptr[i] <= 'z')
            aqua__fail_at(p, d->at, "Constant's names must be in UPPERCASE");
    d->weak = aqua__eat(p, T_QUESTION);
    aqua__want(p, T_ASSIGN, "`=`");
    if (p->failed) return;
    d->value = aqua__parse_value(p);
    if (p->failed || d->value->kind == EX_LITERAL || d->value->kind == EX_NAME) return;
    const char *is = "a property";
    switch ((int)d->value->kind) {
    case EX_ARRAY:
    case EX_OPTION:
    case EX_STREAM: is = "a collection"; break;
    case EX_CALL:
    case EX_METHOD: is = "a function call"; break;
    case EX_NOT:
    case EX_BINARY: is = "an expression"; break;
    case EX_CONSTRUCT: is = "an ability or data"; break;
    default: break;
    }
    aqua__fail_at(
        p, d->value->at,
        riv_cstr(p->c->arena,
                 riv_format(p->c->arena, "'" RIV_FMT "' is %s, but only strings, numbers or booleans can be used",
                            RIV_ARG(d->name), is)));
}

static void parse_class_name(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    if (!aqua__want(p, T_CLASS, "a name that begins with a capital letter")) return;
    d->at   = aqua__span(name);
    d->name = aqua__word(p, name);
}

static void parse_alias(parser *p, decl *d)
{
    d->kind = DECL_ALIAS;
    parse_class_name(p, d);
    aqua__want(p, T_COLON, "`:` and a type");
    if (!p->failed) d->type = aqua__parse_arg_type(p);
}

/* One line below service, data or ability: name: type, or name(args) -> types. */
static void parse_sig(parser *p, const decl *d, sig_ast *sig)
{
    const token *name = aqua__peek(p, 0);
    if (!aqua__want(p, T_NAME, d->kind == DECL_SERVICE ? "a function's name" : "a field's name")) return;
    sig->name = aqua__word(p, name);
    sig->at   = aqua__span(name);
    bool call = aqua__at(p, T_LPAREN) || aqua__at(p, T_LBRACE);
    if (call && d->kind != DECL_DATA) {
        sig->type = aqua__parse_signature(p);
        return;
    }
    if (!aqua__want(p, T_COLON, d->kind == DECL_DATA ? "`:` and a type" : "`(` or `:`")) return;
    sig->type = d->kind == DECL_SERVICE ? aqua__parse_arrow_type(p)
                : d->kind == DECL_DATA  ? aqua__parse_type(p)
                                        : aqua__parse_arg_type(p);
}

static void parse_sigs(parser *p, size_t *at, size_t end, decl *d)
{
    RIV_VEC(sig_ast) sigs = { 0 };
    const line *header    = &p->src->lines[*at - 1];
    const line *first     = NULL;
    for (; *at < end; ++*at) {
        const line *l      = &p->src->lines[*at];
        riv_str     indent = aqua__text(p->src, (span){ l->indent_pos, l->indent_len });
        if (!first)
            first = l;
        else if (!riv_str_eq(indent, aqua__text(p->src, (span){ first->indent_pos, first->indent_len })))
            aqua__error(p->c, p->src, AQUA_SYNTAX_ERROR, (span){ l->indent_pos, l->indent_len },
                        "Inconsistent indentation in the block");
        sig_ast sig = { 0 };
        p->pos      = l->first;
        p->failed   = false;
        parse_sig(p, d, &sig);
        if (!p->failed && !aqua__at(p, T_END)) aqua__expected(p, "the end of the line");
        if (sigs.len >= AQUA_NAMES_MAX) {
            aqua__fail_at(p, sig.at, "too many fields or functions");
            break;
        }
        if (!p->failed) *riv_push(p->c->arena, &sigs) = sig;
    }
    if (!first)
        aqua__error(p->c, p->src, AQUA_SYNTAX_ERROR, (span){ header->indent_pos, header->indent_len },
                    "Block expression has no body");
    d->sigs       = sigs.ptr;
    d->sigs_count = sigs.len;
}

static void parse_header_of_block(parser *p, decl *d)
{
    parse_class_name(p, d);
    if (d->kind == DECL_SERVICE && !p->failed && aqua__eat(p, T_LPAREN)) {
        d->value = aqua__parse_value(p);
        aqua__want(p, T_RPAREN, "`)`");
    }
    aqua__want(p, T_COLON, "`:` and an indented block");
}

static void parse_func(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    d->kind           = DECL_FUNC;
    if (!aqua__want(p, T_NAME, "a function's name, which begins with a small letter")) return;
    d->at   = aqua__span(name);
    d->name = aqua__word(p, name);
    d->type = aqua__parse_signature(p);
    aqua__want(p, T_COLON, "`:` and an indented body");
}

static void parse_decl(parser *p, size_t *at, decls *out)
{
    const line *header = &p->src->lines[*at];
    size_t      end    = construct_end(p, *at);
    decl        d      = { .kind = DECL_FUNC };
    bool        block  = true;
    ++*at;
    if (header->indent_len > 0)
        aqua__fail_at(p, (span){ header->indent_pos, header->indent_len }, "Unexpected indentation");
    else if (aqua__eat_word(p, "func"))
        parse_func(p, &d);
    else if (aqua__eat_word(p, "service"))
        d.kind = DECL_SERVICE, parse_header_of_block(p, &d);
    else if (aqua__eat_word(p, "data"))
        d.kind = DECL_DATA, parse_header_of_block(p, &d);
    else if (aqua__eat_word(p, "ability"))
        d.kind = DECL_ABILITY, parse_header_of_block(p, &d);
    else if (aqua__eat_word(p, "alias"))
        parse_alias(p, &d), block = false;
    else if (aqua__eat_word(p, "const"))
        parse_const(p, &d), block = false;
    else
        aqua__expected(p, "a declaration: func, service, data, ability, alias or const");
    if (!p->failed && !aqua__at(p, T_END)) aqua__expected(p, "the end of the line");
    bool failed = p->failed;
    if (failed && d.kind != DECL_FUNC) {
        *at = end;
        return;
    }
    if (block && d.kind == DECL_FUNC) {
        if (!failed || *at < end) aqua__parse_body(p, at, end, header, true, &d.body);
    } else if (block) {
        parse_sigs(p, at, end, &d);
    } else if (*at < end) {
        const line *l = &p->src->lines[*at];
        aqua__error(p->c, p->src, AQUA_SYNTAX_ERROR, (span){ l->indent_pos, l->indent_len },
                    "This expression is on the wrong indentation level");
    }
    *at = end;
    if (!failed) *riv_push(p->c->arena, out) = d;
}
