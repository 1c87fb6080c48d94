/* check.c: a document against the schema, before anything runs: fields, arguments, filters, fragments, variables; each fault with its place and the nearest name.
 * Spec: GraphQL October 2021, 5; docs/spec/graph.md 2-4. Tests: answer_test.c, answer_fuzz.c. */
#include "graph/document.h"

enum { CANDIDATES_MAX = 64 };

typedef struct checker {
    const graph__document  *doc;
    const graph__operation *op; /* whose variables are known; NULL: none are (a variable's own value) */
    riv_arena              *arena;
    riv_fault              *fault;
    uint8_t                *seen; /* fragments, by number: 1 on the way down, 2 done; anew for each operation */
    size_t                  depth;
} checker;

/* ---- names that may be slips ---- */

typedef struct candidates {
    riv_str items[CANDIDATES_MAX];
    size_t  count;
} candidates;

static void add_candidate(candidates *c, const char *name)
{
    if (c->count < CANDIDATES_MAX) c->items[c->count++] = riv_str_c(name);
}

/* ". Did you mean `name`?", or nothing. */
static const char *hint(checker *c, riv_str name, const candidates *from)
{
    size_t at = riv_nearest(name, from->items, from->count);
    if (at == SIZE_MAX) return "";
    return riv_cstr(c->arena, riv_format(c->arena, ". Did you mean `" RIV_FMT "`?", RIV_ARG(from->items[at])));
}

/* ---- scopes and fields ---- */

const char *graph__scope_name(int scope)
{
    if (scope == GRAPH__QUERY) return "Query";
    if (scope == GRAPH__META) return "_Meta_";
    if (scope == GRAPH__BLOCK) return "_Block_";
    return graph__schema[scope].name;
}

static bool mean_in_query(riv_str name, graph__meaning *out)
{
    for (int t = 0; t < GRAPH__TYPES; t++) {
        bool one = riv_str_eq(name, riv_str_c(graph__schema[t].one));
        if (!one && !riv_str_eq(name, riv_str_c(graph__schema[t].many))) continue;
        *out = (graph__meaning){ one ? GRAPH__AT_ONE : GRAPH__AT_MANY, t, 0 };
        return true;
    }
    *out = (graph__meaning){ GRAPH__AT_META, GRAPH__META, 0 };
    return riv_str_eq(name, RIV_LIT("_meta"));
}

/* What is known of the index itself. */
static const struct {
    int          scope;
    const char  *name;
    graph__place place;
    int          inner;
} about[] = {
    { GRAPH__META, "block", GRAPH__AT_BLOCK, GRAPH__BLOCK },
    { GRAPH__META, "deployment", GRAPH__AT_DEPLOYMENT, -1 },
    { GRAPH__META, "hasIndexingErrors", GRAPH__AT_ERRORS, -1 },
    { GRAPH__BLOCK, "number", GRAPH__AT_NUMBER, -1 },
    { GRAPH__BLOCK, "hash", GRAPH__AT_HASH, -1 },
    { GRAPH__BLOCK, "timestamp", GRAPH__AT_TIMESTAMP, -1 },
};

static bool mean_in_entity(int scope, riv_str name, graph__meaning *out)
{
    size_t i = graph__field_find((graph__type)scope, name);
    if (i == SIZE_MAX) return false;
    const graph__field *f = &graph__schema[scope].fields[i];
    if (f->kind == GRAPH__REF)
        *out = (graph__meaning){ GRAPH__AT_REF, (int)f->of, i };
    else if (f->kind == GRAPH__LIST)
        *out = (graph__meaning){ GRAPH__AT_LIST, (int)f->of, i };
    else
        *out = (graph__meaning){ GRAPH__AT_VALUE, -1, i };
    return true;
}

bool graph__mean(int scope, riv_str name, graph__meaning *out)
{
    if (riv_str_eq(name, RIV_LIT("__typename"))) {
        *out = (graph__meaning){ GRAPH__AT_TYPENAME, -1, 0 };
        return true;
    }
    if (scope == GRAPH__QUERY) return mean_in_query(name, out);
    if (scope < GRAPH__TYPES) return mean_in_entity(scope, name, out);
    for (size_t i = 0; i < RIV_COUNT(about); i++)
        if (about[i].scope == scope && riv_str_eq(name, riv_str_c(about[i].name))) {
            *out = (graph__meaning){ about[i].place, about[i].inner, 0 };
            return true;
        }
    return false;
}

static void scope_names(int scope, candidates *out)
{
    if (scope == GRAPH__QUERY) {
        for (size_t t = 0; t < GRAPH__TYPES; t++) {
            add_candidate(out, graph__schema[t].one);
            add_candidate(out, graph__schema[t].many);
        }
        add_candidate(out, "_meta");
    } else if (scope < GRAPH__TYPES) {
        for (size_t i = 0; i < graph__schema[scope].fields_count; i++)
            add_candidate(out, graph__schema[scope].fields[i].name);
    } else
        for (size_t i = 0; i < RIV_COUNT(about); i++)
            if (about[i].scope == scope) add_candidate(out, about[i].name);
}

/* ---- types of inputs ---- */

/* A type's own name; of FILTER and ORDER what stands behind the entity's. */
static const char *const input_names[] = {
    [GRAPH__IN_ID]        = "ID",
    [GRAPH__IN_STRING]    = "String",
    [GRAPH__IN_BYTES]     = "Bytes",
    [GRAPH__IN_INT]       = "Int",
    [GRAPH__IN_BIG]       = "BigInt",
    [GRAPH__IN_BOOL]      = "Boolean",
    [GRAPH__IN_ENUM]      = "CapacityCommitmentStatus",
    [GRAPH__IN_FILTER]    = "_filter",
    [GRAPH__IN_ORDER]     = "_orderBy",
    [GRAPH__IN_DIRECTION] = "OrderDirection",
    [GRAPH__IN_POLICY]    = "_SubgraphErrorPolicy_",
    [GRAPH__IN_HEIGHT]    = "Block_height",
    [GRAPH__IN_CHANGED]   = "BlockChangedFilter",
};

static bool is_of_entity(graph__input_kind kind) { return kind == GRAPH__IN_FILTER || kind == GRAPH__IN_ORDER; }

/* "[Int!]", "Offer_filter!" */
static riv_str input_name(riv_arena *arena, const graph__input *in)
{
    return riv_format(arena, "%s%s%s%s%s%s", in->list ? "[" : "",
                      is_of_entity(in->kind) ? graph__schema[in->of].name : "", input_names[in->kind],
                      in->list && !in->null_items ? "!" : "", in->list ? "]" : "", in->non_null ? "!" : "");
}

static const char *const *status_words(void)
{
    return graph__schema[GRAPH__CC].fields[graph__field_find(GRAPH__CC, RIV_LIT("status"))].words;
}

/* "Offer_filter" with the tail "_filter": Offer. */
static bool entity_before(riv_str name, riv_str tail, graph__type *out)
{
    if (!riv_str_ends(name, tail)) return false;
    for (size_t t = 0; t < GRAPH__TYPES; t++) {
        *out = (graph__type)t;
        if (riv_str_eq(riv_str_sub(name, 0, name.len - tail.len), riv_str_c(graph__schema[t].name))) return true;
    }
    return false;
}

static bool input_of_name(riv_str name, graph__input *out)
{
    for (size_t i = 0; i < RIV_COUNT(input_names); i++) {
        graph__input in  = { .kind = (graph__input_kind)i };
        riv_str      own = riv_str_c(input_names[i]);
        if (!(is_of_entity(in.kind) ? entity_before(name, own, &in.of) : riv_str_eq(name, own))) continue;
        if (in.kind == GRAPH__IN_ENUM) in.words = status_words();
        *out = in;
        return true;
    }
    return false;
}

static bool input_of_typeref(const graph__typeref *type, graph__input *out)
{
    if (!type->item) {
        if (!input_of_name(type->name, out)) return false;
    } else {
        if (type->item->item || !input_of_name(type->item->name, out)) return false;
        out->list       = true;
        out->null_items = !type->item->non_null;
    }
    out->non_null = type->non_null;
    return true;
}

static graph__input input_of_field(const graph__field *f)
{
    switch (f->kind) {
    case GRAPH__ID: return (graph__input){ .kind = GRAPH__IN_ID };
    case GRAPH__STRING:
    case GRAPH__REF: return (graph__input){ .kind = GRAPH__IN_STRING };
    case GRAPH__BYTES: return (graph__input){ .kind = GRAPH__IN_BYTES };
    case GRAPH__INT: return (graph__input){ .kind = GRAPH__IN_INT };
    case GRAPH__BIG: return (graph__input){ .kind = GRAPH__IN_BIG };
    case GRAPH__BOOL: return (graph__input){ .kind = GRAPH__IN_BOOL };
    case GRAPH__ENUM: return (graph__input){ .kind = GRAPH__IN_ENUM, .words = f->words };
    case GRAPH__LIST: break;
    }
    RIV_UNREACHABLE();
}

/* ---- filters and orders ---- */

enum {
    ON_TEXT    = 1,
    ON_BYTES   = 2,
    ON_ID      = 4,
    ON_NUMBER  = 8,
    ON_WORD    = 16,
    ON_ALL     = 31,
    ON_ORDERED = ON_TEXT | ON_BYTES | ON_ID | ON_NUMBER
};

static unsigned filter_class(graph__kind kind)
{
    switch (kind) {
    case GRAPH__ID: return ON_ID;
    case GRAPH__STRING:
    case GRAPH__REF: return ON_TEXT;
    case GRAPH__BYTES: return ON_BYTES;
    case GRAPH__INT:
    case GRAPH__BIG: return ON_NUMBER;
    case GRAPH__BOOL:
    case GRAPH__ENUM: return ON_WORD;
    case GRAPH__LIST: return 0;
    }
    RIV_UNREACHABLE();
}

/* clang-format off */
static const struct { const char *suffix; graph__op op; bool negated, nocase; unsigned on; } suffixes[] = {
    { "",                        GRAPH__EQ,       false, false, ON_ALL },
    { "_not",                    GRAPH__NOT,      false, false, ON_ALL },
    { "_gt",                     GRAPH__GT,       false, false, ON_ORDERED },
    { "_lt",                     GRAPH__LT,       false, false, ON_ORDERED },
    { "_gte",                    GRAPH__GTE,      false, false, ON_ORDERED },
    { "_lte",                    GRAPH__LTE,      false, false, ON_ORDERED },
    { "_in",                     GRAPH__IN,       false, false, ON_ALL },
    { "_not_in",                 GRAPH__NOT_IN,   false, false, ON_ALL },
    { "_contains",               GRAPH__CONTAINS, false, false, ON_TEXT | ON_BYTES },
    { "_contains_nocase",        GRAPH__CONTAINS, false, true,  ON_TEXT },
    { "_not_contains",           GRAPH__CONTAINS, true,  false, ON_TEXT | ON_BYTES },
    { "_not_contains_nocase",    GRAPH__CONTAINS, true,  true,  ON_TEXT },
    { "_starts_with",            GRAPH__STARTS,   false, false, ON_TEXT },
    { "_starts_with_nocase",     GRAPH__STARTS,   false, true,  ON_TEXT },
    { "_not_starts_with",        GRAPH__STARTS,   true,  false, ON_TEXT },
    { "_not_starts_with_nocase", GRAPH__STARTS,   true,  true,  ON_TEXT },
    { "_ends_with",              GRAPH__ENDS,     false, false, ON_TEXT },
    { "_ends_with_nocase",       GRAPH__ENDS,     false, true,  ON_TEXT },
    { "_not_ends_with",          GRAPH__ENDS,     true,  false, ON_TEXT },
    { "_not_ends_with_nocase",   GRAPH__ENDS,     true,  true,  ON_TEXT },
};
/* clang-format on */

bool graph__key_find(graph__type type, riv_str name, graph__key *out)
{
    if (riv_str_eq(name, RIV_LIT("and")) || riv_str_eq(name, RIV_LIT("or"))) {
        *out = (graph__key){ .op = name.len == 3 ? GRAPH__AND : GRAPH__OR };
        return true;
    }
    if (riv_str_eq(name, RIV_LIT("_change_block"))) {
        *out = (graph__key){ .op = GRAPH__CHANGED };
        return true;
    }
    size_t  cut    = RIV_MIN(riv_str_find_char(name, '_', 0), name.len); /* no field has one in its name */
    size_t  field  = graph__field_find(type, riv_str_sub(name, 0, cut));
    riv_str suffix = riv_str_sub(name, cut, name.len);
    if (field == SIZE_MAX) return false;
    graph__kind kind = graph__schema[type].fields[field].kind;
    if (riv_str_eq(suffix, RIV_LIT("_"))) {
        *out = (graph__key){ .op = GRAPH__CHILD, .field = field };
        return kind == GRAPH__REF || kind == GRAPH__LIST;
    }
    for (size_t i = 0; i < RIV_COUNT(suffixes); i++)
        if (riv_str_eq(suffix, riv_str_c(suffixes[i].suffix))) {
            *out = (graph__key){ suffixes[i].op, field, suffixes[i].negated, suffixes[i].nocase };
            return (suffixes[i].on & filter_class(kind)) != 0;
        }
    return false;
}

bool graph__order_find(graph__type type, riv_str name, graph__order *out)
{
    size_t  cut  = RIV_MIN(riv_str_find(name, RIV_LIT("__"), 0), name.len);
    size_t  at   = graph__field_find(type, riv_str_sub(name, 0, cut));
    riv_str tail = riv_str_sub(name, cut + 2, name.len);
    *out         = (graph__order){ at, SIZE_MAX };
    if (at == SIZE_MAX) return false;
    const graph__field *f = &graph__schema[type].fields[at];
    if (cut == name.len) return f->kind != GRAPH__LIST;
    if (f->kind != GRAPH__REF) return false;
    out->under = graph__field_find(f->of, tail);
    if (out->under == SIZE_MAX) return false;
    graph__kind under = graph__schema[f->of].fields[out->under].kind;
    return under != GRAPH__REF && under != GRAPH__LIST;
}

static graph__input input_of_key(graph__type type, const graph__key *key)
{
    if (key->op == GRAPH__AND || key->op == GRAPH__OR)
        return (graph__input){ .kind = GRAPH__IN_FILTER, .of = type, .list = true, .null_items = true };
    if (key->op == GRAPH__CHANGED) return (graph__input){ .kind = GRAPH__IN_CHANGED };
    const graph__field *f = &graph__schema[type].fields[key->field];
    if (key->op == GRAPH__CHILD) return (graph__input){ .kind = GRAPH__IN_FILTER, .of = f->of };
    graph__input in = input_of_field(f);
    in.list         = key->op == GRAPH__IN || key->op == GRAPH__NOT_IN;
    return in;
}

/* ---- values ---- */

static riv_err check_input(checker *c, const graph__input *in, const graph__node *v);

static const char *literal_name(const graph__node *v)
{
    switch (v->kind) {
    case GRAPH__VARIABLE: return "a variable";
    case GRAPH__L_INT: return "an integer";
    case GRAPH__L_FLOAT: return "a float";
    case GRAPH__L_STRING: return "a string";
    case GRAPH__L_BOOL: return "a boolean";
    case GRAPH__L_NULL: return "null";
    case GRAPH__L_ENUM: return "a word";
    case GRAPH__L_LIST: return "a list";
    case GRAPH__L_OBJECT: return "an object";
    }
    RIV_UNREACHABLE();
}

static riv_err wrong_value(checker *c, const graph__input *in, const graph__node *v)
{
    bool shown =
        v->kind == GRAPH__L_INT || v->kind == GRAPH__L_FLOAT || v->kind == GRAPH__L_ENUM || v->kind == GRAPH__L_STRING;
    return riv_fail(c->fault, RIV_E_MALFORMED, v->pos,
                    "Expected a value of type `" RIV_FMT "`, found %s%s" RIV_FMT "%s",
                    RIV_ARG(input_name(c->arena, in)), literal_name(v), shown ? " `" : "",
                    RIV_ARG(shown ? riv_str_sub(v->text, 0, 60) : RIV_LIT("")), shown ? "`" : "");
}

static const graph__variable *declared(const graph__operation *op, riv_str name)
{
    for (size_t i = 0; op && i < op->variables_count; i++)
        if (riv_str_eq(op->variables[i].name, name)) return &op->variables[i];
    return NULL;
}

static bool same_base(const graph__input *a, const graph__input *b)
{
    return a->kind == b->kind && (!is_of_entity(a->kind) || a->of == b->of);
}

/* SPEC GraphQL 5.8.5: a variable stands only where its type fits; a default takes the place of `!`. */
static riv_err check_use(checker *c, const graph__input *in, const graph__node *v)
{
    const graph__variable *var = declared(c->op, v->text);
    graph__input           own;
    if (!var) {
        candidates near = { 0 };
        for (size_t i = 0; c->op && i < RIV_MIN(c->op->variables_count, (size_t)CANDIDATES_MAX); i++)
            near.items[near.count++] = c->op->variables[i].name;
        return riv_fail(c->fault, RIV_E_MALFORMED, v->pos, "Variable `$" RIV_FMT "` is not defined%s", RIV_ARG(v->text),
                        hint(c, v->text, &near));
    }
    if (!input_of_typeref(&var->type, &own)) return RIV_OK; /* told where it is declared */
    bool has_value = own.non_null || (var->has_default && var->otherwise.kind != GRAPH__L_NULL);
    if (same_base(in, &own) && in->list == own.list && (!in->list || in->null_items || !own.null_items) &&
        (!in->non_null || has_value))
        return RIV_OK;
    return riv_fail(c->fault, RIV_E_MALFORMED, v->pos,
                    "Variable `$" RIV_FMT "` of type `" RIV_FMT "` cannot stand for a value of type `" RIV_FMT "`",
                    RIV_ARG(v->text), RIV_ARG(input_name(c->arena, &own)), RIV_ARG(input_name(c->arena, in)));
}

static riv_err check_word(checker *c, const graph__input *in, const graph__node *v, const char *const *words)
{
    candidates near = { 0 };
    if (v->kind != GRAPH__L_ENUM && !(v->json && v->kind == GRAPH__L_STRING)) return wrong_value(c, in, v);
    for (size_t i = 0; words[i]; i++) {
        if (riv_str_eq(v->text, riv_str_c(words[i]))) return RIV_OK;
        add_candidate(&near, words[i]);
    }
    return riv_fail(c->fault, RIV_E_MALFORMED, v->pos, "`" RIV_FMT "` is not a word of `" RIV_FMT "`%s",
                    RIV_ARG(riv_str_sub(v->text, 0, 60)), RIV_ARG(input_name(c->arena, in)), hint(c, v->text, &near));
}

static riv_err check_order(checker *c, const graph__input *in, const graph__node *v)
{
    graph__order order;
    candidates   near = { 0 };
    if (v->kind != GRAPH__L_ENUM && !(v->json && v->kind == GRAPH__L_STRING)) return wrong_value(c, in, v);
    if (graph__order_find(in->of, v->text, &order)) return RIV_OK;
    size_t list = graph__field_find(in->of, v->text);
    if (list != SIZE_MAX)
        return riv_fail(c->fault, RIV_E_UNSUPPORTED, v->pos, "`%s` cannot be ordered by `" RIV_FMT "`: it is a list",
                        graph__schema[in->of].name, RIV_ARG(v->text));
    scope_names((int)in->of, &near);
    return riv_fail(c->fault, RIV_E_MALFORMED, v->pos, "`%s` cannot be ordered by `" RIV_FMT "`%s",
                    graph__schema[in->of].name, RIV_ARG(riv_str_sub(v->text, 0, 60)), hint(c, v->text, &near));
}

/* 32 bits, as GraphQL has them. */
static bool fits_int(riv_str text)
{
    uint64_t v;
    bool     negative = text.len && text.ptr[0] == '-';
    return riv_str_u64(riv_str_sub(text, negative, text.len), &v) && v <= (uint64_t)INT32_MAX + negative;
}

static bool is_big(const graph__node *v)
{
    u256    n;
    riv_str digits = v->text;
    if (v->kind != GRAPH__L_INT && v->kind != GRAPH__L_STRING) return false;
    if (digits.len && digits.ptr[0] == '-') digits = riv_str_sub(digits, 1, digits.len);
    return digits.len && !riv_str_starts(digits, RIV_LIT("0x")) && u256_parse(digits, NULL, &n) == RIV_OK;
}

static bool is_hex(riv_str s)
{
    if (riv_str_starts(s, RIV_LIT("0x"))) s = riv_str_sub(s, 2, s.len);
    for (size_t i = 0; i < s.len; i++)
        if (!memchr("0123456789abcdefABCDEF", s.ptr[i], 22)) return false;
    return s.len % 2 == 0;
}

static riv_err check_known_key(checker *c, const graph__arg *items, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (riv_str_eq(items[i].name, items[at].name))
            return riv_fail(c->fault, RIV_E_MALFORMED, items[at].value.json ? items[at].value.pos : items[at].pos,
                            "`" RIV_FMT "` is given twice", RIV_ARG(items[at].name));
    return RIV_OK;
}

enum { KEYS_MAX = 256 }; /* of one object: more than any filter has */

static riv_err check_keys(checker *c, const graph__node *v)
{
    if (v->items_count > KEYS_MAX)
        return riv_fail(c->fault, RIV_E_LIMIT, v->pos, "An object of more than %d fields", KEYS_MAX);
    for (size_t i = 0; i < v->items_count; i++) RIV_TRY(check_known_key(c, v->items, i));
    return RIV_OK;
}

static riv_err unknown_key(checker *c, const graph__input *in, const graph__arg *a)
{
    const graph__entity *e    = &graph__schema[in->of];
    candidates           near = { 0 };
    for (size_t i = 0; i < e->fields_count; i++)
        add_candidate(&near, e->fields[i].kind == GRAPH__LIST
                                 ? riv_cstr(c->arena, riv_format(c->arena, "%s_", e->fields[i].name))
                                 : e->fields[i].name);
    return riv_fail(c->fault, RIV_E_MALFORMED, a->pos, "Field `" RIV_FMT "` is not defined by type `%s_filter`%s",
                    RIV_ARG(riv_str_sub(a->name, 0, 60)), e->name, hint(c, a->name, &near));
}

static riv_err check_filter(checker *c, const graph__input *in, const graph__node *v)
{
    if (v->kind != GRAPH__L_OBJECT) return wrong_value(c, in, v);
    RIV_TRY(check_keys(c, v));
    for (size_t i = 0; i < v->items_count; i++) {
        const graph__arg *a = &v->items[i];
        graph__key        key;
        if (!graph__key_find(in->of, a->name, &key)) return unknown_key(c, in, a);
        if (key.op == GRAPH__CHANGED)
            return riv_fail(c->fault, RIV_E_UNSUPPORTED, a->pos,
                            "`_change_block` is not supported: when a row changed is not kept");
        if (key.op == GRAPH__OR && v->items_count > 1)
            return riv_fail(c->fault, RIV_E_MALFORMED, a->pos,
                            "`or` stands alone: move the other conditions into its filters");
        graph__input under = input_of_key(in->of, &key);
        RIV_TRY(check_input(c, &under, &a->value));
        if (a->value.kind == GRAPH__L_NULL && key.op != GRAPH__EQ && key.op != GRAPH__NOT && key.op != GRAPH__AND &&
            key.op != GRAPH__OR && key.op != GRAPH__CHILD)
            return riv_fail(c->fault, RIV_E_MALFORMED, a->value.pos, "`" RIV_FMT "` cannot be asked with null",
                            RIV_ARG(a->name));
    }
    return RIV_OK;
}

static riv_err check_height(checker *c, const graph__input *in, const graph__node *v)
{
    if (v->kind != GRAPH__L_OBJECT) return wrong_value(c, in, v);
    RIV_TRY(check_keys(c, v));
    if (v->items_count != 1)
        return riv_fail(c->fault, RIV_E_MALFORMED, v->pos, "A block is told by one of `number`, `hash`, `number_gte`");
    const graph__arg *a     = &v->items[0];
    bool              hash  = riv_str_eq(a->name, RIV_LIT("hash"));
    graph__input      under = { .kind = hash ? GRAPH__IN_BYTES : GRAPH__IN_INT };
    if (!hash && !riv_str_eq(a->name, RIV_LIT("number")) && !riv_str_eq(a->name, RIV_LIT("number_gte")))
        return riv_fail(c->fault, RIV_E_MALFORMED, a->pos, "Field `" RIV_FMT "` is not defined by type `Block_height`",
                        RIV_ARG(riv_str_sub(a->name, 0, 60)));
    return check_input(c, &under, &a->value);
}

static riv_err check_one(checker *c, const graph__input *in, const graph__node *v)
{
    static const char *const directions[] = { "asc", "desc", NULL }, *const policies[] = { "allow", "deny", NULL };
    switch (in->kind) {
    case GRAPH__IN_ID: return v->kind == GRAPH__L_STRING || v->kind == GRAPH__L_INT ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_STRING: return v->kind == GRAPH__L_STRING ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_BYTES: return v->kind == GRAPH__L_STRING && is_hex(v->text) ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_INT: return v->kind == GRAPH__L_INT && fits_int(v->text) ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_BIG: return is_big(v) ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_BOOL: return v->kind == GRAPH__L_BOOL ? RIV_OK : wrong_value(c, in, v);
    case GRAPH__IN_ENUM: return check_word(c, in, v, in->words);
    case GRAPH__IN_FILTER: return check_filter(c, in, v);
    case GRAPH__IN_ORDER: return check_order(c, in, v);
    case GRAPH__IN_DIRECTION: return check_word(c, in, v, directions);
    case GRAPH__IN_POLICY: return check_word(c, in, v, policies);
    case GRAPH__IN_HEIGHT: return check_height(c, in, v);
    case GRAPH__IN_CHANGED: return wrong_value(c, in, v);
    }
    RIV_UNREACHABLE();
}

/* Its depth is that of v, which the parsers bound. */
static riv_err check_input(checker *c, const graph__input *in, const graph__node *v)
{
    if (v->kind == GRAPH__VARIABLE) return check_use(c, in, v);
    if (v->kind == GRAPH__L_NULL) return in->non_null ? wrong_value(c, in, v) : RIV_OK;
    if (!in->list) return check_one(c, in, v);
    graph__input item = { .kind = in->kind, .of = in->of, .words = in->words, .non_null = !in->null_items };
    if (v->kind != GRAPH__L_LIST) return check_one(c, &item, v); /* one stands for a list of one. SPEC GraphQL 3.11 */
    for (size_t i = 0; i < v->items_count; i++) RIV_TRY(check_input(c, &item, &v->items[i].value));
    return RIV_OK;
}

/* ---- arguments ---- */

enum { TAKES_ID = 1, TAKES_MANY = 2, TAKES_BLOCK = 4 };

static unsigned takes(graph__place place)
{
    switch (place) {
    case GRAPH__AT_ONE: return TAKES_ID | TAKES_BLOCK;
    case GRAPH__AT_MANY: return TAKES_MANY | TAKES_BLOCK;
    case GRAPH__AT_LIST: return TAKES_MANY;
    case GRAPH__AT_META: return TAKES_BLOCK;
    case GRAPH__AT_TYPENAME:
    case GRAPH__AT_VALUE:
    case GRAPH__AT_REF:
    case GRAPH__AT_BLOCK:
    case GRAPH__AT_NUMBER:
    case GRAPH__AT_HASH:
    case GRAPH__AT_TIMESTAMP:
    case GRAPH__AT_DEPLOYMENT:
    case GRAPH__AT_ERRORS: return 0;
    }
    RIV_UNREACHABLE();
}

/* clang-format off */
static const struct { const char *name; unsigned on; graph__input_kind kind; bool non_null; } arguments[] = {
    { "id",             TAKES_ID,    GRAPH__IN_ID,        true },
    { "where",          TAKES_MANY,  GRAPH__IN_FILTER,    false },
    { "orderBy",        TAKES_MANY,  GRAPH__IN_ORDER,     false },
    { "orderDirection", TAKES_MANY,  GRAPH__IN_DIRECTION, false },
    { "first",          TAKES_MANY,  GRAPH__IN_INT,       false },
    { "skip",           TAKES_MANY,  GRAPH__IN_INT,       false },
    { "block",          TAKES_BLOCK, GRAPH__IN_HEIGHT,    false },
    { "subgraphError",  TAKES_BLOCK, GRAPH__IN_POLICY,    false }, /* there are none: either word is the same */
};
/* clang-format on */

static riv_err check_argument(checker *c, int scope, const graph__selection *s, const graph__meaning *m,
                              const graph__arg *a)
{
    candidates near = { 0 };
    for (size_t i = 0; i < RIV_COUNT(arguments); i++) {
        if (!(arguments[i].on & takes(m->place))) continue;
        if (m->place == GRAPH__AT_META && arguments[i].kind == GRAPH__IN_POLICY) continue;
        graph__input in = { .kind = arguments[i].kind, .of = (graph__type)m->inner, .non_null = arguments[i].non_null };
        if (riv_str_eq(a->name, riv_str_c(arguments[i].name))) return check_input(c, &in, &a->value);
        add_candidate(&near, arguments[i].name);
    }
    return riv_fail(c->fault, RIV_E_MALFORMED, a->pos, "Unknown argument `" RIV_FMT "` on field `%s." RIV_FMT "`%s",
                    RIV_ARG(riv_str_sub(a->name, 0, 60)), graph__scope_name(scope), RIV_ARG(s->name),
                    hint(c, a->name, &near));
}

static riv_err check_arguments(checker *c, int scope, const graph__selection *s, const graph__meaning *m)
{
    bool has_id = false;
    for (size_t i = 0; i < s->args_count; i++) {
        RIV_TRY(check_argument(c, scope, s, m, &s->args[i]));
        RIV_TRY(check_known_key(c, s->args, i)); /* few: only names that are known come here */
        has_id = has_id || riv_str_eq(s->args[i].name, RIV_LIT("id"));
    }
    if (m->place == GRAPH__AT_ONE && !has_id)
        return riv_fail(c->fault, RIV_E_MALFORMED, s->pos, "Field `" RIV_FMT "` needs the argument `id` of type `ID!`",
                        RIV_ARG(s->name));
    return RIV_OK;
}

static riv_err check_directives(checker *c, const graph__directive *ds, size_t count)
{
    graph__input in = { .kind = GRAPH__IN_BOOL, .non_null = true };
    for (size_t i = 0; i < count; i++) {
        const graph__directive *d = &ds[i];
        if (!riv_str_eq(d->name, RIV_LIT("include")) && !riv_str_eq(d->name, RIV_LIT("skip")))
            return riv_fail(c->fault, RIV_E_MALFORMED, d->pos, "Unknown directive `@" RIV_FMT "`",
                            RIV_ARG(riv_str_sub(d->name, 0, 60)));
        for (size_t k = 0; k < i; k++)
            if (riv_str_eq(ds[k].name, d->name))
                return riv_fail(c->fault, RIV_E_MALFORMED, d->pos, "Directive `@" RIV_FMT "` is given twice",
                                RIV_ARG(d->name));
        if (d->args_count != 1 || !riv_str_eq(d->args[0].name, RIV_LIT("if")))
            return riv_fail(c->fault, RIV_E_MALFORMED, d->pos,
                            "Directive `@" RIV_FMT "` needs the argument `if` of type `Boolean!`, and no other",
                            RIV_ARG(d->name));
        RIV_TRY(check_input(c, &in, &d->args[0].value));
    }
    return RIV_OK;
}

static riv_err no_directives(checker *c, const graph__directive *ds, size_t count)
{
    return count ? riv_fail(c->fault, RIV_E_MALFORMED, ds[0].pos, "Directive `@" RIV_FMT "` cannot stand here",
                            RIV_ARG(riv_str_sub(ds[0].name, 0, 60)))
                 : RIV_OK;
}

/* ---- selections ---- */

static riv_err check_selections(checker *c, int scope, const graph__selections *list);

static riv_err unknown_field(checker *c, int scope, const graph__selection *s)
{
    candidates near = { 0 };
    if (riv_str_starts(s->name, RIV_LIT("__")))
        return riv_fail(c->fault, RIV_E_UNSUPPORTED, s->pos,
                        "`" RIV_FMT "`: the schema cannot be asked about itself; it is in docs/spec/graph.md",
                        RIV_ARG(riv_str_sub(s->name, 0, 60)));
    scope_names(scope, &near);
    return riv_fail(c->fault, RIV_E_MALFORMED, s->pos, "Cannot query field `" RIV_FMT "` on type `%s`%s",
                    RIV_ARG(riv_str_sub(s->name, 0, 60)), graph__scope_name(scope), hint(c, s->name, &near));
}

static riv_err check_field(checker *c, int scope, const graph__selection *s)
{
    graph__meaning m;
    if (!graph__mean(scope, s->name, &m)) return unknown_field(c, scope, s);
    RIV_TRY(check_arguments(c, scope, s, &m));
    if (m.inner < 0 && s->braces)
        return riv_fail(c->fault, RIV_E_MALFORMED, s->pos, "Field `" RIV_FMT "` of type `%s` has no fields of its own",
                        RIV_ARG(s->name), graph__scope_name(scope));
    if (m.inner >= 0 && !s->braces)
        return riv_fail(c->fault, RIV_E_MALFORMED, s->pos,
                        "Field `" RIV_FMT "` of type `%s` needs its fields named: `" RIV_FMT " { ... }`",
                        RIV_ARG(s->name), graph__scope_name(m.inner), RIV_ARG(s->name));
    return m.inner >= 0 ? check_selections(c, m.inner, &s->kids) : RIV_OK;
}

/* Types are concrete: a fragment fits where its own type stands, and nowhere else. */
static riv_err check_condition(checker *c, int scope, riv_str on, uint64_t pos, const char *what, riv_str name)
{
    if (riv_str_eq(on, riv_str_c(graph__scope_name(scope)))) return RIV_OK;
    for (int t = 0; t <= GRAPH__BLOCK; t++)
        if (riv_str_eq(on, riv_str_c(graph__scope_name(t))))
            return riv_fail(c->fault, RIV_E_MALFORMED, pos,
                            "%s" RIV_FMT " on type `" RIV_FMT "` cannot stand within type `%s`", what, RIV_ARG(name),
                            RIV_ARG(on), graph__scope_name(scope));
    candidates near = { 0 };
    for (int t = 0; t <= GRAPH__BLOCK; t++) add_candidate(&near, graph__scope_name(t));
    return riv_fail(c->fault, RIV_E_MALFORMED, pos, "Unknown type `" RIV_FMT "`%s", RIV_ARG(riv_str_sub(on, 0, 60)),
                    hint(c, on, &near));
}

static riv_err unknown_fragment(checker *c, const graph__selection *s)
{
    candidates near = { 0 };
    riv_bytes  name;
    for (size_t i = 0; i < riv_map_slots(c->doc->fragments) && near.count < CANDIDATES_MAX; i++)
        if (riv_map_at(c->doc->fragments, i, &name, NULL)) near.items[near.count++] = riv_bytes_str(name);
    return riv_fail(c->fault, RIV_E_MALFORMED, s->pos, "Unknown fragment `" RIV_FMT "`%s",
                    RIV_ARG(riv_str_sub(s->name, 0, 60)), hint(c, s->name, &near));
}

/* The type of a fragment decides what its fields mean, not the place that it stands in: it is looked at once for each operation. */
static riv_err check_fragment(checker *c, int scope, const graph__fragment *f)
{
    if (c->seen[f->number] == 2) return RIV_OK;
    c->seen[f->number] = 1;
    RIV_TRY(no_directives(c, f->directives, f->directives_count));
    RIV_TRY(check_selections(c, scope, &f->selections));
    c->seen[f->number] = 2;
    return RIV_OK;
}

static riv_err check_spread(checker *c, int scope, const graph__selection *s)
{
    const graph__fragment *f = riv_map_get_str(c->doc->fragments, s->name);
    if (!f) return unknown_fragment(c, s);
    RIV_TRY(check_condition(c, scope, f->on, s->pos, "Fragment ", s->name));
    if (c->seen[f->number] == 1)
        return riv_fail(c->fault, RIV_E_MALFORMED, s->pos, "Fragment `" RIV_FMT "` contains itself",
                        RIV_ARG(riv_str_sub(s->name, 0, 60)));
    return check_fragment(c, scope, f);
}

static riv_err check_selection(checker *c, int scope, const graph__selection *s)
{
    RIV_TRY(check_directives(c, s->directives, s->directives_count));
    switch (s->kind) {
    case GRAPH__FIELD: return check_field(c, scope, s);
    case GRAPH__SPREAD: return check_spread(c, scope, s);
    case GRAPH__INLINE:
        if (s->name.len) RIV_TRY(check_condition(c, scope, s->name, s->pos, "A fragment", RIV_LIT("")));
        return check_selections(c, scope, &s->kids);
    }
    RIV_UNREACHABLE();
}

static riv_err check_selections(checker *c, int scope, const graph__selections *list)
{
    if (++c->depth > GRAPH_DEPTH_MAX)
        return riv_fail(c->fault, RIV_E_LIMIT, list->items[0].pos, "Nested deeper than %d levels, fragments melted in",
                        GRAPH_DEPTH_MAX);
    for (size_t i = 0; i < list->count; i++) RIV_TRY(check_selection(c, scope, &list->items[i]));
    c->depth--;
    return RIV_OK;
}

/* ---- documents ---- */

static riv_err check_declaration(checker *c, const graph__operation *op, size_t at)
{
    const graph__variable *v = &op->variables[at];
    graph__input           in;
    for (size_t i = 0; i < at; i++)
        if (riv_str_eq(op->variables[i].name, v->name))
            return riv_fail(c->fault, RIV_E_MALFORMED, v->pos, "Variable `$" RIV_FMT "` is declared twice",
                            RIV_ARG(v->name));
    if (!input_of_typeref(&v->type, &in)) {
        const graph__typeref *t = &v->type;
        while (t->item) t = t->item;
        return riv_fail(c->fault, RIV_E_MALFORMED, v->type.pos,
                        "Variable `$" RIV_FMT "` has the unknown type `" RIV_FMT "`", RIV_ARG(v->name),
                        RIV_ARG(riv_str_sub(t->name, 0, 60)));
    }
    return v->has_default ? check_input(c, &in, &v->otherwise) : RIV_OK;
}

enum { VARIABLES_MAX = 256 };

static riv_err check_operation(checker *c, const graph__operation *op)
{
    memset(c->seen, 0, riv_map_count(c->doc->fragments));
    c->op    = NULL;
    c->depth = 0;
    if (op->variables_count > VARIABLES_MAX)
        return riv_fail(c->fault, RIV_E_LIMIT, op->pos, "More than %d variables", VARIABLES_MAX);
    for (size_t i = 0; i < op->variables_count; i++) RIV_TRY(check_declaration(c, op, i));
    c->op = op;
    RIV_TRY(no_directives(c, op->directives, op->directives_count));
    return check_selections(c, GRAPH__QUERY, &op->selections);
}

riv_err graph__check(const graph__document *doc, riv_arena *arena, riv_fault *fault)
{
    checker c = {
        .doc = doc, .arena = arena, .fault = fault, .seen = riv_new(arena, uint8_t, riv_map_count(doc->fragments) + 1)
    };
    for (size_t i = 0; i < doc->operations_count; i++) RIV_TRY(check_operation(&c, &doc->operations[i]));
    return RIV_OK;
}

/* ---- the variables of one operation ---- */

static riv_err node_of_json(checker *c, const riv_json *v, uint64_t pos, size_t depth, graph__node *out);

static riv_err nodes_of_array(checker *c, const riv_json *v, size_t depth, graph__node *out)
{
    graph__arg *items = riv_new(c->arena, graph__arg, v->arr.count);
    for (size_t i = 0; i < v->arr.count; i++) {
        items[i].pos = out->pos;
        RIV_TRY(node_of_json(c, v->arr.items[i], out->pos, depth + 1, &items[i].value));
    }
    out->kind        = GRAPH__L_LIST;
    out->items       = items;
    out->items_count = v->arr.count;
    return RIV_OK;
}

static riv_err nodes_of_object(checker *c, const riv_json *v, size_t depth, graph__node *out)
{
    graph__arg *items = riv_new(c->arena, graph__arg, v->obj.count);
    for (size_t i = 0; i < v->obj.count; i++) {
        items[i].name = v->obj.members[i].key;
        items[i].pos  = out->pos;
        RIV_TRY(node_of_json(c, v->obj.members[i].value, out->pos, depth + 1, &items[i].value));
    }
    out->kind        = GRAPH__L_OBJECT;
    out->items       = items;
    out->items_count = v->obj.count;
    return RIV_OK;
}

/* pos: where the variable is declared; what it holds has no other place in the document. */
static riv_err node_of_json(checker *c, const riv_json *v, uint64_t pos, size_t depth, graph__node *out)
{
    if (depth > GRAPH_DEPTH_MAX)
        return riv_fail(c->fault, RIV_E_LIMIT, pos, "A variable is nested deeper than %d levels", GRAPH_DEPTH_MAX);
    *out = (graph__node){ .kind = GRAPH__L_NULL, .pos = pos, .json = true };
    switch (v->kind) {
    case RIV_JSON_NULL: return RIV_OK;
    case RIV_JSON_BOOL:
        out->kind  = GRAPH__L_BOOL;
        out->truth = v->boolean;
        return RIV_OK;
    case RIV_JSON_U64:
    case RIV_JSON_I64:
    case RIV_JSON_F64:
        out->kind = v->kind == RIV_JSON_F64 ? GRAPH__L_FLOAT : GRAPH__L_INT;
        out->text = riv_json_text(v, c->arena);
        return RIV_OK;
    case RIV_JSON_STR:
        out->kind = GRAPH__L_STRING;
        out->text = v->str;
        return RIV_OK;
    case RIV_JSON_ARR: return nodes_of_array(c, v, depth, out);
    case RIV_JSON_OBJ: return nodes_of_object(c, v, depth, out);
    }
    RIV_UNREACHABLE();
}

static riv_err check_variable(checker *c, const graph__variable *var, const riv_json *given, const graph__node **out)
{
    graph__input in;
    if (!given) {
        *out = var->has_default ? &var->otherwise : NULL;
        if (!*out && var->type.non_null)
            return riv_fail(c->fault, RIV_E_MALFORMED, var->pos,
                            "Variable `$" RIV_FMT "` of a type with `!` has no value", RIV_ARG(var->name));
        return RIV_OK;
    }
    graph__node *node = riv_new(c->arena, graph__node, 1);
    RIV_TRY(node_of_json(c, given, var->pos, 0, node));
    RIV_ASSERT(input_of_typeref(&var->type, &in));
    riv_fault own = { 0 };
    checker   sub = *c;
    sub.fault     = &own;
    riv_err err   = check_input(&sub, &in, node);
    if (err)
        return riv_fail(c->fault, err, var->pos, "Variable `$" RIV_FMT "` has a wrong value: %s",
                        RIV_ARG(riv_str_sub(var->name, 0, 60)), own.msg);
    *out = node;
    return RIV_OK;
}

riv_err graph__check_variables(const graph__operation *op, const riv_json *variables, riv_arena *arena,
                               riv_fault *fault, graph__values *out)
{
    checker       c      = { .arena = arena, .fault = fault };
    graph__values values = { op, riv_new(arena, const graph__node *, op->variables_count) };
    for (size_t i = 0; i < op->variables_count; i++) {
        const graph__variable *var = &op->variables[i];
        RIV_TRY(check_variable(&c, var, riv_json_get(variables, var->name), &values.of[i]));
    }
    *out = values;
    return RIV_OK;
}

const graph__node *graph__node_of(const graph__values *values, const graph__node *node)
{
    if (node->kind != GRAPH__VARIABLE) return node;
    const graph__variable *var = declared(values->operation, node->text);
    RIV_ASSERT(var);
    return values->of[var - values->operation->variables];
}
