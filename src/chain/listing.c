/* listing.c: offers with free, committed units in the order of their prices, so that a match looks at the cheapest first and at no other.
 * Keys: 'i' 'u' peer unit: free; 'i' 'a' peer: its commitment allows matching; 'i' 'p' offer peer: both; 'i' 'l' offer: has such peers, its rows are:
 * 'i' 'o' token effector price offer, 'i' 'v' provider token price offer; 'i' 'c' token effector: how many rows. Effector zero: any.
 * Spec: docs/spec/market.md 5.1. Tests: match_test.c. */
#include "chain/market.h"

static chain__key with_id(chain__key k, const chain__id *id) { return chain__key_with(k, chain__id_view(id)); }

static chain__key free_key(const chain__id *peer) { return with_id(chain__sub_key('i', 'u'), peer); }
static chain__key allowed_key(const chain__id *peer) { return with_id(chain__sub_key('i', 'a'), peer); }
static chain__key peers_key(const chain__id *offer) { return with_id(chain__sub_key('i', 'p'), offer); }
static chain__key listed_key(const chain__id *offer) { return with_id(chain__sub_key('i', 'l'), offer); }

static chain__key rows_key(char part, const eth_address *token, const chain__id *effector)
{
    static const chain__id any;
    return with_id(chain__key_with_address(chain__sub_key('i', part), token), effector ? effector : &any);
}

static chain__key provider_rows_key(const eth_address *provider, const eth_address *token)
{
    return chain__key_with_address(chain__key_with_address(chain__sub_key('i', 'v'), provider), token);
}

static chain__key row_key(chain__key rows, u256 price, const chain__id *offer)
{
    uint8_t be[32];
    u256_to_be(price, be); /* big-endian: the order of keys is that of prices */
    return with_id(chain__key_with(rows, (riv_bytes){ be, sizeof be }), offer);
}

static bool has(chain__call *c, const chain__key *key)
{
    riv_bytes value;
    return chain__get(c, key, &value);
}

static void mark(chain__call *c, const chain__key *key, bool there)
{
    chain__put(c, key, there ? RIV_BYTES("\1") : (riv_bytes){ 0 });
}

/* The first 32 bytes behind prefix of the first key behind `after`. */
static bool first_behind(chain__call *c, const chain__key *prefix, const chain__key *after, riv_bytes *rest)
{
    riv_bytes  key, value;
    chain__key from = after ? chain__key_with(*after, RIV_BYTES("\0")) : *prefix;
    if (!chain__next(c, prefix, chain__key_view(&from), &key, &value)) return false;
    *rest = riv_bytes_sub(key, prefix->len, key.len);
    return true;
}

static bool any_under(chain__call *c, const chain__key *prefix)
{
    riv_bytes rest;
    return first_behind(c, prefix, NULL, &rest);
}

/* ---- rows of an offer ---- */

static void write_row(chain__call *c, const chain__offer *o, const chain__id *offer, const chain__id *effector,
                      bool there)
{
    chain__key key   = row_key(rows_key('o', &o->token, effector), o->min_price, offer);
    chain__key count = rows_key('c', &o->token, effector);
    uint64_t   rows  = chain__get_u64(c, &count);
    mark(c, &key, there);
    chain__put_u64(c, &count, there ? rows + 1 : rows - (rows > 0));
}

static void write_rows(chain__call *c, const chain__id *offer, const chain__offer *o, bool there)
{
    chain__key effectors = chain__offer_effectors(offer), listed = listed_key(offer);
    chain__key of_provider = row_key(provider_rows_key(&o->provider, &o->token), o->min_price, offer);
    uint64_t   count       = chain__set_count(c, &effectors);
    mark(c, &listed, there);
    mark(c, &of_provider, there);
    write_row(c, o, offer, NULL, there);
    for (uint64_t i = 0; i < count; i++) {
        chain__id effector = { { 0 } };
        riv_bytes item     = chain__set_at(c, &effectors, i);
        if (item.len != sizeof effector.bytes) return; /* out of gas */
        memcpy(effector.bytes, item.ptr, item.len);
        write_row(c, o, offer, &effector, there);
    }
}

void chain__listing_take(chain__call *c, const chain__id *offer, const chain__offer *value)
{
    chain__key listed = listed_key(offer);
    if (chain__fixed(c) && has(c, &listed)) write_rows(c, offer, value, false);
}

void chain__listing_give(chain__call *c, const chain__id *offer, const chain__offer *value)
{
    chain__key listed = listed_key(offer), peers = peers_key(offer);
    if (chain__fixed(c) && any_under(c, &peers) && !has(c, &listed)) write_rows(c, offer, value, true);
}

/* ---- peers and units ---- */

static void update_peer(chain__call *c, const chain__id *peer)
{
    chain__peer  p;
    chain__offer o;
    chain__key   allowed = allowed_key(peer), free_units = free_key(peer);
    if (!chain__peer_get(c, peer, &p) || !chain__offer_get(c, &p.offer, &o)) return;
    chain__key peers = peers_key(&p.offer), key = with_id(peers, peer);
    bool       open = has(c, &allowed) && any_under(c, &free_units);
    if (open == has(c, &key)) return;
    mark(c, &key, open);
    if (open)
        chain__listing_give(c, &p.offer, &o);
    else if (!any_under(c, &peers))
        chain__listing_take(c, &p.offer, &o);
}

void chain__listing_unit(chain__call *c, const chain__id *peer, const chain__id *unit, bool free)
{
    if (!chain__fixed(c)) return;
    chain__key key = with_id(free_key(peer), unit);
    mark(c, &key, free);
    update_peer(c, peer);
}

static bool may_match(chain__call *c, const chain__id *peer)
{
    chain__peer p;
    if (!chain__peer_get(c, peer, &p) || chain__id_is_zero(&p.commitment)) return false;
    chain__cc_status status = chain__cc_status_of(c, &p.commitment);
    return status == CHAIN__CC_ACTIVE || status == CHAIN__CC_WAIT_START;
}

void chain__listing_peer(chain__call *c, const chain__id *peer)
{
    if (!chain__fixed(c)) return;
    chain__key key  = allowed_key(peer);
    bool       want = may_match(c, peer);
    if (want == has(c, &key)) return;
    mark(c, &key, want);
    update_peer(c, peer);
}

/* ---- looking ---- */

static bool next_row(chain__call *c, chain__key rows, const chain__listed *after, chain__listed *out)
{
    riv_bytes  rest;
    chain__key past = after ? row_key(rows, after->price, &after->offer) : rows;
    if (!first_behind(c, &rows, after ? &past : NULL, &rest) || rest.len != 64) return false;
    out->price = u256_from_be(riv_bytes_sub(rest, 0, 32));
    memcpy(out->offer.bytes, rest.ptr + 32, sizeof out->offer.bytes);
    return true;
}

bool chain__listing_next(chain__call *c, const eth_address *token, const chain__id *effector,
                         const chain__listed *after, chain__listed *out)
{
    return next_row(c, rows_key('o', token, effector), after, out);
}

bool chain__listing_next_of(chain__call *c, const eth_address *provider, const eth_address *token,
                            const chain__listed *after, chain__listed *out)
{
    return next_row(c, provider_rows_key(provider, token), after, out);
}

uint64_t chain__listing_count(chain__call *c, const eth_address *token, const chain__id *effector)
{
    chain__key key = rows_key('c', token, effector);
    return chain__get_u64(c, &key);
}

static bool next_id(chain__call *c, chain__key prefix, const chain__id *after, chain__id *out)
{
    riv_bytes  rest;
    chain__key past = after ? with_id(prefix, after) : prefix;
    if (!first_behind(c, &prefix, after ? &past : NULL, &rest) || rest.len != sizeof out->bytes) return false;
    memcpy(out->bytes, rest.ptr, rest.len);
    return true;
}

bool chain__listing_next_peer(chain__call *c, const chain__id *offer, const chain__id *after, chain__id *out)
{
    return next_id(c, peers_key(offer), after, out);
}

bool chain__listing_free_unit(chain__call *c, const chain__id *peer, chain__id *out)
{
    return next_id(c, free_key(peer), NULL, out);
}
