/* adapter_fuzz.c: any interface section that reads, over one fixed small module: its adapters run with arguments of their types, by their
 * plans and by the interpreter alone.
 * Whatever they do to the stack, the memory and the core functions must end in a result or an error. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The names that sections can bind: the six of the ABI and some of each shape. allocate gives back its first argument. */
static const char guest_text[] =
    "(module (memory (export \"memory\") 1)"
    "(func (export \"allocate\") (param i32 i32) (result i32) local.get 0)"
    "(func (export \"release_objects\"))"
    "(func (export \"get_result_ptr\") (result i32) i32.const 8)"
    "(func (export \"get_result_size\") (result i32) i32.const 2)"
    "(func (export \"set_result_ptr\") (param i32)) (func (export \"set_result_size\") (param i32))"
    "(func (export \"n\")) (func (export \"i\") (param i32) (result i32) local.get 0)"
    "(func (export \"p\") (param i32 i32)) (func (export \"l\") (param i64) (result i64) local.get 0)"
    "(func (export \"s\") (param f32) (result f32) local.get 0) (func (export \"d\") (param f64) (result f64) "
    "local.get 0)"
    "(data (i32.const 0) "
    "\"\\10\\00\\00\\00\\02\\00\\00\\00\\20\\00\\00\\00\\01\\00\\00\\00\\08\\00\\00\\00\\02\\00\\00\\00\\00\\00\\00\\00"
    "\"))";

static marine_engine     *engine;
static wasmtime_module_t *guest;

static void start(void)
{
    wasm_byte_vec_t binary;
    RIV_ASSERT(marine_engine_new(NULL, &engine) == RIV_OK);
    RIV_ASSERT(!wasmtime_wat2wasm(guest_text, sizeof guest_text - 1, &binary));
    RIV_ASSERT(!wasmtime_module_new(engine->wasm, (const uint8_t *)binary.data, binary.size, &guest));
    wasm_byte_vec_delete(&binary);
}

/* A value of a type; depth is bounded by the section's check, breadth by taking two elements at most one level down. */
static const riv_json *value_of(const marine_interface *in, const marine_type *t, size_t *budget, riv_arena *arena)
{
    riv_json_list list = { 0 };
    if (*budget) --*budget;
    switch (t->kind) {
    case MARINE_BOOL: return riv_json_bool(true);
    case MARINE_STRING: return riv_json_strc(arena, "abc");
    case MARINE_ARRAY:
        for (int i = 0; i < 2 && *budget; i++) riv_json_add(arena, &list, value_of(in, t->element, budget, arena));
        return riv_json_arr(arena, list.ptr, list.len);
    case MARINE_BYTES:
        riv_json_add(arena, &list, riv_json_u64(arena, 7));
        return riv_json_arr(arena, list.ptr, list.len);
    case MARINE_RECORD:
        for (size_t i = 0; i < in->records[t->record].fields_count && *budget; i++)
            riv_json_add(arena, &list, value_of(in, &in->records[t->record].fields[i].type, budget, arena));
        return riv_json_arr(arena, list.ptr, list.len);
    default: return riv_json_u64(arena, 5);
    }
}

/* One call in words: result or failure, and what it took. */
static riv_str outcome(marine_service *service, const marine_call *call, riv_arena *arena)
{
    riv_fault     fault = { 0 };
    riv_buf       out   = riv_buf_in(arena);
    marine_result result;
    riv_err       err = marine_service_call(service, call, arena, &fault, &result);
    RIV_ASSERT((err == RIV_OK) == (result.error == MARINE_NO_ERROR));
    RIV_ASSERT(err == RIV_OK || fault.msg[0]);
    RIV_ASSERT(result.fuel_used <= call->fuel);
    if (!err) riv_json_write(result.value, &out);
    riv_putf(&out, " %d %s %llu", (int)result.error, fault.msg, (unsigned long long)result.fuel_used);
    return riv_buf_str(&out);
}

/* With plans and without: the same. */
static void call_all(marine_service *planned, marine_service *interpreted, const marine_interface *in)
{
    for (size_t i = 0; i < in->functions_count && i < 16; i++) {
        riv_arena             *arena  = riv_arena_new(16 << 20);
        const marine_function *f      = &in->functions[i];
        size_t                 budget = 1000;
        riv_json_list          args   = { 0 };
        for (size_t k = 0; k < f->args_count; k++)
            riv_json_add(arena, &args, value_of(in, &f->args[k].type, &budget, arena));
        marine_call call = { .function = f->name, .args = riv_json_arr(arena, args.ptr, args.len), .fuel = 1000000 };
        riv_str     one  = outcome(planned, &call, arena);
        RIV_ASSERT(riv_str_eq(one, outcome(interpreted, &call, arena)));
        riv_arena_free(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!engine) start();
    marine_module module = { .engine = engine, .arena = riv_arena_new(0), .code = guest };
    if (marine__section_read((riv_bytes){ data, size }, module.arena, NULL, &module.section) == RIV_OK) {
        const marine_module_config one     = { .name = RIV_LIT("fuzz"), .module = &module };
        marine_service_config      config  = { .modules = &one, .modules_count = 1, .memory_bytes_max = 1 << 20 };
        marine_service            *planned = NULL, *interpreted = NULL;
        marine__interface_of(&module.section, module.arena, &module.interface);
        if (marine_service_new(engine, &config, NULL, &planned) == RIV_OK &&
            marine_service_new(engine, &config, NULL, &interpreted) == RIV_OK) {
            interpreted->interpreted = true;
            call_all(planned, interpreted, &module.interface);
        }
        marine_service_free(planned);
        marine_service_free(interpreted);
    }
    riv_arena_free(module.arena);
    return 0;
}
