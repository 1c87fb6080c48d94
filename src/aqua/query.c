/* query.c: what is this, where is it defined, who uses it, what does a file declare: answers from what the checks have noted.
 * Spec: docs/spec/aqua.md §8. Tests: query_test.c. */
#include "aqua/parse.h"
#include "aqua/project.h"

#include <stdlib.h>

const char *aqua_thing_kind_name(aqua_thing_kind kind)
{
    switch (kind) {
    case AQUA_FUNCTION: return "function";
    case AQUA_CONSTANT: return "constant";
    case AQUA_DATA: return "data";
    case AQUA_ABILITY: return "ability";
    case AQUA_SERVICE: return "service";
    case AQUA_ALIAS: return "alias";
    case AQUA_FIELD: return "field";
    case AQUA_METHOD: return "method";
    case AQUA_VARIABLE: return "variable";
    case AQUA_MODULE: return "module";
    case AQUA_FILE: return "file";
    case AQUA_KEYWORD: return "keyword";
    case AQUA_PLAIN_TYPE: return "type";
    }
    return "thing";
}

size_t aqua_offset_of(riv_str text, riv_line_col at)
{
    size_t pos = 0;
    for (uint32_t n = 1; n < at.line; n++) {
        size_t end = riv_str_find_char(text, '\n', pos);
        if (end == SIZE_MAX) return text.len;
        pos = end + 1;
    }
    for (uint32_t col = 1; col < at.col && pos < text.len && text.ptr[pos] != '\n';) {
        enum { BMP_MAX = 0xffff };
        col += riv_utf8_next(text, &pos) > BMP_MAX ? 2 : 1;
    }
    return pos;
}

/* ---- findings ---- */

static aqua_diag copy_diag(riv_arena *a, const aqua_diag *d, riv_str path, riv_str text)
{
    aqua_diag  out   = *d;
    aqua_note *notes = riv_new(a, aqua_note, d->notes_count + 1);
    aqua_fix  *fixes = riv_new(a, aqua_fix, d->fixes_count + 1);
    for (size_t i = 0; i < d->notes_count; i++) {
        notes[i]        = d->notes[i];
        notes[i].text   = riv_str_dup(a, d->notes[i].text);
        notes[i].file   = notes[i].has_place ? path : RIV_LIT(""); /* a check knows places of its own file only */
        notes[i].source = notes[i].has_place ? text : RIV_LIT("");
    }
    for (size_t i = 0; i < d->fixes_count; i++) {
        aqua_edit *edits = riv_new(a, aqua_edit, d->fixes[i].edits_count);
        for (size_t k = 0; k < d->fixes[i].edits_count; k++) {
            edits[k]      = d->fixes[i].edits[k];
            edits[k].text = riv_str_dup(a, edits[k].text);
        }
        fixes[i] = (aqua_fix){ riv_str_dup(a, d->fixes[i].title), edits, d->fixes[i].edits_count };
    }
    out.notes  = notes;
    out.fixes  = fixes;
    out.file   = path;
    out.source = text;
    out.text   = riv_str_dup(a, d->text);
    out.hint   = riv_str_dup(a, d->hint);
    return out;
}

static void put_by_place(aqua_diag *list, size_t count, aqua_diag d)
{
    while (count > 0 && list[count - 1].pos > d.pos) {
        list[count] = list[count - 1];
        count--;
    }
    list[count] = d;
}

aqua_diags aqua_project_diags(aqua_project *p, riv_str path, riv_arena *arena)
{
    file *f = aqua__project_file(p, path);
    if (!f) return (aqua_diags){ 0 };
    size_t     errors = f->c->errors.len, count = errors + f->c->warnings.len;
    aqua_diag *list = riv_new(arena, aqua_diag, count + 1);
    riv_str    name = riv_str_dup(arena, f->path), text = count ? riv_str_dup(arena, f->m->src.text) : RIV_LIT("");
    for (size_t i = 0; i < count; i++)
        put_by_place(list, i,
                     copy_diag(arena, i < errors ? &f->c->errors.ptr[i] : &f->c->warnings.ptr[i - errors], name, text));
    return (aqua_diags){ list, count };
}

/* ---- texts ---- */

void aqua__put_signature(riv_buf *out, riv_str name, const type *t)
{
    riv_put_str(out, name);
    if (!t || t->kind != TY_ARROW) {
        riv_put_str(out, RIV_LIT(": "));
        aqua__put_type(out, t);
        return;
    }
    riv_put_u8(out, '(');
    for (size_t i = 0; i < t->fields_count; i++) {
        if (i) riv_put_str(out, RIV_LIT(", "));
        if (t->fields[i].name.len) riv_putf(out, RIV_FMT ": ", RIV_ARG(t->fields[i].name));
        aqua__put_type(out, t->fields[i].type);
    }
    riv_put_u8(out, ')');
    for (size_t i = 0; i < t->results_count; i++) {
        riv_put_str(out, i ? RIV_LIT(", ") : RIV_LIT(" -> "));
        aqua__put_type(out, t->results[i]);
    }
}

void aqua__put_decl(riv_buf *out, const decl *d)
{
    static const char *const words[] = {
        [DECL_FUNC] = "func ",       [DECL_SERVICE] = "service ", [DECL_DATA] = "data ",
        [DECL_ABILITY] = "ability ", [DECL_ALIAS] = "alias ",     [DECL_CONST] = "const "
    };
    riv_put_str(out, riv_str_c(words[d->kind]));
    if (d->kind == DECL_FUNC || d->kind == DECL_ALIAS) {
        if (d->kind == DECL_FUNC)
            aqua__put_signature(out, d->name, d->def ? d->def : NULL);
        else
            riv_putf(out, RIV_FMT ": ", RIV_ARG(d->name)), aqua__put_type(out, d->def);
        return;
    }
    riv_put_str(out, d->name);
    if (d->kind == DECL_CONST) {
        if (d->symbol) riv_putf(out, " = " RIV_FMT, RIV_ARG(d->symbol->text));
        return;
    }
    riv_put_u8(out, ':');
    for (size_t i = 0; i < d->sigs_count; i++) {
        riv_put_str(out, RIV_LIT("\n  "));
        aqua__put_signature(out, d->sigs[i].name, d->def ? aqua__field_type(d->def, d->sigs[i].name) : NULL);
    }
}

/* Without the marks of comments. */
static riv_str doc_text(riv_arena *a, const source *src, span doc)
{
    riv_buf out  = riv_buf_in(a);
    riv_str rest = aqua__text(src, doc);
    while (rest.len) {
        size_t  end = riv_str_find_char(rest, '\n', 0);
        riv_str one = riv_str_trim(riv_str_sub(rest, 0, end == SIZE_MAX ? rest.len : end));
        while (one.len && one.ptr[0] == '-') one = riv_str_sub(one, 1, one.len);
        if (one.len && one.ptr[0] == ' ') one = riv_str_sub(one, 1, one.len);
        if (out.len) riv_put_u8(&out, '\n');
        riv_put_str(&out, one);
        rest = end == SIZE_MAX ? RIV_LIT("") : riv_str_sub(rest, end + 1, rest.len);
    }
    return riv_buf_str(&out);
}

static span doc_of_line(const source *src, uint32_t pos)
{
    while (pos > 0 && src->text.ptr[pos - 1] != '\n') pos--;
    return aqua__doc_above(src, pos);
}

/* ---- what stands at a place ---- */

const decl *aqua__find_decl(const file *f, riv_str name, bool value)
{
    for (size_t i = 0; i < f->m->decls_count; i++) {
        const decl *d        = &f->m->decls[i];
        bool        is_value = d->kind == DECL_FUNC || d->kind == DECL_CONST;
        if (is_value == value && !d->bad && riv_str_eq(d->name, name)) return d;
    }
    return NULL;
}

aqua_thing_kind aqua__kind_of_decl(const decl *d)
{
    switch (d->kind) {
    case DECL_FUNC: return AQUA_FUNCTION;
    case DECL_CONST: return AQUA_CONSTANT;
    case DECL_SERVICE: return AQUA_SERVICE;
    case DECL_DATA: return AQUA_DATA;
    case DECL_ABILITY: return AQUA_ABILITY;
    case DECL_ALIAS: return AQUA_ALIAS;
    }
    return AQUA_VARIABLE;
}

static const use *use_at(const file *f, size_t offset)
{
    const use *best = NULL;
    if (!f->m->uses) return NULL;
    const use *items = f->m->uses->items.ptr;
    size_t     low = 0, high = f->m->uses->items.len;
    while (low < high) { /* the first that begins behind the place */
        size_t middle = (low + high) / 2;
        if (items[middle].at.pos <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    enum { LOOK_BACK = 8 }; /* names at one place: a few */
    for (size_t i = low; i-- > 0 && low - i <= LOOK_BACK;) {
        size_t end = (size_t)items[i].at.pos + items[i].at.len;
        if (offset < end) return &items[i];
        if (offset == end && !best) best = &items[i];
    }
    return best;
}

static bool is_record(type_kind kind) { return kind == TY_ABILITY || kind == TY_SERVICE; }

static aqua_thing_kind kind_of_use(const use *u, const decl *d)
{
    switch (u->kind) {
    case USE_LOCAL: return AQUA_VARIABLE;
    case USE_MODULE: return AQUA_MODULE;
    case USE_FIELD: return u->type && u->type->kind == TY_ARROW ? AQUA_METHOD : AQUA_FIELD;
    case USE_VALUE: return u->symbol_kind == SYM_FUNC ? AQUA_FUNCTION : AQUA_CONSTANT;
    case USE_TYPE: break;
    }
    if (d) return aqua__kind_of_decl(d);
    return u->type && is_record(u->type->kind) ? (u->type->kind == TY_ABILITY ? AQUA_ABILITY : AQUA_SERVICE)
                                               : AQUA_DATA;
}

static void put_thing(riv_buf *out, const use *u, const decl *d)
{
    switch (u->kind) {
    case USE_MODULE: riv_putf(out, "module " RIV_FMT, RIV_ARG(u->name)); return;
    case USE_LOCAL: aqua__put_signature(out, u->name, u->type); return;
    case USE_FIELD: riv_putf(out, RIV_FMT ".", RIV_ARG(u->name)), aqua__put_signature(out, u->member, u->type); return;
    case USE_VALUE:
    case USE_TYPE: break;
    }
    if (d) {
        aqua__put_decl(out, d);
        return;
    }
    if (u->kind == USE_VALUE) riv_put_str(out, u->symbol_kind == SYM_FUNC ? RIV_LIT("func ") : RIV_LIT("const "));
    aqua__put_signature(out, u->name, u->type);
}

static const sig_ast *find_sig(const decl *d, riv_str name)
{
    for (size_t i = 0; d && i < d->sigs_count; i++)
        if (riv_str_eq(d->sigs[i].name, name)) return &d->sigs[i];
    return NULL;
}

/* Where it is defined, and what is written above. */
static void find_origin(const use *u, const file *f, const file *from, const decl *d, riv_arena *a, aqua_thing *out)
{
    span           at  = u->def;
    const file    *in  = f;
    const sig_ast *sig = u->kind == USE_FIELD ? find_sig(d, u->member) : NULL;
    span           doc = { 0 };
    if (u->kind == USE_VALUE || u->kind == USE_TYPE || u->kind == USE_FIELD) {
        if (!d || (u->kind == USE_FIELD && !sig)) return;
        in  = from;
        at  = sig ? sig->at : d->at;
        doc = sig ? doc_of_line(&from->m->src, sig->at.pos) : d->doc;
    }
    out->has_origin = true;
    out->origin     = (aqua_place){ riv_str_dup(a, in->path), at.pos, at.len, true };
    out->doc        = doc_text(a, &in->m->src, doc);
}

/* The text between the quotes of an import. */
static bool import_at(const file *f, size_t offset, riv_arena *a, aqua_thing *out)
{
    for (size_t i = 0; i < f->links_count; i++) {
        const head *h = &f->m->heads[i];
        if (!f->links[i].to || offset < h->path_at.pos || offset > (size_t)h->path_at.pos + h->path_at.len) continue;
        riv_str path = riv_str_dup(a, f->links[i].to->path);
        *out =
            (aqua_thing){ .kind = AQUA_FILE, .name = path, .text = path, .pos = h->path_at.pos, .len = h->path_at.len };
        out->has_origin  = true;
        out->origin.file = path;
        return true;
    }
    return false;
}

static const decl *decl_of_use(aqua_project *p, const use *u, file **from)
{
    *from = u->kind == USE_LOCAL || u->kind == USE_MODULE ? NULL : aqua__project_file(p, u->path);
    return *from ? aqua__find_decl(*from, u->name, u->kind == USE_VALUE) : NULL;
}

bool aqua_project_thing(aqua_project *p, riv_str path, size_t offset, riv_arena *arena, aqua_thing *out)
{
    file *f = aqua__project_file(p, path), *from;
    if (!f) return false;
    const use *u = use_at(f, offset);
    if (!u) return import_at(f, offset, arena, out);
    const decl *d    = decl_of_use(p, u, &from);
    riv_buf     text = riv_buf_in(arena), t = riv_buf_in(arena);
    put_thing(&text, u, d);
    if (u->type && u->kind != USE_MODULE) aqua__put_type(&t, u->type);
    *out = (aqua_thing){ .kind = kind_of_use(u, d),
                         .name = riv_str_dup(arena, u->kind == USE_FIELD ? u->member : u->name),
                         .text = riv_buf_str(&text),
                         .type = riv_buf_str(&t),
                         .pos  = u->at.pos,
                         .len  = u->at.len };
    find_origin(u, f, from, d, arena, out);
    return true;
}

/* ---- who uses it ---- */

static bool same_thing(const use *a, const use *b)
{
    if (a->kind != b->kind || !riv_str_eq(a->path, b->path)) return false;
    if (a->kind == USE_LOCAL || a->kind == USE_MODULE) return a->def.pos == b->def.pos;
    return riv_str_eq(a->name, b->name) && riv_str_eq(a->member, b->member);
}

typedef RIV_VEC(aqua_place) places;

static void add_uses(const file *f, const use *wanted, riv_arena *a, places *out)
{
    riv_str path = { 0 };
    for (size_t i = 0; f->m->uses && i < f->m->uses->items.len; i++) {
        const use *u = &f->m->uses->items.ptr[i];
        if (!same_thing(u, wanted)) continue;
        if (!path.ptr) path = riv_str_dup(a, f->path);
        *riv_push(a, out) = (aqua_place){ path, u->at.pos, u->at.len, u->defines };
    }
}

static int by_path(const void *a, const void *b)
{
    return riv_str_cmp((*(file *const *)a)->path, (*(file *const *)b)->path);
}

aqua_places aqua_project_uses(aqua_project *p, riv_str path, size_t offset, riv_arena *arena)
{
    places     out    = { 0 };
    file      *f      = aqua__project_file(p, path);
    const use *wanted = f ? use_at(f, offset) : NULL;
    if (!wanted || (wanted->kind == USE_VALUE && wanted->path.len == 0)) return (aqua_places){ 0 };
    if (wanted->kind == USE_LOCAL || wanted->kind == USE_MODULE) {
        add_uses(f, wanted, arena, &out);
        return (aqua_places){ out.ptr, out.len };
    }
    aqua__project_all(p);
    file **sorted = riv_new(arena, file *, p->files.len + 1);
    for (size_t i = 0; i < p->files.len; i++) sorted[i] = p->files.ptr[i];
    qsort(sorted, p->files.len, sizeof *sorted, by_path);
    for (size_t i = 0; i < p->files.len; i++)
        if (!sorted[i]->over) add_uses(sorted[i], wanted, arena, &out);
    return (aqua_places){ out.ptr, out.len };
}

/* ---- what a file declares ---- */

typedef RIV_VEC(aqua_outline_item) outline;

static void add_members(const decl *d, size_t parent, riv_arena *a, outline *out)
{
    for (size_t i = 0; i < d->sigs_count; i++) {
        const sig_ast *s    = &d->sigs[i];
        const type    *t    = d->def ? aqua__field_type(d->def, s->name) : NULL;
        riv_buf        text = riv_buf_in(a);
        span           all  = s->type && s->type->at.len ? aqua__span_join(s->at, s->type->at) : s->at;
        aqua__put_signature(&text, s->name, t);
        *riv_push(a, out) =
            (aqua_outline_item){ .kind      = s->type && s->type->kind == TA_ARROW ? AQUA_METHOD : AQUA_FIELD,
                                 .name      = riv_str_dup(a, s->name),
                                 .text      = riv_buf_str(&text),
                                 .pos       = s->at.pos,
                                 .len       = s->at.len,
                                 .whole_pos = all.pos,
                                 .whole_len = all.len,
                                 .parent    = parent };
    }
}

aqua_outline aqua_project_outline(aqua_project *p, riv_str path, riv_arena *arena)
{
    outline out = { 0 };
    file   *f   = aqua__project_file(p, path);
    for (size_t i = 0; f && i < f->m->decls_count; i++) {
        const decl *d    = &f->m->decls[i];
        riv_buf     text = riv_buf_in(arena);
        if (d->bad && !d->def)
            riv_put_str(&text, d->name);
        else
            aqua__put_decl(&text, d);
        riv_str first          = riv_buf_str(&text);
        first                  = riv_str_sub(first, 0, RIV_MIN(riv_str_find_char(first, '\n', 0), first.len));
        *riv_push(arena, &out) = (aqua_outline_item){ .kind      = aqua__kind_of_decl(d),
                                                      .name      = riv_str_dup(arena, d->name),
                                                      .text      = first,
                                                      .pos       = d->at.pos,
                                                      .len       = d->at.len,
                                                      .whole_pos = d->whole.pos,
                                                      .whole_len = d->whole.len,
                                                      .parent    = SIZE_MAX };
        add_members(d, out.len - 1, arena, &out);
    }
    return (aqua_outline){ out.ptr, out.len };
}
