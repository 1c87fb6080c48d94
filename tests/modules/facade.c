/* facade.c: calls adder.c, with every kind of value. */
#include "marine.h"

MARINE_RECORD(Point, (f64 x, f64 y))
MARINE_RECORD(Path, (string name, array(Point) points, record(Point) origin))

MARINE_IMPORT("adder", u64, add, (u64 a, u64 b));
MARINE_IMPORT("adder", string, join, (array(string) parts, string by));
MARINE_IMPORT("adder", record(Path), shift, (record(Path) path, f64 by));
MARINE_IMPORT("adder", bool, both, (bool a, bool b));
MARINE_IMPORT("adder", f32, half, (f32 v));
MARINE_IMPORT("adder", i8, negate, (i8 v));
MARINE_IMPORT("adder", void, fall, ());

MARINE_EXPORT(u64, sum, (array(u64) numbers))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < numbers.len; i++) sum = add(sum, numbers.ptr[i]);
    return sum;
}
MARINE_EXPORT(string, greet_all, (array(string) names, string by))
{
    marine_string mine   = marine_format("Hi, ");
    marine_string joined = join(names, by); /* what came in, and what we made, must survive the call */
    return marine_format("%s%s (%zu)%s", mine.ptr, joined.ptr, names.len, by.ptr);
}
MARINE_EXPORT(record(Path), shift_twice, (record(Path) path, f64 by)) { return shift(shift(path, by), by); }
MARINE_EXPORT(string, scalars, (bool a, f32 b, i8 c))
{
    return marine_format("%d %g %d", both(a, true), half(b), negate(c));
}
MARINE_EXPORT(void, stumble, ()) { fall(); }
