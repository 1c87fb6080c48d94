/* eth_abi.c: the ABI of contracts: types from text, values to and from words of 32 bytes, heads before tails.
 * Spec: Solidity documentation, "Contract ABI Specification". Tests: eth_test.c. */
#include "codec/eth.h"

enum { WORD = 32, FIELDS_MAX = 256, VALUES_A_WORD = 4, VALUES_FREE = 1024 };

/* ---- types ---- */

typedef struct text {
    riv_str    in;
    size_t     at;
    riv_arena *arena;
    riv_fault *fault;
} text;

static riv_err read_type(text *t, unsigned depth, eth_type *out);

static char peek(const text *t) { return t->at < t->in.len ? t->in.ptr[t->at] : 0; }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static riv_str read_word(text *t)
{
    size_t start = t->at;
    while (is_letter(peek(t)) || (t->at > start && is_digit(peek(t)))) t->at++;
    return riv_str_sub(t->in, start, t->at);
}

static bool take(text *t, char c)
{
    if (peek(t) != c) return false;
    t->at++;
    return true;
}

static riv_err wrong(const text *t, const char *what)
{
    return riv_fail(t->fault, RIV_E_MALFORMED, t->at, "abi type: %s", what);
}

/* "8" of "uint8": 0 when there is no number. */
static bool read_number(riv_str digits, uint32_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.ptr[i]) || (i == 0 && digits.ptr[i] == '0') || v > UINT32_MAX) return false;
        v = v * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    *out = (uint32_t)v;
    return v < UINT32_MAX;
}

static riv_err read_bits(text *t, riv_str digits, eth_kind kind, eth_type *out)
{
    uint32_t bits;
    if (!read_number(digits, &bits) || bits > 256 || bits % 8)
        return wrong(t, "integers have 8 to 256 bits, in steps of 8");
    *out = (eth_type){ .kind = kind, .size = bits ? bits : 256 };
    return RIV_OK;
}

static riv_err read_name(text *t, eth_type *out)
{
    riv_str word = read_word(t);
    if (riv_str_starts(word, RIV_LIT("uint"))) return read_bits(t, riv_str_sub(word, 4, word.len), ETH_UINT, out);
    if (riv_str_starts(word, RIV_LIT("int"))) return read_bits(t, riv_str_sub(word, 3, word.len), ETH_INT, out);
    if (riv_str_eq(word, RIV_LIT("bytes"))) return *out = (eth_type){ .kind = ETH_BYTES }, RIV_OK;
    if (riv_str_eq(word, RIV_LIT("string"))) return *out = (eth_type){ .kind = ETH_STRING }, RIV_OK;
    if (riv_str_eq(word, RIV_LIT("bool"))) return *out = (eth_type){ .kind = ETH_BOOL }, RIV_OK;
    if (riv_str_eq(word, RIV_LIT("address"))) return *out = (eth_type){ .kind = ETH_ADDRESS }, RIV_OK;
    if (riv_str_starts(word, RIV_LIT("bytes"))) {
        uint32_t size;
        if (!read_number(riv_str_sub(word, 5, word.len), &size) || size > WORD)
            return wrong(t, "fixed bytes are 1 to 32");
        *out = (eth_type){ .kind = ETH_FIXED_BYTES, .size = size };
        return RIV_OK;
    }
    return wrong(t, "a type is expected here");
}

/* What may stand behind the type of a parameter: indexed, and its name. */
static void read_marks(text *t, eth_type *out)
{
    while (take(t, ' ')) {
        riv_str word = read_word(t);
        if (riv_str_eq(word, RIV_LIT("indexed"))) out->indexed = true;
    }
}

static riv_err read_tuple(text *t, unsigned depth, eth_type *out)
{
    RIV_VEC(eth_type) items = { 0 };
    if (!take(t, '(')) return wrong(t, "( is expected here");
    while (!take(t, ')')) {
        eth_type item;
        if (items.len && !take(t, ',')) return wrong(t, ", or ) is expected here");
        if (items.len == FIELDS_MAX) return wrong(t, "there are too many fields");
        RIV_TRY(read_type(t, depth + 1, &item));
        read_marks(t, &item);
        *riv_push(t->arena, &items) = item;
    }
    *out = (eth_type){ .kind = ETH_TUPLE, .items = items.ptr, .items_count = items.len };
    return RIV_OK;
}

static riv_err read_type(text *t, unsigned depth, eth_type *out)
{
    if (depth > ETH_DEPTH_MAX) return wrong(t, "types nest too deep");
    RIV_TRY(peek(t) == '(' ? read_tuple(t, depth, out) : read_name(t, out));
    for (unsigned ranks = depth; take(t, '['); ranks++) {
        size_t   start = t->at;
        uint32_t count = UINT32_MAX;
        while (is_digit(peek(t))) t->at++;
        if (t->at > start && (!read_number(riv_str_sub(t->in, start, t->at), &count) || count > 65536))
            return wrong(t, "an array has 1 to 65536 items");
        if (!take(t, ']')) return wrong(t, "] is expected here");
        if (ranks >= ETH_DEPTH_MAX) return wrong(t, "types nest too deep");
        if (out->kind == ETH_TUPLE && out->items_count == 0) return wrong(t, "an array holds nothing");
        eth_type *element = riv_new(t->arena, eth_type, 1);
        *element          = *out;
        *out              = (eth_type){ .kind = ETH_ARRAY, .size = count, .items = element, .items_count = 1 };
    }
    return RIV_OK;
}

riv_err eth_type_parse(riv_str in, riv_arena *arena, riv_fault *fault, eth_type *out)
{
    text t = { in, 0, arena, fault };
    RIV_TRY(read_type(&t, 0, out));
    return t.at == in.len ? RIV_OK : wrong(&t, "the type ends here");
}

riv_err eth_signature_parse(riv_str in, riv_arena *arena, riv_fault *fault, riv_str *name, eth_type *args)
{
    text t = { in, 0, arena, fault };
    *name  = read_word(&t);
    if (name->len == 0) return wrong(&t, "a name is expected here");
    RIV_TRY(read_tuple(&t, 0, args));
    return t.at == in.len ? RIV_OK : wrong(&t, "the signature ends here");
}

void eth_type_put(riv_buf *out, const eth_type *t)
{
    switch (t->kind) {
    case ETH_UINT: riv_putf(out, "uint%u", t->size); return;
    case ETH_INT: riv_putf(out, "int%u", t->size); return;
    case ETH_ADDRESS: riv_putf(out, "address"); return;
    case ETH_BOOL: riv_putf(out, "bool"); return;
    case ETH_FIXED_BYTES: riv_putf(out, "bytes%u", t->size); return;
    case ETH_BYTES: riv_putf(out, "bytes"); return;
    case ETH_STRING: riv_putf(out, "string"); return;
    case ETH_ARRAY:
        eth_type_put(out, t->items);
        if (t->size == UINT32_MAX)
            riv_putf(out, "[]");
        else
            riv_putf(out, "[%u]", t->size);
        return;
    case ETH_TUPLE:
        riv_put_u8(out, '(');
        for (size_t i = 0; i < t->items_count; i++) {
            if (i) riv_put_u8(out, ',');
            eth_type_put(out, &t->items[i]);
        }
        riv_put_u8(out, ')');
        return;
    }
}

crypto_hash eth_signature_hash(riv_str name, const eth_type *args)
{
    riv_buf out = { 0 };
    riv_put_str(&out, name);
    eth_type_put(&out, args);
    crypto_hash hash = crypto_keccak256(riv_buf_view(&out));
    riv_buf_free(&out);
    return hash;
}

/* ---- values ---- */

eth_value eth_word(uint64_t v) { return (eth_value){ .word = u256_of(v) }; }
eth_value eth_number(u256 v) { return (eth_value){ .word = v }; }
eth_value eth_of_address(const eth_address *a)
{
    return (eth_value){ .word = u256_from_be((riv_bytes){ a->bytes, sizeof a->bytes }) };
}
eth_value eth_of_hash(const uint8_t bytes[32])
{
    return (eth_value){ .word = u256_from_be((riv_bytes){ bytes, WORD }) };
}
eth_value eth_text(riv_str s) { return (eth_value){ .bytes = riv_str_bytes(s) }; }
eth_value eth_data(riv_bytes b) { return (eth_value){ .bytes = b }; }
eth_value eth_list(const eth_value *items, size_t count) { return (eth_value){ .items = items, .items_count = count }; }

eth_address eth_to_address(const eth_value *v)
{
    uint8_t     be[WORD];
    eth_address out;
    u256_to_be(v->word, be);
    memcpy(out.bytes, be + WORD - sizeof out.bytes, sizeof out.bytes);
    return out;
}

static bool is_dynamic(const eth_type *t)
{
    if (t->kind == ETH_BYTES || t->kind == ETH_STRING || (t->kind == ETH_ARRAY && t->size == UINT32_MAX)) return true;
    for (size_t i = 0; i < t->items_count; i++)
        if (is_dynamic(&t->items[i])) return true;
    return false;
}

/* Bytes in the head of what holds it: its own when it is static, else an offset. */
static uint64_t head_bytes(const eth_type *t)
{
    uint64_t bytes = 0;
    if (is_dynamic(t)) return WORD;
    if (t->kind == ETH_ARRAY) return t->size * head_bytes(t->items);
    if (t->kind != ETH_TUPLE) return WORD;
    for (size_t i = 0; i < t->items_count; i++) bytes += head_bytes(&t->items[i]);
    return bytes;
}

/* ---- reading ---- */

typedef struct reading {
    riv_bytes  in;
    riv_arena *arena;
    riv_fault *fault;
    size_t     values_left;
} reading;

static riv_err read_value(reading *r, const eth_type *t, uint64_t at, eth_value *out);

static riv_err bad(const reading *r, uint64_t at, const char *what)
{
    return riv_fail(r->fault, RIV_E_MALFORMED, at, "abi: %s", what);
}

static riv_err word_at(const reading *r, uint64_t at, u256 *out)
{
    if (at > r->in.len || r->in.len - at < WORD) return bad(r, at, "the data is cut short");
    *out = u256_from_be((riv_bytes){ r->in.ptr + at, WORD });
    return RIV_OK;
}

/* A count of bytes or items, or an offset: none can be larger than the input. */
static riv_err size_at(const reading *r, uint64_t at, uint64_t *out)
{
    u256 word;
    RIV_TRY(word_at(r, at, &word));
    return u256_u64(word, out) && *out <= r->in.len ? RIV_OK : bad(r, at, "an offset or a length leads outside");
}

static bool is_clean(const eth_type *t, u256 v)
{
    uint8_t be[WORD];
    u256_to_be(v, be);
    unsigned used = t->kind == ETH_ADDRESS       ? ETH_ADDRESS_BYTES
                    : t->kind == ETH_BOOL        ? 1
                    : t->kind == ETH_FIXED_BYTES ? t->size
                                                 : t->size / 8;
    if (t->kind == ETH_FIXED_BYTES) {
        for (size_t i = used; i < WORD; i++)
            if (be[i]) return false;
        return true;
    }
    uint8_t fill = t->kind == ETH_INT && be[WORD - used] >> 7 ? 0xff : 0;
    for (size_t i = 0; i < WORD - used; i++)
        if (be[i] != fill) return false;
    return t->kind != ETH_BOOL || be[WORD - 1] <= 1;
}

/* `count` items one behind the other; offsets count from `base`. */
static riv_err read_items(reading *r, const eth_type *types, bool same, uint64_t count, uint64_t base, eth_value *out)
{
    uint64_t at = base;
    if (count > r->values_left)
        return riv_fail(r->fault, RIV_E_LIMIT, base, "abi: there are more values than the data can hold");
    r->values_left -= count;
    eth_value *items = riv_new(r->arena, eth_value, count);
    for (uint64_t i = 0; i < count; i++) {
        const eth_type *t     = &types[same ? 0 : i];
        uint64_t        where = at;
        if (is_dynamic(t)) {
            RIV_TRY(size_at(r, at, &where));
            where += base;
        }
        RIV_TRY(read_value(r, t, where, &items[i]));
        at += head_bytes(t);
    }
    out->items       = items;
    out->items_count = count;
    return RIV_OK;
}

static riv_err read_value(reading *r, const eth_type *t, uint64_t at, eth_value *out)
{
    uint64_t count;
    *out = (eth_value){ 0 };
    switch (t->kind) {
    case ETH_TUPLE: return read_items(r, t->items, false, t->items_count, at, out);
    case ETH_ARRAY:
        if (t->size != UINT32_MAX) return read_items(r, t->items, true, t->size, at, out);
        RIV_TRY(size_at(r, at, &count));
        return read_items(r, t->items, true, count, at + WORD, out);
    case ETH_BYTES:
    case ETH_STRING:
        RIV_TRY(size_at(r, at, &count));
        if (count > r->in.len - at - WORD) return bad(r, at, "a text or bytes are cut short");
        out->bytes = riv_bytes_sub(r->in, at + WORD, at + WORD + count);
        return RIV_OK;
    default:
        RIV_TRY(word_at(r, at, &out->word));
        return is_clean(t, out->word) ? RIV_OK : bad(r, at, "a value has bits that its type does not");
    }
}

riv_err eth_abi_read(const eth_type *tuple, riv_bytes in, riv_arena *arena, riv_fault *fault, eth_value *out)
{
    reading r = { in, arena, fault, in.len / WORD * VALUES_A_WORD + VALUES_FREE };
    return read_value(&r, tuple, 0, out);
}

/* ---- writing ---- */

static void put_word(riv_buf *out, u256 v) { u256_to_be(v, riv_buf_raw(out, WORD)); }

static void put_value(const eth_type *t, const eth_value *v, riv_buf *out);

static void put_items(const eth_type *types, bool same, const eth_value *items, size_t count, riv_buf *out)
{
    size_t   base = out->len;
    uint64_t head = 0;
    for (size_t i = 0; i < count; i++) head += head_bytes(&types[same ? 0 : i]);
    riv_buf_room(out, head);
    uint64_t at = base;
    for (size_t i = 0; i < count; i++) {
        const eth_type *t = &types[same ? 0 : i];
        if (is_dynamic(t)) {
            u256_to_be(u256_of(out->len - base), out->ptr + at);
            put_value(t, &items[i], out);
        } else { /* it stands in the head: written behind, then moved there */
            size_t end = out->len;
            put_value(t, &items[i], out);
            memcpy(out->ptr + at, out->ptr + end, out->len - end);
            out->len = end;
        }
        at += head_bytes(t);
    }
}

static void put_value(const eth_type *t, const eth_value *v, riv_buf *out)
{
    switch (t->kind) {
    case ETH_TUPLE:
        RIV_ASSERT(v->items_count == t->items_count);
        put_items(t->items, false, v->items, v->items_count, out);
        return;
    case ETH_ARRAY:
        RIV_ASSERT(t->size == UINT32_MAX || v->items_count == t->size);
        if (t->size == UINT32_MAX) put_word(out, u256_of(v->items_count));
        put_items(t->items, true, v->items, v->items_count, out);
        return;
    case ETH_BYTES:
    case ETH_STRING:
        put_word(out, u256_of(v->bytes.len));
        riv_put_bytes(out, v->bytes);
        riv_buf_room(out, (WORD - v->bytes.len % WORD) % WORD);
        return;
    default: put_word(out, v->word); return;
    }
}

void eth_abi_put(const eth_type *tuple, const eth_value *value, riv_buf *out) { put_value(tuple, value, out); }

riv_err eth_call_put(riv_str signature, const eth_value *args, riv_arena *arena, riv_fault *fault, riv_buf *out)
{
    riv_str  name;
    eth_type types;
    RIV_TRY(eth_signature_parse(signature, arena, fault, &name, &types));
    crypto_hash hash = eth_signature_hash(name, &types);
    eth_value   all  = eth_list(args, types.items_count);
    riv_put_bytes(out, (riv_bytes){ hash.bytes, 4 });
    eth_abi_put(&types, &all, out);
    return RIV_OK;
}
