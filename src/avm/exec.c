/* exec.c: runs the tree on a stack of frames of its own, so deep scripts and long folds need no C stack.
 * A handler does one piece of its instruction and names the child to run next; a table holds one for each kind.
 * Spec: docs/spec/air.md §4.3. Tests: avm_test.c. */
#include "avm/internal.h"

static const air_node *exec_seq(avm *vm, frame *f)
{
    switch (f->step++) {
    case 0: vm->complete = true; return f->node->kid[0];
    default:
        if (vm->failure || !vm->complete) return NULL;
        vm->tail = true;
        return f->node->kid[1];
    }
}

static const air_node *exec_xor(avm *vm, frame *f)
{
    switch (f->step++) {
    case 0: vm->complete = true; return f->node->kid[0];
    case 1:
        if (!vm->failure || !avm__catchable(vm->failure)) return NULL;
        vm->complete = true;
        avm__error_caught(vm, vm->failure);
        vm->failure = NULL;
        return f->node->kid[1];
    default: avm__error_done(vm, !vm->failure); return NULL;
    }
}

/* SPEC air.md 4.3: Before each side COMPLETE = (side is not directly a `next`) */
static const air_node *par_side(avm *vm, const air_node *side)
{
    vm->complete = side->kind != AIR_NEXT;
    return side;
}

static const air_node *exec_par(avm *vm, frame *f)
{
    if (f->step > 0 && vm->failure) {
        vm->complete = false;
        if (!avm__catchable(vm->failure)) return NULL;
    }
    switch (f->step++) {
    case 0: {
        par_join *join = NULL;
        vm->failure    = avm__par_start(vm, f->node, &join);
        f->local       = join;
        return vm->failure ? NULL : par_side(vm, f->node->kid[0]);
    }
    case 1:
        f->left          = vm->failure;
        f->left_complete = vm->complete;
        vm->failure      = NULL;
        avm__par_left_end(vm, f->local);
        return par_side(vm, f->node->kid[1]);
    default:
        avm__par_right_end(vm, f->local);
        vm->complete = f->left_complete || vm->complete;
        if (vm->failure && f->left) return NULL; /* the right side's error leaves */
        vm->failure               = NULL;
        vm->last_error.can_be_set = true;
        return NULL;
    }
}

static const failure *compare(avm *vm, const air_node *node)
{
    resolved left = { 0 }, right = { 0 };
    AVM_TRY(avm__resolve(vm, &node->value[0], &left));
    AVM_TRY(avm__resolve(vm, &node->value[1], &right));
    bool equal = riv_json_eq(avm__json(vm, left.datum), avm__json(vm, right.datum));
    if (node->kind == AIR_MATCH && !equal) return avm__fail(vm, CODE_MATCH, "compared values do not match");
    if (node->kind == AIR_MISMATCH && equal) return avm__fail(vm, CODE_MISMATCH, "compared values do not mismatch");
    return NULL;
}

bool avm__join(avm *vm, const failure *f)
{
    if (!f || !avm__joinable(f)) return false;
    vm->complete = false;
    return true;
}

static const air_node *exec_match(avm *vm, frame *f)
{
    if (f->step++ > 0) return NULL;
    const failure *wrong = compare(vm, f->node);
    if (avm__join(vm, wrong)) return NULL;
    vm->failure = wrong;
    return wrong ? NULL : f->node->kid[0];
}

static const air_node *exec_new(avm *vm, frame *f)
{
    const air_var *var       = &f->node->out;
    bool           is_stream = var->kind == AIR_VAR_STREAM || var->kind == AIR_VAR_MAP;
    if (f->step++ == 0) {
        if (is_stream)
            avm__stream_open(vm, var, f->node);
        else
            avm__new_start(vm, var->name);
        return f->node->kid[0];
    }
    if (vm->failure && !avm__catchable(vm->failure)) return NULL;
    const failure *wrong = is_stream ? avm__stream_close(vm, var) : avm__new_end(vm, var->name);
    if (!vm->failure) vm->failure = wrong;
    return NULL;
}

static const air_node *exec_fail(avm *vm, frame *f)
{
    vm->failure = avm__exec_fail(vm, f->node);
    return NULL;
}

static const air_node *exec_null(avm *vm, frame *f)
{
    (void)vm;
    (void)f;
    return NULL;
}

static const air_node *exec_never(avm *vm, frame *f)
{
    (void)f;
    vm->complete = false;
    return NULL;
}

void avm__send_to(avm *vm, riv_str peer)
{
    if (riv_map_has(vm->peers_seen, riv_str_bytes(peer))) return;
    if (vm->out != vm->arena) peer = riv_str_dup(vm->out, peer);
    riv_map_put_view(vm->peers_seen, peer, vm);
    *riv_push(vm->out, &vm->peers) = peer;
}

/* ---- the machine ---- */

static const handler handlers[AIR_KINDS] = {
    [AIR_CALL] = avm__exec_call, [AIR_CANON] = avm__exec_canon, [AIR_AP] = avm__exec_ap,  [AIR_SEQ] = exec_seq,
    [AIR_PAR] = exec_par,        [AIR_XOR] = exec_xor,          [AIR_MATCH] = exec_match, [AIR_MISMATCH] = exec_match,
    [AIR_FOLD] = avm__exec_fold, [AIR_NEXT] = avm__exec_next,   [AIR_NEW] = exec_new,     [AIR_FAIL] = exec_fail,
    [AIR_NULL] = exec_null,      [AIR_NEVER] = exec_never,
};

static void push_frame(avm *vm, const air_node *node)
{
    if (vm->tail) vm->frames.len--; /* the parent had nothing left to do but to pass its child's end on */
    vm->tail                          = false;
    *riv_push(vm->arena, &vm->frames) = (frame){ .node = node };
}

static riv_err check_budgets(avm *vm)
{
    if (vm->over) return riv_fail(vm->fault, RIV_E_LIMIT, 0, "%s", vm->over_what);
    if (vm->steps > vm->steps_max)
        return riv_fail(vm->fault, RIV_E_LIMIT, vm->steps, "the script took more than %llu steps",
                        (unsigned long long)vm->steps_max);
    if (vm->frames.len > AVM_FRAMES_MAX)
        return riv_fail(vm->fault, RIV_E_LIMIT, vm->steps, "more than %d instructions are open at once",
                        AVM_FRAMES_MAX);
    if (riv_arena_over(vm->arena) || riv_arena_used(vm->arena) - vm->bytes_start > vm->bytes_max)
        return riv_fail(vm->fault, RIV_E_LIMIT, vm->steps, "the run took more than %llu bytes",
                        (unsigned long long)vm->bytes_max);
    return RIV_OK;
}

/* An instruction that waits ends what it stands in, up to a par or a fold over a stream, where others go on. A session need not come
 * down all the way, to find itself up there again in the next step. */
static bool is_over(const avm *vm)
{
    return vm->keeps && !vm->complete && !vm->failure && !vm->pars.len && !vm->lores && !vm->scopes_lost;
}

riv_err avm__exec(avm *vm, const air_node *root)
{
    push_frame(vm, root);
    return avm__exec_on(vm);
}

riv_err avm__exec_on(avm *vm)
{
    while (vm->frames.len) {
        RIV_TRY(check_budgets(vm));
        avm__save_frame(vm);
        frame          *f     = &vm->frames.ptr[vm->frames.len - 1];
        const air_node *child = handlers[f->node->kind](vm, f);
        vm->steps++;
        if (vm->broken) {
            vm->failure = vm->broken;
            return check_budgets(vm);
        }
        if (child) {
            push_frame(vm, child);
            continue;
        }
        /* a call sets errors itself: it knows the peer */
        if (vm->failure && f->node->kind != AIR_CALL) avm__set_errors(vm, vm->failure, f->node, NULL);
        if (is_over(vm)) break;
        vm->frames.len--;
    }
    return check_budgets(vm);
}
