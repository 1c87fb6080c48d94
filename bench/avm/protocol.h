/* What the C programs of bench/avm share: the file of invokes, the commands, figures. Included once in each program.
 * Commands: `load FILE`, then `NAME INDEX NUMBER`. The file: u32 count, then for each texts with a u32 length (script, prev, cur, results, init,
 * current, particle, secret), u64 timestamp, u32 ttl; all little-endian. run.mjs writes it. */
#ifndef RIV_BENCH_AVM_PROTOCOL_H
#define RIV_BENCH_AVM_PROTOCOL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "crypto/crypto.h"

#define BENCH_ANSWER "{\"answer\":%u,\"text\":\"xxxxxxxxxxxxxxxxxxxx\"}" /* what every call of a script run to its end is answered */

typedef struct bench_invoke {
    riv_str       name, script, init, current, particle;
    riv_bytes     prev, cur, results, secret;
    uint64_t      timestamp;
    uint32_t      ttl;
    crypto_public public_key;
} bench_invoke;
typedef struct bench_list { riv_arena *arena; bench_invoke *items; size_t count; char line[4096]; } bench_list;
typedef struct bench_command { riv_str name; const bench_invoke *invoke; uint64_t number; } bench_command;

/* The thread's time on the processor: what other programs take of it does not count. */
static inline double bench_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline int bench_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void bench_print_times(double *times, size_t runs)
{
    qsort(times, runs, sizeof *times, bench_by_size);
    printf("{\"runs\":%zu,\"best\":%.3f,\"median\":%.3f}\n", runs, times[0], times[runs / 2]);
}

static inline void bench_print_hex(riv_bytes b)
{
    static const char digits[] = "0123456789abcdef";
    char              text[8192];
    size_t            len = 0;
    for (size_t i = 0; i < b.len; i++) {
        text[len++] = digits[b.ptr[i] >> 4];
        text[len++] = digits[b.ptr[i] & 15];
        if (len == sizeof text || i + 1 == b.len) {
            fwrite(text, 1, len, stdout);
            len = 0;
        }
    }
}

/* Entries of the MessagePack map that call requests are, after the byte or two that name the codec (0x81 0x04). */
static inline uint32_t bench_requests_count(riv_bytes b)
{
    riv_reader r = riv_reader_of(b);
    riv_read_u16be(&r);
    uint8_t head = riv_read_u8(&r);
    if ((head & 0xf0) == 0x80) return head & 15;
    return head == 0xde ? riv_read_u16be(&r) : head == 0xdf ? riv_read_u32be(&r) : 0;
}

static inline void bench_put_text(riv_buf *out, riv_str s)
{
    riv_put_u8(out, 0xdb);
    riv_put_u32be(out, (uint32_t)s.len);
    riv_put_str(out, s);
}

/* Results for calls first, first + 1, ... in the border's form; the buffer is overwritten. */
static inline void bench_put_results(riv_buf *out, uint32_t first, uint32_t count)
{
    char text[96];
    riv_buf_clear(out);
    riv_put_bytes(out, RIV_BYTES("\x81\x04\xdf"));
    riv_put_u32be(out, count);
    for (uint32_t id = first; id < first + count; id++) {
        snprintf(text, sizeof text, "%u", id);
        bench_put_text(out, riv_str_c(text));
        riv_put_u8(out, 0x82);
        bench_put_text(out, RIV_LIT("ret_code"));
        riv_put_u8(out, 0);
        bench_put_text(out, RIV_LIT("result"));
        snprintf(text, sizeof text, BENCH_ANSWER, id);
        bench_put_text(out, riv_str_c(text));
    }
}

static inline riv_bytes bench_field(riv_reader *r)
{
    return riv_read_bytes(r, riv_read_u32le(r));
}

static inline riv_bytes bench_file(const char *path, riv_arena *arena)
{
    riv_buf text = riv_buf_in(arena);
    FILE   *file = fopen(path, "rb");
    char    chunk[65536];
    if (!file) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;) riv_put_bytes(&text, (riv_bytes){ (uint8_t *)chunk, got });
    fclose(file);
    return riv_buf_view(&text);
}

static inline void bench_list_free(bench_list *list)
{
    riv_arena_free(list->arena);
    list->arena = NULL;
}

static inline void bench_load(bench_list *list, const char *path)
{
    bench_list_free(list);
    list->arena   = riv_arena_new(0);
    riv_reader r  = riv_reader_of(bench_file(path, list->arena));
    list->count   = riv_read_u32le(&r);
    list->items   = riv_new(list->arena, bench_invoke, list->count);
    for (size_t i = 0; i < list->count; i++) {
        bench_invoke *b = &list->items[i];
        b->name      = riv_format(list->arena, "invoke %zu", i);
        b->script    = riv_bytes_str(bench_field(&r));
        b->prev      = bench_field(&r);
        b->cur       = bench_field(&r);
        b->results   = bench_field(&r);
        b->init      = riv_bytes_str(bench_field(&r));
        b->current   = riv_bytes_str(bench_field(&r));
        b->particle  = riv_bytes_str(bench_field(&r));
        b->secret    = bench_field(&r);
        b->timestamp = riv_read_u64le(&r);
        b->ttl       = riv_read_u32le(&r);
        crypto_secret  seed;
        crypto_keypair pair;
        if (r.short_read || b->secret.len != sizeof seed.bytes) {
            fprintf(stderr, "%s is cut short\n", path);
            exit(1);
        }
        memcpy(seed.bytes, b->secret.ptr, sizeof seed.bytes);
        crypto_keypair_of(&seed, &pair);
        b->public_key = pair.public_key;
    }
}

/* Reads a command; `load` is carried out. False at the end of input. */
static inline bool bench_next(bench_list *list, bench_command *out)
{
    if (!fgets(list->line, sizeof list->line, stdin)) return false;
    list->line[strcspn(list->line, "\n")] = 0;
    char  *rest   = strchr(list->line, ' ');
    char  *after  = NULL;
    size_t index  = rest ? strtoul(rest, &after, 10) : 0;
    *out          = (bench_command){ .name = riv_str_c(list->line) };
    if (rest) out->name.len = (size_t)(rest - list->line);
    if (riv_str_eq(out->name, RIV_LIT("load")) && rest) {
        bench_load(list, rest + 1);
    } else if (index < list->count) {
        out->invoke = &list->items[index];
        out->number = after ? strtoul(after, NULL, 10) : 0;
    } else if (!riv_str_eq(out->name, RIV_LIT("sign"))) {
        out->name = (riv_str){ 0 };
    }
    return true;
}

#endif
