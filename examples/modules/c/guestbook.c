/* guestbook.c: the facade of the service: who writes is whoever started the particle, so nobody can sign for another. */
#include "marine.h"

MARINE_MANIFEST("Rivulet", "0.1.0", "A guestbook of two modules", "");
MARINE_RECORD(Entry, (string author, string text, u64 time_ms))

/* Functions of the module store.wasm. Records are matched by their fields. */
MARINE_IMPORT("store", u32, add, (record(Entry) entry));
MARINE_IMPORT("store", array(Entry), list, (u32 newest));

MARINE_EXPORT(u32, write_entry, (string text))
{
    const marine_particle *particle = marine_parameters()->particle;
    Entry                  entry    = { particle->init_peer_id, text, particle->timestamp };
    marine_log(MARINE_INFO, "%zu bytes from %s", text.len, particle->init_peer_id.ptr);
    return add(entry);
}

MARINE_EXPORT(array(Entry), newest, (u32 count)) { return list(count); }
