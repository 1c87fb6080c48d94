/* component.h: what the files of WASI 0.2 components share: their types as read from the engine, values, instances.
 * A component is shown as a Marine module: every WIT type has a Marine type, whose JSON, Aqua and marine_value it takes.
 * Spec: docs/spec/components-wasi.md. */
#ifndef RIV_MARINE_COMPONENT_H
#define RIV_MARINE_COMPONENT_H

#include "marine/internal.h"

#include <wasmtime/component.h>

enum {
    MARINE__WIT_TYPES_MAX      = 1000,  /* different composite types of one component */
    MARINE__WIT_REFERENCES_MAX = 10000, /* types named by functions and by other types */
    MARINE__WIT_NAMES_MAX      = 10000, /* names of types, functions and imports */
    MARINE__HANDLES_MAX        = 10000, /* resources of the host that a component may hold */
};

/* ---- component_types.c: the types of the engine, read once ---- */

typedef struct marine__wit marine__wit;
typedef struct marine__wit_part { riv_str name; const marine__wit *type; /* NULL: a case without payload */ } marine__wit_part;
struct marine__wit {
    uint8_t                 kind;  /* WASMTIME_COMPONENT_VALTYPE_* */
    marine_type             type;  /* how it is shown; records are indices in the module's section */
    uint32_t                depth; /* of the shown type */
    const marine__wit_part *parts; /* fields, elements, cases or names as WIT has them; of list and option one, of result ok and err */
    size_t                  parts_count;
};
typedef struct marine__wit_function {
    riv_str                            name; /* as it is called */
    const marine__wit_part            *params;
    size_t                             params_count;
    const marine__wit                 *result; /* NULL: none */
    wasmtime_component_export_index_t *index;
} marine__wit_function;

typedef struct marine__component {
    wasmtime_component_t        *code;
    wasmtime_component_linker_t *linker; /* the world; the same for all services */
    marine__wit_function        *functions;
    size_t                       functions_count;
    uint32_t                     functions_first; /* their place among the types of the section */
} marine__component;

/* Fills functions, and section and interface as if the component were a module with an interface section. Functions that take or give
 * resources, and asynchronous ones, are left out: such values mean nothing outside. */
RIV_MUST_USE riv_err marine__component_read(wasm_engine_t *engine, marine__component *component, riv_arena *arena, riv_fault *fault,
                                            marine__section *section, marine_interface *interface);
riv_str marine__snake(riv_str kebab, riv_arena *arena); /* "get-URL" -> "get_url" */

/* ---- component_value.c: values of Marine and of the engine ---- */

/* *left: bytes of the engine's heap that the arguments of the call may still take. *out is to be deleted also on failure. */
RIV_MUST_USE riv_err marine__wit_lower(marine_service *s, const marine__wit *type, riv_str where, const marine_value *v, size_t *left,
                                       wasmtime_component_val_t *out);
RIV_MUST_USE riv_err marine__wit_lift(marine_service *s, const marine__wit *type, const wasmtime_component_val_t *v, marine_value *out);

wasmtime_component_val_t marine__wit_text(riv_str s); /* for the engine, which deletes them */
wasmtime_component_val_t marine__wit_list(size_t count); /* of values to be set */
wasmtime_component_val_t marine__wit_bytes(riv_bytes b);
typedef struct marine__wit_field { const char *name; wasmtime_component_val_t val; /* moved into the record */ } marine__wit_field;
wasmtime_component_val_t marine__wit_record(const marine__wit_field *fields, size_t count);

/* ---- component_wasi.c, component_host.c: the world of a component ---- */

enum { MARINE__WORLD_ARGS_MAX = 4 };
typedef struct marine__world { /* one call of a function of the host */
    marine__instance         *in;
    wasmtime_context_t       *context;
    wasmtime_component_val_t *args; /* of the kinds that its row in the table says */
    uint32_t                  reps[MARINE__WORLD_ARGS_MAX];
    wasmtime_component_val_t *result;
} marine__world;
/* The interface rivulet:marine/host. */
riv_err marine__world_parameters(marine__world *w);
riv_err marine__world_log(marine__world *w);

/* Makes the linker. RIV_E_UNSUPPORTED: it imports what nobody provides. */
RIV_MUST_USE riv_err marine__component_link(marine_module *module, riv_fault *fault);

/* ---- component.c: instances ---- */

struct marine__component_instance {
    wasmtime_store_t             *store; /* its own: after a trap the engine lets nobody in any more, and it is made anew */
    wasmtime_context_t           *context;
    wasmtime_component_instance_t handle;
    bool                          ended;   /* by a failure */
    uint32_t                      handles; /* resources of the host that it holds */
    uint64_t                      memory_bytes;
};

#endif
