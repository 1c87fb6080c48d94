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
    bool              patient; /* no scant steps, nothing dropped, data looked at in the end only */
    bool              over;    /* a budget was spent; they are counted in other ways, so machines part here */
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
        if (!l->over) {
            lockstep_same_data(l->kept[i], l->net->peer[i].data);
            lockstep_same_data(l->dropped[i], l->net->peer[i].data);
        }
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
    riv_bytes before = net->peer[at].data;
    riv_err   err    = testnet_invoke(net, at, cur, results, count, fault, out);
    for (int which = 0; which < 2; which++) {
        avm_session **s     = which ? &l->dropped[at] : &l->kept[at];
        avm_output    other = { 0 };
        riv_fault     bad   = { 0 };
        riv_err       ended = RIV_E_LIMIT;
        if (!err && !l->patient && choose(l->choices, 8) == 0) { /* a budget that is soon spent: the session is as before the step */
            avm_input scant        = in;
            scant.params.steps_max = 1 + choose(l->choices, 16);
            ended                  = avm_session_step(*s, &scant, net->arena, &bad, &other);
            RIV_ASSERT(ended == RIV_OK || ended == RIV_E_LIMIT);
            if (ended && choose(l->choices, 2)) lockstep_same_data(*s, before);
        }
        if (ended) ended = avm_session_step(*s, &in, net->arena, &bad, &other);
        if (err == RIV_E_LIMIT || ended == RIV_E_LIMIT) {
            l->over = true;
            return RIV_E_LIMIT;
        }
        RIV_ASSERT(ended == err && !err);
        RIV_ASSERT(other.data.len == 0);
        lockstep_same_output(out, &other);
        if (l->patient) continue;
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

/* ---- made-up networks ---- */

enum { MADE_NAMES = 24, MADE_NODES = 48, MADE_PENDING = 64, MADE_ANSWERS = 4 };

typedef struct made {
    choices *c;
    riv_buf  out;
    unsigned nodes, names, lists, canons, iterators, open[4], open_count;
    bool     stream_canon;
} made;

static inline void made_peer(made *m)
{
    riv_putf(&m->out, "@%c", "AAABBC"[choose(m->c, 6)]);
}

static inline void made_value(made *m)
{
    switch (choose(m->c, 12)) {
    case 0: riv_putf(&m->out, "%u", choose(m->c, 3)); return;
    case 1: riv_put_str(&m->out, RIV_LIT("\"text\"")); return;
    case 2: riv_put_str(&m->out, choose(m->c, 2) ? RIV_LIT("%last_error%") : RIV_LIT(":error:")); return;
    case 3: riv_put_str(&m->out, RIV_LIT("0.3")); return;
    case 4:
    case 5:
        if (m->open_count) {
            riv_putf(&m->out, "i%u", m->open[choose(m->c, m->open_count)]);
            return;
        }
        break;
    case 6:
        if (m->canons) {
            riv_putf(&m->out, "#c%u", choose(m->c, m->canons));
            return;
        }
        break;
    case 7:
        if (m->canons) {
            riv_putf(&m->out, "#c%u%s", choose(m->c, m->canons), choose(m->c, 2) ? ".length" : ".$.[0]");
            return;
        }
        break;
    default: break;
    }
    if (m->names && choose(m->c, 4))
        riv_putf(&m->out, "x%u", choose(m->c, m->names));
    else
        riv_putf(&m->out, "\"v%u\"", choose(m->c, 4));
}

static inline void made_call(made *m)
{
    static const char *const functions[] = { "id", "json", "fail", "raw", "args", "tets", "f", "id", "f", "id" };
    unsigned                 f           = choose(m->c, RIV_COUNT(functions));
    riv_put_str(&m->out, RIV_LIT("(call "));
    made_peer(m);
    riv_putf(&m->out, " (\"s\" \"%s\") [", functions[f]);
    if (f == 1 || f == 3)
        riv_put_str(&m->out, f == 1 ? RIV_LIT("\"[1,{'a':0.1},'b']\"") : RIV_LIT("\"[1,\""));
    else
        for (unsigned i = choose(m->c, 3); i > 0; i--) {
            made_value(m);
            riv_put_u8(&m->out, ' ');
        }
    riv_put_u8(&m->out, ']');
    switch (choose(m->c, 4)) {
    case 0: break;
    case 1: riv_putf(&m->out, " $s%u", choose(m->c, 2)); break;
    default:
        if (m->names < MADE_NAMES && choose(m->c, 12)) riv_putf(&m->out, " x%u", m->names++);
        break;
    }
    riv_put_u8(&m->out, ')');
}

static inline void made_ap(made *m)
{
    riv_put_str(&m->out, RIV_LIT("(ap "));
    switch (choose(m->c, 6)) {
    case 0:
    case 1:
    case 2:
        made_value(m);
        riv_putf(&m->out, " $s%u)", choose(m->c, 2));
        return;
    case 3:
        {
        bool text = choose(m->c, 4) != 0;
        if (text && m->names && !choose(m->c, 4))
            riv_putf(&m->out, "(x%u ", choose(m->c, m->names));
        else
            riv_putf(&m->out, text ? "(\"k%u\" " : "(%u ", choose(m->c, 3));
        }
        made_value(m);
        riv_put_str(&m->out, RIV_LIT(") %m)"));
        return;
    default:
        made_value(m);
        riv_putf(&m->out, " x%u)", m->names < MADE_NAMES ? m->names++ : 0);
        return;
    }
}

static inline void made_node(made *m, unsigned depth);

static inline void made_two(made *m, const char *op, unsigned depth)
{
    riv_putf(&m->out, "(%s ", op);
    made_node(m, depth);
    riv_put_u8(&m->out, ' ');
    made_node(m, depth);
    riv_put_u8(&m->out, ')');
}

static inline void made_fold(made *m, unsigned depth)
{
    static const char *const bodies[] = { "seq", "par", "seq", "par", "xor" };
    unsigned                 it = m->iterators++, op = choose(m->c, RIV_COUNT(bodies)), over = choose(m->c, 6);
    bool                     back = choose(m->c, 4) == 0, last = choose(m->c, 2);
    riv_put_str(&m->out, RIV_LIT("(fold "));
    if (over == 0 && m->canons)
        riv_putf(&m->out, "#c%u", choose(m->c, m->canons));
    else if (over == 1)
        riv_put_str(&m->out, RIV_LIT("%m"));
    else if (over < 4)
        riv_putf(&m->out, "$s%u", choose(m->c, 2));
    else
        riv_put_str(&m->out, RIV_LIT("list"));
    riv_putf(&m->out, " i%u (%s ", it, bodies[op]);
    if (back) riv_putf(&m->out, "(next i%u) ", it);
    bool room = m->open_count < RIV_COUNT(m->open);
    if (room) m->open[m->open_count++] = it;
    made_node(m, depth);
    if (room) m->open_count--;
    if (!back) riv_putf(&m->out, " (next i%u)", it);
    riv_put_u8(&m->out, ')');
    if (last) {
        riv_put_u8(&m->out, ' ');
        made_node(m, 1);
    }
    riv_put_u8(&m->out, ')');
}

static inline void made_node(made *m, unsigned depth)
{
    if (!depth || m->nodes++ > MADE_NODES) {
        made_call(m);
        return;
    }
    switch (choose(m->c, 24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5: made_two(m, "seq", depth - 1); return;
    case 6:
    case 7:
    case 8: made_two(m, "par", depth - 1); return;
    case 9:
    case 10: made_two(m, "xor", depth - 1); return;
    case 11:
        riv_put_str(&m->out, choose(m->c, 2) ? RIV_LIT("(match ") : RIV_LIT("(mismatch "));
        made_value(m);
        riv_put_u8(&m->out, ' ');
        made_value(m);
        riv_put_u8(&m->out, ' ');
        made_node(m, depth - 1);
        riv_put_u8(&m->out, ')');
        return;
    case 12:
    case 13:
    case 14: made_ap(m); return;
    case 15:
    case 16:
        if (m->canons >= MADE_NAMES) break;
        riv_put_str(&m->out, RIV_LIT("(canon "));
        made_peer(m);
        if (choose(m->c, 5))
            riv_putf(&m->out, " $s%u #c%u)", choose(m->c, 2), m->canons++);
        else
            riv_putf(&m->out, " %%m x%u)", m->names < MADE_NAMES ? m->names++ : 0);
        return;
    case 17:
    case 18: made_fold(m, depth - 1); return;
    case 19:
        switch (choose(m->c, 4)) {
        case 0: riv_put_str(&m->out, RIV_LIT("(new %m ")); break;
        case 1:
            if (m->names) {
                riv_putf(&m->out, "(new x%u ", choose(m->c, m->names));
                break;
            } /* fallthrough */
        default: riv_putf(&m->out, "(new $s%u ", choose(m->c, 2)); break;
        }
        made_node(m, depth - 1);
        riv_put_u8(&m->out, ')');
        return;
    case 20:
        riv_put_str(&m->out, choose(m->c, 2) ? RIV_LIT("(fail 5 \"boom\")") : RIV_LIT("(fail :error:)"));
        return;
    case 21: riv_put_str(&m->out, choose(m->c, 3) ? RIV_LIT("(null)") : RIV_LIT("(never)")); return;
    default: break;
    }
    made_call(m);
}

static inline const char *made_try(choices *c, riv_arena *arena)
{
    made m = { .c = c, .out = riv_buf_in(arena) };
    riv_put_str(&m.out, RIV_LIT("(seq (call @A (\"s\" \"json\") [\"[1,[2],'@']\"] list) "));
    const char *defined = choose(c, 2) ? "(null)" : "(fail 1 \"\")"; /* the text defines them; whether they are written to */
    riv_putf(&m.out, "(seq (xor %s (seq (ap 0 $s0) (seq (ap 1 $s1) (ap (\"k\" 1) %%m)))) ", defined);
    made_two(&m, choose(c, 3) ? "seq" : "par", 3 + choose(c, 5));
    riv_put_str(&m.out, RIV_LIT("))"));
    riv_put_u8(&m.out, 0);
    return (const char *)m.out.ptr;
}

/* Mostly one that parses. */
static inline const char *made_script(choices *c, riv_arena *arena)
{
    testnet         names = { .arena = arena };
    const air_node *root;
    const char     *script = made_try(c, arena);
    for (int i = 0; i < 6 && air_parse(testnet_script(&names, script), arena, NULL, &root); i++)
        script = made_try(c, arena);
    return script;
}

/* Answers that the host has not given yet. */
typedef struct made_net {
    lockstep        l;
    avm_call_result answers[TESTNET_PEERS][MADE_PENDING];
    size_t          answers_count[TESTNET_PEERS];
} made_net;

static inline riv_err made_invoke(made_net *n, int at, riv_bytes cur, const avm_call_result *results, size_t count,
                                  riv_fault *fault)
{
    testnet   *net = n->l.net;
    avm_output out;
    RIV_TRY(lockstep_invoke(&n->l, at, cur, results, count, fault, &out));
    testnet_post(net, &out);
    for (size_t i = 0; i < out.call_requests_count && n->answers_count[at] < MADE_PENDING; i++) {
        avm_call_result a = testnet_serve(net, at, &out.call_requests[i]);
        switch (choose(n->l.choices, 24)) {
        case 0: a = (avm_call_result){ a.id, 1, RIV_LIT("refused") }; break;
        case 1: a = (avm_call_result){ a.id, 0, RIV_LIT("no JSON") }; break;
        case 2: a = (avm_call_result){ a.id, 0, RIV_LIT("5.689329179025993e-57") }; break;
        default: break;
        }
        n->answers[at][n->answers_count[at]++] = a;
    }
    return RIV_OK;
}

static inline size_t made_answers(made_net *n, int at, avm_call_result *out)
{
    size_t   count = 0;
    choices *c     = n->l.choices;
    for (unsigned want = 1 + choose(c, MADE_ANSWERS); want > 0 && n->answers_count[at]; want--) {
        size_t i     = choose(c, (uint32_t)n->answers_count[at]);
        out[count++] = n->answers[at][i];
        n->answers[at][i] = n->answers[at][--n->answers_count[at]];
    }
    if (choose(c, 16) == 0) out[count++] = (avm_call_result){ .id = 1 + choose(c, 20), .result = RIV_LIT("7") };
    return count;
}

/* Bytes that a carrier changed. */
static inline riv_bytes made_spoilt(testnet *net, choices *c, riv_bytes data)
{
    if (!data.len) return data;
    uint8_t *copy = riv_arena_alloc_raw(net->arena, data.len, 1);
    memcpy(copy, data.ptr, data.len);
    copy[(choose(c, 65536) * 7u) % data.len] ^= (uint8_t)(1 + choose(c, 255));
    return (riv_bytes){ copy, data.len };
}

static inline riv_err made_act(made_net *n, riv_fault *fault)
{
    testnet        *net = n->l.net;
    choices        *c   = n->l.choices;
    avm_call_result results[MADE_ANSWERS + 1];
    int             at = (int)choose(c, 3);
    for (int i = 0; i < 3 && !n->answers_count[at]; i++) at = (at + 1) % 3;
    switch (choose(c, 8)) {
    case 0: /* nothing new */ return made_invoke(n, at, (riv_bytes){ 0 }, NULL, 0, fault);
    case 1:
    case 2:
    case 3: {
        if (!net->mail_count) break;
        size_t       i    = choose(c, (uint32_t)net->mail_count);
        testnet_mail mail = net->mail[i];
        if (choose(c, 5)) /* else it comes again */
            net->mail[i] = net->mail[--net->mail_count];
        if (choose(c, 8) == 0) mail.data = made_spoilt(net, c, mail.data);
        size_t count = choose(c, 4) ? 0 : made_answers(n, mail.to, results);
        return made_invoke(n, mail.to, mail.data, results, count, fault);
    }
    default: break;
    }
    return made_invoke(n, at, (riv_bytes){ 0 }, results, made_answers(n, at, results), fault);
}

/* A made-up script on a made-up network; invokes at most so many. */
static inline avm_session_stats made_run(riv_arena *arena, choices *c, const char *script, size_t invokes_max)
{
    testnet   net;
    riv_fault fault = { 0 };
    made_net *n     = riv_new(arena, made_net, 1);
    testnet_init(&net, arena, script);
    net.params.steps_max = 20000;
    net.params.version   = choose(c, 3) ? AVM_0_64 : AVM_0_62;
    if (choose(c, 8) == 0) net.params.call_result_bytes_max = 12;
    net.params.hard_limits = choose(c, 2);
    net.params.key_format  = choose(c, 64) == 1;
    n->l                 = lockstep_open(&net, c);
    riv_err err          = made_invoke(n, 0, (riv_bytes){ 0 }, NULL, 0, &fault);
    while (!err && net.invokes < invokes_max && c->pos < c->in.len) {
        if (!net.mail_count && !n->answers_count[0] && !n->answers_count[1] && !n->answers_count[2] && !choose(c, 8)) break;
        err = made_act(n, &fault);
    }
    lockstep_close(&n->l);
    return n->l.stats;
}

#endif
