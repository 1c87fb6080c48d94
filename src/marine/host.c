/* host.c: what Marine itself offers to modules: the log, the parameters of the call in four generations of layout, mounted binaries.
 * Spec: docs/spec/marine.md 5.1-5.4. Tests: service_test.c, wasi_test.c, mounted_test.c. */
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
    riv_bytes text;
    RIV_TRY(marine__view(in, (uint32_t)io[2].i32, (uint32_t)io[3].i32, &text));
    return marine__log(in, io[0].i32, io[1].i32, text);
}

riv_err marine__log(marine__instance *in, int32_t level, int32_t target, riv_bytes text)
{
    marine_service *s = in->service;
    RIV_TRY(marine__charge(s, text.len));
    /* SPEC marine.md 5.3: message is emitted if `target == 0` or `(target & logging_mask) != 0` */
    if (target && !(target & in->config->logging_mask)) return RIV_OK;
    RIV_TRY(marine__tell(
        in, RIV_MIN(text.len, (size_t)LOG_BYTES_MAX))); /* also where nobody listens: the same call ends the same way */
    if (!s->env.log) return RIV_OK;
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
static riv_err hand_over(marine__instance *in, const marine__type *types, uint32_t type, const marine_value *fields,
                         size_t count)
{
    const marine__section host   = { .types = types, .types_count = type + 1 };
    marine_value          record = list_of(MARINE_RECORD, fields, count);
    wasmtime_val_raw_t    raw[1] = { 0 };
    uint32_t              ptr;
    if (!in->abi[MARINE__SET_PTR])
        return marine__fail(in->service, MARINE_TRAP, "module " RIV_FMT " exports no set_result_ptr",
                            RIV_ARG(in->name));
    RIV_TRY(marine__lower_record(in, &host, type, &record, &ptr));
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
    return hand_over(in, v0_types, TYPE_PARAMETERS, fields, RIV_COUNT(fields));
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
    return hand_over(in, v1_types, TYPE_PARAMETERS, fields, RIV_COUNT(fields));
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
    return hand_over(in, v3_types, TYPE_PARAMETERS, fields, RIV_COUNT(fields));
}

/* ---- mounted binaries ---- */

enum {
    RET_SPAWN    = 100001,
    RET_NO_TEXT  = 100004,   /* an argument is not a text */
    COMMAND_FUEL = 10000000, /* a program takes milliseconds to start */
    ARGUMENTS_BYTES_MAX =
        6 << 20,        /* more than this Linux hands to no program, and hosts copy them before they ask it */
    ARGUMENT_BYTES = 9, /* its end and its place in the list */
};

static const marine_field output_fields[] = {
    TYPED("ret_code", MARINE_S32),
    TEXT("error"),
    TYPED("stdout", MARINE_BYTES),
    TYPED("stderr", MARINE_BYTES),
};
static const marine__type output_types[] = { FIELDS("MountedBinaryResult", output_fields) };

/* The list as it is in memory: lifting it as a value would end the call where an element is no text, which has an answer: *refusal. */
static riv_err lift_arguments(marine__instance *in, uint32_t ptr, uint32_t count, riv_str **out, marine_output *refusal)
{
    riv_bytes spine, text;
    void     *memory;
    uint64_t  bytes = 0;
    *refusal        = (marine_output){ 0 };
    RIV_TRY(marine__view(in, ptr, (uint64_t)count * 8, &spine));
    RIV_TRY(marine__scratch(in->service, count, sizeof(riv_str), &memory));
    *out         = memory;
    riv_reader r = riv_reader_of(spine);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = riv_read_u32le(&r), len = riv_read_u32le(&r);
        RIV_TRY(marine__view(in, at, len, &text));
        RIV_TRY(marine__charge(in->service, (uint64_t)len + 1));
        if (!riv_utf8_valid(text, NULL)) refusal->ret_code = RET_NO_TEXT;
        (*out)[i] = riv_bytes_str(text);
        bytes += (uint64_t)len + ARGUMENT_BYTES;
    }
    if (!refusal->ret_code && bytes > ARGUMENTS_BYTES_MAX)
        *refusal = (marine_output){ .ret_code = RET_SPAWN, .error = RIV_LIT("Argument list too long (os error 7)") };
    return RIV_OK;
}

/* Until the result is written nothing of the guest runs, so the arguments may be views of its memory. */
static riv_err run_program(marine__instance *in, const marine_pair *program, const riv_str *args, size_t count,
                           riv_arena *arena, marine_output *out)
{
    const marine_module_config *c       = in->config;
    marine_service             *s       = in->service;
    riv_fault                   fault   = { 0 };
    marine_command              command = {
                     .module      = in->name,
                     .name        = program->key,
                     .path        = program->value,
                     .args        = args,
                     .args_count  = count,
                     .envs        = in->envs,
                     .envs_count  = in->envs_count,
                     .dir         = c->command_dir,
                     .time_ms_max = c->command_ms_max ? c->command_ms_max : MARINE_COMMAND_MS_DEFAULT,
                     .output_bytes_max = c->command_output_bytes_max ? c->command_output_bytes_max : MARINE_COMMAND_BYTES_DEFAULT,
    };
    if (s->env.command(s->env.ctx, &command, arena, &fault, out))
        return marine__fail(s, MARINE_HOST, "mounted binary " RIV_FMT ": %s", RIV_ARG(program->key), fault.msg);
    return marine__charge(s, (uint64_t)out->standard_output.len + out->standard_error.len);
}

static riv_err answer(marine__instance *in, const marine_output *out)
{
    const marine_value fields[] = {
        marine__int(MARINE_S32, (uint64_t)(int64_t)out->ret_code),
        marine__string(out->error),
        { .kind = MARINE_BYTES, .bytes = out->standard_output },
        { .kind = MARINE_BYTES, .bytes = out->standard_error },
    };
    return hand_over(in, output_types, 0, fields, RIV_COUNT(fields));
}

riv_err marine__mounted_run(marine__instance *in, const marine_pair *program, wasmtime_val_raw_t *io)
{
    marine_output out;
    uint32_t      count = (uint32_t)io[1].i32;
    riv_str      *args;
    RIV_TRY(marine__charge(in->service, COMMAND_FUEL));
    RIV_TRY(lift_arguments(in, (uint32_t)io[0].i32, count, &args, &out));
    riv_arena *arena = riv_arena_new(0); /* not the call's: outputs of many programs must not gather there */
    riv_err    err   = out.ret_code ? RIV_OK : run_program(in, program, args, count, arena, &out);
    if (!err) err = answer(in, &out);
    riv_arena_free(arena);
    return err;
}

const marine__host_function marine__mounted = { "", "ii", "", NULL };

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

const marine_pair *marine__mounted_find(const marine__instance *in, riv_str module, riv_str name)
{
    const marine_module_config *c     = in->config;
    bool                        known = false;
    for (size_t i = 0; i < RIV_COUNT(generations); i++) known = known || riv_str_eq(module, generations[i].module);
    for (size_t i = 0; known && i < c->mounted_binaries_count; i++)
        if (riv_str_eq(c->mounted_binaries[i].key, name)) return &c->mounted_binaries[i];
    return NULL;
}

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
