/* token.c: ERC-20 tokens: the USD of payments, and those of genesis.
 * Keys: 't' token: total supply + 1; 't' token who: balance; 'u' token owner spender: allowance.
 * Spec: EIP-20; OpenZeppelin Contracts 4.9, ERC20 (texts of reverts). Tests: token_test.c. */
#include "chain/internal.h"

#define EVENT_TRANSFER "Transfer(address indexed from,address indexed to,uint256 value)"
#define EVENT_APPROVAL "Approval(address indexed owner,address indexed spender,uint256 value)"

static chain__key supply_key(const eth_address *token) { return chain__key_with_address(chain__key_of('t'), token); }

static chain__key balance_key(const eth_address *token, const eth_address *who)
{
    return chain__key_with_address(supply_key(token), who);
}

static chain__key allowance_key(const eth_address *token, const eth_address *owner, const eth_address *spender)
{
    return chain__key_with_address(chain__key_with_address(chain__key_with_address(chain__key_of('u'), token), owner),
                                   spender);
}

static u256 balance(chain__call *c, const eth_address *token, const eth_address *who)
{
    chain__key key = balance_key(token, who);
    return chain__get_u256(c, &key);
}

static void set_balance(chain__call *c, const eth_address *token, const eth_address *who, u256 v)
{
    chain__key key = balance_key(token, who);
    chain__put_u256(c, &key, v);
}

bool chain__is_token(chain__call *c, const eth_address *where)
{
    chain__key key = supply_key(where);
    riv_bytes  value;
    return chain__get(c, &key, &value);
}

/* Events are the token's, whoever moves it. */
static void emit_transfer(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to,
                          u256 amount)
{
    chain__call     at     = chain__inner(c, token);
    const eth_value args[] = { eth_of_address(from), eth_of_address(to), eth_number(amount) };
    chain__emit(&at, EVENT_TRANSFER, args);
}

riv_err chain__mint(chain__call *c, const eth_address *token, const eth_address *to, u256 amount)
{
    static const eth_address nobody;
    chain__key               key    = supply_key(token);
    bool                     exists = chain__is_token(c, token);
    if (exists && u256_is_zero(amount)) return RIV_OK;
    u256 supply = exists ? chain__get_u256(c, &key) : u256_of(1), sum;
    RIV_TRY(chain__add(c, supply, amount, &supply));
    RIV_TRY(chain__add(c, balance(c, token, to), amount, &sum));
    chain__put_u256(c, &key, supply);
    if (u256_is_zero(amount)) return RIV_OK;
    set_balance(c, token, to, sum);
    emit_transfer(c, token, &nobody, to, amount);
    return RIV_OK;
}

static riv_err move(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to,
                    u256 amount)
{
    u256 left, sum;
    if (eth_address_is_zero(from)) return chain__revert(c, "ERC20: transfer from the zero address");
    if (eth_address_is_zero(to)) return chain__revert(c, "ERC20: transfer to the zero address");
    if (!u256_sub(balance(c, token, from), amount, &left))
        return chain__revert(c, "ERC20: transfer amount exceeds balance");
    set_balance(c, token, from, left);
    RIV_TRY(chain__add(c, balance(c, token, to), amount, &sum));
    set_balance(c, token, to, sum);
    emit_transfer(c, token, from, to, amount);
    return RIV_OK;
}

static riv_err approve(chain__call *c, const eth_address *token, const eth_address *owner, const eth_address *spender,
                       u256 amount)
{
    if (eth_address_is_zero(owner)) return chain__revert(c, "ERC20: approve from the zero address");
    if (eth_address_is_zero(spender)) return chain__revert(c, "ERC20: approve to the zero address");
    chain__call     at     = chain__inner(c, token);
    chain__key      key    = allowance_key(token, owner, spender);
    const eth_value args[] = { eth_of_address(owner), eth_of_address(spender), eth_number(amount) };
    chain__put_u256(c, &key, amount);
    chain__emit(&at, EVENT_APPROVAL, args);
    return RIV_OK;
}

/* An allowance of all ones is not used up. */
static riv_err move_allowed(chain__call *c, const eth_address *token, const eth_address *spender,
                            const eth_address *from, const eth_address *to, u256 amount)
{
    chain__key key     = allowance_key(token, from, spender);
    u256       allowed = chain__get_u256(c, &key), all, left;
    (void)!u256_sub(U256_ZERO, u256_of(1), &all);
    if (u256_cmp(allowed, all) != 0) {
        if (!u256_sub(allowed, amount, &left)) return chain__revert(c, "ERC20: insufficient allowance");
        RIV_TRY(approve(c, token, from, spender, left));
    }
    return move(c, token, from, to, amount);
}

/* SafeERC20: a call of what is no contract. */
static riv_err check_token(chain__call *c, const eth_address *token)
{
    return chain__is_token(c, token) ? RIV_OK : chain__revert(c, "Address: call to non-contract");
}

riv_err chain__send_token(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to,
                          u256 amount)
{
    RIV_TRY(check_token(c, token));
    return move(c, token, from, to, amount);
}

riv_err chain__send_token_from(chain__call *c, const eth_address *token, const eth_address *from, const eth_address *to,
                               u256 amount)
{
    RIV_TRY(check_token(c, token));
    return move_allowed(c, token, &c->self, from, to, amount);
}

/* ---- functions ---- */

static riv_err run_name(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)c;
    (void)args;
    out[0] = eth_text(RIV_LIT("USD Token"));
    return RIV_OK;
}

static riv_err run_symbol(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)c;
    (void)args;
    out[0] = eth_text(RIV_LIT("USD"));
    return RIV_OK;
}

static riv_err run_decimals(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)c;
    (void)args;
    out[0] = eth_word(6);
    return RIV_OK;
}

static riv_err run_supply(chain__call *c, const eth_value *args, eth_value *out)
{
    (void)args;
    chain__key key = supply_key(&c->self);
    return chain__sub(c, chain__get_u256(c, &key), u256_of(1), &out[0].word);
}

static riv_err run_balance(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address who = eth_to_address(&args[0]);
    out[0]          = eth_number(balance(c, &c->self, &who));
    return RIV_OK;
}

static riv_err run_allowance(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address owner = eth_to_address(&args[0]), spender = eth_to_address(&args[1]);
    chain__key  key = allowance_key(&c->self, &owner, &spender);
    out[0]          = eth_number(chain__get_u256(c, &key));
    return RIV_OK;
}

static riv_err run_transfer(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address to = eth_to_address(&args[0]);
    out[0]         = eth_word(1);
    return move(c, &c->self, &c->sender, &to, args[1].word);
}

static riv_err run_transfer_from(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address from = eth_to_address(&args[0]), to = eth_to_address(&args[1]);
    out[0] = eth_word(1);
    return move_allowed(c, &c->self, &c->sender, &from, &to, args[2].word);
}

static riv_err run_approve(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address spender = eth_to_address(&args[0]);
    out[0]              = eth_word(1);
    return approve(c, &c->self, &c->sender, &spender, args[1].word);
}

static riv_err run_increase(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address spender = eth_to_address(&args[0]);
    chain__key  key     = allowance_key(&c->self, &c->sender, &spender);
    u256        sum;
    out[0] = eth_word(1);
    RIV_TRY(chain__add(c, chain__get_u256(c, &key), args[1].word, &sum));
    return approve(c, &c->self, &c->sender, &spender, sum);
}

static riv_err run_decrease(chain__call *c, const eth_value *args, eth_value *out)
{
    eth_address spender = eth_to_address(&args[0]);
    chain__key  key     = allowance_key(&c->self, &c->sender, &spender);
    u256        left;
    out[0] = eth_word(1);
    if (!u256_sub(chain__get_u256(c, &key), args[1].word, &left))
        return chain__revert(c, "ERC20: decreased allowance below zero");
    return approve(c, &c->self, &c->sender, &spender, left);
}

static const chain__function functions[] = {
    { "name()", "(string)", false, false, run_name },
    { "symbol()", "(string)", false, false, run_symbol },
    { "decimals()", "(uint8)", false, false, run_decimals },
    { "totalSupply()", "(uint256)", false, false, run_supply },
    { "balanceOf(address account)", "(uint256)", false, false, run_balance },
    { "allowance(address owner,address spender)", "(uint256)", false, false, run_allowance },
    { "transfer(address to,uint256 amount)", "(bool)", true, false, run_transfer },
    { "transferFrom(address from,address to,uint256 amount)", "(bool)", true, false, run_transfer_from },
    { "approve(address spender,uint256 amount)", "(bool)", true, false, run_approve },
    { "increaseAllowance(address spender,uint256 added)", "(bool)", true, false, run_increase },
    { "decreaseAllowance(address spender,uint256 less)", "(bool)", true, false, run_decrease },
};
static const char *const events[] = { EVENT_TRANSFER, EVENT_APPROVAL };

const chain__contract chain__usd = { functions, RIV_COUNT(functions), events, RIV_COUNT(events), NULL, 0, NULL };
