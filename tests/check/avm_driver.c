/* avm_driver.c: what the interpreter makes of files, as one hash a file, for determinism.sh: the same lines whatever built this.
 * Reads lines "KIND PATH": a scenario (in its own order, with sessions, and in drawn orders), a script or data of the fuzz corpora (as it is and
 * with changes drawn from a seed). Prints "HASH KIND NAME": of every output byte, code and message. */
#include "avm/testnet.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_BYTES_MAX = 4 << 20, ORDERS = 3, CHANGES = 12, STEPS_MAX = 20000, INVOKES_MAX = 20 };

/* A script with every kind of state, for data. */
#define EVERY_KIND                                                                                                     \
    "(seq (seq (par (call @B (\"s\" \"id\") [1] $s) (call @A (\"s\" \"id\") [2] $s)) (xor (call @A (\"s\" \"fail\") "  \
    "[] x) (ap 1 x))) (seq (seq (canon @A $s #cc) (fold $s i (par (seq (ap i $t) (call @A (\"s\" \"id\") [i] y)) "     \
    "(next i)) (null))) (seq (seq (ap (\"k\" 1) %m) (canon @A %m #%mm)) (fold #cc j (seq (call @B (\"s\" \"f\") [j "   \
    "#%mm.$.k #cc]) (next j))))))"

/* Of the room node, which is not compiled here: only Aqua scenarios have these services. */
bool node_plain_builtin(riv_str service, riv_str function, const riv_json *args, riv_arena *arena, int32_t *ret_code,
                        riv_str *result)
{
    (void)service, (void)function, (void)args, (void)arena, (void)ret_code, (void)result;
    return false;
}

static riv_bytes read_file(riv_arena *arena, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    uint8_t *bytes = riv_new(arena, uint8_t, FILE_BYTES_MAX);
    size_t   len   = fread(bytes, 1, FILE_BYTES_MAX, f);
    fclose(f);
    return (riv_bytes){ bytes, len };
}

static void put_fault(riv_buf *out, riv_err err, const riv_fault *fault)
{
    riv_putf(out, "%s %u %llu %s\n", riv_err_name(err), fault->code, (unsigned long long)fault->pos, fault->msg);
}

static void put_output(riv_buf *out, const avm_output *o)
{
    riv_putf(out, "%lld " RIV_FMT "\n", (long long)o->ret_code, RIV_ARG(o->error_message));
    riv_put_bytes(out, o->data);
    for (size_t i = 0; i < o->next_peers_count; i++) riv_putf(out, RIV_FMT " ", RIV_ARG(o->next_peers[i]));
    avm_put_call_requests(o, out);
}

/* ---- scenarios ---- */

static void play(riv_str text, const sim_scenario_options *options, riv_buf *out)
{
    riv_arena      *arena = riv_arena_new(0);
    riv_fault       fault = { 0 };
    const riv_json *doc;
    riv_err         err = sim_scenario_run(text, options, arena, &fault, &doc);
    if (err)
        put_fault(out, err, &fault);
    else
        riv_json_write(doc, out);
    riv_arena_free(arena);
}

static void do_scenario(riv_bytes file, riv_buf *out)
{
    riv_str text = riv_bytes_str(file);
    for (int version = AVM_0_64; version <= AVM_0_62; version++)
        for (int sessions = 0; sessions < 2; sessions++)
            play(text, &(sim_scenario_options){ .version = (avm_version)version, .sessions = sessions == 1 }, out);
    for (uint64_t seed = 1; seed <= ORDERS; seed++)
        play(text, &(sim_scenario_options){ .has_seed = true, .seed = seed, .sessions = seed == 1 }, out);
}

/* ---- corpora ---- */

/* The seed's change of a text: bytes replaced, or a piece moved. Seed 0 changes nothing. */
static riv_bytes changed(riv_arena *arena, riv_bytes in, uint64_t seed)
{
    if (!seed || !in.len) return in;
    riv_prng p    = riv_prng_seed(seed);
    riv_buf  copy = riv_buf_in(arena);
    size_t   at = (size_t)riv_prng_below(&p, in.len), from = (size_t)riv_prng_below(&p, in.len);
    size_t   len = (size_t)riv_prng_below(&p, 12);
    riv_put_bytes(&copy, riv_bytes_sub(in, 0, at));
    if (riv_prng_below(&p, 2)) riv_put_bytes(&copy, riv_bytes_sub(in, from, RIV_MIN(from + len, in.len)));
    riv_put_bytes(&copy, riv_bytes_sub(in, RIV_MIN(at + (size_t)riv_prng_below(&p, 3), in.len), in.len));
    if (copy.len && riv_prng_below(&p, 2))
        copy.ptr[riv_prng_below(&p, copy.len)] ^= (uint8_t)(1 + riv_prng_below(&p, 255));
    return riv_buf_view(&copy);
}

static void run_network(riv_bytes file, uint64_t seed, riv_buf *out)
{
    riv_arena *arena = riv_arena_new(256 << 20);
    riv_fault  fault = { 0 };
    riv_bytes  text  = changed(arena, file, seed);
    riv_prng   order = riv_prng_seed(seed);
    testnet    net;
    if (riv_utf8_valid(text, NULL) && !memchr(text.ptr, 0, text.len)) {
        testnet_init(&net, arena, riv_cstr(arena, riv_bytes_str(text)));
        net.order                  = &order;
        net.params.steps_max       = STEPS_MAX;
        net.params.arena_bytes_max = 16 << 20;
        riv_err err                = testnet_deliver(&net, 0, (riv_bytes){ 0 }, &fault);
        if (!err) err = testnet_settle(&net, INVOKES_MAX, &fault);
        if (err) put_fault(out, err, &fault);
        riv_put_bytes(out, riv_buf_view(&net.calls));
        for (int i = 0; i < TESTNET_PEERS; i++) put_output(out, &net.last[i]);
    }
    riv_arena_free(arena);
}

static void run_data(riv_bytes file, uint64_t seed, riv_buf *out)
{
    riv_arena *arena = riv_arena_new(256 << 20);
    riv_bytes  data  = changed(arena, file, seed);
    for (int way = 0; way < 3; way++) {
        riv_fault  fault = { 0 };
        testnet    net;
        avm_output o;
        testnet_init(&net, arena, EVERY_KIND);
        net.params.steps_max       = STEPS_MAX;
        net.params.arena_bytes_max = 32 << 20;
        if (way > 0) net.peer[0].data = data;
        riv_err err = testnet_invoke(&net, 0, way == 1 ? (riv_bytes){ 0 } : data, NULL, 0, &fault, &o);
        if (err)
            put_fault(out, err, &fault);
        else
            put_output(out, &o);
    }
    riv_arena_free(arena);
}

static void do_script(riv_bytes file, riv_buf *out)
{
    for (uint64_t seed = 0; seed <= CHANGES; seed++) run_network(file, seed, out);
}

static void do_data(riv_bytes file, riv_buf *out)
{
    for (uint64_t seed = 0; seed <= CHANGES; seed++) run_data(file, seed, out);
}

/* ---- */

static const struct {
    const char *kind;
    void (*run)(riv_bytes file, riv_buf *out);
} kinds[] = {
    { "scenario", do_scenario },
    { "script", do_script },
    { "data", do_data },
};

int main(void)
{
    riv_fault fault = { 0 };
    char      kind[16], path[1024];
    if (crypto_init(&fault)) return 2;
    while (scanf("%15s %1023s", kind, path) == 2) {
        riv_arena *arena = riv_arena_new(0);
        riv_buf    out   = riv_buf_in(arena);
        for (size_t i = 0; i < RIV_COUNT(kinds); i++)
            if (strcmp(kind, kinds[i].kind) == 0) kinds[i].run(read_file(arena, path), &out);
        crypto_hash hash = crypto_sha256(riv_buf_view(&out));
        const char *name = strrchr(path, '/');
        for (int i = 0; i < 12; i++) printf("%02x", hash.bytes[i]);
        printf(" %zu %s %s\n", out.len, kind, name ? name + 1 : path);
        riv_arena_free(arena);
    }
    return 0;
}
