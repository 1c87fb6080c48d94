/* tamper.c: what a hostile peer or a bad link may do to data on its way: bytes, the envelope, the archive, signatures.
 * Changes inside the archive keep its length, so that all offsets hold.
 * Spec: docs/spec/scenarios.md 1, `tamper`. Tests: scenario_test.c. */
#include "sim/internal.h"

typedef enum op {
    OP_NONE,
    OP_FLIP,
    OP_TRUNCATE,
    OP_SET,
    OP_TEXT,
    OP_VERSION,
    OP_DROP_KEY,
    OP_FLIP_INNER,
    OP_TRUNCATE_INNER,
    OP_REPLACE,
    OP_SWAP_SIGNATURE,
    OP_BAD_SIGNATURE,
    OP_OTHER_KEY,
    OPS,
} op;

/* clang-format off */
/* N: a number, S: a text, I: an integer; ?: may be absent */
static const struct { const char *name; const char *keys[3]; const char *kinds; } ops[OPS] = {
    [OP_NONE]           = { "none",           { NULL },                  ""     },
    [OP_FLIP]           = { "flip",           { "at", "mask" },          "IN?"  },
    [OP_TRUNCATE]       = { "truncate",       { "bytes" },               "I"    },
    [OP_SET]            = { "set",            { "base64" },              "S"    },
    [OP_TEXT]           = { "text",           { "text" },                "S"    },
    [OP_VERSION]        = { "version",        { "key", "value" },        "SS"   },
    [OP_DROP_KEY]       = { "drop_key",       { "key" },                 "S"    },
    [OP_FLIP_INNER]     = { "flip_inner",     { "at", "mask" },          "IN?"  },
    [OP_TRUNCATE_INNER] = { "truncate_inner", { "bytes" },               "I"    },
    [OP_REPLACE]        = { "replace",        { "from", "to", "all" },   "SSB?" },
    [OP_SWAP_SIGNATURE] = { "swap_signature", { "a", "b" },              "SS"   },
    [OP_BAD_SIGNATURE]  = { "bad_signature",  { "peer" },                "S"    },
    [OP_OTHER_KEY]      = { "other_key",      { "peer", "by" },          "SS"   },
};
/* clang-format on */

static bool op_of(const riv_json *entry, op *out)
{
    const riv_json *name = riv_json_get(entry, RIV_LIT("op"));
    for (size_t i = 0; name && name->kind == RIV_JSON_STR && i < OPS; i++)
        if (riv_str_eq(name->str, riv_str_c(ops[i].name))) {
            *out = (op)i;
            return true;
        }
    return false;
}

static riv_json_kind kind_of(char c)
{
    return c == 'N' ? RIV_JSON_U64 : c == 'I' ? RIV_JSON_I64 : c == 'B' ? RIV_JSON_BOOL : RIV_JSON_STR;
}

riv_err sim__tamper_check(const riv_json *entry, const char *where, riv_fault *fault)
{
    op              o;
    const riv_json *v, *from, *to;
    RIV_TRY(sim__member(entry, where, "message", RIV_JSON_U64, true, fault, &v));
    if (!op_of(entry, &o)) return sim__malformed(fault, where, "op", "one of the names in docs/spec/scenarios.md 1");
    const char *keys[8] = { "message", "op", "about" };
    size_t      count   = 3;
    const char *kinds   = ops[o].kinds;
    for (size_t i = 0; *kinds; i++) {
        char c        = *kinds++;
        bool optional = *kinds == '?';
        kinds += optional;
        keys[count++] = ops[o].keys[i];
        RIV_TRY(sim__member(entry, where, ops[o].keys[i], kind_of(c), !optional, fault, &v));
    }
    RIV_TRY(sim__known_keys(entry, where, keys, count, fault));
    if (o != OP_REPLACE) return RIV_OK;
    from = riv_json_get(entry, RIV_LIT("from"));
    to   = riv_json_get(entry, RIV_LIT("to"));
    if (!from->str.len || from->str.len != to->str.len)
        return sim__malformed(fault, where, "to", "a text as long as `from`, which is not empty");
    return RIV_OK;
}

/* ---- operands ---- */

static riv_str text_of(const riv_json *entry, const char *key) { return riv_json_get(entry, riv_str_c(key))->str; }

static int64_t integer_of(const riv_json *entry, const char *key)
{
    const riv_json *v = riv_json_get(entry, riv_str_c(key));
    return v->kind == RIV_JSON_U64 ? (int64_t)RIV_MIN(v->u64, (uint64_t)INT64_MAX) : v->i64;
}

/* Negative positions count from the end. */
static size_t position(int64_t at, size_t len)
{
    if (at >= 0) return (uint64_t)at < len ? (size_t)at : len;
    uint64_t back = 0 - (uint64_t)at;
    return back < len ? len - (size_t)back : 0;
}

/* ---- plain bytes ---- */

static void flip(const riv_json *entry, riv_buf *bytes)
{
    const riv_json *mask = riv_json_get(entry, RIV_LIT("mask"));
    size_t          at   = position(integer_of(entry, "at"), bytes->len);
    if (at < bytes->len) bytes->ptr[at] ^= (uint8_t)(mask ? mask->u64 : 1);
}

static void truncate_bytes(const riv_json *entry, riv_buf *bytes)
{
    bytes->len = RIV_MIN(bytes->len, position(integer_of(entry, "bytes"), bytes->len));
}

static void replace_all(riv_buf *bytes, riv_bytes from, riv_bytes to, bool all)
{
    for (size_t i = 0; i + from.len <= bytes->len; i++) {
        if (memcmp(bytes->ptr + i, from.ptr, from.len) != 0) continue;
        memcpy(bytes->ptr + i, to.ptr, to.len);
        if (!all) return;
        i += from.len - 1;
    }
}

/* ---- signatures ---- */

static const archive_signature *signature_of(const archive_data *data, sim_names *names, riv_str peer)
{
    const sim_name *name = sim__name(names, peer);
    for (size_t i = 0; i < data->signatures_count; i++) {
        riv_bytes key = data->signatures[i].public_key;
        if (key.len == CRYPTO_PUBLIC_BYTES + 1 && memcmp(key.ptr + 1, name->public_key.bytes, CRYPTO_PUBLIC_BYTES) == 0)
            return &data->signatures[i];
    }
    return NULL;
}

/* Data without that signature stays as it is. */
static void spoil_signatures(op o, const riv_json *entry, sim_names *names, riv_arena *arena, riv_buf *inner)
{
    archive_data data;
    riv_bytes    copy = riv_bytes_dup(arena, riv_buf_view(inner)); /* what is found must not move under our hands */
    if (archive_inner_read(copy, arena, NULL, &data)) return;
    const archive_signature *a = signature_of(&data, names, text_of(entry, o == OP_SWAP_SIGNATURE ? "a" : "peer"));
    if (!a) return;
    if (o == OP_SWAP_SIGNATURE) {
        const archive_signature *b = signature_of(&data, names, text_of(entry, "b"));
        if (!b || b == a || a->signature.len != b->signature.len) return;
        riv_bytes mark = riv_bytes_dup(arena, a->signature);
        for (size_t i = 0; i < mark.len; i++) ((uint8_t *)mark.ptr)[i] ^= 0xa5;
        replace_all(inner, a->signature, mark, false);
        replace_all(inner, b->signature, a->signature, false);
        replace_all(inner, mark, b->signature, false);
    } else if (o == OP_BAD_SIGNATURE) {
        riv_bytes bad = riv_bytes_dup(arena, a->signature);
        if (bad.len > 1) ((uint8_t *)bad.ptr)[1] ^= 1;
        replace_all(inner, a->signature, bad, false);
    } else {
        const sim_name *by  = sim__name(names, text_of(entry, "by"));
        riv_bytes       key = riv_bytes_dup(arena, a->public_key);
        memcpy((uint8_t *)key.ptr + 1, by->public_key.bytes, CRYPTO_PUBLIC_BYTES);
        replace_all(inner, a->public_key, key, false);
    }
}

/* ---- the envelope ---- */

static void put_envelope(riv_str version, riv_str interpreter, riv_bytes inner, riv_str without, riv_buf *out)
{
    const char *keys[3] = { "version", "interpreter_version", "inner_data" };
    uint32_t    count   = 0;
    for (size_t i = 0; i < 3; i++) count += !riv_str_eq(without, riv_str_c(keys[i]));
    codec_mp_put_map(out, count);
    for (size_t i = 0; i < 3; i++) {
        if (riv_str_eq(without, riv_str_c(keys[i]))) continue;
        codec_mp_put_str(out, riv_str_c(keys[i]));
        if (i == 2)
            codec_mp_put_bin(out, inner);
        else
            codec_mp_put_str(out, i ? interpreter : version);
    }
}

static riv_err tamper_envelope(op o, const riv_json *entry, sim_names *names, riv_bytes data, riv_arena *arena,
                               riv_fault *fault, riv_buf *out)
{
    archive_envelope e;
    RIV_TRY(archive_envelope_read(data, arena, fault, &e));
    riv_str version = e.version.text, interpreter = e.interpreter_version.text, without = RIV_LIT("");
    riv_buf inner = riv_buf_in(arena);
    riv_put_bytes(&inner, e.inner);
    if (o == OP_VERSION && riv_str_eq(text_of(entry, "key"), RIV_LIT("version"))) version = text_of(entry, "value");
    if (o == OP_VERSION && riv_str_eq(text_of(entry, "key"), RIV_LIT("interpreter_version")))
        interpreter = text_of(entry, "value");
    if (o == OP_DROP_KEY) without = text_of(entry, "key");
    if (o == OP_FLIP_INNER) flip(entry, &inner);
    if (o == OP_TRUNCATE_INNER) truncate_bytes(entry, &inner);
    if (o == OP_REPLACE) {
        const riv_json *all = riv_json_get(entry, RIV_LIT("all"));
        replace_all(&inner, riv_str_bytes(text_of(entry, "from")), riv_str_bytes(text_of(entry, "to")),
                    all && all->boolean);
    }
    if (o == OP_SWAP_SIGNATURE || o == OP_BAD_SIGNATURE || o == OP_OTHER_KEY)
        spoil_signatures(o, entry, names, arena, &inner);
    put_envelope(version, interpreter, riv_buf_view(&inner), without, out);
    return RIV_OK;
}

riv_err sim__tamper(const riv_json *entry, sim_names *names, riv_bytes data, riv_arena *arena, riv_fault *fault,
                    riv_bytes *out)
{
    op      o   = OP_NONE;
    riv_buf buf = riv_buf_in(arena);
    RIV_ASSERT(op_of(entry, &o)); /* checked by sim__tamper_check */
    switch (o) {
    case OP_NONE: riv_put_bytes(&buf, data); break;
    case OP_FLIP:
        riv_put_bytes(&buf, data);
        flip(entry, &buf);
        break;
    case OP_TRUNCATE:
        riv_put_bytes(&buf, data);
        truncate_bytes(entry, &buf);
        break;
    case OP_TEXT: riv_put_str(&buf, text_of(entry, "text")); break;
    case OP_SET:
        if (codec_read_base64(text_of(entry, "base64"), &buf, NULL))
            return sim__malformed(fault, "tamper", "base64", "base64");
        break;
    case OP_VERSION:
    case OP_DROP_KEY:
    case OP_FLIP_INNER:
    case OP_TRUNCATE_INNER:
    case OP_REPLACE:
    case OP_SWAP_SIGNATURE:
    case OP_BAD_SIGNATURE:
    case OP_OTHER_KEY: RIV_TRY(tamper_envelope(o, entry, names, data, arena, fault, &buf)); break;
    case OPS: RIV_UNREACHABLE();
    }
    *out = riv_buf_view(&buf);
    return RIV_OK;
}
