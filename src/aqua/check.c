/* check.c: a module's header and top-level declarations: what is visible where, and what each name means.
 * Spec: docs/spec/aqua.md §3.2, §4, §8. Tests: check_test.c. */
#include "aqua/check.h"

#include <stdlib.h>

static void new_names(compiler *c, names *n);
static void check_header(checker *k);
static void import_all(checker *k);
static void check_decl(checker *k, decl *d);
static void declare(checker *k);
static void check_exports(checker *k);

void aqua__check(compiler *c, module *m)
{
    checker k = { .c = c, .m = m, .src = &m->src, .scope = riv_map_new(c->arena), .ids = riv_map_new(c->arena) };
    new_names(c, &m->inside);
    new_names(c, &m->own);
    new_names(c, &m->declared);
    size_t errors = c->errors.len;
    check_header(&k);
    import_all(&k);
    if (c->errors.len > errors) return; /* what is missing here would be missed again below */
    for (size_t i = 0; i < m->decls_count && !riv_arena_over(c->arena); i++) check_decl(&k, &m->decls[i]);
    declare(&k);
    if (c->errors.len == errors) check_exports(&k);
}

static void new_names(compiler *c, names *n)
{
    n->types    = riv_map_new(c->arena);
    n->values   = riv_map_new(c->arena);
    n->services = riv_map_new(c->arena);
    n->modules  = riv_map_new(c->arena);
}

/* ---- header ---- */

static void header_error(checker *k, span at, const char *text)
{
    aqua__error(k->c, k->src, AQUA_HEADER_ERROR, at, "%s", text);
}

static void check_header(checker *k)
{
    module *m = k->m;
    if (m->heads_count == 0 || m->heads[0].kind != HEAD_MODULE) {
        aqua__error_hint(k->c, k->src, AQUA_HEADER_ERROR, (span){ 0, 0 },
                         RIV_LIT("begin the file with a line such as `aqua Name declares *`"),
                         "Missing module header at the top of the file");
        return;
    }
    m->name = m->heads[0].name;
    for (size_t i = 0; i < m->heads_count; i++) {
        const head *h = &m->heads[i];
        if (h->kind != HEAD_MODULE) continue;
        if (i > 0) header_error(k, h->at, "Module header is expected to be at the top");
        if (h->deprecated_word) header_error(k, h->at, "Keyword `module` is deprecated, use `aqua` instead");
    }
}

static void copy_map(riv_map *to, const riv_map *from)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(from); i++)
        if (riv_map_at(from, i, &key, &value)) riv_map_put(to, key, value);
}

static void copy_names(names *to, const names *from)
{
    copy_map(to->types, from->types);
    copy_map(to->values, from->values);
    copy_map(to->services, from->services);
    copy_map(to->modules, from->modules);
}

static names *module_at(compiler *c, names *in, riv_str dotted)
{
    while (dotted.len) {
        size_t  dot  = riv_str_find_char(dotted, '.', 0);
        riv_str part = riv_str_sub(dotted, 0, dot == SIZE_MAX ? dotted.len : dot);
        names  *next = riv_map_get_str(in->modules, part);
        if (!next) {
            next = riv_new(c->arena, names, 1);
            new_names(c, next);
            riv_map_put_str(in->modules, part, next);
        }
        in     = next;
        dotted = dot == SIZE_MAX ? RIV_LIT("") : riv_str_sub(dotted, dot + 1, dotted.len);
    }
    return in;
}

/* The table that holds the last part of a dotted name, which is left in *last; NULL when there is no such module. */
static const names *find_table(const names *in, riv_str dotted, riv_str *last)
{
    for (;;) {
        size_t dot = riv_str_find_char(dotted, '.', 0);
        if (dot == SIZE_MAX) break;
        in = riv_map_get_str(in->modules, riv_str_sub(dotted, 0, dot));
        if (!in) return NULL;
        dotted = riv_str_sub(dotted, dot + 1, dotted.len);
    }
    *last = dotted;
    return in;
}

/* Copies what `name` means in from to `as` in to; false when it means nothing. */
static bool copy_one(compiler *c, names *to, riv_str as, const names *from, riv_str name)
{
    riv_str last, as_last = as;
    bool    found = false;
    from          = find_table(from, name, &last);
    if (!from) return false;
    size_t dot = SIZE_MAX;
    for (size_t i = 0; i < as.len; i++)
        if (as.ptr[i] == '.') dot = i;
    if (dot != SIZE_MAX) {
        to      = module_at(c, to, riv_str_sub(as, 0, dot));
        as_last = riv_str_sub(as, dot + 1, as.len);
    }
    const riv_map *sources[] = { from->types, from->values, from->services, from->modules };
    riv_map       *targets[] = { to->types, to->values, to->services, to->modules };
    for (size_t i = 0; i < RIV_COUNT(sources); i++) {
        void *value = riv_map_get_str(sources[i], last);
        if (!value) continue;
        riv_map_put_str(targets[i], as_last, value);
        found = true;
    }
    return found;
}

static riv_str all_names(compiler *c, const head *h)
{
    riv_buf text = riv_buf_in(c->arena);
    for (size_t i = 0; i < h->names_count; i++) riv_putf(&text, "%s" RIV_FMT, i ? ", " : "", RIV_ARG(h->names[i].name));
    return riv_buf_str(&text);
}

static void import_one(checker *k, const head *h, const module *from)
{
    names *to = &k->m->inside;
    if (h->kind == HEAD_USE) to = module_at(k->c, to, h->name.len ? h->name : from->name);
    if (!h->has_names) {
        copy_names(to, &from->declared);
        return;
    }
    for (size_t i = 0; i < h->names_count; i++) {
        const name_as *n = &h->names[i];
        if (copy_one(k->c, to, n->as.len ? n->as : n->name, &from->declared, n->name)) continue;
        riv_str all = all_names(k->c, h);
        aqua__error(k->c, k->src, AQUA_HEADER_ERROR, n->at,
                    "Imported file `declares ...`, no " RIV_FMT " declared. Try adding `declares " RIV_FMT
                    "` to that file.",
                    RIV_ARG(n->name), RIV_ARG(all));
    }
}

static void import_all(checker *k)
{
    for (size_t i = 0; i < k->m->heads_count; i++)
        if (k->m->imports[i]) import_one(k, &k->m->heads[i], k->m->imports[i]);
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(k->c->constants); i++)
        if (riv_map_at(k->c->constants, i, &key, &value)) riv_map_put(k->m->inside.values, key, value);
}

static void declare(checker *k)
{
    module *m = k->m;
    if (m->heads_count == 0 || !m->heads[0].declares) return;
    const head *h = &m->heads[0];
    if (h->declares_all) copy_names(&m->declared, &m->own);
    for (size_t i = 0; i < h->names_count; i++)
        if (!copy_one(k->c, &m->declared, h->names[i].name, &m->inside, h->names[i].name))
            header_error(k, h->names[i].at,
                         riv_cstr(k->c->arena,
                                  riv_format(k->c->arena,
                                             "`" RIV_FMT
                                             "` is expected to be declared, but declaration is not found in the file",
                                             RIV_ARG(h->names[i].name))));
}

/* ---- exports ---- */

static bool takes_or_gives(const type *const *items, size_t count, bool arrows)
{
    for (size_t i = 0; i < count; i++) {
        type_kind kind = items[i] ? items[i]->kind : TY_TOP;
        if (kind == TY_ABILITY || kind == TY_SERVICE || kind == TY_MAP || (arrows && kind == TY_ARROW)) return true;
    }
    return false;
}

/* Callbacks of an exported function are served at home: what they take and give travels. */
static bool has_odd_callback(const type *t)
{
    for (size_t i = 0; i < t->fields_count; i++)
        if (t->fields[i].type->kind == TY_ARROW &&
            (!aqua__carries_data(t->fields[i].type) || t->fields[i].type->results_count > 1))
            return true;
    return false;
}

static void check_export(checker *k, const name_as *n)
{
    riv_str      last;
    const names *in  = find_table(&k->m->inside, n->name, &last);
    riv_str      as  = n->as.len ? n->as : n->name;
    riv_buf      buf = riv_buf_in(k->c->arena);
    symbol      *s   = in ? riv_map_get_str(in->values, last) : NULL;
    const type  *t   = in ? riv_map_get_str(in->types, last) : NULL;
    if (n->as.len == 0 && riv_str_find_char(n->name, '.', 0) != SIZE_MAX)
        riv_putf(&buf,
                 "Can not export '" RIV_FMT "' as it has path name, use 'export " RIV_FMT
                 " as' with simple name without dots",
                 RIV_ARG(n->name), RIV_ARG(n->name));
    else if (riv_str_find_char(as, '.', 0) != SIZE_MAX)
        riv_putf(&buf, "Can not export '" RIV_FMT "' by path name '" RIV_FMT "', use simple name without dots",
                 RIV_ARG(n->name), RIV_ARG(as));
    else if (!s && !t) {
        riv_putf(&buf, "No '" RIV_FMT "' declaration or import found, cannot export, available functions: ",
                 RIV_ARG(n->name));
        bool      first = true;
        riv_bytes key;
        void     *value;
        for (size_t i = 0; i < riv_map_slots(k->m->inside.values); i++) {
            if (!riv_map_at(k->m->inside.values, i, &key, &value) || ((symbol *)value)->kind != SYM_FUNC) continue;
            riv_putf(&buf, "%s" RIV_FMT, first ? "" : ", ", RIV_ARG(riv_bytes_str(key)));
            first = false;
        }
    } else if (!s && t->kind == TY_ABILITY) {
        riv_putf(&buf, "Can not export '" RIV_FMT "' as it is an ability", RIV_ARG(n->name));
    } else if (s && s->kind == SYM_FUNC && s->type) {
        const type **params = riv_new(k->c->arena, const type *, s->type->fields_count + 1);
        for (size_t i = 0; i < s->type->fields_count; i++) params[i] = s->type->fields[i].type;
        if (takes_or_gives(s->type->results, s->type->results_count, true))
            riv_putf(&buf,
                     "The function '" RIV_FMT
                     "' cannot be exported, because it returns an arrow, an ability or a stream map",
                     RIV_ARG(n->name));
        else if (has_odd_callback(s->type))
            riv_putf(&buf,
                     "The function '" RIV_FMT
                     "' cannot be exported, because a callback of it takes or gives more than data, or several values",
                     RIV_ARG(n->name));
        else if (takes_or_gives(params, s->type->fields_count, false))
            riv_putf(&buf,
                     "The function '" RIV_FMT "' cannot be exported, because it accepts an ability or a stream map",
                     RIV_ARG(n->name));
    }
    if (buf.len) header_error(k, n->at, riv_cstr(k->c->arena, riv_buf_str(&buf)));
}

static void check_exports(checker *k)
{
    for (size_t i = 0; i < k->m->heads_count; i++) {
        const head *h = &k->m->heads[i];
        if (h->kind != HEAD_EXPORT) continue;
        for (size_t n = 0; n < h->names_count && k->c->errors.len < AQUA_DIAGS_MAX; n++) check_export(k, &h->names[n]);
    }
}

/* ---- types ---- */

const type *aqua__lookup_type(checker *k, const names *in, riv_str dotted)
{
    riv_str last;
    in = find_table(in ? in : &k->m->inside, dotted, &last);
    return in ? riv_map_get_str(in->types, last) : NULL;
}

static const type *resolve_named(checker *k, const type_ast *t)
{
    const type *found = aqua__scalar_named(t->name);
    if (!found) found = aqua__lookup_type(k, NULL, t->name);
    if (found || k->c->errors.len >= AQUA_DIAGS_MAX) return found;
    RIV_VEC(riv_str) known = { 0 };
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < RIV_MIN(riv_map_slots(k->m->inside.types), (size_t)AQUA_NEAR_MAX); i++)
        if (riv_map_at(k->m->inside.types, i, &key, &value)) *riv_push(k->c->arena, &known) = riv_bytes_str(key);
    size_t  near = riv_nearest(t->name, known.ptr, known.len);
    riv_str hint = near == SIZE_MAX ? RIV_LIT("")
                                    : riv_format(k->c->arena, "did you mean `" RIV_FMT "`?", RIV_ARG(known.ptr[near]));
    aqua__error_hint(k->c, k->src, AQUA_SEMANTIC_ERROR, t->at, hint, "Type `" RIV_FMT "` is not defined",
                     RIV_ARG(t->name));
    return NULL;
}

static const type *resolve_arrow(checker *k, const type_ast *t)
{
    type  *out    = aqua__type_new(k->c, TY_ARROW);
    field *params = riv_new(k->c->arena, field, t->params_count + 1);
    bool   ok     = true;
    for (size_t i = 0; i < t->params_count; i++) {
        params[i] = (field){ t->params[i].name, aqua__resolve_type(k, t->params[i].type) };
        if (!params[i].type) ok = false;
        for (size_t j = 0; t->named && j < i; j++)
            if (riv_str_eq(params[j].name, params[i].name)) {
                aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, t->params[i].at,
                            "This name was already defined in the scope");
                ok = false;
                break;
            }
    }
    const type **results = riv_new(k->c->arena, const type *, t->results_count + 1);
    for (size_t i = 0; i < t->results_count; i++) {
        results[i] = aqua__resolve_type(k, t->results[i]);
        if (!results[i]) ok = false;
    }
    out->fields        = params;
    out->fields_count  = t->params_count;
    out->results       = results;
    out->results_count = t->results_count;
    out->named         = t->named;
    return ok ? out : NULL;
}

static const char *collection_name(type_ast_kind kind)
{
    return kind == TA_ARRAY ? "Array" : kind == TA_OPTION ? "Option" : kind == TA_MAP ? "StreamMap" : "Stream";
}

const type *aqua__resolve_type(checker *k, const type_ast *t)
{
    switch (t->kind) {
    case TA_TOP: return &aqua__top;
    case TA_BOTTOM: return &aqua__bottom;
    case TA_NAMED: return resolve_named(k, t);
    case TA_ARROW: return resolve_arrow(k, t);
    case TA_ARRAY:
    case TA_OPTION:
    case TA_STREAM:
    case TA_MAP: break;
    }
    const type *elem = aqua__resolve_type(k, t->elem);
    if (!elem) return NULL;
    if (!aqua__is_data(elem)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, t->elem->at, "%s could not contain values of type " RIV_FMT,
                    collection_name(t->kind), RIV_ARG(aqua__type_text(k->c, elem)));
        return NULL;
    }
    type_kind kind = t->kind == TA_ARRAY    ? TY_ARRAY
                     : t->kind == TA_OPTION ? TY_OPTION
                     : t->kind == TA_STREAM ? TY_STREAM
                                            : TY_MAP;
    return aqua__type_of_elem(k->c, kind, elem);
}

/* ---- names ---- */

bool aqua__visible(const checker *k, riv_str name)
{
    return riv_map_get_str(k->c->predefined, name) || riv_map_get_str(k->scope, name) ||
           riv_map_get_str(k->m->inside.values, name);
}

symbol *aqua__define(checker *k, riv_str name, span at, const type *t)
{
    symbol *s = riv_new(k->c->arena, symbol, 1);
    *s        = (symbol){
               .kind = SYM_VALUE, .name = name, .at = at, .type = t, .owner = k->arrow, .slot = k->arrow->slots_count++
    };
    if (aqua__visible(k, name)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, at,
                    t && t->kind == TY_ARROW ? "This arrow was already defined in the scope"
                                             : "This name was already defined in the scope");
        return s;
    }
    riv_map_put_str(k->scope, name, s);
    *riv_push(k->c->arena, &k->defined) = s;
    return s;
}

void aqua__mismatch(checker *k, span at, const type *wanted, const type *given)
{
    riv_str w = aqua__type_text(k->c, wanted), g = aqua__type_text(k->c, given);
    bool    records = (wanted->kind == TY_STRUCT && given->kind == TY_STRUCT) || wanted->kind == TY_ABILITY ||
                   wanted->kind == TY_SERVICE;
    for (size_t i = 0; records && i < wanted->fields_count; i++) {
        const type *has = aqua__field_type(given, wanted->fields[i].name);
        if (has) continue;
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, at,
                    "Number of fields doesn't match, expected: " RIV_FMT ", field `" RIV_FMT "` is missing in " RIV_FMT,
                    RIV_ARG(w), RIV_ARG(wanted->fields[i].name), RIV_ARG(g));
        return;
    }
    bool unwrap = aqua__is_collection(given) && given->kind == TY_OPTION && !aqua__is_collection(wanted);
    aqua__error_hint(k->c, k->src, AQUA_SEMANTIC_ERROR, at,
                     unwrap ? RIV_LIT("take the value out of the option with `!`") : RIV_LIT(""),
                     "Types mismatch.\nexpected:   " RIV_FMT "\ngiven:      " RIV_FMT, RIV_ARG(w), RIV_ARG(g));
}

bool aqua__expect(checker *k, const expr *e, const type *wanted)
{
    if (!e->type || !wanted) return false;
    if (aqua__accepts(k->c, wanted, e->type)) return true;
    aqua__mismatch(k, e->at, wanted, e->type);
    return false;
}

typedef struct near_name {
    riv_str name;
    size_t  distance;
} near_name;

static void keep_near(near_name *best, size_t *count, riv_str wanted, riv_str name)
{
    enum { NEAR_MAX = 5 };
    near_name n  = { name, riv_edit_distance(wanted, name) };
    size_t    at = *count;
    while (at > 0 && best[at - 1].distance > n.distance) at--;
    if (at == NEAR_MAX) return;
    if (*count < NEAR_MAX) ++*count;
    for (size_t i = *count - 1; i > at; i--) best[i] = best[i - 1];
    best[at] = n;
}

void aqua__not_found(checker *k, span at, riv_str name, bool call)
{
    if (k->c->errors.len >= AQUA_DIAGS_MAX) return;
    near_name      best[5];
    size_t         count  = 0;
    const riv_map *maps[] = { k->scope, k->m->inside.values, k->c->predefined };
    riv_bytes      key;
    void          *value;
    for (size_t m = 0; m < RIV_COUNT(maps); m++)
        for (size_t i = 0; i < RIV_MIN(riv_map_slots(maps[m]), (size_t)AQUA_NEAR_MAX); i++) {
            if (!riv_map_at(maps[m], i, &key, &value)) continue;
            const symbol *s        = value;
            bool          callable = s->kind == SYM_FUNC || (s->type && s->type->kind == TY_ARROW);
            if (callable == call) keep_near(best, &count, name, riv_bytes_str(key));
        }
    riv_buf list = riv_buf_in(k->c->arena);
    for (size_t i = 0; i < count; i++) riv_putf(&list, "%s'" RIV_FMT "'", i ? ", " : "", RIV_ARG(best[i].name));
    bool    close = count > 0 && best[0].distance <= 1 + name.len / 4;
    riv_str hint  = close ? riv_format(k->c->arena, "did you mean `" RIV_FMT "`?", RIV_ARG(best[0].name)) : RIV_LIT("");
    aqua__error_hint(k->c, k->src, AQUA_SEMANTIC_ERROR, at, hint, "Name '" RIV_FMT "' %s in scope.%s" RIV_FMT,
                     RIV_ARG(name), call ? "not found" : "isn't found", count ? " Did you mean any of this? " : "",
                     RIV_ARG(riv_buf_str(&list)));
}

/* ---- declarations ---- */

static int by_name(const void *a, const void *b)
{
    return riv_str_cmp(((const field *)a)->name, ((const field *)b)->name);
}

static bool define_type(checker *k, decl *d, const type *t)
{
    if (riv_map_get_str(k->m->own.types, d->name) || riv_map_get_str(k->m->inside.types, d->name)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, d->at,
                    d->kind == DECL_ALIAS ? "Type `" RIV_FMT "` was already defined"
                                          : "Name `" RIV_FMT "` was already defined here",
                    RIV_ARG(d->name));
        return false;
    }
    if (!t) return false;
    riv_map_put_str(k->m->own.types, d->name, (void *)(uintptr_t)t);
    riv_map_put_str(k->m->inside.types, d->name, (void *)(uintptr_t)t);
    return true;
}

static bool check_sig(checker *k, const decl *d, const sig_ast *sig, field *out)
{
    const type *t = aqua__resolve_type(k, sig->type);
    *out          = (field){ sig->name, t };
    if (!t) return false;
    if (d->kind == DECL_DATA && !aqua__is_data(t)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, sig->at,
                    "Field '" RIV_FMT "' has unacceptable for struct field type '" RIV_FMT "'", RIV_ARG(sig->name),
                    RIV_ARG(aqua__type_text(k->c, t)));
        return false;
    }
    if (d->kind != DECL_SERVICE) return true;
    if (!aqua__carries_data(t)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, sig->at,
                    "Service functions take and give data, not abilities or arrows");
        return false;
    }
    if (t->results_count > 1) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, sig->at, "Service functions cannot have multiple results");
        return false;
    }
    return true;
}

static const type *check_fields(checker *k, const decl *d, type_kind kind)
{
    type    *t      = aqua__type_new(k->c, kind);
    field   *fields = riv_new(k->c->arena, field, d->sigs_count + 1);
    riv_map *seen   = riv_map_new(k->c->arena);
    bool     ok     = true;
    for (size_t i = 0; i < d->sigs_count; i++) {
        const sig_ast *sig = &d->sigs[i];
        if (!check_sig(k, d, sig, &fields[i])) ok = false;
        if (riv_map_get_str(seen, sig->name)) {
            aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, sig->at,
                        "Cannot define %s `" RIV_FMT "`, it was already defined above",
                        sig->type->kind == TA_ARROW ? "arrow" : "field", RIV_ARG(sig->name));
            ok = false;
        }
        riv_map_put_str(seen, sig->name, t);
    }
    qsort(fields, d->sigs_count, sizeof *fields, by_name);
    t->name         = d->name;
    t->fields       = fields;
    t->fields_count = d->sigs_count;
    t->decl         = d;
    return ok ? t : NULL;
}

static void check_service(checker *k, decl *d)
{
    d->def = check_fields(k, d, TY_SERVICE);
    if (d->value) {
        const type *id    = aqua__check_value(k, d->value);
        bool        known = d->value->kind == EX_LITERAL || (d->value->symbol && d->value->symbol->kind == SYM_CONST);
        if (id && !aqua__expect(k, d->value, &aqua__string))
            d->bad = true;
        else if (id && !known)
            aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, d->value->at,
                        "the id of a service must be a string literal or a constant");
    }
    if (!define_type(k, d, d->def)) return;
    riv_map_put_str(k->m->own.services, d->name, d);
    riv_map_put_str(k->m->inside.services, d->name, d);
}

static void check_const(checker *k, decl *d)
{
    const type *t      = aqua__check_value(k, d->value);
    symbol     *before = riv_map_get_str(k->m->inside.values, d->name);
    if (!before) before = riv_map_get_str(k->c->predefined, d->name);
    if (!t) return;
    if (d->value->kind == EX_NAME && (!d->value->symbol || d->value->symbol->kind != SYM_CONST)) {
        aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, d->value->at,
                    "a constant must be a literal or another constant");
        return;
    }
    if (before && before->kind == SYM_CONST && before->type) {
        if (d->weak && !aqua__accepts(k->c, t, before->type) && !aqua__accepts(k->c, before->type, t))
            aqua__mismatch(k, d->value->at, before->type, t);
        if (!d->weak)
            aqua__warning(k->c, k->src, d->at,
                          "constant " RIV_FMT " is defined already; this second definition has no effect",
                          RIV_ARG(d->name));
        riv_map_put_str(k->m->own.values, d->name, before);
        return;
    }
    symbol *s   = riv_new(k->c->arena, symbol, 1);
    bool    lit = d->value->kind == EX_LITERAL;
    *s          = (symbol){ .kind    = SYM_CONST,
                            .name    = d->name,
                            .at      = d->at,
                            .type    = t,
                            .text    = lit ? d->value->text : d->value->symbol->text,
                            .literal = lit ? d->value->literal : d->value->symbol->literal };
    riv_map_put_str(k->m->own.values, d->name, s);
    riv_map_put_str(k->m->inside.values, d->name, s);
}

static void check_func(checker *k, decl *d)
{
    bool taken = riv_map_get_str(k->m->own.values, d->name) || riv_map_get_str(k->c->predefined, d->name);
    if (taken) aqua__error(k->c, k->src, AQUA_SEMANTIC_ERROR, d->at, "This arrow was already defined in the scope");
    d->arrow       = riv_new(k->c->arena, arrow, 1);
    d->arrow->name = d->name;
    d->arrow->type = aqua__resolve_type(k, d->type);
    aqua__check_arrow(k, d->arrow, d->type, &d->body);
    d->def    = d->arrow->type;
    symbol *s = riv_new(k->c->arena, symbol, 1);
    *s        = (symbol){ .kind = SYM_FUNC, .name = d->name, .at = d->at, .type = d->def, .decl = d };
    d->symbol = s;
    if (taken) return;
    riv_map_put_str(k->m->own.values, d->name, s);
    riv_map_put_str(k->m->inside.values, d->name, s);
}

static void check_decl(checker *k, decl *d)
{
    d->module = k->m;
    switch (d->kind) {
    case DECL_FUNC: check_func(k, d); break;
    case DECL_SERVICE: check_service(k, d); break;
    case DECL_DATA:
        d->def = check_fields(k, d, TY_STRUCT);
        define_type(k, d, d->def);
        break;
    case DECL_ABILITY:
        d->def = check_fields(k, d, TY_ABILITY);
        define_type(k, d, d->def);
        break;
    case DECL_ALIAS:
        d->def = aqua__resolve_type(k, d->type);
        define_type(k, d, d->def);
        break;
    case DECL_CONST: check_const(k, d); break;
    }
}
