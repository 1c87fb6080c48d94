/* run.c: looks at rows and writes the answer. Conditions follow SQL: a null fails every one but those that ask for null.
 * Of a list only the rows of its page are kept while it is looked through. Spec: docs/spec/graph.md 3, 4. Tests: answer_test.c, graph_bench.c. */
#include "codec/codec.h"
#include "graph/document.h"

static riv_err write_picks(graph__run *run, const graph__picks *picks, const graph__row *row, riv_buf *out);

riv_err graph__write(graph__run *run, const graph__picks *picks, riv_buf *out)
{
    return write_picks(run, picks, NULL, out);
}

/* ---- conditions ---- */

static bool matches(graph__run *run, const graph__filter *f, const graph__row *row);

static riv_str lowered(graph__run *run, riv_str text)
{
    riv_buf_clear(&run->lowered);
    graph__put_lower(&run->lowered, text);
    return riv_buf_str(&run->lowered);
}

/* With nocase the needle is in lower case. */
static bool text_fits(graph__run *run, const graph__key *key, riv_str text, riv_str needle)
{
    if (needle.len > text.len) return false;
    size_t last = text.len - needle.len;
    if (key->op == GRAPH__STARTS) text = riv_str_sub(text, 0, needle.len);
    if (key->op == GRAPH__ENDS) text = riv_str_sub(text, last, text.len);
    if (key->nocase) text = lowered(run, text);
    return key->op == GRAPH__CONTAINS ? riv_str_find(text, needle, 0) != SIZE_MAX : riv_str_eq(text, needle);
}

enum { STEP_PLACES = 4, STEP_BYTES = 16, STEP_BYTES_COMPARED = 64 }; /* of long texts: what one step looks through */

/* False: the steps are used up, and nothing so long is begun. */
static bool may_look(graph__run *run, uint64_t steps)
{
    run->steps += steps;
    return run->steps <= GRAPH_STEPS_MAX;
}

static bool in_list(graph__run *run, const graph__filter *f, graph__kind kind, const graph__value *v)
{
    if (!f->set) run->steps += f->values_count / 2;
    return graph__has_value(f, kind, v);
}

static bool ordered(const graph__filter *f, graph__kind kind, const graph__value *v)
{
    int c = f->negative ? 1 : graph__compare(kind, v, &f->values[0]);
    switch (f->key.op) {
    case GRAPH__EQ: return c == 0;
    case GRAPH__NOT: return c != 0;
    case GRAPH__GT: return c > 0;
    case GRAPH__LT: return c < 0;
    case GRAPH__GTE: return c >= 0;
    case GRAPH__LTE: return c <= 0;
    case GRAPH__IN:
    case GRAPH__NOT_IN:
    case GRAPH__CONTAINS:
    case GRAPH__STARTS:
    case GRAPH__ENDS:
    case GRAPH__CHILD:
    case GRAPH__AND:
    case GRAPH__OR:
    case GRAPH__CHANGED: break;
    }
    RIV_UNREACHABLE();
}

static size_t length_of(graph__kind kind, const graph__value *v)
{
    return kind == GRAPH__INT || kind == GRAPH__BIG || kind == GRAPH__BOOL ? 0 : v->text.len;
}

static bool value_fits(graph__run *run, const graph__filter *f, const graph__value *v)
{
    graph__kind kind = graph__schema[f->type].fields[f->key.field].kind;
    if (f->key.op == GRAPH__NOT_IN && f->values_count == 0) return true;
    if (f->key.op == GRAPH__IN || f->key.op == GRAPH__NOT_IN)
        return v->set && may_look(run, length_of(kind, v) / STEP_BYTES) &&
               in_list(run, f, kind, v) == (f->key.op == GRAPH__IN);
    if (!f->values[0].set) return v->set == (f->key.op == GRAPH__NOT);
    if (!v->set) return false;
    size_t length = length_of(kind, v), wanted = length_of(kind, &f->values[0]);
    if (f->key.op != GRAPH__CONTAINS && f->key.op != GRAPH__STARTS && f->key.op != GRAPH__ENDS)
        return may_look(run, RIV_MIN(length, wanted) / STEP_BYTES_COMPARED) && ordered(f, kind, v);
    return may_look(run, length / STEP_PLACES + (length / STEP_BYTES) * (wanted / STEP_BYTES)) &&
           text_fits(run, &f->key, v->text, f->values[0].text) != f->key.negated;
}

static bool child_fits(graph__run *run, const graph__filter *f, const graph__row *row)
{
    const graph__field *field = &graph__schema[f->type].fields[f->key.field];
    if (field->kind == GRAPH__REF) {
        const graph__value *v     = &row->values[f->key.field];
        const graph__row   *child = v->set ? graph__find(run->g, field->of, v->text) : NULL;
        return child && matches(run, f->kids, child);
    }
    graph__rows rows = graph__list(run->g, f->type, row, f->key.field);
    for (size_t i = 0; i < rows.count && run->steps <= GRAPH_STEPS_MAX; i++)
        if (matches(run, f->kids, rows.items[i])) return true;
    return false;
}

/* When the steps are used up it may say anything: whoever asks charges afterwards. */
static bool matches(graph__run *run, const graph__filter *f, const graph__row *row)
{
    run->steps++;
    if (f->key.op == GRAPH__CHILD) return child_fits(run, f, row);
    if (f->key.op != GRAPH__AND && f->key.op != GRAPH__OR) return value_fits(run, f, &row->values[f->key.field]);
    bool stop = f->key.op == GRAPH__OR;
    for (size_t i = 0; i < f->kids_count; i++)
        if (matches(run, &f->kids[i], row) == stop) return stop;
    return !stop;
}

/* ---- where to look: all rows, or those that an equality leaves ---- */

typedef struct lookup { /* rows of type whose id, or whose REF field, is one of the values */
    const graph__filter *by;
    size_t               ref; /* SIZE_MAX: by id */
} lookup;

static bool is_equality(const graph__filter *f)
{
    return (f->key.op == GRAPH__EQ && f->values[0].set) || f->key.op == GRAPH__IN;
}

/* An equality on field 0, the id, among conditions that must all hold. */
static const graph__filter *id_equality(const graph__filter *f)
{
    const graph__filter *best = NULL;
    if (f->key.op != GRAPH__AND)
        return f->key.op != GRAPH__CHILD && f->key.field == 0 && f->key.op != GRAPH__OR && is_equality(f) ? f : NULL;
    for (size_t i = 0; i < f->kids_count; i++) {
        const graph__filter *found = id_equality(&f->kids[i]);
        if (found && (!best || found->values_count < best->values_count)) best = found;
    }
    return best;
}

static bool better(const lookup *a, const lookup *b)
{
    if (!b->by) return true;
    if ((a->ref == SIZE_MAX) != (b->ref == SIZE_MAX)) return a->ref == SIZE_MAX;
    return a->by->values_count < b->by->values_count;
}

static void find_lookup(const graph *g, const graph__filter *f, lookup *best)
{
    lookup      own  = { NULL, SIZE_MAX };
    graph__rows rows = { 0 };
    if (f->key.op == GRAPH__AND) {
        for (size_t i = 0; i < f->kids_count; i++) find_lookup(g, &f->kids[i], best);
        return;
    }
    if (f->key.op == GRAPH__OR) return;
    bool is_ref = graph__schema[f->type].fields[f->key.field].kind == GRAPH__REF;
    if (f->key.op == GRAPH__CHILD)
        own = (lookup){ is_ref ? id_equality(f->kids) : NULL, f->key.field };
    else if (is_equality(f) && (is_ref || f->key.field == 0))
        own = (lookup){ f, is_ref ? f->key.field : SIZE_MAX };
    if (!own.by) return;
    if (own.ref != SIZE_MAX && !graph__referring(g, f->type, own.ref, RIV_LIT(""), &rows))
        return; /* no list follows it */
    if (better(&own, best)) *best = own;
}

/* ---- one page of many rows: a heap with the last of them on top ---- */

typedef struct page {
    graph__run        *run;
    const graph__pick *pick;
    graph__type        type;
    graph__kind        kind; /* of what it is ordered by */
    size_t             base; /* in run->stack */
    size_t             most; /* rows to keep */
} page;

static const graph__value *order_key(graph__run *run, const graph__pick *pick, graph__type type, const graph__row *row)
{
    const graph__value *v = &row->values[pick->order.field];
    if (pick->order.under != SIZE_MAX && v->set) {
        const graph__row *under = graph__find(run->g, graph__schema[type].fields[pick->order.field].of, v->text);
        run->steps++;
        v = under ? &under->values[pick->order.under] : NULL;
    }
    return v && v->set ? v : NULL;
}

/* Whoever tells of itself by a book does not make it dear to put others in order. */
static int key_order(graph__kind kind, const graph__value *a, const graph__value *b)
{
    graph__value front[2] = { *a, *b };
    if (RIV_MIN(length_of(kind, a), length_of(kind, b)) < GRAPH__ORDER_BYTES) return graph__compare(kind, a, b);
    for (size_t i = 0; i < 2; i++) front[i].text = riv_str_sub(front[i].text, 0, GRAPH__ORDER_BYTES);
    return graph__compare(kind, &front[0], &front[1]);
}

/* Ties by id; nulls behind all others; descending is exactly the other way round. */
static int item_order(const page *p, const graph__item *a, const graph__item *b)
{
    int c = 0;
    if (a->key && b->key && a->key != b->key) c = key_order(p->kind, a->key, b->key);
    if (!a->key != !b->key) c = a->key ? -1 : 1;
    if (c == 0) c = riv_str_cmp(a->row->id, b->row->id);
    return p->pick->descending ? -c : c;
}

static void sink(const page *p, graph__item *heap, size_t count, size_t at)
{
    for (;;) {
        size_t kid = 2 * at + 1;
        if (kid >= count) return;
        if (kid + 1 < count && item_order(p, &heap[kid + 1], &heap[kid]) > 0) kid++;
        if (item_order(p, &heap[at], &heap[kid]) >= 0) return;
        graph__item t = heap[at];
        heap[at]      = heap[kid];
        heap[kid]     = t;
        at            = kid;
    }
}

static void rise(const page *p, graph__item *heap, size_t at)
{
    while (at && item_order(p, &heap[at], &heap[(at - 1) / 2]) > 0) {
        graph__item t      = heap[at];
        heap[at]           = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = t;
        at                 = (at - 1) / 2;
    }
}

enum { HEAP_STEPS = 8 }; /* what a row's way through the heap costs */

static void offer_row(page *p, const graph__row *row)
{
    graph__run *run = p->run;
    run->steps++;
    if (p->pick->where && !matches(run, p->pick->where, row)) return;
    graph__item item  = { row, order_key(run, p->pick, p->type, row) };
    size_t      count = run->stack.len - p->base;
    if (count < p->most) {
        run->steps += HEAP_STEPS;
        *riv_push(run->arena, &run->stack) = item;
        rise(p, run->stack.ptr + p->base, count);
    } else if (item_order(p, &item, run->stack.ptr + p->base) < 0) {
        run->steps += HEAP_STEPS;
        run->stack.ptr[p->base] = item;
        sink(p, run->stack.ptr + p->base, count, 0);
    }
}

static void offer_rows(page *p, graph__rows rows)
{
    for (size_t i = 0; i < rows.count && p->run->steps <= GRAPH_STEPS_MAX; i++)
        if (rows.items[i])
            offer_row(p, rows.items[i]);
        else
            p->run->steps++; /* one was removed: there may be more of these than rows */
}

static void offer_found(page *p, const lookup *by)
{
    graph__run *run = p->run;
    for (size_t i = 0; i < by->by->values_count && run->steps <= GRAPH_STEPS_MAX; i++) {
        riv_str     id   = by->by->values[i].text;
        graph__rows rows = { 0 };
        run->steps++;
        if (by->ref != SIZE_MAX) {
            if (graph__referring(run->g, p->type, by->ref, id, &rows)) offer_rows(p, rows);
        } else {
            graph__row *row = graph__find(run->g, p->type, id);
            if (row) offer_row(p, row);
        }
    }
}

static void into_order(const page *p)
{
    graph__item *heap = p->run->stack.ptr + p->base;
    for (size_t count = p->run->stack.len - p->base; count > 1; count--) {
        graph__item t   = heap[0];
        heap[0]         = heap[count - 1];
        heap[count - 1] = t;
        sink(p, heap, count - 1, 0);
    }
}

static riv_err find_page(page *p, const graph__row *parent)
{
    graph__run        *run  = p->run;
    const graph__pick *pick = p->pick;
    lookup             by   = { NULL, SIZE_MAX };
    if (parent) {
        offer_rows(p, graph__list(run->g, (graph__type)pick->scope, parent, pick->meaning.field));
    } else {
        if (pick->where) find_lookup(run->g, pick->where, &by);
        if (by.by)
            offer_found(p, &by);
        else
            offer_rows(p, graph__all(run->g, p->type));
    }
    RIV_TRY(graph__charge(run, HEAP_STEPS * (run->stack.len - p->base), pick->pos));
    if (run->stack.len > p->base) into_order(p);
    return RIV_OK;
}

/* ---- writing ---- */

/* parent NULL: of all rows. */
static riv_err write_many(graph__run *run, const graph__pick *pick, const graph__row *parent, riv_buf *out)
{
    graph__type         type  = (graph__type)pick->meaning.inner;
    const graph__field *field = &graph__schema[type].fields[pick->order.field];
    graph__kind         kind =
        pick->order.under == SIZE_MAX ? field->kind : graph__schema[field->of].fields[pick->order.under].kind;
    page p = { run, pick, type, kind, run->stack.len, pick->first + pick->skip };
    RIV_TRY(find_page(&p, parent));
    size_t end = run->stack.len;
    riv_put_u8(out, '[');
    for (size_t i = p.base + pick->skip; i < end; i++) {
        if (i > p.base + pick->skip) riv_put_u8(out, ',');
        RIV_TRY(write_picks(run, &pick->kids, run->stack.ptr[i].row, out));
    }
    riv_put_u8(out, ']');
    run->stack.len = p.base;
    return RIV_OK;
}

static riv_err write_ref(graph__run *run, const graph__pick *pick, const graph__row *row, riv_buf *out)
{
    const graph__field *field = &graph__schema[pick->scope].fields[pick->meaning.field];
    const graph__value *v     = &row->values[pick->meaning.field];
    const graph__row   *other = v->set ? graph__find(run->g, field->of, v->text) : NULL;
    if (other) return write_picks(run, &pick->kids, other, out);
    if (!field->nullable)
        return riv_fail(run->fault, RIV_E_NOT_FOUND, pick->pos,
                        "Null value resolved for non-null field `%s` of %s " RIV_FMT, field->name,
                        graph__schema[pick->scope].name, RIV_ARG(riv_str_sub(row->id, 0, 80)));
    riv_put_str(out, RIV_LIT("null"));
    return RIV_OK;
}

static riv_err write_one(graph__run *run, const graph__pick *pick, riv_buf *out)
{
    const graph__row *row = graph__find(run->g, (graph__type)pick->meaning.inner, pick->id);
    if (row) return write_picks(run, &pick->kids, row, out);
    riv_put_str(out, RIV_LIT("null"));
    return RIV_OK;
}

static void write_value(const graph__pick *pick, const graph__row *row, riv_buf *out)
{
    const graph__value *v    = &row->values[pick->meaning.field];
    graph__kind         kind = graph__schema[pick->scope].fields[pick->meaning.field].kind;
    if (!v->set) {
        riv_put_str(out, RIV_LIT("null"));
        return;
    }
    switch (kind) {
    case GRAPH__ID:
    case GRAPH__STRING:
    case GRAPH__BYTES:
    case GRAPH__ENUM: riv_json_write_str(v->text, out); return;
    case GRAPH__INT: u256_put(out, v->number); return;
    case GRAPH__BIG:
        riv_put_u8(out, '"');
        u256_put(out, v->number);
        riv_put_u8(out, '"');
        return;
    case GRAPH__BOOL: riv_put_str(out, v->truth ? RIV_LIT("true") : RIV_LIT("false")); return;
    case GRAPH__REF:
    case GRAPH__LIST: break;
    }
    RIV_UNREACHABLE();
}

static riv_err write_meta(graph__run *run, const graph__pick *pick, riv_buf *out)
{
    if (run->g->next_height) return write_picks(run, &pick->kids, NULL, out);
    riv_put_str(out, RIV_LIT("null")); /* no block yet */
    return RIV_OK;
}

static void write_hash(const graph *g, riv_buf *out)
{
    riv_put_str(out, RIV_LIT("\"0x"));
    codec_put_hex(out, (riv_bytes){ g->block_hash.bytes, sizeof g->block_hash.bytes });
    riv_put_u8(out, '"');
}

static riv_err write_pick(graph__run *run, const graph__pick *pick, const graph__row *row, riv_buf *out)
{
    const graph *g = run->g;
    switch (pick->meaning.place) {
    case GRAPH__AT_TYPENAME: riv_putf(out, "\"%s\"", graph__scope_name(pick->scope)); break;
    case GRAPH__AT_VALUE: write_value(pick, row, out); break;
    case GRAPH__AT_REF: return write_ref(run, pick, row, out);
    case GRAPH__AT_LIST: return write_many(run, pick, row, out);
    case GRAPH__AT_ONE: return write_one(run, pick, out);
    case GRAPH__AT_MANY: return write_many(run, pick, NULL, out);
    case GRAPH__AT_META: return write_meta(run, pick, out);
    case GRAPH__AT_BLOCK: return write_picks(run, &pick->kids, NULL, out);
    case GRAPH__AT_NUMBER: riv_putf(out, "%llu", (unsigned long long)(g->next_height - 1)); break;
    case GRAPH__AT_HASH: write_hash(g, out); break;
    case GRAPH__AT_TIMESTAMP: riv_putf(out, "%llu", (unsigned long long)g->block_time_s); break;
    case GRAPH__AT_DEPLOYMENT: riv_put_str(out, RIV_LIT("\"fluence-deal-contracts\"")); break;
    case GRAPH__AT_ERRORS:
        riv_put_str(out, RIV_LIT("false"));
        break; /* a log that it does not understand stops the index */
    }
    return RIV_OK;
}

/* row NULL: of the query, or of what is known of the index itself. */
static riv_err write_picks(graph__run *run, const graph__picks *picks, const graph__row *row, riv_buf *out)
{
    riv_put_u8(out, '{');
    for (size_t i = 0; i < picks->count; i++) {
        const graph__pick *pick = &picks->items[i];
        RIV_TRY(graph__charge(run, 1, pick->pos));
        if (out->len > GRAPH_REPLY_BYTES_MAX)
            return riv_fail(run->fault, RIV_E_LIMIT, pick->pos,
                            "The answer is longer than %d bytes: ask for fewer rows or fields", GRAPH_REPLY_BYTES_MAX);
        if (i) riv_put_u8(out, ',');
        riv_put_u8(out, '"');
        riv_put_str(out, pick->key);
        riv_put_str(out, RIV_LIT("\":"));
        RIV_TRY(write_pick(run, pick, row, out));
    }
    riv_put_u8(out, '}');
    return RIV_OK;
}
