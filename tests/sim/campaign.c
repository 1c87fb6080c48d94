/* campaign.c: the hello program in many small networks, each drawn from its seed: client -> relay -> a wasm service on two peers -> back.
 * Odd requests run examples/hello/hello.aqua, which asks the relay who is near; even ones an AIR script that is told the peers.
 * Every request must end with the right answer or with an error that says why; the world's own checkers watch each step.
 *   sim_campaign [COUNT [FIRST]]   counts by outcome; exit code 1 and the seed when one fails
 *   sim_campaign show SEED         the events of one seed
 * Spec: docs/sim.md. */
#include "aqua/aqua.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    RELAY          = 0,
    PEER_A         = 1,
    PEER_B         = 2,
    CLIENT         = 3,
    NODES          = 4,
    REQUESTS       = 4,
    TTL_MS         = 10000,
    FILE_BYTES_MAX = 8 << 20
};

typedef enum weather { CALM, WIRE, CRASHES, STORM, HURRICANE, WEATHERS } weather;
static const char *const weather_names[WEATHERS] = { "calm", "wire", "crashes", "storm", "hurricane" };

/* clang-format off */
static const sim_faults faults_of[WEATHERS] = {
    [CALM]      = { 0 },
    [WIRE]      = { .drop_link = 10000, .split = 200000, .stall = 50000,  .duplicate = 20000, .dial_fail = 100000, .stall_ms = 400, .until_ms = 8000 },
    [CRASHES]   = { .crash = 8000,      .split = 50000,  .restart_ms = 300, .until_ms = 8000 },
    [STORM]     = { .drop_link = 10000, .split = 100000, .stall = 50000,  .duplicate = 20000, .crash = 4000, .dial_fail = 100000,
                    .job_fail = 100000, .stall_ms = 400, .restart_ms = 500, .until_ms = 10000 },
    [HURRICANE] = { .drop_link = 40000, .split = 300000, .stall = 200000, .duplicate = 60000, .crash = 12000, .dial_fail = 200000,
                    .job_fail = 200000, .stall_ms = 1000, .restart_ms = 1000, .until_ms = 12000 },
};
/* clang-format on */

typedef struct campaign {
    riv_arena      *arena;
    riv_str         air, hello;
    marine_engine  *engine;
    marine_module  *module;
    marine_service *service;
    const riv_log  *log;
    size_t          outcomes[WEATHERS][5], silent;
    sim_counts      drawn;
    uint64_t        steps;
} campaign;

static void show(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count)
{
    (void)ctx;
    (void)level;
    printf("%-20s", event);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].kind == RIV_LOG_KIND_STR)
            printf(" %s=" RIV_FMT, fields[i].key, RIV_ARG(fields[i].str));
        else
            printf(" %s=%lld", fields[i].key, (long long)fields[i].u64);
    }
    printf("\n");
}

/* ---- set-up ---- */

static riv_bytes read_file(riv_arena *a, const char *path)
{
    uint8_t *bytes = riv_new(a, uint8_t, FILE_BYTES_MAX);
    FILE    *f     = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    size_t len = fread(bytes, 1, FILE_BYTES_MAX, f);
    fclose(f);
    return (riv_bytes){ bytes, len };
}

static void must(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    fprintf(stderr, "%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

static void load_service(campaign *c)
{
    riv_fault fault = { 0 };
    riv_buf   wasm  = riv_buf_in(c->arena);
    must(marine_engine_new(&fault, &c->engine), &fault);
    must(marine_embed(read_file(c->arena, SIM_WASM), &fault, &wasm), &fault);
    must(marine_module_new(c->engine, riv_buf_view(&wasm), &fault, &c->module), &fault);
    marine_module_config  modules[] = { { .name = RIV_LIT("greeting"), .module = c->module } };
    marine_service_config config    = { .modules = modules, .modules_count = 1 };
    must(marine_service_new(c->engine, &config, &fault, &c->service), &fault);
}

static void compile_hello(campaign *c)
{
    riv_fault   fault = { 0 };
    aqua_output out   = { 0 };
    aqua_input  in    = { .path    = RIV_LIT("hello.aqua"),
                          .source  = riv_bytes_str(read_file(c->arena, SIM_AQUA)),
                          .options = { .no_empty_response = true } };
    must(aqua_compile(&in, c->arena, &fault, &out), &fault);
    if (!out.accepted || out.funcs_count != 1) {
        fprintf(stderr, "%s does not compile: " RIV_FMT "\n", SIM_AQUA,
                RIV_ARG(out.errors.count ? out.errors.items[0].text : RIV_LIT("no function")));
        exit(1);
    }
    c->hello = out.funcs[0].air_text;
}

static sim_world *make_world(const campaign *c, uint64_t seed, const work_env *env)
{
    static const size_t       before[]     = { 0, 1 };
    static const node_service services[]   = { { .id = RIV_LIT_INIT("greeting") } };
    const sim_node            nodes[NODES] = {
                   [RELAY]  = { .name = RIV_LIT("relay"), .listens = true },
                   [PEER_A] = { .name           = RIV_LIT("a"),
                                .listens        = true,
                                .peers          = before,
                                .peers_count    = 1,
                                .services       = services,
                                .services_count = 1,
                                .env            = env },
                   [PEER_B] = { .name           = RIV_LIT("b"),
                                .listens        = true,
                                .peers          = before,
                                .peers_count    = 2,
                                .services       = services,
                                .services_count = 1,
                                .env            = env },
                   [CLIENT] = { .name = RIV_LIT("client"), .peers = before, .peers_count = 1 },
    };
    riv_fault  fault  = { 0 };
    size_t     at     = 0;
    sim_config config = { .seed           = seed,
                          .latency_ms_min = 1,
                          .latency_ms_max = 40,
                          .job_ms_min     = 0,
                          .job_ms_max     = 20,
                          .faults         = faults_of[seed % WEATHERS],
                          .log            = c->log };
    sim_world *w      = sim_world_new(&config);
    for (size_t i = 0; i < NODES; i++) must(sim_world_add(w, &nodes[i], &fault, &at), &fault);
    return w;
}

static void ask(const campaign *c, sim_world *w, uint64_t number, riv_arena *a)
{
    riv_json_list peers = { 0 };
    for (size_t i = PEER_A; i <= PEER_B; i++) {
        codec_peer peer = sim_world_peer(w, i);
        riv_json_add(a, &peers, riv_json_str(a, codec_peer_text(a, &peer)));
    }
    node_run run = { .request   = number,
                     .script    = number % 2 ? c->hello : c->air,
                     .ttl_ms    = TTL_MS,
                     .has_relay = true,
                     .relay     = sim_world_peer(w, RELAY) };
    run.values   = riv_json_object(a, "name", riv_json_str(a, riv_format(a, "world %d", (int)number)), "peers",
                                   riv_json_arr(a, peers.ptr, peers.len), NULL);
    sim_world_request(w, CLIENT, &run);
}

/* ---- judging ---- */

/* Nothing but the two greetings, each once. */
static bool right_answer(const sim_reply *r, riv_arena *a)
{
    riv_str want = riv_format(a, "[[\"Hi, world %d\",\"Hi, world %d\"]]", (int)r->request, (int)r->request);
    return riv_str_eq(riv_json_text(r->json, a), want);
}

static bool reasoned(const sim_reply *r)
{
    const riv_json *text = riv_json_get(r->json, RIV_LIT("message"));
    if (r->kind == NODE_REPLY_ERROR) text = riv_json_get(riv_json_at(r->json, 0), RIV_LIT("message"));
    return text && text->kind == RIV_JSON_STR && text->str.len > 10;
}

static bool good_reply(const sim_reply *r, riv_arena *a)
{
    return r->kind == NODE_REPLY_RESPONSE ? right_answer(r, a) : reasoned(r);
}

/* Every request has a reply; every reply is good; in calm weather each is the answer, and it is the only one. */
static bool judge(campaign *c, sim_world *w, uint64_t seed, riv_arena *a)
{
    const sim_reply *replies;
    size_t           count = sim_world_replies(w, &replies), asked = 0;
    weather          sky  = (weather)(seed % WEATHERS);
    uint64_t         seen = 0;
    for (size_t i = 0; i < count; i++) {
        bool answer = replies[i].kind == NODE_REPLY_RESPONSE;
        if (!(seen >> replies[i].request & 1)) c->outcomes[sky][replies[i].kind]++, asked++;
        seen |= UINT64_C(1) << replies[i].request;
        if (good_reply(&replies[i], a) && (answer || sky != CALM)) continue;
        printf("seed %llu: request %llu got a bad reply of kind %d: " RIV_FMT "\n", (unsigned long long)seed,
               (unsigned long long)replies[i].request, (int)replies[i].kind,
               RIV_ARG(riv_json_text(replies[i].json, a)));
        return false;
    }
    if (asked == REQUESTS && (sky != CALM || count == REQUESTS)) return true;
    printf("seed %llu: %zu of %d requests got %zu replies\n", (unsigned long long)seed, asked, REQUESTS, count);
    return false;
}

static void add_counts(sim_counts *to, const sim_counts *from)
{
    to->links += from->links;
    to->links_dropped += from->links_dropped;
    to->splits += from->splits;
    to->stalls += from->stalls;
    to->duplicates += from->duplicates;
    to->crashes += from->crashes;
    to->dials_failed += from->dials_failed;
    to->jobs += from->jobs;
    to->jobs_failed += from->jobs_failed;
    to->checks += from->checks;
    to->orders += from->orders;
}

static bool run_seed(campaign *c, uint64_t seed)
{
    marine_service *const services[] = { c->service };
    const work_env        env        = { .services = services, .services_count = 1 };
    riv_fault             fault      = { 0 };
    riv_arena            *a          = riv_arena_new(0);
    sim_world            *w          = make_world(c, seed, &env);
    riv_err               err        = RIV_OK;
    for (uint64_t i = 0; i < REQUESTS && !err; i++) {
        err = sim_world_run(w, 600 * i, NULL, NULL, &fault); /* the first is asked before any link is up */
        ask(c, w, i, a);
    }
    if (!err) err = sim_world_run(w, 600 * REQUESTS + TTL_MS + 2000, NULL, NULL, &fault);
    if (err) printf("%s\n", fault.msg);
    bool       good  = !err && judge(c, w, seed, a);
    sim_counts drawn = sim_world_counts(w);
    add_counts(&c->drawn, &drawn);
    c->steps += sim_world_steps(w);
    sim_world_free(w);
    riv_arena_free(a);
    if (!good) printf("again: sim_campaign show %llu\n", (unsigned long long)seed);
    return good;
}

static void print_counts(const campaign *c, uint64_t seeds)
{
    const sim_counts *d = &c->drawn;
    printf("%llu networks, %llu steps. First reply to each request:\n", (unsigned long long)seeds,
           (unsigned long long)c->steps);
    printf("  %-10s %9s %9s %9s %9s\n", "", "answer", "error", "failed", "expired");
    for (size_t i = 0; i < WEATHERS; i++)
        printf("  %-10s %9zu %9zu %9zu %9zu\n", weather_names[i], c->outcomes[i][NODE_REPLY_RESPONSE],
               c->outcomes[i][NODE_REPLY_ERROR], c->outcomes[i][NODE_REPLY_FAILED], c->outcomes[i][NODE_REPLY_EXPIRED]);
    printf("  drawn: %llu links, %llu dropped, %llu dials failed, %llu splits, %llu stalls, %llu duplicates, %llu "
           "crashes, %llu jobs, %llu made to "
           "fail; %llu traces checked, %llu merges the other way round\n",
           (unsigned long long)d->links, (unsigned long long)d->links_dropped, (unsigned long long)d->dials_failed,
           (unsigned long long)d->splits, (unsigned long long)d->stalls, (unsigned long long)d->duplicates,
           (unsigned long long)d->crashes, (unsigned long long)d->jobs, (unsigned long long)d->jobs_failed,
           (unsigned long long)d->checks, (unsigned long long)d->orders);
}

/* How many of a thousand requests must be answered at least: a network that only gives reasons heals nothing. Well below what it does. */
static const size_t least[WEATHERS] = { [CALM] = 1000, [WIRE] = 750, [CRASHES] = 850, [STORM] = 450 };

static bool heals(const campaign *c, uint64_t seeds)
{
    bool good = true;
    for (size_t i = 0; i < WEATHERS && seeds >= 500; i++) {
        size_t all = 0;
        for (size_t k = 0; k < 5; k++) all += c->outcomes[i][k];
        if (c->outcomes[i][NODE_REPLY_RESPONSE] * 1000 >= all * least[i]) continue;
        printf("%s: fewer than %zu of 1000 requests are answered\n", weather_names[i], least[i]);
        good = false;
    }
    return good;
}

int main(int argc, char **argv)
{
    const riv_log log   = { show, NULL, RIV_LOG_DEBUG };
    bool          one   = argc == 3 && strcmp(argv[1], "show") == 0;
    uint64_t      count = one ? 1 : argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
    uint64_t      first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    riv_fault     fault = { 0 };
    campaign      c     = { .arena = riv_arena_new(0), .log = one ? &log : NULL };
    uint64_t      bad   = 0;
    must(crypto_init(&fault), &fault);
    c.air = riv_bytes_str(read_file(c.arena, SIM_AIR));
    compile_hello(&c);
    load_service(&c);
    for (uint64_t seed = first; seed < first + count; seed++) bad += !run_seed(&c, seed);
    print_counts(&c, count);
    bad += !heals(&c, count);
    if (bad) printf("%llu networks FAILED\n", (unsigned long long)bad);
    marine_service_free(c.service);
    marine_module_free(c.module);
    marine_engine_free(c.engine);
    riv_arena_free(c.arena);
    return bad ? 1 : 0;
}
