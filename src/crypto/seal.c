/* seal.c: ChaCha20-Poly1305 sealing and a random stream drawn from a 32-byte seed.
 * Spec: RFC 8439; the stream is ChaCha20 with a 64-bit block counter and a zero nonce. Tests: seal_test.c. */
#include "crypto/internal.h"

_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == CRYPTO_NONCE_BYTES, "nonce size");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == CRYPTO_TAG_BYTES, "tag size");

void crypto_seal(const crypto_secret *key, const uint8_t nonce[CRYPTO_NONCE_BYTES], riv_bytes ad, riv_bytes plain,
                 riv_buf *out)
{
    uint8_t *sealed = riv_buf_room(out, plain.len + CRYPTO_TAG_BYTES);
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain.ptr, plain.len, ad.ptr, ad.len, NULL, nonce,
                                              key->bytes);
}

riv_err crypto_open(const crypto_secret *key, const uint8_t nonce[CRYPTO_NONCE_BYTES], riv_bytes ad, riv_bytes sealed,
                    riv_buf *out)
{
    if (sealed.len < CRYPTO_TAG_BYTES) return RIV_E_DENIED;
    size_t   start = out->len;
    uint8_t *plain = riv_buf_room(out, sealed.len - CRYPTO_TAG_BYTES);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed.ptr, sealed.len, ad.ptr, ad.len, nonce,
                                                  key->bytes) != 0) {
        out->len = start;
        return RIV_E_DENIED;
    }
    return RIV_OK;
}

void crypto_rng_seed(crypto_rng *rng, const crypto_secret *seed) { *rng = (crypto_rng){ .key = *seed }; }

static void refill(crypto_rng *rng)
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    memset(rng->pool, 0, sizeof rng->pool);
    crypto_stream_chacha20_xor_ic(rng->pool, rng->pool, sizeof rng->pool, nonce, rng->block++, rng->key.bytes);
    rng->left = sizeof rng->pool;
}

void crypto_rng_fill(crypto_rng *rng, uint8_t *out, size_t len)
{
    while (len) {
        if (!rng->left) refill(rng);
        size_t   take = RIV_MIN(len, rng->left);
        uint8_t *from = rng->pool + sizeof rng->pool - rng->left;
        memcpy(out, from, take);
        crypto_wipe(from, take); /* what was handed out cannot be read back from here */
        rng->left = (uint8_t)(rng->left - take);
        out += take;
        len -= take;
    }
}
