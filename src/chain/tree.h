/* tree.h: nodes of the state's tree, for tree.c (commit) and proof.c. A versioned sparse Merkle tree with sixteen children a node over
 * BLAKE3(key), after the Jellyfish Merkle tree: a part with one leaf is that leaf. Spec: docs/spec/chain.md 2.2. */
#ifndef RIV_CHAIN_TREE_H
#define RIV_CHAIN_TREE_H

#include "chain/state.h"

enum { CHAIN__CHILDREN = 16, CHAIN__NIBBLES = 64 };
typedef enum chain__node_kind { CHAIN__NOTHING, CHAIN__LEAF, CHAIN__BRANCH } chain__node_kind;
typedef struct chain__child { chain__node_kind kind; uint64_t version; crypto_hash hash; } chain__child; /* where a node is: its version; its path is known */
typedef struct chain__node {
    chain__node_kind kind;
    crypto_hash      key, value;                     /* LEAF: hashes of both */
    chain__child     children[CHAIN__CHILDREN];      /* BRANCH */
} chain__node;

static inline unsigned chain__nibble(const crypto_hash *key, size_t depth) { return depth % 2 ? key->bytes[depth / 2] & 15u : key->bytes[depth / 2] >> 4; }
/* What is hashed: 0, key, value; or 1, a bit for each child, their hashes. */
riv_bytes   chain__node_text(const chain__node *node, riv_arena *arena);
crypto_hash chain__node_hash(const chain__node *node);
riv_bytes   chain__node_key(riv_arena *arena, uint64_t version, const crypto_hash *path, size_t depth);
RIV_MUST_USE riv_err chain__node_read(const chain_store *store, uint64_t version, const crypto_hash *path, size_t depth, riv_arena *arena, riv_fault *fault, chain__node *out);
/* The root as of a version. An empty tree: NOTHING, hash 0. */
RIV_MUST_USE riv_err chain__root_read(const chain_store *store, uint64_t version, riv_arena *arena, riv_fault *fault, chain__child *out);

#endif
