/* program.c: one call of an Aqua function: compiled, checked, sent; and what came back: answer, error, hops, signatures.
 * Spec: docs/cli.md "run". Tests: program_test.c, tests/e2e. */
#include "cli/internal.h"

#include <stdlib.h>

enum { SHOWN_BYTES_MAX = 16 << 10 }; /* of one text of another peer, on standard error */

/* ---- the call ---- */

static void list_functions(cli *c, const aqua_output *out)
{
    for (size_t i = 0; i < out->funcs_count; i++) cli_note(c, "  " RIV_FMT, RIV_ARG(out->funcs[i].signature));
}

static const aqua_func *find_function(cli *c, const aqua_output *out, riv_str name, riv_str path)
{
    riv_str *names = riv_new(c->arena, riv_str, out->funcs_count + 1);
    for (size_t i = 0; i < out->funcs_count; i++) {
        names[i] = out->funcs[i].name;
        if (riv_str_eq(names[i], name)) return &out->funcs[i];
    }
    size_t near = riv_nearest(name, names, out->funcs_count);
    cli_error(c, CLI_USAGE, RIV_FMT " exports no function '" RIV_FMT "'%s" RIV_FMT "%s", RIV_ARG(path), RIV_ARG(name),
              near == SIZE_MAX ? "" : "; did you mean '", RIV_ARG(near == SIZE_MAX ? (riv_str){ 0 } : names[near]),
              near == SIZE_MAX ? "" : "'?");
    if (out->funcs_count)
        cli_hint(c, "it exports:");
    else
        cli_hint(c, "write `export %.*s` behind the header", (int)RIV_MIN(name.len, 64u), name.ptr);
    list_functions(c, out);
    return NULL;
}

static bool only_function(cli *c, const aqua_output *out, riv_str path, cli_program *p)
{
    if (out->funcs_count == 1 && out->funcs[0].params_count == 0) {
        p->func = &out->funcs[0];
        p->call = (aqua_call){ p->func->name, riv_json_arr(c->arena, NULL, 0) };
        return true;
    }
    cli_error(c, CLI_USAGE, "which function of " RIV_FMT "? -f 'NAME(ARGUMENTS)', one of:", RIV_ARG(path));
    list_functions(c, out);
    return false;
}

bool cli_program_load(cli *c, riv_str path, riv_str func_text, cli_program *out, int *code)
{
    aqua_output compiled = { 0 };
    riv_fault   fault    = { 0 };
    /* Functions without results answer too: otherwise nobody knows when they are done. */
    if (!cli_compile(c, path, (aqua_options){ 0 }, &compiled, code)) return false;
    if (!cli_has(c, "json")) cli_print_diags(c, compiled.warnings);
    cli_print_diags(c, compiled.errors);
    if (compiled.errors.count) {
        c->first_error = riv_format(c->arena, RIV_FMT " was refused", RIV_ARG(path));
        c->diags       = cli_diags_json(c, compiled.errors);
    }
    *code = CLI_FAILED;
    if (!compiled.accepted) return false;
    *code = CLI_USAGE;
    if (func_text.len == 0) return only_function(c, &compiled, path, out);
    if (aqua_call_parse(func_text, c->arena, &fault, &out->call)) {
        *code = cli_fault_at(c, CLI_USAGE, RIV_LIT("--func"), func_text, &fault);
        cli_hint(c, "a call looks like hello(\"Ada\", 42, [1, 2], {\"a\": true})");
        return false;
    }
    if (!(out->func = find_function(c, &compiled, out->call.name, path))) return false;
    if (!aqua_call_check(out->func, out->call.args, &fault)) return true;
    cli_error(c, CLI_USAGE, "%s", fault.msg);
    cli_hint(c, RIV_FMT, RIV_ARG(out->func->signature));
    return false;
}

const riv_json *cli_program_values(riv_arena *arena, const cli_program *p, riv_str relay)
{
    RIV_VEC(riv_json_member) members = { 0 };
    *riv_push(arena, &members)       = (riv_json_member){ RIV_LIT("-relay-"), riv_json_str(arena, relay) };
    for (size_t i = 0; i < p->func->params_count; i++) {
        const riv_json *value = riv_json_at(p->call.args, i);
        if (!p->func->params[i].is_arrow && value)
            *riv_push(arena, &members) = (riv_json_member){ p->func->params[i].name, value };
    }
    return riv_json_obj(arena, members.ptr, members.len);
}

/* ---- what was seen ---- */

static const riv_log_field *field(const riv_log_field *fields, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0) return &fields[i];
    return NULL;
}

void cli_outcome_event(cli_outcome *o, riv_arena *arena, uint64_t ts_us, riv_str peer, const char *event,
                       const riv_log_field *fields, size_t count)
{
    if (strncmp(event, "particle.", 9) != 0) return;
    const riv_log_field *from = field(fields, count, "from"), *bytes = field(fields, count, "bytes"),
                        *signatures = field(fields, count, "signatures");
    *riv_push(arena, &o->seen)      = (cli_seen){ .ts_us      = ts_us,
                                                  .peer       = riv_str_dup(arena, peer),
                                                  .event      = riv_str_dup(arena, riv_str_c(event)),
                                                  .other      = from ? riv_str_dup(arena, from->str) : (riv_str){ 0 },
                                                  .bytes      = bytes ? bytes->u64 : 0,
                                                  .signatures = signatures ? signatures->u64 : 0 };
}

void cli_outcome_reply(cli_outcome *o, riv_arena *arena, uint64_t ts_us, node_reply_kind kind, riv_str name,
                       const riv_json *json)
{
    if (o->done) return;
    if (kind == NODE_REPLY_CALLBACK) {
        riv_json_add(arena, &o->callbacks,
                     riv_json_object(arena, "name", riv_json_str(arena, riv_str_dup(arena, name)), "args",
                                     riv_json_copy(arena, json), NULL));
        return;
    }
    o->done   = true;
    o->kind   = kind;
    o->json   = json ? riv_json_copy(arena, json) : riv_json_null();
    o->end_us = ts_us;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = ((const cli_seen *)a)->ts_us, y = ((const cli_seen *)b)->ts_us;
    return x < y ? -1 : x > y;
}

/* The run of the sender that came last before the arrival is the one that sent it. */
static uint64_t sent_at(const cli_outcome *o, riv_str from, size_t before)
{
    for (size_t i = before; i-- > 0;)
        if (riv_str_eq(o->seen.ptr[i].peer, from) && riv_str_eq(o->seen.ptr[i].event, RIV_LIT("particle.run")))
            return o->seen.ptr[i].ts_us;
    return o->start_us;
}

const cli_hop *cli_outcome_hops(cli_outcome *o, riv_arena *arena, size_t *count)
{
    RIV_VEC(cli_hop) hops = { 0 };
    if (o->seen.len) qsort(o->seen.ptr, o->seen.len, sizeof *o->seen.ptr, by_time);
    for (size_t i = 0; i < o->seen.len; i++) {
        const cli_seen *s = &o->seen.ptr[i];
        if (!riv_str_eq(s->event, RIV_LIT("particle.received"))) continue;
        *riv_push(arena, &hops) = (cli_hop){ s->other, s->peer, sent_at(o, s->other, i), s->ts_us, s->bytes };
    }
    *count = hops.len;
    return hops.ptr;
}

uint64_t cli_outcome_signatures(const cli_outcome *o)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < o->seen.len; i++) sum += o->seen.ptr[i].signatures;
    return sum;
}

/* ---- telling it ---- */

const riv_json *cli_answer(riv_arena *arena, const cli_program *p, const cli_outcome *o)
{
    (void)arena;
    if (!o->done || o->kind != NODE_REPLY_RESPONSE) return NULL;
    if (p->func->results_count == 0) return riv_json_null();
    const riv_json *first = riv_json_at(o->json, 0);
    return p->func->results_count == 1 && first ? first : o->json;
}

/* {code, message, peer_id?, instruction?} of whatever went wrong; NULL when nothing did. */
static const riv_json *error_of(riv_arena *a, const cli_outcome *o)
{
    if (!o->done)
        return riv_json_object(a, "code", riv_json_u64(a, 0), "message", riv_json_strc(a, "there was no answer"), NULL);
    if (o->kind == NODE_REPLY_RESPONSE) return NULL;
    const riv_json *e    = o->kind == NODE_REPLY_ERROR ? riv_json_at(o->json, 0) : o->json;
    const riv_json *code = riv_json_get(e, RIV_LIT("error_code"));
    const riv_json *text = riv_json_get(e, RIV_LIT("message"));
    if (!code) code = riv_json_get(e, RIV_LIT("code"));
    return riv_json_object(a, "code", code, "message", text ? text : e, "peer_id", riv_json_get(e, RIV_LIT("peer_id")),
                           "instruction", riv_json_get(e, RIV_LIT("instruction")), NULL);
}

static const riv_json *hops_json(riv_arena *a, cli_outcome *o)
{
    size_t         count;
    const cli_hop *hops = cli_outcome_hops(o, a, &count);
    riv_json_list  list = { 0 };
    for (size_t i = 0; i < count; i++)
        riv_json_add(a, &list,
                     riv_json_object(a, "from", riv_json_str(a, hops[i].from), "to", riv_json_str(a, hops[i].to),
                                     "bytes", riv_json_u64(a, hops[i].bytes), "start_us",
                                     riv_json_i64(a, (int64_t)(hops[i].sent_us - o->start_us)), "time_us",
                                     riv_json_i64(a, (int64_t)(hops[i].received_us - hops[i].sent_us)), NULL));
    return riv_json_arr(a, list.ptr, list.len);
}

const riv_json *cli_outcome_json(cli *c, const cli_program *p, cli_outcome *o, const riv_json *extra)
{
    riv_arena      *a      = c->arena;
    const riv_json *answer = cli_answer(a, p, o), *error = error_of(a, o);
    RIV_VEC(riv_json_member) all = { 0 };
    const riv_json_member own[]  = {
         { RIV_LIT("function"), riv_json_str(a, p->func->name) },
         { RIV_LIT("answer"), answer ? answer : riv_json_null() },
         { RIV_LIT("error"), error ? error : riv_json_null() },
         { RIV_LIT("callbacks"), riv_json_arr(a, o->callbacks.ptr, o->callbacks.len) },
         { RIV_LIT("hops"), hops_json(a, o) },
         { RIV_LIT("signatures_checked"), riv_json_u64(a, cli_outcome_signatures(o)) },
         { RIV_LIT("time_us"), riv_json_u64(a, o->end_us > o->start_us ? o->end_us - o->start_us : 0) },
    };
    for (size_t i = 0; i < RIV_COUNT(own); i++) *riv_push(a, &all) = own[i];
    for (size_t i = 0; extra && i < extra->obj.count; i++) *riv_push(a, &all) = extra->obj.members[i];
    return riv_json_obj(a, all.ptr, all.len);
}

static riv_str plain_text(riv_arena *a, const riv_json *v)
{
    return v && v->kind == RIV_JSON_STR ? v->str : v ? riv_json_text(v, a) : (riv_str){ 0 };
}

static int exit_code(const cli_outcome *o)
{
    if (!o->done || o->kind == NODE_REPLY_EXPIRED) return CLI_NETWORK;
    return o->kind == NODE_REPLY_RESPONSE ? CLI_OK : CLI_FAILED;
}

/* Another peer wrote it: nothing in it may move the user's cursor. */
static riv_str shown(cli *c, const riv_json *v) { return cli_shown(c, plain_text(c->arena, v), SHOWN_BYTES_MAX); }

static void print_error(cli *c, const cli_program *p, const cli_outcome *o)
{
    const riv_json *e    = error_of(c->arena, o);
    riv_str         peer = shown(c, riv_json_get(e, RIV_LIT("peer_id")));
    riv_str         code = shown(c, riv_json_get(e, RIV_LIT("code")));
    riv_str         at   = shown(c, riv_json_get(e, RIV_LIT("instruction")));
    const char     *how  = !o->done || o->kind == NODE_REPLY_EXPIRED ? "did not answer in time" : "failed";
    cli_error(c, CLI_FAILED, RIV_FMT " %s: " RIV_FMT, RIV_ARG(p->func->name), how,
              RIV_ARG(shown(c, riv_json_get(e, RIV_LIT("message")))));
    if (peer.len && !riv_str_eq(peer, RIV_LIT("null"))) cli_note(c, "  on peer      " RIV_FMT, RIV_ARG(peer));
    if (at.len) cli_note(c, "  instruction  " RIV_FMT, RIV_ARG(at));
    if (code.len && !riv_str_eq(code, RIV_LIT("0"))) cli_note(c, "  code         " RIV_FMT, RIV_ARG(code));
    if (o->done && o->kind == NODE_REPLY_EXPIRED)
        cli_hint(c, "--ttl MS gives it more time; --log-level info shows where it went");
}

int cli_outcome_print(cli *c, const cli_program *p, cli_outcome *o, const riv_json *extra)
{
    if (cli_has(c, "json")) {
        cli_print_json(cli_outcome_json(c, p, o, extra), false);
        return exit_code(o);
    }
    for (size_t i = 0; i < o->callbacks.len; i++) {
        riv_str args = riv_json_text(riv_json_get(o->callbacks.ptr[i], RIV_LIT("args")), c->arena);
        cli_note(c, RIV_FMT RIV_FMT, RIV_ARG(shown(c, riv_json_get(o->callbacks.ptr[i], RIV_LIT("name")))),
                 RIV_ARG(cli_shown(c, args, SHOWN_BYTES_MAX)));
    }
    const riv_json *answer = cli_answer(c->arena, p, o);
    if (answer && p->func->results_count) cli_print_json(answer, false);
    if (!answer) print_error(c, p, o);
    return exit_code(o);
}

int cli_json_failure(cli *c, int code)
{
    riv_arena *a = c->arena;
    if (!code || !cli_has(c, "json")) return code;
    riv_str         text  = c->first_error.len        ? c->first_error
                            : code == CLI_INTERRUPTED ? RIV_LIT("interrupted")
                                                      : RIV_LIT("see standard error");
    const riv_json *error = riv_json_object(a, "code", riv_json_u64(a, 0), "message", riv_json_str(a, text), NULL);
    cli_print_json(riv_json_object(a, "answer", riv_json_null(), "error", error, "errors", c->diags, NULL), false);
    return code;
}
