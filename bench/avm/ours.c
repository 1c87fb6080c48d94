/* ours.c: our interpreter behind the protocol of run.mjs: commands on lines of stdin, an answer in JSON for each. Same commands in wasm.c, native/.
 * An invoke is timed from bytes to bytes as the original's is: call results decoded, call requests encoded, the arena made and freed.
 * The public key is worked out once, as the node does. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "avm/avm.h"
#include "bench/avm/protocol.h"

enum { RUNS_MAX = 200000, SIGN_RUNS = 400 };

/* ---- peak of memory: every malloc of the process passes here; counted while `counting` ---- */

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *ptr, size_t bytes);
void  __libc_free(void *ptr);

static bool   counting;
static size_t held, held_peak;

static void *add(void *ptr)
{
    if (counting && ptr) {
        held += malloc_usable_size(ptr);
        if (held > held_peak) held_peak = held;
    }
    return ptr;
}

static void sub(void *ptr)
{
    if (!counting || !ptr) return;
    size_t bytes = malloc_usable_size(ptr);
    held -= bytes < held ? bytes : held; /* what was got before the count began */
}

void *malloc(size_t bytes) { return add(__libc_malloc(bytes)); }

void *calloc(size_t count, size_t bytes) { return add(__libc_calloc(count, bytes)); }

void *realloc(void *ptr, size_t bytes)
{
    sub(ptr);
    return add(__libc_realloc(ptr, bytes));
}

void free(void *ptr)
{
    sub(ptr);
    __libc_free(ptr);
}

/* ---- one invoke ---- */

static avm_input input_of(const bench_invoke *b)
{
    avm_input in = { .script = b->script, .prev = b->prev, .cur = b->cur };
    in.params    = (avm_params){ .init_peer_id    = b->init,
                                 .current_peer_id = b->current,
                                 .particle_id     = b->particle,
                                 .timestamp_ms    = b->timestamp,
                                 .ttl_ms          = b->ttl,
                                 .has_public_key  = true };
    memcpy(in.params.secret.bytes, b->secret.ptr, sizeof in.params.secret.bytes);
    in.params.public_key = b->public_key;
    return in;
}

static riv_err read_results(riv_bytes results, riv_arena *arena, riv_fault *fault, avm_input *in)
{
    avm_call_result *list = NULL;
    if (!results.len) return RIV_OK;
    RIV_TRY(avm_read_call_results(results, arena, fault, &list, &in->results_count));
    in->results = list;
    return RIV_OK;
}

static riv_err invoke(const bench_invoke *b, riv_arena *arena, avm_output *out, riv_buf *requests)
{
    riv_fault fault = { 0 };
    avm_input in    = input_of(b);
    riv_err   err   = read_results(b->results, arena, &fault, &in);
    if (!err) err = avm_run(&in, arena, &fault, out);
    if (!err && out->call_requests_count) avm_put_call_requests(out, requests);
    if (err) fprintf(stderr, RIV_FMT ": %s\n", RIV_ARG(b->name), fault.msg);
    return err;
}

static double invoke_us(const bench_invoke *b, size_t *outputs_bytes)
{
    double     start    = bench_now_us();
    riv_arena *arena    = riv_arena_new(0);
    avm_output out      = { 0 };
    riv_buf    requests = { 0 };
    if (invoke(b, arena, &out, &requests)) exit(1);
    *outputs_bytes = out.data.len + requests.len;
    riv_buf_free(&requests);
    riv_arena_free(arena);
    return bench_now_us() - start;
}

static void time_invoke(const bench_invoke *b, uint64_t budget_ms)
{
    static double times[RUNS_MAX];
    size_t        runs = 0, outputs;
    for (double start = bench_now_us(); runs < RUNS_MAX && (!runs || bench_now_us() - start < (double)budget_ms * 1e3);)
        times[runs++] = invoke_us(b, &outputs);
    bench_print_times(times, runs);
}

static void answer(const bench_invoke *b)
{
    riv_arena *arena    = riv_arena_new(0);
    avm_output out      = { 0 };
    riv_buf    requests = { 0 };
    if (invoke(b, arena, &out, &requests)) exit(1);
    printf("{\"ret_code\":%lld,\"error_message\":\"", (long long)out.ret_code);
    bench_print_hex(riv_str_bytes(out.error_message));
    printf("\",\"data\":\"");
    bench_print_hex(out.data);
    printf("\",\"next_peers\":[");
    for (size_t i = 0; i < out.next_peers_count; i++) {
        printf(i ? ",\"" : "\"");
        bench_print_hex(riv_str_bytes(out.next_peers[i]));
        printf("\"");
    }
    printf("],\"call_requests\":\"");
    bench_print_hex(riv_buf_view(&requests));
    printf("\"}\n");
    riv_buf_free(&requests);
    riv_arena_free(arena);
}

static void peak(const bench_invoke *b)
{
    size_t outputs, inputs = b->script.len + b->prev.len + b->cur.len + b->results.len;
    held = held_peak = 0;
    counting         = true;
    invoke_us(b, &outputs);
    counting = false;
    printf("{\"bytes\":%zu,\"inputs\":%zu,\"outputs\":%zu}\n", held_peak, inputs, outputs);
}

/* ---- scripts run to their end, all calls being for this peer ---- */

static const avm_call_result *results_for(const avm_output *out, riv_arena *arena)
{
    avm_call_result *list = riv_new(arena, avm_call_result, out->call_requests_count);
    for (size_t i = 0; i < out->call_requests_count; i++) {
        uint32_t id = out->call_requests[i].id;
        list[i]     = (avm_call_result){ id, 0, riv_format(arena, BENCH_ANSWER, id) };
    }
    return list;
}

/* Through avm_run over encoded data at each step, from bytes to bytes. */
static void end_by_runs(const bench_invoke *b)
{
    bench_invoke step     = *b;
    riv_buf      requests = { 0 }, results = { 0 }, data = { 0 };
    uint32_t     asked = 0, steps = 0;
    double       us = 0;
    for (;;) {
        avm_output out   = { 0 };
        double     start = bench_now_us();
        riv_arena *arena = riv_arena_new(0);
        riv_buf_clear(&requests);
        if (invoke(&step, arena, &out, &requests)) exit(1);
        us += bench_now_us() - start;
        steps++;
        uint32_t count = bench_requests_count(riv_buf_view(&requests));
        riv_buf_clear(&data);
        riv_put_bytes(&data, out.data);
        riv_arena_free(arena);
        if (out.ret_code || !count) {
            printf("{\"ret_code\":%d,\"steps\":%u,\"us\":%.1f,\"bytes\":%zu}\n", (int)out.ret_code, steps, us,
                   data.len);
            break;
        }
        bench_put_results(&results, asked + 1, count);
        asked += count;
        step.prev    = riv_buf_view(&data);
        step.results = riv_buf_view(&results);
    }
    riv_buf_free(&requests);
    riv_buf_free(&results);
    riv_buf_free(&data);
}

/* Through a session, data asked once at the end; answers are put together outside the clock. */
static double session_end_us(const bench_invoke *b, uint32_t *steps, size_t *bytes)
{
    riv_arena   *arenas[2] = { riv_arena_new(0), riv_arena_new(0) }; /* results of a step live in the one before */
    riv_fault    fault     = { 0 };
    avm_input    in        = input_of(b);
    double       us = 0, start = bench_now_us();
    avm_session *s = avm_session_new(b->prev);
    us += bench_now_us() - start;
    for (*steps = 0;; ++*steps) {
        avm_output out   = { 0 };
        riv_arena *arena = arenas[*steps & 1];
        start            = bench_now_us();
        riv_arena_reset(arena);
        if (avm_session_step(s, &in, arena, &fault, &out) || out.ret_code) {
            fprintf(stderr, RIV_FMT ": session: %s " RIV_FMT "\n", RIV_ARG(b->name), fault.msg,
                    RIV_ARG(out.error_message));
            exit(1);
        }
        us += bench_now_us() - start;
        if (!out.call_requests_count) break;
        in.results       = results_for(&out, arena);
        in.results_count = out.call_requests_count;
    }
    riv_bytes data;
    start = bench_now_us();
    if (avm_session_data(s, &fault, &data)) exit(1);
    *bytes = data.len;
    avm_session_free(s);
    us += bench_now_us() - start;
    riv_arena_free(arenas[0]);
    riv_arena_free(arenas[1]);
    return us;
}

static void end_by_session(const bench_invoke *b, uint64_t budget_ms)
{
    static double times[RUNS_MAX];
    size_t        runs  = 0, bytes;
    uint32_t      steps = 0;
    for (double start = bench_now_us(); runs < RUNS_MAX && (!runs || bench_now_us() - start < (double)budget_ms * 1e3);)
        times[runs++] = session_end_us(b, &steps, &bytes);
    qsort(times, runs, sizeof *times, bench_by_size);
    printf("{\"ret_code\":0,\"steps\":%u,\"us\":%.2f,\"best\":%.2f,\"bytes\":%zu}\n", steps + 1, times[runs / 2],
           times[0], bytes);
}

/* Nothing changed: the session has run these inputs, and is given them again; its data is asked each time too. */
static void same_again(const bench_invoke *b, uint64_t budget_ms)
{
    static double times[RUNS_MAX];
    size_t        runs  = 0;
    riv_arena    *arena = riv_arena_new(0);
    riv_fault     fault = { 0 };
    avm_session  *s     = avm_session_new(b->prev);
    avm_input     in    = input_of(b);
    riv_bytes     data;
    for (double start = bench_now_us();
         runs < RUNS_MAX && (runs < 2 || bench_now_us() - start < (double)budget_ms * 1e3); runs++) {
        avm_output out    = { 0 };
        double     before = bench_now_us();
        riv_arena_reset(arena);
        if (avm_session_step(s, &in, arena, &fault, &out) || avm_session_data(s, &fault, &data)) exit(1);
        times[runs] = bench_now_us() - before;
    }
    avm_session_free(s);
    riv_arena_free(arena);
    bench_print_times(times + 1, runs - 1); /* the first one is the change */
}

static void time_signature(void)
{
    static double  times[SIGN_RUNS];
    crypto_secret  seed = { .bytes = { 1 } };
    crypto_keypair pair;
    uint8_t        message[64] = { 0 };
    crypto_keypair_of(&seed, &pair);
    for (size_t i = 0; i < SIGN_RUNS; i++) {
        double           start = bench_now_us();
        crypto_signature made  = crypto_sign(&pair, (riv_bytes){ message, sizeof message });
        times[i]               = bench_now_us() - start;
        message[0]             = made.bytes[0];
    }
    bench_print_times(times, SIGN_RUNS);
}

int main(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* as src/cli/main.c does */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    if (crypto_init(NULL)) return 2;
    bench_list    list = { 0 };
    bench_command c;
    while (bench_next(&list, &c)) {
        if (riv_str_eq(c.name, RIV_LIT("load")))
            printf("{\"count\":%zu}\n", list.count);
        else if (riv_str_eq(c.name, RIV_LIT("time")))
            time_invoke(c.invoke, c.number);
        else if (riv_str_eq(c.name, RIV_LIT("answer")))
            answer(c.invoke);
        else if (riv_str_eq(c.name, RIV_LIT("peak")))
            peak(c.invoke);
        else if (riv_str_eq(c.name, RIV_LIT("end")))
            end_by_runs(c.invoke);
        else if (riv_str_eq(c.name, RIV_LIT("session")))
            end_by_session(c.invoke, c.number);
        else if (riv_str_eq(c.name, RIV_LIT("same")))
            same_again(c.invoke, c.number);
        else if (riv_str_eq(c.name, RIV_LIT("sign")))
            time_signature();
        else
            printf("{\"error\":\"unknown command\"}\n");
        fflush(stdout);
    }
    bench_list_free(&list);
    return 0;
}
