/* noise_test.c: the XX pattern against messages of an independent implementation, forged and broken messages, libp2p's payload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* the order matters to cmocka */
#include <cmocka.h>

#include "p2p/testing.h"

/* Made with flynn/noise v1.1.0 (Go): Noise_XX_25519_ChaChaPoly_SHA256, prologue "rivulet", keys of 32 bytes that count up from 0
 * (initiator static), 32 (initiator ephemeral), 64 (responder static), 96 (responder ephemeral). */
static const char *const messages[3] = {
    "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd1662546669727374",
    "675dd574ed7789310b3d2e7681f3790b466c773b1521fecf36577958371ea52f7e1866de56d6c9b805d589b5e65bd14858f21fba6e576ce649"
    "93fbf55eb004575bf6b3"
    "53a78f6501b1751ab0b06215ba0356d65406d2b94dcdbc67eda354946a8f872a6ca3cd",
    "1dc00df062a51249321a8f8349c312567dc00ed837b5fc3fa4c72162d39a497343dd307d981220a9a6d60c3b701a49b4b2ac4cb112c81707d2"
    "cf2b35a5dee7b23c1882"
    "e3c6",
};
static const char *const payloads[3]   = { "first", "second", "third" };
static const char *const to_responder  = "eadfdc56725a162f1b7c2e2658dcbe850b2d1d193aaa754723689a57771a8624";
static const char *const to_initiator  = "4ffef226cd122e5adc4eb093da2d12a783caefa08c7d50e4b17f0935a518c73e";
static const char *const to_responder2 = "836e97ef6332b89902443af4daf1ebf5fd14a63b4c";
static const char *const final_hash    = "0bdb84d2656a222cd974ffa3e4959371cb68a2fe819d771bbf15e4748bbb964a";

static crypto_secret counting(uint8_t from)
{
    crypto_secret s;
    for (size_t i = 0; i < sizeof s.bytes; i++) s.bytes[i] = (uint8_t)(from + i);
    return s;
}

static void start(noise *n, bool initiator)
{
    crypto_secret s = counting(initiator ? 0 : 64), e = counting(initiator ? 32 : 96);
    noise_init(n, initiator, &e, &s, RIV_BYTES("rivulet"));
}

static void assert_hex(riv_bytes is, const char *want)
{
    riv_buf hex = { 0 };
    codec_put_hex(&hex, is);
    riv_put_u8(&hex, 0);
    assert_string_equal((const char *)hex.ptr, want);
    riv_buf_free(&hex);
}

/* Runs the first `count` messages of the pattern; message is the last one. */
static void run_pattern(noise n[2], int count, riv_buf *message)
{
    riv_fault fault = { 0 };
    for (int i = 0; i < count; i++) {
        riv_buf payload = { 0 };
        riv_buf_clear(message);
        assert_true(noise_our_turn(&n[i % 2]));
        assert_int_equal(noise_write_message(&n[i % 2], riv_str_bytes(riv_str_c(payloads[i])), &fault, message),
                         RIV_OK);
        assert_hex(riv_buf_view(message), messages[i]);
        if (i == count - 1 && count < 3) return; /* not read yet */
        assert_int_equal(noise_read_message(&n[!(i % 2)], riv_buf_view(message), &fault, &payload), RIV_OK);
        assert_true(riv_str_eq(riv_buf_str(&payload), riv_str_c(payloads[i])));
        riv_buf_free(&payload);
    }
}

static void pattern_matches_another_implementation(void **state)
{
    (void)state;
    noise     n[2];
    riv_buf   message = { 0 }, wire = { 0 }, plain = { 0 };
    riv_fault fault = { 0 };
    start(&n[0], true);
    start(&n[1], false);
    run_pattern(n, 3, &message);
    assert_true(noise_done(&n[0]) && noise_done(&n[1]));
    assert_hex((riv_bytes){ n[0].h.bytes, sizeof n[0].h.bytes }, final_hash);
    assert_hex((riv_bytes){ n[1].h.bytes, sizeof n[1].h.bytes }, final_hash);

    noise_seal(&n[0], RIV_BYTES("to the responder"), &wire);
    assert_hex(riv_bytes_sub(riv_buf_view(&wire), 2, wire.len), to_responder);
    assert_int_equal(noise_open(&n[1], riv_bytes_sub(riv_buf_view(&wire), 2, wire.len), &fault, &plain), RIV_OK);
    riv_buf_clear(&wire);
    noise_seal(&n[1], RIV_BYTES("to the initiator"), &wire);
    assert_hex(riv_bytes_sub(riv_buf_view(&wire), 2, wire.len), to_initiator);
    riv_buf_clear(&wire);
    noise_seal(&n[0], RIV_BYTES("again"), &wire);
    assert_hex(riv_bytes_sub(riv_buf_view(&wire), 2, wire.len), to_responder2);
    assert_int_equal(noise_open(&n[1], riv_bytes_sub(riv_buf_view(&wire), 2, wire.len), &fault, &plain), RIV_OK);
    assert_true(riv_bytes_eq(riv_buf_view(&plain), RIV_BYTES("to the responderagain")));
    riv_buf_free(&wire);
    riv_buf_free(&plain);
    riv_buf_free(&message);
    for (int i = 0; i < 2; i++) noise_deinit(&n[i]);
}

/* Every bit of the second message matters, and every cut of it. */
static void broken_messages_are_refused(void **state)
{
    (void)state;
    noise   n[2], again;
    riv_buf message = { 0 };
    start(&n[0], true);
    start(&n[1], false);
    run_pattern(n, 2, &message);
    for (size_t i = 0; i < message.len * 8; i += 3) {
        riv_buf   payload = { 0 };
        riv_fault fault   = { 0 };
        message.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        again       = n[0];
        riv_err err = noise_read_message(&again, riv_buf_view(&message), &fault, &payload);
        assert_int_equal(err, RIV_E_DENIED);
        message.ptr[i / 8] ^= (uint8_t)(1u << i % 8);
        riv_buf_free(&payload);
    }
    for (size_t len = 0; len < message.len; len++) {
        riv_buf   payload = { 0 };
        riv_fault fault   = { 0 };
        again             = n[0];
        assert_int_equal(noise_read_message(&again, riv_bytes_sub(riv_buf_view(&message), 0, len), &fault, &payload),
                         len < 32 + 48 ? RIV_E_MALFORMED : RIV_E_DENIED);
        riv_buf_free(&payload);
    }
    riv_buf_free(&message);
}

static void small_order_points_are_refused(void **state)
{
    (void)state;
    noise     n;
    uint8_t   zero[32] = { 0 };
    riv_buf   out      = { 0 };
    riv_fault fault    = { 0 };
    start(&n, false);
    assert_int_equal(noise_read_message(&n, (riv_bytes){ zero, 32 }, &fault, &out), RIV_OK); /* nothing is mixed yet */
    assert_int_equal(noise_write_message(&n, (riv_bytes){ 0 }, &fault, &out), RIV_E_DENIED);
    assert_string_equal(fault.msg, "noise key of the peer is a point of small order");
    riv_buf_free(&out);
}

static void frames_are_cut_and_counted(void **state)
{
    (void)state;
    noise     n[2];
    riv_buf   message = { 0 }, wire = { 0 }, plain = { 0 };
    riv_fault fault = { 0 };
    start(&n[0], true);
    start(&n[1], false);
    run_pattern(n, 3, &message);
    size_t   len  = 3 * NOISE_PLAIN_BYTES_MAX + 5;
    uint8_t *data = riv_alloc(len);
    noise_seal(&n[0], (riv_bytes){ data, len }, &wire);
    assert_int_equal(wire.len, len + 4 * (2 + CRYPTO_TAG_BYTES));
    riv_reader r = riv_reader_of(riv_buf_view(&wire));
    riv_bytes  frame, first = { 0 };
    size_t     frames = 0;
    while (!noise_frame_read(&r, &frame)) {
        assert_int_equal(noise_open(&n[1], frame, &fault, &plain), RIV_OK);
        if (!frames++) first = frame;
    }
    assert_int_equal(frames, 4);
    assert_true(riv_bytes_eq(riv_buf_view(&plain), (riv_bytes){ data, len }));
    assert_int_equal(noise_open(&n[1], first, &fault, &plain), RIV_E_DENIED); /* a replay */
    assert_int_equal(fault.pos, 4);
    assert_int_equal(noise_open(&n[1], RIV_BYTES("short"), NULL, &plain), RIV_E_DENIED);
    riv_free(data);
    riv_buf_free(&wire);
    riv_buf_free(&plain);
    riv_buf_free(&message);
}

static void payload_binds_the_static_key(void **state)
{
    (void)state;
    p2p_identity  id  = testing_identity(1, NULL, 0);
    crypto_public key = { { 9 } }, other = { { 8 } };
    codec_peer    peer;
    riv_buf       good = { 0 }, bad = { 0 };
    riv_fault     fault = { 0 };
    noise_payload p;
    noise_payload_make(&id.keys, &key, &good);
    assert_int_equal(noise_payload_check(riv_buf_view(&good), &key, &fault, &peer), RIV_OK);
    assert_true(codec_peer_eq(&peer, &id.peer));
    assert_int_equal(noise_payload_check(riv_buf_view(&good), &other, &fault, &peer), RIV_E_DENIED);
    assert_string_equal(fault.msg, "noise identity signature does not verify");

    /* An extension (go's early muxer negotiation) is passed over. */
    riv_put_bytes(&good, RIV_BYTES("\x22\x04\x12\x02yx"));
    assert_int_equal(noise_payload_check(riv_buf_view(&good), &key, &fault, &peer), RIV_OK);

    assert_int_equal(noise_payload_read(riv_buf_view(&good), NULL, &p), RIV_OK);
    noise_payload cases[] = {
        { { 0 }, p.identity_sig },
        { p.identity_key, riv_bytes_sub(p.identity_sig, 0, 63) },
        { p.identity_key, { 0 } },
        { RIV_BYTES("\x08\x00\x12\x20________________________________"), p.identity_sig }, /* RSA */
        { RIV_BYTES("\x08\x01\x12\x1f_______________________________"), p.identity_sig }
    }; /* short */
    riv_err want[] = { RIV_E_MALFORMED, RIV_E_MALFORMED, RIV_E_MALFORMED, RIV_E_UNSUPPORTED, RIV_E_MALFORMED };
    for (size_t i = 0; i < RIV_COUNT(cases); i++) {
        riv_buf_clear(&bad);
        noise_payload_write(&cases[i], &bad);
        assert_int_equal(noise_payload_check(riv_buf_view(&bad), &key, NULL, &peer), want[i]);
    }
    for (size_t len = 0; len < good.len - 6; len++) /* every cut of it, but for the extension */
        assert_int_not_equal(noise_payload_check(riv_bytes_sub(riv_buf_view(&good), 0, len), &key, NULL, &peer),
                             RIV_OK);
    riv_buf_free(&good);
    riv_buf_free(&bad);
}

int main(void)
{
    riv_fault fault = { 0 };
    if (crypto_init(&fault)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_matches_another_implementation), cmocka_unit_test(broken_messages_are_refused),
        cmocka_unit_test(small_order_points_are_refused),         cmocka_unit_test(frames_are_cut_and_counted),
        cmocka_unit_test(payload_binds_the_static_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
