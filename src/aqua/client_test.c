/* Tests of client.c: whole files for small programs, types, and names that meet. That the files work: tests/interop/js-client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/client.h"
#include "aqua/test_support.h"

static const char *written(riv_arena *arena, const char *program, const char *from, aqua_client_form form)
{
    riv_buf     text = riv_buf_in(arena);
    aqua_output out  = test_compile(arena, program);
    if (!out.accepted) fail_msg("%s", riv_cstr(arena, out.errors.items[0].text));
    aqua_client_write(&out, riv_str_c(from), form, arena, &text);
    return riv_cstr(arena, riv_buf_str(&text));
}

#define HEAD                                                                                                           \
    "/* eslint-disable */\n// Made from a.aqua by `rivulet aqua compile`: what is changed here is lost when it is "    \
    "compiled again.\n"
#define TYPES_FROM                                                                                                     \
    "import type { IFluenceClient as IFluenceClient$$, ParticleContext as ParticleContext$$ } from "                   \
    "'@fluencelabs/js-client';\n"
#define CODE_FROM                                                                                                      \
    "import {\n    v5_callFunction as callFunction$$,\n    v5_registerService as registerService$$,\n} from "          \
    "'@fluencelabs/js-client';\n"
#define SERVICE_DEF                                                                                                    \
    "{\"defaultServiceId\":\"log\",\"functions\":{\"tag\":\"labeledProduct\",\"fields\":{\"put\":{\"tag\":\"arrow\","  \
    "\"domain\":{\"tag\":\"labeledProduct\",\"fields\":{\"line\":{\"tag\":\"scalar\",\"name\":\"string\"}}},"          \
    "\"codomain\":{\"tag\":\"nil\"}}}}}"
#define NAMES                                                                                                          \
    "\"names\":{\"relay\":\"-relay-\",\"getDataSrv\":\"getDataSrv\",\"callbackSrv\":\"callbackSrv\",\"responseSrv\":"  \
    "\"callbackSrv\",\"responseFnName\":\"response\",\"errorHandlingSrv\":\"errorHandlingSrv\",\"errorFnName\":"       \
    "\"error\"}"
#define FUNC_DEF                                                                                                       \
    "{\"functionName\":\"f\",\"arrow\":{\"tag\":\"arrow\",\"domain\":{\"tag\":\"labeledProduct\",\"fields\":{\"x\":"   \
    "{\"tag\":\"scalar\",\"name\":\"u8\"}}},\"codomain\":{\"tag\":\"unlabeledProduct\",\"items\":[{\"tag\":"           \
    "\"scalar\",\"name\":\"u8\"}]}}," NAMES "}"
#define AIR                                                                                                            \
    "(xor\n (seq\n  (seq\n   (call %init_peer_id% (\"getDataSrv\" \"-relay-\") [] -relay-)\n"                          \
    "   (call %init_peer_id% (\"getDataSrv\" \"x\") [] -x-arg-)\n  )\n"                                                \
    "  (call %init_peer_id% (\"callbackSrv\" \"response\") [-x-arg-])\n )\n"                                           \
    " (call %init_peer_id% (\"errorHandlingSrv\" \"error\") [:error: 0])\n)\n"

static void whole_files(void **state)
{
    (void)state;
    static const char program[] = "aqua T\nexport f, Log\n\nservice Log(\"log\"):\n  put(line: string)\n\n"
                                  "func f(x: u8) -> u8:\n  <- x\n";
    riv_arena        *arena     = riv_arena_new(0);
    assert_string_equal(written(arena, program, "a.aqua", AQUA_CLIENT_JS), HEAD CODE_FROM
                        "\nexport function registerLog(...args) {\n    registerService$$(args, " SERVICE_DEF
                        ");\n}\n\nexport const f_script = `" AIR "`;\nexport function f(...args) {\n"
                        "    return callFunction$$(args, " FUNC_DEF ", f_script);\n}\n");
    assert_string_equal(
        written(arena, program, "a.aqua", AQUA_CLIENT_DTS), HEAD TYPES_FROM
        "export {};\n\nexport interface LogDef {\n    put: (line: string, callParams$$: ParticleContext$$) => "
        "void | Promise<void>;\n}\nexport function registerLog(service: LogDef): void;\n"
        "export function registerLog(serviceId: string, service: LogDef): void;\n"
        "export function registerLog(peer: IFluenceClient$$, service: LogDef): void;\n"
        "export function registerLog(peer: IFluenceClient$$, serviceId: string, service: LogDef): void;\n\n"
        "export declare const f_script: string;\nexport type FParams =\n    | [x: number, config?: { ttl?: "
        "number }]\n    | [peer: IFluenceClient$$, x: number, config?: { ttl?: number }];\n"
        "export type FResult = Promise<number>;\nexport declare function f(...args: FParams): FResult;\n");
    const char *ts = written(arena, program, "a.aqua", AQUA_CLIENT_TS);
    assert_non_null(strstr(ts, HEAD TYPES_FROM CODE_FROM "\nexport interface LogDef {\n"));
    assert_non_null(
        strstr(ts, "export function registerLog(...args: any[]) {\n    registerService$$(args as Parameters<typeof "
                   "registerService$$>[0], " SERVICE_DEF ");\n}\n"));
    assert_non_null(
        strstr(ts, "export function f(...args: FParams): FResult {\n    return callFunction$$(args as unknown as "
                   "Parameters<typeof callFunction$$>[0], " FUNC_DEF ", f_script) as unknown as FResult;\n}\n"));
    riv_arena_free(arena);
}

static void types(void **state)
{
    (void)state;
    static const struct {
        const char *signature, *body, *want;
    } cases[] = {
        { "(a: []?u8)", "", "[a: (number | null)[], config?" },
        { "(a: ?[]string)", "", "[a: string[] | null, config?" },
        { "(a: *D)", "", "[a: { b: boolean; s: string | null; }[], config?" },
        { "(a: D)", "", "export type FArgA = { b: boolean; s: string | null; };\n" },
        { "(a: D)", "", "    | [peer: IFluenceClient$$, a: FArgA, config?: { ttl?: number }];\n" },
        { "(a: \xe2\x8a\xa4)", "", "[a: unknown, config?" },
        { "(cb: u8, ?D -> bool)", "",
          "cb: (arg0: number, arg1: { b: boolean; s: string | null; } | null, callParams$$: "
          "ParticleContext$$) => boolean | Promise<boolean>, config?" },
        { "(cb: -> ())", "", "[cb: (callParams$$: ParticleContext$$) => void | Promise<void>, config?" },
        { "()", "", "    | [config?: { ttl?: number }]\n    | [peer: IFluenceClient$$, config?: { ttl?: number }];\n" },
        { "()", "", "export type FResult = Promise<void>;\n" },
        { "() -> f64, ?string", "  <- 1.5, nil\n",
          "export type FResultType = [number, string | null];\n"
          "export type FResult = Promise<FResultType>;\n" },
        { "() -> E", "  <- E(d = D(b = true, s = nil))\n",
          "export type FResultType = { d: { b: boolean; s: string | null; }; };\n" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena *arena = riv_arena_new(0);
        riv_str    text  = riv_format(
                arena, "aqua T\nexport f\n\ndata D:\n  s: ?string\n  b: bool\n\ndata E:\n  d: D\n\nfunc f%s:\n  z = 1\n%s",
                cases[i].signature, cases[i].body);
        const char *ts = written(arena, riv_cstr(arena, text), "a.aqua", AQUA_CLIENT_TS);
        if (!strstr(ts, cases[i].want)) fail_msg("%s: no\n%s\nin\n%s", cases[i].signature, cases[i].want, ts);
        riv_arena_free(arena);
    }
}

/* Names that JavaScript reserves or that would meet in one module, and texts that a template literal would change. */
static void names_and_texts(void **state)
{
    (void)state;
    static const struct {
        const char *program, *want, *never;
    } cases[] = {
        { "func delete(class: u8) -> u8:\n  <- class\n|delete", "\nexport { delete$ as delete };\n",
          "function delete(" },
        { "service S:\n  get(new: u8) -> u8\n|S", "get: (new$: number, callParams$$", "(new:" },
        { "func f():\n  x = 1\n\nfunc f_script():\n  x = 1\n|f, f_script", "export const f_script$ = `", NULL },
        { "service X:\n  get()\n\nfunc registerX():\n  x = 1\n|registerX, X", "export function registerX$(serviceId",
          "function registerX(s" },
        { "data D:\n  a: u8\n\nfunc f(params: D):\n  x = 1\n\nfunc fArg():\n  x = 1\n|f, fArg",
          "export type FArgParams$ =\n", NULL },
        { "func f() -> string:\n  <- \"`${x}$y\\z\"\n|f", "[\"\\`\\${x}$y\\\\z\"]", NULL },
        { "func f() -> string:\n  <- \"a\r\nb\"\n|f", "[\"a\\r\nb\"]", "\r" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena  *arena = riv_arena_new(0);
        riv_str     given = riv_str_c(cases[i].program);
        size_t      bar   = riv_str_find_char(given, '|', 0);
        riv_str     text  = riv_format(arena, "aqua T\nexport " RIV_FMT "\n\n" RIV_FMT,
                                       RIV_ARG(riv_str_sub(given, bar + 1, given.len)), RIV_ARG(riv_str_sub(given, 0, bar)));
        const char *ts    = written(arena, riv_cstr(arena, text), "a.aqua", AQUA_CLIENT_TS);
        if (!strstr(ts, cases[i].want) || (cases[i].never && strstr(ts, cases[i].never)))
            fail_msg("case %zu: %s", i, ts);
        riv_arena_free(arena);
    }
    riv_arena *arena = riv_arena_new(0);
    assert_non_null(strstr(written(arena, "aqua T\n",
                                   "a\nb\xe2\x80\xa8"
                                   "c.aqua",
                                   AQUA_CLIENT_JS),
                           "// Made from a?b?c.aqua by"));
    riv_arena_free(arena);
}

/* Types may be nested as deep as a file has declarations; definitions may not. */
static void deep_types(void **state)
{
    (void)state;
    for (int depth = AQUA_DEPTH_MAX - 1; depth <= AQUA_DEPTH_MAX + 1; depth++) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    text  = riv_buf_in(arena);
        riv_putf(&text, "aqua T\nexport f, S\n\ndata D0:\n  a: u8\n\n");
        for (int i = 1; i < depth - 1; i++) riv_putf(&text, "data D%d:\n  a: D%d\n\n", i, i - 1);
        riv_putf(&text, "service S(\"s\"):\n  g(x: D%d)\n\nfunc f(x: D%d):\n  z = 1\n", depth - 3, depth - 2);
        aqua_output out = test_compile(arena, riv_cstr(arena, riv_buf_str(&text)));
        if (out.accepted != (depth <= AQUA_DEPTH_MAX))
            fail_msg("%d: %s", depth, out.errors.count ? riv_cstr(arena, out.errors.items[0].text) : "accepted");
        for (size_t i = 0; i < out.errors.count; i++)
            assert_true(riv_str_find(out.errors.items[i].text, RIV_LIT("nested more than 256 deep"), 0) != SIZE_MAX);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole_files), cmocka_unit_test(types),
                                        cmocka_unit_test(names_and_texts), cmocka_unit_test(deep_types) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
