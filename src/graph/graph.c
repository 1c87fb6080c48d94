/* graph.c: the handle: an index and its rows.
 * Not here: what blocks do to rows (index.c), what is asked (answer.c). Spec: docs/spec/graph.md. Tests: rows_test.c, answer_test.c. */
#include "graph/internal.h"

graph *graph_new(const chain *engine)
{
    graph *g  = riv_alloc(sizeof *g);
    g->engine = engine;
    g->arena  = riv_arena_new(0);
    g->tables = graph__tables_new(g->arena);
    g->index  = graph__index_new(g);
    return g;
}

void graph_free(graph *g)
{
    if (!g) return;
    riv_arena_free(g->arena);
    riv_free(g);
}

uint64_t graph_next_height(const graph *g) { return g->next_height; }
