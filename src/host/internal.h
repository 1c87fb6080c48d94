/* internal.h: the loop's parts: pool.c (threads), turns.c (whose job is next), link.c (sockets), node.c (a node and its effects), loop.c (turns and stopping). */
#ifndef RIV_HOST_INTERNAL_H
#define RIV_HOST_INTERNAL_H

#include "host/host.h"

#include <uv.h>

typedef struct host_job host_job;
struct host_job { host_job *next; node_job *job; host_node *node; };

/* Jobs that wait: by node and peer (node_job.turn), each in turn. {0}: none. */
typedef struct host_lane host_lane;
typedef struct host_turns { riv_map *lanes; host_lane *first, *last; size_t count; } host_turns;
void      host__turns_add(host_turns *t, host_job *job);
host_job *host__turns_take(host_turns *t); /* NULL: none waits */
void      host__turns_free(host_turns *t); /* and the jobs that wait */

typedef struct host_pool {
    uv_mutex_t   lock;
    uv_cond_t    wake;
    uv_thread_t  threads[HOST_WORKERS_MAX];
    size_t       threads_count;
    host_turns   waiting;
    host_job    *done;               /* for the loop to take */
    bool         quit;
    uv_async_t   async;              /* tells the loop that done has something */
} host_pool;
riv_err host__pool_start(host *h, uint32_t workers, riv_fault *fault);
void    host__pool_submit(host_pool *pool, node_job *job, host_node *n);
void    host__pool_stop(host_pool *pool); /* drops what waits, lets the running ones end, joins */

/* One accepted or dialed connection. The node knows it by id. */
typedef struct host_link {
    uv_tcp_t   tcp;
    host_node *node;
    uint64_t   id;
    size_t     queued;      /* bytes given to uv_write that have not left */
    uint64_t   drained;     /* bytes that left since the node was told */
    bool       told_closed, closing, lingering;
    uint64_t   linger_until_ns;
} host_link;

typedef struct host_dial {
    uv_getaddrinfo_t resolve;
    uv_tcp_t         tcp;
    uv_connect_t     connect;
    host_node       *node;
    uint64_t         id, until_ns;
    riv_blob         addr;
    host_link       *link;     /* of the try that goes on; NULL: none */
    struct addrinfo *resolved, *untried; /* all addresses of a name, those not tried yet */
    bool             over;     /* the node was told; only memory is left */
    bool             resolving;
} host_dial;

typedef struct host_listener { uv_tcp_t tcp; host_node *node; } host_listener;

/* What the host itself has to tell a node once the effects of the turn are carried out. */
typedef struct host_note { node_event_kind kind; uint64_t id; riv_blob text; } host_note;
typedef struct host_batch { const node_effect *items; size_t count; } host_batch;

struct host_node {
    host            *host;
    host_node_config config;
    riv_arena       *arena;       /* of the configuration's copy */
    node            *mind;
    host_store      *store;       /* NULL: nothing is kept */
    bool             store_dirty;
    riv_log          log;         /* what the mind writes to: adds the peer */
    riv_str          peer_text;
    codec_peer       peer;
    riv_str         *addrs; size_t addrs_count;
    host_listener   *listeners[16]; size_t listeners_count;
    riv_map         *links, *dials; /* by id */
    uint64_t         next_link, now_ms, now_at_ms, deadline_ms; /* now_at_ms: by the monotonic clock, when now_ms was set */
    uv_timer_t       timer;
    bool             timer_dirty, started, stopped;
    riv_arena       *turns[2];    /* effects of the turn; the other one while they are carried out */
    size_t           turn;
    host_batch      *batches; size_t batches_count, batches_cap;
    host_note       *notes;   size_t notes_count, notes_cap;
};

typedef struct host_timeout {
    uv_timer_t           timer;
    host                *host;
    host_timeout_fn      fn;
    void                *ctx;
    struct host_timeout *next;
} host_timeout;

struct host {
    uv_loop_t     loop;
    uv_prepare_t  prepare;
    uv_check_t    check;
    uv_signal_t   signals[3];
    uv_timer_t    sweep;   /* runs while something dials or lingers */
    uv_timer_t    stop_timer;
    bool          stopping, ran, flushing;
    bool          stuck;   /* a name is still being resolved on a thread that cannot be stopped */
    int           stop_signal;
    riv_fault     fault;   /* why it stopped by itself */
    host_pool     pool;
    host_timeout *timeouts;
    struct host_http *https; /* http.c */
    host_node   **nodes; size_t nodes_count;
    uint8_t       read_bytes[HOST_READ_BYTES]; /* one read at a time: the node copies what it keeps */
};

/* node.c */
void host__node_give(host_node *n, node_event *event); /* one step; effects wait for the flush */
/* A node's time: never back; while the clock is behind, it goes on at half speed, so that deadlines still come. */
uint64_t host__node_time(uint64_t last_ms, uint64_t real_ms, uint64_t elapsed_ms);
void host__node_note(host_node *n, node_event_kind kind, uint64_t id, riv_str text);
void host__node_flush(host_node *n);                   /* commit, carry out, until nothing is left */
void host__node_stop(host_node *n);                    /* NODE_STOP, goodbyes */
void host__node_close(host_node *n);                   /* closes its handles */
void host__node_free(host_node *n);
void host__fail(host *h, const riv_fault *fault);      /* the host cannot go on */

/* loop.c */
uv_timer_t *host__timer_new(host *h, void *data);      /* the loop's: freed when it has closed, which may come after its owner's end */
void        host__timer_close(uv_timer_t *timer);      /* it rings no more; accepts NULL */

/* doc.c */
bool host__same_word(riv_str a, riv_str b); /* capitals of ASCII do not matter */

/* http.c */
void host__https_free(host *h); /* once the loop is closed */

/* store.c */
/* Keeps a second process out of a folder, for as long as the file is open. RIV_E_CONFLICT */
RIV_MUST_USE riv_err host__lock_dir(riv_str dir, const char *name, riv_arena *arena, riv_fault *fault, int *out);

/* link.c */
riv_err host__listen(host_node *n, riv_str addr, riv_fault *fault);
riv_err host__accept_all(host_node *n, riv_fault *fault); /* starts accepting on what is bound */
void    host__dial(host_node *n, uint64_t id, riv_str addr);
void    host__link_write(host_node *n, uint64_t id, riv_bytes bytes);
void    host__link_close(host_node *n, uint64_t id);   /* when written bytes are out */
void    host__link_read(host_node *n, uint64_t id, bool on);
uint64_t host__link_drained(host_node *n, uint64_t id); /* bytes to tell of; 0 when there is no such link */
void    host__sweep(host *h);                          /* deadlines of dials and lingering links */
void    host__links_close(host_node *n);

#endif
