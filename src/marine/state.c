/* state.c: what a prepared module shows of its state, by kind and index; and the stack that LLVM's code keeps in linear memory, which a
 * trap would leave where it stood.
 * Spec: docs/spec/proofs.md 3.2, docs/marine.md. Tests: root_test.c, limits_test.c. */
#include "marine/internal.h"

bool marine__state_find(marine__instance *in, char kind, uint32_t index, wasmtime_extern_t *out)
{
    riv_str name = marine__prepared_name(in->service->scratch, kind, index);
    return wasmtime_instance_export_get(in->service->context, &in->handle, name.ptr, name.len, out);
}

void marine__stack_note(marine__instance *in)
{
    wasmtime_extern_t item;
    wasmtime_val_t    value;
    if (in->module->prepared.stack_pointer == UINT32_MAX) return;
    if (!marine__state_find(in, 'g', in->module->prepared.stack_pointer, &item) || item.kind != WASMTIME_EXTERN_GLOBAL)
        return;
    wasmtime_global_get(in->service->context, &item.of.global, &value);
    if (value.kind != WASMTIME_I32) return;
    in->stack_pointer = item.of.global;
    in->stack_top     = (uint32_t)value.of.i32;
    in->has_stack     = true;
}

/* The stack grows downwards and is empty between calls. */
void marine__stack_restore_one(marine__instance *in)
{
    wasmtime_context_t *context = in->service->context;
    wasmtime_val_t      value;
    if (!in->has_stack) return;
    wasmtime_global_get(context, &in->stack_pointer, &value);
    if ((uint32_t)value.of.i32 >= in->stack_top) return;
    value.of.i32            = (int32_t)in->stack_top;
    wasmtime_error_t *error = wasmtime_global_set(context, &in->stack_pointer, &value);
    RIV_ASSERT(!error); /* a global of this type that changes */
}

void marine__stack_restore(marine_service *s)
{
    for (size_t i = 0; i < s->instances_count; i++) marine__stack_restore_one(s->instances[i]);
}
