/* greeting.c: a service with one function. */
#include "marine.h"

MARINE_EXPORT(string, greeting, (string name))
{
    /* What came in ends with a NUL; what is made here lives until the caller has it. */
    return marine_format("Hi, %s", name.ptr);
}
