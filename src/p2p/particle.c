/* particle.c: the particle message: codec 0x0201 and a MessagePack map; and the bytes that its initiator signs.
 * Byte strings are read as bin or as arrays of small integers (what js-client sends) and written as bin (all it accepts).
 * Spec: docs/spec/node.md 3. Tests: particle_test.c, particle_fuzz.c. */
#include "p2p/p2p.h"

enum { PARTICLE_KEYS_MAX = 64 }; /* in the map; unknown ones are skipped */

/* clang-format off */
#define PARTICLE_KEYS(X)                                     \
    /* name          key             in the order written */ \
    X(ACTION,        "action")                               \
    X(ID,            "id")                                   \
    X(INIT_PEER_ID,  "init_peer_id")                         \
    X(TIMESTAMP,     "timestamp")                            \
    X(TTL,           "ttl")                                  \
    X(SCRIPT,        "script")                               \
    X(SIGNATURE,     "signature")                            \
    X(DATA,          "data")
#define X_ENUM(name, key) KEY_##name,
#define X_TEXT(name, key) RIV_LIT_INIT(key),
typedef enum particle_key { PARTICLE_KEYS(X_ENUM) KEYS } particle_key;
static const riv_str key_names[KEYS] = { PARTICLE_KEYS(X_TEXT) };
/* clang-format on */

static riv_err read_text(riv_reader *r, particle_key key, riv_fault *fault, riv_str *out)
{
    codec_mp v;
    size_t   pos = r->pos;
    RIV_TRY(codec_mp_next(r, fault, &v));
    if (v.kind != CODEC_MP_STR)
        return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: " RIV_FMT " is not a text", RIV_ARG(key_names[key]));
    *out = riv_bytes_str(v.bytes);
    return RIV_OK;
}

static riv_err read_number(riv_reader *r, particle_key key, uint64_t max, riv_fault *fault, uint64_t *out)
{
    codec_mp v;
    size_t   pos = r->pos;
    RIV_TRY(codec_mp_next(r, fault, &v));
    if (v.kind != CODEC_MP_UINT)
        return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: " RIV_FMT " is not a number from 0",
                        RIV_ARG(key_names[key]));
    if (v.u64 > max)
        return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: " RIV_FMT " %llu is too large", RIV_ARG(key_names[key]),
                        (unsigned long long)v.u64);
    *out = v.u64;
    return RIV_OK;
}

static riv_err read_value(riv_reader *r, particle_key key, riv_arena *arena, riv_fault *fault, p2p_particle *p)
{
    uint64_t ttl = 0;
    riv_str  action;
    size_t   pos = r->pos;
    switch (key) {
    case KEY_ACTION:
        RIV_TRY(read_text(r, key, fault, &action));
        if (riv_str_eq(action, RIV_LIT("Particle"))) return RIV_OK;
        return riv_fail(fault, RIV_E_UNSUPPORTED, pos, "particle: action " RIV_FMT,
                        RIV_ARG(riv_str_sub(action, 0, 32)));
    case KEY_ID: return read_text(r, key, fault, &p->id);
    case KEY_INIT_PEER_ID: return read_text(r, key, fault, &p->init_peer_id);
    case KEY_TIMESTAMP: return read_number(r, key, UINT64_MAX, fault, &p->timestamp_ms);
    case KEY_TTL:
        RIV_TRY(read_number(r, key, UINT32_MAX, fault, &ttl));
        p->ttl_ms = (uint32_t)ttl;
        return RIV_OK;
    case KEY_SCRIPT: return read_text(r, key, fault, &p->script);
    case KEY_SIGNATURE: return codec_mp_bytes(r, arena, fault, &p->signature);
    case KEY_DATA: return codec_mp_bytes(r, arena, fault, &p->data);
    case KEYS: break;
    }
    RIV_UNREACHABLE();
}

static riv_err read_entry(riv_reader *r, riv_arena *arena, riv_fault *fault, uint32_t *seen, p2p_particle *p)
{
    codec_mp key;
    size_t   pos = r->pos;
    RIV_TRY(codec_mp_next(r, fault, &key));
    if (key.kind != CODEC_MP_STR)
        return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: a key of the map is not a text");
    for (unsigned k = 0; k < KEYS; k++) {
        if (!riv_str_eq(riv_bytes_str(key.bytes), key_names[k])) continue;
        if (*seen & 1u << k)
            return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: " RIV_FMT " is given twice", RIV_ARG(key_names[k]));
        *seen |= 1u << k;
        return read_value(r, (particle_key)k, arena, fault, p);
    }
    return codec_mp_skip(r, fault);
}

riv_err p2p_particle_read(riv_bytes frame, riv_arena *arena, riv_fault *fault, p2p_particle *out)
{
    p2p_particle p = { 0 };
    uint64_t     codec;
    codec_mp     map;
    uint32_t     seen = 0;
    riv_reader   r    = riv_reader_of(frame);
    riv_err      err  = codec_read_varint(&r, fault, &codec);
    if (err == RIV_MORE) return riv_fail(fault, RIV_E_MALFORMED, r.pos, "particle: the frame ends in its codec");
    if (err) return err;
    if (codec != CODEC_MSGPACK)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "particle: codec 0x%llx", (unsigned long long)codec);
    size_t pos = r.pos;
    RIV_TRY(codec_mp_next(&r, fault, &map));
    if (map.kind != CODEC_MP_MAP) return riv_fail(fault, RIV_E_MALFORMED, pos, "particle: not a map");
    if (map.count > PARTICLE_KEYS_MAX)
        return riv_fail(fault, RIV_E_LIMIT, pos, "particle: a map of %u keys", map.count);
    for (uint32_t i = 0; i < map.count; i++) RIV_TRY(read_entry(&r, arena, fault, &seen, &p));
    for (unsigned k = 0; k < KEYS; k++)
        if (!(seen & 1u << k))
            return riv_fail(fault, RIV_E_MALFORMED, r.pos, "particle: no " RIV_FMT, RIV_ARG(key_names[k]));
    if (riv_reader_left(&r)) return riv_fail(fault, RIV_E_MALFORMED, r.pos, "particle: bytes after the map");
    *out = p;
    return RIV_OK;
}

void p2p_particle_write(const p2p_particle *particle, riv_buf *out)
{
    codec_put_varint(out, CODEC_MSGPACK);
    codec_mp_put_map(out, KEYS);
    codec_mp_put_str(out, key_names[KEY_ACTION]);
    codec_mp_put_str(out, RIV_LIT("Particle"));
    codec_mp_put_str(out, key_names[KEY_ID]);
    codec_mp_put_str(out, particle->id);
    codec_mp_put_str(out, key_names[KEY_INIT_PEER_ID]);
    codec_mp_put_str(out, particle->init_peer_id);
    codec_mp_put_str(out, key_names[KEY_TIMESTAMP]);
    codec_mp_put_uint(out, particle->timestamp_ms);
    codec_mp_put_str(out, key_names[KEY_TTL]);
    codec_mp_put_uint(out, particle->ttl_ms);
    codec_mp_put_str(out, key_names[KEY_SCRIPT]);
    codec_mp_put_str(out, particle->script);
    codec_mp_put_str(out, key_names[KEY_SIGNATURE]);
    codec_mp_put_bin(out, particle->signature);
    codec_mp_put_str(out, key_names[KEY_DATA]);
    codec_mp_put_bin(out, particle->data);
}

/* SPEC node.md 3: id, timestamp as u64 little-endian, ttl as u32 little-endian, script. */
void p2p_particle_signed_bytes(const p2p_particle *particle, riv_buf *out)
{
    riv_put_str(out, particle->id);
    riv_put_u64le(out, particle->timestamp_ms);
    riv_put_u32le(out, particle->ttl_ms);
    riv_put_str(out, particle->script);
}
