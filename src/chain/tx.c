/* tx.c: which transactions may run or wait, and what their gas costs. The words are those of geth, which clients look for.
 * Spec: docs/spec/chain.md 2.1, 3; EIP-1559. Tests: block_test.c. */
#include "chain/internal.h"

enum { NONCES_AHEAD = 16 };

u256 chain__tx_price(const chain_head *head, const eth_tx *tx)
{
    u256 price;
    if (!head->params.fees) return U256_ZERO;
    if (!u256_add(head->base_fee, tx->max_tip, &price) || u256_cmp(price, tx->max_fee) > 0) return tx->max_fee;
    return price;
}

/* What it may cost at most, with its value. False: more than there can be. */
static bool cost_of(const chain_head *head, const eth_tx *tx, u256 *out)
{
    u256 gas = U256_ZERO;
    if (head->params.fees && !u256_mul(u256_of(tx->gas_limit), tx->max_fee, &gas)) return false;
    return u256_add(gas, tx->value, out);
}

static riv_err check_form(const chain_head *head, const eth_tx *tx, riv_fault *fault)
{
    uint64_t gas = eth_tx_intrinsic_gas(tx);
    if (tx->protected_by_chain && tx->chain_id != head->params.chain_id)
        return riv_fail(fault, RIV_E_DENIED, 0, "invalid chain id for signer: have %llu want %llu",
                        (unsigned long long)tx->chain_id, (unsigned long long)head->params.chain_id);
    if (!tx->protected_by_chain)
        return riv_fail(fault, RIV_E_DENIED, 0, "only replay-protected (EIP-155) transactions allowed over RPC");
    if (tx->gas_limit > head->params.block_gas_max) return riv_fail(fault, RIV_E_DENIED, 0, "exceeds block gas limit");
    if (tx->gas_limit < gas)
        return riv_fail(fault, RIV_E_DENIED, 0, "intrinsic gas too low: gas %llu, minimum needed %llu",
                        (unsigned long long)tx->gas_limit, (unsigned long long)gas);
    if (u256_cmp(tx->max_tip, tx->max_fee) > 0)
        return riv_fail(fault, RIV_E_DENIED, 0, "max priority fee per gas higher than max fee per gas");
    return RIV_OK;
}

static riv_err check_money(const chain_head *head, const eth_tx *tx, u256 balance, riv_fault *fault)
{
    u256    cost = U256_ZERO;
    riv_buf text = { 0 };
    if (head->params.fees && u256_cmp(tx->max_fee, head->base_fee) < 0)
        return riv_fail(fault, RIV_E_DENIED, 0, "max fee per gas less than block base fee");
    if (cost_of(head, tx, &cost) && u256_cmp(cost, balance) <= 0) return RIV_OK;
    riv_putf(&text, "insufficient funds for gas * price + value: balance ");
    u256_put(&text, balance);
    riv_putf(&text, ", tx cost ");
    u256_put(&text, cost);
    riv_fail(fault, RIV_E_DENIED, 0, RIV_FMT, RIV_ARG(riv_buf_str(&text)));
    riv_buf_free(&text);
    return RIV_E_DENIED;
}

static riv_err check_nonce(const eth_tx *tx, uint64_t nonce, uint64_t ahead, riv_fault *fault)
{
    if (tx->nonce >= nonce && tx->nonce - nonce <= ahead) return RIV_OK;
    return riv_fail(fault, RIV_E_DENIED, 0, "nonce too %s: next nonce %llu, tx nonce %llu",
                    tx->nonce < nonce ? "low" : "high", (unsigned long long)nonce, (unsigned long long)tx->nonce);
}

riv_err chain__tx_allowed(const chain_head *head, const eth_tx *tx, uint64_t nonce, u256 balance, riv_fault *fault)
{
    RIV_TRY(check_form(head, tx, fault));
    RIV_TRY(check_nonce(tx, nonce, 0, fault));
    return check_money(head, tx, balance, fault);
}

riv_err chain_check_tx(const chain_store *store, riv_bytes raw, riv_arena *arena, riv_fault *fault, eth_tx *out)
{
    chain_head    head;
    chain_account account;
    RIV_TRY(chain_head_read(store, UINT64_MAX, arena, fault, &head));
    RIV_TRY(eth_tx_read(raw, arena, fault, out));
    RIV_TRY(check_form(&head, out, fault));
    RIV_TRY(chain_account_read(store, UINT64_MAX, &out->from, fault, &account));
    RIV_TRY(check_nonce(out, account.nonce, NONCES_AHEAD, fault));
    return check_money(&head, out, account.balance, fault);
}
