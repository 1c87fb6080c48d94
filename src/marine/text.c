/* text.c: interface values and JSON text, both ways, without a tree in between.
 * Reading takes what is plainly right at one go and gives up at anything else: whether that is wrong, and with what words, is said by
 * the tree (value.c). Writing makes what riv_json_write makes of the same value.
 * Spec: docs/spec/marine.md 8.1, 8.2. Tests: call_test.c, text_fuzz.c. */
#include "marine/internal.h"

enum {
    TEXT_BYTES_MAX  = MARINE__VALUES_BYTES_MAX, /* of a result */
    DIGITS_MAX      = 19,                       /* that always fit 64 bits */
    EXACT_DIGITS    = 15,                       /* of a double */
    EXACT_POWER_MAX = 22,
    NUMBER_BYTES    = 24, /* the longest integer with its comma fits */
    NUMBERS_AT_ONCE = 256,
};

/* ---- reading ---- */

typedef struct cursor {
    const char            *at, *end;
    const marine__section *section;
    marine_service        *service;
} cursor;

static bool read_value(cursor *c, const marine_type *t, marine_value *out);

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

static bool next_is(cursor *c, char what)
{
    skip_space(c);
    return c->at < c->end && *c->at == what;
}

static bool take(cursor *c, char what)
{
    if (!next_is(c, what)) return false;
    c->at++;
    return true;
}

static void *room(cursor *c, size_t count, size_t bytes)
{
    if (!marine__room(c->service, count, bytes)) return NULL;
    return riv_arena_alloc_raw(c->service->scratch, count * bytes, 8);
}

static bool is_digit(const cursor *c) { return c->at < c->end && *c->at >= '0' && *c->at <= '9'; }

/* Digits as JSON has them before a point; false also where there are more than surely fit. */
static bool read_digits(cursor *c, uint64_t *out)
{
    const char *start = c->at;
    uint64_t    v     = 0;
    for (; is_digit(c) && c->at - start <= DIGITS_MAX; c->at++) v = v * 10 + (uint64_t)(*c->at - '0');
    *out = v;
    return c->at > start && c->at - start <= DIGITS_MAX && (*start != '0' || c->at - start == 1);
}

static bool ends_number(const cursor *c)
{
    return c->at == c->end || (*c->at != '.' && *c->at != 'e' && *c->at != 'E' && !is_digit(c));
}

static bool read_integer(cursor *c, marine_type_kind kind, marine_value *out)
{
    uint64_t v;
    bool     minus = take(c, '-');
    if (minus && kind >= MARINE_U8 && kind <= MARINE_U64) return false;
    if (!read_digits(c, &v) || !ends_number(c) || (minus && v == 0)) return false;
    if (v > (uint64_t)INT64_MAX && (minus || kind != MARINE_U64)) return false;
    *out = marine__int(kind, minus ? 0 - v : v);
    switch (kind) {
    case MARINE_S8: return (int64_t)out->bits == (int8_t)out->bits;
    case MARINE_S16: return (int64_t)out->bits == (int16_t)out->bits;
    case MARINE_I32:
    case MARINE_S32: return (int64_t)out->bits == (int32_t)out->bits;
    case MARINE_U8: return v <= UINT8_MAX;
    case MARINE_U16: return v <= UINT16_MAX;
    case MARINE_U32: return v <= UINT32_MAX;
    default: return true;
    }
}

/* The text of a number, and where it is short its value: digits and a power of ten that a double holds exactly. */
static bool read_short_float(cursor *c, double *out)
{
    static const double powers[EXACT_POWER_MAX + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    bool                minus                       = take(c, '-');
    uint64_t            v, fraction = 0;
    const char         *start = c->at;
    if (!read_digits(c, &v)) return false;
    ptrdiff_t digits = c->at - start, places = 0;
    if (c->at < c->end && *c->at == '.') {
        const char *point = ++c->at;
        for (; is_digit(c) && c->at - point <= EXACT_DIGITS; c->at++)
            fraction = fraction * 10 + (uint64_t)(*c->at - '0');
        places = c->at - point;
        if (!places) return false;
    }
    if (digits + places > EXACT_DIGITS || !ends_number(c)) return false;
    for (ptrdiff_t i = 0; i < places; i++) v *= 10;
    double value = (double)(v + fraction) / powers[places];
    *out         = minus ? -value : value;
    return true;
}

static bool read_float(cursor *c, marine_type_kind kind, marine_value *out)
{
    skip_space(c);
    const char *start = c->at;
    double      v;
    if (!read_short_float(c, &v)) {
        const riv_json *number;
        c->at = start;
        while (c->at < c->end &&
               (is_digit(c) || *c->at == '-' || *c->at == '+' || *c->at == '.' || *c->at == 'e' || *c->at == 'E'))
            c->at++;
        riv_str text = { start, (size_t)(c->at - start) };
        if (!text.len || riv_json_parse(text, c->service->scratch, NULL, &number)) return false;
        v = number->kind == RIV_JSON_F64   ? number->f64
            : number->kind == RIV_JSON_U64 ? (double)number->u64
                                           : (double)number->i64;
    }
    *out = (marine_value){ .kind = kind };
    if (kind == MARINE_F32)
        out->f32 = (float)v;
    else
        out->f64 = v;
    return true;
}

static bool take_word(cursor *c, riv_str word)
{
    if ((size_t)(c->end - c->at) < word.len || memcmp(c->at, word.ptr, word.len) != 0) return false;
    c->at += word.len;
    return true;
}

static bool read_bool(cursor *c, marine_value *out)
{
    skip_space(c);
    bool is_true = take_word(c, RIV_LIT("true"));
    *out         = marine__int(MARINE_BOOL, is_true);
    return is_true || take_word(c, RIV_LIT("false"));
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool read_hex4(const char **at, const char *end, uint32_t *out)
{
    *out = 0;
    if (end - *at < 4) return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit((*at)[i]);
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    *at += 4;
    return true;
}

/* What follows a backslash. */
static bool unescape(const char **at, const char *end, riv_buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (*at == end) return false;
    char        c    = *(*at)++;
    const char *same = c ? strchr(from, c) : NULL;
    if (same) {
        riv_put_u8(out, (uint8_t)to[same - from]);
        return true;
    }
    uint32_t scalar, low;
    if (c != 'u' || !read_hex4(at, end, &scalar)) return false;
    if (scalar >= 0xd800 && scalar < 0xe000) {
        if (scalar >= 0xdc00 || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u') return false;
        *at += 2;
        if (!read_hex4(at, end, &low) || low < 0xdc00 || low > 0xdfff) return false;
        scalar = 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
    }
    riv_utf8_put(out, scalar);
    return true;
}

/* Where the string ends; *plain: nothing in it is escaped. */
static const char *find_quote(const cursor *c, bool *plain)
{
    const char *at = c->at, *quote = memchr(at, '"', (size_t)(c->end - at)), *backslash;
    *plain = true;
    while (quote && (backslash = memchr(at, '\\', (size_t)(quote - at)))) {
        *plain = false;
        at     = backslash + 2;
        if (at > quote) quote = at < c->end ? memchr(at, '"', (size_t)(c->end - at)) : NULL;
    }
    return quote;
}

static bool has_controls(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) { /* eight at once: a byte below 0x20 borrows into its high bit */
        uint64_t w;
        memcpy(&w, at, sizeof w);
        if ((w - 0x2020202020202020u) & ~w & 0x8080808080808080u) return true;
    }
    for (; at < end; at++)
        if ((uint8_t)*at < 0x20) return true;
    return false;
}

static bool read_string(cursor *c, riv_str *out)
{
    bool plain;
    if (!take(c, '"')) return false;
    const char *start = c->at, *quote = find_quote(c, &plain);
    if (!quote) return false;
    riv_str text = { start, (size_t)(quote - start) };
    if (has_controls(start, quote) || !riv_utf8_valid(riv_str_bytes(text), NULL)) return false;
    c->at = quote + 1;
    *out  = text;
    if (plain) return true;
    void *memory = room(c, text.len, 1); /* escapes only get shorter */
    if (!memory) return false;
    riv_buf made = { .ptr = memory, .cap = text.len, .arena = c->service->scratch };
    for (const char *at = start; at < quote;) {
        const char *backslash = memchr(at, '\\', (size_t)(quote - at));
        const char *stop      = backslash ? backslash : quote;
        riv_put_str(&made, (riv_str){ at, (size_t)(stop - at) });
        at = stop;
        if (backslash && (at++, !unescape(&at, quote, &made))) return false;
    }
    *out = riv_buf_str(&made);
    return true;
}

/* Eight bytes at once: those that equal what give a high bit each. */
static uint64_t equal_bytes(uint64_t eight, char what)
{
    uint64_t x = eight ^ (uint64_t)(uint8_t)what * 0x0101010101010101u;
    return ~(((x & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu) | x) & 0x8080808080808080u;
}

static size_t count_commas(const char *at, const char *end)
{
    size_t count = 0;
    for (uint64_t eight; end - at >= (ptrdiff_t)sizeof eight; at += sizeof eight) {
        memcpy(&eight, at, sizeof eight);
        count += (size_t)((equal_bytes(eight, ',') >> 7) * 0x0101010101010101u >> 56);
    }
    for (; at < end; at++) count += *at == ',';
    return count;
}

/* How many elements an array of numbers or bools has whose '[' was taken; nothing in it holds a ']'. */
static bool count_elements(cursor *c, size_t *out)
{
    const char *end = memchr(c->at, ']', (size_t)(c->end - c->at));
    if (!end) return false;
    skip_space(c);
    if (c->at == end) {
        *out = 0;
        return true;
    }
    *out = count_commas(c->at, end) + 1;
    return true;
}

/* The usual text of bytes: up to three digits and a comma. */
static bool read_bytes(cursor *c, marine_value *out)
{
    size_t count;
    if (!take(c, '[') || !count_elements(c, &count)) return false;
    uint8_t *bytes = room(c, count, 1);
    if (!bytes) return false;
    for (size_t i = 0; i < count; i++) {
        const char *at = c->at;
        unsigned    v  = 0;
        if (i && (at == c->end || *at++ != ',')) return false;
        while (at < c->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
        const char *start = at;
        for (; at < c->end && at - start < 4 && *at >= '0' && *at <= '9'; at++) v = v * 10 + (unsigned)(*at - '0');
        if (at == start || v > UINT8_MAX || (*start == '0' && at - start > 1)) return false;
        while (at < c->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
        bytes[i] = (uint8_t)v;
        c->at    = at;
    }
    *out = (marine_value){ .kind = MARINE_BYTES, .bytes = { bytes, count } };
    return take(c, ']');
}

static bool read_numbers(cursor *c, marine_type_kind kind, marine_value *out)
{
    size_t       count, size = marine__packed_bytes(kind);
    marine_type  element = { .kind = kind };
    marine_value v;
    if (!take(c, '[') || !count_elements(c, &count)) return false;
    uint8_t *packed = room(c, count, size);
    if (!packed) return false;
    for (size_t i = 0; i < count; i++) {
        if ((i && !take(c, ',')) || !read_value(c, &element, &v)) return false;
        marine__pack(&v, packed + i * size);
    }
    *out = (marine_value){ .kind = marine__packed_kind(kind), .bytes = { packed, count * size } };
    return take(c, ']');
}

static bool read_array(cursor *c, const marine_type *t, marine_value *out)
{
    if (marine__is_bytes(t)) return read_bytes(c, out);
    if (marine__is_scalar(t->element->kind)) return read_numbers(c, t->element->kind, out);
    RIV_VEC(marine_value) items = { 0 };
    if (!take(c, '[')) return false;
    if (!next_is(c, ']')) {
        do {
            marine_value v;
            if (!marine__room(c->service, 2 * items.len + 2, sizeof v) || !read_value(c, t->element, &v)) return false;
            *riv_push(c->service->scratch, &items) = v;
        } while (take(c, ','));
    }
    *out = (marine_value){ .kind = MARINE_ARRAY, .list = { items.ptr, items.len } };
    return take(c, ']');
}

/* Members of an object as fields, in any order, each once. */
static bool read_members(cursor *c, const marine__type *type, marine_value *out)
{
    bool   seen[MARINE__ARITY_MAX] = { false };
    size_t count                   = 0;
    if (next_is(c, '}')) return type->args_count == 0 && take(c, '}');
    do {
        riv_str name;
        size_t i = count < type->args_count ? count : 0, looked = 0; /* most are in the order of the fields, or close */
        if (!read_string(c, &name) || !take(c, ':')) return false;
        for (; looked < type->args_count && !riv_str_eq(type->args[i].name, name); looked++)
            i = i + 1 < type->args_count ? i + 1 : 0;
        if (looked == type->args_count || seen[i] || !read_value(c, &type->args[i].type, &out[i])) return false;
        seen[i] = true;
        count++;
    } while (take(c, ','));
    return count == type->args_count && take(c, '}');
}

static bool read_fields(cursor *c, const marine__type *type, marine_value *out)
{
    if (take(c, '{')) return read_members(c, type, out);
    if (!take(c, '[')) return false;
    for (size_t i = 0; i < type->args_count; i++)
        if ((i && !take(c, ',')) || !read_value(c, &type->args[i].type, &out[i])) return false;
    return take(c, ']');
}

static bool read_record(cursor *c, const marine__type *record, marine_value *out)
{
    marine_value *fields = room(c, record->args_count, sizeof(marine_value));
    *out                 = (marine_value){ .kind = MARINE_RECORD, .list = { fields, record->args_count } };
    return fields && read_fields(c, record, fields);
}

/* Depth is that of the type. */
static bool read_value(cursor *c, const marine_type *t, marine_value *out)
{
    riv_str text;
    switch (t->kind) {
    case MARINE_BOOL: return read_bool(c, out);
    case MARINE_F32:
    case MARINE_F64: return read_float(c, t->kind, out);
    case MARINE_BYTES:
    case MARINE_ARRAY: return read_array(c, t, out);
    case MARINE_RECORD: return read_record(c, &c->section->types[t->record], out);
    case MARINE_STRING:
        if (!read_string(c, &text)) return false;
        *out = marine__string(text);
        return true;
    default: return read_integer(c, t->kind, out);
    }
}

bool marine__args_from_text(const marine__args *in, riv_str text, marine_value **out)
{
    cursor        c    = { text.ptr, text.ptr + text.len, in->section, in->service };
    marine_value *args = room(&c, in->function->args_count, sizeof(marine_value));
    if (!text.len || !args || !read_fields(&c, in->function, args)) return false;
    skip_space(&c);
    *out = args;
    return c.at == c.end;
}

/* ---- writing ---- */

typedef struct writing {
    const marine__section *section;
    riv_fault             *fault;
    riv_buf               *out;
    size_t                 start;
} writing;

static riv_err write_value(writing *w, const marine_type *t, const marine_value *v);

/* Before at least so many bytes are written. */
static riv_err check_room(const writing *w, size_t bytes)
{
    size_t left = w->out->arena ? riv_arena_left(w->out->arena) : SIZE_MAX;
    if (w->out->len - w->start + bytes <= TEXT_BYTES_MAX && bytes <= left) return RIV_OK;
    return riv_fail(w->fault, RIV_E_LIMIT, 0, "result does not fit in the memory for it");
}

static riv_err mismatch(const writing *w, const marine_type *t, const marine_value *v)
{
    return riv_fail(w->fault, RIV_E_MALFORMED, 0, "result is %s where the interface says %s",
                    marine__kind_name(v->kind), marine__kind_name(t->kind));
}

static size_t put_u64(uint8_t *out, uint64_t v)
{
    uint8_t digits[20];
    size_t  at = sizeof digits;
    do digits[--at] = (uint8_t)('0' + v % 10);
    while (v /= 10);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

static size_t put_integer(uint8_t *out, const marine_value *v)
{
    bool minus = !(v->kind >= MARINE_U8 && v->kind <= MARINE_U64) && (int64_t)v->bits < 0;
    *out       = '-';
    return minus + put_u64(out + minus, minus ? 0 - v->bits : v->bits);
}

static void write_scalar(writing *w, const marine_value *v)
{
    if (v->kind == MARINE_BOOL) {
        riv_put_str(w->out, v->bits ? RIV_LIT("true") : RIV_LIT("false"));
    } else if (v->kind == MARINE_F32 || v->kind == MARINE_F64) {
        riv_json_write_f64(v->kind == MARINE_F32 ? (double)v->f32 : v->f64, w->out);
    } else {
        uint8_t *room = riv_buf_raw(w->out, NUMBER_BYTES);
        w->out->len -= NUMBER_BYTES - put_integer(room, v);
    }
}

/* "0," to "255,", each in four bytes. */
#define DIGIT(n) ((uint8_t)('0' + (n) % 10))
#define BYTE(n)                                                                                                        \
    {                                                                                                                  \
        (n) < 10    ? DIGIT(n)                                                                                         \
        : (n) < 100 ? DIGIT((n) / 10)                                                                                  \
                    : DIGIT((n) / 100),                                                                                \
            (n) < 10    ? ','                                                                                          \
            : (n) < 100 ? DIGIT(n)                                                                                     \
                        : DIGIT((n) / 10),                                                                             \
            (n) < 100 ? ',' : DIGIT(n), ','                                                                            \
    }
#define BYTES4(n)  BYTE(n), BYTE((n) + 1), BYTE((n) + 2), BYTE((n) + 3)
#define BYTES16(n) BYTES4(n), BYTES4((n) + 4), BYTES4((n) + 8), BYTES4((n) + 12)
#define BYTES64(n) BYTES16(n), BYTES16((n) + 16), BYTES16((n) + 32), BYTES16((n) + 48)
static const uint8_t byte_texts[256][4] = { BYTES64(0), BYTES64(64), BYTES64(128), BYTES64(192) };

static riv_err write_bytes(writing *w, riv_bytes bytes)
{
    RIV_TRY(check_room(w, 2 * bytes.len + 2));
    riv_put_u8(w->out, '[');
    for (size_t i = 0; i < bytes.len;) {
        size_t   stop = RIV_MIN(bytes.len, i + 4096);
        uint8_t *room = riv_buf_raw(w->out, 4 * (stop - i)), *at = room;
        w->out->len -= 4 * (stop - i);
        for (; i < stop; i++) {
            uint8_t b = bytes.ptr[i];
            memcpy(at, byte_texts[b], 4);
            at += 2 + (b > 9) + (b > 99);
        }
        w->out->len += (size_t)(at - room);
    }
    if (bytes.len) w->out->len--; /* the last comma */
    riv_put_u8(w->out, ']');
    return RIV_OK;
}

static riv_err write_numbers(writing *w, const marine_value *v)
{
    size_t count = marine__packed_count(v);
    riv_put_u8(w->out, '[');
    for (size_t i = 0; i < count; i++) {
        marine_value item = marine__packed_at(v, i);
        if (i % NUMBERS_AT_ONCE == 0)
            RIV_TRY(check_room(w, RIV_MIN(count - i, (size_t)NUMBERS_AT_ONCE) * NUMBER_BYTES));
        if (i) riv_put_u8(w->out, ',');
        write_scalar(w, &item);
    }
    riv_put_u8(w->out, ']');
    return RIV_OK;
}

static riv_err write_array(writing *w, const marine_type *t, const marine_value *v)
{
    if (marine__is_packed(v) && marine__element_kind(v) == t->element->kind) return write_numbers(w, v);
    if (v->kind != MARINE_ARRAY) return mismatch(w, t, v);
    riv_put_u8(w->out, '[');
    for (size_t i = 0; i < v->list.count; i++) {
        if (i) riv_put_u8(w->out, ',');
        RIV_TRY(write_value(w, t->element, &v->list.items[i]));
    }
    riv_put_u8(w->out, ']');
    return RIV_OK;
}

static riv_err write_record(writing *w, const marine_type *t, const marine_value *v)
{
    const marine__type *record = &w->section->types[t->record];
    if (v->kind != MARINE_RECORD || v->list.count != record->args_count) return mismatch(w, t, v);
    for (size_t i = 0; i < record->sorted_count; i++) {
        uint32_t field = record->sorted[i];
        riv_put_u8(w->out, i ? ',' : '{');
        riv_json_write_str(record->args[field].name, w->out);
        riv_put_u8(w->out, ':');
        RIV_TRY(write_value(w, &record->args[field].type, &v->list.items[field]));
    }
    riv_put_u8(w->out, '}');
    return RIV_OK;
}

static riv_err write_value(writing *w, const marine_type *t, const marine_value *v)
{
    RIV_TRY(check_room(w, NUMBER_BYTES));
    if (marine__is_bytes(t) && v->kind == MARINE_BYTES) return write_bytes(w, v->bytes);
    if (t->kind == MARINE_ARRAY) return write_array(w, t, v);
    if (t->kind == MARINE_RECORD) return write_record(w, t, v);
    if (t->kind != v->kind) return mismatch(w, t, v);
    if (t->kind == MARINE_STRING) {
        RIV_TRY(check_room(w, v->bytes.len + 2));
        riv_json_write_str(riv_bytes_str(v->bytes), w->out);
    } else {
        write_scalar(w, v);
    }
    return RIV_OK;
}

riv_err marine__value_to_text(const marine__section *section, const marine_type *type, const marine_value *v,
                              riv_fault *fault, riv_buf *out)
{
    writing w   = { section, fault, out, out->len };
    riv_err err = write_value(&w, type, v);
    if (err) out->len = w.start;
    return err;
}
