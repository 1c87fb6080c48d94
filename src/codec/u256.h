/* u256: unsigned integers of 256 bits, as chains count: every operation says whether it fits, division is floor. */
#ifndef RIV_U256_H
#define RIV_U256_H

#include "base/base.h"

typedef struct u256 { uint64_t limb[4]; } u256; /* the least significant first */
#define U256_ZERO ((u256){ { 0 } })
u256 u256_of(uint64_t v);
RIV_MUST_USE bool u256_add(u256 a, u256 b, u256 *out); /* false: overflow; *out is then the sum modulo 2^256 */
RIV_MUST_USE bool u256_sub(u256 a, u256 b, u256 *out); /* false: a < b */
RIV_MUST_USE bool u256_mul(u256 a, u256 b, u256 *out);
void u256_divmod(u256 a, u256 b, u256 *quotient, u256 *remainder); /* b is not zero; either out may be NULL */
RIV_MUST_USE bool u256_muldiv(u256 a, u256 b, u256 c, u256 *out); /* floor(a * b / c) over 512 bits; false: c is zero or it does not fit */
int  u256_cmp(u256 a, u256 b);
bool u256_is_zero(u256 a);
RIV_MUST_USE bool u256_u64(u256 a, uint64_t *out); /* false: larger */
u256 u256_from_be(riv_bytes bytes);                /* at most 32 of them */
void u256_to_be(u256 a, uint8_t out[32]);
RIV_MUST_USE riv_err u256_parse(riv_str text, riv_fault *fault, u256 *out); /* decimal, or hexadecimal after 0x */
void u256_put(riv_buf *out, u256 a);     /* decimal */
void u256_put_hex(riv_buf *out, u256 a); /* 0x and no zeros in front, as JSON-RPC writes quantities */
#endif
