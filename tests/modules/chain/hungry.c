/* hungry.c: bottom.c, the kind that takes all memory as it starts. */
#define KIND 7
#include "bottom.c"
