/* trade_internal.h: what the files of the simulated market share: the world and its queue, agents and how they ask, the book, the checkers. */
#ifndef RIV_SIM_TRADE_INTERNAL_H
#define RIV_SIM_TRADE_INTERNAL_H

#include "codec/codec.h"
#include "rpc/rpc.h"
#include "sim/trade.h"

enum {
    TRADE__START_MS     = 1700000000, /* the genesis stands at a whole second of it */
    TRADE__TICK_MS      = 1000,
    TRADE__CLOSING_MAX  = 60,         /* epochs in which everything must have come to rest once the world is healed */
    TRADE__AGENTS_MAX   = SIM_TRADE_PROVIDERS_MAX + SIM_TRADE_CUSTOMERS_MAX,
    TRADE__PEERS_MAX    = 2,
    TRADE__UNITS_MAX    = 3,          /* of a peer */
    TRADE__DEALS_MAX    = 3,          /* of a customer */
    TRADE__QUESTIONS_MAX = 96,
    TRADE__WISHES_MAX    = 64,        /* of one look */
    TRADE__SILENT_EPOCHS = 3,         /* a worker that does not answer in so many is sent back */
    TRADE__USD_EACH     = 1000000000, /* of a customer at genesis */
};

typedef struct trade__world trade__world;
typedef struct trade__agent trade__agent;

/* ---- the book: what everybody's money must be, worked out epoch by epoch from what the blocks tell. trade_book.c ---- */
typedef struct trade__unit {
    uint8_t     id[32];
    eth_address provider;
    bool        works, gone;
    uint64_t    owed, epochs; /* owed: earned, not yet paid out; epochs: paid ones */
} trade__unit;
typedef struct trade__deal {
    eth_address where, owner;
    uint64_t    price, min_workers, target, free, owed, deposited, withdrawn, billed, enough; /* enough: what its owner tops it up to keep */
    bool        ended;
    RIV_VEC(trade__unit) units; /* those that left stay, gone */
} trade__deal;
typedef struct trade__collateral { uint8_t id[32]; eth_address who; u256 amount; bool finished; } trade__collateral;
typedef struct trade__book {
    riv_arena *arena;
    uint64_t   epoch;
    riv_map   *paid; /* provider -> uint64_t */
    RIV_VEC(trade__deal *) deals;
    RIV_VEC(trade__collateral) collateral;
} trade__book;
void trade__book_open(trade__book *b, riv_arena *arena);
/* Epochs end, then what the block's logs say. What they cannot say breaks the world. */
void         trade__book_block(trade__world *w, const rpc_block *block, riv_arena *scratch);
uint64_t     trade__book_paid(const trade__book *b, const eth_address *provider);
trade__deal *trade__book_deal(const trade__book *b, const eth_address *where); /* NULL */
uint64_t     trade__book_workers(const trade__deal *d);

/* ---- the queue ---- */
typedef enum trade__event_kind { TRADE__WAKE, TRADE__REQUEST, TRADE__REPLY, TRADE__CLOSED, TRADE__BLOCK, TRADE__TICK, TRADE__CHAIN_STARTS, TRADE__AGENT_STARTS } trade__event_kind;
typedef struct trade__event {
    uint64_t          at_ms, seq;
    trade__event_kind kind;
    size_t            agent;
    uint64_t          conn; /* of the agent's life and the chain's: what belongs to another one is of no use */
    riv_blob          text;
} trade__event;

/* ---- agents ---- */
typedef struct trade__question { const char *returns; /* NULL: the result is not ABI */ } trade__question;
typedef struct trade__look { /* questions of one batch and their answers; in the agent's memory */
    trade__question asked[TRADE__QUESTIONS_MAX];
    const riv_json *answers[TRADE__QUESTIONS_MAX]; /* NULL: an error */
    size_t          count, receipt; /* receipt: SIZE_MAX: not asked for */
    riv_buf         text;
} trade__look;
typedef struct trade__wish { eth_address to; u256 value; const char *signature; const eth_value *args; } trade__wish;
typedef struct trade__silence { uint8_t unit[32]; uint64_t epoch, count; } trade__silence;
struct trade__agent {
    trade__world *world;
    size_t        index;      /* in the world */
    bool          provider;
    crypto_secret key;
    eth_address   where;
    bool          up, vanished;
    uint64_t      vanish_ms;  /* UINT64_MAX: never */
    uint64_t      conn;
    /* ---- what it forgets when it dies ---- */
    riv_arena    *memory, *thought; /* thought: of one look */
    uint64_t      talk;       /* the batch whose answer it waits for; 0: none */
    unsigned      stage;
    trade__look   look;
    uint64_t      nonce, epoch, asked_ms;
    bool          subscribed, acted, sent;
    trade__wish   wishes[TRADE__WISHES_MAX]; size_t wishes_count; /* of one look, the most urgent first */
    crypto_hash   last;       /* its newest transaction, when it sent one */
    union {
        struct { void *seen; } p;
        struct { uint64_t cursor; eth_address deals[TRADE__DEALS_MAX]; size_t deals_count; uint64_t deposited, withdrawn;
                 RIV_VEC(trade__silence) silent; void *seen; } c;
    } mind;
};
/* What an agent wants follows from its key alone, so that it wants the same after a restart. */
riv_prng trade__character(const trade__agent *a, uint64_t what);
void     trade__provider_look(trade__agent *a); /* called at stage 0, and when the answers of a stage are there */
void     trade__customer_look(trade__agent *a);
typedef struct trade__order { /* a deal that a customer wants */
    uint64_t price, min, target, per_provider, deposit, starts, stops; /* in epochs */
    uint64_t enough, top_up, most; /* it adds top_up below enough, and takes back what is above most */
    bool     publishes, matches;
} trade__order;
trade__order trade__order_of(const trade__agent *a, size_t index);
size_t       trade__orders_wanted(const trade__agent *a);
crypto_hash trade__id(const trade__agent *a, const char *kind, uint64_t first, uint64_t second); /* of its peers and units */

/* ---- trade_line.c: questions and transactions as JSON-RPC ---- */
void   trade__line_open(trade__world *w);
crypto_hash     trade__topic(trade__world *w, const char *event); /* "Deposited(uint256)": as it is hashed */
const eth_type *trade__returns(trade__world *w, const char *text);
riv_bytes       trade__data(trade__world *w, const char *signature, const eth_value *args, riv_arena *arena); /* selector and arguments */
size_t trade__ask(trade__agent *a, const eth_address *to, const char *signature, const eth_value *args, const char *returns); /* its number */
void   trade__ask_about_self(trade__agent *a);    /* its nonce, the epoch, the newest block, what became of its last transaction; subscribes to heads and logs when it did not: read by trade__self */
bool   trade__self(trade__agent *a, uint64_t *height); /* fills a->nonce, a->epoch. False: not all was answered */
/* Logs of these contracts (any of them) in blocks from..to (UINT64_MAX: the newest); event and topic may be NULL. */
size_t trade__ask_logs(trade__agent *a, const eth_address *at, size_t at_count, const char *event, const eth_address *topic, uint64_t from, uint64_t to);
void   trade__ask_end(trade__agent *a);           /* sends the batch */
const eth_value *trade__answer(trade__agent *a, size_t question); /* the returned tuple's items; NULL: it reverted, or was not understood */
bool   trade__answer_u64(trade__agent *a, size_t question, uint64_t *out);
const riv_json  *trade__answer_json(trade__agent *a, size_t question);
void   trade__heard(trade__agent *a, riv_str text); /* a reply or a notice came */
/* One of many, of which a look does one: room for its arguments, which the caller fills in. */
eth_value *trade__wish_at(trade__agent *a, const eth_address *to, u256 value, const char *signature, size_t args);
eth_value *trade__wish_of(trade__agent *a, chain_contract at, const char *signature, size_t args);
/* The one transaction of this look: the first wish, but once in `odds` times any, so that one that is always refused holds nothing up. */
void   trade__do_one(trade__agent *a, uint64_t odds);
riv_bytes trade__hex(riv_arena *arena, riv_str text); /* what follows 0x */

/* ---- trade.c ---- */
typedef enum trade__death { TRADE__ALIVE, TRADE__DIED_BEFORE, TRADE__DIED_BEHIND } trade__death;
struct trade__world {
    sim_trade_config config;
    riv_arena       *arena;
    chain           *engine;
    chain_memory    *memory;
    chain_store      store;
    chain_params     params;
    rpc             *rpc;     /* NULL: the chain's process is down */
    trade__death     died;    /* in the commit that was just made */
    uint64_t         commits; /* kept */
    riv_prng         delays, faults;
    uint64_t         now_ms, seq, conns, talks, busy_until_ms;
    trade__event    *queue; size_t queued, queue_cap;
    trade__agent     agents[TRADE__AGENTS_MAX]; size_t agents_count;
    eth_address      proposer, core_owner;
    trade__book      book;
    uint64_t         height;  /* the newest block that was looked at */
    crypto_hash      head;
    RIV_VEC(crypto_hash) hashes; /* of all blocks, by height */
    u256             flt, usd;
    bool             spoiled;
    riv_map         *types, *signatures, *topics; /* parsed once */
    riv_fault        broken;  /* the first rule that was broken */
    sim_trade_report report;
};
bool     trade__healed(const trade__world *w);
bool     trade__closing(const trade__world *w, uint64_t epoch); /* no new business */
uint64_t trade__epoch_ms(const trade__world *w);
uint64_t trade__ms(const trade__world *w); /* since the genesis */
uint64_t trade__below(trade__world *w, uint64_t bound); /* of delays */
bool     trade__fault(trade__world *w, uint32_t per_million);
void     trade__break(trade__world *w, const char *format, ...) RIV_PRINTF(2, 3);
void     trade__post(trade__world *w, uint64_t in_ms, trade__event_kind kind, size_t agent, uint64_t conn, riv_str text);
void     trade__send(trade__agent *a, riv_str request); /* over the line */
bool     trade__pings(trade__world *w, const eth_address *provider); /* whether its workers answer; the line may lie */
void     trade__note(trade__world *w, const char *what, riv_bytes bytes); /* into the hash */

/* ---- trade_check.c ---- */
/* After each call into the chain: every block that is new goes into the book, then everything is compared. */
void trade__check_blocks(trade__world *w);
void trade__check_restart(trade__world *w);
void trade__check_end(trade__world *w);
void trade__check_rest(trade__world *w); /* it is late enough for rest: what is not done yet is told */
bool trade__at_rest(trade__world *w);
/* A call at the newest block, from nobody. False: it reverted. */
bool trade__view(trade__world *w, const eth_address *to, const char *signature, const eth_value *args, const char *returns, riv_arena *arena, eth_value *out);

#endif
