/* answer.c: an HTTP body in, a JSON document out: {"data"} or {"errors"}.
 * Spec: docs/spec/graph.md 2, 5. Tests: answer_test.c, answer_fuzz.c. */
#include "graph/document.h"

enum { ARENA_BYTES_MAX = 128 << 20 };

typedef struct request {
    riv_str         query, name;
    const riv_json *variables; /* an object, or NULL */
} request;

static riv_err read_body(riv_str body, riv_arena *arena, riv_fault *fault, request *out)
{
    const riv_json *root, *query, *name;
    if (body.len > GRAPH_REQUEST_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "A request of more than %d bytes", GRAPH_REQUEST_BYTES_MAX);
    RIV_TRY(riv_json_parse(body, arena, fault, &root));
    if (root->kind == RIV_JSON_ARR)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "Batches are not supported: one query in each request");
    query          = riv_json_get(root, RIV_LIT("query"));
    name           = riv_json_get(root, RIV_LIT("operationName"));
    out->variables = riv_json_get(root, RIV_LIT("variables"));
    if (!query || query->kind != RIV_JSON_STR)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "The body must be {\"query\": \"...\", \"variables\": {...}}");
    out->query = query->str;
    if (out->variables && out->variables->kind == RIV_JSON_NULL) out->variables = NULL;
    if (out->variables && out->variables->kind != RIV_JSON_OBJ)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "`variables` must be an object");
    if (name && name->kind != RIV_JSON_NULL && name->kind != RIV_JSON_STR)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "`operationName` must be a string");
    if (name && name->kind == RIV_JSON_STR) out->name = name->str;
    return RIV_OK;
}

static riv_err choose(const graph__document *doc, riv_str name, riv_fault *fault, const graph__operation **out)
{
    if (name.len == 0 && doc->operations_count > 1)
        return riv_fail(fault, RIV_E_MALFORMED, doc->operations[1].pos,
                        "There are several operations: `operationName` must say which is meant");
    for (size_t i = 0; i < doc->operations_count; i++)
        if (name.len == 0 || riv_str_eq(doc->operations[i].name, name)) {
            *out = &doc->operations[i];
            return RIV_OK;
        }
    return riv_fail(fault, RIV_E_NOT_FOUND, doc->operations[0].pos, "There is no operation named `" RIV_FMT "`",
                    RIV_ARG(riv_str_sub(name, 0, 60)));
}

static riv_err run(const graph *g, const request *r, riv_arena *arena, riv_fault *fault, riv_buf *out)
{
    graph__document         doc;
    graph__picks            picks;
    const graph__operation *op  = NULL;
    graph__run              run = { .g = g, .arena = arena, .fault = fault, .doc = &doc, .lowered = riv_buf_in(arena) };
    RIV_TRY(graph__parse(r->query, arena, fault, &doc));
    RIV_TRY(graph__check(&doc, arena, fault));
    RIV_TRY(choose(&doc, r->name, fault, &op));
    RIV_TRY(graph__check_variables(op, r->variables, arena, fault, &run.values));
    RIV_TRY(graph__plan(&run, &picks));
    return graph__write(&run, &picks, out);
}

/* at NULL: of a body, which has no lines that anybody counts. */
static void write_error(riv_str why, const riv_line_col *at, riv_buf *out)
{
    riv_put_str(out, RIV_LIT("{\"errors\":[{\"message\":"));
    riv_json_write_str(why, out);
    if (at) riv_putf(out, ",\"locations\":[{\"line\":%u,\"column\":%u}]", at->line, at->col);
    riv_put_str(out, RIV_LIT("}]}"));
}

void graph_refuse(riv_str why, riv_buf *reply) { write_error(why, NULL, reply); }

void graph_answer(const graph *g, riv_str body, riv_buf *reply)
{
    riv_arena *arena = riv_arena_new(ARENA_BYTES_MAX);
    riv_fault  fault = { 0 };
    request    r     = { 0 };
    riv_buf    data  = { 0 };
    if (read_body(body, arena, &fault, &r)) {
        graph_refuse(riv_str_c(fault.msg), reply);
    } else if (run(g, &r, arena, &fault, &data)) {
        riv_line_col at = riv_line_col_of(r.query, (size_t)fault.pos);
        write_error(riv_str_c(fault.msg), &at, reply);
    } else {
        riv_put_str(reply, RIV_LIT("{\"data\":"));
        riv_put_bytes(reply, riv_buf_view(&data));
        riv_put_u8(reply, '}');
    }
    riv_buf_free(&data);
    riv_arena_free(arena);
}
