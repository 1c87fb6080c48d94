/* particle.c: one particle on this peer: arrival and its checks, what is kept of it, deadline.
 *   frame -> decoded -> id, sizes, time window -> signature (once) -> known? -> seen before? -> waits -> run (run.c) -> effects
 * Spec: docs/spec/node.md §3, §4, §14. Tests: node_test.c, particle_fuzz.c. */
#include "node/internal.h"

bool node__id_ok(riv_str id)
{
    if (!id.len || id.len > NODE_ID_BYTES_MAX) return false;
    for (size_t i = 0; i < id.len; i++) {
        char c  = id.ptr[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' ||
                  c == '.';
        if (!ok) return false;
    }
    return true;
}

uint64_t node__deadline_of(uint64_t timestamp_ms, uint32_t ttl_ms)
{
    uint64_t deadline_ms;
    return __builtin_add_overflow(timestamp_ms, (uint64_t)ttl_ms, &deadline_ms) ? 0
                                                                                : deadline_ms; /* overflow = expired */
}

void node__particle_key(riv_str id, riv_bytes signature, uint8_t out[CRYPTO_HASH_BYTES])
{
    /* The signature goes first: its length is fixed, so the two cannot be shifted against each other. */
    crypto_sha256_state s;
    crypto_sha256_start(&s);
    crypto_sha256_add(&s, signature);
    crypto_sha256_add(&s, riv_str_bytes(id));
    crypto_hash hash = crypto_sha256_end(&s);
    memcpy(out, hash.bytes, CRYPTO_HASH_BYTES);
}

/* ---- arrival ---- */

/* Everything that can be said of a particle without knowing others. Empty: good. */
static riv_str bad_head(node *n, const p2p_particle *h, bool *expired)
{
    uint64_t latest_ms;
    *expired = false;
    if (!node__id_ok(h->id)) return RIV_LIT("the id is not 1 to 128 of A-Z a-z 0-9 _ . -");
    if (h->signature.len != CRYPTO_SIGNATURE_BYTES) return RIV_LIT("the signature is not 64 bytes long");
    if (h->script.len > n->config.air_bytes_max) return RIV_LIT("the script is too large");
    if (h->data.len > n->config.particle_bytes_max) return RIV_LIT("the data is too large");
    if (h->ttl_ms > n->config.ttl_ms_max) return RIV_LIT("the ttl is too long");
    if (__builtin_add_overflow(n->now_ms, (uint64_t)n->config.skew_ms_max, &latest_ms)) latest_ms = UINT64_MAX;
    if (h->timestamp_ms > latest_ms) return RIV_LIT("the timestamp lies in the future");
    if (n->now_ms > node__deadline_of(h->timestamp_ms, h->ttl_ms)) {
        *expired = true;
        return RIV_LIT("expired");
    }
    return (riv_str){ 0 };
}

static bool same_head(const p2p_particle *a, const p2p_particle *b)
{
    return riv_str_eq(a->init_peer_id, b->init_peer_id) && riv_str_eq(a->script, b->script) &&
           a->timestamp_ms == b->timestamp_ms && a->ttl_ms == b->ttl_ms;
}

static riv_str bad_signature(node *n, const p2p_particle *h)
{
    codec_peer       init;
    crypto_signature signature;
    if (codec_peer_parse(h->init_peer_id, NULL, &init)) return RIV_LIT("init_peer_id is no ed25519 peer id");
    memcpy(signature.bytes, h->signature.ptr, sizeof signature.bytes);
    riv_buf signed_bytes = riv_buf_in(n->scratch);
    p2p_particle_signed_bytes(h, &signed_bytes);
    crypto_public key = codec_peer_key(&init);
    n->stats.signatures_checked++;
    if (!crypto_verify(&key, riv_buf_view(&signed_bytes), &signature)) return RIV_LIT("the signature is wrong");
    return (riv_str){ 0 };
}

static bool no_room(const node *n, size_t bytes)
{
    return bytes > NODE_PARTICLE_BYTES || n->stored_bytes > NODE_PARTICLE_BYTES - (uint64_t)bytes;
}

/* SPEC node.md 14 (11): one peer cannot take all the room from the others. */
static bool share_is_full(const node *n, const codec_peer *from, size_t bytes)
{
    const node_share *s = riv_map_get(n->shares, codec_peer_view(from));
    return s && s->bytes + bytes > NODE_PARTICLE_BYTES / NODE_SHARE;
}

static bool has_too_many(const node *n, const codec_peer *from)
{
    const node_share *s = riv_map_get(n->shares, codec_peer_view(from));
    return s && s->particles >= NODE_PARTICLES_MAX / NODE_SHARE;
}

static node_share *share_of(node *n, const codec_peer *from)
{
    node_share *s = riv_map_get(n->shares, codec_peer_view(from));
    if (!s) riv_map_put(n->shares, codec_peer_view(from), s = riv_alloc(sizeof *s));
    return s;
}

static void share_give_back(node *n, const codec_peer *from, uint64_t particles, uint64_t bytes)
{
    node_share *s = share_of(n, from);
    RIV_ASSERT(s->particles >= particles && s->bytes >= bytes);
    s->particles -= particles;
    s->bytes -= bytes;
    if (s->particles || s->bytes) return;
    riv_map_remove(n->shares, codec_peer_view(from));
    riv_free(s);
}

void node__share_take(node *n, node_particle *p, const codec_peer *from)
{
    node_share *s = share_of(n, from);
    p->from       = *from;
    p->has_from   = true;
    s->particles++;
    s->bytes += p->bytes;
}

/* The particle that h belongs to, made if it is new. NULL: *why says what is wrong. */
static node_particle *known_or_made(node *n, const p2p_particle *h, const codec_peer *from, riv_str *why)
{
    uint8_t key[CRYPTO_HASH_BYTES];
    node__particle_key(h->id, h->signature, key);
    node_particle *p = riv_map_get(n->by_key, (riv_bytes){ key, sizeof key });
    if (p) { /* its signature was checked when it came first */
        if (same_head(&p->head, h)) return p;
        *why = RIV_LIT("differs from the particle that is known by its id and signature");
        return NULL;
    }
    if (riv_map_count(n->by_number) >= NODE_PARTICLES_MAX) {
        *why = RIV_LIT("too many particles");
        return NULL;
    }
    if (from && (has_too_many(n, from) || share_is_full(n, from, h->script.len))) {
        *why = RIV_LIT("too many particles of that peer");
        return NULL;
    }
    if (no_room(n, h->script.len)) {
        *why = RIV_LIT("no room for more particles");
        return NULL;
    }
    *why = bad_signature(n, h);
    if (why->len) return NULL;
    p             = node__particle_make(n, h, key);
    p->number     = ++n->particles_next;
    p->started_ms = n->now_ms;
    riv_map_put_u64(n->by_number, p->number, p);
    node__timer_add(n, p->deadline_ms + 1, NODE_AT_EXPIRY, p, 0);
    return p;
}

static bool was_seen(const node_particle *p, const crypto_hash *hash)
{
    size_t held = RIV_MIN(p->seen_count, (size_t)NODE_SEEN_MAX);
    for (size_t i = 0; i < held; i++)
        if (memcmp(p->seen[i].bytes, hash->bytes, sizeof hash->bytes) == 0) return true;
    return false;
}

void node__mark_seen(node_particle *p, riv_bytes data)
{
    crypto_hash hash = crypto_blake3(data);
    if (!was_seen(p, &hash)) p->seen[p->seen_count++ % NODE_SEEN_MAX] = hash;
}

bool node__has_room(const node *n, const node_particle *p, size_t bytes)
{
    return !no_room(n, bytes) && !(p->has_from && share_is_full(n, &p->from, bytes));
}

/* What waits fills the share of whoever sent it, else a peer could fill that of another by way of the other's particle. */
static riv_str bad_arrival(const node *n, const node_particle *p, const codec_peer *from, riv_bytes data)
{
    crypto_hash hash = crypto_blake3(data);
    if (was_seen(p, &hash)) return RIV_LIT("seen before");
    if (p->rounds >= NODE_ROUNDS_MAX) return RIV_LIT("it was given up here");
    if (p->waiting >= NODE_WAITING_MAX) return RIV_LIT("too many arrivals of it wait");
    if (no_room(n, data.len)) return RIV_LIT("no room for more data");
    if (share_is_full(n, from, data.len)) return RIV_LIT("too much data of that peer");
    return (riv_str){ 0 };
}

static void drop(node *n, riv_str id, const codec_peer *from, riv_str reason)
{
    n->stats.dropped++;
    LOG_INFO(n->log, "particle.dropped", LOG_STR("id", id), LOG_STR("from", node__peer_text(n, from)),
             LOG_STR("reason", reason));
}

void node__arrived(node *n, const codec_peer *from, riv_bytes frame)
{
    p2p_particle h     = { 0 };
    riv_fault    fault = { 0 };
    bool         expired;
    n->stats.received++;
    if (p2p_particle_read(frame, n->scratch, &fault, &h)) {
        drop(n, (riv_str){ 0 }, from, riv_str_c(fault.msg));
        return;
    }
    riv_str why = bad_head(n, &h, &expired);
    n->stats.expired += expired;
    riv_str        id = node__id_ok(h.id) ? h.id : (riv_str){ 0 }; /* a hostile id is not repeated in the log */
    node_particle *p  = why.len ? NULL : known_or_made(n, &h, from, &why);
    if (!p) {
        drop(n, id, from, why);
        return;
    }
    bool is_new = !p->has_last_peer && !p->own;
    if (is_new) {
        if (!p->has_from) node__share_take(n, p, from);
        node__store_head(n, p);
    }
    p->last_peer     = *from;
    p->has_last_peer = true;
    p->last_was_sent = false;
    p->last_ms       = n->now_ms;
    why              = bad_arrival(n, p, from, h.data);
    if (why.len) {
        drop(n, id, from, why);
        return;
    }
    LOG_INFO(n->log, "particle.received", LOG_STR("id", id), LOG_STR("from", node__peer_text(n, from)),
             LOG_U64("bytes", frame.len));
    node__mark_seen(p, h.data);
    node__add_arrival(n, p, ++n->arrivals_next, true, from, h.data);
    node__store_arrival(n, p, p->last->number, h.data);
    node__run_next(n, p);
}

node_particle *node__start(node *n, const p2p_particle *head, riv_bytes data, riv_str *why)
{
    bool expired;
    *why             = bad_head(n, head, &expired);
    node_particle *p = why->len ? NULL : known_or_made(n, head, NULL, why);
    if (!p) return NULL;
    p->own = true;
    node__mark_seen(p, data);
    node__add_arrival(n, p, ++n->arrivals_next, false, NULL, data);
    return p;
}

/* ---- the record ---- */

node_text *node__text_use(node_text *text)
{
    text->users++;
    return text;
}

void node__text_release(node_text *text)
{
    if (text && --text->users == 0) riv_free(text);
}

static riv_str keep_text(node_text *text, size_t *at, riv_bytes from)
{
    riv_str kept = { (const char *)text->bytes + *at, from.len };
    if (from.len) memcpy(text->bytes + *at, from.ptr, from.len);
    *at += from.len;
    return kept;
}

void node__count_bytes(node *n, node_particle *p, size_t added, size_t removed)
{
    p->bytes += added;
    p->bytes -= removed;
    n->stored_bytes += added;
    n->stored_bytes -= removed;
    if (!p->has_from) return;
    node_share *s = share_of(n, &p->from);
    s->bytes += added;
    s->bytes -= removed;
}

void node__count_calls(node *n, node_particle *p, size_t added, size_t removed)
{
    p->call_bytes += added;
    p->call_bytes -= removed;
    node__count_bytes(n, p, added, removed);
}

/* Gives head's bytes an owner. The same is used for particles that come from the store, whose record may have been made before. */
static void keep_head(node *n, node_particle *p, const p2p_particle *head)
{
    size_t at = 0, len = head->id.len + head->init_peer_id.len + head->script.len + head->signature.len;
    p->text              = riv_alloc(sizeof *p->text + len);
    p->text->len         = len;
    p->text->users       = 1;
    p->head              = *head;
    p->head.data         = (riv_bytes){ 0 };
    p->head.id           = keep_text(p->text, &at, riv_str_bytes(head->id));
    p->head.script       = keep_text(p->text, &at, riv_str_bytes(head->script));
    p->head.signature    = riv_str_bytes(keep_text(p->text, &at, head->signature));
    p->head.init_peer_id = keep_text(p->text, &at, riv_str_bytes(head->init_peer_id));
    p->deadline_ms       = node__deadline_of(head->timestamp_ms, head->ttl_ms);
    node__count_bytes(n, p, len, 0);
}

node_particle *node__particle_make(node *n, const p2p_particle *head, const uint8_t key[CRYPTO_HASH_BYTES])
{
    node_particle *p = riv_map_get(n->by_key, (riv_bytes){ key, CRYPTO_HASH_BYTES });
    if (!p) {
        p = riv_alloc(sizeof *p);
        memcpy(p->key, key, CRYPTO_HASH_BYTES);
        riv_map_put(n->by_key, (riv_bytes){ p->key, CRYPTO_HASH_BYTES }, p);
    }
    if (head && !p->text) keep_head(n, p, head);
    return p;
}

void node__set_data(node *n, node_particle *p, riv_bytes data)
{
    riv_blob old = p->data; /* data may be a part of it */
    node__count_bytes(n, p, data.len, old.len);
    p->data = riv_blob_copy(data);
    riv_blob_free(&old);
}

static void count_arrival(node *n, node_particle *p, const node_arrival *a, bool comes)
{
    size_t added = comes ? a->data.len : 0, removed = comes ? 0 : a->data.len;
    if (!a->has_from) {
        node__count_bytes(n, p, added, removed);
        return;
    }
    n->stored_bytes += added;
    n->stored_bytes -= removed;
    if (comes)
        share_of(n, &a->from)->bytes += added;
    else
        share_give_back(n, &a->from, 0, removed);
}

void node__add_arrival(node *n, node_particle *p, uint64_t number, bool foreign, const codec_peer *from, riv_bytes data)
{
    node_arrival *a = riv_alloc(sizeof *a);
    a->has_from     = from != NULL;
    if (from) a->from = *from;
    a->number  = number;
    a->foreign = foreign;
    a->data    = riv_blob_copy(data);
    if (p->last)
        p->last->next = a;
    else
        p->first = a;
    p->last = a;
    p->waiting++;
    n->waiting++;
    count_arrival(n, p, a, true);
}

void node__pop_arrival(node *n, node_particle *p)
{
    node_arrival *a = p->first;
    p->first        = a->next;
    if (!p->first) p->last = NULL;
    p->waiting--;
    n->waiting--;
    count_arrival(n, p, a, false);
    riv_blob_free(&a->data);
    riv_free(a);
}

void node__particle_free(node_particle *p)
{
    while (p->first) {
        node_arrival *a = p->first;
        p->first        = a->next;
        riv_blob_free(&a->data);
        riv_free(a);
    }
    for (size_t i = 0; i < p->results.len; i++) riv_blob_free(&p->results.ptr[i].text);
    for (size_t i = 0; i < p->calls.len; i++) riv_blob_free(&p->calls.ptr[i].record);
    riv_free(p->results.ptr);
    riv_free(p->calls.ptr);
    riv_free(p->outbox.ptr);
    node__text_release(p->text);
    riv_blob_free(&p->data);
    riv_blob_free(&p->token);
    avm_session_free(p->session);
    node__replay_end(p);
    riv_arena_free(p->values_arena);
    riv_free(p);
}

void node__particle_drop(node *n, node_particle *p)
{
    node__forget(n, p);
    node__session_forget(n, p);
    if (p->request.open) n->requests--;
    for (size_t i = 0; i < p->outbox.len; i++)
        if (p->outbox.ptr[i].state == NODE_OUT_SENDING) riv_map_remove_u64(n->tokens, p->outbox.ptr[i].token);
    while (p->first) node__pop_arrival(n, p);
    n->stored_bytes -= p->bytes;
    if (p->has_from) share_give_back(n, &p->from, 1, p->bytes);
    riv_map_remove_u64(n->by_number, p->number);
    riv_map_remove(n->by_key, (riv_bytes){ p->key, sizeof p->key });
    node__particle_free(p);
}

/* ---- the end ---- */

static riv_str where_it_was(const node *n, const node_particle *p)
{
    riv_arena *a = n->scratch;
    if (p->job) return RIV_LIT("an interpreter run here did not end in time");
    if (p->calls.len) {
        node_asked asked = { 0 };
        if (!node__call_read(riv_blob_view(p->calls.ptr[0].record), a, NULL, &asked))
            return riv_format(a, "%zu calls here are unanswered, the first is " RIV_FMT "." RIV_FMT, p->calls.len,
                              RIV_ARG(asked.service), RIV_ARG(asked.function));
    }
    const node_out *o = p->outbox.len ? &p->outbox.ptr[0] : NULL;
    if (o)
        return riv_format(a, "it could not be handed to peer " RIV_FMT ": %s", RIV_ARG(node__peer_text(n, &o->peer)),
                          o->reason[0] ? o->reason : "the peer did not take it");
    if (p->has_last_peer)
        return riv_format(
            a, "it was last %s peer " RIV_FMT ", %llu ms after its start, and did not come back with an answer",
            p->last_was_sent ? "handed to" : "got from", RIV_ARG(node__peer_text(n, &p->last_peer)),
            (unsigned long long)(p->last_ms - RIV_MIN(p->last_ms, p->started_ms)));
    return RIV_LIT("it never left this peer, and the script gave no answer");
}

void node__particle_expired(node *n, node_particle *p)
{
    bool unfinished = p->job || p->calls.len || p->outbox.len || p->first || p->results.len;
    if (n->now_ms <= p->deadline_ms) return; /* cannot be: the timer stands behind the deadline */
    n->stats.expired++;
    RIV_LOG_AT(n->log, unfinished ? RIV_LOG_INFO : RIV_LOG_DEBUG, "particle.expired", LOG_STR("id", p->head.id),
               LOG_BOOL("unfinished", unfinished));
    if (p->request.open && !p->request.answered) {
        riv_str text =
            riv_format(n->scratch, "no answer within %u ms: " RIV_FMT, p->head.ttl_ms, RIV_ARG(where_it_was(n, p)));
        node__reply(n, p, NODE_REPLY_EXPIRED, (riv_str){ 0 },
                    riv_json_object(n->scratch, "message", riv_json_str(n->scratch, text), NULL));
    }
    node__particle_drop(n, p);
}

void node__settle(node *n, node_particle *p)
{
    riv_arena *a = n->scratch;
    if (!p->request.open || p->request.answered || p->job || p->first || p->results.len || p->calls.len) return;
    for (size_t i = 0; i < p->outbox.len; i++)
        if (!p->outbox.ptr[i].unreachable) return;
    const node_out *o = p->outbox.len ? &p->outbox.ptr[0] : NULL;
    if (o && !p->sent_ever) {
        riv_str peer = node__peer_text(n, &o->peer);
        node__reply_failed(n, p, 0, riv_format(a, "peer " RIV_FMT " cannot be reached: %s", RIV_ARG(peer), o->reason));
    } else if (!p->sent_ever) {
        node__reply_failed(n, p, 0, RIV_LIT("the script came to its end on this peer without an answer"));
    }
}
