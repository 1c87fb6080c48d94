/* order.c: the order of items by their keys. The keys may be foreign: nothing an enemy chooses makes a merge sort slow.
 * Tests: base_test.c. */
#include "base/base.h"

enum { INSERTION_MAX = 8, PRESORT_MIN = 64 };

_Static_assert(sizeof(riv_str) == sizeof(riv_bytes), "a key of text and a key of bytes have one layout");

/* Eight bytes of a key, big-endian, from behind what all keys have in common: nearly always enough to compare. */
typedef struct order_item {
    uint64_t head;
    uint32_t index;
} order_item;

_Static_assert(2 * sizeof(order_item) + sizeof(uint32_t) <= RIV_ORDER_BYTES, "the caller looks at its budget by this");

typedef struct order_sort {
    const void *items;
    size_t      item_bytes;
} order_sort;

riv_bytes riv_key_at(const void *items, size_t item_bytes, size_t index)
{
    riv_bytes key;
    memcpy(&key, (const uint8_t *)items + item_bytes * index, sizeof key);
    return key;
}

static bool not_after(const order_sort *s, order_item a, order_item b)
{
    if (a.head != b.head) return a.head < b.head;
    return riv_bytes_cmp(riv_key_at(s->items, s->item_bytes, a.index), riv_key_at(s->items, s->item_bytes, b.index)) <=
           0;
}

/* Short runs by insertion, longer ones by merging halves; the merge has no branch that a processor could guess wrong. */
static void merge_sort(const order_sort *s, order_item *order, order_item *spare, size_t count)
{
    if (count <= INSERTION_MAX) {
        for (size_t i = 1; i < count; i++) {
            order_item item = order[i];
            size_t     k    = i;
            for (; k && !not_after(s, order[k - 1], item); k--) order[k] = order[k - 1];
            order[k] = item;
        }
        return;
    }
    size_t half = count / 2;
    merge_sort(s, order, spare, half);
    merge_sort(s, order + half, spare, count - half);
    if (not_after(s, order[half - 1], order[half])) return;
    memcpy(spare, order, half * sizeof *order);
    size_t left = 0, right = half, out = 0;
    while (left < half && right < count) {
        bool from_left = not_after(s, spare[left], order[right]);
        order[out++]   = *(from_left ? &spare[left] : &order[right]);
        left += from_left;
        right += !from_left;
    }
    while (left < half) order[out++] = spare[left++];
}

/* Two passes by the first bytes that differ, stable. Keys of evenly spread bytes, as content ids are, come out nearly in order, and the
 * merge sort has little left to do. */
static void presort(order_item *order, order_item *spare, size_t count)
{
    for (unsigned shift = 48; shift <= 56; shift += 8) {
        uint32_t start[257] = { 0 };
        for (size_t i = 0; i < count; i++) start[(order[i].head >> shift & 0xff) + 1]++;
        for (size_t b = 1; b < 257; b++) start[b] += start[b - 1];
        for (size_t i = 0; i < count; i++) spare[start[order[i].head >> shift & 0xff]++] = order[i];
        memcpy(order, spare, count * sizeof *order);
    }
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

const uint32_t *riv_order(riv_arena *arena, const void *items, size_t item_bytes, size_t count)
{
    order_sort sort      = { items, item_bytes };
    bool       ascending = true;
    size_t     prefix    = SIZE_MAX;
    for (size_t i = 1; i < count; i++) {
        riv_bytes before = riv_key_at(items, item_bytes, i - 1), key = riv_key_at(items, item_bytes, i);
        ascending = ascending && riv_bytes_cmp(before, key) < 0;
        prefix    = common_prefix(before, key, prefix);
    }
    if (ascending) return NULL;
    order_item *sorted = riv_arena_alloc_raw(arena, 2 * count * sizeof *sorted, _Alignof(order_item));
    order_item *spare  = sorted + count;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (order_item){ head_of(riv_key_at(items, item_bytes, i), prefix), (uint32_t)i };
    if (count >= PRESORT_MIN) presort(sorted, spare, count);
    merge_sort(&sort, sorted, spare, count);
    uint32_t *order = riv_arena_alloc_raw(arena, count * sizeof *order, _Alignof(uint32_t));
    for (size_t i = 0; i < count; i++) order[i] = sorted[i].index;
    return order;
}
