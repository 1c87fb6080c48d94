/* toml.c: TOML text to a JSON tree with the line and column of every key. The parsing is toml++'s, in toml.cpp.
 * Tests: toml_test.c, toml_fuzz.c. */
#include "host/toml.h"
#include "host/host.h"

enum { PLACE_BYTES_MAX = 256 };

typedef struct level { /* an open table or array */
    RIV_VEC(riv_json_member) members;
    riv_json_list items;
    riv_str       key; /* of the member that comes next */
} level;

typedef struct builder {
    riv_arena      *arena;
    riv_fault      *fault;
    riv_err         err;
    level           levels[HOST_TOML_DEPTH_MAX + 2];
    size_t          depth;
    const riv_json *root;
    RIV_VEC(host_place) places;
} builder;

static void add(builder *b, const riv_json *value)
{
    if (b->depth == 0) {
        b->root = value;
        return;
    }
    level *top = &b->levels[b->depth - 1];
    if (top->key.ptr)
        *riv_push(b->arena, &top->members) = (riv_json_member){ top->key, value };
    else
        riv_json_add(b->arena, &top->items, value);
}

static void on_open(void *ctx, bool table)
{
    builder *b = ctx;
    (void)table;
    RIV_ASSERT(b->depth < RIV_COUNT(b->levels));
    b->levels[b->depth++] = (level){ 0 };
}

static void on_close(void *ctx, bool table)
{
    builder *b   = ctx;
    level   *top = &b->levels[--b->depth];
    add(b, table ? riv_json_obj(b->arena, top->members.ptr, top->members.len)
                 : riv_json_arr(b->arena, top->items.ptr, top->items.len));
}

static void on_key(void *ctx, riv_str key, riv_str path, uint32_t line, uint32_t col)
{
    builder *b                  = ctx;
    b->levels[b->depth - 1].key = key.ptr ? riv_str_dup(b->arena, key) : (riv_str){ 0 };
    if (path.len > PLACE_BYTES_MAX) return; /* a long key above many others must not be copied for each */
    *riv_push(b->arena, &b->places) = (host_place){ riv_str_dup(b->arena, path), line, col };
}

static void on_text(void *ctx, riv_str v)
{
    builder *b = ctx;
    add(b, riv_json_str(b->arena, riv_str_dup(b->arena, v)));
}

static void on_integer(void *ctx, int64_t v)
{
    builder *b = ctx;
    add(b, riv_json_i64(b->arena, v));
}

static void on_number(void *ctx, double v)
{
    builder *b = ctx;
    add(b, riv_json_f64(b->arena, v));
}

static void on_boolean(void *ctx, bool v) { add(ctx, riv_json_bool(v)); }

static void on_error(void *ctx, riv_str what, uint32_t line, uint32_t col)
{
    builder *b = ctx;
    b->err     = riv_fail_code(b->fault, RIV_E_MALFORMED, line, col, RIV_FMT, RIV_ARG(what));
}

riv_err host_toml_parse(riv_str text, riv_arena *arena, riv_fault *fault, host_toml *out)
{
    size_t bad;
    if (text.len > HOST_TOML_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "a TOML document of %zu bytes (at most %d)", text.len,
                        HOST_TOML_BYTES_MAX);
    if (!riv_utf8_valid(riv_str_bytes(text), &bad)) {
        riv_line_col at = riv_line_col_of(riv_str_sub(text, 0, bad), bad);
        return riv_fail_code(fault, RIV_E_MALFORMED, at.line, at.col, "the text is not UTF-8");
    }
    builder  *b    = riv_new(arena, builder, 1);
    toml_sink sink = { b,          HOST_TOML_DEPTH_MAX, on_open,    on_key,   on_text,
                       on_integer, on_number,           on_boolean, on_close, on_error };
    b->arena       = arena;
    b->fault       = fault;
    if (!host__toml_walk(text, &sink))
        return b->err ? b->err
                      : riv_fail(fault, RIV_E_LIMIT, 0, "the TOML document is nested deeper than %d levels",
                                 HOST_TOML_DEPTH_MAX);
    *out = (host_toml){ b->root, b->places.ptr, b->places.len };
    return RIV_OK;
}

host_place host_toml_place(const host_toml *toml, riv_str path)
{
    for (size_t i = 0; i < toml->places_count; i++)
        if (riv_str_eq(toml->places[i].path, path)) return toml->places[i];
    return (host_place){ 0 };
}
