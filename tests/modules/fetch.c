/* fetch.c: runs a mounted binary; used by the tests of marine. */
#include "marine.h"

MARINE_MANIFEST("Ada <ada@example.org>", "1.2.3", "Fetches pages", "https://example.org/fetch");
MARINE_COMMAND(curl);
MARINE_RECORD(Output, (i32 code, string error, string text, string complaint))

static marine_string text_of(marine_bytes b) { return (marine_string){ (const char *)b.ptr, b.len }; }

MARINE_EXPORT(record(Output), fetch, (string url))
{
    marine_output o = curl(marine_texts("-sS", url.ptr));
    return (Output){ o.ret_code, o.error, text_of(o.standard_output), text_of(o.standard_error) };
}
