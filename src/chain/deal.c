/* deal.c: to be written. */
#include "chain/internal.h"

const chain__contract chain__deal = { 0 };

bool chain__deal_exists(chain__call *c, const eth_address *deal)
{
    chain__key key = chain__key_with_address(chain__key_of('d'), deal);
    riv_bytes  value;
    return chain__get(c, &key, &value);
}
