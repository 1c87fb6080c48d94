/* leaver.c: ends its caller with a frame of its stack in memory taken. */
#include "marine.h"

#include <stdlib.h>

MARINE_EXPORT(void, leave, (u32 bytes))
{
    volatile uint8_t frame[1024];
    for (uint32_t i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)bytes;
    if (frame[bytes % sizeof frame] == (uint8_t)bytes) _Exit(0);
}
