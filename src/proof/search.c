/* search.c: searching proofs with a dataset that the caller's threads fill, and a machine for each of them.
 * Hashes are piped: the scratchpad of the next one is filled while the last is finished.
 * Spec: docs/spec/market.md 8; RandomX 1.1. Tests: proof_test.c. */
#include "proof/internal.h"

#include <fenv.h>

enum { ITEM_BYTES = 64 }; /* RandomX's specification: RANDOMX_DATASET_ITEM_SIZE */

struct proof_dataset {
    randomx_cache   *cache;
    randomx_dataset *dataset; /* NULL: the cache alone */
};

struct proof_search {
    proof_dataset *dataset;
    randomx_vm    *vm;
};

riv_err proof_dataset_new(bool full, riv_fault *fault, proof_dataset **out)
{
    proof_dataset *d = riv_alloc(sizeof *d);
    d->cache         = proof__cache_new();
    if (full) d->dataset = randomx_alloc_dataset(randomx_get_flags());
    if (!d->cache || (full && !d->dataset)) {
        proof_dataset_free(d);
        return riv_fail(fault, RIV_E_LIMIT, 0, "no %d MiB of memory for searching proofs",
                        full ? PROOF_CACHE_MIB + PROOF_DATASET_MIB : PROOF_CACHE_MIB);
    }
    *out = d;
    return RIV_OK;
}

riv_bytes proof_dataset_memory(const proof_dataset *d)
{
    if (!d->dataset) return (riv_bytes){ 0 };
    return (riv_bytes){ randomx_get_dataset_memory(d->dataset), (size_t)randomx_dataset_item_count() * ITEM_BYTES };
}

void proof_dataset_free(proof_dataset *d)
{
    if (!d) return;
    if (d->dataset) randomx_release_dataset(d->dataset);
    if (d->cache) randomx_release_cache(d->cache);
    riv_free(d);
}

void proof_dataset_begin(proof_dataset *d, const proof_key *key)
{
    randomx_init_cache(d->cache, key->bytes, sizeof key->bytes);
}

uint64_t proof_dataset_items(const proof_dataset *d) { return d->dataset ? randomx_dataset_item_count() : 0; }

void proof_dataset_fill(proof_dataset *d, uint64_t from, uint64_t count)
{
    RIV_ASSERT(d->dataset && count <= proof_dataset_items(d) && from <= proof_dataset_items(d) - count);
    randomx_init_dataset(d->dataset, d->cache, (unsigned long)from, (unsigned long)count);
}

riv_err proof_search_new(proof_dataset *d, riv_fault *fault, proof_search **out)
{
    randomx_vm *vm = proof__vm_new(d->dataset ? NULL : d->cache, d->dataset);
    if (!vm) return riv_fail(fault, RIV_E_LIMIT, 0, "no memory for a machine that computes proofs");
    *out  = riv_alloc(sizeof **out);
    **out = (proof_search){ d, vm };
    return RIV_OK;
}

void proof_search_free(proof_search *s)
{
    if (!s) return;
    randomx_destroy_vm(s->vm);
    riv_free(s);
}

/* SPEC market.md 8: its first 8 bytes are a little-endian counter. */
static void count_up(proof_nonce *nonce)
{
    for (int i = 0; i < 8; i++)
        if (++nonce->bytes[i] != 0) return;
}

static size_t search(randomx_vm *vm, proof_nonce *nonce, uint64_t count, const uint8_t *difficulty, proof_found *found,
                     size_t found_max, uint64_t *tried)
{
    size_t found_count = 0;
    for (uint64_t i = 0; i < count && found_count < found_max; i++) {
        proof_found now = { .nonce = *nonce };
        count_up(nonce);
        if (i == 0) randomx_calculate_hash_first(vm, now.nonce.bytes, PROOF_BYTES);
        randomx_calculate_hash_next(vm, nonce->bytes, PROOF_BYTES, now.hash.bytes);
        (*tried)++;
        if (proof_below(&now.hash, difficulty)) found[found_count++] = now;
    }
    return found_count;
}

size_t proof_search_step(proof_search *s, proof_nonce *nonce, uint64_t count, const uint8_t difficulty[PROOF_BYTES],
                         proof_found *found, size_t found_max, uint64_t *tried)
{
    fenv_t env;
    *tried = 0;
    if (!s->dataset->dataset) randomx_vm_set_cache(s->vm, s->dataset->cache); /* it may have another key now */
    fegetenv(&env);
    size_t found_count = search(s->vm, nonce, count, difficulty, found, found_max, tried);
    fesetenv(&env); /* programs leave their rounding behind */
    return found_count;
}
