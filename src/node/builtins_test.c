/* builtins_test.c: the table of built-in functions: arguments, answers, refusals. Rows are service.function, arguments, answer;
 * an answer that begins with '!' is the error's text. */
#include "node/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct row {
    const char *service, *function, *args, *want;
} row;

/* clang-format off */
static const row rows[] = {
    { "op", "noop", "[1, 2]", "\"\"" },
    { "op", "array", "[1, \"a\", [2]]", "[1,\"a\",[2]]" },
    { "op", "array", "[]", "[]" },
    { "op", "array_length", "[[1, 2, 3]]", "3" },
    { "op", "array_length", "[7]", "!argument 1 of op.array_length must be an array, number" },
    { "op", "array_length", "[[1], [2]]", "!op.array_length takes 1 arguments, not 2" },
    { "op", "concat", "[[1], [], [2, 3]]", "[1,2,3]" },
    { "op", "concat", "[[1], 2]", "!argument 2 of op.concat must be an array, number" },
    { "op", "concat_strings", "[\"a\", \"\", \"bc\"]", "\"abc\"" },
    { "op", "concat_strings", "[\"a\", 1]", "!argument 2 of op.concat_strings must be a string, number" },
    { "op", "identity", "[{\"a\": 1.0}]", "{\"a\":1.0}" },
    { "op", "identity", "[]", "\"\"" },
    { "op", "identity", "[1, 2]", "!op.identity takes at most one argument" },
    { "op", "string_to_b58", "[\"hello\"]", "\"Cn8eVZg\"" },
    { "op", "string_from_b58", "[\"Cn8eVZg\"]", "\"hello\"" },
    { "op", "bytes_to_b58", "[[0, 104, 105]]", "\"18wr\"" },
    { "op", "bytes_from_b58", "[\"18wr\"]", "[0,104,105]" },
    { "op", "bytes_to_b58", "[[256]]", "!argument 1 of op.bytes_to_b58 must be an array of bytes, array" },
    { "op", "sha256_string", "[\"abc\", true, true]", "[186,120,22,191,143,1,207,234,65,65,64,222,93,174,34,35,176,3,97,163,150,23,122,156,180,16,255,97,242,0,21,173]" },
    { "op", "sha256_string", "[\"abc\"]", "\"QmatYkNGZnELf8cAGdyJpUca2PyY4szai3RHyyWofNY1pY\"" },
    { "array", "length", "[[]]", "0" },
    { "array", "sum", "[[1, 2, -5]]", "-2" },
    { "array", "sum", "[[9223372036854775807, 1]]", "!i64 add overflow" },
    { "array", "sum", "[[1.5]]", "!argument 1 of array.sum must be an array of i64, array" },
    { "array", "dedup", "[[\"b\", \"a\", \"b\"]]", "[\"b\",\"a\"]" },
    { "array", "dedup", "[[1]]", "!argument 1 of array.dedup must be an array of strings, array" },
    { "array", "intersect", "[[\"a\", \"b\", \"c\"], [\"c\", \"a\"]]", "[\"a\",\"c\"]" },
    { "array", "diff", "[[\"a\", \"b\", \"b\"], [\"a\"]]", "[\"b\"]" },
    { "array", "sdiff", "[[\"a\", \"b\"], [\"b\", \"c\"]]", "[\"a\",\"c\"]" },
    { "array", "slice", "[[1, 2, 3, 4], 1, 3]", "[2,3]" },
    { "array", "slice", "[[], 5, 9]", "[]" },
    { "array", "slice", "[[1], 1, 1]", "[]" },
    { "array", "slice", "[[1, 2], 1, 3]", "!slice indexes out of bounds. start index: 1, end index: 3, array length: 2" },
    { "array", "slice", "[[1, 2], 2, 1]", "!slice indexes out of bounds. start index: 2, end index: 1, array length: 2" },
    { "math", "add", "[2, -3]", "-1" },
    { "math", "add", "[9223372036854775807, 1]", "!i64 add overflow" },
    { "math", "add", "[9223372036854775808, 1]", "!argument 1 of math.add must be an i64, number" },
    { "math", "add", "[1]", "!math.add takes 2 arguments, not 1" },
    { "math", "sub", "[-9223372036854775808, 1]", "!i64 sub overflow" },
    { "math", "mul", "[4294967296, 4294967296]", "!i64 mul overflow" },
    { "math", "div", "[7, -2]", "-3" },
    { "math", "div", "[1, 0]", "!i64 div overflow" },
    { "math", "div", "[-9223372036854775808, -1]", "!i64 div overflow" },
    { "math", "rem", "[-7, 3]", "-1" },
    { "math", "rem", "[-9223372036854775808, -1]", "!i64 rem overflow" },
    { "math", "fmul", "[10, 0.66]", "6" },
    { "math", "fmul", "[-10, 0.66]", "-7" },
    { "math", "fmul", "[1e300, 1e300]", "!f64 mul overflow" },
    { "math", "pow", "[2, 62]", "4611686018427387904" },
    { "math", "pow", "[2, 63]", "!i64 pow overflow" },
    { "math", "pow", "[-2, 63]", "-9223372036854775808" },
    { "math", "pow", "[1, 4294967295]", "1" },
    { "math", "pow", "[-1, 4294967295]", "-1" },
    { "math", "pow", "[-1, 4294967294]", "1" },
    { "math", "pow", "[0, 0]", "1" },
    { "math", "pow", "[0, 5]", "0" },
    { "math", "log", "[2, 1024]", "10" },
    { "math", "log", "[3, 8]", "1" },
    { "math", "log", "[1, 8]", "!i64 log overflow" },
    { "cmp", "gt", "[2, 1]", "true" },
    { "cmp", "gte", "[1, 1]", "true" },
    { "cmp", "lt", "[2, 1]", "false" },
    { "cmp", "lte", "[-1, 1]", "true" },
    { "cmp", "cmp", "[1, 2]", "-1" },
    { "cmp", "cmp", "[\"1\", 2]", "!argument 1 of cmp.cmp must be an i64, string" },
    { "json", "obj", "[\"b\", 1, \"a\", [2]]", "{\"a\":[2],\"b\":1}" },
    { "json", "obj", "[\"b\"]", "!keys and values must come in pairs" },
    { "json", "obj", "[1, 2]", "!argument 1 of json.obj must be a string, number" },
    { "json", "put", "[{\"a\": 1}, \"a\", 2]", "{\"a\":2}" },
    { "json", "put", "[{}, \"a\"]", "!json.put takes 3 arguments, not 2" },
    { "json", "puts", "[{\"a\": 1}, \"b\", 2, \"c\", 3]", "{\"a\":1,\"b\":2,\"c\":3}" },
    { "json", "puts", "[7]", "!argument 1 of json.puts must be an object, number" },
    { "json", "parse", "[\"{\\\"a\\\": [1.0, null]}\"]", "{\"a\":[1.0,null]}" },
    { "json", "stringify", "[{\"b\": 1, \"a\": \"x\"}]", "\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":1}\"" },
    { "json", "obj_pairs", "[[[\"a\", 1], [\"b\", 2]]]", "{\"a\":1,\"b\":2}" },
    { "json", "obj_pairs", "[[[\"a\", 1, 2]]]", "!argument 1 of json.obj_pairs must be an array of [string, value], array" },
    { "json", "obj_pairs", "[[7]]", "!argument 1 of json.obj_pairs must be an array of [string, value], array" },
    { "json", "puts_pairs", "[{\"z\": 0}, [[\"a\", 1]]]", "{\"a\":1,\"z\":0}" },
    { "debug", "stringify", "[]", "\"\\\"<empty argument list>\\\"\"" },
    { "debug", "stringify", "[\"a\"]", "\"\\\"a\\\"\"" },
    { "debug", "stringify", "[1, 2]", "\"[1,2]\"" },
    { "peer", "timestamp_ms", "[]", "5000000" },
    { "peer", "timestamp_sec", "[]", "5000" },
    { "peer", "is_connected", "[\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\"]", "false" },
    { "peer", "is_connected", "[5]", "!argument 1 of peer.is_connected must be a string, number" },
    { "peer", "get_contact", "[\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\"]", "\"\"" },
    { "peer", "timeout", "[0, \"m\"]", "\"m\"" },
    { "peer", "timeout", "[\"0\"]", "\"\"" },
    { "peer", "timeout", "[600001]", "!a pause of more than 600000 ms" },
    { "peer", "timeout", "[-1]", "!argument 1 of peer.timeout must be milliseconds, number" },
    { "peer", "connect", "[\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\"]", "!This function is only available to the host or worker spells" },
    { "run-console", "print", "[1]", "!This function is only available to the host or worker spells" },
    { "kad", "neighborhood", "[\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\"]", "[]" },
    { "kad", "neigh_with_addrs", "[\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\", [], [5]]", "[]" },
    { "kad", "neighborhood", "[\"not base58 0OIl\"]", "!" },
    { "kad", "merge", "[\"18wr\", [\"3\", \"4\"], [\"4\", \"5\"], 2]", NULL },
    { "kad", "merge", "[\"18wr\", [\"222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222\"], []]", "!a key of 129 characters" },
    { "srv", "list", "[]", "[]" },
    { "srv", "resolve_alias_opt", "[\"x\"]", "[]" },
    { "srv", "info", "[\"x\"]", "!Service with id 'x' not found" },
    { "sig", "sign", "[[1, 2]]", "{\"error\":[\"only the host may let this peer sign\"],\"signature\":[],\"success\":false}" },
    { "sig", "verify", "[[1], [2]]", "false" },
};
/* clang-format on */

typedef struct bench {
    rig           r;
    node_effects  out;
    node_particle p;
} bench;

/* A particle of the remote's, and a step's memory, without a step. */
static void bench_init(bench *b)
{
    rig_init(&b->r, NULL, 0);
    b->r.n->scratch        = b->r.arena;
    b->r.n->out            = &b->out;
    b->out                 = (node_effects){ .arena = b->r.arena };
    b->p                   = (node_particle){ 0 };
    b->p.head.init_peer_id = codec_peer_text(b->r.arena, &b->r.remote_id.peer);
    b->p.deadline_ms       = RIG_START_MS + 5000;
}

static node_builtin ask(bench *b, const char *service, const char *function, const char *args, node_asked *asked)
{
    riv_fault fault = { 0 };
    *asked          = (node_asked){ .service = riv_str_c(service), .function = riv_str_c(function) };
    assert_int_equal(riv_json_parse(riv_str_c(args), b->r.arena, &fault, &asked->args), RIV_OK);
    node_builtin call = { .n = b->r.n, .p = &b->p, .arena = b->r.arena, .asked = asked, .asked_ms = RIG_START_MS };
    assert_true(node__builtin(&call));
    return call;
}

static void check_row(bench *b, const row *x)
{
    node_asked   asked;
    node_builtin call = ask(b, x->service, x->function, x->args, &asked);
    const char  *got  = call.error.len ? riv_cstr(b->r.arena, riv_format(b->r.arena, "!" RIV_FMT, RIV_ARG(call.error)))
                        : call.value   ? riv_cstr(b->r.arena, riv_json_text(call.value, b->r.arena))
                                       : "\"\"";
    if (!x->want) return;
    bool same = strcmp(x->want, "!") == 0 ? call.error.len > 0 : strcmp(got, x->want) == 0;
    if (!same) fail_msg("%s.%s%s gives %s, wanted %s", x->service, x->function, x->args, got, x->want);
}

static void the_table(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) check_row(&b, &rows[i]);
    rig_deinit(&b.r);
}

/* Whatever is given as arguments: an answer or an error, never neither, never a crash. */
static void any_arguments(void **state)
{
    (void)state;
    static const char *const values[] = { "null",
                                          "true",
                                          "7",
                                          "-7",
                                          "1.5",
                                          "\"\"",
                                          "\"x\"",
                                          "[]",
                                          "[1]",
                                          "[[]]",
                                          "[\"a\",\"b\"]",
                                          "{}",
                                          "{\"a\":1}",
                                          "1e300",
                                          "18446744073709551615",
                                          "[[\"a\",1]]",
                                          "\"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\"" };
    bench                    b;
    riv_prng                 prng = riv_prng_seed(3);
    bench_init(&b);
    for (size_t i = 0; i < 20000; i++) {
        const row *x    = &rows[riv_prng_below(&prng, RIV_COUNT(rows))];
        riv_buf    args = riv_buf_in(b.r.arena);
        size_t     n    = (size_t)riv_prng_below(&prng, 5);
        riv_put_u8(&args, '[');
        for (size_t k = 0; k < n; k++)
            riv_putf(&args, "%s%s", k ? "," : "", values[riv_prng_below(&prng, RIV_COUNT(values))]);
        riv_put_str(&args, RIV_LIT("]"));
        node_asked   asked;
        node_builtin call = ask(&b, x->service, x->function, riv_cstr(b.r.arena, riv_buf_str(&args)), &asked);
        assert_true(!call.error.len || riv_utf8_valid(riv_str_bytes(call.error), NULL));
    }
    rig_deinit(&b.r);
}

/* sha-256 distances worked out by hand here: the order must be that of the distances, without doubles, cut to the count. */
static void merge_sorts_by_distance(void **state)
{
    (void)state;
    bench      b;
    node_asked asked;
    bench_init(&b);
    node_builtin call = ask(&b, "kad", "merge", "[\"18wr\", [\"3\", \"4\", \"5\"], [\"4\", \"6\", \"7\"], 4]", &asked);
    assert_int_equal(call.error.len, 0);
    assert_int_equal(call.value->arr.count, 4);
    riv_buf key = riv_buf_in(b.r.arena);
    assert_int_equal(codec_read_base58(RIV_LIT("18wr"), &key, NULL), RIV_OK);
    crypto_hash target = crypto_sha256(riv_buf_view(&key)), last = { { 0 } };
    for (size_t i = 0; i < 4; i++) {
        riv_buf peer = riv_buf_in(b.r.arena);
        assert_int_equal(codec_read_base58(call.value->arr.items[i]->str, &peer, NULL), RIV_OK);
        crypto_hash h = crypto_sha256(riv_buf_view(&peer));
        for (size_t k = 0; k < sizeof h.bytes; k++) h.bytes[k] ^= target.bytes[k];
        assert_true(i == 0 || memcmp(&last, &h, sizeof h) < 0);
        last = h;
    }
    rig_deinit(&b.r);
}

static void neighbours_are_connected_nodes(void **state)
{
    (void)state;
    bench      b;
    node_asked asked;
    bench_init(&b);
    b.r.n->out = NULL;
    rig_link(&b.r);
    b.r.n->scratch    = b.r.arena;
    riv_str      text = codec_peer_text(b.r.arena, &b.r.remote_id.peer);
    riv_str      args = riv_format(b.r.arena, "[\"" RIV_FMT "\"]", RIV_ARG(text));
    node_builtin call = ask(&b, "kad", "neighborhood", riv_cstr(b.r.arena, args), &asked);
    assert_int_equal(call.value->arr.count,
                     1); /* the remote listens, so it is a node; this peer itself is not in the list */
    assert_true(riv_str_eq(call.value->arr.items[0]->str, text));
    call = ask(&b, "kad", "neigh_with_addrs", riv_cstr(b.r.arena, args), &asked);
    assert_non_null(riv_json_get(riv_json_at(call.value, 0), RIV_LIT("addresses")));
    call = ask(&b, "peer", "is_connected", riv_cstr(b.r.arena, args), &asked);
    assert_true(call.value->boolean);
    rig_deinit(&b.r);
}

static void signs_only_what_a_registry_made(void **state)
{
    (void)state;
    bench          b;
    node_asked     asked;
    avm_tetraplet  t    = { 0 };
    avm_tetraplets list = { &t, 1 };
    bench_init(&b);
    b.p.head.init_peer_id = b.r.n->self_text;
    t = (avm_tetraplet){ b.r.n->self_text, RIV_LIT("registry"), RIV_LIT("get_record_bytes"), { 0 } };
    for (int how = 0; how < 5; how++) {
        avm_tetraplet bad = t;
        if (how == 1) bad.service_id = RIV_LIT("other");
        if (how == 2) bad.function_name = RIV_LIT("get_records");
        if (how == 3) bad.lens = RIV_LIT(".$.x");
        if (how == 4) bad.peer_pk = RIV_LIT("somebody");
        list.items = &bad;
        asked      = (node_asked){
                 .service = RIV_LIT("sig"), .function = RIV_LIT("sign"), .tetraplets = &list, .tetraplets_count = 1
        };
        assert_int_equal(riv_json_parse(RIV_LIT("[[1,2,3]]"), b.r.arena, NULL, &asked.args), RIV_OK);
        node_builtin call = { .n = b.r.n, .p = &b.p, .arena = b.r.arena, .asked = &asked };
        assert_true(node__builtin(&call));
        assert_int_equal(riv_json_get(call.value, RIV_LIT("success"))->boolean, how == 0);
        if (how) continue;
        riv_str args = riv_format(
            b.r.arena, "[" RIV_FMT ",[1,2,3]]",
            RIV_ARG(riv_json_text(riv_json_at(riv_json_get(call.value, RIV_LIT("signature")), 0), b.r.arena)));
        node_asked   again;
        node_builtin verify = ask(&b, "sig", "verify", riv_cstr(b.r.arena, args), &again);
        assert_true(verify.value->boolean);
    }
    rig_deinit(&b.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(any_arguments),
        cmocka_unit_test(merge_sorts_by_distance),
        cmocka_unit_test(neighbours_are_connected_nodes),
        cmocka_unit_test(signs_only_what_a_registry_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
