/* Shared by the test and the fuzz target of the project: files that import each other, random edits, and whether the answers are those of a
 * project that is opened anew. */
#ifndef RIV_AQUA_QUERY_TEST_SUPPORT_H
#define RIV_AQUA_QUERY_TEST_SUPPORT_H

#include "aqua/query.h"
#include "aqua/test_support.h"

enum { RANDOM_FILES = 5 };
typedef struct random_world {
    aqua_project *p;
    riv_buf       texts[RANDOM_FILES]; /* what is open */
    bool          open[RANDOM_FILES];
} random_world;

static const char *const random_paths[RANDOM_FILES] = { "a.aqua", "b.aqua", "c.aqua", "d.aqua", "e.aqua" };
static const char *const random_texts[RANDOM_FILES] = {
    "aqua A declares *\n-- a pair\ndata Pair:\n  x: u8\n  y: string\nconst N = 3\nservice Op(\"op\"):\n  get(p: Pair) -> u8\n  put(n: u8)\n",
    "aqua B declares one, two, Pair\nimport \"a.aqua\"\n-- one\nfunc one(n: u8) -> Pair:\n  <- Pair(x = n, y = \"one\")\n"
    "func two(p: Pair) -> u8:\n  r <- Op.get(p)\n  s: *u8\n  for i <- [1, 2] par:\n    s <<- i\n  join s[1]\n  <- r + s.length\n",
    "aqua C declares *\nuse \"b.aqua\" as B\nimport N from \"a.aqua\"\nability Two:\n  f(n: u8) -> u8\nfunc three{Two}(x: u8) -> u8:\n"
    "  a <- B.one(x)\n  b <- B.two(a)\n  if b == N:\n    c = 1\n  else:\n    try:\n      d <- Two.f(x)\n    catch e:\n      f = e.message\n  <- b\n",
    "aqua D\nimport three as drei from \"c.aqua\"\nimport \"b.aqua\"\nexport main\nfunc main(p: Pair) -> u8:\n  g = (n: u8) -> u8:\n    <- n + p.x\n"
    "  <- g(1)\n",
    "aqua E declares *\nimport \"d.aqua\"\nimport \"none.aqua\"\nfunc last() -> string:\n  <- HOST_PEER_ID\n",
};

static inline riv_err random_import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                                    riv_str *source, riv_str *tried)
{
    (void)ctx;
    (void)importer;
    (void)arena;
    (void)fault;
    *tried = text;
    for (size_t i = 0; i < RANDOM_FILES; i++) {
        if (!riv_str_eq(text, riv_str_c(random_paths[i]))) continue;
        *path   = text;
        *source = riv_str_c(random_texts[i]); /* as it is while nobody has it open */
        return RIV_OK;
    }
    return RIV_E_NOT_FOUND;
}

static inline aqua_project *random_project(void)
{
    return aqua_project_new(&(aqua_project_config){ .import = random_import });
}

static inline void random_put(random_world *w, aqua_project *p, size_t i)
{
    RIV_ASSERT(aqua_project_open(p, riv_str_c(random_paths[i]), riv_buf_str(&w->texts[i]), NULL) == RIV_OK);
}

static inline void random_open(random_world *w, riv_prng *prng)
{
    w->p = random_project();
    for (size_t i = 0; i < RANDOM_FILES; i++) {
        w->open[i] = i == RANDOM_FILES - 1 || riv_prng_below(prng, 2);
        riv_put_str(&w->texts[i], riv_str_c(random_texts[i]));
        if (w->open[i]) random_put(w, w->p, i);
    }
}

static inline void random_close(random_world *w)
{
    for (size_t i = 0; i < RANDOM_FILES; i++) riv_buf_free(&w->texts[i]);
    aqua_project_free(w->p);
}

/* A piece of some file, or one of a few that matter. */
static inline riv_str random_piece(riv_prng *prng)
{
    static const char *const pieces[] = { "\n", "  ", ":", "(", ")", " = ", "<- ", "\"", "--", "x", "u8", "Pair", "N", "import \"c.aqua\"\n",
                                          "par ", "on N:\n", "func ", "*", "declares *", "[", "]", ".", ",", "for z <- s:\n    " };
    if (riv_prng_below(prng, 2)) return riv_str_c(pieces[riv_prng_below(prng, RIV_COUNT(pieces))]);
    riv_str text = riv_str_c(random_texts[riv_prng_below(prng, RANDOM_FILES)]);
    size_t  from = riv_prng_below(prng, text.len);
    return riv_str_sub(text, from, from + riv_prng_below(prng, 40));
}

static inline void random_change(random_world *w, size_t i, aqua_edit e)
{
    riv_buf next = { 0 };
    riv_str old  = riv_buf_str(&w->texts[i]);
    riv_put_str(&next, riv_str_sub(old, 0, e.pos));
    riv_put_str(&next, e.text);
    riv_put_str(&next, riv_str_sub(old, e.pos + e.len, old.len));
    RIV_ASSERT(aqua_project_change(w->p, riv_str_c(random_paths[i]), e, NULL) == RIV_OK);
    riv_buf_free(&w->texts[i]);
    w->texts[i] = next;
}

static inline void random_edit(random_world *w, riv_prng *prng)
{
    size_t i = riv_prng_below(prng, RANDOM_FILES);
    if (riv_prng_below(prng, 12) == 0 || !w->open[i]) { /* opened, closed, or put back in order */
        bool close = w->open[i] && i != RANDOM_FILES - 1;
        riv_buf_clear(&w->texts[i]);
        riv_put_str(&w->texts[i], riv_str_c(random_texts[i]));
        w->open[i] = !close;
        if (close)
            aqua_project_close(w->p, riv_str_c(random_paths[i]));
        else
            random_put(w, w->p, i);
        return;
    }
    size_t  len = w->texts[i].len, pos = riv_prng_below(prng, len + 1), cut = riv_prng_below(prng, 3) ? 0 : riv_prng_below(prng, 20);
    riv_str with = riv_prng_below(prng, 4) ? random_piece(prng) : RIV_LIT("");
    random_change(w, i, (aqua_edit){ pos, RIV_MIN(cut, len - pos), with });
}

/* ---- answers as text ---- */

static inline void put_places(riv_buf *out, aqua_places all)
{
    for (size_t i = 0; i < all.count; i++)
        riv_putf(out, " " RIV_FMT ":%zu+%zu%s", RIV_ARG(all.items[i].file), all.items[i].pos, all.items[i].len, all.items[i].defines ? "!" : "");
}

static inline void put_answers(aqua_project *p, riv_str path, size_t offset, riv_buf *out)
{
    riv_arena   *arena = riv_arena_new(0);
    aqua_diags   diags = aqua_project_diags(p, path, arena);
    aqua_outline o     = aqua_project_outline(p, path, arena);
    aqua_choices c     = aqua_project_choices(p, path, offset, arena);
    aqua_thing   t;
    for (size_t i = 0; i < diags.count; i++) {
        aqua_diag_render(&diags.items[i], false, out);
        riv_json_write(aqua_diag_json(&diags.items[i], arena), out);
        riv_put_u8(out, '\n');
    }
    for (size_t i = 0; i < o.count; i++)
        riv_putf(out, "%d " RIV_FMT " %zu+%zu %zu+%zu %zu\n", (int)o.items[i].kind, RIV_ARG(o.items[i].text), o.items[i].pos, o.items[i].len,
                 o.items[i].whole_pos, o.items[i].whole_len, o.items[i].parent);
    for (size_t i = 0; i < c.count; i++)
        riv_putf(out, "%d " RIV_FMT " %d\n", (int)c.items[i].kind, RIV_ARG(c.items[i].text), c.items[i].fits);
    if (aqua_project_thing(p, path, offset, arena, &t)) {
        riv_putf(out, "%d " RIV_FMT " | " RIV_FMT " | " RIV_FMT " %zu+%zu", (int)t.kind, RIV_ARG(t.text), RIV_ARG(t.type), RIV_ARG(t.doc), t.pos,
                 t.len);
        put_places(out, (aqua_places){ &t.origin, t.has_origin });
        put_places(out, aqua_project_uses(p, path, offset, arena));
    }
    riv_arena_free(arena);
}

/* The project's answers about all open files, at a few places, against those of a new one that opens them in another order. */
static inline bool random_same(random_world *w, riv_prng *prng)
{
    bool          same  = true;
    aqua_project *fresh = random_project();
    for (size_t i = RANDOM_FILES; i-- > 0;)
        if (w->open[i]) random_put(w, fresh, i);
    for (size_t i = 0; i < RANDOM_FILES && same; i++) {
        riv_buf mine = { 0 }, theirs = { 0 };
        for (size_t k = 0; k < 3 && w->open[i]; k++) {
            size_t offset = riv_prng_below(prng, w->texts[i].len + 1);
            put_answers(w->p, riv_str_c(random_paths[i]), offset, &mine);
            put_answers(fresh, riv_str_c(random_paths[i]), offset, &theirs);
        }
        same = riv_str_eq(riv_buf_str(&mine), riv_buf_str(&theirs));
        riv_buf_free(&mine);
        riv_buf_free(&theirs);
    }
    aqua_project_free(fresh);
    return same;
}

#endif
