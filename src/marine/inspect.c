/* inspect.c: what can be said of a wasm file without compiling it.
 * Spec: docs/spec/marine.md 1, 5.4. Tests: embed_test.c, manifest_test.c, inspect_fuzz.c. */
#include "marine/internal.h"

/* SPEC marine.md 5.4: log_utf8_string = Logger, get_call_parameters = none, any other name = MountedBinary(name) */
static void find_effects(const marine__wasm *wasm, riv_arena *arena, marine_info *info)
{
    RIV_VEC(riv_str) binaries = { 0 };
    riv_map *seen             = riv_map_new(arena);
    for (size_t i = 0; i < wasm->imports_count; i++) {
        const marine__entity *e = &wasm->imports[i];
        if (!marine__is_host(e->module) || riv_str_eq(e->name, RIV_LIT("get_call_parameters"))) continue;
        if (riv_str_eq(e->name, RIV_LIT("log_utf8_string")))
            info->logger = true;
        else if (!riv_map_put_str(seen, e->name, seen))
            *riv_push(arena, &binaries) = e->name;
    }
    info->mounted_binaries       = binaries.ptr;
    info->mounted_binaries_count = binaries.len;
}

static void list_names(const marine__wasm *wasm, riv_arena *arena, marine_info *info)
{
    RIV_VEC(riv_str) imports = { 0 }, exports = { 0 };
    for (size_t i = 0; i < wasm->imports_count; i++)
        if (wasm->imports[i].kind == 0)
            *riv_push(arena, &imports) = riv_format(arena, RIV_FMT "." RIV_FMT, RIV_ARG(wasm->imports[i].module),
                                                    RIV_ARG(wasm->imports[i].name));
    for (size_t i = 0; i < wasm->exports_count; i++)
        if (wasm->exports[i].kind == 0) *riv_push(arena, &exports) = wasm->exports[i].name;
    info->imports       = imports.ptr;
    info->imports_count = imports.len;
    info->exports       = exports.ptr;
    info->exports_count = exports.len;
}

/* A missing section is no failure here; a doubled one is. */
static riv_err optional(const marine__wasm *wasm, riv_str name, riv_fault *fault, const marine__custom **out)
{
    riv_fault own = { 0 };
    riv_err   err = marine__wasm_custom(wasm, name, &own, out);
    if (err == RIV_E_NOT_FOUND) return RIV_OK;
    return err ? riv_fail(fault, err, own.pos, "%s", own.msg) : RIV_OK;
}

riv_err marine_inspect(riv_bytes wasm_bytes, riv_arena *arena, riv_fault *fault, marine_info *out)
{
    marine_info           info = { 0 };
    marine__wasm          wasm;
    const marine__custom *sdk = NULL, *it = NULL;
    if (marine__is_component(wasm_bytes)) return marine__component_inspect(wasm_bytes, arena, fault, out);
    RIV_TRY(marine__wasm_read(wasm_bytes, arena, fault, &wasm));
    RIV_TRY(optional(&wasm, RIV_LIT("__fluence_sdk_version"), fault, &sdk));
    RIV_TRY(optional(&wasm, RIV_LIT("interface-types"), fault, &it));
    if (sdk && !riv_utf8_valid(sdk->body, NULL))
        return riv_fail(fault, RIV_E_MALFORMED, sdk->start, "sdk version is not UTF-8");
    if (sdk) info.sdk_version = riv_bytes_str(sdk->body);
    if (it) {
        marine__section section;
        riv_fault       own = { 0 };
        riv_err         err = marine__section_read(it->body, arena, &own, &section);
        if (err) return riv_fail(fault, err, (uint64_t)(it->body.ptr - wasm_bytes.ptr) + own.pos, "%s", own.msg);
        info.it_version = section.version;
        marine__interface_of(&section, arena, &info.interface);
    }
    list_names(&wasm, arena, &info);
    find_effects(&wasm, arena, &info);
    marine__manifest_read(&wasm, arena, &info);
    *out = info;
    return RIV_OK;
}
