/* amount.c: decimal amounts of tokens: people write 1.5, the chain counts in the smallest parts. Integers only.
 * Contract: market_client.h. Tests: amount_test.c. */
#include "cli/market_client.h"

enum { DIGITS_MAX = 78 }; /* of 2^256 */

riv_err cli_amount_parse(riv_str text, unsigned decimals, riv_fault *fault, u256 *out)
{
    char   digits[DIGITS_MAX + 1];
    size_t len = 0, dot = riv_str_find_char(text, '.', 0), places = 0;
    if (dot != SIZE_MAX) places = text.len - dot - 1;
    if (text.len == 0 || dot == 0 || (dot != SIZE_MAX && places == 0))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is no amount", RIV_ARG(text));
    if (places > decimals)
        return riv_fail(fault, RIV_E_MALFORMED, dot, "'" RIV_FMT "' has more than %u places behind the point",
                        RIV_ARG(text), decimals);
    for (size_t i = 0; i < text.len + (decimals - places); i++) {
        char c = i < text.len ? text.ptr[i] : '0';
        if (i == dot) continue;
        if (c < '0' || c > '9') return riv_fail(fault, RIV_E_MALFORMED, i, "'" RIV_FMT "' is no amount", RIV_ARG(text));
        if (len == 0 && c == '0') continue;
        if (len == DIGITS_MAX) return riv_fail(fault, RIV_E_LIMIT, i, "'" RIV_FMT "' is too large", RIV_ARG(text));
        digits[len++] = c;
    }
    if (len == 0) digits[len++] = '0';
    if (u256_parse((riv_str){ digits, len }, NULL, out))
        return riv_fail(fault, RIV_E_LIMIT, 0, "'" RIV_FMT "' is too large", RIV_ARG(text));
    return RIV_OK;
}

void cli_amount_put(riv_buf *out, u256 v, unsigned decimals)
{
    riv_buf text = { 0 };
    u256_put(&text, v);
    size_t places = decimals;
    while (places && text.len && text.ptr[text.len - 1] == '0') text.len--, places--;
    if (text.len == 0) places = 0; /* zero */
    size_t whole = text.len > places ? text.len - places : 0;
    if (whole == 0) riv_put_u8(out, '0');
    riv_put_bytes(out, (riv_bytes){ text.ptr, whole });
    if (places) riv_put_u8(out, '.');
    for (size_t i = text.len; i < places; i++) riv_put_u8(out, '0');
    if (places) riv_put_bytes(out, (riv_bytes){ text.ptr + whole, text.len - whole });
    riv_buf_free(&text);
}

riv_str cli_amount(riv_arena *arena, u256 v, unsigned decimals, const char *unit)
{
    riv_buf out = riv_buf_in(arena);
    cli_amount_put(&out, v, decimals);
    riv_putf(&out, " %s", unit);
    return riv_buf_str(&out);
}
