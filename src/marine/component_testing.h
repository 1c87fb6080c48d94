/* component_testing.h: for the tests of components: components as text, made by the engine's own assembler, and services of them. */
#ifndef RIV_MARINE_COMPONENT_TESTING_H
#define RIV_MARINE_COMPONENT_TESTING_H

#include "marine/testing.h"

#include "marine/internal.h"

/* A core module with memory, a bump allocator that `reset` empties, and what is put in between. */
#define CORE_MODULE(functions)                                                                              \
    "(core module $m (memory (export \"memory\") 1) (global $top (mut i32) (i32.const 1024))"              \
    "  (func (export \"realloc\") (param i32 i32) (param $align i32) (param $new i32) (result i32)"         \
    "    (local $at i32)"                                                                                   \
    "    (local.set $at (i32.and (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))"   \
    "                            (i32.sub (i32.const 0) (local.get $align))))"                             \
    "    (global.set $top (i32.add (local.get $at) (local.get $new)))"                                     \
    "    (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))"                       \
    "      (then (if (i32.lt_s (memory.grow (i32.add (i32.shr_u (local.get $new) (i32.const 16))"          \
    "                                                (i32.const 1))) (i32.const 0)) (then unreachable))))"  \
    "    (local.get $at))"                                                                                  \
    functions ")"

static inline riv_bytes component_bytes(const char *text, riv_arena *arena)
{
    wasm_byte_vec_t   binary;
    wasmtime_error_t *error = wasmtime_wat2wasm(text, strlen(text), &binary);
    if (error) {
        wasm_name_t message;
        wasmtime_error_message(error, &message);
        fail_msg("%.*s in %s", (int)message.size, message.data, text);
    }
    riv_bytes copy = riv_bytes_dup(arena, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    wasm_byte_vec_delete(&binary);
    return copy;
}

/* Closes what stands, opens a service of this component in the same engine. The fault as text, or NULL. */
static inline const char *component_open(bench *b, const char *text, marine_service_config *with)
{
    marine_module_config  one    = { .name = RIV_LIT("c") };
    marine_service_config config = with ? *with : (marine_service_config){ 0 };
    if (with && with->modules_count) one = with->modules[0];
    marine_service_free(b->service);
    marine_module_free(b->modules[0]);
    b->service    = NULL;
    b->modules[0] = NULL;
    b->fault      = (riv_fault){ 0 };
    if (marine_module_new(b->engine, component_bytes(text, b->arena), &b->fault, &b->modules[0]))
        return riv_cstr(b->arena, riv_format(b->arena, "%s: %s", riv_err_name(b->fault.err), b->fault.msg));
    one.module           = b->modules[0];
    config.modules       = &one;
    config.modules_count = 1;
    if (marine_service_new(b->engine, &config, &b->fault, &b->service))
        return riv_cstr(b->arena, riv_format(b->arena, "%s: %s", marine_error_name((marine_error_kind)b->fault.code),
                                             b->fault.msg));
    return NULL;
}

#endif
