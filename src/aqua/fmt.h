/* The one way in which programs are laid out: `rivulet aqua fmt`. Meaning, comments and the order of everything stay.
 * Four spaces a level, one blank line between blocks, at most one elsewhere; lines that the author broke stay broken at the same places,
 * longer ones than AQUA_FMT_COLUMNS are broken at their commas. Laying out twice changes nothing more. */
#ifndef RIV_AQUA_FMT_H
#define RIV_AQUA_FMT_H

#include "aqua/aqua.h"

enum { AQUA_FMT_COLUMNS = 100, AQUA_FMT_INDENT = 4 };

/* errors: what the parser has against source; then *out is source as it was. Everything lives in arena. */
RIV_MUST_USE riv_err aqua_format(riv_str path, riv_str source, riv_arena *arena, riv_fault *fault, aqua_diags *errors, riv_str *out);

#endif
