/* A network of a few peers in one process, for the room's tests, fuzz targets and benches: real data, keys and signatures;
 * services are answered by a table. In scripts @A, @B, @C stand for peer ids. Not part of the room.
 * Spec: docs/spec/air.md §2.3 Flow. */
#ifndef RIV_AVM_TESTNET_H
#define RIV_AVM_TESTNET_H

#include "avm/avm.h"

enum { TESTNET_PEERS = 4, TESTNET_MAIL_MAX = 512 };

typedef struct testnet_peer {
    riv_str       id;
    crypto_secret secret;
    riv_bytes     data;
} testnet_peer;

typedef struct testnet_mail { int to; riv_bytes data; } testnet_mail;

typedef struct testnet {
    riv_arena   *arena;
    riv_str      script;
    testnet_peer peer[TESTNET_PEERS];
    testnet_mail mail[TESTNET_MAIL_MAX];
    size_t       mail_count;
    riv_buf      calls;      /* "A.fn[args] B.fn[args] ..." in the order they ran */
    avm_output   last[TESTNET_PEERS];
    int64_t      worst_code; /* the first ret_code that was not 0 */
    riv_str      worst_message;
    size_t       invokes, checked;
    riv_prng    *order;      /* NULL: first come, first served; else mail is taken at random */
    avm_params   params;     /* template */
} testnet;

static inline crypto_secret testnet_secret(uint8_t fill)
{
    crypto_secret s;
    memset(s.bytes, fill, sizeof s.bytes);
    return s;
}

static inline riv_str testnet_id(riv_arena *arena, const crypto_secret *secret)
{
    crypto_keypair pair;
    crypto_keypair_of(secret, &pair);
    codec_peer peer = codec_peer_of(&pair.public_key);
    return codec_peer_text(arena, &peer);
}

static inline riv_str testnet_script(const testnet *net, const char *text)
{
    riv_buf out = riv_buf_in(net->arena);
    for (; *text; text++) {
        if (*text == '@' && text[1] >= 'A' && text[1] < 'A' + TESTNET_PEERS) {
            riv_put_u8(&out, '"');
            riv_put_str(&out, net->peer[*++text - 'A'].id);
            riv_put_u8(&out, '"');
        } else {
            riv_put_u8(&out, (uint8_t)*text);
        }
    }
    return riv_buf_str(&out);
}

static inline void testnet_init(testnet *net, riv_arena *arena, const char *script)
{
    *net       = (testnet){ .arena = arena, .calls = riv_buf_in(arena) };
    for (int i = 0; i < TESTNET_PEERS; i++) {
        net->peer[i].secret = testnet_secret((uint8_t)(i + 1));
        net->peer[i].id     = testnet_id(arena, &net->peer[i].secret);
    }
    net->params = (avm_params){ .particle_id = RIV_LIT("p"), .timestamp_ms = 1700000000000u, .ttl_ms = 60000 };
    net->script = testnet_script(net, script);
}

static inline int testnet_index(const testnet *net, riv_str id)
{
    for (int i = 0; i < TESTNET_PEERS; i++)
        if (riv_str_eq(net->peer[i].id, id)) return i;
    return -1;
}

/* One run on one peer; its data is stored. */
static inline riv_err testnet_invoke(testnet *net, int at, riv_bytes cur, const avm_call_result *results, size_t count,
                                     riv_fault *fault, avm_output *out)
{
    testnet_peer *p  = &net->peer[at];
    avm_input     in = { .script = net->script, .prev = p->data, .cur = cur, .results = results, .results_count = count,
                         .params = net->params };
    in.params.current_peer_id = p->id;
    in.params.secret          = p->secret;
    if (!in.params.init_peer_id.len) in.params.init_peer_id = net->peer[0].id;
    riv_err err = avm_run(&in, net->arena, fault, out);
    if (err) return err;
    net->invokes++;
    net->checked += out->signatures_checked;
    p->data       = out->data;
    net->last[at] = *out;
    if (out->ret_code && !net->worst_code) {
        net->worst_code    = out->ret_code;
        net->worst_message = out->error_message;
    }
    return RIV_OK;
}

/* Services: id gives its first argument; json gives its first argument as JSON with ' for "; raw gives it as bytes;
 * fail fails with code 7 and its first argument; args gives all; tets the tetraplets' lenses; else "function". */
static inline avm_call_result testnet_serve(testnet *net, int at, const avm_call_request *r)
{
    const riv_json *first = riv_json_at(r->args, 0);
    avm_call_result out   = { .id = r->id };
    riv_putf(&net->calls, "%s%c." RIV_FMT, net->calls.len ? " " : "", 'A' + at, RIV_ARG(r->function_name));
    riv_json_write(r->args, &net->calls);
    if (riv_str_eq(r->function_name, RIV_LIT("id")) && first) {
        out.result = riv_json_text(first, net->arena);
    } else if (riv_str_eq(r->function_name, RIV_LIT("json")) && first && first->kind == RIV_JSON_STR) {
        riv_str copy = riv_str_dup(net->arena, first->str);
        for (size_t i = 0; i < copy.len; i++)
            if (copy.ptr[i] == '\'') ((char *)(uintptr_t)copy.ptr)[i] = '"';
        out.result = copy;
    } else if (riv_str_eq(r->function_name, RIV_LIT("raw")) && first && first->kind == RIV_JSON_STR) {
        out.result = first->str;
    } else if (riv_str_eq(r->function_name, RIV_LIT("fail"))) {
        out.ret_code = 7;
        out.result   = first && first->kind == RIV_JSON_STR ? first->str : RIV_LIT("failed");
    } else if (riv_str_eq(r->function_name, RIV_LIT("args"))) {
        out.result = riv_json_text(r->args, net->arena);
    } else if (riv_str_eq(r->function_name, RIV_LIT("tets"))) {
        riv_buf text = riv_buf_in(net->arena);
        riv_put_u8(&text, '"');
        for (size_t i = 0; i < r->args->arr.count; i++) {
            if (i) riv_put_u8(&text, ' ');
            for (size_t k = 0; k < r->tetraplets[i].count; k++) {
                const avm_tetraplet *t    = &r->tetraplets[i].items[k];
                int                  peer = testnet_index(net, t->peer_pk);
                riv_putf(&text, "%s%c/" RIV_FMT "/" RIV_FMT "/" RIV_FMT, k ? "," : "", peer < 0 ? '-' : 'A' + peer,
                         RIV_ARG(t->service_id), RIV_ARG(t->function_name), RIV_ARG(t->lens));
            }
        }
        riv_put_u8(&text, '"');
        riv_put_u8(&net->calls, '{');
        riv_put_bytes(&net->calls, riv_bytes_sub(riv_buf_view(&text), 1, text.len - 1));
        riv_put_u8(&net->calls, '}');
        out.result = riv_buf_str(&text);
    } else {
        out.result = riv_json_text(riv_json_str(net->arena, r->function_name), net->arena);
    }
    return out;
}

static inline void testnet_post(testnet *net, const avm_output *out)
{
    for (size_t i = 0; i < out->next_peers_count; i++) {
        int to = testnet_index(net, out->next_peers[i]);
        if (to >= 0 && net->mail_count < TESTNET_MAIL_MAX) net->mail[net->mail_count++] = (testnet_mail){ to, out->data };
    }
}

/* Runs until no peer has anything to do; at most invokes_max runs. */
static inline riv_err testnet_deliver(testnet *net, int at, riv_bytes cur, riv_fault *fault)
{
    avm_output out;
    riv_err    err = testnet_invoke(net, at, cur, NULL, 0, fault, &out);
    while (!err) {
        testnet_post(net, &out);
        if (!out.call_requests_count) return RIV_OK;
        size_t           count   = out.call_requests_count;
        avm_call_result *results = riv_new(net->arena, avm_call_result, count);
        for (size_t i = 0; i < count; i++) results[i] = testnet_serve(net, at, &out.call_requests[i]);
        err = testnet_invoke(net, at, (riv_bytes){ 0 }, results, count, fault, &out);
    }
    return err;
}

static inline riv_err testnet_settle(testnet *net, size_t invokes_max, riv_fault *fault)
{
    while (net->mail_count && net->invokes < invokes_max) {
        size_t       i    = net->order ? (size_t)riv_prng_below(net->order, net->mail_count) : 0;
        testnet_mail mail = net->mail[i];
        memmove(&net->mail[i], &net->mail[i + 1], (net->mail_count - 1 - i) * sizeof net->mail[0]);
        net->mail_count--;
        RIV_TRY(testnet_deliver(net, mail.to, mail.data, fault));
    }
    return RIV_OK;
}

/* Starts on A and lets the network come to rest. */
static inline riv_err testnet_run(testnet *net, riv_fault *fault)
{
    RIV_TRY(testnet_deliver(net, 0, (riv_bytes){ 0 }, fault));
    return testnet_settle(net, 2000, fault);
}

#endif
