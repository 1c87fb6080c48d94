/* check.c: claims are checked in RandomX's light mode; the caches of the keys that were used last are kept.
 * The first hash of all is a known one. Spec: docs/spec/market.md 8, docs/spec/chain.md 2.4. Tests: proof_test.c. */
#include "proof/internal.h"

typedef struct slot {
    randomx_cache *cache;
    randomx_vm    *vm;
    proof_key      key;
    uint64_t       used; /* when, in hashes; 0: never filled */
} slot;

struct proof {
    size_t   slots_count;
    slot     slots[PROOF_CACHES_MAX];
    uint64_t clock, keys_made;
    bool     known; /* it computes as it should */
};

/* RandomX's own vector: key "test key 000". */
static const uint8_t known_key[] = "test key 000", known_input[] = "This is a test";
static const uint8_t known_hash[PROOF_BYTES] = { 0x63, 0x91, 0x83, 0xaa, 0xe1, 0xbf, 0x4c, 0x9a, 0x35, 0x88, 0x4c,
                                                 0xb4, 0x6b, 0x09, 0xca, 0xd9, 0x17, 0x5f, 0x04, 0xef, 0xd7, 0x68,
                                                 0x4e, 0x72, 0x62, 0xa0, 0xac, 0x1c, 0x2f, 0x0b, 0x4e, 0x3f };

proof_key proof_key_of(const uint8_t global_nonce[PROOF_BYTES], const uint8_t unit[PROOF_BYTES])
{
    uint8_t   both[2 * PROOF_BYTES];
    proof_key out;
    memcpy(both, global_nonce, PROOF_BYTES);
    memcpy(both + PROOF_BYTES, unit, PROOF_BYTES);
    crypto_hash hash = crypto_keccak256((riv_bytes){ both, sizeof both });
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

bool proof_meets(const crypto_hash *hash, const uint8_t difficulty[PROOF_BYTES])
{
    return memcmp(hash->bytes, difficulty, PROOF_BYTES) <= 0;
}

bool proof_below(const crypto_hash *hash, const uint8_t difficulty[PROOF_BYTES])
{
    return memcmp(hash->bytes, difficulty, PROOF_BYTES) < 0;
}

proof *proof_new(size_t caches_max)
{
    RIV_ASSERT(caches_max >= 1 && caches_max <= PROOF_CACHES_MAX);
    proof *p       = riv_alloc(sizeof *p);
    p->slots_count = caches_max;
    return p;
}

void proof_free(proof *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->slots_count; i++) {
        if (p->slots[i].vm) randomx_destroy_vm(p->slots[i].vm);
        if (p->slots[i].cache) randomx_release_cache(p->slots[i].cache);
    }
    riv_free(p);
}

static bool holds(const slot *s, const proof_key *key)
{
    return s->used && memcmp(s->key.bytes, key->bytes, PROOF_BYTES) == 0;
}

bool proof_has(const proof *p, const proof_key *key)
{
    for (size_t i = 0; i < p->slots_count; i++)
        if (holds(&p->slots[i], key)) return true;
    return false;
}

uint64_t proof_keys_made(const proof *p) { return p->keys_made; }

static riv_err take_memory(slot *s, riv_fault *fault)
{
    if (!s->cache) s->cache = proof__cache_new();
    if (!s->cache) return riv_fail(fault, RIV_E_LIMIT, 0, "no %d MiB of memory for a proof's cache", PROOF_CACHE_MIB);
    return RIV_OK;
}

/* A machine takes its program's addresses from the cache once: after another key it has to be told. */
static riv_err take_machine(slot *s, riv_fault *fault)
{
    if (s->vm)
        randomx_vm_set_cache(s->vm, s->cache);
    else
        s->vm = proof__vm_new(s->cache, NULL);
    if (!s->vm) return riv_fail(fault, RIV_E_LIMIT, 0, "no memory for a machine that computes proofs");
    return RIV_OK;
}

static riv_err check_known(proof *p, riv_fault *fault)
{
    slot   *s = &p->slots[0];
    uint8_t hash[PROOF_BYTES];
    if (p->known) return RIV_OK;
    RIV_TRY(take_memory(s, fault));
    randomx_init_cache(s->cache, known_key, sizeof known_key - 1);
    RIV_TRY(take_machine(s, fault));
    randomx_calculate_hash(s->vm, known_input, sizeof known_input - 1, hash);
    if (memcmp(hash, known_hash, sizeof hash) != 0)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "RandomX computes a wrong hash on this machine");
    p->known = true;
    return RIV_OK;
}

/* The one that was not used for the longest time. */
static slot *oldest(proof *p)
{
    slot *out = &p->slots[0];
    for (size_t i = 1; i < p->slots_count; i++)
        if (p->slots[i].used < out->used) out = &p->slots[i];
    return out;
}

static riv_err slot_for(proof *p, const proof_key *key, riv_fault *fault, slot **out)
{
    for (size_t i = 0; i < p->slots_count; i++) {
        *out = &p->slots[i];
        if (holds(*out, key)) return RIV_OK;
    }
    slot *s = oldest(p);
    s->used = 0; /* until it is filled */
    RIV_TRY(take_memory(s, fault));
    randomx_init_cache(s->cache, key->bytes, sizeof key->bytes);
    RIV_TRY(take_machine(s, fault));
    s->key = *key;
    p->keys_made++;
    *out = s;
    return RIV_OK;
}

riv_err proof_hash(proof *p, const proof_key *key, const proof_nonce *nonce, riv_fault *fault, crypto_hash *out)
{
    slot *s;
    RIV_TRY(check_known(p, fault));
    RIV_TRY(slot_for(p, key, fault, &s));
    s->used = ++p->clock;
    randomx_calculate_hash(s->vm, nonce->bytes, sizeof nonce->bytes, out->bytes);
    return RIV_OK;
}
