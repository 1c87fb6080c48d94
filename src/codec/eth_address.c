/* eth_address.c: addresses: of keys, of what an account creates, and their text with its checksum.
 * Spec: Ethereum yellow paper, sections 4 and 7; EIP-55. Tests: eth_test.c. */
#include "codec/eth.h"

enum { TEXT_CHARS = 2 + 2 * ETH_ADDRESS_BYTES };

bool eth_address_eq(const eth_address *a, const eth_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool eth_address_is_zero(const eth_address *a)
{
    static const eth_address zero;
    return eth_address_eq(a, &zero);
}

static eth_address end_of(crypto_hash hash)
{
    eth_address out;
    memcpy(out.bytes, hash.bytes + sizeof hash.bytes - sizeof out.bytes, sizeof out.bytes);
    return out;
}

eth_address eth_address_of_key(const crypto_secp_public *key)
{
    return end_of(crypto_keccak256((riv_bytes){ key->bytes + 1, sizeof key->bytes - 1 }));
}

eth_address eth_create_address(const eth_address *sender, uint64_t nonce)
{
    uint8_t items_bytes[40], list_bytes[48]; /* 21 bytes of address and at most 9 of nonce, and a head */
    riv_buf items = { .ptr = items_bytes, .cap = sizeof items_bytes },
            list  = { .ptr = list_bytes, .cap = sizeof list_bytes };
    eth_rlp_put_bytes(&items, (riv_bytes){ sender->bytes, sizeof sender->bytes });
    eth_rlp_put_u64(&items, nonce);
    eth_rlp_put_list(&list, riv_buf_view(&items));
    return end_of(crypto_keccak256(riv_buf_view(&list)));
}

/* A letter is large where the hash of the small ones has a digit of 8 or more. */
static void write_text(const eth_address *a, char out[TEXT_CHARS])
{
    memcpy(out, "0x", 2);
    for (size_t i = 0; i < 2 * sizeof a->bytes; i++)
        out[2 + i] = "0123456789abcdef"[(i % 2 ? a->bytes[i / 2] : a->bytes[i / 2] >> 4) & 15u];
    crypto_hash hash = crypto_keccak256((riv_bytes){ (const uint8_t *)out + 2, 2 * sizeof a->bytes });
    for (size_t i = 0; i < 2 * sizeof a->bytes; i++) {
        unsigned digit = (unsigned)(i % 2 ? hash.bytes[i / 2] : hash.bytes[i / 2] >> 4) & 15;
        if (out[2 + i] >= 'a' && digit >= 8) out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
    }
}

void eth_put_address(riv_buf *out, const eth_address *a)
{
    char text[TEXT_CHARS];
    write_text(a, text);
    riv_put_str(out, (riv_str){ text, sizeof text });
}

riv_err eth_read_address(riv_str text, riv_fault *fault, eth_address *out)
{
    bool small = false, large = false;
    if (text.len != TEXT_CHARS || !riv_str_starts(text, RIV_LIT("0x")))
        return riv_fail(fault, RIV_E_MALFORMED, 0, "an address is 0x and %d hexadecimal digits", 2 * ETH_ADDRESS_BYTES);
    memset(out->bytes, 0, sizeof out->bytes);
    for (size_t i = 0; i < 2 * sizeof out->bytes; i++) {
        char     c     = text.ptr[2 + i];
        bool     lower = c >= 'a' && c <= 'f', upper = c >= 'A' && c <= 'F';
        unsigned digit = lower ? (unsigned)(c - 'a' + 10) : upper ? (unsigned)(c - 'A' + 10) : (unsigned)(c - '0');
        if (!lower && !upper && (c < '0' || c > '9'))
            return riv_fail(fault, RIV_E_MALFORMED, 2 + i, "a hexadecimal digit is expected here");
        small             = small || lower;
        large             = large || upper;
        out->bytes[i / 2] = (uint8_t)((unsigned)out->bytes[i / 2] << 4 | digit);
    }
    char right[TEXT_CHARS];
    write_text(out, right);
    for (size_t i = 0; small && large && i < TEXT_CHARS; i++)
        if (text.ptr[i] != right[i])
            return riv_fail(fault, RIV_E_MALFORMED, i,
                            "the address has a wrong checksum (its capital letters): is a digit wrong?");
    return RIV_OK;
}
