/* market.h: what the files of the market share: market.c, effector.c, listing.c, match.c, factory.c, deal.c, deal_config.c, ledger.c. */
#ifndef RIV_CHAIN_MARKET_H
#define RIV_CHAIN_MARKET_H

#include "chain/internal.h"

/* ---- effector.c: values of the ABI, and what is told about providers and effectors ---- */
typedef struct chain__cid { uint8_t prefixes[4]; chain__id hash; } chain__cid;
chain__id   chain__to_id(const eth_value *v);
eth_value   chain__of_id(const chain__id *id);
bool        chain__id_is_zero(const chain__id *id);
bool        chain__id_eq(const chain__id *a, const chain__id *b);
riv_bytes   chain__id_view(const chain__id *id);
riv_bytes   chain__address_view(const eth_address *a);
chain__cid  chain__to_cid(const eth_value *v);
eth_value   chain__of_cid(chain__call *c, const chain__cid *cid);
chain__id   chain__cid_hash(const chain__cid *cid);                                  /* keccak256(prefixes, hash): how offers and deals name an effector */
eth_value   chain__tuple(chain__call *c, const eth_value *items, size_t count);      /* copies items into the arena */
RIV_MUST_USE riv_err chain__need_core_owner(chain__call *c);
RIV_MUST_USE riv_err chain__need_capacity(chain__call *c);
bool        chain__has_provider_info(chain__call *c, const eth_address *provider);
riv_err chain__run_core(chain__call *c, const eth_value *args, eth_value *out);       /* core(): where Core is */
riv_err chain__run_core_owner(chain__call *c, const eth_value *args, eth_value *out); /* owner() of a module: Core's */
riv_err chain__run_initialize(chain__call *c, const eth_value *args, eth_value *out); /* always reverts: it is done */
riv_err chain__run_upgrade(chain__call *c, const eth_value *args, eth_value *out);    /* always reverts: native contracts come with the chain's version */
riv_err chain__run_uuid(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_multicall(chain__call *c, const eth_value *args, eth_value *out);  /* multicall(bytes[]): calls of oneself, as the same sender */
riv_err chain__run_set_provider_info(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_get_provider_info(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_set_effector_info(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_remove_effector_info(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_get_effector_info(chain__call *c, const eth_value *args, eth_value *out);
#define CHAIN__EVENT_PROVIDER_INFO    "ProviderInfoUpdated(address indexed provider,string name,(bytes4,bytes32) metadata)"
#define CHAIN__EVENT_EFFECTOR_INFO    "EffectorInfoSet((bytes4,bytes32) id,string description,(bytes4,bytes32) metadata)"
#define CHAIN__EVENT_EFFECTOR_REMOVED "EffectorInfoRemoved((bytes4,bytes32) id)"

/* ---- market.c: records ---- */
typedef struct chain__offer { eth_address provider, token; u256 min_price; uint64_t peers_count, min_version, max_version; } chain__offer;
bool       chain__offer_get(chain__call *c, const chain__id *offer, chain__offer *out); /* false: there is none */
chain__key chain__offer_effectors(const chain__id *offer);                              /* the set of their hashes */
bool       chain__offer_has_effector(chain__call *c, const chain__id *offer, const chain__id *effector);
/* A free unit goes into a deal, and Deal and Capacity hear of it; c->self is Market. */
RIV_MUST_USE riv_err chain__unit_to_deal(chain__call *c, const chain__id *unit, const eth_address *deal);

/* ---- listing.c: offers in the order of their prices: only with the fixed rules; the functions do nothing under g0 ---- */
enum { CHAIN__OFFER_EFFECTORS_MAX = 64 };
void chain__listing_unit(chain__call *c, const chain__id *peer, const chain__id *unit, bool free);  /* a unit came, went, or changed its state */
void chain__listing_take(chain__call *c, const chain__id *offer, const chain__offer *value);        /* out of the list, before the offer changes */
void chain__listing_give(chain__call *c, const chain__id *offer, const chain__offer *value);        /* into it when a peer of it is open, after */
/* Opens a peer for matching when its commitment is active or starts in the next epoch, else closes it. */
void chain__listing_peer(chain__call *c, const chain__id *peer);
/* Offers that take this token, have this effector (NULL: any) and a range with this protocol version, by price, then id: of each provider the first;
 * its next comes when it is asked for. provider: its offers alone; NULL: of all. Lives in c's arena. What a match writes to the listing meanwhile does no harm. */
typedef struct chain__listed { u256 price; chain__id offer; eth_address provider; } chain__listed;
typedef struct chain__browse chain__browse;
chain__browse *chain__browse_new(chain__call *c, const eth_address *token, const chain__id *effector, u256 version, const eth_address *provider);
bool     chain__browse_next(chain__browse *b, chain__listed *out);
void     chain__browse_more(chain__browse *b); /* the next offer of the provider that was told last is wanted as well */
uint64_t chain__listing_count(chain__call *c, const eth_address *token, const chain__id *effector, u256 version);
bool chain__listing_next_peer(chain__call *c, const chain__id *offer, const chain__id *after, chain__id *out);
bool chain__listing_free_unit(chain__call *c, const chain__id *peer, chain__id *out);

/* ---- match.c ---- */
riv_err chain__run_match(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_match_listed(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_pick_up(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_publish(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_unpublish(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_is_published(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_published(chain__call *c, const eth_value *args, eth_value *out);
riv_err chain__run_published_count(chain__call *c, const eth_value *args, eth_value *out);
void    chain__deal_over(chain__call *c, const eth_address *deal); /* it was stopped: no longer published */
#define CHAIN__EVENT_MATCHED     "ComputeUnitMatched(bytes32 indexed peerId,address deal,bytes32 unitId,uint256 dealCreationBlock,(bytes4,bytes32) appCID)"
#define CHAIN__EVENT_PUBLISHED   "DealPublished(address indexed deal,address indexed owner,address paymentToken,uint256 pricePerWorkerEpoch)"
#define CHAIN__EVENT_UNPUBLISHED "DealUnpublished(address indexed deal)"
#define CHAIN__ERROR_NOT_MATCHED "MinWorkersNotMatched(uint256)"

/* ---- ledger.c: a deal's money and epochs, as numbers only. SPEC market.md 4.2 ---- */
typedef struct chain__ledger {
    u256     total, locked;                 /* free and prepaid; earned and not yet withdrawn */
    u256     max_paid, price, min_workers;
    uint64_t gaps, last_committed, ended;   /* ended: 0 while it runs */
    uint64_t workers;                       /* with a worker id */
} chain__ledger;
typedef struct chain__snapshot { u256 total, locked; uint64_t gaps, current, epoch; bool ended; } chain__snapshot; /* epoch: the last that is settled */
/* The virtual commit: false where a checked subtraction of the original fails. */
RIV_MUST_USE bool chain__ledger_look(const chain__ledger *ledger, uint64_t current_epoch, chain__snapshot *out);
typedef enum chain__settled { CHAIN__SETTLED, CHAIN__SETTLED_MAX_PAID /* max_paid is told by an event */, CHAIN__SETTLED_BY_ZERO, CHAIN__SETTLED_OVERFLOW } chain__settled;
chain__settled chain__ledger_commit(chain__ledger *ledger, const chain__snapshot *s, uint64_t workers);
/* What a unit has earned since its own snapshot; false: underflow. */
RIV_MUST_USE bool chain__ledger_reward(const chain__snapshot *s, u256 price, uint64_t unit_epoch, uint64_t unit_gaps, u256 *out);
chain__deal_status chain__ledger_status(const chain__ledger *ledger, const chain__snapshot *s, u256 min_deposit);

/* ---- deal_config.c: what a deal was made with, its owner, whom it takes ---- */
typedef struct chain__config {
    eth_address owner, token;
    u256        price, min_workers, target_workers, max_per_provider, protocol_version;
    uint64_t    created_at_block, effectors_count;
    chain__cid  app;
    uint8_t     access; /* 0 none, 1 whitelist, 2 blacklist */
} chain__config;
enum { CHAIN__ACCESS_NONE, CHAIN__ACCESS_WHITELIST, CHAIN__ACCESS_BLACKLIST, CHAIN__ACCESS_KINDS };
bool       chain__config_get(chain__call *c, const eth_address *deal, chain__config *out);
void       chain__config_put(chain__call *c, const eth_address *deal, const chain__config *v);
chain__key chain__access_set(const eth_address *deal); /* of 20-byte addresses */
bool       chain__config_allows(chain__call *c, const eth_address *deal, const chain__config *v, const eth_address *provider);
chain__cid chain__config_effector(chain__call *c, const eth_address *deal, uint64_t index);
eth_value  chain__config_effectors(chain__call *c, const eth_address *deal, const chain__config *v);
RIV_MUST_USE riv_err chain__need_deal_owner(chain__call *c, chain__config *out); /* of the deal c->self */
void       chain__give_deal(chain__call *c, chain__config *v, const eth_address *owner); /* writes it */
/* deployDeal's arguments are deal_init's, with the deposit at index 2. c->self is the deal, c->sender the factory. */
RIV_MUST_USE riv_err chain__deal_init(chain__call *c, const eth_value *args);
void       chain__deal_begin(chain__call *c); /* deal.c: an empty ledger from this epoch on */
RIV_MUST_USE riv_err chain__deal_deposit(chain__call *c, u256 amount, bool from_factory);
uint64_t   chain__clamp_u64(u256 v);
#define CHAIN__DEAL_CONFIG_FN(name) riv_err chain__run_deal_##name(chain__call *c, const eth_value *args, eth_value *out)
CHAIN__DEAL_CONFIG_FN(owner);
CHAIN__DEAL_CONFIG_FN(transfer_ownership);
CHAIN__DEAL_CONFIG_FN(renounce);
CHAIN__DEAL_CONFIG_FN(token);
CHAIN__DEAL_CONFIG_FN(created);
CHAIN__DEAL_CONFIG_FN(price);
CHAIN__DEAL_CONFIG_FN(target);
CHAIN__DEAL_CONFIG_FN(min);
CHAIN__DEAL_CONFIG_FN(max_per_provider);
CHAIN__DEAL_CONFIG_FN(version);
CHAIN__DEAL_CONFIG_FN(effectors);
CHAIN__DEAL_CONFIG_FN(app);
CHAIN__DEAL_CONFIG_FN(set_app);
CHAIN__DEAL_CONFIG_FN(access);
CHAIN__DEAL_CONFIG_FN(allowed);
CHAIN__DEAL_CONFIG_FN(set_access);
CHAIN__DEAL_CONFIG_FN(add_access);
CHAIN__DEAL_CONFIG_FN(remove_access);
#define CHAIN__EVENT_INITIALIZED    "Initialized(uint8 version)"
#define CHAIN__EVENT_OWNERSHIP      "OwnershipTransferred(address indexed previousOwner,address indexed newOwner)"
#define CHAIN__EVENT_APP            "AppCIDChanged((bytes4,bytes32) newAppCID)"
#define CHAIN__EVENT_ACCESS         "ProvidersAccessTypeChanged(uint8 newAccessType)"
#define CHAIN__EVENT_ACCESS_ADDED   "ProviderAddedToAccessList(address provider)"
#define CHAIN__EVENT_ACCESS_REMOVED "ProviderRemovedFromAccessList(address provider)"
#define CHAIN__ERROR_NOT_OWNER      "OwnableUnauthorizedAccount(address)"
#define CHAIN__ERROR_NO_OWNER       "OwnableInvalidOwner(address)"

#endif
