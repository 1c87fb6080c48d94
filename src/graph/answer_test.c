/* answer_test.c: documents with variables against rows made by hand: exact answers, and every refusal with its place.
 * What stands in a row of a table is the whole answer, or of an error the message and "line:column". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/testing.h"

typedef struct ask {
    const char *query, *variables, *want;
} ask;

static riv_str answer(const graph *g, riv_arena *arena, const char *query, const char *variables)
{
    riv_buf body = riv_buf_in(arena), out = riv_buf_in(arena);
    riv_putf(&body, "{\"query\":");
    riv_json_write_str(riv_str_c(query), &body);
    if (variables) riv_putf(&body, ",\"variables\":%s", variables);
    riv_putf(&body, "}");
    graph_answer(g, riv_buf_str(&body), &out);
    return riv_buf_str(&out);
}

static void answers(const ask *cases, size_t count)
{
    graph *g = rows_small();
    for (size_t i = 0; i < count; i++) {
        riv_arena  *arena = riv_arena_new(0);
        const char *got   = riv_cstr(arena, answer(g, arena, cases[i].query, cases[i].variables));
        const char *want  = riv_cstr(arena, riv_format(arena, "{\"data\":%s}", cases[i].want));
        if (strcmp(got, want) != 0) fail_msg("%s\n got  %s\n want %s", cases[i].query, got, want);
        riv_arena_free(arena);
    }
    rows_free(g);
}

static void refusals(const ask *cases, size_t count)
{
    graph *g = rows_small();
    for (size_t i = 0; i < count; i++) {
        riv_arena      *arena = riv_arena_new(0);
        riv_str         text  = answer(g, arena, cases[i].query, cases[i].variables);
        const riv_json *root, *error, *at;
        assert_int_equal(riv_json_parse(text, arena, NULL, &root), RIV_OK);
        error = riv_json_at(riv_json_get(root, RIV_LIT("errors")), 0);
        at    = riv_json_at(riv_json_get(error, RIV_LIT("locations")), 0);
        if (!at || riv_json_get(root, RIV_LIT("data"))) fail_msg("%s\n got  " RIV_FMT, cases[i].query, RIV_ARG(text));
        riv_str got = riv_format(arena, "%u:%u " RIV_FMT, (unsigned)riv_json_get(at, RIV_LIT("line"))->u64,
                                 (unsigned)riv_json_get(at, RIV_LIT("column"))->u64,
                                 RIV_ARG(riv_json_get(error, RIV_LIT("message"))->str));
        if (!riv_str_eq(got, riv_str_c(cases[i].want)))
            fail_msg("%s\n got  " RIV_FMT "\n want %s", cases[i].query, RIV_ARG(got), cases[i].want);
        riv_arena_free(arena);
    }
    rows_free(g);
}

/* clang-format off */
static void test_shapes(void **state)
{
    static const ask cases[] = {
        { "{ provider(id: \"0xa1\") { name peerCount createdAt approved } }", NULL,
          "{\"provider\":{\"name\":\"Anna\",\"peerCount\":2,\"createdAt\":\"0\",\"approved\":true}}" },
        { "{ provider(id: \"0xA1\") { name } }", NULL, "{\"provider\":null}" }, /* ids are texts */
        { "{ providers { id name } }", NULL,
          "{\"providers\":[{\"id\":\"0xa1\",\"name\":\"Anna\"},{\"id\":\"0xb2\",\"name\":\"berta \\\"B\\\"\"},{\"id\":\"0xc3\",\"name\":\"Clara\"}]}" },
        { "query Q { __typename a: offer(id: \"0x02\") { __typename pricePerEpoch provider { __typename id } } }", NULL,
          "{\"__typename\":\"Query\",\"a\":{\"__typename\":\"Offer\",\"pricePerEpoch\":"
          "\"115792089237316195423570985008687907853269984665640564039457584007913129639935\",\"provider\":{\"__typename\":\"Provider\",\"id\":\"0xb2\"}}}" },
        { "{ computeUnit(id: \"u1\") { deal { id } workerId peer { currentCapacityCommitment { status } } } }", NULL,
          "{\"computeUnit\":{\"deal\":null,\"workerId\":null,\"peer\":{\"currentCapacityCommitment\":{\"status\":\"Active\"}}}}" },
        { "{ _meta { __typename deployment hasIndexingErrors block { __typename number timestamp hash } } }", NULL,
          "{\"_meta\":{\"__typename\":\"_Meta_\",\"deployment\":\"fluence-deal-contracts\",\"hasIndexingErrors\":false,\"block\":{\"__typename\":\"_Block_\","
          "\"number\":7,\"timestamp\":1704067299,\"hash\":\"0xabababababababababababababababababababababababababababababababab\"}}}" },
        { "{ deal(id: \"0xde\") { matchedAt addedComputeUnits { id } joinedPeers { peer { id offer { id } } } effectors { id } } }", NULL,
          "{\"deal\":{\"matchedAt\":null,\"addedComputeUnits\":[{\"id\":\"u2\"}],\"joinedPeers\":[{\"peer\":{\"id\":\"0xp2\",\"offer\":{\"id\":\"0x01\"}}}],\"effectors\":[]}}" },
        /* what stands between tokens; block strings */
        { "\xEF\xBB\xBF# a word\r\n{,,,provider(id:\"\"\"\n    0xa1\n  \"\"\"),{id,},}#end", NULL, "{\"provider\":{\"id\":\"0xa1\"}}" },
        { "{ providers(where: {name: \"\\u0041nn\\u0061\"}) { id } }", NULL, "{\"providers\":[{\"id\":\"0xa1\"}]}" },
        { "{ providers(where: {name: \"berta \\\"B\\\"\"}) { id } }", NULL, "{\"providers\":[{\"id\":\"0xb2\"}]}" },
        { "{ providers(where: {name_not: \"\\ud83d\\ude00\"}, first: 1) { id } }", NULL, "{\"providers\":[{\"id\":\"0xa1\"}]}" },
        /* fragments, merged: each answer once, in the order of its first mention */
        { "{ ...F offer(id: \"0x01\") { provider { name } peers(where: {deleted: false}) { offer { id } } } } "
          "fragment F on Query { offer(id: \"0x01\") { ...G provider { id } } } fragment G on Offer { peers(where: {deleted: false}) { id } }", NULL,
          "{\"offer\":{\"peers\":[{\"id\":\"0xp1\",\"offer\":{\"id\":\"0x01\"}},{\"id\":\"0xp2\",\"offer\":{\"id\":\"0x01\"}}],\"provider\":{\"id\":\"0xa1\",\"name\":\"Anna\"}}}" },
        { "{ offer(id: \"0x03\") { ... on Offer { id } ... { createdAt } ... @include(if: false) { updatedAt } } }", NULL,
          "{\"offer\":{\"id\":\"0x03\",\"createdAt\":\"1704067200\"}}" },
        { "query($y: Boolean!, $n: Boolean = false) { token(id: \"0x7a\") { symbol @include(if: $n) id @skip(if: $y) decimals @skip(if: $n) @include(if: $y) } }", "{\"y\":true}",
          "{\"token\":{\"decimals\":6}}" },
    };
    (void)state;
    answers(cases, RIV_COUNT(cases));
}

#define OFFERS(where) "{ offers(where: {" where "}) { id } }"
#define UNITS(where) "{ computeUnits(where: {" where "}) { id } }"
#define NAMES(where) "{ providers(where: {" where "}) { id } }"
#define O1 "{\"id\":\"0x01\"}"
#define O2 "{\"id\":\"0x02\"}"
#define O3 "{\"id\":\"0x03\"}"
#define U(n) "{\"id\":\"u" #n "\"}"
#define P1 "{\"id\":\"0xa1\"}"
#define P2 "{\"id\":\"0xb2\"}"
#define P3 "{\"id\":\"0xc3\"}"
static void test_filters(void **state)
{
    static const ask cases[] = {
        { OFFERS(""), NULL, "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        /* numbers: as strings or integers, by their size and not as text; below zero; as large as they come */
        { OFFERS("pricePerEpoch_lte: \"30\""), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("pricePerEpoch_lt: 30"), NULL, "{\"offers\":[" O1 "]}" },
        { OFFERS("pricePerEpoch_gt: 9"), NULL, "{\"offers\":[" O2 "," O3 "]}" },
        { OFFERS("pricePerEpoch_gte: 9, pricePerEpoch_not: \"30\""), NULL, "{\"offers\":[" O1 "," O2 "]}" },
        { OFFERS("pricePerEpoch: \"115792089237316195423570985008687907853269984665640564039457584007913129639935\""), NULL, "{\"offers\":[" O2 "]}" },
        { OFFERS("pricePerEpoch_gt: -9"), NULL, "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        { OFFERS("pricePerEpoch_lte: \"-1\""), NULL, "{\"offers\":[]}" },
        { OFFERS("pricePerEpoch: \"-9\""), NULL, "{\"offers\":[]}" },
        { OFFERS("computeUnitsAvailable: -0"), NULL, "{\"offers\":[" O3 "]}" },
        { OFFERS("pricePerEpoch_in: [9, \"30\", -30]"), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("pricePerEpoch_in: 9"), NULL, "{\"offers\":[" O1 "]}" }, /* one is a list of one */
        { OFFERS("pricePerEpoch_in: []"), NULL, "{\"offers\":[]}" },
        { OFFERS("pricePerEpoch_not_in: [1,2,3,4,5,6,7,8,30]"), NULL, "{\"offers\":[" O1 "," O2 "]}" },
        { OFFERS("pricePerEpoch_not_in: []"), NULL, "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        { OFFERS("id_in: [\"0x03\", \"0x01\", \"0x03\", \"none\"]"), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("id_in: [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"0x02\"], pricePerEpoch_gt: 9"), NULL, "{\"offers\":[" O2 "]}" },
        { OFFERS("id_not_in: [\"0x03\"]"), NULL, "{\"offers\":[" O1 "," O2 "]}" },
        { OFFERS("id_gt: \"0x01\", id_lte: \"0x02\""), NULL, "{\"offers\":[" O2 "]}" },
        /* references: by id, by what they refer to, by what refers to them */
        { OFFERS("provider: \"0xa1\""), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("provider_in: [\"0xb2\", \"0xa1\"], paymentToken: \"0x7a\""), NULL, "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        { OFFERS("provider_not: \"0xa1\""), NULL, "{\"offers\":[" O2 "]}" },
        { OFFERS("provider_starts_with: \"0xb\""), NULL, "{\"offers\":[" O2 "]}" },
        { OFFERS("provider_: {name: \"Anna\"}"), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("provider_: {id: \"0xa1\"}"), NULL, "{\"offers\":[" O1 "," O3 "]}" },
        { OFFERS("provider_: {id_not_in: [\"0xa1\"]}"), NULL, "{\"offers\":[" O2 "]}" },
        { OFFERS("effectors_: {effector_in: [\"0xef\"]}"), NULL, "{\"offers\":[" O1 "]}" },
        { OFFERS("effectors_: {effector_: {description_contains_nocase: \"CUR\"}}"), NULL, "{\"offers\":[" O1 "]}" },
        { OFFERS("peers_: {computeUnits_: {deal_not: null}}"), NULL, "{\"offers\":[" O1 "]}" },
        { OFFERS("peers_: {currentCapacityCommitment_not: null, currentCCEndEpoch_gt: \"5\"}"), NULL, "{\"offers\":[" O1 "]}" },
        /* null: what is not known fails every comparison */
        { UNITS("deal: null"), NULL, "{\"computeUnits\":[" U(1) "," U(3) "," U(4) "]}" },
        { UNITS("deal_not: null"), NULL, "{\"computeUnits\":[" U(2) "]}" },
        { UNITS("deal_not: \"other\""), NULL, "{\"computeUnits\":[" U(2) "]}" },
        { UNITS("deal_not_in: [\"other\"]"), NULL, "{\"computeUnits\":[" U(2) "]}" },
        { UNITS("deal_not_contains: \"x1\""), NULL, "{\"computeUnits\":[" U(2) "]}" },
        { UNITS("deal_: {}"), NULL, "{\"computeUnits\":[" U(2) "]}" },
        { UNITS("deal_: null, peer_: {id: \"0xp1\"}, deleted: false"), NULL, "{\"computeUnits\":[" U(1) "," U(4) "]}" },
        { UNITS("deleted_in: [true]"), NULL, "{\"computeUnits\":[]}" },
        { UNITS("deleted_not: true, id_gte: \"u4\""), NULL, "{\"computeUnits\":[" U(4) "]}" },
        /* and, or */
        { UNITS("or: [{id: \"u1\"}, {deal: \"0xde\"}, null]"), NULL, "{\"computeUnits\":[" U(1) "," U(2) "]}" },
        { UNITS("or: []"), NULL, "{\"computeUnits\":[]}" },
        { UNITS("and: [{peer: \"0xp1\"}, {or: [{id: \"u4\"}, {id: \"u3\"}]}], deleted: false"), NULL, "{\"computeUnits\":[" U(4) "]}" },
        { UNITS("and: []"), NULL, "{\"computeUnits\":[" U(1) "," U(2) "," U(3) "," U(4) "]}" },
        { UNITS("and: {id: \"u3\"}"), NULL, "{\"computeUnits\":[" U(3) "]}" },
        /* texts */
        { NAMES("name_contains: \"ar\""), NULL, "{\"providers\":[" P3 "]}" },
        { NAMES("name_contains_nocase: \"A\""), NULL, "{\"providers\":[" P1 "," P2 "," P3 "]}" },
        { NAMES("name_not_contains: \"nn\""), NULL, "{\"providers\":[" P2 "," P3 "]}" },
        { NAMES("name_not_contains_nocase: \"NN\""), NULL, "{\"providers\":[" P2 "," P3 "]}" },
        { NAMES("name_starts_with: \"b\""), NULL, "{\"providers\":[" P2 "]}" },
        { NAMES("name_starts_with_nocase: \"cL\""), NULL, "{\"providers\":[" P3 "]}" },
        { NAMES("name_not_starts_with: \"b\", name_not_starts_with_nocase: \"c\""), NULL, "{\"providers\":[" P1 "]}" },
        { NAMES("name_ends_with: \"a\""), NULL, "{\"providers\":[" P1 "," P3 "]}" },
        { NAMES("name_ends_with_nocase: \"RA\""), NULL, "{\"providers\":[" P3 "]}" },
        { NAMES("name_not_ends_with: \"ra\", name_not_ends_with_nocase: \"NA\""), NULL, "{\"providers\":[" P2 "]}" },
        { NAMES("name_contains: \"\", name_contains_nocase: \"a longer text than any of them has\""), NULL, "{\"providers\":[]}" },
        { NAMES("name_gt: \"C\", name_lt: \"D\""), NULL, "{\"providers\":[" P3 "]}" },
        { "{ submittedProofs(where: {localUnitNonce: \"00FF\"}) { localUnitNonce } }", NULL, "{\"submittedProofs\":[{\"localUnitNonce\":\"0x00ff\"}]}" },
        { "{ submittedProofs(where: {localUnitNonce_contains: \"0xFF\", localUnitNonce_not: \"0x\"}) { id } }", NULL, "{\"submittedProofs\":[{\"id\":\"pr1\"}]}" },
        { "{ capacityCommitments(where: {status_not_in: [Removed, Failed], status: Active}) { id } }", NULL, "{\"capacityCommitments\":[{\"id\":\"0xcc\"}]}" },
        { "{ capacityCommitments(where: {status: null}) { id } }", NULL, "{\"capacityCommitments\":[]}" },
    };
    (void)state;
    answers(cases, RIV_COUNT(cases));
}

static void test_orders(void **state)
{
    static const ask cases[] = {
        { "{ offers(orderBy: pricePerEpoch) { id } }", NULL, "{\"offers\":[" O1 "," O3 "," O2 "]}" },
        { "{ offers(orderBy: pricePerEpoch, orderDirection: desc) { id } }", NULL, "{\"offers\":[" O2 "," O3 "," O1 "]}" },
        { "{ offers(orderDirection: desc) { id } }", NULL, "{\"offers\":[" O3 "," O2 "," O1 "]}" },
        { "{ offers(orderBy: computeUnitsAvailable, orderDirection: desc) { id } }", NULL, "{\"offers\":[" O2 "," O1 "," O3 "]}" }, /* ties too */
        { "{ offers(orderBy: computeUnitsAvailable) { id } }", NULL, "{\"offers\":[" O3 "," O1 "," O2 "]}" },
        { "{ offers(orderBy: provider__name, orderDirection: desc) { id } }", NULL, "{\"offers\":[" O2 "," O3 "," O1 "]}" },
        { "{ offers(orderBy: provider__name, skip: 1, first: 1) { id } }", NULL, "{\"offers\":[" O3 "]}" },
        { "{ offers(first: 1, skip: 3) { id } }", NULL, "{\"offers\":[]}" },
        { "{ computeUnits(orderBy: deal__createdAt) { id } }", NULL, "{\"computeUnits\":[" U(2) "," U(1) "," U(3) "," U(4) "]}" }, /* nulls behind */
        { "{ computeUnits(orderBy: deal, orderDirection: desc, first: 2) { id } }", NULL, "{\"computeUnits\":[" U(4) "," U(3) "]}" },
        { "{ provider(id: \"0xa1\") { offers(orderBy: id, orderDirection: desc, first: 1) { id peers(skip: 1) { id } } } }", NULL, "{\"provider\":{\"offers\":[{\"id\":\"0x03\",\"peers\":[]}]}}" },
    };
    (void)state;
    answers(cases, RIV_COUNT(cases));
}

static void test_variables(void **state)
{
    static const ask cases[] = {
        { "query Q($id: ID!) { offer(id: $id) { id } }", "{\"id\":\"0x01\",\"more\":{\"is\":\"fine\"}}", "{\"offer\":" O1 "}" },
        { "query Q($id: ID! = \"0x02\") { offer(id: $id) { id } }", NULL, "{\"offer\":" O2 "}" },
        { "query Q($id: ID) { offers(where: {id: $id}) { id } }", "{\"id\":\"0x03\"}", "{\"offers\":[" O3 "]}" },
        { "query Q($id: ID) { offers(where: {id: $id}) { id } }", "{}", "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        { "query Q($id: String) { computeUnits(where: {deal: $id}) { id } }", "{\"id\":null}", "{\"computeUnits\":[" U(1) "," U(3) "," U(4) "]}" },
        { "query Q($ids: [ID!]!) { offers(where: {id_in: $ids}) { id } }", "{\"ids\":[\"0x03\"]}", "{\"offers\":[" O3 "]}" },
        { "query Q($ids: [ID!] = \"0x02\") { offers(where: {id_in: $ids}) { id } }", NULL, "{\"offers\":[" O2 "]}" },
        { "query Q($id: ID!) { offers(where: {id_in: [$id, \"0x01\"]}) { id } }", "{\"id\":\"0x03\"}", "{\"offers\":[" O1 "," O3 "]}" },
        { "query Q($f: Offer_filter, $o: Offer_orderBy, $d: OrderDirection, $n: Int, $s: Int) { offers(where: $f, orderBy: $o, orderDirection: $d, first: $n, skip: $s) { id } }",
          "{\"f\":{\"provider\":\"0xa1\",\"computeUnitsAvailable_gte\":0},\"o\":\"pricePerEpoch\",\"d\":\"desc\",\"n\":1,\"s\":1}", "{\"offers\":[" O1 "]}" },
        { "query Q($f: Offer_filter, $o: Offer_orderBy, $d: OrderDirection, $n: Int, $s: Int) { offers(where: $f, orderBy: $o, orderDirection: $d, first: $n, skip: $s) { id } }",
          "{\"f\":null,\"o\":null,\"d\":null,\"n\":null,\"s\":null}", "{\"offers\":[" O1 "," O2 "," O3 "]}" },
        { "query Q($f: ComputeUnit_filter) { computeUnits(where: {and: [$f, {deleted: false}]}) { id } }", "{\"f\":{\"deal\":null}}", "{\"computeUnits\":[" U(1) "," U(3) "," U(4) "]}" },
        { "query Q($f: ComputeUnit_filter) { computeUnits(where: {and: [$f, {deleted: false}]}) { id } }", NULL, "{\"computeUnits\":[" U(1) "," U(2) "," U(3) "," U(4) "]}" },
        { "query Q($s: [CapacityCommitmentStatus!]) { capacityCommitments(where: {status_not_in: $s}) { id } }", "{\"s\":[\"Failed\"]}", "{\"capacityCommitments\":[{\"id\":\"0xcc\"}]}" },
        { "query Q($p: BigInt) { offers(where: {pricePerEpoch_lt: $p}) { id } }", "{\"p\":10}", "{\"offers\":[" O1 "]}" },
        { "query Q($b: Block_height) { offers(block: $b, first: 1, subgraphError: allow) { id } a: _meta(block: {number_gte: 3}) { block { number } } }", "{\"b\":{\"number\":7}}",
          "{\"offers\":[" O1 "],\"a\":{\"block\":{\"number\":7}}}" },
        { "{ offer(id: \"0x01\", block: {hash: \"0xABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\"}) { id } }", NULL, "{\"offer\":" O1 "}" },
    };
    (void)state;
    answers(cases, RIV_COUNT(cases));
}

/* As the original's matcher asks: offers, their peers, their free units, each with filters of its own. */
static void test_matcher(void **state)
{
    static const ask cases[] = { {
        "query OffersQuery($filters: Offer_filter, $peersFilters: Peer_filter, $computeUnitsFilters: ComputeUnit_filter, $peersLimit: Int) {\n"
        "  offers(where: $filters, first: 5, skip: 0) { id peers(where: $peersFilters, first: $peersLimit) { id computeUnits(where: $computeUnitsFilters, first: 1) { id } } }\n}",
        "{\"filters\":{\"pricePerEpoch_lte\":\"30\",\"paymentToken\":\"0x7a\",\"computeUnitsAvailable_gt\":0,\"effectors_\":{\"effector_in\":[\"0xef\"]},"
        "\"provider_\":{\"id_not_in\":[\"0xb2\"]},\"peers_\":{\"deleted\":false,\"currentCapacityCommitment_not\":null,\"currentCCCollateralDepositedAt_lte\":\"4\","
        "\"currentCCEndEpoch_gt\":\"4\",\"currentCCNextCCFailedEpoch_gt\":\"4\"}},"
        "\"peersFilters\":{\"and\":[{\"deleted\":false,\"computeUnits_\":{\"deal\":null,\"deleted\":false},\"currentCapacityCommitment_not\":null,"
        "\"currentCapacityCommitment_\":{\"startEpoch_lte\":\"4\",\"endEpoch_gt\":\"4\",\"nextCCFailedEpoch_gt\":\"4\",\"deleted\":false,"
        "\"status_not_in\":[\"WaitDelegation\",\"Removed\",\"Failed\"]}},{\"or\":[{\"joinedDeals_\":{\"deal_not\":\"0xde\"}},{\"isAnyJoinedDeals\":false}]}]},"
        "\"computeUnitsFilters\":{\"deal\":null,\"deleted\":false},\"peersLimit\":1}",
        "{\"offers\":[{\"id\":\"0x01\",\"peers\":[{\"id\":\"0xp1\",\"computeUnits\":[{\"id\":\"u1\"}]}]}]}" } };
    (void)state;
    answers(cases, RIV_COUNT(cases));
}

static void test_syntax_refused(void **state)
{
    static const ask cases[] = {
        { "", NULL, "1:1 Syntax error: there is no query" },
        { "fragment F on Offer { id }", NULL, "1:27 Syntax error: there is no query" },
        { "{ offers { id }", NULL, "1:16 Syntax error: expected a field, found the end of the query" },
        { "{\n  offers { }\n}", NULL, "2:12 Syntax error: expected a field, found `}`" },
        { "{ offers() { id } }", NULL, "1:10 Syntax error: expected an argument, found `)`" },
        { "{ offers(first 1) { id } }", NULL, "1:16 Syntax error: expected `:`, found `1`" },
        { "{ offers(first: ) { id } }", NULL, "1:17 Syntax error: expected a value, found `)`" },
        { "{ offers(first: 01) { id } }", NULL, "1:17 Syntax error: a number does not begin with 0" },
        { "{ offers(first: 1a) { id } }", NULL, "1:18 Syntax error: a number ends before `a`" },
        { "{ offers(first: 1.) { id } }", NULL, "1:19 Syntax error: a number needs digits here" },
        { "{ offers(first: -) { id } }", NULL, "1:18 Syntax error: a number needs digits here" },
        { "{ offer(id: \"a) { id } }", NULL, "1:13 Syntax error: a string that does not end" },
        { "{ offer(id: \"\"\"a\") { id } }", NULL, "1:13 Syntax error: a block string that does not end" },
        { "{ offer(id: \"\\x\") { id } }", NULL, "1:14 Syntax error: no such escape in a string" },
        { "{ offer(id: \"\\u00g0\") { id } }", NULL, "1:16 Syntax error: `\\u` needs four hexadecimal digits" },
        { "{ offer(id: \"\\ud800\\u0041\") { id } }", NULL, "1:14 Syntax error: half of a surrogate pair" },
        { "{ offer(id: \"\x01\") { id } }", NULL, "1:14 Syntax error: a control character (1) in a string" },
        { "{ \xC3\xA9 }", NULL, "1:3 Syntax error: unexpected character U+00E9" },
        { "{ offers .. { id } }", NULL, "1:10 Syntax error: unexpected character U+002E" },
        { "query Q($a: Int = $b) { __typename }", NULL, "1:19 Syntax error: no variable may stand in a default" },
        { "query Q() { __typename }", NULL, "1:9 Syntax error: expected `$`, found `)`" },
        { "fragment on on Offer { id } { __typename }", NULL, "1:10 Syntax error: expected the name of a fragment, found `on`" },
        { "fragment F Offer { id } { __typename }", NULL, "1:12 Syntax error: expected `on`, found `Offer`" },
        { "mutation { a }", NULL, "1:1 Mutations are not supported: the index is only read; transactions go to the chain's JSON-RPC" },
        { "subscription { offers { id } }", NULL, "1:1 Subscriptions are not supported: ask again" },
        { "{ __typename } type A { b: Int }", NULL, "1:16 Definitions of types (`type`) cannot be executed" },
        { "hello", NULL, "1:1 Syntax error: expected `query`, `fragment` or `{`, found `hello`" },
        { "{ __typename } { __typename }", NULL, "1:16 An operation without a name must be the only one" },
        { "query A { __typename } query A { __typename }", NULL, "1:24 There can be only one operation named `A`" },
        { "query A { __typename } query B { __typename }", NULL, "1:24 There are several operations: `operationName` must say which is meant" },
        { "{ __typename } fragment F on Offer { id } fragment F on Offer { id }", NULL, "1:52 There can be only one fragment named `F`" },
        { "query Q($a: Int @skip(if: true)) { __typename }", NULL, "1:17 No directive may stand at a variable" },
    };
    (void)state;
    refusals(cases, RIV_COUNT(cases));
}

static void test_names_refused(void **state)
{
    static const ask cases[] = {
        { "{ providers { nme } }", NULL, "1:15 Cannot query field `nme` on type `Provider`. Did you mean `name`?" },
        { "{\n  ofers { id }\n}", NULL, "2:3 Cannot query field `ofers` on type `Query`. Did you mean `offers`?" },
        { "{ _meta { blok { number } } }", NULL, "1:11 Cannot query field `blok` on type `_Meta_`. Did you mean `block`?" },
        { "{ providers { somethingelse } }", NULL, "1:15 Cannot query field `somethingelse` on type `Provider`" },
        { "{ __schema { types { name } } }", NULL, "1:3 `__schema`: the schema cannot be asked about itself; it is in docs/spec/graph.md" },
        { "{ offers }", NULL, "1:3 Field `offers` of type `Offer` needs its fields named: `offers { ... }`" },
        { "{ offers { id { x } } }", NULL, "1:12 Field `id` of type `Offer` has no fields of its own" },
        { "{ offer { id } }", NULL, "1:3 Field `offer` needs the argument `id` of type `ID!`" },
        { "{ offers(frst: 1) { id } }", NULL, "1:10 Unknown argument `frst` on field `Query.offers`. Did you mean `first`?" },
        { "{ offers { provider(id: 1) { id } } }", NULL, "1:21 Unknown argument `id` on field `Offer.provider`" },
        { "{ offers { peers(block: {number: 7}) { id } } }", NULL, "1:18 Unknown argument `block` on field `Offer.peers`" },
        { "{ offers(first: 1, first: 2) { id } }", NULL, "1:20 `first` is given twice" },
        { "{ offers { id @include } }", NULL, "1:15 Directive `@include` needs the argument `if` of type `Boolean!`, and no other" },
        { "{ offers { id @skip(if: 1) } }", NULL, "1:25 Expected a value of type `Boolean!`, found an integer `1`" },
        { "{ offers { id @skip(if: true) @skip(if: true) } }", NULL, "1:31 Directive `@skip` is given twice" },
        { "{ offers { id @live } }", NULL, "1:15 Unknown directive `@live`" },
        { "query Q @skip(if: true) { __typename }", NULL, "1:9 Directive `@skip` cannot stand here" },
        /* fragments */
        { "{ offers { ...F } }", NULL, "1:12 Unknown fragment `F`" },
        { "{ offers { ...Ofer } } fragment Offer on Offer { id }", NULL, "1:12 Unknown fragment `Ofer`. Did you mean `Offer`?" },
        { "{ offers { ...F } } fragment F on Peer { id }", NULL, "1:12 Fragment F on type `Peer` cannot stand within type `Offer`" },
        { "{ offers { ... on Peer { id } } }", NULL, "1:12 A fragment on type `Peer` cannot stand within type `Offer`" },
        { "{ offers { ... on Per { id } } }", NULL, "1:12 Unknown type `Per`. Did you mean `Peer`?" },
        { "{ offers { ...F } } fragment F on Offer { id ...G } fragment G on Offer { ...F }", NULL, "1:75 Fragment `F` contains itself" },
        { "{ offers { ...F } } fragment F on Offer { provider { offers { ...F } } }", NULL, "1:63 Fragment `F` contains itself" },
        { "{ offers { a: id a: createdAt } }", NULL, "1:18 `a` is asked for twice with different fields: give one of them an alias" },
        { "{ offers { peers(first: 1) { id } peers(first: 2) { id } } }", NULL, "1:35 `peers` is asked for twice with different arguments: give one of them an alias" },
        /* variables */
        { "query Q($id: ID!) { offer(id: $idd) { id } }", "{\"id\":\"1\"}", "1:31 Variable `$idd` is not defined. Did you mean `id`?" },
        { "query Q($id: ID) { offer(id: $id) { id } }", NULL, "1:30 Variable `$id` of type `ID` cannot stand for a value of type `ID!`" },
        { "query Q($n: String) { offers(first: $n) { id } }", NULL, "1:37 Variable `$n` of type `String` cannot stand for a value of type `Int`" },
        { "query Q($n: [ID]) { offers(where: {id_in: $n}) { id } }", NULL, "1:43 Variable `$n` of type `[ID]` cannot stand for a value of type `[ID!]`" },
        { "query Q($f: Peer_filter) { offers(where: $f) { id } }", NULL, "1:42 Variable `$f` of type `Peer_filter` cannot stand for a value of type `Offer_filter`" },
        { "query Q($f: Offers_filter) { __typename }", NULL, "1:13 Variable `$f` has the unknown type `Offers_filter`" },
        { "query Q($f: Int, $f: Int) { __typename }", NULL, "1:18 Variable `$f` is declared twice" },
        { "query Q($f: Int = \"a\") { __typename }", NULL, "1:19 Expected a value of type `Int`, found a string `a`" },
        { "query Q($id: ID!) { offer(id: $id) { id } }", NULL, "1:9 Variable `$id` of a type with `!` has no value" },
        { "query Q($id: ID!) { offer(id: $id) { id } }", "{\"id\":null}", "1:9 Variable `$id` has a wrong value: Expected a value of type `ID!`, found null" },
        { "query Q($n: Int) { offers(first: $n) { id } }", "{\"n\":3000000000}", "1:9 Variable `$n` has a wrong value: Expected a value of type `Int`, found an integer `3000000000`" },
        { "query Q($n: Int) { offers(first: $n) { id } }", "{\"n\":1.5}", "1:9 Variable `$n` has a wrong value: Expected a value of type `Int`, found a float `1.5`" },
        { "query Q($f: Offer_filter) { offers(where: $f) { id } }", "{\"f\":{\"price\":1}}", "1:9 Variable `$f` has a wrong value: Field `price` is not defined by type `Offer_filter`" },
        { "query Q($o: Offer_orderBy) { offers(orderBy: $o) { id } }", "{\"o\":\"idd\"}", "1:9 Variable `$o` has a wrong value: `Offer` cannot be ordered by `idd`. Did you mean `id`?" },
    };
    (void)state;
    refusals(cases, RIV_COUNT(cases));
}

static void test_values_refused(void **state)
{
    static const ask cases[] = {
        { OFFERS("nme: 1"), NULL, "1:18 Field `nme` is not defined by type `Offer_filter`" },
        { NAMES("nme: 1"), NULL, "1:21 Field `nme` is not defined by type `Provider_filter`. Did you mean `name`?" },
        { OFFERS("peers: \"a\""), NULL, "1:18 Field `peers` is not defined by type `Offer_filter`. Did you mean `peers_`?" },
        { OFFERS("id_contains: \"a\""), NULL, "1:18 Field `id_contains` is not defined by type `Offer_filter`" },
        { NAMES("approved_gt: true"), NULL, "1:21 Field `approved_gt` is not defined by type `Provider_filter`. Did you mean `approved`?" },
        { NAMES("name_: {}"), NULL, "1:21 Field `name_` is not defined by type `Provider_filter`. Did you mean `name`?" },
        { OFFERS("id: \"a\", id: \"b\""), NULL, "1:27 `id` is given twice" },
        { OFFERS("provider: 1"), NULL, "1:28 Expected a value of type `String`, found an integer `1`" },
        { OFFERS("pricePerEpoch: 1.0"), NULL, "1:33 Expected a value of type `BigInt`, found a float `1.0`" },
        { OFFERS("pricePerEpoch: \"0x10\""), NULL, "1:33 Expected a value of type `BigInt`, found a string `0x10`" },
        { OFFERS("pricePerEpoch: \"115792089237316195423570985008687907853269984665640564039457584007913129639936\""), NULL,
          "1:33 Expected a value of type `BigInt`, found a string `115792089237316195423570985008687907853269984665640564039457`" },
        { OFFERS("computeUnitsTotal: \"1\""), NULL, "1:37 Expected a value of type `Int`, found a string `1`" },
        { OFFERS("computeUnitsTotal: 2147483648"), NULL, "1:37 Expected a value of type `Int`, found an integer `2147483648`" },
        { OFFERS("computeUnitsTotal_gt: null"), NULL, "1:40 `computeUnitsTotal_gt` cannot be asked with null" },
        { OFFERS("id_in: [null]"), NULL, "1:26 Expected a value of type `ID!`, found null" },
        { OFFERS("provider_: \"0xa1\""), NULL, "1:29 Expected a value of type `Provider_filter`, found a string `0xa1`" },
        { OFFERS("or: [{id: \"a\"}], id: \"b\""), NULL, "1:18 `or` stands alone: move the other conditions into its filters" },
        { OFFERS("_change_block: {number_gte: 1}"), NULL, "1:18 `_change_block` is not supported: when a row changed is not kept" },
        { "{ submittedProofs(where: {localUnitNonce: \"0xz\"}) { id } }", NULL, "1:43 Expected a value of type `Bytes`, found a string `0xz`" },
        { "{ capacityCommitments(where: {status: Actve}) { id } }", NULL, "1:39 `Actve` is not a word of `CapacityCommitmentStatus`. Did you mean `Active`?" },
        { "{ capacityCommitments(where: {status: \"Active\"}) { id } }", NULL, "1:39 Expected a value of type `CapacityCommitmentStatus`, found a string `Active`" },
        /* block strings: the indent that all lines but the first share goes, and blank lines at both ends (a message shows lines as one) */
        { "{ offers(first: \"\"\"a\n    b\r\n      c \n\n    \"\"\") { id } }", NULL, "1:17 Expected a value of type `Int`, found a string `a b   c `" },
        { "{ offers(first: \"\"\"\n\n  \\\"\"\"a\r b\"\"\") { id } }", NULL, "1:17 Expected a value of type `Int`, found a string ` \"\"\"a b`" },
        { "{ offers(orderBy: peers) { id } }", NULL, "1:19 `Offer` cannot be ordered by `peers`: it is a list" },
        { "{ offers(orderBy: provider__offers) { id } }", NULL, "1:19 `Offer` cannot be ordered by `provider__offers`" },
        { "{ offers(orderBy: \"id\") { id } }", NULL, "1:19 Expected a value of type `Offer_orderBy`, found a string `id`" },
        { "{ offers(orderDirection: down) { id } }", NULL, "1:26 `down` is not a word of `OrderDirection`" },
        { "{ offers(first: 0) { id } }", NULL, "1:17 The value of the `first` argument must be between 1 and 1000, but is 0" },
        { "{ offers(first: 1001) { id } }", NULL, "1:17 The value of the `first` argument must be between 1 and 1000, but is 1001" },
        { "{ offers(skip: -1) { id } }", NULL, "1:16 The value of the `skip` argument must be between 0 and 5000, but is -1" },
        { "{ offers(skip: 5001) { id } }", NULL, "1:16 The value of the `skip` argument must be between 0 and 5000, but is 5001" },
        { "{ offers(block: {number: 3}) { id } }", NULL, "1:26 Only the newest block can be asked about: 7, not 3" },
        { "{ offers(block: {number_gte: 8}) { id } }", NULL, "1:30 Only the newest block can be asked about: 7, not 8" },
        { "{ offers(block: {hash: \"0xab\"}) { id } }", NULL,
          "1:24 Only the newest block can be asked about: 7, 0xabababababababababababababababababababababababababababababababab" },
        { "{ offers(block: {}) { id } }", NULL, "1:17 A block is told by one of `number`, `hash`, `number_gte`" },
        { "{ offers(block: {height: 1}) { id } }", NULL, "1:18 Field `height` is not defined by type `Block_height`" },
        /* a row that the index promised and did not make */
        { "{ submittedProof(id: \"pr1\") { id peer { id } } }", NULL, "1:34 Null value resolved for non-null field `peer` of SubmittedProof pr1" },
    };
    (void)state;
    refusals(cases, RIV_COUNT(cases));
}
/* clang-format on */

/* ---- bounds ---- */

static riv_str repeated(riv_arena *arena, const char *head, const char *unit, size_t times, const char *tail)
{
    riv_buf out = riv_buf_in(arena);
    riv_putf(&out, "%s", head);
    for (size_t i = 0; i < times; i++) riv_putf(&out, "%s", unit);
    riv_putf(&out, "%s", tail);
    return riv_buf_str(&out);
}

static void replies(const graph *g, riv_arena *arena, riv_str query, const char *variables, const char *want)
{
    const char *got = riv_cstr(arena, answer(g, arena, riv_cstr(arena, query), variables));
    if (!strstr(got, want)) fail_msg("got %.300s\nwant %s", got, want);
}

static void test_bounds(void **state)
{
    (void)state;
    graph     *g     = rows_small();
    riv_arena *arena = riv_arena_new(0);
    replies(g, arena, repeated(arena, "", "{ a: offers ", 40, ""), NULL, "Nested deeper than 32 levels");
    replies(g, arena, repeated(arena, "{ offers(where: ", "{ and: [", 40, ""), NULL, "Nested deeper than 32 levels");
    replies(g, arena, repeated(arena, "query Q($a: ", "[", 40, ""), NULL, "Nested deeper than 32 levels");
    replies(g, arena, repeated(arena, "{ offers { id ", "id ", 100000, "} }"), NULL,
            "A request of more than 262144 bytes");
    replies(g, arena, repeated(arena, "", "query A { __typename } ", 1, ""), NULL, "Query");

    /* A fragment is melted in once, however often it is named. */
    riv_buf many = riv_buf_in(arena);
    riv_put_str(&many, repeated(arena, "{ offer(id: \"0x01\") {", " ...F", 10000, " } }"));
    riv_put_str(&many, repeated(arena, " fragment F on Offer {", " id", 10000, " }"));
    replies(g, arena, riv_buf_str(&many), NULL, "{\"data\":{\"offer\":{\"id\":\"0x01\"}}}");

    /* Deep by fragments alone, and wide by fragments alone. */
    riv_buf deep = riv_buf_in(arena), wide = riv_buf_in(arena);
    riv_putf(&deep, "{ provider(id: \"0xa1\") { ...F0 } }");
    riv_putf(&wide, "{ provider(id: \"0xa1\") { ...F0 } }");
    for (int i = 0; i < 20; i++) {
        riv_putf(&deep, " fragment F%d on Provider { offers { provider { ...F%d } } }", i, i + 1);
        riv_putf(&wide,
                 " fragment F%d on Provider { a: offers { provider { ...F%d } } b: offers { provider { ...F%d } } }", i,
                 i + 1, i + 1);
        if (i != 7) continue;
        riv_putf(&wide, " fragment F8 on Provider { id }");
        replies(g, arena, riv_buf_str(&wide), NULL, "\"data\"");
    }
    riv_putf(&deep, " fragment F20 on Provider { id }");
    replies(g, arena, riv_buf_str(&deep), NULL, "Nested deeper than 32 levels, fragments melted in");
    rows_free(g);
    riv_arena_free(arena);
}

/* Many aliases in fragments within fragments: few bytes, many fields. */
static void test_fields_bound(void **state)
{
    (void)state;
    graph     *g     = rows_small();
    riv_arena *arena = riv_arena_new(0);
    riv_buf    wide  = riv_buf_in(arena);
    riv_putf(&wide, "{ provider(id: \"0xc3\") { ...F0 } } fragment F5 on Provider { id }");
    for (int i = 0; i < 5; i++) {
        riv_putf(&wide, " fragment F%d on Provider {", i);
        for (int k = 0; k < 10; k++) riv_putf(&wide, " a%d: offers { provider { ...F%d } }", k, i + 1);
        riv_putf(&wide, " }");
    }
    replies(g, arena, riv_buf_str(&wide), NULL, "The query has more than 10000 fields, fragments melted in");
    rows_free(g);
    riv_arena_free(arena);
}

/* Rows times rows: refused by steps, or by the length of the answer; never by the machine's patience. */
static void test_cost_bound(void **state)
{
    (void)state;
    enum { ROWS = 1000 };
    graph     *g     = rows_new();
    riv_arena *arena = riv_arena_new(0);
    put_row(g, GRAPH__PROVIDER, "p");
    for (unsigned i = 0; i < ROWS; i++)
        put_text(g, GRAPH__OFFER, graph__make(g, GRAPH__OFFER, riv_format(arena, "o%04u", i)), "provider", "p");
    replies(g, arena,
            RIV_LIT("{ offers(first: 1000) { provider { offers(first: 1000) { provider { offers(first: 1, skip: 1000) "
                    "{ id } } } } } }"),
            NULL, "The query costs more than 20000000 steps: ask for fewer rows, or filter by id");
    replies(
        g, arena,
        RIV_LIT(
            "{ offers(first: 1000) { provider { offers(first: 1000) { createdAt updatedAt pricePerEpoch id } } } }"),
        NULL, "The answer is longer than 26214400 bytes: ask for fewer rows or fields");
    replies(
        g, arena,
        RIV_LIT("{ offers(where: {provider_: {offers_: {provider_: {offers_: {provider_: {name: \"x\"}}}}}}) { id } }"),
        NULL, "The query costs more than 20000000 steps");
    rows_free(g);
    riv_arena_free(arena);
}

static riv_str letters(riv_arena *arena, char c, size_t count, const char *tail)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < count; i++) riv_put_u8(&out, (uint8_t)c);
    riv_put_str(&out, riv_str_c(tail));
    return riv_buf_str(&out);
}

/* Two providers with names of 100,000 letters that differ in the last, and 1,000 offers of them. What is compared costs as much as it takes; what is put
 * in order is looked at in front only, so that they do not make others' questions dear. */
static void test_long_texts(void **state)
{
    (void)state;
    enum { OFFERS = 1000, LETTERS = 100000, ASKED = 40 };
    graph            *g     = rows_new();
    riv_arena        *arena = riv_arena_new(0);
    riv_buf           query = riv_buf_in(arena), lists = riv_buf_in(arena);
    const char *const tails[] = { "z", "Y" }, *const ids[] = { "p0", "p1" };
    for (size_t i = 0; i < 2; i++)
        graph__set_text(g, GRAPH__PROVIDER, put_row(g, GRAPH__PROVIDER, ids[i]), "name",
                        letters(arena, 'A', LETTERS, tails[i]));
    for (unsigned i = 0; i < OFFERS; i++)
        put_text(g, GRAPH__OFFER, graph__make(g, GRAPH__OFFER, riv_format(arena, "o%04u", i)), "provider", ids[i % 2]);
    replies(g, arena, RIV_LIT("{ providers(orderBy: name) { id } }"), NULL,
            "{\"data\":{\"providers\":[{\"id\":\"p0\"},{\"id\":\"p1\"}]}}"); /* alike in front: by id */
    replies(g, arena, RIV_LIT("{ offers(first: 2, orderBy: provider__name) { id } }"), NULL,
            "{\"data\":{\"offers\":[{\"id\":\"o0000\"},{\"id\":\"o0001\"}]}}");
    replies(g, arena, RIV_LIT("{ providers(where: {name_ends_with_nocase: \"aay\"}) { id } }"), NULL,
            "{\"data\":{\"providers\":[{\"id\":\"p1\"}]}}");
    replies(g, arena, RIV_LIT("{ providers(where: {name_contains_nocase: \"aaZ\"}) { id } }"), NULL,
            "{\"data\":{\"providers\":[{\"id\":\"p0\"}]}}");
    riv_str name = riv_format(arena, "{\"n\":\"" RIV_FMT "\"}", RIV_ARG(letters(arena, 'A', LETTERS, "")));
    riv_putf(&query, "query Q($n: String) {");
    for (unsigned i = 0; i < ASKED; i++)
        riv_putf(&query, " a%u: offers(first: 1, where: {provider_: {name_lt: $n}}) { id }", i);
    riv_putf(&query, "}");
    replies(g, arena, riv_buf_str(&query), riv_cstr(arena, name), "The query costs more than 20000000 steps");
    riv_putf(&lists, "query Q($n: [String!]) {");
    for (unsigned i = 0; i < ASKED; i++)
        riv_putf(&lists, " a%u: offers(first: 1, where: {provider_: {name_not_in: $n}}) { id }", i);
    riv_putf(&lists, "}");
    replies(g, arena, riv_buf_str(&lists), "{\"n\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]}",
            "The query costs more than 20000000 steps");
    rows_free(g);
    riv_arena_free(arena);
}

/* Rows that were removed are passed by, which takes time as well. */
static void test_removed_counted(void **state)
{
    (void)state;
    enum { REMOVED = 10000, ASKED = 2500 };
    graph     *g     = rows_new();
    riv_arena *arena = riv_arena_new(0);
    riv_buf    query = riv_buf_in(arena);
    for (unsigned i = 0; i < REMOVED; i++) {
        graph__make(g, GRAPH__OFFER_EFFECTOR, riv_format(arena, "%u", i));
        graph__remove(g, GRAPH__OFFER_EFFECTOR, riv_format(arena, "%u", i));
    }
    riv_putf(&query, "{");
    for (unsigned i = 0; i < ASKED; i++) riv_putf(&query, " a%u: offerToEffectors { id }", i);
    riv_putf(&query, "}");
    replies(g, arena, RIV_LIT("{ offerToEffectors { id } }"), NULL, "{\"data\":{\"offerToEffectors\":[]}}");
    replies(g, arena, riv_buf_str(&query), NULL, "The query costs more than 20000000 steps");
    rows_free(g);
    riv_arena_free(arena);
}

static void test_bodies(void **state)
{
    static const struct {
        const char *body, *want;
    } cases[] = {
        { "", "{\"errors\":[{\"message\":" },
        { "{}",
          "{\"errors\":[{\"message\":\"The body must be {\\\"query\\\": \\\"...\\\", \\\"variables\\\": {...}}\"}]}" },
        { "[]", "{\"errors\":[{\"message\":\"Batches are not supported: one query in each request\"}]}" },
        { "{\"query\":\"{__typename}\",\"variables\":[]}",
          "{\"errors\":[{\"message\":\"`variables` must be an object\"}]}" },
        { "{\"query\":\"{__typename}\",\"operationName\":1}",
          "{\"errors\":[{\"message\":\"`operationName` must be a string\"}]}" },
        { "{\"query\":\"query A{a:__typename} query B{b:__typename}\",\"operationName\":\"B\",\"variables\":null}",
          "{\"data\":{\"b\":\"Query\"}}" },
        { "{\"query\":\"{__typename}\",\"operationName\":null,\"extensions\":{}}",
          "{\"data\":{\"__typename\":\"Query\"}}" },
        { "{\"query\":\"query A{a:__typename}\",\"operationName\":\"B\"}",
          "{\"errors\":[{\"message\":\"There is no operation named "
          "`B`\",\"locations\":[{\"line\":1,\"column\":1}]}]}" },
        { "{\"query\":\"{_meta{block{number}}}\"}", "{\"data\":{\"_meta\":null}}" },
        { "{\"query\":\"{offers(block:{number:0}){id}}\"}",
          "{\"errors\":[{\"message\":\"The index has no block yet\",\"locations\":[{\"line\":1,\"column\":15}]}]}" },
    };
    (void)state;
    graph *g = rows_new(); /* no block yet */
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_buf out = { 0 };
        graph_answer(g, riv_str_c(cases[i].body), &out);
        riv_put_u8(&out, 0);
        if (strncmp((const char *)out.ptr, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: %s", cases[i].body, (const char *)out.ptr);
        riv_buf_free(&out);
    }
    rows_free(g);
}

/* What equalities find quickly is what looking at every row finds. */
static void test_lookups(void **state)
{
    (void)state;
    static const char *const quick[] = { "provider: \"p%u\"", "provider_: {id: \"p%u\"}",
                                         "and: [{provider_in: [\"p%u\", \"none\"]}, {id_not: \"x\"}]",
                                         "provider_: {and: [{id_in: [\"p%u\"]}]}" };
    uint64_t                 seed    = 7;
    riv_prng                 prng    = riv_prng_seed(seed);
    graph                   *g       = rows_new();
    riv_arena               *arena   = riv_arena_new(0);
    for (unsigned i = 0; i < 10; i++) graph__make(g, GRAPH__PROVIDER, riv_format(arena, "p%u", i));
    for (unsigned i = 0; i < 500; i++) {
        graph__row *o =
            graph__make(g, GRAPH__OFFER, riv_format(arena, "o%llu", (unsigned long long)riv_prng_below(&prng, 400)));
        graph__set_text(g, GRAPH__OFFER, o, "provider",
                        riv_format(arena, "p%llu", (unsigned long long)riv_prng_below(&prng, 10)));
    }
    for (unsigned p = 0; p < 10; p++) {
        riv_str slow = answer(
            g, arena,
            riv_cstr(arena,
                     riv_format(arena, "{ offers(first: 1000, where: {provider_starts_with: \"p%u\"}) { id } }", p)),
            NULL);
        assert_true(slow.len > 100);
        for (size_t k = 0; k < RIV_COUNT(quick); k++) {
            size_t  cut   = (size_t)(strchr(quick[k], '%') - quick[k]);
            riv_str query = riv_format(arena, "{ offers(first: 1000, where: {%.*s%u%s}) { id } }", (int)cut, quick[k],
                                       p, quick[k] + cut + 2);
            riv_str fast  = answer(g, arena, riv_cstr(arena, query), NULL);
            if (!riv_str_eq(slow, fast))
                fail_msg("seed %llu: " RIV_FMT " " RIV_FMT, (unsigned long long)seed, RIV_ARG(query), RIV_ARG(fast));
        }
    }
    rows_free(g);
    riv_arena_free(arena);
}

/* ---- laws over random rows: what filters, orders and pages say of each other ---- */

enum { ROWS = 150 };

typedef struct found { /* offers o000 to o149 */
    size_t count, order[ROWS];
    bool   has[ROWS];
} found;

static found offers_found(const graph *g, riv_arena *arena, const char *arguments)
{
    found           out = { 0 };
    const riv_json *root, *list;
    riv_str         query = riv_format(arena, "{ offers(%s) { id } }", arguments);
    riv_str         text  = answer(g, arena, riv_cstr(arena, query), NULL);
    assert_int_equal(riv_json_parse(text, arena, NULL, &root), RIV_OK);
    list = riv_json_get(riv_json_get(root, RIV_LIT("data")), RIV_LIT("offers"));
    if (!list) fail_msg(RIV_FMT ": " RIV_FMT, RIV_ARG(query), RIV_ARG(text));
    for (size_t i = 0; riv_json_at(list, i); i++) {
        uint64_t at;
        riv_str  id = riv_json_get(riv_json_at(list, i), RIV_LIT("id"))->str;
        assert_true(riv_str_u64(riv_str_sub(id, 1, id.len), &at) && at < ROWS && !out.has[at]);
        out.has[at]            = true;
        out.order[out.count++] = (size_t)at;
    }
    return out;
}

static found where(const graph *g, riv_arena *arena, riv_str filter)
{
    return offers_found(g, arena,
                        riv_cstr(arena, riv_format(arena, "first: 1000, where: {" RIV_FMT "}", RIV_ARG(filter))));
}

static graph *rows_random(riv_prng *prng, riv_arena *arena)
{
    graph *g = rows_new();
    for (unsigned i = 0; i < 12; i++)
        graph__set_text(g, GRAPH__PROVIDER, graph__make(g, GRAPH__PROVIDER, riv_format(arena, "p%u", i)), "name",
                        riv_format(arena, "N%llu", (unsigned long long)riv_prng_below(prng, 6)));
    for (unsigned i = 0; i < ROWS; i++) {
        graph__row *o = graph__make(g, GRAPH__OFFER, riv_format(arena, "o%03u", (i * 71) % ROWS));
        graph__set_u64(g, GRAPH__OFFER, o, "pricePerEpoch", riv_prng_below(prng, 20));
        graph__set_text(g, GRAPH__OFFER, o, "provider",
                        riv_format(arena, "p%llu", (unsigned long long)riv_prng_below(prng, 12)));
        if (riv_prng_below(prng, 3)) graph__set_u64(g, GRAPH__OFFER, o, "computeUnitsTotal", riv_prng_below(prng, 5));
    }
    return g;
}

/* A condition of the given depth that a person might write. */
static riv_str condition(riv_prng *prng, riv_arena *arena, int depth)
{
    unsigned n = (unsigned)riv_prng_below(prng, 20), m = (unsigned)riv_prng_below(prng, 5);
    switch (riv_prng_below(prng, depth ? 9 : 7)) {
    case 0: return riv_format(arena, "pricePerEpoch_gt: %u", n);
    case 1: return riv_format(arena, "pricePerEpoch_not_in: [%u, \"%u\"]", n, m);
    case 2: return riv_format(arena, "computeUnitsTotal_lte: %u", m);
    case 3: return RIV_LIT("computeUnitsTotal: null");
    case 4: return riv_format(arena, "provider_in: [\"p%u\", \"p%u\", \"p%u\"]", n, m, m + 5);
    case 5: return riv_format(arena, "provider_: {name: \"N%u\"}", m);
    case 6: return riv_format(arena, "provider_: {id_in: [\"p%u\", \"p%u\"], name_not: \"N%u\"}", m, n, m);
    default: break;
    }
    riv_str a = condition(prng, arena, depth - 1), b = condition(prng, arena, depth - 1);
    return riv_format(arena, "%s: [{" RIV_FMT "}, {" RIV_FMT "}]", n % 2 ? "and" : "or", RIV_ARG(a), RIV_ARG(b));
}

static void check_partition(const graph *g, riv_arena *arena, riv_str a, riv_str b, riv_str whole)
{
    found in = where(g, arena, a), out = where(g, arena, b), all = where(g, arena, whole);
    for (size_t i = 0; i < ROWS; i++)
        if (in.has[i] + out.has[i] != all.has[i])
            fail_msg("row %zu: " RIV_FMT " | " RIV_FMT " | " RIV_FMT, i, RIV_ARG(a), RIV_ARG(b), RIV_ARG(whole));
}

static void check_pages(const graph *g, riv_arena *arena, const char *order, riv_str filter, unsigned size)
{
    riv_str base = riv_format(arena, "where: {" RIV_FMT "}, orderBy: %s", RIV_ARG(filter), order);
    found   up   = offers_found(g, arena, riv_cstr(arena, riv_format(arena, RIV_FMT ", first: 1000", RIV_ARG(base))));
    found   down = offers_found(
          g, arena, riv_cstr(arena, riv_format(arena, RIV_FMT ", first: 1000, orderDirection: desc", RIV_ARG(base))));
    assert_int_equal(up.count, down.count);
    for (size_t i = 0; i < up.count; i++) assert_int_equal(up.order[i], down.order[up.count - 1 - i]);
    size_t at = 0;
    for (unsigned skip = 0; skip <= up.count; skip += size) {
        found page = offers_found(
            g, arena, riv_cstr(arena, riv_format(arena, RIV_FMT ", first: %u, skip: %u", RIV_ARG(base), size, skip)));
        assert_int_equal(page.count, RIV_MIN((size_t)size, up.count - at));
        for (size_t i = 0; i < page.count; i++) assert_int_equal(page.order[i], up.order[at++]);
    }
}

static void check_sorted(const graph *g, riv_arena *arena)
{
    found all = offers_found(g, arena, "first: 1000, orderBy: computeUnitsTotal");
    assert_int_equal(all.count, ROWS);
    for (size_t i = 1; i < ROWS; i++) {
        graph__row  *a = graph__find(g, GRAPH__OFFER, riv_format(arena, "o%03zu", all.order[i - 1]));
        graph__row  *b = graph__find(g, GRAPH__OFFER, riv_format(arena, "o%03zu", all.order[i]));
        graph__value x = graph__get(GRAPH__OFFER, a, "computeUnitsTotal"),
                     y = graph__get(GRAPH__OFFER, b, "computeUnitsTotal");
        assert_true(x.set || !y.set); /* nulls behind */
        int c = x.set && y.set ? u256_cmp(x.number, y.number) : (int)y.set - (int)x.set;
        assert_true(c < 0 || (c == 0 && all.order[i - 1] < all.order[i]));
    }
}

static void test_laws(void **state)
{
    static const char *const orders[] = { "id", "pricePerEpoch", "computeUnitsTotal", "provider", "provider__name" };
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        riv_prng   prng  = riv_prng_seed(seed);
        riv_arena *arena = riv_arena_new(0);
        graph     *g     = rows_random(&prng, arena);
        check_sorted(g, arena);
        for (int round = 0; round < 20; round++) {
            unsigned n = (unsigned)riv_prng_below(&prng, 20);
            riv_str  a = condition(&prng, arena, 2), b = condition(&prng, arena, 2);
            found    fa = where(g, arena, a), fb = where(g, arena, b);
            found    both =
                where(g, arena, riv_format(arena, "and: [{" RIV_FMT "}, {" RIV_FMT "}]", RIV_ARG(a), RIV_ARG(b)));
            found either =
                where(g, arena, riv_format(arena, "or: [{" RIV_FMT "}, {" RIV_FMT "}]", RIV_ARG(a), RIV_ARG(b)));
            for (size_t i = 0; i < ROWS; i++)
                if (both.has[i] != (fa.has[i] && fb.has[i]) || either.has[i] != (fa.has[i] || fb.has[i]))
                    fail_msg("seed %llu, row %zu: " RIV_FMT " / " RIV_FMT, (unsigned long long)seed, i, RIV_ARG(a),
                             RIV_ARG(b));
            check_partition(g, arena, riv_format(arena, "pricePerEpoch_gte: %u", n),
                            riv_format(arena, "pricePerEpoch_lt: %u", n), RIV_LIT(""));
            check_partition(g, arena, riv_format(arena, "computeUnitsTotal_in: [%u, 2]", n),
                            riv_format(arena, "computeUnitsTotal_not_in: [2, %u]", n),
                            RIV_LIT("computeUnitsTotal_not: null"));
            check_partition(g, arena, RIV_LIT("computeUnitsTotal: null"), RIV_LIT("computeUnitsTotal_not: null"),
                            RIV_LIT(""));
            check_partition(g, arena, riv_format(arena, "provider_: {name_ends_with: \"%u\"}", n % 7),
                            riv_format(arena, "provider_: {name_not_ends_with: \"%u\"}", n % 7),
                            RIV_LIT("provider_: {}"));
            check_pages(g, arena, orders[round % 5], a, 1 + n);
        }
        rows_free(g);
        riv_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),          cmocka_unit_test(test_filters),
        cmocka_unit_test(test_orders),          cmocka_unit_test(test_variables),
        cmocka_unit_test(test_matcher),         cmocka_unit_test(test_syntax_refused),
        cmocka_unit_test(test_names_refused),   cmocka_unit_test(test_values_refused),
        cmocka_unit_test(test_bounds),          cmocka_unit_test(test_fields_bound),
        cmocka_unit_test(test_cost_bound),      cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_removed_counted), cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_lookups),         cmocka_unit_test(test_laws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
