/* measure.c: runs a command several times and prints, as JSON on one line, the milliseconds and the CPU milliseconds of each run from its
 * start to its end, and the most memory that one took. A run that fails or takes longer than the limit ends it.
 * Usage: measure RUNS LIMIT_SECONDS COMMAND... ; what the command prints is thrown away. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 1000 };

static pid_t child;

static void on_alarm(int number)
{
    (void)number;
    kill(child, SIGKILL);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms_of(struct timeval t) { return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3; }

static void print_list(const char *name, const double *list, int count)
{
    printf("\"%s\":[", name);
    for (int i = 0; i < count; i++) printf("%s%.3f", i ? "," : "", list[i]);
    printf("],");
}

int main(int argc, char **argv)
{
    static double              wall[RUNS_MAX], cpu[RUNS_MAX];
    posix_spawn_file_actions_t quiet;
    long                       peak_kb = 0;
    int                        runs = argc > 3 ? atoi(argv[1]) : 0, done = 0, status = 0;
    if (runs < 1 || runs > RUNS_MAX) return 2;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    signal(SIGALRM, on_alarm);
    while (done < runs && status == 0) {
        struct rusage used;
        double        start = now_ms();
        if (posix_spawnp(&child, argv[3], &quiet, NULL, argv + 3, environ)) return 2;
        alarm((unsigned)atoi(argv[2]));
        if (wait4(child, &status, 0, &used) != child) return 2;
        alarm(0);
        wall[done]  = now_ms() - start;
        cpu[done++] = ms_of(used.ru_utime) + ms_of(used.ru_stime);
        if (used.ru_maxrss > peak_kb) peak_kb = used.ru_maxrss;
    }
    printf("{");
    print_list("ms", wall, done);
    print_list("cpu", cpu, done);
    printf("\"mb\":%.1f,\"status\":%d,\"killed\":%s}\n", (double)peak_kb / 1024,
           WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? "true" : "false");
    posix_spawn_file_actions_destroy(&quiet);
    return 0;
}
