/* answer.c: JSON-RPC 2.0: requests, batches, the method by its name, results and errors.
 * Whatever text comes in, a valid answer goes out, or none for a notification.
 * Spec: JSON-RPC 2.0; docs/spec/chain.md 3. Tests: answer_test.c, answer_fuzz.c. */
#include "rpc/internal.h"

enum { ARENA_BYTES_MAX = 256 << 20, SHOWN_NAME_MAX = 80 };

const riv_json *rpc__fail(rpc__call *c, int code, const char *format, ...)
{
    va_list args;
    if (c->code) return NULL;
    va_start(args, format);
    c->code    = code;
    c->message = riv_vformat(c->arena, format, args);
    va_end(args);
    return NULL;
}

const riv_json *rpc__fault(rpc__call *c, const riv_fault *fault)
{
    return rpc__fail(c, fault->err == RIV_E_IO ? RPC__INTERNAL : RPC__SERVER, "%s", fault->msg);
}

bool rpc__works(rpc__call *c, uint64_t us)
{
    c->r->work += us;
    if (c->r->work <= RPC_WORK_MAX) return true;
    rpc__fail(c, RPC__LIMIT, "too much is asked for at once");
    return false;
}

static rpc__run find(riv_str name)
{
    const rpc__methods *const all[] = { &rpc__of_state, &rpc__of_blocks, &rpc__of_filters, &rpc__of_development };
    for (size_t i = 0; i < RIV_COUNT(all); i++)
        for (size_t k = 0; k < all[i]->count; k++)
            if (riv_str_eq(name, riv_str_c(all[i]->items[k].name))) return all[i]->items[k].run;
    return NULL;
}

/* ---- one request ---- */

static void put_answer(const rpc__call *c, const riv_json *id, const riv_json *result, riv_buf *out)
{
    riv_put_str(out, RIV_LIT("{\"jsonrpc\":\"2.0\",\"id\":"));
    riv_json_write(id ? id : riv_json_null(), out);
    if (c->code == 0) {
        riv_put_str(out, RIV_LIT(",\"result\":"));
        riv_json_write(result, out);
    } else {
        riv_putf(out, ",\"error\":{\"code\":%d,\"message\":", c->code);
        riv_json_write_str(c->message, out);
        if (c->data) {
            riv_put_str(out, RIV_LIT(",\"data\":"));
            riv_json_write(c->data, out);
        }
        riv_put_u8(out, '}');
    }
    riv_put_u8(out, '}');
}

static const riv_json *run(rpc__call *c, const riv_json *request)
{
    const riv_json *version = riv_json_get(request, RIV_LIT("jsonrpc")),
                   *method  = riv_json_get(request, RIV_LIT("method")),
                   *params = riv_json_get(request, RIV_LIT("params")), *id = riv_json_get(request, RIV_LIT("id"));
    if (request->kind != RIV_JSON_OBJ || !method || method->kind != RIV_JSON_STR ||
        (version && (version->kind != RIV_JSON_STR || !riv_str_eq(version->str, RIV_LIT("2.0")))) ||
        (id && (id->kind == RIV_JSON_ARR || id->kind == RIV_JSON_OBJ || id->kind == RIV_JSON_BOOL)))
        return rpc__fail(c, RPC__INVALID_REQUEST, "invalid request");
    if (params && params->kind != RIV_JSON_ARR && params->kind != RIV_JSON_NULL)
        return rpc__fail(c, RPC__INVALID_PARAMS, "non-array args");
    rpc__run fn = find(method->str);
    if (!fn)
        return rpc__fail(c, RPC__NO_METHOD, "the method " RIV_FMT " does not exist/is not available",
                         RIV_ARG(riv_str_sub(method->str, 0, SHOWN_NAME_MAX)));
    c->params              = params && params->kind == RIV_JSON_ARR ? params : NULL;
    const riv_json *result = fn(c);
    if (!result && !c->code) rpc__fail(c, RPC__INTERNAL, "a record is damaged");
    return result;
}

/* A request without an id that is otherwise right is a notification. */
static bool wants_answer(const rpc__call *c, const riv_json *request)
{
    return riv_json_get(request, RIV_LIT("id")) != NULL || c->code == RPC__INVALID_REQUEST;
}

static void answer_one(rpc__call *c, const riv_json *request, riv_buf *reply, bool *any)
{
    const riv_json *result = run(c, request);
    if (!wants_answer(c, request)) return;
    const riv_json *id = c->code == RPC__INVALID_REQUEST ? NULL : riv_json_get(request, RIV_LIT("id"));
    if (*any) riv_put_u8(reply, ',');
    put_answer(c, id, result, reply);
    *any = true;
}

/* ---- whole texts ---- */

static void refuse(rpc *r, riv_arena *arena, int code, const char *why, riv_buf *reply)
{
    rpc__call c = { .r = r, .arena = arena };
    rpc__fail(&c, code, "%s", why);
    put_answer(&c, NULL, NULL, reply);
}

static void answer_batch(rpc *r, uint64_t conn, uint64_t now_ms, const riv_json *batch, riv_buf *reply)
{
    size_t start = reply->len;
    bool   any   = false;
    riv_put_u8(reply, '[');
    for (size_t i = 0; i < batch->arr.count; i++) {
        riv_arena *arena = riv_arena_new(ARENA_BYTES_MAX);
        rpc__call  c     = { .r = r, .conn = conn, .now_ms = now_ms, .arena = arena };
        if (reply->len - start > RPC_REPLY_BYTES_MAX) rpc__fail(&c, -32003, "response too large");
        rpc__works(&c, 1);
        if (c.code && riv_json_get(riv_json_at(batch, i), RIV_LIT("id"))) {
            if (any) riv_put_u8(reply, ',');
            put_answer(&c, riv_json_get(riv_json_at(batch, i), RIV_LIT("id")), NULL, reply);
        } else if (!c.code) {
            answer_one(&c, riv_json_at(batch, i), reply, &any);
        }
        riv_arena_free(arena);
    }
    riv_put_u8(reply, ']');
    if (!any) reply->len = start;
}

void rpc_answer(rpc *r, uint64_t conn, uint64_t now_ms, riv_str request, riv_buf *reply)
{
    const riv_json *root  = NULL;
    riv_arena      *arena = riv_arena_new(ARENA_BYTES_MAX);
    bool            any   = false;
    r->work               = 0;
    if (request.len > RPC_REQUEST_BYTES_MAX)
        refuse(r, arena, RPC__INVALID_REQUEST, "content length too large", reply);
    else if (riv_json_parse(riv_str_trim(request), arena, NULL, &root))
        refuse(r, arena, RPC__PARSE, "parse error", reply);
    else if (root->kind == RIV_JSON_ARR && root->arr.count == 0)
        refuse(r, arena, RPC__INVALID_REQUEST, "empty batch", reply);
    else if (root->kind == RIV_JSON_ARR && root->arr.count > RPC_BATCH_MAX)
        refuse(r, arena, RPC__INVALID_REQUEST, "batch too large", reply);
    else if (root->kind == RIV_JSON_ARR)
        answer_batch(r, conn, now_ms, root, reply);
    else
        answer_one(&(rpc__call){ .r = r, .conn = conn, .now_ms = now_ms, .arena = arena }, root, reply, &any);
    riv_arena_free(arena);
}
