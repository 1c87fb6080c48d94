/* market_client.h: what the commands of the market share: amounts, wallets, questions to a chain's contracts, transactions that are shown before they are sent. */
#ifndef RIV_CLI_MARKET_CLIENT_H
#define RIV_CLI_MARKET_CLIENT_H

#include "chain/chain.h"
#include "cli/internal.h"
#include "host/eth_client.h"

/* ---- amount.c: decimal amounts of tokens ---- */
enum { CLI_USD_DECIMALS = 6, CLI_FLT_DECIMALS = 18, CLI_RATE_DECIMALS = 5 /* percent of a share of 10^7 */ };
/* "1.5"; RIV_E_MALFORMED: no number, or more places than the token has. RIV_E_LIMIT: over 2^256. */
RIV_MUST_USE riv_err cli_amount_parse(riv_str text, unsigned decimals, riv_fault *fault, u256 *out);
void    cli_amount_put(riv_buf *out, u256 v, unsigned decimals); /* without zeros at the end: "1.5", "20" */
riv_str cli_amount(riv_arena *arena, u256 v, unsigned decimals, const char *unit); /* "1.5 USD" */

/* ---- wallet.c: keys of accounts: files with a line 0x and 64 digits, mode 0600; 0 to 9: the development accounts ---- */
typedef struct cli_wallet { crypto_secret key; eth_address address; bool exposed; } cli_wallet;
RIV_MUST_USE riv_err cli_wallet_of(riv_str secret, riv_fault *fault, cli_wallet *out);       /* the line of a file */
RIV_MUST_USE riv_err cli_wallet_load(riv_str file_or_number, riv_fault *fault, cli_wallet *out);
RIV_MUST_USE riv_err cli_wallet_save(riv_str path, const crypto_secret *key, riv_fault *fault); /* RIV_E_CONFLICT: the file exists */
bool cli_is_wallet(riv_str file_or_number); /* rather than a peer's key file */
bool cli_account_of(riv_str text, riv_fault *fault, eth_address *out); /* an address, a key file, or 0 to 9 */
void cli_wallet_put(riv_buf *out, const crypto_secret *key); /* 0x and 64 digits */

/* ---- market_client.c: a chain and who asks it ---- */

#define CLI_CHAIN_URL "http://127.0.0.1:8545" /* where `rivulet chain start` answers */

/* The functions that the commands use; market_client_test.c finds each of them in the contracts' tables. */
#define CLI_FUNCTIONS(X)                                                                                                              \
    X(AGGREGATE,          CHAIN_MULTICALL3,   "aggregate3((address,bool,bytes)[])")                                                   \
    X(USD_BALANCE,        CHAIN_USD,          "balanceOf(address)")                                                                   \
    X(USD_ALLOWANCE,      CHAIN_USD,          "allowance(address,address)")                                                           \
    X(USD_TRANSFER,       CHAIN_USD,          "transfer(address,uint256)")                                                            \
    X(USD_APPROVE,        CHAIN_USD,          "approve(address,uint256)")                                                             \
    X(EPOCH,              CHAIN_CORE,         "currentEpoch()")                                                                       \
    X(EPOCH_SECONDS,      CHAIN_CORE,         "epochDuration()")                                                                      \
    X(INIT_TIMESTAMP,     CHAIN_CORE,         "initTimestamp()")                                                                      \
    X(AFTER_FAILED,       CHAIN_CORE,         "withdrawEpochsAfterFailed()")                                                          \
    X(MIN_DEPOSITED,      CHAIN_CORE,         "minDealDepositedEpochs()")                                                             \
    X(MIN_DURATION,       CHAIN_CORE,         "minDuration()")                                                                        \
    X(DIFFICULTY,         CHAIN_CORE,         "difficulty()")                                                                         \
    X(MAX_PROOFS,         CHAIN_CORE,         "maxProofsPerEpoch()")                                                                  \
    X(SET_PROVIDER,       CHAIN_MARKET,       "setProviderInfo(string,(bytes4,bytes32))")                                             \
    X(PROVIDER,           CHAIN_MARKET,       "getProviderInfo(address)")                                                             \
    X(REGISTER_OFFER,     CHAIN_MARKET,                                                                                               \
      "registerMarketOffer(uint256,address,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],uint256,uint256)")                        \
    X(OFFER,              CHAIN_MARKET,       "getOffer(bytes32)")                                                                    \
    X(PEER,               CHAIN_MARKET,       "getComputePeer(bytes32)")                                                              \
    X(UNITS,              CHAIN_MARKET,       "getComputeUnits(bytes32)")                                                             \
    X(UNIT,               CHAIN_MARKET,       "getComputeUnit(bytes32)")                                                              \
    X(ADD_PEERS,          CHAIN_MARKET,       "addComputePeers(bytes32,(bytes32,address,bytes32[])[])")                               \
    X(ADD_UNITS,          CHAIN_MARKET,       "addComputeUnits(bytes32,bytes32[])")                                                   \
    X(CHANGE_PRICE,       CHAIN_MARKET,       "changeMinPricePerWorkerEpoch(bytes32,uint256)")                                        \
    X(ADD_EFFECTORS,      CHAIN_MARKET,       "addEffector(bytes32,(bytes4,bytes32)[])")                                              \
    X(REMOVE_EFFECTORS,   CHAIN_MARKET,       "removeEffector(bytes32,(bytes4,bytes32)[])")                                           \
    X(REMOVE_UNIT,        CHAIN_MARKET,       "removeComputeUnit(bytes32)")                                                           \
    X(REMOVE_PEER,        CHAIN_MARKET,       "removeComputePeer(bytes32)")                                                           \
    X(MARKET_MULTICALL,   CHAIN_MARKET,       "multicall(bytes[])")                                                                   \
    X(REMOVE_OFFER,       CHAIN_MARKET,       "removeOffer(bytes32)")                                                                 \
    X(RETURN_UNIT,        CHAIN_MARKET,       "returnComputeUnitFromDeal(bytes32)")                                                   \
    X(MATCH,              CHAIN_MARKET,       "matchDeal(address)")                                                                   \
    X(MATCH_THESE,        CHAIN_MARKET,       "matchDeal(address,bytes32[],bytes32[][])")                                             \
    X(UNPUBLISH,          CHAIN_MARKET,       "unpublishDeal(address)")                                                               \
    X(PUBLISH,            CHAIN_MARKET,       "publishDeal(address)")                                                                 \
    X(PUBLISHED,          CHAIN_MARKET,       "publishedDeals(uint256,uint256)")                                                      \
    X(IS_PUBLISHED,       CHAIN_MARKET,       "isPublished(address)")                                                                 \
    X(PICK_UP,            CHAIN_MARKET,       "pickUpDeal(address,bytes32[])")                                                        \
    X(COMMIT,             CHAIN_CAPACITY,     "createCommitment(bytes32,uint256,address,uint256)")                                    \
    X(COLLATERAL,         CHAIN_CAPACITY,     "depositCollateral(bytes32[])")                                                         \
    X(REMOVE_COMMITMENT,  CHAIN_CAPACITY,     "removeCommitment(bytes32)")                                                            \
    X(EXIT_UNITS,         CHAIN_CAPACITY,     "removeCUFromCC(bytes32,bytes32[])")                                                    \
    X(FINISH,             CHAIN_CAPACITY,     "finishCommitment(bytes32)")                                                            \
    X(COMMITMENT,         CHAIN_CAPACITY,     "getCommitment(bytes32)")                                                               \
    X(NONCE,              CHAIN_CAPACITY,     "getGlobalNonce()")                                                                     \
    X(SUBMIT_PROOFS,      CHAIN_CAPACITY,     "submitProofs(bytes32[],bytes32[],bytes32[])")                                          \
    X(PROOFS_OF,          CHAIN_CAPACITY,     "proofsOf(bytes32,uint256)")                                                            \
    X(UNLOCKED,           CHAIN_CAPACITY,     "unlockedRewards(bytes32)")                                                             \
    X(TOTAL_REWARDS,      CHAIN_CAPACITY,     "totalRewards(bytes32)")                                                                \
    X(WITHDRAW_REWARD,    CHAIN_CAPACITY,     "withdrawReward(bytes32)")                                                              \
    X(DEPLOY,             CHAIN_DEAL_FACTORY,                                                                                         \
      "deployDeal((bytes4,bytes32),address,uint256,uint256,uint256,uint256,uint256,(bytes4,bytes32)[],uint8,address[],uint256)")      \
    X(IS_DEAL,            CHAIN_DEAL_FACTORY, "hasDeal(address)")                                                                     \
    X(DEAL_OWNER,         CHAIN_CONTRACTS,    "owner()")                                                                              \
    X(DEAL_STATUS,        CHAIN_CONTRACTS,    "getStatus()")                                                                          \
    X(DEAL_APP,           CHAIN_CONTRACTS,    "appCID()")                                                                             \
    X(DEAL_PRICE,         CHAIN_CONTRACTS,    "pricePerWorkerEpoch()")                                                                \
    X(DEAL_EFFECTORS,     CHAIN_CONTRACTS,    "effectors()")                                                                          \
    X(DEAL_ACCESS,        CHAIN_CONTRACTS,    "providersAccessType()")                                                                \
    X(DEAL_SET_ACCESS,    CHAIN_CONTRACTS,    "changeProvidersAccessType(uint8)")                                                     \
    X(DEAL_ALLOWS,        CHAIN_CONTRACTS,    "isProviderAllowed(address)")                                                           \
    X(DEAL_LIST_ADD,      CHAIN_CONTRACTS,    "addProviderToAccessList(address)")                                                     \
    X(DEAL_LIST_REMOVE,   CHAIN_CONTRACTS,    "removeProviderFromAccessList(address)")                                                \
    X(DEAL_PER_PROVIDER,  CHAIN_CONTRACTS,    "maxWorkersPerProvider()")                                                              \
    X(DEAL_SET_APP,       CHAIN_CONTRACTS,    "setAppCID((bytes4,bytes32))")                                                          \
    X(DEAL_MIN,           CHAIN_CONTRACTS,    "minWorkers()")                                                                         \
    X(DEAL_TARGET,        CHAIN_CONTRACTS,    "targetWorkers()")                                                                      \
    X(DEAL_WORKERS,       CHAIN_CONTRACTS,    "getWorkerCount()")                                                                     \
    X(DEAL_UNITS,         CHAIN_CONTRACTS,    "getComputeUnits()")                                                                    \
    X(DEAL_UNIT,          CHAIN_CONTRACTS,    "getComputeUnit(bytes32)")                                                              \
    X(DEAL_FREE,          CHAIN_CONTRACTS,    "getFreeBalance()")                                                                     \
    X(DEAL_PAID,          CHAIN_CONTRACTS,    "getMaxPaidEpoch()")                                                                    \
    X(DEAL_REWARD,        CHAIN_CONTRACTS,    "getRewardAmount(bytes32)")                                                             \
    X(DEAL_DEPOSIT,       CHAIN_CONTRACTS,    "deposit(uint256)")                                                                     \
    X(DEAL_WITHDRAW,      CHAIN_CONTRACTS,    "withdraw(uint256)")                                                                    \
    X(DEAL_STOP,          CHAIN_CONTRACTS,    "stop()")                                                                               \
    X(DEAL_SET_WORKER,    CHAIN_CONTRACTS,    "setWorker(bytes32,bytes32)")                                                           \
    X(DEAL_REWARDS,       CHAIN_CONTRACTS,    "withdrawRewards(bytes32)")
typedef enum cli_function {
#define X(name, contract, signature) CLI_FN_##name,
    CLI_FUNCTIONS(X)
#undef X
    CLI_FN_COUNT
} cli_function;
typedef struct cli_function_row { chain_contract contract; const char *signature; } cli_function_row;
extern const cli_function_row cli_functions[CLI_FN_COUNT];

typedef struct cli_call { const chain_function_info *info; riv_str name; eth_type args, returns; uint8_t selector[4]; } cli_call; /* a function of a contract */
typedef struct cli_chain {
    cli          *c;
    riv_str       url;
    host_eth     *eth;
    chain        *engine;
    uint64_t      chain_id;
    bool          signs;
    cli_wallet    wallet; /* when it signs */
    bool          known_key; /* of a development account */
    const cli_call *known[CLI_FN_COUNT]; /* those that were used */
    bool          agreed; /* further transactions are sent without asking */
    bool          broke;  /* the account had not enough FLT for the last one */
    int           code;   /* of what went wrong; it was said why */
    riv_json_list   sent; /* what was sent, for --json */
    const riv_json *made; /* what a document should have even if a later step fails; NULL: nothing */
    bool            told; /* the document was printed */
} cli_chain;
riv_str cli_chain_url(cli *c); /* --chain, $RIVULET_CHAIN, CLI_CHAIN_URL */
/* --chain, and --key for those that sign. False: it was said why; close it all the same. */
bool cli_market_open(cli *c, bool signs, cli_chain *out);
void cli_market_close(cli_chain *s);
/* The frame of commands that need no more than a chain: both, with `run` between them. */
int  cli_market_run(cli *c, bool signs, bool (*run)(cli_chain *s));

/* A function that changes nothing; at: a deal, NULL for the contracts. *out: what it returns, in its order. */
bool cli_ask(cli_chain *s, cli_function f, const eth_address *at, const eth_value *args, const eth_value **out);
/* The same; a revert is no error: *reverts has its words (else it is empty) and *out is NULL. */
bool cli_ask_or(cli_chain *s, cli_function f, const eth_address *at, const eth_value *args, riv_str *reverts, const eth_value **out);
bool cli_ask_number(cli_chain *s, cli_function f, const eth_address *at, const eth_value *args, u256 *out);
bool cli_ask_u64(cli_chain *s, cli_function f, const eth_address *at, const eth_value *args, uint64_t *out); /* too large: UINT64_MAX */

bool cli_balance(cli_chain *s, const eth_address *who, u256 *flt);
/* Many questions: as few calls as the chain allows, each at one block. at: of a deal. As with cli_ask_or a revert is no error. */
typedef struct cli_question { cli_function function; eth_address at; const eth_value *args; riv_str reverts; const eth_value *out; } cli_question;
bool cli_ask_all(cli_chain *s, cli_question *all, size_t count);
bool cli_answered(cli_chain *s, const cli_question *all, size_t count); /* none was refused; else it was said */
uint64_t cli_u64_of(const eth_value *v); /* too large: UINT64_MAX */

/* ---- market_words.c: what to do after a revert ---- */
typedef struct cli_word { const char *revert, *hint; } cli_word; /* revert: how its words begin */
extern const cli_word cli_words[];
extern const size_t   cli_words_count;
const char *cli_hint_of(riv_str revert); /* NULL: nothing to add */

/* ---- market_send.c ---- */

/* A transaction: estimated, shown, agreed to (or --yes), sent, and waited for until it is in a block. does: in words, what it is for. */
/* function: CLI_FN_COUNT is none of a contract's: `value` alone goes to `at`. */
typedef struct cli_tx { cli_function function; const eth_address *at; const eth_value *args; u256 value; riv_str does; } cli_tx;
typedef struct cli_receipt { crypto_hash hash; uint64_t block, gas_used; u256 cost; const riv_json *logs; } cli_receipt;
bool cli_send(cli_chain *s, const cli_tx *tx, cli_receipt *out); /* out: NULL where nothing of it is read */

/* ---- market_events.c ---- */

/* Events by their signatures, with "indexed": an argument's value in its place. Logs that are none of these: false. */
bool cli_event_of(cli_chain *s, const riv_json *log, const char *signature, eth_value *out);
/* Of a receipt, the first. */
bool cli_event_find(cli_chain *s, const cli_receipt *receipt, const char *signature, eth_value *out);
/* The newest of the chain's (most: how many; 0: all), oldest first, at an address whose first indexed argument is
 * `first` (NULL: any). */
typedef RIV_VEC(eth_value) cli_events;
bool cli_events_read(cli_chain *s, const eth_address *at, const char *signature, const eth_value *first, size_t most, cli_events *out);

/* ---- texts ---- */

/* Texts, in the arena of the call. */
riv_str cli_show_address(cli *c, const eth_address *a);
riv_str cli_show_id(cli *c, u256 id);      /* 0x and 64 digits */
riv_str cli_show_peer(cli *c, u256 key);   /* the peer id */
riv_str cli_show_time(cli *c, uint64_t time_s); /* "2026-01-31 12:00:00 UTC" */
riv_str cli_show_cid(cli *c, const eth_value *cid);
bool    cli_read_cid(cli_chain *s, riv_str text, eth_value *out);   /* false: it was said why */
bool    cli_read_eth_address(cli_chain *s, riv_str text, eth_address *out);
bool    cli_read_deal(cli_chain *s, riv_str text, eth_address *out); /* there is one there */
bool    cli_read_id(cli_chain *s, riv_str text, const char *what, u256 *out); /* 0x and 64 digits */
bool    cli_read_amount(cli_chain *s, const char *flag, riv_str text, unsigned decimals, u256 *out);
const riv_json *cli_json_number(cli *c, u256 v); /* as text: JSON's numbers are too small */
const riv_json *cli_json_address(cli *c, const eth_address *a);
/* The document of a command: what it found, and "transactions" when it sent some. */
int cli_chain_json(cli_chain *s, const riv_json *doc);

/* ---- what market_client.c, market_send.c and market_events.c share ---- */
bool cli_chain_fail(cli_chain *s, int code);                 /* false; it was said why */
bool cli_chain_fault(cli_chain *s, const riv_fault *fault);  /* says it */
const char *cli_contract_name(chain_contract which);
const cli_call *cli_call_of(cli_chain *s, cli_function f);
riv_bytes   cli_call_data(cli_chain *s, const cli_call *f, const eth_value *args);
eth_address cli_call_place(cli_function f, const eth_address *at);
const riv_json *cli_call_object(cli_chain *s, const eth_address *to, riv_bytes data, u256 value);
const riv_json *cli_json_list(riv_arena *arena, const riv_json *a, const riv_json *b); /* b may be NULL */
riv_str     cli_refusal(cli_chain *s, const host_eth_error *error); /* a revert in words; else what the node said */

#endif
