/* starts.c: starts by way of leaver.c, which ends it well. */
#include "marine.h"

MARINE_IMPORT("leaver", void, leave, (u32 bytes));

__attribute__((constructor)) static void start(void)
{
    volatile uint8_t frame[1024];
    frame[0] = 7;
    leave(frame[0]);
}
MARINE_EXPORT(u32, started, ()) { return 1; }
