/* seal.c: native code with what was kept of its module, under a seal: nothing of it reaches the engine before the seal is found whole.
 * Layout: code (an ELF file, so that a file can be mapped as it is), kept, then SEAL_BYTES with the hashes of both and an HMAC over them.
 * Spec: docs/decisions/0006-sealed-code-cache.md. Tests: cache_test.c, seal_fuzz.c. */
#include "marine/internal.h"

static const char MAGIC[8] = "rivcode2";
enum { SEALED_HASHES = 4, SEAL_BYTES = 8 + SEALED_HASHES * CRYPTO_HASH_BYTES + 16 + CRYPTO_HASH_BYTES };

/* The hashes are of fixed size, so are the bytes under the MAC: however large the code is, it is read once, by BLAKE3. */
static crypto_hash mac_of(const crypto_secret *key, riv_bytes head)
{
    return crypto_hmac_sha256((riv_bytes){ key->bytes, sizeof key->bytes }, head);
}

static void put_hash(riv_buf *out, const crypto_hash *hash)
{
    riv_put_bytes(out, (riv_bytes){ hash->bytes, sizeof hash->bytes });
}

static crypto_hash read_hash(riv_reader *r)
{
    crypto_hash hash  = { 0 };
    riv_bytes   bytes = riv_read_bytes(r, sizeof hash.bytes);
    if (bytes.len) memcpy(hash.bytes, bytes.ptr, sizeof hash.bytes);
    return hash;
}

void marine__seal_write(const crypto_secret *key, const marine__sealed *sealed, riv_buf *out)
{
    crypto_hash code = crypto_blake3(sealed->code), kept = crypto_blake3(sealed->kept);
    riv_buf_reserve(out, sealed->code.len + sealed->kept.len + SEAL_BYTES);
    riv_put_bytes(out, sealed->code);
    riv_put_bytes(out, sealed->kept);
    size_t start = out->len;
    riv_put_bytes(out, (riv_bytes){ (const uint8_t *)MAGIC, sizeof MAGIC });
    put_hash(out, &sealed->engine);
    put_hash(out, &sealed->wasm);
    put_hash(out, &code);
    put_hash(out, &kept);
    riv_put_u64le(out, sealed->code.len);
    riv_put_u64le(out, sealed->kept.len);
    crypto_hash mac = mac_of(key, riv_bytes_sub(riv_buf_view(out), start, out->len));
    put_hash(out, &mac);
}

riv_err marine__seal_read(const crypto_secret *key, riv_bytes entry, riv_fault *fault, marine__sealed *out)
{
    if (entry.len < SEAL_BYTES) return riv_fail(fault, RIV_E_MALFORMED, 0, "not native code of a module");
    size_t         start = entry.len - SEAL_BYTES;
    riv_bytes      head  = riv_bytes_sub(entry, start, entry.len - CRYPTO_HASH_BYTES);
    riv_reader     r     = riv_reader_of(riv_bytes_sub(entry, start, entry.len));
    riv_bytes      magic = riv_read_bytes(&r, sizeof MAGIC);
    marine__sealed s     = { 0 };
    crypto_hash    kept, mac, own = mac_of(key, head);
    s.engine          = read_hash(&r);
    s.wasm            = read_hash(&r);
    s.code_hash       = read_hash(&r);
    kept              = read_hash(&r);
    uint64_t code_len = riv_read_u64le(&r), kept_len = riv_read_u64le(&r);
    mac = read_hash(&r);
    RIV_ASSERT(!r.short_read && riv_reader_left(&r) == 0);
    if (memcmp(magic.ptr, MAGIC, sizeof MAGIC) != 0)
        return riv_fail(fault, RIV_E_MALFORMED, start, "not native code of a module");
    if (!crypto_equal(mac.bytes, own.bytes, sizeof mac.bytes))
        return riv_fail(fault, RIV_E_DENIED, start, "the seal over the native code is broken, or another's");
    /* What stands under an unbroken seal was written by us, but its length is the file's. */
    if (code_len == 0 || code_len > start || kept_len != start - code_len)
        return riv_fail(fault, RIV_E_MALFORMED, start, "native code is cut off");
    s.code         = riv_bytes_sub(entry, 0, (size_t)code_len);
    s.kept         = riv_bytes_sub(entry, (size_t)code_len, start);
    crypto_hash is = crypto_blake3(s.kept);
    if (memcmp(is.bytes, kept.bytes, sizeof is.bytes) != 0)
        return riv_fail(fault, RIV_E_MALFORMED, code_len, "what was kept beside the native code is damaged");
    *out = s;
    return RIV_OK;
}

riv_err marine__seal_check_code(const marine__sealed *sealed, riv_fault *fault)
{
    crypto_hash is = crypto_blake3(sealed->code);
    if (memcmp(is.bytes, sealed->code_hash.bytes, sizeof is.bytes) == 0) return RIV_OK;
    return riv_fail(fault, RIV_E_MALFORMED, 0, "native code is damaged");
}

riv_err marine__seal_fits(const marine__sealed *sealed, const crypto_hash *engine, const crypto_hash *wasm,
                          riv_fault *fault)
{
    if (memcmp(sealed->engine.bytes, engine->bytes, sizeof engine->bytes) != 0)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "native code of another engine");
    if (memcmp(sealed->wasm.bytes, wasm->bytes, sizeof wasm->bytes) != 0)
        return riv_fail(fault, RIV_E_CONFLICT, 0, "native code of another module");
    return RIV_OK;
}
