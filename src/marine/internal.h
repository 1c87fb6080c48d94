/* internal.h: what the files of marine share: the container format, the decoded interface section, values, instances.
 * Nothing here leaves the room. */
#ifndef RIV_MARINE_INTERNAL_H
#define RIV_MARINE_INTERNAL_H

#include "marine/marine.h"

#include <stdatomic.h>
#include <wasmtime.h>

enum {
    MARINE__SECTIONS_MAX     = 4096,     /* of one wasm file */
    MARINE__ENTITIES_MAX     = 100000,   /* imports, exports, types, adapters of one module */
    MARINE__INSTRS_MAX       = 1000000,  /* of all adapters of a module */
    MARINE__ARITY_MAX        = 255,      /* parameters of a function in wasm */
    MARINE__STACK_MAX        = 1024,     /* values that one adapter may hold */
    MARINE__VALUES_BYTES_MAX = 256 << 20 /* memory for the values of one call */
};
#define MARINE__IT_VERSION "0.28.0" /* what embed writes: the number of the original's newest tool */

/* ---- wasm.c: the container ------------------------------------------------------------------------------------- */

typedef struct marine__custom { riv_str name; riv_bytes body; size_t start, end; } marine__custom; /* [start, end) in the file */
typedef struct marine__entity { riv_str module, name; uint8_t kind; } marine__entity; /* kind 0: function; exports have no module */
typedef struct marine__wasm {
    const marine__custom *customs; size_t customs_count;
    const marine__entity *imports; size_t imports_count;
    const marine__entity *exports; size_t exports_count;
    riv_bytes memories; /* body of the memory section; empty: there is none */
} marine__wasm;
RIV_MUST_USE riv_err marine__wasm_read(riv_bytes wasm, riv_arena *arena, riv_fault *fault, marine__wasm *out);
/* Exactly one custom section of this name. RIV_E_NOT_FOUND: none; RIV_E_CONFLICT: several. */
RIV_MUST_USE riv_err marine__wasm_custom(const marine__wasm *wasm, riv_str name, riv_fault *fault, const marine__custom **out);
/* Unsigned LEB128 of at most bytes_max bytes. */
RIV_MUST_USE riv_err marine__read_uleb(riv_reader *r, size_t bytes_max, riv_fault *fault, uint64_t *out);
void marine__put_uleb(riv_buf *out, uint64_t v);
/* Semantic version text into three numbers; suffixes are ignored. */
RIV_MUST_USE bool marine__semver(riv_str text, uint32_t out[3]);
RIV_MUST_USE riv_err marine__version_at_least(riv_str what, riv_str text, const uint32_t min[3], riv_fault *fault);

/* ---- section.c: the interface-types section. In its types, `record` is an index into `types`. ---------------------- */

typedef struct marine__type { /* function: args and at most a few outputs; record: args are its fields */
    bool                is_record;
    riv_str             name;
    const marine_field *args;
    size_t              args_count;
    const marine_type  *outputs;
    size_t              outputs_count;
    uint32_t            depth; /* record: how deep its fields nest, from 1 */
    uint32_t            packed_bytes; /* record: as it lies in memory, 0: not counted yet */
    const uint32_t     *sorted; size_t sorted_count; /* record: its fields as JSON has them: by name, of equal names the last */
} marine__type;
typedef struct marine__it_import { riv_str module, name; uint32_t type; } marine__it_import;
typedef struct marine__it_export { riv_str name; uint32_t type; } marine__it_export;
typedef struct marine__instr { uint8_t op; uint64_t index; marine_type type; } marine__instr;
typedef struct marine__adapter { uint32_t type; const marine__instr *code; size_t count; } marine__adapter;
typedef struct marine__implementation { uint32_t core, adapter; } marine__implementation; /* types of both */
typedef struct marine__section {
    const marine__type           *types;           size_t types_count;
    const marine__it_import      *imports;         size_t imports_count;
    const marine__adapter        *adapters;        size_t adapters_count;
    const marine__it_export      *exports;         size_t exports_count;
    const marine__implementation *implementations; size_t implementations_count;
    riv_str                       version;
    /* Made by reading, so that nothing is searched for: foreign sections may hold a hundred thousand of each. */
    const uint32_t               *adapter_of_core; /* by type: the type of the adapter that implements it, UINT32_MAX: none */
    const marine__adapter *const *adapter_of_type; /* by type; NULL: none */
    const riv_map                *publics;         /* name of a public function -> type of its adapter + 1, in the order of exports */
    const riv_map                *shims;           /* module and name -> type of the adapter of an import + 1 */
    const struct marine__plan *const *plan_of_type; /* by type; NULL: its adapter is interpreted */
} marine__section;
/* Decodes and checks all indices, so that the rest of the room may trust them. Slices point into `in`. */
RIV_MUST_USE riv_err marine__section_read(riv_bytes in, riv_arena *arena, riv_fault *fault, marine__section *out);
void marine__section_write(const marine__section *section, riv_buf *out);
void marine__lay_out(marine__type *record, riv_arena *arena); /* counts packed_bytes, sorts the fields */
/* The adapter of an import, or of a public function: its type, or UINT32_MAX. */
uint32_t marine__shim_adapter(const marine__section *section, riv_str module, riv_str name);
uint32_t marine__public_adapter(const marine__section *section, riv_str name);

/* Instructions by their opcode. SPEC marine.md 2.4 */
enum {
    MARINE_OP_ARG_GET = 0x00, MARINE_OP_CALL_CORE = 0x01,
    MARINE_OP_STRING_LIFT = 0x22, MARINE_OP_STRING_LOWER = 0x23, MARINE_OP_STRING_SIZE = 0x24,
    MARINE_OP_DUP = 0x34, MARINE_OP_SWAP2 = 0x35, MARINE_OP_ARRAY_LIFT = 0x37, MARINE_OP_ARRAY_LOWER = 0x38,
    MARINE_OP_RECORD_LIFT = 0x3a, MARINE_OP_RECORD_LOWER = 0x3b, MARINE_OP_BOOL_FROM_I32 = 0x3e, MARINE_OP_I32_FROM_BOOL = 0x3f,
    MARINE_OP_I32_PUSH = 0x40, MARINE_OP_I64_PUSH = 0x41,
    MARINE_OP_BYTES_LIFT = 0x43, MARINE_OP_BYTES_LOWER = 0x44, MARINE_OP_BYTES_SIZE = 0x45,
};
/* Conversions between integers fill 0x02..0x21. True and both ends when op is one. */
bool        marine__conversion(uint8_t op, marine_type_kind *from, marine_type_kind *to);
uint8_t     marine__conversion_op(marine_type_kind from, marine_type_kind to); /* asserts that there is one */
const char *marine__kind_name(marine_type_kind kind); /* "u32", "string", ... in the words of the interface section */

/* ---- prepare.c: a module as it is compiled: the same code, with exports of all that its calls can change ---------------- */

typedef struct marine__segment { uint32_t at; riv_bytes bytes; } marine__segment;
typedef struct marine__prepared { /* what the prepared module exports, under names of ours: marine__prepared_name */
    uint32_t        code_shift;    /* code stands so many bytes further than in the original: what traps tell is corrected by it */
    uint32_t        stack_pointer; /* global with the top of LLVM's stack in memory; UINT32_MAX: none was found */
    bool            memory;        /* 'm' 0, */
    bool            memory_exported; /* and by the module itself as well */
    bool            forgets;       /* it drops segments that it may look at later, or has code that is not known: no root */
    const uint32_t *globals; size_t globals_count; /* 'g': those that can change */
    const uint32_t *tables;  size_t tables_count;  /* 't': those that can change */
    uint32_t        functions_count; /* 'f' 0 and so on: all functions, where tables or globals that change hold some */
    const marine__segment *segments; size_t segments_count; /* what a new memory holds, in this order; none: the module writes it itself */
} marine__prepared;
/* The module is appended to out, the lists of *plan live in arena. RIV_E_MALFORMED with the offset (not all that is wrong is found here);
 * RIV_E_LIMIT; RIV_E_CONFLICT: it exports under a reserved name. */
RIV_MUST_USE riv_err marine__prepare(riv_bytes wasm, riv_arena *arena, riv_fault *fault, riv_buf *out, marine__prepared *plan);
riv_str marine__prepared_name(riv_arena *arena, char kind, uint32_t index);
void    marine__prepared_write(const marine__prepared *plan, riv_buf *out);
RIV_MUST_USE riv_err marine__prepared_read(riv_bytes in, riv_arena *arena, riv_fault *fault, marine__prepared *out);

/* ---- manifest.c: fills manifest and memory of info ---- */
void marine__manifest_read(const marine__wasm *parts, riv_arena *arena, marine_info *info);

/* ---- interface.c ------------------------------------------------------------------------------------------------ */

void marine__interface_of(const marine__section *section, riv_arena *arena, marine_interface *out);

/* ---- plan.c: adapters of the generated shapes, made ready when the section is read ------------------------------------- */

typedef struct marine__plan marine__plan;
/* By type of the adapter; NULL where its code has another shape. */
const marine__plan *const *marine__plans_of(const marine__section *section, riv_arena *arena);

/* ---- value.c: interface values, and their JSON --------------------------------------------------------------------- */

/* Inside the room an array of numbers or bools is kept as it lies in a guest's memory: its kind is MARINE__PACKED plus the kind of its
 * elements, its bytes are theirs. Arrays of u8 are BYTES. Callers hand in lists and get lists. */
enum { MARINE__PACKED = 0x20 };
static inline bool marine__is_packed(const marine_value *v) { return (unsigned)v->kind >= MARINE__PACKED; }
static inline marine_type_kind marine__packed_kind(marine_type_kind element) { return (marine_type_kind)((unsigned)element + MARINE__PACKED); }
static inline marine_type_kind marine__element_kind(const marine_value *packed) { return (marine_type_kind)((unsigned)packed->kind - MARINE__PACKED); }
marine_value marine__packed_at(const marine_value *packed, size_t index);
size_t       marine__packed_count(const marine_value *packed);
static inline bool marine__is_bytes(const marine_type *t) { return t->kind == MARINE_BYTES || (t->kind == MARINE_ARRAY && t->element->kind == MARINE_U8); }
const marine_type *marine__element(const marine_type *list); /* of an array or of bytes */
bool         marine__is_scalar(marine_type_kind kind); /* a number or bool */

const char  *marine__type_word(marine_type_kind kind); /* "U32", "ByteArray", ... as the original's messages have it */

marine_value marine__int(marine_type_kind kind, uint64_t bits);
marine_value marine__string(riv_str s);
/* Arguments from JSON by the rules of SPEC marine.md 8.1, and from a caller's values. What they need beyond those is in scratch. */
typedef struct marine__args { const marine__section *section; const marine__type *function; marine_service *service; } marine__args;
RIV_MUST_USE riv_err marine__args_from_json(const marine__args *in, const riv_json *json, riv_fault *fault, marine_value **out);
RIV_MUST_USE riv_err marine__args_from_values(const marine__args *in, const marine_value *values, size_t count, riv_fault *fault, marine_value **out);
RIV_MUST_USE riv_err marine__value_to_json(const marine__section *section, const marine_type *type, const marine_value *v,
                                           riv_arena *arena, riv_fault *fault, const riv_json **out);
/* A copy for the caller: in arena, without packed arrays. */
RIV_MUST_USE riv_err marine__value_copy(const marine__section *section, const marine_type *type, const marine_value *v, riv_arena *arena,
                                        riv_fault *fault, marine_value *out);
/* Whether v has the shape of type: kinds equal, array of u8 and bytes alike, records by their fields. */
bool marine__value_fits(const marine__section *section, const marine_type *type, const marine_value *v, uint64_t *visited);

/* ---- text.c: interface values and JSON text, without a tree in between ---------------------------------------------- */

/* Reads what is plainly right. False: something is odd, which may still be right: the tree decides. Texts point into `text`. */
bool marine__args_from_text(const marine__args *in, riv_str text, marine_value **out);
/* What riv_json_write makes of the same value. */
RIV_MUST_USE riv_err marine__value_to_text(const marine__section *section, const marine_type *type, const marine_value *v, riv_fault *fault, riv_buf *out);

/* ---- instances ---------------------------------------------------------------------------------------------------- */

struct marine_engine {
    wasm_engine_t *wasm;
    _Atomic(struct marine__store *) store; /* pages.c; NULL until somebody asks for a root */
    crypto_hash    id; /* of our version, Wasmtime's and the settings: code of another is not loaded */
};

struct marine_module {
    marine_engine     *engine;
    riv_arena         *arena;
    crypto_hash        hash; /* BLAKE3 of the wasm as it was given */
    riv_bytes          kept; /* bytes from which all of this but the code is read again: what the cache holds beside the code */
    marine__section    section;
    marine_interface   interface;
    marine__prepared   prepared; /* lists in arena */
    struct marine__image *image; /* in arena; NULL: memories begin with what the code writes */
    wasmtime_module_t *code;
    struct marine__component *component; /* component.h; then code is NULL, and section only shows it. NULL: a module */
};

/* ---- module.c, seal.c: made by compiling, or of code that was kept ---- */

typedef struct marine__sealed { riv_bytes code, kept; crypto_hash engine, wasm, code_hash; } marine__sealed;
/* hash: BLAKE3 of wasm. */
RIV_MUST_USE riv_err marine__module_compile(marine_engine *engine, riv_bytes wasm, const crypto_hash *hash, riv_fault *fault, marine_module **out);
/* The seal must have been found whole and fitting. file (may be NULL) holds the code at its start and is mapped. */
RIV_MUST_USE riv_err marine__module_revive(marine_engine *engine, const marine__sealed *sealed, const char *file, riv_fault *fault, marine_module **out);
void                 marine__seal_write(const crypto_secret *key, const marine__sealed *sealed, riv_buf *out); /* code_hash is not looked at */
/* Checks the seal and what was kept, but not the code; slices point into entry. RIV_E_MALFORMED, RIV_E_DENIED: broken or under another key. */
RIV_MUST_USE riv_err marine__seal_read(const crypto_secret *key, riv_bytes entry, riv_fault *fault, marine__sealed *out);
RIV_MUST_USE riv_err marine__seal_check_code(const marine__sealed *sealed, riv_fault *fault); /* RIV_E_MALFORMED: damaged */
RIV_MUST_USE riv_err marine__seal_fits(const marine__sealed *sealed, const crypto_hash *engine, const crypto_hash *wasm, riv_fault *fault);

typedef struct marine__instance marine__instance;

typedef struct marine__core { /* a core function with its signature */
    riv_str         name;
    wasmtime_func_t func;
    size_t          params_count;
    uint8_t         params[MARINE__ARITY_MAX]; /* wasm_valkind_t */
    bool            has_result;
    uint8_t         result;
} marine__core;

typedef struct marine__callee { /* what call-core k means. SPEC marine.md 3.4 */
    marine__core       *core;     /* an own export, or NULL: */
    marine__instance   *instance; /* a function of a module loaded earlier */
    uint32_t            adapter;  /* type of its adapter there */
    const marine__type *type;     /* its signature here */
    riv_str             name;
} marine__callee;

/* In the order in which call-core reaches them. SPEC marine.md 3.1 */
enum marine__abi { MARINE__ALLOCATE, MARINE__RELEASE, MARINE__GET_SIZE, MARINE__GET_PTR, MARINE__SET_SIZE, MARINE__SET_PTR, MARINE__ABI_COUNT };

struct marine__instance {
    marine_service             *service;
    riv_arena                  *arena; /* holds this and what was made for it; goes when the module is unloaded */
    size_t                      place; /* among the service's; it imports from those before */
    const marine_module        *module;
    const marine_module_config *config;
    riv_str                     name;
    wasmtime_instance_t         handle;
    wasmtime_memory_t           memory;
    bool                        has_memory;
    struct marine__linear      *linear; /* its memory, exported or not; NULL: none */
    marine__core               *abi[MARINE__ABI_COUNT]; /* NULL: not exported */
    marine__callee             *callees;
    size_t                      callees_count;
    const marine_pair          *envs; /* of the guest: config, mapped dirs */
    size_t                      envs_count;
    struct marine__files       *files; /* wasi_files.c; NULL: no directory is mapped */
    struct marine__pages       *pages; /* pages.c; NULL until somebody asks for a root */
    riv_map                    *functions; /* root.c: address of a function -> its index + 1; NULL until needed */
    wasmtime_global_t           stack_pointer; /* state.c: of the stack in memory, */
    uint32_t                    stack_top;     /* what it is between calls, */
    bool                        has_stack;     /* and whether it is known */
    struct marine__component_instance *component; /* component.h; NULL: of a module */
};

struct marine_service {
    marine_engine           *engine;
    wasmtime_store_t        *store;
    wasmtime_context_t      *context;
    riv_arena               *arena; /* lives with the service */
    marine__instance        *instances[MARINE_MODULES_MAX]; /* in the order of loading; the last is the facade */
    size_t                   instances_count;
    marine_env               env;
    riv_prng                 prng; /* where env.random is NULL */
    struct marine__budget   *budget;
    /* of the running call */
    riv_arena               *scratch;
    const marine_call_params *params;
    marine_error_kind        error; /* of the first failure, with fault */
    riv_fault                fault;
    bool                     exited; /* proc_exit was called */
    uint32_t                 exit_code;
    size_t                   depth;  /* adapters inside each other */
    size_t                   viewed; /* bytes of values that stayed in guests' memories; they count like those in scratch */
    bool                     batched; /* no guest code runs: fuel is counted here, and Wasmtime told when it matters */
    bool                     fuel_known, fuel_owed; /* fuel_left is right; Wasmtime does not know of it yet */
    uint64_t                 fuel_left;
    bool                     interpreted; /* tests: no plan is used */
    uint64_t                 told;   /* bytes that its modules logged and printed */
    uint64_t                 ticks;  /* deadline that it began with; 0: none */
    bool                     entered; /* a call, a change or a root is under way: nobody else may come in */
    uint64_t                 fuel_start; /* of a module that is loaded */
    uint32_t                 made;       /* instances in the store, also those that were unloaded */
    uint64_t                 calls, failed_calls, fuel_used; /* in all */
    riv_map                 *known_files; /* root.c: content of files that did not change since; NULL: no root yet */
};

/* Notes the first failure of a call; returns the error that stands for its kind. */
riv_err marine__fail(marine_service *service, marine_error_kind kind, const char *format, ...) RIV_PRINTF(3, 4);
/* The same for what Wasmtime gives back; both may be NULL, both are deleted. */
riv_err marine__fail_wasm(marine__instance *in, marine_error_kind kind, riv_str name, wasmtime_error_t *error, wasm_trap_t *trap);
/* A trap for Wasmtime that carries the noted failure. */
wasm_trap_t *marine__trap_of(const marine_service *service);

/* ---- service.c ---- */
/* Instantiates a module that imports from those before place, and starts it. Nothing of it is left on failure. */
RIV_MUST_USE riv_err marine__instance_new(marine_service *service, const marine_module_config *config, size_t place, marine__instance **out);
void marine__instance_free(marine__instance *in); /* and its memory; nobody may call it any more */
void marine__count(marine_service *service, bool is_call, uint64_t fuel_used); /* at the end of each call and start: for the statistics */

/* ---- link.c: imports and exports by name ---- */
extern const char *const marine__abi_names[MARINE__ABI_COUNT];
RIV_MUST_USE riv_err marine__bind_imports(marine__instance *in, const wasm_importtype_vec_t *types, wasmtime_extern_t *out);
RIV_MUST_USE riv_err marine__bind_exports(marine__instance *in); /* memory, the six functions of the ABI, what call-core means */
RIV_MUST_USE riv_err marine__find_core(marine__instance *in, riv_str name, marine__core **out); /* NULL: no such function */

/* ---- call.c ---- */
/* Takes the service for a call, a change or a root; RIV_E_CONFLICT where one is under way, whose callbacks must not come back to it. */
RIV_MUST_USE riv_err marine__enter(marine_service *service, riv_fault *fault);
void                 marine__left(marine_service *service);
/* Makes the service ready for a call: fuel (0: the default), deadline (0: none), an empty scratch arena, no failure. */
void marine__begin(marine_service *service, const marine_call_params *params, uint64_t fuel, uint64_t ticks);
void marine__fuel_spend(marine_service *service); /* all that is left of the call's: what a trap used cannot be told */
uint64_t marine__fuel_used(const marine_service *service, uint64_t fuel); /* of so much that it began with */

/* Guest code is entered and left between these two: Wasmtime counts fuel inside, we may count it outside. */
bool marine__guest_enter(marine_service *service); /* what to hand to: */
void marine__guest_left(marine_service *service, bool batched);

/* ---- adapter.c: runs adapters and core functions -------------------------------------------------------------------- */

/* Takes over the result of an adapter before the guest lets go of it: texts and bytes of v are good until take returns. */
typedef struct marine__taker { riv_err (*take)(void *ctx, const marine_value *v); void *ctx; riv_err err; } marine__taker;

/* Runs the adapter of this type in instance. Out: at most one value, in the memory of the call. */
RIV_MUST_USE riv_err marine__run(marine__instance *in, uint32_t adapter, riv_str name, const marine_value *args, size_t args_count,
                                 marine_value *out, size_t *out_count);
/* The same, and the value goes to the taker; what that says is in taker->err when all else went well. */
RIV_MUST_USE riv_err marine__run_to(marine__instance *in, uint32_t adapter, riv_str name, const marine_value *args, size_t args_count,
                                    marine__taker *taker);
RIV_MUST_USE riv_err marine__call_core(marine__instance *in, const marine__core *core, wasmtime_val_raw_t *raw);
/* What plans share with the interpreter. */
RIV_MUST_USE riv_err marine__convert(marine__instance *in, riv_str name, marine_type_kind from, marine_type_kind to, uint64_t bits, marine_value *out);
RIV_MUST_USE riv_err marine__call_module(marine__instance *in, const marine__callee *callee, const marine_value *args, marine_value *out, size_t *out_count);
RIV_MUST_USE riv_err marine__unwanted(marine__instance *in, riv_str name, marine_type_kind got, marine_type_kind wanted);
/* ---- plan.c ---- */
/* False: this instance's functions do not fit the plan, and nothing was done. */
bool marine__plan_fits(const marine__instance *in, const marine__plan *plan, const marine_value *args);
RIV_MUST_USE riv_err marine__plan_run(marine__instance *in, const marine__plan *plan, riv_str name, const marine_value *args, marine__taker *taker,
                                      marine_value *out, size_t *out_count);

/* ---- component.c: WASI 0.2 components, which are shown as modules --------------------------------------------------------- */

bool marine__is_component(riv_bytes wasm);
/* Fill component, section, interface and kept of a module. */
RIV_MUST_USE riv_err marine__component_compile(marine_module *module, riv_bytes wasm, riv_fault *fault);
RIV_MUST_USE riv_err marine__component_revive(marine_module *module, riv_bytes code, riv_fault *fault);
wasmtime_error_t    *marine__component_serialize(const marine_module *module, wasm_byte_vec_t *out);
void                 marine__component_free(struct marine__component *component); /* accepts NULL */
RIV_MUST_USE riv_err marine__component_inspect(riv_bytes wasm, riv_arena *arena, riv_fault *fault, marine_info *out);
RIV_MUST_USE riv_err marine__component_start(marine__instance *in);
void                 marine__component_stop(marine__instance *in);
uint64_t             marine__component_memory(const marine__instance *in);
/* As marine__run, which calls it. */
RIV_MUST_USE riv_err marine__component_run(marine__instance *in, uint32_t adapter, const marine_value *args, size_t args_count,
                                           marine_value *out, size_t *out_count);

/* ---- memory.c: values in a guest's memory ---------------------------------------------------------------------------- */

unsigned marine__packed_bytes(marine_type_kind kind); /* of a value inside a record or an array */
void     marine__pack(const marine_value *number, uint8_t *out); /* as many of a number or bool */
/* A checked view of [ptr, ptr + size) until the next call into the guest; size 0 is empty and never fails. */
RIV_MUST_USE riv_err marine__view(marine__instance *in, uint32_t ptr, uint64_t size, riv_bytes *out);
RIV_MUST_USE riv_err marine__write(marine__instance *in, uint32_t ptr, riv_bytes bytes);
/* The same for memory that the guest gave by allocate: NULL with bytes is its way to say that it has none. */
RIV_MUST_USE riv_err marine__write_allocated(marine__instance *in, uint32_t ptr, riv_bytes bytes);
/* A string, bytes, array or record (which has no size). As a view its bytes stay in the guest's memory: good until guest code runs. */
RIV_MUST_USE riv_err marine__lift(marine__instance *in, const marine_type *type, bool view, uint32_t ptr, uint32_t size, marine_value *out);
/* Types of the value are looked up in `section`, which is the module's own, or the host's for what the host hands in. */
RIV_MUST_USE riv_err marine__lower_array(marine__instance *in, const marine__section *section, const marine_type *element,
                                         const marine_value *v, uint32_t *ptr, uint32_t *count);
RIV_MUST_USE riv_err marine__lower_record(marine__instance *in, const marine__section *section, uint32_t type, const marine_value *v,
                                          uint32_t *ptr);
/* Memory of the running call, with its limit; zeroed, or raw. */
RIV_MUST_USE riv_err marine__scratch(marine_service *service, uint64_t count, size_t bytes, void **out);
RIV_MUST_USE riv_err marine__scratch_raw(marine_service *service, uint64_t count, size_t bytes, void **out);
bool marine__room(const marine_service *service, uint64_t count, size_t bytes); /* whether so much is left */

/* ---- budget.c: one budget of bytes for all linear memories of a service ------------------------------------------------ */

typedef struct marine__linear marine__linear; /* one memory; freed by the store */
typedef struct marine__budget { uint64_t bytes_max, bytes; uint32_t rejects; marine__linear *made; /* last */ } marine__budget;
void marine__budget_config(wasm_config_t *config); /* makes the engine ask the budget of the thread's running service */
/* Memories made on this thread until the next call count for this budget. NULL: none may be made. */
void marine__budget_enter(marine__budget *budget);
/* The data that memories of a module begin with, as a range of the engine's store that each of them maps; at -1: it is written into them. */
typedef struct marine__image { int64_t at; size_t from, to; const marine__segment *segments; size_t segments_count; } marine__image;
void marine__image_init(marine__image *image, marine_engine *engine, const marine__prepared *prepared); /* segments are borrowed */
void marine__image_deinit(marine__image *image, marine_engine *engine);
/* The same for the image of memories that are made: NULL: none. */
void marine__image_enter(const marine__image *image, marine_engine *engine);
/* Gives the memory back before the store goes; no code of its instance may run any more. Accepts NULL. */
void     marine__linear_release(marine__linear *linear);
uint64_t marine__linear_bytes(const marine__linear *linear); /* 0 for NULL */

/* ---- state.c: what a prepared module shows of its state ------------------------------------------------------------------ */

bool marine__state_find(marine__instance *in, char kind, uint32_t index, wasmtime_extern_t *out); /* by the letters of marine__prepared */
/* The top of the stack that LLVM's code keeps in memory is noted when a module has started, and put back after a failure. */
void marine__stack_note(marine__instance *in);
void marine__stack_restore(marine_service *service); /* of all modules that are loaded */
void marine__stack_restore_one(marine__instance *in);

/* ---- pages.c: the tree over a memory, and which of its pages changed; root.c ------------------------------------------------ */

enum { MARINE__CHUNK_BYTES = 4096, MARINE__MEMORY_LEVELS = 20 /* of the tree over a memory: 4 GiB */ };
typedef struct marine__pages marine__pages;
typedef struct marine__store { /* one file of an engine, with a range for each memory that is looked at */
    int             file, pagemap; /* -1: the system has none; then all of a memory is hashed each time */
    _Atomic int64_t next;
} marine__store;
marine__pages *marine__pages_new(marine_engine *engine, const struct marine__image *image); /* image of the memory, or NULL */
void           marine__pages_free(marine__pages *pages); /* after its memory was unmapped; accepts NULL */
/* The top of the tree over [base, base + size), which is always the same memory, shorter before. *hashed grows by the chunks that were. */
crypto_hash    marine__pages_root(marine__pages *pages, uint8_t *base, size_t size, riv_arena *arena, uint64_t *hashed);
crypto_hash    marine__node_hash(const crypto_hash *left, const crypto_hash *right);
void           marine__zero_hashes(crypto_hash *out, size_t count); /* of trees of zeros, by height */
bool           marine__is_zero(const uint8_t *chunk);
marine__store *marine__store_of(marine_engine *engine);
int64_t        marine__store_range(marine__store *store); /* 4 GiB of holes in its file; -1: there are none left, or no file */
void           marine__store_forget(marine__store *store, int64_t at, size_t bytes); /* nobody maps them any more */
bool           marine__store_write(marine__store *store, const uint8_t *bytes, size_t len, int64_t at);
void           marine__store_free(marine__store *store); /* accepts NULL */
void           marine__root_free(marine_service *service);

/* ---- host.c, wasi.c: what the world offers ------------------------------------------------------------------------------- */

typedef struct marine__host_function {
    const char *name, *params, *results;                        /* letters: i = i32, I = i64, f = f32, F = f64 */
    riv_err   (*run)(marine__instance *in, wasmtime_val_raw_t *io); /* arguments in, result in io[0]; an error becomes a trap */
} marine__host_function;
const marine__host_function *marine__host_find(riv_str module, riv_str name); /* NULL: no such function */
const marine__host_function *marine__wasi_find(riv_str module, riv_str name);
/* The program that the module's configuration mounts under this name in a namespace of host functions; NULL: none. */
const marine_pair *marine__mounted_find(const marine__instance *in, riv_str module, riv_str name);
extern const marine__host_function marine__mounted; /* the type of all of them; run is NULL, it is: */
riv_err marine__mounted_run(marine__instance *in, const marine_pair *program, wasmtime_val_raw_t *io);
/* A message of the guest to the host's log, where its mask lets it through. */
RIV_MUST_USE riv_err marine__log(marine__instance *in, int32_t level, int32_t target, riv_bytes text);
/* The environment's, for both previews of WASI. */
uint64_t marine__now_ns(const marine_service *s); /* 0: it has no clock */
void     marine__random(marine_service *s, uint8_t *out, size_t len);
/* ---- wasi_files.c: mapped directories ---- */
typedef struct marine__files marine__files;
RIV_MUST_USE riv_err marine__files_open(marine__instance *in); /* MARINE_LOAD: a directory is missing */
void marine__files_close(marine__files *files); /* accepts NULL */
/* For the root over a service's state. A slot that is not in use has fd -1; false: there are no more. */
typedef struct marine__open_file { uint32_t number; int fd; bool is_dir, append, mapped; } marine__open_file;
bool marine__files_slot(const marine__files *files, size_t index, marine__open_file *out); /* mapped directories come first */
/* The functions of WASI that touch files; those on descriptors 0..2 are answered in wasi.c before. NULL: none of this name. */
const marine__host_function *marine__files_find(riv_str name);

/* ---- wasi.c: errors of preview 1 ---- */
enum {
    MARINE__WASI_OK = 0, MARINE__WASI_ACCES = 2, MARINE__WASI_BADF = 8, MARINE__WASI_EXIST = 20, MARINE__WASI_FAULT = 21, MARINE__WASI_INVAL = 28,
    MARINE__WASI_IO = 29, MARINE__WASI_ISDIR = 31, MARINE__WASI_LOOP = 32, MARINE__WASI_MFILE = 33, MARINE__WASI_NAMETOOLONG = 37,
    MARINE__WASI_NOENT = 44, MARINE__WASI_NOSPC = 51, MARINE__WASI_NOSYS = 52, MARINE__WASI_NOTDIR = 54, MARINE__WASI_NOTEMPTY = 55,
    MARINE__WASI_PERM = 63, MARINE__WASI_SPIPE = 70, MARINE__WASI_NOTCAPABLE = 76,
};
/* Ends a WASI function: its errno is its result. */
riv_err marine__wasi_end(wasmtime_val_raw_t *io, uint32_t error);

bool marine__is_host(riv_str module); /* a namespace of host functions */
/* Before a log or an output of so many bytes: a guest must not fill the disk that the host writes its log to. */
RIV_MUST_USE riv_err marine__tell(marine__instance *in, size_t bytes);
/* Takes fuel for work that the host does at the guest's wish: one unit a byte, an instruction of an adapter, or a value looked at. */
RIV_MUST_USE riv_err marine__charge(marine_service *service, uint64_t units);

#endif
