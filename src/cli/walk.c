/* walk.c: the Aqua programs of a folder and those below it.
 * Tests: tests/e2e (aqua compile, test). */
#include "cli/internal.h"

enum { FOLDERS_MAX = 64 /* nested */, FILES_MAX = 100000 };

typedef struct walk {
    cli            *c;
    riv_str         folder;
    riv_map        *seen; /* folders, links resolved */
    cli_aqua_files *out;
} walk;

static int find_in(walk *w, riv_str dir, riv_str under, unsigned depth)
{
    riv_fault      fault = { 0 };
    const riv_str *names;
    size_t         count;
    cli           *c    = w->c;
    riv_str        real = host_path_real(c->arena, dir);
    if (riv_map_get_str(w->seen, real)) return CLI_OK; /* a link back up */
    if (depth > FOLDERS_MAX) return cli_error(c, CLI_USAGE, "folders are nested too deep below " RIV_FMT, RIV_ARG(dir));
    riv_map_put_str(w->seen, real, w);
    if (host_dir_list(dir, c->arena, &fault, &names, &count)) return cli_fault(c, &fault);
    for (size_t i = 0; i < count; i++) {
        riv_str path = host_path_join(c->arena, dir, names[i]);
        if (names[i].ptr[0] == '.' || riv_str_eq(names[i], RIV_LIT("node_modules"))) continue;
        if (host_is_dir(path)) {
            riv_str below = under.len ? host_path_join(c->arena, under, names[i]) : names[i];
            int     code  = find_in(w, path, below, depth + 1);
            if (code) return code;
        } else if (riv_str_ends(names[i], RIV_LIT(".aqua"))) {
            if (w->out->len == FILES_MAX)
                return cli_error(c, CLI_USAGE, "there are more than %d Aqua files in " RIV_FMT, FILES_MAX,
                                 RIV_ARG(w->folder));
            *riv_push(c->arena, w->out) = (cli_aqua_file){ path, under };
        }
    }
    return CLI_OK;
}

int cli_find_aqua(cli *c, riv_str folder, cli_aqua_files *out)
{
    walk w = { .c = c, .folder = folder, .seen = riv_map_new(c->arena), .out = out };
    return find_in(&w, folder, RIV_LIT(""), 0);
}

int cli_aqua_arguments(cli *c, cli_aqua_files *out)
{
    for (size_t i = 0; i < c->given.args_count; i++) {
        riv_str path   = cli_arg(c, i);
        size_t  before = out->len;
        if (!host_is_dir(path)) {
            *riv_push(c->arena, out) = (cli_aqua_file){ .path = path };
            continue;
        }
        int code = cli_find_aqua(c, path, out);
        if (code) return code;
        if (out->len == before) return cli_error(c, CLI_USAGE, "there is no .aqua file in " RIV_FMT, RIV_ARG(path));
    }
    return CLI_OK;
}
