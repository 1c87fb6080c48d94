/* proof_bench.c: keys and hashes a second in light mode, and searching beside the library alone (its own benchmark's loop). With the word "full": also over
 * a dataset of 2 GiB, ours and the library's filled at the same time by a thread each (more than a minute). --json: an object a line. */
#define _DEFAULT_SOURCE
#include "proof/proof.h"

#include <pthread.h>
#include <randomx.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { KEYS = 4, HASHES_LIGHT = 20, HASHES_FULL = 300, ROUNDS = 5 };

static bool json;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what others run here does not count */
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
    printf(json ? "{\"name\":\"proofs checked\",\"key_s\":%.4f,\"proof_s\":%.5f,\"rate\":%.2f}\n"
                : "check: a new key %.3f s, a proof %.4f s (%.1f/s), a core\n",
           per_key - per_hash, per_hash, 1 / per_hash);
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

typedef struct filling {
    proof_dataset   *ours; /* or */
    randomx_dataset *library;
    randomx_cache   *cache;
    double           took_s;
} filling;

static void *fill(void *of)
{
    filling *f     = of;
    double   start = now_s();
    if (f->ours)
        proof_dataset_fill(f->ours, 0, proof_dataset_items(f->ours));
    else
        randomx_init_dataset(f->library, f->cache, 0, randomx_dataset_item_count());
    f->took_s = now_s() - start;
    return NULL;
}

/* Both at once, on two cores. */
static bool fill_both(proof_dataset *ours, randomx_dataset *library, randomx_cache *cache)
{
    filling   own = { .ours = ours }, theirs = { .library = library, .cache = cache };
    pthread_t thread;
    if (!library || pthread_create(&thread, NULL, fill, &theirs) != 0) return false;
    fill(&own);
    pthread_join(thread, NULL);
    printf(json ? "{\"name\":\"dataset filled\",\"seconds\":%.2f,\"library_s\":%.2f}\n"
                : "search: a dataset filled in %.1f s of one core, by the library alone in %.1f s\n",
           own.took_s, theirs.took_s);
    return true;
}

/* As `provider prove` has it. */
static void ask_large_pages(riv_bytes memory)
{
    uintptr_t from = ((uintptr_t)memory.ptr + 4095) / 4096 * 4096, to = (uintptr_t)memory.ptr + memory.len;
    if (madvise((void *)from, to - from, MADV_HUGEPAGE) != 0)
        fprintf(stderr, "this system has no large pages to give\n");
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
    if (full) ask_large_pages(proof_dataset_memory(d));
    proof_dataset_begin(d, &key);
    randomx_init_cache(cache, key.bytes, sizeof key.bytes);
    if (full) {
        set = randomx_alloc_dataset(flags);
        if (!fill_both(d, set, cache)) return;
    }
    check(proof_search_new(d, &fault, &s), &fault);
    randomx_vm *vm = randomx_create_vm(full ? flags | RANDOMX_FLAG_FULL_MEM : flags, full ? NULL : cache, set);
    double      best_library = 0, best_search = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double library = by_library(vm, hashes), search = by_search(s, hashes);
        best_library = RIV_MAX(best_library, library);
        best_search  = RIV_MAX(best_search, search);
    }
    printf(json ? "{\"name\":\"search, %s\",\"rate\":%.2f,\"library\":%.2f,\"ratio\":%.4f}\n"
                : "search, %s: %.1f hashes/s a core, the library alone %.1f: %.3fx\n",
           full ? "dataset" : "cache alone", best_search, best_library, best_search / best_library);
    randomx_destroy_vm(vm);
    if (set) randomx_release_dataset(set);
    randomx_release_cache(cache);
    proof_search_free(s);
    proof_dataset_free(d);
}

int main(int argc, char **argv)
{
    bool full = false;
    for (int i = 1; i < argc; i++) {
        json = json || strcmp(argv[i], "--json") == 0;
        full = full || strcmp(argv[i], "full") == 0;
    }
    bench_checking();
    bench_searching(false);
    if (full) bench_searching(true);
    return 0;
}
