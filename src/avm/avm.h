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

/* What avm_run checks of `cur` before it runs: envelope, archive, content ids, signatures, with the same codes in fault->code. */
RIV_MUST_USE riv_err avm_verify(riv_bytes data, riv_str particle_id, riv_arena *arena, riv_fault *fault);

/* Border formats of the original interpreter (docs/spec/air.md §2.2). */
void avm_put_call_requests(const avm_output *out, riv_buf *buf);
RIV_MUST_USE riv_err avm_read_call_results(riv_bytes in, riv_arena *arena, riv_fault *fault, avm_call_result **out, size_t *count);

#endif
