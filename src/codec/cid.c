/* cid.c: content ids: their binary and text form, the two kinds that are made here, and the check of data against one.
 * Spec: docs/spec/codec.md 3, air.md 3.3, node.md 6. Tests: cid_test.c, cid_fuzz.c. */
#include "codec/codec.h"

enum { CID_DIGEST_BYTES_MAX = 128, FILE_CHUNK_BYTES = 262144, UNIXFS_FILE = 2 };

/* Reads a varint that must be whole. */
static riv_err read_number(riv_reader *r, const char *what, riv_fault *fault, uint64_t *out)
{
    riv_err err = codec_read_varint(r, fault, out);
    if (err == RIV_MORE) return riv_fail(fault, RIV_E_MALFORMED, r->pos, "cid is cut in its %s", what);
    return err;
}

/* hash varint, length varint, digest; must be all that is left. */
static riv_err read_multihash(riv_reader *r, riv_fault *fault, codec_cid *out)
{
    uint64_t len;
    RIV_TRY(read_number(r, "hash code", fault, &out->hash));
    RIV_TRY(read_number(r, "digest length", fault, &len));
    if (len > CID_DIGEST_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, r->pos, "cid digest of %llu bytes", (unsigned long long)len);
    if (len != riv_reader_left(r))
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "cid digest is %zu bytes, %llu are said", riv_reader_left(r),
                        (unsigned long long)len);
    out->digest = riv_read_bytes(r, len);
    return RIV_OK;
}

static bool is_v0(riv_bytes in)
{
    return in.len == 2 + CRYPTO_HASH_BYTES && in.ptr[0] == CODEC_HASH_SHA256 && in.ptr[1] == CRYPTO_HASH_BYTES;
}

riv_err codec_cid_read(riv_bytes in, riv_fault *fault, codec_cid *out)
{
    riv_reader r   = riv_reader_of(in);
    codec_cid  cid = { .version = 0, .codec = CODEC_DAG_PB };
    if (!is_v0(in)) {
        RIV_TRY(read_number(&r, "version", fault, &cid.version));
        if (cid.version != 1)
            return riv_fail(fault, RIV_E_MALFORMED, 0, "cid version %llu", (unsigned long long)cid.version);
        RIV_TRY(read_number(&r, "codec", fault, &cid.codec));
    }
    RIV_TRY(read_multihash(&r, fault, &cid));
    *out = cid;
    return RIV_OK;
}

riv_err codec_cid_parse(riv_str text, riv_arena *arena, riv_fault *fault, codec_cid *out)
{
    riv_buf   bytes = riv_buf_in(arena);
    codec_cid cid;
    bool      v0 = text.len == 46 && riv_str_starts(text, RIV_LIT("Qm"));
    if (text.len > CODEC_CID_TEXT_MAX)
        return riv_fail(fault, RIV_E_LIMIT, CODEC_CID_TEXT_MAX, "cid text of %zu characters", text.len);
    RIV_TRY(v0 ? codec_read_base58(text, &bytes, fault) : codec_read_multibase(text, &bytes, fault));
    RIV_TRY(codec_cid_read(riv_buf_view(&bytes), fault, &cid));
    if (!v0 && cid.version == 0) return riv_fail(fault, RIV_E_MALFORMED, 0, "cid of version 0 in a multibase");
    *out = cid;
    return RIV_OK;
}

static void put_cid(riv_buf *out, const codec_cid *cid)
{
    if (cid->version) {
        codec_put_varint(out, cid->version);
        codec_put_varint(out, cid->codec);
    }
    codec_put_varint(out, cid->hash);
    codec_put_varint(out, cid->digest.len);
    riv_put_bytes(out, cid->digest);
}

riv_str codec_cid_text(riv_arena *arena, const codec_cid *cid)
{
    riv_buf bytes = riv_buf_in(arena), text = riv_buf_in(arena);
    put_cid(&bytes, cid);
    if (cid->version == 0) {
        codec_put_base58(&text, riv_buf_view(&bytes));
    } else {
        riv_put_u8(&text, 'b');
        codec_put_base32(&text, riv_buf_view(&bytes));
    }
    return riv_buf_str(&text);
}

/* Made for every value that a run meets, so the fixed form is written at once: codec_cid_text gives the same. The five bytes in front of
 * the digest are eight whole digits, the same in every id. */
void codec_json_cid_put(const crypto_hash *hash, char out[CODEC_JSON_CID_BYTES])
{
    static const char head[] = "bagaaihra", digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    enum {
        GROUP_BYTES  = 5,
        GROUP_DIGITS = 8,
        DIGIT_BITS   = 5,
        GROUPS       = 7,
        LAST_DIGITS  = 4
    }; /* the last group has two bytes */
    _Static_assert(CODEC_JSON_CID_BYTES == sizeof head - 1 + (GROUPS - 1) * GROUP_DIGITS + LAST_DIGITS,
                   "61 characters");
    uint8_t bytes[GROUPS * GROUP_BYTES + sizeof(uint64_t)] = { 0 };
    memcpy(bytes, hash->bytes, sizeof hash->bytes);
    memcpy(out, head, sizeof head - 1);
    out += sizeof head - 1;
    for (size_t g = 0; g < GROUPS; g++) {
        uint64_t word = 0;
        for (size_t i = 0; i < sizeof word; i++) word = word << 8 | bytes[g * GROUP_BYTES + i]; /* becomes one load */
        unsigned count = g + 1 < GROUPS ? GROUP_DIGITS : LAST_DIGITS;
        for (unsigned k = 1; k <= count; k++) *out++ = digits[word >> (64 - DIGIT_BITS * k) & 31];
    }
}

bool codec_json_cid_is(riv_str text)
{
    return text.len == CODEC_JSON_CID_BYTES && riv_str_starts(text, RIV_LIT("bagaaihra"));
}

riv_str codec_json_cid(riv_arena *arena, riv_bytes data)
{
    crypto_hash hash = crypto_blake3(data);
    char       *text = riv_arena_alloc_raw(arena, CODEC_JSON_CID_BYTES + 1, 1);
    codec_json_cid_put(&hash, text);
    text[CODEC_JSON_CID_BYTES] = 0; /* for the debugger's eyes */
    return (riv_str){ text, CODEC_JSON_CID_BYTES };
}

bool codec_cid_matches(const codec_cid *cid, riv_bytes data)
{
    if (cid->hash != CODEC_HASH_SHA256 && cid->hash != CODEC_HASH_BLAKE3) return false;
    crypto_hash hash = cid->hash == CODEC_HASH_SHA256 ? crypto_sha256(data) : crypto_blake3(data);
    return riv_bytes_eq(cid->digest, (riv_bytes){ hash.bytes, sizeof hash.bytes });
}

/* ---- files: chunks, joined by one DAG-PB node that holds a UnixFS file ---- */

static void put_sha256_cid(riv_buf *out, uint64_t codec, riv_bytes data)
{
    crypto_hash hash = crypto_sha256(data);
    codec_cid   cid  = { 1, codec, CODEC_HASH_SHA256, { hash.bytes, sizeof hash.bytes } };
    put_cid(out, &cid);
}

/* PBLink: 1 = cid, 2 = name (written though empty), 3 = size. */
static void put_link(riv_buf *node, riv_bytes chunk)
{
    riv_buf cid = { 0 }, link = { 0 };
    put_sha256_cid(&cid, CODEC_RAW, chunk);
    codec_pb_put_bytes(&link, 1, riv_buf_view(&cid));
    codec_pb_put_bytes(&link, 2, (riv_bytes){ 0 });
    codec_pb_put_varint(&link, 3, chunk.len);
    codec_pb_put_bytes(node, 2, riv_buf_view(&link));
    riv_buf_free(&cid);
    riv_buf_free(&link);
}

/* UnixFS data: 1 = type, 3 = size of the file, 4 = size of each block. */
static void put_unixfs(riv_buf *node, riv_bytes data)
{
    riv_buf unixfs = { 0 };
    codec_pb_put_varint(&unixfs, 1, UNIXFS_FILE);
    codec_pb_put_varint(&unixfs, 3, data.len);
    for (size_t i = 0; i < data.len; i += FILE_CHUNK_BYTES)
        codec_pb_put_varint(&unixfs, 4, RIV_MIN(data.len - i, (size_t)FILE_CHUNK_BYTES));
    codec_pb_put_bytes(node, 1, riv_buf_view(&unixfs));
    riv_buf_free(&unixfs);
}

riv_str codec_file_cid(riv_arena *arena, riv_bytes data)
{
    riv_buf cid = { 0 }, node = { 0 }, text = riv_buf_in(arena);
    if (data.len <= FILE_CHUNK_BYTES) {
        put_sha256_cid(&cid, CODEC_RAW, data);
    } else {
        for (size_t i = 0; i < data.len; i += FILE_CHUNK_BYTES)
            put_link(&node, riv_bytes_sub(data, i, i + FILE_CHUNK_BYTES));
        put_unixfs(&node, data);
        put_sha256_cid(&cid, CODEC_DAG_PB, riv_buf_view(&node));
    }
    riv_put_u8(&text, 'b');
    codec_put_base32(&text, riv_buf_view(&cid));
    riv_buf_free(&cid);
    riv_buf_free(&node);
    return riv_buf_str(&text);
}
