/* wallet.c: keys of accounts on a chain: a file with one line, 0x and 64 hexadecimal digits, as other tools take it; or the number of a
 * development account. Contract: market_client.h. Tests: amount_test.c, tests/e2e/market.py. */
#define _GNU_SOURCE
#include "cli/market_client.h"

#include <sys/stat.h>

enum { DIGITS = 2 * CRYPTO_KEY_BYTES };

/* The mnemonic "test test test test test test test test test test test junk", m/44'/60'/0'/0/i: known to everybody. */
static const char *const development[CHAIN_DEVELOPMENT_ACCOUNTS] = {
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
};

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

riv_err cli_wallet_load(riv_str file_or_number, riv_fault *fault, cli_wallet *out)
{
    riv_bytes   text  = { 0 };
    struct stat st    = { 0 };
    riv_arena  *arena = NULL;
    if (is_number(file_or_number))
        return cli_wallet_of(riv_str_c(development[file_or_number.ptr[0] - '0']), fault, out);
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
