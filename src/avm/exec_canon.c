/* exec_canon.c: canon: fixes what a stream or map holds, on one peer, under its signature.
 * Spec: docs/spec/air.md §4.3 canon. Tests: avm_test.c. */
#include "avm/internal.h"

/* SPEC air.md 4.3: Into a scalar: ONE element, a literal object of the map with keys as strings, FIRST value of each key */
static const value *first_values(avm *vm, const value *const *pairs, size_t count, riv_str peer)
{
    riv_map         *met     = riv_map_new(vm->arena);
    riv_json_member *members = riv_new(vm->arena, riv_json_member, count + 1);
    size_t           n       = 0;
    for (size_t i = 0; i < count; i++) {
        const riv_json *pair = avm__json(vm, pairs[i]->datum), *key = riv_json_get(pair, RIV_LIT("key"));
        riv_str         typed, printed;
        if (!key || !avm__map_key(vm, key, &typed, &printed)) continue;
        if (riv_map_put_str(met, printed, vm)) continue;
        members[n++] = (riv_json_member){ printed, riv_json_get(pair, RIV_LIT("value")) };
    }
    const avm_tetraplet *t = avm__tetraplet(vm, peer, RIV_LIT(""), RIV_LIT(""), RIV_LIT(""));
    return avm__value(vm, avm__datum(vm, riv_json_obj(vm->arena, members, n)), t, 0, ARCHIVE_LITERAL, RIV_LIT(""));
}

static canon *make(avm *vm, const air_node *node, riv_str peer)
{
    canon *c = riv_new(vm->arena, canon, 1);
    avm__stream_values(vm, avm__stream(vm, &node->source), &c->values, &c->count);
    if (node->out.kind == AIR_VAR_SCALAR) {
        const value **one = riv_new(vm->arena, const value *, 1);
        one[0]            = first_values(vm, c->values, c->count, peer);
        c->values         = one;
        c->count          = 1;
    }
    c->tetraplet = avm__tetraplet(vm, peer, RIV_LIT(""), RIV_LIT(""), RIV_LIT(""));
    c->cid       = avm__track_canon(vm, c);
    return c;
}

static const failure *set_scalar(avm *vm, const air_node *node, const canon *c)
{
    if (c->count == 0) return avm__fail(vm, CODE_MAP_SCALAR, "can not find JValue to produce scalar from");
    const avm_tetraplet *t = c->tetraplet;
    return avm__set(vm, node->out.name,
                    avm__value(vm, c->values[0]->datum, t, avm__trace_pos(vm), ARCHIVE_FROM_CANON, c->cid));
}

static const failure *keep(avm *vm, const air_node *node, canon *c)
{
    avm__met_cid(vm, c->tetraplet->peer_pk, c->cid);
    if (node->out.kind == AIR_VAR_SCALAR) {
        AVM_TRY(set_scalar(vm, node, c));
    } else {
        if (node->out.kind == AIR_VAR_CANON_MAP) AVM_TRY(avm__canon_index(vm, c));
        AVM_TRY(avm__set(vm, node->out.name, c));
    }
    avm__trace_push(vm, (archive_state){ .kind = ARCHIVE_CANON, .canon_executed = true, .cid = c->cid });
    return NULL;
}

static const failure *take_executed(avm *vm, const air_node *node, const met_state *met)
{
    riv_str peer;
    canon  *c;
    AVM_TRY(avm__resolve_text(vm, &node->peer, &peer));
    AVM_TRY(avm__stored_canon(vm, met->state.cid, &c));
    avm_tetraplet expected = { .peer_pk = peer };
    if (!avm__tetraplet_eq(&expected, c->tetraplet))
        return avm__fail(vm, CODE_MISMATCHED_PARAMETERS,
                         "canon tetraplet doesn't match expected parameters: expected " RIV_FMT ", got " RIV_FMT " ",
                         RIV_ARG(avm__debug_tetraplet(vm, &expected)), RIV_ARG(avm__debug_tetraplet(vm, c->tetraplet)));
    return keep(vm, node, c);
}

static const failure *run(avm *vm, const air_node *node)
{
    met_state met;
    riv_str   peer;
    AVM_TRY(avm__meet_canon(vm, node, &met));
    if (met.met && met.state.canon_executed) return take_executed(vm, node, &met);
    const failure *wrong = avm__resolve_text(vm, &node->peer, &peer);
    if (!met.met && avm__join(vm, wrong)) return NULL;
    if (wrong) {
        vm->unsteady = true; /* the state was met and is not put back: another run meets the one behind it */
        return wrong;
    }
    if (riv_str_eq(peer, vm->params->current_peer_id)) {
        canon *c = make(vm, node, peer);
        for (size_t i = 0; i < c->count; i++) avm__check_steady(vm, c->values[i]->datum);
        return keep(vm, node, c);
    }
    vm->complete = false;
    if (met.met) {
        avm__trace_push(vm, met.state);
        return NULL;
    }
    avm__send_to(vm, peer);
    avm__trace_push(vm, (archive_state){ .kind = ARCHIVE_CANON, .sender = vm->params->current_peer_id });
    return NULL;
}

const air_node *avm__exec_canon(avm *vm, frame *f)
{
    vm->failure = run(vm, f->node);
    return NULL;
}
