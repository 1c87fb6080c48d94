/* fails.c: bottom.c, the kind that traps as it starts. */
#define KIND 6
#include "bottom.c"
