/* serde.c: why a text is no JSON, in the words and with the place that serde_json gives: they become part of a failed call's value,
 * so of its content id, and peers must agree on them to the byte. And how the value of a failed call is read.
 * Spec: docs/spec/air.md §4.3 Result. Tests: serde_test.c. */
#include "avm/internal.h"

typedef struct walk {
    riv_str     text;
    size_t      pos;
    const char *wrong; /* NULL: all well so far */
    size_t      at;    /* place of the fault: bytes before it are counted */
    unsigned    depth_left;
} walk;

static bool here(walk *w, const char *wrong) /* after what was eaten */
{
    w->wrong = wrong;
    w->at    = w->pos;
    return false;
}

static bool ahead(walk *w, const char *wrong) /* at the next byte */
{
    w->wrong = wrong;
    w->at    = RIV_MIN(w->text.len, w->pos + 1);
    return false;
}

static int peek(const walk *w) { return w->pos < w->text.len ? (uint8_t)w->text.ptr[w->pos] : -1; }
static int next(walk *w) { return w->pos < w->text.len ? (uint8_t)w->text.ptr[w->pos++] : -1; }

static int skip_space(walk *w)
{
    while (peek(w) == ' ' || peek(w) == '\n' || peek(w) == '\t' || peek(w) == '\r') w->pos++;
    return peek(w);
}

static bool word(walk *w, const char *rest)
{
    for (; *rest; rest++) {
        int c = next(w);
        if (c < 0) return here(w, "EOF while parsing a value");
        if (c != *rest) return here(w, "expected ident");
    }
    return true;
}

/* ---- numbers ---- */

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

/* Its digits are given up where they pass 32 bits: an error there unless the number is 0. */
static bool skip_exponent(walk *w, bool huge)
{
    if (huge) return here(w, "number out of range");
    while (is_digit(peek(w))) w->pos++;
    return true;
}

static bool is_zero(riv_str mantissa)
{
    for (size_t i = 0; i < mantissa.len; i++)
        if (mantissa.ptr[i] >= '1' && mantissa.ptr[i] <= '9') return false;
    return true;
}

static bool exponent(walk *w, size_t start)
{
    bool huge = !is_zero(riv_str_sub(w->text, start, w->pos));
    w->pos++;
    if (peek(w) == '-') huge = false;
    if (peek(w) == '+' || peek(w) == '-') w->pos++;
    int c = next(w);
    if (c < 0) return here(w, "EOF while parsing a value");
    if (!is_digit(c)) return here(w, "invalid number");
    for (int64_t e = c - '0'; is_digit(peek(w));) {
        e = e * 10 + (next(w) - '0');
        if (e > INT32_MAX) return skip_exponent(w, huge);
    }
    return true;
}

static bool fraction(walk *w)
{
    w->pos++;
    if (!is_digit(peek(w))) return ahead(w, peek(w) < 0 ? "EOF while parsing a value" : "invalid number");
    while (is_digit(peek(w))) w->pos++;
    return true;
}

static bool number(walk *w, size_t start)
{
    int c = next(w);
    if (c < 0) return here(w, "EOF while parsing a value");
    if (!is_digit(c)) return here(w, "invalid number");
    if (c == '0' && is_digit(peek(w))) return ahead(w, "invalid number");
    while (is_digit(peek(w))) w->pos++;
    if (peek(w) == '.' && !fraction(w)) return false;
    if ((peek(w) == 'e' || peek(w) == 'E') && !exponent(w, start)) return false;
    riv_arena      *arena = riv_arena_new(0); /* is it in range? base knows */
    const riv_json *json;
    riv_err         err = riv_json_parse_serde(riv_str_sub(w->text, start, w->pos), arena, NULL, &json);
    riv_arena_free(arena);
    return err ? here(w, "number out of range") : true;
}

/* ---- strings ---- */

static bool hex4(walk *w, uint32_t *out)
{
    if (w->text.len - w->pos < 4) {
        w->pos = w->text.len;
        return here(w, "EOF while parsing a string");
    }
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int c = next(w), v = is_digit(c)            ? c - '0'
                             : c >= 'a' && c <= 'f' ? c - 'a' + 10
                             : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                    : -1;
        if (v < 0) return here(w, "invalid escape"); /* behind the first that is none */
        *out = *out << 4 | (uint32_t)v;
    }
    return true;
}

static bool expect_second(walk *w, int want)
{
    if (peek(w) < 0) return here(w, "EOF while parsing a string");
    return next(w) == want ? true : here(w, "unexpected end of hex escape");
}

static bool unicode_escape(walk *w)
{
    uint32_t n;
    if (!hex4(w, &n)) return false;
    if (n >= 0xDC00 && n <= 0xDFFF) return here(w, "lone leading surrogate in hex escape");
    if (n < 0xD800 || n > 0xDBFF) return true;
    if (!expect_second(w, '\\') || !expect_second(w, 'u') || !hex4(w, &n)) return false;
    return n >= 0xDC00 && n <= 0xDFFF ? true : here(w, "lone leading surrogate in hex escape");
}

static bool string(walk *w)
{
    for (w->pos++;;) {
        int c = next(w);
        if (c < 0) return here(w, "EOF while parsing a string");
        if (c == '"') return true;
        if (c < 0x20) return here(w, "control character (\\u0000-\\u001F) found while parsing a string");
        if (c != '\\') continue;
        c = next(w);
        if (c < 0) return here(w, "EOF while parsing a string");
        if (c == 'u') {
            if (!unicode_escape(w)) return false;
        } else if (!strchr("\"\\/bfnrt", c)) {
            return here(w, "invalid escape");
        }
    }
}

/* ---- containers; depth is bounded by serde_json's own limit ---- */

static bool value_at(walk *w);

static bool list(walk *w)
{
    for (bool first = true;; first = false) {
        int c = skip_space(w);
        if (c < 0) return ahead(w, "EOF while parsing a list");
        if (c == ']') return true;
        if (!first) {
            if (c != ',') return ahead(w, "expected `,` or `]`");
            w->pos++;
            c = skip_space(w);
            if (c == ']') return ahead(w, "trailing comma");
            if (c < 0) return ahead(w, "EOF while parsing a value");
        }
        if (!value_at(w)) return false;
    }
}

static bool member(walk *w)
{
    if (!string(w)) return false;
    int c = skip_space(w);
    if (c != ':') return ahead(w, c < 0 ? "EOF while parsing an object" : "expected `:`");
    w->pos++;
    return value_at(w);
}

static bool object(walk *w)
{
    for (bool first = true;; first = false) {
        int c = skip_space(w);
        if (c < 0) return ahead(w, "EOF while parsing an object");
        if (c == '}') return true;
        if (!first) {
            if (c != ',') return ahead(w, "expected `,` or `}`");
            w->pos++;
            c = skip_space(w);
            if (c == '}') return ahead(w, "trailing comma");
            if (c < 0) return ahead(w, "EOF while parsing a value");
        }
        if (c != '"') return ahead(w, "key must be a string");
        if (!member(w)) return false;
    }
}

static bool container(walk *w, bool (*inside)(walk *))
{
    if (--w->depth_left == 0) return ahead(w, "recursion limit exceeded");
    w->pos++;
    bool well = inside(w);
    w->depth_left++;
    w->pos += well;
    return well;
}

static bool value_at(walk *w)
{
    int c = skip_space(w);
    switch (c) {
    case -1: return ahead(w, "EOF while parsing a value");
    case 'n': w->pos++; return word(w, "ull");
    case 't': w->pos++; return word(w, "rue");
    case 'f': w->pos++; return word(w, "alse");
    case '"': return string(w);
    case '[': return container(w, list);
    case '{': return container(w, object);
    case '-': w->pos++; return number(w, w->pos - 1);
    default: return is_digit(c) ? number(w, w->pos) : ahead(w, "expected value");
    }
}

riv_str avm__why_not_json(riv_arena *arena, riv_str text, const riv_fault *fallback)
{
    walk w = { .text = text, .depth_left = RIV_JSON_DEPTH_MAX };
    if (value_at(&w) && skip_space(&w) >= 0) (void)ahead(&w, "trailing characters");
    if (!w.wrong) return riv_format(arena, "%s", fallback->msg);
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < w.at; i++) {
        if (text.ptr[i] != '\n') continue;
        line++;
        line_start = i + 1;
    }
    return riv_format(arena, "%s at line %zu column %zu", w.wrong, line, w.at - line_start);
}

/* ---- the value of a failed call ---- */

/* A float as Rust displays it: all digits, no exponent, and no point where nothing follows it. text is JSON's. */
static riv_str displayed_float(riv_arena *arena, riv_str text)
{
    riv_buf  out = riv_buf_in(arena), digits = riv_buf_in(arena);
    size_t   e  = riv_str_find_char(text, 'e', 0);
    int64_t  at = -1, power = 0;
    uint64_t n        = 0;
    riv_str  mantissa = riv_str_sub(text, 0, RIV_MIN(e, text.len));
    if (e != SIZE_MAX) {
        bool down = text.ptr[e + 1] == '-';
        (void)riv_str_u64(riv_str_sub(text, e + 1 + down, text.len), &n);
        power = down ? -(int64_t)n : (int64_t)n;
    }
    for (size_t i = 0; i < mantissa.len; i++) {
        if (mantissa.ptr[i] == '.') at = (int64_t)digits.len;
        if (is_digit(mantissa.ptr[i])) riv_put_u8(&digits, (uint8_t)mantissa.ptr[i]);
    }
    int64_t point = (at < 0 ? (int64_t)digits.len : at) + power, end = (int64_t)digits.len;
    while (end > RIV_MAX(point, (int64_t)1) && digits.ptr[end - 1] == '0') end--; /* "1.0" */
    if (text.ptr[0] == '-') riv_put_u8(&out, '-');
    if (point <= 0) riv_put_u8(&out, '0');
    for (int64_t i = RIV_MIN(point, (int64_t)0); i < RIV_MAX(end, point); i++) {
        if (i == point) riv_put_u8(&out, '.');
        riv_put_u8(&out, i >= 0 && i < end ? digits.ptr[i] : '0');
    }
    return riv_buf_str(&out);
}

static riv_str debug_text(riv_arena *arena, riv_str text)
{
    riv_buf out = riv_buf_in(arena);
    avm__put_debug_str(&out, text);
    return riv_buf_str(&out);
}

static riv_str unexpected(avm *vm, const riv_json *v)
{
    riv_str text = v->kind == RIV_JSON_ARR || v->kind == RIV_JSON_OBJ ? RIV_LIT("") : avm__json_text(vm, v);
    switch (v->kind) {
    case RIV_JSON_NULL: return RIV_LIT("null");
    case RIV_JSON_BOOL: return riv_format(vm->arena, "boolean `" RIV_FMT "`", RIV_ARG(text));
    case RIV_JSON_U64:
    case RIV_JSON_I64: return riv_format(vm->arena, "integer `" RIV_FMT "`", RIV_ARG(text));
    case RIV_JSON_F64:
        text = displayed_float(vm->arena, riv_json_text(v, vm->arena));
        return riv_format(vm->arena, "floating point `" RIV_FMT "`", RIV_ARG(text));
    case RIV_JSON_STR: return riv_format(vm->arena, "string " RIV_FMT, RIV_ARG(debug_text(vm->arena, v->str)));
    case RIV_JSON_ARR: return RIV_LIT("sequence");
    case RIV_JSON_OBJ: return RIV_LIT("map");
    }
    RIV_UNREACHABLE();
}

static const failure *bad_failed(avm *vm, const char *kind, riv_str got, const char *expected)
{
    return avm__fail(vm, CODE_BAD_FAILED,
                     "failed to deserialize to CallServiceFailed: invalid %s " RIV_FMT ", expected %s", kind,
                     RIV_ARG(got), expected);
}

static const failure *read_ret_code(avm *vm, const riv_json *v, int32_t *out)
{
    bool positive = v->kind == RIV_JSON_U64, negative = v->kind == RIV_JSON_I64;
    if (!positive && !negative) return bad_failed(vm, "type:", unexpected(vm, v), "i32");
    if ((positive && v->u64 > INT32_MAX) || (negative && v->i64 < INT32_MIN))
        return bad_failed(vm, "value:", unexpected(vm, v), "i32");
    *out = positive ? (int32_t)v->u64 : (int32_t)v->i64;
    return NULL;
}

static const failure *read_message(avm *vm, const riv_json *v, riv_str *out)
{
    if (v->kind != RIV_JSON_STR) return bad_failed(vm, "type:", unexpected(vm, v), "a string");
    *out = v->str;
    return NULL;
}

static const failure *read_failed_array(avm *vm, const riv_json *v, int32_t *ret_code, riv_str *message)
{
    static const char *const whole = "struct CallServiceFailed with 2 elements";
    if (v->arr.count < 1) return bad_failed(vm, "length", RIV_LIT("0"), whole);
    AVM_TRY(read_ret_code(vm, v->arr.items[0], ret_code));
    if (v->arr.count < 2) return bad_failed(vm, "length", RIV_LIT("1"), whole);
    AVM_TRY(read_message(vm, v->arr.items[1], message));
    if (v->arr.count == 2) return NULL;
    return bad_failed(vm, "length", riv_format(vm->arena, "%zu", v->arr.count), "fewer elements in array");
}

const failure *avm__read_failed(avm *vm, const riv_json *json, int32_t *ret_code, riv_str *message)
{
    if (json->kind == RIV_JSON_ARR) return read_failed_array(vm, json, ret_code, message);
    if (json->kind != RIV_JSON_OBJ) return bad_failed(vm, "type:", unexpected(vm, json), "struct CallServiceFailed");
    const riv_json *text = riv_json_get(json, RIV_LIT("message")), *code = riv_json_get(json, RIV_LIT("ret_code"));
    if (text) AVM_TRY(read_message(vm, text, message)); /* fields come sorted */
    if (code) AVM_TRY(read_ret_code(vm, code, ret_code));
    if (code && text) return NULL;
    return avm__fail(vm, CODE_BAD_FAILED, "failed to deserialize to CallServiceFailed: missing field `%s`",
                     code ? "message" : "ret_code");
}
