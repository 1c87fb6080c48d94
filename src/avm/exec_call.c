/* exec_call.c: call: asks the host, passes on to another peer, or takes what the traces already know.
 * Spec: docs/spec/air.md §4.3 call. Tests: avm_test.c. */
#include "avm/internal.h"

enum { JSON_COST = 64 }; /* one value of JSON with its place in an array or object */

typedef struct call {
    const air_node      *node;
    const avm_tetraplet *tetraplet;
    resolved            *args;      /* NULL: an argument is not there yet */
    riv_str              args_hash; /* args_hash_of */
    met_state            met;
} call;

static const failure *check_output(avm *vm, const air_node *node)
{
    if (!node->has_out || node->out.kind != AIR_VAR_SCALAR) return NULL;
    fold_state *iterator = NULL;
    void       *held     = NULL;
    switch (avm__look(vm, node->out.name, &held, &iterator)) {
    case FOUND_VALUE:
        if (avm__could_be_set(vm, node->out.name)) return NULL;
        return avm__fail(vm, CODE_SHADOWING,
                         "trying to shadow variable '" RIV_FMT "', but shadowing is allowed only inside fold blocks",
                         RIV_ARG(node->out.name));
    case FOUND_ITERATOR:
        return avm__fail(vm, CODE_ITERATOR_SHADOWED,
                         "variable with name '" RIV_FMT "' can't be shadowed, shadowing isn't supported for iterables",
                         RIV_ARG(node->out.name));
    case FOUND_NOTHING:
    case FOUND_UNSET: break;
    }
    return NULL;
}

static const failure *resolve_triplet(avm *vm, const air_node *node, const avm_tetraplet **out)
{
    riv_str peer, service, function;
    AVM_TRY(avm__resolve_text(vm, &node->peer, &peer));
    AVM_TRY(avm__resolve_text(vm, &node->service, &service));
    AVM_TRY(avm__resolve_text(vm, &node->function, &function));
    *out = avm__tetraplet(vm, peer, service, function, RIV_LIT(""));
    return check_output(vm, node);
}

/* ---- arguments ---- */

/* Made when a result is there or comes: a call that waits needs none. */
static riv_str args_hash_of(avm *vm, call *c)
{
    const resolved *args  = c->args;
    size_t          count = c->node->args_count;
    if (c->args_hash.len) return c->args_hash;
    for (size_t i = 0; i < count; i++) (void)avm__text(vm, args[i].datum); /* uses the scratch buffer */
    riv_buf_clear(&vm->scratch);
    riv_put_u8(&vm->scratch, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) riv_put_u8(&vm->scratch, ',');
        riv_put_str(&vm->scratch, args[i].datum->text);
    }
    riv_put_u8(&vm->scratch, ']');
    c->args_hash = codec_json_cid(vm->arena, riv_buf_view(&vm->scratch));
    return c->args_hash;
}

/* SPEC air.md 4.3: resolve arguments (joinable: remembered, other errors leave) */
static const failure *resolve_args(avm *vm, call *c)
{
    size_t    count = c->node->args_count;
    resolved *args  = riv_new(vm->arena, resolved, count);
    for (size_t i = 0; i < count; i++) {
        const failure *wrong = avm__resolve(vm, &c->node->args[i], &args[i]);
        if (wrong && avm__joinable(wrong)) return NULL;
        if (wrong) return wrong;
    }
    c->args = args;
    return NULL;
}

/* Requests are the caller's; a session's own memory may go before they do. */
static riv_str handed(avm *vm, riv_str s) { return vm->out == vm->arena ? s : riv_str_dup(vm->out, s); }

static avm_tetraplets tetraplets_of(avm *vm, const resolved *arg)
{
    if (!arg->many && vm->out == vm->arena) return (avm_tetraplets){ arg->tetraplet, 1 };
    size_t         count = arg->many ? arg->many->count : 1;
    avm_tetraplet *items = riv_new(vm->out, avm_tetraplet, count);
    for (size_t i = 0; i < count; i++) {
        const avm_tetraplet *t = arg->many ? arg->many->values[i]->tetraplet : arg->tetraplet;
        items[i] = (avm_tetraplet){ handed(vm, t->peer_pk), handed(vm, t->service_id), handed(vm, t->function_name),
                                    handed(vm, t->lens) };
    }
    return (avm_tetraplets){ items, count };
}

/* Values share parts, copies do not: measured before they are made. */
static bool copy_fits(const riv_json *v, uint64_t *left)
{
    uint64_t cost = JSON_COST + (v->kind == RIV_JSON_STR ? v->str.len : 0);
    if (cost > *left) return false;
    *left -= cost;
    if (v->kind == RIV_JSON_ARR) {
        for (size_t i = 0; i < v->arr.count; i++)
            if (!copy_fits(v->arr.items[i], left)) return false;
    } else if (v->kind == RIV_JSON_OBJ) {
        for (size_t i = 0; i < v->obj.count; i++) {
            if (v->obj.members[i].key.len > *left) return false;
            *left -= v->obj.members[i].key.len;
            if (!copy_fits(v->obj.members[i].value, left)) return false;
        }
    }
    return true;
}

static const riv_json *handed_json(avm *vm, const riv_json *v)
{
    if (vm->out == vm->arena) return v;
    uint64_t left = RIV_MIN((uint64_t)riv_arena_left(vm->out), vm->bytes_max);
    if (copy_fits(v, &left)) return riv_json_copy(vm->out, v);
    vm->over      = true;
    vm->over_what = "a call's arguments are too large to be handed out";
    return riv_json_null();
}

static const failure *request(avm *vm, const call *c)
{
    size_t           count = c->node->args_count;
    const riv_json **args  = riv_new(vm->out, const riv_json *, count + 1);
    avm_tetraplets  *lists = riv_new(vm->out, avm_tetraplets, count + 1);
    for (size_t i = 0; i < count; i++) {
        (void)avm__text(vm, c->args[i].datum); /* bounded, so that the host can write it */
        args[i]  = handed_json(vm, avm__json(vm, c->args[i].datum));
        lists[i] = tetraplets_of(vm, &c->args[i]);
    }
    if (vm->last_call_id == UINT32_MAX) return avm__fail(vm, CODE_INT, "call ids are used up");
    avm__checkpoint_at_call(vm);
    uint32_t id = ++vm->last_call_id;
    *riv_push(vm->out, &vm->requests) =
        (avm_call_request){ id, handed(vm, c->tetraplet->service_id), handed(vm, c->tetraplet->function_name),
                            riv_json_arr(vm->out, args, count), lists };
    vm->complete = false;
    avm__trace_push(vm, (archive_state){ .kind        = ARCHIVE_CALL,
                                         .call        = ARCHIVE_CALL_REQUEST,
                                         .has_call_id = true,
                                         .call_id     = id,
                                         .sender      = vm->params->current_peer_id });
    return NULL;
}

/* ---- a result from the host ---- */

static riv_str keep_failed(avm *vm, call *c, int32_t ret_code, riv_str message)
{
    const riv_json *object = riv_json_object(vm->arena, "ret_code", riv_json_i64(vm->arena, ret_code), "message",
                                             riv_json_str(vm->arena, message), NULL);
    riv_str         cid    = avm__track_service_result(vm, avm__datum(vm, object), c->tetraplet, args_hash_of(vm, c));
    avm__trace_push(vm, (archive_state){ .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_FAILED, .cid = cid });
    return cid;
}

static const failure *service_failure(avm *vm, int32_t ret_code, riv_str message)
{
    riv_buf out = riv_buf_in(vm->arena);
    riv_putf(&out, "Local service error, ret_code is %d, error message is '", ret_code);
    riv_put_str(&out, message);
    riv_put_u8(&out, '\'');
    return avm__fail_str(vm, CODE_SERVICE, riv_buf_str(&out));
}

static const failure *not_json(avm *vm, call *c, const avm_call_result *result, const riv_fault *fault)
{
    riv_buf out = riv_buf_in(vm->arena);
    riv_putf(&out, "call_service result 'ret_code: %d, result: '", result->ret_code);
    riv_put_str(&out, result->result);
    riv_put_str(&out, RIV_LIT("'' can't be serialized or deserialized with an error: "));
    riv_put_str(&out, avm__why_not_json(vm->arena, result->result, fault));
    riv_str message = riv_buf_str(&out);
    (void)keep_failed(vm, c, INT32_MAX, message); /* SPEC air.md 3.4: not registered for signing in that run */
    vm->unsteady = true;                          /* but in the next one */
    return service_failure(vm, INT32_MAX, message);
}

static const failure *keep_result(avm *vm, call *c, datum *d)
{
    const air_var *out   = &c->node->out;
    archive_state  state = { .kind = ARCHIVE_CALL };
    if (!c->node->has_out) {
        state.call = ARCHIVE_CALL_UNUSED;
        state.cid  = codec_json_cid(vm->arena, riv_str_bytes(avm__text(vm, d)));
        avm__trace_push(vm, state);
        return NULL;
    }
    riv_str cid       = avm__track_service_result(vm, d, c->tetraplet, args_hash_of(vm, c));
    value  *v         = avm__value(vm, d, c->tetraplet, avm__trace_pos(vm), ARCHIVE_FROM_SERVICE, cid);
    bool    is_stream = out->kind == AIR_VAR_STREAM;
    AVM_TRY(is_stream ? avm__stream_add(vm, out, v, SOURCE_NEW, 0) : avm__set(vm, out->name, v));
    avm__met_cid(vm, c->tetraplet->peer_pk, cid);
    state.call       = is_stream ? ARCHIVE_CALL_STREAM : ARCHIVE_CALL_SCALAR;
    state.cid        = cid;
    state.generation = is_stream ? AVM_GENERATION_STUB : 0;
    avm__trace_push(vm, state);
    return NULL;
}

static const failure *take_result(avm *vm, call *c, const avm_call_result *result)
{
    if (!c->args) return avm__fail(vm, CODE_TRACE, "a call whose arguments are missing has a result");
    if (!riv_str_eq(c->tetraplet->peer_pk, vm->params->current_peer_id)) vm->stray = true;
    if (result->ret_code != 0) {
        riv_str message = riv_str_dup(vm->arena, result->result);
        avm__met_cid(vm, c->tetraplet->peer_pk, keep_failed(vm, c, result->ret_code, message));
        return service_failure(vm, result->ret_code, message);
    }
    riv_fault       fault = { 0 };
    const riv_json *json;
    if (riv_json_parse_serde(result->result, vm->arena, &fault, &json)) return not_json(vm, c, result, &fault);
    datum         *d     = avm__datum(vm, json);
    const failure *wrong = keep_result(vm, c, d);
    avm__check_steady(vm, d);
    return wrong;
}

/* ---- what the traces know ---- */

static const failure *mismatch(avm *vm, const char *what, riv_str expected, riv_str stored)
{
    return avm__fail(vm, CODE_MISMATCHED_PARAMETERS,
                     "%s doesn't match expected parameters: expected " RIV_FMT ", got " RIV_FMT " ", what,
                     RIV_ARG(expected), RIV_ARG(stored));
}

/* The stored result, if it is one of this very call. */
static const failure *stored_result(avm *vm, call *c, datum **out)
{
    const avm_tetraplet *t;
    riv_str              hash;
    if (!c->args) return avm__fail(vm, CODE_TRACE, "a call whose arguments are missing was executed");
    AVM_TRY(avm__service_result(vm, c->met.state.cid, out, &t, &hash));
    if (!riv_str_eq(hash, args_hash_of(vm, c))) return mismatch(vm, "call argument_hash", c->args_hash, hash);
    if (!avm__tetraplet_eq(t, c->tetraplet))
        return mismatch(vm, "call tetraplet", avm__debug_tetraplet(vm, c->tetraplet), avm__debug_tetraplet(vm, t));
    return NULL;
}

static const failure *take_failed(avm *vm, call *c)
{
    datum *d;
    AVM_TRY(stored_result(vm, c, &d));
    int32_t ret_code;
    riv_str message;
    AVM_TRY(avm__read_failed(vm, avm__json(vm, d), &ret_code, &message));
    vm->complete = false;
    avm__met_cid(vm, c->tetraplet->peer_pk, c->met.state.cid);
    avm__trace_push(vm, c->met.state);
    return service_failure(vm, ret_code, message);
}

static bool fits_output(const air_node *node, archive_call_kind kind)
{
    if (!node->has_out) return kind == ARCHIVE_CALL_UNUSED;
    return kind == (node->out.kind == AIR_VAR_STREAM ? ARCHIVE_CALL_STREAM : ARCHIVE_CALL_SCALAR);
}

static const failure *take_executed(avm *vm, call *c)
{
    const archive_state *s = &c->met.state;
    if (!c->args) return avm__fail(vm, CODE_TRACE, "a call whose arguments are missing was executed");
    if (!fits_output(c->node, s->call))
        return avm__fail(vm, CODE_CALL_KIND,
                         "call result value " RIV_FMT " doesn't match with corresponding instruction",
                         RIV_ARG(avm__debug_call_value(vm, s)));
    if (c->node->has_out) {
        const air_var *out = &c->node->out;
        datum         *d;
        AVM_TRY(stored_result(vm, c, &d));
        value *v = avm__value(vm, d, c->tetraplet, c->met.trace_pos, ARCHIVE_FROM_SERVICE, s->cid);
        AVM_TRY(out->kind == AIR_VAR_STREAM ? avm__stream_add(vm, out, v, c->met.from, s->generation)
                                            : avm__set(vm, out->name, v));
        avm__met_cid(vm, c->tetraplet->peer_pk, s->cid);
    }
    avm__trace_push(vm, *s);
    return NULL;
}

/* ---- the call itself ---- */

static void keep_waiting(avm *vm, const call *c)
{
    vm->complete = false;
    avm__trace_push(vm, c->met.state);
}

/* Nobody has run it yet, or only asked for it. */
static const failure *execute(avm *vm, const call *c)
{
    if (!riv_str_eq(c->tetraplet->peer_pk, vm->params->current_peer_id)) {
        avm__send_to(vm, c->tetraplet->peer_pk);
        vm->complete = false;
        avm__trace_push(vm, (archive_state){ .kind   = ARCHIVE_CALL,
                                             .call   = ARCHIVE_CALL_REQUEST,
                                             .sender = vm->params->current_peer_id });
        return NULL;
    }
    if (c->args) return request(vm, c);
    vm->complete = false;
    if (c->met.met) avm__trace_push(vm, c->met.state);
    return NULL;
}

static const failure *take_request(avm *vm, call *c)
{
    const archive_state *s     = &c->met.state;
    riv_str              local = vm->params->current_peer_id;
    if (s->has_call_id && riv_str_eq(s->sender, local)) {
        const avm_call_result *result = riv_map_get_u64(vm->results, s->call_id);
        if (result) {
            riv_map_put_u64(vm->results, s->call_id, NULL);
            return take_result(vm, c, result);
        }
        avm__checkpoint_at_call(vm);
        keep_waiting(vm, c);
        return NULL;
    }
    if (riv_str_eq(c->tetraplet->peer_pk, local)) return execute(vm, c);
    keep_waiting(vm, c);
    return NULL;
}

static const failure *run(avm *vm, call *c)
{
    AVM_TRY(resolve_args(vm, c));
    AVM_TRY(avm__meet_call(vm, c->node, &c->met));
    if (!c->met.met) return execute(vm, c);
    switch (c->met.state.call) {
    case ARCHIVE_CALL_REQUEST: return take_request(vm, c);
    case ARCHIVE_CALL_FAILED: return take_failed(vm, c);
    case ARCHIVE_CALL_SCALAR:
    case ARCHIVE_CALL_STREAM:
    case ARCHIVE_CALL_UNUSED: return take_executed(vm, c);
    }
    RIV_UNREACHABLE();
}

const air_node *avm__exec_call(avm *vm, frame *f)
{
    call c               = { .node = f->node };
    vm->call_pos         = avm__trace_pos(vm);
    vm->call_complete    = vm->complete;
    const failure *wrong = resolve_triplet(vm, f->node, &c.tetraplet);
    if (avm__join(vm, wrong)) return NULL;
    if (wrong) {
        avm__set_errors(vm, wrong, f->node, NULL);
    } else {
        wrong = run(vm, &c);
        if (wrong) avm__set_errors(vm, wrong, f->node, c.tetraplet);
    }
    vm->failure = wrong;
    return NULL;
}
