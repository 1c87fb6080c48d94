/* diag.c: diagnostics as people read them: what, where, the source line, and marks below it.
 * Spec: docs/spec/aqua.md §9. Tests: diag_test.c. */
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

static void put_place(const aqua_diag *d, bool colour, riv_buf *out)
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
    riv_putf(out, "%*s |\n%u | " RIV_FMT "\n", width, "", at.line, RIV_ARG(riv_str_sub(d->source, from, to)));
    riv_putf(out, "%*s | ", width, "");
    put_blanks(riv_str_sub(d->source, from, RIV_MIN(pos, to)), out);
    riv_put_str(out, riv_str_c(colour_of(d->kind, colour)));
    put_marks(riv_str_sub(d->source, pos, RIV_MIN(pos + d->len, RIV_MAX(to, pos))), out);
    riv_put_str(out, colour ? RIV_LIT("\033[0m\n") : RIV_LIT("\n"));
    riv_buf_free(&number);
}

void aqua_diag_render(const aqua_diag *diag, bool colour, riv_buf *out)
{
    riv_putf(out, "%s%s%s: ", colour_of(diag->kind, colour), word_of(diag->kind), colour ? "\033[0m" : "");
    put_text(diag->text, out);
    if (diag->has_place)
        put_place(diag, colour, out);
    else if (diag->file.len)
        riv_putf(out, " --> " RIV_FMT "\n", RIV_ARG(diag->file));
    if (diag->hint.len) riv_putf(out, "  hint: " RIV_FMT "\n", RIV_ARG(diag->hint));
}
