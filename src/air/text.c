/* text.c: the tree as text: scripts for people, single instructions as error objects show them, and the `ast` JSON.
 * No recursion: trees may be AIR_DEPTH_MAX deep.
 * Spec: docs/spec/air.md 1.2, 4.6. Tests: text_test.c, parse_fuzz.c, tests/conform/avm/grammar.mjs. */
#include "air/internal.h"

enum { INDENT_LEVELS_MAX = 40 }; /* deeper lines keep this indentation: long chains would else grow quadratically */

/* ---- values ---- */

static void put_lambda(riv_buf *out, const air_lambda *lambda)
{
    if (lambda->is_length) riv_put_str(out, RIV_LIT(".length"));
    for (size_t i = 0; i < lambda->accessors_count; i++) {
        const air_accessor *a = &lambda->accessors[i];
        riv_put_str(out, i ? RIV_LIT(".") : RIV_LIT(".$."));
        switch (a->kind) {
        case AIR_FIELD_NAME: riv_put_str(out, a->name); break;
        case AIR_ARRAY_INDEX: riv_putf(out, "[%u]", a->index); break;
        case AIR_FIELD_BY_SCALAR: riv_putf(out, "[" RIV_FMT "]", RIV_ARG(a->name)); break;
        }
    }
}

riv_str air_lambda_text(const air_lambda *lambda, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    put_lambda(&out, lambda);
    return riv_buf_str(&out);
}

/* The shortest digits that read back as v, never with an exponent, as Rust shows numbers: "1", "0.5", "-0". */
static void put_plain_float(riv_buf *out, double v)
{
    riv_buf  text   = { 0 };
    riv_json number = { .kind = RIV_JSON_F64, .f64 = v };
    riv_json_write(&number, &text);
    riv_str s = riv_buf_str(&text);
    if (riv_str_starts(s, RIV_LIT("-"))) {
        riv_put_u8(out, '-');
        s = riv_str_sub(s, 1, s.len);
    }
    /* digits, where the point stands among them, and the exponent that moves it */
    char    digits[32];
    size_t  count = 0, i = 0;
    int64_t point = 0, exponent = 0;
    bool    after = false;
    for (; i < s.len && s.ptr[i] != 'e'; i++) {
        if (s.ptr[i] == '.') {
            after = true;
            continue;
        }
        RIV_ASSERT(count < sizeof digits);
        digits[count++] = s.ptr[i];
        if (!after) point++;
    }
    if (i < s.len) {
        bool     negative = s.ptr[i + 1] == '-';
        uint64_t e        = 0;
        i += negative || s.ptr[i + 1] == '+' ? 2 : 1;
        RIV_ASSERT(riv_str_u64(riv_str_sub(s, i, s.len), &e));
        exponent = negative ? -(int64_t)e : (int64_t)e;
    }
    riv_buf_free(&text);
    point += exponent;
    while (count > 1 && digits[count - 1] == '0' && (int64_t)count > point) count--;
    if (point <= 0) riv_put_u8(out, '0');
    for (int64_t k = 0; k < point; k++) riv_put_u8(out, k < (int64_t)count ? (uint8_t)digits[k] : '0');
    if ((int64_t)count <= point || (count == 1 && digits[0] == '0')) return;
    riv_put_u8(out, '.');
    for (int64_t k = RIV_MIN(point, 0); k < (int64_t)count; k++)
        if (k < 0 || k >= point) riv_put_u8(out, k < 0 ? '0' : (uint8_t)digits[k]);
}

/* as_source: a float keeps a dot, so that it is read back as one; else as in error objects, where 1.0 shows as 1. */
static void put_value(riv_buf *out, const air_value *v, bool as_source)
{
    switch (v->kind) {
    case AIR_INIT_PEER_ID: riv_put_str(out, RIV_LIT("%init_peer_id%")); break;
    case AIR_LAST_ERROR: riv_put_str(out, RIV_LIT("%last_error%")); break;
    case AIR_ERROR: riv_put_str(out, RIV_LIT(":error:")); break;
    case AIR_LITERAL: riv_putf(out, "\"" RIV_FMT "\"", RIV_ARG(v->text)); break;
    case AIR_TIMESTAMP: riv_put_str(out, RIV_LIT("%timestamp%")); break;
    case AIR_TTL: riv_put_str(out, RIV_LIT("%ttl%")); break;
    case AIR_INT: riv_putf(out, "%lld", (long long)v->i64); break;
    case AIR_FLOAT: {
        size_t start = out->len;
        put_plain_float(out, v->f64);
        riv_str text = riv_str_sub(riv_buf_str(out), start, out->len);
        if (as_source && riv_str_find_char(text, '.', 0) == SIZE_MAX)
            riv_put_str(out, text.len <= 9 ? RIV_LIT(".0") : RIV_LIT("."));
        break;
    }
    case AIR_BOOL: riv_put_str(out, v->boolean ? RIV_LIT("true") : RIV_LIT("false")); break;
    case AIR_EMPTY_ARRAY: riv_put_str(out, RIV_LIT("[]")); break;
    case AIR_VARIABLE: riv_put_str(out, v->var.name); break;
    }
    put_lambda(out, &v->lambda);
}

void air_put_value(riv_buf *out, const air_value *v) { put_value(out, v, true); }

/* ---- instructions: the head of one, without brackets and kids ---- */

static void put_call(riv_buf *out, const air_node *n, bool as_source)
{
    put_value(out, &n->peer, as_source);
    riv_put_str(out, RIV_LIT(" ("));
    put_value(out, &n->service, as_source);
    riv_put_u8(out, ' ');
    put_value(out, &n->function, as_source);
    riv_put_str(out, RIV_LIT(") ["));
    for (size_t i = 0; i < n->args_count; i++) {
        if (i) riv_put_u8(out, ' ');
        put_value(out, &n->args[i], as_source);
    }
    riv_put_u8(out, ']');
    /* SPEC air.md 4.6: "with a blank after `]` when there is no output" */
    if (n->has_out || !as_source) riv_put_u8(out, ' ');
    if (n->has_out) riv_put_str(out, n->out.name);
}

static void put_ap(riv_buf *out, const air_node *n, bool as_source)
{
    if (n->has_key) {
        riv_put_u8(out, '(');
        put_value(out, &n->key, as_source);
        riv_put_u8(out, ' ');
    }
    put_value(out, &n->value[0], as_source);
    riv_putf(out, "%s " RIV_FMT, n->has_key ? ")" : "", RIV_ARG(n->out.name));
}

static void put_operands(riv_buf *out, const air_node *n, bool as_source)
{
    switch (n->kind) {
    case AIR_CALL: put_call(out, n, as_source); break;
    case AIR_AP: put_ap(out, n, as_source); break;
    case AIR_CANON:
        put_value(out, &n->peer, as_source);
        riv_putf(out, " " RIV_FMT " " RIV_FMT, RIV_ARG(n->source.name), RIV_ARG(n->out.name));
        break;
    case AIR_MATCH:
    case AIR_MISMATCH:
        put_value(out, &n->value[0], as_source);
        riv_put_u8(out, ' ');
        put_value(out, &n->value[1], as_source);
        break;
    case AIR_FOLD:
        put_value(out, &n->value[0], as_source);
        riv_putf(out, " " RIV_FMT, RIV_ARG(n->out.name));
        break;
    case AIR_NEXT:
    case AIR_NEW: riv_put_str(out, n->out.name); break;
    case AIR_FAIL:
        put_value(out, &n->value[0], as_source);
        if (n->value[0].kind != AIR_INT) break;
        riv_put_u8(out, ' ');
        put_value(out, &n->value[1], as_source);
        break;
    case AIR_SEQ:
    case AIR_PAR:
    case AIR_XOR:
    case AIR_NULL:
    case AIR_NEVER: break;
    case AIR_KINDS: RIV_UNREACHABLE();
    }
}

static bool has_operands(air_kind kind)
{
    return kind != AIR_SEQ && kind != AIR_PAR && kind != AIR_XOR && kind != AIR_NULL && kind != AIR_NEVER;
}

static void put_head(riv_buf *out, const air_node *n, bool as_source)
{
    riv_put_str(out, riv_str_c(air_keyword(n->kind)));
    if (!has_operands(n->kind)) return;
    riv_put_u8(out, ' ');
    put_operands(out, n, as_source);
}

riv_str air_instruction_text(const air_node *node, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    put_head(&out, node, false);
    return riv_buf_str(&out);
}

/* ---- walking a tree without recursion ---- */

typedef struct step {
    const air_node *node;
    size_t          next_kid;
} step;
typedef struct walk {
    RIV_VEC(step) open;
} walk;

static void walk_into(walk *w, riv_arena *arena, const air_node *n) { *riv_push(arena, &w->open) = (step){ n, 0 }; }

/* The kid of the innermost open node that comes next; NULL: it has no more. */
static const air_node *walk_kid(walk *w)
{
    step *s = &w->open.ptr[w->open.len - 1];
    if (s->next_kid == 2) return NULL;
    return s->node->kid[s->next_kid++];
}

/* ---- scripts ---- */

static void put_line_start(riv_buf *out, size_t level)
{
    for (size_t i = 0; i < RIV_MIN(level, (size_t)INDENT_LEVELS_MAX); i++) riv_put_str(out, RIV_LIT("  "));
}

static void open_line(riv_buf *out, const air_node *n, size_t level)
{
    put_line_start(out, level);
    riv_put_u8(out, '(');
    put_head(out, n, true);
    riv_put_str(out, n->kid[0] ? RIV_LIT("\n") : RIV_LIT(")\n"));
}

void air_print(const air_node *node, riv_buf *out)
{
    riv_arena *arena = riv_arena_new(0);
    walk       w     = { 0 };
    open_line(out, node, 0);
    if (node->kid[0]) walk_into(&w, arena, node);
    while (w.open.len) {
        const air_node *kid = walk_kid(&w);
        if (!kid) {
            w.open.len--;
            put_line_start(out, w.open.len);
            riv_put_str(out, RIV_LIT(")\n"));
            continue;
        }
        open_line(out, kid, w.open.len);
        if (kid->kid[0]) walk_into(&w, arena, kid);
    }
    riv_arena_free(arena);
}

/* ---- JSON in the shape of the original's `ast` ---- */

static const riv_json *wrap(riv_arena *a, const char *name, const riv_json *v)
{
    return riv_json_object(a, name, v, NULL);
}

static const riv_json *lambda_json(riv_arena *a, const air_lambda *l)
{
    if (l->is_length) return wrap(a, "Functor", riv_json_strc(a, "Length"));
    if (!l->accessors_count) return riv_json_null();
    riv_json_list list = { 0 };
    for (size_t i = 0; i < l->accessors_count; i++) {
        const air_accessor *x = &l->accessors[i];
        switch (x->kind) {
        case AIR_FIELD_NAME:
            riv_json_add(a, &list, wrap(a, "FieldAccessByName", wrap(a, "field_name", riv_json_str(a, x->name))));
            break;
        case AIR_ARRAY_INDEX:
            riv_json_add(a, &list, wrap(a, "ArrayAccess", wrap(a, "idx", riv_json_u64(a, x->index))));
            break;
        case AIR_FIELD_BY_SCALAR:
            riv_json_add(a, &list, wrap(a, "FieldAccessByScalar", wrap(a, "scalar_name", riv_json_str(a, x->name))));
            break;
        }
    }
    return wrap(a, "ValuePath", riv_json_arr(a, list.ptr, list.len));
}

static bool has_lambda(const air_lambda *l) { return l->is_length || l->accessors_count; }

/* {name, position} or {name, lambda, position} */
static const riv_json *var_json(riv_arena *a, const air_var *v, const air_lambda *l)
{
    return riv_json_object(a, "name", riv_json_str(a, v->name), "position", riv_json_u64(a, v->pos), "lambda",
                           l && has_lambda(l) ? lambda_json(a, l) : NULL, NULL);
}

static const char *var_kind_name(air_var_kind kind, bool lambda)
{
    switch (kind) {
    case AIR_VAR_SCALAR: return lambda ? "ScalarWithLambda" : "Scalar";
    case AIR_VAR_STREAM: return "Stream";
    case AIR_VAR_MAP: return "StreamMap";
    case AIR_VAR_CANON: return lambda ? "CanonStreamWithLambda" : "CanonStream";
    case AIR_VAR_CANON_MAP: return lambda ? "CanonStreamMapWithLambda" : "CanonStreamMap";
    }
    RIV_UNREACHABLE();
}

/* {"Scalar": {name, position}} and its like */
static const riv_json *tagged_var_json(riv_arena *a, const air_var *v, const air_lambda *l)
{
    return wrap(a, var_kind_name(v->kind, l && has_lambda(l)), var_json(a, v, l));
}

/* nested: VALUE puts variables one level deeper than all other places. */
static const riv_json *value_json(riv_arena *a, const air_value *v, bool nested)
{
    switch (v->kind) {
    case AIR_INIT_PEER_ID: return riv_json_strc(a, "InitPeerId");
    case AIR_LAST_ERROR: return wrap(a, "LastError", lambda_json(a, &v->lambda));
    case AIR_ERROR: return wrap(a, "Error", wrap(a, "lens", lambda_json(a, &v->lambda)));
    case AIR_LITERAL: return wrap(a, "Literal", riv_json_str(a, v->text));
    case AIR_TIMESTAMP: return riv_json_strc(a, "Timestamp");
    case AIR_TTL: return riv_json_strc(a, "TTL");
    case AIR_INT: return wrap(a, "Number", wrap(a, "Int", riv_json_i64(a, v->i64)));
    case AIR_FLOAT: return wrap(a, "Number", wrap(a, "Float", riv_json_f64(a, v->f64)));
    case AIR_BOOL: return wrap(a, "Boolean", riv_json_bool(v->boolean));
    case AIR_EMPTY_ARRAY: return riv_json_strc(a, "EmptyArray");
    case AIR_VARIABLE: break;
    }
    if (!nested) return tagged_var_json(a, &v->var, &v->lambda);
    return wrap(a, has_lambda(&v->lambda) ? "VariableWithLambda" : "Variable",
                wrap(a, var_kind_name(v->var.kind, false), var_json(a, &v->var, &v->lambda)));
}

static const riv_json *call_json(riv_arena *a, const air_node *n)
{
    riv_json_list args = { 0 };
    for (size_t i = 0; i < n->args_count; i++) riv_json_add(a, &args, value_json(a, &n->args[i], true));
    const riv_json *triplet =
        riv_json_object(a, "peer_id", value_json(a, &n->peer, false), "service_id", value_json(a, &n->service, false),
                        "function_name", value_json(a, &n->function, false), NULL);
    const riv_json *out = n->has_out ? tagged_var_json(a, &n->out, NULL) : riv_json_strc(a, "None");
    return wrap(
        a, "Call",
        riv_json_object(a, "triplet", triplet, "args", riv_json_arr(a, args.ptr, args.len), "output", out, NULL));
}

static const riv_json *canon_json(riv_arena *a, const air_node *n)
{
    const riv_json *peer = value_json(a, &n->peer, false), *from = var_json(a, &n->source, NULL),
                   *to = var_json(a, &n->out, NULL);
    if (n->out.kind == AIR_VAR_CANON)
        return wrap(a, "Canon", riv_json_object(a, "peer_id", peer, "stream", from, "canon_stream", to, NULL));
    if (n->out.kind == AIR_VAR_CANON_MAP)
        return wrap(a, "CanonMap",
                    riv_json_object(a, "peer_id", peer, "stream_map", from, "canon_stream_map", to, NULL));
    return wrap(a, "CanonStreamMapScalar", riv_json_object(a, "peer_id", peer, "stream_map", from, "scalar", to, NULL));
}

/* A key is {"Int": 1} where a value is {"Number": {"Int": 1}}. */
static const riv_json *ap_json(riv_arena *a, const air_node *n)
{
    const riv_json *value = value_json(a, &n->value[0], false);
    if (!n->has_key)
        return wrap(a, "Ap", riv_json_object(a, "argument", value, "result", tagged_var_json(a, &n->out, NULL), NULL));
    const riv_json *key =
        n->key.kind == AIR_INT ? wrap(a, "Int", riv_json_i64(a, n->key.i64)) : value_json(a, &n->key, false);
    return wrap(a, "ApMap", riv_json_object(a, "key", key, "value", value, "map", var_json(a, &n->out, NULL), NULL));
}

static const riv_json *fail_json(riv_arena *a, const air_node *n)
{
    switch (n->value[0].kind) {
    case AIR_LAST_ERROR: return wrap(a, "Fail", riv_json_strc(a, "LastError"));
    case AIR_ERROR: return wrap(a, "Fail", riv_json_strc(a, "Error"));
    case AIR_INT:
        return wrap(a, "Fail",
                    wrap(a, "Literal",
                         riv_json_object(a, "ret_code", riv_json_i64(a, n->value[0].i64), "error_message",
                                         riv_json_str(a, n->value[1].text), NULL)));
    default: return wrap(a, "Fail", value_json(a, &n->value[0], false));
    }
}

static const riv_json *span_json(riv_arena *a, const air_node *n)
{
    return riv_json_object(a, "left", riv_json_u64(a, n->pos), "right", riv_json_u64(a, n->end), NULL);
}

static const riv_json *fold_json(riv_arena *a, const air_node *n, const riv_json *const *kids)
{
    const air_value *over   = &n->value[0];
    bool             stream = over->kind == AIR_VARIABLE && over->var.kind == AIR_VAR_STREAM;
    bool             map    = over->kind == AIR_VARIABLE && over->var.kind == AIR_VAR_MAP;
    const riv_json  *what   = stream || map ? var_json(a, &over->var, NULL) : value_json(a, over, false);
    return wrap(a,
                stream ? "FoldStream"
                : map  ? "FoldStreamMap"
                       : "FoldScalar",
                riv_json_object(a, "iterable", what, "iterator", var_json(a, &n->out, NULL), "instruction", kids[0],
                                "last_instruction", n->kid[1] ? kids[1] : riv_json_null(), "span", span_json(a, n),
                                NULL));
}

static const riv_json *match_json(riv_arena *a, const air_node *n, const riv_json *body)
{
    return wrap(a, n->kind == AIR_MATCH ? "Match" : "MisMatch",
                riv_json_object(a, "left_value", value_json(a, &n->value[0], true), "right_value",
                                value_json(a, &n->value[1], true), "instruction", body, NULL));
}

static const riv_json *pair_json(riv_arena *a, const char *name, const riv_json *const *kids)
{
    const riv_json **items = riv_new(a, const riv_json *, 2);
    items[0]               = kids[0];
    items[1]               = kids[1];
    return wrap(a, name, riv_json_arr(a, items, 2));
}

static const riv_json *node_json(riv_arena *a, const air_node *n, const riv_json *const *kids)
{
    switch (n->kind) {
    case AIR_CALL: return call_json(a, n);
    case AIR_CANON: return canon_json(a, n);
    case AIR_AP: return ap_json(a, n);
    case AIR_SEQ: return pair_json(a, "Seq", kids);
    case AIR_PAR: return pair_json(a, "Par", kids);
    case AIR_XOR: return pair_json(a, "Xor", kids);
    case AIR_MATCH:
    case AIR_MISMATCH: return match_json(a, n, kids[0]);
    case AIR_FOLD: return fold_json(a, n, kids);
    case AIR_NEXT: return wrap(a, "Next", wrap(a, "iterator", var_json(a, &n->out, NULL)));
    case AIR_NEW:
        return wrap(a, "New",
                    riv_json_object(a, "argument", tagged_var_json(a, &n->out, NULL), "instruction", kids[0], "span",
                                    span_json(a, n), NULL));
    case AIR_FAIL: return fail_json(a, n);
    case AIR_NULL: return wrap(a, "Null", riv_json_null());
    case AIR_NEVER: return wrap(a, "Never", riv_json_null());
    case AIR_KINDS: break;
    }
    RIV_UNREACHABLE();
}

/* Kids before parents: finished kids wait on a stack of values. */
const riv_json *air_json(const air_node *node, riv_arena *arena)
{
    walk          w    = { 0 };
    riv_json_list done = { 0 };
    walk_into(&w, arena, node);
    while (w.open.len) {
        const air_node *kid = walk_kid(&w);
        if (kid) {
            walk_into(&w, arena, kid);
            continue;
        }
        const air_node *n    = w.open.ptr[--w.open.len].node;
        size_t          kids = n->kid[1] ? 2 : n->kid[0] ? 1 : 0;
        done.len -= kids;
        const riv_json *v = node_json(arena, n, kids ? done.ptr + done.len : NULL);
        riv_json_add(arena, &done, v);
    }
    return done.ptr[0];
}
