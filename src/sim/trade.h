/* Trade: a simulated market: providers and customers that see the chain through JSON-RPC over a bad line, while its process crashes between
 * execution and commit, and they themselves restart with nothing but their key. One thread, a seed, virtual time; checkers after each block.
 * Same seed, same run, to the byte. The chain's driver is the real one (room rpc). Spec: docs/sim.md "The market", docs/spec/market.md. */
#ifndef RIV_SIM_TRADE_H
#define RIV_SIM_TRADE_H

#include "chain/chain.h"

enum { SIM_TRADE_PROVIDERS_MAX = 4, SIM_TRADE_CUSTOMERS_MAX = 3 };

/* Chances per million. They are drawn until the last busy epoch is over; then the world is healed. */
typedef struct sim_trade_faults {
    uint32_t lose;          /* a request, an answer or a notice does not arrive */
    uint32_t repeat;        /* it arrives twice, each time after a delay of its own */
    uint32_t stall;         /* it comes up to stall_ms late, behind what was sent later */
    uint32_t late_block;    /* the next block comes up to stall_ms late */
    uint32_t crash_before;  /* for each commit: the chain's process dies, nothing of the block is kept */
    uint32_t crash_behind;  /* for each commit: all of it is kept, the process dies before anybody is told */
    uint32_t crash_chain;   /* for each tick of a second: it dies between blocks, and forgets the transactions that wait */
    uint32_t crash_agent;   /* for each tick and agent: it dies, and begins again with its key alone */
    uint32_t stall_ms, restart_ms;
} sim_trade_faults;

/* Rules that the world breaks on purpose, to see that the checkers speak. */
typedef enum sim_trade_spoil {
    SIM_TRADE_SPOIL_NOTHING,
    SIM_TRADE_SPOIL_LOST_BLOCK,  /* a commit is said to be done and is not */
    SIM_TRADE_SPOIL_TORN_COMMIT, /* one of the writes of a commit is missing */
    SIM_TRADE_SPOIL_TWICE,       /* customers that did not see their deposit make another under a new nonce */
    SIM_TRADE_SPOIL_PRICE,       /* the book reckons with a price of one part more: as if the chain took one too few */
    SIM_TRADE_SPOIL_LAST_EPOCH,  /* the book bills a unit that was removed for the epoch of its removal too */
    SIM_TRADE_SPOILS,
} sim_trade_spoil;

typedef struct sim_trade_config {
    uint64_t seed;
    size_t   providers, customers;
    uint64_t epoch_seconds, busy_epochs; /* then everybody leaves */
    uint64_t interval_ms;                /* between blocks; 0: one for each transaction */
    bool     fees;
    uint32_t latency_ms_min, latency_ms_max;
    uint32_t vanish;                     /* chance per million of each provider to be gone for ever from some busy epoch on */
    sim_trade_faults faults;
    sim_trade_spoil  spoil;
    const riv_log   *log;                /* may be NULL */
} sim_trade_config;

/* What a seed stands for in campaigns: seed % 5 is the weather: calm, late, lossy, crashes, hurricane; the rest is drawn. */
void        sim_trade_draw(uint64_t seed, sim_trade_config *out);
const char *sim_trade_weather(uint64_t seed);

/* What happened: a campaign in which a fault never happens tests nothing. */
typedef struct sim_trade_report {
    uint64_t hash;      /* of everything that happened, in order */
    uint64_t epochs, blocks, txs, reverted, refused /* transactions that the driver did not take */, looks, checks, notices, receipts;
    uint64_t lost, repeated, stalled, late_blocks, crashes_before, crashes_behind, crashes_between, agent_crashes;
    uint64_t vanished, deals, joined, unit_epochs /* paid */, unpaid_epochs /* of deals with workers: gaps */, returned_by_customers, left_of_vanished /* of them: of providers that were gone */;
    uint64_t deposited, withdrawn, paid; /* parts of USD: deposited = withdrawn + paid */
} sim_trade_report;
/* RIV_E_CONFLICT: a rule was broken; the fault says which, with the time and the height. */
RIV_MUST_USE riv_err sim_trade_run(const sim_trade_config *config, riv_fault *fault, sim_trade_report *out);

#endif
