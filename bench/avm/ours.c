/* ours.c: times avm_run on the invokes in a file of lines NAME TAB JSON (docs/spec/scenarios.md §4) and prints a JSON line for each.
 * The arena is made anew for each run, and the public key is worked out once, as the node does. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/sim.h"

enum { RUNS_MAX = 100000 };

static double now_us(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool time_line(riv_str name, riv_str line, double budget_us)
{
    static double times[RUNS_MAX];
    riv_arena    *inputs = riv_arena_new(0);
    riv_fault     fault  = { 0 };
    avm_input     in     = { 0 };
    size_t        runs   = 0;
    riv_err       err    = sim_invoke_read(line, AVM_0_62, inputs, &fault, &in);
    if (!err) {
        crypto_keypair pair;
        crypto_keypair_of(&in.params.secret, &pair);
        in.params.public_key     = pair.public_key;
        in.params.has_public_key = true;
    }
    for (double start = now_us(); !err && runs < RUNS_MAX && (runs < 3 || now_us() - start < budget_us); runs++) {
        double     before = now_us();
        riv_arena *arena  = riv_arena_new(0);
        avm_output out    = { 0 };
        err               = avm_run(&in, arena, &fault, &out);
        if (!err && out.ret_code)
            err =
                riv_fail(&fault, RIV_E_CONFLICT, 0, "code %d: " RIV_FMT, (int)out.ret_code, RIV_ARG(out.error_message));
        riv_arena_free(arena);
        times[runs] = now_us() - before;
    }
    riv_arena_free(inputs);
    if (err) {
        fprintf(stderr, RIV_FMT ": %s\n", RIV_ARG(name), fault.msg);
        return false;
    }
    qsort(times, runs, sizeof *times, by_size);
    printf("{\"name\":\"" RIV_FMT "\",\"runs\":%zu,\"best_us\":%.2f,\"median_us\":%.2f}\n", RIV_ARG(name), runs,
           times[0], times[runs / 2]);
    return true;
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* as src/cli/main.c does */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file || crypto_init(NULL)) {
        fprintf(stderr, "usage: bench_avm FILE [MS]\n");
        return 2;
    }
    riv_buf text = { 0 };
    char    chunk[65536];
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        riv_put_bytes(&text, (riv_bytes){ (uint8_t *)chunk, got });
    fclose(file);
    double budget_us = (argc > 2 ? atof(argv[2]) : 400) * 1000;
    bool   fine      = true;
    for (size_t at = 0; at < text.len && fine;) {
        size_t tab = riv_str_find_char(riv_buf_str(&text), '\t', at),
               end = riv_str_find_char(riv_buf_str(&text), '\n', at);
        if (tab == SIZE_MAX || end == SIZE_MAX) break;
        fine = time_line(riv_str_sub(riv_buf_str(&text), at, tab), riv_str_sub(riv_buf_str(&text), tab + 1, end),
                         budget_us);
        at   = end + 1;
    }
    riv_buf_free(&text);
    return fine ? 0 : 1;
}
