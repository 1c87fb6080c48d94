/* yamux.c: many streams over one ordered connection, with a window for each.
 * The session knows ids, windows and flags; data is handed up as it comes and written when the layer above has some and the window allows.
 * Spec: docs/spec/p2p.md 4. Tests: yamux_test.c, yamux_fuzz.c. */
#include "p2p/internal.h"

/* ---- header ----
 *  0        1      2       4           8          12
 *  | version | kind | flags | stream id | length  |   big-endian; length: bytes, window delta, ping value or goaway code */

riv_err yamux_header_read(riv_reader *in, riv_fault *fault, yamux_header *out)
{
    size_t   start   = in->pos;
    uint8_t  version = riv_read_u8(in);
    uint8_t  kind    = riv_read_u8(in);
    uint16_t flags   = riv_read_u16be(in);
    uint32_t stream  = riv_read_u32be(in);
    uint32_t length  = riv_read_u32be(in);

    if (in->short_read) return riv_rewind(in, start);
    if (version != YAMUX_VERSION) return riv_fail(fault, RIV_E_UNSUPPORTED, start, "yamux version %u", version);
    if (kind > YAMUX_GOAWAY) return riv_fail(fault, RIV_E_MALFORMED, start + 1, "yamux frame kind %u", kind);
    if (flags > (YAMUX_SYN | YAMUX_ACK | YAMUX_FIN | YAMUX_RST))
        return riv_fail(fault, RIV_E_MALFORMED, start + 2, "yamux flags 0x%04x", flags);
    if ((kind == YAMUX_DATA || kind == YAMUX_WINDOW) != (stream != 0))
        return riv_fail(fault, RIV_E_MALFORMED, start + 4, "yamux frame of kind %u for stream %u", kind, stream);
    if (kind == YAMUX_DATA && length > YAMUX_FRAME_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, start + 8, "yamux frame of %u bytes", length);

    *out = (yamux_header){ (yamux_kind)kind, flags, stream, length };
    return RIV_OK;
}

void yamux_header_write(const yamux_header *header, riv_buf *out)
{
    riv_put_u8(out, YAMUX_VERSION);
    riv_put_u8(out, (uint8_t)header->kind);
    riv_put_u16be(out, header->flags);
    riv_put_u32be(out, header->stream);
    riv_put_u32be(out, header->length);
}

/* ---- session ---- */

static riv_err feed_stream(yamux *y, const yamux_header *h, size_t pos, riv_fault *fault, yamux_event *event);
static riv_err feed_data(yamux *y, riv_reader *in, yamux_event *event);
static riv_err accept_stream(yamux *y, const yamux_header *h, size_t pos, riv_fault *fault, yamux_stream **out);

void yamux_init(yamux *y, bool dialer)
{
    *y         = (yamux){ .dialer = dialer, .next_id = dialer ? 1 : 2 };
    y->streams = riv_map_new(NULL);
}

void yamux_deinit(yamux *y)
{
    void *s;
    if (!y->streams) return;
    for (size_t i = 0; i < riv_map_slots(y->streams); i++)
        if (riv_map_at(y->streams, i, NULL, &s)) riv_free(s);
    riv_map_free(y->streams);
    riv_buf_free(&y->out);
    *y = (yamux){ 0 };
}

static bool is_ours(const yamux *y, uint32_t id) { return (id % 2 == 1) == y->dialer; }

static yamux_stream *add_stream(yamux *y, uint32_t id, uint16_t flags)
{
    yamux_stream *s = riv_alloc(sizeof *s);
    *s              = (yamux_stream){
                     .id = id, .send_window = YAMUX_WINDOW_BYTES, .recv_window = YAMUX_WINDOW_BYTES, .flags_next = flags
    };
    riv_map_put_u64(y->streams, id, s);
    *(is_ours(y, id) ? &y->ours_count : &y->theirs_count) += 1;
    return s;
}

yamux_stream *yamux_open(yamux *y)
{
    if (y->ours_count >= P2P_STREAMS_MAX || y->next_id > UINT32_MAX - 2) return NULL;
    y->next_id += 2;
    return add_stream(y, y->next_id - 2, YAMUX_SYN);
}

void yamux_remove(yamux *y, yamux_stream *s)
{
    *(is_ours(y, s->id) ? &y->ours_count : &y->theirs_count) -= 1;
    riv_map_remove_u64(y->streams, s->id);
    riv_free(s);
}

riv_err yamux_feed(yamux *y, riv_reader *in, riv_fault *fault, yamux_event *event)
{
    yamux_header h;
    *event = (yamux_event){ 0 };
    if (y->data_left) return feed_data(y, in, event);
    size_t start = in->pos;
    RIV_TRY(yamux_header_read(in, fault, &h));
    switch (h.kind) {
    case YAMUX_DATA:
    case YAMUX_WINDOW: return feed_stream(y, &h, start, fault, event);
    case YAMUX_PING:
        if (h.flags & YAMUX_SYN)
            yamux_header_write(&(yamux_header){ YAMUX_PING, YAMUX_ACK, 0, h.length }, &y->out);
        else if (h.flags & YAMUX_ACK)
            *event = (yamux_event){ .pong = true, .value = h.length };
        return RIV_OK;
    case YAMUX_GOAWAY: *event = (yamux_event){ .goaway = true, .value = h.length }; return RIV_OK;
    }
    RIV_UNREACHABLE();
}

static riv_err feed_stream(yamux *y, const yamux_header *h, size_t pos, riv_fault *fault, yamux_event *event)
{
    yamux_event   ev = { 0 };
    yamux_stream *s  = riv_map_get_u64(y->streams, h->stream);
    if (h->flags & YAMUX_SYN) {
        if (s) return riv_fail(fault, RIV_E_MALFORMED, pos + 4, "yamux stream %u is opened twice", h->stream);
        RIV_TRY(accept_stream(y, h, pos, fault, &s));
        ev.opened = s != NULL;
    }
    /* A stream that we have reset or refused may still have frames under way: they are thrown away. */
    if (!s || s->reset || (s->fin_seen && h->kind == YAMUX_DATA)) {
        if (h->kind == YAMUX_DATA) y->data_left = h->length, y->data_stream = 0, y->data_fin = false;
        return RIV_OK;
    }
    if (h->kind == YAMUX_WINDOW && __builtin_add_overflow(s->send_window, h->length, &s->send_window))
        return riv_fail(fault, RIV_E_MALFORMED, pos + 8, "yamux window of stream %u passes 32 bits", h->stream);
    if (h->kind == YAMUX_DATA) {
        if (h->length > s->recv_window)
            return riv_fail(fault, RIV_E_LIMIT, pos + 8, "yamux stream %u: %u bytes for a window of %u", h->stream,
                            h->length, s->recv_window);
        s->recv_window -= h->length;
        y->data_left   = h->length;
        y->data_stream = h->stream;
        y->data_fin    = h->flags & YAMUX_FIN;
    }
    ev.stream = s;
    ev.window = h->kind == YAMUX_WINDOW;
    ev.reset  = h->flags & YAMUX_RST;
    ev.fin    = (h->flags & YAMUX_FIN) && !y->data_left;
    s->reset |= ev.reset;
    s->fin_seen |= ev.fin;
    if (ev.reset) y->data_stream = 0;
    *event = ev;
    return RIV_OK;
}

/* RIV_OK with *out NULL: refused with a reset, for there are too many. */
static riv_err accept_stream(yamux *y, const yamux_header *h, size_t pos, riv_fault *fault, yamux_stream **out)
{
    if (is_ours(y, h->stream))
        return riv_fail(fault, RIV_E_MALFORMED, pos + 4, "yamux stream %u is not the peer's to open", h->stream);
    if (y->theirs_count >= P2P_STREAMS_MAX) {
        yamux_header_write(&(yamux_header){ YAMUX_WINDOW, YAMUX_RST, h->stream, 0 }, &y->out);
        return RIV_OK;
    }
    *out = add_stream(y, h->stream, YAMUX_ACK);
    return RIV_OK;
}

static riv_err feed_data(yamux *y, riv_reader *in, yamux_event *event)
{
    size_t len = RIV_MIN(riv_reader_left(in), (size_t)y->data_left);
    if (!len) return RIV_MORE;
    riv_bytes     bytes = riv_read_bytes(in, len);
    yamux_stream *s     = y->data_stream ? riv_map_get_u64(y->streams, y->data_stream) : NULL;
    y->data_left -= (uint32_t)len;
    if (!s || s->reset) return RIV_OK;
    *event = (yamux_event){ .stream = s, .bytes = bytes, .fin = y->data_fin && !y->data_left };
    s->fin_seen |= event->fin;
    return RIV_OK;
}

static uint16_t first_flags(yamux_stream *s)
{
    uint16_t flags = s->flags_next;
    s->flags_next  = 0;
    return flags;
}

static void write_data(yamux *y, yamux_stream *s, riv_bytes bytes, uint16_t flags)
{
    yamux_header_write(&(yamux_header){ YAMUX_DATA, (uint16_t)(first_flags(s) | flags), s->id, (uint32_t)bytes.len },
                       &y->out);
    riv_put_bytes(&y->out, bytes);
    s->send_window -= (uint32_t)bytes.len;
}

/* FIN gets a frame of its own: go and js peers look at the flags before the bytes, and may tell their reader the end without the last bytes. */
size_t yamux_write(yamux *y, yamux_stream *s, riv_bytes bytes, bool fin)
{
    RIV_ASSERT(!s->fin_sent && !s->reset);
    size_t len = RIV_MIN(RIV_MIN(bytes.len, (size_t)s->send_window), (size_t)YAMUX_WRITE_BYTES_MAX);
    if (len) write_data(y, s, riv_bytes_sub(bytes, 0, len), 0);
    if (!fin || len < bytes.len) return len;
    write_data(y, s, (riv_bytes){ 0 }, YAMUX_FIN);
    s->fin_sent = true;
    return len;
}

/* Half a window is told at a time, so that the way back does not carry an update for each frame. */
void yamux_grant(yamux *y, yamux_stream *s, uint32_t bytes)
{
    s->ungranted += bytes;
    RIV_ASSERT(s->ungranted + s->recv_window <= YAMUX_WINDOW_BYTES);
    if (s->ungranted < YAMUX_WINDOW_BYTES / 2 || s->reset || s->fin_seen) return;
    yamux_header_write(&(yamux_header){ YAMUX_WINDOW, first_flags(s), s->id, s->ungranted }, &y->out);
    s->recv_window += s->ungranted;
    s->ungranted = 0;
}

void yamux_reset(yamux *y, yamux_stream *s)
{
    if (s->reset) return;
    s->reset = true;
    if (s->flags_next == YAMUX_SYN) return; /* the peer never heard of it */
    yamux_header_write(&(yamux_header){ YAMUX_WINDOW, YAMUX_RST, s->id, 0 }, &y->out);
}

void yamux_ping(yamux *y, uint32_t value)
{
    yamux_header_write(&(yamux_header){ YAMUX_PING, YAMUX_SYN, 0, value }, &y->out);
}

void yamux_goaway(yamux *y, uint32_t code) { yamux_header_write(&(yamux_header){ YAMUX_GOAWAY, 0, 0, code }, &y->out); }
