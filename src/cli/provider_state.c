/* provider_state.c: how the peers of provider.toml stand on the chain: offer, units and commitment.
 * Contract: provider_file.h. Tests: tests/e2e/market.py. */
#include "cli/provider_file.h"

enum { FIELD_OFFER, FIELD_COMMITMENT }; /* of getComputePeer */

bool cli_provider_load(cli *c, riv_str path, cli_provider *out, int *code)
{
    riv_str   text;
    riv_fault fault = { 0 };
    if (!host_file_exists(path)) {
        *code = cli_error(c, CLI_USAGE, "there is no " RIV_FMT, RIV_ARG(path));
        cli_hint(c, "`rivulet provider init` writes one");
        return false;
    }
    *code = CLI_USAGE;
    if (!cli_read_text(c, path, &text)) return false;
    if (!cli_provider_parse(path, text, c->arena, &fault, out)) return true;
    cli_error(c, CLI_USAGE, "%s", fault.msg);
    return false;
}

bool cli_peer_load(cli_chain *s, const cli_provider_peer *peer, cli_peer_state *out)
{
    riv_str          reverts;
    const eth_value *v;
    const eth_value  id = eth_of_hash(peer->id);
    *out                = (cli_peer_state){ 0 };
    if (!cli_ask_or(s, CLI_FN_PEER, NULL, &id, &reverts, &v)) return false;
    if (reverts.len) return true; /* "Peer doesn't exist" */
    out->offer      = v[0].items[FIELD_OFFER].word;
    out->commitment = v[0].items[FIELD_COMMITMENT].word;
    out->there      = !u256_is_zero(out->offer);
    if (!out->there) return true;
    if (!cli_ask(s, CLI_FN_UNITS, NULL, &id, &v)) return false;
    out->units       = v[0].items;
    out->units_count = v[0].items_count;
    if (u256_is_zero(out->commitment)) return true;
    eth_value cc = eth_number(out->commitment);
    if (!cli_ask(s, CLI_FN_COMMITMENT, NULL, &cc, &v)) return false;
    out->cc = v[0].items;
    return true;
}

const eth_value *cli_unit_id_of(const eth_value *unit) { return &unit->items[CLI_UNIT_ID]; }

bool cli_unit_busy(const eth_value *unit) { return !u256_is_zero(unit->items[CLI_UNIT_DEAL].word); }
