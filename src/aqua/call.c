/* call.c: `name("x", 42)` from a command line: reading it, and checking its values against a function.
 * Spec: docs/spec/aqua.md §11 (types). Tests: call_test.c. */
#include "aqua/aqua.h"

static bool is_letter(char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }

static bool is_word(char ch) { return is_letter(ch) || (ch >= '0' && ch <= '9') || ch == '_'; }

static size_t skip_space(riv_str text, size_t pos)
{
    while (pos < text.len &&
           (text.ptr[pos] == ' ' || text.ptr[pos] == '\t' || text.ptr[pos] == '\n' || text.ptr[pos] == '\r'))
        pos++;
    return pos;
}

/* The arguments are the inside of a JSON array: read as one, positions shifted back. */
static riv_err parse_args(riv_str text, size_t open, riv_arena *arena, riv_fault *fault, const riv_json **out)
{
    riv_fault inner = { 0 };
    riv_str   body  = riv_str_sub(text, open + 1, text.len - 1);
    riv_str   array = riv_format(arena, "[" RIV_FMT "]", RIV_ARG(body));
    riv_err   err   = riv_json_parse(array, arena, &inner, out);
    if (err)
        return riv_fail(fault, err, open + inner.pos, "arguments must be JSON values, texts between double quotes: %s",
                        inner.msg);
    return RIV_OK;
}

riv_err aqua_call_parse(riv_str text, riv_arena *arena, riv_fault *fault, aqua_call *out)
{
    size_t start = skip_space(text, 0), end = start;
    if (start == text.len || !is_letter(text.ptr[start]))
        return riv_fail(fault, RIV_E_MALFORMED, start, "expected a function's name, as in main(\"x\", 42)");
    while (end < text.len && is_word(text.ptr[end])) end++;
    size_t open = skip_space(text, end);
    if (open == text.len || text.ptr[open] != '(')
        return riv_fail(fault, RIV_E_MALFORMED, open, "expected `(` after the function's name");
    while (text.len > open && skip_space(text, text.len - 1) == text.len) text.len--;
    if (text.ptr[text.len - 1] != ')')
        return riv_fail(fault, RIV_E_MALFORMED, text.len, "expected `)` at the end of the call");
    const riv_json *args = NULL;
    RIV_TRY(parse_args(text, open, arena, fault, &args));
    *out = (aqua_call){ riv_str_dup(arena, riv_str_sub(text, start, end)), args };
    return RIV_OK;
}

/* ---- checks ---- */

static bool is_tag(const riv_json *type, const char *name)
{
    const riv_json *tag = riv_json_get(type, RIV_LIT("tag"));
    return tag && tag->kind == RIV_JSON_STR && riv_str_eq(tag->str, riv_str_c(name));
}

static riv_str text_at(const riv_json *type, const char *key)
{
    const riv_json *v = riv_json_get(type, riv_str_c(key));
    return v && v->kind == RIV_JSON_STR ? v->str : RIV_LIT("");
}

static void put_type(riv_buf *out, const riv_json *type)
{
    const riv_json *elem = riv_json_get(type, RIV_LIT("type"));
    if (is_tag(type, "array") || is_tag(type, "option")) {
        riv_put_str(out, is_tag(type, "array") ? RIV_LIT("[]") : RIV_LIT("?"));
        put_type(out, elem);
    } else if (is_tag(type, "scalar") || is_tag(type, "struct")) {
        riv_put_str(out, text_at(type, "name"));
    } else if (is_tag(type, "arrow")) {
        riv_put_str(out, RIV_LIT("a function"));
    } else {
        riv_put_str(out, RIV_LIT("anything"));
    }
}

static const struct {
    const char *name;
    int64_t     min;
    uint64_t    max;
} integers[] = {
    { "u8", 0, UINT8_MAX },          { "u16", 0, UINT16_MAX },        { "u32", 0, UINT32_MAX },
    { "u64", 0, UINT64_MAX },        { "i8", INT8_MIN, INT8_MAX },    { "i16", INT16_MIN, INT16_MAX },
    { "i32", INT32_MIN, INT32_MAX }, { "i64", INT64_MIN, INT64_MAX },
};

static bool fits_scalar(riv_str name, const riv_json *v)
{
    if (riv_str_eq(name, RIV_LIT("string"))) return v->kind == RIV_JSON_STR;
    if (riv_str_eq(name, RIV_LIT("bool"))) return v->kind == RIV_JSON_BOOL;
    for (size_t i = 0; i < RIV_COUNT(integers); i++) {
        if (!riv_str_eq(name, riv_str_c(integers[i].name))) continue;
        return v->kind == RIV_JSON_U64 ? v->u64 <= integers[i].max
                                       : v->kind == RIV_JSON_I64 && v->i64 >= integers[i].min;
    }
    return v->kind == RIV_JSON_U64 || v->kind == RIV_JSON_I64 || v->kind == RIV_JSON_F64;
}

typedef struct check {
    riv_fault *fault;
    riv_str    param;
    size_t     index;
    riv_buf    at;
} check; /* at: path to the value, as .a[0] */

static riv_err mismatch(check *k, const riv_json *type, const riv_json *v)
{
    riv_buf wanted = { 0 }, given = { 0 };
    put_type(&wanted, type);
    riv_json_write(v, &given);
    riv_str shown = riv_str_sub(riv_buf_str(&given), 0, 40);
    riv_err err =
        riv_fail(k->fault, RIV_E_MALFORMED, k->index,
                 "argument " RIV_FMT RIV_FMT " must be " RIV_FMT ", not " RIV_FMT " (%s)", RIV_ARG(k->param),
                 RIV_ARG(riv_buf_str(&k->at)), RIV_ARG(riv_buf_str(&wanted)), RIV_ARG(shown), riv_json_kind_name(v));
    riv_buf_free(&wanted);
    riv_buf_free(&given);
    return err;
}

static riv_err check_type(check *k, const riv_json *type, const riv_json *v);

static riv_err check_items(check *k, const riv_json *elem, const riv_json *v)
{
    for (size_t i = 0; i < v->arr.count; i++) {
        size_t mark = k->at.len;
        riv_putf(&k->at, "[%zu]", i);
        RIV_TRY(check_type(k, elem, v->arr.items[i]));
        k->at.len = mark;
    }
    return RIV_OK;
}

static riv_err check_fields(check *k, const riv_json *type, const riv_json *v)
{
    const riv_json *fields = riv_json_get(type, RIV_LIT("fields"));
    if (v->kind != RIV_JSON_OBJ || !fields) return mismatch(k, type, v);
    for (size_t i = 0; i < fields->obj.count; i++) {
        const riv_json_member *f        = &fields->obj.members[i];
        const riv_json        *given    = riv_json_get(v, f->key);
        bool                   may_miss = is_tag(f->value, "option");
        size_t                 mark     = k->at.len;
        riv_putf(&k->at, "." RIV_FMT, RIV_ARG(f->key));
        if (!given && !may_miss)
            return riv_fail(k->fault, RIV_E_MALFORMED, k->index, "argument " RIV_FMT RIV_FMT " is missing",
                            RIV_ARG(k->param), RIV_ARG(riv_buf_str(&k->at)));
        if (given) RIV_TRY(check_type(k, f->value, given));
        k->at.len = mark;
    }
    return RIV_OK;
}

static riv_err check_type(check *k, const riv_json *type, const riv_json *v)
{
    const riv_json *elem = riv_json_get(type, RIV_LIT("type"));
    if (is_tag(type, "scalar")) return fits_scalar(text_at(type, "name"), v) ? RIV_OK : mismatch(k, type, v);
    if (is_tag(type, "array")) return v->kind == RIV_JSON_ARR ? check_items(k, elem, v) : mismatch(k, type, v);
    if (is_tag(type, "option")) {
        if (v->kind == RIV_JSON_NULL) return RIV_OK;
        if (v->kind != RIV_JSON_ARR) return check_type(k, elem, v);
        return v->arr.count <= 1 ? check_items(k, elem, v) : mismatch(k, type, v);
    }
    if (is_tag(type, "struct")) return check_fields(k, type, v);
    return RIV_OK;
}

riv_err aqua_call_check(const aqua_func *func, const riv_json *args, riv_fault *fault)
{
    riv_str name = func->name;
    if (!args || args->kind != RIV_JSON_ARR)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "arguments of " RIV_FMT " must be an array", RIV_ARG(name));
    size_t given = args->arr.count, at = 0, wanted = 0;
    for (size_t i = 0; i < func->params_count; i++) wanted += !func->params[i].is_arrow;
    if (given != wanted)
        return riv_fail(fault, RIV_E_MALFORMED, 0, RIV_FMT " takes %zu argument%s, %zu given: " RIV_FMT, RIV_ARG(name),
                        wanted, wanted == 1 ? "" : "s", given, RIV_ARG(func->signature));
    for (size_t i = 0; i < func->params_count; i++) {
        if (func->params[i].is_arrow) continue; /* callbacks are served by the caller, not given as values */
        check   k   = { .fault = fault, .param = func->params[i].name, .index = at };
        riv_err err = check_type(&k, func->params[i].type, args->arr.items[at++]);
        riv_buf_free(&k.at);
        if (err) return err;
    }
    return RIV_OK;
}
