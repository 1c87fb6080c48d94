/* Definitions: what clients need to know of a function or service, as JSON (define.c). */
#ifndef RIV_AQUA_DEFINE_H
#define RIV_AQUA_DEFINE_H

#include "aqua/internal.h"

/* Fills func_def, params, results_count and signature; out->name is set. False: a type is nested more than AQUA_DEPTH_MAX deep. */
bool            aqua__define_func(compiler *c, const type *t, aqua_func *out);
/* NULL: for the same reason. */
const riv_json *aqua__define_service(compiler *c, const decl *service);

#endif
