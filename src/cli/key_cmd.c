/* key_cmd.c: rivulet key new and key show. Spec: docs/spec/node.md §1. Tests: tests/e2e. */
#include "cli/internal.h"

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
    if (host_key_load(cli_arg(c, 0), &fault, &seed, &exposed)) return cli_fault(c, &fault);
    print_key(c, &seed, NULL, stdout);
    crypto_wipe(&seed, sizeof seed);
    if (exposed) {
        cli_warn(c, "others may read " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
        cli_hint(c, "chmod 600 " RIV_FMT, RIV_ARG(cli_arg(c, 0)));
    }
    return CLI_OK;
}
