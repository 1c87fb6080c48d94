/* topology.c: where each instruction runs, and the hops that bring the particle there and back.
 * A path is the list of `on`s around a node, innermost first. For each node: the path before it, the one it begins on, ends on, the
 * one after it, and whether it must leave (force exit). All are memoised: the walk is linear but for what par branches export.
 * Spec: docs/spec/aqua.md §10.5. Tests: lower_test.c, tests/conform/aqua. */
#include "aqua/lower.h"

struct path {
    operand        peer;
    const operand *vias;
    size_t         vias_count;
    const path    *outer;
    uint32_t       length;
};

typedef enum exit_kind { EXIT_EMPTY, EXIT_RELAY, EXIT_FULL } exit_kind;
enum { HAS_ON = 1, HAS_BEFORE = 2, HAS_BEGINS = 4, HAS_ENDS = 8, HAS_AFTER = 16, HAS_EXIT = 32, BUSY = 64 };
typedef struct topo {
    const path  *on, *before, *begins, *ends, *after;
    exit_kind    exit;
    unsigned     has;
    bool         ignorable;
    const model *first, *last; /* executing leaves inside: calls and canons */
} topo;

typedef struct hop {
    operand peer;
    bool    back;
} hop; /* back: a collection of relays is walked backwards */
typedef RIV_VEC(hop) hops;

typedef struct topology {
    riv_arena *arena;
    uint32_t   places;
    var        hop_stream, hop_canon; /* restricted at each hop, so one name serves all */
} topology;

static void        number(topology *t, model *m, model *parent, size_t index);
static model      *resolve(topology *t, model *m);
static const path *path_on(topology *t, const model *m);
static const path *before_on(topology *t, const model *m);
static const path *begins_on(topology *t, const model *m);
static const path *ends_on(topology *t, const model *m);
static const path *after_on(topology *t, const model *m);
static exit_kind   force_exit(topology *t, const model *m);

model *aqua__topology(compiler *c, model *root)
{
    topology *t   = riv_new(c->arena, topology, 1);
    t->arena      = c->arena;
    t->hop_stream = (var){ .kind = AIR_VAR_STREAM, .name = RIV_LIT("$-hop-") };
    t->hop_canon  = (var){ .kind = AIR_VAR_CANON, .name = RIV_LIT("#-hopc-") };
    number(t, root, NULL, 0);
    return resolve(t, root);
}

/* ---- preparation: parents, places, last uses ---- */

static void use_var(var *v, uint32_t place)
{
    for (; v; v = v->source)
        if (v->used_last < place) v->used_last = place;
}

static void use(const operand *o, uint32_t place)
{
    use_var(o->var, place);
    for (size_t i = 0; i < o->lenses_count; i++) use_var(o->lenses[i].by, place);
}

static void use_all(const model *m)
{
    if (m->kind != M_AP_MAP) use(&m->a, m->place); /* a key does not count */
    use(&m->b, m->place);
    for (size_t i = 0; i < m->list_count; i++) use(&m->list[i], m->place);
    use_var(m->in, m->place);
    if (m->kind == M_NEXT) use_var(m->out, m->place);
}

static bool is_leaf(model_kind kind) { return kind >= M_CALL || kind == M_NEXT; }

static void number(topology *t, model *m, model *parent, size_t index)
{
    topo *info = riv_new(t->arena, topo, 1);
    m->topo    = info;
    m->parent  = parent;
    m->index   = index;
    m->place   = ++t->places;
    use_all(m);
    info->ignorable = m->kind == M_NULL || m->kind == M_CAPTURE || !is_leaf(m->kind) || m->kind == M_APPLY;
    if (m->kind == M_CALL || m->kind == M_CANON) info->first = info->last = m;
    for (size_t i = 0; i < m->kids.len; i++) {
        model *kid = m->kids.ptr[i];
        number(t, kid, m, i);
        if (!kid->topo->ignorable) info->ignorable = false;
        if (!info->first) info->first = kid->topo->first;
        if (kid->topo->last) info->last = kid->topo->last;
    }
    m->end = t->places;
}

static bool is_sequence(const model *m)
{
    switch (m->kind) {
    case M_SEQ:
    case M_ON:
    case M_MATCH:
    case M_MISMATCH:
    case M_FOR:
    case M_NEW:
    case M_APPLY: return true;
    default: return false;
    }
}

static bool is_par(const model *m) { return m->kind == M_PAR || m->kind == M_DETACH; }

static const model *sibling(const model *m, bool right)
{
    const models *kids = &m->parent->kids;
    for (size_t i = m->index; right ? i + 1 < kids->len : i > 0;) {
        i = right ? i + 1 : i - 1;
        if (!kids->ptr[i]->topo->ignorable) return kids->ptr[i];
    }
    return NULL;
}

static const model *edge_child(const model *m, bool last)
{
    for (size_t i = 0; i < m->kids.len; i++) {
        const model *kid = m->kids.ptr[last ? m->kids.len - 1 - i : i];
        if (!kid->topo->ignorable) return kid;
    }
    return NULL;
}

/* ---- paths ---- */

static const path *push_on(topology *t, operand peer, const operand *vias, size_t count, const path *outer)
{
    path *p = riv_new(t->arena, path, 1);
    *p      = (path){ peer, vias, count, outer, outer ? outer->length + 1 : 1 };
    return p;
}

static bool same_on(const path *a, const path *b)
{
    if (a == b) return true;
    if (!aqua__same_operand(&a->peer, &b->peer) || a->vias_count != b->vias_count) return false;
    for (size_t i = 0; i < a->vias_count; i++)
        if (!aqua__same_operand(&a->vias[i], &b->vias[i])) return false;
    return true;
}

static bool same_path(const path *a, const path *b)
{
    for (; a && b; a = a->outer, b = b->outer) {
        if (a == b) return true;
        if (a->length != b->length || !same_on(a, b)) return false;
    }
    return a == b;
}

/* The longest common outer part. */
static const path *common(const path *a, const path *b)
{
    const path *found = NULL;
    while (a && b && a->length > b->length) a = a->outer;
    while (a && b && b->length > a->length) b = b->outer;
    for (; a && b; a = a->outer, b = b->outer) {
        if (a == b) return found ? found : a;
        if (!same_on(a, b))
            found = NULL;
        else if (!found)
            found = a;
    }
    return found;
}

static const path *relay_path(topology *t, const path *p)
{
    while (p && p->vias_count == 0) p = p->outer;
    if (!p) return NULL;
    return push_on(t, p->vias[p->vias_count - 1], p->vias, p->vias_count - 1, p->outer);
}

static bool same_peer(const path *a, const path *b) { return a && b ? aqua__same_operand(&a->peer, &b->peer) : a == b; }

/* ---- the properties of nodes ---- */

static const path *path_on(topology *t, const model *m)
{
    topo *info = m->topo;
    if (info->has & HAS_ON) return info->on;
    const path *outer = m->parent ? path_on(t, m->parent) : NULL;
    if (m->kind == M_ON)
        info->on = push_on(t, m->a, m->list, m->list_count, outer);
    else if (m->kind == M_APPLY)
        info->on = path_on(t, m->capture);
    else
        info->on = outer;
    info->has |= HAS_ON;
    return info->on;
}

static const path *finally_on(topology *t, const model *m)
{
    switch (force_exit(t, m)) {
    case EXIT_FULL: return after_on(t, m);
    case EXIT_RELAY: return relay_path(t, path_on(t, m));
    case EXIT_EMPTY: break;
    }
    return ends_on(t, m);
}

static const path *before_uncached(topology *t, const model *m)
{
    if (!m->parent) return begins_on(t, m);
    if (is_sequence(m->parent)) {
        const model *before = sibling(m, false);
        return before ? finally_on(t, before) : begins_on(t, m->parent);
    }
    if (m->parent->kind == M_XOR && m->index > 0) return begins_on(t, m->parent->kids.ptr[m->index - 1]);
    return begins_on(t, m->parent);
}

static const path *before_on(topology *t, const model *m)
{
    if (!(m->topo->has & HAS_BEFORE)) {
        m->topo->before = before_uncached(t, m);
        m->topo->has |= HAS_BEFORE;
    }
    return m->topo->before;
}

static bool operand_uses(const operand *o, const var *v)
{
    if (o->var == v) return true;
    for (size_t i = 0; i < o->lenses_count; i++)
        if (o->lenses[i].by == v) return true;
    return false;
}

/* Moves what is common to all turns of a loop before it: the `on`s that do not depend on its item. */
static const path *loop_begin(topology *t, const path *p, const var *item)
{
    if (!p) return NULL;
    const path *outer = loop_begin(t, p->outer, item);
    if (outer != p->outer) return outer; /* stopped further out */
    for (size_t i = 0; i < p->vias_count; i++)
        if (operand_uses(&p->vias[i], item)) return outer;
    if (!operand_uses(&p->peer, item)) return p;
    return outer && outer->vias_count ? push_on(t, outer->vias[0], outer->vias, outer->vias_count, outer) : outer;
}

static const path *begins_uncached(topology *t, const model *m)
{
    const path *p = NULL;
    if (m->kind == M_NEXT && m->parent && is_sequence(m->parent)) {
        const model *loop = m->parent;
        while (loop && !(loop->kind == M_FOR && loop->out == m->out)) loop = loop->parent;
        return loop ? begins_on(t, loop) : path_on(t, m);
    }
    if (m->kind == M_PAR && m->kids.len) {
        p = begins_on(t, m->kids.ptr[0]);
        for (size_t i = 1; i < m->kids.len; i++) p = common(p, begins_on(t, m->kids.ptr[i]));
        return p;
    }
    if (m->kind == M_FOR)
        for (size_t i = 0; i < m->kids.len; i++)
            if (m->kids.ptr[i]->kind != M_NEXT) return loop_begin(t, begins_on(t, m->kids.ptr[i]), m->out);
    return path_on(t, m);
}

static const path *begins_on(topology *t, const model *m)
{
    if (!(m->topo->has & HAS_BEGINS)) {
        m->topo->begins = begins_uncached(t, m);
        m->topo->has |= HAS_BEGINS;
    }
    return m->topo->begins;
}

static const path *ends_uncached(topology *t, const model *m)
{
    if (is_sequence(m) || m->kind == M_XOR) {
        const model *kid = edge_child(m, m->kind != M_XOR);
        if (!kid) return begins_on(t, m);
        switch (force_exit(t, kid)) {
        case EXIT_EMPTY: return ends_on(t, kid);
        case EXIT_RELAY: return relay_path(t, path_on(t, kid));
        case EXIT_FULL: return after_on(t, m);
        }
    }
    if (is_par(m)) {
        exit_kind most = EXIT_EMPTY;
        for (size_t i = 0; i < m->kids.len; i++) most = RIV_MAX(most, force_exit(t, m->kids.ptr[i]));
        if (most == EXIT_FULL) return after_on(t, m);
        if (most == EXIT_RELAY) return relay_path(t, path_on(t, m));
    }
    return begins_on(t, m);
}

static const path *ends_on(topology *t, const model *m)
{
    if (!(m->topo->has & HAS_ENDS)) {
        m->topo->ends = ends_uncached(t, m);
        m->topo->has |= HAS_ENDS;
    }
    return m->topo->ends;
}

/* The branch of a par at whose end m stands, climbing through last places and alternatives; or NULL. */
static const model *par_branch(const model *m)
{
    for (; m->parent; m = m->parent) {
        if (is_par(m->parent)) return m;
        if (m->parent->kind == M_XOR) continue;
        if (!is_sequence(m->parent) || sibling(m, true)) return NULL;
    }
    return NULL;
}

static const path *after_uncached(topology *t, const model *m)
{
    if (!m->parent) return path_on(t, m);
    if (is_sequence(m->parent)) {
        const model *next = sibling(m, true);
        return next ? begins_on(t, next) : after_on(t, m->parent);
    }
    if (m->parent->kind != M_XOR) return after_on(t, m->parent);
    const model *branch = NULL;
    switch (force_exit(t, m)) {
    case EXIT_EMPTY: return path_on(t, m);
    case EXIT_RELAY: return relay_path(t, path_on(t, m));
    case EXIT_FULL: branch = par_branch(m); break;
    }
    return after_on(t, branch ? branch : m->parent);
}

static const path *after_on(topology *t, const model *m)
{
    if (!(m->topo->has & HAS_AFTER)) {
        m->topo->after = after_uncached(t, m);
        m->topo->has |= HAS_AFTER;
    }
    return m->topo->after;
}

/* Does the branch give something out that is used behind it? SPEC aqua.md 10.5: not descending into relay-return */
static bool exports_used(const model *m, uint32_t end)
{
    if ((m->kind == M_ON && m->relay_return) || m->local) return false;
    bool gives = m->kind == M_CALL || m->kind == M_CANON || m->kind == M_AP || m->kind == M_AP_MAP;
    if (gives && m->out && m->out->used_last > end) return true;
    for (size_t i = 0; i < m->kids.len; i++)
        if (exports_used(m->kids.ptr[i], end)) return true;
    return false;
}

static bool anything_follows(const model *m)
{
    for (; m->parent; m = m->parent)
        if (sibling(m, true)) return true;
    return false;
}

static exit_kind exit_uncached(topology *t, const model *m)
{
    if (m->kind == M_ON && m->relay_return) return EXIT_RELAY;
    if (m->kind == M_FAIL || !m->parent) return EXIT_EMPTY;
    if (is_par(m->parent)) return exports_used(m, m->end) ? EXIT_FULL : EXIT_EMPTY;
    if (m->parent->kind != M_XOR) return EXIT_EMPTY;
    const model *branch = par_branch(m);
    if (branch) return force_exit(t, branch);
    return anything_follows(m->parent) ? EXIT_FULL : EXIT_EMPTY;
}

static exit_kind force_exit(topology *t, const model *m)
{
    if (!(m->topo->has & HAS_EXIT)) {
        m->topo->exit = exit_uncached(t, m);
        m->topo->has |= HAS_EXIT;
    }
    return m->topo->exit;
}

/* ---- hops ---- */

/* Adds a stop; what repeats the last one is dropped, what was there before cuts the way back to it. */
static void add_hop(topology *t, hops *way, operand peer, bool back)
{
    for (size_t i = 0; i < way->len; i++)
        if (aqua__same_operand(&way->ptr[i].peer, &peer)) {
            way->len = i + 1;
            return;
        }
    *riv_push(t->arena, way) = (hop){ peer, back };
}

static void add_inner_vias(topology *t, hops *way, const path *p, const path *until)
{
    for (; p && p != until; p = p->outer)
        for (size_t i = p->vias_count; i-- > 0;) add_hop(t, way, p->vias[i], true);
}

static void add_outer_vias(topology *t, hops *way, const path *p, const path *until)
{
    if (!p || p == until) return;
    add_outer_vias(t, way, p->outer, until);
    for (size_t i = 0; i < p->vias_count; i++) add_hop(t, way, p->vias[i], false);
}

/* The part of p below the common outer one. */
static const path *cut(const path *p, size_t kept)
{
    while (p && p->length > kept) p = p->outer;
    return p;
}

static hops find_path(topology *t, const path *from, const path *to)
{
    hops        way      = { 0 };
    const path *shared   = common(from, to);
    size_t      kept     = shared ? shared->length : 0;
    const path *from_end = cut(from, kept), *to_end = cut(to, kept);
    if (!same_peer(from, to)) {
        if (from && from == from_end) from_end = from->outer;
        if (to && to == to_end) to_end = to->outer;
    }
    if (from) add_hop(t, &way, from->peer, false);
    add_inner_vias(t, &way, from, from_end);
    add_outer_vias(t, &way, to, to_end);
    if (to) add_hop(t, &way, to->peer, false);
    if (way.len && from && aqua__same_operand(&way.ptr[0].peer, &from->peer)) {
        way.len--;
        memmove(way.ptr, way.ptr + 1, way.len * sizeof *way.ptr);
    }
    if (way.len && to && aqua__same_operand(&way.ptr[way.len - 1].peer, &to->peer)) way.len--;
    return way;
}

static void append_peer(topology *t, hops *way, operand peer)
{
    if (way->len && aqua__same_operand(&way->ptr[way->len - 1].peer, &peer)) return;
    *riv_push(t->arena, way) = (hop){ peer, false };
}

/* When p's peer is the last relay of the next outer `on`, the particle must be seen there: what runs inside lies elsewhere. */
static void enforce_relay(topology *t, hops *way, const path *p, const path *other)
{
    if (!p || !p->outer || p->outer->vias_count == 0) return;
    const operand *relay = &p->outer->vias[p->outer->vias_count - 1];
    if (!aqua__same_operand(&p->peer, relay) || same_peer(p, other)) return;
    append_peer(t, way, p->peer);
}

static hops hops_before(topology *t, const model *m)
{
    const path *before = before_on(t, m), *begins = begins_on(t, m);
    hops        way = find_path(t, before, begins);
    if (m->kind == M_FAIL) {
        if (way.len && begins) append_peer(t, &way, begins->peer);
        return way;
    }
    const model *first = m->topo->first;
    if (first && !same_path(path_on(t, first), begins)) enforce_relay(t, &way, begins, before);
    return way;
}

/* The first executing leaf that follows m in sequence. */
static const model *next_leaf(const model *m)
{
    for (; m->parent; m = m->parent) {
        if (!is_sequence(m->parent)) continue;
        for (size_t i = m->index + 1; i < m->parent->kids.len; i++)
            if (m->parent->kids.ptr[i]->topo->first) return m->parent->kids.ptr[i]->topo->first;
    }
    return NULL;
}

static void ping_join(topology *t, hops *way, const model *m)
{
    const path *ends = ends_on(t, m), *after = after_on(t, m);
    if (!after || same_path(ends, after)) return;
    const model *last = m->topo->last;
    if (last && same_path(path_on(t, last), ends)) {
        if (!ends || !same_on(ends, after)) append_peer(t, way, after->peer);
        return;
    }
    enforce_relay(t, way, ends, after);
    append_peer(t, way, after->peer);
}

static hops hops_after(topology *t, const model *m)
{
    hops        way  = { 0 };
    const path *ends = NULL, *to = NULL;
    switch (force_exit(t, m)) {
    case EXIT_EMPTY: return way;
    case EXIT_RELAY:
        to  = relay_path(t, path_on(t, m));
        way = find_path(t, ends_on(t, m), to);
        if (to) append_peer(t, &way, to->peer);
        return way;
    case EXIT_FULL: break;
    }
    ends              = ends_on(t, m);
    to                = after_on(t, m);
    const model *next = next_leaf(m);
    if (!next || same_path(path_on(t, next), to)) {
        way = find_path(t, ends, to);
    } else {
        to  = relay_path(t, to);
        way = find_path(t, ends, to);
        if (to && !same_path(ends, to)) append_peer(t, &way, to->peer);
    }
    bool joins = is_par(m->parent) || (m->parent->kind == M_XOR && par_branch(m));
    if (joins) ping_join(t, &way, m);
    return way;
}

/* ---- the resolved tree ---- */

static model *plain_hop(topology *t, operand peer)
{
    model *outer = aqua__model(t->arena, M_NEW), *inner = aqua__model(t->arena, M_NEW),
          *visit = aqua__model(t->arena, M_CANON);
    outer->out = visit->in = &t->hop_stream;
    inner->out = visit->out = &t->hop_canon;
    visit->b                = peer;
    aqua__adopt(t->arena, inner, visit);
    aqua__adopt(t->arena, outer, inner);
    return outer;
}

static model *hop_model(topology *t, const hop *h)
{
    if (!h->peer.many) return plain_hop(t, h->peer);
    model *loop = aqua__model(t->arena, M_FOR), *next = aqua__model(t->arena, M_NEXT);
    var   *item  = riv_new(t->arena, var, 1);
    *item        = (var){ .kind = AIR_VAR_SCALAR, .name = riv_format(t->arena, "-via-peer-%u", t->places++) };
    loop->a      = h->peer;
    loop->a.many = false;
    loop->out = next->out = item;
    aqua__adopt(t->arena, loop, h->back ? next : plain_hop(t, aqua__of_var(item)));
    aqua__adopt(t->arena, loop, h->back ? plain_hop(t, aqua__of_var(item)) : next);
    return loop;
}

static void add_hops(topology *t, model *seq, const hops *way)
{
    for (size_t i = 0; i < way->len; i++)
        if (!way->ptr[i].peer.many || way->ptr[i].peer.var) aqua__adopt(t->arena, seq, hop_model(t, &way->ptr[i]));
}

static model *resolved_node(topology *t, model *m)
{
    model *out = aqua__model(t->arena, m->kind);
    *out       = *m;
    memset(&out->kids, 0, sizeof out->kids);
    if (m->kind == M_CALL || m->kind == M_CANON) {
        const path *p = path_on(t, m);
        out->b        = p ? p->peer : aqua__of_text(RIV_LIT("%init_peer_id%"));
    }
    if (m->kind == M_ON || m->kind == M_APPLY) out->kind = M_SEQ;
    for (size_t i = 0; i < m->kids.len; i++) aqua__adopt(t->arena, out, resolve(t, m->kids.ptr[i]));
    return out;
}

static model *resolve(topology *t, model *m)
{
    if (m->kind == M_CAPTURE || riv_arena_over(t->arena)) return NULL;
    bool wrapper = m->kind == M_SEQ || m->kind == M_ON || m->kind == M_APPLY;
    if (wrapper && m->topo->ignorable)
        return m->parent && is_sequence(m->parent) ? NULL : aqua__model(t->arena, M_NULL);
    hops   before = hops_before(t, m), after = m->parent ? hops_after(t, m) : (hops){ 0 };
    model *self = resolved_node(t, m);
    if (before.len == 0 && after.len == 0) return self;
    model *seq = aqua__model(t->arena, M_SEQ);
    add_hops(t, seq, &before);
    aqua__adopt(t->arena, seq, self);
    add_hops(t, seq, &after);
    return seq;
}
