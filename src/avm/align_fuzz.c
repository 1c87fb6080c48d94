/* align_fuzz.c: bytes as particle data beside a script with every kind of state: an instruction is only ever laid beside a state of its kind. */
#include "avm/avm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCRIPT                                                                                                         \
    "(seq (seq (par (call \"B\" (\"s\" \"id\") [1] $s) (call %init_peer_id% (\"s\" \"id\") [2] $s)) (xor (call \"A\" " \
    "(\"s\" \"fail\") [] x) (ap 1 x))) (seq (seq (canon \"A\" $s #cc) (fold $s i (par (seq (ap i $t) (call \"A\" "     \
    "(\"s\" \"id\") [i] y)) (next i)) (null))) (seq (seq (ap (\"k\" 1) %m) (canon \"A\" %m #%mm)) (fold #cc j (seq "   \
    "(call \"A\" (\"s\" \"f\") [j #%mm.$.k #cc]) (next j))))))"

static bool same_kind(const air_node *n, const archive_state *s)
{
    switch (s->kind) {
    case ARCHIVE_PAR: return n->kind == AIR_PAR;
    case ARCHIVE_CALL: return n->kind == AIR_CALL;
    case ARCHIVE_FOLD: return n->kind == AIR_FOLD;
    case ARCHIVE_AP: return n->kind == AIR_AP;
    case ARCHIVE_CANON: return n->kind == AIR_CANON;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16) return 0;
    riv_arena      *arena = riv_arena_new(64 << 20);
    archive_data    decoded;
    const air_node *script;
    avm_alignment   out;
    RIV_ASSERT(air_parse(RIV_LIT(SCRIPT), arena, NULL, &script) == RIV_OK);
    if (!archive_read((riv_bytes){ data, size }, arena, NULL, &decoded)) {
        avm_align(script, &decoded, (riv_str){ 0 }, arena, &out);
        RIV_ASSERT(out.reached <= decoded.trace_count && !(out.fits && out.given_up));
        for (size_t i = 0; i < decoded.trace_count; i++) {
            RIV_ASSERT(!out.nodes[i] || same_kind(out.nodes[i], &decoded.trace[i]));
            RIV_ASSERT(out.nodes[i] || !out.fits || out.ambiguous);
        }
    }
    riv_arena_free(arena);
    return 0;
}
