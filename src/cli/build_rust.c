/* build_rust.c: Rust to WebAssembly: cargo, in the package's folder and with its lock file; the interface section is made as for C.
 * Spec: docs/spec/wasm-toolchains.md (Rust), docs/spec/marine.md 9, 10.1. Tests: tests/e2e. */
#include "cli/build.h"

typedef struct rust {
    cli       *c;
    riv_arena *arena;
    riv_str    folder;
    riv_str    cargo, target;
    int       *code;
} rust;

static bool find_tools(rust *r);
static bool run_cargo(rust *r, riv_str *messages);
static bool take_files(rust *r, riv_str messages, cli_builds *out);

bool cli_build_rust(cli *c, riv_str folder, riv_arena *arena, cli_builds *out, int *code)
{
    rust    r = { .c = c, .arena = arena, .folder = folder, .code = code };
    riv_str messages;
    *code = CLI_INTERNAL;
    if (!find_tools(&r) || !run_cargo(&r, &messages)) return false;
    return take_files(&r, messages, out);
}

/* ---- which cargo, and for which target ---- */

/* What `rustc --print` says in the package's folder: rustup may choose another toolchain there. Empty: it does not run. */
static riv_str ask_rustc(rust *r, const char *what)
{
    riv_str  rustc = host_env("RUSTC");
    cli_tool tool  = { 0 };
    if (rustc.len == 0 && host_program(RIV_LIT("rustc"), r->arena, NULL, &rustc)) return (riv_str){ 0 };
    const char *argv[] = { riv_cstr(r->arena, rustc), "--print", what, NULL };
    if (cli_tool_run(argv, r->folder, true, r->arena, NULL, &tool) || tool.exit_code) return (riv_str){ 0 };
    return riv_str_trim(tool.out);
}

/* A package whose exports are WIT's is a component. */
static bool is_component(rust *r)
{
    riv_bytes text;
    riv_str   path = host_path_join(r->arena, r->folder, RIV_LIT("Cargo.toml"));
    return !host_file_read(path, CLI_SOURCE_BYTES_MAX, r->arena, NULL, &text) &&
           riv_str_find(riv_bytes_str(text), RIV_LIT("\nwit-bindgen"), 0) != SIZE_MAX;
}

static bool find_tools(rust *r)
{
    static const char *const modules[]    = { "wasm32-wasip1", "wasm32-wasi" }; /* the second: Rust up to 1.83 */
    static const char *const components[] = { "wasm32-wasip2", "wasm32-wasip2" };
    const char *const       *targets      = is_component(r) ? components : modules;
    if (host_program(RIV_LIT("cargo"), r->arena, NULL, &r->cargo)) {
        cli_error(r->c, CLI_INTERNAL, "cargo, which builds Rust, is not installed");
        cli_part_hint(r->c, CLI_PART_CARGO, (riv_str){ 0 });
        return false;
    }
    riv_str root = ask_rustc(r, "sysroot");
    for (size_t i = 0; root.len && i < RIV_COUNT(modules); i++) {
        r->target = riv_str_c(targets[i]);
        if (host_is_dir(riv_format(r->arena, RIV_FMT "/lib/rustlib/%s/lib", RIV_ARG(root), targets[i]))) return true;
    }
    riv_str known = ask_rustc(r, "target-list");
    if (root.len == 0 || known.len == 0) { /* a rustc that does not run: cargo says why */
        r->target = riv_str_c(targets[0]);
        return true;
    }
    r->target = riv_str_c(targets[riv_str_find(known, riv_str_c(targets[0]), 0) == SIZE_MAX]);
    cli_error(r->c, CLI_INTERNAL, "Rust's library for %.*s, which services are built for, is not installed",
              RIV_ARG(r->target));
    cli_part_hint(r->c, CLI_PART_RUST_TARGET, r->target);
    return false;
}

static bool run_cargo(rust *r, riv_str *messages)
{
    riv_fault   fault  = { 0 };
    cli_tool    tool   = { 0 };
    const char *argv[] = { riv_cstr(r->arena, r->cargo),
                           "build",
                           "--release",
                           "--target",
                           riv_cstr(r->arena, r->target),
                           "--message-format",
                           "json-render-diagnostics",
                           NULL };
    cli_catch_signals();
    riv_err err = cli_tool_run(argv, r->folder, r->c->serves, r->arena, &fault, &tool);
    cli_release_signals();
    if (err) return *r->code = cli_fault(r->c, &fault), false;
    if (cli_interrupted()) return *r->code = CLI_INTERRUPTED, false;
    if (tool.exit_code == 0) return *messages = tool.out, true;
    if (r->c->serves) fprintf(stderr, RIV_FMT, RIV_ARG(tool.err)); /* else it stands there already */
    *r->code = cli_error(r->c, CLI_FAILED, RIV_FMT " could not be built", RIV_ARG(r->folder));
    if (riv_str_find(tool.err, RIV_LIT("lock file version"), 0) != SIZE_MAX)
        cli_hint(r->c, "Cargo.lock was written by a newer cargo");
    else if (riv_str_find(tool.err, RIV_LIT("can't find crate for `std`"), 0) != SIZE_MAX)
        cli_part_hint(r->c, CLI_PART_RUST_TARGET, r->target);
    else if (riv_str_find(tool.err, RIV_LIT("marine_rs_sdk"), 0) != SIZE_MAX &&
             riv_str_find(tool.err, RIV_LIT("unresolved import"), 0) != SIZE_MAX)
        cli_hint(r->c, "Cargo.toml needs: marine-rs-sdk = \"0.14\" below [dependencies]");
    return false;
}

/* ---- what cargo made ---- */

static bool is_program(const riv_json *target)
{
    const riv_json *kinds = riv_json_get(target, RIV_LIT("kind"));
    for (size_t i = 0; riv_json_at(kinds, i); i++) {
        const riv_json *kind = riv_json_at(kinds, i);
        if (kind->kind == RIV_JSON_STR &&
            (riv_str_eq(kind->str, RIV_LIT("bin")) || riv_str_eq(kind->str, RIV_LIT("cdylib"))))
            return true;
    }
    return false;
}

/* The SDK leaves its version in the module; where it did not, Cargo.lock knows it: [[package]] name = "marine-rs-sdk", version = "X". */
static riv_str locked_version(rust *r)
{
    riv_bytes text;
    for (riv_str dir = host_path_real(r->arena, r->folder); dir.len > 1; dir = host_path_dir(dir)) {
        if (host_file_read(host_path_join(r->arena, dir, RIV_LIT("Cargo.lock")), CLI_SOURCE_BYTES_MAX, r->arena, NULL,
                           &text))
            continue;
        riv_str all = riv_bytes_str(text), sign = RIV_LIT("name = \"marine-rs-sdk\"\nversion = \"");
        size_t  at = riv_str_find(all, sign, 0);
        if (at == SIZE_MAX) return (riv_str){ 0 };
        return riv_str_sub(all, at + sign.len, riv_str_find_char(all, '"', at + sign.len));
    }
    return (riv_str){ 0 };
}

static riv_bytes with_version(rust *r, riv_bytes wasm)
{
    static const riv_str name    = RIV_LIT_INIT("__fluence_sdk_version");
    marine_info          info    = { 0 };
    riv_str              version = locked_version(r);
    riv_buf              out     = riv_buf_in(r->arena);
    if (version.len == 0 || version.len > 64 || marine_inspect(wasm, r->arena, NULL, &info) || info.sdk_version.len)
        return wasm;
    riv_put_bytes(&out, wasm);
    riv_put_u8(&out, 0);
    codec_put_varint(&out, 1 + name.len + version.len);
    codec_put_varint(&out, name.len);
    riv_put_str(&out, name);
    riv_put_str(&out, version);
    return riv_buf_view(&out);
}

static bool take_file(rust *r, riv_str file, cli_builds *out)
{
    riv_fault fault = { 0 };
    riv_bytes wasm;
    if (host_file_read(file, MARINE_MODULE_BYTES_MAX, r->arena, &fault, &wasm))
        return *r->code = cli_fault(r->c, &fault), false;
    *riv_push(r->arena, out) = (cli_built){ host_path_stem(file), with_version(r, wasm) };
    return true;
}

static bool take_files(rust *r, riv_str messages, cli_builds *out)
{
    for (size_t at = 0, end; at < messages.len; at = end + 1) {
        const riv_json *m;
        end          = RIV_MIN(riv_str_find_char(messages, '\n', at), messages.len);
        riv_str line = riv_str_sub(messages, at, end);
        if (!riv_str_starts(line, RIV_LIT("{")) || riv_json_parse(line, r->arena, NULL, &m)) continue;
        const riv_json *reason = riv_json_get(m, RIV_LIT("reason")), *files = riv_json_get(m, RIV_LIT("filenames"));
        if (!reason || reason->kind != RIV_JSON_STR || !riv_str_eq(reason->str, RIV_LIT("compiler-artifact"))) continue;
        if (!is_program(riv_json_get(m, RIV_LIT("target")))) continue;
        for (size_t i = 0; riv_json_at(files, i); i++) {
            const riv_json *file = riv_json_at(files, i);
            if (file->kind == RIV_JSON_STR && riv_str_ends(file->str, RIV_LIT(".wasm")) &&
                !take_file(r, file->str, out))
                return false;
        }
    }
    if (out->len) return true;
    *r->code = cli_error(r->c, CLI_FAILED, "the package in " RIV_FMT " has no binary", RIV_ARG(r->folder));
    cli_hint(r->c, "a service is a binary: src/main.rs with `pub fn main() {}`");
    return false;
}
