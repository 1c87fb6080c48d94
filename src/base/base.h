/* Base: slices, arenas, errors, bounded readers and writers, maps, JSON values, seeded randomness, logging.
 * Pure: no clock, no files, no sockets, no threads, no global state. Every other room stands on it; it knows none.
 * JSON numbers and texts follow what serde_json prints, because content ids are taken over those bytes:
 * docs/spec/air.md §3.3. */
#ifndef RIV_BASE_H
#define RIV_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RIV_MUST_USE       __attribute__((warn_unused_result))
#define RIV_PRINTF(f, a)   __attribute__((format(printf, f, a)))
#define RIV_COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define RIV_MIN(a, b)      ((a) < (b) ? (a) : (b))
#define RIV_MAX(a, b)      ((a) > (b) ? (a) : (b))

/* ---- assertions: for our own mistakes only; stay on in release builds -------------------------------------- */

/* Ends the process with the place and the condition on standard error. */
_Noreturn void riv_panic(const char *file, int line, const char *what);
#define RIV_ASSERT(cond)  ((cond) ? (void)0 : riv_panic(__FILE__, __LINE__, #cond))
#define RIV_UNREACHABLE() riv_panic(__FILE__, __LINE__, "unreachable")
#ifdef RIV_SLOW_CHECKS
#define RIV_ASSERT_SLOW(cond) RIV_ASSERT(cond)
#else
#define RIV_ASSERT_SLOW(cond) ((void)sizeof(!(cond)))
#endif

/* ---- slices ------------------------------------------------------------------------------------------------- */

typedef struct riv_bytes { const uint8_t *ptr; size_t len; } riv_bytes; /* borrowed bytes; ptr may be NULL if len is 0 */
typedef struct riv_str   { const char    *ptr; size_t len; } riv_str;   /* borrowed UTF-8 (unless said otherwise) */

#define RIV_LIT(s)     ((riv_str){ ("" s), sizeof(s) - 1 })               /* a literal as a slice */
#define RIV_LIT_INIT(s) { ("" s), sizeof(s) - 1 }                         /* the same, in static initialisers */
#define RIV_BYTES(s)   ((riv_bytes){ (const uint8_t *)("" s), sizeof(s) - 1 })
#define RIV_BYTES_INIT(s) { (const uint8_t *)("" s), sizeof(s) - 1 }
#define RIV_FMT        "%.*s"                                             /* printf("x " RIV_FMT, RIV_ARG(s)) */
#define RIV_ARG(s)     (int)RIV_MIN((s).len, (size_t)INT32_MAX), (s).len ? (s).ptr : ""

riv_str   riv_str_c(const char *text);              /* view of a NUL-terminated text; NULL gives empty */
bool      riv_str_eq(riv_str a, riv_str b);
int       riv_str_cmp(riv_str a, riv_str b);        /* bytewise; a prefix comes first; <0, 0, >0 */
bool      riv_str_starts(riv_str s, riv_str prefix);
bool      riv_str_ends(riv_str s, riv_str suffix);
size_t    riv_str_find(riv_str s, riv_str what, size_t from); /* index of the first match, or SIZE_MAX */
size_t    riv_str_find_char(riv_str s, char c, size_t from);  /* the same for one byte */
riv_str   riv_str_sub(riv_str s, size_t from, size_t to);     /* [from, to), clamped to s */
riv_str   riv_str_trim(riv_str s);                  /* without ASCII white space at both ends */
bool      riv_bytes_eq(riv_bytes a, riv_bytes b);
int       riv_bytes_cmp(riv_bytes a, riv_bytes b);
riv_bytes riv_bytes_sub(riv_bytes b, size_t from, size_t to);
riv_bytes riv_str_bytes(riv_str s);                 /* the same memory seen as bytes */
riv_str   riv_bytes_str(riv_bytes b);               /* the same memory seen as text; check UTF-8 first if foreign */
bool      riv_str_u64(riv_str s, uint64_t *out);    /* decimal digits only, whole slice, no overflow */

/* ---- errors --------------------------------------------------------------------------------------------------- */

typedef enum riv_err { /* what a caller may branch on; nothing finer */
    RIV_OK = 0,
    RIV_MORE, /* not an error: need more bytes; nothing was consumed */
    RIV_E_MALFORMED,
    RIV_E_LIMIT,
    RIV_E_UNSUPPORTED,
    RIV_E_CONFLICT,
    RIV_E_DENIED,
    RIV_E_EXPIRED,
    RIV_E_NOT_FOUND,
    RIV_E_IO,
} riv_err;

#define RIV_FAULT_MSG_BYTES 256

typedef struct riv_fault { /* what a person or a peer needs to know */
    riv_err  err;
    uint32_t code; /* number published by a spec, e.g. AquaVM's; 0 = none */
    uint64_t pos;  /* byte offset in the input, or trace index */
    char     msg[RIV_FAULT_MSG_BYTES]; /* one sentence, lower case, no newline; NUL-terminated, always UTF-8 */
} riv_fault;

/* Fills *fault (unless it already holds a failure: the first one is kept; NULL is allowed) and returns err. */
riv_err riv_fail(riv_fault *fault, riv_err err, uint64_t pos, const char *format, ...) RIV_PRINTF(4, 5);
riv_err riv_fail_code(riv_fault *fault, riv_err err, uint32_t code, uint64_t pos, const char *format, ...)
    RIV_PRINTF(5, 6);
const char *riv_err_name(riv_err err); /* "malformed", "limit", ... ; static */
/* Passes an error (or RIV_MORE) up where nothing is owned. */
#define RIV_TRY(expr)                     \
    do {                                  \
        riv_err riv_try_err = (expr);     \
        if (riv_try_err) return riv_try_err; \
    } while (0)

/* ---- arenas: one per phase; everything in it dies with it ---------------------------------------------------- */

typedef struct riv_arena riv_arena;

/* bytes_max is a budget, not a size: blocks are got as needed. Passing it is remembered (riv_arena_over) and memory
 * is still handed out, up to 2 * bytes_max + 1 MiB, where the process ends: loops over foreign input look at
 * riv_arena_over at their head. 0 = no budget. An OS out of memory ends the process. */
riv_arena *riv_arena_new(size_t bytes_max);
void       riv_arena_free(riv_arena *arena); /* accepts NULL */
void       riv_arena_reset(riv_arena *arena); /* forgets everything, keeps one block; the budget starts anew */
bool       riv_arena_over(const riv_arena *arena);
size_t     riv_arena_used(const riv_arena *arena);
size_t     riv_arena_held(const riv_arena *arena); /* of the machine: all blocks, filled or not */
size_t     riv_arena_left(const riv_arena *arena); /* of the budget: what may be asked for without passing it; SIZE_MAX: none */
void      *riv_arena_alloc(riv_arena *arena, size_t bytes, size_t align); /* zeroed; never NULL; align <= 16 */
/* Grows an array made by riv_arena_alloc: returns zero-extended memory that holds the old bytes. */
void      *riv_arena_grow(riv_arena *arena, void *old, size_t old_bytes, size_t new_bytes, size_t align);
/* The same two without zeros, for bytes that are written at once. */
void      *riv_arena_alloc_raw(riv_arena *arena, size_t bytes, size_t align);
void      *riv_arena_grow_raw(riv_arena *arena, void *old, size_t old_bytes, size_t new_bytes, size_t align);
#define riv_new(arena, T, n) ((T *)riv_arena_alloc_n((arena), (n), sizeof(T), _Alignof(T)))
void      *riv_arena_alloc_n(riv_arena *arena, size_t count, size_t bytes, size_t align); /* overflow ends the process */

riv_str   riv_str_dup(riv_arena *arena, riv_str s);      /* the copy is followed by a NUL */
riv_bytes riv_bytes_dup(riv_arena *arena, riv_bytes b);
riv_str   riv_format(riv_arena *arena, const char *format, ...) RIV_PRINTF(2, 3);
riv_str   riv_vformat(riv_arena *arena, const char *format, va_list args);
const char *riv_cstr(riv_arena *arena, riv_str s);       /* NUL-terminated copy; embedded NULs stay */

/* A growing array in an arena: RIV_VEC(int) v = { 0 }; *riv_push(arena, &v) = 7; v.ptr[i], v.len. */
#define RIV_VEC(T) struct { T *ptr; size_t len, cap; }
#define riv_push(arena, v)                                                                            \
    (((v)->len == (v)->cap                                                                            \
          ? ((v)->ptr = riv_vec_grow((arena), (v)->ptr, &(v)->cap, sizeof *(v)->ptr), (void)0)        \
          : (void)0),                                                                                 \
     &(v)->ptr[(v)->len++])
void *riv_vec_grow(riv_arena *arena, void *ptr, size_t *cap, size_t bytes);

/* ---- heap: for what outlives a phase; never NULL, out of memory ends the process ------------------------------- */

void *riv_alloc(size_t bytes);                 /* zeroed */
void *riv_realloc(void *old, size_t bytes);    /* new bytes are not zeroed */
void  riv_free(void *ptr);                     /* accepts NULL */
/* Owned bytes on the heap. */
typedef struct riv_blob { uint8_t *ptr; size_t len; } riv_blob;
riv_blob  riv_blob_copy(riv_bytes b);
void      riv_blob_free(riv_blob *blob);       /* leaves it empty */
riv_bytes riv_blob_view(riv_blob blob);

/* ---- reading bytes: a failure sticks; read all fields, check short_read once ----------------------------------- */

typedef struct riv_reader { riv_bytes in; size_t pos; bool short_read; } riv_reader;

riv_reader riv_reader_of(riv_bytes in);
size_t     riv_reader_left(const riv_reader *r);
uint8_t    riv_read_u8(riv_reader *r);         /* all give 0 or empty after a short read */
uint16_t   riv_read_u16be(riv_reader *r);
uint32_t   riv_read_u32be(riv_reader *r);
uint64_t   riv_read_u64be(riv_reader *r);
uint16_t   riv_read_u16le(riv_reader *r);
uint32_t   riv_read_u32le(riv_reader *r);
uint64_t   riv_read_u64le(riv_reader *r);
riv_bytes  riv_read_bytes(riv_reader *r, uint64_t len); /* a view into the input */
riv_err    riv_rewind(riv_reader *r, size_t start);     /* back to start, clears short_read; returns RIV_MORE */

/* ---- writing bytes: a growing buffer on the heap or in an arena ------------------------------------------------ */

typedef struct riv_buf { uint8_t *ptr; size_t len, cap; riv_arena *arena; } riv_buf; /* {0}: on the heap */

riv_buf   riv_buf_in(riv_arena *arena);
void      riv_buf_free(riv_buf *b);            /* only the heap kind owns memory; leaves it empty */
void      riv_buf_clear(riv_buf *b);           /* len = 0, memory kept */
riv_bytes riv_buf_view(const riv_buf *b);      /* valid until the next write */
riv_str   riv_buf_str(const riv_buf *b);
void      riv_buf_grow(riv_buf *b, size_t more); /* makes room for at least so many bytes */
void      riv_buf_reserve(riv_buf *b, size_t more); /* makes room for so many bytes at once, not for twice as many */
uint8_t  *riv_buf_room(riv_buf *b, size_t len); /* len bytes at the end, zeroed, counted as written */
void      riv_buf_drop(riv_buf *b, size_t len); /* removes len bytes from the front */
/* len bytes at the end, not zeroed, counted as written. */
static inline uint8_t *riv_buf_raw(riv_buf *b, size_t len)
{
    if (len > b->cap - b->len) riv_buf_grow(b, len);
    uint8_t *p = b->ptr + b->len;
    b->len += len;
    return p;
}
static inline void riv_put_u8(riv_buf *b, uint8_t v) { *riv_buf_raw(b, 1) = v; }
void      riv_put_u16be(riv_buf *b, uint16_t v);
static inline void riv_put_u32be(riv_buf *b, uint32_t v)
{
    uint8_t *p = riv_buf_raw(b, 4);
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i)); /* becomes one store */
}
void      riv_put_u64be(riv_buf *b, uint64_t v);
void      riv_put_u16le(riv_buf *b, uint16_t v);
void      riv_put_u32le(riv_buf *b, uint32_t v);
void      riv_put_u64le(riv_buf *b, uint64_t v);
static inline void riv_put_bytes(riv_buf *b, riv_bytes v)
{
    if (v.len) memcpy(riv_buf_raw(b, v.len), v.ptr, v.len);
}
static inline void riv_put_str(riv_buf *b, riv_str s)
{
    if (s.len) memcpy(riv_buf_raw(b, s.len), s.ptr, s.len);
}
void      riv_putf(riv_buf *b, const char *format, ...) RIV_PRINTF(2, 3);

/* ---- maps: byte keys, insertion order, seeded by nothing that shows -------------------------------------------- */

/* From a byte key to one void pointer. Iteration: for (i = 0; i < riv_map_slots(m); i++) if (riv_map_at(m, i, ..)).
 * Order is that of first insertion; removing leaves a hole until the next growth. Keys are copied in. */
typedef struct riv_map riv_map;
riv_map *riv_map_new(riv_arena *arena);        /* arena NULL: on the heap, free with riv_map_free */
riv_map *riv_map_new_for(riv_arena *arena, size_t count); /* with room for count keys at once; arena not NULL */
void     riv_map_free(riv_map *m);             /* accepts NULL; values are the caller's */
size_t   riv_map_count(const riv_map *m);
void    *riv_map_get(const riv_map *m, riv_bytes key);             /* NULL when absent */
bool     riv_map_has(const riv_map *m, riv_bytes key);
void    *riv_map_put(riv_map *m, riv_bytes key, void *value);      /* returns the former value or NULL */
void    *riv_map_put_view(riv_map *m, riv_str key, void *value);   /* the key is not copied: it outlives m, which is in an arena */
void   **riv_map_slot_view(riv_map *m, riv_str key);               /* the same with the place of the value, NULL when new; till the next put */
void    *riv_map_remove(riv_map *m, riv_bytes key);                /* returns the former value or NULL */
size_t   riv_map_slots(const riv_map *m);
bool     riv_map_at(const riv_map *m, size_t slot, riv_bytes *key, void **value); /* false: a hole */
void    *riv_map_get_str(const riv_map *m, riv_str key);
void    *riv_map_put_str(riv_map *m, riv_str key, void *value);
void    *riv_map_get_u64(const riv_map *m, uint64_t key);
void    *riv_map_put_u64(riv_map *m, uint64_t key, void *value);
void    *riv_map_remove_u64(riv_map *m, uint64_t key);
uint64_t riv_hash64(riv_bytes b);              /* not cryptographic; the same on every machine */

/* ---- order ------------------------------------------------------------------------------------------------------- */

/* The order of items by their keys, bytewise and stable; NULL when they stand strictly ascending already. Each item begins with its
 * key, a riv_str or riv_bytes. Takes RIV_ORDER_BYTES of arena for each. */
enum { RIV_ORDER_BYTES = 36 };
const uint32_t *riv_order(riv_arena *arena, const void *items, size_t item_bytes, size_t count);
riv_bytes       riv_key_at(const void *items, size_t item_bytes, size_t index);

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

typedef enum riv_json_kind {
    RIV_JSON_NULL, RIV_JSON_BOOL,
    RIV_JSON_U64,   /* integers >= 0 */
    RIV_JSON_I64,   /* integers < 0 only */
    RIV_JSON_F64,   /* written with a dot or exponent, or an integer out of 64 bits; always finite */
    RIV_JSON_STR, RIV_JSON_ARR, RIV_JSON_OBJ,
} riv_json_kind;

#define RIV_JSON_DEPTH_MAX 128 /* serde_json's limit: the 128th nested container is refused */

/* An immutable value in an arena. Object members are sorted by key bytes and unique (the last duplicate wins), as a
 * BTreeMap's, unless it was made by riv_json_ordered. Build with the functions below, never by hand. */
typedef struct riv_json riv_json;
typedef struct riv_json_member { riv_str key; const riv_json *value; } riv_json_member;
struct riv_json {
    riv_json_kind kind;
    bool          boolean;
    bool          ordered; /* OBJ: members stand as they were given, see riv_json_ordered */
    union {
        uint64_t u64;
        int64_t  i64;
        double   f64;
        riv_str  str;
        struct { const riv_json *const *items; size_t count; } arr;
        struct { const riv_json_member *members; size_t count; } obj;
    };
};

/* Strict RFC 8259 plus nothing. RIV_E_MALFORMED with the byte offset; RIV_E_LIMIT when nested too deep or when the arena's
 * budget is passed (values take up to 20 times their text; keep texts under a quarter of it). Numbers beyond
 * f64 are refused. Lone surrogates are refused. Values live in arena and do not point into text. */
RIV_MUST_USE riv_err riv_json_parse(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out);
/* The same, but floats as Rust's serde_json reads them by default: digits that fit 64 bits times a power of ten, rounded twice, so not
 * always the nearest double (and out of range a little earlier). For values that peers of the network must agree on. */
RIV_MUST_USE riv_err riv_json_parse_serde(riv_str text, riv_arena *arena, riv_fault *fault, const riv_json **out);
void    riv_json_write(const riv_json *v, riv_buf *out);           /* compact, serde_json's form */
void    riv_json_write_pretty(const riv_json *v, riv_buf *out);    /* two spaces, serde_json's pretty form */
riv_str riv_json_text(const riv_json *v, riv_arena *arena);        /* compact */
void    riv_json_write_str(riv_str s, riv_buf *out);               /* one quoted string */
void    riv_json_write_f64(double v, riv_buf *out);                /* as riv_json_write writes riv_json_f64 of v */
bool    riv_json_eq(const riv_json *a, const riv_json *b);         /* numbers of different kinds differ: 1 vs 1.0 */

const riv_json *riv_json_null(void);                               /* shared constants */
const riv_json *riv_json_bool(bool b);
const riv_json *riv_json_u64(riv_arena *arena, uint64_t v);
const riv_json *riv_json_i64(riv_arena *arena, int64_t v);         /* kind U64 when v >= 0 */
const riv_json *riv_json_f64(riv_arena *arena, double v);          /* NaN and infinities give null */
const riv_json *riv_json_str(riv_arena *arena, riv_str s);         /* borrows s */
const riv_json *riv_json_strc(riv_arena *arena, const char *text); /* borrows text */
const riv_json *riv_json_arr(riv_arena *arena, const riv_json *const *items, size_t count); /* borrows items */
/* Sorts and deduplicates a copy of members. */
const riv_json *riv_json_obj(riv_arena *arena, const riv_json_member *members, size_t count);
/* riv_json_object(arena, "a", x, "b", y, NULL): C names and values in pairs. A NULL value leaves its member out. */
const riv_json *riv_json_object(riv_arena *arena, ...) __attribute__((sentinel));
/* The same two for objects whose order means something to readers: members stay as given and are written so; keys must differ.
 * Looking a key up takes as long as there are members; riv_json_eq does not look at the order. Parsing never makes one. */
const riv_json *riv_json_ordered(riv_arena *arena, const riv_json_member *members, size_t count);
const riv_json *riv_json_record(riv_arena *arena, ...) __attribute__((sentinel));
const riv_json *riv_json_get(const riv_json *obj, riv_str key);    /* NULL when absent, or obj is NULL or no object */
const riv_json *riv_json_at(const riv_json *arr, size_t index);    /* NULL when out of range or no array */
const riv_json *riv_json_copy(riv_arena *arena, const riv_json *v); /* deep */
const char     *riv_json_kind_name(const riv_json *v);             /* "null", "boolean", "number", "string", ... */

/* A builder for an array: riv_json_list l = { 0 }; riv_json_add(arena, &l, v); riv_json_arr(arena, l.ptr, l.len). */
typedef RIV_VEC(const riv_json *) riv_json_list;
void riv_json_add(riv_arena *arena, riv_json_list *list, const riv_json *v);

/* ---- text ---------------------------------------------------------------------------------------------------------- */

bool   riv_utf8_valid(riv_bytes b, size_t *bad_pos);      /* *bad_pos (may be NULL): offset of the first bad sequence */
/* Decodes one scalar value at pos (which must be inside s, at a border of valid UTF-8) and moves pos behind it. */
uint32_t riv_utf8_next(riv_str s, size_t *pos);
void   riv_utf8_put(riv_buf *b, uint32_t scalar);
size_t riv_edit_distance(riv_str a, riv_str b);           /* Levenshtein on bytes; over 64 bytes long: a large number */
/* Index of the candidate nearest to name, or SIZE_MAX when none is near enough to be a likely slip. */
size_t riv_nearest(riv_str name, const riv_str *candidates, size_t count);
typedef struct riv_line_col { uint32_t line, col; } riv_line_col; /* from 1; col counts UTF-16 units, as editors do */
riv_line_col riv_line_col_of(riv_str text, size_t pos);

/* ---- seeded randomness: tests, simulator, jitter; never keys ------------------------------------------------------- */

typedef struct riv_prng { uint64_t s[4]; } riv_prng;      /* xoshiro256** */
riv_prng riv_prng_seed(uint64_t seed);
uint64_t riv_prng_u64(riv_prng *p);
uint64_t riv_prng_below(riv_prng *p, uint64_t bound);     /* uniform in [0, bound); bound > 0 */
bool     riv_prng_chance(riv_prng *p, uint32_t per_million);
void     riv_prng_fill(riv_prng *p, uint8_t *out, size_t len);

/* ---- logging: pure code gets a sink and never prints ----------------------------------------------------------------- */

typedef enum riv_log_level { RIV_LOG_ERROR, RIV_LOG_WARN, RIV_LOG_INFO, RIV_LOG_DEBUG, RIV_LOG_TRACE } riv_log_level;
typedef enum riv_log_kind { RIV_LOG_KIND_STR, RIV_LOG_KIND_U64, RIV_LOG_KIND_I64, RIV_LOG_KIND_BOOL } riv_log_kind;
typedef struct riv_log_field {
    const char  *key;
    riv_log_kind kind;
    riv_str      str;
    uint64_t     u64;
} riv_log_field;
typedef struct riv_log { /* NULL sink: silent. A NULL riv_log pointer is silent too. */
    void (*write)(void *ctx, riv_log_level level, const char *event, const riv_log_field *fields, size_t count);
    void         *ctx;
    riv_log_level level; /* the most verbose level wanted */
} riv_log;
void riv_log_write(const riv_log *log, riv_log_level level, const char *event, const riv_log_field *fields, size_t count);
#define LOG_STR(k, v)  { (k), RIV_LOG_KIND_STR, (v), 0 }
#define LOG_CSTR(k, v) { (k), RIV_LOG_KIND_STR, riv_str_c(v), 0 }
#define LOG_U64(k, v)  { (k), RIV_LOG_KIND_U64, { 0, 0 }, (uint64_t)(v) }
#define LOG_I64(k, v)  { (k), RIV_LOG_KIND_I64, { 0, 0 }, (uint64_t)(int64_t)(v) }
#define LOG_BOOL(k, v) { (k), RIV_LOG_KIND_BOOL, { 0, 0 }, (v) ? 1u : 0u }
#define RIV_LOG_AT(log, level, event, ...)                                                            \
    riv_log_write((log), (level), (event), (const riv_log_field[]){ __VA_ARGS__ },                    \
                  sizeof((const riv_log_field[]){ __VA_ARGS__ }) / sizeof(riv_log_field))
#define LOG_ERROR(log, event, ...) RIV_LOG_AT(log, RIV_LOG_ERROR, event, __VA_ARGS__)
#define LOG_WARN(log, event, ...)  RIV_LOG_AT(log, RIV_LOG_WARN, event, __VA_ARGS__)
#define LOG_INFO(log, event, ...)  RIV_LOG_AT(log, RIV_LOG_INFO, event, __VA_ARGS__)
#define LOG_DEBUG(log, event, ...) RIV_LOG_AT(log, RIV_LOG_DEBUG, event, __VA_ARGS__)

#endif
