/* Shared by the tests of this room: one program compiled from a text, imports from a table. */
#ifndef RIV_AQUA_TEST_SUPPORT_H
#define RIV_AQUA_TEST_SUPPORT_H

#include "aqua/aqua.h"

typedef struct test_file { const char *path, *text; } test_file;
typedef struct test_files { const test_file *files; size_t count; } test_files;

static inline riv_err test_import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                                  riv_str *source, riv_str *tried)
{
    const test_files *all = ctx;
    (void)importer;
    (void)arena;
    (void)fault;
    *tried = text;
    for (size_t i = 0; i < all->count; i++) {
        if (!riv_str_eq(text, riv_str_c(all->files[i].path))) continue;
        *path   = text;
        *source = riv_str_c(all->files[i].text);
        return RIV_OK;
    }
    return RIV_E_NOT_FOUND;
}

static inline aqua_output test_compile_with(riv_arena *arena, riv_str source, aqua_options options, test_files *files)
{
    aqua_input  in    = { .path = RIV_LIT("main.aqua"), .source = source, .options = options };
    aqua_output out   = { 0 };
    riv_fault   fault = { 0 };
    if (files) in.import = test_import, in.import_ctx = files;
    RIV_ASSERT(aqua_compile(&in, arena, &fault, &out) == RIV_OK);
    return out;
}

static inline aqua_output test_compile(riv_arena *arena, const char *text)
{
    return test_compile_with(arena, riv_str_c(text), (aqua_options){ .no_empty_response = true }, NULL);
}

#endif
