/* diag.c: diagnostics as people read them: what, where, the source line and marks below it, other places, how to mend it; and as JSON.
 * Spec: docs/spec/aqua.md §9. Tests: call_test.c, codes_test.c. */
#include "aqua/aqua.h"

enum { LINE_BYTES_MAX = 400 }; /* longer source lines are cut */

const char *aqua_diag_kind_name(aqua_diag_kind kind)
{
    switch (kind) {
    case AQUA_SYNTAX_ERROR: return "Syntax error";
    case AQUA_HEADER_ERROR: return "Header error";
    case AQUA_IMPORT_ERROR: return "Cannot resolve imports";
    case AQUA_SEMANTIC_ERROR: return "Error";
    case AQUA_WARN: return "Warning";
    }
    return "Error";
}

static const char *colour_of(aqua_diag_kind kind, bool colour)
{
    if (!colour) return "";
    return kind == AQUA_WARN                                          ? "\033[1;33m"
           : kind == AQUA_SEMANTIC_ERROR || kind == AQUA_HEADER_ERROR ? "\033[1;36m"
                                                                      : "\033[1;31m";
}

static const char *word_of(aqua_diag_kind kind)
{
    switch (kind) {
    case AQUA_SYNTAX_ERROR: return "syntax error";
    case AQUA_HEADER_ERROR: return "header error";
    case AQUA_IMPORT_ERROR: return "import error";
    case AQUA_SEMANTIC_ERROR: return "error";
    case AQUA_WARN: return "warning";
    }
    return "error";
}

/* Later lines of a text are indented below the first. */
static void put_text(riv_str text, riv_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        riv_put_u8(out, (uint8_t)text.ptr[i]);
        if (text.ptr[i] == '\n') riv_put_str(out, RIV_LIT("  "));
    }
    riv_put_u8(out, '\n');
}

static size_t line_start(riv_str source, size_t pos)
{
    while (pos > 0 && source.ptr[pos - 1] != '\n') pos--;
    return pos;
}

/* Blanks as wide as the source before the mark: tabs stay tabs, a scalar value counts as one. */
static void put_blanks(riv_str before, riv_buf *out)
{
    for (size_t i = 0; i < before.len; i++) {
        uint8_t ch = (uint8_t)before.ptr[i];
        if ((ch & 0xc0) == 0x80) continue;
        riv_put_u8(out, ch == '\t' ? '\t' : ' ');
    }
}

static void put_marks(riv_str marked, riv_buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < marked.len; i++)
        if (((uint8_t)marked.ptr[i] & 0xc0) != 0x80) count++;
    do riv_put_u8(out, '^');
    while (count-- > 1);
}

/* Nothing of the source moves the cursor, and all of it is UTF-8: each byte that would not is a mark of its own. */
static void put_source(riv_str text, riv_buf *out)
{
    while (text.len) {
        size_t bad  = text.len;
        bool   good = riv_utf8_valid(riv_str_bytes(text), &bad);
        for (size_t i = 0; i < (good ? text.len : bad); i++) {
            uint8_t ch = (uint8_t)text.ptr[i];
            if ((ch >= ' ' && ch != 0x7f) || ch == '\t')
                riv_put_u8(out, ch);
            else
                riv_utf8_put(out, 0xfffd);
        }
        if (good) return;
        riv_utf8_put(out, 0xfffd);
        text = riv_str_sub(text, bad + 1, text.len);
    }
}

static void put_place(const aqua_note *d, const char *style, bool colour, riv_buf *out)
{
    size_t       pos    = RIV_MIN(d->pos, d->source.len);
    riv_line_col at     = riv_line_col_of(d->source, pos);
    size_t       from   = line_start(d->source, pos);
    size_t       to     = riv_str_find_char(d->source, '\n', from);
    riv_buf      number = { 0 };
    if (to == SIZE_MAX) to = d->source.len;
    if (to > from && d->source.ptr[to - 1] == '\r') to--;
    to = RIV_MIN(to, from + LINE_BYTES_MAX);
    riv_putf(&number, "%u", at.line);
    int width = (int)number.len;
    riv_putf(out, "%*s--> " RIV_FMT ":%u:%u\n", width, "", RIV_ARG(d->file), at.line, at.col);
    riv_putf(out, "%*s |\n%u | ", width, "", at.line);
    put_source(riv_str_sub(d->source, from, to), out);
    riv_put_u8(out, '\n');
    riv_putf(out, "%*s | ", width, "");
    put_blanks(riv_str_sub(d->source, from, RIV_MIN(pos, to)), out);
    riv_put_str(out, riv_str_c(style));
    put_marks(riv_str_sub(d->source, pos, RIV_MIN(pos + d->len, RIV_MAX(to, pos))), out);
    riv_put_str(out, colour ? RIV_LIT("\033[0m\n") : RIV_LIT("\n"));
    riv_buf_free(&number);
}

static void put_note(const aqua_note *n, bool colour, riv_buf *out)
{
    riv_put_str(out, RIV_LIT("note: "));
    put_text(n->text, out);
    if (n->has_place) put_place(n, colour ? "\033[1;34m" : "", colour, out);
}

/* The first line that the fix touches, as it would stand then. */
static void put_fix(const aqua_diag *d, const aqua_fix *fix, riv_buf *out)
{
    if (fix->edits_count == 0) return;
    size_t from = line_start(d->source, RIV_MIN(fix->edits[0].pos, d->source.len)), at = from;
    riv_putf(out, "  fix: " RIV_FMT, RIV_ARG(fix->title));
    riv_buf shown = { 0 };
    for (size_t i = 0; i < fix->edits_count; i++) {
        riv_put_str(&shown, riv_str_sub(d->source, at, fix->edits[i].pos));
        riv_put_str(&shown, fix->edits[i].text);
        at = fix->edits[i].pos + fix->edits[i].len;
    }
    size_t to = riv_str_find_char(d->source, '\n', RIV_MIN(at, d->source.len));
    riv_put_str(&shown, riv_str_sub(d->source, at, to == SIZE_MAX ? d->source.len : to));
    riv_str text = riv_str_trim(riv_buf_str(&shown));
    text         = riv_str_sub(text, 0, RIV_MIN(riv_str_find_char(text, '\n', 0), text.len));
    if (text.len && text.len <= LINE_BYTES_MAX) {
        riv_put_str(out, RIV_LIT(": `"));
        put_source(text, out);
        riv_put_u8(out, '`');
    }
    riv_put_u8(out, '\n');
    riv_buf_free(&shown);
}

void aqua_diag_render(const aqua_diag *diag, bool colour, riv_buf *out)
{
    const char *style = colour_of(diag->kind, colour);
    aqua_note   place = { .file = diag->file, .source = diag->source, .pos = diag->pos, .len = diag->len };
    riv_putf(out, "%s%s", style, word_of(diag->kind));
    if (diag->code) riv_putf(out, "[%s]", diag->code);
    riv_putf(out, "%s: ", colour ? "\033[0m" : "");
    put_text(diag->text, out);
    if (diag->has_place)
        put_place(&place, style, colour, out);
    else if (diag->file.len)
        riv_putf(out, " --> " RIV_FMT "\n", RIV_ARG(diag->file));
    if (diag->hint.len) riv_putf(out, "  hint: " RIV_FMT "\n", RIV_ARG(diag->hint));
    for (size_t i = 0; i < diag->fixes_count && diag->hint.len == 0; i++) put_fix(diag, &diag->fixes[i], out);
    for (size_t i = 0; i < diag->notes_count; i++) put_note(&diag->notes[i], colour, out);
}

/* ---- JSON ---- */

static const riv_json *number(riv_arena *a, bool there, uint32_t n) { return there ? riv_json_u64(a, n) : NULL; }

static const riv_json *note_json(riv_arena *a, const aqua_note *n)
{
    riv_line_col from = riv_line_col_of(n->source, RIV_MIN(n->pos, n->source.len));
    return riv_json_object(a, "text", riv_json_str(a, n->text), "file", n->has_place ? riv_json_str(a, n->file) : NULL,
                           "line", number(a, n->has_place, from.line), "col", number(a, n->has_place, from.col), NULL);
}

static const riv_json *edit_json(riv_arena *a, riv_str source, const aqua_edit *e)
{
    riv_line_col from = riv_line_col_of(source, RIV_MIN(e->pos, source.len));
    riv_line_col to   = riv_line_col_of(source, RIV_MIN(e->pos + e->len, source.len));
    return riv_json_object(a, "line", number(a, true, from.line), "col", number(a, true, from.col), "end_line",
                           number(a, true, to.line), "end_col", number(a, true, to.col), "pos", riv_json_u64(a, e->pos),
                           "len", riv_json_u64(a, e->len), "text", riv_json_str(a, e->text), NULL);
}

static const riv_json *fix_json(riv_arena *a, riv_str source, const aqua_fix *f)
{
    riv_json_list edits = { 0 };
    for (size_t i = 0; i < f->edits_count; i++) riv_json_add(a, &edits, edit_json(a, source, &f->edits[i]));
    return riv_json_object(a, "title", riv_json_str(a, f->title), "edits", riv_json_arr(a, edits.ptr, edits.len), NULL);
}

const riv_json *aqua_diag_json(const aqua_diag *d, riv_arena *a)
{
    riv_json_list notes = { 0 }, fixes = { 0 };
    riv_line_col  from = riv_line_col_of(d->source, RIV_MIN(d->pos, d->source.len));
    riv_line_col  to   = riv_line_col_of(d->source, RIV_MIN(d->pos + d->len, d->source.len));
    for (size_t i = 0; i < d->notes_count; i++) riv_json_add(a, &notes, note_json(a, &d->notes[i]));
    for (size_t i = 0; i < d->fixes_count; i++) riv_json_add(a, &fixes, fix_json(a, d->source, &d->fixes[i]));
    return riv_json_object(a, "kind", riv_json_strc(a, aqua_diag_kind_name(d->kind)), "code",
                           d->code ? riv_json_strc(a, d->code) : NULL, "name",
                           d->name ? riv_json_strc(a, d->name) : NULL, "file", riv_json_str(a, d->file), "text",
                           riv_json_str(a, d->text), "hint", d->hint.len ? riv_json_str(a, d->hint) : NULL, "line",
                           number(a, d->has_place, from.line), "col", number(a, d->has_place, from.col), "end_line",
                           number(a, d->has_place, to.line), "end_col", number(a, d->has_place, to.col), "notes",
                           d->notes_count ? riv_json_arr(a, notes.ptr, notes.len) : NULL, "fixes",
                           d->fixes_count ? riv_json_arr(a, fixes.ptr, fixes.len) : NULL, NULL);
}
