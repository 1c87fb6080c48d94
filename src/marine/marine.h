/* Marine: WebAssembly modules as services: load, link by name, call with JSON values. The only room that sees Wasmtime.
 * Not here: particles, AIR, peers, the real clock and files: what a module sees of the world goes through marine_env.
 * Spec: docs/spec/marine.md. */
#ifndef RIV_MARINE_H
#define RIV_MARINE_H

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

enum {
    MARINE_MODULE_BYTES_MAX = 64 << 20,
    MARINE_NESTING_MAX      = 64, /* arrays and records inside each other */
    MARINE_MODULES_MAX      = 64, /* of one service */
    MARINE_CHANGES_MAX      = 4096, /* modules that a service may load in its life: code, tables and a few KiB of each stay until it goes */
    MARINE_COMMAND_MS_DEFAULT    = 10000,
    MARINE_COMMAND_BYTES_DEFAULT = 4 << 20,
};
#define MARINE_FUEL_DEFAULT   UINT64_C(10000000000)
#define MARINE_MEMORY_DEFAULT UINT64_C(0x10000000) /* 256 MiB for all modules of a service */
#define MARINE_STACK_BYTES    (2u << 20)

/* What a module may see of the world. All may be NULL: then the clock stands at 0, randomness is a fixed stream, output is dropped.
 * What a call logs and prints together is at most 16 MiB, then it fails as out of memory. */
typedef struct marine_pair { riv_str key, value; } marine_pair;
struct marine_command;
struct marine_output;
typedef struct marine_env {
    void *ctx;
    uint64_t (*now_ns)(void *ctx);
    void     (*random)(void *ctx, uint8_t *out, size_t len);
    void     (*log)(void *ctx, riv_str module, int32_t level, riv_str text);     /* already filtered by mask */
    void     (*output)(void *ctx, riv_str module, bool is_stderr, riv_str text); /* what it prints: any bytes, at most 64 KiB at a time */
    /* Runs a mounted binary to its end; never through a shell. NULL: modules that import one are refused. Texts and bytes of *out live
     * in arena. ret_code as in SPEC marine.md 5.4; RIV_E_DENIED: not on the list of what this host allows. */
    riv_err  (*command)(void *ctx, const struct marine_command *command, riv_arena *arena, riv_fault *fault, struct marine_output *out);
} marine_env;
typedef struct marine_command { /* what a module asked for, with the limits that hold for it */
    riv_str        module, name, path; /* the importing module, the import's name, the file from its configuration */
    const riv_str *args; size_t args_count; /* without the name of the program */
    const marine_pair *envs; size_t envs_count; /* the module's environment, as its configuration gives it */
    riv_str        dir;  /* where it is to run; empty: the host decides */
    uint32_t       time_ms_max;
    size_t         output_bytes_max; /* of both streams together */
} marine_command;
typedef struct marine_output { int32_t ret_code; riv_str error; riv_bytes standard_output, standard_error; } marine_output;

/* ---- engine: one per process, any thread ---- */
typedef struct marine_engine marine_engine;
typedef enum marine_optimize { MARINE_FOR_SPEED, MARINE_FOR_SIZE, MARINE_NOT_AT_ALL } marine_optimize; /* results are the same in each */
typedef struct marine_engine_config { marine_optimize optimize; } marine_engine_config;
RIV_MUST_USE riv_err marine_engine_new(riv_fault *fault, marine_engine **out); /* for speed */
RIV_MUST_USE riv_err marine_engine_new_with(const marine_engine_config *config, riv_fault *fault, marine_engine **out);
void marine_engine_free(marine_engine *engine);
/* Moves the clock of deadlines on by one tick; from any thread, also while calls run. Nobody has to call it. */
void marine_engine_tick(marine_engine *engine);

/* ---- module: compiled code and decoded sections; immutable, any thread ---- */
typedef struct marine_module marine_module;
/* RIV_E_MALFORMED with the offset in the wasm or in the section; RIV_E_UNSUPPORTED: versions too old; RIV_E_LIMIT: too large. */
RIV_MUST_USE riv_err marine_module_new(marine_engine *engine, riv_bytes wasm, riv_fault *fault, marine_module **out);
/* The module's native code with what else is kept of it, sealed with a key: for a cache. docs/decisions/0006-sealed-code-cache.md */
RIV_MUST_USE riv_err marine_module_code(const marine_module *module, const crypto_secret *key, riv_buf *out, riv_fault *fault);
/* From marine_module_code of the same wasm. Nothing of code is trusted before the seal is found whole: RIV_E_MALFORMED damaged, RIV_E_DENIED
 * damaged or under another key, RIV_E_CONFLICT of another wasm, RIV_E_UNSUPPORTED of another engine or machine. */
RIV_MUST_USE riv_err marine_module_from_code(marine_engine *engine, const crypto_secret *key, riv_bytes wasm, riv_bytes code, riv_fault *fault,
                                             marine_module **out);
/* A folder of sealed code. It must be ours alone (its owner this user, nobody else may write to it), else modules are compiled each time. */
typedef struct marine_cache {
    riv_str       dir;
    crypto_secret key; /* kept secret from who else may write there */
    /* Where it is set, and the folder can be used: has the entry made elsewhere, under limits of its own, in place of compiling here. What it
     * fails with is the failure. NULL: compiled here. */
    riv_err     (*compile)(void *ctx, riv_bytes wasm, riv_fault *fault);
    void         *ctx;
} marine_cache;
typedef enum marine_cached {
    MARINE_COMPILED, /* no usable entry: compiled; an entry was written where that was possible */
    MARINE_CHECKED,  /* the entry was read whole and hashed */
    MARINE_KNOWN,    /* wasm and entry are the files that were hashed in this boot within the last hour, not written to since */
} marine_cached;
/* The module of a file, from the cache if it can be. RIV_E_NOT_FOUND, RIV_E_IO: the file; else as marine_module_new. how may be NULL. */
RIV_MUST_USE riv_err marine_module_open(marine_engine *engine, const marine_cache *cache, riv_str path, riv_fault *fault, marine_module **out,
                                        marine_cached *how);
/* The same of bytes. */
RIV_MUST_USE riv_err marine_module_open_bytes(marine_engine *engine, const marine_cache *cache, riv_bytes wasm, riv_fault *fault,
                                              marine_module **out, marine_cached *how);
void marine_module_free(marine_module *module);

/* ---- interface ---- */
typedef enum marine_type_kind {
    MARINE_S8, MARINE_S16, MARINE_S32, MARINE_S64, MARINE_U8, MARINE_U16, MARINE_U32, MARINE_U64, MARINE_F32, MARINE_F64,
    MARINE_STRING, MARINE_BOOL, MARINE_I32, MARINE_I64, MARINE_RECORD, MARINE_ARRAY, MARINE_BYTES,
} marine_type_kind;
typedef struct marine_type marine_type;
struct marine_type { marine_type_kind kind; uint32_t record; /* RECORD: index in records */ const marine_type *element; /* ARRAY */ };
typedef struct marine_field { riv_str name; marine_type type; } marine_field;
typedef struct marine_record { riv_str name; uint32_t id; const marine_field *fields; size_t fields_count; } marine_record;
typedef struct marine_function { riv_str name; const marine_field *args; size_t args_count; marine_type result; bool has_result; } marine_function;
typedef struct marine_interface { /* public functions sorted by name; records by their id */
    const marine_function *functions; size_t functions_count;
    const marine_record   *records;   size_t records_count;
} marine_interface;
const marine_interface *marine_module_interface(const marine_module *module); /* lives as long as the module */
riv_str marine_type_text(const marine_interface *in, const marine_type *type, riv_arena *arena); /* "[]u8", "string", "Rec" */
/* {function_signatures, record_types} with the original's names. SPEC marine.md 8.5 */
const riv_json *marine_interface_json(const marine_interface *in, riv_arena *arena);
/* Aqua declarations: data types, then one service. SPEC marine.md 10.2 */
void marine_interface_aqua(const marine_interface *in, riv_str service_name, riv_str default_id, riv_buf *out);
/* Versions, imports and exports of a wasm file without compiling it. Empty texts where a section is missing. */
typedef struct marine_manifest { riv_str authors, version, description, repository, build_time; } marine_manifest; /* SPEC marine.md 2.6 */
typedef struct marine_info {
    riv_str sdk_version, it_version;
    const riv_str *imports; size_t imports_count; /* "module.name", functions only */
    const riv_str *exports; size_t exports_count;
    marine_interface interface; /* empty when there is no interface section */
    bool logger; const riv_str *mounted_binaries; size_t mounted_binaries_count; /* effects. SPEC marine.md 5.4 */
    bool has_manifest; marine_manifest manifest; riv_str manifest_fault; /* why a manifest that is there cannot be read; the runtime does not need it */
    bool has_memory, memory_bounded; uint64_t memory_pages_min, memory_pages_max; /* of 64 KiB; max when bounded */
    bool is_component; /* WASI 0.2: imports are interfaces, exports are the functions that can be called. It was compiled to know them */
} marine_info;
RIV_MUST_USE riv_err marine_inspect(riv_bytes wasm, riv_arena *arena, riv_fault *fault, marine_info *out);

/* ---- building: what the toolchain's output lacks ---- */
/* Makes the interface-types section from the __m_generated_section__* descriptions in wasm and appends it (an old one is replaced).
 * A module without descriptions is RIV_E_NOT_FOUND. SPEC marine.md 9.2, 9.3 */
RIV_MUST_USE riv_err marine_embed(riv_bytes wasm, riv_fault *fault, riv_buf *out);

/* ---- values, for callers who do not want JSON ---- */
typedef struct marine_value marine_value;
struct marine_value {
    marine_type_kind kind;
    union {
        uint64_t  bits;  /* integers and bool: sign- or zero-extended to 64 bits by their kind */
        float     f32;
        double    f64;
        riv_bytes bytes; /* STRING, BYTES; an array of u8 may be either */
        struct { const marine_value *items; size_t count; } list; /* ARRAY, RECORD: fields in their order */
    };
};

/* ---- service: instances of modules in one store; one call at a time. What marine_env is asked meanwhile must not come back to the service:
 * calls, changes and roots are refused then, RIV_E_CONFLICT with the kind MARINE_HOST; freeing it ends the process. ---- */
typedef struct marine_module_config {
    riv_str              name;   /* import name */
    const marine_module *module; /* outlives the service */
    bool                 logger_enabled;
    int32_t              logging_mask; /* INT32_MAX: all */
    const marine_pair   *envs;        size_t envs_count;
    const marine_pair   *mapped_dirs; size_t mapped_dirs_count; /* guest alias, host path */
    const marine_pair   *mounted_binaries; size_t mounted_binaries_count; /* import name, path of the program */
    uint32_t command_ms_max;           /* of one run of a mounted binary, 0: MARINE_COMMAND_MS_DEFAULT */
    uint32_t command_output_bytes_max; /* 0: MARINE_COMMAND_BYTES_DEFAULT */
    riv_str  command_dir;              /* where they run; empty: the host decides */
} marine_module_config;
typedef struct marine_service_config {
    const marine_module_config *modules; size_t modules_count; /* linked in this order; the last is the facade */
    uint64_t   memory_bytes_max; /* of all modules, 0: MARINE_MEMORY_DEFAULT */
    uint64_t   fuel_start;       /* for _initialize and _start, 0: MARINE_FUEL_DEFAULT */
    marine_env env;
} marine_service_config;
typedef struct marine_service marine_service;
/* On failure fault->code is the marine_error_kind: MARINE_LOAD, MARINE_LINK, or what _initialize and _start ran into. */
RIV_MUST_USE riv_err marine_service_new(marine_engine *engine, const marine_service_config *config, riv_fault *fault, marine_service **out);
void marine_service_free(marine_service *service);

typedef struct marine_tetraplet { riv_str peer_pk, service_id, function_name, lens; } marine_tetraplet;
typedef struct marine_tetraplets { const marine_tetraplet *items; size_t count; } marine_tetraplets;
typedef struct marine_call_params { /* what get_call_parameters gives the module. SPEC marine.md 5.2 */
    riv_str   particle_id, init_peer_id, script, token;
    uint64_t  timestamp_ms;
    uint32_t  ttl_ms;
    riv_bytes signature;
    riv_str   service_id, service_creator_peer_id, host_id, worker_id;
    const marine_tetraplets *tetraplets; size_t tetraplets_count; /* one entry for each argument */
} marine_call_params;

typedef enum marine_error_kind { /* how a call failed: the kinds of docs/spec/scenarios.md §5 */
    MARINE_NO_ERROR, MARINE_BAD_ARGUMENTS, MARINE_NOT_FOUND, MARINE_LOAD, MARINE_LINK, MARINE_TRAP, MARINE_OUT_OF_FUEL, MARINE_DEADLINE,
    MARINE_OUT_OF_MEMORY, MARINE_STACK, MARINE_HOST,
} marine_error_kind;
const char *marine_error_name(marine_error_kind kind);
typedef struct marine_call {
    riv_str         module;   /* empty: the facade */
    riv_str         function;
    const riv_json *args;     /* array by position or object by name */
    marine_call_params params;
    uint64_t        fuel;     /* 0: MARINE_FUEL_DEFAULT */
    uint32_t        deadline_ticks; /* ticks of the engine until the call is ended; 0: none */
} marine_call;
typedef struct marine_result { const riv_json *value; /* null for no result */ uint64_t fuel_used; marine_error_kind error; } marine_result;
/* The value lives in arena; its budget bounds the result. On failure out->error and fault are set (fault->code is out->error too). After a trap the instances stay as they were at the trap.
 * fuel_used is all that was given when the call ran out, passed its deadline, or trapped in an instruction other than unreachable. */
RIV_MUST_USE riv_err marine_service_call(marine_service *service, const marine_call *call, riv_arena *arena, riv_fault *fault, marine_result *out);
/* The same without JSON: call->args is not looked at. Bytes and lists of *value live in arena. *has_value is false where the function gives
 * none. Values that do not fit the interface are MARINE_BAD_ARGUMENTS. */
RIV_MUST_USE riv_err marine_service_call_values(marine_service *service, const marine_call *call, const marine_value *args, size_t args_count, riv_arena *arena,
                                                riv_fault *fault, marine_result *out, marine_value *value, bool *has_value);
/* The same from JSON text to JSON text, which is appended to out: no tree in between. The text of the result is riv_json's of the same value, of
 * 256 MiB at most. On failure nothing is appended. */
RIV_MUST_USE riv_err marine_service_call_text(marine_service *service, const marine_call *call, riv_str args, riv_fault *fault, marine_result *out, riv_buf *text);

/* ---- changing a living service: none of its calls may run. On failure the modules are as they were (what a module that started did to
 * those it imports from stays done), fault->code is the marine_error_kind. The memory of a module that goes is given back to the budget at
 * once; while one is replaced both have theirs. config->module outlives the service, also when it is unloaded. ---- */
/* Another module behind the last; it becomes the facade. Its imports are linked to those before it. */
RIV_MUST_USE riv_err marine_service_load(marine_service *service, const marine_module_config *config, riv_fault *fault);
/* MARINE_NOT_FOUND; MARINE_LINK: another module imports from it (named in the fault). The last one left cannot go: MARINE_LOAD. */
RIV_MUST_USE riv_err marine_service_unload(marine_service *service, riv_str name, riv_fault *fault);
/* New code under the name of a loaded module, in its place, started afresh; modules that import from it call the new one. MARINE_LINK when
 * the new one lacks what they import, or has it with another type. */
RIV_MUST_USE riv_err marine_service_replace(marine_service *service, const marine_module_config *config, riv_fault *fault);

/* ---- looking at it ---- */
uint64_t marine_service_memory(const marine_service *service); /* bytes of all linear memories */
typedef struct marine_module_stats { riv_str name; const marine_module *module; uint64_t memory_bytes; } marine_module_stats;
typedef struct marine_stats {
    const marine_module_stats *modules; size_t modules_count; /* in the order of loading */
    uint64_t memory_bytes, memory_bytes_max;
    uint32_t allocation_rejects; /* of the last call that failed, 0 after one that succeeded. SPEC marine.md 8.3 */
    uint64_t calls, failed_calls, fuel_used; /* since the service was made; the fuel also of modules that started */
} marine_stats;
void marine_service_stats(const marine_service *service, riv_arena *arena, marine_stats *out);

/* ---- state ---- */
/* A BLAKE3 Merkle root over all that calls can change: memories, globals, tables, and the files below mapped directories, module by module.
 * The first costs all of it, a later one what changed since. Between calls only. Equal states give equal roots on any machine.
 * docs/spec/proofs.md 3.2 has the exact shape. RIV_E_UNSUPPORTED: a component, or a module that forgets what it may look at later (dropped
 * segments). RIV_E_IO, RIV_E_LIMIT: files that cannot be read, or more than 100000 of them. A chunk has 4096 bytes; hashed are those
 * that may have changed and are not all zeros. */
typedef struct marine_root { crypto_hash hash; uint64_t chunks_hashed, chunks_total; } marine_root;
RIV_MUST_USE riv_err marine_service_root(marine_service *service, riv_fault *fault, marine_root *out);

#endif
