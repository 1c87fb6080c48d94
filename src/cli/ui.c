/* ui.c: the program's frame: finds the command, sets up colour and log, prints errors, hints, JSON and help.
 * Answers go to stdout, everything else to stderr. Spec: docs/cli.md. Tests: args_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "cli/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static bool                  printed; /* an answer is on standard output, or a part of it */

/* ---- the frame ---- */

static bool wants_colour(int fd)
{
    return isatty(fd) && !getenv("NO_COLOR") && strcmp(host_env("TERM").ptr ? host_env("TERM").ptr : "", "dumb") != 0;
}

/* In a call that finds its answer, what happened to single messages is for those who ask. */
static bool set_up_log(cli *c)
{
    host_log_config config = {
        .fd = 2, .format = isatty(2) ? HOST_LOG_HUMAN : HOST_LOG_JSON, .level = RIV_LOG_ERROR, .colour = c->colour_err
    };
    riv_str level = cli_value(c, "log-level"), format = cli_value(c, "log-format");
    bool    by_env = level.len == 0;
    if (by_env) level = host_env("RIVULET_LOG");
    if (level.len && !host_log_level(level, &config.level)) {
        cli_error(c, CLI_USAGE, "%s is error, warn, info, debug or trace, not '" RIV_FMT "'",
                  by_env ? "$RIVULET_LOG" : "--log-level", RIV_ARG(level));
        return false;
    }
    if (riv_str_eq(format, RIV_LIT("json")))
        config.format = HOST_LOG_JSON;
    else if (riv_str_eq(format, RIV_LIT("human")))
        config.format = HOST_LOG_HUMAN;
    else if (format.len) {
        cli_error(c, CLI_USAGE, "--log-format is human or json, not '" RIV_FMT "'", RIV_ARG(format));
        return false;
    }
    host_log_init(&c->log, &config);
    return true;
}

static int run(cli *c, const char *const *words, size_t count)
{
    size_t    used  = 0;
    riv_fault fault = { 0 };
    if (count == 0) return cli_help(c, NULL, stderr), CLI_USAGE;
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) return cli_help(c, NULL, stdout), CLI_OK;
    if (strcmp(words[0], "--version") == 0 || strcmp(words[0], "-V") == 0)
        words = (const char *const[]){ "version" }, count = 1;
    bool asks = count == 2 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0);
    if (cli_command_find(words, count, &fault, &c->command, &used)) {
        if (asks && cli_help_group(c, riv_str_c(words[0]), stdout)) return CLI_OK;
        cli_error(c, CLI_USAGE, "%s", fault.msg);
        cli_hint(c, "`rivulet help` lists the commands");
        return CLI_USAGE;
    }
    if (cli_args_parse(c->command, words + used, count - used, c->arena, &fault, &c->given)) {
        cli_error(c, CLI_USAGE, "%s", fault.msg);
        cli_hint(c, "`rivulet %s --help` shows what it takes", c->command->name);
        return CLI_USAGE;
    }
    if (cli_has(c, "no-color")) c->colour_out = c->colour_err = false;
    if (cli_has(c, "help")) return cli_help(c, c->command, stdout), CLI_OK;
    if (!set_up_log(c)) return CLI_USAGE;
    if (crypto_init(&fault)) return cli_fault(c, &fault);
    return c->command->run(c);
}

/* As it was typed: perhaps the words could not be read as flags. */
static bool wants_json(const char *const *words, size_t count)
{
    for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--json") == 0 || strcmp(words[i], "-j") == 0) return true;
    return false;
}

int cli_main(int argc, char **argv)
{
    cli *c        = riv_alloc(sizeof *c);
    c->arena      = riv_arena_new(0);
    c->program    = argc > 0 ? argv[0] : "rivulet";
    c->colour_out = wants_colour(1);
    c->colour_err = wants_colour(2);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
    const char *const *words = (const char *const *)(argc > 0 ? argv + 1 : argv);
    size_t             count = argc > 0 ? (size_t)argc - 1 : 0;
    int code = count == 2 && !strcmp(words[0], CLI_COMPILE_WORD) ? cli_compile_here(c, words[1]) : run(c, words, count);
    if (code && !printed && wants_json(words, count)) {
        riv_str text = c->first_error.len ? c->first_error : RIV_LIT("see standard error");
        cli_print_json(riv_json_object(c->arena, "error", riv_json_str(c->arena, text), NULL), true);
    }
    errno = 0;
    if ((fflush(stdout) || ferror(stdout)) && code == CLI_OK) {
        code = CLI_INTERNAL;
        if (errno && errno != EPIPE) /* a reader that has seen enough is no surprise */
            cli_error(c, CLI_INTERNAL, "cannot write standard output: %s", strerror(errno));
    }
    riv_arena_free(c->programs);
    riv_arena_free(c->arena);
    riv_free(c);
    return code;
}

/* ---- signals ---- */

static void on_signal(int number) { interrupted = number; }

void cli_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal }; /* no SA_RESTART: waiting calls come back */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

void cli_release_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

bool cli_interrupted(void) { return interrupted != 0; }

void cli_forget_interrupt(void) { interrupted = 0; }

/* ---- errors ---- */

const char *cli_style(bool colour, const char *sequence) { return colour ? sequence : ""; }

static void say(cli *c, const char *style, const char *label, const char *format, va_list args)
{
    riv_str text = riv_vformat(c->arena, format, args);
    fprintf(stderr, "%s%s%s" RIV_FMT "\n", cli_style(c->colour_err, style), label, cli_style(c->colour_err, CLI_PLAIN),
            RIV_ARG(text));
}

#define SAY(style, label)                                                                                              \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        say(c, (style), (label), format, args);                                                                        \
        va_end(args);                                                                                                  \
    } while (0)

int cli_error(cli *c, int code, const char *format, ...)
{
    va_list again;
    fflush(stdout);
    va_start(again, format);
    if (!c->first_error.len) c->first_error = riv_vformat(c->arena, format, again);
    va_end(again);
    SAY(CLI_BOLD CLI_RED, "error: ");
    return code;
}

void cli_hint(cli *c, const char *format, ...) { SAY(CLI_BLUE, "  hint: "); }

static void tell(cli *c, riv_log_level level, const char *event, riv_str text, const char *style, const char *label)
{
    const char *on = cli_style(c->colour_err, style), *off = cli_style(c->colour_err, CLI_PLAIN);
    if (c->serves)
        RIV_LOG_AT(&c->log.sink, level, event, LOG_STR("text", text));
    else if (label[0])
        fprintf(stderr, "%s%s%s" RIV_FMT "\n", on, label, off, RIV_ARG(text));
    else
        fprintf(stderr, "%s" RIV_FMT "%s\n", on, RIV_ARG(text), off);
}

void cli_warn(cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str text = riv_vformat(c->arena, format, args);
    va_end(args);
    tell(c, RIV_LOG_WARN, "cli.warning", text, CLI_BOLD CLI_AMBER, "warning: ");
}

void cli_note(cli *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    riv_str text = riv_vformat(c->arena, format, args);
    va_end(args);
    tell(c, RIV_LOG_INFO, "cli.note", text, CLI_DIM, "");
}

int cli_exit_of(riv_err err)
{
    switch (err) {
    case RIV_OK: return CLI_OK;
    case RIV_MORE:
    case RIV_E_MALFORMED:
    case RIV_E_LIMIT:
    case RIV_E_UNSUPPORTED:
    case RIV_E_NOT_FOUND: return CLI_USAGE;
    case RIV_E_EXPIRED: return CLI_NETWORK;
    case RIV_E_CONFLICT:
    case RIV_E_DENIED:
    case RIV_E_IO: return CLI_INTERNAL;
    }
    RIV_UNREACHABLE();
}

int cli_fault(cli *c, const riv_fault *fault) { return cli_error(c, cli_exit_of(fault->err), "%s", fault->msg); }

int cli_fault_at(cli *c, int code, riv_str file, riv_str text, const riv_fault *fault)
{
    riv_line_col at  = riv_line_col_of(text, (size_t)RIV_MIN(fault->pos, text.len));
    size_t       pos = (size_t)RIV_MIN(fault->pos, text.len), from = pos, to = pos;
    while (from && text.ptr[from - 1] != '\n' && pos - from < 120) from--;
    while (to < text.len && text.ptr[to] != '\n' && to - pos < 120) to++;
    cli_error(c, code, RIV_FMT ":%u:%u: %s", RIV_ARG(file), at.line, at.col, fault->msg);
    if (to == from) return code;
    riv_buf line = riv_buf_in(c->arena);
    for (size_t i = from; i < to; i++) riv_put_u8(&line, (unsigned char)text.ptr[i] < ' ' ? ' ' : (uint8_t)text.ptr[i]);
    size_t column = 0; /* scalars before the mark */
    for (size_t i = from; i < pos; i++) column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    fprintf(stderr, "%5u | " RIV_FMT "\n      | %*s%s^%s\n", at.line, RIV_ARG(riv_buf_str(&line)), (int)column, "",
            cli_style(c->colour_err, CLI_BOLD CLI_RED), cli_style(c->colour_err, CLI_PLAIN));
    return code;
}

/* ---- answers ---- */

riv_str cli_shown(cli *c, riv_str text, size_t max)
{
    riv_buf out = riv_buf_in(c->arena);
    if (!riv_utf8_valid(riv_str_bytes(text), NULL)) return RIV_LIT("(no UTF-8)");
    for (size_t at = 0; at < text.len;) {
        uint32_t scalar = riv_utf8_next(text, &at);
        if (out.len >= max) {
            riv_put_str(&out, RIV_LIT("…"));
            break;
        }
        if (scalar < ' ' || (scalar >= 0x7f && scalar < 0xa0) || (scalar >= 0x202a && scalar <= 0x202e) ||
            (scalar >= 0x2066 && scalar <= 0x2069)) /* control characters; those that turn the writing direction */
            scalar = ' ';
        riv_utf8_put(&out, scalar);
    }
    return riv_buf_str(&out);
}

void cli_print(riv_str text)
{
    printed = printed || text.len > 0;
    fwrite(text.ptr, 1, text.len, stdout);
}

void cli_print_json(const riv_json *doc, bool pretty)
{
    riv_buf buf = { 0 };
    if (pretty)
        riv_json_write_pretty(doc, &buf);
    else
        riv_json_write(doc, &buf);
    riv_put_u8(&buf, '\n');
    cli_print(riv_buf_str(&buf));
    riv_buf_free(&buf);
}

bool cli_read_text(cli *c, riv_str path, riv_str *out)
{
    riv_bytes data;
    size_t    bad;
    riv_fault fault = { 0 };
    if (host_file_read(path, CLI_SOURCE_BYTES_MAX, c->arena, &fault, &data)) {
        cli_fault(c, &fault);
        return false;
    }
    if (!riv_utf8_valid(data, &bad)) {
        cli_error(c, CLI_USAGE, RIV_FMT " is no UTF-8 text: the byte at offset %zu is wrong", RIV_ARG(path), bad);
        return false;
    }
    *out = riv_bytes_str(data);
    return true;
}
