/* peer.c: peer ids and the libp2p public keys inside them. Only ed25519 keys, held whole (identity multihash), are peers here.
 * Spec: docs/spec/codec.md 4, node.md 1. Tests: peer_test.c. */
#include "codec/codec.h"

enum { KEY_TYPE_ED25519 = 1, PEER_PREFIX_BYTES = CODEC_PEER_BYTES - CRYPTO_PUBLIC_BYTES };

/* identity, 36 bytes: PublicKey { type = ed25519, data = 32 bytes } */
static const uint8_t peer_prefix[PEER_PREFIX_BYTES] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };

codec_peer codec_peer_of(const crypto_public *key)
{
    codec_peer peer;
    memcpy(peer.bytes, peer_prefix, sizeof peer_prefix);
    memcpy(peer.bytes + sizeof peer_prefix, key->bytes, sizeof key->bytes);
    return peer;
}

crypto_public codec_peer_key(const codec_peer *peer)
{
    crypto_public key;
    memcpy(key.bytes, peer->bytes + sizeof peer_prefix, sizeof key.bytes);
    return key;
}

riv_err codec_peer_parse(riv_str text, riv_fault *fault, codec_peer *out)
{
    uint8_t room[CODEC_PEER_TEXT_MAX];
    riv_buf bytes = { .ptr = room, .cap = sizeof room };
    if (!text.len || text.len > CODEC_PEER_TEXT_MAX)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "peer id of %zu characters", text.len);
    /* Never more bytes than digits, so the buffer does not grow. */
    RIV_TRY(codec_read_base58(text, &bytes, fault));
    return codec_peer_read(riv_buf_view(&bytes), fault, out);
}

/* The bytes behind the multihash's head. */
static riv_err read_identity(riv_bytes bytes, riv_fault *fault, riv_bytes *out)
{
    riv_reader r    = riv_reader_of(bytes);
    uint64_t   hash = 0, len = 0;
    if (codec_read_varint(&r, NULL, &hash) || codec_read_varint(&r, NULL, &len) || len != riv_reader_left(&r))
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "peer id is no multihash");
    if (hash == CODEC_HASH_SHA256 && len == CRYPTO_HASH_BYTES)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "peer id is the hash of a key, not the key");
    if (hash != CODEC_HASH_IDENTITY)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "peer id with multihash code %llu", (unsigned long long)hash);
    *out = riv_read_bytes(&r, len);
    return RIV_OK;
}

riv_err codec_peer_read(riv_bytes bytes, riv_fault *fault, codec_peer *out)
{
    riv_bytes     encoded;
    crypto_public key;
    RIV_TRY(read_identity(bytes, fault, &encoded));
    RIV_TRY(codec_read_public_key(encoded, fault, &key));
    codec_peer peer = codec_peer_of(&key);
    if (!riv_bytes_eq(codec_peer_view(&peer), bytes)) /* else one key had several ids */
        return riv_fail(fault, RIV_E_MALFORMED, 0, "peer id is not in its shortest form");
    *out = peer;
    return RIV_OK;
}

riv_str codec_peer_text(riv_arena *arena, const codec_peer *peer) { return codec_base58(arena, codec_peer_view(peer)); }

bool codec_peer_eq(const codec_peer *a, const codec_peer *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

riv_bytes codec_peer_view(const codec_peer *peer) { return (riv_bytes){ peer->bytes, sizeof peer->bytes }; }

void codec_put_public_key(riv_buf *out, const crypto_public *key)
{
    codec_pb_put_varint(out, 1, KEY_TYPE_ED25519);
    codec_pb_put_bytes(out, 2, (riv_bytes){ key->bytes, sizeof key->bytes });
}

riv_err codec_read_public_key(riv_bytes in, riv_fault *fault, crypto_public *out)
{
    riv_reader     r    = riv_reader_of(in);
    uint64_t       type = UINT64_MAX;
    riv_bytes      data = { 0 };
    codec_pb_field field;
    riv_err        err;
    while ((err = codec_pb_next(&r, fault, &field)) == RIV_OK) {
        if (field.number == 1 && field.wire == CODEC_PB_VARINT) type = field.value;
        if (field.number == 2 && field.wire == CODEC_PB_BYTES) data = field.bytes;
    }
    if (err != RIV_MORE) return err;
    if (type == UINT64_MAX) return riv_fail(fault, RIV_E_MALFORMED, 0, "public key without a type");
    if (type != KEY_TYPE_ED25519)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "public key of type %llu, only ed25519 (1) is known",
                        (unsigned long long)type);
    if (data.len != CRYPTO_PUBLIC_BYTES)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "ed25519 key of %zu bytes", data.len);
    memcpy(out->bytes, data.ptr, CRYPTO_PUBLIC_BYTES);
    return RIV_OK;
}
