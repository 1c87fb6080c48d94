/* parallel.c: the same work on several threads at once, for commands that compute for long. Contract: host.h. Tests: parallel_test.c. */
#include "host/host.h"

#include <pthread.h>

typedef struct part {
    void (*fn)(void *ctx, unsigned index);
    void     *ctx;
    unsigned  index;
    pthread_t thread;
    bool      runs;
} part;

static void *run(void *ctx)
{
    const part *p = ctx;
    p->fn(p->ctx, p->index);
    return NULL;
}

void host_parallel(unsigned threads, void (*fn)(void *ctx, unsigned index), void *ctx)
{
    part parts[HOST_WORKERS_MAX];
    RIV_ASSERT(threads > 0 && threads <= HOST_WORKERS_MAX);
    for (unsigned i = 1; i < threads; i++) {
        parts[i]      = (part){ .fn = fn, .ctx = ctx, .index = i };
        parts[i].runs = pthread_create(&parts[i].thread, NULL, run, &parts[i]) == 0;
    }
    fn(ctx, 0);
    for (unsigned i = 1; i < threads; i++) {
        if (parts[i].runs)
            pthread_join(parts[i].thread, NULL);
        else
            fn(ctx, i); /* no thread was to be had: one part after the other */
    }
}
