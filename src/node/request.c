/* request.c: particles that this peer starts for its own user, and the services that only they may call here.
 * getDataSrv gives the arguments in, callbackSrv and errorHandlingSrv bring answers out. Every request ends in a reply.
 * Spec: docs/spec/js-client.md §5, §6. Tests: node_test.c. */
#include "node/internal.h"

void node__reply(node *n, node_particle *p, node_reply_kind kind, riv_str name, const riv_json *json)
{
    if (!p->request.open) return;
    node_effect *e = node__emit(n, NODE_REPLY);
    e->request     = p->request.number;
    e->reply       = kind;
    e->name        = riv_str_dup(n->scratch, name);
    e->json        = json;
    if (kind == NODE_REPLY_RESPONSE || kind == NODE_REPLY_ERROR) p->request.answered = true;
    if (kind == NODE_REPLY_FAILED || kind == NODE_REPLY_EXPIRED) {
        p->request.open = false;
        n->requests--;
    }
}

static const riv_json *failure(riv_arena *a, int64_t code, riv_str message)
{
    return riv_json_object(a, "code", riv_json_i64(a, code), "message", riv_json_str(a, riv_str_dup(a, message)), NULL);
}

void node__reply_failed(node *n, node_particle *p, int64_t code, riv_str message)
{
    if (p->request.answered) return; /* the user has an answer; that another branch failed is in the log */
    node__reply(n, p, NODE_REPLY_FAILED, (riv_str){ 0 }, failure(n->scratch, code, message));
}

/* ---- starting ---- */

/* UUID version 4 (RFC 9562 5.4) as text. */
static riv_str uuid(node *n)
{
    uint8_t b[16];
    riv_buf hex = riv_buf_in(n->scratch), out = riv_buf_in(n->scratch);
    crypto_rng_fill(&n->rng, b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    codec_put_hex(&hex, (riv_bytes){ b, sizeof b });
    for (size_t i = 0; i < hex.len; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) riv_put_u8(&out, '-');
        riv_put_u8(&out, hex.ptr[i]);
    }
    return riv_buf_str(&out);
}

static void keep_values(node_particle *p, const node_run *run)
{
    p->values_arena = riv_arena_new(0);
    p->values       = run->values ? riv_json_copy(p->values_arena, run->values) : NULL;
    p->has_relay    = run->has_relay;
    p->relay        = run->relay;
}

void node__api_run(node *n, const node_run *run)
{
    riv_str      why          = { 0 };
    p2p_particle head         = { .id           = uuid(n),
                                  .init_peer_id = n->self_text,
                                  .script       = run->script,
                                  .timestamp_ms = n->now_ms,
                                  .ttl_ms       = run->ttl_ms };
    riv_buf      signed_bytes = riv_buf_in(n->scratch);
    p2p_particle_signed_bytes(&head, &signed_bytes);
    crypto_signature signature = crypto_sign(&n->identity.keys, riv_buf_view(&signed_bytes));
    head.signature             = (riv_bytes){ signature.bytes, sizeof signature.bytes };
    node_particle *p           = NULL;
    if (n->requests >= NODE_REQUESTS_MAX)
        why = RIV_LIT("too many requests at a time");
    else if (!run->ttl_ms)
        why = RIV_LIT("the ttl is 0");
    else
        p = node__start(n, &head, (riv_bytes){ 0 }, &why);
    if (!p) {
        node_effect *e = node__emit(n, NODE_REPLY);
        e->request     = run->request;
        e->reply       = NODE_REPLY_FAILED;
        e->json        = failure(n->scratch, 0, why);
        return;
    }
    keep_values(p, run);
    p->request = (node_request){ .open = true, .number = run->request };
    n->requests++;
    node__store_head(n, p);
    node__store_arrival(n, p, p->first->number, (riv_bytes){ 0 });
    node__run_next(n, p);
}

/* ---- services of our own particles ---- */

static void get_data(node_builtin *b, const node_particle *p)
{
    b->value = riv_json_get(p->values, b->asked->function);
    if (b->value) return;
    if (p->has_relay && riv_str_eq(b->asked->function, RIV_LIT("-relay-")))
        b->value = riv_json_str(b->arena, codec_peer_text(b->arena, &p->relay));
    else
        b->error = riv_format(b->arena, "there is no value called '" RIV_FMT "'", RIV_ARG(b->asked->function));
}

bool node__own_service(node_builtin *b, node_particle *p)
{
    riv_str service = b->asked->service, function = b->asked->function;
    if (!p->own) return false;
    if (riv_str_eq(service, RIV_LIT("getDataSrv"))) {
        get_data(b, p);
        return true;
    }
    if (riv_str_eq(service, RIV_LIT("errorHandlingSrv")) && riv_str_eq(function, RIV_LIT("error"))) {
        node__reply(b->n, p, NODE_REPLY_ERROR, (riv_str){ 0 }, b->asked->args);
        return true;
    }
    if (!riv_str_eq(service, RIV_LIT("callbackSrv"))) return false;
    if (riv_str_eq(function, RIV_LIT("response")))
        node__reply(b->n, p, NODE_REPLY_RESPONSE, (riv_str){ 0 }, b->asked->args);
    else
        node__reply(b->n, p, NODE_REPLY_CALLBACK, function, b->asked->args);
    return true;
}
