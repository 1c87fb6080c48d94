/* yamux_fuzz.c: any bytes into a session, in pieces that the first byte chooses; streams are granted, answered, reset on the way.
 * The windows stay in their bounds, and headers that are read are written the same. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void headers(riv_bytes in)
{
    yamux_header h;
    riv_buf      back = { 0 };
    riv_reader   r    = riv_reader_of(in);
    if (!yamux_header_read(&r, NULL, &h)) {
        yamux_header_write(&h, &back);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&back), riv_bytes_sub(in, 0, YAMUX_HEADER_BYTES)));
    }
    riv_buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    yamux       y;
    yamux_event ev;
    riv_fault   fault = { 0 };
    size_t      pos = 1, end = 1;
    headers((riv_bytes){ data, size });
    yamux_init(&y, false);
    while (size > 1) {
        riv_reader r   = riv_reader_of(riv_bytes_sub((riv_bytes){ data, size }, pos, end));
        riv_err    err = yamux_feed(&y, &r, &fault, &ev);
        pos += r.pos;
        if (err == RIV_MORE && end < size) {
            end = RIV_MIN(size, end + 1 + data[0]);
            continue;
        }
        if (err) break;
        if (!ev.stream) continue;
        RIV_ASSERT(ev.stream->recv_window + ev.stream->ungranted <= YAMUX_WINDOW_BYTES);
        if (ev.bytes.len) yamux_grant(&y, ev.stream, (uint32_t)ev.bytes.len);
        if (!ev.stream->reset && !ev.stream->fin_sent) yamux_write(&y, ev.stream, ev.bytes, data[0] & 1 && ev.fin);
        if (data[0] & 2 && ev.fin) yamux_reset(&y, ev.stream);
        if (ev.stream->reset || (ev.stream->fin_seen && ev.stream->fin_sent)) yamux_remove(&y, ev.stream);
    }
    yamux_deinit(&y);
    return 0;
}
