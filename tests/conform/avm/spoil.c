/* spoil.c: particle data with one field changed, for tampering.mjs: decoded, changed, encoded again, as somebody who knows the format would.
 * Reads a JSON document a line and answers one a line:
 *   {"data": BASE64, "change": NAME, "site": N}   the N-th place where that change can be made: {"data": BASE64, "about": TEXT}, {"skip": true}
 *                                                 where it makes no sense, {"end": true} where there is no such place
 *   {"data": BASE64, "seed": N, "count": N}       N changes of the trace drawn from the seed
 * "rehash": true makes all content ids good again; "sign": [seeds in base64], "particle": ID signs the result by these keys, in place of what
 * they signed before; other signatures stay. */
#include "avm/avm.h"
#include "codec/archive.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

#include <stdio.h>
#include <stdlib.h>

typedef enum outcome { MADE, SKIP, END } outcome;
typedef struct job {
    riv_arena   *arena;
    archive_data d; /* arrays are ours to write */
    riv_str      other_peer;
} job;

/* Arrays of a decoded archive are const: here they are copies in our arena, with room for one more. */
#define LIST(j, T, field) ((T *)(uintptr_t)(j)->d.field)
#define OWN(j, T, field)                                                                                               \
    do {                                                                                                               \
        T *list = riv_new((j)->arena, T, (j)->d.field##_count + 1);                                                    \
        if ((j)->d.field##_count) memcpy(list, (j)->d.field, (j)->d.field##_count * sizeof(T));                        \
        (j)->d.field = list;                                                                                           \
    } while (0)
#define AT(j, T, field, var)                                                                                           \
    if (site >= (j)->d.field##_count) return END;                                                                      \
    T *var = &LIST(j, T, field)[site]

static void own_all(job *j)
{
    OWN(j, archive_state, trace);
    OWN(j, archive_value, values);
    OWN(j, archive_tetraplet_entry, tetraplets);
    OWN(j, archive_canon_element, canon_elements);
    OWN(j, archive_canon_result, canon_results);
    OWN(j, archive_service_result, service_results);
    OWN(j, archive_signature, signatures);
}

static outcome changed(bool yes) { return yes ? MADE : SKIP; }

static bool set_str(riv_str *at, riv_str to)
{
    bool other = !riv_str_eq(*at, to);
    *at        = to;
    return other;
}

/* ---- the trace ---- */

static outcome state_removed(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    memmove(s, s + 1, (j->d.trace_count - site - 1) * sizeof *s);
    j->d.trace_count--;
    return MADE;
}
static outcome state_doubled(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    memmove(s + 1, s, (j->d.trace_count - site) * sizeof *s);
    j->d.trace_count++;
    return MADE;
}
static outcome state_swapped(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (site + 1 >= j->d.trace_count) return SKIP;
    archive_state kept = s[0];
    s[0]               = s[1];
    s[1]               = kept;
    return MADE;
}
/* A state's kinds share their places, so what is new is all there is. */
static void make_request(const job *j, archive_state *s)
{
    *s = (archive_state){ .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_REQUEST, .sender = j->other_peer };
}
static outcome state_kind(job *j, size_t site)
{
    archive_state_kind kind = (archive_state_kind)(site % 5);
    site /= 5;
    AT(j, archive_state, trace, s);
    if (s->kind == kind) return SKIP;
    *s = (archive_state){ .kind = kind };
    if (kind == ARCHIVE_CALL) make_request(j, s);
    if (kind == ARCHIVE_AP) s->generations_count = 1;
    if (kind == ARCHIVE_CANON) s->sender = j->other_peer;
    return MADE;
}
static outcome trace_empty(job *j, size_t site)
{
    if (site) return END;
    j->d.trace_count = 0;
    return MADE;
}
static outcome trace_cut(job *j, size_t site)
{
    if (site + 1 >= j->d.trace_count) return END;
    j->d.trace_count = site + 1;
    return MADE;
}
static outcome par_size(job *j, size_t site)
{
    size_t way = site % 4;
    site /= 4;
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_PAR) return SKIP;
    uint32_t *n = way & 1 ? &s->left : &s->right;
    if (way & 2)
        ++*n;
    else if (*n == 0)
        return SKIP;
    else
        --*n;
    return MADE;
}
static outcome par_huge(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_PAR) return SKIP;
    s->left = s->right = UINT32_MAX - 1;
    return MADE;
}

static bool executed(const archive_state *s)
{
    return s->kind == ARCHIVE_CALL && (s->call == ARCHIVE_CALL_SCALAR || s->call == ARCHIVE_CALL_STREAM);
}

static outcome call_kind(job *j, size_t site) /* what became of a call's result */
{
    archive_call_kind kind = (archive_call_kind)(site % 5);
    site /= 5;
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call == kind) return SKIP;
    riv_str cid = s->call != ARCHIVE_CALL_REQUEST ? s->cid
                  : j->d.service_results_count    ? j->d.service_results[0].key
                                                  : RIV_LIT("x");
    if (kind == ARCHIVE_CALL_REQUEST)
        make_request(j, s);
    else
        *s = (archive_state){ .kind = ARCHIVE_CALL, .call = kind, .cid = cid };
    return MADE;
}
static outcome call_cid(job *j, size_t site) /* another good result of the same data */
{
    AT(j, archive_state, trace, s);
    if (!executed(s) && !(s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_FAILED)) return SKIP;
    for (size_t i = 0; i < j->d.service_results_count; i++)
        if (set_str(&s->cid, j->d.service_results[i].key)) return MADE;
    return SKIP;
}
static outcome call_cid_unused(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_UNUSED || !j->d.values_count) return SKIP;
    return changed(set_str(&s->cid, j->d.values[0].key));
}
static outcome call_cid_wrong_store(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call == ARCHIVE_CALL_REQUEST || s->call == ARCHIVE_CALL_UNUSED) return SKIP;
    return changed(j->d.values_count && set_str(&s->cid, j->d.values[0].key));
}
static outcome call_generation(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_STREAM) return SKIP;
    s->generation++;
    return MADE;
}
static outcome request_sender(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_REQUEST) return SKIP;
    return changed(set_str(&s->sender, j->other_peer));
}
static outcome request_id(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CALL || s->call != ARCHIVE_CALL_REQUEST) return SKIP;
    s->has_call_id = !s->has_call_id;
    s->call_id++;
    return MADE;
}
static outcome ap_generation(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_AP) return SKIP;
    s->generation++;
    return MADE;
}
static outcome ap_no_generation(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_AP) return SKIP;
    s->generations_count = 0;
    return MADE;
}
static outcome canon_cid(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CANON || !s->canon_executed) return SKIP;
    for (size_t i = 0; i < j->d.canon_results_count; i++)
        if (set_str(&s->cid, j->d.canon_results[i].key)) return MADE;
    return SKIP;
}
static outcome canon_kind(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CANON) return SKIP;
    bool executes = !s->canon_executed;
    *s            = (archive_state){ .kind = ARCHIVE_CANON, .canon_executed = executes };
    if (executes)
        s->cid = j->d.canon_results_count ? j->d.canon_results[0].key : RIV_LIT("x");
    else
        s->sender = j->other_peer;
    return MADE;
}
static outcome canon_sender(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_CANON || s->canon_executed) return SKIP;
    return changed(set_str(&s->sender, j->other_peer));
}

/* Folds: a record of the state, with descriptors of its own. */
static archive_lore *lore_of(job *j, archive_state *s, size_t which)
{
    if (s->kind != ARCHIVE_FOLD || which >= s->lore_count) return NULL;
    archive_lore *list = riv_new(j->arena, archive_lore, s->lore_count + 1);
    memcpy(list, s->lore, s->lore_count * sizeof *list);
    archive_desc *descs = riv_new(j->arena, archive_desc, list[which].descs_count + 2);
    memcpy(descs, list[which].descs, list[which].descs_count * sizeof *descs);
    list[which].descs = descs;
    s->lore           = list;
    return &list[which];
}
static outcome fold_record(job *j, size_t site)
{
    size_t way = site % 10;
    site /= 10;
    AT(j, archive_state, trace, s);
    archive_lore *l = lore_of(j, s, way >= 5 ? 1 : 0);
    if (!l) return SKIP;
    archive_desc *d = (archive_desc *)(uintptr_t)l->descs;
    switch (way % 5) {
    case 0: l->value_pos++; break;
    case 1: d[0].begin++; break;
    case 2: d[0].len++; break;
    case 3: d[1].begin++; break;
    default: d[1].len++;
    }
    return MADE;
}
static outcome fold_removed(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (s->kind != ARCHIVE_FOLD || !s->lore_count) return SKIP;
    s->lore++;
    s->lore_count--;
    return MADE;
}
static outcome fold_doubled(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    if (!lore_of(j, s, 0)) return SKIP;
    ((archive_lore *)(uintptr_t)s->lore)[s->lore_count++] = s->lore[0];
    return MADE;
}
static outcome fold_descriptors(job *j, size_t site)
{
    size_t count = site % 2 ? 3 : 1;
    site /= 2;
    AT(j, archive_state, trace, s);
    archive_lore *l = lore_of(j, s, 0);
    if (!l) return SKIP;
    l->descs_count = count;
    return MADE;
}
static outcome fold_overflow(job *j, size_t site)
{
    AT(j, archive_state, trace, s);
    archive_lore *l = lore_of(j, s, 0);
    if (!l) return SKIP;
    ((archive_desc *)(uintptr_t)l->descs)[0] = (archive_desc){ UINT32_MAX - 1, UINT32_MAX - 1 };
    return MADE;
}

/* ---- the stores ---- */

#define REMOVED(name, T, field)                                                                                        \
    static outcome name(job *j, size_t site)                                                                           \
    {                                                                                                                  \
        AT(j, T, field, e);                                                                                            \
        memmove(e, e + 1, (j->d.field##_count - site - 1) * sizeof *e);                                                \
        j->d.field##_count--;                                                                                          \
        return MADE;                                                                                                   \
    }
#define FIELD(name, T, field, at, to)                                                                                  \
    static outcome name(job *j, size_t site)                                                                           \
    {                                                                                                                  \
        AT(j, T, field, e);                                                                                            \
        return changed(set_str(&e->at, to));                                                                           \
    }
#define SWAPPED(name, T, field)                                                                                        \
    static outcome name(job *j, size_t site)                                                                           \
    {                                                                                                                  \
        AT(j, T, field, e);                                                                                            \
        if (site + 1 >= j->d.field##_count) return SKIP;                                                               \
        riv_str kept = e[0].key;                                                                                       \
        e[0].key     = e[1].key;                                                                                       \
        e[1].key     = kept;                                                                                           \
        return MADE;                                                                                                   \
    }
#define STORE(name, T, field)                                                                                          \
    REMOVED(name##_removed, T, field)                                                                                  \
    SWAPPED(name##_keys_swapped, T, field)                                                                             \
    FIELD(name##_key, T, field, key, RIV_LIT("rubbish"))                                                               \
    FIELD(name##_key_unknown, T, field, key, RIV_LIT("bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa"))

STORE(value, archive_value, values)
STORE(tetraplet, archive_tetraplet_entry, tetraplets)
STORE(element, archive_canon_element, canon_elements)
STORE(canon, archive_canon_result, canon_results)
STORE(result, archive_service_result, service_results)

FIELD(value_text, archive_value, values, text, RIV_LIT("666"))
FIELD(value_not_json, archive_value, values, text, RIV_LIT("[1,"))
FIELD(tetraplet_peer, archive_tetraplet_entry, tetraplets, tetraplet.peer_pk, j->other_peer)
FIELD(tetraplet_service, archive_tetraplet_entry, tetraplets, tetraplet.service_id, RIV_LIT("another"))
FIELD(tetraplet_function, archive_tetraplet_entry, tetraplets, tetraplet.function_name, RIV_LIT("another"))
FIELD(tetraplet_lens, archive_tetraplet_entry, tetraplets, tetraplet.lens, RIV_LIT(".$.x"))
FIELD(result_value, archive_service_result, service_results, value_cid, j->d.values[0].key)
FIELD(result_arguments, archive_service_result, service_results, argument_hash,
      RIV_LIT("bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa"))
FIELD(result_tetraplet, archive_service_result, service_results, tetraplet_cid, j->d.tetraplets[0].key)
FIELD(element_value, archive_canon_element, canon_elements, value, j->d.values[0].key)
FIELD(element_tetraplet, archive_canon_element, canon_elements, tetraplet, j->d.tetraplets[0].key)
FIELD(canon_tetraplet, archive_canon_result, canon_results, tetraplet, j->d.tetraplets[0].key)

static outcome element_provenance(job *j, size_t site)
{
    size_t kind = site % 3;
    site /= 3;
    AT(j, archive_canon_element, canon_elements, e);
    if ((size_t)e->provenance == kind) return SKIP;
    e->provenance     = (archive_provenance)kind;
    e->provenance_cid = kind == ARCHIVE_LITERAL        ? RIV_LIT("")
                        : kind == ARCHIVE_FROM_SERVICE ? j->d.service_results[0].key
                                                       : j->d.canon_results[0].key;
    return MADE;
}
static outcome element_provenance_cid(job *j, size_t site)
{
    AT(j, archive_canon_element, canon_elements, e);
    if (e->provenance == ARCHIVE_LITERAL) return SKIP;
    return changed(set_str(&e->provenance_cid, j->d.service_results[0].key));
}
static riv_str *canon_values_of(job *j, archive_canon_result *c)
{
    riv_str *list = riv_new(j->arena, riv_str, c->values_count + 1);
    memcpy(list, c->values, c->values_count * sizeof *list);
    c->values = list;
    return list;
}
static outcome canon_values(job *j, size_t site)
{
    size_t way = site % 4;
    site /= 4;
    AT(j, archive_canon_result, canon_results, c);
    riv_str *list = canon_values_of(j, c);
    if (way == 3) { /* one more */
        if (!j->d.canon_elements_count) return SKIP;
        list[c->values_count++] = j->d.canon_elements[0].key;
        return MADE;
    }
    if (c->values_count < (way == 2 ? 2 : 1)) return SKIP;
    if (way == 0) c->values_count--;
    if (way == 1) return changed(set_str(&list[0], j->d.canon_elements[j->d.canon_elements_count - 1].key));
    if (way == 2) {
        riv_str kept = list[0];
        list[0]      = list[1];
        list[1]      = kept;
        return changed(!riv_str_eq(list[0], list[1]));
    }
    return MADE;
}
static outcome value_added(job *j, size_t site) /* unreferenced, its id is good */
{
    if (site) return END;
    LIST(j, archive_value, values)
    [j->d.values_count++] = (archive_value){ RIV_LIT("bagaaihrarcyykpv4oj7zwdbepczyfthxya4og7s2rwvrzolm5kg2eu5dz3xa"),
                                             RIV_LIT("\"test\"") };
    return MADE;
}

/* ---- signatures ---- */

REMOVED(signature_removed, archive_signature, signatures)

static uint8_t *bytes_of(job *j, riv_bytes *b)
{
    uint8_t *copy = riv_new(j->arena, uint8_t, b->len + 1);
    memcpy(copy, b->ptr, b->len);
    b->ptr = copy;
    return copy;
}
static outcome signature_bit(job *j, size_t site)
{
    size_t bit = site % 4;
    site /= 4;
    AT(j, archive_signature, signatures, s);
    bytes_of(j, &s->signature)[(size_t[]){ 1, 20, 33, 64 }[bit]] ^= bit == 3 ? 0x80 : 1;
    return MADE;
}
static outcome signature_prefix(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    bytes_of(j, &s->signature)[0] = 1;
    return MADE;
}
static outcome signature_short(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    s->signature.len--;
    return MADE;
}
static outcome signature_long(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    bytes_of(j, &s->signature)[s->signature.len] = 0;
    s->signature.len++;
    return MADE;
}
static outcome signatures_swapped(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    if (site + 1 >= j->d.signatures_count) return SKIP;
    riv_bytes kept = s[0].signature;
    s[0].signature = s[1].signature;
    s[1].signature = kept;
    return MADE;
}
static outcome key_bit(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    bytes_of(j, &s->public_key)[5] ^= 1;
    return MADE;
}
static outcome key_prefix(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    bytes_of(j, &s->public_key)[0] = 1;
    return MADE;
}
static outcome key_short(job *j, size_t site)
{
    AT(j, archive_signature, signatures, s);
    s->public_key.len--;
    return MADE;
}

/* ---- numbers and versions ---- */

static outcome last_call_id(job *j, size_t site)
{
    static const uint32_t ids[] = { 0, 1000, UINT32_MAX - 1, UINT32_MAX };
    if (site >= RIV_COUNT(ids)) return END;
    j->d.last_call_id = ids[site];
    return MADE;
}
static outcome version_of_data(job *j, size_t site)
{
    static const char *const texts[] = { "0.0.1", "9.9.9", "0.17.3-x" };
    if (site >= RIV_COUNT(texts)) return END;
    j->d.version.text = riv_str_c(texts[site]);
    return MADE;
}
static outcome version_malformed(job *j, size_t site)
{
    static const char *const texts[] = { "x", "0.17", "v0.17.2", "00.17.2" };
    if (site >= 2 * RIV_COUNT(texts)) return END;
    (site < RIV_COUNT(texts) ? &j->d.version : &j->d.interpreter_version)->text =
        riv_str_c(texts[site % RIV_COUNT(texts)]);
    return MADE;
}
static outcome version_old(job *j, size_t site)
{
    static const char *const texts[] = { "0.60.9", "0.61.0-rc.1", "0.0.0" };
    if (site >= RIV_COUNT(texts)) return END;
    j->d.interpreter_version.text = riv_str_c(texts[site]);
    return MADE;
}
static outcome version_new(job *j, size_t site)
{
    static const char *const texts[] = { "0.61.0", "0.61.0+build", "99.0.0" };
    if (site >= RIV_COUNT(texts)) return END;
    j->d.interpreter_version.text = riv_str_c(texts[site]);
    return MADE;
}
static outcome nothing(job *j, size_t site)
{
    (void)j;
    return site ? END : MADE;
}

/* clang-format off */
#define CHANGES(X) \
    X(nothing) X(version_of_data) X(version_malformed) X(version_old) X(version_new) X(last_call_id) \
    X(trace_empty) X(trace_cut) X(state_removed) X(state_doubled) X(state_swapped) X(state_kind) X(par_size) \
    X(par_huge) X(call_kind) X(call_cid) X(call_cid_unused) X(call_cid_wrong_store) X(call_generation) \
    X(request_sender) X(request_id) X(ap_generation) X(ap_no_generation) X(canon_cid) X(canon_kind) \
    X(canon_sender) X(fold_record) X(fold_removed) X(fold_doubled) X(fold_descriptors) X(fold_overflow) \
    X(value_removed) X(value_keys_swapped) X(value_key) X(value_key_unknown) X(value_text) X(value_not_json) \
    X(value_added) X(tetraplet_removed) X(tetraplet_keys_swapped) X(tetraplet_key) X(tetraplet_key_unknown) \
    X(tetraplet_peer) X(tetraplet_service) X(tetraplet_function) X(tetraplet_lens) X(element_removed) \
    X(element_keys_swapped) X(element_key) X(element_key_unknown) X(element_value) X(element_tetraplet) \
    X(element_provenance) X(element_provenance_cid) X(canon_removed) X(canon_keys_swapped) X(canon_key) \
    X(canon_key_unknown) X(canon_tetraplet) X(canon_values) X(result_removed) X(result_keys_swapped) \
    X(result_key) X(result_key_unknown) X(result_value) X(result_arguments) X(result_tetraplet) \
    X(signature_removed) X(signature_bit) X(signature_prefix) X(signature_short) X(signature_long) \
    X(signatures_swapped) X(key_bit) X(key_prefix) X(key_short)
/* clang-format on */

static const struct {
    const char *name;
    outcome (*make)(job *j, size_t site);
} changes[] = {
#define X(name) { #name, name },
    CHANGES(X)
#undef X
};

/* ---- ids that fit again ---- */

static riv_str id_of(riv_arena *a, riv_bytes json)
{
    crypto_hash hash = crypto_blake3(json);
    codec_cid   cid  = { 1, CODEC_JSON, CODEC_HASH_BLAKE3, { hash.bytes, sizeof hash.bytes } };
    return codec_cid_text(a, &cid);
}

typedef struct renaming {
    riv_str from, to;
} renaming;
typedef RIV_VEC(renaming) renamings;

static riv_str renamed(const renamings *r, riv_str id)
{
    for (size_t i = 0; i < r->len; i++)
        if (riv_str_eq(r->ptr[i].from, id)) return r->ptr[i].to;
    return id;
}

static void put_member(riv_buf *b, const char *key, riv_str text)
{
    riv_putf(b, "%s\"%s\":", b->len > 1 ? "," : "", key);
    riv_json_write_str(text, b);
}

static void rename_to(job *j, renamings *r, riv_str *key, riv_buf *json)
{
    riv_str to             = id_of(j->arena, riv_buf_view(json));
    *riv_push(j->arena, r) = (renaming){ *key, to };
    *key                   = to;
}

/* SPEC air.md 3.3: in exactly these orders */
static void rehash(job *j)
{
    renamings values = { 0 }, tetraplets = { 0 }, elements = { 0 }, canons = { 0 }, results = { 0 };
    for (size_t i = 0; i < j->d.values_count; i++) {
        archive_value *e = &LIST(j, archive_value, values)[i];
        riv_buf        b = riv_buf_in(j->arena);
        riv_put_str(&b, e->text);
        rename_to(j, &values, &e->key, &b);
    }
    for (size_t i = 0; i < j->d.tetraplets_count; i++) {
        archive_tetraplet_entry *e = &LIST(j, archive_tetraplet_entry, tetraplets)[i];
        riv_buf                  b = riv_buf_in(j->arena);
        riv_put_u8(&b, '{');
        put_member(&b, "peer_pk", e->tetraplet.peer_pk);
        put_member(&b, "service_id", e->tetraplet.service_id);
        put_member(&b, "function_name", e->tetraplet.function_name);
        put_member(&b, "lens", e->tetraplet.lens);
        riv_put_u8(&b, '}');
        rename_to(j, &tetraplets, &e->key, &b);
    }
    for (size_t i = 0; i < j->d.service_results_count; i++) {
        archive_service_result *e = &LIST(j, archive_service_result, service_results)[i];
        riv_buf                 b = riv_buf_in(j->arena);
        e->value_cid              = renamed(&values, e->value_cid);
        e->tetraplet_cid          = renamed(&tetraplets, e->tetraplet_cid);
        riv_put_u8(&b, '{');
        put_member(&b, "value_cid", e->value_cid);
        put_member(&b, "argument_hash", e->argument_hash);
        put_member(&b, "tetraplet_cid", e->tetraplet_cid);
        riv_put_u8(&b, '}');
        rename_to(j, &results, &e->key, &b);
    }
    /* Elements may come from canons, which list elements: twice settles what real data has. */
    for (int round = 0; round < 2; round++) {
        elements.len = 0;
        for (size_t i = 0; i < j->d.canon_elements_count; i++) {
            archive_canon_element *e = &LIST(j, archive_canon_element, canon_elements)[i];
            riv_buf                b = riv_buf_in(j->arena);
            e->value                 = renamed(&values, e->value);
            e->tetraplet             = renamed(&tetraplets, e->tetraplet);
            e->provenance_cid = renamed(e->provenance == ARCHIVE_FROM_CANON ? &canons : &results, e->provenance_cid);
            riv_put_u8(&b, '{');
            put_member(&b, "value", e->value);
            put_member(&b, "tetraplet", e->tetraplet);
            riv_put_str(&b, RIV_LIT(",\"provenance\":{\"type\":"));
            riv_json_write_str(e->provenance == ARCHIVE_LITERAL        ? RIV_LIT("literal")
                               : e->provenance == ARCHIVE_FROM_SERVICE ? RIV_LIT("service_result")
                                                                       : RIV_LIT("canon"),
                               &b);
            if (e->provenance != ARCHIVE_LITERAL) put_member(&b, "cid", e->provenance_cid);
            riv_put_str(&b, RIV_LIT("}}"));
            rename_to(j, &elements, &e->key, &b);
        }
        canons.len = 0;
        for (size_t i = 0; i < j->d.canon_results_count; i++) {
            archive_canon_result *e    = &LIST(j, archive_canon_result, canon_results)[i];
            riv_str              *list = canon_values_of(j, e);
            riv_buf               b    = riv_buf_in(j->arena);
            e->tetraplet               = renamed(&tetraplets, e->tetraplet);
            riv_put_u8(&b, '{');
            put_member(&b, "tetraplet", e->tetraplet);
            riv_put_str(&b, RIV_LIT(",\"values\":["));
            for (size_t k = 0; k < e->values_count; k++) {
                list[k] = renamed(&elements, list[k]);
                if (k) riv_put_u8(&b, ',');
                riv_json_write_str(list[k], &b);
            }
            riv_put_str(&b, RIV_LIT("]}"));
            rename_to(j, &canons, &e->key, &b);
        }
        for (size_t i = 0; i < j->d.trace_count; i++) {
            archive_state *s = &LIST(j, archive_state, trace)[i];
            if (s->kind == ARCHIVE_CANON && s->canon_executed) s->cid = renamed(&canons, s->cid);
        }
    }
    for (size_t i = 0; i < j->d.trace_count; i++) {
        archive_state *s = &LIST(j, archive_state, trace)[i];
        if (s->kind == ARCHIVE_CALL && s->call != ARCHIVE_CALL_REQUEST)
            s->cid = renamed(s->call == ARCHIVE_CALL_UNUSED ? &values : &results, s->cid);
    }
}

/* The writer wants each key once. */
#define ONCE(j, T, field)                                                                                              \
    do {                                                                                                               \
        T     *list = LIST(j, T, field);                                                                               \
        size_t kept = 0;                                                                                               \
        for (size_t i = 0; i < (j)->d.field##_count; i++) {                                                            \
            size_t k = 0;                                                                                              \
            while (k < kept && !riv_str_eq(list[k].key, list[i].key)) k++;                                             \
            if (k == kept) list[kept++] = list[i];                                                                     \
        }                                                                                                              \
        (j)->d.field##_count = kept;                                                                                   \
    } while (0)

static void each_key_once(job *j)
{
    ONCE(j, archive_value, values);
    ONCE(j, archive_tetraplet_entry, tetraplets);
    ONCE(j, archive_canon_element, canon_elements);
    ONCE(j, archive_canon_result, canon_results);
    ONCE(j, archive_service_result, service_results);
}

/* ---- signing ---- */

static riv_str owner_of(const archive_data *d, const archive_state *s)
{
    riv_str tetraplet = { 0 };
    if (s->kind == ARCHIVE_CALL && s->call != ARCHIVE_CALL_REQUEST && s->call != ARCHIVE_CALL_UNUSED)
        for (size_t i = 0; i < d->service_results_count; i++)
            if (riv_str_eq(d->service_results[i].key, s->cid)) tetraplet = d->service_results[i].tetraplet_cid;
    if (s->kind == ARCHIVE_CANON && s->canon_executed)
        for (size_t i = 0; i < d->canon_results_count; i++)
            if (riv_str_eq(d->canon_results[i].key, s->cid)) tetraplet = d->canon_results[i].tetraplet;
    for (size_t i = 0; tetraplet.len && i < d->tetraplets_count; i++)
        if (riv_str_eq(d->tetraplets[i].key, tetraplet)) return d->tetraplets[i].tetraplet.peer_pk;
    return (riv_str){ 0 };
}

static int by_text(const void *a, const void *b) { return riv_str_cmp(*(const riv_str *)a, *(const riv_str *)b); }

/* SPEC air.md 3.4: u32 LE count, each: u32 LE length + CID text; then u32 LE length + particle_id */
static void sign_by(job *j, const crypto_secret *seed, riv_str particle)
{
    crypto_keypair pair;
    crypto_keypair_of(seed, &pair);
    codec_peer peer      = codec_peer_of(&pair.public_key);
    riv_str    id        = codec_peer_text(j->arena, &peer);
    RIV_VEC(riv_str) ids = { 0 };
    riv_buf bytes = riv_buf_in(j->arena), key = riv_buf_in(j->arena), text = riv_buf_in(j->arena);
    for (size_t i = 0; i < j->d.trace_count; i++)
        if (riv_str_eq(owner_of(&j->d, &j->d.trace[i]), id)) *riv_push(j->arena, &ids) = j->d.trace[i].cid;
    if (ids.len) qsort(ids.ptr, ids.len, sizeof *ids.ptr, by_text);
    riv_put_u32le(&bytes, (uint32_t)ids.len);
    for (size_t i = 0; i < ids.len; i++) {
        riv_put_u32le(&bytes, (uint32_t)ids.ptr[i].len);
        riv_put_str(&bytes, ids.ptr[i]);
    }
    riv_put_u32le(&bytes, (uint32_t)particle.len);
    riv_put_str(&bytes, particle);
    crypto_signature signature = crypto_sign(&pair, riv_buf_view(&bytes));
    riv_put_u8(&key, 0);
    riv_put_bytes(&key, (riv_bytes){ pair.public_key.bytes, sizeof pair.public_key.bytes });
    riv_put_u8(&text, 0);
    riv_put_bytes(&text, (riv_bytes){ signature.bytes, sizeof signature.bytes });
    archive_signature *list = riv_new(j->arena, archive_signature, j->d.signatures_count + 1);
    size_t             kept = 0;
    for (size_t i = 0; i < j->d.signatures_count; i++)
        if (!riv_bytes_eq(j->d.signatures[i].public_key, riv_buf_view(&key))) list[kept++] = j->d.signatures[i];
    j->d.signatures_count         = kept;
    list[j->d.signatures_count++] = (archive_signature){ riv_buf_view(&key), riv_buf_view(&text) };
    j->d.signatures               = list;
}

static void sign_all(job *j, const riv_json *seeds, riv_str particle)
{
    for (size_t i = 0; i < seeds->arr.count; i++) {
        riv_buf       b = riv_buf_in(j->arena);
        crypto_secret seed;
        RIV_ASSERT(!codec_read_base64(seeds->arr.items[i]->str, &b, NULL) && b.len == sizeof seed.bytes);
        memcpy(seed.bytes, b.ptr, sizeof seed.bytes);
        sign_by(j, &seed, particle);
    }
}

/* ---- the conversation ---- */

/* Changes that a wrong carrier would hide behind good ids and signatures: of the trace alone. */
static void spoil_at_random(job *j, uint64_t seed, uint64_t count)
{
    static outcome (*const of_trace[])(job *, size_t) = {
        state_removed, state_doubled,    state_swapped,    state_kind,      par_size,       par_huge,
        call_kind,     call_cid,         call_cid_unused,  call_generation, request_sender, request_id,
        ap_generation, ap_no_generation, canon_cid,        canon_kind,      canon_sender,   fold_record,
        fold_removed,  fold_doubled,     fold_descriptors, fold_overflow,   trace_cut,      fold_record,
    };
    riv_prng p = riv_prng_seed(seed);
    for (uint64_t tries = 0; count > 0 && tries < 200; tries++)
        if (of_trace[riv_prng_below(&p, RIV_COUNT(of_trace))](
                j, (size_t)riv_prng_below(&p, 10 * j->d.trace_count + 1)) == MADE) {
            own_all(j);
            count--;
        }
}

static const riv_json *answer(riv_arena *a, const riv_json *doc)
{
    riv_fault       fault = { 0 };
    job             j   = { .arena = a, .other_peer = RIV_LIT("12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5") };
    riv_buf         raw = riv_buf_in(a), out = riv_buf_in(a);
    const riv_json *data = riv_json_get(doc, RIV_LIT("data")), *change = riv_json_get(doc, RIV_LIT("change")),
                   *site = riv_json_get(doc, RIV_LIT("site")), *seed = riv_json_get(doc, RIV_LIT("seed")),
                   *sign = riv_json_get(doc, RIV_LIT("sign")), *again = riv_json_get(doc, RIV_LIT("rehash"));
    RIV_ASSERT(data && !codec_read_base64(data->str, &raw, NULL));
    if (archive_read(riv_buf_view(&raw), a, &fault, &j.d))
        return riv_json_object(a, "error", riv_json_strc(a, fault.msg), NULL);
    own_all(&j);
    if (seed) spoil_at_random(&j, seed->u64, riv_json_get(doc, RIV_LIT("count"))->u64);
    for (size_t i = 0; change && i < RIV_COUNT(changes); i++) {
        if (!riv_str_eq(change->str, riv_str_c(changes[i].name))) continue;
        outcome o = changes[i].make(&j, (size_t)site->u64);
        if (o != MADE) return riv_json_object(a, o == END ? "end" : "skip", riv_json_bool(true), NULL);
    }
    if (again && again->boolean) {
        own_all(&j);
        rehash(&j);
    }
    each_key_once(&j);
    if (sign) sign_all(&j, sign, riv_json_get(doc, RIV_LIT("particle"))->str);
    archive_write(&j.d, &out);
    return riv_json_object(a, "data", riv_json_str(a, codec_base64(a, riv_buf_view(&out))), NULL);
}

int main(void)
{
    enum { LINE_BYTES_MAX = 64 << 20 };
    riv_fault fault = { 0 };
    char     *line  = malloc(LINE_BYTES_MAX);
    if (!line || crypto_init(&fault)) return 1;
    while (fgets(line, LINE_BYTES_MAX, stdin)) {
        riv_arena      *a   = riv_arena_new(0);
        const riv_json *doc = NULL;
        riv_buf         out = riv_buf_in(a);
        if (riv_json_parse(riv_str_trim(riv_str_c(line)), a, &fault, &doc)) {
            fprintf(stderr, "spoil: %s\n", fault.msg);
            return 2;
        }
        riv_json_write(answer(a, doc), &out);
        riv_put_u8(&out, '\n');
        fwrite(out.ptr, 1, out.len, stdout);
        fflush(stdout);
        riv_arena_free(a);
    }
    free(line);
    return 0;
}
