/* Definitions: what clients need to know of a function or service, as JSON (define.c). */
#ifndef RIV_AQUA_DEFINE_H
#define RIV_AQUA_DEFINE_H

#include "aqua/internal.h"

/* Parts of the types of one definition. A type stands in full wherever it is named, so that few lines may mean very many. */
enum { DEFINE_PARTS_MAX = 100000 };

/* Fills func_def, params, results_count and signature; out->name is set. False: its types are nested more than AQUA_DEPTH_MAX deep, or
 * have more than DEFINE_PARTS_MAX parts. */
bool            aqua__define_func(compiler *c, const type *t, aqua_func *out);
/* NULL: for the same reason. */
const riv_json *aqua__define_service(compiler *c, const decl *service);

#endif
