/* data.c: the content stores: what is kept under a content id, how ids are made, checked and written out.
 * Ids are taken over compact JSON with the fields in fixed orders. Spec: docs/spec/air.md §3.3. Tests: avm_test.c. */
#include "avm/internal.h"

/* ---- the bytes that are hashed ---- */

static void put_field(riv_buf *out, riv_str lead, riv_str text)
{
    riv_put_str(out, lead);
    riv_json_write_str(text, out);
}

static void put_tetraplet(riv_buf *out, const avm_tetraplet *t)
{
    put_field(out, RIV_LIT("{\"peer_pk\":"), t->peer_pk);
    put_field(out, RIV_LIT(",\"service_id\":"), t->service_id);
    put_field(out, RIV_LIT(",\"function_name\":"), t->function_name);
    put_field(out, RIV_LIT(",\"lens\":"), t->lens);
    riv_put_u8(out, '}');
}

static void put_service_result(riv_buf *out, const archive_service_result *r)
{
    put_field(out, RIV_LIT("{\"value_cid\":"), r->value_cid);
    put_field(out, RIV_LIT(",\"argument_hash\":"), r->argument_hash);
    put_field(out, RIV_LIT(",\"tetraplet_cid\":"), r->tetraplet_cid);
    riv_put_u8(out, '}');
}

static void put_element(riv_buf *out, const archive_canon_element *e)
{
    put_field(out, RIV_LIT("{\"value\":"), e->value);
    put_field(out, RIV_LIT(",\"tetraplet\":"), e->tetraplet);
    switch (e->provenance) {
    case ARCHIVE_LITERAL: riv_put_str(out, RIV_LIT(",\"provenance\":{\"type\":\"literal\"}}")); return;
    case ARCHIVE_FROM_SERVICE:
        put_field(out, RIV_LIT(",\"provenance\":{\"type\":\"service_result\",\"cid\":"), e->provenance_cid);
        break;
    case ARCHIVE_FROM_CANON:
        put_field(out, RIV_LIT(",\"provenance\":{\"type\":\"canon\",\"cid\":"), e->provenance_cid);
        break;
    }
    riv_put_str(out, RIV_LIT("}}"));
}

static void put_canon_result(riv_buf *out, const archive_canon_result *c)
{
    put_field(out, RIV_LIT("{\"tetraplet\":"), c->tetraplet);
    riv_put_str(out, RIV_LIT(",\"values\":["));
    for (size_t i = 0; i < c->values_count; i++) {
        if (i) riv_put_u8(out, ',');
        riv_json_write_str(c->values[i], out);
    }
    riv_put_str(out, RIV_LIT("]}"));
}

/* ---- stores ---- */

void avm__stores_init(stores *s, riv_arena *arena)
{
    *s = (stores){ riv_map_new(arena), riv_map_new(arena), riv_map_new(arena), riv_map_new(arena), riv_map_new(arena) };
}

/* Texts of data outlive the run's maps. */
static riv_map *with_room(riv_map *map, size_t count, riv_arena *arena)
{
    return riv_map_count(map) || !count ? map : riv_map_new_for(arena, count);
}

#define PUT(map, field)                                                                                                \
    do {                                                                                                               \
        map = with_room(map, data->field##_count, arena);                                                              \
        for (size_t i = 0; i < data->field##_count; i++)                                                               \
            riv_map_put_view(map, data->field[i].key, (void *)(uintptr_t)&data->field[i]);                             \
    } while (0)

/* Later entries take the place of earlier ones. The structs of data are borrowed. */
void avm__stores_put(stores *s, const archive_data *data, riv_arena *arena)
{
    datum *d  = riv_new(arena, datum, data->values_count + 1);
    s->values = with_room(s->values, data->values_count, arena);
    for (size_t i = 0; i < data->values_count; i++, d++) {
        d->stored = data->values[i].text;
        riv_map_put_view(s->values, data->values[i].key, d);
    }
    PUT(s->tetraplets, tetraplets);
    PUT(s->elements, canon_elements);
    PUT(s->canons, canon_results);
    PUT(s->results, service_results);
}

/* ---- checking foreign stores ---- */

static bool is_usual_id(riv_str key, riv_bytes hashed)
{
    char        id[CODEC_JSON_CID_BYTES];
    crypto_hash hash = crypto_blake3(hashed);
    codec_json_cid_put(&hash, id);
    return riv_str_eq(key, (riv_str){ id, sizeof id });
}

static riv_err check_id(riv_str key, riv_bytes hashed, const char *type, riv_arena *arena, riv_fault *fault)
{
    codec_cid cid;
    riv_fault bad = { 0 };
    if (is_usual_id(key, hashed)) return RIV_OK;
    if (codec_cid_parse(key, arena, &bad, &cid))
        return riv_fail_code(fault, RIV_E_MALFORMED, 8, bad.pos,
                             "Failed to parse multihash"); /* the original's words */
    uint64_t codec = cid.version == 0 ? CODEC_DAG_PB : cid.codec;
    if (codec != CODEC_JSON)
        return riv_fail_code(fault, RIV_E_UNSUPPORTED, 8, 0, "unsupported CID codec: %llu", (unsigned long long)codec);
    if (cid.hash != CODEC_HASH_SHA256 && cid.hash != CODEC_HASH_BLAKE3)
        return riv_fail_code(fault, RIV_E_UNSUPPORTED, 8, 0, "unsupported multihash code: %llu",
                             (unsigned long long)cid.hash);
    if (!codec_cid_matches(&cid, hashed))
        return riv_fail_code(fault, RIV_E_CONFLICT, 8, 0, "Value mismatch in the \"%s\" store for CID \"" RIV_FMT "\"",
                             type, RIV_ARG(key));
    return RIV_OK;
}

/* One check for every kind of entry: put writes what is hashed; same tells whether two entries would be written alike. */
typedef struct kind {
    const char    *type;
    const riv_map *own, *trusted;
    void (*put)(riv_buf *, const void *);
    bool (*same)(const void *, const void *);
} kind;

static void put_value_entry(riv_buf *out, const void *d) { riv_put_str(out, ((const datum *)d)->stored); }
static void put_tetraplet_entry(riv_buf *out, const void *e)
{
    put_tetraplet(out, &((const archive_tetraplet_entry *)e)->tetraplet);
}
static void put_element_entry(riv_buf *out, const void *e) { put_element(out, e); }
static void put_canon_entry(riv_buf *out, const void *e) { put_canon_result(out, e); }
static void put_result_entry(riv_buf *out, const void *e) { put_service_result(out, e); }

static bool same_values(const void *a, const void *b)
{
    return riv_str_eq(((const datum *)a)->stored, ((const datum *)b)->stored);
}

static bool same_tetraplets(const void *a, const void *b)
{
    return avm__tetraplet_eq(&((const archive_tetraplet_entry *)a)->tetraplet,
                             &((const archive_tetraplet_entry *)b)->tetraplet);
}

static bool same_elements(const void *one, const void *other)
{
    const archive_canon_element *a = one, *b = other;
    return riv_str_eq(a->value, b->value) && riv_str_eq(a->tetraplet, b->tetraplet) && a->provenance == b->provenance &&
           riv_str_eq(a->provenance_cid, b->provenance_cid);
}

static bool same_canons(const void *one, const void *other)
{
    const archive_canon_result *a = one, *b = other;
    if (!riv_str_eq(a->tetraplet, b->tetraplet) || a->values_count != b->values_count) return false;
    for (size_t i = 0; i < a->values_count; i++)
        if (!riv_str_eq(a->values[i], b->values[i])) return false;
    return true;
}

static bool same_results(const void *one, const void *other)
{
    const archive_service_result *a = one, *b = other;
    return riv_str_eq(a->value_cid, b->value_cid) && riv_str_eq(a->argument_hash, b->argument_hash) &&
           riv_str_eq(a->tetraplet_cid, b->tetraplet_cid);
}

static riv_err check_store(const kind *k, riv_arena *arena, riv_fault *fault)
{
    riv_buf scratch = riv_buf_in(arena);
    bool    trust   = k->trusted && riv_map_count(k->trusted);
    for (size_t i = 0; i < riv_map_slots(k->own); i++) {
        riv_bytes key;
        void     *entry;
        if (!riv_map_at(k->own, i, &key, &entry)) continue;
        /* The same under the same id was checked when it came first. */
        const void *known = trust ? riv_map_get(k->trusted, key) : NULL;
        if (known && k->same(entry, known)) continue;
        riv_buf_clear(&scratch);
        k->put(&scratch, entry);
        RIV_TRY(check_id(riv_bytes_str(key), riv_buf_view(&scratch), k->type, arena, fault));
    }
    return RIV_OK;
}

#define TYPE_VALUE     "air_interpreter_data::raw_value::RawValue"
#define TYPE_TETRAPLET "marine_call_parameters::SecurityTetraplet"
#define TYPE_ELEMENT   "air_interpreter_data::executed_state::CanonCidAggregate"
#define TYPE_CANON     "air_interpreter_data::executed_state::CanonResultCidAggregate"
#define TYPE_RESULT    "air_interpreter_data::executed_state::ServiceResultCidAggregate"

static riv_err need(const riv_map *in, riv_str cid, const char *from, const char *to, riv_fault *fault)
{
    if (riv_map_has(in, riv_str_bytes(cid))) return RIV_OK;
    return riv_fail_code(fault, RIV_E_NOT_FOUND, 8, 0,
                         "Reference CID \"" RIV_FMT "\" from type \"%s\" to \"%s\" was not found", RIV_ARG(cid), from,
                         to);
}

static riv_err check_canon_references(const archive_data *data, const stores *own, riv_fault *fault)
{
    for (size_t i = 0; i < data->canon_results_count; i++) {
        const archive_canon_result *c = &data->canon_results[i];
        for (size_t k = 0; k < c->values_count; k++)
            RIV_TRY(need(own->elements, c->values[k], TYPE_CANON, TYPE_ELEMENT, fault));
        RIV_TRY(need(own->tetraplets, c->tetraplet, TYPE_CANON, TYPE_TETRAPLET, fault));
    }
    for (size_t i = 0; i < data->canon_elements_count; i++) {
        const archive_canon_element *e = &data->canon_elements[i];
        RIV_TRY(need(own->tetraplets, e->tetraplet, TYPE_ELEMENT, TYPE_TETRAPLET, fault));
        RIV_TRY(need(own->values, e->value, TYPE_ELEMENT, TYPE_VALUE, fault));
        if (e->provenance == ARCHIVE_FROM_SERVICE)
            RIV_TRY(need(own->results, e->provenance_cid, TYPE_ELEMENT, TYPE_RESULT, fault));
        if (e->provenance == ARCHIVE_FROM_CANON)
            RIV_TRY(need(own->canons, e->provenance_cid, TYPE_ELEMENT, TYPE_CANON, fault));
    }
    return RIV_OK;
}

static riv_err check_result_references(const archive_data *data, const stores *own, riv_fault *fault)
{
    for (size_t i = 0; i < data->service_results_count; i++) {
        const archive_service_result *r = &data->service_results[i];
        RIV_TRY(need(own->tetraplets, r->tetraplet_cid, TYPE_RESULT, TYPE_TETRAPLET, fault));
        RIV_TRY(need(own->values, r->value_cid, TYPE_RESULT, TYPE_VALUE, fault));
    }
    return RIV_OK;
}

riv_err avm__stores_verify(const archive_data *data, const stores *own, const stores *trusted, riv_arena *arena,
                           riv_fault *fault)
{
    static const stores none = { 0 };
    if (!trusted) trusted = &none;
    const kind kinds[] = {
        { TYPE_VALUE, own->values, trusted->values, put_value_entry, same_values },
        { TYPE_TETRAPLET, own->tetraplets, trusted->tetraplets, put_tetraplet_entry, same_tetraplets },
        { TYPE_ELEMENT, own->elements, trusted->elements, put_element_entry, same_elements },
        { TYPE_CANON, own->canons, trusted->canons, put_canon_entry, same_canons },
        { TYPE_RESULT, own->results, trusted->results, put_result_entry, same_results },
    };
    for (size_t i = 0; i < 4; i++) RIV_TRY(check_store(&kinds[i], arena, fault));
    RIV_TRY(check_canon_references(data, own, fault));
    RIV_TRY(check_store(&kinds[4], arena, fault));
    return check_result_references(data, own, fault);
}

/* ---- adding what this run made ---- */

static riv_str track(avm *vm, riv_map *store, void *entry)
{
    riv_str cid = codec_json_cid(vm->arena, riv_buf_view(&vm->scratch));
    riv_map_put_view(store, cid, entry);
    return cid;
}

static void keep_value(avm *vm, datum *d, riv_str text, riv_str cid)
{
    void **held = riv_map_slot_view(vm->stores.values, cid);
    if (*held) return;
    datum *stored = riv_new(vm->arena, datum, 1);
    *stored       = (datum){ .json = d->json, .stored = text, .text = text };
    *held         = stored;
}

static riv_str track_value(avm *vm, datum *d)
{
    riv_str text = avm__text(vm, d);
    riv_str cid  = codec_json_cid(vm->arena, riv_str_bytes(text));
    keep_value(vm, d, text, cid);
    return cid;
}

/* Calls and canonicalised values in a row are often of one tetraplet: the ones that came last into the store are looked at, of those
 * whose id has the one form that is made here. */
static const archive_tetraplet_entry *recent_tetraplet(const riv_map *store, const avm_tetraplet *t)
{
    enum { LOOKED_AT = 2 };
    size_t slots = riv_map_slots(store);
    for (size_t i = slots; i > 0 && slots - i < LOOKED_AT; i--) {
        riv_bytes key;
        void     *held;
        if (!riv_map_at(store, i - 1, &key, &held)) continue;
        const archive_tetraplet_entry *e = held;
        if (avm__tetraplet_eq(&e->tetraplet, t) && codec_json_cid_is(riv_bytes_str(key))) return e;
    }
    return NULL;
}

static riv_str track_tetraplet(avm *vm, const avm_tetraplet *t)
{
    const archive_tetraplet_entry *recent = recent_tetraplet(vm->stores.tetraplets, t);
    if (recent) return recent->key;
    archive_tetraplet_entry *e = riv_new(vm->arena, archive_tetraplet_entry, 1);
    riv_buf_clear(&vm->scratch);
    put_tetraplet(&vm->scratch, t);
    e->tetraplet = *t;
    e->key       = track(vm, vm->stores.tetraplets, e);
    return e->key;
}

riv_str avm__track_service_result(avm *vm, datum *d, const avm_tetraplet *t, riv_str argument_hash)
{
    archive_service_result *r = riv_new(vm->arena, archive_service_result, 1);
    r->value_cid              = track_value(vm, d);
    r->argument_hash          = argument_hash;
    r->tetraplet_cid          = track_tetraplet(vm, t);
    riv_buf_clear(&vm->scratch);
    put_service_result(&vm->scratch, r);
    r->key = track(vm, vm->stores.results, r);
    return r->key;
}

static riv_str track_element(avm *vm, const value *v, archive_canon_element *e)
{
    e->value          = track_value(vm, v->datum);
    e->tetraplet      = track_tetraplet(vm, v->tetraplet);
    e->provenance     = v->provenance;
    e->provenance_cid = v->cid;
    riv_buf_clear(&vm->scratch);
    put_element(&vm->scratch, e);
    return e->key = track(vm, vm->stores.elements, e);
}

riv_str avm__track_canon(avm *vm, const canon *c)
{
    archive_canon_result  *r      = riv_new(vm->arena, archive_canon_result, 1);
    riv_str               *values = riv_new(vm->arena, riv_str, c->count + 1);
    archive_canon_element *e      = riv_new(vm->arena, archive_canon_element, c->count + 1);
    for (size_t i = 0; i < c->count; i++) values[i] = track_element(vm, c->values[i], &e[i]);
    r->values       = values;
    r->values_count = c->count;
    r->tetraplet    = track_tetraplet(vm, c->tetraplet);
    riv_buf_clear(&vm->scratch);
    put_canon_result(&vm->scratch, r);
    r->key = track(vm, vm->stores.canons, r);
    return r->key;
}

/* ---- looking up ---- */

static const failure *not_found(avm *vm, const char *what, riv_str cid)
{
    return avm__fail(vm, CODE_CID_NOT_FOUND, "%s for CID \"" RIV_FMT "\" not found", what, RIV_ARG(cid));
}

static const failure *get_tetraplet(avm *vm, riv_str cid, const avm_tetraplet **out)
{
    const archive_tetraplet_entry *e = riv_map_get_str(vm->stores.tetraplets, cid);
    if (!e) return not_found(vm, "tetraplet", cid);
    *out = &e->tetraplet;
    return NULL;
}

static const failure *get_value(avm *vm, riv_str cid, datum **out)
{
    *out = riv_map_get_str(vm->stores.values, cid);
    return *out ? NULL : not_found(vm, "value", cid);
}

const failure *avm__service_result(avm *vm, riv_str cid, datum **d, const avm_tetraplet **t, riv_str *argument_hash)
{
    const archive_service_result *r = riv_map_get_str(vm->stores.results, cid);
    if (!r) return not_found(vm, "service result aggregate", cid);
    AVM_TRY(get_value(vm, r->value_cid, d));
    AVM_TRY(get_tetraplet(vm, r->tetraplet_cid, t));
    *argument_hash = r->argument_hash;
    return NULL;
}

const failure *avm__stored_canon(avm *vm, riv_str cid, canon **out)
{
    const archive_canon_result *r = riv_map_get_str(vm->stores.canons, cid);
    if (!r) return not_found(vm, "canon result aggregate", cid);
    canon *c = riv_new(vm->arena, canon, 1);
    AVM_TRY(get_tetraplet(vm, r->tetraplet, &c->tetraplet));
    const value **values = riv_new(vm->arena, const value *, r->values_count + 1);
    for (size_t i = 0; i < r->values_count; i++) {
        const archive_canon_element *e = riv_map_get_str(vm->stores.elements, r->values[i]);
        const avm_tetraplet         *t = NULL;
        datum                       *d = NULL;
        if (!e) return not_found(vm, "canon aggregate", r->values[i]);
        AVM_TRY(get_value(vm, e->value, &d));
        AVM_TRY(get_tetraplet(vm, e->tetraplet, &t));
        values[i] = avm__value(vm, d, t, 0, e->provenance, e->provenance_cid);
    }
    c->values = values;
    c->count  = r->values_count;
    c->cid    = cid;
    *out      = c;
    return NULL;
}

/* ---- writing out ---- */

#define EXPORT(map, T, field, make)                                                                                    \
    do {                                                                                                               \
        T     *list = riv_new(vm->arena, T, riv_map_count(map) + 1);                                                   \
        size_t n    = 0;                                                                                               \
        for (size_t i = 0; i < riv_map_slots(map); i++) {                                                              \
            riv_bytes key_bytes;                                                                                       \
            void     *held;                                                                                            \
            if (!riv_map_at(map, i, &key_bytes, &held)) continue;                                                      \
            riv_str key   = riv_bytes_str(key_bytes);                                                                  \
            list[n]       = make;                                                                                      \
            list[n++].key = key;                                                                                       \
        }                                                                                                              \
        out->field         = list;                                                                                     \
        out->field##_count = n;                                                                                        \
    } while (0)

void avm__stores_export(const avm *vm, archive_data *out)
{
    const stores *s = &vm->stores;
    EXPORT(s->values, archive_value, values, ((archive_value){ key, ((const datum *)held)->stored }));
    EXPORT(s->tetraplets, archive_tetraplet_entry, tetraplets, *(const archive_tetraplet_entry *)held);
    EXPORT(s->elements, archive_canon_element, canon_elements, *(const archive_canon_element *)held);
    EXPORT(s->canons, archive_canon_result, canon_results, *(const archive_canon_result *)held);
    EXPORT(s->results, archive_service_result, service_results, *(const archive_service_result *)held);
}
