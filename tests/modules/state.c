/* state.c: a service that changes all that a call can change: memory, globals, a table with functions, files; and that fails in between.
 * The table and a global are written in assembly, because C has none. */
#include "marine.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <wasi/api.h>

__asm__(".tabletype state_table, funcref, 4\n"
        ".globl state_table\n"
        "state_table:\n"
        ".tabletype __indirect_function_table, funcref\n"
        ".globaltype state_global, i64\n"
        ".globl state_global\n"
        "state_global:\n"
        ".section .text.state_table_put,\"\",@\n"
        ".globl state_table_put\n"
        ".type state_table_put,@function\n"
        "state_table_put:\n"
        ".functype state_table_put (i32, i32) -> ()\n"
        "local.get 0\n"
        "local.get 1\n"
        "table.get __indirect_function_table\n"
        "table.set state_table\n"
        "end_function\n"
        ".section .text.state_global_put,\"\",@\n"
        ".globl state_global_put\n"
        ".type state_global_put,@function\n"
        "state_global_put:\n"
        ".functype state_global_put (i64) -> ()\n"
        "local.get 0\n"
        "global.set state_global\n"
        "end_function\n"
        ".text\n");

void state_table_put(uint32_t at, uint32_t function);
void state_global_put(uint64_t value);

enum { BYTES = 8 << 20 };
static uint8_t heap[BYTES];
static uint8_t initial[16384] = { 1, [5000] = 77, [16383] = 2 }; /* enough to be mapped */

static uint32_t one(uint32_t v) { return v + 1; }
static uint32_t two(uint32_t v) { return v * 2; }
static uint32_t (*volatile functions[])(uint32_t) = { one, two };

MARINE_EXPORT(void, poke, (u32 at, u32 value)) { heap[at % BYTES] = (uint8_t)value; }
MARINE_EXPORT(u32, peek, (u32 at)) { return heap[at % BYTES]; }
MARINE_EXPORT(void, poke_initial, (u32 at, u32 value)) { initial[at % sizeof initial] = (uint8_t)value; }
MARINE_EXPORT(u32, peek_initial, (u32 at)) { return initial[at % sizeof initial]; }
MARINE_EXPORT(void, fill, (u32 at, u32 count, u32 value))
{
    at %= BYTES;
    memset(heap + at, (int)value, count < BYTES - at ? count : BYTES - at);
}
MARINE_EXPORT(u32, grow, (u32 pages)) { return (uint32_t)__builtin_wasm_memory_grow(0, pages); }
/* Writes to all memory from the end of the heap on, and then to some pages far from each other. */
MARINE_EXPORT(void, fill_all, (u32 bytes))
{
    uint8_t *end = (uint8_t *)(__builtin_wasm_memory_size(0) * 65536);
    memset(end - bytes, 3, bytes);
}
MARINE_EXPORT(void, touch, (u32 pages))
{
    uint8_t *end = (uint8_t *)(__builtin_wasm_memory_size(0) * 65536);
    for (uint32_t i = 1; i <= pages; i++) end[-(int32_t)(i * 300000)]++;
}
MARINE_EXPORT(void, set_global, (u64 value)) { state_global_put(value); }
/* Entry `at` becomes nothing (0), or one of two functions. */
MARINE_EXPORT(void, set_table, (u32 at, u32 which))
{
    state_table_put(at, which ? (uint32_t)(uintptr_t)functions[(which - 1) & 1] : 0);
}
MARINE_EXPORT(u32, random, ())
{
    uint32_t v;
    getentropy(&v, sizeof v);
    return v;
}
MARINE_EXPORT(i32, write_file, (string name, string text))
{
    char path[256] = "";
    if (name.len >= sizeof path) return -1;
    memcpy(path, name.ptr, name.len);
    FILE *f = fopen(path, "w");
    if (!f) return -1;
    fwrite(text.ptr, 1, text.len, f);
    return fclose(f);
}
/* Opens a directory below the mapped one and lets go of that; or puts that in the place of what was opened. */
MARINE_EXPORT(i32, keep_open, (string name, u32 moves))
{
    char path[256] = "";
    if (name.len >= sizeof path) return -1;
    memcpy(path, name.ptr, name.len);
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) return -1;
    return moves ? __wasi_fd_renumber(3, (__wasi_fd_t)fd) : __wasi_fd_close(3);
}
/* Fails with a frame of the stack in memory taken, which nobody gives back. */
MARINE_EXPORT(void, fail, (u32 bytes))
{
    volatile uint8_t frame[1024];
    for (uint32_t i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)bytes;
    if (frame[bytes % sizeof frame] == (uint8_t)bytes) __builtin_trap();
}
