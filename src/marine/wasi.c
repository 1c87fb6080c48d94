/* wasi.c: WASI preview 1 for modules, by hand, so that a guest sees no more of the world than marine_env shows: its clock, its
 * randomness, two outputs, an environment. No arguments, an empty standard input. Files are in wasi_files.c; signals, rights and
 * sockets answer "not supported". Pointers of the guest that lead nowhere end the call, as they do in the original. The older
 * wasi_unstable is the same but for three layouts and the numbers of lseek's origins.
 * Spec: docs/spec/marine.md 5.5; WASI preview 1 (wasi_snapshot_preview1). Tests: wasi_test.c, wasi_all_test.c. */
#define _XOPEN_SOURCE 700 /* NAME_MAX */
#include "marine/wasi.h"

enum {
    FD_STDIN               = 0,
    FD_STDOUT              = 1,
    FD_STDERR              = 2,
    FDS_STANDARD           = 3,
    WRITE_BYTES_MAX        = 64 << 10, /* of one fd_write; the guest then writes the rest */
    CLOCKS                 = 4,        /* real, monotonic, of the process, of the thread */
    SUBSCRIPTION_BYTES     = 48,
    OLD_SUBSCRIPTION_BYTES = 56, /* a clock has a second mark there */
    EVENT_BYTES            = 32,
    SUBSCRIPTIONS_MAX      = 64,
    EVENT_CLOCK            = 0,
    EVENT_READ             = 1,
    EVENT_WRITE            = 2,
    EVENT_HANGUP           = 1,
    READY_BYTES            = 64 << 10,
};
#define RIGHT_FD_WRITE UINT64_C(0x40)
#define CLOCK_STEP_NS  UINT64_C(1)

riv_err marine__wasi_end(wasmtime_val_raw_t *io, uint32_t error)
{
    io[0].i32 = (int32_t)error;
    return RIV_OK;
}

/* ---- arguments, environment, clock, randomness ---- */

static riv_err args_sizes_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 0), 0));
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 1), 0));
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
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 0), (uint32_t)in->envs_count));
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 1), (uint32_t)bytes));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err environ_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t at = wasi__arg(io, 1);
    for (size_t i = 0; i < in->envs_count; i++) {
        riv_bytes parts[] = { riv_str_bytes(in->envs[i].key), RIV_BYTES("="), riv_str_bytes(in->envs[i].value),
                              RIV_BYTES("\0") };
        RIV_TRY(wasi__put_u32(in, wasi__arg(io, 0) + (uint32_t)(4 * i), at));
        for (size_t k = 0; k < RIV_COUNT(parts); k++) {
            RIV_TRY(marine__charge(in->service, parts[k].len));
            RIV_TRY(marine__write(in, at, parts[k]));
            at += (uint32_t)parts[k].len;
        }
    }
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err clock_res_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    if (wasi__arg(io, 0) >= CLOCKS) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(wasi__put_u64(in, wasi__arg(io, 1), CLOCK_STEP_NS));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

uint64_t marine__now_ns(const marine_service *s) { return s->env.now_ns ? s->env.now_ns(s->env.ctx) : 0; }

/* All clocks are the one of the environment. */
static riv_err clock_time_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    if (wasi__arg(io, 0) >= CLOCKS) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(wasi__put_u64(in, wasi__arg(io, 2), marine__now_ns(in->service)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

void marine__random(marine_service *s, uint8_t *out, size_t len)
{
    if (s->env.random)
        s->env.random(s->env.ctx, out, len);
    else
        riv_prng_fill(&s->prng, out, len);
}

static riv_err random_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    marine_service *s = in->service;
    riv_bytes       room;
    RIV_TRY(marine__charge(s, wasi__arg(io, 1)));
    RIV_TRY(marine__view(in, wasi__arg(io, 0), wasi__arg(io, 1), &room));
    if (room.len) marine__random(s, wasmtime_memory_data(s->context, &in->memory) + wasi__arg(io, 0), room.len);
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err sched_yield(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)in;
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static bool is_open(marine__instance *in, uint32_t fd) { return fd < FDS_STANDARD || wasi__file_of(in, fd); }

/* What a subscription comes to: its errno, with the bytes that a read or a write finds at once. */
static uint32_t ready(marine__instance *in, const uint8_t *sub, uint8_t *event)
{
    uint8_t kind = sub[8];
    if (kind == EVENT_CLOCK) return MARINE__WASI_OK;
    if (kind != EVENT_READ && kind != EVENT_WRITE) return MARINE__WASI_INVAL;
    uint32_t fd = (uint32_t)sub[16] | (uint32_t)sub[17] << 8 | (uint32_t)sub[18] << 16 | (uint32_t)sub[19] << 24;
    if (!is_open(in, fd)) return MARINE__WASI_BADF;
    if (kind == EVENT_READ && fd < FDS_STANDARD)
        event[24] = EVENT_HANGUP; /* nothing ever comes */
    else
        wasi__le64(event + 16, READY_BYTES);
    return MARINE__WASI_OK;
}

/* Nothing sleeps here: every wait for a clock is over at once, and files are always ready. */
static riv_err poll(marine__instance *in, wasmtime_val_raw_t *io, uint32_t sub_bytes)
{
    uint32_t count = wasi__arg(io, 2);
    if (count == 0 || count > SUBSCRIPTIONS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    for (uint32_t i = 0; i < count; i++) {
        riv_bytes sub;
        RIV_TRY(marine__view(in, wasi__arg(io, 0) + i * sub_bytes, sub_bytes, &sub));
        uint8_t event[EVENT_BYTES] = { 0 };
        memcpy(event, sub.ptr, 8); /* the user's mark */
        event[8]  = (uint8_t)ready(in, sub.ptr, event);
        event[10] = sub.ptr[8];
        RIV_TRY(marine__write(in, wasi__arg(io, 1) + i * EVENT_BYTES, (riv_bytes){ event, sizeof event }));
    }
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 3), count));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err poll_oneoff(marine__instance *in, wasmtime_val_raw_t *io) { return poll(in, io, SUBSCRIPTION_BYTES); }
static riv_err old_poll_oneoff(marine__instance *in, wasmtime_val_raw_t *io)
{
    return poll(in, io, OLD_SUBSCRIPTION_BYTES);
}

/* Ends the call; service.c tells a good end of _start from a failure. */
static riv_err proc_exit(marine__instance *in, wasmtime_val_raw_t *io)
{
    in->service->exited    = true;
    in->service->exit_code = wasi__arg(io, 0);
    return RIV_E_EXPIRED;
}

static riv_err proc_raise(marine__instance *in, wasmtime_val_raw_t *io)
{
    (void)in;
    return marine__wasi_end(io, WASI_NOTSUP);
}

static riv_err fd_fdstat_set_rights(marine__instance *in, wasmtime_val_raw_t *io)
{
    return marine__wasi_end(io, is_open(in, wasi__arg(io, 0)) ? WASI_NOTSUP : MARINE__WASI_BADF);
}

/* All functions of sockets: there is none that could be open. */
static riv_err no_socket(marine__instance *in, wasmtime_val_raw_t *io)
{
    return marine__wasi_end(io, is_open(in, wasi__arg(io, 0)) ? WASI_NOTSOCK : MARINE__WASI_BADF);
}

/* ---- standard input and output ---- */

static riv_err write_out(marine__instance *in, bool is_stderr, wasmtime_val_raw_t *io)
{
    marine_service *s     = in->service;
    uint32_t        count = wasi__arg(io, 2);
    riv_buf         text  = riv_buf_in(s->scratch);
    riv_bytes       vecs;
    if (count > WASI_IOVECS_MAX) return marine__wasi_end(io, MARINE__WASI_INVAL);
    RIV_TRY(marine__view(in, wasi__arg(io, 1), (uint64_t)count * WASI_IOVEC_BYTES, &vecs));
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
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 3), (uint32_t)text.len));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err files(marine__instance *in, const char *name, wasmtime_val_raw_t *io)
{
    const marine__host_function *f = in->files ? marine__files_find(riv_str_c(name)) : NULL;
    return f ? f->run(in, io) : marine__wasi_end(io, MARINE__WASI_BADF);
}

static riv_err fd_write(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = wasi__arg(io, 0);
    if (fd == FD_STDIN) return marine__wasi_end(io, MARINE__WASI_BADF);
    return fd < FDS_STANDARD ? write_out(in, fd == FD_STDERR, io) : files(in, "fd_write", io);
}

static riv_err fd_read(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = wasi__arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_read", io);
    if (fd != FD_STDIN) return marine__wasi_end(io, MARINE__WASI_BADF);
    RIV_TRY(wasi__put_u32(in, wasi__arg(io, 3), 0)); /* the end */
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_fdstat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = wasi__arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_fdstat_get", io);
    uint8_t stat[WASI_FDSTAT_BYTES] = { WASI_TYPE_DEVICE };
    if (fd != FD_STDIN) stat[8] = (uint8_t)RIGHT_FD_WRITE;
    RIV_TRY(marine__write(in, wasi__arg(io, 1), (riv_bytes){ stat, sizeof stat }));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = wasi__arg(io, 0);
    if (fd >= FDS_STANDARD) return files(in, "fd_filestat_get", io);
    RIV_TRY(wasi__put_stat(in, (wasi_stat){ 0, 0, WASI_TYPE_DEVICE }, false, wasi__arg(io, 1)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err old_fd_filestat_get(marine__instance *in, wasmtime_val_raw_t *io)
{
    uint32_t fd = wasi__arg(io, 0);
    if (fd >= FDS_STANDARD) return wasi__old_files_find(RIV_LIT("fd_filestat_get"))->run(in, io);
    RIV_TRY(wasi__put_stat(in, (wasi_stat){ 0, 0, WASI_TYPE_DEVICE }, true, wasi__arg(io, 1)));
    return marine__wasi_end(io, MARINE__WASI_OK);
}

static riv_err fd_close(marine__instance *in, wasmtime_val_raw_t *io)
{
    return wasi__arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_OK) : files(in, "fd_close", io);
}

static riv_err fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    return wasi__arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_SPIPE) : files(in, "fd_seek", io);
}

static riv_err old_fd_seek(marine__instance *in, wasmtime_val_raw_t *io)
{
    if (wasi__arg(io, 0) < FDS_STANDARD) return marine__wasi_end(io, MARINE__WASI_SPIPE);
    return wasi__old_files_find(RIV_LIT("fd_seek"))->run(in, io);
}

static riv_err fd_tell(marine__instance *in, wasmtime_val_raw_t *io)
{
    return wasi__arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_SPIPE) : files(in, "fd_tell", io);
}

static riv_err fd_sync(marine__instance *in, wasmtime_val_raw_t *io)
{
    return wasi__arg(io, 0) < FDS_STANDARD ? marine__wasi_end(io, MARINE__WASI_OK) : files(in, "fd_sync", io);
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
    { "fd_fdstat_set_rights", "iII", "i", fd_fdstat_set_rights },
    { "fd_filestat_get", "ii", "i", fd_filestat_get },
    { "fd_read", "iiii", "i", fd_read },
    { "fd_seek", "iIii", "i", fd_seek },
    { "fd_sync", "i", "i", fd_sync },
    { "fd_datasync", "i", "i", fd_sync },
    { "fd_tell", "ii", "i", fd_tell },
    { "fd_write", "iiii", "i", fd_write },
    { "poll_oneoff", "iiii", "i", poll_oneoff },
    { "proc_exit", "i", "", proc_exit },
    { "proc_raise", "i", "i", proc_raise },
    { "random_get", "ii", "i", random_get },
    { "sched_yield", "", "i", sched_yield },
    { "sock_accept", "iii", "i", no_socket },
    { "sock_recv", "iiiiii", "i", no_socket },
    { "sock_send", "iiiii", "i", no_socket },
    { "sock_shutdown", "ii", "i", no_socket },
};
/* What wasi_unstable lays out otherwise; sock_accept came later. */
static const marine__host_function old_functions[] = {
    { "fd_filestat_get", "ii", "i", old_fd_filestat_get },
    { "fd_seek", "iIii", "i", old_fd_seek },
    { "poll_oneoff", "iiii", "i", old_poll_oneoff },
};
/* clang-format on */

const marine__host_function *wasi__find(const marine__host_function *list, size_t count, riv_str name)
{
    for (size_t i = 0; i < count; i++)
        if (riv_str_eq(name, riv_str_c(list[i].name))) return &list[i];
    return NULL;
}

const marine__host_function *marine__wasi_find(riv_str module, riv_str name)
{
    const marine__host_function *f   = NULL;
    bool                         old = riv_str_eq(module, RIV_LIT("wasi_unstable"));
    if (!old && !riv_str_eq(module, RIV_LIT("wasi_snapshot_preview1"))) return NULL;
    if (old && riv_str_eq(name, RIV_LIT("sock_accept"))) return NULL;
    if (old) f = wasi__find(old_functions, RIV_COUNT(old_functions), name);
    if (old && !f) f = wasi__old_files_find(name);
    if (!f) f = wasi__find(functions, RIV_COUNT(functions), name);
    return f ? f : marine__files_find(name);
}
