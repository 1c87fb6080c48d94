/* archive_fuzz.c: bytes -> data -> bytes -> data: the content must be the same, and writing it once more must give the same bytes. */
#include "codec/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES_PER_BYTE = 20 }; /* memory for reading; docs/spec/codec.md 8 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena   *arena = riv_arena_new(0);
    riv_fault    fault = { 0 };
    archive_data first = { 0 }, second;
    riv_bytes    in    = { data, size };
    /* Half of the inputs are bare archives, so that the fuzzer need not find its way through an envelope. */
    bool bare = size && data[0] == 0xff;
    if (bare) in = riv_bytes_sub(in, 1, size);
    riv_err err = bare ? archive_inner_read(in, arena, &fault, &first) : archive_read(in, arena, &fault, &first);
    RIV_ASSERT(riv_arena_used(arena) <= BYTES_PER_BYTE * size + 4096);
    RIV_ASSERT((err != RIV_OK) == (fault.code >= 2 && fault.code <= 4));
    if (!err) {
        riv_buf out = riv_buf_in(arena), again = riv_buf_in(arena);
        archive_inner_write(&first, &out);
        RIV_ASSERT(archive_inner_read(riv_buf_view(&out), arena, NULL, &second) == RIV_OK);
        second.version             = first.version;
        second.interpreter_version = first.interpreter_version;
        RIV_ASSERT(riv_json_eq(archive_json(&first, arena), archive_json(&second, arena)));
        archive_inner_write(&second, &again);
        RIV_ASSERT(riv_bytes_eq(riv_buf_view(&out), riv_buf_view(&again)));
    }
    riv_arena_free(arena);
    return 0;
}
