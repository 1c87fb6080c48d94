/* lies_test.c: guests that lie about their memory: wrong pointers and sizes, overlaps, an allocate or a release_objects that misbehaves, calls
 * that come back into the same module. Each gives its error, and harms neither the module's other functions nor its neighbours.
 * Spec: docs/spec/marine.md 4. */
#include "marine/testing.h"

#include "marine/internal.h"

/* ---- making: wasm text whose standard interface is embedded as the tools do it ---- */

#define STRING                         "{'Utf8String':'ByValue'}"
#define U32                            "{'U32':'ByValue'}"
#define U64                            "{'U64':'ByValue'}"
#define BOOL                           "{'Boolean':'ByValue'}"
#define F32                            "{'F32':'ByValue'}"
#define VECTOR(of)                     "{'Vector':[" of ",'ByValue']}"
#define RECORD(name)                   "{'Record':['" name "','ByValue']}"
#define ARG(name, type)                "{'name':'" name "','ty':" type "}"
#define SIGNATURE(name, args, outputs) "{'name':'" name "','arguments':[" args "],'output_types':[" outputs "]}"
#define FUNCTION(name, args, outputs)  "{'ast_type':'Function','signature':" SIGNATURE(name, args, outputs) "}"
#define FIELDS(name, fields)           "{'ast_type':'Record','name':'" name "','fields':{'Named':[" fields "]}}"
#define IMPORTED(module, name, args, outputs)                                                                          \
    "{'ast_type':'ExternMod','namespace':'" module                                                                     \
    "','imports':[{'link_name':null,'signature':" SIGNATURE(name, args, outputs) "}]}"

enum { DESCRIPTIONS_MAX = 4 };

typedef struct guest {
    const char *descriptions[DESCRIPTIONS_MAX];
    const char *imports;  /* wasm text, may be NULL */
    const char *body;     /* functions, globals, data */
    const char *allocate; /* bodies of the functions of the ABI; NULL: good ones */
    const char *release, *ptr, *size;
} guest;

#define OK_FUNCTION FUNCTION("ok", "", U32)
static const char good_allocate[] =
    "(local i32) (local.set 2 (global.get $top)) (global.set $top (i32.add (global.get $top)"
    "(local.get 0))) (local.get 2)";

static void put_custom(riv_buf *out, riv_str name, riv_str body)
{
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + name.len + body.len);
    riv_put_u8(out, (uint8_t)name.len);
    riv_put_str(out, name);
    riv_put_str(out, body);
}

static riv_bytes make(const guest *g, riv_arena *arena)
{
    riv_buf text = riv_buf_in(arena), wasm = riv_buf_in(arena), out = riv_buf_in(arena);
    riv_putf(&text,
             "(module %s (memory (export \"memory\") 2) (global $top (mut i32) (i32.const 1024))"
             "(global $calls (mut i32) (i32.const 0))"
             "(func $allocate (export \"allocate\") (param i32 i32) (result i32) %s)"
             "(func (export \"release_objects\") %s) (func (export \"get_result_ptr\") (result i32) %s)"
             "(func (export \"get_result_size\") (result i32) %s) (func (export \"set_result_ptr\") (param i32))"
             "(func (export \"set_result_size\") (param i32)) (func (export \"ok\") (result i32) i32.const 7) %s)",
             g->imports ? g->imports : "", g->allocate ? g->allocate : good_allocate, g->release ? g->release : "",
             g->ptr ? g->ptr : "i32.const 16", g->size ? g->size : "i32.const 2", g->body ? g->body : "");
    wasm_byte_vec_t   binary;
    riv_fault         fault = { 0 };
    wasmtime_error_t *error = wasmtime_wat2wasm((const char *)text.ptr, text.len, &binary);
    if (error) fail_msg("wasm text is wrong: " RIV_FMT, RIV_ARG(riv_buf_str(&text)));
    riv_put_bytes(&wasm, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    wasm_byte_vec_delete(&binary);
    put_custom(&wasm, RIV_LIT("__fluence_sdk_version"), RIV_LIT("0.14.0"));
    put_custom(&wasm, RIV_LIT("__m_generated_section__ok"),
               RIV_LIT("{\"ast_type\":\"Function\",\"signature\":{\"name\":"
                       "\"ok\",\"arguments\":[],\"output_types\":[{\"U32\":\"ByValue\"}]}}"));
    for (size_t i = 0; i < DESCRIPTIONS_MAX && g->descriptions[i]; i++) {
        riv_buf json = riv_buf_in(arena);
        for (const char *c = g->descriptions[i]; *c; c++) riv_put_u8(&json, (uint8_t)(*c == '\'' ? '"' : *c));
        put_custom(&wasm, riv_format(arena, "__m_generated_section__%zu", i), riv_buf_str(&json));
    }
    if (marine_embed(riv_buf_view(&wasm), &fault, &out)) fail_msg("%s", fault.msg);
    return riv_buf_view(&out);
}

/* ---- a world of two services: one lies, the other must go on ---- */

typedef struct world {
    bench           b; /* the liar, loaded behind b.modules[1] when there is one */
    marine_module  *neighbour_module;
    marine_service *neighbour;
} world;

static void open_world(world *w)
{
    static const guest honest = { 0 };
    bench_start(&w->b);
    w->neighbour_module                = testing_module(w->b.engine, make(&honest, w->b.arena));
    const marine_module_config  one    = { .name = RIV_LIT("neighbour"), .module = w->neighbour_module };
    const marine_service_config config = { .modules = &one, .modules_count = 1 };
    if (marine_service_new(w->b.engine, &config, &w->b.fault, &w->neighbour)) fail_msg("%s", w->b.fault.msg);
}

static void check_neighbour(world *w)
{
    marine_call   call = { .function = RIV_LIT("ok"), .args = riv_json_null() };
    marine_result result;
    assert_int_equal(marine_service_call(w->neighbour, &call, w->b.arena, NULL, &result), RIV_OK);
    assert_int_equal(result.value->u64, 7);
    assert_int_equal(marine_service_memory(w->neighbour), 131072);
}

static void close_world(world *w)
{
    check_neighbour(w);
    marine_service_free(w->neighbour);
    marine_module_free(w->neighbour_module);
    bench_close(&w->b);
}

/* Loads the guests, the last is the facade; false with the error noted in b.fault. */
static bool load(world *w, const guest *guests, size_t count)
{
    marine_module_config        modules[2];
    static const riv_str        names[] = { RIV_LIT_INIT("first"), RIV_LIT_INIT("liar") };
    const marine_service_config config  = {
         .modules = modules, .modules_count = count, .memory_bytes_max = 64 << 20, .fuel_start = 100000000
    };
    w->b.fault = (riv_fault){ 0 };
    for (size_t i = 0; i < count; i++) {
        w->b.modules[i] = testing_module(w->b.engine, make(&guests[i], w->b.arena));
        modules[i] =
            (marine_module_config){ .name = names[2 - count + i], .module = w->b.modules[i], .logger_enabled = true };
    }
    return marine_service_new(w->b.engine, &config, &w->b.fault, &w->b.service) == RIV_OK;
}

static void unload(world *w)
{
    marine_service_free(w->b.service);
    w->b.service = NULL;
    for (size_t i = 0; i < RIV_COUNT(w->b.modules); i++) {
        marine_module_free(w->b.modules[i]);
        w->b.modules[i] = NULL;
    }
}

static const char *ask(world *w, const char *function, const char *args, uint64_t fuel)
{
    const riv_json *json = NULL;
    w->b.fault           = (riv_fault){ 0 };
    if (riv_json_parse(riv_str_c(args), w->b.arena, &w->b.fault, &json)) fail_msg("%s: %s", args, w->b.fault.msg);
    riv_arena  *answer = riv_arena_new(32 << 20);
    marine_call call   = { .function = riv_str_c(function), .args = json, .fuel = fuel };
    riv_err     err    = marine_service_call(w->b.service, &call, answer, &w->b.fault, &w->b.result);
    assert_int_equal(err != RIV_OK, w->b.result.error != MARINE_NO_ERROR);
    if (err) assert_int_equal(w->b.fault.code, w->b.result.error);
    const char *got = err ? riv_cstr(w->b.arena, riv_format(w->b.arena, "%s: %s", marine_error_name(w->b.result.error),
                                                            w->b.fault.msg))
                          : riv_cstr(w->b.arena, riv_json_text(w->b.result.value, w->b.arena));
    riv_arena_free(answer);
    return got;
}

/* ---- results ---- */

#define GIVES(type)                                                                                                    \
    {                                                                                                                  \
        FUNCTION("f", "", type)                                                                                        \
    }
#define DEEP4(t) VECTOR(VECTOR(VECTOR(VECTOR(t))))

static const struct {
    const char *name;
    guest       guest;
    const char *want; /* the beginning; a kind alone where the words depend on what runs out first */
} results[] = {
    { "a string outside",
      { .descriptions = GIVES(STRING), .ptr = "i32.const 0x10000000" },
      "trap: module liar: out of bounds: 2 bytes at 268435456" },
    { "a string that wraps",
      { .descriptions = GIVES(STRING), .ptr = "i32.const -16", .size = "i32.const 32" },
      "trap: module liar: out of bounds" },
    { "a string of 4 GiB",
      { .descriptions = GIVES(STRING), .ptr = "i32.const 0", .size = "i32.const -1" },
      "trap: module liar: out of bounds" },
    { "one byte too many",
      { .descriptions = GIVES(STRING), .ptr = "i32.const 131070", .size = "i32.const 3" },
      "trap: module liar: out of bounds" },
    { "up to the last byte", { .descriptions = GIVES(STRING), .ptr = "i32.const 131070" }, "\"\\u0000\\u0000\"" },
    { "nothing, from nowhere",
      { .descriptions = GIVES(STRING), .ptr = "i32.const -1", .size = "i32.const 0" },
      "\"\"" },
    { "half a character",
      { .descriptions = GIVES(STRING), .body = "(data (i32.const 16) \"a\\c3\")" },
      "trap: module liar: string at 16 is not UTF-8" },
    { "a surrogate",
      { .descriptions = GIVES(STRING), .body = "(data (i32.const 16) \"\\ed\\a0\\80\")", .size = "i32.const 3" },
      "trap: module liar: string at 16" },
    { "an array whose bytes wrap",
      { .descriptions = GIVES(VECTOR(U64)), .size = "i32.const 0x20000001" },
      "trap: module liar: out of bounds: 4294967304 bytes" },
    { "an array behind the end",
      { .descriptions = GIVES(VECTOR(U32)), .ptr = "i32.const 131068" },
      "trap: module liar: out of bounds: 8 bytes" },
    { "texts that stand outside",
      { .descriptions = GIVES(VECTOR(STRING)), .body = "(data (i32.const 16) \"\\ff\\ff\\ff\\ff\\10\\00\\00\\00\")" },
      "trap: module liar: out of bounds" },
    /* the 8192 elements are all the list itself: its 4th power of texts */
    { "a list of itself",
      { .descriptions = GIVES(DEEP4(STRING)),
        .ptr          = "i32.const 65536",
        .size         = "i32.const 8192",
        .body = "(func $fill (local i32) (loop (i32.store offset=65536 (local.get 0) (i32.const 65536)) (i32.store "
                "offset=65540 (local.get 0)"
                "(i32.const 8192)) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const "
                "65536))))) (start $fill)" },
      "memory: values of this call need more than" },
    { "a list of empty lists without end",
      { .descriptions = GIVES(VECTOR(VECTOR(VECTOR(U32)))),
        .ptr          = "i32.const 65536",
        .size         = "i32.const 8192",
        .body = "(func $fill (local i32) (loop (i32.store offset=65536 (local.get 0) (i32.const 65536)) (i32.store "
                "offset=65540 (local.get 0)"
                "(i32.const 8192)) (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 8))) (i32.const "
                "65536))))) (start $fill)" },
      "memory: values of this call need more than" },
    { "a record outside",
      { .descriptions = { FIELDS("R", ARG("a", U32) "," ARG("b", STRING)), FUNCTION("f", "", RECORD("R")) },
        .ptr          = "i32.const 131062" },
      "trap: module liar: out of bounds: 12 bytes" },
    { "a record of a record outside",
      { .descriptions = { FIELDS("A", ARG("a", U32)), FIELDS("R", ARG("a", RECORD("A")) "," ARG("b", STRING)),
                          FUNCTION("f", "", RECORD("R")) },
        .body         = "(data (i32.const 16) \"\\ff\\ff\\ff\\7f\")" },
      "trap: module liar: out of bounds: 4 bytes at 2147483647" },
    { "a record that is its own field",
      { .descriptions = { FIELDS("A", ARG("a", U32)), FIELDS("R", ARG("a", RECORD("A"))),
                          FUNCTION("f", "", RECORD("R")) },
        .body         = "(data (i32.const 16) \"\\10\\00\\00\\00\")" },
      "{\"a\":{\"a\":16}}" },
    { "truth of any byte",
      { .descriptions = GIVES(VECTOR(BOOL)), .body = "(data (i32.const 16) \"\\02\\80\")" },
      "[true,true]" },
    { "numbers that are none",
      { .descriptions = GIVES(VECTOR(F32)), .body = "(data (i32.const 16) \"\\01\\00\\80\\7f\\00\\00\\80\\ff\")" },
      "[null,null]" },
    { "another size each time",
      { .descriptions = GIVES(VECTOR(U32)),
        .size         = "(global.set $calls (i32.add (global.get $calls) (i32.const 100000))) (global.get $calls)" },
      "trap: module liar: out of bounds: 400000 bytes" },
    { "get_result_ptr traps", { .descriptions = GIVES(STRING), .ptr = "unreachable" }, "trap: " },
    { "get_result_size spins", { .descriptions = GIVES(STRING), .size = "(loop (br 0)) i32.const 0" }, "fuel: " },
    { "get_result_size recurses",
      { .descriptions = GIVES(STRING),
        .size         = "(call $again) i32.const 0",
        .body         = "(func $again (call $again) (call $again))" },
      "stack: " },
    { "release_objects traps", { .descriptions = GIVES(STRING), .release = "unreachable" }, "trap: " },
    { "release_objects spins", { .descriptions = GIVES(STRING), .release = "(loop (br 0))" }, "fuel: " },
};

static void test_results_that_lie(void **state)
{
    (void)state;
    world w = { 0 };
    open_world(&w);
    for (size_t i = 0; i < RIV_COUNT(results); i++) {
        guest       g    = results[i].guest;
        const char *body = g.body ? g.body : "";
        g.body           = riv_cstr(w.b.arena, riv_format(w.b.arena, "%s (func (export \"f\"))", body));
        if (!load(&w, &g, 1)) fail_msg("%s: %s", results[i].name, w.b.fault.msg);
        for (int again = 0; again < 2; again++) { /* what failed once fails again, and spoils nothing */
            const char *got = ask(&w, "f", "[]", 400000000);
            if (strncmp(got, results[i].want, strlen(results[i].want)) != 0 && !(again && i == 18))
                fail_msg("%s gave %s, wanted %s", results[i].name, got, results[i].want);
            assert_string_equal(ask(&w, "ok", "[]", 0), "7");
            check_neighbour(&w);
        }
        unload(&w);
    }
    close_world(&w);
}

/* ---- arguments: what allocate says ---- */

/* clang-format off */
static const struct {
    const char *name, *allocate, *args, *want;
} allocates[] = {
    { "as it should", NULL, "[\"text\"]", "4" },
    { "nothing", "i32.const 0", "[\"text\"]", "memory: module liar could not allocate 4 bytes" },
    { "nothing for nothing", "i32.const 0", "[\"\"]", "0" },
    { "outside", "i32.const 131072", "[\"text\"]", "trap: module liar: out of bounds: 4 bytes at 131072" },
    { "the last byte", "i32.const 131071", "[\"text\"]", "trap: module liar: out of bounds" },
    { "minus one", "i32.const -1", "[\"text\"]", "trap: module liar: out of bounds" },
    { "traps", "unreachable", "[\"text\"]", "trap: " },
    { "spins", "(loop (br 0)) i32.const 0", "[\"text\"]", "fuel: " },
    { "recurses", "(call $allocate (local.get 0) (local.get 1)) (drop (call $allocate (local.get 0) (local.get 1)))", "[\"text\"]", "stack: " },
    { "grows the memory", "(drop (memory.grow (i32.const 16))) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (local.get 0))", "[\"text\"]", "4" },
    { "grows beyond its budget", "(drop (memory.grow (i32.const 60000))) (i32.const 0)", "[\"text\"]", "memory: module liar could not allocate" },
};
/* clang-format on */

/* clang-format off */
static const struct {
    const char *name, *allocate, *args, *want;
} overlaps[] = { /* [[string]] in, the sum of all lengths out: what was written over is the module's own affair */
    { "as it should", NULL, "[[[\"a\", \"bc\"], [], [\"def\"]]]", "6" },
    { "one place for all", "i32.const 2048", "[[[\"a\", \"bc\"], [\"def\"]]]", "" },
    { "the spine over itself", "(global.set $top (i32.add (global.get $top) (i32.const 4))) (global.get $top)", "[[[\"a\", \"bc\"], [\"def\"]]]", "" },
    { "moves away while it is filled", "(drop (memory.grow (i32.const 1))) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (local.get 0))",
      "[[[\"a\", \"bc\"], [\"def\"]]]", "6" },
};
/* clang-format on */

static void test_allocates_that_lie(void **state)
{
    (void)state;
    static const char length[] = "(func (export \"f\") (param i32 i32) (result i32) local.get 1)";
    static const char lengths[] =
        "(func (export \"f\") (param i32 i32) (result i32) (local i32 i32 i32) (block (loop (br_if 1 (i32.ge_u "
        "(local.get 2) (local.get 1)))"
        "(local.set 3 (i32.const 0)) (block (loop (br_if 1 (i32.ge_u (local.get 3) (i32.load offset=4 (call $at "
        "(local.get 0) (local.get 2)))))"
        "(local.set 4 (i32.add (local.get 4) (i32.load offset=4 (call $at (i32.load (call $at (local.get 0) (local.get "
        "2))) (local.get 3)))))"
        "(local.set 3 (i32.add (local.get 3) (i32.const 1))) (br 0))) (local.set 2 (i32.add (local.get 2) (i32.const "
        "1))) (br 0))) local.get 4)"
        "(func $at (param i32 i32) (result i32) (i32.add (local.get 0) (i32.mul (local.get 1) (i32.const 8))))";
    world w = { 0 };
    open_world(&w);
    for (size_t i = 0; i < RIV_COUNT(allocates) + RIV_COUNT(overlaps); i++) {
        size_t      k    = i - RIV_MIN(i, RIV_COUNT(allocates));
        bool        flat = i < RIV_COUNT(allocates);
        const char *name = flat ? allocates[i].name : overlaps[k].name,
                   *want = flat ? allocates[i].want : overlaps[k].want;
        const guest g    = { .descriptions = { FUNCTION("f", ARG("v", STRING), U32) },
                             .body         = length,
                             .allocate     = flat ? allocates[i].allocate : NULL };
        const guest h    = { .descriptions = { FUNCTION("f", ARG("v", VECTOR(VECTOR(STRING))), U32) },
                             .body         = lengths,
                             .allocate     = overlaps[k].allocate };
        if (!load(&w, flat ? &g : &h, 1)) fail_msg("%s: %s", name, w.b.fault.msg);
        const char *got = ask(&w, "f", flat ? allocates[i].args : overlaps[k].args, 100000000);
        if (strncmp(got, want, strlen(want)) != 0) fail_msg("allocate gives %s: gave %s, wanted %s", name, got, want);
        assert_string_equal(ask(&w, "ok", "[]", 0), "7");
        check_neighbour(&w);
        unload(&w);
    }
    close_world(&w);
}

/* ---- coming back in ---- */

#define PARAMETERS "(import \"__marine_host_api_v3\" \"get_call_parameters\" (func $parameters))"

static const struct {
    const char *name;
    guest       guest;
    const char *want;
} returns[] = {
    /* The host gives the parameters through allocate, which asks for the parameters. */
    { "allocate asks the host",
      { .descriptions = GIVES(U32),
        .imports      = PARAMETERS,
        .body         = "(func (export \"f\") (result i32) (call $parameters) i32.const 1)",
        .allocate     = "(call $parameters) i32.const 0" },
      "stack: " },
    { "release_objects asks the host",
      { .descriptions = GIVES(STRING),
        .imports      = PARAMETERS,
        .body         = "(func (export \"f\"))",
        .release      = "(call $parameters)" },
      "\"\\u0000\\u0000\"" },
    { "get_result_ptr asks the host",
      { .descriptions = GIVES(STRING),
        .imports      = PARAMETERS,
        .body         = "(func (export \"f\"))",
        .ptr          = "(call $parameters) i32.const 16" },
      "\"\\u0000\\u0000\"" },
    { "no memory to give the parameters in",
      { .descriptions = GIVES(U32),
        .imports      = PARAMETERS,
        .body         = "(func (export \"f\") (result i32) (call $parameters) i32.const 1)",
        .allocate     = "unreachable" },
      "trap: " },
    { "log from outside",
      { .descriptions = GIVES(U32),
        .imports      = "(import \"host\" \"log_utf8_string\" (func $log (param i32 i32 i32 i32)))",
        .body = "(func (export \"f\") (result i32) (call $log (i32.const 1) (i32.const 0) (i32.const -8) (i32.const "
                "100)) i32.const 1)" },
      "trap: " },
    { "exit 0",
      { .descriptions = GIVES(U32),
        .imports      = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))",
        .body         = "(func (export \"f\") (result i32) (call $exit (i32.const 0)) i32.const 1)" },
      "trap: " },
    { "exit 7",
      { .descriptions = GIVES(U32),
        .imports      = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))",
        .body         = "(func (export \"f\") (result i32) (call $exit (i32.const 7)) i32.const 1)" },
      "trap: " },
    { "exit in allocate",
      { .descriptions = { FUNCTION("f", ARG("v", STRING), U32) },
        .imports      = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))",
        .body         = "(func (export \"f\") (param i32 i32) (result i32) i32.const 1)",
        .allocate     = "(call $exit (i32.const 0)) i32.const 16" },
      "trap: " },
};

static void test_coming_back_in(void **state)
{
    (void)state;
    world w = { 0 };
    open_world(&w);
    for (size_t i = 0; i < RIV_COUNT(returns); i++) {
        if (!load(&w, &returns[i].guest, 1)) fail_msg("%s: %s", returns[i].name, w.b.fault.msg);
        for (int again = 0; again < 2; again++) {
            const char *args = strstr(returns[i].guest.descriptions[0], "Utf8String") &&
                                       strstr(returns[i].guest.descriptions[0], "'v'")
                                   ? "[\"x\"]"
                                   : "[]";
            const char *got  = ask(&w, "f", args, 100000000);
            if (strncmp(got, returns[i].want, strlen(returns[i].want)) != 0)
                fail_msg("%s gave %s, wanted %s", returns[i].name, got, returns[i].want);
            assert_string_equal(ask(&w, "ok", "[]", 0), "7");
            check_neighbour(&w);
        }
        unload(&w);
    }
    close_world(&w);
}

/* The adapter of an import calls the very function that calls the import: without end through the host. */
static void test_a_module_that_calls_itself_through_its_import(void **state)
{
    (void)state;
    static const marine__type      types[]                = { { 0 }, { 0 }, { 0 }, { 0 } };
    static const marine__instr     around[]               = { { .op = MARINE_OP_CALL_CORE, .index = 0 } };
    static const marine__adapter   adapters[]             = { { 1, around, 1 }, { 3, around, 1 } };
    static const marine__it_import import                 = { RIV_LIT_INIT("first"), RIV_LIT_INIT("g"), 2 };
    static const marine__it_export export                 = { RIV_LIT_INIT("f"), 0 };
    static const marine__implementation implementations[] = { { 0, 1 }, { 2, 3 } };
    const marine__section               section           = { .types                 = types,
                                                              .types_count           = 4,
                                                              .imports               = &import,
                                                              .imports_count         = 1,
                                                              .adapters              = adapters,
                                                              .adapters_count        = 2,
                                                              .exports               = &export,
                                                              .exports_count         = 1,
                                                              .implementations       = implementations,
                                                              .implementations_count = 2,
                                                              .version               = RIV_LIT("0.28.0") };
    world                               w                 = { 0 };
    open_world(&w);
    riv_buf         body = riv_buf_in(w.b.arena), out = riv_buf_in(w.b.arena);
    wasm_byte_vec_t binary;
    const char      text[] =
        "(module (import \"first\" \"g\" (func $g)) (memory (export \"memory\") 1) (func (export \"f\") call $g))";
    assert_null(wasmtime_wat2wasm(text, sizeof text - 1, &binary));
    marine__section_write(&section, &body);
    riv_put_bytes(&out, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    put_custom(&out, RIV_LIT("__fluence_sdk_version"), RIV_LIT("0.14.0"));
    put_custom(&out, RIV_LIT("interface-types"), riv_buf_str(&body));
    wasm_byte_vec_delete(&binary);
    const guest honest                 = { .descriptions = { FUNCTION("g", "", "") }, .body = "(func (export \"g\"))" };
    w.b.modules[0]                     = testing_module(w.b.engine, make(&honest, w.b.arena));
    w.b.modules[1]                     = testing_module(w.b.engine, riv_buf_view(&out));
    const marine_module_config  both[] = { { .name = RIV_LIT("first"), .module = w.b.modules[0] },
                                           { .name = RIV_LIT("liar"), .module = w.b.modules[1] } };
    const marine_service_config config = { .modules = both, .modules_count = 2 };
    if (marine_service_new(w.b.engine, &config, &w.b.fault, &w.b.service)) fail_msg("%s", w.b.fault.msg);
    for (int again = 0; again < 3; again++) {
        const char *got = ask(&w, "f", "[]", 0);
        if (strncmp(got, "stack: ", 7) != 0) fail_msg("%s", got);
        check_neighbour(&w);
    }
    close_world(&w);
}

/* ---- across modules: the first one lies to the second ---- */

#define TEXT_OF_FIRST IMPORTED("first", "g", ARG("v", STRING), STRING)

static const struct {
    const char *name;
    guest       first, second;
    const char *want;
} crossings[] = {
    { "both are honest",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) } },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) } },
      "1" },
    { "the callee's result is outside",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) }, .ptr = "i32.const -4" },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) } },
      "trap: module first: out of bounds" },
    { "the callee has no room",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) }, .allocate = "i32.const 0" },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) } },
      "memory: module first could not allocate" },
    { "the caller has no room",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) } },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) }, .allocate = "i32.const 0" },
      "memory: module liar could not allocate" },
    { "the caller's allocate calls the callee again",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) } },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) },
        .allocate     = "(call $g (i32.const 16) (i32.const 1)) i32.const 16" },
      "stack: " },
    { "the caller's release_objects calls the callee again",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) } },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) },
        .release      = "(call $g (i32.const 16) (i32.const 1))" },
      "stack: " },
    { "the caller's text is outside",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) } },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) }, .imports = "far" },
      "trap: module liar: out of bounds" },
    { "the callee traps",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) }, .release = "unreachable" },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) } },
      "trap: " },
    { "the callee spins",
      { .descriptions = { FUNCTION("g", ARG("v", STRING), STRING) }, .release = "(loop (br 0))" },
      { .descriptions = { TEXT_OF_FIRST, FUNCTION("f", "", U32) } },
      "fuel: " },
};

static void test_modules_that_lie_to_each_other(void **state)
{
    (void)state;
    world w = { 0 };
    open_world(&w);
    for (size_t i = 0; i < RIV_COUNT(crossings); i++) {
        guest guests[]    = { crossings[i].first, crossings[i].second };
        bool  far         = guests[1].imports != NULL;
        guests[0].body    = "(func (export \"g\") (param i32 i32))";
        guests[1].imports = "(import \"first\" \"g\" (func $g (param i32 i32)))";
        guests[1].body =
            far ? "(func (export \"f\") (result i32) (call $g (i32.const 131070) (i32.const 4)) i32.const 1)"
                : "(func (export \"f\") (result i32) (call $g (i32.const 16) (i32.const 4)) i32.const 1)";
        if (!load(&w, guests, 2)) fail_msg("%s: %s", crossings[i].name, w.b.fault.msg);
        for (int again = 0; again < 2; again++) {
            const char *got = ask(&w, "f", "[]", 400000000);
            if (strncmp(got, crossings[i].want, strlen(crossings[i].want)) != 0)
                fail_msg("%s gave %s, wanted %s", crossings[i].name, got, crossings[i].want);
            assert_string_equal(ask(&w, "ok", "[]", 0), "7");
            check_neighbour(&w);
        }
        unload(&w);
    }
    close_world(&w);
}

/* ---- loading ---- */

/* clang-format off */
static const struct {
    const char *name, *start, *want; /* a start section, or an export _initialize or _start */
} starts[] = {
    { "start traps", "(func $s unreachable) (start $s)", "load: " },
    { "start spins", "(func $s (loop (br 0))) (start $s)", "fuel: " },
    { "start recurses", "(func $s (call $s) (call $s)) (start $s)", "stack: " },
    { "start exits with 0", "(func $s (call $exit (i32.const 0))) (start $s)", "load: " },
    { "start asks the host", "(func $s (call $parameters)) (start $s)", "" },
    { "_initialize traps", "(func (export \"_initialize\") unreachable)", "trap: " },
    { "_initialize exits with 0", "(func (export \"_initialize\") (call $exit (i32.const 0)))", "fine" },
    { "_start exits with 0", "(func (export \"_start\") (call $exit (i32.const 0)))", "fine" },
    { "_start exits with 3", "(func (export \"_start\") (call $exit (i32.const 3)))", "trap: " },
    { "_start exits with minus one", "(func (export \"_start\") (call $exit (i32.const -1)))", "trap: " },
    { "_start takes a value", "(func (export \"_start\") (param i32))", "link: " },
    { "_start is a memory", "(export \"_start\" (memory 0))", "" },
};
/* clang-format on */

static void test_starts_that_misbehave(void **state)
{
    (void)state;
    world w = { 0 };
    open_world(&w);
    for (size_t i = 0; i < RIV_COUNT(starts); i++) {
        const guest g  = { .imports =
                               PARAMETERS "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))",
                           .body = starts[i].start };
        bool        ok = load(&w, &g, 1);
        const char *got =
            ok ? "fine"
               : riv_cstr(w.b.arena, riv_format(w.b.arena, "%s: %s",
                                                marine_error_name((marine_error_kind)w.b.fault.code), w.b.fault.msg));
        if (strncmp(got, starts[i].want, strlen(starts[i].want)) != 0)
            fail_msg("%s: gave %s, wanted %s", starts[i].name, got, starts[i].want);
        if (ok) assert_string_equal(ask(&w, "ok", "[]", 0), "7");
        check_neighbour(&w);
        unload(&w);
    }
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_that_lie),
        cmocka_unit_test(test_allocates_that_lie),
        cmocka_unit_test(test_coming_back_in),
        cmocka_unit_test(test_a_module_that_calls_itself_through_its_import),
        cmocka_unit_test(test_modules_that_lie_to_each_other),
        cmocka_unit_test(test_starts_that_misbehave),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
