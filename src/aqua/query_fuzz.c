/* query_fuzz.c: any edits of a project's files, each followed by every question at some place: nothing crashes, places lie inside of texts.
 * An edit is: file and kind (1 byte), position (2), length (1), and for insertions that many bytes of text. */
#include "aqua/query_test_support.h"

enum { FUZZ_EDITS_MAX = 64, FUZZ_TEXT_BYTES_MAX = 1 << 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t open_text_len(const random_world *w, riv_str path)
{
    for (size_t i = 0; i < RANDOM_FILES; i++)
        if (riv_str_eq(path, riv_str_c(random_paths[i]))) return w->open[i] ? w->texts[i].len : strlen(random_texts[i]);
    return 0;
}

static void ask(const random_world *w, riv_str path, size_t offset)
{
    riv_arena   *arena = riv_arena_new(0);
    aqua_diags   diags = aqua_project_diags(w->p, path, arena);
    aqua_choices c     = aqua_project_choices(w->p, path, offset, arena);
    aqua_places  uses  = aqua_project_uses(w->p, path, offset, arena);
    aqua_outline o     = aqua_project_outline(w->p, path, arena);
    size_t       len   = open_text_len(w, path);
    aqua_thing   t;
    for (size_t i = 0; i < diags.count; i++) {
        const aqua_diag *d = &diags.items[i];
        RIV_ASSERT(!d->has_place || (d->pos <= len && d->len <= len - d->pos));
        for (size_t k = 0; k < d->notes_count; k++)
            RIV_ASSERT(!d->notes[k].has_place || d->notes[k].pos + d->notes[k].len <= d->notes[k].source.len);
        for (size_t k = 0; k < d->fixes_count; k++) (void)aqua_fix_apply(d->source, &d->fixes[k], arena);
    }
    RIV_ASSERT(c.count == 0 || c.pos + c.len == offset);
    for (size_t i = 0; i < uses.count; i++)
        RIV_ASSERT(uses.items[i].pos + uses.items[i].len <= open_text_len(w, uses.items[i].file));
    for (size_t i = 0; i < o.count; i++) RIV_ASSERT(o.items[i].whole_pos + o.items[i].whole_len <= len);
    if (aqua_project_thing(w->p, path, offset, arena, &t)) RIV_ASSERT(t.pos <= offset && offset <= t.pos + t.len);
    riv_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_prng     prng = riv_prng_seed(size);
    riv_reader   r    = riv_reader_of((riv_bytes){ data, size });
    random_world w    = { 0 };
    random_open(&w, &prng);
    for (size_t n = 0; n < FUZZ_EDITS_MAX && riv_reader_left(&r) >= 4; n++) {
        uint8_t op = riv_read_u8(&r);
        size_t  i = op % RANDOM_FILES, pos = riv_read_u16be(&r), len = riv_read_u8(&r), size_now = w.texts[i].len;
        if (!w.open[i]) w.open[i] = true, random_put(&w, w.p, i);
        pos = RIV_MIN(pos, size_now);
        if (op & 0x80) {
            random_change(&w, i, (aqua_edit){ pos, RIV_MIN(len, size_now - pos), RIV_LIT("") });
        } else if (size_now < FUZZ_TEXT_BYTES_MAX) {
            riv_str text = riv_bytes_str(riv_read_bytes(&r, RIV_MIN(len, riv_reader_left(&r))));
            random_change(&w, i, (aqua_edit){ pos, 0, text });
        }
        ask(&w, riv_str_c(random_paths[i]), RIV_MIN(pos + len, w.texts[i].len));
    }
    random_close(&w);
    return 0;
}
