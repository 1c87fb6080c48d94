/* module.c: what bench/marine calls, on all runtimes the same wasm. The work_ functions are called without Marine, for what fuel costs. */
#include "marine.h"

MARINE_RECORD(Item, (string name, u64 id, bytes hash, array(string) tags))

MARINE_EXPORT(void, nothing, ()) {}
MARINE_EXPORT(string, greeting, (string name)) { return marine_format("Hi, %s", name.ptr); }
MARINE_EXPORT(string, echo_string, (string v)) { return v; }
MARINE_EXPORT(bytes, echo_bytes, (bytes v)) { return v; }
MARINE_EXPORT(array(Item), echo_items, (array(Item) v)) { return v; }

enum { PAGE = 4096, PAGES = 16384 };
static uint8_t area[PAGES * PAGE]; /* 64 MiB */
static uint8_t round_of_touch;

/* Writes to so many pages, spread over the area. */
MARINE_EXPORT(u32, touch, (u32 pages))
{
    round_of_touch++;
    for (uint32_t i = 0; i < pages; i++) area[(size_t)(i * 7919u % PAGES) * PAGE] = round_of_touch;
    return pages;
}

__attribute__((export_name("work_integers"))) uint64_t work_integers(uint32_t n);
uint64_t                                               work_integers(uint32_t n)
{
    uint64_t a = 1, b = 2;
    for (uint32_t i = 0; i < n; i++) {
        a = (a << 13 | a >> 51) + b;
        b = (b << 31 | b >> 33) ^ a * 0x9e3779b97f4a7c15u;
        if (a & 1) b += i;
    }
    return a ^ b;
}

__attribute__((export_name("work_floats"))) uint64_t work_floats(uint32_t n);
uint64_t                                             work_floats(uint32_t n)
{
    double x = 0.5, y = 0.25, z = 0;
    for (uint32_t i = 0; i < n; i++) {
        z += x * y - z * 0.125;
        x = x * 0.999 + y * 0.001 + 1e-3;
        y = y * 0.998 + z * 0.002;
    }
    return (uint64_t)(z * 1e6);
}

__attribute__((export_name("work_memory"))) uint64_t work_memory(uint32_t n);
uint64_t                                             work_memory(uint32_t n)
{
    uint32_t *at = (uint32_t *)(void *)area, sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i * 2654435761u % (1u << 16);
        at[k] += i;
        sum += at[k ^ 1];
    }
    return sum;
}
