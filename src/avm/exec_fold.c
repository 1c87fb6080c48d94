/* exec_fold.c: fold over scalars, canons, streams and maps, and next.
 * A body runs inside its next: one more depth of frames and scalars for each element.
 * Spec: docs/spec/air.md §4.3 fold, §5. Tests: avm_test.c. */
#include "avm/internal.h"

/* ---- what is iterated ---- */

static const failure *over_array(avm *vm, fold_state *f, const resolved *r, uint32_t pos, riv_str shown)
{
    const riv_json *json = avm__json(vm, r->datum);
    if (json->kind != RIV_JSON_ARR)
        return avm__fail(vm, CODE_NON_ARRAY,
                         "expression '" RIV_FMT "' returned non-array value '" RIV_FMT "' for fold iterable",
                         RIV_ARG(shown), RIV_ARG(avm__json_text(vm, json)));
    f->array      = json;
    f->count      = json->arr.count;
    f->tetraplet  = r->tetraplet;
    f->provenance = r->provenance;
    f->cid        = r->cid;
    f->trace_pos  = pos;
    return NULL;
}

static const failure *over_scalar(avm *vm, const air_value *what, fold_state *f)
{
    resolved r = { 0 };
    AVM_TRY(avm__resolve(vm, what, &r));
    if (avm__has_lambda(&what->lambda)) return over_array(vm, f, &r, 0, air_lambda_text(&what->lambda, vm->arena));
    const value *held;
    AVM_TRY(avm__get_scalar(vm, what->var.name, &held, NULL));
    /* the item of an outer fold loses what a scalar would not keep */
    const value *v = avm__value(vm, held->datum, held->tetraplet, held->trace_pos, held->provenance, held->cid);
    r.tetraplet    = v->tetraplet;
    return over_array(vm, f, &r, v->trace_pos, what->var.name);
}

static void over_values(fold_state *f, const value *const *values, size_t count)
{
    f->values = values;
    f->count  = count;
}

/* SPEC air.md 4.3: from 0.64 one per key, the LAST pair, in order of those last pairs */
static const failure *last_pairs(avm *vm, const canon *c, fold_state *f)
{
    riv_map      *met  = riv_map_new(vm->arena);
    const value **list = riv_new(vm->arena, const value *, c->count + 1);
    size_t        from = c->count;
    for (size_t i = c->count; i-- > 0;) {
        riv_str         typed, printed;
        const riv_json *key = riv_json_get(avm__json(vm, c->values[i]->datum), RIV_LIT("key"));
        if (!key || !avm__map_key(vm, key, &typed, &printed)) continue;
        if (!riv_map_put_str(met, typed, vm)) list[--from] = c->values[i];
    }
    over_values(f, list + from, c->count - from);
    return NULL;
}

static const failure *over_map_lambda(avm *vm, const air_value *what, const canon *c, fold_state *f)
{
    resolved r = { 0 };
    if (c->count == 0) return NULL;
    AVM_TRY(avm__resolve(vm, what, &r));
    r.tetraplet  = avm__lambda_tetraplet(vm, c->tetraplet, &what->lambda);
    r.provenance = ARCHIVE_FROM_CANON;
    r.cid        = c->cid;
    return over_array(vm, f, &r, 0, air_lambda_text(&what->lambda, vm->arena));
}

static const failure *over_canon(avm *vm, const air_value *what, fold_state *f)
{
    canon *c;
    AVM_TRY(avm__get_canon(vm, what->var.name, &c));
    if (avm__has_lambda(&what->lambda)) return over_map_lambda(vm, what, c, f);
    if (what->var.kind == AIR_VAR_CANON_MAP && vm->params->version != AVM_0_62) return last_pairs(vm, c, f);
    over_values(f, c->values, c->count);
    return NULL;
}

/* ---- folds over scalars and canons ---- */

static const failure *begin(avm *vm, fold_state *f)
{
    riv_str name = f->fold->out.name;
    avm__fold_start(vm);
    if (avm__iterator(vm, name))
        return avm__fail(vm, CODE_ITERATOR_TWICE, "multiple iterable values found for iterable name '" RIV_FMT "'",
                         RIV_ARG(name));
    avm__iterator_put(vm, name, f);
    return NULL;
}

static void end(avm *vm, const air_node *fold)
{
    avm__iterator_put(vm, fold->out.name, NULL);
    avm__fold_end(vm);
}

static const air_node *exec_plain(avm *vm, frame *f)
{
    const air_value *what = &f->node->value[0];
    if (f->step++ > 0) {
        end(vm, f->node);
        return NULL;
    }
    if (what->kind == AIR_EMPTY_ARRAY) return NULL;
    fold_state    *state = riv_new(vm->arena, fold_state, 1);
    const failure *wrong =
        what->var.kind == AIR_VAR_SCALAR ? over_scalar(vm, what, state) : over_canon(vm, what, state);
    if (avm__join(vm, wrong)) return NULL;
    state->fold = f->node;
    if (!wrong && state->count) wrong = begin(vm, state);
    vm->failure = wrong;
    return wrong || !state->count ? NULL : f->node->kid[0];
}

/* ---- folds over streams and maps ---- */

typedef struct stream_fold {
    lore_fold    *lore;
    stream_cursor cursor;
    slices        todo; /* generations of this turn */
    size_t        next;
    bool          any_complete;
} stream_fold;

static const failure *start_generation(avm *vm, const air_node *node, stream_fold *s)
{
    const slice *g = &s->todo.ptr[s->next++];
    AVM_TRY(avm__lore_iteration_start(vm, node, s->lore, g->values[0]->trace_pos));
    fold_state *state = riv_new(vm->arena, fold_state, 1);
    *state            = (fold_state){ .fold = node, .lore = s->lore };
    over_values(state, g->values, g->count);
    return begin(vm, state);
}

/* The next generation, also of those that appeared meanwhile; NULL after the last. */
static const air_node *go_on(avm *vm, const air_node *node, stream_fold *s)
{
    if (s->next == s->todo.len) {
        stream *over = avm__stream(vm, &node->value[0].var);
        if (!over) { /* the original traps */
            vm->failure = avm__fail(vm, CODE_SCALARS, "stream '" RIV_FMT "' is gone", RIV_ARG(node->value[0].var.name));
            return NULL;
        }
        s->next = 0;
        avm__stream_behind(vm, over, &s->cursor, false, &s->todo);
    }
    if (s->todo.len) {
        vm->failure = start_generation(vm, node, s);
        return vm->failure ? NULL : node->kid[0];
    }
    vm->complete = s->any_complete;
    avm__lore_end(vm, s->lore);
    return NULL;
}

static const air_node *start_stream(avm *vm, frame *f)
{
    const air_node *node = f->node;
    stream         *over = avm__stream(vm, &node->value[0].var);
    if (!over) { /* not written to yet: wait */
        vm->complete = false;
        return NULL;
    }
    stream_fold *s = riv_new(vm->arena, stream_fold, 1);
    f->local       = s;
    vm->failure    = avm__lore_start(vm, node, &s->lore);
    if (vm->failure) return NULL;
    avm__stream_behind(vm, over, &s->cursor, true, &s->todo);
    if (s->todo.len) return go_on(vm, node, s);
    vm->complete = false;
    avm__lore_end(vm, s->lore);
    return NULL;
}

static const air_node *exec_stream(avm *vm, frame *f)
{
    if (f->step++ == 0) return start_stream(vm, f);
    stream_fold *s = f->local;
    if (vm->failure && !avm__catchable(vm->failure)) return NULL;
    end(vm, f->node);
    vm->failure = NULL; /* SPEC air.md 4.3: catchable errors of a generation are swallowed */
    avm__lore_generation_end(vm, s->lore);
    s->any_complete |= vm->complete;
    return go_on(vm, f->node, s);
}

const air_node *avm__exec_fold(avm *vm, frame *f)
{
    const air_value *what = &f->node->value[0];
    bool is_stream = what->kind == AIR_VARIABLE && (what->var.kind == AIR_VAR_STREAM || what->var.kind == AIR_VAR_MAP);
    if (is_stream && f->step == 0) avm__checkpoint_at_fold(vm);
    return is_stream ? exec_stream(vm, f) : exec_plain(vm, f);
}

/* ---- next ---- */

static const air_node *at_the_end(avm *vm, const air_node *node, fold_state *it)
{
    if (it->lore) vm->failure = avm__lore_back(vm, node, it->lore);
    if (vm->failure) return NULL;
    if (it->fold->kid[1]) {
        vm->complete = true;
        return it->fold->kid[1];
    }
    if (it->lore && !it->back_started) {
        it->back_started = true;
        vm->complete     = false;
    }
    return NULL;
}

static const air_node *advance(avm *vm, frame *f)
{
    fold_state *it = avm__iterator(vm, f->node->out.name);
    if (!it) {
        vm->failure = avm__fail(vm, CODE_NO_FOLD, "fold state not found for this iterable '" RIV_FMT "'",
                                RIV_ARG(f->node->out.name));
        return NULL;
    }
    if (it->lore) vm->failure = avm__lore_iteration_end(vm, f->node, it->lore);
    if (vm->failure) return NULL;
    if (it->cursor + 1 >= it->count) {
        f->step = 2;
        return at_the_end(vm, f->node, it);
    }
    avm__note(vm, &it->cursor, sizeof it->cursor);
    it->cursor++;
    if (it->lore) vm->failure = avm__lore_iteration_start(vm, f->node, it->lore, avm__item(vm, it)->trace_pos);
    if (vm->failure) return NULL;
    avm__next_before(vm);
    return it->fold->kid[0];
}

/* The body of the later items has run. An error leaves the cursor where it is, as in the original. */
static void step_back(avm *vm, const air_node *node)
{
    avm__next_after(vm);
    if (vm->failure) return;
    fold_state *it = avm__iterator(vm, node->out.name);
    if (!it) {
        vm->failure = avm__fail(vm, CODE_NO_FOLD, "fold state not found for this iterable '" RIV_FMT "'",
                                RIV_ARG(node->out.name));
        return;
    }
    avm__note(vm, &it->cursor, sizeof it->cursor);
    if (it->cursor) it->cursor--;
    if (it->lore) vm->failure = avm__lore_back(vm, node, it->lore);
}

const air_node *avm__exec_next(avm *vm, frame *f)
{
    switch (f->step++) {
    case 0: return advance(vm, f);
    case 1: step_back(vm, f->node); return NULL;
    default: return NULL;
    }
}
