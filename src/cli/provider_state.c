/* provider_state.c: how the peers of provider.toml stand on the chain (offer, units, commitment), and the frame of the commands.
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

/* ---- peers: three rounds of questions, however many there are ---- */

static bool ask_peers(cli_chain *s, const cli_provider *file, cli_peer_state *out)
{
    size_t        count = file->peers_count;
    cli_question *q     = riv_new(s->c->arena, cli_question, count);
    eth_value    *ids   = riv_new(s->c->arena, eth_value, count);
    for (size_t i = 0; i < count; i++) {
        ids[i] = eth_of_hash(file->peers[i].id);
        q[i]   = (cli_question){ .function = CLI_FN_PEER, .args = &ids[i] };
    }
    if (!cli_ask_all(s, q, count)) return false;
    for (size_t i = 0; i < count; i++) {
        out[i] = (cli_peer_state){ 0 };
        if (q[i].reverts.len) continue; /* "Peer doesn't exist" */
        out[i].offer      = q[i].out[0].items[FIELD_OFFER].word;
        out[i].commitment = q[i].out[0].items[FIELD_COMMITMENT].word;
        out[i].there      = !u256_is_zero(out[i].offer);
    }
    return true;
}

static bool ask_units(cli_chain *s, const cli_provider *file, cli_peer_state *out)
{
    size_t        count = 0, at = 0;
    cli_question *q   = riv_new(s->c->arena, cli_question, 2 * file->peers_count);
    eth_value    *ids = riv_new(s->c->arena, eth_value, 2 * file->peers_count);
    for (size_t i = 0; i < file->peers_count; i++) {
        if (!out[i].there) continue;
        ids[count] = eth_of_hash(file->peers[i].id);
        q[count]   = (cli_question){ .function = CLI_FN_UNITS, .args = &ids[count] };
        count++;
        if (u256_is_zero(out[i].commitment)) continue;
        ids[count] = eth_number(out[i].commitment);
        q[count]   = (cli_question){ .function = CLI_FN_COMMITMENT, .args = &ids[count] };
        count++;
    }
    if (!cli_ask_all(s, q, count) || !cli_answered(s, q, count)) return false;
    for (size_t i = 0; i < file->peers_count; i++) {
        if (!out[i].there) continue;
        out[i].units       = q[at].out[0].items;
        out[i].units_count = q[at++].out[0].items_count;
        if (!u256_is_zero(out[i].commitment)) out[i].cc = q[at++].out[0].items;
    }
    return true;
}

bool cli_peers_load(cli_chain *s, const cli_provider *file, cli_peer_state *out)
{
    return ask_peers(s, file, out) && ask_units(s, file, out);
}

uint64_t cli_cc_status(const eth_value *cc) { return cli_u64_of(&cc[CLI_CC_STATUS]); }

const char *cli_cc_name(const eth_value *cc)
{
    static const char *const names[] = { "over",   "active", "waits for collateral", "starts with the next epoch",
                                         "failed", "removed" };
    uint64_t                 status  = cli_cc_status(cc);
    return status < RIV_COUNT(names) ? names[status] : "unknown";
}

bool cli_cc_collateral(const eth_value *cc, u256 *out)
{
    bool fits = u256_mul(cc[CLI_CC_COLLATERAL].word, cc[CLI_CC_UNITS].word, out);
    if (!fits) *out = U256_ZERO;
    return fits;
}

const eth_value *cli_unit_id_of(const eth_value *unit) { return &unit->items[CLI_UNIT_ID]; }

bool cli_unit_busy(const eth_value *unit) { return !u256_is_zero(unit->items[CLI_UNIT_DEAL].word); }

u256 cli_offer_of(const cli_provider_job *p)
{
    for (size_t i = 0; i < p->file.peers_count; i++)
        if (p->peers[i].there) return p->peers[i].offer;
    return U256_ZERO;
}

bool cli_commitments_of(cli_chain *s, const eth_value *peer, cli_events *out)
{
    cli_events  all      = { 0 };
    eth_address capacity = chain_contract_address(CHAIN_CAPACITY);
    if (!cli_events_read(s, &capacity, CLI_EVENT_COMMITMENT, peer, 0, &all)) return false;
    for (size_t i = 0; i < all.len; i++) *riv_push(s->c->arena, out) = all.ptr[i].items[1];
    return true;
}

/* ---- the commands' frame ---- */

riv_str cli_provider_path(cli *c, size_t index)
{
    return c->given.args_count > index ? cli_arg(c, index) : RIV_LIT(CLI_PROVIDER_FILE);
}

int cli_provider_run(cli *c, riv_str path, bool signs, bool (*run)(cli_provider_job *p))
{
    cli_provider_job p    = { 0 };
    int              code = CLI_OK;
    if (!cli_provider_load(c, path, &p.file, &code)) return code;
    p.peers   = riv_new(c->arena, cli_peer_state, p.file.peers_count);
    bool good = cli_market_open(c, signs, &p.s) && cli_peers_load(&p.s, &p.file, p.peers) && run(&p);
    code      = good ? CLI_OK : p.s.code ? p.s.code : CLI_USAGE;
    if (good && cli_has(c, "json") && p.s.signs) cli_chain_json(&p.s, riv_json_object(c->arena, NULL, NULL));
    cli_market_close(&p.s);
    return code;
}
