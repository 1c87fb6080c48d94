/* doc_cmd.c: `rivulet aqua doc`: what Aqua programs offer, as Markdown or JSON.
 * Spec: docs/cli.md "aqua doc". Tests: tests/e2e, src/aqua/doc_test.c. */
#include "aqua/doc.h"
#include "cli/internal.h"

static int document(cli *c, riv_str path, const riv_json **out)
{
    riv_fault  fault  = { 0 };
    aqua_diags errors = { 0 };
    riv_str    text;
    if (!cli_read_text(c, path, &text)) return CLI_USAGE;
    if (aqua_doc(path, text, c->arena, &fault, &errors, out)) return cli_fault(c, &fault);
    if (!errors.count) return CLI_OK;
    cli_print_diags(c, errors);
    return CLI_FAILED;
}

static int write_files(cli *c, riv_str dir, const cli_aqua_files *files, const riv_json *const *docs)
{
    riv_fault fault = { 0 };
    riv_buf   index = riv_buf_in(c->arena);
    riv_map  *pages = riv_map_new(c->arena);
    bool      many  = files->len > 1; /* then README.md is the index */
    for (size_t i = 0; i < files->len; i++) {
        riv_str name = host_path_stem(files->ptr[i].path);
        if (riv_map_get_str(pages, name) || (many && riv_str_eq(name, RIV_LIT("README"))))
            return cli_error(c, CLI_USAGE, "two pages would be " RIV_FMT ".md in " RIV_FMT "; nothing was written",
                             RIV_ARG(name), RIV_ARG(dir));
        riv_map_put_str(pages, name, c);
    }
    if (host_dir_make(dir, &fault)) return cli_fault(c, &fault);
    riv_put_str(&index, RIV_LIT("# Modules\n\n"));
    for (size_t i = 0; i < files->len; i++) {
        riv_buf page = riv_buf_in(c->arena);
        riv_str name = host_path_stem(files->ptr[i].path);
        riv_str path = riv_format(c->arena, RIV_FMT "/" RIV_FMT ".md", RIV_ARG(dir), RIV_ARG(name));
        aqua_doc_markdown(docs[i], &page);
        if (host_file_write(path, riv_buf_view(&page), 0644, &fault)) return cli_fault(c, &fault);
        riv_putf(&index, "- [" RIV_FMT "](" RIV_FMT ".md)\n", RIV_ARG(name), RIV_ARG(name));
        cli_note(c, "wrote " RIV_FMT, RIV_ARG(path));
    }
    riv_str path = riv_format(c->arena, RIV_FMT "/README.md", RIV_ARG(dir));
    if (many && host_file_write(path, riv_buf_view(&index), 0644, &fault)) return cli_fault(c, &fault);
    return CLI_OK;
}

int cli_cmd_aqua_doc(cli *c)
{
    cli_aqua_files files = { 0 };
    int            code  = cli_aqua_arguments(c, &files);
    if (code) return code;
    size_t           count = files.len;
    const riv_json **docs  = riv_new(c->arena, const riv_json *, count + 1);
    riv_buf          out   = riv_buf_in(c->arena);
    for (size_t i = 0; i < count; i++) {
        code = document(c, files.ptr[i].path, &docs[i]);
        if (code) return code;
    }
    if (cli_has(c, "json")) {
        cli_print_json(count == 1 ? docs[0] : riv_json_arr(c->arena, docs, count), true);
        return CLI_OK;
    }
    if (cli_value(c, "output").len) return write_files(c, cli_value(c, "output"), &files, docs);
    for (size_t i = 0; i < count; i++) {
        if (i) riv_put_u8(&out, '\n');
        aqua_doc_markdown(docs[i], &out);
    }
    cli_print(riv_buf_str(&out));
    return CLI_OK;
}
