/* store.c: keeps entries. Guestbook alone calls it; from outside it cannot be reached. */
#include "marine.h"

MARINE_RECORD(Entry, (string author, string text, u64 time_ms))

/* What lives longer than a call is malloc's: the header frees everything else when the call is over. */
typedef struct kept {
    char    *author, *text;
    uint64_t time_ms;
} kept;
static kept  *entries;
static size_t count, room;

static char *keep(marine_string s)
{
    char *copy = malloc(s.len + 1);
    return copy ? memcpy(copy, s.ptr, s.len + 1) : NULL; /* what comes in ends with a NUL */
}

MARINE_EXPORT(u32, add, (record(Entry) entry))
{
    if (count == room) {
        room    = room ? 2 * room : 16;
        entries = realloc(entries, room * sizeof *entries);
    }
    entries[count++] = (kept){ keep(entry.author), keep(entry.text), entry.time_ms };
    return (uint32_t)count;
}

MARINE_EXPORT(array(Entry), list, (u32 newest))
{
    size_t             n   = newest < count ? newest : count;
    marine_array_Entry out = marine_array_new(Entry, n);
    for (size_t i = 0; i < n; i++) {
        const kept *k = &entries[count - 1 - i];
        out.ptr[i]    = marine_new(Entry);
        *out.ptr[i]   = (Entry){ marine_text(k->author), marine_text(k->text), k->time_ms };
    }
    return out;
}
