/* factory.c: DealFactory: makes deals at the addresses that the original's factory would give them.
 * No keys of its own: that a deal exists is deal_config.c's, how many were made is the nonce of the factory's account.
 * Spec: docs/spec/market.md 4.1. Tests: deal_test.c. */
#include "chain/market.h"

#define EVENT_CREATED                                                                                                  \
    "DealCreated(address indexed owner,address deal,uint256 createdAtEpoch,address paymentToken,uint256 minWorkers,"   \
    "uint256 targetWorkers,uint256 maxWorkersPerProvider,uint256 pricePerWorkerEpoch,(bytes4,bytes32)[] effectors,"    \
    "(bytes4,bytes32) appCID,uint8 providersAccessType_,address[] providersAccessList_,uint256 protocolVersion_)"

enum { APP, TOKEN, DEPOSIT, MIN, TARGET, MAX_PER_PROVIDER, PRICE, EFFECTORS, ACCESS, ACCESS_LIST, VERSION };

/* CREATE of the factory's nonce; an account of a contract begins with 1 (EIP-161). */
static eth_address next_address(chain__call *c)
{
    uint64_t nonce;
    u256     balance;
    chain__account_get(c, &c->self, &nonce, &balance);
    nonce += nonce == 0;
    chain__account_put(c, &c->self, nonce + 1, balance);
    return eth_create_address(&c->self, nonce);
}

static riv_err check_deposit(chain__call *c, const eth_value *args)
{
    chain__constants k;
    u256             least;
    chain__constants_of(c, &k);
    RIV_TRY(chain__mul(c, args[PRICE].word, args[TARGET].word, &least));
    RIV_TRY(chain__mul(c, least, u256_of(k.min_deal_deposited_epochs), &least));
    return u256_cmp(args[DEPOSIT].word, least) >= 0 ? RIV_OK
                                                    : chain__revert(c, "Deposit amount is less than minimum required");
}

/* What the factory does with a deal that it has made: c->self is the deal. */
static riv_err fill(chain__call *c, const eth_address *owner, u256 deposit)
{
    chain__config config;
    RIV_TRY(chain__deal_deposit(c, deposit, true));
    RIV_TRY(chain__need_deal_owner(c, &config));
    chain__give_deal(c, &config, owner);
    return RIV_OK;
}

static riv_err run_deploy(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address at = next_address(c), token = eth_to_address(&args[TOKEN]);
    chain__call inner = chain__inner(c, &at);
    RIV_TRY(chain__end(c, &inner, chain__deal_init(&inner, args)));
    chain__deal_begin(&inner);
    RIV_TRY(check_deposit(c, args));
    RIV_TRY(chain__send_token_from(c, &token, &c->sender, &c->self, args[DEPOSIT].word));
    RIV_TRY(chain__end(c, &inner, fill(&inner, &c->sender, args[DEPOSIT].word)));
    const eth_value told[] = {
        eth_of_address(&c->sender),
        eth_of_address(&at),
        eth_word(c->epoch),
        args[TOKEN],
        args[MIN],
        args[TARGET],
        args[MAX_PER_PROVIDER],
        args[PRICE],
        args[EFFECTORS],
        args[APP],
        args[ACCESS],
        args[ACCESS_LIST],
        args[VERSION],
    };
    chain__emit(c, EVENT_CREATED, told);
    out[0] = eth_of_address(&at);
    return RIV_OK;
}

static riv_err run_has(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address deal = eth_to_address(&args[0]);
    out[0]           = eth_word(chain__deal_exists(c, &deal));
    return RIV_OK;
}

static const chain__function functions[] = {
    { "core()", "(address)", false, false, chain__run_core },
    { "deployDeal((bytes4,bytes32) appCID,address paymentToken,uint256 depositAmount,uint256 minWorkers,uint256 "
      "targetWorkers,"
      "uint256 maxWorkersPerProvider,uint256 pricePerWorkerEpoch,(bytes4,bytes32)[] effectors,uint8 "
      "providersAccessType,"
      "address[] providersAccessList,uint256 protocolVersion)",
      "(address)", true, false, run_deploy },
    { "hasDeal(address deal)", "(bool)", false, false, run_has },
    { "initialize()", "()", true, false, chain__run_initialize },
    { "owner()", "(address)", false, false, chain__run_core_owner },
    { "proxiableUUID()", "(bytes32)", false, false, chain__run_uuid },
    { "upgradeTo(address newImplementation)", "()", true, false, chain__run_upgrade },
    { "upgradeToAndCall(address newImplementation,bytes data)", "()", true, true, chain__run_upgrade },
};
static const char *const events[] = { EVENT_CREATED };

const chain__contract chain__factory = { functions, RIV_COUNT(functions), events, RIV_COUNT(events), NULL, 0, NULL };
