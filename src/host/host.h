/* Host: the real world below a node: event loop, sockets, timers, worker threads, durable state, files, keys, configuration, logs.
 * Not here: decisions. Callbacks turn OS events into node_events and node_effects into OS calls; the simulator replaces all of it.
 * Spec: docs/spec/node.md §1 (keys), src/host/README.md (what survives what). */
#ifndef RIV_HOST_H
#define RIV_HOST_H

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "node/node.h"
#include "work/work.h"

enum {
    HOST_KEY_FILE_BYTES_MAX = 4096,
    HOST_TOML_BYTES_MAX     = 1 << 20,
    HOST_TOML_DEPTH_MAX     = 64,       /* nested tables and arrays */
    HOST_DIAL_MS            = 10000,    /* name resolution and TCP connect together */
    HOST_LINGER_MS          = 3000,     /* a link that shall close waits so long for its written bytes to leave */
    HOST_STOP_MS            = 500,      /* NODE_STOP: time for goodbyes */
    HOST_READ_BYTES         = 64 << 10, /* one read of a socket */
    HOST_EFFECTS_BYTES_MAX  = 8 << 20,  /* effects of one turn, above which they are carried out before the turn ends */
    HOST_WORKERS_MAX        = 64,
    HOST_WORKER_STACK_BYTES = 64 << 20, /* deep scripts recurse; the pages are touched on demand */
};

/* ---- time and chance ---- */
uint64_t host_now_ms(void);  /* since the Unix epoch */
uint64_t host_now_us(void);
uint64_t host_clock_ns(void); /* monotonic */
void host_sleep_ms(uint32_t ms); /* a signal that the program catches ends it early */
/* From the kernel. Ends the process when the kernel gives none. */
void host_entropy(void *out, size_t len);

/* ---- files ---- */
/* A whole file; "-" is standard input. RIV_E_NOT_FOUND, RIV_E_LIMIT (over bytes_max), RIV_E_MALFORMED (a folder), RIV_E_IO; the fault names path and cause. */
RIV_MUST_USE riv_err host_file_read(riv_str path, uint64_t bytes_max, riv_arena *arena, riv_fault *fault, riv_bytes *out);
/* All or nothing: temporary file beside path, fsync, rename, fsync of the folder. Links are followed; a device or a pipe is written to. */
RIV_MUST_USE riv_err host_file_write(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault);
/* The same for a file of the user's that is changed: links are followed, its mode stays; one that may not be written is RIV_E_IO. */
RIV_MUST_USE riv_err host_file_rewrite(riv_str path, riv_bytes data, riv_fault *fault);
/* The same, but never over another file, nor a link: RIV_E_CONFLICT. */
RIV_MUST_USE riv_err host_file_write_new(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault);
/* The same for a file that can be made again: no fsync. */
RIV_MUST_USE riv_err host_file_write_cache(riv_str path, riv_bytes data, uint32_t mode, riv_fault *fault);
bool host_file_exists(riv_str path);
bool host_is_dir(riv_str path);
bool host_is_file(riv_str path);   /* a regular one; links are followed */
/* What changes when a file is written or replaced; all zero when there is none. */
typedef struct host_stamp { uint64_t mtime_ns, size, inode; } host_stamp;
host_stamp host_file_stamp(riv_str path);
bool host_stamp_eq(host_stamp a, host_stamp b);
RIV_MUST_USE riv_err host_dir_make(riv_str path, riv_fault *fault); /* with parents, mode 0700 */
void host_dir_remove(riv_str path);                                 /* with all that is in it; follows no links; best effort */
RIV_MUST_USE riv_err host_dir_list(riv_str path, riv_arena *arena, riv_fault *fault, const riv_str **names, size_t *count); /* sorted */
/* $TMPDIR or /tmp, then prefix-XXXXXX, mode 0700. */
RIV_MUST_USE riv_err host_temp_dir(riv_str prefix, riv_arena *arena, riv_fault *fault, riv_str *out);
riv_str host_path_join(riv_arena *arena, riv_str dir, riv_str name); /* an absolute name stays as it is */
riv_str host_path_dir(riv_str path);                                 /* "a/b.c" -> "a", "b.c" -> "." */
riv_str host_path_name(riv_str path);                                /* "a/b.c" -> "b.c" */
riv_str host_path_stem(riv_str path);                                /* "a/b.c" -> "b" */
riv_str host_path_real(riv_arena *arena, riv_str path);              /* links resolved; path itself when it does not exist */
riv_str host_env(const char *name);                                  /* empty when unset */

/* ---- files that can be made again: key -> bytes, each with the hash of both in front ---- */
/* RIV_E_NOT_FOUND: absent, or damaged (then removed); or it or the folder is owned or writable by others. */
RIV_MUST_USE riv_err host_cache_get(riv_str dir, const crypto_hash *key, riv_arena *arena, riv_fault *fault, riv_bytes *out);
/* RIV_E_DENIED: the folder is owned or writable by others. */
RIV_MUST_USE riv_err host_cache_put(riv_str dir, const crypto_hash *key, riv_bytes value, riv_fault *fault);

/* ---- key files: one line, base64 of the 32-byte ed25519 seed, mode 0600 ---- */
/* *exposed (may be NULL): group or others may read the file. */
RIV_MUST_USE riv_err host_key_load(riv_str path, riv_fault *fault, crypto_secret *out, bool *exposed);
RIV_MUST_USE riv_err host_key_save(riv_str path, const crypto_secret *seed, riv_fault *fault); /* RIV_E_CONFLICT: the file exists */
void host_key_new(crypto_secret *out);

/* ---- a thread that ticks ---- */
typedef struct host_ticker host_ticker;
/* Calls fn every so many milliseconds, on a thread of its own, until it is stopped. */
RIV_MUST_USE riv_err host_ticker_start(uint32_t every_ms, void (*fn)(void *ctx), void *ctx, riv_fault *fault, host_ticker **out);
void host_ticker_stop(host_ticker *t); /* waits for its last call; accepts NULL */

/* ---- the same work on several threads ---- */
/* fn(ctx, 0) to fn(ctx, threads - 1) at the same time, one of them here; threads from 1 to HOST_WORKERS_MAX. Comes back when all are done. */
void host_parallel(unsigned threads, void (*fn)(void *ctx, unsigned index), void *ctx);
/* Asks for large pages under what lies there; of what was not written yet they are had best. Where the system has none nothing happens. */
void host_large_pages(riv_bytes memory);

/* ---- TOML ---- */
typedef struct host_place { riv_str path; uint32_t line, col; } host_place; /* path: "service[0].memory"; from 1 */
typedef struct host_toml { const riv_json *root; const host_place *places; size_t places_count; } host_toml;
/* Tables, arrays, texts, integers, floats, booleans; dates become texts. RIV_E_MALFORMED: fault->code is the line, ->pos the column,
 * the message is without them. RIV_E_LIMIT: too long or nested too deep. */
RIV_MUST_USE riv_err host_toml_parse(riv_str text, riv_arena *arena, riv_fault *fault, host_toml *out);
host_place host_toml_place(const host_toml *toml, riv_str path); /* line 0: no such path */

/* A configuration that is read key by key. Paths of keys are those of host_place; every fault's message is whole: "FILE:LINE:COL: ...".
 * An absent key leaves *out as it is. */
typedef struct host_doc { riv_str path; host_toml toml; riv_arena *arena; riv_fault *fault; } host_doc;
RIV_MUST_USE riv_err host_doc_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, host_doc *out);
riv_err host_doc_fail(host_doc *d, riv_str key_path, const char *format, ...) RIV_PRINTF(3, 4); /* RIV_E_MALFORMED */
riv_str host_doc_sub(host_doc *d, riv_str base, riv_str key); /* "base.key" */
/* Only these keys may stand in the table; the fault names the nearest. where: "[[module]]". */
RIV_MUST_USE riv_err host_doc_keys(host_doc *d, const riv_json *table, riv_str base, const char *where, const riv_str *keys, size_t count);
RIV_MUST_USE riv_err host_doc_text(host_doc *d, const riv_json *table, riv_str base, const char *key, riv_str *out);
RIV_MUST_USE riv_err host_doc_texts(host_doc *d, const riv_json *table, riv_str base, const char *key, const riv_str **out, size_t *count); /* or one text */
RIV_MUST_USE riv_err host_doc_bool(host_doc *d, const riv_json *table, riv_str base, const char *key, bool *out);
RIV_MUST_USE riv_err host_doc_number(host_doc *d, const riv_json *table, riv_str base, const char *key, uint64_t max, uint64_t *out); /* from 1 */
RIV_MUST_USE riv_err host_doc_size(host_doc *d, const riv_json *table, riv_str base, const char *key, uint64_t *out); /* number or text */
RIV_MUST_USE riv_err host_doc_table(host_doc *d, const riv_json *table, riv_str base, const char *key, const riv_json **out);
RIV_MUST_USE riv_err host_doc_pairs(host_doc *d, const riv_json *table, riv_str base, const char *key, const marine_pair **out, size_t *count);
RIV_MUST_USE riv_err host_size_parse(riv_str text, uint64_t *bytes); /* "64 MiB", "512KiB", "1000" */

/* ---- logs: one write(2) a line; any thread ---- */
typedef enum host_log_format { HOST_LOG_HUMAN, HOST_LOG_JSON } host_log_format;
typedef struct host_log_config { int fd; host_log_format format; riv_log_level level; bool colour, quiet; } host_log_config;
typedef struct host_log { riv_log sink; host_log_config config; } host_log; /* must not move: the sink points to it */
void host_log_init(host_log *log, const host_log_config *config);
bool host_log_level(riv_str name, riv_log_level *out); /* error warn info debug trace */
/* One record, {"ts" (us since the epoch), "level", "event", fields...}; appended with its line end. */
void host_log_record(const host_log_config *config, uint64_t ts_us, riv_log_level level, const char *event, const riv_log_field *fields,
                     size_t count, riv_buf *out);

/* ---- other programs ---- */
/* First executable of that name in $PATH. */
RIV_MUST_USE riv_err host_program(riv_str name, riv_arena *arena, riv_fault *fault, riv_str *path);
typedef struct host_output { int exit_code; int signal; riv_str text; } host_output; /* text: stdout and stderr, at most 256 KiB */
/* Runs argv (NULL-terminated, argv[0] a path) to its end; a signal that the program catches meanwhile ends it. RIV_E_IO: it could not be started. */
RIV_MUST_USE riv_err host_command(const char *const *argv, riv_arena *arena, riv_fault *fault, host_output *out);
/* A child that gets SIGTERM when this process dies. stdout and stderr are pipes, stdin is /dev/null. */
typedef struct host_child { int pid, out, err; } host_child;
RIV_MUST_USE riv_err host_child_start(const char *const *argv, riv_fault *fault, host_child *child);
/* SIGTERM, then SIGKILL after wait_ms; closes the pipes; safe on a zeroed child. */
void host_child_stop(host_child *child, uint32_t wait_ms);

/* ---- programs that services mount ---- */
/* Whether path is one of the allowed; links of the folder are resolved, one of the file itself is not. */
bool host_mounted_allowed(const riv_str *allowed, size_t count, riv_str path);
/* Runs the program to its end, or to its limits; what it left behind is killed. How it went is in *out, also that it could not be started.
 * Its environment is command->envs and a PATH where those have none; its folder command->dir, or "/"; its standard input is empty.
 * RIV_E_DENIED: not allowed; the message says what to add to rivulet.toml. */
RIV_MUST_USE riv_err host_mounted_run(const riv_str *allowed, size_t count, const marine_command *command, riv_arena *arena, riv_fault *fault,
                                      marine_output *out);

/* ---- durable state: one LMDB environment; keys at most 511 bytes ---- */
typedef struct host_store host_store;
/* Makes the folder. RIV_E_CONFLICT: another process has it open. */
RIV_MUST_USE riv_err host_store_open(riv_str dir, riv_fault *fault, host_store **out);
void host_store_close(host_store *store); /* accepts NULL */
/* Changes gather until commit: one transaction, synced. On failure nothing of it is kept. */
RIV_MUST_USE riv_err host_store_put(host_store *store, riv_bytes key, riv_bytes value, riv_fault *fault);
RIV_MUST_USE riv_err host_store_del(host_store *store, riv_bytes key, riv_fault *fault); /* absent is fine */
RIV_MUST_USE riv_err host_store_commit(host_store *store, riv_fault *fault);
/* Every record, by key. */
typedef void (*host_store_fn)(void *ctx, riv_bytes key, riv_bytes value);
RIV_MUST_USE riv_err host_store_each(host_store *store, host_store_fn fn, void *ctx, riv_fault *fault);

/* ---- the loop ---- */
typedef struct host host;
typedef struct host_config {
    uint32_t workers; /* threads for jobs; 0: one a core, at most 8 */
    bool     signals; /* SIGINT, SIGTERM and SIGHUP stop the host */
} host_config;
RIV_MUST_USE riv_err host_new(const host_config *config, riv_fault *fault, host **out);
/* Until host_stop, a signal or a failure of a store (RIV_E_IO: state can no longer be kept). Then every node says goodbye, running jobs are
 * waited for, links close. May be called once. */
RIV_MUST_USE riv_err host_run(host *h, riv_fault *fault);
void host_stop(host *h);                /* from callbacks */
int  host_stop_signal(const host *h);   /* the signal that stopped it, or 0 */
void host_free(host *h);                /* and its nodes; accepts NULL */
typedef void (*host_timeout_fn)(void *ctx);
void host_after(host *h, uint64_t ms, host_timeout_fn fn, void *ctx); /* once; forgotten when the host stops */

/* ---- nodes on it ---- */
typedef struct host_node host_node;
typedef struct host_node_config {
    crypto_secret  seed;
    const riv_str *listen; size_t listen_count;   /* /ip4|ip6/.../tcp/PORT; port 0: any */
    const riv_str *peers;  size_t peers_count;    /* with /p2p/ID */
    const node_service *services; size_t services_count;
    const work_env *work;                         /* outlives the node; NULL: no services */
    riv_str        state_dir;                     /* empty: nothing is kept */
    uint32_t       ttl_ms_max;                    /* 0: node's default */
    avm_version    version;
    const riv_log *log;                           /* gets each event with a first field "peer" */
    void          *ctx;
    void (*on_reply)(void *ctx, const node_effect *reply);
    void (*on_event)(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count); /* as log, all levels */
} host_node_config; /* copied, but for work, log and ctx */
/* Binds its addresses and starts it; its links come up when the loop runs. RIV_E_MALFORMED: an address; RIV_E_IO: cannot listen or open. */
RIV_MUST_USE riv_err host_node_add(host *h, const host_node_config *config, riv_fault *fault, host_node **out);
codec_peer     host_node_peer(const host_node *n);
const riv_str *host_node_addrs(const host_node *n, size_t *count); /* full multiaddrs with /p2p/ID, ports resolved */
void           host_node_request(host_node *n, const node_run *run);
void           host_node_add_peer(host_node *n, riv_str addr);
node_stats     host_node_stats(const host_node *n);

#endif
