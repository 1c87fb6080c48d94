/* seal_fuzz.c: any bytes as an entry of the cache, and an entry of ours that was changed: neither is ever taken for whole.
 * The input is tried as it is; then as changes to a good entry: three bytes each, where (two) and what is put there. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const crypto_secret key = { { 7 } };

static bool whole(riv_bytes entry)
{
    marine__sealed sealed;
    return !marine__seal_read(&key, entry, NULL, &sealed) && !marine__seal_check_code(&sealed, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const marine__sealed sealed = { .code = RIV_BYTES("\177ELF code of a module"), .kept = RIV_BYTES("kept") };
    riv_buf              entry = { 0 }, good = { 0 };
    RIV_ASSERT(!whole((riv_bytes){ data, size }));
    marine__seal_write(&key, &sealed, &good);
    RIV_ASSERT(whole(riv_buf_view(&good)));
    riv_put_bytes(&entry, riv_buf_view(&good));
    for (size_t i = 0; i + 3 <= size; i += 3) entry.ptr[(data[i] | (size_t)data[i + 1] << 8) % entry.len] = data[i + 2];
    RIV_ASSERT(whole(riv_buf_view(&entry)) == riv_bytes_eq(riv_buf_view(&entry), riv_buf_view(&good)));
    if (size) RIV_ASSERT(!whole(riv_bytes_sub(riv_buf_view(&good), 0, data[0] % good.len)));
    riv_buf_free(&entry);
    riv_buf_free(&good);
    return 0;
}
