/* component_test.c: components: every type of WIT there and back, what they are shown as, what is refused.
 * A function that takes and gives a tuple of more than 16 numbers takes and gives a pointer to the same bytes: it echoes any type
 * without knowing it. */
#include "marine/component_testing.h"

#define PAD_TYPE "(tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8)"
#define PAD      "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"

/* declarations: of types with names, which exported functions may only use once they are exported. */
static const char *echo_text(riv_arena *arena, const char *declarations, const char *type)
{
    return riv_cstr(arena, riv_format(arena,
                                      "(component " CORE_MODULE("(func (export \"echo\") (param i32) (result i32)"
                                                                " (global.set $top (i32.const 1024)) local.get 0)") //
                                      "(core instance $i (instantiate $m)) %s"
                                      "(func (export \"echo\") (param \"v\" (tuple %s " PAD_TYPE
                                      ")) (result (tuple %s " PAD_TYPE "))"
                                      " (canon lift (core func $i \"echo\") (memory (core memory $i \"memory\"))"
                                      "  (realloc (core func $i \"realloc\")))))",
                                      declarations, type, type));
}

/* What comes back, or the failure. */
static const char *echo(bench *b, const char *value)
{
    const char *args = riv_cstr(b->arena, riv_format(b->arena, "[[%s," PAD "]]", value));
    const char *got  = bench_call(b, "echo", args);
    if (b->result.error) return got;
    return riv_cstr(b->arena, riv_json_text(riv_json_get(b->result.value, RIV_LIT("f0")), b->arena));
}

#define POINT "(type $p' (record (field \"x-pos\" s32) (field \"y\" s32))) (export $p \"point\" (type $p'))"
#define SHAPE                                                                                                          \
    POINT "(type $s' (variant (case \"circle\" f64) (case \"square\" $p) (case \"no-shape\"))) (export $s \"shape\" "  \
          "(type $s'))"
#define COLOR "(type $c' (enum \"red\" \"dark-green\")) (export $c \"color\" (type $c'))"
#define PERM  "(type $f' (flags \"read\" \"write\" \"run-it\")) (export $f \"perm\" (type $f'))"

/* out NULL: the same as in. */
static const struct {
    const char *declarations, *type, *in, *out;
} echoes[] = {
    { "", "bool", "true", NULL },
    { "", "u8", "255", NULL },
    { "", "s8", "-128", NULL },
    { "", "u16", "65535", NULL },
    { "", "s16", "-32768", NULL },
    { "", "u32", "4294967295", NULL },
    { "", "s32", "-2147483648", NULL },
    { "", "u64", "18446744073709551615", NULL },
    { "", "s64", "-9223372036854775808", NULL },
    { "", "f32", "1.5", NULL },
    { "", "f32", "0.1", "0.10000000149011612" },
    { "", "f64", "0.1", NULL },
    { "", "f64", "3", "3.0" },
    { "", "char", "\"\xc3\xa9\"", NULL },
    { "", "char", "\"\xf0\x9f\x98\x80\"", NULL },
    { "", "char", "\"ab\"", "arguments: argument v: expected one character, got several" },
    { "", "char", "\"\"", "arguments: argument v: expected one character, got none" },
    { "", "string", "\"\"", NULL },
    { "", "string", "\"h\xc3\xa9\\u0000\"", NULL },
    { "", "(list u8)", "[0,255,7]", NULL },
    { "", "(list u8)", "[]", NULL },
    { "", "(list u16)", "[0,65535]", NULL },
    { "", "(list (list string))", "[[],[\"a\",\"\"],[\"b\"]]", NULL },
    { POINT, "$p", "{\"x_pos\":1,\"y\":-2}", NULL },
    { POINT, "$p", "[1,-2]", "{\"x_pos\":1,\"y\":-2}" },
    { POINT, "$p", "{\"x-pos\":1,\"y\":-2}",
      "arguments: arguments from json deserialization error in module \"c\", function \"echo\": missing argument with "
      "name "
      "x_pos" },
    { "", "(tuple string u8)", "{\"f0\":\"a\",\"f1\":1}", NULL },
    { "", "(tuple string u8)", "[\"a\",1]", "{\"f0\":\"a\",\"f1\":1}" },
    { "", "(option u8)", "[7]", NULL },
    { "", "(option u8)", "[]", NULL },
    { "", "(option u8)", "[1,2]", "arguments: argument v: an option is an array of none or one" },
    { "", "(option string)", "[\"x\"]", NULL },
    { "", "(option (option bool))", "[[true]]", NULL },
    { "", "(option (option bool))", "[[]]", NULL },
    { "", "(option (option bool))", "[]", NULL },
    { "", "(option (list u8))", "[[1,2]]", NULL },
    { "", "(result u32 (error string))", "{\"err\":[],\"ok\":[1]}", NULL },
    { "", "(result u32 (error string))", "{\"err\":[\"no\"],\"ok\":[]}", NULL },
    { "", "(result u32 (error string))", "{\"err\":[\"no\"],\"ok\":[1]}",
      "arguments: argument v: more than one case is given" },
    { "", "(result u32 (error string))", "{\"err\":[],\"ok\":[]}", "arguments: argument v: no case is given" },
    { "", "(result u32 (error string))", "{\"err\":[\"no\",\"no\"],\"ok\":[]}",
      "arguments: argument v: a case is an array of none or one, or a bool where it has no value" },
    { "", "(result)", "{\"err\":true,\"ok\":false}", NULL },
    { "", "(result (error u8))", "{\"err\":[9],\"ok\":false}", NULL },
    { SHAPE, "$s", "{\"circle\":[1.5],\"no_shape\":false,\"square\":[]}", NULL },
    { SHAPE, "$s", "{\"circle\":[],\"no_shape\":false,\"square\":[{\"x_pos\":1,\"y\":2}]}", NULL },
    { SHAPE, "$s", "{\"circle\":[],\"no_shape\":true,\"square\":[]}", NULL },
    { SHAPE, "(list $s)",
      "[{\"circle\":[],\"no_shape\":true,\"square\":[]},{\"circle\":[0.0],\"no_shape\":false,\"square\":[]}]", NULL },
    { COLOR, "$c", "\"dark-green\"", NULL },
    { COLOR, "$c", "\"dark-gren\"", "arguments: argument v: no such name: dark-gren, did you mean dark-green?" },
    { COLOR, "$c", "\"zzzzzzzzzzz\"", "arguments: argument v: no such name: zzzzzzzzzzz" },
    { PERM, "$f", "[]", NULL },
    { PERM, "$f", "[\"read\",\"run-it\"]", NULL },
    { PERM, "$f", "[\"run-it\",\"read\",\"read\"]", "[\"read\",\"run-it\"]" },
    { PERM, "$f", "[\"fly\"]", "arguments: argument v: no such name: fly" },
};

/* The same by JSON text: the value as JSON, or "KIND: message". */
static const char *echo_by_text(bench *b, const char *in)
{
    riv_buf         text  = riv_buf_in(b->arena);
    marine_call     call  = { .function = RIV_LIT("echo") };
    riv_fault       fault = { 0 };
    marine_result   result;
    riv_str         args = riv_format(b->arena, "[[%s," PAD "]]", in);
    const riv_json *record;
    if (marine_service_call_text(b->service, &call, args, &fault, &result, &text))
        return riv_cstr(b->arena, riv_format(b->arena, "%s: %s", marine_error_name(result.error), fault.msg));
    if (riv_json_parse(riv_buf_str(&text), b->arena, &fault, &record)) fail_msg("%s", fault.msg);
    return riv_cstr(b->arena, riv_json_text(riv_json_get(record, RIV_LIT("f0")), b->arena));
}

static void test_every_type(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    for (size_t i = 0; i < RIV_COUNT(echoes); i++) {
        const char *failed = component_open(&b, echo_text(b.arena, echoes[i].declarations, echoes[i].type), NULL);
        if (failed) fail_msg("%s: %s", echoes[i].type, failed);
        const char *want = echoes[i].out ? echoes[i].out : echoes[i].in, *got = echo(&b, echoes[i].in);
        if (strcmp(got, want) != 0) fail_msg("%s of %s gives %s, not %s", echoes[i].in, echoes[i].type, got, want);
        got = echo_by_text(&b, echoes[i].in);
        if (strcmp(got, want) != 0)
            fail_msg("%s of %s gives %s by text, not %s", echoes[i].in, echoes[i].type, got, want);
    }
    bench_close(&b);
}

/* ---- made-up types and values ---- */

typedef struct making { /* text of a type, with the declarations that it needs */
    riv_prng   prng;
    riv_arena *arena;
    riv_buf    declarations;
    size_t     declared;
} making;
typedef struct made made;
struct made {
    char        kind; /* a letter of make_type */
    const made *parts[4];
    size_t      count;
    riv_str     text; /* of the type */
};

static const char *const plain_names[] = { "bool", "u8",  "s8",  "u16", "s16",  "u32",   "s32",
                                           "u64",  "s64", "f32", "f64", "char", "string" };

static riv_str declare(making *m, const char *body)
{
    size_t n = m->declared++;
    riv_putf(&m->declarations, "(type $t%zu' (%s)) (export $t%zu \"t-%zu\" (type $t%zu'))", n, body, n, n, n);
    return riv_format(m->arena, "$t%zu", n);
}

static const made *make_type(making *m, int depth)
{
    made   *t     = riv_new(m->arena, made, 1);
    riv_buf text  = riv_buf_in(m->arena);
    size_t  which = riv_prng_below(&m->prng, depth > 0 ? 21 : RIV_COUNT(plain_names));
    if (which < RIV_COUNT(plain_names)) {
        t->kind  = 'p';
        t->count = which;
        t->text  = riv_str_c(plain_names[which]);
        return t;
    }
    t->kind  = "lrtvoefR"[which - RIV_COUNT(plain_names)];
    t->count = t->kind == 'l' || t->kind == 'o' ? 1 : t->kind == 'R' ? 2 : 1 + riv_prng_below(&m->prng, 4);
    static const char *const heads[] = { ['l'] = "list",   ['r'] = "record", ['t'] = "tuple", ['v'] = "variant",
                                         ['o'] = "option", ['e'] = "enum",   ['f'] = "flags", ['R'] = "result" };
    riv_putf(&text, "%s", heads[(unsigned char)t->kind]);
    for (size_t i = 0; i < t->count; i++) {
        bool has = t->kind != 'e' && t->kind != 'f' &&
                   !((t->kind == 'v' || t->kind == 'R') && riv_prng_chance(&m->prng, 300000));
        riv_str part = RIV_LIT("");
        if (has) {
            t->parts[i] = make_type(m, depth - 1);
            part        = t->parts[i]->text;
        }
        if (t->kind == 'r') riv_putf(&text, " (field \"part-%zu\" " RIV_FMT ")", i, RIV_ARG(part));
        if (t->kind == 'v') riv_putf(&text, " (case \"part-%zu\" " RIV_FMT ")", i, RIV_ARG(part));
        if (t->kind == 'e' || t->kind == 'f') riv_putf(&text, " \"part-%zu\"", i);
        if (t->kind == 'l' || t->kind == 'o' || t->kind == 't') riv_putf(&text, " " RIV_FMT, RIV_ARG(part));
        if (t->kind == 'R' && has) riv_putf(&text, i ? " (error " RIV_FMT ")" : " " RIV_FMT, RIV_ARG(part));
    }
    bool named = strchr("rvef", t->kind) != NULL;
    t->text    = named ? declare(m, riv_cstr(m->arena, riv_buf_str(&text)))
                       : riv_format(m->arena, "(" RIV_FMT ")", RIV_ARG(riv_buf_str(&text)));
    return t;
}

static const riv_json *make_plain(making *m, size_t which)
{
    static const int     bits[]  = { 0, 8, 8, 16, 16, 32, 32, 64, 64 };
    static const riv_str chars[] = { RIV_LIT_INIT("a"), RIV_LIT_INIT("\xc3\xa9"), RIV_LIT_INIT("\xf0\x9f\x98\x80") };
    uint64_t             random  = riv_prng_u64(&m->prng);
    if (which == 0) return riv_json_bool(random & 1);
    if (which < 9 && which % 2) return riv_json_u64(m->arena, random >> (64 - bits[which]));
    if (which < 9) return riv_json_i64(m->arena, (int64_t)random >> (64 - bits[which]));
    if (which < 11) return riv_json_f64(m->arena, (double)(int16_t)random / 8);
    if (which == 11) return riv_json_str(m->arena, chars[random % RIV_COUNT(chars)]);
    return riv_json_str(m->arena, riv_format(m->arena, "t%llx", (unsigned long long)(random >> (random & 63))));
}

static const riv_json *make_value(making *m, const made *t);

static const riv_json *make_array(making *m, const made *element, size_t count)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < count; i++) riv_json_add(m->arena, &list, make_value(m, element));
    return riv_json_arr(m->arena, list.ptr, list.len);
}

static riv_str part_name(making *m, const made *t, size_t i)
{
    return t->kind == 't'   ? riv_format(m->arena, "f%zu", i)
           : t->kind == 'R' ? (i ? RIV_LIT("err") : RIV_LIT("ok"))
                            : riv_format(m->arena, "part_%zu", i);
}

static const riv_json *make_value(making *m, const made *t)
{
    if (t->kind == 'p') return make_plain(m, t->count);
    size_t          chosen = riv_prng_below(&m->prng, t->count);
    riv_json_list   names  = { 0 };
    riv_json_member members[4];
    if (t->kind == 'l') return make_array(m, t->parts[0], riv_prng_below(&m->prng, 4));
    if (t->kind == 'o') return make_array(m, t->parts[0], riv_prng_below(&m->prng, 2));
    if (t->kind == 'e') return riv_json_str(m->arena, riv_format(m->arena, "part-%zu", chosen));
    for (size_t i = 0; i < t->count; i++) {
        bool cases = t->kind == 'v' || t->kind == 'R';
        if (t->kind == 'f' && riv_prng_chance(&m->prng, 500000))
            riv_json_add(m->arena, &names, riv_json_str(m->arena, riv_format(m->arena, "part-%zu", i)));
        members[i].key   = part_name(m, t, i);
        members[i].value = t->kind == 'f' ? NULL
                           : !cases       ? make_value(m, t->parts[i])
                           : t->parts[i]  ? make_array(m, t->parts[i], i == chosen)
                                          : riv_json_bool(i == chosen);
    }
    return t->kind == 'f' ? riv_json_arr(m->arena, names.ptr, names.len) : riv_json_obj(m->arena, members, t->count);
}

static void test_made_up_types(void **state)
{
    enum { TYPES = 60, VALUES = 8, DEPTH = 4 };
    bench b;
    (void)state;
    bench_start(&b);
    for (uint64_t seed = 1; seed <= TYPES; seed++) {
        making      m    = { .prng = riv_prng_seed(seed), .arena = b.arena, .declarations = riv_buf_in(b.arena) };
        const made *type = make_type(&m, DEPTH);
        const char *text =
            echo_text(b.arena, riv_cstr(b.arena, riv_buf_str(&m.declarations)), riv_cstr(b.arena, type->text));
        const char *failed = component_open(&b, text, NULL);
        if (failed) fail_msg("seed %llu: %s in %s", (unsigned long long)seed, failed, text);
        for (int i = 0; i < VALUES; i++) {
            const char *value = riv_cstr(b.arena, riv_json_text(make_value(&m, type), b.arena)), *got = echo(&b, value);
            if (strcmp(got, value) != 0) fail_msg("seed %llu: %s gives %s", (unsigned long long)seed, value, got);
        }
    }
    bench_close(&b);
}

/* ---- without JSON ---- */

static void test_values(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    assert_null(component_open(
        &b,
        "(component " CORE_MODULE(
            "(func (export \"say\") (param i32 i32) (result i32)"
            " (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1)) (i32.const 8))") //
        "(core instance $i (instantiate $m))"
        "(func (export \"say\") (param \"text\" string) (result string)"
        " (canon lift (core func $i \"say\") (memory (core memory $i \"memory\")) (realloc (core func $i "
        "\"realloc\")))))",
        NULL));
    marine_call  call  = { .function = RIV_LIT("say") };
    marine_value value = { 0 }, arg = { .kind = MARINE_STRING, .bytes = RIV_BYTES_INIT("Ada") };
    bool         has = false;
    assert_int_equal(marine_service_call_values(b.service, &call, &arg, 1, b.arena, &b.fault, &b.result, &value, &has),
                     RIV_OK);
    assert_true(has && value.kind == MARINE_STRING && riv_bytes_eq(value.bytes, RIV_BYTES("Ada")));
    /* The engine would end the process over such text. */
    arg.bytes = RIV_BYTES("\xff");
    assert_int_not_equal(
        marine_service_call_values(b.service, &call, &arg, 1, b.arena, &b.fault, &b.result, &value, &has), RIV_OK);
    assert_int_equal(b.result.error, MARINE_BAD_ARGUMENTS);
    riv_buf text = riv_buf_in(b.arena);
    b.fault      = (riv_fault){ 0 };
    assert_int_equal(marine_service_call_text(b.service, &call, RIV_LIT("[\"Bob\"]"), &b.fault, &b.result, &text),
                     RIV_OK);
    assert_true(riv_str_eq(riv_buf_str(&text), RIV_LIT("\"Bob\"")));
    bench_close(&b);
}

/* ---- what it is shown as ---- */

#define PLAIN_CORE "(core module $m (func (export \"f\") (result i32) i32.const 7)) (core instance $i (instantiate $m))"
#define PLAIN_FUNC "(func $f (result u32) (canon lift (core func $i \"f\")))"

static const char *aqua(bench *b)
{
    riv_buf text = riv_buf_in(b->arena);
    marine_interface_aqua(marine_module_interface(b->modules[0]), RIV_LIT("svc"), RIV_LIT("svc"), &text);
    return riv_cstr(b->arena, riv_buf_str(&text));
}

static void test_interface(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    assert_null(component_open(&b,
                               "(component " PLAIN_CORE PLAIN_FUNC "(instance $in (export \"get-URL\" (func $f)))"
                               "(export \"demo:it/things@1.0.0\" (instance $in)) (export \"of-root\" (func $f)))",
                               NULL));
    assert_string_equal(aqua(&b),
                        "aqua Svc declares *\n\nservice Svc(\"svc\"):\n  get_url() -> u32\n  of_root() -> u32\n");
    assert_string_equal(bench_call(&b, "get_url", "[]"), "7");
    assert_string_equal(bench_call(&b, "of_root", "[]"), "7");
    assert_string_equal(bench_call(&b, "of-root", "[]"), "not_found: function with name `of-root` is missing");
    bench_close(&b);
}

static void test_inspect(void **state)
{
    bench       b;
    marine_info info;
    (void)state;
    bench_start(&b);
    riv_bytes wasm = component_bytes("(component (import \"wasi:cli/exit@0.2.0\" (instance (export \"exit\" (func "
                                     "(param \"s\" (result))))))" PLAIN_CORE
                                     "(func (export \"of-root\") (result u32) (canon lift (core func $i \"f\"))))",
                                     b.arena);
    assert_int_equal(marine_inspect(wasm, b.arena, &b.fault, &info), RIV_OK);
    assert_true(info.is_component);
    assert_int_equal(info.imports_count, 1);
    assert_true(riv_str_eq(info.imports[0], RIV_LIT("wasi:cli/exit@0.2.0")));
    assert_int_equal(info.exports_count, 1);
    assert_true(riv_str_eq(info.exports[0], RIV_LIT("of_root")));
    assert_int_equal(info.interface.functions_count, 1);
    bench_close(&b);
}

/* Names are compared, not gathered: so many would not fit. */
static void test_many_names(void **state)
{
    enum { NAMES = 100, VALUES = 400000 };
    bench b;
    (void)state;
    bench_start(&b);
    riv_buf type = riv_buf_in(b.arena), value = riv_buf_in(b.arena);
    for (int i = 0; i < NAMES; i++) riv_putf(&type, " \"n%d\"", i);
    for (int i = 0; i < VALUES; i++) riv_putf(&value, "%s\"n%d\"", i ? "," : "[", NAMES - 1);
    riv_put_u8(&value, ']');
    const char *declared =
        riv_cstr(b.arena, riv_format(b.arena, "(type $c' (enum " RIV_FMT ")) (export $c \"color\" (type $c'))",
                                     RIV_ARG(riv_buf_str(&type))));
    assert_null(component_open(&b, echo_text(b.arena, declared, "(list $c)"), NULL));
    const char *sent = riv_cstr(b.arena, riv_buf_str(&value));
    if (strcmp(echo(&b, sent), sent) != 0) fail_msg("%s", b.fault.msg);
    bench_close(&b);
}

/* ---- what is refused, and left out ---- */

static const char *nested(riv_arena *arena, size_t depth)
{
    riv_buf text = riv_buf_in(arena);
    for (size_t i = 0; i < depth; i++) riv_put_str(&text, RIV_LIT("(list "));
    riv_put_str(&text, RIV_LIT("u32"));
    for (size_t i = 0; i < depth; i++) riv_put_u8(&text, ')');
    return riv_cstr(arena, riv_buf_str(&text));
}

static void test_refused(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    const struct {
        const char *text, *want;
    } cases[] = {
        { "(component (import \"greet\" (func)))", "unsupported: component imports greet, which nobody provides" },
        { "(component (import \"a:b/c\" (instance (export \"f\" (func)))))",
          "unsupported: component imports a:b/c, which nobody provides" },
        { "(component " PLAIN_CORE PLAIN_FUNC "(instance $in (export \"do-it\" (func $f)))"
          "(export \"a:b/c\" (instance $in)) (export \"a:b/d\" (instance $in)))",
          "conflict: two functions would be called do_it: of a:b/c and of a:b/d" },
        { echo_text(b.arena, "", nested(b.arena, 64)), "limit: component has types nested deeper than 64" },
        { echo_text(b.arena, "", nested(b.arena, 90)), "limit: component has types nested deeper than 64" },
        { echo_text(b.arena, "", nested(b.arena, 63)), NULL },
        { "(component)", NULL },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        const char *got = component_open(&b, cases[i].text, NULL);
        if (!got != !cases[i].want || (got && strcmp(got, cases[i].want) != 0))
            fail_msg("case %zu: %s, not %s", i, got ? got : "fine", cases[i].want ? cases[i].want : "fine");
    }
    bench_close(&b);
}

static void test_resources_are_left_out(void **state)
{
    bench b;
    (void)state;
    bench_start(&b);
    assert_null(component_open(
        &b,
        "(component (type $r' (resource (rep i32))) (export $r \"thing\" (type $r'))"
        "(core module $m (func (export \"take\") (param i32)) (func (export \"f\") (result i32) i32.const 7))"
        "(core instance $i (instantiate $m))"
        "(func (export \"take\") (param \"it\" (own $r)) (canon lift (core func $i \"take\")))"
        "(func (export \"f\") (result u32) (canon lift (core func $i \"f\"))))",
        NULL));
    assert_string_equal(aqua(&b), "aqua Svc declares *\n\nservice Svc(\"svc\"):\n  f() -> u32\n");
    assert_string_equal(bench_call(&b, "f", "[]"), "7");
    assert_string_equal(bench_call(&b, "take", "[1]"), "not_found: function with name `take` is missing");
    bench_close(&b);
}

static void test_broken_bytes(void **state)
{
    bench          b;
    marine_module *m = NULL;
    (void)state;
    bench_start(&b);
    riv_bytes good = component_bytes("(component " PLAIN_CORE PLAIN_FUNC "(export \"f\" (func $f)))", b.arena);
    for (size_t len = 8; len < good.len; len++) {
        riv_fault fault = { 0 };
        if (marine_module_new(b.engine, riv_bytes_sub(good, 0, len), &fault, &m)) {
            assert_int_equal(fault.err, RIV_E_MALFORMED);
            continue;
        }
        marine_module_free(m); /* cut between sections: a smaller component */
    }
    bench_close(&b);
}

/* ---- beside modules ---- */

/* What tests/modules/facade.c imports: shift moves the origin, join forgets the parts. */
static const char *const adder_text = "(component " CORE_MODULE(
    "(func (export \"add\") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))"
    "(func (export \"both\") (param i32 i32) (result i32) (i32.and (local.get 0) (local.get 1)))"
    "(func (export \"half\") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))"
    "(func (export \"negate\") (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))"
    "(func (export \"fall\") unreachable)"
    "(func (export \"join\") (param i32 i32 i32 i32) (result i32)"
    " (i32.store (i32.const 8) (local.get 2)) (i32.store (i32.const 12) (local.get 3)) i32.const 8)"
    "(func (export \"shift\") (param i32 i32 i32 i32 f64 f64 f64) (result i32)"
    " (i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1))"
    " (i32.store (i32.const 72) (local.get 2)) (i32.store (i32.const 76) (local.get 3))"
    " (f64.store (i32.const 80) (f64.add (local.get 4) (local.get 6))) (f64.store (i32.const 88) (local.get 5)) "
    "i32.const 64)") //
    "(core instance $i (instantiate $m))"
    "(type $p' (record (field \"x\" f64) (field \"y\" f64))) (export $p \"point\" (type $p'))"
    "(type $w' (record (field \"name\" string) (field \"points\" (list $p)) (field \"origin\" $p))) (export $w "
    "\"path\" (type $w'))"
    "(func (export \"add\") (param \"a\" u64) (param \"b\" u64) (result u64) (canon lift (core func $i \"add\")))"
    "(func (export \"both\") (param \"a\" bool) (param \"b\" bool) (result bool) (canon lift (core func $i \"both\")))"
    "(func (export \"half\") (param \"v\" f32) (result f32) (canon lift (core func $i \"half\")))"
    "(func (export \"negate\") (param \"v\" s8) (result s8) (canon lift (core func $i \"negate\")))"
    "(func (export \"fall\") (canon lift (core func $i \"fall\")))"
    "(func (export \"join\") (param \"parts\" (list string)) (param \"by\" string) (result string)"
    " (canon lift (core func $i \"join\") (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))))"
    "(func (export \"shift\") (param \"path\" $w) (param \"by\" f64) (result $w)"
    " (canon lift (core func $i \"shift\") (memory (core memory $i \"memory\")) (realloc (core func $i "
    "\"realloc\")))))";

static void test_beside_modules(void **state)
{
    bench        b;
    marine_root  root;
    marine_stats stats;
    (void)state;
    bench_start(&b);
    b.modules[0]                       = testing_module(b.engine, component_bytes(adder_text, b.arena));
    b.modules[1]                       = testing_module(b.engine, testing_build("tests/modules/facade.c", b.arena));
    const marine_module_config  both[] = { { .name = RIV_LIT("adder"), .module = b.modules[0] },
                                           { .name = RIV_LIT("facade"), .module = b.modules[1] } };
    const marine_service_config config = { .modules = both, .modules_count = RIV_COUNT(both) };
    if (marine_service_new(b.engine, &config, &b.fault, &b.service)) fail_msg("%s", b.fault.msg);
    assert_string_equal(bench_call(&b, "sum", "[[1,2,39]]"), "42");
    assert_string_equal(bench_call(&b, "greet_all", "[[\"Ada\",\"Bob\"],\"+\"]"), "\"Hi, + (2)+\"");
    assert_string_equal(bench_call(&b, "scalars", "[true,3.0,-7]"), "\"1 1.5 7\"");
    assert_string_equal(
        bench_call(&b, "shift_twice",
                   "[{\"name\":\"way\",\"points\":[{\"x\":1.0,\"y\":2.0}],\"origin\":{\"x\":0.5,\"y\":0.0}},2.0]"),
        "{\"name\":\"way\",\"origin\":{\"x\":4.5,\"y\":0.0},\"points\":[{\"x\":1.0,\"y\":2.0}]}");
    assert_true(riv_str_starts(riv_str_c(bench_call(&b, "stumble", "[]")), RIV_LIT("trap: ")));
    assert_string_equal(bench_call(&b, "sum", "[[1,2]]"), "3");
    marine_service_stats(b.service, b.arena, &stats);
    assert_true(stats.modules[0].memory_bytes >= 65536);
    assert_int_equal(stats.modules[0].memory_bytes + stats.modules[1].memory_bytes, stats.memory_bytes);
    b.fault = (riv_fault){ 0 };
    assert_int_equal(marine_service_root(b.service, &b.fault, &root), RIV_E_UNSUPPORTED);
    assert_string_equal(b.fault.msg, "module adder is a component, whose state the engine does not show");
    /* A component takes the place of a component, and one without its functions does not. */
    riv_bytes            less    = component_bytes("(component)", b.arena);
    marine_module       *empty   = testing_module(b.engine, less);
    marine_module_config instead = { .name = RIV_LIT("adder"), .module = empty };
    b.fault                      = (riv_fault){ 0 };
    assert_int_not_equal(marine_service_replace(b.service, &instead, &b.fault), RIV_OK);
    assert_int_equal(b.fault.code, MARINE_LINK);
    instead.module = b.modules[0];
    b.fault        = (riv_fault){ 0 };
    assert_int_equal(marine_service_replace(b.service, &instead, &b.fault), RIV_OK);
    assert_string_equal(bench_call(&b, "sum", "[[4,5]]"), "9");
    marine_module_free(empty);
    bench_close(&b);
}

/* ---- the same however the code was made ---- */

static const char *const sums_text = "(component " CORE_MODULE(
    "(global $n (mut i64) (i64.const 1))"
    "(func (export \"mix\") (param $k i64) (result i64) (loop $l"
    "  (global.set $n (i64.add (i64.mul (global.get $n) (i64.const 6364136223846793005)) (local.get $k)))"
    "  (if (i64.eqz (i64.rem_u (global.get $n) (i64.const 1021))) (then unreachable))"
    "  (br_if $l (i32.eqz (i64.eqz (local.tee $k (i64.sub (local.get $k) (i64.const 1)))))))"
    "  global.get $n)"
    "(func (export \"nan\") (param f64) (result i64) (i64.reinterpret_f64 (f64.sqrt (f64.neg (local.get 0)))))") //
    "(core instance $i (instantiate $m))"
    "(func (export \"mix\") (param \"k\" u64) (result u64) (canon lift (core func $i \"mix\")))"
    "(func (export \"nan\") (param \"x\" f64) (result u64) (canon lift (core func $i \"nan\"))))";

static riv_str run_with(marine_optimize optimize, riv_arena *arena)
{
    bench   b;
    riv_buf all = riv_buf_in(arena);
    bench_start(&b);
    marine_engine_free(b.engine);
    assert_int_equal(marine_engine_new_with(&(marine_engine_config){ .optimize = optimize }, &b.fault, &b.engine),
                     RIV_OK);
    assert_null(component_open(&b, sums_text, NULL));
    for (int k = 1; k < 200; k++) {
        const char *got = bench_call(&b, "mix", riv_cstr(b.arena, riv_format(b.arena, "[%d]", k * 7)));
        riv_putf(&all, "%s %llu\n", got, (unsigned long long)b.result.fuel_used);
    }
    riv_putf(&all, "%s", bench_call(&b, "nan", "[1.0]"));
    bench_close(&b);
    return riv_buf_str(&all);
}

static void test_optimizations(void **state)
{
    riv_arena *arena = riv_arena_new(0);
    (void)state;
    riv_str speed = run_with(MARINE_FOR_SPEED, arena);
    assert_true(riv_str_find(speed, RIV_LIT("trap: "), 0) != SIZE_MAX);
    assert_true(riv_str_ends(speed, RIV_LIT("\n9221120237041090560"))); /* the one NaN */
    assert_true(riv_str_eq(speed, run_with(MARINE_NOT_AT_ALL, arena)));
    assert_true(riv_str_eq(speed, run_with(MARINE_FOR_SIZE, arena)));
    riv_arena_free(arena);
}

/* ---- kept code ---- */

static void test_code(void **state)
{
    bench               b;
    const crypto_secret key  = { .bytes = { 1 } };
    riv_buf             code = { 0 };
    (void)state;
    bench_start(&b);
    const char *text = echo_text(b.arena, SHAPE, "$s"), *value = "{\"circle\":[1.5],\"no_shape\":false,\"square\":[]}";
    riv_bytes   wasm = component_bytes(text, b.arena);
    assert_null(component_open(&b, text, NULL));
    assert_int_equal(marine_module_code(b.modules[0], &key, &code, &b.fault), RIV_OK);
    assert_int_equal(marine_module_from_code(b.engine, &key, wasm, riv_buf_view(&code), &b.fault, &b.modules[1]),
                     RIV_OK);
    marine_module_config  one    = { .name = RIV_LIT("c"), .module = b.modules[1] };
    marine_service_config config = { .modules = &one, .modules_count = 1 };
    marine_service_free(b.service);
    assert_int_equal(marine_service_new(b.engine, &config, &b.fault, &b.service), RIV_OK);
    assert_string_equal(echo(&b, value), value);
    riv_buf_free(&code);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type),    cmocka_unit_test(test_made_up_types),

        cmocka_unit_test(test_values),        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_interface),     cmocka_unit_test(test_inspect),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_resources_are_left_out),
        cmocka_unit_test(test_broken_bytes),  cmocka_unit_test(test_beside_modules),
        cmocka_unit_test(test_optimizations), cmocka_unit_test(test_code),
    };
    testing_main();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
