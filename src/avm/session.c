/* session.c: a particle's run between its steps: what avm_run would work out again at each step is kept.
 * The definition is avm_run over encoded data; a session only saves work. Data is decoded once and encoded when somebody asks for it.
 * Spec: avm.h, docs/avm.md "Sessions". Tests: session_test.c, session_fuzz.c. */
#include "avm/avm.h"
#include "avm/internal.h"

enum { GARBAGE_BYTES = 64 << 10, STORES = 5 };
enum { RUN_TIMES_DATA = 4, RUN_BYTES = 1 << 20 }; /* a run may keep so much to be gone on with */

struct avm_session {
    riv_arena      *own;    /* what the first step fixes: script, params */
    bool            opened; /* they are those of the first step */
    riv_str         script;
    avm_params      params;
    const air_node *root; /* NULL: not parsed yet, or it does not parse */
    riv_arena      *tree; /* where it stands */

    riv_blob encoded; /* the data, when `written` */
    bool     written;
    bool     foreign; /* it does not decode: every step is refused with it */

    riv_arena *arena;              /* the rest lives here, and */
    RIV_VEC(riv_arena *) attached; /* where data that arrived was decoded (the list is on the heap) */
    bool          decoded;
    archive_data  data; /* of the last step: trace, last_call_id, signatures (this peer's own is made when it leaves) */
    stores        stores;
    bool          self_named;    /* the current peer's id is that of the key */
    bool          signers_known; /* each result in the trace has a signer */
    avm          *vm;            /* the last good run; NULL: none since data was decoded */
    bool          reread;        /* data has to be decoded anew */
    size_t        bytes_before;  /* of arena and attached, after the first run in them */
    signed_before signature;
    avm_session_stats stats;
};

avm_session *avm_session_new(riv_bytes data)
{
    avm_session *s = riv_alloc(sizeof *s);
    s->encoded     = riv_blob_copy(data);
    s->written     = true;
    s->own         = riv_arena_new(0);
    s->arena       = riv_arena_new(0);
    return s;
}

static void detach(avm_session *s)
{
    for (size_t i = 0; i < s->attached.len; i++) riv_arena_free(s->attached.ptr[i]);
    riv_free(s->attached.ptr);
    memset(&s->attached, 0, sizeof s->attached);
}

void avm_session_free(avm_session *s)
{
    if (!s) return;
    crypto_wipe(&s->params, sizeof s->params);
    riv_blob_free(&s->encoded);
    riv_blob_free(&s->signature.bytes);
    detach(s);
    riv_arena_free(s->arena);
    riv_arena_free(s->own);
    riv_arena_free(s->tree);
    riv_free(s);
}

static void attach(avm_session *s, riv_arena *arena)
{
    if (s->attached.len == s->attached.cap) {
        s->attached.cap = s->attached.cap ? s->attached.cap * 2 : 4;
        s->attached.ptr = riv_realloc(s->attached.ptr, s->attached.cap * sizeof s->attached.ptr[0]);
    }
    s->attached.ptr[s->attached.len++] = arena;
}

static size_t bytes_of_data(const avm_session *s)
{
    size_t held = riv_arena_held(s->arena);
    for (size_t i = 0; i < s->attached.len; i++) held += riv_arena_held(s->attached.ptr[i]);
    return held;
}

size_t avm_session_bytes(const avm_session *s)
{
    return sizeof *s + s->encoded.len + s->signature.bytes.len + s->attached.cap * sizeof s->attached.ptr[0] +
           riv_arena_held(s->own) + (s->tree ? riv_arena_held(s->tree) : 0) + bytes_of_data(s);
}

avm_session_stats avm_session_stats_of(const avm_session *s)
{
    avm_session_stats stats = s->stats;
    stats.signed_anew       = s->signature.made;
    return stats;
}

/* ---- what the first step fixes ---- */

static void open(avm_session *s, const avm_input *in)
{
    s->script                 = riv_str_dup(s->own, in->script);
    s->params                 = in->params;
    s->params.init_peer_id    = riv_str_dup(s->own, in->params.init_peer_id);
    s->params.current_peer_id = riv_str_dup(s->own, in->params.current_peer_id);
    s->params.particle_id     = riv_str_dup(s->own, in->params.particle_id);
    s->opened                 = true;
}

static void reopen(avm_session *s)
{
    crypto_wipe(&s->params, sizeof s->params);
    riv_arena_reset(s->own);
    riv_arena_free(s->tree);
    s->tree   = NULL;
    s->root   = NULL;
    s->opened = false;
}

static bool same_params(const avm_params *a, const avm_params *b)
{
    return riv_str_eq(a->init_peer_id, b->init_peer_id) && riv_str_eq(a->current_peer_id, b->current_peer_id) &&
           riv_str_eq(a->particle_id, b->particle_id) && a->timestamp_ms == b->timestamp_ms && a->ttl_ms == b->ttl_ms &&
           a->key_format == b->key_format && crypto_equal(a->secret.bytes, b->secret.bytes, sizeof a->secret.bytes) &&
           a->air_bytes_max == b->air_bytes_max && a->particle_bytes_max == b->particle_bytes_max &&
           a->call_result_bytes_max == b->call_result_bytes_max && a->hard_limits == b->hard_limits &&
           a->version == b->version;
}

static riv_err check_same(const avm_session *s, const avm_input *in, riv_fault *fault)
{
    if (!s->opened) return RIV_OK;
    if (!riv_str_eq(s->script, in->script))
        return riv_fail(fault, RIV_E_CONFLICT, 0, "a session's script cannot change");
    if (!same_params(&s->params, &in->params))
        return riv_fail(fault, RIV_E_CONFLICT, 0, "a session's parameters cannot change");
    return RIV_OK;
}

/* ---- decoding its own data ---- */

/* Everything but the encoded data goes. */
static void forget(avm_session *s)
{
    detach(s);
    riv_arena_free(s->arena);
    s->arena         = riv_arena_new(0);
    s->decoded       = false;
    s->data          = (archive_data){ 0 };
    s->signers_known = false;
    s->vm            = NULL;
    s->reread        = false;
    s->bytes_before  = 0;
}

/* What does not decode is left to avm_run, which refuses it in the right words. */
static riv_err decode(avm_session *s, uint64_t bytes_max, riv_fault *fault)
{
    riv_fault    why   = { 0 };
    riv_arena   *arena = riv_arena_new(bytes_max);
    archive_data data  = { 0 };
    riv_err      err   = archive_read(riv_bytes_dup(arena, riv_blob_view(s->encoded)), arena, &why, &data);
    if (err) {
        riv_arena_free(arena);
        if (err == RIV_E_LIMIT || !why.code) return riv_fail(fault, err, why.pos, "%s", why.msg);
        s->foreign = true;
        return RIV_OK;
    }
    attach(s, arena);
    s->data = data;
    avm__stores_init(&s->stores, s->arena);
    avm__stores_put(&s->stores, &data, s->arena);
    s->bytes_before = bytes_of_data(s);
    s->decoded      = true;
    return RIV_OK;
}

/* ---- encoding ---- */

/* A run's end without the run: what is written and signed from. */
static void encode(avm_session *s, riv_arena *arena)
{
    avm               *end  = riv_new(arena, avm, 1);
    signers            all  = { 0 };
    archive_data       data = { .trace        = s->data.trace,
                                .trace_count  = s->data.trace_count,
                                .last_call_id = s->data.last_call_id };
    const archive_data keys = { .signatures = s->data.signatures, .signatures_count = s->data.signatures_count };
    end->arena              = arena;
    end->params             = &s->params;
    end->stores             = s->stores;
    memcpy(&end->met_cids, &s->vm->met_cids, sizeof end->met_cids);
    data.interpreter_version.text = RIV_LIT(AVM_INTERPRETER_VERSION);
    data.version.text             = RIV_LIT(ARCHIVE_DATA_VERSION);
    avm__stores_export(end, &data);
    RIV_ASSERT(avm__signers_of(&keys, &s->stores, arena, NULL, &all) == RIV_OK); /* they were read in an earlier step */
    avm__sign(end, &all, &s->signature);
    avm__signers_export(&all, arena, &data);
    riv_buf out = { 0 };
    archive_write(&data, &out);
    riv_blob_free(&s->encoded);
    s->encoded = riv_blob_copy(riv_buf_view(&out));
    riv_buf_free(&out);
    s->written = true;
    s->stats.encoded++;
}

riv_err avm_session_data(avm_session *s, riv_fault *fault, riv_bytes *out)
{
    (void)fault;
    if (!s->written) {
        riv_arena *scratch = riv_arena_new(0);
        encode(s, scratch);
        riv_arena_free(scratch);
    }
    *out = riv_blob_view(s->encoded);
    return RIV_OK;
}

/* Garbage of former steps goes with the memory that it is in. */
static void tidy(avm_session *s)
{
    riv_bytes data;
    if (!s->decoded || (!s->reread && bytes_of_data(s) <= 2 * s->bytes_before + GARBAGE_BYTES)) return;
    bool signers_known = s->signers_known;
    RIV_ASSERT(avm_session_data(s, NULL, &data) == RIV_OK);
    forget(s);
    /* It is our own. Should it hold what does not decode (an answer that is not UTF-8, out of a damaged store), the next step is refused. */
    if (!decode(s, 0, NULL) && s->decoded) s->signers_known = signers_known;
}

/* ---- what a step can take back ---- */

typedef struct overwritten {
    riv_map *in;
    riv_str  key;
    void    *was;
} overwritten;
typedef struct undo {
    size_t slots[STORES]; /* of the stores */
    RIV_VEC(overwritten) entries;
    bool     resumed;
    uint32_t last_call_id;
    size_t   met_base; /* of the checkpoint; and what was behind it */
    RIV_VEC(riv_str) met;
} undo;

static void list_stores(stores *s, riv_map **out[STORES])
{
    riv_map **list[STORES] = { &s->values, &s->tetraplets, &s->elements, &s->canons, &s->results };
    memcpy(out, list, sizeof list);
}

static void remember(avm_session *s, undo *u)
{
    riv_map **maps[STORES];
    list_stores(&s->stores, maps);
    for (int i = 0; i < STORES; i++) u->slots[i] = riv_map_slots(*maps[i]);
}

/* The same map without what came later. */
static riv_map *first_slots(const riv_map *m, size_t count, riv_arena *arena)
{
    riv_map *first = riv_map_new_for(arena, count);
    for (size_t i = 0; i < count; i++) {
        riv_bytes key;
        void     *held;
        if (riv_map_at(m, i, &key, &held)) riv_map_put_view(first, riv_bytes_str(key), held);
    }
    return first;
}

static void take_back_stores(avm_session *s, const undo *u)
{
    riv_map **maps[STORES];
    for (size_t i = u->entries.len; i-- > 0;)
        riv_map_put_view(u->entries.ptr[i].in, u->entries.ptr[i].key, u->entries.ptr[i].was);
    list_stores(&s->stores, maps);
    for (int i = 0; i < STORES; i++)
        if (riv_map_slots(*maps[i]) > u->slots[i]) *maps[i] = first_slots(*maps[i], u->slots[i], s->arena);
    if (s->vm) s->vm->stores = s->stores;
}

/* Entries of data that arrived take the place of those that are there. */
static void put_stores(avm_session *s, stores *theirs, undo *u)
{
    riv_map **to[STORES], **from[STORES];
    list_stores(&s->stores, to);
    list_stores(theirs, from);
    for (int i = 0; i < STORES; i++)
        for (size_t k = 0; k < riv_map_slots(*from[i]); k++) {
            riv_bytes key;
            void     *held;
            if (!riv_map_at(*from[i], k, &key, &held)) continue;
            void *was = riv_map_put_view(*to[i], riv_bytes_str(key), held);
            if (was) *riv_push(s->arena, &u->entries) = (overwritten){ *to[i], riv_bytes_str(key), was };
        }
}

/* Data as the last run left it. */
static void show_trace(avm_session *s)
{
    s->data.trace        = s->vm->trace.result.ptr;
    s->data.trace_count  = s->vm->trace.result.len;
    s->data.last_call_id = s->vm->last_call_id;
}

/* A run that went on from a checkpoint worked on the trace itself. */
static void take_back_run(avm_session *s, const undo *u)
{
    avm   *vm        = s->vm;
    trace *t         = &vm->trace;
    t->result.len    = t->base;
    vm->met_cids.len = u->met_base;
    vm->last_call_id = u->last_call_id;
    for (size_t i = t->edits.len; i-- > 0;) t->result.ptr[t->edits.ptr[i].pos] = t->edits.ptr[i].was;
    for (size_t i = 0; i < t->tail.len; i++) *riv_push(s->arena, &t->result) = t->tail.ptr[i];
    for (size_t i = 0; i < u->met.len; i++) *riv_push(s->arena, &vm->met_cids) = u->met.ptr[i];
    vm->checkpoint.set = false;
    show_trace(s);
}

/* ---- has a step changed anything? ---- */

static bool same_states(const trace *t, size_t from, const archive_state *other, size_t count)
{
    if (t->result.len - from != count) return false;
    for (size_t i = 0; i < count; i++)
        if (!avm__same_state(&t->result.ptr[from + i], &other[i])) return false;
    return true;
}

/* Whether a list is, from `from` on, what another one is in all. */
static bool same_cids(const avm *vm, size_t from, const riv_str *other, size_t count)
{
    if (vm->met_cids.len - from != count) return false;
    for (size_t i = 0; i < count; i++)
        if (!riv_str_eq(vm->met_cids.ptr[from + i], other[i])) return false;
    return true;
}

static bool same_edits(const trace *t)
{
    for (size_t i = 0; i < t->edits.len; i++)
        if (!avm__same_state(&t->edits.ptr[i].was, &t->result.ptr[t->edits.ptr[i].pos])) return false;
    return true;
}

static bool same_signatures(const archive_data *a, const archive_data *b)
{
    if (a->signatures_count != b->signatures_count) return false;
    for (size_t i = 0; i < a->signatures_count; i++)
        if (!riv_bytes_eq(a->signatures[i].public_key, b->signatures[i].public_key) ||
            !riv_bytes_eq(a->signatures[i].signature, b->signatures[i].signature))
            return false;
    return true;
}

static bool same_stores(avm_session *s, const undo *u)
{
    riv_map **maps[STORES];
    list_stores(&s->stores, maps);
    for (int i = 0; i < STORES; i++)
        if (riv_map_slots(*maps[i]) != u->slots[i]) return false;
    return true;
}

/* Whether the run's end is what was before it: encoded data stays as it is. */
static bool changed_nothing(avm_session *s, const avm *vm, const undo *u)
{
    const trace *t = &vm->trace;
    if (!s->vm || !same_stores(s, u)) return false;
    if (!u->resumed)
        return vm->last_call_id == s->data.last_call_id && same_cids(vm, 0, s->vm->met_cids.ptr, s->vm->met_cids.len) &&
               same_states(t, 0, s->data.trace, s->data.trace_count);
    return vm->last_call_id == u->last_call_id && same_edits(t) && same_cids(vm, u->met_base, u->met.ptr, u->met.len) &&
           same_states(t, t->base, t->tail.ptr, t->tail.len);
}

/* ---- signers ---- */

/* This peer's entry, as signing adds it; the signature itself is made when data leaves. True: results of this peer are its own. */
static bool ensure_self(avm_session *s)
{
    const signer *mine  = avm__self(&s->params, s->arena);
    size_t        n     = s->data.signatures_count;
    bool          named = riv_str_eq(mine->peer, s->params.current_peer_id);
    for (size_t i = 0; i < n; i++)
        if (riv_bytes_eq(s->data.signatures[i].public_key, mine->public_key)) return named;
    archive_signature *list = riv_new(s->arena, archive_signature, n + 1);
    if (n) memcpy(list, s->data.signatures, n * sizeof list[0]);
    list[n]                  = (archive_signature){ mine->public_key, mine->signature };
    s->data.signatures       = list;
    s->data.signatures_count = n + 1;
    return named;
}

/* ---- steps ---- */

typedef struct step {
    avm_session *s;
    avm_input    in;
    invoke       v;
    riv_fault   *fault;
    undo         undo;
    bool         checked; /* signers were worked out: v.signers */
    bool         kept;    /* the run's end is the session's now */
} step;

static void take_back(step *st)
{
    take_back_stores(st->s, &st->undo);
    if (st->undo.resumed) take_back_run(st->s, &st->undo);
}

static void adopt(step *st, avm *vm)
{
    avm_session *s     = st->s;
    bool         first = !s->vm;
    archive_data told  = s->data;
    if (st->checked) avm__signers_export(&st->v.signers, s->arena, &told);
    bool same = changed_nothing(s, vm, &st->undo) && (!st->checked || same_signatures(&told, &s->data));
    if (same && !st->undo.resumed && (s->vm->checkpoint.set || !vm->checkpoint.set || st->in.cur.len)) {
        take_back_stores(s, &st->undo); /* the last run will do */
        return;
    }
    if (vm->renumbered && vm->folded) vm->checkpoint.set = false;
    if (!same) s->written = false;
    st->kept = true;
    s->vm    = vm;
    s->data  = told;
    show_trace(s);
    if (st->checked || first) s->self_named = ensure_self(s);
    s->signers_known = s->self_named && !vm->stray;
    s->reread        = vm->reread;
    if (first) s->bytes_before = RIV_MIN(bytes_of_data(s), RUN_TIMES_DATA * s->bytes_before + RUN_BYTES);
}

/* The run ended. What was before comes back, or the run's end becomes the session's. */
static riv_err conclude(step *st, avm *vm, riv_err err)
{
    avm_session *s   = st->s;
    ending       end = ENDING_REFUSED;
    if (!err) end = avm__finish(vm, &st->v);
    if (!err && vm->over) err = riv_fail(st->fault, RIV_E_LIMIT, 0, "%s", vm->over_what);
    if (!err && st->v.over) err = RIV_E_LIMIT;
    if (err || end == ENDING_REFUSED) {
        take_back(st);
        return err;
    }
    if (end == ENDING_DATA) {
        adopt(st, vm);
        return RIV_OK;
    }
    riv_blob_free(&s->encoded);
    s->written = true;
    forget(s);
    return RIV_OK;
}

/* The last run goes on where it waits. */
static riv_err resume(step *st)
{
    avm_session *s        = st->s;
    avm         *vm       = s->vm;
    st->undo.resumed      = true;
    st->undo.last_call_id = vm->last_call_id;
    st->undo.met_base     = vm->checkpoint.met_len;
    for (size_t i = st->undo.met_base; i < vm->met_cids.len; i++)
        *riv_push(s->arena, &st->undo.met) = vm->met_cids.ptr[i];
    vm->bytes_start = riv_arena_used(s->arena);
    avm__resume(vm);
    avm__vm_inputs(vm, &st->v, st->fault);
    s->stats.resumed++;
    return conclude(st, vm, avm__exec_on(vm));
}

static riv_err replay(step *st)
{
    avm_session *s  = st->s;
    avm         *vm = riv_new(s->arena, avm, 1);
    if (st->checked) put_stores(s, &st->v.cur_stores, &st->undo);
    vm->arena       = s->arena;
    vm->bytes_start = riv_arena_used(s->arena);
    vm->stores      = s->stores;
    vm->keeps       = true;
    avm__vm_start(vm, &st->v);
    avm__vm_inputs(vm, &st->v, st->fault);
    s->stats.replayed++;
    return conclude(st, vm, avm__exec(vm, s->root));
}

static riv_err take_script(step *st)
{
    avm_session *s = st->s;
    if (s->root) return RIV_OK;
    riv_arena *tree = riv_arena_new(st->v.bytes_max);
    riv_err    err  = avm__take_script(&st->v, tree, st->fault);
    if (err || st->v.refused) {
        riv_arena_free(tree);
        return err;
    }
    s->root = st->v.root;
    s->tree = tree;
    return RIV_OK;
}

static riv_err run(step *st)
{
    avm_session *s = st->s;
    RIV_TRY(take_script(st));
    if (st->v.refused || !avm__take_results(&st->v)) return RIV_OK;
    remember(s, &st->undo);
    return !st->checked && s->vm && s->vm->checkpoint.set ? resume(st) : replay(st);
}

/* Data that arrives is decoded and checked apart: most of what is wrong never comes near the session's own. */
static riv_err check_and_run(step *st)
{
    avm_session *s     = st->s;
    riv_arena   *apart = riv_arena_new(st->v.bytes_max);
    st->v.arena        = apart;
    st->v.bytes_start  = 0;
    st->in.cur         = riv_bytes_dup(apart, st->in.cur);
    st->checked        = true;
    riv_err err        = avm__take_data(&st->v, st->fault);
    if (!err && !st->v.refused) err = run(st);
    if (st->kept)
        attach(s, apart);
    else
        riv_arena_free(apart);
    return err;
}

static riv_err refused_by_avm_run(step *st)
{
    st->in.prev = riv_bytes_dup(st->v.out_arena, riv_blob_view(st->s->encoded));
    RIV_TRY(avm_run(&st->in, st->v.out_arena, st->fault, st->v.out));
    st->v.out->data = (riv_bytes){ 0 };
    return RIV_OK;
}

static riv_err go(step *st)
{
    avm_session *s = st->s;
    if (!avm__check_sizes(&st->v)) return RIV_OK;
    if (!s->decoded && !s->foreign) RIV_TRY(decode(s, st->v.bytes_max, st->fault));
    if (s->foreign) return refused_by_avm_run(st);
    st->v.known       = true;
    st->v.prev        = s->data;
    st->v.prev_stores = s->stores;
    return st->in.cur.len || !s->signers_known ? check_and_run(st) : run(st);
}

riv_err avm_session_step(avm_session *s, const avm_input *in, riv_arena *arena, riv_fault *fault, avm_output *out)
{
    avm_output result = { 0 };
    step       st     = { .s = s, .in = *in, .fault = fault };
    bool       first  = !s->opened;
    RIV_TRY(check_same(s, in, fault));
    if (first) open(s, in);
    st.in.script = s->script;
    st.in.prev   = (riv_bytes){ 0 };
    avm__invoke_start(&st.v, &st.in, &s->params, s->arena, arena, &result);
    riv_err err = go(&st);
    if (!err && st.v.over) err = riv_fail(fault, RIV_E_LIMIT, 0, "a message is too large to be handed out");
    if (err && first) reopen(s);
    tidy(s);
    if (err) return err;
    s->stats.steps++;
    *out = result;
    return RIV_OK;
}
