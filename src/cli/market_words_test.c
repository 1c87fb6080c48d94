/* market_words_test.c: every refusal that has a hint is one that the contracts utter; the first that fits is taken. */
#include "cli/market_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const char *const sources[] = { "accounts", "block",   "capacity", "cc_proofs", "core", "deal",  "deal_config",
                                       "effector", "factory", "market",   "match",     "run",  "token", "vesting" };

static riv_str read_contracts(riv_arena *arena)
{
    riv_buf all = riv_buf_in(arena);
    for (size_t i = 0; i < RIV_COUNT(sources); i++) {
        riv_bytes text;
        riv_fault fault = { 0 };
        riv_str   path  = riv_format(arena, "%s/src/chain/%s.c", RIV_SOURCE_DIR, sources[i]);
        if (host_file_read(path, 1 << 20, arena, &fault, &text)) fail_msg("%s", fault.msg);
        riv_put_bytes(&all, text);
    }
    return riv_buf_str(&all);
}

static bool is_custom(chain *engine, riv_arena *arena, const char *name)
{
    crypto_hash hash;
    uint8_t     revert[36] = { 0 };
    /* those that take one word, and what the engine makes of them */
    static const char *const errors[] = { "CapacityCommitmentIsActive(uint8)", "CapacityCommitmentIsNotActive(uint8)",
                                          "MinWorkersNotMatched(uint256)", "OwnableUnauthorizedAccount(address)" };
    for (size_t i = 0; i < RIV_COUNT(errors); i++) {
        hash = crypto_keccak256(riv_str_bytes(riv_str_c(errors[i])));
        memcpy(revert, hash.bytes, 4);
        riv_str text = chain_revert_text(engine, (riv_bytes){ revert, sizeof revert }, arena);
        if (riv_str_starts(text, riv_str_c(name)) && cli_hint_of(text)) return true;
    }
    return false;
}

static void test_hints_are_of_real_refusals(void **state)
{
    riv_arena *arena  = riv_arena_new(0);
    chain     *engine = chain_new();
    riv_str    text   = read_contracts(arena);
    (void)state;
    for (size_t i = 0; i < cli_words_count; i++) {
        const char *revert = cli_words[i].revert;
        riv_str     quoted = riv_format(arena, "\"%s", revert);
        bool        panic  = strcmp(revert, "Panic 0x11") == 0;
        if (!panic && riv_str_find(text, quoted, 0) == SIZE_MAX && !is_custom(engine, arena, revert))
            fail_msg("no contract says '%s'", revert);
        /* none is hidden by one before it */
        assert_ptr_equal(cli_hint_of(riv_str_c(revert)), cli_words[i].hint);
    }
    assert_null(cli_hint_of(RIV_LIT("something else")));
    assert_null(cli_hint_of(RIV_LIT("")));
    chain_free(engine);
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hints_are_of_real_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
