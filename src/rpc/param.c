/* param.c: arguments of calls as Ethereum's clients write them. Errors say which argument, in geth's words.
 * Spec: docs/spec/chain.md 3; execution-apis. Tests: answer_test.c, answer_fuzz.c. */
#include "rpc/internal.h"

#include "codec/codec.h"

const riv_json *rpc__param(const rpc__call *c, size_t index)
{
    const riv_json *v = c->params ? riv_json_at(c->params, index) : NULL;
    return v && v->kind != RIV_JSON_NULL ? v : NULL;
}

static bool bad(rpc__call *c, size_t index, const riv_json *v, const char *want)
{
    if (!v)
        rpc__fail(c, RPC__INVALID_PARAMS, "missing value for required argument %zu", index);
    else
        rpc__fail(c, RPC__INVALID_PARAMS, "invalid argument %zu: expected %s", index, want);
    return false;
}

static bool has_prefix(riv_str s) { return s.len >= 2 && s.ptr[0] == '0' && (s.ptr[1] == 'x' || s.ptr[1] == 'X'); }

bool rpc__hex(rpc__call *c, size_t index, const riv_json *v, riv_bytes *out)
{
    static const char want[] = "hex data: 0x and an even number of digits";
    riv_buf           bytes  = riv_buf_in(c->arena);
    if (!v || v->kind != RIV_JSON_STR || !has_prefix(v->str)) return bad(c, index, v, want);
    riv_buf_reserve(&bytes, v->str.len / 2);
    if (codec_read_hex(riv_str_sub(v->str, 2, v->str.len), &bytes, NULL)) return bad(c, index, v, want);
    *out = riv_buf_view(&bytes);
    return true;
}

bool rpc__quantity(rpc__call *c, size_t index, const riv_json *v, u256 *out)
{
    if (v && v->kind == RIV_JSON_U64) {
        *out = u256_of(v->u64);
        return true;
    }
    if (!v || v->kind != RIV_JSON_STR || v->str.len < 3 || !has_prefix(v->str) ||
        u256_parse(v->str, NULL, out) != RIV_OK)
        return bad(c, index, v, "a quantity: 0x and hexadecimal digits, at most 256 bits");
    return true;
}

bool rpc__number(rpc__call *c, size_t index, const riv_json *v, uint64_t *out)
{
    u256 n;
    if (!rpc__quantity(c, index, v, &n)) return false;
    return u256_u64(n, out) ? true : bad(c, index, v, "a number of at most 64 bits");
}

/* Fixed-size bytes; where there are more or fewer, it is another thing. */
static bool fixed(rpc__call *c, size_t index, const riv_json *v, uint8_t *out, size_t len, const char *want)
{
    riv_bytes bytes;
    if (!v || v->kind != RIV_JSON_STR || v->str.len != 2 + 2 * len) return bad(c, index, v, want);
    if (!rpc__hex(c, index, v, &bytes)) return false;
    memcpy(out, bytes.ptr, len);
    return true;
}

/* No check of the sum in mixed case: geth takes any. */
bool rpc__address(rpc__call *c, size_t index, const riv_json *v, eth_address *out)
{
    return fixed(c, index, v, out->bytes, sizeof out->bytes, "an address: 0x and 40 digits");
}

bool rpc__hash(rpc__call *c, size_t index, const riv_json *v, crypto_hash *out)
{
    return fixed(c, index, v, out->bytes, sizeof out->bytes, "a hash: 0x and 64 digits");
}

const riv_json *rpc__given(const riv_json *object, const char *name)
{
    const riv_json *v = riv_json_get(object, riv_str_c(name));
    return v && v->kind != RIV_JSON_NULL ? v : NULL;
}

const riv_json *rpc__data(const riv_json *p)
{
    const riv_json *v = rpc__given(p, "input");
    return v ? v : rpc__given(p, "data");
}

/* ---- blocks ---- */

bool rpc__head(rpc__call *c, chain_head *out)
{
    riv_fault fault = { 0 };
    if (!chain_head_read(&c->r->config.place.store, UINT64_MAX, c->arena, &fault, out)) return true;
    rpc__fault(c, &fault);
    return false;
}

static bool by_hash(rpc__call *c, size_t index, const riv_json *v, rpc__at *out)
{
    crypto_hash hash;
    if (!rpc__hash(c, index, v, &hash)) return false;
    out->found = rpc_block_find(&c->r->config.place.store, &hash, c->arena, &out->height) == RIV_OK;
    return true;
}

bool rpc__block_param(rpc__call *c, size_t index, const riv_json *v, rpc__at *out)
{
    static const char *const newest[] = { "latest", "pending", "safe", "finalized" };
    chain_head               head;
    *out = (rpc__at){ .found = true };
    if (v && v->kind == RIV_JSON_OBJ) {
        const riv_json *hash = rpc__given(v, "blockHash"), *number = rpc__given(v, "blockNumber");
        if (!hash == !number) return bad(c, index, v, "one of blockHash and blockNumber"); /* EIP-1898 */
        if (hash) return by_hash(c, index, hash, out);
        v = number;
    }
    if (v && (v->kind != RIV_JSON_STR || has_prefix(v->str))) {
        if (v->kind == RIV_JSON_STR && v->str.len == 66) return by_hash(c, index, v, out);
        return rpc__number(c, index, v, &out->height);
    }
    if (v && riv_str_eq(v->str, RIV_LIT("earliest"))) return true;
    bool known = !v;
    for (size_t i = 0; v && i < RIV_COUNT(newest); i++) known = known || riv_str_eq(v->str, riv_str_c(newest[i]));
    if (!known) return bad(c, index, v, "a block: a number, a hash, latest, earliest, pending, safe or finalized");
    if (!rpc__head(c, &head)) return false;
    out->height  = head.height;
    out->pending = v && riv_str_eq(v->str, RIV_LIT("pending"));
    return true;
}

bool rpc__state_param(rpc__call *c, size_t index, rpc__at *out)
{
    chain_head head;
    if (!rpc__block_param(c, index, rpc__param(c, index), out) || !rpc__head(c, &head)) return false;
    if (!out->found || out->height > head.height) return rpc__fail(c, RPC__SERVER, "header not found"), false;
    if (head.height - out->height < CHAIN_VERSIONS_KEPT) return true;
    rpc__fail(c, RPC__SERVER, "missing trie node: the state of block %llu is no longer kept (the last %d are)",
              (unsigned long long)out->height, CHAIN_VERSIONS_KEPT);
    return false;
}
