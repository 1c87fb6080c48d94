/* adder.c: the module that facade.c calls. */
#include "marine.h"

MARINE_RECORD(Point, (f64 x, f64 y))
MARINE_RECORD(Path, (string name, array(Point) points, record(Point) origin))

MARINE_EXPORT(u64, add, (u64 a, u64 b)) { return a + b; }
MARINE_EXPORT(string, join, (array(string) parts, string by))
{
    marine_string all = marine_text("");
    for (size_t i = 0; i < parts.len; i++) all = marine_format("%s%s%s", all.ptr, i ? by.ptr : "", parts.ptr[i].ptr);
    return all;
}
MARINE_EXPORT(record(Path), shift, (record(Path) path, f64 by))
{
    path.name = marine_format("%s+%g", path.name.ptr, by);
    for (size_t i = 0; i < path.points.len; i++) path.points.ptr[i]->x += by;
    path.origin->x += by;
    return path;
}
MARINE_EXPORT(bool, both, (bool a, bool b)) { return a && b; }
MARINE_EXPORT(f32, half, (f32 v)) { return v / 2; }
MARINE_EXPORT(i8, negate, (i8 v)) { return (int8_t)-v; }
MARINE_EXPORT(void, fall, ()) { __builtin_trap(); }
