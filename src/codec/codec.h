/* Codec: the byte and text formats of the network: varint, multibase, multihash, CID, peer id, multiaddr, protobuf, MessagePack.
 * The archive of particle data is codec/archive.h. Not here: who uses a format and why.
 * Encoders append to a riv_buf; decoders take a slice or a riv_reader and never read past it. Spec: docs/spec/codec.md. */
#ifndef RIV_CODEC_H
#define RIV_CODEC_H

#include "base/base.h"
#include "crypto/crypto.h"

/* ---- unsigned varint (multiformats: LEB128, at most 9 bytes, minimal) ---- */
enum { CODEC_VARINT_BYTES_MAX = 9 };
void codec_put_varint(riv_buf *out, uint64_t v); /* v < 2^63 */
/* RIV_MORE when cut; RIV_E_MALFORMED when too long or not minimal. */
RIV_MUST_USE riv_err codec_read_varint(riv_reader *r, riv_fault *fault, uint64_t *out);

/* ---- multibase and plain bases ---- */
void codec_put_base58(riv_buf *out, riv_bytes data);                     /* bitcoin alphabet, no prefix */
RIV_MUST_USE riv_err codec_read_base58(riv_str text, riv_buf *out, riv_fault *fault); /* at most 1,024 characters */
void codec_put_base32(riv_buf *out, riv_bytes data);                     /* RFC 4648 lower case, no padding, no prefix */
RIV_MUST_USE riv_err codec_read_base32(riv_str text, riv_buf *out, riv_fault *fault);
void codec_put_base64(riv_buf *out, riv_bytes data);                     /* RFC 4648 with padding */
RIV_MUST_USE riv_err codec_read_base64(riv_str text, riv_buf *out, riv_fault *fault);
void codec_put_hex(riv_buf *out, riv_bytes data);
RIV_MUST_USE riv_err codec_read_hex(riv_str text, riv_buf *out, riv_fault *fault);
/* Any multibase text (prefix character first): bases 16, 32, 32hex, 36, 58btc, 58flickr, 64 and their variants. */
RIV_MUST_USE riv_err codec_read_multibase(riv_str text, riv_buf *out, riv_fault *fault);
riv_str codec_base58(riv_arena *arena, riv_bytes data);
riv_str codec_base64(riv_arena *arena, riv_bytes data);

/* ---- CID ---- */
enum {
    CODEC_RAW = 0x55, CODEC_DAG_PB = 0x70, CODEC_JSON = 0x0200, CODEC_MSGPACK = 0x0201,
    CODEC_HASH_IDENTITY = 0x00, CODEC_HASH_SHA256 = 0x12, CODEC_HASH_BLAKE3 = 0x1e,
    CODEC_CID_TEXT_MAX = 1024,
};
typedef struct codec_cid { uint64_t version, codec, hash; riv_bytes digest; } codec_cid;
/* Binary CIDv1 (or a CIDv0 multihash); the whole slice must be used; digest points into it. */
RIV_MUST_USE riv_err codec_cid_read(riv_bytes in, riv_fault *fault, codec_cid *out);
/* Text in any multibase. digest lives in arena. */
RIV_MUST_USE riv_err codec_cid_parse(riv_str text, riv_arena *arena, riv_fault *fault, codec_cid *out);
riv_str codec_cid_text(riv_arena *arena, const codec_cid *cid); /* base32 with 'b' (CIDv0: base58) */
/* CID of AquaVM's stores: v1, json, blake3-256 over data: "bagaaihra...", 61 characters. SPEC air.md 3.3 */
riv_str codec_json_cid(riv_arena *arena, riv_bytes data);
enum { CODEC_JSON_CID_BYTES = 61 };
void    codec_json_cid_put(const crypto_hash *hash, char out[CODEC_JSON_CID_BYTES]); /* the same of a hash that is known; no NUL */
bool    codec_json_cid_is(riv_str text);               /* of that form as to length and first characters: no other text can be that id */
/* True when cid's hash is known (sha2-256, blake3) and matches data. */
bool codec_cid_matches(const codec_cid *cid, riv_bytes data);
/* CID of a module or blueprint: raw sha2-256 of 262,144-byte chunks, joined by one DAG-PB node if several. SPEC node.md 6 */
riv_str codec_file_cid(riv_arena *arena, riv_bytes data);

/* ---- peer id: identity multihash of a libp2p public key ---- */
enum { CODEC_PEER_BYTES = 38, CODEC_PEER_TEXT_MAX = 64 };
typedef struct codec_peer { uint8_t bytes[CODEC_PEER_BYTES]; } codec_peer; /* 00 24 08 01 12 20 + ed25519 key */
codec_peer codec_peer_of(const crypto_public *key);
crypto_public codec_peer_key(const codec_peer *peer);
/* RIV_E_MALFORMED: no base58 or no multihash. RIV_E_UNSUPPORTED: another kind of key, or a hashed key. */
RIV_MUST_USE riv_err codec_peer_parse(riv_str text, riv_fault *fault, codec_peer *out);
RIV_MUST_USE riv_err codec_peer_read(riv_bytes bytes, riv_fault *fault, codec_peer *out);
riv_str codec_peer_text(riv_arena *arena, const codec_peer *peer);
bool    codec_peer_eq(const codec_peer *a, const codec_peer *b);
riv_bytes codec_peer_view(const codec_peer *peer);
/* libp2p PublicKey protobuf: 08 01 12 20 + key. */
void codec_put_public_key(riv_buf *out, const crypto_public *key);
RIV_MUST_USE riv_err codec_read_public_key(riv_bytes in, riv_fault *fault, crypto_public *out);

/* ---- multiaddr ---- */
enum { CODEC_MULTIADDR_BYTES_MAX = 1024, CODEC_MULTIADDR_PARTS_MAX = 16 };
typedef enum codec_addr_kind { /* the codes of the multicodec table */
    CODEC_ADDR_IP4 = 0x04, CODEC_ADDR_TCP = 0x06, CODEC_ADDR_IP6 = 0x29, CODEC_ADDR_DNS = 0x35, CODEC_ADDR_DNS4 = 0x36,
    CODEC_ADDR_DNS6 = 0x37, CODEC_ADDR_DNSADDR = 0x38, CODEC_ADDR_UDP = 0x0111, CODEC_ADDR_P2P = 0x01a5,
    CODEC_ADDR_QUIC_V1 = 0x01cd, CODEC_ADDR_TLS = 0x01c0, CODEC_ADDR_WS = 0x01dd, CODEC_ADDR_WSS = 0x01de,
    CODEC_ADDR_MEMORY = 0x0309, CODEC_ADDR_P2P_CIRCUIT = 0x0122,
} codec_addr_kind;
typedef struct codec_addr_part { codec_addr_kind kind; riv_bytes value; } codec_addr_part; /* value: binary form */
typedef struct codec_multiaddr { codec_addr_part parts[CODEC_MULTIADDR_PARTS_MAX]; size_t count; } codec_multiaddr;
/* Text such as /ip4/127.0.0.1/tcp/7777/p2p/12D3...; the fault names the part that is wrong. Values live in arena. */
RIV_MUST_USE riv_err codec_multiaddr_parse(riv_str text, riv_arena *arena, riv_fault *fault, codec_multiaddr *out);
/* Binary form; values point into in. Unknown protocols: RIV_E_UNSUPPORTED. */
RIV_MUST_USE riv_err codec_multiaddr_read(riv_bytes in, riv_fault *fault, codec_multiaddr *out);
void    codec_put_multiaddr(riv_buf *out, const codec_multiaddr *addr);
riv_str codec_multiaddr_text(riv_arena *arena, const codec_multiaddr *addr);
/* What a TCP dialer needs. host is an IP text or a DNS name; false when the address is none of ip4/ip6/dns + tcp (+ p2p). */
typedef struct codec_tcp_addr { riv_str host; uint16_t port; bool is_dns, has_peer; codec_peer peer; } codec_tcp_addr;
bool codec_multiaddr_tcp(riv_arena *arena, const codec_multiaddr *addr, codec_tcp_addr *out);

/* ---- protobuf: just fields ---- */
typedef enum codec_pb_wire { CODEC_PB_VARINT = 0, CODEC_PB_I64 = 1, CODEC_PB_BYTES = 2, CODEC_PB_I32 = 5 } codec_pb_wire;
typedef struct codec_pb_field { uint32_t number; codec_pb_wire wire; uint64_t value; riv_bytes bytes; } codec_pb_field;
void codec_pb_put_varint(riv_buf *out, uint32_t number, uint64_t v);
void codec_pb_put_bytes(riv_buf *out, uint32_t number, riv_bytes v);
/* One field; RIV_MORE at the end of input (r->pos == r->in.len), RIV_E_MALFORMED when broken or cut. */
RIV_MUST_USE riv_err codec_pb_next(riv_reader *r, riv_fault *fault, codec_pb_field *out);

/* ---- MessagePack ---- */
enum { CODEC_MSGPACK_DEPTH_MAX = 128 };
typedef enum codec_mp_kind {
    CODEC_MP_NIL, CODEC_MP_BOOL, CODEC_MP_UINT, CODEC_MP_INT /* negative */, CODEC_MP_FLOAT, CODEC_MP_STR, CODEC_MP_BIN,
    CODEC_MP_ARRAY, CODEC_MP_MAP, CODEC_MP_EXT,
} codec_mp_kind;
/* One token: a scalar with its value, or the head of a container with its count. */
typedef struct codec_mp { codec_mp_kind kind; bool boolean; uint64_t u64; int64_t i64; double f64; riv_bytes bytes; uint32_t count; } codec_mp;
/* RIV_E_MALFORMED when cut or a reserved byte; text is checked for UTF-8. A count is checked against what is left. */
RIV_MUST_USE riv_err codec_mp_next(riv_reader *r, riv_fault *fault, codec_mp *out);
RIV_MUST_USE riv_err codec_mp_skip(riv_reader *r, riv_fault *fault); /* a whole value; bounded depth */
/* str or bin or an array of small integers, as byte strings come from different encoders; arrays are copied to arena. */
RIV_MUST_USE riv_err codec_mp_bytes(riv_reader *r, riv_arena *arena, riv_fault *fault, riv_bytes *out);
void codec_mp_put_nil(riv_buf *out);
void codec_mp_put_bool(riv_buf *out, bool v);
void codec_mp_put_uint(riv_buf *out, uint64_t v);  /* smallest form */
void codec_mp_put_int(riv_buf *out, int64_t v);    /* smallest form */
void codec_mp_put_float(riv_buf *out, double v);
void codec_mp_put_str(riv_buf *out, riv_str v);
void codec_mp_put_bin(riv_buf *out, riv_bytes v);
void codec_mp_put_array(riv_buf *out, uint32_t count);
void codec_mp_put_map(riv_buf *out, uint32_t count);
void codec_mp_put_json(riv_buf *out, const riv_json *v); /* a JSON value as serde writes it */
RIV_MUST_USE riv_err codec_mp_json(riv_reader *r, riv_arena *arena, riv_fault *fault, const riv_json **out);

#endif
