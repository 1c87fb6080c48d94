/* driver.c: services for the comparisons of this folder, by lines on standard input, one JSON document a line back.
 * Lines and answers are those of `rivulet repl --json` (docs/spec/scenarios.md 5), with `new` taking
 * a configuration in JSON. Beside them `ways MODULE FUNCTION ARGS`: the call made by tree, by text and by values, which must say the same.
 * Tests: compare.mjs, generate.mjs. */
#include "marine/marine.h"

#include <stdio.h>
#include <stdlib.h>

enum { MODULES_MAX = 8, PAIRS_MAX = 8, LINE_BYTES_MAX = 64 << 20 };

typedef struct driver {
    marine_engine  *engine;
    marine_module  *modules[MODULES_MAX];
    riv_str         names[MODULES_MAX];
    size_t          modules_count;
    marine_service *service;
    riv_arena      *arena; /* of the service */
} driver;

static riv_str text_of(const riv_json *object, const char *key)
{
    const riv_json *v = riv_json_get(object, riv_str_c(key));
    return v && v->kind == RIV_JSON_STR ? v->str : (riv_str){ 0 };
}

static uint64_t number_of(const riv_json *object, const char *key, uint64_t otherwise)
{
    const riv_json *v = riv_json_get(object, riv_str_c(key));
    return v && v->kind == RIV_JSON_U64 ? v->u64 : otherwise;
}

/* ---- answers ---- */

static void answer(const riv_json *doc, riv_arena *arena)
{
    riv_str text = riv_json_text(doc, arena);
    fwrite(text.ptr, 1, text.len, stdout);
    putchar('\n');
    fflush(stdout);
}

static void answer_result(const riv_json *result, const marine_result *of, riv_arena *arena)
{
    answer(riv_json_object(arena, "ok", riv_json_bool(true), "result", result, "fuel",
                           of ? riv_json_u64(arena, of->fuel_used) : NULL, NULL),
           arena);
}

static void answer_error(const char *kind, const char *message, riv_arena *arena)
{
    answer(riv_json_object(arena, "ok", riv_json_bool(false), "error",
                           riv_json_object(arena, "kind", riv_json_strc(arena, kind), "message",
                                           riv_json_strc(arena, message), NULL),
                           NULL),
           arena);
}

/* ---- new ---- */

/* The world is the same for all that is compared: 2023-11-14, and every random byte is 7. */
static uint64_t now(void *ctx)
{
    (void)ctx;
    return UINT64_C(1700000000000000000);
}

static void sevens(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 7, len);
}

static void stop(driver *d)
{
    marine_service_free(d->service);
    for (size_t i = 0; i < d->modules_count; i++) marine_module_free(d->modules[i]);
    riv_arena_free(d->arena);
    *d = (driver){ .engine = d->engine, .arena = riv_arena_new(0) };
}

static bool read_file(riv_str path, riv_arena *arena, riv_bytes *out)
{
    FILE *f = fopen(riv_cstr(arena, path), "rb");
    if (!f) return false;
    fseek(f, 0, SEEK_END);
    size_t   len   = (size_t)ftell(f);
    uint8_t *bytes = riv_new(arena, uint8_t, len + 1);
    rewind(f);
    bool whole = fread(bytes, 1, len, f) == len;
    fclose(f);
    *out = (riv_bytes){ bytes, len };
    return whole;
}

static const marine_pair *pairs_of(const riv_json *object, riv_arena *arena, size_t *count)
{
    *count             = object && object->kind == RIV_JSON_OBJ ? RIV_MIN(object->obj.count, (size_t)PAIRS_MAX) : 0;
    marine_pair *pairs = riv_new(arena, marine_pair, *count);
    for (size_t i = 0; i < *count; i++)
        pairs[i] = (marine_pair){ object->obj.members[i].key, object->obj.members[i].value->str };
    return pairs;
}

static riv_err add_module(driver *d, const riv_json *described, riv_fault *fault, marine_module_config *out)
{
    riv_arena      *file   = riv_arena_new(0);
    riv_bytes       wasm   = { 0 };
    riv_err         err    = RIV_OK;
    riv_str         path   = text_of(described, "file");
    const riv_json *logger = riv_json_get(described, RIV_LIT("logger_enabled"));
    *out                   = (marine_module_config){ .name           = text_of(described, "name"),
                                                     .logger_enabled = !logger || logger->boolean,
                                                     .logging_mask   = INT32_MAX };
    out->envs              = pairs_of(riv_json_get(described, RIV_LIT("envs")), d->arena, &out->envs_count);
    out->mapped_dirs = pairs_of(riv_json_get(described, RIV_LIT("mapped_dirs")), d->arena, &out->mapped_dirs_count);
    if (!read_file(path, file, &wasm))
        err = riv_fail_code(fault, RIV_E_NOT_FOUND, MARINE_NOT_FOUND, 0, "no file " RIV_FMT, RIV_ARG(path));
    if (!err) err = marine_module_new(d->engine, wasm, fault, &d->modules[d->modules_count]);
    if (!err) {
        out->module                  = d->modules[d->modules_count];
        d->names[d->modules_count++] = out->name;
    }
    riv_arena_free(file);
    return err;
}

static void do_new(driver *d, const riv_json *config, riv_arena *arena)
{
    marine_module_config modules[MODULES_MAX];
    riv_fault            fault = { 0 };
    riv_err              err   = RIV_OK;
    const riv_json      *list;
    stop(d);
    config = riv_json_copy(d->arena, config);
    list   = riv_json_get(config, RIV_LIT("modules"));
    for (size_t i = 0; !err && riv_json_at(list, i) && i < MODULES_MAX; i++)
        err = add_module(d, riv_json_at(list, i), &fault, &modules[i]);
    marine_service_config service = { .modules          = modules,
                                      .modules_count    = d->modules_count,
                                      .memory_bytes_max = number_of(config, "memory", UINT64_C(1) << 32),
                                      .env              = { .now_ns = now, .random = sevens } };
    if (!err) err = marine_service_new(d->engine, &service, &fault, &d->service);
    if (err)
        answer_error(fault.code ? marine_error_name((marine_error_kind)fault.code) : "load", fault.msg, arena);
    else
        answer_result(riv_json_null(), NULL, arena);
}

/* ---- calls ---- */

static void read_tetraplets(const riv_json *lists, riv_arena *arena, marine_call_params *out)
{
    out->tetraplets_count  = lists && lists->kind == RIV_JSON_ARR ? lists->arr.count : 0;
    marine_tetraplets *all = riv_new(arena, marine_tetraplets, out->tetraplets_count);
    for (size_t i = 0; i < out->tetraplets_count; i++) {
        const riv_json   *list  = riv_json_at(lists, i);
        marine_tetraplet *items = riv_new(arena, marine_tetraplet, list->arr.count);
        for (size_t k = 0; k < list->arr.count; k++) {
            const riv_json *t = riv_json_at(list, k);
            items[k] = (marine_tetraplet){ text_of(t, "peer_pk"), text_of(t, "service_id"), text_of(t, "function_name"),
                                           text_of(t, "lens") };
        }
        all[i] = (marine_tetraplets){ items, list->arr.count };
    }
    out->tetraplets = all;
}

static marine_call_params read_params(const riv_json *j, riv_arena *arena)
{
    const riv_json    *particle = riv_json_get(j, RIV_LIT("particle")), *signature;
    marine_call_params p        = { .particle_id             = text_of(particle, "id"),
                                    .init_peer_id            = text_of(particle, "init_peer_id"),
                                    .script                  = text_of(particle, "script"),
                                    .token                   = text_of(particle, "token"),
                                    .timestamp_ms            = number_of(particle, "timestamp", 0),
                                    .ttl_ms                  = (uint32_t)number_of(particle, "ttl", 0),
                                    .service_id              = text_of(j, "service_id"),
                                    .service_creator_peer_id = text_of(j, "service_creator_peer_id"),
                                    .host_id                 = text_of(j, "host_id"),
                                    .worker_id               = text_of(j, "worker_id") };
    if ((signature = riv_json_get(particle, RIV_LIT("signature"))) && signature->kind == RIV_JSON_ARR) {
        uint8_t *bytes = riv_new(arena, uint8_t, signature->arr.count);
        for (size_t i = 0; i < signature->arr.count; i++) bytes[i] = (uint8_t)riv_json_at(signature, i)->u64;
        p.signature = (riv_bytes){ bytes, signature->arr.count };
    }
    read_tetraplets(riv_json_get(j, RIV_LIT("tetraplets")), arena, &p);
    return p;
}

static void do_call(driver *d, const marine_call *call, riv_arena *arena)
{
    riv_fault     fault = { 0 };
    marine_result result;
    if (marine_service_call(d->service, call, arena, &fault, &result))
        answer_error(marine_error_name(result.error), fault.msg, arena);
    else
        answer_result(result.value, &result, arena);
}

/* ---- the same call in three ways ---- */

static const marine_interface *interface_of(driver *d, riv_str module)
{
    for (size_t i = 0; i < d->modules_count; i++)
        if (riv_str_eq(d->names[i], module)) return marine_module_interface(d->modules[i]);
    return NULL;
}

static const marine_function *function_of(const marine_interface *in, riv_str name)
{
    for (size_t i = 0; in && i < in->functions_count; i++)
        if (riv_str_eq(in->functions[i].name, name)) return &in->functions[i];
    return NULL;
}

/* A value of the type, from JSON that has exactly its shape; false: it has not. */
static bool value_of(const marine_interface *in, const marine_type *t, const riv_json *json, riv_arena *arena,
                     marine_value *out)
{
    bool is_int   = json->kind == RIV_JSON_U64 || json->kind == RIV_JSON_I64;
    *out          = (marine_value){ .kind = t->kind };
    double number = json->kind == RIV_JSON_F64   ? json->f64
                    : json->kind == RIV_JSON_I64 ? (double)json->i64
                                                 : (double)json->u64;
    switch (t->kind) {
    case MARINE_BOOL: return out->bits = json->boolean, json->kind == RIV_JSON_BOOL;
    case MARINE_STRING: return out->bytes = riv_str_bytes(json->str), json->kind == RIV_JSON_STR;
    case MARINE_F32: return out->f32 = (float)number, is_int || json->kind == RIV_JSON_F64;
    case MARINE_F64: return out->f64 = number, is_int || json->kind == RIV_JSON_F64;
    case MARINE_RECORD:
    case MARINE_ARRAY:
    case MARINE_BYTES: break;
    default: return out->bits = json->kind == RIV_JSON_I64 ? (uint64_t)json->i64 : json->u64, is_int;
    }
    bool record = t->kind == MARINE_RECORD, bytes = t->kind == MARINE_BYTES;
    if (json->kind != (record ? RIV_JSON_OBJ : RIV_JSON_ARR)) return false;
    size_t count = record ? in->records[t->record].fields_count : json->arr.count;
    if (bytes) {
        uint8_t *all = riv_new(arena, uint8_t, count);
        for (size_t i = 0; i < count; i++) {
            if (json->arr.items[i]->kind != RIV_JSON_U64) return false;
            all[i] = (uint8_t)json->arr.items[i]->u64;
        }
        out->bytes = (riv_bytes){ all, count };
        return true;
    }
    marine_value *items = riv_new(arena, marine_value, count);
    for (size_t i = 0; i < count; i++) {
        const riv_json *item = record ? riv_json_get(json, in->records[t->record].fields[i].name) : json->arr.items[i];
        const marine_type *type = record ? &in->records[t->record].fields[i].type : t->element;
        if (!item || !value_of(in, type, item, arena, &items[i])) return false;
    }
    out->list.items = items;
    out->list.count = count;
    return true;
}

static const riv_json *json_of(const marine_interface *in, const marine_type *t, const marine_value *v,
                               riv_arena *arena)
{
    riv_json_list list = { 0 };
    switch (t->kind) {
    case MARINE_BOOL: return riv_json_bool(v->bits != 0);
    case MARINE_STRING: return riv_json_str(arena, riv_bytes_str(v->bytes));
    case MARINE_F32: return riv_json_f64(arena, (double)v->f32);
    case MARINE_F64: return riv_json_f64(arena, v->f64);
    case MARINE_S8:
    case MARINE_S16:
    case MARINE_S32:
    case MARINE_S64:
    case MARINE_I32:
    case MARINE_I64: return riv_json_i64(arena, (int64_t)v->bits);
    case MARINE_U8:
    case MARINE_U16:
    case MARINE_U32:
    case MARINE_U64: return riv_json_u64(arena, v->bits);
    case MARINE_BYTES:
    case MARINE_ARRAY:
    case MARINE_RECORD: break;
    }
    if (v->kind == MARINE_BYTES) {
        for (size_t i = 0; i < v->bytes.len; i++) riv_json_add(arena, &list, riv_json_u64(arena, v->bytes.ptr[i]));
        return riv_json_arr(arena, list.ptr, list.len);
    }
    if (t->kind == MARINE_ARRAY) {
        for (size_t i = 0; i < v->list.count; i++)
            riv_json_add(arena, &list, json_of(in, t->element, &v->list.items[i], arena));
        return riv_json_arr(arena, list.ptr, list.len);
    }
    const marine_record *r       = &in->records[t->record];
    riv_json_member     *members = riv_new(arena, riv_json_member, r->fields_count);
    for (size_t i = 0; i < r->fields_count; i++)
        members[i] = (riv_json_member){ r->fields[i].name, json_of(in, &r->fields[i].type, &v->list.items[i], arena) };
    return riv_json_obj(arena, members, r->fields_count);
}

/* The call by values; its result as text, or NULL where the arguments have not the shape of values. */
static const riv_json *by_values(driver *d, const marine_call *call, riv_arena *arena, riv_fault *fault,
                                 marine_result *result)
{
    const marine_interface *in    = interface_of(d, call->module);
    const marine_function  *f     = function_of(in, call->function);
    bool                    has   = false;
    marine_value            value = { 0 };
    if (!f || call->args->kind != RIV_JSON_ARR || call->args->arr.count != f->args_count) return NULL;
    marine_value *args = riv_new(arena, marine_value, f->args_count);
    for (size_t i = 0; i < f->args_count; i++)
        if (!value_of(in, &f->args[i].type, call->args->arr.items[i], arena, &args[i])) return NULL;
    if (marine_service_call_values(d->service, call, args, f->args_count, arena, fault, result, &value, &has))
        return NULL;
    return has ? json_of(in, &f->result, &value, arena) : riv_json_null();
}

static void do_ways(driver *d, const marine_call *call, riv_str args, riv_arena *arena)
{
    riv_fault     faults[3] = { 0 };
    marine_result tree, text, values = { 0 };
    riv_buf       out  = riv_buf_in(arena);
    riv_err       err  = marine_service_call(d->service, call, arena, &faults[0], &tree);
    riv_err       same = marine_service_call_text(d->service, call, args, &faults[1], &text, &out);
    if (err != same || tree.error != text.error || strcmp(faults[0].msg, faults[1].msg) != 0) {
        answer_error("ways",
                     riv_cstr(arena, riv_format(arena, "by tree: %s, by text: %s", faults[0].msg, faults[1].msg)),
                     arena);
        return;
    }
    if (err) {
        answer_error(marine_error_name(tree.error), faults[0].msg, arena);
        return;
    }
    riv_str         want  = riv_json_text(tree.value, arena);
    const riv_json *typed = by_values(d, call, arena, &faults[2], &values);
    if (!riv_str_eq(want, riv_buf_str(&out)))
        answer_error("ways", riv_cstr(arena, riv_format(arena, "by text: " RIV_FMT, RIV_ARG(riv_buf_str(&out)))),
                     arena);
    else if (values.error)
        answer_error("ways", riv_cstr(arena, riv_format(arena, "by values: %s", faults[2].msg)), arena);
    else if (typed && !riv_str_eq(want, riv_json_text(typed, arena)))
        answer_error("ways",
                     riv_cstr(arena, riv_format(arena, "by values: " RIV_FMT, RIV_ARG(riv_json_text(typed, arena)))),
                     arena);
    else
        answer(riv_json_object(arena, "ok", riv_json_bool(true), "result", tree.value, "ways",
                               riv_json_u64(arena, typed ? 3 : 2), NULL),
               arena);
}

static const riv_json *interface_json(driver *d, riv_arena *arena)
{
    riv_json_member members[MODULES_MAX];
    for (size_t i = 0; i < d->modules_count; i++)
        members[i] =
            (riv_json_member){ d->names[i], marine_interface_json(marine_module_interface(d->modules[i]), arena) };
    return riv_json_object(arena, "modules", riv_json_obj(arena, members, d->modules_count), NULL);
}

/* ---- lines ---- */

static riv_str next_word(riv_str *line)
{
    size_t i = 0;
    while (i < line->len && line->ptr[i] == ' ') i++;
    *line = riv_str_sub(*line, i, line->len);
    for (i = 0; i < line->len && line->ptr[i] != ' ';) i++;
    riv_str word = riv_str_sub(*line, 0, i);
    *line        = riv_str_sub(*line, i, line->len);
    return word;
}

/* Where the first JSON value of a text that holds one or two ends. */
static size_t value_end(riv_str text)
{
    size_t depth = 0, i = 0;
    bool   quoted = false;
    while (i < text.len && text.ptr[i] == ' ') i++;
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            depth++;
        else if (!quoted && (c == ']' || c == '}'))
            depth--;
        else if (!quoted && c == ' ' && depth == 0)
            break;
    }
    return RIV_MIN(i, text.len);
}

static void do_line(driver *d, riv_str line, riv_arena *arena)
{
    riv_str         command = next_word(&line);
    riv_fault       fault   = { 0 };
    const riv_json *json = NULL, *params = NULL;
    marine_call     call = { 0 };
    if (riv_str_eq(command, RIV_LIT("new"))) {
        if (riv_json_parse(line, arena, &fault, &json)) {
            answer_error("config", fault.msg, arena);
            return;
        }
        do_new(d, json, arena);
        return;
    }
    if (!d->service) {
        answer_error("not_found", "no service", arena);
        return;
    }
    if (riv_str_eq(command, RIV_LIT("interface"))) {
        answer_result(interface_json(d, arena), NULL, arena);
        return;
    }
    call.module   = next_word(&line);
    call.function = next_word(&line);
    size_t end    = value_end(line);
    if (riv_json_parse(riv_str_sub(line, 0, end), arena, &fault, &json) ||
        (end < line.len && riv_json_parse(riv_str_sub(line, end, line.len), arena, &fault, &params))) {
        answer_error("command", fault.msg, arena);
        return;
    }
    call.args   = json;
    call.params = read_params(params, arena);
    if (riv_str_eq(command, RIV_LIT("ways")))
        do_ways(d, &call, line, arena);
    else
        do_call(d, &call, arena);
}

int main(void)
{
    riv_fault fault = { 0 };
    driver    d     = { .arena = riv_arena_new(0) };
    char     *line  = NULL;
    size_t    room = 0, len = 0;
    int       c;
    if (crypto_init(&fault) || marine_engine_new(&fault, &d.engine)) {
        fprintf(stderr, "%s\n", fault.msg);
        return 2;
    }
    while ((c = getchar()) != EOF) {
        if (len == room) line = riv_realloc(line, room = room ? 2 * room : 4096);
        if (c != '\n') {
            line[len++] = (char)c;
            continue;
        }
        riv_arena *arena = riv_arena_new(0);
        do_line(&d, (riv_str){ line, len }, arena);
        riv_arena_free(arena);
        len = 0;
    }
    stop(&d);
    riv_arena_free(d.arena);
    marine_engine_free(d.engine);
    riv_free(line);
    return 0;
}
