/* build.h: what the files of `rivulet module build` share: one source becomes modules, by the tools of its language. */
#ifndef RIV_CLI_BUILD_H
#define RIV_CLI_BUILD_H

#include "cli/internal.h"

typedef struct cli_built { riv_str name; riv_bytes wasm; } cli_built; /* name: of the file, without .wasm */
typedef RIV_VEC(cli_built) cli_builds;

/* Everything that source is built to, with interface sections. Prints what is wrong. */
bool cli_build(cli *c, riv_str source, bool fresh, riv_arena *arena, cli_builds *out, int *code);

/* build_c.c: one file of C or C++, or a folder of them; through the cache unless fresh. */
bool cli_build_c(cli *c, riv_str source, bool fresh, riv_arena *arena, riv_bytes *wasm, int *code);
bool cli_is_c(riv_str name); /* by its ending: C or C++ */
/* build_rust.c: the binaries of the cargo package or workspace in folder. */
bool cli_build_rust(cli *c, riv_str folder, riv_arena *arena, cli_builds *out, int *code);

/* ---- tools.c ---- */

/* Runs argv in folder (empty: here) to its end; its standard error goes to ours as it comes, its standard output to *out. RIV_E_LIMIT: more than
 * 64 MiB. A caught signal ends it. */
typedef struct cli_tool { int exit_code; riv_str out, err; } cli_tool;
RIV_MUST_USE riv_err cli_tool_run(const char *const *argv, riv_str folder, bool quiet, riv_arena *arena, riv_fault *fault, cli_tool *out);
/* The hint that says how this system gets a part of a toolchain. */
typedef enum cli_part { CLI_PART_CLANG, CLI_PART_LLD, CLI_PART_LIBC, CLI_PART_RUNTIME, CLI_PART_LIBCXX, CLI_PART_CARGO, CLI_PART_RUST_TARGET } cli_part;
void cli_part_hint(cli *c, cli_part part, riv_str version); /* version: of clang, e.g. "14"; or the target of Rust */

#endif
