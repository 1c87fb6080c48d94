/* provider_file.h: provider.toml: what a provider rents out, and how it stands on the chain; for the provider commands. */
#ifndef RIV_CLI_PROVIDER_FILE_H
#define RIV_CLI_PROVIDER_FILE_H

#include "cli/market_client.h"

enum { CLI_PROVIDER_PEERS_MAX = 256, CLI_PROVIDER_UNITS_MAX = 256, CLI_PROVIDER_EFFECTORS_MAX = 64, CLI_PROVIDER_NAME_MAX = 200 };
#define CLI_PROVIDER_FILE "provider.toml"

typedef struct cli_provider_peer {
    riv_str          key;    /* path of its key file; empty: only the id is known */
    uint8_t          id[32]; /* its public key, which is its id on the chain. SPEC market.md 1 */
    riv_str          text;   /* peer id */
    const eth_value *units; size_t units_count; /* ids */
} cli_provider_peer;
typedef struct cli_provider {
    riv_str        path, name;
    u256           price; /* USD for a worker and epoch */
    const riv_str *effectors; size_t effectors_count;
    cli_provider_peer *peers; size_t peers_count;
    uint64_t       duration;   /* epochs; 0: not said */
    u256           stake_rate; /* of 10^7: the delegator's share of rewards */
    riv_str        delegator;  /* empty: the provider itself */
} cli_provider;
/* Relative paths in it are relative to its folder; ids of peers come from their key files. The fault's message is whole: "FILE:LINE:COL: ...". */
RIV_MUST_USE riv_err cli_provider_parse(riv_str path, riv_str text, riv_arena *arena, riv_fault *fault, cli_provider *out);
/* A new file with its peers' key files beside it. RIV_E_CONFLICT: one of them exists. */
typedef struct cli_provider_new { riv_str path, name; uint64_t peers, units; riv_str price; } cli_provider_new;
RIV_MUST_USE riv_err cli_provider_write(const cli_provider_new *in, riv_arena *arena, riv_fault *fault);
/* The id of a unit: any 32 bytes that nobody has: keccak256("rivulet.unit", peer, index). */
crypto_hash cli_unit_id(const uint8_t peer[32], uint64_t index);

/* ---- provider_state.c ---- */

bool cli_provider_load(cli *c, riv_str path, cli_provider *out, int *code); /* false: it was said why, *code is set */

/* A peer of the file, on the chain. */
typedef struct cli_peer_state {
    bool             there; /* in an offer */
    u256             offer, commitment;
    const eth_value *units; size_t units_count; /* CLI_UNIT_... */
    const eth_value *cc;    /* its commitment, CLI_CC_...; NULL: none */
} cli_peer_state;
enum { CLI_UNIT_ID, CLI_UNIT_DEAL }; /* SPEC market.md 3: getComputeUnits gives (id, deal, start epoch) */
enum { CLI_CC_STATUS, CLI_CC_PEER, CLI_CC_COLLATERAL, CLI_CC_UNITS, CLI_CC_START, CLI_CC_END, CLI_CC_RATE, CLI_CC_DELEGATOR, CLI_CC_FAILS, CLI_CC_FAILED,
       CLI_CC_EXITED }; /* of getCommitment */
enum { CLI_CC_OVER, CLI_CC_ACTIVE, CLI_CC_WAIT_DELEGATION, CLI_CC_WAIT_START, CLI_CC_FAILED_STATUS, CLI_CC_REMOVED }; /* CLI_CC_STATUS */
enum { CLI_OFFER_PROVIDER, CLI_OFFER_PRICE, CLI_OFFER_TOKEN }; /* of getOffer */
#define CLI_EVENT_OFFER                                                                                                \
    "MarketOfferRegistered(address indexed provider,bytes32 offerId,uint256 minPricePerWorkerEpoch,address "           \
    "paymentToken,(bytes4,bytes32)[] effectors,uint256 minProtocolVersion,uint256 maxProtocolVersion)"
#define CLI_EVENT_PEER "PeerCreated(bytes32 indexed offerId,bytes32 peerId,address owner)"
#define CLI_EVENT_COMMITMENT                                                                                           \
    "CommitmentCreated(bytes32 indexed peerId,bytes32 commitmentId,uint256 duration,address delegator,uint256 "        \
    "rewardDelegationRate,uint256 fltCollateralPerUnit)"
uint64_t    cli_cc_status(const eth_value *cc);
const char *cli_cc_name(const eth_value *cc); /* of its status */
bool cli_cc_collateral(const eth_value *cc, u256 *out); /* of all its units; false: more than there can be, *out is 0 */
const eth_value *cli_unit_id_of(const eth_value *unit);
bool cli_unit_busy(const eth_value *unit); /* it is in a deal */

/* What a provider's command works with: its file, the chain, and its peers there. */
typedef struct cli_provider_job { cli_chain s; cli_provider file; cli_peer_state *peers; } cli_provider_job;
bool cli_peers_load(cli_chain *s, const cli_provider *file, cli_peer_state *out); /* out: as many as the file has. False: it was said why */
riv_str cli_provider_path(cli *c, size_t index); /* the file, where the command names it as this argument; else provider.toml */
int  cli_provider_run(cli *c, riv_str path, bool signs, bool (*run)(cli_provider_job *p)); /* the commands' frame */
u256 cli_offer_of(const cli_provider_job *p); /* of its peers; 0: none is offered */
/* All commitments that the peer (NULL: any) ever had, by their ids, the newest last; behind what is in *out. */
bool cli_commitments_of(cli_chain *s, const eth_value *peer, cli_events *out);

/* ---- provider_end.c ---- */

bool cli_provider_prune(cli_provider_job *p, u256 offer); /* takes out of the offer what the file no longer has */

#endif
