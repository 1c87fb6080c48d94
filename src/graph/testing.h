/* testing.h: rows made by hand, without a chain. Include it after cmocka. */
#ifndef RIV_GRAPH_TESTING_H
#define RIV_GRAPH_TESTING_H

#include "graph/internal.h"

static inline graph *rows_new(void)
{
    graph *g = riv_alloc(sizeof *g);
    g->arena  = riv_arena_new(0);
    g->tables = graph__tables_new(g->arena);
    return g;
}

static inline void rows_free(graph *g)
{
    graph__tables_free(g->tables);
    riv_arena_free(g->arena);
    riv_free(g);
}

#endif
