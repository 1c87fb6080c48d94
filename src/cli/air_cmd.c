/* air_cmd.c: rivulet air parse, fmt, show. (air invoke and sim: sim_cmd.c.)
 * Spec: docs/spec/scenarios.md §4, docs/spec/air.md §1 and §3.2. Tests: tests/e2e. */
#include "air/air.h"
#include "cli/internal.h"
#include "codec/archive.h"

static bool parse(cli *c, bool unchecked, riv_str *text, const air_node **tree, int *code)
{
    riv_fault fault = { 0 };
    *code           = CLI_USAGE;
    if (!cli_read_text(c, cli_arg(c, 0), text)) return false;
    riv_err err =
        unchecked ? air_parse_unchecked(*text, c->arena, &fault, tree) : air_parse(*text, c->arena, &fault, tree);
    if (!err) return true;
    *code = cli_fault_at(c, CLI_FAILED, cli_arg(c, 0), *text, &fault);
    return false;
}

int cli_cmd_air_parse(cli *c)
{
    int             code;
    riv_str         text;
    const air_node *tree;
    if (!parse(c, cli_has(c, "unchecked"), &text, &tree, &code)) return code;
    cli_print_json(air_json(tree, c->arena), !cli_has(c, "json"));
    return CLI_OK;
}

int cli_cmd_air_fmt(cli *c)
{
    int             code;
    riv_str         text;
    const air_node *tree;
    riv_fault       fault = { 0 };
    if (!parse(c, true, &text, &tree, &code)) return code;
    riv_buf out = riv_buf_in(c->arena);
    air_print(tree, &out);
    if (out.len && out.ptr[out.len - 1] != '\n') riv_put_u8(&out, '\n');
    bool same = riv_str_eq(riv_buf_str(&out), text);
    if (cli_has(c, "check")) {
        if (!same) cli_error(c, CLI_FAILED, RIV_FMT " is not formatted", RIV_ARG(cli_arg(c, 0)));
        return same ? CLI_OK : CLI_FAILED;
    }
    if (!cli_has(c, "write"))
        cli_print(riv_buf_str(&out));
    else if (!same && host_file_rewrite(cli_arg(c, 0), riv_buf_view(&out), &fault))
        return cli_fault(c, &fault);
    return CLI_OK;
}

int cli_cmd_air_show(cli *c)
{
    cli_particle p;
    archive_data decoded = { 0 };
    riv_fault    fault   = { 0 };
    if (!cli_particle_read(c, cli_arg(c, 0), &p)) return CLI_USAGE;
    if (archive_read(p.data, c->arena, &fault, &decoded)) {
        cli_error(c, CLI_USAGE, RIV_FMT " holds no particle data: %s (offset %llu)", RIV_ARG(cli_arg(c, 0)), fault.msg,
                  (unsigned long long)fault.pos);
        cli_hint(c, "expected are the bytes that peers exchange, or their base64 text");
        return CLI_USAGE;
    }
    cli_print_json(archive_json(&decoded, c->arena), !cli_has(c, "json"));
    return CLI_OK;
}
