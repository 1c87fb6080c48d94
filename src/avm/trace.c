/* trace.c: walks the two traces side by side and merges state by state; par splits the walk in two.
 * A cursor sees a window; every state-bearing instruction takes one state of each. The rules for pairs are tables.
 * Spec: docs/spec/air.md §5. Tests: avm_test.c. */
#include "avm/internal.h"

/* ---- cursors ---- */

static cursor cursor_of(const archive_data *data)
{
    return (cursor){ .states = data->trace, .count = (uint32_t)data->trace_count, .len = (uint32_t)data->trace_count };
}

void avm__trace_init(avm *vm, const archive_data *prev, const archive_data *cur)
{
    const archive_data *data[2] = { prev, cur };
    for (int i = 0; i < 2; i++) {
        vm->trace.side[i]         = cursor_of(data[i]);
        vm->trace.pairs[i].to_new = riv_new(vm->arena, uint32_t, data[i]->trace_count + 1);
    }
}

const archive_state *avm__state_at(const avm *vm, const cursor *c, uint32_t pos)
{
    if (c == &vm->trace.side[SOURCE_CUR]) return &c->states[pos];
    return pos < vm->trace.base ? &vm->trace.result.ptr[pos] : &c->states[pos - vm->trace.base];
}

static const archive_state *next_state(avm *vm, source side)
{
    cursor *c = &vm->trace.side[side];
    if (c->seen >= c->len || c->pos >= c->count) return NULL;
    c->seen++;
    return avm__state_at(vm, c, c->pos++);
}

/* Sums wrap as the original's u32 do; next_state looks at bounds again. */
riv_str avm__cursor_window(avm *vm, cursor *c, uint32_t pos, uint32_t len)
{
    if (len != 0 && pos + len > c->count)
        return riv_format(vm->arena, "executed trace has %u elements, but tried to set %u subtrace_len and %u position",
                          c->count, len, pos);
    c->pos  = pos;
    c->len  = len;
    c->seen = 0;
    return RIV_LIT("");
}

riv_str avm__cursor_len(avm *vm, cursor *c, uint32_t len)
{
    if (c->count - c->pos < len)
        return riv_format(vm->arena,
                          "executed trace has %u elements and current position is %u, but tried to set %u subtrace_len",
                          c->count, c->pos, len);
    c->seen = 0;
    c->len  = len;
    return RIV_LIT("");
}

static uint32_t left_in(const cursor *c) { return c->len - c->seen; }

/* ---- the result ---- */

uint32_t avm__trace_pos(const avm *vm) { return (uint32_t)vm->trace.result.len; }

static bool same_lore(const archive_state *a, const archive_state *b)
{
    if (a->lore_count != b->lore_count) return false;
    for (size_t i = 0; i < a->lore_count; i++) {
        const archive_lore *x = &a->lore[i], *y = &b->lore[i];
        if (x->value_pos != y->value_pos || x->descs_count != y->descs_count) return false;
        for (size_t k = 0; k < x->descs_count; k++)
            if (x->descs[k].begin != y->descs[k].begin || x->descs[k].len != y->descs[k].len) return false;
    }
    return true;
}

static bool same_call(const archive_state *a, const archive_state *b)
{
    if (a->call != b->call) return false;
    if (a->call == ARCHIVE_CALL_STREAM && a->generation != b->generation) return false;
    if (a->call != ARCHIVE_CALL_REQUEST) return riv_str_eq(a->cid, b->cid);
    if (a->has_call_id != b->has_call_id || (a->has_call_id && a->call_id != b->call_id)) return false;
    return riv_str_eq(a->sender, b->sender);
}

bool avm__same_state(const archive_state *a, const archive_state *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case ARCHIVE_PAR: return a->left == b->left && a->right == b->right;
    case ARCHIVE_CALL: return same_call(a, b);
    case ARCHIVE_FOLD: return same_lore(a, b);
    case ARCHIVE_AP: return a->generations_count == b->generations_count && a->generation == b->generation;
    case ARCHIVE_CANON:
        return a->canon_executed == b->canon_executed &&
               (a->canon_executed ? riv_str_eq(a->cid, b->cid) : riv_str_eq(a->sender, b->sender));
    }
    RIV_UNREACHABLE();
}

/* Inside a fold over a stream a run repeats the last one only when each state is what it was, where it was. Sizes of par, folds'
 * windows and generations are not known yet. */
static bool repeats(const avm *vm, const archive_state *now)
{
    const cursor *c   = &vm->trace.side[SOURCE_PREV];
    uint32_t      pos = avm__trace_pos(vm);
    if (pos >= c->count) return false;
    const archive_state *was = avm__state_at(vm, c, pos);
    if (now->kind == ARCHIVE_PAR) return was->kind == ARCHIVE_PAR || was->kind == ARCHIVE_FOLD;
    if (now->kind == ARCHIVE_AP) return was->kind == ARCHIVE_AP;
    return avm__same_state(now, was);
}

void avm__trace_push(avm *vm, archive_state state)
{
    if (vm->lores && vm->keeps && !vm->unsteady && !repeats(vm, &state)) vm->unsteady = true;
    *riv_push(vm->arena, &vm->trace.result) = state;
}

archive_state *avm__trace_edit(avm *vm, uint32_t pos)
{
    archive_state *s = &vm->trace.result.ptr[pos];
    if (pos < vm->trace.base) *riv_push(vm->arena, &vm->trace.edits) = (edit){ pos, *s };
    return s;
}

static void forget_new(pos_pairs *p, uint32_t new_pos)
{
    if (new_pos < p->of_new.len && p->of_new.ptr[new_pos]) {
        p->to_new[p->of_new.ptr[new_pos] - 1] = 0;
        p->of_new.ptr[new_pos]                = 0;
    }
}

/* Remembers which state of prev or cur became the next of the result; both directions stay one to one. */
static void pair(avm *vm, source side)
{
    pos_pairs *p    = &vm->trace.pairs[side];
    uint32_t   base = vm->trace.base, new_pos = avm__trace_pos(vm) - base, old_pos = vm->trace.side[side].pos - 1;
    if (old_pos < base) return; /* windows of folds behind the base do not reach before it */
    old_pos -= base;
    while (p->of_new.len <= new_pos) *riv_push(vm->arena, &p->of_new) = 0;
    forget_new(p, new_pos);
    if (p->to_new[old_pos]) p->of_new.ptr[p->to_new[old_pos] - 1] = 0;
    p->of_new.ptr[new_pos] = old_pos + 1;
    p->to_new[old_pos]     = new_pos + 1;
}

/* ---- merging ---- */

/* The next state of each side (NULL: none), of the wanted kind or 20000. */
const failure *avm__next_states(avm *vm, const air_node *at, archive_state_kind want, const char *name,
                                const archive_state *out[2])
{
    const archive_state *prev = out[0] = next_state(vm, SOURCE_PREV);
    const archive_state *cur = out[1] = next_state(vm, SOURCE_CUR);
    if ((!prev || prev->kind == want) && (!cur || cur->kind == want)) return NULL;
    if (prev && cur)
        return avm__trace_fail(vm, at,
                               "previous and current data have incompatible states: '" RIV_FMT "' '" RIV_FMT "'",
                               RIV_ARG(avm__debug_state(vm, prev)), RIV_ARG(avm__debug_state(vm, cur)));
    return avm__trace_fail(vm, at, "state from %s `" RIV_FMT "` is incompatible with expected %s",
                           prev ? "previous" : "current", RIV_ARG(avm__debug_state(vm, prev ? prev : cur)), name);
}

typedef enum call_class { REQUEST, EXECUTED, FAILED, CALL_CLASSES } call_class;
typedef enum rule { TAKE_PREV, TAKE_CUR, SAME_VALUE, SAME_FAILURE, CONFLICT } rule;

static const rule call_rules[CALL_CLASSES][CALL_CLASSES] = {
    /* clang-format off */
    /* prev \ cur:   REQUEST     EXECUTED    FAILED        */
    [REQUEST]  = {   TAKE_PREV,  TAKE_CUR,   TAKE_CUR      },
    [EXECUTED] = {   TAKE_PREV,  SAME_VALUE, CONFLICT      },
    [FAILED]   = {   TAKE_PREV,  CONFLICT,   SAME_FAILURE  },
    /* clang-format on */
};

static call_class class_of(const archive_state *s)
{
    switch (s->call) {
    case ARCHIVE_CALL_REQUEST: return REQUEST;
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM:
    case ARCHIVE_CALL_UNUSED: return EXECUTED;
    case ARCHIVE_CALL_FAILED: return FAILED;
    }
    RIV_UNREACHABLE();
}

/* A call's debug text without the outer "Call(" and ")". */
static riv_str debug_call(avm *vm, const archive_state *s)
{
    riv_str text = avm__debug_state(vm, s);
    return riv_str_sub(text, 5, text.len - 1);
}

static const failure *merge_calls(avm *vm, const air_node *at, const archive_state *prev, const archive_state *cur,
                                  met_state *out)
{
    rule r     = call_rules[class_of(prev)][class_of(cur)];
    bool equal = prev->call == cur->call && riv_str_eq(prev->cid, cur->cid);
    if (r == SAME_VALUE && !equal)
        return avm__trace_fail(vm, at, "values in call results are not equal: " RIV_FMT " != " RIV_FMT,
                               RIV_ARG(avm__debug_call_value(vm, prev)), RIV_ARG(avm__debug_call_value(vm, cur)));
    if (r == CONFLICT || (r == SAME_FAILURE && !equal))
        return avm__trace_fail(vm, at,
                               "previous and current call results are incompatible: '" RIV_FMT "' '" RIV_FMT "'",
                               RIV_ARG(debug_call(vm, prev)), RIV_ARG(debug_call(vm, cur)));
    out->from = r == TAKE_CUR ? SOURCE_CUR : SOURCE_PREV;
    pair(vm, out->from);
    if (r == SAME_VALUE) pair(vm, SOURCE_CUR);
    return NULL;
}

const failure *avm__meet_call(avm *vm, const air_node *at, met_state *out)
{
    const archive_state *s[2];
    AVM_TRY(avm__next_states(vm, at, ARCHIVE_CALL, "call", s));
    *out = (met_state){ .met = s[0] || s[1], .trace_pos = avm__trace_pos(vm) };
    if (s[0] && s[1])
        AVM_TRY(merge_calls(vm, at, s[0], s[1], out));
    else if (out->met)
        pair(vm, out->from = s[0] ? SOURCE_PREV : SOURCE_CUR);
    if (out->met) out->state = *s[out->from];
    return NULL;
}

const failure *avm__meet_ap(avm *vm, const air_node *at, met_state *out)
{
    const archive_state *s[2];
    AVM_TRY(avm__next_states(vm, at, ARCHIVE_AP, "ap", s));
    *out = (met_state){ .met = s[0] || s[1], .from = s[0] ? SOURCE_PREV : SOURCE_CUR };
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++)
        if (s[side]) pair(vm, side);
    if (!out->met) return NULL;
    out->state = *s[out->from];
    if (out->state.generations_count != 1) {
        riv_str text = avm__debug_state(vm, &out->state);
        text         = riv_str_sub(text, 3, text.len - 1);
        return avm__trace_fail(vm, at, RIV_FMT " ap result contains inappropriate generation count in destination",
                               RIV_ARG(text));
    }
    return NULL;
}

static riv_str debug_canon(avm *vm, const archive_state *s)
{
    riv_str text = avm__debug_state(vm, s);
    return riv_str_sub(text, 6, text.len - 1);
}

const failure *avm__meet_canon(avm *vm, const air_node *at, met_state *out)
{
    const archive_state *s[2];
    AVM_TRY(avm__next_states(vm, at, ARCHIVE_CANON, "canon", s));
    *out = (met_state){ .met = s[0] || s[1], .from = s[0] ? SOURCE_PREV : SOURCE_CUR };
    if (s[0] && s[1]) {
        if (s[0]->canon_executed && s[1]->canon_executed && !riv_str_eq(s[0]->cid, s[1]->cid))
            return avm__trace_fail(vm, at,
                                   "canon results " RIV_FMT " " RIV_FMT " points to incompatible execution states",
                                   RIV_ARG(debug_canon(vm, s[0])), RIV_ARG(debug_canon(vm, s[1])));
        if (!s[0]->canon_executed && s[1]->canon_executed) out->from = SOURCE_CUR;
    }
    if (out->met) out->state = *s[out->from];
    return NULL;
}

/* ---- par ---- */

typedef struct window {
    uint32_t pos, len;
} window;
struct par_join {
    uint32_t at, right_begin; /* in the result */
    uint32_t left;            /* of the new state */
    bool     in_right;        /* its right side runs */
    uint32_t size[2][2];      /* by side: left, right of the old states */
    window   left_end[2], right_end[2];
};

/* len old states, the left ones or all, end at a position that there is. */
static const failure *par_end(avm *vm, const air_node *at, const par_join *p, source side, uint32_t len)
{
    const cursor *c = &vm->trace.side[side];
    if (c->pos + len < len)
        return avm__trace_fail(vm, at,
                               "overflow is occurred while calculating the new position of a previous slider for "
                               "resolved par ParResult { left_size: %u, right_size: %u } and current position %u'",
                               p->size[side][0], p->size[side][1], c->pos);
    return NULL;
}

static const failure *par_windows(avm *vm, const air_node *at, par_join *p)
{
    uint32_t both[2];
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) AVM_TRY(par_end(vm, at, p, side, p->size[side][0]));
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++)
        if (__builtin_add_overflow(p->size[side][0], p->size[side][1], &both[side]))
            return avm__trace_fail(vm, at,
                                   "overflow is occurred while calculating the entire len occupied by executed states "
                                   "corresponded to current par: 'ParResult { left_size: %u, right_size: %u }'",
                                   p->size[side][0], p->size[side][1]);
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) {
        const cursor *c = &vm->trace.side[side];
        AVM_TRY(par_end(vm, at, p, side, both[side]));
        if (left_in(c) < both[side])
            return avm__trace_fail(
                vm, at,
                "underflow is occurred while calculating the new position of a current slider for "
                "resolved par ParResult { left_size: %u, right_size: %u } and current subtrace len %u'",
                p->size[side][0], p->size[side][1], left_in(c));
        p->left_end[side]  = (window){ c->pos + p->size[side][0], p->size[side][0] };
        p->right_end[side] = (window){ c->pos + both[side], left_in(c) - both[side] };
    }
    return NULL;
}

/* Lets both cursors see only what belongs to one side of the par. */
static riv_str open_side(avm *vm, const par_join *p, int which)
{
    riv_str wrong = avm__cursor_len(vm, &vm->trace.side[SOURCE_PREV], p->size[SOURCE_PREV][which]);
    if (wrong.len) return wrong;
    return avm__cursor_len(vm, &vm->trace.side[SOURCE_CUR], p->size[SOURCE_CUR][which]);
}

const failure *avm__par_start(avm *vm, const air_node *at, par_join **out)
{
    const archive_state *s[2];
    AVM_TRY(avm__next_states(vm, at, ARCHIVE_PAR, "par", s));
    par_join *p = riv_new(vm->arena, par_join, 1);
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++) {
        if (!s[side]) continue;
        p->size[side][0] = s[side]->left;
        p->size[side][1] = s[side]->right;
    }
    p->at = avm__trace_pos(vm);
    avm__trace_push(vm, (archive_state){ .kind = ARCHIVE_PAR });
    AVM_TRY(par_windows(vm, at, p));
    riv_str wrong = open_side(vm, p, 0);
    if (wrong.len) return avm__trace_fail(vm, at, RIV_FMT, RIV_ARG(wrong));
    *avm__push(vm, &vm->pars) = p;
    *out                      = p;
    return NULL;
}

/* A window that does not fit is left alone, as in the original. */
static void move_to(avm *vm, const window end[2])
{
    for (source side = SOURCE_PREV; side <= SOURCE_CUR; side++)
        (void)avm__cursor_window(vm, &vm->trace.side[side], end[side].pos, end[side].len);
}

void avm__par_left_end(avm *vm, par_join *p)
{
    avm__note(vm, p, sizeof *p);
    p->left        = avm__trace_pos(vm) - p->at - 1;
    p->right_begin = avm__trace_pos(vm);
    p->in_right    = true;
    move_to(vm, p->left_end);
    (void)open_side(vm, p, 1);
}

void avm__par_right_end(avm *vm, par_join *p)
{
    archive_state *s = avm__trace_edit(vm, p->at);
    s->left          = p->left;
    s->right         = avm__trace_pos(vm) - p->right_begin;
    if (s->left != p->size[SOURCE_PREV][0] || s->right != p->size[SOURCE_PREV][1]) vm->unsteady |= vm->lores != 0;
    move_to(vm, p->right_end);
    avm__note_vec(vm, &vm->pars);
    vm->pars.len--;
}

/* ---- going on from a checkpoint ---- */

/* Its windows in the new stored trace; how far the side that runs goes. */
static void par_rejoin(avm *vm, par_join *p, uint32_t window_end, uint32_t *inner_end)
{
    const archive_state *s    = avm__state_at(vm, &vm->trace.side[SOURCE_PREV], p->at);
    uint32_t             left = p->at + 1 + s->left, both = left + s->right;
    memset(p->size, 0, sizeof p->size);
    p->size[SOURCE_PREV][0]   = s->left;
    p->size[SOURCE_PREV][1]   = s->right;
    p->left_end[SOURCE_PREV]  = (window){ left, s->left };
    p->right_end[SOURCE_PREV] = (window){ both, window_end - both };
    p->left_end[SOURCE_CUR] = p->right_end[SOURCE_CUR] = (window){ 0, 0 };
    *inner_end                                         = p->in_right ? both : left;
}

/* What stands behind pos is read again; what stands before is not looked at. */
void avm__trace_rewind(avm *vm, uint32_t pos)
{
    trace   *t     = &vm->trace;
    uint32_t count = avm__trace_pos(vm);
    t->tail.len    = 0;
    t->edits.len   = 0;
    for (uint32_t i = pos; i < count; i++) *riv_push(vm->arena, &t->tail) = t->result.ptr[i];
    t->result.len        = pos;
    t->base              = pos;
    t->side[SOURCE_PREV] = (cursor){ .states = t->tail.ptr, .count = count, .pos = pos };
    t->side[SOURCE_CUR]  = (cursor){ 0 };
    for (int i = 0; i < 2; i++) t->pairs[i].of_new.len = 0;
    t->pairs[SOURCE_PREV].to_new = riv_new(vm->arena, uint32_t, t->tail.len + 1);
    uint32_t end                 = count;
    for (size_t i = 0; i < vm->pars.len; i++) par_rejoin(vm, vm->pars.ptr[i], end, &end);
    t->side[SOURCE_PREV].len = end - pos;
}
