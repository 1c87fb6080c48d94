/* secp.c: ECDSA on secp256k1 with recovery of the key, by libsecp256k1.
 * Spec: SEC 1, RFC 6979, EIP-2 (low s). Tests: secp_test.c. */
#include "crypto/crypto.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

/* The library's own shared context reads only; what needs a secret makes one of its own. */
static const secp256k1_context *shared(void) { return secp256k1_context_static; }

static void put_public(const secp256k1_pubkey *key, crypto_secp_public *out)
{
    size_t len = sizeof out->bytes;
    int    put = secp256k1_ec_pubkey_serialize(shared(), out->bytes, &len, key, SECP256K1_EC_UNCOMPRESSED);
    RIV_ASSERT(put && len == sizeof out->bytes);
}

riv_err crypto_secp_public_of(const crypto_secret *key, crypto_secp_public *out)
{
    secp256k1_pubkey   made;
    secp256k1_context *own = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    int                ok  = secp256k1_ec_pubkey_create(own, &made, key->bytes);
    secp256k1_context_destroy(own);
    if (!ok) return RIV_E_DENIED;
    put_public(&made, out);
    return RIV_OK;
}

riv_err crypto_secp_sign(const crypto_secret *key, const crypto_hash *hash, crypto_secp_signature *out)
{
    secp256k1_ecdsa_recoverable_signature made;
    int                                   recovery = 0;
    secp256k1_context                    *own      = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    int ok = secp256k1_ecdsa_sign_recoverable(own, &made, hash->bytes, key->bytes, NULL, NULL);
    if (ok) secp256k1_ecdsa_recoverable_signature_serialize_compact(own, out->bytes, &recovery, &made);
    secp256k1_context_destroy(own);
    out->recovery = (uint8_t)recovery;
    return ok ? RIV_OK : RIV_E_DENIED;
}

/* EIP-2: half of the order of the group */
static bool is_low(const uint8_t s[32])
{
    static const uint8_t half[32] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                                      0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0 };
    return memcmp(s, half, sizeof half) <= 0;
}

riv_err crypto_secp_recover(const crypto_hash *hash, const crypto_secp_signature *signature, crypto_secp_public *out)
{
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey                      key;
    if (signature->recovery > 3 || !is_low(signature->bytes + 32)) return RIV_E_DENIED;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(shared(), &parsed, signature->bytes, signature->recovery))
        return RIV_E_DENIED;
    if (!secp256k1_ecdsa_recover(shared(), &key, &parsed, hash->bytes)) return RIV_E_DENIED;
    put_public(&key, out);
    return RIV_OK;
}
