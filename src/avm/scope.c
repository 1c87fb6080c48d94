/* scope.c: scalars and canons by depth, and the iterators of folds.
 * A name has a stack of cells; fold and next go one depth deeper and take their cells with them on return.
 * Spec: docs/spec/air.md §4.4. Tests: avm_test.c. */
#include "avm/internal.h"

typedef struct cell {
    uint32_t depth;
    void    *held;
} cell; /* held NULL: new and not yet set */
typedef struct cells {
    riv_str name;
    RIV_VEC(cell) stack;
    fold_state *iterator; /* the fold that is open under this name */
} cells;
typedef RIV_VEC(cells *) names_here;

static void allow(avm *vm, bool yes)
{
    while (vm->allowed.len <= vm->depth) {
        *avm__push(vm, &vm->allowed)  = false;
        *avm__push(vm, &vm->set_here) = riv_new(vm->arena, names_here, 1);
    }
    avm__note(vm, &vm->allowed.ptr[vm->depth], sizeof vm->allowed.ptr[0]);
    vm->allowed.ptr[vm->depth] = yes;
}

void avm__scope_init(avm *vm)
{
    vm->names = riv_map_new(vm->arena);
    allow(vm, true);
}

static cell *top(cells *c) { return c && c->stack.len ? &c->stack.ptr[c->stack.len - 1] : NULL; }

static cells *cells_of(avm *vm, riv_str name) { return riv_map_get_str(vm->names, name); }

/* The same, made when it is not there. */
static cells *cells_for(avm *vm, riv_str name)
{
    void **held = riv_map_slot_view(vm->names, name);
    if (*held) return *held;
    cells *c = riv_new(vm->arena, cells, 1);
    c->name  = name;
    *held    = c;
    return c;
}

static void push_cell(avm *vm, cells *c, void *held)
{
    *avm__push(vm, &c->stack) = (cell){ vm->depth, held };
    if (vm->depth == 0) return;
    names_here *here     = vm->set_here.ptr[vm->depth];
    *avm__push(vm, here) = c;
}

bool avm__could_be_set(avm *vm, riv_str name)
{
    const cell *last = top(cells_of(vm, name));
    return vm->depth != 0 || (last && !last->held);
}

const failure *avm__set(avm *vm, riv_str name, void *held)
{
    cells *c = cells_for(vm, name);
    if (c->stack.len) {
        cell *last = &c->stack.ptr[c->stack.len - 1];
        if (vm->depth == 0 && last->held)
            return avm__fail(vm, CODE_SHADOWING,
                             "trying to shadow variable '" RIV_FMT
                             "', but shadowing is allowed only inside fold blocks",
                             RIV_ARG(name));
        if (last->depth == vm->depth) {
            avm__note(vm, &last->held, sizeof last->held);
            last->held = held;
            return NULL;
        }
    }
    push_cell(vm, c, held);
    return NULL;
}

found avm__look(avm *vm, riv_str name, void **held, fold_state **iterator)
{
    cells *c = cells_of(vm, name);
    if (!c) return FOUND_NOTHING;
    const cell *last = top(c);
    if (last && vm->allowed.ptr[last->depth]) {
        *held = last->held;
        return last->held ? FOUND_VALUE : FOUND_UNSET;
    }
    *iterator = c->iterator;
    return *iterator ? FOUND_ITERATOR : FOUND_NOTHING;
}

static const failure *missing(avm *vm, riv_str name, found how)
{
    if (how == FOUND_UNSET)
        return avm__fail(vm, CODE_UNSET, "variable with name '" RIV_FMT "' was cleared by new and then wasn't set",
                         RIV_ARG(name));
    return avm__fail(vm, CODE_NOT_FOUND, "variable with name '" RIV_FMT "' wasn't defined during script execution",
                     RIV_ARG(name));
}

const failure *avm__get_canon(avm *vm, riv_str name, canon **out)
{
    fold_state *iterator = NULL;
    void       *held     = NULL;
    found       how      = avm__look(vm, name, &held, &iterator);
    if (how != FOUND_VALUE) return missing(vm, name, how);
    *out = held;
    return NULL;
}

const failure *avm__get_scalar(avm *vm, riv_str name, const value **out, fold_state **iterator)
{
    fold_state *it   = NULL;
    void       *held = NULL;
    found       how  = avm__look(vm, name, &held, &it);
    switch (how) {
    case FOUND_VALUE: *out = held; return NULL;
    case FOUND_ITERATOR:
        *out = avm__item(vm, it);
        if (iterator) *iterator = it;
        return NULL;
    case FOUND_UNSET:
    case FOUND_NOTHING: break;
    }
    return missing(vm, name, how);
}

/* ---- depths ---- */

/* Cells of the depth that was left go; a name has at most one, as new takes its own away itself. */
static void clean(avm *vm)
{
    names_here *here = vm->set_here.ptr[vm->depth + 1];
    if (!here->len) return;
    for (size_t i = 0; i < here->len; i++) {
        cells *c = here->ptr[i];
        if (!c->stack.len || top(c)->depth <= vm->depth) continue;
        avm__note_vec(vm, &c->stack);
        c->stack.len--;
    }
    avm__note_vec(vm, here);
    here->len = 0;
}

void avm__fold_start(avm *vm)
{
    vm->depth++;
    allow(vm, true);
}

void avm__fold_end(avm *vm)
{
    allow(vm, false);
    vm->depth--;
    clean(vm);
}

/* SPEC air.md 4.4: at each next the depth being left is hidden until return */
void avm__next_before(avm *vm)
{
    allow(vm, false);
    vm->depth++;
    allow(vm, true);
}

void avm__next_after(avm *vm)
{
    allow(vm, false);
    vm->depth--;
    allow(vm, true);
    clean(vm);
}

void avm__new_start(avm *vm, riv_str name) { push_cell(vm, cells_for(vm, name), NULL); }

const failure *avm__new_end(avm *vm, riv_str name)
{
    cells      *c    = cells_of(vm, name);
    const cell *last = top(c);
    if (!last || last->depth != vm->depth)
        return avm__fail(vm, CODE_SCALARS,
                         "new end block tries to pop up a variable '" RIV_FMT "' that wasn't defined at depth %u",
                         RIV_ARG(name), vm->depth);
    avm__note_vec(vm, &c->stack);
    c->stack.len--;
    return NULL;
}

/* ---- iterators ---- */

fold_state *avm__iterator(avm *vm, riv_str name)
{
    cells *c = cells_of(vm, name);
    return c ? c->iterator : NULL;
}

void avm__iterator_put(avm *vm, riv_str name, fold_state *f)
{
    cells *c = cells_for(vm, name);
    avm__note(vm, &c->iterator, sizeof(c->iterator));
    c->iterator = f;
}

const value *avm__item(avm *vm, fold_state *f)
{
    if (f->values) return f->values[f->cursor];
    if (f->item && f->item_cursor == f->cursor) return f->item;
    riv_json index = { .kind = RIV_JSON_U64, .u64 = f->cursor };
    riv_buf  lens  = riv_buf_in(vm->arena);
    riv_put_str(&lens, RIV_LIT(".$.["));
    riv_json_write(&index, &lens);
    riv_put_u8(&lens, ']');
    value *v = riv_new(vm->arena, value, 1);
    *v = (value){ avm__datum(vm, f->array->arr.items[f->cursor]), avm__with_lens(vm, f->tetraplet, riv_buf_str(&lens)),
                  f->trace_pos, f->provenance, f->cid };
    f->item        = v;
    f->item_cursor = f->cursor;
    return v;
}
