/* lex.c: source text into tokens, and tokens into logical lines with their indentation.
 * A line goes on inside brackets, after a comma and around infix operators. Comments and blank lines are kept aside as trivia.
 * Spec: docs/spec/aqua.md §1. Tests: lex_test.c. */
#include "aqua/internal.h"

typedef struct lexer {
    compiler *c;
    source   *src;
    riv_str   text;
    size_t    pos;
    bool      spaced;
    RIV_VEC(token) tokens;
    RIV_VEC(line) lines;
    RIV_VEC(trivia) trivia;
    size_t brackets; /* open ones in the line at hand */
    bool   open;     /* a line has begun */
} lexer;

static void lex_line_start(lexer *l);
static void lex_token(lexer *l);
static void end_line(lexer *l);

void aqua__lex(compiler *c, source *src)
{
    lexer l = { .c = c, .src = src, .text = src->text };
    while (l.pos < l.text.len) {
        lex_line_start(&l);
        while (l.pos < l.text.len && l.text.ptr[l.pos] != '\n') lex_token(&l);
        if (riv_arena_over(c->arena)) break;
    }
    end_line(&l);
    src->tokens       = l.tokens.ptr;
    src->tokens_count = l.tokens.len;
    src->lines        = l.lines.ptr;
    src->lines_count  = l.lines.len;
    src->trivia       = l.trivia.ptr;
    src->trivia_count = l.trivia.len;
}

static char at(const lexer *l, size_t offset)
{
    return l->pos + offset < l->text.len ? l->text.ptr[l->pos + offset] : '\0';
}

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

static bool is_upper(char ch) { return ch >= 'A' && ch <= 'Z'; }

static bool is_word(char ch) { return is_digit(ch) || is_upper(ch) || (ch >= 'a' && ch <= 'z') || ch == '_'; }

static bool is_alone(const lexer *l)
{
    for (size_t i = l->pos; i > 0 && l->text.ptr[i - 1] != '\n'; i--)
        if (l->text.ptr[i - 1] != ' ' && l->text.ptr[i - 1] != '\t') return false;
    return true;
}

static void skip_comment(lexer *l)
{
    size_t start = l->pos;
    bool   alone = is_alone(l);
    while (l->pos < l->text.len && l->text.ptr[l->pos] != '\n') l->pos++;
    size_t end                         = l->pos > start && l->text.ptr[l->pos - 1] == '\r' ? l->pos - 1 : l->pos;
    *riv_push(l->c->arena, &l->trivia) = (trivia){ (uint32_t)start, (uint32_t)(end - start), true, alone };
}

static void skip_space(lexer *l)
{
    for (;;) {
        char ch = at(l, 0);
        if (ch == '-' && at(l, 1) == '-') {
            skip_comment(l);
        } else if (ch == ' ' || ch == '\t' || ch == '\r') {
            l->pos++;
            l->spaced = true;
        } else {
            return;
        }
    }
}

static bool is_infix(token_kind kind) { return kind >= T_STAR && kind <= T_OR; }

static bool ends_operand(token_kind kind)
{
    return kind == T_NAME || kind == T_CLASS || kind == T_INT || kind == T_FLOAT || kind == T_STRING ||
           kind == T_INIT_PEER || kind == T_RPAREN || kind == T_RBRACKET || kind == T_RBRACE || kind == T_BANG;
}

/* Does the line at hand want more? `declares *` ends in what looks like an operator. */
static bool wants_more(const lexer *l)
{
    size_t n = l->tokens.len;
    if (l->brackets > 0) return true;
    if (n == 0) return false;
    token last = l->tokens.ptr[n - 1];
    if (last.kind == T_COMMA) return true;
    if (!is_infix(last.kind) || n < 2) return false;
    token   before = l->tokens.ptr[n - 2];
    riv_str word   = aqua__text(l->src, (span){ before.pos, before.len });
    return ends_operand(before.kind) && !riv_str_eq(word, RIV_LIT("declares"));
}

/* Does the coming line go on with an infix operator? `<-` and `--` are none. */
static bool starts_with_infix(const lexer *l)
{
    char a = at(l, 0), b = at(l, 1);
    if (l->tokens.len == 0 || !ends_operand(l->tokens.ptr[l->tokens.len - 1].kind)) return false;
    if (a == '*' || a == '%' || a == '/' || a == '+' || a == '>') return true;
    if (a == '-') return b != '>';
    if (a == '<') return b != '-' && b != '<';
    return (a == '&' && b == '&') || (a == '|' && b == '|') || ((a == '=' || a == '!') && b == '=');
}

static bool starts_declaration(const lexer *l)
{
    static const riv_str words[] = { RIV_LIT_INIT("func"),  RIV_LIT_INIT("service"), RIV_LIT_INIT("data"),
                                     RIV_LIT_INIT("const"), RIV_LIT_INIT("ability"), RIV_LIT_INIT("alias"),
                                     RIV_LIT_INIT("export") };
    size_t               end     = l->pos;
    while (end < l->text.len && is_word(l->text.ptr[end])) end++;
    riv_str word = riv_str_sub(l->text, l->pos, end);
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(word, words[i])) return end < l->text.len && l->text.ptr[end] == ' ';
    return false;
}

static riv_str rest_of_line(const lexer *l, size_t from)
{
    size_t end = riv_str_find_char(l->text, '\n', from);
    return riv_str_trim(riv_str_sub(l->text, from, end == SIZE_MAX ? l->text.len : end));
}

/* What can only begin a statement, never go on inside brackets: `<- x`, `a <- f()`, `s <<- x`, `if x:`. */
static bool starts_statement(const lexer *l)
{
    static const riv_str words[] = { RIV_LIT_INIT("for"),   RIV_LIT_INIT("if"),        RIV_LIT_INIT("on"),
                                     RIV_LIT_INIT("try"),   RIV_LIT_INIT("else"),      RIV_LIT_INIT("catch"),
                                     RIV_LIT_INIT("par"),   RIV_LIT_INIT("otherwise"), RIV_LIT_INIT("co"),
                                     RIV_LIT_INIT("parseq") };
    size_t               end     = l->pos;
    while (end < l->text.len && is_word(l->text.ptr[end])) end++;
    riv_str word = riv_str_sub(l->text, l->pos, end), rest = rest_of_line(l, end);
    if (riv_str_starts(rest, RIV_LIT("<<-")) || riv_str_starts(rest, RIV_LIT("<- "))) return true;
    bool applied =
        end + 1 < l->text.len && l->text.ptr[end] == ' ' && rest.len && (is_word(rest.ptr[0]) || rest.ptr[0] == '"');
    if (!riv_str_ends(rest, RIV_LIT(":")) && !applied) return false;
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(word, words[i])) return true;
    return false;
}

/* At the first byte of a physical line, or at the newline before it. Unclosed brackets end before a declaration in column 1 and before
 * what can only be a statement, so that one slip does not swallow what follows. */
static void lex_line_start(lexer *l)
{
    if (at(l, 0) == '\n') l->pos++;
    size_t start = l->pos;
    size_t known = l->trivia.len;
    l->spaced    = true;
    skip_space(l);
    if (l->pos >= l->text.len || at(l, 0) == '\n') {
        if (l->trivia.len == known && (l->pos < l->text.len || l->pos > start)) /* the end of the text is no line */
            *riv_push(l->c->arena, &l->trivia) = (trivia){ (uint32_t)start, (uint32_t)(l->pos - start), false, true };
        return;
    }
    bool goes_on = l->open && (wants_more(l) || starts_with_infix(l));
    if (goes_on && ((l->pos == start && starts_declaration(l)) || starts_statement(l))) goes_on = false;
    if (goes_on) return;
    end_line(l);
    size_t indent = start;
    while (indent < l->pos && (l->text.ptr[indent] == ' ' || l->text.ptr[indent] == '\t')) indent++;
    *riv_push(l->c->arena, &l->lines) =
        (line){ (uint32_t)start, (uint32_t)(indent - start), (uint32_t)l->tokens.len, 0 };
    l->open     = true;
    l->brackets = 0;
}

static void put(lexer *l, token_kind kind, size_t len)
{
    *riv_push(l->c->arena, &l->tokens) = (token){ kind, l->spaced, (uint32_t)l->pos, (uint32_t)len };
    l->pos += len;
    l->spaced = false;
}

static void end_line(lexer *l)
{
    if (!l->open) return;
    line *last                         = &l->lines.ptr[l->lines.len - 1];
    last->last                         = (uint32_t)l->tokens.len;
    token end                          = l->tokens.ptr[l->tokens.len - 1];
    *riv_push(l->c->arena, &l->tokens) = (token){ T_END, true, end.pos + end.len, 0 };
    l->open                            = false;
}

static void lex_string(lexer *l)
{
    size_t close = riv_str_find_char(l->text, '"', l->pos + 1);
    if (close != SIZE_MAX) {
        put(l, T_STRING, close + 1 - l->pos);
        return;
    }
    size_t     end = riv_str_find_char(l->text, '\n', l->pos);
    aqua_diag *d =
        aqua__report(l->c, l->src, D_OPEN_STRING, (span){ (uint32_t)l->pos, 1 }, "this string is never closed");
    if (end == SIZE_MAX) end = l->text.len;
    if (end > l->pos + 1 && l->text.ptr[end - 1] == '\r') end--;
    aqua__fix(l->c, d, "close the string", (span){ (uint32_t)end, 0 }, RIV_LIT("\""));
    put(l, T_BAD, end - l->pos); /* most likely it was to end on its line */
}

/* Digits, perhaps a fraction. The minus of a negative literal is a token of its own until the parser joins them. */
static void lex_number(lexer *l)
{
    size_t len = 1;
    while (is_digit(at(l, len))) len++;
    size_t     whole = len;
    token_kind kind  = T_INT;
    if (at(l, len) == '.' && is_digit(at(l, len + 1))) {
        kind = T_FLOAT;
        len += 2;
        while (is_digit(at(l, len))) len++;
    }
    span where = { (uint32_t)l->pos, (uint32_t)len };
    if (whole > 1 && at(l, 0) == '0') {
        aqua_diag *d = aqua__report(l->c, l->src, D_BAD_NUMBER, where, "a number may not begin with a superfluous 0");
        size_t     zeros = 0;
        while (zeros + 1 < whole && at(l, zeros) == '0') zeros++;
        aqua__fix(l->c, d, "leave the 0 out", (span){ where.pos, (uint32_t)zeros }, RIV_LIT(""));
        kind = T_BAD;
    } else if (is_word(at(l, len))) {
        while (is_word(at(l, len))) len++;
        where.len = (uint32_t)len;
        aqua__report(l->c, l->src, D_BAD_NUMBER, where, "neither a number nor a name: names begin with a letter");
        kind = T_BAD;
    }
    put(l, kind, len);
}

/* Longest first, so that `<<-` is not read as `<` and `<-`. */
static const struct {
    const char *text;
    token_kind  kind;
} marks[] = {
    { "<<-", T_PUSH },
    { "->", T_ARROW },
    { "<-", T_LARROW },
    { "<=", T_LE },
    { ">=", T_GE },
    { "==", T_EQ },
    { "!=", T_NE },
    { "&&", T_AND },
    { "||", T_OR },
    { "**", T_POW },
    { ":", T_COLON },
    { ",", T_COMMA },
    { ".", T_DOT },
    { "(", T_LPAREN },
    { ")", T_RPAREN },
    { "[", T_LBRACKET },
    { "]", T_RBRACKET },
    { "{", T_LBRACE },
    { "}", T_RBRACE },
    { "=", T_ASSIGN },
    { "?", T_QUESTION },
    { "!", T_BANG },
    { "*", T_STAR },
    { "/", T_SLASH },
    { "%", T_PERCENT },
    { "+", T_PLUS },
    { "-", T_MINUS },
    { "<", T_LT },
    { ">", T_GT },
    { "\xe2\x8a\xa4", T_TOP },
    { "\xe2\x8a\xa5", T_BOTTOM },
};

/* 'text' is a string of another language. */
static void mend_quotes(lexer *l, aqua_diag *d)
{
    size_t close = l->pos + 1;
    while (close < l->text.len && l->text.ptr[close] != '\'' && l->text.ptr[close] != '\n') close++;
    if (close == l->text.len || l->text.ptr[close] == '\n') {
        put(l, T_BAD, 1);
        return;
    }
    aqua_edit edits[] = { { l->pos, 1, RIV_LIT("\"") }, { close, 1, RIV_LIT("\"") } };
    aqua__fixes(l->c, d, "write double quotes", edits, 2);
    put(l, T_BAD, close + 1 - l->pos);
}

/* Blanks of other kinds and what shows nothing at all. */
static bool is_unseen(uint32_t scalar)
{
    return scalar < ' ' || (scalar >= 0x7f && scalar <= 0xa0) || scalar == 0xad || scalar == 0xfeff ||
           scalar == 0x3000 || (scalar >= 0x2000 && scalar <= 0x200f) || (scalar >= 0x2028 && scalar <= 0x202f) ||
           (scalar >= 0x205f && scalar <= 0x206f);
}

/* Its number is told, and the program is read as if a blank stood there: nothing else is wrong with it. */
static void lex_unseen(lexer *l, span where, uint32_t scalar)
{
    aqua_diag *d = aqua__report(l->c, l->src, D_BAD_CHARACTER, where, "unexpected character U+%04X%s", scalar,
                                scalar == 0xfeff ? ", a byte order mark" : ", which cannot be seen");
    aqua__fix(l->c, d, "write a blank or nothing", where, l->pos == 0 ? RIV_LIT("") : RIV_LIT(" "));
    l->pos += where.len;
}

static void lex_mark(lexer *l)
{
    riv_str rest = riv_str_sub(l->text, l->pos, l->text.len);
    for (size_t i = 0; i < RIV_COUNT(marks); i++) {
        riv_str mark = riv_str_c(marks[i].text);
        if (!riv_str_starts(rest, mark)) continue;
        token_kind kind = marks[i].kind;
        if (kind == T_LPAREN || kind == T_LBRACKET || kind == T_LBRACE) l->brackets++;
        if ((kind == T_RPAREN || kind == T_RBRACKET || kind == T_RBRACE) && l->brackets > 0) l->brackets--;
        put(l, kind, mark.len);
        return;
    }
    size_t len = 1;
    while (l->pos + len < l->text.len && (l->text.ptr[l->pos + len] & 0xc0) == 0x80) len++;
    span     where  = { (uint32_t)l->pos, (uint32_t)len };
    size_t   from   = l->pos;
    uint32_t scalar = riv_utf8_next(l->text, &from);
    if (is_unseen(scalar)) {
        lex_unseen(l, where, scalar);
        return;
    }
    aqua_diag *d = aqua__report(l->c, l->src, D_BAD_CHARACTER, where, "unexpected character `" RIV_FMT "`",
                                RIV_ARG(aqua__text(l->src, where)));
    if (at(l, 0) == '\'') {
        mend_quotes(l, d);
        return;
    }
    put(l, T_BAD, len);
}

static void lex_token(lexer *l)
{
    skip_space(l);
    char ch = at(l, 0);
    if (l->pos >= l->text.len || ch == '\n') return;
    if (ch == '"') {
        lex_string(l);
    } else if (is_digit(ch)) {
        lex_number(l);
    } else if (is_word(ch) && ch != '_') {
        size_t len = 1;
        while (is_word(at(l, len))) len++;
        put(l, is_upper(ch) ? T_CLASS : T_NAME, len);
    } else if (riv_str_starts(riv_str_sub(l->text, l->pos, l->text.len), RIV_LIT("%init_peer_id%"))) {
        put(l, T_INIT_PEER, strlen("%init_peer_id%"));
    } else {
        lex_mark(l);
    }
}
