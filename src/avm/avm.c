/* avm.c: the stages of one invoke: limits, decode, verify, merge signatures, parse, run, number, sign, encode.
 * What the network can bring ends in out->ret_code; only a spent budget ends in an error.
 * Spec: docs/spec/air.md §2.3, §4.7. Tests: avm_test.c, script_fuzz.c, data_fuzz.c, results_fuzz.c. */
#include "avm/avm.h"
#include "avm/internal.h"

#include <stdlib.h>

enum { AIR_BYTES_MAX = 16 << 20, PARTICLE_BYTES_MAX = 64 << 20, CALL_RESULT_BYTES_MAX = 32 << 20 };
enum { RUN_BYTES_MAX = 256 << 20, RUN_STEPS_MAX = 10000000 };
enum {
    CODE_PARSE = 1,
    CODE_INNER,
    CODE_ENVELOPE,
    CODE_ENVELOPE_VERSIONS,
    CODE_RESULTS,
    CODE_OLD,
    CODE_KEY,
    CODE_STORES,
    CODE_SIGNATURES,
    CODE_SIZES
};

static uint64_t or_default(uint64_t given, uint64_t usual) { return given ? given : usual; }

void avm__invoke_start(invoke *v, const avm_input *in, const avm_params *params, riv_arena *arena, riv_arena *out_arena,
                       avm_output *out)
{
    *v             = (invoke){ .in = in, .params = params, .arena = arena, .out_arena = out_arena, .out = out };
    v->bytes_start = riv_arena_used(arena);
    v->bytes_max   = or_default(in->params.arena_bytes_max, RUN_BYTES_MAX);
}

static void tell(invoke *v, int64_t code, riv_str message)
{
    v->out->ret_code      = code;
    v->out->error_message = message;
    if (v->out_arena == v->arena) return;
    v->over               = message.len > riv_arena_left(v->out_arena);
    v->out->error_message = v->over ? RIV_LIT("") : riv_str_dup(v->out_arena, message);
}

/* Ends the invoke: data of before, no peers, no requests. */
static void refuse(invoke *v, int64_t code, riv_str message)
{
    tell(v, code, message);
    v->refused = true;
}

/* What one entry of a store, and one state, takes in all tables and copies together; measured, rounded up. */
enum { STORE_ENTRY_COST = 768, STATE_COST = 192 };

/* Tables are filled without a look at the budget, so it must hold them before. */
static riv_err check_room(const invoke *v, riv_fault *fault)
{
    const archive_data *both[2] = { &v->prev, &v->cur };
    uint64_t need = 2 * ((uint64_t)v->in->prev.len + v->in->cur.len), used = riv_arena_used(v->arena) - v->bytes_start;
    for (int i = v->known ? 1 : 0; i < 2; i++) {
        const archive_data *d = both[i];
        need += STORE_ENTRY_COST * (uint64_t)(d->values_count + d->tetraplets_count + d->canon_elements_count +
                                              d->canon_results_count + d->service_results_count + d->signatures_count);
        need += STATE_COST * (uint64_t)d->trace_count;
    }
    uint64_t left = used < v->bytes_max ? v->bytes_max - used : 0;
    if (need <= left && need <= riv_arena_left(v->arena)) return RIV_OK;
    return riv_fail(fault, RIV_E_LIMIT, 0, "data of %zu and %zu bytes does not fit into the memory of the run",
                    v->in->prev.len, v->in->cur.len);
}

/* ---- sizes ---- */

static bool size_ok(invoke *v, size_t size, uint64_t max, bool *flag, const char *what)
{
    if (size <= max) return true;
    *flag = !v->params->hard_limits; /* the original loses the flag when it refuses */
    if (*flag) return true;
    refuse(v, CODE_SIZES,
           riv_format(v->arena, "%s size: %zu bytes is bigger than the limit allowed: %llu bytes", what, size,
                      (unsigned long long)max));
    return false;
}

bool avm__check_sizes(invoke *v)
{
    const avm_params *p = v->params;
    return size_ok(v, v->in->script.len, or_default(p->air_bytes_max, AIR_BYTES_MAX), &v->out->air_limit_exceeded,
                   "air") &&
           size_ok(v, v->in->cur.len, or_default(p->particle_bytes_max, PARTICLE_BYTES_MAX),
                   &v->out->particle_limit_exceeded, "Current_data particle");
}

/* ---- decoding and checking data ---- */

static riv_str data_message(riv_arena *arena, const riv_fault *f, const archive_envelope *e)
{
    const char *what = f->code == CODE_ENVELOPE ? "envelope" : "data";
    riv_str     text = riv_format(arena, "an error occurred while %s deserialization: %s(\"%s\").\n", what,
                              f->code == CODE_INNER ? "Data" : "Envelope", f->msg);
    if (f->code != CODE_ENVELOPE_VERSIONS)
        return riv_format(arena,
                          RIV_FMT "AquaVM version is " AVM_INTERPRETER_VERSION " and it expects " ARCHIVE_DATA_VERSION
                                  " version.",
                          RIV_ARG(text));
    return riv_format(
        arena,
        RIV_FMT "AquaVM's version is " AVM_INTERPRETER_VERSION " and it expects data of " ARCHIVE_DATA_VERSION
                " version.\nSupplied data version is " RIV_FMT ", it's produced by AquaVM of " RIV_FMT " version.",
        RIV_ARG(text), RIV_ARG(e->version.text), RIV_ARG(e->interpreter_version.text));
}

/* A fault of decoding becomes an outcome when it bears one of AquaVM's codes; a spent budget stays an error. */
static riv_err read_envelope(riv_bytes bytes, riv_arena *arena, riv_fault *fault, archive_envelope *out,
                             riv_str *message)
{
    riv_err err = archive_envelope_read(bytes, arena, fault, out);
    if (err && fault->code) *message = data_message(arena, fault, out);
    return err;
}

static riv_err read_inner(const archive_envelope *e, riv_arena *arena, riv_fault *fault, archive_data *out,
                          riv_str *message)
{
    *out = (archive_data){ 0 };
    if (e->empty) return RIV_OK;
    riv_err err = archive_inner_read(e->inner, arena, fault, out);
    if (err && fault->code) *message = data_message(arena, fault, e);
    return err;
}

static riv_err check_version(const archive_envelope *e, riv_arena *arena, riv_fault *fault, riv_str *message)
{
    archive_version least = { 0 };
    if (e->empty) return RIV_OK;
    RIV_TRY(archive_version_parse(RIV_LIT(AVM_VERSION_MIN), fault, &least));
    if (archive_version_cmp(&e->interpreter_version, &least) >= 0) return RIV_OK;
    *message = riv_format(arena,
                          "supplied data was produced by `" RIV_FMT
                          "` version of interpreter, but minimum `" AVM_VERSION_MIN "` version is required",
                          RIV_ARG(e->interpreter_version.text));
    return riv_fail_code(fault, RIV_E_UNSUPPORTED, CODE_OLD, 0, "interpreter is too old");
}

static riv_err decode(invoke *v, riv_fault *fault, riv_str *message)
{
    archive_envelope prev = { 0 }, cur = { 0 };
    if (!v->known) RIV_TRY(read_envelope(v->in->prev, v->arena, fault, &prev, message));
    RIV_TRY(read_envelope(v->in->cur, v->arena, fault, &cur, message));
    RIV_TRY(check_version(&cur, v->arena, fault, message));
    if (!v->known) RIV_TRY(read_inner(&prev, v->arena, fault, &v->prev, message));
    return read_inner(&cur, v->arena, fault, &v->cur, message);
}

static riv_err verify(invoke *v, riv_fault *fault, riv_str *message)
{
    signers theirs   = { 0 };
    riv_str particle = v->params->particle_id;
    if (!v->known) {
        avm__stores_init(&v->prev_stores, v->arena);
        avm__stores_put(&v->prev_stores, &v->prev, v->arena);
    }
    avm__stores_init(&v->cur_stores, v->arena);
    avm__stores_put(&v->cur_stores, &v->cur, v->arena);
    RIV_TRY(avm__stores_verify(&v->cur, &v->cur_stores, &v->prev_stores, v->arena, fault));
    RIV_TRY(avm__signers_of(&v->prev, &v->prev_stores, v->arena, fault, &v->signers));
    RIV_TRY(avm__signers_of(&v->cur, &v->cur_stores, v->arena, fault, &theirs));
    riv_err err = avm__signers_verify(&theirs, particle, v->arena, fault, &v->out->signatures_checked);
    *message    = theirs.message;
    if (err) return err;
    err      = avm__signers_merge(&v->signers, &theirs, v->arena, fault);
    *message = v->signers.message;
    return err;
}

riv_err avm__take_data(invoke *v, riv_fault *fault)
{
    riv_fault why     = { 0 };
    riv_str   message = { 0 };
    riv_err   err     = decode(v, &why, &message);
    if (!err) RIV_TRY(check_room(v, fault));
    if (!err) err = verify(v, &why, &message);
    if (!err) return RIV_OK;
    if (!why.code || err == RIV_E_LIMIT) return riv_fail(fault, err, why.pos, "%s", why.msg);
    refuse(v, why.code, message.len ? message : riv_format(v->arena, "%s", why.msg));
    return RIV_OK;
}

riv_err avm_verify(riv_bytes data, riv_str particle_id, riv_arena *arena, riv_fault *fault)
{
    archive_envelope e     = { 0 };
    archive_data     inner = { 0 };
    stores           own;
    signers          all     = { 0 };
    size_t           checked = 0;
    riv_str          message;
    RIV_TRY(archive_envelope_read(data, arena, fault, &e));
    RIV_TRY(check_version(&e, arena, fault, &message));
    RIV_TRY(read_inner(&e, arena, fault, &inner, &message));
    avm__stores_init(&own, arena);
    avm__stores_put(&own, &inner, arena);
    RIV_TRY(avm__stores_verify(&inner, &own, NULL, arena, fault));
    RIV_TRY(avm__signers_of(&inner, &own, arena, fault, &all));
    return avm__signers_verify(&all, particle_id, arena, fault, &checked);
}

/* ---- script, results, key ---- */

riv_err avm__take_script(invoke *v, riv_arena *arena, riv_fault *fault)
{
    riv_fault why = { 0 };
    riv_err   err = air_parse(v->in->script, arena, &why, &v->root);
    if (!err) return RIV_OK;
    if (err == RIV_E_LIMIT && riv_arena_over(arena)) return riv_fail(fault, err, why.pos, "%s", why.msg);
    riv_line_col at = riv_line_col_of(v->in->script, (size_t)RIV_MIN(why.pos, (uint64_t)v->in->script.len));
    refuse(v, CODE_PARSE, riv_format(v->out_arena, "air can't be parsed:\n%u:%u: %s", at.line, at.col, why.msg));
    return RIV_OK;
}

static bool check_results(invoke *v)
{
    if (v->in->results_error.len) {
        refuse(v, CODE_RESULTS,
               riv_format(v->out_arena, "error occurred while deserialize call results: " RIV_FMT ".",
                          RIV_ARG(v->in->results_error)));
        return false;
    }
    uint64_t max = or_default(v->params->call_result_bytes_max, CALL_RESULT_BYTES_MAX);
    for (size_t i = 0; i < v->in->results_count; i++) {
        if (v->in->results[i].result.len <= max) continue;
        v->out->call_result_limit_exceeded = true;
        if (!v->params->hard_limits) return true;
        refuse(v, CODE_SIZES,
               riv_format(v->out_arena, "Call result size is bigger than the limit allowed: %llu bytes",
                          (unsigned long long)max));
        return false;
    }
    return true;
}

static bool check_key(invoke *v)
{
    if (v->params->key_format == 0) return true;
    refuse(
        v, CODE_KEY,
        riv_format(v->out_arena, "malformed keypair format: key format %u is not whitelisted", v->params->key_format));
    return false;
}

bool avm__take_results(invoke *v) { return check_results(v) && check_key(v); }

/* ---- the run ---- */

/* Often one of both sides is empty; then the other's tables do. */
static void take_stores(avm *vm, invoke *v)
{
    bool empty = !v->prev.values_count && !v->prev.tetraplets_count && !v->prev.canon_elements_count &&
                 !v->prev.canon_results_count && !v->prev.service_results_count;
    vm->stores = empty ? v->cur_stores : v->prev_stores;
    if (!empty) avm__stores_put(&vm->stores, &v->cur, v->arena);
}

void avm__vm_start(avm *vm, invoke *v)
{
    const avm_params *p = v->params;
    vm->params          = p;
    vm->bytes_max       = v->bytes_max;
    vm->steps_max       = or_default(p->steps_max, RUN_STEPS_MAX);
    avm__trace_init(vm, &v->prev, &v->cur);
    vm->scratch      = riv_buf_in(vm->arena);
    vm->streams      = riv_map_new(vm->arena);
    vm->literal      = avm__tetraplet(vm, p->init_peer_id, RIV_LIT(""), RIV_LIT(""), RIV_LIT(""));
    vm->last_call_id = v->prev.last_call_id;
    vm->complete     = true;
    avm__scope_init(vm);
    avm__errors_init(vm);
}

void avm__vm_inputs(avm *vm, invoke *v, riv_fault *fault)
{
    vm->out        = v->out_arena;
    vm->fault      = fault;
    vm->bytes_max  = v->bytes_max;
    vm->steps_max  = or_default(v->in->params.steps_max, RUN_STEPS_MAX);
    vm->steps      = 0;
    vm->over       = false;
    vm->broken     = NULL;
    vm->stray      = false;
    vm->reread     = false;
    vm->peers_seen = riv_map_new(vm->out);
    vm->results    = riv_map_new(vm->out);
    memset(&vm->peers, 0, sizeof vm->peers);
    memset(&vm->requests, 0, sizeof vm->requests);
    for (size_t i = 0; i < v->in->results_count; i++)
        riv_map_put_u64(vm->results, v->in->results[i].id, (void *)(uintptr_t)&v->in->results[i]);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = (*(const avm_call_result *const *)a)->id, y = (*(const avm_call_result *const *)b)->id;
    return x < y ? -1 : x > y;
}

/* Call results that nobody took, in the original's words; ascending, where the original's order is random. */
static void complain_of_unused(avm *vm, invoke *v)
{
    const avm_call_result **left = riv_new(v->out_arena, const avm_call_result *, v->in->results_count + 1);
    size_t                  n    = 0;
    for (size_t i = 0; i < v->in->results_count; i++)
        if (riv_map_get_u64(vm->results, v->in->results[i].id) == &v->in->results[i]) left[n++] = &v->in->results[i];
    if (n == 0) return;
    qsort(left, n, sizeof left[0], by_id);
    riv_buf text = riv_buf_in(v->out_arena);
    riv_put_str(&text,
                RIV_LIT("after finishing execution of supplied AIR, there are some unprocessed call results: `{"));
    for (size_t i = 0; i < n; i++) {
        riv_putf(&text, "%s\"%u\": CallServiceResult { ret_code: %d, result: ", i ? ", " : "", left[i]->id,
                 left[i]->ret_code);
        avm__put_debug_str(&text, left[i]->result);
        riv_put_str(&text, RIV_LIT(" }"));
    }
    riv_put_str(&text, RIV_LIT("}`, probably a wrong call_id used"));
    v->out->ret_code      = CODE_UNUSED_RESULTS;
    v->out->error_message = riv_buf_str(&text);
}

static void encode(avm *vm, invoke *v)
{
    archive_data data             = { .trace        = vm->trace.result.ptr,
                                      .trace_count  = vm->trace.result.len,
                                      .last_call_id = vm->last_call_id };
    data.interpreter_version.text = RIV_LIT(AVM_INTERPRETER_VERSION);
    data.version.text             = RIV_LIT(ARCHIVE_DATA_VERSION);
    avm__stores_export(vm, &data);
    avm__sign(vm, &v->signers, NULL);
    avm__signers_export(&v->signers, v->arena, &data);
    riv_buf out = riv_buf_in(v->arena);
    archive_write(&data, &out);
    v->out->data = riv_buf_view(&out);
}

ending avm__finish(avm *vm, invoke *v)
{
    if (vm->failure && !avm__catchable(vm->failure)) {
        refuse(v, vm->failure->code, vm->failure->message);
        return ENDING_REFUSED;
    }
    const failure *wrong = avm__streams_number(vm);
    if (wrong) { /* SPEC air.md 4.7: the original gives no data at all here */
        tell(v, wrong->code, wrong->message);
        return ENDING_NO_DATA;
    }
    if (vm->failure)
        tell(v, vm->failure->code, vm->failure->message);
    else
        complain_of_unused(vm, v);
    v->out->next_peers          = vm->peers.ptr;
    v->out->next_peers_count    = vm->peers.len;
    v->out->call_requests       = vm->requests.ptr;
    v->out->call_requests_count = vm->requests.len;
    return ENDING_DATA;
}

static riv_err execute(invoke *v, riv_fault *fault)
{
    avm *vm         = riv_new(v->arena, avm, 1);
    vm->arena       = v->arena;
    vm->bytes_start = v->bytes_start;
    take_stores(vm, v);
    avm__vm_start(vm, v);
    avm__vm_inputs(vm, v, fault);
    RIV_TRY(avm__exec(vm, v->root));
    if (avm__finish(vm, v) == ENDING_DATA) encode(vm, v);
    if (vm->over) return riv_fail(fault, RIV_E_LIMIT, 0, "%s", vm->over_what);
    return RIV_OK;
}

riv_err avm_run(const avm_input *in, riv_arena *arena, riv_fault *fault, avm_output *out)
{
    avm_output result = { 0 };
    invoke     v;
    avm__invoke_start(&v, in, &in->params, arena, arena, &result);
    if (avm__check_sizes(&v)) RIV_TRY(avm__take_data(&v, fault));
    if (!v.refused) RIV_TRY(avm__take_script(&v, arena, fault));
    if (!v.refused && avm__take_results(&v)) RIV_TRY(execute(&v, fault));
    if (v.refused) result.data = riv_bytes_dup(arena, in->prev);
    *out = result;
    return RIV_OK;
}
