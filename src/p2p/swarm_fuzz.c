/* swarm_fuzz.c: bytes choose what happens to two swarms: dials that fail or open, pieces of bytes, drained sockets, cuts, time, sends.
 * Each particle is told at most once, and exactly once when all deadlines are over; connection and disconnection alternate. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRES = 64, OPS_MAX = 400, TOKENS = 256 };

typedef struct end {
    bool    known, paused;
    riv_buf bytes; /* written here, not yet with the other side */
} end;
typedef struct wire {
    end end[2];
} wire; /* end i belongs to swarm i; its number is its index + 1 */

typedef struct world {
    riv_reader   in;
    p2p_identity id[2];
    p2p_swarm   *sw[2];
    wire         wires[WIRES];
    uint64_t     wires_count, now_ms;
    uint64_t     given[2], told[2];
    uint8_t      fate[2][TOKENS];
    bool         connected[2];
} world;

static void cut(world *w, uint64_t number)
{
    for (int i = 0; i < 2; i++) {
        if (!w->wires[number].end[i].known) continue;
        w->wires[number].end[i].known = false;
        p2p_swarm_closed(w->sw[i], number + 1, w->now_ms);
    }
}

static void dial(world *w, int i, uint64_t number)
{
    if (w->wires_count == WIRES || riv_read_u8(&w->in) & 1) {
        p2p_swarm_dial_failed(w->sw[i], number, RIV_LIT("refused"), w->now_ms);
        return;
    }
    wire *c = &w->wires[w->wires_count++];
    for (int k = 0; k < 2; k++) {
        c->end[k].known = true;
        p2p_swarm_opened(w->sw[k], w->wires_count, k == i ? number : 0, RIV_LIT("/memory/1"), w->now_ms);
    }
}

static void carry_out(world *w, int i, const p2p_effect *e)
{
    end *at = e->link ? &w->wires[e->link - 1].end[i] : NULL;
    switch (e->kind) {
    case P2P_DO_WRITE:
        if (at->known) riv_put_bytes(&at->bytes, e->bytes);
        break;
    case P2P_DO_CLOSE: at->known = false; break;
    case P2P_DO_DIAL: dial(w, i, e->dial); break;
    case P2P_DO_PAUSE:
    case P2P_DO_RESUME:
        RIV_ASSERT(at->paused == (e->kind == P2P_DO_RESUME));
        at->paused = e->kind == P2P_DO_PAUSE;
        break;
    case P2P_PEER_CONNECTED:
    case P2P_PEER_DISCONNECTED:
        RIV_ASSERT(w->connected[i] == (e->kind == P2P_PEER_DISCONNECTED));
        w->connected[i] = !w->connected[i];
        break;
    case P2P_PARTICLE_SENT:
    case P2P_PARTICLE_LOST:
        RIV_ASSERT(w->fate[i][e->token]++ == 0);
        w->told[i]++;
        break;
    case P2P_PEER_IDENTIFIED:
    case P2P_GOT_PARTICLE:
    case P2P_LINK_FAILED: break;
    }
}

static void effects(world *w)
{
    p2p_effect e;
    for (bool any = true; any;) {
        any = false;
        for (int i = 0; i < 2; i++) {
            while (p2p_swarm_next(w->sw[i], &e)) { /* what an effect holds is used before the swarm is called again */
                carry_out(w, i, &e);
                any = true;
            }
        }
    }
}

static void move(world *w, uint64_t number, int from, size_t max)
{
    end *a = &w->wires[number].end[from], *b = &w->wires[number].end[!from];
    if (!a->bytes.len && !a->known && b->known) {
        b->known = false;
        p2p_swarm_closed(w->sw[!from], number + 1, w->now_ms);
    }
    if (!a->bytes.len || b->paused) return;
    size_t   len   = RIV_MIN(a->bytes.len, max);
    riv_blob piece = riv_blob_copy(riv_bytes_sub(riv_buf_view(&a->bytes), 0, len));
    riv_buf_drop(&a->bytes, len);
    if (b->known) p2p_swarm_bytes(w->sw[!from], number + 1, riv_blob_view(piece), w->now_ms);
    if (a->known) p2p_swarm_drained(w->sw[from], number + 1, len, w->now_ms);
    riv_blob_free(&piece);
}

static void pass_time(world *w, uint64_t ms)
{
    w->now_ms += ms;
    for (int i = 0; i < 2; i++) {
        if (p2p_swarm_deadline(w->sw[i]) > w->now_ms) continue;
        p2p_swarm_tick(w->sw[i], w->now_ms);
        RIV_ASSERT(p2p_swarm_deadline(w->sw[i]) > w->now_ms);
    }
}

static void act(world *w)
{
    uint8_t op = riv_read_u8(&w->in);
    int     i  = op & 1;
    switch (op >> 1 & 7) {
    case 0:
        (void)!p2p_swarm_add_peer(w->sw[i], &w->id[!i].peer, op & 0x20 ? RIV_LIT("/memory/1") : RIV_LIT("/memory/2"),
                                  op & 0x40, w->now_ms, NULL);
        break;
    case 1: {
        size_t   len    = (size_t)riv_read_u16be(&w->in) * (op & 0x20 ? 4 : 1);
        uint8_t *body   = riv_alloc(len);
        uint64_t end_ms = w->now_ms + riv_read_u16be(&w->in);
        if (w->given[i] < TOKENS &&
            !p2p_swarm_send(w->sw[i], &w->id[!i].peer, (riv_bytes){ body, len }, w->given[i], end_ms, w->now_ms, NULL))
            w->given[i]++;
        riv_free(body);
        break;
    }
    case 2: pass_time(w, riv_read_u16be(&w->in)); break;
    case 3:
        if (w->wires_count && op & 0x80) cut(w, riv_read_u8(&w->in) % w->wires_count);
        break;
    default: /* bytes move on all wires */
        for (int k = 0; k < 6; k++) {
            size_t max = 1 + (size_t)riv_read_u16be(&w->in);
            for (uint64_t n = 0; n < w->wires_count; n++) move(w, n, k & 1, max);
            effects(w);
        }
        break;
    }
    effects(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_fault fault = { 0 };
    world    *w     = riv_alloc(sizeof *w);
    if (crypto_init(&fault)) return 0;
    w->in     = riv_reader_of((riv_bytes){ data, size });
    w->now_ms = 1000;
    for (uint8_t i = 0; i < 2; i++) {
        crypto_secret entropy = { { 's', i } };
        w->id[i]              = testing_identity((uint8_t)(i + 1), NULL, 0);
        w->sw[i]              = p2p_swarm_new(&w->id[i], &entropy);
    }
    for (int ops = 0; riv_reader_left(&w->in) && ops < OPS_MAX; ops++) act(w);
    for (uint64_t n = 0; n < w->wires_count; n++) cut(w, n);
    effects(w);
    w->wires_count = WIRES; /* no more connections; all deadlines pass */
    for (int k = 0; k < 10; k++) {
        pass_time(w, 10000);
        effects(w);
    }
    for (int i = 0; i < 2; i++) {
        RIV_ASSERT(w->told[i] == w->given[i]);
        RIV_ASSERT(!w->connected[i]);
        p2p_swarm_free(w->sw[i]);
    }
    for (uint64_t n = 0; n < WIRES; n++)
        for (int i = 0; i < 2; i++) riv_buf_free(&w->wires[n].end[i].bytes);
    riv_free(w);
    return 0;
}
