/* results_fuzz.c: bytes as call results in the border format, for a script that waits for three calls. */
#include "avm/testnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault        fault = { 0 };
    riv_arena       *arena = riv_arena_new(128 << 20);
    avm_call_result *list  = NULL;
    size_t           count = 0;
    testnet          net;
    avm_output       out;
    if (size > 1 << 16 || crypto_init(&fault)) goto out;
    if (avm_read_call_results((riv_bytes){ data, size }, arena, &fault, &list, &count)) goto out;
    testnet_init(
        &net, arena,
        "(par (par (call @A (\"s\" \"a\") [] x) (call @A (\"s\" \"b\") [] $s)) (xor (call @A (\"s\" \"c\") []) "
        "(call @A (\"s\" \"d\") [%last_error% x])))");
    net.params.arena_bytes_max = 32 << 20;
    RIV_ASSERT(testnet_invoke(&net, 0, (riv_bytes){ 0 }, NULL, 0, &fault, &out) == RIV_OK);
    if (testnet_invoke(&net, 0, (riv_bytes){ 0 }, list, count, &fault, &out) == RIV_OK) {
        riv_buf buf = riv_buf_in(arena);
        avm_put_call_requests(&out, &buf);
        RIV_ASSERT(out.ret_code == 0 || out.ret_code == 30000 || out.ret_code == 10000);
    }
out:
    riv_arena_free(arena);
    return 0;
}
