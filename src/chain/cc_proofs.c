/* cc_proofs.c: proofs of capacity: taken, verified by slices at the start of each block, counted in the epoch in which they were given.
 * What a transaction gives is checked at once but for its hash; that waits in a queue (mocked: it does not). An epoch is settled when nothing of it
 * waits any more; until then it is the one that commitments and units are looked at in, so nothing is slashed or paid before all proofs of it counted.
 * Keys: 'm' commitment unit epoch: verified count, nonces given; 'r' 0 epoch: its proofs; 'r' 2: the nonce; 'r' 6: the last epoch that the difficulty
 * followed. ('r' 3 is capacity.c's.)
 * Spec: docs/spec/market.md 6.3, 8, docs/spec/chain.md 2.4. Tests: capacity_test.c, cc_proofs_test.c, proofs_late_test.c. */
#include "chain/capacity.h"

#include "chain/market.h"

enum { PART_EPOCH, PART_NONCE = 2, PART_ADJUSTED = 6, HASH = 32 };

static chain__key part_key(char part) { return chain__sub_key('r', part); }
static chain__key numbered_key(char part, uint64_t n) { return chain__key_with_u64(part_key(part), n); }

static void put_32(riv_buf *out, const uint8_t bytes[HASH]) { riv_put_bytes(out, (riv_bytes){ bytes, HASH }); }

/* ---- what an epoch had ---- */

void chain__epoch_proofs_get(chain__call *c, uint64_t epoch, chain__epoch_proofs *out)
{
    chain__key key = numbered_key(PART_EPOCH, epoch);
    riv_bytes  value;
    chain__get(c, &key, &value);
    riv_reader r       = riv_reader_of(value);
    out->min_proofs    = riv_read_u64be(&r);
    out->total_success = riv_read_u64be(&r);
    out->proofs        = riv_read_u64be(&r);
    out->provers       = riv_read_u64be(&r);
}

static void epoch_proofs_put(chain__call *c, uint64_t epoch, const chain__epoch_proofs *v)
{
    chain__key key = numbered_key(PART_EPOCH, epoch);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_u64be(&out, v->min_proofs);
    riv_put_u64be(&out, v->total_success);
    riv_put_u64be(&out, v->proofs);
    riv_put_u64be(&out, v->provers);
    chain__put(c, &key, riv_buf_view(&out));
}

/* ---- what a unit gave in an epoch: how many were verified, and all nonces. They are bounded by the most that count ---- */

typedef struct given {
    uint64_t  verified;
    riv_bytes nonces;
} given;

static chain__key given_key(const chain__id *cc, const chain__id *unit, uint64_t epoch)
{
    chain__key key = chain__key_with(chain__key_of('m'), (riv_bytes){ cc->bytes, sizeof cc->bytes });
    return chain__key_with_u64(chain__key_with(key, (riv_bytes){ unit->bytes, sizeof unit->bytes }), epoch);
}

static given given_get(chain__call *c, const chain__id *cc, const chain__id *unit, uint64_t epoch)
{
    chain__key key = given_key(cc, unit, epoch);
    riv_bytes  value;
    chain__get(c, &key, &value);
    riv_reader r        = riv_reader_of(value);
    uint64_t   verified = riv_read_u64be(&r);
    return (given){ verified, riv_read_bytes(&r, riv_reader_left(&r)) };
}

/* nonce: one more; NULL: none. */
static void given_put(chain__call *c, const chain__id *cc, const chain__id *unit, uint64_t epoch, const given *g,
                      const uint8_t *nonce)
{
    chain__key key = given_key(cc, unit, epoch);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_u64be(&out, g->verified);
    riv_put_bytes(&out, g->nonces);
    if (nonce) put_32(&out, nonce);
    chain__put(c, &key, riv_buf_view(&out));
}

static bool has_nonce(const given *g, const uint8_t nonce[HASH])
{
    for (size_t at = 0; at < g->nonces.len; at += HASH)
        if (memcmp(g->nonces.ptr + at, nonce, HASH) == 0) return true;
    return false;
}

uint64_t chain__unit_proofs(chain__call *c, const chain__cc *cc, const chain__id *unit, uint64_t epoch)
{
    return given_get(c, &cc->id, unit, epoch).verified;
}

void chain__unit_proofs_forget(chain__call *c, const chain__cc *cc, const chain__id *unit, uint64_t epoch)
{
    chain__key key = given_key(&cc->id, unit, epoch);
    chain__put(c, &key, (riv_bytes){ 0 });
}

/* ---- what waits ---- */

uint64_t chain__proofs_waiting(chain__call *c) { return c->params->proofs_mocked ? 0 : chain__queue_count(c); }

riv_err chain_proofs_waiting(const chain_store *store, riv_fault *fault, uint64_t *out)
{
    chain_head head;
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = chain_head_read(store, UINT64_MAX, arena, fault, &head);
    if (!err) {
        chain__logs   none = { 0 };
        chain__meter  free = { .gas_left = UINT64_MAX };
        chain__state *s    = chain__state_new(store, head.height, arena);
        chain__call   c    = chain__context(NULL, s, &head, head.height, head.time_s, arena, &none, &free);
        *out               = chain__proofs_waiting(&c);
    }
    riv_arena_free(arena);
    return err;
}

uint64_t chain__proofs_epoch(chain__call *c)
{
    return c->params->proofs_mocked ? c->epoch : RIV_MIN(chain__queue_epoch(c), c->epoch);
}

/* ---- the nonce of an epoch ---- */

typedef struct nonce {
    uint8_t  now[HASH], next[HASH];
    uint64_t epoch;
} nonce;

static nonce nonce_get(chain__call *c)
{
    chain__key key = part_key(PART_NONCE);
    riv_bytes  value;
    nonce      out = { .epoch = 1 };
    memcpy(out.now, c->params->init_global_nonce, HASH);
    if (!chain__get(c, &key, &value)) return out;
    riv_reader r = riv_reader_of(value);
    chain__read_into(&r, out.now, sizeof out.now);
    chain__read_into(&r, out.next, sizeof out.next);
    out.epoch = riv_read_u64be(&r);
    return out;
}

static void nonce_put(chain__call *c, const nonce *n)
{
    chain__key key = part_key(PART_NONCE);
    riv_buf    out = riv_buf_in(c->arena);
    put_32(&out, n->now);
    put_32(&out, n->next);
    riv_put_u64be(&out, n->epoch);
    chain__put(c, &key, riv_buf_view(&out));
}

/* SPEC market.md 6.3: Q11: the original takes what the last proof made of it, from zero on; ours the beacon of the epoch's first block. */
static bool nonce_advance(chain__call *c, nonce *n)
{
    if (n->epoch == c->epoch) return false;
    n->epoch = c->epoch;
    if (!chain__fixed(c)) {
        memcpy(n->now, n->next, HASH);
        return true;
    }
    riv_buf bytes = riv_buf_in(c->arena);
    put_32(&bytes, n->now);
    put_32(&bytes, c->beacon.bytes);
    riv_put_u64be(&bytes, c->epoch);
    crypto_hash hash = crypto_keccak256(riv_buf_view(&bytes));
    memcpy(n->now, hash.bytes, HASH);
    return true;
}

static void nonce_touch(chain__call *c, nonce *n, const eth_value *unit, const eth_value *local,
                        const eth_value *result)
{
    riv_buf bytes = riv_buf_in(c->arena);
    put_32(&bytes, n->now);
    put_32(&bytes, c->parent_hash.bytes);
    u256_to_be(unit->word, riv_buf_raw(&bytes, HASH));
    u256_to_be(local->word, riv_buf_raw(&bytes, HASH));
    u256_to_be(result->word, riv_buf_raw(&bytes, HASH));
    crypto_hash hash = crypto_keccak256(riv_buf_view(&bytes));
    memcpy(n->next, hash.bytes, HASH);
}

/* ---- counting ---- */

/* A proof of the unit in this epoch, which is the one behind the commitment's snapshot. */
static void count_proof(chain__call *c, chain__cc *cc, const chain__id *unit, uint64_t epoch)
{
    given               g = given_get(c, &cc->id, unit, epoch);
    chain__epoch_proofs e;
    chain__epoch_proofs_get(c, epoch, &e);
    g.verified++;
    e.proofs++;
    if (g.verified == 1) e.provers++;
    if (g.verified == e.min_proofs) {
        cc->progress.successes++;
        chain__cc_put(c, cc);
        e.total_success += g.verified;
    } else if (g.verified > e.min_proofs) {
        e.total_success++;
    }
    given_put(c, &cc->id, unit, epoch, &g, NULL);
    epoch_proofs_put(c, epoch, &e);
}

/* ---- submitting ---- */

typedef struct submitting {
    chain__constants k;
    nonce            nonce;
    uint8_t          difficulty[HASH];
    chain__id        unit; /* of the proof before this one; zero for the first */
} submitting;

static riv_err check_unit(chain__call *c, const chain__id *unit_id, chain__cc *cc)
{
    chain__unit          unit;
    chain__peer          peer;
    chain__cc_status     status;
    chain__unit_progress u;
    RIV_TRY(chain__unit_and_peer(c, unit_id, &unit, &peer));
    if (!eth_address_eq(&peer.owner, &c->sender)) return chain__revert(c, "Only compute peer owner can submit proof");
    if (chain__id_is_zero(&peer.commitment)) return chain__revert(c, "Compute unit doesn't have commitment");
    chain__cc_get(c, &peer.commitment, cc);
    if (c->epoch < cc->start_epoch) return chain__revert(c, "Capacity commitment is not started");
    RIV_TRY(chain__cc_commit(c, cc, peer.units_count, &status));
    if (status != CHAIN__CC_ACTIVE) {
        eth_value v = eth_word(status);
        return chain__revert_custom(c, CHAIN__ERROR_NOT_ACTIVE, &v);
    }
    chain__cc_unit_get(c, cc, unit_id, &u);
    if (u.inactive && chain__fixed(c)) return chain__revert(c, "Compute unit is in deal"); /* SPEC market.md 6.3: Q10 */
    return chain__cc_commit_unit(c, cc, unit_id, &u);
}

/* The nonces of a unit and epoch are those under one K: it changes with the epoch. */
static riv_err take_nonce(chain__call *c, const submitting *s, const chain__cc *cc, const chain__id *unit,
                          const proof_nonce *local)
{
    given               g = given_get(c, &cc->id, unit, c->epoch);
    chain__epoch_proofs e;
    if (g.nonces.len / HASH >= s->k.max_proofs_per_epoch)
        return chain__revert_custom(c, CHAIN__ERROR_TOO_MANY_PROOFS, NULL);
    if (has_nonce(&g, local->bytes)) return chain__revert(c, "Proof is already submitted for this unit");
    given_put(c, &cc->id, unit, c->epoch, &g, local->bytes);
    chain__epoch_proofs_get(c, c->epoch, &e);
    if (e.min_proofs != 0) return RIV_OK;
    e.min_proofs = s->k.min_proofs_per_epoch; /* the first proof of all decides for the epoch */
    epoch_proofs_put(c, c->epoch, &e);
    return RIV_OK;
}

/* It is paid for here what a block will cost to verify it. Whether others of the unit wait still when this runs, nobody knows who asks beforehand what it
 * costs (eth_estimateGas): so a key is paid for by each call, and by each change of the unit in it. */
static riv_err wait_in_queue(chain__call *c, submitting *s, const chain__waiting *w)
{
    uint64_t gas = CHAIN__GAS_PROOF + (chain__id_eq(&s->unit, &w->unit) ? 0 : CHAIN__GAS_PROOF_KEY);
    s->unit      = w->unit;
    if (!chain__charge(c->meter, gas)) return RIV_E_LIMIT;
    if (!proof_meets(&w->claimed, s->difficulty)) return chain__revert(c, "Proof is bigger than difficulty");
    return chain__queue_add(c, w) ? RIV_OK : chain__revert(c, "Too many proofs wait to be verified");
}

static riv_err submit_one(chain__call *c, submitting *s, const eth_value *unit, const eth_value *local,
                          const eth_value *result)
{
    chain__cc      cc;
    chain__waiting w = { .unit = chain__to_id(unit), .epoch = c->epoch };
    RIV_TRY(check_unit(c, &w.unit, &cc));
    nonce_touch(c, &s->nonce, unit, local, result);
    w.cc       = cc.id;
    w.provider = chain__peer_provider(c, &cc.peer);
    w.key      = proof_key_of(s->nonce.now, w.unit.bytes);
    u256_to_be(local->word, w.nonce.bytes);
    u256_to_be(result->word, w.claimed.bytes);
    RIV_TRY(take_nonce(c, s, &cc, &w.unit, &w.nonce));
    if (c->params->proofs_mocked)
        count_proof(c, &cc, &w.unit, c->epoch);
    else
        RIV_TRY(wait_in_queue(c, s, &w));
    chain__cc_emit_stats(c, &cc);
    const eth_value told[] = { chain__of_id(&cc.id), *unit, *local };
    chain__emit(c, CHAIN__EVENT_PROOF, told);
    return RIV_OK;
}

/* The original's mock, which scenarios have: every hash is the difficulty of genesis. */
static riv_err check_mocked(chain__call *c, const submitting *s, const eth_value *results)
{
    crypto_hash hash;
    if (!c->params->proofs_mocked) return RIV_OK;
    memcpy(hash.bytes, c->params->difficulty, HASH);
    for (size_t i = 0; i < results->items_count; i++) {
        uint8_t claimed[HASH];
        u256_to_be(results->items[i].word, claimed);
        if (memcmp(claimed, hash.bytes, HASH) != 0) return chain__revert(c, "Proof is not valid");
        if (!proof_meets(&hash, s->difficulty)) return chain__revert(c, "Proof is bigger than difficulty");
    }
    return RIV_OK;
}

static riv_err submit(chain__call *c, const eth_value *units, const eth_value *locals, const eth_value *results)
{
    submitting s = { .difficulty = { 0 } };
    if (units->items_count == 0) return chain__revert(c, "No proofs given");
    if (units->items_count != locals->items_count) return chain__revert(c, "Invalid local nonces number");
    if (units->items_count != results->items_count) return chain__revert(c, "Invalid result hashes number");
    chain__constants_of(c, &s.k);
    chain__difficulty(c, s.difficulty);
    s.nonce = nonce_get(c);
    nonce_advance(c, &s.nonce);
    for (size_t i = 0; i < units->items_count; i++)
        RIV_TRY(submit_one(c, &s, &units->items[i], &locals->items[i], &results->items[i]));
    nonce_put(c, &s.nonce);
    return check_mocked(c, &s, results);
}

riv_err chain__run_submit_proofs(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    return submit(c, &args[0], &args[1], &args[2]);
}

riv_err chain__run_submit_proof(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_value unit = eth_list(&args[0], 1), local = eth_list(&args[1], 1), result = eth_list(&args[2], 1);
    (void)out;
    return submit(c, &unit, &local, &result);
}

/* ---- verifying: at the start of a block ---- */

/* With what is known now the proof counts in its epoch, when its commitment still works and the unit still proves. */
static riv_err count_verified(chain__call *c, const chain__waiting *w)
{
    chain__cc            cc;
    chain__peer          peer;
    chain__cc_status     status;
    chain__unit_progress u;
    if (!chain__cc_get(c, &w->cc, &cc) || !chain__peer_get(c, &cc.peer, &peer)) return RIV_E_DENIED;
    RIV_TRY(chain__cc_commit(c, &cc, peer.units_count, &status));
    if (status != CHAIN__CC_ACTIVE) return RIV_E_DENIED;
    chain__cc_unit_get(c, &cc, &w->unit, &u);
    if (u.inactive && chain__fixed(c))
        return RIV_E_DENIED; /* it serves a deal since: it owes no proofs, and gets nothing for them */
    RIV_TRY(chain__cc_commit_unit(c, &cc, &w->unit, &u));
    count_proof(c, &cc, &w->unit, w->epoch);
    return RIV_OK;
}

static void tell_verified(chain__call *c, const chain__waiting *w, bool confirmed)
{
    chain__cc cc;
    chain__cc_get(c, &w->cc, &cc);
    const eth_value unit = chain__of_id(&w->unit), yes = eth_word(confirmed);
    const eth_value told[] = { chain__of_id(&cc.peer), eth_list(&unit, 1), eth_list(&yes, 1) };
    chain__emit(c, CHAIN__EVENT_PROOFS, told);
}

static riv_err verify_one(chain__call *c, const chain__hasher *hasher, const chain__waiting *w, riv_fault *fault)
{
    crypto_hash hash;
    RIV_TRY(hasher->hash(hasher->ctx, &w->key, &w->nonce, fault, &hash));
    bool   confirmed = memcmp(hash.bytes, w->claimed.bytes, HASH) == 0;
    size_t mark = chain__state_mark(c->state), logs = c->logs->len;
    if (confirmed && count_verified(c, w)) { /* nothing of it stays */
        chain__state_back(c->state, mark);
        c->logs->len = logs;
        confirmed    = false;
    }
    tell_verified(c, w, confirmed);
    return RIV_OK;
}

/* The first that wait, as many as a block may cost; which keys are cached here does not matter for how many. */
static riv_err verify_slice(chain__call *c, const chain__hasher *hasher, riv_fault *fault)
{
    chain__waiting w;
    proof_key      last = { { 0 } };
    for (unsigned work = 0; chain__proofs_waiting(c) && chain__queue_first(c, &w);) {
        bool same = work && memcmp(w.key.bytes, last.bytes, HASH) == 0;
        work += same ? 1u : 1u + CHAIN__PROOF_WORK_KEY;
        if (work > CHAIN__PROOF_WORK_A_BLOCK) break;
        last = w.key;
        RIV_TRY(verify_one(c, hasher, &w, fault)); /* while it stands there its epoch is the one that counts */
        chain__queue_take(c, &w);
    }
    return RIV_OK;
}

static void follow_rate(chain__call *c)
{
    chain__key          key     = part_key(PART_ADJUSTED);
    uint64_t            settled = chain__proofs_epoch(c) - 1;
    chain__epoch_proofs e;
    if (settled <= chain__get_u64(c, &key)) return;
    chain__put_u64(c, &key, settled);
    chain__epoch_proofs_get(c, settled, &e);
    if (e.provers || chain__proofs_owed(c, settled)) chain__difficulty_adjust(c, e.proofs, e.provers);
}

riv_err chain__proofs_begin_with(chain__call *c, const chain__hasher *hasher, riv_fault *fault)
{
    nonce n = nonce_get(c);
    if (chain__fixed(c) && nonce_advance(c, &n)) nonce_put(c, &n);
    RIV_TRY(verify_slice(c, hasher, fault));
    if (chain__fixed(c) && !c->params->proofs_mocked) follow_rate(c);
    return RIV_OK;
}

static riv_err hash_randomx(void *ctx, const proof_key *key, const proof_nonce *local, riv_fault *fault,
                            crypto_hash *out)
{
    return proof_hash(ctx, key, local, fault, out);
}

riv_err chain__proofs_begin(chain__call *c, proof *verifier, riv_fault *fault)
{
    proof        *own    = !verifier && chain__proofs_waiting(c) ? proof_new(1) : NULL;
    chain__hasher hasher = { own ? own : verifier, hash_randomx };
    riv_err       err    = chain__proofs_begin_with(c, &hasher, fault);
    proof_free(own);
    return err;
}

/* ---- views ---- */

riv_err chain__run_global_nonce(chain__call *c, const eth_value *args, eth_value *out)
{
    nonce n = nonce_get(c);
    (void)args;
    nonce_advance(c, &n);
    out[0] = eth_of_hash(n.now);
    return RIV_OK;
}

riv_err chain__run_proofs_waiting(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    out[0] = eth_word(chain__proofs_waiting(c));
    out[1] = eth_word(chain__proofs_epoch(c) - 1);
    return RIV_OK;
}

riv_err chain__run_proofs_of(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__id   unit_id = chain__to_id(&args[0]);
    chain__unit unit;
    chain__peer peer;
    uint64_t    epoch;
    RIV_TRY(chain__unit_and_peer(c, &unit_id, &unit, &peer));
    if (!u256_u64(args[1].word, &epoch)) epoch = UINT64_MAX;
    given g = given_get(c, &peer.commitment, &unit_id, epoch);
    out[0]  = eth_word(g.nonces.len / HASH);
    out[1]  = eth_word(g.verified);
    return RIV_OK;
}
