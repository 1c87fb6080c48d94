/* match.c: compute units into deals: candidates that the customer proposes, the cheapest of the listing, or those that a provider brings itself.
 * Keys: 'i' 'm' deal: the epoch of the last match; 'i' 'j': set of published deals. Spec: docs/spec/market.md 5, 9. Tests: match_test.c, match_bench.c. */
#include "chain/market.h"

/* A match without candidates looks at so many offers and peers in vain at most, and uses no more than about half a block's gas: what is left is for
 * the next one. Peers that are in the deal already are passed by, so that the next one comes further. */
enum { MATCH_LOOKS_MAX = 512, MATCH_PART_OF_BLOCK = 2 };

/* A deal that looks for units. */
typedef struct order {
    eth_address   deal;
    chain__config config;
    chain__id    *effectors;
    uint64_t      units, free, matched, looks;
    uint64_t      known;      /* peers that were met and are in the deal already */
    uint64_t      gas_before; /* what the transaction had used when the match began */
    bool          cut;        /* there was no gas for all that it might have found */
} order;

static chain__key matched_key(const eth_address *deal)
{
    return chain__key_with_address(chain__sub_key('i', 'm'), deal);
}
static chain__key published_set(void) { return chain__sub_key('i', 'j'); }

/* ---- the deal ---- */

static riv_err open_order(chain__call *c, const eth_value *deal, order *out)
{
    chain__deal_info info;
    *out = (order){ .deal = eth_to_address(deal) };
    if (!chain__config_get(c, &out->deal, &out->config)) return chain__reject(c);
    chain__deal_get(c, &out->deal, &info);
    out->gas_before = c->meter->gas_used;
    out->units      = info.units_count;
    out->free       = info.target_workers - info.units_count;
    out->effectors  = riv_new(c->arena, chain__id, out->config.effectors_count + 1);
    for (uint64_t i = 0; i < out->config.effectors_count; i++)
        (void)chain__deal_effectors(c, &out->deal, i, &out->effectors[i]);
    return RIV_OK;
}

static riv_err need_owner(chain__call *c, const order *o)
{
    return eth_address_eq(&o->config.owner, &c->sender) ? RIV_OK
                                                        : chain__revert(c, "Matcher: sender is not deal owner");
}

static riv_err need_active(chain__call *c, const order *o)
{
    chain__deal_status status = chain__deal_status_of(c, &o->deal);
    return status == CHAIN__ACTIVE || status == CHAIN__NOT_ENOUGH_WORKERS
               ? RIV_OK
               : chain__revert(c, "Matcher: deal is not active");
}

static riv_err need_time(chain__call *c, const order *o)
{
    chain__constants k;
    chain__key       key  = matched_key(&o->deal);
    uint64_t         last = chain__get_u64(c, &key);
    chain__constants_of(c, &k);
    if (last && (c->epoch <= last || c->epoch - last <= k.min_deal_rematching_epochs))
        return chain__revert(c, "Matcher: too early to rematch");
    return RIV_OK;
}

static riv_err begin(chain__call *c, const eth_value *deal, order *o)
{
    RIV_TRY(open_order(c, deal, o));
    RIV_TRY(need_owner(c, o));
    RIV_TRY(need_active(c, o));
    return need_time(c, o);
}

static riv_err end(chain__call *c, const order *o)
{
    const eth_value least = eth_number(o->config.min_workers);
    chain__key      key   = matched_key(&o->deal);
    if (u256_cmp(o->config.min_workers, u256_of(o->units + o->matched)) > 0)
        return chain__revert_custom(c, CHAIN__ERROR_NOT_MATCHED, &least);
    if (o->matched && !o->cut) chain__put_u64(c, &key, c->epoch); /* else it may go on at once */
    return RIV_OK;
}

/* ---- what fits ---- */

static bool allows(chain__call *c, const order *o, const eth_address *provider)
{
    return chain__config_allows(c, &o->deal, &o->config, provider);
}

/* Why this offer of a provider that is allowed is none for the deal; NULL: it is one. */
static const char *offer_misfit(chain__call *c, const order *o, const chain__id *id, const chain__offer *offer)
{
    if (u256_cmp(o->config.price, offer->min_price) < 0) return "Price of the deal is below the offer's";
    if (!eth_address_eq(&o->config.token, &offer->token)) return "Payment token of the deal is not the offer's";
    for (uint64_t i = 0; i < o->config.effectors_count; i++) {
        if (!chain__offer_has_effector(c, id, &o->effectors[i])) return "Offer lacks an effector of the deal";
    }
    if (u256_cmp(u256_of(offer->min_version), o->config.protocol_version) > 0 ||
        u256_cmp(u256_of(offer->max_version), o->config.protocol_version) < 0)
        return "Protocol version of the deal is not the offer's";
    return NULL;
}

static const char *misfit(chain__call *c, const order *o, const chain__id *id, const chain__offer *offer)
{
    return allows(c, o, &offer->provider) ? offer_misfit(c, o, id, offer) : "Provider is not allowed in the deal";
}

static bool is_active(chain__call *c, const chain__id *commitment)
{
    return !chain__id_is_zero(commitment) && chain__cc_status_of(c, commitment) == CHAIN__CC_ACTIVE;
}

/* Q7: in a deal with a whitelist the state of the unit is not looked at here; what does not go reverts on the way. */
static bool unit_fits(chain__call *c, const order *o, const chain__unit *u, const chain__peer *p)
{
    return o->config.access == CHAIN__ACCESS_WHITELIST ||
           (eth_address_is_zero(&u->deal) && is_active(c, &p->commitment));
}

/* Q6: with the original's comparison one unit too many is tried, and reverts. */
static bool provider_full(const chain__call *c, const order *o, uint64_t units)
{
    int compared = u256_cmp(u256_of(units), o->config.max_per_provider);
    return chain__fixed(c) ? compared >= 0 : compared > 0;
}

static riv_err take(chain__call *c, order *o, const chain__id *unit, const chain__id *peer)
{
    const eth_value told[] = { chain__of_id(peer), eth_of_address(&o->deal), chain__of_id(unit),
                               eth_word(o->config.created_at_block), chain__of_cid(c, &o->config.app) };
    RIV_TRY(chain__unit_to_deal(c, unit, &o->deal));
    chain__emit(c, CHAIN__EVENT_MATCHED, told);
    o->matched++;
    o->free -= o->free > 0;
    return RIV_OK;
}

/* ---- candidates of the customer. SPEC market.md 5 ---- */

static riv_err match_units(chain__call *c, order *o, const chain__id *offer, const chain__offer *v,
                           const eth_value *units)
{
    uint64_t of_provider = chain__deal_units_of(c, &o->deal, &v->provider);
    for (size_t i = 0; i < units->items_count; i++) {
        chain__id   unit = chain__to_id(&units->items[i]);
        chain__unit u;
        chain__peer p;
        if (provider_full(c, o, of_provider) || !o->free) break;
        RIV_TRY(chain__unit_and_peer(c, &unit, &u, &p));
        if (!chain__id_eq(&p.offer, offer) || !unit_fits(c, o, &u, &p) || chain__deal_has_peer(c, &o->deal, &u.peer))
            continue;
        RIV_TRY(take(c, o, &unit, &u.peer));
        of_provider++;
    }
    return RIV_OK;
}

static riv_err match_given(chain__call *c, order *o, const eth_value *offers, const eth_value *units)
{
    for (size_t i = 0; i < offers->items_count; i++) {
        chain__id    id = chain__to_id(&offers->items[i]);
        chain__offer offer;
        if (!chain__offer_get(c, &id, &offer)) return chain__revert(c, "Offer doesn't exist");
        if (misfit(c, o, &id, &offer)) continue;
        if (i >= units->items_count) return chain__panic(c, 0x32);
        RIV_TRY(match_units(c, o, &id, &offer, &units->items[i]));
    }
    return RIV_OK;
}

/* ---- without candidates: the listing ---- */

static bool looks_left(const chain__call *c, order *o)
{
    if (!o->free || o->looks >= MATCH_LOOKS_MAX || c->meter->out) return false;
    o->cut = c->meter->gas_used - o->gas_before >= c->params->block_gas_max / MATCH_PART_OF_BLOCK;
    return !o->cut;
}

static riv_err match_peers(chain__call *c, order *o, const chain__id *offer, uint64_t *of_provider)
{
    chain__id peer, unit;
    bool      more = chain__listing_next_peer(c, offer, NULL, &peer);
    for (; more && looks_left(c, o) && !provider_full(c, o, *of_provider);
         more = chain__listing_next_peer(c, offer, &peer, &peer)) {
        chain__peer p;
        if (!chain__peer_get(c, &peer, &p)) continue;
        if (chain__deal_has_peer(c, &o->deal, &peer)) {
            o->known++;
            continue;
        }
        o->looks++;
        if (!is_active(c, &p.commitment)) {
            chain__listing_peer(c, &peer); /* over: not looked at again */
            continue;
        }
        if (!chain__listing_free_unit(c, &peer, &unit)) continue;
        RIV_TRY(take(c, o, &unit, &peer));
        *of_provider += 1;
    }
    return RIV_OK;
}

/* Of a provider that is not allowed, or gave enough, nothing more is looked at. */
static riv_err match_row(chain__call *c, order *o, chain__browse *b, const chain__listed *at)
{
    chain__offer offer;
    uint64_t     of_provider = chain__deal_units_of(c, &o->deal, &at->provider), known = o->known;
    uint64_t     looks = o->looks++;
    if (provider_full(c, o, of_provider) || !allows(c, o, &at->provider)) return RIV_OK;
    if (chain__offer_get(c, &at->offer, &offer) && !offer_misfit(c, o, &at->offer, &offer))
        RIV_TRY(match_peers(c, o, &at->offer, &of_provider));
    if (o->looks == looks + 1 && o->known != known) o->looks = looks; /* nothing but peers of the deal */
    if (!provider_full(c, o, of_provider)) chain__browse_more(b);
    return RIV_OK;
}

/* Of the deal's effectors the one that the fewest offers have: the others are looked up. */
static const chain__id *rarest(chain__call *c, const order *o)
{
    const chain__id *best  = NULL;
    uint64_t         least = UINT64_MAX;
    for (uint64_t i = 0; i < o->config.effectors_count; i++) {
        uint64_t count = chain__listing_count(c, &o->config.token, &o->effectors[i], o->config.protocol_version);
        if (count >= least) continue;
        least = count;
        best  = &o->effectors[i];
    }
    return best;
}

/* provider NULL: of all providers. */
static riv_err match_rows(chain__call *c, order *o, const eth_address *provider)
{
    chain__listed  at;
    chain__browse *b = chain__browse_new(c, &o->config.token, rarest(c, o), o->config.protocol_version, provider);
    while (looks_left(c, o) && chain__browse_next(b, &at)) {
        if (u256_cmp(at.price, o->config.price) > 0) break; /* in order: all behind it are dearer */
        RIV_TRY(match_row(c, o, b, &at));
    }
    return RIV_OK;
}

static riv_err match_listed(chain__call *c, order *o)
{
    chain__key set = chain__access_set(&o->deal);
    if (o->config.access != CHAIN__ACCESS_WHITELIST) return match_rows(c, o, NULL);
    uint64_t count = chain__set_count(c, &set);
    for (uint64_t i = 0; i < count && looks_left(c, o); i++) {
        eth_address provider = { { 0 } };
        riv_bytes   item     = chain__set_at(c, &set, i);
        if (item.len == sizeof provider.bytes) memcpy(provider.bytes, item.ptr, item.len);
        o->looks++;
        RIV_TRY(match_rows(c, o, &provider));
    }
    return RIV_OK;
}

/* ---- functions of Market ---- */

riv_err chain__run_match(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    order o;
    RIV_TRY(begin(c, &args[0], &o));
    if (chain__fixed(c) && args[1].items_count == 0)
        RIV_TRY(match_listed(c, &o));
    else
        RIV_TRY(match_given(c, &o, &args[1], &args[2]));
    return end(c, &o);
}

riv_err chain__run_match_listed(chain__call *c, const eth_value *args, eth_value *out)
{
    order o;
    if (!chain__fixed(c)) return chain__reject(c);
    RIV_TRY(begin(c, &args[0], &o));
    RIV_TRY(match_listed(c, &o));
    out[0] = eth_word(o.matched);
    return end(c, &o);
}

/* ---- published deals: providers come by themselves ---- */

static riv_err pick_up_unit(chain__call *c, order *o, const chain__id *unit)
{
    chain__unit  u;
    chain__peer  p;
    chain__offer offer;
    if (!chain__unit_get(c, unit, &u)) return chain__revert(c, "Compute unit doesn't exist");
    if (!chain__peer_get(c, &u.peer, &p) || !chain__offer_get(c, &p.offer, &offer))
        return chain__revert(c, "Offer doesn't exist");
    if (!eth_address_eq(&offer.provider, &c->sender)) return chain__revert(c, "Only provider can pick up a deal");
    const char *why = misfit(c, o, &p.offer, &offer);
    if (why) return chain__revert(c, why);
    if (!eth_address_is_zero(&u.deal)) return chain__revert(c, "Compute unit already reserved");
    if (!unit_fits(c, o, &u, &p)) return chain__revert(c, "Compute unit has no active commitment");
    return take(c, o, unit, &u.peer);
}

/* A provider that comes is no rematch of the owner: the epochs between matches do not hold for it, nor the least number of workers. */
riv_err chain__run_pick_up(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    order      o;
    chain__key published = published_set();
    if (!chain__fixed(c)) return chain__reject(c);
    RIV_TRY(open_order(c, &args[0], &o));
    if (!chain__set_has(c, &published, chain__address_view(&o.deal))) return chain__revert(c, "Deal is not published");
    RIV_TRY(need_active(c, &o));
    if (args[1].items_count == 0) return chain__revert(c, "No compute units given");
    for (size_t i = 0; i < args[1].items_count; i++) {
        chain__id unit = chain__to_id(&args[1].items[i]);
        RIV_TRY(pick_up_unit(c, &o, &unit));
    }
    return RIV_OK;
}

riv_err chain__run_publish(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    order      o;
    chain__key published = published_set();
    if (!chain__fixed(c)) return chain__reject(c);
    RIV_TRY(open_order(c, &args[0], &o));
    RIV_TRY(need_owner(c, &o));
    if (chain__deal_status_of(c, &o.deal) == CHAIN__ENDED) return chain__revert(c, "Deal is ended");
    const eth_value told[] = { args[0], eth_of_address(&c->sender), eth_of_address(&o.config.token),
                               eth_number(o.config.price) };
    if (!chain__set_add(c, &published, chain__address_view(&o.deal)))
        return chain__revert(c, "Deal is already published");
    chain__emit(c, CHAIN__EVENT_PUBLISHED, told);
    return RIV_OK;
}

static bool withdraw(chain__call *c, const eth_address *deal)
{
    const eth_value told      = eth_of_address(deal);
    chain__key      published = published_set();
    if (!chain__set_remove(c, &published, chain__address_view(deal))) return false;
    chain__emit(c, CHAIN__EVENT_UNPUBLISHED, &told);
    return true;
}

riv_err chain__run_unpublish(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)out;
    order o;
    if (!chain__fixed(c)) return chain__reject(c);
    RIV_TRY(open_order(c, &args[0], &o));
    RIV_TRY(need_owner(c, &o));
    return withdraw(c, &o.deal) ? RIV_OK : chain__revert(c, "Deal is not published");
}

void chain__deal_over(chain__call *c, const eth_address *deal)
{
    chain__call market = chain__inner(c, &c->engine->addresses[CHAIN_MARKET]);
    if (chain__fixed(c)) (void)withdraw(&market, deal);
}

riv_err chain__run_is_published(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address deal      = eth_to_address(&args[0]);
    chain__key  published = published_set();
    out[0]                = eth_word(chain__set_has(c, &published, chain__address_view(&deal)));
    return RIV_OK;
}

riv_err chain__run_published_count(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    chain__key published = published_set();
    out[0]               = eth_word(chain__set_count(c, &published));
    return RIV_OK;
}

riv_err chain__run_published(chain__call *c, const eth_value *args, eth_value *out)
{
    chain__key published = published_set();
    uint64_t   all = chain__set_count(c, &published), from = RIV_MIN(chain__clamp_u64(args[0].word), all);
    uint64_t   count = RIV_MIN(chain__clamp_u64(args[1].word), all - from);
    if (c->meter->out) return RIV_E_LIMIT;
    RIV_VEC(eth_value) items = { 0 };
    for (uint64_t i = 0; i < count && !c->meter->out; i++) {
        eth_address deal = { { 0 } };
        riv_bytes   item = chain__set_at(c, &published, from + i);
        if (item.len == sizeof deal.bytes) memcpy(deal.bytes, item.ptr, item.len);
        *riv_push(c->arena, &items) = eth_of_address(&deal);
    }
    out[0] = eth_list(items.ptr, items.len);
    return RIV_OK;
}
