/* particle_file_test.c: the forms in which particle data comes, and what is said of those that are none. */
#include "cli/internal.h"
#include "p2p/p2p.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const struct {
    const char *text, *data, *id, *script; /* data NULL: refused, id says why */
    uint32_t    ttl_ms;
} cases[] = {
    { "aGVsbG8=", "hello", "", "", 0 },
    { "  aGVsbG8=\n", "hello", "", "", 0 },
    { "", "", "", "", 0 },
    { "no base64!", "no base64!", "", "", 0 }, /* bytes; whether they decode is asked later */
    { "\xff\xfe", "\xff\xfe", "", "", 0 },
    { "\"aGVsbG8=\"", "hello", "", "", 0 },
    { "[104, 105]", "hi", "", "", 0 },
    { "{\"data\":\"aGk=\",\"id\":\"p\",\"script\":\"(null)\",\"ttl\":7000}", "hi", "p", "(null)", 7000 },
    { "{\"data\":[104,105],\"particle_id\":\"q\",\"air\":\"(never)\"}", "hi", "q", "(never)", 0 },
    { "{\"data\":\"\",\"id\":5}", "", "", "", 0 },
    { "{\"id\":\"p\"}", NULL, "the JSON object has no \"data\"", NULL, 0 },
    { "{\"data\":\"*\"}", NULL, "neither base64 nor an array of bytes", NULL, 0 },
    { "{\"data\":[1,256]}", NULL, "neither base64 nor an array of bytes", NULL, 0 },
    { "{\"data\":7}", NULL, "neither base64 nor an array of bytes", NULL, 0 },
    { "{\"data\":", NULL, "", NULL, 0 },
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_arena   *arena = riv_arena_new(0);
        riv_fault    fault = { 0 };
        cli_particle p     = { 0 };
        riv_err      err   = cli_particle_parse(riv_str_bytes(riv_str_c(cases[i].text)), arena, &fault, &p);
        assert_int_equal(err != RIV_OK, cases[i].data == NULL);
        if (err && !strstr(fault.msg, cases[i].id)) fail_msg("%s: %s", cases[i].text, fault.msg);
        if (!err && (!riv_str_eq(riv_bytes_str(p.data), riv_str_c(cases[i].data)) ||
                     !riv_str_eq(p.id, riv_str_c(cases[i].id)) || !riv_str_eq(p.script, riv_str_c(cases[i].script)) ||
                     p.ttl_ms != cases[i].ttl_ms))
            fail_msg("%s: " RIV_FMT " " RIV_FMT, cases[i].text, RIV_ARG(riv_bytes_str(p.data)), RIV_ARG(p.id));
        riv_arena_free(arena);
    }
}

/* A message as peers send it, bare and as base64. */
static void test_frames(void **state)
{
    (void)state;
    riv_arena   *arena = riv_arena_new(0);
    riv_buf      frame = riv_buf_in(arena);
    p2p_particle sent  = { .id           = RIV_LIT("p-1"),
                           .init_peer_id = RIV_LIT("me"),
                           .timestamp_ms = 5,
                           .ttl_ms       = 6,
                           .script       = RIV_LIT("(null)"),
                           .data         = RIV_BYTES("abc") };
    p2p_particle_write(&sent, &frame);
    riv_bytes forms[] = { riv_buf_view(&frame), riv_str_bytes(codec_base64(arena, riv_buf_view(&frame))) };
    for (size_t i = 0; i < RIV_COUNT(forms); i++) {
        cli_particle p;
        assert_int_equal(cli_particle_parse(forms[i], arena, NULL, &p), RIV_OK);
        assert_true(riv_bytes_eq(p.data, sent.data) && riv_str_eq(p.id, sent.id) && riv_str_eq(p.script, sent.script));
        assert_true(riv_str_eq(p.init_peer_id, sent.init_peer_id) && p.timestamp_ms == 5 && p.ttl_ms == 6);
    }
    riv_arena_free(arena);
}

/* What strangers write cannot move the cursor, and is cut between letters. */
static void test_shown(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
        size_t      max;
    } rows[] = { { "plain", "plain", 10 },
                 { "a\033[2Jb\nc", "a [2Jb c", 20 },
                 { "\xc2\x9b"
                   "31m",
                   " 31m", 20 },
                 { "12345", "123…", 3 },
                 { "äöü", "äö…", 4 },
                 { "äöü", "äö…", 3 },
                 { "\xff", "(no UTF-8)", 3 } };
    cli *c   = riv_alloc(sizeof *c);
    c->arena = riv_arena_new(0);
    for (size_t i = 0; i < RIV_COUNT(rows); i++) {
        riv_str got = cli_shown(c, riv_str_c(rows[i].text), rows[i].max);
        if (!riv_str_eq(got, riv_str_c(rows[i].shown))) fail_msg("%s: " RIV_FMT, rows[i].shown, RIV_ARG(got));
    }
    riv_arena_free(c->arena);
    riv_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_forms), cmocka_unit_test(test_frames),
                                        cmocka_unit_test(test_shown) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
