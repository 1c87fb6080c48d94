/* flow.c: what is well typed and would still go wrong when it runs: streams that nobody fills, or that are read while their writers
 * are at work; `on` a peer that cannot be. Warnings only: a look at the text, not a proof.
 * Spec: docs/spec/aqua.md §10.5 to §10.7. Tests: flow_test.c. */
#include "aqua/check.h"

/* One stream that the function makes. */
typedef struct facts {
    const symbol *symbol;
    size_t        writes;  /* at most, when not many */
    bool          many;    /* written in a loop, or in a closure */
    bool          escapes; /* someone else may write into it */
    size_t        beside;  /* the place of the last write that nobody waits for; 0: none */
    bool          told;
} facts;
typedef struct element {
    facts   *of;
    uint64_t index;
    span     at;
    bool     literal;
} element;

typedef struct flow {
    checker *k;
    riv_map *streams; /* by address of the symbol: facts * */
    RIV_VEC(element) elements;
    RIV_VEC(bool) open; /* regions that run beside: is the walk still in it? Region 0 is the function */
    uint32_t    beside; /* the innermost such region */
    uint32_t    loops;  /* around this place, closures too */
    const stmt *on;     /* the innermost `on` */
} flow;

static void walk_body(flow *f, const stmts *body);
static void walk_expr(flow *f, const expr *e);

void aqua__check_flow(checker *k, const arrow *a)
{
    flow f                          = { .k = k, .streams = riv_map_new(k->c->arena) };
    *riv_push(k->c->arena, &f.open) = true;
    walk_body(&f, a->body);
    for (size_t i = 0; i < f.elements.len; i++) {
        const element *e = &f.elements.ptr[i];
        if (e->of->escapes || e->of->many || e->of->told) continue;
        if (e->of->writes > 0 && (!e->literal || e->index < e->of->writes)) continue;
        e->of->told     = true;
        riv_str    name = e->of->symbol->name;
        aqua_diag *d =
            e->of->writes == 0
                ? aqua__report(k->c, k->src, D_NEVER_ARRIVES, e->at,
                               "nobody writes into `" RIV_FMT "`, so this is waited for in vain", RIV_ARG(name))
                : aqua__report(k->c, k->src, D_NEVER_ARRIVES, e->at,
                               "`" RIV_FMT "` gets %zu value%s at most, so this one is waited for in vain",
                               RIV_ARG(name), e->of->writes, e->of->writes == 1 ? "" : "s");
        aqua__note(k->c, d, k->src, e->of->symbol->at, "the stream is made here");
    }
}

/* ---- streams ---- */

static facts *facts_of(const flow *f, const expr *e)
{
    if (!e || e->kind != EX_NAME || !e->symbol) return NULL;
    return riv_map_get_u64(f->streams, (uint64_t)(uintptr_t)e->symbol);
}

static void made(flow *f, const symbol *s, size_t writes)
{
    if (!s || !s->type || s->type->kind != TY_STREAM) return;
    facts *new  = riv_new(f->k->c->arena, facts, 1);
    new->symbol = s;
    new->writes = writes;
    riv_map_put_u64(f->streams, (uint64_t)(uintptr_t)s, new);
}

static void written(flow *f, const symbol *s)
{
    facts *x = s ? riv_map_get_u64(f->streams, (uint64_t)(uintptr_t)s) : NULL;
    if (!x) return;
    x->writes++;
    if (f->loops) x->many = true;
    if (f->beside) x->beside = f->beside;
}

/* The stream as a whole is read here: what has arrived by now. */
static void snapshot(flow *f, facts *x, span at)
{
    if (!x->beside || f->open.ptr[x->beside] || x->told) return;
    x->told      = true;
    aqua_diag *d = aqua__report(f->k->c, f->k->src, D_NOT_JOINED, at,
                                "`" RIV_FMT "` is read as it is now, and those who write into it may not be done",
                                RIV_ARG(x->symbol->name));
    aqua__hint(f->k->c, d, "`join " RIV_FMT "[n - 1]` above waits for n values", RIV_ARG(x->symbol->name));
}

static void read_whole(flow *f, const expr *e)
{
    facts *x = facts_of(f, e);
    if (x)
        snapshot(f, x, e->at);
    else
        walk_expr(f, e);
}

/* Someone waits for x, and so for those who write into it; what else they write is there then, as far as they got. */
static void waited(flow *f, facts *x)
{
    uint32_t  region = (uint32_t)x->beside;
    riv_bytes key;
    void     *value;
    x->beside = 0;
    for (size_t i = 0; region && i < riv_map_slots(f->streams); i++)
        if (riv_map_at(f->streams, i, &key, &value) && ((facts *)value)->beside == region) ((facts *)value)->beside = 0;
}

/* A name that may be written through from now on. */
static void hand_over(flow *f, const expr *e)
{
    facts *x = facts_of(f, e);
    if (x)
        x->escapes = true, waited(f, x); /* whoever takes it may wait */
    else
        walk_expr(f, e);
}

static void read_element(flow *f, const expr *e)
{
    facts   *x     = facts_of(f, e->base);
    uint64_t index = 0;
    bool     known = e->bang || (e->right->kind == EX_LITERAL && riv_str_u64(e->right->text, &index));
    if (!e->bang) walk_expr(f, e->right);
    if (!x) {
        walk_expr(f, e->base);
        return;
    }
    waited(f, x);
    *riv_push(f->k->c->arena, &f->elements) = (element){ x, index, e->base->at, known };
}

static void walk_args(flow *f, const expr *e)
{
    for (size_t i = 0; i < e->args_count; i++) {
        const type *param = e->callee && i < e->callee->fields_count ? e->callee->fields[i].type : NULL;
        if (!param || param->kind == TY_STREAM || param->kind == TY_ABILITY)
            hand_over(f, e->args[i]);
        else
            read_whole(f, e->args[i]);
    }
}

static void walk_expr(flow *f, const expr *e)
{
    if (!e) return;
    switch (e->kind) {
    case EX_LITERAL:
    case EX_NAME: break;
    case EX_ARRAY:
    case EX_OPTION:
    case EX_STREAM:
        for (size_t i = 0; i < e->args_count; i++) read_whole(f, e->args[i]);
        break;
    case EX_CONSTRUCT:
    case EX_COPY:
        if (e->base && e->kind == EX_COPY) walk_expr(f, e->base);
        for (size_t i = 0; i < e->args_count; i++) hand_over(f, e->args[i]);
        break;
    case EX_METHOD:
        walk_expr(f, e->base);
        walk_args(f, e);
        break;
    case EX_CALL: walk_args(f, e); break;
    case EX_FIELD: read_whole(f, e->base); break;
    case EX_INDEX: read_element(f, e); break;
    case EX_NOT: walk_expr(f, e->base); break;
    case EX_BINARY:
        read_whole(f, e->base);
        read_whole(f, e->right);
        break;
    }
}

/* ---- places ---- */

static bool is_base58(riv_str s)
{
    static const riv_str letters = RIV_LIT_INIT("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");
    for (size_t i = 0; i < s.len; i++)
        if (riv_str_find_char(letters, s.ptr[i], 0) == SIZE_MAX) return false;
    return true;
}

static bool is_peer_id(riv_str id)
{
    enum { ED25519_LETTERS = 52, RSA_LETTERS = 46, SECP256K1_LETTERS = 53 };
    bool keyed  = id.len == ED25519_LETTERS && riv_str_starts(id, RIV_LIT("12D3KooW"));
    bool hashed = id.len == RSA_LETTERS && riv_str_starts(id, RIV_LIT("Qm"));
    bool other  = id.len == SECP256K1_LETTERS && riv_str_starts(id, RIV_LIT("16Uiu2HA"));
    return (keyed || hashed || other) && is_base58(id);
}

/* The text of a literal or a constant, with its quotes; empty when it is neither. */
static riv_str known_text(const expr *e)
{
    if (e->kind == EX_LITERAL && e->literal == LIT_STRING) return e->text;
    const symbol *s = e->kind == EX_NAME ? e->symbol : NULL;
    return s && s->kind == SYM_CONST && s->literal == LIT_STRING ? s->text : RIV_LIT("");
}

static void check_peer(flow *f, const expr *e)
{
    riv_str text = known_text(e);
    if (text.len < 2 || is_peer_id(riv_str_sub(text, 1, text.len - 1))) return;
    aqua__report(f->k->c, f->k->src, D_ON_NOWHERE, e->at, RIV_FMT " is no peer id, so what stands here runs nowhere",
                 RIV_ARG(text));
}

static bool names_peer(const expr *e, const char *text)
{
    const symbol *s = e->kind == EX_NAME ? e->symbol : NULL;
    return (s && s->kind == SYM_CONST && riv_str_eq(s->text, riv_str_c(text))) ||
           (e->kind == EX_LITERAL && riv_str_eq(e->text, riv_str_c(text)));
}

static void check_relay(flow *f, const stmt *s)
{
    const expr *peer = s->exprs[0];
    if (f->k->c->in->options.no_relay || !f->on || s->exprs_count > 1 || !names_peer(peer, "%init_peer_id%")) return;
    if (names_peer(f->on->exprs[0], "-relay-") || names_peer(f->on->exprs[0], "%init_peer_id%")) return;
    aqua_diag *d = aqua__report(f->k->c, f->k->src, D_ON_WITHOUT_RELAY, peer->at,
                                "the peer that began this has no connection but to its relay");
    aqua__note(f->k->c, d, f->k->src, f->on->exprs[0]->at, "execution is on this peer here");
    aqua__fix(f->k->c, d, "go through the relay", (span){ peer->whole.pos + peer->whole.len, 0 },
              RIV_LIT(" via HOST_PEER_ID"));
}

/* ---- statements ---- */

static void walk_on(flow *f, const stmt *s)
{
    const stmt *outer = f->on;
    for (size_t i = 0; i < s->exprs_count; i++) {
        check_peer(f, s->exprs[i]);
        read_whole(f, s->exprs[i]);
    }
    check_relay(f, s);
    f->on = s;
    walk_body(f, &s->body);
    f->on = outer;
}

static uint32_t enter_beside(flow *f)
{
    uint32_t before                     = f->beside;
    f->beside                           = (uint32_t)f->open.len;
    *riv_push(f->k->c->arena, &f->open) = true;
    return before;
}

static void leave_beside(flow *f, uint32_t before)
{
    f->open.ptr[f->beside] = false;
    f->beside              = before;
}

static void walk_loop(flow *f, const stmt *s)
{
    bool     beside = s->kind == ST_PARSEQ || s->mode == FOR_PAR || s->mode == FOR_REC;
    uint32_t before = f->beside;
    if (s->mode != FOR_REC) read_whole(f, s->exprs[0]);
    if (beside) before = enter_beside(f);
    f->loops++;
    if (s->kind == ST_PARSEQ) check_peer(f, s->exprs[1]);
    for (size_t i = 1; i < s->exprs_count; i++) read_whole(f, s->exprs[i]);
    walk_body(f, &s->body);
    f->loops--;
    if (beside) leave_beside(f, before);
}

static void walk_stmt(flow *f, const stmt *s)
{
    switch (s->kind) {
    case ST_PUSH:
        for (size_t i = 0; i < s->exprs_count; i++) read_whole(f, s->exprs[i]);
        written(f, s->symbols[0]);
        break;
    case ST_CALL:
        walk_expr(f, s->exprs[0]);
        for (size_t i = 0; i < s->names_count; i++)
            if (s->pushes[i]) written(f, s->symbols[i]);
        break;
    case ST_DECLARE: made(f, s->symbols[0], 0); break;
    case ST_ASSIGN:
        hand_over(f, s->exprs[0]);
        if (s->exprs[0]->kind == EX_STREAM) made(f, s->symbols[0], s->exprs[0]->args_count);
        break;
    case ST_CLOSURE:
        f->loops++;
        walk_body(f, &s->body);
        f->loops--;
        break;
    case ST_ON: walk_on(f, s); break;
    case ST_FOR:
    case ST_PARSEQ: walk_loop(f, s); break;
    case ST_RETURN:
    case ST_JOIN:
    case ST_IF:
    case ST_SERVICE_ID:
        for (size_t i = 0; i < s->exprs_count; i++) read_whole(f, s->exprs[i]);
        walk_body(f, &s->body);
        break;
    case ST_ELSE:
    case ST_TRY:
    case ST_CATCH:
    case ST_OTHERWISE: walk_body(f, &s->body); break;
    case ST_BAD: break;
    }
}

/* `S0`, `par S1`, `par S2` are branches of one group; whoever is quick ends it. */
static void walk_body(flow *f, const stmts *body)
{
    for (size_t i = 0; i < body->len; i++) {
        const stmt *s      = body->ptr[i];
        bool        beside = s->prefix != PREFIX_NONE || (i + 1 < body->len && body->ptr[i + 1]->prefix == PREFIX_PAR);
        uint32_t    before = f->beside;
        if (beside) before = enter_beside(f);
        walk_stmt(f, s);
        if (beside) leave_beside(f, before);
    }
}
