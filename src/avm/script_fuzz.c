/* script_fuzz.c: bytes as a script on a network of four peers; whatever happens, it ends within its budgets, merging the end with itself
 * changes nothing, and the same run again gives the same bytes. */
#include "avm/testnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends runs that go on for ever. */
static void calm(testnet *net)
{
    net->params.steps_max       = 20000;
    net->params.arena_bytes_max = 16 << 20;
}

static riv_err run(testnet *net, riv_arena *arena, const char *script)
{
    riv_fault fault = { 0 };
    testnet_init(net, arena, script);
    calm(net);
    riv_err err = testnet_deliver(net, 0, (riv_bytes){ 0 }, &fault);
    return err ? err : testnet_settle(net, 12, &fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    if (size > 4096 || memchr(data, 0, size) || !riv_utf8_valid((riv_bytes){ data, size }, NULL) || crypto_init(&fault))
        return 0;
    riv_arena  *arena = riv_arena_new(256 << 20), *twin_arena = riv_arena_new(256 << 20);
    const char *script = riv_cstr(arena, riv_bytes_str((riv_bytes){ data, size }));
    testnet     net, twin;
    avm_output  out;
    if (run(&net, arena, script) == RIV_OK) {
        RIV_ASSERT(run(&twin, twin_arena, script) == RIV_OK);
        RIV_ASSERT(riv_bytes_eq(net.peer[0].data, twin.peer[0].data));
        if (net.peer[0].data.len && !net.worst_code &&
            !testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out)) {
            riv_bytes rest = out.data;
            RIV_ASSERT(out.ret_code == 0);
            if (!testnet_invoke(&net, 0, rest, NULL, 0, &fault, &out))
                RIV_ASSERT(out.ret_code == 9 ||
                           (out.ret_code == 0 && riv_bytes_eq(out.data, rest))); /* 9: states were lost */
        }
    }
    riv_arena_free(arena);
    riv_arena_free(twin_arena);
    return 0;
}
