/* text.c: UTF-8, nearest names, lines and columns. */
#include "base/base.h"

/* Bytes of the valid sequence at b[i], or 0. Table 3-7 of the Unicode standard. */
static size_t sequence(riv_bytes b, size_t i)
{
    uint8_t c    = b.ptr[i];
    size_t  left = b.len - i;
    if (c < 0x80) return 1;
    if (c < 0xc2 || c > 0xf4) return 0;
    size_t len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (left < len) return 0;
    uint8_t lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    uint8_t hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (b.ptr[i + 1] < lo || b.ptr[i + 1] > hi) return 0;
    for (size_t k = 2; k < len; k++)
        if ((b.ptr[i + k] & 0xc0) != 0x80) return 0;
    return len;
}

/* Where plain ASCII, which most text is, ends at the latest: looks at 32 bytes, then at 8 at once. */
static size_t skip_ascii(riv_bytes b, size_t i)
{
    uint64_t w[4];
    for (; b.len - i >= sizeof w; i += sizeof w) {
        memcpy(w, b.ptr + i, sizeof w);
        if ((w[0] | w[1] | w[2] | w[3]) & 0x8080808080808080u) break;
    }
    for (; b.len - i >= sizeof *w; i += sizeof *w) {
        memcpy(w, b.ptr + i, sizeof *w);
        if (*w & 0x8080808080808080u) return i;
    }
    if (b.len < sizeof *w) return i;
    memcpy(w, b.ptr + b.len - sizeof *w, sizeof *w); /* the rest, with some that was looked at already */
    return *w & 0x8080808080808080u ? i : b.len;
}

bool riv_utf8_valid(riv_bytes b, size_t *bad_pos)
{
    for (size_t i = 0; i < b.len;) {
        if (b.ptr[i] < 0x80 && (i = skip_ascii(b, i)) == b.len) break;
        size_t len = sequence(b, i);
        if (!len) {
            if (bad_pos) *bad_pos = i;
            return false;
        }
        i += len;
    }
    return true;
}

uint32_t riv_utf8_next(riv_str s, size_t *pos)
{
    RIV_ASSERT(*pos < s.len);
    size_t len = sequence(riv_str_bytes(s), *pos);
    if (!len) { /* foreign bytes that nobody checked: one replacement character each */
        *pos += 1;
        return 0xfffd;
    }
    const uint8_t *p = (const uint8_t *)s.ptr + *pos;
    uint32_t       v = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t k = 1; k < len; k++) v = v << 6 | (p[k] & 0x3fu);
    *pos += len;
    return v;
}

void riv_utf8_put(riv_buf *b, uint32_t v)
{
    RIV_ASSERT(v < 0x110000 && (v < 0xd800 || v > 0xdfff));
    if (v < 0x80) {
        riv_put_u8(b, (uint8_t)v);
        return;
    }
    int more = v < 0x800 ? 1 : v < 0x10000 ? 2 : 3;
    riv_put_u8(b, (uint8_t)((0xff00u >> (more + 1) & 0xf0u) | v >> (6 * more))); /* 110, 1110, 11110 */
    while (more-- > 0) riv_put_u8(b, (uint8_t)(0x80 | (v >> (6 * more) & 0x3f)));
}

enum { EDIT_BYTES_MAX = 64 };

size_t riv_edit_distance(riv_str a, riv_str b)
{
    size_t row[EDIT_BYTES_MAX + 1];
    if (a.len > EDIT_BYTES_MAX || b.len > EDIT_BYTES_MAX) return SIZE_MAX / 2;
    for (size_t j = 0; j <= b.len; j++) row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0]          = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t swap  = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
            size_t step  = RIV_MIN(above, row[j - 1]) + 1;
            row[j]       = RIV_MIN(swap, step);
            diagonal     = above;
        }
    }
    return row[b.len];
}

size_t riv_nearest(riv_str name, const riv_str *candidates, size_t count)
{
    size_t best = SIZE_MAX, best_distance = name.len / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t d = riv_edit_distance(name, candidates[i]);
        if (d < best_distance && d < RIV_MAX(candidates[i].len, name.len)) {
            best          = i;
            best_distance = d;
        }
    }
    return best;
}

riv_line_col riv_line_col_of(riv_str text, size_t pos)
{
    riv_line_col at    = { 1, 1 };
    size_t       start = 0; /* of the line */
    pos                = RIV_MIN(pos, text.len);
    for (size_t end; (end = riv_str_find_char(text, '\n', start)) < pos; start = end + 1) at.line++;
    for (size_t i = start; i < pos;) at.col += riv_utf8_next(text, &i) >= 0x10000 ? 2 : 1;
    return at;
}
