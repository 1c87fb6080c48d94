/* wasi.c: WASI preview 1 for modules, by hand, so that a guest sees no more of the world than marine_env shows: its clock, its
 * randomness, two outputs, an environment. No arguments, an empty standard input. Files are in wasi_files.c; what is left
 * answers "not supported". Pointers of the guest that lead nowhere end the call, as they do in the original.
 * Spec: docs/spec/marine.md 5.5; WASI preview 1 (wasi_snapshot_preview1). Tests: wasi_test.c. */
#include "marine/internal.h"

enum {
    FD_STDIN                  = 0,
    FD_STDOUT                 = 1,
    FD_STDERR                 = 2,
    FDS_STANDARD              = 3,
    IOVEC_BYTES               = 8,
    IOVECS_MAX                = 1024,
    WRITE_BYTES_MAX           = 64 << 10, /* of one fd_write; the guest then writes the rest */
    FDSTAT_BYTES              = 24,
    FILESTAT_BYTES            = 64,
    FILETYPE_CHARACTER_DEVICE = 2,
    SUBSCRIPTION_BYTES        = 48,
    EVENT_BYTES               = 32,
    SUBSCRIPTIONS_MAX         = 64,
    EVENT_CLOCK               = 0,
    EXIT_BYTES                = 4,
};
#define RIGHT_FD_WRITE UINT64_C(0x40)
#define CLOCK_STEP_NS  UINT64_C(1)

static riv_err put_bytes(marine__instance *in, uint32_t ptr, riv_bytes bytes) { return marine__write(in, ptr, bytes); }

static riv_err put_u32(marine__instance *in, uint32_t ptr, uint32_t v)
{
    uint8_t le[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
    return put_bytes(in, ptr, (riv_bytes){ le, sizeof le });
}

static riv_err put_u64(marine__instance *in, uint32_t ptr, uint64_t v)
{
    uint8_t le[8];
    for (int i = 0; i < 8; i++) le[i] = (uint8_t)(v >> (8 * i));
    return put_bytes(in, ptr, (riv_bytes){ le, sizeof le });
}

riv_err marine__wasi_end(wasmtime_val_raw_t *io, uint32_t error)
{
    io[0].i32 = (int32_t)error;
    return RIV_OK;
}

static uint32_t arg(const wasmtime_val_raw_t *io, size_t i) { return (uint32_t)io[i].i32; }

/* ---- arguments, environment, clock, randomness ---- */

static riv_err args_sizes_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    RIV_TRY(put_u32(in, arg(io, 0), 0));
    RIV_TRY(put_u32(in, arg(io, 1), 0));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err args_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)in;
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err environ_sizes_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    size_t bytes = 0;
    for (size_t i = 0; i < in->envs_count; i++) bytes += in->envs[i].key.len + in->envs[i].value.len + 2;
    RIV_TRY(put_u32(in, arg(io, 0), (uint32_t)in->envs_count));
    RIV_TRY(put_u32(in, arg(io, 1), (uint32_t)bytes));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err environ_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t at = arg(io, 1);
    for (size_t i = 0; i < in->envs_count; i++) {
        riv_bytes parts[] = { riv_str_bytes(in->envs[i].key), RIV_BYTES("="), riv_str_bytes(in->envs[i].value),
                              RIV_BYTES("\0") };
        RIV_TRY(put_u32(in, arg(io, 0) + (uint32_t)(4 * i), at));
        for (size_t k = 0; k < RIV_COUNT(parts); k++) {
            RIV_TRY(marine__charge(in->service, parts[k].len));
            RIV_TRY(put_bytes(in, at, parts[k]));
            at += (uint32_t)parts[k].len;
        }
    }
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err clock_res_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    RIV_TRY(put_u64(in, arg(io, 1), CLOCK_STEP_NS));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* All clocks are the one of the environment. */
static riv_err clock_time_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    const marine_env *env = &in->service->env;
    RIV_TRY(put_u64(in, arg(io, 2), env->now_ns ? env->now_ns(env->ctx) : 0));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err random_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    marine_service *s = in->service;
    riv_bytes       room;
    RIV_TRY(marine__charge(s, arg(io, 1)));
    RIV_TRY(marine__view(in, arg(io, 0), arg(io, 1), &room));
    uint8_t *to = room.len ? wasmtime_memory_data(s->context, &in->memory) + arg(io, 0) : NULL;
    if (room.len && s->env.random)
        s->env.random(s->env.ctx, to, room.len);
    else if (room.len)
        riv_prng_fill(&s->prng, to, room.len);
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err sched_yield(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)in;
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* Nothing sleeps here: every wait for a clock is over at once. */
static riv_err poll_oneoff(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t count = arg(io, 2), events = 0;
    if (count == 0 || count > SUBSCRIPTIONS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    for (uint32_t i = 0; i < count; i++) {
        riv_bytes sub;
        RIV_TRY(marine__view(in, arg(io, 0) + i * SUBSCRIPTION_BYTES, SUBSCRIPTION_BYTES, &sub));
        uint8_t event[EVENT_BYTES] = { 0 };
        memcpy(event, sub.ptr, 8); /* the user's mark */
        uint8_t kind = sub.ptr[8];
        event[8]     = kind == EVENT_CLOCK ? MARINE__WASI_OK : MARINE__WASI_NOSYS;
        event[10]    = kind;
        RIV_TRY(put_bytes(in, arg(io, 1) + events++ * EVENT_BYTES, (riv_bytes){ event, sizeof event }));
    }
    RIV_TRY(put_u32(in, arg(io, 3), events));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

/* Ends the call; service.c tells a good end of _start from a failure. */
static riv_err proc_exit(marine__instance *in, wasmtime_val_raw_t *io)
{
    in->service->exited    = true;
    in->service->exit_code = arg(io, 0);
    return RIV_E_EXPIRED;
}

static riv_err not_supported(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)in;
    return marine__wasi_end(io, MARINE__WASI_NOSYS);
}

/* ---- standard input and output ---- */

static riv_err write_out(marine__instance *in, bool is_stderr, wasmtime_val_raw_t *io)
{
    marine_service *s     = in->service;
    uint32_t        count = arg(io, 2);
    riv_buf         text  = riv_buf_in(s->scratch);
    riv_bytes       vecs;
    if (count > IOVECS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(marine__view(in, arg(io, 1), (uint64_t)count * IOVEC_BYTES, &vecs));
    riv_reader r = riv_reader_of(vecs);
    for (uint32_t i = 0; i < count && text.len < WRITE_BYTES_MAX; i++) {
        uint32_t  ptr = riv_read_u32le(&r), len = riv_read_u32le(&r);
        riv_bytes piece;
        RIV_TRY(marine__view(in, ptr, len, &piece));
        riv_put_bytes(&text, riv_bytes_sub(piece, 0, WRITE_BYTES_MAX - text.len));
    }
    RIV_TRY(marine__charge(s, text.len));
    RIV_TRY(marine__tell(in, text.len)); /* which bounds the copies too: they stay until the call is over */
    if (s->env.output && text.len) s->env.output(s->env.ctx, in->name, is_stderr, riv_buf_str(&text));
    RIV_TRY(put_u32(in, arg(io, 3), (uint32_t)text.len));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err files(marine__instance *in, const char *name, wasmtime_val_raw_t *io)
{
    const marine__host_function *f = in->files ? marine__files_find(riv_str_c(name)) : NULL;
    return f ? f->run(in, io) : marine__wasi_end(io, MARINE__WASI_BADF);
}

static riv_err fd_write(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = arg(io, 0);
    if (fd == FD_STDIN) return marine__wasi_end(io, MARINE__WASI_BADF);
    return fd < FDS_STANDARD ? write_out(in, fd == FD_STDERR, io) : files(in, "fd_write", io);
}

static riv_err fd_read(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_read", io);
    if (fd != FD_STDIN) return marine__wasi_end(io, MARINE__WASI_BADF);
    RIV_TRY(put_u32(in, arg(io, 3), 0)); /* the end */
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_fdstat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_fdstat_get", io);
    uint8_t stat[FDSTAT_BYTES] = { FILETYPE_CHARACTER_DEVICE };
    if (fd != FD_STDIN) stat[8] = (uint8_t)RIGHT_FD_WRITE;
    RIV_TRY(put_bytes(in, arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_filestat_get", io);
    uint8_t stat[FILESTAT_BYTES] = { 0 };
    stat[16]                     = FILETYPE_CHARACTER_DEVICE;
    RIV_TRY(put_bytes(in, arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_close(marine__instance *in, wasmtime_val_raw_t *io)
{
    return arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_OK) : files(in, "fd_close", io);
}

static riv_err fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    return arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_SPIPE) : files(in, "fd_seek", io);
}

static riv_err fd_sync(marine__instance *in, wasmtime_val_raw_t *io)
{
    return arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_OK) : files(in, "fd_sync", io);
}

/* ---- the table ---- */

/* clang-format off */
static const marine__host_function functions[] = {
    { "args_get", "ii", "i", args_get },
    { "args_sizes_get", "ii", "i", args_sizes_get },
    { "clock_res_get", "ii", "i", clock_res_get },
    { "clock_time_get", "iIi", "i", clock_time_get },
    { "environ_get", "ii", "i", environ_get },
    { "environ_sizes_get", "ii", "i", environ_sizes_get },
    { "fd_close", "i", "i", fd_close },
    { "fd_fdstat_get", "ii", "i", fd_fdstat_get },
    { "fd_filestat_get", "ii", "i", fd_filestat_get },
    { "fd_read", "iiii", "i", fd_read },
    { "fd_seek", "iIii", "i", fd_seek },
    { "fd_sync", "i", "i", fd_sync },
    { "fd_datasync", "i", "i", fd_sync },
    { "fd_write", "iiii", "i", fd_write },
    { "poll_oneoff", "iiii", "i", poll_oneoff },
    { "proc_exit", "i", "", proc_exit },
    { "random_get", "ii", "i", random_get },
    { "sched_yield", "", "i", sched_yield },
};
/* Known by name and type, so that modules link. */
static const marine__host_function others[] = {
    { "fd_advise", "iIIi", "i", not_supported },
    { "fd_allocate", "iII", "i", not_supported },
    { "fd_fdstat_set_rights", "iII", "i", not_supported },
    { "fd_filestat_set_times", "iIIi", "i", not_supported },
    { "fd_renumber", "ii", "i", not_supported },
    { "path_filestat_set_times", "iiiiIIi", "i", not_supported },
    { "path_link", "iiiiiii", "i", not_supported },
    { "path_readlink", "iiiiii", "i", not_supported },
    { "path_symlink", "iiiii", "i", not_supported },
    { "proc_raise", "i", "i", not_supported },
    { "sock_accept", "iii", "i", not_supported },
    { "sock_recv", "iiiiii", "i", not_supported },
    { "sock_send", "iiiii", "i", not_supported },
    { "sock_shutdown", "ii", "i", not_supported },
};
/* clang-format on */

const marine__host_function *marine__wasi_find(riv_str module, riv_str name)
{
    if (!riv_str_eq(module, RIV_LIT("wasi_snapshot_preview1"))) return NULL;
    for (size_t i = 0; i < RIV_COUNT(functions); i++)
        if (riv_str_eq(name, riv_str_c(functions[i].name))) return &functions[i];
    const marine__host_function *on_files = marine__files_find(name);
    if (on_files) return on_files;
    for (size_t i = 0; i < RIV_COUNT(others); i++)
        if (riv_str_eq(name, riv_str_c(others[i].name))) return &others[i];
    return NULL;
}
