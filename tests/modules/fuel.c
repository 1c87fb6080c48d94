/* fuel.c: works for a while and then ends in each way that costs fuel; used by the tests of marine. */
#include "marine.h"

static volatile uint32_t sink;

static void work(uint32_t rounds)
{
    uint32_t x = 1;
    for (uint32_t i = 0; i < rounds; i++) x = x * 1664525u + 1013904223u;
    sink = x;
}

MARINE_EXPORT(u32, rounds, (u32 count))
{
    work(count);
    return count;
}

MARINE_EXPORT(u32, divide, (u32 count, u32 by))
{
    work(count);
    return count / by;
}

MARINE_EXPORT(u32, read_at, (u32 count, u32 at))
{
    work(count);
    return *(volatile uint32_t *)(uintptr_t)at;
}

MARINE_EXPORT(void, panic, (u32 count))
{
    work(count);
    __builtin_trap();
}

MARINE_EXPORT(u32, call_at, (u32 count, u32 at))
{
    work(count);
    return ((u32(*)(u32))(uintptr_t)at)(count);
}
