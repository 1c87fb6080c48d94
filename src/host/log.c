/* log.c: log records as lines: for people (time, level, event, key=value) or as JSON. One write(2) a line, so threads and
 * processes that share a pipe do not mix lines. Tests: log_test.c. */
#define _GNU_SOURCE
#include "host/host.h"

#include <time.h>
#include <unistd.h>

enum { LOG_VALUE_BYTES_MAX = 2048 }; /* longer texts are cut: a peer must not fill the disk by one record */

static const char *const level_names[]  = { "error", "warn", "info", "debug", "trace" };
static const char *const level_labels[] = { "ERROR", "WARN ", "INFO ", "DEBUG", "TRACE" };
static const char *const level_colour[] = { "\033[31m", "\033[33m", "\033[32m", "\033[36m", "\033[90m" };

bool host_log_level(riv_str name, riv_log_level *out)
{
    for (size_t i = 0; i < RIV_COUNT(level_names); i++)
        if (riv_str_eq(name, riv_str_c(level_names[i]))) return *out = (riv_log_level)i, true;
    return false;
}

static riv_str cut(riv_str s)
{
    size_t bad = 0;
    s          = riv_str_sub(s, 0, LOG_VALUE_BYTES_MAX);
    if (!riv_utf8_valid(riv_str_bytes(s), &bad)) s.len = bad;
    return s;
}

static void put_number(const riv_log_field *f, riv_buf *out)
{
    if (f->kind == RIV_LOG_KIND_BOOL)
        riv_putf(out, "%s", f->u64 ? "true" : "false");
    else if (f->kind == RIV_LOG_KIND_I64)
        riv_putf(out, "%lld", (long long)(int64_t)f->u64);
    else
        riv_putf(out, "%llu", (unsigned long long)f->u64);
}

static void put_json(uint64_t ts_us, riv_log_level level, const char *event, const riv_log_field *fields, size_t count,
                     riv_buf *out)
{
    riv_putf(out, "{\"ts\":%llu,\"level\":\"%s\",\"event\":", (unsigned long long)ts_us, level_names[level]);
    riv_json_write_str(riv_str_c(event), out);
    for (size_t i = 0; i < count; i++) {
        riv_put_u8(out, ',');
        riv_json_write_str(riv_str_c(fields[i].key), out);
        riv_put_u8(out, ':');
        if (fields[i].kind == RIV_LOG_KIND_STR)
            riv_json_write_str(cut(fields[i].str), out);
        else
            put_number(&fields[i], out);
    }
    riv_put_str(out, RIV_LIT("}\n"));
}

/* A bare word stays bare; everything else is quoted, so that a peer cannot forge fields or move the cursor. */
static bool is_bare(riv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || (unsigned char)s.ptr[i] >= 0x7f || s.ptr[i] == '"') return false;
    return s.len > 0;
}

/* Quoted for a terminal: no control characters, neither C0 nor DEL nor C1. */
static void put_quoted(riv_str s, riv_buf *out)
{
    riv_put_u8(out, '"');
    for (size_t at = 0; at < s.len;) {
        uint32_t c = riv_utf8_next(s, &at);
        if (c < ' ' || (c >= 0x7f && c < 0xa0))
            riv_putf(out, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            riv_putf(out, "\\%c", (char)c);
        else
            riv_utf8_put(out, c);
    }
    riv_put_u8(out, '"');
}

static void put_human(const host_log_config *config, uint64_t ts_us, riv_log_level level, const char *event,
                      const riv_log_field *fields, size_t count, riv_buf *out)
{
    time_t    seconds = (time_t)(ts_us / 1000000u);
    struct tm tm      = { 0 };
    localtime_r(&seconds, &tm);
    const char *on = config->colour ? level_colour[level] : "", *off = config->colour ? "\033[0m" : "";
    riv_putf(out, "%02d:%02d:%02d.%03u %s%s%s %s", tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ts_us / 1000u % 1000u),
             on, level_labels[level], off, event);
    for (size_t i = 0; i < count; i++) {
        riv_putf(out, config->colour ? " \033[2m%s=\033[0m" : " %s=", fields[i].key);
        if (fields[i].kind != RIV_LOG_KIND_STR)
            put_number(&fields[i], out);
        else if (is_bare(fields[i].str))
            riv_put_str(out, cut(fields[i].str));
        else
            put_quoted(cut(fields[i].str), out);
    }
    riv_put_u8(out, '\n');
}

void host_log_record(const host_log_config *config, uint64_t ts_us, riv_log_level level, const char *event,
                     const riv_log_field *fields, size_t count, riv_buf *out)
{
    if (config->format == HOST_LOG_JSON)
        put_json(ts_us, level, event, fields, count, out);
    else
        put_human(config, ts_us, level, event, fields, count, out);
}

static void write_record(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    host_log *log  = ctx;
    riv_buf   line = { 0 };
    if (log->config.quiet) return;
    host_log_record(&log->config, host_now_us(), level, event, fields, count, &line);
    ssize_t ignored =
        write(log->config.fd, line.ptr, line.len); /* a log that cannot be written must not stop the node */
    (void)ignored;
    riv_buf_free(&line);
}

void host_log_init(host_log *log, const host_log_config *config)
{
    *log = (host_log){ { write_record, log, config->level }, *config };
}
