/* lambda_fuzz.c: a lambda and three JSON texts, a line each: the lambda is printed and parsed to itself, and what the interpreter takes out of
 * the first value, with the others as the scalars i and k, is what a plain walk finds; where that finds nothing the code is a lambda's. */
#include "avm/testnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LAMBDA_CODE = 10007, LENGTH_CODE = 10010 };

typedef struct sample {
    air_lambda      lambda;
    riv_str         texts[3]; /* of x, i, k: x may also be its own index */
    const riv_json *values[3];
} sample;

static bool parse_lambda(riv_str text, riv_arena *arena, air_lambda *out)
{
    const air_node *node;
    riv_str         script = riv_format(arena, "(ap x" RIV_FMT " y)", RIV_ARG(text));
    if (air_parse_unchecked(script, arena, NULL, &node) || node->kind != AIR_AP || node->has_key) return false;
    const air_value *v = &node->value[0];
    *out               = v->lambda;
    return v->kind == AIR_VARIABLE && riv_str_eq(v->var.name, RIV_LIT("x")) && (out->is_length || out->accessors_count);
}

static bool read_sample(riv_str text, riv_arena *arena, sample *out)
{
    riv_str lines[4];
    size_t  from = 0;
    for (size_t i = 0; i < RIV_COUNT(lines); i++) {
        size_t to = i + 1 < RIV_COUNT(lines) ? riv_str_find_char(text, '\n', from) : text.len;
        if (to == SIZE_MAX) return false;
        lines[i] = riv_str_sub(text, from, to);
        from     = to + 1;
    }
    for (size_t i = 0; i < 3; i++) {
        out->texts[i] = lines[i + 1];
        if (riv_json_parse_serde(lines[i + 1], arena, NULL, &out->values[i])) return false;
    }
    /* Later runs read the text that was stored: a float may become its neighbour. */
    riv_str stored = riv_json_text(out->values[0], arena);
    RIV_ASSERT(riv_json_parse_serde(stored, arena, NULL, &out->values[0]) == RIV_OK);
    return parse_lambda(lines[0], arena, &out->lambda);
}

static bool same_lambda(const air_lambda *a, const air_lambda *b)
{
    if (a->is_length != b->is_length || a->accessors_count != b->accessors_count) return false;
    for (size_t i = 0; i < a->accessors_count; i++) {
        const air_accessor *x = &a->accessors[i], *y = &b->accessors[i];
        if (x->kind != y->kind || x->index != y->index || !riv_str_eq(x->name, y->name)) return false;
    }
    return true;
}

/* ---- the plain walk ---- */

static const riv_json *element(const riv_json *v, uint64_t index)
{
    return v->kind == RIV_JSON_ARR && index <= UINT32_MAX ? riv_json_at(v, (size_t)index) : NULL;
}

static const riv_str names[] = { RIV_LIT_INIT("x"), RIV_LIT_INIT("i"), RIV_LIT_INIT("k") };

/* Which of the three scalars; their number when it is none. */
static size_t scalar_of(riv_str name)
{
    size_t i = 0;
    while (i < RIV_COUNT(names) && !riv_str_eq(name, names[i])) i++;
    return i;
}

static const riv_json *step(const sample *s, const riv_json *v, const air_accessor *a)
{
    if (a->kind == AIR_ARRAY_INDEX) return element(v, a->index);
    if (a->kind == AIR_FIELD_NAME) return riv_json_get(v, a->name);
    const riv_json *by = s->values[scalar_of(a->name)];
    if (by->kind == RIV_JSON_STR) return riv_json_get(v, by->str);
    return by->kind == RIV_JSON_U64 ? element(v, by->u64) : NULL;
}

static const riv_json *walk(const sample *s, riv_arena *arena)
{
    const riv_json *v = s->values[0];
    if (s->lambda.is_length) return v->kind == RIV_JSON_ARR ? riv_json_u64(arena, v->arr.count) : NULL;
    for (size_t i = 0; v && i < s->lambda.accessors_count; i++) v = step(s, v, &s->lambda.accessors[i]);
    return v;
}

/* ---- the interpreter ---- */

static bool known_names(const air_lambda *l)
{
    for (size_t i = 0; i < l->accessors_count; i++) {
        const air_accessor *a = &l->accessors[i];
        if (a->kind == AIR_FIELD_BY_SCALAR && scalar_of(a->name) == RIV_COUNT(names)) return false;
    }
    return true;
}

static void check_run(const sample *s, riv_str lambda, riv_arena *arena)
{
    riv_fault  fault = { 0 };
    testnet    net;
    avm_output out;
    riv_str    script = riv_format(
           arena,
           "(seq (seq (call @A (\"s\" \"x\") [] x) (call @A (\"s\" \"i\") [] i)) (seq (call @A (\"s\" "
              "\"k\") [] k) (xor (call @A (\"s\" \"f\") [x" RIV_FMT "]) (call @A (\"s\" \"e\") [:error:.$.error_code]))))",
           RIV_ARG(lambda));
    testnet_init(&net, arena, riv_cstr(arena, script));
    RIV_ASSERT(testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out) == RIV_OK);
    for (uint32_t i = 0; i < 3 && out.ret_code == 0; i++) {
        avm_call_result result = { .id = i + 1, .result = s->texts[i] };
        RIV_ASSERT(out.call_requests_count == 1 && out.call_requests[0].id == i + 1);
        RIV_ASSERT(testnet_invoke(&net, 0, (riv_bytes){ 0 }, &result, 1, &fault, &out) == RIV_OK);
    }
    if (!known_names(&s->lambda)) {
        RIV_ASSERT(out.ret_code == 1); /* a scalar that nothing defines */
        return;
    }
    RIV_ASSERT(out.ret_code == 0 && out.call_requests_count == 1);
    const riv_json         *want = walk(s, arena);
    const avm_call_request *got  = &out.call_requests[0];
    RIV_ASSERT(got->args->arr.count == 1 && riv_str_eq(got->function_name, want ? RIV_LIT("f") : RIV_LIT("e")));
    uint64_t code = s->lambda.is_length ? LENGTH_CODE : LAMBDA_CODE;
    RIV_ASSERT(riv_json_eq(got->args->arr.items[0], want ? want : riv_json_u64(arena, code)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    sample    s     = { 0 };
    if (size > 1 << 14 || memchr(data, 0, size) || !riv_utf8_valid((riv_bytes){ data, size }, NULL) ||
        crypto_init(&fault))
        return 0;
    riv_arena *arena = riv_arena_new(64 << 20);
    if (read_sample((riv_str){ (const char *)data, size }, arena, &s)) {
        air_lambda again;
        riv_str    printed = air_lambda_text(&s.lambda, arena);
        RIV_ASSERT(parse_lambda(printed, arena, &again) && same_lambda(&s.lambda, &again));
        check_run(&s, printed, arena);
    }
    riv_arena_free(arena);
    return 0;
}
