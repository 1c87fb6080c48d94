/* report.c: findings as they are made: code, place, reason; notes of other places; edits that likely mend them.
 * Spec: docs/spec/aqua.md §9. Tests: codes_test.c, check_test.c. */
#include "aqua/internal.h"

riv_str aqua__text(const source *src, span at) { return riv_str_sub(src->text, at.pos, (size_t)at.pos + at.len); }

void aqua__withhold(module *m, riv_str name)
{
    if (name.len == 0) return;
    riv_map_put_view(m->poisoned, name, m);
    riv_map_put_view(m->withheld, name, m);
}

span aqua__span_join(span a, span b)
{
    uint32_t from = RIV_MIN(a.pos, b.pos), to = RIV_MAX(a.pos + a.len, b.pos + b.len);
    return (span){ from, to - from };
}

static bool is_allowed(const compiler *c, const aqua_code *code)
{
    for (size_t i = 0; i < c->in->options.allow_count; i++)
        if (aqua_code_find(c->in->options.allow[i]) == code) return true;
    return false;
}

static bool in_library(riv_str path) { return riv_str_find(path, RIV_LIT("/node_modules/"), 0) != SIZE_MAX; }

/* The place where the next finding of this kind goes. Whoever compiles their own file cannot mend what a library warns of. */
static aqua_diag *next(compiler *c, const aqua_code *code, riv_str path)
{
    bool warns = code->kind == AQUA_WARN;
    if ((warns ? c->warnings.len : c->errors.len) >= AQUA_DIAGS_MAX) return &c->spare;
    if (warns && (is_allowed(c, code) || (in_library(path) && !in_library(c->in->path)))) return &c->spare;
    return warns ? riv_push(c->arena, &c->warnings) : riv_push(c->arena, &c->errors);
}

static aqua_diag *report(compiler *c, const source *src, const aqua_code *code, span at, const char *format,
                         va_list args)
{
    aqua_diag *d = next(c, code, src->path);
    if (d == &c->spare) return d;
    *d = (aqua_diag){ .kind      = code->kind,
                      .code      = code->code,
                      .name      = code->name,
                      .file      = src->path,
                      .text      = riv_vformat(c->arena, format, args),
                      .source    = src->text,
                      .pos       = at.pos,
                      .len       = at.len,
                      .has_place = true };
    return d;
}

aqua_diag *aqua__report(compiler *c, const source *src, diag_code code, span at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aqua_diag *d = report(c, src, &aqua__codes[code], at, format, args);
    va_end(args);
    return d;
}

void aqua__error(compiler *c, const source *src, aqua_diag_kind kind, span at, const char *format, ...)
{
    va_list args;
    (void)kind;
    va_start(args, format);
    report(c, src, &aqua__codes[D_EXPANSION], at, format, args);
    va_end(args);
}

aqua_diag *aqua__report_nowhere(compiler *c, riv_str file, diag_code code, riv_str text)
{
    aqua_diag *d = next(c, &aqua__codes[code], file);
    if (d == &c->spare) return d;
    *d = (aqua_diag){ .kind = aqua__codes[code].kind,
                      .code = aqua__codes[code].code,
                      .name = aqua__codes[code].name,
                      .file = file,
                      .text = text };
    return d;
}

static bool is_kept(const compiler *c, const aqua_diag *d) { return d && d != &c->spare; }

void aqua__hint(compiler *c, aqua_diag *d, const char *format, ...)
{
    va_list args;
    if (!is_kept(c, d)) return;
    va_start(args, format);
    d->hint = riv_vformat(c->arena, format, args);
    va_end(args);
}

void aqua__note(compiler *c, aqua_diag *d, const source *src, span at, const char *format, ...)
{
    va_list args;
    if (!is_kept(c, d)) return;
    aqua_note *notes = riv_arena_grow(c->arena, (void *)(uintptr_t)d->notes, d->notes_count * sizeof *notes,
                                      (d->notes_count + 1) * sizeof *notes, _Alignof(aqua_note));
    va_start(args, format);
    notes[d->notes_count++] = (aqua_note){ .file      = src ? src->path : RIV_LIT(""),
                                           .source    = src ? src->text : RIV_LIT(""),
                                           .text      = riv_vformat(c->arena, format, args),
                                           .pos       = at.pos,
                                           .len       = at.len,
                                           .has_place = src != NULL };
    va_end(args);
    d->notes = notes;
}

void aqua__fixes(compiler *c, aqua_diag *d, const char *title, const aqua_edit *edits, size_t count)
{
    if (!is_kept(c, d)) return;
    aqua_fix  *fixes = riv_arena_grow(c->arena, (void *)(uintptr_t)d->fixes, d->fixes_count * sizeof *fixes,
                                      (d->fixes_count + 1) * sizeof *fixes, _Alignof(aqua_fix));
    aqua_edit *copy  = riv_new(c->arena, aqua_edit, count);
    memcpy(copy, edits, count * sizeof *copy);
    fixes[d->fixes_count++] = (aqua_fix){ riv_str_dup(c->arena, riv_str_c(title)), copy, count };
    d->fixes                = fixes;
}

void aqua__fix(compiler *c, aqua_diag *d, const char *title, span at, riv_str text)
{
    aqua__fixes(c, d, title, &(aqua_edit){ at.pos, at.len, text }, 1);
}

riv_str aqua_fix_apply(riv_str text, const aqua_fix *fix, riv_arena *arena)
{
    riv_buf out  = riv_buf_in(arena);
    size_t  done = 0;
    for (size_t i = 0; i < fix->edits_count; i++) {
        const aqua_edit *e = &fix->edits[i];
        riv_put_str(&out, riv_str_sub(text, done, e->pos));
        riv_put_str(&out, e->text);
        done = RIV_MIN(e->pos + e->len, text.len);
    }
    riv_put_str(&out, riv_str_sub(text, done, text.len));
    return riv_buf_str(&out);
}

static void deny(compiler *c)
{
    for (size_t i = 0; i < c->warnings.len && c->errors.len < AQUA_DIAGS_MAX; i++) {
        aqua_diag *d = riv_push(c->arena, &c->errors);
        *d           = c->warnings.ptr[i];
        d->kind      = AQUA_SEMANTIC_ERROR;
        aqua__note(c, d, NULL, (span){ 0 }, "a warning, refused by --deny-warnings");
    }
    c->warnings.len = 0;
}

void aqua__settle_warnings(compiler *c)
{
    const aqua_options *o = &c->in->options;
    for (size_t i = 0; i < o->allow_count; i++) {
        const aqua_code *code = aqua_code_find(o->allow[i]);
        if (code && code->kind == AQUA_WARN) continue;
        aqua__report_nowhere(c, RIV_LIT(""), D_BAD_OPTION,
                             riv_format(c->arena,
                                        code ? "`" RIV_FMT "` is no warning, so it cannot be switched off"
                                             : "there is no warning of the name `" RIV_FMT "`",
                                        RIV_ARG(o->allow[i])));
    }
    if (o->deny_warnings) deny(c);
}
