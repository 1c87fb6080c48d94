/* search.c: proofs of capacity for the tests beside it: a line "NONCE UNIT DIFFICULTY COUNT" (32 bytes in hexadecimal each, then a number) is answered
 * by COUNT lines "LOCAL-NONCE HASH", RandomX in light mode. Spec: docs/spec/market.md 8. Run by: life.mjs. */
#include "proof/proof.h"

#include <stdio.h>

enum { LINE_BYTES_MAX = 400, COUNT_MAX = 16, TRIES = 64 };

static bool read_hash(riv_str *line, uint8_t out[PROOF_BYTES])
{
    size_t n = 2 + 2 * PROOF_BYTES;
    if (line->len < n + 1) return false;
    for (size_t i = 0; i < PROOF_BYTES; i++) {
        unsigned byte;
        if (sscanf(line->ptr + 2 + 2 * i, "%2x", &byte) != 1) return false;
        out[i] = (uint8_t)byte;
    }
    *line = riv_str_sub(*line, n + 1, line->len);
    return true;
}

static void print_hash(const uint8_t *bytes, char end)
{
    printf("0x");
    for (size_t i = 0; i < PROOF_BYTES; i++) printf("%02x", bytes[i]);
    putchar(end);
}

static bool answer(proof_dataset *d, riv_str line)
{
    uint8_t       global[PROOF_BYTES], unit[PROOF_BYTES], difficulty[PROOF_BYTES];
    proof_nonce   nonce = { { 0 } };
    proof_found   found[COUNT_MAX];
    proof_search *search = NULL;
    riv_fault     fault  = { 0 };
    unsigned      count;
    uint64_t      tried;
    if (!read_hash(&line, global) || !read_hash(&line, unit) || !read_hash(&line, difficulty) ||
        sscanf(line.ptr, "%u", &count) != 1 || count > COUNT_MAX)
        return false;
    proof_key key = proof_key_of(global, unit);
    proof_dataset_begin(d, &key);
    if (proof_search_new(d, &fault, &search)) return false;
    for (size_t have = 0; have < count;)
        have += proof_search_step(search, &nonce, TRIES, difficulty, found + have, count - have, &tried);
    proof_search_free(search);
    for (size_t i = 0; i < count; i++) {
        print_hash(found[i].nonce.bytes, ' ');
        print_hash(found[i].hash.bytes, '\n');
    }
    fflush(stdout);
    return true;
}

int main(void)
{
    char           line[LINE_BYTES_MAX];
    proof_dataset *d     = NULL;
    riv_fault      fault = { 0 };
    bool           good  = !proof_dataset_new(false, &fault, &d);
    while (good && fgets(line, sizeof line, stdin)) good = answer(d, riv_str_c(line));
    if (!good) fprintf(stderr, "%s\n", fault.msg[0] ? fault.msg : "NONCE UNIT DIFFICULTY COUNT");
    proof_dataset_free(d);
    return good ? 0 : 2;
}
