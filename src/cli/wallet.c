/* wallet.c: keys of accounts on a chain: a file with one line, 0x and 64 hexadecimal digits, as other tools take it; or the number of a
 * development account. Contract: market_client.h. Tests: amount_test.c, tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"
#include "rpc/rpc.h"

#include <sys/stat.h>

enum { DIGITS = 2 * CRYPTO_KEY_BYTES };

/* "0" to "9", when no file has that name. */
static bool is_number(riv_str text)
{
    return text.len == 1 && text.ptr[0] >= '0' && text.ptr[0] <= '9' && !host_file_exists(text);
}

riv_err cli_wallet_of(riv_str secret, riv_fault *fault, cli_wallet *out)
{
    crypto_secp_public public;
    riv_buf bytes = { 0 };
    riv_str line  = riv_str_trim(secret);
    if (riv_str_starts(line, RIV_LIT("0x"))) line = riv_str_sub(line, 2, line.len);
    *out        = (cli_wallet){ 0 };
    riv_err err = line.len == DIGITS && !codec_read_hex(line, &bytes, NULL) ? RIV_OK : RIV_E_MALFORMED;
    if (!err) {
        memcpy(out->key.bytes, bytes.ptr, sizeof out->key.bytes);
        err = crypto_secp_public_of(&out->key, &public);
    }
    if (bytes.ptr) crypto_wipe(bytes.ptr, bytes.len);
    riv_buf_free(&bytes);
    if (err)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "this is no key of an account: 0x and %d hexadecimal digits are",
                        DIGITS);
    out->address = eth_address_of_key(&public);
    return RIV_OK;
}

/* Known to everybody: nothing to wipe. */
static riv_err development(size_t index, riv_fault *fault, cli_wallet *out)
{
    riv_buf       text = { 0 };
    crypto_secret key  = rpc_development_key(index);
    cli_wallet_put(&text, &key);
    riv_err err = cli_wallet_of(riv_buf_str(&text), fault, out);
    riv_buf_free(&text);
    return err;
}

riv_err cli_wallet_load(riv_str file_or_number, riv_fault *fault, cli_wallet *out)
{
    riv_bytes   text  = { 0 };
    struct stat st    = { 0 };
    riv_arena  *arena = NULL;
    if (is_number(file_or_number)) return development((size_t)(file_or_number.ptr[0] - '0'), fault, out);
    arena       = riv_arena_new(0);
    riv_err err = host_file_read(file_or_number, HOST_KEY_FILE_BYTES_MAX, arena, fault, &text);
    if (!err && cli_wallet_of(riv_bytes_str(text), NULL, out))
        err = riv_fail(fault, RIV_E_MALFORMED, 0,
                       RIV_FMT " is no key of an account: one line, 0x and %d hexadecimal digits",
                       RIV_ARG(file_or_number), DIGITS);
    if (!err)
        out->exposed = stat(riv_cstr(arena, file_or_number), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077);
    if (text.len) crypto_wipe((uint8_t *)(uintptr_t)text.ptr, text.len);
    riv_arena_free(arena);
    return err;
}

void cli_wallet_put(riv_buf *out, const crypto_secret *key)
{
    riv_put_str(out, RIV_LIT("0x"));
    codec_put_hex(out, (riv_bytes){ key->bytes, sizeof key->bytes });
}

riv_err cli_wallet_save(riv_str path, const crypto_secret *key, riv_fault *fault)
{
    riv_buf text = { 0 };
    riv_buf_reserve(&text, DIGITS + 3); /* nothing of it stays behind by growing */
    cli_wallet_put(&text, key);
    riv_put_u8(&text, '\n');
    riv_fault why = { 0 };
    riv_err   err = host_file_write_new(path, riv_buf_view(&text), 0600, &why);
    crypto_wipe(text.ptr, text.len);
    riv_buf_free(&text);
    if (err == RIV_E_CONFLICT)
        return riv_fail(fault, err, 0, RIV_FMT " exists already; a key is never overwritten", RIV_ARG(path));
    return err ? riv_fail(fault, err, 0, "%s", why.msg) : RIV_OK;
}

bool cli_is_wallet(riv_str file_or_number)
{
    cli_wallet w;
    bool       is = !cli_wallet_load(file_or_number, NULL, &w);
    crypto_wipe(&w, sizeof w);
    return is;
}

bool cli_account_of(riv_str text, riv_fault *fault, eth_address *out)
{
    cli_wallet w;
    if (riv_str_starts(text, RIV_LIT("0x"))) return !eth_read_address(text, fault, out);
    if (cli_wallet_load(text, fault, &w)) return false;
    *out = w.address;
    crypto_wipe(&w, sizeof w);
    return true;
}
