/* http_fuzz.c: any bytes as the requests of a connection: what is read does not depend on the pieces in which they come, and lies inside. */
#include "host/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, as text: each request, then how it ended. */
static void read_all(riv_bytes in, size_t piece, riv_buf *out)
{
    http_input   input   = { 0 };
    http_refusal refusal = { 0 };
    http_state   state   = HTTP_WAITS;
    http_request r;
    for (size_t at = 0; at < in.len && state != HTTP_REFUSED; at += piece) {
        riv_put_bytes(&input.in, riv_bytes_sub(in, at, RIV_MIN(at + piece, in.len)));
        while ((state = http_next(&input, &r, &refusal)) == HTTP_READY) {
            RIV_ASSERT(r.method.len && r.head_bytes <= HOST_HTTP_HEAD_BYTES_MAX && r.body.len <= in.len);
            RIV_ASSERT(r.minor == 0 || http_header(&r, "host").ptr || !r.host.len);
            riv_putf(out, RIV_FMT " " RIV_FMT " %d %d %d " RIV_FMT " " RIV_FMT "\n", RIV_ARG(r.method), RIV_ARG(r.path),
                     r.upgrades, http_keeps_alive(&r), http_host_is_local(r.host) + 2 * http_origin_is_local(r.origin),
                     RIV_ARG(http_header(&r, "content-type")), RIV_ARG(r.body));
            http_take(&input, &r);
            if (r.upgrades) goto end;
        }
        RIV_ASSERT(state != HTTP_REFUSED || (refusal.status >= 400 && refusal.why[0]));
    }
end:
    riv_putf(out, "%s\n", state == HTTP_REFUSED ? "refused" : "waits");
    http_input_free(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_buf   whole = { 0 }, pieces = { 0 };
    riv_bytes in = { data, size };
    if (size == 0 || size > HOST_HTTP_HEAD_BYTES_MAX) return 0; /* a longer head is refused at another place */
    read_all(riv_bytes_sub(in, 1, size), size, &whole);
    read_all(riv_bytes_sub(in, 1, size), 1 + data[0] % 61, &pieces); /* the first byte: of how many each piece is */
    RIV_ASSERT(riv_bytes_eq(riv_buf_view(&whole), riv_buf_view(&pieces)));
    riv_buf_free(&whole);
    riv_buf_free(&pieces);
    return 0;
}
