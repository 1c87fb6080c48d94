/* build.c: a source becomes a WebAssembly module: which language it is, the tools for it, then the interface section.
 * Spec: docs/spec/wasm-toolchains.md, docs/spec/marine.md §9. Tests: tests/e2e. */
#include "cli/build.h"

#include <unistd.h>

riv_str cli_cache_dir(riv_arena *arena, const char *kind)
{
    riv_str base = host_env("XDG_CACHE_HOME"), home = host_env("HOME");
    if (base.len) return riv_format(arena, RIV_FMT "/rivulet/%s", RIV_ARG(base), kind);
    if (home.len) return riv_format(arena, RIV_FMT "/.cache/rivulet/%s", RIV_ARG(home), kind);
    return riv_format(arena, "/tmp/rivulet-cache-%u/%s", (unsigned)geteuid(), kind);
}

bool cli_is_source(riv_str path)
{
    return cli_is_c(path) || host_is_dir(path) || riv_str_eq(host_path_name(path), RIV_LIT("Cargo.toml"));
}

/* Sections that are already there stay: a plain source may bring its own, or need none. */
static bool embed(cli *c, riv_str source, riv_arena *arena, cli_built *module, int *code)
{
    riv_fault fault = { 0 };
    riv_buf   out   = riv_buf_in(arena);
    riv_err   err   = marine_embed(module->wasm, &fault, &out);
    if (err == RIV_E_NOT_FOUND) return true;
    if (err) {
        *code = cli_error(c, CLI_FAILED, "the module " RIV_FMT ", built from " RIV_FMT ", has a wrong description: %s",
                          RIV_ARG(module->name), RIV_ARG(source), fault.msg);
        return false;
    }
    module->wasm = riv_buf_view(&out);
    return true;
}

static bool read_wasm(cli *c, riv_str source, riv_arena *arena, cli_builds *out, int *code)
{
    riv_fault fault = { 0 };
    riv_bytes wasm;
    if (host_file_read(source, MARINE_MODULE_BYTES_MAX, arena, &fault, &wasm))
        return *code = cli_fault(c, &fault), false;
    *riv_push(arena, out) = (cli_built){ host_path_stem(source), wasm };
    return true;
}

static bool make(cli *c, riv_str source, bool fresh, riv_arena *arena, cli_builds *out, int *code)
{
    bool    folder = host_is_dir(source);
    riv_str cargo  = folder ? host_path_join(arena, source, RIV_LIT("Cargo.toml")) : source;
    *code          = CLI_USAGE;
    if (!host_file_exists(source)) return cli_error(c, CLI_USAGE, "there is no " RIV_FMT, RIV_ARG(source)), false;
    if (riv_str_eq(host_path_name(cargo), RIV_LIT("Cargo.toml")) && host_is_file(cargo))
        return cli_build_rust(c, host_path_dir(cargo), arena, out, code);
    if (riv_str_ends(source, RIV_LIT(".wasm"))) return read_wasm(c, source, arena, out, code);
    if (!folder && !cli_is_c(source)) {
        cli_error(c, CLI_USAGE, RIV_FMT " is no source of a module", RIV_ARG(source));
        cli_hint(c, riv_str_ends(source, RIV_LIT(".rs"))
                        ? "Rust is built by package: name the folder that holds Cargo.toml"
                        : "a .c or .cpp file, a folder of them, a folder with Cargo.toml, or a .wasm file");
        return false;
    }
    cli_built one = { folder ? host_path_name(host_path_real(arena, source)) : host_path_stem(source), { 0 } };
    if (!cli_build_c(c, source, fresh, arena, &one.wasm, code)) return false;
    *riv_push(arena, out) = one;
    return true;
}

bool cli_build(cli *c, riv_str source, bool fresh, riv_arena *arena, cli_builds *out, int *code)
{
    if (!make(c, source, fresh, arena, out, code)) return false;
    for (size_t i = 0; i < out->len; i++)
        if (!embed(c, source, arena, &out->ptr[i], code)) return false;
    return true;
}

bool cli_module_build(cli *c, riv_str source, bool fresh, riv_arena *arena, riv_bytes *wasm, int *code)
{
    cli_builds all = { 0 };
    if (!cli_build(c, source, fresh, arena, &all, code)) return false;
    if (all.len == 1) return *wasm = all.ptr[0].wasm, true;
    *code = cli_error(c, CLI_USAGE, RIV_FMT " is built to %zu modules, and one is wanted", RIV_ARG(source), all.len);
    cli_hint(c, "rivulet module build " RIV_FMT " -o FOLDER writes all of them", RIV_ARG(source));
    return false;
}
