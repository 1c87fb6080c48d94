/* exec_ap.c: ap: puts a value into a scalar, a stream or a map.
 * Spec: docs/spec/air.md §4.3 ap. Tests: avm_test.c. */
#include "avm/internal.h"

static const failure *source_of(avm *vm, const air_node *node, bool touches_trace, value **out)
{
    const air_value *what = &node->value[0];
    resolved         r    = { 0 };
    bool plain = what->kind == AIR_VARIABLE && what->var.kind == AIR_VAR_SCALAR && !avm__has_lambda(&what->lambda);
    AVM_TRY(avm__resolve(vm, what, &r));
    uint32_t pos = avm__trace_pos(vm);
    if (plain && !touches_trace) { /* a copy keeps the position of what it copies */
        const value *held;
        AVM_TRY(avm__get_scalar(vm, what->var.name, &held, NULL));
        pos = held->trace_pos;
    }
    *out = avm__value(vm, r.datum, r.tetraplet, pos, r.provenance, r.cid);
    return NULL;
}

static const failure *unsupported_key(avm *vm, const air_node *node)
{
    return avm__fail(vm, CODE_MAP_KEY, "unsupported type for " RIV_FMT " map's key", RIV_ARG(node->out.name));
}

static const failure *to_pair(avm *vm, const air_node *node, value **v)
{
    resolved key = { 0 };
    riv_str  typed, printed;
    AVM_TRY(avm__resolve(vm, &node->key, &key));
    const riv_json *json = avm__json(vm, key.datum);
    if (!avm__map_key(vm, json, &typed, &printed)) return unsupported_key(vm, node);
    const riv_json *pair = riv_json_object(vm->arena, "key", json, "value", avm__json(vm, (*v)->datum), NULL);
    *v = avm__value(vm, avm__datum(vm, pair), (*v)->tetraplet, (*v)->trace_pos, (*v)->provenance, (*v)->cid);
    return NULL;
}

static const failure *run(avm *vm, const air_node *node)
{
    bool      touches_trace = node->out.kind != AIR_VAR_SCALAR;
    value    *v;
    met_state met;
    AVM_TRY(source_of(vm, node, touches_trace, &v));
    if (!touches_trace) return avm__set(vm, node->out.name, v);
    AVM_TRY(avm__meet_ap(vm, node, &met));
    if (node->has_key) {
        const failure *wrong =
            to_pair(vm, node, &v); /* after the state was taken: a hole in the trace, as in the original */
        if (wrong) vm->unsteady = true;
        AVM_TRY(wrong);
    }
    AVM_TRY(avm__stream_add(vm, &node->out, v, met.met ? met.from : SOURCE_NEW, met.met ? met.state.generation : 0));
    avm__trace_push(vm,
                    (archive_state){ .kind = ARCHIVE_AP, .generation = AVM_GENERATION_STUB, .generations_count = 1 });
    return NULL;
}

const air_node *avm__exec_ap(avm *vm, frame *f)
{
    const failure *wrong = run(vm, f->node);
    if (!avm__join(vm, wrong)) vm->failure = wrong;
    return NULL;
}
