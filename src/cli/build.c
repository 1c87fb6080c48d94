/* build.c: C source to a WebAssembly module: clang with the SDK's header, then the interface section; kept in a cache whose key covers
 * everything that was read. Also `rivulet module build` and `module info`.
 * Spec: docs/spec/wasm-toolchains.md (C), docs/spec/marine.md §9. Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"

#include <sys/stat.h>
#include <unistd.h>

enum { SOURCES_MAX = 256, WASM_PAGES = 64 };

#define APT "apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32"

/* The two limits: a slip inside a macro of the SDK would bury its cause under a hundred lines. */
static const char *const clang_flags[] = { "--target=wasm32-wasi",
                                           "-O2",
                                           "-mexec-model=reactor",
                                           "-Wall",
                                           "-Wextra",
                                           "-Wl,--strip-all",
                                           "-Wl,--stack-first",
                                           "-fmacro-backtrace-limit=1",
                                           "-ferror-limit=5" };

typedef struct sources { /* what clang is given, and what it may read beside */
    riv_str        dir;
    const riv_str *files;
    size_t         files_count;
    const riv_str *headers;
    size_t         headers_count;
} sources;

/* ---- what goes in ---- */

static bool list_sources(cli *c, riv_str path, riv_arena *arena, sources *out)
{
    riv_fault      fault = { 0 };
    const riv_str *names;
    size_t         count;
    RIV_VEC(riv_str) files = { 0 }, headers = { 0 };
    bool folder = host_is_dir(path);
    out->dir    = folder ? path : host_path_dir(path);
    if (!host_file_exists(path)) {
        cli_error(c, CLI_USAGE, "there is no " RIV_FMT, RIV_ARG(path));
        return false;
    }
    if (host_dir_list(out->dir, arena, &fault, &names, &count)) return cli_fault(c, &fault), false;
    for (size_t i = 0; i < count; i++) {
        riv_str at = host_path_join(arena, out->dir, names[i]);
        if (riv_str_ends(names[i], RIV_LIT(".h"))) *riv_push(arena, &headers) = at;
        if (folder && riv_str_ends(names[i], RIV_LIT(".c"))) *riv_push(arena, &files) = at;
    }
    if (!folder) *riv_push(arena, &files) = path;
    if (files.len == 0 || files.len > SOURCES_MAX) {
        cli_error(c, CLI_USAGE, RIV_FMT " holds %zu .c files (1 to %d)", RIV_ARG(path), files.len, SOURCES_MAX);
        return false;
    }
    *out = (sources){ out->dir, files.ptr, files.len, headers.ptr, headers.len };
    return true;
}

static void hash_part(crypto_sha256_state *s, riv_bytes part)
{
    uint64_t len = part.len;
    crypto_sha256_add(s, (riv_bytes){ (const uint8_t *)&len, sizeof len });
    crypto_sha256_add(s, part);
}

static bool hash_files(cli *c, crypto_sha256_state *s, const riv_str *files, size_t count, riv_arena *arena)
{
    riv_fault fault = { 0 };
    for (size_t i = 0; i < count; i++) {
        riv_bytes text;
        if (host_file_read(files[i], CLI_SOURCE_BYTES_MAX, arena, &fault, &text)) return cli_fault(c, &fault), false;
        hash_part(s, riv_str_bytes(host_path_name(files[i])));
        hash_part(s, text);
    }
    return true;
}

/* Sources, headers beside them, SDK, flags, and which clang: its file's name, size and time stand for its version. */
static bool cache_key(cli *c, const sources *src, riv_str clang, riv_arena *arena, crypto_hash *out)
{
    crypto_sha256_state s;
    struct stat         st   = { 0 };
    riv_str             real = host_path_real(arena, clang);
    if (stat(riv_cstr(arena, real), &st)) st.st_size = 0;
    riv_str tool = riv_format(arena, RIV_FMT " %lld %lld %s", RIV_ARG(real), (long long)st.st_size,
                              (long long)st.st_mtime, RIV_VERSION);
    crypto_sha256_start(&s);
    hash_part(&s, riv_str_bytes(tool));
    hash_part(&s, riv_str_bytes(cli_sdk_header()));
    for (size_t i = 0; i < RIV_COUNT(clang_flags); i++) hash_part(&s, riv_str_bytes(riv_str_c(clang_flags[i])));
    if (!hash_files(c, &s, src->files, src->files_count, arena)) return false;
    if (!hash_files(c, &s, src->headers, src->headers_count, arena)) return false;
    *out = crypto_sha256_end(&s);
    return true;
}

riv_str cli_cache_dir(riv_arena *arena, const char *kind)
{
    riv_str base = host_env("XDG_CACHE_HOME"), home = host_env("HOME");
    if (base.len) return riv_format(arena, RIV_FMT "/rivulet/%s", RIV_ARG(base), kind);
    if (home.len) return riv_format(arena, RIV_FMT "/.cache/rivulet/%s", RIV_ARG(home), kind);
    return riv_format(arena, "/tmp/rivulet-cache-%u/%s", (unsigned)geteuid(), kind);
}

/* ---- clang ---- */

static int clang_failed(cli *c, riv_str source, riv_str text)
{
    static const struct {
        const char *sign, *package, *what;
    } missing[] = {
        { "wasm-ld", "lld", "the linker wasm-ld" },
        { "stdlib.h' file not found", "wasi-libc", "the C library for WebAssembly" },
        { "string.h' file not found", "wasi-libc", "the C library for WebAssembly" },
        { "stdio.h' file not found", "wasi-libc", "the C library for WebAssembly" },
        { "crt1-reactor.o", "wasi-libc", "the C library for WebAssembly" },
        { "libclang_rt.builtins", "libclang-rt-14-dev-wasm32", "clang's runtime for WebAssembly" },
    };
    fprintf(stderr, RIV_FMT "%s", RIV_ARG(text), text.len && !riv_str_ends(text, RIV_LIT("\n")) ? "\n" : "");
    cli_error(c, CLI_FAILED, RIV_FMT " could not be built", RIV_ARG(source));
    for (size_t i = 0; i < RIV_COUNT(missing); i++)
        if (riv_str_find(text, riv_str_c(missing[i].sign), 0) != SIZE_MAX &&
            riv_str_find(text, RIV_LIT("error:"), 0) != SIZE_MAX) {
            cli_hint(c, "%s is missing: apt-get install %s", missing[i].what, missing[i].package);
            break;
        }
    return CLI_FAILED;
}

/* True when clang read nothing but what the cache key covers, the SDK and the C library. */
static bool is_one_of(riv_str real, const riv_str *files, size_t count, riv_arena *arena)
{
    for (size_t i = 0; i < count; i++)
        if (riv_str_eq(real, host_path_real(arena, files[i]))) return true;
    return false;
}

static bool is_covered(const sources *src, riv_str deps, riv_str temp, riv_arena *arena)
{
    for (size_t at = 0; at < deps.len;) {
        while (at < deps.len && strchr(" \n\\", deps.ptr[at])) at++;
        size_t end = at;
        while (end < deps.len && !strchr(" \n", deps.ptr[end])) end++;
        riv_str word = riv_str_sub(deps, at, end), real = host_path_real(arena, word);
        at = end;
        if (word.len == 0 || riv_str_ends(word, RIV_LIT(":")) || riv_str_starts(word, temp)) continue;
        if (is_one_of(real, src->files, src->files_count, arena)) continue;
        if (!is_one_of(real, src->headers, src->headers_count, arena)) return false;
    }
    return true;
}

static bool run_clang(cli *c, riv_str source, const sources *src, riv_str clang, riv_str temp, riv_arena *arena,
                      riv_bytes *wasm, bool *covered, int *code)
{
    RIV_VEC(const char *) argv = { 0 };
    riv_fault   fault          = { 0 };
    host_output output         = { 0 };
    riv_bytes   deps           = { 0 };
    riv_str out = host_path_join(arena, temp, RIV_LIT("out.wasm")), dep = host_path_join(arena, temp, RIV_LIT("deps"));
    *code = CLI_INTERNAL;
    if (host_file_write_cache(host_path_join(arena, temp, RIV_LIT("marine.h")), riv_str_bytes(cli_sdk_header()), 0600,
                              &fault))
        return cli_fault(c, &fault), false;
    *riv_push(arena, &argv) = riv_cstr(arena, clang);
    for (size_t i = 0; i < RIV_COUNT(clang_flags); i++) *riv_push(arena, &argv) = clang_flags[i];
    const char *rest[] = {
        "-MMD", "-MF", riv_cstr(arena, dep), "-I", riv_cstr(arena, temp), "-o", riv_cstr(arena, out)
    };
    for (size_t i = src->files_count > 1 ? 3 : 0; i < RIV_COUNT(rest); i++) *riv_push(arena, &argv) = rest[i];
    for (size_t i = 0; i < src->files_count; i++) *riv_push(arena, &argv) = riv_cstr(arena, src->files[i]);
    *riv_push(arena, &argv) = NULL;
    if (host_command(argv.ptr, arena, &fault, &output)) return *code = cli_fault(c, &fault), false;
    if (output.exit_code || output.signal) return *code = clang_failed(c, source, output.text), false;
    if (output.text.len) fprintf(stderr, RIV_FMT, RIV_ARG(output.text)); /* warnings */
    if (host_file_read(out, MARINE_MODULE_BYTES_MAX, arena, &fault, wasm)) return cli_fault(c, &fault), false;
    /* With one file clang tells what it read; folders keep to themselves or their headers change the key. */
    *covered = src->files_count > 1 || (!host_file_read(dep, CLI_SOURCE_BYTES_MAX, arena, NULL, &deps) &&
                                        is_covered(src, riv_bytes_str(deps), temp, arena));
    return true;
}

/* Sections that are already there stay: a plain source may bring its own, or need none. */
static bool embed(cli *c, riv_str source, riv_arena *arena, riv_bytes *wasm, int *code)
{
    riv_fault fault = { 0 };
    riv_buf   out   = riv_buf_in(arena);
    riv_err   err   = marine_embed(*wasm, &fault, &out);
    if (err == RIV_E_NOT_FOUND) return true;
    if (err) {
        *code = cli_error(c, CLI_FAILED, "the module built from " RIV_FMT " has a wrong description: %s",
                          RIV_ARG(source), fault.msg);
        return false;
    }
    *wasm = riv_buf_view(&out);
    return true;
}

static bool find_clang(cli *c, riv_arena *arena, riv_str *out, int *code)
{
    static const char *const names[] = {
        "clang-14", "clang", "clang-15", "clang-16", "clang-17", "clang-18", "clang-19"
    };
    for (size_t i = 0; i < RIV_COUNT(names); i++)
        if (!host_program(riv_str_c(names[i]), arena, NULL, out)) return true;
    *code = cli_error(c, CLI_INTERNAL, "clang, which builds C to WebAssembly, is not installed");
    cli_hint(c, APT);
    return false;
}

bool cli_module_build(cli *c, riv_str source, bool fresh, riv_arena *arena, riv_bytes *wasm, int *code)
{
    sources     src   = { 0 };
    riv_str     clang = { 0 }, temp = { 0 }, dir = cli_cache_dir(arena, "modules");
    crypto_hash key;
    riv_fault   fault   = { 0 };
    bool        covered = false;
    *code               = CLI_USAGE;
    if (!list_sources(c, source, arena, &src) || !find_clang(c, arena, &clang, code)) return false;
    if (!cache_key(c, &src, clang, arena, &key)) return false;
    if (!fresh && !host_cache_get(dir, &key, arena, NULL, wasm)) return true;
    cli_catch_signals(); /* clang gets Ctrl-C too; what it leaves is ours to remove */
    if (host_temp_dir(RIV_LIT("rivulet-build"), arena, &fault, &temp)) return *code = cli_fault(c, &fault), false;
    cli_note(c, "building " RIV_FMT, RIV_ARG(source));
    bool ok =
        run_clang(c, source, &src, clang, temp, arena, wasm, &covered, code) && embed(c, source, arena, wasm, code);
    host_dir_remove(temp);
    cli_release_signals();
    if (cli_interrupted()) return *code = CLI_INTERRUPTED, false;
    if (ok && covered && host_cache_put(dir, &key, *wasm, &fault))
        cli_warn(c, "the module is not kept for the next time: %s", fault.msg);
    return ok;
}

/* ---- rivulet module build ---- */

int cli_cmd_module_build(cli *c)
{
    int         code;
    riv_bytes   wasm;
    marine_info info  = { 0 };
    riv_fault   fault = { 0 };
    riv_str     out   = cli_value(c, "output");
    if (out.len == 0) return cli_error(c, CLI_USAGE, "'module build' needs --output OUT.wasm");
    if (!cli_module_build(c, cli_arg(c, 0), cli_has(c, "fresh"), c->arena, &wasm, &code)) return code;
    if (marine_inspect(wasm, c->arena, &fault, &info)) return cli_fault(c, &fault);
    if (host_file_write(out, wasm, 0644, &fault)) return cli_fault(c, &fault);
    cli_note(c, "wrote " RIV_FMT ": %zu bytes, functions: %zu", RIV_ARG(out), wasm.len, info.interface.functions_count);
    return CLI_OK;
}

/* ---- rivulet module info ---- */

static const riv_json *texts(riv_arena *a, const riv_str *items, size_t count)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < count; i++) riv_json_add(a, &list, riv_json_str(a, items[i]));
    return riv_json_arr(a, list.ptr, list.len);
}

static void print_info(cli *c, riv_str path, riv_bytes wasm, const marine_info *info)
{
    riv_buf     aqua = riv_buf_in(c->arena);
    const char *bold = cli_style(c->colour_out, CLI_BOLD), *plain = cli_style(c->colour_out, CLI_PLAIN);
    printf("%s" RIV_FMT "%s: %zu bytes\n", bold, RIV_ARG(path), plain, wasm.len);
    printf("sdk version        " RIV_FMT "\n", RIV_ARG(info->sdk_version.len ? info->sdk_version : RIV_LIT("none")));
    printf("interface version  " RIV_FMT "\n", RIV_ARG(info->it_version.len ? info->it_version : RIV_LIT("none")));
    printf("imports            %zu", info->imports_count);
    for (size_t i = 0; i < info->imports_count; i++) printf("%s" RIV_FMT, i ? ", " : ": ", RIV_ARG(info->imports[i]));
    printf("\n");
    if (info->interface.functions_count == 0) {
        printf("interface          none (`rivulet module build` writes it)\n");
        return;
    }
    marine_interface_aqua(&info->interface, RIV_LIT("Service"), host_path_stem(path), &aqua);
    printf("\n" RIV_FMT "%s", RIV_ARG(riv_buf_str(&aqua)), riv_str_ends(riv_buf_str(&aqua), RIV_LIT("\n")) ? "" : "\n");
}

int cli_cmd_module_info(cli *c)
{
    riv_bytes   wasm;
    riv_fault   fault = { 0 };
    marine_info info  = { 0 };
    riv_arena  *a     = c->arena;
    riv_str     path  = cli_arg(c, 0);
    if (host_file_read(path, MARINE_MODULE_BYTES_MAX, a, &fault, &wasm)) return cli_fault(c, &fault);
    if (marine_inspect(wasm, a, &fault, &info)) {
        cli_error(c, CLI_USAGE, RIV_FMT " is no WebAssembly module that can be used: %s (offset %llu)", RIV_ARG(path),
                  fault.msg, (unsigned long long)fault.pos);
        return CLI_USAGE;
    }
    if (!cli_has(c, "json")) return print_info(c, path, wasm, &info), CLI_OK;
    cli_print_json(
        riv_json_object(a, "bytes", riv_json_u64(a, wasm.len), "cid", riv_json_str(a, codec_file_cid(a, wasm)),
                        "sdk_version", riv_json_str(a, info.sdk_version), "it_version",
                        riv_json_str(a, info.it_version), "imports", texts(a, info.imports, info.imports_count),
                        "exports", texts(a, info.exports, info.exports_count), "interface",
                        marine_interface_json(&info.interface, a), "logger", riv_json_bool(info.logger),
                        "mounted_binaries", texts(a, info.mounted_binaries, info.mounted_binaries_count), NULL),
        true);
    return CLI_OK;
}
