/* lore.c: the trace side of folds over streams: where each iteration's states stood, and where they stand now.
 * An iteration has two runs of states, before its `next` and after it; a generation is walked forth and then back.
 * Spec: docs/spec/air.md §5. Tests: avm_test.c. */
#include "avm/internal.h"

/* Windows of one iteration in an old trace: lens are cumulated over the iterations that nest in it. */
typedef struct windows {
    uint32_t     value_pos;
    archive_desc before, after;
    bool         used;
} windows;
typedef struct resolved_fold {
    riv_map *by_value_pos;
    uint32_t states_count;
} resolved_fold;

typedef enum part { BEFORE_STARTED, BEFORE_COMPLETED, AFTER_STARTED, AFTER_COMPLETED } part;
typedef struct iteration {
    uint32_t       value_pos, before_begin, before_end, after_begin, after_end;
    part           part;
    const windows *old[2]; /* by side */
} iteration;

struct lore_fold {
    uint32_t            at;      /* of the fold's state in the result */
    uint32_t            prev_at; /* and in prev */
    const archive_lore *prev_lore;
    size_t              prev_lore_count;
    resolved_fold       old[2];
    struct {
        uint32_t pos, len;
    } end[2];
    RIV_VEC(iteration) open; /* of the generation that runs */
    size_t back_at;          /* 1 + index of the iteration that is walked */
    bool   going_back;
    RIV_VEC(archive_lore) lore;
};

/* ---- reading old folds ---- */

static const failure *generation_at(avm *vm, const air_node *at, source side, uint32_t pos, uint32_t *out)
{
    const cursor *c = &vm->trace.side[side];
    if (pos >= c->count)
        return avm__trace_fail(vm, at,
                               "requested an element at position '%u', but executed trace contains only '%u' elements",
                               pos, c->count);
    const archive_state *s = avm__state_at(vm, c, pos);
    bool                 has =
        (s->kind == ARCHIVE_CALL && s->call == ARCHIVE_CALL_STREAM) || (s->kind == ARCHIVE_AP && s->generations_count);
    if (!has)
        return avm__trace_fail(vm, at,
                               "expected a state of CallResult(Value::Stream) or Ap types but '" RIV_FMT "' obtained",
                               RIV_ARG(avm__shown_state(vm, s)));
    *out = s->generation;
    return NULL;
}

/* Sums of before lens from each iteration to the end of its generation, with the last one's after lens. */
static void cumulate_before(windows *w, size_t from, size_t to)
{
    uint32_t sum = 0;
    for (size_t i = to; i-- > from;) {
        sum += w[i].before.len;
        w[i].before.len = sum + w[to - 1].after.len;
    }
}

static const failure *check_lore(avm *vm, const air_node *at, const archive_lore *l)
{
    if (l->descs_count != 2)
        return avm__trace_fail(vm, at, "fold contains %zu sublore descriptors, but 2 is expected", l->descs_count);
    if (l->descs[0].begin == UINT32_MAX || l->descs[1].begin == UINT32_MAX) /* the original traps */
        return avm__trace_fail(vm, at, "fold descriptor begins at position %u", UINT32_MAX);
    return NULL;
}

/* "FoldResult { ... }", without the state's own name around it. */
static riv_str debug_fold(avm *vm, const archive_state *s)
{
    riv_str text = avm__debug_state(vm, s);
    return riv_str_sub(text, 5, text.len - 1);
}

static const failure *read_lore(avm *vm, const air_node *at, source side, const archive_state *s, windows *w,
                                uint32_t *total)
{
    uint32_t number = 0, last_number = 0, after = 0;
    size_t   generation_from = 0;
    for (size_t i = 0; i < s->lore_count; i++) {
        const archive_lore *l = &s->lore[i];
        AVM_TRY(check_lore(vm, at, l));
        AVM_TRY(generation_at(vm, at, side, l->value_pos, &number));
        if (number != last_number) {
            cumulate_before(w, generation_from, i);
            last_number     = number;
            generation_from = i;
            after           = 0;
        }
        if (__builtin_add_overflow(*total, l->descs[0].len, total) ||
            __builtin_add_overflow(*total, l->descs[1].len, total))
            return avm__trace_fail(vm, at, "the first %zu subtrace descriptors lens of fold " RIV_FMT " overflows", i,
                                   RIV_ARG(debug_fold(vm, s)));
        after += l->descs[1].len;
        w[i] = (windows){ .value_pos = l->value_pos, .before = l->descs[0], .after = { l->descs[1].begin, after } };
    }
    cumulate_before(w, generation_from, s->lore_count);
    return NULL;
}

static const failure *resolve_old(avm *vm, const air_node *at, source side, const archive_state *s, resolved_fold *out)
{
    out->by_value_pos = riv_map_new(vm->arena);
    if (!s) return NULL;
    windows *w = riv_new(vm->arena, windows, s->lore_count + 1);
    AVM_TRY(read_lore(vm, at, side, s, w, &out->states_count));
    for (size_t i = 0; i < s->lore_count; i++)
        if (riv_map_put_u64(out->by_value_pos, s->lore[i].value_pos, &w[i]))
            return avm__trace_fail(vm, at, RIV_FMT " contains several subtraces with the same value_pos %u",
                                   RIV_ARG(debug_fold(vm, s)), s->lore[i].value_pos);
    return NULL;
}

static riv_str debug_resolved(avm *vm, const resolved_fold *f)
{
    riv_buf     out  = riv_buf_in(vm->arena);
    const char *lead = "ResolvedFold { lore: {";
    for (size_t i = 0; i < riv_map_slots(f->by_value_pos); i++, lead = ", ") {
        riv_bytes key;
        void     *held;
        if (!riv_map_at(f->by_value_pos, i, &key, &held)) continue;
        const windows *w = held;
        riv_putf(&out,
                 "%s%u: ResolvedSubTraceDescs { before_subtrace: SubTraceDesc { begin_pos: %u, subtrace_len: %u }, "
                 "after_subtrace: SubTraceDesc { begin_pos: %u, subtrace_len: %u } }",
                 lead, w->value_pos, w->before.begin, w->before.len, w->after.begin, w->after.len);
    }
    if (!out.len) riv_put_str(&out, riv_str_c(lead));
    riv_putf(&out, "}, fold_states_count: %u }", f->states_count);
    return riv_buf_str(&out);
}

static const failure *find_end(avm *vm, const air_node *at, lore_fold *f, source side)
{
    const cursor *c    = &vm->trace.side[side];
    uint32_t      left = c->len - c->seen, count = f->old[side].states_count;
    const char   *name = side == SOURCE_PREV ? "previous" : "current";
    if (__builtin_add_overflow(c->pos, count, &f->end[side].pos))
        return avm__trace_fail(vm, at,
                               "overflow is occurred while calculating the new position of a %s slider for resolved "
                               "fold " RIV_FMT " and current position %u'",
                               name, RIV_ARG(debug_resolved(vm, &f->old[side])), c->pos);
    if (__builtin_sub_overflow(left, count, &f->end[side].len))
        return avm__trace_fail(vm, at,
                               "underflow is occurred while calculating the new position of a %s slider for resolved "
                               "fold " RIV_FMT " and current subtrace len %u'",
                               name, RIV_ARG(debug_resolved(vm, &f->old[side])), c->pos);
    return NULL;
}

const failure *avm__lore_start(avm *vm, const air_node *at, lore_fold **out)
{
    const archive_state *s[2];
    AVM_TRY(avm__next_states(vm, at, ARCHIVE_FOLD, "fold", s));
    lore_fold *f = riv_new(vm->arena, lore_fold, 1);
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++)
        AVM_TRY(resolve_old(vm, at, side, s[side], &f->old[side]));
    f->at      = avm__trace_pos(vm);
    f->prev_at = UINT32_MAX;
    if (s[SOURCE_PREV]) {
        f->prev_at         = vm->trace.side[SOURCE_PREV].pos - 1;
        f->prev_lore       = s[SOURCE_PREV]->lore;
        f->prev_lore_count = s[SOURCE_PREV]->lore_count;
    }
    avm__trace_push(vm, (archive_state){ .kind = ARCHIVE_PAR });
    vm->lores++;
    vm->folded = true;
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) AVM_TRY(find_end(vm, at, f, side));
    *out = f;
    return NULL;
}

/* ---- iterations ---- */

static const windows *take_windows(avm *vm, lore_fold *f, source side, uint32_t value_pos)
{
    const pos_pairs *p    = &vm->trace.pairs[side];
    uint32_t         base = vm->trace.base, old = value_pos;
    if (value_pos >= base) {
        if (value_pos - base >= p->of_new.len || !p->of_new.ptr[value_pos - base]) return NULL;
        old = p->of_new.ptr[value_pos - base] - 1 + base;
    } else if (side == SOURCE_CUR) {
        return NULL;
    }
    windows *w = riv_map_get_u64(f->old[side].by_value_pos, old);
    if (!w || w->used) return NULL;
    w->used = true;
    return w;
}

static const failure *enter(avm *vm, const air_node *at, const iteration *it, bool before)
{
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) {
        const windows *w     = it->old[side];
        archive_desc   d     = w ? (before ? w->before : w->after) : (archive_desc){ 0, 0 };
        cursor        *c     = &vm->trace.side[side];
        riv_str        wrong = w ? avm__cursor_window(vm, c, d.begin, d.len) : avm__cursor_len(vm, c, 0);
        if (wrong.len) return avm__trace_fail(vm, at, RIV_FMT, RIV_ARG(wrong));
    }
    return NULL;
}

const failure *avm__lore_iteration_start(avm *vm, const air_node *at, lore_fold *f, uint32_t value_pos)
{
    iteration it = { .value_pos = value_pos, .before_begin = avm__trace_pos(vm) };
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) it.old[side] = take_windows(vm, f, side, value_pos);
    AVM_TRY(enter(vm, at, &it, true));
    *riv_push(vm->arena, &f->open) = it;
    f->back_at++;
    return NULL;
}

static const failure *current(avm *vm, const air_node *at, lore_fold *f, iteration **out)
{
    if (f->back_at == 0 || f->back_at > f->open.len) /* the original traps */
        return avm__trace_fail(vm, at, "fold has no iteration to go on with");
    *out = &f->open.ptr[f->back_at - 1];
    return NULL;
}

static void step(iteration *it)
{
    if (it->part != AFTER_COMPLETED) it->part++;
}

static void end_before(avm *vm, iteration *it)
{
    it->before_end = avm__trace_pos(vm);
    step(it);
}

static void start_after(avm *vm, iteration *it)
{
    it->after_begin = avm__trace_pos(vm);
    step(it);
}

static void end_after(avm *vm, iteration *it)
{
    it->after_end = avm__trace_pos(vm);
    step(it);
}

const failure *avm__lore_iteration_end(avm *vm, const air_node *at, lore_fold *f)
{
    iteration *it = NULL;
    AVM_TRY(current(vm, at, f, &it));
    end_before(vm, it);
    return NULL;
}

const failure *avm__lore_back(avm *vm, const air_node *at, lore_fold *f)
{
    iteration *it = NULL;
    AVM_TRY(current(vm, at, f, &it));
    if (!f->going_back) {
        if (it->part == BEFORE_STARTED) end_before(vm, it);
    } else {
        end_after(vm, it);
        f->back_at--;
        AVM_TRY(current(vm, at, f, &it));
    }
    start_after(vm, it);
    f->going_back = true;
    return enter(vm, at, it, false);
}

/* SPEC air.md 5: early exits close open records at the end of the generation */
static void finish(avm *vm, iteration *it)
{
    if (it->part == BEFORE_STARTED) end_before(vm, it);
    if (it->part == BEFORE_COMPLETED) start_after(vm, it);
    if (it->part == AFTER_STARTED) end_after(vm, it);
}

void avm__lore_generation_end(avm *vm, lore_fold *f)
{
    for (size_t i = 0; i < f->open.len; i++) {
        iteration *it = &f->open.ptr[i];
        finish(vm, it);
        archive_desc *d                = riv_new(vm->arena, archive_desc, 2);
        d[0]                           = (archive_desc){ it->before_begin, it->before_end - it->before_begin };
        d[1]                           = (archive_desc){ it->after_begin, it->after_end - it->after_begin };
        *riv_push(vm->arena, &f->lore) = (archive_lore){ it->value_pos, d, 2 };
    }
    f->open.len   = 0;
    f->back_at    = 0;
    f->going_back = false;
}

/* Whether the fold left what the stored one had. */
static bool same_lore(const lore_fold *f)
{
    if (f->lore.len != f->prev_lore_count || f->at != f->prev_at) return false;
    for (size_t i = 0; i < f->lore.len; i++) {
        const archive_lore *a = &f->lore.ptr[i], *b = &f->prev_lore[i];
        if (a->value_pos != b->value_pos) return false;
        for (size_t k = 0; k < 2; k++) /* read_lore saw that there are two */
            if (a->descs[k].begin != b->descs[k].begin || a->descs[k].len != b->descs[k].len) return false;
    }
    return true;
}

void avm__lore_end(avm *vm, lore_fold *f)
{
    *avm__trace_edit(vm, f->at) =
        (archive_state){ .kind = ARCHIVE_FOLD, .lore = f->lore.ptr, .lore_count = f->lore.len };
    if (!same_lore(f)) vm->unsteady = true;
    vm->lores--;
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++)
        (void)avm__cursor_window(vm, &vm->trace.side[side], f->end[side].pos, f->end[side].len);
}
