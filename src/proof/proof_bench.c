/* proof_bench.c: keys and hashes a second in light mode, and searching beside the library alone (its own benchmark's loop). With the word "full": over a
 * dataset of 2 GiB, filled by one thread (more than a minute). */
#define _POSIX_C_SOURCE 200809L
#include "proof/proof.h"

#include <randomx.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { KEYS = 4, HASHES_LIGHT = 20, HASHES_FULL = 1000, ROUNDS = 5 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread: what others run here does not count */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    printf("%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

static proof_key key_number(uint8_t n)
{
    const uint8_t global[PROOF_BYTES] = { n }, unit[PROOF_BYTES] = { 7 };
    return proof_key_of(global, unit);
}

static void bench_checking(void)
{
    proof      *p     = proof_new(1);
    riv_fault   fault = { 0 };
    proof_nonce nonce = { { 0 } };
    crypto_hash hash;
    proof_key   key = key_number(0);
    check(proof_hash(p, &key, &nonce, &fault, &hash), &fault); /* and the known answer */
    double start = now_s();
    for (uint8_t i = 1; i <= KEYS; i++) {
        key = key_number(i);
        check(proof_hash(p, &key, &nonce, &fault, &hash), &fault);
    }
    double per_key = (now_s() - start) / KEYS;
    start          = now_s();
    for (int i = 0; i < HASHES_LIGHT; i++) {
        nonce.bytes[0]++;
        check(proof_hash(p, &key, &nonce, &fault, &hash), &fault);
    }
    double per_hash = (now_s() - start) / HASHES_LIGHT;
    printf("check: a new key %.3f s, a proof %.4f s (%.1f/s), a core\n", per_key - per_hash, per_hash, 1 / per_hash);
    proof_free(p);
}

static double by_library(randomx_vm *vm, int hashes)
{
    uint8_t input[PROOF_BYTES] = { 0 }, hash[PROOF_BYTES];
    double  start              = now_s();
    randomx_calculate_hash_first(vm, input, sizeof input);
    for (int i = 0; i < hashes; i++) {
        input[0]++;
        randomx_calculate_hash_next(vm, input, sizeof input, hash);
    }
    return hashes / (now_s() - start);
}

static double by_search(proof_search *s, int hashes)
{
    const uint8_t hard[PROOF_BYTES] = { 0 };
    proof_nonce   nonce             = { { 0 } };
    proof_found   found;
    uint64_t      tried;
    double        start = now_s();
    proof_search_step(s, &nonce, (uint64_t)hashes, hard, &found, 1, &tried);
    return (double)tried / (now_s() - start);
}

/* The library over memory of its own with the same key; both in turns. */
static void bench_searching(bool full)
{
    int              hashes = full ? HASHES_FULL : HASHES_LIGHT;
    riv_fault        fault  = { 0 };
    proof_dataset   *d;
    proof_search    *s;
    proof_key        key   = key_number(1);
    randomx_flags    flags = randomx_get_flags();
    randomx_cache   *cache = randomx_alloc_cache(flags);
    randomx_dataset *set   = NULL;
    check(proof_dataset_new(full, &fault, &d), &fault);
    proof_dataset_begin(d, &key);
    randomx_init_cache(cache, key.bytes, sizeof key.bytes);
    double start = now_s();
    if (full) {
        proof_dataset_fill(d, 0, proof_dataset_items(d));
        printf("search: a dataset filled in %.1f s of one core\n", now_s() - start);
        set = randomx_alloc_dataset(flags);
        if (!set) return;
        randomx_init_dataset(set, cache, 0, randomx_dataset_item_count());
    }
    check(proof_search_new(d, &fault, &s), &fault);
    randomx_vm *vm = randomx_create_vm(full ? flags | RANDOMX_FLAG_FULL_MEM : flags, full ? NULL : cache, set);
    double      best_library = 0, best_search = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double library = by_library(vm, hashes), search = by_search(s, hashes);
        best_library = RIV_MAX(best_library, library);
        best_search  = RIV_MAX(best_search, search);
    }
    printf("search, %s: %.1f hashes/s a core, the library alone %.1f: %.3fx\n", full ? "dataset" : "cache alone",
           best_search, best_library, best_search / best_library);
    randomx_destroy_vm(vm);
    if (set) randomx_release_dataset(set);
    randomx_release_cache(cache);
    proof_search_free(s);
    proof_dataset_free(d);
}

int main(int argc, char **argv)
{
    bench_checking();
    bench_searching(argc > 1 && strcmp(argv[1], "full") == 0);
    return 0;
}
