/* project.c: files that change, and how little is looked at again: a changed text is parsed again; a parsed file or one whose imports show
 * something else is checked again; all others keep their results. Answers never depend on the order in which things were asked.
 * Spec: docs/spec/aqua.md §3. Tests: query_test.c, query_fuzz.c. */
#include "aqua/project.h"

#include <stdlib.h>

enum { FACE_IDS_MAX = 0x7fff0000, LOCAL_IDS = INT32_MAX }; /* types of a check have ids above those of faces */

static void prepare(aqua_project *p);
static void check(aqua_project *p, file *f);

/* ---- files ---- */

aqua_project *aqua_project_new(const aqua_project_config *config)
{
    aqua_project *p = riv_alloc(sizeof *p);
    p->config       = *config;
    p->by_path      = riv_map_new(NULL);
    p->revision     = 1;
    p->faces_made   = SEEN_FIRST;
    return p;
}

static void file_free(file *f)
{
    aqua__face_free(&f->face);
    riv_arena_free(f->arena);
    riv_arena_free(f->links_arena);
    riv_blob_free(&f->text);
    riv_free((void *)(uintptr_t)f->path.ptr);
    riv_free(f->seen);
    riv_free(f);
}

void aqua_project_free(aqua_project *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->files.len; i++) file_free(p->files.ptr[i]);
    riv_free(p->files.ptr);
    riv_map_free(p->by_path);
    riv_free(p);
}

static file *file_add(aqua_project *p, riv_str path)
{
    file *f    = riv_alloc(sizeof *f);
    char *text = riv_alloc(path.len + 1);
    if (path.len) memcpy(text, path.ptr, path.len);
    f->path        = (riv_str){ text, path.len };
    f->arena       = riv_arena_new(AQUA_FILE_ARENA_BYTES_MAX);
    f->links_arena = riv_arena_new(0);
    if (p->files.len == p->files.cap) {
        p->files.cap = p->files.cap ? 2 * p->files.cap : 16;
        p->files.ptr = riv_realloc(p->files.ptr, p->files.cap * sizeof *p->files.ptr);
    }
    p->files.ptr[p->files.len++] = f;
    riv_map_put_str(p->by_path, path, f);
    return f;
}

static void set_text(file *f, riv_str text)
{
    riv_blob_free(&f->text);
    f->text   = riv_blob_copy(riv_str_bytes(text));
    f->parsed = f->linked = f->checked = false;
}

static riv_str text_of(const file *f) { return riv_bytes_str(riv_blob_view(f->text)); }

riv_err aqua_project_open(aqua_project *p, riv_str path, riv_str text, riv_fault *fault)
{
    file *f = riv_map_get_str(p->by_path, path);
    if (text.len > AQUA_SOURCE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "source of %zu bytes is longer than %d", text.len,
                        AQUA_SOURCE_BYTES_MAX);
    if (!f && p->files.len >= AQUA_PROJECT_FILES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "a project has at most %d files", AQUA_PROJECT_FILES_MAX);
    p->revision++;
    if (!f || !f->open) p->epoch_links = p->revision; /* what could not be found may be it */
    if (!f) f = file_add(p, path);
    f->open = true;
    if (!riv_str_eq(text_of(f), text) || !f->parsed) set_text(f, text);
    return RIV_OK;
}

riv_err aqua_project_change(aqua_project *p, riv_str path, aqua_edit edit, riv_fault *fault)
{
    file *f = riv_map_get_str(p->by_path, path);
    if (!f || !f->open) return riv_fail(fault, RIV_E_NOT_FOUND, 0, RIV_FMT " is not open", RIV_ARG(path));
    riv_str old = text_of(f);
    if (edit.pos > old.len || edit.len > old.len - edit.pos)
        return riv_fail(fault, RIV_E_MALFORMED, edit.pos, "an edit of %zu bytes beyond the end", edit.len);
    riv_buf out = { 0 };
    riv_put_str(&out, riv_str_sub(old, 0, edit.pos));
    riv_put_str(&out, edit.text);
    riv_put_str(&out, riv_str_sub(old, edit.pos + edit.len, old.len));
    riv_err err = aqua_project_open(p, path, riv_buf_str(&out), fault);
    riv_buf_free(&out);
    return err;
}

void aqua_project_close(aqua_project *p, riv_str path)
{
    file *f = riv_map_get_str(p->by_path, path);
    if (!f || !f->open) return;
    f->open = false;
    aqua_project_touch(p);
}

void aqua_project_touch(aqua_project *p)
{
    p->revision++;
    p->epoch_links = p->revision;
}

aqua_project_stats aqua_project_stats_of(const aqua_project *p)
{
    aqua_project_stats out = p->stats;
    out.files              = p->files.len;
    for (size_t i = 0; i < p->files.len; i++) {
        const file *f = p->files.ptr[i];
        out.bytes += f->text.len + riv_arena_used(f->arena) + riv_arena_used(f->links_arena);
        if (f->face.arena) out.bytes += riv_arena_used(f->face.arena);
    }
    return out;
}

/* ---- trees and links ---- */

static void parse(aqua_project *p, file *f)
{
    size_t bad;
    f->c = NULL;
    riv_arena_reset(f->arena);
    f->in             = (aqua_input){ .path = f->path, .source = text_of(f), .options = p->config.options };
    f->c              = riv_new(f->arena, compiler, 1);
    f->c->arena       = f->arena;
    f->c->in          = &f->in;
    f->c->index       = true;
    f->c->types_count = LOCAL_IDS;
    aqua__begin(f->c);
    f->c->errors.len = 0; /* options are not this file's fault */
    f->m             = riv_new(f->arena, module, 1);
    f->m->src        = (source){ .path = f->path, .text = text_of(f) };
    if (!riv_utf8_valid(riv_str_bytes(text_of(f)), &bad)) {
        aqua__report(f->c, &f->m->src, D_NOT_UTF8, (span){ (uint32_t)bad, 1 }, "the file is not UTF-8 text");
        f->m->failed = true;
    } else {
        aqua__lex(f->c, &f->m->src);
        aqua__parse(f->c, f->m);
    }
    f->parsed  = true;
    f->checked = false;
    p->stats.parsed++;
}

static bool is_import(const head *h) { return h->kind == HEAD_USE || h->kind == HEAD_IMPORT; }

/* The file that the callback names. Its text is taken unless the caller has it open. */
static file *resolve(aqua_project *p, file *from, const head *h, riv_str *tried)
{
    riv_str    path = { 0 }, text = { 0 };
    riv_arena *arena = riv_arena_new(0);
    riv_err    err   = RIV_E_NOT_FOUND;
    file      *to    = NULL;
    *tried           = RIV_LIT("");
    if (p->config.import)
        err = p->config.import(p->config.import_ctx, from->path, h->path, arena, NULL, &path, &text, tried);
    *tried = riv_str_dup(from->links_arena, *tried);
    if (!err && text.len <= AQUA_SOURCE_BYTES_MAX) {
        to = riv_map_get_str(p->by_path, path);
        if (!to && p->files.len < AQUA_PROJECT_FILES_MAX) to = file_add(p, path);
        if (to && !to->open && (!to->text.ptr || !riv_str_eq(text_of(to), text))) set_text(to, text);
    }
    riv_arena_free(arena);
    return to;
}

static void link_all(aqua_project *p, file *f)
{
    link      *old       = f->links;
    size_t     old_count = f->links_count;
    bool       stale     = f->settled < p->epoch_links;
    riv_arena *kept      = f->links_arena;
    f->links_arena       = riv_arena_new(0);
    f->links_count       = f->m->heads_count;
    f->links             = riv_new(f->links_arena, link, f->links_count + 1);
    for (size_t i = 0; i < f->links_count; i++) {
        const head *h = &f->m->heads[i];
        link       *l = &f->links[i];
        if (!is_import(h)) continue;
        l->text = riv_str_dup(f->links_arena, h->path);
        for (size_t k = 0; k < old_count && !stale && !l->to; k++)
            if (old[k].to && riv_str_eq(old[k].text, h->path)) l->to = old[k].to;
        if (!l->to) l->to = resolve(p, f, h, &l->tried);
    }
    riv_arena_free(kept);
    f->linked = true;
}

/* ---- cycles: strongly connected files ---- */

typedef struct walk {
    aqua_project *p;
    RIV_VEC(file *) stack;
    riv_arena *arena;
    uint32_t   next;
} walk;

static void connect(walk *w, file *f)
{
    f->index = f->low              = ++w->next;
    f->on_stack                    = true;
    *riv_push(w->arena, &w->stack) = f;
    for (size_t i = 0; i < f->links_count; i++) {
        file *to = f->links[i].to;
        if (!to) continue;
        if (!to->index) {
            connect(w, to);
            f->low = RIV_MIN(f->low, to->low);
        } else if (to->on_stack) {
            f->low = RIV_MIN(f->low, to->index);
        }
    }
    if (f->low != f->index) return;
    file *member;
    do {
        member            = w->stack.ptr[--w->stack.len];
        member->on_stack  = false;
        member->component = f->index;
    } while (member != f);
}

static void find_cycles(aqua_project *p)
{
    walk w = { .p = p, .arena = riv_arena_new(0) };
    for (size_t i = 0; i < p->files.len; i++) p->files.ptr[i]->index = 0;
    for (size_t i = 0; i < p->files.len; i++)
        if (!p->files.ptr[i]->index) connect(&w, p->files.ptr[i]);
    riv_arena_free(w.arena);
}

/* ---- what nobody needs any more ---- */

static void reach(file *f, uint32_t depth)
{
    if (f->reached || depth > AQUA_PROJECT_FILES_MAX) return;
    f->reached = true;
    for (size_t i = 0; i < f->links_count; i++)
        if (f->links[i].to) reach(f->links[i].to, depth + 1);
}

static void forget_unreached(aqua_project *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->files.len; i++) p->files.ptr[i]->reached = false;
    for (size_t i = 0; i < p->files.len; i++)
        if (p->files.ptr[i]->open) reach(p->files.ptr[i], 0);
    for (size_t i = 0; i < p->files.len; i++) {
        file *f = p->files.ptr[i];
        if (f->reached) {
            p->files.ptr[kept++] = f;
            continue;
        }
        riv_map_remove(p->by_path, riv_str_bytes(f->path));
        file_free(f);
    }
    p->files.len = kept;
}

/* Files are appended while the imports of others are followed, and become part of the same pass. */
static void prepare(aqua_project *p)
{
    bool relinked = false;
    if (p->prepared == p->revision) return;
    for (size_t i = 0; i < p->files.len; i++) {
        file *f = p->files.ptr[i];
        if (f->settled < p->epoch_links) f->linked = false;
        if (f->linked && f->parsed) {
            f->settled = p->revision;
            continue;
        }
        if (!f->parsed) parse(p, f);
        link_all(p, f);
        f->settled = p->revision;
        relinked   = true;
    }
    for (size_t i = 0; i < p->files.len; i++) { /* a text that was found to be new by a later file's import */
        file *f = p->files.ptr[i];
        if (f->parsed && f->linked) continue;
        if (!f->parsed) parse(p, f);
        link_all(p, f);
        f->settled = p->revision;
        i          = SIZE_MAX; /* it may import what was passed */
    }
    if (relinked) {
        forget_unreached(p);
        find_cycles(p);
    }
    if (p->face_types > FACE_IDS_MAX) {
        p->face_types = 0;
        for (size_t i = 0; i < p->files.len; i++) {
            aqua__face_free(&p->files.ptr[i]->face);
            p->files.ptr[i]->checked = false;
        }
    }
    p->prepared = p->revision;
    for (size_t i = 0; i < p->files.len; i++) p->files.ptr[i]->visiting = false;
}

/* ---- checks ---- */

static uint64_t sight(const file *f, const link *l)
{
    if (!l->to) return SEEN_NONE;
    return l->to->component == f->component ? SEEN_CYCLE : l->to->face.version;
}

/* Imports first. Each file is come to once in a revision. */
static void settle(aqua_project *p, file *f, uint32_t depth)
{
    if (f->visiting) return;
    f->visiting = true;
    bool same   = f->checked;
    for (size_t i = 0; i < f->links_count; i++) {
        link *l = &f->links[i];
        if (l->to && l->to->component != f->component) settle(p, l->to, depth + 1);
        if (same && sight(f, l) != f->seen[i]) same = false;
    }
    if (!same) check(p, f);
}

static void tell_import(file *f, const head *h, const link *l)
{
    if (l->to)
        aqua__report(f->c, &f->m->src, D_IMPORT_CYCLE, h->path_at,
                     "Cycle loops detected in imports: `" RIV_FMT "` imports this file again, itself or through others",
                     RIV_ARG(h->path));
    else
        aqua__report(f->c, &f->m->src, D_IMPORT_MISSING, h->path_at,
                     "Import '" RIV_FMT "' could not be resolved, tried: " RIV_FMT, RIV_ARG(h->path),
                     RIV_ARG(l->tried));
}

static int by_place(const void *a, const void *b)
{
    const use *x = a, *y = b;
    if (x->at.pos != y->at.pos) return x->at.pos < y->at.pos ? -1 : 1;
    if (x->at.len != y->at.len) return x->at.len < y->at.len ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

static void sort_uses(module *m)
{
    size_t kept = 0;
    if (!m->uses || !m->uses->items.len) return;
    use *items = m->uses->items.ptr;
    qsort(items, m->uses->items.len, sizeof *items, by_place);
    for (size_t i = 0; i < m->uses->items.len; i++) {
        bool again = kept && by_place(&items[kept - 1], &items[i]) == 0;
        if (again)
            items[kept - 1].defines |= items[i].defines;
        else
            items[kept++] = items[i];
    }
    m->uses->items.len = kept;
}

/* Importers are checked again only if they would see something else. */
static void show(aqua_project *p, file *f)
{
    face made = { 0 };
    aqua__face_make(p, f->m, &made);
    if (f->face.arena && riv_str_eq(f->face.image, made.image)) {
        aqua__face_free(&made);
        return;
    }
    aqua__face_free(&f->face);
    f->face         = made;
    f->face.version = ++p->faces_made;
}

static void check(aqua_project *p, file *f)
{
    if (f->checked) parse(p, f); /* a check leaves its marks in the tree */
    f->m->imports = riv_new(f->arena, module *, f->links_count + 1);
    f->seen       = riv_realloc(f->seen, (f->links_count + 1) * sizeof *f->seen);
    for (size_t i = 0; i < f->links_count; i++) {
        const link *l = &f->links[i];
        f->seen[i]    = sight(f, l);
        if (f->seen[i] >= SEEN_FIRST)
            f->m->imports[i] = l->to->face.shown;
        else if (is_import(&f->m->heads[i]))
            tell_import(f, &f->m->heads[i], l);
    }
    aqua__check(f->c, f->m);
    f->over = riv_arena_over(f->arena);
    sort_uses(f->m);
    show(p, f);
    f->checked = true;
    p->stats.checked++;
}

file *aqua__project_file(aqua_project *p, riv_str path)
{
    prepare(p);
    file *f = riv_map_get_str(p->by_path, path);
    if (f) settle(p, f, 0);
    return f && !f->over ? f : NULL;
}

void aqua__project_all(aqua_project *p)
{
    prepare(p);
    for (size_t i = 0; i < p->files.len; i++) settle(p, p->files.ptr[i], 0);
}
