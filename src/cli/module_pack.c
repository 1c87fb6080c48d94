/* module_pack.c: rivulet module pack: modules of one service with what is needed to run them, as a folder or as one file whose bytes depend on
 * the modules alone: Config.toml in the original's format, Aqua declarations, content ids.
 * Spec: docs/cli.md "module pack", docs/spec/marine.md 6, 7. Tests: tests/e2e. */
#include "cli/build.h"

enum { TAR_BLOCK = 512 };

typedef struct packed { /* one module */
    riv_str     name, cid;
    riv_bytes   wasm;
    marine_info info;
} packed;
typedef struct pack {
    cli    *c;
    riv_str name; /* of the service */
    RIV_VEC(packed) modules;
} pack;
typedef struct entry {
    riv_str   path;
    riv_bytes data;
} entry;
typedef RIV_VEC(entry) entries;

/* ---- reading and checking ---- */

static bool take_module(pack *p, riv_str source, int *code)
{
    cli_builds made  = { 0 };
    riv_fault  fault = { 0 };
    if (!cli_build(p->c, source, false, p->c->arena, &made, code)) return false;
    for (size_t i = 0; i < made.len; i++) {
        packed m = { .name = made.ptr[i].name,
                     .wasm = made.ptr[i].wasm,
                     .cid  = codec_file_cid(p->c->arena, made.ptr[i].wasm) };
        if (marine_inspect(m.wasm, p->c->arena, &fault, &m.info) ||
            (m.info.it_version.len == 0 && !m.info.is_component)) {
            *code = cli_error(p->c, CLI_USAGE, "module " RIV_FMT " of " RIV_FMT " %s", RIV_ARG(m.name), RIV_ARG(source),
                              fault.err ? fault.msg : "has no interface section");
            return false;
        }
        for (size_t k = 0; k < p->modules.len; k++)
            if (riv_str_eq(p->modules.ptr[k].name, m.name))
                return *code = cli_error(p->c, CLI_USAGE, "two modules are called " RIV_FMT, RIV_ARG(m.name)), false;
        *riv_push(p->c->arena, &p->modules) = m;
    }
    return true;
}

static bool is_of_host(riv_str module)
{
    return riv_str_eq(module, RIV_LIT("host")) || riv_str_starts(module, RIV_LIT("__marine_host_api_v")) ||
           riv_str_starts(module, RIV_LIT("wasi_"));
}

static bool offers(const packed *m, riv_str function)
{
    for (size_t i = 0; i < m->info.interface.functions_count; i++)
        if (riv_str_eq(m->info.interface.functions[i].name, function)) return true;
    return false;
}

/* SPEC marine.md 6: a module can import only from modules loaded earlier */
static bool check_import(pack *p, size_t user, riv_str import, int *code)
{
    size_t  dot    = riv_str_find_char(import, '.', 0);
    riv_str module = riv_str_sub(import, 0, dot), function = riv_str_sub(import, dot + 1, import.len),
            name = p->modules.ptr[user].name;
    if (is_of_host(module)) return true;
    for (size_t i = 0; i < p->modules.len; i++) {
        if (!riv_str_eq(p->modules.ptr[i].name, module)) continue;
        if (i >= user)
            *code = cli_error(p->c, CLI_USAGE, RIV_FMT " imports from " RIV_FMT ": name that one first", RIV_ARG(name),
                              RIV_ARG(module));
        else if (!offers(&p->modules.ptr[i], function))
            *code = cli_error(p->c, CLI_USAGE, RIV_FMT " imports " RIV_FMT ", which " RIV_FMT " does not have",
                              RIV_ARG(name), RIV_ARG(function), RIV_ARG(module));
        else
            return true;
        return false;
    }
    *code = cli_error(p->c, CLI_USAGE,
                      RIV_FMT " imports " RIV_FMT " from module " RIV_FMT ", which is not among those named",
                      RIV_ARG(name), RIV_ARG(function), RIV_ARG(module));
    return false;
}

static bool check(pack *p, int *code)
{
    for (size_t i = 0; i < p->modules.len; i++)
        for (size_t k = 0; k < p->modules.ptr[i].info.imports_count; k++)
            if (!check_import(p, i, p->modules.ptr[i].info.imports[k], code)) return false;
    return true;
}

/* ---- what is packed ---- */

static riv_str config_text(pack *p)
{
    riv_buf out = riv_buf_in(p->c->arena);
    riv_putf(&out, "# " RIV_FMT ": modules are linked in this order, the last is the one that is called.\n",
             RIV_ARG(p->name));
    riv_put_str(&out, RIV_LIT("total_memory_limit = \"256 MiB\"\nmodules_dir = \"modules\"\n"));
    for (size_t i = 0; i < p->modules.len; i++) {
        const packed *m = &p->modules.ptr[i];
        riv_putf(&out, "\n[[module]]\nname = \"" RIV_FMT "\"\nlogger_enabled = %s\n", RIV_ARG(m->name),
                 m->info.logger ? "true" : "false");
        if (m->info.mounted_binaries_count)
            riv_put_str(&out, RIV_LIT("\n  # programs of this machine that the module may run: give their paths\n  "
                                      "[module.mounted_binaries]\n"));
        for (size_t k = 0; k < m->info.mounted_binaries_count; k++)
            riv_putf(&out, "  " RIV_FMT " = \"/usr/bin/" RIV_FMT "\"\n", RIV_ARG(m->info.mounted_binaries[k]),
                     RIV_ARG(m->info.mounted_binaries[k]));
    }
    return riv_buf_str(&out);
}

static riv_str list_text(pack *p)
{
    riv_arena    *a    = p->c->arena;
    riv_json_list list = { 0 };
    riv_buf       out  = riv_buf_in(a);
    for (size_t i = 0; i < p->modules.len; i++) {
        const packed *m = &p->modules.ptr[i];
        riv_json_add(a, &list,
                     riv_json_record(a, "name", riv_json_str(a, m->name), "file",
                                     riv_json_str(a, riv_format(a, "modules/" RIV_FMT ".wasm", RIV_ARG(m->name))),
                                     "cid", riv_json_str(a, m->cid), "bytes", riv_json_u64(a, m->wasm.len),
                                     "sdk_version", riv_json_str(a, m->info.sdk_version), "it_version",
                                     riv_json_str(a, m->info.it_version), NULL));
    }
    const packed *facade = &p->modules.ptr[p->modules.len - 1];
    riv_json_write_pretty(riv_json_record(a, "service", riv_json_str(a, p->name), "facade",
                                          riv_json_str(a, facade->name), "modules", riv_json_arr(a, list.ptr, list.len),
                                          "interface", marine_interface_json(&facade->info.interface, a), NULL),
                          &out);
    riv_put_u8(&out, '\n');
    return riv_buf_str(&out);
}

static entries list_entries(pack *p)
{
    riv_arena *a    = p->c->arena;
    entries    all  = { 0 };
    riv_buf    aqua = riv_buf_in(a);
    marine_interface_aqua(&p->modules.ptr[p->modules.len - 1].info.interface, p->name, p->name, &aqua);
    *riv_push(a, &all) = (entry){ RIV_LIT("Config.toml"), riv_str_bytes(config_text(p)) };
    *riv_push(a, &all) = (entry){ RIV_LIT("pack.json"), riv_str_bytes(list_text(p)) };
    *riv_push(a, &all) = (entry){ riv_format(a, RIV_FMT ".aqua", RIV_ARG(p->name)), riv_buf_view(&aqua) };
    for (size_t i = 0; i < p->modules.len; i++)
        *riv_push(a, &all) = (entry){ riv_format(a, "modules/" RIV_FMT ".wasm", RIV_ARG(p->modules.ptr[i].name)),
                                      p->modules.ptr[i].wasm };
    return all;
}

/* ---- writing ---- */

/* A block of ustar: no owner and no time, so that the same modules give the same file. */
static void put_tar_entry(riv_buf *out, riv_str path, riv_bytes data)
{
    uint8_t  head[TAR_BLOCK] = { 0 };
    char     size[12];
    uint32_t sum = 0;
    memcpy(head, path.ptr, path.len);
    memcpy(head + 100,
           "0000644\0"
           "0000000\0"
           "0000000\0",
           24);
    snprintf(size, sizeof size, "%011llo", (unsigned long long)data.len);
    memcpy(head + 124, size, 12);
    memcpy(head + 136, "00000000000", 12);
    memcpy(head + 148, "        0", 9); /* the sum counts as blanks; kind: a file */
    memcpy(head + 257,
           "ustar\0"
           "00",
           8);
    for (size_t i = 0; i < sizeof head; i++) sum += head[i];
    snprintf(size, sizeof size, "%06o", sum);
    memcpy(head + 148, size, 7);
    riv_put_bytes(out, (riv_bytes){ head, sizeof head });
    riv_put_bytes(out, data);
    if (data.len % TAR_BLOCK) riv_buf_room(out, TAR_BLOCK - data.len % TAR_BLOCK);
}

static int write_tar(cli *c, riv_str path, const entries *all)
{
    riv_fault fault = { 0 };
    riv_buf   tar   = riv_buf_in(c->arena);
    for (size_t i = 0; i < all->len; i++) put_tar_entry(&tar, all->ptr[i].path, all->ptr[i].data);
    riv_buf_room(&tar, 2 * TAR_BLOCK);
    if (host_file_write(path, riv_buf_view(&tar), 0644, &fault)) return cli_fault(c, &fault);
    cli_note(c, "wrote " RIV_FMT ": %zu bytes, content id " RIV_FMT, RIV_ARG(path), tar.len,
             RIV_ARG(codec_file_cid(c->arena, riv_buf_view(&tar))));
    return CLI_OK;
}

static int write_folder(cli *c, riv_str folder, const entries *all)
{
    riv_fault fault = { 0 };
    for (size_t i = 0; i < all->len; i++) {
        riv_str path = host_path_join(c->arena, folder, all->ptr[i].path);
        if (host_dir_make(host_path_dir(path), &fault) || host_file_write(path, all->ptr[i].data, 0644, &fault))
            return cli_fault(c, &fault);
    }
    cli_note(c, "wrote " RIV_FMT ": %zu files", RIV_ARG(folder), all->len);
    return CLI_OK;
}

/* Names stand in file names, TOML and Aqua. */
static bool plain_name(riv_str name)
{
    bool good = name.len > 0 && name.len <= 64 && name.ptr[0] != '.' && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) {
        char ch = name.ptr[i];
        good = good && ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' ||
                        ch == '_' || ch == '.');
    }
    return good;
}

/* Who names these wants no folder of that name. */
static bool other_archive(riv_str path)
{
    static const riv_str ends[] = { RIV_LIT_INIT(".zip"), RIV_LIT_INIT(".gz"),  RIV_LIT_INIT(".tgz"),
                                    RIV_LIT_INIT(".xz"),  RIV_LIT_INIT(".zst"), RIV_LIT_INIT(".bz2"),
                                    RIV_LIT_INIT(".wasm") };
    for (size_t i = 0; i < RIV_COUNT(ends); i++)
        if (riv_str_ends(path, ends[i])) return true;
    return false;
}

int cli_cmd_module_pack(cli *c)
{
    int     code = CLI_USAGE;
    pack    p    = { .c = c, .name = cli_value(c, "name") };
    riv_str out  = cli_value(c, "output");
    if (out.len == 0) return cli_error(c, CLI_USAGE, "'module pack' needs --output NAME.tar, or a folder");
    if (other_archive(out))
        return cli_error(c, CLI_USAGE, "a pack is written as NAME.tar or as a folder, not as " RIV_FMT, RIV_ARG(out));
    for (size_t i = 0; i < c->given.args_count; i++)
        if (!take_module(&p, c->given.args[i], &code)) return code;
    if (!check(&p, &code)) return code;
    if (p.name.len == 0) p.name = p.modules.ptr[p.modules.len - 1].name;
    for (size_t i = 0; i <= p.modules.len; i++) {
        riv_str name = i < p.modules.len ? p.modules.ptr[i].name : p.name;
        if (!plain_name(name))
            return cli_error(c, CLI_USAGE, "'" RIV_FMT "' is no name for a module in a pack: letters, digits, - _ .",
                             RIV_ARG(name));
    }
    entries all = list_entries(&p);
    if (riv_str_ends(out, RIV_LIT(".tar"))) return write_tar(c, out, &all);
    return write_folder(c, out, &all);
}
