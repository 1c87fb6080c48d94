/* accounts.c: accounts of the chain: how often each has sent, and its FLT, the chain's own coin.
 * Keys: 'a' address: nonce, 8 bytes; balance, the rest without zeros in front; 'b': all FLT, where balances were set. Spec: docs/spec/chain.md 2.1, 3.
 * Tests: run_test.c, block_test.c. */
#include "chain/internal.h"

enum { NONCE_BYTES = 8, WORD = 32 };

static chain__key key_of(const eth_address *who) { return chain__key_with_address(chain__key_of('a'), who); }

void chain__account_parse(riv_bytes value, uint64_t *nonce, u256 *balance)
{
    riv_reader r = riv_reader_of(value);
    *nonce       = riv_read_u64be(&r);
    *balance     = r.short_read ? U256_ZERO : u256_from_be(riv_bytes_sub(value, NONCE_BYTES, value.len));
}

void chain__account_get(chain__call *c, const eth_address *who, uint64_t *nonce, u256 *balance)
{
    chain__key key = key_of(who);
    riv_bytes  value;
    chain__get(c, &key, &value);
    chain__account_parse(value, nonce, balance);
}

void chain__account_put(chain__call *c, const eth_address *who, uint64_t nonce, u256 balance)
{
    chain__key key = key_of(who);
    uint8_t    all[NONCE_BYTES + 32], be[32];
    riv_buf    out   = { .ptr = all, .cap = sizeof all };
    size_t     zeros = 0;
    u256_to_be(balance, be);
    while (zeros < sizeof be && be[zeros] == 0) zeros++;
    riv_put_u64be(&out, nonce);
    riv_put_bytes(&out, (riv_bytes){ be + zeros, sizeof be - zeros });
    chain__put(c, &key, nonce || zeros < sizeof be ? riv_buf_view(&out) : (riv_bytes){ 0 });
}

bool chain__flt_total(chain__call *c, u256 *out)
{
    chain__key key = chain__key_of('b');
    riv_bytes  value;
    if (!chain__get(c, &key, &value)) return false;
    *out = u256_from_be(value);
    return true;
}

/* All 32 bytes: a total of zero is another thing than none. */
void chain__flt_total_put(chain__call *c, u256 total)
{
    chain__key key = chain__key_of('b');
    uint8_t    be[WORD];
    u256_to_be(total, be);
    chain__put(c, &key, (riv_bytes){ be, sizeof be });
}

riv_err chain__send_flt(chain__call *c, const eth_address *from, const eth_address *to, u256 amount)
{
    uint64_t nonce;
    u256     balance;
    chain__account_get(c, from, &nonce, &balance);
    RIV_TRY(chain__sub(c, balance, amount, &balance));
    chain__account_put(c, from, nonce, balance);
    chain__account_get(c, to, &nonce, &balance); /* after the first was written: they may be the same */
    RIV_TRY(chain__add(c, balance, amount, &balance));
    chain__account_put(c, to, nonce, balance);
    return RIV_OK;
}
