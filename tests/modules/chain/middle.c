/* middle.c: imports from bottom.c. */
#include "marine.h"

MARINE_RECORD(Point, (u32 x, u32 y))
MARINE_IMPORT("bottom", u32, kind, ());
MARINE_IMPORT("bottom", u32, count, (record(Point) p));

static uint32_t calls;

MARINE_EXPORT(u32, middle_kind, ()) { return 10 * ++calls + kind(); }
MARINE_EXPORT(u32, middle_count, (u32 x))
{
    Point p = { x, 1 };
    return count(p);
}
