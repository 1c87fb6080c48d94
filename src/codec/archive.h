/* Archive: the data of a particle as peers exchange it: a MessagePack envelope around an rkyv 0.7 archive (big-endian, 32-bit).
 * Decoded to plain structs, encoded from them, deterministic: stores are written sorted by key. No meaning is checked here: content
 * ids, signatures and merging are avm's. Spec: docs/spec/air.md §3.1, §3.2. */
#ifndef RIV_CODEC_ARCHIVE_H
#define RIV_CODEC_ARCHIVE_H

#include "base/base.h"

#define ARCHIVE_DATA_VERSION "0.17.2"

typedef struct archive_version { uint64_t major, minor, patch; riv_str pre, build; riv_str text; } archive_version;

typedef enum __attribute__((packed)) archive_state_kind { ARCHIVE_PAR = 0, ARCHIVE_CALL = 1, ARCHIVE_FOLD = 2, ARCHIVE_AP = 3, ARCHIVE_CANON = 4 } archive_state_kind;
typedef enum __attribute__((packed)) archive_call_kind {
    ARCHIVE_CALL_REQUEST,  /* sent by a peer: sender, has_call_id, call_id */
    ARCHIVE_CALL_SCALAR,   /* executed: cid is a service result */
    ARCHIVE_CALL_STREAM,   /* executed: cid and generation */
    ARCHIVE_CALL_UNUSED,   /* executed: cid is the value's */
    ARCHIVE_CALL_FAILED,   /* cid is a service result */
} archive_call_kind;
typedef struct archive_desc { uint32_t begin, len; } archive_desc;
typedef struct archive_lore { uint32_t value_pos; const archive_desc *descs; size_t descs_count; } archive_lore;

/* One state of a trace, 32 bytes. Only the fields of its kind may be looked at: kinds that never need two fields at once share their place. */
typedef struct archive_state {
    archive_state_kind kind;
    archive_call_kind  call;           /* CALL */
    bool               canon_executed; /* CANON: cid is set, else sender */
    bool               has_call_id;    /* CALL request */
    union {
        uint32_t left;                 /* PAR */
        uint32_t call_id;              /* CALL request with an id */
        uint32_t generation;           /* CALL stream, AP (generations_count 1) */
    };
    union {
        uint32_t right;                /* PAR */
        uint32_t generations_count;    /* AP: as decoded; only 1 has a meaning */
    };
    union {
        riv_str sender;                /* CALL request, CANON */
        riv_str cid;                   /* CALL executed or failed, CANON executed */
        struct { const archive_lore *lore; size_t lore_count; }; /* FOLD */
    };
} archive_state;

typedef struct archive_tetraplet { riv_str peer_pk, service_id, function_name, lens; } archive_tetraplet;
typedef struct archive_value { riv_str key, text; } archive_value;                                 /* key is always a CID */
typedef struct archive_tetraplet_entry { riv_str key; archive_tetraplet tetraplet; } archive_tetraplet_entry;
typedef enum __attribute__((packed)) archive_provenance { ARCHIVE_LITERAL = 0, ARCHIVE_FROM_SERVICE = 1, ARCHIVE_FROM_CANON = 2 } archive_provenance;
typedef struct archive_canon_element {
    riv_str key, value, tetraplet; /* CIDs */
    archive_provenance provenance;
    riv_str provenance_cid;        /* empty for a literal */
} archive_canon_element;
typedef struct archive_canon_result { riv_str key, tetraplet; const riv_str *values; size_t values_count; } archive_canon_result;
typedef struct archive_service_result { riv_str key, value_cid, argument_hash, tetraplet_cid; } archive_service_result;
typedef struct archive_signature { riv_bytes public_key, signature; } archive_signature; /* 33 and 65 bytes when well formed */

typedef struct archive_data {
    archive_version version, interpreter_version; /* text empty where there was no data at all */
    const archive_state *trace;                    size_t trace_count;
    uint32_t             last_call_id;
    const archive_value *values;                   size_t values_count;
    const archive_tetraplet_entry *tetraplets;     size_t tetraplets_count;
    const archive_canon_element *canon_elements;   size_t canon_elements_count;
    const archive_canon_result *canon_results;     size_t canon_results_count;
    const archive_service_result *service_results; size_t service_results_count;
    const archive_signature *signatures;           size_t signatures_count;
} archive_data;

/* The envelope. code in the fault is AquaVM's: 3 (no envelope, or versions cannot be read), 4 (versions can be read, the rest not; *versions
 * are set). Empty bytes: RIV_OK, everything empty. inner lives in arena or in bytes. */
typedef struct archive_envelope { archive_version version, interpreter_version; riv_bytes inner; bool empty; } archive_envelope;
RIV_MUST_USE riv_err archive_envelope_read(riv_bytes bytes, riv_arena *arena, riv_fault *fault, archive_envelope *out);
/* The inner data; fault->code is 2. Of entries with equal keys the last one wins (only it is returned); stores come
 * sorted by key. Texts point into inner. Takes under 20 bytes of arena for each byte of inner; RIV_E_LIMIT (code 2) when its budget is less. */
RIV_MUST_USE riv_err archive_inner_read(riv_bytes inner, riv_arena *arena, riv_fault *fault, archive_data *out);
/* Both of the above. */
RIV_MUST_USE riv_err archive_read(riv_bytes bytes, riv_arena *arena, riv_fault *fault, archive_data *out);

/* Appends the inner archive; equal keys must not occur. Stores are sorted here. Texts are shared by content. */
void archive_inner_write(const archive_data *data, riv_buf *out);
/* Envelope and inner; versions are data's texts (data_version empty: ARCHIVE_DATA_VERSION). */
void archive_write(const archive_data *data, riv_buf *out);

RIV_MUST_USE riv_err archive_version_parse(riv_str text, riv_fault *fault, archive_version *out); /* strict semver 2 */
int archive_version_cmp(const archive_version *a, const archive_version *b); /* build metadata does not count */

/* The readable form (JSON) with the original's names. SPEC air.md 3.2 "JSON names in the readable form" */
const riv_json *archive_json(const archive_data *data, riv_arena *arena);

#endif
