/* scenario.c: AIR scenarios: bare interpreters that hand a particle to each other through one queue.
 * Reads the file, plays it step by step, and writes down what was seen. Same file, same document, to the byte.
 * Spec: docs/spec/scenarios.md 1. Tests: scenario_test.c, tests/conform/avm (against the original). */
#include "sim/internal.h"

enum {
    STEPS_MAX     = 100000, /* a scenario that goes on for longer is given up */
    SESSION_STEPS = 5,      /* sessions are opened anew at each step whose number this divides */
};

typedef struct peer {
    const sim_name *name;
    riv_str         air; /* empty: the scenario's */
    bool            forgets, visited;
    const riv_json *overrides; /* run parameters */
    const riv_json *extra;     /* call results for ids that were never asked */
    riv_bytes       data;      /* as the last invoke returned it */
    avm_session    *session;   /* with option `sessions`: holds what data is made of */
    riv_json_list   calls;
} peer;

typedef enum item_kind { ITEM_START, ITEM_MESSAGE, ITEM_RESULTS } item_kind;
typedef struct item {
    item_kind              kind;
    peer                  *to;
    uint64_t               from_step; /* 0: none */
    riv_bytes              data;      /* MESSAGE */
    const avm_call_result *results;   /* RESULTS */
    size_t                 results_count;
} item;

/* Which end of the queue is taken; or any place in it, drawn. */
typedef enum queue_order { ORDER_FIFO, ORDER_LIFO, ORDER_RANDOM } queue_order;

typedef struct scenario {
    riv_arena                  *arena;
    riv_fault                  *fault;
    const sim_scenario_options *options;
    const riv_json             *doc;
    sim_names                  *names;
    sim_rules                  *rules;
    riv_map                    *by_id;
    riv_str                     air, particle_id;
    uint64_t                    timestamp_ms;
    uint32_t                    ttl_ms;
    queue_order                 order;
    riv_prng                    prng; /* of ORDER_RANDOM */
    bool                        duplicate, single;
    const riv_json             *limits, *tamper;
    peer                       *init;
    RIV_VEC(peer *) all;
    RIV_VEC(item) queue; /* waiting: from head to the end */
    size_t        head;
    uint64_t      step, messages;
    riv_json_list steps;
} scenario;

static riv_err         read_scenario(scenario *s);
static riv_err         play(scenario *s);
static const riv_json *report(scenario *s);

riv_err sim_scenario_run(riv_str text, const sim_scenario_options *options, riv_arena *arena, riv_fault *fault,
                         const riv_json **out)
{
    const riv_json *doc;
    RIV_TRY(riv_json_parse(text, arena, fault, &doc));
    return sim__scenario_play(doc, options, arena, fault, out);
}

riv_err sim__scenario_play(const riv_json *doc, const sim_scenario_options *options, riv_arena *arena, riv_fault *fault,
                           const riv_json **out)
{
    scenario s = { .arena = arena, .fault = fault, .options = options };
    if (options->has_seed) {
        s.order = ORDER_RANDOM;
        s.prng  = riv_prng_seed(options->seed);
    }
    s.names = sim__names_new(arena);
    s.by_id = riv_map_new(arena);
    s.doc   = sim__names_replace(s.names, doc, arena);
    RIV_TRY(read_scenario(&s));
    riv_err err = play(&s);
    if (!err) *out = report(&s);
    for (size_t i = 0; i < s.all.len; i++) avm_session_free(s.all.ptr[i]->session);
    return err;
}

/* ---- reading ---- */

static peer *peer_of(scenario *s, riv_str text)
{
    const sim_name *name  = sim__name(s->names, text);
    peer           *known = riv_map_get_str(s->by_id, name->id);
    if (known) return known;
    peer *p = riv_new(s->arena, peer, 1);
    p->name = name;
    riv_map_put_str(s->by_id, name->id, p);
    *riv_push(s->arena, &s->all) = p;
    return p;
}

/* A member that is absent leaves what *v points to as NULL. */
static riv_err get(scenario *s, const char *key, riv_json_kind kind, const riv_json **v)
{
    return sim__member(s->doc, "scenario", key, kind, false, s->fault, v);
}

static riv_err read_word(scenario *s, const char *key, const char *first, const char *second, bool *is_second)
{
    const riv_json *v;
    RIV_TRY(get(s, key, RIV_JSON_STR, &v));
    *is_second = v && riv_str_eq(v->str, riv_str_c(second));
    if (!v || *is_second || riv_str_eq(v->str, riv_str_c(first))) return RIV_OK;
    return sim__malformed(s->fault, "scenario", key, riv_format(s->arena, "\"%s\" or \"%s\"", first, second).ptr);
}

/* A seed that the caller gave wins over the file's order. */
static riv_err read_order(scenario *s)
{
    static const char *const words[] = { [ORDER_FIFO] = "fifo", [ORDER_LIFO] = "lifo", [ORDER_RANDOM] = "random" };
    const riv_json          *word, *seed;
    size_t                   i = 0;
    RIV_TRY(get(s, "order", RIV_JSON_STR, &word));
    RIV_TRY(get(s, "seed", RIV_JSON_U64, &seed));
    while (word && i < RIV_COUNT(words) && !riv_str_eq(word->str, riv_str_c(words[i]))) i++;
    if (i == RIV_COUNT(words)) return sim__malformed(s->fault, "scenario", "order", "\"fifo\", \"lifo\" or \"random\"");
    if (s->order == ORDER_RANDOM) return RIV_OK;
    s->order = (queue_order)i;
    s->prng  = riv_prng_seed(seed ? seed->u64 : 1);
    return RIV_OK;
}

static riv_err read_particle(scenario *s)
{
    const riv_json *v;
    RIV_TRY(sim__member(s->doc, "scenario", "air", RIV_JSON_STR, true, s->fault, &v));
    s->air = v->str;
    RIV_TRY(sim__member(s->doc, "scenario", "init", RIV_JSON_STR, true, s->fault, &v));
    s->init = peer_of(s, v->str);
    RIV_TRY(get(s, "particle_id", RIV_JSON_STR, &v));
    s->particle_id = v ? v->str : RIV_LIT("particle-1");
    RIV_TRY(get(s, "timestamp", RIV_JSON_U64, &v));
    s->timestamp_ms = v ? v->u64 : 1700000000000;
    RIV_TRY(get(s, "ttl", RIV_JSON_U64, &v));
    if (v && v->u64 > UINT32_MAX) return sim__malformed(s->fault, "scenario", "ttl", "a number of 32 bits");
    s->ttl_ms = v ? (uint32_t)v->u64 : 7000;
    return RIV_OK;
}

/* {peer: X}: check says whether X is good and puts it down. */
typedef riv_err (*peer_fn)(scenario *s, peer *p, const char *where, const riv_json *v);

static riv_err read_by_peer(scenario *s, const char *key, peer_fn fn)
{
    const riv_json *v;
    RIV_TRY(get(s, key, RIV_JSON_OBJ, &v));
    for (size_t i = 0; v && i < v->obj.count; i++) {
        riv_str where = riv_format(s->arena, "%s." RIV_FMT, key, RIV_ARG(v->obj.members[i].key));
        RIV_TRY(fn(s, peer_of(s, v->obj.members[i].key), where.ptr, v->obj.members[i].value));
    }
    return RIV_OK;
}

static riv_err take_air(scenario *s, peer *p, const char *where, const riv_json *v)
{
    if (v->kind != RIV_JSON_STR) return sim__malformed(s->fault, where, NULL, "a script");
    p->air = v->str;
    return RIV_OK;
}

/* Sets every parameter of {name: value}; also used to see whether they are good. */
static riv_err set_params(scenario *s, avm_params *params, const char *where, const riv_json *v)
{
    if (v->kind != RIV_JSON_OBJ) return sim__malformed(s->fault, where, NULL, "{parameter: value}");
    for (size_t i = 0; i < v->obj.count; i++)
        RIV_TRY(sim__param_set(params, v->obj.members[i].key, v->obj.members[i].value, where, s->arena, s->fault));
    return RIV_OK;
}

static riv_err take_overrides(scenario *s, peer *p, const char *where, const riv_json *v)
{
    avm_params unused = { 0 };
    RIV_TRY(set_params(s, &unused, where, v));
    p->overrides = v;
    return RIV_OK;
}

static riv_err take_extra(scenario *s, peer *p, const char *where, const riv_json *v)
{
    sim_results unused = { 0 };
    riv_str     bad    = { 0 };
    RIV_TRY(sim__results_read(v, where, s->arena, s->fault, &unused, &bad));
    p->extra = v;
    return RIV_OK;
}

static riv_err read_limits(scenario *s)
{
    static const char *const keys[] = { "air_size_limit", "particle_size_limit", "call_result_size_limit",
                                        "hard_limit_enabled" };
    avm_params               unused = { 0 };
    RIV_TRY(get(s, "limits", RIV_JSON_OBJ, &s->limits));
    if (!s->limits) return RIV_OK;
    RIV_TRY(sim__known_keys(s->limits, "limits", keys, RIV_COUNT(keys), s->fault));
    return set_params(s, &unused, "limits", s->limits);
}

static riv_err read_lists(scenario *s)
{
    const riv_json *v;
    RIV_TRY(get(s, "forget", RIV_JSON_ARR, &v));
    for (size_t i = 0; v && i < v->arr.count; i++) {
        if (v->arr.items[i]->kind != RIV_JSON_STR)
            return sim__malformed(s->fault, "scenario", "forget", "names of peers");
        peer_of(s, v->arr.items[i]->str)->forgets = true;
    }
    RIV_TRY(get(s, "tamper", RIV_JSON_ARR, &s->tamper));
    for (size_t i = 0; s->tamper && i < s->tamper->arr.count; i++) {
        riv_str where = riv_format(s->arena, "tamper[%zu]", i);
        RIV_TRY(sim__tamper_check(s->tamper->arr.items[i], where.ptr, s->fault));
    }
    return RIV_OK;
}

static riv_err read_scenario(scenario *s)
{
    static const char *const keys[] = { "air",    "init",   "services",        "particle_id", "timestamp",     "ttl",
                                        "order",  "about",  "duplicate",       "results",     "extra_results", "limits",
                                        "air_of", "forget", "param_overrides", "tamper",      "seed" };
    const riv_json          *v;
    RIV_TRY(sim__known_keys(s->doc, "scenario", keys, RIV_COUNT(keys), s->fault));
    RIV_TRY(read_particle(s));
    RIV_TRY(sim__rules_read(riv_json_get(s->doc, RIV_LIT("services")), s->arena, s->fault, &s->rules));
    RIV_TRY(read_order(s));
    RIV_TRY(read_word(s, "results", "all", "single", &s->single));
    RIV_TRY(get(s, "duplicate", RIV_JSON_BOOL, &v));
    s->duplicate = v && v->boolean;
    RIV_TRY(get(s, "about", RIV_JSON_STR, &v));
    RIV_TRY(read_limits(s));
    RIV_TRY(read_lists(s));
    RIV_TRY(read_by_peer(s, "air_of", take_air));
    RIV_TRY(read_by_peer(s, "param_overrides", take_overrides));
    return read_by_peer(s, "extra_results", take_extra);
}

/* ---- playing ---- */

static bool take_item(scenario *s, item *out)
{
    size_t waiting = s->queue.len - s->head;
    if (waiting == 0) return false;
    if (s->order == ORDER_LIFO) {
        *out = s->queue.ptr[--s->queue.len];
        return true;
    }
    size_t at = s->head + (s->order == ORDER_RANDOM ? (size_t)riv_prng_below(&s->prng, waiting) : 0);
    *out      = s->queue.ptr[at];
    for (; at > s->head; at--) s->queue.ptr[at] = s->queue.ptr[at - 1]; /* the others keep their order */
    s->head++;
    return true;
}

static riv_err tampered(scenario *s, riv_bytes *data)
{
    s->messages++;
    for (size_t i = 0; s->tamper && i < s->tamper->arr.count; i++) {
        const riv_json *entry = s->tamper->arr.items[i];
        if (riv_json_get(entry, RIV_LIT("message"))->u64 == s->messages)
            RIV_TRY(sim__tamper(entry, s->names, *data, s->arena, s->fault, data));
    }
    return RIV_OK;
}

static riv_err input_of(scenario *s, const item *it, avm_input *in)
{
    const peer *p     = it->to;
    *in               = (avm_input){ .script = p->air.len ? p->air : s->air };
    in->cur           = it->data;
    in->results       = it->results;
    in->results_count = it->results_count;
    bool arrival      = it->kind != ITEM_RESULTS;
    in->prev          = p->forgets && arrival ? (riv_bytes){ 0 } : p->data;
    in->params        = (avm_params){ .init_peer_id    = s->init->name->id,
                                      .current_peer_id = p->name->id,
                                      .particle_id     = s->particle_id,
                                      .timestamp_ms    = s->timestamp_ms,
                                      .ttl_ms          = s->ttl_ms,
                                      .secret          = p->name->seed,
                                      .version         = s->options->version };
    if (s->limits) RIV_TRY(set_params(s, &in->params, "limits", s->limits));
    if (p->overrides) RIV_TRY(set_params(s, &in->params, "param_overrides", p->overrides));
    if (it->kind != ITEM_RESULTS || !p->extra) return RIV_OK;
    sim_results all = { 0 };
    for (size_t i = 0; i < it->results_count; i++) *riv_push(s->arena, &all) = it->results[i];
    RIV_TRY(sim__results_read(p->extra, "extra_results", s->arena, s->fault, &all, &in->results_error));
    in->results       = all.ptr;
    in->results_count = all.len;
    return RIV_OK;
}

static void note_call(scenario *s, peer *p, uint32_t id, const sim_call *call, const sim_answer *answer)
{
    riv_arena      *a     = s->arena;
    const riv_json *given = riv_json_object(a, "ret_code", riv_json_i64(a, answer->ret_code), "result",
                                            riv_json_str(a, answer->result), NULL);
    riv_json_add(a, &p->calls,
                 riv_json_object(a, "step", riv_json_u64(a, s->step), "id", riv_json_u64(a, id), "service",
                                 riv_json_str(a, call->service), "function", riv_json_str(a, call->function), "args",
                                 call->args, "tetraplets", call->tetraplets, "answer", given, NULL));
}

/* Answers one request, notes the call, and shows the request as JSON. */
static const riv_json *answer_request(scenario *s, peer *p, const avm_call_request *request, avm_call_result *result)
{
    riv_arena      *a          = s->arena;
    const riv_json *args       = riv_json_copy(a, request->args);
    const riv_json *tetraplets = riv_json_copy(a, sim__tetraplets_json(request, a));
    sim_call        call       = { .peer_name  = p->name->name,
                                   .peer_id    = p->name->id,
                                   .who        = s->options->who_is_id ? p->name->id : p->name->name,
                                   .service    = riv_str_dup(a, request->service_id),
                                   .function   = riv_str_dup(a, request->function_name),
                                   .args       = args,
                                   .tetraplets = tetraplets };
    sim_answer      answer     = { 0 };
    bool            itself     = s->options->builtin &&
                  s->options->builtin(call.service, call.function, args, a, &answer.ret_code, &answer.result);
    if (!itself) {
        answer = sim__rules_answer(s->rules, &call, a);
        note_call(s, p, request->id, &call, &answer);
    }
    *result = (avm_call_result){ request->id, answer.ret_code, answer.result };
    return riv_json_object(a, "id", riv_json_u64(a, request->id), "service", riv_json_str(a, call.service), "function",
                           riv_json_str(a, call.function), "args", args, "tetraplets", tetraplets, NULL);
}

static const riv_json *answer_all(scenario *s, peer *p, const avm_output *out)
{
    size_t           count   = out->call_requests_count;
    avm_call_result *results = riv_new(s->arena, avm_call_result, count);
    riv_json_list    list    = { 0 };
    for (size_t i = 0; i < count; i++)
        riv_json_add(s->arena, &list, answer_request(s, p, &out->call_requests[i], &results[i]));
    size_t portion = s->single ? 1 : count;
    for (size_t i = 0; i < count; i += portion)
        *riv_push(s->arena, &s->queue) = (item){ ITEM_RESULTS, p, s->step, { 0 }, results + i, portion };
    return riv_json_arr(s->arena, list.ptr, list.len);
}

static void sort_names(riv_str *names, size_t count)
{
    for (size_t i = 1; i < count; i++) /* a handful, mostly in order */
        for (size_t k = i; k > 0 && riv_str_cmp(names[k - 1], names[k]) > 0; k--) {
            riv_str t    = names[k];
            names[k]     = names[k - 1];
            names[k - 1] = t;
        }
}

/* Queues one message for each receiver that has a name; an id that nobody has goes nowhere but is shown. */
static const riv_json *send_all(scenario *s, const peer *from, const avm_output *out)
{
    riv_str      *names = riv_new(s->arena, riv_str, out->next_peers_count);
    riv_json_list list  = { 0 };
    for (size_t i = 0; i < out->next_peers_count; i++) {
        const sim_name *known = sim__name_find(s->names, out->next_peers[i]);
        names[i]              = known ? known->name : riv_str_dup(s->arena, out->next_peers[i]);
    }
    sort_names(names, out->next_peers_count);
    for (int copy = 0; copy < (s->duplicate ? 2 : 1); copy++)
        for (size_t i = 0; i < out->next_peers_count; i++) {
            if (!copy) riv_json_add(s->arena, &list, riv_json_str(s->arena, names[i]));
            if (!sim__name_find(s->names, names[i])) continue;
            *riv_push(s->arena, &s->queue) =
                (item){ .kind = ITEM_MESSAGE, .to = peer_of(s, names[i]), .from_step = s->step, .data = from->data };
        }
    return riv_json_arr(s->arena, list.ptr, list.len);
}

static const riv_json *flags_json(const avm_output *out, riv_arena *a)
{
    riv_json_list list = { 0 };
    if (out->air_limit_exceeded) riv_json_add(a, &list, riv_json_strc(a, "air"));
    if (out->particle_limit_exceeded) riv_json_add(a, &list, riv_json_strc(a, "particle"));
    if (out->call_result_limit_exceeded) riv_json_add(a, &list, riv_json_strc(a, "call_result"));
    return riv_json_arr(a, list.ptr, list.len);
}

/* A session is asked for its data only where data leaves or nothing follows, as an owner would. */
static bool shows_data(const scenario *s, const avm_output *out)
{
    return !s->options->sessions || out->next_peers_count || !out->call_requests_count;
}

static riv_err run_once(scenario *s, peer *p, const avm_input *in, riv_arena *run, avm_output *out)
{
    RIV_TRY(avm_run(in, run, s->fault, out));
    p->data = riv_bytes_dup(s->arena, out->data);
    return RIV_OK;
}

/* Now and then the session is dropped and opened again from its data: that may change nothing. */
static riv_err step_session(scenario *s, peer *p, const avm_input *in, riv_arena *run, avm_output *out)
{
    riv_bytes data;
    if (p->session && p->forgets && !in->results_count) {
        avm_session_free(p->session);
        p->session = NULL;
    } else if (p->session && s->step % SESSION_STEPS == 0) {
        RIV_TRY(avm_session_data(p->session, s->fault, &data));
        avm_session *again = avm_session_new(data);
        avm_session_free(p->session);
        p->session = again;
    }
    if (!p->session) p->session = avm_session_new((riv_bytes){ 0 });
    RIV_TRY(avm_session_step(p->session, in, run, s->fault, out));
    if (!shows_data(s, out)) return RIV_OK;
    RIV_TRY(avm_session_data(p->session, s->fault, &data));
    p->data = riv_bytes_dup(s->arena, data);
    return RIV_OK;
}

static void note_step(scenario *s, const item *it, const avm_output *out)
{
    static const char *const kinds[] = {
        [ITEM_START] = "start", [ITEM_MESSAGE] = "message", [ITEM_RESULTS] = "results"
    };
    riv_arena *a             = s->arena;
    peer      *p             = it->to;
    p->visited               = true;
    const riv_json *requests = answer_all(s, p, out); /* its own results go in first, then its messages */
    const riv_json *next     = send_all(s, p, out);
    riv_json_add(a, &s->steps,
                 riv_json_object(a, "step", riv_json_u64(a, s->step), "peer", riv_json_str(a, p->name->name), "kind",
                                 riv_json_strc(a, kinds[it->kind]), "from_step",
                                 it->from_step ? riv_json_u64(a, it->from_step) : riv_json_null(), "ret_code",
                                 riv_json_i64(a, out->ret_code), "error_message",
                                 riv_json_str(a, riv_str_dup(a, out->error_message)), "flags", flags_json(out, a),
                                 "next_peers", next, "call_requests", requests, "data_out",
                                 shows_data(s, out) ? riv_json_str(a, codec_base64(a, p->data)) : riv_json_null(),
                                 NULL));
}

static riv_err play_item(scenario *s, item *it, riv_arena *run)
{
    avm_input  in;
    avm_output out = { 0 };
    if (it->kind == ITEM_MESSAGE) RIV_TRY(tampered(s, &it->data));
    RIV_TRY(input_of(s, it, &in));
    RIV_TRY(s->options->sessions ? step_session(s, it->to, &in, run, &out) : run_once(s, it->to, &in, run, &out));
    s->step++;
    note_step(s, it, &out);
    return RIV_OK;
}

static riv_err play(scenario *s)
{
    item       it;
    riv_err    err                 = RIV_OK;
    riv_arena *run                 = riv_arena_new(0); /* of one invoke; avm_run has a budget of its own */
    *riv_push(s->arena, &s->queue) = (item){ .kind = ITEM_START, .to = s->init };
    while (!err && take_item(s, &it)) {
        riv_arena_reset(run);
        if (s->step == STEPS_MAX || riv_arena_over(s->arena))
            err = riv_fail(s->fault, RIV_E_LIMIT, s->step,
                           "the scenario goes on for more than %d steps or needs too much memory", STEPS_MAX);
        else
            err = play_item(s, &it, run);
    }
    riv_arena_free(run);
    return err;
}

/* ---- the document ---- */

static const riv_json *peers_json(scenario *s)
{
    riv_arena       *a       = s->arena;
    size_t           count   = sim__names_count(s->names);
    riv_json_member *members = riv_new(a, riv_json_member, count);
    for (size_t i = 0; i < count; i++) {
        const sim_name *n = sim__name_at(s->names, i);
        members[i]        = (riv_json_member){ n->name, riv_json_str(a, n->id) };
    }
    return riv_json_obj(a, members, count);
}

static const riv_json *final_of(const peer *p, riv_arena *a)
{
    archive_data    data;
    const riv_json *decoded = riv_json_null();
    if (p->data.len && !archive_read(p->data, a, NULL, &data)) decoded = archive_json(&data, a);
    return riv_json_object(a, "data", riv_json_str(a, codec_base64(a, p->data)), "decoded", decoded, NULL);
}

static const riv_json *report(scenario *s)
{
    riv_arena    *a                = s->arena;
    riv_json_list visited          = { 0 };
    riv_str      *names            = riv_new(a, riv_str, s->all.len);
    RIV_VEC(riv_json_member) calls = { 0 }, final = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < s->all.len; i++) {
        const peer *p = s->all.ptr[i];
        if (p->calls.len)
            *riv_push(a, &calls) = (riv_json_member){ p->name->name, riv_json_arr(a, p->calls.ptr, p->calls.len) };
        if (!p->visited || p->forgets) continue; /* who forgets has nothing to show in the end */
        names[count++]       = p->name->name;
        *riv_push(a, &final) = (riv_json_member){ p->name->name, final_of(p, a) };
    }
    sort_names(names, count);
    for (size_t i = 0; i < count; i++) riv_json_add(a, &visited, riv_json_str(a, names[i]));
    const riv_json *particle =
        riv_json_object(a, "id", riv_json_str(a, s->particle_id), "init_peer_id", riv_json_str(a, s->init->name->id),
                        "timestamp", riv_json_u64(a, s->timestamp_ms), "ttl", riv_json_u64(a, s->ttl_ms), NULL);
    return riv_json_object(a, "peers", peers_json(s), "air", riv_json_str(a, s->air), "particle", particle, "visited",
                           riv_json_arr(a, visited.ptr, visited.len), "calls", riv_json_obj(a, calls.ptr, calls.len),
                           "steps", riv_json_arr(a, s->steps.ptr, s->steps.len), "final",
                           riv_json_obj(a, final.ptr, final.len), NULL);
}
