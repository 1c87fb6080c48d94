/* geo.c: a service with a record: where two ways meet half way, and how long a way is. */
#include "marine.h"

#include <math.h>

MARINE_RECORD(Point, (f64 x, f64 y))

MARINE_EXPORT(record(Point), middle, (record(Point) a, record(Point) b))
{
    return (Point){ (a.x + b.x) / 2, (a.y + b.y) / 2 };
}

/* The elements of an array of records are pointers. */
MARINE_EXPORT(f64, length, (array(Point) way))
{
    f64 sum = 0;
    for (size_t i = 1; i < way.len; i++) {
        f64 dx = way.ptr[i]->x - way.ptr[i - 1]->x, dy = way.ptr[i]->y - way.ptr[i - 1]->y;
        sum += sqrt(dx * dx + dy * dy);
    }
    return sum;
}
