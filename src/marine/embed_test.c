/* embed_test.c: descriptions become the interface section: known adapters, errors that name the description, what is told of the
 * result. The adapters wanted here are those of SPEC marine.md 4.5, which the original's generator writes. */
#include "marine/testing.h"

#include "marine/internal.h"

#define HEAD "\0asm\1\0\0\0"

static void put_custom(riv_buf *out, const char *name, const char *body)
{
    size_t len = strlen(name);
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + len + strlen(body));
    riv_put_u8(out, (uint8_t)len);
    riv_put_str(out, riv_str_c(name));
    riv_put_str(out, riv_str_c(body));
}

/* A module that is nothing but descriptions. */
static riv_bytes module_of(riv_arena *arena, const char *const *descriptions, size_t count)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_bytes(&out, RIV_BYTES(HEAD));
    put_custom(&out, "__fluence_sdk_version", "0.14.0");
    for (size_t i = 0; i < count; i++) {
        char name[60];
        snprintf(name, sizeof name, "__m_generated_section__%zu", i);
        put_custom(&out, name, descriptions[i]);
    }
    return riv_buf_view(&out);
}

static riv_bytes section_of(riv_arena *arena, riv_bytes wasm)
{
    marine__wasm          parts;
    const marine__custom *custom = NULL;
    assert_int_equal(marine__wasm_read(wasm, arena, NULL, &parts), RIV_OK);
    assert_int_equal(marine__wasm_custom(&parts, RIV_LIT("interface-types"), NULL, &custom), RIV_OK);
    return custom->body;
}

/* Every byte of a section, as the tables of SPEC marine.md 2 and 3 give it. */
static void test_every_byte_of_greeting(void **state)
{
    (void)state;
    static const char *const description[] = {
        "{\"ast_type\":\"Function\",\"signature\":{\"name\":\"greeting\",\"arguments\":[{\"name\":\"name\",\"ty\":{"
        "\"Utf8String\":\"ByValue\"}}],"
        "\"output_types\":[{\"Utf8String\":\"ByValue\"}]}}",
    };
    static const uint8_t want[] =
        "\x05\x06"
        "0.28.0"
        "\x00\x08"
        "\x00\x01\x04size\x0c\x01\x0c"
        "\x00\x00\x00"
        "\x00\x00\x01\x0c"
        "\x00\x00\x01\x0c"
        "\x00\x01\x0bresult_size\x0c\x00"
        "\x00\x01\x0aresult_ptr\x0c\x00"
        "\x00\x01\x04name\x0a\x01\x0a"
        "\x00\x01\x04name\x0a\x01\x0a"
        "\x02\x01\x06\x0b"
        "\x00\x00\x24\x40\x01\x01\x00\x00\x00\x23" /* arg.get string.size i32.push call-core arg.get string.lower */
        "\x01\x06\x01\x03\x01\x02\x22\x01\x01"     /* call-core 6; get ptr, size; lift; release */
        "\x03\x07"
        "\x08"
        "allocate\x00"
        "\x0frelease_objects\x01"
        "\x0fget_result_size\x02"
        "\x0eget_result_ptr\x03"
        "\x0fset_result_size\x04"
        "\x0eset_result_ptr\x05"
        "\x08greeting\x07"
        "\x04\x01\x07\x06";
    riv_arena *arena = riv_arena_new(0);
    riv_buf    out   = riv_buf_in(arena);
    riv_fault  fault = { 0 };
    if (marine_embed(module_of(arena, description, 1), &fault, &out)) fail_msg("%s", fault.msg);
    riv_bytes got = section_of(arena, riv_buf_view(&out));
    assert_int_equal(got.len, sizeof want - 1);
    assert_memory_equal(got.ptr, want, got.len);
    riv_arena_free(arena);
}

#define FUNCTION(name, args, outputs)                                                                                  \
    "{\"ast_type\":\"Function\",\"signature\":{\"name\":\"" name "\",\"arguments\":[" args                             \
    "],\"output_types\":[" outputs "]}}"
#define ARG(ty)          "{\"name\":\"a\",\"ty\":" ty "}"
#define RECORD(name, ty) "{\"ast_type\":\"Record\",\"name\":\"" name "\",\"fields\":{\"Named\":[" ARG(ty) "]}}"
#define U8               "{\"U8\":\"ByValue\"}"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *descriptions[2];
        riv_err     err;
        const char *message;
    } cases[] = {
        { { NULL }, RIV_E_NOT_FOUND, "module has no description of its functions" },
        { { "{" }, RIV_E_MALFORMED, "description __m_generated_section__0: " },
        { { "{}" }, RIV_E_MALFORMED, "description __m_generated_section__0: no ast_type" },
        { { "{\"ast_type\":\"Enum\"}" }, RIV_E_MALFORMED, "description __m_generated_section__0: unknown ast_type" },
        { { FUNCTION("", "", "") },
          RIV_E_MALFORMED,
          "description of a function: a name is empty or longer than 255 bytes" },
        { { FUNCTION("f", ARG("{}"), "") }, RIV_E_MALFORMED, "description f: a type is not an object of one member" },
        { { FUNCTION("f", ARG("{\"U128\":\"ByValue\"}"), "") }, RIV_E_MALFORMED, "description f: unknown type" },
        { { FUNCTION("f", "", U8 "," U8) },
          RIV_E_MALFORMED,
          "description f: output_types is not a list of at most one" },
        { { FUNCTION("f", "", "{\"Record\":[\"R\",\"ByValue\"]}") },
          RIV_E_MALFORMED,
          "record R is used but not described" },
        { { FUNCTION("f", "", ""), FUNCTION("f", "", "") }, RIV_E_CONFLICT, "function f is described twice" },
        { { FUNCTION("allocate", "", "") }, RIV_E_CONFLICT, "function allocate is described twice" },
        { { RECORD("R", U8), RECORD("R", U8) }, RIV_E_CONFLICT, "record R is described twice" },
        { { RECORD("R", "{\"Record\":[\"R\",\"ByValue\"]}") }, RIV_E_MALFORMED, "record R contains itself" },
        { { "{\"ast_type\":\"Record\",\"name\":\"R\",\"fields\":{\"Named\":[]}}" },
          RIV_E_MALFORMED,
          "description R: a record without fields" },
        { { "{\"ast_type\":\"ExternMod\",\"namespace\":\"m\"}" },
          RIV_E_MALFORMED,
          "description of imports: imports is not a list" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    out   = riv_buf_in(arena);
        riv_fault  fault = { 0 };
        size_t     count = cases[i].descriptions[0] ? cases[i].descriptions[1] ? 2 : 1 : 0;
        riv_err    err   = marine_embed(module_of(arena, cases[i].descriptions, count), &fault, &out);
        assert_int_equal(out.len, 0);
        if (err != cases[i].err || strncmp(fault.msg, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("case %zu: %s: %s", i, riv_err_name(err), fault.msg);
        riv_arena_free(arena);
    }
}

static void test_records_may_come_later(void **state)
{
    (void)state;
    static const char *const descriptions[] = {
        RECORD("Outer", "{\"Vector\":[{\"Record\":[\"Inner\",\"ByValue\"]},\"ByValue\"]}"),
        RECORD("Inner", "{\"Vector\":[{\"Vector\":[" U8 ",\"ByValue\"]},\"ByValue\"]}"),
        FUNCTION("f", ARG("{\"Record\":[\"Outer\",\"ByRef\"]}"), ""),
        FUNCTION("a", ARG("{\"I64\":\"ByValue\"}"), "{\"Boolean\":\"ByValue\"}"),
        RECORD("Unused", U8),
    };
    riv_arena  *arena = riv_arena_new(0);
    riv_buf     out = riv_buf_in(arena), again = riv_buf_in(arena), aqua = riv_buf_in(arena);
    riv_fault   fault = { 0 };
    marine_info info;
    if (marine_embed(module_of(arena, descriptions, 5), &fault, &out)) fail_msg("%s", fault.msg);
    if (marine_inspect(riv_buf_view(&out), arena, &fault, &info)) fail_msg("%s", fault.msg);
    marine_interface_aqua(&info.interface, RIV_LIT("my-service_x"), RIV_LIT(""), &aqua);
    riv_put_u8(&aqua, 0);
    assert_string_equal((char *)aqua.ptr, "aqua MyServiceX declares *\n\n"
                                          "data Inner:\n  a: [][]u8\n\n"
                                          "data Outer:\n  a: []Inner\n\n"
                                          "service MyServiceX:\n"
                                          "  a(a: i64) -> bool\n"
                                          "  f(a: Outer)  \n");
    riv_str json = riv_json_text(marine_interface_json(&info.interface, arena), arena);
    assert_string_equal(
        riv_cstr(arena, json),
        "{\"function_signatures\":[{\"arguments\":[[\"a\",\"i64\"]],\"name\":\"a\",\"output_types\":[\"bool\"]},"
        "{\"arguments\":[[\"a\",\"Outer\"]],\"name\":\"f\",\"output_types\":[]}],"
        "\"record_types\":[{\"fields\":[[\"a\",\"[][]u8\"]],\"id\":6,\"name\":\"Inner\"},"
        "{\"fields\":[[\"a\",\"[]Inner\"]],\"id\":7,\"name\":\"Outer\"}]}");
    /* Embedding replaces what was embedded. */
    assert_int_equal(marine_embed(riv_buf_view(&out), &fault, &again), RIV_OK);
    assert_true(riv_bytes_eq(riv_buf_view(&out), riv_buf_view(&again)));
    riv_arena_free(arena);
}

/* The order that the published modules have: spell 0.7.6 is built like this. */
static void test_order_of_records(void **state)
{
    (void)state;
#define FIELD(name)      "{\"name\":\"f\",\"ty\":{\"Vector\":[{\"Record\":[\"" name "\",\"ByValue\"]},\"ByValue\"]}}"
#define OF(name, fields) "{\"ast_type\":\"Record\",\"name\":\"" name "\",\"fields\":{\"Named\":[" fields "]}}"
    static const char *const descriptions[] = {
        RECORD("First", U8),
        OF("Value", FIELD("Config") "," FIELD("First")),
        RECORD("Between", U8),
        OF("Config", FIELD("Clock") "," FIELD("Pool") "," FIELD("Chain")),
        RECORD("Clock", U8),
        RECORD("Chain", U8),
        RECORD("Pool", U8),
        FUNCTION("f", ARG("{\"Record\":[\"Value\",\"ByValue\"]}") "," ARG("{\"Record\":[\"Between\",\"ByValue\"]}"),
                 ""),
    };
    static const char *const want[] = { "First", "Config", "Value", "Between", "Clock", "Pool", "Chain" };
    riv_arena               *arena  = riv_arena_new(0);
    riv_buf                  out    = riv_buf_in(arena);
    riv_fault                fault  = { 0 };
    marine_info              info;
    if (marine_embed(module_of(arena, descriptions, RIV_COUNT(descriptions)), &fault, &out)) fail_msg("%s", fault.msg);
    if (marine_inspect(riv_buf_view(&out), arena, &fault, &info)) fail_msg("%s", fault.msg);
    assert_int_equal(info.interface.records_count, RIV_COUNT(want));
    for (size_t i = 0; i < RIV_COUNT(want); i++) {
        assert_int_equal(info.interface.records[i].id, 6 + i);
        assert_true(riv_str_eq(info.interface.records[i].name, riv_str_c(want[i])));
    }
    riv_arena_free(arena);
}

static void test_inspect(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    riv_fault   fault = { 0 };
    marine_info info;
    riv_bytes   wasm = testing_build("tests/modules/host.c", arena);
    if (marine_inspect(wasm, arena, &fault, &info)) fail_msg("%s", fault.msg);
    assert_true(riv_str_eq(info.sdk_version, RIV_LIT("0.14.0")));
    assert_true(riv_str_eq(info.it_version, RIV_LIT("0.28.0")));
    assert_true(info.logger);
    assert_int_equal(info.mounted_binaries_count, 0);
    bool parameters = false, allocate = false;
    for (size_t i = 0; i < info.imports_count; i++)
        parameters = parameters || riv_str_eq(info.imports[i], RIV_LIT("__marine_host_api_v3.get_call_parameters"));
    for (size_t i = 0; i < info.exports_count; i++)
        allocate = allocate || riv_str_eq(info.exports[i], RIV_LIT("allocate"));
    assert_true(parameters);
    assert_true(allocate);
    assert_int_equal(info.interface.functions_count, 8);

    /* The greeting imports nothing from Marine; without the section there is no interface, and that is no error. */
    if (marine_inspect(testing_compile("examples/hello/greeting.c", arena), arena, &fault, &info))
        fail_msg("%s", fault.msg);
    assert_false(info.logger);
    assert_int_equal(info.it_version.len, 0);
    assert_int_equal(info.interface.functions_count, 0);

    /* One import of each generation that is no function of Marine is a mounted binary. */
    static const char imports[] = HEAD "\1\4\1\x60\0\0"
                                       "\2\x29\2"
                                       "\4host\4curl\0\0"
                                       "\x14__marine_host_api_v2\4curl\0\0";
    assert_int_equal(marine_inspect((riv_bytes){ (const uint8_t *)imports, sizeof imports - 1 }, arena, &fault, &info),
                     RIV_OK);
    assert_int_equal(info.mounted_binaries_count, 1);
    assert_true(riv_str_eq(info.mounted_binaries[0], RIV_LIT("curl")));
    riv_arena_free(arena);
}

static void test_modules_that_do_not_load(void **state)
{
    (void)state;
    bench b;
    bench_start(&b);
    riv_bytes plain = testing_compile("examples/hello/greeting.c", b.arena),
              built = testing_build("examples/hello/greeting.c", b.arena);
    riv_buf twice = riv_buf_in(b.arena), no_sdk = riv_buf_in(b.arena), old = riv_buf_in(b.arena),
            broken = riv_buf_in(b.arena);
    riv_put_bytes(&twice, built);
    put_custom(&twice, "interface-types", "x");
    riv_put_bytes(&no_sdk, RIV_BYTES(HEAD));
    riv_put_bytes(&old, RIV_BYTES(HEAD));
    put_custom(&old, "__fluence_sdk_version", "0.5.9");
    riv_put_bytes(&broken, RIV_BYTES(HEAD));
    put_custom(&broken, "__fluence_sdk_version", "0.6.0");
    put_custom(&broken, "interface-types", "\5\0060.19.9");
    const struct {
        riv_bytes   wasm;
        riv_err     err;
        const char *message;
    } cases[] = {
        { plain, RIV_E_MALFORMED, "module doesn't contain section interface-types" },
        { riv_buf_view(&twice), RIV_E_CONFLICT, "module has several sections interface-types" },
        { riv_buf_view(&no_sdk), RIV_E_MALFORMED, "module doesn't contain section __fluence_sdk_version" },
        { riv_buf_view(&old), RIV_E_UNSUPPORTED, "sdk version 0.5.9 is too old, at least 0.6.0 is needed" },
        { riv_buf_view(&broken), RIV_E_UNSUPPORTED,
          "interface types version 0.19.9 is too old, at least 0.20.0 is needed" },
        { riv_bytes_sub(built, 0, built.len - 1), RIV_E_MALFORMED, "section 0 of " },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_fault fault = { 0 };
        assert_int_equal(marine_module_new(b.engine, cases[i].wasm, &fault, &b.modules[0]), cases[i].err);
        assert_memory_equal(fault.msg, cases[i].message, strlen(cases[i].message));
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_of_greeting),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_records_may_come_later),
        cmocka_unit_test(test_order_of_records),
        cmocka_unit_test(test_inspect),
        cmocka_unit_test(test_modules_that_do_not_load),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
