/* eth_client.c: JSON-RPC questions over libcurl's easy interface; a connection is kept between questions.
 * A reply is cut off as soon as it passes its bound. Contract: eth_client.h. Tests: eth_client_test.c. */
#include "host/eth_client.h"

#include "codec/codec.h"
#include "host/host.h"

#include <curl/curl.h>

struct host_eth {
    CURL              *curl;
    struct curl_slist *headers;
    riv_str            url; /* as it was given, on the heap */
    bool (*stop)(void);
    uint64_t id;
    riv_buf  reply;
    bool     over; /* the reply was too long */
    char     why[CURL_ERROR_SIZE];
};

/* ---- curl ---- */

static size_t on_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    host_eth *e   = ctx;
    size_t    len = size * count;
    e->over       = len > HOST_ETH_REPLY_BYTES_MAX - e->reply.len;
    if (e->over) return 0;
    riv_put_bytes(&e->reply, (riv_bytes){ (const uint8_t *)bytes, len });
    return len;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const host_eth *e = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return e->stop && e->stop();
}

/* A chain on this machine is never asked through a proxy. */
static void set_up(host_eth *e)
{
    riv_arena *arena  = riv_arena_new(0);
    riv_str    given  = host_env("no_proxy");
    riv_str    direct = riv_format(arena, RIV_FMT "%slocalhost,127.0.0.1,::1", RIV_ARG(given), given.len ? "," : "");
    CURL      *h      = e->curl;
    e->headers        = curl_slist_append(NULL, "Content-Type: application/json");
    e->headers        = curl_slist_append(e->headers, "Expect:"); /* no round trip before a long body */
    curl_easy_setopt(h, CURLOPT_URL, riv_cstr(arena, e->url));
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_NOPROXY, riv_cstr(arena, direct));
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, e->headers);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "rivulet/" RIV_VERSION);
    curl_easy_setopt(h, CURLOPT_ACCEPT_ENCODING, ""); /* what curl can unpack */
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)HOST_ETH_CONNECT_MS);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)HOST_ETH_ANSWER_MS);
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, e->why);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, e);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, e);
    riv_arena_free(arena);
}

riv_err host_eth_open(riv_str url, bool (*stop)(void), riv_fault *fault, host_eth **out)
{
    if (!riv_str_starts(url, RIV_LIT("http://")) && !riv_str_starts(url, RIV_LIT("https://")))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is no address of a chain: http://HOST:PORT is one",
                        RIV_ARG(url));
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) return riv_fail(fault, RIV_E_IO, 0, "the HTTP library does not start");
    host_eth *e = riv_alloc(sizeof *e);
    e->curl     = curl_easy_init();
    RIV_ASSERT(e->curl);
    riv_blob copy = riv_blob_copy(riv_str_bytes(url));
    e->url        = riv_bytes_str(riv_blob_view(copy));
    e->stop       = stop;
    set_up(e);
    *out = e;
    return RIV_OK;
}

void host_eth_close(host_eth *e)
{
    if (!e) return;
    riv_blob url = { (uint8_t *)(uintptr_t)e->url.ptr, e->url.len };
    curl_easy_cleanup(e->curl);
    curl_slist_free_all(e->headers);
    curl_global_cleanup();
    riv_blob_free(&url);
    riv_buf_free(&e->reply);
    riv_free(e);
}

/* ---- one question ---- */

static riv_err post(host_eth *e, riv_str body, riv_fault *fault)
{
    long status = 0;
    riv_buf_clear(&e->reply);
    e->over   = false;
    e->why[0] = 0;
    curl_easy_setopt(e->curl, CURLOPT_POSTFIELDS, body.ptr);
    curl_easy_setopt(e->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    CURLcode code = curl_easy_perform(e->curl);
    if (e->over)
        return riv_fail(fault, RIV_E_LIMIT, 0, "the answer of " RIV_FMT " is longer than %d MiB", RIV_ARG(e->url),
                        HOST_ETH_REPLY_BYTES_MAX >> 20);
    if (code == CURLE_ABORTED_BY_CALLBACK) return riv_fail(fault, RIV_E_EXPIRED, 0, "interrupted");
    if (code == CURLE_URL_MALFORMAT)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is no address of a chain", RIV_ARG(e->url));
    if (code)
        return riv_fail(fault, RIV_E_EXPIRED, 0, "no chain answers at " RIV_FMT ": %s", RIV_ARG(e->url),
                        e->why[0] ? e->why : curl_easy_strerror(code));
    curl_easy_getinfo(e->curl, CURLINFO_RESPONSE_CODE, &status);
    /* some nodes send errors of JSON-RPC with a status of 4xx or 5xx: the body decides, when it is JSON */
    riv_str text = riv_str_trim(riv_buf_str(&e->reply));
    if (status != 200 && !riv_str_starts(text, RIV_LIT("{")))
        return riv_fail(fault, RIV_E_MALFORMED, 0, RIV_FMT " answers with HTTP status %ld", RIV_ARG(e->url), status);
    return RIV_OK;
}

static riv_err not_rpc(host_eth *e, riv_fault *fault)
{
    return riv_fail(fault, RIV_E_MALFORMED, 0, "what answers at " RIV_FMT " does not speak JSON-RPC", RIV_ARG(e->url));
}

/* An error's data: the bytes themselves, or an object that has them. */
static void read_error(const riv_json *v, riv_arena *arena, host_eth_error *out)
{
    const riv_json *code = riv_json_get(v, RIV_LIT("code")), *message = riv_json_get(v, RIV_LIT("message"));
    const riv_json *data = riv_json_get(v, RIV_LIT("data"));
    *out                 = (host_eth_error){ .message = RIV_LIT("an error without words") };
    if (code && code->kind == RIV_JSON_I64) out->code = code->i64;
    if (code && code->kind == RIV_JSON_U64 && code->u64 <= INT64_MAX) out->code = (int64_t)code->u64;
    if (message && message->kind == RIV_JSON_STR && message->str.len) out->message = message->str;
    if (data && data->kind == RIV_JSON_OBJ) data = riv_json_get(data, RIV_LIT("data"));
    if (!host_eth_read_data(data, arena, &out->data)) out->data = (riv_bytes){ 0 };
}

riv_err host_eth_ask(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault,
                     host_eth_error *error, const riv_json **out)
{
    host_eth_error  said;
    const riv_json *doc;
    const riv_json *id       = riv_json_u64(arena, ++e->id);
    const riv_json *question = riv_json_record(arena, "jsonrpc", riv_json_strc(arena, "2.0"), "id", id, "method",
                                               riv_json_strc(arena, method), "params", params, NULL);
    RIV_TRY(post(e, riv_json_text(question, arena), fault));
    if (riv_json_parse(riv_buf_str(&e->reply), arena, NULL, &doc) || doc->kind != RIV_JSON_OBJ)
        return not_rpc(e, fault);
    const riv_json *failed = riv_json_get(doc, RIV_LIT("error")), *result = riv_json_get(doc, RIV_LIT("result"));
    if (failed && failed->kind == RIV_JSON_OBJ) {
        read_error(failed, arena, &said);
        if (error) *error = said;
        return riv_fail(fault, RIV_E_DENIED, 0, RIV_FMT, RIV_ARG(said.message));
    }
    const riv_json *same = riv_json_get(doc, RIV_LIT("id"));
    if (!result || !same || !riv_json_eq(id, same)) return not_rpc(e, fault);
    *out = result;
    return RIV_OK;
}

riv_err host_eth_number(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault,
                        host_eth_error *error, u256 *out)
{
    const riv_json *v;
    RIV_TRY(host_eth_ask(e, method, params, arena, fault, error, &v));
    if (host_eth_read_quantity(v, out)) return RIV_OK;
    return riv_fail(fault, RIV_E_MALFORMED, 0, "%s of " RIV_FMT " is no number", method, RIV_ARG(e->url));
}

riv_err host_eth_bytes(host_eth *e, const char *method, const riv_json *params, riv_arena *arena, riv_fault *fault,
                       host_eth_error *error, riv_bytes *out)
{
    const riv_json *v;
    RIV_TRY(host_eth_ask(e, method, params, arena, fault, error, &v));
    if (host_eth_read_data(v, arena, out)) return RIV_OK;
    return riv_fail(fault, RIV_E_MALFORMED, 0, "%s of " RIV_FMT " is no data", method, RIV_ARG(e->url));
}

/* ---- values ---- */

const riv_json *host_eth_quantity(riv_arena *arena, u256 v)
{
    riv_buf text = riv_buf_in(arena);
    u256_put_hex(&text, v);
    return riv_json_str(arena, riv_buf_str(&text));
}

const riv_json *host_eth_data(riv_arena *arena, riv_bytes v)
{
    riv_buf text = riv_buf_in(arena);
    riv_put_str(&text, RIV_LIT("0x"));
    codec_put_hex(&text, v);
    return riv_json_str(arena, riv_buf_str(&text));
}

const riv_json *host_eth_address(riv_arena *arena, const eth_address *v)
{
    return host_eth_data(arena, (riv_bytes){ v->bytes, sizeof v->bytes });
}

bool host_eth_read_quantity(const riv_json *v, u256 *out)
{
    return v && v->kind == RIV_JSON_STR && v->str.len > 2 && riv_str_starts(v->str, RIV_LIT("0x")) &&
           !u256_parse(v->str, NULL, out);
}

bool host_eth_read_u64(const riv_json *v, uint64_t *out)
{
    u256 number;
    return host_eth_read_quantity(v, &number) && u256_u64(number, out);
}

bool host_eth_read_data(const riv_json *v, riv_arena *arena, riv_bytes *out)
{
    riv_buf bytes = riv_buf_in(arena);
    if (!v || v->kind != RIV_JSON_STR || !riv_str_starts(v->str, RIV_LIT("0x"))) return false;
    if (codec_read_hex(riv_str_sub(v->str, 2, v->str.len), &bytes, NULL)) return false;
    *out = riv_buf_view(&bytes);
    return true;
}

bool host_eth_read_address(const riv_json *v, eth_address *out)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  bytes;
    bool       good = host_eth_read_data(v, arena, &bytes) && bytes.len == sizeof out->bytes;
    if (good) memcpy(out->bytes, bytes.ptr, sizeof out->bytes);
    riv_arena_free(arena);
    return good;
}
