/* market_internal.h: what the files of the market's scenarios share: the world, the reading of a step, one table row an action and a query. */
#ifndef RIV_SIM_MARKET_INTERNAL_H
#define RIV_SIM_MARKET_INTERNAL_H

#include "sim/internal.h"
#include "sim/market.h"

/* ---- market_world.c: a chain in memory, accounts with keys, blocks of signed transactions ---- */

typedef struct market__account { riv_str name; crypto_secret key; eth_address where; uint64_t nonce; } market__account;
typedef struct market__deal { riv_str name; eth_address where, token; } market__deal;
struct sim_market {
    riv_arena         *arena;
    chain             *engine;
    chain_memory      *memory;
    chain_store        store;
    chain_params       params;
    uint64_t           height;
    crypto_hash        app_hash;
    riv_map           *accounts, *deals;       /* name -> market__account, market__deal */
    riv_map           *offers, *commitments;   /* name -> 32 bytes */
    uint64_t           nonces;                 /* made up so far, of proofs */
    eth_address        usd2;
    chain_block_input  block;
    riv_arena         *block_arena;            /* of the block's bytes */
};
enum { MARKET__TXS_MAX = 4 };
typedef struct market__tx { market__account *by; eth_address to; u256 value; const char *signature; const eth_value *args; } market__tx;
/* One block of txs, at time_s; *last is the receipt of the last one (untouched without any). Only a bug of ours makes it fail. */
RIV_MUST_USE riv_err market__block(sim_market *m, uint64_t time_s, const market__tx *txs, size_t count, riv_arena *arena, riv_fault *fault, chain_receipt *last);
/* A call from nobody. returns: "(uint256)". False: it reverted; *error says why. */
bool market__call(sim_market *m, const eth_address *to, const char *signature, const eth_value *args, const char *returns, riv_arena *arena, eth_value *out, riv_str *error);
market__account *market__account_of(const sim_market *m, riv_str name); /* NULL: there is none */
crypto_hash      market__made_id(const char *kind, riv_str name);       /* of an empty name: zeros */
u256             market__flt_of(sim_market *m, const eth_address *who);
u256             market__flt_first(const sim_market *m, const eth_address *who); /* before the first step */

/* ---- market_params.c: genesis and numbers ---- */
RIV_MUST_USE riv_err market__params_read(const riv_json *doc, riv_fault *fault, chain_params *out);
/* "12", 12, "0x1f", "10FLT", "0.5FLT", "1.25USD". False: none of these. */
bool market__amount(const riv_json *v, u256 *out);
bool market__amount_text(riv_str text, u256 *out);
bool market__word(const riv_json *v, const char *const *words, size_t count, uint64_t *out); /* a number below count, or one of words */
extern const char *const market__access[3], *const market__deal_statuses[5], *const market__cc_statuses[6];

/* ---- market_actions.c ---- */
typedef enum market__kept { MARKET__NOTHING, MARKET__OFFER, MARKET__DEAL, MARKET__COMMITMENT } market__kept;
typedef struct market__act { /* a step while it is read; the first thing that is wrong stays in err */
    sim_market     *m;
    const riv_json *step;
    const char     *where;
    riv_arena      *arena;
    riv_fault      *fault;
    riv_err         err;
    riv_str         missing;  /* a deal that was never made: the step fails without a transaction */
    market__tx      tx;
    u256            tokens;   /* given to `by` and approved for spender before */
    eth_address     token, spender;
    bool            needs_tokens;
    market__kept    kept;     /* what returned stands for, under the name */
    riv_str         name;
} market__act;
/* Fills a->tx from a->step; a->tx.by is set. */
RIV_MUST_USE riv_err market__act_read(market__act *a);

/* ---- market_queries.c ---- */
/* expect: an object. *got has the same shape with what was found; *ok: all of it is as expected. */
RIV_MUST_USE riv_err market__expect(sim_market *m, const riv_json *expect, const char *where, riv_arena *arena, riv_fault *fault, const riv_json **got, bool *ok);

#endif
