/* What the files of node/ share: the node's state, particles, calls, and the verbs between them.
 * Nothing here is called from outside. One thread; everything hangs on the node. Spec: docs/spec/node.md §3 to §5. */
#ifndef RIV_NODE_INTERNAL_H
#define RIV_NODE_INTERNAL_H

#include "node/node.h"

enum {
    NODE_SEEN_MAX         = 16,     /* digests of arrivals remembered for each particle */
    NODE_OUTBOX_MAX       = 1024,   /* next peers of one particle that did not take it yet */
    NODE_SERVICE_WAIT_MAX = 4096,   /* calls that wait for one service; NODE_SHARE-th of it for one peer's particles */
    NODE_CALL_BYTES_MAX   = 32 << 20, /* calls of one particle and their answers; one alone may be larger */
    NODE_ROUNDS_MAX       = 100000, /* interpreter runs of one particle on one peer; beyond, it is left alone */
    NODE_RETRY_MS_MIN     = 250,    /* a send that failed is tried again, pausing from this */
    NODE_RETRY_MS_MAX     = 4000,   /* to this, until the deadline */
    NODE_SERVICES_MAX     = 4096,
    NODE_PEERS_MAX        = 4096,   /* addresses in node_config */
    NODE_KAD_COUNT        = 20,     /* kad.neighborhood's default, Kademlia's K */
    NODE_AIR_BYTES        = 1 << 20,
    NODE_SHARE            = 4,      /* one peer may fill at most this part of the room for particles: a quarter */
    NODE_JOURNAL_BYTES    = 64 << 10, /* a particle's journal may take so much and half of what its trace takes; then the trace is written */
    NODE_JOURNAL_MAX      = 4096,   /* entries of it: so many runs are repeated at most after a crash */
};

/* ---- one particle ---- */

typedef struct node_arrival { /* data that waits for its run */
    struct node_arrival *next;
    uint64_t             number; /* names its durable record */
    bool                 foreign; /* came from a peer: if it is bad, that says nothing of the script */
    bool                 has_from; /* not after a restart */
    codec_peer           from;    /* whose share it fills; without: that of the particle */
    riv_blob             data;
} node_arrival;

typedef struct node_result { uint32_t id; int32_t ret_code; riv_blob text; } node_result;

typedef enum node_call_state { NODE_CALL_NEW, NODE_CALL_PAUSED /* peer.timeout */, NODE_CALL_QUEUED, NODE_CALL_RUNNING } node_call_state;
typedef struct node_call { /* asked by the interpreter, not answered yet */
    uint32_t        id;
    node_call_state state;
    uint64_t        asked_ms, due_ms;
    riv_blob        record; /* service, function, arguments, tetraplets: node__call_read */
} node_call;

typedef enum node_out_state { NODE_OUT_NEW, NODE_OUT_SENDING, NODE_OUT_RETRY } node_out_state;
typedef struct node_out { /* a next peer that has not taken the particle yet */
    codec_peer     peer;
    node_out_state state;
    bool           unreachable; /* the last try found neither link nor address */
    uint32_t       tries;
    uint64_t       token, again_ms;
    codec_peer     via;   /* whom it was handed to: the peer or a relay */
    size_t         bytes; /* of that frame */
    char           reason[192];
} node_out;

typedef struct node_request { /* of the API, answered by our own particle */
    bool     open, answered; /* answered: at least one RESPONSE or ERROR */
    uint64_t number;
} node_request;

struct node_text { size_t users, len; uint8_t bytes[]; };

/* One entry of the journal that a former run of the program left: a run to be repeated. Slices point into value. */
typedef struct node_journal {
    uint64_t         number;
    riv_blob         value;
    uint64_t         at_ms;
    avm_call_result *results;  size_t results_count;
    bool             has_outbox;
    codec_peer      *outbox;   size_t outbox_count;
} node_journal;

typedef struct node_particle {
    uint64_t     number;              /* in order of first arrival; timers and jobs name it */
    uint8_t      key[CRYPTO_HASH_BYTES]; /* sha-256 of signature and id */
    node_text   *text;                /* owns the bytes that the slices of `head` view; NULL: only records without a head so far */
    p2p_particle head;                /* data is empty */
    uint64_t     deadline_ms;
    uint64_t     bytes;               /* counted in node.stored_bytes; without arrivals that have a sender */
    uint64_t     call_bytes;          /* of them: calls and results */
    riv_blob     data;                /* the trace as it was encoded last */
    riv_blob     token;               /* what services see; made when the first is called */
    avm_session *session;             /* NULL: none, or lent to the job; data is all there is */
    bool         ahead;               /* the session knows more than data: it must not be dropped before it is encoded */
    bool         wants_data;          /* something waits for the encoded trace */
    bool         leaving;             /* its session is being encoded to be dropped */
    uint64_t     session_bytes;       /* counted in node.session_bytes */
    uint64_t     session_ms;          /* when it was used last */
    bool         idle_timer;
    struct node_particle *older, *newer; /* of the sessions that are not lent */
    bool         own;                 /* started by NODE_API_RUN */
    bool         has_relay;
    codec_peer   relay, from;         /* from: who handed it over first */
    bool         has_from;
    riv_arena   *values_arena;        /* own: owns values, what getDataSrv answers; NULL: nothing */
    const riv_json *values;
    node_request request;
    uint64_t     job;                 /* the interpreter run in flight, 0: none */
    uint64_t     job_arrival;         /* the arrival that it works on, 0: none */
    bool         job_foreign, job_has_from, job_replays;
    uint64_t     job_asked_ms;        /* when what the job asks for was asked: now, but for a run that is repeated */
    codec_peer   job_from;            /* who handed that arrival over */
    uint32_t     rounds;
    node_arrival *first, *last;
    size_t       waiting;
    RIV_VEC(node_result) results;
    RIV_VEC(node_call)   calls;
    RIV_VEC(node_out)    outbox;
    bool         outbox_changed;      /* someone took it since the durable records were told who did not */
    bool         has_state;           /* there is a record of state */
    uint64_t     journal_first, journal_next; /* numbers of the entries that follow it */
    uint64_t     journal_bytes;       /* counted in bytes */
    riv_arena   *replay_arena;        /* owns what the entries in replay point to */
    RIV_VEC(node_journal) replay;     /* entries of a former run of the program that are not repeated yet, from replay_at */
    size_t       replay_at;
    riv_map     *answered;            /* ids of calls that some entry in replay answers; in replay_arena */
    crypto_hash  seen[NODE_SEEN_MAX];
    size_t       seen_count;          /* ever; the ring's place is this modulo its size */
    uint64_t     started_ms, last_ms; /* last_ms: when it was last sent or got */
    bool         last_was_sent, sent_ever;
    codec_peer   last_peer;
    bool         has_last_peer;
} node_particle;

/* ---- services, jobs, timers ---- */

typedef struct node_wait { uint64_t particle; uint32_t call; bool has_from; codec_peer from; } node_wait; /* from: of the particle */
typedef struct node_slot { /* one configured service */
    node_service service;
    uint64_t     job; /* running, 0: none */
    RIV_VEC(node_wait) queue; /* oldest first */
    bool         has_served;
    codec_peer   served; /* of whose particle a call was started last */
} node_slot;

typedef struct node_flight { /* a job handed out */
    node_job_kind kind;
    uint64_t      particle;
    uint32_t      call;
    size_t        service;
    riv_arena    *arena; /* of the job: what comes back must be the same job */
} node_flight;

typedef enum node_timer_kind { NODE_AT_EXPIRY, NODE_AT_CALL, NODE_AT_RETRY, NODE_AT_IDLE } node_timer_kind;
typedef struct node_timer { uint64_t at_ms, seq, particle; node_timer_kind kind; uint32_t call; } node_timer;

typedef struct node_share { uint64_t particles, bytes; } node_share; /* of the room: particles by who handed them over first, waiting data by its sender */
typedef struct node_contact { riv_arena *arena; riv_str *addrs; size_t count; } node_contact; /* what identify told */

struct node {
    riv_arena      *config_arena;
    node_config     config;
    crypto_secret   secret;
    p2p_identity    identity;
    riv_str         self_text;
    crypto_rng      rng;
    p2p_swarm      *swarm;
    const riv_log  *log;
    uint64_t        now_ms, timer_ms; /* timer_ms: asked of the world, UINT64_MAX: none */
    bool            started, stopped;
    riv_map        *by_key, *by_number; /* node_particle */
    uint64_t        particles_next, arrivals_next, jobs_next, tokens_next;
    riv_map        *flights;  /* job id -> node_flight */
    riv_map        *tokens;   /* token of a send -> node_particle.number as a pointer */
    riv_map        *contacts; /* peer bytes -> node_contact */
    riv_map        *links;    /* open link numbers */
    riv_map        *shares;   /* peer bytes -> node_share, while it has particles here */
    node_slot      *slots;
    size_t          slots_count;
    riv_map        *slot_names; /* id or alias -> node_slot, in config_arena */
    RIV_VEC(node_timer) timers; /* a binary heap on (at_ms, seq) */
    uint64_t        timers_seq, waiting, requests;
    uint64_t        stored_bytes;
    uint64_t        sessions, session_bytes;
    node_particle  *session_oldest, *session_newest; /* of those that are not lent, by last use */
    node_stats      stats;
    node_effects   *out;     /* of the step that runs */
    riv_arena      *scratch; /* of the step that runs */
};

/* vec.c: arrays on the heap, for what outlives a step */
void *node__vec_grow(void *ptr, size_t *cap, size_t bytes);
#define node__push(v)                                                                                \
    (((v)->len == (v)->cap ? ((v)->ptr = node__vec_grow((v)->ptr, &(v)->cap, sizeof *(v)->ptr), (void)0) \
                           : (void)0),                                                               \
     memset(&(v)->ptr[(v)->len], 0, sizeof *(v)->ptr), &(v)->ptr[(v)->len++])
#define node__cut(v, i)                                                                              \
    (memmove(&(v)->ptr[i], &(v)->ptr[(i) + 1], ((v)->len - (i) - 1) * sizeof *(v)->ptr), (void)--(v)->len)

/* node.c */
node_effect   *node__emit(node *n, node_effect_kind kind);
void           node__timer_add(node *n, uint64_t at_ms, node_timer_kind kind, const node_particle *p, uint32_t call);
node_particle *node__particle_by_number(const node *n, uint64_t number);
riv_str        node__peer_text(const node *n, const codec_peer *peer); /* in the step's arena */

/* particle.c: arrival, runs, deadline */
bool           node__id_ok(riv_str id);
void           node__arrived(node *n, const codec_peer *from, riv_bytes frame); /* from NULL: nobody, for tests */
/* Takes a particle of our own; NULL when it was refused, with *why set. */
node_particle *node__start(node *n, const p2p_particle *head, riv_bytes data, riv_str *why);
void           node__particle_expired(node *n, node_particle *p);
void           node__particle_drop(node *n, node_particle *p); /* forgets it; its durable records too */
void           node__particle_free(node_particle *p);
void           node__share_take(node *n, node_particle *p, const codec_peer *from); /* p came from that peer first */
node_particle *node__particle_make(node *n, const p2p_particle *head, const uint8_t key[CRYPTO_HASH_BYTES]);
void           node__particle_key(riv_str id, riv_bytes signature, uint8_t out[CRYPTO_HASH_BYTES]);
void           node__add_arrival(node *n, node_particle *p, uint64_t number, bool foreign, const codec_peer *from, riv_bytes data); /* from may be NULL */
void           node__pop_arrival(node *n, node_particle *p); /* the first that waits */
void           node__count_bytes(node *n, node_particle *p, size_t added, size_t removed); /* of the room that p takes */
void           node__count_calls(node *n, node_particle *p, size_t added, size_t removed); /* bytes of calls and results */
bool           node__has_room(const node *n, const node_particle *p, size_t bytes); /* may p hold so much more? */
void           node__set_data(node *n, node_particle *p, riv_bytes data);
void           node__mark_seen(node_particle *p, riv_bytes data);
void           node__settle(node *n, node_particle *p); /* answers the request of a particle that can go nowhere */
node_text     *node__text_use(node_text *text);
void           node__text_release(node_text *text); /* accepts NULL */
uint64_t       node__deadline_of(uint64_t timestamp_ms, uint32_t ttl_ms);

/* run.c: interpreter runs, one at a time for each particle */
void node__run_next(node *n, node_particle *p); /* starts a run if one is due and none is running */
void node__avm_done(node *n, const node_flight *flight, node_job *job);
void node__give_up(node *n, node_particle *p, riv_str reason);
codec_peer node__turn_of(const node_particle *p);
void node__run_data(node *n, node_particle *p); /* a job that only encodes what the session holds */
bool node__is_refusal(int64_t code); /* of the interpreter: the script, the data or the traces were refused, data is as before */

/* session.c: what is kept between runs, as long as there is room */
void node__session_lend(node *n, node_particle *p, node_job *job);
void node__session_take(node *n, node_particle *p, node_job *job);
void node__session_drop(node *n, node_particle *p);   /* at once if data has all of it, else by way of a job that encodes it */
void node__session_forget(node *n, node_particle *p); /* whatever it knows */
void node__sessions_fit(node *n);                     /* drops the longest unused until all fit into the budget */
void node__session_idle(node *n, node_particle *p);   /* the timer */

/* outbox.c: next peers */
riv_str node__next_peer(node *n, node_particle *p, riv_str peer); /* why it cannot be one; empty: good */
void node__flush(node *n, node_particle *p);
void node__sent(node *n, uint64_t token);
void node__lost(node *n, uint64_t token, riv_str reason);
void node__retry(node *n, node_particle *p);
void node__peer_up(node *n, const codec_peer *peer);

/* calls.c: what the interpreter asks for */
void node__call_new(node *n, node_particle *p, const avm_call_request *request, uint64_t asked_ms);
void node__call_forget(node *n, node_particle *p, uint32_t call); /* its answer is known from elsewhere */
void node__add_result(node *n, node_particle *p, uint32_t id, int32_t ret_code, riv_str text); /* waits for a run */
void node__dispatch(node *n, node_particle *p);   /* every call that is still NODE_CALL_NEW */
void node__call_due(node *n, node_particle *p, uint32_t call);
void node__call_done(node *n, const node_flight *flight, node_job *job);
typedef struct node_asked { riv_str service, function; const riv_json *args; avm_tetraplets *tetraplets; size_t tetraplets_count; } node_asked;
RIV_MUST_USE riv_err node__call_read(riv_bytes record, riv_arena *arena, riv_fault *fault, node_asked *out);
void node__answer(node *n, node_particle *p, uint32_t call, int32_t ret_code, const riv_json *value); /* adds the result, forgets the call */

/* builtins.c: the table of docs/spec/node.md §5 */
typedef struct node_builtin {
    node                 *n;
    const node_particle  *p;
    riv_arena            *arena;
    const node_asked     *asked;
    uint64_t              asked_ms;
    const riv_json       *value;  /* the answer; NULL: the empty text */
    riv_str               error;  /* not empty: ret_code 1 */
    uint64_t              due_ms; /* not 0: to be asked again at that time */
    bool                  is_due; /* it is asked again */
} node_builtin;
/* False: no such built-in. */
bool node__builtin(node_builtin *b);

/* request.c: the API's side of our own particles */
void node__api_run(node *n, const node_run *run);
void node__reply(node *n, node_particle *p, node_reply_kind kind, riv_str name, const riv_json *json);
void node__reply_failed(node *n, node_particle *p, int64_t code, riv_str message);
/* getDataSrv, callbackSrv, errorHandlingSrv of a particle of our own. False: none of them. */
bool node__own_service(node_builtin *b, node_particle *p);

/* store.c: durable records */
void node__store_head(node *n, const node_particle *p);
void node__store_state(node *n, node_particle *p); /* the trace as it is in data, which has all that was run; the journal goes */
size_t node__journal_bytes(const avm_call_result *results, size_t count); /* what an entry of these takes, outbox aside */
void node__store_run(node *n, node_particle *p, const avm_call_result *results, size_t count); /* an entry for the journal instead */
void node__store_arrival(node *n, const node_particle *p, uint64_t number, riv_bytes data);
void node__forget_arrival(node *n, const node_particle *p, uint64_t number);
void node__forget(node *n, const node_particle *p);
void node__restore(node *n, riv_bytes key, riv_bytes value); /* NODE_STORED */
void node__restored(node *n);                                /* NODE_START: goes on where the former run stopped */
bool node__replaying(const node_particle *p); /* the journal of a former run comes first: nothing else may be done */
void node__replay_end(node_particle *p);      /* none of it is left to be repeated */

#endif
