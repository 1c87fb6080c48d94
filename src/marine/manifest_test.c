/* manifest_test.c: the manifest that sdk/c/marine.h leaves, those that are wrong, and the memory that a module asks for. */
#include "marine/testing.h"

#include "marine/internal.h"

static void put_custom(riv_buf *out, riv_str name, riv_bytes body)
{
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + name.len + body.len);
    riv_put_u8(out, (uint8_t)name.len);
    riv_put_str(out, name);
    riv_put_bytes(out, body);
}

static riv_bytes with_manifest(riv_arena *arena, riv_bytes manifest, size_t count)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_bytes(&out, RIV_BYTES("\0asm\1\0\0\0"));
    for (size_t i = 0; i < count; i++) put_custom(&out, RIV_LIT("__fluence_wasm_module_manifest"), manifest);
    return riv_buf_view(&out);
}

#define TIME                                                                                                           \
    "\x14\0\0\0\0\0\0\0"                                                                                               \
    "2023-09-06T22:51:25Z"
#define NOTHING "\0\0\0\0\0\0\0\0"
#define VERSION                                                                                                        \
    "\5\0\0\0\0\0\0\0"                                                                                                 \
    "0.2.0"

static void test_manifests(void **state)
{
    (void)state;
    static const struct {
        riv_bytes   body;
        const char *fault; /* NULL: good */
    } cases[] = {
        { RIV_BYTES_INIT(NOTHING VERSION NOTHING NOTHING TIME), NULL },
        { RIV_BYTES_INIT("\3\0\0\0\0\0\0\0"
                         "Ada" VERSION "\2\0\0\0\0\0\0\0"
                         "\xc3\xa9" NOTHING "\x23\0\0\0\0\0\0\0"
                         "2023-09-06T22:51:25.890002497+00:00"),
          NULL },
        { RIV_BYTES_INIT(""), "authors: not enough bytes for its length" },
        { RIV_BYTES_INIT("\0\0\0\0\0\0\0"), "authors: not enough bytes for its length" },
        { RIV_BYTES_INIT("\3\0\0\0\0\0\0\0"
                         "Ad"),
          "authors: not enough bytes for its 3 bytes" },
        { RIV_BYTES_INIT("\xff\xff\xff\xff\xff\xff\xff\xff"),
          "authors: not enough bytes for its 18446744073709551615 bytes" },
        { RIV_BYTES_INIT("\1\0\0\0\0\0\0\0"
                         "\xff"),
          "authors is not UTF-8" },
        { RIV_BYTES_INIT(NOTHING NOTHING NOTHING NOTHING TIME), "version is no version" },
        { RIV_BYTES_INIT(NOTHING VERSION NOTHING NOTHING NOTHING), "build time is no time" },
        { RIV_BYTES_INIT(NOTHING VERSION NOTHING NOTHING "\x14\0\0\0\0\0\0\0"
                                                         "2023-09-06 22:51:25Z"),
          "build time is no time" },
        { RIV_BYTES_INIT(NOTHING VERSION NOTHING NOTHING TIME "x"), "bytes behind its last field" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        riv_fault   fault = { 0 };
        marine_info info;
        if (marine_inspect(with_manifest(arena, cases[i].body, 1), arena, &fault, &info)) fail_msg("%s", fault.msg);
        assert_int_equal(info.has_manifest, !cases[i].fault);
        assert_string_equal(riv_cstr(arena, info.manifest_fault), cases[i].fault ? cases[i].fault : "");
        if (i == 0) assert_true(riv_str_eq(info.manifest.build_time, RIV_LIT("2023-09-06T22:51:25Z")));
        if (i == 1) assert_true(riv_str_eq(info.manifest.authors, RIV_LIT("Ada")));
        riv_arena_free(arena);
    }
    riv_arena  *arena = riv_arena_new(0);
    marine_info info;
    assert_int_equal(marine_inspect(with_manifest(arena, cases[0].body, 2), arena, NULL, &info), RIV_OK);
    assert_true(riv_str_eq(info.manifest_fault, RIV_LIT("several of them")));
    assert_int_equal(marine_inspect(with_manifest(arena, cases[0].body, 0), arena, NULL, &info), RIV_OK);
    assert_true(!info.has_manifest && info.manifest_fault.len == 0 && !info.has_memory);
    riv_arena_free(arena);
}

static void test_of_the_sdk(void **state)
{
    (void)state;
    riv_arena  *arena = riv_arena_new(0);
    riv_fault   fault = { 0 };
    marine_info info;
    if (marine_inspect(testing_build("tests/modules/fetch.c", arena), arena, &fault, &info)) fail_msg("%s", fault.msg);
    assert_string_equal(riv_cstr(arena, info.manifest_fault), "");
    assert_true(riv_str_eq(info.manifest.authors, RIV_LIT("Ada <ada@example.org>")));
    assert_true(riv_str_eq(info.manifest.version, RIV_LIT("1.2.3")));
    assert_true(riv_str_eq(info.manifest.description, RIV_LIT("Fetches pages")));
    assert_true(riv_str_eq(info.manifest.repository, RIV_LIT("https://example.org/fetch")));
    assert_true(riv_str_eq(info.manifest.build_time, RIV_LIT("1970-01-01T00:00:00+00:00")));
    assert_int_equal(info.mounted_binaries_count, 1);
    assert_true(riv_str_eq(info.mounted_binaries[0], RIV_LIT("curl")));
    assert_true(info.has_memory && !info.memory_bounded);
    assert_int_equal(info.memory_pages_min, 2);
    riv_arena_free(arena);
}

int main(void)
{
    testing_main();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_manifests), cmocka_unit_test(test_of_the_sdk) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
