/* hash.c: SHA-256, HMAC-SHA-256 and BLAKE3 over whole slices, and SHA-256 in pieces.
 * Spec: FIPS 180-4, RFC 2104, the BLAKE3 paper. Tests: hash_test.c. */
#include "crypto/internal.h"

#include <blake3.h>
#include <blake3_impl.h> /* blake3_compress_in_place: one block; blake3_hash_many: chunks side by side */

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(crypto_sha256_state), "the library's state fits ours");
_Static_assert(crypto_hash_sha256_BYTES == CRYPTO_HASH_BYTES && BLAKE3_OUT_LEN == CRYPTO_HASH_BYTES, "hash sizes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "chaining values are hashes as they stand");

__extension__ typedef unsigned __int128 u128;

enum { CV_WORDS = CRYPTO_HASH_BYTES / sizeof(uint32_t) };

crypto_hash crypto_sha256(riv_bytes data)
{
    crypto_hash hash;
    crypto_hash_sha256(hash.bytes, data.ptr, data.len);
    return hash;
}

/* Up to 15 bytes as a number, least first; nothing beside them is read. */
static u128 load_few(const uint8_t *p, size_t len)
{
    uint64_t low = 0, high = 0;
    uint32_t a = 0, b = 0;
    if (len >= sizeof low) {
        memcpy(&low, p, sizeof low);
        memcpy(&high, p + len - sizeof high, sizeof high);
        return low | (len > sizeof low ? (u128)(high >> (8 * (2 * sizeof high - len))) << 64 : 0);
    }
    if (len >= sizeof a) {
        memcpy(&a, p, sizeof a);
        memcpy(&b, p + len - sizeof b, sizeof b);
        return a | (uint64_t)b << (8 * (len - sizeof b));
    }
    for (size_t i = 0; i < len; i++) low |= (uint64_t)p[i] << (8 * i);
    return low;
}

/* Copies what is left of a text into a zeroed block, sixteen bytes with each store: the block is read so at once, and a read that a
 * narrower or crossing store did not prepare whole costs the processor as much as a third of the hash. */
static void fill_block(uint8_t block[BLAKE3_BLOCK_LEN], riv_bytes text)
{
    typedef uint64_t two_words __attribute__((vector_size(16)));
    size_t           whole = text.len / sizeof(two_words) * sizeof(two_words), rest = text.len - whole;
    for (size_t i = 0; i < whole; i += sizeof(two_words)) memcpy(block + i, text.ptr + i, sizeof(two_words));
    if (!rest) return;
    u128 tail;
    if (whole) {
        memcpy(&tail, text.ptr + text.len - sizeof tail, sizeof tail);
        tail >>= 8 * (sizeof tail - rest);
    } else {
        tail = load_few(text.ptr, rest);
    }
    two_words words = { (uint64_t)tail, (uint64_t)(tail >> 64) };
    memcpy(block + whole, &words, sizeof words);
}

/* The last block of a single chunk, from the chaining value of those before it. */
static crypto_hash end_chunk(uint32_t cv[CV_WORDS], riv_bytes last, uint8_t start)
{
    uint8_t     block[BLAKE3_BLOCK_LEN] = { 0 };
    crypto_hash hash;
    fill_block(block, last);
    blake3_compress_in_place(cv, block, (uint8_t)last.len, 0, start | CHUNK_END | ROOT);
    memcpy(hash.bytes, cv, sizeof hash.bytes); /* words are written least byte first */
    return hash;
}

/* How many blocks come before the last one, which is empty only in an empty text. */
static size_t blocks_before(riv_bytes data) { return data.len ? (data.len - 1) / BLAKE3_BLOCK_LEN : 0; }

/* One chunk, as nearly all that is hashed: its blocks one after another, without the library's tree of chunks. */
static crypto_hash hash_chunk(riv_bytes data)
{
    uint32_t cv[CV_WORDS];
    size_t   before = blocks_before(data);
    memcpy(cv, IV, sizeof cv);
    for (size_t i = 0; i < before; i++)
        blake3_compress_in_place(cv, data.ptr + i * BLAKE3_BLOCK_LEN, BLAKE3_BLOCK_LEN, 0, i ? 0 : CHUNK_START);
    return end_chunk(cv, riv_bytes_sub(data, before * BLAKE3_BLOCK_LEN, data.len), before ? 0 : CHUNK_START);
}

crypto_hash crypto_blake3(riv_bytes data)
{
    crypto_hash   hash;
    blake3_hasher hasher;
    if (data.len <= BLAKE3_CHUNK_LEN) return hash_chunk(data);
    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, data.ptr, data.len);
    blake3_hasher_finalize(&hasher, hash.bytes, sizeof hash.bytes);
    return hash;
}

enum { TOGETHER_MAX = 16 }; /* the widest that the library works on */

/* Chunks with equally many blocks before the last: those the library takes side by side. */
static void hash_chunks(const riv_bytes *in, const size_t *which, size_t count, crypto_hash *out)
{
    uint8_t        cvs[TOGETHER_MAX][CRYPTO_HASH_BYTES];
    const uint8_t *starts[TOGETHER_MAX];
    size_t         before = blocks_before(in[which[0]]);
    for (size_t i = 0; i < count; i++) starts[i] = in[which[i]].ptr;
    blake3_hash_many(starts, count, before, IV, 0, false, 0, CHUNK_START, 0, cvs[0]);
    for (size_t i = 0; i < count; i++) {
        riv_bytes text = in[which[i]];
        uint32_t  cv[CV_WORDS];
        memcpy(cv, cvs[i], sizeof cv);
        out[which[i]] = end_chunk(cv, riv_bytes_sub(text, before * BLAKE3_BLOCK_LEN, text.len), 0);
    }
}

void crypto_blake3_each(const riv_bytes *in, size_t count, crypto_hash *out)
{
    for (size_t from = 0; from < count; from += TOGETHER_MAX) {
        size_t end = RIV_MIN(count, from + TOGETHER_MAX), waiting[TOGETHER_MAX], waiting_count = 0;
        for (size_t i = from; i < end; i++) {
            if (in[i].len <= BLAKE3_BLOCK_LEN || in[i].len > BLAKE3_CHUNK_LEN)
                out[i] = crypto_blake3(in[i]);
            else
                waiting[waiting_count++] = i;
        }
        while (waiting_count) {
            size_t same[TOGETHER_MAX] = { 0 }, same_count = 0, left = 0, before = blocks_before(in[waiting[0]]);
            for (size_t i = 0; i < waiting_count; i++)
                if (blocks_before(in[waiting[i]]) == before)
                    same[same_count++] = waiting[i];
                else
                    waiting[left++] = waiting[i];
            hash_chunks(in, same, same_count, out);
            waiting_count = left;
        }
    }
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
