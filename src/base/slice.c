/* slice.c: views of texts and bytes, and faults. */
#include "base/base.h"

#include <stdio.h>

riv_str riv_str_c(const char *text) { return (riv_str){ text, text ? strlen(text) : 0 }; }

static bool same(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static int order(const void *a, size_t a_len, const void *b, size_t b_len)
{
    size_t len = RIV_MIN(a_len, b_len);
    int    c   = len ? memcmp(a, b, len) : 0;
    return c ? c : (a_len > b_len) - (a_len < b_len);
}

bool riv_str_eq(riv_str a, riv_str b) { return same(a.ptr, a.len, b.ptr, b.len); }

int riv_str_cmp(riv_str a, riv_str b) { return order(a.ptr, a.len, b.ptr, b.len); }

bool riv_bytes_eq(riv_bytes a, riv_bytes b) { return same(a.ptr, a.len, b.ptr, b.len); }

int riv_bytes_cmp(riv_bytes a, riv_bytes b) { return order(a.ptr, a.len, b.ptr, b.len); }

bool riv_str_starts(riv_str s, riv_str prefix)
{
    return s.len >= prefix.len && same(s.ptr, prefix.len, prefix.ptr, prefix.len);
}

bool riv_str_ends(riv_str s, riv_str suffix)
{
    return s.len >= suffix.len && riv_str_eq(riv_str_sub(s, s.len - suffix.len, s.len), suffix);
}

size_t riv_str_find(riv_str s, riv_str what, size_t from)
{
    if (!what.len) return from <= s.len ? from : SIZE_MAX;
    for (size_t i = from; i <= s.len && s.len - i >= what.len; i++)
        if (same(s.ptr + i, what.len, what.ptr, what.len)) return i;
    return SIZE_MAX;
}

size_t riv_str_find_char(riv_str s, char c, size_t from)
{
    const char *at = from < s.len ? memchr(s.ptr + from, c, s.len - from) : NULL;
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

riv_str riv_str_sub(riv_str s, size_t from, size_t to)
{
    if (to > s.len) to = s.len;
    if (from >= to) return (riv_str){ s.len ? s.ptr + RIV_MIN(from, s.len) : s.ptr, 0 };
    return (riv_str){ s.ptr + from, to - from };
}

riv_bytes riv_bytes_sub(riv_bytes b, size_t from, size_t to)
{
    return riv_str_bytes(riv_str_sub(riv_bytes_str(b), from, to));
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

riv_str riv_str_trim(riv_str s)
{
    size_t from = 0, to = s.len;
    while (from < to && is_space(s.ptr[from])) from++;
    while (to > from && is_space(s.ptr[to - 1])) to--;
    return riv_str_sub(s, from, to);
}

riv_bytes riv_str_bytes(riv_str s) { return (riv_bytes){ (const uint8_t *)s.ptr, s.len }; }

riv_str riv_bytes_str(riv_bytes b) { return (riv_str){ (const char *)b.ptr, b.len }; }

bool riv_str_u64(riv_str s, uint64_t *out)
{
    uint64_t v = 0;
    if (!s.len) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.ptr[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

/* ---- faults ---- */

/* Control characters of two bytes (U+009B begins a sequence as ESC [ does) and those that turn the writing direction, as spaces. */
static void tame(char *text, size_t len)
{
    const uint8_t *b = (const uint8_t *)text;
    for (size_t i = 0; i < len; i++) {
        size_t bytes = 0;
        if (b[i] == 0x7f) bytes = 1;
        if (i + 1 < len && b[i] == 0xc2 && b[i + 1] < 0xa0) bytes = 2;
        if (i + 2 < len && b[i] == 0xe2 && b[i + 1] == 0x80 && b[i + 2] >= 0xaa && b[i + 2] <= 0xae) bytes = 3;
        if (i + 2 < len && b[i] == 0xe2 && b[i + 1] == 0x81 && b[i + 2] >= 0xa6 && b[i + 2] <= 0xa9) bytes = 3;
        memset(text + i, ' ', bytes);
    }
}

static void fill(riv_fault *fault, riv_err err, uint32_t code, uint64_t pos, const char *format, va_list args)
{
    if (!fault || fault->err) return;
    fault->err  = err;
    fault->code = code;
    fault->pos  = pos;
    int    want = vsnprintf(fault->msg, sizeof fault->msg, format, args);
    size_t len  = strlen(fault->msg);
    if (want >= 0 && (size_t)want > len) /* cut: not in the middle of a character */
        while (len && ((uint8_t)fault->msg[len - 1] & 0xc0) == 0x80) len--;
    if (want >= 0 && (size_t)want > len && len && (uint8_t)fault->msg[len - 1] >= 0xc0) len--;
    fault->msg[len] = 0;
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)fault->msg[i] < 0x20) fault->msg[i] = ' ';
    size_t from = 0, bad; /* messages quote foreign bytes, and names cut anywhere */
    while (!riv_utf8_valid((riv_bytes){ (uint8_t *)fault->msg + from, len - from }, &bad)) {
        fault->msg[from + bad] = '?';
        from += bad + 1;
    }
    tame(fault->msg, len);
}

riv_err riv_fail(riv_fault *fault, riv_err err, uint64_t pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(fault, err, 0, pos, format, args);
    va_end(args);
    return err;
}

riv_err riv_fail_code(riv_fault *fault, riv_err err, uint32_t code, uint64_t pos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(fault, err, code, pos, format, args);
    va_end(args);
    return err;
}

const char *riv_err_name(riv_err err)
{
    switch (err) {
    case RIV_OK: return "ok";
    case RIV_MORE: return "more bytes needed";
    case RIV_E_MALFORMED: return "malformed";
    case RIV_E_LIMIT: return "limit";
    case RIV_E_UNSUPPORTED: return "unsupported";
    case RIV_E_CONFLICT: return "conflict";
    case RIV_E_DENIED: return "denied";
    case RIV_E_EXPIRED: return "expired";
    case RIV_E_NOT_FOUND: return "not found";
    case RIV_E_IO: return "input/output";
    }
    RIV_UNREACHABLE();
}
