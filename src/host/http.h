/* Http: a server for questions and answers: HTTP/1.1 POST with keep-alive, and WebSocket messages, on a host's loop.
 * Not here: what is asked and answered; TLS; files. Requests are read by picohttpparser, frames by wslay.
 * Spec: RFC 9110, 9112 (messages), RFC 6455 (WebSocket). */
#ifndef RIV_HOST_HTTP_H
#define RIV_HOST_HTTP_H

#include "host/host.h"

enum {
    HOST_HTTP_HEAD_BYTES_MAX   = 16 << 10, /* of a request: its line and headers */
    HOST_HTTP_BODY_BYTES_MAX   = 5 << 20,  /* of a request or message: above, 413, or closing with 1009 */
    HOST_HTTP_LINKS_MAX        = 512,      /* for one more the one that has been idle for longest is closed, or it itself */
    HOST_HTTP_SPARED_MS        = 1000,     /* of being idle */
    HOST_HTTP_REQUEST_MS       = 30000,    /* from the first byte of a request to its last */
    HOST_HTTP_IDLE_MS          = 120000,   /* an HTTP connection without a request */
    HOST_HTTP_LATER            = 0,        /* instead of a status: the answer is not there yet, host_http_again asks for it once more */
    HOST_HTTP_LINGER_MS        = 1000,     /* a client that was refused may still be sending: so long it is let, or it would not see why */
    HOST_HTTP_HELD_BYTES_MAX   = 512 << 20, /* for all clients, of requests and answers under way: above, who holds most is cut off */
    HOST_HTTP_QUEUED_BYTES_MAX = 64 << 20, /* answers that a client does not fetch: it is no longer read, and cut off when more is to be told */
};

typedef struct host_http host_http;
typedef struct host_http_config {
    riv_str  listen;  /* "127.0.0.1:8545", "[::1]:8545"; port 0: any */
    riv_str  origin;  /* web pages of this origin may ask ("*": all). Empty: those that come from this machine. But for "*", what listens on
                        this machine alone answers to its addresses and localhost alone: other names are those of pages that rebind theirs */
    void    *ctx;
    int    (*answer)(void *ctx, riv_str path, riv_str body, riv_buf *reply); /* a POST of JSON; gives the status, e.g. 200, or HOST_HTTP_LATER */
    void   (*message)(void *ctx, uint64_t conn, riv_str text, riv_buf *reply); /* of a WebSocket; an empty reply is not sent. NULL: there are none */
    void   (*after)(void *ctx);                                              /* a reply is on its way: what it led to may be told; may be NULL */
    void   (*closed)(void *ctx, uint64_t conn);                              /* a WebSocket is gone; may be NULL */
    size_t   held_bytes_max;                                                 /* 0: HOST_HTTP_HELD_BYTES_MAX */
} host_http_config; /* copied, but for ctx */
/* Listens at once, answers while the host runs. Lives as long as h. RIV_E_MALFORMED: the address; RIV_E_IO: it is taken. */
RIV_MUST_USE riv_err host_http_open(host *h, const host_http_config *config, riv_fault *fault, host_http **out);
void     host_http_close(host_http *s); /* asks and tells nothing any more; accepts NULL; memory goes with the host */
uint16_t host_http_port(const host_http *s);
void     host_http_again(host_http *s); /* requests whose answers were to come later are answered now, or wait on; accepts NULL */
void     host_http_tell(host_http *s, uint64_t conn, riv_str text); /* to a WebSocket; one that is gone is passed over. No text: it is cut off */

#endif
