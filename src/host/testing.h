/* testing.h: a host on a thread of its own, and a client's socket to what it serves. Include it after cmocka. */
#ifndef RIV_HOST_TESTING_H
#define RIV_HOST_TESTING_H

#include "host/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a host that runs beside the test ---- */

typedef struct beside { host *host; pthread_t thread; int stop[2]; /* a byte here ends it */ } beside;

static inline void beside_look(void *ctx)
{
    beside *b = ctx;
    char    c;
    if (recv(b->stop[0], &c, 1, MSG_DONTWAIT) == 1)
        host_stop(b->host);
    else
        host_after(b->host, 5, beside_look, b);
}

static inline void *beside_run(void *ctx)
{
    beside   *b     = ctx;
    riv_fault fault = { 0 };
    return host_run(b->host, &fault) ? b : NULL;
}

static inline void beside_open(beside *b)
{
    riv_fault fault = { 0 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b->stop), 0);
    if (host_new(&(host_config){ .workers = 1 }, &fault, &b->host)) fail_msg("%s", fault.msg);
}

/* From here on the host belongs to its thread, until beside_stop. b stays where it is. */
static inline void beside_start(beside *b)
{
    host_after(b->host, 5, beside_look, b);
    assert_int_equal(pthread_create(&b->thread, NULL, beside_run, b), 0);
}

static inline void beside_stop(beside *b)
{
    void *result;
    assert_int_equal(send(b->stop[1], "x", 1, 0), 1);
    pthread_join(b->thread, &result);
    assert_null(result);
}

static inline void beside_close(beside *b)
{
    host_free(b->host);
    close(b->stop[0]);
    close(b->stop[1]);
}

/* ---- a client: ten seconds for each piece, a small buffer ---- */

static inline int dial(uint16_t port)
{
    struct sockaddr_in at   = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct timeval     tv   = { .tv_sec = 10 };
    int                size = 64 << 10, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr      = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    assert_int_equal(connect(fd, (struct sockaddr *)(void *)&at, sizeof at), 0);
    return fd;
}

/* False: the other side refused before all of it was said. */
static inline bool say(int fd, riv_str text)
{
    while (text.len) {
        ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        text = riv_str_sub(text, (size_t)n, text.len);
    }
    return true;
}

/* Until `until` came, the other side closed, or ten seconds passed. */
static inline riv_str hear(int fd, riv_arena *arena, const char *until)
{
    riv_buf out = riv_buf_in(arena);
    char    some[4096];
    while (!until || riv_str_find(riv_buf_str(&out), riv_str_c(until), 0) == SIZE_MAX) {
        ssize_t n = recv(fd, some, sizeof some, 0);
        if (n <= 0) break;
        riv_put_bytes(&out, (riv_bytes){ (uint8_t *)some, (size_t)n });
    }
    return riv_buf_str(&out);
}

#endif
