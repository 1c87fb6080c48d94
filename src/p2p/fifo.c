/* fifo.c: bytes that come in at the end and leave at the front. The front moves by an index; the rest is moved down only when more than
 * half of the memory is behind it, so that taking many small pieces of a large buffer stays linear.
 * Spec: none. Tests: link_test.c, yamux_test.c. */
#include "p2p/internal.h"

enum { FIFO_KEEP_BYTES = 64 << 10 }; /* memory kept by an empty fifo */

size_t p2p__fifo_len(const p2p_fifo *f) { return f->buf.len - f->pos; }

riv_bytes p2p__fifo_view(const p2p_fifo *f) { return riv_bytes_sub(riv_buf_view(&f->buf), f->pos, f->buf.len); }

void p2p__fifo_skip(p2p_fifo *f, size_t len)
{
    RIV_ASSERT(len <= p2p__fifo_len(f));
    f->pos += len;
}

riv_buf *p2p__fifo_end(p2p_fifo *f)
{
    if (f->pos == f->buf.len) {
        riv_buf_clear(&f->buf);
        f->pos = 0;
        if (f->buf.cap > FIFO_KEEP_BYTES) riv_buf_free(&f->buf);
    } else if (f->pos > f->buf.len / 2) {
        riv_buf_drop(&f->buf, f->pos);
        f->pos = 0;
    }
    return &f->buf;
}

void p2p__fifo_free(p2p_fifo *f)
{
    riv_buf_free(&f->buf);
    f->pos = 0;
}

void *p2p__grow(void *ptr, size_t *cap, size_t bytes)
{
    *cap = *cap ? *cap * 2 : 8;
    RIV_ASSERT(*cap <= SIZE_MAX / bytes);
    return riv_realloc(ptr, *cap * bytes);
}
