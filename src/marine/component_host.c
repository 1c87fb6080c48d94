/* component_host.c: what only services have: who calls, and the log. For modules that is SPEC marine.md 5.2 and 5.3.
 * Spec: docs/spec/components-wasi.md 4. Tests: component_wasi_test.c. */
#include "marine/component.h"

/* ---- records, field by field ---- */

typedef struct field {
    const char              *name;
    wasmtime_component_val_t val; /* moved into the record */
} field;

static wasmtime_component_val_t record(const field *fields, size_t count)
{
    wasmtime_component_val_t v = { .kind = WASMTIME_COMPONENT_RECORD };
    wasmtime_component_valrecord_new_uninit(&v.of.record, count);
    for (size_t i = 0; i < count; i++) {
        wasmtime_component_valrecord_entry_t *entry = &v.of.record.data[i];
        entry->val                                  = fields[i].val;
        wasm_byte_vec_new(&entry->name, strlen(fields[i].name), fields[i].name);
    }
    return v;
}

/* ---- who calls ---- */

static wasmtime_component_val_t bytes_of(riv_bytes b)
{
    wasmtime_component_val_t v = marine__wit_list(b.len);
    for (size_t i = 0; i < b.len; i++)
        v.of.list.data[i] = (wasmtime_component_val_t){ .kind = WASMTIME_COMPONENT_U8, .of.u8 = b.ptr[i] };
    return v;
}

static wasmtime_component_val_t tetraplets_of(const marine_call_params *p)
{
    wasmtime_component_val_t outer = marine__wit_list(p->tetraplets_count);
    for (size_t i = 0; i < p->tetraplets_count; i++) {
        wasmtime_component_val_t inner = marine__wit_list(p->tetraplets[i].count);
        for (size_t k = 0; k < p->tetraplets[i].count; k++) {
            const marine_tetraplet *t        = &p->tetraplets[i].items[k];
            const field             fields[] = { { "peer-pk", marine__wit_text(t->peer_pk) },
                                                 { "service-id", marine__wit_text(t->service_id) },
                                                 { "function-name", marine__wit_text(t->function_name) },
                                                 { "lens", marine__wit_text(t->lens) } };
            inner.of.list.data[k]            = record(fields, RIV_COUNT(fields));
        }
        outer.of.list.data[i] = inner;
    }
    return outer;
}

static wasmtime_component_val_t particle_of(const marine_call_params *p)
{
    const field fields[] = {
        { "id", marine__wit_text(p->particle_id) },
        { "init-peer-id", marine__wit_text(p->init_peer_id) },
        { "timestamp", { .kind = WASMTIME_COMPONENT_U64, .of.u64 = p->timestamp_ms } },
        { "ttl", { .kind = WASMTIME_COMPONENT_U32, .of.u32 = p->ttl_ms } },
        { "script", marine__wit_text(p->script) },
        { "signature", bytes_of(p->signature) },
        { "token", marine__wit_text(p->token) },
    };
    return record(fields, RIV_COUNT(fields));
}

static size_t size_of(const marine_call_params *p)
{
    size_t bytes = p->script.len + p->signature.len;
    for (size_t i = 0; i < p->tetraplets_count; i++)
        for (size_t k = 0; k < p->tetraplets[i].count; k++) {
            const marine_tetraplet *t = &p->tetraplets[i].items[k];
            bytes += t->peer_pk.len + t->service_id.len + t->function_name.len + t->lens.len;
        }
    return bytes;
}

riv_err marine__world_parameters(marine__world *w)
{
    const marine_call_params *p = w->in->service->params;
    RIV_TRY(marine__charge(w->in->service, size_of(p)));
    const field fields[] = {
        { "particle", particle_of(p) },
        { "service-id", marine__wit_text(p->service_id) },
        { "service-creator-peer-id", marine__wit_text(p->service_creator_peer_id) },
        { "host-id", marine__wit_text(p->host_id) },
        { "worker-id", marine__wit_text(p->worker_id) },
        { "tetraplets", tetraplets_of(p) },
    };
    *w->result = record(fields, RIV_COUNT(fields));
    return RIV_OK;
}

/* ---- the log ---- */

/* Target 0: no mask holds it back. */
riv_err marine__world_log(marine__world *w)
{
    if (!w->in->config->logger_enabled) return RIV_OK;
    const wasm_name_t *s = &w->args[1].of.string;
    return marine__log(w->in, w->args[0].of.s32, 0, (riv_bytes){ (const uint8_t *)s->data, s->size });
}
