/* answer_fuzz.c: any document, and behind a NUL any variables, asked of fixed rows: the answer is JSON with data or with one error that has a place;
 * the same again gives the same. */
#include "graph/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(riv_str text)
{
    riv_arena      *arena = riv_arena_new(0);
    const riv_json *v;
    riv_err         err = riv_json_parse(text, arena, NULL, &v);
    RIV_ASSERT(!err);
    const riv_json *errors = riv_json_get(v, RIV_LIT("errors"));
    RIV_ASSERT((errors == NULL) == (riv_json_get(v, RIV_LIT("data")) != NULL));
    if (errors) {
        const riv_json *message = riv_json_get(riv_json_at(errors, 0), RIV_LIT("message"));
        RIV_ASSERT(message && message->kind == RIV_JSON_STR && message->str.len > 0);
    }
    riv_arena_free(arena);
}

/* The document, a NUL, the variables as JSON; or, when it begins with a brace and a quote, the whole body. */
static riv_str body_of(riv_arena *arena, riv_str in)
{
    riv_buf body = riv_buf_in(arena);
    size_t  cut  = RIV_MIN(riv_str_find_char(in, '\0', 0), in.len);
    riv_str doc  = riv_str_sub(in, 0, cut);
    if (riv_str_starts(in, RIV_LIT("{\"")) || !riv_utf8_valid(riv_str_bytes(doc), NULL)) return in;
    riv_putf(&body, "{\"query\":");
    riv_json_write_str(doc, &body);
    if (cut < in.len) {
        riv_putf(&body, ",\"variables\":");
        riv_put_str(&body, riv_str_sub(in, cut + 1, in.len));
    }
    riv_putf(&body, "}");
    return riv_buf_str(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static graph *g; /* never changed: made once */
    if (!g) g = rows_small();
    riv_arena *arena = riv_arena_new(0);
    riv_str    body  = body_of(arena, (riv_str){ (const char *)data, size });
    riv_buf    reply = riv_buf_in(arena), again = riv_buf_in(arena);
    graph_answer(g, body, &reply);
    graph_answer(g, body, &again);
    check_reply(riv_buf_str(&reply));
    RIV_ASSERT(riv_str_eq(riv_buf_str(&reply), riv_buf_str(&again)));
    riv_arena_free(arena);
    return 0;
}
