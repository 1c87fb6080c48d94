/* capacity_absent.c: what Market asks of Capacity, for as long as capacity.c does not answer: no commitment is known. Goes away with it. */
#include "chain/internal.h"

#define ABSENT __attribute__((weak))

ABSENT chain__cc_status chain__cc_status_of(chain__call *c, const chain__id *commitment)
{
    (void)c;
    (void)commitment;
    return CHAIN__CC_REMOVED;
}

ABSENT uint64_t chain__cc_start_epoch(chain__call *c, const chain__id *commitment)
{
    (void)c;
    (void)commitment;
    return 0;
}

ABSENT riv_err chain__cc_unit_moved_to_deal(chain__call *c, const chain__id *commitment, const chain__id *unit)
{
    (void)commitment;
    (void)unit;
    return chain__revert(c, "Capacity commitment doesn't exist");
}

ABSENT riv_err chain__cc_unit_returned(chain__call *c, const chain__id *commitment, const chain__id *unit)
{
    (void)commitment;
    (void)unit;
    return chain__revert(c, "Capacity commitment doesn't exist");
}
