/* hash.c: SHA-256, HMAC-SHA-256, Keccak-256 and BLAKE3 over whole slices, and SHA-256 in pieces.
 * Spec: FIPS 180-4, RFC 2104, the BLAKE3 paper. Tests: hash_test.c. */
#include "crypto/internal.h"

#include <blake3.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(crypto_sha256_state), "the library's state fits ours");
_Static_assert(crypto_hash_sha256_BYTES == CRYPTO_HASH_BYTES && BLAKE3_OUT_LEN == CRYPTO_HASH_BYTES, "hash sizes");

crypto_hash crypto_sha256(riv_bytes data)
{
    crypto_hash hash;
    crypto_hash_sha256(hash.bytes, data.ptr, data.len);
    return hash;
}

crypto_hash crypto_blake3(riv_bytes data)
{
    crypto_hash   hash;
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, data.ptr, data.len);
    blake3_hasher_finalize(&hasher, hash.bytes, sizeof hash.bytes);
    return hash;
}

/* AWS-LC's, which its headers show through EVP only: one call instead of three allocations. */
extern uint8_t *Keccak256(const uint8_t *data, size_t len, uint8_t out[CRYPTO_HASH_BYTES]);

crypto_hash crypto_keccak256(riv_bytes data)
{
    crypto_hash hash;
    uint8_t    *made = Keccak256(data.ptr, data.len, hash.bytes);
    RIV_ASSERT(made);
    return hash;
}

crypto_hash crypto_hmac_sha256(riv_bytes key, riv_bytes data)
{
    crypto_hash                  hash;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.ptr, key.len);
    crypto_auth_hmacsha256_update(&state, data.ptr, data.len);
    crypto_auth_hmacsha256_final(&state, hash.bytes);
    crypto_wipe(&state, sizeof state);
    return hash;
}

/* The library's state is kept as bytes, so that its header stays in this room. */
void crypto_sha256_start(crypto_sha256_state *s)
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    memcpy(s->opaque, &state, sizeof state);
}

void crypto_sha256_add(crypto_sha256_state *s, riv_bytes data)
{
    crypto_hash_sha256_state state;
    memcpy(&state, s->opaque, sizeof state);
    crypto_hash_sha256_update(&state, data.ptr, data.len);
    memcpy(s->opaque, &state, sizeof state);
}

crypto_hash crypto_sha256_end(crypto_sha256_state *s)
{
    crypto_hash              hash;
    crypto_hash_sha256_state state;
    memcpy(&state, s->opaque, sizeof state);
    crypto_hash_sha256_final(&state, hash.bytes);
    crypto_wipe(s, sizeof *s);
    return hash;
}
