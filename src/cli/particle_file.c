/* particle_file.c: particle data from a file in any of the forms in which people have it: bytes, base64, JSON around it, a whole frame.
 * Spec: docs/cli.md "Particle data". Tests: particle_file_test.c, tests/e2e. */
#include "cli/internal.h"
#include "codec/codec.h"
#include "p2p/p2p.h"

static riv_str text_at(const riv_json *doc, const char *key, const char *also)
{
    const riv_json *v = riv_json_get(doc, riv_str_c(key));
    if (!v) v = riv_json_get(doc, riv_str_c(also));
    return v && v->kind == RIV_JSON_STR ? v->str : (riv_str){ 0 };
}

static uint64_t number_at(const riv_json *doc, const char *key, uint64_t max)
{
    const riv_json *v = riv_json_get(doc, riv_str_c(key));
    return v && v->kind == RIV_JSON_U64 ? RIV_MIN(v->u64, max) : 0;
}

/* Base64 text, or an array of byte values. */
static bool bytes_of(const riv_json *v, riv_arena *arena, riv_bytes *out)
{
    riv_buf raw = riv_buf_in(arena);
    if (v->kind == RIV_JSON_STR && codec_read_base64(v->str, &raw, NULL)) return false;
    for (size_t i = 0; v->kind == RIV_JSON_ARR && i < v->arr.count; i++) {
        const riv_json *byte = v->arr.items[i];
        if (byte->kind != RIV_JSON_U64 || byte->u64 > 255) return false;
        riv_put_u8(&raw, (uint8_t)byte->u64);
    }
    *out = riv_buf_view(&raw);
    return v->kind == RIV_JSON_STR || v->kind == RIV_JSON_ARR;
}

static riv_err from_json(riv_str text, riv_arena *arena, riv_fault *fault, cli_particle *out)
{
    const riv_json *doc;
    cli_particle    p = { 0 };
    RIV_TRY(riv_json_parse(text, arena, fault, &doc));
    const riv_json *data = doc->kind == RIV_JSON_OBJ ? riv_json_get(doc, RIV_LIT("data")) : doc;
    if (!data) return riv_fail(fault, RIV_E_MALFORMED, 0, "the JSON object has no \"data\"");
    if (!bytes_of(data, arena, &p.data))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "\"data\" is neither base64 nor an array of bytes");
    p.id           = text_at(doc, "id", "particle_id");
    p.script       = text_at(doc, "script", "air");
    p.init_peer_id = text_at(doc, "init_peer_id", "init_peer_id");
    p.timestamp_ms = number_at(doc, "timestamp", UINT64_MAX);
    p.ttl_ms       = (uint32_t)number_at(doc, "ttl", UINT32_MAX);
    *out           = p;
    return RIV_OK;
}

static bool from_frame(riv_bytes bytes, riv_arena *arena, cli_particle *out)
{
    p2p_particle p = { 0 };
    if (p2p_particle_read(bytes, arena, NULL, &p)) return false;
    *out = (cli_particle){ p.data, p.id, p.script, p.init_peer_id, p.timestamp_ms, p.ttl_ms };
    return true;
}

riv_err cli_particle_parse(riv_bytes bytes, riv_arena *arena, riv_fault *fault, cli_particle *out)
{
    riv_buf raw  = riv_buf_in(arena);
    bool    utf8 = riv_utf8_valid(bytes, NULL);
    riv_str text = utf8 ? riv_str_trim(riv_bytes_str(bytes)) : (riv_str){ 0 };
    if (text.len && (text.ptr[0] == '{' || text.ptr[0] == '[' || text.ptr[0] == '"'))
        return from_json(text, arena, fault, out);
    if (text.len && !codec_read_base64(text, &raw, NULL)) bytes = riv_buf_view(&raw);
    if (!from_frame(bytes, arena, out)) *out = (cli_particle){ .data = bytes };
    return RIV_OK;
}

bool cli_particle_read(cli *c, riv_str path, cli_particle *out)
{
    riv_bytes bytes;
    riv_fault fault = { 0 };
    if (host_file_read(path, CLI_DATA_BYTES_MAX, c->arena, &fault, &bytes)) {
        cli_fault(c, &fault);
        return false;
    }
    if (cli_particle_parse(bytes, c->arena, &fault, out)) {
        cli_error(c, CLI_USAGE, RIV_FMT ": %s", RIV_ARG(path), fault.msg);
        cli_hint(c, "expected are the bytes that peers exchange, their base64 text, or JSON with \"data\" (and \"id\", "
                    "\"script\")");
        return false;
    }
    return true;
}
