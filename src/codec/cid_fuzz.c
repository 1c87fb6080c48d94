/* cid_fuzz.c: an id in bytes or text is printed in a form that parses to the same id; peer ids likewise. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cid(riv_arena *arena, const codec_cid *cid)
{
    codec_cid again;
    riv_str   text = codec_cid_text(arena, cid);
    RIV_ASSERT(codec_cid_parse(text, arena, NULL, &again) == RIV_OK);
    RIV_ASSERT(again.version == cid->version && again.codec == cid->codec && again.hash == cid->hash);
    RIV_ASSERT(riv_bytes_eq(again.digest, cid->digest));
    RIV_ASSERT(riv_str_eq(codec_cid_text(arena, &again), text));
}

static void check_peer(riv_arena *arena, const codec_peer *peer)
{
    codec_peer    again;
    crypto_public key = codec_peer_key(peer);
    RIV_ASSERT(codec_peer_parse(codec_peer_text(arena, peer), NULL, &again) == RIV_OK);
    RIV_ASSERT(codec_peer_eq(peer, &again));
    again = codec_peer_of(&key);
    RIV_ASSERT(codec_peer_eq(peer, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  in    = { data, size };
    codec_cid  cid;
    codec_peer peer;
    if (codec_cid_read(in, NULL, &cid) == RIV_OK) check_cid(arena, &cid);
    if (codec_cid_parse(riv_bytes_str(in), arena, NULL, &cid) == RIV_OK) check_cid(arena, &cid);
    if (codec_peer_read(in, NULL, &peer) == RIV_OK) check_peer(arena, &peer);
    if (codec_peer_parse(riv_bytes_str(in), NULL, &peer) == RIV_OK) check_peer(arena, &peer);
    riv_arena_free(arena);
    return 0;
}
