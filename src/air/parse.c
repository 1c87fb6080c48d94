/* parse.c: tokens to the tree. No recursion: open instructions wait on a stack of at most AIR_DEPTH_MAX.
 * What each place takes is a set of token kinds, so the grammar reads as in the spec.
 * Spec: docs/spec/air.md 1.3. Tests: parse_test.c, parse_fuzz.c, parse_bench.c, tests/conform/avm/grammar.mjs. */
#include "air/internal.h"

/* ---- the sets of the grammar; the names are those of the spec ---- */

enum {
    SET_PEER = AIR_T_INIT_PEER_ID | AIR_T_LITERAL | AIR_T_SCALAR | AIR_T_SCALAR_LAMBDA | AIR_T_CANON_LAMBDA |
               AIR_T_CANON_MAP_LAMBDA,
    SET_STR   = SET_PEER & ~AIR_T_INIT_PEER_ID,
    SET_APVAL = AIR_T_INIT_PEER_ID | AIR_T_LAST_ERROR | AIR_T_LAST_ERROR_LAMBDA | AIR_T_ERROR | AIR_T_ERROR_LAMBDA |
                AIR_T_LITERAL | AIR_T_TIMESTAMP | AIR_T_TTL | AIR_T_INT | AIR_T_FLOAT | AIR_T_BOOL | AIR_T_LIST_OPEN |
                AIR_T_SCALAR | AIR_T_SCALAR_LAMBDA | AIR_T_CANON | AIR_T_CANON_LAMBDA | AIR_T_CANON_MAP_LAMBDA,
    SET_VALUE = SET_APVAL | AIR_T_CANON_MAP,
    SET_KEY   = AIR_T_LITERAL | AIR_T_INT | AIR_T_SCALAR | AIR_T_SCALAR_LAMBDA | AIR_T_CANON_LAMBDA,
    SET_OUT   = AIR_T_SCALAR | AIR_T_STREAM,
    SET_ITER  = AIR_T_SCALAR | AIR_T_SCALAR_LAMBDA | AIR_T_CANON | AIR_T_CANON_MAP | AIR_T_CANON_MAP_LAMBDA |
               AIR_T_LIST_OPEN | AIR_T_STREAM | AIR_T_MAP,
    SET_NEW  = AIR_T_SCALAR | AIR_T_STREAM | AIR_T_MAP | AIR_T_CANON | AIR_T_CANON_MAP,
    SET_FAIL = AIR_T_SCALAR | AIR_T_SCALAR_LAMBDA | AIR_T_CANON_LAMBDA | AIR_T_INT | AIR_T_LAST_ERROR | AIR_T_ERROR,
};

typedef struct frame { /* an instruction that waits for its kids */
    air_node *node;
    size_t    kids;
} frame;

typedef struct parser {
    air_lexer    lexer;
    air_token    token; /* the one ahead */
    riv_fault   *fault;
    riv_arena   *arena, *scratch; /* of the tree; of what is needed while it grows */
    air_checker *checker;         /* NULL: no checks */
    RIV_VEC(frame) open;
    RIV_VEC(air_value) args; /* of the call that is being read */
} parser;

static riv_err parse_head(parser *p, air_node **out);
static riv_err parse_operands(parser *p, air_node *n);
static size_t  kids_of(air_kind kind);
static riv_err close_instruction(parser *p, air_node *n);

/* ---- entry ---- */

/* A whole instruction: hands it to its parent, which may be whole then, and so on up. *root is set when none is left. */
static riv_err hand_up(parser *p, air_node *n, const air_node **root)
{
    for (;;) {
        RIV_TRY(close_instruction(p, n));
        if (!p->open.len) {
            *root = n;
            return RIV_OK;
        }
        frame *parent                     = &p->open.ptr[p->open.len - 1];
        parent->node->kid[parent->kids++] = n;
        if (parent->kids < kids_of(parent->node->kind)) return RIV_OK;
        if (parent->node->kind == AIR_FOLD && parent->kids == 1 && p->token.kind == AIR_T_OPEN) return RIV_OK;
        n = parent->node;
        p->open.len--;
    }
}

static riv_err parse_script(parser *p, const air_node **root)
{
    RIV_TRY(air__lex(&p->lexer, p->fault, &p->token));
    while (!*root) {
        air_node *n = NULL;
        if (riv_arena_over(p->arena) || riv_arena_over(p->scratch))
            return riv_fail_code(p->fault, RIV_E_LIMIT, AIR_CODE_PARSE, p->token.pos,
                                 "the script needs more memory than it may take");
        RIV_TRY(parse_head(p, &n));
        if (!kids_of(n->kind)) {
            RIV_TRY(hand_up(p, n, root));
            continue;
        }
        if (p->open.len == AIR_DEPTH_MAX)
            return riv_fail_code(p->fault, RIV_E_LIMIT, AIR_CODE_PARSE, n->pos,
                                 "instructions are nested deeper than %d", AIR_DEPTH_MAX);
        *riv_push(p->scratch, &p->open) = (frame){ n, 0 };
    }
    return RIV_OK;
}

static riv_err parse_all(parser *p, const air_node **out)
{
    const air_node *root = NULL;
    RIV_TRY(parse_script(p, &root));
    if (p->token.kind != AIR_T_END)
        return riv_fail_code(p->fault, RIV_E_MALFORMED, AIR_CODE_PARSE, p->token.pos,
                             "expected the end: a script is one instruction");
    if (p->checker) RIV_TRY(air__check_end(p->checker, p->fault));
    *out = root;
    return RIV_OK;
}

static riv_err parse(riv_str script, riv_arena *arena, riv_fault *fault, bool checked, const air_node **out)
{
    size_t bad, left = riv_arena_left(arena);
    if (script.len > AIR_SCRIPT_BYTES_MAX)
        return riv_fail_code(fault, RIV_E_LIMIT, AIR_CODE_PARSE, AIR_SCRIPT_BYTES_MAX,
                             "a script of %zu bytes; at most %d are taken", script.len, AIR_SCRIPT_BYTES_MAX);
    if (!riv_utf8_valid(riv_str_bytes(script), &bad))
        return riv_fail_code(fault, RIV_E_MALFORMED, AIR_CODE_PARSE, bad, "the script is not UTF-8");
    riv_arena *scratch = riv_arena_new(left == SIZE_MAX ? 0 : RIV_MAX(left, (size_t)1));
    parser     p       = { .lexer = { script, 0, arena }, .fault = fault, .arena = arena, .scratch = scratch };
    if (checked) p.checker = air__checker_new(scratch);
    riv_err err = parse_all(&p, out);
    riv_arena_free(scratch);
    return err;
}

riv_err air_parse(riv_str script, riv_arena *arena, riv_fault *fault, const air_node **out)
{
    return parse(script, arena, fault, true, out);
}

riv_err air_parse_unchecked(riv_str script, riv_arena *arena, riv_fault *fault, const air_node **out)
{
    return parse(script, arena, fault, false, out);
}

/* ---- tokens ---- */

static riv_err advance(parser *p) { return air__lex(&p->lexer, p->fault, &p->token); }

static riv_err expected(parser *p, const char *what)
{
    const air_token *t = &p->token;
    if (t->kind == AIR_T_END)
        return riv_fail_code(p->fault, RIV_E_MALFORMED, AIR_CODE_PARSE, t->pos, "the script ends where %s is expected",
                             what);
    riv_str text = riv_str_sub(p->lexer.script, t->pos, RIV_MIN(t->end, t->pos + 40));
    return riv_fail_code(p->fault, RIV_E_MALFORMED, AIR_CODE_PARSE, t->pos, "expected %s instead of " RIV_FMT, what,
                         RIV_ARG(text));
}

static riv_err take(parser *p, air_token_kind kind, const char *what)
{
    if (p->token.kind != kind) return expected(p, what);
    return advance(p);
}

/* An operand of one of the kinds in set. */
static riv_err take_value(parser *p, int set, const char *what, air_value *out)
{
    if (!((int)p->token.kind & set)) return expected(p, what);
    *out              = p->token.value;
    bool is_list_open = p->token.kind == AIR_T_LIST_OPEN;
    RIV_TRY(advance(p));
    if (!is_list_open) return RIV_OK;
    out->kind = AIR_EMPTY_ARRAY;
    return take(p, AIR_T_LIST_CLOSE, "']': only empty arrays can be written");
}

static riv_err take_var(parser *p, int set, const char *what, air_var *out)
{
    air_value v;
    RIV_TRY(take_value(p, set, what, &v));
    *out = v.var;
    return RIV_OK;
}

/* ---- instructions ---- */

static size_t kids_of(air_kind kind)
{
    switch (kind) {
    case AIR_SEQ:
    case AIR_PAR:
    case AIR_XOR: return 2;
    case AIR_MATCH:
    case AIR_MISMATCH:
    case AIR_NEW:
    case AIR_FOLD: return 1; /* fold: and perhaps one more */
    case AIR_CALL:
    case AIR_CANON:
    case AIR_AP:
    case AIR_NEXT:
    case AIR_FAIL:
    case AIR_NULL:
    case AIR_NEVER:
    case AIR_KINDS: return 0;
    }
    RIV_UNREACHABLE();
}

/* Up to the last field of the kind. */
static size_t node_bytes(air_kind kind, bool has_key)
{
    switch (kind) {
    case AIR_SEQ:
    case AIR_PAR:
    case AIR_XOR:
    case AIR_NULL:
    case AIR_NEVER: return offsetof(air_node, out);
    case AIR_NEXT:
    case AIR_NEW: return offsetof(air_node, value);
    case AIR_AP: return has_key ? sizeof(air_node) : offsetof(air_node, value[1]);
    case AIR_FOLD: return offsetof(air_node, value[1]);
    case AIR_MATCH:
    case AIR_MISMATCH:
    case AIR_FAIL: return offsetof(air_node, key);
    case AIR_CANON: return offsetof(air_node, source) + sizeof(air_var);
    case AIR_CALL: return offsetof(air_node, args_count) + sizeof(size_t);
    case AIR_KINDS: break;
    }
    RIV_UNREACHABLE();
}

/* "(", the keyword and the operands: all that comes before kids or the closing bracket. */
static riv_err parse_head(parser *p, air_node **out)
{
    size_t pos = p->token.pos;
    RIV_TRY(take(p, AIR_T_OPEN, "'('"));
    if (p->token.kind != AIR_T_KEYWORD) return expected(p, "an instruction's name");
    air_kind kind = p->token.keyword;
    RIV_TRY(advance(p));
    size_t    bytes = node_bytes(kind, p->token.kind == AIR_T_OPEN);
    air_node *n     = riv_arena_alloc(p->arena, bytes, _Alignof(air_node));
    n->kind         = kind;
    n->pos          = (uint32_t)pos;
    RIV_TRY(parse_operands(p, n));
    if (p->checker && n->kind == AIR_FOLD) air__check_fold_opens(p->checker, n);
    *out = n;
    return RIV_OK;
}

static riv_err close_instruction(parser *p, air_node *n)
{
    n->end = (uint32_t)p->token.end;
    RIV_TRY(take(p, AIR_T_CLOSE, "')'"));
    if (p->checker) air__check_instruction(p->checker, n);
    return RIV_OK;
}

/* Up to the bracket that closes the list. */
static riv_err parse_args(parser *p, air_node *n)
{
    p->args.len = 0;
    while (p->token.kind != AIR_T_LIST_CLOSE) {
        air_value arg;
        RIV_TRY(take_value(p, SET_VALUE, "an argument or ']'", &arg));
        *riv_push(p->scratch, &p->args) = arg;
    }
    air_value *args = riv_arena_alloc_raw(p->arena, p->args.len * sizeof *args, _Alignof(air_value));
    if (p->args.len) memcpy(args, p->args.ptr, p->args.len * sizeof *args);
    n->args       = args;
    n->args_count = p->args.len;
    return RIV_OK;
}

static riv_err parse_call(parser *p, air_node *n)
{
    RIV_TRY(take_value(p, SET_PEER, "a peer id", &n->peer));
    RIV_TRY(take(p, AIR_T_OPEN, "'(' with service and function"));
    RIV_TRY(take_value(p, SET_STR, "a service id", &n->service));
    RIV_TRY(take_value(p, SET_STR, "a function name", &n->function));
    RIV_TRY(take(p, AIR_T_CLOSE, "')' after service and function"));
    RIV_TRY(take(p, AIR_T_LIST_OPEN, "'[' with the arguments"));
    RIV_TRY(parse_args(p, n));
    RIV_TRY(advance(p));
    n->has_out = p->token.kind != AIR_T_CLOSE;
    return n->has_out ? take_var(p, SET_OUT, "an output (scalar or stream) or ')'", &n->out) : RIV_OK;
}

static riv_err parse_canon(parser *p, air_node *n)
{
    RIV_TRY(take_value(p, SET_PEER, "a peer id", &n->peer));
    RIV_TRY(take_var(p, AIR_T_STREAM | AIR_T_MAP, "a stream or stream map", &n->source));
    n->has_out = true;
    if (n->source.kind == AIR_VAR_STREAM) return take_var(p, AIR_T_CANON, "a canon stream", &n->out);
    return take_var(p, AIR_T_CANON_MAP | AIR_T_SCALAR, "a canon map or a scalar", &n->out);
}

static riv_err parse_ap(parser *p, air_node *n)
{
    n->has_out = true;
    n->has_key = p->token.kind == AIR_T_OPEN;
    if (!n->has_key) {
        RIV_TRY(take_value(p, SET_APVAL, "a value", &n->value[0]));
        return take_var(p, SET_OUT, "a scalar or stream", &n->out);
    }
    RIV_TRY(advance(p));
    RIV_TRY(take_value(p, SET_KEY, "a key", &n->key));
    RIV_TRY(take_value(p, SET_APVAL, "a value", &n->value[0]));
    RIV_TRY(take(p, AIR_T_CLOSE, "')' after key and value"));
    return take_var(p, AIR_T_MAP, "a stream map", &n->out);
}

static riv_err parse_fail(parser *p, air_node *n)
{
    RIV_TRY(
        take_value(p, SET_FAIL, "an error: a number and a text, a variable, %last_error% or :error:", &n->value[0]));
    if (n->value[0].kind != AIR_INT) return RIV_OK;
    return take_value(p, AIR_T_LITERAL, "the error's text", &n->value[1]);
}

static riv_err parse_operands(parser *p, air_node *n)
{
    switch (n->kind) {
    case AIR_CALL: return parse_call(p, n);
    case AIR_CANON: return parse_canon(p, n);
    case AIR_AP: return parse_ap(p, n);
    case AIR_FAIL: return parse_fail(p, n);
    case AIR_MATCH:
    case AIR_MISMATCH:
        RIV_TRY(take_value(p, SET_VALUE, "a value", &n->value[0]));
        return take_value(p, SET_VALUE, "a value", &n->value[1]);
    case AIR_FOLD:
        RIV_TRY(take_value(p, SET_ITER, "something to go through", &n->value[0]));
        return take_var(p, AIR_T_SCALAR, "the iterator's name", &n->out);
    case AIR_NEXT: return take_var(p, AIR_T_SCALAR, "an iterator's name", &n->out);
    case AIR_NEW: return take_var(p, SET_NEW, "a variable", &n->out);
    case AIR_SEQ:
    case AIR_PAR:
    case AIR_XOR:
    case AIR_NULL:
    case AIR_NEVER:
    case AIR_KINDS: return RIV_OK;
    }
    RIV_UNREACHABLE();
}
