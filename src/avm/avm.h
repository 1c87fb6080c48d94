/* AquaVM: runs an AIR script on two traces and returns the merged trace and what to do next.
 * Pure: no clock, no files, no sockets, no threads; same inputs give the same bytes.
 * Spec: docs/spec/air.md §2 to §5. The data format is codec/archive.h. */
#ifndef RIV_AVM_H
#define RIV_AVM_H

#include "air/air.h"
#include "base/base.h"
#include "codec/archive.h"
#include "codec/codec.h"

#define AVM_INTERPRETER_VERSION "0.64.1" /* written into data: the behaviour that ours equals */

typedef enum avm_version { AVM_0_64 = 0, AVM_0_62 } avm_version; /* where the originals differ */

/* Who runs, and for which particle. Slices are borrowed until avm_run returns. */
typedef struct avm_params {
    riv_str  init_peer_id, current_peer_id, particle_id;
    uint64_t timestamp_ms; /* of the particle, not of the host */
    uint32_t ttl_ms;
    uint8_t  key_format;   /* 0 = ed25519, the only good one; else code 7 */
    crypto_secret secret;  /* seed of the current peer's key */
    bool     has_public_key; /* public_key is this seed's and need not be worked out in each run. Another one's would give the secret away */
    crypto_public public_key;
    uint64_t air_bytes_max, particle_bytes_max, call_result_bytes_max; /* 0: the original's defaults, 16, 64, 32 MiB */
    bool     hard_limits;  /* passing a limit is error 10, else a flag */
    avm_version version;
    uint64_t arena_bytes_max; /* budget of the run, 0: 256 MiB */
    uint64_t steps_max;       /* instructions executed, 0: 10 million */
} avm_params;

typedef archive_tetraplet avm_tetraplet;
typedef struct avm_tetraplets { const avm_tetraplet *items; size_t count; } avm_tetraplets;

typedef struct avm_call_result { uint32_t id; int32_t ret_code; riv_str result; /* JSON text */ } avm_call_result;
typedef struct avm_call_request {
    uint32_t              id;
    riv_str               service_id, function_name;
    const riv_json       *args;       /* an array */
    const avm_tetraplets *tetraplets; /* one entry for each argument */
} avm_call_request;

typedef struct avm_input {
    riv_str    script;
    riv_bytes  prev, cur; /* encoded data; empty means none yet */
    const avm_call_result *results;
    size_t     results_count;
    /* Set when call results came in a form that did not decode: the run ends with code 5 and this text. */
    riv_str    results_error;
    avm_params params;
} avm_input;

/* Lives in the arena that was given. */
typedef struct avm_output {
    int64_t  ret_code;       /* 0, or a number of docs/spec/air.md §4.7 */
    riv_str  error_message;
    riv_bytes data;
    const riv_str *next_peers;              size_t next_peers_count;    /* unique, in order of first mention */
    const avm_call_request *call_requests;  size_t call_requests_count; /* ascending ids */
    bool air_limit_exceeded, particle_limit_exceeded, call_result_limit_exceeded;
    size_t signatures_checked; /* ed25519 verifications done in this run */
} avm_output;

/* One step of a particle. Anything that the network can bring (bad scripts, forged data) is RIV_OK with out->ret_code set;
 * RIV_E_LIMIT: the step or memory budget is spent, nothing is returned. */
RIV_MUST_USE riv_err avm_run(const avm_input *in, riv_arena *arena, riv_fault *fault, avm_output *out);

/* ---- a particle's run between its steps (session.c) ---- */

/* Keeps what avm_run would work out again at each step: the parsed script, the decoded trace and stores, content ids that are known to be
 * right, the last signature, and the place where the script waits. The definition stays avm_run; for every sequence of steps
 *     avm_session_step(s, in)          gives what   avm_run(in with prev = data)   gives, byte for byte, but for out->data
 *     avm_session_data(s)              gives        data := that run's out->data
 * and a session that was dropped and opened again from its data goes on with the same bytes. (Budgets of memory and steps may differ.)
 * One thread at a time. Not for several particles: script and params other than results must be those of the first step, else RIV_E_CONFLICT. */
typedef struct avm_session avm_session;
/* From encoded data (copied; empty: none yet), which is trusted as avm_run trusts `prev`. Never NULL. */
avm_session *avm_session_new(riv_bytes data);
void         avm_session_free(avm_session *s); /* NULL is allowed */
/* in->prev is ignored. Results live in arena; out->data stays empty. After an error (RIV_E_LIMIT) the session is as before the step. */
RIV_MUST_USE riv_err avm_session_step(avm_session *s, const avm_input *in, riv_arena *arena, riv_fault *fault, avm_output *out);
/* Encodes and signs, once for each change. *out is the session's and lasts until its next step. */
RIV_MUST_USE riv_err avm_session_data(avm_session *s, riv_fault *fault, riv_bytes *out);
size_t avm_session_bytes(const avm_session *s); /* all memory that it holds; an owner of many frees the largest or oldest to stay in its budget */
typedef struct avm_session_stats { uint64_t steps, resumed /* without replay */, replayed, encoded, signed_anew; } avm_session_stats;
avm_session_stats avm_session_stats_of(const avm_session *s);

/* What avm_run checks of `cur` before it runs: envelope, archive, content ids, signatures, with the same codes in fault->code. */
RIV_MUST_USE riv_err avm_verify(riv_bytes data, riv_str particle_id, riv_arena *arena, riv_fault *fault);

/* ---- evidence: why data is refused, told by who signed what (evidence.c) ---- */

#define AVM_NOT_IN_TRACE SIZE_MAX
/* One result that a peer answers for: of a call, or a canon (service and function empty). */
typedef struct avm_signed { riv_str cid, service, function, value /* JSON text, may be empty */, argument_hash; size_t pos; /* of its state */ } avm_signed;
typedef RIV_VEC(avm_signed) avm_signed_list; /* sorted by cid; a multiset */
typedef enum avm_cover {
    AVM_COVERS,          /* the signature covers the peer's results in the trace, exactly */
    AVM_COVERS_UNKNOWN,  /* the particle's id was not given: nothing can be said */
    AVM_COVERS_NO_KEY,   /* results in the trace, no signature in the data */
    AVM_COVERS_BAD_FORM, /* key or signature have a wrong length or kind */
    AVM_COVERS_OTHER,    /* good, but over another list: signed_only, trace_only tell the difference */
    AVM_COVERS_BORROWED, /* made by the peer `whose`, over that one's results */
    AVM_COVERS_NOTHING,  /* of no list that the data suggests: forged, or of another particle */
} avm_cover;
typedef struct avm_witness {
    riv_str         peer;
    riv_bytes       public_key, signature; /* as they stand in the data */
    avm_signed_list results;               /* what the trace has of this peer */
    avm_cover       verdict;
    avm_signed_list signed_only, trace_only;
    riv_str         whose;
} avm_witness;
typedef struct avm_bad_entry {
    const char *store;     /* "value", "tetraplet", "canon element", "canon result", "service result" */
    riv_str     key;
    riv_str     hashes_to; /* the id that its content has; or */
    riv_str     why;       /* what else is wrong */
    riv_str     peer;      /* whose result it belongs to; empty: nobody can be named */
} avm_bad_entry;
/* Stored and arriving data name results of one peer that the other side lacks, both ways: a peer only ever adds to what it signed. */
typedef struct avm_contradiction {
    riv_str         peer;
    avm_signed_list before, now;
    bool            same_call; /* two answers to one call with the same arguments: pair, stored first */
    avm_signed      pair[2];
    bool            signed_before, signed_now; /* its signatures cover its results in both */
} avm_contradiction;
typedef struct avm_evidence_input {
    riv_bytes data;
    riv_bytes stored;      /* what it was to be merged with; empty: none */
    riv_str   particle_id; /* empty: not known */
    uint32_t  code; riv_str refusal; /* avm_run's own verdict and words; empty: data is judged alone */
    size_t    tries_max;   /* signature checks in the search for what a bad signature covers; 0: 2,000 */
} avm_evidence_input;
typedef struct avm_evidence {
    riv_err  err;          /* RIV_OK: nothing speaks against it */
    uint32_t code;         /* AquaVM's, 0 when good */
    riv_str  message;      /* in the interpreter's words */
    riv_str  line, peer;   /* the same as evidence: one line; the peer that it speaks of (empty: none) */
    riv_str  data_version, interpreter_version; /* empty: the envelope could not be read */
    bool     decoded;
    size_t   trace_count;
    RIV_VEC(avm_bad_entry) bad; size_t bad_count; /* the first 64; how many there are */
    const avm_witness *const *witnesses; size_t witnesses_count;
    RIV_VEC(avm_contradiction) contradictions;
} avm_evidence;
/* Never fails: data that does not decode is a finding like any other. Texts point into data or live in arena. */
void avm_evidence_of(const avm_evidence_input *in, riv_arena *arena, avm_evidence *out);

/* ---- which instruction made which state (align.c) ---- */

typedef struct avm_alignment {
    const air_node *const *nodes; /* by state of the trace; NULL: not known, or several could have made it */
    bool   fits;      /* the whole trace can be read as this script's */
    bool   given_up;  /* the script is too large for the search: nodes are known up to `reached` at most */
    bool   ambiguous; /* some states could be several instructions' */
    size_t reached;   /* how many states some reading got past: where fits is false, the state that does not fit */
} avm_alignment;
/* For tools. Nothing is executed. init_peer_id may be empty. Nodes are of script; the array lives in arena. */
void avm_align(const air_node *script, const archive_data *data, riv_str init_peer_id, riv_arena *arena, avm_alignment *out);

/* Border formats of the original interpreter (docs/spec/air.md §2.2). */
void avm_put_call_requests(const avm_output *out, riv_buf *buf);
RIV_MUST_USE riv_err avm_read_call_results(riv_bytes in, riv_arena *arena, riv_fault *fault, avm_call_result **out, size_t *count);

#endif
