/* Shared by the files of the project: its files, each with the results of its last check and with what it shows to others.
 * A file's check holds nothing of other files' checks, only of their faces; a face lives as long as it does not change. */
#ifndef RIV_AQUA_PROJECT_H
#define RIV_AQUA_PROJECT_H

#include "aqua/query.h"
#include "aqua/uses.h"

/* What importers see of a file: a deep copy of its declared names, without places. */
typedef struct face {
    riv_arena *arena;
    module    *shown;
    riv_str    image;   /* equal images: equal faces */
    uint64_t   version; /* unique in the project */
} face;

typedef struct file file;
/* Where an import text leads from this file. */
typedef struct link { riv_str text; file *to; riv_str tried; } link;
typedef struct file {
    riv_str     path;    /* on the heap */
    riv_blob    text;
    bool        open;    /* the caller has it; else the text came from the callback */
    bool        parsed;  /* tree is of this text */
    bool        linked;  /* links are of this tree and of the project's epoch */
    bool        checked, visiting, over;
    uint64_t    settled; /* revision at which nothing more was to do */
    riv_arena  *arena;   /* of the tree and its check */
    aqua_input  in;
    compiler   *c;
    module     *m;
    riv_arena  *links_arena;
    link       *links; size_t links_count; /* one per head; text empty for others */
    uint64_t   *seen;    /* version of each import's face at the last check; see SEEN_NONE */
    face        face;
    /* cycles */
    uint32_t    index, low, component;
    bool        on_stack, reached;
} file;

enum { SEEN_NONE = 0, SEEN_CYCLE = 1, SEEN_FIRST = 2 };

struct aqua_project {
    aqua_project_config config;
    RIV_VEC(file *) files; /* grown on the heap, in order of opening */
    riv_map  *by_path;
    uint64_t  revision;    /* of any text, or what lies outside */
    uint64_t  prepared;    /* revision for which trees and links are up to date */
    uint64_t  epoch_links; /* revision of the last touch */
    uint64_t  faces_made;
    uint32_t  face_types;  /* ids of types in faces */
    aqua_project_stats stats;
};

/* project.c: the file, parsed, linked and checked, with what it imports; NULL: unknown, or too large to look at. */
file *aqua__project_file(aqua_project *p, riv_str path);
void  aqua__project_all(aqua_project *p); /* every file so */

/* face.c */
void aqua__face_make(aqua_project *p, const module *m, face *out); /* arena, shown and image */
void aqua__face_free(face *f);

/* query.c */
const decl     *aqua__find_decl(const file *f, riv_str name, bool value);
aqua_thing_kind aqua__kind_of_decl(const decl *d);
void            aqua__put_signature(riv_buf *out, riv_str name, const type *t); /* a function: "f(x: u8) -> u8"; else "x: u8" */
void            aqua__put_decl(riv_buf *out, const decl *d);

#endif
