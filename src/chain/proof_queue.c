/* proof_queue.c: proofs of capacity that wait to be verified: older epochs first, then providers by turns, a unit's together (they share a key).
 * A provider's first unit of an epoch stands in round 0, its second in round 1: whoever comes later with few units does not wait for one with many.
 * Keys: 'q' 'n': how many wait, the next number, of how many providers, the oldest epoch; 'q' 'p' provider: its epoch, the next round, how many wait;
 * 'q' 'u' epoch unit: where its proofs stand; 'q' 'w' epoch round number index: a proof.
 * Spec: docs/spec/market.md 6.3, docs/spec/chain.md 2.4. Tests: proof_queue_test.c, proofs_late_test.c. */
#include "chain/market.h"

#include "chain/capacity.h"

enum { HASH = 32 };

/* ---- records ---- */

typedef struct whole {
    uint64_t waiting, numbers, providers, epoch;
} whole;
typedef struct line { /* of a provider; rounds: of its last epoch */
    uint64_t epoch, rounds, waiting;
} line;
typedef struct place { /* of a unit's proofs */
    uint64_t round, number, next, waiting;
} place;
enum { NUMBERS_MAX = 4 };

static void read_numbers(chain__call *c, const chain__key *key, uint64_t *const *numbers, size_t count)
{
    riv_bytes value;
    chain__get(c, key, &value);
    riv_reader r = riv_reader_of(value);
    for (size_t i = 0; i < count; i++) *numbers[i] = riv_read_u64be(&r);
}

/* All zero: nothing is kept. */
static void put_numbers(chain__call *c, const chain__key *key, uint64_t *const *numbers, size_t count)
{
    uint8_t  bytes[8 * NUMBERS_MAX];
    uint64_t any = 0;
    riv_buf  out = { .ptr = bytes, .cap = sizeof bytes };
    for (size_t i = 0; i < count; i++) {
        riv_put_u64be(&out, *numbers[i]);
        any |= *numbers[i];
    }
    chain__put(c, key, any ? riv_buf_view(&out) : (riv_bytes){ 0 });
}

static chain__key line_key(const eth_address *provider)
{
    return chain__key_with_address(chain__sub_key('q', 'p'), provider);
}

static chain__key place_key(uint64_t epoch, const chain__id *unit)
{
    return chain__key_with(chain__key_with_u64(chain__sub_key('q', 'u'), epoch), chain__id_view(unit));
}

#define WHOLE(w) ((uint64_t *const[]){ &(w)->waiting, &(w)->numbers, &(w)->providers, &(w)->epoch }), 4
#define LINE(l)  ((uint64_t *const[]){ &(l)->epoch, &(l)->rounds, &(l)->waiting }), 3
#define PLACE(p) ((uint64_t *const[]){ &(p)->round, &(p)->number, &(p)->next, &(p)->waiting }), 4

static whole whole_get(chain__call *c)
{
    whole      out;
    chain__key key = chain__sub_key('q', 'n');
    read_numbers(c, &key, WHOLE(&out));
    return out;
}

static void whole_put(chain__call *c, whole *w)
{
    chain__key key = chain__sub_key('q', 'n');
    put_numbers(c, &key, WHOLE(w));
}

/* ---- one that waits ---- */

static chain__key waiting_key(uint64_t epoch, const place *p)
{
    chain__key key = chain__key_with_u64(chain__key_with_u64(chain__sub_key('q', 'w'), epoch), p->round);
    return chain__key_with_u64(chain__key_with_u64(key, p->number), p->next);
}

static riv_bytes waiting_bytes(const chain__waiting *w, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_bytes(&out, (riv_bytes){ w->cc.bytes, HASH });
    riv_put_bytes(&out, (riv_bytes){ w->unit.bytes, HASH });
    riv_put_bytes(&out, chain__address_view(&w->provider));
    riv_put_u64be(&out, w->epoch);
    riv_put_bytes(&out, (riv_bytes){ w->key.bytes, HASH });
    riv_put_bytes(&out, (riv_bytes){ w->nonce.bytes, HASH });
    riv_put_bytes(&out, (riv_bytes){ w->claimed.bytes, HASH });
    return riv_buf_view(&out);
}

bool chain__queue_first(chain__call *c, chain__waiting *out)
{
    chain__key all = chain__sub_key('q', 'w');
    riv_bytes  key, value;
    if (!chain__next(c, &all, chain__key_view(&all), &key, &value)) return false;
    riv_reader r = riv_reader_of(value);
    RIV_ASSERT(key.len <= sizeof out->at.bytes);
    memcpy(out->at.bytes, key.ptr, key.len);
    out->at.len = key.len;
    chain__read_into(&r, out->cc.bytes, HASH);
    chain__read_into(&r, out->unit.bytes, HASH);
    out->provider = chain__read_address(&r);
    out->epoch    = riv_read_u64be(&r);
    chain__read_into(&r, out->key.bytes, HASH);
    chain__read_into(&r, out->nonce.bytes, HASH);
    chain__read_into(&r, out->claimed.bytes, HASH);
    return true;
}

/* ---- coming and going ---- */

uint64_t chain__queue_count(chain__call *c) { return whole_get(c).waiting; }

uint64_t chain__queue_epoch(chain__call *c)
{
    whole w = whole_get(c);
    return w.waiting ? w.epoch : UINT64_MAX;
}

/* One half is anybody's; of the other a provider has its part, so that nobody keeps the others out. */
static bool has_room(const whole *w, const line *l)
{
    uint64_t half = CHAIN__PROOFS_WAITING_MAX / 2, providers = w->providers + (l->waiting == 0);
    if (w->waiting >= CHAIN__PROOFS_WAITING_MAX) return false;
    return w->waiting < half || l->waiting < half / providers;
}

static void stand_behind(whole *w, line *l, uint64_t epoch, place *p)
{
    if (l->epoch != epoch) l->rounds = 0;
    l->epoch = epoch;
    *p       = (place){ .round = l->rounds++, .number = w->numbers++ };
}

bool chain__queue_add(chain__call *c, const chain__waiting *v)
{
    whole      w = whole_get(c);
    line       l;
    place      p;
    chain__key of_provider = line_key(&v->provider), of_unit = place_key(v->epoch, &v->unit);
    read_numbers(c, &of_provider, LINE(&l));
    read_numbers(c, &of_unit, PLACE(&p));
    if (!has_room(&w, &l)) return false;
    if (p.waiting == 0) stand_behind(&w, &l, v->epoch, &p);
    chain__key key = waiting_key(v->epoch, &p);
    chain__put(c, &key, waiting_bytes(v, c->arena));
    if (w.waiting == 0) w.epoch = v->epoch;
    if (l.waiting == 0) w.providers++;
    p.next++;
    p.waiting++;
    l.waiting++;
    w.waiting++;
    put_numbers(c, &of_unit, PLACE(&p));
    put_numbers(c, &of_provider, LINE(&l));
    whole_put(c, &w);
    return true;
}

void chain__queue_take(chain__call *c, const chain__waiting *v)
{
    whole          w = whole_get(c);
    line           l;
    place          p;
    chain__waiting next;
    chain__key     of_provider = line_key(&v->provider), of_unit = place_key(v->epoch, &v->unit);
    read_numbers(c, &of_provider, LINE(&l));
    read_numbers(c, &of_unit, PLACE(&p));
    chain__put(c, &v->at, (riv_bytes){ 0 });
    if (--p.waiting == 0) p = (place){ 0 }; /* one that comes now stands behind anew */
    if (--l.waiting == 0) w.providers--;
    if (--w.waiting && chain__queue_first(c, &next)) w.epoch = next.epoch;
    put_numbers(c, &of_unit, PLACE(&p));
    put_numbers(c, &of_provider, LINE(&l));
    whole_put(c, &w);
}
