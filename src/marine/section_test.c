/* section_test.c: the interface section read byte by byte: what is refused, why and where; and the container around it. */
#include "marine/internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define VERSION                                                                                                        \
    "\x05\x06"                                                                                                         \
    "0.28.0"
#define VERSION_BYTES 8
/* type 0: () -> (), type 1: (a: i32) -> i32, type 2: record R { x: u8 } */
#define TYPES                                                                                                          \
    "\x00\x03"                                                                                                         \
    "\x00\x00\x00"                                                                                                     \
    "\x00\x01\x01"                                                                                                     \
    "a\x0c\x01\x0c"                                                                                                    \
    "\x01\x01R\x01\x01x\x04"
#define CASE(text)                                                                                                     \
    {                                                                                                                  \
        (const uint8_t *)("" text), sizeof(text) - 1                                                                   \
    }

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     err;
        uint64_t    pos;
        const char *message;
    } cases[] = {
        { "empty", { NULL, 0 }, RIV_E_MALFORMED, 0, "interface section with 0 versions, one is needed" },
        { "two versions", CASE(VERSION VERSION), RIV_E_MALFORMED, 0,
          "interface section with 2 versions, one is needed" },
        { "unknown part", CASE(VERSION "\x06"), RIV_E_MALFORMED, 8, "unknown part 0x06" },
        { "count is cut", CASE(VERSION "\x00\x80"), RIV_E_MALFORMED, 9, "number is cut off" },
        { "count of ten bytes", CASE(VERSION "\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), RIV_E_MALFORMED, 9,
          "number of more than 9 bytes" },
        { "more types than bytes", CASE(VERSION "\x00\x05\x00\x00\x00"), RIV_E_MALFORMED, 9,
          "5 entries do not fit in the section" },
        { "kind of type", CASE(VERSION "\x00\x01\x02"), RIV_E_MALFORMED, 10, "unknown kind of type 0x02" },
        { "record without fields", CASE(VERSION "\x00\x01\x01\x01R\x00"), RIV_E_MALFORMED, 10,
          "record without fields" },
        { "type code", CASE(VERSION "\x00\x01\x01\x01R\x01\x01x\x0f"), RIV_E_MALFORMED, 16, "unknown type code 0x0f" },
        { "type is cut", CASE(VERSION "\x00\x01\x01\x01R\x01\x01x\x36"), RIV_E_MALFORMED, 17, "type is cut off" },
        { "name is cut", CASE(VERSION "\x00\x01\x01\x09R\x01\x01x\x36"), RIV_E_MALFORMED, 11,
          "name of 9 bytes is cut off" },
        { "name not utf-8", CASE(VERSION "\x00\x01\x01\x01\xff\x01\x01x\x04"), RIV_E_MALFORMED, 11,
          "name is not UTF-8" },
        { "record of no record", CASE(VERSION "\x00\x01\x01\x01R\x01\x01x\x0e\x07"), RIV_E_MALFORMED, 0,
          "type 7 is no record" },
        { "record in itself", CASE(VERSION "\x00\x01\x01\x01R\x01\x01x\x36\x0e\x00"), RIV_E_MALFORMED, 0,
          "record R contains itself" },
        { "instruction", CASE(VERSION TYPES "\x02\x01\x00\x01\x50"), RIV_E_MALFORMED, 31, "unknown instruction 0x50" },
        { "arg.get beyond", CASE(VERSION TYPES "\x02\x01\x01\x01\x00\x01"), RIV_E_MALFORMED, 0,
          "arg.get 1 in an adapter of 1 arguments" },
        { "call-core beyond", CASE(VERSION TYPES "\x02\x01\x01\x01\x01\x00"), RIV_E_MALFORMED, 0,
          "call-core 0 of 0 functions" },
        { "record.lift of a function", CASE(VERSION TYPES "\x02\x01\x01\x01\x3a\x01"), RIV_E_MALFORMED, 0,
          "type 1 is no record" },
        { "adapter of a record", CASE(VERSION TYPES "\x02\x01\x02\x00"), RIV_E_MALFORMED, 0,
          "adapter refers to type 2, which is no function" },
        { "export of nothing",
          CASE(VERSION TYPES "\x03\x01\x01"
                             "f\x63"),
          RIV_E_MALFORMED, 0, "export refers to type 99, which is no function" },
        { "implementation", CASE(VERSION TYPES "\x04\x01\x00\x09"), RIV_E_MALFORMED, 0,
          "implementation refers to type 9, which is no function" },
        { "import before its signature",
          CASE(VERSION TYPES "\x01\x01\x01m\x01"
                             "f\x01"
                             "\x04\x01\x01\x01"),
          RIV_E_MALFORMED, 0, "import without a signature" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena      *arena = riv_arena_new(1 << 20);
        riv_fault       fault = { 0 };
        marine__section s;
        riv_err         err = marine__section_read(cases[i].in, arena, &fault, &s);
        if (err != cases[i].err || fault.pos != cases[i].pos || strcmp(fault.msg, cases[i].message) != 0)
            fail_msg("%s: %s at %llu: %s", cases[i].name, riv_err_name(err), (unsigned long long)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    for (int depth = MARINE_NESTING_MAX - 2; depth <= MARINE_NESTING_MAX + 2; depth++) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    in    = riv_buf_in(arena);
        riv_put_bytes(&in, RIV_BYTES(VERSION "\x00\x01\x01\x01R\x01\x01x"));
        for (int i = 0; i < depth; i++) riv_put_u8(&in, 0x36);
        riv_put_u8(&in, 0x04);
        marine__section s;
        assert_int_equal(marine__section_read(riv_buf_view(&in), arena, NULL, &s),
                         depth < MARINE_NESTING_MAX ? RIV_OK : RIV_E_LIMIT);
        riv_arena_free(arena);
    }
    /* Records in a chain, each holding the next. */
    for (uint32_t depth = MARINE_NESTING_MAX - 1; depth <= 3000; depth += depth < 70 ? 1 : 500) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    in    = riv_buf_in(arena);
        riv_put_bytes(&in, RIV_BYTES(VERSION "\x00"));
        marine__put_uleb(&in, depth);
        for (uint32_t i = 0; i + 1 < depth; i++) {
            riv_put_bytes(&in, RIV_BYTES("\x01\x01R\x01\x01x\x0e"));
            marine__put_uleb(&in, i + 1);
        }
        riv_put_bytes(&in, RIV_BYTES("\x01\x01R\x01\x01x\x04"));
        marine__section s;
        riv_err         err = marine__section_read(riv_buf_view(&in), arena, NULL, &s);
        assert_int_equal(err, depth <= MARINE_NESTING_MAX ? RIV_OK : RIV_E_LIMIT);
        riv_arena_free(arena);
    }
}

static void test_what_is_read_is_written(void **state)
{
    (void)state;
    static const riv_bytes in    = CASE(VERSION TYPES "\x02\x01\x01\x05\x00\x00\x41\x90\x4e\x37\x36\x3c\x3b\x02\x45"
                                                         "\x03\x01\x01"
                                                         "f\x01"
                                                         "\x04\x01\x01\x01");
    riv_arena             *arena = riv_arena_new(0);
    riv_buf                out   = riv_buf_in(arena);
    riv_fault              fault = { 0 };
    marine__section        s;
    if (marine__section_read(in, arena, &fault, &s)) fail_msg("%s", fault.msg);
    marine__section_write(&s, &out);
    assert_true(riv_bytes_eq(in, riv_buf_view(&out)));
    assert_int_equal(s.adapters[0].code[1].index, 10000);
    assert_int_equal(s.types[2].depth, 1);
    riv_arena_free(arena);
}

/* The same types, adapters and exports in other forms: what is read is the same. */
static void test_forms(void **state)
{
    (void)state;
    static const riv_bytes plain   = CASE(VERSION TYPES "\x02\x01\x01\x02\x00\x00\x41\x90\x4e\x03\x01\x01"
                                                          "f\x01");
    static const riv_bytes forms[] = {
        /* numbers longer than they need be, in top lists and in inner ones */
        CASE(VERSION "\x00\x83\x00\x00\x80\x00\x80\x80\x00\x00\x81\x00\x01"
                     "a\x0c\x81\x80\x80\x80\x80\x80\x80\x80\x00\x0c\x01\x01R\x81\x00\x01x\x04"
                     "\x02\x01\x81\x00\x82\x00\x00\x80\x00\x41\x90\xce\x00\x03\x81\x00\x01"
                     "f\x81\x00"),
        /* the version last, parts in another order, types in several parts, empty parts */
        CASE("\x03\x01\x01"
             "f\x01\x02\x01\x01\x02\x00\x00\x41\x90\x4e\x00\x01\x00\x00\x00\x00\x00\x00\x02\x00\x01\x01"
             "a\x0c\x01\x0c\x01\x01R\x01\x01x\x04\x01\x00\x02\x00\x04\x00" VERSION),
    };
    for (size_t i = 0; i < RIV_COUNT(forms); i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_buf         out   = riv_buf_in(arena);
        riv_fault       fault = { 0 };
        marine__section s;
        if (marine__section_read(forms[i], arena, &fault, &s))
            fail_msg("form %zu at %llu: %s", i, (unsigned long long)fault.pos, fault.msg);
        marine__section_write(&s, &out);
        if (!riv_bytes_eq(plain, riv_buf_view(&out))) fail_msg("form %zu reads as something else", i);
        riv_arena_free(arena);
    }
}

/* Inner lists of more than 127 entries have two bytes of count here; the original cannot have them. */
static void test_long_lists(void **state)
{
    (void)state;
    for (unsigned fields = 120; fields <= 256; fields += 8) {
        riv_arena      *arena = riv_arena_new(0);
        riv_buf         in    = riv_buf_in(arena);
        riv_fault       fault = { 0 };
        marine__section s;
        riv_put_bytes(&in, RIV_BYTES(VERSION "\x00\x01\x01\x01R"));
        marine__put_uleb(&in, fields);
        for (unsigned i = 0; i < fields; i++) {
            riv_put_bytes(&in, RIV_BYTES("\x02"));
            riv_put_u8(&in, (uint8_t)('a' + i % 16));
            riv_put_u8(&in, (uint8_t)('a' + i / 16));
            riv_put_u8(&in, 0x04);
        }
        riv_err err = marine__section_read(riv_buf_view(&in), arena, &fault, &s);
        assert_int_equal(err, fields <= MARINE__ARITY_MAX ? RIV_OK : RIV_E_LIMIT);
        if (!err) {
            assert_int_equal(s.types[0].args_count, fields);
            assert_int_equal(s.types[0].packed_bytes, fields);
            assert_int_equal(s.types[0].sorted_count, fields);
            for (unsigned i = 1; i < fields; i++)
                assert_true(riv_str_cmp(s.types[0].args[s.types[0].sorted[i - 1]].name,
                                        s.types[0].args[s.types[0].sorted[i]].name) < 0);
        }
        riv_arena_free(arena);
    }
}

/* Fields of one name: JSON has the last. */
static void test_fields_of_one_name(void **state)
{
    (void)state;
    static const riv_bytes in = CASE(VERSION "\x00\x01\x01\x01R\x04\x01y\x04\x01x\x0e\x01\x01y\x07\x01y\x0a");
    static const riv_bytes right =
        CASE(VERSION "\x00\x02\x01\x01R\x04\x01y\x04\x01x\x0e\x01\x01y\x07\x01y\x0a\x01\x01S\x01\x01z\x0b");
    riv_arena      *arena = riv_arena_new(0);
    marine__section s;
    assert_int_equal(marine__section_read(in, arena, NULL, &s), RIV_E_MALFORMED);
    assert_int_equal(marine__section_read(right, arena, NULL, &s), RIV_OK);
    assert_int_equal(s.types[0].packed_bytes, 1 + 4 + 8 + 8);
    assert_int_equal(s.types[0].sorted_count, 2);
    assert_int_equal(s.types[0].sorted[0], 1);
    assert_int_equal(s.types[0].sorted[1], 3);
    riv_arena_free(arena);
}

static void test_conversions(void **state)
{
    (void)state;
    marine_type_kind from, to;
    size_t           count = 0;
    for (int op = 0; op < 256; op++) {
        if (!marine__conversion((uint8_t)op, &from, &to)) continue;
        count++;
        assert_int_equal(marine__conversion_op(from, to), op);
    }
    assert_int_equal(count, 32);
    assert_true(marine__conversion(0x16, &from, &to)); /* SPEC marine.md 2.4: u32.from_i32 */
    assert_int_equal(from, MARINE_I32);
    assert_int_equal(to, MARINE_U32);
}

static void test_versions(void **state)
{
    (void)state;
    static const uint32_t min[3] = { 0, 6, 2 };
    static const struct {
        const char *text;
        riv_err     err;
    } cases[] = {
        { "0.6.2", RIV_OK },
        { "0.6.10", RIV_OK },
        { "1.0.0", RIV_OK },
        { "0.7.0-rc1", RIV_OK },
        { "0.6.1", RIV_E_UNSUPPORTED },
        { "0.5.99", RIV_E_UNSUPPORTED },
        { "0.6", RIV_E_MALFORMED },
        { "", RIV_E_MALFORMED },
        { "0.6.2.1", RIV_E_MALFORMED },
        { "a.b.c", RIV_E_MALFORMED },
        { "99999999999.0.0", RIV_E_MALFORMED },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++)
        assert_int_equal(marine__version_at_least(RIV_LIT("sdk"), riv_str_c(cases[i].text), min, NULL), cases[i].err);
}

static void test_container(void **state)
{
    (void)state;
#define HEAD "\0asm\1\0\0\0"
    static const struct {
        const char *name;
        riv_bytes   in;
        riv_err     err;
        uint64_t    pos;
        const char *message;
    } cases[] = {
        { "empty", { NULL, 0 }, RIV_E_MALFORMED, 0, "not a wasm file" },
        { "text", CASE("(module)"), RIV_E_MALFORMED, 0, "not a wasm file" },
        { "component", CASE("\0asm\x0d\0\1\0"), RIV_E_UNSUPPORTED, 4,
          "not a wasm core module of version 1 (a component perhaps)" },
        { "no section", CASE(HEAD), RIV_OK, 0, "" },
        { "cut section", CASE(HEAD "\0\5\1a"), RIV_E_MALFORMED, 8, "section 0 of 5 bytes is cut off" },
        { "custom name", CASE(HEAD "\0\2\5a"), RIV_E_MALFORMED, 11, "a name is cut off or not UTF-8" },
        { "imports", CASE(HEAD "\2\5\1\1m\1f"), RIV_E_MALFORMED, 15, "number is cut off" },
        { "import kind", CASE(HEAD "\2\6\1\1m\1f\7"), RIV_E_MALFORMED, 16, "import of kind 7" },
        { "one import", CASE(HEAD "\2\7\1\1m\1f\0\0"), RIV_OK, 0, "" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        marine__wasm wasm;
        riv_err      err = marine__wasm_read(cases[i].in, arena, &fault, &wasm);
        if (err != cases[i].err || (err && (fault.pos != cases[i].pos || strcmp(fault.msg, cases[i].message) != 0)))
            fail_msg("%s: %s at %llu: %s", cases[i].name, riv_err_name(err), (unsigned long long)fault.pos, fault.msg);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_what_is_read_is_written),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_fields_of_one_name),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
