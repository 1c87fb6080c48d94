/* parse_test.c: every node knows the whole of its text: it lies inside its parent's, and read by itself it is the same node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/parse.h"

#include <dirent.h>
#include <stdio.h>

typedef struct walk {
    const source *src;
    riv_arena    *arena;
    size_t        exprs, stmts, decls;
} walk;

static void walk_expr(walk *w, const expr *e, span inside);

static uint32_t end_of(span s) { return s.pos + s.len; }

static void lies_in(const walk *w, span s, span inside, const char *what)
{
    if (s.pos >= inside.pos && end_of(s) <= end_of(inside)) return;
    fail_msg(RIV_FMT ": a %s at %u+%u is not inside of %u+%u", RIV_ARG(w->src->path), what, s.pos, s.len, inside.pos,
             inside.len);
}

/* The same text as the value of a constant. */
static void reads_alike(walk *w, const expr *e)
{
    compiler   c    = { .arena = w->arena };
    aqua_input in   = { 0 };
    module     m    = { .poisoned = riv_map_new(w->arena), .withheld = riv_map_new(w->arena) };
    riv_str    text = aqua__text(w->src, e->whole);
    if (e->whole.len == 0) fail_msg(RIV_FMT ": a value without a text at %u", RIV_ARG(w->src->path), e->at.pos);
    c.in  = &in;
    m.src = (source){ .path = RIV_LIT("again"), .text = text };
    aqua__lex(&c, &m.src);
    parser p     = { .c = &c, .m = &m, .src = &m.src };
    expr  *again = aqua__parse_value(&p);
    if (p.failed || !aqua__at(&p, T_END) || again->kind != e->kind || again->args_count != e->args_count ||
        !riv_str_eq(again->text, e->text))
        fail_msg(RIV_FMT ": `" RIV_FMT "` is not read as it was", RIV_ARG(w->src->path), RIV_ARG(text));
}

static void walk_expr(walk *w, const expr *e, span inside)
{
    if (!e) return;
    w->exprs++;
    lies_in(w, e->whole, inside, "value");
    lies_in(w, e->at, e->whole, "value's mark");
    reads_alike(w, e);
    walk_expr(w, e->base, e->whole);
    if (!e->bang) walk_expr(w, e->right, e->whole);
    for (size_t i = 0; i < e->args_count; i++) walk_expr(w, e->args[i], e->whole);
}

static void walk_body(walk *w, const stmts *body, span inside)
{
    uint32_t done = inside.pos;
    for (size_t i = 0; i < body->len; i++) {
        const stmt *s = body->ptr[i];
        w->stmts++;
        lies_in(w, s->whole, inside, "statement");
        lies_in(w, s->at, s->whole, "statement's first word");
        assert_true(s->whole.pos >= done);
        done = end_of(s->whole);
        for (size_t k = 0; k < s->names_count; k++) lies_in(w, s->name_spans[k], s->whole, "name");
        for (size_t k = 0; k < s->exprs_count; k++) walk_expr(w, s->exprs[k], s->whole);
        walk_body(w, &s->body, s->whole);
    }
}

static void walk_text(walk *totals, const char *path, riv_str text)
{
    riv_arena *arena = riv_arena_new(0);
    compiler   c     = { .arena = arena };
    aqua_input in    = { 0 };
    module     m     = { .src = { .path = riv_str_c(path), .text = text } };
    walk       w     = { .src = &m.src, .arena = arena };
    c.in             = &in;
    aqua__lex(&c, &m.src);
    aqua__parse(&c, &m);
    uint32_t done = 0;
    for (size_t i = 0; i < m.decls_count && c.errors.len == 0; i++) {
        const decl *d = &m.decls[i];
        w.decls++;
        assert_true(d->whole.pos >= done);
        done = end_of(d->whole);
        lies_in(&w, d->at, d->whole, "name");
        for (size_t k = 0; k < d->sigs_count; k++) lies_in(&w, d->sigs[k].at, d->whole, "field");
        walk_expr(&w, d->value, d->whole);
        walk_body(&w, &d->body, d->whole);
        if (d->doc.len) assert_true(end_of(d->doc) <= d->whole.pos);
    }
    totals->decls += w.decls;
    totals->stmts += w.stmts;
    totals->exprs += w.exprs;
    riv_arena_free(arena);
}

static void all_programs_keep_their_spans(void **state)
{
    (void)state;
    static const char *const dir    = RIV_SOURCE_DIR "/tests/conform/aqua/programs";
    walk                     totals = { 0 };
    size_t                   files  = 0;
    DIR                     *d      = opendir(dir);
    struct dirent           *entry;
    assert_non_null(d);
    while ((entry = readdir(d))) {
        char path[512], text[1 << 14];
        if (!riv_str_ends(riv_str_c(entry->d_name), RIV_LIT(".aqua"))) continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t len = fread(text, 1, sizeof text, f);
        (void)fclose(f);
        walk_text(&totals, entry->d_name, (riv_str){ text, len });
        files++;
    }
    (void)closedir(d);
    assert_true(files > 100 && totals.decls > 200 && totals.stmts > 400 && totals.exprs > 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_programs_keep_their_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
