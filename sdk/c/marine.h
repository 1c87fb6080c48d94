/* marine.h: write Marine services in C (or C++). One header, no library.
 *
 *     #include "marine.h"
 *
 *     MARINE_EXPORT(string, greeting, (string name))
 *     {
 *         return marine_format("Hi, %s", name.ptr);
 *     }
 *
 * Build: rivulet module build greeting.c -o greeting.wasm
 * Type words, in arguments, results and fields:
 *     bool  u8 u16 u32 u64  i8 i16 i32 i64  f32 f64  string  bytes
 *     record(T)   a record made with MARINE_RECORD: passed by value, a pointer inside other records
 *     array(T)    T: any word above, or the bare name of a record (then the elements are pointers)
 *     array2(T)   an array of array(T)
 *     void        as a result: none. No arguments: ()
 * Memory: everything that comes in, and everything from marine_alloc, marine_new, marine_array_new and marine_format, lives
 * until the caller has read the result of the current call; then the header frees it. Nothing is to be freed by hand.
 * What must live longer (state between calls) belongs in static variables or malloc. What is returned may also point to
 * literals and static data. Several source files: all but one say #define MARINE_PART before the #include.
 * C++ (built with -fno-exceptions) has the same declarations, and: texts turn into std::string_view and, with str(), std::string;
 * marine_text(s) takes any of these back; arrays are ranges, and marine_array_T::of(c) copies any container. */
#ifndef MARINE_H
#define MARINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#if !defined(__wasm32__)
#error "services are WebAssembly: compile with clang --target=wasm32-wasi (rivulet module build does)"
#endif

#ifdef __cplusplus
#define MARINE__EXTERN extern "C"
#if __has_include(<string>) /* libc++ is there */
#define MARINE__STD 1
#include <string>
#include <string_view>
#endif
#define MARINE__C_BEGIN extern "C" {
#define MARINE__C_END }
#else
#define MARINE__EXTERN extern
#define MARINE__C_BEGIN
#define MARINE__C_END
#endif

/* ---- values: the layouts in memory are those of the interface, so nothing is converted ------------------------ */

/* The words for numbers are C types too, for use in bodies; MARINE_LONG_NAMES before the #include keeps them out. */
#ifndef MARINE_LONG_NAMES
typedef uint8_t  u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t   i8;
typedef int16_t  i16;
typedef int32_t  i32;
typedef int64_t  i64;
typedef float    f32;
typedef double   f64;
#endif

/* UTF-8. What comes in is followed by a NUL (ptr works with %s) and never NULL; what is returned needs no NUL. */
typedef struct marine_string {
    const char *ptr;
    size_t      len;
#ifdef __cplusplus
    const char *begin() const { return ptr; }
    const char *end() const { return ptr + len; }
    size_t      size() const { return len; }
#ifdef MARINE__STD
    operator std::string_view() const { return std::string_view(ptr, len); }
    std::string str() const { return std::string(ptr, len); }
#endif
#endif
} marine_string;

#define MARINE__ARRAYS(word, element)                                                                \
    typedef struct marine_array_##word { element *ptr; size_t len; MARINE__RANGE(marine_array_##word, element) } marine_array_##word; \
    typedef struct marine_array2_##word {                                                            \
        marine_array_##word *ptr; size_t len; MARINE__RANGE(marine_array2_##word, marine_array_##word) \
    } marine_array2_##word;
/* No constructors: with one, a packed record would not be packed around the field. */
#ifdef __cplusplus
#define MARINE__RANGE(array, element)                                                                \
    typedef element value_type;                                                                      \
    element *begin() const { return ptr; }                                                           \
    element *end() const { return ptr + len; }                                                       \
    size_t   size() const { return len; }                                                            \
    element &operator[](size_t index) const { return ptr[index]; }                                   \
    template <typename Container> static array of(const Container &from) { return marine__array_of<array>(from); }
template <typename Array, typename Container> static Array marine__array_of(const Container &from);
#else
#define MARINE__RANGE(array, element)
#endif
MARINE__ARRAYS(bool, bool)
MARINE__ARRAYS(u8, uint8_t)
MARINE__ARRAYS(u16, uint16_t)
MARINE__ARRAYS(u32, uint32_t)
MARINE__ARRAYS(u64, uint64_t)
MARINE__ARRAYS(i8, int8_t)
MARINE__ARRAYS(i16, int16_t)
MARINE__ARRAYS(i32, int32_t)
MARINE__ARRAYS(i64, int64_t)
MARINE__ARRAYS(f32, float)
MARINE__ARRAYS(f64, double)
typedef marine_array_u8 marine_bytes;
MARINE__ARRAYS(string, marine_string)
MARINE__ARRAYS(bytes, marine_bytes)
typedef marine_array_bool  marine_array__Bool; /* in C, bool is a macro for _Bool */
typedef marine_array2_bool marine_array2__Bool;

/* ---- making results -------------------------------------------------------------------------------------------- */

MARINE__EXTERN void *marine_alloc(size_t size);                          /* zeroed, aligned to 16, never NULL: out of memory is a trap */
/* marine_format("%d of %s", 3, name.ptr): as printf. Without floating point values the big printf stays out of the module. */
#define marine_format(...) (MARINE__FLOATS(__VA_ARGS__) ? marine__format_all(__VA_ARGS__) : marine__format(__VA_ARGS__))
static inline marine_string marine_text(const char *text) /* borrows a NUL-terminated text */
{
    marine_string s = { text, strlen(text) };
    return s;
}
#ifdef MARINE__STD /* C++: a text of the program's own is copied, so that it lives until the call is over */
static inline marine_string marine_text(std::string_view text)
{
    char *copy = (char *)marine_alloc(text.size() + 1);
    memcpy(copy, text.data(), text.size());
    return marine_string{ copy, text.size() };
}
static inline marine_string marine_text(const std::string &text) { return marine_text(std::string_view(text)); }
#endif
static inline bool marine_equal(marine_string a, marine_string b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}
#define marine_new(T)             ((T *)marine_alloc(sizeof(T)))              /* one record, all zero */
#define marine_array_new(T, n)    MARINE__NEW(marine_array_##T, n)            /* array(T) with n elements, all zero */
#define marine_array2_new(T, n)   MARINE__NEW(marine_array2_##T, n)
#define MARINE__NEW(C, n)                                                                            \
    __extension__({                                                                                  \
        size_t count_ = (size_t)(n);                                                                 \
        MARINE__PAIR(C, marine__elements(count_, sizeof *((C *)0)->ptr), count_);                    \
    })
static inline void *marine__elements(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) __builtin_trap();
    return marine_alloc(bytes);
}

/* ---- the declarations ------------------------------------------------------------------------------------ */

/* A public function of the service; the body follows. In C it is called marine_export_NAME. */
#define MARINE_EXPORT(result, name, arguments)                                                       \
    static MARINE__C_##result marine_export_##name MARINE__PARAMS arguments;                         \
    MARINE__EXTERN MARINE__RAW_##result marine_raw_##name MARINE__RAW_PARAMS arguments               \
        __attribute__((export_name(#name)));                                                         \
    MARINE__RAW_##result marine_raw_##name MARINE__RAW_PARAMS arguments                              \
    {                                                                                                \
        MARINE__GIVE(MARINE__CLASS_##result, MARINE__C_##result, marine_export_##name MARINE__TAKE arguments) \
    }                                                                                                \
    MARINE__DESCRIBE(#name, "{" MARINE__Q("ast_type") ":" MARINE__Q("Function") ","                  \
        MARINE__Q("signature") ":" MARINE__SIGNATURE(#name, MARINE__OUTPUT_##result, arguments) "}") \
    static MARINE__C_##result marine_export_##name MARINE__PARAMS arguments

/* MARINE_RECORD(Point, (f64 x, f64 y)) makes the packed struct Point, and array(Point) and array2(Point). */
#define MARINE_RECORD(name, fields)                                                                  \
    typedef struct __attribute__((packed)) name { MARINE__FIELDS fields } name;                      \
    MARINE__ARRAYS(name, name *)                                                                     \
    MARINE__DESCRIBE(#name, "{" MARINE__Q("ast_type") ":" MARINE__Q("Record") ","                    \
        MARINE__Q("name") ":" MARINE__Q(#name) ","                                                   \
        MARINE__Q("fields") ":{" MARINE__Q("Named") ":[" MARINE__ITEMS fields "]}}")

/* A function of another module of the same service: MARINE_IMPORT("adder", u64, add, (u64 a, u64 b)); then add(1, 2).
 * What it returns lives as long as everything else in the current call. */
#define MARINE_IMPORT(module, result, name, arguments)                                               \
    MARINE__EXTERN MARINE__RAW_##result marine_import_##name MARINE__RAW_PARAMS arguments            \
        __attribute__((import_module(module), import_name(#name)));                                  \
    static inline MARINE__C_##result name MARINE__PARAMS arguments                                   \
    {                                                                                                \
        marine__importing = 1;                                                                       \
        MARINE__FETCH(MARINE__CLASS_##result, MARINE__C_##result, marine_import_##name MARINE__PUT arguments) \
    }                                                                                                \
    MARINE__DESCRIBE("import_" #name, "{" MARINE__Q("ast_type") ":" MARINE__Q("ExternMod") ","       \
        MARINE__Q("namespace") ":" MARINE__Q(module) "," MARINE__Q("imports") ":[{"                  \
        MARINE__Q("link_name") ":null," MARINE__Q("signature") ":"                                   \
        MARINE__SIGNATURE(#name, MARINE__OUTPUT_##result, arguments) "}]}")                          \
    _Static_assert(sizeof(module) > 1, "the module needs a name")

/* A program that the host runs for the module: MARINE_COMMAND(curl); and in a body
 *     marine_output out = curl(marine_texts("-sS", url.ptr));
 * The host's configuration says which program the name stands for (mounted_binaries); it is run without a shell. */
#define MARINE_COMMAND(name)                                                                         \
    MARINE__EXTERN void marine_import_##name(uint32_t args_ptr, uint32_t args_count)                 \
        __attribute__((import_module("__marine_host_api_v3"), import_name(#name)));                  \
    static inline marine_output name(marine_array_string args)                                       \
    {                                                                                                \
        marine_import_##name((uint32_t)(uintptr_t)args.ptr, (uint32_t)args.len);                     \
        return *(const marine_output *)(uintptr_t)marine__result_ptr;                                \
    }                                                                                                \
    _Static_assert(sizeof #name > 1, "the program needs a name")
/* What came of it. ret_code: of the program; 100000: it was killed; above: it did not run, error says why. */
typedef struct __attribute__((packed)) marine_output {
    int32_t       ret_code;
    marine_string error;
    marine_bytes  standard_output, standard_error;
} marine_output;
/* An array(string) of C texts: marine_texts("a", "b"). */
#define marine_texts(...)                                                                            \
    __extension__({                                                                                  \
        const char *const texts_[] = { __VA_ARGS__ };                                                \
        marine__texts(texts_, sizeof texts_ / sizeof *texts_);                                       \
    })
MARINE__EXTERN marine_array_string marine__texts(const char *const *texts, size_t count);

/* Who made the module, for `rivulet module info`: MARINE_MANIFEST("Ada <ada@example.org>", "0.1.0", "Greets", "https://example.org/greeter")
 * Literals without quotes and backslashes; once in a module. The time of building is left at 1970, so that the same sources give the same bytes. */
#define MARINE_MANIFEST(authors, version, description, repository)                                   \
    __asm__(".section .custom_section.__fluence_wasm_module_manifest,\"\",@\n"                        \
            MARINE__MANIFEST_FIELD("1", authors) MARINE__MANIFEST_FIELD("2", version)                \
            MARINE__MANIFEST_FIELD("3", description) MARINE__MANIFEST_FIELD("4", repository)         \
            MARINE__MANIFEST_FIELD("5", "1970-01-01T00:00:00+00:00") ".text\n");                     \
    _Static_assert(sizeof(version) > 5, "the version is like 1.2.3")
#define MARINE__MANIFEST_FIELD(number, text)                                                         \
    ".int64 .Lmanifest_end" number "-.Lmanifest" number "\n.Lmanifest" number ":\n.ascii \"" text "\"\n.Lmanifest_end" number ":\n"

/* ---- what the host tells ---------------------------------------------------------------------------------------- */

typedef struct marine_tetraplet {
    marine_string peer_pk, service_id, function_name, lens;
} marine_tetraplet; /* where a part of an argument came from */
MARINE__ARRAYS(tetraplet, marine_tetraplet *)

typedef struct __attribute__((packed)) marine_particle {
    marine_string id, init_peer_id;
    uint64_t      timestamp; /* ms since 1970 */
    uint32_t      ttl;       /* ms */
    marine_string script;
    marine_bytes  signature;
    marine_string token;
} marine_particle;

typedef struct marine_call_parameters {
    const marine_particle *particle;
    marine_string          service_id, service_creator_peer_id, host_id, worker_id;
    marine_array2_tetraplet tetraplets; /* one array for each argument */
} marine_call_parameters;

MARINE__EXTERN const marine_call_parameters *marine_parameters(void); /* of the current call */

enum { MARINE_ERROR = 1, MARINE_WARN, MARINE_INFO, MARINE_DEBUG, MARINE_TRACE };
#define marine_log(level, ...) marine_log_to(0, level, __VA_ARGS__) /* marine_log(MARINE_INFO, "got %u", n) */
/* Targets are bits: the host shows a message when its configuration's logging_mask has one of them (0: always). In the environment WASM_LOG
 * (off, error, warn, info, debug, trace) what is below that level is not sent; without it all is. */
#define marine_log_to(target, level, ...)                                                            \
    (marine__log_wants(level) ? marine__log_text((target), (level), marine_format(__VA_ARGS__)) : (void)0)

/* ==== below: how it is done ====================================================================================== */

/* ---- type words: C type, class, wasm type, description ---------------------------------------------------------- */

#define MARINE__C_void      void
#define MARINE__C_bool      bool
#define MARINE__C__Bool     bool
#define MARINE__C_u8        uint8_t
#define MARINE__C_u16       uint16_t
#define MARINE__C_u32       uint32_t
#define MARINE__C_u64       uint64_t
#define MARINE__C_i8        int8_t
#define MARINE__C_i16       int16_t
#define MARINE__C_i32       int32_t
#define MARINE__C_i64       int64_t
#define MARINE__C_f32       float
#define MARINE__C_f64       double
#define MARINE__C_string    marine_string
#define MARINE__C_bytes     marine_bytes
#define MARINE__C_record(T) T
#define MARINE__C_array(T)  marine_array_##T
#define MARINE__C_array2(T) marine_array2_##T

#define MARINE__CLASS_void      NONE
#define MARINE__CLASS_bool      SCALAR
#define MARINE__CLASS__Bool     SCALAR
#define MARINE__CLASS_u8        SCALAR
#define MARINE__CLASS_u16       SCALAR
#define MARINE__CLASS_u32       SCALAR
#define MARINE__CLASS_u64       SCALAR
#define MARINE__CLASS_i8        SCALAR
#define MARINE__CLASS_i16       SCALAR
#define MARINE__CLASS_i32       SCALAR
#define MARINE__CLASS_i64       SCALAR
#define MARINE__CLASS_f32       SCALAR
#define MARINE__CLASS_f64       SCALAR
#define MARINE__CLASS_string    PAIR
#define MARINE__CLASS_bytes     PAIR
#define MARINE__CLASS_record(T) RECORD
#define MARINE__CLASS_array(T)  PAIR
#define MARINE__CLASS_array2(T) PAIR

#define MARINE__RAW_void      void
#define MARINE__RAW_bool      uint32_t
#define MARINE__RAW__Bool     uint32_t
#define MARINE__RAW_u8        uint32_t
#define MARINE__RAW_u16       uint32_t
#define MARINE__RAW_u32       uint32_t
#define MARINE__RAW_u64       uint64_t
#define MARINE__RAW_i8        int32_t
#define MARINE__RAW_i16       int32_t
#define MARINE__RAW_i32       int32_t
#define MARINE__RAW_i64       int64_t
#define MARINE__RAW_f32       float
#define MARINE__RAW_f64       double
#define MARINE__RAW_string    void /* results only: pairs and records are handed over by set_result */
#define MARINE__RAW_bytes     void
#define MARINE__RAW_record(T) void
#define MARINE__RAW_array(T)  void
#define MARINE__RAW_array2(T) void

/* Each word gives "~, description": a name that is no word (a record inside array) falls through to its default. */
#define MARINE__NAMED(word)    MARINE__Q(word) ":" MARINE__Q("ByValue")
#define MARINE__WORD_bool      ~, "{" MARINE__NAMED("Boolean") "}"
#define MARINE__WORD__Bool     ~, "{" MARINE__NAMED("Boolean") "}"
#define MARINE__WORD_u8        ~, "{" MARINE__NAMED("U8") "}"
#define MARINE__WORD_u16       ~, "{" MARINE__NAMED("U16") "}"
#define MARINE__WORD_u32       ~, "{" MARINE__NAMED("U32") "}"
#define MARINE__WORD_u64       ~, "{" MARINE__NAMED("U64") "}"
#define MARINE__WORD_i8        ~, "{" MARINE__NAMED("I8") "}"
#define MARINE__WORD_i16       ~, "{" MARINE__NAMED("I16") "}"
#define MARINE__WORD_i32       ~, "{" MARINE__NAMED("I32") "}"
#define MARINE__WORD_i64       ~, "{" MARINE__NAMED("I64") "}"
#define MARINE__WORD_f32       ~, "{" MARINE__NAMED("F32") "}"
#define MARINE__WORD_f64       ~, "{" MARINE__NAMED("F64") "}"
#define MARINE__WORD_string    ~, "{" MARINE__NAMED("Utf8String") "}"
#define MARINE__WORD_bytes     ~, MARINE__VECTOR("{" MARINE__NAMED("U8") "}")
#define MARINE__WORD_record(T) ~, MARINE__AST_RECORD(#T)
#define MARINE__WORD_array(T)  ~, MARINE__VECTOR(MARINE__SECOND(MARINE__WORD_##T, MARINE__AST_RECORD(#T), ~))
#define MARINE__WORD_array2(T) ~, MARINE__VECTOR(MARINE__VECTOR(MARINE__SECOND(MARINE__WORD_##T, MARINE__AST_RECORD(#T), ~)))
#define MARINE__AST_RECORD(name) "{" MARINE__Q("Record") ":[" MARINE__Q(name) "," MARINE__Q("ByValue") "]}"
#define MARINE__VECTOR(element)  "{" MARINE__Q("Vector") ":[" element "," MARINE__Q("ByValue") "]}"
#define MARINE__SECOND(...)      MARINE__SECOND_(__VA_ARGS__)
#define MARINE__SECOND_(a, b, ...) b
#define MARINE__THIRD(a, b, c, ...) c

#define MARINE__OUTPUT_void      ""
#define MARINE__OUTPUT_bool      MARINE__SECOND(MARINE__WORD_bool, ~)
#define MARINE__OUTPUT__Bool     MARINE__SECOND(MARINE__WORD_bool, ~)
#define MARINE__OUTPUT_u8        MARINE__SECOND(MARINE__WORD_u8, ~)
#define MARINE__OUTPUT_u16       MARINE__SECOND(MARINE__WORD_u16, ~)
#define MARINE__OUTPUT_u32       MARINE__SECOND(MARINE__WORD_u32, ~)
#define MARINE__OUTPUT_u64       MARINE__SECOND(MARINE__WORD_u64, ~)
#define MARINE__OUTPUT_i8        MARINE__SECOND(MARINE__WORD_i8, ~)
#define MARINE__OUTPUT_i16       MARINE__SECOND(MARINE__WORD_i16, ~)
#define MARINE__OUTPUT_i32       MARINE__SECOND(MARINE__WORD_i32, ~)
#define MARINE__OUTPUT_i64       MARINE__SECOND(MARINE__WORD_i64, ~)
#define MARINE__OUTPUT_f32       MARINE__SECOND(MARINE__WORD_f32, ~)
#define MARINE__OUTPUT_f64       MARINE__SECOND(MARINE__WORD_f64, ~)
#define MARINE__OUTPUT_string    MARINE__SECOND(MARINE__WORD_string, ~)
#define MARINE__OUTPUT_bytes     MARINE__SECOND(MARINE__WORD_bytes, ~)
#define MARINE__OUTPUT_record(T) MARINE__AST_RECORD(#T)
#define MARINE__OUTPUT_array(T)  MARINE__SECOND(MARINE__WORD_array(T), ~)
#define MARINE__OUTPUT_array2(T) MARINE__SECOND(MARINE__WORD_array2(T), ~)

/* "string name" becomes "string, name": the word is pasted onto the prefix and swallowed with a comma. */
#define MARINE__SPLIT_bool      bool,
#define MARINE__SPLIT__Bool     bool,
#define MARINE__SPLIT_u8        u8,
#define MARINE__SPLIT_u16       u16,
#define MARINE__SPLIT_u32       u32,
#define MARINE__SPLIT_u64       u64,
#define MARINE__SPLIT_i8        i8,
#define MARINE__SPLIT_i16       i16,
#define MARINE__SPLIT_i32       i32,
#define MARINE__SPLIT_i64       i64,
#define MARINE__SPLIT_f32       f32,
#define MARINE__SPLIT_f64       f64,
#define MARINE__SPLIT_string    string,
#define MARINE__SPLIT_bytes     bytes,
#define MARINE__SPLIT_record(T) record(T),
#define MARINE__SPLIT_array(T)  array(T),
#define MARINE__SPLIT_array2(T) array2(T),

/* ---- lists: MARINE__EACH(SEPARATOR, MACRO, item, item, ...) ------------------------------------------------------ */

#define MARINE__PARENS         ()
#define MARINE__COMMA()        ,
#define MARINE__TEXT_COMMA()   ","
#define MARINE__NOTHING()
#define MARINE__EXPAND(...)    MARINE__EXPAND3(MARINE__EXPAND3(MARINE__EXPAND3(__VA_ARGS__)))
#define MARINE__EXPAND3(...)   MARINE__EXPAND2(MARINE__EXPAND2(MARINE__EXPAND2(__VA_ARGS__)))
#define MARINE__EXPAND2(...)   MARINE__EXPAND1(MARINE__EXPAND1(MARINE__EXPAND1(__VA_ARGS__)))
#define MARINE__EXPAND1(...)   __VA_ARGS__
#define MARINE__EACH(separator, macro, ...) \
    __VA_OPT__(MARINE__EXPAND(MARINE__EACH_STEP(separator, macro, __VA_ARGS__)))
#define MARINE__EACH_STEP(separator, macro, item, ...) \
    macro(item) __VA_OPT__(separator() MARINE__EACH_AGAIN MARINE__PARENS(separator, macro, __VA_ARGS__))
#define MARINE__EACH_AGAIN()   MARINE__EACH_STEP
#define MARINE__APPLY(m, ...)  m(__VA_ARGS__)
#define MARINE__BY_CLASS(prefix, class) MARINE__BY_CLASS_(prefix, class)
#define MARINE__BY_CLASS_(prefix, class) prefix##class

/* Parameters as the author sees them. Here and below "..." is the name: where a word is wrong nothing is split off, and the compiler's message
 * shows MARINE__SPLIT_ with the word. */
#define MARINE__PARAMS(...)          (MARINE__PARAMS_##__VA_OPT__(SOME)(__VA_ARGS__))
#define MARINE__PARAMS_(...)         void
#define MARINE__PARAMS_SOME(...)     MARINE__EACH(MARINE__COMMA, MARINE__PARAM, __VA_ARGS__)
#define MARINE__PARAM(item)          MARINE__APPLY(MARINE__PARAM_OF, MARINE__SPLIT_##item)
#define MARINE__PARAM_OF(word, ...) MARINE__C_##word __VA_ARGS__

/* Parameters as they are on the wire: a string or an array is two numbers, a record is its address. */
#define MARINE__RAW_PARAMS(...)      (MARINE__RAW_PARAMS_##__VA_OPT__(SOME)(__VA_ARGS__))
#define MARINE__RAW_PARAMS_(...)     void
#define MARINE__RAW_PARAMS_SOME(...) MARINE__EACH(MARINE__COMMA, MARINE__RAW_PARAM, __VA_ARGS__)
#define MARINE__RAW_PARAM(item)      MARINE__APPLY(MARINE__RAW_PARAM_OF, MARINE__SPLIT_##item)
#define MARINE__RAW_PARAM_OF(word, ...) MARINE__BY_CLASS(MARINE__RAW_PARAM_, MARINE__CLASS_##word)(word, __VA_ARGS__)
#define MARINE__RAW_PARAM_SCALAR(word, name) MARINE__RAW_##word name
#define MARINE__RAW_PARAM_PAIR(word, name)   uint32_t name##_ptr, uint32_t name##_len
#define MARINE__RAW_PARAM_RECORD(word, name) uint32_t name##_ptr

/* From the wire to the author's function. */
#define MARINE__TAKE(...)            (MARINE__EACH(MARINE__COMMA, MARINE__TAKE_ITEM, __VA_ARGS__))
#define MARINE__TAKE_ITEM(item)      MARINE__APPLY(MARINE__TAKE_OF, MARINE__SPLIT_##item)
#define MARINE__TAKE_OF(word, ...)  MARINE__BY_CLASS(MARINE__TAKE_, MARINE__CLASS_##word)(word, __VA_ARGS__)
#define MARINE__TAKE_SCALAR(word, name) (MARINE__C_##word)name
#define MARINE__TAKE_PAIR(word, name)   MARINE__PAIR(MARINE__C_##word, name##_ptr ? (uintptr_t)name##_ptr : (uintptr_t)marine__empty, name##_len)
#define MARINE__TAKE_RECORD(word, name) *(const MARINE__C_##word *)(uintptr_t)name##_ptr
#define MARINE__PAIR(C, p, n)           (C){ (__typeof__(((C *)0)->ptr))(p), (n) }

/* From the author's values to the wire, for calls of other modules. */
#define MARINE__PUT(...)             (MARINE__EACH(MARINE__COMMA, MARINE__PUT_ITEM, __VA_ARGS__))
#define MARINE__PUT_ITEM(item)       MARINE__APPLY(MARINE__PUT_OF, MARINE__SPLIT_##item)
#define MARINE__PUT_OF(word, ...)   MARINE__BY_CLASS(MARINE__PUT_, MARINE__CLASS_##word)(word, __VA_ARGS__)
#define MARINE__PUT_SCALAR(word, name) (MARINE__RAW_##word)name
#define MARINE__PUT_PAIR(word, name)   (uint32_t)(uintptr_t)name.ptr, (uint32_t)name.len
#define MARINE__PUT_RECORD(word, name) (uint32_t)(uintptr_t)&name

/* The result of an export: numbers go back at once, and nothing outlives the call; the rest waits for release_objects. */
#define MARINE__GIVE(class, C, call)  MARINE__BY_CLASS(MARINE__GIVE_, class)(C, call)
#define MARINE__GIVE_NONE(C, call)    call; marine__release();
#define MARINE__GIVE_SCALAR(C, call)  C result_ = call; marine__release(); return result_;
#define MARINE__GIVE_PAIR(C, call)    C result_ = call; marine__give((uint32_t)(uintptr_t)result_.ptr, (uint32_t)result_.len);
#define MARINE__GIVE_RECORD(C, call)  C result_ = call; C *kept_ = marine_new(C); *kept_ = result_; marine__give((uint32_t)(uintptr_t)kept_, 0);

/* The result of an import. */
#define MARINE__FETCH(class, C, call) MARINE__BY_CLASS(MARINE__FETCH_, class)(C, call)
#define MARINE__FETCH_NONE(C, call)   call; marine__importing = 0;
#define MARINE__FETCH_SCALAR(C, call) C result_ = (C)call; marine__importing = 0; return result_;
#define MARINE__FETCH_PAIR(C, call)   call; marine__importing = 0; return MARINE__PAIR(C, marine__result_ptr, marine__result_size);
#define MARINE__FETCH_RECORD(C, call) call; marine__importing = 0; return *(const C *)(uintptr_t)marine__result_ptr;

/* Fields: a record inside a record is a pointer. */
#define MARINE__FIELDS(...)             MARINE__EACH(MARINE__NOTHING, MARINE__FIELD, __VA_ARGS__)
#define MARINE__FIELD(item)             MARINE__APPLY(MARINE__FIELD_OF, MARINE__SPLIT_##item)
#define MARINE__FIELD_OF(word, ...)    MARINE__BY_CLASS(MARINE__FIELD_, MARINE__CLASS_##word)(word, __VA_ARGS__)
#define MARINE__FIELD_SCALAR(word, name) MARINE__C_##word name;
#define MARINE__FIELD_PAIR(word, name)   MARINE__C_##word name;
#define MARINE__FIELD_RECORD(word, name) MARINE__C_##word *name;

/* ---- descriptions: custom sections that rivulet module build turns into the interface ----------------------------- */

#define MARINE__Q(text)              "\\\"" text "\\\""
#define MARINE__ITEMS(...)           MARINE__EACH(MARINE__TEXT_COMMA, MARINE__ITEM, __VA_ARGS__)
#define MARINE__ITEM(item)           MARINE__APPLY(MARINE__ITEM_OF, MARINE__SPLIT_##item)
#define MARINE__ITEM_OF(word, ...)  "{" MARINE__Q("name") ":" MARINE__Q(#__VA_ARGS__) "," MARINE__Q("ty") ":" MARINE__SECOND(MARINE__WORD_##word, ~) "}"
#define MARINE__SIGNATURE(name, output, arguments)                                                   \
    "{" MARINE__Q("name") ":" MARINE__Q(name) "," MARINE__Q("arguments") ":[" MARINE__ITEMS arguments "]," \
    MARINE__Q("output_types") ":[" output "]}"
#define MARINE__DESCRIBE(section, json) \
    __asm__(".section .custom_section.__m_generated_section__" section ",\"\",@\n.ascii \"" json "\"\n.text\n");

/* ---- memory and the six functions that every module exports ------------------------------------------------------- */

MARINE__C_BEGIN
extern uint32_t   marine__result_ptr, marine__result_size;
extern int        marine__importing; /* inside a call of another module: release_objects must not touch our objects */
extern const char marine__empty[];
void marine__release(void);
marine_string marine__format(const char *format, ...) __attribute__((format(printf, 1, 2)));
marine_string marine__format_all(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool          marine__log_wants(int level);
void          marine__log_text(int32_t target, int level, marine_string text);
MARINE__C_END
/* Whether one of the values is a floating point number: settled by the compiler. */
#define MARINE__FLOATS(...)       (0 MARINE__EACH(MARINE__NOTHING, MARINE__OR_FLOAT, __VA_ARGS__))
#define MARINE__OR_FLOAT(value)   || MARINE__IS_FLOAT(value)
#ifdef __cplusplus
static inline constexpr bool marine__is_float(double) { return true; }
static inline constexpr bool marine__is_float(float) { return true; }
template <typename T> static inline constexpr bool marine__is_float(const T &) { return false; }
/* From a container's elements to those of an array: texts are copied, records are pointed to, arrays inside are copied too. */
template <typename To, typename From> static inline auto marine__put_value(To &to, const From &from, int) -> decltype((void)sizeof(typename To::value_type))
{
    to = To::of(from); /* an array inside */
}
template <typename To, typename From> static inline void marine__put_value(To &to, const From &from, long) { to = (To)from; }
template <typename To, typename From> static inline void marine__put_element(To &to, const From &from) { marine__put_value(to, from, 0); }
template <typename To, typename From> static inline void marine__put_element(To *&to, const From &from)
{
    to  = marine_new(To);
    *to = from;
}
template <typename To> static inline void marine__put_element(To *&to, To *from) { to = from; }
static inline void marine__put_element(marine_string &to, const marine_string &from) { to = from; }
#ifdef MARINE__STD
template <typename From> static inline void marine__put_element(marine_string &to, const From &from) { to = marine_text(std::string_view(from)); }
#endif
template <typename Array, typename Container> static Array marine__array_of(const Container &from)
{
    Array  array = { (typename Array::value_type *)marine__elements(from.size(), sizeof *array.ptr), 0 };
    for (const auto &element : from) marine__put_element(array.ptr[array.len++], element);
    return array;
}
#define MARINE__IS_FLOAT(value)   marine__is_float(value)
#else
#define MARINE__IS_FLOAT(value)   _Generic((value), float: 1, double: 1, long double: 1, default: 0)
#endif
static inline void marine__give(uint32_t ptr, uint32_t size)
{
    marine__result_ptr  = ptr;
    marine__result_size = size;
}

#ifndef MARINE_PART
MARINE__C_BEGIN

__asm__(".section .custom_section.__fluence_sdk_version,\"\",@\n.ascii \"0.14.0\"\n.text\n");

uint32_t   marine__result_ptr, marine__result_size;
int        marine__importing;
const char marine__empty[16] = "";

/* Objects of the current call, newest first. */
typedef struct marine__object {
    struct marine__object *older;
    size_t                 pad; /* keeps what follows aligned to 16 with the one below */
    char                   at[] __attribute__((aligned(16)));
} marine__object;
static marine__object *marine__objects;

static char *marine__object_new(size_t size)
{
    size_t bytes;
    if (__builtin_add_overflow(size, sizeof(marine__object) + 1, &bytes)) return NULL;
    marine__object *object = (marine__object *)malloc(bytes);
    if (!object) return NULL;
    object->older    = marine__objects;
    marine__objects  = object;
    object->at[size] = 0; /* texts that come in end with a NUL */
    return object->at;
}

void *marine_alloc(size_t size)
{
    char *memory = marine__object_new(size);
    if (!memory) __builtin_trap();
    return memset(memory, 0, size);
}

void marine__release(void)
{
    while (marine__objects) {
        marine__object *older = marine__objects->older;
        free(marine__objects);
        marine__objects = older;
    }
}

__attribute__((export_name("allocate"))) uint32_t marine__allocate(uint32_t count, uint32_t tag)
{
    /*                              bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 */
    static const uint8_t sizes[] = { 1,   1, 2,  4,  8,  1, 2,  4,  8,  4,  8 };
    uint32_t size;
    if (tag >= sizeof sizes || __builtin_mul_overflow(count, (uint32_t)sizes[tag], &size)) return 0;
    if (count == 0) return (uint32_t)(uintptr_t)marine__empty;
    return (uint32_t)(uintptr_t)marine__object_new(size);
}

__attribute__((export_name("release_objects"))) void marine__release_objects(void)
{
    if (!marine__importing) marine__release();
}
__attribute__((export_name("get_result_ptr"))) uint32_t marine__get_result_ptr(void) { return marine__result_ptr; }
__attribute__((export_name("get_result_size"))) uint32_t marine__get_result_size(void) { return marine__result_size; }
__attribute__((export_name("set_result_ptr"))) void marine__set_result_ptr(uint32_t ptr) { marine__result_ptr = ptr; }
__attribute__((export_name("set_result_size"))) void marine__set_result_size(uint32_t size) { marine__result_size = size; }

/* Without floating point, as printf: one pass over the format; with out == NULL it only counts. */
static size_t marine__print(char *out, const char *f, va_list args)
{
    size_t len = 0;
    for (; *f; f++) {
        char        digits[24], prefix[3] = "", fill = ' ', sign = 0;
        const char *text  = digits;
        bool        left  = false, alternate = false, precise = false;
        size_t      width = 0, precision = 0, count = 0, zeros = 0;
        int         longs = 0;
        if (*f != '%') {
            if (out) out[len] = *f;
            len++;
            continue;
        }
        for (f++; *f && strchr("-0+ #", *f); f++) {
            if (*f == '-') left = true;
            if (*f == '0') fill = '0';
            if (*f == '+' || (*f == ' ' && !sign)) sign = *f;
            if (*f == '#') alternate = true;
        }
        if (*f == '*') {
            int w = va_arg(args, int);
            if (w < 0) left = true;
            width = (size_t)(w < 0 ? -w : w);
            f++;
        }
        for (; *f >= '0' && *f <= '9'; f++) width = width * 10 + (size_t)(*f - '0');
        if (*f == '.') {
            precise = true;
            if (*++f == '*') {
                int p = va_arg(args, int);
                precise   = p >= 0;
                precision = (size_t)(precise ? p : 0);
                f++;
            }
            for (; *f >= '0' && *f <= '9'; f++) precision = precision * 10 + (size_t)(*f - '0');
        }
        for (; *f && strchr("hlzjt", *f); f++) longs += *f == 'l' ? 1 : *f == 'j' ? 2 : 0;
        switch (*f) {
        case 's':
            text = va_arg(args, const char *);
            if (!text) text = "(null)";
            fill = ' ';
            while ((!precise || count < precision) && text[count]) count++;
            break;
        case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': case 'p': {
            bool     is_signed = *f == 'd' || *f == 'i';
            unsigned base      = is_signed || *f == 'u' ? 10 : *f == 'o' ? 8 : 16;
            char    *end = digits + sizeof digits, *at = end;
            unsigned long long v = longs >= 2 ? va_arg(args, unsigned long long)
                                   : is_signed ? (unsigned long long)va_arg(args, int) : va_arg(args, unsigned);
            size_t n = 0;
            if (is_signed && (long long)v < 0) {
                prefix[n++] = '-';
                v           = 0 - v;
            } else if (is_signed && sign) {
                prefix[n++] = sign;
            }
            if ((alternate && v && base != 10) || *f == 'p') prefix[n++] = '0';
            if ((alternate && v && base == 16) || *f == 'p') prefix[n++] = *f == 'X' ? 'X' : 'x';
            for (; v; v /= base) *--at = (*f == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[v % base];
            text  = at;
            count = (size_t)(end - at);
            if (!precise) precision = 1;
            if (!precise && fill == '0' && !left && width > n) precision = width - n;
            zeros = precision > count ? precision - count : 0;
            break;
        }
        case '\0': return len;
        default: /* %c and %% */
            digits[0] = *f == 'c' ? (char)va_arg(args, int) : *f;
            count     = 1;
            break;
        }
        size_t head = strlen(prefix), body = head + zeros + count, pad = width > body ? width - body : 0;
        if (out) {
            char *to = out + len;
            if (!left) to = (char *)memset(to, ' ', pad) + pad;
            memcpy(to, prefix, head);
            memset(to + head, '0', zeros);
            memcpy(to + head + zeros, text, count);
            if (left) memset(to + body, ' ', pad);
        }
        len += pad + body;
    }
    return len;
}

marine_string marine__format(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    marine_string s;
    s.len      = marine__print(NULL, format, args);
    char *text = (char *)marine_alloc(s.len + 1);
    marine__print(text, format, again);
    s.ptr = text;
    va_end(again);
    va_end(args);
    return s;
}

marine_string marine__format_all(const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int           len  = vsnprintf(NULL, 0, format, args);
    char         *text = (char *)marine_alloc(len > 0 ? (size_t)len + 1 : 1);
    marine_string s    = { text, len > 0 ? (size_t)len : 0 };
    if (len > 0) vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return s;
}

__attribute__((import_module("__marine_host_api_v3"), import_name("get_call_parameters"))) void marine__parameters(void);
__attribute__((import_module("__marine_host_api_v3"), import_name("log_utf8_string"))) void
marine__log(int32_t level, int32_t target, const char *ptr, uint32_t size);

const marine_call_parameters *marine_parameters(void)
{
    marine__parameters();
    return (const marine_call_parameters *)(uintptr_t)marine__result_ptr;
}

bool marine__log_wants(int level)
{
    static const char *const names[] = { "off", "error", "warn", "info", "debug", "trace" };
    const char *wanted = getenv("WASM_LOG");
    for (int i = 0; wanted && i < 6; i++)
        if (strcasecmp(wanted, names[i]) == 0) return level <= i;
    return true;
}
void marine__log_text(int32_t target, int level, marine_string text) { marine__log(level, target, text.ptr, (uint32_t)text.len); }

marine_array_string marine__texts(const char *const *texts, size_t count)
{
    marine_array_string array = marine_array_new(string, count);
    for (size_t i = 0; i < count; i++) array.ptr[i] = marine_text(texts[i]);
    return array;
}

MARINE__C_END
#endif /* MARINE_PART */

#endif
