/* lex.c: AIR text to tokens, with all the quirks of the original's lexer; lambdas are parsed here too, as they are glued to names.
 * Spec: docs/spec/air.md 1.1, 1.2.
 * Tests: lex_test.c, parse_fuzz.c, tests/conform/avm/grammar.mjs (against the original). */
#include "air/internal.h"

enum { FLOAT_BYTES_MAX = 11 }; /* SPEC air.md 1.1: "the whole token at most 11 bytes" */

static riv_err lex_literal(air_lexer *lexer, riv_fault *fault, air_token *out);
static riv_err lex_word(air_lexer *lexer, riv_fault *fault, air_token *out);

static riv_err refuse(riv_fault *fault, size_t pos, const char *what)
{
    return riv_fail_code(fault, RIV_E_MALFORMED, AIR_CODE_PARSE, pos, "%s", what);
}

/* Nearly all text is ASCII, which needs no look at the tables of Unicode. */
enum { CLASS_SPACE = 1, CLASS_LETTER = 2, CLASS_NAME = 4 };
#define LETTER (CLASS_LETTER | CLASS_NAME)
static const uint8_t classes[256] = {
    /* clang-format off */
    [' '] = CLASS_SPACE, ['\t'] = CLASS_SPACE, ['\n'] = CLASS_SPACE, ['\v'] = CLASS_SPACE, ['\f'] = CLASS_SPACE, ['\r'] = CLASS_SPACE,
    ['a'] = LETTER, ['b'] = LETTER, ['c'] = LETTER, ['d'] = LETTER, ['e'] = LETTER, ['f'] = LETTER, ['g'] = LETTER, ['h'] = LETTER,
    ['i'] = LETTER, ['j'] = LETTER, ['k'] = LETTER, ['l'] = LETTER, ['m'] = LETTER, ['n'] = LETTER, ['o'] = LETTER, ['p'] = LETTER,
    ['q'] = LETTER, ['r'] = LETTER, ['s'] = LETTER, ['t'] = LETTER, ['u'] = LETTER, ['v'] = LETTER, ['w'] = LETTER, ['x'] = LETTER,
    ['y'] = LETTER, ['z'] = LETTER,
    ['A'] = LETTER, ['B'] = LETTER, ['C'] = LETTER, ['D'] = LETTER, ['E'] = LETTER, ['F'] = LETTER, ['G'] = LETTER, ['H'] = LETTER,
    ['I'] = LETTER, ['J'] = LETTER, ['K'] = LETTER, ['L'] = LETTER, ['M'] = LETTER, ['N'] = LETTER, ['O'] = LETTER, ['P'] = LETTER,
    ['Q'] = LETTER, ['R'] = LETTER, ['S'] = LETTER, ['T'] = LETTER, ['U'] = LETTER, ['V'] = LETTER, ['W'] = LETTER, ['X'] = LETTER,
    ['Y'] = LETTER, ['Z'] = LETTER, ['_'] = LETTER,
    ['0'] = CLASS_NAME, ['1'] = CLASS_NAME, ['2'] = CLASS_NAME, ['3'] = CLASS_NAME, ['4'] = CLASS_NAME, ['5'] = CLASS_NAME,
    ['6'] = CLASS_NAME, ['7'] = CLASS_NAME, ['8'] = CLASS_NAME, ['9'] = CLASS_NAME, ['-'] = CLASS_NAME,
    /* clang-format on */
};

static bool ascii_space(char c) { return classes[(uint8_t)c] & CLASS_SPACE; }
static bool ascii_letter(char c) { return classes[(uint8_t)c] & CLASS_LETTER; }
static bool ascii_name(char c) { return classes[(uint8_t)c] & CLASS_NAME; }

static void skip_space(air_lexer *lexer)
{
    riv_str s = lexer->script;
    while (lexer->pos < s.len) {
        char c = s.ptr[lexer->pos];
        if (c == ';') {
            size_t newline = riv_str_find_char(s, '\n', lexer->pos);
            lexer->pos     = newline == SIZE_MAX ? s.len : newline + 1;
        } else if ((unsigned char)c < 0x80) {
            if (!ascii_space(c)) return;
            lexer->pos++;
        } else {
            size_t next = lexer->pos;
            if (!air__is_space(riv_utf8_next(s, &next))) return;
            lexer->pos = next;
        }
    }
}

riv_err air__lex(air_lexer *lexer, riv_fault *fault, air_token *out)
{
    skip_space(lexer);
    *out = (air_token){ .kind = AIR_T_END, .pos = lexer->pos, .end = lexer->pos };
    if (lexer->pos == lexer->script.len) return RIV_OK;
    switch (lexer->script.ptr[lexer->pos]) {
    case '(': out->kind = AIR_T_OPEN; break;
    case ')': out->kind = AIR_T_CLOSE; break;
    case '[': out->kind = AIR_T_LIST_OPEN; break;
    case ']': out->kind = AIR_T_LIST_CLOSE; break;
    case '"': return lex_literal(lexer, fault, out);
    default: return lex_word(lexer, fault, out);
    }
    out->end = ++lexer->pos;
    return RIV_OK;
}

/* SPEC air.md 1.1: "There are NO escapes" */
static riv_err lex_literal(air_lexer *lexer, riv_fault *fault, air_token *out)
{
    size_t close = riv_str_find_char(lexer->script, '"', out->pos + 1);
    if (close == SIZE_MAX) return refuse(fault, out->pos, "this string has no closing quote");
    out->kind       = AIR_T_LITERAL;
    out->end        = close + 1;
    out->value.kind = AIR_LITERAL;
    out->value.text = riv_str_sub(lexer->script, out->pos + 1, close);
    lexer->pos      = out->end;
    return RIV_OK;
}

static uint32_t char_at(riv_str s, size_t *pos)
{
    return (unsigned char)s.ptr[*pos] < 0x80 ? (unsigned char)s.ptr[(*pos)++] : riv_utf8_next(s, pos);
}

/* A word runs to white space or to a bracket that closes more than the word opened. *plain: nothing but what stands in names is behind
 * its first character. */
static size_t word_end(riv_str s, size_t pos, bool *plain)
{
    int64_t round = 0, square = 0;
    (void)char_at(s, &pos); /* the first character never counts */
    while (pos < s.len && ascii_name(s.ptr[pos])) pos++;
    *plain = pos == s.len || ascii_space(s.ptr[pos]) || s.ptr[pos] == ')' || s.ptr[pos] == ']';
    if (*plain) return pos; /* nearly always */
    while (pos < s.len) {
        if (ascii_name(s.ptr[pos])) {
            pos++;
            continue;
        }
        size_t   next = pos;
        uint32_t c    = char_at(s, &next);
        round += (c == '(') - (c == ')');
        square += (c == '[') - (c == ']');
        if (air__is_space(c) || round < 0 || square < 0) break;
        pos = next;
    }
    return pos;
}

static const riv_str keywords[AIR_KINDS] = {
#define X(name, keyword) [AIR_##name] = RIV_LIT_INIT(keyword),
    AIR_INSTRS(X)
#undef X
};

const char *air_keyword(air_kind kind)
{
    RIV_ASSERT(kind < AIR_KINDS);
    return keywords[kind].ptr;
}

/* Words are not empty. */
static bool same_word(riv_str a, riv_str b) { return a.len == b.len && a.ptr[0] == b.ptr[0] && riv_str_eq(a, b); }

/* Which keywords begin with a letter: a bit for each. */
#define BIT(name) (1u << AIR_##name)
static const uint16_t keywords_with[128] = {
    ['a'] = BIT(AP),
    ['c'] = BIT(CALL) | BIT(CANON),
    ['f'] = BIT(FOLD) | BIT(FAIL),
    ['m'] = BIT(MATCH) | BIT(MISMATCH),
    ['n'] = BIT(NEXT) | BIT(NEW) | BIT(NULL) | BIT(NEVER),
    ['p'] = BIT(PAR),
    ['s'] = BIT(SEQ),
    ['x'] = BIT(XOR),
};
_Static_assert(AIR_KINDS == 14, "each keyword is in the table of first letters");

static bool keyword_of(riv_str word, air_kind *out)
{
    uint8_t first = (uint8_t)word.ptr[0];
    for (unsigned left = first < 128 ? keywords_with[first] : 0; left; left &= left - 1) {
        unsigned kind = (unsigned)__builtin_ctz(left);
        if (!riv_str_eq(word, keywords[kind])) continue;
        *out = (air_kind)kind;
        return true;
    }
    return false;
}

/* What has one fixed text. */
static const struct {
    riv_str        text;
    air_token_kind token;
    air_value      value;
} fixed_words[] = {
    { RIV_LIT_INIT("%init_peer_id%"), AIR_T_INIT_PEER_ID, { .kind = AIR_INIT_PEER_ID } },
    { RIV_LIT_INIT("%timestamp%"), AIR_T_TIMESTAMP, { .kind = AIR_TIMESTAMP } },
    { RIV_LIT_INIT("%ttl%"), AIR_T_TTL, { .kind = AIR_TTL } },
    { RIV_LIT_INIT("true"), AIR_T_BOOL, { .kind = AIR_BOOL, .boolean = true } },
    { RIV_LIT_INIT("false"), AIR_T_BOOL, { .kind = AIR_BOOL, .boolean = false } },
};

/* What a lambda may be glued to. */
static const struct {
    riv_str        text;
    air_token_kind plain, with_lambda;
    air_value_kind value;
} error_words[] = {
    { RIV_LIT_INIT(":error:"), AIR_T_ERROR, AIR_T_ERROR_LAMBDA, AIR_ERROR },
    { RIV_LIT_INIT("%last_error%"), AIR_T_LAST_ERROR, AIR_T_LAST_ERROR_LAMBDA, AIR_LAST_ERROR },
};

static riv_err lex_operand(riv_str word, bool plain, riv_arena *arena, riv_fault *fault, air_token *out);

static riv_err lex_word(air_lexer *lexer, riv_fault *fault, air_token *out)
{
    bool plain;
    out->end     = word_end(lexer->script, out->pos, &plain);
    lexer->pos   = out->end;
    riv_str word = riv_str_sub(lexer->script, out->pos, out->end);
    if (keyword_of(word, &out->keyword)) {
        out->kind = AIR_T_KEYWORD;
        return RIV_OK;
    }
    if (plain && ascii_letter(word.ptr[0]) && word.ptr[0] != 't' && word.ptr[0] != 'f') /* none of the words below */
        return lex_operand(word, plain, lexer->arena, fault, out);
    for (size_t i = 0; i < RIV_COUNT(error_words); i++) {
        riv_str name = error_words[i].text;
        if (word.ptr[0] != name.ptr[0] || !riv_str_starts(word, name)) continue;
        out->kind       = word.len == name.len ? error_words[i].plain : error_words[i].with_lambda;
        out->value.kind = error_words[i].value;
        if (word.len == name.len) return RIV_OK;
        return air__lex_lambda(riv_str_sub(word, name.len, word.len), out->pos + name.len, lexer->arena, fault,
                               &out->value.lambda);
    }
    for (size_t i = 0; i < RIV_COUNT(fixed_words); i++)
        if (same_word(word, fixed_words[i].text)) {
            out->kind  = fixed_words[i].token;
            out->value = fixed_words[i].value;
            return RIV_OK;
        }
    return lex_operand(word, plain, lexer->arena, fault, out);
}

/* ---- numbers and variables: one pass over the characters, as the original makes it ---- */

typedef enum sigil { SIGIL_NONE, SIGIL_STREAM, SIGIL_MAP, SIGIL_CANON, SIGIL_CANON_MAP } sigil;

typedef struct operand {
    riv_str word;
    size_t  base; /* offset of the word in the script */
    size_t  dot;  /* offset of the first dot in the word, SIZE_MAX: none */
    bool    digit_met;
    bool    is_name;    /* something that is no part of a number was met before any dot */
    bool    canon_only; /* the sigil so far is a lone '#' */
    sigil   sigil;
} operand;

static bool is_name_char(uint32_t c) { return c < 0x80 ? ascii_name((char)c) : air__is_alphanumeric(c); }

static bool is_lambda_char(uint32_t c)
{
    return is_name_char(c) || (c < 0x80 && c && strchr("$@[]():?.*,\"'", (int)c) != NULL);
}

/* QUIRK: a dot needs one byte before it, or three if the first one is a sigil. SPEC air.md 1.1: "the first dot must not be at byte offset <= 2" */
static riv_err take_dot(operand *o, size_t at, riv_fault *fault)
{
    if (at == 0) return refuse(fault, o->base, "a name or number cannot begin with a dot");
    if (o->sigil != SIGIL_NONE && at <= 2)
        return refuse(fault, o->base + at, "a name of one letter after its sigil takes no lambda");
    o->dot = at;
    return RIV_OK;
}

/* QUIRK: '%' as the second byte makes a canon map whatever the first one is ("x%y", "$%s"). SPEC air.md 1.1 */
static bool take_sigil(operand *o, size_t at, uint32_t c)
{
    if (at == 1 && c == '%') {
        o->sigil = SIGIL_CANON_MAP;
        return true;
    }
    if (at == 1 && c == '$' && o->canon_only) {
        o->canon_only = false;
        return true;
    }
    if (at == 0 && (c == '$' || c == '#' || c == '%')) {
        o->sigil      = c == '$' ? SIGIL_STREAM : c == '#' ? SIGIL_CANON : SIGIL_MAP;
        o->canon_only = c == '#';
        return true;
    }
    return false;
}

static riv_err take_name_char(operand *o, size_t at, uint32_t c, riv_fault *fault)
{
    if (take_sigil(o, at, c)) {
        if (o->word.len == at + 1) return refuse(fault, o->base + at, "a sigil needs a name");
        return RIV_OK;
    }
    if (o->dot != SIZE_MAX) {
        bool last_bang = c == '!' && at + 1 == o->word.len;
        if (is_lambda_char(c) || last_bang) return RIV_OK;
        return refuse(fault, o->base + at, "this character cannot stand in a lambda");
    }
    if (c == '.') return take_dot(o, at, fault);
    if (is_name_char(c)) return RIV_OK;
    return refuse(fault, o->base + at, "only letters, digits, '_' and '-' can stand in a name");
}

static riv_err take_char(operand *o, size_t at, uint32_t c, riv_fault *fault)
{
    if (o->is_name) return take_name_char(o, at, c, fault);
    if (at == 0 && (c == '+' || c == '-')) return RIV_OK;
    if (air__is_numeric(c)) {
        o->digit_met = true;
        return RIV_OK;
    }
    if (c == '.' && o->dot == SIZE_MAX) {
        if (!o->digit_met) return refuse(fault, o->base + at, "a number needs a digit before its dot");
        return take_dot(o, at, fault);
    }
    if (o->dot != SIZE_MAX) return refuse(fault, o->base + at, "only digits and one dot can stand in a number");
    o->is_name = true;
    return take_name_char(o, at, c, fault);
}

/* [+-]digits, ASCII, in the range of i64. */
static bool read_i64(riv_str s, int64_t *out)
{
    bool     negative = s.len && s.ptr[0] == '-';
    uint64_t v;
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+')) s = riv_str_sub(s, 1, s.len);
    while (s.len > 1 && s.ptr[0] == '0') s = riv_str_sub(s, 1, s.len);
    if (!riv_str_u64(s, &v) || v > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static riv_err number(const operand *o, riv_fault *fault, air_token *out)
{
    if (o->dot == SIZE_MAX) {
        out->kind       = AIR_T_INT;
        out->value.kind = AIR_INT;
        if (read_i64(o->word, &out->value.i64)) return RIV_OK;
        return refuse(fault, o->base, "this is no integer of 64 bits");
    }
    if (o->word.len > FLOAT_BYTES_MAX) return refuse(fault, o->base, "a number with a dot is at most 11 bytes long");
    uint64_t digits = 0, scale = 1;
    for (size_t i = o->word.ptr[0] == '-' || o->word.ptr[0] == '+'; i < o->word.len; i++) {
        char c = o->word.ptr[i];
        if (i == o->dot) continue;
        if (c < '0' || c > '9') return refuse(fault, o->base + i, "only ASCII digits can stand in a number");
        digits = digits * 10 + (uint64_t)(c - '0');
        if (i > o->dot) scale *= 10;
    }
    /* Both are below 2^53, so one division rounds as reading the decimal text does. */
    double v        = (double)digits / (double)scale;
    out->kind       = AIR_T_FLOAT;
    out->value.kind = AIR_FLOAT;
    out->value.f64  = o->word.ptr[0] == '-' ? -v : v;
    return RIV_OK;
}

/* Most operands: a letter or a sigil, then nothing but what stands in names, which the caller knows. They need no look at their characters
 * one by one. */
static bool plain_name(operand *o)
{
    static const sigil sigils[256] = { ['$'] = SIGIL_STREAM, ['#'] = SIGIL_CANON, ['%'] = SIGIL_MAP };
    sigil              first       = sigils[(unsigned char)o->word.ptr[0]];
    if (!ascii_letter(o->word.ptr[0]) && (first == SIGIL_NONE || o->word.len == 1)) return false;
    o->sigil   = first;
    o->is_name = true;
    return true;
}

static riv_err take_chars(operand *o, riv_fault *fault)
{
    for (size_t at = 0; at < o->word.len;) {
        size_t   next = at;
        uint32_t c    = char_at(o->word, &next);
        RIV_TRY(take_char(o, at, c, fault));
        at = next;
    }
    return RIV_OK;
}

static riv_err lex_operand(riv_str word, bool plain, riv_arena *arena, riv_fault *fault, air_token *out)
{
    operand o = { .word = word, .base = out->pos, .dot = SIZE_MAX };
    if (!plain || !plain_name(&o)) RIV_TRY(take_chars(&o, fault));
    if (!o.is_name) return number(&o, fault, out);

    static const struct {
        air_var_kind   var;
        air_token_kind plain, with_lambda;
    } kinds[] = {
        [SIGIL_NONE]      = { AIR_VAR_SCALAR, AIR_T_SCALAR, AIR_T_SCALAR_LAMBDA },
        [SIGIL_STREAM]    = { AIR_VAR_STREAM, AIR_T_STREAM, AIR_T_STREAM_LAMBDA },
        [SIGIL_MAP]       = { AIR_VAR_MAP, AIR_T_MAP, AIR_T_STREAM_LAMBDA },
        [SIGIL_CANON]     = { AIR_VAR_CANON, AIR_T_CANON, AIR_T_CANON_LAMBDA },
        [SIGIL_CANON_MAP] = { AIR_VAR_CANON_MAP, AIR_T_CANON_MAP, AIR_T_CANON_MAP_LAMBDA },
    };
    bool has_lambda     = o.dot != SIZE_MAX;
    out->kind           = has_lambda ? kinds[o.sigil].with_lambda : kinds[o.sigil].plain;
    out->value.kind     = AIR_VARIABLE;
    out->value.var.kind = kinds[o.sigil].var;
    out->value.var.name = riv_str_sub(word, 0, o.dot);
    out->value.var.pos  = (uint32_t)out->pos;
    if (!has_lambda) return RIV_OK;
    return air__lex_lambda(riv_str_sub(word, o.dot, word.len), out->pos + o.dot, arena, fault, &out->value.lambda);
}

/* ---- lambdas ---- */

typedef struct lambda_reader {
    riv_str    text;
    size_t     pos, base;
    riv_fault *fault;
} lambda_reader;

static bool lambda_char(lambda_reader *r, char c)
{
    if (r->pos >= r->text.len || r->text.ptr[r->pos] != c) return false;
    r->pos++;
    return true;
}

/* A lexeme that begins with a digit is a number, otherwise a name. SPEC air.md 1.2 */
static bool lambda_digit(const lambda_reader *r)
{
    return r->pos < r->text.len && r->text.ptr[r->pos] >= '0' && r->text.ptr[r->pos] <= '9';
}

static riv_err lambda_index(lambda_reader *r, uint32_t *out)
{
    size_t   start = r->pos;
    uint64_t v;
    while (lambda_digit(r)) r->pos++;
    while (start + 1 < r->pos && r->text.ptr[start] == '0') start++;
    if (!riv_str_u64(riv_str_sub(r->text, start, r->pos), &v) || v > UINT32_MAX)
        return refuse(r->fault, r->base + start, "this index is out of range");
    *out = (uint32_t)v;
    return RIV_OK;
}

static riv_err lambda_name(lambda_reader *r, riv_str *out)
{
    size_t start = r->pos, end = r->pos, width = 0;
    while (end < r->text.len) {
        size_t next = end;
        if (!is_name_char(riv_utf8_next(r->text, &next))) break;
        width = next - end;
        end   = next;
    }
    if (end == start) return refuse(r->fault, r->base + start, "expected a name in this lambda");
    /* QUIRK: the original traps on these. SPEC air.md 1.2: "a name whose last character is not ASCII" */
    if (width > 1) return refuse(r->fault, r->base + end - width, "a name in a lambda must end in an ASCII character");
    r->pos = end;
    *out   = riv_str_sub(r->text, start, end);
    return RIV_OK;
}

static riv_err lambda_accessor(lambda_reader *r, air_accessor *out)
{
    bool dot = lambda_char(r, '.');
    if (lambda_char(r, '[')) {
        out->kind = lambda_digit(r) ? AIR_ARRAY_INDEX : AIR_FIELD_BY_SCALAR;
        RIV_TRY(lambda_digit(r) ? lambda_index(r, &out->index) : lambda_name(r, &out->name));
        if (!lambda_char(r, ']')) return refuse(r->fault, r->base + r->pos, "expected ']' in this lambda");
    } else if (dot && !lambda_digit(r)) {
        out->kind = AIR_FIELD_NAME;
        RIV_TRY(lambda_name(r, &out->name));
    } else {
        return refuse(r->fault, r->base + r->pos, "expected an accessor: .name or [index]");
    }
    (void)lambda_char(r, '!'); /* has no effect */
    return RIV_OK;
}

riv_err air__lex_lambda(riv_str text, size_t base, riv_arena *arena, riv_fault *fault, air_lambda *out)
{
    if (riv_str_eq(text, RIV_LIT(".length"))) {
        out->is_length = true;
        return RIV_OK;
    }
    if (!riv_str_starts(text, RIV_LIT(".$"))) return refuse(fault, base, "a lambda is .length or begins with .$");
    lambda_reader r                 = { text, 2, base, fault };
    RIV_VEC(air_accessor) accessors = { 0 };
    while (r.pos < text.len) {
        air_accessor accessor = { 0 };
        RIV_TRY(lambda_accessor(&r, &accessor));
        *riv_push(arena, &accessors) = accessor;
    }
    if (!accessors.len) return refuse(fault, base, "this lambda has no accessor");
    out->accessors       = accessors.ptr;
    out->accessors_count = (uint32_t)accessors.len;
    return RIV_OK;
}
