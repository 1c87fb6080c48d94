/* pool.c: threads that run jobs. A job owns its inputs, so threads share nothing but what waits and what is done.
 * Tests: node_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/internal.h"

static const work_env no_services;

static void work(void *arg)
{
    host_pool *pool = arg;
    uv_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->waiting.count && !pool->quit) uv_cond_wait(&pool->wake, &pool->lock);
        if (pool->quit) break;
        host_job *job = host__turns_take(&pool->waiting);
        uv_mutex_unlock(&pool->lock);
        work_run(job->job, job->node->config.work ? job->node->config.work : &no_services);
        uv_mutex_lock(&pool->lock);
        job->next  = pool->done;
        pool->done = job;
        uv_async_send(&pool->async);
    }
    uv_mutex_unlock(&pool->lock);
}

/* In the loop: answers go back in the order in which they came in. */
static void take_done(uv_async_t *async)
{
    host_pool *pool = async->data;
    host_job  *list, *turned = NULL, *next;
    uv_mutex_lock(&pool->lock);
    list       = pool->done;
    pool->done = NULL;
    uv_mutex_unlock(&pool->lock);
    for (; list; list = next) {
        next       = list->next;
        list->next = turned;
        turned     = list;
    }
    for (; turned; turned = next) {
        node_event event = { .kind = NODE_JOB_DONE, .job = turned->job };
        next             = turned->next;
        host__node_give(turned->node, &event);
        riv_free(turned);
    }
}

riv_err host__pool_start(host *h, uint32_t workers, riv_fault *fault)
{
    host_pool          *pool    = &h->pool;
    uv_thread_options_t options = { .flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = HOST_WORKER_STACK_BYTES };
    pool->async.data            = pool;
    if (uv_mutex_init(&pool->lock) || uv_cond_init(&pool->wake) || uv_async_init(&h->loop, &pool->async, take_done))
        return riv_fail(fault, RIV_E_IO, 0, "cannot make the worker pool");
    for (uint32_t i = 0; i < workers; i++) {
        if (uv_thread_create_ex(&pool->threads[i], &options, work, pool))
            return riv_fail(fault, RIV_E_IO, 0, "cannot start worker thread %u of %u", i + 1, workers);
        pool->threads_count++;
    }
    return RIV_OK;
}

void host__pool_submit(host_pool *pool, node_job *job, host_node *n)
{
    host_job *item = riv_alloc(sizeof *item);
    *item          = (host_job){ NULL, job, n };
    uv_mutex_lock(&pool->lock);
    host__turns_add(&pool->waiting, item);
    uv_cond_signal(&pool->wake);
    uv_mutex_unlock(&pool->lock);
}

static void drop(host_job *list)
{
    for (host_job *next; list; list = next) {
        next = list->next;
        node_job_free(list->job);
        riv_free(list);
    }
}

void host__pool_stop(host_pool *pool)
{
    uv_mutex_lock(&pool->lock);
    pool->quit = true;
    uv_cond_broadcast(&pool->wake);
    uv_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->threads_count; i++) uv_thread_join(&pool->threads[i]);
    pool->threads_count = 0;
    host__turns_free(&pool->waiting);
    drop(pool->done);
    pool->done = NULL;
}
