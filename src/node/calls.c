/* calls.c: what the interpreter asks for: built-ins are answered at once, services by jobs, one at a time for each service.
 * A call is kept as a small record until it is answered, in memory as in the store: after a crash it is asked again (at least once).
 * Order of look-up: built-ins, the particle's own services, configured services. SPEC node.md 4 (7). Tests: node_test.c. */
#include "node/internal.h"

static void slot_next(node *n, node_slot *slot);

/* ---- records ---- */

static void put_tetraplets(riv_buf *buf, const avm_tetraplets *tetraplets, size_t count)
{
    codec_mp_put_array(buf, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        codec_mp_put_array(buf, (uint32_t)(tetraplets[i].count * 4));
        for (size_t k = 0; k < tetraplets[i].count; k++) {
            const avm_tetraplet *t = &tetraplets[i].items[k];
            codec_mp_put_str(buf, t->peer_pk);
            codec_mp_put_str(buf, t->service_id);
            codec_mp_put_str(buf, t->function_name);
            codec_mp_put_str(buf, t->lens);
        }
    }
}

void node__add_result(node *n, node_particle *p, uint32_t id, int32_t ret_code, riv_str text)
{
    *node__push(&p->results) = (node_result){ id, ret_code, riv_blob_copy(riv_str_bytes(text)) };
    node__count_calls(n, p, text.len, 0);
}

/* One large value may be an argument of many calls, and each call has a copy of its own. */
static const char *why_no_call(const node *n, const node_particle *p, size_t bytes)
{
    if (p->calls.len >= NODE_CALLS_MAX) return "too many calls of one particle at a time";
    if (p->call_bytes && p->call_bytes + bytes > NODE_CALL_BYTES_MAX)
        return "the calls of one particle hold too many bytes at a time";
    return node__has_room(n, p, bytes) ? NULL : "no room for more calls";
}

void node__call_new(node *n, node_particle *p, const avm_call_request *request, uint64_t asked_ms)
{
    if (p->answered && riv_map_get_u64(p->answered, request->id)) return; /* in the journal, which is repeated */
    riv_buf buf   = { 0 };
    size_t  count = request->args ? request->args->arr.count : 0;
    codec_mp_put_array(&buf, 4);
    codec_mp_put_str(&buf, request->service_id);
    codec_mp_put_str(&buf, request->function_name);
    codec_mp_put_json(&buf, request->args ? request->args : riv_json_arr(n->scratch, NULL, 0));
    put_tetraplets(&buf, request->tetraplets, request->tetraplets ? count : 0);
    const char *why = why_no_call(n, p, buf.len);
    if (why) {
        riv_buf_free(&buf);
        node__add_result(n, p, request->id, 1, riv_json_text(riv_json_strc(n->scratch, why), n->scratch));
        return;
    }
    node_call *c = node__push(&p->calls);
    node__count_calls(n, p, buf.len, 0);
    c->id       = request->id;
    c->asked_ms = asked_ms;
    c->record   = (riv_blob){ buf.ptr, buf.len };
}

static riv_err read_kind(riv_reader *r, riv_fault *fault, codec_mp_kind kind, codec_mp *out)
{
    RIV_TRY(codec_mp_next(r, fault, out));
    return out->kind == kind ? RIV_OK : riv_fail(fault, RIV_E_MALFORMED, r->pos, "a call's record is broken");
}

static riv_err read_tetraplets(riv_reader *r, riv_arena *a, riv_fault *fault, avm_tetraplets *out)
{
    codec_mp head, text;
    RIV_TRY(read_kind(r, fault, CODEC_MP_ARRAY, &head));
    size_t         count = head.count / 4;
    avm_tetraplet *items = riv_new(a, avm_tetraplet, count + 1);
    for (size_t i = 0; i < count; i++) {
        riv_str *parts[4] = { &items[i].peer_pk, &items[i].service_id, &items[i].function_name, &items[i].lens };
        for (size_t k = 0; k < 4; k++) {
            RIV_TRY(read_kind(r, fault, CODEC_MP_STR, &text));
            *parts[k] = riv_bytes_str(text.bytes);
        }
    }
    *out = (avm_tetraplets){ items, count };
    return RIV_OK;
}

riv_err node__call_read(riv_bytes record, riv_arena *arena, riv_fault *fault, node_asked *out)
{
    node_asked asked = { 0 };
    riv_reader r     = riv_reader_of(record);
    codec_mp   head, service, function, list;
    RIV_TRY(read_kind(&r, fault, CODEC_MP_ARRAY, &head));
    RIV_TRY(read_kind(&r, fault, CODEC_MP_STR, &service));
    RIV_TRY(read_kind(&r, fault, CODEC_MP_STR, &function));
    RIV_TRY(codec_mp_json(&r, arena, fault, &asked.args));
    if (asked.args->kind != RIV_JSON_ARR)
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "a call's arguments are no array");
    RIV_TRY(read_kind(&r, fault, CODEC_MP_ARRAY, &list));
    asked.service          = riv_bytes_str(service.bytes);
    asked.function         = riv_bytes_str(function.bytes);
    asked.tetraplets       = riv_new(arena, avm_tetraplets, (size_t)list.count + 1);
    asked.tetraplets_count = list.count;
    for (size_t i = 0; i < list.count; i++) RIV_TRY(read_tetraplets(&r, arena, fault, &asked.tetraplets[i]));
    *out = asked;
    return RIV_OK;
}

/* ---- answers ---- */

static size_t call_index(const node_particle *p, uint32_t id)
{
    for (size_t i = 0; i < p->calls.len; i++)
        if (p->calls.ptr[i].id == id) return i;
    return SIZE_MAX;
}

static void cut_call(node *n, node_particle *p, size_t i)
{
    node__count_calls(n, p, 0, p->calls.ptr[i].record.len);
    riv_blob_free(&p->calls.ptr[i].record);
    node__cut(&p->calls, i);
}

void node__call_forget(node *n, node_particle *p, uint32_t call)
{
    size_t i = call_index(p, call);
    if (i != SIZE_MAX) cut_call(n, p, i);
    for (i = 0; i < p->results.len; i++) {
        if (p->results.ptr[i].id != call) continue;
        node__count_calls(n, p, 0, p->results.ptr[i].text.len);
        riv_blob_free(&p->results.ptr[i].text);
        node__cut(&p->results, i);
        return;
    }
}

static void answer_text(node *n, node_particle *p, uint32_t id, int32_t ret_code, riv_str text)
{
    size_t i = call_index(p, id);
    RIV_ASSERT(i != SIZE_MAX);
    cut_call(n, p, i);
    if (p->call_bytes && p->call_bytes + text.len > NODE_CALL_BYTES_MAX) {
        ret_code = 1;
        text     = RIV_LIT("\"the answers of one particle hold too many bytes at a time\"");
    }
    node__add_result(n, p, id, ret_code, text);
}

void node__answer(node *n, node_particle *p, uint32_t call, int32_t ret_code, const riv_json *value)
{
    riv_buf text = { 0 };
    riv_json_write(value, &text);
    answer_text(n, p, call, ret_code, riv_buf_str(&text));
    riv_buf_free(&text);
}

/* error: why it failed, empty when it did not. A caller cannot make it long. */
static void log_call(node *n, const node_particle *p, riv_log_level level, const node_asked *asked, riv_str error,
                     uint64_t time_us)
{
    int32_t ret_code = error.len ? 1 : 0;
    n->stats.calls++;
    if (error.len > RIV_FAULT_MSG_BYTES) { /* between characters */
        error.len = RIV_FAULT_MSG_BYTES;
        while (error.len && ((uint8_t)error.ptr[error.len] & 0xC0) == 0x80) error.len--;
    }
    if (ret_code)
        LOG_INFO(n->log, "particle.call", LOG_STR("id", p->head.id), LOG_STR("service", asked->service),
                 LOG_STR("function", asked->function), LOG_I64("ret_code", ret_code), LOG_U64("time_us", time_us),
                 LOG_STR("error", error));
    else
        RIV_LOG_AT(n->log, level, "particle.call", LOG_STR("id", p->head.id), LOG_STR("service", asked->service),
                   LOG_STR("function", asked->function), LOG_I64("ret_code", ret_code), LOG_U64("time_us", time_us));
}

static void refuse(node *n, node_particle *p, uint32_t call, const node_asked *asked, riv_str text)
{
    log_call(n, p, RIV_LOG_INFO, asked, text, 0);
    node__answer(n, p, call, 1, riv_json_str(n->scratch, text));
}

/* ---- dispatch ---- */

/* False: neither a built-in nor one of the particle's own services. Whatever is answered at once is answered here. */
static bool ask_builtin(node *n, node_particle *p, node_call *c, const node_asked *asked, bool is_due)
{
    node_builtin b = { .n = n, .p = p, .arena = n->scratch, .asked = asked, .asked_ms = c->asked_ms, .is_due = is_due };
    if (!node__builtin(&b) && !node__own_service(&b, p)) return false;
    if (b.due_ms) {
        c->state  = NODE_CALL_PAUSED;
        c->due_ms = b.due_ms;
        if (b.due_ms <= p->deadline_ms)
            node__timer_add(n, b.due_ms, NODE_AT_CALL, p, c->id); /* later: the deadline answers */
        return true;
    }
    if (b.error.len) {
        refuse(n, p, c->id, asked, b.error);
        return true;
    }
    log_call(n, p, RIV_LOG_DEBUG, asked, (riv_str){ 0 }, 0);
    node__answer(n, p, c->id, 0, b.value ? b.value : riv_json_strc(n->scratch, ""));
    return true;
}

/* Calls of particles that came by the same peer. Our own wait among themselves. */
static bool same_from(const node_wait *w, bool has_from, const codec_peer *from)
{
    return w->has_from == has_from && (!has_from || codec_peer_eq(&w->from, from));
}

static size_t waits_of(const node_slot *slot, const node_particle *p)
{
    size_t count = 0;
    for (size_t i = 0; i < slot->queue.len; i++) count += same_from(&slot->queue.ptr[i], p->has_from, &p->from);
    return count;
}

static void ask_service(node *n, node_particle *p, node_call *c, const node_asked *asked)
{
    node_slot *slot = riv_map_get_str(n->slot_names, asked->service);
    if (!slot) {
        refuse(n, p, c->id, asked,
               riv_format(n->scratch, "Service with id '" RIV_FMT "' not found (function " RIV_FMT ")",
                          RIV_ARG(asked->service), RIV_ARG(asked->function)));
        return;
    }
    if (waits_of(slot, p) >= NODE_SERVICE_WAIT_MAX / NODE_SHARE || slot->queue.len >= NODE_SERVICE_WAIT_MAX) {
        refuse(n, p, c->id, asked,
               riv_format(n->scratch, "Service '" RIV_FMT "' is busy: %d calls wait", RIV_ARG(asked->service),
                          (int)slot->queue.len));
        return;
    }
    c->state                  = NODE_CALL_QUEUED;
    *node__push(&slot->queue) = (node_wait){ p->number, c->id, p->has_from, p->from };
    slot_next(n, slot);
}

void node__dispatch(node *n, node_particle *p)
{
    if (node__replaying(p)) return;
    for (size_t i = 0; i < p->calls.len;) {
        node_call *c     = &p->calls.ptr[i];
        node_asked asked = { 0 };
        riv_fault  fault = { 0 };
        uint32_t   id    = c->id;
        if (c->state != NODE_CALL_NEW) {
            i++;
            continue;
        }
        if (node__call_read(riv_blob_view(c->record), n->scratch, &fault, &asked))
            node__answer(n, p, id, 1, riv_json_strc(n->scratch, fault.msg));
        else if (!ask_builtin(n, p, c, &asked, false))
            ask_service(n, p, c, &asked);
        if (i < p->calls.len && p->calls.ptr[i].id == id) i++; /* else it was answered and is gone */
    }
}

void node__call_due(node *n, node_particle *p, uint32_t call)
{
    size_t     i     = call_index(p, call);
    node_asked asked = { 0 };
    if (i == SIZE_MAX || p->calls.ptr[i].state != NODE_CALL_PAUSED || p->calls.ptr[i].due_ms > n->now_ms) return;
    if (node__call_read(riv_blob_view(p->calls.ptr[i].record), n->scratch, NULL, &asked)) return;
    (void)ask_builtin(n, p, &p->calls.ptr[i], &asked, true);
    node__run_next(n, p);
    node__settle(n, p);
}

/* ---- services ---- */

/* SPEC node.md 4 "Particle token": makes what it names unguessable for other particles. */
static riv_str token_of(const node *n, node_particle *p, riv_arena *a)
{
    if (!p->token.len) {
        crypto_signature s = crypto_sign(&n->identity.keys, p->head.signature);
        p->token           = riv_blob_copy(riv_str_bytes(codec_base58(a, (riv_bytes){ s.bytes, sizeof s.bytes })));
    }
    return riv_str_dup(a, riv_bytes_str(riv_blob_view(p->token)));
}

static void start_job(node *n, node_slot *slot, node_particle *p, node_call *c)
{
    riv_arena *a      = riv_arena_new(0);
    node_job  *job    = riv_new(a, node_job, 1);
    riv_bytes  record = riv_bytes_dup(a, riv_blob_view(c->record)); /* the job's slices point into its own copy */
    node_asked asked  = { 0 };
    riv_err    err    = node__call_read(record, a, NULL, &asked);
    RIV_ASSERT(!err); /* dispatch has read the same bytes */
    job->kind                         = NODE_JOB_CALL;
    job->id                           = ++n->jobs_next;
    job->arena                        = a;
    job->call.service                 = (size_t)(slot - n->slots);
    job->call.service_id              = riv_str_dup(a, slot->service.id);
    job->call.function                = asked.function;
    job->call.args                    = asked.args;
    job->call.tetraplets              = asked.tetraplets;
    job->call.tetraplets_count        = asked.tetraplets_count;
    job->text                         = node__text_use(p->text);
    job->turn                         = node__turn_of(p);
    job->call.particle_id             = p->head.id;
    job->call.init_peer_id            = p->head.init_peer_id;
    job->call.script                  = p->head.script;
    job->call.host_id                 = riv_str_dup(a, n->self_text);
    job->call.service_creator_peer_id = riv_str_dup(a, slot->service.owner_peer_id);
    job->call.token                   = token_of(n, p, a);
    job->call.signature               = p->head.signature;
    job->call.timestamp_ms            = p->head.timestamp_ms;
    job->call.ttl_ms                  = p->head.ttl_ms;
    c->state                          = NODE_CALL_RUNNING;
    slot->job                         = job->id;
    node_flight *flight               = riv_alloc(sizeof *flight);
    *flight                           = (node_flight){ NODE_JOB_CALL, p->number, c->id, job->call.service, a };
    riv_map_put_u64(n->flights, job->id, flight);
    node__emit(n, NODE_JOB)->job = job;
}

/* The oldest one of another peer than was served last, so that a peer with many calls does not keep the others waiting for all of them. */
static size_t next_wait(const node_slot *slot)
{
    for (size_t i = 0; i < slot->queue.len; i++)
        if (!same_from(&slot->queue.ptr[i], slot->has_served, &slot->served)) return i;
    return 0;
}

/* Starts the next call that waits for the service and whose particle still lives. */
static void slot_next(node *n, node_slot *slot)
{
    while (!slot->job && slot->queue.len) {
        size_t         at = next_wait(slot);
        node_wait      w  = slot->queue.ptr[at];
        node_particle *p  = node__particle_by_number(n, w.particle);
        size_t         i  = p && n->now_ms <= p->deadline_ms ? call_index(p, w.call) : SIZE_MAX;
        node__cut(&slot->queue, at);
        if (i == SIZE_MAX) continue;
        slot->has_served = w.has_from;
        slot->served     = w.from;
        start_job(n, slot, p, &p->calls.ptr[i]);
    }
}

void node__call_done(node *n, const node_flight *flight, node_job *job)
{
    node_slot     *slot = &n->slots[flight->service];
    node_particle *p    = node__particle_by_number(n, flight->particle);
    RIV_ASSERT(slot->job == job->id);
    slot->job = 0;
    if (p && call_index(p, flight->call) != SIZE_MAX) {
        node_asked asked = { .service = job->call.service_id, .function = job->call.function };
        riv_str    error = job->err ? riv_str_c(job->fault.msg[0] ? job->fault.msg : "failed") : (riv_str){ 0 };
        log_call(n, p, RIV_LOG_INFO, &asked, error, job->time_us);
        if (job->err)
            node__answer(n, p, flight->call, 1, riv_json_strc(n->scratch, job->fault.msg));
        else
            answer_text(n, p, flight->call, 0, job->result);
        node__run_next(n, p);
        node__settle(n, p);
    }
    slot_next(n, slot);
}
