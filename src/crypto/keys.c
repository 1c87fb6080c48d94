/* keys.c: start of the library, ed25519 signatures, x25519 key agreement, wiping and comparing of secrets.
 * Spec: RFC 8032, RFC 7748. Tests: keys_test.c. */
#include "crypto/internal.h"

_Static_assert(crypto_sign_SECRETKEYBYTES == sizeof((crypto_keypair *)0)->expanded, "expanded key size");
_Static_assert(crypto_sign_SEEDBYTES == CRYPTO_SEED_BYTES && crypto_sign_BYTES == CRYPTO_SIGNATURE_BYTES, "key sizes");
_Static_assert(crypto_scalarmult_SCALARBYTES == CRYPTO_KEY_BYTES && crypto_scalarmult_BYTES == CRYPTO_KEY_BYTES,
               "x25519");

riv_err crypto_init(riv_fault *fault)
{
    if (sodium_init() < 0) return riv_fail(fault, RIV_E_IO, 0, "the cryptographic library cannot start");
    return RIV_OK;
}

void crypto_keypair_of(const crypto_secret *seed, crypto_keypair *out)
{
    int failed = crypto_sign_seed_keypair(out->public_key.bytes, out->expanded, seed->bytes);
    RIV_ASSERT(!failed);
}

/* The library keeps a secret key as seed and public key. */
void crypto_keypair_join(const crypto_secret *seed, const crypto_public *key, crypto_keypair *out)
{
    out->public_key = *key;
    memcpy(out->expanded, seed->bytes, sizeof seed->bytes);
    memcpy(out->expanded + sizeof seed->bytes, key->bytes, sizeof key->bytes);
}

crypto_signature crypto_sign(const crypto_keypair *pair, riv_bytes message)
{
    crypto_signature signature;
    int              failed = crypto_sign_detached(signature.bytes, NULL, message.ptr, message.len, pair->expanded);
    RIV_ASSERT(!failed);
    return signature;
}

bool crypto_verify(const crypto_public *key, riv_bytes message, const crypto_signature *signature)
{
    return crypto_sign_verify_detached(signature->bytes, message.ptr, message.len, key->bytes) == 0;
}

void crypto_x25519_public(const crypto_secret *scalar, crypto_public *out)
{
    int failed = crypto_scalarmult_base(out->bytes, scalar->bytes);
    RIV_ASSERT(!failed);
}

riv_err crypto_x25519(const crypto_secret *scalar, const crypto_public *point, crypto_secret *shared)
{
    crypto_secret product;
    bool          small = crypto_scalarmult(product.bytes, scalar->bytes, point->bytes) != 0;
    if (!small) *shared = product;
    crypto_wipe(&product, sizeof product);
    return small ? RIV_E_DENIED : RIV_OK;
}

void crypto_wipe(void *ptr, size_t len) { sodium_memzero(ptr, len); }

bool crypto_equal(const void *a, const void *b, size_t len) { return sodium_memcmp(a, b, len) == 0; }
