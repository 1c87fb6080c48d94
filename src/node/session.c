/* session.c: what the interpreter keeps of a particle between its runs (avm_session), as long as there is room.
 * A session is a cache with a budget of its own for the whole node, beside the room for what must be kept (shares, NODE_PARTICLE_BYTES): were it
 * counted there, memory that can be had back at any time would keep particles out. The longest unused go first. What only a session knows is
 * encoded before it goes, by a job, which a host runs before the others of its peer (host/turns.c): sessions that are to go must not gather behind
 * the runs that make new ones. What it may have grown by then is bounded by this budget, and meets the particle's own bounds when it is encoded.
 * Spec: docs/spec/node.md §14 (1). Tests: node_test.c. */
#include "node/internal.h"

static void unlink_session(node *n, node_particle *p)
{
    if (n->session_oldest != p && !p->older) return; /* lent, or there is none */
    *(p->older ? &p->older->newer : &n->session_oldest) = p->newer;
    *(p->newer ? &p->newer->older : &n->session_newest) = p->older;
    p->older = p->newer = NULL;
}

static void link_newest(node *n, node_particle *p)
{
    p->older                                            = n->session_newest;
    *(p->older ? &p->older->newer : &n->session_oldest) = p;
    n->session_newest                                   = p;
}

static void count(node *n, node_particle *p, uint64_t bytes)
{
    n->sessions += (bytes != 0) - (uint64_t)(p->session_bytes != 0);
    n->session_bytes += bytes - p->session_bytes;
    p->session_bytes = bytes;
}

void node__session_lend(node *n, node_particle *p, node_job *job)
{
    RIV_ASSERT(p->session || !p->ahead);
    unlink_session(n, p);
    job->session = p->session;
    p->session   = NULL;
    if (!job->session) job->avm.prev = riv_bytes_dup(job->arena, riv_blob_view(p->data));
}

void node__session_take(node *n, node_particle *p, node_job *job)
{
    RIV_ASSERT(!p->session);
    p->session   = job->session;
    job->session = NULL;
    count(n, p, p->session ? avm_session_bytes(p->session) : 0);
    if (!p->session) return;
    link_newest(n, p);
    p->session_ms = n->now_ms;
    if (p->idle_timer) return;
    p->idle_timer = true;
    node__timer_add(n, n->now_ms + NODE_SESSION_IDLE_MS, NODE_AT_IDLE, p, 0);
}

void node__session_forget(node *n, node_particle *p)
{
    unlink_session(n, p);
    count(n, p, 0);
    avm_session_free(p->session);
    p->session = NULL;
    p->ahead   = false;
    p->leaving = false;
}

void node__session_drop(node *n, node_particle *p)
{
    n->stats.sessions_dropped++;
    if (!p->ahead) {
        node__session_forget(n, p);
        return;
    }
    p->leaving = true;
    node__run_data(n, p);
    count(n, p, 0); /* it is as good as gone: others need not make room for it */
}

void node__sessions_fit(node *n)
{
    while (n->session_bytes > n->config.session_bytes_max && n->session_oldest)
        node__session_drop(n, n->session_oldest);
}

void node__session_idle(node *n, node_particle *p)
{
    uint64_t at_ms = (p->job ? n->now_ms : p->session_ms) + NODE_SESSION_IDLE_MS;
    p->idle_timer  = false;
    if (!p->session && !p->job) return;
    if (p->session && at_ms <= n->now_ms) {
        node__session_drop(n, p);
        return;
    }
    p->idle_timer = true;
    node__timer_add(n, at_ms, NODE_AT_IDLE, p, 0);
}
