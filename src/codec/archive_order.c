/* archive_order.c: the order of a store by its keys. Sorting rather than hashing: the keys are foreign, and nothing an enemy chooses
 * makes a merge sort slow.
 * Spec: docs/spec/air.md 3.2. Tests: archive_test.c. */
#include "codec/archive_internal.h"

_Static_assert(sizeof(riv_str) == sizeof(riv_bytes), "a key of text and a key of bytes have one layout");

/* Eight bytes of a key, big-endian, from behind what all keys of the store have in common: nearly always enough to compare. */
typedef struct order_item {
    uint64_t head;
    uint32_t index;
} order_item;

_Static_assert(2 * sizeof(order_item) + sizeof(uint32_t) <= ARCHIVE__ORDER_BYTES,
               "the caller looks at its budget by this");

typedef struct order_sort {
    const void *items;
    size_t      item_bytes;
} order_sort;

riv_bytes archive__key(const void *items, size_t item_bytes, size_t index)
{
    riv_bytes key;
    memcpy(&key, (const uint8_t *)items + item_bytes * index, sizeof key);
    return key;
}

static bool not_after(const order_sort *s, order_item a, order_item b)
{
    if (a.head != b.head) return a.head < b.head;
    return riv_bytes_cmp(archive__key(s->items, s->item_bytes, a.index),
                         archive__key(s->items, s->item_bytes, b.index)) <= 0;
}

static void merge_sort(const order_sort *s, order_item *order, order_item *spare, size_t count)
{
    if (count < 2) return;
    size_t half = count / 2;
    merge_sort(s, order, spare, half);
    merge_sort(s, order + half, spare, count - half);
    memcpy(spare, order, half * sizeof *order);
    size_t left = 0, right = half, out = 0;
    while (left < half && right < count)
        order[out++] = not_after(s, spare[left], order[right]) ? spare[left++] : order[right++];
    while (left < half) order[out++] = spare[left++];
}

static size_t common_prefix(riv_bytes a, riv_bytes b, size_t max)
{
    size_t len = 0;
    max        = RIV_MIN(max, RIV_MIN(a.len, b.len));
    while (len < max && a.ptr[len] == b.ptr[len]) len++;
    return len;
}

/* Shorter keys are filled up with zeros, which puts them first or leaves the decision to the whole keys. */
static uint64_t head_of(riv_bytes key, size_t from)
{
    uint64_t head = 0;
    for (size_t i = from; i < from + 8; i++) head = head << 8 | (i < key.len ? key.ptr[i] : 0);
    return head;
}

const uint32_t *archive__order(riv_arena *arena, const void *items, size_t item_bytes, size_t count)
{
    order_sort sort      = { items, item_bytes };
    bool       ascending = true;
    size_t     prefix    = SIZE_MAX;
    for (size_t i = 1; i < count; i++) {
        riv_bytes before = archive__key(items, item_bytes, i - 1), key = archive__key(items, item_bytes, i);
        ascending = ascending && riv_bytes_cmp(before, key) < 0;
        prefix    = common_prefix(before, key, prefix);
    }
    if (ascending) return NULL;
    order_item *sorted = riv_new(arena, order_item, count), *spare = riv_new(arena, order_item, count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (order_item){ head_of(archive__key(items, item_bytes, i), prefix), (uint32_t)i };
    merge_sort(&sort, sorted, spare, count);
    uint32_t *order = riv_new(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) order[i] = sorted[i].index;
    return order;
}
