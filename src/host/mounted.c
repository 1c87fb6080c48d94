/* mounted.c: programs that services mount (effectors), run to their end. No shell: what the module says becomes argv, and no more.
 * Between the node and the program stands a supervisor: a forked child that adopts whatever the program leaves behind (also what called
 * setsid), so that at the end, at the time limit, or when the node dies, all of it is killed.
 *
 *     node --fork--> supervisor --fork, exec--> program --...--> its children
 *       ^ stdout, stderr, verdict (pipes)         own process group, stdin empty, nothing else open
 *
 * Spec: docs/spec/marine.md 5.4; docs/marine.md "Mounted binaries". Tests: mounted_test.c. */
#define _GNU_SOURCE
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { /* of SPEC marine.md 5.4 */
       RET_KILLED = 100000,
       RET_SPAWN  = 100001,
};
enum {
    REPORT_FD    = 3,
    FD_SAFE      = 10,   /* above those that are set one by one */
    GRACE_MS     = 5000, /* for a supervisor to end after its time */
    STEP_BYTES   = 64 << 10,
    LIST_BYTES   = 4096,
    SIGNALS_LAST = 64,
};

typedef enum verdict_kind {
    NO_VERDICT,
    NOT_STARTED /* errno */,
    ENDED /* wait status */,
    TIMED_OUT,
    STOPPED
} verdict_kind;
typedef struct verdict {
    int32_t kind, value;
} verdict;

/* All that the children need is made before the fork: after it they may only call what is safe in a signal handler. */
typedef struct plan {
    const char  *path, *dir;
    char *const *argv, *const *envp;
    int      null, out, err, report;
    uint32_t time_ms_max;
    pid_t    parent;
} plan;

/* ---- in the children ---- */

static void report(verdict_kind kind, int value)
{
    verdict v       = { (int32_t)kind, value };
    ssize_t ignored = write(REPORT_FD, &v, sizeof v);
    (void)ignored;
}

static _Noreturn void become_program(const plan *p)
{
    sigset_t none;
    sigemptyset(&none);
    pid_t supervisor = getppid();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor) _exit(127);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    if (!chdir(p->dir)) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        execve(p->path, p->argv, p->envp);
    }
    report(NOT_STARTED, errno);
    _exit(127);
}

/* Every process that is the supervisor's child by now. False: the kernel does not tell. */
static bool kill_children(void)
{
    char    list[LIST_BYTES];
    int     fd  = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, list, sizeof list);
    long    pid = 0;
    if (fd >= 0) close(fd);
    for (ssize_t i = 0; i < len; i++) {
        if (list[i] >= '0' && list[i] <= '9')
            pid = pid * 10 + (list[i] - '0');
        else if (pid)
            kill((pid_t)pid, SIGKILL), pid = 0;
    }
    return len >= 0;
}

static void kill_all(pid_t program, bool reaped)
{
    for (;;) {
        bool told = kill_children();
        if (!told && !reaped) kill(-program, SIGKILL);
        pid_t gone = waitpid(-1, NULL, told ? 0 : WNOHANG);
        if (gone == 0 || (gone < 0 && errno != EINTR)) return;
        if (gone == program) reaped = true;
    }
}

static int64_t now_ms(void) { return (int64_t)(host_clock_ns() / 1000000); }

static verdict await(const plan *p, pid_t program)
{
    sigset_t wanted;
    int64_t  until = now_ms() + p->time_ms_max;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    for (;;) {
        int64_t         left = RIV_MAX(until - now_ms(), 0);
        struct timespec wait = { (time_t)(left / 1000), (long)(left % 1000) * 1000000 };
        int             got  = sigtimedwait(&wanted, NULL, &wait), status;
        if (got == SIGTERM) return (verdict){ STOPPED, 0 };
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == program) return (verdict){ ENDED, status };
        if (got < 0 && errno == EAGAIN) return (verdict){ TIMED_OUT, 0 };
    }
}

static _Noreturn void supervise(const plan *p)
{
    int from[] = { p->null, p->out, p->err, p->report };
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (getppid() != p->parent) _exit(1);
    for (size_t i = 0; i < RIV_COUNT(from); i++)
        if ((from[i] = fcntl(from[i], F_DUPFD, FD_SAFE)) < 0) _exit(1);
    for (int i = 0; i <= REPORT_FD; i++) dup2(from[i], i);
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    close_range(REPORT_FD + 1, ~0u, 0);
    for (int i = 1; i <= SIGNALS_LAST; i++) signal(i, SIG_DFL); /* all stay blocked here */
    pid_t program = fork();
    if (program == 0) become_program(p);
    if (program < 0) {
        report(NOT_STARTED, errno);
        _exit(1);
    }
    close(STDOUT_FILENO), close(STDERR_FILENO);
    verdict v = await(p, program);
    kill_all(program, v.kind == ENDED);
    report((verdict_kind)v.kind, v.value);
    _exit(0);
}

/* ---- in the node ---- */

/* Sets the exact environment: nothing of the node's own may show, nor change what a linker or a library does. */
static char *const *environment(const marine_command *c, riv_arena *arena)
{
    char **envp = riv_new(arena, char *, c->envs_count + 2);
    size_t used = 0;
    bool   path = false;
    for (size_t i = 0; i < c->envs_count; i++) {
        riv_str text = riv_format(arena, RIV_FMT "=" RIV_FMT, RIV_ARG(c->envs[i].key), RIV_ARG(c->envs[i].value));
        envp[used++] = (char *)(uintptr_t)riv_cstr(arena, text);
        path         = path || riv_str_eq(c->envs[i].key, RIV_LIT("PATH"));
    }
    if (!path) envp[used] = (char *)(uintptr_t) "PATH=/usr/local/bin:/usr/bin:/bin";
    return envp;
}

/* Reads what has come; false at the end of the stream. What is over the limit is dropped and noted. */
static bool take(int fd, riv_buf *into, size_t *room, bool *over)
{
    uint8_t step[STEP_BYTES];
    ssize_t got = read(fd, step, sizeof step);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    *over       = *over || (size_t)got > *room;
    size_t kept = RIV_MIN((size_t)got, *room);
    riv_put_bytes(into, (riv_bytes){ step, kept });
    *room -= kept;
    return got > 0;
}

static verdict follow(const marine_command *c, pid_t supervisor, const int *fds, riv_buf *out, riv_buf *err, bool *over)
{
    struct pollfd polls[] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 }, { fds[2], POLLIN, 0 } };
    verdict       first   = { NO_VERDICT, 0 }, next;
    size_t        room    = c->output_bytes_max;
    int64_t       until   = now_ms() + c->time_ms_max + GRACE_MS;
    bool          told    = false;
    while (polls[2].fd >= 0) {
        int64_t left = until - now_ms();
        if (left <= 0) break;
        if (poll(polls, 3, (int)RIV_MIN(left, (int64_t)INT32_MAX)) < 0 && errno != EINTR) break;
        if (polls[0].revents && !take(fds[0], out, &room, over)) polls[0].fd = -1;
        if (polls[1].revents && !take(fds[1], err, &room, over)) polls[1].fd = -1;
        if (*over && !told) told = !kill(supervisor, SIGTERM);
        if (!polls[2].revents) continue;
        ssize_t got = read(fds[2], &next, sizeof next);
        if (got == (ssize_t)sizeof next && first.kind == NO_VERDICT) first = next;
        if (got == 0) polls[2].fd = -1;
    }
    if (polls[2].fd >= 0) kill(supervisor, SIGKILL);
    waitpid(supervisor, NULL, 0);
    /* Nobody writes any more; what is in the pipes is the end of it. */
    while (polls[0].fd >= 0 && !*over && poll(&polls[0], 1, 0) > 0 && take(fds[0], out, &room, over)) {}
    while (polls[1].fd >= 0 && !*over && poll(&polls[1], 1, 0) > 0 && take(fds[1], err, &room, over)) {}
    return first;
}

static void system_error(marine_output *out, int cause, riv_arena *arena)
{
    out->ret_code = RET_SPAWN;
    out->error    = riv_format(arena, "%s (os error %d)", strerror(cause), cause); /* the original's words */
}

static void conclude(const marine_command *c, verdict v, bool over, riv_arena *arena, marine_output *out)
{
    out->ret_code = RET_KILLED;
    if (v.kind == NOT_STARTED)
        system_error(out, v.value, arena);
    else if (over)
        out->error = riv_format(arena, "ended by the host: more than %zu bytes of output", c->output_bytes_max);
    else if (v.kind == TIMED_OUT)
        out->error = riv_format(arena, "ended by the host: it ran longer than %u ms", c->time_ms_max);
    else if (v.kind != ENDED)
        out->error = RIV_LIT("ended by the host");
    else if (WIFEXITED(v.value))
        out->ret_code = WEXITSTATUS(v.value);
}

/* False: errno says why. */
static bool start(plan *p, int *fds, pid_t *supervisor)
{
    int      ends[3][2];
    size_t   made = 0;
    sigset_t all, before;
    p->parent = getpid();
    p->null   = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (p->null >= 0 && made < 3 && !pipe2(ends[made], O_CLOEXEC)) made++;
    *supervisor = -1;
    if (made == 3) {
        p->out = ends[0][1], p->err = ends[1][1], p->report = ends[2][1];
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before); /* our handlers are not for the child */
        *supervisor = fork();
        if (*supervisor == 0) supervise(p);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    int cause = errno;
    for (size_t i = 0; i < made; i++) {
        close(ends[i][1]);
        fds[i] = ends[i][0];
        if (*supervisor < 0) close(fds[i]);
    }
    if (p->null >= 0) close(p->null);
    errno = cause;
    return *supervisor > 0;
}

static void run(const marine_command *c, riv_arena *arena, marine_output *made)
{
    char  **argv = riv_new(arena, char *, c->args_count + 2);
    riv_buf out = riv_buf_in(arena), err = riv_buf_in(arena);
    int     fds[3];
    pid_t   supervisor;
    bool    over = false;
    argv[0]      = (char *)(uintptr_t)riv_cstr(arena, c->path);
    for (size_t i = 0; i < c->args_count; i++) {
        argv[i + 1] = (char *)(uintptr_t)riv_cstr(arena, c->args[i]);
        if (strlen(argv[i + 1]) == c->args[i].len) continue;
        *made = (marine_output){ .ret_code = RET_SPAWN, .error = RIV_LIT("nul byte found in provided data") };
        return;
    }
    plan p = { .path        = argv[0],
               .dir         = c->dir.len ? riv_cstr(arena, c->dir) : "/",
               .argv        = argv,
               .envp        = environment(c, arena),
               .time_ms_max = c->time_ms_max };
    if (!start(&p, fds, &supervisor)) {
        system_error(made, errno, arena);
        return;
    }
    for (size_t i = 0; i < 2; i++) fcntl(fds[i], F_SETFL, O_NONBLOCK);
    verdict v = follow(c, supervisor, fds, &out, &err, &over);
    for (size_t i = 0; i < RIV_COUNT(fds); i++) close(fds[i]);
    conclude(c, v, over, arena, made);
    made->standard_output = riv_buf_view(&out);
    made->standard_error  = riv_buf_view(&err);
}

/* Links of the folder are resolved, one of the file is not: it may be one of a program that is many by the name it is called by. */
static riv_str place_of(riv_str path, riv_arena *arena)
{
    return host_path_join(arena, host_path_real(arena, host_path_dir(path)), host_path_name(path));
}

bool host_mounted_allowed(const riv_str *allowed, size_t count, riv_str path)
{
    riv_arena *arena = riv_arena_new(0);
    riv_str    place = place_of(path, arena);
    bool       found = false;
    for (size_t i = 0; i < count; i++) found = found || riv_str_eq(place_of(allowed[i], arena), place);
    riv_arena_free(arena);
    return found;
}

riv_err host_mounted_run(const riv_str *allowed, size_t count, const marine_command *command, riv_arena *arena,
                         riv_fault *fault, marine_output *out)
{
    marine_output made = { 0 };
    if (!host_mounted_allowed(allowed, count, command->path))
        return riv_fail(fault, RIV_E_DENIED, 0,
                        RIV_FMT " is not among the programs that services may run here; allow it with"
                                " mounted_binaries = [\"" RIV_FMT "\"] in [node] of rivulet.toml",
                        RIV_ARG(command->path), RIV_ARG(command->path));
    run(command, arena, &made);
    *out = made;
    return RIV_OK;
}
