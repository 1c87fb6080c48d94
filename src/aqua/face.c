/* face.c: what importers see of a checked file, copied out of its check, so that they need not be checked again when only bodies, comments
 * or places have changed. The image tells whether two faces are equal.
 * Spec: docs/spec/aqua.md §3.2. Tests: query_test.c. */
#include "aqua/project.h"

enum { FIRST_FREE_ID = 64, FACE_DEPTH_MAX = 1000 }; /* deeper types are unknown to importers */

typedef struct copier {
    riv_arena *arena;
    riv_arena *scratch;
    riv_map   *types, *decls; /* by address of the original */
    uint32_t  *ids;           /* the project's counter */
    riv_buf    image;
    uint32_t   depth, count;
} copier;

static const type *copy_type(copier *k, const type *t);

static void put_image(copier *k, riv_str s) { riv_putf(&k->image, "%zu:" RIV_FMT, s.len, RIV_ARG(s)); }

static riv_str keep(copier *k, riv_str s)
{
    put_image(k, s);
    return riv_str_dup(k->arena, s);
}

static const decl *copy_decl(copier *k, const decl *d)
{
    static const expr some_id = { .kind = EX_LITERAL };
    if (!d || !d->path) return NULL;
    decl *known = riv_map_get_u64(k->decls, (uint64_t)(uintptr_t)d);
    if (known) return known;
    decl    *out  = riv_new(k->arena, decl, 1);
    riv_str *path = riv_new(k->arena, riv_str, 1);
    riv_map_put_u64(k->decls, (uint64_t)(uintptr_t)d, out);
    riv_putf(&k->image, "d%d%d", (int)d->kind, d->value != NULL);
    *path      = keep(k, *d->path);
    *out       = (decl){ .kind = d->kind, .path = path, .key = d->key };
    out->name  = keep(k, d->name);
    out->value = d->value ? (expr *)(uintptr_t)&some_id : NULL;
    out->def   = d->kind == DECL_SERVICE ? copy_type(k, d->def) : NULL;
    return out;
}

static void copy_parts(copier *k, const type *t, type *out)
{
    field       *fields  = riv_new(k->arena, field, t->fields_count + 1);
    const type **results = riv_new(k->arena, const type *, t->results_count + 1);
    riv_putf(&k->image, "(%zu,%zu,%d", t->fields_count, t->results_count, t->named);
    for (size_t i = 0; i < t->fields_count; i++) {
        fields[i].name = keep(k, t->fields[i].name);
        fields[i].type = copy_type(k, t->fields[i].type);
        if (!fields[i].type) fields[i].type = &aqua__top; /* nested too deeply */
    }
    for (size_t i = 0; i < t->results_count; i++) {
        results[i] = copy_type(k, t->results[i]);
        if (!results[i]) results[i] = &aqua__top;
    }
    out->fields  = fields;
    out->results = results;
    riv_put_u8(&k->image, ')');
}

static const type *copy_type(copier *k, const type *t)
{
    if (!t) return NULL;
    riv_putf(&k->image, "t%d", (int)t->kind);
    if (t->id < FIRST_FREE_ID) {
        riv_putf(&k->image, "s%u", t->id);
        return t;
    }
    const type *known = riv_map_get_u64(k->types, (uint64_t)(uintptr_t)t);
    if (known) {
        riv_putf(&k->image, "k%u", known->id - k->count);
        return known;
    }
    if (k->depth >= FACE_DEPTH_MAX) return NULL;
    k->depth++;
    type *out = riv_new(k->arena, type, 1);
    *out      = *t;
    out->id   = FIRST_FREE_ID + (*k->ids)++;
    riv_map_put_u64(k->types, (uint64_t)(uintptr_t)t, out);
    out->name = keep(k, t->name);
    if (t->elem) out->elem = copy_type(k, t->elem);
    if (t->elem && !out->elem) out->elem = &aqua__top;
    copy_parts(k, t, out);
    out->decl = copy_decl(k, t->decl);
    k->depth--;
    return out;
}

static symbol *copy_symbol(copier *k, const symbol *s)
{
    symbol *out = riv_new(k->arena, symbol, 1);
    riv_putf(&k->image, "v%d,%d", (int)s->kind, (int)s->literal);
    out->kind    = s->kind;
    out->literal = s->literal;
    out->name    = keep(k, s->name);
    out->text    = keep(k, s->text);
    out->path    = keep(k, s->path);
    out->type    = copy_type(k, s->type);
    return out;
}

static origin *copy_origin(copier *k, const origin *o)
{
    origin *out = riv_new(k->arena, origin, 1);
    out->path   = keep(k, o->path);
    out->name   = keep(k, o->name);
    return out;
}

enum { PART_TYPES, PART_VALUES, PART_SERVICES, PART_ORIGINS, PARTS };

static void copy_part(copier *k, int part, const riv_map *from, riv_map *to)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(from); i++) {
        if (!riv_map_at(from, i, &key, &value)) continue;
        put_image(k, riv_bytes_str(key));
        void *copy = part == PART_TYPES      ? (void *)(uintptr_t)copy_type(k, value)
                     : part == PART_VALUES   ? (void *)copy_symbol(k, value)
                     : part == PART_SERVICES ? (void *)(uintptr_t)copy_decl(k, value)
                                             : (void *)copy_origin(k, value);
        if (copy) riv_map_put(to, key, copy);
    }
    riv_put_u8(&k->image, '\n');
}

static names copy_names(copier *k, const names *from)
{
    names     out = { riv_map_new(k->arena), riv_map_new(k->arena), riv_map_new(k->arena), riv_map_new(k->arena),
                      riv_map_new(k->arena) };
    riv_bytes key;
    void     *value;
    copy_part(k, PART_TYPES, from->types, out.types);
    copy_part(k, PART_VALUES, from->values, out.values);
    copy_part(k, PART_SERVICES, from->services, out.services);
    copy_part(k, PART_ORIGINS, from->origins, out.origins);
    for (size_t i = 0; i < riv_map_slots(from->modules) && k->depth < FACE_DEPTH_MAX; i++) {
        if (!riv_map_at(from->modules, i, &key, &value)) continue;
        put_image(k, riv_bytes_str(key));
        names *inner = riv_new(k->arena, names, 1);
        k->depth++;
        *inner = copy_names(k, value);
        k->depth--;
        riv_map_put(out.modules, key, inner);
    }
    return out;
}

static bool exports(const module *m)
{
    for (size_t i = 0; i < m->heads_count; i++)
        if (m->heads[i].kind == HEAD_EXPORT ||
            (m->heads[i].kind == HEAD_IMPORT && m->imports && m->imports[i] && m->imports[i]->heads_count > 1))
            return true;
    return false;
}

void aqua__face_make(aqua_project *p, const module *m, face *out)
{
    copier    k = { .arena   = riv_arena_new(AQUA_FILE_ARENA_BYTES_MAX),
                    .scratch = riv_arena_new(0),
                    .ids     = &p->face_types,
                    .count   = p->face_types };
    riv_bytes key;
    void     *value;
    k.types            = riv_map_new(k.scratch);
    k.decls            = riv_map_new(k.scratch);
    k.image            = riv_buf_in(k.scratch);
    module *shown      = riv_new(k.arena, module, 1);
    head   *heads      = riv_new(k.arena, head, 2);
    shown->src.path    = riv_str_dup(k.arena, m->src.path);
    shown->name        = keep(&k, m->name);
    bool headed        = m->heads_count > 0 && m->heads[0].kind == HEAD_MODULE;
    heads[0].kind      = HEAD_MODULE;
    heads[1].kind      = HEAD_EXPORT;
    shown->heads       = heads;
    shown->heads_count = !headed      ? 0
                         : exports(m) ? 2
                                      : 1; /* importers ask whether there is a header, and whether exports come along */
    shown->imports     = riv_new(k.arena, module *, 2);
    shown->headless    = m->headless;
    shown->withheld    = riv_map_new(k.arena);
    riv_putf(&k.image, "h%zu%d", shown->heads_count, shown->headless);
    for (size_t i = 0; m->withheld && i < riv_map_slots(m->withheld); i++)
        if (riv_map_at(m->withheld, i, &key, &value)) {
            put_image(&k, riv_bytes_str(key));
            riv_map_put(shown->withheld, key, shown);
        }
    shown->declared = copy_names(&k, &m->declared);
    out->arena      = k.arena;
    out->shown      = shown;
    out->image      = riv_str_dup(k.arena, riv_buf_str(&k.image));
    riv_arena_free(k.scratch);
}

void aqua__face_free(face *f)
{
    riv_arena_free(f->arena);
    *f = (face){ 0 };
}
