/* json.c: JSON values as serde_json has them: members sorted, integers kept apart from floats, shortest float texts.
 * Parsing and the shortest digits of a float are yyjson's; the tree, the order and the layout of texts are ours.
 * Tests: json_test.c, json_fuzz.c. */
#include "base/base.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <yyjson.h>

static const riv_json json_null  = { .kind = RIV_JSON_NULL };
static const riv_json json_true  = { .kind = RIV_JSON_BOOL, .boolean = true };
static const riv_json json_false = { .kind = RIV_JSON_BOOL, .boolean = false };

/* ---- building ---- */

const riv_json *riv_json_null(void) { return &json_null; }

const riv_json *riv_json_bool(bool b) { return b ? &json_true : &json_false; }

static riv_json *make(riv_arena *arena, riv_json_kind kind)
{
    riv_json *v = riv_new(arena, riv_json, 1);
    v->kind     = kind;
    return v;
}

const riv_json *riv_json_u64(riv_arena *arena, uint64_t n)
{
    riv_json *v = make(arena, RIV_JSON_U64);
    v->u64      = n;
    return v;
}

const riv_json *riv_json_i64(riv_arena *arena, int64_t n)
{
    if (n >= 0) return riv_json_u64(arena, (uint64_t)n);
    riv_json *v = make(arena, RIV_JSON_I64);
    v->i64      = n;
    return v;
}

const riv_json *riv_json_f64(riv_arena *arena, double n)
{
    if (!isfinite(n)) return riv_json_null();
    riv_json *v = make(arena, RIV_JSON_F64);
    v->f64      = n;
    return v;
}

const riv_json *riv_json_str(riv_arena *arena, riv_str s)
{
    riv_json *v = make(arena, RIV_JSON_STR);
    v->str      = s;
    return v;
}

const riv_json *riv_json_strc(riv_arena *arena, const char *text) { return riv_json_str(arena, riv_str_c(text)); }

const riv_json *riv_json_arr(riv_arena *arena, const riv_json *const *items, size_t count)
{
    riv_json *v  = make(arena, RIV_JSON_ARR);
    v->arr.items = items;
    v->arr.count = count;
    return v;
}

void riv_json_add(riv_arena *arena, riv_json_list *list, const riv_json *v) { *riv_push(arena, list) = v; }

/* Stable merge sort, so that of equal keys the last one written stays last. */
static void sort_members(riv_json_member *m, riv_json_member *spare, size_t count)
{
    if (count < 2) return;
    size_t half = count / 2;
    sort_members(m, spare, half);
    sort_members(m + half, spare, count - half);
    if (riv_str_cmp(m[half - 1].key, m[half].key) <= 0) return;
    memcpy(spare, m, half * sizeof *m);
    size_t left = 0, right = half, out = 0;
    while (left < half && right < count)
        m[out++] = riv_str_cmp(spare[left].key, m[right].key) <= 0 ? spare[left++] : m[right++];
    while (left < half) m[out++] = spare[left++];
}

/* Takes over members. */
static const riv_json *object_of(riv_arena *arena, riv_json_member *members, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++) sorted = riv_str_cmp(members[i - 1].key, members[i].key) < 0;
    size_t kept = count;
    if (!sorted) {
        sort_members(members, riv_new(arena, riv_json_member, count), count);
        kept = 0;
        for (size_t i = 0; i < count; i++)
            if (i + 1 == count || !riv_str_eq(members[i].key, members[i + 1].key)) members[kept++] = members[i];
    }
    riv_json *v    = make(arena, RIV_JSON_OBJ);
    v->obj.members = members;
    v->obj.count   = kept;
    return v;
}

static riv_json_member *copy_of(riv_arena *arena, const riv_json_member *members, size_t count)
{
    riv_json_member *copy = riv_new(arena, riv_json_member, count);
    if (count) memcpy(copy, members, count * sizeof *copy);
    return copy;
}

const riv_json *riv_json_obj(riv_arena *arena, const riv_json_member *members, size_t count)
{
    return object_of(arena, copy_of(arena, members, count), count);
}

/* Takes over members. */
static const riv_json *ordered_of(riv_arena *arena, const riv_json_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) RIV_ASSERT_SLOW(!riv_str_eq(members[i].key, members[j].key));
    riv_json *v    = make(arena, RIV_JSON_OBJ);
    v->ordered     = true;
    v->obj.members = members;
    v->obj.count   = count;
    return v;
}

const riv_json *riv_json_ordered(riv_arena *arena, const riv_json_member *members, size_t count)
{
    return ordered_of(arena, copy_of(arena, members, count), count);
}

typedef RIV_VEC(riv_json_member) member_list;

static member_list pairs_of(riv_arena *arena, va_list args)
{
    member_list members = { 0 };
    for (const char *name; (name = va_arg(args, const char *));) {
        const riv_json *value = va_arg(args, const riv_json *);
        if (value) *riv_push(arena, &members) = (riv_json_member){ riv_str_c(name), value };
    }
    return members;
}

const riv_json *riv_json_object(riv_arena *arena, ...)
{
    va_list args;
    va_start(args, arena);
    member_list members = pairs_of(arena, args);
    va_end(args);
    return object_of(arena, members.ptr, members.len);
}

const riv_json *riv_json_record(riv_arena *arena, ...)
{
    va_list args;
    va_start(args, arena);
    member_list members = pairs_of(arena, args);
    va_end(args);
    return ordered_of(arena, members.ptr, members.len);
}

const riv_json *riv_json_copy(riv_arena *arena, const riv_json *v)
{
    switch (v->kind) {
    case RIV_JSON_NULL: return riv_json_null();
    case RIV_JSON_BOOL: return riv_json_bool(v->boolean);
    case RIV_JSON_U64: return riv_json_u64(arena, v->u64);
    case RIV_JSON_I64: return riv_json_i64(arena, v->i64);
    case RIV_JSON_F64: return riv_json_f64(arena, v->f64);
    case RIV_JSON_STR: return riv_json_str(arena, riv_str_dup(arena, v->str));
    case RIV_JSON_ARR: {
        const riv_json **items = riv_new(arena, const riv_json *, v->arr.count);
        for (size_t i = 0; i < v->arr.count; i++) items[i] = riv_json_copy(arena, v->arr.items[i]);
        return riv_json_arr(arena, items, v->arr.count);
    }
    case RIV_JSON_OBJ: {
        riv_json_member *members = riv_new(arena, riv_json_member, v->obj.count);
        for (size_t i = 0; i < v->obj.count; i++)
            members[i] = (riv_json_member){ riv_str_dup(arena, v->obj.members[i].key),
                                            riv_json_copy(arena, v->obj.members[i].value) };
        return v->ordered ? ordered_of(arena, members, v->obj.count) : object_of(arena, members, v->obj.count);
    }
    }
    RIV_UNREACHABLE();
}

/* ---- looking ---- */

const riv_json *riv_json_get(const riv_json *obj, riv_str key)
{
    if (!obj || obj->kind != RIV_JSON_OBJ) return NULL;
    for (size_t i = 0; obj->ordered && i < obj->obj.count; i++)
        if (riv_str_eq(obj->obj.members[i].key, key)) return obj->obj.members[i].value;
    size_t lo = 0, hi = obj->ordered ? 0 : obj->obj.count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int    c   = riv_str_cmp(obj->obj.members[mid].key, key);
        if (c == 0) return obj->obj.members[mid].value;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

const riv_json *riv_json_at(const riv_json *arr, size_t index)
{
    return arr && arr->kind == RIV_JSON_ARR && index < arr->arr.count ? arr->arr.items[index] : NULL;
}

bool riv_json_eq(const riv_json *a, const riv_json *b)
{
    if (a == b) return true;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case RIV_JSON_NULL: return true;
    case RIV_JSON_BOOL: return a->boolean == b->boolean;
    case RIV_JSON_U64: return a->u64 == b->u64;
    case RIV_JSON_I64: return a->i64 == b->i64;
    case RIV_JSON_F64: return !(a->f64 < b->f64 || a->f64 > b->f64);
    case RIV_JSON_STR: return riv_str_eq(a->str, b->str);
    case RIV_JSON_ARR:
        if (a->arr.count != b->arr.count) return false;
        for (size_t i = 0; i < a->arr.count; i++)
            if (!riv_json_eq(a->arr.items[i], b->arr.items[i])) return false;
        return true;
    case RIV_JSON_OBJ:
        if (a->obj.count != b->obj.count) return false;
        for (size_t i = 0; i < a->obj.count; i++) {
            const riv_json_member *x = &a->obj.members[i], *y = &b->obj.members[i];
            const riv_json        *other = riv_str_eq(x->key, y->key) ? y->value
                                           : a->ordered || b->ordered ? riv_json_get(b, x->key)
                                                                      : NULL;
            if (!other || !riv_json_eq(x->value, other)) return false;
        }
        return true;
    }
    RIV_UNREACHABLE();
}

const char *riv_json_kind_name(const riv_json *v)
{
    static const char *const names[] = {
        [RIV_JSON_NULL] = "null",  [RIV_JSON_BOOL] = "boolean", [RIV_JSON_U64] = "number", [RIV_JSON_I64] = "number",
        [RIV_JSON_F64] = "number", [RIV_JSON_STR] = "string",   [RIV_JSON_ARR] = "array",  [RIV_JSON_OBJ] = "object",
    };
    return names[v->kind];
}

/* ---- parsing ---- */

/* ---- numbers as serde_json reads them without its feature float_roundtrip ---- */

static const double powers[] = {
#define P10(h) h##0, h##1, h##2, h##3, h##4, h##5, h##6, h##7, h##8, h##9
#define P100(h)                                                                                                        \
    P10(h##0), P10(h##1), P10(h##2), P10(h##3), P10(h##4), P10(h##5), P10(h##6), P10(h##7), P10(h##8), P10(h##9)
    P100(1e), P100(1e1), P100(1e2), 1e300, 1e301, 1e302, 1e303, 1e304, 1e305, 1e306, 1e307, 1e308,
#undef P100
#undef P10
};

/* significand * 10^exponent, rounded at each step: that is what peers agree on, not the nearest double. False: out of range. */
static bool scale(uint64_t significand, int64_t exponent, double *out)
{
    double f = (double)significand;
    while (exponent < -308 && f > 0) {
        f /= 1e308;
        exponent += 308;
    }
    if (!(f > 0)) exponent = 0;
    if (exponent > 308) return false;
    f    = exponent < 0 ? f / powers[-exponent] : f * powers[exponent];
    *out = f;
    return f <= DBL_MAX;
}

typedef struct number_text { /* of a number that is well formed */
    const char *at, *end;
    uint64_t    significand;
} number_text;

static bool is_digit(const number_text *d) { return d->at < d->end && *d->at >= '0' && *d->at <= '9'; }

/* Takes digits into the significand until one does not fit. */
static int64_t take_digits(number_text *d)
{
    const char *start = d->at;
    for (; is_digit(d); d->at++) {
        uint64_t more, digit = (uint64_t)(*d->at - '0');
        if (__builtin_mul_overflow(d->significand, 10u, &more) || __builtin_add_overflow(more, digit, &more)) break;
        d->significand = more;
    }
    return d->at - start;
}

static int64_t skip_digits(number_text *d)
{
    const char *start = d->at;
    while (is_digit(d)) d->at++;
    return d->at - start;
}

/* Saturates: beyond it all numbers but zero are out of range or zero. */
static int64_t take_exponent(number_text *d)
{
    int64_t e        = 0;
    bool    negative = *d->at == '-';
    d->at += *d->at == '-' || *d->at == '+';
    for (; is_digit(d); d->at++) e = RIV_MIN(e * 10 + (*d->at - '0'), (int64_t)INT32_MAX);
    return negative ? -e : e;
}

static riv_err serde_number(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    bool        negative = text.ptr[0] == '-', integer;
    number_text d        = { text.ptr + negative, text.ptr + text.len, 0 };
    double      f        = 0;
    (void)take_digits(&d);
    int64_t exponent = skip_digits(&d); /* of an integer that is too long */
    integer          = exponent == 0;
    if (d.at < d.end && *d.at == '.') {
        integer = false;
        d.at++;
        exponent -= take_digits(&d);
        (void)skip_digits(&d); /* serde_json does not look at these */
    }
    if (d.at < d.end) { /* e or E */
        integer = false;
        d.at++;
        exponent += take_exponent(&d);
    }
    if (integer && !negative) {
        *out = riv_json_u64(arena, d.significand);
    } else if (integer && d.significand && d.significand <= (uint64_t)INT64_MAX + 1) {
        *out = riv_json_i64(arena, (int64_t)(0 - d.significand));
    } else { /* "-0" is a float */
        if (!scale(d.significand, exponent, &f))
            return riv_fail(fault, RIV_E_MALFORMED, 0, "bad json: number is infinity");
        *out = riv_json_f64(arena, negative ? -f : f);
    }
    return RIV_OK;
}

static riv_err convert(yyjson_val *in, unsigned depth, riv_arena *arena, riv_fault *fault, const riv_json **out);

static riv_err convert_array(yyjson_val *in, unsigned depth, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    size_t           count = yyjson_arr_size(in);
    const riv_json **items = riv_new(arena, const riv_json *, count);
    yyjson_arr_iter  it    = yyjson_arr_iter_with(in);
    for (size_t i = 0; i < count; i++) RIV_TRY(convert(yyjson_arr_iter_next(&it), depth + 1, arena, fault, &items[i]));
    *out = riv_json_arr(arena, items, count);
    return RIV_OK;
}

static riv_err convert_object(yyjson_val *in, unsigned depth, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    size_t           count   = yyjson_obj_size(in);
    riv_json_member *members = riv_new(arena, riv_json_member, count);
    yyjson_obj_iter  it      = yyjson_obj_iter_with(in);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *key = yyjson_obj_iter_next(&it);
        members[i].key  = riv_str_dup(arena, (riv_str){ yyjson_get_str(key), yyjson_get_len(key) });
        RIV_TRY(convert(yyjson_obj_iter_get_val(key), depth + 1, arena, fault, &members[i].value));
    }
    *out = object_of(arena, members, count);
    return RIV_OK;
}

static riv_err convert(yyjson_val *in, unsigned depth, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    if (yyjson_is_ctn(in) && depth + 1 >= RIV_JSON_DEPTH_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "json is nested %d levels deep, fewer are allowed", RIV_JSON_DEPTH_MAX);
    if (riv_arena_over(arena)) return riv_fail(fault, RIV_E_LIMIT, 0, "json needs more memory than is granted");
    switch (yyjson_get_type(in)) {
    case YYJSON_TYPE_NULL: *out = riv_json_null(); return RIV_OK;
    case YYJSON_TYPE_BOOL: *out = riv_json_bool(yyjson_get_bool(in)); return RIV_OK;
    case YYJSON_TYPE_STR:
        *out = riv_json_str(arena, riv_str_dup(arena, (riv_str){ yyjson_get_str(in), yyjson_get_len(in) }));
        return RIV_OK;
    case YYJSON_TYPE_NUM:
        if (yyjson_is_uint(in))
            *out = riv_json_u64(arena, yyjson_get_uint(in));
        else if (yyjson_is_sint(in) && yyjson_get_sint(in) != 0)
            *out = riv_json_i64(arena, yyjson_get_sint(in));
        else /* "-0" is a float in serde_json */
            *out = riv_json_f64(arena, yyjson_is_sint(in) ? -0.0 : yyjson_get_real(in));
        return RIV_OK;
    case YYJSON_TYPE_RAW: return serde_number((riv_str){ yyjson_get_raw(in), yyjson_get_len(in) }, arena, fault, out);
    case YYJSON_TYPE_ARR: return convert_array(in, depth, arena, fault, out);
    case YYJSON_TYPE_OBJ: return convert_object(in, depth, arena, fault, out);
    default: RIV_UNREACHABLE();
    }
}

static riv_err parse(riv_str text, yyjson_read_flag flags, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    yyjson_read_err error = { 0 };
    if (!text.len) return riv_fail(fault, RIV_E_MALFORMED, 0, "empty text where json was expected");
    /* Without the in-situ flag yyjson copies the text and does not write to it. */
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.ptr, text.len, flags, NULL, &error);
    if (!doc) return riv_fail(fault, RIV_E_MALFORMED, error.pos, "bad json: %s", error.msg);
    const riv_json *value = NULL;
    riv_err         err   = convert(yyjson_doc_get_root(doc), 0, arena, fault, &value);
    yyjson_doc_free(doc);
    if (!err) *out = value;
    return err;
}

riv_err riv_json_parse(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    return parse(text, YYJSON_READ_NOFLAG, arena, fault, out);
}

riv_err riv_json_parse_serde(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    return parse(text, YYJSON_READ_NUMBER_AS_RAW, arena, fault, out);
}

/* ---- writing ---- */

/* A byte of eight that is below n, for n up to 128: its high bit in the result. Bytes after the first may be wrong. */
static uint64_t below(uint64_t eight, uint64_t n)
{
    return (eight - n * 0x0101010101010101u) & ~eight & 0x8080808080808080u;
}

/* Where the next byte stands that a string may not hold as it is: a control, '"' or a backslash. */
static size_t next_special(riv_str s, size_t i)
{
    for (uint64_t eight; s.len - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, s.ptr + i, sizeof eight);
        if (below(eight, 0x20) | below(eight ^ 0x2222222222222222u, 1) | below(eight ^ 0x5c5c5c5c5c5c5c5cu, 1)) break;
    }
    while (i < s.len && (uint8_t)s.ptr[i] >= 0x20 && s.ptr[i] != '"' && s.ptr[i] != '\\') i++;
    return i;
}

void riv_json_write_str(riv_str s, riv_buf *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t            plain = 0, i = next_special(s, 0);
    if (i == s.len) { /* nearly always */
        uint8_t *p = riv_buf_raw(out, s.len + 2);
        p[0] = p[s.len + 1] = '"';
        if (s.len) memcpy(p + 1, s.ptr, s.len);
        return;
    }
    riv_put_u8(out, '"');
    for (; i < s.len; i = next_special(s, i + 1)) {
        uint8_t c = (uint8_t)s.ptr[i];
        riv_put_str(out, riv_str_sub(s, plain, i));
        plain       = i + 1;
        char escape = c == '"'    ? '"'
                      : c == '\\' ? '\\'
                      : c == '\n' ? 'n'
                      : c == '\r' ? 'r'
                      : c == '\t' ? 't'
                      : c == '\b' ? 'b'
                      : c == '\f' ? 'f'
                                  : 'u';
        riv_put_u8(out, '\\');
        riv_put_u8(out, (uint8_t)escape);
        if (escape == 'u') {
            riv_put_str(out, RIV_LIT("00"));
            riv_put_u8(out, (uint8_t)hex[c >> 4]);
            riv_put_u8(out, (uint8_t)hex[c & 15]);
        }
    }
    riv_put_str(out, riv_str_sub(s, plain, s.len));
    riv_put_u8(out, '"');
}

static void put_zeros(riv_buf *out, size_t count)
{
    while (count-- > 0) riv_put_u8(out, '0');
}

/* The layout of Rust's ryu crate ("pretty"): 1.0, 0.00001, 1e-6, 1e16, 1.5e300. */
void riv_json_write_f64(double v, riv_buf *out)
{
    if (!isfinite(v)) {
        riv_put_str(out, RIV_LIT("null"));
        return;
    }
    yyjson_val number   = { 0 };
    size_t     text_len = 0;
    yyjson_set_real(&number, v);
    char *text = yyjson_val_write(&number, YYJSON_WRITE_NOFLAG, &text_len);
    RIV_ASSERT(text && text_len < 40);

    /* Take the digits and the exponent out of yyjson's own layout. */
    char   digits[40];
    size_t count = 0;
    int    point = 0, exponent = 0; /* value = 0.DIGITS * 10^point */
    bool   after_dot = false;
    size_t i         = text[0] == '-';
    for (; i < text_len && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == '.') {
            after_dot = true;
            continue;
        }
        if (count || text[i] != '0') {
            digits[count++] = text[i];
            if (!after_dot) point++;
        } else if (after_dot) {
            point--;
        }
    }
    if (i < text_len) {
        bool minus = text[i + 1] == '-';
        for (i += minus || text[i + 1] == '+' ? 2 : 1; i < text_len; i++) exponent = exponent * 10 + (text[i] - '0');
        point += minus ? -exponent : exponent;
    }
    while (count && digits[count - 1] == '0') count--;

    if (text[0] == '-') riv_put_u8(out, '-');
    free(text);
    riv_str d = { digits, count };
    if (!count) {
        riv_put_str(out, RIV_LIT("0.0"));
    } else if (point > 0 && (size_t)point >= count && point <= 16) {
        riv_put_str(out, d);
        put_zeros(out, (size_t)point - count);
        riv_put_str(out, RIV_LIT(".0"));
    } else if (point > 0 && point <= 16) {
        riv_put_str(out, riv_str_sub(d, 0, (size_t)point));
        riv_put_u8(out, '.');
        riv_put_str(out, riv_str_sub(d, (size_t)point, count));
    } else if (point > -5 && point <= 0) {
        riv_put_str(out, RIV_LIT("0."));
        put_zeros(out, (size_t)-point);
        riv_put_str(out, d);
    } else {
        riv_put_u8(out, (uint8_t)digits[0]);
        if (count > 1) {
            riv_put_u8(out, '.');
            riv_put_str(out, riv_str_sub(d, 1, count));
        }
        riv_putf(out, "e%d", point - 1);
    }
}

static void put_u64(riv_buf *out, uint64_t v, bool minus)
{
    char   text[21];
    size_t at = sizeof text;
    do text[--at] = (char)('0' + v % 10);
    while (v /= 10);
    if (minus) text[--at] = '-';
    riv_put_str(out, (riv_str){ text + at, sizeof text - at });
}

static void new_line(riv_buf *out, unsigned depth)
{
    riv_put_u8(out, '\n');
    for (unsigned i = 0; i < depth; i++) riv_put_str(out, RIV_LIT("  "));
}

/* depth counts only where pretty. */
static void write(const riv_json *v, riv_buf *out, bool pretty, unsigned depth)
{
    bool   is_obj = v->kind == RIV_JSON_OBJ;
    size_t count  = is_obj ? v->obj.count : v->kind == RIV_JSON_ARR ? v->arr.count : 0;
    switch (v->kind) {
    case RIV_JSON_NULL: riv_put_str(out, RIV_LIT("null")); return;
    case RIV_JSON_BOOL: riv_put_str(out, v->boolean ? RIV_LIT("true") : RIV_LIT("false")); return;
    case RIV_JSON_U64: put_u64(out, v->u64, false); return;
    case RIV_JSON_I64: put_u64(out, 0 - (uint64_t)v->i64, true); return;
    case RIV_JSON_F64: riv_json_write_f64(v->f64, out); return;
    case RIV_JSON_STR: riv_json_write_str(v->str, out); return;
    case RIV_JSON_ARR:
    case RIV_JSON_OBJ: break;
    }
    riv_put_u8(out, is_obj ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (i) riv_put_u8(out, ',');
        if (pretty) new_line(out, depth + 1);
        if (is_obj) {
            riv_json_write_str(v->obj.members[i].key, out);
            riv_put_str(out, pretty ? RIV_LIT(": ") : RIV_LIT(":"));
        }
        write(is_obj ? v->obj.members[i].value : v->arr.items[i], out, pretty, depth + 1);
    }
    if (pretty && count) new_line(out, depth);
    riv_put_u8(out, is_obj ? '}' : ']');
}

void riv_json_write(const riv_json *v, riv_buf *out) { write(v, out, false, 0); }

void riv_json_write_pretty(const riv_json *v, riv_buf *out) { write(v, out, true, 0); }

riv_str riv_json_text(const riv_json *v, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_json_write(v, &out);
    return riv_buf_str(&out);
}
