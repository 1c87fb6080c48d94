/* parse_stmt.c: statements and the blocks that indentation makes of them. One faulty line costs one diagnostic.
 * Spec: docs/spec/aqua.md §2, §7. Tests: parse_test.c. */
#include "aqua/parse.h"

static stmt *parse_stmt(parser *p, bool is_arrow);
static void  check_order(parser *p, stmts *body, stmt *s);
static void  bad_line(parser *p, const line *l, stmt *s);

static riv_str indent_of(const parser *p, const line *l)
{
    return aqua__text(p->src, (span){ l->indent_pos, l->indent_len });
}

static aqua_diag *indent_error(parser *p, diag_code code, const line *l, const char *text)
{
    return aqua__report(p->c, p->src, code, (span){ l->indent_pos, l->indent_len }, "%s", text);
}

static void mixed_indent(parser *p, const line *first, const line *l)
{
    aqua_diag *d = indent_error(p, D_MIXED_INDENT, l, "Inconsistent indentation in the block");
    aqua__note(p->c, d, p->src, aqua__span(&p->src->tokens[first->first]), "the block begins with this indentation");
    aqua__fix(p->c, d, "indent it like the lines above", (span){ l->indent_pos, l->indent_len }, indent_of(p, first));
}

/* Blocks in blocks that were never opened: the lines are skipped with one word. */
static void skip_deeper(parser *p, size_t *at, size_t end, const line *below)
{
    riv_str indent = indent_of(p, below);
    while (*at < end) {
        riv_str own = indent_of(p, &p->src->lines[*at]);
        if (own.len <= indent.len || !riv_str_starts(own, indent)) return;
        ++*at;
    }
}

void aqua__parse_body(parser *p, size_t *at, size_t end, const line *header, bool is_arrow, stmts *out)
{
    riv_str     outer = indent_of(p, header);
    const line *first = NULL;
    size_t      begun = *at;
    if (!aqua__deeper(p)) {
        *at = end;
        return;
    }
    while (*at < end) {
        const line *l      = &p->src->lines[*at];
        riv_str     indent = indent_of(p, l);
        if (!riv_str_starts(indent, outer)) {
            if (riv_str_starts(outer, indent)) break;
            indent_error(p, D_UNEXPECTED_INDENT, l, "Unexpected indentation");
            ++*at;
            continue;
        }
        if (indent.len == outer.len) break;
        if (!first)
            first = l;
        else if (!riv_str_eq(indent, indent_of(p, first)))
            mixed_indent(p, first, l);
        p->pos    = l->first;
        p->failed = false;
        stmt *s   = parse_stmt(p, is_arrow);
        if (!p->failed && !aqua__at(p, T_END)) (void)aqua__expected(p, "the end of the line");
        if (p->failed) bad_line(p, l, s);
        ++*at;
        bool arrow_body = s->kind == ST_CLOSURE || (s->kind == ST_BAD && s->was == ST_CLOSURE);
        if (s->has_body && (s->kind != ST_BAD || (*at < end && p->src->lines[*at].indent_len > l->indent_len)))
            aqua__parse_body(p, at, end, l, arrow_body, &s->body);
        else if (s->kind == ST_BAD)
            skip_deeper(p, at, end, l);
        check_order(p, out, s);
        s->whole                    = aqua__span_join(aqua__span(&p->src->tokens[l->first]),
                                                      aqua__span(&p->src->tokens[p->src->lines[*at - 1].last - 1]));
        *riv_push(p->c->arena, out) = s;
        if (riv_arena_over(p->c->arena)) break;
    }
    p->depth--;
    if (*at == begun || (!first && *at == end)) indent_error(p, D_NO_BODY, header, "Block expression has no body");
}

/* A faulty line: what it was to define is not missed below, and a block whose header is wrong still holds statements to look at. */
static void bad_line(parser *p, const line *l, stmt *s)
{
    s->was      = s->kind;
    s->kind     = ST_BAD;
    s->has_body = l->last > l->first && p->src->tokens[l->last - 1].kind == T_COLON;
    for (size_t i = 0; i < s->names_count; i++) aqua__poison(p, s->names[i]);
    for (uint32_t i = l->first; i + 1 < l->last; i++) {
        const token *t    = &p->src->tokens[i];
        token_kind   next = t[1].kind;
        if (t->kind != T_NAME && t->kind != T_CLASS) break;
        if (next == T_LARROW || next == T_ASSIGN || next == T_COLON || next == T_COMMA)
            aqua__poison(p, aqua__word(p, t));
        if (next == T_COMMA) i++;
    }
}

/* else, catch, otherwise and par lean on what stands before them. */
static void check_order(parser *p, stmts *body, stmt *s)
{
    const stmt *before = body->len ? body->ptr[body->len - 1] : NULL;
    const char *text   = NULL;
    diag_code   code   = D_NO_PREVIOUS;
    size_t      tried  = body->len; /* otherwise may stand between try and catch */
    if (before && before->kind == ST_BAD) return;
    while (tried > 0 && (body->ptr[tried - 1]->kind == ST_OTHERWISE || body->ptr[tried - 1]->kind == ST_CATCH)) tried--;
    if (s->kind == ST_ELSE && !(before && before->kind == ST_IF))
        text = "Unexpected `else` without `if`", code = D_ELSE_ALONE;
    if (s->kind == ST_CATCH && !(tried > 0 && body->ptr[tried - 1]->kind == ST_TRY))
        text = "Unexpected `catch` without `try`", code = D_CATCH_ALONE;
    if (s->kind == ST_OTHERWISE && !before) text = "Unexpected `otherwise` without previous instruction";
    if (s->prefix == PREFIX_PAR && !before) text = "Unexpected `par` without previous instruction";
    if (text)
        aqua__report(p->c, p->src, code,
                     s->prefix == PREFIX_PAR                 ? s->prefix_at
                     : s->kind == ST_CATCH && s->names_count ? s->name_spans[0]
                                                             : s->at,
                     "%s", text);
}

static void add_expr(parser *p, stmt *s, expr *e)
{
    size_t n = s->exprs_count;
    if ((n & (n - 1)) == 0)
        s->exprs = riv_arena_grow(p->c->arena, s->exprs, n * sizeof(expr *), (n ? 2 * n : 1) * sizeof(expr *),
                                  _Alignof(expr *));
    s->exprs[s->exprs_count++] = e;
}

static void add_name(parser *p, stmt *s, const token *t)
{
    size_t n = s->names_count;
    if (n >= AQUA_NAMES_MAX) {
        aqua__fail_at(p, D_TOO_MANY, aqua__span(t), "too many names");
        return;
    }
    s->names = riv_arena_grow(p->c->arena, s->names, n * sizeof(riv_str), (n + 1) * sizeof(riv_str), _Alignof(riv_str));
    s->name_spans =
        riv_arena_grow(p->c->arena, s->name_spans, n * sizeof(span), (n + 1) * sizeof(span), _Alignof(span));
    s->names[n]      = aqua__word(p, t);
    s->name_spans[n] = aqua__span(t);
    s->names_count++;
}

static bool want_name(parser *p, stmt *s, const char *what)
{
    const token *t = aqua__peek(p, 0);
    if (!aqua__want_name(p, T_NAME, what)) return false;
    add_name(p, s, t);
    return true;
}

static void want_block(parser *p, stmt *s)
{
    s->has_body = true;
    aqua__want_colon(p);
}

static void parse_return(parser *p, stmt *s)
{
    s->kind = ST_RETURN;
    p->pos++;
    if (!aqua__peek(p, 0)->spaced && !aqua__at(p, T_END)) {
        span       at = aqua__span(aqua__peek(p, 0));
        aqua_diag *d  = aqua__report(p->c, p->src, D_RETURN_SPACE, at, "put a space after `<-`");
        aqua__fix(p->c, d, "add a space", (span){ at.pos, 0 }, RIV_LIT(" "));
    }
    do add_expr(p, s, aqua__parse_value(p));
    while (!p->failed && aqua__eat(p, T_COMMA));
}

static void parse_for(parser *p, stmt *s)
{
    s->kind = ST_FOR;
    p->pos++;
    if (!want_name(p, s, "the name of the loop's item")) return;
    if (aqua__eat(p, T_COMMA) && !want_name(p, s, "the name of the value beside the key")) return;
    aqua__want(p, T_LARROW, "`<-` and a collection");
    if (p->failed) return;
    add_expr(p, s, aqua__parse_value(p));
    if (aqua__eat_word(p, "par"))
        s->mode = FOR_PAR;
    else if (aqua__eat_word(p, "try"))
        s->mode = FOR_TRY;
    else if (aqua__eat_word(p, "rec"))
        s->mode = FOR_REC;
    want_block(p, s);
}

static void parse_vias(parser *p, stmt *s)
{
    while (!p->failed && aqua__eat_word(p, "via")) add_expr(p, s, aqua__parse_value(p));
}

static void parse_on(parser *p, stmt *s)
{
    s->kind = ST_ON;
    p->pos++;
    add_expr(p, s, aqua__parse_value(p));
    parse_vias(p, s);
    want_block(p, s);
}

static void parse_if(parser *p, stmt *s)
{
    s->kind = ST_IF;
    p->pos++;
    add_expr(p, s, aqua__parse_value(p));
    want_block(p, s);
}

static void parse_word_block(parser *p, stmt *s, stmt_kind kind)
{
    s->kind = kind;
    p->pos++;
    want_block(p, s);
}

static void parse_catch(parser *p, stmt *s)
{
    s->kind = ST_CATCH;
    p->pos++;
    if (want_name(p, s, "a name for the error")) want_block(p, s);
}

static void parse_parseq(parser *p, stmt *s)
{
    s->kind = ST_PARSEQ;
    p->pos++;
    if (!want_name(p, s, "the name of the loop's item")) return;
    if (!aqua__want(p, T_LARROW, "`<-` and a collection")) return;
    add_expr(p, s, aqua__parse_value(p));
    if (!p->failed && !aqua__eat_word(p, "on")) (void)aqua__expected(p, "`on` and a peer");
    if (p->failed) return;
    add_expr(p, s, aqua__parse_value(p));
    parse_vias(p, s);
    want_block(p, s);
}

static void parse_join(parser *p, stmt *s)
{
    s->kind = ST_JOIN;
    p->pos++;
    do {
        expr *e = aqua__parse_value(p);
        if (!p->failed && (e->kind == EX_BINARY || e->kind == EX_NOT))
            aqua__fail_at(p, D_JOIN_OPERATOR, e->at, "join takes values to wait for, not operators");
        add_expr(p, s, e);
    } while (!p->failed && aqua__eat(p, T_COMMA));
}

static void parse_push(parser *p, stmt *s)
{
    s->kind = ST_PUSH;
    add_name(p, s, aqua__peek(p, 0));
    p->pos += 2;
    add_expr(p, s, aqua__parse_value(p));
    if (!p->failed && aqua__eat(p, T_COMMA)) add_expr(p, s, aqua__parse_value(p));
}

static void parse_declare(parser *p, stmt *s)
{
    s->kind = ST_DECLARE;
    add_name(p, s, aqua__peek(p, 0));
    p->pos += 2;
    s->type = aqua__parse_type(p);
}

static bool line_ends_in_colon(const parser *p)
{
    size_t i = p->pos;
    while (p->src->tokens[i].kind != T_END) i++;
    return i > p->pos && p->src->tokens[i - 1].kind == T_COLON;
}

static void parse_assign(parser *p, stmt *s)
{
    const token *name = aqua__peek(p, 0);
    add_name(p, s, name);
    p->pos += 2;
    if (name->kind == T_NAME && line_ends_in_colon(p)) {
        s->kind    = ST_CLOSURE;
        s->is_func = aqua__eat_word(p, "func");
        s->type    = aqua__parse_signature(p);
        want_block(p, s);
        return;
    }
    s->kind = ST_ASSIGN;
    expr *e = aqua__parse_value(p);
    add_expr(p, s, e);
    if (!p->failed && (e->kind == EX_ARRAY || e->kind == EX_OPTION || e->kind == EX_STREAM) && e->args_count == 0)
        aqua__fail_at(
            p, D_EMPTY_COLLECTION, e->at,
            "Assigning empty array to a variable is prohibited. You can create an array with values (like '[a, b, c]') "
            "or use '[]' in place");
}

/* `fro x <- xs:`, `els:`: the first word was to be that of a block. */
static void misspelt_word(parser *p, const stmt *s, aqua_diag *d)
{
    riv_str words[] = { RIV_LIT("for"), RIV_LIT("if"),    RIV_LIT("on"),        RIV_LIT("else"),
                        RIV_LIT("try"), RIV_LIT("catch"), RIV_LIT("otherwise"), RIV_LIT("parseq"),
                        RIV_LIT("par"), RIV_LIT("co"),    RIV_LIT("join") };
    riv_str word    = aqua__text(p->src, s->at);
    size_t  near    = word.len < 2 ? SIZE_MAX : riv_nearest(word, words, RIV_COUNT(words));
    if (near == SIZE_MAX || aqua__at(p, T_END)) return;
    aqua__hint(p->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(words[near]));
    aqua__fix(p->c, d, "write the word that Aqua has", s->at, words[near]);
}

/* [a, b <-] call */
static void parse_call(parser *p, stmt *s)
{
    size_t i                = 0;
    s->kind                 = ST_CALL;
    bool         many       = false;
    const token *arrow_mark = NULL;
    while (aqua__peek(p, i)->kind == T_NAME || aqua__peek(p, i)->kind == T_CLASS) {
        token_kind next = aqua__peek(p, i + 1)->kind;
        if (next == T_LARROW) many = true;
        if (next != T_COMMA) break;
        i += 2;
    }
    if (many) {
        for (size_t k = 0; k <= i; k += 2) add_name(p, s, aqua__peek(p, k));
        arrow_mark = aqua__peek(p, i + 1);
        p->pos += i + 2;
    }
    expr *e = aqua__parse_value(p);
    add_expr(p, s, e);
    if (p->failed || e->kind == EX_CALL || e->kind == EX_METHOD) return;
    p->failed    = true;
    aqua_diag *d = aqua__report(
        p->c, p->src, D_NOT_A_CALL, e->at, "%s",
        many ? "Expected arrow call after `<-`; use `=` to give a value a name"
             : "Expected arrow call, got a value: a statement is a call, an assignment, a push or a block");
    if (many && s->names_count == 1) aqua__fix(p->c, d, "use `=`", aqua__span(arrow_mark), RIV_LIT("="));
    if (!many) misspelt_word(p, s, d);
}

static bool at_service_id(const parser *p)
{
    size_t i = 0;
    if (aqua__peek(p, 0)->kind != T_CLASS) return false;
    while (aqua__peek(p, i + 1)->kind == T_DOT && aqua__peek(p, i + 2)->kind == T_CLASS) i += 2;
    const token *next = aqua__peek(p, i + 1);
    return next->spaced && (next->kind == T_STRING || next->kind == T_NAME || next->kind == T_CLASS ||
                            next->kind == T_LPAREN || next->kind == T_INIT_PEER);
}

static void parse_service_id(parser *p, stmt *s)
{
    span at;
    s->kind      = ST_SERVICE_ID;
    riv_str name = aqua__parse_dotted(p, true, &at);
    add_name(p, s, &(token){ T_CLASS, false, at.pos, at.len });
    (void)name;
    add_expr(p, s, aqua__parse_value(p));
}

/* Words are not reserved: they lead a statement only where what follows cannot be an assignment, a push or a declaration. */
static bool leads(const parser *p, const char *word)
{
    const token *next = aqua__peek(p, 1);
    if (!aqua__at_word(p, word) || !next->spaced) return false;
    return next->kind != T_ASSIGN && next->kind != T_LARROW && next->kind != T_PUSH && next->kind != T_COLON &&
           next->kind != T_COMMA && next->kind != T_END;
}

/* The colon may be missing: the word alone means nothing else. */
static bool leads_colon(const parser *p, const char *word)
{
    token_kind next = aqua__peek(p, 1)->kind;
    return aqua__at_word(p, word) && (next == T_END || (next == T_COLON && aqua__peek(p, 2)->kind == T_END));
}

static bool parse_prefix(parser *p, stmt *s)
{
    stmt_prefix prefix = leads(p, "par") ? PREFIX_PAR : leads(p, "co") ? PREFIX_CO : PREFIX_NONE;
    if (prefix == PREFIX_NONE) return false;
    s->prefix    = prefix;
    s->prefix_at = aqua__span(aqua__peek(p, 0));
    p->pos++;
    s->at = aqua__span(aqua__peek(p, 0));
    if (leads(p, "for"))
        parse_for(p, s);
    else if (leads(p, "on"))
        parse_on(p, s);
    else if (leads(p, "join"))
        parse_join(p, s);
    else
        parse_call(p, s);
    return true;
}

static stmt *parse_stmt(parser *p, bool is_arrow)
{
    const token *t    = aqua__peek(p, 0);
    const token *next = aqua__peek(p, 1);
    stmt        *s    = riv_new(p->c->arena, stmt, 1);
    s->kind           = ST_BAD;
    s->at             = aqua__span(t);
    if (t->kind == T_LARROW) {
        if (!is_arrow) {
            uint32_t begin = t->pos;
            while (begin > 0 && p->src->text.ptr[begin - 1] != '\n') begin--;
            aqua__fail_at(p, D_RETURN_IN_BLOCK, (span){ begin, t->pos - begin },
                          "Return expression must be on the top indentation level and at the end of function body");
        }
        parse_return(p, s);
    } else if (at_service_id(p)) {
        parse_service_id(p, s);
    } else if (t->kind == T_NAME && next->kind == T_PUSH) {
        parse_push(p, s);
    } else if (leads(p, "for")) {
        parse_for(p, s);
    } else if (leads(p, "on")) {
        parse_on(p, s);
    } else if (leads(p, "if")) {
        parse_if(p, s);
    } else if (leads_colon(p, "else")) {
        parse_word_block(p, s, ST_ELSE);
    } else if (leads_colon(p, "otherwise")) {
        parse_word_block(p, s, ST_OTHERWISE);
    } else if (leads_colon(p, "try")) {
        parse_word_block(p, s, ST_TRY);
    } else if (leads(p, "catch") || leads_colon(p, "catch")) {
        parse_catch(p, s);
    } else if (leads(p, "parseq")) {
        parse_parseq(p, s);
    } else if (parse_prefix(p, s)) {
        return s;
    } else if (leads(p, "join")) {
        parse_join(p, s);
    } else if (t->kind == T_NAME && next->kind == T_COLON && aqua__peek(p, 2)->kind != T_END) {
        parse_declare(p, s);
    } else if ((t->kind == T_NAME || t->kind == T_CLASS) && next->kind == T_ASSIGN) {
        parse_assign(p, s);
    } else {
        parse_call(p, s);
    }
    return s;
}
