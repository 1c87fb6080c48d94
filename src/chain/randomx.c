/* randomx.c: RandomXProxy: the address that Core names. The original hashes through it inside of a transaction; here blocks verify proofs by slices
 * (cc_proofs.c), so a call may ask for the mock's answer alone. Spec: docs/spec/market.md 8. Tests: capacity_test.c. */
#include "chain/internal.h"

static riv_err run_hashes(chain__call *c, const eth_value *args, eth_value *out)
{
    size_t count = args[0].items_count;
    if (count != args[1].items_count) return chain__revert(c, "Invalid input length");
    if (!c->params->proofs_mocked) return chain__revert(c, "Proofs are verified by blocks, not by calls");
    eth_value *hashes = riv_new(c->arena, eth_value, count + 1);
    for (size_t i = 0; i < count; i++) hashes[i] = eth_of_hash(c->params->difficulty);
    out[0] = eth_list(hashes, count);
    return RIV_OK;
}

static const chain__function functions[] = {
    { "run(bytes32[] ks,bytes32[] hs)", "(bytes32[])", false, false, run_hashes },
};

const chain__contract chain__randomx = { functions, RIV_COUNT(functions), NULL, 0, NULL, 0, NULL };
