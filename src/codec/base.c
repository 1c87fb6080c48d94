/* base.c: bytes as text: bases whose digit is a number of bits (2, 8, 16, 32, 64), bases that are one big number (10, 36, 58),
 * and multibase, where the first character tells which.
 * Spec: docs/spec/codec.md 2. Tests: base_test.c, base_fuzz.c. */
#include "codec/codec.h"

enum {
    BIG_BASE_TEXT_MAX = 1024, /* big numbers take quadratic time */
    LIMB_DIGITS       = 5,    /* so many digits of any base are worked on at once: 58^5 < 2^32 */
};

static const char base2[]         = "01";
static const char base8[]         = "01234567";
static const char base10[]        = "0123456789";
static const char base16[]        = "0123456789abcdef";
static const char base16_upper[]  = "0123456789ABCDEF";
static const char base32[]        = "abcdefghijklmnopqrstuvwxyz234567";
static const char base32_upper[]  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base32_hex[]    = "0123456789abcdefghijklmnopqrstuv";
static const char base32_hex_up[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
static const char base32_z[]      = "ybndrfg8ejkmcpqxot1uwisza345h769";
static const char base36[]        = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char base36_upper[]  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char base58[]        = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char base58_flickr[] = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
static const char base64[]        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[]    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* clang-format off */
static const struct multibase {
    char        prefix;
    unsigned    bits;   /* of one digit; 0: a big number */
    bool        padded;
    const char *digits;
} multibases[] = {
    { '0', 1, false, base2 },         { '7', 3, false, base8 },         { '9', 0, false, base10 },
    { 'f', 4, false, base16 },        { 'F', 4, false, base16_upper },
    { 'b', 5, false, base32 },        { 'B', 5, false, base32_upper },
    { 'c', 5, true,  base32 },        { 'C', 5, true,  base32_upper },
    { 'v', 5, false, base32_hex },    { 'V', 5, false, base32_hex_up },
    { 't', 5, true,  base32_hex },    { 'T', 5, true,  base32_hex_up },
    { 'h', 5, false, base32_z },      { 'k', 0, false, base36 },        { 'K', 0, false, base36_upper },
    { 'z', 0, false, base58 },        { 'Z', 0, false, base58_flickr },
    { 'm', 6, false, base64 },        { 'M', 6, true,  base64 },
    { 'u', 6, false, base64_url },    { 'U', 6, true,  base64_url },
};
/* clang-format on */

enum { NO_DIGIT = 0xff };
typedef struct digit_values {
    uint8_t of[256];
} digit_values;

static digit_values values_of(const char *digits)
{
    digit_values v;
    memset(v.of, NO_DIGIT, sizeof v.of);
    for (uint8_t i = 0; digits[i]; i++) v.of[(uint8_t)digits[i]] = i;
    return v;
}

static riv_err bad_digit(riv_fault *fault, riv_str text, size_t pos)
{
    return riv_fail(fault, RIV_E_MALFORMED, pos, "byte 0x%02x at %zu is no digit of the base", (uint8_t)text.ptr[pos],
                    pos);
}

/* ---- digits of whole bits ---- */

/* Inlined into its callers, where bits is a constant: content ids are written so. */
__attribute__((always_inline)) static inline void put_bits(riv_buf *out, riv_bytes data, const char *digits,
                                                           unsigned bits, bool padded)
{
    size_t count = (data.len * 8 + bits - 1) / bits;
    size_t group = bits == 6 ? 4 : 8;
    size_t total = padded ? (count + group - 1) / group * group : count;
    if (!total) return;
    uint8_t *to   = riv_buf_room(out, total);
    uint32_t held = 0, held_bits = 0, mask = (1u << bits) - 1;
    size_t   i = 0;
    for (; data.len - i >= bits; i += bits) { /* so many bytes are eight digits */
        uint64_t word = 0;
        for (unsigned k = 0; k < bits; k++) word = word << 8 | data.ptr[i + k];
        for (unsigned k = 8; k-- > 0;) *to++ = (uint8_t)digits[word >> (k * bits) & mask];
    }
    for (; i < data.len; i++) {
        held = held << 8 | data.ptr[i];
        for (held_bits += 8; held_bits >= bits;) *to++ = (uint8_t)digits[held >> (held_bits -= bits) & mask];
    }
    if (held_bits) *to++ = (uint8_t)digits[held << (bits - held_bits) & mask];
    memset(to, '=', total - count);
}

static riv_err strip_padding(riv_str *text, unsigned bits, riv_fault *fault)
{
    size_t group = bits == 6 ? 4 : 8, pads = 0;
    if (text->len % group)
        return riv_fail(fault, RIV_E_MALFORMED, text->len, "padded text of %zu characters, not a multiple of %zu",
                        text->len, group);
    while (pads < text->len && pads < group - 1 && text->ptr[text->len - 1 - pads] == '=') pads++;
    text->len -= pads;
    return RIV_OK;
}

static riv_err read_bits(riv_str text, const char *digits, unsigned bits, bool padded, riv_buf *out, riv_fault *fault)
{
    digit_values values = values_of(digits);
    size_t       start  = out->len;
    uint32_t     held = 0, held_bits = 0;
    if (padded) RIV_TRY(strip_padding(&text, bits, fault));
    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = values.of[(uint8_t)text.ptr[i]];
        if (digit == NO_DIGIT) {
            out->len = start;
            return bad_digit(fault, text, i);
        }
        held = held << bits | digit;
        held_bits += bits;
        if (held_bits < 8) continue;
        held_bits -= 8;
        riv_put_u8(out, (uint8_t)(held >> held_bits));
    }
    /* What is left must be less than a digit and zero, so that each byte string has one text only. */
    if (held_bits >= bits || (held & ((1u << held_bits) - 1))) {
        out->len = start;
        return riv_fail(fault, RIV_E_MALFORMED, text.len, "%zu digits do not end at a whole byte", text.len);
    }
    return RIV_OK;
}

/* ---- one big number; leading zero bytes are leading zero digits ---- */

static void put_big(riv_buf *out, riv_bytes data, const char *digits)
{
    if (!data.len) return;
    uint32_t base  = (uint32_t)strlen(digits);
    size_t   zeros = 0;
    while (zeros < data.len && data.ptr[zeros] == 0) zeros++;
    size_t    room   = (data.len - zeros) * 138 / 100 / LIMB_DIGITS + 1; /* log 256 / log 58 < 1.38 */
    uint32_t *number = riv_alloc(room * sizeof *number);                 /* least limb first */
    size_t    used   = 0;
    uint32_t  limb   = 1;
    for (unsigned i = 0; i < LIMB_DIGITS; i++) limb *= base;
    for (size_t i = zeros; i < data.len; i++) {
        uint64_t carry = data.ptr[i];
        for (size_t k = 0; k < used || carry; k++) {
            RIV_ASSERT(k < room);
            if (k == used) used++;
            carry += (uint64_t)number[k] << 8;
            number[k] = (uint32_t)(carry % limb);
            carry /= limb;
        }
    }
    /* The highest limb may begin with zeros that are no digits. */
    size_t   count = used * LIMB_DIGITS, skip = 0;
    uint8_t *text = riv_buf_room(out, zeros + count);
    uint8_t *low  = text + zeros;
    for (size_t i = count; i-- > 0; number[used - 1 - i / LIMB_DIGITS] /= base)
        low[i] = (uint8_t)(number[used - 1 - i / LIMB_DIGITS] % base);
    while (skip < count && low[skip] == 0) skip++;
    memmove(low, low + skip, count - skip);
    memset(low + count - skip, 0, skip);
    out->len -= skip;
    for (size_t i = 0; i < zeros + count - skip; i++) text[i] = (uint8_t)digits[text[i]];
    riv_free(number);
}

static riv_err read_big(riv_str text, const char *digits, riv_buf *out, riv_fault *fault)
{
    digit_values values = values_of(digits);
    uint32_t     base   = (uint32_t)strlen(digits);
    uint8_t      number[BIG_BASE_TEXT_MAX]; /* least byte first */
    size_t       used = 0, zeros = 0;
    if (text.len > BIG_BASE_TEXT_MAX)
        return riv_fail(fault, RIV_E_LIMIT, BIG_BASE_TEXT_MAX, "text of %zu characters, more than %d", text.len,
                        BIG_BASE_TEXT_MAX);
    while (zeros < text.len && text.ptr[zeros] == digits[0]) zeros++;
    for (size_t i = zeros; i < text.len; i++) {
        uint32_t carry = values.of[(uint8_t)text.ptr[i]];
        if (carry == NO_DIGIT) return bad_digit(fault, text, i);
        for (size_t k = 0; k < used || carry; k++) {
            if (k == used) number[used++] = 0; /* never more bytes than digits */
            carry += number[k] * base;
            number[k] = (uint8_t)carry;
            carry >>= 8;
        }
    }
    uint8_t *to = riv_buf_room(out, zeros + used);
    for (size_t i = 0; i < used; i++) to[zeros + i] = number[used - 1 - i];
    return RIV_OK;
}

/* ---- named bases ---- */

void codec_put_base58(riv_buf *out, riv_bytes data) { put_big(out, data, base58); }

riv_err codec_read_base58(riv_str text, riv_buf *out, riv_fault *fault) { return read_big(text, base58, out, fault); }

void codec_put_base32(riv_buf *out, riv_bytes data) { put_bits(out, data, base32, 5, false); }

riv_err codec_read_base32(riv_str text, riv_buf *out, riv_fault *fault)
{
    return read_bits(text, base32, 5, false, out, fault);
}

void codec_put_base64(riv_buf *out, riv_bytes data) { put_bits(out, data, base64, 6, true); }

riv_err codec_read_base64(riv_str text, riv_buf *out, riv_fault *fault)
{
    return read_bits(text, base64, 6, true, out, fault);
}

void codec_put_hex(riv_buf *out, riv_bytes data) { put_bits(out, data, base16, 4, false); }

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Either case, even mixed: people paste hex from anywhere. */
riv_err codec_read_hex(riv_str text, riv_buf *out, riv_fault *fault)
{
    size_t start = out->len;
    if (text.len % 2) return riv_fail(fault, RIV_E_MALFORMED, text.len, "odd number of hex digits");
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_digit(text.ptr[i]), low = hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0) {
            out->len = start;
            return bad_digit(fault, text, high < 0 ? i : i + 1);
        }
        riv_put_u8(out, (uint8_t)(high << 4 | low));
    }
    return RIV_OK;
}

riv_err codec_read_multibase(riv_str text, riv_buf *out, riv_fault *fault)
{
    if (!text.len) return riv_fail(fault, RIV_E_MALFORMED, 0, "multibase text is empty");
    riv_str digits = riv_str_sub(text, 1, text.len);
    for (size_t i = 0; i < RIV_COUNT(multibases); i++) {
        const struct multibase *b = &multibases[i];
        if (b->prefix != text.ptr[0]) continue;
        return b->bits ? read_bits(digits, b->digits, b->bits, b->padded, out, fault)
                       : read_big(digits, b->digits, out, fault);
    }
    return riv_fail(fault, RIV_E_UNSUPPORTED, 0, "multibase prefix 0x%02x is not known", (uint8_t)text.ptr[0]);
}

riv_str codec_base58(riv_arena *arena, riv_bytes data)
{
    riv_buf b = riv_buf_in(arena);
    codec_put_base58(&b, data);
    return riv_buf_str(&b);
}

riv_str codec_base64(riv_arena *arena, riv_bytes data)
{
    riv_buf b = riv_buf_in(arena);
    codec_put_base64(&b, data);
    return riv_buf_str(&b);
}
