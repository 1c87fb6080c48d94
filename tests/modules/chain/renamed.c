/* renamed.c: bottom.c, the kind with other names of the same shape. */
#define KIND 5
#include "bottom.c"
