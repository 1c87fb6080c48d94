/* journal_test.c: what is kept between runs, in memory (sessions) and in the store (the journal): whatever is dropped, and wherever the
 * process dies, the particle ends with the same bytes. */
#include "node/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TTL_MS = 60000 };

static size_t calls_made;
static void   answer(node_job *job)
{
    calls_made++;
    job->result = riv_format(job->arena, "{\"said\":" RIV_FMT "}", RIV_ARG(riv_json_text(job->call.args, job->arena)));
    if (riv_str_eq(job->call.function, RIV_LIT("break"))) job->err = riv_fail(&job->fault, RIV_E_IO, 0, "it broke");
}

static const node_service services[] = { { RIV_LIT_INIT("one"), NULL, 0, { 0 } },
                                         { RIV_LIT_INIT("two"), NULL, 0, { 0 } } };

static void start(rig *r, uint64_t session_bytes_max)
{
    rig_init(r, services, RIV_COUNT(services));
    r->call = answer;
    if (!session_bytes_max) return;
    node_free(r->n);
    r->config.session_bytes_max = session_bytes_max;
    rig_boot(r);
}

/* Calls of all kinds at this node, one after the other and in the branches of par; the last one leaves for the remote peer. */
static riv_str long_script(rig *r, size_t rounds)
{
    codec_peer me   = node_peer(r->n);
    riv_str    id   = codec_peer_text(r->arena, &me);
    riv_buf    text = riv_buf_in(r->arena);
    for (size_t i = 0; i < rounds; i++) {
        riv_putf(&text, "(seq ");
        switch (i % 4) {
        case 0: riv_putf(&text, "(call \"" RIV_FMT "\" (\"op\" \"identity\") [%zu] x%zu)", RIV_ARG(id), i, i); break;
        case 1: riv_putf(&text, "(call \"" RIV_FMT "\" (\"one\" \"say\") [%zu] $s)", RIV_ARG(id), i); break;
        case 2:
            riv_putf(&text,
                     "(par (call \"" RIV_FMT "\" (\"one\" \"say\") [%zu] $s) (call \"" RIV_FMT
                     "\" (\"two\" \"say\") [%zu] y%zu))",
                     RIV_ARG(id), i, RIV_ARG(id), i, i);
            break;
        default:
            riv_putf(&text,
                     "(xor (call \"" RIV_FMT "\" (\"two\" \"break\") [%zu]) (call \"" RIV_FMT
                     "\" (\"op\" \"identity\") [:error:] e%zu))",
                     RIV_ARG(id), i, RIV_ARG(id), i);
            break;
        }
        riv_putf(&text, " ");
    }
    riv_putf(&text, "(seq (canon \"" RIV_FMT "\" $s #s) (call %%init_peer_id%% (\"out\" \"put\") [#s]))", RIV_ARG(id));
    for (size_t i = 0; i < rounds; i++) riv_put_u8(&text, ')');
    return riv_buf_str(&text);
}

static void finish_first(rig *r)
{
    node_job *job = r->jobs.ptr[0];
    memmove(&r->jobs.ptr[0], &r->jobs.ptr[1], (r->jobs.len - 1) * sizeof r->jobs.ptr[0]);
    r->jobs.len--;
    rig_finish(r, job);
}

static node_particle *only_particle(const rig *r)
{
    void *value = NULL;
    for (size_t i = 0; i < riv_map_slots(r->n->by_key); i++)
        if (riv_map_at(r->n->by_key, i, NULL, &value)) return value;
    return NULL;
}

/* What the particle is now, encoded. */
static riv_bytes trace_of(rig *r)
{
    node_particle *p     = only_particle(r);
    riv_bytes      data  = riv_blob_view(p->data);
    riv_fault      fault = { 0 };
    if (p->session) assert_int_equal(avm_session_data(p->session, &fault, &data), RIV_OK);
    return riv_bytes_dup(r->arena, data);
}

typedef struct ending {
    size_t     jobs, crashes, calls;
    node_stats stats;
    riv_blob   data;
} ending;

/* Runs the particle until it has left for the remote peer; before each job the process dies when `dies` says so. */
static ending run_to_end(size_t rounds, uint64_t session_bytes_max, bool (*dies)(void *ctx, size_t job), void *ctx)
{
    rig    r;
    ending e   = { 0 };
    calls_made = 0;
    start(&r, session_bytes_max);
    rig_link(&r);
    r.hold_jobs    = true;
    p2p_particle p = rig_particle(&r, "p-1", riv_cstr(r.arena, long_script(&r, rounds)), TTL_MS);
    rig_send(&r, &p);
    while (!r.got.len) {
        if (r.jobs.len && dies && dies(ctx, e.jobs)) {
            e.crashes++;
            rig_crash(&r);
            rig_link(&r);
        }
        if (!r.jobs.len && !r.got.len)
            fail_msg("the particle is stuck after %zu jobs and %zu crashes", e.jobs, e.crashes);
        if (r.jobs.len) finish_first(&r);
        e.jobs++;
    }
    node_stats s = node_stats_of(r.n);
    while (r.jobs.len) finish_first(&r);
    assert_int_equal(r.got.len, 1);
    e.data  = riv_blob_copy(r.got.ptr[0].data);
    e.calls = calls_made;
    e.stats = s;
    rig_advance(&r, TTL_MS + 1);
    s = node_stats_of(r.n);
    assert_int_equal(s.stored_bytes, 0);
    assert_int_equal(s.session_bytes, 0);
    assert_int_equal(s.sessions, 0);
    assert_int_equal(riv_map_count(r.store), 0);
    rig_deinit(&r);
    return e;
}

static void assert_same(const ending *got, const ending *want, const char *what, uint64_t which)
{
    if (got->data.len == want->data.len && memcmp(got->data.ptr, want->data.ptr, want->data.len) == 0) return;
    fail_msg("%s %llu: another trace", what, (unsigned long long)which);
}

static bool dies_once(void *ctx, size_t job)
{
    size_t *at  = ctx;
    bool    now = *at == job;
    if (now) *at = SIZE_MAX;
    return now;
}

static bool dies_often(void *ctx, size_t job)
{
    (void)job;
    return riv_prng_below(ctx, 12) == 0;
}

/* At every point of a run with many calls, and at many points of one run, also while a former run is being repeated. */
static void a_crash_anywhere_changes_nothing(void **state)
{
    enum { ROUNDS = 16, SEEDS = 30 };
    (void)state;
    ending want = run_to_end(ROUNDS, 0, NULL, NULL);
    assert_true(want.stats.journaled > ROUNDS);
    assert_in_range(want.stats.encoded, 2, 3); /* when it came and when it left */
    for (size_t i = 0; i < want.jobs; i++) {
        size_t at  = i;
        ending got = run_to_end(ROUNDS, 0, dies_once, &at);
        assert_int_equal(got.crashes, 1);
        assert_same(&got, &want, "crash before job", i);
        assert_true(got.calls <= want.calls + 2); /* what was under way is made again, nothing else */
        riv_blob_free(&got.data);
    }
    uint64_t replayed = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        riv_prng prng = riv_prng_seed(seed);
        ending   got  = run_to_end(ROUNDS, seed % 3 == 0, dies_often, &prng);
        assert_same(&got, &want, "seed", seed);
        assert_true(got.calls <= want.calls + 2 * got.crashes);
        replayed += got.stats.replayed;
        riv_blob_free(&got.data);
    }
    assert_true(replayed > SEEDS);
    riv_blob_free(&want.data);
}

/* No room for any session: each is encoded and dropped after its run, and nothing else changes. */
static void a_dropped_session_changes_nothing(void **state)
{
    (void)state;
    for (size_t rounds = 1; rounds < 26; rounds += 6) {
        ending with = run_to_end(rounds, 0, NULL, NULL), without = run_to_end(rounds, 1, NULL, NULL);
        assert_same(&without, &with, "rounds", rounds);
        assert_int_equal(with.stats.sessions_dropped, 0);
        assert_true(without.stats.sessions_dropped >= rounds);
        assert_true(without.stats.encoded > rounds / 2 && without.stats.session_bytes <= 1);
        assert_int_equal(without.calls, with.calls);
        riv_blob_free(&with.data);
        riv_blob_free(&without.data);
    }
}

/* ---- what the store gets ---- */

static size_t store_bytes_of(size_t calls)
{
    rig r;
    start(&r, 0);
    riv_buf script = riv_buf_in(r.arena);
    for (size_t i = 0; i < calls; i++) riv_putf(&script, "(seq (call %%init_peer_id%% (\"one\" \"say\") [%zu]) ", i);
    riv_putf(&script, "(call %%init_peer_id%% (\"callbackSrv\" \"response\") [])");
    for (size_t i = 0; i < calls; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    rig_run(&r, 1, (const char *)script.ptr, NULL, TTL_MS);
    assert_int_equal(r.replies.len, 1);
    assert_int_equal(r.replies.ptr[0].kind, NODE_REPLY_RESPONSE);
    size_t bytes = r.store_bytes - script.len; /* the head's record has the script */
    rig_deinit(&r);
    return bytes;
}

static void a_step_costs_what_is_new(void **state)
{
    (void)state;
    size_t few = store_bytes_of(100), many = store_bytes_of(1600);
    assert_true(many < 40 * few); /* and not 256 times */
}

static size_t records(const rig *r, uint8_t kind)
{
    size_t    count = 0;
    riv_bytes key;
    for (size_t i = 0; i < riv_map_slots(r->store); i++)
        count += riv_map_at(r->store, i, &key, NULL) && key.ptr[0] == kind;
    return count;
}

/* Answers of 10 kB each: the trace is written instead when the journal would be large beside it. */
static size_t most_of_journal(rig *r, const char *script)
{
    size_t most  = 0;
    r->hold_jobs = true;
    rig_run(r, 1, script, NULL, TTL_MS);
    while (r->jobs.len) {
        finish_first(r);
        const node_particle *p = only_particle(r);
        most                   = RIV_MAX(most, records(r, 'j'));
        assert_true(p->journal_bytes <= NODE_JOURNAL_BYTES + p->data.len / 2);
        assert_int_equal(records(r, 'j'), p->journal_next - p->journal_first);
        assert_int_equal(r->n->stored_bytes, p->bytes);
    }
    return most;
}

enum { BIG = 10000, BIG_CALLS = 60 };

static void the_journal_is_bounded(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    riv_buf script = riv_buf_in(r.arena), big = riv_buf_in(r.arena);
    for (size_t i = 0; i < BIG; i++) riv_put_u8(&big, 'x');
    for (size_t i = 0; i < BIG_CALLS; i++)
        riv_putf(&script, "(seq (call %%init_peer_id%% (\"one\" \"say\") [\"" RIV_FMT "\" %zu]) ",
                 RIV_ARG(riv_buf_str(&big)), i);
    riv_putf(&script, "(call %%init_peer_id%% (\"peer\" \"timeout\") [1000])");
    for (size_t i = 0; i < BIG_CALLS; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    assert_in_range(most_of_journal(&r, (const char *)script.ptr), 6, BIG_CALLS / 2);
    assert_in_range(node_stats_of(r.n).encoded, 3, BIG_CALLS / 4);
    rig_deinit(&r);
}

/* Each answer is one value too many for a stream: the run is refused, the answer used up all the same. */
static void the_journal_of_refused_runs_is_bounded(void **state)
{
    enum { FULL = 1023 };
    (void)state;
    rig r;
    start(&r, 0);
    riv_buf script = riv_buf_in(r.arena), big = riv_buf_in(r.arena);
    for (size_t i = 0; i < BIG; i++) riv_put_u8(&big, 'x');
    for (size_t i = 0; i < FULL; i++) riv_putf(&script, "(seq (ap %zu $s) ", i);
    for (size_t i = 0; i < BIG_CALLS; i++)
        riv_putf(&script, "(par (call %%init_peer_id%% (\"one\" \"say\") [\"" RIV_FMT "\" %zu] $s) ",
                 RIV_ARG(riv_buf_str(&big)), i);
    riv_putf(&script, "(null)");
    for (size_t i = 0; i < FULL + BIG_CALLS; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    assert_in_range(most_of_journal(&r, (const char *)script.ptr), 6, BIG_CALLS / 2);
    assert_true(rig_logged(&r, "particle.run", "20013"));
    rig_deinit(&r);
}

/* ---- records ---- */

static riv_blob *record(const rig *r, uint8_t kind, uint64_t number, riv_bytes *key)
{
    void *value;
    for (size_t i = 0; i < riv_map_slots(r->store); i++) {
        if (!riv_map_at(r->store, i, key, &value) || key->ptr[0] != kind) continue;
        if (kind == 's' || key->ptr[key->len - 1] == number) return value;
    }
    fail_msg("no record %c %llu", kind, (unsigned long long)number);
    return NULL;
}

/* A particle that waits for a pause, with some entries in its journal. */
static void make_journal(rig *r, size_t entries)
{
    start(r, 0);
    riv_buf script = riv_buf_in(r->arena);
    for (size_t i = 0; i < entries; i++) riv_putf(&script, "(seq (call %%init_peer_id%% (\"one\" \"say\") [%zu]) ", i);
    riv_putf(&script, "(call %%init_peer_id%% (\"peer\" \"timeout\") [20000])");
    for (size_t i = 0; i < entries; i++) riv_put_u8(&script, ')');
    riv_put_u8(&script, 0);
    rig_run(r, 1, (const char *)script.ptr, NULL, TTL_MS);
    assert_int_equal(records(r, 'j'), entries);
}

static void a_broken_journal_is_cut_where_it_breaks(void **state)
{
    enum { ENTRIES = 9 };
    (void)state;
    for (size_t at = 0; at < ENTRIES; at++)
        for (int how = 0; how < 3; how++) {
            rig       r;
            riv_bytes key;
            make_journal(&r, ENTRIES);
            riv_blob *b = record(&r, 'j', at, &key);
            if (how == 0) riv_map_remove(r.store, key);
            if (how == 1) b->len--;
            if (how == 2) b->ptr[1] = 9; /* the version */
            calls_made = 0;
            rig_crash(&r);
            assert_int_equal(node_stats_of(r.n).replayed, at);
            assert_int_equal(calls_made, ENTRIES - at); /* made again, from there on */
            assert_int_equal(rig_logged(&r, "store.broken", ""), how != 0 || at + 1 < ENTRIES);
            assert_int_equal(records(&r, 'j'), ENTRIES);
            rig_advance(&r, TTL_MS + 1);
            assert_int_equal(riv_map_count(r.store), 0);
            rig_deinit(&r);
        }
}

/* A store that forgot a deletion gives back entries that the trace has already; and without a trace they are worth nothing. */
static void entries_of_another_trace_are_deleted(void **state)
{
    (void)state;
    rig       r;
    riv_bytes key, entry;
    make_journal(&r, 4);
    (void)record(&r, 'j', 2, &entry);
    entry                = riv_bytes_dup(r.arena, entry);
    riv_bytes      value = riv_blob_view(*record(&r, 'j', 2, &key));
    node_particle *p     = only_particle(&r);
    p->wants_data        = true;
    riv_bytes want       = trace_of(&r);
    rig_step(&r, (node_event){ .kind = NODE_TIMER });
    rig_advance(&r, NODE_SESSION_IDLE_MS); /* encoded, and the session gone */
    assert_int_equal(records(&r, 'j'), 0);
    assert_int_equal(node_stats_of(r.n).sessions, 0);
    assert_true(riv_bytes_eq(trace_of(&r), want));
    rig_store_put(&r, entry, value);
    calls_made = 0;
    rig_crash(&r);
    assert_int_equal(node_stats_of(r.n).replayed, 0);
    assert_int_equal(records(&r, 'j'), 0);
    assert_false(rig_logged(&r, "store.broken", ""));
    assert_true(riv_bytes_eq(trace_of(&r), want));
    (void)record(&r, 's', 0, &key);
    riv_map_remove(r.store, key);
    rig_store_put(&r, entry, value);
    rig_crash(&r);
    assert_int_equal(node_stats_of(r.n).replayed, 0);
    assert_int_equal(records(&r, 'j'), 0);
    assert_true(rig_logged(&r, "store.broken", "without the one before it"));
    assert_int_equal(calls_made, 0);
    rig_deinit(&r);
}

/* Version 1 of the state ended behind the peers. */
static void a_state_of_before_the_journal_is_read(void **state)
{
    (void)state;
    rig       r;
    riv_bytes key;
    make_journal(&r, 0);
    riv_blob *b = record(&r, 's', 0, &key);
    assert_int_equal(b->ptr[0], 0x96);
    assert_int_equal(b->ptr[1], 2);
    assert_int_equal(b->ptr[b->len - 2], 0);    /* the first entry's number */
    assert_int_equal(b->ptr[b->len - 1], 0x90); /* no results wait */
    riv_bytes want = trace_of(&r);
    b->ptr[0]      = 0x94;
    b->ptr[1]      = 1;
    b->len -= 2;
    rig_crash(&r);
    assert_false(rig_logged(&r, "store.broken", ""));
    assert_true(riv_bytes_eq(trace_of(&r), want));
    assert_int_equal(only_particle(&r)->calls.len, 1);
    b         = record(&r, 's', 0, &key);
    b->ptr[1] = 3;
    rig_crash(&r);
    assert_true(rig_logged(&r, "store.broken", "version 3"));
    rig_deinit(&r);
}

/* One answer is being run in, which makes the particle leave, so that the trace is written; the other waits for the next run. */
static void an_answer_that_waits_survives(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    rig_link(&r);
    riv_str remote = codec_peer_text(r.arena, &r.remote_id.peer);
    riv_str script = riv_format(r.arena,
                                "(par (seq (call %%init_peer_id%% (\"one\" \"say\") [1] x) (call \"" RIV_FMT
                                "\" (\"out\" \"put\") [x])) (seq (call %%init_peer_id%% (\"two\" \"say\") [2] y) (call "
                                "\"" RIV_FMT "\" (\"out\" \"put\") [y])))",
                                RIV_ARG(remote), RIV_ARG(remote));
    r.hold_jobs    = true;
    rig_run(&r, 1, riv_cstr(r.arena, script), NULL, TTL_MS);
    finish_first(&r);                /* asks for both */
    assert_int_equal(r.jobs.len, 2); /* both services */
    calls_made = 0;
    finish_first(&r);
    finish_first(&r); /* two answers; the run of the first is under way */
    assert_int_equal(calls_made, 2);
    assert_int_equal(r.jobs.len, 1);
    finish_first(&r); /* it made the particle leave */
    assert_int_equal(r.got.len, 1);
    assert_int_equal(r.jobs.len, 1);
    rig_crash(&r); /* before the second one's run has ended */
    rig_link(&r);
    while (r.jobs.len) finish_first(&r);
    assert_int_equal(calls_made, 2);
    assert_int_equal(only_particle(&r)->calls.len, 0);
    riv_str text = riv_bytes_str(r.got.ptr[r.got.len - 1].data);
    assert_true(riv_str_find(text, RIV_LIT("{\"said\":[2]}"), 0) != SIZE_MAX);
    rig_deinit(&r);
}

/* ---- next peers beside a journal ---- */

static riv_str two_ways(rig *r)
{
    riv_str remote = codec_peer_text(r->arena, &r->remote_id.peer);
    return riv_format(
        r->arena,
        "(par (call \"" RIV_FMT "\" (\"out\" \"put\") []) (seq (call %%init_peer_id%% (\"one\" \"say\") [1]) "
        "(seq (call %%init_peer_id%% (\"one\" \"say\") [2]) (call %%init_peer_id%% (\"peer\" \"timeout\") "
        "[30000]))))",
        RIV_ARG(remote));
}

/* Whoever took the particle is not sent to again, although the trace's record still names it. */
static void a_send_is_not_repeated(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    rig_link(&r);
    rig_run(&r, 1, riv_cstr(r.arena, two_ways(&r)), NULL, TTL_MS);
    assert_int_equal(r.got.len, 1);
    assert_true(records(&r, 'j') > 0);
    rig_crash(&r);
    rig_link(&r);
    rig_advance(&r, 6000);
    assert_int_equal(r.got.len, 1);
    rig_deinit(&r);
}

/* A peer that comes late gets the newest trace: it is encoded for it, once. */
static void a_late_peer_gets_the_newest_trace(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    rig_run(&r, 1, riv_cstr(r.arena, two_ways(&r)), NULL, TTL_MS);
    assert_int_equal(r.got.len, 0);
    assert_true(only_particle(&r)->ahead);
    uint64_t  encoded = node_stats_of(r.n).encoded;
    riv_bytes want    = trace_of(&r);
    rig_advance(&r, 1000);
    rig_link(&r);
    assert_int_equal(r.got.len, 1);
    assert_true(riv_bytes_eq(r.got.ptr[0].data, want));
    assert_int_equal(node_stats_of(r.n).encoded, encoded + 1);
    assert_int_equal(records(&r, 'j'), 0);
    rig_deinit(&r);
}

/* ---- sessions ---- */

/* Nothing is under way here any more: the trace is kept with the last run, so that nothing is left to do when the session goes. */
static void a_particle_that_rests_is_encoded(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    rig_run(&r, 1, "(seq (call %init_peer_id% (\"one\" \"say\") [1]) (call %init_peer_id% (\"two\" \"say\") [2]))",
            NULL, TTL_MS);
    node_stats s = node_stats_of(r.n);
    assert_int_equal(s.journaled, 1);
    assert_int_equal(s.encoded, 2);
    assert_int_equal(records(&r, 'j'), 0);
    assert_false(only_particle(&r)->ahead);
    rig_advance(&r, NODE_SESSION_IDLE_MS);
    s = node_stats_of(r.n);
    assert_int_equal(s.sessions, 0);
    assert_int_equal(s.encoded, 2);
    rig_deinit(&r);
}

static void rest(rig *r, uint64_t request)
{
    rig_run(r, request,
            "(seq (call %init_peer_id% (\"one\" \"say\") [1]) (call %init_peer_id% (\"peer\" \"timeout\") [50000]))",
            NULL, TTL_MS);
}

/* Room for some: the longest unused go, and what only they knew is in the store. */
static void the_longest_unused_go_first(void **state)
{
    enum { PARTICLES = 40 };
    (void)state;
    rig   r;
    void *value;
    start(&r, 0);
    rest(&r, 0);
    uint64_t one = node_stats_of(r.n).session_bytes;
    assert_true(one > 0);
    rig_deinit(&r);
    start(&r, 10 * one);
    for (uint64_t i = 0; i < PARTICLES; i++) rest(&r, i);
    node_stats s = node_stats_of(r.n);
    assert_true(s.session_bytes <= 10 * one);
    assert_in_range(s.sessions, 8, 12);
    assert_int_equal(s.sessions_dropped, PARTICLES - s.sessions);
    size_t seen = 0;
    for (size_t i = 0; i < riv_map_slots(r.n->by_number); i++) {
        if (!riv_map_at(r.n->by_number, i, NULL, &value)) continue;
        const node_particle *p = value;
        assert_int_equal(p->session != NULL, seen++ >= PARTICLES - s.sessions);
        assert_int_equal(p->ahead, p->session != NULL);
    }
    assert_int_equal(seen, PARTICLES);
    assert_int_equal(records(&r, 'j'), s.sessions);
    rig_advance(&r, NODE_SESSION_IDLE_MS - 1);
    assert_int_equal(node_stats_of(r.n).sessions, s.sessions);
    rig_advance(&r, 1); /* and those that nobody used for long */
    assert_int_equal(node_stats_of(r.n).sessions, 0);
    assert_int_equal(node_stats_of(r.n).session_bytes, 0);
    assert_int_equal(records(&r, 'j'), 0);
    rig_deinit(&r);
}

/* A run that ends after the particle's deadline brings its session back to nobody. */
static void a_lent_session_is_freed(void **state)
{
    (void)state;
    rig r;
    start(&r, 0);
    r.hold_jobs = true;
    rest(&r, 1);
    finish_first(&r);
    finish_first(&r); /* the service; the run of its answer has the session */
    assert_int_equal(r.jobs.len, 1);
    assert_non_null(r.jobs.ptr[0]->session);
    assert_int_equal(node_stats_of(r.n).sessions, 1);
    rig_advance(&r, TTL_MS + 1);
    assert_int_equal(node_stats_of(r.n).sessions, 0);
    assert_int_equal(node_stats_of(r.n).session_bytes, 0);
    finish_first(&r);
    assert_int_equal(node_stats_of(r.n).jobs, 0);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_anywhere_changes_nothing),
        cmocka_unit_test(a_dropped_session_changes_nothing),
        cmocka_unit_test(a_step_costs_what_is_new),
        cmocka_unit_test(the_journal_is_bounded),
        cmocka_unit_test(the_journal_of_refused_runs_is_bounded),
        cmocka_unit_test(a_broken_journal_is_cut_where_it_breaks),
        cmocka_unit_test(entries_of_another_trace_are_deleted),
        cmocka_unit_test(a_state_of_before_the_journal_is_read),
        cmocka_unit_test(an_answer_that_waits_survives),
        cmocka_unit_test(a_send_is_not_repeated),
        cmocka_unit_test(a_late_peer_gets_the_newest_trace),
        cmocka_unit_test(a_particle_that_rests_is_encoded),
        cmocka_unit_test(the_longest_unused_go_first),
        cmocka_unit_test(a_lent_session_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
