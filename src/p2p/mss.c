/* mss.c: multistream-select 1.0.0: which protocol the two ends of a byte stream speak.
 * Messages are a varint length, a text and a newline; the dialer proposes, the listener echoes or answers "na".
 * Spec: docs/spec/p2p.md 2. Tests: mss_test.c, mss_fuzz.c. */
#include "p2p/internal.h"

#define MSS_HEADER "/multistream/1.0.0"
#define MSS_NA     "na"

static riv_err read_header(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out);
static riv_err read_answer(const mss *m, riv_reader *in, riv_fault *fault, mss_outcome *outcome);
static riv_err read_proposals(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out, mss_outcome *outcome);

riv_err mss_message_read(riv_reader *in, riv_fault *fault, riv_str *out)
{
    size_t   start = in->pos;
    uint64_t len   = 0;
    riv_err  err   = codec_read_varint(in, fault, &len);
    if (err == RIV_MORE) return riv_rewind(in, start);
    if (err) return err;
    if (len > MSS_MESSAGE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, start, "multistream message of %llu bytes", (unsigned long long)len);
    if (len == 0) return riv_fail(fault, RIV_E_MALFORMED, start, "empty multistream message");
    riv_str text = riv_bytes_str(riv_read_bytes(in, len));
    if (in->short_read) return riv_rewind(in, start);
    if (text.ptr[text.len - 1] != '\n')
        return riv_fail(fault, RIV_E_MALFORMED, in->pos - 1, "multistream message without a newline at its end");
    *out = riv_str_sub(text, 0, text.len - 1);
    return RIV_OK;
}

void mss_message_write(riv_str text, riv_buf *out)
{
    RIV_ASSERT(text.len < MSS_MESSAGE_BYTES_MAX);
    codec_put_varint(out, text.len + 1);
    riv_put_str(out, text);
    riv_put_u8(out, '\n');
}

void mss_dial(mss *m, riv_str protocol, riv_buf *out)
{
    *m = (mss){ .dialer = true, .protocol = protocol };
    mss_message_write(RIV_LIT(MSS_HEADER), out);
    mss_message_write(protocol, out);
}

void mss_listen(mss *m, const riv_str *offers, size_t offers_count)
{
    *m = (mss){ .offers = offers, .offers_count = offers_count };
}

riv_err mss_feed(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out, mss_outcome *outcome)
{
    if (!m->header_seen) RIV_TRY(read_header(m, in, fault, out));
    return m->dialer ? read_answer(m, in, fault, outcome) : read_proposals(m, in, fault, out, outcome);
}

static riv_err read_header(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out)
{
    size_t  start = in->pos;
    riv_str text;
    RIV_TRY(mss_message_read(in, fault, &text));
    if (!riv_str_eq(text, RIV_LIT(MSS_HEADER)))
        return riv_fail(fault, RIV_E_UNSUPPORTED, start, "the peer does not speak " MSS_HEADER);
    m->header_seen = true;
    if (!m->dialer) mss_message_write(text, out);
    return RIV_OK;
}

static riv_err read_answer(const mss *m, riv_reader *in, riv_fault *fault, mss_outcome *outcome)
{
    size_t  start = in->pos;
    riv_str text;
    RIV_TRY(mss_message_read(in, fault, &text));
    bool agreed = riv_str_eq(text, m->protocol);
    if (!agreed && !riv_str_eq(text, RIV_LIT(MSS_NA)))
        return riv_fail(fault, RIV_E_MALFORMED, start, "multistream answer is neither the protocol nor na");
    *outcome = (mss_outcome){ .agreed = agreed };
    return RIV_OK;
}

static riv_err read_proposals(mss *m, riv_reader *in, riv_fault *fault, riv_buf *out, mss_outcome *outcome)
{
    for (;;) {
        size_t  start = in->pos;
        riv_str text;
        RIV_TRY(mss_message_read(in, fault, &text));
        for (size_t i = 0; i < m->offers_count; i++) {
            if (!riv_str_eq(text, m->offers[i])) continue;
            mss_message_write(text, out);
            *outcome = (mss_outcome){ .agreed = true, .index = i };
            return RIV_OK;
        }
        if (m->tries++ >= MSS_TRIES_MAX)
            return riv_fail(fault, RIV_E_LIMIT, start, "more than %d protocols proposed on one stream", MSS_TRIES_MAX);
        mss_message_write(RIV_LIT(MSS_NA), out);
    }
}
