/* resume.c: a checkpoint at the first call that waits for this host, and the way back to it.
 * A run with new answers and nothing arrived walks the stored trace just as the last run did, up to that call; so it can begin there.
 * What runs behind the checkpoint notes the old bytes of all that it changes. Spec: docs/avm.md "Sessions". Tests: session_test.c. */
#include "avm/internal.h"

/* ---- notes ---- */

void avm__note(avm *vm, void *at, size_t len)
{
    checkpoint *c = &vm->checkpoint;
    if (!c->set) return;
    *riv_push(vm->arena, &c->notes) = (note){ at, (uint32_t)len, (uint32_t)c->bytes.len };
    while (c->bytes.cap - c->bytes.len < len) c->bytes.ptr = riv_vec_grow(vm->arena, c->bytes.ptr, &c->bytes.cap, 1);
    memcpy(c->bytes.ptr + c->bytes.len, at, len);
    c->bytes.len += len;
}

/* The header, and the item that stands where the next one goes: it may be one that the checkpoint still has. */
void avm__note_push(avm *vm, void *header, size_t header_bytes, void *items, size_t len, size_t cap, size_t item_bytes)
{
    avm__note(vm, header, header_bytes);
    if (len < cap) avm__note(vm, (uint8_t *)items + len * item_bytes, item_bytes);
}

static void take_back(checkpoint *c)
{
    for (size_t i = c->notes.len; i-- > 0;) {
        const note *n = &c->notes.ptr[i];
        memcpy(n->at, c->bytes.ptr + n->bytes_at, n->len);
    }
    c->notes.len = 0;
    c->bytes.len = 0;
}

/* ---- frames: those that the run comes down to are saved one by one ---- */

void avm__save_frame(avm *vm)
{
    checkpoint *c = &vm->checkpoint;
    if (!c->set || vm->frames.len > c->frames_low) return;
    c->frames_low--;
    *riv_push(vm->arena, &c->frames) = vm->frames.ptr[c->frames_low];
}

static void restore_frames(avm *vm)
{
    checkpoint *c  = &vm->checkpoint;
    vm->frames.len = c->frames_len; /* a vector's memory only grows */
    for (size_t i = 0; i < c->frames.len; i++) vm->frames.ptr[c->frames_len - 1 - i] = c->frames.ptr[i];
    c->frames.len = 0;
    c->frames_low = c->frames_len;
}

/* ---- taking a checkpoint ---- */

static void take(avm *vm, uint32_t pos, bool complete)
{
    checkpoint *c = &vm->checkpoint;
    c->set        = true;
    c->pos        = pos;
    c->complete   = complete;
    c->folded     = vm->folded;
    c->last_error = vm->last_error;
    c->error      = vm->error;
    c->met_len    = vm->met_cids.len;
    c->depth      = vm->depth;
    c->notes.len = c->bytes.len = c->frames.len = 0;
    c->frames_len = c->frames_low = vm->frames.len;
    avm__save_frame(vm); /* the instruction itself */
}

/* The entry of an outermost fold over a stream will do when a call inside it waits: where folds stand open there is no way back. */
void avm__checkpoint_at_fold(avm *vm)
{
    if (!vm->keeps || vm->checkpoint.final || vm->lores || vm->unsteady) return;
    take(vm, avm__trace_pos(vm), vm->complete);
}

void avm__checkpoint_at_call(avm *vm)
{
    if (!vm->keeps || vm->checkpoint.final) return;
    vm->checkpoint.final = true;
    if (vm->lores || vm->unsteady) return; /* an earlier one stays */
    take(vm, vm->call_pos, vm->call_complete);
}

static bool has_float(const riv_json *v)
{
    if (v->kind == RIV_JSON_F64) return true;
    if (v->kind == RIV_JSON_ARR)
        for (size_t i = 0; i < v->arr.count; i++)
            if (has_float(v->arr.items[i])) return true;
    if (v->kind == RIV_JSON_OBJ)
        for (size_t i = 0; i < v->obj.count; i++)
            if (has_float(v->obj.members[i].value)) return true;
    return false;
}

/* serde_json reads some floats as their neighbours: the next run has another value than this one. */
void avm__check_steady(avm *vm, datum *d)
{
    if (!vm->keeps || vm->over || !has_float(avm__json(vm, d))) return;
    riv_arena      *scratch = riv_arena_new(0);
    const riv_json *again;
    if (riv_json_parse_serde(avm__text(vm, d), scratch, NULL, &again) || !riv_json_eq(again, d->json))
        vm->unsteady = vm->reread = true;
    riv_arena_free(scratch);
}

/* ---- going back ---- */

void avm__resume(avm *vm)
{
    checkpoint *c = &vm->checkpoint;
    take_back(c);
    restore_frames(vm);
    c->set           = false;
    c->final         = false;
    vm->complete     = c->complete;
    vm->failure      = NULL;
    vm->tail         = false;
    vm->unsteady     = false;
    vm->renumbered   = false;
    vm->folded       = c->folded;
    vm->lores        = 0;
    vm->last_error   = c->last_error;
    vm->error        = c->error;
    vm->met_cids.len = c->met_len;
    vm->depth        = c->depth;
    avm__trace_rewind(vm, c->pos);
    avm__streams_settle(vm, c->pos);
}
