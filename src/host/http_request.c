/* http_request.c: heads by picohttpparser, then how long the body is, by one rule only; chunks are taken apart as they come, each byte once.
 * Spec: RFC 9112 2.2, 3.2, 5.2, 6. Tests: http_test.c, http_fuzz.c. */
#define _GNU_SOURCE
#include "host/http_request.h"

#include "host/internal.h"

enum { CHUNKED_BYTES_MAX = 2 * HOST_HTTP_BODY_BYTES_MAX, KEPT_BYTES = 64 << 10 };

/* ---- headers ---- */

/* The n-th header of that name. NULL: there are not so many. */
static const struct phr_header *nth(const http_request *r, const char *name, size_t n)
{
    for (size_t i = 0; i < r->headers_count; i++) {
        const struct phr_header *h = &r->headers[i];
        if (host__same_word((riv_str){ h->name, h->name_len }, riv_str_c(name)) && n-- == 0) return h;
    }
    return NULL;
}

static riv_str value_of(const struct phr_header *h)
{
    return h ? riv_str_trim((riv_str){ h->value, h->value_len }) : (riv_str){ 0 };
}

riv_str http_header(const http_request *r, const char *name) { return value_of(nth(r, name, 0)); }

bool http_has_word(riv_str list, riv_str word)
{
    for (size_t at = 0; at < list.len;) {
        size_t comma = RIV_MIN(riv_str_find_char(list, ',', at), list.len);
        if (host__same_word(riv_str_trim(riv_str_sub(list, at, comma)), word)) return true;
        at = comma + 1;
    }
    return false;
}

bool http_keeps_alive(const http_request *r)
{
    riv_str c = http_header(r, "connection");
    return r->minor >= 1 ? !http_has_word(c, RIV_LIT("close")) : http_has_word(c, RIV_LIT("keep-alive"));
}

/* ---- who is meant, and who asks ---- */

/* "localhost:8545": its name. "[::1]:8545": with its brackets. */
static riv_str name_of(riv_str place)
{
    size_t end = riv_str_starts(place, RIV_LIT("[")) ? riv_str_find_char(place, ']', 0) : 0;
    return riv_str_sub(place, 0, RIV_MIN(riv_str_find_char(place, ':', RIV_MIN(end, place.len)), place.len));
}

static bool is_ipv4(riv_str name)
{
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        dots += name.ptr[i] == '.';
        if (name.ptr[i] != '.' && (name.ptr[i] < '0' || name.ptr[i] > '9')) return false;
    }
    return dots == 3;
}

bool http_host_is_local(riv_str told)
{
    riv_str name = name_of(told);
    if (riv_str_ends(name, RIV_LIT("."))) name = riv_str_sub(name, 0, name.len - 1);
    size_t tail = name.len > 10 ? name.len - 10 : 0;
    return name.len == 0 || riv_str_starts(name, RIV_LIT("[")) || is_ipv4(name) ||
           host__same_word(name, RIV_LIT("localhost")) ||
           host__same_word(riv_str_sub(name, tail, name.len), RIV_LIT(".localhost"));
}

bool http_origin_is_local(riv_str origin)
{
    static const riv_str here[] = { RIV_LIT_INIT("localhost"), RIV_LIT_INIT("127.0.0.1"), RIV_LIT_INIT("[::1]") };
    size_t               scheme = riv_str_find(origin, RIV_LIT("://"), 0);
    riv_str              place  = scheme == SIZE_MAX ? origin : riv_str_sub(origin, scheme + 3, origin.len);
    for (size_t i = 0; i < RIV_COUNT(here); i++)
        if (riv_str_starts(place, here[i]) && (place.len == here[i].len || place.ptr[here[i].len] == ':')) return true;
    return false;
}

/* ---- the head ---- */

static http_state refuse(http_refusal *out, int status, const char *why)
{
    *out = (http_refusal){ status, why };
    return HTTP_REFUSED;
}

/* SPEC RFC 9112 5.2: folded lines, 3.2: one Host in HTTP/1.1. What stands twice is one thing here and another elsewhere: it is refused. */
static http_state check_head(http_request *r, http_refusal *refusal)
{
    static const char *const once[] = { "host", "origin", "content-length", "transfer-encoding", "content-type" };
    for (size_t i = 0; i < r->headers_count; i++)
        if (!r->headers[i].name) return refuse(refusal, 400, "a header goes on in the next line");
    for (size_t i = 0; i < RIV_COUNT(once); i++)
        if (nth(r, once[i], 1)) return refuse(refusal, 400, "a header is given more than once");
    if (r->minor >= 1 && !nth(r, "host", 0)) return refuse(refusal, 400, "there is no Host");
    r->host     = http_header(r, "host");
    r->origin   = http_header(r, "origin");
    r->upgrades = r->minor >= 1 && http_has_word(http_header(r, "upgrade"), RIV_LIT("websocket")) &&
                  http_has_word(http_header(r, "connection"), RIV_LIT("upgrade"));
    return HTTP_READY;
}

static http_state read_head(const http_input *input, http_request *r, http_refusal *refusal)
{
    http_request h = { .headers_count = HTTP_HEADERS_MAX };
    int head = phr_parse_request((const char *)input->in.ptr, input->in.len, &h.method.ptr, &h.method.len, &h.path.ptr,
                                 &h.path.len, &h.minor, h.headers, &h.headers_count, 0);
    if (head == -1 || (head >= 0 && (h.method.len == 0 || h.path.len == 0)))
        return refuse(refusal, 400, "malformed request");
    if (head == -2 ? input->in.len > HOST_HTTP_HEAD_BYTES_MAX : head > HOST_HTTP_HEAD_BYTES_MAX)
        return refuse(refusal, 431, "request header too large");
    if (head == -2) return HTTP_WAITS;
    h.head_bytes = (size_t)head;
    *r           = h;
    return check_head(r, refusal);
}

/* ---- the body ---- */

/* Behind the head stand chunks, new ones: they move to the body. What is behind the last chunk moves back. */
static http_state read_chunks(http_input *input, http_request *r, http_refusal *refusal)
{
    size_t start = input->body.len, fresh = input->in.len - r->head_bytes, size = fresh;
    if (!input->chunked) input->chunks = (struct phr_chunked_decoder){ .consume_trailer = 1 };
    input->chunked = true;
    input->came += fresh;
    riv_put_bytes(&input->body, riv_bytes_sub(riv_buf_view(&input->in), r->head_bytes, input->in.len));
    if (!input->body.ptr) return HTTP_WAITS;
    ssize_t left = phr_decode_chunked(&input->chunks, (char *)input->body.ptr + start, &size);
    if (left == -1) return refuse(refusal, 400, "the chunks of the body are malformed");
    input->body.len = start + size;
    if (input->body.len > HOST_HTTP_BODY_BYTES_MAX || input->chunks.bytes_left_in_chunk > HOST_HTTP_BODY_BYTES_MAX ||
        input->came - (left > 0 ? (size_t)left : 0) > CHUNKED_BYTES_MAX)
        return refuse(refusal, 413, "content length too large");
    if (left < 0) {
        input->in.len = r->head_bytes;
        return HTTP_WAITS;
    }
    memmove(input->in.ptr + r->head_bytes, input->in.ptr + input->in.len - (size_t)left, (size_t)left);
    input->in.len = r->head_bytes + (size_t)left;
    r->body       = riv_buf_str(&input->body);
    return HTTP_READY;
}

/* SPEC RFC 9112 6.3: a length and a coding at once is an attack */
static http_state read_body(http_input *input, http_request *r, http_refusal *refusal)
{
    uint64_t                 length = 0;
    const struct phr_header *given = nth(r, "content-length", 0), *coding = nth(r, "transfer-encoding", 0);
    if (given && coding) return refuse(refusal, 400, "the length of the body is given more than once");
    if (coding && r->minor < 1) return refuse(refusal, 400, "HTTP/1.0 has no transfer codings");
    if (coding && !host__same_word(value_of(coding), RIV_LIT("chunked")))
        return refuse(refusal, 501, "unknown transfer coding");
    if (coding) return read_chunks(input, r, refusal);
    if (given && !riv_str_u64(value_of(given), &length)) return refuse(refusal, 400, "the length is no number");
    if (length > HOST_HTTP_BODY_BYTES_MAX) return refuse(refusal, 413, "content length too large");
    if (input->in.len - r->head_bytes < length) return HTTP_WAITS;
    r->body = riv_str_sub(riv_buf_str(&input->in), r->head_bytes, r->head_bytes + (size_t)length);
    return HTTP_READY;
}

http_state http_next(http_input *input, http_request *out, http_refusal *refusal)
{
    *out = (http_request){ 0 };
    if (input->in.len == 0) return HTTP_WAITS;
    http_state state = read_head(input, out, refusal);
    if (state != HTTP_READY) return state;
    if (out->upgrades && (nth(out, "content-length", 0) || nth(out, "transfer-encoding", 0)))
        return refuse(refusal, 400, "a handshake has no body");
    if (out->upgrades) return HTTP_READY;
    return read_body(input, out, refusal);
}

void http_take(http_input *input, const http_request *request)
{
    riv_buf_drop(&input->in, request->head_bytes + (input->chunked ? 0 : request->body.len));
    riv_buf_free(&input->body);
    if (input->in.len == 0 && input->in.cap > KEPT_BYTES)
        riv_buf_free(&input->in); /* most links wait most of the time */
    input->came    = 0;
    input->chunked = false;
}

void http_input_free(http_input *input)
{
    riv_buf_free(&input->in);
    riv_buf_free(&input->body);
}
