/* greeting.c: a service with one function. */
#include "marine.h"

MARINE_EXPORT(string, greeting, (string name))
{
    return marine_format("Hi, %s", name.ptr);
}
