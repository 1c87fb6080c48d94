/* top.c: imports from middle.c. */
#include "marine.h"

MARINE_IMPORT("middle", u32, middle_kind, ());
MARINE_IMPORT("middle", u32, middle_count, (u32 x));

MARINE_EXPORT(string, top, (u32 x)) { return marine_format("kind %u count %u", middle_kind(), middle_count(x)); }
