/* eth: the encodings of Ethereum's clients: RLP, the ABI of contracts, typed transactions, addresses. Bytes in, bytes out; nothing is executed here.
 * Spec: docs/spec/chain.md 2.1, 3; Ethereum yellow paper app. B; Solidity ABI specification; EIP-155, 2718, 2930, 1559, 55. */
#ifndef RIV_ETH_H
#define RIV_ETH_H

#include "codec/u256.h"
#include "crypto/crypto.h"

enum { ETH_ADDRESS_BYTES = 20, ETH_TX_BYTES_MAX = 128 << 10, ETH_DEPTH_MAX = 16 };
typedef struct eth_address { uint8_t bytes[ETH_ADDRESS_BYTES]; } eth_address;
bool        eth_address_eq(const eth_address *a, const eth_address *b);
bool        eth_address_is_zero(const eth_address *a);
eth_address eth_address_of_key(const crypto_secp_public *key);         /* last 20 bytes of keccak256 of the 64 after the mark */
eth_address eth_create_address(const eth_address *sender, uint64_t nonce);
void        eth_put_address(riv_buf *out, const eth_address *a); /* EIP-55 */
RIV_MUST_USE riv_err eth_read_address(riv_str text, riv_fault *fault, eth_address *out); /* 0x and 40 digits; mixed case must be a right EIP-55 sum */

/* ---- RLP ---- */
typedef struct eth_rlp eth_rlp;
struct eth_rlp { bool is_list; riv_bytes bytes; const eth_rlp *items; size_t items_count; };
/* Strict: shortest forms only, all of in is used, lists nest at most ETH_DEPTH_MAX deep. Slices point into in. */
RIV_MUST_USE riv_err eth_rlp_read(riv_bytes in, riv_arena *arena, riv_fault *fault, eth_rlp *out);
void eth_rlp_put_bytes(riv_buf *out, riv_bytes bytes);
void eth_rlp_put_u64(riv_buf *out, uint64_t v);
void eth_rlp_put_u256(riv_buf *out, u256 v);
void eth_rlp_put_list(riv_buf *out, riv_bytes items); /* items: encoded already */

/* ---- ABI ---- */
typedef enum eth_kind { ETH_UINT, ETH_INT, ETH_ADDRESS, ETH_BOOL, ETH_FIXED_BYTES, ETH_BYTES, ETH_STRING, ETH_ARRAY, ETH_TUPLE } eth_kind;
typedef struct eth_type eth_type;
struct eth_type {
    eth_kind kind;
    bool     indexed;                                 /* of an event: it goes into a topic */
    uint32_t size;                                    /* UINT, INT: bits; FIXED_BYTES: bytes; ARRAY: its length, UINT32_MAX: dynamic */
    const eth_type *items; size_t items_count;        /* ARRAY: one; TUPLE: its fields */
};
typedef struct eth_value eth_value;
struct eth_value { /* word: numbers (negative ones in two's complement), addresses, bool; fixed bytes stand at its left end */
    u256 word;
    riv_bytes bytes;                                  /* BYTES, STRING */
    const eth_value *items; size_t items_count;       /* ARRAY, TUPLE */
};
eth_value   eth_word(uint64_t v);
eth_value   eth_number(u256 v);
eth_value   eth_of_address(const eth_address *a);
eth_value   eth_of_hash(const uint8_t bytes[32]);     /* bytes32 */
eth_value   eth_text(riv_str s);
eth_value   eth_data(riv_bytes b);
eth_value   eth_list(const eth_value *items, size_t count); /* borrows items */
eth_address eth_to_address(const eth_value *v);
/* "f(uint256 amount,(bytes4,bytes32)[],address indexed)": the name, and a tuple of the arguments. Their names are passed over. */
RIV_MUST_USE riv_err eth_signature_parse(riv_str text, riv_arena *arena, riv_fault *fault, riv_str *name, eth_type *args);
RIV_MUST_USE riv_err eth_type_parse(riv_str text, riv_arena *arena, riv_fault *fault, eth_type *out);
void eth_type_put(riv_buf *out, const eth_type *type); /* canonical: "(uint256,bytes32[])" */
/* Decodes a tuple as Solidity's decoder does: offsets and lengths must lie inside, padding of numbers, addresses, bool and fixed bytes must be clean.
 * Pieces may overlap, so the values are bounded: four a word of the input and 1,024. */
RIV_MUST_USE riv_err eth_abi_read(const eth_type *tuple, riv_bytes in, riv_arena *arena, riv_fault *fault, eth_value *out);
void eth_abi_put(const eth_type *tuple, const eth_value *value, riv_buf *out);
crypto_hash eth_signature_hash(riv_str name, const eth_type *args); /* keccak256 of "name(types)": an event's topic; a function's selector is its first four bytes */
/* Data of a call: the selector, then the arguments, as many as the signature has. Only the signature can be refused. */
RIV_MUST_USE riv_err eth_call_put(riv_str signature, const eth_value *args, riv_arena *arena, riv_fault *fault, riv_buf *out);

/* ---- transactions ---- */
typedef struct eth_tx {
    uint8_t     type; /* 0 legacy, 1 access list, 2 EIP-1559 */
    bool        protected_by_chain; /* type 0: EIP-155 */
    uint64_t    chain_id, nonce, gas_limit;
    u256        max_fee, max_tip; /* types 0 and 1: both the gas price */
    bool        creates;          /* no receiver */
    eth_address to, from;         /* from: recovered */
    u256        value;
    riv_bytes   data;
    riv_bytes   access_list;      /* read: RLP of its entries, one behind the other. Not signed: eth_tx_sign writes an empty list */
    size_t      access_addresses, access_slots; /* counted for the intrinsic gas */
    crypto_hash hash;             /* keccak256 of the raw bytes */
    uint8_t     y_parity, r[32], s[32];
} eth_tx;
/* Decodes and recovers the sender. RIV_E_MALFORMED with the position; RIV_E_DENIED: the signature is wrong or its s is high. */
RIV_MUST_USE riv_err eth_tx_read(riv_bytes raw, riv_arena *arena, riv_fault *fault, eth_tx *out);
/* Signs tx (from, hash, y_parity, r, s are filled) and appends its raw bytes. */
RIV_MUST_USE riv_err eth_tx_sign(eth_tx *tx, const crypto_secret *key, riv_buf *raw, riv_fault *fault);
uint64_t eth_tx_intrinsic_gas(const eth_tx *tx); /* 21000, 16 a byte, 4 a zero byte, 2400 and 1900 for the access list */
#endif
