/* proof.c: proofs that a key has a value in the state of a block, or that it is not there: the nodes from the root down.
 * Spec: docs/spec/chain.md 2.2. Tests: state_test.c. */
#include "chain/tree.h"

enum { TYPE_LEAF = 0, TYPE_BRANCH = 1, LEAF_BYTES = 65, BRANCH_HEAD_BYTES = 3 };

riv_err chain_prove(const chain_store *store, uint64_t height, riv_bytes key, riv_arena *arena, riv_fault *fault,
                    chain_proof *out)
{
    chain_head   head;
    chain__child at;
    crypto_hash  path        = crypto_blake3(key);
    RIV_VEC(riv_bytes) nodes = { 0 };
    RIV_TRY(chain_head_read(store, height, arena, fault, &head));
    RIV_TRY(chain__root_read(store, head.height, arena, fault, &at));
    *out = (chain_proof){ .key = riv_bytes_dup(arena, key) };
    for (size_t depth = 0; at.kind && depth <= CHAIN__NIBBLES; depth++) {
        chain__node node;
        RIV_TRY(chain__node_read(store, at.version, &path, depth, arena, fault, &node));
        *riv_push(arena, &nodes) = chain__node_text(&node, arena);
        if (node.kind == CHAIN__LEAF) break;
        at = node.children[chain__nibble(&path, depth)];
    }
    chain__state *s  = chain__state_new(store, head.height, arena);
    out->present     = chain__state_get(s, key, &out->value);
    out->nodes       = nodes.ptr;
    out->nodes_count = nodes.len;
    return RIV_OK;
}

static riv_err wrong(riv_fault *fault, size_t node, const char *what)
{
    return riv_fail(fault, RIV_E_DENIED, node, "proof: %s", what);
}

/* A branch: the child that the path goes on to. False: there is none. RIV_E_DENIED: these are no bytes of a branch. */
static riv_err follow(riv_bytes text, unsigned nibble, size_t index, riv_fault *fault, bool *found, crypto_hash *child)
{
    riv_reader r     = riv_reader_of(text);
    uint8_t    type  = riv_read_u8(&r);
    uint16_t   bits  = riv_read_u16be(&r);
    unsigned   count = 0, before = 0;
    for (unsigned i = 0; i < CHAIN__CHILDREN; i++) {
        if (!(bits >> i & 1)) continue;
        count++;
        before += i < nibble;
    }
    if (type != TYPE_BRANCH || text.len != BRANCH_HEAD_BYTES + 32 * (size_t)count)
        return wrong(fault, index, "a node is malformed");
    *found = bits >> nibble & 1;
    if (*found) memcpy(child->bytes, text.ptr + BRANCH_HEAD_BYTES + 32 * (size_t)before, 32);
    return RIV_OK;
}

/* The end of the path: this key's leaf, or another's, which shows that this one is not there. */
static riv_err check_leaf(const chain_proof *p, riv_bytes text, const crypto_hash *path, size_t index, riv_fault *fault)
{
    crypto_hash value = crypto_blake3(p->value);
    bool        same  = memcmp(text.ptr + 1, path->bytes, 32) == 0;
    if (index + 1 != p->nodes_count) return wrong(fault, index, "nodes follow a leaf");
    if (same != p->present) return wrong(fault, index, p->present ? "the leaf is another key's" : "the key is there");
    if (same && memcmp(text.ptr + 33, value.bytes, 32) != 0) return wrong(fault, index, "the key has another value");
    return RIV_OK;
}

riv_err chain_proof_check(const chain_proof *p, const crypto_hash *state_root, riv_fault *fault)
{
    static const crypto_hash nothing;
    crypto_hash              path = crypto_blake3(p->key), expected = *state_root;
    if (p->present == (p->value.len == 0)) return wrong(fault, 0, "a present key has a value, an absent one has none");
    if (p->nodes_count == 0) {
        if (p->present || memcmp(state_root->bytes, nothing.bytes, 32) != 0)
            return wrong(fault, 0, "the nodes are missing");
        return RIV_OK;
    }
    for (size_t i = 0; i < p->nodes_count; i++) {
        crypto_hash hash  = crypto_blake3(p->nodes[i]);
        bool        found = false;
        if (memcmp(hash.bytes, expected.bytes, 32) != 0)
            return wrong(fault, i, "a node is not the one that its parent names");
        if (p->nodes[i].len == LEAF_BYTES && p->nodes[i].ptr[0] == TYPE_LEAF)
            return check_leaf(p, p->nodes[i], &path, i, fault);
        if (i >= CHAIN__NIBBLES) return wrong(fault, i, "the path is too long");
        RIV_TRY(follow(p->nodes[i], chain__nibble(&path, i), i, fault, &found, &expected));
        if (found) continue;
        if (p->present || i + 1 != p->nodes_count) return wrong(fault, i, "the path ends before the proof does");
        return RIV_OK;
    }
    return wrong(fault, p->nodes_count, "the proof ends before the path does");
}
