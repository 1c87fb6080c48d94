/* types.c: gives back what it got, for every type; used by the tests of marine. */
#include "marine.h"

MARINE_RECORD(Point, (f64 x, f64 y))
MARINE_RECORD(Inner, (string name, bytes data, array(u16) numbers))
MARINE_RECORD(Everything, (bool flag, u8 a, i8 b, u16 c, i16 d, u32 e, i32 f, u64 g, i64 h, f32 i, f64 j, string text,
                           bytes data, array(string) texts, record(Inner) inner, array(Inner) inners, array2(u8) blobs))

MARINE_EXPORT(bool, echo_bool, (bool v)) { return v; }
MARINE_EXPORT(u8, echo_u8, (u8 v)) { return v; }
MARINE_EXPORT(u16, echo_u16, (u16 v)) { return v; }
MARINE_EXPORT(u32, echo_u32, (u32 v)) { return v; }
MARINE_EXPORT(u64, echo_u64, (u64 v)) { return v; }
MARINE_EXPORT(i8, echo_i8, (i8 v)) { return v; }
MARINE_EXPORT(i16, echo_i16, (i16 v)) { return v; }
MARINE_EXPORT(i32, echo_i32, (i32 v)) { return v; }
MARINE_EXPORT(i64, echo_i64, (i64 v)) { return v; }
MARINE_EXPORT(f32, echo_f32, (f32 v)) { return v; }
MARINE_EXPORT(f64, echo_f64, (f64 v)) { return v; }
MARINE_EXPORT(string, echo_string, (string v)) { return v; }
MARINE_EXPORT(bytes, echo_bytes, (bytes v)) { return v; }
MARINE_EXPORT(array(bool), echo_bools, (array(bool) v)) { return v; }
MARINE_EXPORT(array(i8), echo_i8s, (array(i8) v)) { return v; }
MARINE_EXPORT(array(u16), echo_u16s, (array(u16) v)) { return v; }
MARINE_EXPORT(array(i16), echo_i16s, (array(i16) v)) { return v; }
MARINE_EXPORT(array(u32), echo_u32s, (array(u32) v)) { return v; }
MARINE_EXPORT(array(i32), echo_i32s, (array(i32) v)) { return v; }
MARINE_EXPORT(array(u64), echo_u64s, (array(u64) v)) { return v; }
MARINE_EXPORT(array(i64), echo_i64s, (array(i64) v)) { return v; }
MARINE_EXPORT(array(f32), echo_f32s, (array(f32) v)) { return v; }
MARINE_EXPORT(array(f64), echo_f64s, (array(f64) v)) { return v; }
MARINE_EXPORT(array(string), echo_strings, (array(string) v)) { return v; }
MARINE_EXPORT(array(bytes), echo_blobs, (array(bytes) v)) { return v; }
MARINE_EXPORT(array2(string), echo_rows, (array2(string) v)) { return v; }
MARINE_EXPORT(array2(u32), echo_tables, (array2(u32) v)) { return v; }
MARINE_EXPORT(record(Point), echo_point, (record(Point) v)) { return v; }
MARINE_EXPORT(array(Point), echo_points, (array(Point) v)) { return v; }
MARINE_EXPORT(array2(Point), echo_shapes, (array2(Point) v)) { return v; }
MARINE_EXPORT(array(Everything), echo_all, (array(Everything) v)) { return v; }
MARINE_EXPORT(record(Everything), echo_everything, (record(Everything) v)) { return v; }
MARINE_EXPORT(void, nothing, ()) {}

MARINE_EXPORT(string, all_kinds,
              (bool a, u8 b, i64 c, f32 d, string e, bytes f, array(u32) g, record(Point) h, array(Point) i))
{
    uint32_t sum = 0;
    double   x   = 0;
    for (size_t k = 0; k < g.len; k++) sum += g.ptr[k];
    for (size_t k = 0; k < i.len; k++) x += i.ptr[k]->x;
    return marine_format("%d %u %lld %d %s %zu %u %d %d", a, b, (long long)c, (int)(d * 100), e.ptr, f.len, sum,
                         (int)h.y, (int)x);
}

MARINE_EXPORT(record(Inner), make_inner, (u32 count))
{
    Inner inner = { marine_format("%u numbers", count), marine_array_new(u8, 2), marine_array_new(u16, count) };
    for (uint32_t i = 0; i < count; i++) inner.numbers.ptr[i] = (uint16_t)(i * i);
    inner.data.ptr[0] = 0xff;
    return inner;
}

MARINE_EXPORT(u64, length, (string v)) { return v.len; }
MARINE_EXPORT(u64, total, (bytes v))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < v.len; i++) sum += v.ptr[i];
    return sum;
}

static uint32_t calls; /* state between calls */
MARINE_EXPORT(u32, count, ()) { return ++calls; }
