/* Aqua for editors: a project of files that change, checked again only where something changed, and questions about places in them.
 * Not here: a protocol, files, a clock: texts and imports come from the caller. Spec: docs/spec/aqua.md §3, §8, §9.
 * All positions are bytes in a file's text. Answers live in the arena that is given and outlive later changes. */
#ifndef RIV_AQUA_QUERY_H
#define RIV_AQUA_QUERY_H

#include "aqua/aqua.h"

enum { AQUA_PROJECT_FILES_MAX = 10000, AQUA_FILE_ARENA_BYTES_MAX = 256 << 20 };

typedef struct aqua_project aqua_project;
/* import: as for aqua_compile; what it resolves is kept until something is opened, closed or touched. Of a file that is open, the project's own
 * text counts. It is called inside of any function below that takes the project. Everything that config points to outlives the project. */
typedef struct aqua_project_config {
    aqua_import_fn import; /* NULL: imports are errors */
    void          *import_ctx;
    aqua_options   options; /* constants and no_relay; all warnings are told but those of `allow` */
} aqua_project_config;

aqua_project *aqua_project_new(const aqua_project_config *config);
void          aqua_project_free(aqua_project *p); /* accepts NULL */

/* ---- files ---- */

/* A file's text, also in place of the one before. The path is compared as it is. RIV_E_LIMIT: text too long, or too many files. */
RIV_MUST_USE riv_err aqua_project_open(aqua_project *p, riv_str path, riv_str text, riv_fault *fault);
/* Replaces len bytes at pos of an open file. RIV_E_NOT_FOUND: it is not open. RIV_E_MALFORMED: beyond its end. */
RIV_MUST_USE riv_err aqua_project_change(aqua_project *p, riv_str path, aqua_edit edit, riv_fault *fault);
/* What others import from it comes from the callback again; the file is forgotten when nobody does. */
void aqua_project_close(aqua_project *p, riv_str path);
/* Something outside has changed: imports are resolved again, and texts that came from the callback are asked for again. */
void aqua_project_touch(aqua_project *p);

/* How much was done so far, and what is held now (texts, trees, results), for tests and figures. */
typedef struct aqua_project_stats { uint64_t parsed, checked; size_t files, bytes; } aqua_project_stats;
aqua_project_stats aqua_project_stats_of(const aqua_project *p);

/* Editors count lines and UTF-16 units, from 1 as riv_line_col_of does; what lies beyond a line or the text
 * gives its end. The text is UTF-8. */
size_t aqua_offset_of(riv_str text, riv_line_col at);

/* ---- questions: about open files and what they import ---- */

/* In order of the text; empty for an unknown file. */
aqua_diags aqua_project_diags(aqua_project *p, riv_str path, riv_arena *arena);

typedef enum aqua_thing_kind {
    AQUA_FUNCTION, AQUA_CONSTANT, AQUA_DATA, AQUA_ABILITY, AQUA_SERVICE, AQUA_ALIAS, AQUA_FIELD, AQUA_METHOD, AQUA_VARIABLE, AQUA_MODULE,
    AQUA_FILE, AQUA_KEYWORD, AQUA_PLAIN_TYPE,
} aqua_thing_kind;
const char *aqua_thing_kind_name(aqua_thing_kind kind); /* "function", ... */

typedef struct aqua_place { riv_str file; size_t pos, len; bool defines; } aqua_place;

/* What stands at a place. */
typedef struct aqua_thing {
    aqua_thing_kind kind;
    riv_str name;
    riv_str text;      /* as one would declare it: "func open(name: string) -> u8" */
    riv_str type;      /* of a value; empty when it is unknown */
    riv_str doc;       /* comment lines right above its definition, without their marks */
    size_t  pos, len;  /* the name that was asked for */
    bool    has_origin;
    aqua_place origin; /* its definition; of a file: its beginning */
} aqua_thing;
bool aqua_project_thing(aqua_project *p, riv_str path, size_t offset, riv_arena *arena, aqua_thing *out); /* false: nothing is known there */

/* Everywhere in the project where what stands there is named, its definition too; by path, then by position. */
typedef struct aqua_places { const aqua_place *items; size_t count; } aqua_places;
aqua_places aqua_project_uses(aqua_project *p, riv_str path, size_t offset, riv_arena *arena);

/* What a file declares: fields and functions of a type come right after it and name it as parent. */
typedef struct aqua_outline_item {
    aqua_thing_kind kind;
    riv_str name, text;
    size_t  pos, len;             /* the name */
    size_t  whole_pos, whole_len; /* with its body */
    size_t  parent;               /* index, or SIZE_MAX */
} aqua_outline_item;
typedef struct aqua_outline { const aqua_outline_item *items; size_t count; } aqua_outline;
aqua_outline aqua_project_outline(aqua_project *p, riv_str path, riv_arena *arena);

/* What could stand here. [pos, pos + len) is the word that has been begun, which a choice replaces; only what goes on with it is listed,
 * letters of either case: first what has the type that is expected, then what is nearest. */
typedef struct aqua_choice {
    aqua_thing_kind kind;
    riv_str name, text;
    bool    fits; /* its type is the one expected here */
} aqua_choice;
typedef struct aqua_choices { const aqua_choice *items; size_t count; size_t pos, len; } aqua_choices;
aqua_choices aqua_project_choices(aqua_project *p, riv_str path, size_t offset, riv_arena *arena);

#endif
