/* keys.c: start of the library, x25519 key agreement, wiping and comparing of secrets.
 * Spec: RFC 7748. Tests: keys_test.c. */
#include "crypto/internal.h"

_Static_assert(crypto_scalarmult_SCALARBYTES == CRYPTO_KEY_BYTES && crypto_scalarmult_BYTES == CRYPTO_KEY_BYTES,
               "x25519");

riv_err crypto_init(riv_fault *fault)
{
    if (sodium_init() < 0) return riv_fail(fault, RIV_E_IO, 0, "the cryptographic library cannot start");
    return RIV_OK;
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
