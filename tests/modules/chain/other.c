/* other.c: bottom.c, the kind whose function has another type. */
#define KIND 4
#include "bottom.c"
