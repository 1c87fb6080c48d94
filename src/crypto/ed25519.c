/* ed25519.c: ed25519 signatures by AWS-LC. Its expanded key is the seed, then the public key.
 * Spec: RFC 8032 5.1. Why this library, and which signatures are good: docs/decisions/0005-ed25519.md. Tests: keys_test.c, ed25519_test.c. */
#include "crypto/crypto.h"

#include <openssl/curve25519.h>

_Static_assert(sizeof((crypto_keypair *)0)->expanded == ED25519_PRIVATE_KEY_LEN, "expanded key size");
_Static_assert(CRYPTO_SEED_BYTES == ED25519_SEED_LEN && CRYPTO_SIGNATURE_BYTES == ED25519_SIGNATURE_LEN &&
                   CRYPTO_PUBLIC_BYTES == ED25519_PUBLIC_KEY_LEN,
               "key sizes");

void crypto_keypair_of(const crypto_secret *seed, crypto_keypair *out)
{
    ED25519_keypair_from_seed(out->public_key.bytes, out->expanded, seed->bytes);
}

void crypto_keypair_join(const crypto_secret *seed, const crypto_public *key, crypto_keypair *out)
{
    out->public_key = *key;
    memcpy(out->expanded, seed->bytes, sizeof seed->bytes);
    memcpy(out->expanded + sizeof seed->bytes, key->bytes, sizeof key->bytes);
}

crypto_signature crypto_sign(const crypto_keypair *pair, riv_bytes message)
{
    crypto_signature signature;
    int              made = ED25519_sign(signature.bytes, message.ptr, message.len, pair->expanded);
    RIV_ASSERT(made);
    return signature;
}

bool crypto_verify(const crypto_public *key, riv_bytes message, const crypto_signature *signature)
{
    return ED25519_verify(message.ptr, message.len, signature->bytes, key->bytes) == 1;
}
