/* fail.c: what went wrong in a call: its first failure, in words and as a kind; traps of Wasmtime told as people read them.
 * Spec: docs/spec/marine.md 8.3, 8.4; docs/spec/scenarios.md 5. Tests: limits_test.c, hostile_test.c. */
#include "marine/internal.h"

#include <stdio.h>

/* How a failure is told to those who branch on riv_err only. */
static const struct {
    riv_err     err;
    const char *name;
} kinds[] = {
    [MARINE_NO_ERROR]      = { RIV_OK, "none" },
    [MARINE_BAD_ARGUMENTS] = { RIV_E_MALFORMED, "arguments" },
    [MARINE_NOT_FOUND]     = { RIV_E_NOT_FOUND, "not_found" },
    [MARINE_LOAD]          = { RIV_E_UNSUPPORTED, "load" },
    [MARINE_LINK]          = { RIV_E_UNSUPPORTED, "link" },
    [MARINE_TRAP]          = { RIV_E_CONFLICT, "trap" },
    [MARINE_OUT_OF_FUEL]   = { RIV_E_LIMIT, "fuel" },
    [MARINE_DEADLINE]      = { RIV_E_EXPIRED, "deadline" },
    [MARINE_OUT_OF_MEMORY] = { RIV_E_LIMIT, "memory" },
    [MARINE_STACK]         = { RIV_E_LIMIT, "stack" },
    [MARINE_HOST]          = { RIV_E_IO, "host" },
};

const char *marine_error_name(marine_error_kind kind) { return kinds[kind].name; }

riv_err marine__fail(marine_service *s, marine_error_kind kind, const char *format, ...)
{
    if (s->error != MARINE_NO_ERROR) return kinds[s->error].err;
    /* SPEC marine.md 8.3: rejects > 0: the error is reported as "high probability OOM" carrying the original error */
    bool refused = (kind == MARINE_TRAP || kind == MARINE_LOAD) && s->budget->rejects;
    char text[2 * RIV_FAULT_MSG_BYTES]; /* longer than a fault holds: it is the fault that cuts, between characters */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (refused) {
        size_t len = strlen(text);
        kind       = MARINE_OUT_OF_MEMORY;
        snprintf(text + len, sizeof text - len,
                 "; memory was refused before: the service has %llu of at most %llu bytes",
                 (unsigned long long)s->budget->bytes, (unsigned long long)s->budget->bytes_max);
    }
    s->error = kind;
    return riv_fail(&s->fault, kinds[kind].err, 0, "%s", text);
}

/* clang-format off */
static const char *const trap_texts[] = {
    [WASMTIME_TRAP_CODE_STACK_OVERFLOW] = "call stack exhausted",
    [WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS] = "out of bounds memory access",
    [WASMTIME_TRAP_CODE_HEAP_MISALIGNED] = "misaligned memory access",
    [WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS] = "out of bounds table access",
    [WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL] = "call of a null function",
    [WASMTIME_TRAP_CODE_BAD_SIGNATURE] = "indirect call with another signature",
    [WASMTIME_TRAP_CODE_INTEGER_OVERFLOW] = "integer overflow",
    [WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO] = "integer divide by zero",
    [WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER] = "invalid conversion to integer",
    [WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED] = "unreachable instruction executed",
    [WASMTIME_TRAP_CODE_INTERRUPT] = "deadline passed",
    [WASMTIME_TRAP_CODE_OUT_OF_FUEL] = "out of fuel",
    [WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE] = "allocation too large",
};
/* clang-format on */

static marine_error_kind kind_of_trap(wasmtime_trap_code_t code, marine_error_kind otherwise)
{
    switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return MARINE_STACK;
    case WASMTIME_TRAP_CODE_OUT_OF_FUEL: return MARINE_OUT_OF_FUEL;
    case WASMTIME_TRAP_CODE_INTERRUPT: return MARINE_DEADLINE;
    case WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE: return MARINE_OUT_OF_MEMORY;
    default: return otherwise;
    }
}

/* Wasmtime keeps the count of fuel in registers and writes it down at calls and where these happen. At any other trap what was used since is lost:
 * a guest that counts on it would compute for nothing. */
static bool fuel_is_counted(wasmtime_trap_code_t code)
{
    switch (code) {
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW: return true;
    default: return false;
    }
}

/* " in `strlen` at 0x1f3": the innermost frame; without a name section its index. Places are those of the file as it was given. */
static void put_place(char *out, size_t bytes, const wasm_trap_t *trap, size_t shift)
{
    wasm_frame_t *frame = wasm_trap_origin(trap);
    out[0]              = 0;
    if (!frame) return;
    const wasm_name_t *name   = wasmtime_frame_func_name(frame);
    size_t             offset = wasm_frame_module_offset(frame) - shift;
    int                len = name ? snprintf(out, bytes, " in `%.*s`", (int)RIV_MIN(name->size, (size_t)80), name->data)
                                  : snprintf(out, bytes, " in function %u", wasm_frame_func_index(frame));
    if (wasm_frame_module_offset(frame) != SIZE_MAX) /* else the engine does not know it */
        snprintf(out + len, bytes - (size_t)len, " at 0x%zx", offset);
    wasm_frame_delete(frame);
}

static riv_err fail_trap(marine__instance *in, marine_error_kind kind, riv_str name, const wasm_trap_t *trap)
{
    marine_service      *s = in->service;
    wasmtime_trap_code_t code;
    if (wasmtime_trap_code(trap, &code)) {
        if (!fuel_is_counted(code)) marine__fuel_spend(s);
        const char *text = code < RIV_COUNT(trap_texts) && trap_texts[code] ? trap_texts[code] : "trap";
        char        place[128];
        put_place(place, sizeof place, trap, in->module->prepared.code_shift);
        return marine__fail(s, kind_of_trap(code, kind), "function `" RIV_FMT "` failed: %s%s", RIV_ARG(name), text,
                            place);
    }
    return marine__fail(s, kind, "function `" RIV_FMT "` failed", RIV_ARG(name));
}

riv_err marine__fail_wasm(marine__instance *in, marine_error_kind kind, riv_str name, wasmtime_error_t *error,
                          wasm_trap_t *trap)
{
    marine_service *s   = in->service;
    riv_err         err = RIV_E_CONFLICT;
    if (s->exited) /* what comes back then is only the way out */
        err = marine__fail(s, kind, "function `" RIV_FMT "` failed: the module ended itself with code %u",
                           RIV_ARG(name), s->exit_code);
    if (trap) {
        err = fail_trap(in, kind, name, trap);
        wasm_trap_delete(trap);
    }
    if (error) {
        wasm_name_t text;
        wasmtime_error_message(error, &text);
        err = marine__fail(s, kind, RIV_FMT ": %.*s", RIV_ARG(name), (int)RIV_MIN(text.size, (size_t)200), text.data);
        wasm_byte_vec_delete(&text);
        wasmtime_error_delete(error);
    }
    return err;
}

wasm_trap_t *marine__trap_of(const marine_service *s)
{
    const char *text = s->fault.msg[0] ? s->fault.msg : "ended";
    return wasmtime_trap_new(text, strlen(text));
}
