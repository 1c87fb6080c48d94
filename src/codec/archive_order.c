/* archive_order.c: the order of a store by its keys. Sorting rather than hashing: the keys are foreign, and nothing an enemy chooses
 * makes a merge sort slow.
 * Spec: docs/spec/air.md 3.2. Tests: archive_test.c. */
#include "codec/archive_internal.h"

_Static_assert(sizeof(riv_str) == sizeof(riv_bytes), "a key of text and a key of bytes have one layout");

riv_bytes archive__key(const void *items, size_t item_bytes, size_t index)
{
    riv_bytes key;
    memcpy(&key, (const uint8_t *)items + item_bytes * index, sizeof key);
    return key;
}

static void merge_sort(uint32_t *order, uint32_t *spare, size_t count, const void *items, size_t item_bytes)
{
    if (count < 2) return;
    size_t half = count / 2;
    merge_sort(order, spare, half, items, item_bytes);
    merge_sort(order + half, spare, count - half, items, item_bytes);
    memcpy(spare, order, half * sizeof *order);
    size_t left = 0, right = half, out = 0;
    while (left < half && right < count) {
        riv_bytes a = archive__key(items, item_bytes, spare[left]), b = archive__key(items, item_bytes, order[right]);
        order[out++] = riv_bytes_cmp(a, b) <= 0 ? spare[left++] : order[right++];
    }
    while (left < half) order[out++] = spare[left++];
}

const uint32_t *archive__order(riv_arena *arena, const void *items, size_t item_bytes, size_t count)
{
    bool ascending = true;
    for (size_t i = 1; i < count && ascending; i++)
        ascending = riv_bytes_cmp(archive__key(items, item_bytes, i - 1), archive__key(items, item_bytes, i)) < 0;
    if (ascending) return NULL;
    uint32_t *order = riv_new(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
    merge_sort(order, riv_new(arena, uint32_t, count), count, items, item_bytes);
    return order;
}
