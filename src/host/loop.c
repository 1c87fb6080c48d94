/* loop.c: the host: one libuv loop, its signals, its turns and its end.
 * Effects are carried out before the loop sleeps (prepare) and right after it has read (check), so a turn costs no extra wait.
 * Tests: node_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/internal.h"

#include <signal.h>
#include <sys/resource.h>

enum { SOCKETS_WANTED = 16384 };

static void flush_all(host *h)
{
    for (size_t i = 0; i < h->nodes_count; i++) host__node_flush(h->nodes[i]);
}

static void on_prepare(uv_prepare_t *handle) { flush_all(handle->data); }
static void on_check(uv_check_t *handle) { flush_all(handle->data); }

static void on_signal(uv_signal_t *handle, int number)
{
    host *h        = handle->data;
    h->stop_signal = number;
    host_stop(h);
}

static riv_err start_signals(host *h, riv_fault *fault)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < RIV_COUNT(numbers); i++) {
        uv_signal_init(&h->loop, &h->signals[i]);
        h->signals[i].data = h;
        if (uv_signal_start(&h->signals[i], on_signal, numbers[i]))
            return riv_fail(fault, RIV_E_IO, 0, "cannot watch for signals");
        uv_unref((uv_handle_t *)&h->signals[i]);
    }
    return RIV_OK;
}

static uint32_t default_workers(void)
{
    uv_cpu_info_t *cpus  = NULL;
    int            count = 0;
    if (uv_cpu_info(&cpus, &count) == 0) uv_free_cpu_info(cpus, count);
    return (uint32_t)RIV_MAX(1, RIV_MIN(count, 8));
}

/* Shells give 1024 as a rule, p2p takes four times as many links. What the machine does not grant is refused link by link. */
static void allow_sockets(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= SOCKETS_WANTED) return;
    limit.rlim_cur = RIV_MIN(limit.rlim_max, (rlim_t)SOCKETS_WANTED);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

riv_err host_new(const host_config *config, riv_fault *fault, host **out)
{
    allow_sockets();
    host *h = riv_alloc(sizeof *h);
    uv_loop_init(&h->loop);
    uv_prepare_init(&h->loop, &h->prepare);
    uv_check_init(&h->loop, &h->check);
    uv_timer_init(&h->loop, &h->sweep);
    uv_timer_init(&h->loop, &h->stop_timer);
    h->prepare.data = h->check.data = h->sweep.data = h->stop_timer.data = h;
    uv_prepare_start(&h->prepare, on_prepare);
    uv_check_start(&h->check, on_check);
    riv_err err =
        host__pool_start(h, config->workers ? RIV_MIN(config->workers, HOST_WORKERS_MAX) : default_workers(), fault);
    if (!err && config->signals) err = start_signals(h, fault);
    if (err)
        host_free(h);
    else
        *out = h;
    return err;
}

/* ---- stopping ---- */

void host_stop(host *h)
{
    h->stopping = true;
    uv_stop(&h->loop);
}

int host_stop_signal(const host *h) { return h->stop_signal; }

void host__fail(host *h, const riv_fault *fault)
{
    if (!h->fault.err) h->fault = *fault;
    host_stop(h);
}

static bool has_links(const host *h)
{
    for (size_t i = 0; i < h->nodes_count; i++)
        if (riv_map_count(h->nodes[i]->links)) return true;
    return false;
}

static void wake(uv_timer_t *timer) { (void)timer; }

/* Goodbyes leave, links close; whoever does not read them in HOST_STOP_MS is left alone. */
static void say_goodbye(host *h)
{
    uint64_t until = host_clock_ns() + UINT64_C(1000000) * HOST_STOP_MS;
    for (size_t i = 0; i < h->nodes_count; i++) host__node_stop(h->nodes[i]);
    uv_timer_start(&h->stop_timer, wake, HOST_STOP_MS, 0);
    while (has_links(h) && host_clock_ns() < until) uv_run(&h->loop, UV_RUN_ONCE);
}

riv_err host_run(host *h, riv_fault *fault)
{
    RIV_ASSERT(!h->ran);
    h->ran = true;
    flush_all(h);
    if (!h->stopping) uv_run(&h->loop, UV_RUN_DEFAULT);
    say_goodbye(h);
    host__pool_stop(&h->pool);
    if (h->fault.err) return riv_fail(fault, h->fault.err, h->fault.pos, "%s", h->fault.msg);
    return RIV_OK;
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void free_timeouts(host *h)
{
    for (host_timeout *t = h->timeouts, *next; t; t = next) {
        next = t->next;
        riv_free(t);
    }
}

void host_free(host *h)
{
    if (!h) return;
    host__pool_stop(&h->pool);
    for (size_t i = 0; i < h->nodes_count; i++) host__node_close(h->nodes[i]);
    uv_prepare_stop(&h->prepare);
    uv_check_stop(&h->check);
    uv_walk(&h->loop, close_handle, NULL);
    uv_run(&h->loop, UV_RUN_NOWAIT);
    if (h->stuck) return; /* its memory is still in use; the program ends anyway */
    while (uv_loop_close(&h->loop) == UV_EBUSY) uv_run(&h->loop, UV_RUN_DEFAULT); /* a late uv_stop cuts a run short */
    free_timeouts(h);
    host__https_free(h);
    for (size_t i = 0; i < h->nodes_count; i++) host__node_free(h->nodes[i]);
    uv_mutex_destroy(&h->pool.lock);
    uv_cond_destroy(&h->pool.wake);
    riv_free(h->nodes);
    riv_free(h);
}

/* ---- timeouts of the program around ---- */

static void on_timeout(uv_timer_t *timer)
{
    host_timeout *t = timer->data;
    if (!t->host->stopping) t->fn(t->ctx);
}

void host_after(host *h, uint64_t ms, host_timeout_fn fn, void *ctx)
{
    host_timeout *t = riv_alloc(sizeof *t);
    t->host         = h;
    t->fn           = fn;
    t->ctx          = ctx;
    t->next         = h->timeouts;
    h->timeouts     = t;
    t->timer.data   = t;
    uv_timer_init(&h->loop, &t->timer);
    uv_update_time(&h->loop);
    uv_timer_start(&t->timer, on_timeout, ms, 0);
}

/* ---- timers that end before the loop does ---- */

uv_timer_t *host__timer_new(host *h, void *data)
{
    uv_timer_t *timer = riv_alloc(sizeof *timer);
    uv_timer_init(&h->loop, timer);
    timer->data = data;
    return timer;
}

static void free_timer(uv_handle_t *handle) { riv_free(handle); }

void host__timer_close(uv_timer_t *timer)
{
    if (timer) uv_close((uv_handle_t *)timer, free_timer);
}
