/* imports.c: where imported Aqua files are found: beside the importer, in the folders of --import, in node_modules above.
 * What was looked at is kept, found or not: for files that many others import, and for --watch.
 * Spec: docs/spec/aqua.md §3.2, §11. Tests: compile_test.c. */
#include "cli/internal.h"

enum { PARENTS_MAX = 64 };

/* ---- --import ---- */

/* PREFIX:DIR, unless there is a folder of that very name. */
static cli_import_rule rule_of(riv_str text)
{
    size_t colon = riv_str_find_char(text, ':', 0);
    if (colon == SIZE_MAX || host_is_dir(text)) return (cli_import_rule){ { 0 }, text };
    return (cli_import_rule){ riv_str_sub(text, 0, colon), riv_str_sub(text, colon + 1, text.len) };
}

cli_imports cli_imports_of(const riv_str *given, size_t count, riv_arena *arena)
{
    cli_import_rule *rules = riv_new(arena, cli_import_rule, count + 1);
    for (size_t i = 0; i < count; i++) {
        cli_import_rule rule = rule_of(given[i]);
        size_t          at   = i; /* the longest prefix first, else in the order given */
        for (; at > 0 && rules[at - 1].prefix.len < rule.prefix.len; at--) rules[at] = rules[at - 1];
        rules[at] = rule;
    }
    return (cli_imports){ rules, count, arena, riv_map_new(arena) };
}

/* ---- one place ---- */

static cli_looked *look(cli_imports *all, riv_str path)
{
    cli_looked *known = riv_map_get_str(all->looked, path);
    if (known) return known;
    riv_fault fault = { 0 };
    riv_bytes text  = { 0 };
    known           = riv_new(all->arena, cli_looked, 1);
    known->stamp    = host_file_stamp(path);
    riv_map_put_str(all->looked, path, known);
    if (!host_file_exists(path)) {
        known->err = RIV_E_NOT_FOUND;
        return known;
    }
    if (host_is_file(path))
        known->err = host_file_read(path, AQUA_SOURCE_BYTES_MAX, all->arena, &fault, &text);
    else
        known->err = riv_fail(&fault, RIV_E_IO, 0, RIV_FMT " is no file", RIV_ARG(path));
    if (known->err) known->cause = riv_str_dup(all->arena, riv_str_c(fault.msg));
    if (known->err == RIV_E_NOT_FOUND) known->err = RIV_E_IO; /* it went away just now */
    known->path = host_path_real(all->arena, path);           /* one file, one name: a cycle through links is a cycle */
    known->text = riv_bytes_str(text);
    return known;
}

typedef struct search { /* for one import */
    cli_imports *all;
    riv_arena   *arena;
    riv_buf      tried;
    cli_looked  *found; /* it exists; perhaps it cannot be read */
} search;

static bool search_dir(search *s, riv_str dir, riv_str name)
{
    riv_str     path   = host_path_join(s->arena, dir, name);
    cli_looked *looked = look(s->all, path);
    if (looked->err == RIV_E_IO && host_is_dir(path)) return false;
    if (looked->err != RIV_E_NOT_FOUND) {
        s->found = looked;
        return true;
    }
    riv_putf(&s->tried, "%s" RIV_FMT, s->tried.len ? ", " : "", RIV_ARG(path));
    return false;
}

/* ---- all places ---- */

static bool search_rules(search *s, riv_str name)
{
    for (size_t i = 0; i < s->all->count; i++) {
        const cli_import_rule *rule = &s->all->rules[i];
        if (!riv_str_starts(name, rule->prefix)) continue;
        riv_str rest = riv_str_sub(name, rule->prefix.len, name.len);
        while (rule->prefix.len && rest.len && rest.ptr[0] == '/') rest = riv_str_sub(rest, 1, rest.len);
        if (search_dir(s, rule->dir, rest)) return true;
    }
    return false;
}

/* Libraries that npm installed lie in a node_modules of some folder above. */
static bool search_node_modules(search *s, riv_str from, riv_str name)
{
    riv_str dir  = from;
    bool    seen = false;
    if (name.len && (name.ptr[0] == '.' || name.ptr[0] == '/')) return false;
    for (int up = 0; up < PARENTS_MAX; up++) {
        riv_str modules = host_path_join(s->arena, dir, RIV_LIT("node_modules"));
        if (host_is_dir(modules)) {
            seen = true;
            if (search_dir(s, modules, name)) return true;
        }
        if (riv_str_eq(dir, RIV_LIT("/")) || riv_str_eq(dir, RIV_LIT("."))) break;
        dir = host_path_dir(dir);
    }
    if (!seen && name.len && name.ptr[0] == '@')
        riv_putf(&s->tried, "; there is no node_modules in " RIV_FMT " or above", RIV_ARG(from));
    return false;
}

riv_err cli_import(void *ctx, riv_str importer_path, riv_str import_text, riv_arena *arena, riv_fault *fault,
                   riv_str *path, riv_str *source, riv_str *tried)
{
    cli_imports *all  = ctx;
    search       s    = { all, arena, riv_buf_in(arena), NULL };
    riv_str      from = host_path_dir(importer_path), name = import_text;
    if (!riv_str_ends(name, RIV_LIT(".aqua"))) name = riv_format(arena, RIV_FMT ".aqua", RIV_ARG(name));
    if (!search_dir(&s, from, name) && !search_rules(&s, name)) (void)search_node_modules(&s, from, name);
    if (!s.found) {
        *tried = riv_buf_str(&s.tried);
        return riv_fail(fault, RIV_E_NOT_FOUND, 0, "there is no such file");
    }
    if (s.found->err) {
        *tried = s.found->cause;
        return riv_fail(fault, s.found->err, 0, RIV_FMT, RIV_ARG(s.found->cause));
    }
    *path   = s.found->path;
    *source = s.found->text;
    return RIV_OK;
}
