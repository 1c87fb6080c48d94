/* market_words.c: what to do when a contract refuses: its own words stay, for they are the network's; a hint follows them.
 * Spec: docs/spec/market.md 3 to 6. Contract: market_client.h. Tests: market_words_test.c. */
#include "cli/market_client.h"

#define OWNER       "only the owner of the deal may do this: `rivulet deal info DEAL` tells who that is"
#define OFFER_OWNER "the offer is another account's: --key has to be the one that made it"
#define GONE                                                                                                           \
    "two epochs' worth of money for all workers stays in a deal; what is left comes back two epochs after its end"

const cli_word cli_words[] = {
    { "Provider doesn't exist", "`rivulet provider register` comes first" },
    { "Peer doesn't exist", "`rivulet provider offer` comes first" },
    { "Offer doesn't exist", "`rivulet provider offer` makes one; `rivulet provider status` shows its id" },
    { "Peer already exists in another offer", OFFER_OWNER },
    { "Only owner can change offer", OFFER_OWNER },
    { "Only owner can remove compute unit", OFFER_OWNER },
    { "Peer has commitment",
      "units come and go while their peer has no commitment: `rivulet provider finish` ends one that is over" },
    { "Peer has compute units", "its units go first: `rivulet provider close` takes out everything" },
    { "Offer has compute peers", "its peers go first: `rivulet provider close` takes out everything" },
    { "Compute unit is in deal", "`rivulet provider leave DEAL` takes it out" },
    { "Compute unit doesn't exist",
      "`rivulet provider status` shows the units of a provider, `rivulet deal info` those of a deal" },
    { "Too many effectors in one offer", "an offer has at most 64" },
    { "Only provider can create capacity commitment", OFFER_OWNER },
    { "Only provider can remove capacity commitment", OFFER_OWNER },
    { "Whitelist: provider is not approved", "this network lets only providers commit that its owner approved" },
    { "Duration should be greater than min capacity commitment duration",
      "'duration' in the file's [commitment]: leave it out for the least that the chain takes" },
    { "Capacity commitment doesn't exist", "`rivulet stake list` shows commitments" },
    { "Capacity commitment is not in WaitDelegation status", "its collateral was deposited already" },
    { "Only delegator can lock collateral",
      "the provider named another account to deposit: `rivulet stake list` shows it" },
    { "CapacityCommitmentIsActive",
      "it ends by itself after its last epoch, and its units leave it first: `rivulet provider finish`" },
    { "CapacityCommitmentIsNotActive",
      "the commitment of the peer does not run: it begins with the epoch after its collateral came" },
    { "Capacity commitment is failed and not enough epochs passed",
      "collateral of a commitment that failed is kept back for some epochs" },
    { "For finish commitment all units should be exited",
      "the provider takes them out first: `rivulet provider finish`" },
    { "Only provider or delegator can withdraw reward",
      "rewards go to the provider and to whoever deposited the collateral" },
    { "Nothing to withdraw", "rewards are paid in parts, some epochs after the proofs" },
    { "Not enough reward balance pool on the contract", "the network's own fund for rewards is empty for now" },
    { "Deposit amount is less than minimum required",
      "two epochs for all workers are the least: --epochs 2, or leave --deposit out" },
    { "Config: minWorkers should be less or equal to targetWorkers", "--min is at most --workers" },
    { "Config: pricePerWorkerEpoch should be greater than 0", "--price is above 0" },
    { "Config: access type is NONE", "everybody may come: --type allow or --type deny begins a list" },
    { "OwnableUnauthorizedAccount", OWNER },
    { "Matcher: sender is not deal owner", OWNER },
    { "Matcher: deal is not active",
      "it has ended, or less than two epochs' worth of money is left: `rivulet deal info DEAL` tells" },
    { "Matcher: too early to rematch",
      "a deal is matched again two epochs after the last time; `rivulet deal publish` does not wait" },
    { "MinWorkersNotMatched", "too few units fit: in running commitments, free, at this price or below; `rivulet deal "
                              "offers` shows what there is, and with "
                              "`rivulet deal publish` providers come by themselves" },
    { "Deal is already published", "providers may come: `rivulet deal info DEAL` shows those that did" },
    { "Deal is not published", "only its owner can: `rivulet deal publish DEAL`" },
    { "Deal is ended", "an ended deal gives back what is left, and its providers may leave; a new one is made by "
                       "`rivulet deal create`" },
    { "Deal is not active", "it was stopped before" },
    { "Can't withdraw before minDealDepositedEpochs after deal end", GONE },
    { "Free balance needs to cover minDealDepositedEpochs", GONE },
    { "Only provider can pick up a deal", OFFER_OWNER },
    { "Provider is not allowed in the deal", "its owner keeps a list of providers" },
    { "Price of the deal is below the offer's",
      "it pays less than the price in the file; `rivulet provider offer` changes yours" },
    { "Offer lacks an effector of the deal", "'effectors' in the file say what your peers have" },
    { "Target units reached", "all workers that it wants are there" },
    { "PeerId already used", "a deal takes one unit of a peer" },
    { "Max units per compute provider reached", "the deal takes no more of one provider" },
    { "Compute unit already reserved", "the unit is in a deal already" },
    { "Compute unit already free", "the unit is in no deal" },
    { "Compute unit has no active commitment", "`rivulet provider commit`, and one epoch of patience, come first" },
    { "Only deal owner, peer owner and provider can remove compute unit from deal",
      "units leave by the deal's owner or by their provider" },
    { "Only provider or owner can set worker", OFFER_OWNER },
    { "Only compute peer owner can submit proof", OFFER_OWNER },
    { "ERC20: transfer amount exceeds balance",
      "the account has less USD than that: `rivulet chain account ADDRESS` shows how much" },
    { "ERC20: insufficient allowance", "the contract may not take so much: `rivulet deal deposit` allows it first" },
    { "out of gas", "this is more than fits into one block: fewer at a time" },
    { "Panic 0x11", "a number went below zero: most often more is asked for than there is" },
};
const size_t cli_words_count = RIV_COUNT(cli_words);

const char *cli_hint_of(riv_str revert)
{
    for (size_t i = 0; i < cli_words_count; i++)
        if (riv_str_starts(revert, riv_str_c(cli_words[i].revert))) return cli_words[i].hint;
    return NULL;
}
