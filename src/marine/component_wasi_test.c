/* component_wasi_test.c: what a component sees of the world, and components made to hurt: loops, growth, recursion, output, handles,
 * imports of another type than WASI says. */
#include "marine/component_testing.h"

typedef struct seen { /* what marine_env was told */
    riv_buf  out, err;
    uint64_t now;
} seen;

static void see_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    seen *s = ctx;
    assert_true(riv_str_eq(module, RIV_LIT("c")));
    assert_true(text.len <= 64 << 10);
    riv_put_str(is_stderr ? &s->err : &s->out, text);
}

static uint64_t see_now(void *ctx) { return ((seen *)ctx)->now++; }

static void see_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 5, len);
}

static marine_env env_of(seen *s)
{
    return (marine_env){ .ctx = s, .now_ns = see_now, .random = see_random, .output = see_output };
}

/* Imports, a memory beside the module that uses them, the module, and exports. */
#define MEMORY                                                                                                         \
    "(core module $mm (memory (export \"memory\") 1) (data (i32.const 100) \"hello\")"                                 \
    " (global $top (mut i32) (i32.const 4096))"                                                                        \
    " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (global.get $top)"                               \
    "  (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get 3)) (i32.const 15)) (i32.const "       \
    "-16)))))"                                                                                                         \
    "(core instance $mem (instantiate $mm))"
#define OPTIONS "(memory (core memory $mem \"memory\")) (realloc (core func $mem \"realloc\"))"
#define STREAMS                                                                                                        \
    "(import \"wasi:io/streams@0.2.6\" (instance $st (export \"output-stream\" (type (sub resource)))"                 \
    " (export \"[method]output-stream.blocking-write-and-flush\" (func (param \"self\" (borrow 0)) (param "            \
    "\"contents\" (list u8)) (result (result))))"                                                                      \
    " (export \"[method]output-stream.check-write\" (func (param \"self\" (borrow 0)) (result (result u64))))))"       \
    "(alias export $st \"output-stream\" (type $os))"                                                                  \
    "(import \"wasi:cli/stdout@0.2.6\" (instance $so (alias outer 1 $os (type $o)) (export \"output-stream\" (type "   \
    "$o2 (eq $o)))"                                                                                                    \
    " (export \"get-stdout\" (func (result (own $o2))))))"                                                             \
    "(import \"wasi:cli/stderr@0.2.6\" (instance $se (alias outer 1 $os (type $o)) (export \"output-stream\" (type "   \
    "$o2 (eq $o)))"                                                                                                    \
    " (export \"get-stderr\" (func (result (own $o2))))))"
#define STREAM_FUNCS                                                                                                   \
    "(core func $stdout (canon lower (func $so \"get-stdout\")))"                                                      \
    "(core func $stderr (canon lower (func $se \"get-stderr\")))"                                                      \
    "(core func $write (canon lower (func $st \"[method]output-stream.blocking-write-and-flush\") " OPTIONS "))"       \
    "(core func $check (canon lower (func $st \"[method]output-stream.check-write\") " OPTIONS "))"                    \
    "(core func $drop (canon resource.drop $os))"
#define STREAM_IMPORTS                                                                                                 \
    "(import \"w\" \"memory\" (memory 1)) (import \"w\" \"stdout\" (func $stdout (result i32))) (import \"w\" "        \
    "\"stderr\" (func $stderr (result i32)))"                                                                          \
    "(import \"w\" \"write\" (func $write (param i32 i32 i32) (result i32))) (import \"w\" \"check\" (func $check "    \
    "(param i32 i32)))"                                                                                                \
    "(import \"w\" \"drop\" (func $drop (param i32)))"
#define STREAM_WITH                                                                                                    \
    "(with \"w\" (instance (export \"memory\" (memory $mem \"memory\")) (export \"stdout\" (func "                     \
    "$stdout)) (export \"stderr\" (func $stderr))"                                                                     \
    " (export \"write\" (func $write)) (export \"check\" (func $check)) (export \"drop\" (func $drop))))"
#define EXPORT(name, type) "(func (export \"" name "\") " type " (canon lift (core func $i \"" name "\")))"

static const char *const         streams_text =
    "(component " STREAMS MEMORY STREAM_FUNCS "(core module $m " STREAM_IMPORTS "(func (export \"say\") (local $h i32)"
    "  (local.set $h (call $stdout)) (drop (call $write (local.get $h) (i32.const 100) (i32.const 5))) (call $drop "
    "(local.get $h))"
    "  (local.set $h (call $stderr)) (drop (call $write (local.get $h) (i32.const 100) (i32.const 4))) (call $drop "
    "(local.get $h)))"
    "(func (export \"offered\") (result i64) (call $check (call $stdout) (i32.const 8)) (i64.load (i32.const 16)))"
    "(func (export \"forever\") (local $h i32) (local.set $h (call $stdout))"
    "  (loop $l (drop (call $write (local.get $h) (i32.const 0) (i32.const 65536))) (br $l)))"
    "(func (export \"hoard\") (loop $l (drop (call $stdout)) (br $l)))"
    "(func (export \"recycle\") (param $n i32) (loop $l (call $drop (call $stdout))"
    "  (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"
    "(core instance $i (instantiate $m " STREAM_WITH "))" //
    EXPORT("say", "") EXPORT("offered", "(result u64)") EXPORT("forever", "") EXPORT("hoard", "")
        EXPORT("recycle", "(param \"n\" u32)") ")";

static void test_output(void **state)
{
    bench                 b;
    seen                  s      = { 0 };
    marine_service_config config = { .env = env_of(&s) };
    (void)state;
    bench_start(&b);
    assert_null(component_open(&b, streams_text, &config));
    assert_string_equal(bench_call(&b, "say", "[]"), "null");
    assert_true(riv_str_eq(riv_buf_str(&s.out), RIV_LIT("hello")));
    assert_true(riv_str_eq(riv_buf_str(&s.err), RIV_LIT("hell")));
    assert_string_equal(bench_call(&b, "offered", "[]"), "16384");
    assert_string_equal(bench_call(&b, "recycle", "[30000]"), "null");
    assert_string_equal(bench_call(&b, "hoard", "[]"), "memory: component holds more than 10000 handles of the host");
    riv_buf_clear(&s.out);
    assert_string_equal(bench_call(&b, "forever", "[]"),
                        "memory: module c logs and prints more than 16777216 bytes in one call");
    assert_int_equal(s.out.len, 255 * 65536); /* each counts for a line more */
    assert_string_equal(bench_call(&b, "say", "[]"), "null");
    riv_buf_free(&s.out);
    riv_buf_free(&s.err);
    bench_close(&b);
}

/* One function without parameters, imported and handed on. */
static const char *hand_on(riv_arena *arena, const char *interface, const char *name, const char *type)
{
    return riv_cstr(arena, riv_format(arena,
                                      "(component (import \"%s\" (instance $c (export \"%s\" (func %s))))"
                                      "(core func $f (canon lower (func $c \"%s\")))"
                                      "(func (export \"f\") %s (canon lift (core func $f))))",
                                      interface, name, type, name, type));
}

static void test_world(void **state)
{
    bench                 b;
    seen                  s      = { .now = 7000000005 };
    marine_pair           env[]  = { { RIV_LIT("KEY"), RIV_LIT("value") }, { RIV_LIT("B"), RIV_LIT("") } };
    marine_module_config  module = { .name = RIV_LIT("c"), .envs = env, .envs_count = RIV_COUNT(env) };
    marine_service_config config = { .env = env_of(&s), .modules = &module, .modules_count = 1 };
    (void)state;
    bench_start(&b);
    const struct {
        const char *interface, *name, *type, *want;
    } cases[] = {
        { "wasi:clocks/monotonic-clock@0.2.6", "now", "(result u64)", "7000000005" },
        { "wasi:clocks/monotonic-clock@0.2.0", "now", "(result u64)", "7000000006" },
        { "wasi:clocks/monotonic-clock@0.2.6", "resolution", "(result u64)", "1" },
        { "wasi:random/random@0.2.6", "get-random-u64", "(result u64)", "361700864190383365" },
        { "wasi:random/insecure@0.2.6", "get-insecure-random-u64", "(result u64)", "361700864190383365" },
        /* of another version, another name, another type */
        { "wasi:clocks/monotonic-clock@0.3.0", "now", "(result u64)",
          "host: component calls wasi:clocks/monotonic-clock@0.3.0#now, which is not provided" },
        { "wasi:clocks/monotonic-clock", "now", "(result u64)",
          "host: component calls wasi:clocks/monotonic-clock#now, which is not provided" },
        { "wasi:sockets/network@0.2.6", "make", "(result u64)",
          "host: component calls wasi:sockets/network@0.2.6#make, which is not provided" },
        { "wasi:clocks/monotonic-clock@0.2.6", "now", "",
          "link: component imports wasi:clocks/monotonic-clock#now with another type" },
        { "wasi:clocks/monotonic-clock@0.2.6", "now", "(result u32)",
          "trap: function `f` failed: type mismatch: expected u32, found u64" },
        { "wasi:cli/environment@0.2.6", "initial-cwd", "(result u32)",
          "trap: function `f` failed: type mismatch: expected u32, found option" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *failed =
            component_open(&b, hand_on(b.arena, cases[i].interface, cases[i].name, cases[i].type), &config);
        if (failed) fail_msg("%s: %s", cases[i].name, failed);
        const char *got = bench_call(&b, "f", "[]");
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s#%s: %s, not %s", cases[i].interface, cases[i].name, got, cases[i].want);
    }
    bench_close(&b);
}

/* The same through memory: lists and records come back in the caller's. */
static const char *hand_on_memory(riv_arena *arena, const char *interface, const char *name, const char *type)
{
    return riv_cstr(
        arena,
        riv_format(arena,
                   "(component (import \"%s\" (instance $c (export \"%s\" (func %s)))) " MEMORY
                   "(core func $f (canon lower (func $c \"%s\") " OPTIONS "))"
                   "(core module $m (import \"w\" \"f\" (func $f (param i32)))"
                   " (func (export \"f\") (result i32) (call $f (i32.const 512)) i32.const 512))"
                   "(core instance $i (instantiate $m (with \"w\" (instance (export \"f\" (func $f))))))"
                   "(func (export \"f\") %s (canon lift (core func $i \"f\") (memory (core memory $mem \"memory\")))))",
                   interface, name, type, name, type));
}

static void test_world_in_memory(void **state)
{
    bench                 b;
    seen                  s      = { .now = 7000000005 };
    marine_pair           env[]  = { { RIV_LIT("KEY"), RIV_LIT("value") }, { RIV_LIT("B"), RIV_LIT("") } };
    marine_module_config  module = { .name = RIV_LIT("c"), .envs = env, .envs_count = RIV_COUNT(env) };
    marine_service_config config = { .env = env_of(&s), .modules = &module, .modules_count = 1 };
    (void)state;
    bench_start(&b);
    const struct {
        const char *interface, *name, *type, *want;
    } cases[] = {
        { "wasi:random/insecure-seed@0.2.6", "insecure-seed", "(result (tuple u64 u64))",
          "{\"f0\":361700864190383365,\"f1\":361700864190383365}" },
        { "wasi:cli/environment@0.2.6", "get-environment", "(result (list (tuple string string)))",
          "[{\"f0\":\"KEY\",\"f1\":\"value\"},{\"f0\":\"B\",\"f1\":\"\"}]" },
        { "wasi:cli/environment@0.2.6", "get-arguments", "(result (list string))", "[]" },
        { "wasi:cli/environment@0.2.6", "initial-cwd", "(result (option string))", "[]" },
        { "wasi:filesystem/preopens@0.2.6", "get-directories", "(result (list (tuple u32 string)))", "[]" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *failed =
            component_open(&b, hand_on_memory(b.arena, cases[i].interface, cases[i].name, cases[i].type), &config);
        if (failed) fail_msg("%s: %s", cases[i].name, failed);
        const char *got = bench_call(&b, "f", "[]");
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s#%s: %s, not %s", cases[i].interface, cases[i].name, got, cases[i].want);
    }
    bench_close(&b);
}

/* ---- who calls, and the log ---- */

static const char *const host_text =
    "(component (import \"rivulet:marine/host@0.1.0\" (instance $h"
    " (type $t' (record (field \"peer-pk\" string) (field \"service-id\" string) (field \"function-name\" string) "
    "(field \"lens\" string)))"
    " (export \"tetraplet\" (type $t (eq $t')))"
    " (type $p' (record (field \"id\" string) (field \"init-peer-id\" string) (field \"timestamp\" u64) (field \"ttl\" "
    "u32)"
    "  (field \"script\" string) (field \"signature\" (list u8)) (field \"token\" string)))"
    " (export \"particle\" (type $p (eq $p')))"
    " (type $c' (record (field \"particle\" $p) (field \"service-id\" string) (field \"service-creator-peer-id\" "
    "string)"
    "  (field \"host-id\" string) (field \"worker-id\" string) (field \"tetraplets\" (list (list $t)))))"
    " (export \"parameters\" (type $c (eq $c')))"
    " (export \"call-parameters\" (func (result $c))) (export \"log\" (func (param \"level\" s32) (param \"text\" "
    "string)))))"
    "(alias export $h \"parameters\" (type $c)) " MEMORY
    "(core func $get (canon lower (func $h \"call-parameters\") " OPTIONS "))"
    "(core func $log (canon lower (func $h \"log\") " OPTIONS "))"
    "(core module $m (import \"w\" \"get\" (func $get (param i32))) (import \"w\" \"log\" (func $log (param i32 i32 "
    "i32)))"
    " (func (export \"who\") (result i32) (call $get (i32.const 512)) i32.const 512)"
    " (func (export \"tell\") (call $log (i32.const 3) (i32.const 100) (i32.const 5))))"
    "(core instance $i (instantiate $m (with \"w\" (instance (export \"get\" (func $get)) (export \"log\" (func "
    "$log))))))"
    "(func (export \"who\") (result $c) (canon lift (core func $i \"who\") (memory (core memory $mem "
    "\"memory\")))) " EXPORT("tell", "") ")";

static void see_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    seen *s = ctx;
    riv_putf(&s->out, RIV_FMT " %d " RIV_FMT, RIV_ARG(module), level, RIV_ARG(text));
}

static void test_host(void **state)
{
    bench                   b;
    seen                    s        = { 0 };
    const marine_tetraplet  one      = { RIV_LIT("peer"), RIV_LIT("op"), RIV_LIT("noop"), RIV_LIT(".$") };
    const marine_tetraplets argument = { &one, 1 };
    marine_module_config    module   = { .name = RIV_LIT("c"), .logger_enabled = true };
    marine_service_config   config   = { .env = { .ctx = &s, .log = see_log }, .modules = &module, .modules_count = 1 };
    (void)state;
    bench_start(&b);
    assert_null(component_open(&b, host_text, &config));
    const marine_call call = {
        .function = RIV_LIT("who"),
        .args     = riv_json_arr(b.arena, NULL, 0),
        .params   = { .particle_id             = RIV_LIT("particle"),
                      .init_peer_id            = RIV_LIT("ada"),
                      .script                  = RIV_LIT("(null)"),
                      .token                   = RIV_LIT("t"),
                      .timestamp_ms            = 7,
                      .ttl_ms                  = 8,
                      .signature               = RIV_BYTES("\1\2"),
                      .service_id              = RIV_LIT("s"),
                      .service_creator_peer_id = RIV_LIT("creator"),
                      .host_id                 = RIV_LIT("host"),
                      .worker_id               = RIV_LIT("worker"),
                      .tetraplets              = &argument,
                      .tetraplets_count        = 1 },
    };
    if (marine_service_call(b.service, &call, b.arena, &b.fault, &b.result)) fail_msg("%s", b.fault.msg);
    assert_string_equal(
        riv_cstr(b.arena, riv_json_text(b.result.value, b.arena)),
        "{\"host_id\":\"host\",\"particle\":{\"id\":\"particle\",\"init_peer_id\":\"ada\",\"script\":\"(null)\","
        "\"signature\":[1,2],\"timestamp\":7,\"token\":\"t\",\"ttl\":8},\"service_creator_peer_id\":\"creator\","
        "\"service_id\":\"s\","
        "\"tetraplets\":[[{\"function_name\":\"noop\",\"lens\":\".$\",\"peer_pk\":\"peer\",\"service_id\":\"op\"}]],"
        "\"worker_id\":\"worker\"}");
    assert_string_equal(bench_call(&b, "tell", "[]"), "null");
    assert_true(riv_str_eq(riv_buf_str(&s.out), RIV_LIT("c 3 hello")));
    module.logger_enabled = false;
    riv_buf_clear(&s.out);
    assert_null(component_open(&b, host_text, &config));
    assert_string_equal(bench_call(&b, "tell", "[]"), "null");
    assert_int_equal(s.out.len, 0);
    riv_buf_free(&s.out);
    bench_close(&b);
}

/* ---- limits ---- */

static const char *const limits_text =
    "(component (core module $m (memory 1) (global $n (mut i32) (i32.const 0))"
    "(func (export \"spin\") (loop $l (br $l)))"
    "(func $deep (export \"deep\") (result i32) (i32.add (call $deep) (i32.const 1)))"
    "(func (export \"grow\") (loop $l (if (i32.lt_s (memory.grow (i32.const 16)) (i32.const 0)) (then unreachable)) "
    "(br $l)))"
    "(func (export \"fail\") unreachable)"
    "(func (export \"count\") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) global.get $n)"
    "(func (export \"zero\") (result f32) (f32.div (f32.const 0) (f32.const 0))))"
    "(core instance $i (instantiate $m))" //
    EXPORT("spin", "") EXPORT("deep", "(result u32)") EXPORT("grow", "") EXPORT("fail", "")
        EXPORT("count", "(result u32)") EXPORT("zero", "(result f32)") ")";

static void test_limits(void **state)
{
    static const struct {
        const char *function, *kind;
    } cases[] = { { "spin", "fuel: " }, { "deep", "stack: " }, { "grow", "memory: " }, { "fail", "trap: " } };
    bench        b;
    marine_stats stats;
    (void)state;
    bench_start(&b);
    marine_service_config config = { .memory_bytes_max = 4 << 20 };
    assert_null(component_open(&b, limits_text, &config));
    uint64_t idle = marine_service_memory(b.service);
    assert_int_equal(idle, 65536);
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        assert_string_equal(bench_call(&b, "count", "[]"), "1"); /* afresh after each failure */
        assert_string_equal(bench_call(&b, "count", "[]"), "2");
        const riv_json *none = riv_json_arr(b.arena, NULL, 0);
        marine_call     call = { .function = riv_str_c(cases[i].function), .args = none, .fuel = 10000000 };
        b.fault              = (riv_fault){ 0 };
        assert_int_not_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
        riv_str want = riv_str_c(cases[i].kind), kind = riv_str_c(marine_error_name(b.result.error));
        if (!riv_str_starts(want, kind)) fail_msg("%s: %s", cases[i].function, b.fault.msg);
        if (b.result.error == MARINE_OUT_OF_FUEL) assert_int_equal(b.result.fuel_used, 10000000);
    }
    assert_string_equal(bench_call(&b, "count", "[]"), "1");
    assert_int_equal(marine_service_memory(b.service), idle);
    marine_service_stats(b.service, b.arena, &stats);
    assert_int_equal(stats.modules[0].memory_bytes, idle);
    assert_int_equal(stats.failed_calls, RIV_COUNT(cases));
    assert_string_equal(bench_call(&b, "zero", "[]"), "null"); /* NaN */
    bench_close(&b);
}

static uint64_t tick(void *ctx)
{
    marine_engine_tick(*(marine_engine **)ctx);
    return 0;
}

/* Each look at the clock is a tick of the deadline's. */
static void test_deadline(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    marine_service_config config = { .env = { .ctx = &b.engine, .now_ns = tick } };
    assert_null(component_open(
        &b,
        "(component (import \"wasi:clocks/monotonic-clock@0.2.6\" (instance $c (export \"now\" (func (result u64)))))"
        "(core func $now (canon lower (func $c \"now\")))"
        "(core module $m (import \"w\" \"now\" (func $now (result i64)))"
        " (func (export \"wait\") (param $n i32) (loop $l (drop (call $now))"
        "  (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"
        "(core instance $i (instantiate $m (with \"w\" (instance (export \"now\" (func $now))))))" //
        EXPORT("wait", "(param \"n\" u32)") ")",
        &config));
    const riv_json *count = riv_json_u64(b.arena, 50);
    marine_call call = { .function = RIV_LIT("wait"), .args = riv_json_arr(b.arena, &count, 1), .deadline_ticks = 20 };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_E_EXPIRED);
    assert_int_equal(b.result.error, MARINE_DEADLINE);
    call.deadline_ticks = 60;
    b.fault             = (riv_fault){ 0 };
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    call.deadline_ticks = 0;
    assert_int_equal(marine_service_call(b.service, &call, b.arena, &b.fault, &b.result), RIV_OK);
    bench_close(&b);
}

static void test_too_large_to_load(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    marine_service_config config = { .memory_bytes_max = 1 << 20 };
    const char           *got =
        component_open(&b, "(component (core module $m (memory 100)) (core instance (instantiate $m)))", &config);
    assert_non_null(got);
    assert_true(riv_str_starts(riv_str_c(got), RIV_LIT("memory: ")));
    got = component_open(
        &b, "(component (core module $m (func $s (loop $l (br $l))) (start $s)) (core instance (instantiate $m)))",
        &(marine_service_config){ .fuel_start = 100000 });
    assert_string_equal(got, "fuel: function `c` failed: out of fuel at 0x24");
    bench_close(&b);
}

/* A list of handles is looked at one by one, however often it names the same. */
static void test_polls_are_paid_for(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    assert_null(component_open(
        &b,
        "(component (import \"wasi:io/poll@0.2.6\" (instance $po (export \"pollable\" (type (sub resource)))"
        " (export \"poll\" (func (param \"in\" (list (borrow 0))) (result (list u32))))))"
        "(alias export $po \"pollable\" (type $pt))"
        "(import \"wasi:clocks/monotonic-clock@0.2.6\" (instance $mc (alias outer 1 $pt (type $p)) (export "
        "\"pollable\" (type $p2 (eq $p))) (export \"subscribe-duration\" (func (param \"when\" u64) (result (own "
        "$p2))))))"
        "(core module $mm (memory (export \"memory\") 4)"
        " (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 131072)))"
        "(core instance $mem (instantiate $mm))"
        "(core func $sub (canon lower (func $mc \"subscribe-duration\")))"
        "(core func $poll (canon lower (func $po \"poll\") " OPTIONS "))"
        "(core module $m (import \"w\" \"memory\" (memory 4)) (import \"w\" \"sub\" (func $sub (param i64) (result "
        "i32))) (import \"w\" \"poll\" (func $poll (param i32 i32 i32)))"
        " (func (export \"wait\") (param $n i32) (local $h i32) (local $i i32) (local.set $h (call $sub (i64.const 1)))"
        "  (loop $l (i32.store (i32.add (i32.const 1024) (i32.mul (local.get $i) (i32.const 4))) (local.get $h))"
        "   (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))"
        "  (call $poll (i32.const 1024) (local.get $n) (i32.const 8))))"
        "(core instance $i (instantiate $m (with \"w\" (instance (export \"memory\" (memory $mem \"memory\"))"
        " (export \"sub\" (func $sub)) (export \"poll\" (func $poll))))))" EXPORT("wait", "(param \"n\" u32)") ")",
        NULL));
    assert_string_equal(bench_call(&b, "wait", "[1]"), "null");
    uint64_t one = b.result.fuel_used;
    assert_string_equal(bench_call(&b, "wait", "[10001]"), "null");
    assert_in_range(b.result.fuel_used - one, 10000 * 1000, 10000 * 1100);
    bench_close(&b);
}

/* More values than the engine takes over: the host's memory for them is bounded. */
static void test_long_list(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    assert_null(component_open(
        &b,
        "(component (core module $m (memory (export \"memory\") 640) (func (export \"f\") (param i32) (result i32)"
        " (i32.store (i32.const 8) (i32.const 1024)) (i32.store (i32.const 12) (local.get 0)) i32.const 8))"
        "(core instance $i (instantiate $m))"
        "(func (export \"f\") (param \"n\" u32) (result (list u8)) (canon lift (core func $i \"f\") (memory (core "
        "memory $i \"memory\")))))",
        NULL));
    assert_string_equal(bench_call(&b, "f", "[3]"), "[0,0,0]");
    assert_string_equal(bench_call(&b, "f", "[40000000]"),
                        "memory: function `f` failed: more values than the engine takes over at once");
    assert_string_equal(bench_call(&b, "f", "[4294967295]"),
                        "trap: function `f` failed: list pointer/length out of bounds of memory");
    assert_string_equal(bench_call(&b, "f", "[3]"), "[0,0,0]");
    bench_close(&b);
}

static void test_config(void **state)
{
    bench                 b;
    marine_pair           pair   = { RIV_LIT("a"), RIV_LIT("/") };
    marine_module_config  module = { .name = RIV_LIT("c"), .mapped_dirs = &pair, .mapped_dirs_count = 1 };
    marine_service_config config = { .modules = &module, .modules_count = 1 };
    (void)state;
    bench_start(&b);
    assert_string_equal(component_open(&b, "(component)", &config),
                        "load: component c has mapped directories, and components are given no files");
    module = (marine_module_config){ .name = RIV_LIT("c"), .mounted_binaries = &pair, .mounted_binaries_count = 1 };
    assert_string_equal(component_open(&b, "(component)", &config),
                        "load: component c has mounted binaries, which only modules can import");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_world),
        cmocka_unit_test(test_world_in_memory),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_too_large_to_load),
        cmocka_unit_test(test_polls_are_paid_for),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_config),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
