/* codec_bench.c: time of the steps that every particle pays for: hashing, signing, reading and writing its data. */
#include <stdio.h>
#include <time.h>

#include "codec/archive.h"
#include "codec/codec.h"

enum { STATES = 10000, ROUNDS = 5 };

/* Time of this process, so that what else the machine does counts little. */
static double now_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

/* Best of some rounds, each long enough to be measured. */
typedef void (*bench_fn)(void *ctx);

static double best_s(bench_fn run, void *ctx)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned count = 0;
        double   start = now_s(), end;
        do {
            run(ctx);
            count++;
            end = now_s();
        } while (end - start < 0.05);
        if ((end - start) / count < best) best = (end - start) / count;
    }
    return best;
}

static void print(const char *what, double s, size_t bytes)
{
    printf("%-34s %10.2f us", what, s * 1e6);
    if (bytes) printf("  %8.1f MB/s", (double)bytes / s * 1e-6);
    printf("\n");
}

/* ---- hashes and signatures ---- */

static void run_sha256(void *ctx) { crypto_sha256(*(riv_bytes *)ctx); }
static void run_blake3(void *ctx) { crypto_blake3(*(riv_bytes *)ctx); }

static void run_json_cid(void *ctx)
{
    riv_arena *arena = riv_arena_new(0);
    codec_json_cid(arena, *(riv_bytes *)ctx);
    riv_arena_free(arena);
}

typedef struct sign_bench {
    crypto_keypair   pair;
    crypto_signature signature;
    riv_bytes        message;
} sign_bench;

static void run_sign(void *ctx)
{
    sign_bench *b = ctx;
    b->signature  = crypto_sign(&b->pair, b->message);
}

static void run_verify(void *ctx)
{
    sign_bench *b = ctx;
    RIV_ASSERT(crypto_verify(&b->pair.public_key, b->message, &b->signature));
}

static void bench_crypto(void)
{
    static uint8_t data[1 << 20];
    riv_bytes      small = { data, 200 }, large = { data, sizeof data };
    crypto_secret  seed = { { 1 } };
    sign_bench     sign = { .message = small };
    crypto_keypair_of(&seed, &sign.pair);
    print("sha256, 200 bytes", best_s(run_sha256, &small), small.len);
    print("sha256, 1 MiB", best_s(run_sha256, &large), large.len);
    print("blake3, 200 bytes", best_s(run_blake3, &small), small.len);
    print("blake3, 1 MiB", best_s(run_blake3, &large), large.len);
    print("content id of 200 bytes", best_s(run_json_cid, &small), small.len);
    print("ed25519 sign, 200 bytes", best_s(run_sign, &sign), 0);
    print("ed25519 verify, 200 bytes", best_s(run_verify, &sign), 0);
}

/* ---- particle data ---- */

typedef struct data_bench {
    archive_data data;
    riv_buf      bytes;
} data_bench;

static void run_write(void *ctx)
{
    data_bench *b = ctx;
    riv_buf_clear(&b->bytes);
    archive_write(&b->data, &b->bytes);
}

static void run_read(void *ctx)
{
    data_bench  *b     = ctx;
    riv_arena   *arena = riv_arena_new(0);
    archive_data data;
    riv_err      err = archive_read(riv_buf_view(&b->bytes), arena, NULL, &data);
    RIV_ASSERT(!err && data.trace_count == b->data.trace_count);
    riv_arena_free(arena);
}

/* A trace of answered calls, each with a value and a service result of its own, as a long run leaves it. */
static archive_data many_calls(riv_arena *arena, size_t count)
{
    archive_state          *trace    = riv_new(arena, archive_state, count);
    archive_value          *values   = riv_new(arena, archive_value, count);
    archive_service_result *services = riv_new(arena, archive_service_result, count);
    riv_str                 plet     = codec_json_cid(arena, RIV_BYTES("tetraplet"));
    riv_str                 args     = codec_json_cid(arena, RIV_BYTES("[]"));
    for (size_t i = 0; i < count; i++) {
        riv_str text = riv_format(arena, "{\"answer\":%zu}", i);
        riv_str cid  = codec_json_cid(arena, riv_str_bytes(text));
        riv_str key  = codec_json_cid(arena, riv_str_bytes(cid));
        values[i]    = (archive_value){ cid, text };
        services[i]  = (archive_service_result){ key, cid, args, plet };
        trace[i]     = (archive_state){ .kind = ARCHIVE_CALL, .call = ARCHIVE_CALL_SCALAR, .cid = key };
    }
    return (archive_data){ .trace                 = trace,
                           .trace_count           = count,
                           .values                = values,
                           .values_count          = count,
                           .service_results       = services,
                           .service_results_count = count,
                           .interpreter_version   = { .text = RIV_LIT("0.62.0") } };
}

static void bench_archive(size_t count)
{
    riv_arena *arena = riv_arena_new(0);
    data_bench b     = { .data = many_calls(arena, count) };
    char       name[64];
    double     write = best_s(run_write, &b);
    snprintf(name, sizeof name, "archive write, %zu states", count);
    print(name, write, b.bytes.len);
    snprintf(name, sizeof name, "archive read, %zu states", count);
    print(name, best_s(run_read, &b), b.bytes.len);
    riv_buf_free(&b.bytes);
    riv_arena_free(arena);
}

int main(void)
{
    if (crypto_init(NULL)) return 1;
    bench_crypto();
    for (size_t count = STATES / 1000; count <= STATES; count *= 10) bench_archive(count);
    return 0;
}
