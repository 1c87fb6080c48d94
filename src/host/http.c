/* http.c: HTTP/1.1 and WebSocket on the loop. A link gathers bytes; each whole request (http_request.c) is answered in order; an upgrade hands it to wslay.
 * What a link may hold is bounded on both sides, what all hold together too, and so is how long a request may take to come.
 * Spec: RFC 9112, RFC 6455. Tests: http_test.c; real clients: tests/interop/eth. */
#define _GNU_SOURCE
#include "host/http.h"

#include "host/http_request.h"
#include "host/internal.h"

#include <sha1.h>
#include <wslay/wslay.h>

enum { BACKLOG = 128, SWEEP_EVERY_MS = 1000, ALIVE_S = 60, KEY_CHARS = 24, SMALL_BYTES = 64 << 10 };
enum { TAKEN_BYTES = 512 }; /* wslay takes at once: it answers all that it has taken, however full we are */
enum {
    FRAME_BYTES       = 64,
    MESSAGE_BYTES_MAX = 2 * HOST_HTTP_BODY_BYTES_MAX
}; /* what wslay keeps for each frame of a message, with its own */
static const riv_str continue_text = RIV_LIT_INIT("HTTP/1.1 100 Continue\r\n\r\n");

typedef struct http_link http_link;
struct http_link {
    uv_tcp_t      tcp;
    host_http    *http;
    http_link    *next, *prev;
    uint64_t      id;
    http_input    input;
    size_t        taken;    /* of the input: wslay has read so far */
    size_t        message;  /* bytes that wslay holds of a message that is not whole */
    size_t        queued;   /* bytes given to uv_write that have not left */
    uint64_t      since_ns; /* when what it waits for began: a request's first byte, or the last answer */
    bool          continued, closing, paused;
    bool          ending, lingers; /* closes when what was written has left; lingers: and the other side has seen it */
    http_request *waiting; /* its answer comes later: nothing is read until then, so its slices stay; NULL: none does */
    uv_shutdown_t last;
    wslay_event_context_ptr ws;
    riv_buf                 out; /* what wslay wants to send */
};

struct host_http {
    host            *host;
    host_http       *next;
    host_http_config config;
    uv_tcp_t         tcp;
    uv_timer_t       timer;
    uint16_t         port;
    http_link       *links;
    size_t           links_count;
    bool             local; /* listens on this machine alone */
    uint64_t         ids;
    riv_blob         origin;
};

static void feed(http_link *l);

/* ---- a link's life ---- */

static void unlink_one(http_link *l)
{
    if (l->prev)
        l->prev->next = l->next;
    else
        l->http->links = l->next;
    if (l->next) l->next->prev = l->prev;
    l->http->links_count--;
}

static void free_one(http_link *l)
{
    if (l->ws) wslay_event_context_free(l->ws);
    http_input_free(&l->input);
    riv_buf_free(&l->out);
    riv_free(l->waiting);
    riv_free(l);
}

static void on_closed(uv_handle_t *handle)
{
    http_link *l = handle->data;
    unlink_one(l);
    free_one(l);
}

static void shut(http_link *l)
{
    if (l->closing) return;
    l->closing = true;
    if (l->ws && l->http->config.closed) l->http->config.closed(l->http->config.ctx, l->id);
    if (!uv_is_closing((uv_handle_t *)&l->tcp)) uv_close((uv_handle_t *)&l->tcp, on_closed);
}

/* ---- what all of them hold ---- */

static size_t held(const http_link *l)
{
    return l->closing ? 0 : l->input.in.cap + l->input.body.cap + l->message + l->queued + l->out.cap;
}

/* One client with a hundred links shall not take all memory: who holds most makes room, which may be l itself. */
static void make_room(http_link *l)
{
    host_http *s   = l->http;
    size_t     all = 0;
    if (held(l) <= SMALL_BYTES) return;
    for (http_link *k = s->links; k; k = k->next) {
        all += held(k);
        if (held(k) > held(l)) l = k;
    }
    if (all > (s->config.held_bytes_max ? s->config.held_bytes_max : HOST_HTTP_HELD_BYTES_MAX)) shut(l);
}

/* ---- writing ---- */

typedef struct writing {
    uv_write_t req;
    http_link *link;
    riv_buf    bytes;
} writing;

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf);
static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf);

static void on_last(uv_shutdown_t *req, int status)
{
    if (status < 0) shut(req->data);
}

/* All is said. Closing at once, with bytes of the other side unread, would take back what is on its way. */
static void part(http_link *l)
{
    if (!l->lingers) {
        shut(l);
        return;
    }
    l->since_ns  = host_clock_ns();
    l->last.data = l;
    if (uv_shutdown(&l->last, (uv_stream_t *)&l->tcp, on_last)) shut(l);
}

static void on_written(uv_write_t *req, int status)
{
    writing   *w = req->data;
    http_link *l = w->link;
    l->queued -= w->bytes.len;
    riv_buf_free(&w->bytes);
    riv_free(w);
    if (status < 0) shut(l);
    if (l->ending && l->queued == 0 && !l->closing) part(l);
    if (!l->paused || l->closing || l->ending || l->queued > HOST_HTTP_QUEUED_BYTES_MAX / 2) return;
    l->paused = false;
    if (uv_read_start((uv_stream_t *)&l->tcp, on_alloc, on_read)) shut(l);
    if (!l->closing) feed(l); /* what had come before it was paused */
}

/* Takes the bytes over. */
static void send_bytes(http_link *l, riv_buf *bytes)
{
    if (l->closing || bytes->len == 0) {
        riv_buf_free(bytes);
        return;
    }
    writing *w  = riv_alloc(sizeof *w);
    w->link     = l;
    w->bytes    = *bytes;
    w->req.data = w;
    *bytes      = (riv_buf){ 0 };
    l->queued += w->bytes.len;
    uv_buf_t buf = uv_buf_init((char *)w->bytes.ptr, (unsigned)w->bytes.len);
    if (uv_write(&w->req, (uv_stream_t *)&l->tcp, &buf, 1, on_written) == 0) {
        make_room(l);
        return;
    }
    l->queued -= w->bytes.len;
    riv_buf_free(&w->bytes);
    riv_free(w);
    shut(l);
}

static void end_after_writing(http_link *l, bool lingers)
{
    l->ending  = true;
    l->lingers = lingers;
    if (!lingers) uv_read_stop((uv_stream_t *)&l->tcp);
    if (l->queued == 0) part(l);
}

/* A client that asks faster than it fetches answers is not read for a while. */
static bool pause_when_full(http_link *l)
{
    if (l->queued <= HOST_HTTP_QUEUED_BYTES_MAX) return false;
    l->paused   = true;
    l->since_ns = host_clock_ns();
    uv_read_stop((uv_stream_t *)&l->tcp);
    return true;
}

/* ---- WebSocket ---- */

static ssize_t ws_take(wslay_event_context_ptr ctx, uint8_t *out, size_t len, int flags, void *user)
{
    http_link *l    = user;
    size_t     left = l->input.in.len - l->taken;
    (void)flags;
    if (left == 0 || l->closing || l->queued + l->out.len > HOST_HTTP_QUEUED_BYTES_MAX) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = RIV_MIN(RIV_MIN(len, left), TAKEN_BYTES);
    memcpy(out, l->input.in.ptr + l->taken, len);
    l->taken += len;
    return (ssize_t)len;
}

static ssize_t ws_give(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags, void *user)
{
    http_link *l = user;
    (void)ctx;
    (void)flags;
    riv_put_bytes(&l->out, (riv_bytes){ data, len });
    return (ssize_t)len;
}

static void ws_say(http_link *l, riv_bytes text)
{
    struct wslay_event_msg m = { WSLAY_TEXT_FRAME, text.ptr, text.len };
    if (l->ending || wslay_event_queue_msg(l->ws, &m)) return;
    if (wslay_event_send(l->ws)) shut(l);
}

/* Many small frames make a message dearer than its bytes. */
static void ws_frame(wslay_event_context_ptr ctx, const struct wslay_event_on_frame_recv_start_arg *arg, void *user)
{
    http_link *l = user;
    (void)ctx;
    if (wslay_is_ctrl_frame(arg->opcode)) return;
    if (l->message == 0) l->since_ns = host_clock_ns();
    l->message += FRAME_BYTES + (size_t)RIV_MIN(arg->payload_length, HOST_HTTP_BODY_BYTES_MAX);
    if (l->message > MESSAGE_BYTES_MAX) shut(l);
    if (!l->closing) make_room(l);
}

static void ws_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *arg, void *user)
{
    http_link *l     = user;
    riv_buf    reply = { 0 };
    (void)ctx;
    if (wslay_is_ctrl_frame(arg->opcode) || l->closing) return;
    l->message = 0;
    l->http->config.message(l->http->config.ctx, l->id, (riv_str){ (const char *)arg->msg, arg->msg_length }, &reply);
    if (reply.len && !l->closing) ws_say(l, riv_buf_view(&reply));
    riv_buf_free(&reply);
    if (l->http->config.after) l->http->config.after(l->http->config.ctx);
    if (!l->closing) make_room(l);
}

static void ws_flush(http_link *l)
{
    if (l->closing) return;
    if (wslay_event_want_write(l->ws) && wslay_event_send(l->ws)) {
        shut(l);
        return;
    }
    bool over = !wslay_event_want_read(l->ws) && !wslay_event_want_write(l->ws);
    send_bytes(l, &l->out);
    if (over && !l->closing) end_after_writing(l, false);
}

static void ws_feed(http_link *l)
{
    if (wslay_event_recv(l->ws)) {
        shut(l);
        return;
    }
    riv_buf_drop(&l->input.in, l->taken);
    l->taken = 0;
    if (l->input.in.len == 0 && l->input.in.cap > SMALL_BYTES) riv_buf_free(&l->input.in);
    ws_flush(l);
    if (!l->closing && !l->ending) pause_when_full(l);
}

void host_http_tell(host_http *s, uint64_t conn, riv_str text)
{
    for (http_link *l = s->links; l; l = l->next) {
        if (l->id != conn || !l->ws || l->closing || l->ending) continue;
        if (text.len == 0 || l->queued > HOST_HTTP_QUEUED_BYTES_MAX) {
            shut(l); /* it has lost something, or does not read what it asked to be told */
            return;
        }
        ws_say(l, riv_str_bytes(text));
        ws_flush(l);
        return;
    }
}

/* ---- requests ---- */

/* Pages from elsewhere must not use what listens on this machine: a browser says where a page comes from, and which name it asked for. */
static bool origin_allowed(const host_http *s, riv_str origin)
{
    riv_str set = riv_bytes_str(riv_blob_view(s->origin));
    return origin.len == 0 || riv_str_eq(set, RIV_LIT("*")) || riv_str_eq(set, origin) || http_origin_is_local(origin);
}

static bool host_allowed(const host_http *s, riv_str name)
{
    return !s->local || riv_str_eq(riv_bytes_str(riv_blob_view(s->origin)), RIV_LIT("*")) || http_host_is_local(name);
}

static const char *words_of(int status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
    }
}

static void respond(http_link *l, const http_request *r, int status, const char *type, riv_bytes body)
{
    riv_buf out    = { 0 };
    riv_str origin = r->origin;
    bool    close  = l->ending || !http_keeps_alive(r);
    riv_putf(&out, "HTTP/1.1 %d %s\r\n", status, words_of(status));
    if (status != 204) riv_putf(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body.len);
    if (origin.len && status != 403)
        riv_putf(&out,
                 "Access-Control-Allow-Origin: " RIV_FMT "\r\nVary: Origin\r\nAccess-Control-Allow-Methods: POST\r\n"
                 "Access-Control-Allow-Headers: content-type\r\nAccess-Control-Max-Age: 600\r\n",
                 RIV_ARG(origin));
    if (status == 405) riv_putf(&out, "Allow: GET, HEAD, POST, OPTIONS\r\n");
    if (status == 426) riv_putf(&out, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    if (close) riv_putf(&out, "Connection: close\r\n");
    riv_putf(&out, "\r\n");
    riv_put_bytes(&out, body);
    send_bytes(l, &out);
    l->since_ns = host_clock_ns();
    if (close && !l->closing) end_after_writing(l, l->lingers);
}

static bool refuse(http_link *l, const http_request *r, int status, const char *why)
{
    l->ending = l->lingers = true;
    respond(l, r, status, "text/plain; charset=utf-8", riv_str_bytes(riv_str_c(why)));
    return false;
}

/* ---- the upgrade ---- */

static void accept_key(riv_str key, riv_buf *out)
{
    SHA1_CTX ctx;
    uint8_t  digest[SHA1_DIGEST_LENGTH];
    SHA1Init(&ctx);
    SHA1Update(&ctx, (const uint8_t *)key.ptr, key.len);
    SHA1Update(&ctx, (const uint8_t *)"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 36); /* RFC 6455 1.3 */
    SHA1Final(digest, &ctx);
    codec_put_base64(out, (riv_bytes){ digest, sizeof digest });
}

/* True: the link speaks frames from here on. */
static bool upgrade(http_link *l, const http_request *r)
{
    static const struct wslay_event_callbacks callbacks = { .recv_callback                = ws_take,
                                                            .send_callback                = ws_give,
                                                            .on_frame_recv_start_callback = ws_frame,
                                                            .on_msg_recv_callback         = ws_message };
    riv_buf                                   out       = { 0 };
    riv_str                                   key       = http_header(r, "sec-websocket-key");
    if (!l->http->config.message) return refuse(l, r, 400, "WebSocket is not spoken here");
    if (!riv_str_eq(r->method, RIV_LIT("GET")) || key.len != KEY_CHARS)
        return refuse(l, r, 400, "not a WebSocket handshake");
    if (!riv_str_eq(http_header(r, "sec-websocket-version"), RIV_LIT("13")))
        return refuse(l, r, 426, "WebSocket version 13 is spoken here");
    if (wslay_event_context_server_init(&l->ws, &callbacks, l)) return refuse(l, r, 500, "out of memory");
    wslay_event_config_set_max_recv_msg_length(l->ws, HOST_HTTP_BODY_BYTES_MAX);
    riv_putf(&out,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
    accept_key(key, &out);
    riv_putf(&out, "\r\n\r\n");
    send_bytes(l, &out);
    http_take(&l->input, r);
    return !l->closing;
}

/* ---- one request after another ---- */

/* False: not yet. */
static bool answer(http_link *l, const http_request *r)
{
    host_http *s     = l->http;
    riv_buf    reply = { 0 };
    riv_str    type  = http_header(r, "content-type");
    size_t     end   = RIV_MIN(riv_str_find_char(type, ';', 0), type.len);
    if (riv_str_eq(r->method, RIV_LIT("OPTIONS"))) {
        respond(l, r, 204, "", (riv_bytes){ 0 });
    } else if (riv_str_eq(r->method, RIV_LIT("GET")) || riv_str_eq(r->method, RIV_LIT("HEAD"))) {
        respond(l, r, 200, "text/plain", (riv_bytes){ 0 }); /* a look whether anybody is there */
    } else if (!riv_str_eq(r->method, RIV_LIT("POST"))) {
        respond(l, r, 405, "text/plain", riv_str_bytes(RIV_LIT("method not allowed")));
    } else if (!host__same_word(riv_str_trim(riv_str_sub(type, 0, end)), RIV_LIT("application/json"))) {
        respond(l, r, 415, "text/plain",
                riv_str_bytes(RIV_LIT("invalid content type, only application/json is supported")));
    } else {
        int status = s->config.answer(s->config.ctx, r->path, r->body, &reply);
        if (status != HOST_HTTP_LATER) respond(l, r, status, "application/json", riv_buf_view(&reply));
        riv_buf_free(&reply);
        if (s->config.after) s->config.after(s->config.ctx);
        return status != HOST_HTTP_LATER;
    }
    return true;
}

static void expect_more(http_link *l, const http_request *r)
{
    riv_buf out = { 0 };
    if (l->continued || !host__same_word(http_header(r, "expect"), RIV_LIT("100-continue"))) return;
    l->continued = true;
    riv_put_str(&out, continue_text);
    send_bytes(l, &out);
}

static void wait_for_answer(http_link *l, const http_request *r)
{
    uv_read_stop((uv_stream_t *)&l->tcp);
    l->waiting  = riv_alloc(sizeof *l->waiting);
    *l->waiting = *r;
}

/* True: there may be another request. */
static bool answered(http_link *l, const http_request *r)
{
    l->continued = false;
    if (l->closing || l->ending) return false;
    http_take(&l->input, r);
    return true;
}

/* True: a request was there and is done with, there may be another. */
static bool one_request(http_link *l)
{
    http_request r;
    http_refusal refusal;
    http_state   state = http_next(&l->input, &r, &refusal);
    if (state == HTTP_REFUSED) return refuse(l, &r, refusal.status, refusal.why);
    if (r.head_bytes == 0) return false;
    if (!origin_allowed(l->http, r.origin)) return refuse(l, &r, 403, "pages of this origin may not ask here");
    if (!host_allowed(l->http, r.host))
        return refuse(l, &r, 403, "this machine is asked by its addresses or as localhost");
    if (state == HTTP_WAITS) return expect_more(l, &r), false;
    if (r.upgrades) return upgrade(l, &r);
    if (!answer(l, &r)) return wait_for_answer(l, &r), false;
    return answered(l, &r);
}

static void feed(http_link *l)
{
    while (!l->ws && !l->ending && !l->closing && !l->waiting && l->input.in.len && !pause_when_full(l))
        if (!one_request(l)) break;
    if (l->ws && !l->ending && !l->closing && !l->paused) ws_feed(l);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    http_link *l = handle->data;
    (void)wanted;
    *buf = uv_buf_init((char *)l->http->host->read_bytes, sizeof l->http->host->read_bytes);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    http_link *l = stream->data;
    if (got < 0) {
        shut(l);
        return;
    }
    if (l->ending) return; /* it goes on although it was refused */
    if (l->input.in.len == 0 && !l->ws) l->since_ns = host_clock_ns();
    riv_put_bytes(&l->input.in, (riv_bytes){ (const uint8_t *)buf->base, (size_t)got });
    feed(l);
    if (!l->closing) make_room(l);
}

void host_http_again(host_http *s)
{
    for (http_link *l = s ? s->links : NULL, *next; l; l = next) {
        http_request *r = l->waiting;
        next            = l->next;
        if (!r || l->closing) continue;
        l->waiting = NULL;
        if (!answer(l, r)) {
            l->waiting = r;
            continue;
        }
        if (answered(l, r)) {
            if (uv_read_start((uv_stream_t *)&l->tcp, on_alloc, on_read)) shut(l);
            feed(l);
        }
        riv_free(r);
    }
}

/* The link that has had nothing to do for longest, and for so long that it can be spared. */
static http_link *idlest(const host_http *s)
{
    http_link *found = NULL;
    uint64_t   now   = host_clock_ns();
    for (http_link *l = s->links; l; l = l->next)
        if (!l->ws && !l->waiting && !l->closing && l->input.in.len == 0 && l->queued == 0 &&
            now - l->since_ns > UINT64_C(1000000) * HOST_HTTP_SPARED_MS && (!found || l->since_ns < found->since_ns))
            found = l;
    return found;
}

/* Who keeps many connections open keeps nobody else out. */
static bool has_room(const host_http *s)
{
    if (s->links_count <= HOST_HTTP_LINKS_MAX) return true;
    http_link *l = idlest(s);
    if (l) shut(l);
    return l != NULL;
}

static void on_connection(uv_stream_t *stream, int status)
{
    host_http *s = stream->data;
    if (status < 0) return;
    http_link *l = riv_alloc(sizeof *l);
    l->http      = s;
    l->id        = ++s->ids;
    l->since_ns  = host_clock_ns();
    l->tcp.data  = l;
    uv_tcp_init(&s->host->loop, &l->tcp);
    l->next = s->links;
    if (s->links) s->links->prev = l;
    s->links = l;
    s->links_count++;
    if (uv_accept(stream, (uv_stream_t *)&l->tcp) || !has_room(s)) {
        shut(l);
        return;
    }
    uv_tcp_nodelay(&l->tcp, 1);
    uv_tcp_keepalive(&l->tcp, 1, ALIVE_S);
    if (uv_read_start((uv_stream_t *)&l->tcp, on_alloc, on_read)) shut(l);
}

/* How long it may stay as it is. A WebSocket that wants nothing may wait for ever. */
static uint64_t patience_ms(const http_link *l)
{
    if (l->waiting) return UINT64_MAX; /* for us */
    if (l->lingers && l->queued == 0) return HOST_HTTP_LINGER_MS;
    if (l->ws && !l->ending && !l->message) return l->paused ? HOST_HTTP_IDLE_MS : UINT64_MAX;
    return l->ws || l->ending || l->input.in.len ? HOST_HTTP_REQUEST_MS : HOST_HTTP_IDLE_MS;
}

/* Those that began a request and do not end it, that do not fetch their answers, and those that ask nothing any more. */
static void on_sweep(uv_timer_t *timer)
{
    host_http *s   = timer->data;
    uint64_t   now = host_clock_ns();
    for (http_link *l = s->links, *next; l; l = next) {
        next = l->next;
        if ((now - l->since_ns) / 1000000 > patience_ms(l)) shut(l);
    }
}

/* ---- opening ---- */

static bool address_of(riv_str listen, struct sockaddr_storage *out)
{
    char     text[64] = { 0 };
    uint64_t port;
    size_t   colon = SIZE_MAX;
    for (size_t i = 0; i < listen.len; i++)
        if (listen.ptr[i] == ':') colon = i;
    if (colon == SIZE_MAX || !riv_str_u64(riv_str_sub(listen, colon + 1, listen.len), &port) || port > UINT16_MAX)
        return false;
    riv_str name = riv_str_sub(listen, 0, colon);
    if (riv_str_starts(name, RIV_LIT("[")) && riv_str_ends(name, RIV_LIT("]")))
        name = riv_str_sub(name, 1, name.len - 1);
    if (riv_str_eq(name, RIV_LIT("localhost"))) name = RIV_LIT("127.0.0.1");
    if (name.len >= sizeof text) return false;
    memcpy(text, name.ptr, name.len);
    return uv_ip4_addr(text, (int)port, (struct sockaddr_in *)(void *)out) == 0 ||
           uv_ip6_addr(text, (int)port, (struct sockaddr_in6 *)(void *)out) == 0;
}

static bool is_loopback(const struct sockaddr_storage *at)
{
    if (at->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)at)->sin6_addr);
    return ntohl(((const struct sockaddr_in *)(const void *)at)->sin_addr.s_addr) >> 24 == 127;
}

static uint16_t bound_port(const uv_tcp_t *tcp)
{
    struct sockaddr_storage at  = { 0 };
    int                     len = sizeof at;
    if (uv_tcp_getsockname(tcp, (struct sockaddr *)(void *)&at, &len)) return 0;
    return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&at)->sin6_port)
                                    : ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
}

riv_err host_http_open(host *h, const host_http_config *config, riv_fault *fault, host_http **out)
{
    struct sockaddr_storage at = { 0 };
    if (!address_of(config->listen, &at))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is no address like 127.0.0.1:8545",
                        RIV_ARG(config->listen));
    host_http *s = riv_alloc(sizeof *s);
    s->host      = h;
    s->config    = *config;
    s->origin    = riv_blob_copy(riv_str_bytes(config->origin));
    s->local     = is_loopback(&at);
    s->next      = h->https;
    h->https     = s; /* freed with the host, whatever comes */
    s->tcp.data = s->timer.data = s;
    uv_tcp_init(&h->loop, &s->tcp);
    uv_timer_init(&h->loop, &s->timer);
    int rc = uv_tcp_bind(&s->tcp, (const struct sockaddr *)(const void *)&at, 0);
    if (!rc) rc = uv_listen((uv_stream_t *)&s->tcp, BACKLOG, on_connection);
    if (rc)
        return riv_fail(fault, RIV_E_IO, 0, "cannot listen on " RIV_FMT ": %s", RIV_ARG(config->listen),
                        uv_strerror(rc));
    s->port = bound_port(&s->tcp);
    uv_timer_start(&s->timer, on_sweep, SWEEP_EVERY_MS, SWEEP_EVERY_MS);
    *out = s;
    return RIV_OK;
}

void host_http_close(host_http *s)
{
    if (!s) return;
    s->config.closed = NULL;
    for (http_link *l = s->links; l; l = l->next) shut(l);
    if (!uv_is_closing((uv_handle_t *)&s->tcp)) uv_close((uv_handle_t *)&s->tcp, NULL);
    if (!uv_is_closing((uv_handle_t *)&s->timer)) uv_close((uv_handle_t *)&s->timer, NULL);
}

uint16_t host_http_port(const host_http *s) { return s->port; }

/* The loop is closed: nothing calls back any more. */
void host__https_free(host *h)
{
    for (host_http *s = h->https, *next; s; s = next) {
        next = s->next;
        while (s->links) {
            http_link *l = s->links;
            unlink_one(l);
            free_one(l);
        }
        riv_blob_free(&s->origin);
        riv_free(s);
    }
    h->https = NULL;
}
