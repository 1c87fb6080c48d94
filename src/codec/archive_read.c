/* archive_read.c: reads the inner archive of particle data and refuses what the original's validator refuses.
 * The validator walks a window [start, end) through the bytes: what a thing holds lies in front of it, in field order, never
 * overlapping; only texts and records behind an Rc may be pointed at again.
 * Spec: docs/spec/air.md 3.2 "Reading". Tests: archive_test.c, archive_fuzz.c. */
#include "codec/archive_internal.h"

/* What an Rc points at; an address holds one kind only. */
typedef enum __attribute__((packed)) rc_kind {
    RC_TEXT, /* CIDs and the argument hash */
    RC_STRING,
    RC_VALUE,
    RC_TETRAPLET,
    RC_CANON_ELEMENT,
    RC_CANON_RESULT,
    RC_SERVICE_RESULT,
} rc_kind;

typedef struct seen_target {
    uint32_t at;
    rc_kind  kind;
    union {
        uint32_t    len;    /* of a text */
        const void *record; /* decoded */
    };
} seen_target;

enum { SEEN_BLOCK_BYTES = 64 };

typedef struct archive_walk {
    riv_bytes in;
    uint64_t  start, end;       /* the window */
    RIV_VEC(seen_target) seen;  /* ascending: the window's start only grows */
    uint32_t  *blocks;          /* by address / SEEN_BLOCK_BYTES: the first one seen there, + 1; 0: none */
    riv_arena *arena, *scratch; /* of the result; of what only reading needs */
    riv_fault *fault;
} archive_walk;

static riv_err broken(archive_walk *w, uint64_t pos, const char *what)
{
    return riv_fail_code(w->fault, RIV_E_MALFORMED, ARCHIVE__CODE_INNER, pos, "data archive: %s at %llu", what,
                         (unsigned long long)pos);
}

/* Before memory is taken: count items of bytes bytes must fit into what the arena may still give; scratch has the same budget. */
static riv_err afford(archive_walk *w, uint64_t pos, uint64_t count, size_t bytes)
{
    size_t left = riv_arena_left(w->arena), used = riv_arena_used(w->scratch);
    if (count <= (left == SIZE_MAX ? left : left > used ? left - used : 0) / bytes) return RIV_OK;
    return riv_fail_code(w->fault, RIV_E_LIMIT, ARCHIVE__CODE_INNER, pos,
                         "data archive needs more memory than is granted at %llu", (unsigned long long)pos);
}

static uint32_t u32_at(const archive_walk *w, uint64_t pos)
{
    const uint8_t *p = w->in.ptr + pos;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* ---- targets ---- */

/* Rule 1: the target of bytes bytes that lies offset from pos is inside the input and aligned. */
static riv_err locate(archive_walk *w, uint64_t pos, int32_t offset, uint64_t bytes, uint32_t align, uint64_t *out)
{
    int64_t at = (int64_t)pos + offset;
    if (at < 0 || (uint64_t)at > w->in.len) return broken(w, pos, "pointer out of bounds");
    if (bytes > (UINT64_C(1) << 31) - align) return broken(w, pos, "target too large");
    if ((uint64_t)at % align) return broken(w, pos, "pointer not aligned");
    if ((uint64_t)at + bytes > w->in.len) return broken(w, pos, "target runs over the end");
    *out = (uint64_t)at;
    return RIV_OK;
}

static riv_err locate_rel(archive_walk *w, uint64_t pos, uint64_t bytes, uint32_t align, uint64_t *out)
{
    return locate(w, pos, (int32_t)u32_at(w, pos), bytes, align, out);
}

/* Rules 3 and 4: the target lies in the window; what it holds has to lie between the window's start and the target. */
static riv_err enter(archive_walk *w, uint64_t pos, uint64_t at, uint64_t bytes, uint64_t *outer_end)
{
    if (at < w->start || at + bytes > w->end) return broken(w, pos, "target overlaps another or lies behind its owner");
    *outer_end = w->end;
    w->end     = at;
    return RIV_OK;
}

static void leave(archive_walk *w, uint64_t at, uint64_t bytes, uint64_t outer_end)
{
    w->start = at + bytes;
    w->end   = outer_end;
}

static riv_err claim_bytes(archive_walk *w, uint64_t pos, uint64_t at, uint64_t bytes)
{
    uint64_t outer_end = 0;
    RIV_TRY(enter(w, pos, at, bytes, &outer_end));
    leave(w, at, bytes, outer_end);
    return RIV_OK;
}

static const seen_target *seen_at(const archive_walk *w, uint64_t at)
{
    uint32_t first = w->blocks[at / SEEN_BLOCK_BYTES];
    for (size_t i = first - 1u; first && i < w->seen.len && w->seen.ptr[i].at <= at; i++)
        if (w->seen.ptr[i].at == at) return &w->seen.ptr[i];
    return NULL;
}

static riv_err remember(archive_walk *w, uint64_t pos, seen_target target)
{
    /* An empty text inside a record may claim the record's own address. */
    if (w->seen.len && w->seen.ptr[w->seen.len - 1].at >= target.at)
        return broken(w, pos, "two kinds of target at one address");
    RIV_TRY(afford(w, pos, 1, sizeof target));
    *riv_push(w->scratch, &w->seen) = target;
    uint32_t *first                 = &w->blocks[target.at / SEEN_BLOCK_BYTES];
    if (!*first) *first = (uint32_t)w->seen.len;
    return RIV_OK;
}

/* ---- texts ---- */

static riv_err text_of(archive_walk *w, uint64_t at, uint64_t bytes, riv_str *out)
{
    riv_bytes view = riv_bytes_sub(w->in, (size_t)at, (size_t)(at + bytes));
    size_t    bad  = 0;
    if (!riv_utf8_valid(view, &bad)) return broken(w, at + bad, "text is not UTF-8");
    *out = riv_bytes_str(view);
    return RIV_OK;
}

/* Box<[u8]> */
static riv_err read_bytes(archive_walk *w, uint64_t pos, riv_bytes *out)
{
    uint64_t at, bytes = u32_at(w, pos + 4);
    RIV_TRY(locate_rel(w, pos, bytes, 1, &at));
    RIV_TRY(claim_bytes(w, pos, at, bytes));
    *out = riv_bytes_sub(w->in, (size_t)at, (size_t)(at + bytes));
    return RIV_OK;
}

/* Rc<str> */
static riv_err read_text(archive_walk *w, uint64_t pos, riv_str *out)
{
    uint64_t at, bytes = u32_at(w, pos + 4);
    RIV_TRY(locate_rel(w, pos, bytes, 1, &at));
    const seen_target *seen = seen_at(w, at);
    if (seen && (seen->kind != RC_TEXT || seen->len != bytes)) /* the original reads foreign memory on another length */
        return broken(w, pos, "shared text of another kind or length");
    if (seen) {
        *out = riv_bytes_str(riv_bytes_sub(w->in, (size_t)at, (size_t)(at + bytes)));
        return RIV_OK;
    }
    RIV_TRY(claim_bytes(w, pos, at, bytes));
    RIV_TRY(text_of(w, at, bytes, out));
    return remember(w, pos, (seen_target){ (uint32_t)at, RC_TEXT, .len = (uint32_t)bytes });
}

/* String: up to seven bytes inside, else length and a little-endian offset from the String's start. */
static riv_err read_string(archive_walk *w, uint64_t pos, riv_str *out)
{
    const uint8_t *p    = w->in.ptr + pos;
    uint8_t        last = p[ARCHIVE__STRING_BYTES - 1];
    if (!(last & 0x80)) {
        if (last > ARCHIVE__STRING_INLINE_MAX) return broken(w, pos, "inline text too long");
        return text_of(w, pos, last, out);
    }
    uint32_t offset = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
    uint64_t at, bytes = u32_at(w, pos);
    RIV_TRY(locate(w, pos, (int32_t)offset, bytes, 1, &at));
    RIV_TRY(claim_bytes(w, pos, at, bytes));
    return text_of(w, at, bytes, out);
}

/* ---- vectors and shared records ---- */

typedef riv_err (*read_fn)(archive_walk *w, uint64_t pos, void *out);

/* How one thing is archived and what it becomes. */
typedef struct archive_shape {
    size_t  wire_bytes, bytes;
    read_fn read; /* its contents */
} archive_shape;

static riv_err read_vec(archive_walk *w, uint64_t pos, const archive_shape *shape, void **out, size_t *out_count)
{
    uint32_t count = u32_at(w, pos + 4);
    uint64_t at, wire_bytes = (uint64_t)count * shape->wire_bytes, outer_end = 0;
    RIV_TRY(locate_rel(w, pos, wire_bytes, ARCHIVE__ALIGN, &at));
    RIV_TRY(enter(w, pos, at, wire_bytes, &outer_end));
    RIV_TRY(afford(w, pos, count, shape->bytes));
    uint8_t *items = riv_arena_alloc_n(w->arena, count, shape->bytes, _Alignof(max_align_t));
    for (uint32_t i = 0; i < count; i++)
        RIV_TRY(shape->read(w, at + (uint64_t)i * shape->wire_bytes, items + i * shape->bytes));
    leave(w, at, wire_bytes, outer_end);
    *out       = items;
    *out_count = count;
    return RIV_OK;
}

/* Rc<T> of a sized T, into out, which is zero. What was decoded is remembered where it is: many pointers at a long record cost a copy of
 * its head each. */
static riv_err read_rc(archive_walk *w, uint64_t pos, rc_kind kind, const archive_shape *shape, void *out)
{
    uint64_t at, outer_end = 0;
    RIV_TRY(locate_rel(w, pos, shape->wire_bytes, ARCHIVE__ALIGN, &at));
    const seen_target *seen = seen_at(w, at);
    if (seen && seen->kind != kind) return broken(w, pos, "shared record of another kind");
    if (seen) {
        memcpy(out, seen->record, shape->bytes);
        return RIV_OK;
    }
    RIV_TRY(enter(w, pos, at, shape->wire_bytes, &outer_end));
    RIV_TRY(shape->read(w, at, out));
    leave(w, at, shape->wire_bytes, outer_end);
    return remember(w, pos, (seen_target){ (uint32_t)at, kind, .record = out });
}

/* ---- states ---- */

static riv_err read_string_into(archive_walk *w, uint64_t pos, void *out) { return read_string(w, pos, out); }

static const archive_shape string_shape = { ARCHIVE__STRING_BYTES, sizeof(riv_str), read_string_into };

static riv_err read_sender(archive_walk *w, uint64_t pos, riv_str *out)
{
    return read_rc(w, pos, RC_STRING, &string_shape, out);
}

static riv_err read_request(archive_walk *w, uint64_t pos, archive_state *s)
{
    uint8_t tag = w->in.ptr[pos];
    if (tag > ARCHIVE__SENDER_PEER_WITH_ID) return broken(w, pos, "tag of a sender");
    s->call = ARCHIVE_CALL_REQUEST;
    if (tag == ARCHIVE__SENDER_PEER_WITH_ID) {
        s->has_call_id = true;
        s->call_id     = u32_at(w, pos + 8);
    }
    return read_sender(w, pos + 4, &s->sender);
}

static riv_err read_executed(archive_walk *w, uint64_t pos, archive_state *s)
{
    static const archive_call_kind kinds[] = { ARCHIVE_CALL_SCALAR, ARCHIVE_CALL_STREAM, ARCHIVE_CALL_UNUSED };
    uint8_t                        tag     = w->in.ptr[pos];
    if (tag > ARCHIVE__VALUE_UNUSED) return broken(w, pos, "tag of a value reference");
    s->call = kinds[tag];
    if (tag == ARCHIVE__VALUE_STREAM) s->generation = u32_at(w, pos + 12);
    return read_text(w, pos + 4, &s->cid);
}

static riv_err read_call(archive_walk *w, uint64_t pos, archive_state *s)
{
    switch (w->in.ptr[pos]) {
    case ARCHIVE__CALL_REQUEST: return read_request(w, pos + 4, s);
    case ARCHIVE__CALL_EXECUTED: return read_executed(w, pos + 4, s);
    case ARCHIVE__CALL_FAILED: s->call = ARCHIVE_CALL_FAILED; return read_text(w, pos + 4, &s->cid);
    }
    return broken(w, pos, "tag of a call result");
}

static riv_err read_desc(archive_walk *w, uint64_t pos, void *out)
{
    *(archive_desc *)out = (archive_desc){ u32_at(w, pos), u32_at(w, pos + 4) };
    return RIV_OK;
}

static riv_err read_lore(archive_walk *w, uint64_t pos, void *out)
{
    static const archive_shape desc = { ARCHIVE__DESC_BYTES, sizeof(archive_desc), read_desc };
    archive_lore              *lore = out;
    void                      *descs;
    lore->value_pos = u32_at(w, pos);
    RIV_TRY(read_vec(w, pos + 4, &desc, &descs, &lore->descs_count));
    lore->descs = descs;
    return RIV_OK;
}

static riv_err read_fold(archive_walk *w, uint64_t pos, archive_state *s)
{
    static const archive_shape lore_shape = { ARCHIVE__LORE_BYTES, sizeof(archive_lore), read_lore };
    void                      *lore;
    RIV_TRY(read_vec(w, pos, &lore_shape, &lore, &s->lore_count));
    s->lore = lore;
    return RIV_OK;
}

static riv_err read_u32(archive_walk *w, uint64_t pos, void *out)
{
    *(uint32_t *)out = u32_at(w, pos);
    return RIV_OK;
}

static riv_err read_ap(archive_walk *w, uint64_t pos, archive_state *s)
{
    static const archive_shape number = { sizeof(uint32_t), sizeof(uint32_t), read_u32 };
    void                      *generations;
    size_t                     count;
    RIV_TRY(read_vec(w, pos, &number, &generations, &count));
    s->generations_count = (uint32_t)count;
    if (count) s->generation = *(const uint32_t *)generations;
    return RIV_OK;
}

static riv_err read_canon(archive_walk *w, uint64_t pos, archive_state *s)
{
    uint8_t tag = w->in.ptr[pos];
    if (tag > ARCHIVE__CANON_EXECUTED) return broken(w, pos, "tag of a canon");
    s->canon_executed = tag == ARCHIVE__CANON_EXECUTED;
    return s->canon_executed ? read_text(w, pos + 4, &s->cid) : read_sender(w, pos + 4, &s->sender);
}

static riv_err read_state(archive_walk *w, uint64_t pos, void *out)
{
    archive_state *s   = out;
    uint8_t        tag = w->in.ptr[pos];
    if (tag > ARCHIVE_CANON) return broken(w, pos, "tag of a state");
    s->kind = (archive_state_kind)tag;
    switch (s->kind) {
    case ARCHIVE_PAR:
        s->left  = u32_at(w, pos + 4);
        s->right = u32_at(w, pos + 8);
        return RIV_OK;
    case ARCHIVE_CALL: return read_call(w, pos + 4, s);
    case ARCHIVE_FOLD: return read_fold(w, pos + 4, s);
    case ARCHIVE_AP: return read_ap(w, pos + 4, s);
    case ARCHIVE_CANON: return read_canon(w, pos + 4, s);
    }
    RIV_UNREACHABLE();
}

/* ---- records of the stores; each leaves its key to its entry ---- */

static riv_err read_value(archive_walk *w, uint64_t pos, void *out)
{
    archive_value *value = out;
    riv_bytes      text;
    RIV_TRY(read_bytes(w, pos, &text));
    return text_of(w, text.len ? (uint64_t)(text.ptr - w->in.ptr) : pos, text.len, &value->text);
}

static riv_err read_tetraplet(archive_walk *w, uint64_t pos, void *out)
{
    archive_tetraplet *t = &((archive_tetraplet_entry *)out)->tetraplet;
    RIV_TRY(read_string(w, pos, &t->peer_pk));
    RIV_TRY(read_string(w, pos + 8, &t->service_id));
    RIV_TRY(read_string(w, pos + 16, &t->function_name));
    return read_string(w, pos + 24, &t->lens);
}

static riv_err read_canon_element(archive_walk *w, uint64_t pos, void *out)
{
    archive_canon_element *e = out;
    RIV_TRY(read_text(w, pos, &e->value));
    RIV_TRY(read_text(w, pos + 8, &e->tetraplet));
    uint8_t tag = w->in.ptr[pos + 16];
    if (tag > ARCHIVE_FROM_CANON) return broken(w, pos + 16, "tag of a provenance");
    e->provenance = (archive_provenance)tag;
    return e->provenance == ARCHIVE_LITERAL ? RIV_OK : read_text(w, pos + 20, &e->provenance_cid);
}

static riv_err read_text_into(archive_walk *w, uint64_t pos, void *out) { return read_text(w, pos, out); }

static riv_err read_canon_result(archive_walk *w, uint64_t pos, void *out)
{
    static const archive_shape text = { ARCHIVE__TEXT_BYTES, sizeof(riv_str), read_text_into };
    archive_canon_result      *r    = out;
    void                      *values;
    RIV_TRY(read_text(w, pos, &r->tetraplet));
    RIV_TRY(read_vec(w, pos + 8, &text, &values, &r->values_count));
    r->values = values;
    return RIV_OK;
}

static riv_err read_service_result(archive_walk *w, uint64_t pos, void *out)
{
    archive_service_result *r = out;
    RIV_TRY(read_text(w, pos, &r->value_cid));
    RIV_TRY(read_text(w, pos + 8, &r->argument_hash));
    return read_text(w, pos + 16, &r->tetraplet_cid);
}

/* ---- entries and stores ---- */

/* key, then the record, whose decoded form begins with the place of the key. */
static riv_err read_entry(archive_walk *w, uint64_t pos, rc_kind kind, const archive_shape *record, void *out)
{
    riv_str key;
    RIV_TRY(read_text(w, pos, &key));
    RIV_TRY(read_rc(w, pos + 8, kind, record, out));
    memcpy(out, &key,
           sizeof key); /* a record that is shared is remembered with its first key, which is not looked at */
    return RIV_OK;
}

static const archive_shape value_record     = { ARCHIVE__TEXT_BYTES, sizeof(archive_value), read_value };
static const archive_shape tetraplet_record = { ARCHIVE__TETRAPLET_BYTES, sizeof(archive_tetraplet_entry),
                                                read_tetraplet };
static const archive_shape element_record   = { ARCHIVE__CANON_ELEMENT_BYTES, sizeof(archive_canon_element),
                                                read_canon_element };
static const archive_shape canon_record     = { ARCHIVE__CANON_RESULT_BYTES, sizeof(archive_canon_result),
                                                read_canon_result };
static const archive_shape service_record   = { ARCHIVE__SERVICE_RESULT_BYTES, sizeof(archive_service_result),
                                                read_service_result };

static riv_err read_value_entry(archive_walk *w, uint64_t pos, void *out)
{
    return read_entry(w, pos, RC_VALUE, &value_record, out);
}

static riv_err read_tetraplet_entry(archive_walk *w, uint64_t pos, void *out)
{
    return read_entry(w, pos, RC_TETRAPLET, &tetraplet_record, out);
}

static riv_err read_element_entry(archive_walk *w, uint64_t pos, void *out)
{
    return read_entry(w, pos, RC_CANON_ELEMENT, &element_record, out);
}

static riv_err read_canon_entry(archive_walk *w, uint64_t pos, void *out)
{
    return read_entry(w, pos, RC_CANON_RESULT, &canon_record, out);
}

static riv_err read_service_entry(archive_walk *w, uint64_t pos, void *out)
{
    return read_entry(w, pos, RC_SERVICE_RESULT, &service_record, out);
}

static riv_err read_signature_entry(archive_walk *w, uint64_t pos, void *out)
{
    archive_signature *s = out;
    RIV_TRY(read_bytes(w, pos, &s->public_key));
    return read_bytes(w, pos + 8, &s->signature);
}

/* Puts items into their order, each moved once: order[i] tells which stands at i in the end. */
static void rearrange(uint8_t *items, size_t bytes, uint32_t *order, size_t count)
{
    _Alignas(max_align_t) uint8_t first[RIV_MAX(sizeof(archive_tetraplet_entry), sizeof(archive_canon_element))];
    RIV_ASSERT(bytes <= sizeof first);
    for (uint32_t start = 0; start < count; start++) {
        uint32_t to = start;
        if (order[start] == start) continue;
        memcpy(first, items + start * bytes, bytes);
        for (uint32_t from; (from = order[to]) != start; to = from) {
            memcpy(items + to * bytes, items + from * bytes, bytes);
            order[to] = to;
        }
        memcpy(items + to * bytes, first, bytes);
        order[to] = to;
    }
}

/* Sorted by key; of equal keys the last one stays. */
static riv_err read_store(archive_walk *w, uint64_t pos, const archive_shape *entry, const void **out,
                          size_t *out_count)
{
    void  *items;
    size_t count;
    RIV_TRY(read_vec(w, pos, entry, &items, &count));
    RIV_TRY(afford(w, pos, count, RIV_ORDER_BYTES));
    const uint32_t *order = riv_order(w->scratch, items, entry->bytes, count);
    *out                  = items;
    *out_count            = count;
    if (!order) return RIV_OK;
    rearrange(items, entry->bytes, (uint32_t *)(uintptr_t)order, count);
    uint8_t *sorted = items;
    size_t   kept   = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && riv_bytes_eq(riv_key_at(items, entry->bytes, i), riv_key_at(items, entry->bytes, i + 1)))
            continue;
        if (kept != i) memcpy(sorted + kept * entry->bytes, sorted + i * entry->bytes, entry->bytes);
        kept++;
    }
    *out_count = kept;
    return RIV_OK;
}

static const archive_shape state_shape     = { ARCHIVE__STATE_BYTES, sizeof(archive_state), read_state };
static const archive_shape value_entry     = { ARCHIVE__ENTRY_BYTES, sizeof(archive_value), read_value_entry };
static const archive_shape tetraplet_entry = { ARCHIVE__ENTRY_BYTES, sizeof(archive_tetraplet_entry),
                                               read_tetraplet_entry };
static const archive_shape element_entry = { ARCHIVE__ENTRY_BYTES, sizeof(archive_canon_element), read_element_entry };
static const archive_shape canon_entry   = { ARCHIVE__ENTRY_BYTES, sizeof(archive_canon_result), read_canon_entry };
static const archive_shape service_entry = { ARCHIVE__ENTRY_BYTES, sizeof(archive_service_result), read_service_entry };
static const archive_shape signature_entry = { ARCHIVE__SIGNATURE_BYTES, sizeof(archive_signature),
                                               read_signature_entry };

static riv_err read_root(archive_walk *w, uint64_t pos, archive_data *data)
{
    void       *trace;
    const void *values, *tetraplets, *elements, *canons, *services, *signatures;
    RIV_TRY(read_vec(w, pos, &state_shape, &trace, &data->trace_count));
    data->last_call_id = u32_at(w, pos + 8);
    RIV_TRY(read_store(w, pos + 12, &value_entry, &values, &data->values_count));
    RIV_TRY(read_store(w, pos + 20, &tetraplet_entry, &tetraplets, &data->tetraplets_count));
    RIV_TRY(read_store(w, pos + 28, &element_entry, &elements, &data->canon_elements_count));
    RIV_TRY(read_store(w, pos + 36, &canon_entry, &canons, &data->canon_results_count));
    RIV_TRY(read_store(w, pos + 44, &service_entry, &services, &data->service_results_count));
    RIV_TRY(read_store(w, pos + 52, &signature_entry, &signatures, &data->signatures_count));
    data->trace           = trace;
    data->values          = values;
    data->tetraplets      = tetraplets;
    data->canon_elements  = elements;
    data->canon_results   = canons;
    data->service_results = services;
    data->signatures      = signatures;
    return RIV_OK;
}

static riv_err read_inner(archive_walk *w, archive_data *data)
{
    uint64_t at, outer_end = 0, root = w->in.len - ARCHIVE__ROOT_BYTES;
    size_t   blocks_count = w->in.len / SEEN_BLOCK_BYTES + 1;
    RIV_TRY(afford(w, 0, blocks_count, sizeof *w->blocks));
    w->blocks = riv_new(w->scratch, uint32_t, blocks_count);
    RIV_TRY(locate(w, root, 0, ARCHIVE__ROOT_BYTES, ARCHIVE__ALIGN, &at));
    RIV_TRY(enter(w, root, at, ARCHIVE__ROOT_BYTES, &outer_end));
    return read_root(w, at, data);
}

riv_err archive_inner_read(riv_bytes inner, riv_arena *arena, riv_fault *fault, archive_data *out)
{
    archive_walk w    = { .in = inner, .end = inner.len, .arena = arena, .fault = fault };
    archive_data data = { 0 };
    if (inner.len < ARCHIVE__ROOT_BYTES) return broken(&w, 0, "fewer bytes than a root");
    if (inner.len > INT32_MAX)
        return riv_fail_code(fault, RIV_E_LIMIT, ARCHIVE__CODE_INNER, 0, "data archive of %zu bytes", inner.len);
    w.scratch   = riv_arena_new(0);
    riv_err err = read_inner(&w, &data);
    riv_arena_free(w.scratch);
    if (!err) *out = data;
    return err;
}
