/* doc_test.c: what is told of a program, as Markdown and as JSON; faulty ones are told by their errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aqua/doc.h"

static const char SOURCE[] = "-- What the shop sells.\n-- Second line.\naqua Shop declares *\n\nimport Base from "
                             "\"base.aqua\"\nuse \"x\" as X\n\nexport buy, sell as offer\n\n"
                             "-- not more\nconst MOST = 3\n\ndata Item:\n  -- in the window\n  name: string\n  price: "
                             "u32 -- whole\n\nalias []Item: Items\n";

static const char GOOD[] = "-- What the shop sells.\n-- Second line.\naqua Shop declares *\n\nimport Base from "
                           "\"base.aqua\"\nuse \"x\" as X\n\nexport buy, sell as offer\n\n"
                           "-- not more\nconst MOST = 3\n\ndata Item:\n  -- in the window\n  name: string\n  price: "
                           "u32 -- whole\n\n-- Talks to the shop.\nservice Till(\"till\"):\n"
                           "  pay(item: Item,\n      count: u32) -> bool\n\n-- Buys.\nfunc buy(item: Item) -> bool:\n  "
                           "ok <- Till.pay(item, 1)\n  <- ok\n\nfunc helper():\n  x = 1\n";

static const char WANTED[] =
    "# Shop\n\nWhat the shop sells.\nSecond line.\n\nImports `base.aqua`, `x`.\n\n## Exported functions\n\n### "
    "buy\n\n```aqua\nfunc buy(item: Item) -> bool\n```\n\nBuys.\n\n"
    "Types: [Item](#item)\n\n## Functions\n\n### helper\n\n```aqua\nfunc helper()\n```\n\n## Services\n\n### "
    "Till\n\n```aqua\nservice Till(\"till\"):\n"
    "    pay(item: Item, count: u32) -> bool\n```\n\nTalks to the shop.\n\nTypes: [Item](#item)\n\n## Types\n\n### "
    "Item\n\n```aqua\ndata Item:\n    -- in the window\n    name: string\n"
    "    price: u32\n```\n\n## Constants\n\n- `MOST = 3`: not more\n";

static void test_markdown(void **state)
{
    (void)state;
    riv_arena      *arena  = riv_arena_new(0);
    riv_fault       fault  = { 0 };
    aqua_diags      errors = { 0 };
    const riv_json *doc    = NULL;
    riv_buf         out    = riv_buf_in(arena);
    assert_int_equal(aqua_doc(RIV_LIT("shop.aqua"), riv_str_c(GOOD), arena, &fault, &errors, &doc), RIV_OK);
    assert_int_equal(errors.count, 0);
    aqua_doc_markdown(doc, &out);
    if (!riv_str_eq(riv_buf_str(&out), riv_str_c(WANTED))) fail_msg("got\n" RIV_FMT, RIV_ARG(riv_buf_str(&out)));
    const riv_json *exports = riv_json_get(doc, RIV_LIT("exports"));
    assert_string_equal(riv_json_text(exports, arena).ptr, "[{\"name\":\"buy\"},{\"name\":\"sell\",\"as\":\"offer\"}]");
    assert_string_equal(riv_json_text(riv_json_get(doc, RIV_LIT("imports")), arena).ptr,
                        "[{\"path\":\"base.aqua\",\"names\":[{\"name\":\"Base\"}]},{\"path\":\"x\",\"as\":\"X\"}]");
    riv_arena_free(arena);
}

static void test_errors(void **state)
{
    (void)state;
    riv_arena      *arena  = riv_arena_new(0);
    riv_fault       fault  = { 0 };
    aqua_diags      errors = { 0 };
    const riv_json *doc    = NULL;
    assert_int_equal(aqua_doc(RIV_LIT("shop.aqua"), riv_str_c(SOURCE), arena, &fault, &errors, &doc), RIV_OK);
    assert_int_equal(errors.count, 1); /* `alias Items: []Item` is the order */
    assert_int_equal(errors.items[0].pos, riv_str_find(riv_str_c(SOURCE), RIV_LIT("[]Item"), 0));
    riv_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_markdown), cmocka_unit_test(test_errors) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
