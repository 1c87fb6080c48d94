/* noise_payload_fuzz.c: libp2p's handshake payload from any bytes: what is read is written and read the same; it never verifies. */
#include "p2p/testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    noise_payload one, two;
    riv_buf       back = { 0 };
    crypto_public key  = { { 7 } };
    codec_peer    peer;
    riv_fault     fault = { 0 };
    if (crypto_init(&fault)) return 0;
    if (!noise_payload_read((riv_bytes){ data, size }, &fault, &one)) {
        noise_payload_write(&one, &back);
        RIV_ASSERT(!noise_payload_read(riv_buf_view(&back), &fault, &two));
        RIV_ASSERT(riv_bytes_eq(one.identity_key, two.identity_key) &&
                   riv_bytes_eq(one.identity_sig, two.identity_sig));
    }
    RIV_ASSERT(noise_payload_check((riv_bytes){ data, size }, &key, &fault, &peer));
    riv_buf_free(&back);
    return 0;
}
