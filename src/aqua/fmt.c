/* fmt.c: lays out a program by its logical lines: levels from indentation, spaces from pairs of tokens, breaks where the author had them.
 * The result is read again and must have the same tokens in the same lines, else the source is returned as it was.
 * Spec: docs/spec/aqua.md §1, §2 (where lines may break). Tests: fmt_test.c, fmt_fuzz.c. */
#include "aqua/fmt.h"
#include "aqua/internal.h"

/* A token or a comment of one logical line. */
typedef struct item {
    const token *token; /* NULL: a comment */
    riv_str      text;
    bool         breaks; /* stands on a new physical line */
} item;
typedef RIV_VEC(item) items;

typedef struct layout {
    riv_arena    *arena;
    const source *src;
    riv_buf       out;
    RIV_VEC(uint32_t) indents; /* of the logical lines that are open, by level */
    size_t trivia;             /* next to be written */
    bool   break_long;
    bool   opens;       /* the last logical line ends in a colon */
    bool   after_block; /* the last top-level line was a block's, or below one */
    bool   begun;
} layout;

/* ---- spaces between two tokens ---- */

static bool is_word(const token *t) { return t->kind == T_NAME || t->kind == T_CLASS; }

static bool is_keyword(const source *src, const token *t)
{
    static const riv_str words[] = {
        RIV_LIT_INIT("via"),    RIV_LIT_INIT("if"),       RIV_LIT_INIT("for"),    RIV_LIT_INIT("on"),
        RIV_LIT_INIT("par"),    RIV_LIT_INIT("co"),       RIV_LIT_INIT("parseq"), RIV_LIT_INIT("join"),
        RIV_LIT_INIT("func"),   RIV_LIT_INIT("declares"), RIV_LIT_INIT("rec"),    RIV_LIT_INIT("export"),
        RIV_LIT_INIT("import"), RIV_LIT_INIT("else"),     RIV_LIT_INIT("try"),
    };
    if (t->kind != T_NAME) return false;
    riv_str text = aqua__text(src, (span){ t->pos, t->len });
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(text, words[i])) return true;
    return false;
}

/* Can an infix operator or an index follow t? `spaced`: there was room behind it, as behind a keyword. */
static bool ends_operand(const source *src, const token *t, bool spaced)
{
    switch (t->kind) {
    case T_CLASS:
    case T_INT:
    case T_FLOAT:
    case T_STRING:
    case T_INIT_PEER:
    case T_RPAREN:
    case T_RBRACKET:
    case T_RBRACE:
    case T_TOP:
    case T_BOTTOM: return true;
    case T_NAME: return !(spaced && is_keyword(src, t));
    default: return false;
    }
}

static bool is_infix(token_kind kind) { return kind >= T_STAR && kind <= T_OR; }

static bool is_mark(token_kind kind)
{
    return kind == T_ARROW || kind == T_LARROW || kind == T_PUSH || kind == T_ASSIGN;
}

/* t, behind `before` (NULL: nothing), belongs to what follows: `*string`, `-1`, `!x`. */
static bool is_prefix(const source *src, const token *before, const token *t)
{
    bool can_be = t->kind == T_STAR || t->kind == T_PERCENT || t->kind == T_MINUS || t->kind == T_BANG;
    return t->kind == T_QUESTION || (can_be && (!before || !ends_operand(src, before, t->spaced)));
}

/* Behind `[]` of a type no operator can be meant: the author's spaces stay. */
static bool is_array_type(const token *before, const token *t)
{
    return before && before->kind == T_LBRACKET && t->kind == T_RBRACKET;
}

bool aqua__wants_space(const source *src, const token *before, const token *a, const token *b)
{
    token_kind left = a->kind, right = b->kind;
    if (right == T_COMMA || right == T_COLON || right == T_RPAREN || right == T_RBRACKET || right == T_RBRACE)
        return false;
    if (left == T_LPAREN || left == T_LBRACKET || left == T_LBRACE || left == T_DOT || right == T_DOT) return false;
    if (left == T_QUESTION && right == T_ASSIGN) return false; /* const X ?= 1 */
    if (left == T_COMMA || left == T_COLON || is_mark(left) || is_mark(right)) return true;
    if (is_array_type(before, a)) return b->spaced;
    if (is_prefix(src, before, a)) return false;
    if (right == T_BANG) return !ends_operand(src, a, b->spaced);
    if (right == T_LPAREN && is_word(a)) return b->spaced && is_keyword(src, a);
    if (left == T_BANG || right == T_LPAREN || right == T_LBRACKET || right == T_LBRACE)
        return b->spaced || is_infix(left) || is_infix(right);
    return true;
}

/* ---- one logical line ---- */

static bool is_open(const item *i)
{
    return i->token && (i->token->kind == T_LPAREN || i->token->kind == T_LBRACKET || i->token->kind == T_LBRACE);
}

static bool is_close(const item *i)
{
    return i->token && (i->token->kind == T_RPAREN || i->token->kind == T_RBRACKET || i->token->kind == T_RBRACE);
}

static bool newline_between(const source *src, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (src->text.ptr[i] == '\n') return true;
    return false;
}

static riv_str comment_text(const source *src, const trivia *t)
{
    return riv_str_trim(riv_str_sub(src->text, t->pos, (size_t)t->pos + t->len));
}

/* The tokens of l and the comments between them, in order. */
static void collect(layout *w, const line *l, items *out)
{
    const source *src  = w->src;
    size_t        last = src->tokens[l->first].pos;
    out->len           = 0;
    for (uint32_t i = l->first; i < l->last; i++) {
        const token *t       = &src->tokens[i];
        bool         comment = false;
        for (; w->trivia < src->trivia_count && src->trivia[w->trivia].pos < t->pos; w->trivia++) {
            const trivia *c = &src->trivia[w->trivia];
            if (!c->is_comment) continue;
            *riv_push(w->arena, out) = (item){ NULL, comment_text(src, c), c->alone };
            comment                  = true;
        }
        bool breaks              = i > l->first && (comment || newline_between(src, last, t->pos));
        *riv_push(w->arena, out) = (item){ t, aqua__text(src, (span){ t->pos, t->len }), breaks };
        last                     = (size_t)t->pos + t->len;
    }
}

static bool any_breaks(const items *list)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->ptr[i].breaks || !list->ptr[i].token) return true;
    return false;
}

static const token *token_at(const items *list, size_t i) { return list->ptr[i].token; }

static bool space_before(const source *src, const items *list, size_t i)
{
    if (i == 0 || !token_at(list, i - 1)) return false;
    return aqua__wants_space(src, i > 1 ? token_at(list, i - 2) : NULL, token_at(list, i - 1), token_at(list, i));
}

static size_t columns_of(riv_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += (text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static size_t width(const layout *w, const items *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->len; i++) n += columns_of(list->ptr[i].text) + space_before(w->src, list, i);
    return n;
}

/* The outermost brackets with a comma, the widest of them; [*from, *to] are the brackets. */
static bool widest_list(const items *list, size_t *from, size_t *to)
{
    size_t depth = 0, open = 0, best = 0;
    bool   comma = false, found = false;
    for (size_t i = 0; i < list->len; i++) {
        if (is_open(&list->ptr[i]) && depth++ == 0) {
            open  = i;
            comma = false;
        }
        if (depth == 1 && list->ptr[i].token->kind == T_COMMA) comma = true;
        if (!is_close(&list->ptr[i]) || depth == 0 || --depth > 0 || !comma || i - open <= best) continue;
        found = true;
        best  = i - open;
        *from = open;
        *to   = i;
    }
    return found;
}

static void break_list(items *list, size_t from, size_t to)
{
    size_t depth = 0;
    for (size_t i = from; i <= to; i++) {
        if (i == from + 1 || i == to) list->ptr[i].breaks = true;
        if (depth == 1 && i < to && list->ptr[i].token->kind == T_COMMA) list->ptr[i + 1].breaks = true;
        if (is_open(&list->ptr[i])) depth++;
        if (is_close(&list->ptr[i])) depth--;
    }
}

/* A list without brackets (export a, b, c): as much on each line as fits. */
static void fill(const layout *w, items *list)
{
    size_t at = 0, start = 0;
    for (size_t i = 0; i < list->len; i++) {
        at += columns_of(list->ptr[i].text) + space_before(w->src, list, i);
        bool comma = list->ptr[i].token->kind == T_COMMA;
        if (comma && i + 1 < list->len) start = i + 1;
        if (at + 1 <= AQUA_FMT_COLUMNS || !start || list->ptr[start].breaks) continue;
        list->ptr[start].breaks = true;
        at                      = AQUA_FMT_INDENT;
        for (size_t k = start; k <= i; k++) at += columns_of(list->ptr[k].text) + space_before(w->src, list, k);
    }
}

static void break_long(const layout *w, items *list, size_t level)
{
    size_t from, to;
    if (any_breaks(list) || level * AQUA_FMT_INDENT + width(w, list) <= AQUA_FMT_COLUMNS) return;
    if (widest_list(list, &from, &to))
        break_list(list, from, to);
    else if (level == 0)
        fill(w, list);
}

static void indent(layout *w, size_t levels)
{
    for (size_t i = 0; i < levels * AQUA_FMT_INDENT; i++) riv_put_u8(&w->out, ' ');
}

static void write_items(layout *w, const items *list, size_t level)
{
    size_t depth = 0; /* of open brackets */
    indent(w, level);
    for (size_t i = 0; i < list->len; i++) {
        const item *at = &list->ptr[i];
        if (is_close(at) && depth > 0) depth--;
        if (at->breaks) {
            riv_put_u8(&w->out, '\n');
            indent(w, level + (depth || is_close(at) ? depth : 1));
        } else if (!at->token) {
            riv_put_str(&w->out, RIV_LIT("  "));
        } else if (space_before(w->src, list, i)) {
            riv_put_u8(&w->out, ' ');
        }
        riv_put_str(&w->out, at->text);
        if (is_open(at)) depth++;
    }
}

/* ---- what stands between logical lines ---- */

static size_t column_of(const source *src, size_t pos)
{
    size_t start = pos;
    while (start > 0 && src->text.ptr[start - 1] != '\n') start--;
    return pos - start;
}

/* A comment belongs to the block whose lines begin where it begins. */
static size_t comment_level(const layout *w, size_t column)
{
    size_t level = 0;
    while (level < w->indents.len && w->indents.ptr[level] < column) level++;
    return level == w->indents.len && level > 0 && !w->opens ? level - 1 : level;
}

/* The first of the comments in column 1 that stand right above the line at `end`: they belong to it. */
static size_t comments_above(const layout *w, size_t end)
{
    const source *src = w->src;
    size_t        i   = w->trivia;
    while (i < src->trivia_count && src->trivia[i].pos < end) i++;
    while (i > w->trivia && src->trivia[i - 1].is_comment && column_of(src, src->trivia[i - 1].pos) == 0) i--;
    return i;
}

static bool any_blank(const layout *w, size_t end)
{
    for (size_t i = w->trivia; i < w->src->trivia_count && w->src->trivia[i].pos < end; i++)
        if (!w->src->trivia[i].is_comment) return true;
    return false;
}

/* Comments and blank lines up to `end`; `apart`: at least one blank line among them. */
static void write_between(layout *w, size_t end, bool apart)
{
    const source *src   = w->src;
    bool          blank = false;
    size_t        above = apart && !any_blank(w, end) ? comments_above(w, end) : SIZE_MAX;
    for (;; w->trivia++) {
        if (w->trivia == above) blank = true;
        if (w->trivia >= src->trivia_count || src->trivia[w->trivia].pos >= end) break;
        const trivia *t = &src->trivia[w->trivia];
        if (!t->is_comment) {
            blank = true;
            continue;
        }
        if (blank && w->begun) riv_put_u8(&w->out, '\n');
        blank = false;
        indent(w, comment_level(w, column_of(src, t->pos)));
        riv_put_str(&w->out, comment_text(src, t));
        riv_put_u8(&w->out, '\n');
        w->begun = true;
    }
    if (blank && w->begun && end < src->text.len) riv_put_u8(&w->out, '\n');
}

static size_t level_of(layout *w, const line *l)
{
    while (w->indents.len && w->indents.ptr[w->indents.len - 1] >= l->indent_len) w->indents.len--;
    return w->indents.len;
}

/* func, service, data, ability: what has lines below it. */
static bool is_block(const source *src, const line *l) { return src->tokens[l->last - 1].kind == T_COLON; }

static void write_line(layout *w, const line *l, items *list)
{
    const source *src   = w->src;
    const token  *first = &src->tokens[l->first], *last = &src->tokens[l->last - 1];
    bool          top   = l->indent_len == 0;
    bool          apart = top && w->begun && (w->after_block || is_block(src, l));
    write_between(w, first->pos, apart);
    size_t level = level_of(w, l);
    collect(w, l, list);
    if (w->break_long) break_long(w, list, level);
    write_items(w, list, level);
    if (w->trivia < src->trivia_count) { /* a comment behind it */
        const trivia *t   = &src->trivia[w->trivia];
        size_t        end = (size_t)last->pos + last->len;
        if (t->is_comment && !t->alone && !newline_between(src, end, t->pos)) {
            riv_put_str(&w->out, RIV_LIT("  "));
            riv_put_str(&w->out, comment_text(src, t));
            w->trivia++;
        }
    }
    riv_put_u8(&w->out, '\n');
    *riv_push(w->arena, &w->indents) = l->indent_len;
    w->opens                         = is_block(src, l);
    w->after_block                   = top ? w->opens : true;
    w->begun                         = true;
}

static riv_str lay_out(const source *src, riv_arena *arena, bool break_long)
{
    layout w    = { .arena = arena, .src = src, .out = riv_buf_in(arena), .break_long = break_long };
    items  list = { 0 };
    for (size_t i = 0; i < src->lines_count; i++) write_line(&w, &src->lines[i], &list);
    write_between(&w, src->text.len, false);
    return riv_buf_str(&w.out);
}

/* ---- reading it again ---- */

static size_t comments_in(const source *src)
{
    size_t n = 0;
    for (size_t i = 0; i < src->trivia_count; i++) n += src->trivia[i].is_comment;
    return n;
}

static bool same_line(const source *a, const line *x, const source *b, const line *y)
{
    if (x->last - x->first != y->last - y->first) return false;
    for (uint32_t i = 0; i < x->last - x->first; i++) {
        const token *s = &a->tokens[x->first + i], *t = &b->tokens[y->first + i];
        if (s->kind != t->kind) return false;
        if (!riv_str_eq(aqua__text(a, (span){ s->pos, s->len }), aqua__text(b, (span){ t->pos, t->len }))) return false;
    }
    return true;
}

static bool same_program(const source *a, const source *b)
{
    if (a->lines_count != b->lines_count || comments_in(a) != comments_in(b)) return false;
    for (size_t i = 0; i < a->lines_count; i++)
        if (!same_line(a, &a->lines[i], b, &b->lines[i])) return false;
    return true;
}

riv_err aqua_format(riv_str path, riv_str given, riv_arena *arena, riv_fault *fault, aqua_diags *errors, riv_str *out)
{
    if (given.len > AQUA_SOURCE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "source of %zu bytes is longer than %d", given.len,
                        AQUA_SOURCE_BYTES_MAX);
    compiler  *c  = riv_new(arena, compiler, 1);
    module    *m  = riv_new(arena, module, 1);
    aqua_input in = { .path = path, .source = given };
    c->arena      = arena;
    c->fault      = fault;
    *out          = given;
    aqua__read_alone(c, m, &in);
    *errors = (aqua_diags){ c->errors.ptr, c->errors.len };
    for (int with_breaks = 1; with_breaks >= 0 && !errors->count; with_breaks--) {
        compiler  *again = riv_new(arena, compiler, 1);
        module    *read  = riv_new(arena, module, 1);
        riv_str    text  = lay_out(&m->src, arena, with_breaks);
        aqua_input next  = { .path = path, .source = text };
        again->arena     = arena;
        again->fault     = fault;
        aqua__read_alone(again, read, &next);
        if (!again->errors.len && same_program(&m->src, &read->src)) {
            *out = text;
            break;
        }
    }
    if (riv_arena_over(arena))
        return riv_fail(fault, RIV_E_LIMIT, 0, "laying out " RIV_FMT " needs too much memory", RIV_ARG(path));
    return RIV_OK;
}
