/* types.c: what a type is, which may stand for which, and how people read them.
 * Spec: docs/spec/aqua.md §5. Tests: types_test.c. */
#include "aqua/internal.h"

static const struct {
    const char *name;
    type        t;
    unsigned    above;
} scalars[SC_COUNT] = {
#define SCALAR(text, index, bit, up)                                                                                   \
    {                                                                                                                  \
        text, { .kind = TY_SCALAR, .id = index + 1, .scalars = bit }, up                                               \
    }
    SCALAR("u8", 0, SC_U8, SC_U16 | SC_U32 | SC_U64 | SC_I16 | SC_I32 | SC_I64 | SC_F32 | SC_F64),
    SCALAR("u16", 1, SC_U16, SC_U32 | SC_U64 | SC_I32 | SC_I64 | SC_F32 | SC_F64),
    SCALAR("u32", 2, SC_U32, SC_U64 | SC_I64 | SC_F64),
    SCALAR("u64", 3, SC_U64, 0),
    SCALAR("i8", 4, SC_I8, SC_I16 | SC_I32 | SC_I64 | SC_F32 | SC_F64),
    SCALAR("i16", 5, SC_I16, SC_I32 | SC_I64 | SC_F32 | SC_F64),
    SCALAR("i32", 6, SC_I32, SC_I64 | SC_F64),
    SCALAR("i64", 7, SC_I64, 0),
    SCALAR("f32", 8, SC_F32, SC_F64),
    SCALAR("f64", 9, SC_F64, 0),
    SCALAR("bool", 10, SC_BOOL, 0),
    SCALAR("string", 11, SC_STRING, 0),
#undef SCALAR
};

const type aqua__top          = { .kind = TY_TOP, .id = 20 };
const type aqua__bottom       = { .kind = TY_BOTTOM, .id = 21 };
const type aqua__string       = { .kind = TY_SCALAR, .id = 12, .scalars = SC_STRING };
const type aqua__bool         = { .kind = TY_SCALAR, .id = 11, .scalars = SC_BOOL };
const type aqua__u32          = { .kind = TY_SCALAR, .id = 3, .scalars = SC_U32 };
const type aqua__u64          = { .kind = TY_SCALAR, .id = 4, .scalars = SC_U64 };
const type aqua__f64          = { .kind = TY_SCALAR, .id = 10, .scalars = SC_F64 };
const type aqua__i64          = { .kind = TY_SCALAR, .id = 8, .scalars = SC_I64 };
const type aqua__lit_signed   = { .kind = TY_LITERAL, .id = 22, .scalars = SC_SIGNED };
const type aqua__lit_unsigned = { .kind = TY_LITERAL, .id = 23, .scalars = SC_INTEGER };
const type aqua__lit_float    = { .kind = TY_LITERAL, .id = 24, .scalars = SC_FLOAT };
const type aqua__lit_bool     = { .kind = TY_LITERAL, .id = 25, .scalars = SC_BOOL };
const type aqua__lit_string   = { .kind = TY_LITERAL, .id = 26, .scalars = SC_STRING };
const type aqua__nil          = { .kind = TY_OPTION, .id = 27, .elem = &aqua__bottom };

static const field error_fields[] = {
    { RIV_LIT_INIT("error_code"), &aqua__i64 },
    { RIV_LIT_INIT("instruction"), &aqua__string },
    { RIV_LIT_INIT("message"), &aqua__string },
    { RIV_LIT_INIT("peer_id"), &aqua__string },
};
const type aqua__error_type = { .kind         = TY_STRUCT,
                                .id           = 28,
                                .name         = RIV_LIT_INIT("Error"),
                                .fields       = error_fields,
                                .fields_count = RIV_COUNT(error_fields) };
enum { FIRST_FREE_ID = 64 };

const type *aqua__scalar_named(riv_str name)
{
    for (size_t i = 0; i < SC_COUNT; i++)
        if (riv_str_eq(name, riv_str_c(scalars[i].name))) return &scalars[i].t;
    return NULL;
}

const type *aqua__literal_type(literal_kind kind)
{
    switch (kind) {
    case LIT_BOOL: return &aqua__lit_bool;
    case LIT_UNSIGNED: return &aqua__lit_unsigned;
    case LIT_SIGNED: return &aqua__lit_signed;
    case LIT_FLOAT: return &aqua__lit_float;
    case LIT_STRING:
    case LIT_INIT_PEER: return &aqua__lit_string;
    }
    return NULL;
}

type *aqua__type_new(compiler *c, type_kind kind)
{
    type *t = riv_new(c->arena, type, 1);
    t->kind = kind;
    t->id   = FIRST_FREE_ID + c->types_count++;
    return t;
}

const type *aqua__type_of_elem(compiler *c, type_kind kind, const type *elem)
{
    if (!elem) return NULL;
    type *t  = aqua__type_new(c, kind);
    t->elem  = elem;
    t->depth = elem->depth + 1;
    return t;
}

uint32_t aqua__type_depth(const type *t)
{
    uint32_t deepest = t->elem ? t->elem->depth : 0;
    for (size_t i = 0; i < t->fields_count; i++)
        if (t->fields[i].type) deepest = RIV_MAX(deepest, t->fields[i].type->depth);
    for (size_t i = 0; i < t->results_count; i++)
        if (t->results[i]) deepest = RIV_MAX(deepest, t->results[i]->depth);
    return deepest + 1;
}

bool aqua__is_collection(const type *t)
{
    return t->kind == TY_ARRAY || t->kind == TY_OPTION || t->kind == TY_STREAM || t->kind == TY_CANON;
}

bool aqua__is_data(const type *t)
{
    switch (t->kind) {
    case TY_TOP:
    case TY_BOTTOM:
    case TY_SCALAR:
    case TY_LITERAL:
    case TY_ARRAY:
    case TY_OPTION:
    case TY_CANON:
    case TY_STRUCT: return true;
    case TY_STREAM:
    case TY_MAP:
    case TY_CANON_MAP:
    case TY_ABILITY:
    case TY_SERVICE:
    case TY_ARROW: return false;
    }
    return false;
}

bool aqua__carries_data(const type *t)
{
    for (size_t i = 0; i < t->fields_count; i++)
        if (!aqua__is_data(t->fields[i].type) && t->fields[i].type->kind != TY_STREAM) return false;
    for (size_t i = 0; i < t->results_count; i++)
        if (!aqua__is_data(t->results[i]) && t->results[i]->kind != TY_STREAM) return false;
    return true;
}

static bool is_number_in(const type *t, unsigned set)
{
    return (t->kind == TY_SCALAR || t->kind == TY_LITERAL) && t->scalars && !(t->scalars & ~set);
}

bool aqua__is_integer(const type *t) { return is_number_in(t, SC_INTEGER); }

bool aqua__is_float(const type *t) { return is_number_in(t, SC_FLOAT); }

const type *aqua__field_type(const type *t, riv_str name)
{
    for (size_t i = 0; i < t->fields_count; i++)
        if (riv_str_eq(t->fields[i].name, name)) return t->fields[i].type;
    return NULL;
}

/* ---- order ---- */

static unsigned above(unsigned bit)
{
    for (size_t i = 0; i < SC_COUNT; i++)
        if (scalars[i].t.scalars == bit) return scalars[i].above;
    return 0;
}

static bool fits_some(unsigned wanted_bit, unsigned set)
{
    for (unsigned bit = 1; bit < 1u << SC_COUNT; bit <<= 1)
        if ((set & bit) && (bit == wanted_bit || (above(bit) & wanted_bit))) return true;
    return false;
}

static int compare_scalars(const type *a, const type *b)
{
    if (a->scalars == b->scalars) return CMP_EQUAL;
    if (a->kind == TY_SCALAR && b->kind == TY_SCALAR)
        return above(a->scalars) & b->scalars ? CMP_LESS : above(b->scalars) & a->scalars ? CMP_GREATER : CMP_NONE;
    if (a->kind == TY_SCALAR) return fits_some(a->scalars, b->scalars) ? CMP_GREATER : CMP_NONE;
    if (b->kind == TY_SCALAR) return fits_some(b->scalars, a->scalars) ? CMP_LESS : CMP_NONE;
    return !(a->scalars & ~b->scalars) ? CMP_LESS : !(b->scalars & ~a->scalars) ? CMP_GREATER : CMP_NONE;
}

/* Joins the orders of parts: all must point the same way. */
static int both(int x, int y)
{
    if (x == CMP_EQUAL) return y;
    if (y == CMP_EQUAL || x == y) return x;
    return CMP_NONE;
}

static int compare_fields(compiler *c, const type *a, const type *b)
{
    const type *small = a->fields_count <= b->fields_count ? a : b;
    const type *large = small == a ? b : a;
    int         whole = CMP_EQUAL;
    size_t      k     = 0;
    for (size_t i = 0; i < small->fields_count && whole != CMP_NONE; i++) {
        while (k < large->fields_count && riv_str_cmp(large->fields[k].name, small->fields[i].name) < 0) k++;
        if (k == large->fields_count || !riv_str_eq(large->fields[k].name, small->fields[i].name)) return CMP_NONE;
        whole = both(whole, aqua__type_compare(c, small->fields[i].type, large->fields[k].type));
    }
    if (whole == CMP_NONE) return CMP_NONE;
    if (a->fields_count != b->fields_count) whole = both(whole, CMP_GREATER); /* fewer fields accept more values */
    if (whole == CMP_NONE || whole == CMP_EQUAL) return whole;
    return small == a ? whole : -whole;
}

static int compare_arrows(compiler *c, const type *a, const type *b)
{
    int    whole  = CMP_EQUAL;
    size_t params = RIV_MIN(a->fields_count, b->fields_count), results = RIV_MIN(a->results_count, b->results_count);
    for (size_t i = 0; i < params; i++)
        whole = both(whole, aqua__type_compare(c, b->fields[i].type, a->fields[i].type));
    if (a->fields_count != b->fields_count)
        whole = both(whole, a->fields_count > b->fields_count ? CMP_GREATER : CMP_LESS);
    for (size_t i = 0; i < results; i++) whole = both(whole, aqua__type_compare(c, a->results[i], b->results[i]));
    if (a->results_count != b->results_count)
        whole = both(whole, a->results_count < b->results_count ? CMP_GREATER : CMP_LESS);
    return whole;
}

/* Arrays, options and snapshots stand for each other; a stream fits all of them and only a stream fits a stream. */
static int collection_rank(type_kind kind) { return kind == TY_STREAM ? 0 : 1; }

/* Top and bottom bound what a particle can carry: arrows and abilities exist in the compiler only, and a stream must be one. */
static int compare_bounds(const type *a, const type *b)
{
    const type *bound = a->kind == TY_TOP || a->kind == TY_BOTTOM ? a : b, *other = bound == a ? b : a;
    bool        snapshot = other->kind == TY_STREAM || other->kind == TY_MAP;
    if (a->kind == b->kind) return CMP_EQUAL;
    if (!aqua__is_data(other) && !(bound->kind == TY_TOP && snapshot)) return CMP_NONE;
    int order = bound->kind == TY_TOP ? CMP_GREATER : CMP_LESS;
    return bound == a ? order : -order;
}

static int compare_uncached(compiler *c, const type *a, const type *b)
{
    if (a->kind == TY_TOP || b->kind == TY_TOP || a->kind == TY_BOTTOM || b->kind == TY_BOTTOM)
        return compare_bounds(a, b);
    bool scalar_a = a->kind == TY_SCALAR || a->kind == TY_LITERAL,
         scalar_b = b->kind == TY_SCALAR || b->kind == TY_LITERAL;
    if (scalar_a && scalar_b) return compare_scalars(a, b);
    if (aqua__is_collection(a) && aqua__is_collection(b)) {
        int elems = aqua__type_compare(c, a->elem, b->elem);
        int ranks = collection_rank(a->kind) - collection_rank(b->kind);
        return both(elems, ranks);
    }
    if ((a->kind == TY_MAP && b->kind == TY_MAP) || (a->kind == TY_CANON_MAP && b->kind == TY_CANON_MAP))
        return aqua__type_compare(c, a->elem, b->elem) == CMP_EQUAL ? CMP_EQUAL : CMP_NONE;
    if (a->kind == TY_STRUCT && b->kind == TY_STRUCT) return compare_fields(c, a, b);
    bool named_a = a->kind == TY_ABILITY || a->kind == TY_SERVICE,
         named_b = b->kind == TY_ABILITY || b->kind == TY_SERVICE;
    if (named_a && named_b) return compare_fields(c, a, b);
    if (a->kind == TY_ARROW && b->kind == TY_ARROW) return compare_arrows(c, a, b);
    return CMP_NONE;
}

/* Answers for pairs are kept: types nest as graphs, and a walk over all paths would not end in time. */
int aqua__type_compare(compiler *c, const type *a, const type *b)
{
    static const char answers[] = "<=>?";
    if (a == b || a->id == b->id) return CMP_EQUAL;
    bool plain = !a->elem && !b->elem && !a->fields && !b->fields;
    if (plain) return compare_uncached(c, a, b);
    uint64_t    key   = (uint64_t)a->id << 32 | b->id;
    const char *known = riv_map_get_u64(c->compared, key);
    if (known) return (int)(known - answers) - 1;
    int order = compare_uncached(c, a, b);
    riv_map_put_u64(c->compared, key, (void *)(uintptr_t)&answers[order + 1]);
    return order;
}

bool aqua__accepts(compiler *c, const type *wanted, const type *given)
{
    int order = aqua__type_compare(c, wanted, given);
    return order == CMP_EQUAL || order == CMP_GREATER;
}

/* ---- meet and join ---- */

static unsigned below_or_same(unsigned bit)
{
    unsigned set = bit;
    for (size_t i = 0; i < SC_COUNT; i++)
        if (scalars[i].above & bit) set |= scalars[i].t.scalars;
    return set;
}

static const type *scalar_of(unsigned bit)
{
    for (size_t i = 0; i < SC_COUNT; i++)
        if (scalars[i].t.scalars == bit) return &scalars[i].t;
    return NULL;
}

/* The one in set that all others of the set fit into (greatest) or that fits into all others (least), or NULL. */
static const type *extreme(unsigned set, bool greatest)
{
    for (unsigned bit = 1; bit < 1u << SC_COUNT; bit <<= 1) {
        if (!(set & bit)) continue;
        unsigned rest = set & ~bit;
        if (greatest ? !(rest & ~below_or_same(bit)) : !(rest & ~above(bit))) return scalar_of(bit);
    }
    return NULL;
}

static const type *meet_fields(compiler *c, const type *a, const type *b)
{
    RIV_VEC(field) shared = { 0 };
    for (size_t i = 0; i < a->fields_count; i++) {
        const type *other = aqua__field_type(b, a->fields[i].name);
        if (other)
            *riv_push(c->arena, &shared) = (field){ a->fields[i].name, aqua__type_meet(c, a->fields[i].type, other) };
    }
    if (shared.len == 0) return &aqua__bottom;
    type *t         = aqua__type_new(c, TY_STRUCT);
    t->name         = riv_format(c->arena, RIV_FMT "_x_" RIV_FMT, RIV_ARG(a->name), RIV_ARG(b->name));
    t->fields       = shared.ptr;
    t->fields_count = shared.len;
    t->depth        = aqua__type_depth(t);
    return t;
}

const type *aqua__type_meet(compiler *c, const type *a, const type *b)
{
    bool collections = aqua__is_collection(a) && aqua__is_collection(b);
    if (collections && a->kind != b->kind) {
        type_kind kind = a->kind == TY_OPTION || b->kind == TY_OPTION ? TY_OPTION : TY_ARRAY;
        return aqua__type_of_elem(c, kind, aqua__type_meet(c, a->elem, b->elem));
    }
    int order = aqua__type_compare(c, a, b);
    if (order == CMP_EQUAL || order == CMP_LESS) return a;
    if (order == CMP_GREATER) return b;
    if (collections) return aqua__type_of_elem(c, a->kind, aqua__type_meet(c, a->elem, b->elem));
    if (a->kind == TY_STRUCT && b->kind == TY_STRUCT) return meet_fields(c, a, b);
    if (a->kind == TY_SCALAR && b->kind == TY_SCALAR) {
        const type *t = extreme(below_or_same(a->scalars) & below_or_same(b->scalars), true);
        return t ? t : &aqua__bottom;
    }
    return &aqua__bottom;
}

const type *aqua__type_join(compiler *c, const type *a, const type *b)
{
    int order = aqua__type_compare(c, a, b);
    if (order == CMP_EQUAL || order == CMP_GREATER) return a;
    if (order == CMP_LESS) return b;
    if (a->kind != TY_SCALAR || b->kind != TY_SCALAR) return &aqua__top;
    unsigned set = (above(a->scalars) | a->scalars) & (above(b->scalars) | b->scalars);
    if (!((a->scalars | b->scalars) & SC_FLOAT)) set &= ~(unsigned)SC_FLOAT;
    if (!((a->scalars | b->scalars) & SC_SIGNED)) set &= ~(unsigned)SC_SIGNED;
    const type *t = set ? extreme(set, false) : NULL;
    return t ? t : &aqua__top;
}

/* ---- text ---- */

static void put_types(riv_buf *out, const type *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i) riv_put_str(out, RIV_LIT(", "));
        aqua__put_type(out, items[i]);
    }
}

static void put_arrow(riv_buf *out, const type *t)
{
    for (size_t i = 0; i < t->fields_count; i++) {
        if (i) riv_put_str(out, RIV_LIT(", "));
        if (t->named) riv_putf(out, RIV_FMT ": ", RIV_ARG(t->fields[i].name));
        aqua__put_type(out, t->fields[i].type);
    }
    riv_put_str(out, t->fields_count ? RIV_LIT(" -> ") : RIV_LIT("-> "));
    if (t->results_count == 0) riv_put_str(out, RIV_LIT("()"));
    put_types(out, t->results, t->results_count);
}

static void put_literal(riv_buf *out, const type *t)
{
    const char *name = t->scalars == SC_BOOL     ? "bool"
                       : t->scalars == SC_STRING ? "string"
                       : t->scalars == SC_FLOAT  ? "float"
                       : t->scalars == SC_SIGNED ? "signed"
                                                 : "unsigned";
    riv_putf(out, "%s literal", name);
}

void aqua__put_type(riv_buf *out, const type *t)
{
    if (!t) {
        riv_put_str(out, RIV_LIT("?"));
        return;
    }
    switch (t->kind) {
    case TY_TOP: riv_put_str(out, RIV_LIT("top")); break;
    case TY_BOTTOM: riv_put_str(out, RIV_LIT("bottom")); break;
    case TY_SCALAR: riv_put_str(out, riv_str_c(scalars[t->id - 1].name)); break;
    case TY_LITERAL: put_literal(out, t); break;
    case TY_ARRAY:
    case TY_CANON:
        riv_put_str(out, RIV_LIT("[]"));
        aqua__put_type(out, t->elem);
        break;
    case TY_OPTION:
        riv_put_u8(out, '?');
        aqua__put_type(out, t->elem);
        break;
    case TY_STREAM:
        riv_put_u8(out, '*');
        aqua__put_type(out, t->elem);
        break;
    case TY_MAP:
    case TY_CANON_MAP:
        riv_put_u8(out, '%');
        aqua__put_type(out, t->elem);
        break;
    case TY_STRUCT: riv_put_str(out, t->name); break;
    case TY_ABILITY: riv_putf(out, "ability " RIV_FMT, RIV_ARG(t->name)); break;
    case TY_SERVICE: riv_putf(out, "service " RIV_FMT, RIV_ARG(t->name)); break;
    case TY_ARROW: put_arrow(out, t); break;
    }
}

riv_str aqua__type_text(compiler *c, const type *t)
{
    riv_buf out = riv_buf_in(c->arena);
    aqua__put_type(&out, t);
    return riv_buf_str(&out);
}
