/* What the files of the simulated world share: the queue, nodes, links, and the verbs between them.
 * Nothing here is called from outside sim/. Spec: docs/sim.md. */
#ifndef RIV_SIM_WORLD_INTERNAL_H
#define RIV_SIM_WORLD_INTERNAL_H

#include "sim/sim.h"

enum {
    WORLD_TICK_MS         = 100,     /* how often crashes are drawn */
    WORLD_START_MS        = 1000000, /* the clock does not begin at 0: a forgotten offset would hide there */
    WORLD_DIAL_REFUSED_MS = 1,
    WORLD_REPLY_MARGIN_MS = 1000,    /* an expired request must have its reply by then */
    WORLD_CHECK_EVERY     = 16,      /* one in so many interpreter runs is done again from encoded data, and checked for idempotence and signatures */
    WORLD_LOG_FIELDS_MAX  = 16,
};

/* ---- the queue ---- */
typedef enum world_event_kind {
    WORLD_START, WORLD_RESTART, WORLD_OPENED, WORLD_CHUNK, WORLD_DRAINED, WORLD_CLOSED, WORLD_DIAL_FAILED, WORLD_TIMER, WORLD_JOB_DONE,
    WORLD_REQUEST, WORLD_TICK,
} world_event_kind;
typedef struct world_event {
    uint64_t         at_ms, seq;
    world_event_kind kind;
    size_t           node;
    uint32_t         life;  /* the node's life that this is for; another one ignores it */
    uint64_t         link, dial, count;
    node_job        *job;
} world_event;

/* ---- links: two byte pipes ---- */
typedef struct world_chunk { /* in the pipe; the mark kinds carry no bytes */
    struct world_chunk *next;
    uint64_t            at_ms;
    enum { WORLD_DATA, WORLD_EOF, WORLD_BREAK } kind;
    riv_blob            data;
} world_chunk;
typedef struct world_end { /* one side of a link: who reads there, and what is on its way to it */
    size_t       node;
    uint32_t     life;
    bool         open, paused;
    world_chunk *first, *last;
    uint64_t     last_at_ms, bytes;
} world_end;
typedef struct world_link { world_end end[2]; } world_link; /* end e has the number 2 * index + e + 1 */

/* ---- nodes ---- */
typedef struct world_node {
    riv_str      name;
    bool         listens;
    const size_t *peers;
    size_t       peers_count;
    const node_service *services;
    size_t       services_count;
    const work_env *env;
    crypto_secret seed;
    codec_peer   peer;
    node        *mind;         /* NULL: it is down */
    uint32_t     life;
    uint64_t     timer;        /* version of the timer that counts */
    bool         crashing;     /* its next step is its last */
    riv_map     *store;        /* key -> riv_blob *, what survives */
    riv_log      log;
    struct sim_world *world;
} world_node;

typedef struct world_request {
    size_t   node;
    uint32_t life;
    uint64_t number, deadline_ms;
    const node_run *run;
    bool     taken, answered, over;
} world_request;

struct sim_world {
    sim_config  config;
    riv_arena  *arena;   /* lives as long as the world: names, requests, replies */
    riv_arena  *scratch; /* effects of one step */
    riv_prng    faults, delays;
    uint64_t    now_ms, seq, steps, runs, hash;
    RIV_VEC(world_event)   queue; /* a binary heap on (at_ms, seq) */
    RIV_VEC(world_node *)  nodes;
    RIV_VEC(world_link *)  links;
    RIV_VEC(world_request) requests;
    RIV_VEC(sim_reply)     replies;
    uint64_t    check_at_ms;  /* when the next request must have been answered */
    riv_fault   fault;        /* the first rule that was broken */
    sim_counts  counts;
};

/* world.c */
world_event *sim__world_push(sim_world *w, uint64_t at_ms, world_event_kind kind, size_t node);
bool         sim__world_faulty(sim_world *w, uint32_t per_million); /* draws, while faults are on */
uint64_t     sim__world_between(sim_world *w, uint64_t min, uint64_t max);
void         sim__world_feed(sim_world *w, size_t node, const node_event *event);
void         sim__world_note(sim_world *w, uint64_t what, uint64_t a, uint64_t b, riv_bytes bytes); /* into the hash of the run */

/* world_wire.c */
void sim__world_dial(sim_world *w, size_t from, uint64_t dial, riv_str addr);
void sim__world_opened(sim_world *w, const world_event *e);
void sim__world_write(sim_world *w, size_t node, uint64_t link, riv_bytes bytes);
void sim__world_close(sim_world *w, size_t node, uint64_t link);
void sim__world_pause(sim_world *w, size_t node, uint64_t link, bool paused);
void sim__world_deliver(sim_world *w, const world_event *e);
void sim__world_break_all(sim_world *w, size_t node); /* it died: its links with it */
void sim__world_link_free(world_link *link);

/* world_check.c */
void sim__world_broken(sim_world *w, const char *format, ...) RIV_PRINTF(2, 3);
void sim__world_check_job(sim_world *w, const world_node *node, const node_job *job);   /* before it runs */
typedef struct world_run { riv_arena *arena; /* NULL: not one of those that are looked at */ avm_input in; } world_run;
world_run sim__world_check_run(sim_world *w, node_job *job);          /* before an interpreter run: what avm_run would be given */
void sim__world_check_result(sim_world *w, node_job *job, world_run *run); /* after it; frees run */
void sim__world_check_reply(sim_world *w, const world_request *request, const node_effect *reply);
void sim__world_check_caps(sim_world *w, const world_node *node);
void sim__world_check_requests(sim_world *w, bool at_rest);

#endif
