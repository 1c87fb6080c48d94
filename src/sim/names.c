/* names.c: peers of scenarios: a name stands for one key for ever, and "@name" in a text for its peer id.
 * Spec: docs/spec/scenarios.md, head. Tests: rules_test.c. */
#include "sim/internal.h"

struct sim_names {
    riv_arena *arena;
    riv_map   *by_text; /* names and peer ids */
    RIV_VEC(const sim_name *) list;
};

crypto_secret sim_peer_seed(riv_str name)
{
    riv_buf text = { 0 };
    riv_put_str(&text, RIV_LIT("simnet-peer:"));
    riv_put_str(&text, name);
    crypto_hash   hash = crypto_sha256(riv_buf_view(&text));
    crypto_secret seed;
    memcpy(seed.bytes, hash.bytes, sizeof seed.bytes);
    riv_buf_free(&text);
    return seed;
}

sim_names *sim__names_new(riv_arena *arena)
{
    sim_names *names = riv_new(arena, sim_names, 1);
    names->arena     = arena;
    names->by_text   = riv_map_new(arena);
    return names;
}

const sim_name *sim__name(sim_names *names, riv_str name)
{
    const sim_name *known = sim__name_find(names, name);
    if (known) return known;
    sim_name      *n = riv_new(names->arena, sim_name, 1);
    crypto_keypair pair;
    n->name = riv_str_dup(names->arena, name);
    n->seed = sim_peer_seed(name);
    crypto_keypair_of(&n->seed, &pair);
    n->public_key   = pair.public_key;
    codec_peer peer = codec_peer_of(&pair.public_key);
    n->id           = codec_peer_text(names->arena, &peer);
    crypto_wipe(&pair, sizeof pair);
    riv_map_put_str(names->by_text, n->name, n);
    riv_map_put_str(names->by_text, n->id, n);
    *riv_push(names->arena, &names->list) = n;
    return n;
}

const sim_name *sim__name_find(const sim_names *names, riv_str text) { return riv_map_get_str(names->by_text, text); }

size_t sim__names_count(const sim_names *names) { return names->list.len; }

const sim_name *sim__name_at(const sim_names *names, size_t index)
{
    RIV_ASSERT(index < names->list.len);
    return names->list.ptr[index];
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static riv_str replace_text(sim_names *names, riv_str s, riv_arena *arena)
{
    if (riv_str_find_char(s, '@', 0) == SIZE_MAX) return s;
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < s.len;) {
        size_t end = i + 1;
        while (s.ptr[i] == '@' && end < s.len && is_name_char(s.ptr[end])) end++;
        bool named = s.ptr[i] == '@' && end > i + 1;
        riv_put_str(&out, named ? sim__name(names, riv_str_sub(s, i + 1, end))->id : riv_str_sub(s, i, i + 1));
        i = named ? end : i + 1;
    }
    return riv_buf_str(&out);
}

/* Recursion is bounded by RIV_JSON_DEPTH_MAX, as v was parsed. */
const riv_json *sim__names_replace(sim_names *names, const riv_json *v, riv_arena *arena)
{
    if (v->kind == RIV_JSON_STR) return riv_json_str(arena, replace_text(names, v->str, arena));
    if (v->kind == RIV_JSON_ARR) {
        const riv_json **items = riv_new(arena, const riv_json *, v->arr.count);
        for (size_t i = 0; i < v->arr.count; i++) items[i] = sim__names_replace(names, v->arr.items[i], arena);
        return riv_json_arr(arena, items, v->arr.count);
    }
    if (v->kind != RIV_JSON_OBJ) return v;
    riv_json_member *members = riv_new(arena, riv_json_member, v->obj.count);
    for (size_t i = 0; i < v->obj.count; i++) {
        members[i].key   = replace_text(names, v->obj.members[i].key, arena);
        members[i].value = sim__names_replace(names, v->obj.members[i].value, arena);
    }
    return riv_json_obj(arena, members, v->obj.count);
}
