/* doc.c: a configuration in TOML, read key by key: a key that is unknown or of the wrong kind is an error with its place and the
 * nearest key. Contract: host.h. Tests: service_toml_test.c, src/cli/config_test.c. */
#define _GNU_SOURCE
#include "host/internal.h"

enum { FRACTION_DIGITS_MAX = 9 };

riv_err host_doc_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, host_doc *out)
{
    riv_fault cause = { 0 };
    host_doc  made  = { .path = path, .arena = arena, .fault = fault };
    riv_err   err   = host_toml_parse(text, arena, &cause, &made.toml);
    if (err == RIV_E_MALFORMED)
        return riv_fail(fault, err, 0, RIV_FMT ":%u:%llu: %s", RIV_ARG(path), cause.code, (unsigned long long)cause.pos,
                        cause.msg);
    if (err) return riv_fail(fault, err, 0, RIV_FMT ": %s", RIV_ARG(path), cause.msg);
    *out = made;
    return RIV_OK;
}

riv_err host_doc_fail(host_doc *d, riv_str key_path, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str    text = riv_vformat(d->arena, format, args);
    host_place at   = host_toml_place(&d->toml, key_path);
    va_end(args);
    if (at.line == 0) /* what is missing has no place */
        return riv_fail(d->fault, RIV_E_MALFORMED, 0, RIV_FMT ": " RIV_FMT, RIV_ARG(d->path), RIV_ARG(text));
    return riv_fail(d->fault, RIV_E_MALFORMED, 0, RIV_FMT ":%u:%u: " RIV_FMT, RIV_ARG(d->path), at.line, at.col,
                    RIV_ARG(text));
}

riv_str host_doc_sub(host_doc *d, riv_str base, riv_str key)
{
    return base.len ? riv_format(d->arena, RIV_FMT "." RIV_FMT, RIV_ARG(base), RIV_ARG(key)) : key;
}

riv_err host_doc_keys(host_doc *d, const riv_json *table, riv_str base, const char *where, const riv_str *keys,
                      size_t count)
{
    for (size_t i = 0; i < table->obj.count; i++) {
        riv_str key  = table->obj.members[i].key;
        bool    good = false;
        for (size_t k = 0; k < count; k++) good = good || riv_str_eq(key, keys[k]);
        if (good) continue;
        size_t near = riv_nearest(key, keys, count);
        if (near == SIZE_MAX)
            return host_doc_fail(d, host_doc_sub(d, base, key), "unknown key '" RIV_FMT "' in %s", RIV_ARG(key), where);
        return host_doc_fail(d, host_doc_sub(d, base, key),
                             "unknown key '" RIV_FMT "' in %s; did you mean '" RIV_FMT "'?", RIV_ARG(key), where,
                             RIV_ARG(keys[near]));
    }
    return RIV_OK;
}

/* ---- values ---- */

static riv_str at(host_doc *d, riv_str base, const char *key) { return host_doc_sub(d, base, riv_str_c(key)); }

riv_err host_doc_text(host_doc *d, const riv_json *table, riv_str base, const char *key, riv_str *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_STR)
        return host_doc_fail(d, at(d, base, key), "'%s' is a text, not a %s", key, riv_json_kind_name(v));
    *out = v->str;
    return RIV_OK;
}

riv_err host_doc_texts(host_doc *d, const riv_json *table, riv_str base, const char *key, const riv_str **out,
                       size_t *count)
{
    const riv_json *v     = riv_json_get(table, riv_str_c(key));
    RIV_VEC(riv_str) list = { 0 };
    if (!v) return RIV_OK;
    if (v->kind == RIV_JSON_STR)
        *riv_push(d->arena, &list) = v->str;
    else if (v->kind != RIV_JSON_ARR)
        return host_doc_fail(d, at(d, base, key), "'%s' is a list of texts, not a %s", key, riv_json_kind_name(v));
    for (size_t i = 0; v->kind == RIV_JSON_ARR && i < v->arr.count; i++) {
        if (v->arr.items[i]->kind != RIV_JSON_STR)
            return host_doc_fail(d, at(d, base, key), "'%s' is a list of texts; item %zu is a %s", key, i + 1,
                                 riv_json_kind_name(v->arr.items[i]));
        *riv_push(d->arena, &list) = v->arr.items[i]->str;
    }
    *out   = list.ptr;
    *count = list.len;
    return RIV_OK;
}

riv_err host_doc_bool(host_doc *d, const riv_json *table, riv_str base, const char *key, bool *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_BOOL) return host_doc_fail(d, at(d, base, key), "'%s' is true or false", key);
    *out = v->boolean;
    return RIV_OK;
}

riv_err host_doc_number(host_doc *d, const riv_json *table, riv_str base, const char *key, uint64_t max, uint64_t *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_U64 || v->u64 == 0 || v->u64 > max)
        return host_doc_fail(d, at(d, base, key), "'%s' is a whole number from 1 to %llu", key,
                             (unsigned long long)max);
    *out = v->u64;
    return RIV_OK;
}

riv_err host_doc_size(host_doc *d, const riv_json *table, riv_str base, const char *key, uint64_t *out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    uint64_t        bytes;
    if (!v) return RIV_OK;
    if (v->kind == RIV_JSON_U64 && v->u64 > 0) return *out = v->u64, RIV_OK;
    if (v->kind == RIV_JSON_STR && !host_size_parse(v->str, &bytes) && bytes > 0) return *out = bytes, RIV_OK;
    return host_doc_fail(d, at(d, base, key), "'%s' is a size such as 1000000 or \"64 MiB\"", key);
}

riv_err host_doc_table(host_doc *d, const riv_json *table, riv_str base, const char *key, const riv_json **out)
{
    const riv_json *v = riv_json_get(table, riv_str_c(key));
    if (!v) return RIV_OK;
    if (v->kind != RIV_JSON_OBJ)
        return host_doc_fail(d, at(d, base, key), "'%s' is a table, not a %s", key, riv_json_kind_name(v));
    *out = v;
    return RIV_OK;
}

/* An environment cannot hold a NUL, nor can a path. */
riv_err host_doc_pairs(host_doc *d, const riv_json *table, riv_str base, const char *key, const marine_pair **out,
                       size_t *count)
{
    const riv_json *v = NULL;
    RIV_TRY(host_doc_table(d, table, base, key, &v));
    if (!v) return RIV_OK;
    marine_pair *pairs = riv_new(d->arena, marine_pair, v->obj.count + 1);
    for (size_t i = 0; i < v->obj.count; i++) {
        const riv_json_member *m = &v->obj.members[i];
        riv_str                p = host_doc_sub(d, at(d, base, key), m->key);
        if (m->value->kind != RIV_JSON_STR)
            return host_doc_fail(d, p, "'" RIV_FMT "' in '%s' is a text, not a %s", RIV_ARG(m->key), key,
                                 riv_json_kind_name(m->value));
        if (riv_str_find_char(m->key, '\0', 0) != SIZE_MAX || riv_str_find_char(m->value->str, '\0', 0) != SIZE_MAX)
            return host_doc_fail(d, p, "'%s' holds a text with a NUL inside", key);
        pairs[i] = (marine_pair){ m->key, m->value->str };
    }
    *out   = pairs;
    *count = v->obj.count;
    return RIV_OK;
}

/* ---- sizes ---- */

bool host__same_word(riv_str a, riv_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.ptr[i], y = b.ptr[i];
        if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
        if (x != y) return false;
    }
    return true;
}

/* SPEC marine.md 7: kB/MB are powers of 1000, KiB/MiB of 1024. Capitals do not matter; "1.5 GiB" is cut to whole bytes. */
riv_err host_size_parse(riv_str text, uint64_t *bytes)
{
    static const struct {
        const char *unit, *letter;
        uint64_t    factor;
    } units[] = {
        { "", "b", 1 },           { "kib", "ki", 1 << 10 },           { "mib", "mi", 1 << 20 },
        { "gib", "gi", 1 << 30 }, { "tib", "ti", UINT64_C(1) << 40 }, { "kb", "k", 1000 },
        { "mb", "m", 1000000 },   { "gb", "g", 1000000000 },          { "tb", "t", UINT64_C(1000000000000) },
    };
    size_t   digits = 0, end;
    uint64_t whole, part = 0, scale = 1, v;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    if (!riv_str_u64(riv_str_sub(text, 0, digits), &whole)) return RIV_E_MALFORMED;
    end = digits;
    if (end < text.len && text.ptr[end] == '.') {
        for (end++; end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9'; end++) scale *= 10;
        if (end - digits - 1 > FRACTION_DIGITS_MAX || !riv_str_u64(riv_str_sub(text, digits + 1, end), &part))
            return RIV_E_MALFORMED;
    }
    riv_str unit = riv_str_trim(riv_str_sub(text, end, text.len));
    for (size_t i = 0; i < RIV_COUNT(units); i++) {
        if (!host__same_word(unit, riv_str_c(units[i].unit)) && !host__same_word(unit, riv_str_c(units[i].letter)))
            continue;
        if (__builtin_mul_overflow(whole, units[i].factor, &v)) return RIV_E_LIMIT;
        uint64_t more = (uint64_t)((double)part / (double)scale * (double)units[i].factor);
        if (__builtin_add_overflow(v, more, &v)) return RIV_E_LIMIT;
        *bytes = v;
        return RIV_OK;
    }
    return RIV_E_MALFORMED;
}
