/* Three machines in lockstep on a small network: avm_run with encoded data at each step, a session that is never dropped, and one that is
 * dropped now and then and opened again from its data. Whatever differs ends the process. For session_test.c and session_fuzz.c; not
 * part of the room. Spec: avm.h (the law of sessions). */
#ifndef RIV_AVM_SESSION_NET_H
#define RIV_AVM_SESSION_NET_H

#include "avm/testnet.h"

/* Decisions come from bytes: a fuzzer's, or a seed's. After the last one all are 0. */
typedef struct choices { riv_bytes in; size_t pos; } choices;
static inline uint32_t choose(choices *c, uint32_t below)
{
    uint32_t v = c->pos < c->in.len ? c->in.ptr[c->pos++] : 0;
    if (below > 256) v = v << 8 | (c->pos < c->in.len ? c->in.ptr[c->pos++] : 0);
    return v % below;
}
static inline choices choices_of_seed(riv_arena *arena, uint64_t seed, size_t len)
{
    uint8_t *bytes = riv_arena_alloc(arena, len, 1);
    riv_prng prng  = riv_prng_seed(seed);
    riv_prng_fill(&prng, bytes, len);
    return (choices){ { bytes, len }, 0 };
}

typedef struct lockstep {
    testnet          *net;
    choices          *choices;
    avm_session      *kept[TESTNET_PEERS], *dropped[TESTNET_PEERS];
    avm_session_stats stats; /* of the kept ones, when they were closed */
} lockstep;

static inline lockstep lockstep_open(testnet *net, choices *c)
{
    lockstep l = { .net = net, .choices = c };
    for (int i = 0; i < TESTNET_PEERS; i++) {
        l.kept[i]    = avm_session_new((riv_bytes){ 0 });
        l.dropped[i] = avm_session_new((riv_bytes){ 0 });
    }
    return l;
}

static inline void lockstep_same_data(avm_session *s, riv_bytes want)
{
    riv_fault fault = { 0 };
    riv_bytes got;
    RIV_ASSERT(avm_session_data(s, &fault, &got) == RIV_OK);
    RIV_ASSERT(riv_bytes_eq(got, want));
}

static inline void lockstep_close(lockstep *l)
{
    for (int i = 0; i < TESTNET_PEERS; i++) {
        lockstep_same_data(l->kept[i], l->net->peer[i].data);
        lockstep_same_data(l->dropped[i], l->net->peer[i].data);
        avm_session_stats s = avm_session_stats_of(l->kept[i]);
        l->stats.steps += s.steps;
        l->stats.resumed += s.resumed;
        l->stats.replayed += s.replayed;
        l->stats.encoded += s.encoded;
        l->stats.signed_anew += s.signed_anew;
        avm_session_free(l->kept[i]);
        avm_session_free(l->dropped[i]);
    }
}

static inline bool same_tetraplet(const avm_tetraplet *a, const avm_tetraplet *b)
{
    return riv_str_eq(a->peer_pk, b->peer_pk) && riv_str_eq(a->service_id, b->service_id) &&
           riv_str_eq(a->function_name, b->function_name) && riv_str_eq(a->lens, b->lens);
}

static inline void lockstep_same_request(const avm_call_request *a, const avm_call_request *b)
{
    RIV_ASSERT(a->id == b->id && riv_str_eq(a->service_id, b->service_id));
    RIV_ASSERT(riv_str_eq(a->function_name, b->function_name) && riv_json_eq(a->args, b->args));
    for (size_t i = 0; i < a->args->arr.count; i++) {
        RIV_ASSERT(a->tetraplets[i].count == b->tetraplets[i].count);
        for (size_t k = 0; k < a->tetraplets[i].count; k++)
            RIV_ASSERT(same_tetraplet(&a->tetraplets[i].items[k], &b->tetraplets[i].items[k]));
    }
}

static inline void lockstep_same_output(const avm_output *a, const avm_output *b)
{
    RIV_ASSERT(a->ret_code == b->ret_code && riv_str_eq(a->error_message, b->error_message));
    RIV_ASSERT(a->next_peers_count == b->next_peers_count && a->call_requests_count == b->call_requests_count);
    for (size_t i = 0; i < a->next_peers_count; i++) RIV_ASSERT(riv_str_eq(a->next_peers[i], b->next_peers[i]));
    for (size_t i = 0; i < a->call_requests_count; i++) lockstep_same_request(&a->call_requests[i], &b->call_requests[i]);
    RIV_ASSERT(a->air_limit_exceeded == b->air_limit_exceeded && a->particle_limit_exceeded == b->particle_limit_exceeded &&
               a->call_result_limit_exceeded == b->call_result_limit_exceeded);
    RIV_ASSERT(a->signatures_checked == b->signatures_checked);
}

/* One step of all three; the network's data and output are avm_run's. */
static inline riv_err lockstep_invoke(lockstep *l, int at, riv_bytes cur, const avm_call_result *results, size_t count,
                                      riv_fault *fault, avm_output *out)
{
    testnet  *net = l->net;
    avm_input in  = { .script = net->script, .cur = cur, .results = results, .results_count = count, .params = net->params };
    in.params.current_peer_id = net->peer[at].id;
    in.params.secret          = net->peer[at].secret;
    if (!in.params.init_peer_id.len) in.params.init_peer_id = net->peer[0].id;
    riv_err err = testnet_invoke(net, at, cur, results, count, fault, out);
    for (int which = 0; which < 2; which++) {
        avm_session **s     = which ? &l->dropped[at] : &l->kept[at];
        avm_output    other = { 0 };
        riv_fault     bad   = { 0 };
        riv_err       ended = avm_session_step(*s, &in, net->arena, &bad, &other);
        RIV_ASSERT(ended == err);
        if (err) return err;
        RIV_ASSERT(other.data.len == 0);
        lockstep_same_output(out, &other);
        if (choose(l->choices, 4) == 0) lockstep_same_data(*s, net->peer[at].data);
        if (which && choose(l->choices, 3) == 0) {
            lockstep_same_data(*s, net->peer[at].data);
            avm_session_free(*s);
            *s = avm_session_new(net->peer[at].data);
        }
    }
    return RIV_OK;
}

/* Arrives, and is run until the host's answers bring no more requests; all answers at once. */
static inline riv_err lockstep_deliver(lockstep *l, int at, riv_bytes cur, riv_fault *fault)
{
    testnet   *net = l->net;
    avm_output out;
    riv_err    err = lockstep_invoke(l, at, cur, NULL, 0, fault, &out);
    while (!err) {
        testnet_post(net, &out);
        if (!out.call_requests_count) return RIV_OK;
        size_t           count   = out.call_requests_count;
        avm_call_result *results = riv_new(net->arena, avm_call_result, count);
        for (size_t i = 0; i < count; i++) results[i] = testnet_serve(net, at, &out.call_requests[i]);
        err = lockstep_invoke(l, at, (riv_bytes){ 0 }, results, count, fault, &out);
    }
    return err;
}

static inline riv_err lockstep_run(lockstep *l, size_t invokes_max, riv_fault *fault)
{
    testnet *net = l->net;
    RIV_TRY(lockstep_deliver(l, 0, (riv_bytes){ 0 }, fault));
    while (net->mail_count && net->invokes < invokes_max) {
        size_t       i    = choose(l->choices, (uint32_t)net->mail_count);
        testnet_mail mail = net->mail[i];
        memmove(&net->mail[i], &net->mail[i + 1], (net->mail_count - 1 - i) * sizeof net->mail[0]);
        net->mail_count--;
        RIV_TRY(lockstep_deliver(l, mail.to, mail.data, fault));
    }
    return RIV_OK;
}

#endif
