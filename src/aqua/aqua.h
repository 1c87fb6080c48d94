/* Aqua compiler: source text in, AIR trees and interface definitions out. Passes: lex, parse, types, lower, topology, emit.
 * Not here: files (imports come through a given function), execution, peers that exist. Spec: docs/spec/aqua.md. */
#ifndef RIV_AQUA_H
#define RIV_AQUA_H

#include "air/air.h"
#include "base/base.h"

enum { AQUA_SOURCE_BYTES_MAX = 16 << 20, AQUA_ARENA_BYTES_MAX = 1 << 30, AQUA_DEPTH_MAX = 256, AQUA_DIAGS_MAX = 200 };

typedef enum aqua_severity { AQUA_ERROR, AQUA_WARNING } aqua_severity;
typedef enum aqua_diag_kind { AQUA_SYNTAX_ERROR, AQUA_HEADER_ERROR, AQUA_IMPORT_ERROR, AQUA_SEMANTIC_ERROR, AQUA_WARN } aqua_diag_kind;
/* A second place of a finding: where a name was defined first, what the other side is. Without a place it is advice. */
typedef struct aqua_note { riv_str file, source, text; size_t pos, len; bool has_place; } aqua_note;
/* Replaces len bytes at pos of the finding's own file. The edits of a fix do not overlap and stand in order; all are made or none. */
typedef struct aqua_edit { size_t pos, len; riv_str text; } aqua_edit;
typedef struct aqua_fix { riv_str title; const aqua_edit *edits; size_t edits_count; } aqua_fix;
/* One finding. pos and len are bytes in the text of file. */
typedef struct aqua_diag {
    aqua_diag_kind kind;
    const char *code, *name; /* stable: "A0301", "unknown-name"; static. See aqua_codes */
    riv_str file, text;
    riv_str source;    /* whole text of the file, for rendering; empty when there is none */
    size_t  pos, len;
    bool    has_place; /* an import cycle has none */
    riv_str hint;      /* "did you mean ...", may be empty */
    const aqua_note *notes; size_t notes_count;
    const aqua_fix  *fixes; size_t fixes_count; /* each alone likely mends it */
} aqua_diag;
typedef struct aqua_diags { const aqua_diag *items; size_t count; } aqua_diags;
const char *aqua_diag_kind_name(aqua_diag_kind kind); /* "Syntax error", "Header error", "Cannot resolve imports", "Error", "Warning" */
/* The lines of source with marks below, notes and suggestions, as people read them; colour: ANSI sequences. */
void aqua_diag_render(const aqua_diag *diag, bool colour, riv_buf *out);
/* {kind, code, name, file, line, col, end_line, end_col, text, hint?, notes?, fixes?}: docs/spec/scenarios.md 2. Borrows the diag's texts. */
const riv_json *aqua_diag_json(const aqua_diag *diag, riv_arena *arena);
riv_str aqua_fix_apply(riv_str source, const aqua_fix *fix, riv_arena *arena);

/* What stands behind a code. bad gives exactly this code, good is accepted; both may import "lib.aqua" (aqua_example_lib) and themselves as
 * "main.aqua". Empty when a limit or an option is meant. */
typedef struct aqua_code { aqua_diag_kind kind; const char *code, *name, *title, *text, *bad, *good; } aqua_code;
const aqua_code *aqua_codes(size_t *count);          /* in order of their codes */
const aqua_code *aqua_code_find(riv_str code_or_name); /* NULL: none; letters may be of either case */
extern const char aqua_example_lib[];

/* Finds an imported file. RIV_E_NOT_FOUND: *tried (comma separated) is shown to the user. Results live in arena. */
typedef riv_err (*aqua_import_fn)(void *ctx, riv_str importer_path, riv_str import_text, riv_arena *arena, riv_fault *fault,
                                  riv_str *path, riv_str *source, riv_str *tried);

typedef struct aqua_options {
    bool no_relay, no_xor, tracing;
    bool no_empty_response;      /* the original's default is true: set it */
    const riv_str *constants;    size_t constants_count; /* "NAME = literal" each */
    const riv_str *allow;        size_t allow_count;     /* warnings that are not wanted: names or codes; unknown ones are errors */
    bool deny_warnings;          /* those that remain are errors */
} aqua_options;

typedef struct aqua_input {
    riv_str path, source;
    aqua_import_fn import; /* NULL: imports are errors */
    void   *import_ctx;
    aqua_options options;
} aqua_input;

typedef struct aqua_param { riv_str name; bool is_arrow; const riv_json *type; /* definition JSON, docs/spec/aqua.md §11 */ } aqua_param;
typedef struct aqua_func {
    riv_str           name;
    const air_node   *air;
    riv_str           air_text;
    const riv_json   *func_def;
    const aqua_param *params;   size_t params_count;
    size_t            results_count;
    riv_str           signature; /* "hello(name: string) -> []string" */
} aqua_func;
typedef struct aqua_service { riv_str name; const riv_json *service_def; } aqua_service;

typedef struct aqua_output {
    bool                accepted;
    aqua_diags          errors, warnings; /* in order of discovery */
    const aqua_func    *funcs;    size_t funcs_count;    /* exported ones, in order of the export list */
    const aqua_service *services; size_t services_count;
} aqua_output;

/* Everything lives in arena. A program with errors is RIV_OK with accepted == false; RIV_E_LIMIT: source or arena too large. */
RIV_MUST_USE riv_err aqua_compile(const aqua_input *in, riv_arena *arena, riv_fault *fault, aqua_output *out);

/* `name("x", 42, [1], {"a": true})`: what `rivulet run -f` takes. Arguments are JSON values. fault->pos: byte offset in text. */
typedef struct aqua_call { riv_str name; const riv_json *args; } aqua_call;
RIV_MUST_USE riv_err aqua_call_parse(riv_str text, riv_arena *arena, riv_fault *fault, aqua_call *out);
/* Count and types of args against func; the fault names the argument and both types. */
RIV_MUST_USE riv_err aqua_call_check(const aqua_func *func, const riv_json *args, riv_fault *fault);

#endif
