/* archive_write.c: writes the inner archive: contents in front of what holds them, in field order; stores sorted by key, texts shared
 * by content, unused bytes zero. The same data gives the same bytes.
 * Spec: docs/spec/air.md 3.2 "Writing". Tests: archive_test.c, archive_fuzz.c. */
#include "codec/archive_internal.h"

typedef struct archive_pen {
    riv_buf   *out;
    size_t     base;    /* where the archive begins in out */
    riv_map   *texts;   /* text -> position + 1: CIDs and argument hashes */
    riv_map   *senders; /* the same for Rc<String> */
    riv_arena *arena;   /* positions of contents, until their owner is written */
} archive_pen;

static uint32_t here(const archive_pen *pen)
{
    size_t pos = pen->out->len - pen->base;
    RIV_ASSERT(pos <= INT32_MAX);
    return (uint32_t)pos;
}

static void pad(archive_pen *pen)
{
    while (here(pen) % ARCHIVE__ALIGN) riv_put_u8(pen->out, 0);
}

static void put_rel(archive_pen *pen, uint32_t target) { riv_put_u32be(pen->out, target - here(pen)); }

/* relptr and count, or relptr and length. */
static void put_span(archive_pen *pen, uint32_t target, size_t count)
{
    put_rel(pen, target);
    riv_put_u32be(pen->out, (uint32_t)count);
}

static void put_zeros(archive_pen *pen, size_t count) { riv_buf_room(pen->out, count); }

/* ---- contents: texts and strings ---- */

/* A position + 1 in a pointer's place: NULL is none. */
static void *position(uint32_t pos) { return (void *)((uintptr_t)pos + 1); /* NOLINT */ }

static uint32_t position_of(const void *held) { return (uint32_t)((uintptr_t)held - 1); }

/* Rc<str> */
static uint32_t text_content(archive_pen *pen, riv_str text)
{
    void **known = riv_map_slot_view(pen->texts, text);
    if (*known) return position_of(*known);
    uint32_t pos = here(pen);
    *known       = position(pos);
    riv_put_str(pen->out, text);
    if (!text.len) riv_put_u8(pen->out, 0); /* else the next text had the same address, which readers refuse */
    return pos;
}

/* String: where its text is, if it is not inside. */
static uint32_t string_content(archive_pen *pen, riv_str text)
{
    uint32_t pos = here(pen);
    if (text.len > ARCHIVE__STRING_INLINE_MAX) riv_put_str(pen->out, text);
    return pos;
}

static void put_string(archive_pen *pen, riv_str text, uint32_t content)
{
    if (text.len <= ARCHIVE__STRING_INLINE_MAX) {
        riv_put_str(pen->out, text);
        put_zeros(pen, ARCHIVE__STRING_INLINE_MAX - text.len);
        riv_put_u8(pen->out, (uint8_t)text.len);
        return;
    }
    uint32_t offset = content - here(pen);
    riv_put_u32be(pen->out, (uint32_t)text.len);
    riv_put_u32le(pen->out, offset);
}

/* Rc<String> */
static uint32_t sender_content(archive_pen *pen, riv_str sender)
{
    void **known = riv_map_slot_view(pen->senders, sender);
    if (*known) return position_of(*known);
    uint32_t text = string_content(pen, sender);
    pad(pen);
    uint32_t pos = here(pen);
    *known       = position(pos);
    put_string(pen, sender, text);
    return pos;
}

/* ---- the trace ---- */

static uint32_t fold_content(archive_pen *pen, const archive_state *s)
{
    uint32_t *descs = riv_new(pen->arena, uint32_t, s->lore_count);
    for (size_t i = 0; i < s->lore_count; i++) {
        const archive_lore *lore = &s->lore[i];
        pad(pen);
        descs[i] = here(pen);
        for (size_t k = 0; k < lore->descs_count; k++) {
            riv_put_u32be(pen->out, lore->descs[k].begin);
            riv_put_u32be(pen->out, lore->descs[k].len);
        }
    }
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < s->lore_count; i++) {
        riv_put_u32be(pen->out, s->lore[i].value_pos);
        put_span(pen, descs[i], s->lore[i].descs_count);
    }
    return pos;
}

/* The generation is kept once; a count other than one has no meaning and is filled up with it, so that it stays visible. */
static uint32_t ap_content(archive_pen *pen, const archive_state *s)
{
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < s->generations_count; i++) riv_put_u32be(pen->out, s->generation);
    return pos;
}

static uint32_t state_content(archive_pen *pen, const archive_state *s)
{
    switch (s->kind) {
    case ARCHIVE_PAR: return 0;
    case ARCHIVE_CALL:
        return s->call == ARCHIVE_CALL_REQUEST ? sender_content(pen, s->sender) : text_content(pen, s->cid);
    case ARCHIVE_FOLD: return fold_content(pen, s);
    case ARCHIVE_AP: return ap_content(pen, s);
    case ARCHIVE_CANON: return s->canon_executed ? text_content(pen, s->cid) : sender_content(pen, s->sender);
    }
    RIV_UNREACHABLE();
}

static void put_tag(archive_pen *pen, unsigned tag) { riv_put_u32be(pen->out, (uint32_t)tag << 24); }

static void put_call(archive_pen *pen, const archive_state *s, uint32_t content)
{
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST:
        put_tag(pen, ARCHIVE__CALL_REQUEST);
        put_tag(pen, s->has_call_id ? ARCHIVE__SENDER_PEER_WITH_ID : ARCHIVE__SENDER_PEER);
        put_rel(pen, content);
        riv_put_u32be(pen->out, s->has_call_id ? s->call_id : 0);
        return;
    case ARCHIVE_CALL_FAILED:
        put_tag(pen, ARCHIVE__CALL_FAILED);
        put_span(pen, content, s->cid.len);
        return;
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM:
    case ARCHIVE_CALL_UNUSED:
        put_tag(pen, ARCHIVE__CALL_EXECUTED);
        put_tag(pen, s->call == ARCHIVE_CALL_SCALAR   ? ARCHIVE__VALUE_SCALAR
                     : s->call == ARCHIVE_CALL_STREAM ? ARCHIVE__VALUE_STREAM
                                                      : ARCHIVE__VALUE_UNUSED);
        put_span(pen, content, s->cid.len);
        riv_put_u32be(pen->out, s->call == ARCHIVE_CALL_STREAM ? s->generation : 0);
        return;
    }
    RIV_UNREACHABLE();
}

static void put_state(archive_pen *pen, const archive_state *s, uint32_t content)
{
    size_t start = pen->out->len;
    put_tag(pen, s->kind);
    switch (s->kind) {
    case ARCHIVE_PAR:
        riv_put_u32be(pen->out, s->left);
        riv_put_u32be(pen->out, s->right);
        break;
    case ARCHIVE_CALL: put_call(pen, s, content); break;
    case ARCHIVE_FOLD: put_span(pen, content, s->lore_count); break;
    case ARCHIVE_AP: put_span(pen, content, s->generations_count); break;
    case ARCHIVE_CANON:
        put_tag(pen, s->canon_executed ? ARCHIVE__CANON_EXECUTED : ARCHIVE__CANON_SENT_BY);
        if (s->canon_executed)
            put_span(pen, content, s->cid.len);
        else
            put_rel(pen, content);
        break;
    }
    put_zeros(pen, start + ARCHIVE__STATE_BYTES - pen->out->len);
}

static uint32_t put_trace(archive_pen *pen, const archive_data *data)
{
    uint32_t *contents = riv_new(pen->arena, uint32_t, data->trace_count);
    for (size_t i = 0; i < data->trace_count; i++) contents[i] = state_content(pen, &data->trace[i]);
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < data->trace_count; i++) put_state(pen, &data->trace[i], contents[i]);
    return pos;
}

/* ---- the stores: each record is put with its contents, then its entry points at it ---- */

static uint32_t value_record(archive_pen *pen, const void *item)
{
    riv_str  text    = ((const archive_value *)item)->text;
    uint32_t content = here(pen);
    riv_put_str(pen->out, text);
    pad(pen);
    uint32_t pos = here(pen);
    put_span(pen, content, text.len);
    return pos;
}

static uint32_t tetraplet_record(archive_pen *pen, const void *item)
{
    const archive_tetraplet *t         = &((const archive_tetraplet_entry *)item)->tetraplet;
    const riv_str            strings[] = { t->peer_pk, t->service_id, t->function_name, t->lens };
    uint32_t                 contents[RIV_COUNT(strings)];
    for (size_t i = 0; i < RIV_COUNT(strings); i++) contents[i] = string_content(pen, strings[i]);
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < RIV_COUNT(strings); i++) put_string(pen, strings[i], contents[i]);
    return pos;
}

static uint32_t element_record(archive_pen *pen, const void *item)
{
    const archive_canon_element *e         = item;
    bool                         literal   = e->provenance == ARCHIVE_LITERAL;
    uint32_t                     value     = text_content(pen, e->value);
    uint32_t                     tetraplet = text_content(pen, e->tetraplet);
    uint32_t                     source    = literal ? 0 : text_content(pen, e->provenance_cid);
    pad(pen);
    uint32_t pos = here(pen);
    put_span(pen, value, e->value.len);
    put_span(pen, tetraplet, e->tetraplet.len);
    put_tag(pen, e->provenance);
    if (literal)
        put_zeros(pen, ARCHIVE__TEXT_BYTES);
    else
        put_span(pen, source, e->provenance_cid.len);
    return pos;
}

static uint32_t canon_record(archive_pen *pen, const void *item)
{
    const archive_canon_result *r         = item;
    uint32_t                    tetraplet = text_content(pen, r->tetraplet);
    uint32_t                   *values    = riv_new(pen->arena, uint32_t, r->values_count);
    for (size_t i = 0; i < r->values_count; i++) values[i] = text_content(pen, r->values[i]);
    pad(pen);
    uint32_t first = here(pen);
    for (size_t i = 0; i < r->values_count; i++) put_span(pen, values[i], r->values[i].len);
    uint32_t pos = here(pen);
    put_span(pen, tetraplet, r->tetraplet.len);
    put_span(pen, first, r->values_count);
    return pos;
}

static uint32_t service_record(archive_pen *pen, const void *item)
{
    const archive_service_result *r         = item;
    uint32_t                      value     = text_content(pen, r->value_cid);
    uint32_t                      arguments = text_content(pen, r->argument_hash);
    uint32_t                      tetraplet = text_content(pen, r->tetraplet_cid);
    pad(pen);
    uint32_t pos = here(pen);
    put_span(pen, value, r->value_cid.len);
    put_span(pen, arguments, r->argument_hash.len);
    put_span(pen, tetraplet, r->tetraplet_cid.len);
    return pos;
}

/* The items of one store in the order of their keys. */
typedef struct archive_shelf {
    const uint8_t  *items;
    size_t          item_bytes, count;
    const uint32_t *order; /* NULL: as they stand */
} archive_shelf;

static archive_shelf shelf_of(archive_pen *pen, const void *items, size_t item_bytes, size_t count)
{
    return (archive_shelf){ items, item_bytes, count, riv_order(pen->arena, items, item_bytes, count) };
}

static const void *shelf_at(const archive_shelf *shelf, size_t i)
{
    return shelf->items + shelf->item_bytes * (shelf->order ? shelf->order[i] : i);
}

static uint32_t put_store(archive_pen *pen, const void *items, size_t item_bytes, size_t count,
                          uint32_t (*record)(archive_pen *, const void *))
{
    archive_shelf shelf   = shelf_of(pen, items, item_bytes, count);
    uint32_t     *keys    = riv_new(pen->arena, uint32_t, count);
    uint32_t     *records = riv_new(pen->arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        const void *item = shelf_at(&shelf, i);
        keys[i]          = text_content(pen, riv_bytes_str(riv_key_at(item, item_bytes, 0)));
        records[i]       = record(pen, item);
    }
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < count; i++) {
        put_span(pen, keys[i], riv_key_at(shelf_at(&shelf, i), item_bytes, 0).len);
        put_rel(pen, records[i]);
    }
    return pos;
}

static uint32_t put_signatures(archive_pen *pen, const archive_data *data)
{
    size_t        count    = data->signatures_count;
    archive_shelf shelf    = shelf_of(pen, data->signatures, sizeof *data->signatures, count);
    uint32_t     *contents = riv_new(pen->arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        const archive_signature *s = shelf_at(&shelf, i);
        contents[i]                = here(pen);
        riv_put_bytes(pen->out, s->public_key);
        riv_put_bytes(pen->out, s->signature);
    }
    pad(pen);
    uint32_t pos = here(pen);
    for (size_t i = 0; i < count; i++) {
        const archive_signature *s = shelf_at(&shelf, i);
        put_span(pen, contents[i], s->public_key.len);
        put_span(pen, contents[i] + (uint32_t)s->public_key.len, s->signature.len);
    }
    return pos;
}

/* What the archive takes at most if each text occurs twice, as ids do: once as a key, once where it is referred to. Memory is got once. */
static size_t size_of(const archive_data *data)
{
    enum { PAD = ARCHIVE__ALIGN - 1 };
    size_t size = ARCHIVE__ROOT_BYTES + ARCHIVE__STATE_BYTES * data->trace_count;
    for (size_t i = 0; i < data->trace_count; i++)
        if (data->trace[i].kind == ARCHIVE_AP) size += sizeof(uint32_t);
    for (size_t i = 0; i < data->values_count; i++)
        size += ARCHIVE__ENTRY_BYTES + data->values[i].key.len + data->values[i].text.len + PAD + ARCHIVE__TEXT_BYTES;
    for (size_t i = 0; i < data->tetraplets_count; i++) {
        const archive_tetraplet *t = &data->tetraplets[i].tetraplet;
        size += ARCHIVE__ENTRY_BYTES + data->tetraplets[i].key.len + t->peer_pk.len + t->service_id.len +
                t->function_name.len + t->lens.len + PAD + ARCHIVE__TETRAPLET_BYTES;
    }
    for (size_t i = 0; i < data->canon_elements_count; i++)
        size += ARCHIVE__ENTRY_BYTES + data->canon_elements[i].key.len + PAD + ARCHIVE__CANON_ELEMENT_BYTES;
    for (size_t i = 0; i < data->canon_results_count; i++)
        size += ARCHIVE__ENTRY_BYTES + data->canon_results[i].key.len + PAD + ARCHIVE__CANON_RESULT_BYTES +
                ARCHIVE__TEXT_BYTES * data->canon_results[i].values_count;
    for (size_t i = 0; i < data->service_results_count; i++)
        size += ARCHIVE__ENTRY_BYTES + data->service_results[i].key.len + data->service_results[i].argument_hash.len +
                PAD + ARCHIVE__SERVICE_RESULT_BYTES;
    for (size_t i = 0; i < data->signatures_count; i++)
        size += ARCHIVE__SIGNATURE_BYTES + data->signatures[i].public_key.len + data->signatures[i].signature.len;
    return size + 8 * PAD;
}

#define PUT_STORE(pen, data, name, record)                                                                             \
    put_store((pen), (data)->name, sizeof *(data)->name, (data)->name##_count, (record))

void archive_inner_write(const archive_data *data, riv_buf *out)
{
    riv_arena *arena       = riv_arena_new(0);
    size_t     texts_count = data->values_count + data->tetraplets_count + data->canon_elements_count +
                         data->canon_results_count + 2 * data->service_results_count;
    archive_pen pen = { out, out->len, riv_map_new_for(arena, texts_count), riv_map_new(arena), arena };
    riv_buf_reserve(out, size_of(data)); /* folds, senders and whatever else is rare grow it */
    uint32_t trace      = put_trace(&pen, data);
    uint32_t values     = PUT_STORE(&pen, data, values, value_record);
    uint32_t tetraplets = PUT_STORE(&pen, data, tetraplets, tetraplet_record);
    uint32_t elements   = PUT_STORE(&pen, data, canon_elements, element_record);
    uint32_t canons     = PUT_STORE(&pen, data, canon_results, canon_record);
    uint32_t services   = PUT_STORE(&pen, data, service_results, service_record);
    uint32_t signatures = put_signatures(&pen, data);
    pad(&pen);
    put_span(&pen, trace, data->trace_count);
    riv_put_u32be(out, data->last_call_id);
    put_span(&pen, values, data->values_count);
    put_span(&pen, tetraplets, data->tetraplets_count);
    put_span(&pen, elements, data->canon_elements_count);
    put_span(&pen, canons, data->canon_results_count);
    put_span(&pen, services, data->service_results_count);
    put_span(&pen, signatures, data->signatures_count);
    riv_arena_free(arena);
}
