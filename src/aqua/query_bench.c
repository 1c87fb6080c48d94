/* query_bench.c: a project of 50 files with 200 lines each: opened, one file changed (a body, a signature), and questions. */
#include "aqua/query.h"

#include <stdio.h>
#include <time.h>

enum { LINES = 200, FUNCTIONS = 24, ROUNDS = 50 };

typedef struct world {
    riv_arena *arena;
    riv_str   *texts;
    size_t     count;
} world;

static double now_ms(void)
{
    struct timespec t;
    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Imports the file before it and the first; 200 lines. */
static riv_str text_of(riv_arena *arena, size_t n, const char *literal, const char *type)
{
    riv_buf out = riv_buf_in(arena);
    riv_putf(&out, "aqua M%zu declares *\n", n);
    if (n > 0) riv_putf(&out, "import \"f%zu.aqua\"\nimport s0 from \"f0.aqua\"\n", n - 1);
    riv_putf(&out, "service Op%zu(\"op\"):\n  g(x: i32) -> i32\ndata D%zu:\n  a: i32\n", n, n);
    for (size_t i = 0; i < FUNCTIONS; i++)
        riv_putf(&out,
                 "func %s%zu_%zu(x: %s, peer: string) -> i32:\n  y <- Op%zu.g(1)\n  on peer via HOST_PEER_ID:\n    z "
                 "<- Op%zu.g(y)\n"
                 "    if z == %zu:\n      t <- Op%zu.g(%s)\n  <- z + 1\n\n",
                 "f", n, i, type, n, n, i, n, literal);
    if (n == 0) riv_putf(&out, "func s0(x: i32) -> i32:\n  <- x\n");
    return riv_buf_str(&out);
}

static riv_err import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                      riv_str *source, riv_str *tried)
{
    const world *w = ctx;
    uint64_t     n;
    (void)importer;
    (void)arena;
    (void)fault;
    *path = *tried = text;
    if (!riv_str_u64(riv_str_sub(text, 1, text.len - 5), &n) || n >= w->count) return RIV_E_NOT_FOUND;
    *source = w->texts[n];
    return RIV_OK;
}

static void check_all(aqua_project *p, const world *w, size_t from)
{
    for (size_t i = from; i < w->count; i++) {
        riv_arena *arena = riv_arena_new(0);
        aqua_diags d     = aqua_project_diags(p, riv_format(arena, "f%zu.aqua", i), arena);
        for (size_t k = 0; k < d.count; k++)
            if (d.items[k].kind != AQUA_WARN) printf("refused: " RIV_FMT "\n", RIV_ARG(d.items[k].text));
        riv_arena_free(arena);
    }
}

static double change(aqua_project *p, world *w, size_t n, const char *literal, const char *type, size_t look_from)
{
    riv_arena *arena = riv_arena_new(0);
    riv_str    text  = text_of(arena, n, literal, type);
    double     start = now_ms();
    if (aqua_project_open(p, riv_format(arena, "f%zu.aqua", n), text, NULL)) return -1;
    check_all(p, w, look_from);
    double took = now_ms() - start;
    riv_arena_free(arena);
    return took;
}

static void run(size_t files)
{
    world               w      = { riv_arena_new(0), NULL, files };
    aqua_project_config config = { .import = import, .import_ctx = &w };
    aqua_project       *p      = aqua_project_new(&config);
    double              body = 0, all = 0, signature = 0, ask = 0;
    size_t              lines = 0;
    w.texts                   = riv_new(w.arena, riv_str, files);
    for (size_t i = 0; i < files; i++) {
        w.texts[i] = text_of(w.arena, i, "1", "i32");
        for (size_t k = 0; k < w.texts[i].len; k++) lines += w.texts[i].ptr[k] == '\n';
    }
    double start = now_ms();
    for (size_t i = 0; i < files; i++)
        if (aqua_project_open(p, riv_format(w.arena, "f%zu.aqua", i), w.texts[i], NULL)) return;
    check_all(p, &w, 0);
    double opened = now_ms() - start;
    for (size_t i = 0; i < ROUNDS; i++) {
        const char *literal = i & 1 ? "2" : "3", *type = i & 1 ? "u8" : "i32";
        body +=
            change(p, &w, files / 2, literal, "i32", files / 2); /* and all files that import it are asked for theirs */
        all += change(p, &w, 0, literal, "i32", 0);
        signature += change(p, &w, files / 2, "1", type, files / 2);
        riv_arena *arena = riv_arena_new(0);
        start            = now_ms();
        (void)aqua_project_uses(p, RIV_LIT("f0.aqua"), riv_str_find(w.texts[0], RIV_LIT("s0(x"), 0), arena);
        (void)aqua_project_choices(p, RIV_LIT("f1.aqua"), riv_str_find(w.texts[1], RIV_LIT("y <- "), 0), arena);
        ask += now_ms() - start;
        riv_arena_free(arena);
    }
    aqua_project_stats s = aqua_project_stats_of(p);
    printf("%4zu files, %6zu lines: opened %7.1f ms; a body changed %6.2f ms, of the file all import %6.2f ms; a "
           "signature %6.2f ms; "
           "uses and choices %5.2f ms; %5.1f MiB\n",
           files, lines, opened, body / ROUNDS, all / ROUNDS, signature / ROUNDS, ask / ROUNDS,
           (double)s.bytes / 1048576.0);
    aqua_project_free(p);
    riv_arena_free(w.arena);
}

int main(void)
{
    run(5);
    run(50);
    run(500);
    return 0;
}
