/* set.c: enumerable sets in the state, in the order that the original's have: removal moves the last item into the hole.
 * Spec: OpenZeppelin Contracts 4.9, EnumerableSet. Tests: run_test.c. */
#include "chain/internal.h"

/* set: the count; set 0 index: the item; set 1 item: its index + 1. */
static chain__key at_index(const chain__key *set, uint64_t index)
{
    return chain__key_with_u64(chain__key_with(*set, RIV_BYTES("\0")), index);
}

static chain__key of_item(const chain__key *set, riv_bytes item)
{
    return chain__key_with(chain__key_with(*set, RIV_BYTES("\1")), item);
}

uint64_t chain__set_count(chain__call *c, const chain__key *set) { return chain__get_u64(c, set); }

bool chain__set_has(chain__call *c, const chain__key *set, riv_bytes item)
{
    chain__key key = of_item(set, item);
    return chain__get_u64(c, &key) != 0;
}

riv_bytes chain__set_at(chain__call *c, const chain__key *set, uint64_t index)
{
    chain__key key = at_index(set, index);
    riv_bytes  item;
    return chain__get(c, &key, &item) ? item : (riv_bytes){ 0 };
}

bool chain__set_add(chain__call *c, const chain__key *set, riv_bytes item)
{
    chain__key where = of_item(set, item);
    if (chain__get_u64(c, &where)) return false;
    uint64_t   count = chain__set_count(c, set);
    chain__key place = at_index(set, count);
    chain__put(c, &place, item);
    chain__put_u64(c, &where, count + 1);
    chain__put_u64(c, set, count + 1);
    return true;
}

bool chain__set_remove(chain__call *c, const chain__key *set, riv_bytes item)
{
    chain__key where = of_item(set, item);
    uint64_t   index = chain__get_u64(c, &where), count = chain__set_count(c, set);
    if (!index || c->meter->out) return false;
    chain__key hole = at_index(set, index - 1), end = at_index(set, count - 1);
    if (index != count) {
        riv_bytes  last  = chain__set_at(c, set, count - 1);
        chain__key moved = of_item(set, last);
        chain__put(c, &hole, last);
        chain__put_u64(c, &moved, index);
    }
    chain__put(c, &end, (riv_bytes){ 0 });
    chain__put(c, &where, (riv_bytes){ 0 });
    chain__put_u64(c, set, count - 1);
    return true;
}
