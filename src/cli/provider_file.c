/* provider_file.c: provider.toml: read with places of what is wrong; and a new one with keys for its peers.
 * Contract: provider_file.h. Tests: provider_file_test.c. */
#include "cli/provider_file.h"

crypto_hash cli_unit_id(const uint8_t peer[32], uint64_t index)
{
    riv_buf text = { 0 };
    riv_put_str(&text, RIV_LIT("rivulet.unit"));
    riv_put_bytes(&text, (riv_bytes){ peer, 32 });
    riv_put_u64be(&text, index);
    crypto_hash out = crypto_keccak256(riv_buf_view(&text));
    riv_buf_free(&text);
    return out;
}

/* ---- reading ---- */

/* Its id by its key file, or as it is written. */
static riv_err read_peer_id(host_doc *d, const riv_json *table, riv_str at, cli_provider_peer *out)
{
    riv_str       id    = { 0 };
    riv_fault     cause = { 0 };
    codec_peer    peer;
    crypto_secret seed;
    RIV_TRY(host_doc_text(d, table, at, "key", &out->key));
    RIV_TRY(host_doc_text(d, table, at, "id", &id));
    if (!out->key.len == !id.len)
        return host_doc_fail(d, at, "a peer has either 'key', the file with its key, or 'id'");
    if (id.len) {
        if (codec_peer_parse(id, &cause, &peer))
            return host_doc_fail(d, host_doc_sub(d, at, RIV_LIT("id")), "%s", cause.msg);
    } else {
        out->key = host_path_join(d->arena, host_path_dir(d->path), out->key);
        if (host_key_load(out->key, &cause, &seed, NULL))
            return host_doc_fail(d, host_doc_sub(d, at, RIV_LIT("key")), "%s", cause.msg);
        crypto_keypair pair;
        crypto_keypair_of(&seed, &pair);
        peer = codec_peer_of(&pair.public_key);
        crypto_wipe(&pair, sizeof pair);
        crypto_wipe(&seed, sizeof seed);
    }
    crypto_public key = codec_peer_key(&peer);
    memcpy(out->id, key.bytes, sizeof out->id);
    out->text = codec_peer_text(d->arena, &peer);
    return RIV_OK;
}

static riv_err read_peer(host_doc *d, const riv_json *table, riv_str at, cli_provider_peer *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("key"), RIV_LIT_INIT("id"), RIV_LIT_INIT("units") };
    uint64_t             count  = 1;
    if (table->kind != RIV_JSON_OBJ) return host_doc_fail(d, at, "peers are written as [[peer]], with two brackets");
    RIV_TRY(host_doc_keys(d, table, at, "[[peer]]", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_number(d, table, at, "units", CLI_PROVIDER_UNITS_MAX, &count));
    RIV_TRY(read_peer_id(d, table, at, out));
    eth_value *units = riv_new(d->arena, eth_value, count);
    for (size_t i = 0; i < count; i++) {
        crypto_hash id = cli_unit_id(out->id, i);
        units[i]       = eth_of_hash(id.bytes);
    }
    out->units       = units;
    out->units_count = (size_t)count;
    return RIV_OK;
}

static riv_err read_peers(host_doc *d, cli_provider *out)
{
    const riv_json *list = riv_json_get(d->toml.root, RIV_LIT("peer"));
    if (!list || list->kind != RIV_JSON_ARR || list->arr.count == 0)
        return host_doc_fail(d, RIV_LIT("peer"), "there are no peers: each is a [[peer]] with 'key' and 'units'");
    if (list->arr.count > CLI_PROVIDER_PEERS_MAX)
        return host_doc_fail(d, RIV_LIT("peer"), "there are %zu peers; at most %d stand in one file", list->arr.count,
                             CLI_PROVIDER_PEERS_MAX);
    out->peers = riv_new(d->arena, cli_provider_peer, list->arr.count);
    for (size_t i = 0; i < list->arr.count; i++) {
        riv_str at = riv_format(d->arena, "peer[%zu]", i);
        RIV_TRY(read_peer(d, list->arr.items[i], at, &out->peers[i]));
        for (size_t k = 0; k < i; k++)
            if (!memcmp(out->peers[k].id, out->peers[i].id, sizeof out->peers[i].id))
                return host_doc_fail(d, at, "this peer stands here twice");
    }
    out->peers_count = list->arr.count;
    return RIV_OK;
}

static riv_err read_amount(host_doc *d, const riv_json *table, riv_str base, const char *key, unsigned decimals,
                           u256 *out)
{
    riv_str   text  = { 0 };
    riv_fault cause = { 0 };
    RIV_TRY(host_doc_text(d, table, base, key, &text));
    if (!text.len) return RIV_OK;
    if (cli_amount_parse(text, decimals, &cause, out))
        return host_doc_fail(d, host_doc_sub(d, base, riv_str_c(key)), "%s", cause.msg);
    return RIV_OK;
}

static riv_err read_commitment(host_doc *d, cli_provider *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("duration"), RIV_LIT_INIT("staker_share"), RIV_LIT_INIT("staker") };
    const riv_json      *table  = riv_json_get(d->toml.root, RIV_LIT("commitment"));
    riv_str              base   = RIV_LIT("commitment");
    if (!table) return RIV_OK;
    if (table->kind != RIV_JSON_OBJ) return host_doc_fail(d, base, "'commitment' is a table: [commitment]");
    RIV_TRY(host_doc_keys(d, table, base, "[commitment]", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_number(d, table, base, "duration", UINT32_MAX, &out->duration));
    RIV_TRY(read_amount(d, table, base, "staker_share", CLI_RATE_DECIMALS, &out->stake_rate));
    RIV_TRY(host_doc_text(d, table, base, "staker", &out->delegator));
    if (u256_is_zero(out->stake_rate) || u256_cmp(out->stake_rate, u256_of(10000000)) > 0)
        return host_doc_fail(d, host_doc_sub(d, base, RIV_LIT("staker_share")),
                             "'staker_share' is a percentage above 0, at most 100");
    return RIV_OK;
}

riv_err cli_provider_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, cli_provider *out)
{
    static const riv_str keys[] = { RIV_LIT_INIT("name"), RIV_LIT_INIT("price"), RIV_LIT_INIT("effectors"),
                                    RIV_LIT_INIT("commitment"), RIV_LIT_INIT("peer") };
    host_doc             d      = { 0 };
    riv_str              none   = { 0 };
    cli_provider         made   = { .path = path, .stake_rate = u256_of(1000000) };
    RIV_TRY(host_doc_parse(path, text, arena, fault, &d));
    RIV_TRY(host_doc_keys(&d, d.toml.root, none, "the provider's file", keys, RIV_COUNT(keys)));
    RIV_TRY(host_doc_text(&d, d.toml.root, none, "name", &made.name));
    RIV_TRY(read_amount(&d, d.toml.root, none, "price", CLI_USD_DECIMALS, &made.price));
    RIV_TRY(host_doc_texts(&d, d.toml.root, none, "effectors", &made.effectors, &made.effectors_count));
    if (!made.name.len || made.name.len > CLI_PROVIDER_NAME_MAX)
        return host_doc_fail(&d, RIV_LIT("name"), "'name' is what customers see: 1 to %d bytes", CLI_PROVIDER_NAME_MAX);
    if (u256_is_zero(made.price))
        return host_doc_fail(&d, RIV_LIT("price"), "'price' is missing: USD for a worker and epoch, such as \"0.01\"");
    if (made.effectors_count > CLI_PROVIDER_EFFECTORS_MAX)
        return host_doc_fail(&d, RIV_LIT("effectors"), "there are %zu effectors; an offer has at most %d",
                             made.effectors_count, CLI_PROVIDER_EFFECTORS_MAX);
    RIV_TRY(read_commitment(&d, &made));
    RIV_TRY(read_peers(&d, &made));
    *out = made;
    return RIV_OK;
}

/* ---- a new file ---- */

static riv_err write_peer(const cli_provider_new *in, uint64_t index, riv_buf *text, riv_arena *arena, riv_fault *fault)
{
    crypto_secret seed;
    riv_str       name = riv_format(arena, "peer-%llu.key", (unsigned long long)index + 1);
    host_key_new(&seed);
    riv_err err = host_key_save(host_path_join(arena, host_path_dir(in->path), name), &seed, fault);
    crypto_wipe(&seed, sizeof seed);
    if (err) return err;
    riv_putf(text, "\n[[peer]]\nkey   = \"" RIV_FMT "\"\nunits = %llu\n", RIV_ARG(name), (unsigned long long)in->units);
    return RIV_OK;
}

riv_err cli_provider_write(const cli_provider_new *in, riv_arena *arena, riv_fault *fault)
{
    riv_buf text = riv_buf_in(arena);
    if (host_file_exists(in->path))
        return riv_fail(fault, RIV_E_CONFLICT, 0, RIV_FMT " exists already", RIV_ARG(in->path));
    riv_put_str(&text, RIV_LIT("# What this provider rents out: docs/market.md\nname  = "));
    riv_json_write_str(in->name, &text); /* TOML's basic strings escape the same */
    riv_putf(&text,
             "\nprice = \"" RIV_FMT "\"   # USD for a worker and epoch, the least that it takes\n"
             "effectors = []   # content ids of modules that its services may use\n\n"
             "[commitment]\nduration     = 20     # epochs\nstaker_share = \"10\"   # percent of the rewards, for "
             "whoever deposits the collateral\n"
             "# staker     = \"0x...\"   # who deposits it; without it, the provider itself\n",
             RIV_ARG(in->price));
    for (uint64_t i = 0; i < in->peers; i++) RIV_TRY(write_peer(in, i, &text, arena, fault));
    return host_file_write_new(in->path, riv_buf_view(&text), 0644, fault);
}
