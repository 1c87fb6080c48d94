/* repl.c: `rivulet repl`: the session around its commands: lines in, answers out, Ctrl-C.
 * Spec: docs/spec/scenarios.md 5. Tests: tests/e2e (repl). */
#define _GNU_SOURCE
#include "cli/repl.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STACK_BYTES_MIN = 16 << 20 };

/* ---- Ctrl-C: the handler only ticks, which is one addition each ---- */

static marine_engine *volatile ticking;
static volatile sig_atomic_t ticks_left, interrupted;

/* Lets the deadline of the running call pass at once. */
static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
    for (sig_atomic_t i = 0; ticking && i <= ticks_left; i++) marine_engine_tick(ticking);
}

static void catch_interrupt(void)
{
    struct sigaction action = { .sa_handler = on_interrupt }; /* no SA_RESTART: a line that is waited for is given up */
    sigaction(SIGINT, &action, NULL);
}

void repl_watch(repl *r, uint64_t ticks)
{
    interrupted = 0;
    ticks_left  = (sig_atomic_t)ticks;
    ticking     = r->engine;
    catch_interrupt();
}

bool repl_unwatch(void)
{
    ticking = NULL;
    return interrupted != 0;
}

static void tick(void *ctx) { marine_engine_tick(ctx); }

/* ---- what modules see of the world ---- */

/* Foreign bytes: on a terminal without what could steer it. */
static void put_foreign(const repl *r, riv_str text)
{
    if (!isatty(2)) {
        fwrite(text.ptr, 1, text.len, stderr);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        fputc((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, stderr);
    }
    (void)r;
}

static void on_log(void *ctx, riv_str module, int32_t level, riv_str text)
{
    static const char *const names[] = { "error", "warn", "info", "debug", "trace" };
    const repl              *r       = ctx;
    fprintf(stderr, "%s[" RIV_FMT "] %s:%s ", cli_style(r->c->colour_err, CLI_BLUE), RIV_ARG(module),
            names[RIV_MIN(RIV_MAX(level, 1), 5) - 1], cli_style(r->c->colour_err, CLI_PLAIN));
    put_foreign(r, text);
    fputc('\n', stderr);
}

static void on_output(void *ctx, riv_str module, bool is_stderr, riv_str text)
{
    (void)module;
    (void)is_stderr;
    put_foreign(ctx, text);
}

/* Whoever names a program in a configuration for this session may run it. */
static riv_err on_command(void *ctx, const marine_command *command, riv_arena *arena, riv_fault *fault,
                          marine_output *out)
{
    (void)ctx;
    return host_mounted_run(&command->path, 1, command, arena, fault, out);
}

static void set_up_env(repl *r)
{
    r->env         = cli_world_env(r->c); /* clock and randomness look at no ctx */
    r->env.ctx     = r;
    r->env.log     = on_log;
    r->env.output  = on_output;
    r->env.command = on_command;
}

/* ---- the session ---- */

/* A guest may use MARINE_STACK_BYTES of this thread's stack, beside ours. */
static void widen_stack(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= STACK_BYTES_MIN) return;
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY ? STACK_BYTES_MIN : RIV_MIN(limit.rlim_max, (rlim_t)STACK_BYTES_MIN);
    setrlimit(RLIMIT_STACK, &limit);
}

static bool read_flags(repl *r, int *code)
{
    riv_str memory = cli_value(r->c, "memory");
    *code          = CLI_USAGE;
    if (!cli_number(r->c, "fuel", MARINE_FUEL_DEFAULT, 1, UINT64_MAX / 2, &r->fuel)) return false;
    if (!cli_number(r->c, "deadline", REPL_DEADLINE_MS, 1, REPL_DEADLINE_MS_MAX, &r->deadline_ms)) return false;
    r->memory_bytes_max = MARINE_MEMORY_DEFAULT;
    if (memory.len == 0 || (!host_size_parse(memory, &r->memory_bytes_max) && r->memory_bytes_max > 0)) return true;
    cli_error(r->c, CLI_USAGE, "--memory is a size such as 64MiB, not '" RIV_FMT "'", RIV_ARG(memory));
    return false;
}

static bool answer(repl *r, riv_str line)
{
    repl_answer out;
    repl_run(r, line, &out);
    repl_show(r, &out);
    riv_arena_free(r->scratch); /* a large result is given back at once */
    r->scratch = riv_arena_new(0);
    catch_interrupt(); /* building a source had its own way with it */
    cli_forget_interrupt();
    return !out.quit;
}

static void refuse_line(repl *r)
{
    repl_answer out = { .kind    = "command",
                        .message = riv_format(r->scratch, "a line is longer than %d bytes", REPL_LINE_BYTES_MAX) };
    repl_show(r, &out);
}

static int run_lines(repl *r, repl_input *in)
{
    riv_str line;
    for (;;) {
        switch (repl_input_next(in, &line)) {
        case REPL_END: return CLI_OK;
        case REPL_CANCELLED:
            if (!r->terminal) return CLI_INTERRUPTED;
            break;
        case REPL_TOO_LONG: refuse_line(r); break;
        case REPL_LINE:
            line = riv_str_trim(line);
            if (line.len && !answer(r, line)) return CLI_OK;
            break;
        }
    }
}

static void greet(const repl *r)
{
    if (r->terminal)
        printf("rivulet %s: WebAssembly services by hand. `help` lists the commands, Tab completes, Ctrl-D ends.\n",
               RIV_VERSION);
}

int cli_cmd_repl(cli *c)
{
    host_ticker *ticker;
    repl        *r     = riv_new(c->arena, repl, 1);
    riv_fault    fault = { 0 };
    riv_str      path  = cli_arg(c, 0);
    int          code  = CLI_OK;
    r->c               = c;
    r->json            = cli_has(c, "json");
    r->terminal        = !r->json && isatty(0) && isatty(1);
    if (!read_flags(r, &code)) return code;
    if (marine_engine_new(&fault, &r->engine)) return cli_fault(c, &fault);
    if (host_ticker_start(REPL_TICK_MS, tick, r->engine, &fault, &ticker)) return cli_fault(c, &fault);
    r->cache   = cli_code_cache(c->arena);
    r->arena   = riv_arena_new(0);
    r->scratch = riv_arena_new(0);
    widen_stack();
    set_up_env(r);
    catch_interrupt();
    repl_input *in = repl_input_new(r);
    greet(r);
    if (path.len) answer(r, riv_format(r->scratch, "new " RIV_FMT, RIV_ARG(path)));
    code = run_lines(r, in);
    repl_input_free(in);
    host_ticker_stop(ticker);
    repl_forget(r);
    riv_arena_free(r->arena);
    riv_arena_free(r->scratch);
    marine_engine_free(r->engine);
    crypto_wipe(&r->cache.key, sizeof r->cache.key);
    return code;
}
