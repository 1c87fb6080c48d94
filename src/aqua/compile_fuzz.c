/* compile_fuzz.c: whole programs, changed. The compiler ends in bounded memory with scripts that AIR takes, or with diagnostics that point
 * into the source and can be shown. Input: the program's text, then if there is more a NUL, a byte of options, and edits of 4 bytes: what,
 * which token (2), how far. The corpus is tests/conform/aqua/programs. A program may import itself as "x" (a cycle) and a library. */
#include "aqua/client.h"

enum {
    FUZZ_SOURCE_BYTES_MAX = 1 << 16,
    FUZZ_ARENA_BYTES_MAX  = 64 << 20,
    FUZZ_EDITS_MAX        = 32,
    FUZZ_MUTANTS          = 3,
    FUZZ_TOKEN_BYTES_MAX  = 1024
};

typedef RIV_VEC(riv_str) tokens;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char library[] =
    "aqua Tools declares *\nconst LIMIT = 10\ndata Thing:\n  n: i32\nservice Helper(\"op\"):\n  g(x: i32) -> i32\n"
    "func twice(x: i32) -> i32:\n  y <- Helper.g(x)\n  <- y\n";

/* What edits put in: words and signs of the language, and what meets its limits. */
/* clang-format off */
static const char *const words[] = {
    "if", "else:", "for ", "on ", "try:", "catch e:", "otherwise:", "par ", "co ", "parseq ", "join ", "via ",
    "func ", "service ", "data ", "x", "Op", "nil", "<-", "<<-", "->", "=", "(", ")", "[", "]", "{", "}", ":", ",",
    ".", "!", "?[", "*[", "%", "**", "&&", "||", "==", "!=", "i32", "*i32", "%i32", "?string", "[]u8", "true", "-1",
    "300", "1.5", "\"s\"", "\"", "\n", "\n  ", "\n\t", "--", "()", " = ", ".copy(", ".length", "rec:",
    "((((((((((((((((", "[[[[[[[[[[[[[[[[", "?[?[?[?[?[?[?[?[", "99999999999999999999", "%init_peer_id%",
    "HOST_PEER_ID", "⊤", "é", "export ", "import ",
};
/* clang-format on */

static riv_err import(void *ctx, riv_str importer, riv_str text, riv_arena *arena, riv_fault *fault, riv_str *path,
                      riv_str *source, riv_str *tried)
{
    const aqua_input *in = ctx;
    (void)importer;
    (void)arena;
    (void)fault;
    *tried = *path = text;
    if (riv_str_eq(text, RIV_LIT("x"))) {
        *path   = in->path;
        *source = in->source;
        return RIV_OK;
    }
    if (!riv_str_starts(text, RIV_LIT("lib"))) return RIV_E_NOT_FOUND;
    *path   = RIV_LIT("lib");
    *source = riv_str_c(library);
    return RIV_OK;
}

static void check_diags(aqua_diags diags)
{
    for (size_t i = 0; i < diags.count; i++) {
        const aqua_diag *d     = &diags.items[i];
        riv_buf          shown = { 0 };
        RIV_ASSERT(d->text.len > 0);
        if (d->has_place) RIV_ASSERT(d->pos <= d->source.len && d->len <= d->source.len - d->pos);
        aqua_diag_render(d, false, &shown);
        RIV_ASSERT(shown.len > d->text.len);
        riv_buf_free(&shown);
    }
}

/* What a client loads can be written of all that is accepted: UTF-8, without what would end a template literal. */
static void check_clients(const aqua_output *out, riv_arena *arena)
{
    for (int form = AQUA_CLIENT_JS; form <= AQUA_CLIENT_TS; form++) {
        riv_buf text = riv_buf_in(arena);
        aqua_client_write(out, RIV_LIT("main.aqua"), (aqua_client_form)form, arena, &text);
        RIV_ASSERT(riv_utf8_valid(riv_buf_view(&text), NULL));
        size_t ticks = 0;
        for (size_t i = 0; i < text.len; i++) ticks += text.ptr[i] == '`' && (i == 0 || text.ptr[i - 1] != '\\');
        RIV_ASSERT(ticks % 2 == 0);
    }
}

static void compile(riv_str text, uint8_t options)
{
    riv_arena  *arena = riv_arena_new(FUZZ_ARENA_BYTES_MAX);
    riv_fault   fault = { 0 };
    aqua_output out   = { 0 };
    aqua_input  in    = { .path = RIV_LIT("main.aqua"), .source = text, .import = import };
    in.import_ctx     = &in;
    in.options        = (aqua_options){
               .no_relay = options & 1, .no_xor = options & 2, .tracing = options & 4, .no_empty_response = options & 8
    };
    riv_err err = aqua_compile(&in, arena, &fault, &out);
    RIV_ASSERT(err == RIV_OK || err == RIV_E_LIMIT);
    RIV_ASSERT(riv_arena_held(arena) < (size_t)FUZZ_ARENA_BYTES_MAX * 3 / 2);
    if (!err) {
        RIV_ASSERT(out.accepted == (out.errors.count == 0));
        check_diags(out.errors);
        check_diags(out.warnings);
        for (size_t i = 0; i < out.funcs_count; i++) RIV_ASSERT(out.funcs[i].air && out.funcs[i].func_def);
        check_clients(&out, arena);
    }
    riv_arena_free(arena);
}

/* ---- edits ---- */

static int kind_of(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
    return letter ? 1 : c == ' ' || c == '\t' ? 2 : 0;
}

/* Words, runs of blanks, strings, and all else sign by sign. */
static tokens split(riv_arena *arena, riv_str text)
{
    tokens out = { 0 };
    for (size_t i = 0, from = 0; i < text.len; from = i) {
        int kind = kind_of(text.ptr[i++]);
        while (kind && i < text.len && kind_of(text.ptr[i]) == kind) i++;
        if (text.ptr[from] == '"') {
            while (i < text.len && text.ptr[i] != '"' && text.ptr[i] != '\n') i++;
            if (i < text.len) i++;
        }
        *riv_push(arena, &out) = riv_str_sub(text, from, i);
    }
    return out;
}

static riv_str join(riv_arena *arena, const tokens *t)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < t->len; i++) riv_put_str(&out, t->ptr[i]);
    return riv_buf_str(&out);
}

static size_t line_end(const tokens *t, size_t at)
{
    while (at < t->len && !riv_str_eq(t->ptr[at], RIV_LIT("\n"))) at++;
    return RIV_MIN(at + 1, t->len);
}

/* [from, to) once more at its end, or not at all. */
static void repeat(riv_arena *arena, tokens *t, size_t from, size_t to, bool twice)
{
    tokens out = { 0 };
    for (size_t i = 0; i < t->len; i++) {
        if (twice || i < from || i >= to) *riv_push(arena, &out) = t->ptr[i];
        for (size_t k = from; twice && i + 1 == to && k < to; k++) *riv_push(arena, &out) = t->ptr[k];
    }
    *t = out;
}

static void edit(riv_arena *arena, tokens *t, const uint8_t *code)
{
    if (t->len == 0) return;
    size_t  at = (code[1] | (size_t)code[2] << 8) % t->len, other = (at + code[3]) % t->len;
    riv_str kept = t->ptr[at];
    if (kept.len > FUZZ_TOKEN_BYTES_MAX) return; /* it doubles with each edit */
    switch (code[0] % 8) {
    case 0: t->ptr[at] = RIV_LIT(""); break;
    case 1: t->ptr[at] = riv_format(arena, RIV_FMT " " RIV_FMT, RIV_ARG(kept), RIV_ARG(kept)); break;
    case 2:
        t->ptr[at]    = t->ptr[other];
        t->ptr[other] = kept;
        break;
    case 3: t->ptr[at] = t->ptr[other]; break;
    case 4: t->ptr[at] = riv_str_c(words[code[3] % RIV_COUNT(words)]); break;
    case 5: t->ptr[at] = riv_format(arena, "%s" RIV_FMT, words[code[3] % RIV_COUNT(words)], RIV_ARG(kept)); break;
    case 6: repeat(arena, t, at, line_end(t, RIV_MIN(at + code[3], t->len)), false); break;
    default: repeat(arena, t, at, line_end(t, RIV_MIN(at + code[3], t->len)), true); break;
    }
}

static void compile_edited(riv_str text, uint8_t options, const uint8_t *edits, size_t count)
{
    riv_arena *arena = riv_arena_new(0);
    tokens     t     = split(arena, text);
    for (size_t i = 0; i < RIV_MIN(count, (size_t)FUZZ_EDITS_MAX) && t.len < FUZZ_SOURCE_BYTES_MAX; i++)
        edit(arena, &t, edits + 4 * i);
    riv_str edited = join(arena, &t);
    if (edited.len <= 4 * FUZZ_SOURCE_BYTES_MAX) compile(edited, options);
    riv_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FUZZ_SOURCE_BYTES_MAX) return 0;
    riv_str text = { (const char *)data, size };
    size_t  end  = riv_str_find_char(text, '\0', 0);
    if (end != SIZE_MAX && size > end + 1) {
        compile_edited(riv_str_sub(text, 0, end), data[end + 1], data + end + 2, (size - end - 2) / 4);
        return 0;
    }
    riv_prng prng = riv_prng_seed(size);
    compile(text, 8);
    for (int i = 0; i < FUZZ_MUTANTS; i++) { /* so that a replay of the corpus sees faulty programs, too */
        uint8_t edits[12];
        riv_prng_fill(&prng, edits, sizeof edits);
        compile_edited(text, (uint8_t)riv_prng_below(&prng, 16), edits, 1 + (size_t)riv_prng_below(&prng, 3));
    }
    return 0;
}
