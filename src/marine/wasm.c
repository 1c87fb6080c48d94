/* wasm.c: the container of a wasm file, read as far as Marine needs it: custom sections, names of imports and exports.
 * What the code means is Wasmtime's affair. Spec: docs/spec/marine.md 1, 2.5; WebAssembly core specification, binary format.
 * Tests: section_test.c, inspect_fuzz.c. */
#include "marine/internal.h"

enum { SECTION_CUSTOM = 0, SECTION_IMPORT = 2, SECTION_MEMORY = 5, SECTION_EXPORT = 7, ULEB32_BYTES = 5 };

typedef RIV_VEC(marine__custom) custom_vec;
typedef RIV_VEC(marine__entity) entity_vec;

static riv_err read_sections(riv_reader *r, riv_arena *arena, riv_fault *fault, custom_vec *customs,
                             entity_vec *imports, entity_vec *exports, riv_bytes *memories);
static riv_err read_imports(riv_bytes body, riv_arena *arena, riv_fault *fault, entity_vec *out);
static riv_err read_exports(riv_bytes body, riv_arena *arena, riv_fault *fault, entity_vec *out);
static riv_err read_custom(riv_bytes body, riv_fault *fault, marine__custom *out);
static riv_err read_name(riv_reader *r, riv_fault *fault, riv_str *out);

riv_err marine__wasm_read(riv_bytes wasm, riv_arena *arena, riv_fault *fault, marine__wasm *out)
{
    if (wasm.len > MARINE_MODULE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "module of %zu bytes, the limit is %d", wasm.len,
                        MARINE_MODULE_BYTES_MAX);
    riv_reader r = riv_reader_of(wasm);
    if (riv_read_u32be(&r) != 0x0061736d) return riv_fail(fault, RIV_E_MALFORMED, 0, "not a wasm file");
    if (riv_read_u32le(&r) != 1)
        return riv_fail(fault, RIV_E_UNSUPPORTED, 4, "not a wasm core module of version 1 (a component perhaps)");
    custom_vec customs = { 0 };
    entity_vec imports = { 0 }, exports = { 0 };
    riv_bytes  memories = { 0 };
    RIV_TRY(read_sections(&r, arena, fault, &customs, &imports, &exports, &memories));
    *out = (marine__wasm){ customs.ptr, customs.len, imports.ptr, imports.len, exports.ptr, exports.len, memories };
    return RIV_OK;
}

static riv_err read_sections(riv_reader *r, riv_arena *arena, riv_fault *fault, custom_vec *customs,
                             entity_vec *imports, entity_vec *exports, riv_bytes *memories)
{
    for (size_t count = 0; riv_reader_left(r); count++) {
        if (count == MARINE__SECTIONS_MAX) return riv_fail(fault, RIV_E_LIMIT, r->pos, "more than %zu sections", count);
        size_t   start = r->pos;
        uint8_t  id    = riv_read_u8(r);
        uint64_t size  = 0;
        RIV_TRY(marine__read_uleb(r, ULEB32_BYTES, fault, &size));
        size_t    base = r->pos;
        riv_bytes body = riv_read_bytes(r, size);
        if (r->short_read)
            return riv_fail(fault, RIV_E_MALFORMED, start, "section %u of %llu bytes is cut off", id,
                            (unsigned long long)size);
        riv_fault      own    = { 0 }; /* positions in it count from the section's start */
        marine__custom custom = { .start = start, .end = r->pos };
        riv_err        err    = RIV_OK;
        if (id == SECTION_IMPORT) err = read_imports(body, arena, &own, imports);
        if (id == SECTION_EXPORT) err = read_exports(body, arena, &own, exports);
        if (id == SECTION_MEMORY) *memories = body;
        if (id == SECTION_CUSTOM) err = read_custom(body, &own, &custom);
        if (err) return riv_fail(fault, err, base + own.pos, "%s", own.msg);
        if (id == SECTION_CUSTOM) *riv_push(arena, customs) = custom;
    }
    return RIV_OK;
}

static riv_err read_custom(riv_bytes body, riv_fault *fault, marine__custom *out)
{
    riv_reader r = riv_reader_of(body);
    RIV_TRY(read_name(&r, fault, &out->name));
    out->body = riv_bytes_sub(body, r.pos, body.len);
    return RIV_OK;
}

static riv_err skip_limits(riv_reader *r, riv_fault *fault)
{
    uint8_t  flags = riv_read_u8(r);
    uint64_t skip  = 0;
    RIV_TRY(marine__read_uleb(r, 10, fault, &skip));
    return flags & 1 ? marine__read_uleb(r, 10, fault, &skip) : RIV_OK;
}

static riv_err skip_import_type(riv_reader *r, uint8_t kind, riv_fault *fault)
{
    uint64_t skip = 0;
    switch (kind) {
    case 0: return marine__read_uleb(r, ULEB32_BYTES, fault, &skip);
    case 1: riv_read_u8(r); return skip_limits(r, fault);
    case 2: return skip_limits(r, fault);
    case 3: riv_read_bytes(r, 2); return RIV_OK;
    case 4: riv_read_u8(r); return marine__read_uleb(r, ULEB32_BYTES, fault, &skip);
    default: return riv_fail(fault, RIV_E_MALFORMED, r->pos, "import of kind %u", kind);
    }
}

static riv_err read_imports(riv_bytes body, riv_arena *arena, riv_fault *fault, entity_vec *out)
{
    riv_reader r     = riv_reader_of(body);
    uint64_t   count = 0;
    RIV_TRY(marine__read_uleb(&r, ULEB32_BYTES, fault, &count));
    if (count > MARINE__ENTITIES_MAX - out->len)
        return riv_fail(fault, RIV_E_LIMIT, 0, "%llu imports", (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) {
        marine__entity e = { 0 };
        RIV_TRY(read_name(&r, fault, &e.module));
        RIV_TRY(read_name(&r, fault, &e.name));
        e.kind = riv_read_u8(&r);
        RIV_TRY(skip_import_type(&r, e.kind, fault));
        if (r.short_read) return riv_fail(fault, RIV_E_MALFORMED, r.pos, "import section is cut off");
        *riv_push(arena, out) = e;
    }
    return RIV_OK;
}

static riv_err read_exports(riv_bytes body, riv_arena *arena, riv_fault *fault, entity_vec *out)
{
    riv_reader r     = riv_reader_of(body);
    uint64_t   count = 0, index = 0;
    RIV_TRY(marine__read_uleb(&r, ULEB32_BYTES, fault, &count));
    if (count > MARINE__ENTITIES_MAX - out->len)
        return riv_fail(fault, RIV_E_LIMIT, 0, "%llu exports", (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) {
        marine__entity e = { 0 };
        RIV_TRY(read_name(&r, fault, &e.name));
        e.kind = riv_read_u8(&r);
        RIV_TRY(marine__read_uleb(&r, ULEB32_BYTES, fault, &index));
        *riv_push(arena, out) = e;
    }
    return RIV_OK;
}

static riv_err read_name(riv_reader *r, riv_fault *fault, riv_str *out)
{
    uint64_t len = 0;
    RIV_TRY(marine__read_uleb(r, ULEB32_BYTES, fault, &len));
    riv_bytes bytes = riv_read_bytes(r, len);
    if (r->short_read || !riv_utf8_valid(bytes, NULL))
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "a name is cut off or not UTF-8");
    *out = riv_bytes_str(bytes);
    return RIV_OK;
}

riv_err marine__wasm_custom(const marine__wasm *wasm, riv_str name, riv_fault *fault, const marine__custom **out)
{
    const marine__custom *found = NULL;
    for (size_t i = 0; i < wasm->customs_count; i++) {
        if (!riv_str_eq(wasm->customs[i].name, name)) continue;
        if (found)
            return riv_fail(fault, RIV_E_CONFLICT, wasm->customs[i].start, "module has several sections " RIV_FMT,
                            RIV_ARG(name));
        found = &wasm->customs[i];
    }
    if (!found) return riv_fail(fault, RIV_E_NOT_FOUND, 0, "module doesn't contain section " RIV_FMT, RIV_ARG(name));
    *out = found;
    return RIV_OK;
}

riv_err marine__read_uleb(riv_reader *r, size_t bytes_max, riv_fault *fault, uint64_t *out)
{
    size_t   start = r->pos;
    uint64_t v     = 0;
    for (size_t i = 0; i < bytes_max; i++) {
        uint8_t byte = riv_read_u8(r);
        if (r->short_read) return riv_fail(fault, RIV_E_MALFORMED, start, "number is cut off");
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        *out = v;
        return RIV_OK;
    }
    return riv_fail(fault, RIV_E_MALFORMED, start, "number of more than %zu bytes", bytes_max);
}

void marine__put_uleb(riv_buf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) riv_put_u8(out, (uint8_t)(v | 0x80));
    riv_put_u8(out, (uint8_t)v);
}

bool marine__semver(riv_str text, uint32_t out[3])
{
    size_t pos = 0;
    for (int i = 0; i < 3; i++) {
        size_t   start = pos;
        uint64_t v;
        while (pos < text.len && text.ptr[pos] >= '0' && text.ptr[pos] <= '9') pos++;
        if (!riv_str_u64(riv_str_sub(text, start, pos), &v) || v > UINT32_MAX) return false;
        out[i] = (uint32_t)v;
        if (i < 2 && (pos == text.len || text.ptr[pos++] != '.')) return false;
    }
    return pos == text.len || text.ptr[pos] == '-' || text.ptr[pos] == '+';
}

riv_err marine__version_at_least(riv_str what, riv_str text, const uint32_t min[3], riv_fault *fault)
{
    uint32_t v[3];
    if (!riv_utf8_valid(riv_str_bytes(text), NULL) || !marine__semver(text, v))
        return riv_fail(fault, RIV_E_MALFORMED, 0, RIV_FMT " version \"" RIV_FMT "\" is no semantic version",
                        RIV_ARG(what), RIV_ARG(riv_str_sub(text, 0, 40)));
    for (int i = 0; i < 3 && v[i] <= min[i]; i++)
        if (v[i] < min[i])
            return riv_fail(fault, RIV_E_UNSUPPORTED, 0,
                            RIV_FMT " version " RIV_FMT " is too old, at least %u.%u.%u is needed", RIV_ARG(what),
                            RIV_ARG(text), min[0], min[1], min[2]);
    return RIV_OK;
}
