/* Proof: RandomX for proofs of capacity: checking a claim with a bounded number of caches, and searching with a dataset.
 * No threads, no clock, no files of its own: whoever has cores hands each of them a part of the work.
 * Spec: docs/spec/market.md 8; RandomX 1.1 (Debian librandomx). */
#ifndef RIV_PROOF_H
#define RIV_PROOF_H

#include "base/base.h"
#include "crypto/crypto.h"

enum {
    PROOF_BYTES      = 32,        /* of keys, nonces, hashes, difficulties */
    PROOF_CACHES_MAX = 16,
    PROOF_CACHE_MIB  = 256,       /* of memory for a key */
    PROOF_DATASET_MIB = 2080,     /* of memory for a dataset, beside a cache */
};
typedef struct proof_key { uint8_t bytes[PROOF_BYTES]; } proof_key;     /* K = keccak256(global nonce | unit): for RandomX the key */
typedef struct proof_nonce { uint8_t bytes[PROOF_BYTES]; } proof_nonce; /* the local nonce: for RandomX the input */

/* K of a unit under a global nonce. SPEC market.md 8 */
proof_key proof_key_of(const uint8_t global_nonce[PROOF_BYTES], const uint8_t unit[PROOF_BYTES]);
/* Read as numbers of 256 bits, big-endian: the chain takes hash <= difficulty; a prover keeps hash < difficulty. */
bool proof_meets(const crypto_hash *hash, const uint8_t difficulty[PROOF_BYTES]);
bool proof_below(const crypto_hash *hash, const uint8_t difficulty[PROOF_BYTES]);

/* ---- checking: light mode, caches of the keys that were used last. One thread at a time ---- */
typedef struct proof proof;
proof *proof_new(size_t caches_max); /* 1 to PROOF_CACHES_MAX; memory is taken with the first keys */
void   proof_free(proof *p);         /* accepts NULL */
/* The first call of all compares known answers: a machine that computes otherwise must not judge (RIV_E_UNSUPPORTED).
 * RIV_E_LIMIT: the memory of a cache is not to be had. A new key costs some 0.7 s, a hash some 0.04 s. */
RIV_MUST_USE riv_err proof_hash(proof *p, const proof_key *key, const proof_nonce *nonce, riv_fault *fault, crypto_hash *out);
bool     proof_has(const proof *p, const proof_key *key);  /* its cache is there */
uint64_t proof_keys_made(const proof *p);                  /* caches filled since proof_new: what the bound is worth */

/* ---- searching: fast mode. A dataset is filled in parts, by as many threads as the caller has; then each thread searches with one of its own ---- */
typedef struct proof_dataset proof_dataset;
/* full: 2,080 MiB and a cache, then some 140 hashes a second and core; else the cache alone, some 22. RIV_E_LIMIT: no memory. */
RIV_MUST_USE riv_err proof_dataset_new(bool full, riv_fault *fault, proof_dataset **out);
riv_bytes proof_dataset_memory(const proof_dataset *d); /* where the full one lies: a hash reads it at 16,384 places, so large pages pay; empty for a cache alone */
void     proof_dataset_free(proof_dataset *d); /* after its searches; accepts NULL */
void     proof_dataset_begin(proof_dataset *d, const proof_key *key); /* a new key: nothing is filled; no search may run meanwhile */
uint64_t proof_dataset_items(const proof_dataset *d);                 /* to be filled; 0 for a cache alone */
void     proof_dataset_fill(proof_dataset *d, uint64_t from, uint64_t count); /* each item once; parts that do not overlap may run at the same time */

typedef struct proof_search proof_search;
RIV_MUST_USE riv_err proof_search_new(proof_dataset *d, riv_fault *fault, proof_search **out); /* for one thread; d outlives it */
void proof_search_free(proof_search *s); /* accepts NULL */
typedef struct proof_found { proof_nonce nonce; crypto_hash hash; } proof_found;
/* Tries `count` nonces from *nonce on (its first 8 bytes count up, little-endian) and moves *nonce behind them. What lies below difficulty goes to
 * found, at most found_max; when it is full the search stops early. Gives how many were found; *tried: how many hashes. */
size_t proof_search_step(proof_search *s, proof_nonce *nonce, uint64_t count, const uint8_t difficulty[PROOF_BYTES], proof_found *found, size_t found_max, uint64_t *tried);
#endif
