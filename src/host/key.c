/* key.c: key files: the base64 text of an ed25519 seed, readable by its owner alone.
 * Spec: docs/spec/node.md §1. Tests: file_test.c. */
#define _GNU_SOURCE
#include "host/host.h"

#include <sys/stat.h>

riv_err host_key_load(riv_str path, riv_fault *fault, crypto_secret *out, bool *exposed)
{
    riv_err     err;
    riv_bytes   text  = { 0 };
    struct stat st    = { 0 };
    riv_arena  *arena = riv_arena_new(0);
    riv_buf     seed  = { 0 };
    if ((err = host_file_read(path, HOST_KEY_FILE_BYTES_MAX, arena, fault, &text))) goto out;
    if (codec_read_base64(riv_str_trim(riv_bytes_str(text)), &seed, NULL) || seed.len != CRYPTO_SEED_BYTES) {
        err = riv_fail(fault, RIV_E_MALFORMED, 0,
                       RIV_FMT " is no key file: expected one line, the base64 text of %d bytes (44 characters)",
                       RIV_ARG(path), CRYPTO_SEED_BYTES);
        goto out;
    }
    memcpy(out->bytes, seed.ptr, CRYPTO_SEED_BYTES);
    if (exposed) *exposed = stat(riv_cstr(arena, path), &st) == 0 && (st.st_mode & 077) != 0;
out:
    if (seed.ptr) crypto_wipe(seed.ptr, seed.len);
    if (text.len) crypto_wipe((uint8_t *)(uintptr_t)text.ptr, text.len);
    riv_buf_free(&seed);
    riv_arena_free(arena);
    return err;
}

riv_err host_key_save(riv_str path, const crypto_secret *seed, riv_fault *fault)
{
    riv_buf   text = { 0 };
    riv_fault why  = { 0 };
    codec_put_base64(&text, (riv_bytes){ seed->bytes, sizeof seed->bytes });
    riv_put_u8(&text, '\n');
    riv_err err = host_file_write_new(path, riv_buf_view(&text), 0600, &why);
    crypto_wipe(text.ptr, text.len);
    riv_buf_free(&text);
    if (err == RIV_E_CONFLICT)
        return riv_fail(fault, err, 0, RIV_FMT " exists already; a key is never overwritten", RIV_ARG(path));
    return err ? riv_fail(fault, err, 0, "%s", why.msg) : RIV_OK;
}

void host_key_new(crypto_secret *out) { host_entropy(out->bytes, sizeof out->bytes); }
