/* deal.h: what the commands of deals share: how a deal is made, and who may come into it. */
#ifndef RIV_CLI_DEAL_H
#define RIV_CLI_DEAL_H

#include "cli/market_client.h"

#define CLI_EVENT_DEAL                                                                                                 \
    "DealCreated(address indexed owner,address deal,uint256 createdAtEpoch,address paymentToken,uint256 "              \
    "minWorkers,uint256 targetWorkers,"                                                                                \
    "uint256 maxWorkersPerProvider,uint256 pricePerWorkerEpoch,(bytes4,bytes32)[] effectors,(bytes4,bytes32) appCID,"  \
    "uint8 providersAccessType_,address[] providersAccessList_,uint256 protocolVersion_)"
enum { CLI_ACCESS_ALL, CLI_ACCESS_ALLOW, CLI_ACCESS_DENY, CLI_ACCESS_TYPES }; /* SPEC market.md: AccessType */
extern const char *const cli_access_names[CLI_ACCESS_TYPES];

#endif
