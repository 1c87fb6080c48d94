/* emit.c: the resolved tree as AIR text, and the exported functions with their definitions.
 * Groups of more than a few members are printed as balanced trees, so that long scripts stay shallow.
 * Spec: docs/spec/aqua.md §10.9, §11. Tests: lower_test.c, compile_fuzz.c. */
#include "aqua/define.h"
#include "aqua/lower.h"

enum { FLAT_GROUP_MAX = 32 };

typedef struct printer {
    riv_buf   *out;
    riv_arena *arena;
} printer;

static void print_node(printer *p, const model *m, size_t indent);

/* ---- text ---- */

static void put_operand(riv_buf *out, const operand *o)
{
    riv_put_str(out, o->var ? o->var->name : o->text);
    bool begun = false;
    for (size_t i = 0; i < o->lenses_count; i++) {
        const lens *l = &o->lenses[i];
        if (l->kind != LENS_LENGTH && !begun) riv_put_str(out, RIV_LIT(".$"));
        begun = begun || l->kind != LENS_LENGTH;
        switch (l->kind) {
        case LENS_FIELD: riv_putf(out, "." RIV_FMT, RIV_ARG(l->text)); break;
        case LENS_INDEX:
        case LENS_VAR: riv_putf(out, ".[" RIV_FMT "]", RIV_ARG(l->text)); break;
        case LENS_LENGTH: riv_put_str(out, RIV_LIT(".length")); break;
        }
    }
}

static void start(printer *p, size_t indent)
{
    for (size_t i = 0; i < indent; i++) riv_put_u8(p->out, ' ');
}

static void close(printer *p, size_t indent)
{
    start(p, indent);
    riv_put_str(p->out, RIV_LIT(")\n"));
}

static void print_word(printer *p, size_t indent, const char *text)
{
    start(p, indent);
    riv_putf(p->out, "%s\n", text);
}

static void collect(const model *m, riv_arena *arena, models *out)
{
    for (size_t i = 0; i < m->kids.len; i++) {
        const model *kid = m->kids.ptr[i];
        if (kid->kind == M_SEQ)
            collect(kid, arena, out);
        else
            *riv_push(arena, out) = m->kids.ptr[i];
    }
}

static void print_group(printer *p, const char *word, model *const *kids, size_t count, size_t indent)
{
    if (count == 0) print_word(p, indent, "(null)");
    if (count == 1) print_node(p, kids[0], indent);
    if (count < 2) return;
    size_t left = count > FLAT_GROUP_MAX ? count / 2 : count - 1;
    start(p, indent);
    riv_putf(p->out, "(%s\n", word);
    print_group(p, word, kids, left, indent + 1);
    print_group(p, word, kids + left, count - left, indent + 1);
    close(p, indent);
}

static void print_seq(printer *p, const model *m, size_t indent)
{
    models flat = { 0 };
    collect(m, p->arena, &flat);
    print_group(p, "seq", flat.ptr, flat.len, indent);
}

/* par and xor need two members. */
static void print_pair(printer *p, const char *word, const model *m, size_t indent)
{
    if (m->kids.len > 1) {
        print_group(p, word, m->kids.ptr, m->kids.len, indent);
        return;
    }
    start(p, indent);
    riv_putf(p->out, "(%s\n", word);
    print_group(p, "seq", m->kids.ptr, m->kids.len, indent + 1);
    print_word(p, indent + 1, "(null)");
    close(p, indent);
}

static void print_call(printer *p, const model *m)
{
    riv_put_str(p->out, RIV_LIT("(call "));
    put_operand(p->out, &m->b);
    riv_put_str(p->out, RIV_LIT(" ("));
    put_operand(p->out, &m->a);
    riv_putf(p->out, " \"" RIV_FMT "\") [", RIV_ARG(m->function));
    for (size_t i = 0; i < m->list_count; i++) {
        if (i) riv_put_u8(p->out, ' ');
        put_operand(p->out, &m->list[i]);
    }
    riv_put_u8(p->out, ']');
    if (m->out) riv_putf(p->out, " " RIV_FMT, RIV_ARG(m->out->name));
    riv_put_str(p->out, RIV_LIT(")\n"));
}

static void print_ap(printer *p, const model *m)
{
    riv_put_str(p->out, RIV_LIT("(ap "));
    if (m->kind == M_AP_MAP) riv_put_u8(p->out, '(');
    put_operand(p->out, &m->a);
    if (m->kind == M_AP_MAP) {
        riv_put_u8(p->out, ' ');
        put_operand(p->out, &m->b);
        riv_put_u8(p->out, ')');
    }
    riv_putf(p->out, " " RIV_FMT ")\n", RIV_ARG(m->out->name));
}

static void print_canon(printer *p, const model *m)
{
    riv_put_str(p->out, RIV_LIT("(canon "));
    put_operand(p->out, &m->b);
    riv_putf(p->out, " " RIV_FMT " " RIV_FMT ")\n", RIV_ARG(m->in->name), RIV_ARG(m->out->name));
}

static void print_match(printer *p, const model *m, size_t indent)
{
    riv_put_str(p->out, m->kind == M_MATCH ? RIV_LIT("(match ") : RIV_LIT("(mismatch "));
    put_operand(p->out, &m->a);
    riv_put_u8(p->out, ' ');
    put_operand(p->out, &m->b);
    riv_put_u8(p->out, '\n');
    print_seq(p, m, indent + 1);
    close(p, indent);
}

static void print_for(printer *p, const model *m, size_t indent)
{
    riv_put_str(p->out, RIV_LIT("(fold "));
    put_operand(p->out, &m->a);
    riv_putf(p->out, " " RIV_FMT "\n", RIV_ARG(m->out->name));
    print_seq(p, m, indent + 1);
    print_word(p, indent + 1, m->never ? "(never)" : "(null)");
    close(p, indent);
}

static void print_node(printer *p, const model *m, size_t indent)
{
    switch (m->kind) {
    case M_SEQ: print_seq(p, m, indent); return;
    case M_PAR:
    case M_DETACH: print_pair(p, "par", m, indent); return;
    case M_XOR: print_pair(p, "xor", m, indent); return;
    default: break;
    }
    start(p, indent);
    switch (m->kind) {
    case M_FOR: print_for(p, m, indent); break;
    case M_NEXT: riv_putf(p->out, "(next " RIV_FMT ")\n", RIV_ARG(m->out->name)); break;
    case M_MATCH:
    case M_MISMATCH: print_match(p, m, indent); break;
    case M_NEW:
        riv_putf(p->out, "(new " RIV_FMT "\n", RIV_ARG(m->out->name));
        print_seq(p, m, indent + 1);
        close(p, indent);
        break;
    case M_CALL: print_call(p, m); break;
    case M_CANON: print_canon(p, m); break;
    case M_AP:
    case M_AP_MAP: print_ap(p, m); break;
    case M_FAIL:
        riv_put_str(p->out, RIV_LIT("(fail "));
        put_operand(p->out, &m->a);
        riv_put_str(p->out, RIV_LIT(")\n"));
        break;
    case M_NULL: riv_put_str(p->out, RIV_LIT("(null)\n")); break;
    case M_SEQ:
    case M_PAR:
    case M_DETACH:
    case M_XOR:
    case M_ON:
    case M_CAPTURE:
    case M_APPLY: RIV_UNREACHABLE();
    }
}

void aqua__print_air(const model *root, riv_buf *out)
{
    printer p = { .out = out, .arena = out->arena };
    print_node(&p, root, 0);
}

/* ---- exports ---- */

static const names *table_of(const names *in, riv_str dotted, riv_str *last)
{
    for (size_t dot; (dot = riv_str_find_char(dotted, '.', 0)) != SIZE_MAX;
         dotted = riv_str_sub(dotted, dot + 1, dotted.len)) {
        in = riv_map_get_str(in->modules, riv_str_sub(dotted, 0, dot));
        if (!in) return NULL;
    }
    *last = dotted;
    return in;
}

static bool write_script(compiler *c, const symbol *s, riv_str *text)
{
    model *root = aqua__lower(c, s->decl);
    if (!root) return false;
    root        = aqua__topology(c, root);
    riv_buf buf = riv_buf_in(c->arena);
    if (riv_arena_over(c->arena)) return false;
    aqua__print_air(root, &buf);
    *text = riv_buf_str(&buf);
    return true;
}

/* A model is twenty times its text and needed no longer, so it is built in an arena that the next function takes again. What is said of a
 * function must last: then it is built once more where all lasts. */
static bool write_script_in(compiler *c, riv_arena *scratch, const symbol *s, riv_str *text)
{
    const compiler before = *c;
    c->arena              = scratch;
    bool     good = write_script(c, s, text), over = riv_arena_over(scratch);
    bool     told  = c->errors.len > before.errors.len || c->warnings.len > before.warnings.len;
    uint32_t types = c->types_count; /* their numbers are not given again: pairs of them are remembered */
    if (good && !told && !over) *text = riv_str_dup(before.arena, *text);
    *c             = before;
    c->types_count = types;
    c->over        = c->over || (over && !told);
    riv_arena_reset(scratch);
    if (c->over) return false;
    return good && !told ? true : write_script(c, s, text);
}

static void refuse_types(compiler *c, const decl *d, riv_str name)
{
    aqua__report(c, &d->module->src, D_EXPANSION, d->at,
                 "types of `" RIV_FMT "` are nested more than %d deep, or have more than %d parts", RIV_ARG(name),
                 AQUA_DEPTH_MAX, DEFINE_PARTS_MAX);
}

static bool emit_func(compiler *c, riv_arena *scratch, riv_str name, const symbol *s, aqua_func *out)
{
    riv_str   text;
    riv_fault fault = { 0 };
    if (!write_script_in(c, scratch, s, &text)) return false;
    *out = (aqua_func){ .name = name, .air_text = text };
    if (!aqua__define_func(c, s->type, out)) {
        refuse_types(c, s->decl, name);
        return false;
    }
    riv_err err = air_parse(out->air_text, c->arena, &fault, &out->air);
    if (!err) return true;
    riv_str what = riv_str_c(fault.msg);
    aqua__error(c, &s->decl->module->src, AQUA_SEMANTIC_ERROR, s->decl->at,
                "the script of `" RIV_FMT "` is refused by AIR: " RIV_FMT, RIV_ARG(name), RIV_ARG(what));
    return false;
}

typedef struct exports {
    RIV_VEC(aqua_func) funcs;
    RIV_VEC(aqua_service) services;
    riv_map   *names;   /* done: a name is exported once */
    riv_map   *modules; /* passed * by module: each of its names is looked at once */
    riv_arena *scratch;
} exports;
typedef struct passed {
    bool     whole;
    riv_map *names;
} passed;

static bool is_declared(const module *m, riv_str name)
{
    riv_str      last;
    const names *in = table_of(&m->declared, name, &last);
    return in && (riv_map_get_str(in->values, last) || riv_map_get_str(in->services, last));
}

static void emit_one(compiler *c, const module *m, const name_as *n, exports *out)
{
    riv_str       last;
    riv_str       as      = n->as.len ? n->as : n->name;
    const names  *in      = table_of(&m->inside, n->name, &last);
    const symbol *s       = in ? riv_map_get_str(in->values, last) : NULL;
    const decl   *service = in ? riv_map_get_str(in->services, last) : NULL;
    aqua_func     func;
    if (riv_map_put_str(out->names, as, c)) return;
    if (s && s->kind == SYM_FUNC && emit_func(c, out->scratch, as, s, &func)) *riv_push(c->arena, &out->funcs) = func;
    if (!service) return;
    const riv_json *def = aqua__define_service(c, service);
    if (def)
        *riv_push(c->arena, &out->services) = (aqua_service){ as, def };
    else
        refuse_types(c, service, as);
}

/* Of the names wanted of a module those that were not before, NULL for all: what is left to look at. False: nothing. */
static bool still_wanted(compiler *c, const module *m, exports *out, const riv_map *wanted, const riv_map **left)
{
    riv_bytes name;
    void     *value;
    passed   *done = riv_map_get_u64(out->modules, m->id);
    if (!done) {
        done        = riv_new(c->arena, passed, 1);
        done->names = riv_map_new(c->arena);
        riv_map_put_u64(out->modules, m->id, done);
    }
    *left = NULL;
    if (done->whole) return false;
    if (!wanted) return done->whole = true;
    riv_map *rest = riv_map_new(c->arena);
    for (size_t i = 0; i < riv_map_slots(wanted); i++)
        if (riv_map_at(wanted, i, &name, &value) && !riv_map_put(done->names, name, c)) riv_map_put(rest, name, c);
    *left = rest;
    return riv_map_count(rest) > 0;
}

/* What an import with names lets through of the exports behind it: names that it does not change. */
static const riv_map *let_through(compiler *c, const head *h, const riv_map *wanted)
{
    riv_map *through = riv_map_new(c->arena);
    for (size_t i = 0; i < h->names_count; i++)
        if (!h->names[i].as.len && (!wanted || riv_map_get_str(wanted, h->names[i].name)))
            riv_map_put_str(through, h->names[i].name, c);
    return through;
}

/* What a module exports, and what those that it imports export of the names they declare. */
static void emit_module(compiler *c, const module *m, bool is_root, const riv_map *wanted, exports *out)
{
    const riv_map *left;
    if (!still_wanted(c, m, out, wanted, &left)) return;
    for (size_t i = 0; i < m->heads_count; i++) {
        const head *h = &m->heads[i];
        for (size_t k = 0; h->kind == HEAD_EXPORT && k < h->names_count && !c->over && !riv_arena_over(c->arena); k++)
            if (is_root || (is_declared(m, h->names[k].name) && (!left || riv_map_get_str(left, h->names[k].name))))
                emit_one(c, m, &h->names[k], out);
    }
    for (size_t i = 0; i < m->heads_count; i++)
        if (m->heads[i].kind == HEAD_IMPORT && m->imports[i])
            emit_module(c, m->imports[i], false, m->heads[i].has_names ? let_through(c, &m->heads[i], left) : left,
                        out);
}

void aqua__emit_exports(compiler *c, module *m, aqua_output *out)
{
    exports all = { .names = riv_map_new(c->arena), .modules = riv_map_new(c->arena) };
    all.scratch = riv_arena_new(RIV_MIN((size_t)AQUA_ARENA_BYTES_MAX, riv_arena_left(c->arena)));
    emit_module(c, m, true, NULL, &all);
    riv_arena_free(all.scratch);
    out->funcs          = all.funcs.ptr;
    out->funcs_count    = all.funcs.len;
    out->services       = all.services.ptr;
    out->services_count = all.services.len;
}
