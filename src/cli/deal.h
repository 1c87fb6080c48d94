/* deal.h: what the commands of deals share: how a deal stands, and the commands' frame. */
#ifndef RIV_CLI_DEAL_H
#define RIV_CLI_DEAL_H

#include "cli/market_client.h"

#define CLI_EVENT_DEAL                                                                                                 \
    "DealCreated(address indexed owner,address deal,uint256 createdAtEpoch,address paymentToken,uint256 "              \
    "minWorkers,uint256 targetWorkers,"                                                                                \
    "uint256 maxWorkersPerProvider,uint256 pricePerWorkerEpoch,(bytes4,bytes32)[] effectors,(bytes4,bytes32) appCID,"  \
    "uint8 providersAccessType_,address[] providersAccessList_,uint256 protocolVersion_)"
enum { CLI_ACCESS_ALL, CLI_ACCESS_ALLOW, CLI_ACCESS_DENY }; /* SPEC market.md: AccessType */

int cli_deal_run(cli *c, bool signs, bool (*run)(cli_chain *s)); /* the commands' frame */

#endif
