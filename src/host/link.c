/* link.c: sockets: listening, dialing (names too), reading, writing, closing. Callbacks become node events, nothing is decided here.
 * Tests: node_test.c, tests/e2e. */
#define _GNU_SOURCE
#include "host/internal.h"

#include <netdb.h>
#include <stdio.h>

#define LISTEN_BACKLOG 1024 /* a busy machine must not make a burst of dialers wait a second for their second SYN */
#define SWEEP_MS       100

/* ---- addresses ---- */

static riv_str addr_text(riv_arena *arena, const struct sockaddr *addr)
{
    char text[64] = { 0 };
    if (addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)addr;
        uv_ip6_name(v6, text, sizeof text);
        return riv_format(arena, "/ip6/%s/tcp/%u", text, ntohs(v6->sin6_port));
    }
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)addr;
    uv_ip4_name(v4, text, sizeof text);
    return riv_format(arena, "/ip4/%s/tcp/%u", text, ntohs(v4->sin_port));
}

static bool is_unspecified(const struct sockaddr *addr)
{
    static const struct in6_addr any6;
    if (addr->sa_family == AF_INET6)
        return memcmp(&((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr, &any6, sizeof any6) == 0;
    return ((const struct sockaddr_in *)(const void *)addr)->sin_addr.s_addr == 0;
}

static void add_addr(host_node *n, riv_str addr)
{
    n->addrs                   = riv_realloc(n->addrs, (n->addrs_count + 1) * sizeof *n->addrs);
    n->addrs[n->addrs_count++] = addr;
}

/* 0.0.0.0 tells nobody where to go: every address of the machine does. */
static void add_interfaces(host_node *n, const struct sockaddr_storage *bound)
{
    int                     count = 0;
    uv_interface_address_t *list  = NULL;
    if (uv_interface_addresses(&list, &count)) return;
    for (int i = 0; i < count; i++) {
        struct sockaddr_storage at = { 0 };
        if (list[i].address.address4.sin_family != bound->ss_family) continue;
        memcpy(&at, &list[i].address, sizeof list[i].address);
        if (bound->ss_family == AF_INET6) {
            const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)&at;
            if (v6->sin6_scope_id) continue; /* link-local: of no use to others */
            ((struct sockaddr_in6 *)(void *)&at)->sin6_port =
                ((const struct sockaddr_in6 *)(const void *)bound)->sin6_port;
        } else {
            ((struct sockaddr_in *)(void *)&at)->sin_port = ((const struct sockaddr_in *)(const void *)bound)->sin_port;
        }
        add_addr(n, addr_text(n->arena, (const struct sockaddr *)(const void *)&at));
    }
    uv_free_interface_addresses(list, count);
}

static bool ip_of(const codec_tcp_addr *addr, riv_arena *arena, struct sockaddr_storage *out)
{
    const char *text = riv_cstr(arena, addr->host);
    return uv_ip4_addr(text, addr->port, (struct sockaddr_in *)(void *)out) == 0 ||
           uv_ip6_addr(text, addr->port, (struct sockaddr_in6 *)(void *)out) == 0;
}

/* ---- a link's life ---- */

static host_link *find_link(host_node *n, uint64_t id)
{
    host_link *link = riv_map_get_u64(n->links, id);
    return link && !link->closing ? link : NULL;
}

static void free_link(uv_handle_t *handle) { riv_free(handle->data); }

static void shut(host_link *link)
{
    if (link->closing) return;
    link->closing = true;
    riv_map_remove_u64(link->node->links, link->id);
    if (!link->told_closed) host__node_note(link->node, NODE_LINK_CLOSED, link->id, (riv_str){ 0 });
    uv_close((uv_handle_t *)&link->tcp, free_link);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    host_link *link = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)link->node->host->read_bytes, HOST_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    host_link *link = stream->data;
    if (got < 0) {
        shut(link);
    } else if (got > 0 && !link->lingering) {
        node_event event = { .kind  = NODE_LINK_BYTES,
                             .link  = link->id,
                             .bytes = { (const uint8_t *)buf->base, (size_t)got } };
        host__node_give(link->node, &event);
    }
}

static void open_link(host_link *link, uint64_t dial, riv_str addr)
{
    host_node *n     = link->node;
    node_event event = { .kind = NODE_LINK_OPENED, .link = link->id, .dial = dial, .addr = addr };
    uv_tcp_nodelay(&link->tcp, 1);
    riv_map_put_u64(n->links, link->id, link);
    host__node_give(n, &event);
    if (!link->closing && uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read)) shut(link);
}

static host_link *new_link(host_node *n)
{
    host_link *link = riv_alloc(sizeof *link);
    link->node      = n;
    link->id        = ++n->next_link;
    uv_tcp_init(&n->host->loop, &link->tcp);
    link->tcp.data = link;
    return link;
}

/* ---- listening ---- */

static void on_connection(uv_stream_t *server, int status)
{
    host_listener          *listener = server->data;
    struct sockaddr_storage from     = { 0 };
    int                     len      = sizeof from;
    if (status < 0 || listener->node->stopped) return;
    host_link *link = new_link(listener->node);
    if (uv_accept(server, (uv_stream_t *)&link->tcp) ||
        uv_tcp_getpeername(&link->tcp, (struct sockaddr *)&from, &len)) {
        uv_close((uv_handle_t *)&link->tcp, free_link);
        return;
    }
    riv_arena *arena = riv_arena_new(0);
    open_link(link, 0, addr_text(arena, (const struct sockaddr *)&from));
    riv_arena_free(arena);
}

riv_err host__listen(host_node *n, riv_str text, riv_fault *fault)
{
    codec_multiaddr         multi = { 0 };
    codec_tcp_addr          addr  = { 0 };
    struct sockaddr_storage at = { 0 }, bound = { 0 };
    int                     len = sizeof bound, rc;
    RIV_TRY(codec_multiaddr_parse(text, n->arena, fault, &multi));
    if (!codec_multiaddr_tcp(n->arena, &multi, &addr) || addr.is_dns || !ip_of(&addr, n->arena, &at))
        return riv_fail(fault, RIV_E_MALFORMED, 0,
                        "cannot listen at " RIV_FMT ": expected /ip4/ADDRESS/tcp/PORT or /ip6/ADDRESS/tcp/PORT",
                        RIV_ARG(text));
    if (n->listeners_count == RIV_COUNT(n->listeners))
        return riv_fail(fault, RIV_E_LIMIT, 0, "more than %zu addresses to listen at", RIV_COUNT(n->listeners));
    host_listener *listener = riv_alloc(sizeof *listener);
    listener->node          = n;
    uv_tcp_init(&n->host->loop, &listener->tcp);
    listener->tcp.data                 = listener;
    n->listeners[n->listeners_count++] = listener;
    if ((rc = uv_tcp_bind(&listener->tcp, (const struct sockaddr *)&at, 0)) ||
        (rc = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &len)))
        return riv_fail(fault, RIV_E_IO, 0, "cannot listen at " RIV_FMT ": %s", RIV_ARG(text), uv_strerror(rc));
    if (is_unspecified((const struct sockaddr *)&bound))
        add_interfaces(n, &bound);
    else
        add_addr(n, addr_text(n->arena, (const struct sockaddr *)&bound));
    return RIV_OK;
}

riv_err host__accept_all(host_node *n, riv_fault *fault)
{
    for (size_t i = 0; i < n->listeners_count; i++) {
        int rc = uv_listen((uv_stream_t *)&n->listeners[i]->tcp, LISTEN_BACKLOG, on_connection);
        if (rc)
            return riv_fail(fault, RIV_E_IO, 0, "cannot listen at " RIV_FMT ": %s", RIV_ARG(n->config.listen[i]),
                            uv_strerror(rc));
    }
    return RIV_OK;
}

/* ---- dialing ---- */

static void free_dial(host_dial *d)
{
    riv_map_remove_u64(d->node->dials, d->id);
    riv_blob_free(&d->addr);
    uv_freeaddrinfo(d->resolved);
    riv_free(d);
}

static void fail_dial(host_dial *d, const char *reason)
{
    if (d->over) return;
    d->over = true;
    host__node_note(d->node, NODE_DIAL_FAILED, d->id, riv_str_c(reason));
}

static void connect_to(host_dial *d, const struct sockaddr *addr);

/* A name may stand for several addresses: each is tried before the dial fails. */
static bool try_next(host_dial *d)
{
    if (d->over || d->node->stopped || !d->untried) return false;
    const struct sockaddr *addr = d->untried->ai_addr;
    d->untried                  = d->untried->ai_next;
    connect_to(d, addr);
    return true;
}

static void not_connected(host_dial *d, int status)
{
    if (try_next(d)) return;
    fail_dial(d, uv_strerror(status));
    free_dial(d);
}

static void on_connected(uv_connect_t *request, int status)
{
    host_dial *d    = request->data;
    host_link *link = d->link;
    if (status == 0 && !d->over && !d->node->stopped) {
        d->over = true;
        open_link(link, d->id, riv_bytes_str(riv_blob_view(d->addr)));
        free_dial(d);
        return;
    }
    d->link = NULL; /* the node never knew it */
    if (!uv_is_closing((uv_handle_t *)&link->tcp)) uv_close((uv_handle_t *)&link->tcp, free_link);
    not_connected(d, status ? status : UV_ECANCELED);
}

static void connect_to(host_dial *d, const struct sockaddr *addr)
{
    host_link *link = new_link(d->node);
    d->connect.data = d;
    d->link         = link;
    int rc          = uv_tcp_connect(&d->connect, &link->tcp, addr, on_connected);
    if (rc == 0) return;
    d->link = NULL;
    uv_close((uv_handle_t *)&link->tcp, free_link);
    not_connected(d, rc);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    host_dial *d = request->data;
    d->resolving = false;
    d->resolved = d->untried = list;
    if (try_next(d)) return;
    fail_dial(d, status ? uv_strerror(status) : "the name has no address");
    free_dial(d);
}

static int family_of(const codec_multiaddr *multi)
{
    for (size_t i = 0; i < multi->count; i++) {
        if (multi->parts[i].kind == CODEC_ADDR_DNS4) return AF_INET;
        if (multi->parts[i].kind == CODEC_ADDR_DNS6) return AF_INET6;
    }
    return AF_UNSPEC;
}

void host__dial(host_node *n, uint64_t id, riv_str text)
{
    char                    port[8];
    codec_multiaddr         multi = { 0 };
    codec_tcp_addr          addr  = { 0 };
    struct sockaddr_storage at    = { 0 };
    riv_fault               fault = { 0 };
    riv_arena              *arena = riv_arena_new(0);
    host_dial              *d     = riv_alloc(sizeof *d);
    d->node                       = n;
    d->id                         = id;
    d->addr                       = riv_blob_copy(riv_str_bytes(text));
    d->until_ns                   = host_clock_ns() + UINT64_C(1000000) * HOST_DIAL_MS;
    riv_map_put_u64(n->dials, id, d);
    if (codec_multiaddr_parse(text, arena, &fault, &multi) || !codec_multiaddr_tcp(arena, &multi, &addr)) {
        fail_dial(d, fault.err ? fault.msg : "only /ip4, /ip6 and /dns addresses with /tcp can be dialed");
        free_dial(d);
    } else if (!addr.is_dns && ip_of(&addr, arena, &at)) {
        connect_to(d, (const struct sockaddr *)&at);
    } else {
        struct addrinfo hints = { .ai_family = family_of(&multi), .ai_socktype = SOCK_STREAM };
        snprintf(port, sizeof port, "%u", addr.port);
        d->resolve.data = d;
        d->resolving    = true;
        int rc = uv_getaddrinfo(&n->host->loop, &d->resolve, on_resolved, riv_cstr(arena, addr.host), port, &hints);
        if (rc) {
            fail_dial(d, uv_strerror(rc));
            free_dial(d);
        }
    }
    riv_arena_free(arena);
    if (!uv_is_active((uv_handle_t *)&n->host->sweep)) host__sweep(n->host);
}

/* ---- writing and closing ---- */

typedef struct write_request {
    uv_write_t write;
    host_link *link;
    size_t     len;
    uint8_t    bytes[];
} write_request;

static void note_drained(host_link *link, size_t bytes)
{
    if (link->drained == 0) host__node_note(link->node, NODE_LINK_DRAINED, link->id, (riv_str){ 0 });
    link->drained += bytes;
}

static void on_written(uv_write_t *write, int status)
{
    write_request *request = write->data;
    host_link     *link    = request->link;
    link->queued -= request->len;
    if (status == 0 && !link->closing) note_drained(link, request->len);
    if (!link->closing && (status || (link->lingering && link->queued == 0))) shut(link);
    riv_free(request);
}

void host__link_write(host_node *n, uint64_t id, riv_bytes bytes)
{
    host_link *link = find_link(n, id);
    if (!link || link->lingering || bytes.len == 0) return;
    if (link->queued == 0) {
        uv_buf_t now  = uv_buf_init((char *)(uintptr_t)bytes.ptr, (unsigned)RIV_MIN(bytes.len, (size_t)1 << 30));
        int      sent = uv_try_write((uv_stream_t *)&link->tcp, &now, 1);
        if (sent < 0 && sent != UV_EAGAIN) {
            shut(link);
            return;
        }
        if (sent > 0) {
            note_drained(link, (size_t)sent);
            bytes = riv_bytes_sub(bytes, (size_t)sent, bytes.len);
        }
    }
    if (bytes.len == 0) return;
    write_request *request = riv_alloc(sizeof *request + bytes.len);
    request->link          = link;
    request->len           = bytes.len;
    request->write.data    = request;
    memcpy(request->bytes, bytes.ptr, bytes.len);
    uv_buf_t buf = uv_buf_init((char *)request->bytes, (unsigned)bytes.len);
    link->queued += bytes.len;
    if (uv_write(&request->write, (uv_stream_t *)&link->tcp, &buf, 1, on_written) == 0) return;
    link->queued -= bytes.len;
    riv_free(request);
    shut(link);
}

void host__link_close(host_node *n, uint64_t id)
{
    host_link *link = find_link(n, id);
    if (!link || link->lingering) return;
    link->told_closed = true; /* its own wish */
    if (link->queued == 0) {
        shut(link);
        return;
    }
    link->lingering       = true;
    link->linger_until_ns = host_clock_ns() + UINT64_C(1000000) * HOST_LINGER_MS;
    if (!uv_is_active((uv_handle_t *)&n->host->sweep)) host__sweep(n->host);
}

void host__link_read(host_node *n, uint64_t id, bool on)
{
    host_link *link = find_link(n, id);
    if (!link) return;
    if (!on)
        uv_read_stop((uv_stream_t *)&link->tcp);
    else if (uv_read_start((uv_stream_t *)&link->tcp, on_room, on_read))
        shut(link);
}

uint64_t host__link_drained(host_node *n, uint64_t id)
{
    host_link *link = find_link(n, id);
    if (!link) return 0;
    uint64_t bytes = link->drained;
    link->drained  = 0;
    return bytes;
}

/* ---- deadlines ---- */

static bool sweep_node(host_node *n, uint64_t now_ns)
{
    bool  busy = false;
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->dials); i++) {
        if (!riv_map_at(n->dials, i, NULL, &value)) continue;
        host_dial *d = value;
        busy         = true;
        if (d->over || now_ns < d->until_ns) continue;
        fail_dial(d, "no answer in time");
        if (d->link && !uv_is_closing((uv_handle_t *)&d->link->tcp)) uv_close((uv_handle_t *)&d->link->tcp, free_link);
    }
    for (size_t i = 0; i < riv_map_slots(n->links); i++) {
        if (!riv_map_at(n->links, i, NULL, &value)) continue;
        host_link *link = value;
        busy            = busy || link->lingering;
        if (link->lingering && now_ns >= link->linger_until_ns) shut(link);
    }
    return busy;
}

static void on_sweep(uv_timer_t *timer) { host__sweep(timer->data); }

void host__sweep(host *h)
{
    bool     busy   = false;
    uint64_t now_ns = host_clock_ns();
    for (size_t i = 0; i < h->nodes_count; i++) busy = sweep_node(h->nodes[i], now_ns) || busy;
    if (busy && !uv_is_closing((uv_handle_t *)&h->sweep)) uv_timer_start(&h->sweep, on_sweep, SWEEP_MS, 0);
}

void host__links_close(host_node *n)
{
    void *value;
    for (size_t i = 0; i < riv_map_slots(n->links); i++)
        if (riv_map_at(n->links, i, NULL, &value)) shut(value);
    for (size_t i = 0; i < riv_map_slots(n->dials); i++) {
        if (!riv_map_at(n->dials, i, NULL, &value)) continue;
        host_dial *d = value;
        d->over      = true;
        if (d->resolving && uv_cancel((uv_req_t *)&d->resolve))
            n->host->stuck = true;
        else if (d->link && !uv_is_closing((uv_handle_t *)&d->link->tcp))
            uv_close((uv_handle_t *)&d->link->tcp, free_link);
    }
}
