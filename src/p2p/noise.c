/* noise.c: Noise_XX_25519_ChaChaPoly_SHA256 and libp2p's payload in it, which ties the session's static key to the peer's identity.
 * The pattern is a table that one loop runs for both roles; write and read of a token stand side by side.
 * Spec: docs/spec/p2p.md 3; noiseprotocol.org rev. 34. Tests: noise_test.c (vectors), noise_payload_fuzz.c. */
#include "p2p/internal.h"

typedef enum noise_token { NOISE_END, NOISE_E, NOISE_S, NOISE_EE, NOISE_ES, NOISE_SE } noise_token;

enum { NOISE_MESSAGES = 3, NOISE_TOKENS_MAX = 5, NOISE_NONCE_END = 4 };

/* clang-format off */
static const noise_token noise_xx[NOISE_MESSAGES][NOISE_TOKENS_MAX] = {
    { NOISE_E },                                /* initiator -> */
    { NOISE_E, NOISE_EE, NOISE_S, NOISE_ES },   /* <- responder */
    { NOISE_S, NOISE_SE },                      /* initiator -> */
};
/* clang-format on */

#define NOISE_NAME       "Noise_XX_25519_ChaChaPoly_SHA256"
#define NOISE_SIG_PREFIX "noise-libp2p-static-key:"

_Static_assert(sizeof NOISE_NAME - 1 == CRYPTO_HASH_BYTES, "the name is the first hash as it is");

static riv_bytes view(const void *ptr, size_t len) { return (riv_bytes){ ptr, len }; }
static void      mix_hash(noise *n, riv_bytes data);
static void      mix_key(noise *n, const crypto_secret *dh);
static riv_err   mix_dh(noise *n, noise_token token, riv_fault *fault);
static void      encrypt_and_hash(noise *n, riv_bytes plain, riv_buf *out);
static riv_err   decrypt_and_hash(noise *n, riv_bytes sealed, riv_fault *fault, riv_buf *out);
static void      message_done(noise *n);

void noise_init(noise *n, bool initiator, const crypto_secret *e, const crypto_secret *s, riv_bytes prologue)
{
    *n = (noise){ .initiator = initiator, .e = *e, .s = *s };
    crypto_x25519_public(e, &n->e_public);
    crypto_x25519_public(s, &n->s_public);
    memcpy(n->h.bytes, NOISE_NAME, CRYPTO_HASH_BYTES);
    memcpy(n->ck.bytes, NOISE_NAME, CRYPTO_HASH_BYTES);
    mix_hash(n, prologue);
}

void noise_deinit(noise *n) { crypto_wipe(n, sizeof *n); }

bool noise_done(const noise *n) { return n->message == NOISE_MESSAGES; }

bool noise_our_turn(const noise *n) { return !noise_done(n) && (n->message % 2 == 0) == n->initiator; }

riv_err noise_write_message(noise *n, riv_bytes payload, riv_fault *fault, riv_buf *out)
{
    RIV_ASSERT(noise_our_turn(n));
    for (const noise_token *t = noise_xx[n->message]; *t != NOISE_END; t++) {
        switch (*t) {
        case NOISE_E:
            riv_put_bytes(out, view(n->e_public.bytes, sizeof n->e_public.bytes));
            mix_hash(n, view(n->e_public.bytes, sizeof n->e_public.bytes));
            break;
        case NOISE_S: encrypt_and_hash(n, view(n->s_public.bytes, sizeof n->s_public.bytes), out); break;
        case NOISE_EE:
        case NOISE_ES:
        case NOISE_SE: RIV_TRY(mix_dh(n, *t, fault)); break;
        case NOISE_END: RIV_UNREACHABLE();
        }
    }
    encrypt_and_hash(n, payload, out);
    message_done(n);
    return RIV_OK;
}

static riv_err read_e(noise *n, riv_reader *r, riv_fault *fault)
{
    riv_bytes e = riv_read_bytes(r, sizeof n->re.bytes);
    if (r->short_read)
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "noise message %u ends within a key", n->message + 1u);
    memcpy(n->re.bytes, e.ptr, e.len);
    mix_hash(n, e);
    return RIV_OK;
}

static riv_err read_s(noise *n, riv_reader *r, riv_fault *fault)
{
    riv_buf   key    = { 0 };
    riv_bytes sealed = riv_read_bytes(r, sizeof n->rs.bytes + (n->cipher.has_key ? CRYPTO_TAG_BYTES : 0u));
    if (r->short_read)
        return riv_fail(fault, RIV_E_MALFORMED, r->pos, "noise message %u ends within a key", n->message + 1u);
    riv_err err = decrypt_and_hash(n, sealed, fault, &key);
    if (!err) memcpy(n->rs.bytes, key.ptr, sizeof n->rs.bytes);
    riv_buf_free(&key);
    return err;
}

riv_err noise_read_message(noise *n, riv_bytes message, riv_fault *fault, riv_buf *payload)
{
    RIV_ASSERT(!noise_done(n) && !noise_our_turn(n));
    riv_reader r = riv_reader_of(message);
    for (const noise_token *t = noise_xx[n->message]; *t != NOISE_END; t++) {
        switch (*t) {
        case NOISE_E: RIV_TRY(read_e(n, &r, fault)); break;
        case NOISE_S: RIV_TRY(read_s(n, &r, fault)); break;
        case NOISE_EE:
        case NOISE_ES:
        case NOISE_SE: RIV_TRY(mix_dh(n, *t, fault)); break;
        case NOISE_END: RIV_UNREACHABLE();
        }
    }
    RIV_TRY(decrypt_and_hash(n, riv_read_bytes(&r, riv_reader_left(&r)), fault, payload));
    message_done(n);
    return RIV_OK;
}

riv_err noise_frame_read(riv_reader *in, riv_bytes *out)
{
    size_t    start = in->pos;
    uint16_t  len   = riv_read_u16be(in);
    riv_bytes frame = riv_read_bytes(in, len);
    if (in->short_read) return riv_rewind(in, start);
    *out = frame;
    return RIV_OK;
}

/* The nonce on the wire is 4 zero bytes and the counter, little-endian. */
static void nonce_bytes(uint64_t counter, uint8_t out[CRYPTO_NONCE_BYTES])
{
    memset(out, 0, CRYPTO_NONCE_BYTES);
    for (size_t i = NOISE_NONCE_END; i < CRYPTO_NONCE_BYTES; i++, counter >>= 8) out[i] = (uint8_t)counter;
}

static void cipher_seal(noise_cipher *c, riv_bytes ad, riv_bytes plain, riv_buf *out)
{
    uint8_t nonce[CRYPTO_NONCE_BYTES];
    RIV_ASSERT(c->nonce != UINT64_MAX); /* 2^64 frames of ours: not in the life of a link */
    nonce_bytes(c->nonce++, nonce);
    crypto_seal(&c->key, nonce, ad, plain, out);
}

static riv_err cipher_open(noise_cipher *c, riv_bytes ad, riv_bytes sealed, riv_buf *out)
{
    uint8_t nonce[CRYPTO_NONCE_BYTES];
    if (sealed.len < CRYPTO_TAG_BYTES || c->nonce == UINT64_MAX) return RIV_E_DENIED;
    nonce_bytes(c->nonce, nonce);
    RIV_TRY(crypto_open(&c->key, nonce, ad, sealed, out));
    c->nonce++;
    return RIV_OK;
}

void noise_seal(noise *n, riv_bytes plain, riv_buf *wire)
{
    RIV_ASSERT(noise_done(n));
    for (size_t pos = 0; pos < plain.len;) {
        riv_bytes piece = riv_bytes_sub(plain, pos, RIV_MIN(plain.len, pos + NOISE_PLAIN_BYTES_MAX));
        riv_put_u16be(wire, (uint16_t)(piece.len + CRYPTO_TAG_BYTES));
        cipher_seal(&n->send, (riv_bytes){ 0 }, piece, wire);
        pos += piece.len;
    }
}

riv_err noise_open(noise *n, riv_bytes frame, riv_fault *fault, riv_buf *plain)
{
    RIV_ASSERT(noise_done(n));
    if (cipher_open(&n->recv, (riv_bytes){ 0 }, frame, plain))
        return riv_fail(fault, RIV_E_DENIED, n->recv.nonce, "noise frame does not decrypt");
    return RIV_OK;
}

/* ---- libp2p's payload ---- */

riv_err noise_payload_read(riv_bytes in, riv_fault *fault, noise_payload *out)
{
    enum { FIELD_KEY = 1, FIELD_SIG = 2 };
    noise_payload  p = { 0 };
    riv_reader     r = riv_reader_of(in);
    codec_pb_field f;
    riv_err        err;
    while (!(err = codec_pb_next(&r, fault, &f))) {
        if (f.number == FIELD_KEY && f.wire == CODEC_PB_BYTES) p.identity_key = f.bytes;
        if (f.number == FIELD_SIG && f.wire == CODEC_PB_BYTES) p.identity_sig = f.bytes;
    } /* others, such as extensions (4), are not for us */
    if (err != RIV_MORE) return err;
    *out = p;
    return RIV_OK;
}

void noise_payload_write(const noise_payload *payload, riv_buf *out)
{
    codec_pb_put_bytes(out, 1, payload->identity_key);
    codec_pb_put_bytes(out, 2, payload->identity_sig);
}

/* SPEC p2p.md 3: the identity key signs the text "noise-libp2p-static-key:" followed by the noise static public key. */
static void signed_text(const crypto_public *static_key, riv_buf *out)
{
    riv_put_str(out, RIV_LIT(NOISE_SIG_PREFIX));
    riv_put_bytes(out, view(static_key->bytes, sizeof static_key->bytes));
}

void noise_payload_make(const crypto_keypair *keys, const crypto_public *static_key, riv_buf *out)
{
    riv_buf text = { 0 }, key = { 0 };
    signed_text(static_key, &text);
    codec_put_public_key(&key, &keys->public_key);
    crypto_signature sig = crypto_sign(keys, riv_buf_view(&text));
    noise_payload_write(&(noise_payload){ riv_buf_view(&key), view(sig.bytes, sizeof sig.bytes) }, out);
    riv_buf_free(&text);
    riv_buf_free(&key);
}

riv_err noise_payload_check(riv_bytes in, const crypto_public *static_key, riv_fault *fault, codec_peer *out)
{
    noise_payload    p;
    crypto_public    key;
    crypto_signature sig;
    RIV_TRY(noise_payload_read(in, fault, &p));
    if (!p.identity_key.len) return riv_fail(fault, RIV_E_MALFORMED, 0, "noise payload without an identity key");
    RIV_TRY(codec_read_public_key(p.identity_key, fault, &key)); /* refuses what is not ed25519 */
    if (p.identity_sig.len != sizeof sig.bytes)
        return riv_fail(fault, RIV_E_MALFORMED, 0, "noise identity signature of %zu bytes", p.identity_sig.len);
    memcpy(sig.bytes, p.identity_sig.ptr, sizeof sig.bytes);

    riv_buf text = { 0 };
    signed_text(static_key, &text);
    bool good = crypto_verify(&key, riv_buf_view(&text), &sig);
    riv_buf_free(&text);
    if (!good) return riv_fail(fault, RIV_E_DENIED, 0, "noise identity signature does not verify");
    *out = codec_peer_of(&key);
    return RIV_OK;
}

/* ---- the symmetric state ---- */

static void mix_hash(noise *n, riv_bytes data)
{
    crypto_sha256_state s;
    crypto_sha256_start(&s);
    crypto_sha256_add(&s, view(n->h.bytes, sizeof n->h.bytes));
    crypto_sha256_add(&s, data);
    n->h = crypto_sha256_end(&s);
}

/* HKDF of the Noise specification, two outputs. */
static void hkdf2(const crypto_secret *ck, riv_bytes input, crypto_secret *out1, crypto_secret *out2)
{
    uint8_t     block[CRYPTO_HASH_BYTES + 1];
    crypto_hash temp = crypto_hmac_sha256(view(ck->bytes, sizeof ck->bytes), input);
    crypto_hash one  = crypto_hmac_sha256(view(temp.bytes, sizeof temp.bytes), RIV_BYTES("\1"));
    memcpy(block, one.bytes, sizeof one.bytes);
    block[CRYPTO_HASH_BYTES] = 2;
    crypto_hash two          = crypto_hmac_sha256(view(temp.bytes, sizeof temp.bytes), view(block, sizeof block));
    memcpy(out1->bytes, one.bytes, sizeof one.bytes);
    memcpy(out2->bytes, two.bytes, sizeof two.bytes);
    crypto_wipe(block, sizeof block);
    crypto_wipe(&temp, sizeof temp);
    crypto_wipe(&one, sizeof one);
    crypto_wipe(&two, sizeof two);
}

static void mix_key(noise *n, const crypto_secret *dh)
{
    crypto_secret ck;
    hkdf2(&n->ck, view(dh->bytes, sizeof dh->bytes), &ck, &n->cipher.key);
    n->ck             = ck;
    n->cipher.has_key = true;
    n->cipher.nonce   = 0;
    crypto_wipe(&ck, sizeof ck);
}

/* The first letter is the initiator's key, the second the responder's. */
static riv_err mix_dh(noise *n, noise_token token, riv_fault *fault)
{
    bool          ours_is_s  = token == (n->initiator ? NOISE_SE : NOISE_ES);
    bool          their_is_s = token == (n->initiator ? NOISE_ES : NOISE_SE);
    crypto_secret dh;
    if (crypto_x25519(ours_is_s ? &n->s : &n->e, their_is_s ? &n->rs : &n->re, &dh))
        return riv_fail(fault, RIV_E_DENIED, 0, "noise key of the peer is a point of small order");
    mix_key(n, &dh);
    crypto_wipe(&dh, sizeof dh);
    return RIV_OK;
}

static void encrypt_and_hash(noise *n, riv_bytes plain, riv_buf *out)
{
    size_t start = out->len;
    if (n->cipher.has_key)
        cipher_seal(&n->cipher, view(n->h.bytes, sizeof n->h.bytes), plain, out);
    else
        riv_put_bytes(out, plain);
    mix_hash(n, riv_bytes_sub(riv_buf_view(out), start, out->len));
}

static riv_err decrypt_and_hash(noise *n, riv_bytes sealed, riv_fault *fault, riv_buf *out)
{
    if (!n->cipher.has_key)
        riv_put_bytes(out, sealed);
    else if (cipher_open(&n->cipher, view(n->h.bytes, sizeof n->h.bytes), sealed, out))
        return riv_fail(fault, RIV_E_DENIED, 0, "noise handshake message %u does not decrypt", n->message + 1u);
    mix_hash(n, sealed);
    return RIV_OK;
}

/* After the last message the chaining key splits into one key for each way. */
static void message_done(noise *n)
{
    if (++n->message < NOISE_MESSAGES) return;
    crypto_secret to_responder, to_initiator;
    hkdf2(&n->ck, (riv_bytes){ 0 }, &to_responder, &to_initiator);
    n->send = (noise_cipher){ .has_key = true, .key = n->initiator ? to_responder : to_initiator };
    n->recv = (noise_cipher){ .has_key = true, .key = n->initiator ? to_initiator : to_responder };
    crypto_wipe(&to_responder, sizeof to_responder);
    crypto_wipe(&to_initiator, sizeof to_initiator);
    crypto_wipe(&n->e, sizeof n->e);
    crypto_wipe(&n->s, sizeof n->s);
    crypto_wipe(&n->ck, sizeof n->ck);
}
