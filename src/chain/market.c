/* market.c: to be written. */
#include "chain/internal.h"

const chain__contract chain__market = { 0 };
