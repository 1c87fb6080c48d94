/* archive_json.c: particle data in the readable form of the original's to_human_readable_data.
 * Spec: docs/spec/air.md 3.2 "JSON names in the readable form". Tests: archive_test.c. */
#include "codec/archive.h"
#include "codec/codec.h"

static const riv_json *str(riv_arena *arena, riv_str s) { return riv_json_str(arena, s); }

static const riv_json *num(riv_arena *arena, uint64_t n) { return riv_json_u64(arena, n); }

/* ---- the trace ---- */

static const riv_json *sender_json(const archive_state *s, riv_arena *arena)
{
    if (!s->has_call_id) return riv_json_object(arena, "PeerId", str(arena, s->sender), NULL);
    const riv_json *both =
        riv_json_object(arena, "peer_id", str(arena, s->sender), "call_id", num(arena, s->call_id), NULL);
    return riv_json_object(arena, "PeerIdWithCallId", both, NULL);
}

static const riv_json *executed_json(const archive_state *s, riv_arena *arena)
{
    const riv_json *cid = str(arena, s->cid);
    if (s->call == ARCHIVE_CALL_SCALAR) return riv_json_object(arena, "scalar", cid, NULL);
    if (s->call == ARCHIVE_CALL_UNUSED) return riv_json_object(arena, "unused", cid, NULL);
    const riv_json *stream = riv_json_object(arena, "cid", cid, "generation", num(arena, s->generation), NULL);
    return riv_json_object(arena, "stream", stream, NULL);
}

static const riv_json *call_json(const archive_state *s, riv_arena *arena)
{
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST: return riv_json_object(arena, "sent_by", sender_json(s, arena), NULL);
    case ARCHIVE_CALL_FAILED: return riv_json_object(arena, "failed", str(arena, s->cid), NULL);
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM:
    case ARCHIVE_CALL_UNUSED: return riv_json_object(arena, "executed", executed_json(s, arena), NULL);
    }
    RIV_UNREACHABLE();
}

static const riv_json *lore_json(const archive_lore *lore, riv_arena *arena)
{
    riv_json_list descs = { 0 };
    for (size_t i = 0; i < lore->descs_count; i++)
        riv_json_add(arena, &descs,
                     riv_json_object(arena, "pos", num(arena, lore->descs[i].begin), "len",
                                     num(arena, lore->descs[i].len), NULL));
    return riv_json_object(arena, "pos", num(arena, lore->value_pos), "desc", riv_json_arr(arena, descs.ptr, descs.len),
                           NULL);
}

static const riv_json *fold_json(const archive_state *s, riv_arena *arena)
{
    riv_json_list lore = { 0 };
    for (size_t i = 0; i < s->lore_count; i++) riv_json_add(arena, &lore, lore_json(&s->lore[i], arena));
    return riv_json_object(arena, "lore", riv_json_arr(arena, lore.ptr, lore.len), NULL);
}

static const riv_json *ap_json(const archive_state *s, riv_arena *arena)
{
    riv_json_list gens = { 0 };
    for (size_t i = 0; i < s->generations_count; i++) riv_json_add(arena, &gens, num(arena, s->generation));
    return riv_json_object(arena, "gens", riv_json_arr(arena, gens.ptr, gens.len), NULL);
}

static const riv_json *state_json(const archive_state *s, riv_arena *arena)
{
    riv_json_list both = { 0 };
    switch (s->kind) {
    case ARCHIVE_PAR:
        riv_json_add(arena, &both, num(arena, s->left));
        riv_json_add(arena, &both, num(arena, s->right));
        return riv_json_object(arena, "par", riv_json_arr(arena, both.ptr, both.len), NULL);
    case ARCHIVE_CALL: return riv_json_object(arena, "call", call_json(s, arena), NULL);
    case ARCHIVE_FOLD: return riv_json_object(arena, "fold", fold_json(s, arena), NULL);
    case ARCHIVE_AP: return riv_json_object(arena, "ap", ap_json(s, arena), NULL);
    case ARCHIVE_CANON: /* the sender of a canon stands alone, without a kind */
        return riv_json_object(arena, "canon",
                               s->canon_executed ? riv_json_object(arena, "executed", str(arena, s->cid), NULL)
                                                 : riv_json_object(arena, "sent_by", str(arena, s->sender), NULL),
                               NULL);
    }
    RIV_UNREACHABLE();
}

static const riv_json *trace_json(const archive_data *data, riv_arena *arena)
{
    riv_json_list states = { 0 };
    for (size_t i = 0; i < data->trace_count; i++) riv_json_add(arena, &states, state_json(&data->trace[i], arena));
    return riv_json_arr(arena, states.ptr, states.len);
}

/* ---- the stores: objects by key ---- */

enum { BASE58_BYTES_MAX = 128 }; /* a good key or signature is far shorter; base58 takes quadratic time */

static riv_str bytes_text(riv_arena *arena, riv_bytes bytes)
{
    riv_buf hex = riv_buf_in(arena);
    if (bytes.len <= BASE58_BYTES_MAX) return codec_base58(arena, bytes);
    riv_put_str(&hex, RIV_LIT("0x"));
    codec_put_hex(&hex, bytes);
    return riv_buf_str(&hex);
}

typedef RIV_VEC(riv_json_member) store_members;

static void add_member(riv_arena *arena, store_members *members, riv_str key, const riv_json *value)
{
    *riv_push(arena, members) = (riv_json_member){ key, value };
}

static const riv_json *values_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->values_count; i++)
        add_member(arena, &members, data->values[i].key, str(arena, data->values[i].text));
    return riv_json_obj(arena, members.ptr, members.len);
}

static const riv_json *tetraplets_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->tetraplets_count; i++) {
        const archive_tetraplet *t = &data->tetraplets[i].tetraplet;
        add_member(arena, &members, data->tetraplets[i].key,
                   riv_json_object(arena, "peer_pk", str(arena, t->peer_pk), "service_id", str(arena, t->service_id),
                                   "function_name", str(arena, t->function_name), "lens", str(arena, t->lens), NULL));
    }
    return riv_json_obj(arena, members.ptr, members.len);
}

static const riv_json *provenance_json(const archive_canon_element *e, riv_arena *arena)
{
    switch (e->provenance) {
    case ARCHIVE_LITERAL: return riv_json_object(arena, "type", riv_json_strc(arena, "literal"), NULL);
    case ARCHIVE_FROM_SERVICE:
        return riv_json_object(arena, "type", riv_json_strc(arena, "service_result"), "cid",
                               str(arena, e->provenance_cid), NULL);
    case ARCHIVE_FROM_CANON:
        return riv_json_object(arena, "type", riv_json_strc(arena, "canon"), "cid", str(arena, e->provenance_cid),
                               NULL);
    }
    RIV_UNREACHABLE();
}

static const riv_json *elements_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->canon_elements_count; i++) {
        const archive_canon_element *e = &data->canon_elements[i];
        add_member(arena, &members, e->key,
                   riv_json_object(arena, "value", str(arena, e->value), "tetraplet", str(arena, e->tetraplet),
                                   "provenance", provenance_json(e, arena), NULL));
    }
    return riv_json_obj(arena, members.ptr, members.len);
}

static const riv_json *canons_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->canon_results_count; i++) {
        const archive_canon_result *r      = &data->canon_results[i];
        riv_json_list               values = { 0 };
        for (size_t k = 0; k < r->values_count; k++) riv_json_add(arena, &values, str(arena, r->values[k]));
        add_member(arena, &members, r->key,
                   riv_json_object(arena, "tetraplet", str(arena, r->tetraplet), "values",
                                   riv_json_arr(arena, values.ptr, values.len), NULL));
    }
    return riv_json_obj(arena, members.ptr, members.len);
}

static const riv_json *services_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->service_results_count; i++) {
        const archive_service_result *r = &data->service_results[i];
        add_member(arena, &members, r->key,
                   riv_json_object(arena, "value_cid", str(arena, r->value_cid), "argument_hash",
                                   str(arena, r->argument_hash), "tetraplet_cid", str(arena, r->tetraplet_cid), NULL));
    }
    return riv_json_obj(arena, members.ptr, members.len);
}

static const riv_json *signatures_json(const archive_data *data, riv_arena *arena)
{
    store_members members = { 0 };
    for (size_t i = 0; i < data->signatures_count; i++)
        add_member(arena, &members, bytes_text(arena, data->signatures[i].public_key),
                   str(arena, bytes_text(arena, data->signatures[i].signature)));
    return riv_json_obj(arena, members.ptr, members.len);
}

const riv_json *archive_json(const archive_data *data, riv_arena *arena)
{
    const riv_json *cid_info =
        riv_json_object(arena, "value_store", values_json(data, arena), "tetraplet_store", tetraplets_json(data, arena),
                        "canon_element_store", elements_json(data, arena), "canon_result_store",
                        canons_json(data, arena), "service_result_store", services_json(data, arena), NULL);
    const riv_json *inner =
        riv_json_object(arena, "trace", trace_json(data, arena), "lcid", num(arena, data->last_call_id), "cid_info",
                        cid_info, "signatures", signatures_json(data, arena), NULL);
    const riv_json *versions = riv_json_object(arena, "version", str(arena, data->version.text), "interpreter_version",
                                               str(arena, data->interpreter_version.text), NULL);
    return riv_json_object(arena, "versions", versions, "data", inner, NULL);
}
