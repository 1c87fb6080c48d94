/* limits.c: a module that came from elsewhere is compiled by a process of its own, which may use so much processor time and memory: code can
 * be made so that compiling it takes hours. The child is this program again, called with a word that no command has; it puts its result into
 * the sealed code cache, from where the caller takes it. Without a cache there is no child.
 * Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMPILE_CPU_S = 120, TEXT_BYTES = 64 };
#define COMPILE_MEMORY_BYTES (UINT64_C(8) << 30) /* of address space */

/* Sanitizers take address space by the terabyte. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- the child ---- */

static void take_limits(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_CPU, &(struct rlimit){ COMPILE_CPU_S, COMPILE_CPU_S + 1 });
    if (!SANITIZED) setrlimit(RLIMIT_AS, &(struct rlimit){ COMPILE_MEMORY_BYTES, COMPILE_MEMORY_BYTES });
}

/* "ERR POS MESSAGE" on standard output where it fails. */
int cli_compile_here(cli *c, const char *file)
{
    riv_fault      fault  = { 0 };
    riv_bytes      wasm   = { 0 };
    marine_engine *engine = NULL;
    marine_module *module = NULL;
    marine_cache   cache;
    take_limits();
    riv_err err   = crypto_init(&fault);
    cache         = cli_code_cache(c->arena);
    cache.compile = NULL; /* but here */
    if (!err) err = host_file_read(riv_str_c(file), MARINE_MODULE_BYTES_MAX, c->arena, &fault, &wasm);
    if (!err) err = marine_engine_new(&fault, &engine);
    if (!err) err = marine_module_open_bytes(engine, &cache, wasm, &fault, &module, NULL);
    crypto_wipe(&cache.key, sizeof cache.key);
    if (err) printf("%d %llu %s", (int)err, (unsigned long long)fault.pos, fault.msg);
    fflush(stdout);
    _exit(err ? CLI_USAGE : CLI_OK); /* nothing to put away that the system does not */
}

/* ---- the caller ---- */

static bool write_all(int fd, riv_bytes bytes)
{
    for (size_t at = 0; at < bytes.len;) {
        ssize_t put = write(fd, bytes.ptr + at, bytes.len - at);
        if (put <= 0) return false;
        at += (size_t)put;
    }
    return true;
}

/* A failure of the module as the child told it. */
static riv_err told(riv_str text, riv_fault *fault)
{
    size_t   first = riv_str_find_char(text, ' ', 0), second = riv_str_find_char(text, ' ', first + 1);
    uint64_t err = 0, pos = 0;
    if (second == SIZE_MAX || !riv_str_u64(riv_str_sub(text, 0, first), &err) || err <= RIV_MORE || err > RIV_E_IO ||
        !riv_str_u64(riv_str_sub(text, first + 1, second), &pos))
        return riv_fail(fault, RIV_E_LIMIT, 0, "the compiler broke off: " RIV_FMT, RIV_ARG(riv_str_sub(text, 0, 100)));
    return riv_fail(fault, (riv_err)err, pos, RIV_FMT, RIV_ARG(riv_str_sub(text, second + 1, text.len)));
}

riv_err cli_compile_apart(void *ctx, riv_bytes wasm, riv_fault *fault)
{
    char        path[TEXT_BYTES];
    const char *argv[] = { "/proc/self/exe", CLI_COMPILE_WORD, path, NULL };
    riv_arena  *arena  = riv_arena_new(0);
    host_output out    = { 0 };
    riv_err     err    = RIV_OK;
    int         fd     = memfd_create("module", 0); /* the child inherits it */
    (void)ctx;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || !write_all(fd, wasm))
        err = riv_fail(fault, RIV_E_IO, 0, "cannot hand the module to its compiler");
    else
        err = host_command(argv, arena, fault, &out);
    if (fd >= 0) close(fd);
    if (!err && (out.signal == SIGXCPU || out.signal == SIGKILL))
        err = riv_fail(fault, RIV_E_LIMIT, 0, "compiling it takes more than %d s of processor time", COMPILE_CPU_S);
    else if (!err && out.signal)
        err = riv_fail(fault, RIV_E_LIMIT, 0, "compiling it takes too much memory, or breaks the compiler (signal %d)",
                       out.signal);
    else if (!err && out.exit_code)
        err = told(out.text, fault);
    riv_arena_free(arena);
    return err;
}
