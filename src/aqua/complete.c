/* complete.c: what could stand at a place: the words before it tell what kind of thing, the names known there which, the type expected
 * there which first. The line at hand is mostly faulty, so it is read from its tokens, not from the tree.
 * Spec: docs/spec/aqua.md §6.1, §7, §8. Tests: query_test.c. */
#include "aqua/check.h"
#include "aqua/parse.h"
#include "aqua/project.h"

#include <stdlib.h>

typedef struct item {
    aqua_choice choice;
    uint32_t    rank; /* smaller is nearer */
} item;

typedef struct ask {
    const file *f;
    riv_arena  *arena;
    size_t      offset;
    riv_str     prefix;
    size_t      word;     /* token that is being typed, or where one would be */
    size_t      first;    /* first token of the logical line; == word: the line begins here */
    const type *expected; /* NULL: anything */
    RIV_VEC(item) items;
    checker  k; /* of this place: names known here; what it reports is thrown away */
    compiler c;
} ask;

enum { RANK_MEMBER, RANK_LOCAL, RANK_OWN, RANK_TYPE, RANK_WORD };

static const token *at(const ask *q, size_t i) { return &q->f->m->src.tokens[i]; }

static bool is(const ask *q, size_t i, token_kind kind)
{
    return i >= q->first && i < q->word && at(q, i)->kind == kind;
}

static riv_str word_at(const ask *q, size_t i)
{
    return aqua__text(&q->f->m->src, (span){ at(q, i)->pos, at(q, i)->len });
}

static bool is_word(const ask *q, size_t i, const char *word)
{
    return is(q, i, T_NAME) && riv_str_eq(word_at(q, i), riv_str_c(word));
}

/* ---- candidates ---- */

static char small(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch; }

static bool goes_on(const ask *q, riv_str name)
{
    if (name.len < q->prefix.len) return false;
    for (size_t i = 0; i < q->prefix.len; i++)
        if (small(name.ptr[i]) != small(q->prefix.ptr[i])) return false;
    return true;
}

static bool fits(const ask *q, const type *t)
{
    if (!q->expected || !t) return false;
    if (t->kind == TY_ARROW && q->expected->kind != TY_ARROW) t = t->results_count ? t->results[0] : NULL;
    return t && aqua__accepts((compiler *)(uintptr_t)&q->c, q->expected, t);
}

static void add(ask *q, aqua_thing_kind kind, riv_str name, const type *t, uint32_t rank)
{
    riv_buf text = riv_buf_in(q->arena);
    if (!goes_on(q, name)) return;
    if (t) aqua__put_signature(&text, name, t);
    *riv_push(q->arena, &q->items) =
        (item){ { kind, riv_str_dup(q->arena, name), t ? riv_buf_str(&text) : riv_str_dup(q->arena, name), fits(q, t) },
                rank };
}

static void add_words(ask *q, const char *const *words, size_t count, aqua_thing_kind kind)
{
    for (size_t i = 0; i < count; i++) add(q, kind, riv_str_c(words[i]), NULL, RANK_WORD);
}

static void add_fields(ask *q, const type *t)
{
    for (size_t i = 0; i < t->fields_count; i++)
        add(q, t->fields[i].type->kind == TY_ARROW ? AQUA_METHOD : AQUA_FIELD, t->fields[i].name, t->fields[i].type,
            RANK_MEMBER);
}

static aqua_thing_kind kind_of_type(const type *t)
{
    return t->kind == TY_SERVICE   ? AQUA_SERVICE
           : t->kind == TY_ABILITY ? AQUA_ABILITY
           : t->kind == TY_STRUCT  ? AQUA_DATA
                                   : AQUA_ALIAS;
}

static void add_type(ask *q, riv_str name, const type *t)
{
    aqua_thing_kind kind = kind_of_type(t);
    add(q, kind, name, kind == AQUA_ALIAS ? t : NULL, RANK_TYPE);
}

static void add_types(ask *q, const names *in, bool records_only)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(in->types); i++)
        if (riv_map_at(in->types, i, &key, &value) && (!records_only || kind_of_type(value) != AQUA_ALIAS))
            add_type(q, riv_bytes_str(key), value);
}

static void add_values(ask *q, const riv_map *values, uint32_t rank)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(values); i++) {
        if (!riv_map_at(values, i, &key, &value)) continue;
        const symbol *s = value;
        add(q,
            s->kind == SYM_FUNC    ? AQUA_FUNCTION
            : s->kind == SYM_CONST ? AQUA_CONSTANT
                                   : AQUA_VARIABLE,
            riv_bytes_str(key), s->type, rank);
    }
}

static void add_modules(ask *q, const names *in)
{
    riv_bytes key;
    void     *value;
    for (size_t i = 0; i < riv_map_slots(in->modules); i++)
        if (riv_map_at(in->modules, i, &key, &value)) add(q, AQUA_MODULE, riv_bytes_str(key), NULL, RANK_OWN);
}

static void add_names(ask *q)
{
    const names *in = &q->f->m->inside;
    add_values(q, q->k.scope, RANK_LOCAL);
    add_values(q, in->values, RANK_OWN);
    add_values(q, q->c.predefined, RANK_TYPE);
    add_modules(q, in);
    add_types(q, in, true);
}

static void add_all_types(ask *q)
{
    static const char *const plain[] = { "u8",  "u16", "u32", "u64", "i8",   "i16",
                                         "i32", "i64", "f32", "f64", "bool", "string" };
    add_types(q, &q->f->m->inside, false);
    add_modules(q, &q->f->m->inside);
    add_words(q, plain, RIV_COUNT(plain), AQUA_PLAIN_TYPE);
}

/* ---- the names known at the place ---- */

static uint32_t indent_at(riv_str text, size_t pos)
{
    size_t start = pos;
    while (start > 0 && text.ptr[start - 1] != '\n') start--;
    size_t end = start;
    while (end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\t')) end++;
    return (uint32_t)(RIV_MAX(RIV_MIN(end, pos), start) - start);
}

/* Where the token behind pos begins: a block goes on up to there if the indentation says so. */
static uint32_t next_token(const source *src, uint32_t pos)
{
    size_t low = 0, high = src->tokens_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (src->tokens[middle].pos < pos || src->tokens[middle].kind == T_END)
            low = middle + 1;
        else
            high = middle;
    }
    return low < src->tokens_count ? src->tokens[low].pos : (uint32_t)src->text.len + 1;
}

static void find_scope(ask *q)
{
    const source *src = &q->f->m->src;
    q->k.scope        = riv_map_new(q->arena);
    for (size_t i = 0; q->f->m->uses && i < q->f->m->uses->locals.len; i++) {
        const local  *l = &q->f->m->uses->locals.ptr[i];
        const symbol *s = l->symbol;
        if (q->offset <= (size_t)s->at.pos + s->at.len) continue;
        if (q->offset > l->end) {
            uint32_t own = indent_at(src->text, s->at.pos), here = indent_at(src->text, q->offset);
            if (q->offset > next_token(src, l->end)) continue;
            if (s->wanted ? here < own : here <= own) continue; /* the others stand in the header of their block */
        }
        riv_map_put_str(q->k.scope, s->name, (void *)(uintptr_t)s);
    }
}

/* ---- values before the place ---- */

/* The first token of the value that ends before `end`: a path of names, calls and indexes. SIZE_MAX: none. */
static size_t value_start(const ask *q, size_t end)
{
    size_t i = end;
    for (;;) {
        size_t depth = 0;
        while (i > q->first) { /* brackets and marks behind a name */
            token_kind kind = at(q, i - 1)->kind;
            if (kind == T_RPAREN || kind == T_RBRACKET || kind == T_RBRACE)
                depth++;
            else if (kind == T_LPAREN || kind == T_LBRACKET || kind == T_LBRACE) {
                if (depth == 0) return SIZE_MAX;
                depth--;
            } else if (depth == 0 && kind != T_BANG)
                break;
            i--;
        }
        if (i == q->first) return i < end && depth == 0 && at(q, i)->kind == T_LPAREN ? i : SIZE_MAX;
        token_kind kind = at(q, i - 1)->kind;
        if (kind != T_NAME && kind != T_CLASS && kind != T_STRING) return i < end ? i : SIZE_MAX;
        i--;
        if (i == q->first || at(q, i - 1)->kind != T_DOT) return i;
        i--;
    }
}

/* The tokens [from, to) read as a value of their own. */
static expr *read_value(ask *q, size_t from, size_t to)
{
    module *m    = riv_new(q->arena, module, 1);
    token  *copy = riv_new(q->arena, token, to - from + 1);
    memcpy(copy, at(q, from), (to - from) * sizeof *copy);
    copy[to - from]     = (token){ T_END, true, at(q, to - 1)->pos + at(q, to - 1)->len, 0 };
    m->src              = q->f->m->src;
    m->src.tokens       = copy;
    m->src.tokens_count = to - from + 1;
    m->poisoned         = riv_map_new(q->arena);
    m->withheld         = riv_map_new(q->arena);
    parser p            = { .c = &q->c, .m = m, .src = &m->src };
    expr  *e            = aqua__parse_value(&p);
    return p.failed || !aqua__at(&p, T_END) ? NULL : e;
}

/* ---- behind a dot ---- */

static const names *module_of(const ask *q, const expr *e)
{
    if (e->kind == EX_NAME)
        return riv_map_get_str(q->k.scope, e->text) ? NULL : riv_map_get_str(q->f->m->inside.modules, e->text);
    const names *in = e->kind == EX_FIELD ? module_of(q, e->base) : NULL;
    return in ? riv_map_get_str(in->modules, e->text) : NULL;
}

static const decl *service_of(const ask *q, const expr *e)
{
    if (e->kind == EX_NAME) return riv_map_get_str(q->f->m->inside.services, e->text);
    const names *in = e->kind == EX_FIELD ? module_of(q, e->base) : NULL;
    return in ? riv_map_get_str(in->services, e->text) : NULL;
}

static void add_members(ask *q, size_t dot)
{
    static const char *const of_maps[] = { "get", "getStream", "contains", "keys", "keysStream" };
    size_t                   from      = value_start(q, dot);
    expr                    *e         = from == SIZE_MAX ? NULL : read_value(q, from, dot);
    if (!e) return;
    const names *in = module_of(q, e);
    if (in) {
        add_values(q, in->values, RANK_MEMBER);
        add_types(q, in, false);
        add_modules(q, in);
        return;
    }
    const decl *service = service_of(q, e);
    if (service && service->def) {
        add_fields(q, service->def);
        return;
    }
    const type *t = aqua__check_value(&q->k, e);
    if (!t) return;
    if (t->kind == TY_STRUCT || t->kind == TY_ABILITY || t->kind == TY_SERVICE) add_fields(q, t);
    if (t->kind == TY_STRUCT) add(q, AQUA_METHOD, RIV_LIT("copy"), NULL, RANK_WORD);
    if (aqua__is_collection(t)) add(q, AQUA_FIELD, RIV_LIT("length"), &aqua__u32, RANK_MEMBER);
    if (t->kind == TY_MAP) add_words(q, of_maps, RIV_COUNT(of_maps), AQUA_METHOD);
}

/* ---- what is expected ---- */

/* The bracket that is open at the place, and how many commas stand behind it. */
static size_t open_bracket(const ask *q, size_t *commas)
{
    size_t depth = 0;
    *commas      = 0;
    for (size_t i = q->word; i-- > q->first;) {
        token_kind kind = at(q, i)->kind;
        if (kind == T_RPAREN || kind == T_RBRACKET || kind == T_RBRACE) depth++;
        if (kind == T_COMMA && depth == 0) ++*commas;
        if (kind != T_LPAREN && kind != T_LBRACKET && kind != T_LBRACE) continue;
        if (depth == 0) return i;
        depth--;
    }
    return SIZE_MAX;
}

/* Inside `f(`: the parameter's type; inside `D(`: its fields are named, or a field's value is wanted. True: nothing else fits here. */
static bool expect_argument(ask *q)
{
    size_t commas, open = open_bracket(q, &commas);
    if (open == SIZE_MAX || at(q, open)->kind != T_LPAREN || open == q->first) return false;
    size_t from = value_start(q, open);
    if (from == SIZE_MAX || from == open) return false;
    if (at(q, open - 1)->kind == T_CLASS) {
        const type *t = riv_map_get_str(q->f->m->inside.types, word_at(q, open - 1));
        if (!t || (t->kind != TY_STRUCT && t->kind != TY_ABILITY)) return false;
        if (is(q, q->word - 1, T_ASSIGN)) {
            q->expected = aqua__field_type(t, word_at(q, q->word - 2));
            return false;
        }
        add_fields(q, t);
        return true;
    }
    expr *e = read_value(q, from, open);
    if (!e || (e->kind != EX_NAME && e->kind != EX_FIELD)) return false;
    const type *callee = NULL;
    if (e->kind == EX_FIELD) {
        const decl   *service = service_of(q, e->base);
        const names  *in      = module_of(q, e->base);
        const type   *owner   = service ? service->def : in ? NULL : aqua__check_value(&q->k, e->base);
        const symbol *s       = in ? riv_map_get_str(in->values, e->text) : NULL;
        callee                = s ? s->type : owner ? aqua__field_type(owner, e->text) : NULL;
    } else {
        const symbol *s = riv_map_get_str(q->k.scope, e->text);
        if (!s) s = riv_map_get_str(q->f->m->inside.values, e->text);
        callee = s ? s->type : NULL;
    }
    if (callee && callee->kind == TY_ARROW && commas < callee->fields_count) q->expected = callee->fields[commas].type;
    return false;
}

static const decl *decl_at(const ask *q)
{
    for (size_t i = q->f->m->decls_count; i-- > 0;)
        if (q->f->m->decls[i].whole.pos <= q->offset) return &q->f->m->decls[i];
    return NULL;
}

static void expect_statement(ask *q)
{
    size_t      previous = q->word - 1;
    const decl *d        = decl_at(q);
    if (is(q, q->first, T_LARROW) && d && d->kind == DECL_FUNC && d->def && d->def->kind == TY_ARROW) {
        size_t commas;
        if (open_bracket(q, &commas) == SIZE_MAX && commas < d->def->results_count)
            q->expected = d->def->results[commas];
    } else if (previous == q->first && (is_word(q, previous, "if") || is_word(q, previous, "on"))) {
        q->expected = is_word(q, previous, "if") ? &aqua__bool : &aqua__string;
    } else if (is_word(q, previous, "via")) {
        q->expected = &aqua__string;
    } else if (is(q, previous, T_PUSH) && previous > q->first) {
        const symbol *s = riv_map_get_str(q->k.scope, word_at(q, previous - 1));
        if (s && s->type && s->type->kind == TY_STREAM) q->expected = s->type->elem;
    }
}

/* ---- kinds of places ---- */

static bool wants_type(const ask *q)
{
    size_t p = q->word;
    while (p > q->first && (is(q, p - 1, T_STAR) || is(q, p - 1, T_QUESTION) || is(q, p - 1, T_PERCENT) ||
                            is(q, p - 1, T_RBRACKET) || (is(q, p - 1, T_LBRACKET) && p < q->word)))
        p--;
    if (p <= q->first) return false;
    if (is(q, p - 1, T_ARROW)) return true;
    if (is(q, p - 1, T_COLON))
        return p - 1 > q->first && is(q, p - 2, T_NAME) && !is_word(q, p - 2, "else") && !is_word(q, p - 2, "try");
    for (size_t i = p; i-- > q->first;) { /* `-> A, ` */
        if (at(q, i)->kind == T_ARROW) return is(q, p - 1, T_COMMA);
        if (at(q, i)->kind == T_LPAREN || at(q, i)->kind == T_RPAREN) return false;
    }
    return (is_word(q, q->first, "alias") && is(q, p - 1, T_COLON));
}

static void add_header(ask *q)
{
    const names *in = &q->f->m->inside;
    for (size_t i = 0; i < q->f->m->heads_count && !is_word(q, q->first, "export"); i++) {
        const head *h = &q->f->m->heads[i];
        if (h->at.pos != at(q, q->first)->pos || !q->f->m->imports || !q->f->m->imports[i]) continue;
        in = &q->f->m->imports[i]->declared;
    }
    if (in == &q->f->m->inside && (is_word(q, q->first, "import") || is_word(q, q->first, "use"))) return;
    add_values(q, in->values, RANK_OWN);
    add_types(q, in, false);
}

static void add_statement_words(ask *q)
{
    static const char *const words[] = { "for",       "if",  "else", "on",     "try", "catch",
                                         "otherwise", "par", "co",   "parseq", "join" };
    add_words(q, words, RIV_COUNT(words), AQUA_KEYWORD);
}

static bool in_header(const ask *q)
{
    return is_word(q, q->first, "import") || is_word(q, q->first, "use") || is_word(q, q->first, "export") ||
           is_word(q, q->first, "aqua");
}

static void choose(ask *q)
{
    static const char *const top[] = {
        "func", "service", "data", "ability", "alias", "const", "export", "import", "use"
    };
    bool begins = q->first == q->word;
    bool left   = indent_at(q->f->m->src.text, q->offset - q->prefix.len) == 0;
    if (begins && left) {
        add_words(q, top, RIV_COUNT(top), AQUA_KEYWORD);
    } else if (!begins && is(q, q->word - 1, T_DOT)) {
        add_members(q, q->word - 1);
    } else if (!begins && in_header(q)) {
        add_header(q);
    } else if (!begins && wants_type(q)) {
        add_all_types(q);
    } else {
        if (!begins) expect_statement(q);
        if (!begins && expect_argument(q)) return;
        add_names(q);
        if (begins) add_statement_words(q);
    }
}

/* ---- the place ---- */

/* The token at the place is the word that is being typed; the line it stands on begins with `first`. */
static bool find_word(ask *q)
{
    const source *src = &q->f->m->src;
    size_t        low = 0, high = src->tokens_count;
    while (low < high) { /* the first token that ends at the place or behind it */
        size_t middle = (low + high) / 2;
        if ((size_t)src->tokens[middle].pos + src->tokens[middle].len < q->offset)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < src->tokens_count && src->tokens[low].pos + src->tokens[low].len == q->offset &&
           src->tokens[low].kind != T_NAME && src->tokens[low].kind != T_CLASS)
        low++; /* a mark that ends here is behind us */
    const token *t      = low < src->tokens_count ? &src->tokens[low] : NULL;
    bool         inside = t && t->pos < q->offset;
    if (inside && t->kind != T_NAME && t->kind != T_CLASS) return false; /* in a string, a number */
    if (inside) q->prefix = riv_str_sub(src->text, t->pos, q->offset);
    q->word  = low;
    q->first = low;
    for (size_t i = 0; i < src->trivia_count && src->trivia[i].pos < q->offset; i++)
        if (src->trivia[i].is_comment && q->offset <= (size_t)src->trivia[i].pos + src->trivia[i].len) return false;
    if (low == 0) return true;
    size_t last = low; /* the line of the token before goes on here when no line ends between */
    if (src->tokens[last - 1].kind == T_END) {
        const token *end = &src->tokens[last - 1];
        riv_str      gap = riv_str_sub(src->text, end->pos, q->offset - q->prefix.len);
        if (riv_str_find_char(gap, '\n', 0) != SIZE_MAX || last < 2) return true;
        q->word = last - 1;
        last--;
    }
    while (last > 0 && src->tokens[last - 1].kind != T_END) last--;
    q->first = last;
    return true;
}

static int by_rank(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->choice.fits != y->choice.fits) return x->choice.fits ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return riv_str_cmp(x->choice.name, y->choice.name);
}

aqua_choices aqua_project_choices(aqua_project *p, riv_str path, size_t offset, riv_arena *arena)
{
    file *f = aqua__project_file(p, path);
    ask   q = { .f = f, .arena = arena, .offset = offset };
    if (!f || offset > f->m->src.text.len || !find_word(&q)) return (aqua_choices){ 0 };
    q.c            = *f->c;
    q.c.arena      = arena;
    q.c.index      = false;
    q.c.compared   = riv_map_new(arena);
    q.c.errors.ptr = q.c.warnings.ptr = NULL;
    q.c.errors.len = q.c.errors.cap = q.c.warnings.len = q.c.warnings.cap = 0;
    arrow nowhere                                                         = { 0 };
    q.k                                                                   = (checker){ .c     = &q.c,
                                                                                       .m     = f->m,
                                                                                       .src   = &f->m->src,
                                                                                       .ids   = riv_map_new(arena),
                                                                                       .named = riv_map_new(arena),
                                                                                       .arrow = &nowhere };
    find_scope(&q);
    choose(&q);
    if (q.items.len) qsort(q.items.ptr, q.items.len, sizeof *q.items.ptr, by_rank);
    aqua_choice *out = riv_new(arena, aqua_choice, q.items.len + 1);
    for (size_t i = 0; i < q.items.len; i++) out[i] = q.items.ptr[i].choice;
    return (aqua_choices){ out, q.items.len, offset - q.prefix.len, q.prefix.len };
}
