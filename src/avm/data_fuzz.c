/* data_fuzz.c: bytes as particle data for a script with every kind of state: as foreign data, where signatures stop most of them, and as
 * our own stored data, which is trusted, so that every merge rule meets traces that no run would make. */
#include "avm/testnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCRIPT                                                                                                         \
    "(seq (seq (par (call @B (\"s\" \"id\") [1] $s) (call @A (\"s\" \"id\") [2] $s)) (xor (call @A (\"s\" \"fail\") "  \
    "[] x) (ap 1 x))) "                                                                                                \
    "(seq (seq (canon @A $s #cc) (fold $s i (par (seq (ap i $t) (call @A (\"s\" \"id\") [i] y)) (next i)) (null))) "   \
    "(seq (seq (ap (\"k\" 1) %m) (canon @A %m #%mm)) (fold #cc j (seq (call @B (\"s\" \"f\") [j #%mm.$.k #cc]) (next " \
    "j))))))"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    if (size > 1 << 16 || crypto_init(&fault)) return 0;
    for (int way = 0; way < 3; way++) {
        riv_arena *arena = riv_arena_new(128 << 20);
        testnet    net;
        avm_output out   = { 0 };
        riv_bytes  bytes = { data, size };
        testnet_init(&net, arena, SCRIPT);
        net.params.steps_max       = 20000;
        net.params.arena_bytes_max = 32 << 20;
        if (way > 0) net.peer[0].data = bytes;
        if (!testnet_invoke(&net, 0, way == 1 ? (riv_bytes){ 0 } : bytes, NULL, 0, &fault, &out)) {
            RIV_ASSERT(out.ret_code >= 0 && (out.ret_code == 0 || out.error_message.len));
            archive_data again;
            if (out.ret_code == 0) RIV_ASSERT(archive_read(out.data, arena, &fault, &again) == RIV_OK);
        }
        riv_arena_free(arena);
    }
    return 0;
}
