/* compile_fuzz.c: any bytes as a program. The compiler ends in bounded memory with a script that AIR takes, or with diagnostics
 * that point into the source and can be shown. The first byte chooses options; the text may import itself as "x" (a cycle). */
#include "aqua/aqua.h"

enum { FUZZ_SOURCE_BYTES_MAX = 1 << 16, FUZZ_ARENA_BYTES_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char library[] = "aqua Lib declares *\ndata Thing:\n  n: i32\nservice Op(\"op\"):\n  g(x: i32) -> i32\n"
                              "func lib(x: i32) -> i32:\n  y <- Op.g(x)\n  <- y\n";

static riv_err import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                      riv_str *source, riv_str *tried)
{
    const aqua_input *in = ctx;
    (void)importer;
    (void)arena;
    (void)fault;
    *tried = *path = text;
    if (riv_str_eq(text, RIV_LIT("x"))) {
        *path   = in->path;
        *source = in->source;
        return RIV_OK;
    }
    if (!riv_str_eq(text, RIV_LIT("lib"))) return RIV_E_NOT_FOUND;
    *source = riv_str_c(library);
    return RIV_OK;
}

static void check_diags(aqua_diags diags)
{
    for (size_t i = 0; i < diags.count; i++) {
        const aqua_diag *d     = &diags.items[i];
        riv_buf          shown = { 0 };
        RIV_ASSERT(d->text.len > 0);
        if (d->has_place) RIV_ASSERT(d->pos <= d->source.len && d->len <= d->source.len - d->pos);
        aqua_diag_render(d, false, &shown);
        RIV_ASSERT(shown.len > d->text.len);
        riv_buf_free(&shown);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > FUZZ_SOURCE_BYTES_MAX) return 0;
    riv_arena  *arena = riv_arena_new(FUZZ_ARENA_BYTES_MAX);
    riv_fault   fault = { 0 };
    aqua_output out   = { 0 };
    aqua_input  in = { .path = RIV_LIT("main.aqua"), .source = { (const char *)data + 1, size - 1 }, .import = import };
    in.import_ctx  = &in;
    in.options     = (aqua_options){
            .no_relay = data[0] & 1, .no_xor = data[0] & 2, .tracing = data[0] & 4, .no_empty_response = data[0] & 8
    };
    riv_err err = aqua_compile(&in, arena, &fault, &out);
    RIV_ASSERT(err == RIV_OK || err == RIV_E_LIMIT);
    if (!err) {
        RIV_ASSERT(out.accepted == (out.errors.count == 0));
        check_diags(out.errors);
        check_diags(out.warnings);
        for (size_t i = 0; i < out.funcs_count; i++) RIV_ASSERT(out.funcs[i].air && out.funcs[i].func_def);
    }
    riv_arena_free(arena);
    return 0;
}
