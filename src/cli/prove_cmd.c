/* prove_cmd.c: rivulet provider prove: searches proofs of capacity for the units of committed peers with the cores it is given, shows the rate,
 * and submits what it finds, epoch after epoch. Spec: docs/spec/market.md 6.3, 8. Tests: tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/provider_file.h"
#include "proof/proof.h"

#include <stdatomic.h>
#include <unistd.h>

enum {
    SLICE_MS     = 2000, /* of search, after which the chain is asked whether the epoch is still the same */
    STEP_HASHES  = 8,
    FOUND_MAX    = 64, /* proofs of one unit and epoch */
    REFUSALS_MAX = 3,  /* of submissions in a row */
    FILL_PART    = 1 << 16,
};

typedef struct epoch { /* what proofs of this epoch must obey */
    uint64_t number, proofs_max;
    uint8_t  nonce[PROOF_BYTES], difficulty[PROOF_BYTES];
} epoch;
typedef struct unit {
    eth_value id;
    uint64_t  submitted;
} unit;
typedef struct prover {
    cli_chain    s;
    cli_provider file;
    RIV_VEC(unit) units;
    epoch          now;
    unsigned       cores;
    proof_dataset *dataset;
    proof_search  *searches[HOST_WORKERS_MAX];
    size_t         current; /* the unit whose key the dataset has; SIZE_MAX: none */
    /* one slice; every thread has its own row */
    atomic_uint_fast64_t filled;
    atomic_bool          enough;
    uint64_t             until_ns;
    proof_nonce          nonces[HOST_WORKERS_MAX];
    proof_found          found[HOST_WORKERS_MAX][FOUND_MAX];
    size_t               found_count[HOST_WORKERS_MAX];
    uint64_t             tried[HOST_WORKERS_MAX];
    uint64_t             sent, hashes, search_ns, refusals;
} prover;

/* ---- what is to be proven ---- */

/* As the next block will have it: SPEC market.md 6.3, an epoch's nonce comes with its first block, and there may be none yet. */
static bool read_epoch(prover *p, epoch *out)
{
    u256 nonce, difficulty;
    *out = (epoch){ 0 };
    if (!cli_ask_u64(&p->s, CLI_FN_EPOCH, NULL, NULL, &out->number) ||
        !cli_ask_number(&p->s, CLI_FN_NONCE, NULL, NULL, &nonce) ||
        !cli_ask_number(&p->s, CLI_FN_DIFFICULTY, NULL, NULL, &difficulty) ||
        !cli_ask_u64(&p->s, CLI_FN_MAX_PROOFS, NULL, NULL, &out->proofs_max))
        return false;
    u256_to_be(nonce, out->nonce);
    u256_to_be(difficulty, out->difficulty);
    out->proofs_max = RIV_MIN(out->proofs_max, (uint64_t)FOUND_MAX);
    return true;
}

static bool same_epoch(const epoch *a, const epoch *b)
{
    return a->number == b->number && !memcmp(a->nonce, b->nonce, PROOF_BYTES) &&
           !memcmp(a->difficulty, b->difficulty, PROOF_BYTES);
}

/* What was submitted for this epoch before: by another run of this command, or while the epoch was not known as such. A chain that cannot tell
 * refuses what is too much. */
static bool read_submitted(prover *p)
{
    riv_arena    *arena = p->s.c->arena;
    eth_value    *args  = riv_new(arena, eth_value, 2 * p->units.len);
    cli_question *q     = riv_new(arena, cli_question, p->units.len);
    for (size_t i = 0; i < p->units.len; i++) {
        args[2 * i]     = p->units.ptr[i].id;
        args[2 * i + 1] = eth_word(p->now.number);
        q[i]            = (cli_question){ .function = CLI_FN_PROOFS_OF, .args = &args[2 * i] };
    }
    if (!cli_ask_all(&p->s, q, p->units.len)) return false;
    for (size_t i = 0; i < p->units.len; i++)
        if (!q[i].reverts.len) p->units.ptr[i].submitted = cli_u64_of(&q[i].out[0]);
    return true;
}

/* Units of active commitments that are in no deal. */
static bool read_units(prover *p)
{
    cli_peer_state *peers = riv_new(p->s.c->arena, cli_peer_state, p->file.peers_count);
    p->units.len          = 0;
    if (!cli_peers_load(&p->s, &p->file, peers)) return false;
    for (size_t i = 0; i < p->file.peers_count; i++) {
        const cli_peer_state *peer = &peers[i];
        if (!peer->cc || cli_cc_status(peer->cc) != CLI_CC_ACTIVE) continue;
        for (size_t k = 0; k < peer->units_count; k++)
            if (!cli_unit_busy(&peer->units[k]))
                *riv_push(p->s.c->arena, &p->units) = (unit){ .id = *cli_unit_id_of(&peer->units[k]) };
    }
    return read_submitted(p);
}

/* ---- searching ---- */

static void fill_part(void *ctx, unsigned index)
{
    prover  *p   = ctx;
    uint64_t all = proof_dataset_items(p->dataset);
    (void)index;
    while (!cli_interrupted()) {
        uint64_t from = atomic_fetch_add(&p->filled, FILL_PART);
        if (from >= all) return;
        proof_dataset_fill(p->dataset, from, RIV_MIN((uint64_t)FILL_PART, all - from));
    }
}

static void search_part(void *ctx, unsigned index)
{
    prover *p = ctx;
    while (!atomic_load(&p->enough) && host_clock_ns() < p->until_ns && !cli_interrupted()) {
        uint64_t tried = 0;
        size_t   room  = FOUND_MAX - p->found_count[index];
        size_t   got   = proof_search_step(p->searches[index], &p->nonces[index], STEP_HASHES, p->now.difficulty,
                                           p->found[index] + p->found_count[index], room, &tried);
        p->found_count[index] += got;
        p->tried[index] += tried;
        if (got) atomic_store(&p->enough, true);
    }
}

/* Machines for the threads; the dataset has a key by then. */
static bool set_up(prover *p)
{
    riv_fault fault = { 0 };
    for (unsigned i = 0; i < p->cores && !p->searches[p->cores - 1]; i++) {
        if (proof_search_new(p->dataset, &fault, &p->searches[i])) {
            p->s.code = cli_fault(p->s.c, &fault);
            return false;
        }
        host_entropy(p->nonces[i].bytes,
                     sizeof p->nonces[i].bytes); /* SPEC market.md 8: the local nonce starts random */
    }
    return true;
}

/* The dataset gets the key of this unit. */
static bool turn_to(prover *p, size_t index)
{
    uint8_t id[PROOF_BYTES];
    if (p->current == index) return true;
    u256_to_be(p->units.ptr[index].id.word, id);
    proof_key key = proof_key_of(p->now.nonce, id);
    proof_dataset_begin(p->dataset, &key);
    atomic_store(&p->filled, 0);
    if (proof_dataset_items(p->dataset)) host_parallel(p->cores, fill_part, p);
    p->current = index;
    return set_up(p);
}

/* Until something is found or the slice is over. */
static bool search(prover *p, size_t index)
{
    if (!turn_to(p, index)) return false;
    atomic_store(&p->enough, false);
    memset(p->found_count, 0, sizeof p->found_count);
    memset(p->tried, 0, sizeof p->tried);
    uint64_t start = host_clock_ns();
    p->until_ns    = start + SLICE_MS * UINT64_C(1000000);
    host_parallel(p->cores, search_part, p);
    uint64_t took = host_clock_ns() - start;
    for (unsigned i = 0; i < p->cores; i++) p->hashes += p->tried[i];
    p->search_ns += took;
    if (isatty(2))
        fprintf(stderr, "\r\033[Kepoch %llu, unit %zu of %zu: %.1f hashes/s, %llu proofs submitted",
                (unsigned long long)p->now.number, index + 1, p->units.len,
                (double)p->hashes * 1e9 / (double)RIV_MAX(p->search_ns, UINT64_C(1)), (unsigned long long)p->sent);
    return true;
}

/* ---- submitting ---- */

static bool submit(prover *p, size_t index)
{
    cli       *c     = p->s.c;
    unit      *u     = &p->units.ptr[index];
    size_t     count = 0;
    eth_value *ids = riv_new(c->arena, eth_value, FOUND_MAX), *nonces = riv_new(c->arena, eth_value, FOUND_MAX),
              *hashes = riv_new(c->arena, eth_value, FOUND_MAX);
    for (unsigned i = 0; i < p->cores; i++)
        for (size_t k = 0; k < p->found_count[i] && u->submitted + count < p->now.proofs_max; k++) {
            ids[count]      = u->id;
            nonces[count]   = eth_of_hash(p->found[i][k].nonce.bytes);
            hashes[count++] = eth_of_hash(p->found[i][k].hash.bytes);
        }
    if (!count) return true;
    const eth_value args[] = { eth_list(ids, count), eth_list(nonces, count), eth_list(hashes, count) };
    cli_tx          tx     = { .function = CLI_FN_SUBMIT_PROOFS,
                               .args     = args,
                               .does     = riv_format(c->arena, "submit %zu proof%s of capacity for epoch %llu", count,
                                     count == 1 ? "" : "s", (unsigned long long)p->now.number) };
    if (isatty(2)) fprintf(stderr, "\r\033[K");
    if (cli_send(&p->s, &tx, NULL)) {
        p->s.agreed = true; /* once is enough: the rest is more of the same */
        u->submitted += count;
        p->sent += count;
        p->refusals = 0;
        return true;
    }
    /* the epoch may be over, or the unit rented: look again */
    if (p->s.code != CLI_FAILED || p->s.broke || ++p->refusals == REFUSALS_MAX) return false;
    p->current = SIZE_MAX;
    return read_units(p);
}

static bool new_epoch(prover *p, const epoch *next)
{
    p->now     = *next;
    p->current = SIZE_MAX;
    return read_units(p);
}

/* The unit that lacks most. */
static size_t next_unit(const prover *p)
{
    size_t best = SIZE_MAX;
    if (p->current != SIZE_MAX && p->units.ptr[p->current].submitted < p->now.proofs_max)
        return p->current; /* a new key costs time */
    for (size_t i = 0; i < p->units.len; i++)
        if (p->units.ptr[i].submitted < p->now.proofs_max &&
            (best == SIZE_MAX || p->units.ptr[i].submitted < p->units.ptr[best].submitted))
            best = i;
    return best;
}

static bool prove(prover *p, uint64_t epochs)
{
    epoch    next;
    uint64_t seen = 0;
    if (!read_epoch(p, &next) || !new_epoch(p, &next)) return false;
    if (!p->units.len)
        cli_note(p->s.c, "no unit has an active commitment in epoch %llu yet", (unsigned long long)next.number);
    while (!cli_interrupted()) {
        size_t index = next_unit(p);
        if (index == SIZE_MAX)
            host_sleep_ms(SLICE_MS / 4);
        else {
            if (!search(p, index)) return false;
            if (!cli_interrupted() && !submit(p, index)) return false;
        }
        if (cli_interrupted()) break;
        if (!read_epoch(p, &next)) return false;
        if (same_epoch(&p->now, &next)) continue;
        seen += next.number != p->now.number && p->units.len;
        if (epochs && seen >= epochs) break;
        if (!new_epoch(p, &next)) return false;
    }
    return true;
}

/* ---- the command ---- */

static int report(prover *p)
{
    cli *c = p->s.c;
    if (isatty(2)) fprintf(stderr, "\r\033[K");
    double rate = p->search_ns ? (double)p->hashes * 1e9 / (double)p->search_ns : 0;
    if (cli_has(c, "json"))
        return cli_chain_json(&p->s, riv_json_object(c->arena, "proofs", riv_json_u64(c->arena, p->sent), "hashes",
                                                     riv_json_u64(c->arena, p->hashes), "hashes_per_second",
                                                     riv_json_f64(c->arena, rate), NULL));
    printf("proofs submitted: %llu; %llu hashes at %.1f a second on %u core%s\n", (unsigned long long)p->sent,
           (unsigned long long)p->hashes, rate, p->cores, p->cores == 1 ? "" : "s");
    return CLI_OK;
}

int cli_cmd_provider_prove(cli *c)
{
    uint64_t  cores, epochs;
    riv_fault fault = { 0 };
    prover   *p     = riv_alloc(sizeof *p);
    int       code  = CLI_USAGE;
    if (!cli_number(c, "cores", 1, 1, HOST_WORKERS_MAX, &cores) ||
        !cli_number(c, "epochs", 0, 1, UINT32_MAX, &epochs) ||
        !cli_provider_load(c, cli_provider_path(c, 0), &p->file, &code)) {
        riv_free(p);
        return code;
    }
    p->cores  = (unsigned)cores;
    bool open = cli_market_open(c, true, &p->s);
    if (!open)
        code = p->s.code;
    else if (proof_dataset_new(!cli_has(c, "light"), &fault, &p->dataset))
        code = cli_fault(c, &fault);
    else {
        host_large_pages(proof_dataset_memory(p->dataset));
        code = prove(p, epochs) || cli_interrupted() ? report(p) : p->s.code;
    }
    for (unsigned i = 0; i < p->cores; i++) proof_search_free(p->searches[i]);
    proof_dataset_free(p->dataset);
    cli_market_close(&p->s);
    riv_free(p);
    return code;
}
