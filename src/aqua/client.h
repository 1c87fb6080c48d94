/* What the published JavaScript client loads: the exported functions and services of a program as JavaScript or TypeScript.
 * Not here: files, the client itself. Written from the definitions alone, as clients read them.
 * Spec: docs/spec/aqua.md §11, docs/spec/js-client.md §2. */
#ifndef RIV_AQUA_CLIENT_H
#define RIV_AQUA_CLIENT_H

#include "aqua/aqua.h"

typedef enum aqua_client_form {
    AQUA_CLIENT_JS,  /* an ES module */
    AQUA_CLIENT_DTS, /* the types of that module */
    AQUA_CLIENT_TS,  /* both in one file */
} aqua_client_form;

/* Appends the text: register<Service> for each service, a function and its <name>_script for each function. `from`: how the head names the
 * program. Scratch memory is taken from arena, whose budget is the caller's to look at. */
void aqua_client_write(const aqua_output *program, riv_str from, aqua_client_form form, riv_arena *arena, riv_buf *out);

#endif
