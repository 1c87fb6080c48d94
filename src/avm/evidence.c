/* evidence.c: why data is refused, told by who signed what: for people, for the log, and to be held against a peer later.
 * Ids and lists are worked out here once more, apart from data.c and sign.c: an explanation must not share a check's mistakes. The verdict
 * itself is avm_verify's. Spec: docs/spec/air.md §3.3, §3.4, docs/avm.md "Evidence". Tests: evidence_test.c, evidence_fuzz.c. */
#include "avm/avm.h"

#include <stdlib.h>

enum {
    CODE_STORES     = 8,
    CODE_SIGNATURES = 9,
    BAD_MAX         = 64,       /* entries that are told one by one; the rest is counted */
    TRIES_BYTES_MAX = 16 << 20, /* hashed in the search for what a signature covers */
    KEY_BYTES       = 1 + CRYPTO_PUBLIC_BYTES,
    SIGNATURE_BYTES = 1 + CRYPTO_SIGNATURE_BYTES,
    SHOWN_BYTES     = 48,  /* of a value or name, in a line */
    ID_BYTES        = 80,  /* of a peer or content id */
    WORDS_BYTES     = 400, /* of the interpreter's own words */
};

typedef avm_signed_list list;

/* One side: arriving or stored data with its stores by key. */
typedef struct view {
    archive_data data;
    riv_map     *values, *tetraplets, *elements, *canons, *results;
    riv_map     *by_peer; /* peer id -> avm_witness */
    RIV_VEC(avm_witness *) witnesses;
} view;

typedef struct search {
    riv_arena *arena;
    riv_str    particle_id;
    size_t     tries_left, bytes_left;
} search;

/* ---- the bytes that are hashed ---- */

/* {"name":"text",...}: names and texts in pairs. */
static void put_fields(riv_buf *out, size_t count, const char *const *names, const riv_str *texts)
{
    for (size_t i = 0; i < count; i++) {
        riv_putf(out, "%s\"%s\":", i ? "," : "{", names[i]);
        riv_json_write_str(texts[i], out);
    }
    riv_put_u8(out, '}');
}

static void put_tetraplet(riv_buf *out, const archive_tetraplet *t)
{
    static const char *const names[] = { "peer_pk", "service_id", "function_name", "lens" };
    const riv_str            texts[] = { t->peer_pk, t->service_id, t->function_name, t->lens };
    put_fields(out, RIV_COUNT(names), names, texts);
}

static void put_result(riv_buf *out, const archive_service_result *r)
{
    static const char *const names[] = { "value_cid", "argument_hash", "tetraplet_cid" };
    const riv_str            texts[] = { r->value_cid, r->argument_hash, r->tetraplet_cid };
    put_fields(out, RIV_COUNT(names), names, texts);
}

static void put_element(riv_buf *out, const archive_canon_element *e)
{
    static const char *const        kinds[] = { "literal", "service_result", "canon" },
                             *const outer[] = { "value", "tetraplet" }, *const inner[] = { "type", "cid" };
    const riv_str texts[] = { e->value, e->tetraplet }, from[] = { riv_str_c(kinds[e->provenance]), e->provenance_cid };
    put_fields(out, 2, outer, texts);
    out->len--; /* the brace comes after one member more */
    riv_put_str(out, RIV_LIT(",\"provenance\":"));
    put_fields(out, e->provenance == ARCHIVE_LITERAL ? 1 : 2, inner, from);
    riv_put_u8(out, '}');
}

static void put_canon(riv_buf *out, const archive_canon_result *c)
{
    static const char *const names[] = { "tetraplet" };
    put_fields(out, 1, names, &c->tetraplet);
    out->len--;
    riv_put_str(out, RIV_LIT(",\"values\":["));
    for (size_t i = 0; i < c->values_count; i++) {
        if (i) riv_put_u8(out, ',');
        riv_json_write_str(c->values[i], out);
    }
    riv_put_str(out, RIV_LIT("]}"));
}

/* ---- reading a side ---- */

#define INDEX(map, field)                                                                                              \
    for (size_t i = 0; i < v->data.field##_count; i++)                                                                 \
    riv_map_put_str((map), v->data.field[i].key, (void *)(uintptr_t)&v->data.field[i])

static void index_stores(view *v, riv_arena *arena)
{
    v->values     = riv_map_new(arena);
    v->tetraplets = riv_map_new(arena);
    v->elements   = riv_map_new(arena);
    v->canons     = riv_map_new(arena);
    v->results    = riv_map_new(arena);
    v->by_peer    = riv_map_new(arena);
    INDEX(v->values, values);
    INDEX(v->tetraplets, tetraplets);
    INDEX(v->elements, canon_elements);
    INDEX(v->canons, canon_results);
    INDEX(v->results, service_results);
}

static const archive_tetraplet *tetraplet_at(const view *v, riv_str cid)
{
    const archive_tetraplet_entry *e = riv_map_get_str(v->tetraplets, cid);
    return e ? &e->tetraplet : NULL;
}

/* Whose result or canon cid is; NULL: nobody can be named. */
static const archive_tetraplet *answers_for(const view *v, riv_str cid, avm_signed *out)
{
    const archive_service_result *r = riv_map_get_str(v->results, cid);
    const archive_canon_result   *c = riv_map_get_str(v->canons, cid);
    const archive_tetraplet      *t = r ? tetraplet_at(v, r->tetraplet_cid) : c ? tetraplet_at(v, c->tetraplet) : NULL;
    if (!t) return NULL;
    *out = (avm_signed){ .cid = cid, .service = t->service_id, .function = t->function_name, .pos = AVM_NOT_IN_TRACE };
    const archive_value *value = r ? riv_map_get_str(v->values, r->value_cid) : NULL;
    if (value) out->value = value->text;
    if (r) out->argument_hash = r->argument_hash;
    return t;
}

static avm_witness *witness_of(view *v, riv_str peer, riv_arena *arena)
{
    avm_witness *w = riv_map_get_str(v->by_peer, peer);
    if (w) return w;
    w       = riv_new(arena, avm_witness, 1);
    w->peer = peer;
    riv_map_put_str(v->by_peer, peer, w);
    *riv_push(arena, &v->witnesses) = w;
    return w;
}

static riv_str peer_of_key(riv_bytes key, riv_arena *arena)
{
    crypto_public raw;
    if (key.len != KEY_BYTES || key.ptr[0] != 0)
        return riv_format(arena, "bad key " RIV_FMT, RIV_ARG(codec_base58(arena, riv_bytes_sub(key, 0, 64))));
    memcpy(raw.bytes, key.ptr + 1, sizeof raw.bytes);
    codec_peer peer = codec_peer_of(&raw);
    return codec_peer_text(arena, &peer);
}

static void add(riv_arena *arena, list *to, avm_signed one) { *riv_push(arena, to) = one; }

static int by_cid(const void *a, const void *b)
{
    return riv_str_cmp(((const avm_signed *)a)->cid, ((const avm_signed *)b)->cid);
}

/* SPEC air.md 3.4: service-result CIDs of trace states call executed scalar/stream and failed, and of canon-result CIDs */
static bool counts(const archive_state *s)
{
    if (s->kind == ARCHIVE_CANON) return s->canon_executed;
    return s->kind == ARCHIVE_CALL &&
           (s->call == ARCHIVE_CALL_SCALAR || s->call == ARCHIVE_CALL_STREAM || s->call == ARCHIVE_CALL_FAILED);
}

static void find_witnesses(view *v, riv_arena *arena)
{
    for (size_t i = 0; i < v->data.signatures_count; i++) {
        const archive_signature *s = &v->data.signatures[i];
        avm_witness             *w = witness_of(v, peer_of_key(s->public_key, arena), arena);
        w->public_key              = s->public_key;
        w->signature               = s->signature;
    }
    for (size_t i = 0; i < v->data.trace_count; i++) {
        avm_signed               one;
        const archive_state     *s = &v->data.trace[i];
        const archive_tetraplet *t = counts(s) ? answers_for(v, s->cid, &one) : NULL;
        if (!t) continue;
        one.pos = i;
        add(arena, &witness_of(v, t->peer_pk, arena)->results, one);
    }
    for (size_t i = 0; i < v->witnesses.len; i++) {
        list *l = &v->witnesses.ptr[i]->results;
        if (l->len > 1) qsort(l->ptr, l->len, sizeof l->ptr[0], by_cid);
    }
}

/* ---- content ids ---- */

typedef struct checker {
    const view   *v;
    riv_arena    *arena;
    avm_evidence *out;
    riv_buf       scratch;
} checker;

/* The peer whose result holds the entry, as far as the data tells. */
static riv_str owner_of(const view *v, riv_str key)
{
    avm_signed               one;
    const archive_tetraplet *t = answers_for(v, key, &one);
    for (size_t i = 0; !t && i < v->data.service_results_count; i++) {
        const archive_service_result *r = &v->data.service_results[i];
        if (riv_str_eq(r->value_cid, key)) t = tetraplet_at(v, r->tetraplet_cid);
    }
    for (size_t i = 0; !t && i < v->data.canon_results_count; i++) {
        const archive_canon_result *c = &v->data.canon_results[i];
        for (size_t k = 0; !t && k < c->values_count; k++) {
            const archive_canon_element *e = riv_map_get_str(v->elements, c->values[k]);
            if (riv_str_eq(c->values[k], key) || (e && riv_str_eq(e->value, key))) t = tetraplet_at(v, c->tetraplet);
        }
    }
    return t ? t->peer_pk : (riv_str){ 0 };
}

static void bad(checker *k, avm_bad_entry entry)
{
    if (k->out->bad_count++ >= BAD_MAX) return;
    entry.peer                        = owner_of(k->v, entry.key);
    *riv_push(k->arena, &k->out->bad) = entry;
}

/* What k->scratch holds is what key should be the hash of. */
static void check_id(checker *k, const char *store, riv_str key)
{
    riv_bytes     hashed = riv_buf_view(&k->scratch);
    codec_cid     cid;
    riv_fault     why   = { 0 };
    avm_bad_entry entry = { .store = store, .key = key };
    if (codec_cid_parse(key, k->arena, &why, &cid))
        entry.why = riv_format(k->arena, "the key is no content id: %s", why.msg);
    else if (cid.version == 0 || cid.codec != CODEC_JSON ||
             (cid.hash != CODEC_HASH_SHA256 && cid.hash != CODEC_HASH_BLAKE3))
        entry.why = RIV_LIT("the key is a content id of a kind that is not used here");
    else if (!codec_cid_matches(&cid, hashed))
        entry.hashes_to = codec_json_cid(k->arena, hashed);
    else
        return;
    bad(k, entry);
}

static void need(checker *k, const char *store, riv_str key, const riv_map *in, const char *what, riv_str cid)
{
    if (riv_map_has(in, riv_str_bytes(cid))) return;
    bad(k, (avm_bad_entry){
               .store = store,
               .key   = key,
               .why = riv_format(k->arena, "it refers to the %s " RIV_FMT ", which is missing", what, RIV_ARG(cid)) });
}

#define VALUE     "value"
#define TETRAPLET "tetraplet"
#define ELEMENT   "canon element"
#define CANON     "canon result"
#define RESULT    "service result"

#define CHECK(field, name, put)                                                                                        \
    for (size_t i = 0; i < d->field##_count; i++) {                                                                    \
        riv_buf_clear(&k->scratch);                                                                                    \
        put;                                                                                                           \
        check_id(k, name, d->field[i].key);                                                                            \
    }

static void check_ids(checker *k)
{
    const archive_data *d = &k->v->data;
    CHECK(values, VALUE, riv_put_str(&k->scratch, d->values[i].text))
    CHECK(tetraplets, TETRAPLET, put_tetraplet(&k->scratch, &d->tetraplets[i].tetraplet))
    CHECK(canon_elements, ELEMENT, put_element(&k->scratch, &d->canon_elements[i]))
    CHECK(canon_results, CANON, put_canon(&k->scratch, &d->canon_results[i]))
    CHECK(service_results, RESULT, put_result(&k->scratch, &d->service_results[i]))
}

static void check_references(checker *k)
{
    const archive_data *d = &k->v->data;
    for (size_t i = 0; i < d->canon_results_count; i++) {
        const archive_canon_result *c = &d->canon_results[i];
        need(k, CANON, c->key, k->v->tetraplets, TETRAPLET, c->tetraplet);
        for (size_t e = 0; e < c->values_count; e++) need(k, CANON, c->key, k->v->elements, ELEMENT, c->values[e]);
    }
    for (size_t i = 0; i < d->canon_elements_count; i++) {
        const archive_canon_element *e = &d->canon_elements[i];
        need(k, ELEMENT, e->key, k->v->tetraplets, TETRAPLET, e->tetraplet);
        need(k, ELEMENT, e->key, k->v->values, VALUE, e->value);
        if (e->provenance == ARCHIVE_FROM_SERVICE) need(k, ELEMENT, e->key, k->v->results, RESULT, e->provenance_cid);
        if (e->provenance == ARCHIVE_FROM_CANON) need(k, ELEMENT, e->key, k->v->canons, CANON, e->provenance_cid);
    }
    for (size_t i = 0; i < d->service_results_count; i++) {
        const archive_service_result *r = &d->service_results[i];
        need(k, RESULT, r->key, k->v->tetraplets, TETRAPLET, r->tetraplet_cid);
        need(k, RESULT, r->key, k->v->values, VALUE, r->value_cid);
    }
}

/* A state whose result is nowhere: nobody can have signed it. */
static void check_states(checker *k)
{
    for (size_t i = 0; i < k->v->data.trace_count; i++) {
        const archive_state *s     = &k->v->data.trace[i];
        bool                 canon = s->kind == ARCHIVE_CANON;
        if (counts(s) && !riv_map_has(canon ? k->v->canons : k->v->results, riv_str_bytes(s->cid)))
            bad(k,
                (avm_bad_entry){ .store = canon ? CANON : RESULT,
                                 .key   = s->cid,
                                 .why   = riv_format(k->arena, "it is missing, and state %zu of the trace is it", i) });
    }
}

/* ---- signatures ---- */

/* SPEC air.md 3.4: Signed bytes (borsh) */
static bool signed_by(search *s, const avm_witness *key_of, riv_bytes signature, const list *l)
{
    crypto_signature sig;
    crypto_public    key;
    size_t           bytes = 8 + s->particle_id.len;
    for (size_t i = 0; i < l->len; i++) bytes += 4 + l->ptr[i].cid.len;
    if (s->tries_left == 0 || s->bytes_left < bytes) {
        s->tries_left = 0;
        return false;
    }
    s->tries_left--;
    s->bytes_left -= bytes;
    riv_buf text = { 0 };
    riv_put_u32le(&text, (uint32_t)l->len);
    for (size_t i = 0; i < l->len; i++) {
        riv_put_u32le(&text, (uint32_t)l->ptr[i].cid.len);
        riv_put_str(&text, l->ptr[i].cid);
    }
    riv_put_u32le(&text, (uint32_t)s->particle_id.len);
    riv_put_str(&text, s->particle_id);
    memcpy(sig.bytes, signature.ptr + 1, sizeof sig.bytes);
    memcpy(key.bytes, key_of->public_key.ptr + 1, sizeof key.bytes);
    bool good = crypto_verify(&key, riv_buf_view(&text), &sig);
    riv_buf_free(&text);
    return good;
}

static bool well_formed(const avm_witness *w)
{
    return w->public_key.len == KEY_BYTES && w->public_key.ptr[0] == 0 && w->signature.len == SIGNATURE_BYTES &&
           w->signature.ptr[0] == 0;
}

static list without(riv_arena *arena, const list *l, size_t index)
{
    list out = { 0 };
    for (size_t i = 0; i < l->len; i++)
        if (i != index) add(arena, &out, l->ptr[i]);
    return out;
}

static list with(riv_arena *arena, const list *l, const list *more)
{
    list out = { 0 };
    for (size_t i = 0; i < l->len; i++) add(arena, &out, l->ptr[i]);
    for (size_t i = 0; i < more->len; i++) add(arena, &out, more->ptr[i]);
    if (out.len > 1) qsort(out.ptr, out.len, sizeof out.ptr[0], by_cid);
    return out;
}

/* Both are sorted; what a has more often than b. */
static list less(riv_arena *arena, const list *a, const list *b)
{
    list   out = { 0 };
    size_t k   = 0;
    for (size_t i = 0; i < a->len; i++) {
        while (k < b->len && riv_str_cmp(b->ptr[k].cid, a->ptr[i].cid) < 0) k++;
        if (k < b->len && riv_str_eq(b->ptr[k].cid, a->ptr[i].cid))
            k++;
        else
            add(arena, &out, a->ptr[i]);
    }
    return out;
}

/* Results of the peer that lie in the stores and not in the trace. */
static void add_unused(list *out, const view *v, const avm_witness *w, riv_str cid, riv_arena *arena)
{
    avm_signed               one;
    const archive_tetraplet *t = answers_for(v, cid, &one);
    if (!t || !riv_str_eq(t->peer_pk, w->peer)) return;
    if (w->results.len && bsearch(&one, w->results.ptr, w->results.len, sizeof one, by_cid)) return;
    add(arena, out, one);
}

static list unused_of(const view *v, const avm_witness *w, riv_arena *arena)
{
    list out = { 0 };
    for (size_t i = 0; i < v->data.service_results_count; i++)
        add_unused(&out, v, w, v->data.service_results[i].key, arena);
    for (size_t i = 0; i < v->data.canon_results_count; i++)
        add_unused(&out, v, w, v->data.canon_results[i].key, arena);
    if (out.len > 1) qsort(out.ptr, out.len, sizeof out.ptr[0], by_cid);
    return out;
}

static bool covers(search *s, avm_witness *w, list tried)
{
    if (!signed_by(s, w, w->signature, &tried)) return false;
    w->verdict     = AVM_COVERS_OTHER;
    w->signed_only = less(s->arena, &tried, &w->results);
    w->trace_only  = less(s->arena, &w->results, &tried);
    return true;
}

/* A signature cannot be read backwards; lists that the data itself suggests are tried. */
static bool find_covered(search *s, const view *v, avm_witness *w)
{
    list unused = unused_of(v, w, s->arena), none = { 0 };
    if (covers(s, w, none) || covers(s, w, with(s->arena, &w->results, &unused))) return true;
    for (size_t i = 0; i < w->results.len && s->tries_left; i++)
        if (covers(s, w, without(s->arena, &w->results, i))) return true;
    for (size_t i = 0; i < unused.len && s->tries_left; i++)
        if (covers(s, w, with(s->arena, &w->results, &(list){ &unused.ptr[i], 1, 1 }))) return true;
    for (size_t i = 0; i < w->results.len && s->tries_left; i++) /* one state twice where it was once */
        if (covers(s, w, with(s->arena, &w->results, &(list){ &w->results.ptr[i], 1, 1 }))) return true;
    for (size_t i = 0; i < w->results.len && unused.len && s->tries_left; i++) {
        list fewer = without(s->arena, &w->results, i);
        for (size_t k = 0; k < unused.len && s->tries_left; k++)
            if (covers(s, w, with(s->arena, &fewer, &(list){ &unused.ptr[k], 1, 1 }))) return true;
    }
    return false;
}

static bool find_maker(search *s, const view *v, avm_witness *w)
{
    for (size_t i = 0; i < v->witnesses.len; i++) {
        const avm_witness *other = v->witnesses.ptr[i];
        if (other == w || !well_formed(other) || !signed_by(s, other, w->signature, &other->results)) continue;
        w->verdict = AVM_COVERS_BORROWED;
        w->whose   = other->peer;
        return true;
    }
    return false;
}

static void judge(search *s, const view *v, avm_witness *w, bool has_particle)
{
    if (!w->public_key.len)
        w->verdict = AVM_COVERS_NO_KEY;
    else if (!well_formed(w))
        w->verdict = AVM_COVERS_BAD_FORM;
    else if (!has_particle)
        w->verdict = AVM_COVERS_UNKNOWN;
    else if (signed_by(&(search){ s->arena, s->particle_id, 1, SIZE_MAX }, w, w->signature, &w->results))
        w->verdict = AVM_COVERS;
    else if (!find_maker(s, v, w) && !find_covered(s, v, w))
        w->verdict = AVM_COVERS_NOTHING;
}

/* ---- stored against arriving data ---- */

static bool same_call(const avm_signed *a, const avm_signed *b)
{
    return a->argument_hash.len && riv_str_eq(a->argument_hash, b->argument_hash) &&
           riv_str_eq(a->service, b->service) && riv_str_eq(a->function, b->function);
}

/* A peer adds to what it signed; two lists of which neither holds the other are two truths. SPEC air.md 3.4 */
static void compare(const view *stored, view *cur, avm_evidence *out, riv_arena *arena)
{
    for (size_t i = 0; i < cur->witnesses.len; i++) {
        const avm_witness *now = cur->witnesses.ptr[i], *then = riv_map_get_str(stored->by_peer, now->peer);
        if (!then) continue;
        avm_contradiction c = { .peer   = now->peer,
                                .before = less(arena, &then->results, &now->results),
                                .now    = less(arena, &now->results, &then->results) };
        if (!c.before.len || !c.now.len) continue;
        for (size_t a = 0; a < RIV_MIN(c.before.len, 256) && !c.same_call; a++)
            for (size_t b = 0; b < RIV_MIN(c.now.len, 256) && !c.same_call; b++)
                if (same_call(&c.before.ptr[a], &c.now.ptr[b])) {
                    c.same_call = true;
                    c.pair[0]   = c.before.ptr[a];
                    c.pair[1]   = c.now.ptr[b];
                }
        c.signed_before                        = then->verdict == AVM_COVERS;
        c.signed_now                           = now->verdict == AVM_COVERS;
        *riv_push(arena, &out->contradictions) = c;
    }
}

/* ---- one line ---- */

/* Foreign text in a line: cut at a border of UTF-8, no control characters. */
static void put_cut(riv_buf *out, riv_str text, size_t max)
{
    size_t cut = RIV_MIN(text.len, max);
    while (cut < text.len && cut && ((unsigned char)text.ptr[cut] & 0xc0) == 0x80) cut--;
    for (size_t i = 0; i < cut; i++) riv_put_u8(out, (unsigned char)text.ptr[i] < ' ' ? ' ' : (uint8_t)text.ptr[i]);
    if (cut < text.len) riv_put_str(out, RIV_LIT("..."));
}

static void put_call(riv_buf *out, const avm_signed *s)
{
    if (s->service.len || s->function.len) {
        put_cut(out, s->service, SHOWN_BYTES);
        riv_put_u8(out, '.');
        put_cut(out, s->function, SHOWN_BYTES);
        riv_put_u8(out, ' ');
    } else {
        riv_put_str(out, RIV_LIT("canon "));
    }
    put_cut(out, s->cid, ID_BYTES);
}

static void put_bad(riv_buf *out, const avm_bad_entry *e)
{
    riv_putf(out, "%s ", e->store);
    put_cut(out, e->key, ID_BYTES);
    riv_put_str(out, RIV_LIT(": "));
    if (e->hashes_to.len)
        riv_putf(out, "what stands there hashes to " RIV_FMT, RIV_ARG(e->hashes_to));
    else
        put_cut(out, e->why, WORDS_BYTES);
    if (!e->peer.len) return;
    riv_put_str(out, RIV_LIT("; it belongs to a result of "));
    put_cut(out, e->peer, ID_BYTES);
}

static void put_some(riv_buf *out, const char *lead, const list *l)
{
    if (!l->len) return;
    riv_put_str(out, riv_str_c(lead));
    put_call(out, &l->ptr[0]);
    if (l->len > 1) riv_putf(out, " and %zu more", l->len - 1);
}

static void put_witness(riv_buf *out, const avm_witness *w)
{
    switch (w->verdict) {
    case AVM_COVERS:
    case AVM_COVERS_UNKNOWN: break;
    case AVM_COVERS_NO_KEY:
        riv_put_str(out, RIV_LIT("no signature of "));
        put_cut(out, w->peer, ID_BYTES);
        riv_putf(out, ", whose results are in the trace: %zu", w->results.len);
        put_some(out, ", ", &w->results);
        break;
    case AVM_COVERS_BAD_FORM:
        riv_put_str(out, RIV_LIT("key or signature of "));
        put_cut(out, w->peer, ID_BYTES);
        riv_putf(out, " is malformed (%zu and %zu bytes)", w->public_key.len, w->signature.len);
        break;
    case AVM_COVERS_OTHER:
        put_cut(out, w->peer, ID_BYTES);
        riv_put_str(out, RIV_LIT(" signed another list of results than the trace has"));
        put_some(out, "; signed, not in the trace: ", &w->signed_only);
        put_some(out, "; in the trace, not signed: ", &w->trace_only);
        break;
    case AVM_COVERS_BORROWED:
        riv_putf(out, "the signature of " RIV_FMT " was made by " RIV_FMT, RIV_ARG(w->peer), RIV_ARG(w->whose));
        break;
    case AVM_COVERS_NOTHING:
        riv_putf(out, "the signature of " RIV_FMT " does not cover its %zu results in the trace", RIV_ARG(w->peer),
                 w->results.len);
        put_some(out, ", ", &w->results);
        riv_put_str(out, RIV_LIT("; nor any list that the data suggests: it is forged, or of another particle"));
        break;
    }
}

static void put_contradiction(riv_buf *out, const avm_contradiction *c)
{
    const avm_signed *before = c->same_call ? &c->pair[0] : &c->before.ptr[0],
                     *now    = c->same_call ? &c->pair[1] : &c->now.ptr[0];
    put_cut(out, c->peer, ID_BYTES);
    riv_putf(out, " %s ", c->signed_before && c->signed_now ? "signed both" : "is said to have given both");
    put_call(out, before);
    riv_put_str(out, RIV_LIT(" = "));
    put_cut(out, before->value, SHOWN_BYTES);
    riv_put_str(out, RIV_LIT(" (stored) and "));
    put_call(out, now);
    riv_put_str(out, RIV_LIT(" = "));
    put_cut(out, now->value, SHOWN_BYTES);
    riv_put_str(out, RIV_LIT(" (arrived)"));
}

static const avm_witness *first_bad(const view *v)
{
    for (size_t i = 0; i < v->witnesses.len; i++) {
        avm_cover k = v->witnesses.ptr[i]->verdict;
        if (k != AVM_COVERS && k != AVM_COVERS_UNKNOWN) return v->witnesses.ptr[i];
    }
    return NULL;
}

static void say(const view *cur, avm_evidence *out, riv_arena *arena)
{
    riv_buf            line = riv_buf_in(arena);
    const avm_witness *w    = first_bad(cur);
    if (out->code == CODE_STORES && out->bad.len) {
        out->peer = out->bad.ptr[0].peer;
        put_bad(&line, &out->bad.ptr[0]);
    } else if (out->code == CODE_SIGNATURES && w) {
        out->peer = w->peer;
        put_witness(&line, w);
    } else if (out->contradictions.len) {
        out->peer = out->contradictions.ptr[0].peer;
        put_contradiction(&line, &out->contradictions.ptr[0]);
    } else {
        put_cut(&line, out->message, WORDS_BYTES);
    }
    out->line = riv_buf_str(&line);
}

/* ---- all together ---- */

static bool read_side(view *v, riv_bytes bytes, riv_arena *arena)
{
    if (!bytes.len || archive_read(bytes, arena, NULL, &v->data)) return false;
    index_stores(v, arena);
    find_witnesses(v, arena);
    return true;
}

static void judge_all(const avm_evidence_input *in, view *v, riv_arena *arena)
{
    search s = { arena, in->particle_id, in->tries_max ? in->tries_max : 2000, TRIES_BYTES_MAX };
    for (size_t i = 0; i < v->witnesses.len; i++) judge(&s, v, v->witnesses.ptr[i], in->particle_id.len > 0);
}

/* Without the particle's id a signature that does not verify says nothing. */
static bool is_unjudged(const avm_evidence_input *in, const view *v, uint32_t code)
{
    return code == CODE_SIGNATURES && !in->particle_id.len && !first_bad(v);
}

void avm_evidence_of(const avm_evidence_input *in, riv_arena *arena, avm_evidence *out)
{
    view             cur = { 0 }, stored = { 0 };
    riv_fault        fault    = { 0 };
    archive_envelope envelope = { 0 };
    *out                      = (avm_evidence){ 0 };
    (void)!archive_envelope_read(in->data, arena, NULL, &envelope);
    out->data_version        = envelope.version.text;
    out->interpreter_version = envelope.interpreter_version.text;
    riv_err err              = avm_verify(in->data, in->particle_id, arena, &fault);
    out->code                = err ? fault.code : 0;
    out->err                 = err;
    out->message             = riv_str_dup(arena, riv_str_c(fault.msg));
    if (read_side(&cur, in->data, arena)) {
        checker k        = { &cur, arena, out, riv_buf_in(arena) };
        out->decoded     = true;
        out->trace_count = cur.data.trace_count;
        check_ids(&k);
        check_references(&k);
        check_states(&k);
        judge_all(in, &cur, arena);
        if (read_side(&stored, in->stored, arena)) {
            judge_all(in, &stored, arena);
            compare(&stored, &cur, out, arena);
        }
        if (is_unjudged(in, &cur, out->code)) {
            out->code = 0;
            out->err  = RIV_OK;
        }
        if (!out->err && out->contradictions.len) {
            out->code = CODE_SIGNATURES;
            out->err  = RIV_E_CONFLICT;
        }
        out->witnesses       = (const avm_witness *const *)cur.witnesses.ptr;
        out->witnesses_count = cur.witnesses.len;
    }
    if (in->refusal.len) {
        out->code    = in->code;
        out->message = in->refusal;
        out->err     = RIV_E_CONFLICT;
    }
    say(&cur, out, arena);
}
