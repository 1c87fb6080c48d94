/* key_cmd.c: rivulet key new, show and import: keys of peers (ed25519, base64) and of accounts on a chain (secp256k1, 0x and hexadecimal).
 * Spec: docs/spec/node.md §1, docs/market.md. Tests: tests/e2e. */
#include "cli/market_client.h"

/* ---- of accounts ---- */

static void print_wallet(cli *c, const cli_wallet *w, const riv_json *secret, FILE *people)
{
    riv_str address = cli_show_address(c, &w->address);
    if (cli_has(c, "json"))
        cli_print_json(riv_json_object(c->arena, "address", riv_json_str(c->arena, address), "secret", secret, NULL),
                       false);
    else
        fprintf(people, "address  " RIV_FMT "\n", RIV_ARG(address));
}

static int new_wallet(cli *c)
{
    cli_wallet w;
    riv_fault  fault = { 0 };
    riv_str    path  = cli_arg(c, 0);
    riv_buf    text  = riv_buf_in(c->arena);
    int        code  = CLI_OK;
    do { /* all but one of 2^128 are keys */
        crypto_secret secret;
        riv_buf_clear(&text);
        host_key_new(&secret);
        cli_wallet_put(&text, &secret);
        crypto_wipe(&secret, sizeof secret);
    } while (cli_wallet_of(riv_buf_str(&text), NULL, &w));
    if (path.len && cli_wallet_save(path, &w.key, &fault)) {
        code = cli_fault(c, &fault);
    } else if (path.len) {
        print_wallet(c, &w, NULL, stdout);
    } else {
        if (!cli_has(c, "json")) printf(RIV_FMT "\n", RIV_ARG(riv_buf_str(&text)));
        print_wallet(c, &w, riv_json_str(c->arena, riv_buf_str(&text)), stderr);
    }
    crypto_wipe(&w, sizeof w);
    return code;
}

static int show_wallet(cli *c)
{
    cli_wallet w;
    riv_fault  fault = { 0 };
    if (cli_wallet_load(cli_arg(c, 0), &fault, &w)) return cli_fault(c, &fault);
    print_wallet(c, &w, NULL, stdout);
    if (w.exposed) {
        cli_warn(c, "others may read " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
        cli_hint(c, "chmod 600 " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
    }
    crypto_wipe(&w, sizeof w);
    return CLI_OK;
}

/* From standard input: what stands in a command line is seen by others, and kept by the shell. */
int cli_cmd_key_import(cli *c)
{
    cli_wallet w;
    riv_bytes  text;
    riv_fault  fault = { 0 };
    if (host_file_read(RIV_LIT("-"), HOST_KEY_FILE_BYTES_MAX, c->arena, &fault, &text)) return cli_fault(c, &fault);
    int code = CLI_OK;
    if (cli_wallet_of(riv_bytes_str(text), &fault, &w) || cli_wallet_save(cli_arg(c, 0), &w.key, &fault))
        code = cli_fault(c, &fault);
    else
        print_wallet(c, &w, NULL, stdout);
    crypto_wipe(&w, sizeof w);
    return code;
}

/* ---- of peers ---- */

static void print_key(cli *c, const crypto_secret *seed, const riv_json *secret, FILE *people)
{
    crypto_keypair pair;
    crypto_keypair_of(seed, &pair);
    codec_peer peer = codec_peer_of(&pair.public_key);
    riv_str    id   = codec_peer_text(c->arena, &peer);
    riv_str public  = codec_base64(c->arena, (riv_bytes){ pair.public_key.bytes, sizeof pair.public_key.bytes });
    if (cli_has(c, "json"))
        cli_print_json(riv_json_object(c->arena, "peer_id", riv_json_str(c->arena, id), "public_key",
                                       riv_json_str(c->arena, public), "secret", secret, NULL),
                       false);
    else
        fprintf(people, "peer id     " RIV_FMT "\npublic key  " RIV_FMT "\n", RIV_ARG(id), RIV_ARG(public));
    crypto_wipe(&pair, sizeof pair);
}

int cli_cmd_key_new(cli *c)
{
    crypto_secret seed;
    riv_fault     fault = { 0 };
    riv_str       path  = cli_arg(c, 0);
    int           code  = CLI_OK;
    if (cli_has(c, "wallet")) return new_wallet(c);
    host_key_new(&seed);
    riv_str text = path.len ? (riv_str){ 0 } : codec_base64(c->arena, (riv_bytes){ seed.bytes, sizeof seed.bytes });
    if (path.len && host_key_save(path, &seed, &fault)) {
        code = cli_fault(c, &fault);
        if (fault.err == RIV_E_CONFLICT) cli_hint(c, "`rivulet key show " RIV_FMT "` tells whose it is", RIV_ARG(path));
    } else if (path.len) {
        print_key(c, &seed, NULL, stdout);
    } else { /* the secret goes to stdout, for a pipe; what people want to know to stderr */
        if (!cli_has(c, "json")) printf(RIV_FMT "\n", RIV_ARG(text));
        print_key(c, &seed, riv_json_str(c->arena, text), stderr);
    }
    crypto_wipe(&seed, sizeof seed);
    return code;
}

int cli_cmd_key_show(cli *c)
{
    bool          exposed = false;
    crypto_secret seed;
    riv_fault     fault = { 0 };
    if (cli_is_wallet(cli_arg(c, 0))) return show_wallet(c);
    if (host_key_load(cli_arg(c, 0), &fault, &seed, &exposed)) return cli_fault(c, &fault);
    print_key(c, &seed, NULL, stdout);
    crypto_wipe(&seed, sizeof seed);
    if (exposed) {
        cli_warn(c, "others may read " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
        cli_hint(c, "chmod 600 " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
    }
    return CLI_OK;
}
