/* Graph on a host: the index over the blocks that a chain keeps, built when somebody first asks, a slice at a time so that the loop goes on.
 * Not here: what an entity is, what a query means (graph/); sockets (http.c). Spec: docs/spec/graph.md 5. */
#ifndef RIV_HOST_GRAPH_H
#define RIV_HOST_GRAPH_H

#include "graph/graph.h"
#include "host/chain.h"

typedef struct host_graph host_graph;
typedef struct host_graph_config {
    const chain       *engine; /* these two outlive it */
    const chain_store *store;
    void              *ctx;
    void             (*ready)(void *ctx); /* those who were told "not yet" may ask again */
    const riv_log     *log;
} host_graph_config;
host_graph *host_graph_new(host *h, const host_graph_config *config);
void        host_graph_free(host_graph *g); /* before the host; accepts NULL */
bool        host_graph_is_path(riv_str path);
/* False: the index is behind; ready() tells when to ask again. An index that cannot go on answers with an error. */
bool        host_graph_answer(host_graph *g, riv_str body, riv_buf *reply);

#endif
