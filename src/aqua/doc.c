/* doc.c: a file's declarations and their comments as JSON and as Markdown.
 * Spec: docs/cli.md "aqua doc". Tests: doc_test.c. */
#include "aqua/doc.h"
#include "aqua/parse.h"

typedef struct writer {
    riv_arena    *arena;
    const module *m;
    riv_json_list imports, exports, constants, types, services, functions;
} writer;

/* ---- texts ---- */

static riv_str comment_line(riv_str row)
{
    row = riv_str_trim(row);
    while (riv_str_starts(row, RIV_LIT("-"))) row = riv_str_sub(row, 1, row.len);
    return riv_str_trim(row);
}

/* Comment lines without their dashes; other lines of the span are left out. */
static riv_str comment_text(const writer *w, span at)
{
    riv_str text = aqua__text(&w->m->src, at);
    riv_buf out  = riv_buf_in(w->arena);
    for (size_t pos = 0; pos < text.len;) {
        size_t  end = riv_str_find_char(text, '\n', pos);
        riv_str row = riv_str_trim(riv_str_sub(text, pos, end == SIZE_MAX ? text.len : end));
        pos         = end == SIZE_MAX ? text.len : end + 1;
        if (!riv_str_starts(row, RIV_LIT("--"))) continue;
        if (out.len) riv_put_u8(&out, '\n');
        riv_put_str(&out, comment_line(row));
    }
    return riv_buf_str(&out);
}

/* Above the first line: what the file is for. */
static riv_str file_text(const writer *w)
{
    const source *src = &w->m->src;
    size_t        end = src->lines_count ? src->tokens[src->lines[0].first].pos : src->text.len;
    return comment_text(w, (span){ 0, (uint32_t)end });
}

/* The tokens of [first, last) that lie in the logical line of pos, on one line, spaced as the layout has them. */
static riv_str code_from(const writer *w, size_t pos)
{
    const source *src = &w->m->src;
    riv_buf       out = riv_buf_in(w->arena);
    size_t        low = 0, high = src->tokens_count;
    while (low < high) { /* tokens are in order of the text */
        size_t mid = (low + high) / 2;
        if (src->tokens[mid].pos < pos)
            low = mid + 1;
        else
            high = mid;
    }
    for (size_t i = low; i < src->tokens_count && src->tokens[i].kind != T_END; i++) {
        const token *t = &src->tokens[i], *last = i > low ? t - 1 : NULL, *before = i > low + 1 ? t - 2 : NULL;
        if (t->kind == T_COLON && t[1].kind == T_END) break; /* of a block */
        if (last && aqua__wants_space(src, before, last, t)) riv_put_u8(&out, ' ');
        riv_put_str(&out, aqua__text(src, (span){ t->pos, t->len }));
    }
    return riv_buf_str(&out);
}

/* ---- the document ---- */

static const riv_json *text(const writer *w, riv_str s) { return riv_json_str(w->arena, s); }
static const riv_json *list(const writer *w, const riv_json_list *l) { return riv_json_arr(w->arena, l->ptr, l->len); }

static void add_names(writer *w, riv_json_list *out, const head *h)
{
    for (size_t i = 0; i < h->names_count; i++)
        riv_json_add(w->arena, out,
                     riv_json_record(w->arena, "name", text(w, h->names[i].name), "as",
                                     h->names[i].as.len ? text(w, h->names[i].as) : NULL, NULL));
}

static void add_head(writer *w, const head *h)
{
    riv_json_list given = { 0 };
    if (h->kind == HEAD_EXPORT) add_names(w, &w->exports, h);
    if (h->kind != HEAD_IMPORT && h->kind != HEAD_USE) return;
    add_names(w, &given, h);
    riv_json_add(w->arena, &w->imports,
                 riv_json_record(w->arena, "path", text(w, h->path), "as",
                                 h->kind == HEAD_USE && h->name.len ? text(w, h->name) : NULL, "names",
                                 h->has_names ? list(w, &given) : NULL, NULL));
}

static bool is_exported(const writer *w, riv_str name)
{
    for (size_t i = 0; i < w->m->heads_count; i++)
        for (size_t k = 0; w->m->heads[i].kind == HEAD_EXPORT && k < w->m->heads[i].names_count; k++)
            if (riv_str_eq(w->m->heads[i].names[k].name, name)) return true;
    return false;
}

/* The comment above the line of pos. */
static span doc_of(const writer *w, size_t pos)
{
    while (pos > 0 && w->m->src.text.ptr[pos - 1] != '\n') pos--;
    return aqua__doc_above(&w->m->src, pos);
}

static const riv_json *members_of(const writer *w, const decl *d)
{
    riv_json_list out = { 0 };
    for (size_t i = 0; i < d->sigs_count; i++) {
        const sig_ast *s   = &d->sigs[i];
        span           doc = doc_of(w, s->at.pos);
        riv_json_add(w->arena, &out,
                     riv_json_record(w->arena, "name", text(w, s->name), "code", text(w, code_from(w, s->at.pos)),
                                     "text", text(w, comment_text(w, doc)), NULL));
    }
    return list(w, &out);
}

static void add_decl(writer *w, const decl *d)
{
    static const char *const kinds[] = { [DECL_DATA] = "data", [DECL_ABILITY] = "ability", [DECL_ALIAS] = "alias" };
    riv_arena               *a       = w->arena;
    const riv_json          *name = text(w, d->name), *said = text(w, comment_text(w, d->doc));
    const riv_json          *code = text(w, code_from(w, d->at.pos));
    switch (d->kind) {
    case DECL_FUNC:
        riv_json_add(a, &w->functions,
                     riv_json_record(a, "name", name, "code", code, "exported", riv_json_bool(is_exported(w, d->name)),
                                     "text", said, NULL));
        break;
    case DECL_SERVICE:
        riv_json_add(a, &w->services,
                     riv_json_record(a, "name", name, "code", code, "id",
                                     d->value ? text(w, aqua__text(&w->m->src, d->value->whole)) : NULL, "functions",
                                     members_of(w, d), "text", said, NULL));
        break;
    case DECL_CONST:
        riv_json_add(a, &w->constants,
                     riv_json_record(a, "name", name, "value",
                                     d->value ? text(w, aqua__text(&w->m->src, d->value->whole)) : NULL, "text", said,
                                     NULL));
        break;
    case DECL_DATA:
    case DECL_ABILITY:
    case DECL_ALIAS:
        riv_json_add(a, &w->types,
                     riv_json_record(a, "name", name, "kind", riv_json_strc(a, kinds[d->kind]), "code", code, "members",
                                     members_of(w, d), "text", said, NULL));
        break;
    }
}

riv_err aqua_doc(riv_str path, riv_str given, riv_arena *arena, riv_fault *fault, aqua_diags *errors,
                 const riv_json **out)
{
    if (given.len > AQUA_SOURCE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "source of %zu bytes is longer than %d", given.len,
                        AQUA_SOURCE_BYTES_MAX);
    compiler  *c    = riv_new(arena, compiler, 1);
    module    *m    = riv_new(arena, module, 1);
    aqua_input in   = { .path = path, .source = given };
    riv_str    name = { 0 };
    writer     w    = { .arena = arena, .m = m };
    c->arena        = arena;
    c->fault        = fault;
    aqua__read_alone(c, m, &in);
    *errors = (aqua_diags){ c->errors.ptr, c->errors.len };
    if (riv_arena_over(arena)) return riv_fail(fault, RIV_E_LIMIT, 0, "the document needs too much memory");
    for (size_t i = 0; i < m->heads_count; i++) {
        if (m->heads[i].kind == HEAD_MODULE) name = m->heads[i].name;
        add_head(&w, &m->heads[i]);
    }
    for (size_t i = 0; i < m->decls_count; i++) add_decl(&w, &m->decls[i]);
    *out = riv_json_record(arena, "file", riv_json_str(arena, path), "module", riv_json_str(arena, name), "text",
                           riv_json_str(arena, file_text(&w)), "imports", list(&w, &w.imports), "exports",
                           list(&w, &w.exports), "constants", list(&w, &w.constants), "types", list(&w, &w.types),
                           "services", list(&w, &w.services), "functions", list(&w, &w.functions), NULL);
    return RIV_OK;
}

/* ---- Markdown ---- */

static riv_str get(const riv_json *v, const char *key)
{
    const riv_json *s = riv_json_get(v, riv_str_c(key));
    return s && s->kind == RIV_JSON_STR ? s->str : (riv_str){ 0 };
}

static const riv_json *items(const riv_json *v, const char *key, size_t *count)
{
    const riv_json *l = riv_json_get(v, riv_str_c(key));
    *count            = l && l->kind == RIV_JSON_ARR ? l->arr.count : 0;
    return l;
}

static void put_text(riv_buf *out, riv_str said)
{
    if (!said.len) return;
    riv_put_str(out, said);
    riv_put_str(out, RIV_LIT("\n\n"));
}

/* Headings become anchors in lower case. */
static void put_anchor(riv_buf *out, riv_str name)
{
    for (size_t i = 0; i < name.len; i++)
        riv_put_u8(out, (uint8_t)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] + 32 : name.ptr[i]));
}

static bool is_word_byte(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '_';
}

static bool mentions(riv_str code, riv_str name)
{
    for (size_t at = 0; (at = riv_str_find(code, name, at)) != SIZE_MAX; at += name.len) {
        bool begins = at == 0 || !is_word_byte(code.ptr[at - 1]);
        if (begins && (at + name.len == code.len || !is_word_byte(code.ptr[at + name.len]))) return true;
    }
    return false;
}

/* Links to the types of this file that code names. */
static void put_types(const riv_json *doc, riv_str code, riv_str but, riv_buf *out)
{
    size_t          count, n = 0;
    const riv_json *types = items(doc, "types", &count);
    for (size_t i = 0; i < count; i++) {
        riv_str name = get(types->arr.items[i], "name");
        if (riv_str_eq(name, but) || !mentions(code, name)) continue;
        riv_putf(out, "%s[%.*s](#", n++ ? ", " : "Types: ", (int)name.len, name.ptr);
        put_anchor(out, name);
        riv_put_u8(out, ')');
    }
    if (n) riv_put_str(out, RIV_LIT("\n\n"));
}

static void put_block(const riv_json *doc, riv_str word, const riv_json *item, riv_buf *out)
{
    riv_str         name = get(item, "name"), code = get(item, "code");
    size_t          count, functions;
    const riv_json *members = items(item, "members", &count), *calls = items(item, "functions", &functions);
    if (!count) {
        members = calls;
        count   = functions;
    }
    riv_putf(out, "### " RIV_FMT "\n\n```aqua\n" RIV_FMT " " RIV_FMT "%s\n", RIV_ARG(name), RIV_ARG(word),
             RIV_ARG(code), count ? ":" : "");
    riv_buf all = { 0 };
    riv_put_str(&all, code);
    for (size_t i = 0; i < count; i++) {
        riv_str said = get(members->arr.items[i], "text"), row = get(members->arr.items[i], "code");
        if (said.len && riv_str_find_char(said, '\n', 0) == SIZE_MAX)
            riv_putf(out, "    -- " RIV_FMT "\n", RIV_ARG(said));
        riv_putf(out, "    " RIV_FMT "\n", RIV_ARG(row));
        riv_put_u8(&all, ' ');
        riv_put_str(&all, row);
    }
    riv_put_str(out, RIV_LIT("```\n\n"));
    put_text(out, get(item, "text"));
    put_types(doc, riv_buf_str(&all), name, out);
    riv_buf_free(&all);
}

/* Of types each says itself what it is. */
static void put_section(const riv_json *doc, const char *title, const char *key, const char *word, riv_buf *out)
{
    size_t          count;
    const riv_json *list_of = items(doc, key, &count);
    if (count) riv_putf(out, "## %s\n\n", title);
    for (size_t i = 0; i < count; i++) {
        const riv_json *item = list_of->arr.items[i];
        put_block(doc, word ? riv_str_c(word) : get(item, "kind"), item, out);
    }
}

static void put_constants(const riv_json *doc, riv_buf *out)
{
    size_t          count;
    const riv_json *list_of = items(doc, "constants", &count);
    if (!count) return;
    riv_put_str(out, RIV_LIT("## Constants\n\n"));
    for (size_t i = 0; i < count; i++) {
        const riv_json *c    = list_of->arr.items[i];
        riv_str         said = get(c, "text");
        riv_putf(out, "- `" RIV_FMT " = " RIV_FMT "`%s", RIV_ARG(get(c, "name")), RIV_ARG(get(c, "value")),
                 said.len ? ": " : "");
        for (size_t k = 0; k < said.len; k++) riv_put_u8(out, (uint8_t)(said.ptr[k] == '\n' ? ' ' : said.ptr[k]));
        riv_put_u8(out, '\n');
    }
    riv_put_u8(out, '\n');
}

/* Exported functions first: they are what users call. */
static void put_functions(const riv_json *doc, bool exported, const char *title, riv_buf *out)
{
    size_t          count, n = 0;
    const riv_json *list_of = items(doc, "functions", &count);
    for (size_t i = 0; i < count; i++) {
        const riv_json *f = list_of->arr.items[i], *is = riv_json_get(f, RIV_LIT("exported"));
        if (is->boolean != exported) continue;
        if (n++ == 0) riv_putf(out, "## %s\n\n", title);
        put_block(doc, RIV_LIT("func"), f, out);
    }
}

void aqua_doc_markdown(const riv_json *doc, riv_buf *out)
{
    riv_str name = get(doc, "module"), file = get(doc, "file");
    size_t  count;
    riv_putf(out, "# " RIV_FMT "\n\n", RIV_ARG(name.len ? name : file));
    put_text(out, get(doc, "text"));
    const riv_json *imports = items(doc, "imports", &count);
    if (count) riv_put_str(out, RIV_LIT("Imports "));
    for (size_t i = 0; i < count; i++)
        riv_putf(out, "%s`" RIV_FMT "`", i ? ", " : "", RIV_ARG(get(imports->arr.items[i], "path")));
    if (count) riv_put_str(out, RIV_LIT(".\n\n"));
    put_functions(doc, true, "Exported functions", out);
    put_functions(doc, false, "Functions", out);
    put_section(doc, "Services", "services", "service", out);
    put_section(doc, "Types", "types", NULL, out);
    put_constants(doc, out);
    while (out->len > 1 && out->ptr[out->len - 1] == '\n' && out->ptr[out->len - 2] == '\n') out->len--;
}
