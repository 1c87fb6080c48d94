/* serve.c: a chain that is asked: a genesis of many accounts, the time from exec to the first answer, questions and blocks a second over HTTP.
 * `genesis DIR COUNT` makes a state folder; `start RIVULET DIR RUNS` starts the program over it; `http RIVULET DIR` over a new one, and asks by one
 * connection that is kept, one request at a time. One JSON object a line. Times are the clock's. */
#define _POSIX_C_SOURCE 200809L
#include "codec/codec.h"
#include "host/chain.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 100, REPLY_MAX = 32 << 20, LOG_BLOCKS = 100, LOGS_A_BLOCK = 10 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(riv_err err, const riv_fault *fault)
{
    if (!err) return;
    fprintf(stderr, "%s: %s\n", riv_err_name(err), fault->msg);
    exit(1);
}

static void need(bool good, const char *what)
{
    if (good) return;
    perror(what);
    exit(1);
}

/* ---- genesis ---- */

static double peak_mib(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss / 1024;
}

static int make_genesis(const char *dir, size_t count)
{
    riv_fault      fault  = { 0 };
    riv_prng       r      = riv_prng_seed(2);
    riv_arena     *arena  = riv_arena_new(0);
    chain         *engine = chain_new();
    chain_balance *all    = riv_new(arena, chain_balance, count + CHAIN_DEVELOPMENT_ACCOUNTS);
    host_ledger   *ledger;
    chain_params   params;
    rpc           *opened;
    chain_params_local(&params);
    chain_balances_local(arena, &params);
    memcpy(all, params.balances, params.balances_count * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        chain_balance *b = &all[params.balances_count + i];
        riv_prng_fill(&r, b->who.bytes, sizeof b->who.bytes);
        b->flt = u256_of(i + 1);
    }
    params.balances = all;
    params.balances_count += count;
    double before = peak_mib(), start = now_s();
    check(host_ledger_open(riv_str_c(dir), HOST_LEDGER_OWN, &fault, &ledger), &fault);
    rpc_config config = { .engine = engine, .place = host_ledger_place(ledger), .genesis = &params };
    check(rpc_open(&config, &fault, &opened), &fault);
    printf("{\"name\":\"genesis\",\"accounts\":%zu,\"seconds\":%.3f,\"peak_mib\":%.0f,\"before_mib\":%.0f}\n", count,
           now_s() - start, peak_mib(), before);
    rpc_close(opened);
    host_ledger_close(ledger);
    chain_free(engine);
    riv_arena_free(arena);
    return 0;
}

/* ---- the program, and a connection to it ---- */

typedef struct server {
    pid_t pid;
    int   out, conn;
    char *reply; /* the body of the last answer, NUL-terminated */
} server;

static void spawn(server *s, const char *rivulet, const char *dir)
{
    int pipes[2];
    need(pipe(pipes) == 0, "pipe");
    s->pid = fork();
    need(s->pid >= 0, "fork");
    if (s->pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(pipes[1], 1);
        dup2(nowhere, 2);
        close(pipes[0]);
        execl(rivulet, rivulet, "chain", "start", "--state", dir, "--listen", "127.0.0.1:0", (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    s->out = pipes[0];
}

static unsigned port_of(server *s)
{
    char   line[256] = { 0 };
    size_t len       = 0;
    while (len + 1 < sizeof line && !strchr(line, '\n')) {
        ssize_t got = read(s->out, line + len, sizeof line - 1 - len);
        need(got > 0, "the chain does not start");
        len += (size_t)got;
    }
    unsigned port = 0;
    need(sscanf(line, "http://127.0.0.1:%u", &port) == 1, "no port");
    return port;
}

static void connect_to(server *s, unsigned port)
{
    int                one = 1;
    struct sockaddr_in to  = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    s->conn = socket(AF_INET, SOCK_STREAM, 0);
    need(s->conn >= 0 && connect(s->conn, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    setsockopt(s->conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->reply = riv_alloc(REPLY_MAX + 1);
}

static void write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t done = write(fd, text, len);
        need(done > 0, "write");
        text += done;
        len -= (size_t)done;
    }
}

/* Gives the length of the body. */
static size_t read_reply(server *s, size_t *from)
{
    size_t len = 0, head = 0, body = 0;
    for (;;) {
        ssize_t got = read(s->conn, s->reply + len, REPLY_MAX - len);
        need(got > 0, "read");
        len += (size_t)got;
        s->reply[len] = 0;
        if (!head) {
            const char *end = strstr(s->reply, "\r\n\r\n"), *size = strstr(s->reply, "ontent-");
            while (size && strncmp(size, "ontent-Length: ", 15) != 0 && strncmp(size, "ontent-length: ", 15) != 0)
                size = strstr(size + 1, "ontent-");
            if (!end) continue;
            need(size != NULL, "an answer without a length");
            head = (size_t)(end - s->reply) + 4;
            body = strtoull(size + 15, NULL, 10);
        }
        if (len >= head + body) break;
    }
    *from = head;
    return body;
}

static const char *post(server *s, const char *body)
{
    char   head[200];
    size_t from, len = strlen(body);
    int    n = snprintf(
           head, sizeof head,
           "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", len);
    char *all = riv_alloc((size_t)n + len);
    memcpy(all, head, (size_t)n);
    memcpy(all + n, body, len);
    write_all(s->conn, all, (size_t)n + len);
    riv_free(all);
    read_reply(s, &from);
    const char *reply = s->reply + from;
    if (strstr(reply, "\"error\"")) {
        fprintf(stderr, "%s\nfor %.300s\n", reply, body);
        exit(1);
    }
    return reply;
}

static void end(server *s)
{
    if (s->reply) close(s->conn);
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
    close(s->out);
    riv_free(s->reply);
}

/* ---- start ---- */

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const char balance_request[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBalance\",\"params\":[\"0xf39Fd6e5"
    "1aad88F6F4ce6aB8827279cffFb92266\",\"latest\"]}";

static int time_starts(const char *rivulet, const char *dir, size_t runs)
{
    double took[RUNS_MAX];
    long   mib = 0;
    for (size_t i = 0; i < runs; i++) {
        server s     = { 0 };
        double start = now_s();
        spawn(&s, rivulet, dir);
        connect_to(&s, port_of(&s));
        post(&s, balance_request);
        took[i] = now_s() - start;
        end(&s);
        struct rusage use;
        getrusage(RUSAGE_CHILDREN, &use);
        mib = use.ru_maxrss / 1024;
    }
    qsort(took, runs, sizeof *took, by_time);
    printf("{\"name\":\"start\",\"runs\":%zu,\"median_ms\":%.2f,\"best_ms\":%.2f,\"worst_ms\":%.2f,\"peak_mib\":%ld}\n",
           runs, took[runs / 2] * 1e3, took[0] * 1e3, took[runs - 1] * 1e3, mib);
    return 0;
}

/* ---- questions ---- */

static void rate(server *s, const char *name, const char *body, size_t each, double for_s)
{
    size_t asked = 0;
    double start = now_s();
    while (now_s() - start < for_s || asked == 0) {
        post(s, body);
        asked += each;
    }
    printf("{\"name\":\"%s\",\"rate\":%.1f}\n", name, (double)asked / (now_s() - start));
}

static void put_call(riv_buf *out, const char *method, const char *params)
{
    riv_putf(out, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[%s]}", method, params);
}

static const char *text_of(riv_buf *out)
{
    riv_put_u8(out, 0);
    return (const char *)out->ptr;
}

static void rate_of(server *s, const char *name, const char *method, const char *params, double for_s)
{
    riv_buf body = { 0 };
    put_call(&body, method, params);
    rate(s, name, text_of(&body), 1, for_s);
    riv_buf_free(&body);
}

static void batch_rate(server *s, const char *name, const char *method, const char *params, size_t count, double for_s)
{
    riv_buf body = { 0 };
    for (size_t i = 0; i < count; i++) {
        riv_putf(&body, i ? "," : "[");
        put_call(&body, method, params);
    }
    riv_putf(&body, "]");
    rate(s, name, text_of(&body), count, for_s);
    riv_buf_free(&body);
}

/* Transfers of the first development account, signed: of FLT, or of the token. */
static void send_transfer(server *s, uint64_t nonce, bool token)
{
    riv_arena    *arena = riv_arena_new(0);
    riv_fault     fault = { 0 };
    crypto_secret key   = rpc_development_key(0);
    riv_buf       raw = riv_buf_in(arena), data = riv_buf_in(arena), body = riv_buf_in(arena);
    eth_tx        tx = { .type = 2, .chain_id = 31337, .nonce = nonce, .gas_limit = 200000, .value = u256_of(!token) };
    tx.to            = token ? chain_contract_address(CHAIN_USD) : chain_development_account(1);
    if (token) {
        eth_address to = chain_development_account(1);
        riv_put_u32be(&data, 0xa9059cbb); /* transfer(address,uint256) */
        memset(riv_buf_raw(&data, 12), 0, 12);
        riv_put_bytes(&data, (riv_bytes){ to.bytes, sizeof to.bytes });
        u256_to_be(u256_of(1), riv_buf_raw(&data, 32));
        tx.data = riv_buf_view(&data);
    }
    check(eth_tx_sign(&tx, &key, &raw, &fault), &fault);
    riv_putf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransaction\",\"params\":[\"0x");
    codec_put_hex(&body, riv_buf_view(&raw));
    riv_putf(&body, "\"]}");
    post(s, text_of(&body));
    riv_arena_free(arena);
}

/* A block a transaction, each lasting before it is answered. */
static void block_rate(server *s, double for_s)
{
    uint64_t nonce = 0;
    double   start = now_s();
    while (now_s() - start < for_s) send_transfer(s, nonce++, false);
    printf("{\"name\":\"transfers, a block each\",\"rate\":%.1f}\n", (double)nonce / (now_s() - start));
    post(s, "{\"id\":1,\"method\":\"evm_setAutomine\",\"params\":[false]}");
    for (size_t i = 0; i < LOG_BLOCKS * LOGS_A_BLOCK; i++) {
        send_transfer(s, nonce++, true);
        if (i % LOGS_A_BLOCK == LOGS_A_BLOCK - 1) post(s, "{\"id\":1,\"method\":\"evm_mine\",\"params\":[]}");
    }
    post(s, "{\"id\":1,\"method\":\"evm_setAutomine\",\"params\":[true]}");
}

static int ask_much(const char *rivulet, const char *dir, double for_s)
{
    server      s = { 0 };
    char        token[64], params[300];
    riv_buf     text = { 0 };
    eth_address usd  = chain_contract_address(CHAIN_USD);
    eth_put_address(&text, &usd);
    snprintf(token, sizeof token, "%s", text_of(&text));
    riv_buf_free(&text);
    spawn(&s, rivulet, dir);
    connect_to(&s, port_of(&s));
    block_rate(&s, for_s);
    rate_of(&s, "empty blocks", "evm_mine", "", for_s);
    rate_of(&s, "eth_blockNumber", "eth_blockNumber", "", for_s);
    rate(&s, "eth_getBalance", balance_request, 1, for_s);
    snprintf(params, sizeof params,
             "{\"to\":\"%s\",\"data\":\"0x70a08231000000000000000000000000f39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"},"
             "\"latest\"",
             token);
    rate_of(&s, "eth_call", "eth_call", params, for_s);
    batch_rate(&s, "eth_call, batches of 100", "eth_call", params, 100, for_s);
    snprintf(params, sizeof params, "{\"address\":\"%s\",\"fromBlock\":\"0x0\",\"toBlock\":\"latest\"}", token);
    rate_of(&s, "eth_getLogs, 1,000 logs of 100 blocks", "eth_getLogs", params, for_s);
    end(&s);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "genesis")) return make_genesis(argv[2], strtoull(argv[3], NULL, 10));
    if (argc == 5 && !strcmp(argv[1], "start"))
        return time_starts(argv[2], argv[3], RIV_MIN(RIV_MAX(strtoull(argv[4], NULL, 10), 1), RUNS_MAX));
    if (argc == 4 && !strcmp(argv[1], "http")) return ask_much(argv[2], argv[3], 1);
    fprintf(stderr, "genesis DIR COUNT | start RIVULET DIR RUNS | http RIVULET DIR\n");
    return 2;
}
