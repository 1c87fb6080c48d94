/* component_host.c: what only services have: who calls, and the log. For modules that is SPEC marine.md 5.2 and 5.3.
 * Spec: docs/spec/components-wasi.md 4. Tests: component_wasi_test.c. */
#include "marine/component.h"

/* ---- who calls ---- */

static wasmtime_component_val_t tetraplets_of(const marine_call_params *p)
{
    wasmtime_component_val_t outer = marine__wit_list(p->tetraplets_count);
    for (size_t i = 0; i < p->tetraplets_count; i++) {
        wasmtime_component_val_t inner = marine__wit_list(p->tetraplets[i].count);
        for (size_t k = 0; k < p->tetraplets[i].count; k++) {
            const marine_tetraplet *t        = &p->tetraplets[i].items[k];
            const marine__wit_field fields[] = { { "peer-pk", marine__wit_text(t->peer_pk) },
                                                 { "service-id", marine__wit_text(t->service_id) },
                                                 { "function-name", marine__wit_text(t->function_name) },
                                                 { "lens", marine__wit_text(t->lens) } };
            inner.of.list.data[k]            = marine__wit_record(fields, RIV_COUNT(fields));
        }
        outer.of.list.data[i] = inner;
    }
    return outer;
}

static wasmtime_component_val_t particle_of(const marine_call_params *p)
{
    const marine__wit_field fields[] = {
        { "id", marine__wit_text(p->particle_id) },
        { "init-peer-id", marine__wit_text(p->init_peer_id) },
        { "timestamp", { .kind = WASMTIME_COMPONENT_U64, .of.u64 = p->timestamp_ms } },
        { "ttl", { .kind = WASMTIME_COMPONENT_U32, .of.u32 = p->ttl_ms } },
        { "script", marine__wit_text(p->script) },
        { "signature", marine__wit_bytes(p->signature) },
        { "token", marine__wit_text(p->token) },
    };
    return marine__wit_record(fields, RIV_COUNT(fields));
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
    const marine__wit_field fields[] = {
        { "particle", particle_of(p) },
        { "service-id", marine__wit_text(p->service_id) },
        { "service-creator-peer-id", marine__wit_text(p->service_creator_peer_id) },
        { "host-id", marine__wit_text(p->host_id) },
        { "worker-id", marine__wit_text(p->worker_id) },
        { "tetraplets", tetraplets_of(p) },
    };
    *w->result = marine__wit_record(fields, RIV_COUNT(fields));
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
