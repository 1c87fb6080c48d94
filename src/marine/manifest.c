/* manifest.c: what a module says of itself beside its interface: who made it (the manifest section) and how much memory it asks for.
 * Spec: docs/spec/marine.md 2.6; WebAssembly core specification, binary format. Tests: manifest_test.c, inspect_fuzz.c. */
#include "marine/internal.h"

enum { ULEB64_BYTES = 10 };

/* ---- the manifest ---- */

/* The original reads the number as YYYY-MM-DDTHH:MM:SS, a fraction or none, then Z or +HH:MM. */
static bool is_time(riv_str text)
{
    static const char shape[] = "0000-00-00T00:00:00";
    if (text.len < sizeof shape) return false; /* its NUL stands for a zone */
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        if (shape[i] == '0' ? !digit : text.ptr[i] != shape[i] && !(shape[i] == 'T' && text.ptr[i] == 't'))
            return false;
    }
    size_t at = sizeof shape - 1;
    if (text.ptr[at] == '.')
        for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {}
    riv_str zone = riv_str_sub(text, at, text.len);
    if (riv_str_eq(zone, RIV_LIT("Z")) || riv_str_eq(zone, RIV_LIT("z"))) return true;
    return zone.len == 6 && (zone.ptr[0] == '+' || zone.ptr[0] == '-') && zone.ptr[3] == ':';
}

static riv_str read_field(riv_reader *r, const char *name, riv_arena *arena, riv_str *fault)
{
    if (fault->len) return (riv_str){ 0 };
    uint64_t len = riv_read_u64le(r);
    if (r->short_read) {
        *fault = riv_format(arena, "%s: not enough bytes for its length", name);
        return (riv_str){ 0 };
    }
    riv_bytes text = riv_read_bytes(r, len);
    if (r->short_read)
        *fault = riv_format(arena, "%s: not enough bytes for its %llu bytes", name, (unsigned long long)len);
    else if (!riv_utf8_valid(text, NULL))
        *fault = riv_format(arena, "%s is not UTF-8", name);
    return fault->len ? (riv_str){ 0 } : riv_bytes_str(text);
}

static void read_manifest(riv_bytes body, riv_arena *arena, marine_info *info)
{
    riv_reader      r     = riv_reader_of(body);
    riv_str         fault = { 0 };
    uint32_t        version[3];
    marine_manifest m = { 0 };
    m.authors         = read_field(&r, "authors", arena, &fault);
    m.version         = read_field(&r, "version", arena, &fault);
    m.description     = read_field(&r, "description", arena, &fault);
    m.repository      = read_field(&r, "repository", arena, &fault);
    m.build_time      = read_field(&r, "build time", arena, &fault);
    if (!fault.len && riv_reader_left(&r)) fault = RIV_LIT("bytes behind its last field");
    if (!fault.len && !marine__semver(m.version, version)) fault = RIV_LIT("version is no version");
    if (!fault.len && !is_time(m.build_time)) fault = RIV_LIT("build time is no time");
    info->has_manifest   = !fault.len;
    info->manifest_fault = fault;
    if (info->has_manifest) info->manifest = m;
}

/* ---- memory ---- */

/* The first memory of a memory section. Imported ones are not for Marine: every module has its own. */
static void read_memory(riv_bytes body, marine_info *info)
{
    riv_reader r     = riv_reader_of(body);
    uint64_t   count = 0, least = 0, most = 0;
    if (marine__read_uleb(&r, ULEB64_BYTES, NULL, &count) || count == 0) return;
    uint8_t flags = riv_read_u8(&r);
    if (marine__read_uleb(&r, ULEB64_BYTES, NULL, &least) ||
        ((flags & 1) && marine__read_uleb(&r, ULEB64_BYTES, NULL, &most)))
        return;
    if (r.short_read) return;
    info->has_memory       = true;
    info->memory_pages_min = least;
    info->memory_bounded   = flags & 1;
    info->memory_pages_max = most;
}

void marine__manifest_read(const marine__wasm *parts, riv_arena *arena, marine_info *info)
{
    static const riv_str  name   = RIV_LIT_INIT("__fluence_wasm_module_manifest");
    const marine__custom *custom = NULL;
    riv_err               err    = marine__wasm_custom(parts, name, NULL, &custom);
    if (!err) read_manifest(custom->body, arena, info);
    if (err == RIV_E_CONFLICT) info->manifest_fault = RIV_LIT("several of them");
    read_memory(parts->memories, info);
}
