/* parse.c: a file's header lines and top-level declarations.
 * Spec: docs/spec/aqua.md §2 to §4. Tests: parse_test.c. */
#include "aqua/parse.h"

typedef RIV_VEC(head) heads;
typedef RIV_VEC(decl) decls;

static bool parse_head(parser *p, heads *out);
static void parse_decl(parser *p, size_t *line_index, decls *out);
static void poison_head(parser *p, const line *l);
static void tell_indented(parser *p, const line *l);

void aqua__parse(compiler *c, module *m)
{
    parser p      = { .c = c, .m = m, .src = &m->src };
    heads  header = { 0 };
    decls  body   = { 0 };
    size_t i      = 0;
    bool   begun  = false; /* a declaration was seen: no more header lines */
    size_t errors = c->errors.len;
    m->poisoned   = riv_map_new(c->arena);
    m->withheld   = riv_map_new(c->arena);
    while (i < m->src.lines_count && !riv_arena_over(c->arena)) {
        p.pos               = m->src.lines[i].first;
        p.failed            = false;
        size_t at           = p.pos;
        size_t heads_before = header.len;
        if (parse_head(&p, &header)) {
            if (heads_before > 0 && m->src.lines[i].indent_len > 0) tell_indented(&p, &m->src.lines[i]);
            if (begun)
                aqua__fail_at(&p, D_HEADER_BELOW, aqua__span(&m->src.tokens[at]),
                              "header lines must stand above all declarations");
            if (!p.failed && !aqua__at(&p, T_END)) (void)aqua__expected(&p, "the end of the line");
            if (p.failed) poison_head(&p, &m->src.lines[i]);
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

/* What stands there is read all the same. */
static void tell_indented(parser *p, const line *l)
{
    span       at = { l->indent_pos, l->indent_len };
    aqua_diag *d  = aqua__report(p->c, p->src, D_UNEXPECTED_INDENT, at, "Unexpected indentation");
    aqua__fix(p->c, d, "begin the line in column 1", at, RIV_LIT(""));
}

/* What a faulty header line was to bring is not missed below. */
static void poison_head(parser *p, const line *l)
{
    for (uint32_t i = l->first; i < l->last; i++)
        if (p->src->tokens[i].kind == T_NAME || p->src->tokens[i].kind == T_CLASS)
            aqua__withhold(p->m, aqua__word(p, &p->src->tokens[i]));
    if (riv_str_eq(aqua__word(p, &p->src->tokens[l->first]), RIV_LIT("import"))) p->m->unresolved = true;
}

expr *aqua__parse_literal(compiler *c, riv_str text)
{
    module m = { .src      = { .path = RIV_LIT("constants"), .text = text },
                 .poisoned = riv_map_new(c->arena),
                 .withheld = riv_map_new(c->arena) };
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
    bool lost = p->failed && (h.kind == HEAD_USE || h.kind == HEAD_IMPORT) && h.path_at.len == 0;
    if (!lost) *riv_push(p->c->arena, out) = h;
    return true;
}

/* ---- declarations ---- */

static size_t construct_end(const parser *p, size_t first)
{
    size_t end = first + 1;
    while (end < p->src->lines_count && p->src->lines[end].indent_len > 0) end++;
    return end;
}

/* A small letter is told, and the line is read on. */
static void check_capitals(parser *p, decl *d)
{
    riv_buf capitals = riv_buf_in(p->c->arena);
    bool    small    = false;
    for (size_t i = 0; i < d->name.len; i++) {
        bool is_small = d->name.ptr[i] >= 'a' && d->name.ptr[i] <= 'z';
        riv_put_u8(&capitals, (uint8_t)(is_small ? d->name.ptr[i] - 'a' + 'A' : d->name.ptr[i]));
        small |= is_small;
    }
    if (!small) return;
    aqua_diag *diag = aqua__report(p->c, p->src, D_CONST_CASE, d->at, "Constant's names must be in UPPERCASE");
    aqua__fix(p->c, diag, "write capitals", d->at, riv_buf_str(&capitals));
    aqua__withhold(p->m, d->name);
    d->bad = true;
}

static void parse_const(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    d->kind           = DECL_CONST;
    if (name->kind != T_NAME && !aqua__want(p, T_CLASS, "a name in capital letters")) return;
    if (name->kind == T_NAME) p->pos++;
    d->at   = aqua__span(name);
    d->name = aqua__word(p, name);
    check_capitals(p, d);
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
        p, D_CONST_VALUE, d->value->at,
        riv_cstr(p->c->arena,
                 riv_format(p->c->arena, "'" RIV_FMT "' is %s, but only strings, numbers or booleans can be used",
                            RIV_ARG(d->name), is)));
}

static void parse_class_name(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    if (!aqua__want_name(p, T_CLASS, "a name that begins with a capital letter")) return;
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
    if (!aqua__want_name(p, T_NAME, d->kind == DECL_SERVICE ? "a function's name" : "a field's name")) return;
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

static void mixed_indent(parser *p, const line *first, const line *l)
{
    span       at = { l->indent_pos, l->indent_len };
    aqua_diag *d  = aqua__report(p->c, p->src, D_MIXED_INDENT, at, "Inconsistent indentation in the block");
    span       as = { first->indent_pos, first->indent_len };
    aqua__note(p->c, d, p->src, aqua__span(&p->src->tokens[first->first]), "the block begins with this indentation");
    aqua__fix(p->c, d, "indent it like the lines above", at, aqua__text(p->src, as));
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
            mixed_indent(p, first, l);
        sig_ast sig = { 0 };
        p->pos      = l->first;
        p->failed   = false;
        parse_sig(p, d, &sig);
        if (!p->failed && !aqua__at(p, T_END)) (void)aqua__expected(p, "the end of the line");
        if (sigs.len >= AQUA_NAMES_MAX) {
            aqua__fail_at(p, D_TOO_MANY, sig.at, "too many fields or functions");
            break;
        }
        if (p->failed) d->bad = true;
        if (!p->failed) *riv_push(p->c->arena, &sigs) = sig;
    }
    if (!first)
        aqua__report(p->c, p->src, D_NO_BODY, (span){ header->indent_pos, header->indent_len },
                     "Block expression has no body");
    if (!first) d->bad = true;
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
    aqua__want_colon(p);
}

static void parse_func(parser *p, decl *d)
{
    const token *name = aqua__peek(p, 0);
    d->kind           = DECL_FUNC;
    if (!aqua__want_name(p, T_NAME, "a function's name, which begins with a small letter")) return;
    d->at   = aqua__span(name);
    d->name = aqua__word(p, name);
    d->type = aqua__parse_signature(p);
    aqua__want_colon(p);
}

/* The word of a declaration that this was most likely meant to be. */
static riv_str meant_word(riv_str word)
{
    static const struct {
        const char *word, *meant;
    } others[]      = { { "function", "func" }, { "fn", "func" },          { "fun", "func" },   { "def", "func" },
                        { "struct", "data" },   { "record", "data" },      { "type", "alias" }, { "let", "const" },
                        { "class", "service" }, { "interface", "service" } };
    riv_str words[] = { RIV_LIT("func"),    RIV_LIT("service"), RIV_LIT("data"),
                        RIV_LIT("ability"), RIV_LIT("alias"),   RIV_LIT("const") };
    for (size_t i = 0; i < RIV_COUNT(others); i++)
        if (riv_str_eq(word, riv_str_c(others[i].word))) return riv_str_c(others[i].meant);
    size_t near = riv_nearest(word, words, RIV_COUNT(words));
    return near == SIZE_MAX ? RIV_LIT("") : words[near];
}

static const char *const decl_words[] = {
    [DECL_FUNC] = "func",       [DECL_SERVICE] = "service", [DECL_DATA] = "data",
    [DECL_ABILITY] = "ability", [DECL_ALIAS] = "alias",     [DECL_CONST] = "const"
};

static bool decl_of_word(riv_str word, decl_kind *out)
{
    for (size_t i = 0; i < RIV_COUNT(decl_words); i++) {
        if (!riv_str_eq(word, riv_str_c(decl_words[i]))) continue;
        *out = (decl_kind)i;
        return true;
    }
    return false;
}

/* No declaration begins like this. When a likely word is misspelt it is read as that one. */
static bool not_a_declaration(parser *p, decl_kind *kind)
{
    const token *t    = aqua__peek(p, 0);
    const token *next = aqua__peek(p, 1);
    riv_str      word = aqua__word(p, t), meant = t->kind == T_NAME ? meant_word(word) : RIV_LIT("");
    bool         named = next->kind == T_NAME || next->kind == T_CLASS;
    if (t->kind == T_BAD || p->failed) {
        p->failed = true;
        return false;
    }
    aqua_diag *d = aqua__report(
        p->c, p->src, D_NOT_A_DECLARATION, aqua__span(t),
        "expected a declaration: func, service, data, ability, alias or const, found `" RIV_FMT "`", RIV_ARG(word));
    p->failed = !named || meant.len == 0;
    if (named) aqua__withhold(p->m, aqua__word(p, next));
    if (p->failed) return false;
    aqua__hint(p->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(meant));
    aqua__fix(p->c, d, "write the word that Aqua has", aqua__span(t), meant);
    return decl_of_word(meant, kind);
}

static void parse_decl_header(parser *p, decl *d)
{
    p->pos++;
    switch (d->kind) {
    case DECL_FUNC: parse_func(p, d); break;
    case DECL_SERVICE:
    case DECL_DATA:
    case DECL_ABILITY: parse_header_of_block(p, d); break;
    case DECL_ALIAS: parse_alias(p, d); break;
    case DECL_CONST: parse_const(p, d); break;
    }
    if (!p->failed && !aqua__at(p, T_END)) (void)aqua__expected(p, "the end of the line");
}

/* The comment lines that end right above. */
span aqua__doc_above(const source *src, size_t pos)
{
    size_t low = 0, high = src->trivia_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (src->trivia[middle].pos < pos)
            low = middle + 1;
        else
            high = middle;
    }
    span doc = { (uint32_t)pos, 0 };
    while (low > 0) {
        const trivia *t       = &src->trivia[--low];
        riv_str       between = riv_str_sub(src->text, t->pos + t->len, doc.pos);
        size_t        newline = riv_str_find_char(between, '\n', 0);
        if (!t->is_comment || !t->alone || riv_str_trim(between).len > 0) break;
        if (newline == SIZE_MAX || riv_str_find_char(between, '\n', newline + 1) != SIZE_MAX) break;
        doc = (span){ t->pos, doc.len ? doc.pos + doc.len - t->pos : t->len };
    }
    return doc.len ? doc : (span){ 0 };
}

static void parse_decl_body(parser *p, size_t *at, size_t end, const line *header, bool failed, decl *d)
{
    if (d->kind == DECL_FUNC) {
        if (!failed || *at < end) aqua__parse_body(p, at, end, header, true, &d->body);
    } else if (d->kind == DECL_CONST || d->kind == DECL_ALIAS) {
        if (failed || *at == end) return;
        const line *l   = &p->src->lines[*at];
        span        pos = { l->indent_pos, l->indent_len };
        aqua_diag  *diag =
            aqua__report(p->c, p->src, D_WRONG_LEVEL, pos, "This expression is on the wrong indentation level");
        aqua__fix(p->c, diag, "begin the line in column 1", pos, RIV_LIT(""));
    } else if (!failed || *at < end) {
        parse_sigs(p, at, end, d);
    }
}

static void parse_decl(parser *p, size_t *at, decls *out)
{
    const line *header = &p->src->lines[*at];
    size_t      end    = construct_end(p, *at);
    decl        d      = { .kind = DECL_FUNC };
    bool        known  = decl_of_word(aqua__word(p, aqua__peek(p, 0)), &d.kind);
    ++*at;
    if (header->indent_len > 0) tell_indented(p, header);
    if (known || not_a_declaration(p, &d.kind)) parse_decl_header(p, &d);
    bool failed = p->failed;
    if (failed) {
        d.bad = true;
        aqua__withhold(p->m, d.name);
    }
    if (known || !failed) parse_decl_body(p, at, end, header, failed, &d);
    if (d.bad) aqua__withhold(p->m, d.name);
    const token *first = &p->src->tokens[header->first], *last = &p->src->tokens[p->src->lines[end - 1].last - 1];
    d.whole = aqua__span_join(aqua__span(first), aqua__span(last));
    d.doc   = aqua__doc_above(p->src, header->indent_pos);
    d.path  = &p->src->path;
    *at     = end;
    if (d.name.len) *riv_push(p->c->arena, out) = d;
}
