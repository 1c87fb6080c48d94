/* archive.c: the envelope of particle data, a MessagePack map with two versions and the archive, and those versions.
 * Spec: docs/spec/air.md 3.1; Semantic Versioning 2.0.0. Tests: archive_test.c, archive_fuzz.c. */
#include "codec/archive_internal.h"
#include "codec/internal.h"

/* ---- versions ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_word_char(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

static bool all_digits(riv_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i])) return false;
    return true;
}

static bool is_number(riv_str s, uint64_t *out) { return !(s.len > 1 && s.ptr[0] == '0') && riv_str_u64(s, out); }

/* Words between dots; in a prerelease those of digits alone have no zero in front. */
static bool words_are_good(riv_str s, bool prerelease)
{
    for (size_t from = 0; from != SIZE_MAX;) {
        size_t  dot  = riv_str_find_char(s, '.', from);
        riv_str word = riv_str_sub(s, from, dot);
        if (!word.len) return false;
        for (size_t i = 0; i < word.len; i++)
            if (!is_word_char(word.ptr[i])) return false;
        if (prerelease && word.len > 1 && word.ptr[0] == '0' && all_digits(word)) return false;
        from = dot == SIZE_MAX ? SIZE_MAX : dot + 1;
    }
    return true;
}

static bool parse_core(riv_str core, archive_version *v)
{
    size_t first = riv_str_find_char(core, '.', 0);
    if (first == SIZE_MAX) return false;
    size_t second = riv_str_find_char(core, '.', first + 1);
    if (second == SIZE_MAX) return false;
    return is_number(riv_str_sub(core, 0, first), &v->major) &&
           is_number(riv_str_sub(core, first + 1, second), &v->minor) &&
           is_number(riv_str_sub(core, second + 1, core.len), &v->patch);
}

riv_err archive_version_parse(riv_str text, riv_fault *fault, archive_version *out)
{
    archive_version v    = { .text = text };
    size_t          plus = riv_str_find_char(text, '+', 0);
    riv_str         rest = riv_str_sub(text, 0, plus);
    size_t          dash = riv_str_find_char(rest, '-', 0);
    bool            good = parse_core(riv_str_sub(rest, 0, dash), &v);
    if (plus != SIZE_MAX) {
        v.build = riv_str_sub(text, plus + 1, text.len);
        good    = good && words_are_good(v.build, false);
    }
    if (dash != SIZE_MAX) {
        v.pre = riv_str_sub(rest, dash + 1, rest.len);
        good  = good && words_are_good(v.pre, true);
    }
    if (!good)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "'" RIV_FMT "' is no semantic version",
                        RIV_ARG(riv_str_sub(text, 0, 64)));
    *out = v;
    return RIV_OK;
}

static int compare_u64(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

/* Numbers by value and before words; words by bytes. */
static int compare_words(riv_str a, riv_str b)
{
    bool a_number = all_digits(a), b_number = all_digits(b);
    if (a_number != b_number) return a_number ? -1 : 1;
    if (a_number && a.len != b.len) return a.len < b.len ? -1 : 1;
    return riv_str_cmp(a, b);
}

static int compare_pre(riv_str a, riv_str b)
{
    if (!a.len || !b.len) return (a.len == 0) - (b.len == 0); /* a prerelease comes before its release */
    for (size_t i = 0, k = 0;;) {
        size_t a_dot = riv_str_find_char(a, '.', i), b_dot = riv_str_find_char(b, '.', k);
        int    c = compare_words(riv_str_sub(a, i, a_dot), riv_str_sub(b, k, b_dot));
        if (c) return c;
        if (a_dot == SIZE_MAX || b_dot == SIZE_MAX) return (a_dot != SIZE_MAX) - (b_dot != SIZE_MAX);
        i = a_dot + 1;
        k = b_dot + 1;
    }
}

int archive_version_cmp(const archive_version *a, const archive_version *b)
{
    int c = compare_u64(a->major, b->major);
    if (!c) c = compare_u64(a->minor, b->minor);
    if (!c) c = compare_u64(a->patch, b->patch);
    return c ? c : compare_pre(a->pre, b->pre);
}

/* ---- the envelope ---- */

enum { BIN_HEAD_MAX = 5 }; /* of a MessagePack byte string */

typedef enum envelope_key {
    KEY_VERSION,
    KEY_INTERPRETER_VERSION,
    KEY_INNER_DATA,
    KEYS_COUNT,
    KEY_UNKNOWN
} envelope_key;

static const riv_str key_names[KEYS_COUNT] = {
    RIV_LIT_INIT("version"),
    RIV_LIT_INIT("interpreter_version"),
    RIV_LIT_INIT("inner_data"),
};

/* Where the value of each key begins, and how often the key was there. */
typedef struct envelope_places {
    size_t at[KEYS_COUNT], times[KEYS_COUNT];
} envelope_places;

static riv_err read_key(riv_reader *r, riv_fault *fault, envelope_key *out)
{
    size_t   start = r->pos;
    codec_mp token;
    *out = KEY_UNKNOWN;
    RIV_TRY(codec__mp_token(r, fault, &token));
    if (token.kind == CODEC_MP_ARRAY || token.kind == CODEC_MP_MAP || token.kind == CODEC_MP_EXT)
        return riv_fail(fault, RIV_E_MALFORMED, start, "a key of the map is no scalar");
    if (token.kind != CODEC_MP_STR && token.kind != CODEC_MP_BIN) return RIV_OK;
    for (size_t i = 0; i < KEYS_COUNT; i++)
        if (riv_bytes_eq(token.bytes, riv_str_bytes(key_names[i]))) *out = (envelope_key)i;
    return RIV_OK;
}

static riv_err read_places(riv_bytes bytes, riv_fault *fault, envelope_places *out)
{
    riv_reader r = riv_reader_of(bytes);
    codec_mp   map;
    RIV_TRY(codec__mp_token(&r, fault, &map));
    if (map.kind != CODEC_MP_MAP) return riv_fail(fault, RIV_E_MALFORMED, 0, "it is no MessagePack map");
    for (uint32_t i = 0; i < map.count; i++) {
        envelope_key key;
        RIV_TRY(read_key(&r, fault, &key));
        if (key != KEY_UNKNOWN) {
            out->at[key] = r.pos;
            out->times[key]++;
        }
        RIV_TRY(codec__mp_skip(&r, fault, CODEC__MP_DEPTH_MAX));
    }
    return RIV_OK;
}

static riv_err read_version(riv_bytes bytes, const envelope_places *places, envelope_key key, riv_fault *fault,
                            archive_version *out)
{
    riv_reader r = riv_reader_of(bytes);
    codec_mp   token;
    r.pos = places->at[key];
    if (places->times[key] != 1)
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, RIV_FMT " is there %zu times", RIV_ARG(key_names[key]),
                        places->times[key]);
    RIV_TRY(codec_mp_next(&r, fault, &token));
    if (token.kind != CODEC_MP_STR)
        return riv_fail(fault, RIV_E_MALFORMED, places->at[key], RIV_FMT " is no text", RIV_ARG(key_names[key]));
    return archive_version_parse(riv_bytes_str(token.bytes), fault, out);
}

static riv_err read_inner(riv_bytes bytes, const envelope_places *places, riv_arena *arena, riv_fault *fault,
                          riv_bytes *out)
{
    riv_reader r = riv_reader_of(bytes);
    r.pos        = places->at[KEY_INNER_DATA];
    if (places->times[KEY_INNER_DATA] != 1)
        return riv_fail(fault, RIV_E_MALFORMED, r.pos, "inner_data is there %zu times", places->times[KEY_INNER_DATA]);
    return codec_mp_bytes(&r, arena, fault, out);
}

static riv_err envelope_fail(riv_fault *fault, uint32_t code, const riv_fault *why)
{
    return riv_fail_code(fault, RIV_E_MALFORMED, code, why->pos, "data envelope: %s", why->msg);
}

riv_err archive_envelope_read(riv_bytes bytes, riv_arena *arena, riv_fault *fault, archive_envelope *out)
{
    envelope_places  places   = { 0 };
    archive_envelope envelope = { 0 };
    riv_fault        why      = { 0 };
    if (!bytes.len) {
        *out = (archive_envelope){ .empty = true };
        return RIV_OK;
    }
    if (read_places(bytes, &why, &places) || read_version(bytes, &places, KEY_VERSION, &why, &envelope.version) ||
        read_version(bytes, &places, KEY_INTERPRETER_VERSION, &why, &envelope.interpreter_version))
        return envelope_fail(fault, ARCHIVE__CODE_ENVELOPE, &why);
    if (read_inner(bytes, &places, arena, &why, &envelope.inner)) {
        *out = envelope;
        return envelope_fail(fault, ARCHIVE__CODE_ENVELOPE_VERSIONS, &why);
    }
    *out = envelope;
    return RIV_OK;
}

riv_err archive_read(riv_bytes bytes, riv_arena *arena, riv_fault *fault, archive_data *out)
{
    archive_envelope envelope;
    archive_data     data = { 0 };
    RIV_TRY(archive_envelope_read(bytes, arena, fault, &envelope));
    if (!envelope.empty) RIV_TRY(archive_inner_read(envelope.inner, arena, fault, &data));
    data.version             = envelope.version;
    data.interpreter_version = envelope.interpreter_version;
    *out                     = data;
    return RIV_OK;
}

void archive_write(const archive_data *data, riv_buf *out)
{
    static const uint8_t room[BIN_HEAD_MAX] = { 0 };
    riv_str              version = data->version.text.len ? data->version.text : RIV_LIT(ARCHIVE_DATA_VERSION);
    codec_mp_put_map(out, KEYS_COUNT);
    codec_mp_put_str(out, key_names[KEY_VERSION]);
    codec_mp_put_str(out, version);
    codec_mp_put_str(out, key_names[KEY_INTERPRETER_VERSION]);
    codec_mp_put_str(out, data->interpreter_version.text);
    codec_mp_put_str(out, key_names[KEY_INNER_DATA]);
    /* The archive is written where it will stand, behind the largest head; a smaller one, of short archives, pulls it back. */
    size_t head = out->len;
    riv_put_bytes(out, (riv_bytes){ room, sizeof room });
    archive_inner_write(data, out);
    size_t len = out->len - head - sizeof room;
    out->len   = head;
    codec__mp_put_bin_head(out, len);
    if (out->len < head + sizeof room) memmove(out->ptr + out->len, out->ptr + head + sizeof room, len);
    out->len += len;
}
