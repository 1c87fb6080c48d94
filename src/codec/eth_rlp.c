/* eth_rlp.c: RLP, Ethereum's encoding of byte strings and lists: strict reading, plain writing.
 * Spec: Ethereum yellow paper, appendix B. Tests: eth_test.c. */
#include "codec/eth.h"

enum { STRING = 0x80, LONG_STRING = 0xb7, LIST = 0xc0, LONG_LIST = 0xf7, SHORT_MAX = 55 };

typedef struct head {
    bool   is_list;
    size_t start, len;
} head; /* of the content */

/* Lengths of more than 55 bytes stand in big-endian bytes behind the mark. */
static riv_err read_length(riv_bytes in, size_t at, size_t bytes, riv_fault *fault, uint64_t *out)
{
    *out = 0;
    if (bytes > in.len - at - 1 || bytes > 8)
        return riv_fail(fault, RIV_E_MALFORMED, at, "rlp: the length is cut short");
    if (in.ptr[at + 1] == 0) return riv_fail(fault, RIV_E_MALFORMED, at + 1, "rlp: the length begins with a zero");
    for (size_t i = 0; i < bytes; i++) *out = *out << 8 | in.ptr[at + 1 + i];
    if (*out <= SHORT_MAX) return riv_fail(fault, RIV_E_MALFORMED, at, "rlp: a short length is written long");
    return RIV_OK;
}

static riv_err read_head(riv_bytes in, size_t at, size_t end, riv_fault *fault, head *out)
{
    uint8_t  mark   = in.ptr[at];
    uint64_t len    = 0;
    size_t   behind = 0; /* bytes of the length */
    if (mark < STRING) {
        *out = (head){ false, at, 1 };
        return RIV_OK;
    }
    if (mark > LONG_LIST) {
        behind = mark - LONG_LIST;
        RIV_TRY(read_length(in, at, behind, fault, &len));
    } else if (mark >= LIST) {
        len = mark - LIST;
    } else if (mark > LONG_STRING) {
        behind = mark - LONG_STRING;
        RIV_TRY(read_length(in, at, behind, fault, &len));
    } else {
        len = mark - STRING;
    }
    size_t start = at + 1 + behind;
    if (start > end || len > end - start)
        return riv_fail(fault, RIV_E_MALFORMED, at, "rlp: the item is longer than what is there");
    if (mark == STRING + 1 && in.ptr[start] < STRING)
        return riv_fail(fault, RIV_E_MALFORMED, at, "rlp: a single byte is written as a string");
    *out = (head){ mark >= LIST, start, (size_t)len };
    return RIV_OK;
}

static riv_err read_item(riv_bytes in, size_t at, size_t end, unsigned depth, riv_arena *arena, riv_fault *fault,
                         eth_rlp *out, size_t *next);

static riv_err read_list(riv_bytes in, const head *h, unsigned depth, riv_arena *arena, riv_fault *fault, eth_rlp *out)
{
    RIV_VEC(eth_rlp) items = { 0 };
    size_t end             = h->start + h->len;
    if (depth == ETH_DEPTH_MAX)
        return riv_fail(fault, RIV_E_LIMIT, h->start, "rlp: lists nest deeper than %d", ETH_DEPTH_MAX);
    for (size_t at = h->start; at < end;) {
        eth_rlp item;
        RIV_TRY(read_item(in, at, end, depth + 1, arena, fault, &item, &at));
        *riv_push(arena, &items) = item;
        if (riv_arena_over(arena)) return riv_fail(fault, RIV_E_LIMIT, at, "rlp: too many items");
    }
    out->items       = items.ptr;
    out->items_count = items.len;
    return RIV_OK;
}

static riv_err read_item(riv_bytes in, size_t at, size_t end, unsigned depth, riv_arena *arena, riv_fault *fault,
                         eth_rlp *out, size_t *next)
{
    head h;
    RIV_TRY(read_head(in, at, end, fault, &h));
    *out  = (eth_rlp){ .is_list = h.is_list, .bytes = riv_bytes_sub(in, h.start, h.start + h.len) };
    *next = h.start + h.len;
    return h.is_list ? read_list(in, &h, depth, arena, fault, out) : RIV_OK;
}

riv_err eth_rlp_read(riv_bytes in, riv_arena *arena, riv_fault *fault, eth_rlp *out)
{
    size_t next;
    if (in.len == 0) return riv_fail(fault, RIV_E_MALFORMED, 0, "rlp: there is nothing");
    RIV_TRY(read_item(in, 0, in.len, 0, arena, fault, out, &next));
    if (next != in.len) return riv_fail(fault, RIV_E_MALFORMED, next, "rlp: %zu bytes are left over", in.len - next);
    return RIV_OK;
}

/* ---- writing ---- */

static void put_head(riv_buf *out, uint8_t mark, size_t len)
{
    uint8_t be[8];
    size_t  used = 0;
    if (len <= SHORT_MAX) {
        riv_put_u8(out, (uint8_t)(mark + len));
        return;
    }
    for (size_t v = len; v; v >>= 8) be[7 - used++] = (uint8_t)v;
    riv_put_u8(out, (uint8_t)(mark + SHORT_MAX + used));
    riv_put_bytes(out, (riv_bytes){ be + 8 - used, used });
}

void eth_rlp_put_bytes(riv_buf *out, riv_bytes bytes)
{
    if (bytes.len != 1 || bytes.ptr[0] >= STRING) put_head(out, STRING, bytes.len);
    riv_put_bytes(out, bytes);
}

void eth_rlp_put_u256(riv_buf *out, u256 v)
{
    uint8_t be[32];
    size_t  zeros = 0;
    u256_to_be(v, be);
    while (zeros < sizeof be && be[zeros] == 0) zeros++;
    eth_rlp_put_bytes(out, (riv_bytes){ be + zeros, sizeof be - zeros });
}

void eth_rlp_put_u64(riv_buf *out, uint64_t v) { eth_rlp_put_u256(out, u256_of(v)); }

void eth_rlp_put_list(riv_buf *out, riv_bytes items)
{
    put_head(out, LIST, items.len);
    riv_put_bytes(out, items);
}
