/* ed25519.c: ed25519 signatures of s2n-bignum's arithmetic (proven machine code, twice as fast as libsodium's portable one) and libsodium's
 * SHA-512. Which signatures are good is what ed25519-dalek's `verify` says, as the other peers ask it: docs/decisions/0005-ed25519.md.
 * Spec: RFC 8032 5.1. Tests: keys_test.c, ed25519_test.c. */
#include "crypto/internal.h"

#include <s2n-bignum.h>

enum { WORDS = 4, POINT_WORDS = 2 * WORDS, WIDE_BYTES = 64 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers are kept as the library wants them: least byte first");
_Static_assert(sizeof((crypto_keypair *)0)->expanded == 2 * CRYPTO_SEED_BYTES, "seed, then public key");

typedef struct number {
    uint64_t word[WORDS];
} number; /* a scalar or a coordinate */
typedef struct point {
    uint64_t word[POINT_WORDS];
} point; /* x, y */

/* ---- the library's functions, each in two makes: one for processors with BMI2 and ADX, one for all ---- */

/* clang 14 does not know the name of ADX; processors with AVX-512 have it. */
static bool has_adx(void)
{
#ifdef __clang__
    return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("avx512f");
#else
    return __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("adx");
#endif
}

static void times_base(point *out, const number *scalar)
{
    (has_adx() ? edwards25519_scalarmulbase : edwards25519_scalarmulbase_alt)(out->word, scalar->word);
}

/* scalar * p + base_scalar * B; takes a time that tells of its inputs, which are public. */
static void times_both(point *out, const number *scalar, const point *p, const number *base_scalar)
{
    (has_adx() ? edwards25519_scalarmuldouble : edwards25519_scalarmuldouble_alt)(out->word, scalar->word, p->word,
                                                                                  base_scalar->word);
}

static bool decode(point *out, const uint8_t in[CRYPTO_PUBLIC_BYTES])
{
    return (has_adx() ? edwards25519_decode : edwards25519_decode_alt)(out->word, in) == 0;
}

/* x * y + z modulo the group's order */
static void multiply_add(number *out, const number *x, const number *y, const number *z)
{
    (has_adx() ? bignum_madd_n25519 : bignum_madd_n25519_alt)(out->word, x->word, y->word, z->word);
}

/* ---- hashes as scalars ---- */

typedef struct wide {
    uint8_t bytes[WIDE_BYTES];
} wide;

static wide hash_of(riv_bytes a, riv_bytes b, riv_bytes c)
{
    wide                     hash;
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, a.ptr, a.len);
    crypto_hash_sha512_update(&state, b.ptr, b.len);
    crypto_hash_sha512_update(&state, c.ptr, c.len);
    crypto_hash_sha512_final(&state, hash.bytes);
    crypto_wipe(&state, sizeof state);
    return hash;
}

static number reduced(const wide *hash)
{
    number   out;
    uint64_t in[WIDE_BYTES / sizeof(uint64_t)];
    memcpy(in, hash->bytes, sizeof in);
    bignum_mod_n25519(out.word, RIV_COUNT(in), in);
    crypto_wipe(in, sizeof in);
    return out;
}

static number load(const uint8_t bytes[CRYPTO_SEED_BYTES])
{
    number n;
    memcpy(n.word, bytes, sizeof n.word);
    return n;
}

/* SPEC RFC 8032 5.1.5: the scalar in the lower half, the prefix of nonces in the upper one */
static wide expand(const uint8_t seed[CRYPTO_SEED_BYTES])
{
    wide h = hash_of((riv_bytes){ seed, CRYPTO_SEED_BYTES }, (riv_bytes){ 0 }, (riv_bytes){ 0 });
    h.bytes[0] &= 248;
    h.bytes[31] &= 127;
    h.bytes[31] |= 64;
    return h;
}

/* ---- keys and signatures ---- */

void crypto_keypair_join(const crypto_secret *seed, const crypto_public *key, crypto_keypair *out)
{
    out->public_key = *key;
    memcpy(out->expanded, seed->bytes, sizeof seed->bytes);
    memcpy(out->expanded + sizeof seed->bytes, key->bytes, sizeof key->bytes);
}

void crypto_keypair_of(const crypto_secret *seed, crypto_keypair *out)
{
    wide          h      = expand(seed->bytes);
    number        scalar = load(h.bytes);
    point         p;
    crypto_public key;
    times_base(&p, &scalar);
    edwards25519_encode(key.bytes, p.word);
    crypto_keypair_join(seed, &key, out);
    crypto_wipe(&h, sizeof h);
    crypto_wipe(&scalar, sizeof scalar);
}

/* SPEC RFC 8032 5.1.6 */
crypto_signature crypto_sign(const crypto_keypair *pair, riv_bytes message)
{
    crypto_signature signature;
    wide             h = expand(pair->expanded);
    wide nonce_hash = hash_of((riv_bytes){ h.bytes + CRYPTO_SEED_BYTES, CRYPTO_SEED_BYTES }, message, (riv_bytes){ 0 });
    number secret = load(h.bytes), nonce = reduced(&nonce_hash), s;
    point  r;
    times_base(&r, &nonce);
    edwards25519_encode(signature.bytes, r.word);
    wide   k_hash = hash_of((riv_bytes){ signature.bytes, CRYPTO_PUBLIC_BYTES },
                            (riv_bytes){ pair->public_key.bytes, CRYPTO_PUBLIC_BYTES }, message);
    number k      = reduced(&k_hash);
    multiply_add(&s, &k, &secret, &nonce);
    memcpy(signature.bytes + CRYPTO_PUBLIC_BYTES, s.word, sizeof s.word);
    crypto_wipe(&h, sizeof h);
    crypto_wipe(&nonce_hash, sizeof nonce_hash);
    crypto_wipe(&secret, sizeof secret);
    crypto_wipe(&nonce, sizeof nonce);
    return signature;
}

static bool below(const number *a, const number *b)
{
    for (size_t i = WORDS; i-- > 0;)
        if (a->word[i] != b->word[i]) return a->word[i] < b->word[i];
    return false;
}

static const number group_order = { { 0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000 } };
static const number field_prime = { { 0xffffffffffffffed, UINT64_MAX, UINT64_MAX, 0x7fffffffffffffff } };

enum { PRIME_BELOW_2_255 = 19 };
static const uint64_t SIGN_BIT = UINT64_C(1) << 63;

/* A key whose y is not below the prime, or of x = 0 with the sign set, is taken for the point that it would be: dalek does, the library refuses. */
static bool decode_key(point *out, const crypto_public *key)
{
    static const number one       = { { 1 } },
                        minus_one = { { 0xffffffffffffffec, UINT64_MAX, UINT64_MAX, 0x7fffffffffffffff } };
    number   y                    = load(key->bytes);
    uint64_t sign                 = y.word[WORDS - 1] & SIGN_BIT;
    y.word[WORDS - 1] &= ~SIGN_BIT;
    if (!below(&y, &field_prime))
        y = (number){ { y.word[0] + PRIME_BELOW_2_255 } }; /* all but the lowest word become zero */
    if (memcmp(&y, &one, sizeof y) == 0 || memcmp(&y, &minus_one, sizeof y) == 0) sign = 0;
    y.word[WORDS - 1] |= sign;
    return decode(out, (const uint8_t *)y.word);
}

/* SPEC RFC 8032 5.1.7, without the cofactor: R = s B - k A, compared as bytes */
bool crypto_verify(const crypto_public *key, riv_bytes message, const crypto_signature *signature)
{
    point   a, r;
    uint8_t encoded[CRYPTO_PUBLIC_BYTES];
    number  s = load(signature->bytes + CRYPTO_PUBLIC_BYTES);
    if (!below(&s, &group_order) || !decode_key(&a, key)) return false;
    wide   k_hash = hash_of((riv_bytes){ signature->bytes, CRYPTO_PUBLIC_BYTES },
                            (riv_bytes){ key->bytes, CRYPTO_PUBLIC_BYTES }, message);
    number k      = reduced(&k_hash);
    bignum_neg_p25519(a.word, a.word); /* -A: x is first */
    times_both(&r, &k, &a, &s);
    edwards25519_encode(encoded, r.word);
    return memcmp(encoded, signature->bytes, sizeof encoded) == 0;
}
