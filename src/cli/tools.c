/* tools.c: the programs of toolchains: run to their end, what they say passed on; and what to install where one is missing.
 * Spec: docs/spec/wasm-toolchains.md. Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/build.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT_BYTES_MAX = 64 << 20, ERR_BYTES_KEPT = 256 << 10 };

/* One read of a pipe; false: it is at its end. */
static bool take(int fd, riv_buf *into, size_t bytes_max, bool show)
{
    uint8_t step[16384];
    ssize_t got = read(fd, step, sizeof step);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    if (got == 0) return false;
    if (show) fwrite(step, 1, (size_t)got, stderr);
    if (into->len < bytes_max) riv_put_bytes(into, (riv_bytes){ step, (size_t)got });
    return true;
}

static void read_all(const host_child *child, bool quiet, riv_buf *out, riv_buf *err)
{
    struct pollfd ends[] = { { child->out, POLLIN, 0 }, { child->err, POLLIN, 0 } };
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        if (poll(ends, RIV_COUNT(ends), -1) < 0) {
            if (errno != EINTR) return;
            kill(-child->pid, SIGTERM); /* a caught signal: the caller wants to end */
            continue;
        }
        if (ends[0].revents && !take(ends[0].fd, out, OUT_BYTES_MAX, false)) ends[0].fd = -1;
        if (ends[1].revents && !take(ends[1].fd, err, ERR_BYTES_KEPT, !quiet)) ends[1].fd = -1;
    }
}

riv_err cli_tool_run(const char *const *argv, riv_str folder, bool quiet, riv_arena *arena, riv_fault *fault,
                     cli_tool *result)
{
    RIV_VEC(const char *) words = { 0 };
    host_child child            = { 0 };
    riv_buf    out = riv_buf_in(arena), err = riv_buf_in(arena);
    int        status = 0;
    if (folder.len) { /* the names are arguments, the script is fixed: nothing of them is read by the shell */
        const char *head[] = { "/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", riv_cstr(arena, folder) };
        for (size_t i = 0; i < RIV_COUNT(head); i++) *riv_push(arena, &words) = head[i];
    }
    for (size_t i = 0; argv[i]; i++) *riv_push(arena, &words) = argv[i];
    *riv_push(arena, &words) = NULL;
    RIV_TRY(host_child_start(words.ptr, fault, &child));
    read_all(&child, quiet, &out, &err);
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {}
    close(child.out);
    close(child.err);
    if (out.len >= OUT_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "%s printed more than %d MiB", argv[0], OUT_BYTES_MAX >> 20);
    result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    result->out       = riv_buf_str(&out);
    result->err       = riv_buf_str(&err);
    return RIV_OK;
}

/* ---- what to install ---- */

typedef enum family { DEBIAN, FEDORA, ARCH, FAMILIES, OTHER = FAMILIES } family;

/* %s is the version of clang, or of Rust's target. */
static const struct {
    const char *what, *how[FAMILIES + 1];
} parts[] = {
    [CLI_PART_CLANG]       = { "clang",
                               { "apt-get install clang lld wasi-libc libclang-rt-dev-wasm32",
                                 "dnf install clang lld wasi-libc-devel wasi-libc-static compiler-rt",
                                 "pacman -S clang lld wasi-libc wasi-compiler-rt",
                                 "install clang and lld with the C library wasi-libc and compiler-rt for wasm32" } },
    [CLI_PART_LLD]         = { "the linker wasm-ld",
                               { "apt-get install lld-%s", "dnf install lld", "pacman -S lld", "install lld %s" } },
    [CLI_PART_LIBC]        = { "the C library for WebAssembly",
                               { "apt-get install wasi-libc", "dnf install wasi-libc-devel wasi-libc-static",
                                 "pacman -S wasi-libc", "install wasi-libc" } },
    [CLI_PART_RUNTIME]     = { "clang's runtime for WebAssembly",
                               { "apt-get install libclang-rt-%s-dev-wasm32", "dnf install compiler-rt",
                                 "pacman -S wasi-compiler-rt", "install compiler-rt %s for wasm32" } },
    [CLI_PART_LIBCXX]      = { "the C++ library for WebAssembly",
                               { "apt-get install libc++-%s-dev-wasm32 libc++abi-%s-dev-wasm32",
                                 "libc++ for wasm32-wasi is not packaged here: take clang from wasi-sdk",
                                 "pacman -S wasi-libc++ wasi-libc++abi",
                                 "install libc++ and libc++abi %s for wasm32-wasi" } },
    [CLI_PART_CARGO]       = { "cargo, which builds Rust,",
                               { "install rustup (https://rustup.rs), then: rustup target add wasm32-wasip1",
                                 "dnf install cargo rust-std-static-wasm32-wasip1", "pacman -S rust rust-wasm",
                                 "install rustup (https://rustup.rs), then: rustup target add wasm32-wasip1" } },
    [CLI_PART_RUST_TARGET] = { "Rust's library for WebAssembly",
                               { "rustup target add %s (with rustup, https://rustup.rs; Debian's Rust has none that is "
                                 "new enough)",
                                 "dnf install rust-std-static-%s, or with rustup: rustup target add %s",
                                 "pacman -S rust-wasm, or with rustup: rustup target add %s",
                                 "rustup target add %s" } },
};

static family family_here(riv_arena *arena)
{
    static const struct {
        const char *word;
        family      family;
    } known[] = {
        { "debian", DEBIAN }, { "ubuntu", DEBIAN }, { "fedora", FEDORA }, { "rhel", FEDORA }, { "arch", ARCH }
    };
    riv_bytes text;
    if (host_file_read(RIV_LIT("/etc/os-release"), 64 << 10, arena, NULL, &text)) return OTHER;
    for (size_t at = 0, end; at < text.len; at = end + 1) {
        riv_str all  = riv_bytes_str(text);
        end          = RIV_MIN(riv_str_find_char(all, '\n', at), text.len);
        riv_str line = riv_str_sub(all, at, end);
        if (!riv_str_starts(line, RIV_LIT("ID=")) && !riv_str_starts(line, RIV_LIT("ID_LIKE="))) continue;
        for (size_t i = 0; i < RIV_COUNT(known); i++)
            if (riv_str_find(line, riv_str_c(known[i].word), 0) != SIZE_MAX) return known[i].family;
    }
    return OTHER;
}

void cli_part_hint(cli *c, cli_part part, riv_str version)
{
    riv_buf     text = riv_buf_in(c->arena);
    const char *how  = parts[part].how[family_here(c->arena)];
    for (; *how; how++)
        if (how[0] == '%' && how[1] == 's')
            riv_put_str(&text, version), how++;
        else
            riv_put_u8(&text, (uint8_t)*how);
    cli_hint(c, "%s is missing: " RIV_FMT, parts[part].what, RIV_ARG(riv_buf_str(&text)));
}
