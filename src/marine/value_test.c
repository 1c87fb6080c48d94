/* value_test.c: how JSON becomes arguments and results become JSON: what npm @fluencelabs/marine-js 0.13.0 answered for the same calls of
 * tests/modules/types.c, taken down with its words. Left out is what SPEC scenarios.md 5 decides otherwise: lone unsigned values with
 * their top bit set. Each case goes by the tree and by text. */
#include "marine/testing.h"

typedef struct example {
    const char *function, *args, *want;
} example;

static void open_types(bench *b)
{
    marine_module_config types = { .name = RIV_LIT("types") };
    bench_open(b, "tests/modules/types.c", &types, NULL);
}

/* The result, or the message. */
static const char *call_by_text(bench *b, const char *function, const char *args)
{
    riv_buf     out  = riv_buf_in(b->arena);
    marine_call call = { .function = riv_str_c(function) };
    b->fault         = (riv_fault){ 0 };
    riv_err err      = marine_service_call_text(b->service, &call, riv_str_c(args), &b->fault, &b->result, &out);
    assert_int_equal(err != RIV_OK, b->result.error != MARINE_NO_ERROR);
    return err ? b->fault.msg : riv_cstr(b->arena, riv_buf_str(&out));
}

static void check(bench *b, const example *e, const char *want)
{
    const char *tree = bench_call(b, e->function, e->args);
    if (b->result.error) tree = b->fault.msg;
    if (strcmp(tree, want) != 0) fail_msg("%s %s by tree gave\n%s, wanted\n%s", e->function, e->args, tree, want);
    const char *text = call_by_text(b, e->function, e->args);
    if (strcmp(text, want) != 0) fail_msg("%s %s by text gave\n%s, wanted\n%s", e->function, e->args, text, want);
}

static void test_conversions(void **state)
{
    (void)state;
    static const example cases[] = {
        { "echo_u8", "[255]", "255" },
        { "echo_u8", "[[7]]", "7" },
        { "echo_u8", "7", "7" },
        { "echo_u8", "{\"v\":1}", "1" },
        { "echo_i8", "[-128]", "-128" },
        { "echo_u32", "[2147483647]", "2147483647" },
        { "echo_i32", "[-2147483648]", "-2147483648" },
        { "echo_u64", "[9223372036854775807]", "9223372036854775807" },
        { "echo_i64", "[-9223372036854775808]", "-9223372036854775808" },
        { "echo_bool", "[true]", "true" },
        { "echo_bool", "[[true]]", "true" },
        { "echo_bool", "true", "true" },
        { "echo_f32", "[0.1]", "0.10000000149011612" },
        { "echo_f32", "[1]", "1.0" },
        { "echo_f32", "[1e39]", "null" },
        { "echo_f32", "[-0]", "-0.0" },
        { "echo_f32", "[-0.0]", "-0.0" },
        { "echo_f32", "[16777217]", "16777216.0" },
        { "echo_f64", "[1]", "1.0" },
        { "echo_f64", "[-0.0]", "-0.0" },
        { "echo_f64", "[-0]", "-0.0" },
        { "echo_f64", "[18446744073709551615]", "1.8446744073709552e19" },
        { "echo_f64", "[1e300]", "1e300" },
        { "echo_f64", "[1e-7]", "1e-7" },
        { "echo_f64", "[1e16]", "1e16" },
        { "echo_f64", "[0.1]", "0.1" },
        { "echo_f64", "[123456789012345680]", "1.2345678901234568e17" },
        { "echo_f64", "[[2.5]]", "2.5" },
        { "echo_string", "[\"\"]", "\"\"" },
        { "echo_string", "[\"a\\u0000b\"]", "\"a\\u0000b\"" },
        { "echo_string", "[[\"a\"]]", "\"a\"" },
        { "echo_string", "\"bare\"", "\"bare\"" },
        { "echo_bytes", "[[0,255]]", "[0,255]" },
        { "echo_bytes", "[[]]", "[]" },
        { "echo_bytes", "{\"v\":[1,2]}", "[1,2]" },
        { "echo_u64s", "[[18446744073709551615]]", "[18446744073709551615]" },
        { "echo_f64s", "[[1,2.5]]", "[1.0,2.5]" },
        { "echo_strings", "[[[\"a\"]]]", "[\"a\"]" },
        { "echo_blobs", "[[[1],[]]]", "[[1],[]]" },
        { "echo_rows", "[[[\"a\"],[\"b\",\"c\"]]]", "[[\"a\"],[\"b\",\"c\"]]" },
        { "echo_points", "[[{\"x\":1,\"y\":2}]]", "[{\"x\":1.0,\"y\":2.0}]" },
        { "echo_points", "[[[1,2]]]", "[{\"x\":1.0,\"y\":2.0}]" },
        { "echo_points", "[[{\"x\":[1],\"y\":2}]]", "[{\"x\":1.0,\"y\":2.0}]" },
        { "all_kinds", "[true,2,-3,1.25,\"x\",[1,2],[5,6],[1,2],[[1,2],[3,4]]]", "\"1 2 -3 125 x 2 11 2 4\"" },
        { "all_kinds",
          "{\"a\":true,\"b\":2,\"c\":-3,\"d\":1.25,\"e\":\"x\",\"f\":[1,2],\"g\":[5,6],\"h\":{\"x\":1,\"y\":2},\"i\":[{"
          "\"x\":1,\"y\":2}]}",
          "\"1 2 -3 125 x 2 11 2 1\"" },
        { "make_inner", "[3]", "{\"data\":[255,0],\"name\":\"3 numbers\",\"numbers\":[0,1,4]}" },
        { "nothing", "[]", "null" },
        { "nothing", "null", "null" },
        { "nothing", "{}", "null" },
        { "echo_u8", "{\"v\":1,\"v\":2}", "2" },
        { "echo_bytes", "[[[1]]]", "[1]" },
        { "echo_bytes", "[[[1],[2]]]", "[1,2]" },
        { "echo_bools", "[[[true]]]", "[true]" },
        { "echo_f64s", "[[[1]]]", "[1.0]" },
        { "echo_u32s", "[[4294967295,0]]", "[4294967295,0]" },
        { "echo_i32s", "[[-2147483648,2147483647]]", "[-2147483648,2147483647]" },
        { "echo_i64s", "[[-9223372036854775808]]", "[-9223372036854775808]" },
        { "echo_f32s", "[[0.1,1e39]]", "[0.10000000149011612,null]" },
        { "echo_i8s", "[[-128,127]]", "[-128,127]" },
        { "echo_tables", "[[[4294967295],[]]]", "[[4294967295],[]]" },
        { "echo_shapes", "[[[{\"x\":1,\"y\":2}],[]]]", "[[{\"x\":1.0,\"y\":2.0}],[]]" },
        { "echo_point", "[{\"x\":1,\"y\":2}]", "{\"x\":1.0,\"y\":2.0}" },
        { "echo_point", "[{\"y\":2.5,\"x\":-1}]", "{\"x\":-1.0,\"y\":2.5}" },
        { "echo_point", "{\"v\":{\"x\":1,\"y\":2}}", "{\"x\":1.0,\"y\":2.0}" },
        { "echo_points", "[[{\"x\":1,\"y\":2},[3,4]]]", "[{\"x\":1.0,\"y\":2.0},{\"x\":3.0,\"y\":4.0}]" },
    };
    bench b;
    open_types(&b);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) check(&b, &cases[i], cases[i].want);
    bench_close(&b);
}

static void test_refusals(void **state)
{
    (void)state;
    static const example cases[] = {
        { "echo_u8", "[256]",
          "error Error(\"invalid value: integer `256`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[-1]",
          "error Error(\"invalid value: integer `-1`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[1.0]",
          "error Error(\"invalid type: floating point `1.0`, expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u8", "[1.5]",
          "error Error(\"invalid type: floating point `1.5`, expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u8", "[\"1\"]",
          "error Error(\"invalid type: string \\\"1\\\", expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u8", "[true]",
          "error Error(\"invalid type: boolean `true`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[null]",
          "error Error(\"invalid type: null, expected u8\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_u8", "[[]]",
          "error Error(\"invalid type: sequence, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[[7,8]]",
          "error Error(\"invalid type: sequence, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[{}]",
          "error Error(\"invalid type: map, expected u8\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_u8", "[{\"a\":1}]",
          "error Error(\"invalid type: map, expected u8\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_u8", "[[[7]]]",
          "error Error(\"invalid type: sequence, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[1e2]",
          "error Error(\"invalid type: floating point `100.0`, expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u8", "[18446744073709551616]",
          "error Error(\"invalid type: floating point `1.8446744073709552e19`, expected u8\", line: 0, column: 0) "
          "occurred while deserializing function arguments" },
        { "echo_u8", "\"x\"",
          "error Error(\"invalid type: string \\\"x\\\", expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u8", "null",
          "the called function has the following signature: [(\"v\", U8)], but no arguments is provided" },
        { "echo_u8", "[]", "function requires 1 arguments, 0 provided" },
        { "echo_u8", "[1,2]", "function requires 1 arguments, 2 provided" },
        { "echo_u8", "{\"w\":1}", "missing argument with name v" },
        { "echo_u8", "{\"v\":1,\"w\":2}", "function requires 1 arguments, 2 provided" },
        { "echo_u8", "{}", "missing argument with name v" },
        { "echo_i8", "[-129]",
          "error Error(\"invalid value: integer `-129`, expected i8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_i8", "[128]",
          "error Error(\"invalid value: integer `128`, expected i8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u16", "[65536]",
          "error Error(\"invalid value: integer `65536`, expected u16\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u16", "[-1]",
          "error Error(\"invalid value: integer `-1`, expected u16\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_i16", "[32768]",
          "error Error(\"invalid value: integer `32768`, expected i16\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u32", "[4294967296]",
          "error Error(\"invalid value: integer `4294967296`, expected u32\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_i32", "[2147483648]",
          "error Error(\"invalid value: integer `2147483648`, expected i32\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_u64", "[-1]",
          "error Error(\"invalid value: integer `-1`, expected u64\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_i64", "[9223372036854775808]",
          "error Error(\"invalid value: integer `9223372036854775808`, expected i64\", line: 0, column: 0) occurred "
          "while deserializing function arguments" },
        { "echo_i64", "[1.0]",
          "error Error(\"invalid type: floating point `1.0`, expected i64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bool", "[1]",
          "error Error(\"invalid type: integer `1`, expected a boolean\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bool", "[\"true\"]",
          "error Error(\"invalid type: string \\\"true\\\", expected a boolean\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bool", "[null]",
          "error Error(\"invalid type: null, expected a boolean\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_f32", "[\"0.1\"]",
          "error Error(\"invalid type: string \\\"0.1\\\", expected f32\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_f32", "[null]",
          "error Error(\"invalid type: null, expected f32\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_f32", "[true]",
          "error Error(\"invalid type: boolean `true`, expected f32\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_f64", "[\"1\"]",
          "error Error(\"invalid type: string \\\"1\\\", expected f64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_f64", "[{}]",
          "error Error(\"invalid type: map, expected f64\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_string", "[5]",
          "error Error(\"invalid type: integer `5`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_string", "[null]",
          "error Error(\"invalid type: null, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_string", "[[]]",
          "error Error(\"invalid type: sequence, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_string", "[[\"a\",\"b\"]]",
          "error Error(\"invalid type: sequence, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_string", "[{\"a\":1}]",
          "error Error(\"invalid type: map, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_string", "null",
          "the called function has the following signature: [(\"v\", String)], but no arguments is provided" },
        { "echo_string", "[true]",
          "error Error(\"invalid type: boolean `true`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_string", "[1.5]",
          "error Error(\"invalid type: floating point `1.5`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_string", "[-3]",
          "error Error(\"invalid type: integer `-3`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bytes", "[[256]]",
          "error Error(\"invalid value: integer `256`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_bytes", "[[-1]]",
          "error Error(\"invalid value: integer `-1`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_bytes", "[[\"a\"]]",
          "error Error(\"invalid type: string \\\"a\\\", expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bytes", "[[null]]",
          "error Error(\"invalid type: null, expected u8\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_bytes", "[[1.0]]",
          "error Error(\"invalid type: floating point `1.0`, expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bytes", "[\"abc\"]", "expected bytearray, got String(\"abc\")" },
        { "echo_bytes", "[null]", "expected bytearray, got Null" },
        { "echo_bytes", "[5]", "expected bytearray, got Number(5)" },
        { "echo_bytes", "[1.5]", "expected bytearray, got Number(1.5)" },
        { "echo_bytes", "[true]", "expected bytearray, got Bool(true)" },
        { "echo_bytes", "[{\"a\":[1]}]", "expected bytearray, got Object {\"a\": Array [Number(1)]}" },
        { "echo_bytes", "[1,2]", "function requires 1 arguments, 2 provided" },
        { "echo_bytes", "5", "expected bytearray, got Number(5)" },
        { "echo_bools", "[[true,1]]",
          "error Error(\"invalid type: integer `1`, expected a boolean\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_bools", "[true]", "expected array of Boolean types, got Bool(true)" },
        { "echo_i16s", "[[1,40000]]",
          "error Error(\"invalid value: integer `40000`, expected i16\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_i16s", "[[\"a\"]]",
          "error Error(\"invalid type: string \\\"a\\\", expected i16\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_i16s", "[\"a\"]", "expected array of S16 types, got String(\"a\")" },
        { "echo_i16s", "[null]", "expected array of S16 types, got Null" },
        { "echo_i16s", "[{\"a\":1}]", "expected array of S16 types, got Object {\"a\": Number(1)}" },
        { "echo_u64s", "[[1.5]]",
          "error Error(\"invalid type: floating point `1.5`, expected u64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_f64s", "[[\"x\"]]",
          "error Error(\"invalid type: string \\\"x\\\", expected f64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_strings", "[[\"a\",1]]",
          "error Error(\"invalid type: integer `1`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_strings", "[[\"a\",null]]",
          "error Error(\"invalid type: null, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_strings", "[\"a\"]", "expected array of String types, got String(\"a\")" },
        { "echo_strings", "[[[]]]",
          "error Error(\"invalid type: sequence, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_blobs", "[[\"a\"]]", "expected bytearray, got String(\"a\")" },
        { "echo_blobs", "[[[300]]]",
          "error Error(\"invalid value: integer `300`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_rows", "[[[\"a\"],\"b\"]]", "expected array of String types, got String(\"b\")" },
        { "echo_rows", "[[[\"a\"],[5]]]",
          "error Error(\"invalid type: integer `5`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_points", "[[[1]]]", "function requires 2 arguments, 1 provided" },
        { "echo_points", "[[[1,2,3]]]", "function requires 2 arguments, 3 provided" },
        { "echo_points", "[[[]]]", "function requires 2 arguments, 0 provided" },
        { "echo_points", "[[{\"x\":1}]]", "missing argument with name y" },
        { "echo_points", "[[{\"y\":1}]]", "missing argument with name x" },
        { "echo_points", "[[{\"x\":1,\"y\":2,\"z\":3}]]", "function requires 2 arguments, 3 provided" },
        { "echo_points", "[[{\"x\":1,\"z\":3}]]", "missing argument with name y" },
        { "echo_points", "[[{}]]", "missing argument with name x" },
        { "echo_points", "[[7]]", "record with type id `8` should be encoded as array or map of fields" },
        { "echo_points", "[[\"s\"]]", "record with type id `8` should be encoded as array or map of fields" },
        { "echo_points", "[[null]]", "record with type id `8` should be encoded as array or map of fields" },
        { "echo_points", "[[{\"x\":\"a\",\"y\":2}]]",
          "error Error(\"invalid type: string \\\"a\\\", expected f64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_points", "[[{\"x\":null,\"y\":2}]]",
          "error Error(\"invalid type: null, expected f64\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_points", "[{\"x\":1,\"y\":2}]",
          "expected array of Record(8) types, got Object {\"x\": Number(1), \"y\": Number(2)}" },
        { "echo_points", "[\"s\"]", "expected array of Record(8) types, got String(\"s\")" },
        { "all_kinds",
          "{\"a\":true,\"b\":2,\"c\":-3,\"d\":1.25,\"e\":\"x\",\"f\":[1,2],\"g\":[5,6],\"h\":{\"x\":1},\"i\":[]}",
          "missing argument with name y" },
        { "all_kinds", "{\"a\":true,\"b\":2,\"c\":-3,\"d\":1.25,\"e\":\"x\",\"f\":[1,2],\"g\":[5,6],\"h\":7,\"i\":[]}",
          "record with type id `8` should be encoded as array or map of fields" },
        { "all_kinds", "{\"b\":2}", "missing argument with name a" },
        { "all_kinds", "[1]", "function requires 9 arguments, 1 provided" },
        { "all_kinds", "[true,2,-3,1.25,\"x\",[1,2],[5,6],[1,2],[[1,2],[3,\"q\"]]]",
          "error Error(\"invalid type: string \\\"q\\\", expected f64\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "all_kinds", "[true,2,-3,1.25,\"x\",[1,2],[5,6],\"r\",[]]",
          "record with type id `8` should be encoded as array or map of fields" },
        { "make_inner", "[-3]",
          "error Error(\"invalid value: integer `-3`, expected u32\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "nothing", "[1]", "function requires 0 arguments, 1 provided" },
        { "nothing", "1",
          "called function has the following signature: '[]', and it isn't suitable for an argument 'Number(1)' "
          "provided" },
        { "nothing", "{\"a\":1}", "function requires 0 arguments, 1 provided" },
        { "nothing", "[null]", "function requires 0 arguments, 1 provided" },
        { "nothing", "\"\"",
          "called function has the following signature: '[]', and it isn't suitable for an argument 'String(\"\")' "
          "provided" },
        { "nothing", "[[]]", "function requires 0 arguments, 1 provided" },
        { "length", "[1,2]", "function requires 1 arguments, 2 provided" },
        { "length", "[null]",
          "error Error(\"invalid type: null, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "length", "[]", "function requires 1 arguments, 0 provided" },
        { "length", "{\"v\":\"n\",\"z\":1}", "function requires 1 arguments, 2 provided" },
        { "length", "{\"w\":\"n\"}", "missing argument with name v" },
        { "length", "{\"v\":null}",
          "error Error(\"invalid type: null, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_everything", "7", "record with type id `7` wasn't found" },
        { "echo_everything", "\"x\"", "record with type id `7` wasn't found" },
        { "echo_points", "7", "expected array of Record(8) types, got Number(7)" },
        { "echo_rows", "7", "expected array of Array(String) types, got Number(7)" },
        { "echo_bytes", "\"x\"", "expected bytearray, got String(\"x\")" },
        { "echo_bytes", "true", "expected bytearray, got Bool(true)" },
        { "echo_bytes", "null",
          "the called function has the following signature: [(\"v\", ByteArray)], but no arguments is provided" },
        { "echo_rows", "null",
          "the called function has the following signature: [(\"v\", Array(Array(String)))], but no arguments is "
          "provided" },
        { "echo_points", "null",
          "the called function has the following signature: [(\"v\", Array(Record(8)))], but no arguments is "
          "provided" },
        { "all_kinds", "null",
          "the called function has the following signature: [(\"a\", Boolean), (\"b\", U8), (\"c\", S64), (\"d\", "
          "F32), (\"e\", String), (\"f\", ByteArray), (\"g\", Array(U32)), (\"h\", Record(8)), (\"i\", "
          "Array(Record(8)))], but no arguments is provided" },
        { "all_kinds", "5",
          "called function has the following signature: '[(\"a\", Boolean), (\"b\", U8), (\"c\", S64), (\"d\", F32), "
          "(\"e\", String), (\"f\", ByteArray), (\"g\", Array(U32)), (\"h\", Record(8)), (\"i\", Array(Record(8)))]', "
          "and it isn't suitable for an argument 'Number(5)' provided" },
        { "all_kinds", "true",
          "called function has the following signature: '[(\"a\", Boolean), (\"b\", U8), (\"c\", S64), (\"d\", F32), "
          "(\"e\", String), (\"f\", ByteArray), (\"g\", Array(U32)), (\"h\", Record(8)), (\"i\", Array(Record(8)))]', "
          "and it isn't suitable for an argument 'Bool(true)' provided" },
        { "all_kinds", "\"a\\\"b\\n\\u0001\303\251\"",
          "called function has the following signature: '[(\"a\", Boolean), (\"b\", U8), (\"c\", S64), (\"d\", F32), "
          "(\"e\", String), (\"f\", ByteArray), (\"g\", Array(U32)), (\"h\", Record(8)), (\"i\", Array(Record(8)))]', "
          "and it isn't suitable for an argument 'String(\"a\\\"b\\n\\u{1}\303\251\")' provided" },
        { "make_inner", "\"a\\\"b\\n\\u0001\303\251\"",
          "error Error(\"invalid type: string \\\"a\\\\\\\"b\\\\n\\\\u{1}\303\251\\\", expected u32\", line: 0, "
          "column: 0) occurred while deserializing function arguments" },
        { "echo_u8", "[\"a\\\"b\\n\\u0001\303\251\\u0301\\u007f'\\\\\"]",
          "error Error(\"invalid type: string \\\"a\\\\\\\"b\\\\n\\\\u{1}\303\251\\\\u{301}\\\\u{7f}'\\\\\\\\\\\", "
          "expected u8\", line: 0, column: 0) occurred while deserializing function arguments" },
        { "echo_bytes", "[\"a\\\"b\\n\\u0001\303\251\\u0301\\u007f'\\\\\\t\\r\\u0000\"]",
          "expected bytearray, got String(\"a\\\"b\\n\\u{1}\303\251\\u{301}\\u{7f}'\\\\\\t\\r\\0\")" },
        { "echo_bytes", "[{}]", "expected bytearray, got Object {}" },
        { "echo_bytes", "[{\"b\":null,\"a\":[],\"c\":{\"x\":true}}]",
          "expected bytearray, got Object {\"a\": Array [], \"b\": Null, \"c\": Object {\"x\": Bool(true)}}" },
        { "echo_bytes", "[{\"b\":1e300,\"a\":-0.0,\"c\":-1}]",
          "expected bytearray, got Object {\"a\": Number(-0.0), \"b\": Number(1e300), \"c\": Number(-1)}" },
        { "echo_rows", "[5]", "expected array of Array(String) types, got Number(5)" },
        { "echo_rows", "[[5]]", "expected array of String types, got Number(5)" },
        { "echo_blobs", "[5]", "expected array of ByteArray types, got Number(5)" },
        { "echo_points", "[[{\"x\":[[1]],\"y\":2}]]",
          "error Error(\"invalid type: sequence, expected f64\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_points", "[[{\"x\":[],\"y\":2}]]",
          "error Error(\"invalid type: sequence, expected f64\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[[true]]",
          "error Error(\"invalid type: boolean `true`, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[[\"1\"]]",
          "error Error(\"invalid type: string \\\"1\\\", expected u8\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_string", "[[5]]",
          "error Error(\"invalid type: integer `5`, expected a string\", line: 0, column: 0) occurred while "
          "deserializing function arguments" },
        { "echo_string", "[[null]]",
          "error Error(\"invalid type: null, expected a string\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_u8", "[-9223372036854775808]",
          "error Error(\"invalid value: integer `-9223372036854775808`, expected u8\", line: 0, column: 0) occurred "
          "while deserializing function arguments" },
        { "echo_u8", "[18446744073709551615]",
          "error Error(\"invalid value: integer `18446744073709551615`, expected u8\", line: 0, column: 0) occurred "
          "while deserializing function arguments" },
        { "echo_u64", "[18446744073709551616]",
          "error Error(\"invalid type: floating point `1.8446744073709552e19`, expected u64\", line: 0, column: 0) "
          "occurred while deserializing function arguments" },
        { "echo_i64", "[-9223372036854775809]",
          "error Error(\"invalid type: floating point `-9.223372036854776e18`, expected i64\", line: 0, column: 0) "
          "occurred while deserializing function arguments" },
        { "echo_everything", "[{}]", "missing argument with name flag" },
        { "echo_everything", "[[]]", "function requires 17 arguments, 0 provided" },
        { "echo_everything", "{\"v\":{\"flag\":true}}", "missing argument with name a" },
        { "echo_bytes", "[[[1,2]]]",
          "error Error(\"invalid type: sequence, expected u8\", line: 0, column: 0) occurred while deserializing "
          "function arguments" },
        { "echo_bytes", "[[{}]]",
          "error Error(\"invalid type: map, expected u8\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_f64s", "[[null]]",
          "error Error(\"invalid type: null, expected f64\", line: 0, column: 0) occurred while deserializing function "
          "arguments" },
        { "echo_bools", "[\"x\"]", "expected array of Boolean types, got String(\"x\")" },
        { "echo_rows", "[[null]]", "expected array of String types, got Null" },
        { "echo_point", "7", "record with type id `8` wasn't found" },
        { "echo_point", "{\"x\":1,\"y\":2}", "missing argument with name v" },
    };
    bench b;
    open_types(&b);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_fault whole = { 0 }; /* which cuts what is too long, as the service's does */
        riv_fail(&whole, RIV_E_MALFORMED, 0,
                 "arguments from json deserialization error in module \"types\", function \"%s\": %s",
                 cases[i].function, cases[i].want);
        check(&b, &cases[i], whole.msg);
        assert_int_equal(b.result.error, MARINE_BAD_ARGUMENTS);
        assert_true(b.result.fuel_used == 0); /* no code of the module ran */
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_refusals),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
