/* u256.c: 256-bit unsigned integers on four limbs; division by long division in base 2^32 (Knuth, TAOCP 2, 4.3.1, algorithm D).
 * Spec: docs/spec/chain.md 2.4. Tests: u256_test.c. */
#include "codec/u256.h"

enum { LIMBS = 4, DIGITS = 8 };
typedef unsigned __int128 wide;

u256 u256_of(uint64_t v) { return (u256){ { v, 0, 0, 0 } }; }

bool u256_is_zero(u256 a) { return (a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]) == 0; }

int u256_cmp(u256 a, u256 b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a.limb[i] != b.limb[i]) return a.limb[i] < b.limb[i] ? -1 : 1;
    return 0;
}

bool u256_add(u256 a, u256 b, u256 *out)
{
    wide carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (wide)a.limb[i] + b.limb[i];
        out->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return carry == 0;
}

bool u256_sub(u256 a, u256 b, u256 *out)
{
    bool borrow = false;
    for (int i = 0; i < LIMBS; i++) {
        wide v       = (wide)a.limb[i] - b.limb[i] - borrow;
        out->limb[i] = (uint64_t)v;
        borrow       = (v >> 64) != 0;
    }
    return !borrow;
}

/* All 512 bits. */
static void multiply(u256 a, u256 b, uint64_t out[2 * LIMBS])
{
    memset(out, 0, 2 * LIMBS * sizeof out[0]);
    for (int i = 0; i < LIMBS; i++) {
        wide carry = 0;
        for (int k = 0; k < LIMBS; k++) {
            carry += (wide)a.limb[i] * b.limb[k] + out[i + k];
            out[i + k] = (uint64_t)carry;
            carry >>= 64;
        }
        out[i + LIMBS] = (uint64_t)carry;
    }
}

bool u256_mul(u256 a, u256 b, u256 *out)
{
    uint64_t all[2 * LIMBS];
    multiply(a, b, all);
    memcpy(out->limb, all, sizeof out->limb);
    return (all[4] | all[5] | all[6] | all[7]) == 0;
}

/* ---- division ---- */

static size_t digits_of(const uint64_t *limbs, size_t count, uint32_t *out)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        out[2 * i]     = (uint32_t)limbs[i];
        out[2 * i + 1] = (uint32_t)(limbs[i] >> 32);
    }
    for (size_t i = 0; i < 2 * count; i++)
        if (out[i]) used = i + 1;
    return used;
}

static void divide_small(const uint32_t *u, size_t n, uint32_t v, uint32_t *q, uint32_t *r)
{
    uint64_t rest = 0;
    for (size_t i = n; i-- > 0;) {
        rest = rest << 32 | u[i];
        q[i] = (uint32_t)(rest / v);
        rest %= v;
    }
    r[0] = (uint32_t)rest;
}

/* One digit of the quotient: guessed from the leading digits, at most two too large. */
static uint32_t guess(uint32_t u2, uint32_t u1, uint32_t u0, uint32_t v1, uint32_t v0)
{
    uint64_t top = (uint64_t)u2 << 32 | u1, q = top / v1, rest = top % v1;
    while (q >> 32 || q * v0 > (rest << 32 | u0)) {
        q--;
        rest += v1;
        if (rest >> 32) break;
    }
    return (uint32_t)q;
}

/* u has m + n digits and one of room, v has n >= 2, its highest bit set. What stays in u is the remainder. */
static void divide_long(uint32_t *u, size_t m, const uint32_t *v, size_t n, uint32_t *q)
{
    for (size_t j = m + 1; j-- > 0;) {
        uint32_t digit  = guess(u[j + n], u[j + n - 1], u[j + n - 2], v[n - 1], v[n - 2]);
        uint64_t carry  = 0;
        int64_t  borrow = 0;
        for (size_t i = 0; i < n; i++) {
            carry += (uint64_t)digit * v[i];
            borrow += (int64_t)u[i + j] - (int64_t)(carry & UINT32_MAX);
            u[i + j] = (uint32_t)borrow;
            borrow >>= 32;
            carry >>= 32;
        }
        borrow += (int64_t)u[j + n] - (int64_t)carry;
        u[j + n] = (uint32_t)borrow;
        if (borrow < 0) { /* guessed one too many: give one back */
            digit--;
            carry = 0;
            for (size_t i = 0; i < n; i++) {
                carry += (uint64_t)u[i + j] + v[i];
                u[i + j] = (uint32_t)carry;
                carry >>= 32;
            }
            u[j + n] += (uint32_t)carry;
        }
        q[j] = digit;
    }
}

static void shift_left(uint32_t *digits, size_t count, unsigned bits)
{
    if (bits == 0) return;
    for (size_t i = count; i-- > 0;) digits[i] = digits[i] << bits | (i ? digits[i - 1] >> (32 - bits) : 0);
}

static void shift_right(uint32_t *digits, size_t count, unsigned bits)
{
    if (bits == 0) return;
    for (size_t i = 0; i < count; i++)
        digits[i] = digits[i] >> bits | (i + 1 < count ? digits[i + 1] << (32 - bits) : 0);
}

/* u has DIGITS or twice as many digits; b is not zero. */
static void divide(const uint64_t *limbs, size_t limbs_count, u256 b, uint32_t q[2 * DIGITS], uint32_t r[DIGITS])
{
    uint32_t u[2 * DIGITS + 1] = { 0 }, v[DIGITS];
    size_t   un = digits_of(limbs, limbs_count, u), n = digits_of(b.limb, LIMBS, v);
    memset(q, 0, 2 * DIGITS * sizeof q[0]);
    memset(r, 0, DIGITS * sizeof r[0]);
    if (n == 1) {
        divide_small(u, un, v[0], q, r);
        return;
    }
    if (un < n) {
        memcpy(r, u, un * sizeof u[0]);
        return;
    }
    unsigned bits = (unsigned)__builtin_clz(v[n - 1]);
    shift_left(v, n, bits);
    shift_left(u, un + 1, bits);
    divide_long(u, un - n, v, n, q);
    shift_right(u, n, bits);
    memcpy(r, u, n * sizeof u[0]);
}

static u256 of_digits(const uint32_t *digits)
{
    u256 out;
    for (int i = 0; i < LIMBS; i++) out.limb[i] = (uint64_t)digits[2 * i + 1] << 32 | digits[2 * i];
    return out;
}

void u256_divmod(u256 a, u256 b, u256 *quotient, u256 *remainder)
{
    uint32_t q[2 * DIGITS], r[DIGITS];
    RIV_ASSERT(!u256_is_zero(b));
    divide(a.limb, LIMBS, b, q, r);
    if (quotient) *quotient = of_digits(q);
    if (remainder) *remainder = of_digits(r);
}

bool u256_muldiv(u256 a, u256 b, u256 c, u256 *out)
{
    uint64_t product[2 * LIMBS];
    uint32_t q[2 * DIGITS], r[DIGITS];
    if (u256_is_zero(c)) return false;
    multiply(a, b, product);
    divide(product, 2 * LIMBS, c, q, r);
    for (size_t i = DIGITS; i < 2 * DIGITS; i++)
        if (q[i]) return false;
    *out = of_digits(q);
    return true;
}

/* ---- bytes and text ---- */

bool u256_u64(u256 a, uint64_t *out)
{
    *out = a.limb[0];
    return (a.limb[1] | a.limb[2] | a.limb[3]) == 0;
}

/* Written so that compilers make one load of it. */
static uint64_t limb_from_be(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
           (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7];
}

u256 u256_from_be(riv_bytes bytes)
{
    uint8_t whole[32] = { 0 };
    u256    out;
    RIV_ASSERT(bytes.len <= sizeof whole);
    if (bytes.len) memcpy(whole + sizeof whole - bytes.len, bytes.ptr, bytes.len);
    for (size_t k = 0; k < 4; k++) out.limb[3 - k] = limb_from_be(whole + 8 * k);
    return out;
}

void u256_to_be(u256 a, uint8_t out[32])
{
    for (size_t i = 0; i < 32; i++) out[31 - i] = (uint8_t)(a.limb[i / 8] >> (8 * (i % 8)));
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

riv_err u256_parse(riv_str text, riv_fault *fault, u256 *out)
{
    bool   hex   = riv_str_starts(text, RIV_LIT("0x"));
    size_t start = hex ? 2 : 0;
    u256   value = U256_ZERO, base = u256_of(hex ? 16 : 10);
    if (text.len == start) return riv_fail(fault, RIV_E_MALFORMED, start, "a number is expected here");
    for (size_t i = start; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit >= (hex ? 16 : 10))
            return riv_fail(fault, RIV_E_MALFORMED, i,
                            hex ? "a hexadecimal digit is expected here" : "a digit is expected here");
        if (!u256_mul(value, base, &value) || !u256_add(value, u256_of((uint64_t)digit), &value))
            return riv_fail(fault, RIV_E_LIMIT, i, "the number does not fit 256 bits");
    }
    *out = value;
    return RIV_OK;
}

void u256_put(riv_buf *out, u256 a)
{
    char   text[80];
    size_t at = sizeof text;
    do {
        u256 digit;
        u256_divmod(a, u256_of(10), &a, &digit);
        text[--at] = (char)('0' + (int)digit.limb[0]);
    } while (!u256_is_zero(a));
    riv_put_str(out, (riv_str){ text + at, sizeof text - at });
}

void u256_put_hex(riv_buf *out, u256 a)
{
    bool begun = false;
    riv_put_str(out, RIV_LIT("0x"));
    for (int i = 63; i >= 0; i--) {
        unsigned digit = (unsigned)(a.limb[i / 16] >> (4 * (i % 16))) & 15;
        begun          = begun || digit || i == 0;
        if (begun) riv_put_u8(out, (uint8_t) "0123456789abcdef"[digit]);
    }
}
