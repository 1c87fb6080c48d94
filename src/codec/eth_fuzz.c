/* eth_fuzz.c: RLP that is read is written back the same; transactions and ABI data never do harm, and what the ABI reads it writes and reads alike.
 * The first byte chooses. */
#include "codec/eth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_again(const eth_rlp *item, riv_arena *arena, riv_buf *out)
{
    riv_buf inner = riv_buf_in(arena);
    for (size_t i = 0; i < item->items_count; i++) put_again(&item->items[i], arena, &inner);
    if (item->is_list)
        eth_rlp_put_list(out, riv_buf_view(&inner));
    else
        eth_rlp_put_bytes(out, item->bytes);
}

static void rlp(riv_bytes in, riv_arena *arena)
{
    eth_rlp item;
    riv_buf out = riv_buf_in(arena);
    if (eth_rlp_read(in, arena, NULL, &item)) return;
    put_again(&item, arena, &out);
    RIV_ASSERT(out.len == in.len && memcmp(out.ptr, in.ptr, in.len) == 0);
}

static void abi(riv_bytes in, const char *signature, riv_arena *arena)
{
    eth_type  type;
    eth_value v, again;
    riv_buf   once = riv_buf_in(arena), twice = riv_buf_in(arena);
    if (eth_type_parse(riv_str_c(signature), arena, NULL, &type)) RIV_ASSERT(false);
    if (eth_abi_read(&type, in, arena, NULL, &v)) return;
    eth_abi_put(&type, &v, &once); /* pieces may have overlapped: what is written may be longer */
    if (eth_abi_read(&type, riv_buf_view(&once), arena, NULL, &again)) RIV_ASSERT(false);
    eth_abi_put(&type, &again, &twice);
    RIV_ASSERT(once.len == twice.len && memcmp(once.ptr, twice.ptr, once.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        "(uint256,(bytes4,bytes32)[],(bytes32,address,bytes32[])[],string,bool,int8,uint8[2],bytes)",
        "((address,bool,bytes)[])", "(string[][2],bytes3)"
    };
    eth_tx     tx;
    eth_type   type;
    riv_arena *arena = riv_arena_new(64 << 20);
    riv_bytes  in    = { data, size };
    uint8_t    which = size ? data[0] : 0;
    in               = riv_bytes_sub(in, size > 0, size);
    if (which == 0)
        rlp(in, arena);
    else if (which == 1)
        (void)!eth_tx_read(in, arena, NULL, &tx);
    else if (which == 2)
        (void)!eth_type_parse(riv_bytes_str(in), arena, NULL, &type);
    else
        abi(in, types[which % RIV_COUNT(types)], arena);
    riv_arena_free(arena);
    return 0;
}
