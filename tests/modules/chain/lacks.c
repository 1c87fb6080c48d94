/* lacks.c: bottom.c, the kind that lacks a function. */
#define KIND 3
#include "bottom.c"
