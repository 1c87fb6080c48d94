/* parse_fuzz.c: any bytes as a script. What parses is printed, parses again to the same tree, and prints the same.
 * Seeds: tests/corpus/air_parse_fuzz. */
#include "air/air.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Positions differ between a script and its print: only what is printed is compared, and the JSON less its numbers of bytes. */
static riv_str shown(const air_node *node, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    air_print(node, &out);
    return riv_buf_str(&out);
}

static const air_node *must_parse(riv_str script, riv_arena *arena)
{
    riv_fault       fault = { 0 };
    const air_node *node  = NULL;
    riv_err         err   = air_parse_unchecked(script, arena, &fault, &node);
    RIV_ASSERT(!err);
    return node;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena      *arena  = riv_arena_new(64 << 20);
    riv_fault       fault  = { 0 };
    riv_str         script = riv_bytes_str((riv_bytes){ data, size });
    const air_node *first, *checked;
    riv_err         err = air_parse_unchecked(script, arena, &fault, &first);
    if (err) {
        RIV_ASSERT(fault.err == err && fault.code == 1 && fault.pos <= size && fault.msg[0]);
        RIV_ASSERT(air_parse(script, arena, NULL, &checked)); /* checks only refuse more */
    } else if (size <= 65536) {
        riv_str         printed = shown(first, arena);
        const air_node *second  = must_parse(printed, arena);
        RIV_ASSERT(riv_str_eq(printed, shown(second, arena)));
        /* The second and third text are the same, so positions are too: the trees must be equal in all. */
        const air_node *third = must_parse(shown(second, arena), arena);
        RIV_ASSERT(
            riv_str_eq(riv_json_text(air_json(second, arena), arena), riv_json_text(air_json(third, arena), arena)));
        bool good = !air_parse(script, arena, NULL, &checked);
        RIV_ASSERT(good == !air_parse(printed, arena, NULL, &checked));
    }
    riv_arena_free(arena);
    return 0;
}
