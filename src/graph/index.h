/* index.h: what the files of the index share: an event as it is told, how entities are named, and the table of who folds which event.
 * index.c reads logs and hands them out; index_core.c, index_market.c, index_deal.c, index_capacity.c fold them, each for its contract. */
#ifndef RIV_GRAPH_INDEX_H
#define RIV_GRAPH_INDEX_H

#include "graph/internal.h"

typedef struct graph__told { /* one event */
    graph               *g;
    const chain_block   *block;
    const chain_store   *store;
    const chain_receipt *receipt; /* NULL: a log of the block itself */
    const chain_log     *log;
    graph__row          *deal;    /* whose log it is; NULL: another contract's */
    const eth_value     *args;    /* by the place of the parameter, indexed or not */
    uint64_t             epoch;
    uint64_t            *proofs;  /* how many proofs the receipt's logs before this one told of */
    riv_arena           *arena;   /* of the block */
    riv_fault           *fault;
} graph__told;
typedef riv_err graph__fold(const graph__told *t);
typedef struct graph__event { const char *name; graph__fold *fold; } graph__event;
typedef struct graph__events { chain_contract of; const graph__event *items; size_t count; } graph__events; /* of: CHAIN_CONTRACTS is a deal */
extern const graph__events graph__core_events, graph__market_events, graph__factory_events, graph__deal_events, graph__capacity_events;

/* What the fold knows besides rows. */
typedef struct graph__index {
    riv_arena *arena;      /* the graph's */
    riv_map   *events;     /* contract and topic -> struct of index.c */
    chain_params params;   /* of genesis; without its lists */
    uint64_t   max_failed_ratio, min_proofs; /* as they are now */
    riv_map   *min_of;     /* epoch -> the least number of proofs, latched by its first proof */
    riv_map   *counted;    /* id of a commitment's epoch -> struct of index_capacity.c */
    riv_map   *succeeded;  /* id of a unit's epoch: it is among the successful ones of its commitment's epoch */
    riv_map   *units;      /* id of a peer -> struct of index_market.c: its units that are there */
    riv_map   *places;     /* id of a unit -> size_t: where it stands among them */
    riv_map   *waiting;    /* id of a unit -> struct of index_capacity.c: its proofs that were submitted and are not verified */
} graph__index;

/* ---- ids and values ---- */
riv_str graph__hash_id(const graph__told *t, const eth_value *v);    /* 0x and 64 digits */
riv_str graph__address_id(const graph__told *t, const eth_value *v); /* 0x and 40 digits, lower case */
riv_str graph__address_text(riv_arena *arena, const eth_address *a);
riv_str graph__cid_id(const graph__told *t, const eth_value *v);     /* of (bytes4,bytes32): 72 digits */
riv_str graph__joined(const graph__told *t, riv_str a, riv_str b);
riv_str graph__epoch_id(const graph__told *t, uint64_t epoch);
riv_str graph__clean(riv_arena *arena, riv_bytes text);              /* what is no UTF-8 becomes U+FFFD, as is a zero byte */
uint64_t graph__u64(u256 v);                                         /* at most UINT64_MAX */

/* ---- rows ---- */
/* RIV_E_MALFORMED: there is none. */
RIV_MUST_USE riv_err graph__need(const graph__told *t, graph__type type, riv_str id, graph__row **out);
/* The row of a REF field, which is set. */
RIV_MUST_USE riv_err graph__need_of(const graph__told *t, graph__type type, const graph__row *row, const char *field, graph__row **out);
/* The row between two others, found or made: its REF fields of these names, its id theirs one behind the other. */
graph__row *graph__link(const graph__told *t, graph__type type, const char *a_field, const graph__row *a, const char *b_field, const graph__row *b);
uint64_t graph__number(graph__type type, const graph__row *row, const char *field);
void     graph__int(const graph__told *t, graph__type type, graph__row *row, const char *field, u256 v); /* of 32 bits: at most 2^31-1 */
/* Counts on by `by`, which may be negative. RIV_E_MALFORMED: below zero. */
RIV_MUST_USE riv_err graph__count(const graph__told *t, graph__type type, graph__row *row, const char *field, int by);
void     graph__count_down(const graph__told *t, graph__type type, graph__row *row, const char *field); /* stays at zero */
void     graph__sum(const graph__told *t, graph__type type, graph__row *row, const char *field, u256 by);
graph__row *graph__network(const graph__told *t);
/* Counts a total of the network on. */
void     graph__total(const graph__told *t, const char *field);

/* ---- what events do not carry ---- */
/* Calls a function without arguments; it returns one value. *found is false: no contract, no such function, no such result. */
RIV_MUST_USE riv_err graph__ask(const graph__told *t, const eth_address *at, const char *function, const eth_type *returns, bool *found, eth_value *out);

/* ---- index_core.c ---- */
RIV_MUST_USE riv_err graph__begin(const graph__told *t);                 /* what genesis says */
void                 graph__epoch(const graph__told *t);                 /* this block's epoch reaches up to it */
/* ---- index_market.c: found or made ---- */
graph__row *graph__provider(const graph__told *t, const eth_value *address);
graph__row *graph__effector(const graph__told *t, const eth_value *cid);
RIV_MUST_USE riv_err graph__token(const graph__told *t, const eth_value *address, graph__row **out);
/* Units of a peer that are there, however many were removed. Lives till the next change. */
graph__rows graph__units_of(const graph__told *t, const graph__row *peer);

/* ---- index_capacity.c ---- */
RIV_MUST_USE riv_err graph__foresee_all(const graph__told *t); /* when commitments fail: what it follows from has changed for all of them */

#endif
