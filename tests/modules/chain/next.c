/* next.c: bottom.c, the next kind. */
#define KIND 2
#include "bottom.c"
