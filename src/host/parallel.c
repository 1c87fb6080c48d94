/* parallel.c: the same work on several threads at once, and large pages, for commands that compute for long. Contract: host.h. Tests: parallel_test.c. */
#define _DEFAULT_SOURCE
#include "host/host.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

void host_large_pages(riv_bytes memory)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)memory.ptr + page - 1) / page * page, to = (uintptr_t)memory.ptr + memory.len;
    if (from < to) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

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
