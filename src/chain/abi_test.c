/* abi_test.c: what our contracts offer against the original's ABIs (tests/conform/chain/abi.txt): selectors, results, events, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "chain/internal.h"

static chain     *engine;
static riv_arena *arena;

static int set_up(void **state)
{
    (void)state;
    engine = chain_new();
    arena  = riv_arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_free(engine);
    riv_arena_free(arena);
    return 0;
}

static riv_str type_text(const eth_type *type)
{
    riv_buf out = riv_buf_in(arena);
    eth_type_put(&out, type);
    return riv_buf_str(&out);
}

/* "Name(type,type~)": ~ stands behind what is indexed. */
static riv_str event_text(riv_str name, const eth_type *args)
{
    riv_buf out = riv_buf_in(arena);
    riv_put_str(&out, name);
    riv_put_u8(&out, '(');
    for (size_t i = 0; i < args->items_count; i++) {
        if (i) riv_put_u8(&out, ',');
        riv_put_str(&out, type_text(&args->items[i]));
        if (args->items[i].indexed) riv_put_u8(&out, '~');
    }
    riv_put_u8(&out, ')');
    return riv_buf_str(&out);
}

static bool has_text(const char *const *texts, size_t count, riv_str wanted)
{
    for (size_t i = 0; i < count; i++) {
        riv_str  name;
        eth_type args;
        assert_int_equal(eth_signature_parse(riv_str_c(texts[i]), arena, NULL, &name, &args), RIV_OK);
        if (riv_str_eq(event_text(name, &args), wanted)) return true;
    }
    return false;
}

static bool has_function(chain_contract which, riv_str kind, riv_str rest)
{
    riv_str  name;
    eth_type args, returns;
    size_t   space = riv_str_find_char(rest, ' ', 0);
    assert_int_equal(eth_signature_parse(riv_str_sub(rest, 0, space), arena, NULL, &name, &args), RIV_OK);
    assert_int_equal(eth_type_parse(riv_str_sub(rest, space + 1, rest.len), arena, NULL, &returns), RIV_OK);
    crypto_hash                  hash = eth_signature_hash(name, &args);
    const chain__function_entry *e    = chain__find_function(engine, which, chain__selector_of(&hash));
    return e && riv_str_eq(type_text(&e->returns), type_text(&returns)) &&
           e->function->writes == !riv_str_eq(kind, RIV_LIT("view")) &&
           e->function->payable == riv_str_eq(kind, RIV_LIT("payable"));
}

static bool has_entry(chain_contract which, riv_str kind, riv_str rest)
{
    const chain__contract *c = engine->contracts[which].contract;
    if (riv_str_eq(kind, RIV_LIT("event"))) return has_text(c->events, c->events_count, rest);
    if (riv_str_eq(kind, RIV_LIT("error"))) return has_text(c->errors, c->errors_count, rest);
    return has_function(which, kind, rest);
}

/* Events of the originals' proxies, and the error of a wrong answer from an actor that hashes: native contracts have neither. */
static bool of_proxies(chain_contract which, riv_str rest)
{
    static const char *const names[] = { "AdminChanged(", "BeaconUpgraded(", "Upgraded(", "BytesLengthMismatch(" };
    if (which != CHAIN_CONTRACTS && riv_str_starts(rest, RIV_LIT("Initialized(")))
        return true; /* at genesis, by nobody */
    for (size_t i = 0; i < RIV_COUNT(names); i++) {
        if (riv_str_starts(rest, riv_str_c(names[i]))) return true;
    }
    return false;
}

static const struct {
    const char    *name;
    chain_contract which;
    size_t         least;
} contracts[] = {
    { "Market", CHAIN_MARKET, 40 }, { "DealFactory", CHAIN_DEAL_FACTORY, 8 }, { "Deal", CHAIN_CONTRACTS, 50 },
    { "Core", CHAIN_CORE, 50 },     { "Capacity", CHAIN_CAPACITY, 30 },
};

static riv_str file_text(void)
{
    static char buffer[1 << 16];
    FILE       *f = fopen(RIV_SOURCE_DIR "/tests/conform/chain/abi.txt", "rb");
    assert_non_null(f);
    size_t len = fread(buffer, 1, sizeof buffer, f);
    fclose(f);
    assert_in_range(len, 1000, sizeof buffer - 1);
    return (riv_str){ buffer, len };
}

static void test_abi(void **state)
{
    (void)state;
    riv_str text                       = file_text();
    size_t  seen[RIV_COUNT(contracts)] = { 0 }, missing = 0;
    for (size_t at = 0, end; at < text.len; at = end + 1) {
        end           = RIV_MIN(riv_str_find_char(text, '\n', at), text.len);
        riv_str line  = riv_str_sub(text, at, end);
        size_t  first = riv_str_find_char(line, ' ', 0),
               second = first == SIZE_MAX ? SIZE_MAX : riv_str_find_char(line, ' ', first + 1);
        if (second == SIZE_MAX || line.ptr[0] == '#') continue;
        riv_str kind = riv_str_sub(line, first + 1, second), rest = riv_str_sub(line, second + 1, line.len);
        for (size_t i = 0; i < RIV_COUNT(contracts); i++) {
            if (!riv_str_eq(riv_str_sub(line, 0, first), riv_str_c(contracts[i].name)) ||
                of_proxies(contracts[i].which, rest))
                continue;
            seen[i]++;
            if (has_entry(contracts[i].which, kind, rest)) continue;
            missing++;
            print_message("missing: " RIV_FMT "\n", RIV_ARG(line));
        }
    }
    for (size_t i = 0; i < RIV_COUNT(contracts); i++) assert_true(seen[i] >= contracts[i].least);
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_abi, set_up, tear_down) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
