/* builtins.c: service functions that every peer has, as one table. Each reads its arguments, then sets value, or error, or due_ms.
 * SPEC node.md 5 has the list. Differences from the original, on purpose: op.sha256_string hashes; sets keep the order of first
 * occurrence; peer.timeout cannot outlive its particle. Tests: builtins_test.c. */
#include "node/internal.h"

#include <math.h>

enum {
    BASE58_BYTES_MAX = 1024,
    KAD_MERGE_MAX    = 4096,
    KAD_KEY_TEXT_MAX = 128,
    PEER_CONNECT_MS  = 2000,
    TIMEOUT_MS_MAX   = NODE_TTL_MS_MAX
};

/* ---- arguments ---- */

static size_t count_of(const node_builtin *b) { return b->asked->args->arr.count; }

static const riv_json *arg(const node_builtin *b, size_t i) { return riv_json_at(b->asked->args, i); }

static void set_error(node_builtin *b, riv_str text)
{
    if (!b->error.len) b->error = text;
}

static void set_wrong(node_builtin *b, size_t i, const char *want)
{
    const riv_json *v = arg(b, i);
    set_error(b, riv_format(b->arena, "argument %zu of " RIV_FMT "." RIV_FMT " must be %s, %s", i + 1,
                            RIV_ARG(b->asked->service), RIV_ARG(b->asked->function), want,
                            v ? riv_json_kind_name(v) : "but is missing"));
}

/* Both give false, so that they end a chain of conditions; inlined, so that the compiler sees it. */
static inline __attribute__((always_inline)) bool fail(node_builtin *b, riv_str text)
{
    set_error(b, text);
    return false;
}

static inline __attribute__((always_inline)) bool wrong(node_builtin *b, size_t i, const char *want)
{
    set_wrong(b, i, want);
    return false;
}

static bool arg_i64(node_builtin *b, size_t i, int64_t *out)
{
    const riv_json *v = arg(b, i);
    if (v && v->kind == RIV_JSON_I64)
        *out = v->i64;
    else if (v && v->kind == RIV_JSON_U64 && v->u64 <= INT64_MAX)
        *out = (int64_t)v->u64;
    else
        return wrong(b, i, "an i64");
    return true;
}

static bool arg_u32(node_builtin *b, size_t i, uint32_t *out)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_U64 || v->u64 > UINT32_MAX) return wrong(b, i, "a u32");
    *out = (uint32_t)v->u64;
    return true;
}

static bool arg_f64(node_builtin *b, size_t i, double *out)
{
    const riv_json *v = arg(b, i);
    if (v && v->kind == RIV_JSON_F64)
        *out = v->f64;
    else if (v && v->kind == RIV_JSON_U64)
        *out = (double)v->u64;
    else if (v && v->kind == RIV_JSON_I64)
        *out = (double)v->i64;
    else
        return wrong(b, i, "a number");
    return true;
}

static bool arg_str(node_builtin *b, size_t i, riv_str *out)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_STR) return wrong(b, i, "a string");
    *out = v->str;
    return true;
}

static bool arg_arr(node_builtin *b, size_t i, const riv_json **out)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_ARR) return wrong(b, i, "an array");
    *out = v;
    return true;
}

static bool is_str_arr(const riv_json *v)
{
    for (size_t i = 0; i < v->arr.count; i++)
        if (v->arr.items[i]->kind != RIV_JSON_STR) return false;
    return true;
}

static bool arg_strs(node_builtin *b, size_t i, const riv_json **out)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_ARR || !is_str_arr(v)) return wrong(b, i, "an array of strings");
    *out = v;
    return true;
}

/* Absent, null, [], a scalar or [x]. SPEC node.md 5 "Conventions" */
static bool arg_opt(node_builtin *b, size_t i, const riv_json **out)
{
    const riv_json *v = arg(b, i);
    *out              = NULL;
    if (!v || v->kind == RIV_JSON_NULL) return true;
    if (v->kind != RIV_JSON_ARR) {
        *out = v;
        return true;
    }
    if (v->arr.count > 1) return wrong(b, i, "an optional value of at most one element");
    *out = riv_json_at(v, 0);
    return true;
}

static bool opt_bool(node_builtin *b, size_t i, bool *out)
{
    const riv_json *v;
    if (!arg_opt(b, i, &v)) return false;
    if (v && v->kind != RIV_JSON_BOOL) return wrong(b, i, "a bool");
    *out = v && v->boolean;
    return true;
}

static bool opt_u32(node_builtin *b, size_t i, uint32_t fallback, uint32_t *out)
{
    const riv_json *v;
    if (!arg_opt(b, i, &v)) return false;
    if (v && (v->kind != RIV_JSON_U64 || v->u64 > UINT32_MAX)) return wrong(b, i, "a u32");
    *out = v ? (uint32_t)v->u64 : fallback;
    return true;
}

static bool arg_bytes(node_builtin *b, size_t i, riv_bytes *out)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_ARR) return wrong(b, i, "an array of bytes");
    uint8_t *bytes = riv_new(b->arena, uint8_t, v->arr.count + 1);
    for (size_t k = 0; k < v->arr.count; k++) {
        const riv_json *x = v->arr.items[k];
        if (x->kind != RIV_JSON_U64 || x->u64 > 255) return wrong(b, i, "an array of bytes");
        bytes[k] = (uint8_t)x->u64;
    }
    *out = (riv_bytes){ bytes, v->arr.count };
    return true;
}

static bool unbase58(node_builtin *b, riv_str text, riv_bytes *out)
{
    riv_fault fault = { 0 };
    riv_buf   buf   = riv_buf_in(b->arena);
    if (codec_read_base58(text, &buf, &fault)) return fail(b, riv_str_dup(b->arena, riv_str_c(fault.msg)));
    *out = riv_buf_view(&buf);
    return true;
}

static bool arg_base58(node_builtin *b, size_t i, riv_bytes *out)
{
    riv_str text;
    return arg_str(b, i, &text) && unbase58(b, text, out);
}

static bool exactly(node_builtin *b, size_t count)
{
    if (count_of(b) == count) return true;
    return fail(b, riv_format(b->arena, RIV_FMT "." RIV_FMT " takes %zu arguments, not %zu", RIV_ARG(b->asked->service),
                              RIV_ARG(b->asked->function), count, count_of(b)));
}

/* ---- answers ---- */

static void give_bool(node_builtin *b, bool v) { b->value = riv_json_bool(v); }
static void give_str(node_builtin *b, riv_str s) { b->value = riv_json_str(b->arena, s); }
static void give_i64(node_builtin *b, int64_t v) { b->value = riv_json_i64(b->arena, v); }
static void give_u64(node_builtin *b, uint64_t v) { b->value = riv_json_u64(b->arena, v); }
static void give_list(node_builtin *b, const riv_json_list *l) { b->value = riv_json_arr(b->arena, l->ptr, l->len); }

static const riv_json *bytes_json(riv_arena *a, riv_bytes bytes)
{
    riv_json_list l = { 0 };
    for (size_t i = 0; i < bytes.len; i++) riv_json_add(a, &l, riv_json_u64(a, bytes.ptr[i]));
    return riv_json_arr(a, l.ptr, l.len);
}

/* ---- op ---- */

static void op_noop(node_builtin *b) { (void)b; }

static void op_array(node_builtin *b) { b->value = b->asked->args; }

static void op_array_length(node_builtin *b)
{
    const riv_json *v;
    if (exactly(b, 1) && arg_arr(b, 0, &v)) give_u64(b, v->arr.count);
}

static void op_concat(node_builtin *b)
{
    riv_json_list   l = { 0 };
    const riv_json *v;
    for (size_t i = 0; i < count_of(b); i++) {
        if (!arg_arr(b, i, &v)) return;
        for (size_t k = 0; k < v->arr.count; k++) riv_json_add(b->arena, &l, v->arr.items[k]);
    }
    give_list(b, &l);
}

static void op_concat_strings(node_builtin *b)
{
    riv_buf buf = riv_buf_in(b->arena);
    riv_str s;
    for (size_t i = 0; i < count_of(b); i++) {
        if (!arg_str(b, i, &s)) return;
        riv_put_str(&buf, s);
    }
    give_str(b, riv_buf_str(&buf));
}

static void op_identity(node_builtin *b)
{
    if (count_of(b) > 1) {
        fail(b, RIV_LIT("op.identity takes at most one argument"));
        return;
    }
    b->value = arg(b, 0);
}

static void give_base58(node_builtin *b, riv_bytes bytes)
{
    if (bytes.len > BASE58_BYTES_MAX) /* base58 takes quadratic time */
        fail(b, RIV_LIT("more than 1024 bytes for base58"));
    else
        give_str(b, codec_base58(b->arena, bytes));
}

static void op_string_to_b58(node_builtin *b)
{
    riv_str s;
    if (exactly(b, 1) && arg_str(b, 0, &s)) give_base58(b, riv_str_bytes(s));
}

static void op_bytes_to_b58(node_builtin *b)
{
    riv_bytes bytes;
    if (exactly(b, 1) && arg_bytes(b, 0, &bytes)) give_base58(b, bytes);
}

static void op_string_from_b58(node_builtin *b)
{
    riv_bytes bytes;
    if (!exactly(b, 1) || !arg_base58(b, 0, &bytes)) return;
    if (!riv_utf8_valid(bytes, NULL))
        fail(b, RIV_LIT("the decoded bytes are no UTF-8"));
    else
        give_str(b, riv_bytes_str(bytes));
}

static void op_bytes_from_b58(node_builtin *b)
{
    riv_bytes bytes;
    if (exactly(b, 1) && arg_base58(b, 0, &bytes)) b->value = bytes_json(b->arena, bytes);
}

/* Multihash of the text in base58; with digest_only the digest alone; as_bytes: an array instead of base58. */
static void op_sha256_string(node_builtin *b)
{
    riv_str s;
    bool    digest_only, as_bytes;
    if (!arg_str(b, 0, &s) || !opt_bool(b, 1, &digest_only) || !opt_bool(b, 2, &as_bytes)) return;
    crypto_hash hash = crypto_sha256(riv_str_bytes(s));
    riv_buf     buf  = riv_buf_in(b->arena);
    if (!digest_only) {
        codec_put_varint(&buf, CODEC_HASH_SHA256);
        codec_put_varint(&buf, sizeof hash.bytes);
    }
    riv_put_bytes(&buf, (riv_bytes){ hash.bytes, sizeof hash.bytes });
    if (as_bytes)
        b->value = bytes_json(b->arena, riv_buf_view(&buf));
    else
        give_base58(b, riv_buf_view(&buf));
}

/* ---- array ---- */

static void array_sum(node_builtin *b)
{
    const riv_json *v;
    int64_t         sum = 0;
    if (!exactly(b, 1) || !arg_arr(b, 0, &v)) return;
    for (size_t i = 0; i < v->arr.count; i++) {
        const riv_json *x    = v->arr.items[i];
        int64_t         term = x->kind == RIV_JSON_I64 ? x->i64 : (int64_t)x->u64;
        if (x->kind != RIV_JSON_I64 && (x->kind != RIV_JSON_U64 || x->u64 > INT64_MAX)) {
            wrong(b, 0, "an array of i64");
            return;
        }
        if (__builtin_add_overflow(sum, term, &sum)) {
            fail(b, RIV_LIT("i64 add overflow"));
            return;
        }
    }
    give_i64(b, sum);
}

static riv_map *set_of(riv_arena *a, const riv_json *strings)
{
    riv_map *set = riv_map_new(a);
    for (size_t i = 0; i < strings->arr.count; i++) riv_map_put_str(set, strings->arr.items[i]->str, set);
    return set;
}

/* Adds the elements of from that are (wanted) or are not in `other`, each once. */
static void add_where(riv_arena *a, const riv_json *from, const riv_map *other, bool wanted, riv_map *done,
                      riv_json_list *out)
{
    for (size_t i = 0; i < from->arr.count; i++) {
        riv_str s = from->arr.items[i]->str;
        if ((riv_map_get_str(other, s) != NULL) != wanted || riv_map_put_str(done, s, done)) continue;
        riv_json_add(a, out, from->arr.items[i]);
    }
}

static void array_dedup(node_builtin *b)
{
    const riv_json *v;
    riv_json_list   l = { 0 };
    if (!exactly(b, 1) || !arg_strs(b, 0, &v)) return;
    add_where(b->arena, v, riv_map_new(b->arena), false, riv_map_new(b->arena), &l);
    give_list(b, &l);
}

static void array_pair(node_builtin *b, bool wanted, bool both_ways)
{
    const riv_json *x, *y;
    riv_json_list   l = { 0 };
    if (!exactly(b, 2) || !arg_strs(b, 0, &x) || !arg_strs(b, 1, &y)) return;
    riv_map *done = riv_map_new(b->arena);
    add_where(b->arena, x, set_of(b->arena, y), wanted, done, &l);
    if (both_ways) add_where(b->arena, y, set_of(b->arena, x), wanted, done, &l);
    give_list(b, &l);
}

static void array_intersect(node_builtin *b) { array_pair(b, true, false); }
static void array_diff(node_builtin *b) { array_pair(b, false, false); }
static void array_sdiff(node_builtin *b) { array_pair(b, false, true); }

static void array_slice(node_builtin *b)
{
    const riv_json *v;
    uint32_t        start, end;
    if (!exactly(b, 3) || !arg_arr(b, 0, &v) || !arg_u32(b, 1, &start) || !arg_u32(b, 2, &end)) return;
    if (!v->arr.count)
        b->value = v;
    else if (start > end || end > v->arr.count)
        fail(b, riv_format(b->arena, "slice indexes out of bounds. start index: %u, end index: %u, array length: %zu",
                           start, end, v->arr.count));
    else
        b->value = riv_json_arr(b->arena, v->arr.items + start, end - start);
}

/* ---- math, cmp ---- */

typedef enum math_op { MATH_ADD, MATH_SUB, MATH_MUL, MATH_DIV, MATH_REM } math_op;

static void math_i64(node_builtin *b, math_op op, const char *name)
{
    int64_t x, y, r = 0;
    bool    over = false;
    if (!exactly(b, 2) || !arg_i64(b, 0, &x) || !arg_i64(b, 1, &y)) return;
    switch (op) {
    case MATH_ADD: over = __builtin_add_overflow(x, y, &r); break;
    case MATH_SUB: over = __builtin_sub_overflow(x, y, &r); break;
    case MATH_MUL: over = __builtin_mul_overflow(x, y, &r); break;
    case MATH_DIV:
    case MATH_REM:
        over = y == 0 || (x == INT64_MIN && y == -1);
        if (!over) r = op == MATH_DIV ? x / y : x % y;
        break;
    }
    if (over)
        fail(b, riv_format(b->arena, "i64 %s overflow", name));
    else
        give_i64(b, r);
}

static void math_add(node_builtin *b) { math_i64(b, MATH_ADD, "add"); }
static void math_sub(node_builtin *b) { math_i64(b, MATH_SUB, "sub"); }
static void math_mul(node_builtin *b) { math_i64(b, MATH_MUL, "mul"); }
static void math_div(node_builtin *b) { math_i64(b, MATH_DIV, "div"); }
static void math_rem(node_builtin *b) { math_i64(b, MATH_REM, "rem"); }

static void math_fmul(node_builtin *b)
{
    double x, y;
    if (!exactly(b, 2) || !arg_f64(b, 0, &x) || !arg_f64(b, 1, &y)) return;
    double r = floor(x * y);
    if (!(r >= -9223372036854775808.0 && r < 9223372036854775808.0))
        fail(b, RIV_LIT("f64 mul overflow"));
    else
        give_i64(b, (int64_t)r);
}

static void math_pow(node_builtin *b)
{
    int64_t  base, r = 1;
    uint32_t exponent;
    if (!exactly(b, 2) || !arg_i64(b, 0, &base) || !arg_u32(b, 1, &exponent)) return;
    if (base >= -1 && base <= 1) exponent = exponent ? 2 - exponent % 2 : 0; /* 0, 1, -1: only the parity counts */
    for (uint32_t i = 0; i < exponent; i++) /* ends after 64 rounds: anything else overflows */
        if (__builtin_mul_overflow(r, base, &r)) {
            fail(b, RIV_LIT("i64 pow overflow"));
            return;
        }
    give_i64(b, r);
}

static void math_log(node_builtin *b)
{
    int64_t  base, value;
    uint32_t r = 0;
    if (!exactly(b, 2) || !arg_i64(b, 0, &base) || !arg_i64(b, 1, &value)) return;
    if (base < 2 || value < 1) {
        fail(b, RIV_LIT("i64 log overflow"));
        return;
    }
    for (; value >= base; value /= base) r++;
    give_u64(b, r);
}

static bool cmp_args(node_builtin *b, int64_t *x, int64_t *y)
{
    return exactly(b, 2) && arg_i64(b, 0, x) && arg_i64(b, 1, y);
}

static void cmp_gt(node_builtin *b)
{
    int64_t x, y;
    if (cmp_args(b, &x, &y)) give_bool(b, x > y);
}
static void cmp_gte(node_builtin *b)
{
    int64_t x, y;
    if (cmp_args(b, &x, &y)) give_bool(b, x >= y);
}
static void cmp_lt(node_builtin *b)
{
    int64_t x, y;
    if (cmp_args(b, &x, &y)) give_bool(b, x < y);
}
static void cmp_lte(node_builtin *b)
{
    int64_t x, y;
    if (cmp_args(b, &x, &y)) give_bool(b, x <= y);
}
static void cmp_cmp(node_builtin *b)
{
    int64_t x, y;
    if (cmp_args(b, &x, &y)) give_i64(b, (x > y) - (x < y));
}

/* ---- json, debug ---- */

typedef RIV_VEC(riv_json_member) members;

static void add_member(node_builtin *b, members *m, riv_str key, const riv_json *value)
{
    *riv_push(b->arena, m) = (riv_json_member){ key, value };
}

static bool add_object(node_builtin *b, size_t i, members *m)
{
    const riv_json *v = arg(b, i);
    if (!v || v->kind != RIV_JSON_OBJ) return wrong(b, i, "an object");
    for (size_t k = 0; k < v->obj.count; k++) add_member(b, m, v->obj.members[k].key, v->obj.members[k].value);
    return true;
}

static bool add_flat(node_builtin *b, size_t from, members *m)
{
    riv_str key;
    if ((count_of(b) - RIV_MIN(from, count_of(b))) % 2) return fail(b, RIV_LIT("keys and values must come in pairs"));
    for (size_t i = from; i + 1 < count_of(b); i += 2) {
        if (!arg_str(b, i, &key)) return false;
        add_member(b, m, key, arg(b, i + 1));
    }
    return true;
}

static bool add_pairs(node_builtin *b, size_t i, members *m)
{
    const riv_json *list;
    if (!arg_arr(b, i, &list)) return false;
    for (size_t k = 0; k < list->arr.count; k++) {
        const riv_json *key = riv_json_at(list->arr.items[k], 0), *value = riv_json_at(list->arr.items[k], 1);
        if (!value || key->kind != RIV_JSON_STR || list->arr.items[k]->arr.count != 2)
            return wrong(b, i, "an array of [string, value]");
        add_member(b, m, key->str, value);
    }
    return true;
}

static void give_object(node_builtin *b, const members *m) { b->value = riv_json_obj(b->arena, m->ptr, m->len); }

static void json_obj(node_builtin *b)
{
    members m = { 0 };
    if (add_flat(b, 0, &m)) give_object(b, &m);
}

static void json_puts(node_builtin *b)
{
    members m = { 0 };
    if (add_object(b, 0, &m) && add_flat(b, 1, &m)) give_object(b, &m);
}

static void json_put(node_builtin *b)
{
    if (exactly(b, 3)) json_puts(b);
}

static void json_obj_pairs(node_builtin *b)
{
    members m = { 0 };
    if (exactly(b, 1) && add_pairs(b, 0, &m)) give_object(b, &m);
}

static void json_puts_pairs(node_builtin *b)
{
    members m = { 0 };
    if (exactly(b, 2) && add_object(b, 0, &m) && add_pairs(b, 1, &m)) give_object(b, &m);
}

static void json_parse(node_builtin *b)
{
    riv_str   text;
    riv_fault fault = { 0 };
    if (!exactly(b, 1) || !arg_str(b, 0, &text)) return;
    if (riv_json_parse(text, b->arena, &fault, &b->value))
        fail(b, riv_format(b->arena, "%s at offset %llu", fault.msg, (unsigned long long)fault.pos));
}

static void json_stringify(node_builtin *b)
{
    if (exactly(b, 1)) give_str(b, riv_json_text(arg(b, 0), b->arena));
}

static void debug_stringify(node_builtin *b)
{
    if (!count_of(b))
        give_str(b, RIV_LIT("\"<empty argument list>\""));
    else
        give_str(b, riv_json_text(count_of(b) == 1 ? arg(b, 0) : b->asked->args, b->arena));
}

/* ---- peer ---- */

static bool arg_peer(node_builtin *b, size_t i, codec_peer *out)
{
    riv_str   text;
    riv_fault fault = { 0 };
    if (!arg_str(b, i, &text)) return false;
    if (codec_peer_parse(text, &fault, out)) return fail(b, riv_str_dup(b->arena, riv_str_c(fault.msg)));
    return true;
}

/* PROT: for particles that the host itself began. SPEC node.md 5 "Who may call" */
static bool protected_call(node_builtin *b)
{
    if (riv_str_eq(b->p->head.init_peer_id, b->n->self_text)) return true;
    return fail(b, RIV_LIT("This function is only available to the host or worker spells"));
}

static const riv_json *texts_json(riv_arena *a, const riv_str *texts, size_t count)
{
    riv_json_list l = { 0 };
    for (size_t i = 0; i < count; i++) riv_json_add(a, &l, riv_json_str(a, texts[i]));
    return riv_json_arr(a, l.ptr, l.len);
}

static void peer_identify(node_builtin *b)
{
    const node     *n     = b->n;
    const riv_json *empty = riv_json_arr(b->arena, NULL, 0);
    b->value              = riv_json_object(
                     b->arena, "external_addresses", texts_json(b->arena, n->config.listen, n->config.listen_count), "node_version",
                     riv_json_str(b->arena, n->config.agent), "air_version", riv_json_strc(b->arena, AVM_INTERPRETER_VERSION),
                     "spell_version", riv_json_strc(b->arena, ""), "allowed_binaries", empty, "vm_info", riv_json_null(), NULL);
}

static void peer_timestamp_ms(node_builtin *b) { give_u64(b, b->n->now_ms); }
static void peer_timestamp_sec(node_builtin *b) { give_u64(b, b->n->now_ms / 1000); }

static void peer_is_connected(node_builtin *b)
{
    codec_peer peer;
    if (arg_peer(b, 0, &peer)) give_bool(b, p2p_swarm_connected(b->n->swarm, &peer));
}

/* Learns the addresses, dials, and answers when the link is there or two seconds are over. */
static void peer_connect(node_builtin *b)
{
    codec_peer      peer;
    const riv_json *addrs = arg(b, 1);
    if (!protected_call(b) || !arg_peer(b, 0, &peer)) return;
    if (addrs && (addrs->kind != RIV_JSON_ARR || !is_str_arr(addrs))) {
        wrong(b, 1, "an array of multiaddrs");
        return;
    }
    riv_fault fault = { 0 };
    for (size_t i = 0; !b->is_due && addrs && i < addrs->arr.count; i++)
        if (p2p_swarm_add_peer(b->n->swarm, &peer, addrs->arr.items[i]->str, true, b->n->now_ms, &fault)) {
            fail(b, riv_str_dup(b->arena, riv_str_c(fault.msg)));
            return;
        }
    if (p2p_swarm_connected(b->n->swarm, &peer) || b->is_due || !addrs || !addrs->arr.count)
        give_bool(b, p2p_swarm_connected(b->n->swarm, &peer));
    else
        b->due_ms = b->asked_ms + PEER_CONNECT_MS;
}

static const riv_json *contact_json(const node_builtin *b, const codec_peer *peer)
{
    const node_contact *c    = riv_map_get(b->n->contacts, codec_peer_view(peer));
    riv_arena          *a    = b->arena;
    riv_str            *list = c ? riv_new(a, riv_str, c->count + 1) : NULL;
    for (size_t i = 0; c && i < c->count; i++) list[i] = riv_str_dup(a, c->addrs[i]);
    return riv_json_object(a, "peer_id", riv_json_str(a, codec_peer_text(a, peer)), "addresses",
                           texts_json(a, list, c ? c->count : 0), NULL);
}

static void peer_get_contact(node_builtin *b)
{
    codec_peer peer;
    if (arg_peer(b, 0, &peer) && p2p_swarm_connected(b->n->swarm, &peer)) b->value = contact_json(b, &peer);
}

static bool arg_pause(node_builtin *b, uint64_t *out)
{
    const riv_json *v = arg(b, 0);
    if (v && v->kind == RIV_JSON_U64)
        *out = v->u64;
    else if (!v || v->kind != RIV_JSON_STR || !riv_str_u64(v->str, out))
        return wrong(b, 0, "milliseconds");
    if (*out > TIMEOUT_MS_MAX) return fail(b, riv_format(b->arena, "a pause of more than %d ms", TIMEOUT_MS_MAX));
    return true;
}

static void peer_timeout(node_builtin *b)
{
    uint64_t        pause_ms, due_ms;
    const riv_json *message;
    if (!arg_pause(b, &pause_ms) || !arg_opt(b, 1, &message)) return;
    due_ms = b->asked_ms + pause_ms;
    if (due_ms > b->n->now_ms)
        b->due_ms = due_ms;
    else
        b->value = message;
}

/* ---- kad: over the peers that we have links to ---- */

typedef struct ranked {
    crypto_hash distance;
    codec_peer  peer;
    riv_str     text;
} ranked;

static crypto_hash distance_of(riv_bytes key, const crypto_hash *target)
{
    crypto_hash h = crypto_sha256(key);
    for (size_t i = 0; i < sizeof h.bytes; i++) h.bytes[i] ^= target->bytes[i];
    return h;
}

static void sort_ranked(ranked *r, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) /* shell sort: no callbacks, no worst case to fear at these sizes */
        for (size_t i = gap; i < count; i++)
            for (size_t k = i; k >= gap && memcmp(&r[k - gap].distance, &r[k].distance, sizeof r->distance) > 0;
                 k -= gap) {
                ranked tmp = r[k];
                r[k]       = r[k - gap];
                r[k - gap] = tmp;
            }
}

/* SPEC node.md 5 "Quirks": the key is wrapped as a multihash, not hashed; kad's own key is sha-256 of that. */
static bool target_of(node_builtin *b, crypto_hash *out)
{
    riv_bytes key;
    bool      hashed;
    riv_buf   buf = riv_buf_in(b->arena);
    if (!arg_base58(b, 0, &key) || !opt_bool(b, 1, &hashed)) return false;
    if (!hashed && key.len > 64) return fail(b, RIV_LIT("the key is longer than 64 bytes"));
    if (!hashed) {
        codec_put_varint(&buf, CODEC_HASH_SHA256);
        codec_put_varint(&buf, key.len);
    }
    riv_put_bytes(&buf, key);
    *out = crypto_sha256(riv_buf_view(&buf));
    return true;
}

static bool neighbours(node_builtin *b, ranked **out, size_t *count)
{
    crypto_hash target;
    uint32_t    wanted;
    if (!target_of(b, &target) || !opt_u32(b, 2, NODE_KAD_COUNT, &wanted)) return false;
    codec_peer *peers = riv_new(b->arena, codec_peer, P2P_LINKS_MAX);
    size_t      got   = p2p_swarm_peers(b->n->swarm, true, peers, P2P_LINKS_MAX);
    ranked     *r     = riv_new(b->arena, ranked, got + 1);
    for (size_t i = 0; i < got; i++)
        r[i] = (ranked){ distance_of(codec_peer_view(&peers[i]), &target), peers[i], { 0 } };
    sort_ranked(r, got);
    *out   = r;
    *count = RIV_MIN(got, (size_t)wanted);
    return true;
}

static void kad_neighborhood(node_builtin *b)
{
    ranked       *r;
    size_t        count;
    riv_json_list l = { 0 };
    if (!neighbours(b, &r, &count)) return;
    for (size_t i = 0; i < count; i++)
        riv_json_add(b->arena, &l, riv_json_str(b->arena, codec_peer_text(b->arena, &r[i].peer)));
    give_list(b, &l);
}

static void kad_neigh_with_addrs(node_builtin *b)
{
    ranked       *r;
    size_t        count;
    riv_json_list l = { 0 };
    if (!neighbours(b, &r, &count)) return;
    for (size_t i = 0; i < count; i++) riv_json_add(b->arena, &l, contact_json(b, &r[i].peer));
    give_list(b, &l);
}

static bool rank_list(node_builtin *b, const riv_json *list, const crypto_hash *target, ranked *out, size_t *count)
{
    riv_bytes key;
    for (size_t i = 0; i < list->arr.count; i++) {
        riv_str text = list->arr.items[i]->str;
        if (text.len > KAD_KEY_TEXT_MAX) /* base58 takes quadratic time */
            return fail(b, riv_format(b->arena, "a key of %zu characters", text.len));
        if (!unbase58(b, text, &key)) return false;
        out[(*count)++] = (ranked){ .distance = distance_of(key, target), .text = text };
    }
    return true;
}

static void kad_merge(node_builtin *b)
{
    riv_bytes       key;
    const riv_json *left, *right;
    uint32_t        wanted;
    size_t          count = 0, given = 0;
    riv_json_list   l = { 0 };
    if (!arg_base58(b, 0, &key) || !arg_strs(b, 1, &left) || !arg_strs(b, 2, &right) ||
        !opt_u32(b, 3, NODE_KAD_COUNT, &wanted))
        return;
    if (left->arr.count + right->arr.count > KAD_MERGE_MAX) {
        fail(b, riv_format(b->arena, "more than %d keys", KAD_MERGE_MAX));
        return;
    }
    crypto_hash target = crypto_sha256(key);
    ranked     *r      = riv_new(b->arena, ranked, left->arr.count + right->arr.count + 1);
    if (!rank_list(b, left, &target, r, &count) || !rank_list(b, right, &target, r, &count)) return;
    sort_ranked(r, count);
    for (size_t i = 0; i < count && given < wanted; i++) {
        if (i && riv_str_eq(r[i].text, r[i - 1].text)) continue;
        riv_json_add(b->arena, &l, riv_json_str(b->arena, r[i].text));
        given++;
    }
    give_list(b, &l);
}

/* ---- srv: what is configured ---- */

static const riv_json *service_json(const node_builtin *b, const node_service *s)
{
    riv_arena *a = b->arena;
    return riv_json_object(a, "id", riv_json_str(a, s->id), "blueprint_id", riv_json_strc(a, ""), "service_type",
                           riv_json_strc(a, "service"), "owner_id", riv_json_str(a, s->owner_peer_id), "aliases",
                           texts_json(a, s->aliases, s->aliases_count), "worker_id", riv_json_str(a, b->n->self_text),
                           NULL);
}

static void srv_list(node_builtin *b)
{
    riv_json_list l = { 0 };
    for (size_t i = 0; i < b->n->slots_count; i++) riv_json_add(b->arena, &l, service_json(b, &b->n->slots[i].service));
    give_list(b, &l);
}

static const node_slot *slot_by_alias(const node_builtin *b, riv_str alias)
{
    for (size_t i = 0; i < b->n->slots_count; i++)
        for (size_t k = 0; k < b->n->slots[i].service.aliases_count; k++)
            if (riv_str_eq(b->n->slots[i].service.aliases[k], alias)) return &b->n->slots[i];
    return NULL;
}

static void srv_resolve_alias(node_builtin *b)
{
    riv_str alias;
    if (!arg_str(b, 0, &alias)) return;
    const node_slot *slot = slot_by_alias(b, alias);
    if (slot)
        give_str(b, slot->service.id);
    else
        fail(b, riv_format(b->arena, "Service with alias '" RIV_FMT "' is not found on worker '" RIV_FMT "'",
                           RIV_ARG(alias), RIV_ARG(b->n->self_text)));
}

static void srv_resolve_alias_opt(node_builtin *b)
{
    riv_str alias;
    if (!arg_str(b, 0, &alias)) return;
    const node_slot *slot = slot_by_alias(b, alias);
    b->value              = texts_json(b->arena, slot ? &slot->service.id : NULL, slot != NULL);
}

static void srv_info(node_builtin *b)
{
    riv_str name;
    if (!arg_str(b, 0, &name)) return;
    const node_slot *slot = riv_map_get_str(b->n->slot_names, name);
    if (slot)
        b->value = service_json(b, &slot->service);
    else
        fail(b, riv_format(b->arena, "Service with id '" RIV_FMT "' not found", RIV_ARG(name)));
}

/* ---- sig ---- */

/* SPEC node.md 5 "sig.sign": only in particles of the host, only bytes that a local registry service made. */
static riv_str why_not_sign(const node_builtin *b)
{
    if (!riv_str_eq(b->p->head.init_peer_id, b->n->self_text)) return RIV_LIT("only the host may let this peer sign");
    if (!b->asked->tetraplets_count || b->asked->tetraplets[0].count != 1)
        return RIV_LIT("the data does not come from one service call");
    const avm_tetraplet *t                 = &b->asked->tetraplets[0].items[0];
    bool                 made_to_be_signed = riv_str_eq(t->service_id, RIV_LIT("registry")) &&
                             riv_str_eq(t->peer_pk, b->n->self_text) && !t->lens.len &&
                             (riv_str_eq(t->function_name, RIV_LIT("get_record_bytes")) ||
                              riv_str_eq(t->function_name, RIV_LIT("get_record_metadata_bytes")));
    return made_to_be_signed ? (riv_str){ 0 } : RIV_LIT("the data does not come from a registry service of this peer");
}

static const riv_json *one(riv_arena *a, const riv_json *v)
{
    riv_json_list l = { 0 };
    riv_json_add(a, &l, v);
    return riv_json_arr(a, l.ptr, l.len);
}

static void sig_sign(node_builtin *b)
{
    riv_bytes  bytes;
    riv_arena *a = b->arena;
    if (!exactly(b, 1) || !arg_bytes(b, 0, &bytes)) return;
    riv_str         why   = why_not_sign(b);
    const riv_json *empty = riv_json_arr(a, NULL, 0), *error = empty, *signature = empty;
    if (why.len) {
        error = one(a, riv_json_str(a, why));
    } else {
        crypto_signature s = crypto_sign(&b->n->identity.keys, bytes);
        signature          = one(a, bytes_json(a, (riv_bytes){ s.bytes, sizeof s.bytes }));
    }
    b->value = riv_json_object(a, "success", riv_json_bool(!why.len), "error", error, "signature", signature, NULL);
}

static void sig_verify(node_builtin *b)
{
    riv_bytes        signature, bytes;
    crypto_signature s;
    if (!exactly(b, 2) || !arg_bytes(b, 0, &signature) || !arg_bytes(b, 1, &bytes)) return;
    if (signature.len != sizeof s.bytes) {
        give_bool(b, false);
        return;
    }
    memcpy(s.bytes, signature.ptr, sizeof s.bytes);
    give_bool(b, crypto_verify(&b->n->identity.keys.public_key, bytes, &s));
}

static void sig_get_peer_id(node_builtin *b) { give_str(b, b->n->self_text); }

/* ---- run-console ---- */

static void console_print(node_builtin *b)
{
    if (!protected_call(b)) return;
    LOG_INFO(b->n->log, "console.print", LOG_STR("id", b->p->head.id),
             LOG_STR("text", riv_json_text(b->asked->args, b->arena)));
}

/* ---- the table ---- */

typedef struct builtin_row {
    riv_str service, function;
    void (*run)(node_builtin *b);
} builtin_row;

/* clang-format off */
#define ROW(service, function, run) { RIV_LIT_INIT(service), RIV_LIT_INIT(function), run }
static const builtin_row rows[] = {
    ROW("op", "noop", op_noop),                    ROW("op", "array", op_array),
    ROW("op", "array_length", op_array_length),    ROW("op", "concat", op_concat),
    ROW("op", "concat_strings", op_concat_strings), ROW("op", "identity", op_identity),
    ROW("op", "string_to_b58", op_string_to_b58),  ROW("op", "string_from_b58", op_string_from_b58),
    ROW("op", "bytes_to_b58", op_bytes_to_b58),    ROW("op", "bytes_from_b58", op_bytes_from_b58),
    ROW("op", "sha256_string", op_sha256_string),
    ROW("array", "length", op_array_length),       ROW("array", "sum", array_sum),
    ROW("array", "dedup", array_dedup),            ROW("array", "intersect", array_intersect),
    ROW("array", "diff", array_diff),              ROW("array", "sdiff", array_sdiff),
    ROW("array", "slice", array_slice),
    ROW("math", "add", math_add),                  ROW("math", "sub", math_sub),
    ROW("math", "mul", math_mul),                  ROW("math", "div", math_div),
    ROW("math", "rem", math_rem),                  ROW("math", "fmul", math_fmul),
    ROW("math", "pow", math_pow),                  ROW("math", "log", math_log),
    ROW("cmp", "gt", cmp_gt),                      ROW("cmp", "gte", cmp_gte),
    ROW("cmp", "lt", cmp_lt),                      ROW("cmp", "lte", cmp_lte),
    ROW("cmp", "cmp", cmp_cmp),
    ROW("json", "obj", json_obj),                  ROW("json", "put", json_put),
    ROW("json", "puts", json_puts),                ROW("json", "parse", json_parse),
    ROW("json", "stringify", json_stringify),      ROW("json", "obj_pairs", json_obj_pairs),
    ROW("json", "puts_pairs", json_puts_pairs),    ROW("debug", "stringify", debug_stringify),
    ROW("peer", "identify", peer_identify),        ROW("peer", "timestamp_ms", peer_timestamp_ms),
    ROW("peer", "timestamp_sec", peer_timestamp_sec), ROW("peer", "is_connected", peer_is_connected),
    ROW("peer", "connect", peer_connect),          ROW("peer", "get_contact", peer_get_contact),
    ROW("peer", "timeout", peer_timeout),
    ROW("kad", "neighborhood", kad_neighborhood),  ROW("kad", "neigh_with_addrs", kad_neigh_with_addrs),
    ROW("kad", "merge", kad_merge),
    ROW("srv", "list", srv_list),                  ROW("srv", "info", srv_info),
    ROW("srv", "resolve_alias", srv_resolve_alias), ROW("srv", "resolve_alias_opt", srv_resolve_alias_opt),
    ROW("sig", "sign", sig_sign),                  ROW("sig", "verify", sig_verify),
    ROW("sig", "get_peer_id", sig_get_peer_id),
    ROW("run-console", "print", console_print),
};
/* clang-format on */

bool node__builtin(node_builtin *b)
{
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        if (!riv_str_eq(rows[i].service, b->asked->service) || !riv_str_eq(rows[i].function, b->asked->function))
            continue;
        rows[i].run(b);
        return true;
    }
    return false;
}

bool node_plain_builtin(riv_str service, riv_str function, const riv_json *args, riv_arena *arena, int32_t *ret_code,
                        riv_str *result)
{
    static const riv_str plain[] = { RIV_LIT_INIT("op"),  RIV_LIT_INIT("array"), RIV_LIT_INIT("math"),
                                     RIV_LIT_INIT("cmp"), RIV_LIT_INIT("json"),  RIV_LIT_INIT("debug") };
    size_t               i       = 0;
    node_asked           asked   = { .service = service, .function = function, .args = args };
    node_builtin         b       = { .arena = arena, .asked = &asked };
    while (i < RIV_COUNT(plain) && !riv_str_eq(service, plain[i])) i++;
    if (i == RIV_COUNT(plain) || !node__builtin(&b)) return false;
    *ret_code = b.error.len ? 1 : 0;
    *result   = b.error.len ? riv_json_text(riv_json_str(arena, b.error), arena)
                : b.value   ? riv_json_text(b.value, arena)
                            : RIV_LIT("\"\"");
    return true;
}
