/* rules.c: the services of a scenario, as a table of rules: the first rule that fits a call answers it.
 * Spec: docs/spec/scenarios.md 1, `services`. Tests: rules_test.c. */
#include "sim/internal.h"

typedef enum answer_kind {
    ANSWER_ECHO,
    ANSWER_ARGS,
    ANSWER_CONST,
    ANSWER_ERROR,
    ANSWER_RAW,
    ANSWER_WHO,
    ANSWER_SUM,
    ANSWER_TETRAPLETS,
    ANSWER_RANGE,
    ANSWER_LIST,
    ANSWER_KINDS,
} answer_kind;

enum { RANGE_MAX = 100000 };

typedef struct answer {
    answer_kind          kind;
    uint64_t             number;   /* ECHO RANGE */
    int32_t              ret_code; /* ERROR RAW */
    const riv_json      *value;    /* CONST ERROR RAW */
    const struct answer *list;     /* LIST */
    size_t               list_count;
} answer;

typedef struct rule {
    riv_str peer, service, function; /* empty: any */
    answer  answer;
    size_t  used; /* LIST: how many calls were answered */
} rule;

struct sim_rules {
    rule  *rules;
    size_t count;
};

/* ---- reading ---- */

static const char *const answer_keys[ANSWER_KINDS] = {
    [ANSWER_ECHO] = "echo",   [ANSWER_ARGS] = "args", [ANSWER_CONST] = "const", [ANSWER_ERROR] = "error",
    [ANSWER_RAW] = "raw",     [ANSWER_WHO] = "who",   [ANSWER_SUM] = "sum",     [ANSWER_TETRAPLETS] = "tetraplets",
    [ANSWER_RANGE] = "range", [ANSWER_LIST] = "list",
};

static bool as_i32(const riv_json *v, int32_t *out)
{
    if (v && v->kind == RIV_JSON_U64 && v->u64 <= INT32_MAX)
        *out = (int32_t)v->u64;
    else if (v && v->kind == RIV_JSON_I64 && v->i64 >= INT32_MIN)
        *out = (int32_t)v->i64;
    else
        return false;
    return true;
}

static riv_err read_answer(const riv_json *obj, const char *where, bool in_list, riv_arena *arena, riv_fault *fault,
                           answer *out);

static riv_err read_list(const riv_json *v, const char *where, riv_arena *arena, riv_fault *fault, answer *out)
{
    if (v->kind != RIV_JSON_ARR || !v->arr.count) return sim__malformed(fault, where, "list", "at least one answer");
    answer *list = riv_new(arena, answer, v->arr.count);
    for (size_t i = 0; i < v->arr.count; i++) {
        riv_str place = riv_format(arena, "%s.list[%zu]", where, i);
        RIV_TRY(read_answer(v->arr.items[i], place.ptr, true, arena, fault, &list[i]));
    }
    out->list       = list;
    out->list_count = v->arr.count;
    return RIV_OK;
}

static riv_err read_value(const riv_json *obj, const riv_json *v, const char *where, riv_arena *arena, riv_fault *fault,
                          answer *out)
{
    out->value = v;
    switch (out->kind) {
    case ANSWER_ECHO:
    case ANSWER_RANGE:
        if (v->kind != RIV_JSON_U64) return sim__malformed(fault, where, answer_keys[out->kind], "a number from 0");
        if (out->kind == ANSWER_RANGE && v->u64 > RANGE_MAX)
            return sim__malformed(fault, where, "range", "at most 100000");
        out->number = v->u64;
        return RIV_OK;
    case ANSWER_ARGS:
    case ANSWER_WHO:
    case ANSWER_SUM:
    case ANSWER_TETRAPLETS:
        if (v->kind == RIV_JSON_BOOL && v->boolean) return RIV_OK;
        return sim__malformed(fault, where, answer_keys[out->kind], "true");
    case ANSWER_ERROR:
        if (v->kind != RIV_JSON_ARR || v->arr.count != 2 || !as_i32(v->arr.items[0], &out->ret_code))
            return sim__malformed(fault, where, "error", "[ret_code, value]");
        out->value = v->arr.items[1];
        return RIV_OK;
    case ANSWER_RAW: {
        const riv_json *code = riv_json_get(obj, RIV_LIT("ret_code"));
        if (v->kind != RIV_JSON_STR) return sim__malformed(fault, where, "raw", "a text");
        if (code && !as_i32(code, &out->ret_code))
            return sim__malformed(fault, where, "ret_code", "an integer of 32 bits");
        return RIV_OK;
    }
    case ANSWER_LIST: return read_list(v, where, arena, fault, out);
    case ANSWER_CONST: return RIV_OK;
    case ANSWER_KINDS: break;
    }
    RIV_UNREACHABLE();
}

static riv_err read_answer(const riv_json *obj, const char *where, bool in_list, riv_arena *arena, riv_fault *fault,
                           answer *out)
{
    size_t found = 0;
    if (obj->kind != RIV_JSON_OBJ) return sim__malformed(fault, where, NULL, "an object with one answer");
    for (size_t i = 0; i < ANSWER_KINDS; i++) {
        const riv_json *v = riv_json_get(obj, riv_str_c(answer_keys[i]));
        if (!v) continue;
        found += in_list && i == ANSWER_LIST ? 2 : 1; /* no lists in lists */
        if (found > 1) break;
        out->kind = (answer_kind)i;
        RIV_TRY(read_value(obj, v, where, arena, fault, out));
    }
    if (found != 1)
        return sim__malformed(fault, where, NULL,
                              "exactly one of echo, args, const, error, raw, who, sum, tetraplets, range, list");
    return RIV_OK;
}

static riv_err read_pattern(const riv_json *obj, const char *where, const char *key, riv_fault *fault, riv_str *out)
{
    const riv_json *v;
    RIV_TRY(sim__member(obj, where, key, RIV_JSON_STR, false, fault, &v));
    if (v && !riv_str_eq(v->str, RIV_LIT("*"))) *out = v->str;
    return RIV_OK;
}

static riv_err read_rule(const riv_json *obj, const char *where, riv_arena *arena, riv_fault *fault, rule *out)
{
    static const char *const keys[] = { "peer",  "service",    "function", "echo",     "args",
                                        "const", "error",      "raw",      "ret_code", "who",
                                        "sum",   "tetraplets", "range",    "list",     "about" };
    RIV_TRY(read_answer(obj, where, false, arena, fault, &out->answer));
    RIV_TRY(sim__known_keys(obj, where, keys, RIV_COUNT(keys), fault));
    RIV_TRY(read_pattern(obj, where, "peer", fault, &out->peer));
    RIV_TRY(read_pattern(obj, where, "service", fault, &out->service));
    return read_pattern(obj, where, "function", fault, &out->function);
}

riv_err sim__rules_read(const riv_json *services, riv_arena *arena, riv_fault *fault, sim_rules **out)
{
    sim_rules *rules = riv_new(arena, sim_rules, 1);
    *out             = rules;
    if (!services) return RIV_OK;
    if (services->kind != RIV_JSON_ARR) return sim__malformed(fault, "scenario", "services", "a list of rules");
    rules->rules = riv_new(arena, rule, services->arr.count);
    for (size_t i = 0; i < services->arr.count; i++) {
        riv_str where = riv_format(arena, "services[%zu]", i);
        RIV_TRY(read_rule(services->arr.items[i], where.ptr, arena, fault, &rules->rules[i]));
    }
    rules->count = services->arr.count;
    return RIV_OK;
}

/* ---- answering ---- */

static sim_answer text_error(const char *text, const riv_str *what, size_t count, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_str(&out, riv_str_c(text));
    for (size_t i = 0; i < count; i++) riv_putf(&out, " " RIV_FMT, RIV_ARG(what[i]));
    return (sim_answer){ 1, riv_json_text(riv_json_str(arena, riv_buf_str(&out)), arena) };
}

/* Integers stay integers while they fit; one float makes a float. */
static const riv_json *sum_of(const riv_json *args, riv_arena *arena)
{
    __int128 whole = 0;
    double   real  = 0;
    bool     exact = true;
    for (size_t i = 0; i < args->arr.count; i++) {
        const riv_json *v = args->arr.items[i];
        if (v->kind == RIV_JSON_U64) whole += v->u64;
        if (v->kind == RIV_JSON_I64) whole += v->i64;
        if (v->kind == RIV_JSON_F64) {
            real += v->f64;
            exact = false;
        }
    }
    if (!exact || whole > (__int128)UINT64_MAX || whole < (__int128)INT64_MIN)
        return riv_json_f64(arena, real + (double)whole);
    return whole >= 0 ? riv_json_u64(arena, (uint64_t)whole) : riv_json_i64(arena, (int64_t)whole);
}

static const riv_json *range_of(uint64_t count, riv_arena *arena)
{
    riv_json_list list = { 0 };
    for (uint64_t i = 0; i < count; i++) riv_json_add(arena, &list, riv_json_u64(arena, i));
    return riv_json_arr(arena, list.ptr, list.len);
}

static sim_answer good(const riv_json *v, riv_arena *arena) { return (sim_answer){ 0, riv_json_text(v, arena) }; }

static sim_answer give(const answer *a, const sim_call *call, riv_arena *arena)
{
    switch (a->kind) {
    case ANSWER_ECHO: {
        const riv_json *v = riv_json_at(call->args, a->number);
        return v ? good(v, arena) : text_error("no argument to echo", NULL, 0, arena);
    }
    case ANSWER_ARGS: return good(call->args, arena);
    case ANSWER_CONST: return good(a->value, arena);
    case ANSWER_ERROR: return (sim_answer){ a->ret_code, riv_json_text(a->value, arena) };
    case ANSWER_RAW: return (sim_answer){ a->ret_code, a->value->str };
    case ANSWER_WHO: return good(riv_json_str(arena, call->who), arena);
    case ANSWER_SUM: return good(sum_of(call->args, arena), arena);
    case ANSWER_TETRAPLETS: return good(call->tetraplets, arena);
    case ANSWER_RANGE: return good(range_of(a->number, arena), arena);
    case ANSWER_LIST:
    case ANSWER_KINDS: break;
    }
    RIV_UNREACHABLE();
}

static bool fits(const rule *r, const sim_call *call)
{
    bool peer = !r->peer.len || riv_str_eq(r->peer, call->peer_name) || riv_str_eq(r->peer, call->peer_id);
    return peer && (!r->service.len || riv_str_eq(r->service, call->service)) &&
           (!r->function.len || riv_str_eq(r->function, call->function));
}

sim_answer sim__rules_answer(sim_rules *rules, const sim_call *call, riv_arena *arena)
{
    for (size_t i = 0; i < rules->count; i++) {
        rule *r = &rules->rules[i];
        if (!fits(r, call)) continue;
        if (r->answer.kind != ANSWER_LIST) return give(&r->answer, call, arena);
        size_t at = RIV_MIN(r->used, r->answer.list_count - 1);
        r->used++;
        return give(&r->answer.list[at], call, arena);
    }
    const riv_str what[2] = { call->service, call->function };
    return text_error("no service", what, 2, arena);
}
