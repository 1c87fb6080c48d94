/* A Marine service in the original's configuration format (Config.toml): which modules, what each may see, how much memory for all.
 * Not here: loading of modules; what a node adds by its own configuration.
 * Spec: docs/spec/marine.md 7; keys of ours: docs/marine.md "Services and their configuration". */
#ifndef RIV_HOST_SERVICE_TOML_H
#define RIV_HOST_SERVICE_TOML_H

#include "host/host.h"

typedef struct host_module_toml {
    riv_str            name;             /* under which others import it */
    riv_str            file;             /* of the wasm; below the configuration's folder unless absolute */
    riv_str            file_name;        /* of the wasm where `file` is a folder; empty once that was looked at */
    bool               logger_enabled;
    int32_t            logging_mask;
    const marine_pair *envs;             size_t envs_count;
    const marine_pair *mapped_dirs;      size_t mapped_dirs_count;      /* alias, path as written */
    const marine_pair *mounted_binaries; size_t mounted_binaries_count; /* name, path below the configuration's folder unless absolute */
} host_module_toml;
typedef struct host_service_toml {
    riv_str                 path;             /* of the configuration */
    uint64_t                memory_bytes_max; /* 0: not said; UINT64_MAX: "Infinity" */
    riv_str                 working_dir;      /* as written; empty: not said */
    const host_module_toml *modules; size_t modules_count; /* the last is the facade; at least one */
    const riv_str          *warnings; size_t warnings_count; /* "FILE:LINE:COL: ..." */
} host_service_toml;
/* Looks at no file. RIV_E_MALFORMED, RIV_E_LIMIT: the fault's message is whole: "FILE:LINE:COL: ...". Values live in arena. */
RIV_MUST_USE riv_err host_service_toml_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, host_service_toml *out);
/* Reads the file too; a module whose load_from is a folder is its file_name in it. */
RIV_MUST_USE riv_err host_service_toml_read(riv_str path, riv_arena *arena, riv_fault *fault, host_service_toml *out);

/* What the modules see, with all that a service of the original sees: environment `service_id` (unless empty), WASM_LOG by filter (see
 * host_log_filter), mapped directories below working_dir, which are made. .module of each is left NULL for the caller.
 * working_dir: where the service lives; empty: that of the configuration, else the current folder. */
typedef struct host_service_place {
    riv_str            working_dir, service_id, log_filter;
    const marine_pair *envs;        size_t envs_count;        /* for every module, over its own */
    const marine_pair *mapped_dirs; size_t mapped_dirs_count; /* for every module that maps nothing under the same alias */
} host_service_place;
RIV_MUST_USE riv_err host_service_modules(const host_service_toml *toml, const host_service_place *place, riv_arena *arena, riv_fault *fault,
                                          marine_module_config **out);

/* The level that a filter in the form of WASM_LOG ("info,chatty=debug,quiet=off") gives a module; empty: none. SPEC marine.md 5.3
 * *ignored (may be NULL): the first part that says nothing, for a warning. */
riv_str host_log_filter(riv_str filter, riv_str module, riv_str *ignored);

#endif
