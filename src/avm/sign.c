/* sign.c: which peer answers for which content ids of a trace, with its signature; checking, merging, signing.
 * Spec: docs/spec/air.md §3.4. Tests: avm_test.c. */
#include "avm/internal.h"

enum {
    KEY_BYTES       = 1 + CRYPTO_PUBLIC_BYTES,
    SIGNATURE_BYTES = 1 + CRYPTO_SIGNATURE_BYTES
}; /* a zero byte in front: ed25519 */

/* Into an array of the arena's, or where they stand when it is NULL. */
static void sort(signer *s, riv_arena *arena)
{
    if (s->cids.len < 2) return;
    riv_arena      *scratch = riv_arena_new(0);
    size_t          bytes   = s->cids.len * sizeof *s->cids.ptr;
    const uint32_t *order   = riv_order(scratch, s->cids.ptr, sizeof *s->cids.ptr, s->cids.len);
    if (order) {
        riv_str *sorted = riv_arena_alloc_raw(arena ? arena : scratch, bytes, _Alignof(riv_str));
        for (size_t i = 0; i < s->cids.len; i++) sorted[i] = s->cids.ptr[order[i]];
        if (arena)
            s->cids.ptr = sorted;
        else
            memcpy(s->cids.ptr, sorted, bytes);
    }
    riv_arena_free(scratch);
}

/* ---- grouping ---- */

static riv_str peer_of(riv_arena *arena, riv_bytes key)
{
    crypto_public raw;
    memcpy(raw.bytes, key.ptr + 1, sizeof raw.bytes);
    codec_peer peer = codec_peer_of(&raw);
    return codec_peer_text(arena, &peer);
}

static riv_err add_signer(const archive_signature *entry, riv_arena *arena, riv_fault *fault, signers *out)
{
    if (entry->public_key.len != KEY_BYTES || entry->public_key.ptr[0] != 0)
        return riv_fail_code(fault, RIV_E_MALFORMED, 9, 0,
                             "malformed key: \"" RIV_FMT "\": invalid key data: Invalid type prefix",
                             RIV_ARG(codec_base58(arena, riv_bytes_sub(entry->public_key, 0, 64))));
    signer *s = riv_new(arena, signer, 1);
    *s        = (signer){ .public_key = entry->public_key,
                          .signature  = entry->signature,
                          .peer       = peer_of(arena, entry->public_key) };
    riv_map_put_view(out->by_peer, s->peer, s);
    return RIV_OK;
}

static riv_err assign(riv_str cid, riv_str tetraplet_cid, const stores *own, riv_fault *fault, riv_arena *arena,
                      signers *out)
{
    const archive_tetraplet_entry *t = riv_map_get_str(own->tetraplets, tetraplet_cid);
    if (!t)
        return riv_fail_code(fault, RIV_E_NOT_FOUND, 8, 0, "tetraplet for CID \"" RIV_FMT "\" not found",
                             RIV_ARG(tetraplet_cid));
    signer *s = out->last && riv_str_eq(out->last->peer, t->tetraplet.peer_pk)
                    ? out->last
                    : riv_map_get_str(out->by_peer, t->tetraplet.peer_pk);
    out->last = s;
    if (!s)
        return riv_fail_code(fault, RIV_E_DENIED, 9, 0,
                             "peer_id doens't match any available public key: \"" RIV_FMT "\"",
                             RIV_ARG(t->tetraplet.peer_pk));
    *riv_push(arena, &s->cids) = cid;
    return RIV_OK;
}

/* SPEC air.md 3.4: service-result CIDs of trace states call executed scalar/stream and failed, and of canon-result CIDs */
static riv_err assign_state(const archive_state *s, const stores *own, riv_arena *arena, riv_fault *fault, signers *out)
{
    bool call = s->kind == ARCHIVE_CALL &&
                (s->call == ARCHIVE_CALL_SCALAR || s->call == ARCHIVE_CALL_STREAM || s->call == ARCHIVE_CALL_FAILED);
    if (call) {
        const archive_service_result *r = riv_map_get_str(own->results, s->cid);
        if (!r)
            return riv_fail_code(fault, RIV_E_NOT_FOUND, 8, 0, "service result for CID \"" RIV_FMT "\" not found",
                                 RIV_ARG(s->cid));
        return assign(s->cid, r->tetraplet_cid, own, fault, arena, out);
    }
    if (s->kind == ARCHIVE_CANON && s->canon_executed) {
        const archive_canon_result *c = riv_map_get_str(own->canons, s->cid);
        if (!c)
            return riv_fail_code(fault, RIV_E_NOT_FOUND, 8, 0, "canon result for CID \"" RIV_FMT "\" not found",
                                 RIV_ARG(s->cid));
        return assign(s->cid, c->tetraplet, own, fault, arena, out);
    }
    return RIV_OK;
}

static signer *signer_at(const signers *s, size_t slot)
{
    riv_bytes key;
    void     *held;
    return riv_map_at(s->by_peer, slot, &key, &held) ? held : NULL;
}

riv_err avm__signers_of(const archive_data *data, const stores *own, riv_arena *arena, riv_fault *fault, signers *out)
{
    out->by_peer = riv_map_new(arena);
    for (size_t i = 0; i < data->signatures_count; i++) RIV_TRY(add_signer(&data->signatures[i], arena, fault, out));
    for (size_t i = 0; i < data->trace_count; i++) RIV_TRY(assign_state(&data->trace[i], own, arena, fault, out));
    for (size_t i = 0; i < riv_map_slots(out->by_peer); i++) {
        signer *s = signer_at(out, i);
        if (s) sort(s, NULL);
    }
    return RIV_OK;
}

/* ---- checking and signing ---- */

/* SPEC air.md 3.4: Signed bytes (borsh). As long as all ids together, and gone after the signature: the caller frees them. */
static riv_buf signed_bytes(const signer *s, riv_str particle_id)
{
    riv_buf out = { 0 };
    size_t  len = 2 * sizeof(uint32_t) + particle_id.len;
    for (size_t i = 0; i < s->cids.len; i++) len += sizeof(uint32_t) + s->cids.ptr[i].len;
    riv_buf_reserve(&out, len);
    riv_put_u32le(&out, (uint32_t)s->cids.len);
    for (size_t i = 0; i < s->cids.len; i++) {
        riv_put_u32le(&out, (uint32_t)s->cids.ptr[i].len);
        riv_put_str(&out, s->cids.ptr[i]);
    }
    riv_put_u32le(&out, (uint32_t)particle_id.len);
    riv_put_str(&out, particle_id);
    return out;
}

static void put_cids(riv_buf *out, const signer *s)
{
    riv_put_u8(out, '[');
    for (size_t i = 0; i < s->cids.len; i++) {
        if (i) riv_put_str(out, RIV_LIT(", "));
        avm__put_debug_str(out, s->cids.ptr[i]);
    }
    riv_put_u8(out, ']');
}

/* What does not fit into a fault is kept beside it. cause: as the original's library names the cause. */
static riv_err mismatch(signers *all, const signer *s, const char *cause, riv_arena *arena, riv_fault *fault)
{
    riv_str signature = codec_base58(arena, riv_bytes_sub(s->signature, 1, SIGNATURE_BYTES));
    riv_str key       = codec_base58(arena, riv_bytes_sub(s->public_key, 1, KEY_BYTES));
    riv_buf out       = riv_buf_in(arena);
    riv_put_str(&out, RIV_LIT("signature mismatch for "));
    avm__put_debug_str(&out, s->peer);
    riv_putf(&out, ": Verification(Ed25519(signature::Error { source: %s }, \"" RIV_FMT "\", \"" RIV_FMT "\"))", cause,
             RIV_ARG(signature), RIV_ARG(key));
    riv_put_str(&out, RIV_LIT(", values: CIDS: "));
    put_cids(&out, s);
    all->message = riv_buf_str(&out);
    return riv_fail_code(fault, RIV_E_DENIED, 9, 0, "signature mismatch for \"" RIV_FMT "\" over %zu content ids",
                         RIV_ARG(s->peer), s->cids.len);
}

static riv_err check(signers *all, const signer *s, riv_str particle_id, riv_arena *arena, riv_fault *fault)
{
    crypto_signature signature;
    crypto_public    key;
    if (s->signature.len != SIGNATURE_BYTES || s->signature.ptr[0] != 0) return mismatch(all, s, "None", arena, fault);
    memcpy(signature.bytes, s->signature.ptr + 1, sizeof signature.bytes);
    memcpy(key.bytes, s->public_key.ptr + 1, sizeof key.bytes);
    riv_buf what = signed_bytes(s, particle_id);
    bool    good = crypto_verify(&key, riv_buf_view(&what), &signature);
    riv_buf_free(&what);
    if (good) return RIV_OK;
    return mismatch(all, s, "Some(Verification equation was not satisfied)", arena, fault);
}

/* Also those that stored data has: a merged trace can have lost states that its signatures cover, and is to be refused as anybody's. */
riv_err avm__signers_verify(signers *s, riv_str particle_id, riv_arena *arena, riv_fault *fault, size_t *checked)
{
    for (size_t i = 0; i < riv_map_slots(s->by_peer); i++) {
        const signer *one = signer_at(s, i);
        if (!one) continue;
        (*checked)++;
        RIV_TRY(check(s, one, particle_id, arena, fault));
    }
    return RIV_OK;
}

/* Both lists are sorted. */
static bool is_part(const signer *small, const signer *large)
{
    size_t k = 0;
    for (size_t i = 0; i < small->cids.len; i++, k++) {
        while (k < large->cids.len && riv_str_cmp(large->cids.ptr[k], small->cids.ptr[i]) < 0) k++;
        if (k == large->cids.len || !riv_str_eq(large->cids.ptr[k], small->cids.ptr[i])) return false;
    }
    return true;
}

static riv_err inconsistent(signers *all, const signer *large, const signer *small, riv_arena *arena, riv_fault *fault)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_str(&out, RIV_LIT("inconsistent CID multisets on merge for peer "));
    avm__put_debug_str(&out, small->peer);
    riv_put_str(&out, RIV_LIT(", prev: "));
    put_cids(&out, large);
    riv_put_str(&out, RIV_LIT(", current: "));
    put_cids(&out, small);
    all->message = riv_buf_str(&out);
    return riv_fail_code(fault, RIV_E_CONFLICT, 9, 0, "inconsistent CID multisets on merge for peer \"" RIV_FMT "\"",
                         RIV_ARG(small->peer));
}

riv_err avm__signers_merge(signers *a, const signers *b, riv_arena *arena, riv_fault *fault)
{
    for (size_t i = 0; i < riv_map_slots(b->by_peer); i++) {
        signer *theirs = signer_at(b, i);
        if (!theirs) continue;
        signer *ours  = riv_map_get_str(a->by_peer, theirs->peer);
        signer *large = !ours || ours->cids.len < theirs->cids.len ? theirs : ours,
               *small = large == ours ? theirs : ours;
        if (small && !is_part(small, large)) return inconsistent(a, large, small, arena, fault);
        if (large != ours) riv_map_put_view(a->by_peer, theirs->peer, large);
    }
    return RIV_OK;
}

void avm__met_cid(avm *vm, riv_str peer, riv_str cid)
{
    if (riv_str_eq(peer, vm->params->current_peer_id)) *riv_push(vm->arena, &vm->met_cids) = cid;
}

static crypto_keypair keypair(const avm_params *p)
{
    crypto_keypair pair;
    if (p->has_public_key)
        crypto_keypair_join(&p->secret, &p->public_key, &pair);
    else
        crypto_keypair_of(&p->secret, &pair);
    return pair;
}

static signer *signer_of(const crypto_keypair *pair, riv_arena *arena)
{
    signer  *mine = riv_new(arena, signer, 1);
    uint8_t *key = riv_new(arena, uint8_t, KEY_BYTES), *signature = riv_new(arena, uint8_t, SIGNATURE_BYTES);
    memcpy(key + 1, pair->public_key.bytes, CRYPTO_PUBLIC_BYTES);
    mine->public_key = (riv_bytes){ key, KEY_BYTES };
    mine->signature  = (riv_bytes){ signature, SIGNATURE_BYTES };
    mine->peer       = peer_of(arena, mine->public_key);
    return mine;
}

signer *avm__self(const avm_params *p, riv_arena *arena)
{
    crypto_keypair pair = keypair(p);
    signer        *mine = signer_of(&pair, arena);
    crypto_wipe(&pair, sizeof pair);
    return mine;
}

static crypto_signature make(const crypto_keypair *pair, riv_bytes what, signed_before *before)
{
    if (before && before->made && riv_bytes_eq(riv_blob_view(before->bytes), what)) return before->signature;
    crypto_signature made = crypto_sign(pair, what);
    if (!before) return made;
    riv_blob_free(&before->bytes);
    before->bytes     = riv_blob_copy(what);
    before->signature = made;
    before->made++;
    return made;
}

void avm__sign(avm *vm, signers *s, signed_before *before)
{
    crypto_keypair pair = keypair(vm->params);
    signer        *mine = signer_of(&pair, vm->arena);
    mine->cids.ptr      = vm->met_cids.ptr;
    mine->cids.len      = vm->met_cids.len;
    sort(mine, vm->arena); /* the run's own list stays in the order met */
    riv_buf          what = signed_bytes(mine, vm->params->particle_id);
    crypto_signature made = make(&pair, riv_buf_view(&what), before);
    riv_buf_free(&what);
    memcpy((uint8_t *)(uintptr_t)mine->signature.ptr + 1, made.bytes, CRYPTO_SIGNATURE_BYTES);
    riv_map_put_view(s->by_peer, mine->peer, mine);
    crypto_wipe(&pair, sizeof pair);
}

void avm__signers_export(const signers *s, riv_arena *arena, archive_data *out)
{
    archive_signature *list = riv_new(arena, archive_signature, riv_map_count(s->by_peer) + 1);
    size_t             n    = 0;
    for (size_t i = 0; i < riv_map_slots(s->by_peer); i++) {
        const signer *one = signer_at(s, i);
        if (one) list[n++] = (archive_signature){ one->public_key, one->signature };
    }
    out->signatures       = list;
    out->signatures_count = n;
}
