/* market_fuzz.c: any bytes as a market scenario: a report or a fault that says why, twice the same.
 * Seeds: tests/corpus/sim_market_fuzz. */
#include "sim/market.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_HERE = 8 << 10 };

static bool play(riv_str text, riv_buf *out)
{
    riv_arena      *arena = riv_arena_new(64 << 20);
    riv_fault       fault = { 0 };
    const riv_json *doc   = NULL;
    riv_err         err   = sim_market_run(text, arena, &fault, &doc);
    RIV_ASSERT(err ? fault.err == err && fault.msg[0] : doc != NULL);
    if (!err) riv_json_write(doc, out);
    riv_arena_free(arena);
    return !err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_str text  = riv_bytes_str((riv_bytes){ data, size });
    riv_buf first = { 0 }, second = { 0 };
    if (size > SIZE_MAX_HERE || crypto_init(NULL)) return 0;
    if (play(text, &first)) {
        RIV_ASSERT(play(text, &second));
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&first), riv_buf_view(&second)));
    }
    riv_buf_free(&first);
    riv_buf_free(&second);
    return 0;
}
