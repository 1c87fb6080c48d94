/* check.c: the checks on a whole script. They go by the order of the text, not by control flow, as the original's do.
 * Instructions come in when they are whole, so kids before parents; one entry for each name keeps this linear.
 * Spec: docs/spec/air.md 1.4. Tests: check_test.c, tests/conform/avm/grammar.mjs. */
#include "air/internal.h"

/* All that is known of a name. Offsets are those where the instructions begin, NONE where there is none. */
typedef struct name_entry {
    riv_str  name;
    uint32_t defined;  /* first call output, ap or canon destination, new */
    uint32_t iterated; /* first fold with this iterator */
    uint32_t
        unresolved; /* the use that was met first without a definition before it; only this one is looked at again */
    uint32_t          first_next; /* first next of this iterator, NEXT_INSIDE: that one stands inside its fold */
    uint32_t          suspicious; /* something after next in this iterator's fold */
    struct open_fold *fold;       /* innermost open fold with this iterator */
} name_entry;

typedef struct open_fold {
    struct open_fold *outer; /* of the same iterator */
    bool              has_next;
} open_fold;

/* What the machine that looks for instructions after next knows of a part of the script. */
typedef enum part_kind { PART_PLAIN, PART_NEXT } part_kind;
typedef struct part {
    part_kind   kind;
    name_entry *iterator; /* NEXT */
} part;

struct air_checker {
    riv_arena *arena;
    riv_map   *names;
    RIV_VEC(part) parts;
    bool      parts_off; /* SPEC air.md 1.4: "switch the whole check off" */
    riv_fault fault;     /* the fault that comes first in the text */
};

static const uint32_t NONE = UINT32_MAX, NEXT_INSIDE = UINT32_MAX - 1;
_Static_assert(AIR_SCRIPT_BYTES_MAX < UINT32_MAX - 1, "no offset is one of these");

air_checker *air__checker_new(riv_arena *arena)
{
    air_checker *c = riv_new(arena, air_checker, 1);
    c->arena       = arena;
    c->names       = riv_map_new(arena);
    return c;
}

static name_entry *entry_of(air_checker *c, riv_str name)
{
    void **known = riv_map_slot_view(c->names, name); /* names stand in the script */
    if (*known) return *known;
    name_entry *e = riv_new(c->arena, name_entry, 1);
    *e            = (name_entry){ name, NONE, NONE, NONE, NONE, NONE, NULL };
    *known        = e;
    return e;
}

static void note_fault(air_checker *c, size_t pos, const char *what, riv_str name)
{
    if (c->fault.err && c->fault.pos <= pos) return;
    c->fault      = (riv_fault){ 0 };
    riv_str shown = riv_str_sub(name, 0, RIV_MIN(name.len, 80));
    (void)riv_fail_code(&c->fault, RIV_E_MALFORMED, AIR_CODE_PARSE, pos, "%s '" RIV_FMT "'", what, RIV_ARG(shown));
}

/* ---- definitions and uses ---- */

static bool defined_before(const name_entry *e, uint32_t pos)
{
    return (e->defined != NONE && e->defined < pos) || (e->iterated != NONE && e->iterated < pos);
}

static void define(air_checker *c, riv_str name, uint32_t pos)
{
    name_entry *e = entry_of(c, name);
    e->defined    = RIV_MIN(e->defined, pos);
}

/* QUIRK: of one name's uses that have no definition yet only the first is judged at the end. SPEC air.md 1.4: "only the first of them is judged" */
static void use_name(air_checker *c, riv_str name, uint32_t pos)
{
    name_entry *e = entry_of(c, name);
    if (!defined_before(e, pos) && e->unresolved == NONE) e->unresolved = pos;
}

static void use(air_checker *c, const air_value *v, uint32_t pos)
{
    if (v->kind != AIR_VARIABLE) return; /* scalars in the lambdas of errors are not checked */
    use_name(c, v->var.name, pos);
    for (size_t i = 0; i < v->lambda.accessors_count; i++)
        if (v->lambda.accessors[i].kind == AIR_FIELD_BY_SCALAR) use_name(c, v->lambda.accessors[i].name, pos);
}

/* ---- folds and next ---- */

void air__check_fold_opens(air_checker *c, const air_node *fold)
{
    name_entry *e = entry_of(c, fold->out.name);
    if (e->fold) note_fault(c, fold->pos, "a fold around this one has the same iterator", e->name);
    open_fold *f = riv_new(c->arena, open_fold, 1);
    f->outer     = e->fold;
    e->fold      = f;
}

static void fold_closes(air_checker *c, const air_node *fold)
{
    name_entry *e = entry_of(c, fold->out.name);
    e->fold       = e->fold->outer;
    e->iterated   = RIV_MIN(e->iterated, fold->pos);
}

/* QUIRK: that next stands inside a fold is asked of each iterator's first next only. SPEC air.md 1.4: "the first next of an iterator" */
static void meet_next(air_checker *c, const air_node *next)
{
    name_entry *e = entry_of(c, next->out.name);
    if (e->first_next == NONE) e->first_next = e->fold ? NEXT_INSIDE : next->pos;
    if (!e->fold) return;
    if (e->fold->has_next) note_fault(c, next->pos, "a second next in the fold of", e->name);
    e->fold->has_next = true;
}

static void meet_new(air_checker *c, const air_node *n)
{
    if (entry_of(c, n->out.name)->fold) note_fault(c, n->pos, "new on the iterator of a fold around it,", n->out.name);
    define(c, n->out.name, n->pos);
}

/* ---- instructions after next, in folds over streams and maps ---- */

static void push_part(air_checker *c, part_kind kind, name_entry *iterator)
{
    *riv_push(c->arena, &c->parts) = (part){ kind, iterator };
}

static bool pop_part(air_checker *c, part *out)
{
    if (!c->parts.len) return false;
    *out = c->parts.ptr[--c->parts.len];
    return true;
}

/* The parser hands in kids before parents, so each kid's part is there. */
static part kid_part(air_checker *c)
{
    part p = { 0 };
    RIV_ASSERT(pop_part(c, &p));
    return p;
}

static void merge_parts(air_checker *c, uint32_t pos)
{
    part right = kid_part(c), left = kid_part(c);
    bool same = left.kind == PART_NEXT && right.kind == PART_NEXT && left.iterator == right.iterator;
    if (left.kind == PART_NEXT && !same) {
        if (left.iterator->suspicious == NONE) left.iterator->suspicious = pos;
        push_part(c, PART_PLAIN, NULL);
    } else {
        push_part(c, right.kind, right.iterator);
    }
}

static void xor_parts(air_checker *c)
{
    part right = kid_part(c), left = kid_part(c);
    if (left.kind == PART_NEXT && right.kind == PART_NEXT) {
        c->parts_off = true;
        return;
    }
    part kept = left.kind == PART_NEXT ? left : right;
    push_part(c, kept.kind, kept.iterator);
}

static void fold_parts(air_checker *c, const air_node *fold)
{
    bool over_stream = fold->value[0].kind == AIR_VARIABLE &&
                       (fold->value[0].var.kind == AIR_VAR_STREAM || fold->value[0].var.kind == AIR_VAR_MAP);
    if (fold->kid[1]) (void)kid_part(c);
    part body = kid_part(c);
    if (!over_stream) {
        push_part(c, PART_PLAIN, NULL);
        return;
    }
    name_entry *e = entry_of(c, fold->out.name);
    if (e->suspicious != NONE)
        note_fault(c, e->suspicious, "something follows next in the fold over a stream or map with the iterator",
                   e->name);
    bool own = body.kind == PART_NEXT && body.iterator == e;
    if (own) e->suspicious = NONE;
    push_part(c, own ? PART_PLAIN : body.kind, own ? NULL : body.iterator);
}

static void meet_part(air_checker *c, const air_node *n)
{
    if (c->parts_off) return;
    switch (n->kind) {
    case AIR_SEQ:
    case AIR_PAR: merge_parts(c, n->pos); break;
    case AIR_XOR: xor_parts(c); break;
    case AIR_FOLD: fold_parts(c, n); break;
    case AIR_NEXT: push_part(c, PART_NEXT, entry_of(c, n->out.name)); break;
    case AIR_MATCH:
    case AIR_MISMATCH:
    case AIR_NEW: break; /* keep what the body is */
    case AIR_CALL:
    case AIR_CANON:
    case AIR_AP:
    case AIR_FAIL:
    case AIR_NULL:
    case AIR_NEVER: push_part(c, PART_PLAIN, NULL); break;
    case AIR_KINDS: RIV_UNREACHABLE();
    }
}

/* ---- the parser's side ---- */

static void meet_call(air_checker *c, const air_node *n)
{
    use(c, &n->peer, n->pos);
    use(c, &n->service, n->pos);
    use(c, &n->function, n->pos);
    for (size_t i = 0; i < n->args_count; i++) use(c, &n->args[i], n->pos);
    if (n->has_out) define(c, n->out.name, n->pos);
}

static void meet_ap(air_checker *c, const air_node *n)
{
    use(c, n->has_key ? &n->key : &n->value[0], n->pos); /* the value of a map ap is not checked */
    define(c, n->out.name, n->pos);
}

void air__check_instruction(air_checker *c, const air_node *n)
{
    switch (n->kind) {
    case AIR_CALL: meet_call(c, n); break;
    case AIR_AP: meet_ap(c, n); break;
    case AIR_CANON: define(c, n->out.name, n->pos); break; /* neither its source nor its peer is checked */
    case AIR_MATCH:
    case AIR_MISMATCH:
        use(c, &n->value[0], n->pos);
        use(c, &n->value[1], n->pos);
        break;
    case AIR_FOLD:
        use(c, &n->value[0], n->pos);
        fold_closes(c, n);
        break;
    case AIR_NEXT: meet_next(c, n); break;
    case AIR_NEW: meet_new(c, n); break;
    case AIR_FAIL:
        if (n->value[0].kind == AIR_INT && n->value[0].i64 == 0)
            note_fault(c, n->pos, "fail with the error code", RIV_LIT("0"));
        break;
    case AIR_SEQ:
    case AIR_PAR:
    case AIR_XOR:
    case AIR_NULL:
    case AIR_NEVER: break;
    case AIR_KINDS: RIV_UNREACHABLE();
    }
    meet_part(c, n);
}

riv_err air__check_end(air_checker *c, riv_fault *fault)
{
    for (size_t i = riv_map_slots(c->names); i-- > 0;) { /* of two faults at one place that of the newer name is told */
        void *held;
        if (!riv_map_at(c->names, i, NULL, &held)) continue;
        const name_entry *e = held;
        if (e->unresolved != NONE && !defined_before(e, e->unresolved))
            note_fault(c, e->unresolved, "nothing before this defines", e->name);
        if (e->first_next != NONE && e->first_next != NEXT_INSIDE)
            note_fault(c, e->first_next, "next stands in no fold with the iterator", e->name);
    }
    if (!c->fault.err) return RIV_OK;
    return riv_fail_code(fault, c->fault.err, c->fault.code, c->fault.pos, "%s", c->fault.msg);
}
