/* Http_request: the bytes of a connection as HTTP/1.1 requests, one after another: what is malformed or ambiguous is refused, not guessed.
 * Not here: sockets, answers, WebSocket frames (http.c). Pure: bytes in, slices out.
 * Spec: RFC 9110, 9112. */
#ifndef RIV_HOST_HTTP_REQUEST_H
#define RIV_HOST_HTTP_REQUEST_H

#include "host/http.h"

#include <picohttpparser.h>

enum { HTTP_HEADERS_MAX = 64 };

/* What came of a connection and was not yet taken. = { 0 }; the owner frees both buffers. */
typedef struct http_input {
    riv_buf in;     /* requests; of a chunked body that still comes, its head alone */
    riv_buf body;   /* the chunked body, as far as it was taken apart */
    size_t  came;   /* bytes of it, with what stands between the chunks */
    bool    chunked; /* it has begun */
    struct phr_chunked_decoder chunks;
} http_input;

/* Slices of the input: valid until it changes. */
typedef struct http_request {
    riv_str           method, path, host, origin, body; /* host, origin: empty where they are not told */
    int               minor; /* of HTTP/1.x */
    bool              upgrades; /* to WebSocket; then there is no body */
    struct phr_header headers[HTTP_HEADERS_MAX];
    size_t            headers_count, head_bytes;
} http_request;

typedef enum http_state { HTTP_WAITS, HTTP_READY, HTTP_REFUSED } http_state;
typedef struct http_refusal { int status; const char *why; } http_refusal;

/* The first request. WAITS: more has to come; *out has a head_bytes once its head is whole. REFUSED: *refusal says how, the rest of the input means nothing. */
http_state http_next(http_input *input, http_request *out, http_refusal *refusal);
void       http_take(http_input *input, const http_request *request); /* the READY one is done with */
void       http_input_free(http_input *input);

riv_str http_header(const http_request *r, const char *name); /* the first of that name; empty: there is none */
bool    http_has_word(riv_str list, riv_str word);            /* "keep-alive, Upgrade" */
bool    http_keeps_alive(const http_request *r);

/* Whether a Host may be meant that listens on this machine alone: an address, localhost, nothing. A page may give its own name such an address. */
bool http_host_is_local(riv_str told);
bool http_origin_is_local(riv_str origin); /* "http://localhost:3000", "https://127.0.0.1" */

#endif
