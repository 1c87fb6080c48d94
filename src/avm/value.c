/* value.c: JSON values in their forms, tetraplets, lambdas, and what an operand of an instruction stands for.
 * Spec: docs/spec/air.md §1.2, §4.5. Tests: avm_test.c. */
#include "avm/internal.h"

/* ---- JSON in its forms ---- */

datum *avm__datum(avm *vm, const riv_json *json)
{
    datum *d = riv_new(vm->arena, datum, 1);
    d->json  = json;
    return d;
}

const riv_json *avm__json(avm *vm, datum *d)
{
    if (d->json) return d->json;
    riv_fault fault = { 0 };
    if (riv_json_parse_serde(d->stored, vm->arena, &fault, &d->json)) {
        /* SPEC air.md 3.2: the original traps here; value texts are checked by hash alone */
        if (!vm->broken) vm->broken = avm__fail(vm, CODE_CID, "a value in the store is not JSON: %s", fault.msg);
        d->json = riv_json_null();
    }
    return d->json;
}

/* Values share parts, so a small script can build one whose text would fill the machine: measured before it is written. */
static bool fits(const riv_json *v, uint64_t *left, unsigned depth)
{
    uint64_t cost = v->kind == RIV_JSON_STR ? v->str.len + 8 : 8;
    if (depth > AVM_JSON_DEPTH_MAX || cost > *left) return false;
    *left -= cost;
    if (v->kind == RIV_JSON_ARR) {
        for (size_t i = 0; i < v->arr.count; i++)
            if (!fits(v->arr.items[i], left, depth + 1)) return false;
    } else if (v->kind == RIV_JSON_OBJ) {
        for (size_t i = 0; i < v->obj.count; i++) {
            if (v->obj.members[i].key.len > *left) return false;
            *left -= v->obj.members[i].key.len;
            if (!fits(v->obj.members[i].value, left, depth + 1)) return false;
        }
    }
    return true;
}

riv_str avm__json_text(avm *vm, const riv_json *json)
{
    uint64_t used = riv_arena_used(vm->arena) - vm->bytes_start;
    uint64_t left = used < vm->bytes_max ? (vm->bytes_max - used) / 4 : 0; /* escapes and growth of the buffer */
    if (!fits(json, &left, 0)) {
        vm->over      = true;
        vm->over_what = "a value is too large or too deep to be written";
        return RIV_LIT("");
    }
    riv_buf_clear(&vm->scratch);
    riv_json_write(json, &vm->scratch);
    return riv_str_dup(vm->arena, riv_buf_str(&vm->scratch));
}

riv_str avm__text(avm *vm, datum *d)
{
    if (d->text.len == 0) {
        riv_str text = avm__json_text(vm, avm__json(vm, d));
        d->text      = riv_str_eq(text, d->stored) ? d->stored : text;
    }
    return d->text;
}

/* ---- tetraplets ---- */

avm_tetraplet *avm__tetraplet(avm *vm, riv_str peer, riv_str service, riv_str function, riv_str lens)
{
    avm_tetraplet *t = riv_new(vm->arena, avm_tetraplet, 1);
    *t               = (avm_tetraplet){ peer, service, function, lens };
    return t;
}

bool avm__tetraplet_eq(const avm_tetraplet *a, const avm_tetraplet *b)
{
    return riv_str_eq(a->peer_pk, b->peer_pk) && riv_str_eq(a->service_id, b->service_id) &&
           riv_str_eq(a->function_name, b->function_name) && riv_str_eq(a->lens, b->lens);
}

static riv_str joined(riv_arena *arena, riv_str a, riv_str b)
{
    riv_buf both = riv_buf_in(arena);
    riv_buf_reserve(&both, a.len + b.len);
    riv_put_str(&both, a);
    riv_put_str(&both, b);
    return riv_buf_str(&both);
}

const avm_tetraplet *avm__with_lens(avm *vm, const avm_tetraplet *t, riv_str lens)
{
    avm_tetraplet *copy = riv_new(vm->arena, avm_tetraplet, 1);
    *copy               = *t;
    copy->lens          = t->lens.len ? joined(vm->arena, t->lens, lens) : lens;
    return copy;
}

const avm_tetraplet *avm__lambda_tetraplet(avm *vm, const avm_tetraplet *t, const air_lambda *lambda)
{
    riv_str text = air_lambda_text(lambda, vm->arena);
    if (lambda->is_length) return avm__tetraplet(vm, RIV_LIT(""), RIV_LIT(""), RIV_LIT(""), text);
    return avm__with_lens(vm, t, text);
}

value *avm__value(avm *vm, datum *d, const avm_tetraplet *t, uint32_t trace_pos, archive_provenance p, riv_str cid)
{
    value *v        = riv_new(vm->arena, value, 1);
    bool   has_call = t->service_id.len || t->function_name.len;
    if (p == ARCHIVE_LITERAL && (has_call || t->lens.len))
        t = avm__tetraplet(vm, t->peer_pk, RIV_LIT(""), RIV_LIT(""), RIV_LIT(""));
    else if (p == ARCHIVE_FROM_CANON && has_call)
        t = avm__tetraplet(vm, t->peer_pk, RIV_LIT(""), RIV_LIT(""), t->lens);
    *v = (value){ d, t, trace_pos, p, cid };
    return v;
}

/* ---- lambdas ---- */

bool avm__has_lambda(const air_lambda *lambda) { return lambda->is_length || lambda->accessors_count; }

static const failure *bad_scalar(avm *vm, const riv_json *accessor, const char *what, const char *needs)
{
    return avm__fail(vm, CODE_LAMBDA, "%s accessor `" RIV_FMT "` should %s type", what,
                     RIV_ARG(avm__json_text(vm, accessor)), needs);
}

static const failure *as_index(avm *vm, const riv_json *number, uint32_t *out)
{
    if (number->kind != RIV_JSON_U64 || number->u64 > UINT32_MAX)
        return avm__fail(vm, CODE_LAMBDA, "index accessor `" RIV_FMT " can't be converted to u32`",
                         RIV_ARG(avm__json_text(vm, number)));
    *out = (uint32_t)number->u64;
    return NULL;
}

static bool is_number(const riv_json *v)
{
    return v->kind == RIV_JSON_U64 || v->kind == RIV_JSON_I64 || v->kind == RIV_JSON_F64;
}

static const failure *at_index(avm *vm, const riv_json **v, uint32_t index)
{
    if ((*v)->kind != RIV_JSON_ARR)
        return avm__fail(vm, CODE_LAMBDA,
                         "value '" RIV_FMT "' is not an array-type to match array accessor with idx = '%u'",
                         RIV_ARG(avm__json_text(vm, *v)), index);
    const riv_json *inner = riv_json_at(*v, index);
    if (!inner)
        return avm__fail(vm, CODE_LAMBDA, "value '" RIV_FMT "' does not contain element for idx = '%u'",
                         RIV_ARG(avm__json_text(vm, *v)), index);
    *v = inner;
    return NULL;
}

/* Names of fields come from values too and may have a zero byte, at which printf would stop. */
static const failure *no_field(avm *vm, const riv_json *v, riv_str why, riv_str name)
{
    riv_buf out = riv_buf_in(vm->arena);
    riv_put_str(&out, RIV_LIT("value '"));
    riv_put_str(&out, avm__json_text(vm, v));
    riv_put_str(&out, why);
    riv_put_str(&out, name);
    riv_put_u8(&out, '\'');
    return avm__fail_str(vm, CODE_LAMBDA, riv_buf_str(&out));
}

static const failure *at_field(avm *vm, const riv_json **v, riv_str name)
{
    if ((*v)->kind != RIV_JSON_OBJ)
        return no_field(vm, *v, RIV_LIT("' is not an map-type to match field accessor with field_name = '"), name);
    const riv_json *inner = riv_json_get(*v, name);
    if (!inner) return no_field(vm, *v, RIV_LIT("' does not contain element with field name = '"), name);
    *v = inner;
    return NULL;
}

static const failure *at_scalar(avm *vm, const riv_json **v, riv_str name)
{
    const value *scalar;
    uint32_t     index;
    AVM_TRY(avm__get_scalar(vm, name, &scalar, NULL));
    const riv_json *accessor = avm__json(vm, scalar->datum);
    if (accessor->kind == RIV_JSON_STR) return at_field(vm, v, accessor->str);
    if (!is_number(accessor)) return bad_scalar(vm, accessor, "scalar", "has number or string");
    AVM_TRY(as_index(vm, accessor, &index));
    return at_index(vm, v, index);
}

static const failure *select_path(avm *vm, const riv_json *v, const air_accessor *path, size_t count,
                                  const riv_json **out)
{
    for (size_t i = 0; i < count; i++) {
        switch (path[i].kind) {
        case AIR_ARRAY_INDEX: AVM_TRY(at_index(vm, &v, path[i].index)); break;
        case AIR_FIELD_NAME: AVM_TRY(at_field(vm, &v, path[i].name)); break;
        case AIR_FIELD_BY_SCALAR: AVM_TRY(at_scalar(vm, &v, path[i].name)); break;
        }
    }
    *out = v;
    return NULL;
}

const failure *avm__select(avm *vm, const riv_json *json, const air_lambda *lambda, const riv_json **out)
{
    if (!lambda->is_length) return select_path(vm, json, lambda->accessors, lambda->accessors_count, out);
    if (json->kind != RIV_JSON_ARR)
        return avm__fail(vm, CODE_LENGTH,
                         "the length functor could applied only to an array-like value, but it's applied to '" RIV_FMT
                         "'",
                         RIV_ARG(avm__json_text(vm, json)));
    *out = riv_json_u64(vm->arena, json->arr.count);
    return NULL;
}

/* The first accessor of a lambda on a stream: which element. */
static const failure *stream_index(avm *vm, const air_accessor *a, uint32_t *out)
{
    switch (a->kind) {
    case AIR_ARRAY_INDEX: *out = a->index; return NULL;
    case AIR_FIELD_NAME:
        return avm__fail(vm, CODE_LAMBDA,
                         "field accessor (with field name = '" RIV_FMT "') can't be applied to a stream",
                         RIV_ARG(a->name));
    case AIR_FIELD_BY_SCALAR: break;
    }
    const value *scalar;
    AVM_TRY(avm__get_scalar(vm, a->name, &scalar, NULL));
    const riv_json *accessor = avm__json(vm, scalar->datum);
    if (!is_number(accessor))
        return avm__fail(vm, CODE_LAMBDA, "stream accessor `" RIV_FMT "` should has number (u32) type",
                         RIV_ARG(avm__json_text(vm, accessor)));
    return as_index(vm, accessor, out);
}

/* ---- canons ---- */

static const riv_json *array_of(avm *vm, const value *const *values, size_t count)
{
    const riv_json **items = riv_new(vm->arena, const riv_json *, count ? count : 1);
    for (size_t i = 0; i < count; i++) items[i] = avm__json(vm, values[i]->datum);
    return riv_json_arr(vm->arena, items, count);
}

bool avm__map_key(avm *vm, const riv_json *json, riv_str *typed, riv_str *printed)
{
    if (json->kind == RIV_JSON_STR) {
        *printed = json->str;
        *typed   = joined(vm->arena, RIV_LIT("s"), json->str);
        return true;
    }
    if (json->kind != RIV_JSON_U64 && json->kind != RIV_JSON_I64) return false;
    *printed = riv_json_text(json, vm->arena);
    *typed   = joined(vm->arena, RIV_LIT("n"), *printed);
    return true;
}

const failure *avm__canon_index(avm *vm, canon *c)
{
    c->by_key = riv_map_new(vm->arena);
    for (size_t i = 0; i < c->count; i++) {
        const value    *pair = c->values[i];
        const riv_json *json = avm__json(vm, pair->datum), *key = riv_json_get(json, RIV_LIT("key"));
        riv_str         typed, printed;
        if (!key || !avm__map_key(vm, key, &typed, &printed))
            return avm__fail(vm, CODE_KV_PAIR, "unsupported kvpair object or map key type");
        const riv_json *inner = riv_json_get(json, RIV_LIT("value"));
        if (!inner) return avm__fail(vm, CODE_KV_PAIR, "there must be a \"value\" field in kvpair object");
        canon_map_entry *entry = riv_map_get_str(c->by_key, typed);
        if (!entry) {
            entry  = riv_new(vm->arena, canon_map_entry, 1);
            *entry = (canon_map_entry){ .key = printed, .key_json = key };
            riv_map_put_str(c->by_key, typed, entry);
        }
        *riv_push(vm->arena, &entry->values) =
            avm__value(vm, avm__datum(vm, inner), pair->tetraplet, pair->trace_pos, pair->provenance, pair->cid);
    }
    return NULL;
}

static const riv_json *object_of_map(avm *vm, const canon *c)
{
    size_t           count = riv_map_count(c->by_key), n = 0;
    riv_json_member *members = riv_new(vm->arena, riv_json_member, count ? count : 1);
    for (size_t i = 0; i < riv_map_slots(c->by_key); i++) {
        void     *held;
        riv_bytes key;
        if (!riv_map_at(c->by_key, i, &key, &held)) continue;
        const canon_map_entry *entry = held;
        members[n++] = (riv_json_member){ entry->key, array_of(vm, entry->values.ptr, entry->values.len) };
    }
    return riv_json_obj(vm->arena, members, n);
}

datum *avm__canon_whole(avm *vm, canon *c, bool is_map)
{
    if (!c->whole) c->whole = avm__datum(vm, is_map ? object_of_map(vm, c) : array_of(vm, c->values, c->count));
    return c->whole;
}

static const failure *resolve_canon_lambda(avm *vm, const canon *c, const air_lambda *lambda, resolved *out)
{
    if (lambda->is_length) {
        *out = (resolved){ .datum      = avm__datum(vm, riv_json_u64(vm->arena, c->count)),
                           .tetraplet  = avm__tetraplet(vm, vm->params->current_peer_id,
                                                        air_lambda_text(lambda, vm->arena), RIV_LIT(""), RIV_LIT("")),
                           .provenance = ARCHIVE_FROM_CANON,
                           .cid        = c->cid };
        return NULL;
    }
    uint32_t index;
    AVM_TRY(stream_index(vm, &lambda->accessors[0], &index));
    if (index >= c->count)
        return avm__fail(vm, CODE_LAMBDA,
                         "lambda is applied to a stream that have only '%zu' elements, but '%u' requested", c->count,
                         index);
    const value    *v = c->values[index];
    const riv_json *json;
    if (lambda->accessors_count == 1) {
        *out = (resolved){ .datum = v->datum, .tetraplet = v->tetraplet, .provenance = v->provenance, .cid = v->cid };
        return NULL;
    }
    AVM_TRY(select_path(vm, avm__json(vm, v->datum), lambda->accessors + 1, lambda->accessors_count - 1, &json));
    *out = (resolved){
        .datum = avm__datum(vm, json), .tetraplet = v->tetraplet, .provenance = v->provenance, .cid = v->cid
    };
    return NULL;
}

static const failure *map_lambda_key(avm *vm, const air_accessor *a, riv_str *typed)
{
    riv_str         printed;
    const value    *scalar;
    const riv_json *json     = NULL;
    fold_state     *iterator = NULL;
    switch (a->kind) {
    case AIR_ARRAY_INDEX: json = riv_json_u64(vm->arena, a->index); break;
    case AIR_FIELD_NAME: json = riv_json_str(vm->arena, a->name); break;
    case AIR_FIELD_BY_SCALAR:
        AVM_TRY(avm__get_scalar(vm, a->name, &scalar, &iterator));
        if (iterator) return avm__fail(vm, CODE_LAMBDA, "canon stream map accessor must not be iterable");
        json = avm__json(vm, scalar->datum);
        break;
    }
    if (!avm__map_key(vm, json, typed, &printed))
        return avm__fail(vm, CODE_LAMBDA, "canon stream map accessor `" RIV_FMT "` should be either string or number",
                         RIV_ARG(avm__json_text(vm, json)));
    return NULL;
}

/* SPEC air.md 4.5: Canon map: `.$.k` = array of the key's values */
static const failure *resolve_map_lambda(avm *vm, const canon *c, const air_lambda *lambda, resolved *out)
{
    *out = (resolved){ .provenance = ARCHIVE_FROM_CANON, .cid = c->cid };
    if (lambda->is_length) {
        out->datum     = avm__datum(vm, riv_json_u64(vm->arena, c->count));
        out->tetraplet = avm__tetraplet(vm, vm->params->current_peer_id, RIV_LIT(""), RIV_LIT(""), RIV_LIT("length"));
        return NULL;
    }
    riv_str typed;
    AVM_TRY(map_lambda_key(vm, &lambda->accessors[0], &typed));
    const canon_map_entry *entry = riv_map_get_str(c->by_key, typed);
    if (!entry || lambda->accessors_count == 1) {
        out->datum     = avm__datum(vm, entry ? array_of(vm, entry->values.ptr, entry->values.len)
                                              : riv_json_arr(vm->arena, NULL, 0));
        out->tetraplet = avm__tetraplet(vm, c->tetraplet->peer_pk, c->tetraplet->service_id,
                                        c->tetraplet->function_name, air_lambda_text(lambda, vm->arena));
        return NULL;
    }
    uint32_t index;
    AVM_TRY(stream_index(vm, &lambda->accessors[1], &index));
    if (index >= entry->values.len)
        return avm__fail(vm, CODE_LAMBDA,
                         "lambda is applied to a stream that have only '%zu' elements, but '%u' requested",
                         entry->values.len, index);
    const value *v = entry->values.ptr[index];
    out->datum     = v->datum;
    out->tetraplet = v->tetraplet;
    if (lambda->accessors_count == 2) return NULL;
    const riv_json *json;
    air_lambda      rest = { .accessors = lambda->accessors + 2, .accessors_count = lambda->accessors_count - 2 };
    AVM_TRY(avm__select(vm, avm__json(vm, v->datum), &rest, &json));
    riv_str text   = air_lambda_text(&rest, vm->arena); /* ".$.a.b": the map's form has no "$" */
    out->datum     = avm__datum(vm, json);
    out->tetraplet = avm__with_lens(vm, v->tetraplet, riv_str_sub(text, 2, text.len));
    return NULL;
}

/* ---- operands ---- */

static void literal(avm *vm, const riv_json *json, resolved *out)
{
    *out = (resolved){ .datum = avm__datum(vm, json), .tetraplet = vm->literal, .provenance = ARCHIVE_LITERAL };
}

static const failure *resolve_error(avm *vm, const error_slot *slot, const air_lambda *lambda, resolved *out)
{
    const riv_json *json = slot->object;
    if (avm__has_lambda(lambda)) AVM_TRY(avm__select(vm, json, lambda, &json));
    *out = (resolved){ .datum      = avm__datum(vm, json),
                       .tetraplet  = slot->tetraplet ? slot->tetraplet : vm->literal,
                       .provenance = slot->provenance,
                       .cid        = slot->cid };
    return NULL;
}

static const failure *resolve_scalar(avm *vm, const air_value *v, resolved *out)
{
    const value *held;
    AVM_TRY(avm__get_scalar(vm, v->var.name, &held, NULL));
    *out = (resolved){
        .datum = held->datum, .tetraplet = held->tetraplet, .provenance = held->provenance, .cid = held->cid
    };
    if (!avm__has_lambda(&v->lambda)) return NULL;
    const riv_json *json;
    AVM_TRY(avm__select(vm, avm__json(vm, held->datum), &v->lambda, &json));
    out->datum     = avm__datum(vm, json);
    out->tetraplet = avm__lambda_tetraplet(vm, held->tetraplet, &v->lambda);
    return NULL;
}

static const failure *resolve_canon(avm *vm, const air_value *v, resolved *out)
{
    bool   is_map = v->var.kind == AIR_VAR_CANON_MAP;
    canon *c;
    AVM_TRY(avm__get_canon(vm, v->var.name, &c));
    if (avm__has_lambda(&v->lambda))
        return is_map ? resolve_map_lambda(vm, c, &v->lambda, out) : resolve_canon_lambda(vm, c, &v->lambda, out);
    *out = (resolved){ .datum      = avm__canon_whole(vm, c, is_map),
                       .tetraplet  = c->tetraplet,
                       .many       = c,
                       .provenance = ARCHIVE_FROM_CANON,
                       .cid        = c->cid };
    return NULL;
}

static const failure *resolve_variable(avm *vm, const air_value *v, resolved *out)
{
    switch (v->var.kind) {
    case AIR_VAR_SCALAR: return resolve_scalar(vm, v, out);
    case AIR_VAR_CANON:
    case AIR_VAR_CANON_MAP: return resolve_canon(vm, v, out);
    case AIR_VAR_STREAM:
    case AIR_VAR_MAP: break; /* SPEC air.md 1.3: Streams and stream maps never stand as a value */
    }
    RIV_UNREACHABLE();
}

const failure *avm__resolve(avm *vm, const air_value *v, resolved *out)
{
    const avm_params *p = vm->params;
    switch (v->kind) {
    case AIR_INIT_PEER_ID: literal(vm, riv_json_str(vm->arena, p->init_peer_id), out); return NULL;
    case AIR_LAST_ERROR: return resolve_error(vm, &vm->last_error, &v->lambda, out);
    case AIR_ERROR: return resolve_error(vm, &vm->error, &v->lambda, out);
    case AIR_LITERAL: literal(vm, riv_json_str(vm->arena, v->text), out); return NULL;
    case AIR_TIMESTAMP: literal(vm, riv_json_u64(vm->arena, p->timestamp_ms), out); return NULL;
    case AIR_TTL: literal(vm, riv_json_u64(vm->arena, p->ttl_ms), out); return NULL;
    case AIR_INT: literal(vm, riv_json_i64(vm->arena, v->i64), out); return NULL;
    case AIR_FLOAT: literal(vm, riv_json_f64(vm->arena, v->f64), out); return NULL;
    case AIR_BOOL: literal(vm, riv_json_bool(v->boolean), out); return NULL;
    case AIR_EMPTY_ARRAY: literal(vm, riv_json_arr(vm->arena, NULL, 0), out); return NULL;
    case AIR_VARIABLE: return resolve_variable(vm, v, out);
    }
    RIV_UNREACHABLE();
}

const failure *avm__resolve_text(avm *vm, const air_value *v, riv_str *out)
{
    if (v->kind == AIR_INIT_PEER_ID) {
        *out = vm->params->init_peer_id;
        return NULL;
    }
    if (v->kind == AIR_LITERAL) {
        *out = v->text;
        return NULL;
    }
    resolved r = { 0 };
    AVM_TRY(avm__resolve(vm, v, &r));
    const riv_json *json = avm__json(vm, r.datum);
    if (json->kind != RIV_JSON_STR)
        return avm__fail(vm, CODE_TRIPLET,
                         "call cannot resolve non-String triplet variable part `" RIV_FMT "` with value '" RIV_FMT "'",
                         RIV_ARG(v->var.name), RIV_ARG(avm__json_text(vm, json)));
    *out = json->str;
    return NULL;
}
