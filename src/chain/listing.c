/* listing.c: offers with free, committed units in the order of their prices, so that a match looks at the cheapest first and at no other.
 * A list is of one token, effector (zero: any) and range of protocol versions. In it each provider stands with its cheapest offer, and has rows of
 * its own behind that: whom a deal does not take, or has enough of, is passed by one look whatever the number of its offers.
 * Keys: 'i' 'u' peer unit: free; 'i' 'a' peer: its commitment allows matching; 'i' 'p' offer peer: both; 'i' 'l' offer: has such peers, its rows are:
 * 'i' 'c' token effector versions: how many rows the list has; 'i' 'v' list provider price offer; 'i' 'o' list price offer: its provider, of the first of these.
 * Spec: docs/spec/market.md 5.1. Tests: match_test.c, match_bench.c. */
#include "chain/market.h"

static chain__key with_id(chain__key k, const chain__id *id) { return chain__key_with(k, chain__id_view(id)); }

static chain__key free_key(const chain__id *peer) { return with_id(chain__sub_key('i', 'u'), peer); }
static chain__key allowed_key(const chain__id *peer) { return with_id(chain__sub_key('i', 'a'), peer); }
static chain__key peers_key(const chain__id *offer) { return with_id(chain__sub_key('i', 'p'), offer); }
static chain__key listed_key(const chain__id *offer) { return with_id(chain__sub_key('i', 'l'), offer); }

/* ---- keys ---- */

static chain__key lists_key(const eth_address *token, const chain__id *effector)
{
    static const chain__id any;
    return with_id(chain__key_with_address(chain__sub_key('i', 'c'), token), effector ? effector : &any);
}

static chain__key list_key(const eth_address *token, const chain__id *effector, uint64_t min_version,
                           uint64_t max_version)
{
    return chain__key_with_u64(chain__key_with_u64(lists_key(token, effector), min_version), max_version);
}

static chain__id list_of(const chain__key *key)
{
    chain__id   out;
    crypto_hash hash = crypto_blake3(chain__key_view(key)); /* shorter than what it stands for */
    memcpy(out.bytes, hash.bytes, sizeof out.bytes);
    return out;
}

static chain__key rows_key(const chain__id *list) { return with_id(chain__sub_key('i', 'o'), list); }

static chain__key provider_rows_key(const chain__id *list, const eth_address *provider)
{
    return chain__key_with_address(with_id(chain__sub_key('i', 'v'), list), provider);
}

static chain__key row_key(chain__key rows, const chain__listed *row)
{
    uint8_t be[32];
    u256_to_be(row->price, be); /* big-endian: the order of keys is that of prices */
    return with_id(chain__key_with(rows, (riv_bytes){ be, sizeof be }), &row->offer);
}

/* ---- reading and writing ---- */

static bool has(chain__call *c, const chain__key *key)
{
    riv_bytes value;
    return chain__get(c, key, &value);
}

static void mark(chain__call *c, const chain__key *key, bool there)
{
    chain__put(c, key, there ? RIV_BYTES("\1") : (riv_bytes){ 0 });
}

/* What stands behind prefix in the first key under it, or the first behind `after`. */
static bool first_behind(chain__call *c, const chain__key *prefix, const chain__key *after, riv_bytes *rest,
                         riv_bytes *value)
{
    riv_bytes  key;
    chain__key from = after ? chain__key_with(*after, RIV_BYTES("\0")) : *prefix;
    if (!chain__next(c, prefix, chain__key_view(&from), &key, value)) return false;
    *rest = riv_bytes_sub(key, prefix->len, key.len);
    return true;
}

static bool any_under(chain__call *c, const chain__key *prefix)
{
    riv_bytes rest, value;
    return first_behind(c, prefix, NULL, &rest, &value);
}

/* after NULL: the first. The provider is the row's value in a list, and known in rows of its own. */
static bool next_row(chain__call *c, const chain__key *rows, const chain__listed *after, chain__listed *out)
{
    riv_bytes  rest, value;
    chain__key past = after ? row_key(*rows, after) : *rows;
    if (!first_behind(c, rows, after ? &past : NULL, &rest, &value) || rest.len != 64) return false;
    out->price = u256_from_be(riv_bytes_sub(rest, 0, 32));
    memcpy(out->offer.bytes, rest.ptr + 32, sizeof out->offer.bytes);
    if (value.len == sizeof out->provider.bytes) memcpy(out->provider.bytes, value.ptr, value.len);
    return true;
}

static int row_cmp(const chain__listed *a, const chain__listed *b)
{
    int order = u256_cmp(a->price, b->price);
    return order ? order : memcmp(a->offer.bytes, b->offer.bytes, sizeof a->offer.bytes);
}

/* ---- rows of an offer ---- */

static void put_first(chain__call *c, const chain__id *list, const chain__listed *row, bool there)
{
    chain__key key = row_key(rows_key(list), row);
    chain__put(c, &key, there ? chain__address_view(&row->provider) : (riv_bytes){ 0 });
}

static void write_row(chain__call *c, const chain__offer *o, const chain__id *offer, const chain__id *effector,
                      bool there)
{
    chain__listed row = { .price = o->min_price, .offer = *offer, .provider = o->provider }, first = row;
    chain__key    count = list_key(&o->token, effector, o->min_version, o->max_version);
    chain__id     list  = list_of(&count);
    chain__key    own = provider_rows_key(&list, &o->provider), key = row_key(own, &row);
    uint64_t      rows  = chain__get_u64(c, &count);
    bool          other = next_row(c, &own, NULL, &first);
    chain__put_u64(c, &count, there ? rows + 1 : rows - (rows > 0));
    mark(c, &key, there);
    if (there) {
        if (other && row_cmp(&first, &row) < 0) return;
        if (other) put_first(c, &list, &first, false);
        put_first(c, &list, &row, true);
    } else if (row_cmp(&first, &row) == 0) {
        put_first(c, &list, &row, false);
        if (next_row(c, &own, NULL, &first)) put_first(c, &list, &first, true);
    }
}

static void write_rows(chain__call *c, const chain__id *offer, const chain__offer *o, bool there)
{
    chain__key effectors = chain__offer_effectors(offer), listed = listed_key(offer);
    uint64_t   count = chain__set_count(c, &effectors);
    mark(c, &listed, there);
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

/* ---- looking: rows of several lists and providers, merged by a heap of their heads ---- */

typedef struct run {
    chain__key    rows;
    chain__id     list;
    bool          whole; /* all providers of the list, each with its cheapest offer; else one's rows */
    chain__listed at;
} run;
struct chain__browse {
    chain__call *c;
    RIV_VEC(run) runs; /* a heap by `at` */
    run  last;         /* what was told last, and whence it came */
    bool told;
};

static void sink(chain__browse *b, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t kid = 2 * at + 1; kid <= 2 * at + 2 && kid < b->runs.len; kid++)
            if (row_cmp(&b->runs.ptr[kid].at, &b->runs.ptr[least].at) < 0) least = kid;
        if (least == at) return;
        run moved          = b->runs.ptr[at];
        b->runs.ptr[at]    = b->runs.ptr[least];
        b->runs.ptr[least] = moved;
        at                 = least;
    }
}

static void rise(chain__browse *b, size_t at)
{
    for (size_t up; at > 0; at = up) {
        up = (at - 1) / 2;
        if (row_cmp(&b->runs.ptr[at].at, &b->runs.ptr[up].at) >= 0) return;
        run moved       = b->runs.ptr[at];
        b->runs.ptr[at] = b->runs.ptr[up];
        b->runs.ptr[up] = moved;
    }
}

static void add_run(chain__browse *b, run r, const chain__listed *after)
{
    if (!next_row(b->c, &r.rows, after, &r.at)) return;
    *riv_push(b->c->arena, &b->runs) = r;
    rise(b, b->runs.len - 1);
}

/* The next list behind *at, of those under `lists`, whose range has this version; *at is `lists` itself at first. */
static bool next_list(chain__call *c, const chain__key *lists, u256 version, chain__key *at, uint64_t *rows)
{
    riv_bytes rest, value;
    while (first_behind(c, lists, at, &rest, &value) && rest.len == 16) {
        riv_reader r   = riv_reader_of(rest);
        u256       min = u256_of(riv_read_u64be(&r)), max = u256_of(riv_read_u64be(&r));
        *at   = chain__key_with(*lists, rest);
        *rows = chain__get_u64(c, at);
        if (u256_cmp(min, version) <= 0 && u256_cmp(max, version) >= 0) return true;
    }
    return false;
}

chain__browse *chain__browse_new(chain__call *c, const eth_address *token, const chain__id *effector, u256 version,
                                 const eth_address *provider)
{
    chain__browse *b     = riv_new(c->arena, chain__browse, 1);
    chain__key     lists = lists_key(token, effector), at = lists;
    uint64_t       rows;
    b->c = c;
    while (next_list(c, &lists, version, &at, &rows)) {
        run r  = { .list = list_of(&at), .whole = !provider };
        r.rows = provider ? provider_rows_key(&r.list, provider) : rows_key(&r.list);
        if (provider) r.at.provider = *provider;
        add_run(b, r, NULL);
    }
    return b;
}

static void take_top(chain__browse *b)
{
    run *top = &b->runs.ptr[0];
    b->last  = *top;
    if (!top->whole || !next_row(b->c, &top->rows, &b->last.at, &top->at)) *top = b->runs.ptr[--b->runs.len];
    sink(b, 0);
}

/* When a match took the first offer of a provider, the next one stands in the list as well as in its provider's rows: it is told once. */
bool chain__browse_next(chain__browse *b, chain__listed *out)
{
    while (b->told && b->runs.len && row_cmp(&b->runs.ptr[0].at, &b->last.at) == 0) take_top(b);
    if (b->runs.len == 0) return false;
    take_top(b);
    b->told = true;
    *out    = b->last.at;
    return true;
}

void chain__browse_more(chain__browse *b)
{
    run r = b->last;
    if (r.whole) r.rows = provider_rows_key(&r.list, &r.at.provider);
    r.whole = false;
    add_run(b, r, &b->last.at);
}

uint64_t chain__listing_count(chain__call *c, const eth_address *token, const chain__id *effector, u256 version)
{
    chain__key lists = lists_key(token, effector), at = lists;
    uint64_t   out = 0, rows;
    while (next_list(c, &lists, version, &at, &rows)) out += rows;
    return out;
}

static bool next_id(chain__call *c, chain__key prefix, const chain__id *after, chain__id *out)
{
    riv_bytes  rest, value;
    chain__key past = after ? with_id(prefix, after) : prefix;
    if (!first_behind(c, &prefix, after ? &past : NULL, &rest, &value) || rest.len != sizeof out->bytes) return false;
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
