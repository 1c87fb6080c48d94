/* aqua_bench.c: compile time of modules with 100, 1,000 and 4,000 functions, all expanded into one exported function. */
#include "aqua/aqua.h"

#include <stdio.h>
#include <time.h>

static riv_str program(riv_arena *arena, size_t functions)
{
    riv_buf text = riv_buf_in(arena);
    riv_putf(&text, "aqua Bench declares *\nexport main\nservice Op(\"op\"):\n  g(x: i32) -> i32\n");
    for (size_t i = 0; i < functions; i++)
        riv_putf(&text,
                 "func f%zu(x: i32, peer: string) -> i32:\n  y <- Op.g(x)\n  on peer via HOST_PEER_ID:\n    z <- "
                 "Op.g(y)\n    if z == %zu:\n"
                 "      Op.g(1)\n  par q <- Op.g(2)\n  <- z + %zu\n",
                 i, i, i);
    riv_putf(&text, "func main(a: i32, p: string):\n");
    for (size_t i = 0; i < functions; i++) riv_putf(&text, "  f%zu(a, p)\n", i);
    return riv_buf_str(&text);
}

static double now_ms(void)
{
    struct timespec t;
    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(void)
{
    static const size_t sizes[] = { 100, 1000, 4000 };
    for (size_t i = 0; i < RIV_COUNT(sizes); i++) {
        riv_arena  *texts = riv_arena_new(0), *arena = riv_arena_new(AQUA_ARENA_BYTES_MAX);
        riv_fault   fault = { 0 };
        aqua_output out   = { 0 };
        aqua_input  in    = { .path    = RIV_LIT("bench.aqua"),
                              .source  = program(texts, sizes[i]),
                              .options = { .no_empty_response = true } };
        double      start = now_ms();
        riv_err     err   = aqua_compile(&in, arena, &fault, &out);
        double      took  = now_ms() - start;
        if (err || !out.accepted) {
            printf("refused: %s " RIV_FMT "\n", fault.msg,
                   RIV_ARG(out.errors.count ? out.errors.items[0].text : RIV_LIT("")));
            return 1;
        }
        printf("%6zu functions: %8.1f ms, %6.1f us each, %5.1f MiB of memory, %zu bytes of AIR\n", sizes[i], took,
               took * 1e3 / (double)sizes[i], (double)riv_arena_used(arena) / 1048576.0, out.funcs[0].air_text.len);
        riv_arena_free(arena);
        riv_arena_free(texts);
    }
    return 0;
}
