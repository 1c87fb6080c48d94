/* driver.c: riv_p2p on real sockets for interop tests: a listener that echoes, and a dialer that runs every check against a peer.
 *   p2p_driver listen SEED          prints "listening ADDR", then a line per event, until standard input ends
 *   p2p_driver dial SEED ADDR NAME  runs the checks; prints "ok CHECK" each; exit code 0 when all passed
 * Spec: docs/spec/p2p.md. Started by run.py. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "p2p/p2p.h"

#define ECHO_PROTOCOL    "/rivulet/echo/1.0.0"
#define UNKNOWN_PROTOCOL "/rivulet/unknown/1.0.0"

enum {
    CONNS_MAX      = 16,
    STREAMS_MAX    = 512,
    CHECK_MS       = 60000,
    ECHO_BYTES     = 1 << 20,
    MANY_STREAMS   = 200,
    MANY_PARTICLES = 1300
};

typedef struct stream { /* dialed: what came back; accepted: what is to go back */
    uint32_t id;
    riv_buf  bytes;
    bool     dialed, opened, ended;
    char     reason[128];
} stream;

typedef struct conn {
    int       fd;
    p2p_link *link;
    riv_buf   in, out;
    stream    streams[STREAMS_MAX];
    size_t    streams_count;
    bool      ready, identified, closed;
    uint64_t  pongs, sent, failed, particles;
    char      agent[128], reason[256];
    bool      lists_echo;
} conn;

typedef struct driver {
    p2p_identity identity;
    crypto_rng   rng;
    uint64_t     skew_ms; /* added to the clock, so that a ping need not be waited for */
    conn        *conns[CONNS_MAX];
    size_t       conns_count;
    bool         loud;
} driver;

static const riv_str extra[] = { RIV_LIT_INIT(ECHO_PROTOCOL) };

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "p2p_driver: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static uint64_t now_ms(const driver *d)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + d->skew_ms;
}

static void driver_init(driver *d, uint8_t name)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) die(fault.msg);
    crypto_secret seed = { { name } }, entropy;
    crypto_keypair_of(&seed, &d->identity.keys);
    d->identity.peer                  = codec_peer_of(&d->identity.keys.public_key);
    d->identity.agent                 = RIV_LIT("rivulet/interop");
    d->identity.extra_protocols       = extra;
    d->identity.extra_protocols_count = RIV_COUNT(extra);
    int fd                            = open("/dev/urandom", O_RDONLY);
    if (fd < 0 || read(fd, entropy.bytes, sizeof entropy.bytes) != (ssize_t)sizeof entropy.bytes) die("entropy");
    close(fd);
    crypto_rng_seed(&d->rng, &entropy);
}

static conn *conn_new(driver *d, int fd, const codec_peer *expected)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    conn           *c      = riv_alloc(sizeof *c);
    p2p_link_config config = { .identity     = &d->identity,
                               .dialer       = expected != NULL,
                               .has_expected = expected != NULL,
                               .remote_addr  = RIV_LIT("/ip4/127.0.0.1/tcp/1"),
                               .rng          = &d->rng };
    if (expected) config.expected = *expected;
    c->fd                      = fd;
    c->link                    = p2p_link_new(&config, now_ms(d));
    d->conns[d->conns_count++] = c;
    return c;
}

static void conn_free(conn *c)
{
    p2p_link_free(c->link);
    for (size_t i = 0; i < c->streams_count; i++) riv_buf_free(&c->streams[i].bytes);
    riv_buf_free(&c->in);
    riv_buf_free(&c->out);
    close(c->fd);
    riv_free(c);
}

static stream *stream_of(conn *c, uint32_t id)
{
    for (size_t i = 0; i < c->streams_count; i++)
        if (c->streams[i].id == id) return &c->streams[i];
    return NULL;
}

static stream *stream_add(conn *c, uint32_t id, bool dialed)
{
    stream *s = NULL;
    for (size_t i = 0; i < c->streams_count && !s; i++) /* one that is over makes room */
        if (!c->streams[i].id) s = &c->streams[i];
    if (!s) s = c->streams_count < STREAMS_MAX ? &c->streams[c->streams_count++] : NULL;
    if (!s) die("too many streams");
    riv_buf_free(&s->bytes);
    *s = (stream){ .id = id, .dialed = dialed };
    return s;
}

/* Accepted echo streams: give back what can be given, close when all is back. */
static void echo_back(conn *c)
{
    riv_fault fault = { 0 };
    for (size_t i = 0; i < c->streams_count; i++) {
        stream *s = &c->streams[i];
        if (s->dialed || !s->id) continue;
        if (s->bytes.len && !p2p_link_stream_write(c->link, s->id, riv_buf_view(&s->bytes), &fault))
            riv_buf_clear(&s->bytes);
        if (!s->ended || s->bytes.len) continue;
        p2p_link_stream_close(c->link, s->id);
        s->id = 0;
    }
}

static void on_event(const driver *d, conn *c, const p2p_event *e)
{
    riv_arena *arena = riv_arena_new(0);
    stream    *s     = stream_of(c, e->stream);
    switch (e->kind) {
    case P2P_READY:
        c->ready = true;
        if (d->loud) printf("ready " RIV_FMT "\n", RIV_ARG(codec_peer_text(arena, &e->peer)));
        break;
    case P2P_IDENTIFIED:
        c->identified = true;
        snprintf(c->agent, sizeof c->agent, RIV_FMT, RIV_ARG(e->agent));
        for (size_t i = 0; i < e->protocols_count; i++) c->lists_echo |= riv_str_eq(e->protocols[i], extra[0]);
        if (d->loud) printf("identified " RIV_FMT "\n", RIV_ARG(e->agent));
        break;
    case P2P_PARTICLE:
        c->particles++;
        if (d->loud && c->particles == MANY_PARTICLES + 1) {
            riv_fault fault = { 0 };
            if (p2p_link_send(c->link, RIV_BYTES("all are here"), 1, now_ms(d) + CHECK_MS, &fault)) die(fault.msg);
            printf("particles %llu\n", (unsigned long long)c->particles);
        }
        break;
    case P2P_SENT: c->sent++; break;
    case P2P_SEND_FAILED:
        c->failed++;
        snprintf(c->reason, sizeof c->reason, RIV_FMT, RIV_ARG(e->reason));
        break;
    case P2P_PONG: c->pongs++; break;
    case P2P_STREAM_OPENED:
        if (!s) s = stream_add(c, e->stream, false);
        s->opened = true;
        break;
    case P2P_STREAM_BYTES:
        if (s) riv_put_bytes(&s->bytes, e->bytes);
        break;
    case P2P_STREAM_CLOSED:
        if (!s) break;
        s->ended = true;
        snprintf(s->reason, sizeof s->reason, RIV_FMT, RIV_ARG(e->reason));
        if (!s->dialed && e->reason.len) s->id = 0; /* reset: nobody to answer */
        break;
    case P2P_CLOSED:
        c->closed = true;
        snprintf(c->reason, sizeof c->reason, RIV_FMT, RIV_ARG(e->reason));
        if (d->loud) printf("closed " RIV_FMT "\n", RIV_ARG(e->reason));
        break;
    }
    if (d->loud) fflush(stdout);
    riv_arena_free(arena);
}

/* Moves bytes between the link and the buffers, and the buffers and the socket, until nothing moves. */
static void settle(driver *d, conn *c)
{
    p2p_event e;
    riv_fault fault = { 0 };
    for (bool moved = true; moved;) {
        size_t used = 0;
        moved       = false;
        if (c->in.len) {
            if (p2p_link_feed(c->link, riv_buf_view(&c->in), now_ms(d), &fault, &used)) used = c->in.len;
            riv_buf_drop(&c->in, used);
            moved |= used > 0;
        }
        while (p2p_link_next_event(c->link, &e)) on_event(d, c, &e), moved = true;
        if (!c->closed) echo_back(c);
        if (!c->out.len) riv_put_bytes(&c->out, p2p_link_take(c->link, 1 << 16));
        while (p2p_link_next_event(c->link, &e)) on_event(d, c, &e), moved = true;
        ssize_t put = c->out.len ? send(c->fd, c->out.ptr, c->out.len, MSG_NOSIGNAL) : 0;
        if (put > 0) riv_buf_drop(&c->out, (size_t)put), moved = true;
        if (put < 0 && errno != EAGAIN) c->closed = true;
    }
}

/* One round of poll over all connections and, if given, a listening socket and standard input. False: standard input ended. */
static bool turn(driver *d, int listener)
{
    struct pollfd fds[CONNS_MAX + 2];
    uint64_t      now = now_ms(d), next = now + 100;
    for (size_t i = 0; i < d->conns_count; i++) {
        conn *c = d->conns[i];
        settle(d, c);
        next   = RIV_MIN(next, p2p_link_deadline(c->link));
        fds[i] = (struct pollfd){ c->closed ? -1 : c->fd,
                                  (short)((c->in.len ? 0 : POLLIN) | (c->out.len ? POLLOUT : 0)), 0 };
    }
    size_t n = d->conns_count;
    if (listener >= 0) {
        fds[n]     = (struct pollfd){ d->conns_count < CONNS_MAX ? listener : -1, POLLIN, 0 };
        fds[n + 1] = (struct pollfd){ 0, POLLIN, 0 };
    }
    if (poll(fds, n + (listener >= 0 ? 2 : 0), next > now ? (int)(next - now) : 0) < 0) die("poll");
    for (size_t i = 0; i < n; i++) {
        conn   *c = d->conns[i];
        uint8_t bytes[1 << 16];
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
            if (got > 0) riv_put_bytes(&c->in, (riv_bytes){ bytes, (size_t)got });
            if (got == 0 || (got < 0 && errno != EAGAIN)) settle(d, c), p2p_link_eof(c->link, now_ms(d));
        }
        if (p2p_link_deadline(c->link) <= now_ms(d)) p2p_link_tick(c->link, now_ms(d));
        settle(d, c);
    }
    for (size_t i = d->conns_count; listener >= 0 && i-- > 0;) {
        if (!d->conns[i]->closed) continue;
        conn_free(d->conns[i]);
        d->conns[i] = d->conns[--d->conns_count];
    }
    if (listener < 0) return true;
    char drop[256];
    if (fds[n].revents & POLLIN) conn_new(d, accept(listener, NULL, NULL), NULL);
    return !fds[n + 1].revents || read(0, drop, sizeof drop) > 0;
}

static int serve(driver *d)
{
    struct sockaddr_in at    = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t          len   = sizeof at;
    riv_arena         *arena = riv_arena_new(0);
    int                fd    = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 16) ||
        getsockname(fd, (struct sockaddr *)&at, &len))
        die("listen");
    riv_str listen_addr      = riv_format(arena, "/ip4/127.0.0.1/tcp/%u", ntohs(at.sin_port));
    d->identity.listen       = &listen_addr;
    d->identity.listen_count = 1;
    d->loud                  = true;
    printf("listening " RIV_FMT "/p2p/" RIV_FMT "\n", RIV_ARG(listen_addr),
           RIV_ARG(codec_peer_text(arena, &d->identity.peer)));
    fflush(stdout);
    while (turn(d, fd)) {}
    for (size_t i = 0; i < d->conns_count; i++) conn_free(d->conns[i]);
    riv_arena_free(arena);
    close(fd);
    return 0;
}

/* ---- the checks of a dialer ---- */

#define WAIT(d, c, cond)                                                                                               \
    do {                                                                                                               \
        uint64_t wait_end = now_ms(d) + CHECK_MS;                                                                      \
        while (!(cond)) {                                                                                              \
            if ((c)->closed || now_ms(d) > wait_end) {                                                                 \
                fprintf(stderr, "p2p_driver: waiting for %s: %s\n", #cond, (c)->closed ? (c)->reason : "too long");    \
                return false;                                                                                          \
            }                                                                                                          \
            turn(d, -1);                                                                                               \
        }                                                                                                              \
    } while (0)

static bool check_identify(driver *d, conn *c, const char *agent)
{
    WAIT(d, c, c->ready);
    WAIT(d, c, c->identified);
    return strstr(c->agent, agent) && c->lists_echo;
}

static bool check_ping(driver *d, conn *c)
{
    uint64_t had = c->pongs;
    d->skew_ms += P2P_PING_INTERVAL_MS;
    WAIT(d, c, c->pongs > had);
    return true;
}

static bool check_unknown(driver *d, conn *c)
{
    uint32_t  id;
    riv_fault fault = { 0 };
    if (p2p_link_open(c->link, RIV_LIT(UNKNOWN_PROTOCOL), now_ms(d), &fault, &id)) return false;
    stream *s = stream_add(c, id, true);
    WAIT(d, c, s->ended);
    return !s->opened && strstr(s->reason, "does not speak");
}

static bool check_echo(driver *d, conn *c, riv_bytes data)
{
    uint32_t  id;
    riv_fault fault = { 0 };
    riv_prng  rng   = riv_prng_seed(data.len);
    if (p2p_link_open(c->link, RIV_LIT(ECHO_PROTOCOL), now_ms(d), &fault, &id)) return false;
    stream *s = stream_add(c, id, true);
    for (size_t pos = 0; pos < data.len;) {
        size_t  end = RIV_MIN(data.len, pos + 1 + (size_t)riv_prng_below(&rng, 50000));
        riv_err err = RIV_E_LIMIT;
        WAIT(d, c, (err = p2p_link_stream_write(c->link, id, riv_bytes_sub(data, pos, end), &fault)) != RIV_E_LIMIT);
        if (err) return false;
        pos = end;
    }
    p2p_link_stream_close(c->link, id);
    WAIT(d, c, s->ended);
    if (s->reason[0] || s->bytes.len != data.len)
        fprintf(stderr, "p2p_driver: echo of %zu bytes ended with '%s'\n", s->bytes.len, s->reason);
    return !s->reason[0] && riv_bytes_eq(riv_buf_view(&s->bytes), data);
}

static bool check_streams(driver *d, conn *c)
{
    riv_fault fault = { 0 };
    size_t    first = c->streams_count;
    for (int i = 0; i < MANY_STREAMS; i++) {
        uint32_t id;
        char     text[32];
        if (p2p_link_open(c->link, RIV_LIT(ECHO_PROTOCOL), now_ms(d), &fault, &id)) return false;
        stream_add(c, id, true);
        snprintf(text, sizeof text, "stream %u", id);
        if (p2p_link_stream_write(c->link, id, riv_str_bytes(riv_str_c(text)), &fault)) return false;
        p2p_link_stream_close(c->link, id);
    }
    for (size_t i = first; i < c->streams_count; i++) {
        stream *s = &c->streams[i];
        char    text[32];
        WAIT(d, c, s->ended);
        snprintf(text, sizeof text, "stream %u", s->id);
        if (s->reason[0] || !riv_str_eq(riv_buf_str(&s->bytes), riv_str_c(text))) return false;
    }
    return true;
}

/* More than the 1,000 streams that js peers allow: the receiver there never closes its side. */
static bool check_particles(driver *d, conn *c)
{
    riv_fault fault = { 0 };
    riv_buf   big   = { 0 };
    for (uint64_t i = 0; i < MANY_PARTICLES; i++) {
        char text[32];
        snprintf(text, sizeof text, "particle %llu", (unsigned long long)i);
        riv_err err = RIV_E_LIMIT;
        WAIT(d, c,
             (err = p2p_link_send(c->link, riv_str_bytes(riv_str_c(text)), i, now_ms(d) + CHECK_MS, &fault)) !=
                 RIV_E_LIMIT);
        if (err) return false;
    }
    riv_buf_room(&big, 3 << 20);
    riv_err sent = RIV_E_LIMIT;
    WAIT(d, c,
         (sent = p2p_link_send(c->link, riv_buf_view(&big), MANY_PARTICLES, now_ms(d) + CHECK_MS, &fault)) !=
             RIV_E_LIMIT);
    if (sent) return false;
    riv_buf_free(&big);
    WAIT(d, c, c->sent + c->failed == MANY_PARTICLES + 1);
    WAIT(d, c, c->particles == 1); /* the peer answers with one when it has them all */
    if (c->failed) fprintf(stderr, "p2p_driver: %llu particles failed: %s\n", (unsigned long long)c->failed, c->reason);
    return c->failed == 0;
}

static bool report(const char *name, bool good)
{
    printf("%s %s\n", good ? "ok" : "FAILED", name);
    fflush(stdout);
    return good;
}

static int dial(driver *d, const char *text, const char *agent)
{
    riv_fault       fault = { 0 };
    riv_arena      *arena = riv_arena_new(0);
    codec_multiaddr addr;
    codec_tcp_addr  tcp;
    if (codec_multiaddr_parse(riv_str_c(text), arena, &fault, &addr) || !codec_multiaddr_tcp(arena, &addr, &tcp) ||
        !tcp.has_peer)
        die("address");
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(tcp.port) };
    int                fd = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, riv_cstr(arena, tcp.host), &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof to))
        die("connect");
    conn    *c    = conn_new(d, fd, &tcp.peer);
    uint8_t *data = riv_alloc(ECHO_BYTES);
    riv_prng rng  = riv_prng_seed(1);
    riv_prng_fill(&rng, data, ECHO_BYTES);
    bool good = report("identify", check_identify(d, c, agent)) && report("ping", check_ping(d, c)) &&
                report("unknown", check_unknown(d, c)) &&
                report("echo", check_echo(d, c, (riv_bytes){ data, ECHO_BYTES })) &&
                report("streams", check_streams(d, c)) && report("particles", check_particles(d, c)) &&
                report("ping again", check_ping(d, c));
    p2p_link_close(c->link, RIV_LIT("done"));
    settle(d, c);
    conn_free(c);
    riv_free(data);
    riv_arena_free(arena);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    driver *d  = riv_alloc(sizeof *d);
    int     rc = 2;
    if (argc >= 3) driver_init(d, (uint8_t)atoi(argv[2]));
    if (argc == 3 && !strcmp(argv[1], "listen"))
        rc = serve(d);
    else if (argc == 5 && !strcmp(argv[1], "dial"))
        rc = dial(d, argv[3], argv[4]);
    else
        fprintf(stderr, "usage: p2p_driver listen SEED | dial SEED ADDR AGENT\n");
    riv_free(d);
    return rc;
}
