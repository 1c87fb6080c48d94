/* chain_cmd.h: the chain that runs in this program, for chain_cmd.c and node_cmd.c. */
#ifndef RIV_CLI_CHAIN_CMD_H
#define RIV_CLI_CHAIN_CMD_H

#include "cli/internal.h"
#include "host/chain.h"

/* A chain on h by the flags block-ms, epoch, rules, proof-bits, fees, chain-id, genesis-time, origin and graph-listen, as far as the command has them.
 * listen empty: 127.0.0.1:8545. False: it was said why, *code is set. */
bool cli_chain_open(cli *c, host *h, riv_str dir, riv_str listen, host_chain **out, int *code);
/* Where GraphQL is asked: on its own port, or beside JSON-RPC. listen: as cli_chain_open had it. */
riv_str cli_chain_graph_url(cli *c, const host_chain *own, riv_str listen);

#endif
