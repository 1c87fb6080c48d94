/* cc.c: records of commitments, their units and their rewards, and how the snapshots' formulas are applied to them.
 * Keys: 'k' commitment: the record; 'l' commitment unit: the unit; 'v' commitment: its vesting.
 * Spec: docs/spec/market.md 6.2, 6.4, 6.6. Tests: capacity_test.c. */
#include "chain/market.h"

#include "chain/capacity.h"

static chain__key key_of(char table, const chain__id *id)
{
    return chain__key_with(chain__key_of(table), (riv_bytes){ id->bytes, sizeof id->bytes });
}

static chain__key unit_key(const chain__cc *cc, const chain__id *unit)
{
    return chain__key_with(key_of('l', &cc->id), (riv_bytes){ unit->bytes, sizeof unit->bytes });
}

/* ---- records ---- */

enum { NUMBERS = 13 };

static void numbers_of(chain__cc *cc, uint64_t *all[NUMBERS])
{
    uint64_t *const these[NUMBERS] = { &cc->duration,
                                       &cc->rate,
                                       &cc->start_epoch,
                                       &cc->exited,
                                       &cc->progress.active,
                                       &cc->progress.additional,
                                       &cc->progress.additional_from,
                                       &cc->progress.snapshot_epoch,
                                       &cc->progress.successes,
                                       &cc->progress.fails,
                                       &cc->progress.failed_epoch,
                                       &cc->progress.remaining,
                                       &cc->progress.filled };
    memcpy(all, these, sizeof these);
}

bool chain__cc_get(chain__call *c, const chain__id *id, chain__cc *out)
{
    chain__key key = key_of('k', id);
    riv_bytes  value;
    uint64_t  *numbers[NUMBERS];
    *out = (chain__cc){ .id = *id };
    if (!chain__get(c, &key, &value)) return false;
    riv_reader r = riv_reader_of(value);
    numbers_of(out, numbers);
    out->progress.status = (chain__cc_status)riv_read_u8(&r);
    chain__read_into(&r, out->peer.bytes, sizeof out->peer.bytes);
    out->provider            = chain__read_address(&r);
    out->delegator           = chain__read_address(&r);
    out->collateral_per_unit = u256_from_be(riv_read_bytes(&r, 32));
    out->slashed             = u256_from_be(riv_read_bytes(&r, 32));
    for (size_t i = 0; i < NUMBERS; i++) *numbers[i] = riv_read_u64be(&r);
    RIV_ASSERT(!r.short_read);
    return true;
}

void chain__cc_put(chain__call *c, const chain__cc *cc)
{
    chain__key key  = key_of('k', &cc->id);
    riv_buf    out  = riv_buf_in(c->arena);
    chain__cc  copy = *cc;
    uint64_t  *numbers[NUMBERS];
    numbers_of(&copy, numbers);
    riv_put_u8(&out, (uint8_t)cc->progress.status);
    riv_put_bytes(&out, (riv_bytes){ cc->peer.bytes, sizeof cc->peer.bytes });
    riv_put_bytes(&out, chain__address_view(&cc->provider));
    riv_put_bytes(&out, chain__address_view(&cc->delegator));
    u256_to_be(cc->collateral_per_unit, riv_buf_raw(&out, 32));
    u256_to_be(cc->slashed, riv_buf_raw(&out, 32));
    for (size_t i = 0; i < NUMBERS; i++) riv_put_u64be(&out, *numbers[i]);
    chain__put(c, &key, riv_buf_view(&out));
}

void chain__cc_forget(chain__call *c, const chain__id *id)
{
    chain__key key = key_of('k', id);
    chain__put(c, &key, (riv_bytes){ 0 });
}

void chain__cc_unit_get(chain__call *c, const chain__cc *cc, const chain__id *unit, chain__unit_progress *out)
{
    chain__key key = unit_key(cc, unit);
    riv_bytes  value;
    *out = (chain__unit_progress){ 0 };
    if (!chain__get(c, &key, &value)) return;
    riv_reader r     = riv_reader_of(value);
    uint8_t    flags = riv_read_u8(&r);
    out->inactive    = flags & 1;
    out->exited      = flags & 2;
    out->last_epoch  = riv_read_u64be(&r);
    out->slashed     = u256_from_be(riv_read_bytes(&r, 32));
    RIV_ASSERT(!r.short_read);
}

void chain__cc_unit_put(chain__call *c, const chain__cc *cc, const chain__id *unit, const chain__unit_progress *v)
{
    chain__key key = unit_key(cc, unit);
    riv_buf    out = riv_buf_in(c->arena);
    riv_put_u8(&out, (uint8_t)(v->inactive | v->exited << 1));
    riv_put_u64be(&out, v->last_epoch);
    u256_to_be(v->slashed, riv_buf_raw(&out, 32));
    chain__put(c, &key, riv_buf_view(&out));
}

void chain__vesting_get(chain__call *c, const chain__id *cc, chain__vesting *out)
{
    chain__key key = key_of('v', cc);
    riv_bytes  value;
    *out = (chain__vesting){ .withdrawn = U256_ZERO };
    if (!chain__get(c, &key, &value)) return;
    riv_reader r   = riv_reader_of(value);
    out->withdrawn = u256_from_be(riv_read_bytes(&r, 32));
    while (riv_reader_left(&r)) {
        uint64_t epoch                   = riv_read_u64be(&r);
        *riv_push(c->arena, &out->items) = (chain__vesting_item){ epoch, u256_from_be(riv_read_bytes(&r, 32)) };
    }
    RIV_ASSERT(!r.short_read);
}

void chain__vesting_put(chain__call *c, const chain__id *cc, const chain__vesting *v)
{
    chain__key key = key_of('v', cc);
    riv_buf    out = riv_buf_in(c->arena);
    u256_to_be(v->withdrawn, riv_buf_raw(&out, 32));
    for (size_t i = 0; i < v->items.len; i++) {
        riv_put_u64be(&out, v->items.ptr[i].epoch);
        u256_to_be(v->items.ptr[i].cumulative, riv_buf_raw(&out, 32));
    }
    chain__put(c, &key, riv_buf_view(&out));
}

void chain__cc_emit_stats(chain__call *c, const chain__cc *cc)
{
    const eth_value args[] = {
        chain__of_id(&cc->id),         eth_word(cc->progress.fails),      eth_word(cc->exited),
        eth_word(cc->progress.active), eth_word(cc->progress.additional), eth_word(chain__proofs_epoch(c) - 1)
    };
    chain__emit(c, CHAIN__EVENT_STATS, args);
}

/* ---- commitments move on ---- */

static chain__cc_status look(chain__call *c, const chain__cc *cc, uint64_t units, chain__cc_progress *p)
{
    chain__constants k;
    chain__constants_of(c, &k);
    const chain__cc_terms t = { cc->start_epoch, cc->duration, units, k.max_failed_ratio, chain__fixed(c) };
    return chain__cc_look(&t, chain__proofs_epoch(c), c->epoch, p);
}

chain__cc_status chain__cc_look_at(chain__call *c, const chain__cc *cc, uint64_t units)
{
    chain__cc_progress p = cc->progress;
    return look(c, cc, units, &p);
}

riv_err chain__cc_commit(chain__call *c, chain__cc *cc, uint64_t units, chain__cc_status *out)
{
    chain__cc_progress before = cc->progress;
    *out                      = look(c, cc, units, &cc->progress);
    if (before.snapshot_epoch == cc->progress.snapshot_epoch) return RIV_OK; /* each step moves it */
    chain__cc_put(c, cc);
    if (before.status == cc->progress.status) return RIV_OK;
    if (cc->progress.status == CHAIN__CC_FAILED) {
        const eth_value args[] = { chain__of_id(&cc->id), eth_word(cc->progress.failed_epoch) };
        chain__emit(c, CHAIN__EVENT_FAILED, args);
    }
    u256 left;
    RIV_TRY(chain__sub(c, u256_of(chain__active_units(c)), u256_of(before.active + before.additional), &left));
    RIV_TRY(chain__active_units_set(c, left));
    chain__market_refresh(c, &cc->peer);
    return RIV_OK;
}

/* ---- units are settled ---- */

static riv_err credit(chain__call *c, chain__cc *cc, uint64_t proofs, uint64_t proved_epoch, uint64_t settled_epoch)
{
    chain__epoch_proofs e;
    chain__constants    k;
    chain__vesting      v;
    u256                reward;
    chain__epoch_proofs_get(c, proved_epoch, &e);
    if (proofs < e.min_proofs || e.total_success == 0) return RIV_OK;
    RIV_TRY(chain__reward_pool(c, proved_epoch, &reward));
    RIV_TRY(chain__mul(c, reward, u256_of(proofs), &reward));
    RIV_TRY(chain__div(c, reward, u256_of(e.total_success), &reward));
    if (u256_is_zero(reward)) return RIV_OK;
    chain__constants_of(c, &k);
    const chain__vesting_terms t = { k.vesting_period_duration, k.vesting_period_count, chain__fixed(c) };
    if (t.period == 0 || t.count == 0) return chain__panic(c, 0x12);
    chain__vesting_get(c, &cc->id, &v);
    switch (chain__vesting_add(c->arena, &v, reward, settled_epoch, &t)) {
    case CHAIN__VESTED_BELOW: return chain__revert(c, "Vesting: startEpoch is below than all seen epochs");
    case CHAIN__VESTED_OVERFLOW: return chain__panic(c, 0x11);
    case CHAIN__VESTED: chain__vesting_put(c, &cc->id, &v); break;
    }
    return RIV_OK;
}

static bool proved(chain__call *c, uint64_t proofs, uint64_t epoch)
{
    chain__epoch_proofs e;
    chain__epoch_proofs_get(c, epoch, &e);
    return e.min_proofs != 0 && proofs >= e.min_proofs;
}

riv_err chain__cc_commit_unit(chain__call *c, chain__cc *cc, const chain__id *unit, chain__unit_progress *u)
{
    chain__constants k;
    chain__unit_span span;
    chain__constants_of(c, &k);
    const chain__unit_terms t = { cc->collateral_per_unit, k.slashing_rate,
                                  cc->start_epoch,         cc->duration,
                                  chain__proofs_epoch(c),  cc->progress.failed_epoch,
                                  cc->progress.remaining,  chain__fixed(c) };
    if (!chain__unit_span_of(&t, u, &span)) return RIV_OK;
    uint64_t first  = chain__unit_proofs(c, cc, unit, span.from);
    uint64_t last   = span.to == span.from ? first : chain__unit_proofs(c, cc, unit, span.to);
    uint64_t filled = cc->progress.filled;
    if (!chain__unit_settle(&t, span, (chain__unit_proved){ proved(c, first, span.from), proved(c, last, span.to) },
                            &cc->progress.filled, u))
        return chain__panic(c, 0x11);
    chain__cc_unit_put(c, cc, unit, u);
    if (filled != cc->progress.filled) chain__cc_put(c, cc);
    RIV_TRY(credit(c, cc, first, span.from, span.to));
    if (first) chain__unit_proofs_forget(c, cc, unit, span.from); /* nobody looks behind the span again */
    return RIV_OK;
}
