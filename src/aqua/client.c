/* client.c: an ES module and its types, in which each exported function is one function and each service one register function.
 * Types come from the definitions. Names of Aqua hold no `$`, so what ends in one is ours and cannot meet a name of the program.
 * Spec: docs/spec/aqua.md §11, docs/spec/js-client.md §2. Tests: client_test.c, tests/interop/js. */
#include "aqua/client.h"

typedef struct writer {
    aqua_client_form form;
    riv_arena       *arena;
    riv_buf         *out;
    riv_map         *values, *types; /* names that are taken in the module */
} writer;

static void    put_head(writer *w, riv_str from);
static void    put_service(writer *w, const aqua_service *service);
static void    put_func(writer *w, const aqua_func *func, riv_str script);
static void    take(riv_arena *arena, riv_map *names, riv_str name);
static riv_str free_name(writer *w, riv_map *names, riv_str wanted);

#define PUT(w, literal) riv_put_str((w)->out, RIV_LIT(literal))
#define PUTF(w, ...)    riv_putf((w)->out, __VA_ARGS__)
#define HAS_TYPES(w)    ((w)->form != AQUA_CLIENT_JS)
#define HAS_CODE(w)     ((w)->form != AQUA_CLIENT_DTS)

void aqua_client_write(const aqua_output *program, riv_str from, aqua_client_form form, riv_arena *arena, riv_buf *out)
{
    writer w = { form, arena, out, riv_map_new(arena), riv_map_new(arena) };
    put_head(&w, from);
    for (size_t i = 0; i < program->funcs_count; i++) take(arena, w.values, program->funcs[i].name);
    for (size_t i = 0; i < program->services_count; i++) put_service(&w, &program->services[i]);
    for (size_t i = 0; i < program->funcs_count; i++) {
        const aqua_func *func = &program->funcs[i];
        put_func(&w, func, free_name(&w, w.values, riv_format(arena, RIV_FMT "_script", RIV_ARG(func->name))));
    }
}

/* ---- names ---- */

static void take(riv_arena *arena, riv_map *names, riv_str name) { riv_map_put_str(names, name, arena); }

static riv_str free_name(writer *w, riv_map *names, riv_str wanted)
{
    while (riv_map_get_str(names, wanted)) wanted = riv_format(w->arena, RIV_FMT "$", RIV_ARG(wanted));
    take(w->arena, names, wanted);
    return wanted;
}

static riv_str capital(writer *w, riv_str name)
{
    riv_str copy = riv_str_dup(w->arena, name);
    char   *text = (char *)(uintptr_t)copy.ptr;
    if (copy.len && text[0] >= 'a' && text[0] <= 'z') text[0] = (char)(text[0] - 'a' + 'A');
    return copy;
}

/* Words that cannot name a function or a parameter of an ES module. */
static bool is_reserved(riv_str name)
{
    static const char *const words[] = {
        "arguments", "await",      "break",     "case",   "catch",    "class",  "const",      "continue",
        "debugger",  "default",    "delete",    "do",     "else",     "enum",   "eval",       "export",
        "extends",   "false",      "finally",   "for",    "function", "if",     "implements", "import",
        "in",        "instanceof", "interface", "let",    "new",      "null",   "package",    "private",
        "protected", "public",     "return",    "static", "super",    "switch", "this",       "throw",
        "true",      "try",        "typeof",    "var",    "void",     "while",  "with",       "yield",
    };
    for (size_t i = 0; i < RIV_COUNT(words); i++)
        if (riv_str_eq(name, riv_str_c(words[i]))) return true;
    return false;
}

static riv_str plain_name(writer *w, riv_str name)
{
    return is_reserved(name) ? riv_format(w->arena, RIV_FMT "$", RIV_ARG(name)) : name;
}

/* ---- types ---- */

static riv_str member_text(const riv_json *v, riv_str key)
{
    const riv_json *found = riv_json_get(v, key);
    return found && found->kind == RIV_JSON_STR ? found->str : RIV_LIT("");
}

static bool is(const riv_json *type, const char *tag)
{
    return riv_str_eq(member_text(type, RIV_LIT("tag")), riv_str_c(tag));
}

static const riv_json *member(const riv_json *type, const char *key) { return riv_json_get(type, riv_str_c(key)); }

static void put_type(writer *w, const riv_json *type);

static void put_scalar(writer *w, riv_str name)
{
    if (riv_str_eq(name, RIV_LIT("string")))
        PUT(w, "string");
    else if (riv_str_eq(name, RIV_LIT("bool")))
        PUT(w, "boolean");
    else
        PUT(w, "number");
}

static void put_struct(writer *w, const riv_json *fields)
{
    if (fields->obj.count == 0) {
        PUT(w, "Record<string, never>");
        return;
    }
    PUT(w, "{");
    for (size_t i = 0; i < fields->obj.count; i++) {
        PUTF(w, " " RIV_FMT ": ", RIV_ARG(fields->obj.members[i].key));
        put_type(w, fields->obj.members[i].value);
        PUT(w, ";");
    }
    PUT(w, " }");
}

/* Results of an arrow: nothing, one value, or a tuple. */
static void put_results(writer *w, const riv_json *codomain)
{
    const riv_json *items = member(codomain, "items");
    size_t          count = items ? items->arr.count : 0;
    if (count == 0) {
        PUT(w, "void");
    } else if (count == 1) {
        put_type(w, items->arr.items[0]);
    } else {
        for (size_t i = 0; i < count; i++) {
            PUTF(w, "%s", i ? ", " : "[");
            put_type(w, items->arr.items[i]);
        }
        PUT(w, "]");
    }
}

/* What a callback or a function of a service takes and gives; both may answer later. */
static void put_arrow(writer *w, const riv_json *arrow)
{
    const riv_json *domain = member(arrow, "domain"), *codomain = member(arrow, "codomain");
    const riv_json *fields = member(domain, "fields"), *items = member(domain, "items");
    PUT(w, "(");
    for (size_t i = 0; fields && i < fields->obj.count; i++) {
        PUTF(w, RIV_FMT ": ", RIV_ARG(plain_name(w, fields->obj.members[i].key)));
        put_type(w, fields->obj.members[i].value);
        PUT(w, ", ");
    }
    for (size_t i = 0; items && i < items->arr.count; i++) {
        PUTF(w, "arg%zu: ", i);
        put_type(w, items->arr.items[i]);
        PUT(w, ", ");
    }
    PUT(w, "callParams$$: ParticleContext$$) => ");
    put_results(w, codomain);
    PUT(w, " | Promise<");
    put_results(w, codomain);
    PUT(w, ">");
}

static void put_type(writer *w, const riv_json *type)
{
    if (is(type, "scalar")) {
        put_scalar(w, member_text(type, RIV_LIT("name")));
    } else if (is(type, "option")) {
        put_type(w, member(type, "type"));
        PUT(w, " | null");
    } else if (is(type, "array")) {
        const riv_json *elem  = member(type, "type");
        bool            loose = is(elem, "option"); /* `number | null[]` would be a list of nulls */
        if (loose) PUT(w, "(");
        put_type(w, elem);
        if (loose) PUT(w, ")");
        PUT(w, "[]");
    } else if (is(type, "struct")) {
        put_struct(w, member(type, "fields"));
    } else if (is(type, "arrow")) {
        put_arrow(w, type);
    } else if (is(type, "topType")) {
        PUT(w, "unknown");
    } else if (is(type, "bottomType")) {
        PUT(w, "never");
    } else {
        PUT(w, "null");
    }
}

/* ---- the module ---- */

/* A path in a comment: without what would end the line. */
static riv_str on_one_line(writer *w, riv_str path)
{
    riv_buf text = riv_buf_in(w->arena);
    for (size_t i = 0; i < path.len; i++) {
        riv_str rest = riv_str_sub(path, i, path.len);
        bool    wide = riv_str_starts(rest, RIV_LIT("\xe2\x80\xa8")) || riv_str_starts(rest, RIV_LIT("\xe2\x80\xa9"));
        riv_put_u8(&text, wide || (uint8_t)path.ptr[i] < 0x20 ? '?' : (uint8_t)path.ptr[i]);
        if (wide) i += 2;
    }
    return riv_buf_str(&text);
}

static void put_head(writer *w, riv_str from)
{
    PUT(w, "/* eslint-disable */\n");
    PUTF(w,
         "// Made from " RIV_FMT
         " by `rivulet aqua compile`: what is changed here is lost when it is compiled again.\n",
         RIV_ARG(on_one_line(w, from)));
    if (HAS_TYPES(w))
        PUT(w, "import type { IFluenceClient as IFluenceClient$$, ParticleContext as ParticleContext$$ } from "
               "'@fluencelabs/js-client';\n");
    if (HAS_CODE(w))
        PUT(w, "import {\n    v5_callFunction as callFunction$$,\n    v5_registerService as registerService$$,\n} from "
               "'@fluencelabs/js-client';\n");
    if (w->form == AQUA_CLIENT_DTS) PUT(w, "export {};\n");
}

/* ---- services ---- */

static void put_service_type(writer *w, const aqua_service *service, riv_str def)
{
    const riv_json *fields = member(member(service->service_def, "functions"), "fields");
    PUTF(w, "export interface " RIV_FMT " {\n", RIV_ARG(def));
    for (size_t i = 0; fields && i < fields->obj.count; i++) {
        PUTF(w, "    " RIV_FMT ": ", RIV_ARG(fields->obj.members[i].key));
        put_arrow(w, fields->obj.members[i].value);
        PUT(w, ";\n");
    }
    PUT(w, "}\n");
}

static void put_overload(writer *w, riv_str name, const char *before, riv_str def)
{
    PUTF(w, "export function " RIV_FMT "(%sservice: " RIV_FMT "): void;\n", RIV_ARG(name), before, RIV_ARG(def));
}

static void put_service(writer *w, const aqua_service *service)
{
    riv_str name         = free_name(w, w->values, riv_format(w->arena, "register" RIV_FMT, RIV_ARG(service->name)));
    riv_str def          = free_name(w, w->types, riv_format(w->arena, RIV_FMT "Def", RIV_ARG(service->name)));
    bool    with_default = riv_json_get(service->service_def, RIV_LIT("defaultServiceId")) != NULL;
    PUT(w, "\n");
    if (HAS_TYPES(w)) {
        put_service_type(w, service, def);
        if (with_default) put_overload(w, name, "", def);
        put_overload(w, name, "serviceId: string, ", def);
        if (with_default) put_overload(w, name, "peer: IFluenceClient$$, ", def);
        put_overload(w, name, "peer: IFluenceClient$$, serviceId: string, ", def);
    }
    if (!HAS_CODE(w)) return;
    bool ts = w->form == AQUA_CLIENT_TS;
    PUTF(w, "export function " RIV_FMT "(...args%s) {\n    registerService$$(args%s, ", RIV_ARG(name),
         ts ? ": any[]" : "", ts ? " as Parameters<typeof registerService$$>[0]" : "");
    riv_json_write(service->service_def, w->out);
    PUT(w, ");\n}\n");
}

/* ---- functions ---- */

/* A type with a name of its own where the original's generator gives one: structs, and several results. */
static bool put_named(writer *w, riv_str name, const riv_json *type)
{
    if (!is(type, "struct")) return false;
    PUTF(w, "export type " RIV_FMT " = ", RIV_ARG(name));
    put_type(w, type);
    PUT(w, ";\n");
    return true;
}

static void put_params(writer *w, const aqua_func *func, const riv_str *names, const char *before)
{
    PUTF(w, "[%s", before);
    for (size_t i = 0; i < func->params_count; i++) {
        PUTF(w, RIV_FMT ": ", RIV_ARG(func->params[i].name));
        if (names[i].len)
            riv_put_str(w->out, names[i]);
        else
            put_type(w, func->params[i].type);
        PUT(w, ", ");
    }
    PUT(w, "config?: { ttl?: number }]");
}

/* <Name>Arg<Param>, <Name>ResultType, <Name>Params and <Name>Result; the last two are what it is called with and gives. */
static void put_func_types(writer *w, const aqua_func *func, riv_str *params, riv_str *result)
{
    riv_str         big      = capital(w, func->name);
    const riv_json *codomain = member(member(func->func_def, "arrow"), "codomain"), *items = member(codomain, "items");
    riv_str        *names = riv_new(w->arena, riv_str, func->params_count + 1);
    for (size_t i = 0; i < func->params_count; i++) {
        if (!is(func->params[i].type, "struct")) continue;
        riv_str arg = capital(w, func->params[i].name);
        names[i]    = free_name(w, w->types, riv_format(w->arena, RIV_FMT "Arg" RIV_FMT, RIV_ARG(big), RIV_ARG(arg)));
        put_named(w, names[i], func->params[i].type);
    }
    *params = free_name(w, w->types, riv_format(w->arena, RIV_FMT "Params", RIV_ARG(big)));
    PUTF(w, "export type " RIV_FMT " =\n    | ", RIV_ARG(*params));
    put_params(w, func, names, "");
    PUT(w, "\n    | ");
    put_params(w, func, names, "peer: IFluenceClient$$, ");
    PUT(w, ";\n");

    size_t  count = items ? items->arr.count : 0;
    riv_str type  = { 0 };
    if (count > 1 || (count == 1 && is(items->arr.items[0], "struct"))) {
        type = free_name(w, w->types, riv_format(w->arena, RIV_FMT "ResultType", RIV_ARG(big)));
        PUTF(w, "export type " RIV_FMT " = ", RIV_ARG(type));
        put_results(w, codomain);
        PUT(w, ";\n");
    }
    *result = free_name(w, w->types, riv_format(w->arena, RIV_FMT "Result", RIV_ARG(big)));
    PUTF(w, "export type " RIV_FMT " = Promise<", RIV_ARG(*result));
    if (type.len)
        riv_put_str(w->out, type);
    else
        put_results(w, codomain);
    PUT(w, ">;\n");
}

/* Text in a template literal: what would end it, open a placeholder or be changed by it is escaped. */
static void put_template(writer *w, riv_str text)
{
    size_t plain = 0;
    PUT(w, "`");
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c != '`' && c != '\\' && c != '$' && c != '\r') continue;
        if (c == '$' && (i + 1 == text.len || text.ptr[i + 1] != '{')) continue;
        riv_put_str(w->out, riv_str_sub(text, plain, i));
        riv_put_u8(w->out, '\\');
        riv_put_u8(w->out, c == '\r' ? 'r' : (uint8_t)c);
        plain = i + 1;
    }
    riv_put_str(w->out, riv_str_sub(text, plain, text.len));
    PUT(w, "`");
}

static void put_func(writer *w, const aqua_func *func, riv_str script)
{
    riv_str     params = { 0 }, result = { 0 }, name = plain_name(w, func->name);
    bool        ts = w->form == AQUA_CLIENT_TS, renamed = name.len != func->name.len;
    const char *exported = renamed ? "" : "export ";
    PUT(w, "\n");
    if (HAS_CODE(w)) {
        PUTF(w, "export const " RIV_FMT " = ", RIV_ARG(script));
        put_template(w, func->air_text);
        PUT(w, ";\n");
    } else {
        PUTF(w, "export declare const " RIV_FMT ": string;\n", RIV_ARG(script));
    }
    if (HAS_TYPES(w)) put_func_types(w, func, &params, &result);
    if (!HAS_CODE(w)) {
        PUTF(w, "%sdeclare function " RIV_FMT "(...args: " RIV_FMT "): " RIV_FMT ";\n", exported, RIV_ARG(name),
             RIV_ARG(params), RIV_ARG(result));
    } else {
        PUTF(w, "%sfunction " RIV_FMT "(...args", exported, RIV_ARG(name));
        if (ts) PUTF(w, ": " RIV_FMT "): " RIV_FMT " {\n", RIV_ARG(params), RIV_ARG(result));
        if (!ts) PUT(w, ") {\n");
        PUTF(w, "    return callFunction$$(args%s, ", ts ? " as unknown as Parameters<typeof callFunction$$>[0]" : "");
        riv_json_write(func->func_def, w->out);
        PUTF(w, ", " RIV_FMT ")", RIV_ARG(script));
        if (ts) PUTF(w, " as unknown as " RIV_FMT, RIV_ARG(result));
        PUT(w, ";\n}\n");
    }
    if (renamed) PUTF(w, "export { " RIV_FMT " as " RIV_FMT " };\n", RIV_ARG(name), RIV_ARG(func->name));
}
