/* hostile.c: a service that spins, grows, recurses, traps and lies. */
#include "marine.h"

#define AT(type, address, count)                                                                                       \
    (type) { (void *)(uintptr_t)(address), (count) }

MARINE_RECORD(Pair, (string a, string b))

MARINE_EXPORT(u32, fine, ()) { return 7; }
MARINE_EXPORT(void, spin, ())
{
    for (volatile int i = 0;; i++) {}
}
MARINE_EXPORT(u32, grow, (u32 pages)) { return (uint32_t)__builtin_wasm_memory_grow(0, pages); }
MARINE_EXPORT(void, grow_or_die, ())
{
    while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1) {}
    __builtin_trap();
}
static volatile bool                      enough;
__attribute__((noinline)) static uint32_t deep(uint32_t n) { return enough ? n : deep(n + 1) + n * deep(n + 2); }
MARINE_EXPORT(u32, recurse, ()) { return deep(0); }
MARINE_EXPORT(void, trap, ()) { __builtin_trap(); }
MARINE_EXPORT(i32, divide, (i32 a, i32 b)) { return a / b; }

MARINE_EXPORT(string, string_outside, ()) { return AT(marine_string, 0xfffffff0u, 8); }
MARINE_EXPORT(string, string_too_long, ()) { return AT(marine_string, 16, 0xffffffffu); }
MARINE_EXPORT(string, not_utf8, ()) { return AT(marine_string, "\xff\xfe", 2); }
MARINE_EXPORT(bytes, bytes_outside, ()) { return AT(marine_bytes, 1u << 31, 1); }
MARINE_EXPORT(array(u64), array_too_long, ())
{
    return AT(marine_array_u64, 1024, 0x20000001u);
} /* times 8 wraps 32 bits */
MARINE_EXPORT(array(string), strings_outside, ())
{
    marine_array_string list = marine_array_new(string, 2);
    list.ptr[1]              = AT(marine_string, 0x7fffffff, 100);
    return list;
}
MARINE_EXPORT(record(Pair), record_with_lies, ())
{
    Pair p = { AT(marine_string, "ok", 2), AT(marine_string, 0xdeadbeefu, 2) };
    return p;
}
/* Many entries that all show the same large text: small here, huge outside. */
MARINE_EXPORT(array(string), amplify, (u32 count, u32 len))
{
    marine_array_string list = marine_array_new(string, count);
    char               *text = (char *)marine_alloc(len);
    memset(text, 'a', len);
    for (uint32_t i = 0; i < count; i++) list.ptr[i] = AT(marine_string, text, len);
    return list;
}
MARINE_EXPORT(string, empty_anywhere, ()) { return AT(marine_string, 0xffffffffu, 0); }
MARINE_EXPORT(f64, not_a_number, ())
{
    uint64_t bits = 0x7ff0000012345678u;
    double   v;
    memcpy(&v, &bits, 8);
    return v + 1;
}
MARINE_EXPORT(u64, nan_bits, (f64 a, f64 b))
{
    double   v = a / b;
    uint64_t bits;
    memcpy(&bits, &v, 8);
    return bits;
}

MARINE_EXPORT(array(u64), numbers, (u32 count)) { return marine_array_new(u64, count); }
