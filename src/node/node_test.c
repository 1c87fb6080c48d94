/* node_test.c: one node and one remote peer: what it takes and refuses, what it answers, what survives a crash. */
#include "node/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(riv_str got, const char *want)
{
    if (riv_str_eq(got, riv_str_c(want))) return;
    fail_msg("got " RIV_FMT ", wanted %s", RIV_ARG(got), want);
}

static void assert_logged(const rig *r, const char *event, const char *part)
{
    if (rig_logged(r, event, part)) return;
    for (size_t i = 0; i < r->log.len; i++) print_message(RIV_FMT "\n", RIV_ARG(r->log.ptr[i]));
    fail_msg("no log line %s with %s", event, part);
}

static void assert_reply(const rig *r, size_t i, node_reply_kind kind, const char *json)
{
    if (i >= r->replies.len) fail_msg("no reply %zu, wanted %s", i, json);
    assert_text(r->replies.ptr[i].json, json);
    assert_int_equal(r->replies.ptr[i].kind, kind);
}

/* ---- arrival ---- */

static void takes_and_forwards(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle p = rig_particle(
        &r, "p-1", "(seq (call \"%s\" (\"op\" \"identity\") [7] x) (call %init_peer_id% (\"out\" \"put\") [x]))", 5000);
    codec_peer me = node_peer(r.n);
    p.script      = riv_format(r.arena,
                               "(seq (call \"" RIV_FMT
                               "\" (\"op\" \"identity\") [7] x) (call %%init_peer_id%% (\"out\" \"put\") [x]))",
                               RIV_ARG(codec_peer_text(r.arena, &me)));
    riv_buf buf   = riv_buf_in(r.arena);
    p2p_particle_signed_bytes(&p, &buf);
    crypto_signature s = crypto_sign(&r.remote_id.keys, riv_buf_view(&buf));
    p.signature        = (riv_bytes){ s.bytes, sizeof s.bytes };
    rig_send(&r, &p);
    assert_int_equal(r.got.len, 1);
    assert_text(r.got.ptr[0].id, "p-1");
    assert_true(riv_str_eq(r.got.ptr[0].script, p.script));
    riv_fault fault = { 0 };
    assert_int_equal(avm_verify(r.got.ptr[0].data, r.got.ptr[0].id, r.arena, &fault), RIV_OK);
    assert_logged(&r, "particle.received", "id=p-1");
    assert_logged(&r, "particle.call", "service=op function=identity ret_code=0");
    assert_logged(&r, "particle.sent", "id=p-1");
    node_stats stats = node_stats_of(r.n);
    assert_int_equal(stats.particles, 1);
    assert_int_equal(stats.sent, 1);
    assert_int_equal(stats.received, 1);
    rig_advance(&r, 5001);
    stats = node_stats_of(r.n);
    assert_int_equal(stats.particles, 0);
    assert_int_equal(stats.stored_bytes, 0);
    assert_int_equal(riv_map_count(r.store), 0); /* nothing of an expired particle is left */
    rig_deinit(&r);
}

static void refuses_bad_ids(void **state)
{
    (void)state;
    char long_id[NODE_ID_BYTES_MAX + 2];
    memset(long_id, 'x', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = 0;
    const struct {
        const char *id;
        bool        good;
    } cases[] = {
        { "A.b_c-9", true }, { long_id + 1, true },  { long_id, false },
        { "", false },       { "../../etc", false }, { "a/b", false },
        { "/abs", false },   { "a b", false },       { "\xc3\xa9", false },
        { "a\nb", false },   { "a:b", false },       { "d205d148-4cf1-4e76-8f6e-fce9810f5e6c", true },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        rig r;
        rig_init(&r, NULL, 0);
        rig_link(&r);
        p2p_particle p = rig_particle(&r, cases[i].id, "(null)", 5000);
        rig_send(&r, &p);
        if (cases[i].good)
            assert_logged(&r, "particle.received", cases[i].id);
        else
            assert_logged(&r, "particle.dropped id= ", "the id is not"); /* and it is not repeated */
        assert_int_equal(node_stats_of(r.n).particles, cases[i].good);
        rig_deinit(&r);
    }
}

typedef enum spoil {
    SPOIL_SIGNATURE,
    SPOIL_SHORT_SIGNATURE,
    SPOIL_SCRIPT,
    SPOIL_TTL,
    SPOIL_INIT,
    SPOIL_LATER,
    SPOIL_OLD,
    SPOIL_OVERFLOW,
    SPOIL_TTL_MAX,
    SPOIL_BIG_SCRIPT
} spoil;

static void spoil_particle(rig *r, p2p_particle *p, spoil how, crypto_signature *s)
{
    riv_buf buf = riv_buf_in(r->arena);
    switch (how) {
    case SPOIL_LATER: p->timestamp_ms += NODE_SKEW_MS_MAX + 1; break;
    case SPOIL_OLD: p->timestamp_ms -= 5001; break;
    case SPOIL_OVERFLOW: p->timestamp_ms = UINT64_MAX - 10; break;
    case SPOIL_TTL_MAX: p->ttl_ms = NODE_TTL_MS_MAX + 1; break;
    case SPOIL_BIG_SCRIPT:
        p->script = riv_bytes_str((riv_bytes){ riv_arena_alloc(r->arena, NODE_AIR_BYTES + 1, 1), NODE_AIR_BYTES + 1 });
        break;
    case SPOIL_SIGNATURE:
    case SPOIL_SHORT_SIGNATURE:
    case SPOIL_SCRIPT:
    case SPOIL_TTL:
    case SPOIL_INIT: break;
    }
    p2p_particle_signed_bytes(p, &buf);
    *s            = crypto_sign(&r->remote_id.keys, riv_buf_view(&buf));
    p->signature  = (riv_bytes){ s->bytes, sizeof s->bytes };
    codec_peer me = node_peer(r->n);
    if (how == SPOIL_SIGNATURE) s->bytes[10] ^= 1;
    if (how == SPOIL_SHORT_SIGNATURE) p->signature.len--;
    if (how == SPOIL_SCRIPT) p->script = RIV_LIT("(never)");
    if (how == SPOIL_TTL) p->ttl_ms++;
    if (how == SPOIL_INIT) p->init_peer_id = codec_peer_text(r->arena, &me);
}

static void refuses_bad_heads(void **state)
{
    (void)state;
    static const struct {
        spoil       how;
        const char *reason;
    } cases[] = {
        { SPOIL_SIGNATURE, "the signature is wrong" },
        { SPOIL_SHORT_SIGNATURE, "the signature is not 64 bytes" },
        { SPOIL_SCRIPT, "the signature is wrong" },
        { SPOIL_TTL, "the signature is wrong" },
        { SPOIL_INIT, "the signature is wrong" },
        { SPOIL_LATER, "the timestamp lies in the future" },
        { SPOIL_OLD, "expired" },
        { SPOIL_OVERFLOW, "the timestamp lies in the future" },
        { SPOIL_TTL_MAX, "the ttl is too long" },
        { SPOIL_BIG_SCRIPT, "the script is too large" },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        rig              r;
        crypto_signature s;
        rig_init(&r, NULL, 0);
        rig_link(&r);
        p2p_particle p = rig_particle(&r, "p-1", "(null)", 5000);
        spoil_particle(&r, &p, cases[i].how, &s);
        rig_send(&r, &p);
        assert_logged(&r, "particle.dropped id=p-1", cases[i].reason);
        assert_int_equal(node_stats_of(r.n).particles, 0);
        assert_int_equal(node_stats_of(r.n).dropped, 1);
        assert_int_equal(riv_map_count(r.store), 0);
        rig_deinit(&r);
    }
}

/* Every frame, however broken, is one log line and nothing else; the next good one is taken. */
static void survives_bad_frames(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle p   = rig_particle(&r, "p-1", "(null)", 5000);
    riv_buf      buf = riv_buf_in(r.arena);
    p2p_particle_write(&p, &buf);
    riv_prng prng    = riv_prng_seed(7);
    size_t   refused = 0;
    for (size_t i = 0; i < 300; i++) {
        riv_bytes copy  = riv_bytes_dup(r.arena, riv_buf_view(&buf));
        uint8_t  *bytes = (uint8_t *)(uintptr_t)copy.ptr;
        size_t    at    = (size_t)riv_prng_below(&prng, copy.len);
        if (i % 3 == 0)
            copy.len = at;
        else
            bytes[at] = (uint8_t)(bytes[at] ^ (1 + riv_prng_below(&prng, 255)));
        size_t before = r.log.len;
        rig_send_frame(&r, copy);
        size_t lines = 0;
        for (size_t k = before; k < r.log.len; k++) lines += riv_str_starts(r.log.ptr[k], RIV_LIT("particle.dropped"));
        refused += lines;
        assert_true(lines <= 1);
    }
    assert_true(refused > 200);
    rig_send(&r, &p);
    assert_true(node_stats_of(r.n).particles >= 1);
    rig_deinit(&r);
}

static void verifies_once_and_skips_the_same(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle p = rig_particle(&r, "p-1", "(null)", 5000);
    rig_send(&r, &p);
    uint64_t checked = node_stats_of(r.n).signatures_checked, runs = node_stats_of(r.n).runs;
    assert_int_equal(runs, 1);
    rig_send(&r, &p);
    assert_logged(&r, "particle.dropped id=p-1", "seen before");
    assert_int_equal(node_stats_of(r.n).signatures_checked, checked);
    assert_int_equal(node_stats_of(r.n).runs, runs);
    p2p_particle other = p; /* the same id and signature around another script */
    other.script       = RIV_LIT("(never)");
    rig_send(&r, &other);
    assert_logged(&r, "particle.dropped id=p-1", "differs from the particle");
    rig_deinit(&r);
}

static void waiting_is_bounded(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs    = true;
    p2p_particle p = rig_particle(&r, "p-1", "(null)", 5000);
    for (size_t i = 0; i < NODE_WAITING_MAX + 3; i++) {
        p.data = riv_str_bytes(riv_format(r.arena, "data %zu", i));
        rig_send(&r, &p);
    }
    assert_int_equal(r.jobs.len, 1); /* one at a time */
    assert_int_equal(node_stats_of(r.n).waiting, NODE_WAITING_MAX);
    assert_logged(&r, "particle.dropped id=p-1", "too many arrivals of it wait");
    node_job *job = r.jobs.ptr[0];
    r.jobs.len    = 0;
    r.hold_jobs   = false;
    rig_finish(&r, job);
    assert_int_equal(node_stats_of(r.n).waiting, 0);
    assert_int_equal(node_stats_of(r.n).runs, NODE_WAITING_MAX + 1);
    void *particle = NULL;
    assert_true(riv_map_at(r.n->by_number, 0, NULL, &particle));
    assert_int_equal(((node_particle *)particle)->rounds, 0); /* none of them was any good */
    rig_deinit(&r);
}

/* SPEC node.md 14 (11): what one peer may take of the room is bounded, and given back. */
static void one_peer_has_a_share(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle one = rig_particle(&r, "p-1", "(null)", 5000), two = rig_particle(&r, "p-2", "(null)", 5000);
    rig_send(&r, &one);
    node_share *share = riv_map_get(r.n->shares, codec_peer_view(&r.remote_id.peer));
    assert_non_null(share);
    assert_int_equal(share->particles, 1);
    assert_int_equal(share->bytes, r.n->stored_bytes);
    share->particles = NODE_PARTICLES_MAX / NODE_SHARE;
    rig_send(&r, &two);
    assert_logged(&r, "particle.dropped id=p-2", "too many particles of that peer");
    share->particles = 1;
    share->bytes += NODE_PARTICLE_BYTES / NODE_SHARE;
    one.data = RIV_BYTES("more");
    rig_send(&r, &one);
    assert_logged(&r, "particle.dropped id=p-1", "too much data of that peer");
    share->bytes -= NODE_PARTICLE_BYTES / NODE_SHARE;
    rig_send(&r, &two);
    assert_int_equal(share->particles, 2);
    rig_crash(&r); /* counted again from the records */
    share = riv_map_get(r.n->shares, codec_peer_view(&r.remote_id.peer));
    assert_int_equal(share->particles, 2);
    assert_int_equal(share->bytes, r.n->stored_bytes);
    rig_advance(&r, 5001);
    assert_int_equal(riv_map_count(r.n->shares), 0);
    rig_deinit(&r);
}

/* Data that one peer sends for a particle that another has brought (or that is our own) fills the sender's share. */
static void arrivals_fill_the_share_of_their_sender(void **state)
{
    (void)state;
    rig   r;
    void *value = NULL;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs = true;
    rig_run(&r, 1, "(null)", NULL, 5000);
    assert_true(riv_map_at(r.n->by_number, 0, NULL, &value));
    p2p_particle own = ((node_particle *)value)->head;
    own.data         = RIV_BYTES("data of another");
    rig_send(&r, &own);
    node_share *share = riv_map_get(r.n->shares, codec_peer_view(&r.remote_id.peer));
    assert_non_null(share);
    assert_int_equal(share->bytes, own.data.len);
    share->bytes += NODE_PARTICLE_BYTES / NODE_SHARE;
    own.data = RIV_BYTES("more");
    rig_send(&r, &own);
    assert_logged(&r, "particle.dropped", "too much data of that peer");
    share->bytes -= NODE_PARTICLE_BYTES / NODE_SHARE;
    rig_advance(&r, 5001);
    assert_int_equal(riv_map_count(r.n->shares), 0);
    assert_int_equal(node_stats_of(r.n).stored_bytes, 0);
    rig_deinit(&r);
}

/* Where jobs wait, each peer has a turn: of the peer that brought what a job works on. */
static void jobs_name_whose_turn_they_use(void **state)
{
    (void)state;
    static const codec_peer nobody;
    rig                     r;
    void                   *value = NULL;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs    = true;
    p2p_particle p = rig_particle(&r, "p-1", "(null)", 5000);
    rig_send(&r, &p);
    assert_true(codec_peer_eq(&r.jobs.ptr[0]->turn, &r.remote_id.peer));
    rig_run(&r, 1, "(null)", NULL, 5000);
    assert_true(codec_peer_eq(&r.jobs.ptr[1]->turn, &nobody));
    assert_true(riv_map_at(r.n->by_number, 1, NULL, &value));
    p2p_particle own = ((node_particle *)value)->head;
    own.data         = RIV_BYTES("data of another");
    rig_send(&r, &own);
    node_job *job = r.jobs.ptr[1];
    r.jobs.len    = 1;
    rig_finish(&r, job);
    assert_int_equal(r.jobs.len, 2);
    assert_true(codec_peer_eq(&r.jobs.ptr[1]->turn, &r.remote_id.peer));
    rig_deinit(&r);
}

static void finish_one(rig *r)
{
    assert_int_equal(r->jobs.len, 1);
    node_job *job = r->jobs.ptr[0];
    r->jobs.len   = 0;
    rig_finish(r, job);
}

static void many_bad_next_peers_are_one_line(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle p = rig_particle(&r, "p-1",
                                  "(par (call \"x1\" (\"a\" \"b\") []) (par (call \"x2\" (\"a\" \"b\") [])"
                                  " (call \"x3\" (\"a\" \"b\") [])))",
                                  5000);
    rig_send(&r, &p);
    assert_logged(&r, "particle.lost id=p-1 to=x1", "count=3");
    size_t lines = 0;
    for (size_t i = 0; i < r.log.len; i++) lines += riv_str_starts(r.log.ptr[i], RIV_LIT("particle.lost"));
    assert_int_equal(lines, 1);
    rig_deinit(&r);
}

/* A particle of some hundred bytes that grows here meets the same bounds as one that comes large. */
static void growth_needs_room(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs         = true;
    codec_peer   me     = node_peer(r.n);
    riv_str      script = riv_format(r.arena, "(call \"" RIV_FMT "\" (\"op\" \"identity\") [7] x)",
                                     RIV_ARG(codec_peer_text(r.arena, &me)));
    p2p_particle p      = rig_particle(&r, "p-1", riv_cstr(r.arena, script), 5000);
    rig_send(&r, &p);
    node_share *share = riv_map_get(r.n->shares, codec_peer_view(&r.remote_id.peer));
    share->bytes += NODE_PARTICLE_BYTES / NODE_SHARE;
    finish_one(&r);
    assert_logged(&r, "particle.lost id=p-1", "no room for what the particle has become");
    assert_int_equal(r.n->stored_bytes, p.id.len + p.init_peer_id.len + p.script.len + p.signature.len);
    share->bytes -= NODE_PARTICLE_BYTES / NODE_SHARE;
    p.data = RIV_BYTES("x");
    rig_send(&r, &p);
    assert_logged(&r, "particle.dropped id=p-1", "it was given up here");
    assert_int_equal(r.jobs.len, 0);
    rig_advance(&r, 5001);
    assert_int_equal(riv_map_count(r.n->shares), 0);
    assert_int_equal(riv_map_count(r.store), 0);
    rig_deinit(&r);
}

/* One large value as the argument of many calls: each call would hold a copy of it. */
static void calls_are_bounded_in_bytes(void **state)
{
    enum { BIG = 512 << 10, CALLS = 100 };
    (void)state;
    rig     r;
    riv_buf script = { 0 };
    rig_init(&r, NULL, 0);
    riv_putf(&script, "(seq (call %%init_peer_id%% (\"op\" \"identity\") [\"");
    for (size_t i = 0; i < BIG; i++) riv_put_u8(&script, 'x');
    riv_putf(&script, "\"] big) ");
    for (size_t i = 0; i < CALLS; i++) riv_putf(&script, "(par (call %%init_peer_id%% (\"op\" \"identity\") [big]) ");
    riv_putf(&script, "(null)");
    for (size_t i = 0; i < CALLS; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    r.hold_jobs = true;
    rig_run(&r, 1, (const char *)script.ptr, NULL, 5000);
    finish_one(&r); /* asks for big */
    finish_one(&r); /* asks for all at once */
    assert_int_equal(r.jobs.len, 1);
    assert_int_equal(r.jobs.ptr[0]->avm.results_count, CALLS);
    size_t bytes = 0, refused = 0;
    for (size_t i = 0; i < CALLS; i++) {
        const avm_call_result *result = &r.jobs.ptr[0]->avm.results[i];
        bytes += result->result.len;
        refused += result->ret_code == 1 && riv_str_find(result->result, RIV_LIT("too many bytes"), 0) != SIZE_MAX;
    }
    assert_in_range(bytes, NODE_CALL_BYTES_MAX / 2, NODE_CALL_BYTES_MAX);
    assert_in_range(refused, CALLS / 4, CALLS - 1);
    riv_buf_free(&script);
    rig_advance(&r, 5001);
    assert_int_equal(node_stats_of(r.n).stored_bytes, 0);
    rig_deinit(&r);
}

/* ---- requests ---- */

static void answers_a_request(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    const riv_json *values = riv_json_object(r.arena, "a", riv_json_u64(r.arena, 40), NULL);
    rig_run(
        &r, 5,
        "(seq (seq (call %init_peer_id% (\"getDataSrv\" \"a\") [] a) (call %init_peer_id% (\"math\" \"add\") [a 2] b)) "
        "(seq (call %init_peer_id% (\"callbackSrv\" \"step\") [a]) (call %init_peer_id% (\"callbackSrv\" \"response\") "
        "[b \"x\"])))",
        values, 5000);
    assert_int_equal(r.replies.len, 2);
    assert_reply(&r, 0, NODE_REPLY_CALLBACK, "[40]");
    assert_text(r.replies.ptr[0].name, "step");
    assert_reply(&r, 1, NODE_REPLY_RESPONSE, "[42,\"x\"]");
    assert_int_equal(r.replies.ptr[1].request, 5);
    rig_advance(&r, 6000);
    assert_int_equal(r.replies.len, 2); /* an answered request ends in silence */
    rig_deinit(&r);
}

static void every_request_ends(void **state)
{
    (void)state;
    static const struct {
        const char     *script, *json;
        uint32_t        ttl_ms;
        bool            later;
        node_reply_kind kind;
    } cases[] = {
        { "(call %init_peer_id% (\"errorHandlingSrv\" \"error\") [\"bad\" 7])", "[\"bad\",7]", 1000, false,
          NODE_REPLY_ERROR },
        { "(call %init_peer_id% (\"no\" \"such\") [])",
          "{\"code\":10000,\"message\":\"Local service error, ret_code is 1, error message is '\\\"Service with id "
          "'no' not found (function such)\\\"'\"}",
          1000, false, NODE_REPLY_FAILED },
        { "(null)", "{\"code\":0,\"message\":\"the script came to its end on this peer without an answer\"}", 1000,
          false, NODE_REPLY_FAILED },
        { "(null)", "{\"code\":0,\"message\":\"the ttl is 0\"}", 0, false, NODE_REPLY_FAILED },
        { "(null)", "{\"code\":0,\"message\":\"the ttl is too long\"}", NODE_TTL_MS_MAX + 1, false, NODE_REPLY_FAILED },
        { "(call \"12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D\" (\"a\" \"b\") [])",
          "{\"code\":0,\"message\":\"peer 12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D cannot be reached: "
          "there is no link to it and no address of it\"}",
          1000, false, NODE_REPLY_FAILED },
        { "(call %init_peer_id% (\"peer\" \"timeout\") [5000])",
          "{\"message\":\"no answer within 1000 ms: 1 calls here are unanswered, the first is peer.timeout\"}", 1000,
          true, NODE_REPLY_EXPIRED },
    };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        rig r;
        rig_init(&r, NULL, 0);
        rig_run(&r, 1, cases[i].script, NULL, cases[i].ttl_ms);
        assert_int_equal(r.replies.len, !cases[i].later);
        rig_advance(&r, 2000);
        assert_int_equal(r.replies.len, 1);
        assert_reply(&r, 0, cases[i].kind, cases[i].json);
        rig_deinit(&r);
    }
}

/* Its script does not parse: the interpreter's number and words reach the user. */
static void a_bad_script_fails(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_run(&r, 1, "(call", NULL, 1000);
    assert_int_equal(r.replies.len, 1);
    assert_int_equal(r.replies.ptr[0].kind, NODE_REPLY_FAILED);
    assert_true(riv_str_starts(r.replies.ptr[0].json, RIV_LIT("{\"code\":1,")));
    rig_deinit(&r);
}

static void expired_names_the_last_peer(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    riv_str text   = codec_peer_text(r.arena, &r.remote_id.peer);
    riv_str script = riv_format(r.arena, "(call \"" RIV_FMT "\" (\"a\" \"b\") [])", RIV_ARG(text));
    rig_run(&r, 1, riv_cstr(r.arena, script), NULL, 1000);
    assert_int_equal(r.got.len, 1);
    rig_advance(&r, 1001);
    assert_int_equal(r.replies.len, 1);
    assert_int_equal(r.replies.ptr[0].kind, NODE_REPLY_EXPIRED);
    riv_str want = riv_format(r.arena, "it was last handed to peer " RIV_FMT, RIV_ARG(text));
    assert_true(riv_str_find(r.replies.ptr[0].json, want, 0) != SIZE_MAX);
    rig_deinit(&r);
}

static void requests_are_bounded(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    for (uint64_t i = 0; i < NODE_REQUESTS_MAX + 1; i++)
        rig_run(&r, i, "(call %init_peer_id% (\"peer\" \"timeout\") [5000])", NULL, 1000);
    assert_int_equal(r.replies.len, 1);
    assert_reply(&r, 0, NODE_REPLY_FAILED, "{\"code\":0,\"message\":\"too many requests at a time\"}");
    rig_advance(&r, 1001);
    assert_int_equal(r.replies.len, NODE_REQUESTS_MAX + 1);
    assert_int_equal(node_stats_of(r.n).particles, 0);
    rig_deinit(&r);
}

static void pauses_end(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_run(&r, 1,
            "(seq (call %init_peer_id% (\"peer\" \"timeout\") [300 \"late\"] m) (call %init_peer_id% (\"callbackSrv\" "
            "\"response\") [m]))",
            NULL, 1000);
    rig_advance(&r, 299);
    assert_int_equal(r.replies.len, 0);
    rig_advance(&r, 1);
    assert_reply(&r, 0, NODE_REPLY_RESPONSE, "[\"late\"]");
    rig_deinit(&r);
}

/* ---- services ---- */

static void shout(node_job *job)
{
    job->result = riv_format(job->arena, "\"" RIV_FMT "!\"", RIV_ARG(riv_json_at(job->call.args, 0)->str));
    if (riv_str_eq(job->call.function, RIV_LIT("break"))) job->err = riv_fail(&job->fault, RIV_E_IO, 0, "it broke");
}

static const riv_str      shouter_aliases[] = { RIV_LIT_INIT("shouter") };
static const node_service shouter           = { RIV_LIT_INIT("11111111-2222"), shouter_aliases, 1, { 0 } };

#define ASK(service, function, out) "(call %init_peer_id% (\"" service "\" \"" function "\") [\"hey\"] " out ")"
#define TELL(what)                  "(call %init_peer_id% (\"callbackSrv\" \"response\") [" what "])"

static void calls_services_by_id_and_alias(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, &shouter, 1);
    r.call = shout;
    rig_run(&r, 1, "(seq " ASK("shouter", "up", "a") " (seq " ASK("11111111-2222", "up", "b") " " TELL("a b") "))",
            NULL, 1000);
    assert_reply(&r, 0, NODE_REPLY_RESPONSE, "[\"hey!\",\"hey!\"]");
    rig_run(&r, 2, "(xor " ASK("shouter", "break", "a") " " TELL(":error:.$.message") ")", NULL, 1000);
    assert_reply(&r, 1, NODE_REPLY_RESPONSE,
                 "[\"Local service error, ret_code is 1, error message is '\\\"it broke\\\"'\"]");
    rig_deinit(&r);
}

static void a_service_runs_one_call_at_a_time(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, &shouter, 1);
    r.call = shout;
    for (uint64_t i = 0; i < 3; i++) {
        r.hold_jobs = true;
        rig_run(&r, i, "(seq " ASK("shouter", "up", "a") " " TELL("a") ")", NULL, 1000);
        node_job *avm = r.jobs.ptr[r.jobs.len - 1];
        assert_int_equal(avm->kind, NODE_JOB_AVM);
        r.jobs.len--;
        rig_finish(&r, avm);
    }
    assert_int_equal(r.jobs.len, 1); /* two calls wait */
    node_job *first = r.jobs.ptr[0];
    assert_int_equal(first->kind, NODE_JOB_CALL);
    r.jobs.len  = 0;
    r.hold_jobs = false;
    rig_finish(&r, first);
    assert_int_equal(r.replies.len, 3);
    for (size_t i = 0; i < 3; i++) assert_reply(&r, i, NODE_REPLY_RESPONSE, "[\"hey!\"]");
    rig_deinit(&r);
}

/* Runs of the interpreter that the test does not look at. */
static void forget_jobs(rig *r, size_t from)
{
    for (size_t i = from; i < r->jobs.len; i++) node_job_free(r->jobs.ptr[i]);
    r->jobs.len = 0;
}

/* The remote asks for many calls of a service; then our own particle asks for one: it is the next to be served. */
static void a_service_serves_peers_in_turn(void **state)
{
    (void)state;
    rig        r;
    codec_peer me;
    riv_buf    script = { 0 };
    rig_init(&r, &shouter, 1);
    rig_link(&r);
    me         = node_peer(r.n);
    riv_str id = codec_peer_text(r.arena, &me);
    for (size_t i = 0; i < NODE_CALLS_MAX + 1; i++)
        riv_putf(&script, "(par (call \"" RIV_FMT "\" (\"shouter\" \"up\") [\"hey\"]) ", RIV_ARG(id));
    riv_putf(&script, "(null)");
    for (size_t i = 0; i < NODE_CALLS_MAX + 1; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    r.call         = shout;
    r.hold_jobs    = true;
    p2p_particle p = rig_particle(&r, "p-1", (const char *)script.ptr, 5000);
    rig_send(&r, &p);
    finish_one(&r); /* the interpreter; one call starts, the rest wait */
    assert_int_equal(r.n->slots[0].queue.len, NODE_CALLS_MAX - 1);
    p.id            = RIV_LIT("p-2");
    p               = rig_particle(&r, "p-2", (const char *)script.ptr, 5000);
    node_job *first = r.jobs.ptr[0];
    forget_jobs(&r, 1);
    rig_send(&r, &p);
    finish_one(&r); /* of the second particle */
    assert_int_equal(r.n->slots[0].queue.len, NODE_SERVICE_WAIT_MAX / NODE_SHARE);
    assert_logged(&r, "particle.call id=p-2", "ret_code=1");
    assert_logged(&r, "particle.call id=p-2", "error=");
    forget_jobs(&r, 0);
    rig_run(&r, 7, "(seq " ASK("shouter", "up", "a") " " TELL("a") ")", NULL, 1000);
    finish_one(&r);
    forget_jobs(&r, 0);
    rig_finish(&r, first);
    assert_int_equal(r.jobs.ptr[r.jobs.len - 1]->kind, NODE_JOB_CALL);
    assert_false(riv_str_starts(r.jobs.ptr[r.jobs.len - 1]->call.particle_id, RIV_LIT("p-")));
    riv_buf_free(&script);
    rig_deinit(&r);
}

/* A call whose particle expires while it waits is never made; the one that runs is not waited for. */
static void expired_calls_are_not_made(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, &shouter, 1);
    r.call      = shout;
    r.hold_jobs = true;
    for (uint64_t i = 0; i < 2; i++) {
        rig_run(&r, i, "(seq " ASK("shouter", "up", "a") " " TELL("a") ")", NULL, 1000);
        node_job *avm = r.jobs.ptr[r.jobs.len - 1];
        r.jobs.len--;
        rig_finish(&r, avm);
    }
    rig_advance(&r, 1001);
    assert_int_equal(r.replies.len, 2);
    assert_int_equal(r.replies.ptr[0].kind, NODE_REPLY_EXPIRED);
    node_job *late = r.jobs.ptr[0];
    r.jobs.len     = 0;
    rig_finish(&r, late);
    assert_int_equal(r.jobs.len, 0);
    assert_int_equal(node_stats_of(r.n).jobs, 0);
    rig_deinit(&r);
}

/* ---- crashes ---- */

/* What was acknowledged to the sender is run after a crash, even if its first run never ended. */
static void an_arrival_survives_a_crash(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs    = true;
    p2p_particle p = rig_particle(&r, "p-1", "(call %init_peer_id% (\"a\" \"b\") [])", 5000);
    p.script       = RIV_LIT("(null)");
    p              = rig_particle(&r, "p-1", "(call %init_peer_id% (\"a\" \"b\") [])", 5000);
    rig_send(&r, &p);
    assert_int_equal(r.jobs.len, 1);
    r.hold_jobs = false;
    rig_crash(&r);
    assert_int_equal(node_stats_of(r.n).particles, 1);
    assert_int_equal(node_stats_of(r.n).runs, 1);
    rig_link(&r); /* the way back was cut; it goes out as soon as the peer is there again */
    assert_int_equal(r.got.len, 1);
    assert_text(r.got.ptr[0].id, "p-1");
    rig_deinit(&r);
}

static size_t calls_made;
static void   count_calls(node_job *job)
{
    calls_made++;
    shout(job);
}

static void a_call_is_made_again_after_a_crash(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, &shouter, 1);
    rig_link(&r);
    r.call              = count_calls;
    calls_made          = 0;
    codec_peer   me     = node_peer(r.n);
    riv_str      script = riv_format(r.arena,
                                     "(seq (call \"" RIV_FMT
                                     "\" (\"shouter\" \"up\") [\"hey\"] x) (call %%init_peer_id%% (\"out\" \"put\") [x]))",
                                     RIV_ARG(codec_peer_text(r.arena, &me)));
    p2p_particle p      = rig_particle(&r, "p-1", riv_cstr(r.arena, script), 5000);
    r.hold_jobs         = true;
    rig_send(&r, &p);
    node_job *avm = r.jobs.ptr[0];
    r.jobs.len    = 0;
    rig_finish(&r, avm);
    assert_int_equal(r.jobs.len, 1); /* the call is out when the node dies */
    r.hold_jobs = false;
    rig_crash(&r);
    assert_int_equal(calls_made, 1);
    rig_link(&r);
    assert_int_equal(r.got.len, 1);
    rig_deinit(&r);
}

static void a_pause_goes_on_after_a_crash(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_run(&r, 1,
            "(seq (call %init_peer_id% (\"peer\" \"timeout\") [300 \"late\"] m) (call %init_peer_id% (\"callbackSrv\" "
            "\"response\") [m]))",
            NULL, 1000);
    rig_advance(&r, 200);
    rig_crash(&r);
    uint64_t runs = node_stats_of(r.n).runs;
    rig_advance(&r, 99);
    assert_int_equal(node_stats_of(r.n).runs, runs);
    rig_advance(&r, 1);
    assert_true(node_stats_of(r.n).runs > runs);
    rig_deinit(&r);
}

static void expired_records_are_deleted(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    p2p_particle p = rig_particle(&r, "p-1", "(null)", 5000);
    rig_send(&r, &p);
    assert_true(riv_map_count(r.store) > 0);
    r.now_ms += 5001;
    rig_crash(&r);
    assert_int_equal(riv_map_count(r.store), 0);
    assert_int_equal(node_stats_of(r.n).particles, 0);
    rig_deinit(&r);
}

/* Whatever the disk gives back: no crash, and broken records go. */
static void broken_records_are_deleted(void **state)
{
    (void)state;
    riv_prng prng = riv_prng_seed(11);
    for (size_t round = 0; round < 60; round++) {
        rig r;
        rig_init(&r, NULL, 0);
        rig_link(&r);
        p2p_particle p = rig_particle(&r, "p-1", "(call %init_peer_id% (\"a\" \"b\") [1 \"x\"])", 5000);
        rig_send(&r, &p);
        riv_bytes key;
        void     *value;
        for (size_t i = 0; i < riv_map_slots(r.store); i++) {
            if (!riv_map_at(r.store, i, &key, &value)) continue;
            riv_blob *b = value;
            if (b->len && riv_prng_below(&prng, 2))
                b->ptr[riv_prng_below(&prng, b->len)] ^= (uint8_t)(1u << riv_prng_below(&prng, 8));
            if (b->len && !riv_prng_below(&prng, 4)) b->len = (size_t)riv_prng_below(&prng, b->len);
        }
        rig_store_put(&r, RIV_BYTES("junk"), RIV_BYTES("x"));
        rig_crash(&r);
        assert_false(riv_map_has(r.store, RIV_BYTES("junk")));
        rig_advance(&r, 6000);
        rig_deinit(&r);
    }
}

/* ---- sending ---- */

static void waits_for_a_peer_that_is_away(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    r.hold_jobs         = true;
    p2p_particle p      = rig_particle(&r, "p-1", "(call %init_peer_id% (\"a\" \"b\") [])", 5000);
    codec_peer   me     = node_peer(r.n);
    riv_str      script = riv_format(
             r.arena, "(seq (call \"" RIV_FMT "\" (\"op\" \"noop\") []) (call %%init_peer_id%% (\"a\" \"b\") []))",
             RIV_ARG(codec_peer_text(r.arena, &me)));
    p = rig_particle(&r, "p-2", riv_cstr(r.arena, script), 5000);
    rig_send(&r, &p);
    rig_unlink(&r);
    node_job *job = r.jobs.ptr[0];
    r.jobs.len    = 0;
    r.hold_jobs   = false;
    rig_finish(&r, job);
    rig_advance(&r, 1500);
    assert_int_equal(r.got.len, 0);
    rig_link(&r);
    assert_int_equal(r.got.len, 1);
    rig_advance(&r, 4000);
    assert_int_equal(r.got.len, 1); /* once */
    rig_deinit(&r);
}

static void adds_peers_and_stops(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_step(&r, (node_event){ .kind = NODE_ADD_PEER, .addr = RIV_LIT("/memory/5") });
    assert_logged(&r, "link.failed addr=/memory/5", "does not end in /p2p/PEER_ID");
    rig_step(&r, (node_event){ .kind = NODE_ADD_PEER, .addr = RIV_LIT("nonsense") });
    assert_logged(&r, "link.failed addr=nonsense", "reason=");
    codec_peer me   = node_peer(r.n);
    riv_str    self = riv_format(r.arena, "/memory/1/p2p/" RIV_FMT, RIV_ARG(codec_peer_text(r.arena, &me)));
    rig_step(&r, (node_event){ .kind = NODE_ADD_PEER, .addr = self });
    assert_logged(&r, "link.failed", "that is this peer itself");
    size_t lines = r.log.len;
    rig_step(&r, (node_event){ .kind = NODE_ADD_PEER,
                               .addr = RIV_LIT("/memory/9/p2p/12D3KooWANqfCDrV79MZdMnMqTvDdqSAPSxdgFY1L6DCq2DVGB4D") });
    assert_int_equal(r.log.len, lines + 1); /* it was dialed, and there is no network */
    assert_logged(&r, "link.failed addr=/memory/9", "reason=no network");
    rig_link(&r);
    rig_run(&r, 4, "(call %init_peer_id% (\"peer\" \"timeout\") [500])", NULL, 1000);
    rig_step(&r, (node_event){ .kind = NODE_STOP });
    assert_reply(&r, 0, NODE_REPLY_FAILED, "{\"code\":0,\"message\":\"the node was stopped\"}");
    assert_false(r.linked);
    assert_int_equal(node_stats_of(r.n).links, 0);
    rig_deinit(&r);
}

/* ---- hostile answers ---- */

/* One run of the interpreter at the remote peer. */
static avm_output remote_run(rig *r, const p2p_particle *p, riv_bytes prev, riv_bytes cur,
                             const avm_call_result *result)
{
    avm_output    out    = { 0 };
    riv_fault     fault  = { 0 };
    crypto_secret secret = { { 2 } }; /* as in rig_init */
    avm_input     in     = {
                .script = p->script, .prev = prev, .cur = cur, .results = result, .results_count = result != NULL
    };
    in.params = (avm_params){ .init_peer_id    = p->init_peer_id,
                              .current_peer_id = codec_peer_text(r->arena, &r->remote_id.peer),
                              .particle_id     = p->id,
                              .timestamp_ms    = p->timestamp_ms,
                              .ttl_ms          = p->ttl_ms,
                              .secret          = secret };
    assert_int_equal(avm_run(&in, r->arena, &fault, &out), RIV_OK);
    assert_int_equal(out.ret_code, 0);
    return out;
}

/* A peer that spoils the trace of our particle cannot end our request: the right trace is still taken. */
static void forged_data_does_not_end_a_request(void **state)
{
    (void)state;
    riv_prng prng = riv_prng_seed(5);
    for (size_t round = 0; round < 20; round++) {
        rig r;
        rig_init(&r, NULL, 0);
        rig_link(&r);
        riv_str script =
            riv_format(r.arena,
                       "(seq (call \"" RIV_FMT
                       "\" (\"a\" \"b\") [] x) (call %%init_peer_id%% (\"callbackSrv\" \"response\") [x]))",
                       RIV_ARG(codec_peer_text(r.arena, &r.remote_id.peer)));
        rig_run(&r, 1, riv_cstr(r.arena, script), NULL, 5000);
        assert_int_equal(r.got.len, 1);
        p2p_particle    p      = r.got.ptr[0];
        avm_output      asked  = remote_run(&r, &p, (riv_bytes){ 0 }, p.data, NULL);
        avm_call_result result = { asked.call_requests[0].id, 0, RIV_LIT("\"truth\"") };
        avm_output      good   = remote_run(&r, &p, asked.data, (riv_bytes){ 0 }, &result);
        assert_int_equal(good.next_peers_count, 1);
        riv_bytes forged = riv_bytes_dup(r.arena, good.data);
        for (size_t i = 0; i < 4; i++)
            ((uint8_t *)(uintptr_t)forged.ptr)[riv_prng_below(&prng, forged.len)] ^=
                (uint8_t)(1 + riv_prng_below(&prng, 255));
        p.data = forged;
        rig_send(&r, &p);
        p.data = good.data;
        rig_send(&r, &p);
        assert_int_equal(r.replies.len, 1);
        assert_reply(&r, 0, NODE_REPLY_RESPONSE, "[\"truth\"]");
        rig_deinit(&r);
    }
}

/* The log says who signed what, so that it can be held against that peer. */
static void refused_data_is_told_with_its_signer(void **state)
{
    (void)state;
    rig r;
    rig_init(&r, NULL, 0);
    rig_link(&r);
    riv_str remote = codec_peer_text(r.arena, &r.remote_id.peer);
    riv_str script =
        riv_format(r.arena, "(seq (call \"" RIV_FMT "\" (\"a\" \"b\") [] x) (call %%init_peer_id%% (\"c\" \"d\") [x]))",
                   RIV_ARG(remote));
    rig_run(&r, 1, riv_cstr(r.arena, script), NULL, 5000);
    p2p_particle    p     = r.got.ptr[0];
    avm_output      asked = remote_run(&r, &p, (riv_bytes){ 0 }, p.data, NULL);
    uint32_t        id    = asked.call_requests[0].id;
    avm_call_result truth = { id, 0, RIV_LIT("\"truth\"") }, lie = { id, 0, RIV_LIT("\"lie\"") };
    riv_bytes       first  = remote_run(&r, &p, asked.data, (riv_bytes){ 0 }, &truth).data;
    riv_bytes       second = remote_run(&r, &p, asked.data, (riv_bytes){ 0 }, &lie).data;
    archive_data    spoilt;
    riv_buf         bytes  = riv_buf_in(r.arena);
    uint64_t        before = node_stats_of(r.n).dropped;
    assert_int_equal(archive_read(first, r.arena, NULL, &spoilt), RIV_OK);
    archive_value value = { spoilt.values[0].key, RIV_LIT("666") };
    spoilt.values       = &value;
    archive_write(&spoilt, &bytes);
    p.data = riv_buf_view(&bytes);
    rig_send(&r, &p); /* what was signed, changed on its way */
    assert_logged(&r, "particle.dropped id=", "code=8");
    assert_logged(
        &r, "particle.dropped id=",
        riv_cstr(r.arena, riv_format(r.arena, "against=" RIV_FMT " reason=value bagaaihra", RIV_ARG(remote))));
    assert_logged(&r, "particle.dropped id=", "what stands there hashes to bagaaihra");
    p.data = first;
    rig_send(&r, &p);
    p.data = second; /* a peer that says two things */
    rig_send(&r, &p);
    assert_logged(&r, "particle.dropped id=",
                  riv_cstr(r.arena, riv_format(r.arena, "code=9 against=" RIV_FMT " reason=" RIV_FMT " signed both a.b",
                                               RIV_ARG(remote), RIV_ARG(remote))));
    assert_logged(&r, "particle.dropped id=", "\"truth\" (stored) and");
    assert_int_equal(node_stats_of(r.n).dropped, before + 2);
    rig_deinit(&r);
}

/* The same events give the same effects, to the byte. */
static uint64_t run_and_hash(void)
{
    rig r;
    rig_init(&r, &shouter, 1);
    r.call = shout;
    rig_link(&r);
    rig_run(&r, 1, "(seq " ASK("shouter", "up", "a") " " TELL("a") ")", NULL, 1000);
    p2p_particle p = rig_particle(&r, "p-1", "(call %init_peer_id% (\"a\" \"b\") [])", 5000);
    rig_send(&r, &p);
    rig_advance(&r, 20000);
    uint64_t hash = 0;
    for (size_t i = 0; i < r.log.len; i++) hash = hash * 31 + riv_hash64(riv_str_bytes(r.log.ptr[i]));
    rig_deinit(&r);
    return hash;
}

static void is_deterministic(void **state)
{
    (void)state;
    assert_true(run_and_hash() == run_and_hash());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_and_forwards),
        cmocka_unit_test(refuses_bad_ids),
        cmocka_unit_test(refuses_bad_heads),
        cmocka_unit_test(survives_bad_frames),
        cmocka_unit_test(verifies_once_and_skips_the_same),
        cmocka_unit_test(waiting_is_bounded),
        cmocka_unit_test(one_peer_has_a_share),
        cmocka_unit_test(arrivals_fill_the_share_of_their_sender),
        cmocka_unit_test(growth_needs_room),
        cmocka_unit_test(jobs_name_whose_turn_they_use),
        cmocka_unit_test(many_bad_next_peers_are_one_line),
        cmocka_unit_test(calls_are_bounded_in_bytes),
        cmocka_unit_test(answers_a_request),
        cmocka_unit_test(every_request_ends),
        cmocka_unit_test(a_bad_script_fails),
        cmocka_unit_test(expired_names_the_last_peer),
        cmocka_unit_test(requests_are_bounded),
        cmocka_unit_test(pauses_end),
        cmocka_unit_test(calls_services_by_id_and_alias),
        cmocka_unit_test(a_service_runs_one_call_at_a_time),
        cmocka_unit_test(a_service_serves_peers_in_turn),
        cmocka_unit_test(expired_calls_are_not_made),
        cmocka_unit_test(an_arrival_survives_a_crash),
        cmocka_unit_test(a_call_is_made_again_after_a_crash),
        cmocka_unit_test(a_pause_goes_on_after_a_crash),
        cmocka_unit_test(expired_records_are_deleted),
        cmocka_unit_test(broken_records_are_deleted),
        cmocka_unit_test(waits_for_a_peer_that_is_away),
        cmocka_unit_test(adds_peers_and_stops),
        cmocka_unit_test(forged_data_does_not_end_a_request),
        cmocka_unit_test(refused_data_is_told_with_its_signer),
        cmocka_unit_test(is_deterministic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
