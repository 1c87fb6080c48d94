/* mss_fuzz.c: a listener and a dialer over any bytes; whatever is agreed stands in the input; a message read is written the same. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const riv_str offers[] = { RIV_LIT_INIT("/a/1"), RIV_LIT_INIT("/yamux/1.0.0") };
    riv_buf              out = { 0 }, back = { 0 };
    mss                  m;
    mss_outcome          outcome = { 0 };
    riv_reader           r       = riv_reader_of((riv_bytes){ data, size });
    riv_str              text;
    size_t               good = 0;
    while (!mss_message_read(&r, NULL, &text)) {
        mss_message_write(text, &back);
        good = r.pos;
    }
    RIV_ASSERT(riv_bytes_eq(riv_buf_view(&back), (riv_bytes){ data, good }));

    mss_listen(&m, offers, RIV_COUNT(offers));
    r = riv_reader_of((riv_bytes){ data, size });
    if (!mss_feed(&m, &r, NULL, &out, &outcome)) RIV_ASSERT(outcome.agreed && outcome.index < RIV_COUNT(offers));
    RIV_ASSERT(out.len <= (size_t)(MSS_TRIES_MAX + 2) * 24);
    riv_buf_clear(&out);
    mss_dial(&m, offers[0], &out);
    r = riv_reader_of((riv_bytes){ data, size });
    (void)!mss_feed(&m, &r, NULL, &out, &outcome);
    riv_buf_free(&out);
    riv_buf_free(&back);
    return 0;
}
