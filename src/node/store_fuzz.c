/* store_fuzz.c: bytes as what the durable store gives back beside a good particle: records of two length bytes, a kind byte, the value.
 * Whatever comes: no crash, and all of it is gone when the particle has expired. */
#include "node/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head that is right, so that states and arrivals find their particle. */
static riv_bytes put_head(rig *r)
{
    p2p_particle p = rig_particle(r, "fuzz", "(call %init_peer_id% (\"a\" \"b\") [])", 1000);
    uint8_t      key[CRYPTO_HASH_BYTES];
    node_effects out = { .arena = r->arena };
    node__particle_key(p.id, p.signature, key);
    r->n->out           = &out;
    r->n->scratch       = r->arena;
    node_particle *kept = node__particle_make(r->n, &p, key);
    node__store_head(r->n, kept);
    rig_store_put(r, out.items[0].key, out.items[0].bytes);
    r->n->out     = NULL;
    r->n->scratch = NULL;
    return riv_bytes_dup(r->arena, (riv_bytes){ key, sizeof key });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig        r;
    riv_reader in     = riv_reader_of((riv_bytes){ data, size });
    uint64_t   number = 0, entry = 0;
    rig_init(&r, NULL, 0);
    riv_bytes key = put_head(&r);
    while (riv_reader_left(&in) > 3) {
        size_t  len  = riv_read_u16be(&in);
        uint8_t kind = riv_read_u8(&in);
        riv_buf name = riv_buf_in(r.arena);
        riv_put_u8(&name, kind);
        riv_put_bytes(&name, key);
        if (kind == 'a') riv_put_u64be(&name, ++number);
        if (kind == 'j') riv_put_u64be(&name, entry++);
        rig_store_put(&r, riv_buf_view(&name), riv_read_bytes(&in, RIV_MIN(len, riv_reader_left(&in))));
    }
    node_free(r.n);
    rig_boot(&r);
    RIV_ASSERT(node_stats_of(r.n).particles <= 1);
    rig_advance(&r, 2000);
    RIV_ASSERT(node_stats_of(r.n).particles == 0);
    RIV_ASSERT(node_stats_of(r.n).stored_bytes == 0);
    RIV_ASSERT(riv_map_count(r.store) == 0);
    rig_deinit(&r);
    return 0;
}
