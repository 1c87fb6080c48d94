/* particle_fuzz.c: bytes as a frame (first byte even), or as script and data of a particle that is well signed (odd: length of the script
 * in two bytes, script, data). Whatever comes: no crash, one job at a time, and nothing is left after the deadline. */
#include "node/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void arrive(rig *r, riv_bytes frame)
{
    node_effects out = { .arena = riv_arena_new(0) };
    r->n->out        = &out;
    r->n->scratch    = out.arena;
    node__arrived(r->n, &r->remote_id.peer, frame);
    r->n->out     = NULL;
    r->n->scratch = NULL;
    for (size_t i = 0; i < out.count; i++) rig_effect(r, &out.items[i]);
    riv_arena_free(out.arena);
}

static void arrive_signed(rig *r, riv_reader in)
{
    riv_buf      buf = riv_buf_in(r->arena), frame = riv_buf_in(r->arena);
    size_t       len    = RIV_MIN((size_t)riv_read_u16be(&in), riv_reader_left(&in));
    p2p_particle p      = rig_particle(r, "fuzz", "", 1000);
    riv_bytes    script = riv_read_bytes(&in, len);
    if (!riv_utf8_valid(script, NULL)) return;
    p.script = riv_bytes_str(script);
    p.data   = riv_read_bytes(&in, riv_reader_left(&in));
    p2p_particle_signed_bytes(&p, &buf);
    crypto_signature s = crypto_sign(&r->remote_id.keys, riv_buf_view(&buf));
    p.signature        = (riv_bytes){ s.bytes, sizeof s.bytes };
    p2p_particle_write(&p, &frame);
    arrive(r, riv_buf_view(&frame));
    RIV_ASSERT(node_stats_of(r->n).particles == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig        r;
    riv_reader in   = riv_reader_of((riv_bytes){ data, size });
    uint8_t    kind = riv_read_u8(&in);
    rig_init(&r, NULL, 0);
    if (kind % 2)
        arrive_signed(&r, in);
    else
        arrive(&r, riv_bytes_sub((riv_bytes){ data, size }, RIV_MIN(size, (size_t)1), size));
    rig_advance(&r, 2000 + NODE_TTL_MS_MAX + NODE_SKEW_MS_MAX);
    RIV_ASSERT(node_stats_of(r.n).particles == 0);
    RIV_ASSERT(node_stats_of(r.n).stored_bytes == 0);
    RIV_ASSERT(riv_map_count(r.store) == 0);
    rig_deinit(&r);
    return 0;
}
