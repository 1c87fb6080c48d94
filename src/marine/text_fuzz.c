/* text_fuzz.c: arguments by text against arguments by tree, for a function of every type: what the text reader takes at once is what the
 * tree makes of it, and both are written back alike. */
#include "marine/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELD(label, ...)                                                                                              \
    {                                                                                                                  \
        RIV_LIT_INIT(label), { __VA_ARGS__ }                                                                           \
    }
static const marine_type u8 = { .kind = MARINE_U8 }, s16 = { .kind = MARINE_S16 }, f64 = { .kind = MARINE_F64 },
                         boolean = { .kind = MARINE_BOOL }, string = { .kind = MARINE_STRING },
                         record           = { .kind = MARINE_RECORD, .record = 0 },
                         texts            = { .kind = MARINE_ARRAY, .element = &string };
static const marine_field record_fields[] = { FIELD("b", .kind = MARINE_F32), FIELD("a", .kind = MARINE_STRING),
                                              FIELD("c", .kind = MARINE_ARRAY, .element = &u8) };
static const marine_field args[]          = {
             FIELD("u", .kind = MARINE_U64),
             FIELD("i", .kind = MARINE_S64),
             FIELD("d", .kind = MARINE_F64),
             FIELD("t", .kind = MARINE_STRING),
             FIELD("y", .kind = MARINE_BYTES),
             FIELD("n", .kind = MARINE_ARRAY, .element = &s16),
             FIELD("f", .kind = MARINE_ARRAY, .element = &f64),
             FIELD("o", .kind = MARINE_ARRAY, .element = &boolean),
             FIELD("r", .kind = MARINE_ARRAY, .element = &record),
             FIELD("x", .kind = MARINE_ARRAY, .element = &texts),
};

static riv_str written(const marine__section *section, const marine_value *values, bool tree, riv_arena *arena)
{
    riv_buf out = riv_buf_in(arena);
    for (size_t i = 0; i < RIV_COUNT(args); i++) {
        const riv_json *json;
        riv_put_u8(&out, '\n');
        if (!tree) {
            RIV_ASSERT(!marine__value_to_text(section, &args[i].type, &values[i], NULL, &out));
            continue;
        }
        RIV_ASSERT(!marine__value_to_json(section, &args[i].type, &values[i], arena, NULL, &json));
        riv_json_write(json, &out);
    }
    return riv_buf_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    riv_arena   *arena    = riv_arena_new(64 << 20);
    marine__type types[2] = {
        { .is_record = true, .name = RIV_LIT("R"), .args = record_fields, .args_count = RIV_COUNT(record_fields) },
        { .args = args, .args_count = RIV_COUNT(args) }
    };
    marine_service  service = { .scratch = arena };
    marine__section section = { .types = types, .types_count = 2 };
    marine__args    in      = { &section, &types[1], &service };
    riv_str         text    = { (const char *)data, size };
    marine_value   *quick, *slow;
    const riv_json *json;
    marine__lay_out(&types[0], arena);
    if (size < 1 << 20 && marine__args_from_text(&in, text, &quick)) {
        RIV_ASSERT(!riv_json_parse(text, arena, NULL, &json));
        RIV_ASSERT(!marine__args_from_json(&in, json, NULL, &slow));
        riv_str want = written(&section, slow, true, arena);
        RIV_ASSERT(riv_str_eq(want, written(&section, quick, true, arena)));
        RIV_ASSERT(riv_str_eq(want, written(&section, quick, false, arena)));
        RIV_ASSERT(riv_str_eq(want, written(&section, slow, false, arena)));
    }
    riv_arena_free(arena);
    return 0;
}
