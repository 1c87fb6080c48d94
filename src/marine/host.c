/* host.c: what Marine itself offers to modules: the log and the parameters of the call, in four generations of layout.
 * Spec: docs/spec/marine.md 5.1-5.3. Tests: service_test.c. */
#include "marine/internal.h"

enum {
    LOG_BYTES_MAX  = 64 << 10,
    TOLD_BYTES_MAX = 16 << 20, /* in one call */
    LINE_BYTES     = 100,      /* what the host writes around each */
};

/* ---- the log ---- */

riv_err marine__tell(marine__instance *in, size_t bytes)
{
    in->service->told += bytes + LINE_BYTES;
    if (in->service->told <= TOLD_BYTES_MAX) return RIV_OK;
    return marine__fail(in->service, MARINE_OUT_OF_MEMORY,
                        "module " RIV_FMT " logs and prints more than %d bytes in one call", RIV_ARG(in->name),
                        TOLD_BYTES_MAX);
}

/* At most LOG_BYTES_MAX bytes of good UTF-8, not ending inside a character. */
static riv_str cut(riv_str text)
{
    size_t len = RIV_MIN(text.len, (size_t)LOG_BYTES_MAX);
    while (len < text.len && len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80) len--;
    return riv_str_sub(text, 0, len);
}

static riv_err log_utf8_string(marine__instance *in, wasmtime_val_raw_t *io)
{
    marine_service *s     = in->service;
    int32_t         level = io[0].i32, target = io[1].i32;
    uint32_t        ptr = (uint32_t)io[2].i32, size = (uint32_t)io[3].i32;
    riv_bytes       text;
    RIV_TRY(marine__view(in, ptr, size, &text));
    RIV_TRY(marine__charge(s, size));
    /* SPEC marine.md 5.3: message is emitted if `target == 0` or `(target & logging_mask) != 0` */
    if (!s->env.log || (target && !(target & in->config->logging_mask))) return RIV_OK;
    RIV_TRY(marine__tell(in, RIV_MIN(size, (uint32_t)LOG_BYTES_MAX)));
    if (level < 1 || level > 5) level = 5;
    if (riv_utf8_valid(text, NULL))
        s->env.log(s->env.ctx, in->name, level, cut(riv_bytes_str(text)));
    else
        s->env.log(s->env.ctx, in->name, 2, RIV_LIT("a message that is not UTF-8"));
    return RIV_OK;
}

/* ---- the parameters ---- */

/* Types of what the host hands in: three records, as a section of its own for each generation. */
enum { TYPE_TETRAPLET, TYPE_PARTICLE, TYPE_PARAMETERS, TYPES_COUNT };

#define TEXT(label)                                                                                                    \
    {                                                                                                                  \
        RIV_LIT_INIT(label), { .kind = MARINE_STRING }                                                                 \
    }
#define TYPED(label, code)                                                                                             \
    {                                                                                                                  \
        RIV_LIT_INIT(label), { .kind = code }                                                                          \
    }
#define FIELDS(label, list)                                                                                            \
    {                                                                                                                  \
        .is_record = true, .name = RIV_LIT_INIT(label), .args = list, .args_count = RIV_COUNT(list)                    \
    }

static const marine_type tetraplet  = { .kind = MARINE_RECORD, .record = TYPE_TETRAPLET };
static const marine_type tetraplets = { .kind = MARINE_ARRAY, .element = &tetraplet };
#define TETRAPLETS                                                                                                     \
    {                                                                                                                  \
        RIV_LIT_INIT("tetraplets"), { .kind = MARINE_ARRAY, .element = &tetraplets }                                   \
    }
static const marine_field tetraplet_fields[] = { TEXT("peer_pk"), TEXT("service_id"), TEXT("function_name"),
                                                 TEXT("lens") };
static const marine_field particle_fields[]  = {
     TEXT("id"),
     TEXT("init_peer_id"),
     TYPED("timestamp", MARINE_U64),
     TYPED("ttl", MARINE_U32),
     TEXT("script"),
     TYPED("signature", MARINE_BYTES),
     TEXT("token"),
};
static const marine_field v0_fields[] = {
    TEXT("init_peer_id"), TEXT("service_id"),  TEXT("service_creator_peer_id"),
    TEXT("host_id"),      TEXT("particle_id"), TETRAPLETS,
};
static const marine_field v1_fields[] = {
    TEXT("init_peer_id"), TEXT("service_id"), TEXT("service_creator_peer_id"), TEXT("host_id"), TEXT("worker_id"),
    TEXT("particle_id"),  TETRAPLETS,
};
static const marine_field v3_fields[] = {
    { RIV_LIT_INIT("particle"), { .kind = MARINE_RECORD, .record = TYPE_PARTICLE } },
    TEXT("service_id"),
    TEXT("service_creator_peer_id"),
    TEXT("host_id"),
    TEXT("worker_id"),
    TETRAPLETS,
};
#define GENERATION(list)                                                                                               \
    {                                                                                                                  \
        FIELDS("SecurityTetraplet", tetraplet_fields), FIELDS("ParticleParameters", particle_fields),                  \
            FIELDS("CallParameters", list)                                                                             \
    }
static const marine__type v0_types[TYPES_COUNT] = GENERATION(v0_fields);
static const marine__type v1_types[TYPES_COUNT] = GENERATION(v1_fields);
static const marine__type v3_types[TYPES_COUNT] = GENERATION(v3_fields);

static marine_value list_of(marine_type_kind kind, const marine_value *items, size_t count)
{
    return (marine_value){ .kind = kind, .list = { items, count } };
}

static marine_value tetraplets_of(const marine_call_params *p, riv_arena *arena)
{
    marine_value *outer = riv_new(arena, marine_value, p->tetraplets_count);
    for (size_t i = 0; i < p->tetraplets_count; i++) {
        marine_value *inner = riv_new(arena, marine_value, p->tetraplets[i].count);
        for (size_t k = 0; k < p->tetraplets[i].count; k++) {
            const marine_tetraplet *t      = &p->tetraplets[i].items[k];
            marine_value           *fields = riv_new(arena, marine_value, RIV_COUNT(tetraplet_fields));
            fields[0]                      = marine__string(t->peer_pk);
            fields[1]                      = marine__string(t->service_id);
            fields[2]                      = marine__string(t->function_name);
            fields[3]                      = marine__string(t->lens);
            inner[k]                       = list_of(MARINE_RECORD, fields, RIV_COUNT(tetraplet_fields));
        }
        outer[i] = list_of(MARINE_ARRAY, inner, p->tetraplets[i].count);
    }
    return list_of(MARINE_ARRAY, outer, p->tetraplets_count);
}

static marine_value particle_of(const marine_call_params *p, riv_arena *arena)
{
    marine_value *fields = riv_new(arena, marine_value, RIV_COUNT(particle_fields));
    fields[0]            = marine__string(p->particle_id);
    fields[1]            = marine__string(p->init_peer_id);
    fields[2]            = marine__int(MARINE_U64, p->timestamp_ms);
    fields[3]            = marine__int(MARINE_U32, p->ttl_ms);
    fields[4]            = marine__string(p->script);
    fields[5]            = (marine_value){ .kind = MARINE_BYTES, .bytes = p->signature };
    fields[6]            = marine__string(p->token);
    return list_of(MARINE_RECORD, fields, RIV_COUNT(particle_fields));
}

/* SPEC marine.md 5.1: ptr (and size unless it is a record) are handed over through set_result_ptr / set_result_size */
static riv_err hand_over(marine__instance *in, const marine__type *types, const marine_value *fields, size_t count)
{
    const marine__section host   = { .types = types, .types_count = TYPES_COUNT };
    marine_value          record = list_of(MARINE_RECORD, fields, count);
    wasmtime_val_raw_t    raw[1] = { 0 };
    uint32_t              ptr;
    if (!in->abi[MARINE__SET_PTR])
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT " exports no set_result_ptr",
                            RIV_ARG(in->name));
    RIV_TRY(marine__lower_record(in, &host, TYPE_PARAMETERS, &record, &ptr));
    raw[0].i32 = (int32_t)ptr;
    return marine__call_core(in, in->abi[MARINE__SET_PTR], raw);
}

static riv_err parameters_v0(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)io;
    const marine_call_params *p        = in->service->params;
    const marine_value        fields[] = {
               marine__string(p->init_peer_id), marine__string(p->service_id),  marine__string(p->service_creator_peer_id),
               marine__string(p->host_id),      marine__string(p->particle_id), tetraplets_of(p, in->service->scratch),
    };
    return hand_over(in, v0_types, fields, RIV_COUNT(fields));
}

static riv_err parameters_v1(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)io;
    const marine_call_params *p        = in->service->params;
    const marine_value        fields[] = {
               marine__string(p->init_peer_id),
               marine__string(p->service_id),
               marine__string(p->service_creator_peer_id),
               marine__string(p->host_id),
               marine__string(p->worker_id),
               marine__string(p->particle_id),
               tetraplets_of(p, in->service->scratch),
    };
    return hand_over(in, v1_types, fields, RIV_COUNT(fields));
}

/* Also the second generation: only the name of a tetraplet's field changed. */
static riv_err parameters_v3(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)io;
    const marine_call_params *p        = in->service->params;
    const marine_value        fields[] = {
               particle_of(p, in->service->scratch), marine__string(p->service_id), marine__string(p->service_creator_peer_id),
               marine__string(p->host_id),           marine__string(p->worker_id),  tetraplets_of(p, in->service->scratch),
    };
    return hand_over(in, v3_types, fields, RIV_COUNT(fields));
}

/* ---- finding ---- */

static const struct {
    riv_str               module;
    marine__host_function parameters;
} generations[] = {
    { RIV_LIT_INIT("host"), { "get_call_parameters", "", "", parameters_v0 } },
    { RIV_LIT_INIT("__marine_host_api_v1"), { "get_call_parameters", "", "", parameters_v1 } },
    { RIV_LIT_INIT("__marine_host_api_v2"), { "get_call_parameters", "", "", parameters_v3 } },
    { RIV_LIT_INIT("__marine_host_api_v3"), { "get_call_parameters", "", "", parameters_v3 } },
};
static const marine__host_function logger = { "log_utf8_string", "iiii", "", log_utf8_string };

bool marine__is_host(riv_str module)
{
    return riv_str_eq(module, RIV_LIT("host")) || riv_str_starts(module, RIV_LIT("__marine_host_api_v"));
}

const marine__host_function *marine__host_find(riv_str module, riv_str name)
{
    for (size_t i = 0; i < RIV_COUNT(generations); i++) {
        if (!riv_str_eq(module, generations[i].module)) continue;
        if (riv_str_eq(name, riv_str_c(logger.name))) return &logger;
        if (riv_str_eq(name, riv_str_c(generations[i].parameters.name))) return &generations[i].parameters;
    }
    return NULL;
}
