/* Crypto: hashes, ed25519, x25519, ChaCha20-Poly1305, a keyed random stream, wiping. libsodium, AWS-LC and the official BLAKE3 do the work.
 * Not for peers or particles: it sees bytes only. Pure: no entropy is drawn here; seeds come from the caller.
 * Every function is safe to call from any thread once crypto_init has returned. */
#ifndef RIV_CRYPTO_H
#define RIV_CRYPTO_H

#include "base/base.h"

enum {
    CRYPTO_HASH_BYTES      = 32, /* SHA-256 and BLAKE3 */
    CRYPTO_SEED_BYTES      = 32,
    CRYPTO_PUBLIC_BYTES    = 32,
    CRYPTO_SIGNATURE_BYTES = 64,
    CRYPTO_KEY_BYTES       = 32, /* AEAD and x25519 */
    CRYPTO_NONCE_BYTES     = 12,
    CRYPTO_TAG_BYTES       = 16,
};

typedef struct crypto_hash { uint8_t bytes[CRYPTO_HASH_BYTES]; } crypto_hash;
typedef struct crypto_signature { uint8_t bytes[CRYPTO_SIGNATURE_BYTES]; } crypto_signature;
typedef struct crypto_public { uint8_t bytes[CRYPTO_PUBLIC_BYTES]; } crypto_public; /* ed25519 or x25519 */
/* 32 secret bytes: an ed25519 seed, an x25519 scalar or a symmetric key. No formatter; wipe when done. */
typedef struct crypto_secret { uint8_t bytes[CRYPTO_KEY_BYTES]; } crypto_secret;
/* An ed25519 pair with what signing needs worked out once. */
typedef struct crypto_keypair { crypto_public public_key; uint8_t expanded[64]; } crypto_keypair;

/* Once per process, before anything else; may be called again. RIV_E_IO when the library cannot start. */
RIV_MUST_USE riv_err crypto_init(riv_fault *fault);

crypto_hash crypto_sha256(riv_bytes data);
crypto_hash crypto_blake3(riv_bytes data);
crypto_hash crypto_keccak256(riv_bytes data); /* as Ethereum has it: the padding of Keccak's submission, not of FIPS 202 */
crypto_hash crypto_hmac_sha256(riv_bytes key, riv_bytes data);
/* Incremental SHA-256, for transcripts. */
typedef struct crypto_sha256_state { _Alignas(16) uint8_t opaque[128]; } crypto_sha256_state;
void        crypto_sha256_start(crypto_sha256_state *s);
void        crypto_sha256_add(crypto_sha256_state *s, riv_bytes data);
crypto_hash crypto_sha256_end(crypto_sha256_state *s);

void             crypto_keypair_of(const crypto_secret *seed, crypto_keypair *out);
/* The same when the public key is known already. It must be this seed's: signing with another one's gives the secret away. */
void             crypto_keypair_join(const crypto_secret *seed, const crypto_public *key, crypto_keypair *out);
crypto_signature crypto_sign(const crypto_keypair *pair, riv_bytes message);
/* Good as the other peers' ed25519-dalek says, but for keys that are written in a way no signer makes: docs/decisions/0005-ed25519.md. */
bool             crypto_verify(const crypto_public *key, riv_bytes message, const crypto_signature *signature);

void crypto_x25519_public(const crypto_secret *scalar, crypto_public *out);
/* RIV_E_DENIED when the result is all zero (a point of small order). */
RIV_MUST_USE riv_err crypto_x25519(const crypto_secret *scalar, const crypto_public *point, crypto_secret *shared);

/* ChaCha20-Poly1305 (RFC 8439). seal appends data and tag to out; open appends the data, RIV_E_DENIED when forged. */
void                 crypto_seal(const crypto_secret *key, const uint8_t nonce[CRYPTO_NONCE_BYTES], riv_bytes ad,
                                 riv_bytes plain, riv_buf *out);
RIV_MUST_USE riv_err crypto_open(const crypto_secret *key, const uint8_t nonce[CRYPTO_NONCE_BYTES], riv_bytes ad,
                                 riv_bytes sealed, riv_buf *out);

/* A ChaCha20 stream seeded by 32 bytes: entropy in the real world, the run's seed in the simulated one. Fit for keys. */
typedef struct crypto_rng { crypto_secret key; uint64_t block; uint8_t pool[64]; uint8_t left; } crypto_rng;
void crypto_rng_seed(crypto_rng *rng, const crypto_secret *seed);
void crypto_rng_fill(crypto_rng *rng, uint8_t *out, size_t len);

void crypto_wipe(void *ptr, size_t len);
bool crypto_equal(const void *a, const void *b, size_t len); /* constant time */

/* ---- secp256k1, as Ethereum signs: over a 32-byte hash, with what recovers the key ---- */
enum { CRYPTO_SECP_PUBLIC_BYTES = 65, CRYPTO_SECP_SIGNATURE_BYTES = 64 };
typedef struct crypto_secp_public { uint8_t bytes[CRYPTO_SECP_PUBLIC_BYTES]; } crypto_secp_public; /* 4, x, y */
typedef struct crypto_secp_signature { uint8_t bytes[CRYPTO_SECP_SIGNATURE_BYTES]; uint8_t recovery; } crypto_secp_signature; /* r, s; 0..3 */
/* RIV_E_DENIED: zero, or not below the order of the group. */
RIV_MUST_USE riv_err crypto_secp_public_of(const crypto_secret *key, crypto_secp_public *out);
/* Deterministic (RFC 6979), s in the lower half. RIV_E_DENIED as above. */
RIV_MUST_USE riv_err crypto_secp_sign(const crypto_secret *key, const crypto_hash *hash, crypto_secp_signature *out);
/* The key that signed. RIV_E_DENIED: r or s out of range, s in the upper half (EIP-2), or no such key. */
RIV_MUST_USE riv_err crypto_secp_recover(const crypto_hash *hash, const crypto_secp_signature *signature, crypto_secp_public *out);

#endif
