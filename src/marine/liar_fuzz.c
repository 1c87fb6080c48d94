/* liar_fuzz.c: a guest whose whole memory, and with it every pointer and size that it names, is the input: results are lifted out of it, arguments
 * lowered into wherever its allocate points. By plan, by interpreter and straight to text the same comes out and the same memory is left. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* At 0 the pointer of results, at 4 their size, at 8 how often allocate was called, from 12 on what it answers. */
static const char guest_text[] =
    "(module (memory (export \"memory\") 1)"
    "(func (export \"allocate\") (param i32 i32) (result i32) (i32.store (i32.const 8) (i32.add (i32.load (i32.const "
    "8)) (i32.const 4)))"
    "(i32.load offset=12 (i32.and (i32.load (i32.const 8)) (i32.const 0x3c))))"
    "(func (export \"release_objects\")) (func (export \"get_result_ptr\") (result i32) (i32.load (i32.const 0)))"
    "(func (export \"get_result_size\") (result i32) (i32.load (i32.const 4)))"
    "(func (export \"set_result_ptr\") (param i32)) (func (export \"set_result_size\") (param i32))"
    "(func $g (export \"a\") (export \"b\") (export \"c\") (export \"d\") (export \"e\") (export \"f\") (export \"g\"))"
    "(func (export \"t\") (param i32 i32 i32 i32 i32 i32 i32)))";

#define GIVES(name, type)                                                                                              \
    "{'ast_type':'Function','signature':{'name':'" name "','arguments':[],'output_types':[" type "]}}"
#define BY                   "':'ByValue'}"
#define VECTOR(type)         "{'Vector':[" type ",'ByValue']}"
#define RECORD(name)         "{'Record':['" name "','ByValue']}"
#define FIELD(name, type)    "{'name':'" name "','ty':" type "}"
#define FIELDS(name, fields) "{'ast_type':'Record','name':'" name "','fields':{'Named':[" fields "]}}"

static const char *const descriptions[] = {
    FIELDS("A", FIELD("a", "{'U8" BY) "," FIELD("b", "{'F64" BY) "," FIELD("c", "{'Utf8String" BY) "," FIELD(
                    "d", "{'Boolean" BY)),
    FIELDS("B", FIELD("a", RECORD("A")) "," FIELD("b", VECTOR(RECORD("A"))) "," FIELD("c", VECTOR("{'I16" BY))),
    GIVES("a", "{'Utf8String" BY),
    GIVES("b", VECTOR("{'U8" BY)),
    GIVES("c", VECTOR("{'I64" BY)),
    GIVES("d", VECTOR("{'Utf8String" BY)),
    GIVES("e", RECORD("B")),
    GIVES("f", VECTOR(VECTOR(VECTOR("{'Boolean" BY)))),
    GIVES("g", VECTOR(RECORD("B"))),
    "{'ast_type':'Function','signature':{'name':'t','arguments':[" FIELD("s", "{'Utf8String" BY) "," FIELD(
        "v", VECTOR(VECTOR(
                 "{'U16" BY))) "," FIELD("r", RECORD("B")) "," FIELD("w", VECTOR(RECORD("A"))) "],'output_types':[]}}",
};
static const riv_str taken = RIV_LIT_INIT("[\"text\",[[1,2],[],[65535]],{\"a\":[1,2.5,\"x\",true],\"b\":[[2,3,\"yz\","
                                          "false]],\"c\":[-1,5]},[[7,0.5,\"\",true]]]");

enum { SERVICES = 3, PLANNED = 0, INTERPRETED = 1, TEXT = 2, PAGE = 65536 };

static marine_engine  *engine;
static marine_module  *module;
static marine_service *services[SERVICES];

static void put_custom(riv_buf *out, riv_str name, riv_str body)
{
    riv_put_u8(out, 0);
    marine__put_uleb(out, 1 + name.len + body.len);
    riv_put_u8(out, (uint8_t)name.len);
    riv_put_str(out, name);
    riv_put_str(out, body);
}

static void start(void)
{
    riv_arena      *arena = riv_arena_new(0);
    riv_buf         wasm = riv_buf_in(arena), out = riv_buf_in(arena);
    wasm_byte_vec_t binary;
    RIV_ASSERT(marine_engine_new(NULL, &engine) == RIV_OK);
    RIV_ASSERT(!wasmtime_wat2wasm(guest_text, sizeof guest_text - 1, &binary));
    riv_put_bytes(&wasm, (riv_bytes){ (const uint8_t *)binary.data, binary.size });
    wasm_byte_vec_delete(&binary);
    put_custom(&wasm, RIV_LIT("__fluence_sdk_version"), RIV_LIT("0.14.0"));
    for (size_t i = 0; i < RIV_COUNT(descriptions); i++) {
        riv_buf json = riv_buf_in(arena);
        for (const char *c = descriptions[i]; *c; c++) riv_put_u8(&json, (uint8_t)(*c == '\'' ? '"' : *c));
        put_custom(&wasm, riv_format(arena, "__m_generated_section__%zu", i), riv_buf_str(&json));
    }
    RIV_ASSERT(marine_embed(riv_buf_view(&wasm), NULL, &out) == RIV_OK);
    RIV_ASSERT(marine_module_new(engine, riv_buf_view(&out), NULL, &module) == RIV_OK);
    const marine_module_config  one    = { .name = RIV_LIT("liar"), .module = module };
    const marine_service_config config = { .modules = &one, .modules_count = 1, .memory_bytes_max = PAGE };
    for (int i = 0; i < SERVICES; i++) RIV_ASSERT(marine_service_new(engine, &config, NULL, &services[i]) == RIV_OK);
    services[INTERPRETED]->interpreted = true;
    riv_arena_free(arena);
}

static uint8_t *memory_of(marine_service *s)
{
    RIV_ASSERT(wasmtime_memory_data_size(s->context, &s->instances[0]->memory) == PAGE);
    return wasmtime_memory_data(s->context, &s->instances[0]->memory);
}

/* What the call gives and how it failed. Text is bounded by nothing but fuel, so it may hold what is too large for a tree. */
static riv_str outcome(int which, riv_str function, const riv_json *args, riv_str text, riv_arena *arena,
                       marine_result *result)
{
    marine_call call  = { .function = function, .args = args, .fuel = 3000000 };
    riv_buf     out   = riv_buf_in(arena);
    riv_fault   fault = { 0 };
    riv_err     err   = which == TEXT ? marine_service_call_text(services[TEXT], &call, text, &fault, result, &out)
                                      : marine_service_call(services[which], &call, arena, &fault, result);
    RIV_ASSERT((err == RIV_OK) == (result->error == MARINE_NO_ERROR));
    RIV_ASSERT(err == RIV_OK || fault.msg[0]);
    RIV_ASSERT(result->fuel_used <= call.fuel);
    if (!err && which != TEXT) riv_json_write(result->value, &out);
    if (err) riv_buf_clear(&out);
    riv_putf(&out, " %d %s %llu", (int)result->error, fault.msg, (unsigned long long)result->fuel_used);
    return riv_buf_str(&out);
}

static void try_function(riv_str function, riv_str args_text)
{
    riv_arena      *arena[SERVICES];
    riv_str         got[SERVICES];
    marine_result   results[SERVICES];
    const riv_json *args;
    riv_arena      *own = riv_arena_new(0);
    RIV_ASSERT(riv_json_parse(args_text, own, NULL, &args) == RIV_OK);
    for (int i = 0; i < SERVICES; i++) {
        arena[i] = riv_arena_new(64 << 20);
        got[i]   = outcome(i, function, args, args_text, arena[i], &results[i]);
    }
    RIV_ASSERT(riv_str_eq(got[PLANNED], got[INTERPRETED]));
    if (results[PLANNED].error != MARINE_OUT_OF_MEMORY) RIV_ASSERT(riv_str_eq(got[PLANNED], got[TEXT]));
    for (int i = 1; i < SERVICES; i++) RIV_ASSERT(memcmp(memory_of(services[0]), memory_of(services[i]), PAGE) == 0);
    for (int i = 0; i < SERVICES; i++) riv_arena_free(arena[i]);
    riv_arena_free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const riv_str functions[] = { RIV_LIT_INIT("a"), RIV_LIT_INIT("b"), RIV_LIT_INIT("c"), RIV_LIT_INIT("d"),
                                         RIV_LIT_INIT("e"), RIV_LIT_INIT("f"), RIV_LIT_INIT("g") };
    if (!engine) start();
    if (size > PAGE) return 0;
    for (int i = 0; i < SERVICES; i++) {
        memset(memory_of(services[i]), 0, PAGE);
        if (size) memcpy(memory_of(services[i]), data, size);
    }
    for (size_t i = 0; i < RIV_COUNT(functions); i++) try_function(functions[i], RIV_LIT("[]"));
    try_function(RIV_LIT("t"), taken);
    return 0;
}
