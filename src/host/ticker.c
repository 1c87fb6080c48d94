/* ticker.c: a thread that calls a function at a steady pace: the clock of the deadlines of service calls.
 * Contract: host.h. Tests: ticker_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/host.h"

#include <uv.h>

struct host_ticker {
    uv_thread_t thread;
    uv_mutex_t  lock;
    uv_cond_t   wake;
    uint64_t    every_ns;
    void (*fn)(void *ctx);
    void *ctx;
    bool  quit;
};

/* Where the machine was too busy for some ticks, they are not made up for: a deadline rather comes late than early. */
static void run(void *arg)
{
    host_ticker *t = arg;
    uv_mutex_lock(&t->lock);
    while (!t->quit) {
        uint64_t until = uv_hrtime() + t->every_ns, now;
        while (!t->quit && (now = uv_hrtime()) < until) uv_cond_timedwait(&t->wake, &t->lock, until - now);
        if (!t->quit) t->fn(t->ctx);
    }
    uv_mutex_unlock(&t->lock);
}

riv_err host_ticker_start(uint32_t every_ms, void (*fn)(void *ctx), void *ctx, riv_fault *fault, host_ticker **out)
{
    host_ticker *t = riv_alloc(sizeof *t);
    t->every_ns    = (uint64_t)every_ms * 1000000u;
    t->fn          = fn;
    t->ctx         = ctx;
    uv_mutex_init(&t->lock);
    uv_cond_init(&t->wake);
    if (uv_thread_create(&t->thread, run, t)) {
        uv_cond_destroy(&t->wake);
        uv_mutex_destroy(&t->lock);
        riv_free(t);
        return riv_fail(fault, RIV_E_IO, 0, "cannot start the thread of deadlines");
    }
    *out = t;
    return RIV_OK;
}

void host_ticker_stop(host_ticker *t)
{
    if (!t) return;
    uv_mutex_lock(&t->lock);
    t->quit = true;
    uv_cond_signal(&t->wake);
    uv_mutex_unlock(&t->lock);
    uv_thread_join(&t->thread);
    uv_cond_destroy(&t->wake);
    uv_mutex_destroy(&t->lock);
    riv_free(t);
}
