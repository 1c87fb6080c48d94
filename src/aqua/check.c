/* check.c: a module's header and top-level declarations: what is visible where, and what each name means.
 * Spec: docs/spec/aqua.md §3.2, §4, §8. Tests: check_test.c. */
#include "aqua/check.h"

#include <stdlib.h>

static void new_names(compiler *c, names *n);
static void poison(const checker *k, riv_str name);
static void check_header(checker *k);
static void import_all(checker *k);
static void check_decl(checker *k, decl *d);
static void declare(checker *k);
static void check_exports(checker *k);
static void unused_imports(checker *k);

void aqua__check(compiler *c, module *m)
{
    checker k = { .c     = c,
                  .m     = m,
                  .src   = &m->src,
                  .scope = riv_map_new(c->arena),
                  .ids   = riv_map_new(c->arena),
                  .named = riv_map_new(c->arena) };
    if (!m->poisoned) m->poisoned = riv_map_new(c->arena), m->withheld = riv_map_new(c->arena);
    new_names(c, &m->inside);
    new_names(c, &m->own);
    new_names(c, &m->declared);
    size_t errors = c->errors.len;
    check_header(&k);
    import_all(&k);
    for (size_t i = 0; i < m->decls_count && !riv_arena_over(c->arena); i++) check_decl(&k, &m->decls[i]);
    declare(&k);
    check_exports(&k);
    if (c->errors.len == errors && !m->failed) unused_imports(&k);
}

static void new_names(compiler *c, names *n)
{
    n->types    = riv_map_new(c->arena);
    n->values   = riv_map_new(c->arena);
    n->services = riv_map_new(c->arena);
    n->modules  = riv_map_new(c->arena);
    if (c->index) n->origins = riv_map_new(c->arena);
}

/* ---- header ---- */

static void check_header(checker *k)
{
    module *m = k->m;
    if (m->heads_count == 0 || m->heads[0].kind != HEAD_MODULE) {
        if (m->heads_count == 0 && m->failed) return; /* it may be the faulty line */
        if (riv_str_find(m->src.path, RIV_LIT("/node_modules/"), 0) != SIZE_MAX) {
            m->headless = true;
            aqua__report(k->c, k->src, D_HEADERLESS, (span){ 0, 0 }, "Missing module header at the top of the file");
            return;
        }
        aqua_diag *d =
            aqua__report(k->c, k->src, D_NO_MODULE, (span){ 0, 0 }, "Missing module header at the top of the file");
        aqua__hint(k->c, d, "begin the file with a line such as `aqua Name declares *`");
        aqua__fix(k->c, d, "add a header", (span){ 0, 0 }, RIV_LIT("aqua Main declares *\n\n"));
        return;
    }
    m->name = m->heads[0].name;
    for (size_t i = 0; i < m->heads_count; i++) {
        const head *h = &m->heads[i];
        if (h->kind != HEAD_MODULE) continue;
        if (i > 0) {
            aqua_diag *d =
                aqua__report(k->c, k->src, D_SECOND_MODULE, h->at, "Module header is expected to be at the top");
            aqua__note(k->c, d, k->src, m->heads[0].at, "the file's header is here");
        }
        if (!h->deprecated_word) continue;
        aqua_diag *d =
            aqua__report(k->c, k->src, D_OLD_MODULE, h->at, "Keyword `module` is deprecated, use `aqua` instead");
        aqua__fix(k->c, d, "write `aqua`", h->at, RIV_LIT("aqua"));
    }
}

static void copy_map(riv_map *to, const riv_map *from)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; from && i < riv_map_slots(from); i++)
        if (riv_map_at(from, i, &key, &value)) riv_map_put(to, key, value);
}

static void copy_names(names *to, const names *from)
{
    copy_map(to->types, from->types);
    copy_map(to->values, from->values);
    copy_map(to->services, from->services);
    copy_map(to->modules, from->modules);
    if (to->origins) copy_map(to->origins, from->origins);
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
    const riv_map *sources[] = { from->types, from->values, from->services, from->modules, from->origins };
    riv_map       *targets[] = { to->types, to->values, to->services, to->modules, to->origins };
    for (size_t i = 0; i < RIV_COUNT(sources); i++) {
        if (!sources[i] || !targets[i]) continue;
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

/* The whole of `from` comes in: what has the name of something else takes its place. */
static void tell_clashes(checker *k, const head *h, const names *to, const names *from)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(from->values); i++) {
        if (!riv_map_at(from->values, i, &key, &value)) continue;
        const symbol *before = riv_map_get(to->values, key);
        if (!before || before == value || riv_str_eq(before->path, ((const symbol *)value)->path)) continue;
        aqua__report(k->c, k->src, D_IMPORT_CLASH, h->path_at,
                     "this import brings another `" RIV_FMT "`, which takes the place of the one imported above",
                     RIV_ARG(riv_bytes_str(key)));
    }
}

static void tell_clash(checker *k, const name_as *n, const names *to, const names *from)
{
    riv_str       last;
    const names  *in     = find_table(from, n->name, &last);
    const symbol *before = riv_map_get_str(to->values, n->as.len ? n->as : n->name);
    const symbol *now    = in ? riv_map_get_str(in->values, last) : NULL;
    if (!before || !now || before == now ||
        (riv_str_eq(before->path, now->path) && riv_str_eq(before->name, now->name)))
        return;
    aqua__report(k->c, k->src, D_IMPORT_CLASH, n->as.len ? n->as_at : n->at,
                 "this `" RIV_FMT "` takes the place of the one imported above", RIV_ARG(n->as.len ? n->as : n->name));
}

static void import_one(checker *k, const head *h, const module *from)
{
    names *to = &k->m->inside;
    if (from->withheld) copy_map(k->m->poisoned, from->withheld);
    if (!from->headless && (from->heads_count == 0 || from->heads[0].kind != HEAD_MODULE)) {
        k->m->unresolved = true;
        return;
    }
    if (h->kind == HEAD_USE) to = module_at(k->c, to, h->name.len ? h->name : from->name);
    if (!h->has_names) {
        tell_clashes(k, h, to, &from->declared);
        copy_names(to, &from->declared);
        return;
    }
    for (size_t i = 0; i < h->names_count; i++) {
        const name_as *n = &h->names[i];
        tell_clash(k, n, to, &from->declared);
        if (copy_one(k->c, to, n->as.len ? n->as : n->name, &from->declared, n->name)) {
            aqua__use_in(k, &from->declared, n->at, n->name);
            if (n->as.len) aqua__use_in(k, to, n->as_at, n->as);
            continue;
        }
        poison(k, n->as.len ? n->as : n->name);
        if (from->withheld && riv_map_get_str(from->withheld, n->name)) continue;
        riv_str    all = all_names(k->c, h);
        aqua_diag *d   = aqua__report(k->c, k->src, D_IMPORT_UNKNOWN, n->at,
                                      "Imported file `declares ...`, no " RIV_FMT
                                      " declared. Try adding `declares " RIV_FMT "` to that file.",
                                      RIV_ARG(n->name), RIV_ARG(all));
        aqua__suggest(k, d, n->at, n->name, from->declared.values);
        aqua__suggest(k, d, n->at, n->name, from->declared.types);
    }
}

/* The file is not there: what it was to bring is not missed below. */
static void import_none(checker *k, const head *h)
{
    if (h->name.len) poison(k, h->name);
    for (size_t i = 0; i < h->names_count; i++) poison(k, h->names[i].as.len ? h->names[i].as : h->names[i].name);
    if (!h->has_names && h->name.len == 0) k->m->unresolved = true;
}

static void import_all(checker *k)
{
    for (size_t i = 0; i < k->m->heads_count; i++) {
        const head *h = &k->m->heads[i];
        if (k->m->imports[i])
            import_one(k, h, k->m->imports[i]);
        else if (h->kind == HEAD_USE || h->kind == HEAD_IMPORT)
            import_none(k, h);
    }
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(k->c->constants); i++)
        if (riv_map_at(k->c->constants, i, &key, &value)) riv_map_put(k->m->inside.values, key, value);
}

static void declare(checker *k)
{
    module *m = k->m;
    if (m->headless) copy_names(&m->declared, &m->own);
    if (m->headless || m->heads_count == 0 || !m->heads[0].declares) return;
    const head *h = &m->heads[0];
    if (h->declares_all) copy_names(&m->declared, &m->own);
    for (size_t i = 0; i < h->names_count; i++) {
        const name_as *n = &h->names[i];
        aqua__mark_named(k, n->name);
        aqua__use_in(k, &k->m->inside, n->at, n->name);
        if (copy_one(k->c, &m->declared, n->name, &m->inside, n->name)) continue;
        if (aqua__is_poisoned(k, n->name)) {
            poison(k, n->name);
            continue;
        }
        aqua_diag *d = aqua__report(
            k->c, k->src, D_DECLARE_UNKNOWN, n->at,
            "`" RIV_FMT "` is expected to be declared, but declaration is not found in the file", RIV_ARG(n->name));
        aqua__suggest(k, d, n->at, n->name, m->own.values);
        aqua__suggest(k, d, n->at, n->name, m->own.types);
        poison(k, n->name); /* importers have heard enough of it */
    }
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
    const names *in   = find_table(&k->m->inside, n->name, &last);
    riv_str      as   = n->as.len ? n->as : n->name;
    riv_buf      buf  = riv_buf_in(k->c->arena);
    symbol      *s    = in ? riv_map_get_str(in->values, last) : NULL;
    const type  *t    = in ? riv_map_get_str(in->types, last) : NULL;
    diag_code    code = D_EXPORT_KIND;
    aqua__mark_named(k, n->name);
    aqua__use_in(k, &k->m->inside, n->at, n->name);
    if (!s && !t && aqua__is_poisoned(k, n->name)) return;
    if (n->as.len == 0 && riv_str_find_char(n->name, '.', 0) != SIZE_MAX)
        code = D_EXPORT_PATH, riv_putf(&buf,
                                       "Can not export '" RIV_FMT "' as it has path name, use 'export " RIV_FMT
                                       " as' with simple name without dots",
                                       RIV_ARG(n->name), RIV_ARG(n->name));
    else if (riv_str_find_char(as, '.', 0) != SIZE_MAX)
        code = D_EXPORT_PATH,
        riv_putf(&buf, "Can not export '" RIV_FMT "' by path name '" RIV_FMT "', use simple name without dots",
                 RIV_ARG(n->name), RIV_ARG(as));
    else if (!s && !t) {
        code = D_EXPORT_UNKNOWN;
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
    if (buf.len == 0) return;
    aqua_diag *d = aqua__report(k->c, k->src, code, n->at, RIV_FMT, RIV_ARG(riv_buf_str(&buf)));
    if (code == D_EXPORT_UNKNOWN) aqua__suggest(k, d, n->at, n->name, k->m->inside.values);
    if (code == D_EXPORT_PATH && n->as.len == 0 && in && (s || t))
        aqua__fix(k->c, d, "give it a simple name", (span){ n->at.pos + n->at.len, 0 },
                  riv_format(k->c->arena, " as " RIV_FMT, RIV_ARG(last)));
    if (code == D_EXPORT_KIND && s) aqua__note_origin(k, d, s, "it is defined here");
}

static void check_exports(checker *k)
{
    for (size_t i = 0; i < k->m->heads_count; i++) {
        const head *h = &k->m->heads[i];
        if (h->kind != HEAD_EXPORT) continue;
        for (size_t n = 0; n < h->names_count && k->c->errors.len < AQUA_DIAGS_MAX; n++) check_export(k, &h->names[n]);
    }
}

/* ---- imports that nobody uses ---- */

/* An export of an imported file comes along with it. */
static bool has_exports(const module *m, uint32_t depth)
{
    for (size_t i = 0; i < m->heads_count && depth < AQUA_DEPTH_MAX; i++) {
        if (m->heads[i].kind == HEAD_EXPORT) return true;
        if (m->heads[i].kind == HEAD_IMPORT && m->imports && m->imports[i] && has_exports(m->imports[i], depth + 1))
            return true;
    }
    return false;
}

static bool names_any(const checker *k, const riv_map *declared)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(declared); i++)
        if (riv_map_at(declared, i, &key, &value) && riv_map_has(k->named, key)) return true;
    return false;
}

static bool is_named(const checker *k, riv_str dotted)
{
    size_t dot = riv_str_find_char(dotted, '.', 0);
    return riv_map_has(k->named, riv_str_bytes(riv_str_sub(dotted, 0, dot == SIZE_MAX ? dotted.len : dot)));
}

static void unused_head(checker *k, const head *h, const module *from)
{
    const names *d = &from->declared;
    bool         used;
    if (h->kind == HEAD_USE)
        used = is_named(k, h->name.len ? h->name : from->name);
    else
        used = names_any(k, d->values) || names_any(k, d->types) || names_any(k, d->modules) || has_exports(from, 0);
    if (used) return;
    size_t     end   = riv_str_find_char(k->src->text, '\n', h->path_at.pos);
    span       entry = { h->at.pos, (uint32_t)((end == SIZE_MAX ? k->src->text.len : end + 1) - h->at.pos) };
    aqua_diag *diag  = aqua__report(k->c, k->src, D_UNUSED_IMPORT, h->path_at, "nothing of this import is used");
    aqua__fix(k->c, diag, "leave the line out", entry, RIV_LIT(""));
}

static void unused_names(checker *k, const head *h, const module *from)
{
    bool carries = has_exports(from, 0); /* the names may be of its exports */
    for (size_t i = 0; i < h->names_count; i++) {
        const name_as *n = &h->names[i];
        if (is_named(k, n->as.len ? n->as : n->name) || carries) continue;
        aqua_diag *d     = aqua__report(k->c, k->src, D_UNUSED_IMPORT, n->at, "`" RIV_FMT "` is imported and not used",
                                        RIV_ARG(n->as.len ? n->as : n->name));
        span       whole = n->as.len ? aqua__span_join(n->at, n->as_at) : n->at;
        if (i > 0) { /* with the comma before it */
            const name_as *b     = &h->names[i - 1];
            uint32_t       begin = b->as.len ? b->as_at.pos + b->as_at.len : b->at.pos + b->at.len;
            aqua__fix(k->c, d, "leave it out", (span){ begin, whole.pos + whole.len - begin }, RIV_LIT(""));
        } else if (h->names_count > 1) {
            aqua__fix(k->c, d, "leave it out", (span){ whole.pos, h->names[1].at.pos - whole.pos }, RIV_LIT(""));
        } else {
            size_t end   = riv_str_find_char(k->src->text, '\n', h->path_at.pos + h->path_at.len);
            span   entry = { h->at.pos, (uint32_t)((end == SIZE_MAX ? k->src->text.len : end + 1) - h->at.pos) };
            aqua__fix(k->c, d, "leave the line out", entry, RIV_LIT(""));
        }
    }
}

static void unused_imports(checker *k)
{
    for (size_t i = 0; i < k->m->heads_count; i++) {
        const head *h = &k->m->heads[i];
        if (!k->m->imports[i] || (k->m->imports[i]->withheld && riv_map_count(k->m->imports[i]->withheld))) continue;
        if (h->has_names && h->kind == HEAD_IMPORT)
            unused_names(k, h, k->m->imports[i]);
        else
            unused_head(k, h, k->m->imports[i]);
    }
}

/* ---- what was told before ---- */

static void poison(const checker *k, riv_str name) { aqua__withhold(k->m, name); }

bool aqua__is_poisoned(const checker *k, riv_str name)
{
    if (k->m->unresolved) return true;
    while (name.len) {
        size_t  dot  = riv_str_find_char(name, '.', 0);
        riv_str part = riv_str_sub(name, 0, dot == SIZE_MAX ? name.len : dot);
        if (riv_map_get_str(k->m->poisoned, part)) return true;
        name = dot == SIZE_MAX ? RIV_LIT("") : riv_str_sub(name, dot + 1, name.len);
    }
    return false;
}

void aqua__mark_named(checker *k, riv_str name)
{
    size_t dot = riv_str_find_char(name, '.', 0);
    riv_map_put_view(k->named, riv_str_sub(name, 0, dot == SIZE_MAX ? name.len : dot), k);
}

void aqua__suggest(checker *k, aqua_diag *d, span at, riv_str name, const riv_map *among)
{
    RIV_VEC(riv_str) known = { 0 };
    riv_bytes key;
    void     *value;
    if (d == &k->c->spare || d->hint.len || !among) return;
    for (size_t i = 0; i < RIV_MIN(riv_map_slots(among), (size_t)AQUA_NEAR_MAX); i++)
        if (riv_map_at(among, i, &key, &value)) *riv_push(k->c->arena, &known) = riv_bytes_str(key);
    size_t near = riv_nearest(name, known.ptr, known.len);
    if (near == SIZE_MAX) return;
    aqua__hint(k->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(known.ptr[near]));
    aqua__fix(k->c, d, "write the name that is there", at, riv_str_dup(k->c->arena, known.ptr[near]));
}

void aqua__note_origin(checker *k, aqua_diag *d, const symbol *s, const char *text)
{
    const source *src = NULL;
    if (s->owner || (s->path.len && riv_str_eq(s->path, k->src->path)))
        src = k->src;
    else if (s->decl && s->decl->module)
        src = &s->decl->module->src;
    if (src && s->at.len) aqua__note(k->c, d, src, s->at, "%s", text);
}

/* ---- types ---- */

const type *aqua__lookup_type(checker *k, const names *in, riv_str dotted)
{
    riv_str last;
    if (!in) aqua__mark_named(k, dotted);
    in = find_table(in ? in : &k->m->inside, dotted, &last);
    return in ? riv_map_get_str(in->types, last) : NULL;
}

void aqua__unknown_type(checker *k, span at, riv_str name)
{
    if (aqua__is_poisoned(k, name)) return;
    aqua_diag *d = aqua__report(k->c, k->src, D_UNKNOWN_TYPE, at, "Type `" RIV_FMT "` is not defined", RIV_ARG(name));
    aqua__suggest(k, d, at, name, k->m->inside.types);
}

static const type *resolve_named(checker *k, const type_ast *t)
{
    const type *found = aqua__scalar_named(t->name);
    if (!found) found = aqua__lookup_type(k, NULL, t->name);
    if (found)
        aqua__use_type(k, NULL, t->at, t->name);
    else
        aqua__unknown_type(k, t->at, t->name);
    return found;
}

static const type *resolve_arrow(checker *k, const type_ast *t, const type **shape)
{
    type  *out    = aqua__type_new(k->c, TY_ARROW);
    field *params = riv_new(k->c->arena, field, t->params_count + 1);
    bool   ok     = true;
    for (size_t i = 0; i < t->params_count; i++) {
        params[i] = (field){ t->params[i].name, aqua__resolve_type(k, t->params[i].type) };
        if (!params[i].type) ok = false;
        for (size_t j = 0; t->named && j < i; j++)
            if (riv_str_eq(params[j].name, params[i].name)) {
                aqua_diag *d = aqua__report(k->c, k->src, D_NAME_TAKEN, t->params[i].at,
                                            "This name was already defined in the scope");
                aqua__note(k->c, d, k->src, t->params[j].at, "it is defined here first");
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
    out->depth         = aqua__type_depth(out);
    *shape             = out;
    return ok ? out : NULL;
}

void aqua__resolve_signature(checker *k, const type_ast *t, arrow *out)
{
    out->type = resolve_arrow(k, t, &out->shape);
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
    case TA_ARROW: {
        const type *shape;
        return resolve_arrow(k, t, &shape);
    }
    case TA_BAD: return NULL;
    case TA_ARRAY:
    case TA_OPTION:
    case TA_STREAM:
    case TA_MAP: break;
    }
    const type *elem = aqua__resolve_type(k, t->elem);
    if (!elem) return NULL;
    if (!aqua__is_data(elem)) {
        aqua__report(k->c, k->src, D_NOT_DATA, t->elem->at, "%s could not contain values of type " RIV_FMT,
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

static void note_first(checker *k, aqua_diag *d, riv_str name);
static void unquote(checker *k, aqua_diag *d, const expr *e);

bool aqua__visible(const checker *k, riv_str name)
{
    return riv_map_get_str(k->c->predefined, name) || riv_map_get_str(k->scope, name) ||
           riv_map_get_str(k->m->inside.values, name);
}

static void note_first(checker *k, aqua_diag *d, riv_str name)
{
    const symbol *s = riv_map_get_str(k->scope, name);
    if (!s) s = riv_map_get_str(k->m->inside.values, name);
    if (riv_map_get_str(k->c->predefined, name))
        aqua__note(k->c, d, NULL, (span){ 0 }, "`" RIV_FMT "` is a predefined name", RIV_ARG(name));
    else if (s)
        aqua__note_origin(k, d, s, "it is defined here first");
}

symbol *aqua__define(checker *k, riv_str name, span at, const type *t)
{
    symbol *s = riv_new(k->c->arena, symbol, 1);
    *s        = (symbol){
               .kind = SYM_VALUE, .name = name, .at = at, .type = t, .owner = k->arrow, .slot = k->arrow->slots_count++
    };
    if (aqua__visible(k, name)) {
        bool       is_arrow = t && t->kind == TY_ARROW;
        aqua_diag *d        = aqua__report(k->c, k->src, is_arrow ? D_ARROW_TAKEN : D_NAME_TAKEN, at, "%s",
                                    is_arrow ? "This arrow was already defined in the scope"
                                                    : "This name was already defined in the scope");
        note_first(k, d, name);
        return s;
    }
    riv_map_put_str(k->scope, name, s);
    *riv_push(k->c->arena, &k->defined) = s;
    aqua__use_define(k, s);
    return s;
}

riv_str aqua__type_source(checker *k, const type *t)
{
    if (!t || !aqua__is_data(t) || t->kind == TY_CANON) return RIV_LIT("");
    if (t->kind == TY_LITERAL)
        return t->scalars == SC_BOOL     ? RIV_LIT("bool")
               : t->scalars == SC_STRING ? RIV_LIT("string")
               : t->scalars == SC_FLOAT  ? RIV_LIT("f64")
                                         : RIV_LIT("i64");
    if (t->kind == TY_STRUCT && (!t->decl || riv_map_get_str(k->m->inside.types, t->name) != t)) return RIV_LIT("");
    if (!t->elem) return t->kind == TY_TOP || t->kind == TY_BOTTOM ? RIV_LIT("") : aqua__type_text(k->c, t);
    riv_str elem = aqua__type_source(k, t->elem);
    return elem.len ? riv_format(k->c->arena, "%s" RIV_FMT, t->kind == TY_OPTION ? "?" : "[]", RIV_ARG(elem)) : elem;
}

aqua_diag *aqua__mismatch(checker *k, const expr *e, const type *wanted)
{
    const type *given = e->type;
    riv_str     w = aqua__type_text(k->c, wanted), g = aqua__type_text(k->c, given);
    bool        records = (wanted->kind == TY_STRUCT && given->kind == TY_STRUCT) || wanted->kind == TY_ABILITY ||
                   wanted->kind == TY_SERVICE;
    for (size_t i = 0; records && i < wanted->fields_count; i++) {
        const type *has = aqua__field_type(given, wanted->fields[i].name);
        if (has) continue;
        return k->last = aqua__report(k->c, k->src, D_FIELDS_MISSING, e->at,
                                      "Number of fields doesn't match, expected: " RIV_FMT ", field `" RIV_FMT
                                      "` is missing in " RIV_FMT,
                                      RIV_ARG(w), RIV_ARG(wanted->fields[i].name), RIV_ARG(g));
    }
    aqua_diag *d =
        aqua__report(k->c, k->src, D_MISMATCH, e->at, "Types mismatch.\nexpected:   " RIV_FMT "\ngiven:      " RIV_FMT,
                     RIV_ARG(w), RIV_ARG(g));
    if (aqua__is_collection(given) && given->kind == TY_OPTION && !aqua__is_collection(wanted)) {
        aqua__hint(k->c, d, "take the value out of the option with `!`");
        if (aqua__accepts(k->c, wanted, given->elem) && e->kind != EX_BINARY && e->kind != EX_NOT)
            aqua__fix(k->c, d, "take the value out of the option", (span){ e->whole.pos + e->whole.len, 0 },
                      RIV_LIT("!"));
    }
    if (wanted->id == aqua__string.id && e->kind == EX_LITERAL && e->literal != LIT_STRING)
        aqua__fix(k->c, d, "make it a string", e->at, riv_format(k->c->arena, "\"" RIV_FMT "\"", RIV_ARG(e->text)));
    if (e->kind == EX_LITERAL && e->literal == LIT_STRING && aqua__is_integer(wanted)) unquote(k, d, e);
    return k->last = d;
}

/* "12" where a number is wanted. */
static void unquote(checker *k, aqua_diag *d, const expr *e)
{
    uint64_t number;
    riv_str  inside = riv_str_sub(e->text, 1, e->text.len - 1);
    if (!riv_str_u64(inside, &number) || (inside.len > 1 && inside.ptr[0] == '0')) return;
    aqua__fix(k->c, d, "make it a number", e->at, inside);
}

bool aqua__expect(checker *k, const expr *e, const type *wanted)
{
    k->last = NULL;
    if (!e->type || !wanted) return false;
    if (aqua__accepts(k->c, wanted, e->type)) {
        aqua__check_range(k, e, wanted);
        return true;
    }
    aqua__mismatch(k, e, wanted);
    return false;
}

static const struct {
    unsigned scalar;
    uint64_t max, below; /* the greatest, and how far below 0 it goes */
} ranges[] = {
    { SC_U8, UINT8_MAX, 0 },  { SC_U16, UINT16_MAX, 0 },    { SC_U32, UINT32_MAX, 0 },
    { SC_I8, INT8_MAX, 128 }, { SC_I16, INT16_MAX, 32768 }, { SC_I32, INT32_MAX, UINT64_C(2147483648) },
};

static void check_number(checker *k, span at, riv_str text, const type *wanted)
{
    bool     minus = text.len && text.ptr[0] == '-';
    uint64_t digits;
    if (!riv_str_u64(riv_str_sub(text, minus ? 1 : 0, text.len), &digits)) return;
    for (size_t i = 0; i < RIV_COUNT(ranges); i++) {
        if (ranges[i].scalar != wanted->scalars || digits <= (minus ? ranges[i].below : ranges[i].max)) continue;
        riv_str    name = aqua__type_text(k->c, wanted);
        aqua_diag *d    = aqua__report(k->c, k->src, D_LITERAL_RANGE, at, RIV_FMT " does not fit into " RIV_FMT,
                                       RIV_ARG(text), RIV_ARG(name));
        aqua__hint(k->c, d, RIV_FMT " holds %s%llu to %llu", RIV_ARG(name), ranges[i].below ? "-" : "",
                   (unsigned long long)ranges[i].below, (unsigned long long)ranges[i].max);
    }
}

void aqua__check_range(checker *k, const expr *e, const type *wanted)
{
    bool collects = e->kind == EX_ARRAY || e->kind == EX_OPTION || e->kind == EX_STREAM;
    if (collects && wanted->elem) {
        for (size_t i = 0; i < e->args_count; i++) aqua__check_range(k, e->args[i], wanted->elem);
        return;
    }
    if (wanted->kind != TY_SCALAR || !(wanted->scalars & SC_INTEGER)) return;
    if (e->kind == EX_LITERAL && (e->literal == LIT_UNSIGNED || e->literal == LIT_SIGNED))
        check_number(k, e->at, e->text, wanted);
    const symbol *s = e->kind == EX_NAME ? e->symbol : NULL;
    if (s && s->kind == SYM_CONST && (s->literal == LIT_UNSIGNED || s->literal == LIT_SIGNED))
        check_number(k, e->at, s->text, wanted);
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
    if (k->c->errors.len >= AQUA_DIAGS_MAX || aqua__is_poisoned(k, name)) return;
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
    bool       close = count > 0 && best[0].distance <= 1 + name.len / 4;
    aqua_diag *d =
        aqua__report(k->c, k->src, call ? D_UNKNOWN_FUNCTION : D_UNKNOWN_NAME, at,
                     "Name '" RIV_FMT "' %s in scope.%s" RIV_FMT, RIV_ARG(name), call ? "not found" : "isn't found",
                     count ? " Did you mean any of this? " : "", RIV_ARG(riv_buf_str(&list)));
    if (!close) return;
    aqua__hint(k->c, d, "did you mean `" RIV_FMT "`?", RIV_ARG(best[0].name));
    aqua__fix(k->c, d, "write the name that is there", at, riv_str_dup(k->c->arena, best[0].name));
}

/* ---- declarations ---- */

static int by_name(const void *a, const void *b)
{
    return riv_str_cmp(((const field *)a)->name, ((const field *)b)->name);
}

static void note_type_origin(checker *k, const decl *d)
{
    if (!k->c->index) return;
    origin *o = riv_new(k->c->arena, origin, 1);
    *o        = (origin){ k->src->path, d->name };
    riv_map_put_str(k->m->own.origins, d->name, o);
    riv_map_put_str(k->m->inside.origins, d->name, o);
}

/* Older libraries say again what they import. */
static bool again(checker *k, const decl *d, const type *t)
{
    const type *imported = riv_map_get_str(k->m->inside.types, d->name);
    bool        own      = riv_map_get_str(k->m->own.types, d->name) != NULL;
    if (own || !t || !imported || d->kind == DECL_SERVICE) return false;
    if (imported->kind != t->kind || aqua__type_compare(k->c, imported, t) != CMP_EQUAL) return false;
    aqua_diag *diag = aqua__report(k->c, k->src, D_TYPE_AGAIN, d->at,
                                   "`" RIV_FMT "` is imported already, as the same type", RIV_ARG(d->name));
    size_t     end  = d->whole.pos + d->whole.len;
    if (riv_str_starts(riv_str_sub(k->src->text, end, SIZE_MAX), RIV_LIT("\n"))) end++;
    aqua__fix(k->c, diag, "leave it out", (span){ d->whole.pos, (uint32_t)end - d->whole.pos }, RIV_LIT(""));
    return true;
}

/* SPEC aqua.md 3.2: functions, services, abilities **[≥0.14.7]** */
static bool replaces_import(checker *k, const decl *d, const type *t)
{
    const type *imported = riv_map_get_str(k->m->inside.types, d->name);
    return t && imported->kind == t->kind && (d->kind == DECL_SERVICE || d->kind == DECL_ABILITY);
}

/* What walks types does so by recursion: none that has a name goes deeper than this. */
static const type *bounded(checker *k, const decl *d, const type *t)
{
    if (!t || t->depth <= AQUA_DEPTH_MAX) return t;
    aqua__report(k->c, k->src, D_TOO_DEEP, d->at, "types of `" RIV_FMT "` are nested more than %d deep",
                 RIV_ARG(d->name), AQUA_DEPTH_MAX);
    return NULL;
}

static bool define_type(checker *k, decl *d, const type *t)
{
    d->def = t = bounded(k, d, t);
    if (again(k, d, t)) {
        riv_map_put_str(k->m->own.types, d->name, (void *)(uintptr_t)t);
        riv_map_put_str(k->m->inside.types, d->name, (void *)(uintptr_t)t);
        note_type_origin(k, d);
        aqua__mark_named(k, d->name);
        return true;
    }
    if (riv_map_get_str(k->m->own.types, d->name) ||
        (riv_map_get_str(k->m->inside.types, d->name) && !replaces_import(k, d, t))) {
        aqua_diag *diag = aqua__report(k->c, k->src, D_TYPE_TAKEN, d->at,
                                       d->kind == DECL_ALIAS ? "Type `" RIV_FMT "` was already defined"
                                                             : "Name `" RIV_FMT "` was already defined here",
                                       RIV_ARG(d->name));
        for (const decl *first = k->m->decls; first < d; first++)
            if (first->kind != DECL_FUNC && first->kind != DECL_CONST && riv_str_eq(first->name, d->name))
                aqua__note(k->c, diag, k->src, first->at, "it is defined here first");
        return false;
    }
    if (!t) {
        poison(k, d->name);
        return false;
    }
    note_type_origin(k, d);
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
        aqua__report(k->c, k->src, D_FIELD_KIND, sig->at,
                     "Field '" RIV_FMT "' has unacceptable for struct field type '" RIV_FMT "'", RIV_ARG(sig->name),
                     RIV_ARG(aqua__type_text(k->c, t)));
        return false;
    }
    if (d->kind != DECL_SERVICE) return true;
    if (!aqua__carries_data(t)) {
        aqua__report(k->c, k->src, D_FIELD_KIND, sig->at,
                     "Service functions take and give data, not abilities or arrows");
        return false;
    }
    if (t->results_count > 1) {
        aqua__report(k->c, k->src, D_SERVICE_RESULTS, sig->at, "Service functions cannot have multiple results");
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
        const sig_ast *first = riv_map_get_str(seen, sig->name);
        if (first) {
            aqua_diag *diag = aqua__report(k->c, k->src, D_FIELD_TAKEN, sig->at,
                                           "Cannot define %s `" RIV_FMT "`, it was already defined above",
                                           sig->type->kind == TA_ARROW ? "arrow" : "field", RIV_ARG(sig->name));
            aqua__note(k->c, diag, k->src, first->at, "it is defined here first");
            ok = false;
            continue;
        }
        riv_map_put_str(seen, sig->name, (void *)(uintptr_t)sig);
    }
    qsort(fields, d->sigs_count, sizeof *fields, by_name);
    t->name         = d->name;
    t->fields       = fields;
    t->fields_count = d->sigs_count;
    t->depth        = aqua__type_depth(t);
    t->decl         = d;
    return ok ? t : NULL;
}

static void check_service(checker *k, decl *d)
{
    d->key = riv_hash64(
        riv_str_bytes(riv_format(k->c->arena, RIV_FMT "\n" RIV_FMT, RIV_ARG(k->src->path), RIV_ARG(d->name))));
    d->def = check_fields(k, d, TY_SERVICE);
    if (d->value) {
        const type *id    = aqua__check_value(k, d->value);
        bool        known = d->value->kind == EX_LITERAL || (d->value->symbol && d->value->symbol->kind == SYM_CONST);
        if (id && !aqua__expect(k, d->value, &aqua__string))
            d->bad = true;
        else if (id && !known)
            aqua__report(k->c, k->src, D_SERVICE_ID_KIND, d->value->at,
                         "the id of a service must be a string literal or a constant");
    }
    if (!define_type(k, d, d->def)) return;
    riv_map_put_str(k->m->own.services, d->name, d);
    riv_map_put_str(k->m->inside.services, d->name, d);
}

static void redefined(checker *k, const decl *d, const symbol *before)
{
    aqua_diag *diag =
        aqua__report(k->c, k->src, D_CONST_REDEFINED, d->at,
                     "constant " RIV_FMT " is defined already; this second definition has no effect", RIV_ARG(d->name));
    size_t mark = riv_str_find_char(k->src->text, '=', d->at.pos + d->at.len);
    aqua__note_origin(k, diag, before, "it is defined here first");
    if (mark != SIZE_MAX) aqua__fix(k->c, diag, "say that it is meant", (span){ (uint32_t)mark, 0 }, RIV_LIT("?"));
}

static void check_const(checker *k, decl *d)
{
    const type *t      = aqua__check_value(k, d->value);
    symbol     *before = riv_map_get_str(k->m->inside.values, d->name);
    if (!before) before = riv_map_get_str(k->c->predefined, d->name);
    if (!t) {
        poison(k, d->name);
        return;
    }
    if (d->value->kind == EX_NAME && (!d->value->symbol || d->value->symbol->kind != SYM_CONST)) {
        aqua__report(k->c, k->src, D_CONST_KIND, d->value->at, "a constant must be a literal or another constant");
        poison(k, d->name);
        return;
    }
    if (before && before->kind == SYM_CONST && before->type) {
        if (d->weak && !aqua__accepts(k->c, t, before->type) && !aqua__accepts(k->c, before->type, t))
            aqua__mismatch(k, d->value, before->type);
        if (!d->weak) redefined(k, d, before);
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
                            .literal = lit ? d->value->literal : d->value->symbol->literal,
                            .path    = k->src->path };
    d->symbol   = s;
    riv_map_put_str(k->m->own.values, d->name, s);
    riv_map_put_str(k->m->inside.values, d->name, s);
}

/* The meaning of its name so far came from another file. */
static void hides_import(checker *k, const decl *d)
{
    const symbol *before = riv_map_get_str(k->m->inside.values, d->name);
    if (!before || before->kind != SYM_FUNC) return;
    aqua_diag *diag =
        aqua__report(k->c, k->src, D_HIDES_IMPORT, d->at,
                     "`" RIV_FMT "` takes the place of the imported function of this name", RIV_ARG(d->name));
    aqua__note_origin(k, diag, before, "that one is defined here");
    aqua__mark_named(k, d->name);
}

static void check_func(checker *k, decl *d)
{
    bool taken = riv_map_get_str(k->m->own.values, d->name) || riv_map_get_str(k->c->predefined, d->name);
    if (taken) {
        aqua_diag *diag =
            aqua__report(k->c, k->src, D_ARROW_TAKEN, d->at, "This arrow was already defined in the scope");
        note_first(k, diag, d->name);
    } else {
        hides_import(k, d);
    }
    size_t errors  = k->c->errors.len;
    k->holes       = false;
    k->errors      = errors;
    d->arrow       = riv_new(k->c->arena, arrow, 1);
    d->arrow->name = d->name;
    aqua__resolve_signature(k, d->type, d->arrow);
    aqua__check_arrow(k, d->arrow, d->type, &d->body);
    if (k->c->errors.len == errors && !k->holes) aqua__check_flow(k, d->arrow);
    d->def    = d->arrow->type;
    symbol *s = riv_new(k->c->arena, symbol, 1);
    *s = (symbol){ .kind = SYM_FUNC, .name = d->name, .at = d->at, .type = d->def, .decl = d, .path = k->src->path };
    d->symbol = s;
    if (taken) return;
    riv_map_put_str(k->m->own.values, d->name, s);
    riv_map_put_str(k->m->inside.values, d->name, s);
}

static void check_decl(checker *k, decl *d)
{
    d->module = k->m;
    if (d->bad) {
        poison(k, d->name);
        return;
    }
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
    aqua__use_decl(k, d);
}
