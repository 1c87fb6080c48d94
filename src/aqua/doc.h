/* What a program offers, with the comments above it: `rivulet aqua doc`. From the text of one file; nothing is imported or checked. */
#ifndef RIV_AQUA_DOC_H
#define RIV_AQUA_DOC_H

#include "aqua/aqua.h"

/* {file, module, text, imports [{path, as, names}], exports [{name, as}], constants [{name, value, text}], types [{name, kind `data`|`ability`|`alias`,
 * members [{name, code, text}], code, text}], services [{name, id, functions [{name, code, text}], text}], functions [{name, code, exported, text}]}:
 * in the order of the file; `text` is the comment above, `code` the declaration on one line. errors: what the parser has against source.
 * Everything lives in arena. */
RIV_MUST_USE riv_err aqua_doc(riv_str path, riv_str source, riv_arena *arena, riv_fault *fault, aqua_diags *errors, const riv_json **out);
/* The same as Markdown; names of types that the file declares are links. */
void aqua_doc_markdown(const riv_json *doc, riv_buf *out);

#endif
