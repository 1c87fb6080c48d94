/* proc.c: other programs: found in $PATH, run to their end with their output, or kept as children that die with us.
 * Tests: file_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES_MAX = 256 << 10, STOP_STEP_MS = 5 };

static bool is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

riv_err host_program(riv_str name, riv_arena *arena, riv_fault *fault, riv_str *path)
{
    riv_str dirs = host_env("PATH");
    for (size_t at = 0; at <= dirs.len;) {
        size_t end = riv_str_find_char(dirs, ':', at);
        if (end > dirs.len) end = dirs.len;
        riv_str dir = riv_str_sub(dirs, at, end);
        riv_str try = host_path_join(arena, dir.len ? dir : RIV_LIT("."), name);
        at          = end + 1;
        if (!is_executable(riv_cstr(arena, try))) continue;
        *path = try;
        return RIV_OK;
    }
    return riv_fail(fault, RIV_E_NOT_FOUND, 0, RIV_FMT " is not in $PATH", RIV_ARG(name));
}

/* In the child, between fork and exec: only async-signal-safe calls. The error goes back through a close-on-exec pipe. */
static _Noreturn void become(const char *const *argv, int out, int err, int report, pid_t parent)
{
    int      null = open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    setpgid(0, 0); /* so that its own children can be reached too */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127); /* the parent died before prctl could see it */
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    int     cause   = errno;
    ssize_t ignored = write(report, &cause, sizeof cause);
    (void)ignored;
    _exit(127);
}

static riv_err start(const char *const *argv, int out, int err, riv_fault *fault, pid_t *pid)
{
    int report[2], cause = 0;
    if (pipe2(report, O_CLOEXEC)) return riv_fail(fault, RIV_E_IO, 0, "cannot make a pipe: %s", strerror(errno));
    pid_t parent = getpid();
    *pid         = fork();
    if (*pid == 0) become(argv, out, err, report[1], parent);
    close(report[1]);
    ssize_t got = *pid > 0 ? read(report[0], &cause, sizeof cause) : 0;
    if (*pid < 0) cause = errno;
    close(report[0]);
    if (*pid > 0 && got <= 0) return RIV_OK; /* exec closed the pipe */
    if (*pid > 0) waitpid(*pid, NULL, 0);
    return riv_fail(fault, RIV_E_IO, 0, "cannot start %s: %s", argv[0], strerror(cause));
}

riv_err host_command(const char *const *argv, riv_arena *arena, riv_fault *fault, host_output *out)
{
    int     ends[2], status = 0;
    pid_t   pid;
    riv_buf text = riv_buf_in(arena);
    if (pipe2(ends, O_CLOEXEC)) return riv_fail(fault, RIV_E_IO, 0, "cannot make a pipe: %s", strerror(errno));
    riv_err err = start(argv, ends[1], ends[1], fault, &pid);
    close(ends[1]);
    while (!err) {
        uint8_t step[4096];
        ssize_t got = read(ends[0], step, sizeof step);
        if (got < 0 && errno == EINTR) {
            kill(-pid, SIGTERM); /* a caught signal: the caller wants to end */
            continue;
        }
        if (got <= 0) break;
        if (text.len < OUTPUT_BYTES_MAX) riv_put_bytes(&text, (riv_bytes){ step, (size_t)got });
    }
    close(ends[0]);
    if (err) return err;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    out->signal    = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->text      = riv_buf_str(&text);
    return RIV_OK;
}

riv_err host_child_start(const char *const *argv, riv_fault *fault, host_child *child)
{
    int   out[2], err[2];
    pid_t pid;
    if (pipe2(out, O_CLOEXEC)) return riv_fail(fault, RIV_E_IO, 0, "cannot make a pipe: %s", strerror(errno));
    if (pipe2(err, O_CLOEXEC)) {
        close(out[0]), close(out[1]);
        return riv_fail(fault, RIV_E_IO, 0, "cannot make a pipe: %s", strerror(errno));
    }
    riv_err failed = start(argv, out[1], err[1], fault, &pid);
    close(out[1]), close(err[1]);
    if (failed) {
        close(out[0]), close(err[0]);
        return failed;
    }
    *child = (host_child){ pid, out[0], err[0] };
    return RIV_OK;
}

void host_child_stop(host_child *child, uint32_t wait_ms)
{
    if (child->pid <= 0) return;
    bool gone = false;
    kill(child->pid, SIGTERM);
    for (uint32_t waited = 0; !(gone = waitpid(child->pid, NULL, WNOHANG) != 0) && waited < wait_ms;
         waited += STOP_STEP_MS)
        nanosleep(&(struct timespec){ 0, STOP_STEP_MS * 1000000 }, NULL);
    if (!gone) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    close(child->out), close(child->err);
    *child = (host_child){ 0 };
}
