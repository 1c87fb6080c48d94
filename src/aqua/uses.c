/* uses.c: notes, while a file is checked, what each name in it means. Costs nothing unless someone will ask (compiler.index).
 * Spec: docs/spec/aqua.md §8. Tests: query_test.c. */
#include "aqua/uses.h"

#include "aqua/check.h"

static void put(checker *k, use u)
{
    if (!k->m->uses) k->m->uses = riv_new(k->c->arena, uses, 1);
    if (u.at.len) *riv_push(k->c->arena, &k->m->uses->items) = u;
}

static use of_symbol(const checker *k, span at, const symbol *s)
{
    use u = { .at = at, .kind = USE_VALUE, .symbol_kind = s->kind, .path = s->path, .name = s->name, .type = s->type };
    if (s->kind != SYM_VALUE) return u;
    u.kind = USE_LOCAL;
    u.path = k->src->path;
    u.def  = s->at;
    return u;
}

void aqua__use_symbol(checker *k, span at, const symbol *s)
{
    ((symbol *)(uintptr_t)s)->uses++;
    if (k->c->index) put(k, of_symbol(k, at, s));
}

void aqua__use_define(checker *k, const symbol *s)
{
    if (!k->c->index) return;
    use u     = of_symbol(k, s->at, s);
    u.defines = true;
    put(k, u);
}

/* The name behind the last dot, in the table that the parts before it lead to; each part is noted. */
static const names *walk(checker *k, const names *in, span at, riv_str dotted, span *last_at, riv_str *last)
{
    size_t done = 0;
    for (;;) {
        riv_str rest = riv_str_sub(dotted, done, dotted.len);
        size_t  dot  = riv_str_find_char(rest, '.', 0);
        if (dot == SIZE_MAX) {
            *last    = rest;
            *last_at = (span){ at.pos + (uint32_t)done, (uint32_t)rest.len };
            return in;
        }
        riv_str part = riv_str_sub(rest, 0, dot);
        in           = in ? riv_map_get_str(in->modules, part) : NULL;
        if (in && done == 0) aqua__use_module(k, (span){ at.pos, (uint32_t)dot }, part);
        done += dot + 1;
    }
}

void aqua__use_type(checker *k, const names *in, span at, riv_str dotted)
{
    riv_str last;
    span    last_at;
    if (!k->c->index) return;
    in                 = walk(k, in ? in : &k->m->inside, at, dotted, &last_at, &last);
    const type   *t    = in ? riv_map_get_str(in->types, last) : NULL;
    const origin *from = in ? riv_map_get_str(in->origins, last) : NULL;
    if (t && from) put(k, (use){ .at = last_at, .kind = USE_TYPE, .path = from->path, .name = from->name, .type = t });
}

void aqua__use_in(checker *k, const names *in, span at, riv_str dotted)
{
    riv_str last;
    span    last_at;
    if (!k->c->index) return;
    const names *found = walk(k, in, at, dotted, &last_at, &last);
    if (!found) return;
    const symbol *s = riv_map_get_str(found->values, last);
    if (s)
        put(k, of_symbol(k, last_at, s));
    else if (riv_map_get_str(found->types, last))
        aqua__use_type(k, in, at, dotted);
    else if (riv_map_get_str(found->modules, last) && found == &k->m->inside)
        aqua__use_module(k, last_at, last);
}

void aqua__use_field(checker *k, span at, const type *owner, riv_str name, const type *t)
{
    if (!k->c->index || !owner->decl || !owner->decl->path) return;
    put(k, (use){ .at     = at,
                  .kind   = USE_FIELD,
                  .path   = *owner->decl->path,
                  .name   = owner->decl->name,
                  .member = name,
                  .type   = t });
}

void aqua__use_module(checker *k, span at, riv_str name)
{
    if (!k->c->index) return;
    for (size_t i = 0; i < k->m->heads_count; i++) {
        const head   *h    = &k->m->heads[i];
        const module *from = k->m->imports ? k->m->imports[i] : NULL;
        if (h->kind != HEAD_USE || !from) continue;
        riv_str called = h->name.len ? h->name : from->name;
        size_t  dot    = riv_str_find_char(called, '.', 0);
        if (!riv_str_eq(name, riv_str_sub(called, 0, dot == SIZE_MAX ? called.len : dot))) continue;
        put(k, (use){ .at   = at,
                      .kind = USE_MODULE,
                      .path = k->src->path,
                      .name = name,
                      .def  = h->name.len ? h->name_at : h->path_at });
        return;
    }
}

void aqua__use_decl(checker *k, const decl *d)
{
    if (!k->c->index) return;
    bool value = d->kind == DECL_FUNC || d->kind == DECL_CONST;
    put(k, (use){ .at          = d->at,
                  .kind        = value ? USE_VALUE : USE_TYPE,
                  .defines     = true,
                  .symbol_kind = d->kind == DECL_FUNC ? SYM_FUNC : SYM_CONST,
                  .path        = k->src->path,
                  .name        = d->name,
                  .type        = d->kind == DECL_CONST ? (d->symbol ? d->symbol->type : NULL) : d->def });
    for (size_t i = 0; i < d->sigs_count; i++)
        put(k, (use){ .at      = d->sigs[i].at,
                      .kind    = USE_FIELD,
                      .defines = true,
                      .path    = k->src->path,
                      .name    = d->name,
                      .member  = d->sigs[i].name,
                      .type    = d->def ? aqua__field_type(d->def, d->sigs[i].name) : NULL });
}

void aqua__use_scope(checker *k, size_t defined_from, uint32_t end)
{
    if (!k->c->index) return;
    if (!k->m->uses) k->m->uses = riv_new(k->c->arena, uses, 1);
    for (size_t i = defined_from; i < k->defined.len; i++)
        *riv_push(k->c->arena, &k->m->uses->locals) = (local){ k->defined.ptr[i], end };
}
