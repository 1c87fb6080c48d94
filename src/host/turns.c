/* turns.c: jobs that wait for a thread: one lane for each peer that brought work to a node, one job of each lane in turn.
 * So a peer with many particles waits behind its own jobs, not the others behind all of them. How many there can be of one peer is the node's
 * affair: one for each of its particles, of which it may have a quarter of all (node.h). What ends a session goes first in its lane.
 * Tests: turns_test.c. */
#define _GNU_SOURCE
#include "host/internal.h"

struct host_lane {
    host_lane *next; /* in the ring of lanes with jobs */
    host_job  *first, **end;
    riv_blob   key;
};

static riv_bytes key_of(const host_job *job, riv_buf *buf)
{
    uintptr_t whose = (uintptr_t)job->node;
    riv_put_bytes(buf, (riv_bytes){ (const uint8_t *)&whose, sizeof whose });
    riv_put_bytes(buf, codec_peer_view(&job->job->turn));
    return riv_buf_view(buf);
}

static void append(host_turns *t, host_lane *lane)
{
    lane->next                              = NULL;
    *(t->last ? &t->last->next : &t->first) = lane;
    t->last                                 = lane;
}

static void put_last(host_lane *lane, host_job *job)
{
    job->next  = NULL;
    *lane->end = job;
    lane->end  = &job->next;
}

/* A job that ends a session gives memory back: behind all others of its peer, the sessions that those make would gather before it. */
static void put_first(host_lane *lane, host_job *job)
{
    job->next   = lane->first;
    lane->first = job;
    if (!job->next) lane->end = &job->next;
}

void host__turns_add(host_turns *t, host_job *job)
{
    riv_buf buf = { 0 };
    if (!t->lanes) t->lanes = riv_map_new(NULL);
    riv_bytes  key  = key_of(job, &buf);
    host_lane *lane = riv_map_get(t->lanes, key);
    if (!lane) {
        lane      = riv_alloc(sizeof *lane);
        lane->end = &lane->first;
        lane->key = riv_blob_copy(key);
        riv_map_put(t->lanes, key, lane);
        append(t, lane);
    }
    riv_buf_free(&buf);
    if (job->job->only_data)
        put_first(lane, job);
    else
        put_last(lane, job);
    t->count++;
}

host_job *host__turns_take(host_turns *t)
{
    host_lane *lane = t->first;
    if (!lane) return NULL;
    host_job *job = lane->first;
    lane->first   = job->next;
    t->first      = lane->next;
    if (!t->first) t->last = NULL;
    t->count--;
    if (lane->first) {
        append(t, lane);
        return job;
    }
    riv_map_remove(t->lanes, riv_blob_view(lane->key));
    riv_blob_free(&lane->key);
    riv_free(lane);
    return job;
}

void host__turns_free(host_turns *t)
{
    for (host_job *job; (job = host__turns_take(t));) {
        node_job_free(job->job);
        riv_free(job);
    }
    riv_map_free(t->lanes);
    *t = (host_turns){ 0 };
}
