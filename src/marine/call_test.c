/* call_test.c: the three ways to call, by JSON tree, by JSON text and by values, say the same; and what each refuses. */
#include "marine/testing.h" /* first: it asks libc for more */

#include "marine/testing_values.h"

enum { SEEDS = 25, TEXT_SEEDS = 200 };

typedef struct outcome { /* of one call */
    riv_err           err;
    marine_error_kind kind;
    uint64_t          fuel;
    riv_str           text; /* the result, or the message */
} outcome;

static outcome outcome_of(riv_err err, const marine_result *result, const riv_fault *fault, riv_str text, riv_arena *a)
{
    assert_int_equal(err != RIV_OK, result->error != MARINE_NO_ERROR);
    return (outcome){ err, result->error, result->fuel_used, err ? riv_str_dup(a, riv_str_c(fault->msg)) : text };
}

static outcome by_tree(marine_service *s, riv_str function, const riv_json *args, riv_arena *a)
{
    marine_call   call  = { .function = function, .args = args };
    riv_fault     fault = { 0 };
    marine_result result;
    riv_err       err = marine_service_call(s, &call, a, &fault, &result);
    return outcome_of(err, &result, &fault, err ? (riv_str){ 0 } : riv_json_text(result.value, a), a);
}

static outcome by_text(marine_service *s, riv_str function, riv_str args, riv_arena *a)
{
    marine_call   call  = { .function = function };
    riv_fault     fault = { 0 };
    marine_result result;
    riv_buf       out = riv_buf_in(a);
    riv_put_str(&out, RIV_LIT("before "));
    riv_err err = marine_service_call_text(s, &call, args, &fault, &result, &out);
    assert_true(riv_str_starts(riv_buf_str(&out), RIV_LIT("before ")));
    if (err) assert_int_equal(out.len, 7); /* nothing is left of what was written */
    return outcome_of(err, &result, &fault, riv_str_sub(riv_buf_str(&out), 7, out.len), a);
}

static outcome by_values(marine_service *s, const marine_interface *in, const marine_function *f, const riv_json *args,
                         bool lists, riv_arena *a)
{
    marine_call   call      = { .function = f->name };
    marine_value *values    = riv_new(a, marine_value, f->args_count), value;
    riv_fault     fault     = { 0 };
    bool          has_value = false;
    marine_result result;
    for (size_t i = 0; i < f->args_count; i++)
        values[i] = value_of_json(in, &f->args[i].type, args->arr.items[i], lists, a);
    riv_err err  = marine_service_call_values(s, &call, values, f->args_count, a, &fault, &result, &value, &has_value);
    riv_str text = RIV_LIT("null");
    assert_true(err || has_value == f->has_result);
    if (!err && has_value) text = riv_json_text(json_of_value(in, &f->result, &value, a), a);
    return outcome_of(err, &result, &fault, text, a);
}

/* The same JSON with members in another order, escapes and white space wherever they may be. */
static void write_oddly(riv_prng *p, const riv_json *v, riv_buf *out)
{
    static const char *const spaces[] = { "", "", "", " ", "\n\t ", "\r\n" };
    riv_put_str(out, riv_str_c(spaces[riv_prng_below(p, RIV_COUNT(spaces))]));
    if (v->kind == RIV_JSON_ARR) {
        riv_put_u8(out, '[');
        for (size_t i = 0; i < v->arr.count; i++) {
            if (i) riv_put_u8(out, ',');
            write_oddly(p, v->arr.items[i], out);
        }
        riv_put_str(out, riv_str_c(spaces[riv_prng_below(p, RIV_COUNT(spaces))]));
        riv_put_u8(out, ']');
    } else if (v->kind == RIV_JSON_OBJ) {
        size_t first = riv_prng_below(p, v->obj.count);
        riv_put_u8(out, '{');
        for (size_t i = 0; i < v->obj.count; i++) {
            const riv_json_member *m = &v->obj.members[(first + i) % v->obj.count];
            if (i) riv_put_u8(out, ',');
            riv_json_write_str(m->key, out);
            riv_put_str(out, riv_prng_chance(p, 500000) ? RIV_LIT(":") : RIV_LIT(" :"));
            write_oddly(p, m->value, out);
        }
        riv_put_u8(out, '}');
    } else if (v->kind == RIV_JSON_STR && riv_prng_chance(p, 500000)) {
        riv_put_u8(out, '"');
        for (size_t i = 0; i < v->str.len;) {
            uint32_t c = riv_utf8_next(v->str, &i);
            if (c >= 0x10000)
                riv_putf(out, "\\u%04x\\u%04X", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
            else
                riv_putf(out, c == '"' ? "\\\"" : c == '\n' ? "\\n" : "\\u%04x", c);
        }
        riv_put_u8(out, '"');
    } else {
        riv_json_write(v, out);
    }
    riv_put_str(out, riv_str_c(spaces[riv_prng_below(p, RIV_COUNT(spaces))]));
}

static void same(uint64_t seed, const char *way, riv_str function, riv_str args, const outcome *want,
                 const outcome *got)
{
    if (want->err == got->err && want->kind == got->kind && want->fuel == got->fuel &&
        riv_str_eq(want->text, got->text))
        return;
    fail_msg("seed %llu, by %s: %d, fuel %llu, by tree: %d, fuel %llu: " RIV_FMT " " RIV_FMT "\n" RIV_FMT "\n" RIV_FMT,
             (unsigned long long)seed, way, (int)got->err, (unsigned long long)got->fuel, (int)want->err,
             (unsigned long long)want->fuel, RIV_ARG(function), RIV_ARG(args), RIV_ARG(got->text), RIV_ARG(want->text));
}

/* State between calls and sizes out of proportion are other tests' matter. */
static bool is_left_out(riv_str function)
{
    return riv_str_eq(function, RIV_LIT("count")) || riv_str_eq(function, RIV_LIT("make_inner"));
}

/* One service for each way, so that each sees the same calls: what a call costs depends on the state of its guest. */
enum { WAYS = 5 };

static void open_ways(bench *b, marine_service **ways)
{
    bench_open(b, "tests/modules/types.c", NULL, NULL);
    const marine_module_config module = { .name = RIV_LIT("test"), .module = b->modules[0] };
    marine_service_config      config = { .modules = &module, .modules_count = 1 };
    for (size_t i = 0; i < WAYS; i++)
        if (marine_service_new(b->engine, &config, &b->fault, &ways[i])) fail_msg("%s", b->fault.msg);
}

static void close_ways(bench *b, marine_service **ways)
{
    for (size_t i = 0; i < WAYS; i++) marine_service_free(ways[i]);
    bench_close(b);
}

static void test_three_ways(void **state)
{
    (void)state;
    bench           b;
    marine_service *ways[WAYS] = { NULL };
    open_ways(&b, ways);
    const marine_interface *in = marine_module_interface(b.modules[0]);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        riv_prng p = riv_prng_seed(seed);
        for (size_t i = 0; i < in->functions_count; i++) {
            const marine_function *f = &in->functions[i];
            if (is_left_out(f->name)) continue;
            riv_arena      *a    = riv_arena_new(0);
            const riv_json *args = random_args(&p, in, f, a);
            riv_buf         odd  = riv_buf_in(a);
            outcome         tree = by_tree(ways[0], f->name, args, a), got;
            riv_str         text = riv_json_text(args, a);
            if (tree.err) fail_msg("seed %llu: " RIV_FMT, (unsigned long long)seed, RIV_ARG(tree.text));
            got = by_text(ways[1], f->name, text, a);
            same(seed, "text", f->name, text, &tree, &got);
            write_oddly(&p, args, &odd);
            got = by_text(ways[2], f->name, riv_buf_str(&odd), a);
            same(seed, "odd text", f->name, riv_buf_str(&odd), &tree, &got);
            got = by_values(ways[3], in, f, args, false, a);
            same(seed, "values", f->name, text, &tree, &got);
            got = by_values(ways[4], in, f, args, true, a);
            same(seed, "values in lists", f->name, text, &tree, &got);
            riv_arena_free(a);
        }
    }
    close_ways(&b, ways);
}

/* What parsing and calling by tree makes of a text. */
static outcome by_parsed(marine_service *s, riv_str function, riv_str args, riv_arena *a)
{
    const riv_json *json;
    riv_fault       fault = { 0 };
    if (!riv_json_parse(args, a, &fault, &json)) return by_tree(s, function, json, a);
    return (outcome){
        RIV_E_MALFORMED, MARINE_BAD_ARGUMENTS, 0,
        riv_format(a, "arguments from json deserialization error in module \"test\", function \"" RIV_FMT "\": %s",
                   RIV_ARG(function), fault.msg)
    };
}

static riv_str cut(riv_str message, riv_arena *a)
{
    riv_fault fault = { 0 };
    riv_fail(&fault, RIV_E_IO, 0, RIV_FMT, RIV_ARG(message));
    return riv_str_dup(a, riv_str_c(fault.msg));
}

/* Bytes changed, left out, doubled: good or bad, the text says what the tree says. */
static riv_str spoil(riv_prng *p, riv_str text, riv_arena *a)
{
    static const char pieces[] = "[]{},:\"\\0123456789.eE+-ntu /\x01\xff\xc3";
    riv_str           out      = riv_str_dup(a, text);
    for (uint64_t n = 1 + riv_prng_below(p, 2); n && out.len; n--) {
        size_t at = riv_prng_below(p, out.len);
        char   c  = pieces[riv_prng_below(p, sizeof pieces - 1)];
        switch (riv_prng_below(p, 3)) {
        case 0: ((char *)(uintptr_t)out.ptr)[at] = c; break;
        case 1:
            out = riv_format(a, RIV_FMT RIV_FMT, RIV_ARG(riv_str_sub(out, 0, at)),
                             RIV_ARG(riv_str_sub(out, at + 1, out.len)));
            break;
        default:
            out = riv_format(a, RIV_FMT "%c" RIV_FMT, RIV_ARG(riv_str_sub(out, 0, at)), c,
                             RIV_ARG(riv_str_sub(out, at, out.len)));
        }
    }
    return out;
}

static void test_spoilt_texts(void **state)
{
    (void)state;
    bench           b;
    marine_service *ways[WAYS] = { NULL };
    open_ways(&b, ways);
    const marine_interface *in = marine_module_interface(b.modules[0]);
    for (uint64_t seed = 1; seed <= TEXT_SEEDS; seed++) {
        riv_prng p = riv_prng_seed(seed);
        for (size_t i = 0; i < in->functions_count; i++) {
            const marine_function *f = &in->functions[i];
            if (is_left_out(f->name)) continue;
            riv_arena *a    = riv_arena_new(0);
            riv_str    text = spoil(&p, riv_json_text(random_args(&p, in, f, a), a), a);
            outcome    tree = by_parsed(ways[0], f->name, text, a), got = by_text(ways[1], f->name, text, a);
            if (tree.err) tree.text = cut(tree.text, a);
            same(seed, "text", f->name, text, &tree, &got);
            riv_arena_free(a);
        }
    }
    close_ways(&b, ways);
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *function, *args, *want;
    } cases[] = {
        { "nothing", "[]", "null" },
        { "nothing", " { } ", "null" },
        { "nothing", "null", "null" },
        { "length", "[\"\"]", "0" },
        { "echo_string", "[\"\\u00e9\\ud83c\\udf0a\\/\"]", "\"\xc3\xa9\xf0\x9f\x8c\x8a/\"" },
        { "echo_f64", "[123456789012345678]", "1.2345678901234568e17" },
        { "echo_f64", "[0.000000000000000000000000000000001]", "1e-33" },
        { "echo_f64", "[-0]", "-0.0" },
        { "echo_f64", "[1e400]",
          "arguments from json deserialization error in module \"test\", function \"echo_f64\": bad json: number is "
          "infinity when parsed as double" },
        { "echo_u64", "[18446744073709551615]", "18446744073709551615" },
        { "echo_i64", "[-9223372036854775808]", "-9223372036854775808" },
        { "echo_u8", "[01]", NULL },
        { "echo_u8", "[1", NULL },
        { "echo_u8", "", NULL },
        { "echo_u8", "[1] x", NULL },
        { "echo_u8", "[+1]", NULL },
        { "echo_string", "[\"\\ud800\"]", NULL },
        { "echo_string", "[\"\\x\"]", NULL },
        { "echo_string", "[\"\n\"]", NULL },
        { "echo_string", "[\"\xff\"]", NULL },
        { "echo_string", "[\"a]", NULL },
        { "echo_string", "[\"a\\\"]", NULL },
        { "echo_point", "[{\"x\":1,\"y\":2,\"x\":3}]", "{\"x\":3.0,\"y\":2.0}" },
        { "nofn", "[]", "function with name `nofn` is missing" },
    };
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_str function = riv_str_c(cases[i].function), args = riv_str_c(cases[i].args);
        outcome got = by_text(b.service, function, args, b.arena);
        if (cases[i].want) {
            assert_string_equal(riv_cstr(b.arena, got.text), cases[i].want);
        } else {
            assert_int_equal(got.kind, MARINE_BAD_ARGUMENTS);
            assert_true(riv_str_find(got.text, RIV_LIT("bad json"), 0) < got.text.len || !args.len);
        }
    }
    bench_close(&b);
}

#define U8(v)                                                                                                          \
    {                                                                                                                  \
        .kind = MARINE_U8, .bits = v                                                                                   \
    }
#define TEXT(kind_, v)                                                                                                 \
    {                                                                                                                  \
        .kind = kind_, .bytes = RIV_BYTES_INIT(v)                                                                      \
    }

static void test_values_that_do_not_fit(void **state)
{
    (void)state;
    static const marine_value small[] = { U8(1), U8(256) }, point[] = { { .kind = MARINE_F64 } },
                              mixed[] = { U8(1), { .kind = MARINE_S8, .bits = 1 } };
    static const struct {
        const char  *function;
        size_t       count;
        marine_value value;
        const char  *message;
    } cases[] = {
        { "echo_u8", 0, U8(1), "function requires 1 arguments, 0 provided" },
        { "echo_u8", 1, U8(256), "bits 0x100 are no u8" },
        { "echo_u8", 1, { .kind = MARINE_U16, .bits = 1 }, "u16 where the interface says u8" },
        { "echo_i8", 1, { .kind = MARINE_S8, .bits = 255 }, "bits 0xff are no s8" },
        { "echo_i32", 1, { .kind = MARINE_S32, .bits = 0xffffffff }, "bits 0xffffffff are no s32" },
        { "echo_bool", 1, { .kind = MARINE_BOOL, .bits = 2 }, "bits 0x2 are no bool" },
        { "echo_string", 1, TEXT(MARINE_STRING, "a\xff"), "string is not UTF-8" },
        { "echo_string", 1, TEXT(MARINE_BYTES, "a"), "bytes where the interface says string" },
        { "echo_bytes", 1, TEXT(MARINE_STRING, "a"), "string where the interface says bytes" },
        { "echo_bytes", 1, { .kind = MARINE_ARRAY, .list = { small, 2 } }, "bits 0x100 are no u8" },
        { "echo_bytes", 1, { .kind = MARINE_ARRAY, .list = { mixed, 2 } }, "s8 where the interface says u8" },
        { "echo_u32s", 1, { .kind = MARINE_ARRAY, .list = { small, 1 } }, "u8 where the interface says u32" },
        { "echo_u32s", 1, TEXT(MARINE_BYTES, "abcd"), "bytes where the interface says array" },
        { "echo_u32s", 1, TEXT((marine_type_kind)(0x20 + MARINE_U32), "abcd"),
          "no value where the interface says array" },
        { "echo_point",
          1,
          { .kind = MARINE_RECORD, .list = { point, 1 } },
          "function requires 2 arguments, 1 provided" },
        { "echo_point", 1, { .kind = MARINE_ARRAY, .list = { point, 1 } }, "array where the interface says record" },
    };
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        marine_call  call  = { .function = riv_str_c(cases[i].function) };
        marine_value value = { .kind = MARINE_I64, .bits = 77 };
        bool         has   = true;
        b.fault            = (riv_fault){ 0 };
        assert_int_equal(marine_service_call_values(b.service, &call, &cases[i].value, cases[i].count, b.arena,
                                                    &b.fault, &b.result, &value, &has),
                         RIV_E_MALFORMED);
        assert_int_equal(b.result.error, MARINE_BAD_ARGUMENTS);
        assert_int_equal(b.result.fuel_used, 0);
        assert_true(has && value.bits == 77); /* outputs are untouched */
        assert_string_equal(b.fault.msg,
                            riv_cstr(b.arena, riv_format(b.arena, "arguments of \"%s\" in module \"test\": %s",
                                                         cases[i].function, cases[i].message)));
    }
    bench_close(&b);
}

/* Results that do not fit where they should go are an error in each way, and the service goes on. */
static void test_no_room_for_the_result(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, "tests/modules/types.c", NULL, NULL);
    enum { COUNT = 1 << 20 };
    uint8_t *bytes = riv_new(b.arena, uint8_t, COUNT);
    for (size_t i = 0; i < COUNT; i++) bytes[i] = (uint8_t)(i * 7);
    const marine_value arg   = { .kind = MARINE_BYTES, .bytes = { bytes, COUNT } };
    marine_call        call  = { .function = RIV_LIT("echo_bytes") };
    riv_arena         *small = riv_arena_new(100000);
    marine_value       value;
    bool               has;
    assert_int_equal(marine_service_call_values(b.service, &call, &arg, 1, small, &b.fault, &b.result, &value, &has),
                     RIV_E_LIMIT);
    assert_int_equal(b.result.error, MARINE_OUT_OF_MEMORY);
    assert_int_equal(marine_service_call_values(b.service, &call, &arg, 1, b.arena, &b.fault, &b.result, &value, &has),
                     RIV_OK);
    assert_true(has && value.kind == MARINE_BYTES && riv_bytes_eq(value.bytes, arg.bytes));

    riv_buf text = riv_buf_in(b.arena), out = riv_buf_in(b.arena), tight = riv_buf_in(small);
    riv_put_u8(&text, '[');
    for (size_t i = 0; i < COUNT; i++) riv_putf(&text, "%c%u", i ? ',' : '[', bytes[i]);
    riv_put_str(&text, RIV_LIT("]]"));
    b.fault = (riv_fault){ 0 };
    assert_int_equal(marine_service_call_text(b.service, &call, riv_buf_str(&text), &b.fault, &b.result, &tight),
                     RIV_E_LIMIT);
    assert_int_equal(tight.len, 0);
    b.fault = (riv_fault){ 0 };
    assert_int_equal(marine_service_call_text(b.service, &call, riv_buf_str(&text), &b.fault, &b.result, &out), RIV_OK);
    assert_true(riv_str_eq(riv_buf_str(&out), riv_str_sub(riv_buf_str(&text), 1, text.len - 1)));
    riv_arena_free(small);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_ways),
        cmocka_unit_test(test_spoilt_texts),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_values_that_do_not_fit),
        cmocka_unit_test(test_no_room_for_the_result),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
