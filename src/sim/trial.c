/* trial.c: one run of an Aqua scenario: plays the compiled function as an AIR scenario and holds what was seen against what is expected.
 * Seen are service calls by peer, responses, errors and the way of messages, with peer ids written as @name.
 * Spec: docs/spec/scenarios.md 2. Tests: trial_test.c. */
#include "sim/internal.h"

enum { ROWS_SHOWN_MAX = 12, ROW_BYTES_MAX = 300 };

typedef struct trial {
    const sim_trial_input *in;
    riv_arena             *arena;
    riv_fault             *fault;
    const riv_json        *document;
    riv_json_list          responses, errors, edges;
    RIV_VEC(riv_json_member) calls;
    riv_buf difference;
} trial;

static riv_err play(trial *t);
static void    observe(trial *t);
static riv_err compare(trial *t, sim_trial *out);

riv_err sim_trial_run(const sim_trial_input *in, riv_arena *arena, riv_fault *fault, sim_trial *out)
{
    trial t = { .in = in, .arena = arena, .fault = fault, .difference = riv_buf_in(arena) };
    RIV_TRY(play(&t));
    observe(&t);
    *out = (sim_trial){ .calls     = riv_json_obj(arena, t.calls.ptr, t.calls.len),
                        .responses = riv_json_arr(arena, t.responses.ptr, t.responses.len),
                        .errors    = riv_json_arr(arena, t.errors.ptr, t.errors.len),
                        .edges     = riv_json_arr(arena, t.edges.ptr, t.edges.len),
                        .document  = t.document };
    return compare(&t, out);
}

/* ---- playing ---- */

static riv_err member(const trial *t, const char *key, riv_json_kind kind, const riv_json **out)
{
    return sim__member(t->in->run, t->in->where, key, kind, false, t->fault, out);
}

static const riv_json *rule(riv_arena *a, const char *service, riv_str function, const riv_json *value)
{
    return riv_json_object(a, "peer", riv_json_strc(a, "alice"), "service", riv_json_strc(a, service), "function",
                           riv_json_str(a, function), "const", value, NULL);
}

/* What the client answers stands before what the scenario makes up. */
static riv_err services_of(trial *t, const riv_json **out)
{
    riv_arena      *a     = t->arena;
    riv_json_list   rules = { 0 };
    const riv_json *args, *services;
    RIV_TRY(member(t, "args", RIV_JSON_OBJ, &args));
    RIV_TRY(member(t, "services", RIV_JSON_ARR, &services));
    riv_json_add(a, &rules, rule(a, "getDataSrv", RIV_LIT("-relay-"), riv_json_strc(a, "@relay")));
    riv_json_add(a, &rules, rule(a, "callbackSrv", RIV_LIT("response"), riv_json_null()));
    riv_json_add(a, &rules, rule(a, "errorHandlingSrv", RIV_LIT("error"), riv_json_null()));
    for (size_t i = 0; args && i < args->obj.count; i++)
        riv_json_add(a, &rules, rule(a, "getDataSrv", args->obj.members[i].key, args->obj.members[i].value));
    for (size_t i = 0; services && i < services->arr.count; i++) riv_json_add(a, &rules, services->arr.items[i]);
    *out = riv_json_arr(a, rules.ptr, rules.len);
    return RIV_OK;
}

/* SPEC scenarios.md 2: every peer has the builtins `math`, `cmp`, `op`, which are not observed */
static bool arithmetic(riv_str service, riv_str function, const riv_json *args, riv_arena *arena, int32_t *ret_code,
                       riv_str *result)
{
    bool has = riv_str_eq(service, RIV_LIT("math")) || riv_str_eq(service, RIV_LIT("cmp")) ||
               riv_str_eq(service, RIV_LIT("op"));
    return has && node_plain_builtin(service, function, args, arena, ret_code, result);
}

/* What the file says, before anything of ours stands between: messages name its own places. */
static riv_err check_run(const trial *t)
{
    static const struct {
        const char   *key;
        riv_json_kind kind;
    } kinds[] = { { "name", RIV_JSON_STR },
                  { "about", RIV_JSON_STR },
                  { "function", RIV_JSON_STR },
                  { "unordered", RIV_JSON_BOOL },
                  { "unorderedResult", RIV_JSON_BOOL } };
    const riv_json *v, *calls;
    sim_rules      *rules;
    riv_fault       fault = { 0 };
    for (size_t i = 0; i < RIV_COUNT(kinds); i++) RIV_TRY(member(t, kinds[i].key, kinds[i].kind, &v));
    RIV_TRY(member(t, "calls", RIV_JSON_OBJ, &calls));
    for (size_t i = 0; calls && i < calls->obj.count; i++)
        if (calls->obj.members[i].value->kind != RIV_JSON_ARR)
            return riv_fail(t->fault, RIV_E_MALFORMED, 0, "%s.calls." RIV_FMT ": expected a list", t->in->where,
                            RIV_ARG(calls->obj.members[i].key));
    RIV_TRY(member(t, "services", RIV_JSON_ARR, &v));
    if (sim__rules_read(v, t->arena, &fault, &rules))
        return riv_fail(t->fault, fault.err, 0, "%s.%s", t->in->where, fault.msg);
    return RIV_OK;
}

static riv_err play(trial *t)
{
    static const char *const keys[] = { "name",   "function",  "args",      "services",        "calls",     "responses",
                                        "errors", "edges",     "unordered", "unorderedResult", "about",     "order",
                                        "seed",   "duplicate", "results",   "particle_id",     "timestamp", "ttl" };
    static const char *const passed[] = { "seed", "duplicate", "results", "particle_id", "timestamp", "ttl" };
    riv_arena               *a        = t->arena;
    const riv_json          *services, *run = t->in->run;
    RIV_VEC(riv_json_member) scenario = { 0 };
    RIV_TRY(sim__known_keys(run, t->in->where, keys, RIV_COUNT(keys), t->fault));
    RIV_TRY(check_run(t));
    RIV_TRY(services_of(t, &services));
    *riv_push(a, &scenario) = (riv_json_member){ RIV_LIT("air"), riv_json_str(a, t->in->air) };
    *riv_push(a, &scenario) = (riv_json_member){ RIV_LIT("init"), riv_json_strc(a, "alice") };
    *riv_push(a, &scenario) = (riv_json_member){ RIV_LIT("services"), services };
    for (size_t i = 0; i < RIV_COUNT(passed); i++) {
        const riv_json *v = riv_json_get(run, riv_str_c(passed[i]));
        if (v) *riv_push(a, &scenario) = (riv_json_member){ riv_str_c(passed[i]), v };
    }
    const riv_json *order = t->in->order.len ? riv_json_str(a, t->in->order) : riv_json_get(run, RIV_LIT("order"));
    if (order) *riv_push(a, &scenario) = (riv_json_member){ RIV_LIT("order"), order };
    sim_scenario_options options = { .version   = t->in->version,
                                     .has_seed  = t->in->has_seed,
                                     .seed      = t->in->seed,
                                     .builtin   = arithmetic,
                                     .who_is_id = true };
    riv_fault            fault   = { 0 };
    riv_err err  = sim__scenario_play(riv_json_obj(a, scenario.ptr, scenario.len), &options, a, &fault, &t->document);
    riv_str says = riv_str_c(fault.msg);
    if (err == RIV_E_MALFORMED && riv_str_starts(says, RIV_LIT("scenario.")))
        return riv_fail(t->fault, err, fault.pos, "%s%s", t->in->where, fault.msg + strlen("scenario"));
    return err ? riv_fail(t->fault, err, fault.pos, "%s", fault.msg) : RIV_OK;
}

/* ---- what was seen ---- */

static riv_str text_of(const riv_json *obj, const char *key)
{
    const riv_json *v = riv_json_get(obj, riv_str_c(key));
    return v && v->kind == RIV_JSON_STR ? v->str : (riv_str){ 0 };
}

/* Peer ids that have a name, as @name, anywhere in text. */
static riv_str with_names(const trial *t, riv_str text)
{
    const riv_json *peers = riv_json_get(t->document, RIV_LIT("peers"));
    riv_buf         out   = riv_buf_in(t->arena);
    size_t          at    = 0;
    while (at < text.len) {
        size_t next = riv_str_find(text, RIV_LIT("12D3KooW"), at), i = 0;
        if (next == SIZE_MAX) break;
        riv_put_str(&out, riv_str_sub(text, at, next));
        riv_str rest = riv_str_sub(text, next, text.len);
        while (i < peers->obj.count && !riv_str_starts(rest, peers->obj.members[i].value->str)) i++;
        if (i < peers->obj.count) {
            riv_put_u8(&out, '@');
            riv_put_str(&out, peers->obj.members[i].key);
            at = next + peers->obj.members[i].value->str.len;
        } else {
            riv_put_u8(&out, (uint8_t)text.ptr[next]);
            at = next + 1;
        }
    }
    if (at == 0) return text;
    riv_put_str(&out, riv_str_sub(text, at, text.len));
    return riv_buf_str(&out);
}

/* Values nest as deep as the parser lets them: RIV_JSON_DEPTH_MAX. */
static const riv_json *named(const trial *t, const riv_json *v)
{
    riv_arena *a = t->arena;
    if (v->kind == RIV_JSON_STR) return riv_json_str(a, with_names(t, v->str));
    if (v->kind == RIV_JSON_ARR) {
        riv_json_list list = { 0 };
        for (size_t i = 0; i < v->arr.count; i++) riv_json_add(a, &list, named(t, v->arr.items[i]));
        return riv_json_arr(a, list.ptr, list.len);
    }
    if (v->kind != RIV_JSON_OBJ) return v;
    riv_json_member *members = riv_new(a, riv_json_member, v->obj.count + 1);
    for (size_t i = 0; i < v->obj.count; i++)
        members[i] = (riv_json_member){ with_names(t, v->obj.members[i].key), named(t, v->obj.members[i].value) };
    return riv_json_obj(a, members, v->obj.count);
}

static void see_error(trial *t, const riv_json *code, riv_str peer, riv_str message)
{
    riv_arena *a = t->arena;
    riv_json_add(a, &t->errors,
                 riv_json_record(a, "code", code ? code : riv_json_null(), "peer", riv_json_str(a, with_names(t, peer)),
                                 "message", riv_json_str(a, with_names(t, message)), NULL));
}

/* True for the calls that are the client's own. */
static bool see_own(trial *t, const riv_json *call)
{
    riv_str         service = text_of(call, "service"), function = text_of(call, "function");
    const riv_json *args = riv_json_get(call, RIV_LIT("args")), *first = riv_json_at(args, 0);
    if (riv_str_eq(service, RIV_LIT("getDataSrv"))) return true;
    if (riv_str_eq(service, RIV_LIT("callbackSrv")) && riv_str_eq(function, RIV_LIT("response"))) {
        riv_json_add(t->arena, &t->responses, named(t, args));
        return true;
    }
    if (!riv_str_eq(service, RIV_LIT("errorHandlingSrv")) || !riv_str_eq(function, RIV_LIT("error"))) return false;
    see_error(t, riv_json_get(first, RIV_LIT("error_code")), text_of(first, "peer_id"), text_of(first, "message"));
    return true;
}

static void see_calls(trial *t, riv_str peer, const riv_json *calls)
{
    riv_arena    *a    = t->arena;
    riv_json_list list = { 0 };
    for (size_t i = 0; i < calls->arr.count; i++) {
        const riv_json *call = calls->arr.items[i];
        if (see_own(t, call)) continue;
        const riv_json *row[] = { named(t, riv_json_get(call, RIV_LIT("service"))),
                                  named(t, riv_json_get(call, RIV_LIT("function"))),
                                  named(t, riv_json_get(call, RIV_LIT("args"))) };
        riv_json_add(a, &list, riv_json_copy(a, riv_json_arr(a, row, RIV_COUNT(row))));
    }
    if (list.len) *riv_push(a, &t->calls) = (riv_json_member){ peer, riv_json_arr(a, list.ptr, list.len) };
}

/* Where a run of the interpreter ended with an error, and where its messages went. */
static void see_step(trial *t, const riv_json *step)
{
    const riv_json *code = riv_json_get(step, RIV_LIT("ret_code")), *next = riv_json_get(step, RIV_LIT("next_peers"));
    riv_str         peer = text_of(step, "peer");
    if (code && code->kind == RIV_JSON_U64 && code->u64 != 0)
        see_error(t, code, riv_format(t->arena, "@" RIV_FMT, RIV_ARG(peer)), text_of(step, "error_message"));
    for (size_t i = 0; next && i < next->arr.count; i++)
        riv_json_add(t->arena, &t->edges,
                     riv_json_str(t->arena, riv_format(t->arena, RIV_FMT ">" RIV_FMT, RIV_ARG(peer),
                                                       RIV_ARG(next->arr.items[i]->str))));
}

static void observe(trial *t)
{
    const riv_json *calls = riv_json_get(t->document, RIV_LIT("calls")),
                   *steps = riv_json_get(t->document, RIV_LIT("steps"));
    for (size_t i = 0; i < calls->obj.count; i++) see_calls(t, calls->obj.members[i].key, calls->obj.members[i].value);
    for (size_t i = 0; i < steps->arr.count; i++) see_step(t, steps->arr.items[i]);
}

/* ---- what was expected ---- */

/* Every member that wanted has; what it leaves out may be anything. */
static bool same_error(const riv_json *wanted, const riv_json *seen)
{
    if (wanted->kind != RIV_JSON_OBJ) return riv_json_eq(wanted, seen);
    for (size_t i = 0; i < wanted->obj.count; i++) {
        const riv_json *v = riv_json_get(seen, wanted->obj.members[i].key), *w = wanted->obj.members[i].value;
        bool name = v && v->kind == RIV_JSON_STR && w->kind == RIV_JSON_STR && v->str.len && v->str.ptr[0] == '@' &&
                    riv_str_eq(riv_str_sub(v->str, 1, v->str.len), w->str);
        if (!v || (!name && !riv_json_eq(v, w))) return false;
    }
    return true;
}

static const riv_json *sorted(riv_arena *a, const riv_json *list, bool deep);

static int by_text(riv_arena *a, const riv_json *x, const riv_json *y)
{
    return riv_str_cmp(riv_json_text(x, a), riv_json_text(y, a));
}

/* Merges halves: lists may be long. */
static void sort_texts(riv_arena *a, const riv_json **v, size_t count)
{
    if (count < 2) return;
    size_t           half = count / 2, i = 0, k = half, n = 0;
    const riv_json **out = riv_new(a, const riv_json *, count);
    sort_texts(a, v, half);
    sort_texts(a, v + half, count - half);
    while (i < half || k < count) out[n++] = k == count || (i < half && by_text(a, v[i], v[k]) <= 0) ? v[i++] : v[k++];
    memcpy(v, out, count * sizeof v[0]);
}

static const riv_json *sorted_deep(riv_arena *a, const riv_json *v)
{
    return v->kind == RIV_JSON_ARR ? sorted(a, v, true) : v;
}

static const riv_json *sorted(riv_arena *a, const riv_json *list, bool deep)
{
    if (list->kind != RIV_JSON_ARR) return list;
    const riv_json **items = riv_new(a, const riv_json *, list->arr.count + 1);
    for (size_t i = 0; i < list->arr.count; i++)
        items[i] = deep ? sorted_deep(a, list->arr.items[i]) : list->arr.items[i];
    sort_texts(a, items, list->arr.count);
    return riv_json_arr(a, items, list->arr.count);
}

static void put_row(trial *t, char mark, const riv_json *row)
{
    riv_str text = riv_json_text(row, t->arena);
    bool    cut  = text.len > ROW_BYTES_MAX;
    while (cut && text.len > 0 && (text.len > ROW_BYTES_MAX || (text.ptr[text.len] & 0xc0) == 0x80)) text.len--;
    riv_putf(&t->difference, "    %c " RIV_FMT "%s\n", mark, RIV_ARG(text), cut ? "…" : "");
}

static void put_rest(trial *t, char mark, const riv_json *list, size_t from)
{
    size_t end = RIV_MIN(list->arr.count, from + ROWS_SHOWN_MAX);
    for (size_t i = from; i < end; i++) put_row(t, mark, list->arr.items[i]);
    if (end < list->arr.count) riv_putf(&t->difference, "    %c … %zu more\n", mark, list->arr.count - end);
}

typedef bool (*same_fn)(const riv_json *, const riv_json *);

/* Row by row up to the first that differs. */
static void compare_lists(trial *t, riv_str title, const riv_json *wanted, const riv_json *seen, same_fn same)
{
    size_t i = 0;
    while (i < wanted->arr.count && i < seen->arr.count && same(wanted->arr.items[i], seen->arr.items[i])) i++;
    if (i == wanted->arr.count && i == seen->arr.count) return;
    riv_putf(&t->difference, "  " RIV_FMT ": - expected, + seen (from number %zu on)\n", RIV_ARG(title), i + 1);
    put_rest(t, '-', wanted, i);
    put_rest(t, '+', seen, i);
}

static bool flag_of(const trial *t, const char *key)
{
    const riv_json *v = riv_json_get(t->in->run, riv_str_c(key));
    return v && v->kind == RIV_JSON_BOOL && v->boolean;
}

/* An expectation of run, with ids as names. NULL: none. */
static riv_err wanted_of(trial *t, const char *key, riv_json_kind kind, sim_trial *out, const riv_json **wanted)
{
    RIV_TRY(member(t, key, kind, wanted));
    if (!*wanted) return RIV_OK;
    out->expects = true;
    *wanted      = named(t, *wanted);
    return RIV_OK;
}

static const riv_json *list_of(trial *t, const riv_json *by_peer, riv_str peer)
{
    riv_str         name = riv_str_starts(peer, RIV_LIT("@")) ? riv_str_sub(peer, 1, peer.len) : peer;
    const riv_json *v    = riv_json_get(by_peer, name);
    if (!v) v = riv_json_get(by_peer, riv_format(t->arena, "@" RIV_FMT, RIV_ARG(name)));
    return v && v->kind == RIV_JSON_ARR ? v : riv_json_arr(t->arena, NULL, 0);
}

static void compare_calls_of(trial *t, riv_str peer, const riv_json *wanted, const riv_json *seen)
{
    const riv_json *w = list_of(t, wanted, peer), *s = list_of(t, seen, peer);
    if (flag_of(t, "unordered")) {
        w = sorted(t->arena, w, false);
        s = sorted(t->arena, s, false);
    }
    riv_str name = riv_str_starts(peer, RIV_LIT("@")) ? riv_str_sub(peer, 1, peer.len) : peer;
    compare_lists(t, riv_format(t->arena, "calls of " RIV_FMT, RIV_ARG(name)), w, s, riv_json_eq);
}

static void compare_calls(trial *t, const riv_json *wanted, const riv_json *seen)
{
    for (size_t i = 0; i < wanted->obj.count; i++) compare_calls_of(t, wanted->obj.members[i].key, wanted, seen);
    for (size_t i = 0; i < seen->obj.count; i++)
        if (!list_of(t, wanted, seen->obj.members[i].key)->arr.count)
            compare_calls_of(t, seen->obj.members[i].key, wanted, seen);
}

static riv_err compare(trial *t, sim_trial *out)
{
    const riv_json *calls, *responses, *errors, *edges;
    bool            unordered = flag_of(t, "unordered"), deep = flag_of(t, "unorderedResult");
    RIV_TRY(wanted_of(t, "calls", RIV_JSON_OBJ, out, &calls));
    RIV_TRY(wanted_of(t, "responses", RIV_JSON_ARR, out, &responses));
    RIV_TRY(wanted_of(t, "errors", RIV_JSON_ARR, out, &errors));
    RIV_TRY(wanted_of(t, "edges", RIV_JSON_ARR, out, &edges));
    if (calls) compare_calls(t, calls, out->calls);
    if (responses)
        compare_lists(t, RIV_LIT("responses"), deep ? sorted(t->arena, responses, true) : responses,
                      deep ? sorted(t->arena, out->responses, true) : out->responses, riv_json_eq);
    if (errors) compare_lists(t, RIV_LIT("errors"), errors, out->errors, same_error);
    if (edges)
        compare_lists(t, RIV_LIT("edges"), unordered ? sorted(t->arena, edges, false) : edges,
                      unordered ? sorted(t->arena, out->edges, false) : out->edges, riv_json_eq);
    out->difference = riv_buf_str(&t->difference);
    out->passed     = out->difference.len == 0;
    return RIV_OK;
}
