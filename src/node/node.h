/* Node: a peer's mind. One event in, effects out: particles (signature, deadline, dedupe, stored trace), services, built-ins, links by p2p.
 * Not here: sockets, threads, files, Wasmtime, the real clock. The same node_step runs in host/ and in sim/.
 * Spec: docs/spec/node.md §3 to §5. */
#ifndef RIV_NODE_H
#define RIV_NODE_H

#include "avm/avm.h"
#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "p2p/p2p.h"

enum {
    NODE_TTL_MS_MAX       = 600000,   /* a particle's ttl above this is refused */
    NODE_SKEW_MS_MAX      = 60000,    /* how far a timestamp may lie in the future */
    NODE_ID_BYTES_MAX     = 128,      /* particle ids: [A-Za-z0-9_.-]{1,128}. SPEC node.md 3 */
    NODE_PARTICLES_MAX    = 65536,    /* remembered at a time; the newest is refused beyond */
    NODE_PARTICLE_BYTES   = 1 << 30,  /* stored traces of all particles together */
    NODE_WAITING_MAX      = 64,       /* arrivals of one particle that wait for its running job */
    NODE_CALLS_MAX        = 1024,     /* calls of one particle at a time */
    NODE_REQUESTS_MAX     = 1024,     /* API requests at a time */
    NODE_SESSION_BYTES    = 128 << 20, /* what all sessions (avm.h) may hold together; the longest unused are dropped beyond */
    NODE_SESSION_IDLE_MS  = 10000,    /* a session that was not used for so long is dropped */
};

/* A service as the node knows it; the code is work's. A service runs one call at a time: node sees to it. */
typedef struct node_service { riv_str id; const riv_str *aliases; size_t aliases_count; riv_str owner_peer_id; } node_service;

typedef struct node_config {
    crypto_secret seed;        /* of the ed25519 key */
    crypto_secret entropy;     /* seeds everything random in this node: noise keys, particle ids */
    riv_str       agent;       /* told by identify */
    const riv_str *listen;     size_t listen_count;   /* multiaddr texts; none: a client, which relays nothing for others */
    const riv_str *peers;      size_t peers_count;    /* multiaddrs with /p2p/ID to stay connected to */
    const node_service *services; size_t services_count;
    uint32_t      ttl_ms_max, skew_ms_max;            /* 0: defaults */
    uint64_t      air_bytes_max, particle_bytes_max;  /* 0: defaults (1 MiB, P2P_FRAME_BYTES_MAX) */
    uint64_t      session_bytes_max;                  /* 0: NODE_SESSION_BYTES */
    avm_version   version;
    const riv_log *log;        /* outlives the node; events below */
} node_config; /* copied by node_new, but for log */

/* ---- jobs: long work that owns its inputs ---- */
typedef enum node_job_kind { NODE_JOB_AVM, NODE_JOB_CALL } node_job_kind;
typedef struct node_text node_text; /* what a particle never changes, shared by it and its jobs; counted on the node's thread only */
typedef struct node_job {
    node_job_kind kind;
    uint64_t      id;
    riv_arena    *arena;      /* owns inputs and results */
    node_text    *text;       /* owns the particle's id, script, ...: NULL when nothing points there */
    avm_input     avm;        /* AVM; prev is empty when session knows it */
    avm_session  *session;    /* AVM: lent by the particle, or NULL: made by node_job_avm from avm.prev. The job's until it comes back */
    bool          only_data;  /* AVM: no step, only the session's data */
    bool          want_data;  /* AVM: the data even if nothing has to leave */
    bool          last;       /* AVM: nothing else is under way here: if nothing is asked for either, the particle rests, and the data is wanted */
    codec_peer    turn;       /* whose turn it uses up where jobs wait: of the peer that brought the work; all zeros: our own */
    struct {                  /* CALL of a wasm service */
        size_t    service;    /* index in node_config.services */
        riv_str   service_id, function;
        const riv_json *args;
        const avm_tetraplets *tetraplets; size_t tetraplets_count;
        riv_str   particle_id, init_peer_id, script, host_id, service_creator_peer_id, token;
        riv_bytes signature;
        uint64_t  timestamp_ms;
        uint32_t  ttl_ms;
    } call;
    /* Filled by whoever ran it (work_run). */
    riv_err       err;        /* AVM: budget; CALL: the call failed, fault says why */
    riv_fault     fault;
    avm_output    avm_out;    /* data is set when has_data */
    bool          has_data;   /* AVM: avm_out.data is what the session holds now, encoded */
    bool          lost;       /* AVM: what the session holds cannot be had any more */
    riv_str       evidence, against; /* AVM that refused what arrived: why, in one line; the peer that it speaks of (may be empty) */
    riv_str       result;     /* CALL: JSON text */
    uint64_t      fuel, time_us; /* what it cost; time_us is 0 in the simulator */
} node_job;
void node_job_free(node_job *job); /* accepts NULL; on the node's thread, after the node too */
/* Runs an AVM job to its end, on any thread: the step; the encoded data when next peers wait for it, something arrived, or it is wanted;
 * evidence when what arrived was refused. Never fails: what goes wrong is in job->err and job->fault. */
void node_job_avm(node_job *job);

/* ---- events ---- */
typedef enum node_event_kind {
    NODE_STORED,       /* before START, once for each record of a former run: key, value */
    NODE_START,
    NODE_LINK_OPENED,  /* link, dial (0: accepted), addr */
    NODE_LINK_BYTES,   /* link, bytes */
    NODE_LINK_DRAINED, /* link, count: bytes that left the process */
    NODE_LINK_CLOSED,  /* link: it ended by the peer or an error; after NODE_LINK_CLOSE it says nothing new and may be left out */
    NODE_DIAL_FAILED,  /* dial, reason */
    NODE_TIMER,        /* the deadline of TIMER_SET has come */
    NODE_JOB_DONE,     /* job: given back, freed by the node */
    NODE_API_RUN,      /* run: start a particle of our own */
    NODE_ADD_PEER,     /* addr with /p2p/ID: connect and stay connected */
    NODE_STOP,         /* say goodbye to links, end open requests by FAILED; the caller then frees the node */
} node_event_kind;

typedef struct node_run {
    uint64_t  request;        /* the caller's number, in each reply */
    riv_str   script;
    const riv_json *values;   /* object: what getDataSrv answers; "-relay-" too */
    uint32_t  ttl_ms;
    bool      has_relay; codec_peer relay; /* next peers without a link of their own go there */
} node_run;

typedef struct node_event {
    node_event_kind kind;
    uint64_t  now_ms;         /* never goes back */
    uint64_t  link, dial, count;
    riv_str   addr, reason;
    riv_bytes key, bytes;     /* STORED: key and value */
    node_job *job;
    const node_run *run;
} node_event; /* slices are borrowed for the call */

/* ---- effects ---- */
typedef enum node_effect_kind {
    NODE_STORE_PUT,    /* key, bytes: durable before any other effect of the same step is carried out; STORE_* come first */
    NODE_STORE_DEL,    /* key */
    NODE_LINK_WRITE,   /* link, bytes */
    NODE_LINK_CLOSE,   /* link: when written bytes are out */
    NODE_LINK_PAUSE, NODE_LINK_RESUME, /* link: stop or go on reading */
    NODE_DIAL,         /* dial, addr */
    NODE_TIMER_SET,    /* deadline_ms: replaces the former one */
    NODE_JOB,          /* job: run it, give it back by JOB_DONE */
    NODE_REPLY,        /* request, reply, json */
} node_effect_kind;
typedef enum node_reply_kind {
    NODE_REPLY_RESPONSE, /* callbackSrv.response: json = array of results. The request goes on until its ttl or DONE */
    NODE_REPLY_ERROR,    /* errorHandlingSrv.error: json = array [error object, number] */
    NODE_REPLY_CALLBACK, /* callbackSrv.NAME: name, json = array of arguments */
    NODE_REPLY_FAILED,   /* the interpreter or the node refused: json = {"code", "message"}; last reply */
    NODE_REPLY_EXPIRED,  /* ttl over: json = {"message": where it was last seen}; last reply. Not after RESPONSE or ERROR: those end in silence */
} node_reply_kind;
typedef struct node_effect {
    node_effect_kind kind;
    uint64_t  link, dial, request, deadline_ms;
    riv_str   addr, name;
    riv_bytes key, bytes;
    node_job *job;
    node_reply_kind reply;
    const riv_json *json;
} node_effect;
/* In order. Everything (jobs aside) lives in arena, which the caller resets before the next step. */
typedef struct node_effects { riv_arena *arena; node_effect *items; size_t count, cap; } node_effects;

typedef struct node node;
RIV_MUST_USE riv_err node_new(const node_config *config, riv_fault *fault, node **out);
void node_free(node *n);
void node_step(node *n, const node_event *event, node_effects *out);
codec_peer node_peer(const node *n);

/* What checks look at. */
typedef struct node_stats {
    uint64_t particles, links, jobs, waiting, stored_bytes;
    uint64_t sessions, session_bytes; /* at the moment; lent ones as they were when they were lent */
    uint64_t received, sent, dropped, expired, runs, calls, signatures_checked;
    uint64_t encoded;          /* traces that were encoded and kept */
    uint64_t journaled, replayed; /* runs that left only their call results in the store; runs repeated from there */
    uint64_t sessions_dropped; /* for want of room or use */
} node_stats;
node_stats node_stats_of(const node *n);

/* Log events (stable names; the sink adds the time and the peer): particle.received {id, from, bytes}, particle.run {id, ret_code, next, calls,
 * signatures, time_us}, particle.call {id, service, function, ret_code, time_us, error: why, when ret_code is not 0} (built-ins that succeed: debug), particle.sent {id, to, bytes}, particle.dropped {id, from, reason;
 * for data that the interpreter refused also code and against: the peer of whom the reason speaks, empty when it is nobody in particular},
 * particle.expired {id, unfinished}, particle.delayed {id, to, reason} (debug: will be tried again), particle.lost {id, to, reason, count?} (no way to it at the
 * moment), peer.connected {peer}, peer.disconnected {peer}, link.failed {addr, reason}, store.broken {reason}, console.print {id, text}. */

/* The built-ins that need nothing of a node (op, array, math, cmp, json, debug), for networks of bare interpreters. result: JSON text. False: none of them. */
bool node_plain_builtin(riv_str service, riv_str function, const riv_json *args, riv_arena *arena, int32_t *ret_code, riv_str *result);

#endif
