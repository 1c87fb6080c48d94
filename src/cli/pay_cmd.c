/* pay_cmd.c: rivulet chain pay: FLT, the chain's own coin, and USD, its token, from the account of --key to another.
 * Spec: docs/market.md "Money for a key of your own". Tests: tests/e2e/market.py. */
#include "cli/market_client.h"

static bool read_receiver(cli_chain *s, eth_address *out)
{
    riv_fault fault = { 0 };
    riv_str   text  = cli_arg(s->c, 0);
    if (cli_account_of(text, &fault, out)) return true;
    cli_error(s->c, CLI_USAGE, "'" RIV_FMT "' is no address, key file nor development account (0 to 9): %s",
              RIV_ARG(text), fault.msg);
    return cli_chain_fail(s, CLI_USAGE);
}

static bool pay_flt(cli_chain *s, const eth_address *to, u256 amount)
{
    cli   *c  = s->c;
    cli_tx tx = { .function = CLI_FN_COUNT,
                  .at       = to,
                  .value    = amount,
                  .does     = riv_format(c->arena, "pay " RIV_FMT " to " RIV_FMT,
                                         RIV_ARG(cli_amount(c->arena, amount, CLI_FLT_DECIMALS, "FLT")),
                                         RIV_ARG(cli_show_address(c, to))) };
    return cli_send(s, &tx, NULL);
}

static bool pay_usd(cli_chain *s, const eth_address *to, u256 amount)
{
    cli            *c      = s->c;
    const eth_value args[] = { eth_of_address(to), eth_number(amount) };
    cli_tx          tx     = { .function = CLI_FN_USD_TRANSFER,
                               .args     = args,
                               .does     = riv_format(c->arena, "pay " RIV_FMT " to " RIV_FMT,
                                                      RIV_ARG(cli_amount(c->arena, amount, CLI_USD_DECIMALS, "USD")),
                                                      RIV_ARG(cli_show_address(c, to))) };
    return cli_send(s, &tx, NULL);
}

static bool read_some(cli_chain *s, const char *flag, unsigned decimals, u256 *out)
{
    riv_str text = cli_value(s->c, flag);
    *out         = U256_ZERO;
    return !text.len ||
           cli_read_amount(s, riv_cstr(s->c->arena, riv_format(s->c->arena, "--%s", flag)), text, decimals, out);
}

static bool pay(cli_chain *s)
{
    u256        flt, usd;
    eth_address to;
    if (!read_receiver(s, &to) || !read_some(s, "flt", CLI_FLT_DECIMALS, &flt) ||
        !read_some(s, "usd", CLI_USD_DECIMALS, &usd))
        return false;
    if (u256_is_zero(flt) && u256_is_zero(usd)) {
        cli_error(s->c, CLI_USAGE, "--flt AMOUNT or --usd AMOUNT says how much");
        return cli_chain_fail(s, CLI_USAGE);
    }
    if (!u256_is_zero(flt) && !pay_flt(s, &to, flt)) return false;
    if (!u256_is_zero(usd) && !pay_usd(s, &to, usd)) return false;
    if (cli_has(s->c, "json")) cli_chain_json(s, riv_json_object(s->c->arena, "to", cli_json_address(s->c, &to), NULL));
    return true;
}

int cli_cmd_chain_pay(cli *c) { return cli_market_run(c, true, pay); }
