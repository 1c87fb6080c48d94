/* build_c.c: C and C++ to WebAssembly: clang with the SDK's header. Kept in a cache whose key covers the sources, the headers beside them,
 * flags and tools; an entry lists the other files that were read, with their hashes.
 * Spec: docs/spec/wasm-toolchains.md (C, C++). Tests: tests/e2e. */
#define _GNU_SOURCE
#include "cli/build.h"

#include <sys/stat.h>

enum { SOURCES_MAX = 256, READ_MAX = 4096, FLAGS_MAX = 256 };

/* The two limits: a slip inside a macro of the SDK would bury its cause under a hundred lines. */
static const char *const base_flags[] = {
    "--target=wasm32-wasi", "-O2", "-Wall", "-Wextra", "-fmacro-backtrace-limit=1", "-ferror-limit=5"
};
/* A reactor: as a command, static objects would be destroyed after the first call. SPEC marine.md 11 */
static const char *const link_flags[] = { "-mexec-model=reactor", "-Wl,--strip-all", "-Wl,--stack-first" };
static const char *const cpp_flags[]  = { "-std=c++20", "-fno-exceptions" };

typedef struct unit { /* a source, and what it is compiled to */
    riv_str source, object, deps;
    bool    cpp;
} unit;

typedef struct build {
    cli           *c;
    riv_arena     *arena;
    riv_str        source, dir, temp; /* as given; of its files; where things are made */
    unit          *units;
    size_t         units_count;
    const riv_str *headers; /* beside the sources */
    size_t         headers_count;
    const char    *own[FLAGS_MAX]; /* of compile_flags.txt */
    size_t         own_count;
    riv_str        clang, clangpp, version;
    bool           cpp; /* some of it is C++ */
    int           *code;
} build;

static bool list_sources(build *b);
static bool read_flags(build *b);
static bool find_clang(build *b);
static bool cache_key(build *b, crypto_hash *out);
static bool cache_take(build *b, const crypto_hash *key, riv_bytes *wasm);
static void cache_keep(build *b, const crypto_hash *key, riv_bytes wasm);
static bool compile(build *b, riv_bytes *wasm);

bool cli_build_c(cli *c, riv_str source, bool fresh, riv_arena *arena, riv_bytes *wasm, int *code)
{
    build       b     = { .c = c, .arena = arena, .source = source, .code = code };
    riv_fault   fault = { 0 };
    crypto_hash key;
    *code = CLI_USAGE;
    if (!list_sources(&b) || !read_flags(&b) || !find_clang(&b) || !cache_key(&b, &key)) return false;
    if (!fresh && cache_take(&b, &key, wasm)) return true;
    cli_catch_signals(); /* clang gets Ctrl-C too; what it leaves is ours to remove */
    if (host_temp_dir(RIV_LIT("rivulet-build"), arena, &fault, &b.temp)) return *code = cli_fault(c, &fault), false;
    cli_note(c, "building " RIV_FMT, RIV_ARG(source));
    bool ok = compile(&b, wasm);
    if (ok) cache_keep(&b, &key, *wasm);
    host_dir_remove(b.temp);
    cli_release_signals();
    if (cli_interrupted()) return *code = CLI_INTERRUPTED, false;
    return ok;
}

/* ---- what goes in ---- */

static bool is_cpp(riv_str name)
{
    return riv_str_ends(name, RIV_LIT(".cpp")) || riv_str_ends(name, RIV_LIT(".cc")) ||
           riv_str_ends(name, RIV_LIT(".cxx"));
}

bool cli_is_c(riv_str name) { return riv_str_ends(name, RIV_LIT(".c")) || is_cpp(name); }

static bool is_header(riv_str name)
{
    static const char *const endings[] = { ".h", ".hpp", ".hh", ".hxx" };
    for (size_t i = 0; i < RIV_COUNT(endings); i++)
        if (riv_str_ends(name, riv_str_c(endings[i]))) return true;
    return false;
}

static bool list_sources(build *b)
{
    riv_fault      fault = { 0 };
    const riv_str *names;
    size_t         count;
    RIV_VEC(unit) units      = { 0 };
    RIV_VEC(riv_str) headers = { 0 };
    bool folder              = host_is_dir(b->source);
    b->dir                   = folder ? b->source : host_path_dir(b->source);
    if (host_dir_list(b->dir, b->arena, &fault, &names, &count)) return cli_fault(b->c, &fault), false;
    for (size_t i = 0; i < count; i++) {
        riv_str at = host_path_join(b->arena, b->dir, names[i]);
        if (is_header(names[i])) *riv_push(b->arena, &headers) = at;
        if (folder && cli_is_c(names[i]) && host_is_file(at))
            *riv_push(b->arena, &units) = (unit){ .source = at, .cpp = is_cpp(names[i]) };
    }
    if (!folder) *riv_push(b->arena, &units) = (unit){ .source = b->source, .cpp = is_cpp(b->source) };
    if (units.len == 0 || units.len > SOURCES_MAX) {
        cli_error(b->c, CLI_USAGE, RIV_FMT " holds %zu sources of C or C++ (1 to %d), and no Cargo.toml",
                  RIV_ARG(b->source), units.len, SOURCES_MAX);
        return false;
    }
    for (size_t i = 0; i < units.len; i++) b->cpp = b->cpp || units.ptr[i].cpp;
    b->units         = units.ptr;
    b->units_count   = units.len;
    b->headers       = headers.ptr;
    b->headers_count = headers.len;
    return true;
}

/* What a folder of sources may ask of clang: nothing that loads code into it or writes files. */
static bool flag_taken(riv_str flag)
{
    static const char *const starts[] = { "-D", "-U", "-I", "-O", "-W", "-std=", "-f", "-m", "-l", "-L" };
    static const char *const never[]  = { "-Wl,",      "-Wa,",          "-Wp,",     "-mllvm",   "-mlinker",
                                          "-fplugin",  "-fpass-plugin", "-fuse-ld", "-fmodule", "-fcrash",
                                          "-fprofile", "-fdump",        "-fsave",   "-fproc",   "-frecord",
                                          "-fbuild",   "-foptimization" };
    for (size_t i = 0; i < RIV_COUNT(never); i++)
        if (riv_str_starts(flag, riv_str_c(never[i]))) return false;
    for (size_t i = 0; i < RIV_COUNT(starts); i++)
        if (riv_str_starts(flag, riv_str_c(starts[i]))) return true;
    return false;
}

/* compile_flags.txt, as clangd and editors read it: a flag a line; -I and -L are relative to the folder. */
static bool read_flags(build *b)
{
    riv_str   path = host_path_join(b->arena, b->dir, RIV_LIT("compile_flags.txt")), text;
    riv_bytes bytes;
    riv_fault fault = { 0 };
    if (!host_file_exists(path)) return true;
    if (host_file_read(path, 64 << 10, b->arena, &fault, &bytes)) return cli_fault(b->c, &fault), false;
    text = riv_bytes_str(bytes);
    for (size_t at = 0, end, line = 1; at < text.len; at = end + 1, line++) {
        end          = RIV_MIN(riv_str_find_char(text, '\n', at), text.len);
        riv_str flag = riv_str_trim(riv_str_sub(text, at, end));
        if (flag.len == 0 || flag.ptr[0] == '#') continue;
        if (!flag_taken(flag) || b->own_count == FLAGS_MAX) {
            cli_error(b->c, CLI_USAGE, RIV_FMT ":%zu: flag '" RIV_FMT "' is not taken", RIV_ARG(path), line,
                      RIV_ARG(flag));
            cli_hint(b->c, "one of -D -U -I -L -l -O -W -std= -f -m on each line, its value in the same word");
            return false;
        }
        if (riv_str_starts(flag, RIV_LIT("-I")) || riv_str_starts(flag, RIV_LIT("-L"))) {
            riv_str at_path =
                host_path_join(b->arena, host_path_real(b->arena, b->dir), riv_str_sub(flag, 2, flag.len));
            flag = riv_format(b->arena, "%.2s" RIV_FMT, flag.ptr, RIV_ARG(at_path));
        }
        b->own[b->own_count++] = riv_cstr(b->arena, flag);
    }
    return true;
}

static bool find_clang(build *b)
{
    static const char *const versions[] = { "-14", "", "-15", "-16", "-17", "-18", "-19", "-20", "-21", "-22" };
    riv_fault                fault      = { 0 };
    *b->code                            = CLI_INTERNAL;
    for (size_t i = 0; i < RIV_COUNT(versions); i++) {
        riv_str name = riv_format(b->arena, "clang%s", versions[i]);
        if (host_program(name, b->arena, NULL, &b->clang)) continue;
        riv_str real = host_path_real(b->arena, b->clang); /* /usr/lib/llvm-14/bin/clang */
        size_t  at   = riv_str_find(real, RIV_LIT("llvm-"), 0);
        b->version   = at != SIZE_MAX ? riv_str_sub(real, at + 5, riv_str_find_char(real, '/', at)) : RIV_LIT("14");
        if (!b->cpp || !host_program(riv_format(b->arena, "clang++%s", versions[i]), b->arena, &fault, &b->clangpp))
            return *b->code = CLI_USAGE, true;
        cli_fault(b->c, &fault);
        return false;
    }
    cli_error(b->c, CLI_INTERNAL, "clang, which builds C and C++ to WebAssembly, is not installed");
    cli_part_hint(b->c, CLI_PART_CLANG, RIV_LIT("14"));
    return false;
}

/* ---- the cache ---- */

static void hash_part(crypto_sha256_state *s, riv_bytes part)
{
    uint64_t len = part.len;
    crypto_sha256_add(s, (riv_bytes){ (const uint8_t *)&len, sizeof len });
    crypto_sha256_add(s, part);
}

static bool hash_file(build *b, crypto_sha256_state *s, riv_str file)
{
    riv_fault fault = { 0 };
    riv_bytes text;
    if (host_file_read(file, CLI_SOURCE_BYTES_MAX, b->arena, &fault, &text)) return cli_fault(b->c, &fault), false;
    hash_part(s, riv_str_bytes(host_path_name(file)));
    hash_part(s, text);
    return true;
}

static void hash_flags(crypto_sha256_state *s, const char *const *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) hash_part(s, riv_str_bytes(riv_str_c(flags[i])));
    hash_part(s, (riv_bytes){ 0 });
}

/* Sources, headers beside them, SDK, flags, and which clang: its file's name, size and time stand for its version. */
static bool cache_key(build *b, crypto_hash *out)
{
    crypto_sha256_state s;
    struct stat         st   = { 0 };
    riv_str             real = host_path_real(b->arena, b->clang);
    if (stat(riv_cstr(b->arena, real), &st)) st.st_size = 0;
    riv_str tool = riv_format(b->arena, RIV_FMT " %lld %lld %s 2", RIV_ARG(real), (long long)st.st_size,
                              (long long)st.st_mtime, RIV_VERSION);
    crypto_sha256_start(&s);
    hash_part(&s, riv_str_bytes(tool));
    hash_part(&s, riv_str_bytes(cli_sdk_header()));
    hash_flags(&s, base_flags, RIV_COUNT(base_flags));
    hash_flags(&s, link_flags, RIV_COUNT(link_flags));
    hash_flags(&s, cpp_flags, RIV_COUNT(cpp_flags));
    hash_flags(&s, b->own, b->own_count);
    for (size_t i = 0; i < b->units_count; i++)
        if (!hash_file(b, &s, b->units[i].source)) return false;
    for (size_t i = 0; i < b->headers_count; i++)
        if (!hash_file(b, &s, b->headers[i])) return false;
    *out = crypto_sha256_end(&s);
    return true;
}

static bool file_hash(riv_str path, crypto_hash *out)
{
    riv_arena *arena = riv_arena_new(0);
    riv_bytes  text;
    bool       ok = !host_file_read(path, CLI_SOURCE_BYTES_MAX, arena, NULL, &text);
    if (ok) *out = crypto_sha256(text);
    riv_arena_free(arena);
    return ok;
}

/* An entry: u32 count of the files that the key does not cover, each u32 length, path, hash; then the module. */
static bool cache_take(build *b, const crypto_hash *key, riv_bytes *wasm)
{
    riv_bytes entry;
    if (host_cache_get(cli_cache_dir(b->arena, "modules"), key, b->arena, NULL, &entry)) return false;
    riv_reader r     = riv_reader_of(entry);
    uint32_t   count = riv_read_u32le(&r);
    for (uint32_t i = 0; i < count && !r.short_read; i++) {
        crypto_hash now;
        riv_bytes   path = riv_read_bytes(&r, riv_read_u32le(&r)), then = riv_read_bytes(&r, sizeof now.bytes);
        if (r.short_read || !file_hash(riv_bytes_str(path), &now)) return false;
        if (memcmp(now.bytes, then.ptr, sizeof now.bytes) != 0) return false;
    }
    if (r.short_read) return false;
    *wasm = riv_bytes_sub(entry, r.pos, entry.len);
    return true;
}

static bool is_covered(build *b, riv_str real)
{
    for (size_t i = 0; i < b->units_count; i++)
        if (riv_str_eq(real, host_path_real(b->arena, b->units[i].source))) return true;
    for (size_t i = 0; i < b->headers_count; i++)
        if (riv_str_eq(real, host_path_real(b->arena, b->headers[i]))) return true;
    return riv_str_starts(real, host_path_real(b->arena, b->temp));
}

/* Words of a make rule; a blank in a name is escaped. */
static bool next_word(build *b, riv_str deps, size_t *at, riv_str *out)
{
    riv_buf word = riv_buf_in(b->arena);
    while (*at < deps.len && strchr(" \n\\", deps.ptr[*at]) &&
           !(deps.ptr[*at] == '\\' && *at + 1 < deps.len && deps.ptr[*at + 1] == ' '))
        ++*at;
    for (; *at < deps.len && !strchr(" \n", deps.ptr[*at]); ++*at) {
        if (deps.ptr[*at] == '\\' && *at + 1 < deps.len && strchr(" #\\", deps.ptr[*at + 1])) ++*at;
        riv_put_u8(&word, (uint8_t)deps.ptr[*at]);
    }
    *out = riv_buf_str(&word);
    return word.len > 0;
}

static void cache_keep(build *b, const crypto_hash *key, riv_bytes wasm)
{
    riv_fault fault = { 0 };
    riv_buf   entry = riv_buf_in(b->arena), files = riv_buf_in(b->arena);
    riv_map  *seen = riv_map_new(b->arena);
    for (size_t i = 0; i < b->units_count; i++) {
        riv_bytes deps;
        riv_str   word;
        if (host_file_read(b->units[i].deps, CLI_SOURCE_BYTES_MAX, b->arena, NULL, &deps)) return;
        for (size_t at = 0; next_word(b, riv_bytes_str(deps), &at, &word);) {
            crypto_hash hash;
            riv_str     real = host_path_real(b->arena, word);
            if (riv_str_ends(word, RIV_LIT(":")) || is_covered(b, real) || riv_map_put_str(seen, real, seen)) continue;
            if (!file_hash(real, &hash) || riv_map_count(seen) > READ_MAX) return;
            riv_put_u32le(&files, (uint32_t)real.len);
            riv_put_str(&files, real);
            riv_put_bytes(&files, (riv_bytes){ hash.bytes, sizeof hash.bytes });
        }
    }
    riv_put_u32le(&entry, (uint32_t)riv_map_count(seen));
    riv_put_bytes(&entry, riv_buf_view(&files));
    riv_put_bytes(&entry, wasm);
    if (host_cache_put(cli_cache_dir(b->arena, "modules"), key, riv_buf_view(&entry), &fault))
        cli_warn(b->c, "the module is not kept for the next time: %s", fault.msg);
}

/* ---- clang ---- */

/* The word behind prefix in text; empty: prefix does not stand there. */
static riv_str word_after(riv_str text, riv_str prefix)
{
    size_t at = riv_str_find(text, prefix, 0), end;
    if (at == SIZE_MAX) return (riv_str){ 0 };
    for (end = at + prefix.len; end < text.len; end++) {
        char c = text.ptr[end];
        if (c != '_' && !(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z')) break;
    }
    return riv_str_sub(text, at + prefix.len, end);
}

/* `int` stands where a word for a type was wanted: clang tells of "MARINE__SPLIT_int", or of an unknown type 'MARINE__C_int'. */
static void word_hint(build *b, riv_str text)
{
    static const riv_str signs[] = { RIV_LIT_INIT("MARINE__SPLIT_"), RIV_LIT_INIT("'MARINE__C_"),
                                     RIV_LIT_INIT("type name 'marine_array_"),
                                     RIV_LIT_INIT("type name 'marine_array2_") };
    static const struct {
        const char *wrong, *right;
    } known[] = {
        { "int", "i32" },      { "unsigned", "u32" },    { "uint8_t", "u8" },    { "uint16_t", "u16" },
        { "uint32_t", "u32" }, { "uint64_t", "u64" },    { "int8_t", "i8" },     { "int16_t", "i16" },
        { "int32_t", "i32" },  { "int64_t", "i64" },     { "size_t", "u32" },    { "long", "i64" },
        { "short", "i16" },    { "char", "string" },     { "const", "string" },  { "float", "f32" },
        { "double", "f64" },   { "str", "string" },      { "String", "string" }, { "marine_string", "string" },
        { "s8", "i8" },        { "s16", "i16" },         { "s32", "i32" },       { "s64", "i64" },
        { "std", "string" },   { "vector", "array(T)" },
    };
    riv_str word = { 0 };
    for (size_t i = 0; i < RIV_COUNT(signs) && !word.len; i++) word = word_after(text, signs[i]);
    for (size_t k = 0; word.len && k < RIV_COUNT(known); k++)
        if (riv_str_eq(word, riv_str_c(known[k].wrong))) {
            cli_hint(b->c, "'" RIV_FMT "' is not a type of services; did you mean '%s'?", RIV_ARG(word),
                     known[k].right);
            return;
        }
    if (word.len)
        cli_hint(b->c,
                 "'" RIV_FMT "' is not a type of services: bool u8..u64 i8..i64 f32 f64 string bytes record(T) "
                 "array(T) array2(T) void; T: one of "
                 "these or a MARINE_RECORD above",
                 RIV_ARG(word));
}

/* The macros are used, and nothing brings them. */
static bool lacks_header(build *b)
{
    riv_bytes text;
    if (!host_is_file(b->source) || host_file_read(b->source, CLI_SOURCE_BYTES_MAX, b->arena, NULL, &text))
        return false;
    riv_str source = riv_bytes_str(text);
    return riv_str_find(source, RIV_LIT("#include"), 0) == SIZE_MAX &&
           (riv_str_find(source, RIV_LIT("MARINE_EXPORT("), 0) != SIZE_MAX ||
            riv_str_find(source, RIV_LIT("MARINE_RECORD("), 0) != SIZE_MAX);
}

/* What people leave out around the macros, which clang tells of in words of the macros' insides. */
static void form_hint(build *b, riv_str text)
{
    if (riv_str_find(text, RIV_LIT("MARINE__PARAMS arguments"), 0) != SIZE_MAX &&
        riv_str_find(text, RIV_LIT("expected ';' after top level declarator"), 0) != SIZE_MAX)
        cli_hint(b->c, "arguments stand in parentheses of their own: MARINE_EXPORT(string, f, (string name)), or ()");
    else if (riv_str_find(text, RIV_LIT("MARINE__"), 0) != SIZE_MAX &&
             riv_str_find(text, RIV_LIT("omitting the parameter name"), 0) != SIZE_MAX)
        cli_hint(b->c, "an argument is a type and a name: (string name)");
    else if (lacks_header(b))
        cli_hint(b->c, "the file begins with #include \"marine.h\"");
    else
        word_hint(b, text);
}

static bool clang_failed(build *b, riv_str text)
{
    static const struct {
        const char *sign;
        cli_part    part;
    } missing[] = {
        { "stdlib.h' file not found", CLI_PART_LIBC },     { "string.h' file not found", CLI_PART_LIBC },
        { "stdio.h' file not found", CLI_PART_LIBC },      { "crt1-reactor.o", CLI_PART_LIBC },
        { "libclang_rt.builtins", CLI_PART_RUNTIME },      { "unable to find library -lc++", CLI_PART_LIBCXX },
        { "'string' file not found", CLI_PART_LIBCXX },    { "'string_view' file not found", CLI_PART_LIBCXX },
        { "'vector' file not found", CLI_PART_LIBCXX },    { "'map' file not found", CLI_PART_LIBCXX },
        { "'algorithm' file not found", CLI_PART_LIBCXX }, { "'memory' file not found", CLI_PART_LIBCXX },
        { "'cstdint' file not found", CLI_PART_LIBCXX },   { "'iostream' file not found", CLI_PART_LIBCXX },
        { "unable to execute command", CLI_PART_LLD },     { "unable to find the linker", CLI_PART_LLD },
        { "wasm-ld-14: not found", CLI_PART_LLD },
    };
    *b->code = cli_error(b->c, CLI_FAILED, RIV_FMT " could not be built", RIV_ARG(b->source));
    for (size_t i = 0; i < RIV_COUNT(missing); i++)
        if (riv_str_find(text, riv_str_c(missing[i].sign), 0) != SIZE_MAX &&
            riv_str_find(text, RIV_LIT("error:"), 0) != SIZE_MAX) {
            *b->code = CLI_INTERNAL;
            cli_part_hint(b->c, missing[i].part, b->version);
            return false;
        }
    if (riv_str_find(text, RIV_LIT("cannot use 'throw' with exceptions disabled"), 0) != SIZE_MAX ||
        riv_str_find(text, RIV_LIT("cannot use 'try' with exceptions disabled"), 0) != SIZE_MAX)
        cli_hint(b->c, "services have no C++ exceptions: give errors back in a record");
    else if (riv_str_find(text, RIV_LIT("duplicate symbol: marine__"), 0) != SIZE_MAX)
        cli_hint(b->c, "all files but one say #define MARINE_PART before #include \"marine.h\"");
    else
        form_hint(b, text);
    return false;
}

static bool run(build *b, const char *const *argv)
{
    riv_fault fault = { 0 };
    cli_tool  tool  = { 0 };
    if (cli_tool_run(argv, (riv_str){ 0 }, b->c->serves, b->arena, &fault, &tool))
        return *b->code = cli_fault(b->c, &fault), false;
    if (cli_interrupted()) return *b->code = CLI_INTERRUPTED, false;
    if (tool.exit_code == 0) return true;
    if (b->c->serves) fprintf(stderr, RIV_FMT, RIV_ARG(tool.err)); /* else it stands there already */
    return clang_failed(b, tool.err);
}

typedef RIV_VEC(const char *) words;

static void put_words(build *b, words *to, const char *const *from, size_t count)
{
    for (size_t i = 0; i < count; i++) *riv_push(b->arena, to) = from[i];
}

static bool is_library(const char *flag) { return flag[1] == 'l' || flag[1] == 'L'; } /* -lNAME, -LDIR */

static bool compile_unit(build *b, unit *u, size_t index, bool links)
{
    words argv = { 0 };
    u->deps    = riv_format(b->arena, RIV_FMT "/%zu.d", RIV_ARG(b->temp), index);
    u->object  = riv_format(b->arena, RIV_FMT "/%zu%s", RIV_ARG(b->temp), index, links ? ".wasm" : ".o");
    *riv_push(b->arena, &argv) = riv_cstr(b->arena, u->cpp ? b->clangpp : b->clang);
    put_words(b, &argv, base_flags, RIV_COUNT(base_flags));
    if (u->cpp) put_words(b, &argv, cpp_flags, RIV_COUNT(cpp_flags));
    if (links) put_words(b, &argv, link_flags, RIV_COUNT(link_flags));
    for (size_t i = 0; i < b->own_count; i++) {
        riv_str flag = riv_str_c(b->own[i]);
        bool    other =
            riv_str_starts(flag, RIV_LIT("-std=")) && (riv_str_find(flag, RIV_LIT("++"), 0) != SIZE_MAX) != u->cpp;
        if (!other && (links || !is_library(b->own[i]))) *riv_push(b->arena, &argv) = b->own[i];
    }
    const char *rest[] = { "-I",
                           riv_cstr(b->arena, b->temp),
                           "-MMD",
                           "-MF",
                           riv_cstr(b->arena, u->deps),
                           "-o",
                           riv_cstr(b->arena, u->object),
                           riv_cstr(b->arena, u->source) };
    put_words(b, &argv, rest, RIV_COUNT(rest));
    if (!links) *riv_push(b->arena, &argv) = "-c";
    *riv_push(b->arena, &argv) = NULL;
    return run(b, argv.ptr);
}

static bool link_units(build *b, riv_str out)
{
    words argv                 = { 0 };
    *riv_push(b->arena, &argv) = riv_cstr(b->arena, b->cpp ? b->clangpp : b->clang);
    put_words(b, &argv, base_flags, 2);
    put_words(b, &argv, link_flags, RIV_COUNT(link_flags));
    for (size_t i = 0; i < b->units_count; i++) *riv_push(b->arena, &argv) = riv_cstr(b->arena, b->units[i].object);
    for (size_t i = 0; i < b->own_count; i++)
        if (is_library(b->own[i])) *riv_push(b->arena, &argv) = b->own[i];
    const char *rest[] = { "-o", riv_cstr(b->arena, out), NULL };
    put_words(b, &argv, rest, RIV_COUNT(rest));
    return run(b, argv.ptr);
}

static bool compile(build *b, riv_bytes *wasm)
{
    riv_fault fault  = { 0 };
    riv_str   header = host_path_join(b->arena, b->temp, RIV_LIT("marine.h"));
    riv_str   out    = host_path_join(b->arena, b->temp, RIV_LIT("0.wasm"));
    bool      one    = b->units_count == 1;
    if (host_file_write_cache(header, riv_str_bytes(cli_sdk_header()), 0600, &fault))
        return *b->code = cli_fault(b->c, &fault), false;
    for (size_t i = 0; i < b->units_count; i++)
        if (!compile_unit(b, &b->units[i], i, one)) return false;
    if (!one && !link_units(b, out)) return false;
    if (host_file_read(out, MARINE_MODULE_BYTES_MAX, b->arena, &fault, wasm))
        return *b->code = cli_fault(b->c, &fault), false;
    return true;
}
