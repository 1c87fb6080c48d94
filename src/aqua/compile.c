/* compile.c: the passes in order, over a file and what it imports; and the diagnostics they leave.
 * Modules are loaded depth first; each is checked once, after those it imports; a failure stops those that depend on it.
 * Spec: docs/spec/aqua.md §3.2, §9, §11. Tests: check_test.c, recover_test.c, compile_fuzz.c. */
#include "aqua/internal.h"

#include <stdio.h>

static module *load(compiler *c, riv_str path, riv_str text, uint32_t depth);
static void    check_all(compiler *c, module *m);
static void    read_constants(compiler *c);
static void    predefine(compiler *c);

riv_err aqua_compile(const aqua_input *in, riv_arena *arena, riv_fault *fault, aqua_output *out)
{
    if (in->source.len > AQUA_SOURCE_BYTES_MAX)
        return riv_fail(fault, RIV_E_LIMIT, 0, "source of %zu bytes is longer than %d", in->source.len,
                        AQUA_SOURCE_BYTES_MAX);
    compiler *c        = riv_new(arena, compiler, 1);
    c->arena           = arena;
    c->in              = in;
    c->fault           = fault;
    c->module_by_path  = riv_map_new(arena);
    aqua_output result = { 0 };
    aqua__begin(c);
    module *root = load(c, in->path, in->source, 0);
    check_all(c, root);
    aqua__settle_warnings(c);
    if (c->errors.len == 0) aqua__emit_exports(c, root, &result);
    if (riv_arena_over(arena) || c->over)
        return riv_fail(fault, RIV_E_LIMIT, 0, "compilation of " RIV_FMT " needs too much memory", RIV_ARG(in->path));
    result.accepted = c->errors.len == 0;
    result.errors   = (aqua_diags){ c->errors.ptr, c->errors.len };
    result.warnings = (aqua_diags){ c->warnings.ptr, c->warnings.len };
    if (!result.accepted) result.funcs_count = result.services_count = 0;
    *out = result;
    return RIV_OK;
}

void aqua__begin(compiler *c)
{
    c->compared = riv_map_new(c->arena);
    predefine(c);
    read_constants(c);
}

void aqua__read_alone(compiler *c, module *m, const aqua_input *in)
{
    c->in             = in;
    c->module_by_path = riv_map_new(c->arena);
    aqua__begin(c);
    m->src = (source){ .path = in->path, .text = in->source };
    aqua__lex(c, &m->src);
    aqua__parse(c, m);
}

/* ---- constants ---- */

static void predefine_one(compiler *c, const char *name, const char *text, const type *t)
{
    symbol *s = riv_new(c->arena, symbol, 1);
    *s        = (symbol){
               .kind = SYM_CONST, .name = riv_str_c(name), .type = t, .text = riv_str_c(text), .literal = LIT_INIT_PEER
    };
    riv_map_put_str(c->predefined, s->name, s);
}

static void predefine(compiler *c)
{
    c->predefined = riv_map_new(c->arena);
    c->constants  = riv_map_new(c->arena);
    predefine_one(c, "INIT_PEER_ID", "%init_peer_id%", &aqua__string);
    predefine_one(c, "HOST_PEER_ID", c->in->options.no_relay ? "%init_peer_id%" : "-relay-", &aqua__string);
    predefine_one(c, "PARTICLE_TTL", "%ttl%", &aqua__u32);
    predefine_one(c, "PARTICLE_TIMESTAMP", "%timestamp%", &aqua__u64);
    predefine_one(c, "nil", "[]", &aqua__nil);
    predefine_one(c, "LAST_ERROR", ":error:", &aqua__error_type);
}

/* "NAME = literal" or "NAME ?= literal", with the spaces. */
static bool read_constant(compiler *c, riv_str text)
{
    size_t mark = riv_str_find(text, RIV_LIT(" = "), 0), skip = 3;
    if (mark == SIZE_MAX) mark = riv_str_find(text, RIV_LIT(" ?= "), 0), skip = 4;
    if (mark == SIZE_MAX) return false;
    riv_str name = riv_str_trim(riv_str_sub(text, 0, mark));
    if (name.len == 0 || name.ptr[0] < 'A' || name.ptr[0] > 'Z') return false;
    for (size_t i = 0; i < name.len; i++) {
        char ch = name.ptr[i];
        if (!((ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_')) return false;
    }
    expr *value = aqua__parse_literal(c, riv_str_sub(text, mark + skip, text.len));
    if (!value) return false;
    symbol *s = riv_new(c->arena, symbol, 1);
    *s        = (symbol){ .kind    = SYM_CONST,
                          .name    = name,
                          .type    = aqua__literal_type(value->literal),
                          .text    = value->text,
                          .literal = value->literal };
    if (!riv_map_get_str(c->constants, name)) riv_map_put_str(c->constants, name, s);
    return true;
}

static void read_constants(compiler *c)
{
    for (size_t i = 0; i < c->in->options.constants_count; i++) {
        riv_str text   = c->in->options.constants[i];
        size_t  errors = c->errors.len;
        if (read_constant(c, text)) continue;
        c->errors.len = errors;
        aqua__report_nowhere(c, RIV_LIT(""), D_BAD_OPTION,
                             riv_format(c->arena, "Invalid constant definition '" RIV_FMT "'.", RIV_ARG(text)));
    }
}

/* ---- modules ---- */

static void report_cycle(compiler *c, const module *m)
{
    riv_buf text = riv_buf_in(c->arena);
    riv_put_str(&text, RIV_LIT("Cycle loops detected in imports: "));
    bool          inside = false;
    const module *from   = NULL;
    for (size_t i = 0; i < c->modules.len; i++) { /* the ones being loaded stand in the order of their imports */
        const module *at = c->modules.ptr[i];
        if (at == m) inside = true;
        if (!inside || !at->loading) continue;
        if (from) riv_putf(&text, RIV_FMT " imports " RIV_FMT ", ", RIV_ARG(from->src.path), RIV_ARG(at->src.path));
        from = at;
    }
    if (from) riv_putf(&text, RIV_FMT " imports " RIV_FMT, RIV_ARG(from->src.path), RIV_ARG(m->src.path));
    aqua__report_nowhere(c, m->src.path, D_IMPORT_CYCLE, riv_buf_str(&text));
}

static module *load_import(compiler *c, module *m, const head *h, uint32_t depth)
{
    riv_str path = { 0 }, text = { 0 }, tried = { 0 };
    riv_err err = RIV_E_NOT_FOUND;
    if (c->in->import)
        err = c->in->import(c->in->import_ctx, m->src.path, h->path, c->arena, NULL, &path, &text, &tried);
    if (!err && text.len > AQUA_SOURCE_BYTES_MAX) err = RIV_E_LIMIT;
    if (err) {
        aqua__report(c, &m->src, D_IMPORT_MISSING, h->path_at,
                     "Import '" RIV_FMT "' could not be resolved, tried: " RIV_FMT, RIV_ARG(h->path), RIV_ARG(tried));
        return NULL;
    }
    module *known = riv_map_get_str(c->module_by_path, path);
    if (known && known->loading) {
        report_cycle(c, known);
        return NULL;
    }
    if (known) return known;
    if (depth >= AQUA_DEPTH_MAX) {
        aqua__report(c, &m->src, D_TOO_DEEP, h->path_at, "imports are nested too deeply");
        return NULL;
    }
    return load(c, path, text, depth + 1);
}

static module *load(compiler *c, riv_str path, riv_str text, uint32_t depth)
{
    module *m  = riv_new(c->arena, module, 1);
    m->src     = (source){ .path = path, .text = text };
    m->id      = (uint32_t)c->modules.len;
    m->loading = true;
    size_t bad;
    riv_map_put_str(c->module_by_path, path, m);
    *riv_push(c->arena, &c->modules) = m;
    if (!riv_utf8_valid(riv_str_bytes(text), &bad)) {
        aqua__report(c, &m->src, D_NOT_UTF8, (span){ (uint32_t)bad, 1 }, "the file is not UTF-8 text");
        m->failed = true;
    } else {
        aqua__lex(c, &m->src);
        aqua__parse(c, m);
    }
    m->imports = riv_new(c->arena, module *, m->heads_count + 1);
    for (size_t i = 0; i < m->heads_count; i++)
        if (m->heads[i].kind == HEAD_USE || m->heads[i].kind == HEAD_IMPORT)
            m->imports[i] = load_import(c, m, &m->heads[i], depth);
    m->loading = false;
    return m;
}

static void check_all(compiler *c, module *m)
{
    if (!m || m->checked) return;
    m->checked = true;
    for (size_t i = 0; i < m->heads_count; i++) {
        check_all(c, m->imports[i]);
        if (m->imports[i] && m->imports[i]->failed) m->failed = true;
    }
    size_t errors = c->errors.len;
    aqua__check(c, m);
    if (c->errors.len > errors) m->failed = true;
}
