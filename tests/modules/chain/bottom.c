/* bottom.c: the lowest of a chain of three: counts its calls. Other kinds of it are made by the files that include this one. */
#ifndef KIND
#define KIND 1
#endif
#include "marine.h"

static uint32_t calls;

MARINE_EXPORT(u32, kind, ())
{
    calls++;
    return KIND;
}

#if KIND == 3   /* not all that is imported */
#elif KIND == 4 /* another type */
MARINE_RECORD(Point, (u32 x, u32 y, u32 z))
MARINE_EXPORT(u32, count, (record(Point) p)) { return calls + p.x + p.y + p.z; }
#elif KIND == 5 /* the same shape under other names */
MARINE_RECORD(Pair, (u32 left, u32 right))
MARINE_EXPORT(u32, count, (record(Pair) p)) { return 1000 + calls + p.left + p.right; }
#else
MARINE_RECORD(Point, (u32 x, u32 y))
MARINE_EXPORT(u32, count, (record(Point) p)) { return calls + p.x + p.y; }
#endif

MARINE_EXPORT(void, trap, ()) { *(volatile uint32_t *)0xfffffff0u = 1; }
MARINE_EXPORT(u32, grow, (u32 pages)) { return (uint32_t)__builtin_wasm_memory_grow(0, pages); }
MARINE_EXPORT(void, spin, ())
{
    for (volatile int i = 0;; i++) {}
}

#if KIND == 6
__attribute__((constructor)) static void start(void) { __builtin_trap(); }
#elif KIND == 7 /* wants more memory than there is, and ends without it */
__attribute__((constructor)) static void start(void)
{
    while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1) {}
    __builtin_trap();
}
#endif
