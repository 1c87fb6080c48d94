/* module_cmd.c: rivulet module build, info and aqua.
 * Spec: docs/cli.md "module", docs/spec/marine.md 10. Tests: tests/e2e. */
#include "cli/build.h"

/* ---- rivulet module build ---- */

static bool is_folder(riv_str path) { return host_is_dir(path) || riv_str_ends(path, RIV_LIT("/")); }

static int write_module(cli *c, riv_str path, riv_bytes wasm)
{
    marine_info info  = { 0 };
    riv_fault   fault = { 0 };
    if (marine_inspect(wasm, c->arena, &fault, &info)) return cli_fault(c, &fault);
    if (host_file_write(path, wasm, 0644, &fault)) return cli_fault(c, &fault);
    cli_note(c, "wrote " RIV_FMT ": %zu bytes, functions: %zu", RIV_ARG(path), wasm.len,
             info.interface.functions_count);
    return CLI_OK;
}

int cli_cmd_module_build(cli *c)
{
    int        code  = CLI_OK;
    cli_builds made  = { 0 };
    riv_fault  fault = { 0 };
    riv_str    out = cli_value(c, "output"), source = cli_arg(c, 0);
    if (out.len == 0) return cli_error(c, CLI_USAGE, "'module build' needs --output OUT.wasm, or a folder");
    if (!cli_build(c, source, cli_has(c, "fresh"), c->arena, &made, &code)) return code;
    code = CLI_OK;
    if (made.len > 1 && host_is_file(out)) {
        cli_error(c, CLI_USAGE, RIV_FMT " is built to %zu modules, and " RIV_FMT " is a file", RIV_ARG(source),
                  made.len, RIV_ARG(out));
        return CLI_USAGE;
    }
    if (made.len == 1 && !is_folder(out)) return write_module(c, out, made.ptr[0].wasm);
    if (!host_is_dir(out) && host_dir_make(out, &fault)) return cli_fault(c, &fault);
    for (size_t i = 0; i < made.len && code == CLI_OK; i++) {
        riv_str name = riv_format(c->arena, RIV_FMT ".wasm", RIV_ARG(made.ptr[i].name));
        code         = write_module(c, host_path_join(c->arena, out, name), made.ptr[i].wasm);
    }
    return code;
}

/* ---- reading a module ---- */

static bool read_module(cli *c, riv_str path, riv_bytes *wasm, marine_info *info, int *code)
{
    riv_fault fault  = { 0 };
    bool      unread = host_file_read(path, MARINE_MODULE_BYTES_MAX, c->arena, &fault, wasm) != RIV_OK;
    if (!unread && !marine_inspect(*wasm, c->arena, &fault, info)) return true;
    *code = unread ? cli_fault(c, &fault)
                   : cli_error(c, CLI_USAGE, RIV_FMT " is no WebAssembly module that can be used: %s (offset %llu)",
                               RIV_ARG(path), fault.msg, (unsigned long long)fault.pos);
    if (cli_is_source(path))
        cli_hint(c, "a source: rivulet module build " RIV_FMT " -o " RIV_FMT ".wasm", RIV_ARG(path),
                 RIV_ARG(host_path_stem(path)));
    return false;
}

/* ---- rivulet module info ---- */

static const riv_json *texts(riv_arena *a, const riv_str *items, size_t count)
{
    riv_json_list list = { 0 };
    for (size_t i = 0; i < count; i++) riv_json_add(a, &list, riv_json_str(a, items[i]));
    return riv_json_arr(a, list.ptr, list.len);
}

static void print_row(cli *c, const char *name, riv_str value)
{
    printf("%-19s" RIV_FMT "\n", name, RIV_ARG(value.len ? cli_shown(c, value, 4096) : RIV_LIT("none")));
}

static riv_str joined(cli *c, const riv_str *items, size_t count)
{
    riv_buf out = riv_buf_in(c->arena);
    for (size_t i = 0; i < count; i++) riv_putf(&out, "%s" RIV_FMT, i ? ", " : "", RIV_ARG(items[i]));
    return riv_buf_str(&out);
}

static riv_str memory_text(cli *c, const marine_info *info)
{
    if (!info->has_memory) return RIV_LIT("");
    riv_str least = riv_format(c->arena, "%llu KiB at first", (unsigned long long)info->memory_pages_min * 64);
    if (!info->memory_bounded) return least;
    return riv_format(c->arena, RIV_FMT ", at most %llu KiB", RIV_ARG(least),
                      (unsigned long long)info->memory_pages_max * 64);
}

static void print_manifest(cli *c, const marine_manifest *m)
{
    print_row(c, "authors", m->authors);
    print_row(c, "version", m->version);
    print_row(c, "description", m->description);
    print_row(c, "repository", m->repository);
    print_row(c, "build time", m->build_time);
}

static void print_module(cli *c, const marine_info *info)
{
    print_row(c, "sdk version", info->sdk_version);
    print_row(c, "interface version", info->it_version);
    if (info->has_manifest) print_manifest(c, &info->manifest);
    if (info->manifest_fault.len)
        print_row(c, "manifest", riv_format(c->arena, "unreadable: " RIV_FMT, RIV_ARG(info->manifest_fault)));
    print_row(c, "memory", memory_text(c, info));
    print_row(c, "logs", info->logger ? RIV_LIT("yes") : RIV_LIT("no"));
    print_row(c, "mounted binaries", joined(c, info->mounted_binaries, info->mounted_binaries_count));
}

static void print_info(cli *c, riv_str path, riv_bytes wasm, const marine_info *info)
{
    riv_buf     aqua = riv_buf_in(c->arena);
    const char *bold = cli_style(c->colour_out, CLI_BOLD), *plain = cli_style(c->colour_out, CLI_PLAIN);
    printf("%s" RIV_FMT "%s: %zu bytes\n", bold, RIV_ARG(path), plain, wasm.len);
    print_row(c, "content id", codec_file_cid(c->arena, wasm));
    if (info->is_component)
        print_row(c, "component", RIV_LIT("WASI 0.2"));
    else
        print_module(c, info);
    printf("%-19s%zu", "imports", info->imports_count);
    for (size_t i = 0; i < info->imports_count; i++)
        printf("%s" RIV_FMT, i ? ", " : ": ", RIV_ARG(cli_shown(c, info->imports[i], 256)));
    printf("\n");
    if (info->interface.functions_count == 0) {
        printf("interface          none%s\n", info->is_component ? "" : " (`rivulet module build` writes it)");
        return;
    }
    marine_interface_aqua(&info->interface, host_path_stem(path), (riv_str){ 0 }, &aqua);
    printf("\n" RIV_FMT "%s", RIV_ARG(riv_buf_str(&aqua)), riv_str_ends(riv_buf_str(&aqua), RIV_LIT("\n")) ? "" : "\n");
}

static const riv_json *manifest_json(riv_arena *a, const marine_info *info)
{
    const marine_manifest *m = &info->manifest;
    if (!info->has_manifest) return riv_json_null();
    return riv_json_record(a, "authors", riv_json_str(a, m->authors), "version", riv_json_str(a, m->version),
                           "description", riv_json_str(a, m->description), "repository", riv_json_str(a, m->repository),
                           "build_time", riv_json_str(a, m->build_time), NULL);
}

static const riv_json *memory_json(riv_arena *a, const marine_info *info)
{
    if (!info->has_memory) return riv_json_null();
    return riv_json_record(a, "pages_min", riv_json_u64(a, info->memory_pages_min), "pages_max",
                           info->memory_bounded ? riv_json_u64(a, info->memory_pages_max) : riv_json_null(), NULL);
}

int cli_cmd_module_info(cli *c)
{
    int         code;
    riv_bytes   wasm;
    marine_info info = { 0 };
    riv_arena  *a    = c->arena;
    riv_str     path = cli_arg(c, 0);
    if (!read_module(c, path, &wasm, &info, &code)) return code;
    if (!cli_has(c, "json")) return print_info(c, path, wasm, &info), CLI_OK;
    cli_print_json(riv_json_object(a, "bytes", riv_json_u64(a, wasm.len), "cid",
                                   riv_json_str(a, codec_file_cid(a, wasm)), "sdk_version",
                                   riv_json_str(a, info.sdk_version), "it_version", riv_json_str(a, info.it_version),
                                   "manifest", manifest_json(a, &info), "memory", memory_json(a, &info), "imports",
                                   texts(a, info.imports, info.imports_count), "exports",
                                   texts(a, info.exports, info.exports_count), "interface",
                                   marine_interface_json(&info.interface, a), "logger", riv_json_bool(info.logger),
                                   "component", riv_json_bool(info.is_component), "mounted_binaries",
                                   texts(a, info.mounted_binaries, info.mounted_binaries_count), NULL),
                   true);
    return CLI_OK;
}

/* ---- rivulet module aqua ---- */

int cli_cmd_module_aqua(cli *c)
{
    int         code;
    riv_bytes   wasm;
    marine_info info = { 0 };
    riv_buf     text = riv_buf_in(c->arena);
    riv_str     path = cli_arg(c, 0), service = cli_value(c, "service"), id = cli_value(c, "id");
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] == '"' || id.ptr[i] == '\\' || (unsigned char)id.ptr[i] < ' ')
            return cli_error(c, CLI_USAGE, "--id holds a character that cannot stand in a text of Aqua (column %zu)",
                             i + 1);
    if (!read_module(c, path, &wasm, &info, &code)) return code;
    if (info.it_version.len == 0 && !info.is_component)
        return cli_error(c, CLI_USAGE, RIV_FMT " has no interface section", RIV_ARG(path));
    marine_interface_aqua(&info.interface, service.len ? service : host_path_stem(path), id, &text);
    cli_print(riv_buf_str(&text));
    return CLI_OK;
}
