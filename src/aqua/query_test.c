/* query_test.c: questions about places; what is checked again after a change, and what is not; and that after any edits the answers are
 * those of a project that was opened just now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/query.h"
#include "aqua/query_test_support.h"

static const test_file shop[] = {
    { "lib.aqua", "aqua Lib declares open, Thing, Op, LIMIT\n"
                  "-- a thing\n"
                  "-- of two lines\n"
                  "data Thing:\n"
                  "  -- how many\n"
                  "  n: u8\n"
                  "  name: string\n"
                  "const LIMIT = 5\n"
                  "service Op(\"op\"):\n"
                  "  get(thing: Thing) -> u8\n"
                  "-- opens it\n"
                  "func open(count: u8) -> Thing:\n"
                  "  <- Thing(n = count, name = \"x\")\n" },
    { "main.aqua", "aqua Main declares *\n"
                   "import \"lib.aqua\"\n"
                   "use \"lib.aqua\" as L\n"
                   "func f(first: u8, peers: []string) -> u32:\n"
                   "  thing <- open(first)\n"
                   "  all: *u8\n"
                   "  for peer <- peers:\n"
                   "    on peer:\n"
                   "      all <- Op.get(thing)\n"
                   "  other <- L.open(LIMIT)\n"
                   "  close = (x: u8) -> u8:\n"
                   "    <- x + thing.n\n"
                   "  last <- close(other.n)\n"
                   "  <- last + all.length\n" },
};

static aqua_project *open_shop(test_files *files, riv_fault *fault)
{
    *files                     = (test_files){ shop, 2 };
    aqua_project_config config = { .import = test_import, .import_ctx = files };
    aqua_project       *p      = aqua_project_new(&config);
    assert_int_equal(aqua_project_open(p, RIV_LIT("main.aqua"), riv_str_c(shop[1].text), fault), RIV_OK);
    return p;
}

/* Behind the n-th `where` of the text, at its `mark`-th letter. */
static size_t place(const char *text, const char *where, size_t nth)
{
    size_t at = 0;
    for (size_t i = 0;; i++) {
        at = riv_str_find(riv_str_c(text), riv_str_c(where), at);
        assert_true(at != SIZE_MAX);
        if (i == nth) return at;
        at++;
    }
}

static void each_name_is_known(void **state)
{
    (void)state;
    static const struct {
        const char     *where;
        size_t          nth;
        aqua_thing_kind kind;
        const char     *text, *type, *doc, *file, *origin; /* the text that stands at the origin */
    } cases[] = {
        { "first)", 0, AQUA_VARIABLE, "first: u8", "u8", "", "main.aqua", "first: u8, peers" },
        { "open(first", 0, AQUA_FUNCTION, "func open(count: u8) -> Thing", "count: u8 -> Thing", "opens it", "lib.aqua",
          "open(count" },
        { "open(LIMIT", 0, AQUA_FUNCTION, "func open(count: u8) -> Thing", "count: u8 -> Thing", "opens it", "lib.aqua",
          "open(count" },
        { "L.open", 0, AQUA_MODULE, "module L", "", "", "main.aqua", "L\nfunc" },
        { "LIMIT", 0, AQUA_CONSTANT, "const LIMIT = 5", "unsigned literal", "", "lib.aqua", "LIMIT = 5" },
        { "Op.get", 0, AQUA_SERVICE, "service Op:\n  get(thing: Thing) -> u8", "service Op", "", "lib.aqua",
          "Op(\"op\")" },
        { "get(thing", 0, AQUA_METHOD, "Op.get(thing: Thing) -> u8", "thing: Thing -> u8", "", "lib.aqua",
          "get(thing: Thing)" },
        { "thing <-", 0, AQUA_VARIABLE, "thing: Thing", "Thing", "", "main.aqua", "thing <- open" },
        { "thing)", 0, AQUA_VARIABLE, "thing: Thing", "Thing", "", "main.aqua", "thing <- open" },
        { "n\n  last", 0, AQUA_FIELD, "Thing.n: u8", "u8", "how many", "lib.aqua", "n: u8" },
        { "all <- Op", 0, AQUA_VARIABLE, "all: *u8", "*u8", "", "main.aqua", "all: *u8" },
        { "peer:", 0, AQUA_VARIABLE, "peer: string", "string", "", "main.aqua", "peer <- peers" },
        { "close(other", 0, AQUA_VARIABLE, "close(x: u8) -> u8", "x: u8 -> u8", "", "main.aqua", "close = (x" },
        { "lib.aqua", 0, AQUA_FILE, "lib.aqua", "", "", "lib.aqua", "aqua Lib" },
    };
    riv_fault     fault = { 0 };
    test_files    files;
    aqua_project *p = open_shop(&files, &fault);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        aqua_thing t;
        size_t     at = place(shop[1].text, cases[i].where, cases[i].nth);
        if (!aqua_project_thing(p, RIV_LIT("main.aqua"), at, arena, &t)) fail_msg("nothing at %s", cases[i].where);
        bool same = t.kind == cases[i].kind && riv_str_eq(t.text, riv_str_c(cases[i].text)) &&
                    riv_str_eq(t.type, riv_str_c(cases[i].type)) && riv_str_eq(t.doc, riv_str_c(cases[i].doc)) &&
                    t.has_origin && riv_str_eq(t.origin.file, riv_str_c(cases[i].file));
        if (!same)
            fail_msg("%s: %s '" RIV_FMT "' of type '" RIV_FMT "', '" RIV_FMT "' in " RIV_FMT, cases[i].where,
                     aqua_thing_kind_name(t.kind), RIV_ARG(t.text), RIV_ARG(t.type), RIV_ARG(t.doc),
                     RIV_ARG(t.origin.file));
        const char *text = riv_str_eq(t.origin.file, RIV_LIT("lib.aqua")) ? shop[0].text : shop[1].text;
        if (!riv_str_starts(riv_str_sub(riv_str_c(text), t.origin.pos, SIZE_MAX), riv_str_c(cases[i].origin)))
            fail_msg("%s: defined at %zu", cases[i].where, t.origin.pos);
        riv_arena_free(arena);
    }
    riv_arena *arena = riv_arena_new(0);
    aqua_thing t;
    assert_false(aqua_project_thing(p, RIV_LIT("main.aqua"), place(shop[1].text, "func", 0) + 1, arena, &t));
    assert_false(aqua_project_thing(p, RIV_LIT("none.aqua"), 0, arena, &t));
    riv_arena_free(arena);
    aqua_project_free(p);
}

static void uses_are_found_in_all_files(void **state)
{
    (void)state;
    static const struct {
        const char *where;
        size_t      in_lib, in_main;
    } cases[] = {
        { "open(first", 2, 2 },                        /* declares, its definition; two calls */
        { "thing <-", 0, 3 },   { "n\n  last", 2, 2 }, /* definition, construction; thing.n, other.n */
        { "Op.get", 2, 1 },     { "get(thing", 1, 1 }, { "all: ", 0, 3 }, { "LIMIT", 2, 1 },
    };
    riv_fault     fault = { 0 };
    test_files    files;
    aqua_project *p = open_shop(&files, &fault);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        aqua_places all   = aqua_project_uses(p, RIV_LIT("main.aqua"), place(shop[1].text, cases[i].where, 0), arena);
        size_t      lib = 0, defines = 0;
        for (size_t k = 0; k < all.count; k++) {
            lib += riv_str_eq(all.items[k].file, RIV_LIT("lib.aqua"));
            defines += all.items[k].defines;
        }
        if (lib != cases[i].in_lib || all.count - lib != cases[i].in_main || defines != 1)
            fail_msg("%s: %zu and %zu places, %zu definitions", cases[i].where, lib, all.count - lib, defines);
        riv_arena_free(arena);
    }
    aqua_project_free(p);
}

static void a_file_tells_what_it_declares(void **state)
{
    (void)state;
    riv_fault     fault = { 0 };
    test_files    files;
    aqua_project *p     = open_shop(&files, &fault);
    riv_arena    *arena = riv_arena_new(0);
    aqua_outline  o     = aqua_project_outline(p, RIV_LIT("lib.aqua"), arena);
    static const struct {
        aqua_thing_kind kind;
        const char     *text;
        size_t          parent;
    } wanted[] = {
        { AQUA_DATA, "data Thing:", SIZE_MAX },
        { AQUA_FIELD, "n: u8", 0 },
        { AQUA_FIELD, "name: string", 0 },
        { AQUA_CONSTANT, "const LIMIT = 5", SIZE_MAX },
        { AQUA_SERVICE, "service Op:", SIZE_MAX },
        { AQUA_METHOD, "get(thing: Thing) -> u8", 4 },
        { AQUA_FUNCTION, "func open(count: u8) -> Thing", SIZE_MAX },
    };
    assert_int_equal(o.count, RIV_COUNT(wanted));
    for (size_t i = 0; i < o.count; i++)
        if (o.items[i].kind != wanted[i].kind || o.items[i].parent != wanted[i].parent ||
            !riv_str_eq(o.items[i].text, riv_str_c(wanted[i].text)))
            fail_msg("%zu: %s '" RIV_FMT "' below %zu", i, aqua_thing_kind_name(o.items[i].kind),
                     RIV_ARG(o.items[i].text), o.items[i].parent);
    riv_arena_free(arena);
    aqua_project_free(p);
}

/* ---- what could stand here ---- */

#define HEAD                                                                                                           \
    "aqua M declares *\nimport \"lib.aqua\"\nuse \"lib.aqua\" as L\n"                                                  \
    "service Srv(\"s\"):\n  put(t: Thing, n: u8)\n  all() -> []string\n"                                               \
    "func f(count: u8, word: string, t: Thing, ss: *u8) -> u8, string:\n  yes = true\n"

static void choices_fit_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *line;  /* the cursor is at | */
        const char *first; /* of the choices; NULL: there are none */
        const char *also, *never;
    } cases[] = {
        { "  x = co|", "count", "count", "word" },
        { "  x = |", "count", "LIMIT", "for" },
        { "  |", "count", "parseq", "func" },
        { "  o|", "open", "on", "word" },
        { "|", "ability", "func", "count" },
        { "  x = t.|", "n", "name", "count" },
        { "  x = t.na|", "name", "name", "n" },
        { "  Srv.|", "all", "put", "count" },
        { "  Srv.put(|", "t", "open", "for" }, /* of type Thing, or giving one */
        { "  Srv.put(t, |", "count", "LIMIT", "for" },
        { "  x = L.|", "LIMIT", "open", "count" },
        { "  x = Thing(|", "n", "name", "count" },
        { "  x = Thing(n = |", "count", "LIMIT", "for" },
        { "  s: *|", "L", "Thing", "count" },
        { "  if |", "yes", "count", "for" },
        { "  on |", "word", "HOST_PEER_ID", "for" },
        { "  ss <<- |", "count", "word", "for" },
        { "  <- |", "count", "word", "for" },
        { "  <- 1, |", "word", "count", "for" },
        { "  x = ss.|", "length", "length", "n" },
        { "  for i <- ss:\n    |", "count", "i", "func" },
        { "  for i <- ss:\n    x = 1\n  y = |", "count", "word", "i" },
        { "  x = \"co|\"", NULL, NULL, NULL },
        { "  -- co|", NULL, NULL, NULL },
        { "func g(a: |", "L", "Thing", "count" },
        { "func g(a: T|", "Thing", "Thing", "u8" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena          *arena  = riv_arena_new(0);
        test_files          files  = { shop, 2 };
        aqua_project_config config = { .import = test_import, .import_ctx = &files };
        aqua_project       *p      = aqua_project_new(&config);
        riv_fault           fault  = { 0 };
        riv_str             line   = riv_str_c(cases[i].line);
        size_t              bar    = riv_str_find_char(line, '|', 0);
        riv_str text = riv_format(arena, HEAD RIV_FMT RIV_FMT "\n  <- 1, \"x\"\n", RIV_ARG(riv_str_sub(line, 0, bar)),
                                  RIV_ARG(riv_str_sub(line, bar + 1, line.len)));
        assert_int_equal(aqua_project_open(p, RIV_LIT("m.aqua"), text, &fault), RIV_OK);
        aqua_choices c    = aqua_project_choices(p, RIV_LIT("m.aqua"), strlen(HEAD) + bar, arena);
        bool         also = !cases[i].also, never = false;
        for (size_t k = 0; k < c.count; k++) {
            if (cases[i].also && riv_str_eq(c.items[k].name, riv_str_c(cases[i].also))) also = true;
            if (cases[i].never && riv_str_eq(c.items[k].name, riv_str_c(cases[i].never))) never = true;
        }
        if (!cases[i].first ? c.count > 0
                            : c.count == 0 || !riv_str_eq(c.items[0].name, riv_str_c(cases[i].first)) || !also || never)
            fail_msg("%s: %zu choices, first '" RIV_FMT "', %s, %s", cases[i].line, c.count,
                     RIV_ARG(c.count ? c.items[0].name : RIV_LIT("")), also ? "" : "one is missing",
                     never ? "one is wrong" : "");
        aqua_project_free(p);
        riv_arena_free(arena);
    }
}

/* ---- what is checked again ---- */

static uint64_t checked(aqua_project *p, riv_str path, size_t *errors)
{
    riv_arena *arena  = riv_arena_new(0);
    uint64_t   before = aqua_project_stats_of(p).checked;
    *errors           = 0;
    aqua_diags d      = aqua_project_diags(p, path, arena);
    for (size_t i = 0; i < d.count; i++) *errors += d.items[i].kind != AQUA_WARN;
    riv_arena_free(arena);
    return aqua_project_stats_of(p).checked - before;
}

static void replace(aqua_project *p, const char *path, const char *text, const char *what, const char *by)
{
    size_t    at    = place(text, what, 0);
    riv_fault fault = { 0 };
    assert_int_equal(aqua_project_change(p, riv_str_c(path), (aqua_edit){ at, strlen(what), riv_str_c(by) }, &fault),
                     RIV_OK);
}

static void only_what_changed_is_checked_again(void **state)
{
    (void)state;
    riv_fault     fault = { 0 };
    test_files    files;
    size_t        errors;
    aqua_project *p   = open_shop(&files, &fault);
    riv_str       own = RIV_LIT("main.aqua");
    assert_int_equal(checked(p, own, &errors), 2);
    assert_int_equal(errors, 0);
    assert_int_equal(checked(p, own, &errors), 0);
    assert_int_equal(aqua_project_open(p, RIV_LIT("lib.aqua"), riv_str_c(shop[0].text), &fault), RIV_OK);
    assert_int_equal(checked(p, own, &errors), 0); /* the same text */
    replace(p, "lib.aqua", shop[0].text, "\"x\"", "\"yy\"");
    assert_int_equal(checked(p, own, &errors), 1); /* a body: what it shows is the same */
    assert_int_equal(aqua_project_open(p, RIV_LIT("lib.aqua"), riv_str_c(shop[0].text), &fault), RIV_OK);
    assert_int_equal(checked(p, own, &errors), 1);
    replace(p, "lib.aqua", shop[0].text, "count: u8", "count: string");
    assert_int_equal(checked(p, own, &errors), 2); /* its signature */
    assert_int_equal(errors, 2);
    assert_int_equal(aqua_project_open(p, RIV_LIT("lib.aqua"), riv_str_c(shop[0].text), &fault), RIV_OK);
    assert_int_equal(checked(p, own, &errors), 2);
    assert_int_equal(errors, 0);
    replace(p, "lib.aqua", shop[0].text, "func open(", "func open(("); /* a fault there is told there alone */
    assert_int_equal(checked(p, own, &errors), 2);
    assert_int_equal(errors, 0);
    assert_int_equal(checked(p, RIV_LIT("lib.aqua"), &errors), 0);
    assert_true(errors > 0);
    aqua_project_close(p, RIV_LIT("lib.aqua")); /* the callback's text again */
    assert_int_equal(checked(p, own, &errors), 2);
    assert_int_equal(errors, 0);
    assert_int_equal(aqua_project_stats_of(p).files, 2);
    aqua_project_close(p, own);
    checked(p, own, &errors);
    assert_int_equal(aqua_project_stats_of(p).files, 0);
    aqua_project_free(p);
}

static void imports_come_and_go(void **state)
{
    (void)state;
    test_file           table[] = { { "a.aqua", "aqua A declares *\nfunc a() -> u8:\n  <- 1\n" }, { "b.aqua", "" } };
    test_files          files   = { table, 1 };
    aqua_project_config config  = { .import = test_import, .import_ctx = &files };
    aqua_project       *p       = aqua_project_new(&config);
    riv_fault           fault   = { 0 };
    size_t              errors;
    riv_str             own  = RIV_LIT("main.aqua");
    riv_str             text = RIV_LIT("aqua M\nimport \"b.aqua\"\nfunc f() -> u8:\n  x <- b()\n  <- x\n");
    assert_int_equal(aqua_project_open(p, own, text, &fault), RIV_OK);
    checked(p, own, &errors);
    assert_int_equal(errors, 1); /* the import; not what it was to bring */
    table[1].text = "aqua B declares *\nfunc b() -> u8:\n  <- 1\n";
    files.count   = 2;
    checked(p, own, &errors);
    assert_int_equal(errors, 1); /* nobody has said so yet */
    aqua_project_touch(p);
    checked(p, own, &errors);
    assert_int_equal(errors, 0);
    table[1].text = "aqua B declares *\nimport \"main.aqua\"\nfunc b() -> u8:\n  <- 1\n";
    table[0]      = (test_file){ "main.aqua", "" };
    aqua_project_touch(p);
    checked(p, own, &errors);
    assert_int_equal(errors, 1); /* a circle, told in both */
    checked(p, RIV_LIT("b.aqua"), &errors);
    assert_int_equal(errors, 1);
    aqua_project_free(p);
}

static void bad_edits_are_refused(void **state)
{
    (void)state;
    riv_fault           fault  = { 0 };
    aqua_project_config config = { 0 };
    aqua_project       *p      = aqua_project_new(&config);
    assert_int_equal(aqua_project_change(p, RIV_LIT("a"), (aqua_edit){ 0, 0, RIV_LIT("x") }, &fault), RIV_E_NOT_FOUND);
    assert_int_equal(aqua_project_open(p, RIV_LIT("a"), RIV_LIT("aqua A\n"), &fault), RIV_OK);
    assert_int_equal(aqua_project_change(p, RIV_LIT("a"), (aqua_edit){ 8, 0, RIV_LIT("x") }, &fault), RIV_E_MALFORMED);
    assert_int_equal(aqua_project_change(p, RIV_LIT("a"), (aqua_edit){ 7, SIZE_MAX, RIV_LIT("x") }, &fault),
                     RIV_E_MALFORMED);
    aqua_project_close(p, RIV_LIT("nobody"));
    aqua_project_free(p);
}

static void lines_and_columns_are_offsets(void **state)
{
    (void)state;
    static const char text[] = "aqua M\r\n-- \xc3\xbc \xf0\x9f\x98\x80 x\n\nlast";
    for (size_t i = 0; i <= strlen(text); i++) {
        if (((uint8_t)text[i] & 0xc0) == 0x80) continue;
        assert_int_equal(aqua_offset_of(riv_str_c(text), riv_line_col_of(riv_str_c(text), i)), i);
    }
    assert_int_equal(aqua_offset_of(riv_str_c(text), (riv_line_col){ 3, 9 }),
                     strlen(text) - 5); /* behind the end of a line */
    assert_int_equal(aqua_offset_of(riv_str_c(text), (riv_line_col){ 9, 1 }), strlen(text));
}

/* ---- any edits ---- */

static void check_seed(uint64_t seed, size_t steps)
{
    riv_prng     prng = riv_prng_seed(seed);
    random_world w    = { 0 };
    random_open(&w, &prng);
    for (size_t step = 0; step < steps; step++) {
        random_edit(&w, &prng);
        if (step % 3 == 0 && !random_same(&w, &prng))
            fail_msg("seed %llu: step %zu differs", (unsigned long long)seed, step);
    }
    random_close(&w);
}

static void any_edits_lead_to_the_answers_of_a_new_project(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) check_seed(seed, 60);
}

static void memory_does_not_grow_with_edits(void **state)
{
    (void)state;
    riv_fault     fault = { 0 };
    test_files    files;
    aqua_project *p     = open_shop(&files, &fault);
    size_t        early = 0, errors;
    assert_int_equal(aqua_project_open(p, RIV_LIT("lib.aqua"), riv_str_c(shop[0].text), &fault), RIV_OK);
    for (size_t i = 0; i < 1000; i++) {
        bool odd = i & 1; /* signatures change, and bodies of both files */
        assert_int_equal(aqua_project_open(p, RIV_LIT("lib.aqua"), riv_str_c(shop[0].text), &fault), RIV_OK);
        replace(p, "lib.aqua", shop[0].text, odd ? "count: u8" : "\"x\"", odd ? "count: i8" : "\"z\"");
        checked(p, RIV_LIT("main.aqua"), &errors);
        if (i == 11) early = aqua_project_stats_of(p).bytes;
    }
    assert_true(aqua_project_stats_of(p).bytes <= early);
    aqua_project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_known),
        cmocka_unit_test(uses_are_found_in_all_files),
        cmocka_unit_test(a_file_tells_what_it_declares),
        cmocka_unit_test(choices_fit_the_place),
        cmocka_unit_test(only_what_changed_is_checked_again),
        cmocka_unit_test(imports_come_and_go),
        cmocka_unit_test(bad_edits_are_refused),
        cmocka_unit_test(lines_and_columns_are_offsets),
        cmocka_unit_test(any_edits_lead_to_the_answers_of_a_new_project),
        cmocka_unit_test(memory_does_not_grow_with_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
