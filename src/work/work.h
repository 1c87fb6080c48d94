/* Work: runs one job (an AVM step or a service call) to its end on whatever thread calls it. No queues, no threads of its own.
 * Two jobs that call the same service must not run at once; node sees to that. */
#ifndef RIV_WORK_H
#define RIV_WORK_H

#include "base/base.h"
#include "marine/marine.h"
#include "node/node.h"

enum { WORK_RESULT_BYTES_MAX = 64 << 20 }; /* memory for the values of a service's answer, before they are text */

typedef struct work_env {
    marine_service *const *services; size_t services_count; /* by the index of node_config.services */
    uint64_t call_fuel;                                      /* 0: the default */
    uint64_t (*now_us)(void *ctx); void *ctx;                /* for node_job.time_us; NULL: 0 */
    uint32_t call_ticks;                                     /* deadline of a call, in ticks of the engine; 0: none */
    const uint64_t *fuels;                                   /* by service, 0: call_fuel; NULL: call_fuel for all */
} work_env;

/* Fills the results in job. Never fails: what goes wrong is in job->err and job->fault. */
void work_run(node_job *job, const work_env *env);

#endif
